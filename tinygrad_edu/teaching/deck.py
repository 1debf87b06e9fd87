"""A lesson as one page: slides for the projector, and the same to read.  It asks nothing of a network."""

from __future__ import annotations

from html import escape
from importlib import resources

from ..render import theme
from ..render.page import hashed
from ..teaching import html
from .exercises import opened
from .lesson import Cell, Lesson, Slide


def page(title: str, body: str, script: str = "", kind: str = "") -> str:
    """A page: its own style and script, and a policy that lets it load nothing."""
    allowed = f"script-src {hashed(script)}" if script else "script-src 'none'"
    policy = f"default-src 'none'; {allowed}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        f'<!doctype html>\n<html lang="en" class="{kind}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style()}</style>\n</head>\n<body>\n{html.glyphs(body)}\n{body}\n"
        + (f"<script>{script}</script>\n" if script else "")
        + "</body>\n</html>\n"
    )


def style() -> str:
    """The style sheet, with the colours of both themes."""
    colours = [";".join(f"--{role}:{code}" for role, code in theme.THEMES[name].items()) for name in ("light", "dark")]
    light, dark = colours
    return (
        f":root{{{light}}}\n@media(prefers-color-scheme:dark){{:root:not(.light){{{dark}}}}}\n:root.dark{{{dark}}}\n"
        + part("deck.css")
        + f"@media print{{:root,:root.dark,:root:not(.light){{{light}}}}}"
    )


def part(name: str) -> str:
    """A file beside this one."""
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def deck(lesson: Lesson, *, solutions: bool = False, home: str = "") -> str:
    """The page of a lesson that has run.

    ``solutions``: those of the exercises stand in the speaker's notes.  ``home``: the address of the course's index.
    """
    slides = lesson.slides
    number = f"{lesson.entry.number}. {lesson.entry.title}"
    sections = "\n".join(slide(s, i, len(slides), solutions) for i, s in enumerate(slides, 1))
    back = f'<a class="home" href="{escape(home)}">All lessons</a>' if home else ""
    body = (
        f'<header class="bar">{back}<span class="name">{escape(number)}</span>'
        '<button data-do="mode" title="Slides, or to read (s)">Slides</button>'
        '<button data-do="dark" title="Dark or light (d)">Dark</button>'
        '<button data-do="help" title="Keys (?)">?</button></header>\n'
        f'<main id="deck">\n{sections}\n</main>\n'
        '<nav class="turn" aria-label="slides"><button data-do="back" aria-label="back">‹</button>'
        '<output id="where"></output><button data-do="next" aria-label="next">›</button></nav>\n'
        '<aside id="speaker" hidden></aside>\n'
        f'<dialog id="keys"><h2>Keys</h2><dl>{keys()}</dl><button data-do="help">Close</button></dialog>\n'
    )
    return page(number, body, part("deck.js"))


def keys() -> str:
    """What they do."""
    found = {
        "→  space": "next", "←": "back", "Home  End": "first, last", "7  Enter": "that slide",
        "s": "slides, or to read", "b": "derivations step by step, as on a blackboard, or whole",
        "n": "speaker notes, on paper too", "p": "speaker notes in a window of their own",
        "d": "dark or light", "f": "the whole screen", "?": "this help",
    }  # fmt: skip
    return "".join(f"<dt><kbd>{escape(key)}</kbd></dt><dd>{escape(words)}</dd>" for key, words in found.items())


def slide(found: Slide, number: int, of: int, solutions: bool) -> str:
    """One slide, with the speaker's notes."""
    inner = "".join(cell(c) for c in found.cells if "notes" not in c.tags)
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


def cell(found: Cell) -> str:
    """A cell as a slide has it: of an exercise the place for an answer, and not who marks it."""
    if found.marks:
        points = f"{found.points:g} {'point' if found.points == 1 else 'points'}"
        return f'<p class="marked">Exercise {escape(found.marks)}: {points}, marked by the checker.</p>'
    if found.exercise:
        return html.code(opened(found))
    inner = html.cell(found)
    return f'<div class="experiment">{inner}</div>' if "experiment" in found.tags else inner
