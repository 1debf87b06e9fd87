"""The paths from the loss to a node, and how much of the node's gradient each of them brought.

By the chain rule, a gradient is a sum over all paths from the loss; each term is the product of the local derivatives
along one path.  The term of a path is found by passing on along it only what came along it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..engine.reachable import reachable
from ..errors import coerce
from ..graph import Node
from ..numeric.norms import norm
from ..sweep import unbroadcast
from .stepper import Stepper

MOST = 64  # so many paths are followed one by one; of more, only the first step is told apart


class Path(NamedTuple):
    """A path from a node up to the loss, and what came down along it."""

    nodes: tuple[Node, ...]  # from the node to the loss; if there are too many paths, only the first two
    part: Any  # the term of the gradient that came along it
    share: float  # of the whole gradient, in its direction: the shares sum to 1
    ways: int  # how many paths are taken together here


def paths(stepper: Stepper, node: Node) -> list[Path]:
    """The paths by which the gradient of a node has come so far, the largest first."""
    ways = count_paths(stepper, node)
    if node is stepper.root or not ways[node]:
        return []
    if ways[node] <= MOST:
        found = [
            ((node, *(user for user, _ in uses)), pass_along(stepper, uses), 1) for uses in follow_paths(stepper, node)
        ]
    else:
        found = [((node, user), passed(stepper, user, k), ways[user]) for user, k in uses_of(stepper, node)]
    total = np.asarray(sum(part for _, part, _ in found), float)
    with np.errstate(all="ignore"):
        scale = np.vdot(total, total)
        shares = [float(np.vdot(np.asarray(part, float), total) / scale) if scale else 0.0 for _, part, _ in found]
    every = [Path(nodes, part, share, n) for (nodes, part, n), share in zip(found, shares)]
    return sorted(every, key=lambda path: -norm_or_infinity(path.part))


def norm_or_infinity(x: Any) -> float:
    """The Euclidean norm, with which paths are sorted: infinity for what is not finite."""
    found = norm(x)
    return found if np.isfinite(found) else np.inf


def uses_of(stepper: Stepper, node: Node) -> list[tuple[Node, int]]:
    """The uses of a node by which a gradient has come at this step: the operation, and which operand the node is."""
    return [(user, k) for user, k in stepper.users.get(node, ()) if node.active and has_passed(stepper, user, k)]


def has_passed(stepper: Stepper, user: Node, k: int) -> bool:
    """Has a node passed on a gradient to operand ``k`` at this step?"""
    if user not in stepper.visited:
        return False
    position = sum(a is not None and a.active for a in user.args[: k + 1])  # among the steps of that node
    return stepper.swept[stepper.visited[user]].before + position <= stepper.at


def passed(stepper: Stepper, user: Node, k: int) -> Any:
    """The gradient that a node passed on to operand ``k``."""
    return coerce.dense(stepper.swept[stepper.visited[user]].passed[k])


def count_paths(stepper: Stepper, node: Node) -> dict[Node, int]:
    """The number of paths from the loss to a node, and to each node on them."""
    ways: dict[Node, int] = {}
    for one in reversed(reachable([node], lambda one: [user for user, _ in uses_of(stepper, one)])):
        ways[one] = 1 if one is stepper.root else sum(ways[user] for user, _ in uses_of(stepper, one))
    return ways


def follow_paths(stepper: Stepper, node: Node) -> list[tuple[tuple[Node, int], ...]]:
    """Every path from a node up to the loss, as the uses along it."""
    finished: list[tuple[tuple[Node, int], ...]] = []
    pending: list[tuple[Node, tuple[tuple[Node, int], ...]]] = [(node, ())]
    while pending:
        top, uses = pending.pop()
        if top is stepper.root:
            finished.append(uses)
        pending += [(user, (*uses, (user, k))) for user, k in uses_of(stepper, top)]
    return finished


def pass_along(stepper: Stepper, uses: tuple[tuple[Node, int], ...]) -> Any:
    """The gradient that comes down along one path."""
    g = stepper.seed
    with np.errstate(all="ignore"):
        for user, k in reversed(uses):
            c = stepper.pass_on(user, coerce.dense(g), k)
            g = c if c.shape == user.args[k].shape else unbroadcast(c, user.args[k])
    return coerce.dense(g)
