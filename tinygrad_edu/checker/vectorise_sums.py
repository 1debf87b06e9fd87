"""Writes a sum over an index as the sum of a column: sum(log(C[j].T @ u) for j in 1..n) becomes sum(log(C @ u)).

``formula`` differentiates recorded operations.  A sum that is recorded term by term would give a formula with as many
terms as the index has values at that point; a sum over a column gives one formula for every length.  The new form is
computed and compared with the sum as it was written, and is dropped if they differ.
"""

from __future__ import annotations

from collections.abc import Collection

from ..language.tree import Expr, call, name, names, number
from ..language.values import Impossible, Misfit, Values, shape
from ..numeric.equality import same
from ..op import OPS

ALL = Expr("All")


class NoColumn(Exception):
    """No column is known whose elements are the terms of the sum."""


def vectorise_sums(tree: Expr, values: Values, functions: Collection[str]) -> Expr:
    """Returns the tree with every sum over an index replaced by a sum of a column, where such a column is known.

    ``values`` evaluates trees at the point at which the result will be recorded.  ``functions`` are the names of the
    functions that the problem declares.
    """
    args = tuple(vectorise_sums(a, values, functions) for a in tree.args)
    tree = tree._replace(args=args)
    if tree.head not in ("Sum", "Each") or len(args) != 3:
        return tree
    term, first, last = args
    try:
        if first != number(1) or tree.value not in names(term):
            raise NoColumn
        column = Vectoriser(tree.value, last, values, functions).column_of(term)
        whole = as_softmax(column) if tree.head == "Each" else call("sum", column)
        return whole if same(values(whole), values(tree), nan=True) else tree
    except (NoColumn, Misfit, Impossible):
        return tree


def as_softmax(tree: Expr) -> Expr:
    """Replaces exp(s) / sum(exp(s)) by softmax(s), which is one operation with one derivative."""
    if tree.head == "divide" and tree.args[0].head == "exp" and tree.args[1] == call("sum", tree.args[0]):
        return call("softmax", *tree.args[0].args)
    return tree


class Vectoriser:
    """Finds the column of the values that a term takes as its index runs from 1 to ``last``."""

    def __init__(self, index: str, last: Expr, values: Values, functions: Collection[str]) -> None:
        self.index, self.last, self.values = name(index), last, values
        self.at_first = type(values)({**values.known, index: 1}, values.functions, values.derivative)
        self.functions = {*functions, *(f"{word}'" for word in functions)}

    def is_independent(self, tree: Expr) -> bool:
        """Does the tree have the same value for all values of the index?"""
        return str(self.index.value) not in names(tree)

    def is_scalar(self, tree: Expr) -> bool:
        """Is the tree a single number for each value of the index?  It is tried with the first value."""
        return shape(self.at_first(tree)) == ()

    def column_of(self, tree: Expr) -> Expr:
        """Returns the column whose elements are the term.  Raises NoColumn if no rule below applies."""
        if not self.is_scalar(tree):
            raise NoColumn
        if self.is_independent(tree):
            return tree
        if tree.head == "Index":
            return self.index_column(*tree.args)
        if tree.head == "If":
            return self.unit_column(*tree.args)
        if tree.head == "transpose":
            return self.column_of(tree.args[0])
        if tree.head == "matmul":
            return self.product_column(tree)
        op = OPS.get(tree.head.rstrip("'"))
        if tree.head in self.functions or (op is not None and op.elementwise):
            return tree._replace(args=tuple(map(self.column_of, tree.args)))
        raise NoColumn

    def index_column(self, whole: Expr, *parts: Expr) -> Expr:
        # C[j] runs over the rows of C, and C[j, k] over the column C[:, k].
        if not self.is_independent(whole) or parts[0] != self.index or not all(map(self.is_independent, parts[1:])):
            raise NoColumn
        if len(parts) == 1:
            return whole
        return Expr("Index", (whole, ALL, *parts[1:]))

    def unit_column(self, condition: Expr, this: Expr, other: Expr) -> Expr:
        """Returns the column of I(y = j): it is a unit vector whose element y is 1."""
        sides = [a for a in condition.args if a != self.index]
        if condition.value != "==" or other != number(0) or len(sides) != 1 or not self.is_independent(sides[0]):
            raise NoColumn
        unit = call("one_hot", sides[0], self.last)
        return unit if this == number(1) else call("multiply", unit, self.column_of(this))

    def product_column(self, tree: Expr) -> Expr:
        """Returns the column of a product: of C[j].T @ W @ u it is C @ W @ u, because C[j] is row j of C."""
        factors, minus = split_signs(matmul_factors(tree))
        if minus:
            return call("negative", self.column_of(matmul_all(factors)))
        if all(map(self.is_scalar, tree.args)):
            return call("multiply", *map(self.column_of, tree.args))
        first, *between, last = factors
        row = first.args[0] if first.head == "transpose" else None
        if row is not None and self.is_row(row) and all(map(self.is_independent, [*between, last])):
            return matmul_all([row.args[0], *between, last])
        if self.is_row(last) and all(map(self.is_independent, [first, *between])):
            return matmul_all([last.args[0], call("transpose", matmul_all([first, *between]))])
        raise NoColumn

    def is_row(self, tree: Expr) -> bool:
        """Is the tree a row C[j] of a matrix that does not depend on j?"""
        return tree.head == "Index" and tree.args[1:] == (self.index,) and self.is_independent(tree.args[0])


def matmul_factors(tree: Expr) -> list[Expr]:
    """Lists the factors of a nested product of matrices, from left to right."""
    return [f for a in tree.args for f in matmul_factors(a)] if tree.head == "matmul" else [tree]


def split_signs(factors: list[Expr]) -> tuple[list[Expr], bool]:
    """Removes the signs of the factors, and tells whether their product changes its sign.

    It is needed because -C[j].T @ u is read as (-C[j].T) @ u.
    """
    signs = sum(f.head == "negative" for f in factors)
    plain = [f.args[0] if f.head == "negative" else f for f in factors]
    return (factors, False) if not signs else ([g for f in plain for g in matmul_factors(f)], bool(signs % 2))


def matmul_all(factors: list[Expr]) -> Expr:
    """Multiplies the matrices, from left to right."""
    whole, *others = factors
    for factor in others:
        whole = call("matmul", whole, factor)
    return whole
