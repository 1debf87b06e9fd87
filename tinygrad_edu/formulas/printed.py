r"""What was computed, and what a rule computes, as formulas.

A formula is one operation deep where its operands have names, ``\sigma(v)``; an operand without one is written out, as
long as that stays short.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..context import within
from ..notation import POWER, SUM, WHOLE, Formula, typeset
from ..op import OPS, Node, get_frame, get_state, new, record
from ..op import op as Op
from ..tensor import Tensor
from .symbols import number, symbol, words

LONGEST = 48  # characters of LaTeX of an operand that is written out
DOTS = Formula(r"\cdots")
G = Formula("g")


def of_name(name: str, shape: tuple[int, ...] = (1,)) -> Formula:
    """A name as a formula."""
    latex = symbol(name)
    return Formula(latex, POWER if "^" in latex else WHOLE, single=shape == ())


def of_value(x: Any) -> Formula:
    """An argument that is no tensor: a number, an index or an option."""
    if isinstance(x, (bool, str, type(None))):
        return Formula(words(str(x)))
    if isinstance(x, (int, float, np.generic)) or (isinstance(x, np.ndarray) and x.ndim == 0):
        return Formula(number(float(x)), SUM if float(x) < 0 else WHOLE, single=True)
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
        formulas[serial] = of_vectors(node, parts, formulas) or shortened(node, parts) or made(node, parts, node.values)
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


def shortened(node: Node, parts: list[Formula]) -> Formula | None:
    """What a factor, divisor or exponent of 1 leaves, and the square of a root."""
    if node.op in (OPS["multiply"], OPS["divide"], OPS["power"]) and parts[1].latex == "1":
        return parts[0]
    if node.op is OPS["power"] and parts[0].op == "sqrt" and parts[1].latex == "2":
        return Formula(parts[0].latex.removeprefix(r"\sqrt{").removesuffix("}"), SUM)
    return None


def vector(node: Node | None) -> Node | None:
    """The vector that this is, perhaps with axes of length 1 about it."""
    while node is not None and len(node.shape) == 2 and 1 in node.shape and node.op is OPS["getitem"]:
        node = node.args[0]
    return node if node is not None and len(node.shape) == 1 else None


class Symbolic(Tensor):
    """A leaf of which rules may ask whether ``x > 0``: the answer is the indicator 1[x > 0]."""

    __slots__ = ("formula", "known")
    formula: Formula
    known: dict[int, Formula]

    def indicator(self, sign: str, other: Any, holds: Any) -> Any:
        """Ones and zeros with a formula."""
        right = other.formula if isinstance(other, Symbolic) else of_value(other)
        tensor = leaf(holds.astype(float), active=False)
        self.known[tensor.node.serial] = Formula(rf"\mathbf{{1}}_{{[{self.formula.latex} {sign} {right.latex}]}}")
        return tensor

    def __gt__(self, other: Any) -> Any:
        return self.indicator(">", other, super().__gt__(other))

    def __lt__(self, other: Any) -> Any:
        return self.indicator("<", other, super().__lt__(other))

    def __eq__(self, other: Any) -> Any:
        return self.indicator("=", other, super().__eq__(other))

    __hash__ = Tensor.__hash__


def leaf(x: Any, active: bool = True, kind: type[Any] = Tensor) -> Any:
    """A tensor that holds the array itself, not a copy."""
    node = record(None, (), (), x, False, get_state(), get_frame(0)).node
    node.active = active
    tensor = new(kind)
    tensor._data, tensor.node = x, node
    return tensor


RULES: dict[Any, str] = {}  # what has been printed, for rules are asked for again and again


def rule(node: Node, k: int, operands: list[Formula], z: Formula, g: Formula = G) -> str:
    """What operand ``k`` of a node receives of ``g``: its rule is run on tensors with names, and what it did printed.

    Where that cannot be printed, as where the rule sorts, it is the transposed Jacobian times ``g``.
    """
    op, values = node.op, node.values
    shapes = [a.shape if a is not None else np.shape(x) for a, x in zip(node.args, inner(op, values))]
    options = [type(x) if isinstance(x, np.ndarray) else repr(x) for x in values]
    key = (op.name, k, node.shape, *shapes, *options, *operands, z, g)
    if key not in RULES:
        if len(RULES) > 10_000:
            RULES.clear()
        try:
            with within(recording=True, scope=None, frame=None, watch=None), np.errstate(all="ignore"):
                RULES[key] = run(node, k, operands, shapes, z, g)
        except Exception:  # a rule is free to do what only real numbers can do
            RULES[key] = vague(op, operands[k], z, g)
    return RULES[key]


def inner(op: Op, values: Any) -> Any:
    """The arguments that operands stand for."""
    return values if op.family is None else values[op.family]


def run(node: Node, k: int, operands: list[Formula], shapes: list[tuple[int, ...]], z: Formula, g: Formula) -> str:
    """The rule, run and printed."""
    op = node.op
    known: dict[int, Formula] = {}

    def stand_in(formula: Formula, shape: tuple[int, ...]) -> Any:
        x = leaf(np.full(shape, 0.5)[()], kind=Symbolic)
        x.formula, x.known = formula, known
        known[x.node.serial] = formula
        return x

    def array(x: Any) -> Formula:
        for formula, a, given in zip(operands, node.args, inner(op, node.values)):
            if a is None and np.array_equal(given, x) and np.asarray(given).dtype == x.dtype:
                return formula
            if is_one_hot(x, given):
                return Formula(rf"\mathbf{{1}}_{{{formula.latex}}}")
        if x.dtype.kind == "f" and x.size and x.min() == x.max():
            return of_value(x.flat[0])  # a number, stretched
        if x.dtype.kind in "iu":
            return Formula(r"\cdot")  # an index
        raise ValueError("an array without a name")

    values = [
        stand_in(formula, shape) if a is not None or (isinstance(x, np.ndarray) and x.dtype.kind == "f") else x
        for formula, shape, a, x in zip(operands, shapes, node.args, inner(op, node.values))
    ]
    given = op.joined(node.values, [*values, *inner(op, node.values)[len(values) :]])
    pulled = op.pull(node.args, stand_in(g, node.shape), stand_in(z, node.shape), given, k)[k]
    printed = expression(pulled.node, known, array)
    if pulled.size > math.prod(node.args[k].shape):
        printed = typeset(OPS["sum"], x=printed)  # over the copies that broadcasting made: see sweep.fitted
    if len(printed.latex) > 4 * LONGEST:
        raise ValueError("nobody reads that")
    return printed.latex


def is_one_hot(x: Any, labels: Any) -> bool:
    """Is it what a loss makes of labels, a one among zeros for each?"""
    ones = x.dtype.kind == "f" and x.ndim == np.ndim(labels) + 1 and bool(((x == 0) | (x == 1)).all())
    return ones and bool((x.sum(-1) == 1).all()) and np.array_equal(x.argmax(-1), labels)


def vague(op: Op, x: Formula, z: Formula, g: Formula = G) -> str:
    """The rule of which only the form is known."""
    if op.elementwise and len(op.rules_by_name) == 1:
        return rf"{g.latex} \odot {prime(op)}\left({x.latex}\right)"
    top = z.latex if len(z.latex) <= LONGEST else "z"
    return rf"\left(\frac{{\partial {top}}}{{\partial {x.latex}}}\right)^{{\top}} \, {g.latex}"


def prime(op: Op) -> str:
    r"""The derivative of a function of one argument: ``\sigma'``, and ``\varphi'`` for what is not written f(x)."""
    named = re.fullmatch(r"(\\[A-Za-z]+|\\operatorname\{[^}]*\})\(\$\w+\)", op.notation)
    return f"{named[1] if named else chr(92) + 'varphi'}'"
