"""Is a formula right?  The computation is run again at other points, and in other sizes, and the values compared.

What a simplifier believes is true for all numbers and all sizes; so it is tried where the simplifier has not looked: at
random points, with every axis of a length of its own.  Lengths that the record holds as numbers cannot be changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..context import within
from ..derivatives import gradients
from ..engine.recompute import replay, stored_operands
from ..graph import Node, get_frame
from ..numeric.equality import same
from ..tensor import Tensor, constant


def replayed(nodes: Sequence[Node], data: dict[int, Any]) -> dict[int, Tensor]:
    """The same computation with other leaves."""
    with within(recording=True, scope=None, frame=get_frame(0), watch=None), np.errstate(all="ignore"):
        leaves = {n: (Tensor if n.active else constant)(data[n.serial]) for n in nodes if n.op is None}
        return {node.serial: again for node, again in replay(nodes, leaves).items()}


def gradient(result: Tensor, wrt: Tensor, order: int) -> Any:
    """The engine's answer: a gradient; of a result of several numbers, and for second derivatives, a Jacobian."""
    with np.errstate(all="ignore"):
        if order == 2:
            (result,) = gradients(result, [wrt], differentiable=True)
        if result.size == 1 and order == 1:
            return gradients(result, [wrt])[0]
        if not result.node.active:
            return np.zeros((result.size, wrt.size))
        basis = np.eye(result.size).reshape(result.size, *result.shape)
        return np.stack([gradients(result, [wrt], e)[0].reshape(-1) for e in basis])


class Points:
    """Random leaves for a computation.

    ``sums``: for leaves that are distributions, the axes along which they sum to one.
    """

    def __init__(self, nodes: Sequence[Node], sums: dict[int, tuple[int, ...]], seed: int = 0) -> None:
        self.nodes, self.sums, self.random = nodes, sums, np.random.default_rng(seed)
        self.leaves = [node for node in nodes if node.op is None]

    def here(self) -> dict[int, Any]:
        return {node.serial: as_double(node.result) for node in self.leaves}

    def drawn(self, lengths: dict[int, tuple[int, ...]] | None = None) -> dict[int, Any]:
        """Leaves at random, of the same kind: whole numbers stay, what is positive stays so."""
        return {n.serial: self.leaf(n, n.shape if lengths is None else lengths[n.serial]) for n in self.leaves}

    def places(self, shape: tuple[int, ...], most: int) -> list[tuple[int, ...]]:
        """All places in a shape, or so many of them."""
        n = math.prod(shape)
        some = range(n) if n <= most else self.random.choice(n, most, replace=False)
        return [tuple(int(i) for i in np.unravel_index(k, shape)) for k in some]

    def leaf(self, node: Node, shape: tuple[int, ...]) -> Any:
        """One leaf at random."""
        x = np.asarray(node.result)
        if x.dtype.kind != "f":
            return node.result if shape == x.shape else self.random.integers(0, 2, shape)
        new = self.random.uniform(0.3, 1.7, shape) if x.size and x.min() > 0 else self.random.normal(0, 0.8, shape)
        if x.size and x.min() > 0 and x.max() < 1:
            new = self.random.uniform(0.1, 0.9, shape)
        for axis in self.sums.get(node.serial, ()):
            new = np.abs(new) + 0.1
            new = new / new.sum(axis, keepdims=True)
        return new


def agrees(found: Any, expected: Any) -> bool | None:
    """Are they equal?  None where that cannot be said, as the expected one has no value."""
    x, y = np.asarray(found, float), np.asarray(expected, float)
    if x.size != y.size:
        return False
    return same(x.reshape(y.shape), y) if np.isfinite(y).all() else None


def as_double(x: Any) -> Any:
    """Floating numbers with all their digits, so that a difference is one of formulas."""
    return np.asarray(x, np.float64)[()] if np.asarray(x).dtype.kind == "f" else x


