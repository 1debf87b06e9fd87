"""Diagnoses an expression that is right after one edit, or two, or with its factors in another order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...language.tree import Expr, Path, call, replaced, walk
from ...language.values import Columns, Impossible, Misfit, column, shape
from ...op import OPS
from ...sweep import topological_order
from ...tensor import Tensor
from ..judge import Point
from ..python_loss import LOSS
from ..vectorise_sums import matmul_all, matmul_factors
from .candidate import Candidate, Candidates, WrongAnswer, equal, in_sentence, names_of_tensors
from .edit_tree import edits_of
from .edits import Edit, EditContext

LONGEST_CHAIN = 5
TWICE = 1.7  # how much more two mistakes cost than one


def candidates(wrong: WrongAnswer) -> Candidates:
    """Yields the edits after which the answer is right, perhaps up to its sign; if there are none, pairs of edits."""
    tree = wrong.right
    if any(node.head == "Function" for _, node in walk(tree)):
        return
    context, found = edit_context(wrong), False
    every: list[Edit] = []
    for edit in itertools.chain(edits_of(tree, context), reordered_products(wrong, tree)):
        if wrong.out_of_budget():
            return
        every.append(edit)
        for candidate in confirm(wrong, edit):
            found = True
            yield candidate
    every.sort(key=lambda r: r.candidate.cost)
    if not found:
        yield from pairs_of_edits(wrong, every, context)


def pairs_of_edits(wrong: WrongAnswer, every: list[Edit], context: EditContext) -> Candidates:
    """Yields the first pair of edits after which the answer is right, the simple ones first."""
    for first in every[:200]:
        for second in edits_of(first.tree, context._replace(functions=[], slopes={})):
            if wrong.out_of_budget():
                return
            if first.candidate.cost + second.candidate.cost < 5.7 and sign_of_match(wrong, second.tree) == "right":
                yield replace(first.candidate, cost=first.candidate.cost + TWICE)
                yield replace(second.candidate, cost=first.candidate.cost + TWICE + 0.1)
                return


def confirm(wrong: WrongAnswer, edit: Edit) -> Candidates:
    """Yields the mistake of an edit if the edited expression is right, and a second one if it is so up to its sign."""
    found, candidate = sign_of_match(wrong, edit.tree), edit.candidate
    if found == "right":
        yield candidate
    elif found == "negated" and candidate.code != "SIGN":
        yield replace(candidate, cost=candidate.cost + TWICE)
        yield Candidate("SIGN", "is-negated", candidate.cost + TWICE + 0.1)


def sign_of_match(wrong: WrongAnswer, tree: Expr) -> str:
    """Returns "right" if the tree is right at every point, "negated" if its negative is, and else ""."""
    sign, found = 0, ""
    looked = [wrong.small_pair] if wrong.small_pair is not None else []
    for point, truth in itertools.chain(looked, zip(wrong.points, wrong.truths)):
        x = evaluate(point, tree, wrong)
        if sign >= 0 and equal(x, truth):
            sign, found = 1, "right"
        elif sign <= 0 and x is not None and not isinstance(x, tuple) and equal(-np.asarray(x, float), truth):
            sign, found = -1, "negated"
        else:
            return ""
    return found


def evaluate(point: Point, tree: Expr, wrong: WrongAnswer | None = None) -> Any:
    """Evaluates a tree at a point; None if that fails.  A list of equal rows is evaluated as one of them.

    What it costs is counted in the budget of ``wrong``.
    """
    values = point.values()
    try:
        return values(without_idle_list(tree))
    except (Misfit, Impossible, ValueError, TypeError, IndexError, ArithmeticError):
        return None
    finally:
        if wrong is not None:
            wrong.spent += 10 + values.steps


def without_idle_list(tree: Expr) -> Expr:
    """Removes a list over an index on which its term does not depend."""
    while tree.head == "Each" and not any(n == Expr("Name", (), tree.value) for _, n in walk(tree.args[0])):
        if not any(n.head == "If" for _, n in walk(tree.args[0])):
            return tree.args[0]
        break
    return tree


def edit_context(wrong: WrongAnswer) -> EditContext:
    """Collects the names, functions and derivatives of the problem that edits may use."""
    point = wrong.points[0]
    names = names_of_tensors(point)
    functions: dict[str, None] = {}
    slopes: dict[str, Expr] = {}
    activations: list[set[str]] = []
    for tensor in [x for x in point.tensors.values() if isinstance(x, Tensor)]:
        for node in topological_order(tensor.node):
            op = node.op
            if op is None or not op.elementwise or len(op.names) != 1 or op.name in ("negative", "positive"):
                continue
            functions[op.name] = None
            if node.serial in names and node.args[0] is not None and node.args[0].serial in names:
                activations.append({names[node.serial], names[node.args[0].serial]})
            inner = node.args[0]
            if inner is not None and inner.serial in names:
                tree = Expr(f"{op.name}'", (Expr("Name", (), names[inner.serial]),))
                slopes[in_sentence(tree)] = tree
    for head in [n.head for _, n in walk(wrong.right)]:
        op = OPS.get(head)
        if op is not None and op.elementwise and len(op.names) == 1 and head not in ("negative", "positive"):
            functions[head] = None
    wanted = {word: x for word, x in point.arrays.items() if word != LOSS and not isinstance(x, (int, bool))}
    return EditContext(
        wanted,
        [*functions],
        slopes,
        wrong.has_wrong_shape(),
        point.sizes,
        activations,
        lambda tree: shape_of(point, tree),
    )


def shape_of(point: Point, tree: Expr) -> tuple[int, ...] | None:
    """Returns the shape of an expression; None if it has no value."""
    x = evaluate(point, tree)
    return None if x is None or isinstance(x, tuple) else shape(x)


# Products of several factors: their order and their transposes.


def reordered_products(wrong: WrongAnswer, tree: Expr) -> Iterator[Edit]:
    """Yields every product of up to five factors in another order, and with other transposes."""
    for path, node in walk(tree):
        if node.head != "matmul" or (path and parent_of(tree, path).head == "matmul"):
            continue
        factors = matmul_factors(node)
        if not 2 <= len(factors) <= LONGEST_CHAIN:
            continue
        for order, turned in fitting_arrangements(wrong, tree, path, factors):
            moved = order != tuple(range(len(factors)))
            turns = Expr("List", tuple(f.args[0] if f.head == "transpose" else f for f, t in zip(factors, turned) if t))
            new = matmul_all([toggle_transpose(factors[i]) if turned[i] else factors[i] for i in order])
            if moved:
                candidate = Candidate("ORDER", "is-order-of-factors", 2.3 + 0.1 * len(turns.args), {"factors": new})
            else:
                candidate = Candidate("TRANSPOSE", "is-transposes", 1.9 + 0.1 * len(turns.args), {"factors": turns})
            yield Edit(replaced(tree, path, new), candidate)
            if moved and turns.args:
                yield Edit(replaced(tree, path, new), Candidate("TRANSPOSE", "is-transposes", 2.6, {"factors": turns}))


def toggle_transpose(factor: Expr) -> Expr:
    """Transposes a factor, or removes its transpose."""
    return factor.args[0] if factor.head == "transpose" else call("transpose", factor)


def parent_of(tree: Expr, path: Path) -> Expr:
    """Returns the node above the one at a path."""
    for i in path[:-1]:
        tree = tree.args[i]
    return tree


def fitting_arrangements(
    wrong: WrongAnswer, tree: Expr, path: Path, factors: list[Expr]
) -> Iterator[tuple[tuple[int, ...], tuple[bool, ...]]]:
    """Yields orders and transposes of the factors whose shapes fit.

    If the product is the whole answer, its value must also be right at the first point.
    """
    point, truth = wrong.points[0], np.asarray(wrong.truths[0])
    values = [evaluate(point, f) for f in factors]
    if any(v is None or isinstance(v, tuple) or len(shape(v)) > 2 for v in values):
        return
    columns = [np.asarray(column(v), float) for v in values]
    whole = not path
    for order in itertools.permutations(range(len(factors))):
        for turned in itertools.product((False, True), repeat=len(factors)):
            wrong.spent += 20
            if wrong.out_of_budget():
                return
            if any(
                t and min(columns[i].shape or (1,)) == max(columns[i].shape or (1,)) == 1 for i, t in enumerate(turned)
            ):
                continue
            parts = [columns[i].T if turned[i] else columns[i] for i in order]
            found: Any = parts[0]
            for part in parts[1:]:
                if found.ndim == 0 or part.ndim == 0 or found.size == 1 or part.size == 1:
                    found = found * (part if found.ndim or part.ndim != 2 else part)
                elif found.shape[1] == part.shape[0]:
                    found = found @ part
                else:
                    break
            else:
                if whole and not equal(found if evaluates_columns(point) or truth.ndim > 1 else found.ravel(), truth):
                    continue
                yield order, turned


def evaluates_columns(point: Point) -> bool:
    return isinstance(point.values(), Columns) and getattr(point, "reading", Columns) is Columns
