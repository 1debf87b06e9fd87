"""A lesson run in this process, cell by cell, with what each of them prints and shows."""

from __future__ import annotations

import contextlib
import io
import sys
import traceback
from collections.abc import Callable, Iterator
from types import ModuleType

from ..op import OPS
from .lesson import Cell, Lesson
from .showing import VIEW, Shown

See = Callable[[Shown], None]


class Printed(io.TextIOBase):
    """What a cell prints, passed on as text between the things that it shows."""

    def __init__(self, see: See) -> None:
        self.see = see

    def writable(self) -> bool:
        """One may print to it."""
        return True

    def write(self, text: str) -> int:
        """Pass it on."""
        if text:
            self.see(Shown(text))
        return len(text)


@contextlib.contextmanager
def seen(see: See) -> Iterator[None]:
    """What is printed and shown in the block goes to ``see``."""
    token = VIEW.set(see)
    try:
        with contextlib.redirect_stdout(Printed(see)):
            yield
    finally:
        VIEW.reset(token)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Operations that a lesson defines in the block are gone after it, as if it had been a program of its own."""
    before = dict(OPS)
    try:
        yield
    finally:
        OPS.clear()
        OPS.update(before)


class Run:
    """A lesson as a program that runs one cell at a time."""

    def __init__(self, lesson: Lesson) -> None:
        self.file = str(lesson.entry.file)
        self.module = ModuleType("__main__")
        self.module.__file__ = self.file

    def cell(self, cell: Cell, see: See | None = None, source: str | None = None) -> None:
        """Run a cell of code; ``source`` instead of its own.  What it shows is kept with it, or given to ``see``.

        A cell of an exercise may fail, and what it says is kept in ``cell.error``; of others it is raised as a
        RuntimeError that names the line of the lesson.
        """
        if cell.kind != "code":
            return
        cell.shown, cell.error = [], ""
        body = "\n" * (cell.line - 1) + (cell.source if source is None else source)
        main = sys.modules.get("__main__")
        sys.modules["__main__"] = self.module
        try:
            with seen(see or (lambda shown: joined(cell.shown, shown))):
                exec(compile(body, self.file, "exec"), vars(self.module))
        except Exception as error:
            said = traceback.format_exception_only(error)[-1].strip()
            if not (cell.exercise or cell.marks):
                raise RuntimeError(f"{self.file}, line {self.line(error, cell)}: {said}") from error
            cell.error = said
        finally:
            if main is not None:
                sys.modules["__main__"] = main

    def line(self, error: Exception, cell: Cell) -> int:
        """The line of the lesson in which a cell failed."""
        if isinstance(error, SyntaxError) and error.filename == self.file:
            return error.lineno or cell.line
        rows = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == self.file]
        return rows[-1] or cell.line if rows else cell.line


def joined(found: list[Shown], shown: Shown) -> None:
    """Add what is shown; texts that follow each other become one."""
    if isinstance(shown.thing, str) and found and isinstance(found[-1].thing, str) and not shown.caption:
        found[-1] = Shown(found[-1].thing + shown.thing)
    else:
        found.append(shown)


def run(lesson: Lesson, changed: Callable[[Cell], str | None] | None = None) -> Lesson:
    """All cells of a lesson, with what they showed.  ``changed`` gives the source of a cell that is to run instead."""
    program = Run(lesson)
    for cell in lesson.cells:
        program.cell(cell, source=changed(cell) if changed else None)
    return lesson
