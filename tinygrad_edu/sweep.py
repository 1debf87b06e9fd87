"""The reverse sweep: from the result back to the leaves, one step at a time.

The nodes are visited in reverse topological order, so each is met after all that used it, when its
gradient is complete.  It passes to each operand a vector-Jacobian product (vjp), and there these
accumulate.  There is no recursion and no tape.  A debugger stops between the steps that
``backward`` runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from .context import current
from .engine import fast_rules
from .engine.recompute import tensors
from .engine.sparse_rows import SparseGradient, keeps_rows
from .errors import messages as errors
from .errors import operations as explain
from .graph import Node

Step = tuple[Node, Any, Sequence[Any]]  # a node, its gradient, and what it passes to each operand


def steps(
    root: Node,
    seed: Any,
    differentiable: bool = False,
    vjps: Any = None,
    order: Sequence[Node] | None = None,
) -> Iterator[Step]:
    """Yield each node when its gradient is complete, that gradient, and what the node passes back.

    ``seed``: the gradient of ``root`` itself.  ``differentiable``: compute with Tensors, so that
    the gradients are recorded.  ``vjps``: a function that is asked in place of the rules, with the
    node, its gradient, its result and its arguments.  ``order``: the topological order, if known.
    """
    gradients = {root: seed}
    owned: set[Node] = set()  # whose gradient is a sum made here, to which one may add in place
    watch = current.get().watch
    for node in reversed(order or topological_order(root)):
        g = gradients.pop(node)
        if isinstance(g, SparseGradient) and not keeps_rows(node, g):
            g = g.dense()
        for hook in node.hooks:
            g = hook(g)
        if node.op is None:  # a leaf
            same = differentiable or g.dtype == node.result.dtype
            yield node, g if same else g.astype(node.result.dtype), ()
            continue
        try:
            if differentiable or vjps is not None:
                passed = pass_back(node, g, gradients, owned, differentiable, vjps)
            else:
                passed = (node.op.pass_back or written_out(node.op))(node, g, gradients, owned)
            if watch is not None:
                watch(node, g, passed)
        except Exception as error:
            raise explain.step(error, node)
        yield node, g, passed


def pass_back(
    node: Node,
    g: Any,
    gradients: dict[Node, Any],
    owned: set[Node],
    differentiable: bool = False,
    vjps: Any = None,
) -> Sequence[Any]:
    """Pass each operand its vector-Jacobian product, which accumulates there.  Returns them."""
    values, z = tensors(node) if differentiable else (node.values, node.result)
    if vjps is None:
        passed = node.op.vjps(node.args, g, z, values)
    else:
        passed = vjps(node, g, z, values)
    for k, operand in enumerate(node.args):
        if operand is not None and operand.active:
            passed[k] = unbroadcast(passed[k], operand)
            # What is recorded must not change, so there each sum is a new array.
            accumulate(gradients, operand, passed[k], set() if differentiable else owned)
    return passed


def written_out(op: Any) -> Any:
    """``pass_back`` for one operation: the same, and faster.  See engine/fast_rules.py."""
    if op.variadic is None:
        op.pass_back = fast_rules.pass_back(op, unbroadcast, accumulate)
    else:
        op.pass_back = pass_back
    return op.pass_back


def topological_order(root: Node) -> list[Node]:
    """All nodes that a gradient of ``root`` reaches, operands before results: ``root`` is last."""
    seen, stack = {root}, [root]
    while stack:
        for operand in stack.pop().args:
            if operand is not None and operand not in seen and operand.active:
                seen.add(operand)
                stack.append(operand)
    return sorted(seen, key=attrgetter("serial"))


def accumulate(gradients: dict[Node, Any], node: Node, c: Any, owned: set[Node]) -> None:
    """A value used more than once receives the sum over its uses, by the chain rule."""
    if node not in gradients:
        gradients[node] = c
    elif node in owned:
        gradients[node] += c
    else:
        gradients[node] = gradients[node] + c
        owned.add(node)


def unbroadcast(c: Any, operand: Node) -> Any:
    """A gradient in the shape of its operand: here broadcasting is undone, for all operations.

    An operand that was stretched to fit receives the sum over its copies.  A gradient that is the
    same all along an axis may come with length 1 there, as that of a sum does, and is stretched.
    """
    shape = operand.shape
    if c.shape == shape:
        return c
    lead = len(c.shape) - len(shape)  # axes that broadcasting has put before those of the operand
    if lead == len(shape) == 1 and c.shape[1:] == shape and isinstance(c, np.ndarray):
        return np.ones(len(c), c.dtype).dot(c)  # of a bias: three times as fast as c.sum(axis=0)
    before = (1,) * lead + shape  # the shape that was stretched
    axes = tuple(i for i, (n, m) in enumerate(zip(c.shape, before)) if i < lead or n != 1 == m)
    if axes and lead >= 0:
        c = c.sum(axes, keepdims=True)
        c = c.reshape(c.shape[lead:])
    if c.shape == shape:
        return c
    fits = all(n in (1, m) for n, m in zip(c.shape[::-1], shape[::-1]))
    if len(c.shape) > len(shape) or not fits:
        raise errors.wrong_gradient_shape(c, operand)
    if isinstance(c, (np.ndarray, np.generic)):
        return np.full(shape, c)
    return np.broadcast_to(c, shape)
