"""Functions made to be called in one fixed way, whatever their own signatures are.

The code that is evaluated here is made of names of parameters alone, which errors/messages.py has checked.  It is made
when it is first needed: for a hundred operations at import it would take ten milliseconds.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any


def names(function: Any) -> tuple[str, ...]:
    """The names of a function's parameters.  Those of a rule are what it reads."""
    code = getattr(function, "__code__", None)
    if code is None:  # a ufunc, say
        return tuple(inspect.signature(function).parameters)
    return tuple(code.co_varnames[: code.co_argcount + is_packed(function)])


def is_packed(function: Any) -> bool:
    """Does its last parameter take any number of arguments, as ``*shape`` does?"""
    return bool(function.__code__.co_flags & inspect.CO_VARARGS)


def takes_any_word(function: Any) -> bool:
    """Does it take arguments of any name, as ``**options``?"""
    return bool(function.__code__.co_flags & inspect.CO_VARKEYWORDS)


def names_by_kind(function: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the parameters that are given by position, a packed one last, and of those by name alone."""
    code = function.__code__
    first, last = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    packed = code.co_varnames[last : last + 1] if is_packed(function) else ()
    return (*code.co_varnames[:first], *packed), code.co_varnames[first:last]


def called_with_tuple(function: Any) -> Any:
    """Make a function that takes what ``arguments`` returns: the last parameter as one tuple, if it is packed."""
    return (lambda *values: function(*values[:-1], *values[-1])) if is_packed(function) else function


def notation(name: str, operands: Iterable[str]) -> str:
    """The notation in LaTeX of a function that has none of its own: its name, and its operands in parentheses."""
    return rf"\operatorname{{{name}}}({', '.join(f'${x}' for x in operands)})".replace("_", r"\_")


class Shapes(list[Any]):
    """The shapes of a list of operands, for the rules of an operation on a list."""

    def __init__(self, shapes: Iterable[Any]) -> None:
        super().__init__(shapes)
        self.starts: dict[int | None, list[int]] = {}

    def start(self, which: int, axis: int | None) -> int:
        """Where operand ``which`` begins if all are joined along an axis, or flattened if ``axis`` is None.

        The sums are computed once for all operands.
        """
        if axis not in self.starts:
            lengths = (math.prod(s) if axis is None else s[axis] for s in self)
            self.starts[axis] = [0, *itertools.accumulate(lengths)]
        return int(self.starts[axis][which])


def written(notation: str, where: Callable[..., bool]) -> Callable[[Any], Any]:
    """A decorator of an operation: gives another notation for operands for which its own would be false.

    ``where``: a predicate on the numbers of axes of the arguments that it names, as ``lambda x: x > 1``.  ``notation``:
    as that of ``op``; empty: the operation is called by its name, which is true for any shapes.
    """

    def decorated(public: Any) -> Any:
        public.op.forms = (*public.op.forms, (notation, where))
        return public

    return decorated


def filled(words: str, where: Callable[..., Any]) -> Callable[[Any], Any]:
    """A decorator of an operation whose notation is 0/0 somewhere, and that has a value there.

    ``words``: what the value is, as "0 where $y is 0".  ``where``: a predicate on the arguments.
    """

    def decorated(public: Any) -> Any:
        public.op.filled = words, where
        return public

    return decorated


def called_also(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A decorator of an operation that NumPy's users call in another way too.

    ``convert``: turns the arguments of that call into those of the operation, and returns others as they are.
    """

    def decorated(public: Any) -> Any:
        public.op.in_order = convert
        return public

    return decorated


def worded_also(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A decorator of an operation some of whose named arguments depend on each other for other people.

    ``convert``: turns the named arguments of a call that does not fit into others, or raises what says how to write it.
    """

    def decorated(public: Any) -> Any:
        public.op.in_words = convert
        return public

    return decorated


def otherwise(where: Callable[..., Any]) -> Callable[[Any], Any]:
    """A decorator of an operation: other people call it with the same number of arguments, and mean others.

    ``where``: a predicate on the arguments that are given by position, and on those by name.  Such a call is left to
    the function that extends the operation: see ``extends`` in composing.py.
    """

    def decorated(public: Any) -> Any:
        public.op.otherwise = where
        return public

    return decorated


def arguments(function: Any, otherwise: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Make a function that takes a call's arguments and returns all in their order, with defaults filled in.

    It raises TypeError for arguments that do not fit, and for those for which ``otherwise`` holds.
    """
    *first, last = parameters = names(function)
    given = ", ".join([*first, "*" * is_packed(function) + last])
    complete: Callable[..., Any] = eval(f"lambda {given}: ({', '.join(parameters)},)")
    complete.__defaults__, complete.__qualname__ = function.__defaults__, function.__name__
    if otherwise is None:
        return complete

    def checked(*args: Any, **options: Any) -> Any:
        if otherwise(args, options):
            raise TypeError(f"{function.__name__} is called in another way")
        return complete(*args, **options)

    return checked


def vjp_without_nodes(op: Any, k: int, g: Any, z: Any, values: Any) -> Any:
    """Call the rule for argument number ``k`` on values that no record holds.  The rule may not read shapes."""
    rule = op.rules[op.names[k]]
    known = {**dict(zip(op.names, values)), "g": g, "z": z}
    return rule(*(known[word] for word in names(rule)))
