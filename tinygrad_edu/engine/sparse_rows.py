"""A gradient that is 0 but at some places, kept as those places alone.

An index, as in ``x[3]``, passes back a gradient that is 0 everywhere else.  To write the zeros down at every use would
make a loop over the rows of a table take the square of its rounds.  So what an index passes back names its place, and
is added there when the sweep adds it to the other uses.  For the rows of a table, see ``embedding``, even the leaf
keeps its gradient so: of six rows in 50,000 that is a thousandth of the work.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class SparseGradient:
    """The sum of ``parts``, pairs of an index and of what is added there to zeros of this ``shape``."""

    def __init__(self, shape: tuple[int, ...], parts: list[tuple[Any, Any]]) -> None:
        self.shape, self.parts, self.dtype = shape, parts, parts[0][1].dtype

    def astype(self, dtype: Any) -> Any:
        """The same in another dtype."""
        return type(self)(self.shape, [(key, x.astype(dtype)) for key, x in self.parts])

    def __add__(self, other: Any) -> Any:
        if type(other) is type(self):
            return type(self)(self.shape, self.parts + other.parts)
        return other + self

    def __iadd__(self, other: Any) -> Any:
        """What the sweep has made itself it may change, so that a sum over many uses is not copied at each."""
        if type(other) is not type(self):
            return self + other
        self.parts += other.parts
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, array: Any, placed: Any = None, out: Any = None) -> Any:
        """``array + placed``, and ``array += placed`` in place."""
        if ufunc is not np.add or method != "__call__" or placed is not self:
            return NotImplemented
        total = np.array(array) if out is None else out[0]
        for key, x in self.parts:
            self.add_at(total, key, x)
        return total

    def add_at(self, total: Any, key: Any, x: Any) -> None:
        """``total[key] += x``, where an index that names a place twice adds twice."""
        if is_basic_index(key):
            total[key] += x
        else:
            np.add.at(total, key, x)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """What it is to NumPy and to a Tensor that it is added to."""
        return self.dense()

    def dense(self) -> Any:
        """The whole gradient, zeros and all."""
        total = np.zeros(self.shape, self.dtype)
        total += self
        return total


class Rows(SparseGradient):
    """Rows of a table; the index of a part is the numbers of its rows."""

    @property
    def index(self) -> Any:
        """The numbers of the rows, in one vector."""
        return np.concatenate([np.reshape(key, -1) for key, _ in self.parts])

    @property
    def rows(self) -> Any:
        """What is added at each of them, one row for one number."""
        return np.concatenate([np.reshape(x, (-1, *self.shape[1:])) for _, x in self.parts])

    def add_at(self, total: Any, key: Any, x: Any) -> None:
        """As above, and faster."""
        add_rows(total, np.reshape(key, -1), np.reshape(x, (-1, *self.shape[1:])))

    def summed(self) -> tuple[Any, Any]:
        """Each index once, with the sum of its rows."""
        index, place = np.unique(self.index, return_inverse=True)
        rows = np.zeros((len(index), *self.shape[1:]), self.dtype)
        add_rows(rows, place, self.rows)
        return index, rows


def is_basic_index(key: Any) -> bool:
    """An index of numbers and slices names no place twice."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(k is None or k is Ellipsis or isinstance(k, (int, slice, np.integer)) for k in parts)


def add_rows(table: Any, index: Any, rows: Any) -> None:
    """``table[i] += row`` for each index i and its row, in place, also where an index stands several times.

    Number by number, in the flat table: NumPy adds at single numbers five times as fast as at rows.
    """
    if table.flags.c_contiguous and rows.dtype == table.dtype:
        width = math.prod(table.shape[1:])
        places = (index.astype(np.intp)[:, None] * width + np.arange(width)).reshape(-1)
        np.add.at(table.reshape(-1), places, rows.reshape(-1))
    else:
        np.add.at(table, index, rows)


def keeps_rows(node: Any, g: SparseGradient) -> bool:
    """Does a node keep this gradient as it is?  A leaf does, if it is made of rows."""
    return node.op is None and isinstance(g, Rows)
