"""The reverse sweep: from the result back to the leaves, one step at a time.

A value is computed from older ones only.  Visited from the youngest to the oldest, each is met after all that used it,
when its gradient is complete: no recursion, no tape.  A debugger stops between the steps that ``backward`` runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import numpy as np

from .context import current
from .engine.recompute import tensors
from .engine.sparse_rows import Placed, Rows
from .errors import messages as errors
from .errors import operations as advice
from .errors.coerce import dense
from .op import Node

Step = tuple[Node, Any, tuple[Any, ...]]  # a node, its gradient, and what it passes to each operand


def steps(root: Node, seed: Any, differentiable: bool = False, chosen: Any = None, nodes: Any = None) -> Iterator[Step]:
    """Yield each node when its gradient is complete, that gradient, and what the node passes to each operand.

    ``chosen``: passes 0 for what the root does not depend on, though its derivative is infinite: engine/unchosen.py.
    ``nodes``: the ``ancestors`` of the root, where they are known.
    """
    watch, gradients = current.get().watch, {root: seed}
    ours: set[Node] = set()  # whose gradient is a sum that nobody else holds, and may be added to in place
    for node in reversed(nodes or ancestors(root)):
        g = gradients.pop(node)
        op, args, values, z = node.op, node.args, node.values, node.result
        for hook in node.hooks:
            g = hook(g)
        if op is None:
            yield node, g if differentiable or g.dtype == z.dtype else g.astype(z.dtype), ()
            continue
        try:
            if differentiable:
                values, z, ours = *tensors(node), set()
            unrolled = op.operands if chosen is None else 0
            if unrolled == 1:  # one and two operands are written out: a loop would cost a tenth of the sweep
                (a,), (rule,) = args, op.rules or op.compiled()
                c = rule(g, z, *values)
                if c.shape != a.shape:
                    c = fitted(c, a)
                gradients[a] = add(gradients[a], c, a, ours) if a in gradients else c
                passed: tuple[Any, ...] = (c,)
            elif unrolled == 2:
                (a, b), (rule_a, rule_b), (x, y) = args, op.rules or op.compiled(), values
                c = d = None
                if a is not None and a.active:
                    c = rule_a(g, z, x, y)
                    if c.shape != a.shape:
                        c = fitted(c, a)
                    gradients[a] = add(gradients[a], c, a, ours) if a in gradients else c
                if b is not None and b.active:
                    d = rule_b(g, z, x, y)
                    if d.shape != b.shape:
                        d = fitted(d, b)
                    gradients[b] = add(gradients[b], d, b, ours) if b in gradients else d
                passed = (c, d)
            else:
                pulled = op.pull(args, g, z, values) if chosen is None else chosen.pull(node, g, z, values)
                passed = tuple(c if c is None or c.shape == a.shape else fitted(c, a) for a, c in zip(args, pulled))
                if differentiable:
                    passed = tuple(map(dense, passed))
                for a, c in zip(args, passed):
                    if a is not None and c is not None:
                        if a in gradients:
                            c = add(gradients[a], c, a, ours)
                        elif isinstance(c, Placed) and not (a.op is None and isinstance(c, Rows)):
                            ours.add(a)
                            c = c.dense()
                        gradients[a] = c
            if watch is not None:
                watch(node, g, passed)
        except Exception as error:
            raise advice.step(error, node)
        yield node, g, passed


def ancestors(root: Node) -> list[Node]:
    """All nodes that a gradient of ``root`` reaches, from the oldest to the youngest, which is ``root``."""
    seen, stack = {root}, [root]
    while stack:
        for a in stack.pop().args:
            if a is not None and a not in seen and a.active:
                seen.add(a)
                stack.append(a)
    return sorted(seen, key=attrgetter("serial"))


def add(total: Any, c: Any, node: Node, ours: set[Node]) -> Any:
    """A value that is used more than once receives the sum over its uses: the chain rule of several variables."""
    if node in ours:
        total += c
        return total
    ours.add(node)
    return total + c


def fitted(c: Any, a: Node) -> Any:
    """A gradient in the shape of its operand: the place where broadcasting is undone, for all operations.

    An operand that was stretched to fit receives the sum over its copies.  A gradient that is the same all along an
    axis may come with length 1 there, as that of a sum does, and is stretched.
    """
    if isinstance(c, Placed):
        c = c.dense()
    lead = len(c.shape) - len(a.shape)
    if lead == len(a.shape) == 1 and c.shape[1:] == a.shape and isinstance(c, np.ndarray):
        return np.ones(len(c), c.dtype).dot(c)  # of a bias, the common case: three times as fast as c.sum(axis=0)
    axes = tuple(i for i, n in enumerate(c.shape) if i < lead or (lead >= 0 and n != 1 == a.shape[i - lead]))
    if axes:
        c = c.sum(axes, keepdims=True)
        c = c.reshape(c.shape[lead:])
    if c.shape == a.shape:
        return c
    if len(c.shape) > len(a.shape) or any(n not in (1, m) for n, m in zip(c.shape[::-1], a.shape[::-1])):
        raise errors.wrong_gradient(c, a)
    return np.full(a.shape, c) if isinstance(c, (np.ndarray, np.generic)) else np.broadcast_to(c, a.shape)
