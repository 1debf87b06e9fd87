"""Find a softmax or a mean over one axis where the targets show that it ought to be over the other."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..engine.recompute import call_op
from ..format.numbers import short
from ..graph import Node
from ..numeric.equality import PROGRAM, REPEATED, same, sums_to_one
from ..stepping.jacobian import local
from . import user_code
from .equivalents import nearest_sources
from .finding import Finding, Remedy
from .inspected import Inspected
from .layers import before_rearranging
from .losses import find_losses
from .remedies import downstream
from .shapes import is_expression
from .trials import cures, try_changes


class Softmax(NamedTuple):
    """A softmax over one of two axes, as an operation or written by hand."""

    node: Node  # probabilities, or their logarithms
    axis: int
    logarithm: bool


def one_axis(node: Node, axis: Any) -> int | None:
    """Return the axis counted from 0, or None unless it is a single axis."""
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    return int(axis) % len(node.shape) if isinstance(axis, (int, np.integer)) and node.shape else None


def option_value(node: Node, name: str) -> Any:
    return node.values[node.op.names.index(name)]


def find_softmax(node: Node) -> Softmax | None:
    """Recognise a softmax or log-softmax, also written by hand as exp(x)/sum(exp(x)) or x - logsumexp(x)."""
    if node.op is None:
        return None
    if is_op(node, "softmax") or is_op(node, "log_softmax"):
        e, axis, logarithm = node, one_axis(node, option_value(node, "axis")), is_op(node, "log_softmax")
    elif node.op.elementwise and len(node.args) == 2:  # exp(x)/sum(exp(x)), or x - logsumexp(x)
        e, total = node.args[0], before_rearranging(node.args[1])
        while total is not None and is_op(total, "getitem"):
            total = before_rearranging(total.args[0])
        logarithm = is_op(node, "subtract") and is_op(total, "logsumexp")
        by_hand = logarithm or (is_op(node, "divide") and is_op(total, "sum") and is_op(e, "exp"))
        if total is None or not by_hand:
            return None
        axis = one_axis(e, option_value(total, "axis")) if e is total.args[0] else None
    else:
        return None
    return Softmax(node, axis, logarithm) if axis is not None else None


def is_op(node: Node | None, name: str) -> bool:
    return node is not None and node.op is not None and node.op.name == name


def find_softmaxes(inspected: Inspected) -> dict[Node, Softmax]:
    return {node: found for node in inspected.nodes if (found := find_softmax(node)) is not None}


def axes_of_ones(inspected: Inspected, x: Any) -> tuple[bool, ...]:
    """For each axis, tell whether an array of probabilities sums to one along it.  Answers are kept by array."""
    key = id(x)
    if key not in inspected.axes_of_ones:
        fits = isinstance(x, np.ndarray) and x.dtype.kind in "fiub" and min(x.shape, default=0) > 1 and x.min() >= 0
        inspected.axes_of_ones[key] = x, tuple(sums_to_one(x, i) for i in range(x.ndim)) if fits else ()
    return inspected.axes_of_ones[key][1]


def find_target(inspected: Inspected, node: Node) -> tuple[int, Any] | None:
    """Find the operand of an elementwise operation that is data of the result's shape: (its position, its values)."""
    if len(node.args) == 2 and len(node.values) == 2:
        for k, a in enumerate(node.args):
            if (a is None or not a.active) and node.args[1 - k] is not None:
                x = inspected.operands(node)[k]
                if np.shape(x) == node.shape:
                    return k, np.asarray(x)
    return None


def elementwise_users(inspected: Inspected, node: Node) -> Iterator[Node]:
    """Yield what uses a value, and what uses its logarithm, its negative and other results of the same shape."""
    stack, seen = [node], {node}
    while stack:
        for user, _ in inspected.users.get(stack.pop(), ()):
            if user not in seen and len(seen) < 50:
                seen.add(user)
                yield user
                single = sum(a is not None for a in user.args) == 1 and find_target(inspected, user) is None
                if user.op.elementwise and user.shape == node.shape and single:
                    stack.append(user)


