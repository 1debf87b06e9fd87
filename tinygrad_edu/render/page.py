"""The page that walks through a computation."""

from __future__ import annotations

from typing import Any

from ..render import svg
from ..tracing.data import Trace, known
from ..web import colours
from ..web.page import as_json, part
from ..web.page import page as skeleton
from .compose import Style, composed
from .content import MANY
from .typeset import Label, mathematics
from .view import depths, viewed

FORMULAS = 3000  # at most so many are set; the page shows others as LaTeX
STYLE = "html,body{margin:0;height:100%}#tinygrad-edu{height:100%}@media print{html,body,#tinygrad-edu{height:auto}}"
BODY = (
    '<div id="tinygrad-edu"><noscript>This page walks through a computation, for which it needs JavaScript.</noscript>'
    "</div>"
)


def page(trace: Trace, style: Style, at: int, dark: bool | None, **options: Any) -> str:
    """The page as HTML."""
    plain = data(trace, style, at, dark, **options)
    return skeleton(plain["title"], BODY, style=STYLE, script=player(), module=True, data=as_json(plain, known))


def player() -> str:
    """The browser's part, as viz/build.py made it."""
    return part(__package__, "player.js")


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
        drawn, labels = svg.walked(scene, colours.VARIABLES, apart=len(view.boxes) > MANY)
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
        "colours": {name: {role: codes[role] for role in colours.PLAYER} for name, codes in colours.THEMES.items()},
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
