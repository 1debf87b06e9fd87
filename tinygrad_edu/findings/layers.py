"""Gradients that vanish or explode from layer to layer, on their way from the loss to the input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..engine.recompute import call_op
from ..format.numbers import short
from ..graph import Node
from .case import Case, finite, listed, root_mean_square
from .curves import curve, operand_of
from .finding import Finding, Remedy
from .others import glorot, let_through, replaced, said_together, squashes, unsaturated
from .trying import Change, tried

FACTOR, LEAST = 1e3, 3


def is_layer(node: Node) -> bool:
    """Is it a product with a matrix of parameters?"""
    return is_product(node) and weights(node) is not None


def is_product(node: Node) -> bool:
    """Is it a product of matrices, a convolution or the like?"""
    return node.op is not None and node.op.multiplies and not node.op.elementwise


def longest_way(case: Case) -> list[Node]:
    """The layers on the way with the most of them, from the loss to the input."""
    depth: dict[Node, int] = {case.root: int(is_layer(case.root))}
    after: dict[Node, Node] = {}
    deepest = case.root
    for swept in case.stepper.swept:  # from the youngest to the oldest
        node = swept.node
        for a in node.args:
            if a is not None and a.active and depth[node] + is_layer(a) > depth.get(a, -1):
                depth[a], after[a] = depth[node] + is_layer(a), node
                if depth[a] > depth[deepest]:
                    deepest = a
    way = [deepest]
    while way[-1] in after:
        way.append(after[way[-1]])
    return [node for node in reversed(way) if is_layer(node)]


def steady(case: Case) -> Iterator[Finding]:
    """Gradients that shrink or grow by a factor of 1,000, at least half of the layers taking their part in that."""
    layers = longest_way(case)
    if len(layers) < LEAST or not all(finite(case.gradients[node]) for node in layers):
        return
    sizes = [root_mean_square(case.gradients[node]) for node in layers]
    if not all(sizes) or 1 / FACTOR <= sizes[-1] / sizes[0] <= FACTOR:
        return
    logs = np.diff(np.log(sizes))
    share = np.log(sizes[-1] / sizes[0]) / len(logs)
    if np.mean(logs / share >= 0.5) < 0.5 or np.max(logs / share) > 0.7 * len(logs):
        return  # one layer alone does it, and others speak of that
    yield told(case, layers, sizes, float(np.exp(share)))


def told(case: Case, layers: list[Node], sizes: list[float], factor: float) -> Finding:
    """The finding, in words."""
    vanishes = factor < 1
    names = [called(case, node) for node in layers]
    n, again = len(layers) - 1, len({weights(node) for node in layers}) == 1
    why = " One matrix is used again and again: its singular values and the slopes make that factor." * again
    words = (
        f"The gradient {'vanishes' if vanishes else 'explodes'} on its way back through {len(layers)} layers: its root "
        f"mean square is {short(sizes[0])} at {names[0]}, the last, and {short(sizes[-1])} at {names[-1]}, the first, "
        f"{short(factor)} times as much at each of {n} steps.{why}"
    )
    table = list(zip(names, sizes))
    kind = "vanishing" if vanishes else "exploding"
    numbers: dict[str, Any] = dict(first=sizes[0], last=sizes[-1], factor=factor, layers=table)
    return case.finding(kind, layers[-1], words, layers, None, steadier(case, layers, again), **numbers)


def steadier(case: Case, layers: list[Node], again: bool) -> Iterator[Remedy]:
    """What keeps gradients of about one size from layer to layer."""
    found: list[str] = []

    leaves = [W for W in {*map(weights, layers)} if W is not None and len(W.shape) >= 2]
    leaves.sort(key=lambda W: W.serial)

    def does(others: Mapping[Node, Any], changes: Mapping[Node, Any]) -> bool:
        trial = tried(case, others, changes)
        return trial is not None and let_through(trial, leaves) and not trial.found((steady,))

    values = {W: case.value(W) for W in leaves}
    names = listed([case.said(W) for W in leaves])
    squares = {W: x for W, x in values.items() if len(x.shape) == 2 and x.shape[0] == x.shape[1]}
    if again and squares and does({W: orthogonal(x) for W, x in squares.items()}, {}):
        found.append(f"{names} orthogonal")
    if not again and does({W: glorot(x.shape, x.dtype) for W, x in values.items()}, {}):
        found.append(f"{names} as nn.Linear starts")
    acts = [user for node in layers for user in activations(case, node)]
    by_op: dict[Any, list[Node]] = {}
    for act in acts:
        by_op.setdefault(act.op, []).append(act)
    for op, nodes in by_op.items():
        for other in [unsaturated(), *squashes()]:
            if other is not None and other is not op and does({}, replaced(nodes, other)):
                found.append(f"{other.name} for {op.name}")
                break
    skips = {act: skip(case, act) for act in acts}
    if skips and does({}, {act: change for act, change in skips.items() if change is not None}):
        state = "a state that is added to, h + f(W h)" if again else "connections that skip layers, h + f(W h)"
        found.append(state)
    yield from said_together(found)


def orthogonal(x: Any) -> Any:
    """The orthogonal matrix next to a square one."""
    u, _, v = np.linalg.svd(x)
    return (u @ v).astype(x.dtype)


def activations(case: Case, layer: Node) -> Iterator[Node]:
    """The activations of what a layer computes, past its bias."""
    node = layer
    for _ in range(3):
        users = [user for user, _ in case.uses(node)]
        if len(users) != 1:
            return
        node = users[0]
        if operand_of(node) is not None and curve(node, operand_of(node) or 0) is not None:
            yield node
            return


def skip(case: Case, act: Node) -> Change | None:
    """What adds to an activation what its layer began with, where that has the same shape."""
    before = act
    for _ in range(4):
        same = [a for a in before.args if a is not None and a.op is not None]
        if is_layer(before):
            W = weights(before)
            inputs = [a for a in before.args if a is not None and a is not W and a.shape == act.shape]
            if not inputs:
                return None
            source = inputs[0]
            return lambda given, made: call_op(act.op, given) + made[source]
        if not same:
            return None
        before = same[0]
    return None


def called(case: Case, node: Node) -> str:
    """A layer by its name, by that of the sum with its bias, or by that of its matrix."""
    users = case.users.get(node, [])
    biased = users[0][0] if len(users) == 1 and users[0][0].op.name == "add" else node
    W = weights(node)
    product = f"the product with {case.name(W)}" if W is not None and case.name(W) else case.said(node)
    return case.name(node) or case.name(biased) or product


def weights(node: Node) -> Node | None:
    """The matrix of parameters of a layer."""
    for a in map(rearranged, node.args):
        if a is not None and a.op is None and a.active and len(a.shape) >= 2:
            return a
    return None


def rearranged(node: Node | None) -> Node | None:
    """The value whose elements this one has in another order or shape: W, of W.T."""
    while node is not None and node.op is not None and node.op.rearranges:
        node = node.args[0]
    return node