def softmax_axis(inspected: Inspected) -> Iterator[Finding]:
    """Find softmaxes over one axis where the targets are distributions along the other axis."""
    bad: dict[Node, tuple[Softmax, Node, str]] = {}
    for softmax in find_softmaxes(inspected).values():
        if len(softmax.node.shape) == 2 and min(softmax.node.shape) > 1:
            for user in elementwise_users(inspected, softmax.node):
                wrong = evidence_of_other_axis(inspected, softmax, user)
                if wrong:
                    bad[softmax.node] = softmax, user, wrong
    for node in inspected.nodes:
        if (
            node.op is not None
            and node.op.name == "cross_entropy"
            and node.args[0] is not None
            and len(node.args[0].shape) == 2
        ):
            x, axis = (
                node.values[1] if node.values[1] is not None else inspected.value(node.args[1]),
                one_axis(node.args[0], node.values[2]),
            )
            sums = axes_of_ones(inspected, np.asarray(x)) if np.shape(x) == node.args[0].shape else ()
            if sums and axis is not None and sums[1 - axis] and not sums[axis]:
                bad[node] = (
                    Softmax(node, axis, True),
                    node,
                    f"the targets {inspected.describe_operand(node, 1)} sum to one over axis {1 - axis}",
                )
    for group in inspected.group_by_line(bad):
        softmax, user, wrong = bad[group[0]]
        node = softmax.node
        shape = node.args[0].shape
        words = (
            f"{inspected.describe_made(node)} takes its softmax over axis {softmax.axis}, {inspected.in_line(node)}, "
            f"of {shape[softmax.axis]} numbers each, but "
            f"{wrong}{f', {inspected.in_line(user)}' if user is not node else ''}: that is the axis of the "
            f"classes.{inspected.same_for_others(group)}"
        )
        numbers: dict[str, Any] = dict(axis=softmax.axis, classes=1 - softmax.axis, times=len(group))
        remedies = change_axis(inspected, "softmax over the wrong axis", softmax.node, 1 - softmax.axis, group)
        yield inspected.make_finding(
            "softmax over the wrong axis", node, words, [*group[1:], user], None, remedies, **numbers
        )


def change_axis(inspected: Inspected, kind: str, node: Node, axis: int | None, group: list[Node]) -> Iterator[Remedy]:
    """Try an operation along another axis; with ``axis`` None, along its own axis with ``keepdims``."""
    total = node if "axis" in node.op.names else node.args[1]
    while total is not None and total.op is not None and "axis" not in total.op.names:
        total = total.args[0]
    if total is None or total.op is None:
        return
    options: dict[str, Any] = {"axis": axis} if axis is not None else {}
    if "keepdims" in total.op.names and (axis is None or total.shape != node.shape):
        options["keepdims"] = True
    passes = inspected.passes_of_line(total)

    def change(given: list[Any], made: Any) -> Any:
        return call_op(total.op, [options.get(name, x) for name, x in zip(total.op.names, given)])

    if cures(try_changes(inspected, {}, dict.fromkeys(passes, change)), kind, group[0], (softmax_axis, mean_axis)):
        written = user_code.expression_of(total)
        new = call_with_options(written, total, options) if isinstance(written, ast.Call) else ""
        shown = ", ".join(f"{key}={value}" for key, value in options.items())
        yield Remedy(f"Write {new or shown}.", new, inspected.location(total))


def call_with_options(call: ast.Call, node: Node, options: dict[str, Any]) -> str:
    """Write the user's call with these options added or replaced."""
    call = copy.deepcopy(call)
    first = 1 if user_code.is_method_call(call, user_code.program_of(node)) else 0
    for name, value in options.items():
        i = node.op.names.index(name) - first
        if i < len(call.args):
            call.args[i] = ast.Constant(value)
        else:
            call.keywords = [k for k in call.keywords if k.arg != name]
            call.keywords.append(ast.keyword(name, ast.Constant(value)))
    return user_code.unparse(call)


