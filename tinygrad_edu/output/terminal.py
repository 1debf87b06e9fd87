"""Where the console writes: as wide as the terminal, with a little weight and colour where there are such."""

from __future__ import annotations

import io
import os
import shutil
import sys
import textwrap
import time
from typing import Any, TextIO

import numpy as np

from ..format import numbers, text
from ..language import lines

NARROWEST, WIDEST = 20, 100
STYLES = {"bold": "1", "dim": "2", "bad": "1;31", "good": "32", "mark": "1;36"}


class Screen:
    """A stream to write to; ``colour`` if it is a terminal that has some and NO_COLOR does not forbid it."""

    def __init__(self, stream: TextIO | None = None, width: int | None = None, colour: bool | None = None) -> None:
        self.stream = stream or sys.stdout
        self.terminal = self.stream.isatty() if hasattr(self.stream, "isatty") else False
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "") in ("dumb", "")
        self.colour = self.terminal and not plain if colour is None else colour
        self.fixed = width
        self.unicode = holds_unicode(self.stream)

    @property
    def width(self) -> int:
        """Columns, asked for anew: a window may be made wider."""
        columns = self.fixed or (shutil.get_terminal_size().columns if self.terminal else 80)
        return max(NARROWEST, min(WIDEST, columns))

    def styled(self, words: str, style: str) -> str:
        """Words with weight or colour."""
        return f"\x1b[{STYLES[style]}m{words}\x1b[0m" if self.colour and words else words

    def plain(self, words: str) -> str:
        """Words in letters that the stream has."""
        return words if self.unicode else lines.ascii(words)

    def write(self, words: str = "", style: str = "") -> None:
        """A line, as it is."""
        shown = "\n".join(map(text.printable, self.plain(words).split("\n")))  # a name cannot move the cursor
        self.stream.write((self.styled(shown, style) if style else shown) + "\n")
        self.stream.flush()

    def say(self, words: str, style: str = "", indent: int = 0) -> None:
        """A sentence, in as many lines as it takes, the second from column ``indent`` on where there is the room."""
        indent = min(indent, self.width // 2 if self.width >= 60 else self.width // 4)
        for part in self.plain(words).splitlines() or [""]:
            for line in textwrap.wrap(part, self.width, subsequent_indent=" " * indent) or [""]:
                self.write(line, style)

    def array(self, label: str, x: Any, note: str = "", short: bool = True, style: str = "") -> None:
        """A label, an array beside it, and a note after it; a long array in words, if it is to be ``short``."""
        before = f"  {label:<9} " if self.width >= 40 else f" {label} "
        body = numbers.array(x, width=self.width, indent=len(before), threshold=60 if short else 1000)
        if short and not (np.ndim(x) <= 1 and np.size(x) <= 8) and not is_small(x, body):
            body = numbers.summary(x)
        rows = (before + body).split("\n")
        if note and len(rows[-1]) + 2 + len(note) <= self.width:
            rows[-1] += "  " + note
        elif note:
            rows.append(" " * len(before) + note)
        for row in map(self.plain, rows):
            for line in textwrap.wrap(row, self.width, subsequent_indent="  ", drop_whitespace=False) or [row]:
                self.write(line.rstrip(), style)


def is_small(x: Any, printed: str) -> bool:
    """Is a matrix shown in a few lines, one for each row?"""
    return np.ndim(x) == 2 and np.size(x) <= 24 and printed.count("\n") < len(x) <= 4


def holds_unicode(stream: Any) -> bool:
    """Can a stream hold mathematics?"""
    try:
        "σ∂⊙⁽¹⁾ᵀ′√→".encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeError, LookupError):
        return False
    return True


class Progress:
    """A line that says how far a long run has come; nothing for a short one, nor where it would be kept."""

    def __init__(self, words: str, last: int | None = None) -> None:
        self.words, self.last = words, last
        self.next = time.monotonic() + 1.0
        self.shown = False

    def at(self, number: int) -> None:
        """It has come so far."""
        if number % 256 == 0 and time.monotonic() > self.next and sys.stderr.isatty():
            of = f" of {self.last:,}" if self.last else ""
            print(f"\r{self.words} {number:,}{of}  (Ctrl-C stops here)", end="", file=sys.stderr, flush=True)
            self.next, self.shown = time.monotonic() + 0.2, True

    def end(self) -> None:
        """Take the line away."""
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def is_notebook() -> bool:
    """Are we in a notebook, where ``input`` asks in a box of its own?"""
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"


def is_interactive(stream: Any) -> bool:
    """Does a person type, rather than a file of commands?"""
    return is_notebook() or (isinstance(stream, io.TextIOBase) and stream.isatty())
