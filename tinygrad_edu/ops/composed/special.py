"""Special functions that are made of other operations, under the names of scipy.special and PyTorch."""

from __future__ import annotations

import math

import numpy as np

from ...engine.composing import composed
from ..pointwise import add, clip, divide, exp, multiply, negative, square, subtract, xlogy
from ..select import where
from ..special import bessel_i, bessel_i_scaled, bessel_j, betaln, digamma, digamma_derivative, erfc, gammaln
from ..trigonometry import hypot
from .elementwise import _values


@composed()
def beta(x, y):
    """The beta function, gamma(x) gamma(y)/gamma(x + y), of positive numbers."""
    return exp(betaln(x, y))


@composed()
def polygamma(n, x):
    """The derivative of order ``n`` of ``digamma``, which itself is the one of order 0."""
    return digamma_derivative(x, n) if n else digamma(x)


@composed(aliases="mvlgamma", words={"p": "d"}, method=True)
def multigammaln(x, d):
    """The logarithm of the gamma function of d x d matrices, for x > (d - 1)/2, as in the density of Wishart's numbers."""
    if d != int(d) or d < 1:
        raise ValueError(f"multigammaln takes a whole number d from 1 on, not {d}")
    total = gammaln(x)
    for j in range(1, int(d)):
        total = add(total, gammaln(subtract(x, 0.5 * j)))
    return add(total, 0.25 * d * (d - 1) * math.log(math.pi))


@composed()
def ndtr(x):
    """The probability that a standard normal number is below x."""
    return multiply(erfc(multiply(x, -math.sqrt(0.5))), 0.5)


@composed()
def entr(x):
    """The entropy of a probability, -x log x, and 0 at 0; -inf for negative numbers."""
    values = _values(x)
    return where(np.less(values, 0), -math.inf, negative(xlogy(x, where(np.less(values, 0), 1.0, x))))


@composed()
def rel_entr(x, y):
    """x log(x/y), and 0 where x is 0: the terms of the divergence of Kullback and Leibler, of probabilities."""
    return xlogy(x, divide(x, where(np.equal(_values(x), 0), 1.0, y)))


@composed()
def iv(v, x):
    """The modified Bessel function of the first kind I_v(x), of whole orders v."""
    return bessel_i(x, v)


@composed()
def ive(v, x):
    """e^-|x| I_v(x), of whole orders v, which does not overflow."""
    return bessel_i_scaled(x, v)


@composed()
def jv(v, x):
    """The Bessel function of the first kind J_v(x), of whole orders v."""
    return bessel_j(x, v)


# Two of scipy.special have names of losses, and mean something else than those: SciPy's users reach them by the aliases.


@composed(aliases="special.kl_div")
def kl_terms(x, y):
    """x log(x/y) - x + y, the terms of the divergence of Kullback and Leibler of numbers that need not add up to 1."""
    return add(subtract(rel_entr(x, y), x), y)


@composed(aliases="special.huber")
def huber_terms(delta, r):
    """Huber's loss of each residual ``r``: r²/2 up to ``delta``, and from there on linear, with the same slope."""
    near = clip(r, negative(_values(delta)), _values(delta))
    return multiply(near, subtract(r, multiply(near, 0.5)))


@composed()
def pseudo_huber(delta, r):
    """A smooth form of Huber's loss: delta² (sqrt(1 + (r/delta)²) - 1), of each residual ``r``."""
    return multiply(square(delta), subtract(hypot(1.0, divide(r, delta)), 1.0))


@composed(aliases="modified_bessel_i0", method=True)
def i0(x):
    """The modified Bessel function I_0(x)."""
    return bessel_i(x, 0)


@composed(aliases="modified_bessel_i1")
def i1(x):
    """The modified Bessel function I_1(x)."""
    return bessel_i(x, 1)


@composed()
def i0e(x):
    """e^-|x| I_0(x), which does not overflow."""
    return bessel_i_scaled(x, 0)


@composed()
def i1e(x):
    """e^-|x| I_1(x), which does not overflow."""
    return bessel_i_scaled(x, 1)


@composed(aliases="bessel_j0")
def j0(x):
    """The Bessel function J_0(x)."""
    return bessel_j(x, 0)


@composed(aliases="bessel_j1")
def j1(x):
    """The Bessel function J_1(x)."""
    return bessel_j(x, 1)
