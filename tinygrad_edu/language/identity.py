"""The identity matrix, which is written ``I`` and as large as what stands next to it."""

from __future__ import annotations

from .tree import Expr, call, name, number, walk
from .vocabulary import Unreadable

I = name("I")  # noqa: E741


def sized(tree: Expr) -> Expr:
    """The tree with ``eye(n)`` for I, where n is the length of an axis of its neighbour: ``A + c*I``, ``(I - P)@x``."""
    if not holds(tree):
        return tree
    found = inner(tree, False)
    if holds(found):  # A @ I, where A is a matrix: no sum says how large I is
        found = inner(found, True)
    if holds(found):
        example = "eye(n)"
        raise Unreadable(f"I is how large?  Write {example}")
    return found


def holds(tree: Expr) -> bool:
    return any(node == I for _, node in walk(tree))


def inner(tree: Expr, factors: bool) -> Expr:
    """From the inside out.  ``factors``: is what stands before I in a product a matrix, and no number?"""
    tree = tree._replace(args=tuple(inner(arg, factors) for arg in tree.args))
    if tree.head in ("add", "subtract", "matmul") and len(tree.args) == 2:
        left, right = tree.args
        if multiple(left) and not holds(right):
            return tree._replace(args=(put(left, axis(right, 1)), right))
        if multiple(right) and not holds(left) and (factors or tree.head != "matmul"):
            return tree._replace(args=(left, put(right, axis(left, 2 if tree.head == "matmul" else 1))))
    return tree


def multiple(tree: Expr) -> bool:
    if tree.head in ("multiply", "divide", "negative"):
        return sum(map(multiple, tree.args)) == 1
    if tree.head == "matmul":  # λ I
        return multiple(tree.args[-1]) and not holds(tree.args[0])
    return tree == I


def axis(tree: Expr, which: int) -> Expr:
    return Expr("Index", (Expr("Shape", (tree,), "shape"), number(which)))


def put(tree: Expr, size: Expr) -> Expr:
    """The tree with eye(size) for I."""
    return call("eye", size) if tree == I else tree._replace(args=tuple(put(arg, size) for arg in tree.args))
