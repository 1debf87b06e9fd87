"""Numbers that stand for sizes: who knows that there are six examples writes 6, and means it.

What is right at the sizes that were given, but nowhere else, is wrong only if it is not about such numbers.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..language.tree import Expr, walk
from ..language.values import Arrays, Impossible, Misfit

COMMON = {0.5, 1.0, 1.5, 2.0}  # numbers that stand in many formulas
OF_SIZES = {"Shape", "mean", "var", "std"}  # what has another value where sizes are others
WORDS = {"shape", "size", "len", "mean", "var", "std"}


def numbers_of_sizes(loss: Any, arrays: Iterable[Any], claim: Expr) -> bool:
    """Does the claim, or the loss, hold numbers that may stand for lengths?

    A common one that is no length itself, but half of one say, only where the claim does not speak of sizes otherwise.
    """
    said, speaks = literals(claim) | constants(loss), any(n.head in OF_SIZES for _, n in walk(claim))
    if claim.head == "Function":
        said |= constants(claim.value.claim)
        speaks = any(WORDS & {*code.co_names} for code in codes(claim.value.claim))
    arrays = [*arrays]
    standing = {abs(x) for x in said} & lengths(arrays)
    axes = {n for x in arrays for n in np.shape(x) if n > 1}
    return bool(standing & axes or standing - COMMON or (standing and not speaks))


def lengths(arrays: Iterable[Any]) -> set[float]:
    """What somebody may write who knows the sizes: n, n - 1, 2 / n, the size of a matrix."""
    axes = {n for x in arrays for n in np.shape(x) if n > 1}
    more = axes | {m * n for m in axes for n in axes} | {n + 1 for n in axes}
    return {k for n in more for m in (n / 2, n, 2 * n) for k in (m, 1 / m)} | {n - 1 for n in axes}


def literals(tree: Expr) -> set[float]:
    """The numbers that are written, and those that are computed from them alone, as 10 / 2."""
    found = set()
    for _, node in walk(tree):
        if node.head in ("Number", "add", "subtract", "multiply", "divide", "power", "negative"):
            with contextlib.suppress(Misfit, Impossible, ArithmeticError, TypeError):
                found.add(float(Arrays({})(node)))
    return found


def constants(function: Any) -> set[float]:
    """The numbers in a function, and those that it has from elsewhere."""
    bound = [*getattr(function, "args", ()), *getattr(function, "keywords", {}).values()]  # a partial's
    bound += getattr(getattr(function, "__self__", None), "__dict__", {}).values()
    inner = getattr(function, "func", function)
    bound += [*(getattr(inner, "__defaults__", None) or ()), *(getattr(inner, "__kwdefaults__", None) or {}).values()]
    known = getattr(inner, "__globals__", {})
    for code in codes(function):
        bound += [*code.co_consts, *(known[word] for word in code.co_names if word in known)]
    for cell in getattr(inner, "__closure__", None) or ():
        with contextlib.suppress(ValueError):  # it is empty
            bound.append(cell.cell_contents)
    return {float(c) for c in bound if isinstance(c, (int, float, np.number)) and not isinstance(c, bool)}


def codes(function: Any) -> Iterator[types.CodeType]:
    """What a function is made of, with the functions in it."""
    pending = [getattr(getattr(function, "func", function), "__code__", None)]
    while pending:
        code = pending.pop()
        if isinstance(code, types.CodeType):
            yield code
            pending += code.co_consts
