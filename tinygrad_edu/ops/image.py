"""Convolution and pooling, in the layout (examples, channels, height, width).

Both look through a window that slides.  ``windows`` shows all its positions at once; its transpose adds what every
window got back into place.  The rest is an einsum.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..engine.calling import otherwise as _otherwise
from ..op import op
from .algebra import einsum
from .conventions import bent, is_recorded, strict
from .shape import pad


def pair(n, axes: int, least: int = 0) -> tuple[int, ...]:
    """Make a tuple with a whole number for each axis, from one number for all, or from as many.

    Raises ValueError for another number of them, or for a number below ``least``.
    """
    every = (n,) * axes if isinstance(n, int) or np.ndim(n) == 0 else tuple(n) * (axes if len(n) == 1 else 1)
    if len(every) != axes or any(operator.index(k) < least for k in every):
        raise ValueError(f"{n} is not {'a whole number' if axes == 1 else f'{axes} whole numbers'} from {least} up")
    return every


@op(
    for_users=False,
    examples=(
        ((2, 5), dict(size=2, stride=1)),
        ((1, 5, 6), dict(size=(2, 3), stride=(2, 1))),
        ((2, 6), dict(size=2, stride=1, dilation=3)),
    ),
    x=lambda g, shape, stride, dilation: unwindows(g, shape, stride, dilation),
)
def windows(x, size, stride=1, dilation=1):
    """All windows over the last axes, of which ``size`` has one length for each: shape (..., positions..., size...).

    ``dilation``: the distance between elements of a window.
    """
    size = pair(size, max(1, np.size(size)), 1)
    apart = pair(dilation, len(size), 1)
    axes = tuple(range(-len(size), 0))
    view = np.lib.stride_tricks.sliding_window_view(x, _reach(size, apart), axes)
    every: Any = tuple(slice(None, None, s) for s in (*pair(stride, len(size), 1), *apart))
    return view[(..., *every)]


@op(
    for_users=False,
    examples=(
        ((2, 4, 2), dict(to=(2, 5), stride=1)),
        ((1, 2, 4, 2, 3), dict(to=(1, 5, 6), stride=(2, 1))),
        ((2, 3, 2), dict(to=(2, 6), stride=1, dilation=3)),
    ),
    x=lambda g, shape, to, stride, dilation: windows(g, shape[len(to) :], stride, dilation),
)
def unwindows(x, to: tuple[int, ...], stride=1, dilation=1):
    """Windows added back to an array of shape ``to``, where they overlap together: the transpose of ``windows``."""
    axes = x.ndim - len(to)
    if not 0 < axes <= len(to) or x.shape[: -2 * axes] != tuple(to[:-axes]):
        raise ValueError(f"windows of shape {x.shape} do not lie in an array of shape {to}")
    z = np.zeros(to, x.dtype)
    steps, apart = pair(stride, axes, 1), pair(dilation, axes, 1)
    positions, size = x.shape[-2 * axes : -axes], x.shape[-axes:]
    if windows(z, size, steps, apart).shape != x.shape:
        raise ValueError(f"windows of shape {x.shape} do not lie in an array of shape {to}")
    for offset in np.ndindex(*size):
        first = [o * d for o, d in zip(offset, apart)]
        places: Any = tuple(slice(o, o + s * n, s) for o, s, n in zip(first, steps, positions))
        z[(..., *places)] += x[(..., *offset)]
    return z


def _reach(size, dilation) -> tuple[int, ...]:
    """The length of a window from its first to its last element."""
    return tuple(d * (n - 1) + 1 for n, d in zip(size, dilation))


def _widths(padding, size, stride, dilation) -> tuple[tuple[int, int], ...]:
    """The numbers of zeros before and after each axis of the window.

    ``padding``: one number; one for each axis; a pair for each axis, as ((top, bottom), (left, right)); "valid" for
    none; or "same" for as many as keep the length, of which an odd one stands at the end.
    """
    if isinstance(padding, int) and padding >= 0:
        return ((padding, padding),) * len(size)
    if isinstance(padding, str):
        if padding.lower() == "valid":
            return ((0, 0),) * len(size)
        if padding.lower() != "same":
            raise ValueError(f"padding is a number, pairs of numbers, 'same' or 'valid', not {padding!r}")
        if set(pair(stride, len(size), 1)) != {1}:
            raise ValueError("padding='same' keeps the length, and so needs stride=1")
        around = [n - 1 for n in _reach(size, pair(dilation, len(size), 1))]
        return tuple((n // 2, n - n // 2) for n in around)
    if np.ndim(padding) == 2:
        if len(padding) != len(size):
            raise ValueError(f"{padding} is not a pair of numbers for each of {len(size)} axes")
        return tuple((before, after) for before, after in (pair(ends, 2) for ends in padding))
    return tuple((n, n) for n in pair(padding, len(size)))


def _padded(x, widths):
    return pad(x, ((0, 0), (0, 0), *widths)) if any(map(any, widths)) else x


def _letters(axes: int, groups: int) -> tuple[str, str, str]:
    """The axes of the windows, of the weights and of the result, as letters for einsum."""
    g, positions, window = "g" * (groups > 1), "hvs"[:axes], "ijk"[:axes]
    return f"n{g}c{positions}{window}", f"{g}oc{window}", f"n{g}o{positions}"


def _grouped(x, axis: int, groups: int):
    """The axis of the channels cut into groups, where there are several."""
    if groups == 1:
        return x
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


def convolved(x, w, stride, padding, dilation, groups: int):
    """The sums of products under all windows, along any number of axes.  It also computes with Tensors."""
    size = tuple(w.shape[2:])
    seen = windows(_padded(x, _widths(padding, size, stride, dilation)), size, stride, dilation)
    of_x, of_w, of_z = _letters(len(size), groups)
    z = einsum(f"{of_x},{of_w}->{of_z}", _grouped(seen, 1, groups), _grouped(w, 0, groups))
    return z if groups == 1 else z.reshape(z.shape[0], w.shape[0], *z.shape[3:])


def transposed(g, shape, w, stride, padding, dilation, groups: int):
    """The transpose of a convolution of x, which has that ``shape``: what the windows got, added back into place."""
    size = tuple(w.shape[2:])
    widths = _widths(padding, size, stride, dilation)
    of_x, of_w, of_z = _letters(len(size), groups)
    back = einsum(f"{of_z},{of_w}->{of_x}", _grouped(g, 1, groups), _grouped(w, 0, groups))
    if groups > 1:
        back = back.reshape(*shape[:2], *g.shape[2:], *size)
    whole = (*shape[:2], *(n + a + b for n, (a, b) in zip(shape[2:], widths)))
    z = unwindows(back, whole, stride, dilation)
    return z[(..., *(slice(a, a + n) for n, (a, _) in zip(shape[2:], widths)))] if any(map(any, widths)) else z


def _convolution_w(g, shape, x, stride, padding, dilation, groups: int):
    size = tuple(shape[2:])
    seen = windows(_padded(x, _widths(padding, size, stride, dilation)), size, stride, dilation)
    of_x, of_w, of_z = _letters(len(size), groups)
    z = einsum(f"{of_z},{of_x}->{of_w}", _grouped(g, 1, groups), _grouped(seen, 1, groups))
    return z if groups == 1 else z.reshape(shape)


def _fit(x, w, groups) -> bool:
    return bool(x.ndim == w.ndim and x.shape[1] == w.shape[1] * groups and w.shape[0] % groups == 0)


def _large(x, w, stride, padding, dilation) -> bool:
    size = w.shape[2:]
    reach = _reach(size, pair(dilation, len(size), 1))
    widths = _widths(padding, size, stride, dilation)
    return all(n + a + b >= k for n, (a, b), k in zip(x.shape[2:], widths, reach))


def _weights_first(axes: int):
    """Is a convolution called as PyTorch's, with a bias before the stride, or without the axis of the examples?"""

    def holds(args, options) -> bool:
        if len(args) > 2 and not isinstance(args[2], (int, tuple, list)):
            return not isinstance(args[2], np.integer)
        return bool(args) and np.ndim(getattr(args[0], "_array", args[0])) == axes - 1

    return holds


