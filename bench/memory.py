"""Peak memory of 200 layers tanh(x W + b) on x of (256, 512), forward and backward, with one W and b for all of them.

By hand the activations are kept, 105 MB, and nothing else: what an engine keeps beyond that shows in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import tinygrad_edu

from . import peers
from .contest import Aim, Contest, Contestant

LAYERS = 200


def by_hand(data: list[Any]) -> Contestant:
    """NumPy."""
    x, W, b = data

    def step() -> list[Any]:
        kept = [x]
        for _ in range(LAYERS):
            kept.append(np.tanh(kept[-1] @ W + b))
        g, dW, db = np.ones_like(x), np.zeros_like(W), np.zeros_like(b)
        while len(kept) > 1:
            z = kept.pop()
            d = g - g * z * z
            dW += kept[-1].T @ d
            db += d.sum(0)
            g = d @ W.T
        return [g, dW, db]

    return Contestant(step, list)


def loss(tanh: Any) -> Any:
    """In plain operators."""

    def total(values: Any) -> Any:
        x, W, b = values
        for _ in range(LAYERS):
            x = tanh(x @ W + b)
        return x.sum()

    return total


def contests() -> Iterator[Contest]:
    """With the peers that are made of NumPy: the others' arrays cannot be seen from Python."""
    rng = np.random.default_rng(0)
    data = [(rng.normal(size=shape) * 512**-0.5).astype(np.float32) for shape in ((256, 512), (512, 512), (512,))]
    losses = {
        "ours": loss(tinygrad_edu.tanh),
        "autograd": loss(peers.anp and peers.anp.tanh),
        "MyGrad": loss(peers.mygrad and peers.mygrad.tanh),
    }
    contestants = {"by hand": by_hand(data), **peers.gradients(data, losses)}
    yield Contest("memory: 200 layers, activations 105 MB", contestants, Aim(1.2), memory=True)
