"""What functions in a rule do, by what their own statements say, where they are not NumPy's."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from ..engine.array_api import WRITE_INTO_ARGUMENT
from ..graph import Node
from ..language.lines import line
from ..language.op_notation import CALLED, Formula

LONGEST = 24  # characters of an operand that is written out in the words


def explained(node: Node, formula: Callable[[Node], Formula]) -> tuple[str, str] | None:
    """Of an operation, if it is written as a function, its LaTeX and the first sentence about it; of NumPy's none.

    ``formula``: that of an operand.
    """
    op = node.op
    is_numpy = (hasattr(np, op.name) or hasattr(np.linalg, op.name)) and op.name not in WRITE_INTO_ARGUMENT
    if is_numpy or not op.function.__doc__:
        return None
    called = CALLED.fullmatch(op.notation)
    latex = called[1] if called else rf"\operatorname{{{op.name}}}".replace("_", r"\_")
    said = re.split(r"(?<=[\w)`])[.:;]\s", " ".join(op.function.__doc__.split()))[0].rstrip(".")
    shown = {name: repr(x) for name, x in zip(op.names, node.values or ())}
    if op.variadic is None:
        shown |= {name: held(line(formula(a).latex)) for name, a in zip(op.names, node.args) if a is not None}
    for name in shown:
        said = re.sub(rf"``{name}``" if len(name) > 1 else rf"(?:``{name}``|\b{name}\b)", rf"\0{name}\0", said)
    said = re.sub(r"\0(\w+)\0", lambda match: shown[match[1]], said)  # all at once: an operand may itself be called x
    return latex, (said[:1].lower() + said[1:] if said[:2].istitle() else said).replace("`", "")


def gap(node: Node, formula: Callable[[Node], Formula]) -> str:
    """What an operation is where its notation says nothing, in words: "0 where z is 0"."""
    shown = {name: held(line(formula(a).latex)) for name, a in zip(node.op.names, node.args) if a is not None}
    return re.sub(r"\$(\w+)", lambda match: shown.get(match[1], match[1]), node.op.filled[0])


def held(text: str) -> str:
    short = text if len(text) <= LONGEST else "…"
    return short if re.fullmatch(r"[\w⁽⁾]+", short) else f"({short})"