class Sizes:
    """Which axes have the same length because they must, and which only happen to."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.parent: dict[tuple[int, int], tuple[int, int]] = {}
        self.pinned: set[tuple[int, int]] = set()
        self.length: dict[tuple[int, int], int] = {}
        self.nodes = nodes
        for node in nodes:
            for k, n in enumerate(node.shape):
                self.parent[node.serial, k] = (node.serial, k)
                self.length[node.serial, k] = n
            if node.op is not None:
                self.read(node)

    def root(self, axis: tuple[int, int]) -> tuple[int, int]:
        """The axis that stands for all that are tied to it."""
        while self.parent[axis] != axis:
            axis = self.parent[axis]
        return axis

    def tie(self, a: tuple[int, int], b: tuple[int, int]) -> None:
        """They are of one length, unless one of them is stretched."""
        if self.length[a] == self.length[b]:
            self.parent[self.root(a)] = self.root(b)

    def pin(self, node: Node) -> None:
        """Its lengths stand in the record as numbers."""
        self.pinned |= {(node.serial, k) for k in range(len(node.shape))}

    def read(self, node: Node) -> None:
        """What an operation demands of lengths."""
        op, args = node.op, node.args
        shapes = [np.shape(x) if a is None else a.shape for a, x in zip(args, stored_operands(node))]
        axes = [[(a.serial, k) for k in range(len(a.shape))] if a is not None else None for a in args]
        mine = [(node.serial, k) for k in range(len(node.shape))]
        simple = op.elementwise or op.name in ("softmax", "log_softmax", "layer_norm")
        if simple:
            for theirs, shape in zip(axes, shapes):
                if theirs is None:
                    for a, n in zip(mine[len(mine) - len(shape) :] if shape else [], shape):
                        if n == self.length[a]:
                            self.pinned.add(a)
                    continue
                for a, b in zip(mine[::-1], theirs[::-1]):
                    self.tie(a, b)
        elif op.name in ("matmul", "linear", "dot") and len(shapes[0]) <= 2 >= len(shapes[1]) and all(shapes[:2]):
            x, y = axes[:2]
            rest = list(mine)
            if x and len(x) == 2:
                self.tie(x[0], rest.pop(0))
            elif len(shapes[0]) == 2:
                self.pinned.add(rest.pop(0))
            second = y and (y[::-1] if op.name == "linear" else y)
            if second and len(second) == 2:
                self.tie(second[1], rest.pop(0))
            elif len(shapes[1]) == 2:
                self.pinned.add(rest.pop(0))
            inner = [x[-1] if x else None, second[0] if second else None]
            if inner[0] and inner[1]:
                self.tie(inner[0], inner[1])
            else:
                self.pinned |= {a for a in inner if a}
            if op.name == "linear" and len(axes) > 2 and axes[2]:
                self.tie(axes[2][0], mine[-1])
        elif op.name in ("sum", "logsumexp", "norm"):
            given = dict(zip(op.names, node.values))
            n, axis = len(shapes[0]), given["axis"]
            gone = range(n) if axis is None else [a % n for a in ((axis,) if isinstance(axis, int) else axis)]
            kept = [k for k in range(n) if given["keepdims"] or k not in gone]
            for a, k in zip(mine, kept):
                if k not in gone and axes[0]:
                    self.tie(a, axes[0][k])
        elif op.name in ("transpose", "matrix_transpose") and len(mine) == 2 and (node.values[1:] in ((), ((),))):
            if axes[0]:
                self.tie(mine[0], axes[0][1])
                self.tie(mine[1], axes[0][0])
        elif op.name == "outer" and all(len(s) == 1 for s in shapes):
            for a, theirs in zip(mine, axes):
                if theirs:
                    self.tie(a, theirs[0])
                else:
                    self.pinned.add(a)
        else:
            self.pin(node)
            for a in args:
                if a is not None:
                    self.pin(a)

    def others(self) -> dict[int, tuple[int, ...]] | None:
        """Lengths for all leaves, each free axis with one of its own; None if there is no free axis."""
        fixed = {self.root(a) for a in self.pinned} | {self.root(a) for a, n in self.length.items() if n == 1}
        taken = set(self.length.values())  # each length is to be one that there was not
        lengths: dict[tuple[int, int], int] = {a: self.length[a] for a in fixed}
        candidates = (n for n in range(2, 10_000) if n not in taken)
        found = {}
        for node in self.nodes:
            if node.op is None:
                shape = []
                for k in range(len(node.shape)):
                    a = self.root((node.serial, k))
                    if a not in lengths:
                        lengths[a] = next(candidates)
                    shape.append(lengths[a])
                found[node.serial] = tuple(shape)
        return None if all(found[n.serial] == n.shape for n in self.nodes if n.op is None) else found
