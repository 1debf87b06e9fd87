"""Exercises: their solutions are taken out for students, and the checker marks what students write instead."""

from __future__ import annotations

import ast
import re
import textwrap
from typing import Any

from ..checker.hints import IF
from ..language.tree import walk
from .derivations import Derivation
from .lesson import BEGIN, END, Cell
from .showing import show

OPEN = "…"  # stands where a student writes the answer
UNWRITTEN = "not answered yet"
EMPTY = f'# YOUR CODE HERE\nraise NotImplementedError("{UNWRITTEN}")'
EXAMPLE = "2*x**2 - A.T @ (y - g)*sigmoid(-v)"  # shows how to spell a formula, and answers no exercise
STEPS = "2*(a + b)*c\n= 2*a*c + 2*b*c"  # shows how to spell a derivation of several lines


class ErrorInWords(Exception):
    """An error that a notebook shows without its traceback, which would only name lines of this package."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class NotAnswered(ErrorInWords, NotImplementedError):
    """An exercise that nobody has answered yet.  It earns no points, but it is not called wrong."""


class NotRight(ErrorInWords, AssertionError):
    """An answer that is wrong, cannot be checked, or is right only under an assumption."""


def answered(problem: str, left: str, answer: Any) -> Derivation:
    """Judge an answer to the question what ``left`` is: ``answered("x: n\\nR = sum(x**2)", "dR/dx", "2*x")``.

    Raises NotAnswered if the answer is empty, and ValueError if it cannot be read or contains a derivative or the left
    side itself, because then it would only repeat the question.
    """
    if answer is ... or not answer.strip(f"{OPEN}. \n\t"):
        raise NotAnswered(f"Not answered yet: in the cell above, write what {left} is instead of {OPEN}")
    made = Derivation(problem, f"{left} = {answer.strip()}")
    if made.unread or not made.rows:
        raise ValueError("; ".join(why for _, why in made.unread) or "there is no answer")
    for claim, _ in made.claims:
        parts = [part for step in claim.steps if step.tree is not None for _, part in walk(step.tree)]
        if any(part.head == "Derivative" for part in parts):
            raise ValueError("the answer contains a derivative: write what the derivative is")
        if claim.left.tree in parts:
            raise ValueError(f"the answer contains {left}: write what {left} is, without {left} in it")
    return made


def mark(result: Any, points: float | None = None) -> Any:
    """Show a judged answer with the checker's remarks, and give it.  ``float`` of it is its score, from 0 to 1.

    With ``points``, which a right answer earns, it gives the points that this one earns, as a float: nbgrader reads the
    last value of a cell, and gives full credit for anything that is no number.  Raises AssertionError, with the reason,
    if the answer is wrong, cannot be checked, or is right only under an assumption that the exercise does not make, and
    NotAnswered if there is no answer yet.
    """
    verdicts = {row.verdict for row in result.rows} if isinstance(result, Derivation) else {result.verdict}
    if not float(result) or IF in verdicts:
        # The program of the exercise raises an error with this text until a student replaces it.
        if UNWRITTEN in getattr(result, "why", ""):
            raise NotAnswered("Not answered yet: write the program in the cell above")
        raise NotRight(str(result))
    show(result)
    return result if points is None else points * float(result)


def strip_solutions(source: str) -> str:
    """Replace the solutions in a cell with stubs that a student fills in.

    The stub of ``answer = "2*x"`` is ``answer = "…"``, below an example that shows how to spell formulas.  The stub of
    a program is a statement that raises "not answered yet" when it runs.
    """

    def emptied(found: re.Match[str]) -> str:
        indent = found["indent"]
        stub = stubs_for_formulas(textwrap.dedent(found["solution"])) or EMPTY
        return "".join(f"{indent}{line}\n" for line in stub.splitlines())

    pattern = rf"^(?P<indent>[ \t]*){re.escape(BEGIN)}[^\n]*\n(?P<solution>.*?)^[ \t]*{re.escape(END)}[^\n]*(\n|\Z)"
    return re.sub(pattern, emptied, source, flags=re.DOTALL | re.MULTILINE).rstrip("\n")


def stubs_for_formulas(solution: str) -> str:
    """The stubs for a solution that consists of formulas in quotation marks; empty for any other solution."""
    stubs = []
    for statement in ast.parse(solution).body:
        if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)):
            return ""
        (target,) = statement.targets
        value = statement.value.value
        if not (isinstance(target, ast.Name) and isinstance(value, str)):
            return ""
        if "\n" in value:
            example = STEPS.replace("\n", "\n#     ")
            stubs.append(f'# A derivation, spelled as\n#     {example}\n{target.id} = """\n{OPEN}\n"""')
        else:
            stubs.append(f'# A formula, spelled as "{EXAMPLE}"\n{target.id} = "{OPEN}"')
    return "\n".join(stubs)


def source_to_show(cell: Cell) -> str:
    """The source of a cell for readers: without solutions, and without comments for the formatter."""
    source = strip_solutions(cell.source) if cell.exercise else cell.source
    return re.sub(r"( *)# YOUR CODE HERE\n.*", r"\1...", source).replace("  # fmt: skip", "")
