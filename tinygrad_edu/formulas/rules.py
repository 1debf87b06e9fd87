"""What a rule computes, as a formula: the rule is run on tensors with names, and what it did is printed.

So the derivative is not written a second time, and what a reader sees is what ran.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..context import current, within
from ..engine.recompute import operands_among
from ..graph import Node, get_frame, new, record
from ..language.op_notation import Formula, call, typeset
from ..op import OPS
from ..op import op as Op
from ..tensor import Tensor
from .explained import explained, gap
from .printed import elements, expression, matrix_product, of_value, split

LONGEST = 200  # characters of LaTeX; nobody reads a longer rule
G = Formula("g")  # the upstream gradient


class Rule(NamedTuple):
    """What an operand receives, in LaTeX, and what one must know to read it."""

    latex: str
    operands: frozenset[int] = frozenset()  # of which operands it reads the values
    g: bool = True  # does it read the upstream gradient
    z: bool = False  # and the result?
    words: tuple[tuple[str, str], ...] = ()  # what else stands in it, in LaTeX, each with what that is
    functions: tuple[tuple[str, str], ...] = ()  # functions in it that are not NumPy's, each with what it does
    stretched: tuple[int, ...] | None = None  # the shape to which it is stretched, as NumPy does
    printed: bool = True  # or is only its form known?
    factors: tuple[tuple[Any, bool], ...] = ()  # of a product of two matrices or vectors: which, and is it transposed?


RULES: dict[Any, Rule] = {}  # what has been printed, for rules are asked for again and again


def rule(node: Node, k: int, operands: list[Formula], z: Formula, g: Formula = G) -> Rule:
    """What operand ``k`` of a node receives of ``g``: its rule is run on tensors with names, and what it did printed.

    Where that cannot be printed, as where the rule sorts, it is the transposed Jacobian times ``g``.
    """
    op, values = node.op, node.values
    options = [type(x) if isinstance(x, np.ndarray) else repr(x) for x in values]
    shapes = [a.shape if a is not None else np.shape(x) for a, x in zip(node.args, operands_among(op, values))]
    key = (op, k, node.shape, *shapes, *options, *(a is None for a in node.args), *operands, z, g)
    if key in RULES:
        return RULES[key]
    try:
        with within(recording=True, scope=None, frame=None, watch=None), np.errstate(all="ignore"):
            printed = Printed(node, k, operands, shapes, z, g)
            found, general = printed.rule(), not printed.chosen
    except Exception:  # a rule is free to do what only real numbers can do
        found, general = vague(op, k, operands[k], z, g), True
    if general:
        if len(RULES) > 10_000:
            RULES.clear()
        RULES[key] = found
    return found


def letters(names: Iterable[str]) -> tuple[str, str]:
    """A letter for the upstream gradient, and one for the result: g and z, if no name, in LaTeX, is such a letter."""
    taken = {letter for name in names for letter in re.findall(r"(?<![A-Za-z\\])[a-z](?![A-Za-z])", name)}
    free_of = [[letter for letter in known if letter not in taken] for known in ("guq", "zyr")]
    return free_of[0][0] if free_of[0] else "G", free_of[1][0] if free_of[1] else "Z"


class Printed:
    """A rule that is run with the values that there are, on tensors with names, and printed."""

    def __init__(
        self, node: Node, k: int, operands: list[Formula], shapes: list[tuple[int, ...]], z: Formula, g: Formula
    ) -> None:
        self.node, self.k, self.operands, self.shapes, self.z, self.g = node, k, operands, shapes, z, g
        self.given = operands_among(node.op, node.values)
        self.known: dict[int, Formula] = {}  # what has a formula, by its serial
        self.reads: dict[int, frozenset[Any]] = {}  # and of what it is made: numbers of operands, "g" and "z"
        self.read: set[Any] = set()
        self.words: dict[str, str] = {}
        self.chosen = False  # does the formula hold for these values alone, as a permutation that sorts them?

    def rule(self) -> Rule:
        """What the rule has computed, as a formula."""
        node, op, used = self.node, self.node.op, set[int]()
        values = [self.argument(i, *each) for i, each in enumerate(zip(node.args, self.given))]
        every = op.with_operands(node.values, [*values, *self.given[len(values) :]])
        filled = np.full(node.shape, 0.5)[()]
        g = self.stand_in(self.g, filled, "g")
        z = self.stand_in(self.z, filled if node.result is None else node.result, "z")
        pulled = op.vjp(self.k, node.args, g, z, every)
        printed = expression(pulled.node, self.known, self.array, used)
        functions = {latex: words for latex, words in self.functions(pulled.node) if latex in printed.latex}
        self.read.update(*(self.reads[serial] for serial in used))
        shape, stretched = node.args[self.k].shape, None
        if pulled.size > math.prod(shape):
            printed = summed(pulled, shape, printed)
        elif pulled.shape != shape:
            stretched = shape
        if len(printed.latex) > LONGEST:
            raise ValueError("nobody reads that")
        numbers = frozenset(i for i in self.read if isinstance(i, int))
        return Rule(
            printed.latex, numbers, "g" in self.read, "z" in self.read, (*self.words.items(),), (*functions.items(),),
            stretched, factors=self.factors(pulled.node, shape),
        )  # fmt: skip

    def functions(self, root: Node) -> Iterator[tuple[str, str]]:
        """The functions in what the rule has computed that are not NumPy's, and what they do."""
        pending, seen = [root], set(self.known)
        while pending:
            node = pending.pop()
            if node.serial not in seen and node.op is not None:
                seen.add(node.serial)
                pending += [a for a in node.args if a is not None]
                if (found := explained(node, self.formula)) is not None:
                    yield found
                if node.op.filled is not None:
                    self.chosen = True  # for other values nothing needs to be said
                    if np.any(node.op.filled[1](*node.values)):
                        yield self.formula(node).latex, gap(node, self.formula)

    def formula(self, node: Node) -> Formula:
        """The formula of a value that the rule has computed, without a note of what it reads."""
        return expression(node, self.known, self.array, set())

    def factors(self, node: Node, shape: tuple[int, ...]) -> tuple[tuple[Any, bool], ...]:
        """The two factors, if the rule is a product of matrices or vectors that have names."""
        pair = matrix_product(node) if node.shape == shape else None
        found = []
        for a, is_transposed in pair or ():
            while a.op in (OPS["transpose"], OPS["matrix_transpose"]) and len(a.shape) == 2:
                a, is_transposed = a.args[0], not is_transposed
            if a.serial not in self.reads or len(self.reads[a.serial]) != 1 or not 1 <= len(a.shape) <= 2:
                return ()
            found.append((*self.reads[a.serial], is_transposed))
        return tuple(found)

    def argument(self, i: int, a: Node | None, x: Any) -> Any:
        """An argument as the rule sees it: what is computed with has a name, and what chooses its own value."""
        numbers = isinstance(x, (np.ndarray, np.generic)) and (a is not None or x.ndim)
        if (a is None and not numbers) or (numbers and x.dtype.kind in "iub"):
            return x
        return self.stand_in(self.operands[i], np.full(self.shapes[i], 0.5)[()] if x is None else x, i)

    def stand_in(self, formula: Formula, x: Any, *read: Any) -> Any:
        """A tensor with a formula, made of what is read."""
        tensor = leaf(x, kind=Symbolic)
        tensor.formula, tensor.printed = formula, self
        self.known[tensor.node.serial], self.reads[tensor.node.serial] = formula, frozenset(read)
        return tensor

    def named(self, x: Any) -> Any:
        """What the rule has computed so far as a tensor with a formula; anything else as it is."""
        if not isinstance(x, Tensor) or isinstance(x, Symbolic):
            return x
        formula = expression(x.node, self.known, self.array, used := set[int]())
        return self.stand_in(formula, x._array, *frozenset().union(*(self.reads[serial] for serial in used)))

    def array(self, x: Any, user: Node | None) -> Formula:
        """What an array is called that the rule has made or taken, given also who uses it.  ValueError if it cannot."""
        for i, (formula, own) in enumerate(zip(self.operands, self.given)):
            several = isinstance(own, tuple)
            for name, part in zip(split(formula.latex), own) if several else [(formula.latex, own)]:
                if isinstance(part, np.ndarray) and np.array_equal(part, x) and part.dtype == x.dtype:
                    self.read.add(i)
                    return Formula(name) if several else formula
        self.chosen = True
        if x.dtype.kind == "b" and user is not None and user.op is OPS["multiply"]:
            x = x.astype(int)
        for i, (formula, own) in enumerate(zip(self.operands, self.given)):
            if own is not None and is_one_hot(x, own):
                symbol, words = unit_vector(own, formula)
                self.read.update({i} if np.ndim(own) else {})
                self.words[symbol] = words
                return Formula(symbol)
        if x.dtype.kind == "f" and x.size and x.min() == x.max():
            one = of_value(x.flat[0])
            whole = user is not None and user.op.elementwise and any(a and a.shape == user.shape for a in user.args)
            if not x.ndim or user is None or whole:
                return one  # a number, stretched
            ones = Formula(rf"\operatorname{{ones}}({', '.join(map(str, x.shape))})")
            return ones if one.latex == "1" else typeset(OPS["multiply"], x=one, y=ones)._replace(op="")
        if x.dtype.kind == "f" and x.ndim == 2 and np.array_equal(x, np.eye(len(x))):
            return Formula(rf"\operatorname{{eye}}({len(x)})")
        if (found := elements(x)) is None:
            raise ValueError("an array without a name")
        return found


