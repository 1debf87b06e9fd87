"""Writes numbers and arrays as text: short, aligned, and never misleading.

Only 1 is shown as ``1``: a number near it is shown as ``1.0000``.  Only 0 is shown as ``0``.  Terminals and sentences
use ``number``, ``short``, ``array`` and ``summary``; pictures use ``typographic``.
"""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from ..numeric.norms import norm
from .text import shape_in_words, shape_text

DIGITS = 5
# An array with many axes has thousands of numbers at its corners.  At most so many are shown.
MOST = 250
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(x: Any, digits: int = DIGITS) -> str:
    """Write a number in at most so many significant digits.  If it was rounded, all of them are shown, zeros too.

    >>> [number(x) for x in (1.0, 1 + 1e-9, 0.1, 1 / 3, -1.23456789e-12, 1e6, -0.0)]
    ['1', '1.0000', '0.1', '0.33333', '-1.2346e-12', '1e+06', '-0']
    """
    x = x[()] if isinstance(x, np.ndarray) else x
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x))
    if isinstance(x, (int, np.integer)):
        return str(int(x)) if abs(int(x)) < 10**9 else format_decimal(Decimal(int(x)), Decimal(int(x)), digits)
    if not isinstance(x, (float, np.floating)):
        return str(x)
    if not np.isfinite(x):
        return str(float(x))
    if x == 0:
        return "-0" if np.signbit(x) else "0"
    # The fewest digits that tell this number from all others of its dtype.
    shortest = Decimal(np.format_float_scientific(x, unique=True))
    return format_decimal(shortest, Decimal(float(x)), digits)


def format_decimal(shortest: Decimal, exact: Decimal, digits: int) -> str:
    """Write the shortest form of a number if it has few enough digits; if not, the exact number, rounded to so many."""
    needed = len("".join(map(str, shortest.as_tuple().digits)).rstrip("0"))
    if needed <= digits:
        return f"{shortest:f}" if -5 < shortest.adjusted() <= digits else scientific(shortest, needed)
    exponent = Decimal(f"{exact:.{digits - 1}e}").adjusted()
    if -5 < exponent < digits:
        # 12000.3 is shown as 12000.3 and not as 12000, which is another number: one digit after the point stays.
        return f"{exact:.{max(1, digits - 1 - exponent)}f}"
    return scientific(exact, digits)


def scientific(x: Decimal, digits: int) -> str:
    """Write a number with an exponent, in the form of Python's floats: the exponent has two digits or three."""
    mantissa, _, exponent = f"{x:.{digits - 1}e}".partition("e")
    return f"{mantissa}e{int(exponent):+03d}"


def short(x: Any) -> str:
    """Write a number in three digits, for sentences and narrow tables; ``-`` stands for None.

    >>> [short(x) for x in (0.5, 1 / 3, 1234.5, None)]
    ['0.5', '0.333', '1.23e+03', '-']
    """
    return "-" if x is None else number(x, 3)


def typographic(x: float | str, digits: int = 3) -> str:
    """Write a number for a picture, rounded to so many digits; a whole number of up to six digits is not rounded.

    ``x`` may be one of the words that our JSON files have for numbers that are not finite.

    >>> [typographic(x) for x in (0.5, -0.04123, 1.2e-7, 123456, "-Infinity", "NaN")]
    ['0.5', '−0.0412', '1.2·10⁻⁷', '123456', '−∞', 'NaN']
    """
    x = float(x)
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "∞" if x > 0 else "−∞"
    if x.is_integer() and abs(x) < 10**6:
        return f"{int(x)}".replace("-", "−")
    # Digits before the point are not replaced by zeros.
    shown = f"{x:.0f}" if 10**digits <= abs(x) < 10**6 else f"{x:.{digits}g}"
    mantissa, e, exponent = shown.partition("e")
    power = f"·10{str(int(exponent)).translate(SUPERSCRIPT)}" if e else ""
    return (mantissa + power).replace("-", "−")


