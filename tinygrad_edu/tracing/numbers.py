"""Sums an array up for a trace: its range, mean and norm, and its elements as JSON has them if they are few."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..numeric.norms import norm
from .data import Number, Numbers

EXACT = 64  # arrays of up to so many elements keep all digits, larger ones six


def json_number(x: float) -> Number:
    """A float as JSON can hold it: as a word where it is not finite."""
    return x if math.isfinite(x) else "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"


def shortest(x: Any) -> Number:
    """The fewest digits that mean this number in its own dtype: 0.1 of float32 is 0.1."""
    if isinstance(x, (np.bool_, np.integer)):
        return int(x)
    return json_number(float(str(x)) if x.dtype == np.float32 else float(x))


def summarise(array: Any, whole: int) -> Numbers:
    """An array as plain data, with all its elements if they are at most ``whole``."""
    x = np.asarray(array)
    found = Numbers(list(x.shape), str(x.dtype))
    if x.dtype.kind not in "fiub":
        return found
    # The most frequent case comes first: a single element is its own range, mean and norm.
    if x.size == 1:
        number = shortest(x.reshape(-1)[0])
        found.data = nest([number], x.shape)
        if isinstance(number, str):
            found.nan, found.infinite = int(number == "NaN"), int(number != "NaN")
        else:
            found.norm = abs(number)
        return found
    if x.size and x.size <= whole:
        flat = x.reshape(-1)
        if x.size <= EXACT or x.dtype.kind != "f":
            numbers = [shortest(v) for v in flat]
        else:
            numbers = [json_number(float(f"{v:.6g}")) for v in flat.tolist()]
        found.data = nest(numbers, x.shape)
    elif not x.size:
        found.data = x.tolist()
    finite = x
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        found.nan, found.infinite = int(np.isnan(x).sum()), int(np.isinf(x).sum())
        finite = x[np.isfinite(x)]
    if finite.size:
        wide = finite.astype(np.float64, copy=False)
        found.low, found.high = shortest(finite.min()), shortest(finite.max())
        with np.errstate(over="ignore", invalid="ignore"):
            found.mean = json_number(float(wide.mean()))
        found.norm = json_number(norm(finite)) if finite.size == x.size else None
    return found


def nest(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    """A flat list as nested lists of this shape."""
    for n in reversed(shape[1:]):
        numbers = [numbers[i : i + n] for i in range(0, len(numbers), n)]
    return numbers if shape else numbers[0]
