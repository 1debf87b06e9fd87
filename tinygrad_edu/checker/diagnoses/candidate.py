"""The types that all ways of finding a diagnosis share: a candidate, and the wrong answer that it has to explain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np

from ...format.text import shorten
from ...language.tree import Expr
from ...language.writing import text
from ...numeric.equality import same
from ...tensor import Tensor
from ..judge import Point, Question

LONGEST = 60  # characters of an expression in a sentence


@dataclass(frozen=True)
class Candidate:
    """A mistake that may explain a wrong answer, if it is confirmed by the numbers."""

    code: str  # the kind of mistake, as "SIGN"
    key: str  # of the sentence about it
    cost: float  # how far-fetched it is
    fields: dict[str, Any] = field(default_factory=dict)  # of the sentence: text, or expressions to be printed
    node: str = ""  # the name that it is about


@dataclass
class WrongAnswer:
    """A wrong answer, its values at the points of the question, and the budget for the search of a diagnosis.

    ``claimed`` has a value for each point; it is empty if the shapes in the answer do not fit.
    """

    question: Question
    right: Expr
    claimed: list[Any]
    # The budget is a number of computed nodes, not of seconds, so that every machine finds the same diagnoses.
    limit: int
    end: float = float("inf")  # the time at which the search ends on a very slow machine
    spent: int = 0
    # A point with small sizes, and the truth there: most candidates are refuted there, where it costs least.
    small_pair: tuple[Point, Any] | None = None

    @property
    def points(self) -> list[Point]:
        return self.question.points

    @property
    def truths(self) -> list[Any]:
        return self.question.truths

    def has_wrong_shape(self) -> bool:
        """Does the answer have another shape than it should, or none?"""
        claimed = shapes_without_ones(self.claimed)
        return not claimed or claimed != shapes_without_ones(self.truths)

    def is_zero(self) -> bool:
        """Is the answer zero up to rounding?"""
        return all(
            np.abs(np.asarray(c, float)).max(initial=0) < 1e-12 for c in self.claimed if not isinstance(c, tuple)
        )

    def out_of_budget(self) -> bool:
        """Must the search end?"""
        return self.spent > self.limit or monotonic() > self.end


def equal(a: Any, b: Any) -> bool:
    """Are two values the same numbers in the same shape?  A column counts as a vector."""
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


def shapes_without_ones(values: list[Any]) -> list[tuple[int, ...]]:
    """Lists the shapes of the values without axes of length 1."""
    return [tuple(n for n in np.shape(v) if n != 1) for v in values if not isinstance(v, tuple)]


def names_of_tensors(point: Point) -> dict[int, str]:
    """Returns the names of the tensors at a point, by the serial of their nodes."""
    return {x.node.serial: word for word, x in point.tensors.items() if isinstance(x, Tensor)}


def in_sentence(what: str | Expr) -> str:
    """Returns the text of a field of a sentence: words as they are, an expression printed, and cut if it is long."""
    if isinstance(what, str):
        return what
    words = ", ".join(map(text, what.args)) if what.head == "List" else text(what)
    return shorten(words, LONGEST, "…")


Candidates = Iterator[Candidate]