def summed(pulled: Any, shape: tuple[int, ...], printed: Formula) -> Formula:
    """The sum over the copies that broadcasting made: see sweep.fitted."""
    lead = pulled.ndim - len(shape)
    axes_in_front = tuple(range(lead))
    axes = tuple(i for i, (n, m) in enumerate(zip(pulled.shape[lead:], shape)) if n != 1 == m)
    if lead == pulled.ndim:
        return typeset(OPS["sum"], x=printed)
    for over, kept in ((axes_in_front, False), (axes, True)):
        if over:
            words = [rf"\text{{axis={over[0] if len(over) == 1 else over}}}"] + [r"\text{keepdims=True}"] * kept
            printed = typeset(OPS["sum"], call(OPS["sum"], "$x", words), x=printed)
    return printed


def is_one_hot(x: Any, labels: Any) -> bool:
    """Is it what a loss makes of labels, a one among zeros for each?"""
    if np.asarray(labels).dtype.kind not in "iu":
        return False
    ones = x.dtype.kind == "f" and x.ndim == np.ndim(labels) + 1 and bool(((x == 0) | (x == 1)).all())
    return ones and bool((x.sum(-1) == 1).all()) and np.array_equal(x.argmax(-1), labels)


def unit_vector(labels: Any, formula: Formula) -> tuple[str, str]:
    """What labels become in a loss, and what that is in words: e_6 for one label, and a row of them for several."""
    if np.ndim(labels) == 0:
        k = int(labels)
        return rf"\mathbf{{e}}_{{{k}}}", f"1 at index {k}, counted from 0, and 0 elsewhere"
    below = f"[{formula.latex}]" if formula.latex[:1] == "[" else formula.latex
    return rf"\mathbf{{e}}_{{{below}}}", "for each label 1 at that index, counted from 0, and 0 elsewhere"


