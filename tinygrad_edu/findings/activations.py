"""Activations that let no gradient through: saturated ones, and units that are dead.

Which operations can saturate, and which have a slope of exactly 0 on one side, is found by trying the operation's own
rule on a grid, so it holds for those that a user declares, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ..norms import norm
from ..op import Node
from ..stepping.jacobian import local
from .case import Case, finite, number_of, percent, short
from .finding import Finding
from .layers import is_layer, weights
from .zeros import LOGARITHMS, MOVES

# The grid is even near 0, and even in the logarithm far from it, to 10,000.
GRID = np.sinh(np.linspace(-math.asinh(1e4), math.asinh(1e4), 1001))
EDGE = 4 / ((1 + math.exp(-5)) * (1 + math.exp(5)))  # a sigmoid's slope at 5 over that at 0, and tanh's at 2.5
FEW = 32  # numbers: of arrays smaller than that, as in the steps of a loop, all count together
ROWS, SHARE = 16, 0.1  # examples, and the part of the units that is dead: of fewer nothing is said
SHIFTS = ("negative", "add", "subtract", "multiply", "clip", "maximum", "minimum", "where")


class Curve(NamedTuple):
    """What a grid shows of an operation of one number."""

    steepest: float
    low: float  # below, and above high, its slope is less than EDGE of the steepest; infinite if it does not saturate
    high: float
    flat: bool  # is its slope exactly 0 on one side alone?


def saturates(curve: Curve) -> bool:
    """Is it bounded, with a slope that goes to 0 on both sides?"""
    return math.isfinite(curve.low)


def operand_of(node: Node) -> int | None:
    """The one operand of an elementwise operation whose other arguments are plain numbers."""
    tensors = [k for k, a in enumerate(node.args) if a is not None]
    if node.op is None or not node.op.elementwise or len(tensors) != 1 or not node.args[tensors[0]].active:
        return None
    others = [v for k, v in enumerate(node.values) if k != tensors[0]]
    return tensors[0] if all(v is None or np.ndim(v) == 0 for v in others) else None


def curves(case: Case) -> Iterator[tuple[Node, int, Curve]]:
    """The activations of a computation, and what is known of each."""
    known: dict[Any, Curve | None] = {}
    for swept in case.stepper.swept[::-1]:
        node = swept.node
        k = operand_of(node)
        if k is None:
            continue
        key = (node.op, k, *(repr(v) for i, v in enumerate(node.values) if i != k))
        if key not in known:
            known[key] = curve(node, k)
        found = known[key]
        if found is not None:
            yield node, k, found


def tried(node: Node, k: int, x: Any) -> tuple[Any, Any]:
    """The values and the slopes of a node's operation at other numbers."""
    values = [*node.values]
    values[k] = x
    args: list[Any] = [None] * len(node.args)
    args[k] = SimpleNamespace(active=True, shape=x.shape)
    z = node.op.forward(*values)
    return z, np.broadcast_to(node.op.pull(args, np.ones(x.shape), z, values, k)[k], x.shape)


def curve(node: Node, k: int) -> Curve | None:
    """What a grid shows; None for an operation that is defined on a part of it only, or is flat all over."""
    with np.errstate(all="ignore"):
        try:
            z, slopes = tried(node, k, GRID)
            return read(node, k, np.asarray(z, float), np.abs(np.asarray(slopes, float)))
        except Exception:  # an operation need not be able to do this
            return None


def read(node: Node, k: int, z: Any, slopes: Any) -> Curve | None:
    """The properties of a curve from its values and slopes on the grid."""
    known = np.isfinite(z) & np.isfinite(slopes)
    if z.shape != GRID.shape or not known[np.abs(GRID) <= 30].all():
        return None
    near = np.abs(GRID) <= 10
    steepest, top = float(slopes[known].max()), float(slopes[near].max())
    if not top:
        return None
    left, right = known & (GRID < -100), known & (GRID > 100)
    rise = np.ptp(z[known])
    tails = all(
        side.sum() > 10 and slopes[side].max() <= 1e-3 * steepest and np.ptp(z[side]) <= 0.02 * rise
        for side in (left, right)
    )
    low, high = -math.inf, math.inf
    if tails:
        steep = np.flatnonzero(slopes >= EDGE * steepest)
        low = edge(node, k, GRID[steep[0] - 1], GRID[steep[0]], EDGE * steepest)
        high = edge(node, k, GRID[steep[-1] + 1], GRID[steep[-1]], EDGE * steepest)
    return Curve(steepest, low, high, is_flat(slopes, top) != is_flat(slopes[::-1], top))


