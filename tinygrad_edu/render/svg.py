"""Writes a scene as SVG, with outlines of glyphs: it looks the same whatever fonts there are, and loads nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from itertools import groupby

from ..web.page import attribute, escape
from .compose import MARGIN
from .scene import Group, Scene, Shape, Text, is_seen
from .typeset import GLYPHS, Label

PREFIX = "te-"  # begins the names of glyphs on a page, whose other parts have names of their own
USED = re.compile(rf'#{PREFIX}([^"]+)"')
ZEROS = re.compile(r"\.0+(?=\s|$)|(\.\d*?)0+(?=\s|$)")  # at the end of a number


def svg(scene: Scene, colours: dict[str, str], step: int | None = None, now: Set[tuple[str, int]] = frozenset()) -> str:
    """The picture as a file: as it is in the end, or at a step of the walk, with the parts ``now`` highlighted."""
    back = f'<rect width="{scene.width:.2f}" height="{scene.height:.2f}" fill="{colours["paper"]}"/>'
    body = draw_group(scene.root, colours, step, now)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{scene.width:.2f}" height="{scene.height:.2f}" '
        f'viewBox="0 0 {scene.width:.2f} {scene.height:.2f}" role="img" aria-label={attribute(scene.words)}>'
        f"<defs>{definitions(glyphs_of(scene))}</defs>{back}{inside_margin(body)}</svg>"
    )


def svg_for_walk(scene: Scene, colours: dict[str, str], apart: bool) -> tuple[str, list[str]]:
    """The picture for the page, with every state that the walk shows, and without the glyphs, which the page has.

    ``apart``: the labels in the boxes come in a list, from which the page inserts them when they come into sight.
    """
    labels: list[str] | None = [] if apart else None
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{scene.width:.2f}" height="{scene.height:.2f}" '
        f'viewBox="0 0 {scene.width:.2f} {scene.height:.2f}" role="group" aria-label={attribute(scene.words)}>'
        f"{inside_margin(draw_group_for_page(scene.root, colours, labels))}</svg>"
    )
    return text, labels or []


def inside_margin(body: str) -> str:
    """Move what was drawn from (0, 0) inside the margin."""
    return f'<g transform="translate({MARGIN:g} {MARGIN:g})">{body}</g>'


def glyphs_of(scene: Scene) -> list[str]:
    """The names of the glyphs that a scene needs, each once."""

    def labels(group: Group) -> Iterator[Label]:
        for item in group.items:
            if isinstance(item, Group):
                yield from labels(item)
            elif isinstance(item, Text):
                yield item.label

    return list(dict.fromkeys(g.glyph for draw_label in labels(scene.root) for g in draw_label.glyphs))


def glyphs(page: str) -> str:
    """An element with the outlines of all glyphs that a page uses, for the page to hold once."""
    names = [name for name in dict.fromkeys(USED.findall(page)) if name in GLYPHS]
    return f'<svg class="glyphs" width="0" height="0" aria-hidden="true"><defs>{definitions(names)}</defs></svg>'


def definitions(glyphs: list[str]) -> str:
    """The outlines of glyphs as elements that are used by name."""
    return "".join(f'<path id="{PREFIX}{name}" d="{GLYPHS[name]}"/>' for name in glyphs)


def draw_group(group: Group, colours: dict[str, str], step: int | None, now: Set[tuple[str, int]]) -> str:
    """Draw what is seen of a group at a step (None: at the end), with titles; the parts ``now`` are highlighted."""
    if not is_seen(group, step):
        return ""
    about = {
        ("node", int(group.data.get("node", -1))),
        *(("edge", int(e)) for e in group.data.get("edges", "").split()),
    }
    if about & now:
        colours = colours | dict.fromkeys(("parameter", "data", "constant", "result", "line"), colours["highlight"])
    inner = "".join(
        draw_group(item, colours, step, now)
        if isinstance(item, Group)
        else draw_shape(item, colours, bold=bool(about & now))
        for item in group.items
    )
    title = f"<title>{escape(group.words)}</title>" if group.words else ""
    return f"<g>{title}{inner}</g>" if title else inner


def draw_group_for_page(group: Group, colours: dict[str, str], labels: list[str] | None = None) -> str:
    """Draw all of a group, with attributes that say when it is seen; labels in boxes go to ``labels``, if given."""
    data = dict(group.data)
    if group.begin is not None:
        data["from"] = str(group.begin)
    if group.end is not None:
        data["until"] = str(group.end)
    attributes = "".join(f" data-{name}={attribute(x)}" for name, x in data.items())
    label = f" aria-label={attribute(group.words)}" if group.words else ""
    items = group.items
    if labels is not None and group.kind.startswith("node"):
        outlines = [i for i in items if isinstance(i, Shape) and i.name in ("outline", "behind")]
        inside = "".join(
            draw_group_for_page(Group("", items=[i]), colours) for i in items if not any(i is o for o in outlines)
        )
        attributes += f' data-labels="{len(labels)}"'
        labels.append(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>')
        items = outlines  # type: ignore[assignment]
    inner = "".join(
        draw_group_for_page(item, colours, labels) if isinstance(item, Group) else draw_shape(item, colours, named=True)
        for item in items
    )
    return f'<g class="{group.kind}"{attributes}{label}>{inner}</g>' if group.kind else inner


def draw_shape(item: Shape | Text, colours: dict[str, str], named: bool = False, bold: bool = False) -> str:
    """Draw a shape or a label.  ``named``: with the class by which the page finds it; ``bold``: with thick lines."""
    if isinstance(item, Text):
        turn = f" scale({item.stretch:.4g})" if item.stretch != 1 else ""
        place = f'transform="translate({short(item.x)} {short(item.y)}){turn}"'
        return f'<g {place} fill="{colours[item.fill]}">{draw_label(item.label)}</g>'
    stroke = f' stroke="{colours[item.stroke]}" stroke-width="{item.width * (1 + 1.2 * bold):g}"' if item.stroke else ""
    dash = f' stroke-dasharray="{item.dash}"' if item.dash else ""
    name = f' class="{item.name}"' if named and item.name else ""
    path = ZEROS.sub(r"\1", item.path)
    return f'<path{name} d="{path}" fill="{colours[item.fill] if item.fill else "none"}"{stroke}{dash}/>'


def short(x: float) -> str:
    """A number with at most two digits after the point."""
    return f"{x:.2f}".rstrip("0").rstrip(".")


def draw_label(found: Label) -> str:
    """Draw the glyphs of a label, those of one size in one group."""
    parts = []
    for scale, run in groupby(found.glyphs, key=lambda g: g.scale):
        uses = []
        for g in run:
            x, y = (f' {name}="{short(at / scale)}"' if abs(at) > 0.02 else "" for name, at in (("x", g.x), ("y", g.y)))
            uses.append(f'<use href="#{PREFIX}{g.glyph}"{x}{y}/>')
        parts.append(f'<g transform="scale({scale:.4g})">{"".join(uses)}</g>')
    return "".join([*parts, *(f'<path d="{path}"/>' for path in found.shapes)])
