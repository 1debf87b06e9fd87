"""What the engine is doing right now: one value for each thread and task; ``with`` puts it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any, NamedTuple


class Context(NamedTuple):
    """Does it record, where, and who watches?"""

    recording: bool = True
    scope: str | None = None  # where in the model an operation stands, as "net/layer1"
    frame: FrameType | None = None  # where the user is, when we record on the user's behalf
    watch: Callable[..., None] | None = None  # is shown every value and every gradient: errors/trace_nan.py
    fast: bool = True  # it records, and nobody has to be asked: see engine/fast_calls.py


current: ContextVar[Context] = ContextVar("tinygrad_edu", default=Context())


@contextmanager
def within(**changes: Any) -> Iterator[None]:
    """The current context with some of its fields changed."""
    new = current.get()._replace(**changes)
    fast = new.recording and new.frame is None and new.watch is None
    token = current.set(new if new.fast == fast else new._replace(fast=fast))
    try:
        yield
    finally:
        current.reset(token)


def no_grad() -> AbstractContextManager[None]:
    """In this ``with`` block nothing is recorded: results are constants."""
    return within(recording=False)


def scope(name: str) -> AbstractContextManager[None]:
    """In this ``with`` block results belong to a part of the model; scopes nest: ``net/layer1``."""
    return within(scope=inner(name))


def inner(name: str) -> str:
    """The scope of that name within the current one."""
    if not isinstance(name, str):
        raise TypeError(f"a scope has a name, a string, not {type(name).__name__}")
    outer = current.get().scope
    return f"{outer}/{name}" if outer else name
