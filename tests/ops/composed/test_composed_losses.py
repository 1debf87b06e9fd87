"""Losses that are made of operations: each against a definition in NumPy, its derivatives against differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

RNG = np.random.default_rng(3)


def drawn(*shape: int) -> Any:
    return RNG.normal(size=shape)


def probable(*shape: int) -> Any:
    return RNG.uniform(0.1, 0.9, shape)


def log_softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x)
    return np.log(e / e.sum(axis, keepdims=True))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def of_classes(x: Any, y: Any, w: Any, smoothing: float = 0.0, ignored: int = -100) -> Any:
    """The loss of each example, and the weight of its label, one after the other.  Classes lie along axis 1."""
    losses, weights = np.zeros(y.shape), np.zeros(y.shape)
    log_p, k = log_softmax(x, 1), x.shape[1]
    for at in np.ndindex(*y.shape):
        if y[at] != ignored:
            for c in range(k):
                p = (1 - smoothing) * (c == y[at]) + smoothing / k
                losses[at] -= w[c] * p * log_p[(at[0], c, *at[1:])]
            weights[at] = w[y[at]]
    return losses, weights


LABELS, IGNORED = np.array([0, 2, 1, 2]), np.array([0, -100, 1, -100])
PIXELS = RNG.integers(0, 3, (2, 2, 2))
WEIGHTS, ONES = np.array([0.5, 2.0, 1.5]), np.ones(3)
EACH = probable(4, 3)
SIGNS = np.array([1, -1, -1, 1])
TARGET = drawn(4, 3)
PROBABLE = probable(4, 3)
COUNTS = np.array([[0.0, 1.0, 4.0], [2.0, 0.0, 3.0]])


def huber(d: Any, delta: float) -> Any:
    return np.where(np.abs(d) < delta, d**2 / 2, delta * (np.abs(d) - delta / 2))


def multi_margin(x: Any, p: int, margin: float, w: Any) -> Any:
    total = 0.0
    for n, y in enumerate(LABELS):
        total += sum(max(0, margin - x[n, y] + x[n, j]) ** p for j in range(3) if j != y) * w[y] / 3
    return total / len(x)


def distance(x: Any, y: Any) -> Any:
    return np.sqrt(((x - y + 1e-6) ** 2).sum(-1))


def cosine(x: Any, y: Any) -> Any:
    return (x * y).sum(-1) / np.sqrt((x**2).sum(-1) * (y**2).sum(-1))


# The call as PyTorch's users write it, the definition, and the shapes of the operands; or functions that draw them.
CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], list[Any]]] = {
    "class weights": (
        lambda x: tg.cross_entropy(x, LABELS, weight=WEIGHTS),
        lambda x: (r := of_classes(x, LABELS, WEIGHTS))[0].sum() / r[1].sum(),
        [(4, 3)],
    ),
    "class weights by position": (
        lambda x: tg.cross_entropy(x, LABELS, WEIGHTS, reduction="none"),
        lambda x: of_classes(x, LABELS, WEIGHTS)[0],
        [(4, 3)],
    ),
    "label smoothing": (
        lambda x: tg.cross_entropy(x, LABELS, label_smoothing=0.2),
        lambda x: of_classes(x, LABELS, ONES, 0.2)[0].mean(),
        [(4, 3)],
    ),
    "smoothing, weights and labels that are ignored": (
        lambda x: tg.cross_entropy(x, IGNORED, weight=WEIGHTS, ignore_index=-100, label_smoothing=0.2),
        lambda x: (r := of_classes(x, IGNORED, WEIGHTS, 0.2))[0].sum() / r[1].sum(),
        [(4, 3)],
    ),
    "labels that are ignored": (
        lambda x: tg.cross_entropy(x, LABELS, ignore_index=2),
        lambda x: of_classes(x, LABELS, ONES, ignored=2)[0].sum() / 2,
        [(4, 3)],
    ),
    "classes along axis 1": (
        lambda x: tg.cross_entropy(x, PIXELS, weight=WEIGHTS, reduction="sum"),
        lambda x: of_classes(x, PIXELS, WEIGHTS)[0].sum(),
        [(2, 3, 2, 2)],
    ),
    "classes along the only axis that fits": (
        lambda x: tg.cross_entropy(x, PIXELS),
        lambda x: of_classes(x, PIXELS, ONES)[0].mean(),
        [(2, 3, 2, 2)],
    ),
    "classes along the last axis": (
        lambda x: tg.cross_entropy(x, PIXELS, axis=-1, label_smoothing=0.1),
        lambda x: of_classes(np.moveaxis(x, -1, 1), PIXELS, ONES, 0.1)[0].mean(),
        [(2, 2, 2, 3)],
    ),
    "probabilities, smoothed": (
        lambda x, y: tg.cross_entropy(x, y, weight=WEIGHTS, label_smoothing=0.3),
        lambda x, y: -((0.7 * y + 0.1) * WEIGHTS * log_softmax(x)).sum(-1).mean(),
        [(4, 3), (4, 3)],
    ),
    "nll_loss": (lambda x: tg.nll_loss(x, LABELS), lambda x: -x[range(4), LABELS].mean(), [(4, 3)]),
    "nll_loss, weighted": (
        lambda x: tg.nll_loss(input=x, target=IGNORED, weight=WEIGHTS),
        lambda x: -(0.5 * x[0, 0] + 2 * x[2, 1]) / 2.5,
        [(4, 3)],
    ),
    "nll_loss of images": (
        lambda x: tg.nll_loss(x, PIXELS, reduction="none"),
        lambda x: -np.take_along_axis(x, PIXELS[:, None], 1)[:, 0],
        [(2, 3, 2, 2)],
    ),
    "nll_loss of one example": (lambda x: tg.nll_loss(x, np.array(1)), lambda x: -x[1], [(3,)]),
    "binary_cross_entropy": (
        lambda p: tg.binary_cross_entropy(p, PROBABLE, EACH),
        lambda p: -(EACH * (PROBABLE * np.log(p) + (1 - PROBABLE) * np.log(1 - p))).mean(),
        [lambda: probable(4, 3)],
    ),
    "binary_cross_entropy_with_logits": (
        lambda x, y: tg.binary_cross_entropy_with_logits(x, y, pos_weight=WEIGHTS, reduction="sum"),
        lambda x, y: -(WEIGHTS * y * np.log(sigmoid(x)) + (1 - y) * np.log(sigmoid(-x))).sum(),
        [(4, 3), (4, 3)],
    ),
    "binary_cross_entropy_with_logits, weighted": (
        lambda x: tg.binary_cross_entropy_with_logits(x, PROBABLE, weight=WEIGHTS),
        lambda x: -(WEIGHTS * (PROBABLE * np.log(sigmoid(x)) + (1 - PROBABLE) * np.log(sigmoid(-x)))).mean(),
        [(4, 3)],
    ),
    "multilabel_soft_margin_loss": (
        lambda x: tg.multilabel_soft_margin_loss(x, PROBABLE, WEIGHTS),
        lambda x: -(WEIGHTS * (PROBABLE * np.log(sigmoid(x)) + (1 - PROBABLE) * np.log(sigmoid(-x)))).mean(),
        [(4, 3)],
    ),
    "multi_margin_loss": (
        lambda x: tg.multi_margin_loss(x, LABELS),
        lambda x: multi_margin(x, 1, 1.0, ONES),
        [(4, 3)],
    ),
    "multi_margin_loss, squared": (
        lambda x: tg.multi_margin_loss(x, LABELS, p=2, margin=0.5, weight=WEIGHTS),
        lambda x: multi_margin(x, 2, 0.5, WEIGHTS),
        [(4, 3)],
    ),
    "mse_loss": (lambda x, y: tg.mse_loss(input=x, target=y), lambda x, y: ((x - y) ** 2).mean(), [(4, 3), (4, 3)]),
    "l1_loss": (tg.l1_loss, lambda x, y: np.abs(x - y).mean(), [(4, 3), (4, 3)]),
    "huber_loss": (
        lambda x, y: tg.huber_loss(x, y, "none", 0.5),
        lambda x, y: huber(x - y, 0.5),
        [(4, 3), (4, 3)],
    ),
    "huber_loss, weighted": (
        lambda x, y: tg.huber_loss(x, y, weight=EACH),
        lambda x, y: (EACH * huber(x - y, 1)).mean(),
        [(4, 3), (4, 3)],
    ),
    "smooth_l1_loss": (
        lambda x, y: tg.smooth_l1_loss(x, y, beta=0.5),
        lambda x, y: (huber(x - y, 0.5) / 0.5).mean(),
        [(4, 3), (4, 3)],
    ),
    "smooth_l1_loss with beta 0": (
        lambda x: tg.smooth_l1_loss(x, TARGET, beta=0),
        lambda x: np.abs(x - TARGET).mean(),
        [(4, 3)],
    ),
    "soft_margin_loss": (
        lambda x: tg.soft_margin_loss(x, SIGNS),
        lambda x: np.log(1 + np.exp(-SIGNS * x)).mean(),
        [(4,)],
    ),
    "hinge_embedding_loss": (
        lambda x: tg.hinge_embedding_loss(x, SIGNS, margin=0.5),
        lambda x: np.where(SIGNS == 1, x, np.maximum(0, 0.5 - x)).mean(),
        [(4,)],
    ),
    "margin_ranking_loss": (
        lambda x, y: tg.margin_ranking_loss(x, y, SIGNS, margin=0.3),
        lambda x, y: np.maximum(0, 0.3 - SIGNS * (x - y)).mean(),
        [(4,), (4,)],
    ),
    "cosine_embedding_loss": (
        lambda x, y: tg.cosine_embedding_loss(x, y, SIGNS, margin=0.1),
        lambda x, y: np.where(SIGNS == 1, 1 - cosine(x, y), np.maximum(0, cosine(x, y) - 0.1)).mean(),
        [(4, 3), (4, 3)],
    ),
    "triplet_margin_loss": (
        lambda a, p, n: tg.triplet_margin_loss(a, p, n, margin=2.0),
        lambda a, p, n: np.maximum(0, 2 + distance(a, p) - distance(a, n)).mean(),
        [(4, 3), (4, 3), (4, 3)],
    ),
    "triplet_margin_loss, swapped": (
        lambda a, p, n: tg.triplet_margin_loss(a, p, n, swap=True),
        lambda a, p, n: np.maximum(0, 1 + distance(a, p) - np.minimum(distance(a, n), distance(p, n))).mean(),
        [(4, 3), (4, 3), (4, 3)],
    ),
    "triplets of another distance": (
        lambda a, p, n: tg.triplet_margin_with_distance_loss(
            a, p, n, distance_function=lambda x, y: ((x - y) ** 2).sum(-1)
        ),
        lambda a, p, n: np.maximum(0, 1 + ((a - p) ** 2).sum(-1) - ((a - n) ** 2).sum(-1)).mean(),
        [(4, 3), (4, 3), (4, 3)],
    ),
    "kl_div": (
        lambda x, y: tg.kl_div(x, y),
        lambda x, y: (y * (np.log(y) - x)).mean(),
        [(4, 3), lambda: probable(4, 3)],
    ),
    "kl_div of each example": (
        lambda x, y: tg.kl_div(x, y, reduction="batchmean", log_target=True),
        lambda x, y: (np.exp(y) * (y - x)).sum() / 4,
        [(4, 3), (4, 3)],
    ),
    "poisson_nll_loss": (
        lambda x: tg.poisson_nll_loss(x, COUNTS),
        lambda x: (np.exp(x) - COUNTS * x).mean(),
        [(2, 3)],
    ),
    "poisson_nll_loss of a rate": (
        lambda x: tg.poisson_nll_loss(x, COUNTS, log_input=False, full=True),
        lambda x: np.mean(
            x
            - COUNTS * np.log(x + 1e-8)
            + [[n * math.log(n) - n + math.log(2 * math.pi * n) / 2 if n > 1 else 0 for n in row] for row in COUNTS]
        ),
        [lambda: probable(2, 3)],
    ),
    "gaussian_nll_loss": (
        lambda x, y, v: tg.gaussian_nll_loss(x, y, v, full=True),
        lambda x, y, v: ((np.log(v) + (x - y) ** 2 / v + math.log(2 * math.pi)) / 2).mean(),
        [(4, 3), (4, 3), lambda: probable(4, 3)],
    ),
    "gaussian_nll_loss of one variance": (
        lambda x, y, v: tg.gaussian_nll_loss(x, y, v, reduction="sum"),
        lambda x, y, v: ((np.log(v) + ((x - y) ** 2 / v[:, None]).T).T / 2).sum(),
        [(4, 3), (4, 3), lambda: probable(4)],
    ),
}


def operands(case: str) -> list[Any]:
    return [shape() if callable(shape) else drawn(*shape) for shape in CASES[case][2]]


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_its_definition_says_with_derivatives_of_first_and_second_order(case: str) -> None:
    function, definition, _ = CASES[case]
    given = operands(case)
    result, expected = function(*map(tg.Tensor, given)), definition(*given)
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result.data, expected, atol=1e-10)
    assert tg.gradcheck(function, *given)


@pytest.mark.parametrize("case", CASES)
def test_its_formula_prints(case: str) -> None:
    tensors = [tg.Tensor(x, name) for x, name in zip(operands(case), "abc")]
    z = CASES[case][0](*tensors)
    assert str(tg.formula(z.sum(), tensors[0]))


# Where a loss bends.


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("loss", [tg.huber_loss, tg.smooth_l1_loss])
def test_where_huber_becomes_straight_its_slope_is_right_and_has_none_itself(loss: Any, sign: int) -> None:
    x = tg.Tensor(np.array([sign * 1.0, 0.3]))
    z = loss(x, np.zeros(2), "sum")
    z.backward()
    np.testing.assert_array_equal(x.grad, [sign, 0.3])
    second = tg.hessian(lambda x: loss(x, np.zeros(2), "sum"))(x.data)
    assert np.isnan(second[0, 0]) and second[1, 1] == 1 and second[0, 1] == 0


def test_l1_has_the_gradient_0_where_prediction_and_target_agree() -> None:
    x = tg.Tensor([1.0, 2.0])
    tg.l1_loss(x, np.array([1.0, 0.0]), "sum").backward()
    np.testing.assert_array_equal(x.grad, [0, 1])


def test_probabilities_of_0_do_not_count() -> None:
    y = np.array([[0.0, 1.0], [0.5, 0.5]])
    x = tg.Tensor(np.log([[0.2, 0.8], [0.5, 0.5]]))
    z = tg.kl_div(x, y, reduction="sum")
    np.testing.assert_allclose(z.data, -math.log(0.8))
    z.backward()
    np.testing.assert_array_equal(x.grad, -y)


def test_classes_that_are_impossible_are_ignored_with_their_labels() -> None:
    x = tg.Tensor([[0.0, -math.inf], [1.0, 2.0]])
    z = tg.nll_loss(x, np.array([-100, 1]))
    assert z.data == -2.0
    z.backward()
    np.testing.assert_array_equal(x.grad, [[0, 0], [0, -1]])


def test_whole_numbers_keep_float32() -> None:
    x = tg.Tensor(np.ones((4, 3), np.float32))
    for z in (
        tg.cross_entropy(x, LABELS, weight=WEIGHTS),
        tg.nll_loss(x, LABELS),
        tg.soft_margin_loss(x[:, 0], SIGNS),
        tg.l1_loss(x, np.ones((4, 3), int)),
        tg.huber_loss(x, np.zeros((4, 3), np.float32)),
        tg.multi_margin_loss(x, LABELS),
        tg.poisson_nll_loss(x, np.ones((4, 3), int)),
    ):
        assert z.dtype == np.float32


X = drawn(2, 3, 2, 2)
REFUSED: dict[str, tuple[Callable[[], Any], str, str]] = {
    "two shapes": (lambda: tg.l1_loss(np.ones((3, 1)), np.ones(3)), r"shapes \(3, 1\) and \(3,\)", "(n, n)"),
    "another reduction": (lambda: tg.huber_loss(X, X, "batch"), "'mean', 'sum' or 'none', not 'batch'", ""),
    "size_average": (lambda: tg.l1_loss(X, X, size_average=True), "takes no size_average=True", "reduction="),
    "size_average by position": (lambda: tg.cross_entropy(X, PIXELS, None, True), "no size_average", "reduction="),
    "labels that are no classes": (lambda: tg.nll_loss(TARGET, np.array([0, 1, 2, 3])), "labels outside 0 to 2", ""),
    "labels that are floating": (lambda: tg.nll_loss(TARGET, np.ones(4)), "whole numbers", ""),
    "weights of other classes": (lambda: tg.cross_entropy(TARGET, LABELS, weight=np.ones(4)), "each of 3 classes", ""),
    "smoothing": (lambda: tg.cross_entropy(TARGET, LABELS, label_smoothing=2), "from 0 to 1, not 2", ""),
    "which axis": (lambda: tg.cross_entropy(X, X, label_smoothing=0.1), "which axis", "axis=1"),
    "which of two": (lambda: tg.cross_entropy(drawn(2, 3, 3), np.zeros((2, 3), int)), "which axis", "axis=-1"),
    "-100 without PyTorch's words": (lambda: tg.cross_entropy(TARGET, IGNORED), "give ignore_index=-100", ""),
    "weights of other examples": (lambda: tg.binary_cross_entropy(PROBABLE, PROBABLE, np.ones(2)), "does not fit", ""),
    "delta": (lambda: tg.huber_loss(X, X, delta=0), "a delta above 0, not 0", ""),
    "beta": (lambda: tg.smooth_l1_loss(X, X, beta=-1), "not negative, not -1", ""),
    "no signs": (lambda: tg.hinge_embedding_loss(np.ones(2), np.array([0, 1])), "1 or -1", ""),
    "a negative variance": (lambda: tg.gaussian_nll_loss(X, X, -1.0), "not negative", ""),
    "a variance of another shape": (lambda: tg.gaussian_nll_loss(X, X, np.ones(5)), "does not fit", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_words(case: str) -> None:
    call, words, remedy = REFUSED[case]
    with pytest.raises((ValueError, TypeError), match=words) as caught:
        call()
    assert any("test_composed_losses.py" in note for note in caught.value.__notes__)
    assert remedy in "\n".join(caught.value.__notes__)
