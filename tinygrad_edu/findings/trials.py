"""Try a remedy before it is proposed: the record is computed again with something changed, and inspected again.

The values of leaves may change, or an operation: its options, an operand, or the operation itself.  A remedy cures if
the very finding is gone, the loss and all gradients are finite, and values that were right are nearly the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..context import within
from ..engine import recompute
from ..engine.reachable import reachable
from ..engine.recompute import call_op
from ..graph import Node, Value
from ..numeric.equality import NEARLY, same
from ..stepping import Stepper
from ..tensor import Tensor, constant
from .finding import Finding
from .inspected import Inspected, entries, is_finite

# A larger record is not computed again.
NODES, ENTRIES = 10_000, 20_000_000
# So many nodes may be computed again for all remedies together.
WORK = 200_000
# A change takes an operation's arguments and the values before it, and returns the new result.
Change = Callable[[list[Any], Mapping[Node, Any]], Any]
Check = Callable[[Inspected], Iterator[Finding]]


def change_operand(node: Node, k: int, other: Callable[[Any], Any]) -> Change:
    """Return the change that gives an operation another operand in position ``k``."""
    return lambda given, made: call_op(node.op, [*given[:k], other(given[k]), *given[k + 1 :]])


def replay(
    inspected: Inspected,
    leaves: Mapping[Node, Any],
    changes: Mapping[Node, Change] = {},
    nodes: Iterable[Node] | None = None,
    record: bool = True,
) -> dict[Node, Any]:
    """Compute the values of nodes again; those of other nodes stay as they were.

    leaves: new values of some nodes.
    changes: operations in the place of other nodes.
    nodes: the nodes to compute, from the oldest to the youngest; by default all.
    record: if True, the results are Tensors with a record, with the names and places of the first one; otherwise they
        are arrays.
    """
    labelled: set[Node] = set()

    def label(node: Node, new: Any) -> Any:
        if record and new.node not in labelled:
            labelled.add(new.node)
            new.node.code, new.node.lasti, new.node.name = node.code, node.lasti, node.name
        return new

    def given(node: Node) -> Any:
        x = leaves[node] if node in leaves else inspected.value(node)
        return x if isinstance(x, Value) or not record else label(node, new_leaf(x, node.active))

    def apply(node: Node, arguments: Sequence[Any], made: Mapping[Node, Any]) -> Any:
        if node in changes:
            return label(node, changes[node]([*arguments], made))
        return label(node, call_op(node.op, arguments)) if record else node.op.forward(*arguments)

    every = [*inspected.nodes] if nodes is None else [*nodes]
    with within(recording=record, watch=None, frame=None, scope=None), np.errstate(all="ignore"):
        known = {node: given(node) for node in every if node in leaves or node.op is None}
        return recompute.replay(every, {**leaves, **known}, apply, inspected.value)


def new_leaf(x: Any, active: bool) -> Tensor:
    return Tensor(x) if active else constant(x)


class Trial:
    """A record that was computed again with something changed."""

    def __init__(self, before: Inspected, made: dict[Node, Any]) -> None:
        self.before, self.made, self.loss = before, made, made[before.root]

    @cached_property
    def inspected(self) -> Inspected:
        """The new record, ready to be inspected, with its sweep done."""
        wanted = {self.made[node].node: words for node, words in self.before.wanted.items() if node in self.made}
        seed = self.before.stepper.seed
        inspected = Inspected(Stepper(self.loss, seed if np.ndim(seed) else None), wanted)
        inspected.seeks_remedies = False
        inspected.sweep()
        return inspected

    @property
    def is_finite(self) -> bool:
        """Are the loss and all gradients of leaves finite?"""
        if not is_finite(self.loss._array):
            return False
        return all(is_finite(entries(g)) for node, g in self.inspected.gradients.items() if node.op is None)

    def is_elsewhere(self, new: Node | None, node: Node) -> bool:
        """Does a node of the new record correspond to one that is on no way to or from the given node?"""
        olds = [old for old, made in self.made.items() if isinstance(made, Value) and made.node is new]
        related = {*self.before.above([node]), *reachable([node])}
        return bool(olds) and not related.intersection(olds)

    def found(self, checks: Iterable[Check]) -> list[Finding]:
        """Run these checks on the new record."""
        return [finding for check in checks for finding in check(self.inspected)]


def try_changes(
    inspected: Inspected,
    leaves: Mapping[Node, Any] = {},
    changes: Mapping[Node, Change] = {},
) -> Trial | None:
    """Compute the record again with these changes; None if that fails or would take too long."""
    size = sum(int(np.prod(node.shape)) for node in inspected.nodes)
    inspected.tries += len(inspected.nodes) + size // 1000
    if not inspected.seeks_remedies:
        return None
    if inspected.tries > WORK or len(inspected.nodes) > NODES or size > ENTRIES:
        inspected.note_skipped("Not every remedy was tried: that would take long here.")
        return None
    try:
        return Trial(inspected, replay(inspected, leaves, changes))
    except Exception:  # an operation may refuse other numbers or shapes
        return None


def cures(trial: Trial | None, kind: str | Collection[str], node: Node, checks: Iterable[Check]) -> bool:
    """Is a finding of this kind gone from the line of a node, and is everything finite?

    Values that are not finite on other ways to the result, apart from this node, belong to other findings.
    """
    if trial is None:
        return False
    kinds = {kind} if isinstance(kind, str) else kind
    where = node.code, node.lasti
    try:
        found = [finding for finding in trial.found(checks) if finding.kind in kinds and finding.node is not None]
        if any((finding.node.code, finding.node.lasti) == where for finding in found):  # type: ignore[union-attr]
            return False
        return trial.is_finite or (bool(found) and all(trial.is_elsewhere(finding.node, node) for finding in found))
    except Exception:  # a rule may refuse as well
        return False


def nearly_same(old: Any, new: Any) -> bool:
    """Are the values nearly the same wherever the old ones were finite?"""
    old, new = np.asarray(old), np.asarray(getattr(new, "_array", new))
    if old.shape != new.shape:
        return False
    known = np.isfinite(old)
    return same(new[known], old[known], NEARLY)
