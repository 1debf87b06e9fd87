"""Operations where something special happens: zeros, ties, constants, singular matrices, bends, the ends of a domain.

What is true there is found without any rule: by differences of values on both sides, and from polynomials written out.
A derivative that exists has to be right, or NaN; one that does not exist must not be a number, but for first
derivatives at a bend, where a convention between the slopes on both sides is documented.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor
from tinygrad_edu.numeric.op_examples import Example, examples
from tinygrad_edu.ops.composed import read_all

read_all()  # operations too that are read when one of their names is asked for
OWN = [op for op in tg.OPS.values() if op.function.__module__.startswith("tinygrad_edu.") and op.rules]
EXAMPLES = [pytest.param(e, id=f"{op.name}-{i}") for op in OWN for i, e in enumerate(examples(op))]

# LAPACK chooses the signs of these, and another one next to a matrix with zeros.
SIGNED = ("eigenvectors", "left_singular_vectors", "right_singular_vectors", "orthogonal_factor")


def special(x: np.ndarray) -> Iterator[np.ndarray]:
    """Points near an example's where something special happens."""
    yield np.zeros_like(x)
    yield np.ones_like(x)
    yield -np.ones_like(x)
    yield np.full_like(x, 0.5)  # all equal
    whole = np.round(x)
    yield whole  # with zeros and ties among them
    if x.size > 1:
        one = x.copy()
        one.flat[0] = 0
        yield one
        two = one.copy()
        two.flat[-1] = 0
        yield two
        two[...] = x
        two.flat[-1] = two.flat[0]  # a tie
        yield two
    if x.ndim > 1 and x.shape[-1] == x.shape[-2] > 1:
        singular = x.copy()
        singular[..., -1, :] = singular[..., 0, :]
        yield singular
        yield np.zeros_like(x) + np.eye(x.shape[-1])


def points(example: Example) -> Iterator[dict[str, Any]]:
    """The operands of an example, one of them special at a time, and all."""
    plain = {n: x for n, x in example.operands.items() if not isinstance(x, list)}
    choices = {n: list(special(x)) for n, x in plain.items()}
    for name, every in choices.items():
        for x in every:
            yield {**example.operands, name: x}
    for together in zip(*choices.values()):
        yield {**example.operands, **dict(zip(choices, together))}
    for name, listed in example.operands.items():
        if isinstance(listed, list):
            yield {**example.operands, name: [np.zeros_like(x) for x in listed]}


def flat(example: Example, operands: dict[str, Any]) -> tuple[list[Any], Any]:
    """The operands in one list, and the example as a function of such a list."""
    places = [(n, i) for n, x in operands.items() for i in (range(len(x)) if isinstance(x, list) else [None])]

    def call(given: list[Any]) -> Any:
        named: dict[str, Any] = {}
        for (n, i), x in zip(places, given):
            if i is None:
                named[n] = x
            else:
                named.setdefault(n, []).append(x)
        return example(**named)

    return [operands[n] if i is None else operands[n][i] for n, i in places], call


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_derivative_is_a_number_that_differences_deny(example: Example) -> None:
    seen = set()
    for operands in points(example):
        arrays, call = flat(example, operands)
        if (here := tuple(x.tobytes() for x in arrays)) in seen:  # an operand is special already
            continue
        seen.add(here)
        try:
            value = np.asarray(call(arrays))
        except (ValueError, np.linalg.LinAlgError):  # not in the domain
            continue
        if not (np.abs(value) < 1e10).all():  # infinite, or the inverse of what is singular but for rounding
            continue
        weights = np.random.default_rng(1).uniform(0.5, 1.5, value.shape)
        for k, x in enumerate(arrays):
            f = weighted(call if example.op.name not in SIGNED else squared(call), arrays, k, weights)
            check(f, x, f"{example.op.name}, operand {k} at {x.tolist()}")


def squared(call: Any) -> Any:
    """The squares of the results."""
    return lambda arrays: (z := call(arrays)) * z


def weighted(call: Any, arrays: list[Any], k: int, weights: Any) -> Any:
    """A number, as a function of operand ``k`` alone."""
    return lambda x: (call([*arrays[:k], x, *arrays[k + 1 :]]) * weights).sum()


