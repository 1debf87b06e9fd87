r"""Tree to LaTeX and to a line of text, as textbooks print it, and so that it can be read again.

How an operation is written is its own notation; here is only what trees have besides: how products of several kinds
stand next to each other.  A piece says how strongly it holds together, and whether it would reach for what follows: in
\sum a b it is all of a b that is summed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from ..language import op_notation as notation
from ..op import OPS
from ..op import op as Op
from .kinds import COLUMN, NUMBER, Kinds, Ndims
from .lines import line
from .numpy_source import python as python
from .pieces import (  # fmt: skip
    ALL,
    FRACTION,
    FUNCTION,
    HADAMARD,
    POWER,
    PRODUCT,
    PRODUCTS_ONLY,
    SUM,
    WHOLE,
    Piece,
    beside,
    enclosed,
    functions,
    held,
    number,
)
from .symbols import symbol, words
from .tree import Expr, call, names

SIGNS = {"==": "=", "!=": r"\neq", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">", "in": r"\in"}


def latex(tree: Expr, ndims: Ndims | None = None) -> str:
    r"""LaTeX of an expression.  ``ndims``: the number of axes (or the shape) of each name, as far as it is known.

    >>> from tinygrad_edu.language.tree import call, name
    >>> W, v, y = map(name, ("W(2)", "v(1)", "y"))
    >>> print(latex(call("multiply", call("sigmoid'", v), call("matmul", call("transpose", W), y))))
    \sigma'\left(v^{(1)}\right) \odot \left(W^{(2)\top} \, y\right)
    """
    return Writer(ndims or {}, names(tree)).piece(tree).latex


def text(tree: Expr, ndims: Ndims | None = None) -> str:
    """The same on one line.

    >>> from tinygrad_edu.language.tree import call, name
    >>> text(call("multiply", call("sigmoid'", name("v(1)")), call("matmul", name("W"), name("y_hat"))))
    'σ′(v⁽¹⁾) ⊙ (W ŷ)'
    """
    return line(latex(tree, ndims))


class Writer:
    """Writes the nodes of one tree; each of the methods one kind of node."""

    def __init__(self, ndims: Ndims, used: set[str]) -> None:
        self.known, self.guessed = Kinds(ndims), Kinds(ndims, guess=True)
        # Who has a name σ means that by it, and not the sigmoid; so the functions are told apart by their own names.
        symbols = {symbol(word) for word in used | set(ndims)}
        self.has_pi = r"\pi" in symbols
        self.taken = [latex for latex in (r"\sigma", "e^") if latex.rstrip("^") in symbols]

    def piece(self, tree: Expr) -> Piece:
        special = getattr(self, f"_write_{tree.head}", None)
        if special:
            written: Piece = special(tree, *tree.args)
            return written
        if tree.head.endswith("'"):
            return self.prime(tree)
        return self.operation(tree)

    def inner(self, tree: Expr) -> str:
        """A node between brackets or braces of its own."""
        return self.piece(tree).latex

    def is_number(self, tree: Expr) -> bool:
        return self.known.of(tree) == NUMBER

    # Leaves.

    def _write_Number(self, tree: Expr) -> Piece:
        return Piece(r"\pi") if tree.value == math.pi and not self.has_pi else number(tree.value)

    def _write_Name(self, tree: Expr) -> Piece:
        latex = symbol(tree.value)
        return Piece(latex, POWER if "^" in latex or latex.endswith("'") else WHOLE)

    def _write_All(self, tree: Expr) -> Piece:
        return Piece(":")

    def _write_New(self, tree: Expr) -> Piece:
        return Piece(r"\text{None}")

    def _write_Rest(self, tree: Expr) -> Piece:
        return Piece(r"\ldots")

    def _write_Slice(self, tree: Expr, first: Expr, last: Expr) -> Piece:
        return Piece(":".join("" if end.head == "All" else self.inner(end) for end in (first, last)))

    def _write_ones(self, tree: Expr, *sizes: Expr) -> Piece:
        return self.of_size(r"\mathbf{1}", sizes)

    def _write_zeros(self, tree: Expr, *sizes: Expr) -> Piece:
        return self.of_size(r"\mathbf{0}", sizes)

    def _write_eye(self, tree: Expr, *sizes: Expr) -> Piece:
        return self.of_size(r"\mathbf{I}", sizes)

    def of_size(self, latex: str, sizes: Sequence[Expr]) -> Piece:
        """Ones, zeros or the identity, with its size if that is more than a look at an array."""
        if any(node.head == "Shape" for size in sizes for node in (size, *size.args)):
            return Piece(latex)
        below = r" \times ".join(held(self.piece(size), PRODUCT) for size in sizes)
        return Piece(latex + (f"_{{{below}}}" if below else ""))

    def _write_one_hot(self, tree: Expr, which: Expr, *sizes: Expr) -> Piece:
        if tree.value == 0:  # counted from zero
            return Piece(rf"\mathbf{{e}}_{{{self.inner(which)}}}")
        told = tuple(s for s in sizes if not any(node.head == "Shape" for node in (s, *s.args)))
        return Piece(r"\operatorname{one\_hot}" + self.given(tree._replace(args=(which, *told))))

    # Sums.

    def _write_add(self, tree: Expr, x: Expr, y: Expr) -> Piece:
        return self.terms(x, "+", y)

    def _write_subtract(self, tree: Expr, x: Expr, y: Expr) -> Piece:
        return self.terms(x, "-", y)

    def terms(self, x: Expr, sign: str, y: Expr) -> Piece:
        """Two terms.  A sum over an index ends before the sign, if the index does not come again."""
        left, right = self.piece(x), self.piece(y)
        again = any(node.head == "Sum" and node.value in names(y) for node in terms(x))
        before = enclosed(left.latex) if left.reaches == ALL or again else left.latex
        return Piece(f"{before} {sign} {held(right, HADAMARD)}", SUM, right.reaches)

    def _write_negative(self, tree: Expr, x: Expr) -> Piece:
        piece = self.piece(x)
        divided = x.head == "divide" and piece.holds == HADAMARD
        return Piece(f"-{enclosed(piece.latex) if divided else held(piece, HADAMARD)}", SUM, piece.reaches)

    def _write_sum(self, tree: Expr, x: Expr) -> Piece:
        options = dict(tree.value or ())
        ones = call("ones")
        if options.get("axis") == 0 and len(options) == 1:
            return self._write_matmul(tree, call("transpose", ones), x)
        if options.get("axis") == 1 and len(options) == 1:
            return self._write_matmul(tree, x, ones)
        return self.named(tree) if options else Piece(rf"\sum {held(self.piece(x), HADAMARD)}", FRACTION, ALL)

    def _write_Sum(self, tree: Expr, term: Expr, first: Expr, last: Expr, *condition: Expr) -> Piece:
        outer = self.known, self.guessed
        self.known, self.guessed = self.known.within(tree.value), self.guessed.within(tree.value)
        where = "".join(f", {self.inner(c)}" for c in condition)
        everything = first == Expr("Number", (), 1) and "Shape" in (last.head, *(a.head for a in last.args))
        below = symbol(tree.value) + ("" if everything else f"={self.inner(first)}") + where
        if everything and len(condition) == 1 and where.startswith(f", {below.partition(',')[0]} "):
            below = where[2:]  # j ≠ i
        written = held(self.piece(term), HADAMARD)
        self.known, self.guessed = outer
        above = "" if everything else f"^{{{self.inner(last)}}}"
        return Piece(rf"\sum_{{{below}}}{above} {written}", FRACTION, PRODUCTS_ONLY)

    def _write_Each(self, tree: Expr, term: Expr, first: Expr, last: Expr, *condition: Expr) -> Piece:
        over = self._write_Sum(tree, term, first, last, *condition).latex.removeprefix(r"\sum")
        ends, _, _ = over.partition("} ")
        return Piece(rf"\left[{self.inner(term)}\right]{ends}}}")

    # Products.

    def _write_matmul(self, tree: Expr, x: Expr, y: Expr) -> Piece:
        """Factors side by side: a b c is (a b) c, which is a (b c) too, unless b c is a number."""
        left, right = self.piece(x), self.piece(y)
        scalar = self.guessed.of(x) == NUMBER
        first = held(left, PRODUCT, last=False)
        if x.head in ("matmul", "sum") and left.holds == PRODUCT and scalar and self.guessed.of(y) != NUMBER:
            first = enclosed(left.latex)  # (1ᵀy) g
        chains = right.holds == PRODUCT and y.head in ("matmul", "sum") and (
            scalar or self.guessed.of(y) != NUMBER
        )  # fmt: skip
        return Piece(beside(first, right.latex if chains else held(right, FRACTION)), PRODUCT, right.reaches)

    def _write_multiply(self, tree: Expr, x: Expr, y: Expr) -> Piece:
        """Hadamard's product; with a number it is written without a sign, and the number first."""
        if self.is_number(y) and not self.is_number(x):
            x, y = y, x
        left, right = self.piece(x), self.piece(y)
        if self.is_number(x):
            if left.reaches and not right.reaches and self.is_number(y):
                left, right = right, left
            first = held(left, FRACTION if x.head == "matmul" else PRODUCT, last=False)
            rest = right.latex if right.holds == PRODUCT else held(right, FRACTION)
            return Piece(beside(first, rest), PRODUCT, right.reaches)
        chained = [a.head == "multiply" and p.holds == HADAMARD for a, p in ((x, left), (y, right))]
        before = held(left, HADAMARD if chained[0] else FRACTION, last=False)
        return Piece(rf"{before} \odot {held(right, HADAMARD if chained[1] else FRACTION)}", HADAMARD, right.reaches)

    def _write_divide(self, tree: Expr, x: Expr, y: Expr) -> Piece:
        above, below = self.known.of(x), self.known.of(y)
        if None not in (above, below) and NUMBER not in (above, below):
            left, right = self.piece(x), self.piece(y)
            shown = held(left, FRACTION, last=False), held(right, FRACTION)
            return Piece(rf"{shown[0]} \oslash {shown[1]}", HADAMARD, right.reaches)
        return Piece(rf"\frac{{{self.inner(x)}}}{{{self.inner(y)}}}", FRACTION)

    def _write_reciprocal(self, tree: Expr, x: Expr) -> Piece:
        return self._write_divide(tree, Expr("Number", (), 1), x)

    # Exponents and subscripts.

    def _write_transpose(self, tree: Expr, x: Expr) -> Piece:
        return Piece(self.raised(self.piece(x), r"\top"), POWER)

    def _write_matrix_transpose(self, tree: Expr, x: Expr) -> Piece:
        return self._write_transpose(tree, x)

    def _write_power(self, tree: Expr, x: Expr, y: Expr) -> Piece:
        exponent = self.inner(y)
        if y == Expr("Number", (), -1):
            return self._write_reciprocal(tree, x)
        base = self.piece(x)
        if base.latex == "e" or re.match(r"\\(?!sigma)[a-z]{3,}('*|\{.*?\}'*)(\\left)?\(", base.latex):
            base = Piece(enclosed(base.latex))  # an exponent of the function, or of its argument?
        if exponent == "T":
            exponent = "+T"  # to the power T, and not transposed
        return Piece(self.raised(base._replace(holds=min(base.holds, POWER) if "^" in base.latex else base.holds),
                                 exponent), POWER)  # fmt: skip

    def _write_square(self, tree: Expr, x: Expr) -> Piece:
        return self._write_power(tree, x, Expr("Number", (), 2))

    def raised(self, base: Piece, exponent: str) -> str:
        """Something with an exponent; W^{(2)} transposed is W^{(2)\\top}."""
        if exponent == r"\top" and re.fullmatch(r"[^{}^]*(\{[^{}]*\}[^{}^]*)*\^\{\([^{}]*\)\}", base.latex):
            return f"{base.latex[:-1]}\\top}}"
        return f"{held(base, WHOLE)}^{{{exponent}}}"

    def _write_Index(self, tree: Expr, whole: Expr, *subscripts: Expr) -> Piece:
        base = self.piece(whole)
        below = ", ".join(self.inner(s) for s in subscripts)
        if tree.value == 0:  # counted from zero, as in Python's brackets
            return Piece(f"{base.latex if whole.head == 'Name' else enclosed(base.latex)}_{{[{below}]}}")
        if whole.head != "Name" or "_" in base.latex or base.latex.endswith("'") or r"\text" in base.latex:
            return Piece(f"{enclosed(base.latex)}_{{{below}}}")
        return Piece(f"{base.latex}_{{{below}}}", base.holds)

    # Cases and conditions.

    def _write_If(self, tree: Expr, condition: Expr, this: Expr, other: Expr) -> Piece:
        if [a.value for a in (this, other) if a.head == "Number"] == [1, 0]:
            return Piece(rf"\mathbf{{1}}_{{[{self.inner(condition)}]}}")
        rows = rf"{self.inner(this)} & \text{{if }} {self.inner(condition)} \\ {self.inner(other)} & \text{{otherwise}}"
        return Piece(rf"\begin{{cases}} {rows} \end{{cases}}")

    def _write_Compare(self, tree: Expr, x: Expr, y: Expr) -> Piece:
        return Piece(f"{self.inner(x)} {SIGNS[tree.value]} {self.inner(y)}", 0)

    def _write_And(self, tree: Expr, *parts: Expr) -> Piece:
        return Piece(r" \land ".join(self.inner(p) for p in parts), 0)

    def _write_Or(self, tree: Expr, *parts: Expr) -> Piece:
        return Piece(r" \lor ".join(self.inner(p) for p in parts), 0)

    def _write_Not(self, tree: Expr, x: Expr) -> Piece:
        return Piece(rf"\lnot {enclosed(self.inner(x))}", 0)

    def _write_Derivative(self, tree: Expr, of: Expr, wrt: Expr) -> Piece:
        above, below = (held(self.piece(x), POWER) for x in (of, wrt))
        return Piece(rf"\frac{{\partial {above}}}{{\partial {below}}}", FRACTION)

    def _write_Shape(self, tree: Expr, x: Expr) -> Piece:
        return Piece(rf"\operatorname{{{tree.value}}}" + self.given(tree))

    def _write_List(self, tree: Expr, *elements: Expr) -> Piece:
        return Piece(rf"\left[{', '.join(map(self.inner, elements))}\right]")

    # Operations, by their own notation.

    def _write_xlogy(self, tree: Expr, x: Expr, y: Expr) -> Piece:
        return self.piece(call("multiply", x, call("log", y)))

    def _write_outer(self, tree: Expr, x: Expr, y: Expr) -> Piece:
        return self.piece(call("matmul", x, call("transpose", y)))

    def _write_solve(self, tree: Expr, x: Expr, y: Expr) -> Piece:
        return self.piece(call("matmul", call("inv", x), y))

    def _write_logsumexp(self, tree: Expr, x: Expr) -> Piece:
        if tree.value or self.guessed.of(x) != COLUMN:  # of a matrix it is one of each row, which the notation hides
            return self.named(tree)
        return Piece(notation.typeset(OPS["logsumexp"], x=notation.Formula(self.inner(x), 1)).latex, FRACTION, ALL)

    def operation(self, tree: Expr) -> Piece:
        """An operation in its notation, or by its name, if that says more."""
        op = OPS.get(tree.head)
        if op is None or tree.value or len(tree.args) != len(op.rules) or not self.readable(op):
            return self.named(tree)
        if FUNCTION.fullmatch(op.notation):
            return Piece(op.notation[: op.notation.index("(")] + self.given(tree))
        latex = notation.typeset(op, **{n: self.formula(a) for n, a in zip(op.names, tree.args)}).latex
        holds = {1: SUM, 2: FRACTION, 3: POWER}.get(op.binds, WHOLE)
        prefix = re.match(r"\\(log|max|min|prod|sum) ", op.notation)
        return Piece(latex, FRACTION, PRODUCTS_ONLY) if prefix else Piece(latex, holds)

    def readable(self, op: Op) -> bool:
        """Does the notation say which operation it is?  A function's does, and that of an elementwise one."""
        if any(sign in op.notation for sign in self.taken):
            return False
        if FUNCTION.fullmatch(op.notation):
            return functions().get(op.notation[: op.notation.index("(")].replace("{10}", "10")) == op.name
        brackets: Any = re.fullmatch(r"\\left\\lVert .*|.*\^\{-1\}|\\(max|min) \$x", op.notation)
        return op.elementwise or op.notation.startswith(r"\log \operatorname") or bool(brackets)

    def formula(self, tree: Expr) -> notation.Formula:
        piece = self.piece(tree)
        binds = {SUM: 1, HADAMARD: 2, PRODUCT: 2, FRACTION: 2, POWER: 3}.get(piece.holds, 9)
        return notation.Formula(piece.latex, 1 if piece.reaches else binds)

    def named(self, tree: Expr) -> Piece:
        r"""A function by its name, its options below: ``\operatorname{mean}_{\text{axis}=0}(x)``."""
        below = ", ".join(rf"{words(key)}={value}" for key, value in tree.value or ())
        head = (
            rf"\operatorname{{{tree.head.replace('_', chr(92) + '_')}}}"
            if tree.head in (*OPS, "one_hot")
            else self.function(tree.head)
        )
        return Piece(head + f"_{{{below}}}" * bool(below) + self.given(tree))

    def given(self, tree: Expr) -> str:
        """The arguments of a function, in parentheses as large as they need."""
        inner = ", ".join(map(self.inner, tree.args))
        return enclosed(inner) if re.search(r"\^|\\(left|frac|sum|begin)", inner) else f"({inner})"

    @staticmethod
    def function(name: str) -> str:
        """The name of a function that is no operation: by custom a phi is the curly one."""
        return symbol(name).replace(r"\phi", r"\varphi")

    def prime(self, tree: Expr) -> Piece:
        """The derivative of an elementwise function, or of one that a user has declared."""
        op = OPS.get(tree.head.rstrip("'"))
        if op and FUNCTION.fullmatch(op.notation) and self.readable(op):
            head = op.notation[: op.notation.index("(")]
        else:
            head = rf"\operatorname{{{op.name}}}".replace("_", r"\_") if op else self.function(tree.head.rstrip("'"))
        primes = "'" * (len(tree.head) - len(tree.head.rstrip("'")))
        return Piece(head + primes + self.given(tree))


def terms(tree: Expr) -> list[Expr]:
    if tree.head in ("add", "subtract", "negative"):
        return [term for a in tree.args for term in terms(a)]
    return [tree, *tree.args]
