"""Where did NaN or infinity come from?  Watched while it is computed, the first one is caught as it is made."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from . import errors, inputs
from .context import within
from .op import Node


def trace_nan() -> AbstractContextManager[None]:
    """In this ``with`` block the first operation to make NaN or infinity raises FloatingPointError, naming it.

    In the forward direction it says the operation, its operands and what it needs; in ``backward``, whose gradient it
    was and at which operation.  It costs a look at every value, so use it to find a fault, not to train.
    """
    return within(watch=look)


def look(node: Node, x: Any, passed: tuple[Any, ...] | None = None) -> None:
    if passed is None:
        if not np.all(np.isfinite(x)):
            raise errors.not_finite(node, x)
    elif np.all(np.isfinite(inputs.dense(x._data if hasattr(x, "node") else x))):
        for a, c in zip(node.args, passed):
            if a is not None and c is not None:
                c = inputs.dense(c._data if hasattr(c, "node") else c)
                if not np.all(np.isfinite(c)):
                    raise errors.gradient_not_finite(node, a, c)
