"""Reads a record back: the values of its nodes, also those that were not kept; a replay with changes; Tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..errors import messages as errors
from ..graph import Node, handle
from .calling import is_packed
from .reachable import reachable


def value(node: Node) -> Any:
    """The value of a node.  If it was not kept, it is computed again, from values that were."""
    if node.result is None:
        for n in reachable([node], operands_to_recompute):
            known = tuple(a.result if a is not None and v is None else v for a, v in zip(n.args, stored_operands(n)))
            n.result = run_forward(n, known)
    return node.result


def operands_to_recompute(node: Node) -> list[Node]:
    """The nodes of the operands whose values have to be computed again."""
    return [a for a, v in zip(node.args, stored_operands(node)) if a is not None and v is None and a.result is None]


def stored_operands(node: Node) -> Any:
    """The values of a node's operands; None for those that were not kept.  RuntimeError if the record was freed."""
    if node.values is None:
        raise errors.record_freed(node)
    return operands_among(node.op, node.values)


def operands_among(op: Any, arguments: Any) -> Any:
    """Select the operands among all arguments of an operation: all of them, or the list of a variadic operation."""
    return arguments if op.variadic is None else arguments[op.variadic]


def operand_values(node: Node, of: Callable[[Node], Any] = value) -> list[Any]:
    """The values of all operands of a node.  ``of``: gives the value of a node that was not kept."""
    return [x if a is None or x is not None else of(a) for a, x in zip(node.args, stored_operands(node))]


def run_forward(node: Node, operands: Sequence[Any]) -> Any:
    """Run the forward of a node's operation on other operands, with the options of the node; returns an array."""
    return node.op.forward(*node.op.with_operands(node.values, operands))


def call_op(op: Any, arguments: Sequence[Any]) -> Any:
    """Call an operation with all its arguments in their order, options too.  It records if there are Tensors."""
    return op.public(*arguments[:-1], *arguments[-1]) if is_packed(op.function) else op.public(*arguments)


def replay(
    nodes: Iterable[Node],
    given: Mapping[Node, Any],
    apply: Callable[[Node, Sequence[Any], Mapping[Node, Any]], Any] | None = None,
    otherwise: Callable[[Node], Any] = value,
) -> dict[Node, Any]:
    """Run a recorded computation again with changes, and return the new value of each node.

    ``nodes``: those to compute, operands before results.  ``given``: Tensors or arrays that replace nodes; these are
    not computed.  ``apply``: computes a node from the node, its arguments and all new values so far; without it the
    node's own operation does.  ``otherwise``: gives the value of an operand that is neither given nor computed.
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
    """The arguments and the result of a node as Tensors: rules that read these are recorded themselves."""
    op = node.op
    assert op is not None
    lifted = tuple(v if a is None or v is None else handle(a, v) for a, v in zip(node.args, stored_operands(node)))
    return op.with_operands(node.values, lifted), handle(node, node.result)
