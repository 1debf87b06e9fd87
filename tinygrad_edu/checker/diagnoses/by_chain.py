"""Diagnoses a chain of derivatives: each factor has to begin with the name at which the one before it ends."""

from __future__ import annotations

from ...language.tree import Expr
from .candidate import Candidate, Candidates, WrongAnswer


def candidates(wrong: WrongAnswer) -> Candidates:
    """Yields the first gap in a chain, as between dz/da and db/dx in dJ/dz @ dz/da @ db/dx."""
    factors = factors_of(wrong.right)
    asked = wrong.question.left
    if len(factors) < 2 or any(f.head != "Derivative" for f in (*factors, asked)):
        return
    ends = [asked.args[0], *(f.args[1] for f in factors)]
    starts = [*(f.args[0] for f in factors), asked.args[1]]
    for end, start in zip(ends, starts):
        if end != start:
            fields = {"end": end, "start": start}
            yield Candidate("INDEX_SHIFT", "is-chain-broken", 2.35, fields, str(start.value or ""))
            return


def factors_of(tree: Expr) -> list[Expr]:
    """Lists the factors of a product, whether of matrices or of elements."""
    return [f for a in tree.args for f in factors_of(a)] if tree.head in ("matmul", "multiply") else [tree]
