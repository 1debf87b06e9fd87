"""A network of single numbers, as in micrograd's demo: 2-16-16-1 with relu is 640 operations, each on one number.

"By hand" is Python floats, which are faster here than NumPy.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_edu import Tensor, relu

from . import peers
from .contest import Aim, Contest, Contestant

SIZES, X = (2, 16, 16, 1), [0.3, -0.7]
LAST = len(SIZES) - 2


def drawn() -> list[float]:
    """Of each neuron its weights, then its bias."""
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, sum((n + 1) * m for n, m in zip(SIZES, SIZES[1:]))).tolist()


def layers(numbers: list[Any]) -> list[list[tuple[list[Any], Any]]]:
    """The same numbers as neurons in layers."""
    take = iter(numbers).__next__
    return [[([take() for _ in range(n)], take()) for _ in range(m)] for n, m in zip(SIZES, SIZES[1:])]


def score(relu: Callable[[Any], Any], network: list[Any]) -> Any:
    """micrograd's MLP, with its operations in its order."""
    x: list[Any] = X
    for k, layer in enumerate(network):
        x = [sum((w * a for w, a in zip(weights, x)), b) for weights, b in layer]
        if k < LAST:
            x = [relu(v) for v in x]
    return x[0]


def by_hand(numbers: list[float]) -> Contestant:
    """Floats, forward and backward."""
    network = layers(numbers)

    def step() -> list[float]:
        x, inputs = X, []
        for k, layer in enumerate(network):
            inputs.append(x)
            x = [sum((w * a for w, a in zip(weights, x)), b) for weights, b in layer]
            if k < LAST:
                x = [v if v > 0 else 0.0 for v in x]
        deltas, gradients = [1.0], []
        for layer, x in zip(reversed(network), reversed(inputs)):
            gradients.append([([d * a for a in x], d) for d in deltas])
            back = [0.0] * len(x)
            for (weights, _), d in zip(layer, deltas):
                back = [g + d * w for g, w in zip(back, weights)]
            deltas = [g if a > 0 else 0.0 for g, a in zip(back, x)]
        return [g for layer in reversed(gradients) for weights, b in layer for g in (*weights, b)]

    return Contestant(step, lambda gradients: [np.array(gradients)])


def recorded(number: Callable[[float], Any], relu: Callable[[Any], Any], none: Any) -> Contestant:
    """Numbers that record; ``none`` is their gradient before the first."""
    numbers = [number(x) for x in drawn()]
    network = layers(numbers)

    def step() -> list[Any]:
        for x in numbers:
            x.grad = none
        score(relu, network).backward()
        return numbers

    return Contestant(step, lambda numbers: [np.array([float(x.grad) for x in numbers])])


def contests() -> Iterator[Contest]:
    """One, without the peers that are made for arrays only."""
    contestants = {"by hand": by_hand(drawn()), "ours": recorded(Tensor, relu, None)}
    if torch := peers.torch:
        number = functools.partial(torch.tensor, dtype=torch.float64, requires_grad=True)
        contestants["PyTorch"] = recorded(number, torch.relu, None)
    if peers.micrograd:
        kind = importlib.import_module("micrograd.engine").Value
        contestants["micrograd"] = recorded(kind, kind.relu, 0)
    yield Contest("scalar: 640 operations", contestants, Aim(2.2, "micrograd", "ours"))
