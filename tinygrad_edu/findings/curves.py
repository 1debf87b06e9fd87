"""Measure operations of one number on a grid: which saturate, and which have a slope of exactly 0 on one side.

Their own rules are tried, so this works for operations that a user declares, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ..graph import Node
from .inspected import Inspected

# The grid is even near 0, and even in the logarithm far from it, to 10,000.
GRID = np.sinh(np.linspace(-math.asinh(1e4), math.asinh(1e4), 1001))
EDGE = 4 / ((1 + math.exp(-5)) * (1 + math.exp(5)))  # a sigmoid's slope at 5 over that at 0, and tanh's at 2.5


class Curve(NamedTuple):
    """What the values and slopes on a grid show of an operation of one number."""

    steepest: float
    # Below low and above high its slope is less than EDGE of the steepest; infinite if it does not saturate.
    low: float
    high: float
    flat: bool  # is its slope exactly 0 on one side only?


def saturates(curve: Curve) -> bool:
    return math.isfinite(curve.low)


def activation_operand(node: Node) -> int | None:
    """Return the position of the only operand, if the operation is elementwise and the rest are plain numbers."""
    tensors = [k for k, a in enumerate(node.args) if a is not None]
    if node.op is None or not node.op.elementwise or len(tensors) != 1 or not node.args[tensors[0]].active:
        return None
    others = [v for k, v in enumerate(node.values) if k != tensors[0]]
    return tensors[0] if all(v is None or np.ndim(v) == 0 for v in others) else None


def find_activations(inspected: Inspected) -> Iterator[tuple[Node, int, Curve]]:
    """Yield each activation of a computation with the position of its operand and its curve."""
    known: dict[Any, Curve | None] = {}
    for swept in inspected.stepper.swept[::-1]:
        node = swept.node
        k = activation_operand(node)
        if k is None:
            continue
        key = (node.op, k, *(repr(v) for i, v in enumerate(node.values) if i != k))
        if key not in known:
            known[key] = measure_curve(node, k)
        found = known[key]
        if found is not None:
            yield node, k, found


def evaluate_on(op: Any, x: Any, node: Node | None = None, k: int = 0) -> tuple[Any, Any]:
    """Return values and slopes of an operation at ``x``; the other arguments are those of ``node``, if given."""
    if node is not None:
        values = [*node.values]
        values[k] = x
    else:
        values = [*op.arguments(x)]
    args: list[Any] = [None] * len(values)
    args[k] = SimpleNamespace(active=True, shape=x.shape)
    z = op.forward(*values)
    slopes = op.vjp(k, args, np.ones(x.shape), z, values)
    return np.asarray(z, float), np.broadcast_to(np.asarray(slopes, float), x.shape)


def measure_curve(node: Node, k: int) -> Curve | None:
    """Measure a use of an operation; None if it is defined on a part of the grid only, or is flat everywhere."""
    return measure_op(node.op, node, k)


def measure_op(op: Any, node: Node | None = None, k: int = 0) -> Curve | None:
    """Measure an operation on the grid, with its defaults or with the other arguments of ``node``."""
    with np.errstate(all="ignore"):
        try:
            z, slopes = evaluate_on(op, GRID, node, k)
            return read_curve(lambda x: abs(float(evaluate_on(op, np.array([x]), node, k)[1][0])), z, np.abs(slopes))
        except Exception:  # an operation need not be able to do this
            return None


def read_curve(slope: Callable[[float], float], z: Any, slopes: Any) -> Curve | None:
    """Read the properties of a curve off its values and slopes on the grid."""
    known = np.isfinite(z) & np.isfinite(slopes)
    if z.shape != GRID.shape or not known[np.abs(GRID) <= 30].all():
        return None
    near = np.abs(GRID) <= 10
    steepest, top = float(slopes[known].max()), float(slopes[near].max())
    if not top:
        return None
    left, right = known & (GRID < -100), known & (GRID > 100)
    rise = np.ptp(z[known])
    tails = all(
        side.sum() > 10 and slopes[side].max() <= 1e-3 * steepest and np.ptp(z[side]) <= 0.02 * rise
        for side in (left, right)
    )
    low, high = -math.inf, math.inf
    if tails:
        steep = np.flatnonzero(slopes >= EDGE * steepest)
        low = find_edge(slope, GRID[steep[0] - 1], GRID[steep[0]], EDGE * steepest)
        high = find_edge(slope, GRID[steep[-1] + 1], GRID[steep[-1]], EDGE * steepest)
    return Curve(steepest, low, high, is_flat(slopes, top) != is_flat(slopes[::-1], top))


def find_edge(slope: Callable[[float], float], flat: float, steep: float, limit: float) -> float:
    """Find where the slope falls below a limit, by halving."""
    for _ in range(40):
        middle = (flat + steep) / 2
        flat, steep = (middle, steep) if slope(middle) < limit else (flat, middle)
    return flat


def is_flat(slopes: Any, top: float) -> bool:
    """Is the slope exactly 0 up to a bend?  A slope that fades and is rounded to 0, as that of exp, does not count."""
    first = int(np.flatnonzero(slopes)[0])
    return first > 200 and float(slopes[first : first + 30].max()) > 1e-6 * top
