"""What the engine is doing right now: one value for each thread and task; ``with`` puts it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any


class Context:
    """Does it record, where, and who watches?  It never changes: ``within`` makes another one."""

    __slots__ = ("recording", "scope", "frame", "watch", "fast")

    def __init__(
        self,
        recording: bool = True,
        scope: str | None = None,
        frame: FrameType | None = None,
        watch: Callable[..., None] | None = None,
    ) -> None:
        self.recording = recording
        self.scope = scope  # where in the model an operation stands, as "net/layer1"
        self.frame = frame  # where the user is, when we record on the user's behalf
        self.watch = watch  # is shown every value and every gradient: see errors/trace_nan.py
        # It records, and nobody has to be asked: see engine/fast_calls.py.
        self.fast = recording and frame is None and watch is None


current: ContextVar[Context] = ContextVar("tinygrad_edu", default=Context())


@contextmanager
def within(**changes: Any) -> Iterator[None]:
    """In this block the current context has some other fields."""
    now = current.get()
    same = {"recording": now.recording, "scope": now.scope, "frame": now.frame, "watch": now.watch}
    token = current.set(Context(**(same | changes)))
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
