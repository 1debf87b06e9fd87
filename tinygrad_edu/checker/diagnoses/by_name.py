"""Diagnoses a wrong derivative between two named values, taking all operations between them as one function.

A sigmoid or a softmax may be written out in several operations, but a student thinks of it as one function.
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
from .candidate import Candidate, Candidates, WrongAnswer, equal

MOST = 40  # elements of a value whose Jacobian is tried


def candidates(wrong: WrongAnswer) -> Candidates:
    """Yields the mistakes in the derivative between two named values of one shape that explain the answer."""
    asked = asked_names(wrong)
    if not wrong.claimed or asked is None:
        return
    of, wrt = asked
    for v, w in pairs_of_values(wrong.points[0], of, wrt):
        for key, code, cost in KINDS:
            if wrong.out_of_budget():
                return
            wrong.spent += 500
            found = [
                edited_answer(point, truth, of, wrt, v, w, key) for point, truth in zip(wrong.points, wrong.truths)
            ]
            if all(f is not None and equal(f, c) for f, c in zip(found, wrong.claimed)):
                yield Candidate(code, key, cost, {"function": v, "name": w, "at": v}, w)
                break


KINDS = (
    ("is-slope-missing", "LOCAL_DERIVATIVE", 2.3),
    ("is-jacobian-missing", "JACOBIAN", 2.2),
    ("is-diagonal", "JACOBIAN", 1.7),
    ("is-slope-at", "LOCAL_DERIVATIVE", 2.2),
)


def asked_names(wrong: WrongAnswer) -> tuple[str, str] | None:
    """Returns the names J and W if the left side is dJ/dW and J is a number; else None."""
    left = wrong.question.left
    if left.head != "Derivative" or any(part.head != "Name" for part in left.args):
        return None
    names = tuple(part.value for part in left.args)
    tensors = [wrong.points[0].tensors.get(word) for word in names]
    if not all(isinstance(t, Tensor) for t in tensors) or tensors[0].shape != ():  # type: ignore[union-attr]
        return None
    return names[0], names[1]


def pairs_of_values(point: Point, of: str, wrt: str) -> list[tuple[str, str]]:
    """Lists pairs of named values of one shape, the first of which is computed from the second."""
    known = {w: x for w, x in point.tensors.items() if isinstance(x, Tensor) and 1 < x.size <= MOST}
    below = {x.node.serial for x in known.values() if point.tensors[wrt].node in topological_order(x.node)}
    chosen = {w: x for w, x in known.items() if x.node.serial in below}
    every = {n.serial for n in topological_order(point.tensors[of].node)}
    return [
        (v, w) for v, y in chosen.items() for w, x in chosen.items()
        if y is not x and y.shape == x.shape and x.node in topological_order(y.node) and y.node.serial in every
    ][:12]  # fmt: skip


def edited_answer(point: Point, truth: Any, of: str, wrt: str, v: str, w: str, key: str) -> Any:
    """Returns the gradient if v passes something else to w: by ``key``, a mistake in the derivative of v.

    It adds the difference that the mistake makes at w, passed on to ``wrt``, to the true gradient.  Returns None if the
    mistake makes no sense there.
    """
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
        new = vjp_at(y, x, y._array, g)
    else:
        new = g
    if new is None:
        return None
    back = new - usual
    (moved,) = gradients(x, [target], back) if x is not target else (back,)
    return np.reshape(truth, target.shape) + moved


def vjp_at(y: Tensor, x: Tensor, at: Any, g: Any) -> Any:
    """Returns the vjp from y to x, computed as if the value of x were ``at``."""
    between = dependent(topological_order(y.node), [x.node])
    made = replay(between, {x.node: positive(Tensor(at))})
    last = made.get(y.node)
    return gradients(last, [made[x.node]], g)[0] if isinstance(last, Tensor) else None
