"""A user's program, run as ``python SCRIPT`` would run it, with an eye on its calls of ``backward``."""

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
    """Declare what all commands that run a program have: the program, and which call of ``backward`` is wanted."""
    p.add_argument("--at", metavar="LINE|NAME", help=at)
    p.add_argument("--nth", type=int, metavar="N", help=nth)
    p.add_argument("script", type=Path, metavar="SCRIPT", help="a Python program")


class Call(NamedTuple):
    """A call of ``backward``: whose, with which seed, and at which line of which file."""

    tensor: Any
    seed: Any
    file: str
    line: int
    frame: Any = None  # of the caller: in its lists tensors have names
    trace: Trace | None = None  # made at once where the call frees the record


class Wanted(NamedTuple):
    """Which call is wanted: of a line or of a name (``at``), and which of them, from 1 (None: the last)."""

    at: str | None = None
    nth: int | None = None

    def matches(self, tensor: Any, line: int) -> bool:
        """Is it a call at that line, or of a tensor of that name?"""
        return self.at is None or (
            int(self.at) == line if self.at.isdecimal() else locations.name_in_source(tensor.node) == self.at
        )


class Run(NamedTuple):
    """What a program left behind."""

    call: Call | None  # the call that is wanted
    calls: int  # how many calls there were
    matching: int  # how many of them were such as are wanted
    names: dict[str, Any]  # the global names of the program
    code: int  # what it ended with


def refuse_script(script: Path, at: str | None, nth: int | None) -> None:
    """ValueError, before it runs, if there is no such program, or if there can be no such call of ``backward``."""
    if script.is_dir():
        raise ValueError(f"{script} is a folder, not a program")
    if not script.exists():
        beside = [file.name for file in script.parent.glob("*.py")] if script.parent.is_dir() else []
        raise ValueError(f"{script} is not there, not a program{text.suggest(script.name, beside)}")
    if nth is not None and nth < 1:
        raise ValueError(f"--nth counts from 1, and {nth} is below")
    if at is not None and not at.strip("0 "):
        raise ValueError(f"--at is a line of the program, from 1 up, or the name of a tensor, not {at!r}")


class Quit(BaseException):
    """Whoever watches a program wants it to end."""


def run_script(script: Path, args: Sequence[str], calls: Calls) -> Run:
    """Run a program to its end.  Raises OSError if it cannot be read; its own errors are printed, as Python does."""
    source, file = script.read_bytes(), str(script.absolute())  # as Python calls it
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=file, __builtins__=builtins)
    code = 0
    with watched(calls), started(script, args, main):
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
            report(error)
            code = 1
        finally:
            flush()
    return Run(calls.kept, calls.number, calls.matching, main.__dict__, code)


@contextmanager
def started(script: Path, args: Sequence[str], main: types.ModuleType) -> Iterator[None]:
    """In this block ``main`` is the program that Python was started with.  Its own modules are not the next one's."""
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
    """Was a module, or a package, found in this folder?"""
    spec = getattr(module, "__spec__", None)
    found = [] if spec is None else spec.submodule_search_locations or [spec.origin]
    return any(isinstance(locations, str) and Path(locations).resolve().parent == folder for locations in found)


class Calls:
    """What is kept of the calls of ``backward``: of a long training, one of them."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.kept: Call | None = None
        self.number = self.matching = 0
        self.ended = False  # does somebody want the program to end?
        self.lock = threading.Lock()

    def wants(self, call: Call) -> bool:
        """Is it one that is wanted?"""
        with self.lock:
            return self.wanted.matches(call.tensor, call.line) and self.wanted.nth in (None, self.matching + 1)

    def before(self, call: Call, free: bool) -> Call | None:
        """What to keep of a call that is about to be done; of one that frees the record, its trace."""
        this = self.wants(call)
        if not this or not free or not call.tensor.requires_grad:
            return call if this else None
        coerce.seed(call.tensor, call.seed)  # raises what backward would
        return call._replace(trace=traced(call.tensor, call.seed, sweep=True))

    def during(self) -> AbstractContextManager[None]:
        """What is different while a call is done: nothing."""
        return nullcontext()

    def after(self, call: Call, kept: Call | None) -> None:
        """The call is done; what fails is not counted."""
        with self.lock:
            self.number += 1
            self.matching += self.wanted.matches(call.tensor, call.line)
            if kept is not None:
                self.kept = kept


@contextmanager
def watched(calls: Calls) -> Iterator[None]:
    """In this block every call of ``backward``, in any thread, is shown to ``calls`` before and after."""
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
