"""Functions of one or two numbers that few programs need.  They are read when one of their names is asked for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import elementwise, op
from .conventions import bent, jumping
from .pointwise import _DIVISOR
from .trigonometry import hypot, hypot_slope


@elementwise(r"\operatorname{ceil}($x)")
def ceil(x):
    """The smallest whole number that is not below x.  No gradient flows through it: see ``sign``."""
    return np.ceil(x)


@elementwise(r"\operatorname{trunc}($x)", aliases="fix")
def trunc(x):
    """The whole number that is left without the decimals.  No gradient flows through it: see ``sign``."""
    return np.trunc(x)


@op(
    r"\operatorname{round}($x)",
    elementwise=True,
    aliases="around rint",
    examples=(((2, 3),), ((3,), dict(decimals=1))),
)
def round(x, decimals: int = 0):
    """The nearest number with so many ``decimals``; halves go to the even one.  No gradient flows through it."""
    return np.round(x, decimals)


@elementwise(
    needs=_DIVISOR,
    domain={"y": (0.5, 3.0)},
    x=lambda g, z, x, y: bent(g, g, (z == 0) & (x != 0), x - y * trunc(x / y)),
    y=lambda g, z, x, y: bent(-g * trunc(x / y), g, (z == 0) & (x != 0), x - y * trunc(x / y)),
)
def fmod(x, y):
    """What is left of x without the multiples of y that it holds, as C's fmod: it has the sign of x.

    It is x - y trunc(x/y), and jumps at the multiples of y, but for 0; the gradient there is as that of ``remainder``.
    """
    return np.fmod(x, y)


@elementwise(
    aliases="atan2",
    domain={"y": (0.5, 3.0)},
    x=lambda g, x, y: g * (hypot_slope(y, x) / hypot(x, y)),
    y=lambda g, x, y: -g * (hypot_slope(x, y) / hypot(x, y)),
)
def arctan2(x, y):
    """The angle in (-pi, pi] between the first axis and the point (y, x), whose tangent is x/y.

    Where x is 0 and y is negative the angle jumps by 2 pi; the gradient is that of the angle on either side.  At (0, 0)
    there is no angle, and the gradient is NaN.
    """
    return np.arctan2(x, y)


@elementwise(r"\operatorname{cbrt}($x)", vanishes="x", x=lambda g, z: g / (3 * z * z))
def cbrt(x):
    """The cube root, of negative numbers too.  Its derivative at 0 is infinite."""
    return np.cbrt(x)


@elementwise(
    selects=True,
    x=lambda g, x, y: jumping(g * ((x > y) | np.isnan(y)) + 0.5 * g * (x == y), g, x, y),
    y=lambda g, x, y: jumping(g * ((y > x) | np.isnan(x)) + 0.5 * g * (x == y), g, x, y),
)
def fmax(x, y):
    """The larger of two numbers, or the other one if one of them is NaN; at a tie each gets half of the gradient."""
    return np.fmax(x, y)


@elementwise(
    selects=True,
    x=lambda g, x, y: jumping(g * ((x < y) | np.isnan(y)) + 0.5 * g * (x == y), g, x, y),
    y=lambda g, x, y: jumping(g * ((y < x) | np.isnan(x)) + 0.5 * g * (x == y), g, x, y),
)
def fmin(x, y):
    """The smaller of two numbers, or the other one if one of them is NaN; at a tie each gets half of the gradient."""
    return np.fmin(x, y)


@elementwise(r"\operatorname{sinc}($x)", x=lambda g, x: g * sinc_derivative(x, 1))
def sinc(x):
    """sin(pi x)/(pi x), and 1 at 0, where it has all its derivatives."""
    return np.sinc(x)


@op(
    for_users=False,
    elementwise=True,
    examples=(((3,), dict(order=1)), ((2, 3), dict(order=2))),
    x=lambda g, x, order: g * sinc_derivative(x, order + 1),
)
def sinc_derivative(x, order: int):
    """The derivative of ``sinc`` of an order.

    With u = pi x it is pi^n times that of f(u) = sin(u)/u.  From u f(u) = sin(u), differentiated n times, follows
    f_n = (sin(u + n pi/2) - n f_(n-1))/u.  Near 0, where that is 0/0, it is the sum of the derivatives of Taylor's terms.
    """
    x, order = np.asarray(x), int(order)
    u: Any = np.pi * x.astype(np.float64)
    near = np.abs(u) < 2 + order
    far = np.where(near, 1, u)
    with np.errstate(invalid="ignore"):
        f = np.sin(far) / far
        for n in range(1, order + 1):
            f = (np.sin(far + n * np.pi / 2) - n * f) / far
    series = np.zeros_like(u)
    u = np.where(near, u, 0)
    for k in range((order + 1) // 2, order + 22):  # (-1)^k u^(2k) / (2k + 1)!, differentiated
        series = series + (-1) ** k * u ** (2 * k - order) * (math.perm(2 * k, order) / math.factorial(2 * k + 1))
    return (np.pi**order * np.where(near, series, f)).astype(x.dtype)[()]


# Activations that jump.  There they have no derivative, and the gradient is that of the side without x.


def _shrunk(g, x, lambd: float):
    return jumping(jumping(g * (np.abs(x) > lambd), g, x, lambd), g, x, -lambd)


@op(
    r"\operatorname{hardshrink}($x)",
    elementwise=True,
    selects=True,
    examples=(((2, 3),), ((3,), dict(lambd=1.0))),
    words={"lambda": "lambd"},
    x=_shrunk,
)
def hardshrink(x, lambd: float = 0.5):
    """x, and 0 where |x| is at most ``lambd``.  There it jumps, and the gradient is 0."""
    return np.where(np.abs(x) > float(lambd), x, 0)


@op(
    r"\operatorname{threshold}($x)",
    elementwise=True,
    selects=True,
    examples=(((2, 3), dict(threshold=0.5, value=-1.0)),),
    x=lambda g, x, threshold: jumping(g * (x > threshold), g, x, threshold),
)
def threshold(x, threshold: float, value: float):
    """x where it is above the threshold, and ``value`` elsewhere, which is constant.  At the threshold it jumps."""
    return np.where(x > float(threshold), x, float(value))
