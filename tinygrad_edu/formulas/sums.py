"""Operations that multiply and add up, as sums over indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Node
from ..ops.algebra import _explicit as explicit
from .axes import Axes, Template, bound, indices, stretched
from .index import Atom, Index, NoForm, Place, Poly, constant, of

Places = tuple[Place, ...]


class Sums(Axes):
    """The readings of products and sums."""

    def contracted(self, p: Poly, q: Poly, over: list[Index]) -> Poly:
        """The product, summed over indices."""
        rules = self.rules
        product = rules.multiply(p, q)
        return rules.summed(product, over) if over else product

    def of_matmul(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """Matrix products, of stacks too."""
        (a, b), at = shapes, indices(node.shape)
        inner = bound(a[-1])
        lead = at[: max(len(a), len(b), 2) - 2] if max(len(a), len(b)) > 2 else ()
        rest = list(at[len(lead) :])
        row = [rest.pop(0)] if len(a) > 1 else []
        left = (*stretched(lead, a[:-2]), *row, inner)
        right = (*stretched(lead, b[:-2]), inner, *rest) if len(b) > 1 else (inner,)
        return at, self.contracted(parts[0](left), parts[1](right), [inner] if inner else [])

    def of_dot(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """NumPy's dot."""
        if not all(shapes):
            return self.elementwise_product(node, parts, shapes)
        if len(shapes[1]) > 2:
            raise NoForm("dot of more than two axes")
        return self.of_matmul(node, parts, shapes, options)

    def elementwise_product(self, node: Node, parts: Any, shapes: Any) -> Template:
        """A product element by element."""
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
        """The sum over axes."""
        at, full, over = self.reduced(node, shapes, options)
        return at, self.rules.summed(parts[0](full), over)

    def of_mean(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """The mean over axes."""
        at, total = self.of_sum(node, parts, shapes, options)
        count = np.prod(shapes[0], initial=1) / np.prod(node.shape, initial=1)
        self.rules.counted |= count != 1
        return at, total.times(1 / count)

    def of_norm(self, node: Node, parts: Any, shapes: Any, options: Any) -> Template:
        """The root of the sum of squares."""
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
