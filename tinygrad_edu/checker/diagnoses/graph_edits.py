"""Edits of edges of the graph, and the reverse sweep in which edited edges pass something else.

An edge leads from a result back to one of its operands, and passes it a vjp.  A student may forget or confuse one of a
few things there: the edge itself, the local derivative, the point at which it is taken, a transpose, or a factor.
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
from ..judge import Point
from ..record_to_tree import NoTree, tree_of
from .candidate import Candidate, WrongAnswer, equal, names_of_tensors


class Edge(NamedTuple):
    """An edge from a node to its operand number ``k``, with the values that its rule uses in this sweep."""

    node: Node
    k: int
    g: Any  # the upstream gradient
    passed: Any  # the vjp: what the operand receives, in its own shape
    raw: Any  # the same before it is unbroadcast
    given: list[Any]  # all arguments of the operation
    z: Any  # its result
    uses: list[tuple[Node, int]]  # all edges of the graph that lead to the operand
    products: list[tuple[Node, Node]]  # the factors of all matrix products in the graph
    last: bool  # is the gradient with respect to this operand?
    named: dict[str, Any]  # all arrays that have names
    name_of: NodeNames

    @property
    def operand(self) -> Node:
        found: Node = self.node.args[self.k]
        return found


class EdgeEdit(NamedTuple):
    """What an edge may pass instead of its vjp, and the mistake that would explain it."""

    passed: Any
    candidate: Candidate


def evaluate_with(wrong: WrongAnswer, i: int, sweep: Any) -> Any:
    """Evaluates the left side at point ``i`` with derivatives found by ``sweep``; None if that fails."""
    point = wrong.points[i]
    usual, cache = point.gradients, point.cache
    point.gradients, point.cache = sweep, {}
    values = point.values()
    try:
        with np.errstate(all="ignore"):
            return values(wrong.question.left)
    except (ValueError, TypeError, IndexError, ArithmeticError):  # what an edited edge passes may not fit
        return None
    finally:
        point.gradients, point.cache = usual, cache
        wrong.spent += values.steps + sweep.work


class EditedSweep:
    """A reverse sweep in which some edges pass something else than their vjp.

    It is called as ``derivatives.gradients`` is.  ``instead`` has what edges pass, by the numbers of the edges in the
    order of the sweep.  Without ``instead`` the sweep lists the edges.  The Jacobian of a vector takes a sweep for each
    element, so ``edges[number]`` has an ``Edge`` for each sweep, and ``instead`` may have a list with a value for each.
    """

    def __init__(self, point: Point, instead: dict[int, Any] | None = None) -> None:
        self.point, self.instead, self.name_of = point, instead, NodeNames(point)
        self.edges: list[list[Edge]] = []
        self.sweeps = self.work = self.edge = 0
        self.known: dict[tuple[int, int], list[EdgeEdit]] = {}

    def edits(self, number: int, sweep: int = 0) -> list[EdgeEdit]:
        """Lists the edits of an edge, and remembers them."""
        if (number, sweep) not in self.known:
            self.known[number, sweep] = list(edits_of_edge(self.edges[number][sweep]))
        return self.known[number, sweep]

    def __call__(
        self, result: Tensor, wrt: list[Tensor], seed: Any = None, *, differentiable: bool = False
    ) -> list[Any]:
        """Returns the gradient of a result with respect to one tensor, as dense arrays in a list."""
        self.graph, self.edge = Graph.of(result.node, wrt[0].node), 0
        self.work += 2 * len(self.graph.order)
        found = np.zeros(wrt[0].shape)
        if self.graph.order:  # the last node of the order is the target
            start = np.ones(()) if seed is None else np.asarray(seed, float)
            *_, (_, found, _) = steps(result.node, start, vjps=self.vjps, order=self.graph.order)
        self.sweeps += 1
        return [dense(found)]

    def vjps(self, node: Node, g: Any, z: Any, values: Any) -> list[Any]:
        """Returns what a node passes to its operands.  The sweep calls this instead of the rules of the operation."""
        return [None if a is None else self.vjp(node, k, a, dense(g)) for k, a in enumerate(node.args)]

    def vjp(self, node: Node, k: int, operand: Node, g: Any) -> Any:
        """Returns what a node passes along one edge: zeros where the edge does not lead to the target."""
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
                      operand is graph.target, self.point.arrays, self.name_of)  # fmt: skip
            self.edges += [[]] * (number + 1 - len(self.edges))
            self.edges[number] = [*self.edges[number], at]
        return passed


class Graph:
    """The facts about a record that every sweep over it needs.  They are kept, because there are many sweeps."""

    last: list[Graph] = []  # the graphs of the records that were swept last

    @classmethod
    def of(cls, root: Node, target: Node) -> Graph:
        """Returns the graph between a result and a target, a kept one if there is one."""
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
        """Returns all arguments of a node's operation, and its result."""
        if node not in self.known:
            self.known[node] = all_arguments(node), value(node)
        return self.known[node]


