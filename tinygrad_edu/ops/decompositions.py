"""Eigenvalues, singular values, and what else takes a matrix apart.  They are read when one of their names is asked for.

A decomposition of which several arrays come is one operation for each of them; composed/linear_algebra.py puts them
together.  The rules are those of Giles, An extended collection of matrix derivative results (2008), and Townsend,
Differentiating the singular value decomposition (2016).

Where two eigenvalues or singular values are equal, the single one has no derivative, nor have the vectors, which may be
turned within their plane.  There the gradient is NaN, unless it does not matter which is which: the sum of all has one.
"Equal" is meant but for rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import op
from .algebra import matmul, tril, triu
from .conventions import bent, is_recorded, strict
from .inverse import _SQUARE, solve


def _data(x: Any) -> Any:
    """The values of a tensor, or the array itself."""
    return x._array if is_recorded(x) else np.asarray(x)


def _mirrored(x: Any, UPLO: str) -> Any:
    """The symmetric matrices that have these triangles, the lower ones or the upper ones."""
    if UPLO.upper() not in ("L", "U"):
        raise ValueError(f"UPLO is 'L' or 'U', not {UPLO!r}")
    return np.tril(x) + np.swapaxes(np.tril(x, -1), -1, -2) if UPLO.upper() == "L" else _mirrored(x.mT, "L")


def _folded(g: Any, UPLO: str) -> Any:
    """The gradient of a triangle, each of whose numbers stands in two places, from that of the symmetric matrix."""
    return tril(g) + tril(g, -1) if UPLO.upper() == "L" else triu(g) + triu(g, 1)


def _rounding(values: Any) -> Any:
    """How far eigenvalues or singular values may be from the true ones."""
    n = values.shape[-1]
    return 4 * n * np.finfo(values.dtype).eps * np.max(np.abs(values), -1, keepdims=True, initial=0)


def _equal(values: Any) -> Any:
    """Which pairs are equal but for rounding, in a symmetric matrix of truth values."""
    return np.abs(values[..., :, None] - values[..., None, :]) <= _rounding(values)[..., None]


def _sure(g: Any, values: Any) -> Any:
    """The gradient of eigenvalues or singular values, but NaN for equal ones that do not all have the same."""
    among = _data(g)
    apart = np.abs(among[..., :, None] - among[..., None, :])
    largest = np.max(np.abs(among), -1, keepdims=True, initial=0)[..., None]
    unclear = np.any(_equal(values) & (apart > np.finfo(values.dtype).eps ** 0.5 * largest), -1)
    return np.where(unclear, np.nan, g).astype(g.dtype) if np.any(unclear) else g


def _one_over(gaps: Any, values: Any, g: Any) -> Any:
    """One divided by the gaps of all pairs, 0 on the diagonal, and NaN for equal ones whose vectors matter.

    ``g``: the gradient of the vectors, as columns.  Those with a gradient of 0 do not matter, unless it moves.
    """
    n, equal = values.shape[-1], _equal(values)
    own = np.eye(n, dtype=bool)
    matter = np.ones(equal.shape, bool)
    if not (is_recorded(g) or strict.get()):
        moved = np.any(_data(g) != 0, -2)
        matter = moved[..., :, None] | moved[..., None, :]
    factor = np.where(own | (equal & ~matter), 0, np.where(equal, np.nan, 1)).astype(values.dtype)
    return factor / np.where(own | equal, 1, gaps).astype(values.dtype)


# Symmetric matrices.


def _eigvalsh_rule(g, z, x, UPLO: str):
    """V diag(g) Vᵀ."""
    v = eigenvectors(x, UPLO)
    return _folded(matmul(v * _sure(g, _data(z))[..., None, :], v.mT), UPLO)


def _not_small(rng, shape: tuple[int, ...]):
    """Numbers of which none is near 0: next to a triangular matrix LAPACK may choose other signs."""
    return rng.uniform(0.6, 1.4, shape) * rng.choice([-1.0, 1.0], shape)


def _spread(rng, *shape: int):
    """A matrix whose symmetric part has eigenvalues that are far from each other."""
    return _not_small(rng, shape) + np.diag(3.0 * np.arange(1, shape[-1] + 1))


@op(
    needs=_SQUARE,
    examples=((lambda rng: _spread(rng, 3, 3),), (lambda rng: _spread(rng, 2, 3, 3),)),
    x=_eigvalsh_rule,
)
def eigvalsh(x, UPLO: str = "L"):
    """The eigenvalues, in rising order, of symmetric matrices (..., n, n): shape (..., n).

    As NumPy, it reads the lower triangle alone, or with ``UPLO="U"`` the upper one, and so the gradient is in that
    triangle; of S = AᵀA, say, A has the right gradient.  Of equal eigenvalues only what all share has a derivative, as
    their sum: otherwise the gradient is NaN.
    """
    return np.linalg.eigh(_mirrored(x, UPLO)).eigenvalues


def _eigenvectors_rule(g, z, x, UPLO: str):
    """V (F ⊙ (VᵀG - GᵀV)/2) Vᵀ, where F has one over the gaps of eigenvalues."""
    w = eigvalsh(x, UPLO)
    m = matmul(z.mT, g)
    f = _one_over(w[..., None, :] - w[..., :, None], _data(w), g)
    return _folded(matmul(matmul(z, f * (m - m.mT) / 2), z.mT), UPLO)


@op(
    for_users=False,
    needs=_SQUARE,
    examples=((lambda rng: _spread(rng, 3, 3),), (lambda rng: _spread(rng, 2, 3, 3),)),
    same_shape=True,
    x=_eigenvectors_rule,
)
def eigenvectors(x, UPLO: str = "L"):
    """The eigenvectors of symmetric matrices, as columns, in the order of ``eigvalsh``: see ``eigh``."""
    return np.linalg.eigh(_mirrored(x, UPLO), UPLO).eigenvectors


# Singular values: X = U S Vᵀ.


def _svdvals_rule(g, z, x):
    """U diag(g) Vᵀ.  Where a singular value is 0 it has no slope, as an absolute value, and its gradient is 0."""
    u, v = left_singular_vectors(x), right_singular_vectors(x)
    zero = _data(z) <= _rounding(_data(z))
    if np.any(zero):
        signed = np.sum(_data(u) * matmul(x, _data(v)), -2) - _data(z)  # it changes as one that may be negative
        g = bent(np.where(zero, 0, g).astype(g.dtype), g, zero, signed)
    g = _sure(g, np.where(zero, -np.arange(1, zero.shape[-1] + 1), _data(z)).astype(_data(z).dtype))
    return matmul(u * g[..., None, :], v.mT)


def _long(rng, *shape: int):
    """A matrix whose singular values are far from each other, and from 0."""
    x = _not_small(rng, shape)
    for i in range(min(shape[-2:])):
        x[..., i, i] += 4.0 * (i + 1)
    return x


_LONG = tuple((lambda rng, s=s: _long(rng, *s),) for s in ((3, 3), (4, 2), (2, 2, 3)))


@op(examples=_LONG, x=_svdvals_rule)
def svdvals(x):
    """The singular values of matrices (..., m, n), in falling order: shape (..., min(m, n)).

    At 0 a singular value has no slope, and the gradient there is 0.  Of equal ones only what all share has a derivative,
    as their sum: otherwise the gradient is NaN.
    """
    return np.linalg.svd(x, full_matrices=False).S


def _vectors_rule(g, u, s, v):
    """The gradient of X if ``g`` is that of U: U (F ⊙ (UᵀG - GᵀU)) S Vᵀ, and what leaves the plane of U, over S."""
    m = matmul(u.mT, g)
    later, former = s[..., None, :], s[..., :, None]
    f = _one_over((later - former) * (later + former), _data(s), g)
    back = matmul(u, f * (m - m.mT) * later)
    if u.shape[-2] > u.shape[-1]:
        zero = _data(s) <= _rounding(_data(s))
        back = back + (g - matmul(u, m)) / np.where(zero, np.nan, s).astype(s.dtype)[..., None, :]
    return matmul(back, v.mT)


@op(
    for_users=False,
    examples=_LONG,
    x=lambda g, z, x: _vectors_rule(g, z, svdvals(x), right_singular_vectors(x)),
)
def left_singular_vectors(x):
    """U of X = U S Vᵀ: orthonormal columns, as many as singular values: see ``svd``."""
    return np.linalg.svd(x, full_matrices=False).U


@op(
    for_users=False,
    examples=_LONG,
    x=lambda g, z, x: _vectors_rule(g, z, svdvals(x), left_singular_vectors(x)).mT,
)
def right_singular_vectors(x):
    """V of X = U S Vᵀ: orthonormal columns, as many as singular values: see ``svd``."""
    return np.swapaxes(np.linalg.svd(x, full_matrices=False).Vh, -1, -2)


def _pinv_rule(g, z, x, rcond):
    """Golub and Pereyra (1973): the three ways in which the pseudo-inverse changes, as long as the rank stays."""
    gt, zt = g.mT, z.mT
    back = -matmul(matmul(zt, g), zt)
    if x.shape[-2] > x.shape[-1] or _is_deficient(_data(x), rcond).any():
        back = back + matmul(matmul(gt - matmul(x, matmul(z, gt)), z), zt)
    if x.shape[-2] < x.shape[-1] or _is_deficient(_data(x), rcond).any():
        back = back + matmul(zt, matmul(z, gt - matmul(matmul(gt, z), x)))
    return bent(back, gt, _is_deficient(_data(x), rcond)[..., None, None], x - _data(x))


def _is_deficient(x, rcond) -> Any:
    """Is the rank of matrices less than it could be?"""
    s = np.linalg.svd(x, compute_uv=False)
    return np.any(s <= np.asarray(1e-15 if rcond is None else rcond)[..., None] * s[..., :1], -1)


@op(
    examples=_LONG,
    aliases="pinverse",
    words={"rtol": "rcond"},
    advice={"atol": "rcond=atol/svdvals(x)[0]"},
    x=_pinv_rule,
)
def pinv(x, rcond=None, hermitian: bool = False):
    """The pseudo-inverse of matrices (Moore's and Penrose's): (..., m, n) gives (..., n, m).

    ``rcond``: singular values up to so many times the largest count as 0, by default 1e-15.  Where some do, the
    pseudo-inverse jumps if the rank changes; the gradient is that for changes that leave the rank as it is.
    ``hermitian``: NumPy is told so that a matrix is symmetric, for speed; here it makes no difference.
    """
    return np.linalg.pinv(x, rcond)


def _orthogonal_rule(g, z, x):
    """Walter and Lehmann, Algorithmic differentiation of linear algebra functions (2010), of Q alone."""
    m = -matmul(g.mT, z)
    back = g + matmul(z, tril(m) + tril(m, -1).mT)
    r = triu(matmul(z.mT, x))
    along = np.abs(np.diagonal(_data(r), 0, -2, -1))
    dependent = np.any(along <= _rounding(_data(r).reshape(*along.shape[:-1], -1)), -1)[..., None, None]
    if np.any(dependent):
        r = r + dependent * np.eye(r.shape[-1], dtype=r.dtype) * (1 + np.max(along, initial=0))
        back = back + np.where(dependent, np.nan, 0).astype(g.dtype)
    return solve(r, back.mT).mT


@op(
    for_users=False,
    needs={"at least as many rows as columns": lambda x: x.shape[-2] >= x.shape[-1]},
    examples=((lambda rng: _long(rng, 3, 3),), (lambda rng: _long(rng, 2, 4, 2),)),
    same_shape=True,
    x=_orthogonal_rule,
)
def orthogonal_factor(x):
    """Q of X = QR: orthonormal columns in the space of the columns of X: see ``qr``.

    Where the columns of X are not independent, Q has no derivative, and the gradient is NaN.
    """
    if np.shape(x)[-2] < np.shape(x)[-1]:
        raise ValueError(f"a matrix of shape {np.shape(x)} has more columns than rows")
    return np.linalg.qr(x).Q
