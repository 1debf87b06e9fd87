"""How far long work has come: one bar, on the standard error, only in a terminal, and taken away at the end.

Where the standard error is kept, as in the file of a job that runs at night, there are a few lines instead, if asked.
"""

from __future__ import annotations

import sys
import time
from typing import Self, TextIO

from ..format.ascii import encodable
from .terminal import columns, columns_of, is_terminal, shorten

WIDEST, LEAST, EACH = 79, 5, 0.1  # columns of the whole line, of the bar at least, and seconds between two drawings


class Progress:
    """A bar such as ``epoch 3/30 [###      ] mean loss 0.31``.

    what: what is counted.
    last: the number at the end; None if it is not known, and then no bar is shown but the number alone.
    after: seconds after which it is shown first, so that short work shows nothing.
    hint: what the user can do meanwhile.
    lines: where there is no terminal, so many lines are written until the end, and none if it is 0.
    """

    def __init__(
        self, what: str, last: int | None = None, *, after: float = 0.0, hint: str = "", lines: int = 0
    ) -> None:
        self.what, self.last, self.hint, self.lines = what, last, hint, lines
        self.stream: TextIO | None = sys.stderr if is_terminal(sys.stderr) else None
        self.next = time.monotonic() + after
        self.logged = 0  # what the last line in a file was about
        self.shown = 0  # columns that the line takes now

    def at(self, done: float, words: str = "") -> None:
        """The work has come so far, with some words about it.  Calling this often costs little."""
        if self.stream is None:
            self.log(done, words)
            return
        if time.monotonic() < self.next:
            return
        self.next = time.monotonic() + EACH
        self.draw(self.line(done, words or self.hint))

    def log(self, done: float, words: str) -> None:
        """A line for a file, if it is time for one: at a part that is done, and not within it."""
        if not self.lines or not self.last or sys.stderr is None or done != int(done) or done <= self.logged:
            return
        if done == self.last or done % max(1, self.last // self.lines) == 0:
            self.logged = int(done)
            print(f"  {self.what} {done:,.0f}/{self.last:,}: {words}", file=sys.stderr, flush=True)

    def line(self, done: float, words: str) -> str:
        """The line, no longer than the terminal is wide."""
        room = min(WIDEST, columns_of(self.stream) - 1)  # in the last column some terminals begin another line
        if self.last is None:
            return shorten(f"  {self.what} {int(done):,}  {words}".rstrip(), room)
        before = f"  {self.what} {f'{int(done):,}':>{len(f'{self.last:,}')}}/{self.last:,} ["
        words = shorten(words, max(0, room - columns(before) - LEAST - 2)) if words else ""
        length = max(LEAST, room - columns(before) - columns(words) - 2)
        return shorten(f"{before}{'#' * int(length * min(1.0, done / max(1, self.last))):<{length}}] {words}", room)

    def draw(self, line: str) -> None:
        """Write over what stands there, with spaces, which every terminal has."""
        if self.stream is not None:
            line = encodable(line, getattr(self.stream, "encoding", None))
            self.stream.write(f"\r{line}{' ' * (self.shown - columns(line))}\r{line}" if self.shown else line)
            self.stream.flush()
            self.shown = columns(line)

    def end(self) -> None:
        """Take the line away."""
        if self.shown and self.stream is not None:
            self.stream.write(f"\r{' ' * self.shown}\r")
            self.stream.flush()
            self.shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
