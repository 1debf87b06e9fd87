"""Walks over the record: what a value was computed from, and what was computed from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from ..graph import Node


def operand_nodes(node: Node) -> list[Node]:
    """The nodes of the operands that are tensors; an array or an option has no node."""
    return [a for a in node.args if a is not None]


def reachable(starts: Iterable[Node], onward: Callable[[Node], Iterable[Node]] = operand_nodes) -> list[Node]:
    """Find all nodes that can be reached, in topological order: operands stand before results.

    ``starts``: the first nodes, which are also returned.  ``onward``: gives the nodes that follow a node, by default
    its operands, so that all nodes are found from which the starts were computed.
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
    """Select those of some nodes, in topological order, that are among ``on`` or were computed from one of them."""
    found = set(on)
    for node in nodes:
        if not found.isdisjoint(node.args):
            found.add(node)
    return [node for node in nodes if node in found]