def fraction(x: float, most: int = 60) -> str:
    """Write a number as a fraction, if its denominator is at most ``most``; otherwise in four digits.

    >>> fraction(0.5), fraction(-2 / 3), fraction(3.0), fraction(0.3141592)
    ('1/2', '-2/3', '3', '0.3142')
    """
    near = Fraction(x).limit_denominator(most)
    return str(near) if abs(float(near) - x) < 1e-9 * max(1, abs(x)) else f"{x:.4g}"


def array(
    x: Any, width: int = 72, edge: int = 3, threshold: int | None = 60, digits: int = DIGITS, indent: int = 0
) -> str:
    """Write an array as NumPy prints it, with aligned numbers; of more than ``threshold`` numbers only the edges.

    No line is wider than ``width``, if one number fits in it.  ``indent``: the columns of other text before the first
    line.  ``edge``: how many numbers are shown at each end of an axis.

    >>> print(array(np.array([[1.0, -0.25], [1e-9, 30000.0]])))
    [[    1 -0.25]
     [1e-09 30000]]
    """
    x = np.asarray(x)
    if not x.ndim:
        return number(x, digits)
    if not x.size:
        return f"[] of shape {shape_text(x.shape)}"
    most = sys.maxsize if threshold is None else threshold
    edge = max(1, edge)
    limit = max(MOST, 4 * most)
    while (corners := printed_numbers(x, edge, most)).size > limit and edge > 1:
        edge -= 1
    if corners.size > limit:
        return f"[...] of shape {shape_text(x.shape)}"
    column = max(len(number(v, digits)) for v in corners.flat)
    return np.array2string(
        x,
        max_line_width=max(width, 1),
        separator=" ",
        prefix=" " * indent,
        threshold=most,
        edgeitems=edge,
        formatter={"all": lambda v: number(v, digits).rjust(column)},
    )


def printed_numbers(x: Any, edge: int, threshold: int) -> Any:
    """Select the numbers of an array that are printed: all, or those at its edges."""
    if x.size <= threshold:
        return x
    return x[np.ix_(*([*range(edge), *range(n - edge, n)] if n > 2 * edge else range(n) for n in x.shape))]


def summary(x: Any) -> str:
    """Describe an array in one line, where it is too long to be printed.

    >>> summary(np.arange(12.0).reshape(3, 4))
    '3 x 4, from 0 to 11, norm 22.494'
    """
    x = np.asarray(x)
    if not x.ndim:
        return number(x)
    if not x.size or x.dtype.kind not in "fiub":
        return f"{shape_in_words(x.shape)}, {'empty' if not x.size else x.dtype}"
    if x.dtype.kind == "b":
        count = int(x.sum())
        return f"{shape_in_words(x.shape)}, {counted(count, x.size, 'True') if count else 'all False'}"
    parts = [shape_in_words(x.shape)]
    finite = x if x.dtype.kind != "f" or np.isfinite(x).all() else x[np.isfinite(x)]
    if finite.size < x.size:
        nan = int(np.isnan(x).sum())
        infinite = x.size - finite.size - nan
        parts += [counted(nan, x.size, "nan")] * bool(nan)
        parts += [f"{infinite} infinite" if nan else counted(infinite, x.size, "infinite")] * bool(infinite)
    if finite.size and finite.min() == finite.max():
        # 0 is added so that -0 is shown as 0.
        parts.append(f"{'all' if len(parts) == 1 else 'the rest'} {number(finite.flat[0] + 0)}")
    elif finite.size:
        parts.append(f"from {number(finite.min())} to {number(finite.max())}")
    if finite.size == x.size and x.dtype.kind == "f" and finite.any():
        # The norm of integers, which are labels or indices, would mean nothing.
        parts.append(f"norm {norm_text(finite)}")
    return ", ".join(parts)


def counted(n: int, size: int, what: str) -> str:
    """Say how many of all numbers are something, as in "2 of 640 are nan"."""
    return f"all {what}" if n == size else f"{n} of {size} {'is' if n == 1 else 'are'} {what}"


def norm_text(x: Any) -> str:
    """Write the Euclidean norm of finite numbers, also where it is larger than any float."""
    if math.isfinite(found := norm(x)):
        return number(found)
    largest = float(np.abs(x).max())
    return scientific(Decimal(largest) * Decimal(norm(x / largest)), DIGITS)
