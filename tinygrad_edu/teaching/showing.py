"""``show``: a formula, a picture or a derivation, put where the reader is."""

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
    """Something that a cell showed: what it printed, if it is a text, and else a thing with a picture of itself."""

    thing: Any
    caption: str = ""


MATH = re.compile(r"\$\$?(.+?)\$\$?", re.DOTALL)
VIEW: ContextVar[Callable[[Shown], None] | None] = ContextVar("VIEW", default=None)  # where a lesson is being run


def show(*things: Any, caption: str = "") -> None:
    """Show formulas, pictures, derivations or anything else.

    A notebook and a slide typeset and draw them; a terminal prints them.  ``caption`` says below what one sees.
    """
    view = VIEW.get() or viewer()
    for number, thing in enumerate(things, 1):
        view(Shown(thing, caption if number == len(things) else ""))


def viewer() -> Callable[[Shown], None]:
    """What shows something where nobody has said how: a notebook, or the terminal."""
    return in_notebook if is_notebook() else printed


def in_notebook(shown: Shown) -> None:
    """Display it below the cell."""
    from IPython.display import Markdown, display

    display(shown.thing)
    if shown.caption:
        display(Markdown(shown.caption))


def printed(shown: Shown) -> None:
    """Print it: a formula as a line of text, a picture as what it shows."""
    said = f"{words(shown.thing)}" + (f"\n  ({plain(shown.caption)})" if shown.caption else "")
    print(encodable(said, getattr(sys.stdout, "encoding", None)))


def words(thing: Any) -> str:
    """Something as text.  Of a formula, an equation."""
    if hasattr(thing, "equation"):
        return str(thing.equation)
    return str(thing)


def plain(markdown: str) -> str:
    """Markdown without its signs of weight, and with mathematics as one writes it on one line."""
    text = MATH.sub(lambda found: line(found[1]), markdown)
    text = re.sub(r"\*\*(.+?)\*\*|`([^`]+)`", lambda found: found[1] or found[2], text)
    return re.sub(r"(?<!\w)\*([^*\n]+)\*(?!\w)", r"\1", text)
