"""Operations that reduce the numbers along axes to one.

A rule gives its gradient with axes of length 1 where the reduction was, and the sweep stretches it: the gradient of a
sum with respect to each of its terms is the gradient of the sum.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..engine.calling import worded_also as _worded_also
from ..errors import messages as errors
from ..op import op
from .conventions import bent, direction, is_recorded, jumping, strict
from .pointwise import absolute, sqrt

_add: Any = np.add.reduce
_AXES = (((2, 3),), ((2, 3), dict(axis=0)), ((2, 3, 2), dict(axis=(0, -1), keepdims=True)), ((),))


def _kept(g, axis, keepdims: bool):
    """The gradient with the axes that were reduced put back, each of length 1."""
    return g if axis is None or keepdims else np.expand_dims(g, axis)


def _count(shape: tuple[int, ...], axis) -> int:
    """How many numbers each number of the result was made of."""
    if axis is None:
        return math.prod(shape)
    if type(axis) is int and -len(shape) <= axis < len(shape):
        return shape[axis]
    return math.prod(shape[a] for a in normalize_axis_tuple(axis, len(shape)))


def over(x, n: float):
    """x/n, or NaN for n = 0.  In float16, where n itself may be too large for a number, by way of float32."""
    if n <= 0:
        return x * math.nan
    return (x.astype(np.float32) / n).astype(x.dtype) if x.dtype.char == "e" and not is_recorded(x) else x / n


@op(
    r"\sum $x",
    binds=1,
    aliases="add.reduce",
    neutral=0.0,
    examples=_AXES,
    x=lambda g, axis, keepdims: _kept(g, axis, keepdims),
)
def sum(x, axis=None, keepdims: bool = False):
    """The sum of all elements, or of those along ``axis``: one axis or several.

    ``keepdims``: the axes stay in the result, with length 1.
    """
    return _add(x, axis, keepdims=keepdims)  # what np.sum calls, without its wrappers


@op(
    r"\operatorname{mean}($x)",
    examples=_AXES,
    x=lambda g, shape, axis, keepdims: over(_kept(g, axis, keepdims), _count(shape, axis)),
)
def mean(x, axis=None, keepdims: bool = False):
    """The mean of all elements, or of those along ``axis``: one axis or several; see ``sum``."""
    if x.dtype.char == "e":  # float16
        return np.mean(x, axis, keepdims=keepdims)  # which adds up in float32
    count = _count(np.shape(x), axis)
    return _add(x, axis, keepdims=keepdims) / count


def _product_of_others(x, axis):
    """Compute, for each number, the product of the others along axes."""
    if x.ndim == 0:  # of which NumPy takes the product along axis 0 too
        return np.ones((), x.dtype)
    axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
    last = tuple(range(x.ndim - len(axes), x.ndim))
    moved = np.moveaxis(x, axes, last)
    rows = moved.reshape((*moved.shape[: x.ndim - len(axes)], math.prod(moved.shape[x.ndim - len(axes) :])))
    return np.moveaxis(_others(rows).reshape(moved.shape), last, axes)


def _others(x):
    """Compute the same along the last axis.  Two neighbours have the same others, and each has the other one besides.

    It only multiplies, so it is a polynomial, right with zeros among the factors and differentiable to any order.
    """
    n = x.shape[-1]
    one = np.ones((*x.shape[:-1], 1), x.dtype)
    if n < 2:
        return one[..., :n]
    if n % 2:
        x = np.concatenate([x, one], -1)
    left, right = x[..., 0::2], x[..., 1::2]
    outside = _others(left * right)
    return np.stack([outside * right, outside * left], -1).reshape(x.shape)[..., :n]


@op(
    r"\prod $x",
    binds=2,
    aliases="multiply.reduce",
    neutral=1.0,
    examples=_AXES,
    vanishes="x",
    x=lambda g, x, axis, keepdims: _kept(g, axis, keepdims) * _product_of_others(x, axis),
)
def prod(x, axis=None, keepdims: bool = False):
    """The product; its gradient is right with zeros among the factors."""
    return np.prod(x, axis, keepdims=keepdims)


def _shared(g, z, x, axis, keepdims: bool):
    """Of equal extremes, each gets an equal share; which they are jumps where one of them overtakes the others."""
    ties = x == _kept(z, axis, keepdims)
    number = np.sum(ties, axis, keepdims=True)
    shares = (ties / number).astype(x.dtype)
    g = _kept(g, axis, keepdims)
    if (is_recorded(x) or strict.get()) and np.any(number > 1):
        middle = np.sum(np.where(ties, x, 0), axis, keepdims=True) / number
        return bent(g * shares, g, ties & (number > 1), x - middle)
    return g * shares


@op(
    r"\max $x",
    binds=2,
    selects=True,
    needs={"at least one number": lambda x: x.size},
    aliases="maximum.reduce",
    advice={
        "dim": "x.amax(dim=...) for the values and x.argmax(dim=...) for the indices: PyTorch's max(dim=...) gives both",
        "keepdim": "x.amax(dim=..., keepdim=True): PyTorch's max(dim=...) gives values and indices",
    },
    neutral=-math.inf,
    examples=_AXES,
    x=_shared,
)
def max(x, axis=None, keepdims: bool = False):
    """The largest element, of all or along ``axis``.  At a tie each of the largest gets an equal share of the gradient."""
    return np.max(x, axis, keepdims=keepdims)


@op(
    r"\min $x",
    binds=2,
    selects=True,
    needs={"at least one number": lambda x: x.size},
    aliases="minimum.reduce",
    advice={
        "dim": "x.amin(dim=...) for the values and x.argmin(dim=...) for the indices: PyTorch's min(dim=...) gives both",
        "keepdim": "x.amin(dim=..., keepdim=True): PyTorch's min(dim=...) gives values and indices",
    },
    neutral=math.inf,
    examples=_AXES,
    x=_shared,
)
def min(x, axis=None, keepdims: bool = False):
    """The smallest element, of all or along ``axis``.  At a tie each of the smallest gets an equal share of the gradient."""
    return np.min(x, axis, keepdims=keepdims)


_SPREAD = (((2, 3),), ((2, 3), dict(axis=0)), ((4, 3), dict(axis=0, keepdims=True, ddof=1)))


def _number(ddof):
    if np.ndim(ddof):
        raise TypeError(f"ddof is a number, not {ddof!r}")
    return ddof


def _var_rule(g, x, shape, axis, ddof: int, keepdims: bool):
    return over(2 * _kept(g, axis, keepdims), _count(shape, axis) - ddof) * (x - mean(x, axis, True))


def _words_of_spread(options: Any) -> Any:
    """PyTorch's words for ``ddof``, where they say it: without them PyTorch divides by the number less 1."""
    if "unbiased" in options:
        return {"ddof": int(options["unbiased"]), **{k: x for k, x in options.items() if k != "unbiased"}}
    if {"dim", "keepdim"} & options.keys() and not {"ddof", "correction"} & options.keys():
        error = TypeError("with dim= PyTorch divides by the number less 1, and NumPy, with axis=, by the number")
        raise errors.explained(error, "Write correction=0 or correction=1 beside dim=, or axis= in its place.")
    return options


