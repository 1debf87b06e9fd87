"""NumPy's functions that put arrays together, take them apart and turn them."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ...engine.composing import composed
from ...errors import messages as errors
from .. import algebra, pointwise, select, shape
from ..conventions import is_recorded
from .basic import split
from .operands import array, checked_axis, flat, values

# Put together.


@composed(aliases="row_stack")
def vstack(arrays):
    """Arrays below each other: joined along the first axis, a vector as one row."""
    return shape.concatenate([atleast_2d(x) for x in arrays], 0)


@composed()
def hstack(arrays):
    """Arrays beside each other: joined along the second axis, vectors along their only one."""
    parts = [atleast_1d(x) for x in arrays]
    return shape.concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1)


@composed()
def dstack(arrays):
    """Arrays behind each other: joined along the third axis, a vector as (1, n, 1) and a matrix as (m, n, 1)."""
    return shape.concatenate([atleast_3d(x) for x in arrays], 2)


@composed()
def column_stack(arrays):
    """Vectors as the columns of a matrix; matrices beside each other."""
    parts = [atleast_1d(x) for x in arrays]
    return shape.concatenate([x[:, None] if x.ndim < 2 else x for x in parts], 1)


@composed(method=False)  # a list's method of that name changes the list
def append(arr, values, axis: int | None = None):
    """``values`` after ``arr``, along an axis; both flattened first if it is None.  It gives a new array."""
    return shape.concatenate([array(arr), array(values)], axis)


@composed()
def block(arrays):
    """A matrix of blocks, from nested lists: the innermost are joined along the last axis, the next along the one before."""

    def depth(x: Any) -> int:
        return 1 + depth(x[0]) if isinstance(x, list) else 0

    levels = depth(arrays)

    def joined(x: Any, level: int, ndim: int) -> Any:
        if not isinstance(x, list):
            x = array(x)
            return x.reshape((1,) * (ndim - x.ndim) + x.shape) if x.ndim < ndim else x
        if not x:
            raise errors.explained(ValueError("block was given an empty list"), "Give at least one array in each list.")
        return shape.concatenate([joined(part, level + 1, ndim) for part in x], level - levels)

    def largest(x: Any) -> int:
        return max(map(largest, x), default=0) if isinstance(x, list) else np.ndim(x)

    return joined(arrays, 0, max(levels, largest(arrays)))


@composed()
def block_diag(*arrays):
    """A matrix with these on its diagonal, one after the other, and 0 elsewhere; a vector is one row."""
    parts = [atleast_2d(x) for x in arrays]
    width = sum(x.shape[1] for x in parts)
    before = np.cumsum([0] + [x.shape[1] for x in parts])
    return shape.concatenate(
        [shape.pad(x, ((0, 0), (b, width - b - x.shape[1]))) for x, b in zip(parts, before.tolist())], 0
    )


def _at_least(arrays: Any, grown: Any) -> Any:
    """Each array with more axes; one alone, several in a tuple."""
    parts = [grown(array(x)) for x in arrays]
    return parts[0] if len(parts) == 1 else tuple(parts)


@composed()
def atleast_1d(*arrays):
    """A number as a vector of one; an array of axes as it is."""
    return _at_least(arrays, lambda x: x if x.ndim else x.reshape(1))


@composed()
def atleast_2d(*arrays):
    """A vector as one row, and a number as a matrix of one."""
    return _at_least(arrays, lambda x: x if x.ndim > 1 else x.reshape(1, -1))


@composed()
def atleast_3d(*arrays):
    """A vector as (1, n, 1), and a matrix as (m, n, 1)."""
    return _at_least(arrays, lambda x: x if x.ndim > 2 else x.reshape((*x.shape, 1) if x.ndim == 2 else (1, -1, 1)))


@composed(method=False)  # a list's method of that name changes the list
def insert(arr, obj, values, axis: int | None = None):
    """``values`` put in before the index ``obj``, or several, along an axis; ``arr`` is flattened if it is None."""
    x, new = array(arr), array(values)
    new = new if is_recorded(new) else new.astype(x.dtype)
    if axis is None:
        x, axis = flat(x), 0
    axis = checked_axis(axis, x.ndim)
    places = np.arange(x.shape[axis])[obj] if isinstance(obj, slice) else np.asarray(obj)
    if places.dtype.kind == "b":
        places = np.flatnonzero(places)
    new = new.reshape((1,) * (x.ndim - new.ndim) + new.shape)
    if places.ndim == 0:
        new = shape.moveaxis(new, 0, axis)
    number = new.shape[axis] if places.size == 1 else places.size
    lengths = (*x.shape[:axis], number, *x.shape[axis + 1 :])
    n = x.shape[axis]
    order = np.insert(np.arange(n), places, n + np.arange(number) if places.size <= 1 else n + np.arange(places.size))
    return select.take(shape.concatenate([x, shape.broadcast_to(new, lengths)], axis), order, axis)


@composed(method=False)  # a list's method of that name changes the list
def delete(arr, obj, axis: int | None = None):
    """The array without the elements at ``obj`` along an axis; ``arr`` is flattened if it is None."""
    x = array(arr)
    if axis is None:
        x, axis = flat(x), 0
    axis = checked_axis(axis, x.ndim)
    return select.take(x, np.delete(np.arange(x.shape[axis]), obj), axis)


# Take apart.


@composed()
def array_split(ary, indices_or_sections, axis: int = 0) -> list[Any]:
    """Cut along an axis into so many parts, of which the first are longer by one if they cannot be equal; as ``split``."""
    x = array(ary)
    if np.ndim(indices_or_sections) == 0:
        parts, n = operator.index(indices_or_sections), x.shape[axis]
        if parts < 1:
            raise errors.explained(ValueError(f"there are no {parts} parts"), "Give a number of 1 or more.")
        small, longer = divmod(n, parts)
        indices_or_sections = [i * small + min(i, longer) for i in range(1, parts)]
    return split(x, indices_or_sections, axis)


@composed()
def hsplit(ary, indices_or_sections) -> list[Any]:
    """Cut into parts beside each other: along the second axis, a vector along its only one; as ``split``."""
    x = array(ary)
    return split(x, indices_or_sections, 1 if x.ndim > 1 else 0)


@composed()
def vsplit(ary, indices_or_sections) -> list[Any]:
    """Cut into parts below each other: along the first axis of at least two; as ``split``."""
    return split(_of_axes(ary, 2, "vsplit"), indices_or_sections, 0)


@composed()
def dsplit(ary, indices_or_sections) -> list[Any]:
    """Cut into parts behind each other: along the third axis; as ``split``."""
    return split(_of_axes(ary, 3, "dsplit"), indices_or_sections, 2)


def _of_axes(x: Any, number: int, name: str) -> Any:
    """The array, if it has at least so many axes."""
    x = array(x)
    if x.ndim < number:
        words = f"{name} needs at least {number} axes, not shape {x.shape}"
        raise errors.explained(ValueError(words), "split(x, parts, axis) cuts along any axis.")
    return x


@composed(aliases="unbind", method=True)
def unstack(x, axis: int = 0) -> tuple[Any, ...]:
    """The parts at each index along an axis, without that axis."""
    x = array(x)
    before = (slice(None),) * checked_axis(axis, x.ndim)
    return tuple(select.getitem(x, (*before, i)) for i in range(x.shape[axis]))


@composed(method=True)
def chunk(x, chunks: int, axis: int = 0) -> list[Any]:
    """Cut along an axis into parts of equal length, at most so many; the last may be shorter (PyTorch's)."""
    x = array(x)
    n = x.shape[axis]
    length = max(1, math.ceil(n / chunks))
    return split(x, list(range(length, n, length)), axis)


@composed(method="split", words={"split_size": "sizes", "split_size_or_sections": "sizes"})
def split_method(x, sizes, axis=None, *, dim: int | None = None):
    """Cut along the axis ``dim`` into parts of a size, the last of which may be smaller, or of a list of sizes.

    That is PyTorch's.  Without ``dim`` it would be cut into so many parts for NumPy's users: that is an error, which
    says what to write.
    """
    if dim is None:
        error = TypeError("t.split(n) means parts of size n in PyTorch, and np.split(t, n) means n parts")
        raise errors.explained(error, "Write t.split(n, dim=0) for parts of size n, or np.split(t, n) for n parts.")
    return split(x, sizes, dim=dim)


# Turned and moved.


@composed(method=True, words={"dims": "axes"})
def rot90(m, k: int = 1, axes: Any = (0, 1)):
    """Turned by 90 degrees ``k`` times in the plane of two axes, from the first towards the second."""
    m = array(m)
    first, second = (checked_axis(a, m.ndim) for a in axes)
    if first == second:
        raise errors.explained(ValueError(f"axes={axes!r} are one axis"), "Give two axes, as axes=(0, 1).")
    k = operator.index(k) % 4
    if k == 2:
        return shape.flip(m, (first, second))
    if k == 1:
        m = shape.flip(m, second)
    turned = shape.swapaxes(m, first, second) if k else m
    return shape.flip(turned, second) if k == 3 else turned


@composed(method=True)
def fliplr(m):
    """The columns in reverse order."""
    return shape.flip(_of_axes(m, 2, "fliplr"), 1)


@composed(method=True)
def flipud(m):
    """The rows in reverse order."""
    return shape.flip(_of_axes(m, 1, "flipud"), 0)


@composed()
def rollaxis(a, axis: int, start: int = 0):
    """An axis moved to before the axis ``start``; ``moveaxis`` says the same more clearly."""
    a = array(a)
    axis = checked_axis(axis, a.ndim)
    start = start + a.ndim if start < 0 else start
    return shape.moveaxis(a, axis, start - 1 if axis < start else start)


@composed(method=False)  # NumPy's and Python's methods of that name change the array itself
def resize(a, new_shape):
    """An array of a new shape: the elements in the order of rows, repeated as often as needed, or cut off."""
    a = array(a)
    lengths = tuple(np.atleast_1d(new_shape).tolist())
    number = math.prod(lengths)
    if min(lengths, default=0) < 0:
        raise errors.explained(
            ValueError(f"a length in {new_shape} is below 0"), "reshape takes -1 for the last length."
        )
    if a.size == 0:
        return np.zeros(lengths, a.dtype)
    return select.take(a, np.arange(number) % a.size).reshape(lengths)


@composed()
def trim_zeros(filt, trim: str = "fb"):
    """A vector without the zeros at its front ("f" in ``trim``) and at its back ("b")."""
    x = array(filt)
    if x.ndim != 1:
        raise errors.explained(
            ValueError(f"trim_zeros takes a vector, not shape {x.shape}"), "Give a slice, as x[:, 1:4]."
        )
    (there,) = np.nonzero(values(x))
    first = there[0] if there.size and "f" in trim.lower() else 0 if there.size else len(x)
    last = there[-1] + 1 if there.size and "b" in trim.lower() else len(x)
    return select.getitem(x, slice(int(first), int(last)))


@composed()
def meshgrid(*xi, copy: bool = True, sparse: bool = False, indexing: str = "xy"):
    """The coordinates of all points of a grid, as one array for each axis; see NumPy's."""
    parts, n = [flat(x) for x in xi], len(xi)
    if indexing not in ("xy", "ij"):
        raise errors.explained(ValueError(f"indexing={indexing!r}"), "It is 'xy' or 'ij'.")
    places = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    parts = [x.reshape((1,) * a + (-1,) + (1,) * (n - a - 1)) for x, a in zip(parts, places)]
    return tuple(parts) if sparse else broadcast_arrays(*parts)


@composed(aliases="broadcast_tensors")
def broadcast_arrays(*args, subok: bool = False):
    """The arrays, each repeated to the shape that they have together."""
    parts = [array(x) for x in args]
    lengths = np.broadcast_shapes(*(x.shape for x in parts))
    return tuple(shape.broadcast_to(x, lengths) for x in parts)


@composed()
def cartesian_prod(*tensors):
    """All combinations of one element of each vector, as rows (PyTorch's); of one vector, itself."""
    if len(tensors) == 1:
        return array(tensors[0])
    return shape.stack([flat(x) for x in meshgrid(*tensors, indexing="ij")], 1)


@composed()
def combinations(x, r: int = 2, with_replacement: bool = False):
    """All choices of ``r`` elements of a vector, as rows, in its order (PyTorch's)."""
    import itertools

    x = array(x)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(len(x)), r)), np.intp).reshape(-1, r)
    return select.getitem(x, rows)


# Matrices of a vector.


@composed(method=True, words={"offset": "k"})
def diagflat(v, k: int = 0):
    """A matrix with the flattened ``v`` on its diagonal ``k``, and 0 elsewhere."""
    return algebra.diag(flat(v), k)


@composed(method=True, words={"dim1": "axis1", "dim2": "axis2"})
def diag_embed(x, offset: int = 0, axis1: int = -2, axis2: int = -1):
    """Matrices, in two axes of the result, with the last axis of ``x`` as their diagonal (PyTorch's)."""
    x = array(x)
    n, ndim = x.shape[-1] + abs(offset), x.ndim + 1
    first, second = checked_axis(axis1, ndim), checked_axis(axis2, ndim)
    lengths = list(x.shape[:-1])
    for a in sorted((first, second)):
        lengths.insert(a, n)
    return algebra.on_diagonal(x, tuple(lengths), offset, first, second)


@composed()
def vander(x, N: int | None = None, increasing: bool = False):
    """The powers of a vector's elements as columns, the highest first unless ``increasing``: Vandermonde's matrix."""
    x = array(x)
    powers = np.arange(len(x) if N is None else N)
    return pointwise.power(x[:, None], powers if increasing else powers[::-1])
