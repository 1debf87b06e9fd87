"""A user's program, run as ``python SCRIPT`` would run it, with an eye on its calls of ``backward``."""

from __future__ import annotations

import builtins
import io
import linecache
import sys
import threading
import traceback
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from . import inputs, place
from .op import Value
from .tensor import Tensor
from .tracing import Trace, traced


class Call(NamedTuple):
    """A call of ``backward``: whose, with which seed, and at which line of which file."""

    tensor: Any
    seed: Any
    file: str
    line: int
    trace: Trace | None = None  # made at once where the call frees the record


class Wanted(NamedTuple):
    """Which call is wanted: of a line or of a name (``at``), and the how-manieth; the last, if it is None."""

    at: str | None = None
    nth: int | None = None

    def matches(self, tensor: Any, line: int) -> bool:
        """Is it a call at that line, or of a tensor of that name?"""
        return self.at is None or (int(self.at) == line if self.at.isdecimal() else place.name(tensor.node) == self.at)


class Run(NamedTuple):
    """What a program left behind."""

    call: Call | None  # the call that is wanted
    calls: int  # how many calls there were
    matching: int  # how many of them were such as are wanted
    names: dict[str, Any]  # the global names of the program
    code: int  # what it ended with


def run(script: Path, args: Sequence[str], wanted: Wanted) -> Run:
    """Run a program to its end.  Raises OSError if it cannot be read; its own errors are printed, as Python does."""
    source = script.read_bytes()
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=str(script), __builtins__=builtins)
    saved = sys.argv, sys.path[0], sys.modules["__main__"]
    code = 0
    with watched(wanted) as calls:
        sys.argv, sys.path[0], sys.modules["__main__"] = [str(script), *args], str(script.resolve().parent), main
        try:
            linecache.checkcache(str(script))
            exec(compile(source, str(script), "exec", dont_inherit=True), main.__dict__)
        except SystemExit as end:
            code = exit_code(end)
        except Exception as error:
            report(error)
            code = 1
        finally:
            sys.argv, sys.path[0], sys.modules["__main__"] = saved
            flush()
    return Run(calls.wanted, calls.number, calls.matching, main.__dict__, code)


class Calls:
    """What is kept of the calls: of a long training, one of them."""

    def __init__(self) -> None:
        self.wanted: Call | None = None
        self.number = self.matching = 0
        self.lock = threading.Lock()


@contextmanager
def watched(wanted: Wanted) -> Iterator[Calls]:
    """In this block every call of ``backward``, in any thread, is counted, and the wanted one kept."""
    calls, backward = Calls(), Tensor.backward

    def seen(self: Any, seed: Any = None, *, free: bool = False) -> None:
        frame = sys._getframe(1)
        with calls.lock:
            matches = wanted.matches(self, frame.f_lineno)
            this = matches and wanted.nth in (None, calls.matching + 1)
        trace = None
        if this and free and self.requires_grad:
            inputs.seed(self, seed)  # raises what backward would
            trace = traced(self, seed, sweep=True)
        backward(self, seed, free=free)  # what fails is not counted
        with calls.lock:
            calls.number += 1
            calls.matching += matches
            if this:
                calls.wanted = Call(self, seed, frame.f_code.co_filename, frame.f_lineno, trace)

    Tensor.backward = seen  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        Tensor.backward = backward  # type: ignore[method-assign]


def exit_code(end: SystemExit) -> int:
    """What ``sys.exit`` was given, as a number; words are printed."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def report(error: Exception) -> None:
    """The traceback that Python would print: of the program, without what watches it."""
    frames = []
    below = error.__traceback__
    while below is not None:
        if below.tb_frame.f_code.co_filename != __file__:
            frames.append(below)
        below = below.tb_next
    for above, next_one in zip(frames, [*frames[1:], None]):
        above.tb_next = next_one
    traceback.print_exception(type(error), error, frames[0] if frames else None)


def flush() -> None:
    """What the program printed comes before what is said of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOBase):
            stream.flush()


def tensor_named(names: dict[str, Any], name: str) -> Any:
    """A tensor by its name in a program that never called ``backward`` on it."""
    found = names.get(name)
    return found if isinstance(found, Value) else None
