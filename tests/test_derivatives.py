"""The transforms, against closed forms and against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import Tensor, grad, gradcheck, gradients, hessian, hvp, jacobian, jvp, sigmoid, softmax, vjp

RNG = np.random.default_rng(0)
A = RNG.normal(size=(3, 3))


def quadratic(x: Any) -> Any:
    return x @ (A @ x) / 2


def wavy(x: Any) -> Any:
    return (tg.sin(x) * tg.exp(x / 3)).sum() + (x * x).sum() ** 2


def test_grad_and_value() -> None:
    x = RNG.normal(size=3)
    np.testing.assert_allclose(grad(quadratic)(x), (A + A.T) @ x / 2)
    value, g = tg.value_and_grad(quadratic)(x)
    assert value == pytest.approx(x @ A @ x / 2)
    np.testing.assert_allclose(g, (A + A.T) @ x / 2)


def test_grad_of_several_arguments() -> None:
    gx, gy = grad(lambda x, y: (x * y**2).sum(), argnums=(0, 1))([1.0, 2.0], [3.0, 4.0])
    np.testing.assert_array_equal(gx, [9.0, 16.0])
    np.testing.assert_array_equal(gy, [6.0, 16.0])
    assert grad(lambda x, y: x * y, argnums=-1)(3.0, 5.0) == 3.0


def test_arguments_are_named_as_the_function_names_them() -> None:
    names: list[Any] = []
    grad(lambda W, x: names.extend([W.name]) or (W * x).sum())([1.0], [2.0])
    assert names == ["W"]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_derivatives_of_any_order(order: int) -> None:
    f: Any = lambda x: x**5  # noqa: E731
    for _ in range(order):
        f = grad(f)
    falling = np.prod([5 - i for i in range(order)])
    assert f(2.0) == pytest.approx(falling * 2.0 ** (5 - order))


def test_an_inner_gradient_inside_an_outer_one() -> None:
    # d/dx [x * d/dy (x y^2) at y=3] = d/dx [x * 6x] = 12x: perturbation confusion (Siskind and Pearlmutter 2005)
    assert grad(lambda x: x * grad(lambda y: x * y**2)(3.0))(2.0) == 24.0
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0) == 1.0
    assert grad(lambda x: grad(lambda y: x * y * y)(x))(3.0) == 12.0


def test_the_softmax_jacobian() -> None:
    s = RNG.normal(size=4)
    z = softmax(s)
    np.testing.assert_allclose(jacobian(softmax)(s), np.diag(z) - np.outer(z, z), atol=1e-15)


def test_jacobian_by_rows_and_by_columns() -> None:
    W = RNG.normal(size=(5, 2))
    tall, wide = lambda x: sigmoid(W @ x), lambda x: sigmoid(W.T @ x)
    x, y = RNG.normal(size=2), RNG.normal(size=5)
    a = sigmoid(W @ x)
    np.testing.assert_allclose(jacobian(tall)(x), (a * (1 - a))[:, None] * W)
    b = sigmoid(W.T @ y)
    np.testing.assert_allclose(jacobian(wide)(y), (b * (1 - b))[:, None] * W.T)
    assert jacobian(lambda X: X @ X.mT)(np.ones((2, 3))).shape == (2, 2, 2, 3)


def test_hessian_and_its_products() -> None:
    x, v = RNG.normal(size=3), RNG.normal(size=3)
    np.testing.assert_allclose(hessian(quadratic)(x), (A + A.T) / 2, atol=1e-14)
    np.testing.assert_allclose(hvp(wavy, x, v), hessian(wavy)(x) @ v)
    np.testing.assert_allclose(hessian(wavy)(x), hessian(wavy)(x).T)


def test_vjp_and_jvp_are_transposes() -> None:
    W = RNG.normal(size=(4, 3))
    f = lambda x: tg.tanh(W @ x) * (x @ x)  # noqa: E731
    x, t, c = RNG.normal(size=3), RNG.normal(size=3), RNG.normal(size=4)
    value, pullback = vjp(f, x)
    same, tangent = jvp(f, [x], [t])
    np.testing.assert_array_equal(value, same)
    assert pullback(c)[0] @ t == pytest.approx(c @ tangent)


def test_jvp_through_everything_that_is_not_elementwise() -> None:
    def f(X: Any, y: Any) -> Any:
        Z = tg.concatenate([X @ X.mT, tg.stack([y, y])], axis=1)
        return tg.logsumexp(Z[:, 1:] * 2, axis=1).cumsum() + tg.solve(X @ X.mT + 3 * np.eye(2), y)

    assert gradcheck(f, RNG.normal(size=(2, 3)), RNG.normal(size=2))


def test_forward_over_forward_and_reverse_over_forward() -> None:
    f = lambda x: x**3  # noqa: E731
    assert jvp(lambda x: jvp(f, [x], [1.0])[1], [2.0], [1.0])[1] == 12.0
    assert grad(lambda x: jvp(f, [x], [1.0])[1])(2.0) == 12.0


def test_gradients_of_what_is_not_a_leaf_and_of_what_is_not_reached() -> None:
    x, other = Tensor([1.0, 2.0]), Tensor(np.ones((2, 2)))
    h = x * x
    gh, gx, go = gradients((h * 3).sum(), [h, x, other])
    np.testing.assert_array_equal(gh, [3.0, 3.0])
    np.testing.assert_array_equal(gx, [6.0, 12.0])
    np.testing.assert_array_equal(go, np.zeros((2, 2)))


def test_differentiable_gradients_are_tensors_and_record() -> None:
    x = Tensor(2.0)
    (g,) = gradients(x**3, [x], differentiable=True)
    assert isinstance(g, Tensor) and g.requires_grad
    g.backward()
    assert x.grad == 12.0


def test_newtons_method_on_a_small_loss() -> None:
    x = np.array([1.0, -0.5, 2.0])
    f = lambda x: (x**4).sum() / 4 + quadratic(x) + (x @ x)  # noqa: E731
    for _ in range(30):
        x = x - np.linalg.solve(hessian(f)(x) + np.eye(3) * 1e-9, grad(f)(x))
    np.testing.assert_allclose(grad(f)(x), 0, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 4))
def test_random_programs_pass_gradcheck(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    choices = [
        tg.tanh,
        tg.sigmoid,
        tg.sin,
        lambda x: x * x,
        lambda x: x - x.mean(),
        lambda x: tg.softmax(x),
        lambda x: x / 2,
        tg.silu,
    ]
    picked = [choices[i] for i in rng.integers(0, len(choices), 5)]

    def f(W: Any, x: Any) -> Any:
        v = W @ x
        for g in picked:
            v = g(v) + v * 0.5
        return v

    assert gradcheck(f, rng.normal(size=(n, m)), rng.normal(size=m))


def test_gradcheck_finds_a_function_that_is_not_the_same_twice() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(AssertionError, match="^values: f"):
        gradcheck(lambda x: (tg.dropout(x, 0.5, rng) * np.arange(1.0, 9.0)).sum(), np.ones(8))


def test_gradcheck_finds_a_wrong_second_derivative() -> None:
    @tg.elementwise(x=lambda g, z: g * z.data if isinstance(z, Tensor) else g * z)
    def cut_exp(x: Any) -> Any:
        """An exponential whose rule cuts the record."""
        return np.exp(x)

    try:
        assert gradcheck(cut_exp, [0.5], order=1)
        with pytest.raises(
            AssertionError, match="^second order: the second derivative by x at \\[0\\] is 0 by the rules and "
        ):
            gradcheck(cut_exp, [0.5])
    finally:
        del tg.OPS["cut_exp"]


# Where the textbook's formula fails.


def test_stable_at_the_extremes() -> None:
    x = Tensor([-1000.0, 1000.0, 0.0])
    z = sigmoid(x)
    assert z.data.tolist() == [0.0, 1.0, 0.5]
    z.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.25]
    assert tg.log_sigmoid(np.array([-1000.0, 1000.0])).tolist() == [-1000.0, 0.0]
    assert grad(lambda x: tg.log_sigmoid(x))(-1000.0) == 1.0
    assert tg.logsumexp(np.array([1000.0, 1000.0])) == pytest.approx(1000 + np.log(2))
    assert tg.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    assert tg.softplus(np.array([1000.0, -1000.0])).tolist() == [1000.0, 0.0]
    loss, g = tg.value_and_grad(lambda s: tg.cross_entropy(s, 1))(np.array([1000.0, -1000.0]))
    assert loss == 2000.0 and g.tolist() == [1.0, -1.0]
    assert tg.binary_cross_entropy_with_logits(np.array([800.0, -800.0]), np.array([0.0, 1.0])) == 800.0
    assert sigmoid(np.float64(-40.0)) == pytest.approx(np.exp(-40.0), rel=1e-14)


def test_the_gradient_of_a_norm_at_zero_is_zero() -> None:
    assert grad(lambda x: tg.norm(x))(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    assert grad(lambda x: x.std())(np.ones(3)).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero")
@pytest.mark.parametrize("name", ["log", "log2", "log10", "log1p", "sqrt", "arcsin", "arccosh", "arctanh"])
def test_there_is_no_finite_gradient_where_a_function_is_not_defined(name: str) -> None:
    assert not np.isfinite(grad(getattr(tg, name))(-2.0))


def test_ties_share_the_gradient() -> None:
    assert grad(lambda x: x.max())([3.0, 1.0, 3.0]).tolist() == [0.5, 0.0, 0.5]
    assert grad(lambda x: tg.maximum(x, 2.0).sum())([2.0, 3.0]).tolist() == [0.5, 1.0]
    assert grad(lambda x: tg.relu(x).sum())([0.0, 1.0]).tolist() == [0.0, 1.0]


def test_products_with_zeros_among_the_factors() -> None:
    assert grad(lambda x: x.prod())([2.0, 0.0, 3.0]).tolist() == [0.0, 6.0, 0.0]
    assert grad(lambda x: x.prod())([0.0, 0.0, 3.0]).tolist() == [0.0, 0.0, 0.0]


def test_powers_at_zero() -> None:
    assert grad(lambda x: x**0)(0.0) == 0.0
    assert grad(lambda x: x**1)(0.0) == 1.0
    assert grad(lambda x: x**2)(0.0) == 0.0
    assert grad(lambda y: 0.0**y)(2.0) == 0.0
    assert grad(lambda x: x**3)(-2.0) == 12.0


def test_cross_entropy_of_labels_and_of_distributions() -> None:
    s, labels = RNG.normal(size=(4, 3)), np.array([0, 2, 1, 2])
    assert tg.cross_entropy(s, labels) == pytest.approx(tg.cross_entropy(s, tg.one_hot(labels, 3)))
    y = RNG.uniform(size=(4, 3))  # rows that do not sum to one
    np.testing.assert_allclose(
        grad(lambda s: tg.cross_entropy(s, y, reduction="sum"))(s), softmax(s) * y.sum(1, keepdims=True) - y
    )


@pytest.mark.filterwarnings("ignore:invalid value")
def test_the_mean_of_nothing_is_nan_and_its_sum_is_zero() -> None:
    nothing = np.zeros((0, 3))
    assert np.isnan(Tensor(nothing).mean().data) and np.isnan(tg.mse(nothing, nothing))
    assert tg.cross_entropy(nothing, np.zeros(0, int), reduction="sum") == 0.0
    assert np.isnan(tg.cross_entropy(nothing, np.zeros(0, int)))
    assert grad(lambda x: tg.mse(x, nothing, reduction="sum"))(nothing).shape == (0, 3)


# What does not depend on its arguments has derivatives 0, as in JAX, whatever it is made of.


CONSTANTS: dict[str, Any] = {
    "sign": np.sign,
    "a constant": lambda x: tg.constant([1.0, 2.0]),
    "of another tensor": lambda x: OUTSIDE * 2,
    "a recorded constant": lambda x: tg.constant([1.0, 2.0]) * 2,
    "without a gradient": lambda x: x.detach() * 2,
    "an array": lambda x: np.ones(2),
    "truth values": lambda x: x > 0,
    "whole numbers": lambda x: np.argsort(x),
}
OUTSIDE = Tensor([1.0, 2.0])
PLAIN = ("an array", "truth values", "whole numbers")


@pytest.mark.parametrize("name", CONSTANTS)
def test_the_derivatives_of_a_constant_are_zero(name: str) -> None:
    f, x, v = CONSTANTS[name], np.array([3.0, -4.0]), np.array([1.0, 2.0])
    number = lambda x: f(x)[0] + 0.0  # noqa: E731
    with pytest.warns(UserWarning, match="does not depend on its arguments") if name in PLAIN else nothing():
        found = {
            "grad": grad(number)(x),
            "value_and_grad": tg.value_and_grad(number)(x)[1],
            "vjp": vjp(f, x)[1](v)[0],
            "jvp": jvp(f, [x], [v])[1],
            "jacobian": jacobian(f)(x),
            "hessian": hessian(number)(x),
            "hvp": hvp(number, x, v),
            "grad of grad": grad(lambda x: grad(number)(x).sum() if isinstance(grad(number)(x), Tensor) else 0.0)(x),
        }
    for transform, zero in found.items():
        zero = zero.data if isinstance(zero, Tensor) else zero  # recorded, for it came of tensors from outside
        np.testing.assert_array_equal(zero, np.zeros((2, 2) if transform in ("jacobian", "hessian") else 2), transform)


def nothing() -> Any:
    import contextlib

    return contextlib.nullcontext()


def test_a_value_taken_out_is_warned_of_on_the_users_line() -> None:
    with pytest.warns(UserWarning, match="f returned float, .*Was a value taken out on the way") as caught:

        def f(x: Any) -> float:
            return float(x.item() ** 2)

        assert grad(f)(3.0) == 0.0
    assert caught[0].filename == __file__


def test_a_constant_is_checked_as_any_other_result_is() -> None:
    with pytest.raises(ValueError, match="single number"):
        grad(lambda x: tg.constant([1.0, 2.0]))(1.0)
    with pytest.raises(ValueError, match="of shape"):
        vjp(np.sign, np.ones(2))[1](np.ones(3))
    with pytest.raises(TypeError, match="returned NoneType"):
        grad(lambda x: None)(1.0)


# The ways in which transforms are called.

CUBE: Any = lambda x: (x**3).sum()  # noqa: E731
TWO: Any = lambda x, y: (x**3).sum() * y  # noqa: E731
MAKERS = [tg.grad, tg.value_and_grad, tg.jacobian, tg.jacfwd, tg.jacrev, tg.hessian, tg.elementwise_grad]
each_maker = pytest.mark.parametrize("make", MAKERS, ids=[make.__name__ for make in MAKERS])


def equal(a: Any, b: Any) -> None:
    assert type(a) is type(b)
    if isinstance(a, (tuple, dict)):
        assert len(a) == len(b)
        for x, y in zip(*((c.values() if isinstance(c, dict) else c) for c in (a, b))):
            equal(x, y)
    else:
        np.testing.assert_array_equal(a, b)


@each_maker
def test_a_function_and_a_point_at_once(make: Any) -> None:
    x = np.array([1.0, 2.0])
    equal(make(CUBE, x), make(CUBE)(x))
    equal(make(CUBE, [1.0, 2.0]), make(CUBE)(x))
    equal(make(CUBE, 2.0), make(CUBE)(2.0))
    equal(make(TWO, (x, 2.0)), make(TWO, (0, 1))(x, 2.0))
    equal(make(lambda p: CUBE(p["x"]), {"x": x}), make(lambda p: CUBE(p["x"]))({"x": x}))


@each_maker
def test_the_numbers_of_arguments(make: Any) -> None:
    x = np.array([1.0, 2.0])
    both = make(TWO, (0, 1))(x, 2.0)
    equal(make(TWO, argnums=[0, 1])(x, 2.0), both)
    equal(make(TWO, argnums=(-2, -1))(x, 2.0), both)
    equal(make(TWO, range(2))(x, 2.0), both)
    equal(make(TWO, argnum=1)(x, 2.0), make(TWO, np.int64(-1))(x, 2.0))
    equal(make(TWO)(x=x, y=2.0), make(TWO)(x, 2.0))
    equal(make(TWO, 1)(y=2.0, x=x), make(TWO, 1)(x, y=2.0))
    for wrong in (np.array([0, 1]), 1.0, True, (0, 1.0), (), "x", None):
        with pytest.raises(TypeError, match="argnums is the number of an argument"):
            make(TWO, argnums=wrong)(x, 2.0)


def test_an_argument_that_is_differentiated_twice() -> None:
    found = grad(lambda x: x**2, (0, -1))(3.0)
    assert found == (6.0, 6.0) and not any(isinstance(g, Tensor) for g in found)


def test_a_hessian_of_several_arguments_is_a_tuple_of_tuples() -> None:
    x = np.array([1.0, 2.0])
    (xx, xy), (yx, yy) = hessian(TWO, (0, 1))(x, 2.0)
    np.testing.assert_array_equal(xx, np.diag(12 * x))
    np.testing.assert_array_equal(xy, 3 * x**2)
    np.testing.assert_array_equal(yx, 3 * x**2)
    assert yy == 0.0


def test_a_product_with_the_hessian_in_each_style() -> None:
    x, v = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    np.testing.assert_array_equal(hvp(CUBE, x, v), 6 * x * v)
    np.testing.assert_array_equal(hvp(CUBE)(x, v), 6 * x * v)
    hx, hy = hvp(TWO, (x, 2.0), (v, 1.0))
    np.testing.assert_array_equal(hx, 12 * x * v + 3 * x**2)
    assert hy == (3 * x**2 * v).sum()
    for call in (lambda: hvp(CUBE, x), lambda: hvp(CUBE)(x)):
        with pytest.raises(TypeError, match="there is no v"):
            call()


def test_a_tangent_of_one_array() -> None:
    value, tangent = jvp(CUBE, np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    assert (value, tangent) == (9.0, 3.0)
    assert jvp(TWO, (2.0, 3.0), (1.0, 1.0)) == (24.0, 44.0)
    for primals, tangents in (([1.0], 1.0), (1.0, [1.0]), ([1.0], [1.0, 2.0])):
        with pytest.raises(TypeError, match="as many tangents"):
            jvp(CUBE, primals, tangents)


def test_a_value_that_is_handed_on() -> None:
    f = lambda x: (x**2, {"x": x, "name": "f", "twice": 2 * x})  # noqa: E731
    g, aux = grad(f, has_aux=True)(3.0)
    assert g == 6.0 and aux == {"x": 3.0, "name": "f", "twice": 6.0} and not isinstance(aux["x"], Tensor)
    assert tg.grad_and_aux(f)(3.0) == (g, aux)
    assert tg.value_and_grad(f, has_aux=True)(3.0) == ((9.0, aux), 6.0)
    for make in (jacobian, tg.jacfwd, tg.jacrev):
        assert make(f, has_aux=True)(3.0) == (6.0, aux)
    assert hessian(f, has_aux=True)(3.0) == (2.0, aux)
    value, pullback, kept = vjp(f, 3.0, has_aux=True)
    assert value == 9.0 and kept == aux and pullback(1.0) == (6.0,)
    x = Tensor(3.0)
    assert grad(f, has_aux=True)(x)[1]["twice"].requires_grad
    for wrong in (lambda x: x, lambda x: (x, x, x), lambda x: None):
        with pytest.raises(TypeError, match="has to return a pair"):
            grad(wrong, has_aux=True)(1.0)


def test_the_derivative_at_each_element() -> None:
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(tg.elementwise_grad(np.square)(x), 2 * x)
    np.testing.assert_array_equal(tg.elementwise_grad(tg.elementwise_grad(lambda x: x**3))(x), 6 * x)
    np.testing.assert_allclose(tg.elementwise_grad(tg.tanh)(x), 1 - np.tanh(x) ** 2)


@pytest.mark.parametrize("shapes", [((3,), ()), ((), (2, 3)), ((2, 2), (0,)), ((0,), (0,)), ((4,), (2,))])
def test_by_rows_and_by_columns_the_jacobian_is_the_same(shapes: Any) -> None:
    x, y = RNG.normal(size=shapes[0]), RNG.normal(size=shapes[1])
    f = lambda x, y: np.sin(x).reshape(-1, 1) * (y * y).reshape(1, -1) * x.sum()  # noqa: E731
    for a, b, c in zip(*(make(f, (0, 1))(x, y) for make in (tg.jacfwd, tg.jacrev, jacobian))):
        assert a.shape == (x.size, y.size, *(x, y)[len(a.shape) == 2 + y.ndim and a.shape[2:] == y.shape].shape)
        np.testing.assert_allclose(a, b, atol=1e-14)
        np.testing.assert_allclose(b, c, atol=1e-14)


@pytest.mark.parametrize("inner", [tg.jacfwd, tg.jacrev])
@pytest.mark.parametrize("outer", [tg.jacfwd, tg.jacrev])
def test_jacobians_of_jacobians(inner: Any, outer: Any) -> None:
    np.testing.assert_allclose(outer(inner(wavy))(np.array([0.5, 1.0, -1.0])), hessian(wavy)([0.5, 1.0, -1.0]))
    assert np.isnan(outer(inner(lambda x: abs(x)))(0.0))  # a second derivative at a bend is no convention


# What cannot be called so.


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: grad(Tensor(1.0, "loss"), Tensor(1.0)), TypeError, ["takes a function", "gradients(loss, [W])[0]"]),
        (lambda: grad(), TypeError, ["grad takes a function, not NoneType"]),
        (lambda: grad(3.0), TypeError, ["grad takes a function, not float"]),
        (lambda: hvp(3.0, 1.0, 1.0), TypeError, ["hvp takes a function"]),
        (lambda: jacobian(TWO, 1.0, 2.0), TypeError, ["argnums=(0, 1))(x, y)"]),
        (lambda: jacobian(CUBE, create_graph=True), TypeError, ["takes no create_graph", "Leave it out", "has_aux"]),
        (lambda: grad(CUBE, 0, False, 1, 2), TypeError, ["grad was called with 5 arguments by position"]),
        (lambda: hessian(CUBE, nonsense=1), TypeError, ["hessian takes no nonsense", "f, argnums and has_aux"]),
        (lambda: vjp(CUBE, 1.0, strict=True), TypeError, ["vjp takes no strict"]),
        (lambda: jvp(CUBE, 1.0, 1.0, strict=True), TypeError, ["jvp takes no strict"]),
        (lambda: hvp(CUBE, 1.0, 1.0, strict=True), TypeError, ["hvp takes no strict"]),
        (lambda: grad(CUBE, 0, argnum=1), TypeError, ["argnums twice"]),
        (lambda: grad(CUBE)(), IndexError, ["0 arguments", "(x)"]),
        (lambda: grad(CUBE, 2)(1.0), IndexError, ["argnums=2", "grad(f)(2.0)"]),
        (lambda: grad(lambda *, W: W)(W=1.0), IndexError, ["W=", "leave the name out"]),
        (lambda: vjp(CUBE, 1.0, 2.0), TypeError, ["takes 1 argument, x, and was called with 2", "vjp(f, x)[1](c)"]),
        (lambda: grad(lambda x: (x, x))(1.0), TypeError, ["a tuple with 2 parts", "has_aux=True", "[0]", "stack"]),
        (lambda: grad(lambda x: [x])(1.0), TypeError, ["a list with 1 part", "jacobian"]),
        (lambda: grad(lambda x: {"loss": x})(1.0), TypeError, ["a dict with 1 part", "['loss']"]),
        (lambda: grad(lambda x: None)(1.0), TypeError, ["returned NoneType", "return loss"]),
        (lambda: grad(CUBE)(None), TypeError, []),
    ],
)  # fmt: skip
def test_an_error_says_what_to_write(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call()
    text = str(caught.value) + "".join(caught.value.__notes__)
    assert all(word in text for word in words), text
    assert "test_derivatives.py" in text
