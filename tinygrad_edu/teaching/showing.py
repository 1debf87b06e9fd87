"""``show`` displays formulas, pictures and derivations where the reader is: in a notebook, a terminal or a slide."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from ..format.ascii import encodable
from ..language.lines import line
from ..output.terminal import is_notebook


class Shown(NamedTuple):
    """Something that a cell showed: text that it printed, or an object that can show itself."""

    thing: Any
    caption: str = ""


MATH = re.compile(r"\$\$?(.+?)\$\$?", re.DOTALL)
VIEW: ContextVar[Callable[[Shown], None] | None] = ContextVar("VIEW", default=None)  # set while a lesson is being run


def show(*things: Any, caption: str = "") -> None:
    """Show formulas, pictures, derivations or anything else.

    A notebook and a slide typeset and draw them; a terminal prints them.  ``caption`` stands below the last of them.
    """
    view = VIEW.get() or choose_view()
    for number, thing in enumerate(things, 1):
        view(Shown(thing, caption if number == len(things) else ""))


def choose_view() -> Callable[[Shown], None]:
    """The function that shows something here: for a notebook or for the terminal."""
    return display_in_notebook if is_notebook() else print_in_terminal


def display_in_notebook(shown: Shown) -> None:
    """Display something below the cell of a notebook."""
    from IPython.display import Markdown, display

    display(shown.thing)
    if shown.caption:
        display(Markdown(shown.caption))


def print_in_terminal(shown: Shown) -> None:
    """Print something: a formula as a line of text, a picture as its description."""
    said = f"{text_of(shown.thing)}" + (f"\n  ({plain_text(shown.caption)})" if shown.caption else "")
    print(encodable(said, getattr(sys.stdout, "encoding", None)))


def text_of(thing: Any) -> str:
    """Something as text.  A formula becomes an equation."""
    if hasattr(thing, "equation"):
        return str(thing.equation)
    return str(thing)


def plain_text(markdown: str) -> str:
    """Markdown as plain text: without marks for bold, italics and code, and with mathematics on one line."""
    text = MATH.sub(lambda found: line(found[1]), markdown)
    text = re.sub(r"\*\*(.+?)\*\*|`([^`]+)`", lambda found: found[1] or found[2], text)
    return re.sub(r"(?<!\w)\*([^*\n]+)\*(?!\w)", r"\1", text)
