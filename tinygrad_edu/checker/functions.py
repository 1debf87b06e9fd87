"""A loss that is given in Python: drawn at other points and other sizes, and recorded by calling it on Tensors.

What ``at`` holds is taken as an example of each argument: of its shape, and of what is special about it.  One-hot rows
stay one-hot, what sums to one does, whole numbers stay whole; but a matrix that happens to be symmetric does not, for
a wrong answer that passes there is still wrong.
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
from .judge import Place, Uncheckable
from .problem import Declared, Problem, drawn, jacobian, squeezed

LOSS = "loss"


class FunctionPlace:
    """One point: the arguments, and everything that the function computes under a name of its own."""

    def __init__(self, given: Given, arrays: Mapping[str, Any], reading: type[Arrays]) -> None:
        self.given, self.reading = given, reading
        self.sizes: dict[str, int] = {}
        tensors = {w: Tensor(x, w) if is_float(x) else x for w, x in arrays.items()}
        try:
            result, local = recorded(given.loss, tensors, given.arguments)
        except given.Unrecordable:
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
        self.gradients: Callable[..., Any] = gradients  # how derivatives are found: see by_edge.py

    def values(self) -> Values:
        return self.reading(self.arrays, self.given.functions, self.derivative)

    def moved(self, word: str, x: Any) -> FunctionPlace:
        """The same with another value for an argument."""
        return FunctionPlace(self.given, {**self.leaves, word: x}, self.reading)

    def recorded(self) -> Values:
        return self.reading(self.tensors, self.given.functions, self.derivative)

    def derivative(self, of: Expr, wrt: Expr, values: Values) -> Any:
        """What the engine finds; differences, where the function cannot be recorded."""
        inner = wrt.args[0] if wrt.head == "Index" else wrt
        key = (of, inner)
        if key not in self.cache:
            self.cache[key] = self.found(of, inner)
        found = self.cache[key]
        if wrt.head != "Index":
            return found
        return type(values)({**values.known, "\0": found})(wrt._replace(args=(Expr("Name", (), "\0"), *wrt.args[1:])))

    def found(self, of: Expr, wrt: Expr) -> Any:
        """The derivative of a tree with respect to a name."""
        word = wrt.value if wrt.head == "Name" else ""
        x = self.tensors.get(word)
        if self.result is None and of == Expr("Name", (), LOSS) and word in self.leaves:
            return by_differences(lambda a: self.given.loss(**{**self.leaves, word: a}), self.leaves[word])
        if not isinstance(x, Tensor):
            raise Impossible(f"{word or 'that'} is no array of numbers, so there is no derivative with respect to it")
        result = self.result if of == Expr("Name", (), LOSS) else self.recorded()(of)
        if isinstance(result, Tensor) and of == Expr("Name", (), LOSS) and result.size == 1 and result.shape:
            result = result.reshape(())  # w.T @ w of a column is a number too
        dims, found = jacobian(result, x, False, self.gradients)
        if dims == ():
            return found
        exact: Any = np.reshape(found, dims + x.shape)
        return exact if self.reading is Arrays else np.reshape(found, squeezed(dims) + squeezed(x.shape))


def by_differences(f: Callable[[Any], Any], x: Any) -> Any:
    """The derivative by five-point differences (Abramowitz and Stegun 25.3.6)."""
    x = np.asarray(x, float)
    base = np.asarray(f(x), float)
    found = np.empty(base.shape + x.shape)
    for index in np.ndindex(*x.shape):
        unit = np.zeros_like(x)
        unit[index] = 10 * STEP
        slope = 8 * (np.asarray(f(x + unit)) - f(x - unit)) - (np.asarray(f(x + 2 * unit)) - f(x - 2 * unit))
        found[(..., *index)] = slope / (120 * STEP)
    return np.where(np.abs(found) < 1e-10 * max(1.0, np.abs(base).max(initial=0.0)), 0.0, found)  # or else it is noise


class Given:
    """The function, an example of its arguments, and how others like them are drawn."""

    class Unrecordable(Exception):
        """It cannot be called on Tensors."""

    def __init__(self, loss: Callable[..., Any], at: Mapping[str, Any], wrt: str) -> None:
        self.original, self.wrt, self.near = loss, wrt, getattr(loss, "near", False)
        self.at = {w: arrayed(x) for w, x in at.items()}
        if wrt in self.at and not is_float(self.at[wrt]):
            self.at[wrt] = np.asarray(self.at[wrt], float)
        self.arguments = parameters(loss, self.at)
        self.loss = with_operations(loss)
        self.functions: dict[str, Callable[..., Any]] = {}
        self.reading: type[Arrays] = Arrays
        self.traits = {w: traits(x, w == wrt) for w, x in self.at.items()}
        self.recordable = self.tried()
        self.loosen()

    def tried(self) -> bool:
        """Does it run, and on Tensors?  Uncheckable, if it does not run at all."""
        try:
            result = self.loss(**{w: self.at[w] for w in self.arguments})
            if result is None:
                raise TypeError("it returns nothing")
            np.asarray(getattr(result, "_array", result), float)
        except Exception as error:
            raise Uncheckable(f"the loss does not run at these arrays: {type(error).__name__}: {error}") from error
        try:
            given = {w: Tensor(x) if is_float(x) else x for w, x in self.at.items() if w in self.arguments}
            return isinstance(self.loss(**given), Tensor)
        except Exception:
            if np.ndim(result) != 0 or self.wrt not in self.at:
                raise Uncheckable("the loss cannot be called on Tensors, and is not a single number") from None
            return False

    def loosen(self) -> None:
        """What is positive stays so only where the loss is no number otherwise."""
        strict, sign = self.traits, frozenset({"positive"})
        self.traits = {w: t - sign for w, t in strict.items()}
        for seed in range(3):
            arrays = self.draw(seed, {})
            try:
                with np.errstate(all="ignore"):
                    value = np.asarray(self.loss(**{w: arrays[w] for w in self.arguments}), float)
                if np.isfinite(value).all():
                    continue
            except Exception:
                pass
            self.traits = strict
            return

    @property
    def problem(self) -> Problem:
        """The arguments as declarations, for what asks what is known of them."""
        found = Problem(LOSS)
        for word, x in self.at.items():
            if is_float(x):
                found.declared[word] = Declared(tuple(number(n) for n in np.shape(x)), self.traits[word])
        return found

    def places(self, assumed: Mapping[str, frozenset[str]] = {}) -> Iterator[Place]:
        """Points at the shapes that were given."""
        for seed in range(8):
            yield FunctionPlace(self, self.draw(seed, {}, assumed), self.reading)

    def elsewhere(self) -> list[FunctionPlace]:
        """Points at other shapes, where axes that only happen to be equally long are not; none, if none will do."""
        groups = tied(self)
        longest = max((n for x in self.at.values() for n in np.shape(x)), default=1)
        lengths = {axis: longest + 1 + i for i, group in enumerate(groups) for axis in group}
        found = []
        for seed in (11, 12):
            try:
                place = FunctionPlace(self, self.draw(seed, lengths), self.reading)
                if place.result is not None and np.isfinite(place.result._array).all():
                    found.append(place)
            except Exception:  # a function of the user's may fail as it likes
                return []
        return found if lengths else []

    def draw(
        self, seed: int, lengths: Mapping[tuple[str, int], int], assumed: Mapping[str, frozenset[str]] = {}
    ) -> dict[str, Any]:
        """Other arguments like those given, with other lengths of some axes."""
        rng, found = np.random.default_rng([seed, 5]), {}
        for word, x in self.at.items():
            dims = tuple(lengths.get((word, i), n) for i, n in enumerate(np.shape(x)))
            known = self.traits[word] | assumed.get(word, frozenset())
            if not is_float(x):
                found[word] = redrawn(x, dims, rng)
            else:
                drawn_: Any = drawn(dims, known, rng)
                if self.near and not lengths:  # a record's masks are right only around the point where it was made
                    drawn_ = x if known - {"positive"} else x * (1 + 1e-6 * rng.normal(size=dims))
                found[word] = np.asarray(drawn_, float) if dims else float(drawn_)
        return found


def is_float(x: Any) -> bool:
    """Is it made of numbers that one can differentiate with respect to?"""
    return isinstance(x, float) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "f")


def arrayed(x: Any) -> Any:
    """Lists as arrays, Tensors as what they hold; anything else as it is."""
    x = getattr(x, "_array", x)
    x = np.asarray(x) if isinstance(x, (list, tuple, np.ndarray)) else float(x) if isinstance(x, np.floating) else x
    return x.astype(float) if is_float(x) and not isinstance(x, float) else x


def parameters(loss: Callable[..., Any], at: Mapping[str, Any]) -> list[str]:
    """The arguments by which the loss is called.  Uncheckable, if one is missing in ``at``."""
    try:
        signature = inspect.signature(loss).parameters.values()
    except (TypeError, ValueError):
        return list(at)
    if any(p.kind == p.VAR_KEYWORD for p in signature):
        return list(at)
    given = [p for p in signature if p.kind != p.VAR_POSITIONAL]
    missing = [p.name for p in given if p.name not in at and p.default is p.empty]
    if missing:
        raise Uncheckable(f"at= has no array for {', '.join(missing)}")
    return [p.name for p in given if p.name in at]


def traits(x: Any, wrt: bool) -> frozenset[str]:
    """What is special about an example: what a right answer may rely on."""
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


def redrawn(x: Any, dims: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Whole numbers among those given, with one that comes twice: rows may be used more than once."""
    if not isinstance(x, np.ndarray) or x.ndim == 0 or x.size == 0 or x.dtype.kind not in "iub":
        return x
    found = rng.choice(x.ravel(), dims)
    if found.size > 1 and x.dtype.kind in "iu":
        found.ravel()[:2] = found.ravel()[0]
    return found


