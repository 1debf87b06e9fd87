"""The pager: what is longer than the screen is shown one screen at a time."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterator
from typing import Any

from ..output.terminal import Screen


@contextlib.contextmanager
def by_pages(screen: Screen, stdin: Any) -> Iterator[None]:
    """In this block what is printed is kept, and then shown page by page; ``stdin`` says whether to go on."""
    stream, screen.stream = screen.stream, io.StringIO()
    try:
        yield
    finally:
        rows, screen.stream = screen.stream.getvalue().splitlines(), stream
        show_pages(rows, screen, stdin)


def show_pages(rows: list[str], screen: Screen, stdin: Any) -> None:
    """Write the rows; where they do not fit on the screen, ask after each page: an empty line goes on, q stops."""
    room = max(1, shutil.get_terminal_size().lines - 1)  # one row is for the question, or for the next prompt
    while rows:
        page, rows = rows[:room], rows[room:]
        screen.stream.write("\n".join(page) + "\n")
        if rows:
            long, short = f"-- {len(rows)} more: Enter goes on, q stops ", "-- more, or q "
            screen.stream.write(long if len(long) < screen.width else short)
            screen.stream.flush()
            answer = stdin.readline()
            if not answer or answer.strip().lower() in ("q", "quit"):
                break
    screen.stream.flush()
