"""Find the operation that computes a program's loss from the logits, by comparing numbers.

An operation whose statement calls an operand ``logits`` applies the softmax or the sigmoid itself.  At logits of 0 its
gradient is (p - y)/N with a known p, which gives the targets y.  Then the operation and the program are compared at
other logits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..derivatives import gradients
from ..graph import Node
from ..numeric.equality import PROGRAM, same
from ..op import OPS
from ..tensor import Tensor
from . import user_code
from .equivalents import SIZE, steps_between
from .inspected import Inspected
from .trials import replay

LOGITS, TARGET = "logits", "target"  # the names of these operands in statements


class LossOfLogits(NamedTuple):
    """A loss of logits, with the targets for which it equals what the program computes."""

    op: Any
    x: Node
    targets: Any
    options: dict[str, Any]

    def __call__(self, x: Any) -> Any:
        return self.op.public(x, self.targets, **self.options)

    def text(self, inspected: Inspected, y: Node, near: Node) -> str:
        """Write the loss as a user writes it at the line of ``near``."""
        options = "".join(f", {key}={value!r}" for key, value in self.options.items())
        name = user_code.callable_name(inspected, near, self.op.name)
        return f"{name}({user_code.value_code(inspected, self.x)}, {self.targets_text(inspected, y)}{options})"

    def targets_text(self, inspected: Inspected, y: Node) -> str:
        """Write the targets as the program calls them: a variable of the same values, or "targets"."""
        axis, labels = self.options.get("axis", -1), None
        if "axis" in self.op.names and np.isin(np.round(self.targets, 9), (0, 1)).all() and np.ndim(self.targets) > 1:
            labels = np.argmax(self.targets, axis)
        for node in steps_between(inspected, self.x, y)[1:]:
            for part, value in zip(user_code.operand_expressions(node), inspected.operands(node)):
                pairs = [(part, value)]
                if isinstance(part, ast.Tuple) and isinstance(value, tuple) and len(part.elts) == len(value):
                    pairs = list(zip(part.elts, value))
                for written, x in pairs:
                    if written is not None and isinstance(x, np.ndarray) and x.size > 1:
                        if same(x, self.targets, PROGRAM) or (
                            labels is not None and x.dtype.kind in "iu" and np.array_equal(x, labels)
                        ):
                            return user_code.unparse(written)
        return "labels" if "axis" in self.op.names else "targets"


def takes_logits(op: Any) -> bool:
    """Does the operation apply the softmax or the sigmoid itself?  Its statement calls the operand ``logits``."""
    return op is not None and LOGITS in op.names


def loss_options(op: Any, ndim: int) -> Iterator[dict[str, Any]]:
    """Yield the options to try for a loss: the mean or the sum, over the last axis of classes or another."""
    for reduction in ({}, {"reduction": "sum"}) if "reduction" in op.names else ({},):
        for axis in ({}, *({"axis": i} for i in range(ndim - 1))) if "axis" in op.names else ({},):
            yield {**axis, **reduction}


def find_losses(inspected: Inspected, y: Node, xs: list[Node], factor: float = 1.0) -> Iterator[LossOfLogits]:
    """Find losses of one of ``xs`` that equal ``factor`` times ``y``, which is a single number."""
    for x in xs:
        if not x.shape or not 0 < np.prod(x.shape) <= SIZE or np.prod(y.shape) != 1:
            continue
        steps = steps_between(inspected, x, y)
        if x not in steps:
            continue
        try:
            at = Tensor(np.zeros(x.shape))
            end = replay(inspected, {x: at}, {}, steps)[y] * factor
            (slope,) = gradients(end.sum(), [at])
            rng = np.random.default_rng(0)
            draws = [rng.normal(size=x.shape) for _ in range(2)]
            values = [
                factor * float(np.sum(replay(inspected, {x: draw}, {}, steps, record=False)[y])) for draw in draws
            ]
        except Exception:  # an operation may refuse these numbers
            continue
        for op in OPS.values():
            if takes_logits(op) and TARGET in op.names:
                for options in loss_options(op, len(x.shape)):
                    found = match_loss(op, x, options, slope, draws, values)
                    if found is not None:
                        yield found


def match_loss(op: Any, x: Node, options: dict[str, Any], slope: Any, draws: Any, values: Any) -> LossOfLogits | None:
    """Solve for the targets, and return the loss if it equals the program's values at the drawn logits; else None."""
    try:
        targets = solve_targets(op, x.shape, options, slope)
        if targets is None or not np.all((targets > -1e-9) & (targets < 1 + 1e-9)):
            return None
        targets = np.clip(targets, 0.0, 1.0)
        made = [float(op.forward(*op.arguments(draw, targets, **options))) for draw in draws]
        return LossOfLogits(op, x, targets, options) if same(made, values) else None
    except Exception:  # a loss may refuse the shape
        return None


def solve_targets(op: Any, shape: tuple[int, ...], options: dict[str, Any], slope: Any) -> Any:
    """Solve for the targets at which the gradient at logits 0 is ``slope``; classes that compete sum to one."""

    def at(targets: Any) -> Any:
        x = Tensor(np.zeros(shape))
        return gradients(op.public(x, targets, **options), [x])[0]

    nothing, ones = at(np.zeros(shape)), at(np.ones(shape))
    if np.any(nothing != ones):
        return (nothing - slope) / (nothing - ones)
    if "axis" not in op.names:
        return None
    axis = options.get("axis", -1)
    n = shape[axis]
    if n < 2:
        return None
    first = np.zeros(shape)
    np.moveaxis(first, axis, -1)[..., 0] = 1.0
    share = np.moveaxis(at(first), axis, -1)[..., 1].max() * n  # 1/N
    return 1 / n - slope / share
