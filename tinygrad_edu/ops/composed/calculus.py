"""NumPy's functions of the calculus: differences, sums on the way, interpolation, polynomials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.composing import composed
from ...errors import messages as errors
from .. import image, pointwise, reduce, select, shape
from ..conventions import is_recorded
from .operands import array, checked_axis, flat, values

# Differences.


def _slice(x: Any, axis: int, *limits: int | None) -> Any:
    """``x[a:b]`` along an axis."""
    return select.getitem(x, (slice(None),) * axis + (slice(*limits),))


@composed(method=True)
def diff(a, n: int = 1, axis: int = -1, prepend=None, append=None):
    """Each element along an axis less the one before, ``n`` times; ``prepend`` and ``append`` are put there first."""
    a = array(a)
    if n < 0:
        raise errors.explained(ValueError(f"n={n} is below 0"), "n is how often the difference is taken.")
    axis = checked_axis(axis, a.ndim)
    ends = [None if x is None else _with_axis(array(x), a.shape, axis) for x in (prepend, append)]
    parts = [x for x in (ends[0], a, ends[1]) if x is not None]
    if n and len(parts) > 1:
        a = shape.concatenate(parts, axis)
    for _ in range(n):
        a = _slice(a, axis, 1, None) - _slice(a, axis, 0, -1)
    return a


def _with_axis(x: Any, lengths: tuple[int, ...], axis: int) -> Any:
    """A number as an array of length 1 along an axis."""
    return shape.broadcast_to(x, (*lengths[:axis], 1, *lengths[axis + 1 :])) if x.ndim == 0 else x


@composed()
def ediff1d(ary, to_end=None, to_begin=None):
    """The differences of the flattened array, with ``to_begin`` before and ``to_end`` after them."""
    d = diff(flat(ary))
    before, after = ([] if x is None else [flat(_alike(x, d.dtype))] for x in (to_begin, to_end))
    return shape.concatenate([*before, d, *after], 0) if before or after else d


def _alike(x: Any, dtype: Any) -> Any:
    """A tensor as it is, and plain numbers as an array of that dtype."""
    x = array(x)
    return x if is_recorded(x) else x.astype(dtype)


@composed()
def gradient(f, *varargs, axis=None, edge_order: int = 1):
    """The derivative of values on a grid, by differences; one for each axis, as NumPy's ``gradient``.

    ``varargs``: one distance for all axes, or for each axis a distance or the coordinates.  At the edges the difference
    is that to the next value, or of second order for ``edge_order=2``.
    """
    f = array(f)
    axes = range(f.ndim) if axis is None else [checked_axis(a, f.ndim) for a in np.atleast_1d(axis).tolist()]
    spacing = list(varargs) or [1.0]
    if len(spacing) == 1:
        spacing = spacing * len(axes)
    if len(spacing) != len(axes):
        error = TypeError(f"gradient was given {len(varargs)} distances for {len(axes)} axes")
        raise errors.explained(error, "Give one distance for all axes, or one for each.")
    if edge_order not in (1, 2):
        raise errors.explained(ValueError(f"edge_order={edge_order!r}"), "It is 1 or 2.")
    dtype = f.dtype if f.dtype.kind == "f" else float
    found = [_slopes(f, _alike(h, dtype), a, edge_order) for a, h in zip(axes, spacing)]
    return found[0] if len(found) == 1 and (axis is None or np.ndim(axis) == 0) else tuple(found)


def _slopes(f: Any, h: Any, axis: int, edge_order: int) -> Any:
    """The derivative along one axis, of distances ``h`` or at coordinates ``h``.

    Inside it is that of the parabola through a value and its two neighbours.
    """
    n = f.shape[axis]
    if n < edge_order + 1:
        error = ValueError(f"an axis of length {n} is too short for a difference of order {edge_order}")
        raise errors.explained(error, f"It takes at least {edge_order + 1} values along the axis.")
    if h.ndim == 0:
        steps: Any = shape.broadcast_to(h, (n - 1,))
    elif h.shape != (n,):
        raise errors.explained(ValueError(f"coordinates of shape {h.shape} do not fit an axis of length {n}"))
    else:
        steps = diff(h)
    steps = steps.reshape((-1,) + (1,) * (f.ndim - axis - 1))
    rises = (_slice(f, axis, 1, None) - _slice(f, axis, 0, -1)) / steps
    before, after = steps[:-1], steps[1:]
    left, right = _slice(rises, axis, 0, -1), _slice(rises, axis, 1, None)
    inside = (left * after + right * before) / (before + after)
    first, last = _slice(rises, axis, 0, 1), _slice(rises, axis, n - 2, n - 1)
    if edge_order == 2:
        bend = (right - left) / (before + after)
        first = first - _slice(bend, axis, 0, 1) * steps[:1]
        last = last + _slice(bend, axis, n - 3, n - 2) * steps[-1:]
    return shape.concatenate([first, inside, last], axis)


@composed(aliases="trapz")
def trapezoid(y, x=None, dx=1.0, axis: int = -1):
    """The integral of values along an axis, as the areas of trapezia; ``x``: their coordinates, or ``dx`` apart."""
    y = array(y)
    axis = checked_axis(axis, y.ndim)
    pairs = _slice(y, axis, 1, None) + _slice(y, axis, 0, -1)
    if x is None:
        return reduce.sum(pairs, axis) * (dx * 0.5)
    x = array(x)
    steps = diff(x).reshape((-1,) + (1,) * (y.ndim - axis - 1)) if x.ndim == 1 else diff(x, axis=axis)
    return reduce.sum(pairs * steps, axis) * 0.5


# On the way.


def _on_the_way(x: Any, axis: Any, name: str) -> int:
    """The axis, which may only be left out for a vector."""
    if axis is None and x.ndim != 1:
        words = f"{name} needs an axis for an array of shape {x.shape}"
        raise errors.explained(ValueError(words), "Write axis=0.")
    return checked_axis(-1 if axis is None else axis, x.ndim)


def _with_first(z: Any, axis: int, first: float, wanted: bool) -> Any:
    """A result with a number before its first along an axis, if that is ``wanted``."""
    if not wanted:
        return z
    return shape.pad(z, [(int(a == axis), 0) for a in range(z.ndim)], constant_values=first)


@composed()
def cumulative_sum(x, *, axis: int | None = None, include_initial: bool = False):
    """Sums of the first, the first two, ... along an axis; ``include_initial``: with the sum of none, 0, before them."""
    x = array(x)
    axis = _on_the_way(x, axis, "cumulative_sum")
    return _with_first(reduce.cumsum(x, axis), axis, 0.0, include_initial)


@composed()
def cumulative_prod(x, *, axis: int | None = None, include_initial: bool = False):
    """Products of the first, the first two, ... along an axis; ``include_initial``: with that of none, 1, before them."""
    x = array(x)
    axis = _on_the_way(x, axis, "cumulative_prod")
    return _with_first(reduce.cumprod(x, axis), axis, 1.0, include_initial)


def _scanned(function: Callable[[Any, Any], Any], x: Any, axis: int) -> Any:
    """Results of the first, the first two, ... of a function that may be taken in any grouping, as a maximum.

    Each round joins twice as many numbers.  (Hillis and Steele, Data parallel algorithms, 1986.)
    """
    x = array(x)
    axis, joined = checked_axis(axis, x.ndim), 1
    while joined < x.shape[axis]:
        rest = function(_slice(x, axis, joined, None), _slice(x, axis, 0, -joined))
        x = shape.concatenate([_slice(x, axis, 0, joined), rest], axis)
        joined *= 2
    return x


@composed(aliases="maximum.accumulate")
def cumulative_max(x, axis: int = 0):
    """The largest of the first, the first two, ... along an axis.  At ties as ``maximum``."""
    return _scanned(pointwise.maximum, x, axis)


@composed(aliases="minimum.accumulate")
def cumulative_min(x, axis: int = 0):
    """The smallest of the first, the first two, ... along an axis.  At ties as ``minimum``."""
    return _scanned(pointwise.minimum, x, axis)


@composed(aliases="logaddexp.accumulate", method=True)
def logcumsumexp(x, axis: int = 0):
    """The logarithm of the sum of e^x over the first, the first two, ... along an axis."""
    return _scanned(pointwise.logaddexp, x, axis)


def _places(x: Any, axis: int, function: Any) -> Any:
    """The index of the last element that was the extreme so far."""
    extremes, a = function.accumulate(values(x), axis), checked_axis(axis, np.ndim(x))
    n = np.arange(extremes.shape[a]).reshape((-1,) + (1,) * (extremes.ndim - a - 1))
    return np.maximum.accumulate(np.where(values(x) == extremes, n, 0), a)


@composed(method=True)
def cummax(x, dim: int):
    """The largest so far along an axis, and where it stands, a plain array (PyTorch's)."""
    return cumulative_max(x, dim), _places(x, dim, np.maximum)


@composed(method=True)
def cummin(x, dim: int):
    """The smallest so far along an axis, and where it stands, a plain array (PyTorch's)."""
    return cumulative_min(x, dim), _places(x, dim, np.minimum)


# Functions of pieces.


@composed(advice={"period": "x % period for plain x, and the points of one period"})
def interp(x, xp, fp, left=None, right=None):
    """The line from point to point ``(xp, fp)``, at ``x``; ``left`` and ``right`` of the points the first and the last.

    ``xp`` rises.  At a point, where the line bends, its slope is that on the right.
    """
    x, xp, fp = array(x), array(xp), array(fp)
    if xp.ndim != 1 or xp.shape != fp.shape or not len(xp):
        words = f"interp was given points of shapes {xp.shape} and {fp.shape}"
        raise errors.explained(ValueError(words), "Give two vectors of the same length.")
    lengths = np.diff(values(xp))
    if np.any(lengths < 0):
        raise errors.explained(ValueError("the points xp of interp do not rise"), "Sort them: xp[order], fp[order].")
    # The slopes of all pieces, with the horizontal ones at both ends.  A piece begins at its point j.
    slopes = shape.pad(diff(fp) / select.where(lengths == 0, 1.0, diff(xp)), 1)
    j = np.searchsorted(values(xp), values(x), side="right") - 1
    begin = np.maximum(j, 0)
    d = x - select.take(xp, begin)
    slope, before = (select.take(slopes, np.maximum(i, 0)) for i in (j + 1, j))
    # relu(-d) is 0, and knows that the line bends where d is 0: there it has no second derivative.
    z = select.take(fp, begin) + slope * d + (slope - before) * pointwise.relu(-d)
    if len(xp) > 1 or left is not None or right is not None:
        z = select.where(values(x) < values(xp)[0], fp[0] if left is None else left, z)
        z = select.where(values(x) > values(xp)[-1], fp[-1] if right is None else right, z)
    return z


@composed()
def piecewise(x, condlist, funclist, *args, **kw):
    """Functions, or numbers, of the elements for which the conditions hold; the last that does counts.

    One more function than conditions is that of all other elements.  A function is called with those elements alone, as
    a vector.
    """
    x = array(x)
    single = not isinstance(condlist, (list, tuple)) or np.ndim(values(condlist[0])) < x.ndim
    conditions = [values(c).astype(bool) for c in ([condlist] if single else condlist)]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    if len(funclist) != len(conditions):
        words = f"piecewise was given {len(conditions)} conditions and {len(funclist)} functions"
        raise errors.explained(ValueError(words), "Give one function for each condition, and perhaps one for the rest.")
    z: Any = np.zeros(x.shape, x.dtype)
    for condition, f in zip(conditions, funclist):
        if not callable(f):
            z = select.where(condition, f, z)
        elif condition.any():
            z = select.where(condition, select.put(array(f(x[condition], *args, **kw)), condition, x.shape), z)
    return z


@composed()
def apply_along_axis(func1d, axis: int, arr, *args, **kwargs):
    """A function of a vector, applied to each vector along an axis; what it returns takes the place of that axis."""
    arr = array(arr)
    axis = checked_axis(axis, arr.ndim)
    rows = shape.moveaxis(arr, axis, -1)
    found = [array(func1d(rows[i], *args, **kwargs)) for i in np.ndindex(rows.shape[:-1])]
    if not found:
        raise errors.explained(ValueError("there is no vector to apply the function to"), "No axis may have length 0.")
    z = shape.stack(found, 0).reshape(rows.shape[:-1] + found[0].shape)
    return shape.moveaxis(z, tuple(range(arr.ndim - 1, z.ndim)), tuple(range(axis, axis + found[0].ndim)))


@composed()
def unwrap(p, discont: float | None = None, axis: int = -1, *, period: float = 2 * np.pi):
    """Angles without jumps: to each a multiple of the period is added, which is a constant for the derivative."""
    p = array(p)
    added = np.unwrap(values(p), discont, axis, period=period) - values(p)
    return p + (added.astype(p.dtype) if p.dtype.kind == "f" else added)


# Polynomials.


@composed()
def polyval(p, x):
    """The polynomial with the coefficients ``p``, the highest power first, at ``x`` (Horner's scheme)."""
    p, x = array(p), array(x)
    z: Any = np.zeros(x.shape, np.result_type(p.dtype, x.dtype))
    for i in range(len(p)):
        z = z * x + p[i]
    return z


@composed()
def polyadd(a1, a2):
    """The coefficients of the sum of two polynomials, the highest power first."""
    a1, a2 = (x if x.ndim else x.reshape(1) for x in (array(a1), array(a2)))
    n = max(len(a1), len(a2))
    a1, a2 = (x if len(x) == n else shape.pad(x, (n - len(x), 0)) for x in (a1, a2))
    return a1 + a2


@composed()
def polysub(a1, a2):
    """The coefficients of the difference of two polynomials, the highest power first."""
    return polyadd(a1, pointwise.negative(array(a2)))


@composed()
def polymul(a1, a2):
    """The coefficients of the product of two polynomials, the highest power first."""
    return image.convolve(flat(a1), flat(a2))


@composed()
def polyint(p, m: int = 1):
    """The coefficients of the integral of a polynomial, the highest power first, with the constant 0."""
    p = array(p)
    for _ in range(m):
        p = shape.pad(p / np.arange(len(p), 0, -1).astype(p.dtype), (0, 1))
    return p


@composed()
def polyder(p, m: int = 1):
    """The coefficients of the derivative of a polynomial, the highest power first."""
    p = array(p)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1).astype(p.dtype)
    return p


@composed()
def correlate(x, y, mode: str = "valid"):
    """The sum of products of two vectors while one slides over the other, as NumPy's: sum_i x_(k+i) y_i."""
    if np.ndim(x) != 1 or np.ndim(y) != 1:
        words = f"correlate takes two vectors, not arrays of shapes {np.shape(x)} and {np.shape(y)}"
        raise errors.explained(ValueError(words), "Of images, conv2d is the correlation.")
    if len(x) < len(y):  # the longer one stands still, and the result is turned round
        return image.convolve(y, x[::-1], mode)[::-1]
    return image.convolve(x, y[::-1], mode)
