"""The derivative of one operation with respect to one of its operands."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import inputs
from ..op import Node
from ..sweep import fitted


def local(node: Node, k: int) -> Any:
    """The Jacobian matrix of a node by operand ``k``, (n, m) for n and m elements, made by the operation's rule.

    Of an elementwise operation only the diagonal, in the shape of the node: each result depends on one element alone.
    """
    op, a, z, values = node.op, node.args[k], node.result, node.values
    n, m = math.prod(node.shape), math.prod(a.shape)
    dtype = np.result_type(float if z is None else z)
    with np.errstate(all="ignore"):
        if op.elementwise:
            c = op.pull(node.args, np.ones(node.shape, dtype)[()], z, values, k)[k]
            return np.broadcast_to(c, node.shape)
        rows = []
        for i in range(n):
            e = np.zeros(n, dtype)
            e[i] = 1
            rows.append(inputs.dense(fitted(op.pull(node.args, e.reshape(node.shape)[()], z, values, k)[k], a)))
        return np.reshape(rows, (n, m))
