"""What layers compute, with PyTorch's names and words (torch.nn.functional), made of operations.

Each function may be called in PyTorch's order of arguments.  Where an operation has an order of its own, that is also
taken, as in ``conv2d(x, w, stride, padding)``.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ...engine.composing import composed, extends
from ...errors import messages as errors
from ...graph import Value
from .. import algebra, image, normalise, reduce, select, shape
from .basic import dropout
from .linear_algebra import vector_norm
from .operands import by_name, floating, refuse, values

_WEIGHTS = {"weight": "w", "kernel": "w", "filters": "w", "b": "bias"}


# Convolutions.


def _along_channels(x, b, axes: int, name: str):
    """Add a bias of one number for each channel to x (examples, channels, axes...)."""
    if b is None:
        return x
    channels = x.shape[-axes - 1]
    if np.shape(b) != (channels,):
        refuse(
            f"{name} takes a bias of shape ({channels},), one number for each output, not of shape {np.shape(b)}",
            f"Write {name}(x, w, bias, stride, padding), or {name}(x, w, stride=2, padding=1) without a bias.",
        )
    return x + np.reshape(floating(b), (channels, *(1,) * axes))


def _convolve(operation, axes: int, x, w, bias, stride, padding, dilation, groups):
    """The convolution by an operation, with a bias, and also of x without the axis of the examples."""
    single = np.ndim(values(x)) == axes + 1
    z = operation(x[None] if single else x, w, stride=stride, padding=padding, dilation=dilation, groups=groups)
    z = _along_channels(z, bias, axes, operation.__name__)
    return z[0] if single else z


def _convolution(operation, axes: int, x, w, given: tuple[Any, ...], **options: Any):
    """The convolution by an operation, with a bias, and also of x without the axis of the examples."""
    name = operation.__name__
    order: tuple[str, ...] = ("bias", "stride", "padding", "dilation", "groups")
    if given and isinstance(given[0], (int, tuple, list, np.integer)):
        order = order[1:]
    known = by_name(name, order, given, options)
    bias = known.pop("bias", None)
    x, w = floating(x), floating(w)
    single = x.ndim == axes + 1
    z = _along_channels(operation(x[None] if single else x, w, **known), bias, axes, name)
    return z[0] if single else z


@extends(image.conv1d, words=_WEIGHTS)
def conv1d(x, w, *more, bias=None, stride=None, padding=None, dilation=None, groups=None):
    """conv1d with a bias of shape (outputs,), or of x without the axis of the examples."""
    given = {"bias": bias, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _convolution(image.conv1d, 1, x, w, more, **given)


@extends(image.conv2d, words=_WEIGHTS)
def conv2d(x, w, *more, bias=None, stride=None, padding=None, dilation=None, groups=None):
    """conv2d with a bias of shape (outputs,), or of x without the axis of the examples."""
    given = {"bias": bias, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _convolution(image.conv2d, 2, x, w, more, **given)


@composed(words=_WEIGHTS)
def conv3d(x, w, bias=None, stride=1, padding=0, dilation=1, groups: int = 1):
    """conv2d with one more axis: of x (examples, channels, depth, height, width), or without the axis of the examples."""
    x, w = floating(x), floating(w)
    single = x.ndim == 4
    x = x[None] if single else x
    if x.ndim != 5 or w.ndim != 5 or x.shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        refuse(f"shapes {x.shape} and {w.shape} of x and w do not fit, with {groups} groups", _SHAPES.format("depth, "))
    z = _along_channels(image.convolved(x, w, stride, padding, dilation, groups), bias, 3, "conv3d")
    return z[0] if single else z


_SHAPES = "x is (examples, channels, {0}height, width), and w is (outputs, channels / groups, {0}height, width)."


def _conv_transpose(axes: int, x, w, bias, stride, padding, output_padding, groups: int, dilation):
    """The transpose of a convolution: x is what the convolution gives, and the result has the shape of its operand."""
    name = f"conv_transpose{axes}d"
    x, w = floating(x), floating(w)
    single = x.ndim == axes + 1
    x = x[None] if single else x
    if x.ndim != axes + 2 or w.ndim != axes + 2 or x.shape[1] != w.shape[0] or w.shape[0] % groups:
        refuse(
            f"{name}: shapes {x.shape} and {w.shape} of x and w do not fit, with {groups} groups",
            "x is (examples, channels, ...), and w is (channels, outputs / groups, ...) with the lengths of the window.",
        )
    stride, dilation = (image.pair(n, axes, 1) for n in (stride, dilation))
    extra, padding = (image.pair(n, axes) for n in (output_padding, padding))
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        refuse(f"{name}: output_padding={output_padding} is not smaller than the stride or the dilation")
    lengths = [
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, s, p, d, k, e in zip(x.shape[2:], stride, padding, dilation, w.shape[2:], extra)
    ]
    if min(lengths) < 1:
        refuse(f"{name}: padding={padding} leaves nothing of a result of shape {tuple(lengths)}")
    if any(e >= s for e, s in zip(extra, stride)):  # zeros that no window of a convolution would reach
        whole = [n + 2 * p - e for n, p, e in zip(lengths, padding, extra)]
        z = image.transposed(x, (x.shape[0], w.shape[1] * groups, *whole), w, stride, 0, dilation, groups)
        z = shape.pad(z, ((0, 0), (0, 0), *((0, e) for e in extra)))
        z = z[(..., *(slice(p, p + n) for p, n in zip(padding, lengths)))]
    else:
        z = image.transposed(x, (x.shape[0], w.shape[1] * groups, *lengths), w, stride, padding, dilation, groups)
    z = _along_channels(z, bias, axes, name)
    return z[0] if single else z


@composed(words=_WEIGHTS)
def conv_transpose1d(x, w, bias=None, stride=1, padding=0, output_padding=0, groups: int = 1, dilation=1):
    """The transpose of conv1d, by which a convolution passes its gradient back: it puts what it reads into windows.

    ``x``: (examples, channels, length), or without the examples; ``w``: (channels, outputs / groups, window), as that of
    the convolution which it transposes.  ``output_padding`` makes the result longer at its end, where several lengths
    have the same number of positions.
    """
    return _conv_transpose(1, x, w, bias, stride, padding, output_padding, groups, dilation)


@composed(words=_WEIGHTS)
def conv_transpose2d(x, w, bias=None, stride=1, padding=0, output_padding=0, groups: int = 1, dilation=1):
    """The transpose of conv2d (Zeiler and others 2010), also called deconvolution: see ``conv_transpose1d``."""
    return _conv_transpose(2, x, w, bias, stride, padding, output_padding, groups, dilation)


@composed(words=_WEIGHTS)
def conv_transpose3d(x, w, bias=None, stride=1, padding=0, output_padding=0, groups: int = 1, dilation=1):
    """The transpose of conv3d: see ``conv_transpose1d``."""
    return _conv_transpose(3, x, w, bias, stride, padding, output_padding, groups, dilation)


@composed(method=False)  # the method of that name means the windows along one axis
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """All windows of images (examples, channels, height, width) as columns: (examples, channels * size, positions)."""
    x = floating(x)
    if x.ndim not in (3, 4):
        refuse(f"unfold takes images (examples, channels, height, width), not an array of shape {x.shape}")
    size, wide = image.pair(kernel_size, 2, 1), image.pair(padding, 2)
    border = ((0, 0),) * (x.ndim - 2) + tuple((p, p) for p in wide)
    seen = image.windows(
        shape.pad(x, border) if any(wide) else x, size, image.pair(stride, 2, 1), image.pair(dilation, 2, 1)
    )
    first = tuple(range(x.ndim - 2))
    seen = np.transpose(seen, (*first, x.ndim, x.ndim + 1, x.ndim - 2, x.ndim - 1))
    lead = x.shape[: x.ndim - 3]
    return seen.reshape(*lead, math.prod(seen.shape[len(lead) : -2]), math.prod(seen.shape[-2:]))


@composed()
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The transpose of ``unfold``: columns of windows added back into images of ``output_size``, where they overlap."""
    x = floating(x)
    size, wide, far = image.pair(kernel_size, 2, 1), image.pair(padding, 2), image.pair(output_size, 2, 1)
    step, apart = image.pair(stride, 2, 1), image.pair(dilation, 2, 1)
    places = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, p, d, k, s in zip(far, wide, apart, size, step)]
    area = math.prod(size)
    if x.ndim not in (2, 3) or x.shape[-2] % area or x.shape[-1] != math.prod(places):
        refuse(
            f"fold: an array of shape {x.shape} does not hold windows of {size} at {places} positions",
            f"It needs the shape (examples, channels * {area}, {math.prod(places)}).",
        )
    lead, channels = x.shape[:-2], x.shape[-2] // area
    n = len(lead)
    seen = np.transpose(x.reshape(*lead, channels, *size, *places), (*range(n + 1), n + 3, n + 4, n + 1, n + 2))
    z = image.unwindows(seen, (*lead, channels, *(m + 2 * p for m, p in zip(far, wide))), step, apart)
    return z[(..., *(slice(p, p + m) for p, m in zip(wide, far)))] if any(wide) else z


