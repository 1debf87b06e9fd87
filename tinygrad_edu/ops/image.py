"""Convolution and pooling, in the layout (examples, channels, height, width).

Both look through a window that slides.  ``windows`` shows all its positions at once; its transpose adds what every
window got back into place.  The rest is an einsum.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..op import op
from .algebra import einsum
from .conventions import bent, is_recorded, strict
from .shape import pad


def _pair(n, axes: int, least: int = 0) -> tuple[int, ...]:
    """Make a tuple with a whole number for each axis, from one number for all, or from as many.

    Raises ValueError for another number of them, or for a number below ``least``.
    """
    every = (n,) * axes if np.ndim(n) == 0 else tuple(n)
    if len(every) != axes or any(operator.index(k) < least for k in every):
        raise ValueError(f"{n} is not {'a whole number' if axes == 1 else f'{axes} whole numbers'} from {least} up")
    return every


@op(
    for_users=False,
    examples=(((2, 5), dict(size=2, stride=1)), ((1, 5, 6), dict(size=(2, 3), stride=(2, 1)))),
    x=lambda g, shape, stride: unwindows(g, shape, stride),
)
def windows(x, size, stride=1):
    """All windows over the last axes, of which ``size`` has one length for each: shape (..., positions..., size...)."""
    size = _pair(size, max(1, np.size(size)), 1)
    axes = tuple(range(-len(size), 0))
    view = np.lib.stride_tricks.sliding_window_view(x, size, axes)
    every: Any = tuple(slice(None, None, s) for s in _pair(stride, len(size), 1))
    return view[(..., *every, *(slice(None),) * len(size))]


@op(
    for_users=False,
    examples=(((2, 4, 2), dict(to=(2, 5), stride=1)), ((1, 2, 4, 2, 3), dict(to=(1, 5, 6), stride=(2, 1)))),
    x=lambda g, shape, to, stride: windows(g, shape[len(to) :], stride),
)
def unwindows(x, to: tuple[int, ...], stride=1):
    """Windows added back to an array of shape ``to``, where they overlap together: the transpose of ``windows``."""
    axes = x.ndim - len(to)
    if not 0 < axes <= len(to) or x.shape[: -2 * axes] != tuple(to[:-axes]):
        raise ValueError(f"windows of shape {x.shape} do not lie in an array of shape {to}")
    z = np.zeros(to, x.dtype)
    steps, positions, size = _pair(stride, axes, 1), x.shape[-2 * axes : -axes], x.shape[-axes:]
    if windows(z, size, steps).shape != x.shape:
        raise ValueError(f"windows of shape {x.shape} do not lie in an array of shape {to}")
    for offset in np.ndindex(*size):
        places: Any = tuple(slice(o, o + s * n, s) for o, s, n in zip(offset, steps, positions))
        z[(..., *places)] += x[(..., *offset)]
    return z


def _padded(x, padding, axes: int):
    width = _pair(padding, axes)
    return pad(x, ((0, 0), (0, 0), *((p, p) for p in width))) if any(width) else x


def _convolve(x, w, stride, padding):
    axes = w.ndim - 2
    seen = windows(_padded(x, padding, axes), w.shape[2:], _pair(stride, axes, 1))
    return (
        einsum("nchij,ocij->noh" if axes == 1 else "nchvij,ocij->nohv", seen, w)
        if axes == 2
        else einsum("nchi,oci->noh", seen, w)
    )


def _convolution_x(g, shape, w, stride, padding):
    axes = w.ndim - 2
    width = _pair(padding, axes)
    back = einsum("nohv,ocij->nchvij" if axes == 2 else "noh,oci->nchi", g, w)
    whole = unwindows(back, (*shape[:2], *(n + 2 * p for n, p in zip(shape[2:], width))), _pair(stride, axes, 1))
    return whole[(..., *(slice(p, p + n) for n, p in zip(shape[2:], width)))] if any(width) else whole


def _convolution_w(g, shape, x, stride, padding):
    axes = len(shape) - 2
    seen = windows(_padded(x, padding, axes), tuple(shape[2:]), _pair(stride, axes, 1))
    return einsum("nohv,nchvij->ocij" if axes == 2 else "noh,nchi->oci", g, seen)


def _fit(x, w) -> bool:
    return bool(x.ndim == w.ndim and x.shape[1] == w.shape[1])


def _large(x, w, padding) -> bool:
    return all(n + 2 * p >= k for n, p, k in zip(x.shape[2:], _pair(padding, x.ndim - 2), w.shape[2:]))


@op(
    needs={
        "x of shape (examples, channels, length) and w of shape (outputs, channels, window)": _fit,
        "a window that is not longer than x with its padding": _large,
    },
    examples=(((2, 3, 6), (4, 3, 3)), ((1, 2, 5), (3, 2, 2), dict(stride=2, padding=1))),
    channels=1,
    x=_convolution_x,
    w=_convolution_w,
)
def conv1d(x, w, stride: int = 1, padding: int = 0):
    """The sum of products under a sliding window (a cross-correlation, as in all deep learning).

    ``x``: (examples, channels, length); ``w``: (outputs, channels, window); the result: (examples, outputs, positions).
    ``padding`` zeros are put at both ends of x.  Raises ValueError for shapes that do not fit.
    """
    return _checked(x, w, 3, stride, padding)


@op(
    needs={
        "x of shape (examples, channels, height, width) and w of shape (outputs, channels, height, width)": _fit,
        "a window that is not larger than x with its padding": _large,
    },
    examples=(((2, 3, 5, 4), (2, 3, 3, 2)), ((1, 2, 5, 5), (3, 2, 2, 2), dict(stride=2, padding=1))),
    channels=1,
    x=_convolution_x,
    w=_convolution_w,
)
def conv2d(x, w, stride=1, padding=0):
    """The sum of products under a sliding window (a cross-correlation, as in all deep learning).

    ``x``: (examples, channels, height, width); ``w``: (outputs, channels, height, width) of the windows; the result:
    (examples, outputs, rows, columns).  ``stride`` and ``padding`` are one number, or one for each direction.  Raises
    ValueError for shapes that do not fit.
    """
    return _checked(x, w, 4, stride, padding)


def _checked(x, w, axes: int, stride, padding):
    if np.ndim(x) != axes or np.ndim(w) != axes or not _fit(x, w):
        raise ValueError(f"shapes {np.shape(x)} and {np.shape(w)} of x and w do not fit")
    return _convolve(x, w, stride, padding)


def _max_rule(g, z, shape, x, size, stride):
    """Each window passes its gradient to its largest element; if several are equal, each gets an equal share."""
    size = _pair(size, 2, 1)
    seen = windows(x, size, _pair(stride or size, 2, 1))
    ties = seen == z[..., None, None]
    number = ties.sum((-1, -2), keepdims=True)
    shares = (ties / number).astype(x.dtype)
    g = g[..., None, None]
    shared = g * shares
    if (is_recorded(x) or strict.get()) and np.any(number > 1):
        middle = np.where(ties, seen, 0).sum((-1, -2), keepdims=True) / number
        shared = bent(shared, g, ties & (number > 1), seen - middle)
    return unwindows(shared, shape, _pair(stride or size, 2, 1))


_IMAGE = {
    "x with a height and a width that hold the window": lambda x, size: (
        x.ndim >= 2 and all(n >= k for n, k in zip(x.shape[-2:], _pair(size, 2, 1)))
    )
}


@op(
    needs=_IMAGE,
    selects=True,
    examples=(((2, 3, 4, 4),), ((1, 1, 5, 5), dict(size=3, stride=1))),
    channels=1,
    x=_max_rule,
)
def max_pool2d(x, size=2, stride=None):
    """The largest element under a window, which moves by ``stride``, or else by its size.  Ties share the gradient."""
    return windows(x, _pair(size, 2, 1), _pair(stride or size, 2, 1)).max((-1, -2))


def _average_rule(g, shape, size, stride):
    size = _pair(size, 2, 1)
    return unwindows(
        g[..., None, None] * np.full(size, 1 / (size[0] * size[1]), dtype=g.dtype), shape, _pair(stride or size, 2, 1)
    )


@op(needs=_IMAGE, examples=(((2, 3, 4, 4),), ((1, 1, 5, 5), dict(size=(2, 3), stride=1))), channels=1, x=_average_rule)
def avg_pool2d(x, size=2, stride=None):
    """The mean under a window, which moves by ``stride``, or else by its size."""
    return windows(x, _pair(size, 2, 1), _pair(stride or size, 2, 1)).mean((-1, -2))


# Signals of one axis.


def _uncut(g, full: int, mode: str):
    """Put zeros back where a mode has cut the full convolution."""
    left = (full - g.shape[0]) // 2
    return pad(g, ((left, full - g.shape[0] - left),))


def _convolved(g, shape, other, mode: str):
    """The transpose of a convolution: what goes back is convolved with the other one in reverse order."""
    n, other = math.prod(shape), other.reshape(-1)  # a number is a vector of one
    whole = _uncut(g, n + other.size - 1, mode)
    return convolve(whole, other[::-1], "full")[other.size - 1 : other.size - 1 + n].reshape(shape)


@op(
    needs={"two vectors": lambda x, y: x.ndim == y.ndim == 1},
    examples=(
        ((5,), (3,)), ((5,), (3,), dict(mode="valid")), ((5,), (2,), dict(mode="same")), ((3,), (5,), dict(mode="valid")),
    ),
    x=lambda g, shape, y, mode: _convolved(g, shape, y, mode),
    y=lambda g, shape, x, mode: _convolved(g, shape, x, mode),
)  # fmt: skip
def convolve(x, y, mode: str = "full"):
    """The convolution of two vectors, sum_i x_i y_(k-i), as NumPy's: one of them slides over the other in reverse."""
    return np.convolve(x, y, mode)
