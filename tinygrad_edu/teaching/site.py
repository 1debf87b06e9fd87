"""Writes the course: a folder of pages with an index, which opens from disk and needs no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..output.atomic_write import whole
from ..teaching import html
from ..web.page import escape
from .deck import deck, page
from .lesson import Lesson
from .notebooks import write_notebook
from .running import own_operations, run

INTRODUCTION = """\
# Backpropagation, worked through

Each lesson is a page to read and slides to project, a notebook to run, and exercises that a checker marks. Every
derivation has been checked, and every formula for a gradient was printed by the engine that computed it.

In the slides → goes on, `n` shows the speaker's notes, `d` switches to dark colours, and `?` lists the keys.
"""


def write_site(
    found: list[Lesson], folder: Path, *, solutions: bool = False, done: Callable[[int, str], None] = lambda *_: None
) -> Path:
    """Write the pages of all lessons, their notebooks, the reference of operations, and the index.

    Gives the path of the index.  ``solutions``: whether the speaker's notes have the solutions, and the folder the
    solved notebooks.  ``done`` is called with the number of finished lessons and the title of the next.  Each file is
    written whole or not at all; OSError if one cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, lesson in enumerate(found):
        done(number, lesson.entry.title)
        with own_operations():
            write(folder / f"{lesson.entry.key}.html", deck(run(lesson), solutions=solutions, home="index.html"))
        write_notebook(lesson, folder / "exercises", solved=False)
        if solutions:
            write_notebook(lesson, folder / "notebooks")
    done(len(found), "the reference of operations")
    write(folder / "operations.html", reference_page())
    index = folder / "index.html"
    write(index, page("Backpropagation, worked through", index_body(found, solutions), kind="course"))
    done(len(found) + 1, "done")
    return index


def write(file: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    with whole(file) as stream:
        stream.write(text.encode("utf-8"))


def reference_page() -> str:
    """The page that is the reference of all operations."""
    from .reference.entries import entries
    from .reference.page import page

    return page(entries())


def index_body(found: list[Lesson], solutions: bool) -> str:
    """The body of the index: an introduction, an item for each lesson, and the reference."""
    items = "\n".join(index_item(lesson, solutions) for lesson in found)
    also = '<h2>Reference</h2><p><a href="operations.html">All operations</a>, each with its rule.</p>'
    return f'<main>{html.markdown(INTRODUCTION)}<ol start="{found[0].entry.number}">{items}</ol>{also}</main>'


def index_item(lesson: Lesson, solutions: bool) -> str:
    """A lesson in the index: its title, what it is about, and links to its files."""
    entry = lesson.entry
    address, name = f"{entry.key}.html", f"{entry.file.stem}.ipynb"
    files = {"read": f"{address}#read", "slides": f"{address}#1", "exercises": f"exercises/{name}"}
    if solutions:
        files["notebook"] = f"notebooks/{name}"
    links = "".join(f'<a href="{escape(to)}">{words}</a>' for words, to in files.items())
    about = html.markdown(entry.about).removeprefix("<p>").replace("</p>", "").strip()
    return (
        f'<li><a href="{escape(address)}#read">{escape(entry.title)}</a>'
        f'<span class="about">{about}</span><span class="files">{links}</span></li>'
    )
