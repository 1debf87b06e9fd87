"""Find a softmax or a sigmoid that is applied twice: probabilities where scores are expected.

An operation expects scores if its statement calls the operand ``logits``, or if it makes probabilities of any
numbers.  A value holds probabilities if its numbers sum to one along an axis, are logarithms of such numbers, or lie
between 0 and 1, wherever the leaves are moved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..engine.reachable import reachable
from ..engine.recompute import call_op
from ..format.numbers import short
from ..graph import Node
from ..numeric.equality import PROGRAM, same, sums_to_one
from . import user_code
from .equivalents import find_equivalents, nearest_sources, only_operand
from .finding import Finding, Remedy
from .inspected import Inspected
from .losses import LOGITS, takes_logits
from .trials import cures, replay, try_changes

KIND = "probabilities taken for scores"
# Leaves are moved by so many times their size, and values with more entries are left out.
MOVES, SIZE = (0.5, 3.0, 30.0), 2_000_000
ROWS, LOGARITHMS, UNIT = "sum to 1", "logarithms of probabilities", "between 0 and 1"


class ProbabilityMaker(NamedTuple):
    """An operation that makes probabilities of an operand."""

    k: int
    axis: int | None  # they sum to one along it; None if each number is a probability of its own
    logarithm: bool  # is the result their logarithms, or a loss?


def find_probability_maker(node: Node) -> ProbabilityMaker | None:
    """Tell which operand an operation makes probabilities of; None if it makes none.  Unknown ones are tried."""
    op = node.op
    if op is None or op.variadic is not None:
        return None
    if takes_logits(op):
        k = op.names.index(LOGITS)
        return ProbabilityMaker(k, axis_of(node, k), True) if node.args[k] is not None else None
    if only_operand(op) is None or node.args[0] is None or node.shape != node.args[0].shape or not node.shape:
        return None
    axis, rng = axis_of(node, 0), np.random.default_rng(0)
    shape = (5, 4) if axis is not None else (20,)
    rest = [*node.values[1:]]
    if axis is not None and "axis" in op.names:
        rest[op.names.index("axis") - 1] = -1
    try:
        with np.errstate(all="ignore"):
            z = np.asarray(op.forward(10 * rng.normal(size=shape), *rest), float)
    except Exception:  # an operation may refuse these numbers
        return None
    if z.shape != shape or not np.isfinite(z).all():
        return None
    if axis is not None:
        for p, logarithm in ((z, False), (np.exp(z), True)):
            if np.all(p >= 0) and sums_to_one(p, -1):
                return ProbabilityMaker(0, axis, logarithm)
        return None
    grid = np.linspace(-20, 20, 41)
    with np.errstate(all="ignore"):
        z = np.asarray(op.forward(grid, *rest), float)
    is_step = op.elementwise and np.all(np.diff(z) >= 0) and abs(z[0]) < 1e-3 and abs(z[-1] - 1) < 1e-3
    return ProbabilityMaker(0, None, False) if is_step else None


def axis_of(node: Node, k: int) -> int | None:
    """Return the axis that an operation goes along, counted from 0; None for none or several."""
    if "axis" not in node.op.names or not node.args[k] or not node.args[k].shape:
        return None
    axis = node.values[node.op.names.index("axis")]
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    return int(axis) % len(node.args[k].shape) if isinstance(axis, (int, np.integer)) else None


def classify_numbers(x: Any, axis: int | None) -> str:
    """Tell what numbers look like: rows that sum to 1, logarithms of such rows, or numbers between 0 and 1."""
    if not np.isfinite(x).all():
        return ""
    if axis is not None and x.shape[axis] > 1:
        if np.all(x >= 0) and sums_to_one(x, axis):
            return ROWS
        if np.all(x <= 1e-12) and sums_to_one(np.exp(x), axis):
            return LOGARITHMS
    return UNIT if np.all((x >= 0) & (x <= 1)) else ""


def classify_value(inspected: Inspected, a: Node, axis: int | None) -> str:
    """Tell what a value looks like at random values of its leaves; an empty text if it differs between them."""
    x = np.asarray(inspected.value(a))
    kind = classify_numbers(x, axis) if x.dtype.kind == "f" else ""
    if not kind or a.op is None or not a.active or x.size > SIZE:
        return ""
    below = reachable([a])
    leaves = [n for n in below if n.op is None and n.active]
    steps = [n for n in below if n.op is not None]
    rng = np.random.default_rng(0)
    for size in MOVES:
        moved = {}
        for leaf in leaves:
            old = np.asarray(inspected.value(leaf))
            step = size * rng.normal(size=old.shape) * max(1.0, float(np.abs(old).max(initial=0.0)))
            moved[leaf] = (old + step).astype(old.dtype)[()]
        try:
            new = np.asarray(replay(inspected, moved, {}, steps, record=False)[a])
        except Exception:  # an operation may refuse other numbers
            return ""
        known = new[np.isfinite(new)]
        if kind == UNIT or not np.isfinite(new).all():
            if not np.all((known >= 0) & (known <= 1)) and kind != LOGARITHMS:
                return ""
        elif classify_numbers(new, axis) != kind:
            return ""
    return kind


def softmax_twice(inspected: Inspected) -> Iterator[Finding]:
    """Find operations that make probabilities of values that are probabilities already."""
    bad: dict[Node, tuple[ProbabilityMaker, str]] = {}
    for node in inspected.nodes:
        if node.op is None or not node.active:
            continue
        found = find_probability_maker(node)
        if found is not None:
            a = node.args[found.k]
            # A function that is applied to its own result in a loop is intended.
            loop = (a.code, a.lasti) == (node.code, node.lasti)
            kind = classify_value(inspected, a, found.axis) if a.active and not loop else ""
            if kind:
                bad[node] = found, kind
    for group in inspected.group_by_line(bad):
        node = group[0]
        found, kind = bad[node]
        yield write_finding(inspected, node, found, kind, group)


def write_finding(inspected: Inspected, node: Node, found: ProbabilityMaker, kind: str, group: list[Node]) -> Finding:
    """Describe an operation that expects scores and is given probabilities."""
    a = node.args[found.k]
    x, name, made = np.asarray(inspected.value(a)), inspected.describe(a), inspected.describe_made(a)
    makes = "a softmax" if found.axis is not None else "a sigmoid"
    itself = f"{node.op.name} takes scores and applies {makes} itself" if takes_logits(node.op) else (
        f"{node.op.name} makes probabilities of scores"
    )  # fmt: skip
    line = f"{inspected.in_line(node)}{inspected.same_for_others(group)}".rstrip(".")
    if kind == LOGARITHMS:
        words = (
            f"{itself}, {line}, and is given {made}, which are logarithms of probabilities already: a softmax of them "
            f"gives the same probabilities again, so {a.op.name} is not needed and changes nothing."
        )
    else:
        what = f"they sum to 1 along axis {found.axis}" if kind == ROWS else "they lie between 0 and 1"
        low, high = short(float(x.min())), short(float(x.max()))
        words = (
            f"{itself}, {line}, and is given probabilities already, {made}: {what}, here from {low} to {high}, "
            f"whatever the parameters are. {describe_limit(found, x, kind)}"
        )
    remedies = suggest_scores(inspected, node, found, a, kind)
    return inspected.make_finding(KIND, node, words, [*group[1:], a], None, remedies, operand=name, times=len(group))


def describe_limit(found: ProbabilityMaker, x: Any, kind: str) -> str:
    """Say how sure an answer can be at most, if scores lie between 0 and 1."""
    if found.axis is None:
        return "A sigmoid of them lies between 0.5 and 0.731, so no answer can be sure."
    n = x.shape[found.axis]
    most = math.e / (math.e + n - 1)
    return f"A softmax of them gives none of the {n} classes more than {most:.3g}, so no answer can be sure."


def suggest_scores(inspected: Inspected, node: Node, found: ProbabilityMaker, a: Node, kind: str) -> Iterator[Remedy]:
    """Try the scores themselves in the place of the probabilities that were made of them."""
    for x, text in find_scores(inspected, a, kind, found.axis):

        def change(arguments: list[Any], made: Any, x: Node = x) -> Any:
            return call_op(node.op, [*arguments[: found.k], made[x], *arguments[found.k + 1 :]])

        trial = try_changes(inspected, {}, {node: change})
        if not cures(trial, KIND, node, (softmax_twice,)):
            continue
        if kind == LOGARITHMS and not same(trial.made[node]._array, inspected.value(node), PROGRAM):  # type: ignore[union-attr]
            continue
        new = user_code.code_with_operand(inspected, node, found.k, text)
        yield Remedy(f"Give it the scores: {new}.", new, inspected.location(node))
        return


def find_scores(inspected: Inspected, a: Node, kind: str, axis: int | None) -> Iterator[tuple[Node, str]]:
    """Yield what probabilities were made of, by one operation or by equivalent steps, and how the user writes it."""
    if only_operand(a.op) is not None and a.args[0] is not None and makes_probabilities(a.op, kind, axis):
        part = user_code.operand_expressions(a)[0]
        yield a.args[0], user_code.unparse(part) if part is not None else user_code.value_code(inspected, a.args[0])
    for found in find_equivalents(inspected, a, nearest_sources(inspected, a)):
        if (
            not found.negative
            and found.scale == 1
            and found.first is None
            and makes_probabilities(found.op, kind, axis)
        ):
            yield found.x, user_code.value_code(inspected, found.x)


def makes_probabilities(op: Any, kind: str, axis: int | None) -> bool:
    """Does an operation make this kind of probabilities of any numbers?"""
    x = 10 * np.random.default_rng(0).normal(size=(5, 4))
    try:
        with np.errstate(all="ignore"):
            return classify_numbers(np.asarray(op.forward(*op.arguments(x))), None if kind == UNIT else 1) == kind
    except Exception:  # an operation may refuse these numbers
        return False
