"""Writes text to a terminal, a pipe or a file: the one place for width, colour, characters, wrapping and tables."""

from __future__ import annotations

import io
import os
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TextIO

import numpy as np

from ..format import numbers, text
from ..format.ascii import encodable, is_encodable

NARROWEST, USUAL, WIDEST = 20, 80, 100  # columns of a screen; USUAL if the stream has no width
LEAST = 16  # columns that a cell keeps when a table is cut
STYLES = {"bold": "1", "dim": "2", "bad": "1;31", "good": "32", "mark": "1;36"}
Parts = tuple[str, str]  # words, and their style


class Screen:
    """Writes to a stream with as much width, colour and Unicode as it has.

    stream: by default the standard output; if that is closed, everything is dropped.
    width: the width in columns; by default that of the terminal, from 20 to 100.
    colour: by default a terminal has colours, unless NO_COLOR is set or TERM is dumb.
    """

    def __init__(self, stream: TextIO | None = None, width: int | None = None, colour: bool | None = None) -> None:
        self.stream: TextIO = stream or sys.stdout or io.StringIO()
        self.terminal = is_terminal(self.stream)
        self.colour = self.terminal and has_colours() if colour is None else colour
        self.fixed, self.sized = width, self.stream  # a pager may replace the stream, but the width stays this one's
        self.encoding = getattr(self.stream, "encoding", None)
        self.unicode = can_write_unicode(self.stream)

    @property
    def width(self) -> int:
        """The number of columns.  It is asked for each time, because a window may change its size."""
        return max(NARROWEST, min(WIDEST, self.fixed or columns_of(self.sized)))

    def styled(self, words: str, style: str) -> str:
        """Words in one of STYLES, with the codes of a terminal; as they are if there are no colours."""
        return f"\x1b[{STYLES[style]}m{words}\x1b[0m" if self.colour and words else words

    def plain(self, words: str) -> str:
        """Words in characters that the stream can hold, as ``sigma`` for ``σ``."""
        return words if self.unicode else encodable(words, self.encoding)

    def row(self, *parts: Parts) -> None:
        """Write one line of several parts, each with its style.  It is not wrapped; control characters are shown."""
        shown = [(text.printable(self.plain(words)), style) for words, style in parts]
        while shown and not shown[-1][0].rstrip():
            shown.pop()
        if shown:
            shown[-1] = (shown[-1][0].rstrip(), shown[-1][1])
        self.stream.write("".join(self.styled(words, style) if style else words for words, style in shown) + "\n")
        self.stream.flush()

    def write(self, words: str = "", style: str = "") -> None:
        """Write lines as they are, without wrapping them."""
        shown = "\n".join(map(text.printable, self.plain(words).split("\n")))
        self.stream.write((self.styled(shown, style) if style else shown) + "\n")
        self.stream.flush()

    def say(self, words: str, style: str = "", indent: int = 0, margin: int = 0) -> None:
        """Write sentences, wrapped to the width.

        indent: spaces before all lines but the first, as far as the width allows.
        margin: spaces before every line.
        """
        indent = min(indent, self.width // 2 if self.width >= 60 else self.width // 4)
        for part in self.plain(words).splitlines() or [""]:
            for line in wrap(part, self.width - margin, indent):
                self.write(" " * margin + line, style)

    def item(self, name: Any, words: str = "", margin: int = 0, room: int = 0) -> None:
        """Write a file or a command in one piece, so that it can be copied, with words about it beside or below it.

        room: the least number of columns of the name, so that the words of several items stand below each other.
        """
        name = self.plain(str(name))
        line = f"{' ' * margin}{name}{' ' * max(4, room - columns(name))}{self.plain(words)}".rstrip()
        if columns(line) <= self.width:
            self.write(line)
        else:
            self.write(f"{' ' * margin}{name}")
            self.say(words, margin=margin + 2)

    def heading(self, words: str, line: str = "-") -> None:
        """Write a title with a line below it."""
        shown = wrap(self.plain(words), self.width)
        self.write("\n".join(shown), "bold")
        self.write(line * max(map(columns, shown)))

    def table(
        self, table: Table, drop: Sequence[str] = (), cut: str = "", styles: Callable[[int, str], str] | None = None
    ) -> None:
        """Write a table with a bold heading, fitted to the width (see ``Table.fit``).

        styles: gives the style of a cell, from the number of its row and the title of its column.
        """
        table.fit(self.width, drop, cut, self.plain)
        for number, row in enumerate(table.rows(), -table.titles):
            self.row(*((cell, "bold" if number < 0 else styles(number, title) if styles else "")
                       for title, cell in row))  # fmt: skip

    def array(self, label: str, x: Any, note: str = "", short: bool = True, style: str = "") -> None:
        """Write a label, an array beside it, and a note after it.  ``short``: sum a long array up in words."""
        before = f"  {label:<9} " if self.width >= 40 else f" {label} "
        body = numbers.array(x, width=self.width, indent=len(before), threshold=60 if short else 1000)
        if short and not (np.ndim(x) <= 1 and np.size(x) <= 8) and not is_shown_by_rows(x, body):
            body = numbers.summary(x)
        rows = (before + body).split("\n")
        if note and columns(rows[-1]) + 2 + columns(note) <= self.width:
            rows[-1] += "  " + note
        elif note:
            rows.append(" " * len(before) + note)
        for row in map(self.plain, rows):
            for line in wrap(row, self.width, 2, keep=True):
                self.write(line.rstrip(), style)


class Table:
    """Cells in columns that are as wide as their widest cell.

    cells: the cells of each column, by its title.
    right: the titles of columns that are aligned right.
    margin, gap: spaces before each row, and between columns.
    titles: whether the titles are shown, as a heading.
    """

    def __init__(
        self, cells: dict[str, list[str]], right: Sequence[str] = (), margin: int = 0, gap: int = 2, titles: bool = True
    ) -> None:
        self.cells, self.right, self.margin, self.gap, self.titles = dict(cells), right, margin, gap, titles

    def widths(self) -> dict[str, int]:
        """The width of each column, by its title."""
        return {title: max(map(columns, [title * self.titles, *cells])) for title, cells in self.cells.items()}

    @property
    def width(self) -> int:
        """The width of the whole table."""
        widths = self.widths().values()
        return self.margin + sum(widths) + self.gap * (len(widths) - 1)

    @classmethod
    def of(cls, titles: Sequence[str], rows: Iterable[Sequence[str]], **options: Any) -> Self:
        """A table from its rows.  For the options see ``Table``."""
        return cls({title: [*cells] for title, *cells in zip(titles, *rows)}, **options)

    def fit(self, width: int, drop: Sequence[str] = (), cut: str = "", plain: Callable[[str], str] = str) -> None:
        """Make the table as narrow as ``width`` says, as far as it can be.

        The cells of the column ``cut`` lose their middle, but 16 columns of them stay.  Where that is not enough, the
        columns whose titles are in ``drop`` are left out, one after the other.  ``plain`` turns words into characters
        that the stream has.
        """
        self.cells = {title: [*map(plain, cells)] for title, cells in self.cells.items()}
        for title in drop:
            saved = max(0, self.widths()[cut] - LEAST) if cut else 0
            if self.width - saved > width:
                del self.cells[title]
        if cut and self.width > width:
            room = max(LEAST // 2, self.widths()[cut] - (self.width - width))
            self.cells[cut] = [shorten(cell, room) for cell in self.cells[cut]]

    def rows(self) -> list[list[tuple[str, str]]]:
        """The heading and the rows.  Each cell is a pair: the title of its column, and its words with their padding."""
        widths = self.widths()
        found: list[list[tuple[str, str]]] = []
        titles = [*self.cells]
        for row in [*[titles] * self.titles, *zip(*self.cells.values())]:
            cells: list[tuple[str, str]] = []
            for title, cell in zip(titles, row):
                space = " " * (widths[title] - columns(cell))
                before = " " * (self.gap if cells else self.margin)
                cells.append((title, before + (space + cell if title in self.right else cell + space)))
            found.append(cells)
        return found

    def lines(self) -> list[str]:
        """The heading and the rows as text."""
        return ["".join(cell for _, cell in row).rstrip() for row in self.rows()]


def is_shown_by_rows(x: Any, printed: str) -> bool:
    """Is a matrix so small that it is printed in at most four lines, one for each row?"""
    return np.ndim(x) == 2 and np.size(x) <= 24 and printed.count("\n") < len(x) <= 4


# Properties of streams.


def is_terminal(stream: Any) -> bool:
    """Is a stream a terminal?  A closed stream, or an object that a program uses as a stream, is none."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def has_colours() -> bool:
    """Does the environment allow colours?  Windows Terminal has colours, but sets no TERM."""
    known = os.environ.get("TERM", "dumb" if os.name != "nt" or "WT_SESSION" not in os.environ else "windows")
    return not os.environ.get("NO_COLOR") and known not in ("dumb", "")


def columns_of(stream: Any) -> int:
    """The number of columns of a stream: that of COLUMNS if it is set, else that of the terminal, else 80."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL
    except (AttributeError, ValueError, OSError):
        return USUAL


def can_write_unicode(stream: Any) -> bool:
    """Can a stream hold the characters of our mathematics?"""
    return is_encodable("σ∂⊙⁽¹⁾ᵀ′√→", getattr(stream, "encoding", None))


def is_notebook() -> bool:
    """Are we in a notebook, where ``input`` asks in a box of its own?"""
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"


def is_interactive(stream: Any) -> bool:
    """Does a person type into a stream, rather than a pipe or a file?"""
    return is_notebook() or (isinstance(stream, io.TextIOBase) and stream.isatty())


# How wide words are.


def columns(words: str) -> int:
    """The number of columns that words take in a terminal: Chinese letters take two, combining accents none."""
    if words.isascii():
        return len(words)
    return sum(0 if unicodedata.combining(c) else 1 + is_wide(c) for c in words)


def is_wide(letter: str) -> bool:
    """Does a letter take two columns?"""
    return unicodedata.east_asian_width(letter) in "WF"


def shorten(words: str, width: int) -> str:
    """Words in at most ``width`` columns.  Longer ones lose their middle, because a path says most at its two ends."""
    if columns(words) <= width:
        return words
    if width < 4:
        return "." * width
    while columns(words) > width - 3:
        middle = len(words) // 2
        words = words[:middle] + words[middle + 1 :]
    half = (len(words) + 1) // 2
    return f"{words[:half]}...{words[half:]}"


def wrap(words: str, width: int, hang: int = 0, keep: bool = False) -> list[str]:
    """The lines of a paragraph, of at most ``width`` columns each.  A word that is longer than a line is broken.

    hang: spaces before each line but the first; 2 if they would be more than half the width.
    keep: whether spaces at the end of a line are kept, as in the rows of an array.
    """
    start = len(words) - len(words.lstrip())  # the indent of the first line
    hang = hang if hang <= width // 2 else 2
    wrapper = Wrapper(width, subsequent_indent=" " * hang, drop_whitespace=not keep, break_on_hyphens=False)
    wrapper.replace_whitespace = wrapper.expand_tabs = False
    return wrapper.wrap(words) or [" " * start]


class Wrapper(textwrap.TextWrapper):
    """Wraps by the columns that words take, and between wide letters, which have no spaces between them."""

    def _split(self, words: str) -> list[str]:
        chunks = super()._split(words)
        if words.isascii():
            return chunks
        return [Measured(part) for chunk in chunks for part in between_wide(chunk)]


class Measured(str):
    """A piece of a line, as long as the columns that it takes."""

    def __len__(self) -> int:
        return columns(str(self))


def between_wide(chunk: str) -> list[str]:
    """A word, cut after each wide letter in it."""
    parts = [""]
    for c in chunk:
        parts[-1] += c
        if is_wide(c):
            parts.append("")
    return [part for part in parts if part]
