"""Nine rules that make a sum of products with indices what one would write by hand.

Two are in ``index.py``, since no product can be made without them: 1, collect equal products; 3, cancel powers.  Two
are for the end, in ``tidy.py``: 4, slopes of sigmoids, and 7, common factors.  Here are:

    2  expand a product of sums, where that is shorter       s(t) (1 - d) - (1 - s(t)) d = s(t) - d
    5  softmax                                               e^x_i / Sum_k e^x_k, and e^(x_i - logsumexp x)
    6  a distribution, where it is declared or a softmax     Sum_k y_k = 1
    8  the sigmoid that is written with exponentials         1/(1 + e^-x) = s(x),  e^-x s(x) = 1 - s(x)
    9  the other side of a sigmoid                           s(-x) = 1 - s(x)

None is applied because it looks right at one point: what comes out is evaluated and compared (``verified.py``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from .index import (
    Atom,
    Index,
    Mono,
    Poly,
    as_number,
    collected,
    constant,
    inserted,
    joined,
    of,
    parenthesis,
    size,
    united,
)

MOST = 24  # products, beyond which nothing is multiplied out


class Rules:
    """The rules, with what they have to know.

    ``sums_to_one``: does a leaf sum to one over its axis ``k``?  ``without``: numbers of rules that are not applied.
    """

    def __init__(self, sums_to_one: Callable[[Any, int], bool] = lambda what, k: False, without: Any = ()) -> None:
        self.sums_to_one, self.without = sums_to_one, frozenset(without)
        self.counted = False  # has the length of an axis become a number?

    # Products and sums.

    def add(self, p: Poly, q: Poly, sign: float = 1.0) -> Poly:
        """p + q."""
        return self.shorter(collected((*p.monos, *q.times(sign).monos)))

    def multiply(self, p: Poly, q: Poly) -> Poly:
        """p q; a sum is multiplied as a whole, unless that can be written shorter."""
        for x, y in ((p, q), (q, p)):
            c = as_number(x)
            if c is not None:
                return y.times(c)
        m = joined(self.single(p), self.single(q))
        return self.shorter(self.product(m))

    def single(self, p: Poly) -> Mono:
        if len(p.monos) == 1:
            return p.monos[0]
        c, atom = parenthesis(p)
        return Mono(c, ((atom, 1.0),))

    def power(self, p: Poly, n: float) -> Poly:
        """p to the power n, element by element."""
        if n == 0:
            return constant(1)
        if n == 1:
            return p
        c = as_number(p)
        if c is not None and (c > 0 or n == round(n)):
            return constant(c**n)
        m, whole = self.single(p), n == round(n)
        if m.bound and whole:
            m = gathered(m, None)
        if m.bound or not whole and (m.coef < 0 or any(k != 1 for _, k in m.factors)):
            sign = -1.0 if m.coef < 0 and whole else 1.0
            return Poly([Mono(sign**n, ((Atom("sum", None, (p.times(sign),)), float(n)),))])
        raised = Mono(m.coef**n, tuple((a, k * n) for a, k in m.factors))
        return self.product(Mono(raised.coef, united(raised.factors)))

    def summed(self, p: Poly, over: list[Index]) -> Poly:
        """The sum over indices."""
        found: list[Mono] = []
        for m in p.monos:
            here = [i for i in over if i in m.free]
            absent = [i for i in over if i not in m.free]
            for i in absent:
                self.counted |= i.size > 1
                m = m.times(i.size)
            found += self.product(Mono(m.coef, m.factors, m.bound | set(here))).monos
        return self.shorter(collected(found))

    def product(self, m: Mono) -> Poly:
        """A product to which its rules have been applied; some make a sum of it."""
        for _ in range(40):
            new = self.step(m)
            if new is None:
                return Poly([m]) if m.coef else Poly()
            if isinstance(new, Poly):
                return new
            m = new
        return Poly([m])

    def step(self, m: Mono) -> Mono | Poly | None:
        """One rule, applied to a product once."""
        for a, p in m.factors:
            if a.head == "delta":
                new = self.chosen(m, a, p)
            elif a.head == "sum" and p > 0 and len(a.args[0].monos) == 1 and p == 1:
                inner = a.args[0].monos[0]
                new = inserted(Mono(m.coef, tuple(f for f in m.factors if f[0] is not a), m.bound), inner)
            elif a.head == "sum" and p < 0:
                new = self.softmax(m, a, p) or self.logistic(m, a, p) or self.cancelled(m, a)
            elif a.head == "exp":
                new = self.softmax_of_difference(m, a, p) or self.complement(m, a, p)
            else:
                new = None
            if new is not None:
                return new
        return self.one(m)

    def chosen(self, m: Mono, a: Atom, p: float) -> Mono | Poly | None:
        """Sum_k delta_ki x_k = x_i."""
        others = tuple(f for f in m.factors if f[0] is not a)
        i, j = a.at
        if i is j or (isinstance(i, int) and i == j):
            return Mono(m.coef, others, m.bound)
        if isinstance(i, int) and isinstance(j, int):
            return Poly()
        if p != 1:
            return Mono(m.coef, (*others, (a, 1.0)), m.bound)
        for b, x in ((i, j), (j, i)):
            if isinstance(b, Index) and b in m.bound:
                bound = m.bound - {b}
                rest = Mono(m.coef, others, bound - ({x} if isinstance(x, Index) else set()))
                rest = rest.put({b: x}) if b in rest.free else rest
                kept = bound if isinstance(x, Index) and x in bound else rest.bound
                return Mono(rest.coef, united(rest.factors), kept | rest.bound)
        for b, x in ((i, j), (j, i)):
            if isinstance(b, Index) and (isinstance(x, int) or (isinstance(x, Index) and x.label < b.label)):
                if any(b in f.free for f, _ in others):
                    rest = Mono(m.coef, others, m.bound).put({b: x})
                    return Mono(rest.coef, united((*rest.factors, (a, 1.0))), rest.bound)
        return None

    def cancelled(self, m: Mono, a: Atom) -> Mono | None:
        """Rule 3 where one of two equal sums has no parentheses: (Sum_k x_k) / (Sum_k x_k)."""
        if not m.bound or a.free or len(a.args[0].monos) != 1:
            return None
        new = gathered(m, a.key())
        return None if new is m else new

    # Rule 5.

    def softmax(self, m: Mono, a: Atom, p: float) -> Mono | None:
        """e^x_i / Sum_k e^x_k."""
        (inner,) = a.args
        if 5 in self.without or len(inner.monos) != 1:
            return None
        s = inner.monos[0]
        if len(s.bound) != 1 or len(s.factors) != 1 or s.factors[0][0].head != "exp" or s.factors[0][1] != 1:
            return None
        (k,), exponent = s.bound, s.factors[0][0].args[0]
        for e, n in m.factors:
            if e.head == "exp" and n > 0 and n >= 1:
                for i in e.free - inner.free:
                    if exponent.put({k: i}).key() == e.args[0].key():
                        found = Atom("softmax", None, e.args, (i,))
                        rest = [(x, q - 1 if x is e else q + 1 if x is a else q) for x, q in m.factors]
                        return Mono(m.coef / s.coef, united((*rest, (found, 1.0))), m.bound)
        return None

    def softmax_of_difference(self, m: Mono, a: Atom, p: float) -> Mono | None:
        """e^(x_i - log Sum_k e^x_k), and e^(log softmax x)."""
        (x,) = a.args
        if 5 in self.without:
            return None
        for n in x.monos:
            if len(n.factors) != 1 or n.bound:
                continue
            f, power = n.factors[0]
            rest = Poly(o for o in x.monos if o is not n)
            if f.head == "log_softmax" and n.coef == 1 and power == 1:
                new = [(Atom("softmax", f.what, f.args, f.at, f.closes), 1.0)]
                new += [(Atom("exp", None, (rest,)), 1.0)] if rest.monos else []
            elif f.head == "logsumexp" and n.coef == -1 and power == 1:
                (k,) = f.at
                assert isinstance(k, Index)
                axis = next((i for i in rest.free - f.free if f.args[0].put({k: i}).key() == rest.key()), None)
                if axis is None:
                    continue
                new = [(Atom("softmax", None, (rest,), (axis,)), 1.0)]
            else:
                continue
            others = [g for g in m.factors if g[0] is not a]
            return Mono(m.coef, united((*others, *((g, q * p) for g, q in new))), m.bound)
        return None

    # Rules 8 and 9.

    def sigmoid(self, x: Poly) -> Poly:
        """sigmoid(x), or 1 - sigmoid(-x): one of the two for both signs, so that they meet."""
        if 9 not in self.without and x.monos and parenthesis(x)[0] < 0:
            return self.add(constant(1), of(Atom("sigmoid", None, (x.times(-1),))), -1)
        return of(Atom("sigmoid", None, (x,)))

    def logistic(self, m: Mono, a: Atom, p: float) -> Mono | Poly | None:
        """1/(1 + e^x) = sigmoid(-x)."""
        exponent = self.one_and_exp(a)
        if exponent is None or p != round(p):
            return None
        rest = Mono(m.coef, tuple(f for f in m.factors if f[0] is not a), m.bound)
        return self.spliced(rest, self.sigmoid(exponent.times(-1)), round(-p))

    def one_and_exp(self, a: Atom) -> Poly | None:
        """x, where this is 1 + e^x."""
        monos = sorted(a.args[0].monos, key=lambda n: len(n.factors))
        if 8 in self.without or [(len(n.factors), n.coef, len(n.bound)) for n in monos] != [(0, 1, 0), (1, 1, 0)]:
            return None
        e, n = monos[1].factors[0]
        return e.args[0].times(n) if e.head == "exp" else None

    def complement(self, m: Mono, a: Atom, p: float) -> Mono | Poly | None:
        """e^x sigmoid(-x) = sigmoid(x)."""
        if 8 in self.without or p != 1:
            return None
        x = a.args[0]
        wanted = self.single(self.sigmoid(x.times(-1))).factors[0][0]
        for f, q in m.factors:
            if q >= 1 and f.key() == wanted.key():
                rest = [(g, n - 1 if g is f else n) for g, n in m.factors if g is not a]
                return self.spliced(Mono(m.coef, united(rest), m.bound), self.sigmoid(x), 1)
        return None

    def spliced(self, m: Mono, p: Poly, n: int) -> Mono:
        """m p^n."""
        for _ in range(n):
            m = inserted(m, self.single(p))
        return m

    # Rule 6.

    def one(self, m: Mono) -> Mono | None:
        """Sum_k y_k = 1, and Sum_k softmax_k = 1."""
        if 6 in self.without:
            return None
        for b in m.bound:
            here = [(a, p) for a, p in m.factors if b in a.free]
            if len(here) == 1 and here[0][1] == 1 and self.is_distribution(here[0][0], b):
                return Mono(m.coef, tuple(f for f in m.factors if f[0] is not here[0][0]), m.bound - {b})
        return None

    def is_distribution(self, a: Atom, b: Index) -> bool:
        """Does it sum to one over this index?"""
        if a.head == "leaf":
            return a.at.count(b) == 1 and self.sums_to_one(a.what, a.at.index(b))
        return a.head == "softmax" and a.at == (b,) and b.size > 0

    # Rule 2.

    def shorter(self, p: Poly) -> Poly:
        """The sum, multiplied out where that is shorter: everything, or one of the sums in it."""
        if 2 in self.without:
            return p
        kinds = {a.key(): a for m in p.monos for a, n in m.factors if a.head == "sum" and n in (1, 2)}
        if not kinds or len(p.monos) > MOST:
            return p
        deltas = {k for k, a in kinds.items() if any(f.head == "delta" for m in a.args[0].monos for f, _ in m.factors)}
        if deltas:
            return self.shorter(self.expanded(p, deltas))
        best, least = p, size(p)
        for chosen in [set(kinds), *([{k} for k in kinds] if len(kinds) > 1 else [])]:
            try:
                found = self.expanded(p, chosen)
            except OverflowError:
                continue
            if size(found) < least or (size(found) == least and len(p.monos) == 1 and len(p.monos[0].factors) == 1):
                best, least = found, size(found)
        return best if best is p else self.shorter(best)

    def expanded(self, p: Poly, kinds: set[str]) -> Poly:
        """The sum with these sums in it multiplied out."""
        found: list[Mono] = []
        for m in p.monos:
            sums = [(a, int(n)) for a, n in m.factors if a.head == "sum" and n in (1, 2) and a.key() in kinds]
            rest = Mono(m.coef, tuple((a, n) for a, n in m.factors if all(a is not b for b, _ in sums)), m.bound)
            choices = [a.args[0].monos for a, n in sums for _ in range(n)]
            number = 1
            for c in choices:
                number *= len(c)
            if number > MOST or len(found) + number > 2 * MOST:
                raise OverflowError
            for pick in itertools.product(*choices):
                product = rest
                for n in pick:
                    product = inserted(product, n)
                found += self.product(product).monos
        return collected(found)


def gathered(m: Mono, key: str | None) -> Mono:
    """The product with sums in it that are numbers as factors in parentheses: all, or those of a key."""
    pending, factors, bound = list(m.factors), [], set(m.bound)
    while pending:
        first = pending.pop(0)
        part, grown = [first], True
        while grown:
            mine = frozenset().union(*(a.free for a, _ in part)) & m.bound
            more = [f for f in pending if not f[0].free.isdisjoint(mine)]
            part, pending, grown = [*part, *more], [f for f in pending if f not in more], bool(more)
        if mine and frozenset().union(*(a.free for a, _ in part)) <= m.bound:
            atom = Atom("sum", None, (Poly([Mono(1.0, tuple(part), mine)]),))
            if key is None or atom.key() == key:
                factors.append((atom, 1.0))
                bound -= mine
                continue
        factors += part
    return m if len(bound) == len(m.bound) else Mono(m.coef, united(factors), bound)
