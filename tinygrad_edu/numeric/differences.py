"""Derivatives by differences: of values alone, with what can be known of their error.

The five-point formula is Abramowitz and Stegun's 25.3.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

STEP = 1e-4  # its error is about STEP^4 + 1e-16/STEP


class Slopes(NamedTuple):
    """A derivative by differences, how exact it is, and what it is from the left and from the right alone."""

    value: Any
    error: Any
    left: Any
    right: Any

    @property
    def finite(self) -> Any:
        """Can it be compared with at all?"""
        return np.isfinite(self.value) & np.isfinite(self.error)

    @property
    def smooth(self) -> Any:
        """Is there a derivative, and not a kink?"""
        return self.finite & (np.abs(self.right - self.left) <= 1e-3 * (np.abs(self.value) + 1e-3))


def slopes(f: Callable[[Any], Any], size: Any, eps: float = STEP) -> Slopes:
    """f'(0) by the five-point formula, with two steps to see its error, and with one-sided ones to see a kink."""
    h = eps * size
    right = (-3 * f(0 * h) + 4 * f(h) - f(2 * h)) / (2 * h)
    left = (3 * f(0 * h) - 4 * f(-h) + f(-2 * h)) / (2 * h)
    value, rounding = five_point(f, h), 4 * np.finfo(float).eps * np.abs(f(0 * h)) / h
    return Slopes(value, np.abs(value - five_point(f, 4 * h)) + rounding, left, right)


def five_point(f: Callable[[Any], Any], h: Any) -> Any:
    """f'(0) from four values at distances h and 2h."""
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)
