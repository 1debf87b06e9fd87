"""Rules that a user wrote, compared with differences at the very operands that they were used at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .. import inputs, place
from ..context import within
from ..op import Node
from ..place import Place
from ..stencil import STEP
from ..sweep import fitted
from .case import Case
from .finding import Finding

ENTRIES, POINTWISE = 4096, 500_000  # of an operand that is compared; and of that of an elementwise operation
USES = 3  # of an operation that is used in a loop
FACTORS = {-1: " It has the wrong sign.", 2: " It is twice as large.", 0.5: " It is half as large."}


class Worst(NamedTuple):
    """The entry at which a rule is furthest from the differences."""

    at: tuple[int, ...]
    x: float
    rule: float
    differences: float


def is_theirs(op: Any) -> bool:
    """Was an operation declared outside of the package?"""
    code = getattr(op.function, "__code__", None)
    return code is not None and not code.co_filename.startswith(place.PACKAGE + os.sep)


def wrong_rules(case: Case) -> Iterator[Finding]:
    """Each rule of a user's, tried at some of its uses, the smallest first."""
    uses: dict[Any, list[tuple[int, Node]]] = {}
    for node in case.nodes:
        if node.op is not None and node in case.ours and is_theirs(node.op) and node.op.family is None:
            for k, a in enumerate(node.args):
                if a is not None and a.active:
                    size = max(int(np.prod(node.shape)), int(np.prod(a.shape)))
                    uses.setdefault((node.op, k), []).append((size, node))
    for (op, k), found in uses.items():
        most = POINTWISE if op.elementwise else ENTRIES
        small = sorted(((size, node) for size, node in found if 0 < size <= most), key=lambda each: each[0])
        if not small:
            case.skip(
                f"The rule of {op.name} for {op.names[k]} was not compared with differences: its operands are large."
            )
        for _, node in small[:USES]:
            worst = compared(case, node, k)
            if worst is not None:
                yield told(case, node, k, worst, len(found))
                break


def told(case: Case, node: Node, k: int, worst: Worst, times: int) -> Finding:
    """The finding, in words."""
    op, a = node.op, node.args[k]
    entry = case.said(a) + (f"[{', '.join(map(str, worst.at))}]" if worst.at else "")
    ratio = worst.rule / worst.differences if worst.differences else 0.0
    factor = next((words for value, words in FACTORS.items() if abs(ratio - value) < 1e-4), "")
    words = (
        f"The rule of {op.name} for {op.names[k]} is not its derivative: at {entry} = {worst.x:.4g} it gives "
        f"{worst.rule:.4g}, and differences {worst.differences:.4g}.{factor} gradcheck({op.name}, ...) tries it at "
        "other numbers, once you have changed it. (If it is meant to be another, as in a straight-through estimator, "
        "all is well.)"
    )
    return case.finding("wrong rule", node, words, [a], where_declared(op, k), x=worst.x, rule=worst.rule,
                        differences=worst.differences, times=times)  # fmt: skip


def where_declared(op: Any, k: int) -> Place:
    """The line of the rule."""
    code = getattr(op.rules_by_name[op.names[k]], "__code__", None) or op.function.__code__
    where = place.resolve(code, 0)
    return where._replace(columns=None)


def compared(case: Case, node: Node, k: int) -> Worst | None:
    """The worst entry of a rule that disagrees with differences; None where it agrees, or where none can be had."""
    try:
        with within(recording=False, watch=None), np.errstate(all="ignore"):
            operands = [
                np.array(v, np.float64)[()] if a is not None or inexact(v) else v
                for a, v in zip(node.args, case.operands(node))
            ]
            return by_entries(node, k, operands) if node.op.elementwise else by_direction(node, k, operands)
    except Exception:  # a forward may refuse numbers beside those that it was given
        return None


def inexact(v: Any) -> bool:
    """Is it an array of floating numbers?"""
    return isinstance(v, np.ndarray) and v.dtype.kind == "f"


