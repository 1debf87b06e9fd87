"""Diagnoses an answer that is the gradient of another function than the loss, as of the loss without its log.

One operation of the record is edited, the loss is computed forward again, and its gradient is compared with the claim.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import derivatives
from ...engine.reachable import dependent
from ...engine.recompute import call_op, replay
from ...graph import Node
from ...op import OPS
from ...sweep import topological_order
from ...tensor import Tensor
from ..judge import Point
from .candidate import Candidate, Candidates, WrongAnswer, equal
from .graph_edits import NodeNames, evaluate_with


class ForwardEdit(NamedTuple):
    """Another operation for a node, and the mistake that would explain it."""

    apply: Callable[..., Any]
    candidate: Candidate


def candidates(wrong: WrongAnswer) -> Candidates:
    """Yields the edits of single operations after which the gradient of the loss is the answer."""
    if not wrong.claimed:
        return
    listing = EditedForward(-1, None, wrong.points[0])
    evaluate_with(wrong, 0, listing)
    for number in range(min(listing.nodes, 80)):
        at = EditedForward(number, None, wrong.points[0])
        evaluate_with(wrong, 0, at)
        for which, other in enumerate(at.edits):
            if wrong.out_of_budget():
                return
            if all(
                equal(evaluate_with(wrong, i, EditedForward(number, which, point)), wrong.claimed[i])
                for i, point in enumerate(wrong.points)
            ):
                yield other.candidate


class EditedForward:
    """Finds a gradient after it has computed the record again with one edited node.

    It is called as ``derivatives.gradients`` is.  ``number`` is the position of the node, and ``which`` that of its
    edit; with None nothing is changed, and the edits of the node are listed.
    """

    def __init__(self, number: int, which: int | None, point: Point) -> None:
        self.number, self.which, self.point = number, which, point
        self.edits: list[ForwardEdit] = []
        self.nodes = self.work = 0

    def __call__(
        self, result: Tensor, wrt: list[Tensor], seed: Any = None, *, differentiable: bool = False
    ) -> list[Any]:
        """Returns the gradient of the edited result.  Raises ValueError if there is none, or in another shape."""
        nodes, target = topological_order(result.node), wrt[0].node
        above = dependent(nodes, [target])
        self.nodes = max(self.nodes, len(above))
        self.work += 8 * len(above)
        changed = above[self.number] if 0 <= self.number < len(above) else None

        def apply(node: Node, arguments: Sequence[Any], made: Any) -> Any:
            if node is changed:
                self.edits = list(forward_edits(node, arguments, NodeNames(self.point)))
                if self.which is not None:
                    return self.edits[self.which].apply(*arguments)
            return call_op(node.op, arguments)

        x = Tensor(wrt[0]._array)
        last = replay(above, {target: x}, apply).get(result.node)
        if last is None:
            raise ValueError("nothing depends on it")
        if last.shape != result.shape:
            raise ValueError("another shape")
        return derivatives.gradients(last, [x], seed)


def forward_edits(node: Node, arguments: Sequence[Any], name: NodeNames) -> Iterator[ForwardEdit]:
    """Yields what a node may compute instead: its argument, another function, or the same along another axis."""
    op = node.op
    shown = name(node)
    about, where = {"function": op.name, "name": shown}, shown if isinstance(shown, str) else ""
    arrays = [x for x in arguments if np.ndim(getattr(x, "_array", x)) or len(arguments) == 1]
    if op.variadic is not None or len(arrays) != 1 or (op.binds < 3 and len(op.rules) != 1):
        return
    (x,) = (k for k, y in enumerate(arguments) if y is arrays[0])
    same = np.shape(getattr(arrays[0], "_array", arrays[0])) == node.shape

    def other(apply: Callable[[Any], Any], code: str, key: str, cost: float, **fields: str) -> ForwardEdit:
        return ForwardEdit(lambda *values: apply(values[x]), Candidate(code, key, cost, about | fields, where))

    if op.elementwise and same and op.name not in ("negative", "positive"):
        yield other(lambda y: y * 1.0, "WRONG_FUNCTION", "is-function-lost", 1.9)
        for new in OPS.values():
            if new is not op and new.elementwise and len(new.names) == 1 and len(new.rules) == 1:
                yield other(new.public, "WRONG_FUNCTION", "is-other-function", 2.4, other=new.name)
    elif same and "axis" in op.names:
        yield other(lambda y: y * 1.0, "WRONG_FUNCTION", "is-function-lost", 2.2)
        for axis in range(len(node.shape)) if 1 not in node.shape[-2:] and len(node.shape) > 1 else ():
            yield other(functools.partial(op.public, axis=axis), "AXIS", "is-function-axis", 1.8)
    elif {"axis", "keepdims"} <= {*op.names} and op.rules:
        options = dict(zip(op.names, node.values))
        for axis in range(len(np.shape(arrays[0]))):
            if isinstance(options["axis"], int) and axis != options["axis"] % len(np.shape(arrays[0])):
                turned = functools.partial(op.public, axis=axis, keepdims=options["keepdims"])
                yield other(turned, "AXIS", "is-function-axis", 1.8)
        for new in OPS.values():
            if new is not op and {"axis", "keepdims"} <= {*new.names} and new.rules and len(new.rules) == 1:
                yield other(
                    functools.partial(new.public, axis=options["axis"], keepdims=options["keepdims"]),
                    "WRONG_FUNCTION", "is-other-function", 2.4, other=new.name,
                )  # fmt: skip
