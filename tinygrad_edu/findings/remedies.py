"""Find what to write where numbers are not finite; of several candidates the first that cures is proposed.

Either an operand is kept where the operation has a slope, or several steps become one operation that does not overflow.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..errors import coerce
from ..graph import Node
from ..numeric.equality import PROGRAM, same
from ..ops import clip
from . import user_code
from .equivalents import Equivalent, find_equivalents, moderate_numbers, nearest_sources, only_operand, steps_between
from .finding import Remedy
from .inspected import Inspected, is_finite
from .trials import Change, Check, Trial, change_operand, cures, nearly_same, replay, try_changes
from .valid_range import UNBOUNDED, evaluate_at, find_valid_range, operands_at
from .zeros import steps_after_logarithm

# An operand is kept so far from an end of the valid range; the first distance that cures is proposed.
SMALL = (1e-12, 1e-7, 1e-6, 1e-4)
# A smaller distance from an end other than 0 is lost by rounding, or leaves a slope that is as good as infinite.
ROUNDED = 1e-8
# A larger gradient is as good as infinite.
STEEP = 1e8
# Rounding may put an operand so far beyond an end.
BESIDE = 1e-6
# A longer expression is not shown, in characters.
LONG = 80
# One operation is sought for steps that end at most so many steps further on.
DOWN = 6
KINDS = ("not finite", "log of a rounded zero")


class Unchosen(NamedTuple):
    """Entries of a value that a later operation does not choose, or multiplies by 0."""

    chooser: Node
    operand: int
    chosen: bool  # are they left out by a choice?  Otherwise they are multiplied by 0


def find_unchosen(inspected: Inspected, node: Node, mask: Any) -> Unchosen | None:
    """Follow a value to the elementwise operation that ignores these entries, and so makes their gradient 0."""
    seen = node
    for _ in range(20):
        uses = list(inspected.uses(seen))
        if len(uses) != 1 or uses[0][0].shape != node.shape or not uses[0][0].op.elementwise:
            return None
        seen, k = uses[0]
        if np.any(np.broadcast_to(coerce.dense(inspected.gradients.get(seen, 0.0)), node.shape)[mask]):
            return find_dropped(inspected, seen, k, mask)
    return None


def find_dropped(inspected: Inspected, node: Node, k: int, mask: Any) -> Unchosen | None:
    """Does an operation ignore these entries of an operand?  They are changed, and its result must stay the same."""
    operands, z = inspected.operands(node), inspected.value(node)

    def same(x: float) -> bool:
        changed = [*operands[:k], np.where(mask, x, operands[k]), *operands[k + 1 :]]
        with np.errstate(all="ignore"):
            new = np.broadcast_to(node.op.forward(*changed), node.shape)
        return np.array_equal(new[mask], np.broadcast_to(z, node.shape)[mask])

    chosen = any(map(same, (np.nan, np.inf, -np.inf)))
    if not chosen and not (same(1.0) and same(-2.0)):
        return None
    return Unchosen(node, k, chosen)


def try_cure(inspected: Inspected, node: Node, changes: dict[Node, Change], checks: Iterable[Check]) -> Trial | None:
    """Try operations in the place of others; return the trial if it cures, else None."""
    trial = try_changes(inspected, {}, changes)
    return trial if cures(trial, KINDS, node, checks) else None


# An operand inside the valid range.


def keep_inside(
    inspected: Inspected, node: Node, k: int, at: tuple[int, ...], checks: Iterable[Check], wrong: Node | None = None
) -> Iterator[Remedy]:
    """Try to keep an operand away from an end of the valid range, or from a pole.

    wrong: the node that the finding is about, if it is another one, which uses this node.

    It yields the first candidate that leaves no gradient as good as infinite; if there is none, at an end, the first
    that cures.
    """
    first = None
    for text, new in shifted_operands(inspected, node, k, at):
        trial = try_cure(inspected, wrong or node, {node: change_operand(node, k, new)}, checks)
        if trial is not None and nearly_same(inspected.value(node), trial.made[node]):
            shown = user_code.code_with_operand(inspected, node, k, text)
            what = "its operand" if wrong is None else f"the operand of {node.op.name}"
            remedy = Remedy(f"Keep {what} away from there: {shown}.", shown, inspected.location(node))
            if max(x for n, x in trial.inspected.largest.items() if n.op is None) < STEEP:
                yield remedy
                return
            first = first or remedy
    if first is not None and find_valid_range(inspected, node, k, at) not in (None, UNBOUNDED):
        yield first


def shifted_operands(
    inspected: Inspected, node: Node, k: int, at: tuple[int, ...]
) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield operands that stay inside the valid range, as text and as functions, the smallest shift first."""
    ends, x = find_valid_range(inspected, node, k, at), np.asarray(inspected.operands(node)[k], float)
    if ends is None or not np.isfinite(x).all():
        return
    operand = user_code.operand_code(inspected, node, k)
    if ends == UNBOUNDED:
        if x.min() == 0 == float(np.broadcast_to(x, node.shape)[at]):  # a pole, from one side
            for small in SMALL[:2]:
                yield f"{operand} + {small_text(small)}", functools.partial(operator.add, small)
        return
    if x.min() < ends.low - BESIDE or x.max() > ends.high + BESIDE:
        return  # an operand far beyond an end is another mistake
    low, high = (e if abs(e) < 1e5 else None for e in ends)
    for small in SMALL:
        if low == 0 and high is None and x.min() >= 0:
            yield f"{operand} + {small_text(small)}", functools.partial(operator.add, small)
        if small < ROUNDED and (low not in (0, None) or high not in (0, None)):
            continue
        below, above = None if low is None else low + small, None if high is None else high - small
        texts = [end_text(low, small), end_text(high, -small)]
        if low is not None and high is not None:
            text = f"{user_code.callable_name(inspected, node, 'clip')}({operand}, {texts[0]}, {texts[1]})"
        elif low is not None or high is not None:
            name = "maximum" if high is None else "minimum"
            text = f"{user_code.callable_name(inspected, node, name)}({operand}, {texts[0] or texts[1]})"
        else:
            return
        yield text, functools.partial(clip, min=below, max=above)


