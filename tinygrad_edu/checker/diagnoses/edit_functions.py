"""Edits of functions, numbers and sums: a derivative for its function, another exponent, another axis.

Each function yields what may replace one node of an expression, with the mistake that the replacement would undo.
"""

from __future__ import annotations

from ...language.tree import Expr, Path, at, call, name, number
from ...op import OPS
from .candidate import Candidate
from .edits import PRODUCTS, REDUCTIONS, SIGNED, EditContext, Edits


def edit_functions(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Replaces a function by its derivative or the reverse, by another function, or by its argument."""
    op = OPS.get(node.head.removesuffix("'"))
    if op is None or not op.elementwise or len(node.args) != 1 or node.head in ("negative", "positive"):
        return
    fields = {"function": node.head.removesuffix("'"), "argument": node.args[0]}
    inner = node.args[0]
    if inner.head in (*SIGNED, *PRODUCTS, "power") and len(inner.args) == 2:
        outside = inner._replace(args=(node._replace(args=inner.args[:1]), inner.args[1]))
        yield outside, Candidate("WRONG_FUNCTION", "is-bracket", 2.7, {"right": outside, "wrong": node})
    if node.head.endswith("'"):
        yield node._replace(head=op.name), Candidate("LOCAL_DERIVATIVE", "is-slope-for-function", 2.6, fields)
    else:
        yield Expr(f"{op.name}'", node.args), Candidate("LOCAL_DERIVATIVE", "is-function-for-slope", 2.2, fields)
        yield node.args[0], Candidate("WRONG_FUNCTION", "is-function-spurious", 2.8, fields)
        yield call("subtract", number(1), node), Candidate("LOCAL_DERIVATIVE", "is-one-minus", 2.4, fields)
    for other in context.functions:
        if other != op.name:
            prime = "'" * node.head.endswith("'")
            yield (
                node._replace(head=other + prime),
                Candidate("WRONG_FUNCTION", "is-other-function-in", 2.9, fields | {"other": other}),
            )


def edit_numbers(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Changes a number or an exponent, or scales a term by 2 or by a size."""
    if node.head == "power" and node.args[1].head == "Number":
        n = node.args[1].value
        for m in {1, 2, 3, n - 1, n + 1, -n} - {n}:
            new = node.args[0] if m == 1 else call("power", node.args[0], number(m))
            yield new, Candidate("LOCAL_DERIVATIVE", "is-exponent", 2.5, {"base": node.args[0], "exponent": f"{m:g}"})
    elif node.head == "Number":
        for m in {0.5, 1, 2, node.value + 1, node.value - 1, -node.value} - {node.value, 0}:
            yield number(m), Candidate("SCALE", "is-number", 2.9, {"number": f"{node.value:g}", "other": f"{m:g}"})
    elif path and at(tree, path[:-1]).head in (*SIGNED, "divide", "multiply") and node.head != "negative":
        yield (
            call("power", node, number(2)),
            Candidate("LOCAL_DERIVATIVE", "is-exponent", 3.0, {"base": node, "exponent": "2"}),
        )
        if at(tree, path[:-1]).head in SIGNED:
            for size in context.sizes:
                for head, shown in (("multiply", size), ("divide", f"1/{size}")):
                    fields = {"term": node, "factor": shown}
                    yield call(head, node, name(size)), Candidate("SCALE", "is-term-scaled", 2.5, fields)
            for m, shown in ((2.0, "2"), (0.5, "1/2")):
                yield (
                    call("multiply", number(m), node),
                    Candidate("SCALE", "is-term-scaled", 2.6, {"term": node, "factor": shown}),
                )


def edit_sums(node: Expr, tree: Expr, path: Path, context: EditContext) -> Edits:
    """Changes the axis of a sum or mean, removes one, or adds a sum."""
    if node.head in REDUCTIONS:
        options = dict(node.value or ())
        for axis in (0, 1, None):
            new = {k: v for k, v in options.items() if k != "axis"} | ({} if axis is None else {"axis": axis})
            if new != options and axis is not None:
                fields = {"axis": str(options.get("axis", "all"))}
                yield call(node.head, *node.args, **new | {"keepdims": True}), Candidate("AXIS", "is-axis", 1.9, fields)
            if new != options:
                yield (
                    call(node.head, *node.args, **new),
                    Candidate("AXIS", "is-axis", 2.0, {"axis": str(options.get("axis", "all"))}),
                )
        if "axis" in options and not options.get("keepdims"):
            kept = call(node.head, *node.args, **options | {"keepdims": True})
            yield kept, Candidate("AXIS", "is-keepdims", 1.7, {"term": node})
        other = "mean" if node.head == "sum" else "sum"
        yield node._replace(head=other), Candidate("SCALE", "is-mean" if other == "mean" else "is-sum", 2.2)
        yield node.args[0], Candidate("AXIS", "is-reduced", 2.6, {"term": node.args[0]})
    elif node.head in ("softmax", "log_softmax", "logsumexp"):
        for axis in (0, 1):
            if dict(node.value or ()).get("axis") != axis:
                yield (
                    call(node.head, *node.args, axis=axis),
                    Candidate("AXIS", "is-function-axis", 2.2, {"function": node.head, "name": node}),
                )
    elif node.head in ("multiply", "matmul", "subtract", "Derivative", "Name") and len(path) < 6:
        for axis in (0, 1, None):
            options = {} if axis is None else {"axis": axis}
            yield call("sum", node, **options), Candidate("BROADCAST", "is-sum-missing", 2.7, {"term": node})
