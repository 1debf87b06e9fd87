"""From sums of products with indices to matrices: the bound indices are eliminated, one after the other.

A product is a graph.  Its indices are the nodes; a factor with two indices is an edge, a matrix, and one with one
index is a vector that sits there.  An index that is summed over and has one edge is the product of that matrix with
the vector; with two edges, it is the product of two matrices; with none, it is the product of a row and a column.
With three there is no notation for it with matrices, and the formula stays in components.  What is left at the end
are the one or two indices of the result: vectors at them are columns, and a column at each of the two is an outer
product.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..language.tree import Expr, call, name, number
from .index import Atom, Index, Member, Mono, NoForm, Place, Poly

ONE = number(1)
LETTERS = "j k l m n p r s i".split()


class NoMatrices(NoForm):
    """It has no form with matrices."""


class Matrices:
    """Writes sums with at most two free indices as trees.

    ``ndims``: how many axes each name has.  ``lengths``: where the length of an index can be read off, if it is not
    found in the sum itself: an index, with a name and an axis.
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], lengths: dict[Index, tuple[str, int]]) -> None:
        self.shapes, self.lengths = shapes, dict(lengths)
        self.letters: dict[Index, str] = {}  # of indices that stay under their sum

    def tree(self, p: Poly, row: Place = None, column: Place = None, inside: bool = True) -> Expr:
        """The sum as a number, a column, a row or a matrix; ``inside`` another, a column is stretched over a matrix."""
        if not p.monos:
            return self.filled("zeros", row, column)
        self.learn(p)
        axes = [i for i in (row, column) if isinstance(i, Index)]
        stretches = inside and any(all(i in m.free for i in axes) for m in p.monos)  # over what the sum has elsewhere
        return self.added(
            [(m.coef, self.mono(m, row, column, stretches, any(n.free for n in p.monos))) for m in p.monos]
        )

    def added(self, terms: list[tuple[float, Expr]]) -> Expr:
        ordered = [t for t in terms if t[0] > 0] + [t for t in terms if t[0] <= 0]
        (c, t), *rest = ordered
        total = multiple(c, t)
        for c, t in rest:
            total = call("add", total, multiple(c, t)) if c > 0 else call("subtract", total, multiple(-c, t))
        return total

    def learn(self, p: Poly) -> None:
        """Which axis of which name an index runs over."""
        for m in p.monos:
            for a, _ in m.factors:
                if a.head == "leaf":
                    for k, i in enumerate(a.at):
                        if isinstance(i, Index):
                            self.lengths.setdefault(i, (a.what, k))
                if a.head == "delta":
                    i, j = a.at
                    for x, y in ((i, j), (j, i)):
                        if x in self.lengths and isinstance(y, Index):
                            self.lengths.setdefault(y, self.lengths[x])
                for q in a.args:
                    self.learn(q)

    def length(self, i: Index) -> Expr:
        if i not in self.lengths:
            return number(i.size)
        word, axis = self.lengths[i]
        return Expr("Index", (Expr("Shape", (name(word),), "shape"), number(axis + 1)))

    def filled(self, head: str, row: Place, column: Place) -> Expr:
        if isinstance(row, Index) and isinstance(column, Index):
            return call(head, self.length(row), self.length(column))
        if isinstance(row, Index):
            return call(head, self.length(row))
        return transposed(call(head, self.length(column))) if isinstance(column, Index) else number(head == "ones")

    # One product.

    def mono(self, m: Mono, row: Place, column: Place, stretches: bool, single: bool) -> Expr:
        """All but its coefficient, in the shape asked for or, where it ``stretches``, in one that becomes that;
        a ``single`` number may always stand beside a matrix."""
        for b in m.bound:
            if isinstance(b, Member):
                taken = {*self.shapes, *self.letters.values()}
                self.letters[b] = next(c for c in LETTERS if c not in taken)
        product = Product(m, self)
        for b in product.order():
            product.eliminate(b)
        t = product.result(row, column)
        for b in m.bound & self.letters.keys():
            t = Expr("Sum", (t, ONE, self.length(b)), self.letters.pop(b))
        missing = [i for i in (row, column) if isinstance(i, Index) and i not in m.free]
        if stretches or not missing:
            return t
        if not m.free:
            if single:
                return t
            filled = self.filled("ones", row, column)
            return filled if t == ONE else scaled(t, filled)
        (i,) = missing
        filled = self.filled("ones", i, None)
        return joined_up([filled, t]) if i is row else joined_up([t, transposed(filled)])

    def factor(self, a: Atom) -> tuple[tuple[Index, ...], Expr]:
        """A factor with its indices: a number, a column or a matrix."""
        free = sorted(a.free - self.letters.keys(), key=lambda i: i.label)
        if a.head == "leaf":
            return self.leaf(a)
        if a.head == "delta":
            return self.delta(a)
        if len(free) > 2:
            raise NoMatrices("three indices")
        if a.closes:
            return self.closed(a, free)
        i, j = (*free, None, None)[:2]
        if i is not None and j is not None and self.upright(a, i, j):
            i, j = j, i
        args = [self.tree(p, *self.layout(p, i, j)) for p in a.args]
        options = dict(a.what or ())
        if a.head == "sum":
            return tuple(free) and (i, j)[: len(free)], args[0]  # type: ignore[return-value]
        if a.at and j is not None and a.at[0] is i:
            options = {"axis": 0}
        return (i, j)[: len(free)], call(a.head, *args, **options)  # type: ignore[return-value]

    def upright(self, a: Atom, i: Index, j: Index) -> bool:
        """Is j the rows and i the columns, as most of what is in it has them?"""
        votes = 0
        pending = [m for p in a.args for m in p.monos]
        while pending:
            m = pending.pop()
            for f, _ in m.factors:
                if f.head == "leaf" and i in f.at:
                    votes += -1 if f.at.index(i) == 0 and len(f.at) == 2 else f.at.index(i) == 1
                if f.head == "leaf" and j in f.at:
                    votes += 1 if f.at.index(j) == 0 and len(f.at) == 2 else -(f.at.index(j) == 1)
                pending += [n for p in f.args for n in p.monos]
        return votes > 0

    def layout(self, p: Poly, i: Place, j: Place) -> tuple[Place, Place]:
        """Rows and columns of one argument, which may have fewer axes than the others and is stretched."""
        return (i if i in p.free else None), (j if j in p.free else None)

    def closed(self, a: Atom, free: list[Index]) -> tuple[tuple[Index, ...], Expr]:
        """logsumexp, or one element of a softmax."""
        (k,), (p,) = a.at, a.args
        if len(free) > 1 or not isinstance(k, Index):
            raise NoMatrices("three indices")
        if not free:
            whole = call(a.head, self.tree(p, k))
            return (), Expr("Index", (whole, number(a.what + 1))) if a.what is not None else whole
        if a.what is not None:
            raise NoMatrices("a column of a softmax")
        return tuple(free), call(a.head, self.tree(p, free[0], k))

    def leaf(self, a: Atom) -> tuple[tuple[Index, ...], Expr]:
        """A named array at its subscripts."""
        word, at = name(a.what), a.at
        free = [i for i in at if isinstance(i, Index) and i not in self.letters]
        if len(self.shapes[a.what]) > 2:
            raise NoMatrices("three axes")
        fixed = [self.place(i) for i in at]
        if any(fixed):
            if len(at) == 1 or not free:
                return (), Expr("Index", (word, *(x or ONE for x in fixed)))
            k = 0 if fixed[0] else 1
            place = fixed[k] or ONE
            return (free[0],), Expr("Index", (word, place) if k == 0 else (word, Expr("All"), place))
        if len(free) == 2 and free[0] is free[1]:
            return (free[0],), call("diag", word)
        if len(at) == 2 and at[0] is None and free:
            return tuple(free), transposed(word)
        return tuple(free), word

    def place(self, i: Place) -> Expr | None:
        """A place that is a number, or an index that stays."""
        return name(self.letters[i]) if i in self.letters else number(i + 1) if isinstance(i, int) else None

    def delta(self, a: Atom) -> tuple[tuple[Index, ...], Expr]:
        """A unit matrix or a unit vector."""
        i, j = a.at
        if isinstance(i, int):
            i, j = j, i
        if not isinstance(i, Index):
            raise NoMatrices("a place")
        if isinstance(j, int):
            return (i,), call("one_hot", number(j + 1), self.length(i))
        assert isinstance(j, Index)
        return (i, j), call("eye", self.length(i))


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


# The small trees of which a product is made.


def sloped(t: Expr) -> bool:
    """Is it the slope of a function?  Those are written first."""
    return t.head.endswith("'")


def raised(t: Expr, p: float) -> Expr:
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
