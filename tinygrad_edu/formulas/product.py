"""One product with its bound indices eliminated, one after the other, and the small trees of which it is made."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..language.tree import Expr, call, number
from .index import Atom, Index, Mono, NoForm, Place

if TYPE_CHECKING:
    from .matrix import Matrices

ONE = number(1)


class NoMatrices(NoForm):
    """It has no form with matrices."""


class Product:
    """One product while its bound indices are eliminated: numbers, vectors at indices, and matrices between them."""

    def __init__(self, m: Mono, matrices: Matrices) -> None:
        self.matrices, self.bound = matrices, set(m.bound) - matrices.letters.keys()
        self.over: list[Any] = []
        self.under: list[Any] = []
        self.vectors: dict[Index, list[Expr]] = {}
        self.divisors: dict[Index, list[Expr]] = {}
        self.edges: list[tuple[Index, Index, Expr]] = []
        self.diagonals: list[tuple[Index, Index]] = []
        for a, p in sorted(m.factors, key=lambda f: not f[0].head.endswith("'")):
            if a.head == "delta" and all(isinstance(i, Index) for i in a.at):
                i, j = a.at
                self.diagonals.append((i, j))  # type: ignore[arg-type]
                continue
            at, t = self.rooted(a, p) or matrices.factor(a)
            self.place(at, t, p)

    def rooted(self, a: Atom, p: float) -> tuple[tuple[Index, ...], Expr] | None:
        """The root of a sum of squares is a norm."""
        if a.head != "sum" or p not in (0.5, -0.5) or a.free or len(a.args[0].monos) != 1:
            return None
        (s,) = a.args[0].monos
        if s.coef != 1 or len(s.factors) != 1 or s.factors[0][1] != 2 or s.factors[0][0].free != s.bound:
            return None
        _, t = self.matrices.factor(s.factors[0][0])
        self.place((), call("norm", t), p * 2)
        return (), ONE

    def place(self, at: tuple[Index, ...], t: Expr, p: float) -> None:
        """One factor, where it belongs."""
        if t == ONE and not at:
            return
        if len(at) == 2:
            i, j = at
            t = t if p > 0 else call("divide", ONE, raised(t, -p))
            self.edge(i, j, raised(t, p) if p > 0 else t)
        elif at:
            (self.vectors if p > 0 else self.divisors).setdefault(at[0], []).append(raised(t, abs(p)))
        else:
            (self.over if p > 0 else self.under).append(raised(t, abs(p)))

    def edge(self, i: Index, j: Index, t: Expr) -> None:
        """A matrix; one that is between the same indices is multiplied with it, element by element."""
        for n, (a, b, u) in enumerate(self.edges):
            if {a, b} == {i, j}:
                t = t if a is i else transposed(t)
                if u.head == "divide" and u.args[0] == ONE:
                    self.edges[n] = (a, b, call("divide", t, u.args[1]))
                elif t.head == "divide" and t.args[0] == ONE:
                    self.edges[n] = (a, b, call("divide", u, t.args[1]))
                else:
                    first, second = (t, u) if sloped(t) and not sloped(u) else (u, t)
                    self.edges[n] = (a, b, call("multiply", first, second))
                return
        self.edges.append((i, j, t))

    def order(self) -> Any:
        """The next bound index, again and again: one with the fewest edges, of these the innermost."""
        while self.bound:
            degree = {b: sum(b in e[:2] for e in self.edges) for b in self.bound}
            last = {b: max((n for n, e in enumerate(self.edges) if b in e[:2]), default=-1) for b in self.bound}
            least = min(degree.values())
            if least > 2:
                raise NoMatrices("an index that three matrices share")
            slopes = {b: any(b in e[:2] and sloped(e[2]) for e in self.edges) for b in self.bound}
            yield max((b for b in self.bound if degree[b] == least), key=lambda b: (not slopes[b], last[b], b.label))

    def vector(self, i: Index) -> Expr | None:
        """All vectors at one index as one, and no longer there."""
        above, below = self.vectors.pop(i, []), self.divisors.pop(i, [])
        above.sort(key=lambda t: not sloped(t))
        if not above and not below:
            return None
        t = above[0] if above else ONE
        for u in above[1:]:
            t = call("multiply", t, u)
        for u in below:
            t = call("divide", t, u)
        return t

    def eliminate(self, b: Index) -> None:
        """Sum over one index."""
        self.bound.discard(b)
        touching = [e for e in self.edges if b in e[:2]]
        self.edges = [e for e in self.edges if b not in e[:2]]
        if not touching:
            self.inner(b)
            return
        v = self.vector(b)
        sides = [(j, transposed(t)) if i is b else (i, t) for i, j, t in touching]  # each with b as its columns
        if len(sides) == 1:
            ((c, t),) = sides
            if v is None:
                t = transposed(call("sum", touching[0][2], axis=0)) if touching[0][0] is b else call("sum", t, axis=1)
            else:
                t = product(t, v)
            self.vectors.setdefault(c, []).append(t)
            return
        (c, s), (d, t) = sides
        middle = s if v is None else product(s, call("diag", v))
        self.edge(c, d, product(middle, transposed(t)))

    def inner(self, b: Index) -> None:
        """A sum over an index at which only vectors are: a row times a column."""
        above, below = self.vectors.get(b, []), self.divisors.get(b, [])
        if len(above) >= 2:
            first = above.pop(0)
            v = self.vector(b)
            assert v is not None
            self.over.append(product(transposed(first), v))
        elif above and below:
            v = self.vector(b)
            self.over.append(call("sum", v))  # type: ignore[arg-type]
        else:
            v = self.vector(b)
            if v is not None and v.head == "power" and v.args[1] == number(2):
                self.over.append(product(transposed(v.args[0]), v.args[0]))
            else:
                self.over.append(call("sum", v) if v is not None else self.matrices.length(b))

    def scalar(self) -> Expr | None:
        """All numbers as one."""
        t: Expr | None = None
        for u in sorted(self.over, key=lambda t: not sloped(t)):
            t = u if t is None else call("multiply", t, u)
        for u in self.under:
            t = call("divide", ONE if t is None else t, u)
        return t

    def result(self, row: Place, column: Place) -> Expr:
        """What is left, as a number, a column, a row or a matrix."""
        if self.diagonals:
            return self.diagonal(row, column)
        t: Expr | None = None
        if self.edges:
            if len(self.edges) > 1 or set(self.edges[0][:2]) != {row, column}:
                raise NoMatrices("matrices that are not joined")
            i, _, t = self.edges[0]
            t = t if i is row else transposed(t)
        left = self.vector(row) if isinstance(row, Index) else None
        right = self.vector(column) if isinstance(column, Index) else None
        if t is not None:
            t = t if left is None else call("multiply", left, t)
            t = t if right is None else call("multiply", t, transposed(right))
        elif isinstance(row, Index) and isinstance(column, Index):
            t = product(left, transposed(right)) if left and right else left or (right and transposed(right))
        else:
            t = left if left is not None else None if right is None else transposed(right)
        if self.vectors or self.divisors:
            raise NoMatrices("an index that is not of the result")
        s = self.scalar()
        return t or s or ONE if s is None or t is None else scaled(s, t)

    def diagonal(self, row: Place, column: Place) -> Expr:
        """diag(v), where a Kronecker delta joins the two indices."""
        if len(self.diagonals) > 1 or set(self.diagonals[0]) != {row, column} or self.edges:
            raise NoMatrices("a delta that is not of the result")
        assert isinstance(row, Index) and isinstance(column, Index)
        for i in (row, column):
            v = self.vector(i)
            if v is not None:
                self.vectors.setdefault(row, []).append(v)
        v = self.vector(row)
        t = call("eye", self.matrices.length(row)) if v is None else call("diag", v)
        s = self.scalar()
        return t if s is None else scaled(s, t)


def sloped(t: Expr) -> bool:
    """Is it the slope of a function?  Those are written first."""
    return t.head.endswith("'")


def raised(t: Expr, p: float) -> Expr:
    """A power, element by element."""
    if p == 1:
        return t
    return call("sqrt", t) if p == 0.5 else call("power", t, number(int(p) if p == round(p) else p))


def transposed(t: Expr) -> Expr:
    """The transpose; of a product the product of transposes, where that leaves fewer signs."""
    if t.head == "transpose":
        return t.args[0]
    if t.head == "matmul" and any(a.head == "transpose" for a in chain(t)):
        factors = [transposed(a) for a in reversed(chain(t))]
        return joined_up(factors)
    if t.head in ("diag", "eye"):
        return t
    if t.head == "multiply" and t.args[0].head == "Number":
        return call("multiply", t.args[0], transposed(t.args[1]))
    if t.head in ("add", "subtract") and any(a.head == "transpose" for a in t.args):
        return call(t.head, *map(transposed, t.args))
    return call("transpose", t)


def chain(t: Expr) -> list[Expr]:
    """The factors of a product of matrices."""
    return [*chain(t.args[0]), *chain(t.args[1])] if t.head == "matmul" else [t]


def joined_up(factors: list[Expr]) -> Expr:
    """The product of matrices, from the left."""
    first, *rest = factors
    for t in rest:
        first = call("matmul", first, t)
    return first


def product(s: Expr, t: Expr) -> Expr:
    """The product of two matrices; sums over rows and columns stay at its end."""
    return joined_up([*chain(s), *chain(t)])


def negated(t: Expr) -> Expr:
    """The negative."""
    return t.args[0] if t.head == "negative" else call("negative", t)


def scaled(s: Expr, t: Expr) -> Expr:
    """A multiple; what is multiplied comes last."""
    return call("multiply", s, t)


def multiple(c: float, t: Expr) -> Expr:
    """A multiple by a number, where 1 is not written."""
    if c < 0:
        return negated(multiple(-c, t))
    if abs(c - 1) < 1e-12:
        return t
    s = as_fraction(c) or root(c) or number(int(c) if c == round(c) else c)
    return s if t == ONE else scaled(s, t)


def as_fraction(c: float) -> Expr | None:
    """A third is 1/3; a half and whole numbers are written as they are."""
    near = Fraction(c).limit_denominator(10_000)
    if near.denominator < 3 or abs(float(near) - c) > 1e-12 * c:
        return None
    return call("divide", number(near.numerator), number(near.denominator))


def root(c: float) -> Expr | None:
    """The number that attention divides by is a root: 1/sqrt(3)."""
    for square, below in ((c * c, False), (1 / (c * c), True)):
        if 1 < square < 10_000 and abs(square - round(square)) < 1e-11 * square and 2 * c != round(2 * c):
            found = call("sqrt", number(round(square)))
            return call("divide", ONE, found) if below else found
    return None
