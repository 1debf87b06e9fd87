"""Decides when numbers count as equal: one comparison, and a tolerance for each meaning."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Tolerance(NamedTuple):
    """By how much two arrays may differ at each entry: the sum of these three terms."""

    each: float = 0.0  # in parts of the entry itself
    largest: float = 0.0  # in parts of the largest entry, for a sum is rounded in parts of its largest term
    absolute: float = 0.0


ROUNDING = Tolerance(largest=1e-7, absolute=1e-13)
"""The same number, computed in two ways in double precision: rounding leaves more than half of the 16 digits."""

SINGLE = Tolerance(largest=1e-4, absolute=1e-13)
"""The same number, where one of the two ways had 32 bits or fewer, and so 7 digits at most."""

PROGRAM = Tolerance(each=1e-5, absolute=1e-8)
"""The same numbers of a user's program, in whatever precision it computes; NumPy's own tolerance."""

REPEATED = Tolerance(each=1e-6, absolute=1e-12)
"""The same numbers of a user's program, computed again in nearly the same way and in the same precision."""

DIFFERENCES = Tolerance(each=1e-4, largest=1e-6)
"""A derivative, and the same by differences: these lose half of the digits, and more where others are larger."""

NEARLY = Tolerance(each=1e-3, absolute=1e-3)
"""Numbers that a change has left as they were, as far as a reader of them cares."""


def differs(found: Any, expected: Any, tolerance: Tolerance, noise: Any = 0.0) -> Any:
    """At which entries do two arrays differ by more than the tolerance?  An array of bool, of their common shape.

    Infinity is equal to itself; NaN differs from everything.  ``noise``: what each entry may differ by in addition.

    >>> differs([1.0, 2.0, np.nan, np.inf], [1.0 + 1e-9, 2.1, np.nan, np.inf], ROUNDING)
    array([False,  True,  True, False])
    """
    a, b = np.asarray(found), np.asarray(expected)
    with np.errstate(all="ignore"):
        size = np.where(np.isfinite(b), np.abs(b), 0)
        allowed = tolerance.each * size + tolerance.largest * size.max(initial=0) + tolerance.absolute + noise
        return ~((a == b) | (np.abs(a - b) <= allowed))


def same(found: Any, expected: Any, tolerance: Tolerance = ROUNDING, nan: bool = False) -> bool:
    """Do two arrays have the same shape, and nowhere different numbers?  ``nan``: is NaN equal to NaN?

    >>> same([1.0, 2.0], [1.0, 2.0 + 1e-9]), same([1.0], 1.0), same([1.0, 2.0], [1.0, 2.1])
    (True, False, False)
    """
    a, b = np.asarray(found, float), np.asarray(expected, float)
    if a.shape != b.shape:
        return False
    wrong = differs(a, b, tolerance)
    return not np.any(wrong & ~(np.isnan(a) & np.isnan(b)) if nan else wrong)


def sums_to_one(x: Any, axis: int) -> bool:
    """Do numbers sum to one along an axis, as far as 32 bits can tell?

    >>> sums_to_one(np.array([[0.25, 0.75], [1.0, 0.0]]), 1), sums_to_one(np.eye(2) / 2, 0)
    (True, False)
    """
    total = np.asarray(x).sum(axis)
    return same(total, np.ones(np.shape(total)), PROGRAM)
