"""The gradient as a formula: what the reverse sweep computed, in the notation in which one writes it by hand.

The sweep is run once more, recorded (``asked.py``); what it did is read as sums of products with indices
(``reader.py``), made as short as nine rules can (``simplify.py``, ``tidy.py``), and turned into matrices
(``matrix.py``) or left in components (``component.py``).  Before anybody sees it, it is evaluated at random points
and in other sizes, and compared with the engine (``verified.py``).
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..graph import Value
from ..language.tree import names as names_in
from ..tensor import Tensor
from .asked import Asked
from .component import entry
from .index import Atom, Index, NoForm, Place, Poly, of
from .index import constant as number
from .matrix import Matrices, NoMatrices
from .reader import Reader, Template, indices
from .result import Closed, evaluated
from .simplify import Rules
from .tidy import Tidy
from .verified import Sizes, agrees, gradient, replayed

ATTEMPTS: tuple[tuple[int, ...], ...] = ((), (7,), (2, 4, 5, 6, 7, 8))  # rules to leave out, if the formula is wrong
WRONG = "what was found was not equal to the gradient"
UNFORESEEN = "there was something unforeseen"
MOST = 200_000  # numbers in a record, beyond which it is not run again as it is, but in small sizes
SOME = 60  # elements of a formula for one element that are computed when it is tried
CHOICES = 20  # random points of a computation that chooses, as by a maximum, which may be at the same place by chance


def formula(result: Tensor, wrt: Any, *, names: Mapping[Any, str] | None = None, expand: bool = False,
            components: bool = False, distributions: Iterable[Any] = (),
            families: Mapping[str, Sequence[Tensor]] | None = None, order: int = 1) -> Any:  # fmt: skip
    """The derivative of ``result`` with respect to a tensor, or to each of a list, as a formula.

    Of a single number it is the gradient, of several the Jacobian matrix; with ``order=2`` it is the Hessian.  It is
    always a ``Closed``, which is false where no form was found that is right.

    Values are called by the names given to them, or those that the program's lines assign them to; with ``expand``
    what was computed is written out.  ``names``: names for gradients; with ``{v1: "delta(1)"}`` the gradient with
    respect to v1 is printed as δ⁽¹⁾, but for where it is asked for itself.  ``distributions``: tensors, or names,
    whose elements sum to one.  ``families``: vectors that are treated alike, as in ``{"v": [v1, v2, v3]}``, so that
    what is added up over all of them is written with a sum; ``v`` is then the matrix with these rows.
    ``components``: one element, with subscripts.

    >>> from tinygrad_edu import constant, sigmoid
    >>> W, x, y = Tensor([[1.0, 2.0], [3.0, 4.0]], "W"), constant([1.0, 2.0], "x"), constant([0.0, 1.0], "y")
    >>> v = W @ x
    >>> v.name = "v"
    >>> E = ((sigmoid(v) - y) ** 2).sum() / 2
    >>> print(formula(E, W))
    (σ′(v) ⊙ (σ(v) - y)) xᵀ
    >>> print(formula(E, [v, W], names={v: "delta"})[1])
    δ xᵀ
    >>> formula(E, W).value(v=v, y=y, x=x).shape
    (2, 2)
    """
    single = isinstance(wrt, Value)
    asked = Search(
        result, [wrt] if single else list(wrt), names or {}, expand, list(distributions), families or {}, order
    )
    found = [asked.formula(x, components) for x in asked.wrt]
    return found[0] if single else found


class Search(Asked):
    """Finds formulas, and looks whether they are right."""

    def formula(self, x: Tensor, components: bool) -> Closed:
        """The derivative with respect to one tensor: with matrices if it can be, else element by element."""
        why, elements = "", []
        for without in ATTEMPTS:
            rules = Tidy(self.sums_to_one, without)
            try:
                at, p = self.read(x, rules)
                closed = self.with_matrices(x, at, p)
                element = self.element(x, at, p)
                if self.right(x, closed, rules.counted):
                    closed.by_element = functools.partial(self.elements, x, element, rules.counted)
                    return closed.components if components else closed
                why = why or WRONG
            except NoMatrices as error:
                why = why or str(error)
                element = self.element(x, at, p)
            except NoForm as error:
                why = why or str(error)
                continue
            except RecursionError:
                why = why or "it is nested too deeply"
                continue
            except Exception as error:  # a fault of ours shall cost a formula, not the program
                why = why or f"{UNFORESEEN}, {type(error).__name__}: {error}"
                continue
            elements.append((element, rules.counted))
        for element, counted in elements:
            found = self.elements(x, element, counted)
            if found:
                found.why = why
                return found
        return Closed(**self.about(x), why=why)

    def elements(self, x: Tensor, element: Closed, counted: bool) -> Closed:
        return element if self.right(x, element, counted) else Closed(**self.about(x), why=WRONG)

    def about(self, x: Tensor) -> dict[str, Any]:
        """What can be said of the derivative before it is found."""
        of, wrt = (self.given.get(t.node.serial) for t in (self.result, x))
        return {"of": of, "wrt": wrt, "shape": self.shape(x), "order": self.order, "shapes": self.every}

    def lengths(self, x: Tensor, at: tuple[Place, ...]) -> dict[Index, tuple[str, int]]:
        """Where the lengths of the indices of the result can be read off."""
        found: dict[Index, tuple[str, int]] = {}
        for node, places in ((x.node, at[len(at) - len(x.shape) :]), (self.result.node, at[: len(at) - len(x.shape)])):
            word = self.given.get(node.serial)
            if word is not None:
                found |= {i: (word, k) for k, i in enumerate(places) if isinstance(i, Index)}
        return found

    def with_matrices(self, x: Tensor, at: tuple[Place, ...], p: Poly) -> Closed:
        """The sum as an expression of matrices.  NoMatrices where there is none."""
        row, column = self.layout(at, x)
        tree = Matrices(self.every, self.lengths(x, at)).tree(p, row, column, inside=False)
        return Closed(**self.about(x), tree=tree)

    def element(self, x: Tensor, at: tuple[Place, ...], p: Poly) -> Closed:
        tree, letters = entry(p, [i for i in at if isinstance(i, Index)], self.every, self.lengths(x, at))
        return Closed(**self.about(x), tree=tree, indices=letters, matrices=False)

    @property
    def gradient(self) -> bool:
        """Is it a gradient, of the shape of the tensor, rather than a matrix of derivatives?"""
        return self.result.size == 1 and self.order == 1

    def shape(self, x: Tensor) -> tuple[int, ...]:
        if self.gradient:
            return x.shape
        return (x.size if self.order == 2 else self.result.size, x.size)

    def layout(self, at: tuple[Place, ...], x: Tensor) -> tuple[Place, Place]:
        """Which index is that of the rows, and which that of the columns."""
        if sum(i is not None for i in at) > 2:
            raise NoMatrices("it has more than two axes")
        if self.gradient and len(at) <= 2:
            return at[0] if at else None, at[1] if len(at) > 1 else None
        n = 0 if self.gradient else len(at) - len(x.shape)
        row, column = [i for i in at[:n] if i is not None], [i for i in at[n:] if i is not None]
        if len(row) > 1 or len(column) > 1:
            raise NoMatrices("it has more than two axes")
        return row[0] if row else None, column[0] if column else None

    def read(self, x: Tensor, rules: Tidy) -> tuple[tuple[Place, ...], Poly]:
        """The derivative as a sum of products: its indices, and the sum."""
        serial, named = x.node.serial, dict(self.names)
        known: dict[int, Template] = {}
        result_at: tuple[Place, ...] = ()
        start = self.start if self.order == 1 else self.second.get(serial)
        if start is None or serial not in self.found:
            return indices(
                x.shape if self.gradient else (*self.start.shape, *x.shape) if self.order == 1 else x.shape * 2
            ), number(0)
        if not self.gradient:
            result_at, known[start.serial] = unit(start.shape)
        for other, node in self.found.items():
            if other in self.gradient_names and other != serial and self.order == 1:
                named[node.serial] = self.gradient_names[other]
        for family, members in self.families.items():
            for k, node in enumerate(members):
                member_at = indices(node.shape)
                known[node.serial] = member_at, of(Atom("leaf", family, (), (k, *member_at)))
        rules.families = {n: len(members) for n, members in self.families.items()}
        reader = Reader(named, known, self.slopes, self.arrays, rules)
        rules.slopes = self.sigmoids()
        root = self.found[serial]
        at, p = reader.template(root, own=root.serial not in named)
        return (*result_at, *at), rules.signed(rules.tidied(p))

    def sigmoids(self) -> dict[str, Any]:
        """Of values that have names and are sigmoids: their slopes, if what they are a sigmoid of has a name too."""
        found: dict[str, Any] = {}
        for node in self.nodes:
            if node.op is not None and node.op.name == "sigmoid" and node.serial in self.names:
                (a,) = node.args
                if a is not None and a.serial in self.names:
                    word = self.names[a.serial]

                    def slope(at: tuple[Place, ...], word: str = word) -> Atom:
                        return Atom("sigmoid'", None, (of(Atom("leaf", word, (), at)),))

                    found[self.names[node.serial]] = slope
        return found

    # Is it right?

    @functools.cached_property
    def tried(self) -> list[tuple[bool, Any]]:
        """The computation, run again: as it is, at random points, and at a point in other sizes (these are told)."""
        lengths, points = Sizes(self.nodes).others(), self.points
        small = sum(math.prod(n.shape) for n in self.nodes) < MOST
        data = [(False, points.here)] if small or lengths is None else []
        chooses = any(node.op is not None and node.op.selects for node in self.nodes)
        data += [(False, points.drawn)] * (CHOICES if chooses else 2) * small
        data += [(True, functools.partial(points.drawn, lengths))] * (1 if small else 3) * (lengths is not None)
        found = []
        for other, draw in data:
            with contextlib.suppress(Exception):  # what the program computes it cannot compute with these numbers
                found.append((other, replayed(self.nodes, draw())))
        return found

    def right(self, x: Tensor, closed: Closed, counted: bool) -> bool:
        """Is the formula equal to the engine's derivative, wherever it was tried?

        ``counted``: the length of an axis is a number in it, so that other sizes say nothing.
        """
        verdicts = [self.compared(x, closed, again) for other, again in self.tried if not (other and counted)]
        return True in verdicts and False not in verdicts

    def compared(self, x: Tensor, closed: Closed, again: Any) -> bool | None:
        """The same at one point; None if nothing is finite there."""
        assert closed.tree is not None
        result, used = again[self.result.node.serial], names_in(closed.tree)
        known: dict[str, Any] = {n: a for a, n in self.arrays if n in used}
        known |= {n: again[s]._array for s, n in [*self.given.items(), *self.names.items()] if n in used}
        known |= {n: np.stack([again[m.serial]._array for m in f]) for n, f in self.families.items() if n in used}
        known |= {n: gradient(result, again[s], 1) for s, n in self.gradient_names.items() if n in used}
        expected = np.asarray(gradient(result, again[x.node.serial], self.order))
        try:
            if closed.matrices:
                return agrees(evaluated(closed.tree, None, known, expected.shape), expected)
            where = self.points.places(expected.shape, SOME)
            found = evaluated(closed.tree, closed.indices, known, expected.shape, where)
            at = tuple(np.array(where, int).reshape(-1, expected.ndim).T)
            return agrees(found[at], expected[at])
        except (ValueError, RecursionError):
            return False


def unit(shape: Sequence[int]) -> tuple[tuple[Place, ...], Template]:
    """The seed of a Jacobian: for each element of the result, one that is 1 there and 0 elsewhere."""
    at, k = indices(tuple(shape)), indices(tuple(shape))
    p = number(1)
    for i, j in zip(at, k):
        if i is not None:
            p = Rules().multiply(p, of(Atom("delta", None, (), (j, i))))
    return at, (k, p)
