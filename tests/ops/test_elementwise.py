"""NumPy's and PyTorch's functions of one, two or three numbers, compared with NumPy and with differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor

X, Y = np.array([0.3, -1.2, 2.5]), np.array([1.1, 0.4, -0.7])
UFUNCS: dict[str, Any] = {
    "deg2rad": (X,), "radians": (X,), "rad2deg": (X,), "degrees": (X,), "cbrt": (X,), "sinc": (X,), "fabs": (X,),
    "real": (X,), "conj": (X,), "nan_to_num": (X,), "float_power": (abs(X), Y), "copysign": (X, Y), "fmax": (X, Y),
    "logaddexp2": (X, Y), "arctan2": (X, Y), "fmin": (X, Y), "heaviside": (X, Y), "true_divide": (X, Y), "fmod": (X, Y),
}  # fmt: skip


@pytest.mark.parametrize("name", UFUNCS)
def test_values_are_those_of_numpy_and_gradients_those_of_differences(name: str) -> None:
    f, args = getattr(np, name), UFUNCS[name]
    found = f(*map(Tensor, args))
    np.testing.assert_allclose(np.asarray(getattr(found, "data", found)), f(*args), rtol=1e-14)
    if found.requires_grad:
        assert tg.gradcheck(f, *args)
        assert f(*(Tensor(x, dtype=np.float32) for x in args)).dtype == f(*(x.astype(np.float32) for x in args)).dtype
    else:
        assert name == "heaviside"


def test_pytorchs_functions_of_numbers_have_their_values() -> None:
    x, y, z = Tensor(abs(X)), Tensor(Y), Tensor(Y + 3)
    np.testing.assert_allclose(tg.rsqrt(x).data, 1 / np.sqrt(abs(X)))
    np.testing.assert_allclose(tg.frac(y * 3).data, np.fmod(3 * Y, 1))
    np.testing.assert_allclose(tg.lerp(x, y, 0.25).data, 0.75 * abs(X) + 0.25 * Y)
    np.testing.assert_allclose(tg.addcmul(x, tensor1=y, tensor2=z, value=2).data, abs(X) + 2 * Y * (Y + 3))
    np.testing.assert_allclose(tg.addcdiv(x, y, z).data, abs(X) + Y / (Y + 3))
    np.testing.assert_allclose(tg.clamp_min(y, 0).data, np.maximum(Y, 0))
    np.testing.assert_allclose(tg.clamp_max(y, 0).data, np.minimum(Y, 0))
    np.testing.assert_allclose(tg.rsub(x, 1).data, 1 - abs(X))
    assert tg.deg2rad([180.0]).tolist() == [np.pi]


def test_what_is_not_a_number_is_replaced_and_gets_no_gradient() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 2.0])
    for options in ({}, {"nan": 3.0, "posinf": 4.0, "neginf": -4.0}):
        t = Tensor(x)
        z = np.nan_to_num(t, **options)
        np.testing.assert_array_equal(z.data, np.nan_to_num(x, **options))
        (z * z).sum().backward() if options else z[3].backward()
        np.testing.assert_array_equal(t.grad, [0, 0, 0, 4.0 if options else 1.0])
    assert np.nan_to_num(Tensor(x, dtype=np.float32)).dtype == np.float32


def test_the_other_number_receives_the_gradient_where_one_is_missing() -> None:
    for f in (np.fmax, np.fmin):
        x, y = Tensor([np.nan, 1.0, 2.0]), Tensor([1.0, np.nan, 2.0])
        f(x, y).sum().backward()
        assert x.grad.tolist() == [0.0, 1.0, 0.5] and y.grad.tolist() == [1.0, 0.0, 0.5]


def test_sinc_has_all_its_derivatives_at_0_and_near_it() -> None:
    derivative: Any = np.sinc
    expected = [1, 0, -(np.pi**2) / 3, 0, np.pi**4 / 5, 0, -(np.pi**6) / 7]
    for n in range(7):
        found = derivative(Tensor(0.0))
        assert float(getattr(found, "data", found)) == pytest.approx(expected[n], abs=1e-12)
        derivative = tg.grad(derivative)
    for order in (1, 2, 3, 5):  # both ways to compute it agree where they meet
        meet = (2 + order) / np.pi
        low, high = tg.sinc_derivative(np.array([meet - 1e-13, meet + 1e-13]), order)
        assert low == pytest.approx(high, rel=1e-11)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_angle_has_no_derivative_at_the_origin_and_no_jump_in_it_elsewhere() -> None:
    assert np.isnan(tg.grad(np.arctan2)(0.0, 0.0))
    assert tg.grad(np.arctan2)(0.0, -2.0) == -0.5
    assert tg.grad(np.arctan2)(1e200, 1e200) == pytest.approx(5e-201)


def test_a_step_passes_nothing_on_but_to_its_value_at_0() -> None:
    y = Tensor([0.5, 0.5, 0.5])
    x = Tensor([-1.0, 0.0, 1.0])
    z = np.heaviside(x, y)
    assert z.data.tolist() == [0.0, 0.5, 1.0]
    z.sum().backward()
    assert y.grad.tolist() == [0.0, 1.0, 0.0]
    assert np.isnan(np.heaviside(Tensor(np.nan), 0.5))
