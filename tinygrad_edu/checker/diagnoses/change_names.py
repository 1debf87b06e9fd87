"""Names and indices: of another layer, of another place, one further."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ...language.tree import Expr, Path, at, call, name, number, walk
from ...language.values import shape
from ...op import OPS
from .changes import Around, Found, Repair, indices, substituted
from .guess import Guess


def of_indices(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """Another index, one place further, or a sum over none."""
    force = indices(tree, path)
    if node.head in ("Sum", "Each"):
        body, word = node.args[0], node.value
        used = {n.value for _, n in walk(body) if n.head == "Name"}
        for other in force:
            if other != word and node.head == "Sum":
                yield substituted(body, word, name(other)), Guess("AXIS", "is-sum-spurious", 2.2, {"index": word})
        if word not in used and node.head == "Sum":
            yield body, Guess("AXIS", "is-sum-spurious", 2.0, {"index": word})
        for inner in sorted(used & {*force}):
            new = node._replace(args=(substituted(body, inner, name(word)), *node.args[1:]))
            yield new, Guess("INDEX_SHIFT", "is-index", 2.1, {"index": inner, "other": word})
        fixed = [n for _, n in walk(body) if n.head == "Index" and any(p.head == "Number" for p in n.args[1:])]
        for one in {n.args[1] for n in fixed if n.args[1].head == "Number"}:
            new = node._replace(args=(elsewhere(body, one, name(word)), *node.args[1:]))
            yield new, Guess("INDEX_SHIFT", "is-index", 2.1, {"index": one, "other": word})
    if node.head == "Index":
        for i, part in enumerate(node.args[1:], 1):
            for moved in SLICES if part.head in ("Slice", "All") else ():
                if moved != part:
                    new = node._replace(args=(*node.args[:i], moved, *node.args[i + 1 :]))
                    yield new, Guess("INDEX_SHIFT", "is-slice", 2.0, {"name": node.args[0]})
            others = [name(j) for j in force] if part.head in ("Name", "Number", "add", "subtract") else []
            if part.head == "Name" and part.value in force:
                others += [call("add", part, number(1)), call("subtract", part, number(1))]
                others += [call("subtract", call("add", part, name(j)), number(1)) for j in force if j != part.value]
            for index in others:
                if index != part:
                    new = node._replace(args=(*node.args[:i], index, *node.args[i + 1 :]))
                    yield new, Guess("INDEX_SHIFT", "is-index", 2.3, {"index": part, "other": index})
    elif node.head == "Name" and node.value in force and path and at(tree, path[:-1]).head != "Index":
        for other in force:
            if other != node.value:
                yield name(other), Guess("INDEX_SHIFT", "is-index", 2.4, {"index": node.value, "other": other})


SLICES = [
    Expr("Slice", (Expr("All") if a is None else number(a), Expr("All") if b is None else number(b)))
    for a, b in ((None, -1), (1, None), (None, -2), (2, None), (1, -1))
]


def elsewhere(tree: Expr, one: Expr, new: Expr) -> Expr:
    """Another subscript, wherever that one stands."""
    args = tuple(elsewhere(a, one, new) for a in tree.args)
    if tree.head == "Index":
        args = (args[0], *(new if old == one else a for old, a in zip(tree.args[1:], args[1:])))
    return tree._replace(args=args)


def of_ones(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """A one in the place of a target or an indicator."""
    if node == number(1) and path and at(tree, path[:-1]).head in ("add", "subtract", "multiply"):
        for word, x in around.values.items():
            if word != "\0" and not isinstance(x, tuple) and shape(x):
                for new in (name(word), *(Expr("Index", (name(word), name(j))) for j in indices(tree, path))):
                    yield new, Guess("MISSING_FACTOR", "is-name-lost", 2.5, {"name": new}, word)


def alike(word: str, around: Around) -> list[str]:
    """Other names that could stand in its place: of the same shape; of any, where shapes do not fit anyway."""
    x = around.values.get(word)
    if x is None or not shape(x):
        return []
    return [
        w for w, a in around.values.items()
        if w != word and shape(a) and w != "\0" and (around.misfit or shape(a) == shape(x)) and not isinstance(a, tuple)
        and not (shape(a) == shape(x) and np.array_equal(a, x))
    ]  # fmt: skip


def stem(word: str) -> str:
    return word.rstrip("0123456789()_'").split("(")[0].lower()


def of_names(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """Another name: of the next layer, or what goes in for what comes out."""
    if fixed(node):
        for other in like(node, around):
            yield name(other), Guess("INDEX_SHIFT", "is-name", 2.6, {"name": node, "other": other}, other)
    if node.head != "Name" or node.value in indices(tree, path):
        return
    for other in alike(node.value, around):
        yield name(other), renamed(node.value, other, tree, path, around)


def fixed(node: Expr) -> bool:
    """An element or row with a number: C[1]."""
    return node.head == "Index" and node.args[0].head == "Name" and all(p.head == "Number" for p in node.args[1:])


def like(node: Expr, around: Around) -> list[str]:
    """Names in the shape of an expression."""
    wanted = around.shape_of(node)
    return [w for w, a in around.values.items() if wanted is not None and shape(a) == wanted and w != "\0"]


def renamed(word: str, other: str, tree: Expr, path: Path, around: Around) -> Guess:
    """What it means to have taken one name for another."""
    fields = {"name": word, "other": other}
    above = [at(tree, path[:i]) for i in range(len(path))]
    slope = any(a.head.endswith("'") for a in above) or (
        len(above) > 1 and above[-1].head in OPS and OPS[above[-1].head].elementwise and len(above[-1].args) == 1
        and above[-1].head != "negative"
    )  # fmt: skip
    if {word, other} in around.activations or (slope and stem(word) != stem(other)):
        return Guess("LOCAL_DERIVATIVE", "is-slope-at-name", 2.3, fields, other)
    return Guess("INDEX_SHIFT", "is-name", 2.4 if stem(word) == stem(other) else 3.1, fields, other)


def of_all_names(tree: Expr, around: Around) -> Iterator[Repair]:
    """One name for another, wherever it stands."""
    every = [(p, n) for p, n in walk(tree) if n.head == "Name" or fixed(n)]
    for old in dict.fromkeys(n for _, n in every):
        paths = [p for p, n in every if n == old]
        if len(paths) > 1:
            for other in alike(old.value, around) if old.head == "Name" else like(old, around):
                guess = renamed(str(old.value), other, tree, paths[0], around)
                slope = (
                    guess
                    if guess.code == "LOCAL_DERIVATIVE"
                    else renamed(str(old.value), other, tree, paths[-1], around)
                )
                if old.head != "Name":
                    slope = Guess("INDEX_SHIFT", "is-name", 2.5, {"name": old, "other": other}, other)
                yield Repair(exchanged(tree, old, name(other)), slope)


def exchanged(tree: Expr, old: Expr, new: Expr) -> Expr:
    """Another expression for one, everywhere."""
    return new if tree == old else tree._replace(args=tuple(exchanged(a, old, new) for a in tree.args))


LAYERED = re.compile(r"(.*?)(\d+)(\)?)")


def of_layers(tree: Expr, around: Around) -> Iterator[Repair]:
    """All layers one further, or one back."""
    every = {n.value for _, n in walk(tree) if n.head == "Name" and LAYERED.fullmatch(n.value)}
    for step in (1, -1):
        new = tree
        moved = {w: f"{m[1]}{int(m[2]) + step}{m[3]}" for w in every if (m := LAYERED.fullmatch(w))}
        kept = {w: m for w, m in moved.items() if m in around.values or m in around.sizes}
        for word in kept:
            new = exchanged(new, name(word), Expr("Name", (), f"\1{kept[word]}"))
        for word in kept:
            new = exchanged(new, Expr("Name", (), f"\1{kept[word]}"), name(kept[word]))
        if len(kept) > 1:
            word = sorted(kept)[0]
            yield Repair(new, Guess("INDEX_SHIFT", "is-layers", 2.2, {"name": word, "other": kept[word]}, kept[word]))