# Recording.


def recorded(loss: Callable[..., Any], tensors: Mapping[str, Any], arguments: list[str]) -> tuple[Any, dict[str, Any]]:
    """The result of a function called on Tensors, and what its variables were when it returned."""
    inner = inspect.unwrap(getattr(loss, "func", loss))
    code, local = getattr(inner, "__code__", None), {}

    def watch(frame: types.FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            local.update(frame.f_locals)

    free = sys.getprofile() is None  # or else somebody measures, who is not to be disturbed
    try:
        if free:
            sys.setprofile(watch)
        result = loss(**{w: tensors[w] for w in arguments})
    except Exception as error:
        raise Given.Unrecordable from error
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
    """The function, in which helpers of the user's that compute what an operation does are that operation.

    So a sigmoid written by hand is one node with one derivative, not four.
    """
    if not isinstance(loss, types.FunctionType):
        return loss
    replaced = {}
    for word in set(loss.__code__.co_names):
        helper = loss.__globals__.get(word)
        operation = ALIASES.get(word, word)
        if isinstance(helper, types.FunctionType) and operation in OPS and not hasattr(helper, "op"):
            if computes(helper, operation):
                replaced[word] = as_operation(operation)
    if not replaced:
        return loss
    new = types.FunctionType(
        loss.__code__, {**loss.__globals__, **replaced}, loss.__name__, loss.__defaults__, loss.__closure__
    )
    new.__kwdefaults__ = loss.__kwdefaults__
    return new


def as_operation(operation: str) -> Callable[..., Any]:
    """An operation as the reading of arrays has it."""
    own = getattr(Arrays, f"do_{operation}", None)
    return (lambda *args: own(Arrays({}), *args)) if own else OPS[operation].public


def computes(helper: Callable[..., Any], operation: str) -> bool:
    """Does a function give on examples what an operation gives?"""
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


def tied(given: Given) -> list[set[tuple[str, int]]]:
    """Axes that have to be equally long, because the loss fails otherwise; those that cannot change are left out."""
    if not given.recordable:
        return []
    axes = [(w, i, n) for w, x in given.at.items() if isinstance(x, np.ndarray) for i, n in enumerate(x.shape) if n > 1]
    longest = max((n for *_, n in axes), default=1)
    groups: list[set[tuple[str, int]]] = []

    def runs(group: set[tuple[str, int]]) -> bool:
        arrays = given.draw(1, dict.fromkeys(group, longest + 1))
        try:
            with np.errstate(all="ignore"):
                return shape(given.loss(**{w: arrays[w] for w in given.arguments})) == given_shape
        except Exception:
            return False

    with np.errstate(all="ignore"):
        given_shape = shape(given.loss(**{w: given.at[w] for w in given.arguments}))
    for word, i, n in axes[:24]:
        if any((word, i) in group for group in groups):
            continue
        group = {(w, k) for w, k, m in axes if m == n and not any((w, k) in g for g in groups)}
        if not runs(group):
            continue
        others = sorted(group - {(word, i)})
        choices = itertools.chain.from_iterable(itertools.combinations(others, k) for k in range(len(others)))
        for some in itertools.islice(choices, 100):  # the smallest that will do: the others need not be as long
            if runs({(word, i), *some}):
                group = {(word, i), *some}
                break
        groups.append(group)
    return groups


def is_latex(text: str) -> bool:
    """Is it LaTeX: between $ signs, or with commands, or with braces behind ^ or _?"""
    return text.strip().startswith("$") or re.search(r"\\|[\^_]\{(?!\s*[T⊤]\s*\})", text) is not None


def reading_of(text: str) -> list[type[Arrays]]:
    """How a text may be meant: as NumPy has it, then as on the blackboard."""
    if ".." in text.replace("...", "") or is_latex(text):
        return [Columns]
    return [Arrays, Columns]


__all__ = ["LOSS", "FunctionPlace", "Given", "Misfit", "reading_of"]
