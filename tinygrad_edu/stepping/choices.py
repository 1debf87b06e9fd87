"""Who did not choose an element: where a step passes 0 on in the place of what is infinite or NaN, this says why.

Why that is right stands in engine/unchosen.py, which says what the result depends on.  Here the way from an element to
the result is followed up to the operation that leaves it out: a ``where``, an index, a ``maximum``, a factor 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.recompute import operands
from ..engine.unchosen import Chosen, of_seed
from ..errors import coerce
from ..format import locations
from ..format.text import plural
from ..graph import Node
from ..sweep import unbroadcast

if TYPE_CHECKING:
    from .stepper import Stepper

Choosers = tuple[Node, ...]  # from the first one on the way to the result; none: none was found
MOST, FEW = 200, 3  # operations on the way that are looked at; elements that are listed


class Alone(Chosen):
    """What an operation leaves out by itself, if the result depends on all that it gives."""

    def __init__(self) -> None:
        self.masks, self.idle = {}, set()

    def kept(self, node: Node, k: int) -> Any:
        """Which elements the node passes on, in its own shape if it is elementwise, else in that of the operand."""
        mask = self.reached(node, k, np.ones(node.shape, bool))
        return self.masks.get((node, k), mask) if node.op.elementwise else mask


class Choices:
    """What the sweep of a stepper left out, once it has met NaN."""

    def __init__(self, stepper: Stepper, chosen: Chosen) -> None:
        self.stepper, self.chosen, self.alone, self.looked = stepper, chosen, Alone(), 0
        self.users: dict[Node, list[tuple[Node, int]]] = {}
        for node in stepper.ours:
            for k, a in enumerate(node.args):
                if a is not None and a.active:
                    self.users.setdefault(a, []).append((node, k))

    # Which elements.

    def lost(self, node: Node, k: int, g: Any) -> tuple[Any, Any] | None:
        """Where a node passes 0 to an operand in the place of what is not finite, and what its rule gives; or None."""
        mask = self.chosen.masks.get((node, k))
        if mask is None and node not in self.chosen.idle:
            return None
        try:
            with np.errstate(all="ignore"):
                c = coerce.dense(node.op.vjp(k, node.args, g, node.result, node.values))
        except Exception:  # a rule of the user's, which the sweep did not ask
            return None
        lost = ~np.isfinite(c) & (True if mask is None else ~mask)
        return (lost, c) if lost.any() else None

    def counts(self, node: Node) -> Any:
        """On which elements of a node the result depends."""
        found = np.array(
            np.broadcast_to(of_seed(self.stepper.seed) if node is self.stepper.root else False, node.shape)
        )
        for user, k in self.users.get(node, ()):
            if user not in self.chosen.idle:
                mask = self.chosen.masks.get((user, k))
                found |= True if mask is None else narrowed(mask, node)
        return found

    # Who left them out.

    def choosers(self, node: Node, k: int | None, mask: Any) -> list[tuple[Any, Choosers]]:
        """Elements of a node that are left out, by those who do so; or of its operand, by this use of it."""
        self.looked = 0
        return self.followed(node, mask) if k is None else self.above(node, k, mask)

    def followed(self, node: Node, mask: Any) -> list[tuple[Any, Choosers]]:
        """Those of a node, by all its uses."""
        found: list[tuple[Any, Choosers]] = [(mask, ())]
        for user, k in self.users.get(node, ()):
            self.looked += 1
            if self.looked > MOST:
                break
            each = self.above(user, k, mask)
            found = [(m & n, union(some, others)) for m, some in found for n, others in each if (m & n).any()]
        return found

    def above(self, user: Node, k: int, mask: Any) -> list[tuple[Any, Choosers]]:
        """Those of an operand, by one use: this operation, or those above it."""
        a, kept = user.args[k], self.alone.kept(user, k)
        if user.op.elementwise:
            up = np.broadcast_to(mask, user.shape) & kept
            rest, here = narrowed(up, a), narrowed(np.broadcast_to(mask, user.shape) & ~kept, a)
        else:
            rest, here = mask & kept, mask & ~kept
            up = self.planted(user, k, rest)
        found: list[tuple[Any, Choosers]] = []
        for m, who in self.followed(user, up) if up.any() else [(up, ())]:
            below = narrowed(m, a) if user.op.elementwise else rest
            found += [(below & here, union((user,), who)), (below & ~here, who)]  # of some copies it leaves out some
        found.append((here & ~rest, (user,)))
        return [(m, who) for m, who in found if m.any()]

    def planted(self, node: Node, k: int, mask: Any) -> Any:
        """Which results of an operation come from these elements of an operand: where NaN, planted there, comes out."""
        values = [x if a is None or x is not None else self.stepper.value(a) for a, x in zip(node.args, operands(node))]

        def bad(x: float) -> Any:
            given = [*values[:k], np.where(mask, x, 1.0)[()], *values[k + 1 :]]
            return np.isnan(node.op.forward(*node.op.with_operands(node.values, given)))

        try:
            with np.errstate(all="ignore"):
                return np.broadcast_to(bad(np.nan) & ~bad(1.0), node.shape)
        except Exception:  # an operation may refuse these numbers
            return np.ones(node.shape, bool)

    # In words.

    def words(self, node: Node, k: int, g: Any) -> str:
        """``not chosen: 0 in place of nan at x[1], x[2]; see where, line 2``; nothing, where nothing was replaced."""
        found = self.lost(node, k, g)
        if found is None:
            return ""
        (lost, c), a = found, node.args[k]
        here, name = narrowed(lost, a), self.stepper.called(a)
        places = np.argwhere(here)
        at = [f"{name}[{', '.join(map(str, i))}]" if len(i) else name for i in places[:FEW].tolist()]
        more = f" and {plural(len(places) - FEW, 'other')}" if len(places) > FEW else ""
        was = " or ".join(sorted({str(x) for x in np.unique(c[lost])}))
        with np.errstate(all="ignore"):
            who = union(*[who for _, who in self.choosers(node, k, here)])
        see = "".join(dict.fromkeys(f"; see {each.op.name}, {line(each, node)}" for each in who))
        kind = "not chosen" if all(each.op.selects for each in who) else "left out"
        return f"{kind}: 0 in place of {was} at {', '.join(at)}{more}{see}"


def line(node: Node, other: Node) -> str:
    """``line 2``, with the file if it is not that of another node."""
    at = locations.of(node)
    return f"line {at.line}" if at.file == locations.of(other).file else f"line {at.line} of {locations.title(at.file)}"


def union(*each: Choosers) -> Choosers:
    """All choosers, each once."""
    return tuple(dict.fromkeys(node for who in each for node in who))


def narrowed(mask: Any, node: Node) -> Any:
    """Which elements of a node are in a mask that was broadcast from it, anywhere."""
    return np.asarray(unbroadcast(mask.astype(float), node)) > 0
