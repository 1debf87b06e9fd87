"""Where did NaN or infinity come from?  Watched while it is computed, the first one is caught as it is made."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from ..context import within
from ..engine.recompute import operand_values, value
from ..errors import coerce
from ..errors import messages as errors
from ..errors import operations as advice
from ..format import locations, text
from ..graph import Node, Value


def trace_nan() -> AbstractContextManager[None]:
    """In this ``with`` block the first operation to make NaN or infinity raises FloatingPointError, naming it.

    In the forward direction it says the operation, its operands and what it needs; in ``backward``, whose gradient it
    was and at which operation.  It costs a look at every value, so use it to find a fault, not to train.
    """
    return within(watch=check_finite)


def check_finite(node: Node, x: Any, passed: tuple[Any, ...] | None = None) -> None:
    """Look at the value of a node when it was computed, or at its gradient and what it passes to each operand."""
    if passed is None:
        if not np.all(np.isfinite(x)):
            raise _value_error(node, x)
    elif not np.all(np.isfinite(_numbers(x))):
        raise _arrived_error(node, _numbers(x))
    else:
        for a, c in zip(node.args, passed):
            if a is not None and c is not None and not np.all(np.isfinite(_numbers(c))):
                raise _gradient_error(node, a, _numbers(c))


def _numbers(x: Any) -> Any:
    return x._array if isinstance(x, Value) else coerce.dense(x)


def _value_error(node: Node, x: Any) -> Exception:
    return _error(value_words(node, x), node)


def _arrived_error(node: Node, x: Any) -> Exception:
    return _error(arrived_words(node, x), node)


def _gradient_error(node: Node, a: Node, c: Any) -> Exception:
    return _error(gradient_words(node, a, c), node)


def _error(words: list[str], node: Node) -> Exception:
    return errors.explained(FloatingPointError(words[0]), *words[1:], at=locations.of_node(node))


# What is said of an origin: first what is wrong, then whole sentences about it.


def value_words(node: Node, x: Any) -> list[str]:
    """Of a node whose value is not finite: by which operation, of which operands, and what that needs."""
    op = node.op
    if op is None:
        return [f"{text.describe(node)} was given values that are not finite: {count_not_finite(x)}"]
    operands = operand_values(node)
    names = op.names if op.variadic is None else [f"{op.names[op.variadic]}[{i}]" for i in range(len(operands))]
    notes = [
        f"{name} is {text.describe_operand(a, v)}{', ' + _range(v) if a is not None or np.ndim(v) else ''}."
        for name, a, v in zip(names, node.args, operands)
        if isinstance(v, (np.ndarray, np.generic, float, int)) and not isinstance(v, bool) and np.size(v)
    ]
    needs = advice.unmet_needs(op, op.with_operands(node.values, tuple(operands)))
    return [f"{op.name} made values that are not finite: {count_not_finite(x)}", *notes, *needs]


def arrived_words(node: Node, x: Any) -> list[str]:
    """Of a node whose gradient is not finite as it arrives, although all contributions to it are."""
    words = f"the gradient that arrives at {text.describe(node)} is not finite: {count_not_finite(x)}"
    return [words, "The seed or a hook gave it so."]


def gradient_words(node: Node, a: Node, c: Any) -> list[str]:
    """Of a contribution that is not finite: which operation passes it to which operand."""
    words = f"the gradient that {node.op.name} passes to {text.describe(a)} is not finite: {count_not_finite(c)}"
    return [words, f"{text.label(a)} is {_range(value(a))}."]


def count_not_finite(x: Any) -> str:
    """``2 of 6 nan``, or for a single number ``nan``."""
    counted = [("nan", int(np.isnan(x).sum())), ("infinite", int(np.isinf(x).sum()))]
    return " and ".join(f"{n} of {np.size(x)} {word}" if np.size(x) > 1 else word for word, n in counted if n)


def _range(x: Any) -> str:
    x = np.ravel(x)
    return f"from {np.nanmin(x):.6g} to {np.nanmax(x):.6g}" if x.size > 1 and not np.isnan(x).all() else f"{x[0]:.6g}"
