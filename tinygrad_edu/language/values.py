"""The value of a tree by the rules of the blackboard.

A vector is a column, u.T a row; products have to fit; subscripts count from one; and a product 1 by 1 is a number.
``Arrays`` is the other reading of the same notation, NumPy's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import OPS
from .arrays import Arrays, elements, lengths, stacked, unit
from .computing import Impossible, Misfit, Values, shape
from .tree import Expr

__all__ = ["Arrays", "Columns", "Impossible", "Misfit", "Values", "column", "shape"]

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Columns(Arrays):
    """The blackboard's reading."""

    base = 1
    rows = False  # may a column stand where only a row fits, as where derivatives of numbers are rows?
    inner = True  # is a product of two columns the sum of products, as that of two vectors is in NumPy?

    def named(self, word: str) -> Any:
        return column(super().named(word))

    def applied(self, head: str, args: list[Any], options: dict[str, Any]) -> Any:
        """The shapes of elementwise operations have to fit without that a column meets a row."""
        op = OPS.get(head)
        if op is not None and op.elementwise and len(args) == 2:
            if head in ("add", "subtract"):
                args = self.lying(*args)
            fitting(head, *args)
        return number_if(super().applied(head, args, options))

    def lying(self, x: Any, y: Any) -> list[Any]:
        """A column that fits only as a row is one: examples are rows often, and b is added to each."""
        a, b = shape(x), shape(y)
        if len(a) == len(b) == 2 and a[0] != b[0]:
            if b[1] == 1 < a[1] == b[0] and a[0] != 1:
                return [x, self.do_transpose(y)]
            if a[1] == 1 < b[1] == a[0] and b[0] != 1:
                return [self.do_transpose(x), y]
        return [x, y]

    def do_matmul(self, x: Any, y: Any) -> Any:
        """The product of matrices; with a number, a multiple."""
        if shape(x) == () or shape(y) == ():
            return x * y
        if len(shape(x)) > 2 or len(shape(y)) > 2:
            return chained(x, y)
        if self.rows and shape(x)[1] == 1 < shape(y)[1] and shape(x)[0] == shape(y)[0]:
            x = self.do_transpose(x)
        elif self.inner and shape(x) == shape(y) and shape(x)[1] == 1 < shape(x)[0] and not self.rows:
            x = self.do_transpose(x)
        if len(shape(x)) != 2 or len(shape(y)) != 2 or shape(x)[1] != shape(y)[0]:
            raise Misfit("matmul", [shape(x), shape(y)])
        return OPS["matmul"].public(x, y)

    def do_transpose(self, x: Any) -> Any:
        """Rows for columns; of the derivative of a vector with respect to a matrix, the axis of the vector last."""
        n = len(shape(x))
        if n > 2:
            axes = LETTERS[:n]
            first = axes[: n // 2]
            return OPS["einsum"].public(f"{axes}->{axes[n // 2 :]}{first}", x)
        return x if shape(x) == () else OPS["matrix_transpose"].public(x)

    def do_inv(self, x: Any) -> Any:
        """The inverse of a matrix; of a number, one by it."""
        return 1 / x if shape(x) == () else OPS["inv"].public(x)

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
        return self.reduced("sum", x, **options)

    def do_mean(self, x: Any, **options: Any) -> Any:
        return self.reduced("mean", x, **options)

    def do_max(self, x: Any, **options: Any) -> Any:
        return self.reduced("max", x, **options)

    def do_min(self, x: Any, **options: Any) -> Any:
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

    def do_reshape(self, x: Any, *sizes: Any) -> Any:
        """The same numbers in another shape."""
        return column(super().do_reshape(x, *sizes))

    def do_diag(self, x: Any) -> Any:
        """The matrix with that diagonal; of a matrix, its diagonal."""
        return column(OPS["diag"].public(x.reshape(-1) if 1 in shape(x) else x))

    def do_diagonal(self, x: Any) -> Any:
        return column(OPS["diagonal"].public(x))

    def do_arange(self, n: Any) -> Any:
        """1, 2, ... n."""
        return column(1.0 + np.arange(*lengths((n,))))

    def do_one_hot(self, k: Any, n: Any) -> Any:
        return column(unit(*lengths((n,)))[int(k) - 1])

    def do_zeros(self, *sizes: Any) -> Any:
        return column(super().do_zeros(*sizes))

    def do_ones(self, *sizes: Any) -> Any:
        return column(super().do_ones(*sizes))

    def do_full(self, sizes: Any, x: Any) -> Any:
        return column(super().do_full(sizes, x))

    def do_einsum(self, *operands: Any, subscripts: str) -> Any:
        """Of columns, the one axis that they have."""
        wanted = [len(t.replace("...", "")) for t in subscripts.partition("->")[0].split(",")]
        fitted = [x.reshape(-1) if n == 1 and len(shape(x)) == 2 else x for x, n in zip(operands, wanted)]
        return column(OPS["einsum"].public(subscripts, *fitted))

    def do_vstack(self, *parts: Any) -> Any:
        return OPS["concatenate"].public([p if len(shape(p)) > 1 else as_matrix(p) for p in elements(parts)], 0)

    def do_hstack(self, *parts: Any) -> Any:
        return OPS["concatenate"].public([p if len(shape(p)) > 1 else as_matrix(p) for p in elements(parts)], 1)

    def of_List(self, tree: Expr) -> Any:
        """Numbers are a column; vectors and matrices are left for vstack."""
        found = [self.value(a) for a in tree.args]
        return column(stacked(found)) if all(shape(x) == () for x in found) else tuple(found)

    def of_Each(self, tree: Expr) -> Any:
        """Of numbers a column; of vectors the matrix whose rows they are; of matrices all of them."""
        found = self.over(tree)
        dims = next((shape(x) for x in found if shape(x)), ())
        found = [x if shape(x) else x * np.ones(dims) for x in found]  # 0 beside vectors is one of them
        if len(dims) == 2 and 1 in dims and {shape(x) for x in found} == {dims}:
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
        if part.head in ("All", "Rest", "Backwards"):
            return slice(None, None, -1 if part.head == "Backwards" else None)
        if part.head == "Slice":
            first, last = (None if p.head == "All" else self.whole(p) for p in part.args)
            return slice(None if first is None else first - 1, last)
        if part.head == "New":
            raise Impossible("None in a subscript is NumPy's; here vectors are columns")
        if part.head != "Name" or type(x := self.known.get(part.value)) is not int:
            x = self.value(part)
        if not isinstance(x, (int, float)) and np.size(x) > 1:
            return np.asarray(x).ravel().astype(int) - 1
        i = self.whole(part)
        if not 1 <= i <= n:
            raise Misfit("getitem", [(n,)], f"there is no number {i} among {n}")
        return i - 1


def chained(x: Any, y: Any) -> Any:
    """A product of derivatives with more than two axes: the sum over all that they have in common, where they meet."""
    a, b = (tuple(n for n in shape(z) if n != 1) for z in (x, y))
    common = next((n for n in range(min(len(a), len(b)), 0, -1) if a[-n:] == b[:n]), 0)
    if not common:
        raise Misfit("matmul", [shape(x), shape(y)])
    first, both, last = LETTERS[: len(a) - common], LETTERS[8 : 8 + common], LETTERS[16 : 16 + len(b) - common]
    return column(OPS["einsum"].public(f"{first}{both},{both}{last}->{first}{last}", x.reshape(a), y.reshape(b)))


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
