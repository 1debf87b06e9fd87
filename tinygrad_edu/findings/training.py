"""What goes wrong between a gradient and its parameter: a rate that is too large, older gradients, no step at all.

A rate is tried: some steps of the optimiser are made on the record, with its own rule and state, on copies.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..derivatives import gradients
from ..engine.used_gradients import holds_older
from ..format.locations import OURS
from ..format.numbers import short
from ..graph import Node
from ..numeric.norms import norm
from ..optim import SGD, Optimiser
from ..tensor import Tensor
from .case import Case, finite, listed
from .finding import Finding, Remedy
from .trying import ENTRIES, replay

STEPS = 10  # that are tried: after one alone the loss may be higher, and lower after the next
SMALLER = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 1e-3, 1e-4)
RISE = 0.05  # of the loss, below which nothing is said
WORK = 400_000  # nodes that are computed again


def zero_grad_forgotten(case: Case) -> Iterator[Finding]:
    """A ``.grad`` that holds the gradient of an earlier step as well."""
    older = [node for node in sorted(case.record.leaves, key=lambda node: node.serial) if holds_older(node)]
    if not older:
        return
    node = older[0]
    mine = norm(case.gradients[node]) if node in case.gradients else 0.0
    names = listed([case.wanted.get(n, case.said(n)) for n in older])
    words = (
        f"The .grad of {names} holds the gradient of an earlier step too: the values were changed after it, and then "
        f"backward() added to it. Its norm is {short(norm(node.grad))}, that of the gradient of {case.loss} alone "
        f"{short(mine)}. Call zero_grad() of the optimiser, the network or the parameters once for each step, before "
        "backward()."
    )
    at = case.place(node)
    at = case.place(case.root) if at.file.startswith(OURS) else at
    found = case.finding("older gradients", node, words, older[1:], at, norm=norm(node.grad), own=mine)
    yield found._replace(about=names)


# Who is trained.


def not_held(case: Case) -> Iterator[Finding]:
    """Parameters that no optimiser holds, and those that one holds and the loss was not computed from."""
    if not case.optimisers:
        return
    held = {p.node: p for optimiser in case.optimisers for p in optimiser.parameters}
    names = " and ".join(type(optimiser).__name__ for optimiser in case.optimisers)
    hold = "hold" if len(case.optimisers) > 1 else "holds"
    strange = [node for node in held if node not in case.record.every]
    lacking = [
        node
        for node in sorted(case.ours, key=lambda node: node.serial)
        if node.op is None and node not in held and (not case.wanted or node in case.wanted)
        and not is_data(case, node, held)
    ]  # fmt: skip
    if strange and lacking:
        words = (
            f"{names} {hold} {called(case, strange)}, from which {case.loss} was not computed, and not "
            f"{called(case, lacking)}, from which it was: no step changes them. Make the optimiser with the parameters "
            "of the network that is used."
        )
    elif lacking:
        many = len(lacking) > 1
        it, sizes = "them" if many else "it", ", ".join(short(norm(case.gradients[n])) for n in lacking[:4])
        words = (
            f"{names} {'do' if hold == 'hold' else 'does'} not hold {called(case, lacking)}: a gradient comes to {it} "
            f"(of norm {sizes}), and no step changes {it}. Give {it} to the optimiser, if "
            f"{'they are' if many else 'it is'} to be trained; what is not takes no gradient as constant(...)."
        )
    elif strange and len(strange) == len(held):
        words = f"{names} {hold} {called(case, strange)} alone, from which {case.loss} was not computed."
    else:
        return
    nodes = lacking or strange
    at = case.place(nodes[0])
    at = case.place(case.root) if at.file.startswith(OURS) else at
    found = case.finding("not held by the optimiser", nodes[0], words, nodes[1:], at)
    yield found._replace(about=called(case, nodes))


def called(case: Case, nodes: list[Node]) -> str:
    """Parameters by their names."""
    return listed([case.wanted.get(node) or case.said(node) for node in nodes])


def is_data(case: Case, node: Node, held: Any) -> bool:
    """Is a leaf used only together with parameters that are held, as examples are, or as a target?"""
    uses = list(case.uses(node))
    return all(
        any(a in held for a in user.args if a is not None) or user.op.names[k : k + 1] == ("target",)
        for user, k in uses
    )  # fmt: skip


# The rate.


def rising(case: Case) -> Iterator[Finding]:
    """A rate with which the loss rises: some steps are tried, and with smaller rates some more."""
    if case.root.shape not in ((), (1,)) or not finite(case.value(case.root)):
        return
    for optimiser in case.optimisers or ([None] if case.rate is not None else []):
        rate = float((case.rate or 0.0) if optimiser is None else optimiser.rate(optimiser.steps))
        losses = stepped(case, optimiser, 1.0)
        if losses is None or not rises(losses):
            continue
        for smaller in SMALLER:
            fewer = stepped(case, optimiser, smaller)
            if fewer is not None and fewer[-1] < losses[0] and usual(fewer) < losses[0]:
                yield too_large(case, optimiser, rate, losses, smaller, fewer)
                break


def usual(losses: list[float]) -> float:
    """The loss after most of the steps: their median, infinite where it is not finite any more."""
    later = [x if math.isfinite(x) else math.inf for x in losses[1:]]
    return float(np.median([*later, *[math.inf] * (STEPS - len(later))]))


def rises(losses: list[float]) -> bool:
    """Is the loss larger after most of the steps than it is now?"""
    return usual(losses) > losses[0] + RISE * abs(losses[0]) + 1e-12


def stepped(case: Case, optimiser: Optimiser | None, factor: float) -> list[float] | None:
    """The loss before and after each of some steps on this record, with a part of the rate; None if it takes long."""
    size = sum(int(np.prod(node.shape)) for node in case.nodes)
    case.steps_tried += STEPS * (len(case.nodes) + size // 1000)
    if case.steps_tried > WORK or size > ENTRIES:
        case.skip("Whether the rate makes the loss rise was not tried: that would take long here.")
        return None
    leaves = [node for node in case.ours if node.op is None]
    copies = {node: Tensor(case.value(node)) for node in leaves}
    try:
        moving = other(case, optimiser, copies, factor)
        losses: list[float] = []
        for _ in range(STEPS + 1):
            loss = replay(case, copies)[case.root]
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


def other(case: Case, optimiser: Optimiser | None, copies: dict[Node, Tensor], factor: float) -> Optimiser:
    """An optimiser of copies, with the rule and the state of this one, and a part of its rate."""
    if optimiser is None:
        return SGD([*copies.values()], factor * (case.rate or 0.0))
    memo: dict[int, Any] = {id(p): copies.get(p.node, Tensor(p._array)) for p in optimiser.parameters}
    memo |= {id(optimiser.callback): None, id(optimiser.rate): optimiser.rate}
    made = copy.deepcopy(optimiser, memo)
    rate = optimiser.rate
    made.rate = lambda step: factor * rate(step)
    return made


def too_large(
    case: Case, optimiser: Optimiser | None, rate: float, losses: list[float], smaller: float, fewer: list[float]
) -> Finding:
    """The finding, in words."""
    name = type(optimiser).__name__ if optimiser is not None else "gradient descent"
    later = losses[1:]
    higher = sum(not x <= losses[0] for x in later)
    most = "is not finite any more" if not math.isfinite(losses[-1]) else f"goes up to {short(max(later))}"
    steps = f"all {len(later)}" if higher == len(later) else f"{higher}"
    words = (
        f"Of {len(later)} steps of {name} with a rate of {rate:g}, tried on this record, {steps} leave {case.loss} "
        f"higher than the {short(losses[0])} that it is now: it {most}."
    )
    remedy = Remedy(f"With a rate of {short(rate * smaller)} it falls to {short(fewer[-1])} in {len(fewer) - 1} steps.")
    numbers = dict(rate=rate, before=losses[0], after=losses[-1], highest=max(later), smaller=rate * smaller)
    return case.finding("rate too large", case.root, words, (), None, [remedy], 1, **numbers)
