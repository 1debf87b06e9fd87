"""Special functions: gamma, error and Bessel functions, the distribution of the normal, as in scipy.special.

They are read when one of their names is asked for.  Where nothing else is said, the mathematics is from the NIST Digital
Library of Mathematical Functions, https://dlmf.nist.gov, by its numbers of equations.  They are computed in float64, to
about 13 digits, and come back in the dtype of the operand.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..op import elementwise, op
from .conventions import jumping, xdivy
from .pointwise import erf, exp

_POSITIVE = {"x": (0.2, 3.0)}


def _in_float64(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator: the function gets its last argument in float64, and its result gets that argument's dtype back."""

    @functools.wraps(function)
    def computed(*args: Any) -> Any:
        x = np.asarray(args[-1])
        dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
        with np.errstate(all="ignore"):
            return np.asarray(function(*args[:-1], x.astype(np.float64)), dtype)[()]

    return computed


# Gamma functions.

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
_EULER = 0.577215664901532860606512


def _stirling(x: Any) -> Any:
    """What Stirling's formula for log gamma(x) lacks: the sum of B_2k/(2k (2k - 1) x^(2k - 1)), for x >= 10 (5.11.1)."""
    return sum(b / ((2 * k) * (2 * k - 1) * x ** (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1))


def _zeta(s: int, x: Any) -> Any:
    """Hurwitz's zeta, the sum of 1/(x + k)^s over k >= 0, for x > 0 and s >= 2, by Euler and Maclaurin (25.11.5)."""
    number = 10 + s
    total = sum((x + k) ** -float(s) for k in range(number))
    end = x + number
    total = total + end ** (1.0 - s) / (s - 1) + 0.5 * end ** -float(s)
    factor = s * end ** (-s - 1.0)  # s (s + 1) ... (s + 2k - 2) / end^(s + 2k - 1)
    for k, b in enumerate(_BERNOULLI, 1):
        total = total + b / math.factorial(2 * k) * factor
        factor = factor * ((s + 2 * k - 1) * (s + 2 * k) / end / end)
    return total


@functools.cache
def _zeta_less_1() -> list[float]:
    """zeta(k) - 1 for k = 2, 3, ..."""
    return [float(_zeta(k, 2.0)) for k in range(2, 32)]


def _from_pole(x: Any) -> Any:
    """How far x is from the nearest whole number, pi times: for sin(pi x) and tan(pi x) of large x."""
    return np.pi * (x - np.round(x))


@_in_float64
def _gammaln(x: Any) -> Any:
    """Taylor's series around 2 (5.7.3), from which x is at most 8 steps away; from 10 on, Stirling's formula."""
    y = np.where(x < 0, 1 - x, x)
    steps = np.clip(np.round(y) - 2, -2, 8)
    t = y - (2 + steps)
    t = np.where(np.abs(t) <= 0.5, t, 0)
    small: Any = t * (1 - _EULER) + sum((-t) ** k * (z / k) for k, z in enumerate(_zeta_less_1(), 2))
    for k in range(1, 9):  # gamma(y) = (y - 1) (y - 2) ... gamma(y - steps)
        small = small + np.log(np.where(k <= steps, y - k, 1))
    small = small - np.where(steps == -1, np.log1p(t), 0) - np.where(steps == -2, np.log(y * (1 + y)), 0)
    z = np.where(y >= 10, y, 10)
    large = (z - 0.5) * np.log(z) - z + 0.5 * math.log(2 * math.pi) + _stirling(z)
    right = np.where(np.isfinite(y), np.where(y >= 10, large, small), y)
    return np.where(x < 0, math.log(math.pi) - np.log(np.abs(np.sin(_from_pole(x)))) - right, right)  # 5.5.3


@elementwise(r"\operatorname{gammaln}($x)", aliases="lgamma", domain=_POSITIVE, x=lambda g, x: g * digamma(x))
def gammaln(x):
    """The logarithm of the absolute value of the gamma function; infinite at 0 and at the negative whole numbers."""
    return _gammaln(x)


@_in_float64
def _digamma(x: Any) -> Any:
    """From 10 on the series 5.11.2; below, 1/x at each step up to there (5.5.2); left of 0 reflection (5.5.4)."""
    y: Any = np.where(x < 0, 1 - x, x)
    below: Any = np.zeros_like(y)
    for _ in range(10):
        step = y < 10
        below = below + np.where(step, 1 / np.where(step, y, 1), 0)
        y = np.where(step, y + 1, y)
    right = np.log(y) - 0.5 / y - sum(b / (2 * k * y ** (2 * k)) for k, b in enumerate(_BERNOULLI, 1)) - below
    left = np.where(np.floor(x) == x, np.nan, right - np.pi / np.tan(_from_pole(x)))
    return np.where(x < 0, left, right)


@elementwise(
    r"\operatorname{digamma}($x)", aliases="psi", domain=_POSITIVE, x=lambda g, x: g * digamma_derivative(x, 1)
)
def digamma(x):
    """The derivative of log gamma(x); NaN at the negative whole numbers, infinite at 0."""
    return _digamma(x)


@_in_float64
def _polygamma(n: int, x: Any) -> Any:
    """(-1)^(n + 1) n! zeta(n + 1, x) (25.11.12); left of 0 reflection, with the derivative of cot(pi x) (5.15.6)."""
    right = (-1.0) ** (n + 1) * math.factorial(n) * _zeta(n + 1, np.where(x < 0, 1 - x, x))
    cotangent = np.polynomial.Polynomial([0.0, 1.0])  # of c = cot(pi x), whose derivative is -pi (1 + c^2)
    for _ in range(n):
        cotangent = -np.pi * cotangent.deriv() * np.polynomial.Polynomial([1.0, 0.0, 1.0])
    left = (-1.0) ** n * right - np.pi * cotangent(1 / np.tan(_from_pole(x)))
    return np.where(x < 0, left, right)


@op(
    for_users=False,
    elementwise=True,
    domain=_POSITIVE,
    examples=(((3,), dict(order=1)), ((2, 3), dict(order=2))),
    x=lambda g, x, order: g * digamma_derivative(x, order + 1),
)
def digamma_derivative(x, order: int):
    """The derivative of ``digamma`` of an order from 1 on: see ``polygamma``."""
    if np.ndim(order) or order != int(order) or order < 1:
        raise ValueError(f"a derivative of digamma has an order 1, 2, ..., not {order}")
    return _polygamma(int(order), x)


def _gamma_of_number(x: float) -> float:
    """math.gamma, with infinity and NaN in the place of its errors."""
    try:
        return math.gamma(x)
    except OverflowError:
        return math.copysign(math.inf, x)
    except ValueError:
        return math.copysign(math.inf, x) if x == 0 else math.nan


_gamma: Any = np.frompyfunc(_gamma_of_number, 1, 1)


@elementwise(r"\operatorname{gamma}($x)", domain=_POSITIVE, x=lambda g, z, x: g * (z * digamma(x)))
def gamma(x):
    """Euler's gamma function, (n - 1)! at a whole number n; NaN at the negative ones, infinite at 0."""
    return _in_float64(_gamma)(x)


def _betaln(x: Any, y: Any) -> Any:
    """gammaln(x) + gammaln(y) - gammaln(x + y); if the larger one, a, is from 10 on, its two logarithms together."""
    dtype = np.result_type(x, y)
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    a, b = np.maximum(x, y), np.minimum(x, y)
    with np.errstate(all="ignore"):
        c = np.where(a >= 10, a, 10)
        apart = b - (c - 0.5) * np.log1p(b / c) - b * np.log(c + b) + _stirling(c) - _stirling(c + b)
        return np.asarray(_gammaln(b) + np.where(a >= 10, apart, _gammaln(a) - _gammaln(a + b)), dtype)[()]


@elementwise(
    domain={"x": (0.2, 3.0), "y": (0.2, 3.0)},
    needs={"positive numbers": lambda x, y: np.all(x > 0) and np.all(y > 0)},
    x=lambda g, x, y: g * (digamma(x) - digamma(x + y)),
    y=lambda g, x, y: g * (digamma(y) - digamma(x + y)),
)
def betaln(x, y):
    """The logarithm of the beta function, gamma(x) gamma(y)/gamma(x + y), of positive numbers."""
    return np.where((np.asarray(x) > 0) & (np.asarray(y) > 0), _betaln(x, y), np.nan).astype(np.result_type(x, y))[()]


# The error function and the normal distribution.

_erfc: Any = np.frompyfunc(math.erfc, 1, 1)


@elementwise(r"\operatorname{erfc}($x)", never=(0, 2), x=lambda g, x: g * (-2 / math.sqrt(math.pi)) * exp(-x * x))
def erfc(x):
    """1 - erf(x), exact where that is small."""
    return _in_float64(_erfc)(x)


@functools.cache
def _normal_quantile() -> Any:
    """The inverse of the normal distribution for single numbers, from the standard library (Wichura's AS 241)."""
    from statistics import NormalDist  # slow to import

    return np.frompyfunc(NormalDist().inv_cdf, 1, 1)


@_in_float64
def _ndtri(x: Any) -> Any:
    inside = (x > 0) & (x < 1)
    z = np.asarray(_normal_quantile()(np.where(inside, x, 0.5)), np.float64)
    return np.where(inside, z, np.where(x == 0, -np.inf, np.where(x == 1, np.inf, np.nan)))


@elementwise(
    r"\operatorname{ndtri}($x)",
    domain={"x": (0.1, 0.9)},
    needs={"probabilities, from 0 to 1": lambda x: np.all((x >= 0) & (x <= 1))},
    x=lambda g, z: g * math.sqrt(2 * math.pi) * exp(0.5 * z * z),
)
def ndtri(x):
    """The number below which a standard normal number is with probability x: the inverse of ``ndtr``."""
    return _ndtri(x)


@_in_float64
def _erfinv(x: Any) -> Any:
    """By the normal distribution; beyond 1/2 from 1 - |x|, which is exact, and nearer to 0 with Newton's steps."""
    size = np.abs(x)
    z = -_ndtri(np.where(size > 0.5, (1 - size) / 2, 0.5 - size / 2)) / math.sqrt(2)
    for _ in range(2):
        z = np.where(size > 0.5, z, z - (erf(z) - size) * np.exp(z * z) * (math.sqrt(math.pi) / 2))
    return np.copysign(z, x)


@elementwise(
    r"\operatorname{erfinv}($x)",
    domain={"x": (-0.9, 0.9)},
    needs={"numbers from -1 to 1": lambda x: np.all(np.abs(x) <= 1)},
    vanishes="x",
    x=lambda g, z: g * (math.sqrt(math.pi) / 2) * exp(z * z),
)
def erfinv(x):
    """The number whose error function is x: the inverse of ``erf``; infinite at -1 and 1."""
    return _erfinv(x)


@functools.cache
def _log_tail() -> list[float]:
    """The numbers c_k in log(1 - 1/x^2 + 3/x^4 - 15/x^6 + ...) = c_1/x^2 + c_2/x^4 + ..."""
    s = [(-1.0) ** k * math.prod(range(1, 2 * k, 2)) for k in range(21)]
    c = [0.0]
    for n in range(1, 21):  # n s_n = sum of k c_k s_(n - k), since S' = S (log S)'
        c.append(s[n] - sum(k * c[k] * s[n - k] for k in range(1, n)) / n)
    return c[1:]


@_in_float64
def _log_ndtr(order: int, x: Any) -> Any:
    """The logarithm of the normal distribution, or its derivative of some order.

    Left of -9 it is -x^2/2 - log(-x) - log(2 pi)/2 + log(1 - 1/x^2 + ...) (7.12.1), differentiated term by term.
    Elsewhere the first derivative is m = density/distribution, whose derivative is -x m - m^2.
    """
    far = np.where(x < -9, x, -9)
    tail = sum(
        c * (-1) ** order * math.prod(range(2 * k, 2 * k + order)) * far ** -(2.0 * k + order)
        for k, c in enumerate(_log_tail(), 1)
    )
    near = np.where(x < -9, -9, x)
    if not order:
        tail = tail - far * far / 2 - np.log(-far) - 0.5 * math.log(2 * math.pi)
        log = np.log(0.5 * _in_float64(_erfc)(-near / math.sqrt(2)))
        return np.where(x < -9, tail, np.where(x > 0, np.log1p(-0.5 * _in_float64(_erfc)(x / math.sqrt(2))), log))
    tail = (
        tail - (far if order == 1 else order == 2) + (-1.0) ** order * math.factorial(order - 1) * far ** -float(order)
    )
    m = np.exp(-0.5 * near * near) / math.sqrt(2 * math.pi) / (0.5 * _in_float64(_erfc)(-near / math.sqrt(2)))
    terms = {(1, 0): 1}  # the factor of each m^i x^j
    for _ in range(order - 1):
        following: dict[tuple[int, int], int] = {}
        for (i, j), c in terms.items():
            for key, factor in (((i, j + 1), -i), ((i + 1, j), -i), ((i, j - 1), j)):
                following[key] = following.get(key, 0) + c * factor
        terms = {key: c for key, c in following.items() if c}
    finite = np.where(np.isfinite(near), near, 0)
    return np.where(x < -9, tail, sum(c * m**i * finite**j for (i, j), c in terms.items()))


@op(
    elementwise=True,
    never=(0,),
    examples=(((2, 3),), ((), dict(order=1)), ((3,), dict(order=2))),
    x=lambda g, x, order: g * log_ndtr(x, order + 1),
)
def log_ndtr(x, order: int = 0):
    """The logarithm of the normal distribution, where that itself would round to 0 or 1; or its derivative of an order."""
    if order != int(order) or order < 0:
        raise ValueError(f"a derivative is taken 0 times or more, not {order} times")
    return _log_ndtr(int(order), x)


# Logarithms of probabilities.


@elementwise(
    r"\log(\frac{$x}{1 - $x})",
    domain={"x": (0.1, 0.9)},
    needs={"probabilities, from 0 to 1": lambda x: np.all((x >= 0) & (x <= 1))},
    logarithm={"x": (0, 1)},
    advice={"eps": "logit(clip(x, eps, 1 - eps))"},
    x=lambda g, x: g / (np.sqrt(x) ** 2 * np.sqrt(1 - x) ** 2),
)
def logit(x):
    """log(x/(1 - x)), the inverse of ``sigmoid``; infinite at 0 and 1, NaN outside."""
    x = np.asarray(x)
    with np.errstate(divide="ignore"):
        near = np.abs(x - 0.5) < 0.25
        return np.where(near, 2 * np.arctanh(2 * np.where(near, x, 0.5) - 1), np.log(x) - np.log1p(-x))[()]


@elementwise(
    r"$x \odot \log(1 + $y)",
    binds=2,
    domain={"y": (-0.8, 3.0)},
    logarithm={"y": (-1,)},
    x=lambda g, y: g * np.log1p(y),
    y=lambda g, x, y: g * xdivy(x, np.sqrt(1 + y) ** 2),
)
def xlog1py(x, y):
    """x log(1 + y), exact for small y, and 0 where x is 0, whatever y is."""
    x, y = np.asarray(x), np.asarray(y)
    return x * np.log1p(np.where(x == 0, 0, y))


# Bessel functions of whole orders.


def _hankel(v: int, number: int) -> list[float]:
    """The numbers a_k(v) of the expansions for large arguments (10.17.1)."""
    a = [1.0]
    for k in range(1, number):
        a.append(a[-1] * (4 * v * v - (2 * k - 1) ** 2) / (8 * k))
    return a


def _start(v: int) -> float:
    """From where on these expansions are exact."""
    return max(30.0, float(v * v))


def _i_series(v: int, x: Any) -> Any:
    """The power series of I_v, all of whose terms have one sign, up to ``_start`` (10.25.2)."""
    term: Any = (x / 2) ** v / math.factorial(v)
    total, quarter = term, x * x / 4
    for k in range(1, 40 + int(_start(v))):
        term = term * quarter / (k * (k + v))
        total = total + term
    return total


@_in_float64
def _iv(v: int, scaled: bool, order: int, x: Any) -> Any:
    """I_v, or e^-|x| I_v and its derivative of some order, for which the operator f -> (f_(v-1) + f_(v+1))/2 - f_v is
    applied so often; where |x| is large, the expansion (10.40.1), differentiated term by term."""
    size = np.abs(x)
    start = _start(v + order)
    near, far = np.where(size < start, size, 0), np.where(size < start, start, size)
    mixed = {v: 1.0}
    for _ in range(order):
        following: dict[int, float] = {}
        for u, c in mixed.items():
            for w, factor in ((u - 1, 0.5), (u + 1, 0.5), (u, -1.0)):
                following[w] = following.get(w, 0) + c * factor
        mixed = following
    low: Any = sum(c * _i_series(abs(u), near) for u, c in mixed.items())
    high: Any = 0.0
    for k, a in enumerate(_hankel(v, 25)):
        power = -0.5 - k
        high = high + (-1) ** k * a * math.prod(power - i for i in range(order)) * far ** (power - order)
    high = high / math.sqrt(2 * math.pi)
    z = np.where(size < start, low * np.exp(-near), high) if scaled else np.where(size < start, low, high * np.exp(far))
    return np.where(x < 0, -z, z) if (v + order) % 2 else z


def _whole(v: Any) -> int:
    """An order as a positive whole number.  Raises ValueError for others, for which these functions are not here."""
    if np.ndim(v) or v != int(v):
        raise ValueError(f"Bessel functions have whole orders here, not {v}")
    return int(v)


@op(
    for_users=False,
    elementwise=True,
    examples=(((3,), dict(v=0)), ((2, 3), dict(v=1)), ((), dict(v=2))),
    x=lambda g, x, v: g * (0.5 * (bessel_i(x, v - 1) + bessel_i(x, v + 1))),
)
def bessel_i(x, v):
    """The modified Bessel function of the first kind I_v(x), of whole orders v."""
    return _iv(abs(_whole(v)), False, 0, x)


@op(
    for_users=False,
    elementwise=True,
    examples=(((3,), dict(v=0)), ((2, 3), dict(v=1)), ((3,), dict(v=2, order=1))),
    x=lambda g, x, v, order: _scaled_rule(g, x, v, order),
)
def bessel_i_scaled(x, v, order: int = 0):
    """e^-|x| I_v(x), of whole orders v, which does not overflow; or its derivative of an ``order``.

    Where that has a bend or a jump, which can only be at 0, it is 0, the number in the middle.
    """
    if order != int(order) or order < 0:
        raise ValueError(f"a derivative is taken 0 times or more, not {order} times")
    v, order = abs(_whole(v)), int(order)
    z = _iv(v, True, order, x)
    return np.where(np.asarray(x) == 0, 0, z).astype(np.asarray(z).dtype)[()] if (v + order) % 2 else z


def _scaled_rule(g, x, v, order: int):
    """The derivative, which jumps at 0 if it is odd there: an even function of |x| bends."""
    back = g * bessel_i_scaled(x, v, order + 1)
    return jumping(back, g, x, 0) if (v + order) % 2 == 0 else back


@_in_float64
def _jv(v: int, x: Any) -> Any:
    """Near 0 the power series (10.2.2); then Bessel's integral (10.9.1), by equal steps around the circle, which for a
    periodic function err as little as J_N does, for N steps; where |x| is large, Hankel's expansion (10.17.3)."""
    size, start, small = np.abs(x), _start(v), 2 * math.sqrt(1.0 + v)
    near = np.where(size < small, size, 0)
    term: Any = (near / 2) ** v / math.factorial(v)
    low = term
    for k in range(1, 30 + 2 * v):
        term = -term * (near * near / 4) / (k * (k + v))
        low = low + term
    between = np.where(size < start, size, 0)
    number = int(start) + v + 50
    angles = 2 * np.pi * np.arange(number) / number
    middle = sum(np.cos(v * t - between * np.sin(t)) for t in angles) / number
    far = np.where(size < start, start, size)
    p: Any = 0.0
    q: Any = 0.0
    for k, a in enumerate(_hankel(v, 24)):
        term = (-1) ** (k // 2) * a * far ** -float(k)
        p, q = (p, q + term) if k % 2 else (p + term, q)
    angle = far - (v / 2 + 0.25) * np.pi
    high = np.sqrt(2 / (np.pi * far)) * (p * np.cos(angle) - q * np.sin(angle))
    z = np.where(size < small, low, np.where(size < start, middle, high))
    return np.where(x < 0, -z, z) if v % 2 else z


@op(
    for_users=False,
    elementwise=True,
    examples=(((3,), dict(v=0)), ((2, 3), dict(v=1)), ((), dict(v=2))),
    x=lambda g, x, v: g * (0.5 * (bessel_j(x, v - 1) - bessel_j(x, v + 1))),
)
def bessel_j(x, v):
    """The Bessel function of the first kind J_v(x), of whole orders v.  It is exact to about 1e-15, not in each digit."""
    v = _whole(v)
    z = _jv(abs(v), x)
    return -z if v < 0 and v % 2 else z
