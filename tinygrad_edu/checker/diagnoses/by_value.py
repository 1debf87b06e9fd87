"""Diagnoses an answer by its numbers alone: a sign, a factor, a transpose, or a sum that is missing or superfluous."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ...format.numbers import fraction
from ...language.tree import Expr, replaced, walk
from ...language.values import Impossible, Misfit
from ...numeric.equality import same
from ..python_loss import LOSS, LossPoint
from .candidate import Candidate, Candidates, WrongAnswer, equal


def candidates(wrong: WrongAnswer) -> Candidates:
    """Yields the simple relations between the claimed values and the true ones."""
    if not wrong.claimed or any(isinstance(c, tuple) for c in wrong.claimed):
        return
    yield from explain_idle_sums(wrong)
    truths = [np.asarray(t, float) for t in wrong.truths]
    claimed = [np.asarray(c, float) for c in wrong.claimed]
    if wrong.is_zero() and any(t.any() for t in truths):
        literal = all(n.head in ("Number", "Each", "If", "zeros", "Name", "Compare") for _, n in walk(wrong.right))
        yield Candidate("MISSING_PATH", "is-zero", 2.9 if literal else 4.0)
        return
    if not any(np.any(t) for t in truths):
        yield Candidate("MISSING_PATH", "is-independent", 1.0)
        return
    if wrong.question.left.head == "Shape":
        yield from explain_shape(truths, claimed)
        return
    yield from explain_factor(wrong, truths, claimed)
    yield from explain_transpose(wrong, truths, claimed)
    yield from explain_sums(truths, claimed)
    yield from explain_positions(truths, claimed)


def explain_idle_sums(wrong: WrongAnswer) -> Candidates:
    """Yields sums over an index on which the term does not depend: such a sum only multiplies by the length."""
    for path, node in walk(wrong.right):
        if node.head == "Sum" and not depends_on(node.args[0], node.value):
            less = replaced(wrong.right, path, node.args[0])
            try:
                if all(equal(p.values()(less), t) for p, t in zip(wrong.points, wrong.truths)):
                    yield Candidate("AXIS", "is-sum-spurious", 0.5, {"index": node.value})
            except (Misfit, Impossible):
                continue


def depends_on(tree: Expr, word: str) -> bool:
    """Does a tree depend on an index, other than in sums over it?"""
    if tree.head in ("Sum", "Each") and tree.value == word:
        return any(depends_on(a, word) for a in tree.args[1:3])
    return tree == Expr("Name", (), word) or any(depends_on(a, word) for a in tree.args)


def explain_shape(truths: list[Any], claimed: list[Any]) -> Candidates:
    """Explains a wrong shape: it is reversed, or it is simply another one."""
    if all(equal(t.ravel()[::-1], c.ravel()) for t, c in zip(truths, claimed)):
        yield Candidate("LAYOUT", "is-shape-reversed", 1)
    else:
        yield Candidate("AXIS", "is-shape", 1)


def explain_factor(wrong: WrongAnswer, truths: list[Any], claimed: list[Any]) -> Candidates:
    """Explains an answer that is the right one times a number."""
    ratios = []
    for t, c in zip(truths, claimed):
        t = t.reshape(c.shape) if t.size == c.size and equal(np.ones(t.shape), np.ones(c.shape)) else t
        if t.shape != c.shape or not t.any():
            return
        k = float((c * t).sum() / (t * t).sum())
        if not equal(k * t, c):
            return
        ratios.append(k)
    yield from name_factor(wrong, ratios)


def name_factor(wrong: WrongAnswer, ratios: list[float]) -> Candidates:
    """Says what a factor is: -1, 2, 1/N, or a name.  ``ratios`` has its value at each point."""
    if any(k == 0 for k in ratios):
        return
    if all(k < 0 for k in ratios):
        ratios = [-k for k in ratios]
        only_sign = same(ratios, np.ones(len(ratios)))
        factor = [] if only_sign else list(name_factor(wrong, ratios))
        if factor or only_sign:
            yield Candidate("SIGN", "is-negated", 0)
        yield from factor
        return
    lengths = [*wrong.points[0].sizes]
    constant = same(ratios, [max(ratios)] * len(ratios))
    for word in lengths:
        for power, shown in powers_of_size(word):
            if not constant and same(ratios, [p.sizes[word] ** power for p in wrong.points]):
                yield Candidate("SCALE", "is-factor", 1, {"factor": shown, "missing": inverse(shown)})
                return
    for word, x in wrong.points[0].arrays.items():
        if np.ndim(x) or not isinstance(x, (float, np.floating, np.ndarray)):
            continue
        known = word in getattr(wrong.points[0], "leaves", {word: x})
        for power, shown in ((1, word), (-1, f"1/{word}")):
            values = [float(p.arrays[word]) for p in wrong.points]
            if all(values) and same(ratios, [v**power for v in values]):
                if word == LOSS:
                    yield Candidate("CHAIN", "is-outer-missing", 2.3)
                    return
                code = "SCALE" if known else "MISSING_FACTOR"
                yield Candidate(code, "is-factor", 1 if known else 2.4, {"factor": shown, "missing": inverse(shown)})
                return
    if constant:
        shown = fraction(ratios[0])
        key, fields = "is-factor", {"factor": shown, "missing": inverse(shown)}
        squared = fraction(ratios[0] ** 2)
        if "." in shown and "." not in squared:
            fields = {"factor": f"√({squared})", "missing": f"√({fraction(ratios[0] ** -2)})"}
        n = round(max(ratios[0], 1 / ratios[0]))
        if n > 2 and isinstance(wrong.points[0], LossPoint) and same(max(ratios[0], 1 / ratios[0]), n):
            of = [w for w, x in wrong.points[0].leaves.items() if n in np.shape(x)]
            if of:
                key, fields = "is-factor-length", fields | {"n": str(n), "name": of[0]}
        yield Candidate("SCALE", key, 1.9 if ratios[0] < 1 and key != "is-factor" else 1, fields)


def powers_of_size(word: str) -> list[tuple[float, str]]:
    """Lists the powers of a size that are tried as factors, with their text."""
    return [
        (1, word), (-1, f"1/{word}"), (0.5, f"√{word}"), (-0.5, f"1/√{word}"), (2, f"{word}²"), (-2, f"1/{word}²"),
    ]  # fmt: skip


def inverse(shown: str) -> str:
    """Returns the text of 1 over a factor: 1/N for N, and N for 1/N."""
    return (
        shown[2:] if shown.startswith("1/") else f"1/{shown}" if "/" not in shown else "/".join(shown.split("/")[::-1])
    )


def explain_transpose(wrong: WrongAnswer, truths: list[Any], claimed: list[Any]) -> Candidates:
    """Explains an answer that is the transpose: in another layout, or of a square matrix by the order of factors."""
    if any(t.ndim != 2 and t.size > 1 and c.ndim != 2 for t, c in zip(truths, claimed)):
        return
    for sign, key in ((1, ""), (-1, "SIGN")):
        if all(equal(sign * np.atleast_2d(t).T if t.ndim > 1 else None, c) for t, c in zip(truths, claimed)) or all(
            t.ndim == 1 and c.shape == (1, len(t)) and equal(sign * t[None], c) for t, c in zip(truths, claimed)
        ):
            square = all(t.shape == c.shape for t, c in zip(truths, claimed))
            if key:
                yield Candidate("SIGN", "is-negated", 0.5)
            if not square:
                yield Candidate("LAYOUT", "is-layout", 0.2)
            elif is_matrix_product(wrong.right):
                yield Candidate("ORDER", "is-reversed", 0.4)
            else:
                yield Candidate("TRANSPOSE", "is-transposed", 0.4)


def is_matrix_product(tree: Expr) -> bool:
    """Is the tree a product of matrices, perhaps with a sign or a factor?"""
    if tree.head in ("negative", "divide", "multiply", "Each"):
        return any(is_matrix_product(a) for a in tree.args)
    return tree.head in ("matmul", "outer", "einsum", "dot", "Function")


def explain_sums(truths: list[Any], claimed: list[Any]) -> Candidates:
    """Explains an answer by a sum over some axes that is missing or superfluous."""
    t0, c0 = truths[0], claimed[0]
    if c0.size > t0.size:
        for axes in sets_of_axes(c0.ndim):
            for reduce, key in ((np.sum, "is-unsummed"), (np.mean, "is-unsummed-mean")):
                if all(equal(reshape_like(reduce(c, axes, keepdims=True), t), t) for t, c in zip(truths, claimed)):
                    yield Candidate("BROADCAST", key, 0.8 if reduce is np.sum else 2.6, {"axis": str(axes[0])})
                    return
    for axes in sets_of_axes(t0.ndim):
        for keep in (True, False):
            summed = [t.sum(axes, keepdims=keep) for t in truths]
            smaller = all(s.size < t.size for s, t in zip(summed, truths))
            if smaller and all(equal(s, c) or is_stretched(s, c) for s, c in zip(summed, claimed)):
                yield Candidate("AXIS", "is-summed", 2.2, {"axis": str(axes[0])})
                return


def explain_positions(truths: list[Any], claimed: list[Any]) -> Candidates:
    """Explains the right numbers in other positions: flattened, on a diagonal, in reverse order, or shifted by one."""
    pairs = list(zip(truths, claimed))
    if all(t.ndim > 1 and c.ndim == 1 and equal(t.ravel(), c) for t, c in pairs):
        yield Candidate("LAYOUT", "is-flattened", 0.5)
    if all(t.ndim == 1 and c.ndim == 2 and equal(np.diag(t), c) for t, c in pairs):
        yield Candidate("LAYOUT", "is-on-diagonal", 0.5)
    if all(t.ndim == 1 and c.ndim == 2 and 1 in c.shape and c.size > 1 and equal(t, c.ravel()) for t, c in pairs):
        yield Candidate("LAYOUT", "is-column", 0.5)
    if all(t.ndim == 2 and t.shape[0] == t.shape[1] > 1 and is_diagonal_only(t, c) for t, c in pairs):
        yield Candidate("JACOBIAN", "is-diagonal-only", 1.0)
    for axis in range(truths[0].ndim):
        if all(t.shape == c.shape for t, c in pairs):
            if all(equal(np.flip(t, axis), c) for t, c in pairs):
                yield Candidate("INDEX_SHIFT", "is-reverse-order", 1.0)
            for step in (1, -1):
                if truths[0].shape[axis] > 2 and all(equal(np.roll(t, step, axis), c) for t, c in pairs):
                    yield Candidate("INDEX_SHIFT", "is-rolled", 1.5)


def is_diagonal_only(t: Any, c: Any) -> bool:
    """Is ``c`` the diagonal of the matrix ``t``, as a vector or with zeros around it?"""
    diagonal = np.diag(t)
    return equal(diagonal, c.ravel()) if c.size == len(t) else c.shape == t.shape and equal(np.diag(diagonal), c)


def sets_of_axes(ndim: int) -> list[tuple[int, ...]]:
    return [axes for n in range(1, ndim + 1) for axes in itertools.combinations(range(ndim), n)]


def is_stretched(s: Any, c: Any) -> bool:
    """Is ``c`` the array ``s`` broadcast to its shape?"""
    fits = s.ndim == c.ndim and all(a in (1, b) for a, b in zip(s.shape, c.shape))
    return fits and equal(np.broadcast_to(s, c.shape), c)


def reshape_like(x: Any, t: Any) -> Any:
    """Reshapes ``x`` to the shape of ``t`` if it has as many elements; else returns it as it is."""
    return x.reshape(t.shape) if x.size == t.size else x
