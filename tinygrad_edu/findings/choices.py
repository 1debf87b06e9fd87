"""Report infinite or NaN derivatives of values that the result does not depend on, which is no fault.

The gradient of what ``where`` did not choose is 0.  In other libraries it is 0 times infinity, which is NaN.  So the
remedy here is not a cure: it is another expression with the same gradient, in which nothing is infinite.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..engine.recompute import call_op
from ..format.numbers import short
from ..format.text import join_words, plural
from ..graph import Node
from ..numeric.equality import REPEATED, same
from ..ops import where
from ..ops.conventions import jumps
from ..stepping.choices import Choosers, narrowed, union
from . import user_code
from .equivalents import source_positions
from .finding import NOT_CHOSEN, Finding, Remedy
from .inspected import Inspected, entries, is_finite
from .remedies import shifted_operands
from .trials import Change, Trial, change_operand, cures, try_changes
from .valid_range import is_valid, operands_at

# Operands to try where the result is not chosen.
HARMLESS = (1.0, 0.0, 0.5, 2.0)
# So many entries are listed, and so many passes of a loop are rewritten, at most.
FEW, PASSES = 3, 100


class Steep(NamedTuple):
    """An operation whose value or slope is not finite at some elements."""

    node: Node
    mask: Any
    by: Choosers = ()  # the nodes that leave them out
    of: Node | None = None  # the node whose gradient is 0 there, if it is another


def not_chosen(inspected: Inspected) -> Iterator[Finding]:
    """Report where the sweep passed on 0 instead of infinity or NaN, because the result does not depend on it."""
    if inspected.stepper.chosen is None or not is_finite(inspected.value(inspected.root)):
        return
    found: dict[tuple[Node, Node | None], Steep] = {}
    for each in find_steep(inspected):
        before = found.get((each.node, each.of), each)
        by = each.by or union(*[who for _, who in inspected.stepper.choices.choosers(each.node, None, each.mask)])
        found[each.node, each.of] = each._replace(mask=each.mask | before.mask, by=union(before.by, by))
    for group in inspected.group_by_line(sorted({node for node, _ in found}, key=lambda node: node.serial)):
        behind = [one for (node, of), one in found.items() if node in group and of is None]
        yield write_finding(inspected, behind or [one for (node, _), one in found.items() if node in group])


def find_steep(inspected: Inspected) -> Iterator[Steep]:
    """Find where the values that are not finite come from that the sweep replaced by 0."""
    pending: dict[Node, Any] = {}  # values that are not finite, and at which elements
    for node, g, _, _ in inspected.stepper.swept:
        for k, a in enumerate(node.args):
            lost = inspected.stepper.choices.lost(node, k, g) if a is not None and a.active else None
            if lost is None or node.op is jumps.op:
                continue
            all_of_it = ~inspected.stepper.choices.counts(node)
            mask = np.broadcast_to(lost[0], node.shape) if node.op.elementwise else all_of_it
            if not is_finite(g[mask] if node.op.elementwise else g):
                yield find_infinite_gradient(inspected, node, a, mask)
            elif (own := where_made_here(inspected, node, mask, pending)).any():
                yield Steep(node, own)
    while pending:
        node = max(pending, key=lambda node: node.serial)
        own = where_made_here(inspected, node, pending.pop(node), pending)
        if own.any():
            yield Steep(node, own)


def where_made_here(inspected: Inspected, node: Node, mask: Any, pending: dict[Node, Any]) -> Any:
    """Return the elements whose operands are all finite; note the others in ``pending``, for their operands."""
    for a in node.args:
        if a is None or not a.active:
            continue
        bad = ~np.isfinite(inspected.value(a))
        if node.op.elementwise:
            here = np.broadcast_to(bad, node.shape) & mask
            bad, mask = narrowed(here, a), mask & ~here
        else:
            bad = bad & ~inspected.stepper.choices.counts(a)
            mask = mask & ~bad.any()
        if bad.any():
            pending[a] = pending[a] | bad if a in pending else bad
    return mask


def find_infinite_gradient(inspected: Inspected, node: Node, of: Node, mask: Any) -> Steep:
    """Go towards the result until a gradient is finite: the node there made the gradient of ``of`` infinite."""
    by = (node,)
    while not is_finite(inspected.gradients[node]):
        ways = [(user, mask & ~np.isfinite(entries(inspected.passed[user][k]))) for user, k in inspected.uses(node)]
        ways = [(user, here) for user, here in ways if here.any()]
        if not ways:
            break  # the seed is not finite
        node, mask = ways[0]
        mask = np.broadcast_to(mask if node.op.elementwise else True, node.shape)
    return Steep(node, mask, by, of)


# In words.


def write_finding(inspected: Inspected, group: list[Steep]) -> Finding:
    """Describe the elements of one line that were not chosen, and who did not choose them."""
    each, nodes = group[0], [one.node for one in group]
    node, by = each.node, union(*[one.by for one in group])
    it = "it" if each.of is None else inspected.describe(each.of)
    its = "its gradient there" if each.of is None else f"the gradient of {it} there"
    words = (
        f"{describe_steep(inspected, each)}, but {describe_choosers(inspected, by, it)}: {its} is 0, as it should "
        f"be.{inspected.same_for_others(nodes)}"
    )
    if node.op is None or node.op.function.__module__.partition(".")[0] == __name__.partition(".")[0]:
        words += " Other libraries, PyTorch and JAX among them, give NaN here."
    about = [a for a in (*nodes[1:], *node.args, *by) if a is not None]
    sizes = dict(count=int(each.mask.sum()), size=int(np.prod(node.shape)))
    return inspected.make_finding(NOT_CHOSEN, node, words, about, None, portable_remedy(inspected, group), **sizes)


def describe_steep(inspected: Inspected, each: Steep) -> str:
    """``log is -inf at x[1] = 0 and nan at x[2] = -1``, or ``The slope of sqrt is infinite at x[1] = 0``."""
    node, z = each.node, inspected.value(each.node)
    every = {"-inf": z == -np.inf, "inf": z == np.inf, "nan": np.isnan(z)}
    kinds = {kind: places for kind, mask in every.items() if len(places := np.argwhere(each.mask & mask))}
    finite_ones = np.argwhere(each.mask & np.isfinite(z))
    if node.op is None or not node.op.elementwise:
        if not kinds:
            return f"The derivative of {inspected.describe_made(node)} is not finite"
        return join_words(
            [
                f"{describe_entries(inspected, each, i)} {'is' if len(i) == 1 else 'are'} {kind}"
                for kind, i in kinds.items()
            ]
        )
    values = join_words([f"{kind} at {describe_entries(inspected, each, some)}" for kind, some in kinds.items()])
    steep = f"infinite at {describe_entries(inspected, each, finite_ones)}"
    if not kinds:
        return f"The slope of {node.op.name} is {steep}"
    return f"{node.op.name} is {values}" + (f", and its slope is {steep}" if len(finite_ones) else "")


def describe_entries(inspected: Inspected, each: Steep, at: Any) -> str:
    """Name the operands at some elements of the result: ``x[1] = 0 and x[2] = -1``."""
    shown = [describe_entry(inspected, each, tuple(i)) for i in at[:FEW].tolist()]
    return join_words([*shown, *([plural(len(at) - FEW, "other")] if len(at) > FEW else [])])


def describe_entry(inspected: Inspected, each: Steep, at: tuple[int, ...]) -> str:
    """Name the operand at an element, ``x[1] = 0``; of several operands those that are not finite, or else all."""
    node = each.node
    if node.op is None or not node.op.elementwise:
        return inspected.describe_entry(node, at)
    found: list[str] = []
    strange: list[str] = []
    for k, (a, x) in enumerate(zip(node.args, inspected.operands(node))):
        if a is not None or np.ndim(x):
            entry = np.broadcast_to(x, node.shape)[at]
            own = [i if n > 1 else 0 for i, n in zip(at[len(at) - np.ndim(x) :], np.shape(x))]
            name = (
                inspected.describe_entry(a, own)
                if a is not None
                else f"{inspected.describe_operand(node, k)}[{', '.join(map(str, own))}]"
            )
            (found if np.isfinite(entry) else strange).append(f"{name} = {short(float(entry))}")
    return ", ".join(strange or found)


def describe_choosers(inspected: Inspected, by: Choosers, it: str) -> str:
    """Say which operations do not choose an element, or multiply it by 0."""
    by = tuple(sorted(by, key=lambda node: node.serial))
    choosing = [f"the {chooser_word(each)} {inspected.in_line(each)}" for each in by if each.op.selects]
    others = [
        f"{inspected.describe(each)}, {inspected.in_line(each)}, multiplies {it} by 0 there"
        for each in by
        if not each.op.selects
    ]
    words = [f"{join_words([*dict.fromkeys(choosing)])} did not choose {it} there"] if choosing else []
    return " and ".join([*words, *dict.fromkeys(others)]) or f"{inspected.loss} does not depend on {it} there"


def chooser_word(node: Node) -> str:
    """Return the operation's name, or "index" for x[i]."""
    return "index" if isinstance(user_code.expression_of(node), ast.Subscript) else str(node.op.name)


