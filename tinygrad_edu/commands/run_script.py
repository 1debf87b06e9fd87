"""Runs a user's program as ``python SCRIPT`` would, and watches its calls of ``backward``."""

from __future__ import annotations

import argparse
import builtins
import io
import linecache
import sys
import threading
import traceback
import types
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import coerce
from ..format import locations, text
from ..graph import Value
from ..tensor import Tensor
from ..tracing import Trace, traced


def add_script(p: argparse.ArgumentParser, at: str, nth: str) -> None:
    """Declare the arguments of all commands that run a program: the program, and the call of ``backward`` to show."""
    p.add_argument("--at", metavar="LINE|NAME", help=at)
    p.add_argument("--nth", type=int, metavar="N", help=nth)
    p.add_argument("script", type=Path, metavar="SCRIPT", help="a Python program")


class Call(NamedTuple):
    """A call of ``backward``: its tensor, its seed, and its line."""

    tensor: Any
    seed: Any
    file: str
    line: int
    frame: Any = None  # the caller's frame, whose lists give names to tensors
    trace: Trace | None = None  # made before the call if the call frees the record


class WantedCall(NamedTuple):
    """The call to show: by its line or its tensor's name (``at``), and by its number from 1 (None: the last)."""

    at: str | None = None
    nth: int | None = None

    def matches(self, tensor: Any, line: int) -> bool:
        """Is this call in that line, or of a tensor of that name?"""
        return self.at is None or (
            int(self.at) == line if self.at.isdecimal() else locations.name_in_source(tensor.node) == self.at
        )


class ProgramRun(NamedTuple):
    """What remains of a program that has run."""

    call: Call | None  # the wanted call
    calls: int  # the number of calls
    matching: int  # the number of calls in that line or of that tensor
    names: dict[str, Any]  # the global names of the program
    code: int  # its exit code


def refuse_script(script: Path, at: str | None, nth: int | None) -> None:
    """ValueError, before anything runs, if there is no such program or can be no such call of ``backward``."""
    if script.is_dir():
        raise ValueError(f"{script} is a folder, not a program")
    if not script.exists():
        beside = [file.name for file in script.parent.glob("*.py")] if script.parent.is_dir() else []
        raise ValueError(f"there is no program {script}{text.suggest(script.name, beside)}")
    if nth is not None and nth < 1:
        raise ValueError(f"--nth is a number from 1 up, not {nth}")
    if at is not None and not at.strip("0 "):
        raise ValueError(f"--at is a line of the program, from 1 up, or the name of a tensor, not {at!r}")


class Quit(BaseException):
    """Raised in a program by whoever watches it, to end it."""


def run_script(script: Path, args: Sequence[str], calls: Calls) -> ProgramRun:
    """Run a program to its end.  Its own errors are printed as Python prints them.  OSError if it cannot be read."""
    source, file = script.read_bytes(), str(script.absolute())  # as Python calls it
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=file, __builtins__=builtins)
    code = 0
    with watch_backward(calls), as_main_program(script, args, main):
        try:
            linecache.checkcache(file)
            exec(compile(source, file, "exec", dont_inherit=True), main.__dict__)
        except SystemExit as end:
            code = exit_code(end)
        except Quit:
            calls.ended = True
        except KeyboardInterrupt:
            if not calls.ended:
                raise
        except Exception as error:
            print_traceback(error)
            code = 1
        finally:
            flush()
    return ProgramRun(calls.kept, calls.number, calls.matching, main.__dict__, code)


@contextmanager
def as_main_program(script: Path, args: Sequence[str], main: types.ModuleType) -> Iterator[None]:
    """Make ``main`` the program that Python was started with, in this block.

    Afterwards the modules of its folder are forgotten, so that the next program imports its own.
    """
    folder, known = script.resolve().parent, {*sys.modules}
    saved = sys.argv, sys.path, sys.modules["__main__"]
    sys.argv, sys.path, sys.modules["__main__"] = [str(script), *args], [str(folder), *sys.path[1:]], main
    try:
        yield
    finally:
        sys.argv, sys.path, sys.modules["__main__"] = saved
        tops = {name for name, module in sys.modules.items() if name not in known and lies_in(module, folder)}
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]


