"""Sparse gradients: a gradient that is 0 at most elements is kept as those elements alone.

An index, as in ``x[3]``, passes back a gradient that is 0 everywhere else.  If the zeros were written at each use, a
loop over the n rows of a table would take n² steps.  So the gradient of an index names the index, and is added there
when the sweep accumulates it.  For the rows of a table, see ``embedding``, even the leaf keeps its gradient so: for six
rows of 50,000 that is a thousandth of the work.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class SparseGradient:
    """A gradient of some ``shape`` that is the sum of ``parts``, pairs of an index and of what is added there to 0."""

    def __init__(self, shape: tuple[int, ...], parts: list[tuple[Any, Any]]) -> None:
        self.shape, self.parts, self.dtype = shape, parts, parts[0][1].dtype

    def astype(self, dtype: Any) -> Any:
        """Convert all parts to another dtype."""
        return type(self)(self.shape, [(key, x.astype(dtype)) for key, x in self.parts])

    def __add__(self, other: Any) -> Any:
        if type(other) is type(self):
            return type(self)(self.shape, self.parts + other.parts)
        return other + self

    def __iadd__(self, other: Any) -> Any:
        """Add in place, which the sweep does to sums that it has made itself: a sum over many uses is not copied."""
        if type(other) is not type(self):
            return self + other
        self.parts += other.parts
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, array: Any, placed: Any = None, out: Any = None) -> Any:
        """Compute ``array + placed``, and ``array += placed`` in place."""
        if ufunc is not np.add or method != "__call__" or placed is not self:
            return NotImplemented
        total = np.array(array) if out is None else out[0]
        for key, x in self.parts:
            self.add_at(total, key, x)
        return total

    def add_at(self, total: Any, key: Any, x: Any) -> None:
        """Compute ``total[key] += x``; an element that the index names twice receives both."""
        if is_basic_index(key):
            total[key] += x
        else:
            np.add.at(total, key, x)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """Become an ordinary array for NumPy, and for a Tensor to which it is added."""
        return self.dense()

    def dense(self) -> Any:
        """The whole gradient, zeros and all."""
        total = np.zeros(self.shape, self.dtype)
        total += self
        return total


class Rows(SparseGradient):
    """The gradient of a table of which a few rows were used; the index of a part is the numbers of its rows."""

    @property
    def index(self) -> Any:
        """The numbers of the rows of all parts, as one vector."""
        return np.concatenate([np.reshape(key, -1) for key, _ in self.parts])

    @property
    def rows(self) -> Any:
        """The row that is added at each number of ``index``."""
        return np.concatenate([np.reshape(x, (-1, *self.shape[1:])) for _, x in self.parts])

    def add_at(self, total: Any, key: Any, x: Any) -> None:
        """As ``SparseGradient.add_at``, and faster."""
        add_rows(total, np.reshape(key, -1), np.reshape(x, (-1, *self.shape[1:])))

    def summed(self) -> tuple[Any, Any]:
        """Return the numbers of the rows, each once, and the sum of what is added at each."""
        index, place = np.unique(self.index, return_inverse=True)
        rows = np.zeros((len(index), *self.shape[1:]), self.dtype)
        add_rows(rows, place, self.rows)
        return index, rows


def is_basic_index(key: Any) -> bool:
    """Is it an index of numbers and slices only, which cannot name an element twice?"""
    parts = key if isinstance(key, tuple) else (key,)
    return all(k is None or k is Ellipsis or isinstance(k, (int, slice, np.integer)) for k in parts)


def add_rows(table: Any, index: Any, rows: Any) -> None:
    """Compute ``table[i] += row`` for each number i in the index and its row, in place; a number may occur twice.

    It adds number by number in the flat table, since NumPy adds at single numbers five times as fast as at rows.
    """
    if table.flags.c_contiguous and rows.dtype == table.dtype:
        width = math.prod(table.shape[1:])
        places = (index.astype(np.intp)[:, None] * width + np.arange(width)).reshape(-1)
        np.add.at(table.reshape(-1), places, rows.reshape(-1))
    else:
        np.add.at(table, index, rows)


def keeps_rows(node: Any, g: SparseGradient) -> bool:
    """Does a node keep this gradient as it is, sparse?  Only a leaf does, and only rows."""
    return node.op is None and isinstance(g, Rows)
