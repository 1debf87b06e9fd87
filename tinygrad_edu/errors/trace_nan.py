"""Where did NaN or infinity come from?  Each value is checked when it is computed, so the first one is caught."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from ..context import within
from ..engine.recompute import operand_values, value
from ..errors import coerce
from ..errors import messages as errors
from ..errors import operations as explain
from ..format import locations, text
from ..graph import Node, Value


def trace_nan() -> AbstractContextManager[None]:
    """A ``with`` block in which the first operation that makes NaN or infinity raises FloatingPointError.

    In the forward direction the error names the operation, its operands and what it needs; in ``backward`` it names the
    operation and the tensor whose gradient is not finite.  Every value is checked, which takes time: use it to find a
    fault, not to train.
    """
    return within(watch=check_finite)


def check_finite(node: Node, x: Any, passed: tuple[Any, ...] | None = None) -> None:
    """Raise FloatingPointError if a value is not finite.  The engine calls this for each node.

    Without ``passed``, x is the value of the node, just computed.  With it, x is the node's gradient, and ``passed`` is
    what the node passes to each operand.
    """
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


# The text about each kind of origin: first what is wrong, then whole sentences about it.


def value_words(node: Node, x: Any) -> list[str]:
    """About a node whose value is not finite: which operation made it, of which operands, and what it needs."""
    op = node.op
    if op is None:
        return [f"{text.describe(node)} was given values that are not finite: {count_not_finite(x)}"]
    operands = operand_values(node)
    names = op.names if op.variadic is None else [f"{op.names[op.variadic]}[{i}]" for i in range(len(operands))]
    notes = [
        f"{name} = {text.describe_operand(a, v)}{', ' + _range(v) if a is not None or np.ndim(v) else ''}."
        for name, a, v in zip(names, node.args, operands)
        if isinstance(v, (np.ndarray, np.generic, float, int)) and not isinstance(v, bool) and np.size(v)
    ]
    needs = explain.unmet_needs(op, op.with_operands(node.values, tuple(operands)))
    return [f"{op.name} made values that are not finite: {count_not_finite(x)}", *notes, *needs]


def arrived_words(node: Node, x: Any) -> list[str]:
    """About a node whose gradient is not finite, although all contributions to it are: a seed or a hook made it so."""
    words = f"the gradient that arrives at {text.describe(node)} is not finite: {count_not_finite(x)}"
    return [words, "A seed or a hook made it so."]


def gradient_words(node: Node, a: Node, c: Any) -> list[str]:
    """About a contribution that is not finite: which operation passes it to which operand."""
    words = f"the gradient that {node.op.name} passes to {text.describe(a)} is not finite: {count_not_finite(c)}"
    return [words, f"{text.label(a)} is {_range(value(a))}."]


def count_not_finite(x: Any) -> str:
    """Count the numbers that are not finite: ``2 of 6 nan``, or ``nan`` for a single number; empty if all are."""
    counted = [("nan", int(np.isnan(x).sum())), ("infinite", int(np.isinf(x).sum()))]
    return " and ".join(f"{n} of {np.size(x)} {word}" if np.size(x) > 1 else word for word, n in counted if n)


def _range(x: Any) -> str:
    """``from 0 to 2``, or the number itself, if there is only one."""
    x = np.ravel(x)
    return f"from {np.nanmin(x):.6g} to {np.nanmax(x):.6g}" if x.size > 1 and not np.isnan(x).all() else f"{x[0]:.6g}"