def small_text(x: float) -> str:
    return f"{x:.0e}".replace("e-0", "e-")


def end_text(end: float | None, small: float) -> str:
    """Write an end and a small distance from it: ``1 - 1e-7``; for an end at 0, the distance alone."""
    if end is None:
        return ""
    if end == 0:
        return small_text(small) if small > 0 else f"-{small_text(-small)}"
    return f"{end:.10g} {'+' if small > 0 else '-'} {small_text(abs(small))}"


# One operation in the place of several.


class Merged(NamedTuple):
    """One operation in the place of the steps that end in ``y``, with the code that the user may write."""

    y: Node
    below: Node  # the operand of y before its entries were picked or scaled; or y itself
    text: str
    itself: bool  # do the steps only give back the value that they began with?
    code: str


def merge_steps(inspected: Inspected, node: Node, ys: Iterable[Node], checks: Iterable[Check]) -> Iterator[Merged]:
    """Find one operation for several steps that end in one of ``ys``, with which everything is finite."""
    for y in ys:
        if y.op is None:
            continue
        below, way = steps_after_logarithm(inspected, y) if only_operand(y.op) is not None else (y, [])
        each = find_equivalents(inspected, below, nearest_sources(inspected, below), y.op if below is not y else None)
        found = sorted(
            ((equivalent_code(inspected, y, one), one) for one in each),
            key=lambda pair: (pair[1].scale != 1, len(pair[0])),
        )
        for text, one in found:

            def change(given: list[Any], made: Any, one: Equivalent = one, way: list[Any] = way) -> Any:
                return functools.reduce(lambda x, step: step(x), reversed(way), one(made[one.x]))

            if not is_finite(inspected.value(one.x)) or (way and not is_same_computation(inspected, y, one.x, change)):
                continue
            if try_cure(inspected, node, {y: change}, checks) is not None:
                part = user_code.operand_expressions(y)[0]
                inner = user_code.find_part(inspected, part, below) if part is not None else None
                new = text
                if way:
                    new = user_code.replace_part(part, inner, text) if part is not None and inner is not None else ""
                yield Merged(y, below, text, one.op.notation == "$x", new)
                break


def is_same_computation(inspected: Inspected, y: Node, x: Node, change: Change) -> bool:
    """Do the steps from x to y give the same as their replacement, at numbers of moderate size?"""
    try:
        for draw in moderate_numbers(inspected.value(x)):
            known = np.asarray(replay(inspected, {x: draw[()]}, {}, steps_between(inspected, x, y), record=False)[y])
            new = np.asarray(change([], {x: draw[()]}))
            if not same(known, new, PROGRAM, nan=True):
                return False
    except Exception:  # an operation may refuse what another one is given
        return False
    return True


def suggest_merging(inspected: Inspected, node: Node, ys: Iterable[Node], checks: Iterable[Check]) -> Iterator[Remedy]:
    """Turn each merging of steps that was found into a remedy."""
    for one in merge_steps(inspected, node, ys, checks):
        part = user_code.expression_of(one.y)
        steps = user_code.unparse(part) if part is not None else inspected.describe(one.y)
        steps = steps if len(steps) <= LONG else inspected.describe(one.y)
        words = f"Write {one.code} in place of {steps}: it is the same in one operation, and finite here."
        if not one.code:
            words = (
                f"The {one.y.op.name} of {inspected.describe(one.below)} is {one.text}, in one operation that is "
                "finite here."
            )
        yield Remedy(words, one.code, inspected.location(one.y))


def equivalent_code(inspected: Inspected, y: Node, found: Equivalent) -> str:
    """Write an equivalent operation in the words of the user's program."""
    first = user_code.callable_name(inspected, y, found.first.name) if found.first is not None else ""
    name = user_code.callable_name(inspected, y, found.op.name)
    return found.text(
        user_code.value_code(inspected, found.x), name, user_code.callable_name(inspected, y, "log"), first
    )


def downstream(inspected: Inspected, node: Node) -> list[Node]:
    """List a value and what it becomes within some steps on its way to the result, the nearest first."""
    found, level = [node], [node]
    for _ in range(DOWN):
        level = [*dict.fromkeys(user for n in level for user, _ in inspected.users.get(n, ()) if user not in found)]
        found += level
    return found


def find_undefined_neighbour(inspected: Inspected, node: Node, k: int, at: tuple[int, ...]) -> float | None:
    """Return a number next to an operand, if the operation has no value on either side of the operand; else None."""
    try:
        values = operands_at(inspected, node, k, at)
        x = float(values[k])
        step = BESIDE * max(1.0, abs(x))
        z, _ = evaluate_at(node, values, k, [x - step, x, x + step])
        return x + step if np.isfinite(z[1]) and not np.isfinite(z[[0, 2]]).any() else None
    except Exception:  # an operation need not be able to do this
        return None
