"""Turns a record into an expression, so that a claim given as a function is diagnosed as one that was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..engine.reachable import operand_nodes, reachable
from ..engine.recompute import stored_operands
from ..graph import Node
from ..language.tree import Expr, call, name, number

LARGEST = 600  # nodes of a tree


class NoTree(Exception):
    """The record contains something that no expression of the language stands for."""


def tree_of(root: Node, known: Mapping[int, str], arrays: Mapping[str, Any]) -> Expr:
    """Returns the expression that computes the result of a node.  Raises NoTree if no expression stands for it.

    ``known`` are the names of nodes, by serial; a named node is not looked into.  ``arrays`` are NumPy arrays by name.
    """
    found: dict[int, Expr] = {serial: name(word) for serial, word in known.items()}
    sizes: dict[int, int] = dict.fromkeys(known, 1)
    for node in reachable([root], lambda node: [] if node.serial in known else operand_nodes(node)):
        serial = node.serial
        if serial in known:
            continue
        sizes[serial] = 1 + sum(sizes[a.serial] for a in node.args if a is not None)
        if sizes[serial] > LARGEST:
            raise NoTree("too large")
        found[serial] = tree_of_node(node, found, arrays)
    return found[root.serial]


def tree_of_node(node: Node, found: Mapping[int, Expr], arrays: Mapping[str, Any]) -> Expr:
    """Returns the tree of one node.  ``found`` has the trees of its operands."""
    if node.op is None:
        return tree_of_constant(node.result, arrays)
    op = node.op
    parts = [
        found[a.serial] if a is not None else tree_of_constant(x, arrays) if k < len(node.args) else Expr("All")
        for k, (a, x) in enumerate(zip(node.args, stored_operands(node)))
        if a is not None or op.variadic is not None or op.names[k] in op.rules or op.name == "where"
    ]
    options = {} if op.variadic is not None else dict(zip(op.names, node.values))
    if op.name in ("getitem", "expand_dims"):
        key = options.get("key", (Ellipsis, None) if options.get("axis") == -1 else None)
        keys = key if isinstance(key, tuple) else (key,)
        return Expr("Index", (parts[0], *(tree_of_subscript(k, arrays) for k in keys)))
    if op.name in ("transpose", "matrix_transpose") and options.get("axes") in (None, ()):
        return call("transpose", parts[0])
    if op.variadic is not None and op.name != "einsum":
        if op.name == "concatenate":
            return call("concatenate", *parts, axis=node.values[1])
        raise NoTree(op.name)
    if op.name == "einsum":
        return Expr("einsum", tuple(parts), (("subscripts", node.values[0]),))
    kept = {
        word: x
        for word, x in options.items()
        if word not in op.rules and isinstance(x, (int, float, bool, tuple)) and word not in ("to",)
    }
    if "to" in options:
        raise NoTree(op.name)  # a literal shape
    if op.reduces and not kept.get("keepdims"):
        kept.pop("keepdims", None)
    return call(op.name, *parts, **kept)


def tree_of_constant(x: Any, arrays: Mapping[str, Any]) -> Expr:
    """Returns the tree of a constant: a number, or the name of an array with the same elements."""
    if np.ndim(x) == 0 and not isinstance(x, (str, bytes)) and x is not None:
        return number(float(x))
    for word, known in arrays.items():
        if isinstance(known, np.ndarray) and np.shape(known) == np.shape(x) and np.array_equal(known, x):
            return name(word)
    raise NoTree("an array without a name")


def tree_of_subscript(key: Any, arrays: Mapping[str, Any]) -> Expr:
    """Returns the tree of one part of a subscript: of k in x[i, k]."""
    if key is None or key is Ellipsis:
        return Expr("New" if key is None else "Rest")
    if isinstance(key, slice):
        if key == slice(None):
            return Expr("All")
        ends = tuple(Expr("All") if k is None else number(int(k)) for k in (key.start, key.stop))
        if key.step is not None:
            raise NoTree("a step")
        return Expr("Slice", ends)
    for word, known in arrays.items():
        if isinstance(key, (int, np.integer)) and isinstance(known, int) and known == key:
            return name(word)
    return tree_of_constant(key, arrays)
