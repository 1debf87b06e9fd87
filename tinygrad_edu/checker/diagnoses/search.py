"""Why it is wrong: what the answer is consistent with.

Four ways of looking, from the numbers to the notation: the answer as a multiple, a transpose or a sum of the right one
(by_value); the sweep with one edge changed (by_edge); the gradient of a function that is not quite the loss
(by_function); what was written, repaired in one place (by_repair).  Whatever one of them proposes has to give the same
numbers at every point.  The least far-fetched is said first, and a second only if it is about as likely.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from time import monotonic

import numpy as np

from ...language.tree import Expr, names
from ...language.values import Impossible, Misfit
from ..diagnoses import by_chain, by_edge, by_function, by_name, by_question, by_repair, by_value
from ..judge import Outcome, Question, Uncheckable
from ..problem import Problem, ProblemPoint
from ..results import Diagnosis
from .edges import Sweep, run
from .guess import Case, Guess, Guesses, said

MOST, SLICE = 100_000, 30_000  # nodes that are computed for one answer; for one way of looking, but the last
patience = ContextVar("patience", default=1.0)  # how much of that is spent: less, where a whole class is waiting
SECONDS = 6.0  # for one answer, on a machine that is very slow
WAYS: tuple[Callable[[Case], Guesses], ...] = tuple(
    way.guesses for way in (by_value, by_chain, by_edge, by_name, by_question, by_function, by_repair)
)
BY_GRAPH = (by_edge.guesses, by_name.guesses, by_function.guesses)
PLAIN = 1.7  # a guess that is no more far-fetched than this ends the search
NEAR = 0.7  # how much more far-fetched a second diagnosis may be


def diagnose(
    question: Question, problem: Problem, right: Expr, outcome: Outcome, language: str = "en", symmetric: str = ""
) -> list[Diagnosis]:
    """At most two diagnoses, the likeliest first."""
    claimed = [] if outcome.misfit is not None else list(outcome.values)
    most, part = int(MOST * patience.get()), int(SLICE * patience.get())
    case = Case(question, right, claimed, most, monotonic() + SECONDS, scout=question.small_pair())
    if not names(right) and not case.nothing() and right.head != "Function" and question.left.head != "Shape":
        return []  # a number that was claimed may come from anywhere
    if not claimed and not any(np.any(np.asarray(t, float)) for t in case.truths):
        return []
    if any(not isinstance(c, tuple) and not np.isfinite(np.asarray(c, float)).all() for c in claimed):
        return []  # what is no number looks like anything
    alike = twins(case)
    found: list[Guess] = []
    if symmetric:
        fields = {"name": symmetric.partition(":")[2]}
        found.append(Guess("TRANSPOSE", "is-symmetric", 2.1, fields, fields["name"]))
    for way in WAYS:
        if min((g.cost for g in found), default=9) <= PLAIN:
            break
        alike.limit = case.limit = most if way is WAYS[-1] else min(most, case.spent + part)
        one = alike if way in BY_GRAPH else case
        found += way(one)
        case.spent = max(case.spent, one.spent)
    found.sort(key=lambda g: g.cost)
    chosen: list[Guess] = []
    for guess in found:
        if all(guess.code != g.code for g in chosen) and (not chosen or guess.cost <= chosen[0].cost + NEAR):
            chosen.append(guess)
    return [
        Diagnosis(g.code, g.key, {word: said(x) for word, x in g.fields.items()}, g.node or about(g), language)
        for g in chosen[:2]
    ]


def about(guess: Guess) -> str:
    """The name that a guess speaks of, where it is one."""
    trees = [x.args[0] if x.head == "Index" else x for x in guess.fields.values() if isinstance(x, Expr)]
    return next((str(x.value) for x in trees if x.head == "Name"), "")


def twins(case: Case) -> Case:
    """The same at places of one size, where sums that were written out make graphs of other lengths elsewhere."""
    first = case.points[0]
    if (
        not case.claimed
        or not isinstance(first, ProblemPoint)
        or len({edges(case, i) for i in range(len(case.points))}) == 1
    ):
        return case
    points = [first, *(first.redraw(seed) for seed in (61, 62))]
    try:
        question = Question(case.question.left, lambda _: iter(points))
        claimed = [point.values()(case.right) for point in question.points]
    except (Misfit, Impossible, Uncheckable):
        return case
    return replace(case, question=question, claimed=claimed)


def edges(case: Case, i: int) -> int:
    """How many edges the graph has at a place."""
    sweep = Sweep(case.points[i])
    run(case, i, sweep)
    return len(sweep.edges)
