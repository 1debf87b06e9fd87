"""A function called on names instead of numbers: what it would compute, as a tree, also where the shapes do not fit."""

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


class Unwritten(Exception):
    """The function does something that the notation has no words for."""


class Written:
    """An expression that grows as one computes with it."""

    def __init__(self, tree: Expr) -> None:
        self.tree = tree

    @property
    def T(self) -> Written:
        return Written(call("transpose", self.tree))

    def __neg__(self) -> Written:
        return Written(call("negative", self.tree))

    def __getitem__(self, key: Any) -> Written:
        keys = key if isinstance(key, tuple) else (key,)
        return Written(Expr("Index", (self.tree, *map(subscript, keys))))

    def __getattr__(self, word: str) -> Any:
        if word in (*REDUCTIONS, "dot", "ravel"):
            return lambda *args, **options: applied(word, (self, *args), options)
        raise Unwritten(word)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **options: Any) -> Written:
        if method != "__call__" or options:
            raise Unwritten(ufunc.__name__)
        return applied(ufunc.__name__, args, {})

    def __array_function__(self, function: Any, _: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Written:
        return applied(function.__name__, args, options)


def _operator(head: str, reflected: bool) -> Callable[[Written, Any], Written]:
    return lambda self, other: applied(head, (other, self) if reflected else (self, other), {})


for _word, _head in OPERATORS.items():
    setattr(Written, f"__{_word}__", _operator(_head, False))
    setattr(Written, f"__r{_word}__", _operator(_head, True))


def applied(head: str, args: tuple[Any, ...], options: dict[str, Any]) -> Written:
    """An operation on what has been written."""
    head = ALIASES.get(head, head)
    if head in REDUCTIONS and len(args) == 2:
        operand, axis = args
        args, options = (operand,), {"axis": axis, **options}
    if head not in OPS or not all(isinstance(x, (int, float, bool)) for x in options.values()):
        raise Unwritten(head)
    return Written(call(head, *map(tree_of, args), **options))


def writer(head: str) -> Callable[..., Written]:
    """An operation that writes itself down."""
    return lambda *args, **options: applied(head, args, options)


def tree_of(x: Any) -> Expr:
    if isinstance(x, Written):
        return x.tree
    if isinstance(x, (int, float, np.number)):
        return number(float(x))
    raise Unwritten(type(x).__name__)


def subscript(key: Any) -> Expr:
    if key is None or key is Ellipsis:
        return Expr("New" if key is None else "Rest")
    if isinstance(key, slice):
        if key == slice(None):
            return Expr("All")
        raise Unwritten("a slice")
    return tree_of(operator.index(key) if isinstance(key, np.integer) else key)


def written(claim: Callable[..., Any], arguments: list[str]) -> Expr:
    """The tree of a function.  Unwritten, if the notation has no words for what it does."""
    if not isinstance(claim, types.FunctionType):
        raise Unwritten("a function of another kind")
    known: dict[str, Any] = {}
    for word in claim.__code__.co_names:
        there = claim.__globals__.get(word)
        if ALIASES.get(word, word) in OPS and callable(there):
            known[word] = writer(word)
        elif isinstance(there, types.ModuleType) and there.__name__ == __package__.partition(".")[0]:
            known[word] = types.SimpleNamespace(**{head: writer(head) for head in OPS})
    made = types.FunctionType(
        claim.__code__, {**claim.__globals__, **known}, claim.__name__, claim.__defaults__, claim.__closure__
    )
    try:
        return tree_of(made(**{word: Written(name(word)) for word in arguments}))
    except Exception as error:  # a function of the user's may fail as it likes
        raise Unwritten(str(error)) from None
