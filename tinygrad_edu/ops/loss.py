"""Losses: one number for how far a prediction is from its target.

They are the mean over all examples unless ``reduction`` is "sum" or "none".  Their operands must have the same shape:
(n, 1) against (n,) would broadcast to (n, n), train, and be wrong.
"""

from __future__ import annotations

import math

import numpy as np

from ..engine.calling import otherwise as _otherwise
from ..engine.calling import written as _written
from ..graph import Value
from ..op import op
from .conventions import jumping, xdivy
from .normalise import log_softmax, softmax
from .pointwise import log_sigmoid, sigmoid
from .reduce import over

_SAME = "prediction and target of the same shape: (n, 1) against (n,) would silently become (n, n)"
_REDUCTIONS = (
    ((2, 3), (2, 3)),
    ((3,), (3,), dict(reduction="sum")),
    ((3,), (3,), dict(reduction="none")),
)


def _reduced(losses, reduction: str):
    """Reduce the losses of all examples to one number, by their mean or their sum, or not at all for "none"."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction is 'mean', 'sum' or 'none', not {reduction!r}")
    if reduction == "none":
        return losses
    if losses.dtype.char == "e":  # float16: add up in float32
        losses = losses.astype(np.float32)
        return _reduced(losses, reduction).astype(np.float16)
    total = np.add.reduce(losses, None)
    return total if reduction == "sum" else total / losses.size


def _share(g, number: int, reduction: str):
    """The part of the gradient that the loss of one example receives."""
    return over(g, number) if reduction == "mean" else g


def _same_shape(x, y) -> None:
    if np.shape(x) != np.shape(y):
        raise ValueError(f"shapes {np.shape(x)} and {np.shape(y)} of prediction and target differ")


def _alike(prediction, target) -> bool:
    return np.shape(prediction) == np.shape(target)


def _probabilities(target) -> bool:
    """Is the target probabilities, which are floating, rather than labels, which are whole numbers?"""
    return bool(np.asarray(target._array if isinstance(target, Value) else target).dtype.kind == "f")


def _distribution(logits, target, axis: int):
    """The target as probabilities: a label becomes a one among zeros."""
    if _probabilities(target):
        return target
    labels = np.asarray(target._array if isinstance(target, Value) else target)
    # As an unsigned number, -1 is no index, and does not mean the last class.
    ones = np.eye(logits.shape[axis], dtype=logits.dtype)[labels.astype(np.uintp)]
    return ones if axis in (-1, ones.ndim - 1) else np.moveaxis(ones, -1, axis)


def _fits(logits, target, axis: int) -> bool:
    """Is the target probabilities, of the shape of the logits, or labels, for each place along the axis of classes?"""
    target, shape = np.asarray(target), np.shape(logits)
    if target.dtype.kind == "f":
        return target.shape == shape
    places = shape[: axis % len(shape)] + shape[axis % len(shape) + 1 :]
    return target.dtype.kind in "iu" and target.shape == places and bool(np.all((target >= 0) & (target < shape[axis])))


def _other_meaning(target) -> str:
    """What to write if a label means what it means in PyTorch."""
    return "; to leave out the labels -100, give ignore_index=-100" if np.any(np.asarray(target) == -100) else ""


def _classes(g, shape: tuple[int, ...], axis: int, reduction: str):
    g = _share(g, math.prod(shape) // max(1, shape[axis]) or 1, reduction)
    return np.expand_dims(g, axis) if reduction == "none" else g


def _towards(g, shape, logits, target, axis: int, reduction: str):
    """(sum of y) softmax(x) - y, which is softmax(x) - y where the probabilities sum to one, as those of labels do."""
    y = _distribution(logits, target, axis)
    p = softmax(logits, axis)
    if _probabilities(target):
        p = p * y.sum(axis, keepdims=True)
    return _classes(g, shape, axis, reduction) * (p - y)


def _weights_third(args, options) -> bool:
    """Is a loss called as PyTorch's, with weights after the target?"""
    return len(args) > 2 and not isinstance(args[2], (int, str))


def _which_axis(args, options) -> bool:
    """Is cross_entropy called as PyTorch's: with weights, or of more than two axes, without the axis of the classes?"""
    if len(args) == 2 and "axis" not in options:
        return len(getattr(args[0], "shape", ())) > 2
    return _weights_third(args, options)


