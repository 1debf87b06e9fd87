"""An expression as a tree: what a student wrote, and what ``formula`` found.

The head of a node says what it is.  The head of an operation is its name in ``OPS``, so that nothing here lists
operations; with a prime, as ``sigmoid'``, it is the derivative of an elementwise one.  Everything else begins with a
capital letter:

    Number      value: the number                         2
    Name        value: the name                           W
    Index       args: the whole, then its subscripts      t[j], U[o, :]
    All         a subscript that takes everything         :
    Backwards   a subscript that takes all, from the end  ::-1
    New         a subscript that makes an axis            None
    List        args: its elements                        [a, b], (M, 1)
    Sum, Each   value: the index; args: the term, the     sum(t[j] for j in 1..n), [t[j] for j in 1..n]
                first index, the last, perhaps a condition
    If          args: the condition, this, otherwise      a if k == l else b
    Compare     value: the sign; args: left, right        k == l
    And, Or, Not
    Derivative  args: of what, with respect to what       dJ/dW
    Shape       args: of what                             shape(W)
    Function    value: a function of all names, given in Python and not further known

The options of an operation, its axis say, are its value: pairs of a name and a number, a truth value or a tuple.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple


class Expr(NamedTuple):
    """One node, with all that is below it.  It is a plain value: equal where it is written alike, and hashable."""

    head: str
    args: tuple[Expr, ...] = ()
    value: Any = None


Path = tuple[int, ...]  # from the root down: which argument, at each node


def number(x: float) -> Expr:
    return Expr("Number", (), x)


def name(word: str) -> Expr:
    return Expr("Name", (), word)


def call(head: str, *args: Expr, **options: Any) -> Expr:
    """An operation applied to its operands."""
    return Expr(head, args, tuple(sorted(options.items())) or None)


def walk(tree: Expr) -> Iterator[tuple[Path, Expr]]:
    """Every node with the path to it, from the root down."""
    pending: list[tuple[Path, Expr]] = [((), tree)]
    while pending:
        path, node = pending.pop()
        yield path, node
        pending += [((*path, i), arg) for i, arg in reversed([*enumerate(node.args)])]


def at(tree: Expr, path: Path) -> Expr:
    for i in path:
        tree = tree.args[i]
    return tree


def replaced(tree: Expr, path: Path, new: Expr) -> Expr:
    """The tree with another node in that place."""
    if not path:
        return new
    i, *rest = path
    args = (*tree.args[:i], replaced(tree.args[i], tuple(rest), new), *tree.args[i + 1 :])
    return tree._replace(args=args)


def names(tree: Expr) -> set[str]:
    """All names in it, but not the indices over which it sums."""
    if tree.head == "Name":
        return {tree.value}
    parts = [names(arg) for arg in tree.args]
    if tree.head in ("Sum", "Each"):
        term, first, last, *condition = parts
        return first | last | (term.union(*condition) - {tree.value})
    return set().union(*parts)


def size(tree: Expr) -> int:
    """How long it is to read: symbols and operators, where a transpose costs nothing."""
    return sum(node.head != "transpose" for _, node in walk(tree))
