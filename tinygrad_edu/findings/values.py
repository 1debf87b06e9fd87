"""Values that are not finite, and where they came from; gradients that are not, where all values are."""

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
from .alike import sources
from .case import Case, finite
from .edges import entry_of
from .finding import Finding, Remedy
from .losses import Whole, wholes
from .remedies import Unchosen, cure, downstream, in_one, kept_inside, not_defined_beside, one_operation, unchosen
from .trying import cures, tried
from .zeros import Rounded, rounded


def not_finite(case: Case) -> Iterator[Finding]:
    """The result is not finite: the first value in forward order that is not, although its operands are.

    Infinity that does no harm, as in the mask of an attention, is on no way to a symptom, and is not spoken of.
    """
    if not finite(case.value(case.root)):
        yield origin(case, case.root)


def first_bad(case: Case, symptom: Node) -> tuple[Node, list[Node]]:
    """The oldest value on an unbroken way of values that are not finite, and all of them, from the oldest on."""
    bad = reachable([symptom], lambda node: [a for a in operand_nodes(node) if not finite(case.value(a))])
    every = set(bad)
    return next(node for node in bad if every.isdisjoint(node.args)), bad


def origin(case: Case, symptom: Node, start: str = "") -> Finding:
    """The origin of a value that is not finite.  ``start``: what it does to a gradient, if the result is finite."""
    first, bad = first_bad(case, symptom)
    zero = rounded(case, first)
    if zero is not None:
        return log_of_rounded(case, first, zero, bad)
    words = f"{start}{told(case, first)}{reaches(case, first, bad)}"
    numbers = census(case.value(first))
    return case.finding("not finite", first, words, bad, remedies=value_remedies(case, first), **numbers)


def told(case: Case, node: Node) -> str:
    """What nan.py says of a value; of an operation that was given NaN or infinity in a plain array, that."""
    if node.op is not None:
        for k, (a, x) in enumerate(zip(node.args, case.operands(node))):
            if a is None and isinstance(x, (np.ndarray, float)) and not finite(x):
                what = case.operand(node, k) if np.ndim(x) else str(x)
                given = (
                    f"{what}, in which {np.sum(~np.isfinite(x))} of {np.size(x)} are not finite" if np.ndim(x) else what
                )
                return f"{node.op.name} was given values that are not finite: {given}."
    first, *notes = trace_nan.value_words(node, case.value(node))
    return " ".join([f"{first}.", *map(without_advice, notes)])


def without_advice(words: str) -> str:
    """What an operation needs; the advice that its statement adds after a semicolon has not been tried here."""
    return f"{words.partition('; ')[0].rstrip('.')}."


def reaches(case: Case, first: Node, bad: list[Node]) -> str:
    """Where infinity became NaN on the way; if the result is not finite, that it is what this does to it."""
    words = ""
    for node in bad:
        operands = [x for x in case.operands(node) if isinstance(x, (np.ndarray, np.generic, float))] if node.op else []
        made_here = np.isnan(case.value(node)).any() and not any(np.isnan(x).any() for x in operands)
        if node is not first and made_here:
            words = f" From infinity {node.op.name} makes NaN, {case.line(node)}: {case.made(node)}."
            break
    if bad[-1] is case.root and case.root is not first:
        shown = str(case.value(case.root)) if not case.root.shape else "not finite"
        words += f" So {case.loss} is {shown}."
    return words


def census(x: Any) -> dict[str, Any]:
    """How many numbers are not finite."""
    return {"nan": int(np.isnan(x).sum()), "infinite": int(np.isinf(x).sum()), "size": int(np.size(x))}


def value_remedies(case: Case, node: Node) -> Iterator[Remedy]:
    """What to write where an operation makes what is not finite."""
    if node.op is None:
        return
    yield from in_one(case, node, downstream(case, node), CHECKS)
    if loss := whole_loss(case, node):
        yield Remedy(f"{loss} computes the loss from the logits, and is finite.")
    if node.op.elementwise:
        at = tuple(map(int, np.argwhere(~np.isfinite(case.value(node)))[0]))
        for k, a in enumerate(node.args):
            if a is not None:
                yield from kept_inside(case, node, k, at, CHECKS)
        for a in node.args:
            if a is not None and a.op is not None and a.op.elementwise and len(a.args) == 1:
                own = tuple(i if n > 1 else 0 for i, n in zip(at[len(at) - len(a.shape) :], a.shape))
                yield from kept_inside(case, a, 0, own, CHECKS, node)


