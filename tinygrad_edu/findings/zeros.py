"""Is a 0 under a logarithm none but by rounding?  Followed back, entry by entry, to the operation that never gives it.

A softmax, a sigmoid and an exponential are 0 for no number; the 0 stands for what was too small.  A 0 in the user's own
data is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from ..engine.recompute import call_op
from ..graph import Node
from ..numeric.equality import PROGRAM, same
from .alike import moved
from .case import Case

LOGARITHMS = {
    "log": (0, 0),
    "log2": (0, 0),
    "log10": (0, 0),
    "log1p": (0, -1),
    "xlogy": (1, 0),
}  # operand, and its pole


class Rounded(NamedTuple):
    """A number that stands for another one."""

    node: Node  # the operation that rounded
    number: int  # the pole of the logarithm
    times: int
    size: int
    of: str
    reason: str


def rounded(case: Case, node: Node) -> Rounded | None:
    """The origin of the rounded zeros under a logarithm, if there are any, and none of them is the user's own."""
    if node.op is None:
        return None
    poles: tuple[int, ...]
    if node.op.name == "binary_cross_entropy":
        k, poles = 0, (0, 1)
    elif node.op.name in LOGARITHMS:
        k, pole = LOGARITHMS[node.op.name]
        poles = (pole,)
    else:
        return None
    a = node.args[k]
    if a is None:
        return None
    x = case.value(a)
    for pole in poles:
        mask = np.asarray(x == pole)
        if mask.any() and (cause := origin(case, a, mask, pole)) is not None:
            reason = words(case, a, *cause)
            return Rounded(cause[0], pole, int(mask.sum()), int(mask.size), case.said(a), reason)
    return None


Cause = tuple[Node, float, frozenset[str]]  # the operation, the number it gave, and the operations on the way


def origin(case: Case, node: Node, mask: Any, number: float, way: frozenset[str] = frozenset()) -> Cause | None:
    """The operation that gave ``number`` where ``mask`` is true, though it never does; None if it may be right.

    The way is followed to one operand at a time, as far as 50 operations.
    """
    if node.op is None or len(way) > 50 or not mask.any():
        return None
    way = way | {node.op.name}
    operands = case.operands(node)
    if node.op.never:
        usual = node.op.forward(np.random.default_rng(0).normal(size=np.shape(operands[0]))[()], *operands[1:])
        here = number in node.op.never and np.isfinite(operands[0]).all()
        return (node, number, way) if here and not np.any((usual == number) & mask) else None  # of one class it is 1
    for k, onto, wanted in sources(node, operands, mask, number):
        if onto is None:
            return node, number, way  # this operation rounded itself
        a = node.args[k]
        found = origin(case, a, onto, wanted, way) if a is not None else None
        if found is not None:
            return found
    return None


def sources(node: Node, operands: list[Any], mask: Any, number: float) -> Iterable[tuple[int, Any, float]]:
    """From which operand a number may come: at which entries, and as which number; no entries: it was made here."""
    name, x = node.op.name, operands[0]
    if (places := moved(node.op, operands)) is not None:
        back = np.zeros(np.size(x), bool)
        back[np.ravel(places)[np.ravel(mask)]] = True
        yield 0, back.reshape(np.shape(x)), number
    elif name == "negative":
        yield 0, mask, -number
    elif name in ("sum", "mean") and number == 0 and np.all(x >= 0):
        axis, keepdims = operands[1], operands[2]
        spread = mask if axis is None or keepdims else np.expand_dims(mask, axis)
        yield 0, np.broadcast_to(spread, np.shape(x)), 0
    elif name in ("multiply", "prod", "square", "divide", "power") and number == 0:
        yield from of_product(node, operands, mask)
    elif name in ("add", "subtract", "divide"):
        yield from of_shift(node, operands, mask, number)


