"""Operations that rules are made of, where a rule needs a convention at some point.

At its bend |x| has no slope, and the rule of ``absolute`` says 0 there; x/|x| at 0 is 0/0, and the rule of ``norm`` says
0.  That is a convention, good for one step of gradient descent.  It must not be differentiated: a second derivative
that were made of it would be a number that nothing stands behind.  So each operation here takes the value that the
convention says, and has the rules of the mathematics: where no derivative exists, they give NaN or infinity.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from ..engine.calling import filled
from ..graph import Value
from ..op import elementwise, op


def is_recorded(x) -> bool:
    """Is x a Tensor, so that a rule that reads it is recorded and may be differentiated?"""
    return isinstance(x, Value)


@op(
    "$x",
    for_users=False,
    elementwise=True,
    masks=True,
    examples=(((3,), (3,), (3,), dict(at=np.array([False, False, False]))),),
    x=lambda g: g,
    of=lambda g, at: g * np.where(at, np.nan, 0).astype(g.dtype),
    by=lambda g, at: agreed(np.zeros_like(g), g, at),
)
def jumps(x, of, by, at):
    """``x``, which is ``by`` times a step function of the sign of ``of``, but where ``at`` holds, for there ``of`` is 0.

    So its derivative with respect to ``of`` is 0, and at a jump NaN, since there is none; unless ``of`` stays 0 when the
    program's numbers move, which engine/unchosen.py finds out.  What goes through ``x`` to ``by`` is a convention there: see
    ``across``.
    """
    if np.broadcast_shapes(np.shape(x), np.shape(of), np.shape(by), np.shape(at)) != np.shape(x):
        raise ValueError(f"shapes {np.shape(of)}, {np.shape(by)} and {np.shape(at)} do not fit {np.shape(x)}")
    return x


strict: ContextVar[bool] = ContextVar("strict", default=False)


@contextmanager
def across(second: bool = True) -> Iterator[None]:
    """A ``with`` block in which a gradient is differentiated: at a bend, rules give NaN and not a convention."""
    token = strict.set(second)
    try:
        yield
    finally:
        strict.reset(token)


def agreed(x, g, at):
    """Return ``x``, the vjp that a rule made of ``g``, but NaN in ``across`` where ``at`` holds: there x is a convention."""
    return np.where(at & (g != 0), np.nan, x) if strict.get() and np.any(at) else x


def bent(x, g, at, of=0.0):
    """Return ``x``, the vjp that a rule made of ``g``, recorded as one that jumps where ``of`` is 0, which is ``at``.

    ``of`` is left out where the operations that the rule is made of give NaN there themselves, as ``direction`` does.
    """
    x = agreed(x, g, at)
    return jumps(x, of, g, at) if (isinstance(x, Value) or isinstance(of, Value)) and np.any(at) else x


def jumping(x, g, of, bend):
    """As ``bent``, for a vjp that jumps where ``of`` is equal to ``bend``; None means that there is no bend."""
    if bend is None or not (strict.get() or isinstance(of, Value) or isinstance(bend, Value)):
        return x
    at = of == bend
    if not (isinstance(of, Value) or isinstance(bend, Value)):
        return agreed(x, g, at)
    return bent(x, g, at, of - bend if np.ndim(bend) or isinstance(bend, Value) else of)


@filled("0 where $y is 0", where=lambda x, y: y == 0)
@elementwise(
    r"\frac{$x}{$y}",
    for_users=False,
    binds=2,
    domain={"y": (0.5, 3.0)},
    x=lambda g, y: g / y,
    y=lambda g, x, y: -g * (x / y / y),
)
def direction(x, y):
    """A vector ``x`` divided by its length ``y``, which has length 1; and 0 where the length is 0."""
    return np.where(y == 0, 0, x / np.where(y == 0, 1, y)).astype(np.result_type(x, y))[()]


@filled("0 where $x and $y are 0", where=lambda x, y: (x == 0) & (y == 0))
@elementwise(
    r"\frac{$x}{$y}",
    for_users=False,
    binds=2,
    domain={"y": (0.5, 3.0)},
    x=lambda g, y: g / y,
    y=lambda g, x, y: -g * xdivy(xdivy(x, y), y),
)
def xdivy(x, y):
    """x/y, and 0 where x is 0, whatever y is: the limit that entropy needs, as in ``xlogy``."""
    nothing = x == 0
    return np.where(nothing, 0, x / np.where(nothing, 1, y))


def _falling(y, n: int, times: int):
    """y (y - 1) ... (y - n + 1), which x^y takes down when it is differentiated n times; itself so many ``times``."""
    return np.polyval(np.polyder(np.atleast_1d(np.poly(range(n))), times), y)


@op(
    for_users=False,
    elementwise=True,
    domain={"x": (0.2, 2.0)},
    examples=(((3,), (3,), dict(n=1, m=0)), ((3,), (3,), dict(n=0, m=1)), ((2,), (2,), dict(n=2, m=1))),
    x=lambda g, x, y, n, m: g * power_derivative(x, y, n + 1, m),
    y=lambda g, x, y, n, m: g * power_derivative(x, y, n, m + 1),
)
def power_derivative(x, y, n: int, m: int):
    """The derivative of x^y, taken ``n`` times with respect to x and ``m`` times with respect to y.

    It is a sum of terms c x^(y - n) (log x)^k, by the product rule.  At x = 0, where the logarithm is infinite, a term
    is 0 if its c is, or if its exponent is positive: x^a log x vanishes with x, for a > 0.
    """
    if operator.index(n) < 0 or operator.index(m) < 0:
        raise ValueError(f"a derivative is taken 0 times or more, not {n} and {m} times")
    x, y = np.asarray(x), np.asarray(y)
    total: Any = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.result_type(x, y))
    with np.errstate(divide="ignore", invalid="ignore"):
        base, log = x ** (y - n), np.log(x)
        for j in range(min(m, n) + 1):
            c, k = math.comb(m, j) * _falling(y, n, j), m - j
            term = c * base * log**k if k else c * base
            vanishes = (c == 0) | ((x == 0) & (y > n)) if k else c == 0
            total = total + np.where(vanishes, 0, term)
    if m:
        total = np.where(x < 0, np.nan, total)  # there it is no function of y: (-2)^y is not real but at whole numbers
    return total.astype(np.result_type(x, y))[()]
