"""An edge of the graph, what may be passed along it instead, and the sweep in which that is done.

An edge leads from a result back to one of its operands.  What a student forgets or confuses there is one of a few
things: the edge itself, the local derivative, where it is taken, a transpose, a factor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ...engine.calling import vjp_without_nodes
from ...engine.reachable import dependent
from ...engine.recompute import operand_values, operands_among, value
from ...errors import coerce
from ...format.numbers import fraction
from ...graph import Node
from ...language.tree import Expr
from ...op import OPS
from ...sweep import steps, topological_order, unbroadcast
from ...tensor import Tensor
from ..judge import Place
from ..record_to_tree import NoTree, tree_of
from .guess import Case, Guess, equal, names_at


class Edge(NamedTuple):
    """What a rule has at hand: the node, the number of the operand, and the values."""

    node: Node
    k: int
    g: Any  # the upstream gradient
    passed: Any  # what the operand receives by the rule, in the operand's shape
    raw: Any  # the same before broadcasting is undone
    given: list[Any]  # all arguments of the operation
    z: Any  # its result
    uses: list[tuple[Node, int]]  # all edges of the graph that lead to the operand
    products: list[tuple[Node, Node]]  # the factors of all matrix products in the graph
    last: bool  # is the operand what the gradient is with respect to?
    named: dict[str, Any]  # all arrays that have names
    called: Called  # what a node is called

    @property
    def operand(self) -> Node:
        found: Node = self.node.args[self.k]
        return found


class Change(NamedTuple):
    """What is passed instead, and the guess that it would confirm."""

    passed: Any
    guess: Guess


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
    """The reverse sweep once more, in which some edges, by their numbers, pass something else on.

    It is called as ``derivatives.gradients``.  Without ``instead`` it lists the edges.  Of a vector there is a sweep
    for each element, so there is an ``Edge`` for each, and something to be passed.
    """

    def __init__(self, place: Place, instead: dict[int, Any] | None = None) -> None:
        self.place, self.instead, self.called = place, instead, Called(place)
        self.edges: list[list[Edge]] = []
        self.sweeps = self.work = self.edge = 0
        self.known: dict[tuple[int, int], list[Change]] = {}

    def changes(self, number: int, sweep: int = 0) -> list[Change]:
        if (number, sweep) not in self.known:
            self.known[number, sweep] = list(changes(self.edges[number][sweep]))
        return self.known[number, sweep]

    def __call__(
        self, result: Tensor, wrt: list[Tensor], seed: Any = None, *, differentiable: bool = False
    ) -> list[Any]:
        self.graph, self.edge = Graph.of(result.node, wrt[0].node), 0
        self.work += 2 * len(self.graph.order)
        found = np.zeros(wrt[0].shape)
        if self.graph.order:  # its oldest node, the last to be visited, is the target
            start = np.ones(()) if seed is None else np.asarray(seed, float)
            *_, (_, found, _) = steps(result.node, start, chosen=self, order=self.graph.order)
        self.sweeps += 1
        return [dense(found)]

    def vjps(self, node: Node, g: Any, z: Any, values: Any) -> list[Any]:
        """What a node passes to its operands: the sweep asks this in the place of the rules."""
        return [None if a is None else self.vjp(node, k, a, dense(g)) for k, a in enumerate(node.args)]

    def vjp(self, node: Node, k: int, operand: Node, g: Any) -> Any:
        """What it passes along one edge; nothing where that does not lead to the target."""
        if operand not in self.graph.below or node is self.graph.target:
            return np.broadcast_to(0.0, operand.shape)
        number, self.edge = self.edge, self.edge + 1
        if self.instead is not None and number in self.instead:
            passed = self.instead[number]
            return np.broadcast_to(passed[self.sweeps] if isinstance(passed, list) else passed, operand.shape)
        given, z = self.graph.values(node)
        raw = dense(node.op.vjp(k, node.args, g, z, given))
        passed = dense(unbroadcast(raw, operand))
        if self.instead is None:
            graph, operands = self.graph, list(operands_among(node.op, given))
            at = Edge(node, k, g, passed, raw, operands, z, graph.uses[operand], graph.products,
                      operand is graph.target, self.place.arrays, self.called)  # fmt: skip
            self.edges += [[]] * (number + 1 - len(self.edges))
            self.edges[number] = [*self.edges[number], at]
        return passed


class Graph:
    """What every sweep over the same record needs to know: it is asked for again and again."""

    last: list[Graph] = []  # of the records that have been looked at last

    @classmethod
    def of(cls, root: Node, target: Node) -> Graph:
        for known in cls.last:
            if known.root is root and known.target is target:
                return known
        cls.last = [cls(root, target), *cls.last[:7]]
        return cls.last[0]

    def __init__(self, root: Node, target: Node) -> None:
        self.root, self.target = root, target
        nodes = topological_order(root)
        self.order = dependent(nodes, [target]) if target in nodes else []
        self.below = set(self.order)
        self.known: dict[Node, tuple[Any, Any]] = {}
        self.uses: dict[Node, list[tuple[Node, int]]] = {}
        self.products: list[tuple[Node, Node]] = []
        for node in nodes:
            for k, a in enumerate(node.args):
                if a is not None:
                    self.uses.setdefault(a, []).append((node, k))
            active = [a for a in node.args if a is not None and a.active]
            if (
                node.op is not None
                and node.op.binds == 2
                and not node.op.elementwise
                and len(active) == len(node.args) == 2
            ):
                self.products.append((active[0], active[1]))

    def values(self, node: Node) -> tuple[Any, Any]:
        """All arguments of a node's operation, and its result."""
        if node not in self.known:
            self.known[node] = everything(node), value(node)
        return self.known[node]


