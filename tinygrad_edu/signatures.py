"""Functions made to be called in one fixed way, whatever their own signatures are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any


def reads(rule: Callable[..., Any]) -> list[str]:
    """The names in a rule's signature."""
    return list(inspect.signature(rule).parameters)


def aligned(rule: Callable[..., Any] | None, everything: list[str]) -> Any:
    """The rule, callable with everything: ``lambda g, z, x, y: rule(g, y)`` is faster than to pick at every call.

    The text that is evaluated holds nothing but the names of the parameters, which errors.py has checked.
    """
    if rule is None or reads(rule) == everything:
        return rule
    return eval(f"lambda {', '.join(everything)}: rule({', '.join(reads(rule))})", {"rule": rule})


def of(function: Callable[..., Any]) -> tuple[tuple[str, ...], Any, Any]:
    """The names of a function's parameters; a function that puts arguments in their order, as one tuple with the
    defaults filled in, by Python's own rules and with Python's own errors; and the function, to be called with it."""
    parameters = inspect.signature(function).parameters
    starred = [name for name, p in parameters.items() if p.kind is p.VAR_POSITIONAL]
    signature = ", ".join(f"*{name}" if name in starred else name for name in parameters)
    complete: Any = eval(f"lambda {signature}: ({', '.join(parameters)},)")
    complete.__defaults__, complete.__qualname__ = function.__defaults__, function.__name__
    forward = (lambda *values: function(*values[:-1], *values[-1])) if starred else function
    return tuple(parameters), complete, forward


def notation(name: str, operands: Iterable[str]) -> str:
    """How a function is written that has no notation of its own: its name, and its operands in parentheses."""
    return rf"\operatorname{{{name}}}({', '.join(f'${x}' for x in operands)})".replace("_", r"\_")
