"""Find a constant that stands where the other layers have parameters.

Data are constants too, so there has to be evidence: other passes of the same line have a parameter there; its name
continues theirs, as W2 continues W1; a trained bias is added to its product; or the user wrote ``.data``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine.recompute import call_op, run_forward
from ..graph import Node
from ..tensor import Tensor
from . import user_code
from .finding import Finding, Remedy
from .inspected import Inspected, list_names
from .layers import is_layer, is_product, weight_matrix
from .replacements import gradient_reaches
from .trials import try_changes

NUMBERED = re.compile(r"^(\D+?)\(?_?(\d+)\)?$")


def constant_layers(inspected: Inspected) -> Iterator[Finding]:
    """Find weights and biases that are constants, although the other layers have parameters there."""
    bad: dict[Node, tuple[int, str]] = {}
    layers = [node for node in inspected.nodes if is_layer(node)]
    for node in inspected.nodes:
        if node.op is not None and node.op.variadic is None and len(node.args) > 1 and not is_layer(node):
            for k in constant_operands(inspected, node):
                if why := evidence(inspected, node, k, layers):
                    bad[node] = k, why
    for group in inspected.group_by_line(bad):
        yield write_finding(inspected, group, *bad[group[0]])


def constant_operands(inspected: Inspected, node: Node) -> list[int]:
    """List operands that are arrays or constants: one beside a computed value, or both of a product of constants."""
    found = [
        k
        for k, name in enumerate(node.op.names[: len(node.args)])
        if name in node.op.rules and is_constant(inspected, node, k)
    ]
    computed = any(a is not None and a.active and a.op is not None for a in node.args)
    return found if (computed and len(found) == 1) or (not node.active and is_product(node)) else []


def is_constant(inspected: Inspected, node: Node, k: int) -> bool:
    """Is an operand an array of floats that was not computed on the record?"""
    a, x = node.args[k], inspected.operands(node)[k]
    plain = a is None or (a.op is None and not a.active)
    return plain and isinstance(x, np.ndarray) and x.ndim > 0 and x.dtype.kind == "f" and x.size > 1


def evidence(inspected: Inspected, node: Node, k: int, layers: list[Node]) -> str:
    """Say what shows that a parameter was meant; an empty text if nothing does."""
    name, product = inspected.describe_operand(node, k), is_product(node)
    if not node.active:
        return numbered_alike(inspected, node, k, name)
    if product and (a := detached_code(node, k)):
        return f"{a} takes it out of the record"
    same = [n for n in inspected.passes_of_line(node) if n in layers and find_parameter(n, k)]
    if product and same:
        names = [inspected.describe(matrix) for n in same if (matrix := weight_matrix(n)) is not None]
        return f"other passes of this line have a parameter there, {list_names(names)}"
    if trained := numbered_alike(inspected, node, k, name):
        return trained
    if product and layers and (bias := find_bias(inspected, node, k)) is not None:
        return f"the bias that is added to it, {inspected.describe(bias)}, is trained"
    return ""


def numbered_alike(inspected: Inspected, node: Node, k: int, name: str) -> str:
    """Name the parameters in the same position of the same operation whose names differ only in their number."""
    stem = NUMBERED.match(name)
    if stem is None:
        return ""
    alike = [
        p for n in inspected.nodes if n.op is node.op and n is not node and (p := find_parameter(n, k)) is not None
    ]
    names = [other for p in alike if (other := inspected.name(p)) and (m := NUMBERED.match(other)) and m[1] == stem[1]]
    return f"{list_names([*dict.fromkeys(names)])} {'is' if len(set(names)) == 1 else 'are'} trained" if names else ""


def find_parameter(node: Node, k: int) -> Node | None:
    """Find the parameter in the position of an operand, also behind operations of one operand such as a transpose."""
    a = node.args[k] if node.op is not None and k < len(node.args) else None
    while a is not None and a.op is not None and len(a.args) and a.args[0] is not None and len(a.args) == 1:
        a = a.args[0]
    return a if a is not None and a.op is None and a.active else None


def detached_code(node: Node, k: int) -> str:
    """Return ``W.data`` or ``W.numpy()`` if the user wrote that as the operand, else an empty text."""
    part = user_code.operand_expressions(node)[k]
    text = user_code.unparse(part) if part is not None else ""
    return text if re.search(r"\.(data|numpy\(\))(\.m?T)?$", text) else ""


def find_bias(inspected: Inspected, node: Node, k: int) -> Node | None:
    """Find the bias that is added to a product, if it lies along the axis that the constant makes."""
    users = [user for user, _ in inspected.uses(node)]
    if len(users) != 1 or not users[0].op.elementwise or users[0].shape != node.shape:
        return None
    leaves = [a for a in users[0].args if a is not None and a.op is None and a.active and a.shape]
    if len(leaves) != 1:
        return None
    shape = (1,) * (len(node.shape) - len(leaves[0].shape)) + leaves[0].shape
    wide = [i for i, n in enumerate(shape) if n > 1]
    return leaves[0] if len(wide) == 1 and makes_axis(inspected, node, k, wide[0]) else None


def makes_axis(inspected: Inspected, node: Node, k: int, axis: int) -> bool:
    """Does a slice of the constant make a slice of the result along this axis?  One slice is moved to find out."""
    operands = inspected.operands(node)
    x = operands[k]
    for i in range(x.ndim):
        if x.shape[i] == node.shape[axis]:
            moved = x.copy()
            moved[(slice(None),) * i + (0,)] += 1.0
            operands[k] = moved
            difference = run_forward(node, operands) != inspected.value(node)
            operands[k] = x
            if difference.any() and not np.delete(difference, 0, axis).any():
                return True
    return False


def write_finding(inspected: Inspected, group: list[Node], k: int, why: str) -> Finding:
    """Describe a constant in the place of a parameter, and how to make it one."""
    node = group[0]
    a, name = node.args[k], inspected.describe_operand(node, k)
    what = "a constant" if a is not None else "a plain array"
    words = (
        f"{name} is {what} in {inspected.describe_made(node)}, {inspected.in_line(node)}, so no gradient comes to it "
        f"and no step changes it, while {why}.{inspected.same_for_others(group)}"
    )
    remedies = as_parameter(inspected, node, k, name)
    found = inspected.make_finding(
        "constant among parameters", node, words, [*group[1:], *([a] if a else [])], None, remedies
    )
    return found._replace(about=name)


def as_parameter(inspected: Inspected, node: Node, k: int, name: str) -> Iterator[Remedy]:
    """Try the same numbers as a leaf that takes a gradient, and say how to write that."""
    x = inspected.operands(node)[k]
    new = Tensor(x)

    def change(given: list[Any], made: Any) -> Any:
        return call_op(node.op, [*given[:k], new, *given[k + 1 :]])

    trial = try_changes(inspected, {}, {node: change})
    if trial is None:
        return
    trial.made[new.node] = new
    if gradient_reaches(trial, [new.node]):
        out = detached_code(node, k)
        if out:
            yield Remedy(f"Write {re.split(r'[.](data|numpy)', out)[0]} in place of {out}.")
        else:
            yield Remedy(f"If it is to be trained, make it a Tensor: {name} = Tensor({name}).")
