"""NumPy's and PyTorch's products of vectors and matrices, beside those that are operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.composing import composed
from ...errors import messages as errors
from .. import algebra, reduce, select, shape
from .operands import array, checked_axis, flat


@composed(method=True)
def vdot(a, b):
    """The sum of products of all elements, of arrays of as many elements."""
    return algebra.matmul(flat(a), flat(b))


@composed(aliases="linalg.vecdot")
def vecdot(x1, x2, axis: int = -1):
    """The dot product of vectors along an axis; the other axes broadcast."""
    return reduce.sum(array(x1) * array(x2), axis)


@composed()
def matvec(x1, x2):
    """Matrices (..., m, n) times vectors (..., n); the axes before broadcast."""
    return algebra.matmul(array(x1), array(x2)[..., None])[..., 0]


@composed()
def vecmat(x1, x2):
    """Vectors (..., m) times matrices (..., m, n); the axes before broadcast."""
    return algebra.matmul(array(x1)[..., None, :], array(x2))[..., 0, :]


@composed(aliases="linalg.cross", method=True, words={"dim": "axis"})
def cross(a, b, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None):
    """The cross product of vectors of three elements, along the last axis or ``axis``; the other axes broadcast."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = array(a), array(b)
    if not (a.ndim and b.ndim and a.shape[axisa] == b.shape[axisb] == 3):
        words = f"cross takes vectors of three elements, not arrays of shapes {a.shape} and {b.shape}"
        raise errors.explained(ValueError(words), "Of two vectors of two elements, write a[0] * b[1] - a[1] * b[0].")
    x, y = shape.moveaxis(a, axisa, -1), shape.moveaxis(b, axisb, -1)
    parts = [x[..., i] * y[..., j] - x[..., j] * y[..., i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return shape.stack(parts, checked_axis(axisc, np.ndim(parts[0]) + 1))


# PyTorch's names.


def _matrices(name: str, axes: tuple[int, int], x: Any, y: Any) -> Any:
    """The matrix product of arrays with so many axes.  Raises ValueError for others."""
    x, y = array(x), array(y)
    if (x.ndim, y.ndim) != axes:
        words = f"{name} takes arrays of {axes[0]} and {axes[1]} axes, not of shapes {x.shape} and {y.shape}"
        raise errors.explained(ValueError(words), "x @ y takes any, and broadcasts the axes before the last two.")
    return algebra.matmul(x, y)


@composed(method=True)
def mm(x, mat2):
    """The product of two matrices."""
    return _matrices("mm", (2, 2), x, mat2)


@composed(method=True, words={"vec": "y"})
def mv(x, y):
    """The product of a matrix and a vector."""
    return _matrices("mv", (2, 1), x, y)


@composed(method=True)
def bmm(x, mat2):
    """The products of two stacks of matrices, (b, n, m) and (b, m, p)."""
    return _matrices("bmm", (3, 3), x, mat2)


@composed(method=True, words={"vec2": "y"})
def ger(x, y):
    """The outer product of two vectors."""
    return algebra.outer(x, y)


def _added(x: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """beta x + alpha product."""
    x = array(x)
    beta_x, alpha_product = (y if type(c) is int and c == 1 else c * y for c, y in ((beta, x), (alpha, product)))
    return beta_x + alpha_product


@composed(method=True)
def addmm(x, mat1, mat2, *, beta=1, alpha=1):
    """``beta`` x + ``alpha`` mat1 @ mat2, of two matrices."""
    return _added(x, _matrices("addmm", (2, 2), mat1, mat2), beta, alpha)


@composed(method=True)
def addmv(x, mat, vec, *, beta=1, alpha=1):
    """``beta`` x + ``alpha`` mat @ vec, of a matrix and a vector."""
    return _added(x, _matrices("addmv", (2, 1), mat, vec), beta, alpha)


@composed(method=True)
def addr(x, vec1, vec2, *, beta=1, alpha=1):
    """``beta`` x + ``alpha`` times the outer product of two vectors."""
    return _added(x, algebra.outer(vec1, vec2), beta, alpha)


@composed(method=True)
def baddbmm(x, batch1, batch2, *, beta=1, alpha=1):
    """``beta`` x + ``alpha`` batch1 @ batch2, of two stacks of matrices."""
    return _added(x, _matrices("baddbmm", (3, 3), batch1, batch2), beta, alpha)


@composed(method=True)
def addbmm(x, batch1, batch2, *, beta=1, alpha=1):
    """``beta`` x + ``alpha`` times the sum of the products of two stacks of matrices."""
    return _added(x, reduce.sum(_matrices("addbmm", (3, 3), batch1, batch2), 0), beta, alpha)


@composed()
def chain_matmul(*matrices):
    """The product of several matrices, from the left to the right."""
    z, *others = map(array, matrices)
    for x in others:
        z = _matrices("chain_matmul", (2, 2), z, x)
    return z


@composed(words={"x1": "x", "x2": "y"})
def cdist(x, y, p: float = 2.0):
    """The distances of each row of ``x`` from each row of ``y``, in the norm of order ``p``: (..., n, m)."""
    d = array(x)[..., :, None, :] - array(y)[..., None, :, :]
    return reduce.norm(d, None if p == 2 else p, axis=-1)


@composed(method=True, words={"ord": "p"})
def renorm(x, p: float, dim: int, maxnorm: float):
    """Each part along an axis made shorter, if its norm of order ``p`` is above ``maxnorm``, to that norm (PyTorch's)."""
    x = array(x)
    rows = shape.moveaxis(x, dim, 0).reshape(x.shape[dim], -1)
    n = reduce.norm(rows, None if p == 2 else p, axis=1).reshape(
        (-1,) + (1,) * (x.ndim - checked_axis(dim, x.ndim) - 1)
    )
    return select.where(n > maxnorm, x * (maxnorm / n), x)
