"""What formulas call the values of a record: the same in the picture, on the page and in the console.

A value goes by the name that it has in the program.  Without a name it is ``leaf1``, or ``#7`` as the result of step 7.
Where a formula is read alone, a value without a name is written out instead, if that is short.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..engine.recompute import operands_among
from ..formulas.printed import elements, made, of_name, of_value, split
from ..formulas.rules import Rule, letters, rule
from ..graph import Node
from ..language.op_notation import Formula
from ..language.symbols import symbol, words
from ..stepping.record import Record

LONGEST = 48  # characters of LaTeX of a value without a name that is written out in the formulas of others


class Letter(NamedTuple):
    """A letter of a formula in LaTeX, and what it stands for: the value of a node, a plain array, or words."""

    latex: str
    node: Node | None = None
    array: Any = None
    words: str = ""


class RuleInLetters(NamedTuple):
    """A rule in LaTeX, the letters in it for the upstream gradient and the result, and what all letters stand for."""

    rule: Rule
    g: str
    z: str | None  # None: the rule does not read the result, or the result has a name
    letters: list[Letter]


class NodeFormulas:
    """Formulas for the nodes of a record.  ``written_out``: write a value without a name out, if that is short."""

    def __init__(self, record: Record, written_out: bool) -> None:
        self.record, self.written_out = record, written_out
        self.formulas: dict[int, Formula] = {}

    @cached_property
    def letters(self) -> tuple[str, str]:
        """The letters for the upstream gradient and for a result without a name, in all formulas of the record."""
        return letters(map(symbol, self.record.words.bases))

    def formula(self, node: Node) -> Formula:
        """What formulas call a node: its name, or how it was made, or its number."""
        # A stack and no recursion, because a great many values without a name may be written out in each other.
        pending = [] if node.serial in self.formulas else [node]
        while pending:
            top = pending[-1]
            operands = top.args if self.is_written_out(top) else ()
            missing = [a for a in operands if a is not None and a.serial not in self.formulas]
            pending += missing
            if not missing:
                self.formulas[pending.pop().serial] = self.make_formula(top)
        return self.formulas[node.serial]

    def is_written_out(self, node: Node) -> bool:
        """Does a node go by how it was made (if that is short), because it has no name?"""
        is_known = node.op is not None and node in self.record.every
        return self.written_out and is_known and self.record.words.of(node) is None

    def make_formula(self, node: Node) -> Formula:
        """Make what ``formula`` gives.  The formulas of the operands have to be there if the node is written out."""
        if (name := self.record.words.of(node)) is not None:
            return of_name(name.base, node.shape, name.which)
        if self.is_written_out(node) and len((written := self.definition(node)).latex) <= LONGEST:
            return written
        is_known = node in self.record.every
        return Formula(words(self.record.called(node)) if is_known else r"\cdots", single=node.shape == ())

    def operands(self, node: Node) -> list[Formula]:
        """What formulas call the operands of a node, and its options."""
        arguments = enumerate(zip(node.args, self.values(node)))
        return [self.formula(a) if a is not None else self.argument(node, k, x) for k, (a, x) in arguments]

    def values(self, node: Node) -> Any:
        """The values of the arguments of a node; None for each of them, if they were freed."""
        return (None,) * len(node.args) if node.values is None else operands_among(node.op, node.values)

    def argument(self, node: Node, k: int, x: Any) -> Formula:
        """Argument ``k``, which is no tensor: an array by its name, a number as it is, an index with its names."""
        if (name := self.record.words.plain(node, k)) is not None:
            return of_name(name.base, np.shape(x), name.which)
        of_parts = {id(part): name for part, name in self.parts(node, k, x)}
        return of_value(x, lambda part: of_parts.get(id(part)) or elements(part) or Formula(r"\cdot"))

    def parts(self, node: Node, k: int, x: Any) -> list[tuple[Any, Formula]]:
        """The arrays in an index that have names, each with the formula of its name."""
        names = [
            (part, self.record.words.plain(node, k, j)) for j, part in enumerate(x if isinstance(x, tuple) else ())
        ]
        return [(part, of_name(name.base, np.shape(part), name.which)) for part, name in names if name is not None]

    def definition(self, node: Node) -> Formula:
        """How a node was made: ``\\sigma(v)``."""
        return made(node, self.operands(node), node.values or ())

    def arrays(self, node: Node) -> list[Letter]:
        """The plain arrays that are called by a name in how a node was made."""
        plain = [(k, x) for k, (a, x) in enumerate(zip(node.args, self.values(node))) if a is None]
        whole = [(x, self.argument(node, k, x)) for k, x in plain if self.record.words.plain(node, k)]
        named = whole + [each for k, x in plain for each in self.parts(node, k, x)]
        return [Letter(formula.latex, array=x) for x, formula in named]

    def letters_of(self, node: Node) -> list[Letter]:
        """The letters in how a node was made: its operands, and the plain arrays that have a name."""
        return [Letter(self.formula(a).latex, a) for a in node.args if a is not None] + self.arrays(node)

    def rule_of(self, node: Node, k: int) -> RuleInLetters:
        """The rule of a node for operand ``k``, with all letters that stand in it."""
        operands, name = self.operands(node), self.record.words.of(node)
        own = [] if name is None else [self.formula(node)]
        g, z = self.letters
        single = node.shape == ()
        found = rule(node, k, operands, own[0] if own else Formula(z, single=single), Formula(g, single=single))
        said = [Letter(operands[i].latex, node.args[i]) for i in sorted(found.operands) if node.args[i] is not None]
        plain = [operands[i].latex for i in found.operands if node.args[i] is None]
        said += [x for x in self.arrays(node) if any(x.latex == one or x.latex in split(one) for one in plain)]
        if found.z:
            said.append(Letter(own[0].latex if own else z, node))
        said += [Letter(latex, words=words) for latex, words in (*found.words, *found.functions)]
        return RuleInLetters(found, g, z if found.z and not own else None, said)
