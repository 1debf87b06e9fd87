"""Computes the Euclidean norm of values and gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def norm(x: Any) -> float:
    """The Euclidean norm of all numbers of an array, also where their squares are too large or too small for a float.

    ``x``: an array of any shape, or a gradient that is kept as rows.  The norm is computed in float64, whatever the
    dtype.  It is 0 for an empty array, NaN if there is a NaN, and otherwise infinite if there is an infinity.

    >>> norm(np.array([[3.0, 0.0], [0.0, 4.0]], np.float32)), norm([2e200, 0.0]), norm([]), norm([1.0, -np.inf])
    (5.0, 2e+200, 0.0, inf)
    """
    if hasattr(x, "summed"):  # rows of a table: several parts may add to the same row
        x = x.summed()[1]
    flat = np.ravel(x).astype(np.float64, copy=False)
    with np.errstate(all="ignore"):
        square = float(flat.dot(flat))
        if 1e-280 < square < math.inf:
            return math.sqrt(square)
        largest = float(np.abs(flat).max(initial=0))
        if not 0 < largest < math.inf:  # 0, infinity or NaN
            return largest
        flat = flat / largest
        return largest * math.sqrt(flat.dot(flat))
