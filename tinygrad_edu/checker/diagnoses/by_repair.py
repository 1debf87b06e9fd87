"""What was written, with one place repaired: then it is right."""

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
from ..functions import LOSS
from ..judge import Place
from .changes import Around, Repair
from .guess import Case, Guess, Guesses, equal, names_at, said
from .repairs import repairs

LONGEST_CHAIN = 5
TWICE = 1.7  # how much more far-fetched two mistakes are than one


def guesses(case: Case) -> Guesses:
    """Every repair after which the answer is right, perhaps but for its sign or a factor; then pairs of repairs."""
    tree = case.right
    if any(node.head == "Function" for _, node in walk(tree)):
        return
    around, found = surroundings(case), False
    every: list[Repair] = []
    for repair in itertools.chain(repairs(tree, around), chains(case, tree)):
        if case.late():
            return
        every.append(repair)
        for guess in verdict(case, repair):
            found = True
            yield guess
    every.sort(key=lambda r: r.guess.cost)
    if not found:
        yield from pairs(case, every, around)


def pairs(case: Case, every: list[Repair], around: Around) -> Guesses:
    """Two repairs, the simple ones first, as long as there is time."""
    for first in every[:200]:
        for second in repairs(first.tree, around._replace(functions=[], slopes={})):
            if case.late():
                return
            if first.guess.cost + second.guess.cost < 5.7 and kind(case, second.tree) == "right":
                yield replace(first.guess, cost=first.guess.cost + TWICE)
                yield replace(second.guess, cost=first.guess.cost + TWICE + 0.1)
                return


def verdict(case: Case, repair: Repair) -> Guesses:
    found, guess = kind(case, repair.tree), repair.guess
    if found == "right":
        yield guess
    elif found == "negated" and guess.code != "SIGN":
        yield replace(guess, cost=guess.cost + TWICE)
        yield Guess("SIGN", "is-negated", guess.cost + TWICE + 0.1)


def kind(case: Case, tree: Expr) -> str:
    """Is it right everywhere, or everywhere with the other sign?"""
    sign, found = 0, ""
    looked = [case.scout] if case.scout is not None else []
    for place, truth in itertools.chain(looked, zip(case.places, case.truths)):
        x = value(place, tree, case)
        if sign >= 0 and equal(x, truth):
            sign, found = 1, "right"
        elif sign <= 0 and x is not None and not isinstance(x, tuple) and equal(-np.asarray(x, float), truth):
            sign, found = -1, "negated"
        else:
            return ""
    return found


def value(place: Place, tree: Expr, case: Case | None = None) -> Any:
    """The value, or nothing; a row for each index, of which none is left, is the one that they all are."""
    values = place.values()
    try:
        return values(unused(tree))
    except (Misfit, Impossible, ValueError, TypeError, IndexError, ArithmeticError):
        return None
    finally:
        if case is not None:
            case.spent += 10 + values.steps


def unused(tree: Expr) -> Expr:
    """Without a list over an index that nothing depends on."""
    while tree.head == "Each" and not any(n == Expr("Name", (), tree.value) for _, n in walk(tree.args[0])):
        if not any(n.head == "If" for _, n in walk(tree.args[0])):
            return tree.args[0]
        break
    return tree


def surroundings(case: Case) -> Around:
    """Names, functions and slopes that belong to the problem."""
    place = case.places[0]
    names = names_at(place)
    functions: dict[str, None] = {}
    slopes: dict[str, Expr] = {}
    activations: list[set[str]] = []
    for tensor in [x for x in place.tensors.values() if isinstance(x, Tensor)]:
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
                slopes[said(tree)] = tree
    for head in [n.head for _, n in walk(case.right)]:
        op = OPS.get(head)
        if op is not None and op.elementwise and len(op.names) == 1 and head not in ("negative", "positive"):
            functions[head] = None
    wanted = {word: x for word, x in place.arrays.items() if word != LOSS and not isinstance(x, (int, bool))}
    return Around(
        wanted, [*functions], slopes, case.unfit(), place.sizes, activations, lambda tree: shaped(place, tree)
    )


def shaped(place: Place, tree: Expr) -> tuple[int, ...] | None:
    """The shape of an expression, if it has a value."""
    x = value(place, tree)
    return None if x is None or isinstance(x, tuple) else shape(x)


# Products of several factors: their order and their transposes.


def chains(case: Case, tree: Expr) -> Iterator[Repair]:
    """Every product of three to five factors in another order, and with other transposes."""
    for path, node in walk(tree):
        if node.head != "matmul" or (path and parent(tree, path).head == "matmul"):
            continue
        factors = flat(node)
        if not 2 <= len(factors) <= LONGEST_CHAIN:
            continue
        for order, turned in arrangements(case, tree, path, factors):
            moved = order != tuple(range(len(factors)))
            turns = Expr("List", tuple(f.args[0] if f.head == "transpose" else f for f, t in zip(factors, turned) if t))
            new = product([turn(factors[i]) if turned[i] else factors[i] for i in order])
            if moved:
                guess = Guess("ORDER", "is-order-of-factors", 2.3 + 0.1 * len(turns.args), {"factors": new})
            else:
                guess = Guess("TRANSPOSE", "is-transposes", 1.9 + 0.1 * len(turns.args), {"factors": turns})
            yield Repair(replaced(tree, path, new), guess)
            if moved and turns.args:
                yield Repair(replaced(tree, path, new), Guess("TRANSPOSE", "is-transposes", 2.6, {"factors": turns}))


def turn(factor: Expr) -> Expr:
    return factor.args[0] if factor.head == "transpose" else call("transpose", factor)


def parent(tree: Expr, path: Path) -> Expr:
    for i in path[:-1]:
        tree = tree.args[i]
    return tree


def flat(node: Expr) -> list[Expr]:
    """The factors of a product of products."""
    return [f for a in node.args for f in flat(a)] if node.head == "matmul" else [node]


def product(factors: list[Expr]) -> Expr:
    found = factors[0]
    for factor in factors[1:]:
        found = call("matmul", found, factor)
    return found


def arrangements(
    case: Case, tree: Expr, path: Path, factors: list[Expr]
) -> Iterator[tuple[tuple[int, ...], tuple[bool, ...]]]:
    """Orders and transposes whose shapes fit and whose value is right at the first place."""
    place, truth = case.places[0], np.asarray(case.truths[0])
    values = [value(place, f) for f in factors]
    if any(v is None or isinstance(v, tuple) or len(shape(v)) > 2 for v in values):
        return
    columns = [np.asarray(column(v), float) for v in values]
    whole = not path
    for order in itertools.permutations(range(len(factors))):
        for turned in itertools.product((False, True), repeat=len(factors)):
            case.spent += 20
            if case.late():
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
                if whole and not equal(found if place_is_columns(place) or truth.ndim > 1 else found.ravel(), truth):
                    continue
                yield order, turned


def place_is_columns(place: Place) -> bool:
    return isinstance(place.values(), Columns) and getattr(place, "reading", Columns) is Columns
