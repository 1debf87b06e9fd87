"""The gradient of another function: of the loss without its log, say.  One operation is changed on the way forward."""

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
from .edges import Called, run
from .guess import Case, Guess, Guesses, equal


class Other(NamedTuple):
    """What is computed in the place of a node, and the guess that it would confirm."""

    apply: Callable[..., Any]
    guess: Guess


def guesses(case: Case) -> Guesses:
    """Every function near the loss of which the answer is the gradient."""
    if not case.claimed:
        return
    listing = Forward(-1, None, case.points[0])
    run(case, 0, listing)
    for number in range(min(listing.nodes, 80)):
        at = Forward(number, None, case.points[0])
        run(case, 0, at)
        for which, other in enumerate(at.others):
            if case.late():
                return
            if all(
                equal(run(case, i, Forward(number, which, point)), case.claimed[i])
                for i, point in enumerate(case.points)
            ):
                yield other.guess


class Forward:
    """Finds a gradient after computing everything again, with one node changed: as ``derivatives.gradients``."""

    def __init__(self, number: int, which: int | None, point: Point) -> None:
        self.number, self.which, self.point = number, which, point
        self.others: list[Other] = []
        self.nodes = self.work = 0

    def __call__(
        self, result: Tensor, wrt: list[Tensor], seed: Any = None, *, differentiable: bool = False
    ) -> list[Any]:
        """The gradient."""
        nodes, target = topological_order(result.node), wrt[0].node
        above = dependent(nodes, [target])
        self.nodes = max(self.nodes, len(above))
        self.work += 8 * len(above)
        changed = above[self.number] if 0 <= self.number < len(above) else None

        def apply(node: Node, arguments: Sequence[Any], made: Any) -> Any:
            if node is changed:
                self.others = list(others(node, arguments, Called(self.point)))
                if self.which is not None:
                    return self.others[self.which].apply(*arguments)
            return call_op(node.op, arguments)

        x = Tensor(wrt[0]._array)
        last = replay(above, {target: x}, apply).get(result.node)
        if last is None:
            raise ValueError("nothing depends on it")
        if last.shape != result.shape:
            raise ValueError("another shape")
        return derivatives.gradients(last, [x], seed)


def others(node: Node, given: Sequence[Any], name: Called) -> Iterator[Other]:
    """What may be computed instead."""
    op = node.op
    shown = name(node)
    about, where = {"function": op.name, "name": shown}, shown if isinstance(shown, str) else ""
    arrays = [x for x in given if np.ndim(getattr(x, "_array", x)) or len(given) == 1]
    if op.variadic is not None or len(arrays) != 1 or (op.binds < 3 and len(op.rules) != 1):
        return
    (x,) = (k for k, y in enumerate(given) if y is arrays[0])
    same = np.shape(getattr(arrays[0], "_array", arrays[0])) == node.shape

    def other(apply: Callable[[Any], Any], code: str, key: str, cost: float, **fields: str) -> Other:
        return Other(lambda *values: apply(values[x]), Guess(code, key, cost, about | fields, where))

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
