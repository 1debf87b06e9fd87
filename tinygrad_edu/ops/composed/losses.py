"""Losses of torch.nn.functional that are made of operations, so that their formulas print.

They are the mean over all examples unless ``reduction`` is "sum" or "none".  Predictions and targets have one shape:
(n, 1) against (n,) would broadcast to (n, n), train, and be wrong.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...engine.composing import composed, extends
from ...errors import messages as errors
from .. import loss
from ..normalise import log_softmax
from ..pointwise import absolute, clip, exp, log, log_sigmoid, maximum, minimum, relu, softplus, square, xlogy
from ..reduce import over
from ..select import where
from .layers import pairwise_distance
from .operands import by_name, floating, refuse, values

_ADVICE = dict.fromkeys(("size_average", "reduce"), "reduction='mean', 'sum' or 'none'")
_PREDICTION = {"input": "prediction", "predict": "prediction", "y_pred": "prediction", "y_true": "target"}


def reduced(losses, reduction: str):
    """The mean or the sum of the losses of all examples, or all for "none"."""
    if reduction == "none":
        return losses
    if reduction not in ("mean", "sum"):
        refuse(f"reduction is 'mean', 'sum' or 'none', not {reduction!r}")
    return np.sum(losses) if reduction == "sum" else np.mean(losses)


def _like(y, x):
    """y as an operand beside x: whole numbers and truth values become numbers of the dtype of x."""
    return floating(y) if values(y).dtype.kind == "f" else values(y).astype(x.dtype)


def _pair(prediction, target, name: str) -> tuple[Any, Any]:
    """A prediction and a target of one shape, as operands."""
    x = floating(prediction)
    y = _like(target, x)
    if x.shape != y.shape:
        refuse(
            f"{name}: shapes {x.shape} and {y.shape} of prediction and target differ",
            "Give both the same shape, by reshape or broadcast_to: (n, 1) against (n,) would become (n, n).",
        )
    return x, y


# Losses of classes.


def _labels(target, x, axis: int, ignore_index: int, name: str) -> tuple[Any, Any]:
    """The labels, 0 where they are ignored; and which are not.  Raises ValueError for others than the classes."""
    labels = values(target)
    places = x.shape[:axis] + x.shape[axis + 1 :]
    if labels.dtype.kind not in "iu" or labels.shape != places:
        refuse(f"{name} takes labels that are whole numbers, of shape {places}, not {labels.dtype} of {labels.shape}")
    used = labels != ignore_index
    labels = np.where(used, labels, 0)
    if labels.size and not (0 <= labels.min() and labels.max() < x.shape[axis]):
        refuse(f"{name}: labels outside 0 to {x.shape[axis] - 1}, and not ignore_index={ignore_index}")
    return labels, used


def _of_labels(log_p, target, axis: int, weight, ignore_index: int, reduction: str, smoothing: float, name: str):
    """Minus the logarithms of the probabilities of the labels, with a weight for each class."""
    axis %= log_p.ndim
    labels, used = _labels(target, log_p, axis, ignore_index, name)
    index: list[Any] = list(np.indices(labels.shape, sparse=True))
    index.insert(axis, labels)
    losses = -log_p[tuple(index)]
    share: Any = None
    if weight is not None:
        weight = _class_weights(weight, log_p, axis, name)
        share = weight[labels]
        losses = losses * share
    if smoothing:
        every = log_p if weight is None else log_p * _beside(weight, log_p, axis)
        losses = (1 - smoothing) * losses - smoothing / log_p.shape[axis] * np.sum(every, axis)
    if not used.all():
        losses = where(used, losses, losses.dtype.type(0))
    if reduction != "mean" or (used.all() and share is None):
        return reduced(losses, reduction)
    if share is None:
        return over(np.sum(losses), int(used.sum()))
    return np.sum(losses) / np.sum(share * used.astype(log_p.dtype))


def _class_weights(weight, x, axis: int, name: str):
    """Weights of the classes as an operand.  Raises ValueError if it is not one number for each class."""
    weight = _like(weight, x)
    if weight.shape != (x.shape[axis],):
        refuse(f"{name} takes a weight for each of {x.shape[axis]} classes, not an array of shape {weight.shape}")
    return weight if hasattr(weight, "node") else weight.astype(x.dtype)


def _beside(weight, x, axis: int):
    return np.reshape(weight, (x.shape[axis], *(1,) * (x.ndim - 1 - axis)))


@composed(words={"input": "log_p", "y_pred": "log_p", "y_true": "target"}, advice=_ADVICE)
def nll_loss(log_p, target, weight=None, ignore_index: int = -100, reduction: str = "mean", *, axis: int | None = None):
    """Minus the log-probabilities of the labels: cross-entropy after ``log_softmax``.

    ``log_p``: (examples, classes, ...), or (classes,) of one example; ``target``: labels (examples, ...).  The mean is
    that of the labels other than ``ignore_index``, weighted by the ``weight`` of their classes, as in PyTorch.
    ``axis``: that of the classes.
    """
    log_p = floating(log_p)
    if not log_p.ndim:
        refuse("nll_loss takes log-probabilities of shape (examples, classes, ...), not one number")
    at = min(1, log_p.ndim - 1) if axis is None else axis
    return _of_labels(log_p, target, at, weight, ignore_index, reduction, 0.0, "nll_loss")


def _axis_of_classes(logits, target) -> int:
    """The axis of the classes in a call that does not say it: axis 1, or the last, if only that one fits the labels."""
    if logits.ndim < 3:
        return -1
    shape = values(target).shape
    fit = [a for a in (1, logits.ndim - 1) if shape == logits.shape[:a] + logits.shape[a + 1 :]]
    if not fit and shape != logits.shape:
        return -1  # nothing fits, which the operation explains
    if len(fit) != 1:
        refuse(
            f"cross_entropy: which axis of logits of shape {logits.shape} is that of the classes, with a target of {shape}?",
            "Write axis=1 where they lie as PyTorch's, or axis=-1.",
        )
    return fit[0]


@extends(loss.cross_entropy, words={"input": "logits", "y_pred": "logits", "y_true": "target"}, advice=_ADVICE)
def cross_entropy(
    logits, target, *more, axis=None, reduction=None, weight=None, ignore_index=None, label_smoothing=None
):
    """cross_entropy with a weight for each class, labels that are ignored, or smoothed targets (Szegedy and others 2016).

    The smoothed target is (1 - s) y + s / classes.  The mean is weighted by the weights of the labels, as in PyTorch.
    """
    order: tuple[str, ...] = ("weight", "size_average", "ignore_index", "reduce", "reduction", "label_smoothing")
    if more and isinstance(more[0], (int, str)):
        order = ("axis", "reduction")
    options = {"axis": axis, "reduction": reduction, "weight": weight, "ignore_index": ignore_index}
    known = by_name("cross_entropy", order, more, {**options, "label_smoothing": label_smoothing})
    for word in _ADVICE:
        if known.pop(word, None) is not None:
            raise errors.explained(TypeError(f"cross_entropy takes no {word}"), f"Write {_ADVICE[word]}.")
    smoothing, weight = known.get("label_smoothing", 0.0), known.get("weight")
    reduction, ignored = known.get("reduction", "mean"), known.get("ignore_index", -100)
    if not 0 <= smoothing <= 1:
        refuse(f"label_smoothing is from 0 to 1, not {smoothing}")
    x = floating(logits)
    if not x.ndim:
        refuse("cross_entropy takes logits of shape (examples, classes, ...), not one number")
    axis = known["axis"] if "axis" in known else _axis_of_classes(x, target)
    as_labels = values(target).dtype.kind in "iu"
    if weight is None and not smoothing and not (as_labels and np.any(values(target) == ignored)):
        return loss.cross_entropy(x, target, axis=axis, reduction=reduction)
    log_p, axis = log_softmax(x, axis), axis % x.ndim
    if as_labels:
        return _of_labels(log_p, target, axis, weight, ignored, reduction, smoothing, "cross_entropy")
    _, y = _pair(x, target, "cross_entropy")
    y = (1 - smoothing) * y + smoothing / x.shape[axis] if smoothing else y
    if weight is not None:
        y = y * _beside(_class_weights(weight, x, axis, "cross_entropy"), x, axis)
    return reduced(-np.sum(y * log_p, axis), reduction)


def _weighed(losses, weight, reduction: str, name: str):
    """Losses times weights, which broadcast to their shape, reduced."""
    weight = _like(weight, losses)
    try:
        fits = np.broadcast_shapes(losses.shape, weight.shape) == losses.shape and (weight.ndim or not losses.ndim)
    except ValueError:
        fits = False
    if not fits:
        refuse(f"{name}: a weight of shape {weight.shape} does not fit losses of shape {losses.shape}")
    return reduced(losses * weight, reduction)


@extends(loss.binary_cross_entropy, words=_PREDICTION, advice=_ADVICE)
def binary_cross_entropy(prediction, target, weight=None, *, reduction: str = "mean"):
    """binary_cross_entropy with a weight for each example."""
    x, y = _pair(prediction, target, "binary_cross_entropy")
    if weight is None:
        return loss.binary_cross_entropy(x, y, reduction=reduction)
    losses = loss.binary_cross_entropy(x, y, reduction="none")
    return _weighed(losses, weight, reduction, "binary_cross_entropy")


@extends(
    loss.binary_cross_entropy_with_logits,
    words={"input": "logits", "y_pred": "logits", "y_true": "target"},
    advice=_ADVICE,
)
def binary_cross_entropy_with_logits(logits, target, weight=None, *, reduction: str = "mean", pos_weight=None):
    """binary_cross_entropy_with_logits with a weight for each example, or a factor of what has the target 1."""
    name = "binary_cross_entropy_with_logits"
    x, y = _pair(logits, target, name)
    if weight is None and pos_weight is None:
        return loss.binary_cross_entropy_with_logits(x, y, reduction=reduction)
    if pos_weight is None:
        losses = loss.binary_cross_entropy_with_logits(x, y, reduction="none")
    else:
        losses = -(_like(pos_weight, x) * y * log_sigmoid(x) + (1 - y) * log_sigmoid(-x))
    return reduced(losses, reduction) if weight is None else _weighed(losses, weight, reduction, name)


@composed(words={"input": "logits", "y_pred": "logits", "y_true": "target"}, advice=_ADVICE)
def multilabel_soft_margin_loss(logits, target, weight=None, reduction: str = "mean"):
    """The mean, over the classes along the last axis, of binary cross-entropy of each class by itself."""
    x, y = _pair(logits, target, "multilabel_soft_margin_loss")
    losses = loss.binary_cross_entropy_with_logits(x, y, reduction="none")
    if weight is not None:
        losses = _weighed(losses, weight, "none", "multilabel_soft_margin_loss")
    return reduced(np.mean(losses, -1), reduction)


@composed(words=_PREDICTION, advice=_ADVICE)
def multi_margin_loss(prediction, target, p: int = 1, margin: float = 1.0, weight=None, reduction: str = "mean"):
    """The sum of max(0, margin - x_y + x_j)^p over the other classes j, divided by the number of classes.

    ``prediction``: scores (examples, classes) or (classes,); ``target``: labels y; ``p``: 1 or 2.
    """
    x = floating(prediction)
    if x.ndim not in (1, 2) or p not in (1, 2):
        refuse(f"multi_margin_loss takes scores (examples, classes) and p=1 or 2, not {x.shape} and {p}")
    labels, _ = _labels(target, x, x.ndim - 1, -1, "multi_margin_loss")
    own = x[(*np.indices(labels.shape, sparse=True), labels)]
    others = 1 - np.eye(x.shape[-1], dtype=x.dtype)[labels]
    over_margin = relu(margin - np.expand_dims(own, -1) + x) * others
    losses = np.sum(over_margin if p == 1 else square(over_margin), -1) / x.shape[-1]
    if weight is not None:
        losses = losses * _class_weights(weight, x, x.ndim - 1, "multi_margin_loss")[labels]
    return reduced(losses, reduction)


# Losses of numbers.


@composed(aliases="mae", words=_PREDICTION, advice=_ADVICE)
def l1_loss(prediction, target, reduction: str = "mean"):
    """The absolute difference of prediction and target (mean absolute error)."""
    x, y = _pair(prediction, target, "l1_loss")
    return reduced(absolute(x - y), reduction)


def _huber(d, delta: float):
    """d^2/2 within delta of 0, and the tangent beyond it.

    With c, which is d between the bounds, that is c (d - c/2).  So its slope is c, and has no slope itself at a bound.
    """
    c = clip(d, -delta, delta)
    return c * (d - 0.5 * c)


@composed(aliases="huber", words=_PREDICTION, advice=_ADVICE)
def huber_loss(prediction, target, reduction: str = "mean", delta: float = 1.0, weight=None):
    """d^2/2 where the difference d is within ``delta``, and ``delta`` (|d| - delta/2) beyond (Huber 1964)."""
    if not delta > 0:
        refuse(f"huber_loss takes a delta above 0, not {delta}")
    x, y = _pair(prediction, target, "huber_loss")
    losses = _huber(x - y, delta)
    return reduced(losses, reduction) if weight is None else _weighed(losses, weight, reduction, "huber_loss")


@composed(words=_PREDICTION, advice=_ADVICE)
def smooth_l1_loss(prediction, target, reduction: str = "mean", beta: float = 1.0):
    """d^2/(2 beta) where the difference d is within ``beta``, and |d| - beta/2 beyond (Girshick 2015): huber/beta."""
    if beta < 0:
        refuse(f"smooth_l1_loss takes a beta that is not negative, not {beta}")
    x, y = _pair(prediction, target, "smooth_l1_loss")
    return reduced(_huber(x - y, beta) / beta if beta else absolute(x - y), reduction)


@composed(words=_PREDICTION, advice=_ADVICE)
def soft_margin_loss(prediction, target, reduction: str = "mean"):
    """log(1 + e^(-y x)), of scores x and targets y that are 1 or -1."""
    x, y = _pair(prediction, target, "soft_margin_loss")
    return reduced(softplus(-y * x), reduction)


@composed(words=_PREDICTION, advice=_ADVICE)
def hinge_embedding_loss(prediction, target, margin: float = 1.0, reduction: str = "mean"):
    """The distance x where the target is 1, and max(0, margin - x) where it is -1."""
    x, y = _pair(prediction, target, "hinge_embedding_loss")
    _signs(target, "hinge_embedding_loss")
    return reduced(where(values(y) > 0, x, relu(margin - x)), reduction)


def _signs(target, name: str) -> None:
    """Raise ValueError for targets other than 1 and -1."""
    if not np.all(np.abs(values(target).astype(float)) == 1):
        refuse(f"{name} takes targets that are 1 or -1")


@composed(words={"input1": "x", "input2": "y"}, advice=_ADVICE)
def margin_ranking_loss(x, y, target, margin: float = 0.0, reduction: str = "mean"):
    """max(0, margin - t (x - y)): the target t is 1 where x is to be above y, and -1 where it is to be below."""
    x = floating(x)
    t = _like(target, x)
    return reduced(relu(margin - t * (x - floating(y))), reduction)


@composed(words={"input1": "x", "input2": "y", "x1": "x", "x2": "y"}, advice=_ADVICE)
def cosine_embedding_loss(x, y, target, margin: float = 0.0, reduction: str = "mean"):
    """1 - cos where the target is 1, and max(0, cos - margin) where it is -1, of the angle between vectors.

    The vectors lie along the last axis.
    """
    x, y = floating(x), floating(y)
    _signs(target, "cosine_embedding_loss")
    tiny = 1e-12  # PyTorch's; it keeps the root away from 0
    cosine = np.sum(x * y, -1) / np.sqrt((np.sum(square(x), -1) + tiny) * (np.sum(square(y), -1) + tiny))
    if values(target).shape not in ((), cosine.shape):
        refuse(f"cosine_embedding_loss takes targets of shape {cosine.shape}, not {values(target).shape}")
    return reduced(where(values(target) > 0, 1 - cosine, relu(cosine - margin)), reduction)


@composed(advice=_ADVICE)
def triplet_margin_loss(
    anchor, positive, negative, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False,
    reduction: str = "mean",
):  # fmt: skip
    """max(0, margin + |a - p| - |a - n|), of an anchor a, a vector p that is to be near it, and n that is not.

    ``p`` is the order of the norm.  With ``swap``, |p - n| counts where it is smaller than |a - n|.
    """
    return _triplets(lambda x, y: pairwise_distance(x, y, p, eps), anchor, positive, negative, margin, swap, reduction)


def _triplets(distance, anchor, positive, negative, margin: float, swap: bool, reduction: str):
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(relu(margin + near - far), reduction)


@composed(advice=_ADVICE)
def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin: float = 1.0, swap: bool = False, reduction="mean"
):
    """``triplet_margin_loss`` with another distance: a function of two Tensors."""
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplets(distance, anchor, positive, negative, margin, swap, reduction)


# Losses of distributions.


@composed(words={"input": "log_p", "y_pred": "log_p", "y_true": "target"}, advice=_ADVICE)
def kl_div(log_p, target, reduction: str = "mean", log_target: bool = False):
    """y (log y - log p), of log-probabilities and of probabilities y, or of log y with ``log_target``.

    The divergence of distributions is its sum over the classes, so PyTorch's "mean", over all numbers, is smaller by the
    number of classes; "batchmean" is the sum divided by the examples, along axis 0.
    """
    x, y = _pair(log_p, target, "kl_div")
    terms = exp(y) * (y - x) if log_target else xlogy(y, y) - y * x
    if reduction != "batchmean":
        return reduced(terms, reduction)
    return over(np.sum(terms), x.shape[0] if x.ndim else 1)


@composed(words={**_PREDICTION, "log_input": "is_log", "log": "is_log"}, advice=_ADVICE)
def poisson_nll_loss(
    prediction, target, is_log: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
):
    """r - y log r, of the rate r of a Poisson distribution and counts y, without log y!, which is constant.

    ``prediction``: log r, or with ``is_log=False``, which is PyTorch's log_input, r itself, to which ``eps`` is added in
    the logarithm.  ``full`` adds Stirling's formula for log y! where y is above 1.
    """
    x, y = _pair(prediction, target, "poisson_nll_loss")
    losses = exp(x) - y * x if is_log else x - y * log(x + x.dtype.type(eps))
    if full:
        large = values(y) > 1
        n = where(large, y, y.dtype.type(1))
        losses = losses + where(large, n * log(n) - n + 0.5 * log(2 * math.pi * n), y.dtype.type(0))
    return reduced(losses, reduction)


@composed(words=_PREDICTION, advice=_ADVICE)
def gaussian_nll_loss(prediction, target, var, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
    """(log v + (x - y)^2/v)/2, of the mean x and the variance v of a normal distribution (Nix and Weigend 1994).

    ``var``: of the shape of the prediction, or with one number for its last axis.  A variance below ``eps`` counts as
    ``eps``.  ``full`` adds log(2 pi)/2, which is constant.
    """
    x, y = _pair(prediction, target, "gaussian_nll_loss")
    v = _like(var, x)
    if v.ndim and v.shape != x.shape and v.shape == x.shape[:-1]:
        v = np.expand_dims(v, -1)
    if v.ndim and v.shape != x.shape and v.shape != (*x.shape[:-1], 1):
        refuse(f"gaussian_nll_loss: a variance of shape {v.shape} does not fit a prediction of shape {x.shape}")
    if np.any(values(v) < 0):
        refuse("gaussian_nll_loss takes variances that are not negative")
    v = maximum(v, x.dtype.type(eps))
    losses = 0.5 * (log(v) + square(x - y) / v)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)