def log_of_rounded(case: Case, node: Node, zero: Rounded, nodes: list[Node]) -> Finding:
    """The logarithm of a 0 that is none: the operation that computes it without rounding is named."""
    count = plural(zero.times, "value")
    words = (
        f"{node.op.name} of {zero.number} in {case.made(node)}: {count} of {zero.size:,} in {zero.of} "
        f"{'is' if zero.times == 1 else 'are'} exactly {zero.number}, but only by rounding, for {zero.reason}."
    )
    return case.finding("log of a rounded zero", node, words, [*nodes, zero.node],
                        remedies=rounded_remedies(case, node), count=zero.times, size=zero.size)  # fmt: skip


def rounded_remedies(case: Case, node: Node) -> Iterator[Remedy]:
    """The logarithm as one operation, and the whole loss as one."""
    one, loss = next(one_operation(case, node, [node], CHECKS), None), whole_loss(case, node)
    if one is not None:
        words = f"{one.text}{' itself' if one.itself else ''} is the logarithm without rounding"
        yield Remedy(f"{words}, and {loss} the whole loss." if loss else f"{words}.", one.code, case.place(node))
    elif loss:
        yield Remedy(f"{loss} computes the loss from the logits, without rounding.")


def whole_loss(case: Case, node: Node) -> str:
    """The loss that follows, as one operation of the logits; nothing, if there is none that cures."""
    for y in reversed(downstream(case, node)):
        each = wholes(case, y, sources(case, node))
        for text, found in sorted(((one.text(case, y, node), one) for one in each), key=lambda pair: len(pair[0])):

            def change(given: list[Any], made: Any, found: Whole = found, y: Node = y) -> Any:
                return found(made[found.x]).reshape(y.shape)

            if finite(case.value(found.x)) and cure(case, node, {y: change}, CHECKS) is not None:
                return text
    return ""


# All values on the way are finite, and the gradient is not.


def gradient_not_finite(case: Case) -> Iterator[Finding]:
    """The first contribution in the sweep that is not finite and comes to a leaf, and what happened there."""
    spoilt = {node for node in (*case.record.leaves, *case.wanted) if not finite(case.gradients.get(node, 0.0))}
    for node, _, passed, _ in reversed(case.stepper.swept):
        if any(a in spoilt and c is not None and not finite(c) for a, c in zip(node.args, passed)):
            spoilt.add(node)
    for node, g, passed, _ in case.stepper.swept:
        if node in spoilt and not finite(g):
            words = trace_nan.arrived_words(node, coerce.dense(g))
            yield case.finding("not finite", node, sentence(words), **census(coerce.dense(g)))
            return
        for k, (a, c) in enumerate(zip(node.args, passed)):
            if a in spoilt and c is not None and not finite(c):
                yield failing(case, node, k, coerce.dense(c))
                return


CHECKS = (not_finite, gradient_not_finite)


def sentence(words: list[str]) -> str:
    """What nan.py says of a gradient, as sentences."""
    return " ".join([f"{words[0][0].upper()}{words[0][1:]}.", *words[1:]])


def failing(case: Case, node: Node, k: int, c: Any) -> Finding:
    """What is said of a contribution that is not finite, where the gradient still is."""
    a, bad = node.args[k], ~np.isfinite(c)
    here = np.broadcast_to(bad, node.shape) if node.op.elementwise else True  # the results that it comes by
    start = f"The gradient that {node.op.name} passes to {case.said(a)} is not finite: {trace_nan.count_not_finite(c)}."
    for each, places in (a, bad if node.op.elementwise else True), (node, here):
        if np.any(~np.isfinite(case.value(each)) & places):
            first, _ = first_bad(case, each)
            mask = ~np.isfinite(case.value(first))
            found = unchosen(case, first, mask) if first.op is not None and first.op.elementwise else None
            return times_zero(case, first, found, mask, start, c) if found else origin(case, each, f"{start} ")
    zero = rounded(case, node)
    if zero is not None:
        return log_of_rounded(case, node, zero, [a])
    if node.op.elementwise:
        return slope(case, node, k, here, start, c)
    words = f"{start} {trace_nan.gradient_words(node, a, c)[1]}"
    remedies = in_one(case, node, downstream(case, node), CHECKS)
    return case.finding("not finite", node, words, [a], remedies=remedies, **census(c))


