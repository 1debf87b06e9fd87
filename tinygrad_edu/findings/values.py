"""Find where values that are not finite come from, and gradients that are not finite although all values are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine.reachable import operand_nodes, reachable
from ..errors import coerce, trace_nan
from ..errors import operations as advice
from ..format.numbers import short
from ..format.text import plural
from ..graph import Node
from ..stepping.jacobian import local
from ..tensor import constant
from .equivalents import nearest_sources
from .finding import Finding, Remedy
from .inspected import Inspected, is_finite
from .losses import LossOfLogits, find_losses
from .remedies import (
    Unchosen,
    downstream,
    find_unchosen,
    find_undefined_neighbour,
    keep_inside,
    merge_steps,
    suggest_merging,
    try_cure,
)
from .trials import cures, try_changes
from .valid_range import operands_at
from .zeros import RoundedZero, find_rounded_zero


def not_finite(inspected: Inspected) -> Iterator[Finding]:
    """Find where a result that is not finite comes from: the first such value whose operands are finite.

    Infinity that does no harm, as in the mask of an attention, does not reach the result, and is not reported.
    """
    if not is_finite(inspected.value(inspected.root)):
        yield find_origin(inspected, inspected.root)


def find_first_bad(inspected: Inspected, symptom: Node) -> tuple[Node, list[Node]]:
    """Return the oldest node on an unbroken way of values that are not finite, and all nodes on such ways."""
    bad = reachable([symptom], lambda node: [a for a in operand_nodes(node) if not is_finite(inspected.value(a))])
    every = set(bad)
    return next(node for node in bad if every.isdisjoint(node.args)), bad


def find_origin(inspected: Inspected, symptom: Node, start: str = "") -> Finding:
    """Make the finding for the origin of a value that is not finite; ``start`` says what it does to a gradient."""
    first, bad = find_first_bad(inspected, symptom)
    zero = find_rounded_zero(inspected, first)
    if zero is not None:
        return log_of_rounded(inspected, first, zero, bad)
    words = f"{start}{describe_origin(inspected, first)}{describe_consequences(inspected, first, bad)}"
    numbers = count_not_finite(inspected.value(first))
    return inspected.make_finding("not finite", first, words, bad, remedies=value_remedies(inspected, first), **numbers)


def describe_origin(inspected: Inspected, node: Node) -> str:
    """Say how a value became not finite; a plain array that held NaN or infinity is named."""
    if node.op is not None:
        for k, (a, x) in enumerate(zip(node.args, inspected.operands(node))):
            if a is None and isinstance(x, (np.ndarray, float)) and not is_finite(x):
                what = inspected.describe_operand(node, k) if np.ndim(x) else str(x)
                given = (
                    f"{what}, in which {np.sum(~np.isfinite(x))} of {np.size(x)} are not finite" if np.ndim(x) else what
                )
                return f"{node.op.name} was given values that are not finite: {given}."
    first, *notes = trace_nan.value_words(node, inspected.value(node))
    return " ".join([f"{first}.", *map(without_advice, notes)])


def without_advice(words: str) -> str:
    """Return what an operation needs, without the advice after the semicolon, which was not tried here."""
    return f"{words.partition('; ')[0].rstrip('.')}."


def describe_consequences(inspected: Inspected, first: Node, bad: list[Node]) -> str:
    """Say where infinity became NaN on the way, and what the result is because of it."""
    words = ""
    for node in bad:
        operands = (
            [x for x in inspected.operands(node) if isinstance(x, (np.ndarray, np.generic, float))] if node.op else []
        )
        made_here = np.isnan(inspected.value(node)).any() and not any(np.isnan(x).any() for x in operands)
        if node is not first and made_here:
            words = (
                f" From infinity {node.op.name} makes NaN, {inspected.in_line(node)}: {inspected.describe_made(node)}."
            )
            break
    if bad[-1] is inspected.root and inspected.root is not first:
        shown = str(inspected.value(inspected.root)) if not inspected.root.shape else "not finite"
        words += f" So {inspected.loss} is {shown}."
    return words


def count_not_finite(x: Any) -> dict[str, Any]:
    return {"nan": int(np.isnan(x).sum()), "infinite": int(np.isinf(x).sum()), "size": int(np.size(x))}


def value_remedies(inspected: Inspected, node: Node) -> Iterator[Remedy]:
    """Try what may be written where an operation makes a value that is not finite."""
    if node.op is None:
        return
    yield from suggest_merging(inspected, node, downstream(inspected, node), CHECKS)
    if loss := whole_loss(inspected, node):
        yield Remedy(f"{loss} computes the loss from the logits, and is finite.")
    if node.op.elementwise:
        at = tuple(map(int, np.argwhere(~np.isfinite(inspected.value(node)))[0]))
        for k, a in enumerate(node.args):
            if a is not None:
                yield from keep_inside(inspected, node, k, at, CHECKS)
        for a in node.args:
            if a is not None and a.op is not None and a.op.elementwise and len(a.args) == 1:
                own = tuple(i if n > 1 else 0 for i, n in zip(at[len(at) - len(a.shape) :], a.shape))
                yield from keep_inside(inspected, a, 0, own, CHECKS, node)


def log_of_rounded(inspected: Inspected, node: Node, zero: RoundedZero, nodes: list[Node]) -> Finding:
    """Describe a logarithm of a 0 that only rounding made, and name the operation that avoids it."""
    count = plural(zero.times, "value")
    words = (
        f"{node.op.name} of {zero.number} in {inspected.describe_made(node)}: {count} of {zero.size:,} in {zero.of} "
        f"{'is' if zero.times == 1 else 'are'} exactly {zero.number}, but only by rounding, for {zero.reason}."
    )
    return inspected.make_finding("log of a rounded zero", node, words, [*nodes, zero.node],
                        remedies=rounded_remedies(inspected, node), count=zero.times, size=zero.size)  # fmt: skip


def rounded_remedies(inspected: Inspected, node: Node) -> Iterator[Remedy]:
    """Try the logarithm as one operation, and the whole loss as one."""
    one, loss = next(merge_steps(inspected, node, [node], CHECKS), None), whole_loss(inspected, node)
    if one is not None:
        words = f"{one.text}{' itself' if one.itself else ''} is the logarithm without rounding"
        yield Remedy(
            f"{words}, and {loss} the whole loss." if loss else f"{words}.", one.code, inspected.location(node)
        )
    elif loss:
        yield Remedy(f"{loss} computes the loss from the logits, without rounding.")


def whole_loss(inspected: Inspected, node: Node) -> str:
    """Write the loss that follows as one operation of the logits; an empty text if none cures."""
    for y in reversed(downstream(inspected, node)):
        each = find_losses(inspected, y, nearest_sources(inspected, node))
        for text, found in sorted(((one.text(inspected, y, node), one) for one in each), key=lambda pair: len(pair[0])):

            def change(given: list[Any], made: Any, found: LossOfLogits = found, y: Node = y) -> Any:
                return found(made[found.x]).reshape(y.shape)

            if is_finite(inspected.value(found.x)) and try_cure(inspected, node, {y: change}, CHECKS) is not None:
                return text
    return ""


# Gradients that are not finite although all values on the way are.


def gradient_not_finite(inspected: Inspected) -> Iterator[Finding]:
    """Find the first contribution in the sweep that is not finite and comes to a leaf, and explain it."""
    spoilt = {
        node
        for node in (*inspected.record.leaves, *inspected.wanted)
        if not is_finite(inspected.gradients.get(node, 0.0))
    }
    for node, _, passed, _ in reversed(inspected.stepper.swept):
        if any(a in spoilt and c is not None and not is_finite(c) for a, c in zip(node.args, passed)):
            spoilt.add(node)
    for node, g, passed, _ in inspected.stepper.swept:
        if node in spoilt and not is_finite(g):
            words = trace_nan.arrived_words(node, coerce.dense(g))
            yield inspected.make_finding("not finite", node, join_sentences(words), **count_not_finite(coerce.dense(g)))
            return
        for k, (a, c) in enumerate(zip(node.args, passed)):
            if a in spoilt and c is not None and not is_finite(c):
                yield failing_rule(inspected, node, k, coerce.dense(c))
                return


CHECKS = (not_finite, gradient_not_finite)


def join_sentences(words: list[str]) -> str:
    return " ".join([f"{words[0][0].upper()}{words[0][1:]}.", *words[1:]])


def failing_rule(inspected: Inspected, node: Node, k: int, c: Any) -> Finding:
    """Explain why a contribution is not finite, although the upstream gradient is."""
    a, bad = node.args[k], ~np.isfinite(c)
    here = np.broadcast_to(bad, node.shape) if node.op.elementwise else True  # the results through which it comes
    start = (
        f"The gradient that {node.op.name} passes to {inspected.describe(a)} is not finite: "
        f"{trace_nan.count_not_finite(c)}."
    )
    for each, places in (a, bad if node.op.elementwise else True), (node, here):
        if np.any(~np.isfinite(inspected.value(each)) & places):
            first, _ = find_first_bad(inspected, each)
            mask = ~np.isfinite(inspected.value(first))
            found = find_unchosen(inspected, first, mask) if first.op is not None and first.op.elementwise else None
            return (
                times_zero(inspected, first, found, mask, start, c)
                if found
                else find_origin(inspected, each, f"{start} ")
            )
    zero = find_rounded_zero(inspected, node)
    if zero is not None:
        return log_of_rounded(inspected, node, zero, [a])
    if node.op.elementwise:
        return slope(inspected, node, k, here, start, c)
    words = f"{start} {trace_nan.gradient_words(node, a, c)[1]}"
    remedies = suggest_merging(inspected, node, downstream(inspected, node), CHECKS)
    return inspected.make_finding("not finite", node, words, [a], remedies=remedies, **count_not_finite(c))


def slope(inspected: Inspected, node: Node, k: int, here: Any, start: str, c: Any) -> Finding:
    """Explain an elementwise operation whose slope is not finite ``here``, or whose product with g is too large."""
    a, d = node.args[k], np.broadcast_to(local(node, k), node.shape)
    mask = ~np.isfinite(d) & here
    if not mask.any():
        top = short(np.abs(d).max(initial=0))
        words = f"{start} The slope of {node.op.name} is finite there, up to {top}: their product is too large."
        return inspected.make_finding("not finite", node, words, [a], **count_not_finite(c))
    found = find_unchosen(inspected, node, mask)
    if found is not None:
        return times_zero(inspected, node, found, mask, start, c)
    at = tuple(map(int, np.argwhere(mask)[0]))
    beside = find_undefined_neighbour(inspected, node, k, at)
    if beside is not None:
        values = operands_at(inspected, node, k, at)
        values[k] = np.float64(beside)
        needs = "".join(f" {without_advice(words)}" for words in advice.unmet_needs(node.op, values))
        words = (
            f"{start} {node.op.name} has no derivative at {describe_operand_at(inspected, a, node, at)}: at "
            f"{beside:.10g} it is nan.{needs}"
        )
        return inspected.make_finding(
            "not finite", node, words, [a], remedies=as_constant(inspected, node, a), **count_not_finite(c)
        )
    size = "infinite" if np.isinf(d[at]) else "nan"
    words = f"{start} The slope of {node.op.name} is {size} at {describe_operand_at(inspected, a, node, at)}."
    remedies = slope_remedies(inspected, node, k, at)
    return inspected.make_finding("not finite", node, words, [a], remedies=remedies, **count_not_finite(c))


def describe_operand_at(inspected: Inspected, a: Node, node: Node, at: tuple[int, ...]) -> str:
    """Name an operand at an entry of the result: ``x[0, 1] = 2``."""
    own = [i if n > 1 else 0 for i, n in zip(at[len(at) - len(a.shape) :], a.shape)]
    return f"{inspected.describe_entry(a, own)} = {short(float(np.broadcast_to(inspected.value(a), node.shape)[at]))}"


def slope_remedies(inspected: Inspected, node: Node, k: int, at: tuple[int, ...]) -> Iterator[Remedy]:
    """Try what may be written where a slope is infinite."""
    yield from keep_inside(inspected, node, k, at, CHECKS)
    yield from suggest_merging(inspected, node, [node], CHECKS)


def as_constant(inspected: Inspected, node: Node, a: Node) -> Iterator[Remedy]:
    """Try the operand as a constant, if it has no derivative: an exponent is seldom trained."""
    if a.op is None and cures(try_changes(inspected, {a: constant(inspected.value(a))}), "not finite", node, CHECKS):
        name = inspected.describe(a)
        yield Remedy(f"If {name} is not to be trained, make it a constant: {name} = constant(...).")


# A gradient of 0 meets an infinite slope, and the engine does not know that nothing depends on it.


def times_zero(inspected: Inspected, node: Node, found: Unchosen, mask: Any, start: str, c: Any) -> Finding:
    """Explain 0 times infinity: an operation that is not finite where its result is not chosen."""
    at = tuple(map(int, np.argwhere(mask)[0]))
    z = np.broadcast_to(inspected.value(node), node.shape)[at]
    operands = [k for k, a in enumerate(node.args) if a is not None and a.active]
    k = next((k for k in operands if not np.isfinite(np.broadcast_to(local(node, k), node.shape)[at])), operands[0])
    where = describe_operand_at(inspected, node.args[k], node, at)
    what = (
        f"The slope of {node.op.name} is infinite at {where}" if np.isfinite(z) else f"{node.op.name} is {z} at {where}"
    )
    line = inspected.in_line(found.chooser)
    because = f"because {inspected.describe(found.chooser)}, {line}, multiplies it by 0"
    if found.chosen:
        because = f"because the {found.chooser.op.name} {line} did not choose it there"
    words = f"{start} {what}, and the gradient that comes to it there is 0, {because}: 0 times infinity is NaN."
    remedies = keep_inside(inspected, node, k, at, CHECKS)
    return inspected.make_finding(
        "not finite", node, words, [node.args[k], found.chooser], remedies=remedies, **count_not_finite(c)
    )
