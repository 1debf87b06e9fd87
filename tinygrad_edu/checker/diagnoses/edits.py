"""The types that the edits of expressions share: an edit, and what an edit has to know of the problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ...language.tree import Expr, Path, at
from .candidate import Candidate

SIGNED = ("add", "subtract")

PRODUCTS = ("multiply", "matmul", "divide", "outer", "dot")

REDUCTIONS = ("sum", "mean")


class Edit(NamedTuple):
    """An expression with one change, and the mistake that the change would undo."""

    tree: Expr
    candidate: Candidate


class EditContext(NamedTuple):
    """What an edit may use: the names with their values, the sizes, and the functions that the loss applies."""

    values: Mapping[str, Any]
    functions: list[str]
    slopes: dict[str, Expr]  # by their text, the derivatives of these functions at the names to which they are applied
    misfit: bool  # does the claim have a wrong shape?  Then an edit may change it
    sizes: Mapping[str, int]
    activations: list[set[str]]  # pairs of names, of which one is a function of the other, element by element
    shape_of: Callable[[Expr], tuple[int, ...] | None]  # None for an expression that has no value


Edits = Iterator[tuple[Expr, Candidate]]  # what may replace a node, with the mistake that it would undo


def indices_in_force(tree: Expr, path: Path) -> list[str]:
    """Lists the indices of the sums and lists around the node at a path, from the outside."""
    return [at(tree, path[:i]).value for i in range(len(path)) if at(tree, path[:i]).head in ("Sum", "Each")]


def substitute(tree: Expr, word: str, new: Expr) -> Expr:
    """Replaces a name by an expression wherever it occurs in the tree."""
    if tree.head == "Name":
        return new if tree.value == word else tree
    return tree._replace(args=tuple(substitute(a, word, new) for a in tree.args))
