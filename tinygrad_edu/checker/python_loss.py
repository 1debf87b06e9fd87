"""A loss that is a Python function: its arguments are drawn at other points and sizes, and Tensors record its calls.

The arrays in ``at`` are examples of the arguments: of their shapes, and of what is special about them.  One-hot rows
stay one-hot, an array that sums to one still does, and whole numbers stay whole.  But a matrix that happens to be
symmetric does not stay so, because an answer that is right only for symmetric matrices is wrong.
"""

from __future__ import annotations

import inspect
import itertools
import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..derivatives import gradients
from ..language.reading import ALIASES
from ..language.tree import Expr, number
from ..language.values import Arrays, Columns, Impossible, Misfit, Values, shape
from ..numeric.differences import STEP
from ..numeric.equality import same, sums_to_one
from ..op import OPS
from ..tensor import Tensor
from .judge import Point, Uncheckable
from .problem import Declared, Problem, draw_array, jacobian, squeeze

LOSS = "loss"


class LossPoint:
    """A point of a Python loss: its arguments, and all variables to which the function assigned when it ran."""

    def __init__(self, loss: PythonLoss, arrays: Mapping[str, Any], reading: type[Arrays]) -> None:
        self.loss, self.reading = loss, reading
        self.sizes: dict[str, int] = {}
        tensors = {w: Tensor(x, w) if is_float(x) else x for w, x in arrays.items()}
        try:
            result, local = record_call(loss.run, tensors, loss.arguments)
        except loss.Unrecordable:
            result, local = None, {}
        self.tensors: dict[str, Any] = {**local, **tensors}
        for word, x in local.items():
            if isinstance(x, Tensor) and x.node.name is None:
                x.name = word
        self.leaves = dict(arrays)
        self.result = result if isinstance(result, Tensor) else None
        self.tensors.setdefault(LOSS, result)
        self.arrays = {w: getattr(x, "_array", x) for w, x in self.tensors.items()}
        self.cache: dict[Any, Any] = {}
        # Another function in its place changes how derivatives are found: the diagnoses do so (by_edge.py).
        self.gradients: Callable[..., Any] = gradients

    def values(self) -> Values:
        return self.reading(self.arrays, self.loss.functions, self.derivative)

    def with_leaf(self, word: str, x: Any) -> LossPoint:
        """Returns the same point with another value for one argument."""
        return LossPoint(self.loss, {**self.leaves, word: x}, self.reading)

    def tensor_values(self) -> Values:
        return self.reading(self.tensors, self.loss.functions, self.derivative)

    def derivative(self, of: Expr, wrt: Expr, values: Values) -> Any:
        """Returns the derivative of a tree with respect to a name, or to a part of it, as W[i, j]."""
        inner = wrt.args[0] if wrt.head == "Index" else wrt
        key = (of, inner)
        if key not in self.cache:
            self.cache[key] = self.differentiate(of, inner)
        found = self.cache[key]
        if wrt.head != "Index":
            return found
        return type(values)({**values.known, "\0": found})(wrt._replace(args=(Expr("Name", (), "\0"), *wrt.args[1:])))

    def differentiate(self, of: Expr, wrt: Expr) -> Any:
        """Finds a derivative by the engine, or by finite differences where the function cannot be recorded."""
        word = wrt.value if wrt.head == "Name" else ""
        x = self.tensors.get(word)
        if self.result is None and of == Expr("Name", (), LOSS) and word in self.leaves:
            return derivative_by_differences(lambda a: self.loss.run(**{**self.leaves, word: a}), self.leaves[word])
        if not isinstance(x, Tensor):
            raise Impossible(f"{word or 'that'} is no array of numbers, so there is no derivative with respect to it")
        result = self.result if of == Expr("Name", (), LOSS) else self.tensor_values()(of)
        if isinstance(result, Tensor) and of == Expr("Name", (), LOSS) and result.size == 1 and result.shape:
            result = result.reshape(())  # w.T @ w of a column is a number too
        dims, found = jacobian(result, x, False, self.gradients)
        if dims == ():
            return found
        exact: Any = np.reshape(found, dims + x.shape)
        return exact if self.reading is Arrays else np.reshape(found, squeeze(dims) + squeeze(x.shape))


