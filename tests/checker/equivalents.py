"""Other forms of a right answer: random rewriting that keeps the value in exact arithmetic, and text for it.

``Forms`` rewrites a tree, step by step, by rules of algebra: those of sums and products, of transposes, of the
functions that occur in losses, of sums over an index, of components.  Which rule may be used where depends on shapes,
so it computes parts of the tree at one point.  ``spelled`` writes a tree as a student might, never twice alike.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinygrad_edu.language.tree import Expr, Path, at, call, name, names, number, replaced, walk
from tinygrad_edu.language.values import Columns, Impossible, Misfit, Values, shape

LARGEST = 120  # nodes
ONE, TWO = number(1), number(2)
INSIDE = set(
    """add subtract multiply divide matmul negative transpose sum exp log tanh sigmoid softmax outer diag log_sigmoid
    trace sqrt mean maximum sigmoid' tanh' phi phi' logsumexp einsum""".split()
)  # what is rewritten within them is of the same kind as elsewhere
PAIRS = ("add", "subtract", "multiply", "divide")
MAPS = ("exp", "log", "tanh", "sigmoid", "sigmoid'", "tanh'", "log_sigmoid")


def add(x: Expr, y: Expr) -> Expr:
    return call("add", x, y)


def sub(x: Expr, y: Expr) -> Expr:
    return call("subtract", x, y)


def mul(x: Expr, y: Expr) -> Expr:
    return call("multiply", x, y)


def div(x: Expr, y: Expr) -> Expr:
    return call("divide", x, y)


def dot(x: Expr, y: Expr) -> Expr:
    return call("matmul", x, y)


def neg(x: Expr) -> Expr:
    return call("negative", x)


def tr(x: Expr) -> Expr:
    return call("transpose", x)


def exp(x: Expr) -> Expr:
    return call("exp", x)


def index(x: Expr, *subscripts: Expr) -> Expr:
    return Expr("Index", (x, *subscripts))


