"""Functions whose results are truth values, whole numbers or counts: plain arrays, since they have no derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.composing import composed, extends
from ...errors import messages as errors
from ...graph import Value
from .. import select
from .operands import array, values, whole


@composed(method=True)
def argmax(a, axis: int | None = None, keepdims: bool = False):
    """The index of the largest element, along an axis or of the flattened array."""
    return np.argmax(values(a), axis, keepdims=keepdims)


@composed(method=True)
def argmin(a, axis: int | None = None, keepdims: bool = False):
    """The index of the smallest element, along an axis or of the flattened array."""
    return np.argmin(values(a), axis, keepdims=keepdims)


@composed(method=True)
def argsort(a, axis: int | None = -1, descending: bool = False):
    """The indices that sort along an axis; of equal elements the first comes first, as in ``sort``."""
    a = values(a)
    if not descending:
        return np.argsort(a, axis, kind="stable")
    if axis is None:
        a, axis = a.reshape(-1), 0
    n = a.shape[axis] - 1
    return n - np.flip(np.argsort(np.flip(a, axis), axis, kind="stable"), axis)


@composed(method=True)
def nonzero(a, *, as_tuple: bool = True):
    """The indices of the elements that are not 0, as an array for each axis; as rows if not ``as_tuple`` (PyTorch's)."""
    return np.nonzero(values(a)) if as_tuple else np.argwhere(values(a))


@extends(select.where, words={"input": "x", "other": "y"})
def where(condition, x=None, y=None):
    """The indices at which a condition holds, as ``nonzero``; with ``x`` and ``y`` the operation ``where``."""
    if x is None and y is None:
        return np.nonzero(values(condition))
    if x is None or y is None:
        error = ValueError("where takes a condition alone, or a condition and two arrays")
        raise errors.explained(
            error, "Write where(condition, x, y), with y for the places where the condition does not hold."
        )
    return select.where(values(condition), x, y)


@composed(method=True)
def all(a, axis=None, keepdims: bool = False, *, where: Any = True):
    """Are all elements true, or different from 0?"""
    return np.all(values(a), axis, keepdims=keepdims, where=where)


@composed(method=True)
def any(a, axis=None, keepdims: bool = False, *, where: Any = True):
    """Is one of the elements true, or different from 0?"""
    return np.any(values(a), axis, keepdims=keepdims, where=where)


@composed(method=True)
def count_nonzero(a, axis=None, *, keepdims: bool = False):
    """How many elements are not 0."""
    return np.count_nonzero(values(a), axis, keepdims=keepdims)


@composed(method=True)
def allclose(a, b, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False):
    """Are all elements equal, but for a small difference?"""
    return np.allclose(values(a), values(b), values(rtol), values(atol), equal_nan)


@composed(method=True)
def isclose(a, b, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False):
    """Which elements are equal, but for a small difference?"""
    return np.isclose(values(a), values(b), values(rtol), values(atol), equal_nan)


def _plain(name: str, short: str = "") -> None:
    """Make a ufunc whose results are truth values known by NumPy's name and by PyTorch's, also as a method."""
    ufunc = getattr(np, name)

    def of_one(x):
        return ufunc(values(x))

    def of_two(x1, x2):
        return ufunc(values(x1), values(x2))

    function = of_one if ufunc.nin == 1 else of_two
    function.__name__, function.__doc__ = name, f"Truth values, of {name.replace('_', ' ')}, as a plain array."
    composed(aliases=short)(function)


for _name, _short in (
    ("greater", "gt"), ("greater_equal", "ge"), ("less", "lt"), ("less_equal", "le"), ("not_equal", "ne"),
    ("isnan", ""), ("isinf", ""), ("isfinite", ""), ("signbit", ""),
    ("logical_not", ""), ("logical_and", ""), ("logical_or", ""), ("logical_xor", ""),
):  # fmt: skip
    _plain(_name, _short)


@composed(words={"input": "v", "sorted_sequence": "a"})
def searchsorted(a, v, side: str = "left", sorter=None, *, right: bool = False):
    """Where in the rising ``a`` the elements of ``v`` belong, as a plain array."""
    return np.searchsorted(values(a), values(v), "right" if right else side, sorter)


@composed(method=True)
def eq(x1, x2):
    """Which elements are equal, as a plain array (PyTorch's)."""
    return np.equal(values(x1), values(x2))


@composed(method=True)
def array_equal(a1, a2, equal_nan: bool = False):
    """Have two arrays the same shape and the same elements?"""
    return np.array_equal(values(a1), values(a2), equal_nan)


@composed()
def histogram(a, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None):
    """How many elements lie between edges, and the edges, as NumPy's: plain arrays, to be drawn."""
    if isinstance(weights, Value) and weights.node.active:
        error = TypeError("histogram gives plain counts, and the derivative of the weights would be lost")
        raise errors.explained(
            error, "np.bincount(places, weights) sums the weights up, with np.digitize for the places."
        )
    bins, weights = (values(x) if isinstance(x, Value) else x for x in (bins, weights))
    return np.histogram(values(a), bins, range, density, weights)


@composed()
def bincount(x, weights=None, minlength: int = 0):
    """How often each whole number occurs, a plain array; with ``weights`` the sum of those that belong to it."""
    x = whole(x, "what bincount counts")
    if weights is None:
        return np.bincount(x, minlength=minlength)
    length = max(minlength, int(x.max(initial=-1)) + 1)
    return select.put(array(weights), (x,), (length,))


@composed()
def isnan(x):
    """Where a number is NaN."""
    return np.isnan(values(x))


@composed()
def isinf(x):
    """Where a number is infinite."""
    return np.isinf(values(x))


@composed()
def isfinite(x):
    """Where a number is neither NaN nor infinite."""
    return np.isfinite(values(x))


@composed(method="equal")
def equal_method(x, other):
    """Are two tensors of one shape equal in all numbers (PyTorch's)?"""
    return bool(np.array_equal(values(x), values(other)))