# Expressions with the same gradient in which nothing is left out.


def portable_remedy(inspected: Inspected, group: list[Steep]) -> Iterator[Remedy]:
    """Find an expression that gives the same gradient in every library; the first that passes the trial is shown.

    All passes of a loop are rewritten together.
    """
    node = group[0].node
    if node.op is None or not node.op.elementwise or user_code.expression_of(node) is None or len(group) > PASSES:
        return
    every = [list_candidates(inspected, one) for one in group]
    for text, (at, _) in every[0].items():
        if all(text in each for each in every):
            changes = {n: change for each in every for n, change in each[text][1].items()}
            if changes_nothing_else(inspected, try_changes(inspected, {}, changes), node):
                yield Remedy(f"What serves in all is {text}.", text, inspected.location(at))


def changes_nothing_else(inspected: Inspected, trial: Trial | None, node: Node) -> bool:
    """Is everything chosen at a node now, while the loss and the gradients of all leaves are the same?"""
    if trial is None or not cures(trial, NOT_CHOSEN, node, (not_chosen,)):
        return False

    def near(old: Any, new: Any) -> bool:
        return same(entries(new), entries(old), REPEATED)

    new = trial.inspected.gradients
    leaves = [(g, new.get(trial.made[a].node)) for a, g in inspected.gradients.items() if a.op is None]
    return near(inspected.value(inspected.root), trial.loss._array) and all(
        h is not None and near(g, h) for g, h in leaves
    )


