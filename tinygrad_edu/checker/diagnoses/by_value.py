"""The numbers alone: a sign, a factor, a transpose, a sum that is missing or too many."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ...format.numbers import fraction
from ...language.tree import Expr, replaced, walk
from ...language.values import Impossible, Misfit
from ...numeric.equality import same
from ..functions import LOSS, FunctionPlace
from .guess import Case, Guess, Guesses, equal


def guesses(case: Case) -> Guesses:
    """What the numbers say."""
    if not case.claimed or any(isinstance(c, tuple) for c in case.claimed):
        return
    yield from of_idle_sums(case)
    truths = [np.asarray(t, float) for t in case.truths]
    claimed = [np.asarray(c, float) for c in case.claimed]
    if case.nothing() and any(t.any() for t in truths):
        literal = all(n.head in ("Number", "Each", "If", "zeros", "Name", "Compare") for _, n in walk(case.right))
        yield Guess("MISSING_PATH", "is-zero", 2.9 if literal else 4.0)
        return
    if not any(np.any(t) for t in truths):
        yield Guess("MISSING_PATH", "is-independent", 1.0)
        return
    if case.question.left.head == "Shape":
        yield from of_shape(truths, claimed)
        return
    yield from of_factor(case, truths, claimed)
    yield from of_transpose(case, truths, claimed)
    yield from of_sums(truths, claimed)
    yield from of_places(truths, claimed)


def of_idle_sums(case: Case) -> Guesses:
    """A sum over an index on which nothing depends only multiplies."""
    for path, node in walk(case.right):
        if node.head == "Sum" and not depends(node.args[0], node.value):
            less = replaced(case.right, path, node.args[0])
            try:
                if all(equal(p.values()(less), t) for p, t in zip(case.places, case.truths)):
                    yield Guess("AXIS", "is-sum-spurious", 0.5, {"index": node.value})
            except (Misfit, Impossible):
                continue


def depends(tree: Expr, word: str) -> bool:
    """Is there that index in it, other than in sums over it?"""
    if tree.head in ("Sum", "Each") and tree.value == word:
        return any(depends(a, word) for a in tree.args[1:3])
    return tree == Expr("Name", (), word) or any(depends(a, word) for a in tree.args)


def of_shape(truths: list[Any], claimed: list[Any]) -> Guesses:
    if all(equal(t.ravel()[::-1], c.ravel()) for t, c in zip(truths, claimed)):
        yield Guess("LAYOUT", "is-shape-reversed", 1)
    else:
        yield Guess("AXIS", "is-shape", 1)


def of_factor(case: Case, truths: list[Any], claimed: list[Any]) -> Guesses:
    """The right answer times a number."""
    ratios = []
    for t, c in zip(truths, claimed):
        t = t.reshape(c.shape) if t.size == c.size and equal(np.ones(t.shape), np.ones(c.shape)) else t
        if t.shape != c.shape or not t.any():
            return
        k = float((c * t).sum() / (t * t).sum())
        if not equal(k * t, c):
            return
        ratios.append(k)
    yield from named_factor(case, ratios)


def named_factor(case: Case, ratios: list[float]) -> Guesses:
    """What the number is: -1, 2, 1/N, a name."""
    if any(k == 0 for k in ratios):
        return
    if all(k < 0 for k in ratios):
        ratios = [-k for k in ratios]
        only_sign = same(ratios, np.ones(len(ratios)))
        factor = [] if only_sign else list(named_factor(case, ratios))
        if factor or only_sign:
            yield Guess("SIGN", "is-negated", 0)
        yield from factor
        return
    lengths = [*case.places[0].sizes]
    constant = same(ratios, [max(ratios)] * len(ratios))
    for word in lengths:
        for power, shown in powers(word):
            if not constant and same(ratios, [p.sizes[word] ** power for p in case.places]):
                yield Guess("SCALE", "is-factor", 1, {"factor": shown, "missing": inverse(shown)})
                return
    for word, x in case.places[0].arrays.items():
        if np.ndim(x) or not isinstance(x, (float, np.floating, np.ndarray)):
            continue
        known = word in getattr(case.places[0], "leaves", {word: x})
        for power, shown in ((1, word), (-1, f"1/{word}")):
            values = [float(p.arrays[word]) for p in case.places]
            if all(values) and same(ratios, [v**power for v in values]):
                if word == LOSS:
                    yield Guess("CHAIN", "is-outer-missing", 2.3)
                    return
                code = "SCALE" if known else "MISSING_FACTOR"
                yield Guess(code, "is-factor", 1 if known else 2.4, {"factor": shown, "missing": inverse(shown)})
                return
    if constant:
        shown = fraction(ratios[0])
        key, fields = "is-factor", {"factor": shown, "missing": inverse(shown)}
        squared = fraction(ratios[0] ** 2)
        if "." in shown and "." not in squared:
            fields = {"factor": f"√({squared})", "missing": f"√({fraction(ratios[0] ** -2)})"}
        n = round(max(ratios[0], 1 / ratios[0]))
        if n > 2 and isinstance(case.places[0], FunctionPlace) and same(max(ratios[0], 1 / ratios[0]), n):
            of = [w for w, x in case.places[0].leaves.items() if n in np.shape(x)]
            if of:
                key, fields = "is-factor-length", fields | {"n": str(n), "name": of[0]}
        yield Guess("SCALE", key, 1.9 if ratios[0] < 1 and key != "is-factor" else 1, fields)


def powers(word: str) -> list[tuple[float, str]]:
    """Powers of a size that occur as factors."""
    return [
        (1, word), (-1, f"1/{word}"), (0.5, f"√{word}"), (-0.5, f"1/√{word}"), (2, f"{word}²"), (-2, f"1/{word}²"),
    ]  # fmt: skip


def inverse(shown: str) -> str:
    return (
        shown[2:] if shown.startswith("1/") else f"1/{shown}" if "/" not in shown else "/".join(shown.split("/")[::-1])
    )


def of_transpose(case: Case, truths: list[Any], claimed: list[Any]) -> Guesses:
    """The transpose: another layout, if its shape is that; factors in another order, if the matrix is square."""
    if any(t.ndim != 2 and t.size > 1 and c.ndim != 2 for t, c in zip(truths, claimed)):
        return
    for sign, key in ((1, ""), (-1, "SIGN")):
        if all(equal(sign * np.atleast_2d(t).T if t.ndim > 1 else None, c) for t, c in zip(truths, claimed)) or all(
            t.ndim == 1 and c.shape == (1, len(t)) and equal(sign * t[None], c) for t, c in zip(truths, claimed)
        ):
            square = all(t.shape == c.shape for t, c in zip(truths, claimed))
            if key:
                yield Guess("SIGN", "is-negated", 0.5)
            if not square:
                yield Guess("LAYOUT", "is-layout", 0.2)
            elif product(case.right):
                yield Guess("ORDER", "is-reversed", 0.4)
            else:
                yield Guess("TRANSPOSE", "is-transposed", 0.4)


def product(tree: Expr) -> bool:
    """Is it a product of matrices, perhaps with a sign or a factor?"""
    if tree.head in ("negative", "divide", "multiply", "Each"):
        return any(product(a) for a in tree.args)
    return tree.head in ("matmul", "outer", "einsum", "dot", "Function")


def of_sums(truths: list[Any], claimed: list[Any]) -> Guesses:
    """A sum that is missing, or too many."""
    t0, c0 = truths[0], claimed[0]
    if c0.size > t0.size:
        for axes in some(c0.ndim):
            for reduce, key in ((np.sum, "is-unsummed"), (np.mean, "is-unsummed-mean")):
                if all(equal(matching(reduce(c, axes, keepdims=True), t), t) for t, c in zip(truths, claimed)):
                    yield Guess("BROADCAST", key, 0.8 if reduce is np.sum else 2.6, {"axis": str(axes[0])})
                    return
    for axes in some(t0.ndim):
        for keep in (True, False):
            summed = [t.sum(axes, keepdims=keep) for t in truths]
            smaller = all(s.size < t.size for s, t in zip(summed, truths))
            if smaller and all(equal(s, c) or stretched(s, c) for s, c in zip(summed, claimed)):
                yield Guess("AXIS", "is-summed", 2.2, {"axis": str(axes[0])})
                return


def of_places(truths: list[Any], claimed: list[Any]) -> Guesses:
    """The right numbers in other places: flattened, on a diagonal, in reverse order, one further."""
    pairs = list(zip(truths, claimed))
    if all(t.ndim > 1 and c.ndim == 1 and equal(t.ravel(), c) for t, c in pairs):
        yield Guess("LAYOUT", "is-flattened", 0.5)
    if all(t.ndim == 1 and c.ndim == 2 and equal(np.diag(t), c) for t, c in pairs):
        yield Guess("LAYOUT", "is-on-diagonal", 0.5)
    if all(t.ndim == 1 and c.ndim == 2 and 1 in c.shape and c.size > 1 and equal(t, c.ravel()) for t, c in pairs):
        yield Guess("LAYOUT", "is-column", 0.5)
    if all(t.ndim == 2 and t.shape[0] == t.shape[1] > 1 and only_diagonal(t, c) for t, c in pairs):
        yield Guess("JACOBIAN", "is-diagonal-only", 1.0)
    for axis in range(truths[0].ndim):
        if all(t.shape == c.shape for t, c in pairs):
            if all(equal(np.flip(t, axis), c) for t, c in pairs):
                yield Guess("INDEX_SHIFT", "is-reverse-order", 1.0)
            for step in (1, -1):
                if truths[0].shape[axis] > 2 and all(equal(np.roll(t, step, axis), c) for t, c in pairs):
                    yield Guess("INDEX_SHIFT", "is-rolled", 1.5)


def only_diagonal(t: Any, c: Any) -> bool:
    """Is it the diagonal of a matrix, and nothing or zeros beside it?"""
    diagonal = np.diag(t)
    return equal(diagonal, c.ravel()) if c.size == len(t) else c.shape == t.shape and equal(np.diag(diagonal), c)


def some(ndim: int) -> list[tuple[int, ...]]:
    return [axes for n in range(1, ndim + 1) for axes in itertools.combinations(range(ndim), n)]


def stretched(s: Any, c: Any) -> bool:
    """Is it the same, stretched to that shape?"""
    fits = s.ndim == c.ndim and all(a in (1, b) for a, b in zip(s.shape, c.shape))
    return fits and equal(np.broadcast_to(s, c.shape), c)


def matching(x: Any, t: Any) -> Any:
    """In that shape, if it has as many numbers in the same order."""
    return x.reshape(t.shape) if x.size == t.size else x
