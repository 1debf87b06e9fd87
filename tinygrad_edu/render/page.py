"""Makes the page that walks through a computation: the player, and the data that it shows."""

from __future__ import annotations

from typing import Any

from ..render import svg
from ..tracing.data import Trace, fields_in_use
from ..web import colours
from ..web.page import as_json, package_file
from ..web.page import page as skeleton
from .compose import Style, scene_of
from .content import MANY
from .typeset import Label, mathematics
from .view import depths, view_of

FORMULAS = 3000  # at most so many are set; the page shows the others as LaTeX
STYLE = "html,body{margin:0;height:100%}#tinygrad-edu{height:100%}@media print{html,body,#tinygrad-edu{height:auto}}"
BODY = (
    '<div id="tinygrad-edu"><noscript>This page walks through a computation, for which it needs JavaScript.</noscript>'
    "</div>"
)


def page(trace: Trace, style: Style, at: int, dark: bool | None, **options: Any) -> str:
    """The page as HTML, opened at step ``at``.  ``options``: ``depth`` and ``constants``, as for ``view_of``."""
    plain = data_for_player(trace, style, at, dark, **options)
    return skeleton(
        plain["title"], BODY, style=STYLE, script=player_source(), module=True, data=as_json(plain, fields_in_use)
    )


def player_source() -> str:
    """The JavaScript of the player, which viz/build.py puts together."""
    return package_file(__package__, "player.js")


def data_for_player(trace: Trace, style: Style, at: int, dark: bool | None, **options: Any) -> dict[str, Any]:
    """The data that the player shows: the trace, a picture for each depth, and the formulas as outlines."""
    name = trace.nodes[trace.result].name
    levels = [options.pop("depth", None)]
    if levels == [None]:
        levels += range(depths(trace) - 1, -1, -1)
    scenes, views = [], []
    for level in levels:
        view = view_of(trace, level, **options)
        scene = scene_of(view, style)
        scenes.append(scene)
        called = "everything" if level is None else "parts folded" if not level else f"{level} open"
        drawn, labels = svg.svg_for_walk(scene, colours.VARIABLES, apart=len(view.boxes) > MANY)
        views.append({"name": called, "svg": drawn, "labels": labels, "remark": view.remark})
    asked = formulas(trace)
    found = {latex: mathematics(latex, quick=len(asked) > MANY) for latex in asked}
    glyphs = [g for scene in scenes for g in svg.glyphs_of(scene)] + [g.glyph for x in found.values() for g in x.glyphs]
    return {
        "trace": trace,
        "views": views,
        "math": {latex: label_for_player(label) for latex, label in found.items()},
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
    found |= dict.fromkeys(letter.symbol for package_file in parts for letter in package_file.letters or ())
    found |= dict.fromkeys(step.recursion for step in trace.steps if step.recursion)
    found |= dict.fromkeys(["g", "z", r"\partial"])
    return list(found)[:FORMULAS]


def label_for_player(label: Label) -> dict[str, Any]:
    """A label as data for the player: its SVG and its size."""
    return {
        "svg": f"<g>{svg.draw_label(label)}</g>",
        "width": round(label.width, 2),
        "ascent": round(label.ascent, 2),
        "descent": round(label.descent, 2),
    }
