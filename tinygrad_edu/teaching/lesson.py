"""Lessons: which there are, where they lie, and a file of one read as cells and slides.

In a checkout they lie in ``lessons/``; installed, in the environment's ``share`` folder.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from ..format.text import suggest
from .showing import Shown

NAME = re.compile(r"(\d\d)_(\w+)\.py")
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


class Entry(NamedTuple):
    """A lesson that there is: its number, title, what it is about in a line, and its file."""

    number: int
    title: str
    about: str
    file: Path

    @property
    def key(self) -> str:
        """A name for files made of it: 07-the-delta-recursion."""
        return self.file.stem.replace("_", "-")


@dataclass
class Cell:
    """A cell: ``kind`` is text (Markdown) or code, ``line`` where it begins in the file.

    ``tags``: ``notes`` for speaker notes, ``experiment`` for what is meant to be changed.  ``exercise`` is the number
    of the exercise whose solution it holds, ``marks`` that of the one which it marks, for so many ``points``.
    """

    kind: str
    source: str
    line: int
    tags: frozenset[str] = frozenset()
    exercise: str = ""
    marks: str = ""
    points: float = 1
    shown: list[Shown] = field(default_factory=list)  # when it has run
    error: str = ""

    @property
    def is_derivation(self) -> bool:
        """Does it hold nothing but derivations, which are better seen typeset?"""
        statements = ast.parse(self.source).body if self.kind == "code" else []
        calls = [s.value for s in statements if isinstance(s, ast.Expr) and isinstance(s.value, ast.Call)]
        problems = [
            s for s in statements if isinstance(s, ast.Assign) and isinstance(s.value, (ast.Constant, ast.BinOp))
        ]
        return (
            bool(calls)
            and len(calls) + len(problems) == len(statements)
            and all(isinstance(c.func, ast.Name) and c.func.id in ("derive", "judge") for c in calls)
        )


class Slide(NamedTuple):
    """What is seen at once: cells from a heading, or a line ``---``, up to the next."""

    cells: list[Cell]

    @property
    def notes(self) -> list[Cell]:
        """What only the speaker sees."""
        return [cell for cell in self.cells if "notes" in cell.tags]


class Lesson(NamedTuple):
    """A lesson that has been read."""

    entry: Entry
    cells: list[Cell]

    @property
    def slides(self) -> list[Slide]:
        """Its slides."""
        found: list[list[Cell]] = []
        for cell in self.cells:
            if not found or (cell.kind == "text" and re.match(r"##? |---", cell.source)):
                found.append([])
            found[-1].append(cell)
        return [Slide(cells) for cells in found]

    @property
    def exercises(self) -> list[str]:
        """The numbers of its exercises."""
        return [cell.marks for cell in self.cells if cell.marks]


def folder() -> Path:
    """Where the lessons lie.  OSError if they are not there."""
    root = Path(__file__).parents[2]
    if (root / "setup.cfg").is_file() and (root / "lessons").is_dir():
        return root / "lessons"
    recorded = metadata.files("tinygrad_edu") or []
    found = [path.locate() for path in recorded if path.parent.name == "lessons" and NAME.fullmatch(path.name)]
    beside = root / "share" / "tinygrad_edu" / "lessons"  # pip install --target moves them, and does not record where
    for path in (*(Path(str(file)).resolve().parent for file in found[:1]), beside):
        if any(path.glob("*.py")):
            return path
    raise FileNotFoundError("the lessons are not installed: install tinygrad_edu from its wheel or its sources")


def handins() -> list[Path]:
    """The five hand-ins, as files that ``tinygrad-edu check`` reads."""
    return sorted((folder() / "handins").glob("0*.md"))


def entries() -> list[Entry]:
    """All lessons, in their order."""
    return [entry(path) for path in sorted(folder().glob("*.py")) if NAME.fullmatch(path.name)]


def entry(path: Path) -> Entry:
    """What the head of a file says: the title, and below it a line of what it is about."""
    with path.open(encoding="utf-8") as stream:
        said = [line[1:].strip() for _, line in zip(range(30), stream) if line.startswith("# ") and "%%" not in line]
    number = int(path.name[:2])
    title, about, *_ = [*said, "", ""]
    return Entry(number, re.sub(r"^#\s*(\d+\.)?\s*", "", title), about, path)


def found(which: str | int) -> Entry:
    """The lesson of that number, or the one whose title or file has that word.  ValueError if none or several have."""
    known = entries()
    word = str(which).strip().lower()
    if word.isdecimal():
        fits = [entry for entry in known if entry.number == int(word)]
    else:
        fits = [entry for entry in known if word and word in f"{entry.title} {entry.file.stem}".lower()]
    if len(fits) == 1:
        return fits[0]
    if fits:
        several = ", ".join(f"{entry.number} {entry.title}" for entry in fits)
        raise ValueError(f"{which!r} stands in the titles of several lessons: {several}")
    words = {part for entry in known for part in re.findall(r"[^\W_]{3,}", f"{entry.title} {entry.file.stem}".lower())}
    near = suggest(word, words)
    raise ValueError(f"there is no lesson {which}; there are {known[0].number} to {known[-1].number}{near}")


def read(entry: Entry) -> Lesson:
    """A lesson's cells, by jupytext.  RuntimeError, saying what to install, where that is missing."""
    try:
        import jupytext
    except ImportError:
        raise RuntimeError(
            "lessons are read with jupytext: pip install 'tinygrad_edu[lessons]'; "
            f"as a script, {entry.file.name} needs nothing more"
        ) from None
    text = entry.file.read_text(encoding="utf-8")
    at, cells = 0, []
    for cell in jupytext.reads(text, "py:percent").cells:
        kind = "text" if cell.cell_type == "markdown" else "code"
        begin = text.find(cell.source, at) if kind == "code" else text.find("# %%", at)
        at = begin + len(cell.source) if kind == "code" else begin + 4
        known = cell.metadata
        cells.append(
            Cell(
                kind, cell.source, text.count("\n", 0, begin) + 1, frozenset(known.get("tags", ())),
                str(known.get("exercise", "")), str(known.get("marks", "")), float(known.get("points", 1)),
            )
        )  # fmt: skip
    return Lesson(entry, cells)
