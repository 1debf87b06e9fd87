"""Products and signs: which product, in which order, transposed or not, and of how many terms."""

from __future__ import annotations

import numpy as np

from ...language.tree import Expr, Path, at, call, name, number
from ...language.values import shape
from ...op import OPS
from .changes import PRODUCTS, SIDES, Around, Found
from .guess import Guess


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
        yield call("divide", node, slope), Guess("LOCAL_DERIVATIVE", "is-slope-spurious", 2.2, {"slope": shown})
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
