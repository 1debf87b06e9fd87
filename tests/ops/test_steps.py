"""Functions that jump: what is left of a division, what is rounded, and what becomes another dtype."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round", "sign"])
def test_no_gradient_flows_through_a_step(name: str) -> None:
    x = Tensor([1.5, -2.5])
    stepped = getattr(np, name)(x)
    np.testing.assert_array_equal(stepped.data, getattr(np, name)(x.data))
    assert not stepped.requires_grad
    (x * stepped).sum().backward()
    np.testing.assert_array_equal(x.grad, stepped.data)


def test_what_is_left_of_a_division_jumps_at_the_multiples() -> None:
    for f, whole in ((np.mod, math.floor), (np.fmod, math.trunc)):
        for x, y in ((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0)):
            assert f(Tensor(x), y).item() == f(x, y)
            assert tg.grad(lambda x, y: f(x, y), 0)(x, y) == 1  # noqa: B023
            assert tg.grad(lambda x, y: f(x, y), 1)(x, y) == -whole(x / y)  # noqa: B023
        assert tg.grad(lambda x: f(x, 2.0))(4.0) == 1 and np.isnan(tg.grad(tg.grad(lambda x: f(x, 2.0)))(4.0))  # noqa: B023
        assert tg.grad(tg.grad(lambda x: f(x, 2.0) ** 2))(4.5) == 2  # noqa: B023
    assert tg.grad(tg.grad(lambda x: np.fmod(x, 2.0)))(0.0) == 0  # fmod does not jump there
    assert np.isnan(tg.grad(tg.grad(lambda x: np.remainder(x, 2.0)))(0.0))


@pytest.mark.parametrize("dtype", [np.float32, "float32", np.dtype(np.float16)])
def test_a_gradient_comes_back_in_the_dtype_that_the_numbers_had(dtype: Any) -> None:
    x = Tensor(np.array([1.0, 2.0]))
    y = x.astype(dtype)
    assert y.dtype == np.dtype(dtype)
    seen = []
    y.register_hook(lambda g: seen.append(g.dtype))
    (y * y).sum().backward()
    assert seen == [np.dtype(dtype)] and x.grad.dtype == np.float64 and x.grad.tolist() == [2.0, 4.0]
    assert tg.hessian(lambda x: (x.astype(dtype) ** 2).sum())(np.array([1.0, 2.0])).tolist() == [[2, 0], [0, 2]]


def test_whole_numbers_and_truth_values_are_plain_arrays() -> None:
    x = Tensor([1.7, 0.0])
    for dtype in (int, bool, np.int8):
        plain = np.astype(x, dtype)
        assert type(plain) is np.ndarray
        np.testing.assert_array_equal(plain, x.data.astype(dtype))
        assert plain.dtype == np.dtype(dtype)
    with pytest.raises(TypeError, match="astype makes no complex128 of real numbers"):
        x.astype(complex)


def test_a_division_that_is_rounded_is_written_with_floor_divide() -> None:
    with pytest.raises(TypeError) as caught:
        Tensor(3.0).div(2.0, rounding_mode="floor")
    assert "Write floor_divide(x, y) for 'floor', and trunc(x / y) for 'trunc'." in caught.value.__notes__
