"""The value of a tree: computed on arrays, or on Tensors, so that it is recorded and can be differentiated.

Two readings of one notation.  ``Columns`` is that of the blackboard: a vector is a column, u.T a row, products have to
fit, subscripts count from one, and a product 1 by 1 is a number.  ``Arrays`` is NumPy's: a vector has one axis, shapes
broadcast, and subscripts count from zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..op import OPS
from .reading import CHOOSERS, MAKERS
from .tree import Expr, Path

MOST_STEPS, MOST_NUMBERS = 200_000, 1_000_000  # of one computation: what somebody wrote shall not take long


class Misfit(ValueError):
    """Shapes that do not fit: in what, the shapes, and the way to the place in the tree."""

    def __init__(self, head: str, shapes: list[tuple[int, ...]], why: str = "") -> None:
        self.head, self.shapes, self.why = head, shapes, why
        self.path: Path = ()
        super().__init__(why or f"{head} of shapes {', '.join(map(str, shapes))}")


class Impossible(ValueError):
    """What cannot be computed: an unknown name, a subscript out of range, too much work."""


def shape(x: Any) -> tuple[int, ...]:
    """The shape of an array, a Tensor or a number."""
    return tuple(getattr(x, "shape", ()))


class Values:
    """What both readings share.

    ``known``: the values of names.  ``functions``: those that are not operations.  ``derivative``: how to find
    the derivative of one tree with respect to another, if there is a record.
    """

    base = 1

    def __init__(
        self,
        known: Mapping[str, Any],
        functions: Mapping[str, Callable[[Any], Any]] | None = None,
        derivative: Callable[[Expr, Expr, Values], Any] | None = None,
    ) -> None:
        self.known, self.functions, self.derivative = dict(known), functions or {}, derivative
        self.steps = 0

    def __call__(self, tree: Expr) -> Any:
        """The value.  Misfit where shapes do not fit, Impossible where something is not known."""
        with np.errstate(all="ignore"):
            return self.value(tree)

    def value(self, tree: Expr) -> Any:
        """The value of one node."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Impossible("this takes too many steps to compute")
        head = tree.head
        if head == "Number":
            return float(tree.value)
        if head == "Name":
            return self.named(tree.value)
        special = getattr(self, f"of_{head}", None)
        if special is not None:
            return special(tree)
        args = [self.argument(tree, i) for i in range(len(tree.args))]
        try:
            found = self.applied(head, args, dict(tree.value or ()))
        except (Misfit, Impossible):
            raise
        except (ValueError, TypeError, IndexError, np.exceptions.AxisError) as error:
            raise Misfit(head, [shape(x) for x in args], str(error).split("\n")[0]) from None
        if getattr(found, "size", 0) > MOST_NUMBERS:
            raise Impossible("this makes more numbers than anybody needs")
        return found

    def argument(self, tree: Expr, i: int) -> Any:
        """The value of a part; where that fails, the error learns the way to it."""
        try:
            return self.value(tree.args[i])
        except Misfit as error:
            error.path = (i, *error.path)
            raise

    def named(self, word: str) -> Any:
        """The value of a name."""
        try:
            return self.known[word]
        except KeyError:
            raise Impossible(f"{word} is not declared") from None

    def applied(self, head: str, args: list[Any], options: dict[str, Any]) -> Any:
        """An operation on values."""
        if head in self.functions:
            return self.functions[head](*args)
        if head.endswith("'"):
            return self.slope(head[:-1], *args)
        own = getattr(self, f"do_{head}", None)
        if own is not None:
            return own(*args, **options)
        if head not in OPS:
            raise Impossible(f"there is no function {head}")
        return OPS[head].public(*args, **options)

    def slope(self, head: str, x: Any) -> Any:
        """The derivative of a function of one number, at each element of x: the rule itself, with g = 1."""
        if f"{head}'" in self.functions:
            return self.functions[f"{head}'"](x)
        op = OPS.get(head)
        if op is None or not op.elementwise or len(op.names) != 1:
            raise Impossible(f"{head} has no derivative of its own")
        rule = (op.rules or op.compiled())[0]
        ones = np.ones(shape(x))
        return rule(ones, op.public(x), x) + np.zeros(shape(x))

    # What is not an operation.

    def of_Sum(self, tree: Expr) -> Any:
        """The sum over an index."""
        total: Any = 0.0
        for term in self.over(tree):
            if shape(term) != shape(total) and shape(total) != ():
                raise Misfit("add", [shape(total), shape(term)])
            total = total + term
        return total

    def over(self, tree: Expr) -> list[Any]:
        """The terms for each index."""
        term, first, last, *condition = tree.args
        start, end = self.whole(first), self.whole(last)
        if end - start > 10_000:
            raise Impossible("a sum of more than 10,000 terms")
        before, found = self.known.get(tree.value), []
        try:
            for i in range(start, end + 1):
                self.known[tree.value] = i
                if all(bool(self.value(c)) for c in condition):
                    found.append(self.value(term))
        except Misfit as error:
            error.path = (0, *error.path)
            raise
        finally:
            self.known.pop(tree.value, None)
            if before is not None:
                self.known[tree.value] = before
        return found

    def whole(self, tree: Expr) -> int:
        """An index."""
        x = self.value(tree)
        x = getattr(x, "_data", x)
        if np.size(x) != 1 or float(x) != round(float(x)):
            raise Impossible("a subscript is a whole number")
        return int(x)

    def of_If(self, tree: Expr) -> Any:
        """One of two, by a condition; element by element where that is an array."""
        condition = self.value(tree.args[0])
        if np.ndim(condition):
            return OPS["where"].public(np.asarray(condition, bool), self.value(tree.args[1]), self.value(tree.args[2]))
        return self.value(tree.args[1 if condition else 2])

    def of_Compare(self, tree: Expr) -> Any:
        """True or false; for arrays, element by element."""
        left, right = (getattr(x, "_data", x) for x in map(self.value, tree.args))
        compare = {"==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater}
        if tree.value == "in":
            return bool(np.isin(left, right))
        found = compare.get(tree.value, np.greater_equal)(left, right)
        return bool(found) if np.ndim(found) == 0 else found

    def of_And(self, tree: Expr) -> bool:
        """All of them."""
        return all(bool(self.value(a)) for a in tree.args)

    def of_Or(self, tree: Expr) -> bool:
        """One of them."""
        return any(bool(self.value(a)) for a in tree.args)

    def of_Not(self, tree: Expr) -> bool:
        """Not that."""
        return not self.value(tree.args[0])

    def of_Derivative(self, tree: Expr) -> Any:
        """What the engine finds."""
        if self.derivative is None:
            raise Impossible("there is no derivative here")
        return self.derivative(tree.args[0], tree.args[1], self)

    def of_Shape(self, tree: Expr) -> Any:
        """The lengths of all axes, as numbers."""
        found = shape(self.value(tree.args[0]))
        if tree.value == "len":
            return float(found[0])
        return float(np.prod(found)) if tree.value == "size" else np.array(found, float)

    def of_All(self, tree: Expr) -> Any:
        """Only within a subscript."""
        raise Impossible("a colon stands in subscripts only")

    of_New = of_Rest = of_Slice = of_All

    def of_Function(self, tree: Expr) -> Any:
        """Something that is only known as a function of all names."""
        try:
            found = tree.value(self.known)
        except Exception as error:  # a function of the user's may fail as it likes
            raise Misfit("function", [], f"{type(error).__name__}: {error}".split("\n")[0]) from None
        return getattr(found, "_data", found)


class Arrays(Values):
    """NumPy's reading."""

    base = 0

    def of_Index(self, tree: Expr) -> Any:
        """Any of NumPy's subscripts."""
        whole, *parts = tree.args
        x = self.value(whole)
        try:
            return x[tuple(self.position(p) for p in parts)]
        except IndexError as error:
            raise Misfit("getitem", [shape(x)], str(error)) from None

    def position(self, part: Expr) -> Any:
        """One subscript."""
        if part.head in ("All", "New", "Rest"):
            return {"All": slice(None), "New": None, "Rest": Ellipsis}[part.head]
        if part.head == "Slice":
            first, last = (None if p.head == "All" else self.whole(p) for p in part.args)
            return slice(first, last)
        x = self.value(part)
        return int(x) if np.ndim(x) == 0 else np.asarray(x).astype(int) if np.asarray(x).dtype != bool else x

    def of_List(self, tree: Expr) -> Any:
        """An array of its elements; of arrays of several shapes, what vstack takes."""
        found = [self.value(a) for a in tree.args]
        return stacked(found) if len({shape(x) for x in found}) == 1 else tuple(found)

    def of_Each(self, tree: Expr) -> Any:
        """An array of terms."""
        return stacked(self.over(tree))

    def do_zeros(self, *sizes: Any) -> Any:
        """Zeros."""
        return np.zeros(lengths(sizes))

    def do_ones(self, *sizes: Any) -> Any:
        """Ones."""
        return np.ones(lengths(sizes))

    def do_full(self, sizes: Any, x: Any) -> Any:
        """One number everywhere."""
        return x * np.ones(lengths((sizes,)))

    def do_eye(self, *sizes: Any) -> Any:
        """The unit matrix."""
        return np.eye(*lengths(sizes))

    do_identity = do_eye

    def do_arange(self, n: Any) -> Any:
        """0, 1, ..."""
        return np.arange(*lengths((n,)))

    def do_ones_like(self, x: Any) -> Any:
        """Ones in that shape."""
        return np.ones(shape(x))

    def do_zeros_like(self, x: Any) -> Any:
        """Zeros in that shape."""
        return np.zeros(shape(x))

    def do_one_hot(self, k: Any, n: Any) -> Any:
        """A one at k among n."""
        return np.eye(*lengths((n,)))[np.asarray(k).astype(int) - self.base]

    def do_argmax(self, x: Any, axis: int | None = None) -> Any:
        """Where the largest is."""
        return np.argmax(getattr(x, "_data", x), axis)

    def do_einsum(self, *operands: Any, subscripts: str) -> Any:
        """Sums of products over named axes."""
        return OPS["einsum"].public(subscripts, *operands)

    def do_where(self, condition: Any, x: Any, y: Any) -> Any:
        """One of two, element by element."""
        return OPS["where"].public(np.asarray(condition, bool), x, y)

    def do_select(self, *_: Any) -> Any:
        """Not part of the notation."""
        raise Impossible("write this or that with if and else")

    def do_vstack(self, *parts: Any) -> Any:
        """One above the other."""
        return OPS["concatenate"].public([p if len(shape(p)) > 1 else p[None] for p in elements(parts)], 0)

    def do_hstack(self, *parts: Any) -> Any:
        """Side by side."""
        rows = elements(parts)
        return OPS["concatenate"].public(rows, 0 if len(shape(rows[0])) == 1 else 1)

    def do_concatenate(self, *parts: Any, axis: int = 0) -> Any:
        """One after the other along an axis."""
        return OPS["concatenate"].public(elements(parts), axis)

    def do_scatter_add(self, sizes: Any, index: Any, rows: Any) -> Any:
        """Rows added where they belong; one that comes twice counts twice."""
        found = np.zeros(lengths((sizes,)))
        np.add.at(found, np.asarray(index).astype(int), rows)
        return found

    def do_scatter_set(self, sizes: Any, index: Any, rows: Any) -> Any:
        """Rows put where they belong; of one that comes twice the last stays."""
        found = np.zeros(lengths((sizes,)))
        found[np.asarray(index).astype(int)] = rows
        return found

    def do_logsumexp(self, x: Any, axis: int | None = -1, keepdims: bool = False) -> Any:
        """Along the last axis, as for examples in rows."""
        return OPS["logsumexp"].public(x, axis, keepdims)

    def do_copy(self, x: Any) -> Any:
        """The same."""
        return x

    do_astype = do_copy


class Columns(Arrays):
    """The blackboard's reading."""

    base = 1

    def named(self, word: str) -> Any:
        """A vector as a column."""
        return column(super().named(word))

    def applied(self, head: str, args: list[Any], options: dict[str, Any]) -> Any:
        """The shapes of elementwise operations have to fit without that a column meets a row."""
        op = OPS.get(head)
        if op is not None and op.elementwise and len(args) == 2:
            fitting(head, *args)
        return number_if(super().applied(head, args, options))

    def do_matmul(self, x: Any, y: Any) -> Any:
        """The product of matrices; with a number, a multiple."""
        if shape(x) == () or shape(y) == ():
            return x * y
        if len(shape(x)) != 2 or len(shape(y)) != 2 or shape(x)[1] != shape(y)[0]:
            raise Misfit("matmul", [shape(x), shape(y)])
        return OPS["matmul"].public(x, y)

    def do_transpose(self, x: Any) -> Any:
        """Rows for columns."""
        return x if shape(x) == () else OPS["matrix_transpose"].public(x)

    def do_outer(self, x: Any, y: Any) -> Any:
        """x yᵀ."""
        return OPS["outer"].public(x.reshape(-1), y.reshape(-1))

    def do_inner(self, x: Any, y: Any) -> Any:
        """xᵀ y."""
        fitting("inner", x, y)
        return (x * y).sum()

    def reduced(self, head: str, x: Any, axis: int | None = None, keepdims: bool = True) -> Any:
        """Over everything, or down the columns (a row is left) or along the rows (a column is)."""
        return x if shape(x) == () else OPS[head].public(x) if axis is None else OPS[head].public(x, axis, True)

    def do_sum(self, x: Any, **options: Any) -> Any:
        """See reduced."""
        return self.reduced("sum", x, **options)

    def do_mean(self, x: Any, **options: Any) -> Any:
        """See reduced."""
        return self.reduced("mean", x, **options)

    def do_max(self, x: Any, **options: Any) -> Any:
        """See reduced."""
        return self.reduced("max", x, **options)

    def do_min(self, x: Any, **options: Any) -> Any:
        """See reduced."""
        return self.reduced("min", x, **options)

    def along(self, x: Any, axis: int | None) -> int:
        """Down a column; of a matrix, each row."""
        return axis if axis is not None else 0 if shape(x)[1:] == (1,) else -1

    def do_softmax(self, x: Any, axis: int | None = None) -> Any:
        """Down a column; of a matrix, each row."""
        return OPS["softmax"].public(x, self.along(x, axis))

    def do_log_softmax(self, x: Any, axis: int | None = None) -> Any:
        """Down a column; of a matrix, each row."""
        return OPS["log_softmax"].public(x, self.along(x, axis))

    def do_logsumexp(self, x: Any, axis: int | None = None, keepdims: bool = True) -> Any:
        """Down a column; of a matrix, each row."""
        return OPS["logsumexp"].public(x, self.along(x, axis), True)

    def do_diag(self, x: Any) -> Any:
        """The matrix with that diagonal; of a matrix, its diagonal."""
        return column(OPS["diag"].public(x.reshape(-1) if 1 in shape(x) else x))

    def do_diagonal(self, x: Any) -> Any:
        """The diagonal."""
        return column(OPS["diagonal"].public(x))

    def do_arange(self, n: Any) -> Any:
        """1, 2, ... n."""
        return column(1.0 + np.arange(*lengths((n,))))

    def do_one_hot(self, k: Any, n: Any) -> Any:
        """The unit vector number k."""
        return column(np.eye(*lengths((n,)))[int(k) - 1])

    def do_zeros(self, *sizes: Any) -> Any:
        """A column of zeros, or a matrix."""
        return column(super().do_zeros(*sizes))

    def do_ones(self, *sizes: Any) -> Any:
        """A column of ones, or a matrix."""
        return column(super().do_ones(*sizes))

    def do_full(self, sizes: Any, x: Any) -> Any:
        """One number everywhere."""
        return column(super().do_full(sizes, x))

    def do_einsum(self, *operands: Any, subscripts: str) -> Any:
        """Of columns, the one axis that they have."""
        wanted = [len(t.replace("...", "")) for t in subscripts.partition("->")[0].split(",")]
        fitted = [x.reshape(-1) if n == 1 and len(shape(x)) == 2 else x for x, n in zip(operands, wanted)]
        return column(OPS["einsum"].public(subscripts, *fitted))

    def do_vstack(self, *parts: Any) -> Any:
        """One above the other."""
        return OPS["concatenate"].public([p if len(shape(p)) > 1 else as_matrix(p) for p in elements(parts)], 0)

    def do_hstack(self, *parts: Any) -> Any:
        """Side by side."""
        return OPS["concatenate"].public([p if len(shape(p)) > 1 else as_matrix(p) for p in elements(parts)], 1)

    def of_List(self, tree: Expr) -> Any:
        """Numbers are a column; vectors and matrices are left for vstack."""
        found = [self.value(a) for a in tree.args]
        return column(stacked(found)) if all(shape(x) == () for x in found) else tuple(found)

    def of_Each(self, tree: Expr) -> Any:
        """Of numbers a column; of vectors the matrix whose rows they are; of matrices all of them."""
        found = self.over(tree)
        if found and len(shape(found[0])) == 2 and 1 in shape(found[0]):
            found = [x.reshape(-1) for x in found]
        return column(stacked(found))

    def of_Index(self, tree: Expr) -> Any:
        """t[j], C[i, j]; C[j] is row j as a column, C[i, :] as a row, C[:, j] the column j."""
        whole, *parts = tree.args
        x = self.value(whole)
        dims = shape(x)
        if len(dims) == 2 and 1 in dims and len(parts) == 1 and parts[0].head not in ("New",):
            inner = x.reshape(-1)[self.one(parts[0], max(dims))]
            return column(inner) if dims[1] == 1 or not shape(inner) else inner[None]
        if len(parts) > len(dims) or not parts:
            raise Misfit("getitem", [dims], f"{len(parts)} subscripts for {len(dims)} axes")
        keys = [self.one(p, n) for p, n in zip(parts, dims)]
        found = x[tuple(keys)]
        if len(keys) == 2 and len(dims) == 2 and len(shape(found)) == 1:
            return found[None] if isinstance(keys[0], int) else column(found)
        return column(found)

    def one(self, part: Expr, n: int) -> Any:
        """A subscript, counted from one."""
        if part.head in ("All", "Rest"):
            return slice(None)
        if part.head == "Slice":
            first, last = (None if p.head == "All" else self.whole(p) for p in part.args)
            return slice(None if first is None else first - 1, last)
        if part.head == "New":
            raise Impossible("None in a subscript is NumPy's; here vectors are columns")
        x = self.value(part)
        if np.size(x) > 1:
            return np.asarray(x).ravel().astype(int) - 1
        i = self.whole(part)
        if not 1 <= i <= n:
            raise Impossible(f"a subscript {i} of what has {n}")
        return i - 1


def column(x: Any) -> Any:
    """A vector as a column; anything else as it is."""
    return x[:, None] if len(shape(x)) == 1 else number_if(x)


def number_if(x: Any) -> Any:
    """A product 1 by 1 is a number."""
    return x[0, 0] if shape(x) == (1, 1) else x


def as_matrix(x: Any) -> Any:
    """A number 1 by 1."""
    return x.reshape(1, 1) if hasattr(x, "reshape") else np.full((1, 1), x)


def fitting(head: str, x: Any, y: Any) -> None:
    """Misfit, unless shapes are the same, one is a number, or a row or column is stretched over a matrix."""
    a, b = shape(x), shape(y)
    if a == b or () in (a, b):
        return
    stretched = len(a) == len(b) and all(m == n or 1 in (m, n) for m, n in zip(a, b))
    both = any(m == 1 != n for m, n in zip(a, b)) and any(n == 1 != m for m, n in zip(a, b))
    if not stretched or both:
        raise Misfit(head, [a, b])


def lengths(sizes: Any) -> tuple[int, ...]:
    """Lengths of axes, from numbers or from one tuple of them."""
    flat = [float(n) for s in sizes for n in np.ravel(getattr(s, "_data", s))]
    if any(not 0 <= n <= 10_000 for n in flat) or np.prod(flat, initial=1.0) > MOST_NUMBERS:
        raise Impossible("an array of that size is not needed")
    return tuple(int(n) for n in flat)


def elements(parts: tuple[Any, ...]) -> list[Any]:
    """What is to be put together: given one by one, or in a list."""
    return list(parts[0]) if len(parts) == 1 else list(parts)


def stacked(found: list[Any]) -> Any:
    """Arrays along a new first axis; Tensors as well."""
    if len({shape(x) for x in found}) > 1:
        raise Misfit("stack", [shape(x) for x in found])
    if any(hasattr(x, "_data") for x in found):
        return OPS["stack"].public([x if hasattr(x, "_data") else np.asarray(x, float) for x in found])
    return np.array(found)


assert {f"do_{maker}" for maker in MAKERS} <= set(dir(Arrays)) and "where" in CHOOSERS
