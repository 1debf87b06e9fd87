"""Computes derivatives by differences of values, with an estimate of their error.

The five-point formula is Abramowitz and Stegun's 25.3.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

STEP = 1e-4  # the error of the five-point formula is about STEP^4 + 1e-16/STEP


class Slopes(NamedTuple):
    """A derivative by differences, an estimate of its error, and the derivatives from the left and from the right."""

    value: Any
    error: Any
    left: Any
    right: Any

    @property
    def finite(self) -> Any:
        """Are the derivative and its error finite, so that something can be compared with it?"""
        return np.isfinite(self.value) & np.isfinite(self.error)

    @property
    def smooth(self) -> Any:
        """Do the derivatives from both sides agree, so that there is no kink?"""
        return self.finite & (np.abs(self.right - self.left) <= 1e-3 * (np.abs(self.value) + 1e-3))


def slopes(f: Callable[[Any], Any], size: Any, eps: float = STEP) -> Slopes:
    """Compute f'(0) by the five-point formula, with two step sizes to see its error, and from each side to see a kink.

    The step is ``eps`` times ``size``.
    """
    h = eps * size
    right = (-3 * f(0 * h) + 4 * f(h) - f(2 * h)) / (2 * h)
    left = (3 * f(0 * h) - 4 * f(-h) + f(-2 * h)) / (2 * h)
    value, rounding = five_point(f, h), 4 * np.finfo(float).eps * np.abs(f(0 * h)) / h
    return Slopes(value, np.abs(value - five_point(f, 4 * h)) + rounding, left, right)


def five_point(f: Callable[[Any], Any], h: Any) -> Any:
    """Compute f'(0) from four values, at the distances h and 2h."""
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)
