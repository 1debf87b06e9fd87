"""NumPy's and PyTorch's functions of one, two or three numbers that are made of other operations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...engine.composing import composed
from ..pointwise import (
    absolute,
    add,
    cast,
    divide,
    logaddexp,
    maximum,
    minimum,
    multiply,
    negative,
    positive,
    power,
    reciprocal,
    sqrt,
    subtract,
)
from ..pointwise_rare import fmod  # and with it all operations that few programs need
from ..select import where


def _values(x: Any) -> Any:
    """The values of a tensor; an array or a number itself."""
    return getattr(x, "_array", x)


@composed(aliases="radians", method=True)
def deg2rad(x):
    """An angle in radians that is given in degrees."""
    return multiply(x, math.pi / 180)


@composed(aliases="degrees", method=True)
def rad2deg(x):
    """An angle in degrees that is given in radians."""
    return multiply(x, 180 / math.pi)


@composed(method=True)
def float_power(x, y):
    """x to the power y, computed in float64 whatever the dtypes are: see ``power``."""
    x, y = (cast(z, np.float64, getattr(_values(z), "dtype", None) if hasattr(z, "node") else None) for z in (x, y))
    return power(x, y)


@composed(method=True)
def copysign(x, y):
    """The absolute value of x with the sign of y, where -0.0 is negative.  It is constant in y, which gets no gradient."""
    size = absolute(x)
    return where(np.signbit(_values(y)), negative(size), size)


@composed(method=True)
def heaviside(x, y):
    """Heaviside's step: 0 where x is negative, 1 where it is positive, and y where it is 0.

    It is constant in x, which gets no gradient.
    """
    x = _values(x)
    return where(np.equal(x, 0), y, np.heaviside(x, 0.5))


@composed(method=True)
def logaddexp2(x, y):
    """log2(2^x + 2^y), without overflow."""
    return multiply(logaddexp(multiply(x, math.log(2)), multiply(y, math.log(2))), 1 / math.log(2))


@composed(method=True)
def nan_to_num(x, copy: bool = True, nan=0.0, posinf=None, neginf=None):
    """x with ``nan`` in the place of NaN, and with ``posinf`` and ``neginf`` in that of the infinities.

    By default these are the largest and the smallest number of the dtype.  What is replaced gets no gradient.
    """
    data = np.asarray(_values(x))
    largest = np.finfo(data.dtype).max if data.dtype.kind == "f" else 0
    for places, number in (
        (np.isnan(data), nan),
        (np.isposinf(data), largest if posinf is None else posinf),
        (np.isneginf(data), -largest if neginf is None else neginf),
    ):
        x = where(places, number, x) if np.any(places) else x
    return x if hasattr(x, "node") else np.asarray(x)[()]


@composed()
def real(x):
    """The real part of a real number: the number itself."""
    return positive(x)


@composed()
def imag(x):
    """The imaginary part of a real number: 0, in a plain array, since no gradient flows through it."""
    return np.zeros_like(_values(x))


@composed(method=True)
def rsqrt(x):
    """One divided by the square root."""
    return reciprocal(sqrt(x))


@composed(method=True)
def frac(x):
    """What stands behind the decimal point, with the sign of x: see ``fmod``."""
    return fmod(x, 1.0)


@composed(method=True)
def lerp(x, y, weight):
    """The number that is so far on the way from x to y: x + weight (y - x)."""
    return add(x, multiply(weight, subtract(y, x)))


@composed(method=True, words={"tensor1": "y", "tensor2": "z"})
def addcmul(x, y, z, *, value=1.0):
    """x + value y z, element by element."""
    return add(x, multiply(multiply(y, z), value))


@composed(method=True, words={"tensor1": "y", "tensor2": "z"})
def addcdiv(x, y, z, *, value=1.0):
    """x + value y/z, element by element."""
    return add(x, multiply(divide(y, z), value))


@composed(method=True)
def clamp_min(x, min):
    """x, but not below ``min``, which may be a tensor: see ``maximum``."""
    return maximum(x, min)


@composed(method=True)
def clamp_max(x, max):
    """x, but not above ``max``, which may be a tensor: see ``minimum``."""
    return minimum(x, max)


@composed()
def rsub(x, y):
    """y - x: the difference the other way round."""
    return subtract(y, x)
