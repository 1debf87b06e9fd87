"""Trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

import numpy as np

from ..engine.calling import filled
from ..op import elementwise
from .conventions import bent

_UNIT = {"x": (-0.9, 0.9)}


@elementwise(r"\sin($x)", x=lambda g, x: g * np.cos(x))
def sin(x):
    """The sine of an angle in radians."""
    return np.sin(x)


@elementwise(r"\cos($x)", x=lambda g, x: -g * np.sin(x))
def cos(x):
    """The cosine of an angle in radians."""
    return np.cos(x)


@elementwise(r"\tan($x)", domain={"x": (-1.2, 1.2)}, x=lambda g, z: g * (1 + z * z))
def tan(x):
    """The tangent of an angle in radians."""
    return np.tan(x)


@elementwise(r"\arcsin($x)", aliases="asin", domain=_UNIT, x=lambda g, x: g / np.sqrt((1 - x) * (1 + x)))
def arcsin(x):
    """The angle in [-pi/2, pi/2] whose sine is x."""
    return np.arcsin(x)


@elementwise(r"\arccos($x)", aliases="acos", domain=_UNIT, x=lambda g, x: -g / np.sqrt((1 - x) * (1 + x)))
def arccos(x):
    """The angle in [0, pi] whose cosine is x."""
    return np.arccos(x)


@elementwise(r"\arctan($x)", aliases="atan", x=lambda g, x: g / (1 + x * x))
def arctan(x):
    """The angle in (-pi/2, pi/2) whose tangent is x."""
    return np.arctan(x)


@elementwise(r"\sinh($x)", x=lambda g, x: g * np.cosh(x))
def sinh(x):
    """The hyperbolic sine."""
    return np.sinh(x)


@elementwise(r"\cosh($x)", x=lambda g, x: g * np.sinh(x))
def cosh(x):
    """The hyperbolic cosine."""
    return np.cosh(x)


@filled("0 where $x and $y are 0", where=lambda x, y: (x == 0) & (y == 0))
@elementwise(
    r"\frac{$x}{\sqrt{$x^2 + $y^2}}",
    for_users=False,
    x=lambda g, x, y: g * (hypot_slope(y, x) * hypot_slope(y, x) / hypot(x, y)),
    y=lambda g, x, y: -g * (hypot_slope(x, y) * hypot_slope(y, x) / hypot(x, y)),
)
def hypot_slope(x, y):
    """x/hypot(x, y): the cosine of the angle between the first axis and (x, y); 0 where both are 0, and there is none."""
    length = np.hypot(x, y)
    return x / np.where(length == 0, 1, length)


def _towards(g, x, y):
    """g x/hypot(x, y), the rule for either operand, which bends at (0, 0)."""
    return bent(g * hypot_slope(x, y), g, (x == 0) & (y == 0))


@elementwise(r"\sqrt{$x^2 + $y^2}", x=lambda g, x, y: _towards(g, x, y), y=lambda g, x, y: _towards(g, y, x))
def hypot(x, y):
    """The hypotenuse sqrt(x^2 + y^2), without overflow.  At (0, 0) it has no slope, and the gradient is 0."""
    return np.hypot(x, y)


@elementwise(r"\operatorname{arsinh}($x)", aliases="asinh", x=lambda g, x: g / hypot(x, 1))
def arcsinh(x):
    """The number whose hyperbolic sine is x."""
    return np.arcsinh(x)


@elementwise(
    r"\operatorname{arcosh}($x)",
    aliases="acosh",
    domain={"x": (1.2, 3.0)},
    x=lambda g, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)),
)
def arccosh(x):
    """The number from 0 up whose hyperbolic cosine is x."""
    return np.arccosh(x)


@elementwise(
    r"\operatorname{artanh}($x)", aliases="atanh", domain=_UNIT, x=lambda g, x: g / np.sqrt((1 - x) * (1 + x)) ** 2
)
def arctanh(x):
    """The number whose hyperbolic tangent is x."""
    return np.arctanh(x)
