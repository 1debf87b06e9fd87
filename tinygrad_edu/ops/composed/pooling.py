"""Pooling with PyTorch's names and words, and what else makes images larger or smaller, made of operations."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ...engine.composing import composed, extends
from ...errors import messages as errors
from .. import image, shape
from ..reduce import max as largest
from ..reduce import mean
from .operands import floating, refuse

_POOLED = {"kernel_size": "size", "window": "size"}
_INDICES = "np.argmax of the windows, for the places of the largest elements"


def _no_indices(name: str, wanted: bool) -> None:
    if wanted:
        raise errors.explained(TypeError(f"{name} takes no return_indices={wanted}"), f"Write {_INDICES}.")


class _Window:
    """How a window slides over the last axes of x: its size and steps, and the border before and after each axis."""

    def __init__(self, x, axes: int, size, stride, padding=0, dilation=1, ceil_mode: bool = False) -> None:
        self.size = image.pair(size, axes, 1)
        self.stride = self.size if stride is None or stride == () else image.pair(stride, axes, 1)
        self.dilation, wide = image.pair(dilation, axes, 1), image.pair(padding, axes)
        if x.ndim < axes:
            refuse(f"a pool over {axes} axes takes no array of shape {x.shape}")
        if any(2 * p > d * (k - 1) + 1 for p, k, d in zip(wide, self.size, self.dilation)):
            refuse(f"padding={padding} is more than half of a window of {size}: a window could lie outside of x")
        self.border = [(p, p) for p in wide]
        for i, n in enumerate(x.shape[-axes:] if ceil_mode else ()):
            s, p, reach = self.stride[i], wide[i], self.dilation[i] * (self.size[i] - 1) + 1
            number = -(-(n + 2 * p - reach) // s) + 1
            number -= (number - 1) * s >= n + p  # a window does not begin behind the end of x
            self.border[i] = (p, max(p, (number - 1) * s + reach - n - p))

    def bordered(self, x, fill: float):
        """x with the border around it."""
        if not any(map(any, self.border)):
            return x
        return shape.pad(x, ((0, 0),) * (x.ndim - len(self.border)) + tuple(self.border), constant_values=fill)

    def over(self, reduction, x):
        """The mean or the largest element of each window."""
        last = tuple(range(-len(self.size), 0))
        return reduction(image.windows(x, self.size, self.stride, self.dilation), last)


def _largest(axes: int, x, size, stride, padding, dilation, ceil_mode: bool):
    """The largest element of each window, with a border of -inf."""
    x = floating(x)
    window = _Window(x, axes, size, stride, padding, dilation, ceil_mode)
    x = window.bordered(x, -math.inf)
    if axes == 2 and set(window.dilation) == {1}:
        return image.max_pool2d(x, size=window.size, stride=window.stride)
    return window.over(largest, x)


def _average(axes: int, x, size, stride, padding, ceil_mode: bool, count_include_pad: bool, divisor_override):
    """The mean of each window, with a border of zeros, of which all or none count."""
    x = floating(x)
    window = _Window(x, axes, size, stride, padding, 1, ceil_mode)
    inner = np.ones(x.shape[-axes:], x.dtype)
    x = window.bordered(x, 0.0)
    if axes == 2:
        z = image.avg_pool2d(x, size=window.size, stride=window.stride)
    else:
        z = window.over(mean, x)
    if divisor_override is not None:
        return z * (math.prod(window.size) / divisor_override)
    if count_include_pad:
        wide = image.pair(padding, axes)
        inner = np.pad(inner, [(p, p) for p in wide], constant_values=1)
        missing = [(0, after - p) for (_, after), p in zip(window.border, wide)]
        counted = np.pad(inner, missing)
    else:
        counted = window.bordered(inner, 0.0)
    return z if counted.all() else z / window.over(np.mean, counted)


@extends(image.max_pool2d, words=_POOLED)
def max_pool2d(x, size=2, stride=None, padding=0, dilation=1, ceil_mode: bool = False, return_indices: bool = False):
    """max_pool2d with a border of -inf, of elements that lie ``dilation`` apart, or with a last window that is cut."""
    _no_indices("max_pool2d", return_indices)
    return _largest(2, x, size, stride, padding, dilation, ceil_mode)


@composed(words=_POOLED)
def max_pool1d(x, size=2, stride=None, padding=0, dilation=1, ceil_mode: bool = False, return_indices: bool = False):
    """The largest element under a window along the last axis, which moves by ``stride``, or else by its size.

    ``padding`` elements of -inf are put at both ends.  ``dilation``: the distance between elements of a window.  With
    ``ceil_mode`` a last window that goes beyond the end is taken too.
    """
    _no_indices("max_pool1d", return_indices)
    return _largest(1, x, size, stride, padding, dilation, ceil_mode)


@composed(words=_POOLED)
def max_pool3d(x, size=2, stride=None, padding=0, dilation=1, ceil_mode: bool = False, return_indices: bool = False):
    """The largest element under a window over the last three axes: see ``max_pool1d``."""
    _no_indices("max_pool3d", return_indices)
    return _largest(3, x, size, stride, padding, dilation, ceil_mode)


@extends(image.avg_pool2d, words=_POOLED)
def avg_pool2d(
    x, size=2, stride=None, padding=0, ceil_mode: bool = False, count_include_pad: bool = True, divisor_override=None
):
    """avg_pool2d with a border of zeros, which count as elements unless ``count_include_pad=False``."""
    return _average(2, x, size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@composed(words=_POOLED)
def avg_pool1d(x, size=2, stride=None, padding=0, ceil_mode: bool = False, count_include_pad: bool = True):
    """The mean under a window along the last axis, which moves by ``stride``, or else by its size.

    ``padding`` zeros are put at both ends, which count as elements unless ``count_include_pad=False``.  With
    ``ceil_mode`` a last window that goes beyond the end is taken too, and what lies there does not count.
    """
    return _average(1, x, size, stride, padding, ceil_mode, count_include_pad, None)


@composed(words=_POOLED)
def avg_pool3d(
    x, size=2, stride=None, padding=0, ceil_mode: bool = False, count_include_pad: bool = True, divisor_override=None
):
    """The mean under a window over the last three axes: see ``avg_pool1d``."""
    return _average(3, x, size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _pooled_to(x, axes: int, output_size) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The lengths that an adaptive pool is to have, and those of its windows, where 0 means that they differ."""
    every = (output_size,) * axes if np.ndim(output_size) == 0 else tuple(output_size)
    if len(every) != axes:
        refuse(f"output_size={output_size} is not one number, or one for each of the last {axes} axes")
    to = tuple(n if m is None else operator.index(m) for m, n in zip(every, x.shape[-axes:]))
    if any(m < 1 for m in to):
        refuse(f"output_size={output_size} is not made of numbers from 1 up")
    return to, tuple(0 if n % m else n // m for m, n in zip(to, x.shape[-axes:]))


def _averaging(n: int, m: int, dtype):
    """The matrix (m, n) of the means of m windows over n elements, which overlap where m does not divide n."""
    i, k = np.arange(m)[:, None], np.arange(n)
    first, last = i * n // m, -(-(i + 1) * n // m)
    return (((k >= first) & (k < last)) / (last - first)).astype(dtype)


def _adaptive_average(axes: int, x, output_size):
    x = floating(x)
    to, size = _pooled_to(x, axes, output_size)
    if all(size):
        return _average(axes, x, size, None, 0, False, True, None)
    for axis, (n, m) in enumerate(zip(x.shape[-axes:], to), x.ndim - axes):
        if n != m:
            x = np.moveaxis(np.moveaxis(x, axis, -1) @ _averaging(n, m, x.dtype).T, -1, axis)
    return x


def _adaptive_largest(axes: int, x, output_size, return_indices: bool):
    name, x = f"adaptive_max_pool{axes}d", floating(x)
    _no_indices(name, return_indices)
    to, size = _pooled_to(x, axes, output_size)
    if not all(size):
        refuse(
            f"{name} makes an array of {to} from {x.shape[-axes:]} only where these are multiples",
            f"Write max_pool{axes}d(x, size, stride) with the windows that you want.",
        )
    return _largest(axes, x, size, None, 0, 1, False)


@composed()
def adaptive_avg_pool1d(x, output_size):
    """The means of windows along the last axis, chosen so that the result has the length ``output_size``.

    1 is the mean of each channel.  Where the length n is not a multiple of the new length m, windows overlap, as
    PyTorch's: window i goes from the whole part of i n/m to (i + 1) n/m, rounded up.
    """
    return _adaptive_average(1, x, output_size)


@composed()
def adaptive_avg_pool2d(x, output_size):
    """``adaptive_avg_pool1d`` along the last two axes: one number for both, or one for each; None leaves it as it is."""
    return _adaptive_average(2, x, output_size)


@composed()
def adaptive_avg_pool3d(x, output_size):
    """``adaptive_avg_pool1d`` along the last three axes."""
    return _adaptive_average(3, x, output_size)


@composed()
def adaptive_max_pool1d(x, output_size, return_indices: bool = False):
    """The largest elements of windows along the last axis, chosen so that the result has the length ``output_size``.

    Raises ValueError for a length that is not a multiple of the new one.
    """
    return _adaptive_largest(1, x, output_size, return_indices)


@composed()
def adaptive_max_pool2d(x, output_size, return_indices: bool = False):
    """``adaptive_max_pool1d`` along the last two axes."""
    return _adaptive_largest(2, x, output_size, return_indices)


@composed()
def adaptive_max_pool3d(x, output_size, return_indices: bool = False):
    """``adaptive_max_pool1d`` along the last three axes."""
    return _adaptive_largest(3, x, output_size, return_indices)


# Images that become larger or smaller.


@composed(words={"factor": "upscale_factor"})
def pixel_shuffle(x, upscale_factor: int):
    """Channels as pixels: (..., channels * r * r, height, width) as (..., channels, height * r, width * r).

    (Shi and others 2016.)
    """
    x, r = floating(x), operator.index(upscale_factor)
    if x.ndim < 3 or r < 1 or x.shape[-3] % (r * r):
        refuse(f"pixel_shuffle by {r} takes channels that are a multiple of {r * r}, not an array of shape {x.shape}")
    *lead, c, h, w = x.shape
    n = len(lead)
    z = x.reshape(*lead, c // (r * r), r, r, h, w)
    return np.transpose(z, (*range(n + 1), n + 3, n + 1, n + 4, n + 2)).reshape(*lead, c // (r * r), h * r, w * r)


@composed(words={"factor": "downscale_factor"})
def pixel_unshuffle(x, downscale_factor: int):
    """Pixels as channels: the inverse of ``pixel_shuffle``."""
    x, r = floating(x), operator.index(downscale_factor)
    if x.ndim < 3 or r < 1 or x.shape[-1] % r or x.shape[-2] % r:
        refuse(f"pixel_unshuffle by {r} takes a height and a width that are multiples, not an array of shape {x.shape}")
    *lead, c, h, w = x.shape
    n = len(lead)
    z = x.reshape(*lead, c, h // r, r, w // r, r)
    return np.transpose(z, (*range(n + 1), n + 2, n + 4, n + 1, n + 3)).reshape(*lead, c * r * r, h // r, w // r)


@composed()
def channel_shuffle(x, groups: int):
    """The channels of all groups mixed: those that are first in their groups come first (Zhang and others 2018)."""
    x = floating(x)
    if x.ndim < 3 or x.shape[1] % groups:
        refuse(
            f"channel_shuffle: the channels of x of shape {x.shape}, axis 1, cannot be cut into {groups} equal groups"
        )
    cut = x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    return np.swapaxes(cut, 1, 2).reshape(x.shape)


def _interpolating(n: int, m: int, step: float, align_corners: bool, dtype):
    """The matrix (m, n) that makes m numbers from n, each on the straight line between its two neighbours."""
    if align_corners:
        at = np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 0.0)
    else:
        at = np.maximum((np.arange(m) + 0.5) * step - 0.5, 0)
    left = np.minimum(at.astype(int), n - 1)
    right, part = np.minimum(left + 1, n - 1), at - left
    each = np.eye(n)
    return (each[left] * (1 - part)[:, None] + each[right] * part[:, None]).astype(dtype)


@composed(aliases="upsample")
def interpolate(
    x, size=None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None, antialias: bool = False,
):  # fmt: skip
    """x (examples, channels, lengths...) with other lengths, along one, two or three axes.

    Give the new lengths as ``size``, or factors as ``scale_factor``; one number, or one for each axis.  ``mode``:
    "nearest" repeats elements or leaves them out; "linear", "bilinear" and "trilinear" put them on straight lines
    between their neighbours along each axis; "area" is the mean, ``adaptive_avg_pool2d``.  Elements are taken as the
    middles of pixels, or with ``align_corners`` as points of which the first and the last stay where they are.  The
    distance of the new ones is 1/scale_factor; with ``recompute_scale_factor``, or by size, it is that of the lengths.
    """
    if antialias:
        refuse("interpolate takes no antialias=True", "Write avg_pool2d before it, to take the means of neighbours.")
    x = floating(x)
    axes = x.ndim - 2
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}.get(axes)
    if axes < 1 or (size is None) == (scale_factor is None):
        refuse("interpolate takes x of shape (examples, channels, lengths...), and either size or scale_factor")
    if mode not in ("nearest", "area", linear):
        refuse(f"interpolate along {axes} axes knows the modes 'nearest', 'area' and {linear!r}, not {mode!r}")
    if size is None:
        by = (scale_factor,) * axes if np.ndim(scale_factor) == 0 else tuple(scale_factor)
        size = tuple(math.floor(n * f) for n, f in zip(x.shape[2:], by))
    else:
        by, size = None, image.pair(size, axes, 1)
    steps = [n / m for n, m in zip(x.shape[2:], size)] if by is None or recompute_scale_factor else [1 / f for f in by]
    if mode == "area":
        return _adaptive_average(axes, x, size)
    for axis, (n, m, step) in enumerate(zip(x.shape[2:], size, steps), 2):
        if mode == "nearest":
            x = np.take(x, np.minimum((np.arange(m) * step).astype(int), n - 1), axis)
        elif n != m:
            by_matrix = _interpolating(n, m, step, bool(align_corners), x.dtype)
            x = np.moveaxis(np.moveaxis(x, axis, -1) @ by_matrix.T, -1, axis)
    return x
