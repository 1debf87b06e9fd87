"""Find parameters without a gradient: not reached, cut off by a missing derivative, or with a gradient of 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..engine.recompute import call_op, run_forward
from ..errors import coerce
from ..format import text
from ..format.numbers import short
from ..format.text import plural
from ..graph import Node
from ..numeric.equality import PROGRAM, same
from ..op import OPS
from ..stepping.jacobian import local
from ..tensor import Tensor
from . import user_code
from .curves import activation_operand, measure_curve
from .dependence import cancels, find_cancellation, find_dependence, is_at_extremum, pass_random_gradient
from .equivalents import only_operand
from .finding import Finding, Remedy
from .inspected import Inspected, largest_entry, list_names
from .losses import takes_logits
from .replacements import find_never_flat, find_op, find_smooth, glorot, gradient_reaches, leaves_below, replace_op
from .trials import Change, try_changes

# So many uses are followed to find where gradients became 0.
WORK = 200_000


def does_not_reach(inspected: Inspected) -> Iterator[Finding]:
    """Find what ought to receive a gradient, but is a constant, or was not used for the result."""
    missing = [node for node in inspected.wanted if node not in inspected.record.every]
    constants = [node for node in inspected.wanted if node not in missing and not node.active]
    if missing:
        names, many = list_names([inspected.wanted[node] for node in missing]), len(missing) > 1
        total = f", {len(missing)} of {len(inspected.wanted)}," if len(missing) > 6 else ""
        words = (
            f"{inspected.loss} was not computed from {names}{total}, so no gradient reaches "
            f"{'them' if many else 'it'}. {'Are they' if many else 'Is it'} used at all, and was a value taken out on "
            "the way, with .data, .item() or under no_grad()?"
        )
        if all(not node.active and node.op is None for node in missing):
            words = (
                f"{names} {'are constants' if many else 'is a constant'}, and {inspected.loss} was not computed from "
                f"{'them' if many else 'it'} either. Was it made by constant(...), or computed under no_grad()?"
            )
        yield write_finding(inspected, "does not reach", missing, words)
    for node in constants:
        known = (
            f"computed, by {node.op.name}, from constants only"
            if node.op
            else "a constant: constant(...), or a result of no_grad()"
        )
        words = f"No gradient flows to {inspected.wanted[node]}, which is {known}."
        yield write_finding(inspected, "does not reach", [node], words, make_leaf(inspected, node))


def make_leaf(inspected: Inspected, node: Node) -> Iterator[Remedy]:
    """Try to make a constant a leaf that takes a gradient."""
    x = inspected.value(node)
    if (
        node.op is None
        and np.asarray(x).dtype.kind == "f"
        and gradient_reaches(try_changes(inspected, {node: Tensor(x)}), [node])
    ):
        yield Remedy(f"If it is to be trained, make it a Tensor: {inspected.wanted[node]} = Tensor(...).")


def write_finding(
    inspected: Inspected, kind: str, nodes: list[Node], words: str, remedies: Iterable[Remedy] = (), **numbers: Any
) -> Finding:
    """Make a finding about several parameters, at the line where the first of them was made."""
    at = inspected.user_location(nodes[0])
    found = inspected.make_finding(kind, nodes[0], words, nodes[1:], at, remedies, 2, **numbers)
    return found._replace(
        about=list_names([inspected.wanted.get(node, inspected.printed_name(node)) for node in nodes])
    )


def no_derivative(inspected: Inspected) -> Iterator[Finding]:
    """Find values that influence the result only through operations without a derivative."""
    stopped: dict[tuple[Node, ...], list[Node]] = {}
    for node in inspected.nodes:
        if node.active and node not in inspected.visited and (node.op is None or node in inspected.wanted):
            last = sorted(find_blocking_ops(inspected, node), key=lambda user: user.serial)
            stopped.setdefault(tuple(group[0] for group in inspected.group_by_line(last)), []).append(node)
    for through_these, nodes in stopped.items():
        ends = list(through_these)
        if not ends:
            continue
        names, many = (
            list_names([inspected.wanted.get(node, inspected.describe(node)) for node in nodes]),
            len(nodes) > 1,
        )
        through = text.join_words([f"{end.op.name}, {inspected.in_line(end)}" for end in ends[:3]])
        words = (
            f"{names} {'reach' if many else 'reaches'} {inspected.loss} only through {through}, which "
            f"{'has' if len(ends) == 1 else 'have'} no derivative, so no gradient comes to {'them' if many else 'it'}."
        )
        found = write_finding(inspected, "no derivative", nodes, words, find_smoother(inspected, ends, nodes))
        yield found._replace(place=inspected.location(ends[0]), nodes=(*found.nodes, *ends))


def find_smoother(inspected: Inspected, ends: list[Node], nodes: list[Node]) -> Iterator[Remedy]:
    """Try an operation that has a slope in the place of one that has none."""
    if len(ends) != 1 or not ends[0].op.elementwise or len(ends[0].args) != 1:
        return
    op = find_smooth(ends[0])
    if op is not None and gradient_reaches(
        try_changes(inspected, {}, replace_op(inspected.passes_of_line(ends[0]), op)), nodes
    ):
        new = call_code(inspected, ends[0], 0, op)
        yield Remedy(f"{op.name} is near it and has a slope: write {new}.", new, inspected.location(ends[0]))


def call_code(inspected: Inspected, node: Node, k: int, op: Any) -> str:
    return f"{user_code.callable_name(inspected, node, op.name)}({user_code.operand_code(inspected, node, k)})"


def find_blocking_ops(inspected: Inspected, node: Node) -> set[Node]:
    """Find the operations without a derivative that stand between this node and the result."""
    found, seen, stack = set(), {node}, [node]
    while stack:
        for user, _ in inspected.users.get(stack.pop(), ()):
            if not user.active:
                found.add(user)
            elif user not in seen:
                seen.add(user)
                stack.append(user)
    return found


# Gradients of 0.


def zero_gradient(inspected: Inspected, nodes: list[Node] | None = None) -> Iterator[Finding]:
    """Find leaves (or these ``nodes``) whose gradient is exactly 0; those with the same cause share a finding."""
    causes: dict[Any, tuple[list[tuple[Node, int | None]], list[Node]]] = {}
    at_rest: set[Node] = set()  # leaves that do change the loss when they are moved
    work = 0
    for node in sorted(inspected.visited, key=lambda node: node.serial) if nodes is None else nodes:
        if (node.op is None or nodes is not None) and np.prod(node.shape) and not inspected.largest[node]:
            found, steps = find_zero_origins(inspected, node, WORK - work)
            work += steps
            if work >= WORK:
                inspected.note_skipped("Not every gradient that is 0 was followed to its cause: there are too many.")
                break
            if all(
                not zeroed_by_hook(inspected, user) if k is None else cancels(inspected, user, k) for user, k in found
            ):
                how = find_dependence(inspected, node)
                if (
                    how in ("nowhere", "nowhere near")
                    and find_cancellation(inspected, node)
                    and all(k is not None for _, k in found)
                ):
                    continue  # does_not_depend reports it
                if how == "somewhere":
                    if nodes is None:
                        continue  # at rest, as in a minimum: no fault, so it is reported only on request
                    at_rest.add(node)
            elif node.op is None and is_at_extremum(inspected, node):
                if nodes is None:
                    continue
                at_rest.add(node)
            key = frozenset((user.op, user.code, user.lasti, k) for user, k in found)
            if found:
                causes.setdefault(key, (found, []))[1].append(node)
    for found, leaves in causes.values():
        inspected.explained_zeros.update(leaves)
        names, many = (
            list_names([inspected.wanted.get(node, inspected.describe(node)) for node in leaves]),
            len(leaves) > 1,
        )
        start = f"The gradient of {names} is exactly 0{' in every element' if many or leaves[0].shape else ''}: "
        reasons = dict.fromkeys(explain_zero(inspected, *each) for each in found[:3])
        words = f"{start}{'; '.join(reasons)}."
        if at_rest.issuperset(leaves):
            change = "they do change" if many else "it does change"
            words += f" Moved, {change} {inspected.loss}: it is at rest here, as in a minimum."
        silent = [a for node, _ in found for a in node.args if a is not None and is_off(a)]
        sought = find_remedies(inspected, *found[0], leaves) if not at_rest.issuperset(leaves) else ()
        made = write_finding(inspected, "zero gradient", leaves, words, sought, count=len(leaves), uses=len(found))
        line = inspected.location(node_to_show(inspected, *found[0]))
        yield made._replace(place=line, nodes=(*made.nodes, *(node for node, _ in found), *silent))


def find_zero_origins(inspected: Inspected, leaf: Node, work: int) -> tuple[list[tuple[Node, int | None]], int]:
    """List the uses where a leaf's gradient became 0: (user, operand), or (node, None) if contributions cancel.

    Uses on the same line are listed once.
    """
    found: dict[Any, tuple[Node, int | None]] = {}
    seen, stack, steps = {leaf}, [leaf], 0
    while stack and steps < work:
        node = stack.pop()
        parts = [(user, k, inspected.passed[user][k]) for user, k in inspected.uses(node)]
        steps += len(parts) + 1
        if any(largest_entry(c) for _, _, c in parts):
            found.setdefault(("sum", node.op, node.code, node.lasti), (node, None))
            continue
        for user, k, _ in parts:
            if inspected.largest[user]:
                found.setdefault((user.op, user.code, user.lasti, k), (user, k))
            elif user not in seen:
                seen.add(user)
                stack.append(user)
    return sorted(found.values(), key=lambda each: -each[0].serial), steps


def node_to_show(inspected: Inspected, node: Node, k: int | None) -> Node:
    """Return the node whose line is shown: the operation, or the last use if contributions cancel."""
    return node if k is not None else max((user for user, _ in inspected.uses(node)), key=lambda user: user.serial)


def zeroed_by_hook(inspected: Inspected, node: Node) -> bool:
    """Did a hook make the gradient 0, rather than contributions that cancel?"""
    return bool(node.hooks) or len(list(inspected.uses(node))) == 1


def explain_zero(inspected: Inspected, node: Node, k: int | None) -> str:
    """Explain why the gradient is 0 from here on, by the derivative of the operation at its operands."""
    if k is None:
        if zeroed_by_hook(inspected, node):
            return f"a hook changed the gradient of {inspected.describe(node)} to 0"
        return (
            f"the contributions to {inspected.describe(node)} from its {len(list(inspected.uses(node)))} uses cancel "
            "exactly"
        )
    name = inspected.describe(node.args[k])
    what = f"{inspected.describe_made(node)}, {inspected.in_line(node)}, passes 0 on to {name}"
    op, operands = node.op, inspected.operands(node)
    x = operands[k]
    if cancels(inspected, node, k):
        return f"{what}, because what it would pass on cancels"
    g = coerce.dense(inspected.gradients[node])
    if np.any(pass_random_gradient(inspected, node, k, (g != 0).astype(np.asarray(g).dtype))):
        return (
            f"{what}, because the products with a gradient of at most {short(largest_entry(g))} are too small for a "
            "number"
        )
    if (axis := axis_of_length_one(node)) is not None and ignores_operand(inspected, node, k):
        return (
            f"{what}, because {op.name} of a single number is always the same: its axis {axis} has length 1, whatever "
            f"{name} is"
        )
    others = [i for i, v in enumerate(operands) if i != k and v is not None and not isinstance(v, (str, bool))]
    if op.multiplies and k in op.factors and others:
        made = node.args[others[0]]
        other = inspected.describe_made(made) if made is not None else inspected.describe_operand(node, others[0])
        if not np.any(operands[others[0]]):
            zeros = "all zeros" if np.size(operands[others[0]]) > 1 else "0"
            return f"{what}, because {other} is {zeros}{describe_off(inspected, made)}"
        return f"{what}, because {other} is 0 wherever the gradient is not"
    if op.name == "where":
        return f"{what}, because it chose the other value wherever the gradient is not 0"
    if op.selects and op.elementwise and len(operands) == len(op.rules) == 2 and np.ndim(operands[1 - k]):
        larger = np.all((operands[1 - k] >= x)[g != 0])
        return (
            f"{what}, because {inspected.describe_operand(node, 1 - k)} is {'larger' if larger else 'smaller'} "
            "wherever the gradient is not 0"
        )
    if op.never and not op.elementwise and np.isin(inspected.value(node), op.never).all():
        bounds = " and ".join(f"{x:g}" for x in op.never)
        return f"{what}, because its values have been rounded to {bounds}, where its derivative is 0"
    if op.elementwise and np.size(x):
        slopes, wide = local(node, k), np.broadcast_to(x, node.shape)
        if not np.any(slopes):
            return f"{what}, because {describe_flat(inspected, node, k)}{describe_off(inspected, node.args[k])}"
        there = wide[np.broadcast_to(g, node.shape) != 0]
        if len(there) and not np.any(slopes[np.broadcast_to(g, node.shape) != 0]):
            return (
                f"{what}, because its slope is 0 at the {plural(len(there), 'value')} of {name} whose gradient is not"
            )
    return f"{what}: its derivative there is 0 in every element that the gradient reaches"


def describe_off(inspected: Inspected, node: Node | None) -> str:
    """Say that an activation is off everywhere, if that is why its values are 0."""
    if node is None or not is_off(node):
        return ""
    return f", for {describe_flat(inspected, node, whose=f'the slope of {node.op.name}')}"


def is_off(node: Node) -> bool:
    """Is the node an activation whose slope is 0 everywhere?"""
    k = activation_operand(node)
    return k is not None and measure_curve(node, k) is not None and not np.any(local(node, k))


def describe_flat(inspected: Inspected, node: Node, k: int = 0, whose: str = "its slope") -> str:
    """Say at which values of its operand an activation lets no gradient through."""
    x, name = inspected.operands(node)[k], inspected.describe(node.args[k])
    if np.size(x) == 1:
        return f"{whose} is 0 at {name} = {short(float(np.ravel(x)[0]))}"
    return f"{whose} is 0 at each of the {np.size(x):,} values of {name}, from {short(np.min(x))} to {short(np.max(x))}"


def axis_of_length_one(node: Node) -> int | None:
    """Return the axis that an operation goes along if its length is 1, else None."""
    if "axis" not in node.op.names or not node.args[0] or not node.args[0].shape:
        return None
    axis = node.values[node.op.names.index("axis")]
    shape = node.args[0].shape
    return int(axis) if isinstance(axis, (int, np.integer)) and shape[axis] == 1 else None


def ignores_operand(inspected: Inspected, node: Node, k: int) -> bool:
    """Is the result always the same, whatever the operand is?  Random operands are tried."""
    operands, rng = inspected.operands(node), np.random.default_rng(0)
    try:
        with np.errstate(all="ignore"):
            for size in (1.0, 10.0):
                operands[k] = rng.normal(size=node.args[k].shape) * size
                if not same(run_forward(node, operands), inspected.value(node), PROGRAM):
                    return False
        return True
    except Exception:  # an operation may refuse other numbers
        return False


# Remedies: what lets a gradient through, tried on the record.


def find_remedies(inspected: Inspected, node: Node, k: int | None, leaves: list[Node]) -> Iterator[Remedy]:
    """Try what may let a gradient through to the leaves: other operations, axes, and starting values."""
    if k is None or cancels(inspected, node, k):
        return
    if axis_of_length_one(node) is not None:
        yield from try_other_axes(inspected, node, k, leaves)
        return
    off_nodes = [n for n in (node, *node.args) if n is not None and n.op is not None and is_off(n)]
    for each in off_nodes:
        i = activation_operand(each) or 0
        op = find_never_flat(each, i)
        if op is not None and gradient_reaches(
            try_changes(inspected, {}, replace_op(inspected.passes_of_line(each), op)), leaves
        ):
            if op.notation == "$x":
                yield Remedy(f"Without {inspected.describe_made(each)} a gradient comes through.")
            else:
                new = call_code(inspected, each, i, op)
                words = f"{op.name} has a slope everywhere: with {new} a gradient comes through."
                yield Remedy(words, new, inspected.location(each))
            break
    every = [a for a in leaves_below(inspected, [node], 3) if not np.any(inspected.value(a)) and a.shape]
    for zeros in ([a for a in every if len(a.shape) > 1], every):  # matrices first: biases may start at 0
        if zeros and gradient_reaches(
            try_changes(inspected, {a: glorot(a.shape, inspected.value(a).dtype) for a in zeros}), leaves
        ):
            names = list_names([inspected.describe(a) for a in zeros])
            inspected.explained_zeros.update(zeros)
            known = ", as nn.Linear does" if all(len(a.shape) > 1 for a in zeros) else ""  # its biases start at 0
            yield Remedy(
                f"Weights that are all 0 let no gradient through: start {names} from small random ones{known}."
            )
            return
    near = [a for a in leaves_below(inspected, [node], 4) if np.any(inspected.value(a))]
    for factor, share in ((0.1, "a tenth"), (0.01, "a hundredth")):
        if gradient_reaches(
            try_changes(
                inspected, {a: inspected.value(a) * np.asarray(factor, inspected.value(a).dtype) for a in near}
            ),
            leaves,
        ):
            yield Remedy(
                f"With {list_names([inspected.describe(a) for a in near])} {share} as large a gradient comes through."
            )
            return


def try_other_axes(inspected: Inspected, node: Node, k: int, leaves: list[Node]) -> Iterator[Remedy]:
    """Try another axis, which may hold several numbers, or a sigmoid if there is one number for a yes or no."""
    i, shape = node.op.names.index("axis"), node.args[0].shape

    def along(axis: int) -> Change:
        return lambda given, made: call_op(node.op, [*given[:i], axis, *given[i + 1 :]])

    for axis, n in enumerate(shape):
        if n > 1 and gradient_reaches(try_changes(inspected, {}, {node: along(axis)}), leaves):
            yield Remedy(f"If the classes lie along axis {axis}, write axis={axis}.")
            break
    if (op := find_op_of_pair(node)) is not None and gradient_reaches(
        try_changes(inspected, {}, replace_op([node], op)), leaves
    ):
        new = call_code(inspected, node, k, op)
        yield Remedy(f"If there is one number for a yes or no, write {new}.", new, inspected.location(node))
    for op in OPS.values():
        if takes_logits(node.op) and takes_logits(op) and "axis" not in op.names:

            def change(given: list[Any], made: Any, op: Any = op) -> Any:
                labels = np.asarray(getattr(given[1], "_array", given[1]), float)
                return op.public(given[0].ravel(), labels.ravel())

            if gradient_reaches(try_changes(inspected, {}, {node: change}), leaves):
                logits = user_code.operand_code(inspected, node, k)
                yield Remedy(f"If there is one number for a yes or no, {op.name} takes it: of ({logits}).ravel().")


def find_op_of_pair(node: Node) -> Any:
    """Find the operation of x that this one computes from the pair (x, 0): for a softmax, the sigmoid."""
    if node.op.elementwise or only_operand(node.op) is None:
        return None
    x = np.linspace(-3, 3, 13)
    try:
        wanted = node.op.forward(*node.op.arguments(np.stack([x, 0 * x]), axis=0))[0]
    except Exception:  # an operation may do something else along an axis
        return None
    return find_op(lambda op, z, slopes: same(op.forward(x), wanted, PROGRAM))
