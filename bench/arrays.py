"""Workloads of few or many operations on arrays, apart from training: by hand, and in the words of any library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import peers
from .contest import Aim, Contest, Contestant, log_sigmoid, sigmoid


def recurrence_by_hand(data: list[Any], rounds: int) -> Contestant:
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
            d = -g * c * (1 - t * t)
            da += d * h
            db += d
            g += d * a
        return [da, db, dc, g]

    return Contestant(step, list)


def recurrence(title: str, rounds: int, aim: Aim | None = None) -> Contest:
    """h = h - c * tanh(a * h + b) on ten numbers, where the engine's own time shows: five operations a round.

    With a small c the gradient neither vanishes nor explodes, so that it serves for a short record and a long one.
    """

    def loss(library: peers.Library, values: Any) -> Any:
        a, b, c, h = values
        return library.repeat(lambda h: h - c * library.tanh(a * h + b), h, rounds).sum()

    rng = np.random.default_rng(0)
    data = [rng.uniform(low, high, 10) for low, high in ((0.5, 1), (-1, 1), (1e-5, 1e-4), (-1, 1))]  # a, b, c, h
    return Contest(title, {"by hand": recurrence_by_hand(data, rounds), **peers.contestants(data, loss)}, aim)


def small() -> Iterator[Contest]:
    """The time of an operation."""
    yield recurrence("small: 1,000 operations on 10 numbers", 200, Aim(2.9))


def chain() -> Iterator[Contest]:
    """The same a hundred times as long: does the time of an operation grow with the record?"""
    yield recurrence("chain: 100,000 operations on 10 numbers", 20_000)


def negative_by_hand(data: list[Any]) -> Contestant:
    """NumPy as one writes it."""
    u, v, N, W = data

    def step() -> list[Any]:
        h = W @ u
        score, noise = v @ h, N @ h
        -log_sigmoid(score) - log_sigmoid(-noise).sum()  # the loss, which one wants to see
        s, t = sigmoid(-score), sigmoid(noise)
        dh = N.T @ t - s * v
        return [W.T @ dh, -s * h, np.outer(t, h), np.outer(dh, u)]

    return Contestant(step, list)


def negative_tuned(data: list[Any]) -> Contestant:
    """The same with what is faster for vectors: ``dot``, and a product of a column and a row."""
    u, v, N, W = data

    def step() -> list[Any]:
        h = W.dot(u)
        score, noise = v.dot(h), N.dot(h)
        -log_sigmoid(score) - log_sigmoid(-noise).sum()
        s, t = sigmoid(-score), sigmoid(noise)
        dh = t.dot(N) - s * v
        return [dh.dot(W), -s * h, t[:, None] * h, dh[:, None] * u]

    return Contestant(step, list)


def negative() -> Iterator[Contest]:
    """Negative sampling with a bilinear form: a word u, a neighbour v and five rows of noise N, through W.

    J = -log s(v . (W u)) - sum of log s(-N (W u)), s the sigmoid; gradients for u, v, N and W.
    """

    def loss(library: peers.Library, values: Any) -> Any:
        u, v, N, W = values
        h = W @ u
        return -library.log_sigmoid(v @ h) - library.log_sigmoid(-(N @ h)).sum()

    rng = np.random.default_rng(0)
    data = [rng.normal(0, 0.3, shape) for shape in ((100,), (100,), (5, 100), (100, 100))]  # u, v, N, W
    written = {"by hand": negative_by_hand(data), "tuned": negative_tuned(data)}
    contestants = {**written, **peers.contestants(data, loss)}
    yield Contest("negative: bilinear, 5 negatives of 100", contestants, Aim(1.9))


def layers_by_hand(data: list[Any]) -> Contestant:
    """NumPy, keeping the activations."""
    x, W, b = data

    def step() -> list[Any]:
        kept = [x]
        for _ in range(200):
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


def memory() -> Iterator[Contest]:
    """200 layers tanh(x W + b) on x of (256, 512), with one W and b, so that the activations are nearly all there is.

    Only for libraries that are made of NumPy: the others' arrays cannot be seen from Python.
    """

    def loss(library: peers.Library, values: Any) -> Any:
        x, W, b = values
        for _ in range(200):
            x = library.tanh(x @ W + b)
        return x.sum()

    rng = np.random.default_rng(0)
    data = [(rng.normal(size=shape) * 512**-0.5).astype(np.float32) for shape in ((256, 512), (512, 512), (512,))]
    contestants = {"by hand": layers_by_hand(data), **peers.contestants(data, loss)}
    visible = {name: c for name, c in contestants.items() if name not in ("PyTorch", "JAX")}
    yield Contest("memory: 200 layers, activations 105 MB", visible, Aim(1.2), memory=True)