class NodeNames:
    """Names nodes in sentences: by the name of their tensor, or by the expression that they compute."""

    def __init__(self, point: Point) -> None:
        self.names, self.arrays = names_of_tensors(point), point.arrays

    def __call__(self, node: Node) -> str | Expr:
        if node.serial in self.names:
            return self.names[node.serial]
        try:
            return tree_of(node, self.names, self.arrays)
        except NoTree:
            return node.op.name if node.op is not None else "a constant"


def dense(g: Any) -> Any:
    return np.asarray(coerce.dense(g))


def all_arguments(node: Node) -> Any:
    """Returns all arguments of a node's operation, as its rules take them."""
    return node.op.with_operands(node.values, operand_values(node))


# What an edge may pass instead of its vjp.


def edits_of_edge(e: Edge) -> Iterator[EdgeEdit]:
    """Yields all edits of one edge, each with the mistake that would explain it."""
    name, op = e.name_of(e.operand), e.node.op
    about = {"name": name, "of": e.name_of(e.node)}
    where = next((e.name_of.names[n.serial] for n in (e.operand, e.node) if n.serial in e.name_of.names), "")

    def edit(passed: Any, code: str, key: str, cost: float, **fields: Any) -> EdgeEdit:
        return EdgeEdit(passed, Candidate(code, key, cost, about | fields, where))

    if len(e.uses) > 1:
        shared = e.last and is_shared_parameter(e)
        code, key = ("SHARED", "is-use-missing") if shared else ("MISSING_PATH", "is-path-missing")
        yield edit(0 * e.passed, code, key, 1.5 if shared else 1.6)
    yield edit(-e.passed, "SIGN", "is-edge-negated", 2.0)
    one_operand = sum(a is not None and a.active for a in e.node.args) == 1
    same_shape = e.node.shape == e.operand.shape
    if op.elementwise and same_shape and is_unary(e):
        yield from edit_function(e, edit)
    elif (
        not op.elementwise
        and same_shape
        and one_operand
        and e.passed.ndim
        and op.variadic is None
        and len(op.rules) == 1
    ):
        yield from edit_vector_function(e, edit)
    others = [j for j in range(len(e.given)) if j != e.k and np.ndim(e.given[j]) and is_float_array(e.given[j])]
    for j in others:
        yield from edit_factor(e, j, edit)
    if op.elementwise and op.binds == 2 and same_shape and len(e.given) == 2 and np.ndim(e.given[1 - e.k]) == 0:
        yield edit(e.g, "SCALE", "is-constant-missing", 2.1, factor=fraction(float(e.given[1 - e.k])))
    if op.elementwise and e.passed.ndim and e.passed.size > 1:
        yield edit(np.full(e.passed.shape, e.passed.sum()), "HADAMARD", "is-dotted", 2.1)
    for n, shown in (
        (2.0, "2"),
        (0.5, "1/2"),
        *((1.0 * n, s) for s, n in sizes_by_name(e)),
        *((1 / n, f"1/{s}") for s, n in sizes_by_name(e)),
    ):
        yield edit(n * e.passed, "SCALE", "is-edge-scaled", 3.0, factor=shown)
    yield from edit_broadcast(e, edit)
    if op.name in ("getitem", "embedding", "take") and e.passed.ndim:
        yield from edit_rows(e, edit)
    for axis in range(e.passed.ndim):
        for step in (1, -1):
            yield edit(np.roll(e.passed, step, axis), "INDEX_SHIFT", "is-shifted", 3.2)
        if e.passed.shape[axis] > 1 and op.name.startswith(("conv", "corr", "windows", "unwindows")):
            yield edit(np.flip(e.passed, axis), "INDEX_SHIFT", "is-flipped", 2.5)


def is_unary(e: Edge) -> bool:
    """Is the edge's operation a function of one array, as tanh, or as a power with a number for its exponent?"""
    others = [x for j, x in enumerate(e.given) if j != e.k]
    return len(e.node.op.rules) == 1 or (e.node.op.binds >= 3 and all(np.ndim(x) == 0 for x in others))


def sizes_by_name(e: Edge) -> list[tuple[str, int]]:
    """Lists the named whole numbers above 1, with their names: these may be sizes."""
    return [(w, n) for w, n in numbers_by_name(e) if n > 1]


def numbers_by_name(e: Edge) -> list[tuple[str, int]]:
    """Lists the whole numbers that have names, with their names."""
    return [(w, int(n)) for w, n in e.named.items() if isinstance(n, (int, np.integer)) and not isinstance(n, bool)]