def derivative_by_differences(f: Callable[[Any], Any], x: Any) -> Any:
    """Approximates the derivative of a function by five-point differences (Abramowitz and Stegun 25.3.6)."""
    x = np.asarray(x, float)
    base = np.asarray(f(x), float)
    found = np.empty(base.shape + x.shape)
    for index in np.ndindex(*x.shape):
        unit = np.zeros_like(x)
        unit[index] = 10 * STEP
        slope = 8 * (np.asarray(f(x + unit)) - f(x - unit)) - (np.asarray(f(x + 2 * unit)) - f(x - 2 * unit))
        found[(..., *index)] = slope / (120 * STEP)
    return np.where(np.abs(found) < 1e-10 * max(1.0, np.abs(base).max(initial=0.0)), 0.0, found)  # or else it is noise


class PythonLoss:
    """A loss that is a Python function, with examples of its arguments; it draws others like them."""

    class Unrecordable(Exception):
        """The function cannot be called on Tensors."""

    def __init__(self, loss: Callable[..., Any], at: Mapping[str, Any], wrt: str) -> None:
        self.original, self.wrt, self.only_nearby = loss, wrt, getattr(loss, "only_nearby", False)
        self.at = {w: as_array(x) for w, x in at.items()}
        if wrt in self.at and not is_float(self.at[wrt]):
            self.at[wrt] = np.asarray(self.at[wrt], float)
        self.arguments = argument_names(loss, self.at)
        self.run = with_operations(loss)
        self.functions: dict[str, Callable[..., Any]] = {}
        self.reading: type[Arrays] = Arrays
        self.traits = {w: traits_of(x, w == wrt) for w, x in self.at.items()}
        self.recordable = self.try_out()
        self.relax_traits()

    def try_out(self) -> bool:
        """Calls the function on the examples, and returns whether it also runs on Tensors.

        Raises Uncheckable if it does not run, or if neither the engine nor differences can find its derivative.
        """
        try:
            result = self.run(**{w: self.at[w] for w in self.arguments})
            if result is None:
                raise TypeError("it returns nothing")
            np.asarray(getattr(result, "_array", result), float)
        except Exception as error:
            raise Uncheckable(f"the loss does not run at these arrays: {type(error).__name__}: {error}") from error
        try:
            tensors = {w: Tensor(x) if is_float(x) else x for w, x in self.at.items() if w in self.arguments}
            return isinstance(self.run(**tensors), Tensor)
        except Exception:
            if np.ndim(result) != 0 or self.wrt not in self.at:
                raise Uncheckable("the loss cannot be called on Tensors, and is not a single number") from None
            return False

    def relax_traits(self) -> None:
        """Drops the trait "positive" if the loss is finite without it.

        Examples are often positive by chance.  Under a logarithm they must be, and then the trait stays.
        """
        strict, sign = self.traits, frozenset({"positive"})
        self.traits = {w: t - sign for w, t in strict.items()}
        for seed in range(3):
            arrays = self.draw(seed, {})
            try:
                with np.errstate(all="ignore"):
                    value = np.asarray(self.run(**{w: arrays[w] for w in self.arguments}), float)
                if np.isfinite(value).all():
                    continue
            except Exception:
                pass
            self.traits = strict
            return

    @property
    def problem(self) -> Problem:
        """The arguments as the declarations of a problem, for the search for assumptions and diagnoses."""
        found = Problem(LOSS)
        for word, x in self.at.items():
            if is_float(x):
                found.declared[word] = Declared(tuple(number(n) for n in np.shape(x)), self.traits[word])
        return found

    def points(self, assumed: Mapping[str, frozenset[str]] = {}) -> Iterator[Point]:
        """Yields points with arguments in the shapes of the examples."""
        for seed in range(8):
            yield LossPoint(self, self.draw(seed, {}, assumed), self.reading)

    def points_at_other_sizes(self) -> list[LossPoint]:
        """Returns points with arguments in other shapes, in which axes that need not be equally long are not.

        The list is empty if the function does not run at other shapes.
        """
        groups = find_tied_axes(self)
        longest = max((n for x in self.at.values() for n in np.shape(x)), default=1)
        lengths = {axis: longest + 1 + i for i, group in enumerate(groups) for axis in group}
        found = []
        for seed in (11, 12):
            try:
                point = LossPoint(self, self.draw(seed, lengths), self.reading)
                if point.result is not None and np.isfinite(point.result._array).all():
                    found.append(point)
            except Exception:  # a function that the user wrote may raise anything
                return []
        return found if lengths else []

    def draw(
        self, seed: int, lengths: Mapping[tuple[str, int], int], assumed: Mapping[str, frozenset[str]] = {}
    ) -> dict[str, Any]:
        """Draws arguments like the examples.

        ``lengths`` has other lengths for some axes, by argument and number of the axis; ``assumed`` has traits to add.
        """
        rng, found = np.random.default_rng([seed, 5]), {}
        for word, x in self.at.items():
            dims = tuple(lengths.get((word, i), n) for i, n in enumerate(np.shape(x)))
            known = self.traits[word] | assumed.get(word, frozenset())
            if not is_float(x):
                found[word] = redraw_integers(x, dims, rng)
            else:
                new: Any = draw_array(dims, known, rng)
                # Masks in a record, as of h > 0, are right only near the point at which it was made.
                if self.only_nearby and not lengths:
                    new = x if known - {"positive"} else x * (1 + 1e-6 * rng.normal(size=dims))
                found[word] = np.asarray(new, float) if dims else float(new)
        return found


