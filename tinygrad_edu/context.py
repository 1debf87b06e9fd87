"""What the engine is doing right now: does it record, in which scope, for which line, and who watches.

One immutable value in a ``ContextVar``: every thread and asyncio task has its own, and leaving a ``with`` block puts
back exactly what was there before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import CodeType
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Context:
    recording: bool = True
    scope: str | None = None  # where in the model an operation stands, as "net/layer1"
    place: tuple[CodeType, int] | None = None  # the user's line, where we record on the user's behalf
    watch: Callable[..., None] | None = None  # is shown every value and every gradient: see nan.py


current: ContextVar[Context] = ContextVar("tinygrad_edu", default=Context())


@contextmanager
def within(**changes: Any) -> Iterator[None]:
    """The current context with some of its fields changed."""
    token = current.set(replace(current.get(), **changes))
    try:
        yield
    finally:
        current.reset(token)


def no_grad() -> AbstractContextManager[None]:
    """In this ``with`` block nothing is recorded: results are constants."""
    return within(recording=False)


def scope(name: str) -> AbstractContextManager[None]:
    """In this ``with`` block results belong to a part of the model, say a layer; scopes nest as ``net/layer1``."""
    outer = current.get().scope
    return within(scope=f"{outer}/{name}" if outer else name)
