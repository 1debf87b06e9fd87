"""Units of a layer that are equal: they compute the same, receive the same gradient, and so stay equal for ever.

Rumelhart, Hinton and Williams, Learning internal representations by error propagation (1986), call it the problem of
symmetry breaking: weights start from small random numbers because of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine.recompute import run_forward
from ..errors import coerce
from ..format.locations import OURS
from ..format.text import plural
from ..graph import Node
from .case import Case, finite, largest, listed
from .depends import rounding
from .finding import Finding, Remedy
from .others import glorot
from .trying import tried

SIZE = 5_000_000  # entries of a matrix that is looked at


def equal_units(case: Case) -> Iterator[Finding]:
    """Matrices of parameters whose units are equal, and whose gradients are so too."""
    found: dict[Node, int] = {}
    for node in sorted(case.ours, key=lambda node: node.serial):
        if node.op is None and node not in case.told and len(node.shape) > 1 and np.prod(node.shape) <= SIZE:
            axis = units_alike(case, node)
            if axis is not None:
                found[node] = axis
    if not found:
        return
    case.told.update(found)
    case.alike.update(found)
    first, axis = next(iter(found.items()))
    n, many = first.shape[axis], len(found) > 1
    names = listed([case.wanted.get(node, case.said(node)) for node in found])
    which = f"The {'units' if many else plural(n, 'unit')} of {names} are equal{' to each other' * many}"
    words = (
        f"{which}, and so are their gradients: they compute the same, and every step leaves them equal. "
        f"{'Each layer is' if many else 'The layer is'} worth a single unit."
    )
    at = case.place(first)
    at = case.place(case.root) if at.file.startswith(OURS) else at  # a parameter of nn is made in nn/layers.py
    made = case.finding("equal units", first, words, [*found][1:], at, broken(case, found), units=n)
    yield made._replace(about=names)


def units_alike(case: Case, node: Node) -> int | None:
    """The axis of the units, if these are equal and receive the same gradient."""
    x, g = case.value(node), coerce.dense(case.gradients[node])
    if not finite(g) or (not np.any(x) and not np.any(g)):
        return None
    noise = rounding(node, case) * max(largest(g), passed_to(case, node))
    for axis, n in enumerate(node.shape):
        if n > 1 and same_along(x, axis, 0.0) and same_along(g, axis, noise) and is_units(case, node, axis):
            return axis
    return None


def passed_to(case: Case, node: Node) -> float:
    """The size of gradients that cancel on the way to a node: the largest of what comes to its uses."""
    return max((case.largest[user] for user, _ in case.uses(node)), default=0.0)


def same_along(x: Any, axis: int, noise: float) -> bool:
    """Are all slices along an axis equal?"""
    return bool(np.all(np.abs(x - np.take(x, [0], axis)) <= noise))


def is_units(case: Case, node: Node, axis: int) -> bool:
    """Does a slice along this axis make a slice of what is computed, as a unit of a layer does?  It is moved to see."""
    return any(makes_slice(case, node, axis, user, k) for user, k in case.uses(node))


def makes_slice(case: Case, node: Node, axis: int, user: Node, k: int) -> bool:
    """Does it in this use, past a transpose?"""
    moved = case.value(node).copy()
    moved[(slice(None),) * axis + (0,)] += 1.0
    while user.op is not None and user.shape and len(user.args) == 1 and np.prod(user.shape) == np.prod(node.shape):
        uses = list(case.uses(user))
        if len(uses) != 1:
            return False
        moved, (user, k) = again(case, user, k, moved), uses[0]
    try:
        difference = again(case, user, k, moved) != case.value(user)
    except Exception:  # an operation may refuse other numbers
        return False
    return any(
        m == node.shape[axis] and not np.delete(difference, 0, i).any() and difference.any()
        for i, m in enumerate(np.shape(difference))
    )


def again(case: Case, node: Node, k: int, x: Any) -> Any:
    """The value of a node for another operand."""
    operands = case.operands(node)
    return run_forward(node, [*operands[:k], x, *operands[k + 1 :]])


def broken(case: Case, found: dict[Node, int]) -> Iterator[Remedy]:
    """Random numbers in the place of those that are equal; of other leaves too, if these alone do not do it."""
    level = [
        node
        for node in sorted(case.ours, key=lambda node: node.serial)
        if node.op is None and len(node.shape) > 1 and (node in found or np.ptp(case.value(node)) == 0)
    ]
    for nodes in dict.fromkeys([tuple(found), tuple(level)]):
        trial = tried(case, {node: glorot(node.shape, case.value(node).dtype) for node in nodes})
        if trial is None or not trial.is_finite:
            continue
        new = [trial.made[node].node for node in found]
        if all(units_alike(trial.case, node) is None and trial.case.largest[node] > 1e-9 for node in new):
            yield Remedy(f"Start {listed([case.said(node) for node in nodes])} from random numbers, as nn.Linear does.")
            return
