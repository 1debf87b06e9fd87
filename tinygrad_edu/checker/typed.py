"""Tree to text as a hand-in has it: what is shown as an answer can be typed into the file, and is read as meant."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isclose

from ..language.tree import Expr, number
from ..op import OPS

TERMS, FACTORS, POWERS, ATOM = 1, 2, 3, 4  # how strongly a piece holds together
SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "matmul": "@", "divide": "/"}
MADE = ("ones", "zeros", "eye", "one_hot")  # functions that are no operations
Length = Callable[[Expr], str]


class NoWords(Exception):
    """The notation of hand-ins has no words for it."""


def typed(tree: Expr, length: Length) -> str:
    """An expression in one line.  ``length``: how a size is written that the tree reads off an array.

    >>> from tinygrad_edu.language.reading import read
    >>> print(typed(read("W.T @ (sigmoid'(t)*y) - sum(C[j]*t[j] for j in 1..n)"), str))
    W.T @ (sigmoid'(t) * y) - sum(C[j] * t[j] for j in 1..n)
    """
    return Typist(length).piece(tree)[0]


class Typist:
    """Writes one expression; each of the methods one kind of node."""

    def __init__(self, length: Length) -> None:
        self.length = length

    def piece(self, tree: Expr) -> tuple[str, int]:
        """The text of a node, and how strongly it holds together."""
        if tree.head in SIGNS:
            return self.of_two(tree)
        write: Callable[[Expr], tuple[str, int]] | None = getattr(self, f"_write_{tree.head}", None)
        if write is not None:
            return write(tree)
        if tree.head[:1].isupper():
            raise NoWords(tree.head)
        return self.called(tree)

    def held(self, tree: Expr, level: int) -> str:
        """In parentheses, if it does not hold together so strongly."""
        words, holds = self.piece(tree)
        return words if holds >= level else f"({words})"

    def of_two(self, tree: Expr) -> tuple[str, int]:
        """Terms and factors.  Products of two kinds in a row stand in parentheses, which say what comes first."""
        left, right = tree.args
        sign = SIGNS[tree.head]
        if sign in "+-":
            return f"{self.held(left, TERMS)} {sign} {self.held(right, FACTORS)}", TERMS
        same = left.head == tree.head or tree.head == "divide"
        first = self.held(left, FACTORS if same else POWERS)
        second = self.held(right, FACTORS if left.head == "Number" and right.head != "divide" else POWERS)
        return f"{first} {sign} {second}", FACTORS

    def _write_negative(self, tree: Expr) -> tuple[str, int]:
        return f"-{self.held(tree.args[0], FACTORS)}", TERMS

    def _write_power(self, tree: Expr) -> tuple[str, int]:
        return f"{self.held(tree.args[0], ATOM)}^{self.held(tree.args[1], ATOM)}", POWERS

    def _write_transpose(self, tree: Expr) -> tuple[str, int]:
        return f"{self.held(tree.args[0], ATOM)}.T", ATOM

    # Leaves.

    def _write_Number(self, tree: Expr) -> tuple[str, int]:
        exact = Fraction(tree.value).limit_denominator(1000)
        if not isclose(exact, tree.value, rel_tol=1e-12):
            return repr(float(tree.value)), ATOM if tree.value >= 0 else TERMS
        return str(exact), TERMS if exact < 0 else ATOM if exact.denominator == 1 else FACTORS

    def _write_Name(self, tree: Expr) -> tuple[str, int]:
        return str(tree.value), ATOM

    # Indices.

    def _write_Index(self, tree: Expr) -> tuple[str, int]:
        whole, *parts = tree.args
        if whole.head == "Shape":
            return self.length(tree), ATOM
        below = ", ".join(":" if p.head == "All" else self.piece(p)[0] for p in parts)
        return f"{self.held(whole, ATOM)}[{below}]", ATOM

    def _write_Shape(self, tree: Expr) -> tuple[str, int]:
        return self.length(tree), ATOM

    def over(self, tree: Expr) -> str:
        """The term, and the index with its ends."""
        term, first, last, *condition = tree.args
        where = f" if {self.condition(condition[0])}" if condition else ""
        ends = f"{self.piece(first)[0]}..{self.piece(last)[0]}"
        return f"{self.piece(term)[0]} for {tree.value} in {ends}{where}"

    def _write_Sum(self, tree: Expr) -> tuple[str, int]:
        return f"sum({self.over(tree)})", ATOM

    def _write_Each(self, tree: Expr) -> tuple[str, int]:
        return f"[{self.over(tree)}]", ATOM

    def condition(self, tree: Expr) -> str:
        if tree.head != "Compare":
            raise NoWords(tree.head)
        left, right = (self.held(a, FACTORS) for a in tree.args)
        return f"{left} {tree.value} {right}"

    def _write_If(self, tree: Expr) -> tuple[str, int]:
        condition, this, other = tree.args
        if other != number(0):
            raise NoWords("If")
        one = f"I({self.condition(condition).replace('==', '=')})"
        return (one, ATOM) if this == number(1) else (f"{one} * {self.held(this, POWERS)}", FACTORS)

    # Functions.

    def called(self, tree: Expr) -> tuple[str, int]:
        """A function of something, with its options."""
        parts = [self.piece(a)[0] for a in tree.args]
        for key, value in tree.value or ():
            if not isinstance(value, (int, float)):
                raise NoWords(tree.head)
            parts.append(f"{key}={value}")
        if tree.head.rstrip("'") in OPS or tree.head in MADE or len(parts) == 1:
            return f"{tree.head}({', '.join(parts)})", ATOM
        raise NoWords(tree.head)
