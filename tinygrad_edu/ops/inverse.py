"""Inverses, determinants and decompositions of square matrices, which are in the last two axes."""

from __future__ import annotations

import numpy as np

from ..op import op
from .algebra import matmul, tril
from .conventions import is_recorded
from .reduce import _others
from .select import put

_SQUARE = {"a square matrix in the last two axes": lambda x: x.shape[-1] == x.shape[-2]}
_INVERTIBLE = _SQUARE | {"a matrix that is not singular": lambda x: bool(np.all(np.linalg.det(x) != 0))}


def _regular(rng, *shape: int):
    """A matrix that is far from singular, to try an operation on."""
    return rng.normal(size=shape) * 0.5 + 2 * np.eye(shape[-1])


@op(
    "$x^{-1}",
    binds=3,
    needs=_INVERTIBLE,
    examples=((lambda rng: _regular(rng, 3, 3),), (lambda rng: _regular(rng, 2, 3, 3),)),
    same_shape=True,
    aliases="inverse",
    x=lambda g, z: -matmul(matmul(z.mT, g), z.mT),
)
def inv(x):
    """The inverse of matrices (..., n, n).  (To apply it, ``solve`` is faster and more exact.)

    NumPy raises LinAlgError for a singular matrix.
    """
    return np.linalg.inv(x)


@op(
    r"\det($x)",
    needs=_SQUARE,
    examples=((lambda rng: _regular(rng, 3, 3),), (lambda rng: _regular(rng, 2, 3, 3),)),
    x=lambda g, x: g[..., None, None] * cofactors(x),
)
def det(x):
    """The determinant.  Its gradient is the matrix of cofactors, det(X) X⁻ᵀ where X is not singular (Jacobi)."""
    return np.linalg.det(x)


_LARGEST = 32  # the most rows of a singular matrix whose minors are computed: these have rows^4 numbers


def _cofactors_rule(g, z, x):
    """The derivative of det(X) X⁻ᵀ; of a singular matrix, that of each cofactor, which is a determinant itself."""
    n = x.shape[-1]
    s = np.linalg.svd(x._array if is_recorded(x) else x, compute_uv=False)
    if np.all(s[..., -1:] > 1e-8 * s[..., :1]) or n > _LARGEST:
        back = inv(x).mT
        return (g * z).sum((-1, -2), keepdims=True) * back - matmul(back, matmul(g.mT, z))
    if n == 1:  # the only cofactor is 1
        return 0 * g
    others = np.array([[j for j in range(n) if j != i] for i in range(n)])
    minors = (..., others[:, None, :, None], others[None, :, None, :])  # without row i and column j, for all i and j
    signs = (-1.0) ** np.add.outer(range(n), range(n)).astype(x.dtype)
    return put((g * signs)[..., None, None] * cofactors(x[minors]), minors, x.shape)


@op(
    r"\operatorname{cof}($x)",
    needs=_SQUARE,
    for_users=False,
    examples=((lambda rng: _regular(rng, 3, 3),), (lambda rng: _regular(rng, 2, 3, 3),)),
    same_shape=True,
    x=_cofactors_rule,
)
def cofactors(x):
    """The determinants of what is left of a matrix without one row and one column, with signs like a chessboard's.

    That is det(X) X⁻ᵀ.  By singular values, X = U S Vᵀ, it exists for singular matrices too: each of them makes room
    for the product of the others.
    """
    u, s, v = np.linalg.svd(x)
    signs = np.linalg.det(u) * np.linalg.det(v)
    return (signs[..., None, None] * u * _others(s)[..., None, :]) @ v


@op(
    r"\log|\det($x)|",
    needs=_INVERTIBLE,
    examples=((lambda rng: _regular(rng, 3, 3),), (lambda rng: _regular(rng, 2, 3, 3),)),
    x=lambda g, x: g[..., None, None] * inv(x).mT,
)
def logabsdet(x):
    """The logarithm of the absolute value of the determinant, where that itself would overflow: see ``slogdet``."""
    return np.linalg.slogdet(x).logabsdet


def _solve_x(g, z, x, y):
    back = _solve_y(g, x, y)
    return -back[..., None] * z[..., None, :] if y.ndim == 1 else -matmul(back, z.mT)


def _solve_y(g, x, y):
    """The solution of Xᵀ B = G, which is a vector for each matrix if y is one."""
    return solve(x.mT, g[..., None])[..., 0] if y.ndim == 1 else solve(x.mT, g)


@op(
    r"$x^{-1} \, $y",
    binds=2,
    needs={
        "a square matrix x": lambda x: x.shape[-1] == x.shape[-2],
        "a matrix x that is not singular": lambda x: bool(np.all(np.linalg.det(x) != 0)),
        "as many rows in y as in x": lambda x, y: y.shape[-2 if y.ndim > 1 else 0] == x.shape[-1],
    },
    examples=(
        (lambda rng: _regular(rng, 3, 3), (3,)),
        (lambda rng: _regular(rng, 3, 3), (3, 2)),
        (lambda rng: _regular(rng, 2, 3, 3), (2, 3, 2)),
    ),
    x=_solve_x,
    y=_solve_y,
)
def solve(x, y):
    """The solution Z of XZ = Y, for matrices x (..., n, n) and y (..., n, m), or a vector y (n,)."""
    return np.linalg.solve(x, y)


def _positive_definite(rng):
    """A symmetric matrix with positive eigenvalues."""
    m = _regular(rng, 3, 3)
    return m @ m.T + np.eye(3)


def _cholesky_rule(g, z, upper: bool):
    """Murray, Differentiation of the Cholesky decomposition (2016), equation 10."""
    if upper:
        g, z = g.mT, z.mT
    p = tril(matmul(z.mT, g))
    p = p - 0.5 * p * np.eye(z.shape[-1], dtype=g.dtype)
    s = solve(z.mT, matmul(p, inv(z)))
    return 0.5 * (s + s.mT)


@op(
    r"\operatorname{chol}($x)",
    needs=_SQUARE | {"a positive definite matrix": lambda x: bool((np.linalg.eigvalsh((x + x.mT) / 2) > 0).all())},
    examples=((_positive_definite,), (_positive_definite, dict(upper=True))),
    same_shape=True,
    x=_cholesky_rule,
)
def cholesky(x, upper: bool = False):
    """The lower triangular L with L Lᵀ = X, of the symmetric part of ``x``: its gradient is symmetric too.

    ``upper``: the upper triangular matrix Lᵀ.
    """
    z = np.linalg.cholesky((x + x.mT) / 2 if np.ndim(x) > 1 else x)
    return np.swapaxes(z, -1, -2) if upper else z
