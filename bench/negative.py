"""Negative sampling with a bilinear form: a word u, a neighbour v and five rows of noise N, through W (100, 100).

J = -log s(v . (W u)) - sum of log s(-N (W u)), s the sigmoid; gradients for u, v, N and W.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import tinygrad_edu

from . import peers
from .contest import Aim, Contest, Contestant, sigmoid


def by_hand(data: list[Any]) -> Contestant:
    """NumPy; of vectors ``dot`` is faster than ``@``."""
    u, v, N, W = data

    def log_sigmoid(x: Any) -> Any:
        return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))

    def step() -> list[Any]:
        h = W.dot(u)
        score, noise = v.dot(h), N.dot(h)
        -log_sigmoid(score) - log_sigmoid(-noise).sum()  # the loss, which one wants to see
        s, t = sigmoid(-score), sigmoid(noise)
        dh = t.dot(N) - s * v
        return [dh.dot(W), -s * h, t[:, None] * h, dh[:, None] * u]

    return Contestant(step, list)


def loss(log_sigmoid: Any) -> Any:
    """In plain operators."""

    def total(values: Any) -> Any:
        u, v, N, W = values
        h = W @ u
        return -log_sigmoid(v @ h) - log_sigmoid(-(N @ h)).sum()

    return total


def contests() -> Iterator[Contest]:
    """One pair of words."""
    rng = np.random.default_rng(0)
    data = [rng.normal(0, 0.3, shape) for shape in ((100,), (100,), (5, 100), (100, 100))]  # u, v, N, W
    losses = {
        "ours": loss(tinygrad_edu.log_sigmoid),
        "PyTorch": loss(peers.torch and peers.torch.nn.functional.logsigmoid),
        "JAX": loss(peers.jax and peers.jax.nn.log_sigmoid),
        "autograd": loss(lambda x: -peers.anp.logaddexp(0, -x)),
        "MyGrad": loss(lambda x: -peers.mygrad.logaddexp(0, -x)),
    }
    contestants = {"by hand": by_hand(data), **peers.gradients(data, losses)}
    yield Contest("negative: bilinear, 5 negatives of 100", contestants, Aim(1.9))
