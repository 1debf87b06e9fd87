"""A constant that stands where the other layers have parameters.

Data are constants too, so there has to be evidence: other passes of the same line have a parameter there; its name goes
on where theirs do, as W2 does after W1; a bias that is trained is added to what it makes; or it was taken out with
``.data``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine.recompute import call_op, run_forward
from ..findings import code
from ..graph import Node
from ..tensor import Tensor
from .case import Case, listed
from .finding import Finding, Remedy
from .layers import is_layer, is_product, weights
from .others import let_through
from .trying import tried

NUMBERED = re.compile(r"^(\D+?)\(?_?(\d+)\)?$")


def constant_layers(case: Case) -> Iterator[Finding]:
    """Weights and biases that are constants, although the others are parameters."""
    bad: dict[Node, tuple[int, str]] = {}
    layers = [node for node in case.nodes if is_layer(node)]
    for node in case.nodes:
        if node.op is not None and node.op.variadic is None and len(node.args) > 1 and not is_layer(node):
            for k in constant_operands(case, node):
                if why := evidence(case, node, k, layers):
                    bad[node] = k, why
    for group in case.grouped(bad):
        yield told(case, group, *bad[group[0]])


def constant_operands(case: Case, node: Node) -> list[int]:
    """The operands that are arrays or constants: one beside what was computed, or both of a product of constants."""
    found = [
        k
        for k, name in enumerate(node.op.names[: len(node.args)])
        if name in node.op.rules and is_constant(case, node, k)
    ]
    computed = any(a is not None and a.active and a.op is not None for a in node.args)
    return found if (computed and len(found) == 1) or (not node.active and is_product(node)) else []


def is_constant(case: Case, node: Node, k: int) -> bool:
    """Is an operand an array of floating numbers that nobody computed on the record?"""
    a, x = node.args[k], case.operands(node)[k]
    plain = a is None or (a.op is None and not a.active)
    return plain and isinstance(x, np.ndarray) and x.ndim > 0 and x.dtype.kind == "f" and x.size > 1


def evidence(case: Case, node: Node, k: int, layers: list[Node]) -> str:
    """What shows that a parameter was meant; nothing, if nothing does."""
    name, product = case.operand(node, k), is_product(node)
    if not node.active:
        return numbered(case, node, k, name)
    if product and (a := taken_out(node, k)):
        return f"{a} takes it out of the record"
    same = [n for n in layers if (n.op, n.code, n.lasti) == (node.op, node.code, node.lasti) and parameter(n, k)]
    if product and same:
        return f"other passes of this line have a parameter there, {listed([case.said(weights(n)) for n in same])}"  # type: ignore[arg-type]
    if trained := numbered(case, node, k, name):
        return trained
    if product and layers and (bias := biased(case, node, k)) is not None:
        return f"the bias that is added to it, {case.said(bias)}, is trained"
    return ""


def numbered(case: Case, node: Node, k: int, name: str) -> str:
    """The parameters whose names differ in their number alone, in the same place of the same operation."""
    stem = NUMBERED.match(name)
    if stem is None:
        return ""
    alike = [p for n in case.nodes if n.op is node.op and n is not node and (p := parameter(n, k)) is not None]
    names = [other for p in alike if (other := case.name(p)) and (m := NUMBERED.match(other)) and m[1] == stem[1]]
    return f"{listed([*dict.fromkeys(names)])} {'is' if len(set(names)) == 1 else 'are'} trained" if names else ""


def parameter(node: Node, k: int) -> Node | None:
    """The parameter that stands in the place of an operand, if there is one."""
    a = node.args[k] if node.op is not None and k < len(node.args) else None
    while a is not None and a.op is not None and len(a.args) and a.args[0] is not None and len(a.args) == 1:
        a = a.args[0]
    return a if a is not None and a.op is None and a.active else None


def taken_out(node: Node, k: int) -> str:
    """``W.data``, where that is what the user wrote."""
    part = code.operands(node)[k]
    text = code.shown(part) if part is not None else ""
    return text if re.search(r"\.(data|numpy\(\))(\.m?T)?$", text) else ""


def biased(case: Case, node: Node, k: int) -> Node | None:
    """The bias that is added to a product, if it lies along the axis that the constant makes."""
    users = [user for user, _ in case.uses(node)]
    if len(users) != 1 or not users[0].op.elementwise or users[0].shape != node.shape:
        return None
    leaves = [a for a in users[0].args if a is not None and a.op is None and a.active and a.shape]
    if len(leaves) != 1:
        return None
    shape = (1,) * (len(node.shape) - len(leaves[0].shape)) + leaves[0].shape
    wide = [i for i, n in enumerate(shape) if n > 1]
    return leaves[0] if len(wide) == 1 and makes_axis(case, node, k, wide[0]) else None


def makes_axis(case: Case, node: Node, k: int, axis: int) -> bool:
    """Does a slice of the constant make a slice of the result along this axis?  It is moved to see."""
    operands = case.operands(node)
    x = operands[k]
    for i in range(x.ndim):
        if x.shape[i] == node.shape[axis]:
            moved = x.copy()
            moved[(slice(None),) * i + (0,)] += 1.0
            operands[k] = moved
            difference = run_forward(node, operands) != case.value(node)
            operands[k] = x
            if difference.any() and not np.delete(difference, 0, axis).any():
                return True
    return False


def told(case: Case, group: list[Node], k: int, why: str) -> Finding:
    """The finding, in words."""
    node = group[0]
    a, name = node.args[k], case.operand(node, k)
    what = "a constant" if a is not None else "a plain array"
    words = (
        f"{name} is {what} in {case.made(node)}, {case.line(node)}, so no gradient comes to it and no step changes it, "
        f"while {why}.{case.others(group)}"
    )
    remedies = as_parameter(case, node, k, name)
    found = case.finding("constant among parameters", node, words, [*group[1:], *([a] if a else [])], None, remedies)
    return found._replace(about=name)


def as_parameter(case: Case, node: Node, k: int, name: str) -> Iterator[Remedy]:
    """The same numbers as a leaf that takes a gradient."""
    x = case.operands(node)[k]
    new = Tensor(x)

    def change(given: list[Any], made: Any) -> Any:
        return call_op(node.op, [*given[:k], new, *given[k + 1 :]])

    trial = tried(case, {}, {node: change})
    if trial is None:
        return
    trial.made[new.node] = new
    if let_through(trial, [new.node]):
        out = taken_out(node, k)
        if out:
            yield Remedy(f"Write {re.split(r'[.](data|numpy)', out)[0]} in place of {out}.")
        else:
            yield Remedy(f"If it is to be trained, make it a Tensor: {name} = Tensor({name}).")
