"""Walks over the record: what a value was computed from, and what was computed from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from ..graph import Node


def operand_nodes(node: Node) -> list[Node]:
    """The nodes of the operands; a plain array or an option has none."""
    return [a for a in node.args if a is not None]


def reachable(starts: Iterable[Node], onward: Callable[[Node], Iterable[Node]] = operand_nodes) -> list[Node]:
    """All nodes that one comes to, from the oldest to the youngest: operands stand before results.

    ``starts``: where one begins; they are among the nodes found.  ``onward``: where one goes on to from a node, by
    default to its operands, so that all is found that the starts were computed from.
    """
    seen = set(starts)
    stack = [*seen]
    while stack:
        for node in onward(stack.pop()):
            if node not in seen:
                seen.add(node)
                stack.append(node)
    return sorted(seen, key=attrgetter("serial"))


def dependent(nodes: Sequence[Node], on: Iterable[Node]) -> list[Node]:
    """Those of some nodes, from the oldest to the youngest, that are ``on`` or were computed from it."""
    found = set(on)
    for node in nodes:
        if not found.isdisjoint(node.args):
            found.add(node)
    return [node for node in nodes if node in found]
