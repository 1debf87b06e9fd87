"""Operations that move, choose and stretch, as what happens to indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph import Node
from .index import Atom, Index, NoForm, Place, Poly, of
from .simplify import Rules

Template = tuple[tuple[Place, ...], Poly]


class Axes:
    """The readings of operations on axes.

    Each is given the node, and of its operands a function from indices to the sum there, and the shape; and all
    arguments by their names.
    """

    rules: Rules

    def of_transpose(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Axes in another order."""
        axes = options["axes"]
        axes = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        n = len(shapes[0])
        return self.moved(node, parts, [a % n for a in axes] if axes else list(range(n))[::-1])

    def moved(self, node: Node, parts: Any, order: Sequence[int]) -> Template:
        """Axis k of the result is axis ``order[k]`` of the operand."""
        at = indices(node.shape)
        return at, parts[0]([at[list(order).index(k)] for k in range(len(at))])

    def of_matrix_transpose(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """The last two axes exchanged."""
        n = len(node.shape)
        return self.moved(node, parts, [*range(n - 2), n - 1, n - 2])

    def of_swapaxes(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Two axes exchanged."""
        order = list(range(len(node.shape)))
        i, j = options["axis1"], options["axis2"]
        order[i], order[j] = order[j], order[i]
        return self.moved(node, parts, order)

    def of_moveaxis(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Axes moved."""
        numbered = np.empty(range(len(node.shape)))  # each axis is as long as its number
        return self.moved(node, parts, np.moveaxis(numbered, options["source"], options["destination"]).shape)

    def of_reshape(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Only axes of length 1 put in or left out."""
        if [n for n in shapes[0] if n != 1] != [n for n in node.shape if n != 1]:
            raise NoForm("reshape mixes axes")
        at = indices(node.shape)
        left = iter([i for i in at if i is not None])
        return at, parts[0]([None if n == 1 else next(left) for n in shapes[0]])

    of_squeeze = of_expand_dims = of_ravel = of_reshape

    def of_broadcast_to(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Stretched."""
        at = indices(node.shape)
        return at, parts[0](stretched(at, shapes[0]))

    def of_diag(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """The matrix with a diagonal, or the diagonal of a matrix."""
        if options["k"] or len(shapes[0]) == 2 and shapes[0][0] != shapes[0][1]:
            raise NoForm("a diagonal beside the main one")
        if len(shapes[0]) == 2:
            return self.of_diagonal(node, parts, shapes, dict(offset=0, axis1=0, axis2=1))
        i, j = at = indices(node.shape)
        return at, self.rules.multiply(of(Atom("delta", None, (), (i, j))), parts[0]((i,)))

    def of_on_diagonal(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """The same for the gradient of a diagonal."""
        if options["offset"] or len(node.shape) != 2 or node.shape[0] != node.shape[1]:
            raise NoForm("a diagonal beside the main one")
        i, j = at = indices(node.shape)
        k = i if options["axis1"] % 2 == 0 else j
        return at, self.rules.multiply(of(Atom("delta", None, (), (i, j))), parts[0]((k,)))

    def of_diagonal(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """The diagonal of a square matrix."""
        if options["offset"] or len(shapes[0]) != 2 or shapes[0][0] != shapes[0][1]:
            raise NoForm("a diagonal beside the main one")
        at = indices(node.shape)
        return at, parts[0]((at[0], at[0]))

    def of_trace(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """The sum of the diagonal."""
        if options["offset"] or len(shapes[0]) != 2 or shapes[0][0] != shapes[0][1]:
            raise NoForm("a diagonal beside the main one")
        i = Index(shapes[0][0])
        return (), self.rules.summed(parts[0]((i, i)), [i])

    # Choosing.

    def of_getitem(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Rows, columns and elements by their numbers, and new axes."""
        at = indices(node.shape)
        return at, parts[0](chosen(options["key"], shapes[0], at))

    def of_put(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """The transpose of choosing: it is 0 but at the places chosen."""
        at, inner = indices(node.shape), indices(shapes[0])
        p = parts[0](inner)
        for mine, theirs in zip(at, chosen(options["key"], node.shape, inner)):
            if isinstance(theirs, int):
                p = self.rules.multiply(of(Atom("delta", None, (), (mine, theirs))), p) if mine is not None else p
            elif theirs is not None:
                p = p.put({theirs: mine})
        return at, p

    def of_take(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """A row by its number."""
        axis, k = options["axis"], options["indices"]
        if axis is None or np.ndim(k):
            raise NoForm("take of several places")
        return self.of_getitem(node, parts, shapes, dict(key=(slice(None),) * (axis % len(shapes[0])) + (int(k),)))

    def of_embedding(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """A row by its number."""
        if np.ndim(options["index"]):
            raise NoForm("several rows of a table")
        return self.of_getitem(node, parts, shapes, dict(key=int(options["index"])))


def indices(shape: tuple[int, ...]) -> tuple[Place, ...]:
    """New indices for the axes of a shape."""
    return tuple(bound(n) for n in shape)


def bound(n: int) -> Index | None:
    """A new index; none for an axis of length 1."""
    return None if n == 1 else Index(n)


def stretched(at: Sequence[Place], shape: tuple[int, ...]) -> list[Place]:
    """The indices of an operand that was stretched to fit."""
    return [None if n == 1 else i for i, n in zip(at[len(at) - len(shape) :], shape)]


def placed(template: Template, places: Sequence[Place]) -> Poly:
    """A template at other indices."""
    at, p = template
    if len(at) != len(places):
        raise NoForm("axes do not fit")
    return p.put({i: x for i, x in zip(at, places) if isinstance(i, Index) and i is not x})


def chosen(key: Any, shape: tuple[int, ...], at: Sequence[Place]) -> list[Place]:
    """Where in the whole each axis of the operand stands, when ``whole[key]`` is at ``at``."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if any(k is Ellipsis for k in keys):
        here = next(n for n, k in enumerate(keys) if k is Ellipsis)
        keys[here : here + 1] = [slice(None)] * (len(shape) - sum(k is not None for k in keys) + 1)
    keys += [slice(None)] * (len(shape) - sum(k is not None for k in keys))
    found: list[Place] = []
    left, lengths = iter(at), iter(shape)
    for k in keys:
        if k is None:
            next(left)
            continue
        n = next(lengths)
        if isinstance(k, (int, np.integer)) or (isinstance(k, np.ndarray) and k.ndim == 0 and k.dtype.kind in "iu"):
            found.append(None if n == 1 else int(k) % n)
        elif isinstance(k, slice) and k.indices(n) == (0, n, 1):
            found.append(next(left))
        else:
            raise NoForm("a choice of several places that are not all of an axis")
    return found
