r"""What was computed, as formulas: one operation, ``\sigma(v)``, or a whole record written out."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.calling import is_packed, names
from ..engine.reachable import operand_nodes, reachable
from ..engine.recompute import operands_among, stored_operands
from ..graph import Node, Value
from ..language.op_notation import CALLED, POWER, PRODUCT, SUM, WHOLE, Formula, call, typeset
from ..language.symbols import number, symbol, words
from ..op import OPS

MATRICES = re.compile(r"\$(\w+)(\^\{\\top\})? \\, \$(\w+)(\^\{\\top\})?(?: \+ \$(\w+))?")  # W x + b
FEW, LONGEST = 8, 80  # elements of an index, and characters of an option, that are written out


def of_name(name: str, shape: tuple[int, ...] = (1,), index: str = "") -> Formula:
    """A name as a formula; what a program calls an array, as ``1 - y``, may be a formula itself."""
    latex = symbol(name, index)
    written = latex.startswith(r"\text{") and re.search(r"[-+*/@%^<>=]|\b(if|and|or|not|in)\b", name)
    return Formula(latex, SUM if written else POWER if "^" in latex else WHOLE, single=shape == ())


def of_value(x: Any, array: Callable[[Any], Formula] | None = None) -> Formula:
    """An argument that is no tensor: a number, an index or an option; ``array`` says what arrays in it are called."""
    if isinstance(x, (bool, np.bool_, str, type(None))):
        return Formula(words(str(x), LONGEST))
    if isinstance(x, (int, float, np.generic)) or (isinstance(x, np.ndarray) and x.ndim == 0):
        latex = number(float(x))
        product = r"\times" in latex or r"\frac" in latex
        binds = SUM if float(x) < 0 else PRODUCT if product else POWER if "^" in latex else WHOLE
        return Formula(latex, binds, "multiply" * (binds == PRODUCT), single=True)
    if isinstance(x, slice):
        ends = ("" if end is None else str(end) for end in (x.start, x.stop))
        return Formula(":".join([*ends, *([] if x.step is None else [str(x.step)])]))
    if isinstance(x, (tuple, list)) and len(x) <= FEW:
        listed = ", ".join(of_value(part, array).latex for part in x)
        return Formula(f"[{listed}]" if isinstance(x, list) else listed)
    if isinstance(x, np.ndarray):
        return array(x) if array else elements(x) or Formula(r"\cdot")
    return Formula(r"\ldots" if x is Ellipsis else r"\cdot")


def elements(x: Any) -> Formula | None:
    """An array of a few whole numbers or truth values, as an index is, with all its elements."""
    if not 0 < x.size <= FEW or x.dtype.kind not in "iub":
        return None
    return Formula(re.sub("True|False", lambda m: words(m[0]), repr(x.tolist())))


def split(listed: str) -> list[str]:
    """The parts of an index, between commas that are in no brackets."""
    parts, depth = [""], 0
    for c in listed:
        depth += (c in "([{") - (c in ")]}")
        parts[-1] += c
        if c == "," and not depth:
            parts[-1:] = [parts[-1][:-1], ""]
    return [part.strip() for part in parts]


def made(node: Node, formulas: list[Formula], values: Any, loose: bool = False) -> Formula:
    """The operation of a node with the formulas of its operands; of a list of operands, with as many.

    Where its notation does not say all that it does, as with ``axis=0``, it is written as a call.  ``loose``: within a
    formula, where an axis of length 1 that is left of a vector is as good as none.
    """
    op = node.op
    if op.notation == "$x":  # nothing that one would see is done to it
        return formulas[0]
    if op.variadic is None:
        given: dict[str, Any] = dict(zip(op.names, formulas))
        shown = [n for n, a in zip(op.names, node.args) if n in op.rules or a is not None] or [op.names[0]]
        left_out = [n for n, x, a in zip(op.names, values, node.args) if x is None and a is None and n in shown]
        given |= dict.fromkeys(left_out)
    else:
        given = {name: of_value(x) for name, x in zip(op.names, values)}
        shown, given[op.names[op.variadic]] = [op.names[op.variadic]], formulas
    notation = form(node, values)
    every = options(node, values, loose)
    rest = {name: x for name, x in every.items() if notation == "" or f"${name}" not in (notation or op.notation)}
    freed = not values and len(op.names) > len(shown)
    if rest or freed or notation == "":
        listed = op.variadic is not None and not is_packed(op.function)
        operands = ", ".join(f"${n}" for n in shown if given[n] is not None)
        said = [option(n, x, given[n]) for n, x in (rest if CALLED.fullmatch(op.notation) else every).items()]
        notation = call(op, f"[{operands}]" if listed else operands, [*said, *[r"\ldots"] * freed])
    return typeset(op, notation, **given)._replace(single=node.shape == ())


def option(name: str, x: Any, formula: Formula) -> str:
    """An option in a call: ``axis=0``; an array by what it is called."""
    x = tuple(x) if isinstance(x, range) else x
    x = x[0] if name == "axis" and isinstance(x, tuple) and len(x) == 1 else x
    if isinstance(x, np.ndarray):
        return words(f"{name}=", LONGEST) + formula.latex
    return words(f"{name}={x!r}", LONGEST)


PLAIN = re.compile(r"\\odot|^[^()^]*[+-]|^\$x$")  # a notation that means the same of a matrix, or says what it means


def in_elements(node: Node) -> bool:
    """Is it computed element by element, where its formula could be read as one of square matrices: X², e^X?"""
    op, is_square = node.op, len(node.shape) > 1 and node.shape[-1] == node.shape[-2] != 1
    if not (is_square and op.elementwise) or PLAIN.search(op.notation):
        return False
    below = node.args[-1].shape if node.args[-1] is not None else np.shape(node.values[-1] if node.values else 0)
    return "frac" not in op.notation or below != ()


def form(node: Node, values: Any) -> str | None:
    """The notation for these numbers of axes, if it is another than that of the operation: see engine/calling.py."""
    op = node.op
    if op.variadic is not None or not op.forms:
        return None
    axes = {n: ndim(a, x) for n, a, x in zip(op.names, node.args, values or [None] * len(node.args))}
    return next((notation for notation, where in op.forms if where(*map(axes.get, names(where)))), None)


def factors(node: Node, values: Any) -> list[tuple[int, bool, str]]:
    """Of a product of two matrices, perhaps with a bias: the arguments, if they are transposed, and their signs."""
    op, found = node.op, form(node, values)
    match = MATRICES.fullmatch(op.notation if found is None else found)
    if match is None or not values or any(a is not None and len(a.shape) > 2 for a in node.args):
        return []
    x, x_turned, y, y_turned, b = match.groups()
    terms = [(op.names.index(x), bool(x_turned), ""), (op.names.index(y), bool(y_turned), "·")]
    is_there = b is not None and (node.args[op.names.index(b)] or values[op.names.index(b)]) is not None
    return [*terms, (op.names.index(b), False, "+")] if is_there else terms


def options(node: Node, values: Any, loose: bool = False) -> dict[str, Any]:
    """The arguments that are no operands, where they are not the usual ones."""
    op, found = node.op, dict[str, Any]()
    usual = dict(zip(op.names[::-1], (op.function.__defaults__ or ())[::-1]))
    first = values and operands_among(op, values)[0]
    single = bool(node.args) and ndim(node.args[0], first) == 1
    for name, x in zip(op.names, values):
        if name in op.rules or name == op.variadic_name or isinstance(x, Value):
            continue
        if name == op.names[-1] and is_packed(op.function):
            if not x or (len(x) == 1 and x[0] is None):
                continue
            x = x[0] if len(x) == 1 else x
        elif name in usual and (repr(x) == repr(usual[name]) or (single and name == "axis" and isinstance(x, int))):
            continue  # a vector has one axis
        if not (loose and name == "keepdims" and (single or "axis" not in found)):
            found[name] = x
    return found


def ndim(node: Node | None, x: Any) -> int:
    return np.ndim(x) if node is None else len(node.shape)


def expression(result: Node, known: dict[int, Formula], array: Callable[..., Formula], used: set[int]) -> Formula:
    """A recorded result, written out as far as to what is known; which of that it reads is added to ``used``.

    ``array`` names a plain array that a node uses, given both.
    """
    formulas = dict(known)
    for node in reachable([result], lambda node: [] if node.serial in known else operand_nodes(node)):
        serial = node.serial
        if serial in known:
            used.add(serial)
            continue
        if node.op is None:
            formulas[serial] = array(node.result, None)
            continue
        values = stored_operands(node)
        parts = [
            formulas[a.serial] if a is not None else of_value(x, functools.partial(array, user=node))
            for a, x in zip(node.args, values)
        ]
        formulas[serial] = (
            of_vectors(node, parts, formulas)
            or shortened(node, parts, formulas)
            or made(node, parts, node.values, loose=True)
        )
    return formulas[result.serial]


def of_vectors(node: Node, parts: list[Formula], formulas: dict[int, Formula]) -> Formula | None:
    """Products with vectors, as one writes them by hand: ``g[:, None] * x`` is g xᵀ, and ``g @ W`` is Wᵀ g."""
    if (product := matrix_product(node)) is None:
        return None
    (left, _), (right, is_row) = product
    if is_row:
        return typeset(OPS["outer"], x=formulas[left.serial], y=formulas[right.serial])
    if node.op is OPS["matmul"] and left is node.args[1]:
        return typeset(node.op, x=typeset(OPS["transpose"], x=parts[1]), y=parts[0])
    return None


def matrix_product(node: Node) -> tuple[tuple[Node, bool], tuple[Node, bool]] | None:
    """The factors of a product of matrices and vectors, as one writes it by hand, and whether they are transposed."""
    if len(node.args) != 2 or any(a is None for a in node.args):
        return None
    a, b = node.args
    if node.op is OPS["matmul"]:
        return ((b, True), (a, False)) if (len(a.shape), len(b.shape)) == (1, 2) else ((a, False), (b, False))
    column, row = vector(a), vector(b)
    if node.op is OPS["multiply"] and column and row and len(node.shape) == 2 and a.shape[1:] == (1,):
        return (column, False), (row, True)
    return None


def shortened(node: Node, parts: list[Formula], formulas: dict[int, Formula]) -> Formula | None:
    """What a factor, divisor or exponent of 1 leaves, the square of a root, and what is only moved to fit."""
    op, a = node.op, node.args[0]
    if op in (OPS["multiply"], OPS["divide"], OPS["power"]) and parts[1].latex == "1":
        return parts[0] if a is None or a.shape == node.shape else None
    if op is OPS["power"] and parts[0].op == "sqrt" and parts[1].latex == "2":
        under = a.args[0] if a is not None and a.op is OPS["sqrt"] else None
        return formulas[under.serial] if under is not None and under.serial in formulas else None
    if op is OPS["reshape"] and node.shape == a.shape:
        return parts[0]
    if op is OPS["expand_dims"] or (op is OPS["getitem"] and only_axes(node.values[1])):
        new = len(node.shape) - len(a.shape)
        if node.shape == (1,) * new + a.shape:
            return parts[0]  # broadcasting adds axes in front by itself
    if op is OPS["expand_dims"]:
        axes = {axis % len(node.shape) for axis in np.ravel(node.values[1]).tolist()}
        key = tuple(None if i in axes else slice(None) for i in range(len(node.shape)))
        return typeset(OPS["getitem"], x=parts[0], key=of_value(key))
    return None


def only_axes(key: Any) -> bool:
    """Does an index only add axes of length 1?"""
    return all(
        k is None or k is Ellipsis or (isinstance(k, slice) and k == slice(None))
        for k in (key if isinstance(key, tuple) else (key,))
    )


def vector(node: Node | None) -> Node | None:
    """The vector that this is, perhaps with axes of length 1 about it."""
    while node is not None and len(node.shape) == 2 and 1 in node.shape and node.op is OPS["getitem"]:
        node = node.args[0]
    return node if node is not None and len(node.shape) == 1 else None
