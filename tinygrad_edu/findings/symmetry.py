"""Find units of a layer that are equal: they compute the same, receive the same gradient, and so stay equal for ever.

Rumelhart, Hinton and Williams, Learning internal representations by error propagation (1986), call it the problem of
symmetry breaking: weights start from small random numbers because of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine.recompute import run_forward
from ..errors import coerce
from ..format.text import plural
from ..graph import Node
from .dependence import rounding_error
from .finding import Finding, Remedy
from .inspected import Inspected, is_finite, largest_entry, list_names
from .replacements import glorot
from .trials import try_changes

SIZE = 5_000_000  # matrices with more entries are left out


def equal_units(inspected: Inspected) -> Iterator[Finding]:
    """Find matrices of parameters whose units are equal, with equal gradients too."""
    found: dict[Node, int] = {}
    for node in sorted(inspected.visited, key=lambda node: node.serial):
        if (
            node.op is None
            and node not in inspected.explained_zeros
            and len(node.shape) > 1
            and np.prod(node.shape) <= SIZE
        ):
            axis = equal_units_axis(inspected, node)
            if axis is not None:
                found[node] = axis
    if not found:
        return
    inspected.explained_zeros.update(found)
    inspected.with_equal_units.update(found)
    first, axis = next(iter(found.items()))
    n, many = first.shape[axis], len(found) > 1
    names = list_names([inspected.wanted.get(node, inspected.describe(node)) for node in found])
    which = f"The {'units' if many else plural(n, 'unit')} of {names} are equal{' to each other' * many}"
    words = (
        f"{which}, and so are their gradients: they compute the same, and every step leaves them equal. "
        f"{'Each layer is' if many else 'The layer is'} worth a single unit."
    )
    at = inspected.user_location(first)
    made = inspected.make_finding(
        "equal units", first, words, [*found][1:], at, break_symmetry(inspected, found), units=n
    )
    yield made._replace(about=names)


def equal_units_axis(inspected: Inspected, node: Node) -> int | None:
    """Return the axis along which units are equal and receive the same gradient; None if there is none."""
    x, g = inspected.value(node), coerce.dense(inspected.gradients[node])
    if not is_finite(g) or (not np.any(x) and not np.any(g)):
        return None
    noise = rounding_error(node, inspected) * max(largest_entry(g), incoming_size(inspected, node))
    for axis, n in enumerate(node.shape):
        if n > 1 and same_along(x, axis, 0.0) and same_along(g, axis, noise) and is_units_axis(inspected, node, axis):
            return axis
    return None


def incoming_size(inspected: Inspected, node: Node) -> float:
    """Return the largest gradient that comes to the uses of a node: what may cancel on the way."""
    return max((inspected.largest[user] for user, _ in inspected.uses(node)), default=0.0)


def same_along(x: Any, axis: int, noise: float) -> bool:
    return bool(np.all(np.abs(x - np.take(x, [0], axis)) <= noise))


def is_units_axis(inspected: Inspected, node: Node, axis: int) -> bool:
    """Does a slice along this axis make a slice of what is computed, as a unit of a layer does?"""
    return any(makes_slice(inspected, node, axis, user, k) for user, k in inspected.uses(node))


def makes_slice(inspected: Inspected, node: Node, axis: int, user: Node, k: int) -> bool:
    """Move one slice of a matrix: does exactly one slice of the user's result change, past a transpose?"""
    moved = inspected.value(node).copy()
    moved[(slice(None),) * axis + (0,)] += 1.0
    while user.op is not None and user.shape and len(user.args) == 1 and np.prod(user.shape) == np.prod(node.shape):
        uses = list(inspected.uses(user))
        if len(uses) != 1:
            return False
        moved, (user, k) = evaluate_with(inspected, user, k, moved), uses[0]
    try:
        difference = evaluate_with(inspected, user, k, moved) != inspected.value(user)
    except Exception:  # an operation may refuse other numbers
        return False
    return any(
        m == node.shape[axis] and not np.delete(difference, 0, i).any() and difference.any()
        for i, m in enumerate(np.shape(difference))
    )


def evaluate_with(inspected: Inspected, node: Node, k: int, x: Any) -> Any:
    operands = inspected.operands(node)
    return run_forward(node, [*operands[:k], x, *operands[k + 1 :]])


def break_symmetry(inspected: Inspected, found: dict[Node, int]) -> Iterator[Remedy]:
    """Try random numbers for the equal parameters; for other constant leaves too, if these do not suffice."""
    level = [
        node
        for node in sorted(inspected.visited, key=lambda node: node.serial)
        if node.op is None and len(node.shape) > 1 and (node in found or np.ptp(inspected.value(node)) == 0)
    ]
    for nodes in dict.fromkeys([tuple(found), tuple(level)]):
        trial = try_changes(inspected, {node: glorot(node.shape, inspected.value(node).dtype) for node in nodes})
        if trial is None or not trial.is_finite:
            continue
        new = [trial.made[node].node for node in found]
        if all(
            equal_units_axis(trial.inspected, node) is None and trial.inspected.largest[node] > 1e-9 for node in new
        ):
            yield Remedy(
                f"Start {list_names([inspected.describe(node) for node in nodes])} from random numbers, as nn.Linear "
                "does."
            )
            return