def check(f: Any, x: np.ndarray, where: str) -> None:
    """The first and second derivatives of ``f`` along some directions, against differences on both sides."""
    try:
        (gradient,) = tg.vjp(f, x)[1](1.0)
    except np.linalg.LinAlgError:  # an error is no number
        return
    for u in directions(x):
        ours = float((gradient * u).sum())
        left, right = (slope(f, x, sign * u) * sign for sign in (-1, 1))
        if np.isfinite(ours) and np.isfinite(left) and np.isfinite(right):
            low, high = sorted((left, right))
            if high - low > 1e-3 * (1 + abs(low) + abs(high)):  # a bend: see what slopes there are around it
                around = [left, right, *nearby(f, x, u)]
                low, high = min(around), max(around)
            slack = 2e-3 * (1 + abs(low) + abs(high))
            assert low - slack <= ours <= high + slack, (where, "first", u.tolist(), ours, left, right)
        try:
            curved = float((tg.hvp(f, x, u) * u).sum())
        except np.linalg.LinAlgError:
            continue
        if np.isfinite(curved):
            assert curvature_is(f, x, u, curved), (where, "second", u.tolist(), curved)


def directions(x: np.ndarray) -> Iterator[np.ndarray]:
    """Along the first and the last coordinate, and along two pairs."""
    for i, j in dict.fromkeys([(0, 0), (x.size - 1, x.size - 1), (0, min(1, x.size - 1)), (0, x.size - 1)]):
        u = np.zeros(x.shape)
        u.flat[i] = 1
        u.flat[j] = 1
        yield u


def slope(f: Any, x: np.ndarray, u: np.ndarray) -> float:
    """The derivative on one side, extrapolated; NaN if there is none."""
    h, here = 1e-4, float(f(x))
    wide, narrow = (float(f(x + h * u) - here) / h for h in (h, h / 2))
    return 2 * narrow - wide if abs(narrow) < 1.2 * abs(wide) + 1e-6 else math.nan  # steeper and steeper


def nearby(f: Any, x: np.ndarray, u: np.ndarray) -> list[float]:
    """Slopes at points around."""
    rng, h = np.random.default_rng(2), 1e-8
    near = [x + 1e-5 * rng.normal(size=x.shape) for _ in range(24)]
    return [s for y in near if np.isfinite(s := float(f(y + h * u) - f(y)) / h)]


def curvature_is(f: Any, x: np.ndarray, u: np.ndarray, curved: float) -> bool:
    """Do second differences on the left, on the right and in the middle come to this, or to nothing?

    A difference is off by less than what it changes by when the step becomes shorter; at a bend it is off by more.
    """

    def differences(h: float) -> list[float]:
        v = [float(f(x + k * h * u)) for k in (-2, -1, 0, 1, 2)]
        return [(v[i] - 2 * v[i + 1] + v[i + 2]) / h**2 for i in range(3)]

    for wide, narrow in zip(differences(1e-3), differences(2.5e-4)):
        if np.isfinite(narrow) and abs(narrow - curved) > abs(wide - narrow) + 1e-3 * (1 + abs(curved)):
            return False
    return True


# Polynomials, written out in whole numbers: here everything exists, and is exact.


def products(x: np.ndarray, without: tuple[int, ...]) -> float:
    """The product of all numbers but some."""
    return float(math.prod(v for i, v in enumerate(x.tolist()) if i not in without))


VECTORS = [[2.0, 3.0, 0.0, 0.0], [2.0, 0.0, 5.0], [0.0, 0.0, 0.0, 0.0, 7.0], [0.0], [1.0, -2.0, 3.0, -1.0], [2.0, 0.0]]


@pytest.mark.parametrize("x", VECTORS, ids=str)
def test_products_with_zeros_have_all_their_derivatives(x: list[float]) -> None:
    a, n = np.array(x), len(x)
    gradient = [products(a, (i,)) for i in range(n)]
    hessian = [[products(a, (i, j)) if i != j else 0.0 for j in range(n)] for i in range(n)]
    third = [
        [[products(a, (i, j, k)) if len({i, j, k}) == 3 else 0.0 for k in range(n)] for j in range(n)] for i in range(n)
    ]
    for f in (np.prod, lambda x: np.cumprod(x)[-1], lambda x: np.prod(x.reshape(1, -1), axis=1)[0]):
        np.testing.assert_array_equal(tg.grad(f)(a), gradient)
        np.testing.assert_array_equal(tg.hessian(f)(a), hessian)
        np.testing.assert_array_equal(tg.jacobian(tg.hessian(f))(a), third)
        v = np.arange(1.0, n + 1)
        np.testing.assert_array_equal(tg.hvp(f, a, v), np.array(hessian) @ v)
        np.testing.assert_array_equal(tg.jacobian(tg.grad(f))(a), hessian)


