"""The names that an option has elsewhere: ``lr`` for ``rate``, ``argnum`` for ``argnums``.

A function takes them as its own.  An option that it does not have is an error that lists the options there are, and
says what to write for those that people bring from other libraries.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from ..errors import messages as errors

F = TypeVar("F", bound=Callable[..., Any])


def also_takes(instead: Mapping[str, str] | None = None, **names: str) -> Callable[[F], F]:
    """A decorator of a function: ``lr="rate"`` lets a caller write lr for the option rate.

    ``instead``: for options of other libraries that the function does not have, what to write; a sentence each.  The
    function raises TypeError for an option that it does not know, and for one that is given under two names.
    """
    remedies = instead or {}

    def decorated(function: F) -> F:
        """Wrap a function, whose code says which options it has."""
        code = inspect.unwrap(function).__code__
        positions = code.co_varnames[: code.co_argcount]
        own = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

        @functools.wraps(function)
        @errors.with_short_traceback
        def called(*args: Any, **options: Any) -> Any:
            for name in options.keys() - own:
                meant = names.get(name, "")
                if meant not in own:
                    raise errors.unknown_option(
                        title(function, args), name, [n for n in own if n != "self"], remedies.get(name)
                    )
                if meant in options or meant in positions[: len(args)]:
                    raise errors.given_under_two_names(title(function, args), name, meant)
                options[meant] = options.pop(name)
            return function(*args, **options)

        return cast(F, called)

    return decorated


def title(function: Any, args: tuple[Any, ...]) -> str:
    """What the user calls a function: its name, and the name of the class if the function is an ``__init__``."""
    return type(args[0]).__name__ if function.__name__ == "__init__" else str(function.__name__)
