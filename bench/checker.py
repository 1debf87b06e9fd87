"""How long formulas take, and what is said of claims made by hand: of one, of the slowest, and of a class.

As for pictures there is nobody to divide by: these are times, each with what is hoped for on two cores of a server.
"""

from __future__ import annotations

import functools
import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .contest import Effort
from .handins import originals, varied
from .pictures import Times

CLASS, JOBS = 100, 2


def timed(work: Callable[[], Any]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@functools.cache
def of_formulas(effort: Effort) -> list[float]:
    """Each gradient of the hand-ins as a formula: found, tried and written; the best of three."""
    from tinygrad_edu import formula

    cases = [*importlib.import_module("tests.formulas_cases").cases()]
    asked = [(J, x, options) for _, J, wrt, options in cases for x in wrt.values()]

    def one(J: Any, x: Any, options: Any) -> None:
        assert formula(J, x, **options).text

    one(*asked[0])  # loads what it takes
    return [min(timed(functools.partial(one, *case)) for _ in range(3)) for case in asked]


def claims() -> list[Any]:
    """All claims of the five hand-ins that can be read."""
    from tinygrad_edu.checker.handin import handin

    return [c for text in originals() for c in handin(text).claims if c.left.tree and all(s.tree for s in c.steps)]


@functools.cache
def of_verdicts(effort: Effort) -> list[float]:
    """Each claim of the hand-ins, for each of its steps: right or wrong; the best of three."""
    from tinygrad_edu.checker.check import draw_points
    from tinygrad_edu.checker.judge import Question, compare

    def one(claim: Any) -> float:
        def every() -> None:
            question = Question(claim.left.tree, draw_points(claim.problem))
            for step in claim.steps:
                compare(question, step.tree)

        return min(timed(every) for _ in range(3)) / max(1, len(claim.steps))

    found = claims()
    one(found[0])
    return [one(claim) for claim in found]


@functools.cache
def of_diagnoses(effort: Effort) -> list[float]:
    """Each wrong claim of the hand-ins and of the list of typical mistakes: right or wrong, and why."""
    from tinygrad_edu import check
    from tinygrad_edu.checker.check import judge_claim

    found = []
    for claim in claims():
        start = time.perf_counter()
        result = judge_claim(claim)
        if result.verdict == "wrong":
            wrong = sum(s.verdict == "wrong" for s in result.steps or [result])
            found.append((time.perf_counter() - start) / wrong)
    for mistake in importlib.import_module("tests.mistakes").load()[:: 1 if effort.rounds > 10 else 5]:
        loss, _, claimed, _ = mistake.functions()
        found.append(timed(functools.partial(check, loss, mistake.wrt, claimed, mistake.draw())))
    return found


def of_class(effort: Effort) -> list[float]:
    """A thousand hand-ins, no two of them alike, by a hundred of them (forty, in a hurry): the whole command."""
    number = CLASS if effort.rounds > 10 else CLASS * 2 // 5
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(number):
            (Path(folder) / f"{seed:03}.md").write_text(varied(seed), encoding="utf-8")
        command = [sys.executable, "-m", "tinygrad_edu", "check", folder, "--jobs", str(JOBS)]
        return [timed(lambda: subprocess.run(command, capture_output=True, check=False)) * 1000 / number]


def slowest(measure: Callable[[Effort], list[float]]) -> Callable[[Effort], list[float]]:
    """The largest alone."""
    return lambda effort: [max(measure(effort))]


def formulas() -> Iterator[Times]:
    """What ``formula`` takes."""
    yield Times("formula: the 94 of the hand-ins", of_formulas, 0.02)
    yield Times("formula: the slowest of them", slowest(of_formulas), 0.02)


def checker() -> Iterator[Times]:
    """What a check takes."""
    yield Times("claim: right or wrong", of_verdicts, 0.2)
    yield Times("claim: right or wrong, the slowest", slowest(of_verdicts), 0.2)
    yield Times("claim: and why it is wrong", of_diagnoses, 2)
    yield Times("claim: and why it is wrong, the slowest", slowest(of_diagnoses), 2)
    yield Times("class: 1,000 hand-ins on two processes", of_class, 300)
