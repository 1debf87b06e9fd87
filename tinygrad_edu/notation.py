"""An operation in typeset mathematics: its notation with its operands filled in, and parentheses where they are needed."""

from __future__ import annotations

import re
from typing import NamedTuple

from .op import op as Op


class Formula(NamedTuple):
    """LaTeX, and how strongly it holds together: 1 a sum, 2 a product, 3 a power, 9 a name or f(x)."""

    latex: str
    binds: int = 9


def typeset(op: Op, **operands: Formula | list[Formula]) -> Formula:
    r"""The operation applied to operands, given by the names of its arguments.

    An operand that holds together less strongly than the operation needs is put in parentheses; one that brackets or
    braces of the notation enclose, as in ``\sigma($x)``, needs none.

    >>> from tinygrad_edu import OPS
    >>> typeset(OPS["multiply"], x=typeset(OPS["add"], x=Formula("a"), y=Formula("b")), y=Formula("c")).latex
    '\\left(a + b\\right) \\odot c'
    """

    def slot(match: re.Match[str]) -> str:
        given = operands[match[1]]
        if isinstance(given, list):
            return ", ".join(formula.latex for formula in given)
        before, after = op.notation[: match.start()], op.notation[match.end() :]
        enclosed = before.rstrip()[-1:] in ("(", "{", "[", ",", "|") and after.lstrip()[:1] in (")", "}", "]", ",", "|")
        # First in a sum or product, as strong as the whole is strong enough: a - b - c, but a - (b - c) and (a^b)^c.
        enough = given.binds > op.binds or (given.binds == op.binds < 3 and not before)
        return given.latex if enclosed or enough or given.binds == 9 else rf"\left({given.latex}\right)"

    return Formula(re.sub(r"\$([A-Za-z]+)", slot, op.notation), op.binds)