class Called:
    """What a node is called: by its name, or as it was computed."""

    def __init__(self, place: Place) -> None:
        self.names, self.arrays = names_at(place), place.arrays

    def __call__(self, node: Node) -> str | Expr:
        if node.serial in self.names:
            return self.names[node.serial]
        try:
            return tree_of(node, self.names, self.arrays)
        except NoTree:
            return node.op.name if node.op is not None else "a constant"


def dense(g: Any) -> Any:
    return np.asarray(coerce.dense(g))


def everything(node: Node) -> Any:
    """All arguments of the operation, as its rules take them."""
    return node.op.with_operands(node.values, operand_values(node))


# What may be passed instead.


def changes(e: Edge) -> Iterator[Change]:
    """All of it."""
    name, op = e.called(e.operand), e.node.op
    about = {"name": name, "of": e.called(e.node)}
    where = next((e.called.names[n.serial] for n in (e.operand, e.node) if n.serial in e.called.names), "")

    def change(passed: Any, code: str, key: str, cost: float, **fields: Any) -> Change:
        return Change(passed, Guess(code, key, cost, about | fields, where))

    if len(e.uses) > 1:
        shared = e.last and repeated(e)
        code, key = ("SHARED", "is-use-missing") if shared else ("MISSING_PATH", "is-path-missing")
        yield change(0 * e.passed, code, key, 1.5 if shared else 1.6)
    yield change(-e.passed, "SIGN", "is-edge-negated", 2.0)
    one_operand = sum(a is not None and a.active for a in e.node.args) == 1
    same_shape = e.node.shape == e.operand.shape
    if op.elementwise and same_shape and unary(e):
        yield from of_function(e, change)
    elif (
        not op.elementwise
        and same_shape
        and one_operand
        and e.passed.ndim
        and op.variadic is None
        and len(op.rules) == 1
    ):
        yield from of_vector_function(e, change)
    others = [j for j in range(len(e.given)) if j != e.k and np.ndim(e.given[j]) and is_number(e.given[j])]
    for j in others:
        yield from of_factor(e, j, change)
    if op.elementwise and op.binds == 2 and same_shape and len(e.given) == 2 and np.ndim(e.given[1 - e.k]) == 0:
        yield change(e.g, "SCALE", "is-constant-missing", 2.1, factor=fraction(float(e.given[1 - e.k])))
    if op.elementwise and e.passed.ndim and e.passed.size > 1:
        yield change(np.full(e.passed.shape, e.passed.sum()), "HADAMARD", "is-dotted", 2.1)
    for n, shown in (
        (2.0, "2"),
        (0.5, "1/2"),
        *((1.0 * n, s) for s, n in sizes_by_name(e)),
        *((1 / n, f"1/{s}") for s, n in sizes_by_name(e)),
    ):
        yield change(n * e.passed, "SCALE", "is-edge-scaled", 3.0, factor=shown)
    yield from of_broadcast(e, change)
    if op.name in ("getitem", "embedding", "take") and e.passed.ndim:
        yield from of_rows(e, change)
    for axis in range(e.passed.ndim):
        for step in (1, -1):
            yield change(np.roll(e.passed, step, axis), "INDEX_SHIFT", "is-shifted", 3.2)
        if e.passed.shape[axis] > 1 and op.name.startswith(("conv", "corr", "windows", "unwindows")):
            yield change(np.flip(e.passed, axis), "INDEX_SHIFT", "is-flipped", 2.5)


