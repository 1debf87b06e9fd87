"""Decides which boxes and links a picture has: parts of a trace are folded or left out until few enough remain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..tracing.data import Trace

MOST = 2500  # boxes; if there would be more, parts of the model are folded
KEPT = (400, 100, 30)  # if that is not enough, so many of the last nodes are drawn, and one box for all others
LONG = 8000  # how many ranks all links together may cross; with more, Graphviz takes minutes
EARLIER = "earlier"


@dataclass
class Box:
    """A node, or a part of the model folded into one box."""

    key: str
    nodes: list[int]
    scope: tuple[str, ...]  # the frames that it stands in
    folded: str = ""  # the name of the part that is folded here
    use: int | None = None  # of a leaf that is drawn beside each of its uses, the edge


class Link(NamedTuple):
    """What goes from one box to another: one edge for each use, more only where boxes are folded."""

    source: str
    target: str
    edges: tuple[int, ...]


@dataclass
class View:
    """The boxes and links that are drawn of a trace, and what the picture says about the rest."""

    trace: Trace
    boxes: list[Box] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)  # what is folded, left out or drawn twice

    @property
    def remark(self) -> str:
        """The remarks in one line."""
        return "; ".join(self.remarks)


def depths(trace: Trace) -> int:
    """How many levels of parts the model has."""
    return max((len(parts_of_scope(node.scope)) for node in trace.nodes), default=0)


def parts_of_scope(scope: str | None) -> tuple[str, ...]:
    """``net/layer1`` as its parts."""
    return tuple(scope.split("/")) if scope else ()


def view_of(trace: Trace, depth: int | None = None, constants: bool = True, most: int = MOST) -> View:
    """Decide what to draw of a trace.

    ``depth``: how many levels of the model's parts are open, 0 for none, None for all.  ``constants``: whether plain
    arrays have boxes.  If there would be more than ``most`` boxes, parts are folded until there are fewer; if the model
    has no parts, the oldest nodes become one box.
    """
    shown = [n.id for n in trace.nodes if constants or n.kind != "constant"]
    view = View(trace)
    if trace.left_out:
        view.remarks.append(f"{trace.left_out:,} older nodes are left out")
    levels = [depth] if depth is not None else [None, *range(depths(trace) - 1, -1, -1)]
    for level in levels:
        place = {i: folded_at(trace, i, level) for i in shown}
        if len(set(place.values())) <= most:
            fill_boxes(view, place)
            if ranks_crossed(view) <= LONG or copy_leaves(view) <= LONG:
                if level is not depth:
                    view.remarks.append(f"{len(shown):,} nodes: parts of the model are folded")
                return view
    for last in KEPT:
        view.remarks.clear()
        fill_boxes(view, fold_all_but_last(trace, shown, last))
        older, every = len(shown) - last + trace.left_out, len(shown) + trace.left_out
        view.remarks.append(f"of {every:,} nodes the last {last} are drawn; {older:,} earlier ones are one box")
        if ranks_crossed(view) <= LONG or copy_leaves(view) <= LONG:
            break
    return view


def fold_all_but_last(trace: Trace, shown: list[int], last: int) -> dict[int, str]:
    """The box of each node: the ``last`` nodes and the leaves they use have their own, and all others share one."""
    kept = set(shown[-last:])
    kept |= {edge.source for edge in trace.edges if edge.target in kept and trace.nodes[edge.source].op is None}
    return {i: f"n{i}" if i in kept else EARLIER for i in shown}


def fill_boxes(view: View, place: dict[int, str]) -> None:
    """Make the boxes and links of a view.  ``place``: for each node, the key of the box that it is in."""
    boxes: dict[str, Box] = {}
    for i, key in place.items():
        if key not in boxes:
            scope = parts_of_scope(view.trace.nodes[i].scope)
            if key == f"n{i}":
                boxes[key] = Box(key, [], scope)
            else:
                parts = scope[: key.count("/") + 1] if key != EARLIER else ()
                boxes[key] = Box(key, [], parts[:-1], "/".join(parts) or EARLIER)
        boxes[key].nodes.append(i)
    view.boxes = list(boxes.values())
    view.links = links_between(view.trace, place)


def folded_at(trace: Trace, i: int, depth: int | None) -> str:
    """The key of the box that a node is in: its own, or the box of a folded part of the model."""
    scope = parts_of_scope(trace.nodes[i].scope)
    return f"n{i}" if depth is None or len(scope) <= depth else "part:" + "/".join(scope[: depth + 1])


def links_between(trace: Trace, place: dict[int, str]) -> list[Link]:
    """The links between boxes: one for each edge between single nodes, and one for all edges of a folded box."""
    found: dict[tuple[str, str, int], list[int]] = {}
    for edge in trace.edges:
        if edge.source in place and edge.target in place and place[edge.source] != place[edge.target]:
            ends = place[edge.source], place[edge.target]
            single = ends == (f"n{edge.source}", f"n{edge.target}")
            found.setdefault((*ends, edge.id if single else -1), []).append(edge.id)
    return [Link(source, target, tuple(edges)) for (source, target, _), edges in found.items()]


# A weight that each step of a long recurrence uses has a link across the whole picture for each.  Nobody can follow
# them, and Graphviz works on them for minutes.  There the weight is drawn again beside each of its uses.


def ranks_crossed(view: View) -> int:
    """How many ranks the links cross, if each box stands right before the first of those that use it."""
    rank = dict.fromkeys((box.key for box in view.boxes), 0)
    for link in sorted(view.links, key=lambda link: link.edges[-1], reverse=True):
        rank[link.source] = min(rank[link.source], rank[link.target] - 1)
    return sum(rank[link.target] - rank[link.source] - 1 for link in view.links)


def copy_leaves(view: View) -> int:
    """Put a copy of each leaf that is used more than twice beside each use; give how many ranks links cross then."""
    uses: dict[str, int] = {}
    for link in view.links:
        uses[link.source] = uses.get(link.source, 0) + 1
    leaves = {box.key: box for box in view.boxes if not box.folded and view.trace.nodes[box.nodes[0]].op is None}
    again = {key: box for key, box in leaves.items() if uses.get(key, 0) > 2}
    view.boxes = [box for box in view.boxes if box.key not in again]
    for i, link in enumerate(view.links):
        if link.source in again:
            box = again[link.source]
            copy = Box(f"{box.key} in {link.edges[0]}", box.nodes, box.scope, use=link.edges[0])
            view.boxes.append(copy)
            view.links[i] = Link(copy.key, link.target, link.edges)
    if again:
        view.remarks.append(f"{len(again)} leaves that are used again and again are drawn beside each use")
    return ranks_crossed(view)