def slope(case: Case, node: Node, k: int, here: Any, start: str, c: Any) -> Finding:
    """An elementwise operation whose slope is not finite ``here``; or is, and the product is too large."""
    a, d = node.args[k], np.broadcast_to(local(node, k), node.shape)
    mask = ~np.isfinite(d) & here
    if not mask.any():
        top = short(np.abs(d).max(initial=0))
        words = f"{start} The slope of {node.op.name} is finite there, up to {top}: their product is too large."
        return case.finding("not finite", node, words, [a], **census(c))
    found = unchosen(case, node, mask)
    if found is not None:
        return times_zero(case, node, found, mask, start, c)
    at = tuple(map(int, np.argwhere(mask)[0]))
    beside = not_defined_beside(case, node, k, at)
    if beside is not None:
        values = entry_of(case, node, k, at)
        values[k] = np.float64(beside)
        needs = "".join(f" {without_advice(words)}" for words in advice.unmet_needs(node.op, values))
        words = (
            f"{start} {node.op.name} has no derivative at {spot(case, a, node, at)}: at {beside:.10g} it is nan.{needs}"
        )
        return case.finding("not finite", node, words, [a], remedies=as_constant(case, node, a), **census(c))
    size = "infinite" if np.isinf(d[at]) else "nan"
    words = f"{start} The slope of {node.op.name} is {size} at {spot(case, a, node, at)}."
    remedies = slope_remedies(case, node, k, at)
    return case.finding("not finite", node, words, [a], remedies=remedies, **census(c))


def spot(case: Case, a: Node, node: Node, at: tuple[int, ...]) -> str:
    """``x[0, 1] = 2``: an operand at an entry of the result."""
    own = [i if n > 1 else 0 for i, n in zip(at[len(at) - len(a.shape) :], a.shape)]
    return f"{case.entry(a, own)} = {short(float(np.broadcast_to(case.value(a), node.shape)[at]))}"


def slope_remedies(case: Case, node: Node, k: int, at: tuple[int, ...]) -> Iterator[Remedy]:
    """What to write where a slope is infinite."""
    yield from kept_inside(case, node, k, at, CHECKS)
    yield from in_one(case, node, [node], CHECKS)


def as_constant(case: Case, node: Node, a: Node) -> Iterator[Remedy]:
    """That an operand without a derivative takes no gradient: as an exponent, which is seldom trained."""
    if a.op is None and cures(tried(case, {a: constant(case.value(a))}), "not finite", node, CHECKS):
        name = case.said(a)
        yield Remedy(f"If {name} is not to be trained, make it a constant: {name} = constant(...).")


# A gradient of 0 that comes to an infinite slope, where the engine does not know that nothing depends on it.


def times_zero(case: Case, node: Node, found: Unchosen, mask: Any, start: str, c: Any) -> Finding:
    """An operation that is not finite, or has no finite slope, where its result is not looked at."""
    at = tuple(map(int, np.argwhere(mask)[0]))
    z = np.broadcast_to(case.value(node), node.shape)[at]
    operands = [k for k, a in enumerate(node.args) if a is not None and a.active]
    k = next((k for k in operands if not np.isfinite(np.broadcast_to(local(node, k), node.shape)[at])), operands[0])
    where = spot(case, node.args[k], node, at)
    what = (
        f"The slope of {node.op.name} is infinite at {where}" if np.isfinite(z) else f"{node.op.name} is {z} at {where}"
    )
    line = case.line(found.chooser)
    because = f"because {case.said(found.chooser)}, {line}, multiplies it by 0"
    if found.chosen:
        because = f"because the {found.chooser.op.name} {line} did not choose it there"
    words = f"{start} {what}, and the gradient that comes to it there is 0, {because}: 0 times infinity is NaN."
    remedies = kept_inside(case, node, k, at, CHECKS)
    return case.finding("not finite", node, words, [node.args[k], found.chooser], remedies=remedies, **census(c))