def unary(e: Edge) -> bool:
    """A function of one array: tanh, or a power with a number for its exponent; a sum or a product is none."""
    others = [x for j, x in enumerate(e.given) if j != e.k]
    return len(e.node.op.rules) == 1 or (e.node.op.binds >= 3 and all(np.ndim(x) == 0 for x in others))


def sizes_by_name(e: Edge) -> list[tuple[str, int]]:
    """Sizes by name, and the lengths of this operand's axes."""
    return [(w, n) for w, n in numbers_by_name(e) if n > 1]


def numbers_by_name(e: Edge) -> list[tuple[str, int]]:
    return [(w, int(n)) for w, n in e.named.items() if isinstance(n, (int, np.integer)) and not isinstance(n, bool)]


def repeated(e: Edge) -> bool:
    """Is it one parameter at several places, rather than two ways from one value?

    Then it is used alike everywhere; or it is a matrix, and what its uses give is multiplied with each other.
    """
    alike = {(n.op.name, k, *(a.shape for i, a in enumerate(n.args) if a is not None and i != k)) for n, k in e.uses}
    if len(alike) == 1 and len({(n.serial, k) for n, k in e.uses}) > 1:
        return True
    return len(e.operand.shape) == 2 and any(
        e.operand in topological_order(a) and e.operand in topological_order(b) for a, b in e.products
    )


