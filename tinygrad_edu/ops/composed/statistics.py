"""NumPy's and PyTorch's functions that describe numbers: averages, medians, spreads, and those that leave NaN out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.composing import composed
from ...errors import messages as errors
from .. import algebra, pointwise, reduce, select, shape
from .operands import along, array, checked_axis, in_one_axis, values, with_axes_kept

# The largest and the smallest.


@composed(method=True)
def amax(a, axis=None, keepdims: bool = False, *, initial=None, where: Any = True):
    """The largest element, as ``max``."""
    return reduce.max(array(a), axis, keepdims, initial=initial, where=where)


@composed(method=True)
def amin(a, axis=None, keepdims: bool = False, *, initial=None, where: Any = True):
    """The smallest element, as ``min``."""
    return reduce.min(array(a), axis, keepdims, initial=initial, where=where)


@composed(method=True)
def aminmax(x, dim: int | None = None, keepdim: bool = False):
    """The smallest and the largest element (PyTorch's)."""
    return reduce.min(array(x), dim, keepdim), reduce.max(array(x), dim, keepdim)


@composed(method=True)
def ptp(a, axis=None, keepdims: bool = False):
    """The largest element less the smallest ("peak to peak")."""
    return reduce.max(array(a), axis, keepdims) - reduce.min(array(a), axis, keepdims)


# Averages.


@composed()
def average(a, axis=None, weights=None, returned: bool = False, *, keepdims: bool = False):
    """The mean, or with ``weights`` the sum of weight times element, divided by the sum of the weights.

    ``weights`` has the shape of ``a``, or is a vector along ``axis``.  ``returned``: give the sum of the weights too.
    Raises ZeroDivisionError if the weights add up to 0.
    """
    a = array(a)
    if weights is None:
        z = reduce.mean(a, axis, keepdims)
        total: Any = np.full(np.shape(z), a.size / max(np.size(values(z)), 1), a.dtype)
        return (z, total) if returned else z
    weights = array(weights)
    if weights.shape != a.shape:
        if weights.ndim != 1 or axis is None or np.ndim(axis) or weights.shape[0] != a.shape[axis]:
            words = f"weights of shape {weights.shape} do not fit an array of shape {a.shape}"
            raise errors.explained(ValueError(words), "Give weights of that shape, or a vector as long as one axis.")
        weights = weights.reshape((-1,) + (1,) * (a.ndim - checked_axis(axis, a.ndim) - 1))
        weights = shape.broadcast_to(weights, a.shape)
    total = reduce.sum(weights, axis, keepdims)
    if np.any(values(total) == 0):
        words = "the weights add up to 0, so there is no weighted average"
        raise errors.explained(ZeroDivisionError(words), "Weights add up to another number than 0 along the axis.")
    z = reduce.sum(a * weights, axis, keepdims) / total
    return (z, total) if returned else z


@composed(method=True, words={"unbiased": "correction"})
def var_mean(x, axis=None, *, correction: int = 1, keepdims: bool = False):
    """The variance, divided by the number less ``correction``, and the mean (PyTorch's)."""
    x = array(x)
    return reduce.var(x, axis, int(correction), keepdims), reduce.mean(x, axis, keepdims)


@composed(method=True, words={"unbiased": "correction"})
def std_mean(x, axis=None, *, correction: int = 1, keepdims: bool = False):
    """The standard deviation, of the variance divided by the number less ``correction``, and the mean (PyTorch's)."""
    x = array(x)
    return reduce.std(x, axis, int(correction), keepdims), reduce.mean(x, axis, keepdims)


# Medians and quantiles.  The gradient goes to the elements in the middle; between equal ones it is shared as by sort.

PAIRS = "np.median(x, axis=...) for the values: PyTorch's median(dim=...) also gives indices, and the lower of the two in the middle"


@composed(method=True, advice={"dim": PAIRS, "keepdim": PAIRS})
def median(a, axis=None, overwrite_input: bool = False, keepdims: bool = False):
    """The element in the middle, of all or along ``axis``; the mean of the two in the middle of an even number.

    (PyTorch's is the lower one of these two.)  NaN where one of the elements is NaN.
    """
    a = array(a)
    rows = in_one_axis(a, axis)
    n = rows.shape[-1]
    risen = select.sort(rows, -1)
    z = reduce.mean(risen[..., (n - 1) // 2 : n // 2 + 1], -1) if n else reduce.mean(rows, -1)
    return with_axes_kept(_nan_if_any(z, rows), a.ndim, axis, keepdims)


def _nan_if_any(z: Any, rows: Any) -> Any:
    """NaN where one of the numbers in the last axis of ``rows`` is, and ``z`` elsewhere."""
    missing = np.isnan(values(rows)).any(-1)
    return select.where(missing, z.dtype.type(np.nan), z) if np.any(missing) else z


@composed(method=True, words={"interpolation": "method"})
def quantile(a, q, axis=None, overwrite_input: bool = False, method: str = "linear", keepdims: bool = False):
    """The number below which the fraction ``q`` of the elements lie, interpolated between two of them.

    ``q``: plain numbers from 0 to 1; several make a first axis of the result.  Raises ValueError for other methods than
    "linear".  (Hyndman and Fan, Sample quantiles in statistical packages, 1996, definition 7.)
    """
    return _quantiles(a, q, axis, method, keepdims)


def _quantiles(a: Any, q: Any, axis: Any, method: str, keepdims: bool, without_nan: bool = False) -> Any:
    """What ``quantile`` says, or the same of those elements that are no NaN."""
    if method != "linear":
        error = ValueError(f"quantile knows method='linear' alone, not {method!r}")
        raise errors.explained(error, "For 'lower', 'higher' or 'nearest' pick from np.sort(x, axis) by its index.")
    q = np.asarray(q, float)
    if not np.all((q >= 0) & (q <= 1)):
        raise errors.explained(ValueError(f"q={q} is not from 0 to 1"), "np.percentile takes numbers from 0 to 100.")
    a = array(a)
    rows = in_one_axis(a, axis)
    if not rows.shape[-1]:
        raise errors.explained(ValueError("there are no numbers, and so no quantile"), "Give at least one number.")
    missing = np.isnan(values(rows))
    last = (
        rows.shape[-1] - 1 - (missing.sum(-1, keepdims=True) if without_nan else np.zeros((*rows.shape[:-1], 1), int))
    )
    place = np.maximum(last, 0) * q.reshape(-1)
    low = np.floor(place).astype(int)
    part = (place - low).astype(np.result_type(rows.dtype, np.float16))
    risen = select.sort(rows, -1)  # NaN last
    below, above = (
        select.getitem(risen, along(risen.shape, i, -1)) for i in (low, np.minimum(low + 1, np.maximum(last, 0)))
    )
    z = below + (above - below) * part
    if not without_nan and missing.any():
        z = select.where(missing.any(-1, keepdims=True), z.dtype.type(np.nan), z)
    z = shape.moveaxis(z, -1, 0).reshape(q.shape + rows.shape[:-1])
    return with_axes_kept(z, a.ndim, axis, keepdims, q.ndim)


@composed(words={"interpolation": "method"})
def percentile(a, q, axis=None, overwrite_input: bool = False, method: str = "linear", keepdims: bool = False):
    """``quantile`` with ``q`` from 0 to 100."""
    return _quantiles(a, np.asarray(q, float) / 100, axis, method, keepdims)


# Without NaN.


def _without(a: Any, instead: float) -> tuple[Any, Any]:
    """The array with a number in the place of each NaN, and where the NaN are."""
    a = array(a)
    missing = np.isnan(values(a))
    return (select.where(missing, a.dtype.type(instead), a) if missing.any() else a), missing


def _number(missing: Any, axis: Any, keepdims: bool) -> Any:
    """How many numbers are no NaN."""
    return np.sum(~missing, axis, keepdims=keepdims)


@composed(method=True)
def nansum(a, axis=None, keepdims: bool = False):
    """The sum of those elements that are no NaN."""
    return reduce.sum(_without(a, 0)[0], axis, keepdims)


@composed()
def nanprod(a, axis=None, keepdims: bool = False):
    """The product of those elements that are no NaN."""
    return reduce.prod(_without(a, 1)[0], axis, keepdims)


@composed()
def nancumsum(a, axis: int | None = None):
    """Sums of the first, the first two, ... with 0 for NaN."""
    return reduce.cumsum(_without(a, 0)[0], axis)


@composed()
def nancumprod(a, axis: int | None = None):
    """Products of the first, the first two, ... with 1 for NaN."""
    return reduce.cumprod(_without(a, 1)[0], axis)


@composed(method=True)
def nanmean(a, axis=None, keepdims: bool = False):
    """The mean of those elements that are no NaN; NaN where there are none."""
    x, missing = _without(a, 0)
    return reduce.sum(x, axis, keepdims) / _counted(_number(missing, axis, keepdims), x)


def _counted(number: Any, x: Any) -> Any:
    """Numbers of elements to divide by, in the dtype of x: NaN for 0 of them."""
    return np.where(number > 0, number, np.nan).astype(x.dtype)[()]


@composed()
def nanmax(a, axis=None, keepdims: bool = False):
    """The largest of those elements that are no NaN; NaN where there are none."""
    x, missing = _without(a, -np.inf)
    z = reduce.max(x, axis, keepdims)
    none = np.all(missing, axis, keepdims=keepdims)
    return select.where(none, z.dtype.type(np.nan), z) if np.any(none) else z


@composed()
def nanmin(a, axis=None, keepdims: bool = False):
    """The smallest of those elements that are no NaN; NaN where there are none."""
    x, missing = _without(a, np.inf)
    z = reduce.min(x, axis, keepdims)
    none = np.all(missing, axis, keepdims=keepdims)
    return select.where(none, z.dtype.type(np.nan), z) if np.any(none) else z


def _deviations(a: Any, axis: Any) -> tuple[Any, Any]:
    """The distances from the mean of those that are no NaN, and 0 for NaN, with where the NaN are."""
    x, missing = _without(a, 0)
    middle = reduce.sum(x, axis, True) / _counted(_number(missing, axis, True), x)
    return select.where(missing, x.dtype.type(0), x - middle), missing


@composed(words={"correction": "ddof"})
def nanvar(a, axis=None, ddof: int = 0, keepdims: bool = False):
    """The variance of those elements that are no NaN; see ``var``."""
    a = array(a)
    if not np.isnan(values(a)).any():
        return reduce.var(a, axis, ddof, keepdims)
    d, missing = _deviations(a, axis)
    return reduce.sum(d * d, axis, keepdims) / _counted(_number(missing, axis, keepdims) - ddof, d)


@composed(words={"correction": "ddof"})
def nanstd(a, axis=None, ddof: int = 0, keepdims: bool = False):
    """The standard deviation of those elements that are no NaN; see ``std``."""
    a = array(a)
    if not np.isnan(values(a)).any():
        return reduce.std(a, axis, ddof, keepdims)
    d, missing = _deviations(in_one_axis(a, axis), -1)
    z = reduce.norm(d, axis=-1) / np.sqrt(_counted(_number(missing, -1, False) - ddof, d))
    return with_axes_kept(z, a.ndim, axis, keepdims)


@composed(method=True, advice={"dim": "np.nanmedian(x, axis=...) for the values alone"})
def nanmedian(a, axis=None, overwrite_input: bool = False, keepdims: bool = False):
    """The median of those elements that are no NaN; NaN where there are none."""
    return _quantiles(a, 0.5, axis, "linear", keepdims, without_nan=True)


@composed(words={"interpolation": "method"})
def nanquantile(a, q, axis=None, overwrite_input: bool = False, method: str = "linear", keepdims: bool = False):
    """The quantile of those elements that are no NaN; NaN where there are none.  See ``quantile``."""
    return _quantiles(a, q, axis, method, keepdims, without_nan=True)


@composed(words={"interpolation": "method"})
def nanpercentile(a, q, axis=None, overwrite_input: bool = False, method: str = "linear", keepdims: bool = False):
    """``nanquantile`` with ``q`` from 0 to 100."""
    return _quantiles(a, np.asarray(q, float) / 100, axis, method, keepdims, without_nan=True)


# How two vary together.


@composed(words={"correction": "ddof"}, method=True)
def cov(m, y=None, rowvar: bool = True, bias: bool = False, ddof: int | None = None, fweights=None, aweights=None):
    """The covariances of variables, which are the rows, or the columns if not ``rowvar``: a symmetric matrix.

    ``y``: more variables.  The sum of products is divided by the number less ``ddof``, which is 0 for ``bias`` and 1
    without; ``fweights`` says how often each observation occurred, ``aweights`` how much it counts (plain numbers).
    """
    x = _variables(m, rowvar)
    if y is not None:
        x = shape.concatenate([x, _variables(y, rowvar)], 0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    often = np.ones(x.shape[1]) if fweights is None else np.asarray(fweights, float)
    weights = often if aweights is None else often * np.asarray(aweights, float)
    total = weights.sum()
    of_squares = 0.0 if ddof == 0 else total if aweights is None else (weights * np.asarray(aweights, float)).sum()
    number = total - ddof * (of_squares / total if aweights is not None and ddof else ddof and 1)
    weights = weights.astype(x.dtype)
    middle = reduce.sum(x * weights, 1, True) / x.dtype.type(total)
    d = x - middle
    with np.errstate(divide="ignore", invalid="ignore"):
        return shape.squeeze(algebra.matmul(d * weights, d.mT) * (np.ones((), x.dtype) / x.dtype.type(max(number, 0))))


def _variables(m: Any, rowvar: bool) -> Any:
    """The variables as rows."""
    m = array(m)
    if m.ndim > 2:
        raise errors.explained(
            ValueError(f"m has shape {m.shape}"), "Give a vector, or a matrix of one variable a row."
        )
    if m.dtype.kind != "f":
        m = m.astype(float)
    m = m.reshape(1, -1) if m.ndim < 2 else m
    return m if rowvar or m.shape[0] == 1 else m.mT


@composed(method=True)
def corrcoef(x, y=None, rowvar: bool = True):
    """The coefficients of correlation (Pearson's): the covariances, divided by both standard deviations."""
    c = cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    spread = pointwise.sqrt(algebra.diagonal(c))
    return c / spread[:, None] / spread
