"""Inverses, determinants and decompositions of square matrices, which are in the last two axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import op
from .algebra import matmul, tril

_SQUARE = {"a square matrix in the last two axes": lambda x: x.shape[-1] == x.shape[-2]}
_INVERTIBLE = _SQUARE | {"a matrix that is not singular": lambda x: bool(np.all(np.linalg.det(x) != 0))}


def _regular(rng: Any, *shape: int) -> Any:
    """A matrix that is far from singular, to try an operation on."""
    return rng.normal(size=shape) * 0.5 + 2 * np.eye(shape[-1])


@op(
    "$x^{-1}",
    binds=3,
    needs=_INVERTIBLE,
    examples=((lambda rng: _regular(rng, 3, 3),), (lambda rng: _regular(rng, 2, 3, 3),)),
    x=lambda g, z: -matmul(matmul(z.mT, g), z.mT),
)
def inv(x: Any) -> Any:
    """The inverse.  (To apply it, ``solve`` is faster and more exact.)"""
    return np.linalg.inv(x)


@op(
    r"\det($x)",
    needs=_SQUARE,
    examples=((lambda rng: _regular(rng, 3, 3),), (lambda rng: _regular(rng, 2, 3, 3),)),
    x=lambda g, z, x: (g * z)[..., None, None] * inv(x).mT,
)
def det(x: Any) -> Any:
    """The determinant.  Its gradient, Jacobi's formula, asks for a matrix that is not singular."""
    return np.linalg.det(x)


@op(
    r"\log|\det($x)|",
    needs=_INVERTIBLE,
    examples=((lambda rng: _regular(rng, 3, 3),), (lambda rng: _regular(rng, 2, 3, 3),)),
    x=lambda g, x: g[..., None, None] * inv(x).mT,
)
def logabsdet(x: Any) -> Any:
    """The logarithm of the absolute value of the determinant, where that itself would overflow: see ``slogdet``."""
    return np.linalg.slogdet(x).logabsdet


def _solve_x(g: Any, z: Any, x: Any, y: Any) -> Any:
    back = solve(x.mT, g)
    return -back[:, None] * z if y.ndim == 1 else -matmul(back, z.mT)


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
    y=lambda g, x: solve(x.mT, g),
)
def solve(x: Any, y: Any) -> Any:
    """The solution Z of XZ = Y."""
    return np.linalg.solve(x, y)


def _cholesky_rule(g: Any, z: Any) -> Any:
    """Murray, Differentiation of the Cholesky decomposition (2016), equation 10."""
    p = tril(matmul(z.mT, g))
    p = p - 0.5 * p * np.eye(z.shape[-1], dtype=g.dtype)
    s = solve(z.mT, matmul(p, inv(z)))
    return 0.5 * (s + s.mT)


@op(
    r"\operatorname{chol}($x)",
    needs=_SQUARE | {"a positive definite matrix": lambda x: bool((np.linalg.eigvalsh((x + x.mT) / 2) > 0).all())},
    examples=((lambda rng: (lambda m: m @ m.T + np.eye(3))(_regular(rng, 3, 3)),),),
    x=_cholesky_rule,
)
def cholesky(x: Any) -> Any:
    """The lower triangular L with L Lᵀ = X, of the symmetric part of ``x``: its gradient is symmetric too."""
    return np.linalg.cholesky((x + x.mT) / 2)
