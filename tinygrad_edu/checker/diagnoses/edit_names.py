"""Edits of names and indices: another layer, another position, one further."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ...language.tree import Expr, Path, at, call, name, number, walk
from ...language.values import shape
from ...op import OPS
from .candidate import Candidate
from .edits import Edit, EditContext, Edits, indices_in_force, substitute


def edit_indices(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Replaces an index by another one or shifts it by one, and removes a sum or changes what it runs over."""
    force = indices_in_force(tree, path)
    if node.head in ("Sum", "Each"):
        body, word = node.args[0], node.value
        used = {n.value for _, n in walk(body) if n.head == "Name"}
        for other in force:
            if other != word and node.head == "Sum":
                yield substitute(body, word, name(other)), Candidate("AXIS", "is-sum-spurious", 2.2, {"index": word})
        if word not in used and node.head == "Sum":
            yield body, Candidate("AXIS", "is-sum-spurious", 2.0, {"index": word})
        for inner in sorted(used & {*force}):
            new = node._replace(args=(substitute(body, inner, name(word)), *node.args[1:]))
            yield new, Candidate("INDEX_SHIFT", "is-index", 2.1, {"index": inner, "other": word})
        numbered = [n for _, n in walk(body) if n.head == "Index" and any(p.head == "Number" for p in n.args[1:])]
        for one in {n.args[1] for n in numbered if n.args[1].head == "Number"}:
            new = node._replace(args=(replace_subscript(body, one, name(word)), *node.args[1:]))
            yield new, Candidate("INDEX_SHIFT", "is-index", 2.1, {"index": one, "other": word})
    if node.head == "Index":
        for i, part in enumerate(node.args[1:], 1):
            for moved in SLICES if part.head in ("Slice", "All") else ():
                if moved != part:
                    new = node._replace(args=(*node.args[:i], moved, *node.args[i + 1 :]))
                    yield new, Candidate("INDEX_SHIFT", "is-slice", 2.0, {"name": node.args[0]})
            others = [name(j) for j in force] if part.head in ("Name", "Number", "add", "subtract") else []
            if part.head == "Name" and part.value in force:
                others += [call("add", part, number(1)), call("subtract", part, number(1))]
                others += [call("subtract", call("add", part, name(j)), number(1)) for j in force if j != part.value]
            for index in others:
                if index != part:
                    new = node._replace(args=(*node.args[:i], index, *node.args[i + 1 :]))
                    yield new, Candidate("INDEX_SHIFT", "is-index", 2.3, {"index": part, "other": index})
    elif node.head == "Name" and node.value in force and path and at(tree, path[:-1]).head != "Index":
        for other in force:
            if other != node.value:
                yield name(other), Candidate("INDEX_SHIFT", "is-index", 2.4, {"index": node.value, "other": other})


SLICES = [
    Expr("Slice", (Expr("All") if a is None else number(a), Expr("All") if b is None else number(b)))
    for a, b in ((None, -1), (1, None), (None, -2), (2, None), (1, -1))
]


def replace_subscript(tree: Expr, one: Expr, new: Expr) -> Expr:
    """Replaces the subscript ``one`` by ``new`` wherever it occurs in the tree."""
    args = tuple(replace_subscript(a, one, new) for a in tree.args)
    if tree.head == "Index":
        args = (args[0], *(new if old == one else a for old, a in zip(tree.args[1:], args[1:])))
    return tree._replace(args=args)