def minor(a: np.ndarray, rows: Any, columns: Any) -> float:
    """The determinant of what is left without some rows and columns, by Laplace's expansion."""
    a = np.delete(np.delete(a, rows, 0), columns, 1)
    if not a.size:
        return 1.0
    return sum((-1.0) ** j * a[0, j] * minor(a, [0], [j]) for j in range(len(a)) if a[0, j])


MATRICES = {
    "rank 1": [[1.0, 2.0], [2.0, 4.0]],
    "zero": [[0.0, 0.0], [0.0, 0.0]],
    "rank 2 of 3": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [5.0, 7.0, 9.0]],
    "rank 1 of 3": [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [-1.0, -2.0, -3.0]],
    "rank 0 of 3": np.zeros((3, 3)),
    "regular": [[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]],
    "one number": [[3.0]],
    "one zero": [[0.0]],
    "rounded": [[0.1, 0.2], [0.3, 0.6]],
}


@pytest.mark.parametrize("a", MATRICES.values(), ids=MATRICES)
def test_a_determinant_has_all_its_derivatives(a: Any) -> None:
    a = np.array(a)
    n, cells = len(a), list(np.ndindex(a.shape))
    gradient = np.array([[(-1.0) ** (i + j) * minor(a, [i], [j]) for j in range(n)] for i in range(n)])
    np.testing.assert_allclose(tg.grad(np.linalg.det)(a), gradient, atol=1e-12)
    hessian = np.zeros((n, n, n, n))
    for (i, j), (k, m) in itertools.product(cells, cells):
        if i != k and j != m:
            sign = (-1.0) ** (i + j + k + m) * (-1.0) ** ((k > i) + (m > j))
            hessian[i, j, k, m] = sign * minor(a, [i, k], [j, m])
    np.testing.assert_allclose(tg.hessian(np.linalg.det)(a), hessian, atol=1e-12)
    pair = np.stack([a, 2 * a])
    np.testing.assert_allclose(
        tg.grad(lambda x: np.linalg.det(x).sum())(pair), [gradient, 2.0 ** (n - 1) * gradient], atol=1e-12
    )


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
def test_powers_of_zero(n: int) -> None:
    """x^n is a polynomial: its k-th derivative at 0 is n! if k = n, and 0 otherwise; the exponent may be a tensor."""
    for f in (lambda x: x**n, lambda x: x ** float(n), lambda x: x ** tg.Tensor(float(n)), lambda x: x ** np.array(n)):
        derivative: Any = f
        for k in range(5):
            found = derivative(tg.Tensor(0.0))
            assert float(getattr(found, "data", found)) == (math.factorial(n) if k == n else 0.0), (n, k)
            derivative = tg.grad(derivative)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_zero_to_a_power_is_one_function_of_the_power() -> None:
    f = lambda y: np.power(0.0, y)  # noqa: E731
    assert f(2.0) == 0.0 and tg.grad(f)(2.0) == 0.0 and tg.grad(tg.grad(f))(2.0) == 0.0
    assert tg.grad(tg.grad(tg.grad(f)))(0.5) == 0.0
    assert not np.isfinite(tg.grad(f)(0.0))  # 0^0 is 1, and 0 for every larger exponent
    both = tg.hessian(lambda v: v[0] ** v[1])
    np.testing.assert_allclose(both([0.0, 3.0]), [[0, 0], [0, 0]])
    np.testing.assert_allclose(both([0.0, 2.0]), [[2, 0], [0, 0]])
    np.testing.assert_allclose(both([2.0, 0.0]), [[0, 0.5], [0.5, np.log(2) ** 2]], atol=1e-15)
    np.testing.assert_allclose(both([2.0, 3.0]), [[12, 4 + 12 * np.log(2)], [4 + 12 * np.log(2), 8 * np.log(2) ** 2]])


