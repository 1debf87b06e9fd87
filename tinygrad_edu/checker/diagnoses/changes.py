"""What is changed in an expression, and what it has to know of the problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ...language.tree import Expr, Path, at
from .guess import Guess

SIDES = ("add", "subtract")

PRODUCTS = ("multiply", "matmul", "divide", "outer", "dot")

REDUCTIONS = ("sum", "mean")


class Repair(NamedTuple):
    """The expression with one change, and the mistake that it undoes."""

    tree: Expr
    guess: Guess


class Around(NamedTuple):
    """What stands around the place: names with their values, indices in force, functions that the loss uses."""

    values: Mapping[str, Any]
    functions: list[str]
    slopes: dict[str, Expr]  # derivatives of the functions that the loss uses, where it uses them
    misfit: bool
    sizes: Mapping[str, int]
    activations: list[set[str]]  # pairs of names, of which one is a function of the other, element by element
    shape_of: Callable[[Expr], tuple[int, ...] | None]  # of what has a value without an index


Found = Iterator[tuple[Expr, Guess]]


def indices(tree: Expr, path: Path) -> list[str]:
    return [at(tree, path[:i]).value for i in range(len(path)) if at(tree, path[:i]).head in ("Sum", "Each")]


def substituted(tree: Expr, word: str, new: Expr) -> Expr:
    """Another expression for a name, everywhere."""
    if tree.head == "Name":
        return new if tree.value == word else tree
    return tree._replace(args=tuple(substituted(a, word, new) for a in tree.args))
