"""Why it is wrong: what the answer is consistent with."""

from __future__ import annotations

from ..language.tree import Expr
from .judge import Outcome, Question
from .problem import Problem
from .results import Diagnosis


def diagnosed(
    question: Question, problem: Problem, right: Expr, outcome: Outcome, language: str = "en"
) -> list[Diagnosis]:
    """At most two diagnoses, the likeliest first."""
    return []