# A border.

_MODES = {"replicate": "edge", "circular": "wrap"}


@extends(
    shape.pad,
    words={"padding": "pad"},
    advice={
        "stat_length": "concatenate([before, x, after], axis), with a border of your own",
        "end_values": "concatenate([before, x, after], axis), with a border of your own",
        "reflect_type": "concatenate([before, x, after], axis), with a border of your own",
    },
)
def pad(x, pad_width=None, mode: str = "constant", constant_values: float = 0.0, *, pad=None, value=None):
    """pad by PyTorch's widths: (left, right) of the last axis, then of the one before it, and so on, in one flat list."""
    x = floating(x)
    if pad is not None and pad_width is not None:
        raise errors.explained(TypeError("pad was given both pad_width and pad"))
    widths = pad_width if pad is None else pad
    pairs: Any = widths
    if _is_flat(widths) and (pad_width is None or value is not None or mode in _MODES or len(widths) > 2):
        if len(widths) % 2 or len(widths) > 2 * x.ndim:
            refuse(
                f"pad takes PyTorch's widths {widths} as one flat list, a pair for each of the last axes of {x.shape}",
                "Write pad(x, (left, right, top, bottom)), or NumPy's pad(x, ((top, bottom), (left, right))).",
            )
        last = [(widths[i], widths[i + 1]) for i in range(0, len(widths), 2)]
        pairs = ((0, 0),) * (x.ndim - len(last)) + tuple(reversed(last))
    elif isinstance(widths, (tuple, list)) and any(pair is None for pair in widths):
        pairs = tuple((0, 0) if pair is None else pair for pair in widths)
    number = constant_values if value is None else value
    if np.min(pairs, initial=0) >= 0:
        return shape.pad(x, pad_width=pairs, mode=_MODES.get(mode, mode), constant_values=number)
    # In PyTorch, negative widths cut the border off, after the other sides were padded.
    pairs = np.broadcast_to(pairs, (x.ndim, 2)).tolist()
    beyond = tuple((max(a, 0), max(b, 0)) for a, b in pairs)
    padded = shape.pad(x, pad_width=beyond, mode=_MODES.get(mode, mode), constant_values=number)
    return padded[tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(padded.shape, pairs))]


