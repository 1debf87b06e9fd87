"""From sums of products with indices to matrices: the bound indices are eliminated, one after the other.

A product is a graph.  Its indices are the nodes; a factor with two indices is an edge, a matrix, and one with one
index is a vector that sits there.  An index that is summed over and has one edge is the product of that matrix with
the vector; with two edges, it is the product of two matrices; with none, it is the product of a row and a column.
With three there is no notation for it with matrices, and the formula stays in components.  What is left at the end
are the one or two indices of the result: vectors at them are columns, and a column at each of the two is an outer
product.
"""

from __future__ import annotations

from ..language.tree import Expr, call, name, number
from .index import Atom, Index, Member, Mono, Place, Poly
from .product import ONE, NoMatrices, Product, joined_up, multiple, scaled, transposed

LETTERS = "j k l m n p r s i".split()


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
        """The sum, what is positive first."""
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
        """How many places an index has."""
        if i not in self.lengths:
            return number(i.size)
        word, axis = self.lengths[i]
        return Expr("Index", (Expr("Shape", (name(word),), "shape"), number(axis + 1)))

    def filled(self, head: str, row: Place, column: Place) -> Expr:
        """Ones or zeros."""
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
