"""Why a step passes on 0 in the place of infinity or NaN: which operation did not choose an element.

engine/unchosen.py finds the elements that the result does not depend on, and says why 0 is right for them.  Here the
way from such an element to the result is followed up to the operation that leaves it out: a ``where``, an index, a
``maximum``, or a factor 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.recompute import operand_values, run_forward
from ..engine.unchosen import Dependence, seed_mask
from ..errors import coerce
from ..format import locations
from ..format.text import plural
from ..graph import Node
from ..sweep import unbroadcast
from .record import Record

Choosers = tuple[Node, ...]  # operations that leave an element out, the first on the way to the result first
MOST, FEW = 200, 3  # so many operations on the way are looked at, and so many elements are listed


class Alone(Dependence):
    """What one operation leaves out by itself, as if the result depended on everything that the operation gives."""

    def __init__(self) -> None:
        self.masks, self.idle = {}, set()

    def keeps(self, node: Node, k: int) -> Any:
        """Which elements a node passes on to operand ``k``: in its own shape if it is elementwise, else in that of the
        operand.
        """
        mask = self.counting(node, k, np.ones(node.shape, bool))
        return self.masks.get((node, k), mask) if node.op.elementwise else mask


class Choices:
    """What a sweep left out, once it has met NaN.  ``nodes``: those that it visits; ``seed``: what it starts from."""

    def __init__(self, record: Record, nodes: list[Node], seed: Any, chosen: Dependence) -> None:
        self.record, self.seed, self.chosen, self.alone, self.looked = record, seed, chosen, Alone(), 0
        self.users: dict[Node, list[tuple[Node, int]]] = {}
        for node in nodes:
            for k, a in enumerate(node.args):
                if a is not None and a.active:
                    self.users.setdefault(a, []).append((node, k))

    # Which elements.

    def lost(self, node: Node, k: int, g: Any) -> tuple[Any, Any] | None:
        """Where a node passes on 0 though its rule gives NaN or infinity, and what the rule gives; None: nowhere."""
        mask = self.chosen.masks.get((node, k))
        if mask is None and node not in self.chosen.idle:
            return None
        try:
            with np.errstate(all="ignore"):
                c = coerce.dense(node.op.vjp(k, node.args, g, node.result, node.values))
        except Exception:  # a rule of the user may fail where the sweep did not ask it
            return None
        lost = ~np.isfinite(c) & (True if mask is None else ~mask)
        return (lost, c) if lost.any() else None

    def counts(self, node: Node) -> Any:
        """The elements of a node on which the result depends."""
        found = np.array(np.broadcast_to(seed_mask(self.seed) if node is self.record.root else False, node.shape))
        for user, k in self.users.get(node, ()):
            if user not in self.chosen.idle:
                mask = self.chosen.masks.get((user, k))
                found |= True if mask is None else narrowed(mask, node)
        return found

    # Which operations left them out.

    def choosers(self, node: Node, k: int | None, mask: Any) -> list[tuple[Any, Choosers]]:
        """Split the elements in a mask, which are left out, by the operations that do so.

        They are elements of a node; or with ``k``, elements of its operand ``k`` in this use of it.
        """
        self.looked = 0
        return self.follow_uses(node, mask) if k is None else self.follow_use(node, k, mask)

    def follow_uses(self, node: Node, mask: Any) -> list[tuple[Any, Choosers]]:
        """The same for elements of a node, which all its uses leave out."""
        found: list[tuple[Any, Choosers]] = [(mask, ())]
        for user, k in self.users.get(node, ()):
            self.looked += 1
            if self.looked > MOST:
                break
            each = self.follow_use(user, k, mask)
            found = [(m & n, union(some, others)) for m, some in found for n, others in each if (m & n).any()]
        return found

    def follow_use(self, user: Node, k: int, mask: Any) -> list[tuple[Any, Choosers]]:
        """The same for elements of operand ``k``, in one use: the operation itself leaves them out, or a later one."""
        a, kept = user.args[k], self.alone.keeps(user, k)
        if user.op.elementwise:
            up = np.broadcast_to(mask, user.shape) & kept
            rest, here = narrowed(up, a), narrowed(np.broadcast_to(mask, user.shape) & ~kept, a)
        else:
            rest, here = mask & kept, mask & ~kept
            up = self.results_of(user, k, rest)
        found: list[tuple[Any, Choosers]] = []
        for m, who in self.follow_uses(user, up) if up.any() else [(up, ())]:
            below = narrowed(m, a) if user.op.elementwise else rest
            # Of an element that was broadcast, the operation may leave out some copies and pass on others.
            found += [(below & here, union((user,), who)), (below & ~here, who)]
        found.append((here & ~rest, (user,)))
        return [(m, who) for m, who in found if m.any()]

    def results_of(self, node: Node, k: int, mask: Any) -> Any:
        """The results of an operation that come from these elements of an operand: a NaN that is put there shows."""
        values = operand_values(node, self.record.value)

        def is_nan(x: float) -> Any:
            given = [*values[:k], np.where(mask, x, 1.0)[()], *values[k + 1 :]]
            return np.isnan(run_forward(node, given))

        try:
            with np.errstate(all="ignore"):
                return np.broadcast_to(is_nan(np.nan) & ~is_nan(1.0), node.shape)
        except Exception:  # an operation may refuse these numbers
            return np.ones(node.shape, bool)

    # In words.

    def explain(self, node: Node, k: int, g: Any) -> str:
        """``not chosen: 0 in place of nan at x[1], x[2]; see where, line 2``; empty where nothing was replaced."""
        found = self.lost(node, k, g)
        if found is None:
            return ""
        (lost, c), a = found, node.args[k]
        here, name = narrowed(lost, a), self.record.called(a)
        places = np.argwhere(here)
        at = [f"{name}[{', '.join(map(str, i))}]" if len(i) else name for i in places[:FEW].tolist()]
        more = f" and {plural(len(places) - FEW, 'other')}" if len(places) > FEW else ""
        was = " or ".join(sorted({str(x) for x in np.unique(c[lost])}))
        with np.errstate(all="ignore"):
            who = union(*[who for _, who in self.choosers(node, k, here)])
        see = "".join(dict.fromkeys(f"; see {each.op.name}, {line_of(each, node)}" for each in who))
        kind = "not chosen" if all(each.op.selects for each in who) else "left out"
        return f"{kind}: 0 in place of {was} at {', '.join(at)}{more}{see}"


def line_of(node: Node, other: Node) -> str:
    """``line 2``; with its file, if that is another than the file of the ``other`` node."""
    at = locations.of_node(node)
    return (
        f"line {at.line}"
        if at.file == locations.of_node(other).file
        else f"line {at.line} of {locations.file_title(at.file)}"
    )


def union(*each: Choosers) -> Choosers:
    """The operations of all of these, each once."""
    return tuple(dict.fromkeys(node for who in each for node in who))


def narrowed(mask: Any, node: Node) -> Any:
    """The elements of a node of which any copy is in the mask, where the node was broadcast to the mask's shape."""
    return np.asarray(unbroadcast(mask.astype(float), node)) > 0
