"""Is it a number, a column, a row or a matrix?  What can be told of a tree from what is known of its names.

One knows of a name how many axes it has, or its shape; of others a guess is taken where one is asked for: by custom a
small letter is a column, a capital one a matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..op import OPS
from .tree import Expr


class Kind(NamedTuple):
    """Has it one row, has it one column?"""

    one_row: bool
    one_column: bool


NUMBER, COLUMN, ROW, MATRIX = Kind(True, True), Kind(False, True), Kind(True, False), Kind(False, False)
Ndims = Mapping[str, Any]  # names to numbers of axes, or to shapes
NUMBERS = ("trace", "det", "logabsdet", "inner", "cross_entropy", "mse")


def kind(tree: Expr, ndims: Ndims, guess: bool = False) -> Kind | None:
    """What the value of a tree is; None where that cannot be told.

    >>> from tinygrad_edu.language.tree import call, name
    >>> kind(call("matmul", name("W"), name("x")), {"W": 2, "x": 1}) == COLUMN
    True
    """
    return Kinds(ndims, guess).of(tree)


class Kinds:
    """The kinds of all that is in a tree, each found once."""

    def __init__(self, ndims: Ndims, guess: bool = False, bound: frozenset[str] = frozenset()) -> None:
        self.ndims, self.guess, self.bound = ndims, guess, bound
        self.found: dict[int, tuple[Expr, Kind | None]] = {}  # by id, as hashing a tree takes as long as reading it

    def of(self, tree: Expr) -> Kind | None:
        if id(tree) not in self.found:
            self.found[id(tree)] = tree, self.told(tree)
        return self.found[id(tree)][1]

    def within(self, index: str) -> Kinds:
        """The same, where this name is an index over which a sum goes."""
        return Kinds(self.ndims, self.guess, self.bound | {index})

    def told(self, tree: Expr) -> Kind | None:
        """The kind of one node, which has not been asked for before."""
        head, args = tree.head, tree.args
        if head == "Name":
            return self.name(tree.value)
        if head in ("Number", *NUMBERS):
            return NUMBER
        if head == "Index":
            return self.element(tree)
        if head == "Sum":
            return self.within(tree.value).of(args[0])
        if head in ("If", "Compare", "And", "Or", "Not"):
            return self.together(args)
        if head in ("ones", "zeros", "eye", "one_hot"):
            return MATRIX if len(args) > 1 and head != "one_hot" or head == "eye" else COLUMN if args else None
        if head in OPS and OPS[head].reduces:
            return self.reduced(tree)
        if not args:
            return None
        if head == "matmul":
            return self.product(*map(self.of, args))
        if head == "Derivative":  # of a number it has the form of what it is with respect to
            of, wrt = map(self.of, args)
            return of if wrt == NUMBER else wrt if of == NUMBER else None
        first = self.of(args[0])
        if head == "transpose":
            return first and Kind(first.one_column, first.one_row)
        if head in ("diag", "diagonal"):
            return first and (MATRIX if first == COLUMN else COLUMN)
        if head.endswith("'") or head in OPS and OPS[head].elementwise:
            return self.together(args)
        return first if head in OPS and OPS[head].same_shape else None

    def name(self, word: str) -> Kind | None:
        """What is known of a name, or guessed."""
        if word in self.bound:
            return NUMBER
        known = self.ndims.get(word)
        if isinstance(known, tuple):
            return (NUMBER, COLUMN)[len(known)] if len(known) < 2 else Kind(known[-2] == 1, known[-1] == 1)
        if known is not None:
            return (NUMBER, COLUMN, MATRIX)[min(known, 2)]
        return (MATRIX if word[:1].isupper() else COLUMN) if self.guess else None

    def together(self, args: tuple[Expr, ...]) -> Kind | None:
        """What is computed element by element; a number or what is not known takes the form of the others."""
        kinds = [self.of(a) for a in args]
        told = [k for k in kinds if k is not None]
        if len(told) < len(kinds) and all(k == NUMBER for k in told):
            return None
        return Kind(all(k.one_row for k in told), all(k.one_column for k in told))

    @staticmethod
    def product(x: Kind | None, y: Kind | None) -> Kind | None:
        """A matrix product, in which one side may be a number."""
        if x == NUMBER or y == NUMBER:
            return y if x == NUMBER else x
        return x and y and Kind(x.one_row, y.one_column)

    def element(self, tree: Expr) -> Kind | None:
        """An element, a row as a column, or a part."""
        whole, subscripts = self.of(tree.args[0]), tree.args[1:]
        if any(s.head in ("New", "Rest") for s in subscripts) or whole is None:
            return None
        ranges = [s.head in ("All", "Slice") for s in subscripts]
        if len(ranges) == 2:
            return Kind(whole.one_row or not ranges[0], whole.one_column or not ranges[1])
        if ranges[0]:
            return whole
        return NUMBER if whole.one_column else COLUMN

    def reduced(self, tree: Expr) -> Kind | None:
        """Many numbers made one, perhaps along an axis."""
        options = dict(tree.value or ())
        axis, inner = options.get("axis"), self.of(tree.args[0])
        if tree.head == "logsumexp" and axis is None:
            axis = 0 if inner == COLUMN else 1
        if axis is None:
            return NUMBER
        return inner and (Kind(True, inner.one_column) if axis in (0, -2) else Kind(inner.one_row, True))
