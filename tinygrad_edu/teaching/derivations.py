"""Checks a derivation of a lesson line by line, and typesets it with the checker's verdicts and remarks.

A derivation is written like a hand-in, so the checker that reads the students' work also checks the lessons.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..checker.check import check_claim
from ..checker.handin import handin
from ..checker.hints import ANSWER, KIND, RIGHT, SIGNS, remarks, steps_of
from ..checker.results import Result
from ..checker.sides import Claim, Step
from ..language import writing
from ..language.lines import line
from ..language.tree import Expr
from ..language.values import Impossible, Misfit, shape
from ..op import OPS
from ..web.page import escape
from .showing import show


class Row(NamedTuple):
    """A step of a derivation: both sides and the condition on indices as LaTeX, the verdict, and remarks."""

    left: str  # empty if the step continues a chain
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
    """The lines of a derivation with their verdicts.  It shows itself in a terminal, a notebook or a slide."""

    def __init__(self, problem: str, lines: str, hint: int = KIND) -> None:
        found = handin(f"{problem.strip()}\n\n{lines.strip()}\n")
        self.claims = [(claim, check_claim(claim, "en", hint >= ANSWER)) for claim in found.claims]
        self.unread = [(step.text, step.why) for step in found.unread]
        self.rows = [row for claim, result in self.claims for row in rows_of(claim, result, hint)]

    def __float__(self) -> float:
        """The score, from 0 to 1: the mean of its claims."""
        return sum(float(result) for _, result in self.claims) / len(self.claims) if self.claims else 0.0

    def aligned(self) -> Iterator[tuple[Row, str]]:
        """Each row with its text, in which the equals signs of a chain stand one below the other."""
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
        """The derivation as HTML, for a notebook."""
        from ..render.svg import glyphs

        table = self.html()
        return f"{glyphs(table)}{table}"

    def html(self) -> str:
        """The derivation as a table, whose page has to hold the glyphs: left side, right side, and verdict."""
        return f'<div class="wide"><table class="derivation">{"".join(map(html_of_row, self.rows))}</table></div>'

    def __repr__(self) -> str:
        return f"<a derivation of {len(self.rows)} steps>"


def html_of_row(row: Row) -> str:
    """A row of the table, and a row for each remark on it."""
    from .math_html import typeset  # what it draws with loads slowly, and scripts do without it

    left = typeset(row.left, True) if row.left else ""
    right = typeset(f"= {row.right}", True)
    condition = f'<span class="for">for {typeset(row.condition)}</span>' if row.condition else ""
    sign = f'<td class="sign {row.verdict}" aria-label="{row.verdict}">{SIGNS[row.verdict]}</td>'
    remarks = "".join(f'<tr class="remark"><td></td><td colspan="2">{escape(words)}</td></tr>' for words in row.remarks)
    return f'<tr><td class="left">{left}</td><td>{right}{condition}</td>{sign}</tr>{remarks}'


def rows_of(claim: Claim, result: Result, hint: int) -> list[Row]:
    """A row for each step of a claim."""
    dims = shapes_of_names(claim)
    left, _ = latex_of_side(claim.left, dims)
    found = []
    for number, (step, checked) in enumerate(zip(claim.steps, steps_of(result)), 1):
        right, condition = latex_of_side(step, dims)
        found.append(Row(left if number == 1 else "", right, condition, checked.verdict, remarks(result, number, hint)))
    return found


def shapes_of_names(claim: Claim) -> dict[str, Any]:
    """The shapes of all names at a point of small sizes; none if the problem has no such point."""
    problem = claim.problem
    try:
        arrays = problem.point(next(problem.settings(), problem.smallest_sizes()), 0).arrays
    except (Impossible, Misfit, ValueError):
        return {}
    return {word: shape(x) for word, x in arrays.items()}


def latex_of_side(step: Step, dims: dict[str, Any]) -> tuple[str, str]:
    """One side as LaTeX, without the brackets that name the free indices; and the condition on these."""
    tree, condition = step.tree, ""
    if tree is None:
        return rf"\text{{{step.text}}}", ""
    tree = move_signs_out(tree)
    while tree.head == "Each" or (tree.head == "If" and is_zero(tree.args[2])):
        if tree.head == "If":
            condition, tree = writing.latex(tree.args[0]), tree.args[1]
        else:
            dims, tree = {**dims, str(tree.value): ()}, tree.args[0]
    return writing.latex(tree, dims), condition


def move_signs_out(tree: Expr) -> Expr:
    """An expression in which a minus sign inside a product stands before it, where people write it."""
    args = tuple(move_signs_out(a) for a in tree.args)
    product = tree.head in OPS and OPS[tree.head].multiplies and len(args) == 2
    if product and args[0].head == "negative":
        return Expr("negative", (Expr(tree.head, (args[0].args[0], *args[1:]), tree.value),))
    return tree._replace(args=args)


def is_zero(tree: Expr) -> bool:
    """Is an expression the number 0?"""
    return tree.head == "Number" and tree.value == 0


def derive(problem: str, lines: str) -> Derivation:
    """Check and show a derivation, and give it.

    ``problem`` states the problem and ``lines`` are the derivation, both as ``tinygrad-edu check`` reads them.  Raises
    ValueError, with the checker's remarks, if a line is wrong or cannot be read.

    >>> made = derive("x: n\\nR = sum(x**2)/2", "dR/dx = x")
      ✓ ∂R/∂x = x
    """
    made = Derivation(problem, lines)
    bad = [f"{row.text}: {' '.join(row.remarks) or row.verdict}" for row in made.rows if row.verdict != RIGHT]
    bad += [f"{text}: {why}" for text, why in made.unread]
    if bad or not made.rows:
        raise ValueError("the derivation has a mistake: " + ("; ".join(bad) or "there is no line in it"))
    show(made)
    return made


def judge(problem: str, lines: str, hint: int = KIND) -> Derivation:
    """Show lines with the checker's verdicts and remarks, and give them.

    ``hint``: how much the remarks say; with 3 they say what a wrong line should be.  Raises ValueError if a line cannot
    be read.

    >>> made = judge("x: n\\nR = sum(x**2)/2", "dR/dx = -x")
      ✗ ∂R/∂x = -x
          This is consistent with a minus that was lost on the way: the whole result has the other sign.
    """
    made = Derivation(problem, lines, hint)
    if made.unread or not made.rows:
        raise ValueError("; ".join(f"{text}: {why}" for text, why in made.unread) or "there is no line to judge")
    show(made)
    return made
