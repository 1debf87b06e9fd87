"""The gradient of another function: of the loss without its log, say.  One operation is changed on the way forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .. import derivatives
from ..op import OPS, Node
from ..replay import operands
from ..sweep import ancestors
from ..tensor import Tensor
from .by_edge import Called, reaching, run
from .guess import Case, Guess, Guesses, equal
from .judge import Place


class Other(NamedTuple):
    """What is computed in the place of a node, and the guess that it would confirm."""

    apply: Callable[..., Any]
    guess: Guess


def guesses(case: Case) -> Guesses:
    """Every function near the loss of which the answer is the gradient."""
    if not case.claimed:
        return
    listing = Forward(-1, None, case.places[0])
    run(case, 0, listing)
    for number in range(min(listing.nodes, 80)):
        at = Forward(number, None, case.places[0])
        run(case, 0, at)
        for which, other in enumerate(at.others):
            if case.late():
                return
            if all(
                equal(run(case, i, Forward(number, which, place)), case.claimed[i])
                for i, place in enumerate(case.places)
            ):
                yield other.guess


class Forward:
    """Finds a gradient after computing everything again, with one node changed: as ``derivatives.gradients``."""

    def __init__(self, number: int, which: int | None, place: Place) -> None:
        self.number, self.which, self.place = number, which, place
        self.others: list[Other] = []
        self.nodes = 0

    def __call__(self, result: Tensor, wrt: list[Tensor], seed: Any = None, *, differentiable: bool = False) -> list[Any]:
        """The gradient."""
        nodes, target = ancestors(result.node), wrt[0].node
        above = [n for n in nodes if n.serial in reaching(nodes, target)]
        made: dict[int, Any] = {target.serial: Tensor(wrt[0]._data)}
        self.nodes = max(self.nodes, len(above))
        for number, node in enumerate(above):
            if node is target:
                continue
            known = operands(node)
            given = [made.get(a.serial, value_of(a)) if a is not None else x for a, x in zip(node.args, known)]
            apply = node.op.public
            if number == self.number:
                self.others = list(others(node, given, Called(self.place)))
                if self.which is not None:
                    apply = self.others[self.which].apply
            made[node.serial] = apply(*node.op.joined(node.values, [*given, *known[len(given) :]]))
        last = made[result.node.serial]
        if last.shape != result.shape:
            raise ValueError("another shape")
        return derivatives.gradients(last, [made[target.serial]], seed)


def value_of(node: Node) -> Any:
    """The value of a node on which nothing changes."""
    from ..replay import value

    return value(node)


def others(node: Node, given: list[Any], called: Called) -> Iterator[Other]:
    """What may be computed instead."""
    op = node.op
    shown = called(node)
    about, where = {"function": op.name, "name": shown}, shown if isinstance(shown, str) else ""
    if len(op.rules_by_name) != 1 or op.family is not None or not given or np.shape(given[0]) != node.shape:
        return
    if op.elementwise and op.name not in ("negative", "positive"):
        yield Other(lambda x, *_: x * 1.0, Guess("WRONG_FUNCTION", "is-function-lost", 1.9, about, where))
        for other in OPS.values():
            if other is not op and other.elementwise and len(other.names) == 1 and len(other.rules_by_name) == 1:
                yield Other(
                    lambda x, *_, other=other: other.public(x),
                    Guess("WRONG_FUNCTION", "is-other-function", 2.7, about | {"other": other.name}, where),
                )
    elif "axis" in op.names:
        yield Other(lambda x, *_: x * 1.0, Guess("WRONG_FUNCTION", "is-function-lost", 2.2, about, where))
        for axis in range(len(node.shape)):
            yield Other(
                lambda x, *_, axis=axis: op.public(x, axis), Guess("AXIS", "is-function-axis", 2.0, about, where)
            )
