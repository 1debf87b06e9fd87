"""A product of derivatives, as the chain rule makes it: each goes on where the one before it ends."""

from __future__ import annotations

from ...language.tree import Expr
from .guess import Case, Guess, Guesses


def guesses(case: Case) -> Guesses:
    """Where dJ/dz @ dz/da @ db/dx does not join."""
    factors = flat(case.right)
    asked = case.question.left
    if len(factors) < 2 or any(f.head != "Derivative" for f in (*factors, asked)):
        return
    ends = [asked.args[0], *(f.args[1] for f in factors)]
    starts = [*(f.args[0] for f in factors), asked.args[1]]
    for end, start in zip(ends, starts):
        if end != start:
            yield Guess("INDEX_SHIFT", "is-chain-broken", 2.35, {"end": end, "start": start}, str(start.value or ""))
            return


def flat(tree: Expr) -> list[Expr]:
    return [f for a in tree.args for f in flat(a)] if tree.head in ("matmul", "multiply") else [tree]
