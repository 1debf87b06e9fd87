"""Functions, numbers and sums: a derivative for its function, an exponent, an axis."""

from __future__ import annotations

from ...language.tree import Expr, Path, at, call, name, number
from ...op import OPS
from .changes import PRODUCTS, REDUCTIONS, SIDES, Around, Found
from .guess import Guess


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
            for size in around.sizes:
                for head, shown in (("multiply", size), ("divide", f"1/{size}")):
                    fields = {"term": node, "factor": shown}
                    yield call(head, node, name(size)), Guess("SCALE", "is-term-scaled", 2.5, fields)
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
