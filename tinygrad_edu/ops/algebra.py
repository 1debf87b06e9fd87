"""Linear algebra.  ``matmul`` is inside its own rules, which is what makes a gradient of a gradient come for free."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.calling import called_also as _called_also
from ..engine.calling import written as _written
from ..op import op

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"  # as in Python's string, which is slow to import


def _matmul_x(g, y):
    """The rule G Yᵀ for x, also where x or y is a vector: the numbers of axes tell."""
    if y.ndim == 1:  # Xy: the outer product g yᵀ
        return g[..., None] * y
    if g.ndim < y.ndim:  # xᵀY: Y g
        return matmul(y, g) if y.ndim == 2 else matmul(y, g[..., None])[..., 0]
    return matmul(g, y.mT)


def _matmul_y(g, x):
    """The rule Xᵀ G for y, also where x or y is a vector."""
    if x.ndim == 1:
        return g * x if g.ndim == 0 else x[:, None] * g[..., None, :]
    if g.ndim < x.ndim:
        return matmul(x.mT, g) if x.ndim == 2 else matmul(x.mT, g[..., None])[..., 0]
    return matmul(x.mT, g)


@_written(r"$x^{\top} \, $y", where=lambda x: x == 1)  # a vector is a column
@op(
    r"$x \, $y",
    binds=2,
    aliases="linalg.matmul",
    needs={
        "at least one axis in each operand; a number is multiplied with *": lambda x, y: np.ndim(x) and np.ndim(y),
        "as many columns in x as rows in y": lambda x, y: x.shape[-1] == y.shape[-2 if y.ndim > 1 else 0],
        "leading axes of x and y that broadcast": lambda x, y: (
            np.broadcast_shapes(x.shape[:-2], y.shape[:-2]) is not None
        ),
    },
    examples=(
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((5, 2, 3), (3, 4)),
        ((5, 2, 3), (3,)),
        ((3,), (5, 3, 2)),
        ((2, 1, 2, 3), (5, 3, 2)),
    ),
    x=_matmul_x,
    y=_matmul_y,
)
def matmul(x, y):
    """The matrix product of the last two axes; the others broadcast."""
    if 0 < getattr(x, "ndim", 0) < 3 and 0 < getattr(y, "ndim", 0) < 3:
        return x.dot(y)  # the same, and half a microsecond faster
    return np.matmul(x, y)


def _linear_W(g, x):
    """The rule for W: the sum of g xᵀ over all examples."""
    if x.ndim == 1:
        return g[:, None] * x
    if x.ndim > 2:
        number = math.prod(x.shape[:-1])  # reshape cannot find a length of -1 if another axis is empty
        g, x = g.reshape(number, g.shape[-1]), x.reshape(number, x.shape[-1])
    return matmul(g.mT, x)


@_written(r"$x \, $W^{\top} + $b", where=lambda x: x > 1)  # each row an example
@op(
    r"$W \, $x + $b",
    binds=1,
    needs={
        "as many columns in W as numbers in each example of x": lambda x, W: x.shape[-1] == W.shape[-1],
        "one number in b for each row of W": lambda W, b: b is None or b.shape == W.shape[:1],
    },
    examples=(((2, 3), (4, 3), (4,)), ((3,), (4, 3), (4,)), ((5, 2, 3), (4, 3), (4,)), ((2, 3), (4, 3), dict(b=None))),
    x=lambda g, W: matmul(g, W),
    W=_linear_W,
    b=lambda g: g,
)
def linear(x, W, b=None):
    """A layer's v = W a + b, for one vector ``x`` or with the examples as rows; ``W`` is (outputs, inputs).

    ``x``: (..., inputs); ``b``: (outputs,) or None; the result: (..., outputs).  Raises ValueError for other shapes.
    """
    if not x.ndim or W.ndim != 2:
        raise ValueError(f"shapes {x.shape} and {W.shape} of x and W do not fit")
    v = x.dot(W.T)
    return v if b is None else np.add(v, b, out=v) if v.dtype == b.dtype else v + b


@_written("", where=lambda x, y: x > 2 or y > 2)
@op(
    r"$x \cdot $y",
    binds=2,
    needs={
        "as many columns in x as rows in y": lambda x, y: (
            not x.ndim or not y.ndim or x.shape[-1] == y.shape[-2 if y.ndim > 1 else 0]
        )
    },
    examples=(((3,), (3,)), ((2, 3), (3, 4)), ((), (3,)), ((2, 3), (3,)), ((2, 2, 3), (4, 3, 5))),
    x=lambda g, shape, y: tensordot(g, y, _rest(y)) if shape and y.ndim else (g * y),
    y=lambda g, shape, x: (
        np.moveaxis(tensordot(x, g, _leading(x)), 0, -2 if len(shape) > 1 else 0) if shape and x.ndim else (g * x)
    ),
)
def dot(x, y):
    """NumPy's dot: for matrices and vectors the matrix product; for numbers, the product; a sum over the last axis of
    ``x`` and the last but one of ``y`` otherwise."""
    return np.dot(x, y)


def _rest(y) -> tuple[list[int], list[int]]:
    """Pair the axes that came from y, at the end of g, with those of y that were not summed over."""
    kept = [i for i in range(y.ndim) if i != max(y.ndim - 2, 0)]
    return list(range(-len(kept), 0)), kept


def _leading(x) -> tuple[list[int], list[int]]:
    kept = list(range(x.ndim - 1))
    return kept, kept


@_written("", where=lambda x, y: x > 1 or y > 1)
@op(
    r"\langle {$x}, {$y} \rangle",
    needs={"last axes of the same length": lambda x, y: not x.ndim or not y.ndim or x.shape[-1] == y.shape[-1]},
    examples=(((3,), (3,)), ((2, 3), (4, 3)), ((), (3,))),
    x=lambda g, shape, y: tensordot(g, y, y.ndim - 1) if shape and y.ndim else g * y,
    y=lambda g, shape, x: (
        tensordot(np.moveaxis(g, range(x.ndim - 1), range(1 - x.ndim, 0)), x, x.ndim - 1) if shape and x.ndim else g * x
    ),
)
def inner(x, y):
    """The sum of products over the last axes."""
    return np.inner(x, y)


@_written("", where=lambda x, y: x != 1 or y != 1)
@op(
    r"$x \, $y^{\top}",
    binds=2,
    aliases="linalg.outer",
    examples=(((3,), (4,)), ((2, 2), (3,))),
    x=lambda g, shape, y: matmul(g, y.ravel()).reshape(shape),
    y=lambda g, shape, x: matmul(x.ravel(), g).reshape(shape),
)
def outer(x, y):
    """All products of an element of ``x`` with one of ``y``."""
    return np.outer(x, y)


# Sums of products over named axes.


def _explicit(subscripts: str, shapes) -> tuple[list[str], str]:
    """Write out the subscripts of each operand and of the result, with letters for ``...`` and a missing ``->``."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    free = [c for c in _LETTERS if c not in subscripts]
    longest = max((len(s) - len(t) + 3 for t, s in zip(terms, shapes) if "..." in t), default=0)
    dots = "".join(free[:longest])
    spelt = [t.replace("...", dots[longest - (len(s) - len(t) + 3) :]) for t, s in zip(terms, shapes)]
    if not arrow:
        once = sorted(c for c in set("".join(spelt)) - set(dots) if "".join(spelt).count(c) == 1)
        return spelt, dots + "".join(once)
    return spelt, right.replace("...", dots)


