"""Searches for the mistake that explains a wrong answer.

There are seven ways, from the numbers to the notation:

- by_value: the answer is a multiple, a transpose or a sum of the right one;
- by_chain: the factors of a chain of derivatives do not fit together;
- by_edge: an edge of the graph passes something else than its vjp;
- by_name: the derivative from one named value to another is wrong;
- by_question: it is the right answer to another question;
- by_function: it is the gradient of a function that is not quite the loss;
- by_edit: the expression is right after one or two edits.

Every way proposes candidates that give the claimed numbers at every point.  The least far-fetched is shown first, and a
second one only if it is about as likely.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from time import monotonic

import numpy as np

from ...language.tree import Expr, names
from ...language.values import Impossible, Misfit
from ..diagnoses import by_chain, by_edge, by_edit, by_function, by_name, by_question, by_value
from ..judge import Outcome, Question, Uncheckable
from ..problem import Problem, ProblemPoint
from ..results import Diagnosis
from .candidate import Candidate, Candidates, WrongAnswer, in_sentence
from .graph_edits import EditedSweep, evaluate_with

NODES = 100_000  # the budget: nodes of trees and graphs that are computed for one wrong answer
NODES_OF_ONE_WAY = 30_000  # for one way, except that the last may spend all that is left
patience = ContextVar("patience", default=1.0)  # which part of the budget is spent: less, where a whole class waits
SECONDS = 6.0  # for one answer on a very slow machine
WAYS: tuple[Callable[[WrongAnswer], Candidates], ...] = tuple(
    way.candidates for way in (by_value, by_chain, by_edge, by_name, by_question, by_function, by_edit)
)
BY_GRAPH = (by_edge.candidates, by_name.candidates, by_function.candidates)
LIKELY = 1.7  # a candidate that costs no more than this ends the search
SECOND_WITHIN = 0.7  # how much more than the first a second diagnosis may cost


def diagnose(
    question: Question, problem: Problem, right: Expr, outcome: Outcome, language: str = "en", symmetric: str = ""
) -> list[Diagnosis]:
    """Returns at most two diagnoses of a wrong right side, the likeliest first.

    The ways are tried in their order, each with a part of the budget, until a candidate is likely enough.
    ``symmetric`` is the assumption that a matrix is symmetric, if the right side would be right under it.
    """
    claimed = [] if outcome.misfit is not None else list(outcome.values)
    most, part = int(NODES * patience.get()), int(NODES_OF_ONE_WAY * patience.get())
    wrong = WrongAnswer(question, right, claimed, most, monotonic() + SECONDS, small_pair=question.small_pair())
    if not names(right) and not wrong.is_zero() and right.head != "Function" and question.left.head != "Shape":
        return []  # a single number may have any cause
    if not claimed and not any(np.any(np.asarray(t, float)) for t in wrong.truths):
        return []
    if any(not isinstance(c, tuple) and not np.isfinite(np.asarray(c, float)).all() for c in claimed):
        return []  # NaN and infinity may have any cause
    alike = at_points_of_one_size(wrong)
    found: list[Candidate] = []
    if symmetric:
        fields = {"name": symmetric.partition(":")[2]}
        found.append(Candidate("TRANSPOSE", "is-symmetric", 2.1, fields, fields["name"]))
    for way in WAYS:
        if min((g.cost for g in found), default=9) <= LIKELY:
            break
        alike.limit = wrong.limit = most if way is WAYS[-1] else min(most, wrong.spent + part)
        one = alike if way in BY_GRAPH else wrong
        found += way(one)
        wrong.spent = max(wrong.spent, one.spent)
    found.sort(key=lambda g: g.cost)
    chosen: list[Candidate] = []
    for candidate in found:
        near = not chosen or candidate.cost <= chosen[0].cost + SECOND_WITHIN
        if near and all(candidate.code != g.code for g in chosen):
            chosen.append(candidate)
    return [
        Diagnosis(g.code, g.key, {word: in_sentence(x) for word, x in g.fields.items()}, g.node or name_in(g), language)
        for g in chosen[:2]
    ]


def name_in(candidate: Candidate) -> str:
    """Returns the first name in the fields of a candidate; "" if there is none."""
    trees = [x.args[0] if x.head == "Index" else x for x in candidate.fields.values() if isinstance(x, Expr)]
    return next((str(x.value) for x in trees if x.head == "Name"), "")


def at_points_of_one_size(wrong: WrongAnswer) -> WrongAnswer:
    """Returns the wrong answer at points of one size, if its graphs differ between the points.

    A sum that is written out makes longer graphs at larger sizes.  Then edges and nodes with the same number do not
    correspond, and edits of the graph can be compared only at points of one size.
    """
    first = wrong.points[0]
    if (
        not wrong.claimed
        or not isinstance(first, ProblemPoint)
        or len({count_edges(wrong, i) for i in range(len(wrong.points))}) == 1
    ):
        return wrong
    points = [first, *(first.redraw(seed) for seed in (61, 62))]
    try:
        question = Question(wrong.question.left, lambda _: iter(points))
        claimed = [point.values()(wrong.right) for point in question.points]
    except (Misfit, Impossible, Uncheckable):
        return wrong
    return replace(wrong, question=question, claimed=claimed)


def count_edges(wrong: WrongAnswer, i: int) -> int:
    """Counts the edges of the graph at point ``i``."""
    sweep = EditedSweep(wrong.points[i])
    evaluate_with(wrong, i, sweep)
    return len(sweep.edges)