def lies_in(module: types.ModuleType, folder: Path) -> bool:
    """Was a module or a package imported from this folder?"""
    spec = getattr(module, "__spec__", None)
    found = [] if spec is None else spec.submodule_search_locations or [spec.origin]
    return any(isinstance(locations, str) and Path(locations).resolve().parent == folder for locations in found)


class Calls:
    """Counts the calls of ``backward`` and keeps the wanted one, so that a long training keeps a single graph."""

    def __init__(self, wanted: WantedCall) -> None:
        self.wanted = wanted
        self.kept: Call | None = None
        self.number = self.matching = 0
        self.ended = False  # does somebody want the program to end?
        self.lock = threading.Lock()

    def wants(self, call: Call) -> bool:
        """Is this the wanted call, or may it turn out to be the last one?"""
        with self.lock:
            return self.wanted.matches(call.tensor, call.line) and self.wanted.nth in (None, self.matching + 1)

    def before(self, call: Call, free: bool) -> Call | None:
        """What to keep of a call that is about to be done: the call, with its trace if it frees the record."""
        this = self.wants(call)
        if not this or not free or not call.tensor.requires_grad:
            return call if this else None
        coerce.seed(call.tensor, call.seed)  # raises what backward would
        return call._replace(trace=traced(call.tensor, call.seed, sweep=True))

    def during(self) -> AbstractContextManager[None]:
        """A context in which the call is done; a subclass may change something meanwhile."""
        return nullcontext()

    def after(self, call: Call, kept: Call | None) -> None:
        """Count a call that is done.  A call that fails is not counted."""
        with self.lock:
            self.number += 1
            self.matching += self.wanted.matches(call.tensor, call.line)
            if kept is not None:
                self.kept = kept


@contextmanager
def watch_backward(calls: Calls) -> Iterator[None]:
    """Tell ``calls`` of every call of ``backward`` in this block, before and after it, in any thread."""
    backward = Tensor.backward

    def seen(self: Any, seed: Any = None, *, free: bool = False) -> None:
        frame = sys._getframe(1)
        call = Call(self, seed, frame.f_code.co_filename, frame.f_lineno, frame)
        kept = calls.before(call, free)
        with calls.during():
            backward(self, seed, free=free)
        calls.after(call, kept)

    Tensor.backward = seen  # type: ignore[method-assign]
    try:
        yield
    finally:
        Tensor.backward = backward  # type: ignore[method-assign]


def exit_code(end: SystemExit) -> int:
    """The exit code that a program gave to ``sys.exit``; words that it gave are printed, and the code is 1."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def print_traceback(error: Exception) -> None:
    """Print the traceback that Python would print: that of the program, without the frames of this file."""
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
    """Flush what the program printed, so that it comes before our own words."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOBase):
            stream.flush()


def explain_no_call(calls: int, matching: int, at: str | None, nth: int | None) -> str:
    """The message if a program calls ``backward``, but not as ``--at`` and ``--nth`` ask.

    calls: the number of all calls.  matching: the number of those in that line or of that tensor.
    """
    if matching or not at:
        there = " there" * bool(at)
        return f"backward() was called {text.plural(matching, 'time')}{there}, so there is no call number {nth}"
    where = f"in line {at}" if at.isdecimal() else f"on a tensor called {at}"
    return f"backward() was called {text.plural(calls, 'time')}, but never {where}"


def tensor_named(names: dict[str, Any], name: str) -> Any:
    """The tensor that a global name of the program stands for; None if it stands for no tensor."""
    found = names.get(name)
    return found if isinstance(found, Value) else None
