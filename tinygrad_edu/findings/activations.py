"""Find activations that let no gradient through: saturated ones, and dead units.

No operation is named here.  Numbers show which can saturate, and which are flat on one side: see curves.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..engine.recompute import call_op
from ..format.locations import OURS
from ..format.numbers import short
from ..format.text import plural
from ..graph import Node
from ..numeric.norms import norm
from ..stepping.jacobian import local
from .curves import Curve, find_activations, saturates
from .equivalents import source_positions
from .finding import Finding, Remedy
from .inspected import Inspected, is_finite, list_names, percent
from .layers import before_rearranging, is_layer, weight_matrix
from .replacements import combine_remedies, find_never_flat, find_unsaturated, glorot, leaves_below, replace_op
from .trials import cures, try_changes

# Arrays with fewer numbers, as in the steps of a loop, are judged together.
FEW = 32
# Dead units are reported from this number of examples on, and from this part of the units on.
ROWS, SHARE = 16, 0.1


def saturated_activations(inspected: Inspected) -> Iterator[Finding]:
    """Find activations where the slope is next to nothing at half of the operand's values or more."""
    bad: dict[Node, tuple[int, Curve, float]] = {}
    few: dict[Any, list[tuple[int, float]]] = {}
    for node, k, known in find_activations(inspected):
        if saturates(known) and np.prod(node.shape) and is_finite(inspected.gradients[node]):
            x = inspected.value(node.args[k])
            share = float(np.mean((x < known.low) | (x > known.high)))
            if np.size(x) < FEW:
                few.setdefault(loop_key(inspected, node), []).append((np.size(x), share))
            if share >= 0.5 and not logarithm_follows(inspected, node):
                bad[node] = k, known, share
    for key, passes in few.items():
        if sum(n * share for n, share in passes) < 0.5 * sum(n for n, _ in passes):
            bad = {
                node: each
                for node, each in bad.items()
                if np.size(inspected.value(node.args[each[0]])) >= FEW or loop_key(inspected, node) != key
            }
    for group in inspected.group_by_line(bad):
        node = max(group, key=lambda node: bad[node][2])
        group.sort(key=lambda each: each is not node)
        k, known, share = bad[node]
        x = inspected.value(node.args[k])
        outside = (x < known.low) | (x > known.high)
        slope = float(np.median(np.abs(local(node, k)[outside])))
        before, after = norm(inspected.gradients[node]), norm(inspected.passed[node][k])
        name, n = inspected.describe(node.args[k]), int(np.sum(outside))
        words = (
            f"{inspected.describe_made(node)} is saturated, {inspected.in_line(node)}: {n:,} of "
            f"{plural(int(np.size(x)), 'value')} of {name} ({percent(share)}) lie below {short(known.low)} or above "
            f"{short(known.high)}, where the slope of {node.op.name} is under 3 % of its largest (the median there is "
            f"{short(slope)}). Of a gradient of norm {short(before)}, {short(after)} is passed "
            f"on.{inspected.same_for_others(group)}"
        )
        numbers: dict[str, Any] = dict(share=share, count=n, size=int(np.size(x)), low=known.low, high=known.high)
        numbers |= dict(slope=slope, before=before, after=after, times=len(group))
        remedies = find_cures(inspected, node, group, k, (find_unsaturated(),))
        yield inspected.make_finding("saturated", node, words, [*group[1:], node.args[k]], None, remedies, **numbers)


def find_cures(inspected: Inspected, node: Node, group: list[Node], k: int, others: Iterable[Any]) -> Iterator[Remedy]:
    """Try to shrink, restart or replace what feeds these activations; report in one sentence all that cures alone."""
    found: list[str] = []

    def does(leaves: Mapping[Node, Any], changes: Mapping[Node, Any]) -> bool:
        return cures(
            try_changes(inspected, leaves, changes), ("saturated", "dead"), node, (saturated_activations, dead_units)
        )

    near = leaves_below(inspected, [node], 4)
    matrices = [a for a in near if len(a.shape) > 1] or near
    for factor, share in ((0.1, "a tenth"), (0.01, "a hundredth")):
        if does({a: inspected.value(a) * np.asarray(factor, inspected.value(a).dtype) for a in matrices}, {}):
            names = list_names([inspected.describe(a) for a in matrices])
            found.append(f"{names} {share} as large")
            break
    wide = {a: glorot(a.shape, inspected.value(a).dtype) for a in matrices if len(a.shape) > 1}
    if wide and does(wide, {}):
        found.append(f"{list_names([inspected.describe(a) for a in wide])} as nn.Linear starts")
    biases = [a for a in near if a not in matrices and np.any(inspected.value(a))]
    if biases and does({a: np.zeros_like(inspected.value(a)) for a in biases}, {}):
        found.append(f"{list_names([inspected.describe(a) for a in biases])} of 0")
    found += [
        f"{name} scaled to mean 0 and variance 1" for name in find_inputs_to_standardise(inspected, node, k, does)
    ]
    found += [f"{op.name} for {node.op.name}" for op in others if op is not None and does({}, replace_op(group, op))]
    yield from combine_remedies(found)


