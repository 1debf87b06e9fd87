"""autograd's order of arguments: the same numbers as the functions of derivatives.py give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygrad_edu import grad, hessian, hessian_vector_product, jacobian, make_hvp, make_jvp, make_vjp

X, V, C = np.array([0.5, -1.0]), np.array([1.0, 2.0]), np.array([3.0, -1.0])


def f(x: Any, y: Any, power: int = 2) -> Any:
    return np.sin(x) * y**power


def number(x: Any, y: Any) -> Any:
    return (x**3).sum() * y


def test_a_vjp_and_the_value() -> None:
    pullback, value = make_vjp(f)(X, 2.0)
    np.testing.assert_array_equal(value, f(X, 2.0))
    np.testing.assert_allclose(pullback(C), C @ jacobian(f)(X, 2.0))
    both, _ = make_vjp(f, (1, 0))(X, 2.0, power=3)
    for found, argnum in zip(both(C), (1, 0)):
        np.testing.assert_allclose(found, C @ jacobian(f, argnum)(X, 2.0, 3))


def test_a_jvp() -> None:
    value, tangent = make_jvp(f, argnum=0)(X, 2.0)(V)
    np.testing.assert_array_equal(value, f(X, 2.0))
    np.testing.assert_allclose(tangent, jacobian(f)(X, 2.0) @ V)
    _, tangent = make_jvp(f, (0, -1))(X, 2.0)((V, 1.0))
    np.testing.assert_allclose(tangent, jacobian(f)(X, 2.0) @ V + jacobian(f, 1)(X, 2.0))


def test_products_with_the_hessian() -> None:
    product, gradient = make_hvp(number)(X, 2.0)
    np.testing.assert_allclose(gradient, grad(number)(X, 2.0))
    np.testing.assert_allclose(product(V), hessian(number)(X, 2.0) @ V)
    np.testing.assert_allclose(hessian_vector_product(number)(X, 2.0, V), hessian(number)(X, 2.0) @ V)
    np.testing.assert_allclose(hessian_vector_product(number, 1)(X, 2.0, 1.0), 0.0)
    np.testing.assert_allclose(make_vjp(lambda p: p["x"] ** 2)({"x": X})[0](C)["x"], 2 * X * C)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: make_vjp(f, 5)(X, 2.0), IndexError, ["f was called with 2 arguments", "argnums=5"]),
        (lambda: make_vjp(f, "x")(X, 2.0), TypeError, ["argnums is the number"]),
        (lambda: make_jvp(f, strict=True), TypeError, ["make_jvp takes no strict"]),
        (lambda: make_vjp(lambda x: None)(X), TypeError, ["<lambda> returned NoneType"]),
        (lambda: hessian_vector_product(number)(X), TypeError, ["there is no v"]),
    ],
)
def test_an_error_says_what_to_write(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call()
    text = str(caught.value) + "".join(caught.value.__notes__)
    assert all(word in text for word in words), text
