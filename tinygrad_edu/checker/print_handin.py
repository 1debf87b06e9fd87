"""Prints a tree in the notation of hand-ins, so that an answer that is shown can be typed into the file.

When the checker reads the text again it finds the same tree, or an equal one.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isclose

from ..language.tree import Expr, number
from ..op import OPS

TERMS, FACTORS, POWERS, ATOM = 1, 2, 3, 4  # precedence, the weakest first
SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "matmul": "@", "divide": "/"}
MADE = ("ones", "zeros", "eye", "one_hot")  # functions of the language that are no operations
Length = Callable[[Expr], str]


class NoWords(Exception):
    """The notation of hand-ins cannot express the tree."""


def print_handin(tree: Expr, length: Length) -> str:
    """Returns an expression in one line.  Raises NoWords if the notation cannot express it.

    ``length`` returns the text of a size that the tree reads off an array, as n for W.shape[0].

    >>> from tinygrad_edu.language.reading import read
    >>> print(print_handin(read("W.T @ (sigmoid'(t)*y) - sum(C[j]*t[j] for j in 1..n)"), str))
    W.T @ (sigmoid'(t) * y) - sum(C[j] * t[j] for j in 1..n)
    """
    return HandinPrinter(length).text_of(tree)[0]


class HandinPrinter:
    """Prints one expression.  Each method ``_write_HEAD`` prints one kind of node, with the precedence of its text."""

    def __init__(self, length: Length) -> None:
        self.length = length

    def text_of(self, tree: Expr) -> tuple[str, int]:
        """Returns the text of a node, and its precedence."""
        if tree.head in SIGNS:
            return self.binary(tree)
        write: Callable[[Expr], tuple[str, int]] | None = getattr(self, f"_write_{tree.head}", None)
        if write is not None:
            return write(tree)
        if tree.head[:1].isupper():
            raise NoWords(tree.head)
        return self.function_call(tree)

    def in_parentheses(self, tree: Expr, level: int) -> str:
        """Returns the text of a node, in parentheses if its precedence is below ``level``."""
        words, holds = self.text_of(tree)
        return words if holds >= level else f"({words})"

    def binary(self, tree: Expr) -> tuple[str, int]:
        """Prints a sum, a difference, a product or a quotient.

        A product inside a product of another kind, as in a * (B @ c), gets parentheses, which show what comes first.
        """
        left, right = tree.args
        sign = SIGNS[tree.head]
        if sign in "+-":
            return f"{self.in_parentheses(left, TERMS)} {sign} {self.in_parentheses(right, FACTORS)}", TERMS
        same = left.head == tree.head or tree.head == "divide"
        first = self.in_parentheses(left, FACTORS if same else POWERS)
        second = self.in_parentheses(right, FACTORS if left.head == "Number" and right.head != "divide" else POWERS)
        return f"{first} {sign} {second}", FACTORS

    def _write_negative(self, tree: Expr) -> tuple[str, int]:
        return f"-{self.in_parentheses(tree.args[0], FACTORS)}", TERMS

    def _write_power(self, tree: Expr) -> tuple[str, int]:
        return f"{self.in_parentheses(tree.args[0], ATOM)}^{self.in_parentheses(tree.args[1], ATOM)}", POWERS

    def _write_transpose(self, tree: Expr) -> tuple[str, int]:
        return f"{self.in_parentheses(tree.args[0], ATOM)}.T", ATOM

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
        below = ", ".join(":" if p.head == "All" else self.text_of(p)[0] for p in parts)
        return f"{self.in_parentheses(whole, ATOM)}[{below}]", ATOM

    def _write_Shape(self, tree: Expr) -> tuple[str, int]:
        return self.length(tree), ATOM

    def loop(self, tree: Expr) -> str:
        """Prints the term of a sum or a list, and the range of its index."""
        term, first, last, *condition = tree.args
        where = f" if {self.condition(condition[0])}" if condition else ""
        ends = f"{self.text_of(first)[0]}..{self.text_of(last)[0]}"
        return f"{self.text_of(term)[0]} for {tree.value} in {ends}{where}"

    def _write_Sum(self, tree: Expr) -> tuple[str, int]:
        return f"sum({self.loop(tree)})", ATOM

    def _write_Each(self, tree: Expr) -> tuple[str, int]:
        return f"[{self.loop(tree)}]", ATOM

    def condition(self, tree: Expr) -> str:
        if tree.head != "Compare":
            raise NoWords(tree.head)
        left, right = (self.in_parentheses(a, FACTORS) for a in tree.args)
        return f"{left} {tree.value} {right}"

    def _write_If(self, tree: Expr) -> tuple[str, int]:
        condition, this, other = tree.args
        if other != number(0):
            raise NoWords("If")
        one = f"I({self.condition(condition).replace('==', '=')})"
        return (one, ATOM) if this == number(1) else (f"{one} * {self.in_parentheses(this, POWERS)}", FACTORS)

    # Functions.

    def function_call(self, tree: Expr) -> tuple[str, int]:
        """Prints the call of a function, with its options."""
        parts = [self.text_of(a)[0] for a in tree.args]
        for key, value in tree.value or ():
            if not isinstance(value, (int, float)):
                raise NoWords(tree.head)
            parts.append(f"{key}={value}")
        if tree.head.rstrip("'") in OPS or tree.head in MADE or len(parts) == 1:
            return f"{tree.head}({', '.join(parts)})", ATOM
        raise NoWords(tree.head)