def evidence_of_other_axis(inspected: Inspected, softmax: Softmax, user: Node) -> str:
    """Say what shows that the classes lie on the other axis; an empty text if nothing does."""
    other = 1 - softmax.axis
    if user.op.elementwise:
        found = find_target(inspected, user)
        sums = axes_of_ones(inspected, found[1]) if found is not None else ()
        if found is not None and sums and sums[other] and not sums[softmax.axis]:
            return f"the targets {inspected.describe_operand(user, found[0])} sum to one over axis {other}"
    if user.op.name == "getitem" and user.shape and isinstance(user.values[1], tuple) and len(user.values[1]) == 2:
        keys = [
            np.asarray(key._array if hasattr(key, "node") else key)
            for key in user.values[1]
            if not isinstance(key, slice)
        ]
        shape = softmax.node.shape
        if len(keys) == 2 and all(key.dtype.kind in "iu" and key.ndim == 1 for key in keys):
            each = [len(key) == n and bool((key == np.arange(n)).all()) for key, n in zip(keys, shape)]
            if each[softmax.axis] and not each[other]:
                return (
                    f"{inspected.describe(user)} picks one class of axis {other} for each of the {shape[softmax.axis]} "
                    f"examples on axis {softmax.axis}"
                )
    return ""


# Means.


def mean_axis(inspected: Inspected) -> Iterator[Finding]:
    """Find means of rows that are subtracted from columns, and means over classes instead of examples."""
    yield from rows_against_columns(inspected)
    yield from mean_over_classes(inspected)


def rows_against_columns(inspected: Inspected) -> Iterator[Finding]:
    """Find X - X.mean(axis=1) for a square X: broadcasting lays the means of the rows along the columns."""
    bad: dict[Node, tuple[Node, Node]] = {}
    for node in inspected.nodes:
        if (
            node.op is None
            or not (is_op(node, "subtract") or is_op(node, "divide"))
            or len(node.shape) != 2
            or node.shape[0] != node.shape[1]
        ):
            continue
        x, reduced = node.args
        if x is None or reduced is None or reduced.op is None or not reduced.op.reduces or node.shape[0] < 2:
            continue
        whole = reduced.args[0]
        if (
            reduced.shape != node.shape[:1]
            or x.shape != node.shape
            or one_axis(whole, option_value(reduced, "axis")) != 1
            or len(whole.shape) != 2
        ):
            continue
        if whole is not x and whole not in x.args:
            continue
        others = [0 if name == "axis" else v for name, v in zip(reduced.op.names[1:], reduced.values[1:])]
        columns = reduced.op.forward(inspected.value(whole), *others)
        if not same(columns, inspected.value(reduced), REPEATED):
            bad[node] = whole, reduced
    for group in inspected.group_by_line(bad):
        node = group[0]
        whole, reduced = bad[node]
        n = node.shape[0]
        how = f"the {reduced.op.name} of each row {'is taken off' if node.op.name == 'subtract' else 'divides'}"
        words = (
            f"In {inspected.describe_made(node)}, {inspected.in_line(node)}, {how} a column: "
            f"{inspected.describe(reduced)} has shape ({n},), one number for each row of {inspected.describe(whole)}, "
            f"and against shape ({n}, {n}) it is laid along the columns. Only because {inspected.describe(whole)} is "
            f"square is there no error.{inspected.same_for_others(group)}"
        )
        remedies = change_axis(inspected, "mean over the wrong axis", reduced, None, group)
        nodes = [*group[1:], reduced]
        yield inspected.make_finding(
            "mean over the wrong axis", node, words, nodes, None, remedies, n=n, times=len(group)
        )


