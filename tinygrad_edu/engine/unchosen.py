"""Finds elements on which a result does not depend: their gradient is 0, though a derivative on the way is NaN.

``np.where(x > 0, np.log(x), 0).sum()`` is 0 at x = 0, and stays 0 when log(x), which ``where`` did not choose, is
moved a little: so the gradient of that element is 0.  In floating point the chain rule gives 0 times infinity, which is
NaN.

If a gradient comes out NaN here, the sweep runs again, after it has found on which elements the result depends:

- It depends on all elements of itself, but for those that the seed multiplies by 0.
- An operation that chooses (``where``, an index, ``maximum``, ``clip``; its statement says ``selects``) leaves elements
  out.  Its rule, applied to a gradient of random numbers, is 0 exactly there, and at bends, where 0 is a convention.
  The same holds of each rule that reads nothing but data: what it multiplies by 0, as by a mask, it multiplies by 0
  wherever the operands are.
- An elementwise operation of which a result is left out has its operands left out there.  Of any other operation all
  operands count, if only one of its results does.
- A value with several uses is left out only where all of them leave it out.
- A second derivative is NaN at a bend, as of |x| at 0.  But if the x there is 0 with slope 0 and curvature 0, it stays
  0 to second order, and the bend does not matter: so of ``max`` over copies of one value, or of a unit that is off.

The result is constant in each element that is left out, with all others held fixed, so its derivative there is 0 and
adds nothing to the chain rule, however steep the way goes on.  Where a factor is 0 only at this point, nothing is left
out: sqrt(x)**2 has slope 1 at 0, and its gradient stays the NaN that floating point makes of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from ..context import current, within
from ..engine import calling
from ..errors import coerce
from ..errors import messages as errors
from ..graph import Node, Value, get_frame, record
from ..ops import jumps, where
from ..ops.conventions import across, strict
from ..sweep import Step, steps, topological_order, unbroadcast
from .recompute import tensors


def collect_gradients(root: Node, seed: Any, wanted: Any = None, differentiable: bool = False) -> dict[Node, Any]:
    """Sweep, and return the gradients of ``root`` with respect to the nodes ``wanted``; to all leaves, if None."""
    # Whoever watches for NaN is shown only what the result depends on.
    watched = current.get().watch is not None
    nodes = topological_order(root)
    try:
        vjps = Dependence(root, seed).vjps if watched else None
        found = collect_from(steps(root, seed, differentiable, vjps, nodes), wanted)
        if not watched and has_nan(found.values(), nodes):
            found = collect_from(steps(root, seed, differentiable, Dependence(root, seed).vjps, nodes), wanted)
    except Exception as error:
        raise errors.hide_our_frames(error)
    return found


def kept_gradient(g: Any) -> Any:
    """The hook of a result whose gradient is kept in its ``.grad``: see ``Tensor.retain_grad``.  It changes nothing."""
    return g


def collect_from(steps: Iterator[Step], wanted: Any) -> dict[Node, Any]:
    """Run one sweep, and return the gradients of the nodes ``wanted``; of all leaves, if None."""
    if wanted is None:
        return {node: g for node, g, _ in steps if node.op is None or kept_gradient in node.hooks}
    found, oldest = {}, min([node.serial for node in wanted], default=0)
    for node, g, _ in steps:
        if node in wanted:
            found[node] = g
        if node.serial <= oldest:
            break  # nothing older is wanted
    return found


def watch_steps(root: Node, seed: Any) -> Iterator[Step]:
    """Yield the steps of the sweep; as soon as one passes NaN on, go on with those of the second kind of sweep."""
    done = 0
    for step in steps(root, seed):
        if has_nan([c for c in step[2] if c is not None]):
            yield from islice(steps(root, seed, False, Dependence(root, seed).vjps), done, None)
            return
        yield step
        done += 1


def has_nan(gradients: Iterable[Any], nodes: list[Node] | None = None) -> bool:
    """Is there NaN among the gradients?  Infinity of both signs also gives True, and the second sweep, which is rare.

    A sum tells, since it is NaN if one term is.  The sum of squares of an array, or the minimum of a large one, is what
    NumPy computes fastest.  ``nodes``: those of the sweep; if no operation among them leaves elements out, large arrays
    are not checked.
    """
    total, large = 0.0, []
    for g in gradients:
        if isinstance(g, np.ndarray):
            if g.size < LARGE:
                flat = g if g.ndim == 1 else g.ravel()
                total += float(flat.dot(flat))
            else:
                large.append(g)
        elif isinstance(g, np.generic):
            total += float(g)
        else:
            total += has_nan([g._array] if isinstance(g, Value) else [x for _, x in g.parts]) and math.nan
    if large and (nodes is None or nodes[-1].shape or any(node.op.leaves_out for node in nodes if node.op is not None)):
        total += sum(float(g.min()) for g in large)
    return total != total


LARGE = 1000  # numbers, above which an array counts as large


class Dependence:
    """Knows on which elements of each value the root depends, by the rules at the head of this file."""

    def __init__(self, root: Node, seed: Any) -> None:
        """Visit all nodes from the root back, and find for each operand the elements that count.

        ``seed``: the gradient of the root, of its shape.
        """
        # By a node and the number of an operand: the elements of its vjp that count, unless all do; and the bends at
        # which the convention of the rule is right.
        self.masks: dict[tuple[Node, int], Any] = {}
        self.calm: dict[tuple[Node, int], Any] = {}
        self.idle: set[Node] = set()  # nodes of which no element counts
        counts: dict[Node, Any] = {root: np.broadcast_to(seed_mask(seed), root.shape)}
        with np.errstate(all="ignore"):
            for node in reversed(topological_order(root)):
                here = counts.pop(node)
                if not here.any():
                    self.idle.add(node)
                for k, a in enumerate(node.args):
                    if a is not None and a.active:
                        reached = self.counting(node, k, here)
                        counts[a] = counts[a] | reached if a in counts else reached

    def counting(self, node: Node, k: int, here: Any) -> Any:
        """Find the elements of operand ``k`` on which the elements ``here`` of a node depend, as an array of bool."""
        op, a = node.op, node.args[k]
        if node in self.idle:
            return np.zeros(a.shape, bool)
        if strict.get() and (calm := harmless_bends(node, k)) is not None:
            self.calm[node, k] = calm
        if not reads_data_alone(node, k):
            if not op.elementwise:
                return np.ones(a.shape, bool)
            mask = here
        else:
            probe = np.where(here, np.random.default_rng(0).uniform(1, 2, node.shape), 0)
            try:
                mask = coerce.dense(op.vjp(k, node.args, probe[()], node.result, node.values)) != 0
            except Exception:
                # A rule of the user may fail on random numbers.  Then all elements count.
                return np.ones(a.shape, bool)
            if op.selects and op.variadic is None and not mask.all():
                mask = mask | np.broadcast_to(where_rule_jumps(node, k, probe[()]), mask.shape)
            if op.elementwise and mask.shape == here.shape:
                mask = mask & here  # where 0 came in, an infinite slope has made NaN, which is not 0
            if op is jumps.op and k and node.args[1] is not None and mask.any():
                mask = mask & ~where_it_stays_zero(node.args[1], node.values[3])
        if not mask.all():
            self.masks[node, k] = mask
        return np.asarray(unbroadcast(mask.astype(float), a)) > 0

    def vjps(self, node: Node, g: Any, z: Any, values: Any) -> list[Any]:
        """The vjp of each operand, as ``op.vjps``, with 0 for the elements that do not count."""
        if node in self.idle:
            return [np.zeros(a.shape, g.dtype)[()] if a is not None and a.active else None for a in node.args]
        pulled = node.op.vjps(node.args, g, z, values)
        for k, c in enumerate(pulled):
            if (node, k) in self.calm:
                with across(False):
                    pulled[k] = c = where(self.calm[node, k], node.op.vjp(k, node.args, g, z, values), c)
            mask = self.masks.get((node, k))
            if c is not None and mask is not None:
                pulled[k] = where(mask, coerce.dense(c), 0)
        return pulled


def where_rule_jumps(node: Node, k: int, g: Any) -> Any:
    """Find where the rule for operand ``k`` jumps when the operand moves: there its derivative is NaN, by ``jumps``."""

    def leaf(x: Any, active: bool) -> Any:
        tensor = record(None, (), (), x, False, current.get(), get_frame(0))
        tensor.node.active = active
        return tensor

    with within(recording=True, watch=None, scope=None):
        operands = [x if a is None or x is None else leaf(x, a.active) for a, x in zip(node.args, node.values)]
        z = None if node.result is None else leaf(node.result, False)
        c = node.op.vjp(k, node.args, g, z, operands)
    found = {}
    if isinstance(c, Value) and c.node.active:
        found = collect_from(steps(c.node, np.ones(c.node.shape)[()]), {operands[k].node})
    return np.isnan(as_array(next(iter(found.values())))) if found else False


def harmless_bends(node: Node, k: int) -> Any:
    """Find the bends at which the convention of a rule is right, since what bends stays 0; None if there is none."""
    ones = np.ones(node.shape)[()]
    c = coerce.dense(node.op.vjp(k, node.args, ones, node.result, node.values))
    if not np.isnan(c).any():
        return None
    shape = c.shape
    with within(recording=True, watch=None, scope=None), across(False):
        values, z = tensors(node)
        c = node.op.vjp(k, node.args, ones, z, values)
        found: Any = None
        for each in topological_order(c.node) if isinstance(c, Value) else ():
            if each.op is jumps.op and each.serial > node.serial and each.args[1] is not None:
                calm = where_it_stays_zero(each.args[1], each.values[3])
                found = calm if found is None else found | calm
    return found if np.shape(found) == shape else None


def where_it_stays_zero(node: Node, at: Any) -> Any:
    """Among the elements ``at`` which a node is 0, find those whose slope and curvature by all leaves are 0 too."""
    rng, at = np.random.default_rng(1), np.broadcast_to(at, node.shape)

    def flat(places: Any) -> bool:
        with within(recording=True, watch=None, scope=None):
            slopes = gradients_if_zero(node, np.where(places, rng.uniform(1, 2, at.shape), 0), True)
            along = None if slopes is None else sum((g * rng.uniform(1, 2, g.shape)).sum() for g in slopes)
        if not isinstance(along, Value) or not along.node.active:
            return slopes is not None
        return gradients_if_zero(along.node, np.ones(along.node.shape)) is not None

    if flat(at):
        return at
    found = np.zeros_like(at)
    for place in map(tuple, np.argwhere(at) if np.sum(at) <= ONE_BY_ONE else ()):
        one = np.zeros_like(at)
        one[place] = True
        found[place] = flat(one)
    return found


def gradients_if_zero(root: Node, seed: Any, differentiable: bool = False) -> Any:
    """The gradients with respect to all leaves, if they are 0 up to rounding in the sweep; None if one is not."""
    found = collect_gradients(root, seed, None, differentiable)
    # The rounding error of each gradient: of what accumulates in it, and of the gradients that it was computed from.
    noise = {root: 0.0}
    for node, g, passed in steps(root, seed):
        for a, c in zip(node.args, passed):
            if c is not None:
                here, there = largest_finite(g), largest_finite(c)
                noise[a] = noise.get(a, 0.0) + 1e-14 * there + (noise[node] * there / here if here else 0.0)
    return found.values() if all((np.abs(as_array(g)) <= noise[leaf]).all() for leaf, g in found.items()) else None


def largest_finite(g: Any) -> float:
    """The largest absolute value among the finite numbers of a gradient; 0 if there is none."""
    x = np.abs(np.asarray(as_array(g), float))
    return float(x.max(initial=0, where=np.isfinite(x)))


ONE_BY_ONE = 64  # the most elements that are examined one by one, if not all of them stay 0 together


def as_array(g: Any) -> Any:
    """A gradient, which may be a Tensor or sparse, as an ordinary array."""
    return g._array if isinstance(g, Value) else coerce.dense(g)


def seed_mask(seed: Any) -> Any:
    """The elements at which a seed is not 0; all, if the seed is a Tensor that takes a gradient itself."""
    if isinstance(seed, Value):
        return np.ones(seed.node.shape, bool) if seed.node.active else seed._array != 0
    return np.asarray(seed) != 0


def reads_data_alone(node: Node, k: int) -> bool:
    """Is the rule for operand ``k`` 0 only at elements where it is 0 for all values of the operands?"""
    op = node.op
    if op.selects:
        return True
    if op.variadic is not None:
        name, others = op.names[op.variadic], [a for i, a in enumerate(node.args) if i != k]
        data = not any(a is not None and a.active for a in others)
        active = set() if data else {name}
    else:
        name = op.names[k]
        active = {n for n, a in zip(op.names, node.args) if a is not None and a.active}
    return not ({"z"} | active) & set(calling.names(op.rules[name]))