@_otherwise(_weights_first(3))
@op(
    needs={
        "x of shape (examples, channels, length) and w of shape (outputs, channels / groups, window)": _fit,
        "a window that is not longer than x with its padding": _large,
    },
    examples=(
        ((2, 3, 6), (4, 3, 3)),
        ((1, 2, 5), (3, 2, 2), dict(stride=2, padding=1)),
        ((1, 2, 5), (4, 1, 2), dict(dilation=2, padding=((1, 0),), groups=2)),
    ),
    channels=1,
    words={"weight": "w", "kernel": "w", "filters": "w"},
    extended="layers",
    x=lambda g, shape, w, stride, padding, dilation, groups: transposed(g, shape, w, stride, padding, dilation, groups),
    w=_convolution_w,
)
def conv1d(x, w, stride: int = 1, padding=0, dilation: int = 1, groups: int = 1):
    """The sum of products under a sliding window (a cross-correlation, as in all deep learning).

    ``x``: (examples, channels, length); ``w``: (outputs, channels, window); the result: (examples, outputs, positions).
    ``padding`` zeros are put at both ends of x; it may be a pair for both ends, ((before, after),), "same" or "valid".
    ``dilation``: the distance between elements of a window.  ``groups``: the channels, and the outputs, are cut into so
    many groups, and each output sees its own group: w is (outputs, channels / groups, window).

    Called as PyTorch's, it takes a bias of shape (outputs,) after w, and x of shape (channels, length).
    Raises ValueError for shapes that do not fit.
    """
    return _checked(x, w, 3, stride, padding, dilation, groups)


