"""Which boxes and links a picture has: a trace with parts of it folded, hidden or left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ..tracing.data import Trace

MOST, KEPT = 2500, 400  # more boxes than the one are not drawn, but the last so many and one box for the others
EARLIER = "earlier"


@dataclass
class Box:
    """A node, or a part of the model folded into one box."""

    key: str
    nodes: list[int]
    scope: tuple[str, ...]  # the frames that it stands in
    folded: str = ""  # the name of the part that is folded here


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
    remark: str = ""  # what a reader has to know about what is not drawn


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
    remark = f"{trace.left_out:,} older nodes are left out" if trace.left_out else ""
    shown = [n.id for n in trace.nodes if constants or n.kind != "constant"]
    for level in [depth] if depth is not None else [None, *range(depths(trace) - 1, -1, -1)]:
        place = {i: folded_at(trace, i, level) for i in shown}
        if len(set(place.values())) <= most:
            break
    else:
        level = None
    if len(set(place.values())) > most:
        kept = set(shown[-KEPT:])
        place = {i: f"n{i}" if i in kept else EARLIER for i in shown}
        older = len(shown) - len(kept) + trace.left_out
        every = len(shown) + trace.left_out
        remark = f"of {every:,} nodes the last {len(kept)} are drawn; {older:,} earlier ones are one box"
    elif level is not None and depth is None:
        remark = f"{len(shown):,} nodes: parts of the model are folded"
    view = View(trace, remark=remark)
    boxes: dict[str, Box] = {}
    for i in shown:
        key = place[i]
        if key not in boxes:
            scope = path(trace.nodes[i].scope)
            if key == f"n{i}":
                boxes[key] = Box(key, [], scope)
            else:
                parts = scope[: key.count("/") + 1] if key != EARLIER else ()
                boxes[key] = Box(key, [], parts[:-1], "/".join(parts) or EARLIER)
        boxes[key].nodes.append(i)
    view.boxes = list(boxes.values())
    view.links = links(trace, place)
    return view


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