# Where no second derivative exists, there is no number.

NOWHERE: dict[str, Any] = {
    "norm": (np.linalg.norm, [0.0, 0.0]),
    "norm of rows": (lambda x: np.linalg.norm(x.reshape(2, 2), axis=1).sum(), [0.0, 0.0, 3.0, 4.0]),
    "std": (np.std, [2.0, 2.0, 2.0]),
    "hypot": (lambda x: np.hypot(x[0], x[1]), [0.0, 0.0]),
    "absolute": (lambda x: np.abs(x).sum(), [0.0]),
    "sqrt of a square": (lambda x: np.sqrt(x**2).sum(), [0.0]),
    "max": (np.max, [1.0, 1.0]),
    "min": (np.min, [1.0, 1.0]),
    "maximum": (lambda x: np.maximum(x[0], x[1]), [2.0, 2.0]),
    "minimum": (lambda x: np.minimum(x[0], 2.0), [2.0]),
    "clip": (lambda x: np.clip(x, -1.0, 1.0).sum(), [1.0]),
    "relu": (lambda x: tg.relu(x).sum(), [0.0]),
    "relu squared": (lambda x: (tg.relu(x) ** 2).sum(), [0.0]),
    "leaky_relu": (lambda x: tg.leaky_relu(x).sum(), [0.0]),
    "elu": (lambda x: tg.elu(x).sum(), [0.0]),
    "sort": (lambda x: np.sort(x)[0], [1.0, 1.0]),
    "hinge": (lambda x: tg.hinge(x, np.ones(1)), [1.0]),
    "a pool": (lambda x: tg.max_pool2d(x.reshape(1, 1, 2, 2)).sum(), [1.0, 1.0, 0.0, 0.0]),
    "x |x|": (lambda x: (x * np.abs(x)).sum(), [0.0]),
    "of small numbers": (lambda x: (np.abs(1e-19 * x) / 1e-19).sum(), [0.0]),
    "of large numbers": (lambda x: 1e15 * np.maximum(1e-15 * x, 0).sum(), [0.0]),
    "three that are equal, of which two stay so": (lambda x: np.max(np.stack([x[0], 0 * x[0], x[0]])), [0.0]),
}


@pytest.mark.parametrize("f, x", NOWHERE.values(), ids=NOWHERE)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_where_there_is_no_second_derivative_there_is_no_number(f: Any, x: Any) -> None:
    for second in (tg.hessian(f)(x), tg.hvp(f, np.array(x), np.ones(len(x))), tg.jacobian(tg.grad(f))(x)):
        assert not np.isfinite(second).all()
    beside = np.array(x) + 1e-3 * np.arange(1, len(x) + 1) ** 2
    assert np.isfinite(tg.hessian(f)(beside)).all()


def test_of_equal_extremes_none_is_left_out() -> None:
    for f in (np.max, np.min, lambda x: tg.max_pool2d(x.reshape(1, 1, 1, 3), (1, 3)).sum()):
        assert np.isnan(tg.hessian(f)(np.ones(3))).all()
    assert tg.hessian(lambda x: np.max(np.stack([x, x, x])))(0.0) == 0.0  # they stay equal


