"""What where, an index, maximum or a mask did not choose has gradient 0, however steep it is; and nothing else has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor
from tinygrad_edu.stepping import Stepper

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, in the branch that is not chosen

NAN = float("nan")
P = [1.0, 0.0, -1.0]
ROWS = [[3.0, 4.0], [0.0, 0.0]]

# A function, a point, the gradient and the diagonal of the Hessian there.
PROGRAMS: dict[str, Any] = {
    "log": (lambda x: np.where(x > 0, np.log(x), 0.0).sum(), P, [1, 0, 0], [-1, 0, 0]),
    "sqrt": (lambda x: np.where(x > 0, np.sqrt(x), 0.0).sum(), P, [0.5, 0, 0], [-0.25, 0, 0]),
    "1/x": (lambda x: np.where(x != 0, 1 / x, 0.0).sum(), P, [-1, 0, -1], [2, 0, -2]),
    "x log x": (lambda x: np.where(x > 0, x * np.log(x), 0.0).sum(), P, [1, 0, 0], [1, 0, 0]),
    "exp that overflows": (lambda x: np.where(x < 9, np.exp(x), x).sum(), [0.0, 1000.0], [1, 1], [1, 0]),
    "arccos": (lambda x: np.where(np.abs(x) < 1, np.arccos(x), 0.0).sum(), P, [0, -1, 0], [0, 0, 0]),
    "a power": (lambda x: np.where(x > 0, x**0.5, 0.0).sum(), P, [0.5, 0, 0], [-0.25, 0, 0]),
    "the other branch": (lambda x: np.where(x <= 0, x, np.log(x)).sum(), P, [1, 1, 1], [-1, 0, 0]),
    "one in another": (
        lambda x: np.where(x > 0, np.where(x > 1, np.log(x - 1), np.log(x)), 0.0).sum(),
        [1.0, 2.0, 0.0],
        [1, 1, 0],
        [-1, -1, 0],
    ),
    "what is used twice": (lambda x: (np.where(x > 0, np.log(x), 0.0) + 3 * x).sum(), P, [4, 3, 3], [-1, 0, 0]),
    "behind other operations": (
        lambda x: np.where(x > 0, 2 * np.tanh(np.log(x)), 0.0).sum(),
        P,
        [2, 0, 0],
        [-2, 0, 0],
    ),
    "a number for all": (lambda x: np.where([False, False], np.log(x[0]), x[0] ** 2).sum(), [0.0], [0], [4]),
    "a norm": (lambda x: np.where(np.array(False), np.sqrt((x * x).sum()), 0.0), [0.0, 0.0], [0, 0], [0, 0]),
    "norms of rows": (
        lambda x: np.where(np.array([True, False]), np.sqrt((x * x).sum(1)), 0.0).sum(),
        ROWS,
        [[0.6, 0.8], [0, 0]],
        [[0.128, 0.072], [0, 0]],
    ),
    "norms of rows that are 0": (
        lambda x: np.where((x.data if isinstance(x, Tensor) else x).any(1), np.linalg.norm(x, axis=1), 0.0).sum(),
        ROWS,
        [[0.6, 0.8], [0, 0]],
        [[0.128, 0.072], [0, 0]],
    ),
    "maximum": (lambda x: np.maximum(np.sqrt(x), 1.0).sum(), [0.0, 4.0], [0, 0.25], [0, -1 / 32]),
    "minimum": (lambda x: np.minimum(1 / x, 2.0).sum(), [0.0, 1.0], [0, -1], [0, 2]),
    "clip": (lambda x: np.clip(np.sqrt(x), 0.5, 9).sum(), [0.0, 4.0], [0, 0.25], [0, -1 / 32]),
    "relu": (lambda x: tg.relu(np.log(x)).sum(), [0.0, 2.0], [0, 0.5], [0, -0.25]),
    "max": (lambda x: np.max(np.sqrt(x)), [0.0, 4.0], [0, 0.25], [0, -1 / 32]),
    "min of rows": (
        lambda x: np.min(np.sqrt(x) + np.array([[5.0, 0.0]]), axis=1).sum(),
        [[0.0, 4.0]],
        [[0, 0.25]],
        [[0, -1 / 32]],
    ),
    "a pool": (
        lambda x: tg.max_pool2d(np.sqrt(x).reshape(1, 1, 2, 2)).sum(),
        [0.0, 4.0, 1.0, 0.0],
        [0, 0.25, 0, 0],
        [0, -1 / 32, 0, 0],
    ),
    "an index": (lambda x: np.log(x)[np.array([0])].sum(), P, [1, 0, 0], [-1, 0, 0]),
    "a mask as an index": (lambda x: np.log(x)[np.array([True, False, False])].sum(), P, [1, 0, 0], [-1, 0, 0]),
    "a slice": (lambda x: np.sqrt(x)[1:].sum(), [0.0, 4.0], [0, 0.25], [0, -1 / 32]),
    "take": (lambda x: np.take(np.sqrt(x), [1]).sum(), [0.0, 4.0], [0, 0.25], [0, -1 / 32]),
    "a factor 0": (lambda x: (np.array([0.0, 1.0]) * np.sqrt(x)).sum(), [0.0, 4.0], [0, 0.25], [0, -1 / 32]),
    "a triangle": (
        lambda x: np.tril(np.sqrt(x)).sum(),
        [[4.0, 0.0], [1.0, 4.0]],
        [[0.25, 0], [0.5, 0.25]],
        [[-1 / 32, 0], [-0.25, -1 / 32]],
    ),
}


@pytest.mark.parametrize("f, x, gradient, curvature", PROGRAMS.values(), ids=PROGRAMS)
def test_its_gradient_is_zero(f: Any, x: Any, gradient: Any, curvature: Any) -> None:
    t = Tensor(x, "x")
    loss = f(t)
    assert np.isfinite(loss.data)
    loss.backward()
    np.testing.assert_allclose(t.grad, gradient, atol=1e-12)
    (recorded,) = tg.gradients(f(t), [t], differentiable=True)
    np.testing.assert_allclose(recorded.data, gradient, atol=1e-12)
    hessian = tg.hessian(f)(x)
    np.testing.assert_allclose(np.diag(hessian.reshape(t.size, t.size)).reshape(t.shape), curvature, atol=1e-12)
    v = np.arange(1.0, t.size + 1).reshape(t.shape)
    np.testing.assert_allclose(tg.hvp(f, x, v), np.tensordot(hessian, v, t.ndim), atol=1e-12)
    np.testing.assert_allclose(tg.jvp(f, [x], [v])[1], (np.array(gradient) * v).sum(), atol=1e-12)
    *_, last = (step for step in tg.sweep(loss) if step.tensor.node is t.node)
    np.testing.assert_allclose(last.gradient, gradient, atol=1e-12)
    stepper = Stepper(loss)
    stepper.jump(stepper.last)
    np.testing.assert_allclose(stepper.gradient("x"), gradient, atol=1e-12)
    stepper.jump(stepper.start)
    stepper.jump(stepper.last)
    np.testing.assert_allclose(stepper.gradient("x"), gradient, atol=1e-12)


# Nothing is left out here: what floating point makes of it stays.
UNKNOWN: dict[str, Any] = {
    "a factor that is 0 here only": (lambda x: (np.sqrt(x) ** 2).sum(), [0.0, 4.0], [NAN, 1]),
    "a factor of the program's": (lambda x: (x * np.sqrt(x)).sum(), [0.0, 4.0], [NAN, 3]),
    "what is chosen": (lambda x: np.where(x >= 0, np.sqrt(x) ** 2, 0.0).sum(), [0.0, 4.0], [NAN, 1]),
    "a choice that cancels": (lambda x: (np.sqrt(x) - np.sqrt(x)).sum(), [0.0, 4.0], [NAN, 0]),
    "the seed of a path": (lambda x: ((x > 9) * 1.0 + np.sqrt(x) ** 2).sum(), [0.0, 4.0], [NAN, 1]),
    "a tie": (lambda x: np.max(np.sqrt(x) ** 2), [0.0, 0.0], [NAN, NAN]),
    "a bend": (lambda x: tg.relu(np.sqrt(x)).sum(), [0.0, 4.0], [NAN, 0.25]),
}


@pytest.mark.parametrize("f, x, gradient", UNKNOWN.values(), ids=UNKNOWN)
def test_what_counts_stays_nan(f: Any, x: Any, gradient: Any) -> None:
    t = Tensor(x)
    f(t).backward()
    np.testing.assert_allclose(t.grad, gradient)


def test_a_slope_that_is_infinite_stays_infinite() -> None:
    x = Tensor([0.0, 4.0])
    np.where(x >= 0, np.sqrt(x), 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [np.inf, 0.25])


def test_a_seed_of_zero_multiplies_nothing() -> None:
    np.testing.assert_array_equal(tg.jacobian(np.sqrt)([0.0, 4.0]), [[np.inf, 0], [0, 0.25]])
    x = Tensor([0.0, 4.0])
    np.sqrt(x).backward([0.0, 1.0])
    np.testing.assert_array_equal(x.grad, [0.0, 0.25])
    y = Tensor([0.0, 1.0], "v")  # a cotangent that may be differentiated by counts everywhere
    (g,) = tg.gradients(np.sqrt(x), [x], y, differentiable=True)
    assert np.isnan(g.data[0])


def test_the_usual_sweep_is_run_once_and_changes_nothing() -> None:
    seen: list[Any] = []
    x = Tensor([1.0, 2.0])
    h = x * 2
    h.register_hook(seen.append)
    np.where(h > 3, np.log(h), h).sum().backward()
    assert len(seen) == 1
    np.testing.assert_array_equal(x.grad, [2.0, 0.5])


def test_who_watches_for_nan_hears_of_none() -> None:
    x = Tensor([0.0, 4.0])
    loss = np.where(x > 0, np.sqrt(x), 0.0).sum()
    with tg.trace_nan():
        loss.backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.25])
    with pytest.raises(FloatingPointError, match="sqrt passes to x"), tg.trace_nan():
        np.sqrt(x).sum().backward()


def test_random_programs_agree_with_those_that_compute_the_branch_alone() -> None:
    """Each element by itself, through the branch that it takes, is a program without where."""
    rng = np.random.default_rng(0)
    steep = [np.log, np.sqrt, lambda x: 1 / x, lambda x: x**-0.5, lambda x: np.log(x) * np.sqrt(x)]
    smooth = [np.tanh, lambda x: x * x, lambda x: 3 * x, np.sin, lambda x: np.exp(-x)]
    for _ in range(100):
        x = rng.choice([-1.0, 0.0, 0.5, 2.0], 6)
        f, g, h = (fs[rng.integers(5)] for fs in (steep, smooth, smooth))
        found = tg.grad(lambda x: h(np.where(x > 0, f(x), g(x))).sum())(x)  # noqa: B023
        expected = [tg.grad(lambda x: h(f(x)) if v > 0 else h(g(x)))(v) for v in x]  # noqa: B023
        np.testing.assert_allclose(found, expected)


def test_a_bend_is_not_left_out_where_another_element_is() -> None:
    """relu has slope 0 at 0 by a convention, which says nothing about what the result depends on."""
    f = lambda x: tg.relu(x[0]) + np.where(x[1] > 0.5, np.log(x[1]), x[0])  # noqa: E731
    found = tg.hessian(f)([0.0, 0.0])
    assert np.isnan(found[0, 0]) and found[0, 1] == found[1, 0] == found[1, 1] == 0


# Forward mode says the same as reverse mode.

BOTH: dict[str, Any] = {  # a function, a point, a tangent, and what comes out; NaN where reverse mode has no number
    "0 times infinity, of a dot product": (lambda x: np.sqrt(x) @ np.sqrt(x), [0.0, 4.0], [1.0, 1.0], np.nan),
    "of a softmax": (lambda p: tg.softmax(np.log(p))[0], [1.0, 0.0], [0.0, 1.0], np.nan),
    "of a norm": (lambda x: np.linalg.norm(np.sqrt(x)), [0.0, 0.0], [1.0, 0.0], np.nan),
    "at a bend": (lambda x: tg.relu(np.sqrt(x)).sum(), [0.0], [1.0], np.nan),
    "a clip before": (lambda x: np.arccos(np.clip(x, -1, 1)).sum(), [1.5, 0.0], [1.0, 2.0], -2.0),
    "a relu before": (lambda x: np.sqrt(tg.relu(x)).sum(), [-1.0, 4.0], [1.0, 2.0], 0.5),
    "a maximum before": (lambda x: np.log(np.maximum(x, 0)).max(), [-1.0, 4.0], [1.0, 2.0], 0.5),
    "a row of zeros": (lambda x: (np.sqrt(x) @ np.array([[0.0], [1.0]])).sum(), [0.0, 4.0], [1.0, 2.0], 0.5),
    "a tangent of 0": (lambda x: np.sqrt(x).sum(), [0.0, 4.0], [0.0, 2.0], 0.5),
}  # fmt: skip


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_forward_mode_leaves_out_what_reverse_mode_does(name: str) -> None:
    f, x, v, expected = BOTH[name]
    found = tg.jvp(f, [np.array(x)], [np.array(v)])[1]
    np.testing.assert_allclose(found, expected)
    columns = tg.jacobian(lambda x: np.stack([f(x)] * (len(x) + 1)))(np.array(x))  # which are fewer than the rows
    reverse = tg.grad(f)(np.array(x))
    np.testing.assert_allclose(columns, np.broadcast_to(reverse, columns.shape))