def _is_flat(widths) -> bool:
    """Are these whole numbers, one after the other, and no pairs?"""
    return isinstance(widths, (tuple, list)) and all(isinstance(n, (int, np.integer)) for n in widths)


# Layers that normalise.


def _scaled(x, weight, bias):
    """x times a gain, and a shift added, where they are given; they broadcast."""
    x = x if weight is None else x * floating(weight)
    return x if bias is None else x + floating(bias)


def _of_channels(x, weight, bias, name: str):
    """``_scaled`` with one gain and one shift for each channel, which are axis 1."""
    n, axes = x.shape[1], (1,) * (x.ndim - 2)
    for word, given in (("weight", weight), ("bias", bias)):
        if given is not None and np.shape(values(given)) != (n,):
            refuse(
                f"{name} takes a {word} of shape ({n},), one number for each channel, not of {np.shape(values(given))}"
            )
    weight, bias = (None if y is None else np.reshape(floating(y), (n, *axes)) for y in (weight, bias))
    return _scaled(x, weight, bias)


def _is_shape_of_last(lengths, x) -> bool:
    """Are these the lengths of the last axes of x?"""
    every = (lengths,) if isinstance(lengths, (int, np.integer)) else tuple(lengths)
    return bool(every) and tuple(x.shape[-len(every) :]) == every


