"""The record, read back: as values, also those that no rule reads and nobody kept; run again; and as Tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..errors import messages as errors
from ..graph import Node, handle
from .calling import is_packed
from .reachable import reachable


def value(node: Node) -> Any:
    """The value of a node, computed again with what it was computed from, where nobody kept it."""
    if node.result is None:
        for n in reachable([node], operands_to_recompute):
            known = tuple(a.result if a is not None and v is None else v for a, v in zip(n.args, stored_operands(n)))
            n.result = run_forward(n, known)
    return node.result


def operands_to_recompute(node: Node) -> list[Node]:
    """The operands whose values have to be computed again."""
    return [a for a, v in zip(node.args, stored_operands(node)) if a is not None and v is None and a.result is None]


def stored_operands(node: Node) -> Any:
    """What the operands of a node were; None for those that nobody kept."""
    if node.values is None:
        raise errors.record_freed(node)
    return operands_among(node.op, node.values)


def operands_among(op: Any, arguments: Any) -> Any:
    """Of all arguments of an operation those that operands stand for."""
    return arguments if op.variadic is None else arguments[op.variadic]


def operand_values(node: Node, of: Callable[[Node], Any] = value) -> list[Any]:
    """What all operands of a node were, also those that nobody kept.  ``of``: gives the value of one of these."""
    return [x if a is None or x is not None else of(a) for a, x in zip(node.args, stored_operands(node))]


def run_forward(node: Node, operands: Sequence[Any]) -> Any:
    """What the operation of a node makes of other operands, as an array; its options are as they were."""
    return node.op.forward(*node.op.with_operands(node.values, operands))


def call_op(op: Any, arguments: Sequence[Any]) -> Any:
    """An operation called with all its arguments in their order, options too; it records where there are Tensors."""
    return op.public(*arguments[:-1], *arguments[-1]) if is_packed(op.function) else op.public(*arguments)


def replay(
    nodes: Iterable[Node],
    given: Mapping[Node, Any],
    apply: Callable[[Node, Sequence[Any], Mapping[Node, Any]], Any] | None = None,
    otherwise: Callable[[Node], Any] = value,
) -> dict[Node, Any]:
    """A recorded computation, run again with something changed: what each node is now.

    ``nodes``: those to compute, operands before results.  ``given``: what is in the place of some nodes, as a Tensor or
    an array; these are not computed.  ``apply``: computes a node from its arguments and from all that was made before;
    without it, its own operation does.  ``otherwise``: the value of an operand that is neither given nor computed.
    """
    made = dict(given)
    for node in nodes:
        if node.op is not None and node not in made:
            pairs = zip(node.args, stored_operands(node))
            known = [x if a is None else made[a] if a in made else otherwise(a) for a, x in pairs]
            arguments = node.op.with_operands(node.values, known)
            made[node] = apply(node, arguments, made) if apply else call_op(node.op, arguments)
    return made


def tensors(node: Node) -> tuple[Sequence[Any], Any]:
    """What the rules of a node read, as Tensors, so that a gradient is itself a recorded computation."""
    op = node.op
    assert op is not None
    lifted = tuple(v if a is None or v is None else handle(a, v) for a, v in zip(node.args, stored_operands(node)))
    return op.with_operands(node.values, lifted), handle(node, node.result)
