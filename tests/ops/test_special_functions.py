"""Special functions: compared with Python's own, with constants that books give, and with what is true of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor
from tinygrad_edu.ops import composed

EULER = 0.57721566490153286061
EVERYWHERE = [1e-300, 1e-5, 0.3, 0.5, 1 + 1e-9, 1.4, 1.5, 1.99, 2.6, 5.5, 9.4, 9.6, 10.0, 33.3, 1e3, 1e7, 1e300]
LEFT = [-0.3, -1.5, -7.25, -100.1]


def test_gamma_functions_agree_with_pythons() -> None:
    for x in (*EVERYWHERE, *LEFT):
        assert tg.gammaln(x) == pytest.approx(math.lgamma(x), rel=1e-13, abs=1e-14)
        if abs(x) < 100:
            assert tg.gamma(x) == pytest.approx(math.gamma(x), rel=1e-13)
    t = 1 + np.array([1e-3, 1e-9, -1e-12]) - 1
    np.testing.assert_allclose(tg.gammaln(1 + t), -EULER * t + np.pi**2 / 12 * t**2, rtol=1e-6)  # no digit is lost
    np.testing.assert_allclose(tg.gammaln(2 + t) / ((2 + t) - 2), 1 - EULER, rtol=1e-3)


def test_gamma_functions_at_their_poles_and_ends() -> None:
    assert tg.gammaln(0.0) == tg.gammaln(-3.0) == tg.gammaln(np.inf) == np.inf and np.isnan(tg.gammaln(np.nan))
    assert tg.gamma(0.0) == tg.gamma(200.0) == np.inf and np.isnan(tg.gamma(-2.0)) and tg.gamma(-1e-310) == -np.inf
    assert np.isnan(tg.digamma(-2.0)) and tg.digamma(0.0) == -np.inf


def test_polygamma_functions_have_their_constants_and_recurrences() -> None:
    assert tg.digamma(1.0) == pytest.approx(-EULER, rel=1e-14) == tg.psi(1.0)
    assert tg.digamma(0.5) == pytest.approx(-EULER - 2 * math.log(2), rel=1e-14)
    assert tg.polygamma(0, 0.5) == tg.digamma(0.5)
    assert tg.polygamma(1, 1.0) == pytest.approx(math.pi**2 / 6, rel=1e-14)
    assert tg.polygamma(1, 0.5) == pytest.approx(math.pi**2 / 2, rel=1e-14)
    assert tg.polygamma(2, 1.0) == pytest.approx(-2 * 1.2020569031595942854, rel=1e-14)
    for n in (0, 1, 2, 5):
        for x in (0.3, 3.5, 9.9, 40.0, -0.3, -4.4, -9.7):
            step = (-1) ** n * math.factorial(n) / x ** (n + 1)
            assert tg.polygamma(n, x + 1) - tg.polygamma(n, x) == pytest.approx(
                step, rel=1e-11, abs=1e-12 * abs(tg.polygamma(n, x))
            )
    with pytest.raises(ValueError, match="order 1, 2, ..., not -1"):
        tg.polygamma(-1, 1.0)
    assert tg.grad(lambda x: tg.polygamma(1, x))(1.0) == tg.polygamma(2, 1.0)


def test_beta_functions_lose_no_digits_where_one_number_is_large() -> None:
    for m, n in ((1, 1), (3, 4), (11, 2), (30, 30), (2, 60)):
        exact = math.factorial(m - 1) * math.factorial(n - 1) / math.factorial(m + n - 1)
        assert tg.beta(float(m), float(n)) == pytest.approx(exact, rel=1e-12)
    for a in (1e4, 1e10, 1e200):
        assert tg.betaln(a, 1.0) == pytest.approx(-math.log(a), rel=1e-13)
    assert np.isnan(tg.betaln(-1.0, 2.0))
    assert tg.multigammaln(3.0, 2) == pytest.approx(math.log(math.pi) / 2 + math.lgamma(3) + math.lgamma(2.5))
    with pytest.raises(ValueError, match="whole number d from 1 on, not 0"):
        tg.multigammaln(3.0, 0)


def test_the_error_function_and_the_normal_distribution_have_inverses() -> None:
    for x in (1e-300, 1e-9, 0.1, 0.4769, 0.4771, 1.0, 3.0, 5.0):
        assert tg.erfinv(math.erf(x)) == pytest.approx(x, rel=1e-15 / math.erfc(x) * 2)
        assert tg.erfinv(-math.erf(x)) == -tg.erfinv(math.erf(x))
        assert tg.erfc(x) == math.erfc(x)
    for x in (-37.0, -8.0, -1.0, 0.0, 2.0):
        assert tg.ndtri(tg.ndtr(x)) == pytest.approx(x, rel=1e-13, abs=1e-15)
        assert tg.log_ndtr(x) == pytest.approx(math.log(tg.ndtr(x)), rel=1e-13)
    assert tg.log_ndtr(-1e5) == pytest.approx(-5e9 - math.log(1e5) - math.log(2 * math.pi) / 2, rel=1e-15)
    assert tg.log_ndtr(20.0) == pytest.approx(-tg.ndtr(-20.0), rel=1e-12)
    assert [tg.ndtri(x) for x in (0.0, 1.0)] == [-np.inf, np.inf] == [tg.erfinv(x) for x in (-1.0, 1.0)]
    assert np.isnan([tg.ndtri(-0.1), tg.ndtri(1.1), tg.erfinv(1.1)]).all()
    assert type(tg.ndtri(np.zeros(0))) is np.ndarray


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_both_ways_to_a_derivative_of_log_ndtr_agree_where_they_meet(order: int) -> None:
    low, high = tg.log_ndtr(np.array([-9 - 1e-9, -9 + 1e-9]), order)
    assert low == pytest.approx(high, rel=3e-8)
    if order:  # the slope of the one below, far to the left
        assert tg.grad(lambda x: tg.log_ndtr(x, order - 1))(-50.0) == tg.log_ndtr(-50.0, order)
        h = 1e-3
        slope = (tg.log_ndtr(-50 + h, order - 1) - tg.log_ndtr(-50 - h, order - 1)) / (2 * h)
        assert tg.log_ndtr(-50.0, order) == pytest.approx(slope, rel=1e-5)


def test_logarithms_of_probabilities_at_their_ends() -> None:
    x = np.array([1e-300, 1e-9, 0.2, 0.4, 0.5, 0.7, 0.9])
    np.testing.assert_allclose(tg.sigmoid(tg.logit(x)), x, rtol=1e-13)
    assert tg.logit(0.5 + 2**-50) == 2.0**-48
    assert [tg.logit(p) for p in (0.0, 1.0)] == [-np.inf, np.inf]
    assert tg.xlog1py(0.0, -1.0) == 0 and tg.xlog1py(2.0, 1e-20) == 2e-20
    assert tg.entr(np.array([0.0, 0.5, -1.0])).tolist() == [0.0, 0.5 * math.log(2), -np.inf]
    assert tg.rel_entr(0.0, 0.5) == 0 and tg.rel_entr(0.5, 0.25) == 0.5 * math.log(2)
    with np.errstate(divide="ignore", invalid="ignore"):
        assert tg.grad(tg.entr)(0.5) == pytest.approx(math.log(2) - 1) and tg.grad(tg.entr)(0.0) == np.inf
        assert np.isnan(tg.grad(tg.logit)(1.5))
    assert tg.gradcheck(tg.rel_entr, np.array([0.2, 0.8]), np.array([0.5, 0.5]))
    assert tg.grad(tg.rel_entr, 1)(0.0, 0.5) == 0


def test_scipys_functions_with_names_of_losses_are_not_those_losses() -> None:
    x, y = np.array([0.2, 0.0, 0.8]), np.array([0.5, 0.3, 0.5])
    for name, args, expected in (
        ("special.kl_div", (x, y), [0.2 * math.log(0.4) + 0.3, 0.3, 0.8 * math.log(1.6) - 0.3]),
        ("special.huber", (0.5, np.array([0.3, -0.5, 2.0])), [0.045, 0.125, 0.875]),
        ("pseudo_huber", (0.5, np.array([0.0, 1.5, -1.5])), [0, *[0.25 * (math.sqrt(10) - 1)] * 2]),
    ):
        f = composed.find(name).public
        np.testing.assert_allclose(f(*args), expected, rtol=1e-14)
        inside = [np.where(a == 0, 0.1, a) for a in args]
        assert tg.gradcheck(lambda r: f(inside[0], r), inside[1] + 1e-2)  # noqa: B023


def test_the_eps_of_pytorchs_logit_is_written_with_clip() -> None:
    with pytest.raises(TypeError) as caught:
        tg.logit(Tensor(0.5), eps=1e-6)
    assert "Write logit(clip(x, eps, 1 - eps))." in caught.value.__notes__
    assert tg.logit(tg.clip(Tensor(0.0), 0.25, 0.75)).item() == pytest.approx(-math.log(3))


def test_bessel_functions_have_their_constants() -> None:
    assert tg.j0(1.0) == pytest.approx(0.76519768655796655145, rel=1e-14)
    assert tg.j1(1.0) == pytest.approx(0.44005058574493351596, rel=1e-14)
    assert tg.j0(10.0) == pytest.approx(-0.24593576445134833520, rel=1e-13)
    assert tg.i0(1.0) == pytest.approx(1.26606587775200833560, rel=1e-14) == np.i0(Tensor(1.0)).item()
    assert tg.i1(1.0) == pytest.approx(0.56515910399248502721, rel=1e-14)
    for x in (0.1, 5.0, 29.0, 31.0, 200.0):
        assert tg.i0(x) == pytest.approx(float(np.i0(x)), rel=1e-13)
        assert tg.i0e(x) == pytest.approx(float(np.i0(x)) * math.exp(-x), rel=1e-13)


@pytest.mark.parametrize("x", [-33.0, -3.0, 0.0, 1e-9, 0.5, 1.5, 4.0, 20.0, 29.9, 30.1])
def test_sums_of_squares_and_generating_functions_of_bessel_functions(x: float) -> None:
    orders = range(1, 60 if abs(x) > 10 else 30)
    assert tg.j0(x) ** 2 + 2 * sum(tg.jv(k, x) ** 2 for k in orders) == pytest.approx(1, abs=1e-13)
    total = tg.i0e(x) + sum(tg.ive(k, x) + tg.ive(-k, x) for k in orders)
    assert total == pytest.approx(1 if x >= 0 else math.exp(2 * x), abs=1e-13)  # e^x, times e^-|x|
    assert tg.jv(-3, x) == -tg.jv(3, x) and tg.j1(-x) == -tg.j1(x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_scaled_bessel_function_bends_at_0() -> None:
    assert tg.grad(tg.i0e)(0.0) == 0 and np.isnan(tg.grad(tg.grad(tg.i0e))(0.0))
    assert tg.grad(tg.i1e)(0.0) == 0.5 and np.isnan(tg.grad(tg.grad(tg.grad(tg.i1e)))(0.0))
    assert tg.grad(tg.grad(tg.i0))(0.0) == 0.5 and tg.grad(tg.grad(tg.grad(tg.i1)))(0.0) == 0.375
    assert tg.grad(tg.i0e)(1e15) == pytest.approx(-0.5 / 1e15 / math.sqrt(2 * math.pi * 1e15), rel=1e-12)


@pytest.mark.parametrize("name", ["gammaln", "digamma", "gamma", "erfc", "i0", "i1e", "j1", "ndtr", "log_ndtr"])
def test_gradients_of_large_and_negative_numbers_agree_with_differences(name: str) -> None:
    f: Any = getattr(tg, name)
    for x in (-35.3, -2.4, 12.5, 33.0):
        h = 1e-4
        low, high = f(x - h), f(x + h)
        if not np.isnan(low):
            assert tg.grad(f)(x) == pytest.approx((high - low) / (2 * h), rel=1e-5, abs=1e-9)
    assert f(Tensor([1.5, 2.5], dtype=np.float32)).dtype == np.float32
