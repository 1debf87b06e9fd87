"""Functions that are made of operations.  The operations are recorded for the line that calls the function."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from ..context import current, within
from ..errors import messages as errors
from ..graph import Value, get_frame
from . import calling
from .spelling import Spelled

F = TypeVar("F", bound=Callable[..., Any])


# The names of first arguments that are no operands.
NO_OPERANDS = "arrays tensors tup matrices condlist condition func1d n shape size data start low p".split()


class Function(Spelled):
    """A function that is no operation, with the ways to spell a call of it."""

    def __init__(self, function: Callable[..., Any], **spelling: Any) -> None:
        # What a user calls is the class and not its __init__.
        self.function, self.name = function, function.__name__
        if self.name == "__init__":
            self.name = function.__qualname__.split(".")[-2]
        self.names, self.only_named = calling.names_by_kind(function)
        vars(self).update(spelling)

    @property
    def takes_operand_first(self) -> bool:
        """Is its first argument one operand, and no list of them, option or function?"""
        packed = calling.is_packed(self.function) and len(self.names) == 1
        return bool(self.names) and not packed and self.names[0] not in NO_OPERANDS


def call(made: Function, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Call a function.  If the arguments do not fit, they may be in other people's words."""
    try:
        return made.function(*args, **options)
    except TypeError as error:
        trace = error.__traceback__
        if trace is not None and trace.tb_next is None:  # it was raised by the call itself
            return made.call_translated(args, options, error)
        raise errors.hide_our_frames(error)
    except Exception as error:
        raise errors.hide_our_frames(error)


def in_place_of_user(made: Function) -> Callable[..., Any]:
    """Make the function that users call of one that calls operations: these are recorded for the user's line."""

    @functools.wraps(made.function)
    def public(*args: Any, **options: Any) -> Any:
        """Call the function in the user's place."""
        try:
            with within(frame=current.get().frame or get_frame(1)):
                return call(made, args, options)
        except Exception as error:
            raise errors.of_call(made, args, options, error)

    made.public = public
    return public


def composed(
    *,
    aliases: str = "",
    words: Mapping[str, str] = {},
    advice: Mapping[str, str] = {},
    method: bool | str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator of a function that calls operations: what it records has the location of the function's caller.

    ``aliases``, ``words``, ``advice``: as for an operation, see engine/spelling.py.  It is a method of Tensors if its
    first argument is one operand; otherwise it may be called on the class, as ``Tensor.zeros(3)``.  With
    ``method=False`` it is neither.  A name there, as "select", is that of a method that means another thing than the
    function of that name, and then it is no function for users.  METHODS in ops/composed/__init__.py names all those of
    files that are read later.
    """

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        """Make the function known by its names, and return the one that users call."""
        made = Function(function, aliases=aliases, words=words, advice=advice)
        public = in_place_of_user(made)
        if isinstance(method, str):
            made.name = method
            setattr(Value, method, public)
        else:
            made.register(made.takes_operand_first if method is None else method or None)
        return public

    return decorated


def extends(
    operation: Any, *, words: Mapping[str, str] = {}, advice: Mapping[str, str] = {}
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator of a function that computes what an operation is asked for beyond its own arguments.

    It is called where a call does not fit the operation, and where ``calling.otherwise`` says so.  It gives the
    operation only operands by position, and options by name, so that such a call fits.  It stands in the file of
    ops/composed that the operation's statement names, as ``extended="layers"``.  ``words``, ``advice``: as for
    ``composed``; those of the operation do not count then.
    """

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        """Attach the function to the operation, and return the one that users call."""
        operation.op.extension = made = Function(function, name=operation.op.name, words=words, advice=advice)
        return in_place_of_user(made)

    return decorated


def in_other_words(words: Mapping[str, str] = {}, advice: Mapping[str, str] = {}) -> Callable[[F], F]:
    """A decorator of any other function or method: takes other people's words for its arguments, as ``composed``."""

    def decorated(function: F) -> F:
        """Return a function that takes other words too."""

        @functools.wraps(function)
        def public(*args: Any, **options: Any) -> Any:
            """Call the function, in the user's words."""
            return call(made, args, options)

        made = Function(function, advice=advice)
        made.words = {word: name for word, name in words.items() if name in (*made.names, *made.only_named)}
        made.public = public
        return cast(F, public)

    return decorated
