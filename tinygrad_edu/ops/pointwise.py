"""Functions of one number, applied to each element; two arguments broadcast, which the sweep undoes.

Where a function is not defined its gradient is NaN or infinite, never a number that looks right: for log it is
g/(sqrt(x))^2, which is g/x where x is positive, and NaN where it is not.  Where it has a bend its gradient is one of
the slopes beside it or between them, by a convention that is not differentiated: see conventions.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import elementwise, op
from .conventions import bent, is_recorded, jumping, power_derivative, xdivy

_POSITIVE = {"x": (0.2, 3.0)}
_DIVISOR = {"a divisor that is not 0": lambda y: np.all(y != 0)}
_LOGARITHM = {
    "positive numbers; of a rounded 0 use log_softmax, log_sigmoid or cross_entropy, from the logits": lambda x: (
        x > 0
    ).all()
}


@elementwise("$x + $y", binds=1, advice={"alpha": "x + alpha * y"}, x=lambda g: g, y=lambda g: g)
def add(x, y):
    """The sum x + y, element by element."""
    return x + y


@elementwise("$x - $y", binds=1, aliases="sub", advice={"alpha": "x - alpha * y"}, x=lambda g: g, y=lambda g: -g)
def subtract(x, y):
    """The difference x - y, element by element."""
    return x - y


@elementwise(
    r"$x \odot $y",
    binds=2,
    aliases="mul",
    masks=True,
    vanishes="x y",
    x=lambda g, y: g * y,
    y=lambda g, x: g * x,
)
def multiply(x, y):
    """The product, element by element (Hadamard's)."""
    return x * y


@elementwise(
    r"\frac{$x}{$y}",
    binds=2,
    domain={"y": (0.5, 3.0)},
    needs=_DIVISOR,
    vanishes="x",
    aliases="true_divide div",
    advice={"rounding_mode": "floor_divide(x, y) for 'floor', and trunc(x / y) for 'trunc'"},
    x=lambda g, y: g / y,
    y=lambda g, z, y: -g * (z / y),
)
def divide(x, y):
    """The quotient x/y, element by element; 1/0 is infinite, 0/0 is NaN."""
    return np.true_divide(x, y)


@elementwise("-$x", binds=1, aliases="neg", x=lambda g: -g)
def negative(x):
    """The number with the other sign."""
    return -x


@elementwise("$x", binds=9, aliases="conj conjugate", x=lambda g: g)
def positive(x):
    """The number itself; for a real number, its complex conjugate too."""
    return +x


def _power_x(g, x, y):
    """y x^(y - 1), which is 0 for y = 0, also where x^-1 is infinite."""
    if is_recorded(y):  # which the rule may be differentiated by
        return g * (power_derivative(x, y, 1, 0) if np.any(x == 0) or np.any(y == 0) else y * x ** (y - 1))
    if isinstance(y, np.ndarray):
        return g * (y * x ** np.where(y == 0, 1, y - 1))
    return g * (y * x ** (y - 1 if y != 0 else 1))


def _power_y(g, z, x, y):
    """x^y log x, which is 0 at x = 0, for y > 0, since 0^y is."""
    if is_recorded(y) and np.any(x == 0):
        return g * power_derivative(x, y, 0, 1)
    return g * xlogy(z, x)


@elementwise(
    "$x^{$y}",
    binds=3,
    domain={"x": (0.2, 2.0)},
    needs={
        "a base that is not negative, unless the exponent is whole": lambda x, y: np.all(
            (np.asarray(x) >= 0) | (np.floor(y) == y)
        )
    },
    vanishes="x",
    aliases="pow",
    x=_power_x,
    y=_power_y,
)
def power(x, y):
    """x to the power y.  0^0 is 1; 0^y is 0 for y > 0, so that it does not change with y."""
    return np.power(x, y) if isinstance(x, float) else x**y


@elementwise(
    r"$x \odot \log($y)",
    binds=2,
    domain={"y": (0.2, 3.0)},
    logarithm={"y": (0,)},
    x=lambda g, y: g * np.log(y),
    y=lambda g, x, y: g * xdivy(x, np.sqrt(y) ** 2),
)
def xlogy(x, y):
    """x log y, and 0 where x is 0, whatever y is: the limit that entropy needs."""
    x, y = np.asarray(x), np.asarray(y)
    return x * np.log(np.where(x == 0, 1, y))


@elementwise(r"\frac{1}{$x}", binds=2, domain=_POSITIVE, x=lambda g, z: -g * z * z)
def reciprocal(x):
    """The reciprocal 1/x, which is infinite at 0."""
    return 1 / x


@elementwise("$x^2", binds=3, vanishes="x", x=lambda g, x: g * (2 * x))
def square(x):
    """The square, x times x."""
    return x * x


@elementwise(
    r"\sqrt{$x}",
    domain=_POSITIVE,
    needs={"numbers that are not negative": lambda x: np.all(x >= 0)},
    x=lambda g, z: g / (2 * z),
)
def sqrt(x):
    """The square root.  Its derivative at 0 is infinite."""
    return np.sqrt(x)


@elementwise("|{$x}|", aliases="abs fabs", x=lambda g, x: jumping(g * np.sign(x), g, x, 0))
def absolute(x):
    """|x|.  The gradient at 0 is 0, the middle of the subdifferential."""
    return np.abs(x)


@elementwise(r"\operatorname{sign}($x)", aliases="sgn")
def sign(x):
    """-1, 0 or 1.  Constant wherever it has a derivative: no gradient flows through it."""
    return np.sign(x)


# Steps: constant wherever they have a derivative, so that no gradient flows through them.  What is left of a division by
# a step is no step.


@elementwise(r"\operatorname{floor}($x)")
def floor(x):
    """The largest whole number that is not above x.  No gradient flows through it: see ``sign``."""
    return np.floor(x)


@op(
    r"\operatorname{floor}(\frac{$x}{$y})",
    elementwise=True,
    examples=(((2, 3), (3,)),),
    needs=_DIVISOR,
    domain={"y": (0.5, 3.0)},
)
def floor_divide(x, y):
    """The largest whole number that is not above x/y.  No gradient flows through it: see ``sign``."""
    return np.floor_divide(x, y)


@elementwise(
    aliases="mod",
    needs=_DIVISOR,
    domain={"y": (0.5, 3.0)},
    x=lambda g, z, x, y: bent(g, g, z == 0, x - y * floor_divide(x, y)),
    y=lambda g, z, x, y: bent(-g * floor_divide(x, y), g, z == 0, x - y * floor_divide(x, y)),
)
def remainder(x, y):
    """What is left of x without the multiples of y that it holds, as Python's x % y: it has the sign of y.

    It is x - y floor(x/y), and jumps at the multiples of y.  There the gradient is that on the side where y goes
    once more into x.
    """
    return np.remainder(x, y)


@op("$x", elementwise=True, for_users=False, x=lambda g, dtype, back: cast(g, back, dtype))
def cast(x, dtype=None, back=None):
    """The numbers in another floating ``dtype``.  The gradient is brought ``back`` to the dtype that they had."""
    if not all(d is None or np.dtype(d).kind == "f" for d in (dtype, back)):
        raise TypeError(f"cast gives numbers of a floating dtype, not {dtype}")
    return np.asarray(x, dtype)[()]


# Exponentials and logarithms.


@elementwise(
    "e^{$x}",
    binds=3,
    never=(0,),
    needs={"exponents up to about 709 (88 in float32)": lambda x: np.all(x < (88 if x.dtype == np.float32 else 709))},
    x=lambda g, z: g * z,
)
def exp(x):
    """e to the power x."""
    return np.exp(x)


@elementwise("2^{$x}", binds=3, never=(0,), x=lambda g, z: g * z * math.log(2))
def exp2(x):
    """2 to the power x."""
    return np.exp2(x)


@elementwise("e^{$x} - 1", binds=1, never=(-1,), x=lambda g, x: g * np.exp(x))
def expm1(x):
    """e^x - 1, exact for small x."""
    return np.expm1(x)


@elementwise(r"\log($x)", domain=_POSITIVE, needs=_LOGARITHM, logarithm={"x": (0,)}, x=lambda g, x: g / np.sqrt(x) ** 2)
def log(x):
    """The natural logarithm; -inf at 0, NaN below 0."""
    return np.log(x)


@elementwise(
    r"\log_2($x)",
    domain=_POSITIVE,
    needs=_LOGARITHM,
    logarithm={"x": (0,)},
    x=lambda g, x: g / (np.sqrt(x) ** 2 * math.log(2)),
)
def log2(x):
    """The logarithm to base 2; -inf at 0, NaN below 0."""
    return np.log2(x)


@elementwise(
    r"\log_{10}($x)",
    domain=_POSITIVE,
    needs=_LOGARITHM,
    logarithm={"x": (0,)},
    x=lambda g, x: g / (np.sqrt(x) ** 2 * math.log(10)),
)
def log10(x):
    """The logarithm to base 10; -inf at 0, NaN below 0."""
    return np.log10(x)


@elementwise(
    r"\log(1 + $x)",
    domain={"x": (-0.8, 3.0)},
    needs={"numbers above -1": lambda x: np.all(x > -1)},
    logarithm={"x": (-1,)},
    x=lambda g, x: g / np.sqrt(1 + x) ** 2,
)
def log1p(x):
    """log(1 + x), exact for small x."""
    return np.log1p(x)


@elementwise(r"\log(e^{$x} + e^{$y})", x=lambda g, x, y: g * sigmoid(x - y), y=lambda g, x, y: g * sigmoid(y - x))
def logaddexp(x, y):
    """log(e^x + e^y), without overflow."""
    return np.logaddexp(x, y)


# Comparing.  At a tie both sides are the largest, and each gets half of the gradient.


@elementwise(
    r"\max($x, $y)",
    selects=True,
    x=lambda g, x, y: jumping(g * (x > y) + 0.5 * g * (x == y), g, x, y),
    y=lambda g, x, y: jumping(g * (y > x) + 0.5 * g * (x == y), g, x, y),
)
def maximum(x, y):
    """The larger of two numbers; at a tie each gets half of the gradient."""
    return np.maximum(x, y)


@elementwise(
    r"\min($x, $y)",
    selects=True,
    x=lambda g, x, y: jumping(g * (x < y) + 0.5 * g * (x == y), g, x, y),
    y=lambda g, x, y: jumping(g * (y < x) + 0.5 * g * (x == y), g, x, y),
)
def minimum(x, y):
    """The smaller of two numbers; at a tie each gets half of the gradient."""
    return np.minimum(x, y)


def _clipped(g, x, min, max):
    """The gradient flows within the bounds, and on them; where they leave no room, the result is constant."""
    inside = (min is None or x >= min) & (max is None or x <= max)
    if min is not None and max is not None and np.any(shut := np.asarray(min) >= max):
        inside, min, max = inside & ~shut, np.where(shut, np.nan, min), np.where(shut, np.nan, max)
    return jumping(jumping(g * inside, g, x, min), g, x, max)


@op(
    r"\operatorname{clip}($x)",
    elementwise=True,
    selects=True,
    examples=(((2, 3), dict(min=-1.0, max=1.0)), ((3,), dict(min=0.0))),
    aliases="clamp",
    words={"a_min": "min", "a_max": "max"},
    x=_clipped,
)
def clip(x, min=None, max=None):
    """x, but not below ``min`` nor above ``max``.  On a bound the gradient still flows."""
    return np.clip(x, min, max)


# Activations.


@elementwise(r"\tanh($x)", never=(-1, 1), x=lambda g, z: g - g * z * z)
def tanh(x):
    """The hyperbolic tangent: a sigmoid with values in (-1, 1)."""
    return np.tanh(x)


@elementwise(r"\sigma($x)", aliases="expit", never=(0, 1), x=lambda g, z: g * (z * (1 - z)))
def sigmoid(x):
    """1/(1 + e^-x): squashes every real number into (0, 1).  Exact and silent at any x, as e^-|x| cannot overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


@elementwise(r"\log \sigma($x)", aliases="logsigmoid log_expit", never=(0,), x=lambda g, x: g * sigmoid(-x))
def log_sigmoid(x):
    """log(sigmoid(x)), where sigmoid(x) itself would round to 0 or 1."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@elementwise(r"\log(1 + e^{$x})", extended="activations", never=(0,), x=lambda g, x: g * sigmoid(x))
def softplus(x):
    """log(1 + e^x), a smooth relu, without overflow.  With ``beta`` it is log(1 + e^(beta x))/beta."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@elementwise(r"\operatorname{relu}($x)", selects=True, x=lambda g, x: jumping(g * (x > 0), g, x, 0))
def relu(x):
    """max(x, 0).  The gradient at 0 is 0."""
    return np.maximum(x, 0)


@op(
    r"\operatorname{leaky\_relu}($x)",
    elementwise=True,
    examples=(((2, 3),), ((), dict(slope=0.2))),
    words={"negative_slope": "slope", "alpha": "slope"},
    x=lambda g, x, slope: jumping(np.where(x > 0, g, slope * g), g, x, 0),
)
def leaky_relu(x, slope: float = 0.01):
    """x where it is positive, ``slope`` x elsewhere.  The gradient at 0 is ``slope``."""
    return np.where(x > 0, x, slope * x)


@op(
    r"\operatorname{elu}($x)",
    elementwise=True,
    examples=(((2, 3),), ((3,), dict(alpha=0.5))),
    x=lambda g, z, x, alpha: jumping(np.where(x > 0, g, g * (z + alpha)), g * (alpha != 1), x, 0),
)
def elu(x, alpha: float = 1.0):
    """x where it is positive, ``alpha`` (e^x - 1) elsewhere (Clevert, Unterthiner and Hochreiter 2016)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@elementwise(r"\operatorname{erf}($x)", never=(-1, 1), x=lambda g, x: g * (2 / math.sqrt(math.pi)) * np.exp(-x * x))
def erf(x):
    """The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    return np.asarray(_erf(x), dtype=np.asarray(x).dtype)[()]


_erf: Any = np.frompyfunc(math.erf, 1, 1)


def _normal_cdf(x):
    return 0.5 * (1 + erf(x * math.sqrt(0.5)))


@elementwise(
    r"\operatorname{gelu}($x)",
    extended="activations",
    x=lambda g, x: g * (_normal_cdf(x) + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)),
)
def gelu(x):
    """x times the probability that a standard normal number is below x (Hendrycks and Gimpel 2016).

    ``approximate="tanh"`` computes it of tanh, within 0.0005, as GPT-2 does.
    """
    return x * _normal_cdf(x)


@elementwise(r"\operatorname{silu}($x)", x=lambda g, z, x: g * (sigmoid(x) + z * sigmoid(-x)))
def silu(x):
    """x sigmoid(x), also called swish."""
    return x * sigmoid(x)