@_worded_also(_words_of_spread)
@op(r"\operatorname{var}($x)", examples=_SPREAD, words={"correction": "ddof"}, x=_var_rule)
def var(x, axis=None, ddof: int = 0, keepdims: bool = False):
    """The variance: the squared distance from the mean, summed and divided by the number less ``ddof``."""
    return np.var(x, axis, ddof=_number(ddof), keepdims=keepdims)


def _std_rule(g, z, x, shape, axis, ddof: int, keepdims: bool):
    if _count(shape, axis) == 1 and not ddof:  # always 0
        return np.zeros(shape, x.dtype)
    g, z = over(_kept(g, axis, keepdims), _count(shape, axis) - ddof), _kept(z, axis, keepdims)
    return bent(g * direction(x - mean(x, axis, True), z), g, z == 0)


@_worded_also(_words_of_spread)
@op(r"\operatorname{std}($x)", examples=_SPREAD, words={"correction": "ddof"}, x=_std_rule)
def std(x, axis=None, ddof: int = 0, keepdims: bool = False):
    """The standard deviation.  Where all numbers are equal it has no derivative; the gradient there is 0."""
    with np.errstate(over="ignore", under="ignore"):
        z = np.std(x, axis, ddof=_number(ddof), keepdims=keepdims)
    if not x.size or not np.all(np.isfinite(x)):
        return z
    equal = np.max(x, axis, keepdims=keepdims) == np.min(x, axis, keepdims=keepdims)  # though their mean be rounded
    if np.any(((z == 0) & ~equal) | (z == np.inf)):  # the squares were too small or too large
        z = norm(x - np.mean(x, axis, keepdims=True), None, axis, keepdims) / sqrt(_count(x.shape, axis) - ddof)
    return np.where(equal & (z == z), 0, z).astype(x.dtype)[()] if np.any(equal) else z


