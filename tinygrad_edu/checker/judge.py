"""Decides whether a claim is right: by numbers, at several random points and sizes, never by how it is written.

``compare`` evaluates both sides of an equation at the points of a ``Question``.  If they differ, ``find_assumption``,
``find_symmetric`` and ``find_mean`` look for an assumption under which the right side would be right.
"""

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


class Point(Protocol):
    """Numbers for all names, at which an expression can be evaluated.

    A ``ProblemPoint`` is a point of a hand-in's problem, a ``LossPoint`` one of a loss that is a Python function.
    """

    arrays: dict[str, Any]
    tensors: dict[str, Any]
    sizes: dict[str, int]
    leaves: dict[str, Any]
    cache: dict[Any, Any]
    gradients: Callable[..., Any]

    def values(self) -> Values:
        """Returns an evaluator of expressions that computes on arrays."""

    def tensor_values(self) -> Values:
        """Returns an evaluator of expressions that computes on Tensors, and so records."""

    def with_leaf(self, word: str, x: Any) -> Point:
        """Returns the same point with another value for one leaf."""


class Uncheckable(Exception):
    """The claim can be called neither right nor wrong, for the reason in the message."""


class Question:
    """A left side with its values at random points: the truths that right sides are compared with.

    ``points`` returns points of which the given traits of names hold, as many as are asked for.  ``small``, if there is
    one, returns one point at the smallest sizes.
    """

    def __init__(
        self,
        left: Expr,
        points: Callable[[Mapping[str, frozenset[str]]], Iterator[Point]],
        small: Callable[[Mapping[str, frozenset[str]]], Point] | None = None,
    ) -> None:
        self.left, self.make_points, self.make_small = left, points, small

    def small_pair(self, assumed: Mapping[str, frozenset[str]] = {}) -> tuple[Point, Any] | None:
        """Returns a point with the smallest sizes, and the truth there.

        Most candidates for a diagnosis fail already there, where they cost least.
        """
        try:
            point = self.make_small(assumed) if self.make_small else None
            return None if point is None else (point, point.values()(self.left))
        except (Misfit, Impossible, Unreadable):
            return None

    @cached_property
    def points(self) -> list[Point]:
        """The points of ``pairs``."""
        return [point for point, _ in self.pairs]

    @cached_property
    def truths(self) -> list[Any]:
        """The values of the left side at these points."""
        return [truth for _, truth in self.pairs]

    @cached_property
    def pairs(self) -> list[tuple[Point, Any]]:
        """A few points at which the left side is finite, each with its value."""
        return self.evaluate({})

    def evaluate(self, assumed: Mapping[str, frozenset[str]], most: int = POINTS) -> list[tuple[Point, Any]]:
        """Returns up to ``most`` points at which ``assumed`` traits hold as well, each with the left side's value.

        Points where the left side is not finite are left out.  Raises Uncheckable if the left side cannot be evaluated,
        or if fewer than two points are left.
        """
        found: list[tuple[Point, Any]] = []
        for point in self.make_points(assumed):
            try:
                truth = point.values()(self.left)
            except Misfit as error:
                why = describe_misfit(error, point.sizes)
                raise Uncheckable(f"the shapes on the left side do not fit: {why}") from None
            except Impossible as error:
                raise Uncheckable(str(error)) from None
            if is_finite(truth):
                found.append((point, truth))
            if len(found) == most:
                return found
        if len(found) < min(most, 2):
            raise Uncheckable(
                "the left side is no finite number at random points: is something to be declared positive?"
            )
        return found


class Outcome(NamedTuple):
    """The outcome of comparing a right side with a question, and why it is not right."""

    verdict: str
    error: float = 0.0  # the largest difference, relative to the largest number
    find_assumption: str = ""
    misfit: Misfit | None = None
    why: str = ""
    values: tuple[Any, ...] = ()  # of the right side, one for each point


def compare(question: Question, right: Expr) -> Outcome:
    """Compares a right side with the truth at every point of the question.

    One wrong value makes it wrong, and else one transposed value makes it transposed.
    """
    worst, found, verdicts = 0.0, [], set()
    for point, truth in question.pairs:
        try:
            x = point.values()(right)
        except Misfit as error:
            rows = values_as_rows(question, right)
            if rows is not None:
                return Outcome(TRANSPOSED, values=rows)
            return Outcome(WRONG, 1.0, misfit=error, why=describe_misfit(error, point.sizes))
        except Impossible as error:
            return Outcome(UNCHECKABLE, why=str(error))
        found.append(x)
        verdict, error_ = compare_values(truth, x)
        verdicts.add(verdict)
        worst = max(worst, error_)
    verdict = WRONG if WRONG in verdicts else TRANSPOSED if TRANSPOSED in verdicts else RIGHT
    return Outcome(verdict, worst, values=tuple(found))


def values_as_rows(question: Question, right: Expr) -> tuple[Any, ...] | None:
    """Evaluates a right side whose shapes do not fit once more, with the gradients of numbers as rows.

    Some authors write dJ/dW as a row.  Returns the values if all of them are right, perhaps transposed, and else None.
    """
    found = []
    for point, truth in question.pairs:
        values = point.values()
        if not isinstance(values, Columns):
            return None
        values.rows = True
        try:
            found.append(values(right))
        except (Misfit, Impossible):
            return None
        if compare_values(truth, found[-1])[0] == WRONG:
            return None
    return tuple(found)


