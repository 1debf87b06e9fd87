r"""What was computed, as formulas: one operation, ``\sigma(v)``, or a whole record written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..language.symbols import number, symbol, words
from ..notation import POWER, PRODUCT, SUM, WHOLE, Formula, typeset
from ..op import OPS, Node


def of_name(name: str, shape: tuple[int, ...] = (1,)) -> Formula:
    """A name as a formula."""
    latex = symbol(name)
    return Formula(latex, POWER if "^" in latex else WHOLE, single=shape == ())


def of_value(x: Any) -> Formula:
    """An argument that is no tensor: a number, an index or an option."""
    if isinstance(x, (bool, str, type(None))):
        return Formula(words(str(x)))
    if isinstance(x, (int, float, np.generic)) or (isinstance(x, np.ndarray) and x.ndim == 0):
        latex = number(float(x))
        binds = SUM if float(x) < 0 else PRODUCT if r"\times" in latex else POWER if "^" in latex else WHOLE
        return Formula(latex, binds, "multiply" * (binds == PRODUCT), single=True)
    if isinstance(x, slice):
        ends = ("" if end is None else str(end) for end in (x.start, x.stop))
        return Formula(":".join([*ends, *([] if x.step is None else [str(x.step)])]))
    if isinstance(x, tuple) and len(x) <= 4:
        return Formula(", ".join(of_value(part).latex for part in x))
    return Formula(r"\ldots" if x is Ellipsis else r"\cdot")


def made(node: Node, formulas: list[Formula], values: Any) -> Formula:
    """The operation of a node with the formulas of its operands; of a list of operands, with as many."""
    op = node.op
    if op.family is None:
        if op is OPS["matmul"] and values and ndim(node.args[0], values[0]) == 1:
            formulas = [typeset(OPS["transpose"], x=formulas[0]), *formulas[1:]]  # a vector is a column
        given: dict[str, Any] = dict(zip(op.names, formulas))
        left_out = [
            n for n, x, a in zip(op.names, values, node.args) if x is None and a is None and n in op.rules_by_name
        ]
        given |= dict.fromkeys(left_out)
    else:
        given = {name: of_value(x) for name, x in zip(op.names, values)}
        given[op.names[op.family]] = formulas
    return typeset(op, **given)._replace(single=node.shape == ())


def ndim(node: Node | None, x: Any) -> int:
    """The number of axes of an operand."""
    return np.ndim(x) if node is None else len(node.shape)


def expression(result: Node, known: dict[int, Formula], array: Callable[[Any], Formula]) -> Formula:
    """A recorded result, written out as far as to what is known; ``array`` names plain arrays in it."""
    formulas, pending, seen = dict(known), [result], {}
    while pending:
        node = pending.pop()
        if node.serial not in formulas and node.serial not in seen:
            seen[node.serial] = node
            pending += [a for a in node.args if a is not None]
    for serial in sorted(seen):
        node = seen[serial]
        if node.op is None:
            formulas[serial] = array(node.result)
            continue
        values = node.values if node.op.family is None else node.values[node.op.family]
        parts = [
            formulas[a.serial] if a is not None else array(x) if isinstance(x, np.ndarray) else of_value(x)
            for a, x in zip(node.args, values)
        ]
        formulas[serial] = (
            of_vectors(node, parts, formulas) or shortened(node, parts, formulas) or made(node, parts, node.values)
        )
    return formulas[result.serial]


def of_vectors(node: Node, parts: list[Formula], formulas: dict[int, Formula]) -> Formula | None:
    """Products with vectors, as one writes them by hand: ``g[:, None] * x`` is g xᵀ, and ``g @ W`` is Wᵀ g."""
    if len(node.args) != 2 or any(a is None for a in node.args):
        return None
    a, b = node.args
    if node.op is OPS["matmul"] and (len(a.shape), len(b.shape)) == (1, 2):
        return typeset(node.op, x=typeset(OPS["transpose"], x=parts[1]), y=parts[0])
    column, row = vector(a), vector(b)
    if node.op is OPS["multiply"] and column and row and len(node.shape) == 2 and a.shape[1:] == (1,):
        return typeset(OPS["outer"], x=formulas[column.serial], y=formulas[row.serial])
    return None


def shortened(node: Node, parts: list[Formula], formulas: dict[int, Formula]) -> Formula | None:
    """What a factor, divisor or exponent of 1 leaves, and the square of a root."""
    if node.op in (OPS["multiply"], OPS["divide"], OPS["power"]) and parts[1].latex == "1":
        return parts[0]
    if node.op is OPS["power"] and parts[0].op == "sqrt" and parts[1].latex == "2":
        under = node.args[0].args[0] if node.args[0] is not None and node.args[0].op is OPS["sqrt"] else None
        return formulas[under.serial] if under is not None and under.serial in formulas else None
    return None


def vector(node: Node | None) -> Node | None:
    """The vector that this is, perhaps with axes of length 1 about it."""
    while node is not None and len(node.shape) == 2 and 1 in node.shape and node.op is OPS["getitem"]:
        node = node.args[0]
    return node if node is not None and len(node.shape) == 1 else None
