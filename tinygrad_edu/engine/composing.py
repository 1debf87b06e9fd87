"""Functions that are made of operations.  The operations are recorded for the line that calls the function."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ..context import current, within
from ..errors import messages as errors
from ..graph import get_frame
from . import calling
from .spelling import Spelled


class Composed(Spelled):
    """A function that is made of operations: see ``composed`` and ``extends``."""

    def __init__(self, function: Callable[..., Any], **spelling: Any) -> None:
        self.function, self.name = function, function.__name__
        self.names, self.only_named = calling.names_by_kind(function)
        vars(self).update(spelling)

        @functools.wraps(function)
        def public(*args: Any, **options: Any) -> Any:
            """Call the function in the user's place."""
            try:
                with within(frame=current.get().frame or get_frame(1)):
                    return function(*args, **options)
            except TypeError as error:
                if error.__traceback__ is not None and error.__traceback__.tb_next is None:  # the arguments do not fit
                    return self.call(args, options, error)
                raise errors.located(error)
            except Exception as error:
                raise errors.located(error)

        self.public = public


def composed(
    *,
    aliases: str = "",
    words: Mapping[str, str] = {},
    advice: Mapping[str, str] = {},
    method: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator of a function that calls operations: what it records has the location of the function's caller.

    ``aliases``, ``words``, ``advice``: as for an operation, see engine/spelling.py.  ``method``: is it a method of
    Tensors?
    """

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        """Make the function known by its names, and return the one that users call."""
        made = Composed(function, aliases=aliases, words=words, advice=advice)
        made.register(method)
        return made.public

    return decorated


def extends(
    operation: Any, *, words: Mapping[str, str] = {}, advice: Mapping[str, str] = {}
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator of a function that computes what an operation is asked for beyond its own arguments.

    It is called where a call does not fit the operation, and where ``calling.otherwise`` says so.  It gives the
    operation only operands by position, and options by name, so that such a call fits.  It may stand in a file that is
    read later.  ``words``, ``advice``: as for ``composed``; those of the operation do not count then.
    """

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        """Attach the function to the operation, and return the one that users call."""
        made = Composed(function, name=operation.op.name, words=words, advice=advice)
        operation.op.extension = made
        return made.public

    return decorated