@pytest.mark.parametrize("axis", [None, 0])
@pytest.mark.parametrize("dtype, scale", [(np.float32, 1e30), (np.float32, 1e-30), (float, 1e200), (float, 1e-200)])
def test_a_deviation_of_any_size_has_its_slope(dtype: Any, scale: float, axis: Any) -> None:
    x = np.array([0, scale], dtype)
    np.testing.assert_allclose(tg.grad(lambda x: np.std(x, axis=axis).sum())(x), [-0.5, 0.5])
    np.testing.assert_allclose(np.std(Tensor(x), axis=axis).data, scale / 2, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_equal_numbers_do_not_deviate_though_their_mean_is_rounded() -> None:
    x = np.array([0.1, 0.1, 0.1])
    assert np.std(Tensor(x)).data == 0.0 and (tg.grad(np.std)(x) == 0).all()
    assert tg.grad(lambda c: np.std(x + c))(0.0) == 0.0
    assert np.isnan(tg.hessian(lambda x: np.std(x))(x)).all()


def test_bounds_that_leave_no_room_pass_nothing_on() -> None:
    f = lambda x: np.clip(x, [1.0, 0.0, 3.0], [1.0, 2.0, 2.0]).sum()  # noqa: E731
    assert tg.grad(f)(np.ones(3)).tolist() == [0.0, 1.0, 0.0]
    assert (tg.hessian(f)(np.ones(3)) == 0).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_negative_base_has_no_derivative_by_its_exponent() -> None:
    for y in (0.0, 2.0):
        (xx, xy), (yx, yy) = tg.hessian(lambda v: v[0] ** v[1])([-2.0, y])
        assert xx == y and np.isnan([xy, yx, yy]).all()


def test_a_class_that_is_ruled_out_counts_nothing() -> None:
    logits = Tensor([1.0, -np.inf, 1.0])
    loss = tg.cross_entropy(logits, np.array(0))
    loss.backward()
    np.testing.assert_allclose(loss.data, np.log(2))
    np.testing.assert_allclose(logits.grad, [-0.5, 0, 0.5])
    assert tg.cross_entropy(logits, np.array(1)).data == np.inf


@pytest.mark.parametrize("shapes", [((2, 2, 3), (0, 3)), ((2, 2, 0), (3, 0)), ((0, 2, 3), (4, 3))])
def test_a_layer_of_nothing_has_a_gradient(shapes: Any) -> None:
    x, W = map(np.ones, shapes)
    assert tg.grad(lambda W: tg.linear(x, W).sum())(W).tolist() == np.zeros(shapes[1]).tolist()


MIXED: dict[str, Any] = {  # times another number: by it and by what bends there is no second derivative either
    "absolute": lambda x: np.abs(x[0]),
    "relu": lambda x: tg.relu(x[0]),
    "leaky_relu": lambda x: tg.leaky_relu(x[0]),
    "elu": lambda x: tg.elu(x[0], 2.0),
    "clip": lambda x: np.clip(x[0], 0.0, 1.0),
    "maximum": lambda x: np.maximum(x[0], x[1]),
    "minimum": lambda x: np.minimum(x[0], x[1]),
    "max": np.max,
    "min": np.min,
    "sort": lambda x: np.sort(x)[0],
    "norm": np.linalg.norm,
    "std": np.std,
    "hypot": lambda x: np.hypot(x[0], x[1]),
    "a pool": lambda x: tg.max_pool2d(x.reshape(1, 1, 1, 2), (1, 2)).sum(),
}


@pytest.mark.parametrize("f", MIXED.values(), ids=MIXED)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_mixed_second_derivative_at_a_bend_is_no_number(f: Any) -> None:
    found = tg.hessian(lambda x: x[2] * f(x[:2]))([0.0, 0.0, 1.5])
    assert np.isnan(found[2, 0]) and np.isnan(found[0, 2]) and found[2, 2] == 0
    product = tg.hvp(lambda x: x[2] * f(x[:2]), np.array([0.0, 0.0, 1.5]), np.array([0.0, 0.0, 1.0]))
    assert np.isnan(product[0])
    assert np.isfinite(tg.grad(lambda x: x[2] * f(x[:2]))([0.0, 0.0, 1.5])).all()  # of first order it is a convention


def test_elu_has_a_slope_everywhere() -> None:
    (_, mixed), _ = tg.hessian(lambda x: x[1] * tg.elu(x[0]))([0.0, 1.5])
    assert mixed == 1.0


# Squares of what has a bend: the second derivative exists, so it is right or unknown.

SQUARES: dict[str, Any] = {
    "norm": (lambda x: np.linalg.norm(x) ** 2, [0.0, 0.0], 2 * np.eye(2)),
    "std": (lambda x: np.std(x) ** 2, [1.0, 1.0], [[0.5, -0.5], [-0.5, 0.5]]),
    "absolute": (lambda x: (np.abs(x) ** 2).sum(), [0.0], [[2.0]]),
    "max of x and -x": (lambda x: np.max(np.stack([x[0], -x[0]])) ** 2, [0.0], [[2.0]]),
    "maximum of x and -x": (lambda x: np.maximum(x, -x).sum() ** 2, [0.0], [[2.0]]),
    "relu": (lambda x: (tg.relu(x) ** 3).sum(), [0.0], [[0.0]]),
}


@pytest.mark.parametrize("f, x, truth", SQUARES.values(), ids=SQUARES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_exists_is_right_or_unknown(f: Any, x: Any, truth: Any) -> None:
    found = tg.hessian(f)(x)
    assert np.isnan(found).any() or np.allclose(found, truth)


def test_a_maximum_of_a_value_and_itself_has_no_bend() -> None:
    assert tg.grad(lambda x: np.maximum(x, x))(1.0) == 1.0 and tg.grad(tg.grad(lambda x: np.maximum(x, x)))(1.0) == 0.0


# A layer that is off, and data that are 0, take part in no second derivative.


def test_ties_of_units_that_are_off_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    image, w = rng.normal(size=(1, 1, 5, 5)), rng.normal(size=(2, 1, 2, 2)) - 1.0

    def loss(w: Any) -> Any:  # after relu many windows hold zeros alone, which tie
        pooled = tg.max_pool2d(tg.relu(tg.conv2d(image, w)), 2)
        return (pooled**2).sum()

    assert (tg.max_pool2d(tg.relu(tg.conv2d(image, w)), 2) == 0).any()
    found = tg.hessian(loss)(w)
    assert np.isfinite(found).all()
    step = 1e-4
    u = rng.normal(size=w.shape)
    expected = (tg.grad(loss)(w + step * u) - tg.grad(loss)(w - step * u)) / (2 * step)
    np.testing.assert_allclose(np.tensordot(found, u, 4), expected, atol=1e-6)
    np.testing.assert_allclose(tg.hvp(loss, w, u), expected, atol=1e-6)


def test_an_example_that_is_0_does_not_matter() -> None:
    X, W = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[0.5, -1.0], [0.25, 1.0]])
    found = tg.hessian(lambda W: (tg.relu(X @ W) ** 2).sum())(W)
    assert np.isfinite(found).all()
    on = (X[:1] @ W > 0)[0]
    np.testing.assert_allclose(found[:, 0, :, 0], 2 * np.outer(X[0], X[0]) * on[0])
    np.testing.assert_allclose(found[:, 1, :, 1], 2 * np.outer(X[0], X[0]) * on[1])


