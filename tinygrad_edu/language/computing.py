"""The value of a tree: computed on arrays, or on Tensors, so that it is recorded and can be differentiated.

Here is what both readings share, that of the blackboard and that of NumPy: sums over indices, conditions, derivatives;
and limits, since what somebody wrote shall not take long.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from ..engine.calling import is_packed, vjp_without_nodes
from ..engine.calling import names as signature_names
from ..op import OPS
from .tree import Expr, Path, names

MOST_STEPS, MOST_NUMBERS = 200_000, 20_000_000  # of one computation: what somebody wrote shall not take long
MOST_MADE = 10_000  # numbers in an array that is made by ones, zeros, eye and the like


PLAIN = (float, np.float64)
NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": np.true_divide,
}  # fmt: skip


class Misfit(ValueError):
    """Shapes that do not fit: in what, the shapes, and the way to the place in the tree."""

    def __init__(self, head: str, shapes: list[tuple[int, ...]], why: str = "") -> None:
        self.head, self.shapes, self.why = head, shapes, why
        self.path: Path = ()
        self.definition = ""  # the name in whose definition it is, if it is in one
        super().__init__(why or f"{head} of shapes {', '.join(map(str, shapes))}")


class Impossible(ValueError):
    """What cannot be computed: an unknown name, a subscript out of range, too much work."""


def shape(x: Any) -> tuple[int, ...]:
    """The shape of an array, a Tensor or a number."""
    return tuple(getattr(x, "shape", ()))


def called(op: Any, args: list[Any], options: dict[str, Any]) -> Any:
    """An operation on values: those that are options, too, go where its function has them."""
    if op.variadic is not None:
        if not is_packed(op.function):
            args = [list(args[0]) if len(args) == 1 else args]  # a list, or one by one
        return op.public(*(options.pop(name) for name in op.names[: op.variadic] if name in options), *args, **options)
    last = op.names[-1]
    if is_packed(op.function) and last in options:  # reshape(x, *to)
        to = options.pop(last)
        return op.public(*args, *(to if isinstance(to, tuple) else (to,)), **options)
    return op.public(*args, **options)


def takes_any(function: Any) -> bool:
    """Does it take any options, to hand them on?"""
    return bool(function.__code__.co_flags & inspect.CO_VARKEYWORDS)


def truth(x: Any) -> Any:
    """True or false; an array of them as it is."""
    return x if np.ndim(x) else bool(x)


def counted(x: Any) -> Any:
    """Truth values as zeros and ones, so that -(h > 0) is what it looks like."""
    return x * 1.0 if x is True or x is False or getattr(x, "dtype", None) == np.bool_ else x


def work(head: str, args: list[Any], options: dict[str, Any]) -> float:
    """About how many numbers that makes; where they are products with sums, a twentieth of these, which are faster."""
    dims = [shape(x) for x in args]
    sizes = [float(prod(d)) for d in dims]
    if head == "matmul" and all(dims):
        made = sizes[0] / dims[0][-1] * dims[1][-1] if dims[0][-1] else 0.0
        return max(made, made * dims[0][-1] / 20)
    if head == "einsum":
        letters: dict[str, int] = {}
        for word, lengths in zip(str(options.get("subscripts", "")).split("->")[0].split(","), dims):
            letters.update(zip(word.strip(), [max(lengths)] if len(word) == 1 < len(lengths) else lengths))
        return float(prod(letters.values()))
    if head in ("outer", "kron", "tensordot", "conv1d", "conv2d"):
        return prod(sizes)
    if head in ("diag", "inv", "det", "solve", "cholesky", "logabsdet"):
        return max((float(max(d, default=1)) for d in dims), default=1.0) ** (2 if head == "diag" else 3)
    if head in ("repeat", "tile", "pad", "broadcast_to", "windows"):
        return sum(sizes) * 1e4
    try:
        return float(prod(np.broadcast_shapes(*dims)))
    except ValueError:
        return sum(sizes)


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
        self.running: list[str] = []  # the indices of the sums that it is in
        self.sums: dict[Any, Any] = {}  # sums that have been computed, by the tree and the indices on which they depend
        self.words: dict[int, set[str]] = {}  # names in a tree

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
            return tree.value if isinstance(tree.value, bool) else float(tree.value)
        if head == "Name":
            return self.named(tree.value)
        special = getattr(self, f"of_{head}", None)
        if special is not None:
            return special(tree)
        args = [counted(self.argument(tree, i)) for i in range(len(tree.args))]
        if len(args) == 2 and head in NUMBERS and type(args[0]) in PLAIN and type(args[1]) in PLAIN:
            return NUMBERS[head](*args)  # of numbers, of which there are many in sums over indices
        if prod(getattr(x, "size", 1) for x in args) > 1000:  # else it is nothing
            self.worth(work(head, args, dict(tree.value or ())))
        try:
            found = self.applied(head, args, self.options(tree))
        except (Misfit, Impossible):
            raise
        except (ValueError, TypeError, IndexError, AttributeError, ArithmeticError) as error:
            raise Misfit(head, [shape(x) for x in args], str(error).split("\n")[0]) from None
        return found

    def options(self, tree: Expr) -> dict[str, Any]:
        """The options of an operation; one that is an expression, as an index may be, is computed."""
        found = dict(tree.value or ())
        for key, x in found.items():
            if isinstance(x, Expr) and x.head == "Key":
                found[key] = self.value(x)
            elif isinstance(x, Expr):
                value = np.asarray(getattr(given := self.value(x), "_array", given))
                found[key] = (
                    value.astype(int) if value.dtype.kind == "f" and (value == np.floor(value)).all() else value
                )
        return found

    def worth(self, numbers: float) -> None:
        """Impossible, if so many numbers are to be computed that it takes long."""
        self.steps += int(min(numbers, 1e9)) // 3000  # so many take as long as one step
        if numbers > MOST_NUMBERS or self.steps > MOST_STEPS:
            raise Impossible("this makes more numbers than anybody needs")

    def argument(self, tree: Expr, i: int) -> Any:
        """The value of a part; where that fails, the error learns the way to it."""
        try:
            return self.value(tree.args[i])
        except Misfit as error:
            error.path = (i, *error.path)
            raise

    def named(self, word: str) -> Any:
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
        if own is not None and (head not in OPS or {*options} <= {*signature_names(own)} or takes_any(own)):
            return own(*args, **options)
        if head not in OPS:
            raise Impossible(f"there is no function {head}")
        return called(OPS[head], args, options)

    def slope(self, head: str, x: Any) -> Any:
        """The derivative of a function of one number, at each element of x: the rule itself, with g = 1."""
        if f"{head}'" in self.functions:
            return self.functions[f"{head}'"](x)
        op = OPS.get(head)
        if op is None or not op.elementwise or len(op.names) != 1:
            raise Impossible(f"{head} has no derivative of its own")
        ones = np.ones(shape(x))
        return vjp_without_nodes(op, 0, ones, op.public(x), [x]) + np.zeros(shape(x))

    # What is not an operation.

    def of_Sum(self, tree: Expr) -> Any:
        """The sum over an index; one that stands in another but does not depend on its index is computed once."""
        if id(tree) not in self.words:
            self.words[id(tree)] = names(tree)
        key = (id(tree), *((w, self.known[w]) for w in self.running if w in self.words[id(tree)]))
        if key not in self.sums:
            total: Any = 0.0
            for term in self.over(tree):
                if shape(term) != shape(total) and shape(total) != ():
                    raise Misfit("add", [shape(total), shape(term)])
                total = total + term
            self.sums[key] = total
        return self.sums[key]

    def over(self, tree: Expr) -> list[Any]:
        """The terms for each index."""
        term, first, last, *condition = tree.args
        start, end = self.whole(first), self.whole(last)
        if end - start > 10_000:
            raise Impossible("a sum of more than 10,000 terms")
        before, found = self.known.get(tree.value), []
        self.running.append(tree.value)
        try:
            for i in range(start, end + 1):
                self.known[tree.value] = i
                if all(bool(self.value(c)) for c in condition):
                    found.append(self.value(term))
        except Misfit as error:
            error.path = (0, *error.path)
            raise
        finally:
            self.running.pop()
            self.known.pop(tree.value, None)
            if before is not None:
                self.known[tree.value] = before
        return found

    def whole(self, tree: Expr) -> int:
        x = self.known.get(tree.value) if tree.head == "Name" else None
        if type(x) is int:
            return x
        x = self.value(tree)
        x = getattr(x, "_array", x)
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
        left, right = (getattr(x, "_array", x) for x in map(self.value, tree.args))
        compare = {"==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater}
        if tree.value == "in":
            return bool(np.isin(left, right))
        found = compare.get(tree.value, np.greater_equal)(left, right)
        return bool(found) if np.ndim(found) == 0 else found

    def of_And(self, tree: Expr) -> Any:
        """All of them; of arrays, element by element."""
        return truth(functools.reduce(np.logical_and, map(self.value, tree.args)))

    def of_Or(self, tree: Expr) -> Any:
        """One of them; of arrays, element by element."""
        return truth(functools.reduce(np.logical_or, map(self.value, tree.args)))

    def of_Not(self, tree: Expr) -> Any:
        return truth(np.logical_not(self.value(tree.args[0])))

    def of_Derivative(self, tree: Expr) -> Any:
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
        raise Impossible("a colon stands in subscripts only")

    of_New = of_Rest = of_Slice = of_All

    def of_Function(self, tree: Expr) -> Any:
        """Something that is only known as a function of all names."""
        try:
            found = tree.value(self.known)
            if isinstance(found, (list, tuple)):
                found = np.asarray([getattr(x, "_array", x) for x in found], float)
        except Exception as error:  # a function of the user's may fail as it likes
            raise Misfit("function", [], f"{type(error).__name__}: {error}".split("\n")[0]) from None
        found = getattr(found, "_array", found)
        if np.asarray(found).dtype.kind not in "fiub":
            raise Misfit("function", [], f"it gives no numbers, but {type(found).__name__}")
        return found
