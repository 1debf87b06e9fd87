"""Values that are not finite, and where they came from; gradients that are not, where all values are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import inputs, nan
from ..op import Node
from ..stepping.jacobian import local
from .case import Case, finite, number_of, short
from .finding import Finding
from .zeros import Rounded, rounded

CHOOSES = ("where", "maximum", "minimum", "max", "min", "clip", "relu")


def not_finite(case: Case) -> Iterator[Finding]:
    """The result is not finite: the first value in forward order that is not, although its operands are.

    Infinity that does no harm, as in the mask of an attention, is on no way to a symptom, and is not spoken of.
    """
    if not finite(case.value(case.root)):
        yield origin(case, case.root)


def origin(case: Case, symptom: Node) -> Finding:
    """The origin of a value that is not finite: the oldest on an unbroken way of values that are not."""
    seen, stack, bad = {symptom}, [symptom], []
    while stack:
        node = stack.pop()
        bad.append(node)
        for a in node.args:
            if a is not None and a not in seen and not finite(case.value(a)):
                seen.add(a)
                stack.append(a)
    bad.sort(key=lambda node: node.serial)
    first = next(node for node in bad if not any(a in seen for a in node.args))
    x = case.value(first)
    zero = rounded(case, first)
    if zero is not None:
        return log_of_rounded(case, first, zero, bad)
    return case.finding("not finite", first, f"{told(case, first)}{reaches(case, first, bad)}", bad, **census(x))


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
    words = nan.value_words(node, case.value(node))
    return " ".join([f"{words[0]}.", *words[1:]])


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


def log_of_rounded(case: Case, node: Node, zero: Rounded, nodes: list[Node]) -> Finding:
    """The logarithm of a 0 that is none: the operation that computes it without rounding is named."""
    count = number_of(zero.times, "value")
    words = (
        f"{node.op.name} of {zero.number} in {case.made(node)}: {count} of {zero.size:,} in {zero.of} "
        f"{'is' if zero.times == 1 else 'are'} exactly {zero.number}, but only by rounding, for {zero.reason}. "
        f"{zero.remedy}"
    )
    return case.finding("log of a rounded zero", node, words, [*nodes, zero.node], count=zero.times, size=zero.size)


# All values on the way are finite, and the gradient is not.


def gradient_not_finite(case: Case) -> Iterator[Finding]:
    """The first contribution in the sweep that is not finite, and what happened there."""
    for node, g, passed, _ in case.stepper.swept:
        if not finite(g):
            words = nan.arrived_words(node, inputs.dense(g))
            yield case.finding("not finite", node, sentence(words), **census(inputs.dense(g)))
            return
        for k, (a, c) in enumerate(zip(node.args, passed)):
            if a is not None and c is not None and not finite(c):
                yield failing(case, node, k, inputs.dense(g), inputs.dense(c))
                return


def sentence(words: list[str]) -> str:
    """What nan.py says of a gradient, as sentences."""
    return " ".join([f"{words[0][0].upper()}{words[0][1:]}.", *words[1:]])


def failing(case: Case, node: Node, k: int, g: Any, c: Any) -> Finding:
    """What is said of a contribution that is not finite, where the gradient still is."""
    a = node.args[k]
    for each in (a, node):
        if not finite(case.value(each)):
            return origin(case, each)
    zero = rounded(case, node)
    if zero is not None:
        return log_of_rounded(case, node, zero, [a])
    reason = slope(case, node, k, g) or nan.gradient_words(node, a, c)[1]
    words = f"The gradient that {node.op.name} passes to {case.said(a)} is not finite: {nan.census(c)}. {reason}"
    return case.finding("not finite", node, words, [a], **census(c))


def slope(case: Case, node: Node, k: int, g: Any) -> str:
    """Why: an infinite slope, and 0 times it, if the gradient is 0 there because a where chose the other branch."""
    if not node.op.elementwise:
        return ""
    d, x = local(node, k), np.broadcast_to(case.value(node.args[k]), node.shape)
    bad = np.argwhere(~np.isfinite(np.broadcast_to(d, node.shape)))
    if not len(bad):
        return (
            f"The slope of {node.op.name} is finite there, up to {short(np.abs(d).max(initial=0))}: their product is "
            "too large."
        )
    at = tuple(bad[0])
    entry = f"[{', '.join(map(str, at))}]" if at else ""
    name = case.said(node.args[k])
    words = f"The slope of {node.op.name} is infinite at {name}{entry} = {short(float(x[at]))}"
    if float(np.broadcast_to(g, node.shape)[at]) != 0:
        return (
            f"{words}. Keep its operand away from there, as by adding a small number: {node.op.name}({name} + 1e-12)."
        )
    chosen = chooser(case, node)
    because = f", because the {chosen.op.name} {case.line(chosen)} did not choose it there" if chosen else ""
    return (
        f"{words}, and the gradient that comes to it there is 0{because}: 0 times infinity is NaN. Give {node.op.name} "
        f"a harmless operand there: where(x > 0, {node.op.name}(where(x > 0, x, 1)), 0)."
    )


def chooser(case: Case, node: Node) -> Node | None:
    """The next operation on the way to the loss that chooses one value and drops another."""
    seen = node
    for _ in range(20):
        users = list(case.uses(seen))
        if len(users) != 1:
            return None
        seen = users[0][0]
        if seen.op.name in CHOOSES:
            return seen
    return None
