"""What is done at the end, when a sum of products is as short as it gets: it is put as one would write it.

    4  s(x) (1 - s(x)) is the slope s'(x) of a sigmoid; until then it stays a product, so that s'/s = 1 - s
    7  a common factor is taken out where that is shorter: A b + A c = A (b + c)

Products that are the same for every member of a family of arrays become one under a sum over it, and signs are turned
so that (g - y) x is written rather than -(y - g) x.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .index import Atom, Index, Member, Mono, Poly, collected, inserted, joined, parenthesis, size, united
from .simplify import Rules


class Tidy(Rules):
    """All the rules.

    ``slopes``: of leaves that are sigmoids of something with a name, the slope.  ``families``: their names, and how
    many members they have.
    """

    def __init__(self, *known: Any) -> None:
        super().__init__(*known)
        self.slopes: dict[str, Callable[[Any], Atom]] = {}
        self.families: dict[str, int] = {}

    def tidied(self, p: Poly) -> Poly:
        """The sum with common factors taken out, here and in all that it is made of, and slopes of sigmoids found."""
        for what, n in self.families.items():
            p = self.together(p, what, n)
        p = Poly(self.tidied_mono(m) for m in p.monos)
        joins = any(a.head == "delta" for m in p.monos for a, _ in m.factors)  # diag(g) - g gᵀ stays as it is
        if 7 not in self.without and len(p.monos) > 1 and not joins:
            p = self.factored(p)
        return p

    def together(self, p: Poly, what: str, n: int) -> Poly:
        """Products that are the same for every member of a family are one, summed over it."""
        found: dict[str, list[Mono]] = {}
        member = Member(n)
        lifted = []
        for m in p.monos:
            numbers = members(m, what)
            if len(numbers) == 1:
                (k,) = numbers
                new = m.lifted(what, k, member)
                found.setdefault(f"{m.coef:.10g}{new.key()}", []).append(m)
                lifted.append((m, new, f"{m.coef:.10g}{new.key()}"))
        monos, done = [], set()
        keys = {id(m): (new, key) for m, new, key in lifted}
        for m in p.monos:
            new, key = keys.get(id(m), (m, ""))
            if key and len(found[key]) == n > 1:
                if key not in done:
                    done.add(key)
                    monos.append(Mono(new.coef, new.factors, new.bound | {member}).fresh())
            else:
                monos.append(m)
        return Poly(monos)

    def tidied_mono(self, m: Mono) -> Mono:
        factors = [(a.applied(self.tidied), p) for a, p in m.factors]
        m = Mono(m.coef, united(factors), m.bound)
        for a, p in m.factors:
            if a.head == "sum" and p == 1 and len(a.args[0].monos) == 1:  # a common factor of it is one of the product
                rest = Mono(m.coef, tuple(f for f in m.factors if f[0] is not a), m.bound)
                return self.tidied_mono(inserted(rest, a.args[0].monos[0]))
        return self.sloped(m) if 4 not in self.without else m

    def sloped(self, m: Mono) -> Mono:
        """s(x) (1 - s(x)) = s'(x)."""
        for a, p in m.factors:
            if a.head == "sum" and p >= 1:
                x = self.one_less(a)
                for s, q in m.factors:
                    if x is not None and q >= 1 and s.key() == x.key():
                        slope = self.slope(s)
                        if slope is None:
                            continue
                        rest = [(f, n - 1 if f is a or f is s else n) for f, n in m.factors]
                        return self.sloped(Mono(m.coef, united([(slope, 1.0), *rest]), m.bound))
        return m

    def signed(self, p: Poly) -> Poly:
        """-(y - g) x as (g - y) x; but -(1 - s) x stays."""
        return Poly(self.signed_mono(m) for m in p.monos)

    def signed_mono(self, m: Mono) -> Mono:
        """The same for one product."""
        c, factors = m.coef, []
        for a, p in m.factors:
            a = a.applied(self.signed)
            if a.head == "sum" and p == 1 and c < 0:
                (inner,) = a.args
                if any(n.coef < 0 for n in inner.monos) and all(n.factors for n in inner.monos):
                    c, a = -c, Atom("sum", None, (inner.times(-1),))
            factors.append((a, p))
        return Mono(c, tuple(factors), m.bound)

    def one_less(self, a: Atom) -> Atom | None:
        """x, where this is 1 - x."""
        monos = sorted(a.args[0].monos, key=lambda n: len(n.factors))
        if [(len(n.factors), n.coef, len(n.bound)) for n in monos] != [(0, 1, 0), (1, -1, 0)]:
            return None
        x, n = monos[1].factors[0]
        return x if n == 1 else None

    def slope(self, s: Atom) -> Atom | None:
        if s.head == "sigmoid":
            return Atom("sigmoid'", s.what, s.args)
        return self.slopes[s.what](s.at) if s.head == "leaf" and s.what in self.slopes else None

    def factored(self, p: Poly) -> Poly:
        """A b + A c = A (b + c), where that is shorter."""
        best, least = p, size(p)
        seen: set[tuple[str, float]] = set()
        merged = self.summed_together(p)
        if merged is not None and size(merged) < least:
            best, least = merged, size(merged)
        for m in p.monos:
            for a, power in m.factors:
                k = a.key(dict.fromkeys(m.bound, "*"))
                if (k, power) in seen:
                    continue
                seen.add((k, power))
                found = self.taken_out(p, m, a, k, power)
                if found is None:
                    continue
                better = size(found) < least or (
                    size(found) == least and best is p and a.free and len(found.monos) == 1
                )
                if better and found.key() != p.key():
                    best, least = found, size(found)
        return best if best is p else self.factored(best)

    def summed_together(self, p: Poly) -> Poly | None:
        """Sum_k x_k + Sum_k y_k = Sum_k (x_k + y_k), of matrices that are summed over their rows or columns."""
        alone = [
            m for m in p.monos if len(m.bound) == 1 and sum(not a.free.isdisjoint(m.bound) for a, _ in m.factors) == 1
        ]
        if len(alone) < 2 or len({b.size for m in alone for b in m.bound}) > 1 or not all(m.free for m in alone):
            return None
        (b,) = alone[0].bound
        inside = [Mono(m.coef, m.factors).put(dict.fromkeys(m.bound, b)) for m in alone]
        c, atom = parenthesis(self.tidied(collected(inside)))
        whole = self.tidied_mono(Mono(c, ((atom, 1.0),), (b,)))
        return Poly([whole, *(m for m in p.monos if all(m is not n for n in alone))])

    def taken_out(self, p: Poly, first: Mono, a: Atom, k: str, power: float) -> Poly | None:
        """One factor taken out of all products that have it; their bound indices that it has become the same ones."""
        inside, others, outer = [], [], frozenset(a.free & first.bound)
        position = next(n for n, m in enumerate(p.monos) if m is first)
        for m in p.monos:
            same = [f for f, n in m.factors if n == power and f.key(dict.fromkeys(m.bound, "*")) == k]
            if not same:
                others.append(m)
                continue
            f = same[0]
            match = matched(a, f, first.bound, m.bound)
            if match is None:
                others.append(m)
                continue
            rest = tuple(g for g in m.factors if g[0] is not f)
            bare = Mono(m.coef, rest, m.bound - set(match)).fresh()
            inside.append(bare.put(match))
        if len(inside) < 2:
            return None
        inner = self.shorter(collected(inside))
        if not inner.monos:
            return collected(others)
        inner = self.tidied(inner)
        if len(inner.monos) > 1:
            c, atom = parenthesis(inner)
            whole = Mono(c, ((a, power), (atom, 1.0)), outer)
        else:
            whole = joined(Mono(1.0, ((a, power),), ()), inner.monos[0])
            whole = Mono(whole.coef, whole.factors, whole.bound | outer)
        if not outer <= frozenset().union(*(f.free for f, _ in whole.factors if f is not a)) | a.free:
            return None
        return Poly([*others[:position], whole, *others[position:]])


def members(m: Mono, what: str) -> set[int]:
    """Which members of a family are in a product."""
    found: set[int] = set()
    pending = [a for a, _ in m.factors]
    while pending:
        a = pending.pop()
        if a.head == "leaf" and a.what == what and isinstance(a.at[0], int):
            found.add(a.at[0])
        pending += [f for p in a.args for n in p.monos for f, _ in n.factors]
    return found


def matched(a: Atom, f: Atom, bound: frozenset[Index], own: frozenset[Index]) -> dict[Index, Index] | None:
    """Which bound index of one factor is which of the other, if they are the same but for those."""
    left, right = list(ordered(a, bound)), list(ordered(f, own))
    if len(left) != len(right):
        return None
    match = dict(zip(right, left))
    return match if len(set(match.values())) == len(match) and f.put(match).key() == a.key() else None


def ordered(a: Atom, bound: frozenset[Index]) -> list[Index]:
    """The bound indices of a factor, in the order in which it is written."""
    found = [i for i in a.at if isinstance(i, Index) and i in bound]
    for p in a.args:
        for m in p.monos:
            for f, _ in m.factors:
                found += [i for i in ordered(f, bound) if i not in found]
    return list(dict.fromkeys(found))
