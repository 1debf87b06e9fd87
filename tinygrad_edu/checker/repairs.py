"""What can be changed in one place of an expression, and what kind of mistake each change would undo."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..language.tree import Expr, Path, at, call, name, number, replaced, walk
from ..language.values import shape
from ..op import OPS
from .guess import Guess

SIDES = ("add", "subtract")
PRODUCTS = ("multiply", "matmul", "divide", "outer", "dot")
REDUCTIONS = ("sum", "mean")


class Repair(NamedTuple):
    """The expression with one change, and the mistake that it undoes."""

    tree: Expr
    guess: Guess


class Around(NamedTuple):
    """What stands around the place: names with their values, indices in force, functions that the loss uses."""

    values: Mapping[str, Any]
    functions: list[str]
    slopes: dict[str, Expr]  # derivatives of the functions that the loss uses, where it uses them
    misfit: bool
    sizes: Mapping[str, int]
    shape_of: Callable[[Expr], tuple[int, ...] | None]  # of what has a value without an index


def repairs(tree: Expr, around: Around) -> Iterator[Repair]:
    """All changes in one place, the simple ones first."""
    for kind in KINDS:
        for path, node in walk(tree):
            if worth(tree, path, kind in (of_names, of_indices)):
                for new, guess in kind(node, tree, path, around):
                    yield Repair(replaced(tree, path, new), guess)
    yield from of_all_names(tree, around)
    yield from of_layers(tree, around)


def worth(tree: Expr, path: Path, deep: bool) -> bool:
    """Not in the bounds of sums; in derivatives of names only their names."""
    for i in range(len(path)):
        above = at(tree, path[:i])
        if (
            above.head == "Shape"
            or (above.head in ("Sum", "Each") and path[i] > 0)
            or (above.head == "If" and not path[i] and not deep)
        ):
            return False
        if above.head == "Derivative" and not deep and (path[i] == 1 or above.args[0].head in ("Name", "Index")):
            return False
    return True


Found = Iterator[tuple[Expr, Guess]]


def of_signs(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """The sign of a term, or of an argument."""
    if node.head in SIDES:
        other = "subtract" if node.head == "add" else "add"
        yield node._replace(head=other), Guess("SIGN", "is-term-negated", 1.8, {"term": node.args[1]})
        first = call("negative", node.args[0])
        yield node._replace(args=(first, node.args[1])), Guess("SIGN", "is-term-negated", 1.8, {"term": node.args[0]})
    elif node.head == "multiply" and not {"Number", "negative"} & {a.head for a in node.args}:
        yield (
            call("subtract", *node.args),
            Guess("SIGN", "is-minus-lost", 2.5, {"left": node.args[0], "right": node.args[1]}),
        )
    elif node.head == "negative" and path:
        yield node.args[0], Guess("SIGN", "is-term-negated", 1.9, {"term": node.args[0]})
    elif path and at(tree, path[:-1]).head in OPS and OPS[at(tree, path[:-1]).head].elementwise:
        if len(at(tree, path[:-1]).args) == 1 and at(tree, path[:-1]).head != "negative":
            yield call("negative", node), Guess("SIGN", "is-argument-negated", 2.2, {"term": node})


def of_transposes(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """A transpose too many or too few."""
    if node.head == "transpose":
        yield node.args[0], Guess("TRANSPOSE", "is-transpose-spurious", 1.8, {"factor": node.args[0]})
    elif node.head == "Name" and len(shape(around.values.get(node.value, ()))) == 1:
        column = Expr("Index", (node, Expr("All"), Expr("New")))
        yield column, Guess("BROADCAST", "is-column-missing", 1.75, {"name": node})
    if node.head in (
        "Name",
        "Index",
        "subtract",
        "add",
        "Derivative",
        "matmul",
        "Each",
        "sigmoid",
        "multiply",
        "negative",
    ):
        if not (path and at(tree, path[:-1]).head == "transpose") and path:
            yield call("transpose", node), Guess("TRANSPOSE", "is-transpose-missing", 1.8, {"factor": node})


def of_products(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """Which product, and in which order."""
    if node.head in ("matmul", "dot"):
        a, b = node.args
        if b.head == "multiply":
            for i in (0, 1):
                outside = call("multiply", b.args[i], call(node.head, a, b.args[1 - i]))
                yield outside, Guess("ORDER", "is-order", 2.0, {"left": a, "right": b.args[i]})
        yield call("outer", a, b), Guess("TRANSPOSE", "is-transpose-missing", 1.9, {"factor": b})
        yield call("multiply", a, b), Guess("HADAMARD", "is-matmul-for-hadamard", 2.0, {"left": a, "right": b})
        yield (
            call("multiply", call("transpose", a), b),
            Guess("HADAMARD", "is-matmul-for-hadamard", 2.1, {"left": a, "right": b}),
        )
        yield (
            call("multiply", a, call("transpose", b)),
            Guess("HADAMARD", "is-matmul-for-hadamard", 2.1, {"left": a, "right": b}),
        )
        yield call("matmul", b, a), Guess("ORDER", "is-order", 2.0, {"left": a, "right": b})
        yield call("outer", b, a), Guess("ORDER", "is-order", 2.3, {"left": a, "right": b})
        yield (
            call("matmul", call("transpose", b), call("transpose", a)),
            Guess("ORDER", "is-order", 2.2, {"left": a, "right": b}),
        )
    elif node.head == "multiply":
        a, b = node.args
        fields = {"left": a, "right": b}
        for one, other in ((a, b), (b, a)):
            if other.head in ("matmul", "dot"):
                matrix, vector = other.args
                inside = call(other.head, matrix, call("multiply", one, vector))
                yield inside, Guess("ORDER", "is-order", 1.95, {"left": one, "right": matrix})
                inside = call(other.head, call("multiply", matrix, one), vector)
                yield inside, Guess("ORDER", "is-order", 2.0, {"left": one, "right": vector})
        for left, right in (
            (a, b),
            (call("transpose", a), b),
            (b, a),
            (call("transpose", b), a),
            (a, call("transpose", b)),
        ):
            yield call("matmul", left, right), Guess("HADAMARD", "is-hadamard-for-matmul", 2.1, fields)
        yield call("outer", a, b), Guess("HADAMARD", "is-hadamard-for-outer", 2.2, fields)
        yield call("outer", b, a), Guess("HADAMARD", "is-hadamard-for-outer", 2.2, fields)
    elif node.head == "outer":
        a, b = node.args
        for one, other in ((a, b), (b, a)):
            yield call("multiply", one, other), Guess("HADAMARD", "is-outer-for-hadamard", 2.0, {"left": a, "right": b})
        yield call("outer", b, a), Guess("ORDER", "is-order", 1.9, {"left": a, "right": b})


def indices(tree: Expr, path: Path) -> list[str]:
    """The indices in force at a place."""
    return [at(tree, path[:i]).value for i in range(len(path)) if at(tree, path[:i]).head in ("Sum", "Each")]


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
            for other in SLICES if part.head in ("Slice", "All") else ():
                if other != part:
                    new = node._replace(args=(*node.args[:i], other, *node.args[i + 1 :]))
                    yield new, Guess("INDEX_SHIFT", "is-slice", 2.0, {"name": node.args[0]})
            others = [name(j) for j in force] if part.head in ("Name", "Number", "add", "subtract") else []
            if part.head == "Name" and part.value in force:
                others += [call("add", part, number(1)), call("subtract", part, number(1))]
            for other in others:
                if other != part:
                    new = node._replace(args=(*node.args[:i], other, *node.args[i + 1 :]))
                    yield new, Guess("INDEX_SHIFT", "is-index", 2.3, {"index": part, "other": other})
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


def substituted(tree: Expr, word: str, new: Expr) -> Expr:
    """Another expression for a name, everywhere."""
    if tree.head == "Name":
        return new if tree.value == word else tree
    return tree._replace(args=tuple(substituted(a, word, new) for a in tree.args))


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
    """A name without its number."""
    return word.rstrip("0123456789()_'").split("(")[0].lower()


def of_names(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """Another name: of the next layer, or what goes in for what comes out."""
    if fixed(node):
        for other in like(node, around):
            yield name(other), Guess("INDEX_SHIFT", "is-name", 2.6, {"name": node, "other": other}, other)
    if node.head != "Name" or node.value in indices(tree, path):
        return
    for other in alike(node.value, around):
        yield name(other), renamed(node.value, other, tree, path)


def fixed(node: Expr) -> bool:
    """An element or row with a number: C[1]."""
    return node.head == "Index" and node.args[0].head == "Name" and all(p.head == "Number" for p in node.args[1:])


def like(node: Expr, around: Around) -> list[str]:
    """Names in the shape of an expression."""
    wanted = around.shape_of(node)
    return [w for w, a in around.values.items() if wanted is not None and shape(a) == wanted and w != "\0"]


def renamed(word: str, other: str, tree: Expr, path: Path) -> Guess:
    """What it means to have taken one name for another."""
    fields = {"name": word, "other": other}
    above = [at(tree, path[:i]) for i in range(len(path))]
    slope = any(a.head.endswith("'") for a in above) or (
        len(above) > 1 and above[-1].head in OPS and OPS[above[-1].head].elementwise and len(above[-1].args) == 1
        and above[-1].head != "negative"
    )  # fmt: skip
    if slope and stem(word) != stem(other):
        return Guess("LOCAL_DERIVATIVE", "is-slope-at-name", 2.3, fields, other)
    return Guess("INDEX_SHIFT", "is-name", 2.4 if stem(word) == stem(other) else 3.1, fields, other)


def of_all_names(tree: Expr, around: Around) -> Iterator[Repair]:
    """One name for another, wherever it stands."""
    every = [(p, n) for p, n in walk(tree) if n.head == "Name" or fixed(n)]
    for old in dict.fromkeys(n for _, n in every):
        paths = [p for p, n in every if n == old]
        if len(paths) > 1:
            for other in alike(old.value, around) if old.head == "Name" else like(old, around):
                guess = renamed(str(old.value), other, tree, paths[0])
                slope = guess if guess.code == "LOCAL_DERIVATIVE" else renamed(str(old.value), other, tree, paths[-1])
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
        moved = {w: LAYERED.sub(lambda m: f"{m[1]}{int(m[2]) + step}{m[3]}", w) for w in every}
        kept = {w: m for w, m in moved.items() if m in around.values or m in around.sizes}
        for word in kept:
            new = exchanged(new, name(word), Expr("Name", (), f"\1{kept[word]}"))
        for word in kept:
            new = exchanged(new, Expr("Name", (), f"\1{kept[word]}"), name(kept[word]))
        if kept:
            word = sorted(kept)[0]
            yield Repair(new, Guess("INDEX_SHIFT", "is-layers", 2.2, {"name": word, "other": kept[word]}, kept[word]))


def of_functions(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """A function for its derivative, another function, or none."""
    op = OPS.get(node.head.removesuffix("'"))
    if op is None or not op.elementwise or len(node.args) != 1 or node.head in ("negative", "positive"):
        return
    fields = {"function": node.head.removesuffix("'"), "argument": node.args[0]}
    inner = node.args[0]
    if inner.head in (*SIDES, *PRODUCTS, "power") and len(inner.args) == 2:
        outside = inner._replace(args=(node._replace(args=inner.args[:1]), inner.args[1]))
        yield outside, Guess("WRONG_FUNCTION", "is-bracket", 2.7, {"right": outside, "wrong": node})
    if node.head.endswith("'"):
        yield node._replace(head=op.name), Guess("LOCAL_DERIVATIVE", "is-slope-for-function", 2.6, fields)
    else:
        yield Expr(f"{op.name}'", node.args), Guess("LOCAL_DERIVATIVE", "is-function-for-slope", 2.2, fields)
        yield node.args[0], Guess("WRONG_FUNCTION", "is-function-spurious", 2.8, fields)
        yield call("subtract", number(1), node), Guess("LOCAL_DERIVATIVE", "is-one-minus", 2.4, fields)
    for other in around.functions:
        if other != op.name:
            prime = "'" * node.head.endswith("'")
            yield (
                node._replace(head=other + prime),
                Guess("WRONG_FUNCTION", "is-other-function-in", 2.9, fields | {"other": other}),
            )


def of_brackets(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """A factor that belongs to one term, and not to all in the brackets."""
    if node.head in ("divide", "multiply"):
        for i in (0, 1)[: 1 + (node.head == "multiply")]:
            inner, factor = node.args[i], node.args[1 - i]
            if inner.head in SIDES:
                for k in (0, 1):
                    term = call(node.head, inner.args[k], factor)
                    new = inner._replace(args=(term, inner.args[1]) if k == 0 else (inner.args[0], term))
                    yield new, Guess("SCALE", "is-distributed", 2.0, {"factor": factor, "term": inner.args[1 - k]})


def of_numbers(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """A factor, or an exponent."""
    if node.head == "power" and node.args[1].head == "Number":
        n = node.args[1].value
        for m in {1, 2, 3, n - 1, n + 1, -n} - {n}:
            new = node.args[0] if m == 1 else call("power", node.args[0], number(m))
            yield new, Guess("LOCAL_DERIVATIVE", "is-exponent", 2.5, {"base": node.args[0], "exponent": f"{m:g}"})
    elif node.head == "Number":
        for m in {0.5, 1, 2, node.value + 1, node.value - 1, -node.value} - {node.value, 0}:
            yield number(m), Guess("SCALE", "is-number", 2.9, {"number": f"{node.value:g}", "other": f"{m:g}"})
    elif path and at(tree, path[:-1]).head in (*SIDES, "divide", "multiply") and node.head != "negative":
        yield (
            call("power", node, number(2)),
            Guess("LOCAL_DERIVATIVE", "is-exponent", 3.0, {"base": node, "exponent": "2"}),
        )
        if at(tree, path[:-1]).head in SIDES:
            for m, shown in ((2.0, "2"), (0.5, "1/2")):
                yield (
                    call("multiply", number(m), node),
                    Guess("SCALE", "is-term-scaled", 2.6, {"term": node, "factor": shown}),
                )


def of_sums(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """A sum over the wrong axis, one too many, or none."""
    if node.head in REDUCTIONS:
        options = dict(node.value or ())
        for axis in (0, 1, None):
            new = {k: v for k, v in options.items() if k != "axis"} | ({} if axis is None else {"axis": axis})
            if new != options and axis is not None:
                fields = {"axis": str(options.get("axis", "all"))}
                yield call(node.head, *node.args, **new | {"keepdims": True}), Guess("AXIS", "is-axis", 1.9, fields)
            if new != options:
                yield (
                    call(node.head, *node.args, **new),
                    Guess("AXIS", "is-axis", 2.0, {"axis": str(options.get("axis", "all"))}),
                )
        if "axis" in options and not options.get("keepdims"):
            kept = call(node.head, *node.args, **options | {"keepdims": True})
            yield kept, Guess("AXIS", "is-keepdims", 1.7, {"term": node})
        other = "mean" if node.head == "sum" else "sum"
        yield node._replace(head=other), Guess("SCALE", "is-mean" if other == "mean" else "is-sum", 2.2)
        yield node.args[0], Guess("AXIS", "is-reduced", 2.6, {"term": node.args[0]})
    elif node.head in ("softmax", "log_softmax", "logsumexp"):
        for axis in (0, 1):
            if dict(node.value or ()).get("axis") != axis:
                yield (
                    call(node.head, *node.args, axis=axis),
                    Guess("AXIS", "is-function-axis", 2.2, {"function": node.head, "name": node}),
                )
    elif node.head in ("multiply", "matmul", "subtract", "Derivative", "Name") and len(path) < 6:
        for axis in (0, 1, None):
            options = {} if axis is None else {"axis": axis}
            yield call("sum", node, **options), Guess("BROADCAST", "is-sum-missing", 2.7, {"term": node})


def of_less(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """A term or factor too many."""
    if node.head in SIDES:
        a, b = node.args
        yield a, Guess("MISSING_PATH", "is-term-spurious", 2.8, {"term": b})
        yield (
            b if node.head == "add" else call("negative", b),
            Guess("MISSING_PATH", "is-term-spurious", 2.8, {"term": a}),
        )
    elif node.head in PRODUCTS and len(node.args) == 2:
        a, b = node.args
        code = "SCALE" if "Number" in (a.head, b.head) else "MISSING_FACTOR"
        yield a, Guess("SCALE" if b.head == "Number" else code, "is-factor-spurious", 2.8, {"factor": b})
        if node.head != "divide":
            yield b, Guess(code, "is-factor-spurious", 2.8, {"factor": a})


def of_more(node: Expr, tree: Expr, path: Path, around: Around) -> Found:
    """A factor, or a function, that is missing."""
    above = [at(tree, path[:i]).head for i in range(len(path))]
    if any(h not in (*SIDES, *PRODUCTS, "negative", "transpose", "Sum", "Each") for h in above) or len(path) > 5:
        return
    if node.head in ("negative", "Each"):
        return
    for shown, slope in around.slopes.items():
        yield call("multiply", node, slope), Guess("LOCAL_DERIVATIVE", "is-slope-missing-in", 2.6, {"slope": shown})
    for word, x in around.values.items():
        if word == "\0" or isinstance(x, tuple) or (not shape(x) and not isinstance(x, (float, np.floating))):
            continue
        factor, fields = name(word), {"factor": word}
        new = [call("multiply", node, factor), call("divide", node, factor)]
        if len(shape(x)) == 2:
            new += [
                call("matmul", factor, node),
                call("matmul", call("transpose", factor), node),
                call("matmul", node, factor),
                call("matmul", node, call("transpose", factor)),
            ]
        for tree_ in new:
            yield tree_, Guess("MISSING_FACTOR", "is-factor-missing-in", 3.0, fields)
    for function in around.functions:
        yield (
            call(function, node),
            Guess("WRONG_FUNCTION", "is-function-missing", 2.9, {"function": function, "argument": node}),
        )
    yield call("subtract", node, number(1)), Guess("MISSING_PATH", "is-one-missing", 3.2, {"term": node})
    yield call("subtract", number(1), node), Guess("MISSING_PATH", "is-one-minus-missing", 3.2, {"term": node})


KINDS: tuple[Callable[[Expr, Expr, Path, Around], Found], ...] = (
    of_signs, of_transposes, of_products, of_indices, of_names, of_functions, of_brackets, of_numbers, of_sums, of_less, of_more,
)  # fmt: skip
