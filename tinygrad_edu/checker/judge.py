"""Is it right?  Decided by numbers, at several random points and several sizes, never by how it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..format.text import shape_text
from ..language.reading import Unreadable
from ..language.tree import Expr, names, number, walk
from ..language.values import Columns, Impossible, Misfit, Values, shape
from ..numeric.equality import ROUNDING, SINGLE, same
from .hints import RIGHT, TRANSPOSED, UNCHECKABLE, WRONG
from .problem import Problem

POINTS = 4


class Place(Protocol):
    """Where everything has a number: a point of a problem, or of a function that was given in Python."""

    arrays: dict[str, Any]
    tensors: dict[str, Any]
    sizes: dict[str, int]
    leaves: dict[str, Any]
    cache: dict[Any, Any]
    gradients: Callable[..., Any]

    def values(self) -> Values:
        """Computes on arrays."""

    def recorded(self) -> Values:
        """Computes on Tensors."""

    def moved(self, word: str, x: Any) -> Place:
        """The same with another value for a leaf."""


class Uncheckable(Exception):
    """It can be neither right nor wrong: why."""


class Question:
    """A left side, the places at which it is looked at, and its values there: what is true."""

    def __init__(
        self,
        left: Expr,
        places: Callable[[Mapping[str, frozenset[str]]], Iterator[Place]],
        small: Callable[[Mapping[str, frozenset[str]]], Place] | None = None,
    ) -> None:
        self.left, self.make, self.small = left, places, small

    def scout(self, assumed: Mapping[str, frozenset[str]] = {}) -> tuple[Place, Any] | None:
        """A place where all sizes are as small as can be, and what is true there: most guesses end there, and soon."""
        try:
            place = self.small(assumed) if self.small else None
            return None if place is None else (place, place.values()(self.left))
        except (Misfit, Impossible, Unreadable):
            return None

    @cached_property
    def places(self) -> list[Place]:
        """Places at which the left side is a number."""
        return [place for place, _ in self.pairs]

    @cached_property
    def truths(self) -> list[Any]:
        return [truth for _, truth in self.pairs]

    @cached_property
    def pairs(self) -> list[tuple[Place, Any]]:
        """A few places at which the left side is finite."""
        return self.looked({})

    def looked(self, assumed: Mapping[str, frozenset[str]], most: int = POINTS) -> list[tuple[Place, Any]]:
        """Places where more is assumed.  Uncheckable, if the left side has no value."""
        found: list[tuple[Place, Any]] = []
        for place in self.make(assumed):
            try:
                truth = place.values()(self.left)
            except Misfit as error:
                raise Uncheckable(f"the shapes on the left side do not fit: {in_words(error, place.sizes)}") from None
            except Impossible as error:
                raise Uncheckable(str(error)) from None
            if finite(truth):
                found.append((place, truth))
            if len(found) == most:
                return found
        if len(found) < min(most, 2):
            raise Uncheckable(
                "the left side is no finite number at random points: is something to be declared positive?"
            )
        return found


class Outcome(NamedTuple):
    """What came out of one comparison."""

    verdict: str
    error: float = 0.0  # the largest difference, relative to the largest number
    assumption: str = ""
    misfit: Misfit | None = None
    why: str = ""
    values: tuple[Any, ...] = ()  # the right side at each place


def compared(question: Question, right: Expr) -> Outcome:
    """The right side against the left one, everywhere."""
    worst, found, verdicts = 0.0, [], set()
    for place, truth in question.pairs:
        try:
            x = place.values()(right)
        except Misfit as error:
            rows = in_rows(question, right)
            if rows is not None:
                return Outcome(TRANSPOSED, values=rows)
            return Outcome(WRONG, 1.0, misfit=error, why=in_words(error, place.sizes))
        except Impossible as error:
            return Outcome(UNCHECKABLE, why=str(error))
        found.append(x)
        verdict, error_ = one(truth, x)
        verdicts.add(verdict)
        worst = max(worst, error_)
    verdict = WRONG if WRONG in verdicts else TRANSPOSED if TRANSPOSED in verdicts else RIGHT
    return Outcome(verdict, worst, values=tuple(found))


def in_rows(question: Question, right: Expr) -> tuple[Any, ...] | None:
    """The values, if it fits and is right where derivatives of numbers are rows: a column may stand for a row."""
    found = []
    for place, truth in question.pairs:
        values = place.values()
        if not isinstance(values, Columns):
            return None
        values.rows = True
        try:
            found.append(values(right))
        except (Misfit, Impossible):
            return None
        if one(truth, found[-1])[0] == WRONG:
            return None
    return tuple(found)


def one(truth: Any, x: Any) -> tuple[str, float]:
    """Two values."""
    if isinstance(x, tuple):
        return WRONG, 1.0
    tolerance = SINGLE if getattr(x, "dtype", None) in (np.float32, np.float16) else ROUNDING
    try:
        a, b = np.asarray(truth, float), np.asarray(x, float)
    except (TypeError, ValueError):
        return WRONG, 1.0  # it is no array of numbers
    if () in (a.shape, b.shape) and not np.any(a) and np.abs(b).max(initial=0) <= ROUNDING.absolute:
        return RIGHT, 0.0  # 0 is as good as zeros
    if a.shape == b.shape:
        return (RIGHT if same(b, a, tolerance) else WRONG), difference(a, b)
    if is_column(a, b) or is_column(b, a):
        return one(a.ravel(), np.ravel(x))
    if a.ndim == 2 and same(b.T, a):
        return TRANSPOSED, difference(a, b.T)
    if a.ndim == 1 and b.ndim == 2 and len(b) == 1 and same(b[0], a):
        return TRANSPOSED, difference(a, b[0])
    return WRONG, 1.0


def is_column(a: Any, b: Any) -> bool:
    """A column, beside a vector with one axis?"""
    return a.ndim == 2 and a.shape == (*b.shape, 1)


def difference(a: Any, b: Any) -> float:
    """The largest difference, relative to the largest number."""
    if not np.isfinite(b).all():
        return float("inf")
    scale = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0), 1e-300)
    return float(np.abs(a - b).max(initial=0.0) / scale)


def finite(x: Any) -> bool:
    return not isinstance(x, tuple) and bool(np.isfinite(np.asarray(x, float)).all())


def in_words(error: Misfit, sizes: Mapping[str, int]) -> str:
    """Which shapes do not fit, in letters where the sizes have them."""
    letters = {n: s for s, n in sizes.items()}

    def said(dims: tuple[int, ...]) -> str:
        known = letters | {m + 1: f"({s}+1)" for m, s in letters.items() if m + 1 not in letters}
        return shape_text((known.get(n, n) for n in dims), "×")

    signs = {"matmul": "@", "multiply": "*", "add": "+", "subtract": "-", "divide": "/"}
    if len(error.shapes) == 2 and error.head in signs:
        left, right = map(said, error.shapes)
        return f"{left} {signs[error.head]} {right}"
    return str(error)


# What it would be right under.


def assumption(question: Question, problem: Problem, right: Expr) -> str:
    """That under which it would be right: y one-hot, or summing to one; a mean over the examples."""
    wrt = {n.args[1] for _, n in walk(question.left) if n.head == "Derivative"}
    inner = set().union(*(names(w) for w in wrt)) if wrt else set()
    concerned = names(question.left) | names(right) | reached(problem, names(question.left) | names(right))
    for word, d in problem.declared.items():
        if d.traits or d.function or d.index_of or not d.lengths or word in inner or word not in concerned:
            continue
        if not affine(question, word):
            continue
        for trait in ("distribution", "one-hot"):
            for side in ("", "columns")[: 1 + (len(d.lengths) > 1 and number(1) not in d.lengths)]:
                if holds(question, right, {word: frozenset({trait, side} - {""})}):
                    words = {"distribution": "sum-one", "one-hot": "one-hot"}[trait]
                    return f"{words}{'-columns' if side else ''}:{word}"
    return ""


def affine(question: Question, word: str) -> bool:
    """Is it a target, in which the left side is of first degree?  Of nothing else is it natural that it sums to one."""
    place, truth = question.pairs[0]
    x = np.asarray(place.leaves[word], float)
    try:
        half, none = (place.moved(word, k * x) for k in (0.5, 0.0))
        middle, zero = half.values()(question.left), none.values()(question.left)
        return not same(zero, truth) and same(middle, (truth + zero) / 2)
    except (Misfit, Impossible):
        return False


def symmetric(question: Question, problem: Problem, right: Expr) -> str:
    """The square matrix that would have to be symmetric."""
    for word, d in problem.declared.items():
        if len(d.lengths) == 2 and d.lengths[0] == d.lengths[1] and not d.traits:
            if holds(question, right, {word: frozenset({"symmetric"})}):
                return f"symmetric:{word}"
    return ""


def holds(question: Question, right: Expr, assumed: Mapping[str, frozenset[str]]) -> bool:
    """Is it right at places where that is so?  Places where nothing is left of the gradient do not count."""
    try:
        scout = question.scout(assumed)
        if scout is not None and one(scout[1], scout[0].values()(right))[0] != RIGHT:
            return False
        pairs = [(place, truth) for place, truth in question.looked(assumed, 2 * POINTS) if np.any(truth)]
        return len(pairs) > POINTS and all(one(truth, place.values()(right))[0] == RIGHT for place, truth in pairs)
    except (Misfit, Impossible, Uncheckable):
        return False


def reached(problem: Problem, words: set[str]) -> set[str]:
    """All names that definitions of these names use."""
    found, pending = set(), list(words)
    while pending:
        word = pending.pop()
        if word in problem.defined and word not in found:
            pending += names(problem.defined[word])
        found.add(word)
    return found


def mean(question: Question, right: Expr, values: tuple[Any, ...]) -> str:
    """The size by which the right side is divided, and the loss is not."""
    for word in question.places[0].sizes:
        if all(
            one(np.asarray(t, float) / p.sizes[word], v)[0] == RIGHT and p.sizes[word] not in shape(t)
            for p, t, v in zip(question.places, question.truths, values)
        ):
            return f"mean:{word}"
    return ""