@_otherwise(_which_axis)
@op(
    r"\operatorname{CE}($logits, $target)",
    needs={
        "labels that are whole numbers from 0 to one less than the classes, of the shape of the logits without the axis of classes; "
        "or probabilities, floating, of the shape of the logits": _fits
    },
    domain={"target": (0.1, 1.0)},
    examples=(
        ((2, 3), (2, 3)),
        ((3,), (3,), dict(reduction="sum")),
        ((2, 3), dict(target=np.array([2, 0]))),
        ((3, 2), (3, 2), dict(axis=0, reduction="none")),
    ),
    extended="losses",
    logits=_towards,
    target=lambda g, shape, logits, axis, reduction: -_classes(g, shape, axis, reduction) * log_softmax(logits, axis),
)
def cross_entropy(logits, target, axis: int = -1, reduction: str = "mean"):
    """-sum of y log softmax(x) over the classes: ``target`` is a label for each example, or probabilities y.

    Computed from the logits x, so that no probability rounds to 0.  Integers are labels, floats are probabilities.
    The classes lie along the last axis, unless ``axis`` says otherwise.  PyTorch's lie along axis 1: of more than two
    axes, the one of both is taken that fits the labels, and ValueError raised if both do.  It also takes PyTorch's
    ``weight`` of each class, ``ignore_index`` and ``label_smoothing``.
    """
    if np.ndim(logits) == 0 or not np.shape(logits)[axis]:
        raise ValueError(f"logits of shape {np.shape(logits)} have no classes")
    try:
        y = np.asarray(_distribution(logits, target, axis))
    except IndexError:
        words = f"labels outside 0 to {logits.shape[axis] - 1}"
        raise ValueError(words + _other_meaning(target)) from None
    if y.shape != logits.shape:
        raise ValueError(f"a target of shape {np.shape(target)} for logits of shape {logits.shape}")
    with np.errstate(invalid="ignore"):
        terms = y * log_softmax(logits, axis)
        total = np.add.reduce(terms, axis)
    if np.isnan(total).any():  # 0 times the logarithm of the 0 that a logit of -inf stands for
        total = np.add.reduce(np.where(y == 0, 0, terms), axis)
    return _reduced(-total, reduction)


def _odds(p, y):
    """(p - y)/(p (1 - p)), which is -y/p + (1 - y)/(1 - p): where p is 0 or 1, and y too, the other term counts."""
    if np.all((p > 0) & (p < 1)):
        return (p - y) / (p * (1 - p))
    return xdivy(1 - y, 1 - p) - xdivy(y, p)


@_otherwise(_weights_third)
@op(
    r"\operatorname{BCE}($prediction, $target)",
    needs={
        _SAME: _alike,
        "probabilities in (0, 1) as predictions; from logits use binary_cross_entropy_with_logits": lambda prediction: (
            np.all((prediction > 0) & (prediction < 1))
        ),
    },
    domain={"prediction": (0.1, 0.9), "target": (0.1, 0.9)},
    examples=_REDUCTIONS,
    logarithm={"prediction": (0, 1)},
    extended="losses",
    prediction=lambda g, shape, prediction, target, reduction: (
        _share(g, math.prod(shape), reduction) * _odds(prediction, target)
    ),
    target=lambda g, shape, prediction, reduction: (
        _share(g, math.prod(shape), reduction) * (np.log(1 - prediction) - np.log(prediction))
    ),
)
def binary_cross_entropy(prediction, target, reduction: str = "mean"):
    """-(y log p + (1 - y) log(1 - p)), of probabilities p and targets y between 0 and 1.  0 log 0 is 0.

    It also takes PyTorch's ``weight`` of each example.
    """
    _same_shape(prediction, target)
    if np.all((prediction > 0) & (prediction < 1)):
        return _reduced(-(target * np.log(prediction) + (1 - target) * np.log1p(-prediction)), reduction)
    yes, no = np.where(target == 0, 1, prediction), np.where(target == 1, 0, prediction)
    return _reduced(-(target * np.log(yes) + (1 - target) * np.log1p(-no)), reduction)


