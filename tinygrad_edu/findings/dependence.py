"""Find parameters on which the result does not depend: where contributions cancel, they are moved to see.

A number that is added to all logits before a softmax changes nothing.  Its gradient is then only rounding noise, and so
is the change of the result, however far the number is moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import coerce
from ..format.numbers import short
from ..graph import Node
from ..numeric.equality import PROGRAM, same
from ..sweep import unbroadcast
from .finding import Finding
from .inspected import Inspected, is_finite, largest_entry, list_names, root_mean_square
from .trials import replay

# A larger record is not computed again.
NODES, ENTRIES = 10_000, 20_000_000
# So many nodes may be computed again for all leaves together.
WORK = 50_000
# A parameter is moved by about FAR, and by about this part of its own size (NEAR).
FAR, NEAR = (1.0, 10.0), 0.1
# Each move is drawn so often, and made in both directions.
DRAWS = 2
# With more other leaves than that, it is not tried which of them matter.
OTHERS = 20

TRIED = {
    "nowhere": ": moved at random by about 1 and by about 10",
    "nowhere near": " near its value: moved at random by about a tenth of its size",
}


def rounding_error(node: Node, inspected: Inspected) -> float:
    """Return what rounding may leave of a contribution when everything cancels: 1e-12 in double precision."""
    return 4500 * float(np.finfo(np.result_type(inspected.value(node), np.float16)).eps)


def does_not_depend(inspected: Inspected) -> Iterator[Finding]:
    """Find leaves whose gradient cancels down to rounding noise, and that do not change the result when moved."""
    top = max(inspected.largest.values(), default=0.0)
    found: dict[Any, list[tuple[Node, Node]]] = {}
    for node in sorted(inspected.visited, key=lambda node: node.serial):
        if (
            node.op is None
            and node not in inspected.explained_zeros
            and inspected.largest[node] <= rounding_error(node, inspected) * top
            and np.prod(node.shape)
        ):
            where = find_cancellation(inspected, node)
            how = find_dependence(inspected, node) if where is not None else None
            if where is not None and how in ("nowhere", "nowhere near"):
                culprit = find_blocking_leaves(inspected, node)
                if culprit and (inspected.explained_zeros.intersection(culprit) or inspected.with_equal_units):
                    continue  # equal_units has reported the reason
                found.setdefault((where.op, where.code, where.lasti, how, culprit), []).append((node, where))
    for (*_, how, culprit), pairs in found.items():
        leaves, (_, where) = [leaf for leaf, _ in pairs], pairs[0]
        names, many = (
            list_names([inspected.wanted.get(leaf, inspected.describe(leaf)) for leaf in leaves]),
            len(leaves) > 1,
        )
        size = max(inspected.largest[leaf] for leaf in leaves)
        words = (
            f"{inspected.loss} does not depend on {names}{TRIED[how]}, {'they change' if many else 'it changes'} "
            f"nothing but rounding. Contributions to the gradient cancel at {inspected.describe_made(where)}, "
            f"{inspected.in_line(where)}, and {'nothing' if not size else f'rounding noise of at most {short(size)}'} "
            f"is left.{explain_cancellation(inspected, where)}"
        )
        if culprit:
            names = list_names([inspected.describe(other) for other in culprit])
            words += f" With other numbers in {names} it does depend on {'them' if many else 'it'}."
        elif how == "nowhere" and culprit is not None:
            words += f" So {'they' if many else 'it'} can be left out here, whatever the other parameters are."
        made = inspected.make_finding("does not depend", leaves[0], words, [*leaves[1:], where], gradient=size)
        yield made._replace(about=names, place=inspected.location(where))


def find_blocking_leaves(inspected: Inspected, leaf: Node) -> tuple[Node, ...] | None:
    """Find the leaves that keep the result from depending on this one: moved as well, they make it depend.

    Empty if no other leaf matters; None if that was not tried.
    """
    others = [node for node in inspected.visited if node.op is None and node is not leaf and np.prod(node.shape)]
    moved = {node: move_at_random(inspected.value(node)) for node in others}
    depends_then = (
        False if not others else None if len(others) > OTHERS else changes_result(inspected, leaf, (1.0,), moved)
    )
    if not depends_then:
        return None if depends_then is None else ()
    alone = [node for node in others if changes_result(inspected, leaf, (1.0,), {node: moved[node]})]
    return tuple(sorted(alone or others, key=lambda node: node.serial))


def move_at_random(x: Any) -> Any:
    """Move numbers at random, as far as they are large."""
    step = np.random.default_rng(1).normal(size=np.shape(x)) * max(root_mean_square(x), 0.1)
    return np.asarray(x + step, np.asarray(x).dtype)[()]


def explain_cancellation(inspected: Inspected, where: Node) -> str:
    """Explain why contributions cancel, if numbers show that adding one number to all changes nothing."""
    if where.op is not None and where.op.name == "softmax":
        return " The values of a softmax sum to 1, whatever it is taken of."
    g = coerce.dense(inspected.gradients[where])
    sums = [
        largest_entry(g.sum(axis)) <= rounding_error(where, inspected) * largest_entry(g) for axis in range(np.ndim(g))
    ]
    after = inspected.above([where]) if any(sums) else []
    for node in after:
        change = change_when_one_is_added(inspected, node)
        if change == 0:
            return f" {node.op.name} does not change when one number is added to all that it is taken over."
        if change == 1:
            return f" {node.op.name} takes up what is added to all numbers, so nothing is left where it is taken off."
    return ""


def change_when_one_is_added(inspected: Inspected, node: Node) -> int | None:
    """Return by how much the result changes when 1 is added to all elements: 0, 1, or None for anything else.

    A softmax does not change, and a mean changes by 1.
    """
    op = node.op
    if op is None or op.elementwise or op.variadic is not None:
        return None
    _, *others = inspected.operands(node)
    x = np.random.default_rng(0).normal(size=node.args[0].shape if node.args[0] is not None else ())
    try:
        with np.errstate(all="ignore"):
            before, after = (np.asarray(op.forward(each[()], *others)) for each in (x, x + 1))
    except Exception:  # an operation may refuse these numbers
        return None
    if same(before, after, PROGRAM):
        return 0
    return 1 if op.reduces and same(before + 1, after, PROGRAM) else None


def find_cancellation(inspected: Inspected, leaf: Node) -> Node | None:
    """Find the oldest node above a leaf where contributions cancel; None unless they cancel on every way."""
    seen, stack, found = {leaf}, [leaf], []
    while stack and len(seen) < NODES:
        node = stack.pop()
        uses = list(inspected.uses(node))
        contributions = max((largest_entry(inspected.passed[user][k]) for user, k in uses), default=0.0)
        if contributions and inspected.largest[node] <= rounding_error(node, inspected) * contributions:
            found.append(node)  # the sum over uses cancels
            continue
        for user, k in uses:
            if cancels(inspected, user, k):
                found.append(user)
            elif inspected.largest[user] and not largest_entry(inspected.passed[user][k]):
                return None  # the gradient ends at a slope of 0, and does not cancel
            elif user not in seen and user is not inspected.root:
                seen.add(user)
                stack.append(user)
            elif user is inspected.root:
                return None  # on this way nothing cancels up to the result
    return min(found, key=lambda node: node.serial) if found and not stack else None


def cancels(inspected: Inspected, node: Node, k: int) -> bool:
    """Does a contribution cancel inside a node's rule?  It is compared with that of a gradient with other signs.

    At a slope of 0 neither comes through, and that is no cancellation.
    """
    c, g = coerce.dense(inspected.passed[node][k]), inspected.gradients[node]
    size = largest_entry(g)
    if not size or not is_finite(g) or np.size(c) > ENTRIES or largest_entry(c) > 1e-3 * size:
        return False
    usual = largest_entry(pass_random_gradient(inspected, node, k, np.abs(coerce.dense(g))))
    return 0 < usual and largest_entry(c) <= rounding_error(node, inspected) * usual


def pass_random_gradient(inspected: Inspected, node: Node, k: int, sizes: Any) -> Any:
    """Apply a node's rule to a gradient of these sizes (0 stays 0) with random signs."""
    rng = np.random.default_rng(0)
    g = sizes * rng.uniform(0.5, 1.5, node.shape) * rng.choice([-1, 1], node.shape)
    g = np.asarray(g, np.asarray(sizes).dtype)[()]
    try:
        with np.errstate(all="ignore"):
            return coerce.dense(unbroadcast(node.op.vjp(k, node.args, g, node.result, node.values), node.args[k]))
    except Exception:  # a rule may refuse another gradient; then nothing is compared
        return np.zeros(1)


