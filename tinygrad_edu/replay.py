"""Values that no rule reads are not kept; whoever wants to look at one gets it computed again, here."""

from __future__ import annotations

from typing import Any

from . import errors
from .op import Node


def value(node: Node) -> Any:
    """The value of a node, computed again with what it was computed from, where nobody kept it."""
    missing, stack = {}, [node]
    while stack:
        if (n := stack.pop()).result is None and n.serial not in missing:
            missing[n.serial] = n
            stack.extend(a for a in n.args if a is not None)
    for serial in sorted(missing):
        n = missing[serial]
        if n.values is None:
            raise errors.freed(n)
        operands = n.values if n.op.family is None else n.values[n.op.family]
        known = tuple(a.result if a is not None and v is None else v for a, v in zip(n.args, operands))
        n.result = n.op.forward(*n.op.joined(n.values, known))
    return node.result