def is_number(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def of_function(e: Edge, change: Any) -> Iterator[Change]:
    """An elementwise function of one argument: its derivative, and what is written in its place."""
    op, x = e.node.op, e.given[e.k]
    activation = op.binds == 9 and not op.domain
    code = "LOCAL_DERIVATIVE" if activation else "CHAIN"
    of = e.operand.op
    if op.name == "log" and of is not None and not of.elementwise:
        yield change(e.g, "WRONG_FUNCTION", "is-log-lost", 1.6)
    if op.name != "negative":
        yield change(e.g, code, "is-slope-missing", 1.7, function=op.name)
    before, rest = e.given[: e.k], e.given[e.k + 1 :]
    with np.errstate(all="ignore"):
        for shown, other in [(e.called(e.node), e.z), *same_shape(e)]:
            if other is x:
                continue
            try:
                given = op.with_operands(e.node.values, [*before, other, *rest])
                moved = vjp_without_nodes(op, e.k, e.g, op.forward(*given), given)
            except Exception:
                continue
            yield change(
                moved, "LOCAL_DERIVATIVE", "is-slope-at", 2.0 if other is e.z else 2.6, at=shown, function=op.name
            )
        if activation:
            yield change(e.g * e.z, "LOCAL_DERIVATIVE", "is-function-for-slope", 2.1, function=op.name)
            yield change(e.g * (1 - e.z), "LOCAL_DERIVATIVE", "is-slope-half", 2.1, function=op.name)
        for other in OPS.values():
            if other is op or not other.elementwise or len(other.names) != 1 or other.domain or not other.rules:
                continue
            slope = vjp_without_nodes(other, 0, e.g, e.z, [x])
            yield change(slope, "LOCAL_DERIVATIVE", "is-slope-of-other", 2.5, function=op.name, other=other.name)
    for other_name, other in same_shape(e):
        yield change(e.g * other, "LOCAL_DERIVATIVE", "is-slope-replaced", 3.0, function=op.name, other=other_name)


def same_shape(e: Edge) -> list[tuple[str, Any]]:
    """Other named arrays in the shape of the operand."""
    x = e.given[e.k]
    return [
        (w, a) for w, a in e.named.items()
        if w != "\0" and np.shape(a) == np.shape(x) and np.shape(a) and is_number(a) and a is not x and a is not e.z
    ]  # fmt: skip


def of_vector_function(e: Edge, change: Any) -> Iterator[Change]:
    """Softmax and the like, whose Jacobian is a full matrix."""
    op, n = e.node.op, e.passed.size
    if n > 64:
        return
    given = everything(e.node)
    units = np.eye(n).reshape(n, *e.g.shape)
    full = np.stack(
        [dense(op.vjp(e.k, e.node.args, unit, e.z, given)).ravel() for unit in units]
    )  # J[i, j] = dz_i/dx_j
    if ((full == 0) | (full == 1)).all() and (full.sum(0) <= 1).all():
        return  # it only moves elements
    g, diagonal = e.g.ravel(), np.diag(full).reshape(e.g.shape)
    yield change(e.g, "JACOBIAN", "is-jacobian-missing", 1.9, function=op.name)
    yield change(e.g * diagonal, "JACOBIAN", "is-diagonal", 1.5, function=op.name)
    yield change(e.passed - e.g * diagonal, "JACOBIAN", "is-off-diagonal", 1.8, function=op.name)
    yield change(
        (full @ g).reshape(e.g.shape),
        "TRANSPOSE" if e.passed.ndim == 2 else "JACOBIAN",
        "is-jacobian-transposed",
        1.8,
        function=op.name,
    )
    yield change(e.g * e.z, "JACOBIAN", "is-jacobian-first", 1.9, function=op.name)
    yield change(2 * e.g * diagonal - e.passed, "JACOBIAN", "is-jacobian-sign", 1.9, function=op.name)
    yield change(2 * e.g * e.z - e.passed, "JACOBIAN", "is-jacobian-sign", 1.95, function=op.name)


def of_factor(e: Edge, j: int, change: Any) -> Iterator[Change]:
    """The other factor of a product: left out, transposed, or another one."""
    op, other = e.node.op, e.given[j]
    arg = e.node.args[j] if j < len(e.node.args) else None
    name = next((w for w, a in e.named.items() if a is other), e.called(arg) if arg is not None else "a constant")
    if op.binds == 2 and (e.g.shape == e.passed.shape or e.g.ndim == 0):
        yield change(e.g, "MISSING_FACTOR", "is-factor-missing", 2.05, factor=name)

    def passed(x: Any) -> Any:
        given = [*e.given]
        given[j] = x
        try:
            whole = op.with_operands(e.node.values, given)
            return dense(unbroadcast(op.vjp(e.k, e.node.args, e.g, e.z, whole), e.operand))
        except Exception:
            return None

    candidates: list[tuple[Any, str, str, float, str | Expr]] = []
    if other.ndim == 2 and other.shape[0] == other.shape[1]:
        candidates.append((other.T, "TRANSPOSE", "is-factor-transposed", 1.8, name))
    for word, a in e.named.items():
        if np.shape(a) == other.shape and is_number(a) and a is not other and not equal(a, other):
            if proportional(a, other):
                candidates.append((a, "SCALE", "is-factor-scaled", 2.0, word))
            else:
                candidates.append((a, "INDEX_SHIFT", "is-other-factor", 2.6, word))
    if other.ndim == 1 and op.name == "convolve":
        candidates.append((other[::-1], "INDEX_SHIFT", "is-flipped", 1.8, name))
    for x, code, key, cost, shown in candidates:
        found = passed(x)
        if found is not None and not equal(found, e.passed):
            yield change(found, code, key, cost, factor=name, other=shown)


def proportional(a: Any, b: Any) -> bool:
    return bool(np.linalg.matrix_rank(np.stack([np.ravel(a), np.ravel(b)])) < 2)


def of_broadcast(e: Edge, change: Any) -> Iterator[Change]:
    """A value that was stretched receives a sum over its copies."""
    raw = dense(e.raw)
    if raw.size <= e.passed.size or raw.ndim < 1:
        return
    lead = raw.ndim - e.passed.ndim
    if lead == 1 or (lead == 0 and raw.ndim == 2):
        axis = 0 if lead else int(np.argmax([m != n for m, n in zip(raw.shape, e.passed.shape)]))
        count = raw.shape[axis]
        yield change(e.passed / count, "BROADCAST", "is-averaged", 1.5)
        yield change(np.take(raw, 0, axis).reshape(e.passed.shape), "BROADCAST", "is-first-only", 2.3)
        yield change(np.take(raw, -1, axis).reshape(e.passed.shape), "BROADCAST", "is-first-only", 2.3)
        if raw.ndim == 2 and raw.shape[0] == raw.shape[1]:
            yield change(raw.sum(1 - axis).reshape(e.passed.shape), "AXIS", "is-other-axis", 1.6)


def of_rows(e: Edge, change: Any) -> Iterator[Change]:
    """Rows that were chosen: each receives the sum over its uses."""
    index = e.given[1] if len(e.given) > 1 else None
    if isinstance(index, (int, np.integer)) and not isinstance(index, bool):
        for word, other in numbers_by_name(e):
            if other != index and 0 <= other < len(e.passed):
                moved = np.zeros_like(e.passed)
                moved[other] = e.g
                yield change(moved, "INDEX_SHIFT", "is-other-row", 1.9, other=word)
    if isinstance(index, np.ndarray) and index.dtype.kind in "iu" and len(np.unique(index)) < index.size:
        kept = np.zeros_like(e.passed)
        try:
            kept[index] = e.g
            yield change(kept, "SHARED", "is-overwritten", 1.2)
            counts = np.bincount(index.ravel(), minlength=len(e.passed)).clip(1)
            yield change(e.passed / counts.reshape(-1, *[1] * (e.passed.ndim - 1)), "SHARED", "is-row-averaged", 1.8)
        except (IndexError, ValueError):
            return
