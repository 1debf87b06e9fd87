"""Draws a view as a scene: boxes with their rows, links with their arrows, frames around the parts of the model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..format.text import shorten
from ..render import figures
from ..tracing.data import Trace
from .content import SMALL, USUAL, Row, Timeline, describe_node, rows_of
from .layout import Box as Area
from .layout import Point, lay_out
from .scene import Group, Scene, Shape, Text
from .typeset import Label, words
from .view import Box, Link, View

PAD, GAP, LEAST = 8.0, 3.0, 34.0  # points in a box: around the rows, between them, and the least width
MARGIN, ARROW = 12.0, 7.0
CURVE = 0.5523  # how far the control points of a quarter of a circle are


@dataclass(frozen=True)
class Style:
    """How a view is drawn."""

    direction: str = "right"
    detail: tuple[str, ...] = USUAL
    digits: int = 3
    flows: bool = False  # is what flowed back written on the links?
    path: frozenset[int] = frozenset()  # the nodes that are highlighted
    walked: bool = False  # do boxes show every state of the walk, or only the last?


def scene_of(view: View, style: Style, run: Callable[[str], bytes] | None = None) -> Scene:
    """Lay out a view and draw it.  ``run``: as for ``lay_out``."""
    inside = contents_of_boxes(view, style)
    sizes = {key: size for key, (_, size) in inside.items()}
    labels = labels_of_links(view, style)
    flows = {i: (label.width + 6, label.height + 4) for i, label in labels.items()}
    layout = lay_out(view, sizes, flows, style.direction, run)
    root = Group("picture")
    for part, area in sorted(layout.scopes.items()):
        root.items.append(draw_frame(part, area))
    for i, link in enumerate(view.links):
        root.items.append(draw_link(link, layout.links[i], view.trace, style, labels.get(i)))
    for box in view.boxes:
        root.items.append(draw_box(box, inside[box.key][0], layout.boxes[box.key], view, style))
    width, height = layout.width, layout.height
    if view.remark:
        remark = words(view.remark, SMALL)
        root.items.append(Text(remark, 0, height + 18, "faint"))
        width, height = max(width, remark.width), height + 24
    moved = Group("", items=[root])
    return Scene(width + 2 * MARGIN, height + 2 * MARGIN, moved, describe(view))


def contents_of_boxes(view: View, style: Style) -> dict[str, tuple[list[Row], Point]]:
    """The rows of each box and their size, by the key of the box."""
    timeline = Timeline(view.trace) if style.walked else None
    found = {box.key: rows_of(box, view, style.detail, style.digits, timeline) for box in view.boxes}
    return {key: (inside, size_of(inside)) for key, inside in found.items()}


def size_of(found: list[Row]) -> Point:
    """The width and height of a box with these rows, with a rule under the first."""
    width = max(LEAST, max(row.width for row in found) + 2 * PAD)
    gaps = GAP * len(found) if len(found) > 1 else 0
    return width, sum(row.height for row in found) + gaps + 2 * PAD - 3


def labels_of_links(view: View, style: Style) -> dict[int, Label]:
    """The label of each link, by its number: the gradient that flowed back along it, if the style shows that."""
    if not style.flows:
        return {}
    passed = {i: [view.trace.edges[e].passed for e in link.edges] for i, link in enumerate(view.links)}
    return {
        i: figures.label_of_array(found[0], style.digits, SMALL - 0.5, "∂ ")
        for i, found in passed.items()
        if len(found) == 1 and found[0] is not None
    }


def draw_box(box: Box, found: list[Row], area: Area, view: View, style: Style) -> Group:
    """A box: its outline, which shows the kind of its node, and its rows."""
    left, top, width, height = area
    node, last = view.trace.nodes[box.nodes[-1]], view.trace.result in box.nodes
    role = "result" if box.folded else node.kind
    marked = bool(style.path & set(box.nodes))
    kind = f"node {role}" + " folded" * bool(box.folded) + " last" * last + " marked" * marked
    if box.folded:
        data = {"nodes": " ".join(map(str, box.nodes)), "scope": box.folded}
        group = Group(kind, data, f"{box.folded}: {len(box.nodes)} nodes, folded")
        # A folded box looks like a pile: a second sheet lies behind the first.
        behind = outline(role, left + 3, top + 3, width, height)
        group.items.append(Shape(behind, "frame", "frame", name="behind"))
    else:
        data = {"node": str(node.id)} | ({} if box.use is None else {"use": str(box.use)})
        group = Group(kind, data, describe_node(node))
    stroke, thick = ("highlight", 2.6) if marked else (role, 1.8 if role == "parameter" else 1.2)
    dash = "4 3" if role == "constant" else ""
    group.items.append(Shape(outline(role, *area), f"{role}-fill", stroke, thick, dash, "outline"))
    double = last and not box.folded  # the result has a double outline
    if double:
        inner = outline(role, left + 3, top + 3, width - 6, height - 6)
        group.items.append(Shape(inner, "", stroke, 0.8, name="inner"))
    arrived = node.gradient is not None
    group.items += draw_rows(found, area, 3.6 if double else 0.6, "gradient" if arrived else "faint")
    return group


def draw_rows(found: list[Row], area: Area, inset: float, gradient: str) -> list[Group | Shape | Text]:
    """The rows in a box, with a rule under the first.  ``gradient``: the colour of the row of the gradient."""
    left, top, width, _ = area
    colours = {"gradient": gradient, "options": "faint"}
    items: list[Group | Shape | Text] = []
    y = top + PAD - 1.5
    for i, row in enumerate(found):
        for label, begin, end in row.variants:
            x, base = left + (width - label.width) / 2, y + (row.height - label.height) / 2 + label.ascent
            text = Text(label, x, base, colours.get(row.role, "ink"))
            items.append(Group(row.role, {}, "", begin, end, [text]))
        y += row.height + GAP
        if i == 0 and len(found) > 1:
            rule = f"M {left + inset:.2f} {y:.2f} H {left + width - inset:.2f}"
            items.append(Shape(rule, "", "frame", 0.8, name="rule"))
            y += GAP
    return items


def outline(kind: str, x: float, y: float, w: float, h: float) -> str:
    """A box's shape, which says what it is without colour: parameters have cut corners, results round ones."""
    if kind == "parameter":
        c = 7.0
        return (
            f"M {x + c:.2f} {y:.2f} h {w - 2 * c:.2f} l {c} {c} v {h - 2 * c:.2f} l {-c} {c} h {2 * c - w:.2f} "
            f"l {-c} {-c} v {2 * c - h:.2f} Z"
        )
    if kind in ("data", "constant"):
        return f"M {x:.2f} {y:.2f} h {w:.2f} v {h:.2f} h {-w:.2f} Z"
    r = min(7.0, h / 2)
    k = r * (1 - CURVE)
    return (
        f"M {x + r:.2f} {y:.2f} h {w - 2 * r:.2f} c {r - k:.2f} 0 {r:.2f} {k:.2f} {r:.2f} {r:.2f} v {h - 2 * r:.2f} "
        f"c 0 {r - k:.2f} {-k:.2f} {r:.2f} {-r:.2f} {r:.2f} h {2 * r - w:.2f} c {k - r:.2f} 0 {-r:.2f} {-k:.2f} "
        f"{-r:.2f} {-r:.2f} v {2 * r - h:.2f} c 0 {k - r:.2f} {k:.2f} {-r:.2f} {r:.2f} {-r:.2f} Z"
    )


