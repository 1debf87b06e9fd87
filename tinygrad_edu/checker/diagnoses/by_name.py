"""From one named value to the next: what lies between them, taken as one function with one derivative.

A sigmoid or a softmax may be written out in several operations; what a student says of it is still said of the whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...derivatives import gradients
from ...engine.reachable import dependent
from ...engine.recompute import replay
from ...numeric.equality import same
from ...ops import positive
from ...sweep import topological_order
from ...tensor import Tensor
from ..judge import Point
from ..problem import jacobian
from .guess import Case, Guess, Guesses, equal

MOST = 40  # numbers in a value


def guesses(case: Case) -> Guesses:
    """What explains the answer when it is passed on between two named values of the same shape."""
    asked = question(case)
    if not case.claimed or asked is None:
        return
    of, wrt = asked
    for v, w in pairs(case.points[0], of, wrt):
        for key, code, cost in KINDS:
            if case.late():
                return
            case.spent += 500
            found = [passed(point, truth, of, wrt, v, w, key) for point, truth in zip(case.points, case.truths)]
            if all(f is not None and equal(f, c) for f, c in zip(found, case.claimed)):
                yield Guess(code, key, cost, {"function": v, "name": w, "at": v}, w)
                break


KINDS = (
    ("is-slope-missing", "LOCAL_DERIVATIVE", 2.3),
    ("is-jacobian-missing", "JACOBIAN", 2.2),
    ("is-diagonal", "JACOBIAN", 1.7),
    ("is-slope-at", "LOCAL_DERIVATIVE", 2.2),
)


def question(case: Case) -> tuple[str, str] | None:
    """The names in dJ/dW, if that is what was asked for."""
    left = case.question.left
    if left.head != "Derivative" or any(part.head != "Name" for part in left.args):
        return None
    names = tuple(part.value for part in left.args)
    tensors = [case.points[0].tensors.get(word) for word in names]
    if not all(isinstance(t, Tensor) for t in tensors) or tensors[0].shape != ():  # type: ignore[union-attr]
        return None
    return names[0], names[1]


def pairs(point: Point, of: str, wrt: str) -> list[tuple[str, str]]:
    """Named values of which one is computed from the other, which has as many elements."""
    known = {w: x for w, x in point.tensors.items() if isinstance(x, Tensor) and 1 < x.size <= MOST}
    below = {x.node.serial for x in known.values() if point.tensors[wrt].node in topological_order(x.node)}
    chosen = {w: x for w, x in known.items() if x.node.serial in below}
    every = {n.serial for n in topological_order(point.tensors[of].node)}
    return [
        (v, w) for v, y in chosen.items() for w, x in chosen.items()
        if y is not x and y.shape == x.shape and x.node in topological_order(y.node) and y.node.serial in every
    ][:12]  # fmt: skip


def passed(point: Point, truth: Any, of: str, wrt: str, v: str, w: str, key: str) -> Any:
    """The answer, where v passes something else on to w."""
    loss, y, x, target = (point.tensors[word] for word in (of, v, w, wrt))
    (g,) = gradients(loss, [y])
    n = x.size
    full = np.reshape(jacobian(y, x, False)[1], (n, n))
    straight = same(full, np.diag(np.diag(full)))
    if (key in ("is-slope-missing", "is-slope-at")) != straight:
        return None
    usual = (full.T @ g.ravel()).reshape(x.shape)
    if key == "is-diagonal":
        new = g * np.diag(full).reshape(x.shape)
    elif key == "is-slope-at":
        new = elsewhere(y, x, y._array, g)
    else:
        new = g
    if new is None:
        return None
    back = new - usual
    (moved,) = gradients(x, [target], back) if x is not target else (back,)
    return np.reshape(truth, target.shape) + moved


def elsewhere(y: Tensor, x: Tensor, at: Any, g: Any) -> Any:
    """What y would pass on to x, if x were another value."""
    between = dependent(topological_order(y.node), [x.node])
    made = replay(between, {x.node: positive(Tensor(at))})
    last = made.get(y.node)
    return gradients(last, [made[x.node]], g)[0] if isinstance(last, Tensor) else None
