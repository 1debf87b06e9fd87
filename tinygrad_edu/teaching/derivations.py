"""A derivation as a lesson shows it: each line checked, and typeset with what the checker says of it.

It is written as a hand-in is, so what stands in a lesson has been checked by what checks the students.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..checker.check import check_claim
from ..checker.handin import handin
from ..checker.hints import ANSWER, KIND, RIGHT, SIGNS, remarks, steps
from ..checker.results import Result
from ..checker.sides import Claim, Step
from ..language import writing
from ..language.lines import line
from ..language.tree import Expr
from ..language.values import Impossible, Misfit, shape
from ..op import OPS
from .showing import show


class Row(NamedTuple):
    """A step of a derivation: both sides as LaTeX, for which indices it holds, and what is said of it."""

    left: str  # empty where a chain goes on
    right: str
    condition: str
    verdict: str
    remarks: list[str]

    @property
    def text(self) -> str:
        """The equation on one line."""
        left = line(self.left) if self.left else ""
        return f"{left} = {line(self.right)}" + (f"   for {line(self.condition)}" if self.condition else "")


class Derivation:
    """Lines of a hand-in with their verdicts, to be shown in a terminal, a notebook or a slide."""

    def __init__(self, problem: str, lines: str, hint: int = KIND) -> None:
        found = handin(f"{problem.strip()}\n\n{lines.strip()}\n")
        self.claims = [(claim, check_claim(claim, "en", hint >= ANSWER)) for claim in found.claims]
        self.unread = [(step.text, step.why) for step in found.unread]
        self.rows = [row for claim, result in self.claims for row in rows(claim, result, hint)]

    def __float__(self) -> float:
        """The score, from 0 to 1: the mean of its claims."""
        return sum(float(result) for _, result in self.claims) / len(self.claims) if self.claims else 0.0

    def aligned(self) -> Iterator[tuple[Row, str]]:
        """Each row with its text, the signs of a chain one below the other."""
        left = 0
        for row in self.rows:
            text = row.text
            left = text.index(" = ") if row.left else left
            yield row, text if row.left else " " * left + text

    def __str__(self) -> str:
        lines = []
        for row, text in self.aligned():
            lines += [f"  {SIGNS[row.verdict]} {text}", *(f"      {words}" for words in row.remarks)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        from ..render.svg import glyphs
        from .html import derivation

        shown = derivation(self)
        return f"{glyphs(shown)}{shown}"

    def __repr__(self) -> str:
        return f"<a derivation of {len(self.rows)} steps>"


def rows(claim: Claim, result: Result, hint: int) -> list[Row]:
    """The steps of a claim."""
    dims = axes(claim)
    left, _ = equated(claim.left, dims)
    found = []
    for number, (step, checked) in enumerate(zip(claim.steps, steps(result)), 1):
        right, condition = equated(step, dims)
        found.append(Row(left if number == 1 else "", right, condition, checked.verdict, remarks(result, number, hint)))
    return found


def axes(claim: Claim) -> dict[str, Any]:
    """The shapes of all names, at a point of small sizes."""
    problem = claim.problem
    try:
        arrays = problem.point(next(problem.settings(), problem.smallest_sizes()), 0).arrays
    except (Impossible, Misfit, ValueError):
        return {}
    return {word: shape(x) for word, x in arrays.items()}


def equated(step: Step, dims: dict[str, Any]) -> tuple[str, str]:
    """One side as LaTeX, without the brackets that say for which free indices; and the condition on these."""
    tree, condition = step.tree, ""
    if tree is None:
        return rf"\text{{{step.text}}}", ""
    tree = signed(tree)
    while tree.head == "Each" or (tree.head == "If" and is_zero(tree.args[2])):
        if tree.head == "If":
            condition, tree = writing.latex(tree.args[0]), tree.args[1]
        else:
            dims, tree = {**dims, str(tree.value): ()}, tree.args[0]
    return writing.latex(tree, dims), condition


def signed(tree: Expr) -> Expr:
    """The same with minus signs before whole products, where one writes them."""
    args = tuple(signed(a) for a in tree.args)
    product = tree.head in OPS and OPS[tree.head].multiplies and len(args) == 2
    if product and args[0].head == "negative":
        return Expr("negative", (Expr(tree.head, (args[0].args[0], *args[1:]), tree.value),))
    return tree._replace(args=args)


def is_zero(tree: Expr) -> bool:
    """Is it the number 0?"""
    return tree.head == "Number" and tree.value == 0


def derive(problem: str, lines: str) -> Derivation:
    """Show a derivation whose every line is right.

    ``problem`` says what is given and ``lines`` are the derivation, both as ``tinygrad-edu check`` reads them.  Gives
    it.  Raises ValueError, with what the checker says, if a line is wrong or cannot be read.

    >>> made = derive("x: n\\nR = sum(x**2)/2", "dR/dx = x")
      ✓ ∂R/∂x = x
    """
    made = Derivation(problem, lines)
    bad = [f"{row.text}: {' '.join(row.remarks) or row.verdict}" for row in made.rows if row.verdict != RIGHT]
    bad += [f"{text}: {why}" for text, why in made.unread]
    if bad or not made.rows:
        raise ValueError("a derivation with a mistake: " + ("; ".join(bad) or "there is no line in it"))
    show(made)
    return made


def judge(problem: str, lines: str, hint: int = KIND) -> Derivation:
    """Show lines with what the checker says of them, right or wrong; ``hint=3`` says what they should be.

    >>> made = judge("x: n\\nR = sum(x**2)/2", "dR/dx = -x")
      ✗ ∂R/∂x = -x
          This is consistent with a minus that was lost on the way: the whole result has the other sign.
    """
    made = Derivation(problem, lines, hint)
    if made.unread or not made.rows:
        raise ValueError("; ".join(f"{text}: {why}" for text, why in made.unread) or "there is no line to judge")
    show(made)
    return made
