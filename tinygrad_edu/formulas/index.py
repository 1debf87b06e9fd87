"""An expression with indices: sums of products of factors such as W_ji, with the indices that are summed over named.

A matrix product is Sum_j W_ij x_j, and almost every rule of calculus on matrices is trivial when it is written so.
What is easily lost is *where* an index is summed over; here each product says it: ``bound``.  A factor that is itself a
sum in parentheses has products with bound indices of their own.

Nothing here knows derivatives, shapes of notation or operations: only numbers, products, sums and names of indices.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

next_label = itertools.count().__next__


class NoForm(Exception):
    """Something that these formulas cannot say; the words say what."""


class Index:
    """An index over ``size`` places; two are the same only if they are one object."""

    __slots__ = ("label", "size")

    def __init__(self, size: int) -> None:
        self.size, self.label = size, f"i{next_label()}"


class Member(Index):
    """An index over a family of separate arrays, v_1 to v_n: it is never eliminated, but stays under its sum."""

    __slots__ = ()


Place = Index | int | None  # an index, the number of a place, or nothing: an axis of length 1
Names = Mapping[Index, str]
NOTHING: dict[Index, str] = {}


class Atom:
    """A factor.  By its head:

    ``leaf``: a named array, of which ``at`` are the subscripts; ``delta``: 1 where two places are the same, else 0;
    ``sum``: a sum in parentheses.  Every other head is an operation on its ``args``: elementwise if ``at`` is empty,
    otherwise along the index ``at``: softmax, which still has that index, and logsumexp, which ``closes`` it, as does
    one element of a softmax, that at the place ``what``.
    """

    __slots__ = ("_free", "_key", "args", "at", "closes", "head", "what")

    def __init__(
        self,
        head: str,
        what: Any = None,
        args: tuple[Poly, ...] = (),
        at: tuple[Place, ...] = (),
        closes: bool = False,
    ) -> None:
        self.head, self.what, self.args, self.at, self.closes = head, what, args, at, closes
        self._key: str | None = None
        found = {i for i in at if isinstance(i, Index)}.union(*(p.free for p in args))
        self._free = frozenset(found - {i for i in at if isinstance(i, Index)} if closes else found)

    @property
    def free(self) -> frozenset[Index]:
        return self._free

    def key(self, names: Names = NOTHING) -> str:
        """The same for factors that are the same, whatever their bound indices are called."""
        if names and not self._free.isdisjoint(names):
            return self.spelt(names)
        if self._key is None:
            self._key = self.spelt(NOTHING)
        return self._key

    def spelt(self, names: Names) -> str:
        """The key, where some indices have names."""
        if self.closes:
            names = {**names, **{i: "!" for i in self.at if isinstance(i, Index)}}
        places = ",".join(names.get(i, f"i{i.label}") if isinstance(i, Index) else str(i) for i in self.at)
        if self.head == "delta":
            places = ",".join(sorted(places.split(",")))
        return f"{self.head}:{self.what}[{places}]({';'.join(p.key(names) for p in self.args)})"

    def put(self, new: Mapping[Index, Place]) -> Atom:
        """The same with other indices."""
        if self._free.isdisjoint(new):
            return self
        at = self.at
        if self.closes:
            new = {**new, **{i: type(i)(i.size) for i in at if isinstance(i, Index)}}
        elif self.args and at:
            (axis,) = at
            assert isinstance(axis, Index)
            place = new.get(axis)
            if isinstance(place, int):  # one element of it: the axis itself remains, inside
                inner = Index(axis.size)
                return Atom(self.head, place, tuple(p.put({**new, axis: inner}) for p in self.args), (inner,), True)
            if place in self._free and place is not axis and place not in new:
                raise NoForm(f"the diagonal of {self.head}")
        at = tuple(new.get(i, i) if isinstance(i, Index) else i for i in at)
        return Atom(self.head, self.what, tuple(p.put(new) for p in self.args), at, self.closes)

    def applied(self, change: Callable[[Poly], Poly]) -> Atom:
        """The same with its arguments changed."""
        return Atom(self.head, self.what, tuple(map(change, self.args)), self.at, self.closes) if self.args else self

    def lifted(self, what: Any, k: int, j: Index) -> Atom:
        """The same with the index j where the number k of a family was."""
        at = (j, *self.at[1:]) if self.what == what and self.at[:1] == (k,) and self.head == "leaf" else self.at
        return Atom(self.head, self.what, tuple(p.lifted(what, k, j) for p in self.args), at, self.closes)


class Mono:
    """A number times a product of powers of factors, summed over the ``bound`` indices."""

    __slots__ = ("_key", "bound", "coef", "factors", "free")

    def __init__(self, coef: float, factors: tuple[tuple[Atom, float], ...] = (), bound: Iterable[Index] = ()) -> None:
        self.coef, self.factors, self.bound = coef, factors, frozenset(bound)
        self.free: frozenset[Index] = frozenset().union(*(a.free for a, _ in factors)) - self.bound
        self._key: str | None = None

    def key(self, names: Names = NOTHING) -> str:
        """What it is, but for its coefficient."""
        if names and not self.free.isdisjoint(names):
            return self.spelt(names)
        if self._key is None:
            self._key = self.spelt(NOTHING)
        return self._key

    def spelt(self, names: Names) -> str:
        """The key, where some indices have names: the bound ones are named by where they stand."""
        if self.bound:
            mine = dict.fromkeys(self.bound, "*")
            looks = {b: self.where(b, {**names, **mine, b: "?"}) for b in self.bound}
            for _ in range(2 if len(self.bound) > 2 else 1):  # those that look alike may have unlike neighbours
                near = {b: f"<{looks[b]}>" for b in self.bound}
                looks = {b: self.where(b, {**names, **near, b: "?"}) for b in self.bound} if len(near) > 1 else looks
            used = {names[i] for i in self.free if i in names}
            labels = (s for s in (f"b{n}" for n in itertools.count()) if s not in used)
            order = {b: n for n, b in enumerate(dict.fromkeys(self.in_order()))}
            chosen = sorted(self.bound, key=lambda b: (looks[b], order.get(b, 0)))
            names = {**names, **dict(zip(chosen, labels))}
        return "*".join(sorted(f"{a.key(names)}^{p:g}" for a, p in self.factors)) + f"|{len(self.bound)}"

    def where(self, b: Index, names: Names) -> str:
        return "*".join(sorted(f"{a.key(names)}^{p:g}" for a, p in self.factors if b in a.free))

    def in_order(self) -> Iterable[Index]:
        for a, _ in self.factors:
            yield from (i for i in a.at if isinstance(i, Index) and i in self.bound)
            yield from sorted((i for i in a.free if i in self.bound), key=lambda i: i.label)

    def put(self, new: Mapping[Index, Place]) -> Mono:
        """The same with other indices; bound ones make way where a new one is called as they are."""
        new = {i: x for i, x in new.items() if i in self.free}
        if not new:
            return self
        bound = self.bound
        if not bound.isdisjoint(x for x in new.values() if isinstance(x, Index)):
            fresh = {b: type(b)(b.size) for b in bound}
            new, bound = {**new, **fresh}, frozenset(fresh.values())
        return Mono(self.coef, tuple((a.put(new), p) for a, p in self.factors), bound)

    def fresh(self) -> Mono:
        """The same with bound indices of its own."""
        if not self.bound:
            return self
        new = {b: type(b)(b.size) for b in self.bound}
        return Mono(self.coef, tuple((a.put(new), p) for a, p in self.factors), new.values())

    def lifted(self, what: Any, k: int, j: Index) -> Mono:
        """The same with the index j where the number k of a family was."""
        return Mono(self.coef, tuple((a.lifted(what, k, j), p) for a, p in self.factors), self.bound)

    def times(self, c: float) -> Mono:
        return Mono(self.coef * c, self.factors, self.bound)


class Poly:
    """A sum of products."""

    __slots__ = ("_key", "free", "monos")

    def __init__(self, monos: Iterable[Mono] = ()) -> None:
        self.monos = tuple(monos)
        self.free: frozenset[Index] = frozenset().union(*(m.free for m in self.monos))
        self._key: str | None = None

    def key(self, names: Names = NOTHING) -> str:
        """The same for sums that are the same."""
        if names and not self.free.isdisjoint(names):
            return "+".join(sorted(f"{m.coef:.10g}*{m.key(names)}" for m in self.monos))
        if self._key is None:
            self._key = "+".join(sorted(f"{m.coef:.10g}*{m.key()}" for m in self.monos))
        return self._key

    def put(self, new: Mapping[Index, Place]) -> Poly:
        if self.free.isdisjoint(new):
            return self
        return Poly(m.put(new) for m in self.monos)

    def lifted(self, what: Any, k: int, j: Index) -> Poly:
        """The same with the index j where the number k of a family was."""
        return Poly(m.lifted(what, k, j) for m in self.monos)

    def times(self, c: float) -> Poly:
        return Poly(m.times(c) for m in self.monos) if c else Poly()


def constant(c: float) -> Poly:
    return Poly([Mono(float(c))]) if c else Poly()


def of(atom: Atom, power: float = 1) -> Poly:
    return Poly([Mono(1.0, ((atom, power),))])


def as_number(p: Poly) -> float | None:
    if not p.monos:
        return 0.0
    (m, *more) = p.monos
    return None if more or m.factors or m.bound else m.coef


def collected(monos: Iterable[Mono]) -> Poly:
    """Rule 1, collect: products that are the same become one, with the sum of their coefficients."""
    found: dict[str, Mono] = {}
    for m in monos:
        k = m.key()
        found[k] = Mono(found[k].coef + m.coef, found[k].factors, found[k].bound) if k in found else m
    return Poly(m for m in found.values() if abs(m.coef) > 1e-12)


def joined(m: Mono, n: Mono) -> Mono:
    """Rule 3, cancel powers: the product of two products, where equal factors add their powers."""
    return inserted(m if m.bound.isdisjoint(n.free) else m.fresh(), n)


def inserted(m: Mono, n: Mono) -> Mono:
    """m with the factors of n, which stand within the sums of m, so that indices bound there mean the same in n."""
    n = n.fresh()
    return Mono(m.coef * n.coef, united((*m.factors, *n.factors)), m.bound | n.bound)


def united(factors: Iterable[tuple[Atom, float]]) -> tuple[tuple[Atom, float], ...]:
    """Equal factors are one, with the sum of their powers."""
    found: dict[str, tuple[Atom, float]] = {}
    for a, p in factors:
        k = a.key()
        found[k] = (a, p + found[k][1] if k in found else p)
    return tuple((a, p) for a, p in found.values() if p)


def parenthesis(p: Poly) -> tuple[float, Atom]:
    """A sum as a factor, with the number taken out that makes equal sums equal: b - a is -(a - b)."""
    lead = max(p.monos, key=lambda m: (not m.factors, len(m.factors), m.key()))
    every = {abs(m.coef) for m in p.monos}
    c = lead.coef if max(every) - min(every) < 1e-12 else math.copysign(1.0, lead.coef)
    return c, Atom("sum", None, (p.times(1 / c),))


def size(x: Poly | Mono | Atom) -> float:
    """How long it will be to read, about: names, numbers and functions."""
    if isinstance(x, Poly):
        return sum(map(size, x.monos))
    if isinstance(x, Mono):
        lone = not x.factors or abs(abs(x.coef) - 1) > 1e-12
        ones = sum(2 for b in x.bound if sum(b in a.free for a, _ in x.factors) < 2) * 0.5
        return lone + ones + sum(size(a) + (p not in (1, -1)) + 0.5 * (p < 0) for a, p in x.factors)
    return (x.head != "sum") + sum(map(size, x.args))