def compare_values(truth: Any, x: Any) -> tuple[str, float]:
    """Compares two values: returns RIGHT, TRANSPOSED or WRONG, and the largest relative difference.

    A vector equals a column with the same elements, and the number 0 equals an array of zeros.
    """
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
        return (RIGHT if same(b, a, tolerance) else WRONG), relative_difference(a, b)
    if is_column(a, b) or is_column(b, a):
        return compare_values(a.ravel(), np.ravel(x))
    if a.ndim == 2 and same(b.T, a):
        return TRANSPOSED, relative_difference(a, b.T)
    if a.ndim == 1 and b.ndim == 2 and len(b) == 1 and same(b[0], a):
        return TRANSPOSED, relative_difference(a, b[0])
    return WRONG, 1.0


def is_column(a: Any, b: Any) -> bool:
    """Is ``a`` a column with as many elements as the vector ``b``?"""
    return a.ndim == 2 and a.shape == (*b.shape, 1)


def relative_difference(a: Any, b: Any) -> float:
    """Returns the largest difference of two arrays, relative to the largest number in either."""
    if not np.isfinite(b).all():
        return float("inf")
    scale = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0), 1e-300)
    return float(np.abs(a - b).max(initial=0.0) / scale)


def is_finite(x: Any) -> bool:
    return not isinstance(x, tuple) and bool(np.isfinite(np.asarray(x, float)).all())


def describe_misfit(error: Misfit, sizes: Mapping[str, int]) -> str:
    """Names the shapes that do not fit, with the letters of the sizes where there are some: N×D @ N×M."""
    letters = {n: s for s, n in sizes.items()}

    def said(dims: tuple[int, ...]) -> str:
        known = letters | {m + 1: f"({s}+1)" for m, s in letters.items() if m + 1 not in letters}
        return shape_text((known.get(n, n) for n in dims), "×")

    signs = {"matmul": "@", "multiply": "*", "add": "+", "subtract": "-", "divide": "/"}
    if len(error.shapes) == 2 and error.head in signs:
        left, right = map(said, error.shapes)
        return f"{left} {signs[error.head]} {right}"
    return str(error)


# Assumptions under which a wrong right side would be right.


def find_assumption(question: Question, problem: Problem, right: Expr) -> str:
    """Finds a name that would have to be one-hot, or to sum to one, for the right side to be right.

    Returns the key of the assumption and the name, as "one-hot:y", or "" if there is none.  Only names that occur in
    the two sides and their definitions are tried, and only those that are a target (see ``is_affine``).
    """
    wrt = {n.args[1] for _, n in walk(question.left) if n.head == "Derivative"}
    inner = set().union(*(names(w) for w in wrt)) if wrt else set()
    concerned = names(question.left) | names(right) | names_reached(problem, names(question.left) | names(right))
    for word, d in problem.declared.items():
        if d.traits or d.function or d.index_of or not d.lengths or word in inner or word not in concerned:
            continue
        if not is_affine(question, word):
            continue
        for trait in ("distribution", "one-hot"):
            for side in ("", "columns")[: 1 + (len(d.lengths) > 1 and number(1) not in d.lengths)]:
                if is_right_under(question, right, {word: frozenset({trait, side} - {""})}):
                    words = {"distribution": "sum-one", "one-hot": "one-hot"}[trait]
                    return f"{words}{'-columns' if side else ''}:{word}"
    return ""


def is_affine(question: Question, word: str) -> bool:
    """Is the left side an affine function of the name?

    So it is for targets, as y in the gradient p - y, and only for those is it natural to assume that they sum to one.
    """
    point, truth = question.pairs[0]
    x = np.asarray(point.leaves[word], float)
    try:
        half, none = (point.with_leaf(word, k * x) for k in (0.5, 0.0))
        middle, zero = half.values()(question.left), none.values()(question.left)
        return not same(zero, truth) and same(middle, (truth + zero) / 2)
    except (Misfit, Impossible):
        return False


def find_symmetric(question: Question, problem: Problem, right: Expr) -> str:
    """Finds a square matrix that would have to be symmetric for the right side to be right; "" if there is none."""
    for word, d in problem.declared.items():
        if len(d.lengths) == 2 and d.lengths[0] == d.lengths[1] and not d.traits:
            if is_right_under(question, right, {word: frozenset({"symmetric"})}):
                return f"symmetric:{word}"
    return ""


def is_right_under(question: Question, right: Expr, assumed: Mapping[str, frozenset[str]]) -> bool:
    """Is the right side right at points where the assumed traits hold?  Points with a zero gradient do not count."""
    try:
        small_pair = question.small_pair(assumed)
        if small_pair is not None and compare_values(small_pair[1], small_pair[0].values()(right))[0] != RIGHT:
            return False
        pairs = [(point, truth) for point, truth in question.evaluate(assumed, 2 * POINTS) if np.any(truth)]
        if len(pairs) <= POINTS:
            return False
        return all(compare_values(truth, point.values()(right))[0] == RIGHT for point, truth in pairs)
    except (Misfit, Impossible, Uncheckable):
        return False


def names_reached(problem: Problem, words: set[str]) -> set[str]:
    """Returns these names and all that their definitions use, directly or through other definitions."""
    found, pending = set(), list(words)
    while pending:
        word = pending.pop()
        if word in problem.defined and word not in found:
            pending += names(problem.defined[word])
        found.add(word)
    return found


def find_mean(question: Question, right: Expr, values: tuple[Any, ...]) -> str:
    """Finds a size by which the right side is divided, although the loss is no mean over it; "" if there is none."""
    for word in question.points[0].sizes:
        if all(
            compare_values(np.asarray(t, float) / p.sizes[word], v)[0] == RIGHT and p.sizes[word] not in shape(t)
            for p, t, v in zip(question.points, question.truths, values)
        ):
            return f"mean:{word}"
    return ""
