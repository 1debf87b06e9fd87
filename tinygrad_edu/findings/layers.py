"""Find gradients that vanish or explode from layer to layer, on their way from the loss to the input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..engine.recompute import call_op
from ..format.numbers import short
from ..graph import Node
from .curves import activation_operand, measure_curve
from .finding import Finding, Remedy
from .inspected import Inspected, is_finite, list_names, root_mean_square
from .replacements import combine_remedies, find_squashing, find_unsaturated, glorot, gradient_reaches, replace_op
from .trials import Change, try_changes

FACTOR, LEAST = 1e3, 3


def is_layer(node: Node) -> bool:
    return is_product(node) and weight_matrix(node) is not None


def is_product(node: Node) -> bool:
    return node.op is not None and node.op.multiplies and not node.op.elementwise


def longest_chain(inspected: Inspected) -> list[Node]:
    """Return the layers on the way from the loss to the input that has the most of them."""
    depth: dict[Node, int] = {inspected.root: int(is_layer(inspected.root))}
    after: dict[Node, Node] = {}
    deepest = inspected.root
    for swept in inspected.stepper.swept:  # from the youngest to the oldest
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


def vanishing_or_exploding(inspected: Inspected) -> Iterator[Finding]:
    """Find gradients that shrink or grow by a factor of 1,000 if at least half of the layers take part in it."""
    layers = longest_chain(inspected)
    if len(layers) < LEAST or not all(is_finite(inspected.gradients[node]) for node in layers):
        return
    sizes = [root_mean_square(inspected.gradients[node]) for node in layers]
    if not all(sizes) or 1 / FACTOR <= sizes[-1] / sizes[0] <= FACTOR:
        return
    logs = np.diff(np.log(sizes))
    share = np.log(sizes[-1] / sizes[0]) / len(logs)
    if np.mean(logs / share >= 0.5) < 0.5 or np.max(logs / share) > 0.7 * len(logs):
        return  # a single layer causes it, which other checks report
    yield write_finding(inspected, layers, sizes, float(np.exp(share)))


def write_finding(inspected: Inspected, layers: list[Node], sizes: list[float], factor: float) -> Finding:
    """Describe how the gradient changes from layer to layer, with the norm at each."""
    vanishes = factor < 1
    names = [layer_name(inspected, node) for node in layers]
    n, again = len(layers) - 1, len({weight_matrix(node) for node in layers}) == 1
    why = " One matrix is used again and again: its singular values and the slopes make that factor." * again
    words = (
        f"The gradient {'vanishes' if vanishes else 'explodes'} on its way back through {len(layers)} layers: its root "
        f"mean square is {short(sizes[0])} at {names[0]}, the last, and {short(sizes[-1])} at {names[-1]}, the first, "
        f"{short(factor)} times as much at each of {n} steps.{why}"
    )
    table = list(zip(names, sizes))
    kind = "vanishing" if vanishes else "exploding"
    numbers: dict[str, Any] = dict(first=sizes[0], last=sizes[-1], factor=factor, layers=table)
    return inspected.make_finding(
        kind, layers[-1], words, layers, None, find_steadier(inspected, layers, again), **numbers
    )


def find_steadier(inspected: Inspected, layers: list[Node], again: bool) -> Iterator[Remedy]:
    """Try other starts, other activations and skip connections, which keep gradients at about one size."""
    found: list[str] = []

    leaves = [W for W in {*map(weight_matrix, layers)} if W is not None and len(W.shape) >= 2]
    leaves.sort(key=lambda W: W.serial)

    def does(others: Mapping[Node, Any], changes: Mapping[Node, Any]) -> bool:
        trial = try_changes(inspected, others, changes)
        return trial is not None and gradient_reaches(trial, leaves) and not trial.found((vanishing_or_exploding,))

    values = {W: inspected.value(W) for W in leaves}
    names = list_names([inspected.describe(W) for W in leaves])
    squares = {W: x for W, x in values.items() if len(x.shape) == 2 and x.shape[0] == x.shape[1]}
    if again and squares and does({W: nearest_orthogonal(x) for W, x in squares.items()}, {}):
        found.append(f"{names} orthogonal")
    if not again and does({W: glorot(x.shape, x.dtype) for W, x in values.items()}, {}):
        found.append(f"{names} as nn.Linear starts")
    acts = [user for node in layers for user in activations_after(inspected, node)]
    by_op: dict[Any, list[Node]] = {}
    for act in acts:
        by_op.setdefault(act.op, []).append(act)
    for op, nodes in by_op.items():
        for other in [find_unsaturated(), *find_squashing()]:
            if other is not None and other is not op and does({}, replace_op(nodes, other)):
                found.append(f"{other.name} for {op.name}")
                break
    skips = {act: skip_connection(inspected, act) for act in acts}
    if skips and does({}, {act: change for act, change in skips.items() if change is not None}):
        state = "a state that is added to, h + f(W h)" if again else "connections that skip layers, h + f(W h)"
        found.append(state)
    yield from combine_remedies(found)


def nearest_orthogonal(x: Any) -> Any:
    u, _, v = np.linalg.svd(x)
    return (u @ v).astype(x.dtype)


def activations_after(inspected: Inspected, layer: Node) -> Iterator[Node]:
    """Yield the activation that follows a layer, past its bias."""
    node = layer
    for _ in range(3):
        users = [user for user, _ in inspected.uses(node)]
        if len(users) != 1:
            return
        node = users[0]
        if activation_operand(node) is not None and measure_curve(node, activation_operand(node) or 0) is not None:
            yield node
            return


def skip_connection(inspected: Inspected, act: Node) -> Change | None:
    """Return the change that adds the layer's input to its activation, if both have the same shape; else None."""
    before = act
    for _ in range(4):
        same = [a for a in before.args if a is not None and a.op is not None]
        if is_layer(before):
            W = weight_matrix(before)
            inputs = [a for a in before.args if a is not None and a is not W and a.shape == act.shape]
            if not inputs:
                return None
            source = inputs[0]
            return lambda given, made: call_op(act.op, given) + made[source]
        if not same:
            return None
        before = same[0]
    return None


def layer_name(inspected: Inspected, node: Node) -> str:
    """Name a layer: by its own name, by that of the sum with its bias, or by that of its matrix."""
    users = inspected.users.get(node, [])
    biased = users[0][0] if len(users) == 1 and users[0][0].op.name == "add" else node
    W = weight_matrix(node)
    product = (
        f"the product with {inspected.name(W)}" if W is not None and inspected.name(W) else inspected.describe(node)
    )
    return inspected.name(node) or inspected.name(biased) or product


def weight_matrix(node: Node) -> Node | None:
    """Return the matrix of parameters of a layer, or None."""
    for a in map(before_rearranging, node.args):
        if a is not None and a.op is None and a.active and len(a.shape) >= 2:
            return a
    return None


def before_rearranging(node: Node | None) -> Node | None:
    """Return the value that this one holds in another order or shape: W for W.T."""
    while node is not None and node.op is not None and node.op.rearranges:
        node = node.args[0]
    return node
