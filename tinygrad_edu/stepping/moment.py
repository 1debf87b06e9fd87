"""Where one stands in a computation: a step of the forward pass or of the sweep."""

from __future__ import annotations

from typing import NamedTuple

from ..graph import Node


class Moment(NamedTuple):
    """One step: what it computes, or which operation passes a gradient on to which operand."""

    number: int
    phase: str  # "given", "forward", "seed" or "backward"
    node: Node  # what is computed; or whose rule passes a gradient on; or the result
    operand: int | None = None  # backward: to which of its operands

    @property
    def receiver(self) -> Node:
        """The node that has a value, or more of its gradient, after this step."""
        return self.node if self.operand is None else self.node.args[self.operand]
