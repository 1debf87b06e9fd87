"""Sums over an index as sums of columns: sum(log(C[j].T @ u) for j in 1..n) is sum(log(C @ u)).

A formula is found for what is computed in one piece; term by term it would have as many terms as the point at which it
was recorded.  Nothing here is believed: a formula found so is compared with the sum as it was written.
"""

from __future__ import annotations

from collections.abc import Collection

from ..language.tree import Expr, call, name, names, number
from ..language.values import Impossible, Misfit, Values, shape
from ..numeric.equality import same
from ..op import OPS

ALL = Expr("All")


class NoColumn(Exception):
    """The terms are not elements of a column that can be written in one piece."""


def without_indices(tree: Expr, values: Values, functions: Collection[str]) -> Expr:
    """The tree with each sum over an index written in one piece, where that is known how.

    ``values`` computes at the point at which the tree is to be recorded; ``functions``: those that were declared.
    """
    args = tuple(without_indices(a, values, functions) for a in tree.args)
    tree = tree._replace(args=args)
    if tree.head not in ("Sum", "Each") or len(args) != 3:
        return tree
    term, first, last = args
    try:
        if first != number(1) or tree.value not in names(term):
            raise NoColumn
        made = Columned(tree.value, last, values, functions).column(term)
        whole = softmax(made) if tree.head == "Each" else call("sum", made)
        return whole if same(values(whole), values(tree), nan=True) else tree
    except (NoColumn, Misfit, Impossible):
        return tree


def softmax(tree: Expr) -> Expr:
    """What is a softmax, as one: exp(s) / sum(exp(s))."""
    if tree.head == "divide" and tree.args[0].head == "exp" and tree.args[1] == call("sum", tree.args[0]):
        return call("softmax", *tree.args[0].args)
    return tree


class Columned:
    """Writes the column of a term for all values of its index."""

    def __init__(self, index: str, last: Expr, values: Values, functions: Collection[str]) -> None:
        self.index, self.last, self.values = name(index), last, values
        self.one = type(values)({**values.known, index: 1}, values.functions, values.derivative)
        self.functions = {*functions, *(f"{word}'" for word in functions)}

    def free(self, tree: Expr) -> bool:
        """Is it the same for all values of the index?"""
        return str(self.index.value) not in names(tree)

    def number(self, tree: Expr) -> bool:
        """Is it one number for each value of the index?"""
        return shape(self.one(tree)) == ()

    def column(self, tree: Expr) -> Expr:
        """The column whose elements are the term.  NoColumn, where that is not known."""
        if not self.number(tree):
            raise NoColumn
        if self.free(tree):
            return tree
        if tree.head == "Index":
            return self.element(*tree.args)
        if tree.head == "If":
            return self.chosen(*tree.args)
        if tree.head == "transpose":
            return self.column(tree.args[0])
        if tree.head == "matmul":
            return self.product(tree)
        op = OPS.get(tree.head.rstrip("'"))
        if tree.head in self.functions or (op is not None and op.elementwise):
            return tree._replace(args=tuple(map(self.column, tree.args)))
        raise NoColumn

    def element(self, whole: Expr, *parts: Expr) -> Expr:
        if not self.free(whole) or parts[0] != self.index or not all(map(self.free, parts[1:])):
            raise NoColumn
        if len(parts) == 1:
            return whole
        return Expr("Index", (whole, ALL, *parts[1:]))

    def chosen(self, condition: Expr, this: Expr, other: Expr) -> Expr:
        """I(y = j): the unit vector number y."""
        sides = [a for a in condition.args if a != self.index]
        if condition.value != "==" or other != number(0) or len(sides) != 1 or not self.free(sides[0]):
            raise NoColumn
        unit = call("one_hot", sides[0], self.last)
        return unit if this == number(1) else call("multiply", unit, self.column(this))

    def product(self, tree: Expr) -> Expr:
        """C[j].T @ W @ u: the row comes first, and of all rows it is C @ W @ u."""
        factors, minus = signed(chain(tree))
        if minus:
            return call("negative", self.column(product(factors)))
        if all(map(self.number, tree.args)):
            return call("multiply", *map(self.column, tree.args))
        first, *between, last = factors
        row = first.args[0] if first.head == "transpose" else None
        if row is not None and self.is_row(row) and all(map(self.free, [*between, last])):
            return product([row.args[0], *between, last])
        if self.is_row(last) and all(map(self.free, [first, *between])):
            return product([last.args[0], call("transpose", product([first, *between]))])
        raise NoColumn

    def is_row(self, tree: Expr) -> bool:
        """Is it C[j], of a matrix that does not depend on j?"""
        return tree.head == "Index" and tree.args[1:] == (self.index,) and self.free(tree.args[0])


def chain(tree: Expr) -> list[Expr]:
    """The factors of a product of matrices."""
    return [f for a in tree.args for f in chain(a)] if tree.head == "matmul" else [tree]


def signed(factors: list[Expr]) -> tuple[list[Expr], bool]:
    """Factors without their signs, and whether their product has the other sign: -C[j].T @ u is (-C[j].T) @ u."""
    signs = sum(f.head == "negative" for f in factors)
    plain = [f.args[0] if f.head == "negative" else f for f in factors]
    return (factors, False) if not signs else ([g for f in plain for g in chain(f)], bool(signs % 2))


def product(factors: list[Expr]) -> Expr:
    """The product of matrices, from left to right."""
    whole, *others = factors
    for factor in others:
        whole = call("matmul", whole, factor)
    return whole
