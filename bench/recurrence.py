"""Many operations on arrays of ten numbers, where the engine's own time shows: ``h = h - c * tanh(a * h + b)``.

Five operations a round, two of which use ``h``.  With a small ``c`` the gradient neither vanishes nor explodes, however
many rounds there are, so that the same recurrence serves for a short record and for a long one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import tinygrad_edu

from . import peers
from .contest import Aim, Contest, Contestant


def by_hand(data: list[Any], rounds: int) -> Contestant:
    """NumPy, keeping of each round what its derivative needs."""
    a, b, c, start = data

    def step() -> list[Any]:
        h, kept = start, []
        for _ in range(rounds):
            t = np.tanh(a * h + b)
            kept.append((h, t))
            h = h - c * t
        g, da, db, dc = np.ones(10), np.zeros(10), np.zeros(10), np.zeros(10)
        for h, t in reversed(kept):
            dc -= g * t
            q = g * c
            d = q * t * t - q
            da += d * h
            db += d
            g += d * a
        return [da, db, dc, g]

    return Contestant(step, list)


def loss(tanh: Any, rounds: int) -> Any:
    """For whatever has the operators of an array, and a tanh."""

    def total(values: Any) -> Any:
        a, b, c, h = values
        for _ in range(rounds):
            h = h - c * tanh(a * h + b)
        return h.sum()

    return total


def scanned(rounds: int) -> Any:
    """JAX's own kind of loop: written out, 100,000 operations would take it longer to compile than all the rest."""
    jax = peers.jax

    def total(values: Any) -> Any:
        a, b, c, h = values
        return jax.lax.scan(lambda h, _: (h - c * jax.numpy.tanh(a * h + b), None), h, None, length=rounds)[0].sum()

    return total


def contest(title: str, rounds: int, aim: Aim | None = None) -> Contest:
    """For so many rounds."""
    rng = np.random.default_rng(0)
    data = [rng.uniform(*bounds, 10) for bounds in ((0.5, 1), (-1, 1), (1e-5, 1e-4), (-1, 1))]  # a, b, c, h
    losses = {
        "ours": loss(tinygrad_edu.tanh, rounds),
        "PyTorch": loss(peers.torch and peers.torch.tanh, rounds),
        "JAX": scanned(rounds),
        "autograd": loss(peers.anp and peers.anp.tanh, rounds),
        "MyGrad": loss(peers.mygrad and peers.mygrad.tanh, rounds),
    }
    return Contest(title, {"by hand": by_hand(data, rounds), **peers.gradients(data, losses)}, aim)


def small() -> Iterator[Contest]:
    """The time of an operation."""
    yield contest("small: 1,000 operations on 10 numbers", 200, Aim(2.9))


def chain() -> Iterator[Contest]:
    """The same a hundred times as long: does the time of an operation grow with the record?"""
    yield contest("chain: 100,000 operations on 10 numbers", 20_000)