def is_float(x: Any) -> bool:
    """Is it a number or array of floats, with respect to which one can differentiate?"""
    return isinstance(x, float) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "f")


def as_array(x: Any) -> Any:
    """Converts lists and Tensors to arrays, and arrays of floats to float64; returns anything else as it is."""
    x = getattr(x, "_array", x)
    x = np.asarray(x) if isinstance(x, (list, tuple, np.ndarray)) else float(x) if isinstance(x, np.floating) else x
    return x.astype(float) if is_float(x) and not isinstance(x, float) else x


def argument_names(loss: Callable[..., Any], at: Mapping[str, Any]) -> list[str]:
    """Lists the arguments with which the loss is called.  Raises Uncheckable if ``at`` lacks one."""
    try:
        signature = inspect.signature(loss).parameters.values()
    except (TypeError, ValueError):
        return list(at)
    if any(p.kind == p.VAR_KEYWORD for p in signature):
        return list(at)
    named = [p for p in signature if p.kind != p.VAR_POSITIONAL]
    missing = [p.name for p in named if p.name not in at and p.default is p.empty]
    if missing:
        raise Uncheckable(f"at= has no array for {', '.join(missing)}")
    return [p.name for p in named if p.name in at]


def traits_of(x: Any, wrt: bool) -> frozenset[str]:
    """Returns the traits of an example, on which a right answer may rely.

    ``wrt``: is the gradient with respect to it?  Such an argument is free to move, so it is not taken as one-hot or
    binary.
    """
    if not is_float(x) or np.ndim(x) == 0 or np.size(x) == 0:
        return frozenset({"positive"} if is_float(x) and x > 0 and not wrt else ())
    if not wrt and set(np.unique(x)) == {-1.0, 1.0}:
        return frozenset({"signs"})
    binary, sums = np.isin(x, (0, 1)).all(), sums_to_one(x, -1) and (x >= 0).all()
    unit = x.ndim == 2 and x.shape[0] == x.shape[1] and np.array_equal(x, np.eye(len(x)))
    if binary and sums and not unit and not wrt:
        return frozenset({"one-hot"})
    if sums and not unit and x.shape[-1] > 1:
        return frozenset({"positive"} if wrt else {"distribution"})
    if binary and not unit and 0 < x.mean() < 1 and not wrt:
        return frozenset({"binary"})
    return frozenset({"positive"} if (x > 0).all() else ())


