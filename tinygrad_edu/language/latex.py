r"""LaTeX to tree: mathematics in matrix notation, as students write it and as ``writing`` does.

What can be read in two ways is refused, with the place, and never guessed.  So ``a/bc`` is refused, and a matrix
product next to Hadamard's without parentheses; but ``W V x`` is not, since both ways give the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from .applications import ALL, BRACKETED, FACTORS, NEXT
from .factors import ENDS, Factors
from .kinds import COLUMN, NUMBER, Kinds
from .tree import Expr, call, number, walk

MOST = 100  # terms, or factors, in a row
LETTER = r"(?:\\(?:math[a-z]+|bm|boldsymbol|hat|bar|tilde)\s*(?:\{[^{}]*\}|\\?[A-Za-z]+)|\\[A-Za-z]+|[A-Za-z])"
WORD = rf"{LETTER}(?:[_^](?:\{{[^{{}}]*\}}|\w))*"


class Factor(NamedTuple):
    """One factor of a product: the sign before it, where it stands, and what it would reach for."""

    sign: str
    tree: Expr
    at: int
    reaches: str = ""


def read(latex: str, known: Iterable[str] | None = None, functions: Collection[str] = (), own: bool = False) -> Expr:
    r"""The tree of a formula.

    ``known``: the names that have been declared, perhaps with their numbers of axes or shapes; ``functions``: those
    that are functions.  ``own``: is it a formula that this package has printed, with lists and Python's subscripts?
    ``t_j`` is then an element of t, where t has been declared and t_j has not.  Unreadable, which
    says why and where, for what has no meaning here or more than one.

    >>> tree = read(r"W^\top V^\top \left(\sigma(t) - \delta\right)")
    >>> [tree.head, tree.args[1].head, tree.args[1].args[0].head]
    ['matmul', 'subtract', 'sigmoid']
    """
    reader = Reader(fractions(latex, known or ()), known, functions)
    reader.own = own
    tree = reader.expression()
    if any(node in (call("ones"), call("eye")) for _, node in walk(tree)):
        raise reader.tokens.refused(r"how many?  Write \mathbf{1}_{n}, or \mathbf{I}_{n}", reader.unsized)
    if reader.tokens.peek:
        why = "an equals sign stands between two formulas" if reader.tokens.peek == "=" else "this closes nothing"
        raise reader.tokens.refused(why if reader.tokens.peek in ENDS else "this cannot be read")
    return tree


def fractions(latex: str, known: Iterable[str]) -> str:
    r"""Other ways to write a derivative, ``dJ/du`` and ``\nabla_u J``, as fractions."""
    latex = re.sub(rf"\\nabla_(?:\{{({WORD})\}}|({LETTER}))\s*({WORD})", r"\\frac{\\partial \3}{\\partial \1\2}", latex)
    if "d" in known:
        return latex
    d = r"(?:(?<![A-Za-z\\])d|\\partial(?![a-z]))\s*"
    return re.sub(rf"{d}({WORD})\s*/\s*{d}({WORD})", r"\\frac{\\partial \1}{\\partial \2}", latex)


class Reader(Factors):
    """A recursive descent: terms, and the factors in them."""

    def __init__(self, latex: str, known: Iterable[str] | None, functions: Collection[str]) -> None:
        super().__init__(latex, known, functions)
        self.kinds = Kinds(known if isinstance(known, Mapping) else {})

    # Terms.

    def expression(self) -> Expr:
        """Terms with their signs."""
        with self.deeper():
            tokens, tree, reached, terms = self.tokens, None, "", 0
            while True:
                at, sign = tokens.token.at, tokens.take().text if tokens.peek in ("+", "-") else ""
                if tokens.peek in ("+", "-"):
                    raise tokens.refused("two signs in a row")
                if tree is not None and reached == ALL:
                    raise tokens.refused(
                        "it is not clear how far the sum before this sign reaches: put it in brackets", at
                    )
                term, reached = self.product()
                if sign == "-" and tree is None:
                    term = number(-term.value) if term.head == "Number" else call("negative", term)
                tree = term if tree is None else call("subtract" if sign == "-" else "add", tree, term)
                terms += 1
                if terms > MOST:
                    raise tokens.refused(f"more than {MOST} terms")
                if tokens.peek not in ("+", "-"):
                    self.check_indices(tree, at)
                    return tree

    def check_indices(self, tree: Expr, at: int) -> None:
        """Refuses ``sum_j a_j + b_j``, where the index stands behind what is summed as well."""
        said, pending, summed = set[str](), [tree], set[str]()
        while pending and tree.head in ("add", "subtract"):
            node = pending.pop()
            if node.head in ("add", "subtract", "negative"):
                pending += node.args
            elif node.head == "Sum" or any(a.head == "Sum" for a in node.args):
                summed |= {n.value for n in (node, *node.args) if n.head == "Sum"}
            else:
                said |= free(node)
        if wrong := {word for s in said for word in s.split("_")} & summed - set(self.bound):
            raise self.tokens.refused(f"{min(wrong)} is summed over, and stands outside of its sum too", at)

    # Products.

    def product(self) -> tuple[Expr, str]:
        """Factors up to the next term, and what the last of them reaches for."""
        factors: list[Factor] = []
        tokens = self.tokens
        while True:
            at, sign = tokens.token.at, ""
            if factors and tokens.peek in (r"\odot", r"\oslash", "/", r"\cdot", r"\times", "*", r"\otimes"):
                sign = tokens.take().text
                if sign in ("*", r"\otimes"):
                    raise tokens.refused(
                        rf"{sign} has several meanings; write \odot, or nothing for a matrix product", at
                    )
            elif tokens.peek in ENDS or tokens.peek in ("+", "-") or (tokens.peek in ("|", r"\Vert") and self.bars):
                if not factors:
                    raise tokens.refused("something is missing")
                return self.multiplied(factors), factors[-1].reaches
            if factors and factors[-1].reaches in (NEXT, BRACKETED):
                if sign not in (r"\odot", r"\oslash") or factors[-1].reaches == NEXT:
                    raise tokens.refused("it is not clear how far the function before this reaches: use brackets", at)
            if factors and not sign and tokens.peek[:1].isdigit():
                raise tokens.refused("a number behind a factor: is it a product?  Write it first", at)
            if len(factors) == MOST:
                raise tokens.refused(f"more than {MOST} factors")
            tree, reaches = self.factor()
            factors.append(Factor(sign, tree, at, reaches))
            if reaches in (FACTORS, ALL):  # it has taken all that follows
                return self.multiplied(factors), reaches

    def multiplied(self, factors: list[Factor]) -> Expr:
        """The factors as one, if there is one way only."""
        slashes = [i for i, f in enumerate(factors) if f.sign == "/"]
        if slashes:
            if len(slashes) > 1:
                raise self.tokens.refused(r"two divisions in a row: use brackets or \frac", factors[slashes[1]].at)
            if slashes[0] != len(factors) - 1:
                raise self.tokens.refused(r"how much is divided by?  Use brackets or \frac", factors[slashes[0] + 1].at)
            return call("divide", self.multiplied(factors[:-1]), factors[-1].tree)
        runs: list[list[Factor]] = []
        for factor in factors:
            if factor.sign in (r"\odot", r"\oslash") or not runs:
                runs.append([factor])
            else:
                runs[-1].append(factor)
        if len(runs) == 1:
            return self.side_by_side([f.tree for f in runs[0]])
        if len(runs) > 2 and any(run[0].sign == r"\oslash" for run in runs):
            raise self.tokens.refused(r"\oslash next to another product: use brackets", runs[-1][0].at)
        tree: Expr | None = None
        for run in runs:
            head = "divide" if run[0].sign == r"\oslash" else "multiply"
            if tree is None:
                self.check_mixed(run, after=False)
                tree = self.side_by_side([f.tree for f in run])
            elif len(run) > 1 and self.kinds.of(run[0].tree) == COLUMN and len(runs) == 2 and head == "multiply" and (
                self.kinds.of(tree) == COLUMN
            ):  # fmt: skip
                tree = self.side_by_side([call(head, tree, run[0].tree), *(f.tree for f in run[1:])])  # x ⊙ y zᵀ
            else:
                self.check_mixed(run, after=self.kinds.of(tree) == COLUMN and head == "multiply")
                tree = call(head, tree, self.side_by_side([f.tree for f in run]))
        assert tree is not None
        return tree

    def check_mixed(self, run: list[Factor], after: bool) -> None:
        """Refuses a matrix product next to Hadamard's, unless it is with numbers, or behind a column."""
        if sum(not self.is_number(f.tree) for f in run) > 1 and not after:
            raise self.tokens.refused(
                r"a matrix product next to \odot or \oslash can be read in two ways: use brackets", run[1].at
            )

    def is_number(self, tree: Expr) -> bool:
        return self.kinds.of(tree) == NUMBER

    def side_by_side(self, trees: list[Expr]) -> Expr:
        """A product from left to right.  Next to ones it is a sum of rows or columns, however many they are."""
        ones, row = call("ones"), call("transpose", call("ones"))
        if row in trees[:-1]:
            i = trees.index(row)
            trees = [*trees[:i], call("sum", self.side_by_side(trees[i + 1 :]), axis=0)]
        if ones in trees[1:] and not all(map(self.is_number, trees[: trees.index(ones, 1)])):
            i = trees.index(ones, 1)
            trees = [call("sum", self.side_by_side(trees[:i]), axis=1), *trees[i + 1 :]]
            return self.side_by_side(trees)
        tree = trees[0]
        for other in trees[1:]:
            tree = call("multiply" if self.is_number(tree) or self.is_number(other) else "matmul", tree, other)
        return tree


def free(tree: Expr) -> set[str]:
    """The names in it, but for the indices of its own sums."""
    found = {node.value for _, node in walk(tree) if node.head == "Name"}
    return found - {node.value for _, node in walk(tree) if node.head == "Sum"}
