"""One step of training a 784-256-128-10 network: sigmoids, softmax cross-entropy, stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import peers
from .contest import Aim, Contest, Contestant, sigmoid

SIZES, RATE = (784, 256, 128, 10), 0.1


def by_hand(parameters: list[Any], x: Any, labels: Any) -> Contestant:
    """What one writes, as courses do: the activations are kept, and p - y is the gradient of the logits."""
    rows = np.arange(len(x))

    def step() -> list[Any]:
        W1, b1, W2, b2, W3, b3 = parameters
        a1 = sigmoid(x @ W1.T + b1)
        a2 = sigmoid(a1 @ W2.T + b2)
        v3 = a2 @ W3.T + b3
        e = np.exp(v3 - v3.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        -np.log(p[rows, labels]).mean()  # the loss, which one wants to see
        d3 = p
        d3[rows, labels] -= 1
        d3 /= len(x)
        d2 = d3 @ W3 * a2 * (1 - a2)
        d1 = d2 @ W2 * a1 * (1 - a1)
        gradients = d1.T @ x, d1.sum(0), d2.T @ a1, d2.sum(0), d3.T @ a2, d3.sum(0)
        for W, g in zip(parameters, gradients):
            W -= RATE * g
        return parameters

    return Contestant(step, list)


def tuned(parameters: list[Any], x: Any, labels: Any) -> Contestant:
    """The same by an expert: for a batch of one, ``dot`` finds the gradients of W several times as fast as ``@``."""
    W1, b1, W2, b2, W3, b3 = parameters
    rows = np.arange(len(x))

    def layer(a: Any, W: Any, b: Any) -> Any:
        v = a.dot(W.T)
        v += b
        return v

    def step() -> list[Any]:
        a1 = sigmoid(layer(x, W1, b1))
        a2 = sigmoid(layer(a1, W2, b2))
        v3 = layer(a2, W3, b3)
        v3 -= v3.max(1, keepdims=True)
        e = np.exp(v3)
        total = e.sum(1, keepdims=True)
        (np.log(total[:, 0]) - v3[rows, labels]).mean()
        d3 = e / total
        d3[rows, labels] -= 1
        d3 /= len(x)
        d2 = d3.dot(W3) * (a2 * (1 - a2))
        d1 = d2.dot(W2) * (a1 * (1 - a1))
        gradients = d1.T.dot(x), d1.sum(0), d2.T.dot(a1), d2.sum(0), d3.T.dot(a2), d3.sum(0)
        for p, g in zip(parameters, gradients):
            p -= RATE * g
        return parameters

    return Contestant(step, list)


def contest(batch: int, dtype: str) -> Contest:
    """For so many examples at a time."""
    rng, start = np.random.default_rng(0), []
    for n, m in zip(SIZES, SIZES[1:]):
        start += [rng.normal(0, n**-0.5, (m, n)).astype(dtype), rng.normal(0, 0.1, m).astype(dtype)]
    x, labels = rng.random((batch, SIZES[0])).astype(dtype), rng.integers(0, 10, batch)
    constants = {id(library): [library.constant(x), library.constant(labels)] for library in peers.LIBRARIES.values()}

    def loss(library: peers.Library, parameters: Any) -> Any:
        W1, b1, W2, b2, W3, b3 = parameters
        x, labels = constants[id(library)]
        a1 = library.sigmoid(library.linear(x, W1, b1))
        a2 = library.sigmoid(library.linear(a1, W2, b2))
        return library.cross_entropy(library.linear(a2, W3, b3), labels)

    written = {"by hand": by_hand, "tuned": tuned}
    contestants = {name: write([p.copy() for p in start], x, labels) for name, write in written.items()}
    contestants |= peers.contestants(start, loss, RATE)
    return Contest(f"mlp: batch {batch}, {dtype}", contestants, Aim(1.10 if batch == 1 else 1.05), start=start)


def contests() -> Iterator[Contest]:
    """Batches from one example, where calls cost most, to 256, where arithmetic does."""
    for dtype in ("float32", "float64"):
        for batch in (1, 16, 64, 256):
            yield contest(batch, dtype)
