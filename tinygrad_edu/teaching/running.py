"""Runs a lesson in this process, cell by cell, and collects what each cell prints and shows."""

from __future__ import annotations

import contextlib
import io
import sys
import traceback
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ..engine.spelling import NAMED, ROUTES
from ..graph import Value
from ..op import OPS
from ..ops.composed import read_all
from .lesson import Cell, Lesson
from .showing import VIEW, Shown

See = Callable[[Shown], None]


class Output(io.TextIOBase):
    """A standard output that passes what a cell prints on to ``see``, in order with the things that it shows."""

    def __init__(self, see: See) -> None:
        self.see = see

    def writable(self) -> bool:
        """Say that one may print to it."""
        return True

    def write(self, text: str) -> int:
        """Pass the text on."""
        if text:
            self.see(Shown(text))
        return len(text)


@contextlib.contextmanager
def collect(see: See) -> Iterator[None]:
    """Pass everything that is printed and shown in the block to ``see``."""
    token = VIEW.set(see)
    try:
        with contextlib.redirect_stdout(Output(see)):
            yield
    finally:
        VIEW.reset(token)


@contextlib.contextmanager
def own_operations() -> Iterator[None]:
    """Remove the operations that a lesson declares in the block, as if it had run in a process of its own."""
    read_all()  # what would be read in the block would leave with it
    registries: tuple[dict[str, Any], ...] = (OPS, NAMED, ROUTES)
    before, methods = [dict(registry) for registry in registries], dict(vars(Value))
    try:
        yield
    finally:
        for registry, content in zip(registries, before):
            registry.clear()
            registry.update(content)
        for name, x in dict(vars(Value)).items():
            if name not in methods:
                delattr(Value, name)
            elif x is not methods[name]:
                setattr(Value, name, methods[name])


class Program:
    """A lesson as a program that runs one cell at a time."""

    def __init__(self, lesson: Lesson) -> None:
        self.file = str(lesson.entry.file)
        self.module = ModuleType("__main__")
        self.module.__file__ = self.file

    def cell(self, cell: Cell, see: See | None = None, source: str | None = None) -> None:
        """Run a cell of code, or ``source`` in its place.  Its output goes to ``see``, or else into ``cell.shown``.

        If a cell of an exercise fails, its error goes into ``cell.error``.  If another cell fails, RuntimeError names
        the line of the lesson.
        """
        if cell.kind != "code":
            return
        cell.shown, cell.error = [], ""
        body = "\n" * (cell.line - 1) + (cell.source if source is None else source)
        main = sys.modules.get("__main__")
        sys.modules["__main__"] = self.module
        try:
            with collect(see or (lambda shown: append(cell.shown, shown))):
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


def append(found: list[Shown], shown: Shown) -> None:
    """Add what a cell shows to what it has shown; texts that follow each other become one."""
    if isinstance(shown.thing, str) and found and isinstance(found[-1].thing, str) and not shown.caption:
        found[-1] = Shown(found[-1].thing + shown.thing)
    else:
        found.append(shown)


def run(lesson: Lesson, changed: Callable[[Cell], str | None] | None = None) -> Lesson:
    """Run all cells of a lesson, and give it.  ``changed`` may give other source to run in the place of a cell."""
    program = Program(lesson)
    for cell in lesson.cells:
        program.cell(cell, source=changed(cell) if changed else None)
    return lesson