def vague(op: Op, k: int, x: Formula, z: Formula, g: Formula = G) -> Rule:
    """The rule of which only the form is known."""
    if op.elementwise and len(op.rules) == 1:
        return Rule(rf"{g.latex} \odot {prime(op)}\left({x.latex}\right)", frozenset({k}), printed=False)
    top = z.latex if len(z.latex) <= LONGEST // 4 else "z"
    latex = rf"\left(\frac{{\partial {top}}}{{\partial {x.latex}}}\right)^{{\top}} \, {g.latex}"
    return Rule(latex, frozenset({k}), z=True, printed=False)


def prime(op: Op) -> str:
    r"""The derivative of a function of one argument: ``\sigma'``, and ``\varphi'`` for what is not written f(x)."""
    named = re.fullmatch(r"(\\[A-Za-z]+|\\operatorname\{[^}]*\})\(\$\w+\)", op.notation)
    return f"{named[1] if named else chr(92) + 'varphi'}'"


class Symbolic(Tensor):
    """A leaf of which rules may ask whether ``x > 0``: the answer is the indicator 1[x > 0]."""

    __slots__ = ("condition", "formula", "printed")
    formula: Formula
    printed: Printed
    condition: str  # of an indicator

    def indicator(self, condition: str, others: Iterable[Any], holds: Any) -> Any:
        """Ones where a condition holds and zeros elsewhere, with a formula."""
        known, reads = self.printed.known, self.printed.reads
        found = leaf(np.asarray(getattr(holds, "_array", holds)).astype(float), active=False, kind=Symbolic)
        found.condition, found.printed = condition, self.printed
        found.formula = Formula(rf"\mathbf{{1}}_{{[{condition}]}}")
        known[found.node.serial] = found.formula
        read = [reads[x.node.serial] for x in (self, *others) if isinstance(x, Symbolic)]
        reads[found.node.serial] = frozenset().union(*read)
        return found

    def compared(self, sign: str, other: Any, holds: Any) -> Any:
        right = self.printed.named(other)
        shown = right.formula if isinstance(right, Symbolic) else of_value(right)
        return self.indicator(f"{self.formula.latex} {sign} {shown.latex}", [right], holds)

    def __and__(self, other: Any) -> Any:
        if not isinstance(other, Symbolic):
            return self if other is True else self._array.astype(bool) & other
        return self.indicator(rf"{self.condition} \land {other.condition}", [other], self._array * other._array)

    __rand__ = __and__

    def __gt__(self, other: Any) -> Any:
        return self.compared(">", other, super().__gt__(other))

    def __ge__(self, other: Any) -> Any:
        return self.compared(r"\geq", other, super().__ge__(other))

    def __lt__(self, other: Any) -> Any:
        return self.compared("<", other, super().__lt__(other))

    def __le__(self, other: Any) -> Any:
        return self.compared(r"\leq", other, super().__le__(other))

    def __eq__(self, other: Any) -> Any:
        return self.compared("=", other, super().__eq__(other))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        """As usual; but if a rule asks whether all elements are so, its formula holds for these values alone."""
        found = super().__array_function__(function, types, args, options)
        self.printed.chosen |= not isinstance(found, Tensor) and np.asarray(found).dtype.kind == "b"
        return found

    def __bool__(self) -> bool:
        self.printed.chosen = True
        return super().__bool__()

    def __truediv__(self, other: Any) -> Any:
        return self.printed.named(super().__truediv__(other))

    def astype(self, dtype: Any) -> Any:
        return self

    __hash__ = Tensor.__hash__


def leaf(x: Any, active: bool = True, kind: type[Any] = Tensor) -> Any:
    """A tensor that holds the array itself, not a copy."""
    node = record(None, (), (), x, False, current.get(), get_frame(0)).node
    node.active = active
    tensor = new(kind)
    tensor._array, tensor.node = x, node
    return tensor
