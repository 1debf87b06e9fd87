"""The derivative of one operation with respect to one of its operands."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.recompute import run_forward
from ..errors import coerce
from ..graph import Node
from ..sweep import unbroadcast


def local(node: Node, k: int) -> Any:
    """The Jacobian matrix of a node with respect to operand ``k``, computed by the operation's rule.

    Its shape is (n, m) for n results and m elements of the operand.  For an elementwise operation only the diagonal is
    given, in the shape of the node, because each result depends on one element alone.
    """
    op, a, z, values = node.op, node.args[k], node.result, node.values
    n, m = math.prod(node.shape), math.prod(a.shape)
    dtype = np.result_type(float if z is None else z)
    with np.errstate(all="ignore"):
        if op.elementwise:
            c = op.vjp(k, node.args, np.ones(node.shape, dtype)[()], z, values)
            return np.broadcast_to(c, node.shape)
        rows = []
        for i in range(n):
            e = np.zeros(n, dtype)
            e[i] = 1
            rows.append(coerce.dense(unbroadcast(op.vjp(k, node.args, e.reshape(node.shape)[()], z, values), a)))
        return np.reshape(rows, (n, m))


def by_differences(node: Node, k: int, values: Any) -> Any:
    """The same matrix, computed by differences of the operation's forward: it knows nothing of the rule.

    ``values``: those of the operands.  By the five-point formula (Abramowitz and Stegun 25.3.6), in float64.
    """
    x = np.asarray(values[k], np.float64)
    step = 1e-4 * max(1.0, float(np.abs(x).max(initial=0)))

    def at(moved: Any) -> Any:
        operands = [*map(in_float64, values)]
        operands[k] = moved[()]
        return np.asarray(run_forward(node, operands), np.float64)

    def along(direction: Any) -> Any:
        d = step * direction
        return (8 * (at(x + d) - at(x - d)) - (at(x + 2 * d) - at(x - 2 * d))) / (12 * step)

    with np.errstate(all="ignore"):
        if node.op.elementwise:
            return along(np.ones(x.shape))
        columns = [along(e.reshape(x.shape)).reshape(-1) for e in np.eye(x.size)]
        return np.stack(columns, 1) if columns else np.zeros((math.prod(node.shape), 0))


def in_float64(x: Any) -> Any:
    """A floating operand in float64; whole numbers and options as they are."""
    return np.asarray(x, np.float64)[()] if getattr(getattr(x, "dtype", None), "kind", "") == "f" else x