def edge(node: Node, k: int, flat: float, steep: float, limit: float) -> float:
    """Where the slope falls below a limit, by halving."""
    for _ in range(40):
        middle = (flat + steep) / 2
        _, slope = tried(node, k, np.array([middle]))
        flat, steep = (middle, steep) if abs(slope[0]) < limit else (flat, middle)
    return flat


def is_flat(slopes: Any, top: float) -> bool:
    """Is the slope exactly 0 up to a bend?  Where it goes to 0 slowly and is rounded, as that of exp, there is none."""
    first = int(np.flatnonzero(slopes)[0])
    return first > 200 and float(slopes[first : first + 30].max()) > 1e-6 * top


def saturated(case: Case) -> Iterator[Finding]:
    """Activations most of whose operands lie where the slope is next to nothing."""
    bad: dict[Node, tuple[int, Curve, float]] = {}
    few: dict[Any, list[tuple[int, float]]] = {}
    for node, k, known in curves(case):
        if saturates(known) and np.prod(node.shape) and finite(case.gradients[node]):
            x = case.value(node.args[k])
            share = float(np.mean((x < known.low) | (x > known.high)))
            if np.size(x) < FEW:
                few.setdefault(series(case, node), []).append((np.size(x), share))
            if share >= 0.5 and not undone(case, node):
                bad[node] = k, known, share
    for key, passes in few.items():
        if sum(n * share for n, share in passes) < 0.5 * sum(n for n, _ in passes):
            bad = {
                node: each
                for node, each in bad.items()
                if np.size(case.value(node.args[each[0]])) >= FEW or series(case, node) != key
            }
    for group in case.grouped(bad):
        node = max(group, key=lambda node: bad[node][2])
        group.sort(key=lambda each: each is not node)
        k, known, share = bad[node]
        x = case.value(node.args[k])
        outside = (x < known.low) | (x > known.high)
        slope = float(np.median(np.abs(local(node, k)[outside])))
        before, after = norm(case.gradients[node]), norm(case.passed[node][k])
        name, n = case.said(node.args[k]), int(np.sum(outside))
        words = (
            f"{case.made(node)} is saturated, {case.line(node)}: {n:,} of {number_of(int(np.size(x)), 'value')} of "
            f"{name} ({percent(share)}) lie below {short(known.low)} or above {short(known.high)}, where the slope of "
            f"{node.op.name} is under 3 % of its largest (the median there is {short(slope)}). Of a gradient of norm "
            f"{short(before)}, {short(after)} is passed on.{case.others(group)} Try smaller weights (Glorot's, as "
            "nn.Linear has them), inputs of mean 0 and variance 1, or relu."
        )
        numbers: dict[str, Any] = dict(share=share, count=n, size=int(np.size(x)), low=known.low, high=known.high)
        numbers |= dict(slope=slope, before=before, after=after, times=len(group))
        yield case.finding("saturated", node, words, [*group[1:], node.args[k]], **numbers)


def series(case: Case, node: Node) -> Any:
    """What the steps of a loop have in common: the line, the operation, and the name."""
    return node.op, node.code, node.lasti, case.record.words.base(node)


def undone(case: Case, node: Node) -> bool:
    """Does a logarithm follow?  In -log(sigmoid(v)) its slope is as large as the other's is small."""
    seen, stack = {node}, [node]
    while stack:
        for user, _ in case.uses(stack.pop()):
            if user.op.name in LOGARITHMS or user.op.name == "binary_cross_entropy":
                continue
            if user.op.name not in (*MOVES, *SHIFTS):
                return False
            if len([a for a in user.args if a is not None and a.active]) != 1:
                return False
            if user not in seen:
                seen.add(user)
                stack.append(user)
    return node is not case.root and len(list(case.uses(node))) > 0


