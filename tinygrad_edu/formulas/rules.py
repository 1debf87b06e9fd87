"""What a rule computes, as a formula: the rule is run on tensors with names, and what it did is printed.

So the derivative is not written a second time, and what a reader sees is what ran.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from ..context import within
from ..notation import Formula, typeset
from ..op import OPS, Node, get_frame, get_state, new, record
from ..op import op as Op
from ..tensor import Tensor
from .printed import expression, of_value

LONGEST = 200  # characters of LaTeX; nobody reads a longer rule
G = Formula("g")  # the upstream gradient


RULES: dict[Any, str] = {}  # what has been printed, for rules are asked for again and again


def rule(node: Node, k: int, operands: list[Formula], z: Formula, g: Formula = G) -> str:
    """What operand ``k`` of a node receives of ``g``: its rule is run on tensors with names, and what it did printed.

    Where that cannot be printed, as where the rule sorts, it is the transposed Jacobian times ``g``.
    """
    op, values = node.op, node.values
    shapes = [a.shape if a is not None else np.shape(x) for a, x in zip(node.args, inner(op, values))]
    options = [type(x) if isinstance(x, np.ndarray) else repr(x) for x in values]
    key = (op, k, node.shape, *shapes, *options, *(a is None for a in node.args), *operands, z, g)
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
    if len(printed.latex) > LONGEST:
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
    top = z.latex if len(z.latex) <= LONGEST // 4 else "z"
    return rf"\left(\frac{{\partial {top}}}{{\partial {x.latex}}}\right)^{{\top}} \, {g.latex}"


def prime(op: Op) -> str:
    r"""The derivative of a function of one argument: ``\sigma'``, and ``\varphi'`` for what is not written f(x)."""
    named = re.fullmatch(r"(\\[A-Za-z]+|\\operatorname\{[^}]*\})\(\$\w+\)", op.notation)
    return f"{named[1] if named else chr(92) + 'varphi'}'"


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
