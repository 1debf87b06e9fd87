"""What every way of finding a reason shares: a guess, and the numbers it has to explain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np

from ...format.text import shorten
from ...language.tree import Expr
from ...language.writing import text
from ...numeric.equality import same
from ...tensor import Tensor
from ..judge import Place, Question

LONGEST = 60  # characters of an expression in a sentence


@dataclass(frozen=True)
class Guess:
    """A kind of mistake, the key of the sentence, what it speaks of, and how far-fetched it is."""

    code: str
    key: str
    cost: float
    fields: dict[str, Any] = field(default_factory=dict)  # words, or expressions, which are written out at the end
    node: str = ""


@dataclass
class Case:
    """A wrong answer: what is true at each place, and what was claimed there (nothing, where the shapes do not fit)."""

    question: Question
    right: Expr
    claimed: list[Any]
    limit: int  # when to stop looking: after so many nodes of trees and graphs, so that every machine says the same
    end: float = float("inf")  # in seconds, for a machine that is very slow
    spent: int = 0
    scout: tuple[Place, Any] | None = None  # a small place, with what is true there, that most guesses do not survive

    @property
    def places(self) -> list[Place]:
        return self.question.places

    @property
    def truths(self) -> list[Any]:
        return self.question.truths

    def unfit(self) -> bool:
        """Has the answer another shape than it should, or none?"""
        return not case_shapes(self.claimed) or case_shapes(self.claimed) != case_shapes(self.truths)

    def nothing(self) -> bool:
        """Is the answer zero, as far as rounding lets one say?"""
        return all(
            np.abs(np.asarray(c, float)).max(initial=0) < 1e-12 for c in self.claimed if not isinstance(c, tuple)
        )

    def late(self) -> bool:
        return self.spent > self.limit or monotonic() > self.end

    def explained(self, value: Callable[[int], Any]) -> bool:
        """Does something else give what was claimed, at every place?  ``value``: what it gives at a place."""
        return bool(self.claimed) and all(equal(value(i), self.claimed[i]) for i in range(len(self.claimed)))


def equal(a: Any, b: Any) -> bool:
    """The same numbers in the same shape; a column is as good as a vector."""
    if a is None or isinstance(a, tuple) or isinstance(b, tuple):
        return False
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        if (
            a.size != b.size
            or max(a.ndim, b.ndim) > 2
            or {n for n in a.shape if n > 1} != {n for n in b.shape if n > 1}
        ):
            return False
        if a.ndim == b.ndim:
            return False
        a, b = a.ravel(), b.ravel()
    return bool(np.isfinite(a).all()) and same(a, b)


def case_shapes(values: list[Any]) -> list[tuple[int, ...]]:
    """The shapes of values, where a number 1 by 1 is a number."""
    return [tuple(n for n in np.shape(v) if n != 1) for v in values if not isinstance(v, tuple)]


def names_at(place: Place) -> dict[int, str]:
    """The names of tensors, by their age."""
    return {x.node.serial: word for word, x in place.tensors.items() if isinstance(x, Tensor)}


def said(what: str | Expr) -> str:
    """Words, or an expression, in a sentence, cut where it is long."""
    if isinstance(what, str):
        return what
    words = ", ".join(map(text, what.args)) if what.head == "List" else text(what)
    return shorten(words, LONGEST, "…")


Guesses = Iterator[Guess]