@_otherwise(_weights_first(4))
@op(
    needs={
        "x of shape (examples, channels, height, width) and w of shape (outputs, channels / groups, height, width)": _fit,
        "a window that is not larger than x with its padding": _large,
    },
    examples=(
        ((2, 3, 5, 4), (2, 3, 3, 2)),
        ((1, 2, 5, 5), (3, 2, 2, 2), dict(stride=2, padding=1)),
        ((1, 2, 2, 3), (2, 1, 2, 2), dict(padding=((1, 0), (0, 2)), dilation=(1, 2), groups=2)),
        ((1, 1, 3, 4), (1, 1, 2, 3), dict(padding="same")),
    ),
    channels=1,
    words={"weight": "w", "kernel": "w", "filters": "w"},
    extended="layers",
    x=lambda g, shape, w, stride, padding, dilation, groups: transposed(g, shape, w, stride, padding, dilation, groups),
    w=_convolution_w,
)
def conv2d(x, w, stride=1, padding=0, dilation=1, groups: int = 1):
    """The sum of products under a sliding window (a cross-correlation, as in all deep learning).

    ``x``: (examples, channels, height, width); ``w``: (outputs, channels, height, width) of the windows; the result:
    (examples, outputs, rows, columns).  ``stride``, ``padding`` and ``dilation``, the distance between elements of a
    window, are one number, or one for each direction.  ``padding`` may also be ((top, bottom), (left, right)), "same"
    or "valid".  ``groups``: the channels, and the outputs, are cut into so many groups, and each output sees its own
    group: w is (outputs, channels / groups, height, width).

    Called as PyTorch's, it takes a bias of shape (outputs,) after w, and x of shape (channels, height, width).
    Raises ValueError for shapes that do not fit.
    """
    return _checked(x, w, 4, stride, padding, dilation, groups)


def _checked(x, w, axes: int, stride, padding, dilation, groups):
    groups = operator.index(groups)
    if np.ndim(x) != axes or np.ndim(w) != axes or groups < 1 or not _fit(x, w, groups):
        of = f", with {groups} groups," if groups != 1 else ""
        raise ValueError(f"shapes {np.shape(x)} and {np.shape(w)} of x and w do not fit{of}")
    return convolved(x, w, stride, padding, dilation, groups)


def _max_rule(g, z, shape, x, size, stride):
    """Each window passes its gradient to its largest element; if several are equal, each gets an equal share."""
    size = pair(size, 2, 1)
    seen = windows(x, size, pair(stride or size, 2, 1))
    ties = seen == z[..., None, None]
    number = ties.sum((-1, -2), keepdims=True)
    shares = (ties / number).astype(x.dtype)
    g = g[..., None, None]
    shared = g * shares
    if (is_recorded(x) or strict.get()) and np.any(number > 1):
        middle = np.where(ties, seen, 0).sum((-1, -2), keepdims=True) / number
        shared = bent(shared, g, ties & (number > 1), seen - middle)
    return unwindows(shared, shape, pair(stride or size, 2, 1))


_IMAGE = {
    "x with a height and a width that hold the window": lambda x, size: (
        x.ndim >= 2 and all(n >= k for n, k in zip(x.shape[-2:], pair(size, 2, 1)))
    )
}


@op(
    needs=_IMAGE,
    selects=True,
    examples=(((2, 3, 4, 4),), ((1, 1, 5, 5), dict(size=3, stride=1))),
    channels=1,
    words={"kernel_size": "size", "window": "size"},
    extended="pooling",
    x=_max_rule,
)
def max_pool2d(x, size=2, stride=None):
    """The largest element under a window, which moves by ``stride``, or else by its size.  Ties share the gradient.

    It also takes PyTorch's ``padding``, with -inf, and ``dilation``.
    """
    return windows(x, pair(size, 2, 1), pair(stride or size, 2, 1)).max((-1, -2))


def _average_rule(g, shape, size, stride):
    size = pair(size, 2, 1)
    return unwindows(
        g[..., None, None] * np.full(size, 1 / (size[0] * size[1]), dtype=g.dtype), shape, pair(stride or size, 2, 1)
    )


@op(
    needs=_IMAGE,
    examples=(((2, 3, 4, 4),), ((1, 1, 5, 5), dict(size=(2, 3), stride=1))),
    channels=1,
    words={"kernel_size": "size", "window": "size"},
    extended="pooling",
    x=_average_rule,
)
def avg_pool2d(x, size=2, stride=None):
    """The mean under a window, which moves by ``stride``, or else by its size.

    It also takes PyTorch's ``padding``, with zeros that are counted unless ``count_include_pad=False``.
    """
    return windows(x, pair(size, 2, 1), pair(stride or size, 2, 1)).mean((-1, -2))


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
