"""A recorded computation, read as sums of products with indices.

Each value becomes a *template*: the indices of its axes, and the sum that stands at them; an axis of length 1 has none.
Whoever uses the value puts indices of his own in their place.  Values that have names are not read further.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.reachable import reachable
from ..engine.recompute import stored_operands
from ..graph import Node
from ..ops.algebra import _explicit as explicit
from .index import Atom, Index, NoForm, Place, Poly, as_number, constant, of
from .simplify import Rules

Template = tuple[tuple[Place, ...], Poly]
Places = tuple[Place, ...]


class Reader:
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
        if node.serial in self.slopes:
            g, z, k = self.slopes[node.serial]
            return [g, *(a for a in z.args if a is not None)]
        return [a for a in node.args if a is not None]

    def leaf(self, shape: tuple[int, ...], name: str) -> Template:
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
        values = stored_operands(node)
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

    # How operations are read.  Each reading is given the node; of its operands a function from indices to the sum at
    # them, and the shape; and all arguments by their names.

    # Operations that multiply and add up.

    def contracted(self, p: Poly, q: Poly, over: list[Index]) -> Poly:
        rules = self.rules
        product = rules.multiply(p, q)
        return rules.summed(product, over) if over else product

    def of_matmul(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        (a, b), at = shapes, indices(node.shape)
        inner = bound(a[-1])
        lead = at[: max(len(a), len(b), 2) - 2] if max(len(a), len(b)) > 2 else ()
        rest = list(at[len(lead) :])
        row = [rest.pop(0)] if len(a) > 1 else []
        left = (*stretched(lead, a[:-2]), *row, inner)
        right = (*stretched(lead, b[:-2]), inner, *rest) if len(b) > 1 else (inner,)
        return at, self.contracted(parts[0](left), parts[1](right), [inner] if inner else [])

    def of_dot(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        if not all(shapes):
            return self.elementwise_product(node, parts, shapes)
        if len(shapes[1]) > 2:
            raise NoForm("dot of more than two axes")
        return self.of_matmul(node, parts, shapes, options)

    def elementwise_product(self, node: Node, parts: Any, shapes: Any) -> Template:
        at = indices(node.shape)
        return at, self.rules.multiply(*(part(stretched(at, s)) for part, s in zip(parts, shapes)))

    def of_linear(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """W x + b, also for rows of examples."""
        at, inner = indices(node.shape), bound(shapes[0][-1])
        product = self.contracted(parts[1]((at[-1], inner)), parts[0]((*at[:-1], inner)), [inner] if inner else [])
        if len(shapes) > 2 and options["b"] is not None or node.args[2] is not None:
            product = self.rules.add(product, parts[2]((at[-1],)))
        return at, product

    def of_outer(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """x yᵀ of vectors."""
        at = indices(node.shape)
        if any(len(s) != 1 for s in shapes):
            raise NoForm("outer of what are not vectors")
        return at, self.rules.multiply(parts[0](at[:1]), parts[1](at[1:]))

    def of_inner(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Sums of products over the last axes."""
        if not all(shapes):
            return self.elementwise_product(node, parts, shapes)
        at, inner, n = indices(node.shape), bound(shapes[0][-1]), len(shapes[0]) - 1
        return at, self.contracted(parts[0]((*at[:n], inner)), parts[1]((*at[n:], inner)), [inner] if inner else [])

    def of_einsum(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Sums of products over named axes."""
        terms, result = explicit(options["subscripts"], shapes)
        at = indices(node.shape)
        places: dict[str, Place] = dict(zip(result, at))
        for term, shape in zip(terms, shapes):
            for c, n in zip(term, shape):
                places[c] = places.get(c) or bound(n)
        product = constant(1)
        for part, term, shape in zip(parts, terms, shapes):
            product = self.rules.multiply(product, part([places[c] if n > 1 else None for c, n in zip(term, shape)]))
        over = [i for c, i in places.items() if c not in result and isinstance(i, Index)]
        return at, self.rules.summed(product, over) if over else product

    def of_tensordot(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Sums of products over pairs of axes."""
        axes, (a, b) = options["axes"], map(len, shapes)
        ours, theirs = (list(range(a - axes, a)), list(range(axes))) if isinstance(axes, int) else (
            [[x] if isinstance(x, int) else list(x) for x in axes]
        )  # fmt: skip
        at = list(indices(node.shape))
        ours, theirs = [i % a for i in ours], [i % b for i in theirs]
        pairs = {i: bound(shapes[0][i]) for i in ours}
        left = [pairs[i] if i in pairs else at.pop(0) for i in range(a)]
        rest = iter(at)
        right = [pairs[ours[theirs.index(i)]] if i in theirs else next(rest) for i in range(b)]
        result = (*[x for i, x in enumerate(left) if i not in pairs], *at)
        over = [x for x in pairs.values() if x is not None]
        return result, self.contracted(parts[0](left), parts[1](right), over)

    def reduced(self, node: Node, shapes: Any, options: Any) -> tuple[Places, Places, list[Index]]:
        """The indices of the result, those of the operand, and those that are reduced over."""
        full, axis = indices(shapes[0]), options.get("axis")
        n = len(full)
        axes = range(n) if axis is None else [a % n for a in ((axis,) if isinstance(axis, int) else axis)]
        over = [full[a] for a in axes]
        keep = options.get("keepdims")
        at = tuple(None if k in axes else i for k, i in enumerate(full) if keep or k not in axes)
        return at, full, [i for i in over if isinstance(i, Index)]

    def of_sum(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        at, full, over = self.reduced(node, shapes, options)
        return at, self.rules.summed(parts[0](full), over)

    def of_mean(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        at, total = self.of_sum(node, parts, shapes, options)
        count = np.prod(shapes[0], initial=1) / np.prod(node.shape, initial=1)
        self.rules.counted |= count != 1
        return at, total.times(1 / count)

    def of_norm(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        at, full, over = self.reduced(node, shapes, options)
        rules = self.rules
        return at, rules.power(rules.summed(rules.power(parts[0](full), 2), over), 0.5)

    def of_logsumexp(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """log Sum_k e^x_k."""
        at, full, over = self.reduced(node, shapes, options)
        if len(over) != 1 or over[0] not in (x := parts[0](full)).free:
            raise NoForm("logsumexp over several axes")
        return at, of(Atom("logsumexp", None, (x,), (over[0],), closes=True))

    def of_softmax(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """softmax or its logarithm along an axis."""
        at = indices(node.shape)
        axis, x = at[options["axis"]], parts[0](at)
        if axis is None or axis not in x.free:
            raise NoForm("softmax along an axis on which nothing depends")
        return at, of(Atom(node.op.name, None, (x,), (axis,)))

    of_log_softmax = of_softmax

    # Operations that move, choose and stretch: what happens to indices.

    def of_transpose(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        axes = options["axes"]
        axes = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        n = len(shapes[0])
        return self.moved(node, parts, [a % n for a in axes] if axes else list(range(n))[::-1])

    def moved(self, node: Node, parts: Any, order: Sequence[int]) -> Template:
        """Axis k of the result is axis ``order[k]`` of the operand."""
        at = indices(node.shape)
        return at, parts[0]([at[list(order).index(k)] for k in range(len(at))])

    def of_matrix_transpose(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        n = len(node.shape)
        return self.moved(node, parts, [*range(n - 2), n - 1, n - 2])

    def of_swapaxes(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        order = list(range(len(node.shape)))
        i, j = options["axis1"], options["axis2"]
        order[i], order[j] = order[j], order[i]
        return self.moved(node, parts, order)

    def of_moveaxis(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
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
        if options["offset"] or len(shapes[0]) != 2 or shapes[0][0] != shapes[0][1]:
            raise NoForm("a diagonal beside the main one")
        at = indices(node.shape)
        return at, parts[0]((at[0], at[0]))

    def of_trace(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
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
        axis, k = options["axis"], options["indices"]
        if axis is None or np.ndim(k):
            raise NoForm("take of several places")
        return self.of_getitem(node, parts, shapes, dict(key=(slice(None),) * (axis % len(shapes[0])) + (int(k),)))

    def of_embedding(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
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


POWERS: dict[str, float] = {"square": 2, "reciprocal": -1, "sqrt": 0.5}
