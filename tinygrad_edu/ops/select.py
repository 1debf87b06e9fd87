"""Choosing elements.  The rule of a choice puts the gradient back where the elements came from, and 0 elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Value as _Value
from ..op import op
from ..signatures import written as _written
from .rows import Rows as _Rows


@op(
    r"\operatorname{put}_{[$key]}($x)",
    examples=(((2,), dict(key=slice(1, 3), to=(4,))), ((3,), dict(key=(np.array([0, 2, 0]),), to=(4,)))),
    x=lambda g, key: g[key],
)
def put(x: Any, key: Any, to: tuple[int, ...]) -> Any:
    """Zeros of shape ``to`` with ``x`` added at an index, which may name a place twice: the transpose of indexing."""
    z = np.zeros(to, x.dtype)
    if _basic(key):
        z[key] = x
    else:
        np.add.at(z, key, x)
    return z


def _basic(key: Any) -> bool:
    """An index of numbers and slices names no place twice."""
    return all(
        k is None or k is Ellipsis or isinstance(k, (int, slice, np.integer))
        for k in (key if isinstance(key, tuple) else (key,))
    )


@op(
    r"$x_{[$key]}",
    examples=(
        ((3,), dict(key=1)), ((3, 4), dict(key=(slice(None), slice(0, 4, 2)))), ((3, 4), dict(key=np.array([2, 0, 2]))),
        ((3, 4), dict(key=(np.array([0, 1, 0]), np.array([1, 1, 1])))), ((3,), dict(key=np.array([True, False, True]))), ((3,), dict(key=(None, Ellipsis))),
    ),
    x=lambda g, shape, key: put(g, key, shape),
)  # fmt: skip
def getitem(x: Any, key: Any) -> Any:
    """``x[key]``, for any index that NumPy takes.  What is chosen twice receives both gradients."""
    return x[key]


def _along(axis: int | None, indices: Any, shape: tuple[int, ...]) -> Any:
    """The index that takes ``indices`` along an axis."""
    return np.unravel_index(indices, shape) if axis is None else (slice(None),) * (axis % len(shape)) + (indices,)


@_written("", where=lambda x: x > 1)  # in which the indices are those of an axis, or of all elements in one row
@op(
    r"$x_{[$indices]}",
    examples=(
        ((4, 3), dict(indices=np.array([0, 2, 0]), axis=0)),
        ((2, 3), dict(indices=1, axis=-1)),
        ((2, 3), dict(indices=np.array([[5, 0]]))),
    ),
    x=lambda g, shape, indices, axis: put(g, _along(axis, np.asarray(indices), shape), shape),
)
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements at ``indices`` along an axis; of the flattened array if it is None."""
    return np.take(x, indices, axis)


@op(
    examples=(
        ((3,), dict(repeats=2)),
        ((2, 3), dict(repeats=np.array([2, 0, 1]), axis=1)),
        ((2, 3), dict(repeats=3, axis=0)),
    ),
    x=lambda g, shape, repeats, axis: put(
        g, _along(axis, np.repeat(np.arange(np.prod(shape) if axis is None else shape[axis]), repeats), shape), shape
    ),
)
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element so many times, along an axis; of the flattened array if it is None."""
    return np.repeat(x, repeats, axis)


@op(
    examples=(((3, 4), dict(axis=-1)), ((3, 2), dict(axis=0))),
    x=lambda g, x, axis: g[_positions(np.argsort(np.argsort(x, axis, kind="stable"), axis), axis)],
)
def sort(x: Any, axis: int = -1) -> Any:
    """In rising order along an axis.  Unlike ``ndarray.sort`` it gives a new tensor; equal elements keep their order."""
    return np.sort(x, axis, kind="stable")


def _positions(order: Any, axis: int) -> tuple[Any, ...]:
    """The index that picks ``order`` along one axis and every place along the others."""
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
    x=lambda g, condition: np.where(condition, g, 0 * g),
    y=lambda g, condition: np.where(condition, 0 * g, g),
)
def where(condition: Any, x: Any, y: Any) -> Any:
    """``x`` where the condition holds, ``y`` elsewhere.

    Both are computed first.  If the one that is not chosen is infinite or NaN, or its derivative is (as sqrt's at 0),
    0 times that is NaN: replace its argument too, where(x > 0, sqrt(where(x > 0, x, 1)), 0).  ``trace_nan`` names it.
    """
    return np.where(condition, x, y)


def one_hot(labels: Any, classes: int) -> Any:
    """A row of zeros with a one at the label, for each label: a plain array of shape (..., classes), float64."""
    labels = np.asarray(labels._data if isinstance(labels, _Value) else labels)
    if labels.dtype.kind not in "iu" or labels.size and not (0 <= labels.min() and labels.max() < classes):
        raise ValueError(f"labels are whole numbers from 0 to {classes - 1}")
    return np.eye(classes)[labels]


def _rows(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    return put(g, index, shape) if isinstance(g, _Value) else _Rows(index, g, shape)


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
    table=_rows,
)
def embedding(table: Any, index: Any) -> Any:
    """The rows of ``table`` at ``index``.  The gradient is kept as those rows alone, however long the table."""
    if np.size(index) and np.min(index) < 0:
        raise IndexError(f"index {np.min(index)} of a table is below 0")
    return table[index]