class Forms:
    """Rewrites trees.  ``values`` computes at one point; ``named``: what names stand for."""

    def __init__(self, values: Values, seed: int, named: Mapping[str, Expr] = {}) -> None:
        self.values, self.random, self.named = values, random.Random(seed), dict(named)
        self.columns = isinstance(values, Columns)
        self.base = values.base
        self.bound: dict[str, int] = {}
        self.letters: set[str] = set()  # names of sizes, which no two share at this point
        self.same: dict[Expr, Any] = {}  # other trees, derivatives say, and their values
        self.plain = False  # only what a Python function can say too
        self.typeset = False  # only what LaTeX can say too

    def form(self, tree: Expr, steps: int) -> Expr:
        """The tree after so many rewritings."""
        for _ in range(steps):
            tree = self.once(tree)
        self.bound = {}
        return tree

    def once(self, tree: Expr) -> Expr:
        """One rewriting, somewhere."""
        places = list(self.places(tree, (), {}))
        for _ in range(20):
            path, bound = self.random.choice(places)
            node, self.bound = at(tree, path), bound
            if np.asarray(self.value(node)).dtype.kind != "f" or (self.plain and self.compares(node)):
                continue
            found = list(self.rules(node))
            if not found:
                continue
            new = replaced(tree, path, self.random.choice(found))
            if self.typeset and any(n.head in ("einsum", "Shape", "If", "diag", "trace", "Each") for _, n in walk(new)):
                continue
            if sum(1 for _ in walk(new)) <= LARGEST:
                return new
        return tree

    def places(self, tree: Expr, path: Path, bound: dict[str, int]) -> Iterator[tuple[Path, dict[str, int]]]:
        """Where rewriting is possible, and what indices are there."""
        yield path, bound
        inside: dict[int, dict[str, int]] = {}
        if tree.head in ("Sum", "Each"):
            try:
                self.bound = bound
                first = int(self.value(tree.args[1]))
            except (Misfit, Impossible):
                return
            inside = {0: {**bound, tree.value: first}}
        elif tree.head == "If":
            inside = {1: bound, 2: bound}
        elif tree.head in ("Index", "power"):
            inside = {0: bound}
        elif tree.head in INSIDE:
            inside = dict.fromkeys(range(len(tree.args)), bound)
        for i, more in inside.items():
            yield from self.places(tree.args[i], (*path, i), more)

    # What is known of a part.

    def value(self, tree: Expr) -> Any:
        before = dict(self.values.known)
        try:
            self.values.known |= self.bound
            self.values.sums, self.values.words, self.values.steps = {}, {}, 0
            return self.values(tree)
        finally:
            self.values.known = before

    def compares(self, node: Expr) -> bool:
        """Has it truth values for operands?  NumPy adds and negates these in its own way."""
        if node.head in ("Sum", "Each", "If"):
            return False
        inner = [n for n in node.args if n.head not in ("All", "New", "Slice", "Rest", "Backwards", "List")]
        return any(np.asarray(self.value(n)).dtype.kind == "b" for n in inner[: 1 + (node.head != "Index")])

    def dims(self, tree: Expr) -> tuple[int, ...]:
        return shape(self.value(tree))

    def alike(self, x: Expr, y: Expr) -> bool:
        """Can they be added without that anything is stretched but a number?"""
        a, b = self.dims(x), self.dims(y)
        return a == b or () in (a, b)

    def positive(self, tree: Expr) -> bool:
        """Is it positive wherever it is looked at?"""
        if tree.head in ("exp", "sigmoid", "softmax"):
            return True
        if tree.head == "Number":
            return bool(tree.value > 0)
        return tree.head in ("add", "multiply", "divide", "sum") and all(map(self.positive, tree.args))

    def fresh(self, tree: Expr) -> str:
        """An index that is not in use."""
        used = names(tree) | {n.value for _, n in walk(tree) if n.head in ("Sum", "Each")}
        used |= {*self.values.known, *self.bound, *self.named, "e", "d", "I"}
        used |= {part for word in used for part in word.split("_")}
        return self.random.choice([c for c in "ijklmnpqrstuvwxyzabcfgh" if c not in used])

    def length(self, tree: Expr, axis: int) -> Expr:
        """How long an axis is: a letter, or the shape."""
        n = self.dims(tree)[axis]
        letters = [w for w, k in self.values.known.items() if type(k) is int and k == n and w in self.letters]
        if len(letters) == 1 and self.random.random() < 0.8:
            return name(letters[0])
        return index(Expr("Shape", (tree,), "shape"), number(axis + self.base))

    def over(self, word: str, term: Expr, whole: Expr, axis: int) -> Expr:
        """The sum of a term over an axis."""
        last = self.length(whole, axis)
        return Expr("Sum", (term, ONE, last) if self.base else (term, number(0), sub(last, ONE)), word)

    # The rules.

    def rules(self, node: Expr) -> Iterator[Expr]:
        """All that a node can be written as."""
        yield from getattr(self, f"of_{node.head.replace(chr(39), '_prime')}", lambda *_: ())(node, *node.args)
        yield from self.of_any(node)

    def of_any(self, node: Expr) -> Iterator[Expr]:
        dims, r = self.dims(node), self.random.random()
        if node.head in ("List", "Derivative") or len(dims) > 2:
            return
        if r < 0.15:
            yield from (mul(ONE, node), neg(neg(node)), div(mul(TWO, node), TWO), mul(node, ONE), div(node, ONE))
        if r < 0.1:
            if dims != () or (self.columns and node.head != "Number"):
                yield tr(tr(node))
            yield sub(add(node, ONE), ONE)
            yield add(div(node, TWO), div(node, TWO))
        if r < 0.2 and self.columns and len(dims) == 2:
            yield dot(call("eye", self.length(node, 0)), node)
        if r < 0.05 and not self.plain:
            yield Expr("If", (Expr("Compare", (ONE, ONE), "=="), node, number(0)))
        if dims and r < 0.5:
            x = self.value(node)
            yield from [t for t, y in self.same.items() if dims == shape(y) and np.allclose(x, y, 1e-12, 1e-12)] * 3
        if node.head == "Name" and node.value in self.named:
            yield from [self.named[node.value]] * 3
        for word, meaning in self.named.items():
            if meaning == node:
                yield from [name(word)] * 3

    def of_Number(self, node: Expr) -> Iterator[Expr]:
        x = node.value
        if x == 0.5:
            yield div(ONE, TWO)
        if x == 2:
            yield add(ONE, ONE)
        yield div(number(2 * x), TWO)

    def of_add(self, node: Expr, x: Expr, y: Expr) -> Iterator[Expr]:
        yield add(y, x)
        yield sub(x, neg(y))
        yield neg(sub(neg(x), y))
        if y.head == "negative":
            yield from [sub(x, y.args[0])] * 2
        if x.head == "negative":
            yield sub(y, x.args[0])
        if x.head == "add" and self.alike(x.args[1], y):
            yield add(x.args[0], add(x.args[1], y))
        if y.head == "add" and self.alike(x, y.args[0]):
            yield add(add(x, y.args[0]), y.args[1])
        if y.head == "subtract" and self.alike(x, y.args[0]):
            yield sub(add(x, y.args[0]), y.args[1])
        yield from self.factored("add", x, y)
        if x == y:
            yield mul(TWO, x)

    def of_subtract(self, node: Expr, x: Expr, y: Expr) -> Iterator[Expr]:
        yield add(x, neg(y))
        yield neg(sub(y, x))
        yield add(neg(y), x)
        if y.head == "add" and self.alike(*y.args):
            yield sub(sub(x, y.args[0]), y.args[1])
        if y.head == "negative":
            yield add(x, y.args[0])
        yield from self.factored("subtract", x, y)
        if x == ONE and y.head == "sigmoid":
            yield from [call("sigmoid", neg(y.args[0]))] * 3
        if x == ONE and y.head == "power" and y.args[0].head == "tanh" and y.args[1] == TWO and not self.plain:
            yield from [call("tanh'", *y.args[0].args)] * 2

    def factored(self, head: str, x: Expr, y: Expr) -> Iterator[Expr]:
        """a b + a c is a (b + c)."""
        if x.head == y.head in ("multiply", "matmul"):
            (a, b), (c, d) = x.args, y.args
            same = self.dims(b) == self.dims(d) if x.head == "matmul" else self.alike(b, d)
            if a == c and same:
                yield from [call(x.head, a, call(head, b, d))] * 2
            if b == d and (self.dims(a) == self.dims(c) if x.head == "matmul" else self.alike(a, c)):
                yield from [call(x.head, call(head, a, c), b)] * 2
        if x.head == y.head == "divide" and x.args[1] == y.args[1] and self.alike(x.args[0], y.args[0]):
            yield div(call(head, x.args[0], y.args[0]), x.args[1])
        if x.head == y.head in ("transpose", "negative") and self.dims(x) == self.dims(y):
            yield call(x.head, call(head, x.args[0], y.args[0]))
        if x.head == y.head == "sum" and x.value == y.value and self.dims(x.args[0]) == self.dims(y.args[0]):
            yield Expr("sum", (call(head, x.args[0], y.args[0]),), x.value)

    def of_multiply(self, node: Expr, x: Expr, y: Expr) -> Iterator[Expr]:
        yield mul(y, x)
        a, b = self.dims(x), self.dims(y)
        if x.head == "multiply" and self.alike(x.args[1], y):
            yield mul(x.args[0], mul(x.args[1], y))
        if y.head == "multiply" and self.alike(x, y.args[0]):
            yield mul(mul(x, y.args[0]), y.args[1])
        for one, other in ((x, y), (y, x)):
            if other.head in ("add", "subtract"):
                yield from [call(other.head, mul(one, other.args[0]), mul(one, other.args[1]))] * 2
            if other.head == "negative":
                yield neg(mul(one, other.args[0]))
            if other.head == "divide":
                if self.alike(one, other.args[0]):
                    yield div(mul(one, other.args[0]), other.args[1])
                if self.alike(one, other.args[1]):
                    yield mul(div(one, other.args[1]), other.args[0])
            if other.head == "matmul" and self.dims(one) == () and self.dims(other.args[0]) != ():
                yield dot(mul(one, other.args[0]), other.args[1])
                yield dot(other.args[0], mul(one, other.args[1]))
            if other.head == "transpose" and self.dims(one) == ():
                yield tr(mul(one, other.args[0]))
            if other.head == "outer":
                if self.dims(one) == ():
                    yield call("outer", mul(one, other.args[0]), other.args[1])
            if other.head == "Sum" and other.value not in names(one) and self.alike(one, other):
                yield other._replace(args=(mul(one, other.args[0]), *other.args[1:]))
            if other.head == "sum" and self.dims(one) == () and not other.value:
                yield call("sum", mul(one, other.args[0]))
            if one == call("sigmoid", neg(other.args[0]) if other.args else ONE) and other.head == "sigmoid":
                if not self.plain:
                    yield call("sigmoid'", other.args[0])
        yield neg(mul(neg(x), y))
        if x == y:
            yield call("power", x, TWO)
        if y.head == "subtract" and y.args[0] == ONE and y.args[1] == x:
            yield from [sub(x, call("power", x, TWO)), sub(x, mul(x, x))]
            if x.head == "sigmoid" and not self.plain:
                yield from [call("sigmoid'", *x.args)] * 3
        if self.columns and a == b and a[1:] == (1,):
            yield dot(call("diag", x), y)
        if not self.columns and len(a) == len(b) == 1 and a == b:
            yield dot(call("diag", x), y)
            yield Expr("einsum", (x, y), (("subscripts", "i,i->i"),))
        if a == b and len(a) == 2 and not (self.columns and 1 in a):
            yield Expr("einsum", (x, y), (("subscripts", "ij,ij->ij"),))
        if self.columns and len(a) == len(b) == 2 and a[1] == 1 < b[1]:
            yield dot(call("diag", x), y)
        if self.columns and a == () and len(b) == 2:
            yield dot(x, y)

    def of_divide(self, node: Expr, x: Expr, y: Expr) -> Iterator[Expr]:
        yield mul(x, div(ONE, y))
        yield mul(x, call("power", y, number(-1)))
        yield neg(div(neg(x), y))
        if self.dims(x) != ():
            yield mul(div(ONE, y), x)
        if x.head in ("add", "subtract"):
            yield call(x.head, *(div(a, y) for a in x.args))
        if x.head == "multiply" and self.alike(x.args[0], y):
            yield mul(div(x.args[0], y), x.args[1])
        if x.head == "negative":
            yield neg(div(x.args[0], y))
        if y.head == "multiply" and self.alike(x, y.args[0]):
            yield div(div(x, y.args[0]), y.args[1])
        if x.head == "matmul" and self.dims(y) == () and self.dims(x.args[0]) != ():
            yield dot(div(x.args[0], y), x.args[1])
            yield dot(x.args[0], div(x.args[1], y))

    def of_negative(self, node: Expr, x: Expr) -> Iterator[Expr]:
        yield mul(number(-1), x)
        yield sub(number(0), x)
        if x.head == "negative":
            yield from [x.args[0]] * 3
        if x.head in ("multiply", "matmul", "divide", "outer"):
            yield call(x.head, neg(x.args[0]), x.args[1])
            yield call(x.head, x.args[0], neg(x.args[1]))
        if x.head == "subtract":
            yield from [sub(x.args[1], x.args[0])] * 2
        if x.head == "add":
            yield sub(neg(x.args[0]), x.args[1])
        if x.head in ("transpose", "diag"):
            yield call(x.head, neg(x.args[0]))
        if x.head in ("sum", "Sum", "Each"):
            yield x._replace(args=(neg(x.args[0]), *x.args[1:]))
        if x.head == "log" and self.positive(x.args[0]):
            yield call("log", div(ONE, x.args[0]))

    def of_power(self, node: Expr, x: Expr, y: Expr) -> Iterator[Expr]:
        if y == TWO:
            yield from [mul(x, x), call("square", x)]
        if y == number(3):
            yield mul(x, call("power", x, TWO))
        if y == number(-1):
            yield div(ONE, x)

    # Matrices.

    def of_matmul(self, node: Expr, x: Expr, y: Expr) -> Iterator[Expr]:
        a, b = self.dims(x), self.dims(y)
        if len(a) > 2 or len(b) > 2 or (self.columns and () not in (a, b) and a[1] != b[0]):
            return
        if () in (a, b):
            if self.columns:
                yield mul(x, y)
                yield dot(y, x)
            return
        yield from [tr(dot(tr(y), tr(x)))] * 2
        if x.head in ("add", "subtract") and self.dims(x.args[0]) == self.dims(x.args[1]):
            yield from [call(x.head, dot(x.args[0], y), dot(x.args[1], y))] * 2
        if y.head in ("add", "subtract") and self.dims(y.args[0]) == self.dims(y.args[1]):
            yield from [call(y.head, dot(x, y.args[0]), dot(x, y.args[1]))] * 2
        if x.head == "negative":
            yield neg(dot(x.args[0], y))
        if y.head == "negative":
            yield neg(dot(x, y.args[0]))
        if x.head == "multiply" and self.dims(x.args[0]) == ():
            yield mul(x.args[0], dot(x.args[1], y))
        if y.head == "multiply" and self.dims(y.args[0]) == ():
            yield mul(y.args[0], dot(x, y.args[1]))
        if x.head == "matmul" and self.chains(x.args[0], x.args[1], y):
            yield from [dot(x.args[0], dot(x.args[1], y))] * 2
        if y.head == "matmul" and self.chains(x, y.args[0], y.args[1]):
            yield from [dot(dot(x, y.args[0]), y.args[1])] * 2
        if x.head == "diag" and len(self.dims(x)) == 2 and (self.columns or len(b) == 1):
            yield from [mul(x.args[0], y)] * 3
        if x.head == "diag" and len(self.dims(x)) == 2 and not self.columns and len(b) == 2:
            yield mul(index(x.args[0], Expr("All"), Expr("New")), y)
        j = self.fresh(node)
        if self.columns:
            yield from self.product_of_columns(x, y, a, b, j)
            return
        if len(a) == len(b) == 1:
            yield call("sum", mul(x, y))
            yield self.over(j, mul(index(x, name(j)), index(y, name(j))), x, 0)
            yield Expr("einsum", (x, y), (("subscripts", "i,i->"),))
            yield dot(y, x)
        letters = {(1, 2): "i,ij->j", (2, 1): "ij,j->i", (2, 2): "ij,jk->ik"}.get((len(a), len(b)))
        if letters:
            yield Expr("einsum", (x, y), (("subscripts", letters),))
        if (len(a), len(b)) == (1, 2):
            yield dot(tr(y), x)
            yield call("sum", mul(index(x, Expr("All"), Expr("New")), y), axis=0)
            yield self.over(j, mul(index(x, name(j)), index(y, name(j))), x, 0)
        if (len(a), len(b)) == (2, 1):
            yield dot(y, tr(x))
            yield call("sum", mul(x, y), axis=1)
            yield self.over(j, mul(index(x, Expr("All"), name(j)), index(y, name(j))), y, 0)
        if (len(a), len(b)) == (2, 2):
            yield self.over(j, call("outer", index(x, Expr("All"), name(j)), index(y, name(j))), y, 0)

    def chains(self, x: Expr, y: Expr, z: Expr) -> bool:
        """Can three be multiplied both ways?"""
        a, b, c = map(self.dims, (x, y, z))
        if self.columns:
            return len(a) == len(b) == len(c) == 2 and a[1] == b[0] and b[1] == c[0]
        return len(b) == 2 and 1 <= len(a) <= 2 and 1 <= len(c) <= 2

    def product_of_columns(self, x: Expr, y: Expr, a: Any, b: Any, j: str) -> Iterator[Expr]:
        if a[0] == 1 == b[1]:
            yield call("sum", mul(tr(x), y))
            if x.head == "transpose":
                yield self.over(j, mul(index(x.args[0], name(j)), index(y, name(j))), y, 0)
                yield Expr("einsum", (x.args[0], y), (("subscripts", "i,i->"),))
            yield dot(tr(y), tr(x))
        elif b[1] == 1 < a[1]:
            yield self.over(j, mul(index(y, name(j)), index(x, Expr("All"), name(j))), y, 0)
            yield Expr("einsum", (x, y), (("subscripts", "ij,j->i"),))
            yield call("sum", mul(x, tr(y)), axis=1)
        elif a[1] == 1 == b[0] and y.head == "transpose":
            yield call("outer", x, y.args[0])
            yield Expr("einsum", (x, y.args[0]), (("subscripts", "i,j->ij"),))
            i = self.fresh(add(x, add(y, name(j))))
            rows = [self.over(i, mul(index(x, name(i)), index(y.args[0], name(j))), x, 0).args[1:]]
            inner = Expr("Each", (mul(index(x, name(i)), index(y.args[0], name(j))), ONE, self.length(y, 1)), j)
            yield Expr("Each", (inner, *rows[0]), i)
        elif a[0] > 1 and b[1] > 1 and a[1] > 1:
            yield self.over(j, dot(index(x, Expr("All"), name(j)), index(y, name(j), Expr("All"))), x, 1)
            yield Expr("einsum", (x, y), (("subscripts", "ij,jk->ik"),))
        if a[0] == 1 < a[1] and x.head == "transpose" and x.args[0].head == "ones":
            yield call("sum", y, axis=0)

    def of_outer(self, node: Expr, x: Expr, y: Expr) -> Iterator[Expr]:
        a, b = self.dims(x), self.dims(y)
        yield tr(call("outer", y, x))
        if self.columns:
            yield dot(x, tr(y))
        elif len(a) == len(b) == 1:
            column, row = index(x, Expr("All"), Expr("New")), index(y, Expr("New"))
            yield from [mul(column, y), dot(column, row), mul(column, row)]
            yield Expr("einsum", (x, y), (("subscripts", "i,j->ij"),))
        for head in ("add", "subtract"):
            if x.head == head and self.alike(*x.args) and () not in map(self.dims, x.args):
                yield call(head, *(call("outer", part, y) for part in x.args))
        if x.head == "negative":
            yield neg(call("outer", x.args[0], y))

    def of_transpose(self, node: Expr, x: Expr) -> Iterator[Expr]:
        a = self.dims(x)
        if x.head == "transpose" and len(a) <= 2:
            yield from [x.args[0]] * 3
        if len(a) == 0 or (len(a) == 1 and not self.columns):
            yield x
            return
        if x.head in PAIRS and self.alike(*x.args):
            yield call(x.head, *(tr(part) if self.dims(part) else part for part in x.args))
        if x.head == "negative":
            yield neg(tr(x.args[0]))
        if x.head == "matmul" and () not in map(self.dims, x.args) and len(a) <= 2:
            yield from [dot(tr(x.args[1]), tr(x.args[0]))] * 3
        if x.head == "outer":
            yield call("outer", x.args[1], x.args[0])
        if len(a) == 2 and 1 not in a:
            yield Expr("einsum", (x,), (("subscripts", "ij->ji"),))

    def of_diag(self, node: Expr, x: Expr) -> Iterator[Expr]:
        if self.columns and self.dims(x)[1:] == (1,):
            yield mul(call("eye", self.length(x, 0)), x)

    def of_sum(self, node: Expr, x: Expr) -> Iterator[Expr]:
        a, options = self.dims(x), dict(node.value or ())
        if x.head in ("add", "subtract") and self.dims(x.args[0]) == self.dims(x.args[1]):
            yield call(x.head, *(Expr("sum", (part,), node.value) for part in x.args))
        if x.head == "negative":
            yield neg(Expr("sum", x.args, node.value))
        if x.head == "multiply" and self.dims(x.args[0]) == () != a:
            yield mul(x.args[0], Expr("sum", (x.args[1],), node.value))
        if len(a) == 2 and len(options) == 1 and "axis" in options:
            ones, axis = call("ones", self.length(x, options["axis"])), options["axis"]
            if axis in (0, 1):
                yield from [dot(tr(ones), x) if axis == 0 else dot(x, ones)] * 2
                if not self.columns:
                    yield Expr("einsum", (x,), (("subscripts", "ij->j" if axis == 0 else "ij->i"),))
        if options or len(a) == 0:
            return
        j = self.fresh(node)
        if len(a) == 1 or (self.columns and a[1] == 1):
            yield self.over(j, index(x, name(j)), x, 0)
            ones = call("ones", self.length(x, 0))
            yield dot(tr(ones), x)
            if x.head == "multiply" and self.dims(x.args[0]) == self.dims(x.args[1]):
                yield dot(tr(x.args[0]), x.args[1])
        elif len(a) == 2:
            yield call("sum", call("sum", x, axis=0))
            if x.head == "multiply" and self.dims(x.args[0]) == self.dims(x.args[1]):
                yield call("trace", dot(tr(x.args[0]), x.args[1]))

    # Functions.

    def of_sigmoid(self, node: Expr, x: Expr) -> Iterator[Expr]:
        yield from [sub(ONE, call("sigmoid", neg(x)))] * 2
        yield div(ONE, add(ONE, exp(neg(x))))
        yield div(exp(x), add(ONE, exp(x)))
        yield call("power", add(ONE, exp(neg(x))), number(-1))
        yield div(add(ONE, call("tanh", div(x, TWO))), TWO)

    def of_sigmoid_prime(self, node: Expr, x: Expr) -> Iterator[Expr]:
        s = call("sigmoid", x)
        yield mul(s, sub(ONE, s))
        yield mul(s, call("sigmoid", neg(x)))
        yield div(exp(neg(x)), call("power", add(ONE, exp(neg(x))), TWO))

    def of_tanh(self, node: Expr, x: Expr) -> Iterator[Expr]:
        yield sub(mul(TWO, call("sigmoid", mul(TWO, x))), ONE)
        yield div(sub(exp(x), exp(neg(x))), add(exp(x), exp(neg(x))))
        yield neg(call("tanh", neg(x)))

    def of_tanh_prime(self, node: Expr, x: Expr) -> Iterator[Expr]:
        yield sub(ONE, call("power", call("tanh", x), TWO))

    def of_exp(self, node: Expr, x: Expr) -> Iterator[Expr]:
        yield div(ONE, exp(neg(x)))
        if x.head in ("add", "subtract"):
            yield call("multiply" if x.head == "add" else "divide", *map(exp, x.args))
        if x.head == "negative":
            yield div(ONE, exp(x.args[0]))

    def of_log(self, node: Expr, x: Expr) -> Iterator[Expr]:
        if x.head in ("multiply", "divide") and all(map(self.positive, x.args)):
            yield call("add" if x.head == "multiply" else "subtract", *(call("log", part) for part in x.args))
        if x.head == "exp":
            yield x.args[0]
        if x.head == "sigmoid":
            yield neg(call("log", add(ONE, exp(neg(x.args[0])))))
            yield sub(x.args[0], call("log", add(ONE, exp(x.args[0]))))
            if not self.plain:
                yield call("log_sigmoid", *x.args)

    def of_softmax(self, node: Expr, x: Expr) -> Iterator[Expr]:
        a, e = self.dims(x), exp(x)
        options = dict(node.value or ())
        if not options and (len(a) == 1 or a[1:] == (1,)):
            yield from [div(e, call("sum", e))] * 2
            yield div(e, dot(tr(call("ones", self.length(x, 0))), e))
            if self.columns and not self.plain:
                yield exp(call("log_softmax", x))
        elif len(a) == 2 and self.columns:
            axis = options.get("axis", 1) % 2
            yield div(e, call("sum", e, axis=axis))
        elif len(a) == 2 and options.get("axis", -1) in (1, -1):
            yield div(e, call("sum", e, axis=1, keepdims=True))
            yield div(e, index(call("sum", e, axis=-1), Expr("All"), Expr("New")))

    # Sums over an index, and components.

    def of_Sum(self, node: Expr, term: Expr, first: Expr, last: Expr, *condition: Expr) -> Iterator[Expr]:
        def over(new: Expr, word: str = node.value, *more: Expr) -> Expr:
            return Expr("Sum", (new, first, last, *(more or condition)), word)

        j, k = node.value, self.fresh(node)
        yield Expr("Sum", tuple(renamed(part, j, k) for part in node.args), k)
        outer, self.bound = self.bound, {**self.bound, j: int(self.value(first))}
        alike = term.head in PAIRS and self.alike(*term.args)
        same = alike and self.dims(term.args[0]) == self.dims(term.args[1])
        scalar = self.dims(term.args[0]) == () if term.args and term.head == "matmul" else False
        self.bound = outer
        if term.head in ("add", "subtract") and same:
            yield from [call(term.head, over(term.args[0]), over(term.args[1]))] * 2
        if term.head == "negative":
            yield neg(over(term.args[0]))
        if alike and term.head == "multiply":
            for one, other in (term.args, term.args[::-1]):
                if j not in names(one):
                    yield from [mul(one, over(other))] * 2
        if alike and term.head == "divide" and j not in names(term.args[1]):
            yield div(over(term.args[0]), term.args[1])
        if term.head == "matmul" and not scalar:
            if j not in names(term.args[0]):
                yield from [dot(term.args[0], over(term.args[1]))] * 2
            elif j not in names(term.args[1]):
                yield from [dot(over(term.args[0]), term.args[1])] * 2
        if not condition and first.value == self.base and self.random.random() < 0.3:
            start = substituted(term, j, first)
            yield add(start, Expr("Sum", (term, number(first.value + 1), last), j))
            if not self.plain:
                yield add(over(term, j, Expr("Compare", (name(j), first), "!=")), start)

    def of_Each(self, node: Expr, term: Expr, *ends: Expr) -> Iterator[Expr]:
        k = self.fresh(node)
        yield Expr("Each", tuple(renamed(part, node.value, k) for part in node.args), k)

    def of_Index(self, node: Expr, x: Expr, *subscripts: Expr) -> Iterator[Expr]:
        if any(s.head in ("Slice", "Rest", "New", "Backwards") for s in subscripts):
            return
        a = self.dims(x)
        if x.head in PAIRS and all(self.dims(part) in (a, ()) for part in x.args):
            yield from [call(x.head, *(index(p, *subscripts) if self.dims(p) else p for p in x.args))] * 2
        if x.head in (*MAPS, "negative"):
            yield call(x.head, index(x.args[0], *subscripts))
        if x.head == "transpose" and len(subscripts) == 2:
            yield from [tr(index(x.args[0], *subscripts[::-1]))] * 2
        single = all(s.head == "Name" for s in subscripts)
        if not single:
            return
        j = self.fresh(node)
        if x.head == "matmul" and () not in map(self.dims, x.args) and len(a) == 2 and self.columns:
            left, right = x.args
            if self.dims(left)[1:] != self.dims(right)[:1]:
                return
            if len(subscripts) == 1 and a[1] == 1 and self.dims(left)[1] > 1:
                entry = mul(index(left, *subscripts, name(j)), index(right, name(j)))
                yield from [self.over(j, entry, right, 0)] * 2
            if len(subscripts) == 2 and 1 not in (*a, self.dims(left)[1]):
                entry = mul(index(left, subscripts[0], name(j)), index(right, name(j), subscripts[1]))
                yield from [self.over(j, entry, right, 0)] * 2
            if len(subscripts) == 2 and self.dims(left)[1] == 1 and right.head == "transpose":
                yield from [mul(index(left, subscripts[0]), index(right.args[0], subscripts[1]))] * 3
        if x.head == "outer" and len(subscripts) == 2:
            yield from [mul(index(x.args[0], subscripts[0]), index(x.args[1], subscripts[1]))] * 3
        if (
            self.dims(node) == ()
            and len(subscripts) == 1
            and self.dims(x)[1:] == (1,)
            and self.columns
            and not self.plain
        ):
            hit = Expr("If", (Expr("Compare", (*subscripts, name(j)), "=="), ONE, number(0)))
            yield self.over(j, mul(hit, index(x, name(j))), x, 0)