def mean_over_classes(inspected: Inspected) -> Iterator[Finding]:
    """Find a cross-entropy written by hand that is averaged over the classes too, and so too small."""
    known = find_softmaxes(inspected)
    bad: dict[Node, tuple[Node, int, str]] = {}
    for softmax in known.values():
        for user in elementwise_users(inspected, softmax.node):
            found = find_target(inspected, user)
            if found is None or not user.op.elementwise or found[0] not in user.op.factors:
                continue
            if not (softmax.logarithm or has_logarithm_between(softmax.node, user)):
                continue
            sums = axes_of_ones(inspected, found[1])
            if len(sums) > 1 and sums[softmax.axis]:
                wrong = find_mean(inspected, user, softmax.axis)
                if wrong is not None:
                    bad[wrong[0]] = user, user.shape[softmax.axis], wrong[1]
    for group in inspected.group_by_line(bad):
        node = group[0]
        user, classes, how = bad[node]
        words = (
            f"{inspected.describe_made(node)}, {inspected.in_line(node)}, is the mean {how}, but the loss of an "
            f"example is the sum over its classes: so the loss and its gradient are {classes} times smaller than the "
            f"mean over the examples.{inspected.same_for_others(group)}"
        )
        remedies = mean_over_examples(inspected, node, user, classes)
        numbers: dict[str, Any] = dict(factor=classes, times=len(group))
        yield inspected.make_finding(
            "mean over the wrong axis", node, words, [*group[1:], user], None, remedies, 2, **numbers
        )


def mean_over_examples(inspected: Inspected, node: Node, terms: Node, classes: int) -> Iterator[Remedy]:
    """Try the sum over the classes and the mean over the examples, or the whole loss as one operation."""
    axis = len(terms.shape) - 1 if terms.shape[-1] == classes else 0
    wanted = classes * inspected.value(node)

    def change(given: list[Any], made: Any) -> Any:
        mean = made[terms].sum(axis).mean()
        return mean if same(mean._array, wanted, PROGRAM) else -mean

    trial = try_changes(inspected, {}, {node: change})
    if cures(trial, "mean over the wrong axis", node, (mean_axis,)) and same(trial.made[node]._array, wanted, PROGRAM):  # type: ignore[union-attr]
        name = inspected.source_text(terms) or inspected.describe(terms)
        new = f"({name}).sum(axis={axis}).mean()"
        yield Remedy(f"Write {user_code.unparse(ast.parse(new, mode='eval')) if is_expression(name) else new}.")
    for end in [*downstream(inspected, node)[::-1]]:
        for found in find_losses(inspected, end, nearest_sources(inspected, terms), classes):
            yield Remedy(f"Or {found.text(inspected, end, node)}.")
            return


def has_logarithm_between(p: Node, user: Node) -> bool:
    """Is a logarithm of p multiplied, and not p itself?  Look for one between p and its user."""
    if user.op.logarithm:
        return True
    seen: set[Node] = set()
    stack = [a for a in user.args if a is not None]
    while stack:
        node = stack.pop()
        if node.op is not None and node is not p and node not in seen and len(seen) < 20:
            seen.add(node)
            if node.op.logarithm:
                return True
            stack.extend(a for a in node.args if a is not None)
    return False


def find_mean(inspected: Inspected, terms: Node, axis: int) -> tuple[Node, str] | None:
    """Follow the terms of a cross-entropy to where they are averaged over the classes; None if they are summed."""
    node, axes = terms, list(range(len(terms.shape)))  # axes: those of the terms that are left
    for _ in range(12):
        users = inspected.users.get(node, ())
        if len(users) != 1:
            return None
        ((node, k),) = users
        if is_op(node, "sum") or is_op(node, "mean"):
            given, left = node.values[1], len(axes)
            every = given if isinstance(given, tuple) else range(left) if given is None else (given,)
            gone = [axes[a % left] for a in every]
            if is_op(node, "mean") and axis in gone:
                classes = terms.shape[axis]
                return node, f"over the {classes} classes" + " of all examples" * (len(gone) > 1)
            axes = axes if node.values[2] else [a for a in axes if a not in gone]
        elif node.op.elementwise and k in node.op.linear:  # a sign, a factor, or a number that is added
            slopes, number = np.abs(local(node, k)), float(np.prod(terms.shape))
            if not node.shape and same(slopes * number, np.ones(()), PROGRAM):
                return node, f"over all {short(number)} terms"
            if not np.all(slopes == 1):
                return None
        else:
            return None
    return None
