"""Commands and programs, run in this process as they run in one of their own: a new Python takes most of a second."""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pytest

from tinygrad_edu.commands import main as cli
from tinygrad_edu.teaching import running

ROOT = Path(__file__).parent.parent
PATIENCE = 60  # seconds that a thread of a program is waited for
SILENT = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)  # as Python itself begins


class Done(NamedTuple):
    """How it ended, and what it printed: as ``subprocess.run`` would tell it."""

    returncode: int
    stdout: str
    stderr: str


def environment(**more: str) -> dict[str, str]:
    """That of the tests, but for what says how a terminal is."""
    ours = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR", "TERM")}
    return {**ours, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **more}


def command(folder: Path, *words: Any, typed: str = "", terminal: bool = False, **more: str) -> Done:
    """``tinygrad-edu WORDS`` in a folder.  ``typed`` is its standard input, ``more`` is added to the environment.

    ``terminal``: its output goes to one, though its input does not come from one.
    """
    return ended(folder, cli.main, ["tinygrad-edu", *map(str, words)], typed, terminal, more)


def alone(folder: Path, script: str, *args: str, typed: str = "", **more: str) -> Done:
    """``python SCRIPT ARGS`` in a folder."""

    def start() -> None:
        main = sys.modules["__main__"]
        main.__file__ = str(folder / script)
        exec(compile((folder / script).read_bytes(), main.__file__, "exec", dont_inherit=True), vars(main))

    return ended(folder, start, [script, *args], typed, False, more)


class Stream(io.TextIOWrapper):
    """A stream that keeps what is written, and is a terminal if that is wished."""

    def __init__(self, given: str, encoding: str, errors: str, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(given.encode(encoding)), encoding, errors, newline="\n")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def kept(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]


def ended(
    folder: Path, start: Callable[[], Any], argv: list[str], typed: str, terminal: bool, more: dict[str, str]
) -> Done:
    """Start it, and wait until it ends as a process does: with a code, and when its threads have ended."""
    env = environment(**more)
    encoding, _, errors = env["PYTHONIOENCODING"].partition(":")
    stdin = Stream(typed, encoding, errors or "strict")
    stdout, stderr = Stream("", encoding, errors or "strict", terminal), Stream("", encoding, "backslashreplace")
    with of_its_own(folder, argv, env, (stdin, stdout, stderr)):
        code = exit_code(start)
        return Done(code, stdout.kept(), stderr.kept())


@contextlib.contextmanager
def of_its_own(folder: Path, argv: list[str], env: dict[str, str], streams: Sequence[Stream]) -> Iterator[None]:
    """What a new Python begins with; afterwards all is as it was, and nothing of the program is left."""
    threads, modules, seeds = {*threading.enumerate()}, {*sys.modules}, (random.getstate(), np.random.get_state())
    env.setdefault("COLUMNS", "80")  # as where there is no terminal: that of whoever runs the tests is another
    with (
        pytest.MonkeyPatch.context() as patch, mock.patch.dict(os.environ, env, clear=True), interruptible(),
        warnings.catch_warnings(), np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"),
        np.printoptions(), running.own_operations(),
    ):  # fmt: skip
        patch.chdir(folder)
        patch.setattr(sys, "argv", argv)
        patch.setattr(sys, "path", [str(folder), *sys.path])
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        for name, stream in zip(("stdin", "stdout", "stderr"), streams):
            patch.setattr(sys, name, stream)
        patch.setattr(threading, "excepthook", threading.__excepthook__)  # pytest has its own
        patch.setattr(warnings, "showwarning", show_warning)
        warnings.resetwarnings()
        for category in SILENT:
            warnings.simplefilter("ignore", category)
        warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
        yield
        left = [thread for thread in threading.enumerate() if thread not in threads and not thread.daemon]
        for thread in left:  # as Python waits
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in left), left
    random.setstate(seeds[0])
    np.random.set_state(seeds[1])
    new = {name: module for name, module in sys.modules.items() if name not in modules}
    mine = {name for name in new if name.partition(".")[0] != "tinygrad_edu" and lies_in(new[name], folder)}
    assert not mine, f"{mine} would be found by the next program"


def lies_in(module: Any, folder: Path) -> bool:
    """Is a module's file in a folder?  What is installed is not, though its environment may stand there."""
    file = getattr(module, "__file__", None)
    above = Path(file).resolve().parents if file is not None else ()
    return folder.resolve() in above and Path(sys.prefix).resolve() not in above


def exit_code(start: Callable[[], Any]) -> int:
    """Start it; what Python would end with."""
    try:
        code = start()
    except SystemExit as end:
        code = end.code
    except BaseException as error:
        while error.__traceback__ is not None and error.__traceback__.tb_frame.f_code.co_filename == __file__:
            error.__traceback__ = error.__traceback__.tb_next  # where the program begins
        traceback.print_exception(error)
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    return code or 0


def show_warning(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
    """On the standard error, as Python does; pytest collects them."""
    (file or sys.stderr).write(warnings.formatwarning(message, category, filename, lineno, line))


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """In this block Ctrl-C interrupts, also in processes that are started: where nohup ran the tests, it does not."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
