"""Tree to NumPy: a line of Python for arrays as the user has them, where a vector has one axis.

A tree's vectors are columns and its transposes matter; an array with one axis is both a column and a row.  So each
piece says what it would be on the blackboard, and whether it is flat, with one axis, in NumPy.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..op import OPS
from .kinds import COLUMN, MATRIX, NUMBER, ROW, Kind, Ndims
from .slopes import slope
from .tree import Expr, call, name, number, walk

SUM, PRODUCT, SIGN, POWER, ATOM = 1, 2, 3, 4, 5
BINARY = {"add": ("+", SUM), "subtract": ("-", SUM), "multiply": ("*", PRODUCT), "divide": ("/", PRODUCT)}
ELSEWHERE = {"norm": "np.linalg.norm", "inv": "np.linalg.inv", "det": "np.linalg.det", "trace": "np.trace"}


class Source(NamedTuple):
    """Python, how strongly it holds together, what it is, and whether that has one axis where it could have two."""

    text: str
    holds: int = ATOM
    kind: Kind = NUMBER
    flat: bool = False
    matrix: bool = False  # a product with @, which next to * is put in parentheses


def python(tree: Expr, ndims: Ndims | None = None) -> str:
    """NumPy source of an expression.  ``ndims``: the number of axes, or the shape, of each name.

    >>> from tinygrad_edu.language.tree import call, name
    >>> outer = call("matmul", call("sigmoid'", name("a")), call("transpose", name("b")))
    >>> python(outer, {"a": 1, "b": 1})
    'np.outer(sigmoid(a) * (1 - sigmoid(a)), b)'
    """
    return Programmer(ndims or {}).source(tree).text


def identifier(word: str) -> str:
    """The name of a variable for a name: W_2 for W(2).

    >>> identifier("delta(1)"), identifier("lambda"), identifier("v'")
    ('delta_1', 'lambda_', 'v_prime')
    """
    text = "".join(c if c.isalnum() else "_" for c in word.replace("'", "_prime")).strip("_")
    return text + "_" if keyword.iskeyword(text) else text if text.isidentifier() else f"_{text}"


def held(piece: Source, level: int) -> str:
    """The piece, in parentheses if it does not hold together so strongly."""
    return piece.text if piece.holds >= level else f"({piece.text})"


class Programmer:
    """Writes the nodes of one tree; each of the methods one kind of node."""

    def __init__(self, ndims: Ndims) -> None:
        self.ndims = dict(ndims)
        self.shifted: dict[str, bool] = {}  # indices of sums: do they count from zero?

    def source(self, tree: Expr) -> Source:
        """A node with all that is below it."""
        special: Callable[..., Source] | None = getattr(self, f"_write_{tree.head}", None)
        if special:
            return special(tree, *tree.args)
        if tree.head.endswith("'"):
            x = self.source(tree.args[0])
            return self.source(slope(tree.head, tree.args[0]))._replace(kind=x.kind, flat=x.flat)
        if tree.head in BINARY:
            return self.elementwise(tree)
        if tree.head in OPS and OPS[tree.head].reduces:
            return self.reduced(tree)
        return self.called(tree)

    # Leaves.

    def _write_Number(self, tree: Expr) -> Source:
        x = tree.value
        if x == math.pi:
            return Source("np.pi")
        plain = isinstance(x, int) or not (math.isfinite(x) and x.is_integer() and abs(x) < 1e6)
        text = (
            repr(int(x) if isinstance(x, int) or not plain else float(x))
            .replace("inf", "np.inf")
            .replace("nan", "np.nan")
        )
        return Source(text, SIGN if text.startswith("-") else ATOM)

    def _write_Name(self, tree: Expr) -> Source:
        word = tree.value
        axes = self.ndims.get(word, 2 if word[:1].isupper() else 1)
        text = identifier(word)
        if isinstance(axes, tuple):
            shape = axes
            kind = (NUMBER, COLUMN)[len(shape)] if len(shape) < 2 else Kind(shape[-2] == 1, shape[-1] == 1)
            return Source(text, ATOM, kind, len(shape) == 1)
        return Source(text, ATOM, (NUMBER, COLUMN, MATRIX)[min(axes, 2)], axes == 1)

    def _write_ones(self, tree: Expr, *sizes: Expr) -> Source:
        return self.made("np.ones", sizes)

    def _write_zeros(self, tree: Expr, *sizes: Expr) -> Source:
        return self.made("np.zeros", sizes)

    def _write_eye(self, tree: Expr, *sizes: Expr) -> Source:
        return Source(f"np.eye({', '.join(self.source(s).text for s in sizes)})", ATOM, MATRIX)

    def made(self, function: str, sizes: tuple[Expr, ...]) -> Source:
        if len(sizes) == 1:
            return Source(f"{function}({self.source(sizes[0]).text})", ATOM, COLUMN, True)
        return Source(f"{function}(({', '.join(self.source(s).text for s in sizes)}))", ATOM, MATRIX)

    def _write_one_hot(self, tree: Expr, k: Expr, n: Expr) -> Source:
        at = self.source(call("subtract", k, number(1)) if k.head != "Number" else number(k.value - 1)).text
        return Source(f"np.eye({self.source(n).text})[{at}]", ATOM, COLUMN, True)

    # Element by element.

    def elementwise(self, tree: Expr) -> Source:
        """Two operands with a sign between; a flat column next to a matrix gets its second axis."""
        sign, level = BINARY[tree.head]
        x, y = self.together(*map(self.source, tree.args))
        left = held(x, level + (level == PRODUCT and x.matrix))
        right = held(y, level + (tree.head != "add"))
        return Source(f"{left} {sign} {right}", level, both(x, y), x.flat or y.flat)

    def together(self, x: Source, y: Source) -> tuple[Source, Source]:
        """Two operands in forms that broadcast as columns, rows and matrices do."""
        if x.flat != y.flat:
            x, y = (unflat(a) if a.flat and b.kind != NUMBER and not b.flat else a for a, b in ((x, y), (y, x)))
        return x, y

    def _write_negative(self, tree: Expr, x: Expr) -> Source:
        inner = self.source(x)
        return Source(f"-{held(inner, PRODUCT)}", PRODUCT if inner.holds == PRODUCT else SIGN, inner.kind, inner.flat)

    def _write_power(self, tree: Expr, x: Expr, y: Expr) -> Source:
        base, exponent = self.together(self.source(x), self.source(y))
        text = f"{held(base, ATOM)} ** {held(exponent, ATOM)}"
        return Source(text, POWER, both(base, exponent), base.flat or exponent.flat)

    def _write_square(self, tree: Expr, x: Expr) -> Source:
        return self._write_power(tree, x, number(2))

    def _write_reciprocal(self, tree: Expr, x: Expr) -> Source:
        return self.source(call("divide", number(1), x))

    def _write_positive(self, tree: Expr, x: Expr) -> Source:
        return self.source(x)

    # Products.

    def _write_transpose(self, tree: Expr, x: Expr) -> Source:
        inner = self.source(x)
        turned = Kind(inner.kind.one_column, inner.kind.one_row)
        if inner.flat or inner.kind == NUMBER:
            return inner._replace(kind=turned)
        return Source(f"{held(inner, ATOM)}.T", ATOM, turned)

    _write_matrix_transpose = _write_transpose

    def _write_matmul(self, tree: Expr, x: Expr, y: Expr) -> Source:
        left, right = self.source(x), self.source(y)
        if NUMBER in (left.kind, right.kind):
            other = right if left.kind == NUMBER else left
            first = held(left, PRODUCT + left.matrix)
            return Source(f"{first} * {held(right, PRODUCT + 1)}", PRODUCT, other.kind, other.flat)
        kind = Kind(left.kind.one_row, right.kind.one_column)
        if left.flat and right.flat and (left.kind, right.kind) == (COLUMN, ROW):
            return Source(f"np.outer({left.text}, {right.text})", ATOM, MATRIX)
        if left.flat and left.kind == COLUMN:
            left = unflat(left)
        if right.flat and right.kind == ROW:
            right = unflat(right)
        text = f"{held(left, PRODUCT + (not left.matrix))} @ {held(right, PRODUCT + 1)}"
        flat = left.flat or right.flat
        if kind == NUMBER and not flat:
            return Source(f"({text})[0, 0]", ATOM)
        return Source(text, PRODUCT, kind, flat and kind != NUMBER, matrix=True)

    def _write_outer(self, tree: Expr, x: Expr, y: Expr) -> Source:
        return self._write_matmul(tree, x, call("transpose", y))

    def _write_diag(self, tree: Expr, x: Expr) -> Source:
        inner = self.source(x)
        if inner.kind in (COLUMN, ROW) and not inner.flat:
            inner = Source(f"np.ravel({inner.text})", ATOM, inner.kind, True)
        return Source(f"np.diag({inner.text})", ATOM, MATRIX if inner.flat else COLUMN, not inner.flat)

    # Functions.

    def reduced(self, tree: Expr) -> Source:
        """Many numbers made one: all of them, down the columns, or along the rows."""
        inner = self.source(tree.args[0])
        options = dict(tree.value or ())
        axis = options.pop("axis", None)
        if tree.head == "logsumexp" and axis is None and inner.kind != COLUMN:
            axis = 1
        if inner.kind == NUMBER and tree.head != "logsumexp":
            return inner
        given = [inner.text] + [f"{k}={v!r}" for k, v in options.items()]
        function = self.function(tree.head)
        if axis is None or (inner.flat and (axis == 0) == (inner.kind == COLUMN)):
            return Source(f"{function}({', '.join(given)})")
        if inner.flat:
            return inner
        kind = Kind(True, inner.kind.one_column) if axis == 0 else Kind(inner.kind.one_row, True)
        return Source(f"{function}({', '.join([*given, f'axis={axis}'])})", ATOM, kind, kind != NUMBER)._replace(
            text=f"{function}({', '.join([*given, f'axis={axis}'])}){'[0]' * (kind == NUMBER)}"
        )

    def _write_softmax(self, tree: Expr, x: Expr) -> Source:
        inner = self.source(x)
        axis = dict(tree.value or ()).get("axis", 0 if inner.kind == COLUMN else None)
        said = f", axis={axis}" if axis is not None and not inner.flat else ""
        return inner._replace(text=f"{tree.head}({inner.text}{said})", holds=ATOM)

    _write_log_softmax = _write_softmax

    def function(self, head: str) -> str:
        return ELSEWHERE.get(head) or (f"np.{head}" if hasattr(np, head) else head)

    def called(self, tree: Expr) -> Source:
        """Any other operation."""
        given = [self.source(a) for a in tree.args]
        if len(given) == 2 and OPS[tree.head].elementwise:
            given = list(self.together(*given))
        options = [f"{key}={value!r}" for key, value in tree.value or ()]
        text = f"{self.function(tree.head)}({', '.join([g.text for g in given] + options)})"
        if (
            tree.head in ("trace", "det", "logabsdet", "inner", "cross_entropy", "mse", "binary_cross_entropy")
            or not given
        ):
            return Source(text)
        kind = both(*given[:2]) if len(given) > 1 else given[0].kind
        return Source(text, ATOM, kind, any(g.flat for g in given))

    # Subscripts, sums and cases.

    def _write_Index(self, tree: Expr, whole: Expr, *subscripts: Expr) -> Source:
        if whole.head == "Shape":
            return Source(f"{held(self.source(whole), ATOM)}[{self.position(subscripts[0])}]")
        base = self.source(whole)
        below = ", ".join(map(self.position, subscripts))
        ranges = [s.head in ("All", "Slice") for s in subscripts]
        if base.flat or len(ranges) == 1 or not any(ranges):
            inner = not base.flat and len(ranges) == 1 and base.kind not in (COLUMN, ROW)
            if not base.flat and len(ranges) == 1 and base.kind in (COLUMN, ROW):
                below = f"{below}, 0" if base.kind == COLUMN else f"0, {below}"
            kind = COLUMN if inner else base.kind if any(ranges) else NUMBER
            return Source(f"{held(base, ATOM)}[{below}]", ATOM, kind, inner or (base.flat and any(ranges)))
        kind = MATRIX if all(ranges) else COLUMN if ranges[0] else ROW
        return Source(f"{held(base, ATOM)}[{below}]", ATOM, kind, not all(ranges))

    def position(self, tree: Expr) -> str:
        """A subscript, counted from zero."""
        if tree.head == "All":
            return ":"
        if tree.head == "Slice":
            first, last = tree.args
            start = "" if first.head == "All" else self.position(first)
            return f"{start}:{'' if last.head == 'All' else self.source(last).text}"
        if tree.head == "Number":
            return str(int(tree.value) - 1)
        if tree.head == "Name" and self.shifted.get(tree.value):
            return str(tree.value)
        return f"{held(self.source(tree), SUM)} - 1"

    def _write_Sum(self, tree: Expr, term: Expr, first: Expr, last: Expr, *condition: Expr) -> Source:
        outer = self.ndims.get(tree.value), self.shifted.get(tree.value)
        index, start, end = tree.value, self.source(first).text, self.source(last)
        self.ndims[index] = 0
        self.shifted[index] = start == "1" and all(only_subscript(t, index) for t in (term, *condition))
        inner = self.source(term)
        where = "".join(f" if {self.source(c).text}" for c in condition)
        over = f"range({end.text})" if self.shifted[index] else f"range({start}, {held(end, SUM)} + 1)"
        self.ndims[index], self.shifted[index] = outer[0] if outer[0] is not None else 0, bool(outer[1])
        return Source(f"sum({inner.text} for {index} in {over}{where})", ATOM, inner.kind, inner.flat)

    def _write_If(self, tree: Expr, condition: Expr, this: Expr, other: Expr) -> Source:
        parts = [self.source(a) for a in (condition, this, other)]
        if any(p.kind != NUMBER and not p.flat for p in parts):
            parts = [unflat(p) if p.flat else p for p in parts]
        kind = both(*parts[1:])
        kind = both(parts[0], Source("", ATOM, kind))
        return Source(f"np.where({', '.join(p.text for p in parts)})", ATOM, kind, any(p.flat for p in parts))

    def _write_Compare(self, tree: Expr, x: Expr, y: Expr) -> Source:
        left, right = self.together(self.source(x), self.source(y))
        return Source(
            f"{held(left, SUM)} {tree.value} {held(right, SUM)}", 0, both(left, right), left.flat or right.flat
        )

    def _write_And(self, tree: Expr, *parts: Expr) -> Source:
        return Source(" & ".join(f"({self.source(p).text})" for p in parts), 0)

    def _write_Or(self, tree: Expr, *parts: Expr) -> Source:
        return Source(" | ".join(f"({self.source(p).text})" for p in parts), 0)

    def _write_Not(self, tree: Expr, x: Expr) -> Source:
        return Source(f"~({self.source(x).text})", SIGN)

    def _write_Shape(self, tree: Expr, x: Expr) -> Source:
        inner = held(self.source(x), ATOM)
        return Source(f"{inner}.size" if tree.value == "size" else f"{inner}.shape" + "[0]" * (tree.value == "len"))

    def _write_Derivative(self, tree: Expr, of: Expr, wrt: Expr) -> Source:
        raise ValueError("a derivative that is only named has no NumPy source")

    _write_Each = _write_List = _write_Derivative


def both(x: Source, y: Source) -> Kind:
    """What two operands make, element by element."""
    return Kind(x.kind.one_row and y.kind.one_row, x.kind.one_column and y.kind.one_column)


def unflat(x: Source) -> Source:
    """A column or row with its second axis."""
    return Source(f"{held(x, ATOM)}[{':, None' if x.kind == COLUMN else 'None, :'}]", ATOM, x.kind)


def only_subscript(tree: Expr, index: str) -> bool:
    """Is the index nothing but a subscript, so that it may as well count from zero?"""
    as_subscript = sum(a == name(index) for _, n in walk(tree) if n.head == "Index" for a in n.args[1:])
    return as_subscript == sum(node == name(index) for _, node in walk(tree))
