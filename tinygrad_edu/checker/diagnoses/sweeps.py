"""The reverse sweep once more, with something else passed along some of its edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.reachable import dependent
from ...engine.recompute import value
from ...graph import Node
from ...language.tree import Expr
from ...sweep import topological_order, unbroadcast
from ...tensor import Tensor
from ..judge import Place
from ..record import NoTree, tree_of
from .edges import Change, Edge, changes, dense, everything
from .guess import Case, names_at


def run(case: Case, i: int, sweep: Any) -> Any:
    """The left side, where derivatives are found by another sweep."""
    place = case.places[i]
    usual, cache = place.gradients, place.cache
    place.gradients, place.cache = sweep, {}
    values = place.values()
    try:
        with np.errstate(all="ignore"):
            return values(case.question.left)
    except (ValueError, TypeError, IndexError, ArithmeticError):  # there may be no sweep with such a change
        return None
    finally:
        place.gradients, place.cache = usual, cache
        case.spent += values.steps + sweep.work


class Sweep:
    """A reverse sweep in which some edges, by their numbers, pass something else on; without them it lists the edges.

    Of a vector there is a sweep for each element, so there is an ``Edge`` for each, and something to be passed.
    """

    def __init__(self, place: Place, instead: dict[int, Any] | None = None) -> None:
        self.place, self.instead, self.called = place, instead, Called(place)
        self.edges: list[list[Edge]] = []
        self.sweeps = self.work = 0
        self.known: dict[tuple[int, int], list[Change]] = {}

    def changes(self, number: int, sweep: int = 0) -> list[Change]:
        """What an edge may pass on instead."""
        if (number, sweep) not in self.known:
            self.known[number, sweep] = list(changes(self.edges[number][sweep]))
        return self.known[number, sweep]

    def __call__(
        self, result: Tensor, wrt: list[Tensor], seed: Any = None, *, differentiable: bool = False
    ) -> list[Any]:
        """As ``derivatives.gradients``."""
        target = wrt[0].node
        graph = Graph.of(result.node, target)
        gradients: dict[int, Any] = {result.node.serial: np.ones(()) if seed is None else np.asarray(seed, float)}
        found, edge, sweep = np.zeros(target.shape), 0, self.sweeps
        self.sweeps += 1
        self.work += 2 * len(graph.steps)
        for node, given, z, operands in graph.steps:
            g = gradients.pop(node.serial, None)
            if g is None:
                continue
            g = dense(g)
            for k, a in operands:
                if self.instead is not None and edge in self.instead:
                    passed = self.instead[edge]
                    passed = np.broadcast_to(passed[sweep] if isinstance(passed, list) else passed, a.shape)
                else:
                    raw = dense(node.op.vjp(k, node.args, g, z, given))
                    passed = dense(unbroadcast(raw, a))
                    if self.instead is None:
                        at = Edge(node, k, g, passed, raw, listed(node, given), z, graph.uses[a.serial],
                                  graph.products, a is target, self.place.arrays, self.called)  # fmt: skip
                        self.edges += [[]] * (edge + 1 - len(self.edges))
                        self.edges[edge] = [*self.edges[edge], at]
                edge += 1
                gradients[a.serial] = passed if a.serial not in gradients else gradients[a.serial] + passed
        return [dense(gradients.get(target.serial, found))]


class Graph:
    """What every sweep over the same record needs to know: it is asked for again and again."""

    last: list[Graph] = []  # of the records that have been looked at last

    @classmethod
    def of(cls, root: Node, target: Node) -> Graph:
        """The graph between two nodes."""
        for known in cls.last:
            if known.root is root and known.target is target:
                return known
        cls.last = [cls(root, target), *cls.last[:7]]
        return cls.last[0]

    def __init__(self, root: Node, target: Node) -> None:
        self.root, self.target = root, target
        nodes = topological_order(root)
        below = set(dependent(nodes, [target]))
        self.uses: dict[int, list[tuple[Node, int]]] = {}
        self.products: list[tuple[Node, Node]] = []
        self.steps: list[tuple[Node, Any, Any, list[tuple[int, Node]]]] = []
        for node in nodes:
            for k, a in enumerate(node.args):
                if a is not None:
                    self.uses.setdefault(a.serial, []).append((node, k))
            if node.op is None:
                continue
            active = [(k, a) for k, a in enumerate(node.args) if a is not None and a.active]
            if node.op.binds == 2 and not node.op.elementwise and len(active) == len(node.args) == 2:
                self.products.append((active[0][1], active[1][1]))
            if node in below and node is not target:
                inner = [(k, a) for k, a in active if a in below]
                self.steps.insert(0, (node, everything(node), value(node), inner))


class Called:
    """What a node is called: by its name, or as it was computed."""

    def __init__(self, place: Place) -> None:
        self.names, self.arrays = names_at(place), place.arrays

    def __call__(self, node: Node) -> str | Expr:
        """The name, or the formula."""
        if node.serial in self.names:
            return self.names[node.serial]
        try:
            return tree_of(node, self.names, self.arrays)
        except NoTree:
            return node.op.name if node.op is not None else "a constant"


def listed(node: Node, given: Any) -> list[Any]:
    """The operands."""
    return list(given if node.op.variadic is None else given[node.op.variadic])