def _axes_of_last(lengths, x, name: str) -> tuple[int, ...]:
    """The last axes, of which PyTorch's normalized_shape gives the lengths."""
    if not _is_shape_of_last(lengths, x):
        refuse(
            f"{name}: normalized_shape={lengths} is not the lengths of the last axes of an array of shape {x.shape}",
            f"Write {name}(x, {x.shape[-1:]}, ...) to normalise along the last axis.",
        )
    return tuple(range(-np.size(lengths), 0))


@extends(normalise.layer_norm, words={"gain": "weight", "gamma": "weight", "shift": "bias", "beta": "bias"})
def layer_norm(x, *more, axis=None, normalized_shape=None, weight=None, bias=None, eps=None):
    """layer_norm followed by a gain and a shift, or called as PyTorch's, with the lengths of the last axes.

    By position there may be PyTorch's normalized_shape, weight, bias, eps; the gain and the shift; or axis and eps.
    """
    x = floating(x)
    order: tuple[str, ...] = ("weight", "bias", "eps")
    if more and (isinstance(more[0], (int, tuple, list, np.integer)) or more[0] is None):
        pytorch = len(more) > 2 or (len(more) == 2 and not isinstance(more[1], float))
        order = ("normalized_shape", *order) if pytorch else _meant_by(more[0], x)
    options = {"axis": axis, "normalized_shape": normalized_shape, "weight": weight, "bias": bias, "eps": eps}
    known = by_name("layer_norm", order, more, options)
    weight, bias, eps = known.get("weight"), known.get("bias"), known.get("eps", 1e-5)
    axis = known.get("axis")
    if "normalized_shape" in known:
        if axis is not None:
            raise errors.explained(TypeError("layer_norm was given both axis and normalized_shape"))
        axis = _axes_of_last(known["normalized_shape"], x, "layer_norm")
    elif axis is None:
        axis = -1 if weight is None else tuple(range(-np.ndim(values(weight)), 0)) or -1
    axes = normalize_axis_tuple(axis, x.ndim)
    lengths = tuple(x.shape[a] for a in sorted(axes))
    for word, given in (("gain", weight), ("shift", bias)):
        of = np.shape(values(given)) if given is not None else ()
        if given is not None and of != lengths and len(of) != x.ndim:
            refuse(
                f"layer_norm: a {word} of shape {of} for numbers that are normalised over lengths {lengths}",
                f"Give one of shape {lengths}, or multiply and add yourself: layer_norm(x, axis) * gain + shift.",
            )
    if sorted(axes) != list(range(x.ndim - len(axes), x.ndim)):  # a gain has the lengths of these axes
        fit = [n if a in axes else 1 for a, n in enumerate(x.shape)]
        weight, bias = (
            y if y is None or np.shape(values(y)) != lengths else np.reshape(floating(y), fit) for y in (weight, bias)
        )
    return _scaled(normalise.layer_norm(x, axis=axis, eps=eps), weight, bias)


