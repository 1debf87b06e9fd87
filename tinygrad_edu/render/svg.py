"""A scene as SVG: outlines only, so that it looks the same with any fonts and loads nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from itertools import groupby

from ..web.page import attribute, escape
from .compose import MARGIN
from .scene import Group, Scene, Shape, Text, seen
from .typeset import GLYPHS, Label

PREFIX = "te-"  # of the names of glyphs: several pictures may stand on one page
USED = re.compile(rf'#{PREFIX}([^"]+)"')
ZEROS = re.compile(r"\.0+(?=\s|$)|(\.\d*?)0+(?=\s|$)")  # at the end of a number


def svg(scene: Scene, colours: dict[str, str], step: int | None = None, now: Set[tuple[str, int]] = frozenset()) -> str:
    """The picture as a file of its own, as it is in the end; or at a step of the walk, which is about ``now``."""
    back = f'<rect width="{scene.width:.2f}" height="{scene.height:.2f}" fill="{colours["paper"]}"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{scene.width:.2f}" height="{scene.height:.2f}" '
        f'viewBox="0 0 {scene.width:.2f} {scene.height:.2f}" role="img" aria-label={attribute(scene.words)}>'
        f"<defs>{definitions(used(scene))}</defs>{back}{placed(written(scene.root, colours, step, now))}</svg>"
    )


def walked(scene: Scene, colours: dict[str, str], apart: bool) -> tuple[str, list[str]]:
    """The picture for the page, with all that the walk will show; the page has the glyphs.

    ``apart``: what stands in the boxes comes in a list, for the page to make it when it is looked at.
    """
    labels: list[str] | None = [] if apart else None
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{scene.width:.2f}" height="{scene.height:.2f}" '
        f'viewBox="0 0 {scene.width:.2f} {scene.height:.2f}" role="group" aria-label={attribute(scene.words)}>'
        f"{placed(grouped(scene.root, colours, labels))}</svg>"
    )
    return text, labels or []


def placed(body: str) -> str:
    """What was drawn from (0, 0), inside the margin."""
    return f'<g transform="translate({MARGIN:g} {MARGIN:g})">{body}</g>'


def used(scene: Scene) -> list[str]:
    """The glyphs that a scene needs, once each."""

    def labels(group: Group) -> Iterator[Label]:
        for item in group.items:
            if isinstance(item, Group):
                yield from labels(item)
            elif isinstance(item, Text):
                yield item.label

    return list(dict.fromkeys(g.glyph for label in labels(scene.root) for g in label.glyphs))


def glyphs(page: str) -> str:
    """The outlines of all glyphs that a page uses, to stand in it once."""
    names = [name for name in dict.fromkeys(USED.findall(page)) if name in GLYPHS]
    return f'<svg class="glyphs" width="0" height="0" aria-hidden="true"><defs>{definitions(names)}</defs></svg>'


def definitions(glyphs: list[str]) -> str:
    """Outlines of glyphs, to be used by name."""
    return "".join(f'<path id="{PREFIX}{name}" d="{GLYPHS[name]}"/>' for name in glyphs)


def written(group: Group, colours: dict[str, str], step: int | None, now: Set[tuple[str, int]]) -> str:
    """What is seen at a step, in groups with their titles."""
    if not seen(group, step):
        return ""
    about = {
        ("node", int(group.data.get("node", -1))),
        *(("edge", int(e)) for e in group.data.get("edges", "").split()),
    }
    if about & now:
        colours = colours | dict.fromkeys(("parameter", "data", "constant", "result", "line"), colours["highlight"])
    inner = "".join(
        written(item, colours, step, now) if isinstance(item, Group) else shape(item, colours, bold=bool(about & now))
        for item in group.items
    )
    title = f"<title>{escape(group.words)}</title>" if group.words else ""
    return f"<g>{title}{inner}</g>" if title else inner


def grouped(group: Group, colours: dict[str, str], labels: list[str] | None = None) -> str:
    """Everything, in groups that say when they are seen; but what stands in boxes goes to ``labels``, if given."""
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
        inside = "".join(grouped(Group("", items=[i]), colours) for i in items if not any(i is o for o in outlines))
        attributes += f' data-labels="{len(labels)}"'
        labels.append(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>')
        items = outlines  # type: ignore[assignment]
    inner = "".join(
        grouped(item, colours, labels) if isinstance(item, Group) else shape(item, colours, named=True)
        for item in items
    )
    return f'<g class="{group.kind}"{attributes}{label}>{inner}</g>' if group.kind else inner


def shape(item: Shape | Text, colours: dict[str, str], named: bool = False, bold: bool = False) -> str:
    """One shape, or one label.  ``named``: with the class by which the page knows it; ``bold``: with thick lines."""
    if isinstance(item, Text):
        turn = f" scale({item.stretch:.4g})" if item.stretch != 1 else ""
        place = f'transform="translate({short(item.x)} {short(item.y)}){turn}"'
        return f'<g {place} fill="{colours[item.fill]}">{label(item.label)}</g>'
    stroke = f' stroke="{colours[item.stroke]}" stroke-width="{item.width * (1 + 1.2 * bold):g}"' if item.stroke else ""
    dash = f' stroke-dasharray="{item.dash}"' if item.dash else ""
    name = f' class="{item.name}"' if named and item.name else ""
    path = ZEROS.sub(r"\1", item.path)
    return f'<path{name} d="{path}" fill="{colours[item.fill] if item.fill else "none"}"{stroke}{dash}/>'


def short(x: float) -> str:
    """A number with two digits after the point, and no more than it needs."""
    return f"{x:.2f}".rstrip("0").rstrip(".")


def label(found: Label) -> str:
    """The glyphs of a label, those of one size together."""
    parts = []
    for scale, run in groupby(found.glyphs, key=lambda g: g.scale):
        uses = []
        for g in run:
            x, y = (f' {name}="{short(at / scale)}"' if abs(at) > 0.02 else "" for name, at in (("x", g.x), ("y", g.y)))
            uses.append(f'<use href="#{PREFIX}{g.glyph}"{x}{y}/>')
        parts.append(f'<g transform="scale({scale:.4g})">{"".join(uses)}</g>')
    return "".join([*parts, *(f'<path d="{path}"/>' for path in found.shapes)])
