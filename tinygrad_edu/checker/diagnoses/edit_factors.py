"""Edits of products and signs: another product, another order, transposes, and terms or factors to add or drop.

Each function yields what may replace one node of an expression, with the mistake that the replacement would undo.
"""

from __future__ import annotations

import numpy as np

from ...language.tree import Expr, Path, at, call, name, number
from ...language.values import shape
from ...op import OPS
from .candidate import Candidate
from .edits import PRODUCTS, SIGNED, EditContext, Edits


def edit_signs(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Changes the sign of a term, or of the argument of a function."""
    if node.head in SIGNED:
        other = "subtract" if node.head == "add" else "add"
        yield node._replace(head=other), Candidate("SIGN", "is-term-negated", 1.8, {"term": node.args[1]})
        first = call("negative", node.args[0])
        yield (
            node._replace(args=(first, node.args[1])),
            Candidate("SIGN", "is-term-negated", 1.8, {"term": node.args[0]}),
        )
    elif node.head == "multiply" and not {"Number", "negative"} & {a.head for a in node.args}:
        yield (
            call("subtract", *node.args),
            Candidate("SIGN", "is-minus-lost", 2.5, {"left": node.args[0], "right": node.args[1]}),
        )
    elif node.head == "negative" and path:
        yield node.args[0], Candidate("SIGN", "is-term-negated", 1.9, {"term": node.args[0]})
    elif path and at(tree, path[:-1]).head in OPS and OPS[at(tree, path[:-1]).head].elementwise:
        if len(at(tree, path[:-1]).args) == 1 and at(tree, path[:-1]).head != "negative":
            yield call("negative", node), Candidate("SIGN", "is-argument-negated", 2.2, {"term": node})


def edit_transposes(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Removes or adds a transpose, or makes a column of a vector."""
    if node.head == "transpose":
        yield node.args[0], Candidate("TRANSPOSE", "is-transpose-spurious", 1.8, {"factor": node.args[0]})
    elif node.head == "Name" and len(shape(context.values.get(node.value, ()))) == 1:
        column = Expr("Index", (node, Expr("All"), Expr("New")))
        yield column, Candidate("BROADCAST", "is-column-missing", 1.75, {"name": node})
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
            yield call("transpose", node), Candidate("TRANSPOSE", "is-transpose-missing", 1.8, {"factor": node})


def edit_products(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Replaces a product by another kind of product, or by one with another order of the factors."""
    if node.head in ("matmul", "dot"):
        a, b = node.args
        if b.head == "multiply":
            for i in (0, 1):
                outside = call("multiply", b.args[i], call(node.head, a, b.args[1 - i]))
                yield outside, Candidate("ORDER", "is-order", 2.0, {"left": a, "right": b.args[i]})
        yield call("outer", a, b), Candidate("TRANSPOSE", "is-transpose-missing", 1.9, {"factor": b})
        yield call("multiply", a, b), Candidate("HADAMARD", "is-matmul-for-hadamard", 2.0, {"left": a, "right": b})
        yield (
            call("multiply", call("transpose", a), b),
            Candidate("HADAMARD", "is-matmul-for-hadamard", 2.1, {"left": a, "right": b}),
        )
        yield (
            call("multiply", a, call("transpose", b)),
            Candidate("HADAMARD", "is-matmul-for-hadamard", 2.1, {"left": a, "right": b}),
        )
        yield call("matmul", b, a), Candidate("ORDER", "is-order", 2.0, {"left": a, "right": b})
        yield call("outer", b, a), Candidate("ORDER", "is-order", 2.3, {"left": a, "right": b})
    elif node.head == "multiply":
        a, b = node.args
        fields = {"left": a, "right": b}
        for one, other in ((a, b), (b, a)):
            if other.head in ("matmul", "dot"):
                matrix, vector = other.args
                inside = call(other.head, matrix, call("multiply", one, vector))
                yield inside, Candidate("ORDER", "is-order", 1.95, {"left": one, "right": matrix})
                inside = call(other.head, call("multiply", matrix, one), vector)
                yield inside, Candidate("ORDER", "is-order", 2.0, {"left": one, "right": vector})
        for left, right in (
            (a, b),
            (call("transpose", a), b),
            (b, a),
            (call("transpose", b), a),
            (a, call("transpose", b)),
        ):
            yield call("matmul", left, right), Candidate("HADAMARD", "is-hadamard-for-matmul", 2.1, fields)
        yield call("outer", a, b), Candidate("HADAMARD", "is-hadamard-for-outer", 2.2, fields)
        yield call("outer", b, a), Candidate("HADAMARD", "is-hadamard-for-outer", 2.2, fields)
    elif node.head == "outer":
        a, b = node.args
        for one, other in ((a, b), (b, a)):
            yield (
                call("multiply", one, other),
                Candidate("HADAMARD", "is-outer-for-hadamard", 2.0, {"left": a, "right": b}),
            )
        yield call("outer", b, a), Candidate("ORDER", "is-order", 1.9, {"left": a, "right": b})


def edit_brackets(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Applies a factor to one term in the brackets instead of all."""
    if node.head in ("divide", "multiply"):
        for i in (0, 1)[: 1 + (node.head == "multiply")]:
            inner, factor = node.args[i], node.args[1 - i]
            if inner.head in SIGNED:
                for k in (0, 1):
                    term = call(node.head, inner.args[k], factor)
                    new = inner._replace(args=(term, inner.args[1]) if k == 0 else (inner.args[0], term))
                    yield new, Candidate("SCALE", "is-distributed", 2.0, {"factor": factor, "term": inner.args[1 - k]})


def drop_parts(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Drops a term or a factor."""
    if node.head in SIGNED:
        a, b = node.args
        yield a, Candidate("MISSING_PATH", "is-term-spurious", 2.8, {"term": b})
        yield (
            b if node.head == "add" else call("negative", b),
            Candidate("MISSING_PATH", "is-term-spurious", 2.8, {"term": a}),
        )
    elif node.head in PRODUCTS and len(node.args) == 2:
        a, b = node.args
        code = "SCALE" if "Number" in (a.head, b.head) else "MISSING_FACTOR"
        yield a, Candidate("SCALE" if b.head == "Number" else code, "is-factor-spurious", 2.8, {"factor": b})
        if node.head != "divide":
            yield b, Candidate(code, "is-factor-spurious", 2.8, {"factor": a})


def add_parts(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Adds a factor, a derivative or a function, but only high up in the tree, because there are many of them."""
    above = [at(tree, path[:i]).head for i in range(len(path))]
    if any(h not in (*SIGNED, *PRODUCTS, "negative", "transpose", "Sum", "Each") for h in above) or len(path) > 5:
        return
    if node.head in ("negative", "Each"):
        return
    for shown, slope in context.slopes.items():
        yield call("multiply", node, slope), Candidate("LOCAL_DERIVATIVE", "is-slope-missing-in", 2.6, {"slope": shown})
        yield call("divide", node, slope), Candidate("LOCAL_DERIVATIVE", "is-slope-spurious", 2.2, {"slope": shown})
    for word, x in context.values.items():
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
            yield tree_, Candidate("MISSING_FACTOR", "is-factor-missing-in", 3.0, fields)
    for function in context.functions:
        yield (
            call(function, node),
            Candidate("WRONG_FUNCTION", "is-function-missing", 2.9, {"function": function, "argument": node}),
        )
    yield call("subtract", node, number(1)), Candidate("MISSING_PATH", "is-one-missing", 3.2, {"term": node})
    yield call("subtract", number(1), node), Candidate("MISSING_PATH", "is-one-minus-missing", 3.2, {"term": node})
