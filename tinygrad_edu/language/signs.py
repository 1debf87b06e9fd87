"""Signs of mathematics as Python's: ``Wᵀ`` is ``W.T``, ``x²`` is ``x**2``, ``1..n`` a range."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ", "0123456789+-()n")
WRITTEN: list[tuple[re.Pattern[str], Any]] = [
    (re.compile("[−–—]"), "-"),
    (re.compile("[⊙∘]"), "*"),
    (re.compile("⊘"), "/"),
    (re.compile("[·⋅×]"), "@"),
    (re.compile("⊗"), "//"),  # a sign that nobody writes, and that binds as @ does
    (re.compile("[≠]"), "!="),
    (re.compile("≤"), "<="),
    (re.compile("≥"), ">="),
    (re.compile("∑"), "sum"),
    (re.compile("∂"), "d"),
    (re.compile("…"), "..."),
    (re.compile(r"ᵀ|\s*\^\s*\{?(?:T\b|T(?=[ᵀ⁻⁰¹²³])|⊤|\\top\b)\}?|⊤"), ".T"),
    (re.compile("([⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ]+)"), lambda m: raised(m[1])),
    (re.compile(r"\^"), "**"),
    (re.compile(r"(?<!\.)\.\.(?!\.)"), "|"),  # 1..n: a range, whose ends may be sums
    (re.compile(r"(?<=[\w)])['′]\s*(?=\()"), "__prime"),
    (re.compile(r"(?<![\w.])(I|indicator)\(([^()=<>!]*[^()=<>!\s])\s*=(?!=)"), r"\1(\2 =="),
]  # fmt: skip


def raised(digits: str) -> str:
    """An exponent, ``x²``, or the number of a layer, ``W⁽²⁾``."""
    plain = digits.translate(RAISED)
    return plain if plain[0] == "(" else f"**({plain})"


def signs(text: str) -> str:
    """Signs of mathematics as Python's."""
    for pattern, written in WRITTEN:
        text = pattern.sub(written, text)
    return unicodedata.normalize("NFKC", text)
