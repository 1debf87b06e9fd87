"""Operations that choose elements.  Their rules put the gradient back where the elements came from, and 0 elsewhere."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.calling import otherwise as _otherwise
from ..engine.calling import written as _written
from ..engine.composing import composed as _composed
from ..engine.sparse_rows import Rows as _Rows
from ..engine.sparse_rows import SparseGradient as _Placed
from ..engine.sparse_rows import is_basic_index as _is_basic
from ..op import op
from .conventions import bent, is_recorded, strict


@op(
    r"\operatorname{put}_{[$key]}($x)",
    for_users=False,
    examples=(((2,), dict(key=slice(1, 3), to=(4,))), ((3,), dict(key=(np.array([0, 2, 0]),), to=(4,)))),
    x=lambda g, key: g[key],
)
def put(x, key, to: tuple[int, ...]):
    """Zeros of shape ``to`` with ``x`` added at an index, which may name a place twice: the transpose of indexing."""
    z = np.zeros(to, x.dtype)
    if z[key].shape != x.shape:
        raise ValueError(f"an array of shape {x.shape} is put where {z[key].shape} is")
    if _is_basic(key):
        z[key] = x
    else:
        np.add.at(z, key, x)
    return z


def _placed(g, shape: tuple[int, ...], key):
    """``put`` in a gradient that is differentiated again; otherwise its places alone, without the zeros."""
    return put(g, key, shape) if is_recorded(g) else _Placed(shape, [(key, g)])


@op(
    r"$x_{[$key]}",
    examples=(
        ((3,), dict(key=1)), ((3, 4), dict(key=(slice(None), slice(0, 4, 2)))), ((3, 4), dict(key=np.array([2, 0, 2]))),
        ((3, 4), dict(key=(np.array([0, 1, 0]), np.array([1, 1, 1])))), ((3,), dict(key=np.array([True, False, True]))), ((3,), dict(key=(None, Ellipsis))),
    ),
    selects=True,
    x=lambda g, shape, key: _placed(g, shape, key),
)  # fmt: skip
def getitem(x, key):
    """``x[key]``, for any index that NumPy takes.  What is chosen twice receives both gradients."""
    return x[key]


def _along(axis: int | None, indices, shape: tuple[int, ...]):
    """Make the index that takes ``indices`` along an axis, or from the flattened array if the axis is None."""
    if axis is None or not shape:
        return np.unravel_index(indices % math.prod(shape), shape) if shape else (np.zeros_like(indices),)
    return (slice(None),) * (axis % len(shape)) + (indices,)


def _whole(indices):
    """Indices as an array of whole numbers: NumPy makes floating ones of an empty list, and takes True for 1."""
    indices = np.asarray(indices)
    return indices if indices.size and indices.dtype.kind != "b" else indices.astype(np.intp)


@_written("", where=lambda x: x > 1)  # in which the indices are those of an axis, or of all elements in one row
@op(
    r"$x_{[$indices]}",
    examples=(
        ((4, 3), dict(indices=np.array([0, 2, 0]), axis=0)),
        ((2, 3), dict(indices=1, axis=-1)),
        ((2, 3), dict(indices=np.array([[5, 0]]))),
    ),
    selects=True,
    x=lambda g, shape, indices, axis: _placed(g, shape or (1,), _along(axis, _whole(indices), shape)),
)
def take(x, indices, axis: int | None = None):
    """The elements at ``indices`` along an axis; of the flattened array if it is None."""
    if _whole(indices).dtype.kind == "f":
        raise TypeError("indices are whole numbers")
    return np.take(x, indices, axis)


@op(
    selects=True,
    aliases="repeat_interleave",
    advice=dict.fromkeys(("sizes", "*"), "x.tile((2, 3)): PyTorch's repeat is NumPy's tile"),
    examples=(
        ((3,), dict(repeats=2)),
        ((2, 3), dict(repeats=np.array([2, 0, 1]), axis=1)),
        ((2, 3), dict(repeats=3, axis=0)),
    ),
    x=lambda g, shape, repeats, axis: put(
        g,
        _along(
            axis, np.repeat(np.arange(math.prod(shape) if axis is None or not shape else shape[axis]), repeats), shape
        ),
        shape or (1,),
    ),
)
def repeat(x, repeats, axis: int | None = None):
    """Each element so many times, along an axis; of the flattened array if it is None."""
    return np.repeat(x, repeats, axis)


def _sort_rule(g, shape: tuple[int, ...], x, axis: int | None):
    """Each element receives what stands at its rank; the ranks of equal elements change when one of them moves."""
    if axis is None:
        return _sort_rule(g, (), x.reshape(-1), 0).reshape(shape)
    ranks = np.argsort(np.argsort(x, axis, kind="stable"), axis)
    back = g[_positions(ranks, axis)]
    n, values = x.shape[axis], getattr(x, "_array", x)
    if not (is_recorded(x) or strict.get()) or n < 2:
        return back
    order = np.argsort(values, axis, kind="stable")
    risen = np.sort(values, axis)
    to_next, to_last = (risen == np.roll(risen, shift, axis) for shift in (-1, 1))  # the last is next to the first
    if not to_next.any():
        return back
    neighbour = (ranks + np.where(to_next, 1, np.where(to_last, -1, 0))[_positions(ranks, axis)]) % n
    twin = x[_positions(order[_positions(neighbour, axis)], axis)]  # an equal one, or where there is none, itself
    return bent(back, back, (to_next | to_last)[_positions(ranks, axis)], x - twin)


@op(
    selects=True,
    examples=(((3, 4), dict(axis=-1)), ((3, 2), dict(axis=0)), ((2, 3), dict(axis=None))),
    same_shape=True,
    advice={
        "dim": "np.sort(x, axis) for the values, and np.argsort(x, axis) for the indices, which PyTorch also gives",
        "descending": "np.flip(np.sort(x, axis), axis)",
    },
    x=_sort_rule,
)
def sort(x, axis: int | None = -1):
    """The elements in rising order along an axis; of the flattened array if it is None.

    Unlike ``ndarray.sort`` it gives a new tensor.  Equal elements keep their order, and so receive their gradients.
    """
    return np.sort(x, axis, kind="stable")


def _positions(order, axis: int) -> tuple[Any, ...]:
    """Make the index that picks ``order`` along one axis and every position along the others."""
    index = list(np.indices(order.shape, sparse=True))
    index[axis] = order
    return tuple(index)


@op(
    r"\begin{cases} {$x} & \text{if} \; $condition \\ {$y} & \text{otherwise} \end{cases}",
    elementwise=True,
    examples=(
        ((2, 3), (2, 3), dict(condition=np.array([[True, False, True], [False, True, False]]))),
        ((), (3,), dict(condition=np.array([True, False, True]))),
    ),
    selects=True,
    extended="plain",
    x=lambda g, condition: np.where(condition, g, 0),
    y=lambda g, condition: np.where(condition, 0, g),
)
def where(condition, x, y):
    """``x`` where the condition holds, ``y`` elsewhere.

    Both are computed first, and NumPy warns of a logarithm of 0 among them; ``np.errstate`` keeps it quiet.  The
    gradient of what is not chosen is 0, also where it is infinite or NaN, or its derivative is: see engine/unchosen.py.
    """
    return np.where(condition, x, y)


@_composed(words={"num_classes": "classes"})
def one_hot(labels, classes: int | None = None):
    """A row of zeros with a one at the label, for each label: a plain array of shape (..., classes), float64.

    ``labels``: whole numbers from 0 to ``classes`` - 1, ValueError for others.  Without ``classes`` the largest label
    is the last class.
    """
    labels = np.asarray(labels._array if is_recorded(labels) else labels)
    if classes is None or classes == -1:
        classes = int(labels.max(initial=-1)) + 1
    if labels.dtype.kind not in "iu" or labels.size and not (0 <= labels.min() and labels.max() < classes):
        raise ValueError(f"labels are whole numbers from 0 to {classes - 1}")
    return np.eye(classes)[labels]


def _rows(g, shape: tuple[int, ...], index):
    index = _whole(index)
    return put(g, index, shape) if is_recorded(g) else _Rows(shape, [(index, g)])


def _index_first(args, options) -> bool:
    """Is embedding called as PyTorch's, with the whole numbers before the table?"""
    kind = getattr(getattr(args[0], "dtype", None), "kind", "") if args else "f"
    if kind == "f" or len(args) != 2:
        return False
    return np.asarray(getattr(args[1], "_array", args[1])).dtype.kind == "f"


@_otherwise(_index_first)
@op(
    r"$table_{[$index]}",
    needs={
        "whole numbers from 0 to one less than the rows of the table": lambda table, index: (
            np.asarray(index).dtype.kind in "iu" and np.all((np.asarray(index) >= 0) & (np.asarray(index) < len(table)))
        )
    },
    examples=(
        ((5, 3), dict(index=np.array([1, 4, 1]))),
        ((5, 3), dict(index=np.array([[0, 2], [2, 2]]))),
        ((5, 3), dict(index=3)),
    ),
    selects=True,
    words={"input": "index", "weight": "table"},
    extended="layers",
    table=_rows,
)
def embedding(table, index):
    """The rows of ``table`` at ``index``.  The gradient is kept as those rows alone, however long the table.

    It also takes PyTorch's order, ``embedding(index, table)``, where the index is whole numbers and the table is not.
    """
    index = np.asarray(index) if np.size(index) else _whole(index)
    if index.dtype.kind not in "iu":
        raise IndexError(f"the index of a table is whole numbers, not of dtype {index.dtype}")
    if index.size and index.min() < 0:
        raise IndexError(f"index {index.min()} of a table is below 0")
    return table[index]
