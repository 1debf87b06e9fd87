r"""Names as mathematics: ``W(2)`` becomes W^{(2)}, ``x_1`` and ``x1`` x_{1}, ``y_hat`` \hat{y}, ``delta`` \delta.

A name is whatever a user typed, so nothing in it is taken for LaTeX: what is not of these few forms is set as words,
with every character escaped.
"""

from __future__ import annotations

import functools
import math
import re
from fractions import Fraction

LOWER = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega"  # noqa: E501
UPPER = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
GREEK = {name: rf"\{name}" for name in (*LOWER.split(), *UPPER.split())}
LETTERS = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ", GREEK.values()))
LETTERS |= {"ϕ": r"\phi", "ϵ": r"\epsilon", "∂": r"\partial", "ℓ": r"\ell", "ℒ": r"\mathcal{L}"}
ACCENTS = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot", "vec": r"\vec"}
SMALL = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
LONGEST = 24  # characters of a name that a picture shows

FORM = re.compile(
    r"(?P<base>[^\W\d_₀-₉]+|∂)(?P<digits>[\d₀-₉]*)(?P<parts>(?:_[^\W_]+)*)(?P<layer>\(\w{1,4}(?:[+-]\w)?\))?(?P<primes>'*)"
)
INDEX = re.compile(r"[0-9]+|[a-z]{2}[0-9]*", re.ASCII)  # a subscript that is numbers or indices, as in w_ij
ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    c: rf"\{c}" for c in "{}$&#_%"
}  # fmt: skip

SIGNS = {"−": "{-}", "∂": r"\partial ", "×": r"\times ", "·": r"\cdot ", "‖": r"\Vert ", "∞": r"\infty "}
SIGNS |= {"…": r"\ldots ", "<": "<", ">": ">", "|": "|"}
SIGNS |= {c: f"^{{{d}}}" for c, d in zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")}


@functools.lru_cache(maxsize=4096)
def symbol(name: str, index: str = "") -> str:
    r"""LaTeX for the name of a tensor; ``index``: one more subscript, which tells values of the same name apart.

    >>> print(symbol("W(2)"), symbol("v_c"), symbol("y_hat"), symbol("delta(1)"), symbol("loss"), symbol("$\\frac{"))
    W^{(2)} v_{c} \hat{y} \delta^{(1)} \text{loss} \text{\$\textbackslash{}frac\{}
    >>> print(symbol("h", "3"), symbol("x_c", "3"), symbol("loss", "3"), symbol("loss_3"))
    h_{3} x_{c, 3} \text{loss}_{3} \text{loss}_{3}
    """
    form = FORM.fullmatch(name)
    base = form and letter(form["base"])
    if not form or not base or len(name) > LONGEST:
        numbered = re.fullmatch(r"(.*[^\W\d_].*)_(\d+)", name)  # loss_3
        if numbered and not index:
            name, index = numbered.groups()
        return words(name) + (f"_{{{index}}}" if index else "")
    parts = [part for part in form["parts"].split("_") if part]
    for part in [part for part in parts if part in ACCENTS]:
        base = rf"{ACCENTS[part]}{{{base}}}"
        parts.remove(part)
    digits = "".join(SMALL.get(c, c) for c in form["digits"])
    below = [digits] * bool(digits) + [
        letter(part) or (part if INDEX.fullmatch(part) else words(part)) for part in parts
    ]
    below += [index] * bool(index)
    layer = f"^{{{form['layer']}}}" if form["layer"] else ""
    return base + (f"_{{{', '.join(below)}}}" if below else "") + layer + form["primes"]


def letter(word: str) -> str:
    """A single letter, or the name of a Greek one; nothing for longer words."""
    if word in GREEK:
        return GREEK[word]
    if word in LETTERS:
        return LETTERS[word]
    return word if len(word) == 1 and word.isascii() else ""


def words(text: str, longest: int = LONGEST) -> str:
    """Upright words, whatever characters they are made of."""
    printed = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    cut = printed if len(printed) <= longest else f"{printed[: longest - 1]}…"
    return rf"\text{{{''.join(ESCAPES.get(c, c) for c in cut)}}}"


def number(x: float) -> str:
    r"""LaTeX for a plain number: exact if six digits are enough, or a fraction, and otherwise in four digits.

    >>> print(number(0.5), number(1 / 3), number(2**0.5), number(1000.4), number(1.5e-7))
    0.5 \frac{1}{3} 1.414 1000.4 1.5 \times 10^{-7}
    """
    if math.isnan(x):
        return r"\text{NaN}"
    digits = f"{x:.6g}"
    if math.isfinite(x) and float(digits) != x:
        near = Fraction(x).limit_denominator(100)
        if float(near) == x:
            return rf"{'-' * (x < 0)}\frac{{{abs(near.numerator)}}}{{{near.denominator}}}"
        digits = f"{x:.4g}"
    mantissa, e, exponent = digits.replace("inf", r"\infty").partition("e")
    if not e:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"


def plain(text: str) -> str | None:
    """Words and numbers in LaTeX's mathematics; None where there is a letter that not every LaTeX has."""
    parts, run = [], ""
    for c in text:
        if c in SIGNS:
            parts += [rf"\text{{{run}}}"] * bool(run) + [SIGNS[c]]
            run = ""
        elif c.isascii() and c.isprintable():
            run += ESCAPES.get(c, c)
        else:
            return None
    return "".join([*parts, *([rf"\text{{{run}}}"] if run else [])])
