"""Activations that are made of operations: each against a definition in NumPy, its derivatives against differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.ops.composed import activations  # other tests declare an operation of their own called swish

X = np.random.default_rng(2).normal(size=(3, 4)) * 2


def bent_elu(x: Any, alpha: float) -> Any:
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


# The call, the definition, and where the derivative jumps: at first order, or else at second.
CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[float, ...], tuple[float, ...]]] = {
    "softsign": (tg.softsign, lambda x: x / (1 + np.abs(x)), (), (0,)),
    "hardtanh": (tg.hardtanh, lambda x: np.clip(x, -1, 1), (-1, 1), ()),
    "hardtanh of bounds": (lambda x: tg.hardtanh(x, -2.0, max_val=0.5), lambda x: np.clip(x, -2, 0.5), (-2, 0.5), ()),
    "relu6": (tg.relu6, lambda x: np.clip(x, 0, 6), (0, 6), ()),
    "hardsigmoid": (tg.hardsigmoid, lambda x: np.clip((x + 3) / 6, 0, 1), (-3, 3), ()),
    "hardswish": (tg.hardswish, lambda x: x * np.clip((x + 3) / 6, 0, 1), (-3, 3), ()),
    "selu": (tg.selu, lambda x: 1.0507009873554805 * bent_elu(x, 1.6732632423543772), (0,), ()),
    "celu": (lambda x: tg.celu(x, alpha=0.5), lambda x: np.where(x > 0, x, 0.5 * (np.exp(x / 0.5) - 1)), (), (0,)),
    "mish": (tg.mish, lambda x: x * np.tanh(np.log(1 + np.exp(x))), (), ()),
    "gelu by tanh": (
        lambda x: tg.gelu(x, approximate="tanh"),
        lambda x: x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
        (),
        (),
    ),
    "softplus": (lambda x: tg.softplus(x, 2.0), lambda x: np.log(1 + np.exp(2 * x)) / 2, (), ()),
    "softplus below a threshold": (
        lambda x: tg.softplus(x, 2.0, threshold=1.0),
        lambda x: np.where(2 * x > 1, x, np.log(1 + np.exp(2 * x)) / 2),
        (),
        (),
    ),
    "swish": (activations.swish, lambda x: x * sigmoid(x), (), ()),
    "swish of a slope": (lambda x: activations.swish(x, beta=2.0), lambda x: x * sigmoid(2 * x), (), ()),
    "tanhshrink": (tg.tanhshrink, lambda x: x - np.tanh(x), (), ()),
    "softshrink": (lambda x: tg.softshrink(x, 1.0), lambda x: np.sign(x) * np.maximum(np.abs(x) - 1, 0), (-1, 1), ()),
    "prelu": (lambda x: tg.prelu(x, 0.3), lambda x: np.where(x > 0, x, 0.3 * x), (0,), ()),
    "rrelu": (tg.rrelu, lambda x: np.where(x > 0, x, 11 / 48 * x), (0,), ()),
    "glu": (lambda x: tg.glu(x, dim=-1), lambda x: x[:, :2] * sigmoid(x[:, 2:]), (), ()),
    "softmin": (lambda x: tg.softmin(x, dim=0), lambda x: np.exp(-x) / np.exp(-x).sum(0), (), ()),
    "leaky_relu": (lambda x: tg.leaky_relu(x, negative_slope=0.2), lambda x: np.where(x > 0, x, 0.2 * x), (0,), ()),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_its_definition_says_with_derivatives_of_first_and_second_order(case: str) -> None:
    function, definition, *_ = CASES[case]
    np.testing.assert_allclose(function(tg.Tensor(X)).data, definition(X), atol=1e-12)
    assert tg.gradcheck(function, X)
    whole = np.arange(12).reshape(3, 4)  # as a plain array too
    np.testing.assert_allclose(function(whole), definition(whole), atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_float32_stays_float32(case: str) -> None:
    x = tg.Tensor(X.astype(np.float32))
    z = CASES[case][0](x * np.float32(1))
    assert z.dtype == np.float32
    for step in tg.sweep(z, np.ones(z.shape, np.float32)):
        assert np.asarray(step.gradient).dtype == np.float32, step.tensor


@pytest.mark.parametrize("case", CASES)
def test_it_is_silent_and_finite_for_large_numbers(case: str) -> None:
    x = tg.Tensor(np.array([[-800.0, -50.0, 50.0, 800.0]]))
    CASES[case][0](x).sum().backward()
    assert np.isfinite(x.grad).all()


def slopes(definition: Callable[..., Any], at: float) -> tuple[float, float]:
    """The slopes on both sides."""
    h = 1e-6
    left, here, right = (float(definition(np.array(at + d))) for d in (-h, 0, h))
    return (here - left) / h, (right - here) / h


@pytest.mark.parametrize(
    "case, bend", [(c, b) for c, (_, _, first, second) in CASES.items() for b in (*first, *second)]
)
def test_at_a_bend_the_gradient_lies_between_the_slopes_and_has_no_derivative(case: str, bend: float) -> None:
    function, definition, first, _ = CASES[case]
    low, high = sorted(slopes(definition, bend))
    assert (high - low > 1e-3) == (bend in first)
    x = tg.Tensor(bend)
    function(x).backward()
    assert low - 1e-5 <= x.grad <= high + 1e-5
    assert np.isnan(tg.hessian(lambda x: function(x))(np.float64(bend)))


def test_prelu_learns_its_weights() -> None:
    weights = np.array([0.1, 0.3])
    x = X.reshape(3, 2, 2)
    definition = np.where(x > 0, x, weights[:, None] * x)
    np.testing.assert_allclose(tg.prelu(x, weights), definition)
    assert tg.gradcheck(tg.prelu, x, weights)
    with pytest.raises(ValueError, match="one for each channel"):
        tg.prelu(X, weights)


def test_rrelu_draws_slopes_in_training() -> None:
    x = tg.Tensor(-np.ones(200))
    z = tg.rrelu(x, 0.1, 0.3, training=True, rng=np.random.default_rng(0))
    assert z.data.min() >= -0.3 and z.data.max() <= -0.1 and z.data.std() > 0.04
    z.sum().backward()
    np.testing.assert_allclose(x.grad, -z.data)


def test_dropout_takes_the_words_of_pytorch() -> None:
    x = tg.Tensor(np.ones(1000))
    for call in (
        lambda: tg.dropout(x, 0.25),
        lambda: tg.dropout(x, p=0.25, training=True),
        lambda: tg.dropout(x, 0.25, True),
    ):
        assert set(np.unique(call().data)) == {0.0, 1 / 0.75}
    for call in (lambda: tg.dropout(x, p=0.25, training=False), lambda: tg.dropout(x, 0.25, False)):
        assert call() is x


REFUSED: dict[str, tuple[Callable[[], Any], str, str]] = {
    "inplace": (lambda: tg.Tensor(X).relu(inplace=True), "relu takes no inplace=True", "Write x = relu(x)"),
    "gelu": (lambda: tg.gelu(X, approximate="exact"), "'none' or 'tanh', not 'exact'", ""),
    "softshrink": (lambda: tg.softshrink(X, -1.0), "not negative, not -1.0", ""),
    "glu": (lambda: tg.glu(X, dim=0), r"axis 0 of shape \(3, 4\) has 3", ""),
    "another word": (lambda: tg.mish(X, beta=2), "mish takes no beta=2", "Its arguments are x."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_words(case: str) -> None:
    call, words, remedy = REFUSED[case]
    with pytest.raises((ValueError, TypeError), match=words) as caught:
        call()
    assert any("test_composed_activations.py" in note for note in caught.value.__notes__)
    assert remedy in "\n".join(caught.value.__notes__)