def replace_ones(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Replaces a 1 by a name or an element of it: the student may have written 1 for a target or an indicator."""
    if node == number(1) and path and at(tree, path[:-1]).head in ("add", "subtract", "multiply"):
        for word, x in context.values.items():
            if word != "\0" and not isinstance(x, tuple) and shape(x):
                for new in (name(word), *(Expr("Index", (name(word), name(j))) for j in indices_in_force(tree, path))):
                    yield new, Candidate("MISSING_FACTOR", "is-name-lost", 2.5, {"name": new}, word)


def names_like(word: str, context: EditContext) -> list[str]:
    """Lists the other names that could replace a name: those of its shape, or all if the shapes do not fit anyway."""
    x = context.values.get(word)
    if x is None or not shape(x):
        return []
    return [
        w for w, a in context.values.items()
        if w != word and shape(a) and w != "\0" and not isinstance(a, tuple)
        and (context.misfit or shape(a) == shape(x)) and not (shape(a) == shape(x) and np.array_equal(a, x))
    ]  # fmt: skip


def stem(word: str) -> str:
    return word.rstrip("0123456789()_'").split("(")[0].lower()


def replace_name(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Replaces a name, or an element as C[1], by another name: of the next layer, or an input for its output."""
    if is_fixed_element(node):
        for other in names_shaped_like(node, context):
            yield name(other), Candidate("INDEX_SHIFT", "is-name", 2.6, {"name": node, "other": other}, other)
    if node.head != "Name" or node.value in indices_in_force(tree, path):
        return
    for other in names_like(node.value, context):
        yield name(other), wrong_name(node.value, other, tree, path, context)


def is_fixed_element(node: Expr) -> bool:
    """Is it an element or a row that numbers choose, as C[1]?"""
    return node.head == "Index" and node.args[0].head == "Name" and all(p.head == "Number" for p in node.args[1:])


def names_shaped_like(node: Expr, context: EditContext) -> list[str]:
    """Lists the names whose values have the shape of an expression."""
    wanted = context.shape_of(node)
    return [w for w, a in context.values.items() if wanted is not None and shape(a) == wanted and w != "\0"]


def wrong_name(word: str, other: str, tree: Expr, path: Path, context: EditContext) -> Candidate:
    """Returns the mistake of having written ``word`` for ``other``.

    Inside the derivative of a function, or if one is the activation of the other, the derivative was taken at the wrong
    name.  Otherwise it is a wrong layer, which is likely, or any other name, which is not.
    """
    fields = {"name": word, "other": other}
    above = [at(tree, path[:i]) for i in range(len(path))]
    slope = any(a.head.endswith("'") for a in above) or (
        len(above) > 1 and above[-1].head in OPS and OPS[above[-1].head].elementwise and len(above[-1].args) == 1
        and above[-1].head != "negative"
    )  # fmt: skip
    if {word, other} in context.activations or (slope and stem(word) != stem(other)):
        return Candidate("LOCAL_DERIVATIVE", "is-slope-at-name", 2.3, fields, other)
    return Candidate("INDEX_SHIFT", "is-name", 2.4 if stem(word) == stem(other) else 3.1, fields, other)


def replace_name_everywhere(tree: Expr, context: EditContext) -> Iterator[Edit]:
    """Yields edits that replace a name by another wherever it occurs, for names that occur more than once."""
    every = [(p, n) for p, n in walk(tree) if n.head == "Name" or is_fixed_element(n)]
    for old in dict.fromkeys(n for _, n in every):
        paths = [p for p, n in every if n == old]
        if len(paths) > 1:
            for other in names_like(old.value, context) if old.head == "Name" else names_shaped_like(old, context):
                candidate = wrong_name(str(old.value), other, tree, paths[0], context)
                slope = (
                    candidate
                    if candidate.code == "LOCAL_DERIVATIVE"
                    else wrong_name(str(old.value), other, tree, paths[-1], context)
                )
                if old.head != "Name":
                    slope = Candidate("INDEX_SHIFT", "is-name", 2.5, {"name": old, "other": other}, other)
                yield Edit(substitute_tree(tree, old, name(other)), slope)


def substitute_tree(tree: Expr, old: Expr, new: Expr) -> Expr:
    """Replaces an expression by another wherever it occurs in the tree."""
    return new if tree == old else tree._replace(args=tuple(substitute_tree(a, old, new) for a in tree.args))


LAYERED = re.compile(r"(.*?)(\d+)(\)?)")


def shift_layers(tree: Expr, context: EditContext) -> Iterator[Edit]:
    """Yields edits that move the numbers in all names one layer up, or one layer down."""
    every = {n.value for _, n in walk(tree) if n.head == "Name" and LAYERED.fullmatch(n.value)}
    for step in (1, -1):
        new = tree
        moved = {w: f"{m[1]}{int(m[2]) + step}{m[3]}" for w in every if (m := LAYERED.fullmatch(w))}
        kept = {w: m for w, m in moved.items() if m in context.values or m in context.sizes}
        for word in kept:
            # The mark \1 keeps W2, which was made of W1, from being moved on to W3.
            new = substitute_tree(new, name(word), Expr("Name", (), f"\1{kept[word]}"))
        for word in kept:
            new = substitute_tree(new, Expr("Name", (), f"\1{kept[word]}"), name(kept[word]))
        if len(kept) > 1:
            word = sorted(kept)[0]
            yield Edit(new, Candidate("INDEX_SHIFT", "is-layers", 2.2, {"name": word, "other": kept[word]}, kept[word]))
