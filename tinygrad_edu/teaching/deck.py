"""Makes one page of a lesson: slides for the projector, and the same text to read.  It needs no network."""

from __future__ import annotations

from ..render import svg
from ..teaching import html
from ..web import colours
from ..web.page import escape, package_file
from ..web.page import page as skeleton
from .exercises import source_to_show
from .lesson import Cell, Lesson, Slide


def page(title: str, body: str, script: str = "", kind: str = "") -> str:
    """A page of the course.  Its mathematics carries inline styles, which put it on the baseline."""
    style = colours.style(colours.LESSON) + package_file(__package__, "deck.css")
    whole = f"{svg.glyphs(body)}\n{body}"
    return skeleton(title, whole, style=style, script=script, kind=kind, inline_styles=True)


def deck(lesson: Lesson, *, solutions: bool = False, home: str = "") -> str:
    """The page of a lesson that has run.

    ``solutions``: whether the speaker's notes have the solutions of the exercises.  ``home``: the address of the
    course's index.
    """
    slides = lesson.slides
    number = f"{lesson.entry.number}. {lesson.entry.title}"
    sections = "\n".join(html_of_slide(s, i, len(slides), solutions) for i, s in enumerate(slides, 1))
    back = f'<a class="home" href="{escape(home)}">All lessons</a>' if home else ""
    body = (
        f'<header class="bar">{back}<span class="name">{escape(number)}</span>'
        '<button data-do="mode" title="Slides, or a page to read (s)">Slides</button>'
        '<button data-do="dark" title="Dark or light (d)">Dark</button>'
        '<button data-do="help" title="Keys (?)">?</button></header>\n'
        f'<main id="deck">\n{sections}\n</main>\n'
        '<nav class="turn" aria-label="slides"><button data-do="back" aria-label="back">‹</button>'
        '<output id="where"></output><button data-do="next" aria-label="next">›</button></nav>\n'
        '<aside id="speaker" hidden></aside>\n'
        f'<dialog id="keys"><h2>Keys</h2><dl>{html_of_keys()}</dl><button data-do="help">Close</button></dialog>\n'
    )
    return page(number, body, package_file(__package__, "deck.js"))


def html_of_keys() -> str:
    """The list of keys in the help of the page."""
    found = {
        "→  space": "next", "←": "back", "Home  End": "first, last", "7  Enter": "that slide",
        "s": "slides, or a page to read", "b": "derivations step by step, as on a blackboard, or whole",
        "n": "speaker notes, on paper too", "p": "speaker notes in a window of their own",
        "d": "dark or light", "f": "the whole screen", "?": "this help",
    }  # fmt: skip
    return "".join(f"<dt><kbd>{escape(key)}</kbd></dt><dd>{escape(words)}</dd>" for key, words in found.items())


def html_of_slide(found: Slide, number: int, of: int, solutions: bool) -> str:
    """One slide, with the speaker's notes."""
    inner = "".join(html_of_cell(c) for c in found.cells if "notes" not in c.tags)
    notes = "".join(html.markdown(c.source) for c in found.notes)
    if solutions:
        notes += "".join(
            f"<h3>Solution of {escape(c.exercise)}</h3>{html.code(c.source)}" for c in found.cells if c.exercise
        )
    return (
        f'<section class="slide" id="slide-{number}" aria-label="slide {number} of {of}">'
        f'<div class="body">{inner}</div>'
        f'<aside class="notes">{notes}</aside></section>'
    )


def html_of_cell(found: Cell) -> str:
    """A cell on a slide.  An exercise shows the place for its answer, and a sentence instead of the cell that marks."""
    if found.marks:
        points = f"{found.points:g} {'point' if found.points == 1 else 'points'}"
        return f'<p class="marked">Exercise {escape(found.marks)}: {points}, marked by the checker.</p>'
    if found.exercise:
        return html.code(source_to_show(found))
    inner = html.html_of_cell(found)
    return f'<div class="experiment">{inner}</div>' if "experiment" in found.tags else inner