# Dead units.


def dead(case: Case) -> Iterator[Finding]:
    """Units of an activation like relu that are off, with a slope of exactly 0, for every example."""
    bad: dict[Node, tuple[int, Any, int]] = {}
    few: dict[Any, list[tuple[Node, int, Any]]] = {}  # the steps of a loop: one example or some in each
    for node, k, known in curves(case):
        if known.flat and node.shape and np.prod(node.shape):
            off = np.broadcast_to(local(node, k) == 0, node.shape)
            axis = units(case, node.args[k]) % off.ndim
            off = np.moveaxis(off, axis, -1).reshape(-1, node.shape[axis])  # (examples, units)
            if len(off) >= ROWS:
                if (off.all() or enough(off)) and hidden(case, node, k):
                    bad[node] = k, off.all(0), len(off)
            else:
                few.setdefault((*series(case, node), off.shape), []).append((node, k, off))
    for passes in few.values():
        every = np.concatenate([off for _, _, off in passes])
        node, k, _ = passes[0]
        if (every.all() or (len(every) >= ROWS and enough(every))) and hidden(case, node, k):
            bad[node] = k, every.all(0), len(every)
    for group in case.grouped(bad):
        node = max(group, key=lambda node: bad[node][1].mean())
        group.sort(key=lambda each: each is not node)
        k, off, rows = bad[node]
        which = ", ".join(map(str, np.flatnonzero(off)[:8])) + (", ..." if off.sum() > 8 else "")
        one, n = off.sum() == 1, number_of(len(off), "unit")
        words = (
            f"{int(off.sum()):,} of the {n} of {case.made(node)} {'is' if one else 'are'} dead, {case.line(node)}: for "
            f"{f'all {rows:,} examples' if rows > 1 else 'the example'} {case.said(node.args[k])} lies where the slope "
            f"of {node.op.name} is 0, so no gradient comes to what computes {'it' if one else 'them'} "
            f"(unit{'s' * (not one)} {which}).{case.others(group)} Try smaller steps, smaller weights or a bias that "
            "is not so negative, or leaky_relu, whose slope is never 0."
        )
        numbers: dict[str, Any] = dict(
            dead=int(off.sum()), units=len(off), share=float(off.mean()), examples=rows, times=len(group)
        )
        yield case.finding("dead", node, words, [*group[1:], node.args[k]], **numbers)


def enough(off: Any) -> bool:
    """Is a part of the units off for all examples, and not by chance, as others are on for one or two?"""
    number = (~off).sum(0)
    return bool((number == 0).sum() - ((number == 1) | (number == 2)).sum() >= max(1, SHARE * off.shape[1]))


def hidden(case: Case, node: Node, k: int) -> bool:
    """Is it an activation between layers, or after one?  In a hinge loss, relu(1 - y v), to be off is to be right."""
    v = node.args[k]
    biased = (
        v.op is not None and v.op.name == "add" and any(a is not None and a.op is None and a.active for a in v.args)
    )
    before = [v, *(v.args if biased else ())]
    return any(a is not None and is_layer(a) for a in before) or any(is_layer(user) for user in case.above([node]))


def units(case: Case, v: Node) -> int:
    """The axis of the units: the last, where examples are rows; the first, of W @ X; channels, of a convolution."""
    node: Node | None = v
    while node is not None and node.op is not None and node.op.name in ("add", "subtract"):
        node = next((a for a in node.args if a is not None and a.op is not None and a.shape == v.shape), None)
    if node is None or node.op is None or len(v.shape) < 2:
        return -1
    if node.op.name in ("conv1d", "conv2d"):
        return 1
    if node.op.name in ("matmul", "dot"):
        W = weights(node)
        left = node.args[0]
        while left is not None and left.op is not None and left is not W:
            left = left.args[0] if left.op.name in ("transpose", "matrix_transpose") else None
        return -2 if W is not None and left is W else -1
    return -1
