"""One edge of the graph passed on something else: then the whole sweep comes out as the student's answer did.

An edge leads from a result back to one of its operands.  What a student forgets or confuses there is one of a few
things: the edge itself, the local derivative, where it is taken, a transpose, a factor.  Each is put in the place of
what the rule gives, the sweep goes on, and what arrives is compared with the claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..language.tree import Expr
from ..op import OPS, Node
from ..ops.rows import Rows
from ..replay import operands, value
from ..sweep import ancestors, fitted
from ..tensor import Tensor
from .guess import Case, Guess, Guesses, equal, names_at
from .judge import Place
from .record import NoTree, tree_of

LARGEST = 120  # edges of a graph that are tried


class Edge(NamedTuple):
    """What a rule has at hand: the node, the number of the operand, and the values."""

    node: Node
    k: int
    g: Any  # the upstream gradient
    passed: Any  # what the operand receives by the rule, in the operand's shape
    given: list[Any]  # all arguments of the operation
    z: Any  # its result
    uses: list[tuple[Node, int]]  # all edges of the graph that lead to the operand
    named: dict[str, Any]  # all arrays that have names
    called: Called  # what a node is called

    @property
    def operand(self) -> Node:
        """Who receives."""
        found: Node = self.node.args[self.k]
        return found


class Change(NamedTuple):
    """What is passed instead, and the guess that it would confirm."""

    passed: Any
    guess: Guess


def guesses(case: Case) -> Guesses:
    """Every change of every edge that explains the answer."""
    if not case.claimed:
        return
    usual = Sweep(-1, case.places[0])
    run(case, 0, usual)
    for e in range(min(usual.edges, LARGEST)):
        listing = Sweep(e, case.places[0])
        run(case, 0, listing)
        for number, change in enumerate(listing.changes[0] if listing.changes else []):
            if case.late():
                return
            if explains(case, 0, listing, number) and all(
                again(case, i, e, change.guess) for i in range(1, len(case.places))
            ):
                yield change.guess


def explains(case: Case, i: int, listing: Sweep, number: int) -> bool:
    """Does the answer come out when that edge passes this on?"""
    instead = [each[number].passed if number < len(each) else None for each in listing.changes]
    return equal(run(case, i, Sweep(listing.e, case.places[i], instead)), case.claimed[i])


def again(case: Case, i: int, e: int, guess: Guess) -> bool:
    """Does it explain the answer at another place as well?  The changes there are found by what they say."""
    listing = Sweep(e, case.places[i])
    run(case, i, listing)
    said = (guess.key, guess.fields)
    every = listing.changes[0] if listing.changes else []
    return any((c.guess.key, c.guess.fields) == said and explains(case, i, listing, n) for n, c in enumerate(every))


def run(case: Case, i: int, sweep: Sweep) -> Any:
    """The left side, where derivatives are found by another sweep."""
    place = case.places[i]
    usual, cache = place.gradients, place.cache
    place.gradients, place.cache = sweep, {}
    try:
        with np.errstate(all="ignore"):
            return place.values()(case.question.left)
    except (ValueError, TypeError, IndexError, ArithmeticError):  # there may be no sweep with such a change
        return None
    finally:
        place.gradients, place.cache = usual, cache


class Sweep:
    """A reverse sweep in which edge number ``e`` passes something else on; without that, the changes are listed.

    Of a vector there is a sweep for each element, so both are lists over the sweeps.
    """

    def __init__(self, e: int, place: Place, instead: list[Any] | None = None) -> None:
        self.e, self.place, self.instead = e, place, instead
        self.changes: list[list[Change]] = []
        self.edges = self.sweeps = 0

    def __call__(self, result: Tensor, wrt: list[Tensor], seed: Any = None, *, differentiable: bool = False) -> list[Any]:
        """As ``derivatives.gradients``."""
        nodes = ancestors(result.node)
        target = wrt[0].node
        below = reaching(nodes, target)
        gradients: dict[int, Any] = {result.node.serial: np.ones(()) if seed is None else np.asarray(seed, float)}
        found, edge = np.zeros(target.shape), 0
        number, self.sweeps = self.sweeps, self.sweeps + 1
        uses: dict[int, list[tuple[Node, int]]] = {}
        for node in nodes:
            for k, a in enumerate(node.args):
                if a is not None:
                    uses.setdefault(a.serial, []).append((node, k))
        for node in reversed(nodes):
            g = gradients.pop(node.serial, None)
            if node is target and g is not None:
                found = dense(g)
            if node.op is None or g is None or node.serial not in below or node is target:
                continue
            given, z = everything(node), value(node)
            for k, a in enumerate(node.args):
                if a is None or not a.active or a.serial not in below:
                    continue
                raw = node.op.pull(node.args, dense(g), z, given, k)[k]
                passed = dense(fitted(raw, a))
                if edge == self.e and self.instead is not None:
                    passed = np.broadcast_to(self.instead[number], a.shape)
                elif edge == self.e:
                    place, operands = self.place, listed(node, given)
                    at = Edge(node, k, dense(g), passed, operands, z, uses[a.serial], place.arrays, Called(place))
                    self.changes.append(list(changes(at, raw, a is target)))
                edge += 1
                gradients[a.serial] = passed if a.serial not in gradients else gradients[a.serial] + passed
        self.edges = max(self.edges, edge)
        return [found]


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


def dense(g: Any) -> Any:
    """A gradient as an array."""
    return g.dense() if isinstance(g, Rows) else np.asarray(g)


def everything(node: Node) -> Any:
    """All arguments of the operation, as its rules take them."""
    known = [value(a) if a is not None else x for a, x in zip(node.args, operands(node))]
    return node.op.joined(node.values, [*known, *operands(node)[len(known) :]])


def listed(node: Node, given: Any) -> list[Any]:
    """The operands."""
    return list(given if node.op.family is None else given[node.op.family])


def reaching(nodes: list[Node], target: Node) -> set[int]:
    """Those through which a gradient comes to the target."""
    found = {target.serial}
    for node in nodes:
        if any(a is not None and a.serial in found for a in node.args):
            found.add(node.serial)
    return found


# What may be passed instead.


def changes(e: Edge, raw: Any, last: bool) -> Iterator[Change]:
    """All of it."""
    name, op = e.called(e.operand), e.node.op
    about = {"name": name, "of": e.called(e.node)}
    where = next((e.called.names[n.serial] for n in (e.operand, e.node) if n.serial in e.called.names), "")

    def change(passed: Any, code: str, key: str, cost: float, **fields: Any) -> Change:
        return Change(passed, Guess(code, key, cost, about | fields, where))

    if len(e.uses) > 1:
        shared = last and repeated(e)
        code, key = ("SHARED", "is-use-missing") if shared else ("MISSING_PATH", "is-path-missing")
        yield change(0 * e.passed, code, key, 1.5 if shared else 1.6)
    yield change(-e.passed, "SIGN", "is-edge-negated", 2.0)
    one_operand = sum(a is not None and a.active for a in e.node.args) == 1
    same_shape = e.node.shape == e.operand.shape
    if op.elementwise and len(op.rules_by_name) == 1 and same_shape:
        yield from of_function(e, change)
    elif same_shape and one_operand and e.passed.ndim and op.family is None and len(op.rules_by_name) == 1:
        yield from of_vector_function(e, change)
    others = [j for j in range(len(e.given)) if j != e.k and np.ndim(e.given[j]) and is_number(e.given[j])]
    for j in others:
        yield from of_factor(e, j, change)
    if op.elementwise and e.passed.ndim and e.passed.size > 1:
        yield change(np.full(e.passed.shape, e.passed.sum()), "HADAMARD", "is-dotted", 2.4)
    for n, shown in ((2.0, "2"), (0.5, "1/2"), *((1.0 * n, s) for s, n in e_sizes(e)), *((1 / n, f"1/{s}") for s, n in e_sizes(e))):
        yield change(n * e.passed, "SCALE", "is-edge-scaled", 3.0, factor=shown)
    yield from of_broadcast(e, raw, change)
    if op.name in ("getitem", "embedding", "take") and e.passed.ndim:
        yield from of_rows(e, change)
    for axis in range(e.passed.ndim):
        for step in (1, -1):
            yield change(np.roll(e.passed, step, axis), "INDEX_SHIFT", "is-shifted", 3.2)
        if e.passed.shape[axis] > 1 and op.name.startswith(("conv", "corr", "windows", "unwindows")):
            yield change(np.flip(e.passed, axis), "INDEX_SHIFT", "is-flipped", 2.5)


def e_sizes(e: Edge) -> list[tuple[str, int]]:
    """Sizes by name, and the lengths of this operand's axes."""
    return [(w, n) for w, n in e.named.items() if isinstance(n, int) and not isinstance(n, bool) and n > 1]


