"""Find a column against a row: (n, 1) and (n,) silently give (n, n), and the loss of all pairs is trained."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..engine.recompute import call_op
from ..format import locations
from ..graph import Node
from . import user_code
from .finding import Finding, Remedy
from .inspected import Inspected
from .trials import cures, try_changes

# Words of a program that makes a column on purpose.
TURNS = frozenset(
    "reshape expand_dims broadcast_to transpose outer T mT newaxis atleast_2d column_stack keepdims".split()
)


def column_against_row(inspected: Inspected) -> Iterator[Finding]:
    """Find sums and products of (n, 1) and (n,) that are reduced to one number, if the column was not intended."""
    seen: set[Node] = set()
    bad: list[tuple[Node, int]] = []
    for node in inspected.nodes:
        if node.op is None or not is_sum_or_product(node.op) or len(node.shape) != 2:
            continue
        n = node.shape[0]
        shapes = [a.shape if a is not None else getattr(x, "shape", ()) for a, x in zip(node.args, node.values)]
        if n < 2 or node.shape != (n, n) or sorted(shapes, key=len) != [(n,), (n, 1)]:
            continue
        k = shapes.index((n, 1))
        end = find_total(inspected, node)
        if end is not None and end not in seen and not is_meant(inspected, node, k):
            seen.add(end)
            bad.append((node, k))
    for group in inspected.group_by_line(node for node, _ in bad):
        yield write_finding(inspected, group, dict(bad)[group[0]])


def is_sum_or_product(op: Any) -> bool:
    return bool(op.elementwise and len(op.names) == len(op.linear) == 2)


def write_finding(inspected: Inspected, group: list[Node], k: int) -> Finding:
    """Describe the (n, n) result of a column and a row, and how to make one shape of both."""
    node = group[0]
    n = node.shape[0]
    column, row = inspected.describe_operand(node, k), inspected.describe_operand(node, 1 - k)
    words = (
        f"{column} of shape ({n}, 1) and {row} of shape ({n},) give {inspected.describe_made(node)} of shape ({n}, "
        f"{n}), {inspected.in_line(node)}: each of the one with each of the other, {n * n:,} numbers and not {n:,}, "
        f"which are then made one.{inspected.same_for_others(group)}"
    )
    remedies = match_shapes(inspected, group, k)
    return inspected.make_finding(
        "(n, 1) against (n,)", node, words, group[1:], None, remedies, 2, n=n, times=len(group)
    )


def match_shapes(inspected: Inspected, group: list[Node], k: int) -> Iterator[Remedy]:
    """Try to make the column a row, or the row a column."""
    node, kind = group[0], "(n, 1) against (n,)"
    turns: tuple[tuple[int, str, str, Callable[[Any], Any]], ...] = (
        (k, "({}).ravel()", "to have {} pairs", lambda x: x.ravel() if hasattr(x, "ravel") else np.ravel(x)),
        (1 - k, "({})[:, None]", "for a column", lambda x: x[:, None]),
    )
    for i, text, why, turned in turns:

        def change(given: list[Any], made: Any, i: int = i, turned: Any = turned) -> Any:
            return call_op(node.op, [*given[:i], turned(given[i]), *given[i + 1 :]])

        if cures(try_changes(inspected, {}, dict.fromkeys(group, change)), kind, node, (column_against_row,)):
            operand = user_code.operand_code(inspected, node, i)
            new = user_code.code_with_operand(inspected, node, i, text.format(operand))
            short = (
                user_code.unparse(ast.parse(text.format(operand), mode="eval")) if is_expression(operand) else operand
            )
            yield Remedy(f"Write {short} {why.format(node.shape[0])}.", new, inspected.location(node))


def is_expression(text: str) -> bool:
    """Does the text parse as an expression of Python?"""
    try:
        ast.parse(text, mode="eval")
        return True
    except SyntaxError:
        return False


def find_total(inspected: Inspected, node: Node) -> Node | None:
    """Find the operation that reduces an (n, n) array to one number, if only elementwise operations come between."""
    ends, stack, seen = set(), [node], {node}
    while stack:
        at = stack.pop()
        users = inspected.users.get(at, [])
        if not users or len(seen) > 50:
            return None
        for user, _ in users:
            if user.op.reduces and user.shape in ((), (1, 1)):
                ends.add(user)
            elif (
                user.op.elementwise and not user.op.never and user.shape == node.shape
            ):  # but exp of all pairs is a kernel
                if user not in seen:
                    seen.add(user)
                    stack.append(user)
            else:
                return None
    return min(ends, key=lambda end: end.serial)


def is_meant(inspected: Inspected, node: Node, k: int) -> bool:
    """Did the user make the column on purpose: with a new axis, or in the same expression?"""
    a = node.args[k]
    if a is not None and a.op is not None and (a.op.reduces or a.op.name == "getitem" or adds_axis(a.op)):
        return True
    written = operand_expression(node, k)
    if written is None:  # without a source, it is unknown how a plain array became a column
        same = (
            a is not None
            and a.op is not None
            and (a.code, inspected.location(a).line) == (node.code, inspected.location(node).line)
        )
        return a is None or (same and a.op.name == "reshape")
    for part in ast.walk(written):
        if isinstance(part, ast.Constant) and part.value is None:
            return True
        if isinstance(part, (ast.Name, ast.Attribute)) and locations.variable_name(part) is None:
            return True  # .T or .mT
        called = getattr(part, "attr", None) or getattr(part, "id", None) or getattr(part, "arg", None)
        if called in TURNS:
            return True
    return False


def adds_axis(op: Any) -> bool:
    """Does the operation put a new axis where it is told to, as expand_dims does?"""
    return bool(op.rearranges and "axis" in op.names)


def operand_expression(node: Node, k: int) -> ast.expr | None:
    """Find the user's expression for an operand of a binary operation, an augmented assignment or a call."""
    if node.code.co_filename.startswith(locations.OURS):
        return None
    source = "".join(linecache.getlines(node.code.co_filename))
    written = locations.find_expressions(source).get(locations.span_of(node.code, node.lasti))
    if isinstance(written, ast.BinOp):
        return written.right if k else written.left
    if isinstance(written, ast.AugAssign):
        return written.value if k else written.target
    if isinstance(written, ast.Call) and len(written.args) > k:
        return written.args[k]
    return None
