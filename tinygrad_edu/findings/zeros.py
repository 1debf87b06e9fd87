"""Find zeros under a logarithm that are only rounding: each is followed back to an operation that is never exactly 0.

A softmax, a sigmoid and an exponential are never 0; their 0 stands for a number that was too small.  A 0 in the user's
own data is a true one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from ..engine.recompute import call_op
from ..graph import Node
from ..numeric.equality import PROGRAM, same
from .equivalents import source_positions
from .inspected import Inspected


class RoundedZero(NamedTuple):
    """A number that stands for another one, because it was rounded."""

    node: Node  # the operation that rounded
    number: int  # the pole of the logarithm
    times: int
    size: int
    of: str
    reason: str


def find_rounded_zero(inspected: Inspected, node: Node) -> RoundedZero | None:
    """Find the origin of rounded zeros under a logarithm; None if a 0 is the user's own, or there is none."""
    for name, poles in node.op.logarithm.items() if node.op is not None else ():
        a = node.args[node.op.names.index(name)]
        for pole in poles if a is not None else ():
            mask = np.asarray(inspected.value(a) == pole)
            if mask.any() and (cause := find_rounding(inspected, a, mask, pole)) is not None:
                reason = explain_rounding(inspected, a, *cause)
                return RoundedZero(cause[0], pole, int(mask.sum()), int(mask.size), inspected.describe(a), reason)
    return None


# The operation, the number it gave, and the names of the operations on the way.
Cause = tuple[Node, float, frozenset[str]]


def find_rounding(
    inspected: Inspected, node: Node, mask: Any, number: float, way: frozenset[str] = frozenset()
) -> Cause | None:
    """Find the operation that gave ``number`` at ``mask``, although it never does exactly; None if it may be right.

    It follows one operand at a time, through at most 50 operations.
    """
    if node.op is None or len(way) > 50 or not mask.any():
        return None
    way = way | {node.op.name}
    operands = inspected.operands(node)
    if node.op.never:
        usual = node.op.forward(np.random.default_rng(0).normal(size=np.shape(operands[0]))[()], *operands[1:])
        here = number in node.op.never and np.isfinite(operands[0]).all()
        # A softmax of one class is truly 1, for usual operands too.
        is_exact = np.any((usual == number) & mask)
        return (node, number, way) if here and not is_exact else None
    for k, onto, wanted in trace_operands(node, operands, mask, number):
        if onto is None:
            return node, number, way  # this operation did the rounding
        a = node.args[k]
        found = find_rounding(inspected, a, onto, wanted, way) if a is not None else None
        if found is not None:
            return found
    return None


def trace_operands(node: Node, operands: list[Any], mask: Any, number: float) -> Iterable[tuple[int, Any, float]]:
    """Yield from which operand a number may come, at which entries, as which number; no entries: it arose here."""
    op, x = node.op, operands[0]
    if (places := source_positions(node.op, operands)) is not None:
        back = np.zeros(np.size(x), bool)
        back[np.ravel(places)[np.ravel(mask)]] = True
        yield 0, back.reshape(np.shape(x)), number
    elif op.reduces and op.linear and number == 0 and np.all(x >= 0):
        yield 0, spread_entries(op, operands, mask), 0
    elif op.vanishes and number == 0:
        yield from trace_product(op, operands, mask)
    elif op.elementwise:
        yield from trace_number(node, operands, mask, number)


def spread_entries(op: Any, operands: list[Any], mask: Any) -> Any:
    """Turn a mask over the results of a reduction into a mask over the entries of the operand."""
    if not op.reduces:
        return mask
    given = dict(zip(op.names, operands))
    if given["axis"] is not None and not given["keepdims"]:
        mask = np.expand_dims(mask, given["axis"])
    return np.broadcast_to(mask, np.shape(operands[0]))


def trace_product(op: Any, operands: list[Any], mask: Any) -> Iterable[tuple[int, Any, float]]:
    """Trace a product of 0 to its factors of 0; if no factor is 0, the product was too small for a number."""
    mask = spread_entries(op, operands, mask)
    zeros = {
        k: mask & (np.broadcast_to(operands[k], mask.shape) == 0) for k in map(op.names.index, op.vanishes.split())
    }
    finite = all(np.isfinite(x).all() for name, x in zip(op.names, operands) if name in op.rules)
    if not any(z.any() for z in zeros.values()) and finite:
        yield 0, None, 0
    for k, zero in zeros.items():
        if zero.any():
            yield k, unbroadcast_mask(zero, np.shape(operands[k])), 0


