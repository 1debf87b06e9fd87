"""Signs of mathematics as Python's: ``Wᵀ`` is ``W.T``, ``x²`` is ``x**2``, ``1..n`` a range, ``‖r‖`` a norm."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ", "0123456789+-()n")
PARTS = {"½": "(1/2)", "⅓": "(1/3)", "¼": "(1/4)", "⅔": "(2/3)", "¾": "(3/4)", "⅛": "(1/8)"}
WORD = r"[^\W\d]\w*"
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
    (re.compile("√(?=\\()"), "sqrt"),
    (re.compile(rf"√(\d+|{WORD})"), r"sqrt(\1)"),
    (re.compile(f"[{''.join(PARTS)}]"), lambda m: PARTS[m[0]]),
    (re.compile(rf"(?:∇|\bgrad)_\{{?({WORD})\}}?\s*({WORD})"), r"d\2/d\1"),
    (re.compile(r"ᵀ(?=[^\W\d_])|\^T(?=[A-Z])"), ".T "),  # XᵀX
    (re.compile(r"ᵀ|\s*\^\s*\{?(?:T\b|T(?=[ᵀ⁻⁰¹²³])|⊤|\\top\b)\}?|⊤"), ".T"),
    (re.compile("([⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ]+)"), lambda m: raised(m[1])),
    (re.compile(r"\^"), "**"),
    (re.compile(r"(?<!\.)\.\.(?!\.)"), "|"),  # 1..n: a range, whose ends may be sums
    (re.compile(r"(?<=[\w)])['′]\s*(?=\()"), "__prime"),
    (re.compile(r"(?<![\w.])(I|1|indicator)\(([^()=<>!]*[^()=<>!\s])\s*=(?!=)"), r"\1(\2 =="),
]  # fmt: skip
BAR = re.compile(r"‖|\|\|?")
ACCENTS = {"\u0302": "_hat", "\u0304": "_bar", "\u0303": "_tilde"}
ACCENT = re.compile(f"[{''.join(ACCENTS)}]")
SQUARED = re.compile(r"\s*(?:²|\^\s*\{?2|\*\*\s*2)")
OF_NORM = re.compile(r"_(?:\{(\w)\}|(\w))")


def raised(digits: str) -> str:
    """An exponent, ``x²``, or the number of a layer, ``W⁽²⁾``."""
    plain = digits.translate(RAISED)
    return plain if plain[0] == "(" else f"**({plain})"


def signs(text: str) -> str:
    text = bars(text)
    for pattern, written in WRITTEN:
        text = pattern.sub(written, text)
    return ACCENT.sub(lambda m: ACCENTS[m[0]], unicodedata.normalize("NFKC", text))


def accented(word: str) -> str:
    """A letter with an accent in the spelling that LaTeX has too: y_hat."""
    letters = unicodedata.normalize("NFD", word)
    return letters[0] + ACCENTS[letters[1]] + letters[2:] if letters[1:2] in ACCENTS and letters[1:] else word


def bars(text: str) -> str:
    """``|x|`` is ``abs(x)``, ``‖r‖`` and ``||r||`` are ``norm(r)``; bars that do not belong together stay as they are.

    A bar behind an operand closes, and one that has none before it opens.
    """
    found, opened, at = "", list[tuple[str, int]](), 0
    for bar in BAR.finditer(text):
        if bar.start() < at:
            continue
        found += text[at : bar.start()]
        sign, at = "‖" if len(bar[0]) == 2 else bar[0], bar.end()
        before = found.rstrip()[-1:]
        alone = sign == "‖" and (sign, 0) not in [(s, 0) for s, _ in opened]  # 1/2 ‖r‖: it closes nothing
        if not before or before in "([{,=+-−*/@<>·⋅⊙∘×^½⅓¼⅔¾⅛" or alone:
            found += " " * (found[-1:].isalnum() or found[-1:] == "_")
            opened.append((sign, len(found)))
            found += "norm(" if sign == "‖" else "abs("
            continue
        if not opened or opened[-1][0] != sign:
            return text
        start = opened.pop()[1]
        found += ")"
        if sign == "|" and SQUARED.match(text, at):  # of a vector it is the norm, and of a number the same
            found = f"{found[:start]}norm({found[start + 4 :]}"
        below = OF_NORM.match(text, at) if sign == "‖" else None
        if below:
            at = below.end()
            which = below[1] or below[2]
            if which == "1":
                found = f"{found[:start]}sum(abs({found[start + 5 :]})"
            elif which not in "2F":
                return text
    return text if opened else found + text[at:]