def repeated(e: Edge) -> bool:
    """Is it one parameter at several places, rather than two ways from one value?

    Then it is used alike everywhere; or it is a matrix, of which all uses are products.
    """
    alike = {(n.op.name, k, *(a.shape for i, a in enumerate(n.args) if a is not None and i != k)) for n, k in e.uses}
    products = all(n.op.binds == 2 and not n.op.elementwise or "transpose" in n.op.name for n, _ in e.uses)
    return len(alike) == 1 or (products and len(e.operand.shape) == 2)


def is_number(x: Any) -> bool:
    """Is it made of real numbers?"""
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
    rule = (op.rules or op.compiled())[0]
    rest = e.given[1:]
    with np.errstate(all="ignore"):
        for shown, other in [(e.called(e.node), e.z), *same_shape(e)]:
            if other is x:
                continue
            try:
                moved = rule(e.g, op.forward(*op.joined(e.node.values, [other, *rest])), other, *rest)
            except Exception:
                continue
            yield change(moved, "LOCAL_DERIVATIVE", "is-slope-at", 2.0 if other is e.z else 2.6, at=shown, function=op.name)
        if activation:
            yield change(e.g * e.z, "LOCAL_DERIVATIVE", "is-function-for-slope", 2.1, function=op.name)
            yield change(e.g * (1 - e.z), "LOCAL_DERIVATIVE", "is-slope-half", 2.1, function=op.name)
        for other in OPS.values():
            if other is op or not other.elementwise or len(other.names) != 1 or other.domain or not other.rules_by_name:
                continue
            yield change((other.rules or other.compiled())[0](e.g, e.z, x), "LOCAL_DERIVATIVE", "is-slope-of-other", 2.5,
                         function=op.name, other=other.name)  # fmt: skip
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
    op = e.node.op
    if e.node.op.name in ("transpose", "matrix_transpose", "reshape", "ravel", "flip", "roll", "getitem", "sort", "cumsum"):
        return
    yield change(e.g, "JACOBIAN", "is-jacobian-missing", 1.9, function=op.name)
    if e.passed.size <= 64:
        diagonal = np.zeros(e.passed.shape)
        given = everything(e.node)
        for i in np.ndindex(*e.passed.shape):
            unit = np.zeros(e.passed.shape)
            unit[i] = 1
            diagonal[i] = dense(op.pull(e.node.args, unit, e.z, given, e.k)[e.k])[i]
        yield change(e.g * diagonal, "JACOBIAN", "is-diagonal", 1.5, function=op.name)
        yield change(e.passed - e.g * diagonal, "JACOBIAN", "is-off-diagonal", 1.8, function=op.name)
    yield change(e.g * e.z, "JACOBIAN", "is-jacobian-first", 1.9, function=op.name)
    yield change(2 * e.g * e.z - e.passed, "JACOBIAN", "is-jacobian-sign", 2.0, function=op.name)