def find_inputs_to_standardise(inspected: Inspected, node: Node, k: int, does: Any) -> Iterator[str]:
    """Find the inputs of a layer for which scaling each column to mean 0 and variance 1 is a cure."""
    layer = node.args[k]
    while layer is not None and layer.op is not None and not is_layer(layer):
        layer = next((a for a in layer.args if a is not None and a.op is not None), None)
    if layer is None or layer.op is None:
        return
    W = weight_matrix(layer)
    for i, a in enumerate(layer.args):
        x = inspected.operands(layer)[i]
        if (a is None or not a.active) and a is not W and isinstance(x, np.ndarray) and x.ndim == 2 and len(x) > 1:
            scaled = ((x - x.mean(0)) / np.where(x.std(0) == 0, 1, x.std(0))).astype(x.dtype)

            def change(given: list[Any], made: Any, i: int = i, scaled: Any = scaled, layer: Node = layer) -> Any:
                return call_op(layer.op, [*given[:i], scaled, *given[i + 1 :]])

            if not np.allclose(scaled, x, atol=0.1) and does({}, {layer: change}):
                yield "its inputs" if layer.code.co_filename.startswith(OURS) else inspected.describe_operand(layer, i)


def loop_key(inspected: Inspected, node: Node) -> Any:
    """Return a key that the steps of a loop share: the operation, the line and the name."""
    return node.op, node.code, node.lasti, inspected.record.words.base(node)


def logarithm_follows(inspected: Inspected, node: Node) -> bool:
    """Does a logarithm undo the saturation?  In -log(sigmoid(v)) its slope is as large as the sigmoid's is small."""
    seen, stack = {node}, [node]
    while stack:
        for user, k in inspected.uses(stack.pop()):
            if user.op.logarithm:
                continue
            keeps_slope = user.op.elementwise and (k in user.op.linear or user.op.selects)
            if not keeps_slope and source_positions(user.op, inspected.operands(user)) is None:
                return False
            if len([a for a in user.args if a is not None and a.active]) != 1:
                return False
            if user not in seen:
                seen.add(user)
                stack.append(user)
    return node is not inspected.root and len(list(inspected.uses(node))) > 0


# Dead units.


def dead_units(inspected: Inspected) -> Iterator[Finding]:
    """Find units of activations like relu whose slope is exactly 0 for every example."""
    bad: dict[Node, tuple[int, Any, int]] = {}
    few: dict[Any, list[tuple[Node, int, Any]]] = {}  # the steps of a loop: one example or some in each
    for node, k, known in find_activations(inspected):
        if known.flat and node.shape and np.prod(node.shape):
            off = np.broadcast_to(local(node, k) == 0, node.shape)
            axis = units_axis(inspected, node.args[k]) % off.ndim
            off = np.moveaxis(off, axis, -1).reshape(-1, node.shape[axis])  # (examples, units)
            if len(off) >= ROWS:
                if (off.all() or enough_are_dead(off)) and is_hidden(inspected, node, k):
                    bad[node] = k, off.all(0), len(off)
            else:
                few.setdefault((*loop_key(inspected, node), off.shape), []).append((node, k, off))
    for passes in few.values():
        every = np.concatenate([off for _, _, off in passes])
        node, k, _ = passes[0]
        if (every.all() or (len(every) >= ROWS and enough_are_dead(every))) and is_hidden(inspected, node, k):
            bad[node] = k, every.all(0), len(every)
    for group in inspected.group_by_line(bad):
        node = max(group, key=lambda node: bad[node][1].mean())
        group.sort(key=lambda each: each is not node)
        k, off, rows = bad[node]
        which = ", ".join(map(str, np.flatnonzero(off)[:8])) + (", ..." if off.sum() > 8 else "")
        one, n = off.sum() == 1, plural(len(off), "unit")
        words = (
            f"{int(off.sum()):,} of the {n} of {inspected.describe_made(node)} {'is' if one else 'are'} dead, "
            f"{inspected.in_line(node)}: for {f'all {rows:,} examples' if rows > 1 else 'the example'} "
            f"{inspected.describe(node.args[k])} lies where the slope of {node.op.name} is 0, so no gradient comes to "
            f"what computes {'it' if one else 'them'} (unit{'s' * (not one)} "
            f"{which}).{inspected.same_for_others(group)}"
        )
        numbers: dict[str, Any] = dict(
            dead=int(off.sum()), units=len(off), share=float(off.mean()), examples=rows, times=len(group)
        )
        remedies = find_cures(inspected, node, group, k, (find_never_flat(node, k),))
        yield inspected.make_finding("dead", node, words, [*group[1:], node.args[k]], None, remedies, **numbers)


def enough_are_dead(off: Any) -> bool:
    """Are so many units off for all examples that it is no chance, when others are on for only one or two?"""
    number = (~off).sum(0)
    return bool((number == 0).sum() - ((number == 1) | (number == 2)).sum() >= max(1, SHARE * off.shape[1]))


def is_hidden(inspected: Inspected, node: Node, k: int) -> bool:
    """Does the activation stand between layers, or after one?  In a hinge loss, relu(1 - y v), off means right."""
    v = node.args[k]
    biased = (
        v.op is not None and v.op.name == "add" and any(a is not None and a.op is None and a.active for a in v.args)
    )
    before = [v, *(v.args if biased else ())]
    return any(a is not None and is_layer(a) for a in before) or any(is_layer(user) for user in inspected.above([node]))


def units_axis(inspected: Inspected, v: Node) -> int:
    """Return the axis of the units: the last if examples are rows, the first of W @ X, a convolution's channels."""
    node: Node | None = v
    while node is not None and node.op is not None and node.op.elementwise:
        node = next((a for a in node.args if a is not None and a.op is not None and a.shape == v.shape), None)
    if node is None or node.op is None or len(v.shape) < 2:
        return -1
    if node.op.channels:
        return int(node.op.channels)
    W = weight_matrix(node) if node.op.multiplies else None
    return -2 if W is not None and before_rearranging(node.args[0]) is W else -1