def pulled(node: Node, k: int, operands: list[Any], g: Any) -> Any:
    """What the rule gives for a gradient, computed in float64."""
    z = node.op.forward(*operands)
    return inputs.dense(node.op.pull(node.args, np.broadcast_to(g, np.shape(z)).copy()[()], z, operands, k)[k])


class Slopes(NamedTuple):
    """A derivative by differences, how exact it is, and whether there is one."""

    value: Any
    error: Any
    smooth: Any


def slopes(f: Any, size: Any) -> Slopes:
    """f'(0) by the five-point formula, with two steps to see its error, and with one-sided ones to see a bend."""

    def five(h: Any) -> Any:
        return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)

    h = STEP * size
    value, error = five(h), np.abs(five(h) - five(4 * h))
    right = (-3 * f(0 * h) + 4 * f(h) - f(2 * h)) / (2 * h)
    left = (3 * f(0 * h) - 4 * f(-h) + f(-2 * h)) / (2 * h)
    smooth = np.abs(right - left) <= 1e-3 * (np.abs(value) + 1e-3)
    return Slopes(value, np.asarray(error), np.asarray(smooth & np.isfinite(value) & np.isfinite(error)))


def disagree(rule: Any, found: Slopes) -> Any:
    """By how much, beyond what differences cannot tell; 0 where they agree."""
    usual = np.median(found.error[found.smooth]) if np.any(found.smooth) else 0.0
    noise = 10 * found.error + 30 * usual  # by chance, the error of one entry may look small
    limit = 1e-4 * np.maximum(np.abs(rule), np.abs(found.value)) + noise + 1e-6
    wrong = found.smooth & ~(np.abs(rule - found.value) <= limit)
    return np.where(wrong, np.nan_to_num(np.abs(rule - found.value), nan=np.inf), 0)


def by_entries(node: Node, k: int, operands: list[Any]) -> Worst | None:
    """Of an elementwise operation: all entries are moved at once, for each result depends on one."""
    x = operands[k]

    def moved(t: Any) -> Any:
        return node.op.forward(*operands[:k], x + t, *operands[k + 1 :])

    found = slopes(moved, np.maximum(1e-3, np.minimum(1, np.abs(x))))
    rule = np.broadcast_to(pulled(node, k, operands, 2.0) / 2, np.shape(found.value))  # by 1, a rule may forget g
    wrong = disagree(rule, found)
    if not np.any(wrong):
        return None
    at = np.unravel_index(int(np.argmax(wrong)), np.shape(wrong))
    wide = np.broadcast_to(x, np.shape(wrong))
    own = tuple(int(i) if n > 1 else 0 for i, n in zip(at[len(at) - np.ndim(x) :], np.shape(x)))
    return Worst(own, float(wide[at]), float(rule[at]), float(found.value[at]))


def by_direction(node: Node, k: int, operands: list[Any]) -> Worst | None:
    """Of any other: a random direction with a random cotangent says whether; then entry by entry, which."""
    x, rng = operands[k], np.random.default_rng(0)
    w = rng.normal(size=node.shape)
    c = np.asarray(fitted(np.asarray(pulled(node, k, operands, w)), node.args[k]))

    def along(d: Any) -> Slopes:
        def moved(t: Any) -> Any:
            return np.sum(w * node.op.forward(*operands[:k], x + t * d, *operands[k + 1 :]))

        return slopes(moved, 1.0)

    direction = rng.normal(size=np.shape(x))
    found = along(direction)
    if not np.any(disagree(np.sum(c * direction), found)) and found.smooth:
        return None
    each = []
    for at in np.ndindex(np.shape(x)):
        unit = np.zeros(np.shape(x))
        unit[at] = 1
        each.append(along(unit[()]))
    found = Slopes(*(np.reshape(part, np.shape(x)) for part in zip(*each)))
    wrong = disagree(c, found)
    if not np.any(wrong):
        return None
    at = tuple(map(int, np.unravel_index(int(np.argmax(wrong)), np.shape(x))))
    return Worst(at, float(np.asarray(x)[at]), float(c[at]), float(found.value[at]))
