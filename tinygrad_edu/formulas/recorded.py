"""A recorded computation, read as sums of products with indices.

Each value becomes a *template*: the indices of its axes, and the sum that stands at them; an axis of length 1 has none.
Whoever uses the value puts indices of his own in their place.  Values that have names are not read further.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.reachable import reachable
from ..engine.recompute import operands
from ..graph import Node
from .axes import Template, indices, placed, stretched
from .index import Atom, NoForm, Place, Poly, as_number, constant, of
from .simplify import Rules
from .sums import Sums


class Reader(Sums):
    """Reads nodes of a record.

    ``named``: what is called by a name, by serial.  ``known``: templates given beforehand.  ``slopes``: of what the
    sweep passed through an elementwise operation the gradient, the operation's node, and which operand received it.
    ``arrays``: plain arrays that have names.
    """

    def __init__(
        self,
        named: dict[int, str],
        known: dict[int, Template],
        slopes: dict[int, tuple[Node, Node, int]],
        arrays: Sequence[tuple[Any, str]],
        rules: Rules,
    ) -> None:
        self.named, self.known, self.slopes, self.arrays, self.rules = named, dict(known), slopes, arrays, rules
        self.chose = False  # was a case taken because it holds here?

    def template(self, root: Node, own: bool = True) -> Template:
        """The template of a node; ``own``: also where the node itself has a name."""

        def is_known(node: Node) -> bool:
            return node.serial in self.known or (node.serial in self.named and node is not root)

        found = reachable([root], lambda node: [] if is_known(node) else self.parts(node))
        needed = [node for node in found if not is_known(node)]
        for node in sorted(needed, key=lambda node: node is root):
            if node is root and not own and root.serial in self.named:
                return self.leaf(node.shape, self.named[root.serial])
            template = self.read(node)
            if node is root:
                return template
            self.known[node.serial] = template
        return self.known[root.serial]

    def parts(self, node: Node) -> list[Node]:
        """What has to be read before."""
        if node.serial in self.slopes:
            g, z, k = self.slopes[node.serial]
            return [g, *(a for a in z.args if a is not None)]
        return [a for a in node.args if a is not None]

    def leaf(self, shape: tuple[int, ...], name: str) -> Template:
        """A named array."""
        at = indices(shape)
        return at, of(Atom("leaf", name, (), at))

    def at(self, node: Node, places: Sequence[Place]) -> Poly:
        """The value of a node at these indices."""
        if node.serial in self.named and node.serial not in self.known:
            self.known[node.serial] = self.leaf(node.shape, self.named[node.serial])
        return placed(self.known[node.serial], places)

    def array(self, x: Any, places: Sequence[Place]) -> Poly:
        """A plain array at these indices."""
        x = np.asarray(x)
        if x.dtype.kind == "b":
            raise NoForm("a condition that holds here need not hold elsewhere")
        if x.ndim == 0:
            return constant(float(x))
        for known, name in self.arrays:
            if known.shape == x.shape and np.array_equal(known, x):
                return placed(self.leaf(x.shape, name), places)
        if x.dtype.kind in "fiub" and x.size and x.min() == x.max():
            return constant(float(x.flat[0]))  # one number, stretched
        if x.ndim == 1 and ((x == 0) | (x == 1)).all() and x.sum() == 1:
            self.rules.counted = True
            return of(Atom("delta", None, (), (places[0], int(x.argmax()))))
        if x.ndim == 2 and x.shape[0] == x.shape[1] and np.array_equal(x, np.eye(len(x))):
            return of(Atom("delta", None, (), tuple(places)))
        raise NoForm("there is an array without a name in it: give it one with constant(array, name=...)")

    def read(self, node: Node) -> Template:
        """One operation."""
        if node.op is None:
            at = indices(node.shape)
            return at, self.array(node.result, at)
        if node.serial in self.slopes:
            return self.slope(*self.slopes[node.serial])
        values = operands(node)
        parts = [
            (lambda places, a=a, x=x: self.array(x, places) if a is None else self.at(a, places))
            for a, x in zip(node.args, values)
        ]
        shapes = [np.shape(x) if a is None else a.shape for a, x in zip(node.args, values)]
        options = dict(zip(node.op.names, node.values))
        method = getattr(self, f"of_{node.op.name}", None)
        if method is not None:
            found: Template = method(node, parts, shapes, options)
            return found
        if node.op.elementwise:
            return self.elementwise(node, parts, shapes, options)
        raise NoForm(f"{node.op.name} has no form as a sum of products")

    # Elementwise operations.

    def elementwise(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Arithmetic, or a function of one number."""
        at = indices(node.shape)
        op = node.op
        if op.name == "where":
            condition = np.asarray(options["condition"])
            if condition.min() != condition.max():
                raise NoForm("where chooses one thing here and another there")
            k, self.chose = (1 if condition.min() else 2), True
            return at, parts[k](stretched(at, shapes[k]))
        operand = [k for k, name in enumerate(op.names) if name in op.rules or node.args[k] is not None]
        if not op.rules:
            operand = list(range(len(node.args)))
        p = [parts[k](stretched(at, shapes[k])) for k in operand]
        return at, self.function(op.name, p, tuple((n, options[n]) for k, n in enumerate(op.names) if k not in operand))

    def function(self, head: str, p: list[Poly], options: tuple[Any, ...] = ()) -> Poly:
        """An elementwise operation on sums."""
        rules = self.rules
        if head in ("add", "subtract"):
            return rules.add(p[0], p[1], -1.0 if head == "subtract" else 1.0)
        if head == "multiply":
            return rules.multiply(*p)
        if head == "divide":
            return rules.multiply(p[0], rules.power(p[1], -1))
        if head == "power":
            n = as_number(p[1])
            if n is not None:
                return rules.power(p[0], n)
        if head in POWERS:
            return rules.power(p[0], POWERS[head])
        if head in ("negative", "positive"):
            return p[0].times(-1 if head == "negative" else 1)
        if head == "xlogy":
            return rules.multiply(p[0], self.function("log", p[1:]))
        if head == "sigmoid":
            return rules.sigmoid(p[0])
        if head == "exp":
            return rules.product(rules.single(of(Atom("exp", None, (p[0],))))) if p[0].monos else constant(1)
        if any(not isinstance(x, (int, float, type(None))) for _, x in options):
            raise NoForm(f"{head} with such options")
        return of(Atom(head, options or None, tuple(p)))

    def slope(self, g: Node, z: Node, k: int) -> Template:
        """A gradient that went back through a function of one number: g f'(x)."""
        (x,) = (a for a in z.args if a is not None)
        at = indices(z.shape)
        options = tuple((n, v) for n, v in zip(z.op.names, z.values) if n not in z.op.rules)
        head = "relu" if z.op.name == "maximum" else z.op.name
        prime = self.function(f"{head}'", [self.at(x, at)], options)
        return at, self.rules.multiply(prime, self.at(g, at))


POWERS: dict[str, float] = {"square": 2, "reciprocal": -1, "sqrt": 0.5}
