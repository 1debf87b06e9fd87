"""Parameters without a gradient: not reached, reached only through what has no derivative, or with a gradient of 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..engine.recompute import call_op, run_forward
from ..errors import coerce
from ..findings import code
from ..format import locations, text
from ..format.numbers import short
from ..format.text import plural
from ..graph import Node
from ..numeric.equality import PROGRAM, same
from ..op import OPS
from ..stepping.jacobian import local
from ..tensor import Tensor
from .alike import single
from .case import Case, largest, listed
from .curves import curve, operand_of
from .depends import cancels, depends, drawn, in_a_valley, where_cancelled
from .finding import Finding, Remedy
from .losses import takes_logits
from .others import glorot, kinds, leaves_below, let_through, never_flat, replaced, smooth
from .trying import Change, tried

WORK = 200_000  # uses that are followed to find where gradients became 0


def does_not_reach(case: Case) -> Iterator[Finding]:
    """What ought to receive a gradient, and is not among what the result was computed from."""
    missing = [node for node in case.wanted if node not in case.record.every]
    constants = [node for node in case.wanted if node not in missing and not node.active]
    if missing:
        names, many = listed([case.wanted[node] for node in missing]), len(missing) > 1
        total = f", {len(missing)} of {len(case.wanted)}," if len(missing) > 6 else ""
        words = (
            f"{case.loss} was not computed from {names}{total}, so no gradient reaches {'them' if many else 'it'}. "
            f"{'Are they' if many else 'Is it'} used at all, and was a value taken out on the way, with .data, .item() "
            "or under no_grad()?"
        )
        if all(not node.active and node.op is None for node in missing):
            words = (
                f"{names} {'are constants' if many else 'is a constant'}, and {case.loss} was not computed from "
                f"{'them' if many else 'it'} either. Was it made by constant(...), or computed under no_grad()?"
            )
        yield reached(case, "does not reach", missing, words)
    for node in constants:
        known = (
            f"computed, by {node.op.name}, from constants only"
            if node.op
            else "a constant: constant(...), or a result of no_grad()"
        )
        words = f"No gradient flows to {case.wanted[node]}, which is {known}."
        yield reached(case, "does not reach", [node], words, as_leaf(case, node))


def as_leaf(case: Case, node: Node) -> Iterator[Remedy]:
    """A constant made a leaf that takes a gradient."""
    x = case.value(node)
    if node.op is None and np.asarray(x).dtype.kind == "f" and let_through(tried(case, {node: Tensor(x)}), [node]):
        yield Remedy(f"If it is to be trained, make it a Tensor: {case.wanted[node]} = Tensor(...).")


def reached(
    case: Case, kind: str, nodes: list[Node], words: str, remedies: Iterable[Remedy] = (), **numbers: Any
) -> Finding:
    """A finding about several parameters, at the line where the first of them was made."""
    at = case.place(nodes[0])
    at = case.place(case.root) if at.file.startswith(locations.OURS) else at  # of nn: made in nn/layers.py
    found = case.finding(kind, nodes[0], words, nodes[1:], at, remedies, 2, **numbers)
    return found._replace(about=listed([case.wanted.get(node, case.about(node)) for node in nodes]))


def no_derivative(case: Case) -> Iterator[Finding]:
    """What the result was computed from, but only through operations that have no derivative."""
    stopped: dict[tuple[Node, ...], list[Node]] = {}
    for node in case.nodes:
        if node.active and node not in case.ours and (node.op is None or node in case.wanted):
            last = sorted(stops(case, node), key=lambda user: user.serial)
            stopped.setdefault(tuple(group[0] for group in case.grouped(last)), []).append(node)
    for through_these, nodes in stopped.items():
        ends = list(through_these)
        if not ends:
            continue
        names, many = listed([case.wanted.get(node, case.said(node)) for node in nodes]), len(nodes) > 1
        through = text.join_words([f"{end.op.name}, {case.line(end)}" for end in ends[:3]])
        words = (
            f"{names} {'reach' if many else 'reaches'} {case.loss} only through {through}, which "
            f"{'has' if len(ends) == 1 else 'have'} no derivative, so no gradient comes to {'them' if many else 'it'}."
        )
        found = reached(case, "no derivative", nodes, words, smoother(case, ends, nodes))
        yield found._replace(place=case.place(ends[0]), nodes=(*found.nodes, *ends))


def smoother(case: Case, ends: list[Node], nodes: list[Node]) -> Iterator[Remedy]:
    """An operation with a slope in the place of one that has none."""
    same = [n for n in case.nodes if any((n.op, n.code, n.lasti) == (end.op, end.code, end.lasti) for end in ends)]
    if len(ends) != 1 or not ends[0].op.elementwise or len(ends[0].args) != 1:
        return
    op = smooth(ends[0])
    if op is not None and let_through(tried(case, {}, replaced(same, op)), nodes):
        new = called_with(case, ends[0], 0, op)
        yield Remedy(f"{op.name} is near it and has a slope: write {new}.", new, case.place(ends[0]))


def called_with(case: Case, node: Node, k: int, op: Any) -> str:
    """Another operation of the same operand, as the user writes it."""
    return f"{code.called(case, node, op.name)}({code.operand(case, node, k)})"


def stops(case: Case, node: Node) -> set[Node]:
    """The operations without a derivative that a gradient of this node would have to come through."""
    found, seen, stack = set(), {node}, [node]
    while stack:
        for user, _ in case.users.get(stack.pop(), ()):
            if not user.active:
                found.add(user)
            elif user not in seen:
                seen.add(user)
                stack.append(user)
    return found


# Gradients of 0.


def zero_gradient(case: Case, nodes: list[Node] | None = None) -> Iterator[Finding]:
    """Leaves (or these ``nodes``) whose gradient is exactly 0, and where it became so; of those alike one finding."""
    causes: dict[Any, tuple[list[tuple[Node, int | None]], list[Node]]] = {}
    at_rest: set[Node] = set()  # moved, they do change the loss
    work = 0
    for node in sorted(case.ours, key=lambda node: node.serial) if nodes is None else nodes:
        if (node.op is None or nodes is not None) and np.prod(node.shape) and not case.largest[node]:
            found, steps = ends(case, node, WORK - work)
            work += steps
            if work >= WORK:
                case.skip("Not every gradient that is 0 was followed to its cause: there are too many.")
                break
            if all(not hooked(case, user) if k is None else cancels(case, user, k) for user, k in found):
                how = depends(case, node)
                if (
                    how in ("nowhere", "nowhere near")
                    and where_cancelled(case, node)
                    and all(k is not None for _, k in found)
                ):
                    continue  # depends.py says so
                if how == "somewhere":
                    if nodes is None:
                        continue  # at rest, as in a minimum: nothing is wrong with it, and only who asks is told
                    at_rest.add(node)
            elif node.op is None and in_a_valley(case, node):
                if nodes is None:
                    continue
                at_rest.add(node)
            key = frozenset((user.op, user.code, user.lasti, k) for user, k in found)
            if found:
                causes.setdefault(key, (found, []))[1].append(node)
    for found, leaves in causes.values():
        case.told.update(leaves)
        names, many = listed([case.wanted.get(node, case.said(node)) for node in leaves]), len(leaves) > 1
        start = f"The gradient of {names} is exactly 0{' in every element' if many or leaves[0].shape else ''}: "
        reasons = dict.fromkeys(reason(case, *each) for each in found[:3])
        words = f"{start}{'; '.join(reasons)}."
        if at_rest.issuperset(leaves):
            change = "they do change" if many else "it does change"
            words += f" Moved, {change} {case.loss}: it is at rest here, as in a minimum."
        silent = [a for node, _ in found for a in node.args if a is not None and is_off(a)]
        sought = remedies(case, *found[0], leaves) if not at_rest.issuperset(leaves) else ()
        made = reached(case, "zero gradient", leaves, words, sought, count=len(leaves), uses=len(found))
        line = case.place(where(case, *found[0]))
        yield made._replace(place=line, nodes=(*made.nodes, *(node for node, _ in found), *silent))


def ends(case: Case, leaf: Node, work: int) -> tuple[list[tuple[Node, int | None]], int]:
    """The uses where the gradient of a leaf became 0: (user, operand); (node, None) where contributions cancel.

    Of those on one line there is one.
    """
    found: dict[Any, tuple[Node, int | None]] = {}
    seen, stack, steps = {leaf}, [leaf], 0
    while stack and steps < work:
        node = stack.pop()
        parts = [(user, k, case.passed[user][k]) for user, k in case.uses(node)]
        steps += len(parts) + 1
        if any(largest(c) for _, _, c in parts):
            found.setdefault(("sum", node.op, node.code, node.lasti), (node, None))
            continue
        for user, k, _ in parts:
            if case.largest[user]:
                found.setdefault((user.op, user.code, user.lasti, k), (user, k))
            elif user not in seen:
                seen.add(user)
                stack.append(user)
    return sorted(found.values(), key=lambda each: -each[0].serial), steps


def where(case: Case, node: Node, k: int | None) -> Node:
    """Whose line it is: that of the operation; of contributions that cancel, that of the last use."""
    return node if k is not None else max((user for user, _ in case.uses(node)), key=lambda user: user.serial)


def hooked(case: Case, node: Node) -> bool:
    """Was its gradient made 0 by a hook, and not by contributions that cancel?"""
    return bool(node.hooks) or len(list(case.uses(node))) == 1


def reason(case: Case, node: Node, k: int | None) -> str:
    """Why the gradient is 0 from here on, from the derivative of the operation at its operands."""
    if k is None:
        if hooked(case, node):
            return f"a hook changed the gradient of {case.said(node)} to 0"
        return f"the contributions to {case.said(node)} from its {len(list(case.uses(node)))} uses cancel exactly"
    name = case.said(node.args[k])
    what = f"{case.made(node)}, {case.line(node)}, passes 0 on to {name}"
    op, operands = node.op, case.operands(node)
    x = operands[k]
    if cancels(case, node, k):
        return f"{what}, because what it would pass on cancels"
    g = coerce.dense(case.gradients[node])
    if np.any(drawn(case, node, k, (g != 0).astype(np.asarray(g).dtype))):
        return f"{what}, because the products with a gradient of at most {short(largest(g))} are too small for a number"
    if (axis := single_axis(node)) is not None and alone(case, node, k):
        return (
            f"{what}, because {op.name} of a single number is always the same: its axis {axis} has length 1, whatever "
            f"{name} is"
        )
    others = [i for i, v in enumerate(operands) if i != k and v is not None and not isinstance(v, (str, bool))]
    if op.multiplies and k in op.factors and others:
        made = node.args[others[0]]
        other = case.made(made) if made is not None else case.operand(node, others[0])
        if not np.any(operands[others[0]]):
            zeros = "all zeros" if np.size(operands[others[0]]) > 1 else "0"
            return f"{what}, because {other} is {zeros}{off(case, made)}"
        return f"{what}, because {other} is 0 wherever the gradient is not"
    if op.name == "where":
        return f"{what}, because it chose the other value wherever the gradient is not 0"
    if op.selects and op.elementwise and len(operands) == len(op.rules) == 2 and np.ndim(operands[1 - k]):
        larger = np.all((operands[1 - k] >= x)[g != 0])
        return (
            f"{what}, because {case.operand(node, 1 - k)} is {'larger' if larger else 'smaller'} "
            "wherever the gradient is not 0"
        )
    if op.never and not op.elementwise and np.isin(case.value(node), op.never).all():
        bounds = " and ".join(f"{x:g}" for x in op.never)
        return f"{what}, because its values have been rounded to {bounds}, where its derivative is 0"
    if op.elementwise and np.size(x):
        slopes, wide = local(node, k), np.broadcast_to(x, node.shape)
        if not np.any(slopes):
            return f"{what}, because {flat(case, node, k)}{off(case, node.args[k])}"
        there = wide[np.broadcast_to(g, node.shape) != 0]
        if len(there) and not np.any(slopes[np.broadcast_to(g, node.shape) != 0]):
            return (
                f"{what}, because its slope is 0 at the {plural(len(there), 'value')} of {name} whose gradient is not"
            )
    return f"{what}: its derivative there is 0 in every element that the gradient reaches"


def off(case: Case, node: Node | None) -> str:
    """That an activation is off everywhere, if that is why its values are 0."""
    if node is None or not is_off(node):
        return ""
    return f", for {flat(case, node, whose=f'the slope of {node.op.name}')}"


def is_off(node: Node) -> bool:
    """Is it an activation of one value, whose slope is 0 everywhere?"""
    k = operand_of(node)
    return k is not None and curve(node, k) is not None and not np.any(local(node, k))


def flat(case: Case, node: Node, k: int = 0, whose: str = "its slope") -> str:
    """Where the operand of an activation lies that lets no gradient through."""
    x, name = case.operands(node)[k], case.said(node.args[k])
    if np.size(x) == 1:
        return f"{whose} is 0 at {name} = {short(float(np.ravel(x)[0]))}"
    return f"{whose} is 0 at each of the {np.size(x):,} values of {name}, from {short(np.min(x))} to {short(np.max(x))}"


def single_axis(node: Node) -> int | None:
    """The axis that an operation goes along, if it has length 1."""
    if "axis" not in node.op.names or not node.args[0] or not node.args[0].shape:
        return None
    axis = node.values[node.op.names.index("axis")]
    shape = node.args[0].shape
    return int(axis) if isinstance(axis, (int, np.integer)) and shape[axis] == 1 else None


def alone(case: Case, node: Node, k: int) -> bool:
    """Is the result the same, whatever an operand is?"""
    operands, rng = case.operands(node), np.random.default_rng(0)
    try:
        with np.errstate(all="ignore"):
            for size in (1.0, 10.0):
                operands[k] = rng.normal(size=node.args[k].shape) * size
                if not same(run_forward(node, operands), case.value(node), PROGRAM):
                    return False
        return True
    except Exception:  # an operation may refuse other numbers
        return False


# What to do about it: what lets a gradient through, tried on the record.


def remedies(case: Case, node: Node, k: int | None, leaves: list[Node]) -> Iterator[Remedy]:
    """What lets a gradient through to the leaves."""
    if k is None or cancels(case, node, k):
        return
    if single_axis(node) is not None:
        yield from other_axes(case, node, k, leaves)
        return
    off_nodes = [n for n in (node, *node.args) if n is not None and n.op is not None and is_off(n)]
    for each in off_nodes:
        i = operand_of(each) or 0
        op = never_flat(each, i)
        same = [n for n in case.nodes if (n.op, n.code, n.lasti) == (each.op, each.code, each.lasti)]
        if op is not None and let_through(tried(case, {}, replaced(same, op)), leaves):
            if op.notation == "$x":
                yield Remedy(f"Without {case.made(each)} a gradient comes through.")
            else:
                new = called_with(case, each, i, op)
                words = f"{op.name} has a slope everywhere: with {new} a gradient comes through."
                yield Remedy(words, new, case.place(each))
            break
    every = [a for a in leaves_below(case, [node], 3) if not np.any(case.value(a)) and a.shape]
    for zeros in ([a for a in every if len(a.shape) > 1], every):  # biases that are 0 are as they ought to be
        if zeros and let_through(tried(case, {a: glorot(a.shape, case.value(a).dtype) for a in zeros}), leaves):
            names = listed([case.said(a) for a in zeros])
            case.told.update(zeros)
            known = ", as nn.Linear does" if all(len(a.shape) > 1 for a in zeros) else ""  # its biases start at 0
            yield Remedy(
                f"Weights that are all 0 let no gradient through: start {names} from small random ones{known}."
            )
            return
    near = [a for a in leaves_below(case, [node], 4) if np.any(case.value(a))]
    for factor, share in ((0.1, "a tenth"), (0.01, "a hundredth")):
        if let_through(tried(case, {a: case.value(a) * np.asarray(factor, case.value(a).dtype) for a in near}), leaves):
            yield Remedy(f"With {listed([case.said(a) for a in near])} {share} as large a gradient comes through.")
            return


def other_axes(case: Case, node: Node, k: int, leaves: list[Node]) -> Iterator[Remedy]:
    """Along another axis there may be several numbers; of one number a yes or no is a sigmoid."""
    i, shape = node.op.names.index("axis"), node.args[0].shape

    def along(axis: int) -> Change:
        return lambda given, made: call_op(node.op, [*given[:i], axis, *given[i + 1 :]])

    for axis, n in enumerate(shape):
        if n > 1 and let_through(tried(case, {}, {node: along(axis)}), leaves):
            yield Remedy(f"If the classes lie along axis {axis}, write axis={axis}.")
            break
    if (op := of_pair(node)) is not None and let_through(tried(case, {}, replaced([node], op)), leaves):
        new = called_with(case, node, k, op)
        yield Remedy(f"If there is one number for a yes or no, write {new}.", new, case.place(node))
    for op in OPS.values():
        if takes_logits(node.op) and takes_logits(op) and "axis" not in op.names:

            def change(given: list[Any], made: Any, op: Any = op) -> Any:
                labels = np.asarray(getattr(given[1], "_array", given[1]), float)
                return op.public(given[0].ravel(), labels.ravel())

            if let_through(tried(case, {}, {node: change}), leaves):
                logits = code.operand(case, node, k)
                yield Remedy(f"If there is one number for a yes or no, {op.name} takes it: of ({logits}).ravel().")


def of_pair(node: Node) -> Any:
    """The operation of one number that this one is of that number and 0: a sigmoid, of a softmax."""
    if node.op.elementwise or single(node.op) is None:
        return None
    x = np.linspace(-3, 3, 13)
    try:
        wanted = node.op.forward(*node.op.arguments(np.stack([x, 0 * x]), axis=0))[0]
    except Exception:  # an operation may do something else along an axis
        return None
    return kinds(lambda op, z, slopes: same(op.forward(x), wanted, PROGRAM))
