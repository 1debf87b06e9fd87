"""Many numbers made one, along axes.

A rule gives its gradient with axes of length 1 where the reduction was, and the sweep stretches it: the gradient of a
sum with respect to each of its terms is the gradient of the sum.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import op
from .pointwise import sqrt

_add: Any = np.add.reduce
_AXES: tuple[Any, ...] = (((2, 3),), ((2, 3), dict(axis=0)), ((2, 3, 2), dict(axis=(0, -1), keepdims=True)), ((),))


def _kept(g: Any, axis: Any, keepdims: bool) -> Any:
    """The gradient with the axes that were reduced, of length 1."""
    return g if axis is None or keepdims else np.expand_dims(g, axis)


def _count(shape: tuple[int, ...], axis: Any) -> int:
    """How many numbers were made one."""
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    return math.prod(shape[a] for a in axes)


@op(r"\sum $x", binds=1, examples=_AXES, x=lambda g, axis, keepdims: _kept(g, axis, keepdims))
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum."""
    return _add(x, axis, keepdims=keepdims)  # what np.sum calls, without its wrappers


@op(
    r"\operatorname{mean}($x)",
    examples=_AXES,
    x=lambda g, shape, axis, keepdims: _kept(g, axis, keepdims) / _count(shape, axis),
)
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean."""
    return _add(x, axis, keepdims=keepdims) / _count(np.shape(x), axis)


def _product_of_others(x: Any, axis: Any) -> Any:
    """For each number the product of the others: z/x, but where zeros are among them."""
    zeros = x == 0
    number = np.sum(zeros, axis, keepdims=True)
    safe = np.where(zeros, 1, x)
    others = prod(safe, axis, True) / safe
    return np.where(number == 0, others, np.where((number == 1) & zeros, others, 0 * others))


@op(
    r"\prod $x",
    binds=2,
    examples=_AXES,
    x=lambda g, x, axis, keepdims: _kept(g, axis, keepdims) * _product_of_others(x, axis),
)
def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product; its gradient is right with zeros among the factors."""
    return np.prod(x, axis, keepdims=keepdims)


def _shared(g: Any, z: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """Of equal extremes, each gets an equal share."""
    ties = x == _kept(z, axis, keepdims)
    return _kept(g, axis, keepdims) * ties / np.sum(ties, axis, keepdims=True, dtype=x.dtype)


@op(r"\max $x", binds=2, needs={"at least one number": lambda x: x.size}, examples=_AXES, x=_shared)
def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest.  At a tie each of the largest gets an equal share of the gradient."""
    return np.max(x, axis, keepdims=keepdims)


@op(r"\min $x", binds=2, needs={"at least one number": lambda x: x.size}, examples=_AXES, x=_shared)
def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest.  At a tie each of the smallest gets an equal share of the gradient."""
    return np.min(x, axis, keepdims=keepdims)


_SPREAD: tuple[Any, ...] = (((2, 3),), ((2, 3), dict(axis=0)), ((4, 3), dict(axis=0, keepdims=True, ddof=1)))


def _var_rule(g: Any, x: Any, shape: Any, axis: Any, ddof: int, keepdims: bool) -> Any:
    return _kept(g, axis, keepdims) * (2 / (_count(shape, axis) - ddof)) * (x - mean(x, axis, True))


@op(r"\operatorname{var}($x)", examples=_SPREAD, x=_var_rule)
def var(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The variance: the squared distance from the mean, summed and divided by the number less ``ddof``."""
    return np.var(x, axis, ddof=ddof, keepdims=keepdims)


def _std_rule(g: Any, z: Any, x: Any, shape: Any, axis: Any, ddof: int, keepdims: bool) -> Any:
    z = _kept(z, axis, keepdims)
    return _kept(g, axis, keepdims) / (_count(shape, axis) - ddof) * (x - mean(x, axis, True)) / np.where(z == 0, 1, z)


@op(r"\operatorname{std}($x)", examples=_SPREAD, x=_std_rule)
def std(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The standard deviation.  Where all numbers are equal it has no derivative; the gradient there is 0."""
    return np.std(x, axis, ddof=ddof, keepdims=keepdims)


def _norm_rule(g: Any, z: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    z = _kept(z, axis, keepdims)
    return _kept(g, axis, keepdims) * x / np.where(z == 0, 1, z)


@op(r"\left\lVert {$x} \right\rVert", examples=_AXES, x=_norm_rule)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The square root of the sum of squares (of a matrix, Frobenius' norm).  The gradient at 0 is 0."""
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and np.ndim(x) > 1):
        raise ValueError(f"norm knows the root of the sum of squares only, not ord={ord!r}")
    return sqrt(np.sum(x * x, axis, keepdims=keepdims))


@op(
    r"\log \sum e^{$x}",
    binds=2,
    examples=_AXES,
    x=lambda g, z, x, axis, keepdims: _kept(g, axis, keepdims) * np.exp(x - _kept(z, axis, keepdims)),
)
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log of the sum of e^x, without overflow: the largest x is taken out first."""
    top = np.max(x, axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        return np.log(np.sum(np.exp(x - top), axis, keepdims=keepdims)) + (top if keepdims else np.squeeze(top, axis))


@op(
    examples=(((2, 3),), ((2, 3), dict(axis=1))),
    x=lambda g, shape, axis: (
        np.flip(np.cumsum(np.flip(g, axis), axis), axis)
        if axis is not None
        else np.flip(np.cumsum(np.flip(g))).reshape(shape)
    ),
)
def cumsum(x: Any, axis: int | None = None) -> Any:
    """Sums of the first, the first two, ... along an axis; of the flattened array if it is None."""
    return np.cumsum(x, axis)
