"""Find what goes wrong between a gradient and its parameter: too large a rate, older gradients, no step at all.

A rate is tried: the optimiser makes some steps on the record, with its own rule and state, on copies.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..derivatives import gradients
from ..engine.used_gradients import holds_older
from ..format.numbers import short
from ..graph import Node
from ..numeric.norms import norm
from ..optim import SGD, Optimiser
from ..tensor import Tensor
from .finding import Finding, Remedy
from .inspected import Inspected, is_finite, list_names
from .trials import ENTRIES, replay

# One step is not enough: the loss may rise in it, and fall in the next.
STEPS = 10
# Smaller rates to try, as parts of the given one.
SMALLER = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 1e-3, 1e-4)
# A rise by a smaller part of the loss is not reported.
RISE = 0.05
# So many nodes may be computed again.
WORK = 400_000


def zero_grad_forgotten(inspected: Inspected) -> Iterator[Finding]:
    """Find a ``.grad`` that also contains the gradient of an earlier step."""
    older = [node for node in sorted(inspected.record.leaves, key=lambda node: node.serial) if holds_older(node)]
    if not older:
        return
    node = older[0]
    mine = norm(inspected.gradients[node]) if node in inspected.gradients else 0.0
    names = list_names([inspected.wanted.get(n, inspected.describe(n)) for n in older])
    words = (
        f"The .grad of {names} holds the gradient of an earlier step too: the values were changed after it, and then "
        f"backward() added to it. Its norm is {short(norm(node.grad))}, that of the gradient of {inspected.loss} alone "
        f"{short(mine)}. Call zero_grad() of the optimiser, the network or the parameters once for each step, before "
        "backward()."
    )
    at = inspected.user_location(node)
    found = inspected.make_finding("older gradients", node, words, older[1:], at, norm=norm(node.grad), own=mine)
    yield found._replace(about=names)


# Parameters and optimisers.


def not_held_by_optimiser(inspected: Inspected) -> Iterator[Finding]:
    """Find parameters that no optimiser holds, and those that one holds but the loss does not use."""
    if not inspected.optimisers:
        return
    held = {p.node: p for optimiser in inspected.optimisers for p in optimiser.parameters}
    names = " and ".join(type(optimiser).__name__ for optimiser in inspected.optimisers)
    hold = "hold" if len(inspected.optimisers) > 1 else "holds"
    strange = [node for node in held if node not in inspected.record.every]
    lacking = [
        node
        for node in sorted(inspected.visited, key=lambda node: node.serial)
        if node.op is None and node not in held and (not inspected.wanted or node in inspected.wanted)
        and not is_data(inspected, node, held)
    ]  # fmt: skip
    if strange and lacking:
        words = (
            f"{names} {hold} {describe_parameters(inspected, strange)}, from which {inspected.loss} was not computed, "
            f"and not {describe_parameters(inspected, lacking)}, from which it was: no step changes them. Make the "
            "optimiser with the parameters of the network that is used."
        )
    elif lacking:
        many = len(lacking) > 1
        it, sizes = "them" if many else "it", ", ".join(short(norm(inspected.gradients[n])) for n in lacking[:4])
        words = (
            f"{names} {'do' if hold == 'hold' else 'does'} not hold {describe_parameters(inspected, lacking)}: a "
            f"gradient comes to {it} (of norm {sizes}), and no step changes {it}. Give {it} to the optimiser, if "
            f"{'they are' if many else 'it is'} to be trained; what is not takes no gradient as constant(...)."
        )
    elif strange and len(strange) == len(held):
        words = (
            f"{names} {hold} {describe_parameters(inspected, strange)} alone, from which {inspected.loss} was not "
            "computed."
        )
    else:
        return
    nodes = lacking or strange
    at = inspected.user_location(nodes[0])
    found = inspected.make_finding("not held by the optimiser", nodes[0], words, nodes[1:], at)
    yield found._replace(about=describe_parameters(inspected, nodes))


def describe_parameters(inspected: Inspected, nodes: list[Node]) -> str:
    return list_names([inspected.wanted.get(node) or inspected.describe(node) for node in nodes])


def is_data(inspected: Inspected, node: Node, held: Any) -> bool:
    """Is a leaf data: a target, or used only together with parameters that the optimiser holds?"""
    uses = list(inspected.uses(node))
    return all(
        any(a in held for a in user.args if a is not None) or user.op.names[k : k + 1] == ("target",)
        for user, k in uses
    )  # fmt: skip


# The rate.


def rising_loss(inspected: Inspected) -> Iterator[Finding]:
    """Try some steps; if the loss rises, look for a smaller rate with which it falls."""
    if inspected.root.shape not in ((), (1,)) or not is_finite(inspected.value(inspected.root)):
        return
    for optimiser in inspected.optimisers or ([None] if inspected.rate is not None else []):
        rate = float((inspected.rate or 0.0) if optimiser is None else optimiser.rate(optimiser.steps))
        losses = try_steps(inspected, optimiser, 1.0)
        if losses is None or not rises(losses):
            continue
        for smaller in SMALLER:
            fewer = try_steps(inspected, optimiser, smaller)
            if fewer is not None and fewer[-1] < losses[0] and median_loss(fewer) < losses[0]:
                yield write_rate_finding(inspected, optimiser, rate, losses, smaller, fewer)
                break


def median_loss(losses: list[float]) -> float:
    """Return the median of the later losses; a loss that is not finite counts as infinite."""
    later = [x if math.isfinite(x) else math.inf for x in losses[1:]]
    return float(np.median([*later, *[math.inf] * (STEPS - len(later))]))


def rises(losses: list[float]) -> bool:
    """Is the loss clearly larger after most of the steps than it is now?"""
    return median_loss(losses) > losses[0] + RISE * abs(losses[0]) + 1e-12


def try_steps(inspected: Inspected, optimiser: Optimiser | None, factor: float) -> list[float] | None:
    """Return the loss before and after each of some steps, with ``factor`` times the rate; None if it takes long."""
    size = sum(int(np.prod(node.shape)) for node in inspected.nodes)
    inspected.steps_tried += STEPS * (len(inspected.nodes) + size // 1000)
    if inspected.steps_tried > WORK or size > ENTRIES:
        inspected.note_skipped("Whether the rate makes the loss rise was not tried: that would take long here.")
        return None
    leaves = [node for node in inspected.visited if node.op is None]
    copies = {node: Tensor(inspected.value(node)) for node in leaves}
    try:
        moving = copy_optimiser(inspected, optimiser, copies, factor)
        losses: list[float] = []
        for _ in range(STEPS + 1):
            loss = replay(inspected, copies)[inspected.root]
            losses.append(float(np.sum(loss._array)))
            if not math.isfinite(losses[-1]) or len(losses) > STEPS:
                break
            with np.errstate(all="ignore"):
                for p, g in zip(copies.values(), gradients(loss.sum(), [*copies.values()])):
                    p.node.grad = g
                moving.step()
        return losses
    except Exception:  # an operation may refuse other numbers
        return None


def copy_optimiser(
    inspected: Inspected, optimiser: Optimiser | None, copies: dict[Node, Tensor], factor: float
) -> Optimiser:
    """Copy an optimiser with its rule and its state, for copies of the parameters and ``factor`` times its rate."""
    if optimiser is None:
        return SGD([*copies.values()], factor * (inspected.rate or 0.0))
    memo: dict[int, Any] = {id(p): copies.get(p.node, Tensor(p._array)) for p in optimiser.parameters}
    memo |= {id(optimiser.callback): None, id(optimiser.rate): optimiser.rate}
    made = copy.deepcopy(optimiser, memo)
    rate = optimiser.rate
    made.rate = lambda step: factor * rate(step)
    return made


def write_rate_finding(
    inspected: Inspected,
    optimiser: Optimiser | None,
    rate: float,
    losses: list[float],
    smaller: float,
    fewer: list[float],
) -> Finding:
    """Describe the losses of the steps that were tried, and the smaller rate that helps."""
    name = type(optimiser).__name__ if optimiser is not None else "gradient descent"
    later = losses[1:]
    higher = sum(not x <= losses[0] for x in later)
    most = "is not finite any more" if not math.isfinite(losses[-1]) else f"goes up to {short(max(later))}"
    steps = f"all {len(later)}" if higher == len(later) else f"{higher}"
    words = (
        f"Of {len(later)} steps of {name} with a rate of {rate:g}, tried on this record, {steps} leave "
        f"{inspected.loss} higher than the {short(losses[0])} that it is now: it {most}."
    )
    remedy = Remedy(f"With a rate of {short(rate * smaller)} it falls to {short(fewer[-1])} in {len(fewer) - 1} steps.")
    numbers = dict(rate=rate, before=losses[0], after=losses[-1], highest=max(later), smaller=rate * smaller)
    return inspected.make_finding("rate too large", inspected.root, words, (), None, [remedy], 1, **numbers)