def _meant_by(lengths, x) -> tuple[str, ...]:
    """The order of arguments where the second is an axis or the length of one.  ValueError where it may be both."""
    last = lengths is not None and _is_shape_of_last(lengths, x)
    try:
        axes = normalize_axis_tuple(lengths, x.ndim)
    except (ValueError, TypeError):
        return ("normalized_shape" if last else "axis", "eps")
    if last and sorted(axes) != list(range(x.ndim - len(axes), x.ndim)):
        refuse(
            f"layer_norm: {lengths} is an axis of an array of shape {x.shape}, and the length of its last axes too",
            f"Write axis={lengths} or normalized_shape={lengths}.",
        )
    return ("axis", "eps")


@composed(words={"gain": "weight"})
def rms_norm(x, normalized_shape=None, weight=None, eps: float | None = None):
    """x divided by the root of the mean square along the last axes, times a gain (Zhang and Sennrich 2019).

    ``normalized_shape``: the lengths of these axes; without it, the last axis.  ``eps`` is added to the mean square; by
    default it is the distance from 1 to the next number.
    """
    x = floating(x)
    axis = -1 if normalized_shape is None else _axes_of_last(normalized_shape, x, "rms_norm")
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    return _scaled(x / np.sqrt(np.mean(np.square(x), axis, keepdims=True) + eps), weight, None)


def _moved(running, batch, momentum: float, word: str) -> None:
    """Move running statistics towards those of a batch, in place."""
    if running is None:
        return
    new = (1 - momentum) * values(running) + momentum * batch
    if isinstance(running, Value):
        running.data = new  # type: ignore[attr-defined]
    elif isinstance(running, np.ndarray) and running.dtype.kind == "f":
        running[...] = new
    else:
        refuse(f"batch_norm changes {word} in training, and {type(running).__name__} cannot be changed in place",
               f"Give an array, {word}=np.zeros(channels), or None to keep no running statistics.")  # fmt: skip


@composed(words={"gain": "weight", "gamma": "weight", "shift": "bias", "beta": "bias"})
def batch_norm(
    x, running_mean=None, running_var=None, weight=None, bias=None, training: bool = False, momentum: float = 0.1,
    eps: float = 1e-5,
):  # fmt: skip
    """Each channel minus its mean, over the root of its variance (Ioffe and Szegedy 2015), times a gain, plus a shift.

    ``x``: (examples, channels, ...).  In ``training``, mean and variance are those of all examples and places, and the
    running ones are moved towards them, in place, by the part ``momentum``; the running variance towards the variance
    with one element less in the divisor, as in PyTorch.  Otherwise the running ones are used, as constants.
    """
    x = floating(x)
    if x.ndim < 2:
        refuse(f"batch_norm takes x of shape (examples, channels, ...), not {x.shape}")
    axes = (0, *range(2, x.ndim))
    number = math.prod(x.shape[a] for a in axes)
    if training:
        if number < 2:
            refuse(f"batch_norm in training needs more than one number for each channel, and x has shape {x.shape}")
        _moved(running_mean, values(x).mean(axes), momentum, "running_mean")
        _moved(running_var, values(x).var(axes, ddof=1), momentum, "running_var")
        return _of_channels(normalise.layer_norm(x, axis=axes, eps=eps), weight, bias, "batch_norm")
    if running_mean is None or running_var is None:
        refuse(
            "batch_norm needs a running mean and a running variance where it is not training",
            "Write training=True to normalise by the numbers of this batch.",
        )
    fit = (x.shape[1], *(1,) * (x.ndim - 2))
    mean, var = (values(y).astype(x.dtype).reshape(fit) for y in (running_mean, running_var))
    return _of_channels((x - mean) / np.sqrt(var + x.dtype.type(eps)), weight, bias, "batch_norm")


