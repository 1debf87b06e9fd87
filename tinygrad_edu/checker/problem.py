"""A problem: names with their sizes and definitions, and points at which all of them have numbers.

Equality is decided at points, so everything depends on how they are drawn: at random, so that nothing holds by
accident; at several sizes, all different, so that no shape fits by accident; and with y a distribution only where the
hand-in says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..derivatives import gradients
from ..language.reading import Unreadable
from ..language.tree import Expr, name, names
from ..language.values import Columns, Impossible, Misfit, Values, column, shape
from ..tensor import Tensor, constant

# What a hand-in can declare of a name besides its size, and the words for it.
TRAITS = {
    "distribution": ("sums to one", "sum to one", "distribution", "probabilities"),
    "one-hot": ("one-hot", "one hot", "onehot", "indicator"),
    "positive": ("positive",),
    "binary": ("binary", "0 or 1", "zeros and ones"),
    "symmetric": ("symmetric",),
    "counts": ("counts",),
    "signs": ("signs", "1 or -1", "±1"),
}


class Declared(NamedTuple):
    """A declared name: the lengths of its axes, its traits, and the line of the declaration."""

    lengths: tuple[Expr, ...]
    traits: frozenset[str] = frozenset()
    index_of: Expr | None = None  # a whole number from 1 to that
    function: bool = False
    line: int = 0


@dataclass
class Problem:
    """The declarations and definitions of a hand-in, in their order."""

    title: str = ""
    line: int = 0
    declared: dict[str, Declared] = field(default_factory=dict)
    defined: dict[str, Expr] = field(default_factory=dict)
    functions: dict[str, tuple[str, Expr]] = field(default_factory=dict)  # of phi(z) = z^2: z and the tree of z^2
    sizes: set[str] = field(default_factory=set)
    loss: str = ""

    @property
    def known(self) -> set[str]:
        return {*self.declared, *self.defined, *self.sizes}

    def copy(self, title: str, line: int) -> Problem:
        """Returns a new problem that begins with the declarations and definitions of this one."""
        return Problem(
            title, line, dict(self.declared), dict(self.defined), dict(self.functions), set(self.sizes), self.loss
        )

    def smallest_sizes(self, least: int = 2) -> dict[str, int]:
        """Returns the smallest lengths for the size symbols, all equal, at which every axis has a length."""
        axes = [n for d in self.declared.values() for n in d.lengths]
        for k in range(least, least + 12):
            choice = dict.fromkeys(self.sizes, k)
            if min((length(axis, choice) for axis in axes), default=1) >= 1:
                return choice
        raise Unreadable("there are no sizes at which every axis has a length")

    def settings(self, least: int = 2) -> Iterator[dict[str, int]]:
        """Yields lengths for the size symbols, none below ``least``.

        Axes that are declared differently get different lengths, so that no shape fits by accident.
        """
        rng, found = np.random.default_rng(len(self.sizes)), 0
        symbols = sorted(self.sizes)
        axes = {n for d in self.declared.values() for n in d.lengths if n.head != "Number"}
        for attempt in range(2000):
            # Small lengths come first, because a sum over four indices has n⁴ terms.
            most = max(4, len(symbols) + 1) + attempt // 100
            choice = {s: int(n) for s, n in zip(symbols, rng.permutation(most) + least)}
            lengths = [length(axis, choice) for axis in axes]
            if (
                len(set(lengths)) == len(lengths)
                and min(lengths, default=2) >= 2
                and max(lengths, default=2) <= least + 11
            ):
                found += 1
                yield choice
                if found == 12 or not symbols:
                    return

    def point(self, sizes: Mapping[str, int], seed: int, assumed: Mapping[str, frozenset[str]] = {}) -> ProblemPoint:
        """Draws random numbers for all declared names.

        ``seed`` decides which numbers these are.  ``assumed`` are traits to add to those that are declared.
        """
        rng = np.random.default_rng([seed, 7])
        leaves: dict[str, Any] = {}
        functions: dict[str, Callable[[Any], Any]] = {}
        for word, d in self.declared.items():
            if d.function:
                functions |= smooth_function(word, rng)
                continue
            dims = tuple(length(n, sizes) for n in d.lengths)
            traits = d.traits | assumed.get(word, frozenset())
            if d.index_of is not None:
                leaves[word] = draw_index(length(d.index_of, sizes), dims, rng)
            else:
                leaves[word] = draw_array(dims, traits, rng)
                if assumed and seed % 2 and not traits and isinstance(leaves[word], np.ndarray):
                    leaves[word] *= 4  # so that a hinge loss, say, is seen on both sides of its margin
        return ProblemPoint(self, dict(sizes), leaves, functions)


class ProblemPoint:
    """A point of a problem: every name as an array, and as a Tensor that was recorded from the leaves."""

    def __init__(self, problem: Problem, sizes: dict[str, int], leaves: dict[str, Any], functions: Any) -> None:
        self.problem, self.sizes, self.leaves, self.functions = problem, sizes, leaves, functions
        self.tensors: dict[str, Any] = {**sizes}
        for word, x in leaves.items():
            whole = np.asarray(x).dtype.kind in "iu"
            self.tensors[word] = x if whole else Tensor(column(np.asarray(x, float)), word)
        for word, (argument, tree) in problem.functions.items():
            self.functions = self.functions | defined_function(word, argument, tree, self)
        self.cache: dict[Any, Any] = {}
        # Another function in its place changes how derivatives are found: the diagnoses do so (by_edge.py).
        self.gradients: Callable[..., Any] = gradients
        for word, tree in problem.defined.items():
            try:
                found = self.tensor_values()(tree)
            except Misfit as error:
                error.definition = word
                raise
            if not isinstance(found, Tensor):
                found = found if np.asarray(found).dtype.kind in "iub" else constant(found)
            elif found.is_leaf:
                found = found * 1.0  # another name for a leaf is a value of its own
            if isinstance(found, Tensor):
                found.name = word
            self.tensors[word] = found
        self.arrays = {word: getattr(x, "_array", x) for word, x in self.tensors.items()}

    def redraw(self, seed: int) -> ProblemPoint:
        return self.problem.point(self.sizes, seed)

    def with_leaf(self, word: str, x: Any) -> ProblemPoint:
        """Returns the same point with another value for one leaf."""
        return ProblemPoint(self.problem, self.sizes, {**self.leaves, word: x}, self.functions)

    def tensor_values(self) -> Columns:
        return Columns(self.tensors, self.functions, self.derivative)

    def values(self) -> Columns:
        return Columns(self.arrays, self.functions, self.derivative)

    def derivative(self, of: Expr, wrt: Expr, values: Values) -> Any:
        """Returns the derivative of a tree with respect to a name, found by the engine.

        The gradient of a number has the shape of the name.  The Jacobian of a column with respect to a column has a row
        for each element of the result.  Otherwise the axes of the result come first, without those of length 1.
        """
        inner = wrt.args[0] if wrt.head == "Index" else wrt
        if inner.head != "Name" or not isinstance(self.tensors.get(inner.value), Tensor):
            raise Impossible("a derivative is with respect to a name that is declared or defined")
        x = self.tensors[inner.value]
        indices = {w: i for w in names(of) if isinstance(i := values.known.get(w), int) and w not in self.sizes}
        wanted = values.known.get(inner.value) is x  # on Tensors, the derivative will be differentiated again
        key = (of, inner, wanted, tuple(sorted(indices.items())))
        if key not in self.cache:
            tensor_values = self.tensor_values()
            tensor_values.known |= indices
            self.cache[key] = jacobian(tensor_values(of), x, wanted, self.gradients)
        result, found = self.cache[key]
        if wrt.head != "Index":
            return found
        return take_part(result, found, wrt, values)


def jacobian(
    result: Any, x: Tensor, differentiable: bool, gradients: Callable[..., Any] = gradients
) -> tuple[tuple[int, ...], Any]:
    """Returns the shape of a result, and its derivative with respect to ``x``.

    A result that is not a single number takes one reverse sweep for each of its elements.
    """
    dims = shape(result)
    if not isinstance(result, Tensor) or not result.requires_grad:
        found = np.zeros(squeeze(dims) + (squeeze(x.shape) if dims else x.shape))
        return dims, column(found)
    if result.shape == ():
        return dims, gradients(result, [x], differentiable=differentiable)[0]
    rows = [gradients(result, [x], e.reshape(dims))[0] for e in np.eye(result.size)]
    return dims, column(np.stack(rows).reshape(squeeze(dims) + squeeze(x.shape)))


def squeeze(dims: tuple[int, ...]) -> tuple[int, ...]:
    """Returns a shape without its axes of length 1."""
    return tuple(n for n in dims if n != 1)


def take_part(result: tuple[int, ...], found: Any, wrt: Expr, values: Values) -> Any:
    """Returns the part of a derivative that belongs to an element or row, as in dJ/dC[j] or dJ/dW[i, j].

    ``result`` is the shape of what is differentiated, ``found`` the derivative with respect to the whole of C or W.
    """
    lead = len(squeeze(result)) if result else 0
    if lead == 0:
        return Columns({**values.known, "\0": found})(wrt._replace(args=(name("\0"), *wrt.args[1:])))
    keys = [slice(None)] * lead
    parts: list[Any] = []
    for part, n in zip(wrt.args[1:], shape(found)[lead:]):
        assert isinstance(values, Columns)
        parts.append(values.one(part, n))
    return column(found[tuple(keys + parts)])


def length(axis: Expr, sizes: Mapping[str, int]) -> int:
    """Returns the length of an axis that is declared as, say, n+1.  Raises Unreadable if it has none."""
    try:
        return int(Values(sizes)(axis))
    except (Impossible, Misfit, TypeError, ValueError, OverflowError):
        raise Unreadable("a size is a number or a letter, or made of those, as n+1") from None


def draw_index(n: int, dims: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Draws whole numbers from 1 to n.  A single one is neither 1 nor n, if possible, so that it is not taken for n."""
    return rng.integers(1, n + 1, dims) if dims else int(rng.integers(2, n) if n > 2 else rng.integers(1, n + 1))