def is_shared_parameter(e: Edge) -> bool:
    """Is the operand one parameter that is used several times, rather than a value from which two paths lead on?

    A shared parameter is used in the same way everywhere.  Or it is a matrix, and a product has factors which both
    depend on it.
    """
    alike = {(n.op.name, k, *(a.shape for i, a in enumerate(n.args) if a is not None and i != k)) for n, k in e.uses}
    if len(alike) == 1 and len({(n.serial, k) for n, k in e.uses}) > 1:
        return True
    return len(e.operand.shape) == 2 and any(
        e.operand in topological_order(a) and e.operand in topological_order(b) for a, b in e.products
    )


def is_float_array(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def edit_function(e: Edge, edit: Any) -> Iterator[EdgeEdit]:
    """Yields edits of an elementwise function of one array: another derivative, at another name, or none."""
    op, x = e.node.op, e.given[e.k]
    activation = op.binds == 9 and not op.domain
    code = "LOCAL_DERIVATIVE" if activation else "CHAIN"
    of = e.operand.op
    if op.name == "log" and of is not None and not of.elementwise:
        yield edit(e.g, "WRONG_FUNCTION", "is-log-lost", 1.6)
    if op.name != "negative":
        yield edit(e.g, code, "is-slope-missing", 1.7, function=op.name)
    before, rest = e.given[: e.k], e.given[e.k + 1 :]
    with np.errstate(all="ignore"):
        for shown, other in [(e.name_of(e.node), e.z), *arrays_like_operand(e)]:
            if other is x:
                continue
            try:
                given = op.with_operands(e.node.values, [*before, other, *rest])
                moved = vjp_without_nodes(op, e.k, e.g, op.forward(*given), given)
            except Exception:
                continue
            yield edit(
                moved, "LOCAL_DERIVATIVE", "is-slope-at", 2.0 if other is e.z else 2.6, at=shown, function=op.name
            )
        if activation:
            yield edit(e.g * e.z, "LOCAL_DERIVATIVE", "is-function-for-slope", 2.1, function=op.name)
            yield edit(e.g * (1 - e.z), "LOCAL_DERIVATIVE", "is-slope-half", 2.1, function=op.name)
        for other in OPS.values():
            if other is op or not other.elementwise or len(other.names) != 1 or other.domain or not other.rules:
                continue
            slope = vjp_without_nodes(other, 0, e.g, e.z, [x])
            yield edit(slope, "LOCAL_DERIVATIVE", "is-slope-of-other", 2.5, function=op.name, other=other.name)
    for other_name, other in arrays_like_operand(e):
        yield edit(e.g * other, "LOCAL_DERIVATIVE", "is-slope-replaced", 3.0, function=op.name, other=other_name)


def arrays_like_operand(e: Edge) -> list[tuple[str, Any]]:
    """Lists the other named arrays in the shape of the operand."""
    x = e.given[e.k]
    return [
        (w, a) for w, a in e.named.items()
        if w != "\0" and np.shape(a) == np.shape(x) and np.shape(a) and is_float_array(a)
        and a is not x and a is not e.z
    ]  # fmt: skip


def edit_vector_function(e: Edge, edit: Any) -> Iterator[EdgeEdit]:
    """Yields edits of softmax and the like, whose Jacobian is a full matrix: its diagonal, its transpose, or none."""
    op, n = e.node.op, e.passed.size
    if n > 64:
        return
    given = all_arguments(e.node)
    units = np.eye(n).reshape(n, *e.g.shape)
    # The vjps of the unit vectors are the rows of the Jacobian, whose element i, j is dz_i/dx_j.
    full = np.stack([dense(op.vjp(e.k, e.node.args, unit, e.z, given)).ravel() for unit in units])
    if ((full == 0) | (full == 1)).all() and (full.sum(0) <= 1).all():
        return  # the operation only moves elements
    g, diagonal = e.g.ravel(), np.diag(full).reshape(e.g.shape)
    yield edit(e.g, "JACOBIAN", "is-jacobian-missing", 1.9, function=op.name)
    yield edit(e.g * diagonal, "JACOBIAN", "is-diagonal", 1.5, function=op.name)
    yield edit(e.passed - e.g * diagonal, "JACOBIAN", "is-off-diagonal", 1.8, function=op.name)
    yield edit(
        (full @ g).reshape(e.g.shape),
        "TRANSPOSE" if e.passed.ndim == 2 else "JACOBIAN",
        "is-jacobian-transposed",
        1.8,
        function=op.name,
    )
    yield edit(e.g * e.z, "JACOBIAN", "is-jacobian-first", 1.9, function=op.name)
    yield edit(2 * e.g * diagonal - e.passed, "JACOBIAN", "is-jacobian-sign", 1.9, function=op.name)
    yield edit(2 * e.g * e.z - e.passed, "JACOBIAN", "is-jacobian-sign", 1.95, function=op.name)


def edit_factor(e: Edge, j: int, edit: Any) -> Iterator[EdgeEdit]:
    """Yields edits of the other factor of a product: left out, transposed, reversed, or another name."""
    op, other = e.node.op, e.given[j]
    arg = e.node.args[j] if j < len(e.node.args) else None
    name = next((w for w, a in e.named.items() if a is other), e.name_of(arg) if arg is not None else "a constant")
    if op.binds == 2 and (e.g.shape == e.passed.shape or e.g.ndim == 0):
        yield edit(e.g, "MISSING_FACTOR", "is-factor-missing", 2.05, factor=name)

    def vjp_with(x: Any) -> Any:
        """Returns what the edge passes with ``x`` as the other factor; None if the shapes do not fit."""
        given = [*e.given]
        given[j] = x
        try:
            whole = op.with_operands(e.node.values, given)
            return dense(unbroadcast(op.vjp(e.k, e.node.args, e.g, e.z, whole), e.operand))
        except Exception:
            return None

    replacements: list[tuple[Any, str, str, float, str | Expr]] = []
    if other.ndim == 2 and other.shape[0] == other.shape[1]:
        replacements.append((other.T, "TRANSPOSE", "is-factor-transposed", 1.8, name))
    for word, a in e.named.items():
        if np.shape(a) == other.shape and is_float_array(a) and a is not other and not equal(a, other):
            if is_proportional(a, other):
                replacements.append((a, "SCALE", "is-factor-scaled", 2.0, word))
            else:
                replacements.append((a, "INDEX_SHIFT", "is-other-factor", 2.6, word))
    if other.ndim == 1 and op.name == "convolve":
        replacements.append((other[::-1], "INDEX_SHIFT", "is-flipped", 1.8, name))
    for x, code, key, cost, shown in replacements:
        found = vjp_with(x)
        if found is not None and not equal(found, e.passed):
            yield edit(found, code, key, cost, factor=name, other=shown)


def is_proportional(a: Any, b: Any) -> bool:
    """Is one array a multiple of the other?"""
    return bool(np.linalg.matrix_rank(np.stack([np.ravel(a), np.ravel(b)])) < 2)


def edit_broadcast(e: Edge, edit: Any) -> Iterator[EdgeEdit]:
    """Yields edits of a broadcast operand, which receives the sum over its copies: the mean, or one copy alone."""
    raw = dense(e.raw)
    if raw.size <= e.passed.size or raw.ndim < 1:
        return
    lead = raw.ndim - e.passed.ndim
    if lead == 1 or (lead == 0 and raw.ndim == 2):
        axis = 0 if lead else int(np.argmax([m != n for m, n in zip(raw.shape, e.passed.shape)]))
        count = raw.shape[axis]
        yield edit(e.passed / count, "BROADCAST", "is-averaged", 1.5)
        yield edit(np.take(raw, 0, axis).reshape(e.passed.shape), "BROADCAST", "is-first-only", 2.3)
        yield edit(np.take(raw, -1, axis).reshape(e.passed.shape), "BROADCAST", "is-first-only", 2.3)
        if raw.ndim == 2 and raw.shape[0] == raw.shape[1]:
            yield edit(raw.sum(1 - axis).reshape(e.passed.shape), "AXIS", "is-other-axis", 1.6)


def edit_rows(e: Edge, edit: Any) -> Iterator[EdgeEdit]:
    """Yields edits of chosen rows, each of which receives the sum over its uses: the last use alone, or the mean."""
    index = e.given[1] if len(e.given) > 1 else None
    if isinstance(index, (int, np.integer)) and not isinstance(index, bool):
        for word, other in numbers_by_name(e):
            if other != index and 0 <= other < len(e.passed):
                moved = np.zeros_like(e.passed)
                moved[other] = e.g
                yield edit(moved, "INDEX_SHIFT", "is-other-row", 1.9, other=word)
    if isinstance(index, np.ndarray) and index.dtype.kind in "iu" and len(np.unique(index)) < index.size:
        kept = np.zeros_like(e.passed)
        try:
            kept[index] = e.g
            yield edit(kept, "SHARED", "is-overwritten", 1.2)
            counts = np.bincount(index.ravel(), minlength=len(e.passed)).clip(1)
            yield edit(e.passed / counts.reshape(-1, *[1] * (e.passed.ndim - 1)), "SHARED", "is-row-averaged", 1.8)
        except (IndexError, ValueError):
            return