@_otherwise(_weights_third)
@op(
    r"\operatorname{BCE}(\sigma($logits), $target)",
    needs={_SAME: lambda logits, target: _alike(logits, target)},
    domain={"target": (0.1, 0.9)},
    examples=_REDUCTIONS,
    extended="losses",
    logits=lambda g, shape, logits, target, reduction: (
        _share(g, math.prod(shape), reduction) * (sigmoid(logits) - target)
    ),
    target=lambda g, shape, logits, reduction: -_share(g, math.prod(shape), reduction) * logits,
)
def binary_cross_entropy_with_logits(logits, target, reduction: str = "mean"):
    """-(y log s(x) + (1 - y) log s(-x)), s the sigmoid: binary cross-entropy of logits x, exact at any x.

    It also takes PyTorch's ``weight`` of each example, and ``pos_weight``, a factor of what has the target 1.
    """
    _same_shape(logits, target)
    return _reduced(-log_sigmoid(-logits) - target * logits, reduction)


@op(
    r"\operatorname{MSE}($prediction, $target)",
    aliases="mse_loss",
    needs={_SAME: _alike},
    examples=_REDUCTIONS,
    prediction=lambda g, shape, prediction, target, reduction: (
        _share(2 * g, math.prod(shape), reduction) * (prediction - target)
    ),
    target=lambda g, shape, prediction, target, reduction: (
        _share(2 * g, math.prod(shape), reduction) * (target - prediction)
    ),
)
def mse(prediction, target, reduction: str = "mean"):
    """The squared difference of prediction and target, of one shape (mean squared error).

    Raises ValueError for two shapes: (n, 1) against (n,) would broadcast to (n, n).
    """
    _same_shape(prediction, target)
    return _reduced((prediction - target) ** 2, reduction)


def _hinged(g, shape, prediction, target, reduction: str):
    margin = prediction * target
    g = -_share(g, math.prod(shape), reduction)
    return jumping(g * (margin < 1), g, margin, 1)


@op(
    r"\operatorname{hinge}($prediction, $target)",
    needs={_SAME: _alike},
    examples=_REDUCTIONS,
    prediction=lambda g, shape, prediction, target, reduction: (
        _hinged(g, shape, prediction, target, reduction) * target
    ),
    target=lambda g, shape, prediction, target, reduction: (
        _hinged(g, shape, prediction, target, reduction) * prediction
    ),
)
def hinge(prediction, target, reduction: str = "mean"):
    """max(0, 1 - y x), of scores x and targets y that are 1 or -1.  The gradient at the bend is 0."""
    _same_shape(prediction, target)
    return _reduced(np.maximum(0, 1 - prediction * target), reduction)


def _pair(u, v):
    return (u * v).sum(-1)


def _noise(u, negatives):
    return (negatives * u[..., None, :]).sum(-1)


@_written("", where=lambda u: u > 1)
@op(
    r"-\log \sigma($v^{\top} \, $u) - \textstyle\sum \log \sigma(-$negatives \, $u)",
    binds=1,
    needs={
        "u and v of one shape (..., d), and negatives of shape (..., n, d)": lambda u, v, negatives: (
            u.shape == v.shape and negatives.shape[:-2] + negatives.shape[-1:] == u.shape
        )
    },
    examples=(((4,), (4,), (3, 4)), ((2, 4), (2, 4), (2, 3, 4))),
    u=lambda g, u, v, negatives: (
        g[..., None]
        * (-sigmoid(-_pair(u, v))[..., None] * v + (sigmoid(_noise(u, negatives))[..., None] * negatives).sum(-2))
    ),
    v=lambda g, u, v: -(g * sigmoid(-_pair(u, v)))[..., None] * u,
    negatives=lambda g, u, negatives: (g[..., None] * sigmoid(_noise(u, negatives)))[..., None] * u[..., None, :],
)
def negative_sampling(u, v, negatives):
    """-log s(v·u) - sum of log s(-n·u) over the noise vectors n, s the sigmoid, for each pair of vectors u, v.

    Mikolov et al., Distributed representations of words and phrases (2013), equation 4.  With a bilinear W, u is W u.
    """
    if u.shape != v.shape or negatives.shape[:-2] + negatives.shape[-1:] != u.shape:
        raise ValueError(f"shapes {u.shape}, {v.shape} and {negatives.shape} of u, v and negatives do not fit")
    return -log_sigmoid(_pair(u, v)) - log_sigmoid(-_noise(u, negatives)).sum(-1)