# Numbers that are far from 1: a rule overflows no sooner than the derivative itself.

LARGE_AND_SMALL = [1e-30, -1e-30, 1e-15, 1.0, -1.0, 1e15, 1e30, -1e30]
SAWTEETH = ("remainder", "fmod")  # between two large numbers they jump so often that a difference tells nothing
ELEMENTWISE = [op for op in OWN if op.elementwise and set(op.names) == set(op.rules) and op.name not in SAWTEETH]


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_rule_in_float32_is_right_wherever_the_derivative_is_a_number_of_float32(op: Any) -> None:
    """The truth is a difference of values in float64, where 1e30 is not far from 1."""
    small, large = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
    for point in itertools.product(LARGE_AND_SMALL, repeat=len(op.names)):
        x32 = [np.float32(v) for v in point]
        x = [np.float64(v) for v in x32]
        value = op.public(*x)
        if not abs(value) < large:
            continue
        for k in range(len(point)):
            found = float(tg.grad(op.public, k)(*x32))
            truth = steady_slope(op.public, x, k)
            if truth is None:
                continue
            if abs(truth) > large:
                assert np.isinf(found) and np.sign(found) == np.sign(truth), (op.name, point, k, found, truth)
            elif abs(truth) < small:
                assert abs(found) <= 2 * small, (op.name, point, k, found, truth)
            else:
                assert found == pytest.approx(truth, rel=2e-3), (op.name, point, k)


def steady_slope(f: Any, x: list[Any], k: int) -> float | None:
    """A central difference, if it says the same for steps of two lengths, and is not lost in rounding."""

    def difference(step: float) -> tuple[float, float]:
        h = step * abs(x[k])
        high, low = (float(f(*x[:k], x[k] + sign * h, *x[k + 1 :])) for sign in (1, -1))
        lost = np.finfo(float).eps * max(abs(high), abs(low)) / h
        return (high - low) / (2 * h), lost

    (wide, _), (narrow, lost) = difference(2e-4), difference(1e-4)
    steady = np.isfinite(narrow) and abs(wide - narrow) <= 1e-3 * abs(narrow) and lost <= 1e-4 * abs(narrow)
    return narrow if steady else None