def draw_link(link: Link, stretches: list[list[Point]], trace: Trace, style: Style, label: Label | None) -> Group:
    """A link from box to box: its curve, its head, and the label on it if it has one."""
    ends = [trace.edges[e] for e in link.edges]
    marked = any({e.source, e.target} <= style.path for e in ends)
    data = {"edges": " ".join(map(str, link.edges))}
    if len(ends) == 1:
        data |= {"source": str(ends[0].source), "target": str(ends[0].target)}
    group = Group("edge" + " marked" * marked, data)
    colour, thick = ("highlight", 2.6) if marked else ("line", 1.1)
    for stretch in stretches[:-1]:
        group.items.append(Shape(curve(stretch), "", colour, thick, name="line"))
    last, tip = trim(stretches[-1], ARROW + marked * 2)
    group.items.append(Shape(curve(last), "", colour, thick, name="line"))
    group.items.append(Shape(head(last[-1], tip, 2.8 + marked), colour, name="head"))
    if label is not None:
        x, y = stretches[1][0]
        x, y = middle(stretches[0][-1], (x, y))
        group.items.append(Text(label, x - label.width / 2, y - label.height / 2 + label.ascent, "gradient"))
    return group


def middle(a: Point, b: Point) -> Point:
    """The point between two."""
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def curve(points: list[Point]) -> str:
    """A path of Bezier curves that are joined end to end."""
    (x, y), *rest = points
    return f"M {x:.2f} {y:.2f} C " + " ".join(f"{x:.2f} {y:.2f}" for x, y in rest)


