r"""Pieces of LaTeX, and what has to be known of them to put them next to each other."""

from __future__ import annotations

import functools
import math
import re
from fractions import Fraction
from typing import NamedTuple

from ..op import OPS
from .symbols import symbol

SUM, HADAMARD, PRODUCT, FRACTION, POWER, WHOLE = 1, 2, 3, 4, 5, 9
PRODUCTS_ONLY, ALL = 1, 2  # what a piece reaches for: factors, or terms as well
FUNCTION = re.compile(r"(\\[A-Za-z]+|\\operatorname\{[^{}]*\})(?:_(\w|\{\w+\}))?\((\$\w+(?:, \$\w+)*)\)")
SHORT = 4  # significant digits of a number that is written as a decimal


class Piece(NamedTuple):
    """LaTeX, how strongly it holds together, and what it reaches for."""

    latex: str
    holds: int = WHOLE
    reaches: int = 0


def functions() -> dict[str, str]:
    r"""What stands before brackets, to the operation that it means: ``\sigma`` to sigmoid.

    Of several that are written alike it is the one of that name: ``\operatorname{diag}`` is diag.
    """
    return heads(tuple((op.name, op.notation) for op in OPS.values()))


@functools.lru_cache(maxsize=8)
def heads(notations: tuple[tuple[str, str], ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, notation in notations:
        if match := FUNCTION.fullmatch(notation):
            head = match[1] + (f"_{match[2].strip('{}')}" if match[2] else "")
            if head not in found or head == rf"\operatorname{{{name}}}":
                found[head] = name
    return found


def enclosed(latex: str) -> str:
    return rf"\left({latex}\right)"


def held(piece: Piece, level: int, last: bool = True) -> str:
    """The piece, in parentheses if it does not hold together, or if it would reach for what follows."""
    return piece.latex if piece.holds >= level and (last or not piece.reaches) else enclosed(piece.latex)


def number(x: float) -> Piece:
    r"""A number, exactly: 0.5, \frac{1}{3}, 1.5 \times 10^{-7}."""
    if isinstance(x, bool) or math.isnan(x) or math.isinf(x):
        return Piece(symbol(str(x)) if isinstance(x, bool) else rf"\text{{{x}}}")
    if x < 0:
        return Piece(f"-{number(-x).latex}", SUM)
    digits = repr(x if isinstance(x, int) else int(x) if x.is_integer() and x < 1e6 else float(x))
    mantissa, e, exponent = digits.partition("e")
    if not e and len(digits.replace(".", "").strip("0")) > SHORT and "." in digits:
        near = Fraction(x).limit_denominator(1000)
        if float(near) == x:
            return Piece(rf"\frac{{{near.numerator}}}{{{near.denominator}}}", FRACTION)
    if not e:
        return Piece(digits)
    power = f"10^{{{int(exponent)}}}"
    return Piece(power, POWER) if mantissa in ("1", "1.0") else Piece(rf"{mantissa} \times {power}", PRODUCT)


def beside(left: str, right: str) -> str:
    r"""Two factors side by side; with a dot where they would be read as one."""
    dotted = right[:1].isdigit() or right.startswith(r"10^") or (
        right.startswith((r"\left(", "(")) and left.split(r" \, ")[-1] in functions()
    )  # fmt: skip
    return rf"{left} \cdot {right}" if dotted else rf"{left} \, {right}"