def _norm_rule(g, z, x, ord, axis, keepdims: bool):
    """g sign(x) (|x|/z)^(p - 1) for the order p; x/z for p = 2, and for infinity the share of the largest |x|."""
    kept, length = _kept(g, axis, keepdims), _kept(z, axis, keepdims)
    if ord in (None, 2, "fro"):
        return bent(kept * direction(x, length), kept, length == 0)
    if ord == 0:  # a step
        return bent(np.zeros_like(x) * kept, kept, x == 0, x)
    if abs(ord) == math.inf:
        kept = _shared(g, z, absolute(x), axis, keepdims)
    elif ord != 1:
        kept = bent(kept * direction(absolute(x), length) ** (ord - 1), kept, length == 0)
    return jumping(kept * np.sign(x), kept, x, 0)


def _order_in_words(options: Any) -> Any:
    """PyTorch's word for the order.  Its order 2 is that of all elements, as one vector, also of a matrix."""
    if options.get("p") in (2, "fro"):
        return {word: x for word, x in options.items() if word != "p"}
    return options


@_worded_also(_order_in_words)
@op(
    r"\left\lVert {$x} \right\rVert",
    examples=(
        *_AXES,
        ((3,), dict(ord=1)),
        ((2, 3), dict(ord=3, axis=-1)),
        ((4,), dict(ord=np.inf)),
        ((3, 2), dict(ord=-np.inf, axis=0, keepdims=True)),
        ((3,), dict(ord=0)),
    ),
    words={"p": "ord"},
    x=_norm_rule,
)
def norm(x, ord=None, axis=None, keepdims: bool = False):
    """The length of a vector: the square root of the sum of squares, without overflow.  Of more axes, as of one vector.

    ``ord``: another order p of a vector or along one axis, (sum |x|^p)^(1/p); inf and -inf are the largest and the
    smallest |x|, and 0 counts what is not 0.  At 0 it has no slope, and the gradient is 0.  The orders of a matrix are
    those of ``np.linalg.norm`` and ``matrix_norm``: here they are a ValueError, since to PyTorch they mean others.
    """
    axes = np.ndim(x) if axis is None else len(normalize_axis_tuple(axis, np.ndim(x)))
    if not (ord is None or axes == 1 or (ord == "fro" and axes == 2)):
        what = {0: "a number", 2: "a matrix"}.get(axes, f"an array of {axes} axes")
        raise errors.explained(
            ValueError(f"norm does not take ord={ord!r} of {what}"),
            "To NumPy ord=2 of a matrix is its largest singular value: write np.linalg.norm(x, 2), or matrix_norm(x, 2).",
            "To PyTorch it is the root of the sum of squares: write norm(x), or vector_norm(x, 1) for another order.",
        )
    if ord not in (None, 2, "fro"):
        return np.linalg.norm(x, ord, axis, keepdims)
    with np.errstate(over="ignore", under="ignore"):
        z = sqrt(np.sum(x * x, axis, keepdims=keepdims))
    info = np.finfo(np.asarray(z).dtype)
    if np.all((z > info.tiny**0.5 / info.eps) & (z < np.inf)):
        return z
    top = np.max(np.abs(x), axis, keepdims=True, initial=0)
    top = np.where((top == 0) | (top == np.inf), 1, top).astype(z.dtype)
    scaled = x / top
    return sqrt(np.sum(scaled * scaled, axis, keepdims=keepdims)) * (top if keepdims else np.squeeze(top, axis))


