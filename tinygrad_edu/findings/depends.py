"""Does the result depend on a parameter at all?  Where contributions cancel it may not; then it is computed again.

Added to all logits before a softmax, a number changes nothing.  The gradient is 0 but for rounding then, and so is the
change of the result, however far the parameter is moved.
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
from .case import Case, finite, largest, listed, root_mean_square
from .finding import Finding
from .trying import replay

NODES, ENTRIES = 10_000, 20_000_000  # of a record that is computed again
WORK = 50_000  # nodes that are computed again for all leaves together
FAR, NEAR = (1.0, 10.0), 0.1  # how far a parameter is moved: so far, or by that part of its own size
DRAWS = 2  # each in both directions
OTHERS = 20  # leaves that are moved as well

TRIED = {
    "nowhere": ": moved at random by about 1 and by about 10",
    "nowhere near": " near its value: moved at random by about a tenth of its size",
}


def rounding(node: Node, case: Case) -> float:
    """What of a contribution may remain where all cancel: 1e-12 in double precision."""
    return 4500 * float(np.finfo(np.result_type(case.value(node), np.float16)).eps)


def does_not_depend(case: Case) -> Iterator[Finding]:
    """Leaves whose gradient is rounding noise, because it cancels, and which change the result as little."""
    top = max(case.largest.values(), default=0.0)
    found: dict[Any, list[tuple[Node, Node]]] = {}
    for node in sorted(case.ours, key=lambda node: node.serial):
        if (
            node.op is None
            and node not in case.told
            and case.largest[node] <= rounding(node, case) * top
            and np.prod(node.shape)
        ):
            where = where_cancelled(case, node)
            how = depends(case, node) if where is not None else None
            if where is not None and how in ("nowhere", "nowhere near"):
                culprit = because_of(case, node)
                if culprit and (case.told.intersection(culprit) or case.alike):
                    continue  # symmetry.py says why
                found.setdefault((where.op, where.code, where.lasti, how, culprit), []).append((node, where))
    for (*_, how, culprit), pairs in found.items():
        leaves, (_, where) = [leaf for leaf, _ in pairs], pairs[0]
        names, many = listed([case.wanted.get(leaf, case.said(leaf)) for leaf in leaves]), len(leaves) > 1
        size = max(case.largest[leaf] for leaf in leaves)
        words = (
            f"{case.loss} does not depend on {names}{TRIED[how]}, {'they change' if many else 'it changes'} nothing "
            f"but rounding. Contributions to the gradient cancel at {case.made(where)}, {case.line(where)}, and "
            f"{'nothing' if not size else f'rounding noise of at most {short(size)}'} is left.{why(case, where)}"
        )
        if culprit:
            names = listed([case.said(other) for other in culprit])
            words += f" With other numbers in {names} it does depend on {'them' if many else 'it'}."
        elif how == "nowhere" and culprit is not None:
            words += f" So {'they' if many else 'it'} can be left out here, whatever the other parameters are."
        made = case.finding("does not depend", leaves[0], words, [*leaves[1:], where], gradient=size)
        yield made._replace(about=names, place=case.place(where))


def because_of(case: Case, leaf: Node) -> tuple[Node, ...] | None:
    """The other leaves with other numbers in which the result does depend on this one; those that do it alone.

    None if that was not tried.
    """
    others = [node for node in case.ours if node.op is None and node is not leaf and np.prod(node.shape)]
    moved = {node: moved_at_random(case.value(node)) for node in others}
    depends_then = False if not others else None if len(others) > OTHERS else changes(case, leaf, (1.0,), moved)
    if not depends_then:
        return None if depends_then is None else ()
    alone = [node for node in others if changes(case, leaf, (1.0,), {node: moved[node]})]
    return tuple(sorted(alone or others, key=lambda node: node.serial))


def moved_at_random(x: Any) -> Any:
    """Numbers as far from these as these are large."""
    step = np.random.default_rng(1).normal(size=np.shape(x)) * max(root_mean_square(x), 0.1)
    return np.asarray(x + step, np.asarray(x).dtype)[()]


def why(case: Case, where: Node) -> str:
    """What the mathematics says, where the gradient shows that it is this: that a sum over an axis is 0."""
    if where.op is not None and where.op.name == "softmax":
        return " The values of a softmax sum to 1, whatever it is taken of."
    g = coerce.dense(case.gradients[where])
    sums = [largest(g.sum(axis)) <= rounding(where, case) * largest(g) for axis in range(np.ndim(g))]
    after = case.above([where]) if any(sums) else []
    for node in after:
        change = change_by_one(case, node)
        if change == 0:
            return f" {node.op.name} does not change when one number is added to all that it is taken over."
        if change == 1:
            return f" {node.op.name} takes up what is added to all numbers, so nothing is left where it is taken off."
    return ""


def change_by_one(case: Case, node: Node) -> int | None:
    """By how much an operation changes when 1 is added to all that it is taken over: 0 or 1; None for anything else.

    A softmax does not change, and a mean changes by 1.
    """
    op = node.op
    if op is None or op.elementwise or op.variadic is not None:
        return None
    _, *others = case.operands(node)
    x = np.random.default_rng(0).normal(size=node.args[0].shape if node.args[0] is not None else ())
    try:
        with np.errstate(all="ignore"):
            before, after = (np.asarray(op.forward(each[()], *others)) for each in (x, x + 1))
    except Exception:  # an operation may refuse these numbers
        return None
    if same(before, after, PROGRAM):
        return 0
    return 1 if op.reduces and same(before + 1, after, PROGRAM) else None


def where_cancelled(case: Case, leaf: Node) -> Node | None:
    """The oldest place above a leaf where contributions cancel, if they do so on all ways; None if they do not."""
    seen, stack, found = {leaf}, [leaf], []
    while stack and len(seen) < NODES:
        node = stack.pop()
        uses = list(case.uses(node))
        contributions = max((largest(case.passed[user][k]) for user, k in uses), default=0.0)
        if contributions and case.largest[node] <= rounding(node, case) * contributions:
            found.append(node)  # the sum over uses cancels
            continue
        for user, k in uses:
            if cancels(case, user, k):
                found.append(user)
            elif case.largest[user] and not largest(case.passed[user][k]):
                return None  # a slope of 0
            elif user not in seen and user is not case.root:
                seen.add(user)
                stack.append(user)
            elif user is case.root:
                return None  # all that the result has comes here
    return min(found, key=lambda node: node.serial) if found and not stack else None


def cancels(case: Case, node: Node, k: int) -> bool:
    """Does what a node passes on cancel inside its rule: is it nothing beside what a gradient with other signs gives?

    Where a slope is 0 nothing of either comes through.
    """
    c, g = coerce.dense(case.passed[node][k]), case.gradients[node]
    size = largest(g)
    if not size or not finite(g) or np.size(c) > ENTRIES or largest(c) > 1e-3 * size:
        return False
    usual = largest(drawn(case, node, k, np.abs(coerce.dense(g))))
    return 0 < usual and largest(c) <= rounding(node, case) * usual


def drawn(case: Case, node: Node, k: int, sizes: Any) -> Any:
    """What a node would pass on of a gradient of these sizes, 0 where they are, with signs drawn at random."""
    rng = np.random.default_rng(0)
    g = sizes * rng.uniform(0.5, 1.5, node.shape) * rng.choice([-1, 1], node.shape)
    g = np.asarray(g, np.asarray(sizes).dtype)[()]
    try:
        with np.errstate(all="ignore"):
            return coerce.dense(unbroadcast(node.op.vjp(k, node.args, g, node.result, node.values), node.args[k]))
    except Exception:  # a rule that cannot do with another gradient is none to compare with
        return np.zeros(1)


def depends(case: Case, leaf: Node) -> str | None:
    """How the result depends on a leaf: "nowhere", "nowhere near" its value, or "somewhere"; None if nobody knows."""
    if leaf not in case.dependence:
        size = root_mean_square(case.value(leaf))
        far = changes(case, leaf, FAR)
        near = changes(case, leaf, (NEAR * size,)) if far and size else far
        found = None if far is None or near is None else "somewhere" if near else "nowhere near" if far else "nowhere"
        case.dependence[leaf] = found
    return case.dependence[leaf]


def changes(
    case: Case, leaf: Node, scales: tuple[float, ...], others: Mapping[Node, Any] = MappingProxyType({})
) -> bool | None:
    """Does the result change by more than rounding where a leaf is moved at random?

    others: values in the place of those of other leaves.  None if it cannot be said: where the record is too long, or
    not computed again as it was.
    """
    unknown = f"Whether {case.loss} depends on each parameter was not tried: that would take long here."
    if case.work > WORK:
        case.skip(unknown)
        return None
    after = [node for node in case.above([leaf, *others]) if node is not leaf and node not in others]
    size = sum(int(np.prod(node.shape)) for node in after)
    case.work += len(after) + size // 1000
    if len(after) > NODES or size > ENTRIES:
        case.skip(unknown)
        return None
    x, rng = case.value(leaf), np.random.default_rng(0)
    seed = case.gradients[case.root]
    was = float(np.sum(case.value(case.root) * coerce.dense(seed)))
    passed = [c for user in after for c in case.passed.get(user, ()) if c is not None]
    natural = max((largest(c) for c in passed), default=0.0)
    noise = 1e3 * rounding(leaf, case)
    values = {**others, leaf: x}
    try:
        again_was = again(case, after, values, seed)
        if not others and again_was != was:
            return None
        was = again_was
        for scale in scales:
            for _ in range(DRAWS):
                step = scale * rng.normal(size=leaf.shape)
                for moved in (x + step, x - step):
                    y = again(case, after, {**values, leaf: np.asarray(moved, np.asarray(x).dtype)[()]}, seed)
                    if not abs(y - was) <= noise * (abs(was) + natural * scale):
                        return True
        return False
    except Exception:  # an operation may refuse other numbers
        return None


def in_a_valley(case: Case, leaf: Node) -> bool:
    """Is the result larger, or smaller, wherever a leaf is moved a little?"""
    after = case.above([leaf])[1:]  # the leaf is the oldest
    case.work += len(after)
    if case.work > WORK or len(after) > NODES or sum(int(np.prod(node.shape)) for node in after) > ENTRIES:
        return False
    x, rng, seed = np.asarray(case.value(leaf)), np.random.default_rng(0), case.gradients[case.root]
    size = NEAR * max(root_mean_square(x), NEAR)
    try:
        was = again(case, after, {leaf: x[()]}, seed)
        moves = [sign * size * rng.normal(size=x.shape) for _ in range(DRAWS) for sign in (1, -1)]
        found = [again(case, after, {leaf: (x + move).astype(x.dtype)[()]}, seed) - was for move in moves]
    except Exception:  # an operation may refuse other numbers
        return False
    noise = rounding(leaf, case) * abs(was)
    return all(change > noise for change in found) or all(change < -noise for change in found)


def again(case: Case, after: list[Node], values: Mapping[Node, Any], seed: Any) -> float:
    """The result, computed again with other values of leaves."""
    return float(np.sum(replay(case, values, {}, after, record=False)[case.root] * coerce.dense(seed)))