def of_product(node: Node, operands: list[Any], mask: Any) -> Iterable[tuple[int, Any, float]]:
    """A product is 0 where a factor is; where none is, it was too small for a number."""
    if node.op.name == "prod":
        axis, keepdims = operands[1], operands[2]
        spread = np.broadcast_to(
            mask if axis is None or keepdims else np.expand_dims(mask, axis), np.shape(operands[0])
        )
        zero = spread & (operands[0] == 0)
        if not zero.any():
            yield 0, None, 0
        yield 0, zero, 0
        return
    factors = (0, 1) if node.op.name == "multiply" else (0,)
    zeros = {k: mask & (np.broadcast_to(operands[k], mask.shape) == 0) for k in factors}
    if not any(z.any() for z in zeros.values()) and all(np.isfinite(operands[k]).all() for k in range(len(node.args))):
        yield 0, None, 0
    for k, zero in zeros.items():
        if zero.any():
            yield k, narrowed(zero, np.shape(operands[k])), 0


def of_shift(node: Node, operands: list[Any], mask: Any, number: float) -> Iterable[tuple[int, Any, float]]:
    """1 - y, 1 + y and 1/y of a plain number: which y that takes, and whether y is it, or was lost in the sum."""
    x, y = operands[:2]
    name = node.op.name
    k = 1 if node.args[1] is not None else 0
    if node.args[1 - k] is not None or np.size(operands[1 - k]) != 1 or (name == "divide" and (k == 0 or number == 0)):
        return
    c = float(np.ravel(operands[1 - k])[0])
    wanted = c / number if name == "divide" else number - c if name == "add" else c - number if k == 1 else number + c
    held = mask & (np.broadcast_to(operands[k], mask.shape) == wanted)
    if held.any():
        yield k, narrowed(held, np.shape(operands[k])), wanted
    elif name == "add" and wanted == 0 and np.all((y if k else x) > 0):
        yield k, None, number  # 1 + 1e-17 is 1


def narrowed(mask: Any, shape: tuple[int, ...]) -> Any:
    """A mask undone of broadcasting."""
    lead = mask.ndim - len(shape)
    axes = tuple(i for i in range(mask.ndim) if i < lead or shape[i - lead] == 1)
    return np.any(mask, axis=axes, keepdims=True).reshape(shape) if axes else mask


def words(case: Case, a: Node, cause: Node, number: float, way: frozenset[str]) -> str:
    """Why it is none."""
    name = cause.op.name
    if name in ("multiply", "prod", "square", "power"):
        return f"{case.made(cause)} is a product of numbers none of which is 0, too small to be told from it"
    if name in ("add", "divide"):
        return f"in {case.made(cause)} the smaller number is lost"
    if cause is not a:
        return f"it comes from {case.made(cause)}, and {name} is never {number:g} itself"
    return f"{name} is never {number:g} itself: {case.made(cause)}"


# What lies between a logarithm and the value whose zeros were rounded, and may as well be done after it.

Step = Callable[[Any], Any]  # from the logarithm of what an operation was given to that of what it makes


def linear(case: Case, node: Node) -> tuple[Node, list[Step]]:
    """The value under a logarithm before entries of it were picked or scaled; and how that is done to logarithms.

    log(p[i]) is log(p)[i], and log(c p) is log(p) + log(c).
    """
    below, way = node.args[0], list[Step]()
    while below.op is not None and len(way) < 20:
        step = after_logarithm(case, below, node.op)
        if step is None:
            break
        way.append(step)
        below = below.args[0]
    return below, way


def after_logarithm(case: Case, node: Node, logarithm: Any) -> Step | None:
    """What an operation does to the logarithm of its first operand; None if that is not so simple."""
    others = [a for a in node.args[1:] if a is not None and a.active]
    if node.args[0] is None or not node.args[0].active or others or node.op.variadic is not None:
        return None
    operands = case.operands(node)
    x, rest = operands[0], operands[1:]
    if moved(node.op, operands) is not None:
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