def _in_letters(args) -> tuple[Any, ...]:
    """Translate the other way to call NumPy's einsum, ``A, [0, 1], B, [1, 2], [0, 2]``, into one with letters."""
    if not args or isinstance(args[0], str):
        return args

    def letters(axes) -> str:
        return "".join("..." if k is Ellipsis else _LETTERS[k] for k in axes)

    left = ",".join(map(letters, args[1::2][: len(args) // 2]))
    return (left if len(args) % 2 == 0 else f"{left}->{letters(args[-1])}", *args[0::2][: len(args) // 2])


def _lettered(subscripts: str, operands) -> bool:
    shapes = [np.shape(x) for x in operands]
    terms, _ = _explicit(subscripts, shapes)
    lengths: dict[str, int] = {}
    pairs = [(c, n) for term, shape in zip(terms, shapes) for c, n in zip(term, shape)]
    fits = len(terms) == len(shapes) and all(len(term) == len(shape) for term, shape in zip(terms, shapes))
    return fits and all(lengths.setdefault(c, n) == n for c, n in pairs if n != 1)


def _einsum_rule(g, which: int, shapes, subscripts: str, operands):
    """The same sum of products, with the gradient in the place of one operand and that operand's axes as the result.

    An axis that only it has was summed over, so the gradient is the same along it (ones); an axis that it has twice
    picked a diagonal, so the gradient lies there (the unit matrix).
    """
    terms, result = _explicit(subscripts, shapes)
    factors = [(result, g), *((t, x) for i, (t, x) in enumerate(zip(terms, operands)) if i != which)]
    known = "".join(t for t, _ in factors)
    free = iter(c for c in _LETTERS if c not in known + terms[which])
    axes = ""
    for c, n in zip(terms[which], shapes[which]):
        if c in axes:
            twin = next(free)
            factors.append((c + twin, np.eye(n, dtype=g.dtype)))
            axes += twin
        else:
            if c not in known:
                factors.append((c, np.ones(n, dtype=g.dtype)))
            axes += c
    return einsum(",".join(t for t, _ in factors) + "->" + axes, *(x for _, x in factors))


@_called_also(_in_letters)
@op(
    r"\operatorname{einsum}($operands)",
    variadic="operands",
    needs={"a letter for each axis of each operand, and one length for each letter": _lettered},
    examples=(
        ([(2, 3), (3, 4)], dict(subscripts="ij,jk->ik")), ([(2, 3), (3,), (2,)], dict(subscripts="ij,j,i->")), ([(3, 3)], dict(subscripts="ii->i")),
        ([(2, 3)], dict(subscripts="ij->j")), ([(5, 2, 3), (3, 4)], dict(subscripts="...ij,jk")), ([(3, 3)], dict(subscripts="ii")),
    ),
    operands=_einsum_rule,
)  # fmt: skip
def einsum(subscripts: str, *operands):
    """Sums of products over axes that are named by letters, in NumPy's notation (Einstein's)."""
    if not isinstance(subscripts, str):
        raise TypeError("einsum takes its subscripts as text: einsum('ij,jk->ik', A, B)")
    # A large sum is made of matrix products, which are up to thirty times faster.  To plan them takes 10 microseconds.
    return np.einsum(subscripts, *operands, optimize=math.prod([getattr(x, "size", 1) for x in operands]) > 50_000)


def _paired(ndim_x: int, ndim_y: int, axes) -> tuple[str, str, str]:
    """Choose letters for the axes of x, of y and of the result of a tensordot."""
    if np.ndim(axes) == 0:
        axes = range(ndim_x - axes, ndim_x), range(axes)
    ours, theirs = ([a] if np.ndim(a) == 0 else a for a in axes)
    letters = iter(_LETTERS)
    of_x = [next(letters) for _ in range(ndim_x)]
    of_y = [next(letters) for _ in range(ndim_y)]
    for i, j in zip(ours, theirs):
        of_y[j] = of_x[i]
    return "".join(of_x), "".join(of_y), "".join(c for c in of_x + of_y if (c in of_x) != (c in of_y))


def _tensordot_x(g, shape, y, axes):
    of_x, of_y, of_z = _paired(len(shape), y.ndim, axes)
    return einsum(f"{of_z},{of_y}->{of_x}", g, y)


def _tensordot_y(g, shape, x, axes):
    of_x, of_y, of_z = _paired(x.ndim, len(shape), axes)
    return einsum(f"{of_z},{of_x}->{of_y}", g, x)


@op(
    r"\operatorname{tensordot}($x, $y)",
    aliases="linalg.tensordot",
    examples=(
        ((2, 3), (3, 4), dict(axes=1)),
        ((2, 3, 4), (4, 3, 5), dict(axes=([1, 2], [1, 0]))),
        ((2,), (3,), dict(axes=0)),
    ),
    x=_tensordot_x,
    y=_tensordot_y,
)
def tensordot(x, y, axes=2):
    """The sum of products over pairs of axes: ``axes=n`` pairs the last n of ``x`` with the first n of ``y``."""
    return np.tensordot(x, y, axes)


def _kron_blocks(g, x: tuple[int, ...], y: tuple[int, ...]):
    """Reshape g so that each of its axes becomes one of x and one of y; also return both shapes with all axes."""
    n = max(len(x), len(y))
    of_x, of_y = (1,) * (n - len(x)) + x, (1,) * (n - len(y)) + y
    return g.reshape([m for pair in zip(of_x, of_y) for m in pair]), of_x, of_y, n


def _kron_x(g, shape, y):
    blocks, _, of_y, n = _kron_blocks(g, shape, y.shape)
    return (blocks * y.reshape([m for k in of_y for m in (1, k)])).sum(tuple(range(1, 2 * n, 2))).reshape(shape)


def _kron_y(g, shape, x):
    blocks, of_x, _, n = _kron_blocks(g, x.shape, shape)
    return (blocks * x.reshape([m for k in of_x for m in (k, 1)])).sum(tuple(range(0, 2 * n, 2))).reshape(shape)


@op(examples=(((2, 3), (3, 2)), ((2,), (3,)), ((2, 2), (3,))), x=_kron_x, y=_kron_y)
def kron(x, y):
    """Kronecker's product: each element of ``x`` times the whole of ``y``."""
    return np.kron(x, y)


# Diagonals and triangles.


@op(
    for_users=False,
    examples=(((3,), dict(to=(3, 4))), ((2, 3), dict(to=(4, 2, 3), axis1=0, axis2=2, offset=-1))),
    x=lambda g, offset, axis1, axis2: diagonal(g, offset, axis1, axis2),
)
def on_diagonal(x, to: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1):
    """An array of shape ``to`` that is 0 but for its diagonal, which is ``x``: the transpose of ``diagonal``."""
    z = np.zeros(to, x.dtype)
    place = np.diagonal(z, offset, axis1, axis2)
    if place.shape != x.shape:
        raise ValueError(f"a diagonal of shape {x.shape} is put where {place.shape} is")
    moved, along = np.moveaxis(z, (axis1, axis2), (-2, -1)), np.arange(x.shape[-1])
    moved[..., along + max(-offset, 0), along + max(offset, 0)] = x
    return z


@op(
    r"\operatorname{diagonal}($x)",
    selects=True,
    examples=(((3, 4),), ((3, 3), dict(offset=1)), ((2, 3, 4), dict(axis1=1, axis2=2, offset=-1))),
    x=lambda g, shape, offset, axis1, axis2: on_diagonal(g, shape, offset, axis1, axis2),
)
def diagonal(x, offset: int = 0, axis1: int = 0, axis2: int = 1):
    """The diagonal of the matrices in two axes, as the last axis of the result."""
    return np.diagonal(x, offset, axis1, axis2)


def _trace_rule(g, shape, offset: int, axis1: int, axis2: int):
    along = np.diagonal(np.broadcast_to(np.ones((), g.dtype), shape), offset, axis1, axis2)
    return on_diagonal(g[..., None] * along, shape, offset, axis1, axis2)


@op(
    r"\operatorname{tr}($x)",
    selects=True,
    examples=(((3, 3),), ((3, 4), dict(offset=1)), ((2, 3, 4), dict(axis1=1, axis2=2))),
    x=_trace_rule,
)
def trace(x, offset: int = 0, axis1: int = 0, axis2: int = 1):
    """The sum of the diagonal of the matrices in two axes."""
    return np.trace(x, offset, axis1, axis2)


@op(
    r"\operatorname{diag}($x)",
    selects=True,
    examples=(((3,),), ((3, 4),), ((2,), dict(k=1)), ((3, 3), dict(k=-1))),
    words={"diagonal": "k"},
    x=lambda g, shape, k: diagonal(g, k) if len(shape) == 1 else on_diagonal(g, shape, k),
)
def diag(x, k: int = 0):
    """The matrix with the vector ``x`` as its diagonal; of a matrix, its diagonal."""
    return np.diag(x, k)


@op(
    r"\operatorname{tril}($x)",
    selects=True,
    examples=(((3, 3),), ((2, 3, 4), dict(k=1))),
    same_shape=True,
    words={"diagonal": "k"},
    x=lambda g, k: tril(g, k),
)
def tril(x, k: int = 0):
    """The lower triangle; 0 above the diagonal ``k``."""
    return np.tril(x, k)


@op(
    r"\operatorname{triu}($x)",
    selects=True,
    examples=(((3, 3),), ((2, 3, 4), dict(k=-1))),
    same_shape=True,
    words={"diagonal": "k"},
    x=lambda g, k: triu(g, k),
)
def triu(x, k: int = 0):
    """The upper triangle; 0 below the diagonal ``k``."""
    return np.triu(x, k)
