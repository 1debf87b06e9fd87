"""NumPy's linalg, and PyTorch's: what is made of inverses, decompositions and products."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ...engine.composing import composed
from ...errors import messages as errors
from .. import algebra, decompositions, inverse, pointwise, reduce, select, shape
from .operands import array, values

# Norms.


@composed()
def slogdet(x) -> Any:
    """The sign of the determinant, as an array, and the logarithm of its absolute value, of square matrices (..., n, n).

    They come as NumPy's pair, with the attributes ``sign`` and ``logabsdet``.
    """
    return np.linalg.slogdet(getattr(x, "_array", x))._replace(logabsdet=inverse.logabsdet(x))


@composed(words={"p": "ord"})
def vector_norm(x, ord=2, axis=None, keepdims: bool = False):
    """The norm of order ``ord`` of all elements, or of those along one or several axes, as of one vector: see ``norm``."""
    x = array(x)
    axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
    if ord in (None, 2):
        return reduce.norm(x, axis=axes, keepdims=keepdims)
    kept = tuple(i for i in range(x.ndim) if i not in axes)
    rows = shape.transpose(x, (*kept, *axes)).reshape(
        [x.shape[i] for i in kept] + [math.prod(x.shape[i] for i in axes)]
    )
    z = reduce.norm(rows, ord, axis=-1)
    return shape.expand_dims(z, axes) if keepdims else z


@composed(words={"p": "ord"})
def matrix_norm(x, ord: Any = "fro", axis: Any = (-2, -1), keepdims: bool = False):
    """The norm of the matrices in two axes.

    ``ord``: "fro" or None, the root of the sum of squares; "nuc", the sum of the singular values; 2 or -2, the largest
    or the smallest of them; 1 or -1, the largest or the smallest sum of absolute values of a column; inf or -inf, of a
    row.  Raises ValueError for another.
    """
    x = array(x)
    axes = normalize_axis_tuple(axis, x.ndim)
    if len(axes) != 2:
        raise ValueError(f"a matrix has two axes, not axis={axis}")
    if ord in (None, "fro", "f"):
        return reduce.norm(x, axis=axes, keepdims=keepdims)
    x = shape.moveaxis(x, axes, (-2, -1))
    if ord == "nuc":
        z = reduce.sum(decompositions.svdvals(x), -1)
    elif ord in (2, -2, 1, -1, math.inf, -math.inf):
        parts = (
            decompositions.svdvals(x)
            if ord in (2, -2)
            else reduce.sum(pointwise.absolute(x), -2 if ord in (1, -1) else -1)
        )
        z = (reduce.max if ord > 0 else reduce.min)(parts, -1)
    else:
        words = f"a matrix has no norm of ord={ord!r}"
        raise errors.explained(ValueError(words), "Give 'fro', 'nuc', 1, -1, 2, -2, inf or -inf.")
    return shape.expand_dims(z, axes) if keepdims else z


@composed()
def cond(x, p=None):
    """The condition number of matrices: the norm of order ``p`` times that of the inverse.

    By default, and for 2 and -2, it is the largest singular value divided by the smallest, or the other way round.
    """
    if p in (None, 2, -2):
        s = decompositions.svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return matrix_norm(x, p) * matrix_norm(inverse.inv(x), p)


# Decompositions.  NumPy's tuples have names, which ``_replace`` puts our arrays under.


@composed()
def eigh(x, UPLO: str = "L") -> Any:
    """The eigenvalues of symmetric matrices, in rising order, and the eigenvectors as columns.

    They come as NumPy's pair, with the attributes ``eigenvalues`` and ``eigenvectors``.  The sign of a vector is
    NumPy's choice: a result that depends on it has no meaning, and its gradient neither.  Where eigenvalues are equal,
    the gradient of the vectors is NaN: see ``eigvalsh``.
    """
    pair = {"eigenvalues": decompositions.eigvalsh(x, UPLO), "eigenvectors": decompositions.eigenvectors(x, UPLO)}
    return np.linalg.eigh(np.eye(1))._replace(**pair)


@composed(method=True, advice={"some": "full_matrices=False"})
def svd(x, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """The singular value decomposition X = U S Vᵀ, as NumPy's tuple of U, S and Vh; S alone without ``compute_uv``.

    Of a matrix that is not square, give ``full_matrices=False``: the other columns of U or V could be any, and have no
    derivative, which is a ValueError.  The sign of a pair of vectors is NumPy's choice: a result that depends on it has
    no meaning.  Where singular values are equal, the gradient of the vectors is NaN: see ``svdvals``.
    """
    if not compute_uv:
        return decompositions.svdvals(x)
    if full_matrices and np.ndim(x) > 1 and np.shape(x)[-1] != np.shape(x)[-2]:
        words = f"of a matrix of shape {np.shape(x)} the full U and Vh are not determined, and have no derivative"
        raise errors.explained(ValueError(words), "Write svd(x, full_matrices=False).")
    return np.linalg.svd(np.eye(1))._replace(
        U=decompositions.left_singular_vectors(x),
        S=decompositions.svdvals(x),
        Vh=shape.matrix_transpose(decompositions.right_singular_vectors(x)),
    )


@composed(method=True)
def qr(x, mode: str = "reduced") -> Any:
    """The decomposition X = QR into orthonormal columns and an upper triangular matrix, as NumPy's pair of Q and R.

    ``mode``: "reduced", or "r" for R alone; "complete" if X has no more rows than columns.  The columns of X, or the
    first ones if there are more of them than rows, have to be independent.  Raises ValueError for another mode.
    """
    rows, columns = np.shape(x)[-2:]
    if mode not in ("reduced", "r") and not (mode == "complete" and rows <= columns):
        words = f"qr knows the modes 'reduced' and 'r', not {mode!r}, of a matrix of shape {np.shape(x)}"
        raise errors.explained(ValueError(words), "The other columns of Q are not determined, and have no derivative.")
    q = decompositions.orthogonal_factor(select.getitem(x, (..., slice(rows))) if rows < columns else x)
    r = algebra.triu(algebra.matmul(shape.matrix_transpose(q), x))
    return r if mode == "r" else np.linalg.qr(np.eye(1))._replace(Q=q, R=r)


@composed(words={"A": "a", "B": "b"})
def lstsq(a, b, rcond=None) -> Any:
    """The x for which the sum of squares of a x - b is smallest; the shortest one, if there are several.

    Returns NumPy's tuple: x, the sums of squares, the rank of ``a`` as a number, and its singular values.  The sums are
    an empty array if the rank is less than the number of columns, or if there are no more rows than columns.
    ``rcond``: see ``pinv``; by default the precision of the dtype times the longer side.
    """
    a, b = array(a), array(b)
    m, n = a.shape
    s = decompositions.svdvals(a)
    if rcond is None:
        rcond = np.finfo(s.dtype).eps * max(m, n)
    x = algebra.matmul(decompositions.pinv(a, rcond), b)
    rank = int(np.sum(values(s) > rcond * np.max(values(s), initial=0)))
    rest: Any = np.zeros(0, s.dtype)
    if rank == n < m:
        rest = reduce.sum(pointwise.square(algebra.matmul(a, x) - b), 0)
        rest = rest.reshape((1,)) if b.ndim == 1 else rest
    return x, rest, rank, s


# Inverses and solutions.


@composed(method=True)
def logdet(x):
    """The logarithm of the determinant; NaN where that is negative."""
    sign, log = np.linalg.slogdet(values(x)).sign, inverse.logabsdet(x)
    return select.where(sign > 0, log, np.where(sign < 0, np.nan, -np.inf)) if np.any(sign <= 0) else log


@composed(words={"A": "a", "B": "b", "unitriangular": "unit_diagonal"})
def solve_triangular(
    a,
    b,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    *,
    upper: bool | None = None,
    left: bool = True,
):
    """The solution x of a x = b for a triangular matrix ``a``, of which the other triangle is not read.

    ``lower``: is it the lower triangle?  ``upper`` is PyTorch's word for the opposite.  ``trans``: 1 or "T" solves
    aᵀ x = b.  ``unit_diagonal``: the diagonal counts as 1.  ``left=False`` solves x a = b.
    """
    if upper is not None:
        lower = not upper
    part = algebra.tril(a) if lower else algebra.triu(a)
    if unit_diagonal:
        eye = np.eye(part.shape[-1], dtype=part.dtype)
        part = part * (1 - eye) + eye
    if trans in (1, "T", 2, "C"):
        part = shape.matrix_transpose(part)
    if left:
        return inverse.solve(part, b)
    return shape.matrix_transpose(inverse.solve(shape.matrix_transpose(part), shape.matrix_transpose(b)))


@composed(method=True)
def cholesky_inverse(x, upper: bool = False):
    """The inverse of L Lᵀ, for the lower triangular L that ``cholesky`` gives; of Uᵀ U if ``upper``."""
    part = algebra.triu(x) if upper else algebra.tril(x)
    turned = shape.matrix_transpose(part)
    return inverse.inv(algebra.matmul(turned, part) if upper else algebra.matmul(part, turned))


@composed(method=True, words={"L": "x", "B": "b", "input": "b"})
def cholesky_solve(b, x, upper: bool = False):
    """The solution of L Lᵀ z = b, for the lower triangular L that ``cholesky`` gives; of Uᵀ U z = b if ``upper``."""
    first = solve_triangular(x, b, trans=1 if upper else 0, lower=not upper)
    return solve_triangular(x, first, trans=0 if upper else 1, lower=not upper)


@composed()
def tensorinv(x, ind: int = 2):
    """The inverse with respect to ``tensordot(x, ..., ind)``: the first ``ind`` axes are the rows of a square matrix."""
    if ind < 1:
        raise ValueError(f"ind is the number of axes that make the rows, at least 1, not {ind}")
    x = array(x)
    front, back = x.shape[:ind], x.shape[ind:]
    return inverse.inv(x.reshape((math.prod(front), math.prod(back)))).reshape((*back, *front))


@composed()
def tensorsolve(a, b, axes=None):
    """The x for which ``tensordot(a, x, x.ndim)`` is b.  ``axes``: those of ``a`` that are moved to its end first."""
    a, b = array(a), array(b)
    if axes is not None:
        a = shape.moveaxis(a, tuple(axes), tuple(range(a.ndim - len(axes), a.ndim)))
    lengths = a.shape[b.ndim :]
    return inverse.solve(a.reshape((b.size, math.prod(lengths))), b.reshape((b.size,))).reshape(lengths)


# Products.


@composed(method=True, words={"M": "x"})
def matrix_power(x, n: int):
    """A square matrix, multiplied so often with itself; of the inverse, if ``n`` is negative; for 0 the identity."""
    n = operator.index(n)
    x = array(x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"a power is taken of square matrices, not of an array of shape {x.shape}")
    if n == 0:
        return np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape).copy()
    if n < 0:
        x, n = inverse.inv(x), -n
    found = None
    while n:  # by the binary digits of n
        if n % 2:
            found = x if found is None else algebra.matmul(found, x)
        n //= 2
        x = algebra.matmul(x, x) if n else x
    return pointwise.positive(found)


@composed(aliases="expm", method=True)
def matrix_exp(x):
    """The exponential of square matrices, I + X + X²/2 + X³/6 + ...

    It is that of X/2^n, which is small, squared n times (Moler and Van Loan, Nineteen dubious ways to compute the
    exponential of a matrix, 2003).
    """
    x = array(x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"matrix_exp takes square matrices, not an array of shape {x.shape}")
    size = float(np.max(np.sum(np.abs(values(x)), -1), initial=0))
    halved = max(0, math.frexp(size)[1] + 1) if math.isfinite(size) else 0
    x = pointwise.multiply(x, 0.5**halved)
    one = np.eye(x.shape[-1], dtype=x.dtype)
    z = pointwise.add(pointwise.multiply(x, 1 / 18), one)
    for k in range(17, 0, -1):
        z = pointwise.add(pointwise.multiply(algebra.matmul(x, z), 1 / k), one)
    for _ in range(halved):
        z = algebra.matmul(z, z)
    return z


@composed()
def multi_dot(arrays):
    """The product of several matrices, in the order of multiplications that needs the fewest.

    The first and the last may be vectors: a row, and a column.
    """
    factors: Sequence[Any] = [array(x) for x in arrays]
    if len(factors) < 2:
        raise ValueError("multi_dot takes at least two arrays")
    sides = [factors[0].shape[0] if factors[0].ndim > 1 else 1, *(x.shape[-1] if x.ndim > 1 else 1 for x in factors)]
    if factors[-1].ndim == 1:
        sides[-2] = factors[-1].shape[0]
    if factors[0].ndim == 1:
        sides[1] = factors[0].shape[0]
    return _product(factors, _cheapest(sides), 0, len(factors) - 1)


def _cheapest(sides: list[int]) -> dict[tuple[int, int], int]:
    """Where to cut each part i..j of a chain of matrices, whose sides these are, so that it costs least (Godbole 1973)."""
    number = len(sides) - 1
    cost = {(i, i): 0 for i in range(number)}
    cuts: dict[tuple[int, int], int] = {}
    for length in range(1, number):
        for i in range(number - length):
            j = i + length
            costs = {k: cost[i, k] + cost[k + 1, j] + sides[i] * sides[k + 1] * sides[j + 1] for k in range(i, j)}
            cuts[i, j] = min(costs, key=costs.__getitem__)
            cost[i, j] = costs[cuts[i, j]]
    return cuts


def _product(factors: Sequence[Any], cuts: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return factors[i]
    k = cuts[i, j]
    return algebra.matmul(_product(factors, cuts, i, k), _product(factors, cuts, k + 1, j))


# Those of linalg that mean the last two axes.


@composed(aliases="linalg.trace")
def matrix_trace(x, offset: int = 0):
    """The sum of the diagonal of the matrices in the last two axes."""
    return algebra.trace(x, offset, -2, -1)


@composed(aliases="linalg.diagonal")
def matrix_diagonal(x, offset: int = 0):
    """The diagonal of the matrices in the last two axes."""
    return algebra.diagonal(x, offset, -2, -1)


@composed(method=False, aliases="linalg.norm")
def linalg_norm(x, ord=None, axis=None, keepdims: bool = False):
    """The norm as NumPy's: of a vector, or along one axis, see ``norm``; of a matrix, or along two, ``matrix_norm``."""
    if ord is None or (np.ndim(x) if axis is None else np.size(axis)) != 2:
        return reduce.norm(x, ord, axis, keepdims)
    return matrix_norm(x, ord, (-2, -1) if axis is None else axis, keepdims)
