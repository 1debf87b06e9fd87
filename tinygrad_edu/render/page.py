"""The page that walks through a computation: one file that needs nothing else, and may ask for nothing else.

Its policy lets the two pieces of code and style that are in it run, known by their hashes, and nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib import resources
from typing import Any

from ..render import svg, theme
from ..tracing.data import Trace, known
from .compose import Style, composed
from .content import MANY
from .typeset import Label, mathematics
from .view import depths, viewed

FORMULAS = 3000  # at most so many are set; the page shows others as LaTeX
STYLE = "html,body{margin:0;height:100%}#tinygrad-edu{height:100%}@media print{html,body,#tinygrad-edu{height:auto}}"


def page(trace: Trace, style: Style, at: int, dark: bool | None, **options: Any) -> str:
    """The page as HTML."""
    script = player()
    plain = data(trace, style, at, dark, **options)
    allowed = f"script-src {hashed(script)}; style-src {hashed(STYLE)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    title = html.escape(plain["title"])
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<div id="tinygrad-edu"><noscript>This page walks through a computation, for which it needs JavaScript.'
        f"</noscript></div>\n"
        f'<script type="application/json" id="tinygrad-edu-data">{as_script(plain)}</script>\n'
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    )


def player() -> str:
    """The browser's part, as viz/build.py made it."""
    return (resources.files(__package__) / "player.js").read_text(encoding="utf-8")


def hashed(text: str) -> str:
    """A piece of the page as its policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def as_script(plain: Any) -> str:
    """JSON in which nothing ends the element that it stands in."""
    text = json.dumps(plain, default=known, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return (
        text.replace("<", r"\u003c")
        .replace(">", r"\u003e")
        .replace("&", r"\u0026")
        .replace("\u2028", r"\u2028")
        .replace("\u2029", r"\u2029")
    )


def data(trace: Trace, style: Style, at: int, dark: bool | None, **options: Any) -> dict[str, Any]:
    """All that the player shows: the trace, its pictures, and the formulas, set."""
    name = trace.nodes[trace.result].name
    levels = [options.pop("depth", None)]
    if levels == [None]:
        levels += range(depths(trace) - 1, -1, -1)
    scenes, views = [], []
    for level in levels:
        view = viewed(trace, level, **options)
        scene = composed(view, style)
        scenes.append(scene)
        called = "everything" if level is None else "parts folded" if not level else f"{level} open"
        drawn, labels = svg.walked(scene, theme.VARIABLES, apart=len(view.boxes) > MANY)
        views.append({"name": called, "svg": drawn, "labels": labels, "remark": view.remark})
    asked = formulas(trace)
    found = {latex: mathematics(latex, quick=len(asked) > MANY) for latex in asked}
    glyphs = [g for scene in scenes for g in svg.used(scene)] + [g.glyph for x in found.values() for g in x.glyphs]
    return {
        "trace": trace,
        "views": views,
        "math": {latex: fragment(label) for latex, label in found.items()},
        "glyphs": svg.definitions(list(dict.fromkeys(glyphs))),
        "title": name[:200] if name else f"the result of {trace.nodes[trace.result].op or 'nothing'}",
        "at": at,
        "theme": None if dark is None else "dark" if dark else "light",
    }


def formulas(trace: Trace) -> list[str]:
    """The formulas that a walk shows, each once."""
    found = dict.fromkeys(latex for node in trace.nodes for latex in (node.symbol, node.formula, node.called) if latex)
    found |= dict.fromkeys(latex for edge in trace.edges for latex in (edge.rule, edge.upstream) if latex)
    parts: list[Any] = [*trace.nodes, *trace.edges, *trace.steps]
    found |= dict.fromkeys(letter.symbol for part in parts for letter in part.letters or ())
    found |= dict.fromkeys(step.recursion for step in trace.steps if step.recursion)
    found |= dict.fromkeys(["g", "z", r"\partial"])
    return list(found)[:FORMULAS]


def fragment(label: Label) -> dict[str, Any]:
    """A label as the player takes it."""
    return {
        "svg": f"<g>{svg.label(label)}</g>",
        "width": round(label.width, 2),
        "ascent": round(label.ascent, 2),
        "descent": round(label.descent, 2),
    }
