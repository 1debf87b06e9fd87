"""Judges the claims of a hand-in, one after the other, each with its steps and diagnoses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..language.reading import Unreadable
from ..language.tree import Expr, walk
from ..language.values import Impossible, Misfit
from ..numeric.equality import same
from .answer import find_answer
from .diagnoses.search import diagnose
from .handin import Handin, handin
from .hints import IF, RIGHT, TRANSPOSED, UNCHECKABLE, WRONG
from .judge import (
    Outcome,
    Point,
    Question,
    Uncheckable,
    compare,
    describe_misfit,
    find_assumption,
    find_mean,
    find_symmetric,
)
from .problem import Problem
from .results import Result
from .sides import Claim


def check_text(text: str, title: str = "", language: str = "en", answers: bool = False) -> list[Result]:
    """Judges all claims of the text of a hand-in, and returns the results in the order of its lines.

    A line that cannot be read has the verdict "uncheckable".  With ``answers``, the right formula is searched for each
    wrong claim.
    """
    return check_handin(handin(text, title), language, answers)


def check_handin(found: Handin, language: str = "en", answers: bool = False) -> list[Result]:
    """Judges all claims of a hand-in that has been read: see ``check_text``."""
    results = [check_claim(claim, language, answers) for claim in found.claims]
    for step in found.unread:
        title = next((p.title for p in reversed(found.problems) if p.line < step.line), "")
        about: dict[str, Any] = dict(left=step.text, line=step.line, problem=title)
        results.append(Result(UNCHECKABLE, why=step.why, language=language, **about))
    return sorted(results, key=lambda r: r.line)


def check_claim(claim: Claim, language: str, answers: bool) -> Result:
    """Judges one claim.  A fault of the checker itself becomes a result too, so that the other claims are judged."""
    try:
        with np.errstate(all="ignore"):  # random numbers may be negative under a logarithm
            return judge_claim(claim, language, answers)
    except Exception as error:  # a fault of ours, which must not cost a student the rest
        about: dict[str, Any] = dict(left=claim.left.text, right=first_step_text(claim), problem=claim.problem.title)
        why = f"the checker itself failed ({type(error).__name__}: {error})"
        return Result(UNCHECKABLE, why=why, line=claim.left.line, language=language, **about)


def judge_claim(claim: Claim, language: str = "en", answers: bool = False) -> Result:
    """Judges one claim with all its steps: every step is compared with the left side, not with the step before it."""
    about: dict[str, Any] = dict(left=claim.left.text, problem=claim.problem.title, language=language)
    if claim.left.tree is None:
        return Result(UNCHECKABLE, why=claim.left.why, line=claim.left.line, right=first_step_text(claim), **about)
    problem = claim.problem
    least = largest_subscript(claim)
    question = Question(
        claim.left.tree,
        draw_points(problem, least),
        lambda assumed: problem.point(problem.smallest_sizes(least), 99, assumed),
    )
    steps: list[Result] = []
    wrong: list[tuple[Outcome, Result]] = []
    for step in claim.steps:
        about |= dict(right=step.text)
        if step.tree is None:
            steps.append(Result(UNCHECKABLE, why=step.why, line=step.line, **about))
            continue
        try:
            outcome = compare(question, step.tree)
        except Uncheckable as error:
            steps.append(Result(UNCHECKABLE, why=str(error), line=step.line, **about))
            continue
        result = Result(outcome.verdict, relative_error=outcome.error, why=outcome.why, line=step.line, **about)
        if outcome.verdict == WRONG:
            explain_wrong_step(result, question, claim.problem, step.tree, outcome, wrong)
        if outcome.verdict == TRANSPOSED:
            result.diagnoses = diagnose(question, claim.problem, step.tree, outcome, language)
        steps.append(result)
    if len(steps) == 1:
        found = steps[0]
        found.step = 1 if found.verdict == WRONG else None
    else:
        found = judge_chain(steps, about, claim.left.line)
    if answers and found.verdict == WRONG:
        answer = find_answer(problem, question)
        found.correct = answer.text if answer else ""
    return found


def first_step_text(claim: Claim) -> str:
    return claim.steps[0].text if claim.steps else ""


def explain_wrong_step(
    result: Result,
    question: Question,
    problem: Problem,
    right: Expr,
    outcome: Outcome,
    wrong: list[tuple[Outcome, Result]],
) -> None:
    """Writes into the result of a wrong step why it is wrong, or the assumption under which it is right.

    ``wrong`` are the wrong steps above it.  A step with the same values as one of them gets the same diagnoses.
    """
    if outcome.misfit is None:
        found = find_assumption(question, problem, right) or find_mean(question, right, outcome.values)
        if found:
            result.verdict, result.assumes = IF, found
            return
        result.assumes = find_symmetric(question, problem, right)
    for before, said in wrong:
        if makes_the_same_error(outcome, before):  # it only repeats a wrong line above it
            result.diagnoses = said.diagnoses
            return
    wrong.append((outcome, result))
    result.diagnoses = diagnose(question, problem, right, outcome, result.language, result.assumes)


def makes_the_same_error(a: Outcome, b: Outcome) -> bool:
    return len(a.values) == len(b.values) > 0 and all(map(same, a.values, b.values))


def judge_chain(steps: list[Result], about: dict[str, Any], line: int) -> Result:
    """Returns the result of a claim with several steps.

    The verdict is that of the worst step, and the diagnoses are those of the first step with that verdict.
    """
    verdict = next((v for v in (WRONG, UNCHECKABLE, IF, TRANSPOSED) if any(s.verdict == v for s in steps)), RIGHT)
    number = next((i for i, s in enumerate(steps, 1) if s.verdict == verdict), None) if verdict != RIGHT else None
    about["right"] = steps[-1].right if steps else ""
    found = Result(verdict, line=line, steps=steps, **about)
    if number is not None:
        bad = steps[number - 1]
        found.step = number if verdict in (WRONG, UNCHECKABLE) else None
        found.diagnoses, found.assumes, found.why = bad.diagnoses, bad.assumes, bad.why
        found.relative_error = bad.relative_error
    return found


def largest_subscript(claim: Claim) -> int:
    """Returns the largest number in a subscript, at least 2 and at most 12: axes are drawn no shorter than that."""
    trees = [s.tree for s in (claim.left, *claim.steps) if s.tree is not None]
    found = [
        int(part.value)
        for tree in (*trees, *claim.problem.defined.values())
        for _, node in walk(tree) if node.head == "Index"
        for part in node.args[1:] if part.head == "Number"
    ]  # fmt: skip
    return min(max(found, default=2), 12)


def draw_points(problem: Problem, least: int = 2) -> Callable[[Mapping[str, frozenset[str]]], Iterator[Point]]:
    """Returns a function that yields points of the problem, at several sizes, for a ``Question``."""

    def make(assumed: Mapping[str, frozenset[str]]) -> Iterator[Point]:
        sizes: dict[str, int] = {}
        try:
            settings = list(problem.settings(max(2, least))) or [{}]
            for seed in range(12):
                sizes = settings[seed % len(settings)]
                yield problem.point(sizes, seed, assumed)
        except Misfit as error:
            why = describe_misfit(error, sizes)
            raise Uncheckable(f"the shapes in the definition of {error.definition} do not fit: {why}") from None
        except (Impossible, Unreadable) as error:
            raise Uncheckable(str(error)) from None

    return make