def find_dependence(inspected: Inspected, leaf: Node) -> str | None:
    """Return "nowhere", "nowhere near" its value or "somewhere": where a leaf changes the result; None if unknown."""
    if leaf not in inspected.dependence:
        size = root_mean_square(inspected.value(leaf))
        far = changes_result(inspected, leaf, FAR)
        near = changes_result(inspected, leaf, (NEAR * size,)) if far and size else far
        found = None if far is None or near is None else "somewhere" if near else "nowhere near" if far else "nowhere"
        inspected.dependence[leaf] = found
    return inspected.dependence[leaf]


def changes_result(
    inspected: Inspected, leaf: Node, scales: tuple[float, ...], others: Mapping[Node, Any] = MappingProxyType({})
) -> bool | None:
    """Does the result change by more than rounding where a leaf is moved at random?

    others: new values of other leaves.
    Returns None if that is unknown: the record is too long, or gives another result when it is computed again.
    """
    unknown = f"Whether {inspected.loss} depends on each parameter was not tried: that would take long here."
    if inspected.work > WORK:
        inspected.note_skipped(unknown)
        return None
    after = [node for node in inspected.above([leaf, *others]) if node is not leaf and node not in others]
    size = sum(int(np.prod(node.shape)) for node in after)
    inspected.work += len(after) + size // 1000
    if len(after) > NODES or size > ENTRIES:
        inspected.note_skipped(unknown)
        return None
    x, rng = inspected.value(leaf), np.random.default_rng(0)
    seed = inspected.gradients[inspected.root]
    was = float(np.sum(inspected.value(inspected.root) * coerce.dense(seed)))
    passed = [c for user in after for c in inspected.passed.get(user, ()) if c is not None]
    natural = max((largest_entry(c) for c in passed), default=0.0)
    noise = 1e3 * rounding_error(leaf, inspected)
    values = {**others, leaf: x}
    try:
        again_was = recompute_result(inspected, after, values, seed)
        if not others and again_was != was:
            return None
        was = again_was
        for scale in scales:
            for _ in range(DRAWS):
                step = scale * rng.normal(size=leaf.shape)
                for moved in (x + step, x - step):
                    y = recompute_result(
                        inspected, after, {**values, leaf: np.asarray(moved, np.asarray(x).dtype)[()]}, seed
                    )
                    if not abs(y - was) <= noise * (abs(was) + natural * scale):
                        return True
        return False
    except Exception:  # an operation may refuse other numbers
        return None