@composed(words={"gain": "weight", "gamma": "weight", "shift": "bias", "beta": "bias"})
def instance_norm(
    x, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats: bool = True, momentum: float = 0.1,
    eps: float = 1e-5,
):  # fmt: skip
    """Each channel of each example minus its mean, over the root of its variance (Ulyanov and others 2016).

    ``x``: (examples, channels, lengths...).  With ``use_input_stats=False`` it is ``batch_norm`` by the running ones.
    """
    x = floating(x)
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    if x.ndim < 3:
        refuse(f"instance_norm takes x of shape (examples, channels, lengths...), not {x.shape}")
    axes = tuple(range(2, x.ndim))
    if running_mean is not None or running_var is not None:
        _moved(running_mean, values(x).mean(axes).mean(0), momentum, "running_mean")
        _moved(running_var, values(x).var(axes, ddof=1).mean(0), momentum, "running_var")
    return _of_channels(normalise.layer_norm(x, axis=axes, eps=eps), weight, bias, "instance_norm")


@composed(words={"gain": "weight", "gamma": "weight", "shift": "bias", "beta": "bias"})
def group_norm(x, num_groups: int, weight=None, bias=None, eps: float = 1e-5):
    """The channels of each example in so many groups, each normalised by its mean and variance (Wu and He 2018).

    ``x``: (examples, channels, ...).  The gain and the shift have one number for each channel.
    """
    x = floating(x)
    groups = operator.index(num_groups)
    if x.ndim < 2 or groups < 1 or x.shape[1] % groups:
        refuse(f"group_norm: the channels of x of shape {x.shape}, axis 1, cannot be cut into {groups} equal groups")
    grouped = x.reshape(x.shape[0], groups, math.prod(x.shape[1:]) // groups)
    return _of_channels(normalise.layer_norm(grouped, eps=eps).reshape(x.shape), weight, bias, "group_norm")


@composed(words={"ord": "p"})
def normalize(x, p: float = 2.0, axis: int = 1, eps: float = 1e-12):
    """x divided by its norm of order ``p`` along an axis, or by ``eps`` where the norm is smaller."""
    x = floating(x)
    return x / np.maximum(_norm(x, p, axis, True), x.dtype.type(eps))


def _norm(x, p: float, axis: int, keepdims: bool):
    """The norm of order p along an axis."""
    return reduce.norm(x, axis=axis, keepdims=keepdims) if p == 2 else vector_norm(x, p, axis, keepdims)


@composed(words={"x1": "x", "x2": "y"})
def cosine_similarity(x, y, axis: int = 1, eps: float = 1e-8):
    """The cosine of the angle between vectors along an axis: x·y/(|x| |y|); a norm below ``eps`` counts as that."""
    x, y = floating(x), floating(y)
    if x.shape != y.shape:
        to = np.broadcast_shapes(x.shape, y.shape)
        x, y = (shape.broadcast_to(z, to) for z in (x, y))
    lengths = (np.maximum(reduce.norm(z, axis=axis), z.dtype.type(eps)) for z in (x, y))
    return np.sum(x * y, axis) / (next(lengths) * next(lengths))


@composed(words={"x1": "x", "x2": "y"})
def pairwise_distance(x, y, p: float = 2.0, eps: float = 1e-6, keepdims: bool = False):
    """The norm of order ``p`` of x - y + eps along the last axis.  ``eps`` keeps the norm away from 0, where it bends."""
    d = floating(x) - floating(y)
    return _norm(d + d.dtype.type(eps), p, -1, keepdims)


@composed()
def local_response_norm(x, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0):
    """x divided by (k + alpha s)^beta, s the mean square of ``size`` neighbouring channels, axis 1.

    (Krizhevsky, Sutskever and Hinton 2012.)
    """
    x = floating(x)
    if x.ndim < 3 or size < 1:
        refuse(
            f"local_response_norm takes x of shape (examples, channels, lengths...), not {x.shape}, and a size from 1"
        )
    squares = np.moveaxis(np.square(x), 1, -1)
    around = shape.pad(squares, ((0, 0),) * (x.ndim - 1) + ((size // 2, (size - 1) // 2),))
    mean = np.moveaxis(np.mean(image.windows(around, size), -1), -1, 1)
    return x / (k + alpha * mean) ** beta


def _dropped_channels(x, rate: float, rng, training: bool, axes: int):
    x = floating(x)
    if x.ndim not in (axes + 1, axes + 2):
        refuse(f"dropout{axes}d takes x of shape (examples, channels, lengths...), not {x.shape}")
    return x * dropout(np.ones((*x.shape[:-axes], *(1,) * axes), x.dtype), rate, rng, training)


@composed(words={"p": "rate"})
def dropout1d(x, rate: float = 0.5, rng=None, training: bool = True):
    """``dropout`` of whole channels, of x (examples, channels, length)."""
    return _dropped_channels(x, rate, rng, training, 1)


@composed(words={"p": "rate"})
def dropout2d(x, rate: float = 0.5, rng=None, training: bool = True):
    """``dropout`` of whole channels, of x (examples, channels, height, width) (Tompson and others 2015)."""
    return _dropped_channels(x, rate, rng, training, 2)


@composed(words={"p": "rate"})
def dropout3d(x, rate: float = 0.5, rng=None, training: bool = True):
    """``dropout`` of whole channels, of x (examples, channels, depth, height, width)."""
    return _dropped_channels(x, rate, rng, training, 3)


@composed()
def pdist(x, p: float = 2.0):
    """The distances of all pairs of rows of x (n, d): of the first and second, the first and third, and so on."""
    x = floating(x)
    if x.ndim != 2:
        refuse(f"pdist takes rows, x of shape (n, d), not {x.shape}")
    i, j = np.triu_indices(x.shape[0], 1)
    return _norm(x[i] - x[j], p, -1, False)


# Attention, tables and pairs.


@composed(
    words={"q": "query", "k": "key", "v": "value", "mask": "attn_mask"},
    advice={"enable_gqa": "np.repeat(key, groups, axis=-3), and the same of value"},
)
def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p: float = 0.0, is_causal: bool = False, scale: float | None = None
):
    """softmax(query keyᵀ / sqrt(d)) value, for each query (Vaswani and others 2017).

    ``query``: (..., queries, d); ``key``: (..., keys, d); ``value``: (..., keys, outputs); the result: (..., queries,
    outputs).  ``attn_mask``: truth values, of which False keeps a query from a key, or numbers that are added to what the
    softmax takes.  ``is_causal``: query i sees the keys up to i.  ``scale`` stands in the place of 1/sqrt(d).
    """
    query, key, value = floating(query), floating(key), floating(value)
    scores = query @ key.mT * query.dtype.type(1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if is_causal:
        if attn_mask is not None:
            refuse("scaled_dot_product_attention takes an attn_mask or is_causal=True, not both")
        attn_mask = np.tri(*scores.shape[-2:], dtype=bool)
    if attn_mask is not None and values(attn_mask).dtype == np.bool_:
        scores = select.where(values(attn_mask), scores, scores.dtype.type(-math.inf))
    elif attn_mask is not None:
        scores = scores + floating(attn_mask)
    weights = normalise.softmax(scores)
    return (dropout(weights, dropout_p) if dropout_p else weights) @ value


@extends(
    select.embedding,
    words={"input": "index", "weight": "table"},
    advice={
        "padding_idx": "W.data with a row of zeros, and set that row of the gradient to 0 before each step",
        "max_norm": "a line that scales the rows of W.data down before each step",
        "scale_grad_by_freq": "a line that divides rows of the gradient by their numbers before each step",
    },
)
def embedding(table, index):
    """embedding in PyTorch's order, with the index first."""
    if values(table).dtype.kind in "iu" and values(index).dtype.kind == "f":
        table, index = index, table
    return select.embedding(table=table, index=index)


@composed(words={"x1": "x", "x2": "y", "input1": "x", "input2": "y"})
def bilinear(x, y, weight, bias=None):
    """x W_o yᵀ + b_o for each output o: ``x`` (..., n), ``y`` (..., m), ``weight`` (outputs, n, m), ``bias`` (outputs,)."""
    z = algebra.einsum("...i,oij,...j->...o", x, weight, y)
    return z if bias is None else z + floating(bias)
