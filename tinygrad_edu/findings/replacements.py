"""Find activations and starting values to try in the place of those that let no gradient through.

Numbers show which operation may replace another: leaky_relu equals relu where relu has a slope, and is flat nowhere;
tanh is close to sign far from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ..graph import Node
from ..numeric.equality import PROGRAM, same
from ..op import OPS
from .curves import GRID, activation_operand, evaluate_on, measure_op, saturates
from .equivalents import only_operand
from .finding import Remedy
from .inspected import Inspected
from .trials import Change, Trial

NEAR = np.abs(GRID) <= 30
FAR = (np.abs(GRID) >= 2) & NEAR


def find_op(fits: Callable[[Any, Any, Any], bool]) -> Any:
    """Return the first operation of one operand whose values and slopes on the grid fit, NumPy's first; or None."""
    for op in sorted(OPS.values(), key=lambda op: not hasattr(np, op.name)):
        if op.elementwise and op.rules and only_operand(op) is not None:
            try:
                with np.errstate(all="ignore"):
                    z, slopes = evaluate_on(op, GRID)
                    if np.isfinite(z[NEAR]).all() and np.isfinite(slopes[NEAR]).all() and fits(op, z, slopes):
                        return op
            except Exception:  # an operation need not be able to do this
                continue
    return None


def find_never_flat(node: Node, k: int) -> Any:
    """Find an operation that equals this one where it has a slope, and has a slope everywhere; best with a bend."""
    z, slopes = evaluate_on(node.op, GRID, node, k)
    steep = NEAR & (slopes != 0)

    def fits(op: Any, other: Any, other_slopes: Any) -> bool:
        return same(other[steep], z[steep], PROGRAM) and bool(np.all(other_slopes[NEAR] != 0))

    def bent(op: Any, other: Any, other_slopes: Any) -> bool:
        return fits(op, other, other_slopes) and bool(np.ptp(other_slopes[NEAR]))

    return (find_op(bent) or find_op(fits)) if steep.any() else None


def find_unsaturated() -> Any:
    """Find an operation that is the identity above 0 and less steep below: relu, found by numbers."""

    def fits(op: Any, z: Any, slopes: Any) -> bool:
        above = NEAR & (GRID > 0)
        below = NEAR & (GRID < 0)
        return bool(same(z[above], GRID[above], PROGRAM) and np.all(np.abs(slopes[below]) < 0.5))

    return find_op(fits)


def find_smooth(node: Node) -> Any:
    """Find an operation that is close to this one far from 0, and has a slope near 0."""
    z = np.asarray(node.op.forward(GRID), float)

    def fits(op: Any, other: Any, slopes: Any) -> bool:
        return bool(np.all(np.abs(other[FAR] - z[FAR]) < 0.2) and slopes[np.abs(GRID) < 1].min() > 0.1)

    return find_op(fits)


def find_squashing() -> list[Any]:
    """List operations that saturate on both sides; those with value 0 at 0 come first: tanh before a sigmoid."""
    found = []
    for op in OPS.values():
        if op.elementwise and op.rules and only_operand(op) is not None:
            known = measure_op(op)
            if known is not None and saturates(known):
                found.append(op)
    return sorted(found, key=lambda op: abs(float(op.forward(np.float64(0.0)))) > 0)


def replace_op(nodes: Iterable[Node], op: Any) -> dict[Node, Change]:
    """Return the changes that put an operation in the place of activations."""

    def change(k: int) -> Change:
        return lambda given, made: op.public(given[k])

    return {node: change(activation_operand(node) or 0) for node in nodes}


def glorot(shape: tuple[int, ...], dtype: Any = float) -> Any:
    """Draw numbers as nn.Linear starts from: uniform, with the variance 2/(inputs + outputs)."""
    area = int(np.prod(shape[2:])) if len(shape) > 2 else 1
    limit = np.sqrt(6 / (max(1, sum(shape[:2])) * area))
    return np.random.default_rng(0).uniform(-limit, limit, shape).astype(dtype)


def gradient_reaches(trial: Trial | None, leaves: Iterable[Node], least: float = 1e-9) -> bool:
    """Does a gradient reach each of these leaves, and is everything finite?"""
    if trial is None:
        return False
    try:
        return trial.is_finite and all(trial.inspected.largest.get(trial.made[n].node, 0.0) > least for n in leaves)
    except Exception:  # a rule may refuse
        return False


def leaves_below(inspected: Inspected, nodes: Iterable[Node], steps: int) -> list[Node]:
    """List the leaves with a gradient that values were computed from within some steps."""
    found, level = [], [*nodes]
    for _ in range(steps):
        level = [*dict.fromkeys(a for n in level for a in n.args if a is not None and a.active)]
        found += [a for a in level if a.op is None]
    return [*dict.fromkeys(found)]


def combine_remedies(found: list[str]) -> Iterator[Remedy]:
    """Put all changes that cure into one remedy; none if nothing cures."""
    if found:
        each = "each of these cures it alone" if len(found) > 1 else "this cures it"
        yield Remedy(f"Tried on this record, {each}: {'; '.join(found)}.")