# The text, the node whose expression it replaces, and the changes that are tried.
Candidate = tuple[str, Node, dict[Node, Change]]


def list_candidates(inspected: Inspected, each: Steep) -> dict[str, tuple[Node, dict[Node, Change]]]:
    every = (*pick_first(inspected, each), *guard_operand(inspected, each), *keep_away(inspected, each))
    return {text: (at, changes) for text, at, changes in every}


def guard_operand(inspected: Inspected, each: Steep) -> Iterator[Candidate]:
    """Propose ``where(c, log(where(c, x, 1)), 0)``: a harmless operand where the result is not chosen."""
    node = each.node
    at = tuple(np.argwhere(each.mask)[0])
    for chooser, condition, written, kept in find_conditions(inspected, each):
        known = user_code.available_at(written, node)
        if known is None:
            continue
        for k, x in enumerate(inspected.operands(node)):
            good = [
                h for h in HARMLESS if can_be_replaced(inspected, node, k, x) and is_valid_at(inspected, node, k, at, h)
            ]
            if not good:
                continue

            def other(x: Any, c: Any = condition, h: float = good[0], kept: bool = kept) -> Any:
                return where(c, x, h) if kept else where(c, h, x)

            name, operand = (
                user_code.callable_name(inspected, node, "where"),
                user_code.operand_code(inspected, node, k),
            )
            whole = user_code.expression_of(chooser)
            if isinstance(whole, ast.Call) and user_code.unparse(whole.func).endswith("where"):
                name = user_code.unparse(whole.func)
            pair = f"{operand}, {good[0]:g}" if kept else f"{good[0]:g}, {operand}"
            new = user_code.code_with_operand(inspected, node, k, f"{name}({user_code.unparse(known)}, {pair})")
            yield *place_code(node, chooser, new), {node: change_operand(node, k, other)}


