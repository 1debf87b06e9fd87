"""Compare the rules that a user wrote with differences, at the very operands of the program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..context import within
from ..errors import coerce
from ..format import locations
from ..format.locations import Location
from ..graph import Node
from ..numeric.differences import Slopes, slopes
from ..numeric.equality import DIFFERENCES, PROGRAM, differs, same
from ..numeric.mistakes import NOT_LINEAR, Sample, is_floating, likely_mistake, samples_near
from ..sweep import unbroadcast
from .finding import Finding
from .inspected import Inspected

# Larger operands are not compared: of other operations, and of elementwise ones.
ENTRIES, POINTWISE = 4096, 500_000
# So many uses of an operation are compared.
USES = 3
# A Jacobian with more entries is not computed.
JACOBIAN = 100_000


class Worst(NamedTuple):
    """The entry where a rule and the differences disagree most, and the likely mistake."""

    # The entry of the result; () if each result depends on one entry of the operand, or is a single number.
    result: tuple[int, ...]
    at: tuple[int, ...]
    x: float
    rule: float
    differences: float
    kind: str


def is_users_op(op: Any) -> bool:
    """Was an operation declared outside of the package?"""
    code = getattr(op.function, "__code__", None)
    return code is not None and not code.co_filename.startswith(locations.PACKAGE + os.sep)


def wrong_rules(inspected: Inspected) -> Iterator[Finding]:
    """Compare each rule that a user wrote with differences, at some of its uses, the smallest first."""
    uses: dict[Any, list[tuple[int, Node]]] = {}
    for node in inspected.nodes:
        if node.op is not None and node in inspected.visited and is_users_op(node.op) and node.op.variadic is None:
            for k, a in enumerate(node.args):
                if a is not None and a.active:
                    size = max(int(np.prod(node.shape)), int(np.prod(a.shape)))
                    uses.setdefault((node.op, k), []).append((size, node))
    for (op, k), found in uses.items():
        most = POINTWISE if op.elementwise else ENTRIES
        small = sorted(((size, node) for size, node in found if 0 < size <= most), key=lambda each: each[0])
        if not small:
            inspected.note_skipped(
                f"The rule of {op.name} for {op.names[k]} was not compared with differences: its operands are large."
            )
        for _, node in small[:USES]:
            worst = compare(inspected, node, k)
            if worst is not None:
                yield write_finding(inspected, node, k, worst, len(found))
                break


def write_finding(inspected: Inspected, node: Node, k: int, worst: Worst, times: int) -> Finding:
    """Describe where a rule and the differences disagree, and the likely mistake."""
    op, a = node.op, node.args[k]
    entry = inspected.describe_entry(a, worst.at)
    of = f" for the result at [{', '.join(map(str, worst.result))}]" if worst.result else ""
    kind = f" {worst.kind}" if worst.kind else ""
    what = (
        f"is not its derivative: at {entry} = {worst.x:.4g} it gives {worst.rule:.4g}{of}, and differences "
        f"{worst.differences:.4g}"
    )
    if abs(worst.rule - worst.differences) <= 1e-4 * abs(worst.rule):
        what = (
            f"is right only where the upstream gradient is 1: then it gives {worst.rule:.4g} at {entry} = "
            f"{worst.x:.4g}, as differences do"
        )
    words = (
        f"The rule of {op.name} for {op.names[k]} {what}.{kind} gradcheck({op.name}, ...) tries it at other numbers, "
        "once you have changed it. (If it is meant to be another, as in a straight-through estimator, all is well.)"
    )
    return inspected.make_finding("wrong rule", node, words, [a], where_declared(op, k), x=worst.x, rule=worst.rule,
                        differences=worst.differences, times=times)  # fmt: skip


def where_declared(op: Any, k: int) -> Location:
    code = getattr(op.rules[op.names[k]], "__code__", None) or op.function.__code__
    where = locations.locate(code, 0)
    return where._replace(columns=None)


def compare(inspected: Inspected, node: Node, k: int) -> Worst | None:
    """Return the worst entry of a rule that disagrees with differences; None if it agrees, or cannot be compared."""
    try:
        with within(recording=False, watch=None), np.errstate(all="ignore"):
            operands = [
                np.array(v, np.float64)[()] if a is not None or is_floating(v) else v
                for a, v in zip(node.args, inspected.operands(node))
            ]
            return compare_entries(node, k, operands) if node.op.elementwise else compare_direction(node, k, operands)
    except Exception:  # a forward may refuse numbers beside those that it was given
        return None


def apply_rule(node: Node, k: int, operands: list[Any], g: Any) -> Any:
    """Return what the rule gives for an upstream gradient, computed in float64."""
    z = node.op.forward(*operands)
    return coerce.dense(node.op.vjp(k, node.args, np.broadcast_to(g, np.shape(z)).copy()[()], z, operands))


def disagreement(rule: Any, found: Slopes) -> Any:
    """Return by how much two slopes differ beyond the error of the differences; 0 where they agree."""
    usual = np.median(found.error[found.smooth]) if np.any(found.smooth) else 0.0
    noise = 10 * found.error + 30 * usual  # the error of one entry may look small by chance
    known = found.smooth & ~np.isinf(rule)  # where a slope is infinite, differences cannot tell
    wrong = known & differs(rule, found.value, DIFFERENCES, noise + 1e-6)
    return np.where(wrong, np.nan_to_num(np.abs(rule - found.value), nan=np.inf), 0)


def compare_entries(node: Node, k: int, operands: list[Any]) -> Worst | None:
    """Compare an elementwise rule: each result depends on one entry, so all entries are moved at once."""

    def slopes_at(operands: list[Any]) -> tuple[Any, Slopes]:
        x = operands[k]
        size = np.maximum(1e-3, np.minimum(1, np.abs(x)))
        found = slopes(lambda t: node.op.forward(*operands[:k], x + t, *operands[k + 1 :]), size)
        rule = apply_rule(node, k, operands, 2.0) / 2  # with g = 1, a rule that forgets g would look right
        return np.broadcast_to(rule, np.shape(found.value)), found

    def sampled(operands: list[Any]) -> Sample:
        x = np.broadcast_to(operands[k], node.shape)
        once, twice = (np.broadcast_to(apply_rule(node, k, operands, g), node.shape) for g in (1.0, 2.0))
        _, found = slopes_at(operands)
        unmoved = bool(np.any(once)) and np.array_equal(once, twice)
        return Sample(once, found.value, x, node.op.forward(*operands), {}, 0, unmoved)

    rule, found = slopes_at(operands)
    wrong = disagreement(rule, found)
    if not np.any(wrong):
        return None
    at = np.unravel_index(int(np.argmax(wrong)), np.shape(wrong))
    x = operands[k]
    own = tuple(int(i) if n > 1 else 0 for i, n in zip(at[len(at) - np.ndim(x) :], np.shape(x)))
    once, wide = np.broadcast_to(apply_rule(node, k, operands, 1.0), node.shape), np.broadcast_to(x, np.shape(wrong))
    mistake = likely_mistake(samples_near(sampled, operands), node.op.names[k]) or NOT_LINEAR * (
        not same(once, rule, PROGRAM)
    )
    return Worst((), own, float(wide[at]), float(once[at]), float(found.value[at]), mistake)


def compare_direction(node: Node, k: int, operands: list[Any]) -> Worst | None:
    """Compare any other rule along a random direction; if it disagrees, compare it entry by entry."""
    x, rng = operands[k], np.random.default_rng(0)
    w = rng.normal(size=node.shape)
    c = np.asarray(unbroadcast(np.asarray(apply_rule(node, k, operands, w)), node.args[k]))
    direction = rng.normal(size=np.shape(x))
    found = slopes(lambda t: np.sum(w * forward_with(node, k, operands, x + t * direction)), 1.0)
    if not np.any(disagreement(np.sum(c * direction), found)) and found.smooth:
        return None
    if np.size(x) * int(np.prod(node.shape)) > JACOBIAN:
        return None
    sample, every = jacobian(node, k, operands)
    wrong = disagreement(sample.rule, every)
    if not np.any(wrong):
        return None
    at = tuple(map(int, np.unravel_index(int(np.argmax(wrong)), np.shape(wrong))))
    result, own = at[: len(node.shape)], at[len(node.shape) :]
    mistake = likely_mistake(samples_near(lambda moved: jacobian(node, k, moved)[0], operands), node.op.names[k])
    return Worst(result, own, float(np.asarray(x)[own]), float(sample.rule[at]), float(every.value[at]), mistake)


def forward_with(node: Node, k: int, operands: list[Any], x: Any) -> Any:
    return node.op.forward(*operands[:k], x, *operands[k + 1 :])


def jacobian(node: Node, k: int, operands: list[Any]) -> tuple[Sample, Slopes]:
    """Compute all derivatives of the results by one operand, by the rule and by differences."""
    x, shape = operands[k], node.shape + np.shape(operands[k])
    rows = []
    for i in range(int(np.prod(node.shape))):
        e = np.zeros(int(np.prod(node.shape)))
        e[i] = 1.0
        rows.append(unbroadcast(np.asarray(apply_rule(node, k, operands, e.reshape(node.shape))), node.args[k]))
    columns = []
    for at in np.ndindex(np.shape(x)):
        unit = np.zeros(np.shape(x))
        unit[at] = 1.0

        def moved(t: Any, unit: Any = unit) -> Any:
            return forward_with(node, k, operands, x + t * unit)

        columns.append(slopes(moved, 1.0))
    found = Slopes(*(np.stack([np.asarray(c[i]) for c in columns], -1).reshape(shape) for i in range(4)))
    w = np.random.default_rng(0).normal(size=node.shape)
    once, twice = apply_rule(node, k, operands, w), apply_rule(node, k, operands, 2 * w)
    z = np.asarray(node.op.forward(*operands))
    lengths = () if z.size == np.size(x) else (*max((z, np.asarray(x)), key=np.size).shape,)
    unmoved = bool(np.any(once)) and np.array_equal(once, twice)
    broad = z.reshape(z.shape + (1,) * np.ndim(x))
    return Sample(np.reshape(rows, shape), found.value, x, broad, {}, np.ndim(x), unmoved, lengths), found