def is_at_extremum(inspected: Inspected, leaf: Node) -> bool:
    """Does the result only grow, or only shrink, wherever a leaf is moved a little?"""
    after = inspected.above([leaf])[1:]  # the leaf is the oldest
    inspected.work += len(after)
    if inspected.work > WORK or len(after) > NODES or sum(int(np.prod(node.shape)) for node in after) > ENTRIES:
        return False
    x, rng, seed = np.asarray(inspected.value(leaf)), np.random.default_rng(0), inspected.gradients[inspected.root]
    size = NEAR * max(root_mean_square(x), NEAR)
    try:
        was = recompute_result(inspected, after, {leaf: x[()]}, seed)
        moves = [sign * size * rng.normal(size=x.shape) for _ in range(DRAWS) for sign in (1, -1)]
        found = [
            recompute_result(inspected, after, {leaf: (x + move).astype(x.dtype)[()]}, seed) - was for move in moves
        ]
    except Exception:  # an operation may refuse other numbers
        return False
    noise = rounding_error(leaf, inspected) * abs(was)
    return all(change > noise for change in found) or all(change < -noise for change in found)


def recompute_result(inspected: Inspected, after: list[Node], values: Mapping[Node, Any], seed: Any) -> float:
    """Compute the result again with other values of leaves, and weigh it with the seed."""
    return float(np.sum(replay(inspected, values, {}, after, record=False)[inspected.root] * coerce.dense(seed)))
