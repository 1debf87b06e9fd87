"""Calls a function on symbols instead of arrays, and so finds the expression that it computes.

NumPy cannot evaluate a claim whose shapes do not fit, but the diagnoses need its expression.  Each operation on a
symbolic array only adds a node to a tree, so no shape can be wrong.
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..language.reading import ALIASES
from ..language.tree import Expr, call, name, number
from ..op import OPS

OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "matmul": "matmul", "pow": "power",
}  # fmt: skip
REDUCTIONS = ("sum", "mean", "max", "min", "prod")


class NotSymbolic(Exception):
    """The function does something that no expression of the language stands for."""


class SymbolicArray:
    """Stands for an array in a call: every operation on it returns a symbolic array with a larger tree."""

    def __init__(self, tree: Expr) -> None:
        self.tree = tree

    @property
    def T(self) -> SymbolicArray:
        return SymbolicArray(call("transpose", self.tree))

    def __neg__(self) -> SymbolicArray:
        return SymbolicArray(call("negative", self.tree))

    def __getitem__(self, key: Any) -> SymbolicArray:
        keys = key if isinstance(key, tuple) else (key,)
        return SymbolicArray(Expr("Index", (self.tree, *map(subscript_tree, keys))))

    def __getattr__(self, word: str) -> Any:
        if word in (*REDUCTIONS, "dot", "ravel"):
            return lambda *args, **options: apply_operation(word, (self, *args), options)
        raise NotSymbolic(word)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **options: Any) -> SymbolicArray:
        if method != "__call__" or options:
            raise NotSymbolic(ufunc.__name__)
        return apply_operation(ufunc.__name__, args, {})

    def __array_function__(
        self, function: Any, _: Any, args: tuple[Any, ...], options: dict[str, Any]
    ) -> SymbolicArray:
        return apply_operation(function.__name__, args, options)


def _operator(head: str, reflected: bool) -> Callable[[SymbolicArray, Any], SymbolicArray]:
    return lambda self, other: apply_operation(head, (other, self) if reflected else (self, other), {})


for _word, _head in OPERATORS.items():
    setattr(SymbolicArray, f"__{_word}__", _operator(_head, False))
    setattr(SymbolicArray, f"__r{_word}__", _operator(_head, True))


def apply_operation(head: str, args: tuple[Any, ...], options: dict[str, Any]) -> SymbolicArray:
    """Returns the symbolic result of an operation.  Raises NotSymbolic if the language has no such operation."""
    head = ALIASES.get(head, head)
    if head in REDUCTIONS and len(args) == 2:
        operand, axis = args
        args, options = (operand,), {"axis": axis, **options}
    if head not in OPS or not all(isinstance(x, (int, float, bool)) for x in options.values()):
        raise NotSymbolic(head)
    return SymbolicArray(call(head, *map(tree_of, args), **options))


def symbolic_operation(head: str) -> Callable[..., SymbolicArray]:
    """Returns a function that applies an operation to symbolic arrays, to take the place of NumPy's or the engine's."""
    return lambda *args, **options: apply_operation(head, args, options)


def tree_of(x: Any) -> Expr:
    if isinstance(x, SymbolicArray):
        return x.tree
    if isinstance(x, (int, float, np.number)):
        return number(float(x))
    raise NotSymbolic(type(x).__name__)


def subscript_tree(key: Any) -> Expr:
    if key is None or key is Ellipsis:
        return Expr("New" if key is None else "Rest")
    if isinstance(key, slice):
        if key == slice(None):
            return Expr("All")
        raise NotSymbolic("a slice")
    return tree_of(operator.index(key) if isinstance(key, np.integer) else key)


def call_symbolically(claim: Callable[..., Any], arguments: list[str]) -> Expr:
    """Returns the tree of what a function computes.  Raises NotSymbolic if no expression stands for it.

    The function runs with its own code, but its global names of operations, and the package under any name, are
    replaced by symbolic ones.  Operators and NumPy's functions reach SymbolicArray through its special methods.
    """
    if not isinstance(claim, types.FunctionType):
        raise NotSymbolic("a function of another kind")
    known: dict[str, Any] = {}
    for word in claim.__code__.co_names:
        there = claim.__globals__.get(word)
        if ALIASES.get(word, word) in OPS and callable(there):
            known[word] = symbolic_operation(word)
        elif isinstance(there, types.ModuleType) and there.__name__ == __package__.partition(".")[0]:
            known[word] = types.SimpleNamespace(**{head: symbolic_operation(head) for head in OPS})
    made = types.FunctionType(
        claim.__code__, {**claim.__globals__, **known}, claim.__name__, claim.__defaults__, claim.__closure__
    )
    try:
        return tree_of(made(**{word: SymbolicArray(name(word)) for word in arguments}))
    except Exception as error:  # a function that the user wrote may raise anything
        raise NotSymbolic(str(error)) from None
