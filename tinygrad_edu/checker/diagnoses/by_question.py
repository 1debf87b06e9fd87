"""Diagnoses the right answer to another question: the derivative of, or with respect to, another name."""

from __future__ import annotations

from ...language.tree import Expr, replaced, walk
from .by_edit import edit_context, evaluate
from .candidate import Candidate, Candidates, WrongAnswer, equal
from .edit_names import edit_indices, replace_name


def candidates(wrong: WrongAnswer) -> Candidates:
    """Yields the other left sides to which the claim is the answer.  For a claim of zero only indices are changed."""
    if not wrong.claimed or not any(n.head == "Derivative" for _, n in walk(wrong.question.left)):
        return
    left, context = wrong.question.left, edit_context(wrong)
    is_zero = wrong.is_zero()
    inside = [p for p, n in walk(left) if n.head == "Derivative"]
    for kind in (edit_indices, replace_name):
        for path, node in walk(left):
            if wrong.out_of_budget() or (kind is replace_name and is_zero):
                return
            if not any(path[: len(p)] == p and path != p for p in inside):
                continue
            for new, candidate in kind(node, left, path, context):
                if candidate.key in ("is-index", "is-name") and answers(wrong, replaced(left, path, new)):
                    yield Candidate("INDEX_SHIFT", "is-other-question", 2.45, candidate.fields, candidate.node)


def answers(wrong: WrongAnswer, left: Expr) -> bool:
    """Is the claim the answer to another left side, at every point?"""
    return all(equal(evaluate(point, left, wrong), c) for point, c in zip(wrong.points, wrong.claimed))
