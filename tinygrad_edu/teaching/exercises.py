"""Exercises: a solution taken out, and what a student puts there marked by the checker."""

from __future__ import annotations

import re
from typing import Any

from ..checker.results import IF
from ..language.tree import walk
from .derivations import Derivation
from .lesson import BEGIN, END, Cell
from .showing import show

EMPTY = "# YOUR CODE HERE\nraise NotImplementedError()"


def answered(problem: str, left: str, answer: str) -> Derivation:
    """An answer to the question what ``left`` is, judged: ``answered("x: n\\nR = sum(x**2)", "dR/dx", "2*x")``.

    Raises ValueError if it only repeats the question: it may have no derivative in it, nor the left side itself.
    """
    made = Derivation(problem, f"{left} = {answer.strip()}")
    if made.unread or not made.rows:
        raise ValueError("; ".join(why for _, why in made.unread) or "there is no answer")
    for claim, _ in made.claims:
        parts = [part for step in claim.steps if step.tree is not None for _, part in walk(step.tree)]
        if any(part.head == "Derivative" for part in parts):
            raise ValueError("the answer is to have no derivative in it: write what the derivative is")
        if claim.left.tree in parts:
            raise ValueError(f"the answer is to say what {left} is, without {left} in it")
    return made


def mark(result: Any, points: float | None = None) -> Any:
    """Show what the checker says of an answer, and give it: its score, as a float, is the credit.

    With ``points``, those of a right answer, it gives the points of this one, a float: nbgrader reads the last value
    of a cell, and takes what is no number for full credit.  Raises AssertionError, saying why, if the answer is wrong,
    cannot be checked, or is right only under an assumption that the exercise does not make.
    """
    verdicts = {row.verdict for row in result.rows} if isinstance(result, Derivation) else {result.verdict}
    if not float(result) or IF in verdicts:
        raise AssertionError(str(result))
    show(result)
    return result if points is None else points * float(result)


def stripped(source: str) -> str:
    """A cell without its solutions; what stands there instead fails until somebody has written one."""

    def emptied(found: re.Match[str]) -> str:
        indent = found["indent"]
        return "".join(f"{indent}{line}\n" for line in EMPTY.splitlines())

    pattern = rf"^(?P<indent>[ \t]*){re.escape(BEGIN)}[^\n]*\n.*?{re.escape(END)}[^\n]*(\n|\Z)"
    return re.sub(pattern, emptied, source, flags=re.DOTALL | re.MULTILINE).rstrip("\n")


def opened(cell: Cell) -> str:
    """The source of a cell as a reader sees it: without solutions, and without what is said to the formatter."""
    source = stripped(cell.source) if cell.exercise else cell.source
    return re.sub(r"( *)# YOUR CODE HERE\n.*", r"\1...", source).replace("  # fmt: skip", "")