@op(
    r"\log \sum e^{$x}",
    binds=2,
    aliases="logaddexp.reduce",
    neutral=-math.inf,
    examples=_AXES,
    x=lambda g, z, x, axis, keepdims: _kept(g, axis, keepdims) * np.exp(x - _kept(z, axis, keepdims)),
)
def logsumexp(x, axis=None, keepdims: bool = False):
    """log of the sum of e^x, without overflow: the largest x is taken out first."""
    x = x if x.dtype.kind == "f" else x.astype(float)
    top = np.max(x, axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        return np.log(np.sum(np.exp(x - top), axis, keepdims=keepdims)) + (top if keepdims else np.squeeze(top, axis))


@op(
    examples=(((2, 3),), ((2, 3), dict(axis=1))),
    same_shape=True,
    aliases="add.accumulate",
    x=lambda g, shape, axis: (
        np.flip(np.cumsum(np.flip(g, axis), axis), axis)
        if axis is not None
        else np.flip(np.cumsum(np.flip(g))).reshape(shape)
    ),
)
def cumsum(x, axis: int | None = None):
    """Sums of the first, the first two, ... along an axis; of the flattened array if it is None."""
    return np.cumsum(x, axis)


def _cumprod_rule(g, x, shape, axis: int | None):
    """The product before each number, times what all products from it on receive: polynomials, as of ``prod``."""
    if axis is None or not shape:
        return _cumprod_rule(g, x.reshape(-1), g.shape, 0).reshape(shape)
    g, x = np.moveaxis(g, axis, -1), np.moveaxis(x, axis, -1)
    one = np.ones((*x.shape[:-1], 1), x.dtype)
    before = np.concatenate([one, cumprod(x, -1)], -1)[..., :-1]
    return np.moveaxis(before * _onwards(g, x), -1, axis)


def _onwards(g, x):
    """s_k = g_k + x_(k+1) g_(k+1) + x_(k+1) x_(k+2) g_(k+2) + ..., along the last axis.

    s_k = g_k + x_(k+1) s_(k+1): so every other s is found in the same way from half as many numbers.
    """
    n = x.shape[-1]
    if n < 2:
        return g
    if n % 2:
        nothing = np.zeros((*x.shape[:-1], 1), x.dtype)
        g, x = np.concatenate([g, nothing], -1), np.concatenate([x, nothing], -1)
    odd = x[..., 1::2]
    even = np.concatenate([x[..., 2::2], np.zeros((*x.shape[:-1], 1), x.dtype)], -1)  # of what follows each pair
    first = _onwards(g[..., 0::2] + odd * g[..., 1::2], np.roll(even * odd, 1, -1))
    following = np.concatenate([first[..., 1:], np.zeros((*x.shape[:-1], 1), x.dtype)], -1)
    return np.stack([first, g[..., 1::2] + even * following], -1).reshape(x.shape)[..., :n]


@op(
    examples=(((2, 3),), ((2, 5), dict(axis=1)), ((4, 2), dict(axis=0))),
    same_shape=True,
    aliases="multiply.accumulate",
    x=_cumprod_rule,
)
def cumprod(x, axis: int | None = None):
    """Products of the first, the first two, ... along an axis; of the flattened array if it is None."""
    return np.cumprod(x, axis)