def of_factor(e: Edge, j: int, change: Any) -> Iterator[Change]:
    """The other factor of a product: left out, transposed, or another one."""
    op, other = e.node.op, e.given[j]
    arg = e.node.args[j] if j < len(e.node.args) else None
    name = next((w for w, a in e.named.items() if a is other), e.called(arg) if arg is not None else "a constant")
    if e.g.shape == e.passed.shape and op.name not in ("add", "subtract", "maximum", "minimum"):
        yield change(e.g, "MISSING_FACTOR", "is-factor-missing", 2.2, factor=name)

    def passed(x: Any) -> Any:
        given = [*e.given]
        given[j] = x
        try:
            whole = op.joined(e.node.values, given)
            return dense(fitted(op.pull(e.node.args, e.g, e.z, whole, e.k)[e.k], e.operand))
        except Exception:
            return None

    candidates: list[tuple[Any, str, str, float, str]] = []
    if other.ndim == 2 and other.shape[0] == other.shape[1]:
        candidates.append((other.T, "TRANSPOSE", "is-factor-transposed", 1.8, name))
    for word, a in e.named.items():
        if np.shape(a) == other.shape and is_number(a) and a is not other and not equal(a, other):
            candidates.append((a, "INDEX_SHIFT", "is-other-factor", 2.6, word))
    for x, code, key, cost, shown in candidates:
        found = passed(x)
        if found is not None and not equal(found, e.passed):
            yield change(found, code, key, cost, factor=name, other=shown)


def of_broadcast(e: Edge, raw: Any, change: Any) -> Iterator[Change]:
    """A value that was stretched receives a sum over its copies."""
    raw = dense(raw)
    if raw.size <= e.passed.size or raw.ndim < 1:
        return
    lead = raw.ndim - e.passed.ndim
    if lead == 1 or (lead == 0 and raw.ndim == 2):
        axis = 0 if lead else int(np.argmax([m != n for m, n in zip(raw.shape, e.passed.shape)]))
        count = raw.shape[axis]
        yield change(e.passed / count, "BROADCAST", "is-averaged", 2.0)
        yield change(np.take(raw, 0, axis).reshape(e.passed.shape), "BROADCAST", "is-first-only", 2.3)
        yield change(np.take(raw, -1, axis).reshape(e.passed.shape), "BROADCAST", "is-first-only", 2.3)
        if raw.ndim == 2 and raw.shape[0] == raw.shape[1]:
            yield change(raw.sum(1 - axis).reshape(e.passed.shape), "AXIS", "is-other-axis", 1.6)


def of_rows(e: Edge, change: Any) -> Iterator[Change]:
    """Rows that were chosen: each receives the sum over its uses."""
    index = e.given[1] if len(e.given) > 1 else None
    if isinstance(index, np.ndarray) and index.dtype.kind in "iu" and len(np.unique(index)) < index.size:
        kept = np.zeros_like(e.passed)
        try:
            kept[index] = e.g
            yield change(kept, "SHARED", "is-overwritten", 1.2)
            counts = np.bincount(index.ravel(), minlength=len(e.passed)).clip(1)
            yield change(e.passed / counts.reshape(-1, *[1] * (e.passed.ndim - 1)), "SHARED", "is-row-averaged", 1.8)
        except (IndexError, ValueError):
            return