def redraw_integers(x: Any, dims: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Draws whole numbers from those of the example.

    The first two are equal, because indices may choose a row more than once, and an answer must be right there too.
    """
    if not isinstance(x, np.ndarray) or x.ndim == 0 or x.size == 0 or x.dtype.kind not in "iub":
        return x
    found = rng.choice(x.ravel(), dims)
    if found.size > 1 and x.dtype.kind in "iu":
        found.ravel()[:2] = found.ravel()[0]
    return found


# Recording.


def record_call(
    loss: Callable[..., Any], tensors: Mapping[str, Any], arguments: list[str]
) -> tuple[Any, dict[str, Any]]:
    """Calls a function on Tensors, and returns its result and the values of its variables when it returned.

    A profile function sees the frame of the function as it returns, and reads the variables from there.
    """
    inner = inspect.unwrap(getattr(loss, "func", loss))
    code, local = getattr(inner, "__code__", None), {}

    def watch(frame: types.FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            local.update(frame.f_locals)

    free = sys.getprofile() is None  # if a profiler is running it stays, and the variables are not seen
    try:
        if free:
            sys.setprofile(watch)
        result = loss(**{w: tensors[w] for w in arguments})
    except Exception as error:
        raise PythonLoss.Unrecordable from error
    finally:
        if free:
            sys.setprofile(None)
    local.update(getattr(loss, "variables", {}))
    outer = getattr(inner, "__globals__", {})
    local = {
        **{w: outer[w] for w in getattr(code, "co_names", ()) if w in outer and not isinstance(outer[w], Tensor)},
        **local,
    }
    kept = {w: x for w, x in local.items() if isinstance(x, (Tensor, np.ndarray, float, int)) and w not in tensors}
    return result, kept


def with_operations(loss: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the function with the user's own sigmoid, softmax and the like replaced by the engine's operations.

    So a sigmoid that is written by hand is recorded as one node with one derivative, not as four.  A helper is replaced
    if it has the name of an operation and computes the same on examples.
    """
    if not isinstance(loss, types.FunctionType):
        return loss
    replaced = {}
    for word in set(loss.__code__.co_names):
        helper = loss.__globals__.get(word)
        operation = ALIASES.get(word, word)
        if isinstance(helper, types.FunctionType) and operation in OPS and not hasattr(helper, "op"):
            if computes_the_same(helper, operation):
                replaced[word] = as_operation(operation)
    if not replaced:
        return loss
    new = types.FunctionType(
        loss.__code__, {**loss.__globals__, **replaced}, loss.__name__, loss.__defaults__, loss.__closure__
    )
    new.__kwdefaults__ = loss.__kwdefaults__
    return new


def as_operation(operation: str) -> Callable[..., Any]:
    """Returns an operation as the evaluator ``Arrays`` computes it."""
    own = getattr(Arrays, f"do_{operation}", None)
    return (lambda *args: own(Arrays({}), *args)) if own else OPS[operation].public


def computes_the_same(helper: Callable[..., Any], operation: str) -> bool:
    """Does a function return on random examples what an operation returns?"""
    rng = np.random.default_rng(3)
    try:
        with np.errstate(all="ignore"):
            for dims in ((4,), (3, 4)):
                x = rng.normal(size=dims)
                if not same(helper(x.copy()), as_operation(operation)(x), nan=True):
                    return False
    except Exception:
        return False
    return True


# Sizes.


def find_tied_axes(loss: PythonLoss) -> list[set[tuple[str, int]]]:
    """Finds groups of axes that must be equally long, because the loss fails otherwise.

    Each axis is made longer, together with as few others of its length as will do.  Axes that cannot change at all are
    in no group.
    """
    if not loss.recordable:
        return []
    axes = [(w, i, n) for w, x in loss.at.items() if isinstance(x, np.ndarray) for i, n in enumerate(x.shape) if n > 1]
    longest = max((n for *_, n in axes), default=1)
    groups: list[set[tuple[str, int]]] = []

    def runs(group: set[tuple[str, int]]) -> bool:
        arrays = loss.draw(1, dict.fromkeys(group, longest + 1))
        try:
            with np.errstate(all="ignore"):
                return shape(loss.run(**{w: arrays[w] for w in loss.arguments})) == usual_shape
        except Exception:
            return False

    with np.errstate(all="ignore"):
        usual_shape = shape(loss.run(**{w: loss.at[w] for w in loss.arguments}))
    for word, i, n in axes[:24]:
        if any((word, i) in group for group in groups):
            continue
        group = {(w, k) for w, k, m in axes if m == n and not any((w, k) in g for g in groups)}
        if not runs(group):
            continue
        others = sorted(group - {(word, i)})
        choices = itertools.chain.from_iterable(itertools.combinations(others, k) for k in range(len(others)))
        for some in itertools.islice(choices, 100):  # from the smallest: the first that runs is the group
            if runs({(word, i), *some}):
                group = {(word, i), *some}
                break
        groups.append(group)
    return groups


def is_latex(text: str) -> bool:
    """Is the text LaTeX: between $ signs, or with commands, or with braces after ^ or _?"""
    return text.strip().startswith("$") or re.search(r"\\|[\^_]\{(?!\s*[T⊤]\s*\})", text) is not None


def readings_of(text: str) -> list[type[Arrays]]:
    """Lists the evaluators by which a text may be meant: first NumPy's rules, then those of the blackboard."""
    if ".." in text.replace("...", "") or is_latex(text):
        return [Columns]
    return [Arrays, Columns]


__all__ = ["LOSS", "LossPoint", "PythonLoss", "Misfit", "readings_of"]
