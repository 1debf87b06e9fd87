"""Shows the progress of long work as a bar on the standard error, in a terminal only, and removes it at the end.

If the standard error goes to a file, as in a job that runs at night, a few lines report the progress instead.
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

    what: the word for what is counted.
    last: the number at the end; None if it is not known, and then the number is shown without a bar.
    after: the bar appears after so many seconds, so that short work shows nothing.
    hint: what the user can do meanwhile.
    lines: how many lines are written in all if there is no terminal.
    """

    def __init__(
        self, what: str, last: int | None = None, *, after: float = 0.0, hint: str = "", lines: int = 0
    ) -> None:
        self.what, self.last, self.hint, self.lines = what, last, hint, lines
        self.stream: TextIO | None = sys.stderr if is_terminal(sys.stderr) else None
        self.next = time.monotonic() + after
        self.logged = 0  # the number in the last line that went to a file
        self.shown = 0  # columns of the line that is in the terminal now

    def at(self, done: float, words: str = "") -> None:
        """Report that the work has come to ``done``, with some words about it.  Calling this often costs little."""
        if self.stream is None:
            self.log(done, words)
            return
        if time.monotonic() < self.next:
            return
        self.next = time.monotonic() + EACH
        self.draw(self.line(done, words or self.hint))

    def log(self, done: float, words: str) -> None:
        """Write a line for a file if it is time for one, which it is only when ``done`` is a whole number."""
        if not self.lines or not self.last or sys.stderr is None or done != int(done) or done <= self.logged:
            return
        if done == self.last or done % max(1, self.last // self.lines) == 0:
            self.logged = int(done)
            print(f"  {self.what} {done:,.0f}/{self.last:,}: {words}", file=sys.stderr, flush=True)

    def line(self, done: float, words: str) -> str:
        """The line, no longer than the terminal is wide."""
        room = min(WIDEST, columns_of(self.stream) - 1)  # some terminals begin a new line after the last column
        if self.last is None:
            return shorten(f"  {self.what} {int(done):,}  {words}".rstrip(), room)
        before = f"  {self.what} {f'{int(done):,}':>{len(f'{self.last:,}')}}/{self.last:,} ["
        words = shorten(words, max(0, room - columns(before) - LEAST - 2)) if words else ""
        length = max(LEAST, room - columns(before) - columns(words) - 2)
        return shorten(f"{before}{'#' * int(length * min(1.0, done / max(1, self.last))):<{length}}] {words}", room)

    def draw(self, line: str) -> None:
        """Draw the line over the old one, which is erased with spaces: every terminal knows these."""
        if self.stream is not None:
            line = encodable(line, getattr(self.stream, "encoding", None))
            self.stream.write(f"\r{line}{' ' * (self.shown - columns(line))}\r{line}" if self.shown else line)
            self.stream.flush()
            self.shown = columns(line)

    def end(self) -> None:
        """Erase the line."""
        if self.shown and self.stream is not None:
            self.stream.write(f"\r{' ' * self.shown}\r")
            self.stream.flush()
            self.shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
