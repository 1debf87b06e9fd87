"""The answer to another question: the derivative of, or with respect to, something else than what was asked for."""

from __future__ import annotations

from ...language.tree import Expr, replaced, walk
from .by_repair import surroundings, value
from .change_names import of_indices, of_names
from .guess import Case, Guess, Guesses, equal


def guesses(case: Case) -> Guesses:
    """Every other left side to which the answer belongs; of an answer that is zero only another index."""
    if not case.claimed or not any(n.head == "Derivative" for _, n in walk(case.question.left)):
        return
    left, around = case.question.left, surroundings(case)
    nothing = case.nothing()
    inside = [p for p, n in walk(left) if n.head == "Derivative"]
    for kind in (of_indices, of_names):
        for path, node in walk(left):
            if case.late() or (kind is of_names and nothing):
                return
            if not any(path[: len(p)] == p and path != p for p in inside):
                continue
            for new, guess in kind(node, left, path, around):
                if guess.key in ("is-index", "is-name") and answered(case, replaced(left, path, new)):
                    yield Guess("INDEX_SHIFT", "is-other-question", 2.45, guess.fields, guess.node)


def answered(case: Case, left: Expr) -> bool:
    """Is the answer that of another left side, everywhere?"""
    return all(equal(value(point, left, case), c) for point, c in zip(case.points, case.claimed))
