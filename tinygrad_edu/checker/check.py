"""Claims judged: those of a file, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..language.reading import Unreadable
from ..language.tree import Expr, walk
from ..language.values import Impossible, Misfit
from ..numeric.equality import same
from .answer import correct
from .diagnoses.search import diagnosed
from .handin import Handin, handin
from .hints import IF, RIGHT, TRANSPOSED, UNCHECKABLE, WRONG
from .judge import Outcome, Place, Question, Uncheckable, assumption, compared, in_words, mean, symmetric
from .problem import Problem
from .results import Result
from .sides import Claim

WORST = (UNCHECKABLE, WRONG, IF, TRANSPOSED, RIGHT)  # of several steps, the verdict is that of the first of these


def check_text(text: str, title: str = "", language: str = "en", answers: bool = False) -> list[Result]:
    """All claims of a hand-in, in the order of its lines; a line that cannot be read is one that cannot be checked.

    ``answers``: find also what the wrong ones should be.
    """
    return check_handin(handin(text, title), language, answers)


def check_handin(found: Handin, language: str = "en", answers: bool = False) -> list[Result]:
    """All claims of a hand-in that has been read."""
    results = [of_claim(claim, language, answers) for claim in found.claims]
    for step in found.unread:
        title = next((p.title for p in reversed(found.problems) if p.line < step.line), "")
        about: dict[str, Any] = dict(left=step.text, line=step.line, problem=title)
        results.append(Result(UNCHECKABLE, why=step.why, language=language, **about))
    return sorted(results, key=lambda r: r.line)


def of_claim(claim: Claim, language: str, answers: bool) -> Result:
    """One claim; whatever happens, the others are checked as well."""
    try:
        with np.errstate(all="ignore"):  # numbers are drawn anywhere, also where there is no logarithm
            return judged(claim, language, answers)
    except Exception as error:  # a fault of ours, which must not cost a student the rest
        about: dict[str, Any] = dict(left=claim.left.text, right=first(claim), problem=claim.problem.title)
        why = f"the checker itself failed ({type(error).__name__}: {error})"
        return Result(UNCHECKABLE, why=why, line=claim.left.line, language=language, **about)


def judged(claim: Claim, language: str = "en", answers: bool = False) -> Result:
    """One claim with all its steps, and if ``answers``, what it should be."""
    about: dict[str, Any] = dict(left=claim.left.text, problem=claim.problem.title, language=language)
    if claim.left.tree is None:
        return Result(UNCHECKABLE, why=claim.left.why, line=claim.left.line, right=first(claim), **about)
    problem = claim.problem
    least = largest(claim)
    question = Question(
        claim.left.tree, places(problem, least), lambda assumed: problem.point(problem.small(least), 99, assumed)
    )
    steps: list[Result] = []
    wrong: list[tuple[Outcome, Result]] = []
    for step in claim.steps:
        about |= dict(right=step.text)
        if step.tree is None:
            steps.append(Result(UNCHECKABLE, why=step.why, line=step.line, **about))
            continue
        try:
            outcome = compared(question, step.tree)
        except Uncheckable as error:
            steps.append(Result(UNCHECKABLE, why=str(error), line=step.line, **about))
            continue
        result = Result(outcome.verdict, relative_error=outcome.error, why=outcome.why, line=step.line, **about)
        if outcome.verdict == WRONG:
            explain(result, question, claim.problem, step.tree, outcome, wrong)
        if outcome.verdict == TRANSPOSED:
            result.diagnoses = diagnosed(question, claim.problem, step.tree, outcome, language)
        steps.append(result)
    if len(steps) == 1:
        found = steps[0]
        found.step = 1 if found.verdict == WRONG else None
    else:
        found = chained(steps, about, claim.left.line)
    if answers and found.verdict == WRONG:
        answer = correct(problem, question)
        found.correct = answer.text if answer else ""
    return found


def first(claim: Claim) -> str:
    return claim.steps[0].text if claim.steps else ""


def explain(
    result: Result,
    question: Question,
    problem: Problem,
    right: Expr,
    outcome: Outcome,
    wrong: list[tuple[Outcome, Result]],
) -> None:
    """Why a step is wrong, or under what it is right."""
    if outcome.misfit is None:
        found = assumption(question, problem, right) or mean(question, right, outcome.values)
        if found:
            result.verdict, result.assumes = IF, found
            return
        result.assumes = symmetric(question, problem, right)
    for before, said in wrong:
        if says_the_same(outcome, before):  # it only repeats a wrong line above it
            result.diagnoses = said.diagnoses
            return
    wrong.append((outcome, result))
    result.diagnoses = diagnosed(question, problem, right, outcome, result.language, result.assumes)


def says_the_same(a: Outcome, b: Outcome) -> bool:
    return len(a.values) == len(b.values) > 0 and all(map(same, a.values, b.values))


def chained(steps: list[Result], about: dict[str, Any], line: int) -> Result:
    """The verdict of a chain: that of its worst step; its diagnoses are those of the first wrong one."""
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


def largest(claim: Claim) -> int:
    """The largest subscript that is a number; no axis is shorter."""
    trees = [s.tree for s in (claim.left, *claim.steps) if s.tree is not None]
    found = [
        int(part.value)
        for tree in (*trees, *claim.problem.defined.values())
        for _, node in walk(tree) if node.head == "Index"
        for part in node.args[1:] if part.head == "Number"
    ]  # fmt: skip
    return min(max(found, default=2), 12)


def places(problem: Problem, least: int = 2) -> Callable[[Mapping[str, frozenset[str]]], Iterator[Place]]:
    """Points of a problem: at several sizes, and as many as are asked for."""

    def make(assumed: Mapping[str, frozenset[str]]) -> Iterator[Place]:
        sizes: dict[str, int] = {}
        try:
            settings = list(problem.settings(max(2, least))) or [{}]
            for seed in range(12):
                sizes = settings[seed % len(settings)]
                yield problem.point(sizes, seed, assumed)
        except Misfit as error:
            why = in_words(error, sizes)
            raise Uncheckable(f"the shapes in the definition of {error.definition} do not fit: {why}") from None
        except (Impossible, Unreadable) as error:
            raise Uncheckable(str(error)) from None

    return make
