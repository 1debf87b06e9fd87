"""Exercises: a solution taken out, and what a student puts there marked by the checker."""

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

OPEN = "…"  # stands where an answer is to be written
UNWRITTEN = "not answered yet"
EMPTY = f'# YOUR CODE HERE\nraise NotImplementedError("{UNWRITTEN}")'
EXAMPLE = "2*x**2 - A.T @ (y - g)*sigmoid(-v)"  # shows how formulas are spelled, and is an answer to nothing
STEPS = "2*(a + b)*c\n= 2*a*c + 2*b*c"  # the same of a derivation in several lines


class Words(Exception):
    """An error of which a notebook shows the words alone: its traceback would only name lines of this package."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class NotAnswered(Words, NotImplementedError):
    """An exercise that nobody has answered yet: it has no points, and is not called wrong."""


class NotRight(Words, AssertionError):
    """An answer that is wrong, cannot be checked, or is right only under an assumption."""


def answered(problem: str, left: str, answer: Any) -> Derivation:
    """An answer to the question what ``left`` is, judged: ``answered("x: n\\nR = sum(x**2)", "dR/dx", "2*x")``.

    Raises NotAnswered for the empty answer, and ValueError if it only repeats the question: it may have no derivative
    in it, nor the left side itself.
    """
    if answer is ... or not answer.strip(f"{OPEN}. \n\t"):
        raise NotAnswered(f"Not answered yet: write what {left} is in the cell above, in the place of {OPEN}")
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
    cannot be checked, or is right only under an assumption that the exercise does not make, and NotAnswered if there is
    no answer yet.
    """
    verdicts = {row.verdict for row in result.rows} if isinstance(result, Derivation) else {result.verdict}
    if not float(result) or IF in verdicts:
        if UNWRITTEN in getattr(result, "why", ""):  # what the program said that is to be replaced
            raise NotAnswered("Not answered yet: write the program in the cell above")
        raise NotRight(str(result))
    show(result)
    return result if points is None else points * float(result)


def stripped(source: str) -> str:
    """A cell without its solutions: in their place stands what a student fills in.

    Of a solution ``answer = "2*x"`` that is ``answer = "…"``, with an example of how formulas are spelled.  Of a
    program it is a statement that says, when it runs, that nothing is answered yet.
    """

    def emptied(found: re.Match[str]) -> str:
        indent = found["indent"]
        stub = formulas(textwrap.dedent(found["solution"])) or EMPTY
        return "".join(f"{indent}{line}\n" for line in stub.splitlines())

    pattern = rf"^(?P<indent>[ \t]*){re.escape(BEGIN)}[^\n]*\n(?P<solution>.*?)^[ \t]*{re.escape(END)}[^\n]*(\n|\Z)"
    return re.sub(pattern, emptied, source, flags=re.DOTALL | re.MULTILINE).rstrip("\n")


def formulas(solution: str) -> str:
    """What is filled in where the solution is one formula in quotation marks or several; empty for another solution."""
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


def opened(cell: Cell) -> str:
    """The source of a cell as a reader sees it: without solutions, and without what is said to the formatter."""
    source = stripped(cell.source) if cell.exercise else cell.source
    return re.sub(r"( *)# YOUR CODE HERE\n.*", r"\1...", source).replace("  # fmt: skip", "")
