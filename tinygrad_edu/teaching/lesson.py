"""Finds the lessons, and reads the file of one as cells and slides.

In a checkout the files are in ``lessons/``; an installation has them in the environment's ``share`` folder.
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
    """A lesson in the list: its number, its title, a line on what it is about, and its file."""

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
    """A cell: ``kind`` is text (Markdown) or code, and ``line`` is where it begins in the file.

    ``tags``: ``notes`` for speaker's notes, ``experiment`` for code that readers are invited to change.  ``exercise``
    is the number of the exercise whose solution the cell holds; ``marks`` is the number of the exercise that it marks,
    which earns ``points``.
    """

    kind: str
    source: str
    line: int
    tags: frozenset[str] = frozenset()
    exercise: str = ""
    marks: str = ""
    points: float = 1
    shown: list[Shown] = field(default_factory=list)  # its output, after it has run
    error: str = ""  # the error of an exercise that failed

    @property
    def is_derivation(self) -> bool:
        """Does the cell consist of derivations alone?  They are better to read typeset than as source."""
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
    """A slide: the cells from a heading, or a line ``---``, up to the next."""

    cells: list[Cell]

    @property
    def notes(self) -> list[Cell]:
        """The cells that only the speaker sees."""
        return [cell for cell in self.cells if "notes" in cell.tags]


class Lesson(NamedTuple):
    """A lesson that has been read."""

    entry: Entry
    cells: list[Cell]

    @property
    def slides(self) -> list[Slide]:
        """The cells, grouped into slides."""
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
    """The folder of the lessons.  FileNotFoundError if they are not installed."""
    root = Path(__file__).parents[2]
    if (root / "setup.cfg").is_file() and (root / "lessons").is_dir():
        return root / "lessons"
    recorded = metadata.files("tinygrad_edu") or []
    found = [path.locate() for path in recorded if path.parent.name == "lessons" and NAME.fullmatch(path.name)]
    # pip install --target moves the files there, and does not record it.
    beside = root / "share" / "tinygrad_edu" / "lessons"
    for path in (*(Path(str(file)).resolve().parent for file in found[:1]), beside):
        if any(path.glob("*.py")):
            return path
    raise FileNotFoundError("the lessons are not installed: install tinygrad_edu from its wheel or its sources")


def handins() -> list[Path]:
    """The files of the five example hand-ins, which ``tinygrad-edu check`` reads."""
    return sorted((folder() / "handins").glob("0*.md"))


def entries() -> list[Entry]:
    """All lessons, in their order."""
    return [read_entry(path) for path in sorted(folder().glob("*.py")) if NAME.fullmatch(path.name)]


def read_entry(path: Path) -> Entry:
    """Read the head of a file: the title, and below it a line on what the lesson is about."""
    with path.open(encoding="utf-8") as stream:
        said = [line[1:].strip() for _, line in zip(range(30), stream) if line.startswith("# ") and "%%" not in line]
    number = int(path.name[:2])
    title, about, *_ = [*said, "", ""]
    return Entry(number, re.sub(r"^#\s*(\d+\.)?\s*", "", title), about, path)


def find(which: str | int) -> Entry:
    """The lesson of a number, or the one whose title or file contains a word.  ValueError if none or several fit."""
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
        raise ValueError(f"{which!r} fits several lessons: {several}")
    words = {part for entry in known for part in re.findall(r"[^\W_]{3,}", f"{entry.title} {entry.file.stem}".lower())}
    near = suggest(word, words)
    raise ValueError(f"there is no lesson {which}; there are {known[0].number} to {known[-1].number}{near}")


def read(entry: Entry) -> Lesson:
    """Read the cells of a lesson with jupytext.  RuntimeError, saying what to install, if that is missing."""
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
