"""The record, read back: as values, also those that no rule reads and nobody kept, and as Tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import messages as errors
from ..graph import Node, handle


def value(node: Node) -> Any:
    """The value of a node, computed again with what it was computed from, where nobody kept it."""
    missing, stack = {}, [node]
    while stack:
        if (n := stack.pop()).result is None and n.serial not in missing:
            missing[n.serial] = n
            stack.extend(a for a, v in zip(n.args, operands(n)) if a is not None and v is None)
    for serial in sorted(missing):
        n = missing[serial]
        known = tuple(a.result if a is not None and v is None else v for a, v in zip(n.args, operands(n)))
        n.result = n.op.forward(*n.op.with_operands(n.values, known))
    return node.result


def operands(node: Node) -> Any:
    """What the operands of a node were; None for those that nobody kept."""
    if node.values is None:
        raise errors.freed(node)
    return node.values if node.op.variadic is None else node.values[node.op.variadic]


def tensors(node: Node) -> tuple[Sequence[Any], Any]:
    """What the rules of a node read, as Tensors, so that a gradient is itself a recorded computation."""
    op = node.op
    assert op is not None
    lifted = tuple(v if a is None or v is None else handle(a, v) for a, v in zip(node.args, operands(node)))
    return op.with_operands(node.values, lifted), handle(node, node.result)