def trim(points: list[Point], length: float) -> tuple[list[Point], Point]:
    """Cut this length off the end of curves, to make room for the arrow's head; give the rest and the old end.

    The last of the curves is divided by de Casteljau's construction, at the place that bisection finds.
    """
    *before, a, b, c, tip = points
    low, high = 0.0, 1.0
    for _ in range(20):
        t = (low + high) / 2
        left = first_part(a, b, c, tip, t)
        low, high = (t, high) if math.dist(left[-1], tip) > length else (low, t)
    return [*before, *first_part(a, b, c, tip, low)], tip


def first_part(a: Point, b: Point, c: Point, d: Point, t: float) -> list[Point]:
    """The first part of a Bezier curve, up to t."""

    def mix(p: Point, q: Point) -> Point:
        return p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])

    ab, bc, cd = mix(a, b), mix(b, c), mix(c, d)
    abc, bcd = mix(ab, bc), mix(bc, cd)
    return [a, ab, abc, mix(abc, bcd)]


def head(base: Point, tip: Point, half: float) -> str:
    """The head of an arrow: a triangle with its point at ``tip``, and ``half`` its width to each side of ``base``."""
    length = math.dist(base, tip) or 1.0
    x, y = (tip[0] - base[0]) / length, (tip[1] - base[1]) / length
    p, q = (base[0] - half * y, base[1] + half * x), (base[0] + half * y, base[1] - half * x)
    return f"M {p[0]:.2f} {p[1]:.2f} L {tip[0]:.2f} {tip[1]:.2f} L {q[0]:.2f} {q[1]:.2f} Z"


def draw_frame(part: tuple[str, ...], area: Area) -> Group:
    """The frame around a part of the model, with its name."""
    left, top, width, height = area
    title = words(shorten(part[-1], 30, "…"), SMALL)
    stretch = min(1.0, (width - 16) / max(title.width, 1.0))
    shape = Shape(outline("result", left, top, width, height), "", "frame", 1.0, "5 4", "outline")
    group = Group("scope", {"scope": "/".join(part)}, f"the part {'/'.join(part)[:80]}")
    group.items += [shape, Text(title, left + 8, top + 13, "faint", stretch)]
    return group


def describe(view: View) -> str:
    """The picture in a sentence, for a screen reader."""
    trace = view.trace
    result, parameters = trace.nodes[trace.result], [n for n in trace.nodes if n.kind == "parameter"]
    name = f" of {result.name[:60]}" if result.name else ""
    names: Iterable[str] = [n.name[:60] for n in parameters if n.name]
    return f"Computation graph{name}: {len(trace.nodes)} nodes" + (
        f", with the parameters {', '.join([*names][:12])}" if names else ""
    )