def draw_array(dims: tuple[int, ...], traits: frozenset[str], rng: np.random.Generator) -> Any:
    """Draws an array with the given shape and traits.

    Distributions and one-hot vectors are the rows of a matrix, or its columns if the traits contain "columns".
    """
    if "one-hot" in traits or "distribution" in traits:
        axis = 0 if "columns" in traits or len(dims) < 2 or dims[1:] == (1,) else -1
        x: Any = rng.random(dims) + 0.1
        if "one-hot" in traits:
            x = (x == x.max(axis, keepdims=True)) * 1.0
        return x / x.sum(axis, keepdims=True)
    if "binary" in traits:
        x = (rng.random(dims) < 0.5) * 1.0
        return x if x.size < 2 or x.min() < x.max() else np.resize([1.0, 0.0], dims)
    if "signs" in traits:
        return np.where(rng.random(dims) < 0.5, 1.0, -1.0)
    if "counts" in traits:
        return rng.integers(0, 3, dims) + 0.0
    if "positive" in traits:
        return rng.random(dims) + 0.3
    x = rng.normal(0, 0.7, dims)
    return x + x.T if "symmetric" in traits and len(dims) == 2 else x if dims else float(x)


def smooth_function(word: str, rng: np.random.Generator) -> dict[str, Callable[[Any], Any]]:
    """Draws a smooth function of one number, for a function that is declared only by its name, and its derivative."""
    a, b, c = 0.5 + rng.random(3)
    return {
        word: lambda x: a * np.tanh(b * x) + 0.3 * np.sin(c * x),
        f"{word}'": lambda x: a * b * (1 - np.tanh(b * x) ** 2) + 0.3 * c * np.cos(c * x),
    }


def defined_function(word: str, argument: str, tree: Expr, point: ProblemPoint) -> dict[str, Callable[[Any], Any]]:
    """Returns the function phi(z) = ... that a hand-in defines, and its derivative, found by the engine."""

    def apply(x: Any) -> Any:
        if isinstance(x, Tensor):
            values = point.tensor_values()
        else:
            values = Columns({**point.sizes, **point.leaves}, point.functions)
        values.known[argument] = x
        return values(tree)

    def slope(x: Any) -> Any:
        z = x if isinstance(x, Tensor) else Tensor(x)
        y = apply(z)
        if not isinstance(y, Tensor):
            return np.zeros(shape(x))
        return gradients(y.sum(), [z], differentiable=isinstance(x, Tensor))[0]

    return {word: apply, f"{word}'": slope}


def undeclared(tree: Expr, problem: Problem) -> list[str]:
    """Lists the names in a tree that the problem neither declares nor defines."""
    return sorted(names(tree) - problem.known - {*problem.functions})
