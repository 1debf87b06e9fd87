"""Find the range of numbers in which an operation has a value and a slope, by trying it.

The operation's statement says where its operands are drawn from, so the search begins inside.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ..graph import Node
from .inspected import Inspected

FAR = 1e6  # an operation that is valid so far out is taken to be valid for all larger numbers


class ValidRange(NamedTuple):
    """The interval where an operation has a value and a slope; each end is the first number that has none."""

    low: float
    high: float


UNBOUNDED = ValidRange(-math.inf, math.inf)


def operands_at(inspected: Inspected, node: Node, k: int, at: tuple[int, ...]) -> list[Any]:
    """Return the operands of an elementwise operation at one entry of its result, as numbers; options as they are."""
    found = []
    for i, x in enumerate(inspected.operands(node)):
        if node.args[i] is not None or (isinstance(x, np.ndarray) and x.ndim):
            x = np.broadcast_to(x, node.shape)[at]
        found.append(x)
    return found


def evaluate_at(node: Node, values: list[Any], k: int, x: Any) -> tuple[Any, Any]:
    """Return values and slopes of an operation with ``x`` for one operand, both as float64 arrays."""
    x = np.asarray(x, np.float64)
    given = [x if i == k else v for i, v in enumerate(values)]
    args: list[Any] = [SimpleNamespace(active=i == k, shape=x.shape) if i == k else None for i in range(len(values))]
    with np.errstate(all="ignore"):
        z = np.broadcast_to(node.op.forward(*given), x.shape)
        slope = node.op.vjp(k, args, np.ones(x.shape), z, given)
    return np.asarray(z, np.float64), np.broadcast_to(np.asarray(slope, np.float64), x.shape)


def is_valid(node: Node, values: list[Any], k: int, x: Any) -> Any:
    z, slope = evaluate_at(node, values, k, x)
    return np.isfinite(z) & np.isfinite(slope)


def find_valid_range(inspected: Inspected, node: Node, k: int, at: tuple[int, ...]) -> ValidRange | None:
    """Find the interval around its usual numbers in which an operand has a value and a slope; None if unknown."""
    try:
        values = operands_at(inspected, node, k, at)
        low, high = node.op.domain.get(node.op.names[k], (-2.0, 2.0))
        grid = np.linspace(low, high, 33)
        known = grid[is_valid(node, values, k, grid)]
        if not len(known):
            return None
        start = float(known[np.argmin(np.abs(known - (low + high) / 2))])
        return ValidRange(find_end(node, values, k, start, -FAR), find_end(node, values, k, start, FAR))
    except Exception:  # an operation need not be able to do this
        return None


def find_end(node: Node, values: list[Any], k: int, good: float, far: float) -> float:
    """Search from a valid number towards a far one for the first that is not valid; infinite if all are."""
    steps = good + (far - good) * np.geomspace(1e-9, 1.0, 400)
    ok = is_valid(node, values, k, steps)
    if ok.all():
        return math.copysign(math.inf, far)
    first = int(np.argmin(ok))
    bad, good = float(steps[first]), float(steps[first - 1]) if first else good
    for _ in range(200):
        middle = (good + bad) / 2
        if middle in (good, bad):
            break
        good, bad = (middle, bad) if is_valid(node, values, k, middle).all() else (good, middle)
    near = round(bad, 6) + 0.0
    return near if abs(near - bad) < 1e-9 else bad