def renamed(tree: Expr, old: str, new: str) -> Expr:
    """With another name for an index."""
    return substituted(tree, old, name(new))


def substituted(tree: Expr, old: str, new: Expr) -> Expr:
    """With something else for a name."""
    if tree == name(old):
        return new
    if tree.head in ("Sum", "Each") and tree.value == old:
        return tree
    return tree._replace(args=tuple(substituted(a, old, new) for a in tree.args))


# Text.

SIGNS = {
    "add": ("+", 1),
    "subtract": ("-", 1),
    "multiply": ("*", 2),
    "divide": ("/", 2),
    "matmul": ("@", 2),
    "outer": ("⊗", 2),
}


def spelled(tree: Expr, seed: int = 0, python: bool = False, base: int = 1) -> str:
    """A tree as text; ``python``: as NumPy too would take it."""
    return Spelling(random.Random(seed), python, base).of(tree)[0]


class Spelling:
    """Text, and how strongly it holds together: 1 terms, 2 factors, 3 a sign, 4 an exponent, 5 anything else."""

    def __init__(self, rng: random.Random, python: bool, base: int) -> None:
        self.random, self.python, self.base = rng, python, base

    def held(self, tree: Expr, level: int) -> str:
        text, holds = self.of(tree)
        return f"({text})" if holds < level or (self.random.random() < 0.05 and holds < 5) else text

    def one(self, *words: str) -> str:
        """Any of them; in Python, the last."""
        return words[-1] if self.python else self.random.choice(words)

    def of(self, tree: Expr) -> tuple[str, int]:
        special = getattr(self, f"write_{tree.head}", None)
        if special:
            return special(tree, *tree.args)
        if (
            tree.head in SIGNS
            and len(tree.args) == 2
            and not (tree.head == "outer" and (self.python or self.random.random() < 0.5))
        ):
            sign, holds = SIGNS[tree.head]
            x, y = self.held(tree.args[0], holds), self.held(tree.args[1], holds + 1)
            if tree.head == "multiply":
                sign = self.one("⊙", "*", "*", "*")
            return f"{x} {sign} {y}" if self.random.random() < 0.8 else f"{x}{sign}{y}", holds
        return self.function(tree), 5

    def function(self, tree: Expr) -> str:
        args = ", ".join(self.of(a)[0] for a in tree.args)
        if tree.head == "einsum":
            return f"np.einsum('{dict(tree.value)['subscripts']}', {args})"
        options = "".join(f", {k}={v!r}" for k, v in tree.value or ())
        if tree.head == "sum" and self.random.random() < 0.5:
            return f"{self.held(tree.args[0], 5)}.sum({options[2:]})"
        word = {"sigmoid": self.one("σ", "sigma", "sigmoid"), "log": self.one("ln", "log", "np.log")}.get(
            tree.head, tree.head
        )
        if (
            self.python
            and word
            not in (
                "sigmoid",
                "softmax",
                "logsumexp",
                "one_hot",
                "scatter_add",
                "scatter_set",
                "corr1d",
                "conv_full",
                "len",
            )
            and "." not in word
        ):
            word = "np." + {"absolute": "abs", "inv": "linalg.inv", "norm": "linalg.norm", "solve": "linalg.solve"}.get(
                word, word
            )
        if tree.head == "reshape" and len(tree.args) > 2:
            return (
                f"{self.held(tree.args[0], 5)}.reshape({args.partition(', ')[2]})"
                if tree.args[0].head == "Name"
                else (f"np.reshape({self.of(tree.args[0])[0]}, ({', '.join(self.of(a)[0] for a in tree.args[1:])}))")
            )
        if tree.head == "ones" and self.python:
            return f"np.ones({args})" if len(tree.args) == 1 else f"np.ones(({args}))"
        return f"{word}({args}{options})"

    def write_Number(self, tree: Expr) -> tuple[str, int]:
        x = tree.value
        text = repr(int(x)) if float(x).is_integer() and abs(x) < 1e6 else repr(x)
        return text, 5 if x >= 0 else 2

    def write_Name(self, tree: Expr) -> tuple[str, int]:
        return tree.value, 5

    def write_negative(self, tree: Expr, x: Expr) -> tuple[str, int]:
        return f"-{self.held(x, 2 if x.head != 'matmul' else 3)}", 1 if self.random.random() < 0.8 else 2

    def write_power(self, tree: Expr, x: Expr, y: Expr) -> tuple[str, int]:
        if y == TWO and self.random.random() < 0.3 and not self.python:
            return f"{self.held(x, 5)}²", 4
        return f"{self.held(x, 5)}{self.one('^', '**')}{self.held(y, 5)}", 4

    def write_square(self, tree: Expr, x: Expr) -> tuple[str, int]:
        return self.write_power(tree, x, TWO)

    def write_transpose(self, tree: Expr, x: Expr) -> tuple[str, int]:
        return self.held(x, 5) + self.one("ᵀ", "^T", ".T"), 5

    def write_Index(self, tree: Expr, x: Expr, *subscripts: Expr) -> tuple[str, int]:
        return f"{self.held(x, 5)}[{', '.join(self.of(s)[0] for s in subscripts)}]", 5

    def write_All(self, tree: Expr) -> tuple[str, int]:
        return ":", 5

    def write_New(self, tree: Expr) -> tuple[str, int]:
        return "None", 5

    def write_Backwards(self, tree: Expr) -> tuple[str, int]:
        return "::-1", 5

    def write_Rest(self, tree: Expr) -> tuple[str, int]:
        return "...", 5

    def write_Slice(self, tree: Expr, *ends: Expr) -> tuple[str, int]:
        sign = ":" if self.base == 0 or any(e.head == "All" for e in ends) else ".."
        return sign.join("" if e.head == "All" else self.of(e)[0] for e in ends), 5

    def write_List(self, tree: Expr, *parts: Expr) -> tuple[str, int]:
        return f"[{', '.join(self.of(p)[0] for p in parts)}]", 5

    def write_Sum(self, tree: Expr, term: Expr, first: Expr, last: Expr, *condition: Expr) -> tuple[str, int]:
        body = self.looped(tree, term, first, last, *condition)
        return f"{self.one('∑', 'sum', 'sum')}({body})", 5

    def write_Each(self, tree: Expr, term: Expr, first: Expr, last: Expr, *condition: Expr) -> tuple[str, int]:
        return f"[{self.looped(tree, term, first, last, *condition)}]", 5

    def looped(self, tree: Expr, term: Expr, first: Expr, last: Expr, *condition: Expr) -> str:
        where = "".join(f" if {self.of(c)[0]}" for c in condition)
        if self.base:
            return f"{self.of(term)[0]} for {tree.value} in {self.of(first)[0]}..{self.held(last, 1)}{where}"
        end = (
            self.of(last.args[0])[0] if last.head == "subtract" and last.args[1] == ONE else f"{self.held(last, 2)} + 1"
        )
        start = "" if first == number(0) else f"{self.of(first)[0]}, "
        return f"{self.of(term)[0]} for {tree.value} in range({start}{end}){where}"

    def write_If(self, tree: Expr, condition: Expr, this: Expr, other: Expr) -> tuple[str, int]:
        if (
            (this, other) == (ONE, number(0))
            and condition.value == "=="
            and self.random.random() < 0.7
            and not self.python
        ):
            return f"I({self.of(condition)[0].replace('==', '=')})", 5
        return f"{self.held(this, 1)} if {self.of(condition)[0]} else {self.held(other, 1)}", 0

    def write_Compare(self, tree: Expr, x: Expr, y: Expr) -> tuple[str, int]:
        return f"{self.held(x, 1)} {tree.value} {self.held(y, 1)}", 0

    def write_Shape(self, tree: Expr, x: Expr) -> tuple[str, int]:
        if tree.value in ("size", "len"):
            return (f"{self.held(x, 5)}.size" if tree.value == "size" else f"len({self.of(x)[0]})"), 5
        return f"{'np.' * self.python}shape({self.of(x)[0]})", 5

    def write_Derivative(self, tree: Expr, of: Expr, wrt: Expr) -> tuple[str, int]:
        above = of.value if of.head == "Name" else f"({self.of(of)[0]})"
        return f"{self.one('∂', 'd', 'd')}{above}/{self.one('d')}{self.of(wrt)[0]}", 2