def trace_number(node: Node, operands: list[Any], mask: Any, number: float) -> Iterable[tuple[int, Any, float]]:
    """Trace -y, 1 - y, 2 y or 1/y to the y that gives this number, which was there or was lost by rounding."""
    k = next(k for k, a in enumerate(node.args) if a is not None)
    others = [x for i, x in enumerate(operands) if i != k]
    if any(a is not None for a in node.args[k + 1 :]) or any(np.size(x) != 1 for x in others):
        return

    def at(y: float) -> float:
        return float(np.ravel(node.op.forward(*(y if i == k else np.ravel(x)[0] for i, x in enumerate(operands))))[0])

    if k in node.op.linear and (slope := at(1.0) - at(0.0)):
        wanted = (number - at(0.0)) / slope + 0.0  # + 0.0 makes -0 a 0
    elif node.op.name == "divide" and number:
        wanted = at(1.0) / number
    else:
        return
    y = operands[k]
    held = mask & (np.broadcast_to(y, mask.shape) == wanted)
    if held.any():
        yield k, unbroadcast_mask(held, np.shape(y)), wanted
    elif number and wanted == 0 and np.all(y > 0):
        yield k, None, number  # 1 + 1e-17 is 1


def unbroadcast_mask(mask: Any, shape: tuple[int, ...]) -> Any:
    lead = mask.ndim - len(shape)
    axes = tuple(i for i in range(mask.ndim) if i < lead or shape[i - lead] == 1)
    return np.any(mask, axis=axes, keepdims=True).reshape(shape) if axes else mask


def explain_rounding(inspected: Inspected, a: Node, cause: Node, number: float, way: frozenset[str]) -> str:
    """Explain why the number is not exact."""
    name = cause.op.name
    if cause.op.vanishes:
        return (
            f"{inspected.describe_made(cause)} is a product of numbers none of which is 0, too small to be told from it"
        )
    if not cause.op.never:
        return f"in {inspected.describe_made(cause)} the smaller number is lost"
    if cause is not a:
        return f"it comes from {inspected.describe_made(cause)}, and {name} is never {number:g} itself"
    return f"{name} is never {number:g} itself: {inspected.describe_made(cause)}"


# Steps between a rounded value and its logarithm that may be done after the logarithm as well.

# A step takes the logarithm of an operation's operand to the logarithm of its result.
Step = Callable[[Any], Any]


def steps_after_logarithm(inspected: Inspected, node: Node) -> tuple[Node, list[Step]]:
    """Find the value under a logarithm before its entries were picked or scaled, and the same steps for logarithms.

    They are the same steps because log(p[i]) is log(p)[i], and log(c p) is log(p) + log(c).
    """
    below, way = node.args[0], list[Step]()
    while below.op is not None and len(way) < 20:
        step = after_logarithm(inspected, below, node.op)
        if step is None:
            break
        way.append(step)
        below = below.args[0]
    return below, way


def after_logarithm(inspected: Inspected, node: Node, logarithm: Any) -> Step | None:
    """Return what an operation does to the logarithm of its first operand; None if that is not simple."""
    others = [a for a in node.args[1:] if a is not None and a.active]
    if node.args[0] is None or not node.args[0].active or others or node.op.variadic is not None:
        return None
    operands = inspected.operands(node)
    x, rest = operands[0], operands[1:]
    if source_positions(node.op, operands) is not None:
        return lambda z: call_op(node.op, [z, *rest])
    draw = np.random.default_rng(0).uniform(0.5, 1.5, np.shape(x))
    try:
        factor = np.asarray(node.op.forward(np.ones(np.shape(x)), *rest))
        scales = node.op.elementwise and np.all(factor > 0)
        if scales and same(node.op.forward(draw[()], *rest), draw * factor, PROGRAM):
            added = logarithm.forward(factor[()])
            return lambda z: z + added
    except Exception:  # an operation may refuse these numbers
        return None
    return None
