"""The names that an option has elsewhere: ``lr`` for ``rate``, ``argnum`` for ``argnums``.

A function takes them as its own.  An option that it does not have is an error that lists the options there are, and
says what to write for those that people bring from other libraries.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from ..errors import messages as errors

F = TypeVar("F", bound=Callable[..., Any])


def also_takes(instead: Mapping[str, str] | None = None, **names: str) -> Callable[[F], F]:
    """A decorator of a function: ``lr="rate"`` lets a caller write lr for the option rate.

    ``instead``: for options of other libraries that the function does not have, what to write; a sentence each.  They
    are taken where they are False or None, for then nothing is asked for.  The function raises TypeError for an option
    that it does not know, for one that is given under two names, and for too many arguments by position.
    """
    remedies = instead or {}

    def decorated(function: F) -> F:
        """Wrap a function, whose code says which options it has."""
        code = inspect.unwrap(function).__code__
        by_position = code.co_varnames[: code.co_argcount]
        own = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        most = len(by_position) if not code.co_flags & inspect.CO_VARARGS else sys.maxsize

        def translated(args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
            """The options by the function's own names."""
            known = {name: x for name, x in options.items() if name in own}
            for name in options.keys() - known.keys():
                if name in remedies and (options[name] is None or options[name] is False):
                    continue  # nothing is asked for
                meant = names.get(name, "")
                if meant not in own:
                    listed = [name for name in own if name != "self"]
                    raise errors.unknown_option(title(function, args), name, listed, remedies.get(name))
                if meant in known or meant in by_position[: len(args)]:
                    raise errors.given_under_two_names(title(function, args), name, meant)
                known[meant] = options[name]
            return known

        @functools.wraps(function)
        def called(*args: Any, **options: Any) -> Any:
            try:
                if len(args) > most:
                    first = own[:1] == ("self",)
                    shown = by_position[first:], own[most:], len(args) - first
                    raise errors.by_name_alone(title(function, args), *shown)
                return function(*args, **translated(args, options)) if options else function(*args)
            except Exception as error:
                raise errors.hide_our_frames(error)

        return cast(F, called)

    return decorated


def title(function: Any, args: tuple[Any, ...]) -> str:
    """What the user calls a function: its name, and the name of the class if the function is an ``__init__``."""
    return type(args[0]).__name__ if function.__name__ == "__init__" else str(function.__name__)
