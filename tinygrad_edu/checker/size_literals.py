"""Finds numbers in a claim or a loss that may stand for sizes.

A student who knows that there are six examples may write 6 and mean N.  Her claim is right at the sizes of the example
and wrong at others, and that is no mistake.  So a claim with such numbers is not judged at other sizes.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..language.tree import Expr, walk
from ..language.values import Arrays, Impossible, Misfit

COMMON_NUMBERS = {0.5, 1.0, 1.5, 2.0}  # numbers that stand in many formulas
SIZE_DEPENDENT = {"Shape", "mean", "var", "std"}  # heads of nodes whose value depends on sizes
SIZE_WORDS = {"shape", "size", "len", "mean", "var", "std"}  # names in a function whose value depends on sizes


def has_size_literals(loss: Any, arrays: Iterable[Any], claim: Expr) -> bool:
    """Does the claim, or the loss, contain numbers that may stand for lengths of the axes of ``arrays``?

    A common number, as 2, that is no length itself but, say, half of one counts only if the claim does not refer to
    sizes in another way.
    """
    said, speaks = literal_values(claim) | constants_of(loss), any(n.head in SIZE_DEPENDENT for _, n in walk(claim))
    if claim.head == "Function":
        said |= constants_of(claim.value.claim)
        speaks = any(SIZE_WORDS & {*code.co_names} for code in code_objects(claim.value.claim))
    arrays = [*arrays]
    standing = {abs(x) for x in said} & numbers_from_sizes(arrays)
    axes = {n for x in arrays for n in np.shape(x) if n > 1}
    return bool(standing & axes or standing - COMMON_NUMBERS or (standing and not speaks))


def numbers_from_sizes(arrays: Iterable[Any]) -> set[float]:
    """Returns the numbers that somebody who knows the sizes may write: n, n - 1, 2 / n, the size of a matrix."""
    axes = {n for x in arrays for n in np.shape(x) if n > 1}
    more = axes | {m * n for m in axes for n in axes} | {n + 1 for n in axes}
    return {k for n in more for m in (n / 2, n, 2 * n) for k in (m, 1 / m)} | {n - 1 for n in axes}


def literal_values(tree: Expr) -> set[float]:
    """Returns the numbers in an expression, and those that it computes from numbers alone, as 10 / 2."""
    found = set()
    for _, node in walk(tree):
        if node.head in ("Number", "add", "subtract", "multiply", "divide", "power", "negative"):
            with contextlib.suppress(Misfit, Impossible, ArithmeticError, TypeError):
                found.add(float(Arrays({})(node)))
    return found


def constants_of(function: Any) -> set[float]:
    """Returns the numbers that a function uses: from its code, its defaults, its closure, and its global names."""
    bound = [*getattr(function, "args", ()), *getattr(function, "keywords", {}).values()]  # a partial's
    bound += getattr(getattr(function, "__self__", None), "__dict__", {}).values()
    inner = getattr(function, "func", function)
    bound += [*(getattr(inner, "__defaults__", None) or ()), *(getattr(inner, "__kwdefaults__", None) or {}).values()]
    known = getattr(inner, "__globals__", {})
    for code in code_objects(function):
        bound += [*code.co_consts, *(known[word] for word in code.co_names if word in known)]
    for cell in getattr(inner, "__closure__", None) or ():
        with contextlib.suppress(ValueError):  # it is empty
            bound.append(cell.cell_contents)
    return {float(c) for c in bound if isinstance(c, (int, float, np.number)) and not isinstance(c, bool)}


def code_objects(function: Any) -> Iterator[types.CodeType]:
    """Yields the code object of a function, and those of the functions that are defined in it."""
    pending = [getattr(getattr(function, "func", function), "__code__", None)]
    while pending:
        code = pending.pop()
        if isinstance(code, types.CodeType):
            yield code
            pending += code.co_consts
