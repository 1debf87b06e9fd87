"""What ``formula`` gives: a derivative as a tree, which can be printed and computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..language import writing
from ..language.lines import line
from ..language.numpy_source import identifier
from ..language.symbols import symbol
from ..language.tree import Expr, names, number
from ..language.values import Columns


class Closed:
    """A derivative in closed form; ``str`` of it is one line of text, and a notebook typesets it.

    What is printed counts indices from zero, as the program does; ``tree`` counts them from one, as hand-ins do.

    ``tree`` is the expression: of matrices, if ``matrices``, and else of one element, whose subscripts are ``indices``.
    It is None if no form was found that is right, and then ``why`` says why.  ``shapes``: of the names in it.
    """

    of: str | None = None  # of what it is the derivative
    wrt: str | None = None  # and with respect to what
    order = 1
    shape: tuple[int, ...] = ()
    tree: Expr | None = None
    matrices = True
    indices: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = {}
    why = ""
    by_element: Callable[[], Closed]

    def __init__(self, **known: Any) -> None:
        vars(self).update(known)
        used = set() if self.tree is None else names(self.tree)
        self.shapes = {n: s for n, s in self.shapes.items() if n in used}

    def __bool__(self) -> bool:
        return self.tree is not None

    @property
    def latex(self) -> str:
        """LaTeX, without dollar signs.  ValueError where no form was found."""
        return writing.latex(from_zero(self.found()), self.shapes)

    @property
    def text(self) -> str:
        if self.tree is None:
            return f"no closed form was found: {self.why}"
        return writing.text(from_zero(self.tree), self.shapes)

    @property
    def equation(self) -> str:
        """The same with its left side: ∂R/∂x = ..."""
        return line(self.left() + self.latex) if self else self.text

    @property
    def python(self) -> str:
        """An expression for NumPy, of arrays as the program has them.  ValueError for one element alone."""
        if not self.matrices:
            raise ValueError("for one element there is no expression of NumPy, but value(...) computes them all")
        return writing.python(self.found(), self.shapes)

    @property
    def components(self) -> Closed:
        """The same, element by element: Sum_j W_ji delta_j phi'(v_i)."""
        return self if self.tree is None or not self.matrices else self.by_element()

    def found(self) -> Expr:
        """The tree.  ValueError where there is none."""
        if self.tree is None:
            raise ValueError(self.text)
        return self.tree

    def value(self, **arrays: Any) -> Any:
        """Its value, of the shape of the derivative, where names stand for these arrays: W_2 is that of W(2).

        TypeError if one of ``shapes`` is missing.
        """
        given = {n: np.asarray(getattr(x, "_array", x)) for n, x in arrays.items()}
        known = {n: given.get(n, given.get(identifier(n))) for n in self.shapes}
        missing = sorted(n for n, x in known.items() if x is None)
        if missing:
            raise TypeError(f"value() needs {', '.join(missing)}")
        x = evaluated(self.found(), self.indices if not self.matrices else None, known, self.shape)
        return x.reshape(-1) if len(self.shape) == 1 else x.reshape(self.shape) if x.size == 1 else x

    def __str__(self) -> str:
        counted = self.tree is not None and from_zero(self.tree) != self.tree
        return self.text + "  (indices count from 0)" * counted

    def __repr__(self) -> str:
        return f"<{self.text}>"

    def _repr_latex_(self) -> str:
        if self.tree is None:
            return rf"$\text{{{self.text}}}$"
        return rf"$\displaystyle {self.left()}{self.latex}$"

    def left(self) -> str:
        """The left side of an equation with it."""
        if self.of is None or self.wrt is None:
            return ""
        below = symbol(self.wrt)
        if not self.matrices and self.indices:
            below += rf"{{}}_{{{' '.join(self.indices)}}}" if len(self.indices) == len(self.shape) else ""
        if self.order == 2:
            return rf"\frac{{\partial^2 {symbol(self.of)}}}{{\partial {below} \, \partial {below}^{{\top}}}} = "
        return rf"\frac{{\partial {symbol(self.of)}}}{{\partial {below}}} = "


def from_zero(tree: Expr) -> Expr:
    """The tree as it is printed, with indices that count from zero: x_{[0]}, e_0, and 1[i = 0]."""
    args = tuple(map(from_zero, tree.args))
    if tree.head == "Index" and all(a.head == "Number" for a in args[1:]):
        return Expr("Index", (args[0], *map(lowered, args[1:])), 0)
    if tree.head == "one_hot" and args[0].head == "Number":
        return Expr("one_hot", (lowered(args[0]), *args[1:]), 0)
    if tree.head == "Index":
        return tree._replace(args=(args[0], *map(lowered, args[1:])))
    if tree.head == "Compare" and {a.head for a in args} == {"Name", "Number"} and tree.value == "==":
        return tree._replace(args=tuple(map(lowered, args)))
    return tree._replace(args=args)


def lowered(index: Expr) -> Expr:
    """A number less one; a letter as it is."""
    return number(index.value - 1) if index.head == "Number" else index


def evaluated(
    tree: Expr,
    letters: tuple[str, ...] | None,
    known: Mapping[str, Any],
    shape: tuple[int, ...],
    where: Iterable[tuple[int, ...]] | None = None,
) -> Any:
    """The value of a tree; of one of an element with indices, all elements, or those at some places."""
    if letters is None:
        return np.asarray(Columns(known)(tree))
    found = np.full(shape, np.nan)
    for at in np.ndindex(*shape) if where is None else where:
        places = [i + 1 for i, n in zip(at, shape) if n != 1]
        found[at] = Columns({**known, **dict(zip(letters, places))})(tree)
    return found
