"""Is the end of a program a loss that one operation computes from the logits?  Found by numbers.

An operation whose statement calls an operand ``logits`` applies the softmax or the sigmoid itself.  The targets are
read off the gradient at logits of 0, where it is (p - y)/N with a p that is known; then both are compared elsewhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..derivatives import gradients
from ..findings import code
from ..graph import Node
from ..numeric.equality import PROGRAM, same
from ..op import OPS
from ..tensor import Tensor
from .alike import SIZE, between
from .case import Case
from .trying import replay

LOGITS, TARGET = "logits", "target"  # as statements call these operands


class Whole(NamedTuple):
    """A loss of logits, with the targets that make it what the program computes."""

    op: Any
    x: Node
    targets: Any
    options: dict[str, Any]

    def __call__(self, x: Any) -> Any:
        """The loss, of an array or a Tensor."""
        return self.op.public(x, self.targets, **self.options)

    def text(self, case: Case, y: Node, near: Node) -> str:
        """The same as a user writes it at the line of ``near``."""
        options = "".join(f", {key}={value!r}" for key, value in self.options.items())
        name = code.called(case, near, self.op.name)
        return f"{name}({code.value_text(case, self.x)}, {self.targets_text(case, y)}{options})"

    def targets_text(self, case: Case, y: Node) -> str:
        """The targets by what the program calls them."""
        axis, labels = self.options.get("axis", -1), None
        if "axis" in self.op.names and np.isin(np.round(self.targets, 9), (0, 1)).all() and np.ndim(self.targets) > 1:
            labels = np.argmax(self.targets, axis)
        for node in between(case, self.x, y)[1:]:
            for part, value in zip(code.operands(node), case.operands(node)):
                pairs = [(part, value)]
                if isinstance(part, ast.Tuple) and isinstance(value, tuple) and len(part.elts) == len(value):
                    pairs = list(zip(part.elts, value))
                for written, x in pairs:
                    if written is not None and isinstance(x, np.ndarray) and x.size > 1:
                        if same(x, self.targets, PROGRAM) or (
                            labels is not None and x.dtype.kind in "iu" and np.array_equal(x, labels)
                        ):
                            return code.shown(written)
        return "labels" if "axis" in self.op.names else "targets"


def takes_logits(op: Any) -> bool:
    """Does an operation make probabilities of an operand itself, by its own statement?"""
    return op is not None and LOGITS in op.names


def options_of(op: Any, ndim: int) -> Iterator[dict[str, Any]]:
    """The options with which a loss is tried: the mean or the sum, over the last axis of classes or another."""
    for reduction in ({}, {"reduction": "sum"}) if "reduction" in op.names else ({},):
        for axis in ({}, *({"axis": i} for i in range(ndim - 1))) if "axis" in op.names else ({},):
            yield {**axis, **reduction}


def wholes(case: Case, y: Node, xs: list[Node], factor: float = 1.0) -> Iterator[Whole]:
    """The losses of one of ``xs`` that are what ``y``, a single number, is; or so many times as much."""
    for x in xs:
        if not x.shape or not 0 < np.prod(x.shape) <= SIZE or np.prod(y.shape) != 1:
            continue
        steps = between(case, x, y)
        if x not in steps:
            continue
        try:
            at = Tensor(np.zeros(x.shape))
            end = replay(case, {x: at}, {}, steps)[y] * factor
            (slope,) = gradients(end.sum(), [at])
            rng = np.random.default_rng(0)
            draws = [rng.normal(size=x.shape) for _ in range(2)]
            values = [factor * float(np.sum(replay(case, {x: draw}, {}, steps, record=False)[y])) for draw in draws]
        except Exception:  # an operation may refuse these numbers
            continue
        for op in OPS.values():
            if takes_logits(op) and TARGET in op.names:
                for options in options_of(op, len(x.shape)):
                    found = whole(op, x, options, slope, draws, values)
                    if found is not None:
                        yield found


def whole(op: Any, x: Node, options: dict[str, Any], slope: Any, draws: Any, values: Any) -> Whole | None:
    """The loss with those targets, if it is equal at the numbers that were drawn."""
    try:
        targets = targets_of(op, x.shape, options, slope)
        if targets is None or not np.all((targets > -1e-9) & (targets < 1 + 1e-9)):
            return None
        targets = np.clip(targets, 0.0, 1.0)
        made = [float(op.forward(*op.arguments(draw, targets, **options))) for draw in draws]
        return Whole(op, x, targets, options) if same(made, values) else None
    except Exception:  # a loss may refuse the shape
        return None


def targets_of(op: Any, shape: tuple[int, ...], options: dict[str, Any], slope: Any) -> Any:
    """The targets for which the gradient at logits of 0 is ``slope``; they sum to one where the classes compete."""

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
