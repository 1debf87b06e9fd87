"""NumPy's and PyTorch's functions that choose elements, and put others in their place.

None writes into its argument: each gives a new tensor.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ...engine.composing import composed
from ...errors import messages as errors
from ..pointwise import positive
from ..select import getitem, put, sort, take, where
from ..shape import broadcast_to, concatenate, moveaxis, stack
from .operands import along, array, checked_axis, flat, values, whole

# By conditions.


@composed()
def select(condlist, choicelist, default=0):
    """At each place the array of ``choicelist`` whose condition is the first that holds; ``default`` where none does."""
    if len(condlist) != len(choicelist) or not condlist:
        words = f"select was given {len(condlist)} conditions and {len(choicelist)} choices"
        raise errors.explained(ValueError(words), "Give as many conditions as choices, at least one.")
    z = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        condition = values(condition)
        if condition.dtype.kind != "b":
            error = TypeError(f"a condition is made of truth values, not of dtype {condition.dtype}")
            raise errors.explained(error, "Write a comparison, as t > 0.")
        z = where(condition, choice, z)
    return z


@composed()
def choose(a, choices, mode: str = "raise"):
    """At each place the array of ``choices`` that has the number in ``a``."""
    index = whole(a, "the first argument of choose")
    parts = [array(x) for x in choices]
    if mode != "raise":
        index = index % len(parts) if mode == "wrap" else np.clip(index, 0, len(parts) - 1)
    lengths = np.broadcast_shapes(index.shape, *(x.shape for x in parts))
    index = np.broadcast_to(index, lengths)
    together = stack([broadcast_to(x, lengths) for x in parts], 0)
    if index.size and index.min() < 0:
        raise errors.explained(ValueError(f"choose counts from 0, not {index.min()}"), "Or give mode='wrap'.")
    return getitem(together, along((0, *lengths), index, 0))


@composed()
def compress(condition, a, axis: int | None = None):
    """The elements along an axis at which a condition holds; of the flattened array if it is None."""
    return take(array(a), np.flatnonzero(values(condition)), axis)


@composed(method="compress")
def compress_method(x, condition, axis: int | None = None):
    """The elements along an axis at which a condition holds; of the flattened array if it is None."""
    return compress(condition, x, axis)


@composed()
def extract(condition, arr):
    """The elements, in the order of rows, at which a condition holds."""
    return take(array(arr), np.flatnonzero(values(condition)))


@composed(method=True)
def masked_select(x, mask):
    """The elements at which a mask holds, in the order of rows (PyTorch's)."""
    x, mask = array(x), values(mask)
    lengths = np.broadcast_shapes(x.shape, mask.shape)
    return getitem(broadcast_to(x, lengths), np.broadcast_to(mask, lengths))


@composed(method=True)
def masked_fill(x, mask, value):
    """``value`` where a mask holds, and ``x`` elsewhere (PyTorch's)."""
    return where(values(mask).astype(bool), value, x)


@composed(method=True)
def masked_scatter(x, mask, source):
    """Where a mask holds the elements of ``source``, one after the other, and ``x`` elsewhere (PyTorch's)."""
    x, source = array(x), array(source)
    mask = np.broadcast_to(values(mask), x.shape)
    number = (np.cumsum(mask) - 1).reshape(x.shape)
    return where(mask, take(source, np.where(mask, number, 0)), x)


@composed(method="where", words={"other": "y", "input": "x"})
def where_method(x, condition, y):
    """``x`` where the condition holds, ``y`` elsewhere: ``np.where(condition, x, y)``.

    Of truth values it is also ``mask.where(x, y)`` (tinygrad's), where the first of the two is no condition.
    """
    if values(x).dtype == bool and values(condition).dtype != bool:
        return where(values(x), condition, y)
    return where(values(condition), x, y)


# By indices along an axis.


@composed()
def take_along_dim(x, indices, dim: int | None = None):
    """``take_along_axis`` in PyTorch's words: of the flattened array without ``dim``."""
    return take_along_axis(x, indices, dim)


@composed()
def take_along_axis(arr, indices, axis: int | None = -1):
    """The elements at ``indices`` along an axis, where the other axes count along; of the flattened array if it is None."""
    x, index = array(arr), whole(indices, "an index")
    if axis is None:
        return getitem(flat(x), flat(index))
    axis = checked_axis(axis, x.ndim)
    if index.ndim != x.ndim:
        words = f"take_along_axis was given an index of {index.ndim} axes for an array of shape {x.shape}"
        raise errors.explained(
            ValueError(words), "np.argsort(x, axis) and argmax(axis, keepdims=True) give such indices."
        )
    return getitem(x, along(x.shape, index, axis))


def _cells(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """The key of the elements that PyTorch's gather and scatter name: the index may be shorter than x in other axes."""
    index = whole(index, "an index")
    if index.ndim != x.ndim:
        words = f"an index of {index.ndim} axes does not fit an array of shape {x.shape}"
        raise errors.explained(
            ValueError(words), "It has as many axes as the array, as x.argmax(dim, keepdims=True) has."
        )
    return along(index.shape, index, checked_axis(dim, x.ndim))


@composed(method=True)
def gather(x, dim: int, index):
    """``z[i, j] = x[index[i, j], j]`` for dim=0, ``z[i, j] = x[i, index[i, j]]`` for dim=1, and so on (PyTorch's)."""
    x = array(x)
    return getitem(x, _cells(x, dim, index))


@composed(method=True, words={"value": "src"}, advice={"reduce": "scatter_add for sums"})
def scatter(x, dim: int, index, src):
    """A copy of ``x`` with ``z[index[i, j], j] = src[i, j]`` for dim=0, and so on (PyTorch's); ``src`` may be a number.

    If the index names a place twice, the last one counts.
    """
    x = array(x)
    return _replaced(x, _cells(x, dim, index), src)


@composed(method=True)
def scatter_add(x, dim: int, index, src):
    """``x`` with ``src[i, j]`` added at ``[index[i, j], j]`` for dim=0, and so on (PyTorch's)."""
    x = array(x)
    key = _cells(x, dim, index)
    return x + put(_first_cells(src, np.broadcast_shapes(*(k.shape for k in key))), key, x.shape)


def _first_cells(src: Any, lengths: tuple[int, ...]) -> Any:
    """The part of ``src`` that an index of that shape names; a number is repeated."""
    src = array(src)
    if src.ndim == 0:
        return broadcast_to(src, lengths)
    part = getitem(src, tuple(map(slice, lengths))) if src.ndim == len(lengths) and src.shape != lengths else src
    if part.shape != lengths:
        words = f"values of shape {src.shape} are too few for an index of shape {lengths}"
        raise errors.explained(ValueError(words), "Give a value for each place, or one number for all.")
    return part


def _replaced(x: Any, key: tuple[Any, ...], src: Any) -> Any:
    """A copy of ``x`` with ``src`` at a key: of those that are put in one place the last counts."""
    owner = np.full(x.shape, -1)
    lengths = owner[key].shape
    src = _first_cells(src, lengths)
    owner[key] = np.arange(math.prod(lengths)).reshape(lengths)
    if not src.size:
        return positive(x)
    return where(owner >= 0, take(src, np.maximum(owner, 0)), x)


@composed(method=True)
def index_select(x, dim: int, index):
    """The parts of ``x`` at the places ``index`` along an axis (PyTorch's); ``take`` with the arguments in another order."""
    x, places = array(x), whole(index, "an index")
    return take(x, places, dim) if x.ndim else x  # a number has one place, 0


def _parts(x: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """The key of the parts at ``index`` along an axis."""
    return (slice(None),) * checked_axis(dim, x.ndim) + (np.atleast_1d(whole(index, "an index")),)


@composed(method=True)
def index_add(x, dim: int, index, source, *, alpha=1):
    """``x`` with the parts of ``source``, times ``alpha``, added at the places ``index`` along an axis (PyTorch's)."""
    x = array(x)
    return x + put(array(source) * alpha, _parts(x, dim, index), x.shape)


@composed(method=True, words={"tensor": "source"})
def index_copy(x, dim: int, index, source):
    """A copy of ``x`` with the parts of ``source`` at the places ``index`` along an axis (PyTorch's)."""
    x = array(x)
    key = _parts(x, dim, index)
    return _replaced(x, key, array(source))


@composed(method=True)
def index_fill(x, dim: int, index, value):
    """A copy of ``x`` with ``value`` at the places ``index`` along an axis (PyTorch's)."""
    x = array(x)
    return _replaced(x, _parts(x, dim, index), value)


@composed(method=True, words={"values": "source"}, advice={"accumulate": "index_add to add what is put in one place"})
def index_put(x, indices, source):
    """A copy of ``x`` with ``source`` at an index (PyTorch's): ``z[indices] = source``."""
    x = array(x)
    key = tuple(map(values, indices)) if isinstance(indices, (tuple, list)) else (values(indices),)
    there = np.empty(x.shape, bool)[key].shape
    return _replaced(x, key, broadcast_to(array(source), there))


@composed(method="select")
def select_method(x, dim: int, index: int):
    """The part at one index along an axis, without that axis (PyTorch's): ``x[:, index]`` for dim=1."""
    x = array(x)
    return getitem(x, (slice(None),) * checked_axis(dim, x.ndim) + (index,))


@composed(method=True)
def narrow(x, dim: int, start: int, length: int):
    """``length`` parts from ``start`` on along an axis (PyTorch's): ``x[:, start:start + length]`` for dim=1."""
    x = array(x)
    axis = checked_axis(dim, x.ndim)
    start = start + x.shape[axis] if start < 0 else start
    if not 0 <= start <= start + length <= x.shape[axis]:
        words = f"there are not {length} parts from {start} on along an axis of length {x.shape[axis]}"
        raise errors.explained(IndexError(words), "start and length count elements of that axis.")
    return getitem(x, (slice(None),) * axis + (slice(start, start + length),))


@composed(method="unfold", words={"dimension": "dim"})
def unfold_method(x, dim: int, size: int, step: int = 1):
    """All windows of ``size`` elements along an axis, ``step`` apart, in a new last axis (PyTorch's method)."""
    x = array(x)
    axis = checked_axis(dim, x.ndim)
    if step < 1 or not 0 <= size <= x.shape[axis]:
        words = f"windows of {size} elements, {step} apart, of an axis of length {x.shape[axis]}"
        raise errors.explained(ValueError(words), "Give a size up to the length of the axis, and a step from 1 up.")
    first = np.arange(0, x.shape[axis] - size + 1, step)
    return moveaxis(take(x, first[:, None] + np.arange(size), axis), axis + 1, -1)


@composed(aliases="lib.stride_tricks.sliding_window_view")
def sliding_window_view(x, window_shape, axis=None):
    """All windows of a shape, in new last axes: each axis ``unfold``ed."""
    x = array(x)
    sizes = np.atleast_1d(window_shape).tolist()
    axes = list(range(x.ndim))[: len(sizes)] if axis is None else np.atleast_1d(axis).tolist()
    if len(sizes) != len(axes) or (axis is None and len(sizes) != x.ndim):
        words = f"a window of shape {window_shape} for an array of shape {x.shape}"
        raise errors.explained(ValueError(words), "Give a length for each axis, or the axes as axis=.")
    for a, n in zip(axes, sizes):
        x = unfold_method(x, a, n)
    return x


# By their size.


class Chosen(NamedTuple):
    """Elements that were chosen, and their places along the axis, a plain array."""

    values: Any
    indices: Any


@composed(method=True)
def topk(x, k: int, dim: int = -1, largest: bool = True, sorted: bool = True):
    """The ``k`` largest elements along an axis, or the smallest: ``values``, recorded, and plain ``indices`` (PyTorch's).

    Of equal elements any may be chosen.
    """
    x = array(x)
    axis = checked_axis(dim, x.ndim)
    if not 0 <= k <= x.shape[axis]:
        words = f"there are no {k} elements along an axis of length {x.shape[axis]}"
        raise errors.explained(ValueError(words), "Give a k up to the length of the axis.")
    order, risen = np.argsort(values(x), axis, kind="stable"), sort(x, axis)
    n = x.shape[axis]
    first = slice(n - 1, None if k == n else n - 1 - k, -1) if largest and k else slice(0, k)
    key = (slice(None),) * axis + (first,)
    return Chosen(getitem(risen, key), order[key])


@composed(method=True)
def kthvalue(x, k: int, dim: int = -1, keepdim: bool = False):
    """The ``k``-th smallest element along an axis, counted from 1: its ``values`` and ``indices`` (PyTorch's)."""
    x = array(x)
    axis = checked_axis(dim, x.ndim)
    if not 1 <= k <= x.shape[axis]:
        words = f"there is no element number {k} along an axis of length {x.shape[axis]}"
        raise errors.explained(ValueError(words), "k counts from 1.")
    key = (slice(None),) * axis + (slice(k - 1, k) if keepdim else k - 1,)
    order = np.argsort(values(x), axis, kind="stable")
    return Chosen(getitem(sort(x, axis), key), order[key])


@composed(method=False)  # NumPy's and Python's methods of that name change the array itself
def partition(a, kth, axis: int | None = -1):
    """The elements sorted along an axis, which is one of the orders that NumPy's ``partition`` may give."""
    return sort(array(a), axis)


@composed()
def msort(a):
    """The elements sorted along the first axis."""
    return sort(array(a), 0)


@composed()
def union1d(ar1, ar2):
    """The different elements of two arrays together, in rising order; see ``unique``."""
    return unique(concatenate([flat(ar1), flat(ar2)], 0))


@composed(method=True, advice={"axis": "np.unique(t.data, axis=...), for plain values"})
def unique(
    ar, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, *, equal_nan: bool = True
):
    """The different elements in rising order; then, where asked for, plain arrays as NumPy's ``unique`` gives them.

    An element that occurs several times stands for its first occurrence, which receives the gradient.
    """
    x = array(ar)
    _, index, *more = np.unique(values(x), True, return_inverse, return_counts, equal_nan=equal_nan)
    chosen = take(x, index)
    return (chosen, *([index] if return_index else []), *more) if return_index or more else chosen
