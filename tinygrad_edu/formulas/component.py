"""A sum of products with indices, element by element: Sum_j W_ji delta_j phi'(v_i)."""

from __future__ import annotations

from collections.abc import Mapping

from ..language.tree import Expr, call, name, number
from .index import Atom, Index, Mono, Place, Poly
from .matrix import ONE, multiple, raised

Shapes = Mapping[str, tuple[int, ...]]
Lengths = Mapping[Index, tuple[str, int]]  # the name and the axis from which the length of an index is read off
FREE, BOUND = "i j k l m n".split(), "j k l m n p q r s t".split()


def entry(p: Poly, free: list[Index], shapes: Shapes, lengths: Lengths) -> tuple[Expr, tuple[str, ...]]:
    """One element of it, and the letters of its free indices."""
    taken = set(shapes)
    letters = [c for c in (*FREE, *(f"i_{k}" for k in range(1, 30))) if c not in taken]
    names = {i: letters.pop(0) for i in free}
    return Components(shapes, lengths).sum(p, names), tuple(names.values())


class Components:
    """Writes sums as trees of elements."""

    def __init__(self, shapes: Shapes, lengths: Lengths) -> None:
        self.shapes, self.lengths = shapes, dict(lengths)

    def sum(self, p: Poly, names: dict[Index, str]) -> Expr:
        terms = sorted(((m.coef, self.mono(m, names)) for m in p.monos), key=lambda t: t[0] < 0)
        if not terms:
            return number(0)
        total = multiple(*terms[0])
        for c, t in terms[1:]:
            total = call("add", total, multiple(c, t)) if c > 0 else call("subtract", total, multiple(-c, t))
        return total

    def mono(self, m: Mono, names: dict[Index, str]) -> Expr:
        """One product under its sums."""
        names = dict(names)
        bound = list(dict.fromkeys(m.in_order()))
        for b in bound:
            names[b] = next(c for c in (*BOUND, *FREE) if c not in names.values() and c not in self.shapes)
        inside = [(a, p) for a, p in m.factors if any(b in a.free for b in bound)]
        outside = [(a, p) for a, p in m.factors if all(b not in a.free for b in bound)]
        t = self.product(inside, names)
        for b in reversed(bound):
            last = self.length(b, inside)
            t = Expr("Sum", (t, ONE, last), names[b])
        if not bound:
            return self.product(outside, names)
        return self.times(self.product(outside, names), t) if outside else t

    def product(self, factors: list[tuple[Atom, float]], names: dict[Index, str]) -> Expr:
        """Factors, matrices first, and what they are divided by."""
        factors = sorted(factors, key=lambda f: (len(f[0].free) == 1, min((names[i] for i in f[0].free), default="")))
        t = ONE
        for a, p in factors:
            if p > 0:
                t = self.times(t, raised(self.factor(a, names), p))
        for a, p in factors:
            if p < 0:
                t = call("divide", t, raised(self.factor(a, names), -p))
        return t

    def times(self, s: Expr, t: Expr) -> Expr:
        return t if s == ONE else s if t == ONE else call("multiply", s, t)

    def length(self, b: Index, factors: list[tuple[Atom, float]]) -> Expr:
        """How far an index runs."""
        pending = [a for a, _ in factors]
        while pending:
            a = pending.pop(0)
            if a.head == "leaf" and b in a.at:
                self.lengths.setdefault(b, (a.what, a.at.index(b)))
            pending += [f for p in a.args for m in p.monos for f, _ in m.factors]
        if b not in self.lengths:
            return number(b.size)
        word, axis = self.lengths[b]
        return Expr("Index", (Expr("Shape", (name(word),), "shape"), number(axis + 1)))

    def letter(self, i: Place, names: dict[Index, str]) -> Expr:
        return name(names[i]) if isinstance(i, Index) else number(1 if i is None else i + 1)

    def factor(self, a: Atom, names: dict[Index, str]) -> Expr:
        """One factor, a number."""
        if a.head == "leaf":
            if not a.at or all(i is None for i in a.at):
                return name(a.what)
            at = a.at if len(a.at) != 2 or None not in a.at else tuple(i for i in a.at if i is not None)
            return Expr("Index", (name(a.what), *(self.letter(i, names) for i in at)))
        if a.head == "delta":
            left, right = (self.letter(i, names) for i in a.at)
            return Expr("If", (Expr("Compare", (left, right), "=="), ONE, number(0)))
        if a.head == "softmax":
            return self.softmax(a, names)
        if a.head == "logsumexp":
            return call("log", self.total(a, names))
        if a.head == "log_softmax":
            (k,), (p,) = a.at, a.args
            inner = p.put({k: a.what}) if a.closes else p  # type: ignore[dict-item]
            return call("subtract", self.sum(inner, names), call("log", self.total(a, names)))
        if a.head == "sum":
            return self.sum(a.args[0], names)
        return call(a.head, *(self.sum(p, names) for p in a.args), **dict(a.what or ()))

    def softmax(self, a: Atom, names: dict[Index, str]) -> Expr:
        """e^x_i / Sum_k e^x_k."""
        (k,) = a.at
        if a.closes:
            assert isinstance(k, Index)
            numerator = self.sum(a.args[0].put({k: a.what}), names)
        else:
            numerator = self.sum(a.args[0], names)
        return call("divide", call("exp", numerator), self.total(a, names))

    def total(self, a: Atom, names: dict[Index, str]) -> Expr:
        """Sum_k e^x_k."""
        (k,) = a.at
        assert isinstance(k, Index)
        inner = Index(k.size)
        p = a.args[0].put({k: inner})
        return self.mono(Mono(1.0, ((Atom("exp", None, (p,)), 1.0),), (inner,)), names)
