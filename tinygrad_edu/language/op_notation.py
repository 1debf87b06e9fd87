"""An operation in typeset mathematics: its notation, with operands filled in and in parentheses where needed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..op import op as Op

SUM, PRODUCT, POWER, WHOLE = 1, 2, 3, 9
FACTORS = (r"\,", r"\odot", r"\cdot", r"\otimes", "*", r"\sum", r"\prod", r"\max", r"\min", r"\log")
CALLED = re.compile(r"(\\[A-Za-z]+|\\operatorname\{[^{}]*\})(_\{[^{}]*\})?\(.*\)")  # a notation that is a function
REACHING = re.compile(r"\\(sum|prod)(?![a-z])[^()]*$")  # a notation in which a sum has no end of its own


class Formula(NamedTuple):
    """LaTeX, how strongly it holds together (1 a sum, 2 a product, 3 a power, 9 a name or f(x)), and whose it is."""

    latex: str
    binds: int = WHOLE
    op: str = ""
    single: bool = False  # a single number, by which one multiplies without the sign of Hadamard's product
    reaches: bool = False  # it ends in a sum, which would take in a factor that follows


INDICATOR = re.compile(r"\\mathbf\{1\}_\{\[([^][]*)\]\}")
UNKNOWN = Formula(r"\cdot")
JOIN = "\0"  # where two exponents are to become one


def typeset(op: Op, notation: str | None = None, /, **operands: Formula | list[Formula] | None) -> Formula:
    r"""The operation applied to operands, given by the names of its arguments; one that is not given is a dot.

    An operand that is left out in the call, as a bias may be, is None.  ``notation``: another than its own.

    >>> from tinygrad_edu import OPS
    >>> typeset(OPS["multiply"], x=typeset(OPS["add"], x=Formula("a"), y=Formula("b")), y=Formula("c")).latex
    '\\left(a + b\\right) \\odot c'
    """

    own, written = notation is None, notation or op.notation
    binds = op.binds if own or not CALLED.fullmatch(written) else WHOLE
    reaches = bool(REACHING.search(written))

    def slot(match: re.Match[str]) -> str:
        nonlocal reaches
        given = operands.get(match[1]) or UNKNOWN
        if isinstance(given, list):
            return ", ".join(formula.latex for formula in given)
        before, after = written[: match.start()].rstrip(), written[match.end() :].lstrip()
        if after.startswith(r"^{\top}") and re.fullmatch(r"[^{}]*(_{[^{}]*})?\^{\([^{}]*\)}", given.latex):
            return given.latex[:-1] + JOIN  # W^{(2)} transposed is W^{(2)\top}
        if before.endswith(r"\text{if} \;") and (indicator := INDICATOR.fullmatch(given.latex)):
            return indicator[1]  # a case has a condition, not ones and zeros
        alone = holds(given, op, binds, before, after)
        reaches = reaches or (alone and not after and given.reaches)
        return given.latex if alone else rf"\left({given.latex}\right)"

    for name in [name for name, x in operands.items() if x is None]:  # a layer without a bias
        written = re.sub(rf"\s*\+\s*\${name}\b", "", written)
    if written == "$x":  # nothing that one would see is done to it
        x = operands.get("x")
        return x if isinstance(x, Formula) else UNKNOWN
    if any(isinstance(x, Formula) and x.single for x in operands.values()):
        last = [*operands.values()][-1]
        digits = isinstance(last, Formula) and (last.latex[:1].isdigit() or last.latex[:1] == "[")
        written = written.replace(r"\odot", r"\cdot" if digits else r"\,")
    latex = re.sub(r"(?<!\\)\$([A-Za-z]+)", slot, written)
    latex = re.sub(r"(?<![\w.}])1\^2(?!\d)", "1", latex)
    return Formula(latex.replace(JOIN + r"^{\top}", r"\top}"), binds, op.name if own else "", reaches=reaches)


def call(op: Op, operands: str, options: Sequence[str]) -> str:
    r"""The notation of a call that says everything: ``\operatorname{sum}($x, \text{axis=0})``.

    ``operands``: as ``$x, $y``.  ``options``: in LaTeX.  The operation is called as in its own notation, if that is a
    function, and else by its name.
    """
    named = rf"\operatorname{{{op.name}}}({operands})".replace("_", r"\_")
    return ", ".join([(op.notation if CALLED.fullmatch(op.notation) else named)[:-1], *options]) + ")"


def holds(given: Formula, op: Op, binds: int, before: str, after: str) -> bool:
    """Does an operand hold together, in its place in a notation, without parentheses?"""
    enclosed = before.endswith(("(", "{", "[", ",", "|", r"\text{if} \;")) and after.startswith(
        (")", "}", "]", ",", "|", r"\\")
    )
    if after.startswith("^") and not after.startswith(r"^{\top}") and CALLED.fullmatch(given.latex):
        return enclosed  # tanh(v)^2 could be read as tanh(v^2)
    if given.binds == WHOLE or enclosed:
        return True
    if after.startswith(("^", "_")) or (given.reaches and after.startswith((*FACTORS, "+", "-"))):
        return False
    sums = given.op == "sum" and not after  # in the last place a sum of many reaches as far as it would in parentheses
    if before.endswith((r"\sum", r"\prod")):
        return given.binds >= PRODUCT or sums
    if before.endswith(FACTORS) and sums:
        return True
    if before.endswith(FACTORS) or after.startswith(FACTORS):  # a b c is (a b) c; other products are told apart
        return given.binds > PRODUCT or (given.op == op.name and (not before or r"\odot" in op.notation))
    if before.endswith("-"):
        return given.binds > SUM or sums  # a - (b - c)
    return given.binds >= binds
