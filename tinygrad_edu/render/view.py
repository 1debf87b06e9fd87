"""Which boxes and links a picture has: a trace with parts of it folded, hidden or left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..tracing.data import Trace

MOST = 2500  # boxes; where there would be more, parts of the model are folded
KEPT = (400, 100, 30)  # and if that is not enough, the last so many are drawn, and one box for the others
LONG = 8000  # how many ranks all links together may cross before Graphviz takes minutes
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
    """What is drawn of a trace."""

    trace: Trace
    boxes: list[Box] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)  # what a reader has to know of what is not drawn, or not as it is

    @property
    def remark(self) -> str:
        """The remarks in one line."""
        return "; ".join(self.remarks)


def depths(trace: Trace) -> int:
    """How many parts of the model stand in each other."""
    return max((len(path(node.scope)) for node in trace.nodes), default=0)


def path(scope: str | None) -> tuple[str, ...]:
    """``net/layer1`` as its parts."""
    return tuple(scope.split("/")) if scope else ()


def viewed(trace: Trace, depth: int | None = None, constants: bool = True, most: int = MOST) -> View:
    """The view of a trace.

    ``depth``: how many parts of the model that stand in each other are open, 0 for none; all of them, if it is None.
    ``constants``: with plain arrays.  Of a graph of more than ``most`` boxes, parts are folded until they are fewer;
    where there are none, the oldest nodes are one box.
    """
    shown = [n.id for n in trace.nodes if constants or n.kind != "constant"]
    view = View(trace)
    if trace.left_out:
        view.remarks.append(f"{trace.left_out:,} older nodes are left out")
    levels = [depth] if depth is not None else [None, *range(depths(trace) - 1, -1, -1)]
    for level in levels:
        place = {i: folded_at(trace, i, level) for i in shown}
        if len(set(place.values())) <= most:
            fill(view, place)
            if crossed(view) <= LONG or copied(view) <= LONG:
                if level is not depth:
                    view.remarks.append(f"{len(shown):,} nodes: parts of the model are folded")
                return view
    for last in KEPT:
        view.remarks.clear()
        fill(view, latest(trace, shown, last))
        older, every = len(shown) - last + trace.left_out, len(shown) + trace.left_out
        view.remarks.append(f"of {every:,} nodes the last {last} are drawn; {older:,} earlier ones are one box")
        if crossed(view) <= LONG or copied(view) <= LONG:
            break
    return view


def latest(trace: Trace, shown: list[int], last: int) -> dict[int, str]:
    """The box of each node where all but the last are one box, and the leaves that those use."""
    kept = set(shown[-last:])
    kept |= {edge.source for edge in trace.edges if edge.target in kept and trace.nodes[edge.source].op is None}
    return {i: f"n{i}" if i in kept else EARLIER for i in shown}


def fill(view: View, place: dict[int, str]) -> None:
    """The boxes and links of a view, for nodes that are in those boxes."""
    boxes: dict[str, Box] = {}
    for i, key in place.items():
        if key not in boxes:
            scope = path(view.trace.nodes[i].scope)
            if key == f"n{i}":
                boxes[key] = Box(key, [], scope)
            else:
                parts = scope[: key.count("/") + 1] if key != EARLIER else ()
                boxes[key] = Box(key, [], parts[:-1], "/".join(parts) or EARLIER)
        boxes[key].nodes.append(i)
    view.boxes = list(boxes.values())
    view.links = links(view.trace, place)


def folded_at(trace: Trace, i: int, depth: int | None) -> str:
    """The box that a node is in: its own, or that of the part of the model that is folded."""
    scope = path(trace.nodes[i].scope)
    return f"n{i}" if depth is None or len(scope) <= depth else "part:" + "/".join(scope[: depth + 1])


def links(trace: Trace, place: dict[int, str]) -> list[Link]:
    """Between nodes a link for each edge; to and from what is folded, one for all."""
    found: dict[tuple[str, str, int], list[int]] = {}
    for edge in trace.edges:
        if edge.source in place and edge.target in place and place[edge.source] != place[edge.target]:
            ends = place[edge.source], place[edge.target]
            single = ends == (f"n{edge.source}", f"n{edge.target}")
            found.setdefault((*ends, edge.id if single else -1), []).append(edge.id)
    return [Link(source, target, tuple(edges)) for (source, target, _), edges in found.items()]


# A weight that each step of a long recurrence uses has a link across the whole picture for each.  Nobody can follow
# them, and Graphviz works on them for minutes.  There the weight is drawn again beside each of its uses.


def crossed(view: View) -> int:
    """How many ranks the links cross, if each box stands right before the first of those that use it."""
    rank = dict.fromkeys((box.key for box in view.boxes), 0)
    for link in sorted(view.links, key=lambda link: link.edges[-1], reverse=True):
        rank[link.source] = min(rank[link.source], rank[link.target] - 1)
    return sum(rank[link.target] - rank[link.source] - 1 for link in view.links)


def copied(view: View) -> int:
    """Draws leaves that are used more than twice beside each use; how many ranks the links cross then."""
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
    return crossed(view)