def can_be_replaced(inspected: Inspected, node: Node, k: int, x: Any) -> bool:
    a = node.args[k]
    return node.op.names[k] in node.op.rules and (a is not None and a.active or not np.isfinite(x).all())


def is_valid_at(inspected: Inspected, node: Node, k: int, at: tuple[int, ...], x: float) -> bool:
    try:
        return bool(is_valid(node, operands_at(inspected, node, k, at), k, x).all())
    except Exception:  # an operation need not be able to do this
        return False


def find_conditions(inspected: Inspected, each: Steep) -> Iterator[tuple[Node, Any, ast.expr, bool]]:
    """Yield, for each chooser with a condition: the condition, its text, and whether it is true where chosen."""
    changed = {name for node in inspected.above([each.node]) if (name := inspected.name(node)) is not None}
    for chooser in each.by:
        for written, a, x in zip(user_code.operand_expressions(chooser), chooser.args, inspected.operands(chooser)):
            if written is None or a is not None or np.asarray(x).dtype.kind not in "bf":
                continue
            if user_code.comes_from(written, chooser, changed):
                continue  # with the new operand, the condition would be another one
            condition = np.asarray(x)
            if condition.dtype != bool:
                if chooser.op.selects:
                    continue
                condition = condition != 0
                written = ast.Compare(written, [ast.NotEq()], [ast.Constant(0)])
            try:
                there = np.broadcast_to(condition, each.node.shape)[each.mask]
            except ValueError:
                continue
            if there.all() or not there.any():
                yield chooser, condition, written, not there.any()


def place_code(node: Node, chooser: Node, new: str) -> tuple[str, Node]:
    """Put a new expression for a node into the chooser's expression if that contains it; return it and its place."""
    whole, part = user_code.expression_of(chooser), user_code.expression_of(node)
    if whole is not None and part is not None and user_code.contains(whole, part):
        return user_code.replace_part(whole, part, new), chooser
    return new, node


def pick_first(inspected: Inspected, each: Steep) -> Iterator[Candidate]:
    """Propose ``log(x[i])`` in place of ``log(x)[i]``."""
    node = each.node
    for chooser in each.by:
        whole, (k, *more) = user_code.expression_of(chooser), [k for k, a in enumerate(node.args) if a is not None]
        if more or chooser.args[0] is not node or node.args[k].shape != node.shape or whole is None:
            continue
        part = user_code.find_part(inspected, whole, node)
        if part is None or source_positions(chooser.op, inspected.operands(chooser)) is None:
            continue

        def change(given: list[Any], made: Any, k: int = k, chooser: Node = chooser) -> Any:
            x = call_op(chooser.op, [made[node.args[k]], *given[1:]])
            arguments = [*node.op.with_operands(node.values, inspected.operands(node))]
            return call_op(node.op, [*arguments[:k], x, *arguments[k + 1 :]])

        inner = user_code.replace_part(whole, part, user_code.operand_code(inspected, node, k))
        yield user_code.code_with_operand(inspected, node, k, inner), chooser, {chooser: change}


def keep_away(inspected: Inspected, each: Steep) -> Iterator[Candidate]:
    """Propose ``log(x + 1e-12)``: an operand that is kept away from where the slope is infinite."""
    node, at = each.node, tuple(np.argwhere(each.mask)[0])
    for k, a in enumerate(node.args):
        if a is None or not a.active:
            continue
        for text, new in shifted_operands(inspected, node, k, at):
            yield user_code.code_with_operand(inspected, node, k, text), node, {node: change_operand(node, k, new)}
