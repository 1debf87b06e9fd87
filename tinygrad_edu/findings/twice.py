"""A softmax or a sigmoid twice: probabilities where scores are expected.

Which operation expects scores is told by its statement, which calls the operand ``logits``, or by numbers: whatever it
is given, it makes probabilities of it.  What gives probabilities is told by numbers as well, with all leaves moved:
numbers that sum to one along an axis, or lie between 0 and 1, or logarithms of probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..engine.reachable import reachable
from ..engine.recompute import call_op
from ..findings import code
from ..format.numbers import short
from ..graph import Node
from ..numeric.equality import PROGRAM, same, sums_to_one
from .alike import alike, single, sources
from .case import Case
from .finding import Finding, Remedy
from .losses import LOGITS, takes_logits
from .trying import cures, replay, tried

KIND = "probabilities taken for scores"
MOVES, SIZE = (0.5, 3.0, 30.0), 2_000_000  # in parts of what leaves are; entries of values that are looked at
ROWS, LOGARITHMS, UNIT = "sum to 1", "logarithms of probabilities", "between 0 and 1"


class Taken(NamedTuple):
    """An operation that makes probabilities of an operand."""

    k: int
    axis: int | None  # along which they sum to one; None: each is one of its own
    logarithm: bool  # does it give their logarithms, or a loss?


def taken(node: Node) -> Taken | None:
    """Does an operation make probabilities of an operand?"""
    op = node.op
    if op is None or op.variadic is not None:
        return None
    if takes_logits(op):
        k = op.names.index(LOGITS)
        return Taken(k, axis_of(node, k), True) if node.args[k] is not None else None
    if single(op) is None or node.args[0] is None or node.shape != node.args[0].shape or not node.shape:
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
                return Taken(0, axis, logarithm)
        return None
    grid = np.linspace(-20, 20, 41)
    with np.errstate(all="ignore"):
        z = np.asarray(op.forward(grid, *rest), float)
    is_step = op.elementwise and np.all(np.diff(z) >= 0) and abs(z[0]) < 1e-3 and abs(z[-1] - 1) < 1e-3
    return Taken(0, None, False) if is_step else None


def axis_of(node: Node, k: int) -> int | None:
    """The axis that an operation goes along, from 0; None if it goes along none, or along several."""
    if "axis" not in node.op.names or not node.args[k] or not node.args[k].shape:
        return None
    axis = node.values[node.op.names.index("axis")]
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    return int(axis) % len(node.args[k].shape) if isinstance(axis, (int, np.integer)) else None


def kind_of(x: Any, axis: int | None) -> str:
    """What numbers look like."""
    if not np.isfinite(x).all():
        return ""
    if axis is not None and x.shape[axis] > 1:
        if np.all(x >= 0) and sums_to_one(x, axis):
            return ROWS
        if np.all(x <= 1e-12) and sums_to_one(np.exp(x), axis):
            return LOGARITHMS
    return UNIT if np.all((x >= 0) & (x <= 1)) else ""


def given(case: Case, a: Node, axis: int | None) -> str:
    """What a value looks like, wherever the leaves are moved that it was computed from."""
    x = np.asarray(case.value(a))
    kind = kind_of(x, axis) if x.dtype.kind == "f" else ""
    if not kind or a.op is None or not a.active or x.size > SIZE:
        return ""
    below = reachable([a])
    leaves = [n for n in below if n.op is None and n.active]
    steps = [n for n in below if n.op is not None]
    rng = np.random.default_rng(0)
    for size in MOVES:
        moved = {}
        for leaf in leaves:
            old = np.asarray(case.value(leaf))
            step = size * rng.normal(size=old.shape) * max(1.0, float(np.abs(old).max(initial=0.0)))
            moved[leaf] = (old + step).astype(old.dtype)[()]
        try:
            new = np.asarray(replay(case, moved, {}, steps, record=False)[a])
        except Exception:  # an operation may refuse other numbers
            return ""
        known = new[np.isfinite(new)]
        if kind == UNIT or not np.isfinite(new).all():
            if not np.all((known >= 0) & (known <= 1)) and kind != LOGARITHMS:
                return ""
        elif kind_of(new, axis) != kind:
            return ""
    return kind


def twice(case: Case) -> Iterator[Finding]:
    """Operations that make probabilities of what are probabilities already."""
    bad: dict[Node, tuple[Taken, str]] = {}
    for node in case.nodes:
        if node.op is None or not node.active:
            continue
        found = taken(node)
        if found is not None:
            a = node.args[found.k]
            loop = (a.code, a.lasti) == (node.code, node.lasti)  # a chain of one function, which is meant
            kind = given(case, a, found.axis) if a.active and not loop else ""
            if kind:
                bad[node] = found, kind
    for group in case.grouped(bad):
        node = group[0]
        found, kind = bad[node]
        yield told(case, node, found, kind, group)


def told(case: Case, node: Node, found: Taken, kind: str, group: list[Node]) -> Finding:
    """The finding, in words."""
    a = node.args[found.k]
    x, name, made = np.asarray(case.value(a)), case.said(a), case.made(a)
    makes = "a softmax" if found.axis is not None else "a sigmoid"
    itself = f"{node.op.name} takes scores and applies {makes} itself" if takes_logits(node.op) else (
        f"{node.op.name} makes probabilities of scores"
    )  # fmt: skip
    line = f"{case.line(node)}{case.others(group)}".rstrip(".")
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
            f"whatever the parameters are. {reach(found, x, kind)}"
        )
    remedies = left_out(case, node, found, a, kind)
    return case.finding(KIND, node, words, [*group[1:], a], None, remedies, operand=name, times=len(group))


def reach(found: Taken, x: Any, kind: str) -> str:
    """How sure the second one can be at most: of scores between 0 and 1."""
    if found.axis is None:
        return "A sigmoid of them lies between 0.5 and 0.731, so no answer can be sure."
    n = x.shape[found.axis]
    most = math.e / (math.e + n - 1)
    return f"A softmax of them gives none of the {n} classes more than {most:.3g}, so no answer can be sure."


def left_out(case: Case, node: Node, found: Taken, a: Node, kind: str) -> Iterator[Remedy]:
    """The scores themselves in the place of what was made of them."""
    for x, text in scores(case, a, kind, found.axis):

        def change(arguments: list[Any], made: Any, x: Node = x) -> Any:
            return call_op(node.op, [*arguments[: found.k], made[x], *arguments[found.k + 1 :]])

        trial = tried(case, {}, {node: change})
        if not cures(trial, KIND, node, (twice,)):
            continue
        if kind == LOGARITHMS and not same(trial.made[node]._array, case.value(node), PROGRAM):  # type: ignore[union-attr]
            continue
        new = code.with_operand(case, node, found.k, text)
        yield Remedy(f"Give it the scores: {new}.", new, case.place(node))
        return


def scores(case: Case, a: Node, kind: str, axis: int | None) -> Iterator[tuple[Node, str]]:
    """What probabilities were made of, by one operation or by steps that are one, and how the user writes it."""
    if single(a.op) is not None and a.args[0] is not None and makes(a.op, kind, axis):
        part = code.operands(a)[0]
        yield a.args[0], code.shown(part) if part is not None else code.value_text(case, a.args[0])
    for found in alike(case, a, sources(case, a)):
        if not found.negative and found.scale == 1 and found.first is None and makes(found.op, kind, axis):
            yield found.x, code.value_text(case, found.x)


def makes(op: Any, kind: str, axis: int | None) -> bool:
    """Does an operation make this kind of probabilities of any numbers?"""
    x = 10 * np.random.default_rng(0).normal(size=(5, 4))
    try:
        with np.errstate(all="ignore"):
            return kind_of(np.asarray(op.forward(*op.arguments(x))), None if kind == UNIT else 1) == kind
    except Exception:  # an operation may refuse these numbers
        return False