@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e150, 1e-160])
def test_norms_and_their_slopes_overflow_no_sooner_than_their_values(scale: float) -> None:
    x = scale * np.array([3.0, -4.0])
    for f in (np.linalg.norm, lambda x: np.hypot(x[0], x[1])):
        assert f(tg.Tensor(x)).item() == pytest.approx(5 * scale)
        np.testing.assert_allclose(tg.grad(f)(x), [0.6, -0.8])
    assert tg.grad(np.arcsinh)(scale) == pytest.approx(1 / scale if scale > 1 else 1.0)
    assert np.linalg.norm(tg.Tensor(np.array([np.inf, 1.0]))).item() == np.inf
    assert np.linalg.norm(tg.Tensor(np.array([3e30, 4e30], np.float32))).item() == pytest.approx(5e30)


def test_float16_adds_up_in_more_digits() -> None:
    x = tg.Tensor(np.ones(100_000, np.float16))
    assert np.mean(x).item() == 1.0
    for f in (np.mean, np.max, np.min):
        x.zero_grad()
        f(x).backward()
        assert x.grad.dtype == np.float16
        assert x.grad.astype(float).sum() == pytest.approx(1.0, rel=0.01)


# A bend at which both sides stay together to second order is none.

TOGETHER: dict[str, Any] = {
    "copies": (lambda x: np.max(np.concatenate([x, x * 1.0])) ** 2, [1.0, 3.0], [[0, 0], [0, 2]]),
    "a value and its absolute value": (lambda x: np.maximum(x, np.abs(x)).sum() ** 2, [2.0], [[2]]),
    "nothing less nothing": (lambda x: np.maximum(x - x, 0.0).sum() + (x * x).sum(), [1.0], [[2]]),
    "the variance of a number": (lambda x: np.abs(np.var(x[0])) + x[0] ** 2, [3.0], [[2]]),
    "the deviation of a number": (lambda x: np.std(x[0]) + x[0] ** 2, [3.0], [[2]]),
    "copies, sorted": (
        lambda x: (np.sort(np.concatenate([x, x])) ** 2 * np.arange(4.0)).sum(),
        [1.0, 2.0],
        [[2, 0], [0, 10]],
    ),
    "a cube": (lambda x: np.abs(x**3).sum(), [0.0], [[0]]),
}
APART: dict[str, Any] = {
    "a square": (lambda x: np.abs(x**2).sum(), [0.0]),
    "two parabolas": (lambda x: np.maximum(x**2, 2 * x**2).sum(), [0.0]),
    "a tangent": (lambda x: np.maximum(x, x + x**2).sum(), [0.0]),
    "a variance": (lambda x: tg.relu(np.var(x)), [1.0, 1.0]),
    "sorted parabolas": (lambda x: (np.sort(np.concatenate([x, x + x**2])) * np.arange(2.0)).sum(), [0.0]),
    "a pool": (lambda x: tg.max_pool2d(np.stack([x, x + x**2, x, x]).reshape(1, 1, 2, 2)).sum(), 0.0),
}


@pytest.mark.parametrize("f, x, truth", TOGETHER.values(), ids=TOGETHER)
def test_a_bend_that_stays_together_is_none(f: Any, x: Any, truth: Any) -> None:
    np.testing.assert_allclose(tg.hessian(f)(x), truth, atol=1e-12)
    v = np.arange(1.0, len(x) + 1)
    np.testing.assert_allclose(tg.hvp(f, x, v), np.array(truth) @ v, atol=1e-12)


@pytest.mark.parametrize("f, x", APART.values(), ids=APART)
def test_a_bend_that_comes_apart_at_second_order_is_one(f: Any, x: Any) -> None:
    assert np.isnan(tg.hessian(f)(x)).any()


def test_of_two_bends_only_the_real_one_is_unknown() -> None:
    found = tg.hessian(lambda x: np.maximum(np.stack([x[0], x[1]]), np.stack([x[0], 0 * x[1]])).sum())([1.0, 0.0])
    np.testing.assert_array_equal(found, [[0, 0], [0, np.nan]])
