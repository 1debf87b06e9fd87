"""Gradients that vanish or explode from layer to layer, on their way from the loss to the input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..op import Node
from .case import Case, finite, root_mean_square, short
from .finding import Finding

FACTOR, LEAST = 1e3, 3
PRODUCTS = ("matmul", "linear", "dot", "conv1d", "conv2d")
TURNED = ("transpose", "matrix_transpose", "swapaxes", "reshape")


def is_layer(node: Node) -> bool:
    """Is it a product with a matrix of parameters?"""
    return node.op is not None and node.op.name in PRODUCTS and weights(node) is not None


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
    remedy = (
        "Try relu, or tanh in place of a sigmoid, Glorot's weights (nn.Linear), or connections that skip layers."
        if vanishes
        else "Try smaller weights (Glorot's, as nn.Linear has them), or limit the norm of the gradient."
    )
    if again:
        remedy = "One matrix is used again and again: its singular values and the slopes make that factor. " + (
            "Try a state that is added to, as an LSTM's, or weights near an orthogonal matrix."
            if vanishes
            else "Limit the norm of the gradient, or start from an orthogonal matrix."
        )
    words = (
        f"The gradient {'vanishes' if vanishes else 'explodes'} on its way back through {len(layers)} layers: its root "
        f"mean square is {short(sizes[0])} at {names[0]}, the last, and {short(sizes[-1])} at {names[-1]}, the first, "
        f"{short(factor)} times as much at each of {n} steps. {remedy}"
    )
    table = list(zip(names, sizes))
    kind = "vanishing" if vanishes else "exploding"
    return case.finding(kind, layers[-1], words, layers, first=sizes[0], last=sizes[-1], factor=factor, layers=table)


def called(case: Case, node: Node) -> str:
    """A layer by its name, by that of the sum with its bias, or by that of its matrix."""
    users = case.users.get(node, [])
    biased = users[0][0] if len(users) == 1 and users[0][0].op.name == "add" else node
    W = weights(node)
    product = f"the product with {case.name(W)}" if W is not None and case.name(W) else case.said(node)
    return case.name(node) or case.name(biased) or product


def weights(node: Node) -> Node | None:
    """The matrix of parameters of a layer."""
    for a in node.args:
        while a is not None and a.op is not None and a.op.name in TURNED:
            a = a.args[0]
        if a is not None and a.op is None and a.active and len(a.shape) >= 2:
            return a
    return None
