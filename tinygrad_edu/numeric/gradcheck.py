"""Checks gradients: compares the derivatives by the rules with derivatives by differences, which use no rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..context import within
from ..derivatives import gradients, push_forward
from ..errors import messages as errors
from ..graph import Value
from ..ops import concatenate, ravel
from ..tensor import Tensor
from .differences import STEP, five_point, slopes
from .equality import Tolerance, differs
from .mistakes import (
    BEND,
    FORGOTTEN,
    NOT_LINEAR,
    UNRECORDED,
    Sample,
    describe_derivative,
    describe_domain_end,
    describe_kink,
    index_text,
    likely_mistake,
    samples_near,
)

Index = tuple[int, ...]

ENTRIES = 250_000  # the most entries of a Jacobian that is computed as a whole, to find the kind of a mistake
SUSPECTS = 200  # the most entries of an argument that are compared one by one
MODES = ("reverse", "forward")


def gradcheck(
    f: Callable[..., Any],
    *args: Any,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    order: int = 2,
    eps: float = STEP,
    modes: Sequence[str] = MODES,
    raise_exception: bool = True,
) -> bool:
    """Compare the derivatives of ``f`` at ``args`` with differences: True, or AssertionError on the worst entry.

    f: a function of arrays that gives a Tensor, or a tuple of them.  It may take gradients itself, as a gradient
        penalty does, if they are recorded: ``gradients(..., differentiable=True)``.
    args: where to compare, one after the other: numbers, lists, arrays or Tensors; or one tuple of arrays, as for
        PyTorch's gradcheck and JAX's check_grads.  Computed in float64.  An array of whole numbers or truth values is
        passed on as it is, for it is an index or a label.
    rtol, atol: a derivative is right if |rules - differences| <= atol + rtol |differences|; the second order may be
        wrong by ten times as much.
    order: 1 or 2.
    eps: the step of the differences; for a number above 1, the step in parts of that number.
    modes: which of "reverse" (vector-Jacobian products) and "forward" (Jacobian-vector products) to compare.
    raise_exception: if False, a wrong derivative returns False and raises nothing.

    It checks, in this order: the *values*, that two calls give the same; *reverse* mode, in every entry of every
    argument, with random weights of the results; *forward* mode, in a random direction; and with ``order=2`` the
    *second order*, the gradient's own gradient in a random direction.  If one fails, it compares the Jacobian entry by
    entry: the error names the entry of the result and of the argument, both numbers, and the kind of mistake, if one
    fits all entries, at other points too.  Where ``f`` has a kink or is not finite there is nothing to compare with,
    and the error says so.

    Raises AssertionError, and TypeError where there is nothing to differentiate.  The five-point formula is Abramowitz
    and Stegun's 25.3.6.

    >>> from tinygrad_edu import sigmoid
    >>> gradcheck(lambda W, x: sigmoid(W @ x), [[1.0, 2.0]], [3.0, -1.0])
    True
    """
    if len(args) == 1 and isinstance(args[0], tuple) and any(isinstance(a, (Value, np.ndarray)) for a in args[0]):
        args = args[0]
    if strange := [mode for mode in modes if mode not in MODES]:
        raise errors.explained(ValueError(f"modes are 'reverse' and 'forward', not {strange[0]!r}"))
    if order not in (1, 2):
        raise errors.explained(ValueError(f"order is 1 or 2, not {order!r}"))
    try:
        Check(f, args, rtol, atol, eps).run(order, modes)
    except AssertionError:
        if raise_exception:
            raise
        return False
    return True


def argument_names(f: Callable[..., Any], number: int) -> list[str]:
    """The names of the first ``number`` parameters of a function; "argument 2" where it does not tell."""
    try:
        parameters = inspect.signature(f).parameters.values()
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):
        names = []
    return [*names[:number], *(f"argument {i}" for i in range(len(names), number))]


def unit_array(shape: Index, at: Index) -> Any:
    """Make an array of zeros with a 1 at one index."""
    e = np.zeros(shape)
    e[at] = 1.0
    return e


class Check:
    """One function at one point: its derivatives by rules and by differences."""

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], rtol: float, atol: float, eps: float) -> None:
        """Keep the function and its arguments.  Raises TypeError if all are arrays of whole numbers."""
        self.f, self.rtol, self.atol, self.eps = f, rtol, atol, eps
        self.given = [a._array if isinstance(a, Value) else a for a in args]
        self.which = [i for i, a in enumerate(self.given) if not (isinstance(a, np.ndarray) and a.dtype.kind in "iub")]
        if not self.which:
            words = "gradcheck has nothing to differentiate: it takes an array of whole numbers for an index or a label"
            raise errors.explained(TypeError(words), "Write gradcheck(f, x.astype(float)).")
        every = argument_names(f, len(self.given))
        self.names = [every[i] for i in self.which]
        self.points = [np.array(self.given[i], np.float64) for i in self.which]
        self.shape: tuple[int, ...] = ()  # of the result
        self.weights: Any = 1.0
        self.direction: list[Any] = []

    # The function, its derivatives by the rules, and those by differences.

    def call_recorded(self, points: Sequence[Any]) -> tuple[list[Tensor], Any]:
        """Call the function on new tensors, and return these and its result; several results are joined into one."""
        given, tensors = [*self.given], [Tensor(x, name) for x, name in zip(points, self.names)]
        for i, tensor in zip(self.which, tensors):
            given[i] = tensor
        result = self.f(*given)
        return tensors, concatenate([ravel(r) for r in result]) if isinstance(result, (tuple, list)) else result

    def value(self, points: Sequence[Any]) -> Any:
        """Call the function, and return its result as an array in float64."""
        result = self.call_recorded(points)[1]
        return np.asarray(result._array if isinstance(result, Value) else result, np.float64)

    def gradients(self, points: Sequence[Any], seeds: Iterable[Any]) -> Iterator[list[Any]]:
        """Yield, for each seed, the gradients of all arguments by the rules."""
        tensors, y = self.call_recorded(points)
        for seed in seeds:
            if isinstance(y, Value) and y.node.active:
                yield [np.asarray(g) for g in gradients(y, tensors, seed)]  # type: ignore[arg-type]
            else:
                yield [np.zeros(x.shape) for x in points]

    def unit_seeds(self) -> Iterator[Any]:
        """Yield, for each entry of the result, a seed that is 1 there and 0 elsewhere."""
        return map(unit_array, [self.shape] * int(np.prod(self.shape)), np.ndindex(self.shape))

    def along_entry(self, points: Sequence[Any], k: int, at: Index, f: Any = None) -> Callable[[float], Any]:
        """Make a function of one number t, which is added to one entry of argument number ``k``."""

        def by(t: float) -> Any:
            x = points[k].copy()
            x[at] += t
            return (f or self.value)([*points[:k], x, *points[k + 1 :]])

        return by

    def step_size(self, points: Sequence[Any], k: int, at: Index) -> float:
        """Choose the unit of steps for an entry: 1, or its absolute value if that is larger.

        Where the function is not finite so near, as next to the end of its domain, a smaller number is its own unit.
        """
        x, f = abs(float(points[k][at])), self.along_entry(points, k, at)
        far = 8 * self.eps
        return x if 0 < x < 1 and not np.all(np.isfinite([f(-far), f(far)])) else max(1.0, x)

    def column(self, points: Sequence[Any], k: int, at: Index) -> Any:
        """Compute the derivatives of all results with respect to one entry, by differences."""
        f, x = self.along_entry(points, k, at), abs(float(points[k][at]))
        found = five_point(f, self.eps * max(1.0, x))
        return found if np.all(np.isfinite(found)) else five_point(f, self.eps * self.step_size(points, k, at))

    def differ(self, rule: Any, found: Any, error: Any = 0.0, tolerance: float = 1.0) -> Any:
        """Where do derivatives differ by more than is allowed, and by more than the error of the differences?"""
        return differs(rule, found, Tolerance(tolerance * self.rtol, absolute=tolerance * self.atol), 10 * error)

    # What is compared.

    def run(self, order: int, modes: Sequence[str]) -> None:
        """Run all comparisons in their order; the first that fails raises AssertionError."""
        with np.errstate(all="ignore"):
            self.check_values()
            rng = np.random.default_rng(0)
            self.weights = rng.uniform(0.5, 1.5, self.shape)
            self.direction = [rng.normal(size=x.shape) for x in self.points]
            if "reverse" in modes:
                self.check_reverse()
            if "forward" in modes:
                self.check_forward()
            if order == 2:
                self.check_second()

    def check_values(self) -> None:
        """Check that two calls give the same values, and that these are finite."""
        first, second = self.value(self.points), self.value(self.points)
        self.shape = first.shape
        if first.shape != second.shape or not np.array_equal(first, second, equal_nan=True):
            raise AssertionError(
                "values: f gives something else when it is called again with the same arguments. If it draws random "
                "numbers, start the generator anew in each call."
            )
        if not np.isfinite(first).all():
            at = tuple(np.argwhere(~np.isfinite(first))[0])
            raise AssertionError(
                f"values: the result{index_text(at)} is {first[at]} at these arguments, so there is no derivative. "
                "Choose arguments at which f is finite."
            )

    def check_reverse(self) -> None:
        """Check reverse mode in each entry of each argument.  One sweep does, since the results are weighted."""
        (rules,) = self.gradients(self.points, [self.weights])
        for k, (x, rule) in enumerate(zip(self.points, rules)):
            found = np.empty(x.shape)
            for at in np.ndindex(x.shape):
                found[at] = np.sum(self.weights * self.column(self.points, k, at))
            wrong = sorted(np.argwhere(self.differ(rule, found)), key=lambda at: -abs(rule - found)[tuple(at)])
            suspects = sorted((k, tuple(map(int, at))) for at in wrong[:SUSPECTS])
            if suspects:
                each = [[g[k][at] for _, at in suspects] for g in self.gradients(self.points, self.unit_seeds())]
                columns = zip(suspects, np.reshape(each, (*self.shape, len(suspects))).T)
                self.raise_worst("reverse", self.value, ((use, column.T) for use, column in columns))
                self.check_linear(k)

    def check_linear(self, k: int) -> None:
        """Check that a rule is linear in its upstream gradient: it may be right for 1 and wrong for 2."""
        once, twice = (g[k] for g in self.gradients(self.points, [self.weights, 2 * self.weights]))
        if self.differ(twice, 2 * once).any():
            words = FORGOTTEN if np.array_equal(once, twice) else NOT_LINEAR
            raise AssertionError(f"reverse: the gradient of {self.names[k]} is right where 1 comes in alone. {words}")

    def check_forward(self) -> None:
        """Check forward mode in a random direction; if that is wrong, in each entry."""
        expected = five_point(self.along_direction(self.value), self.eps)
        if self.differ(self.tangent(self.direction), expected).any():
            uses = [(k, at) for k, x in enumerate(self.points) for at in np.ndindex(x.shape)]
            nothing = [np.zeros(x.shape) for x in self.points]
            units = ((k, at, unit_array(self.points[k].shape, at)) for k, at in uses)
            columns = (((k, at), self.tangent([*nothing[:k], e, *nothing[k + 1 :]])) for k, at, e in units)
            self.raise_worst("forward", self.value, columns)

    def along_direction(self, f: Callable[[Sequence[Any]], Any]) -> Callable[[float], Any]:
        """Make a function of one number t from one of points: it moves them by t along the random direction."""
        return lambda t: f([x + t * d for x, d in zip(self.points, self.direction)])

    def tangent(self, direction: Sequence[Any]) -> Any:
        """Compute how the result changes in a direction, by forward mode."""
        tensors, y = self.call_recorded(self.points)
        if not isinstance(y, Value) or not y.node.active:
            return np.zeros(self.shape)
        found = push_forward(y.node, {t.node.serial: d for t, d in zip(tensors, direction)}, False)
        return np.zeros(self.shape) if found is None else np.asarray(getattr(found, "_array", found))

    def check_second(self) -> None:
        """Check the gradient's own gradient in the random direction; if that is wrong, in each entry."""
        if not self.wrong_in_second(self.weights):
            return
        uses = [(k, at) for k, x in enumerate(self.points) for at in np.ndindex(x.shape)]
        for seed in self.unit_seeds():
            of = index_text(np.argwhere(seed)[0]) if np.size(seed) > 1 else ""
            for k, at in self.wrong_in_second(seed):
                rules = self.second_derivatives(seed, k, at)

                def slope(points: Sequence[Any], seed: Any = seed, k: int = k, at: Index = at) -> Any:
                    return next(self.gradients(points, [seed]))[k][at]

                columns = ((use, rules[use[0]][use[1]]) for use in uses)
                self.raise_worst("second order", slope, columns, f"{self.names[k]}{index_text(at)}", of)

    def wrong_in_second(self, seed: Any) -> list[tuple[int, Index]]:
        """Find the entries of the gradient whose derivative in the random direction is not that by differences."""

        def of(k: int) -> Any:
            return five_point(self.along_direction(lambda points: next(self.gradients(points, [seed]))[k]), self.eps)

        found = map(of, range(len(self.points)))
        rules = self.second_derivatives(seed)
        return [
            (k, tuple(map(int, at)))
            for k, (rule, expected) in enumerate(zip(rules, found))
            for at in np.argwhere(self.differ(rule, expected, tolerance=10))
        ]

    def second_derivatives(self, seed: Any, k: int | None = None, at: Index = ()) -> list[Any]:
        """The gradient by the rules of one entry of the gradient; without ``k``, of its product with the direction."""
        tensors, y = self.call_recorded(self.points)
        nothing = [np.zeros(x.shape) for x in self.points]
        if not isinstance(y, Value) or not y.node.active:
            return nothing
        first = gradients(y, tensors, seed, differentiable=True)  # type: ignore[arg-type]
        total = sum((g * d).sum() for g, d in zip(first, self.direction)) if k is None else first[k][at]
        return [np.asarray(g) for g in gradients(total, tensors)] if total.node.active else nothing

    # What is wrong, in words.

    def raise_worst(
        self,
        mode: str,
        f: Callable[[Sequence[Any]], Any],
        columns: Iterable[tuple[tuple[int, Index], Any]],
        first: str = "",
        of: str = "",
    ) -> None:
        """Raise AssertionError on the worst of the entries that are wrong, or on one where nothing can be compared.

        columns: for entries of arguments, the derivatives of all results of ``f``, by the rules.  first, of: if ``f``
        is a derivative already, with respect to which entry, and of which entry of the result.
        """
        worst: tuple[float, str, int] = (0.0, "", 0)
        unknown = ""
        for (k, at), rule in columns:
            name, x = f"{self.names[k]}{index_text(at)}", self.points[k][at]
            found = slopes(self.along_entry(self.points, k, at, f), self.step_size(self.points, k, at), self.eps)
            if not np.all(found.finite):
                unknown = unknown or describe_domain_end(name, x)
                continue
            bad = self.differ(rule, found.value, found.error, 10 if first else 1)
            for i in map(tuple, np.argwhere(bad)):
                a, left, right = (float(np.asarray(part)[i]) for part in (rule, found.left, found.right))
                b, result = float(np.asarray(found.value)[i]), of or index_text(i)
                if not np.asarray(found.smooth)[i]:
                    unknown = unknown or describe_kink(name, x, left, right, a, first)
                elif first and np.isnan(a):
                    words = describe_derivative(name, first, result if np.prod(self.shape) > 1 else "")
                    unknown = unknown or f"{words} is nan by the rules. {BEND}"
                else:
                    score = abs(a - b) / (abs(a) + abs(b)) if np.isfinite(a) else np.inf
                    if score > 1.000001 * worst[0]:
                        words = describe_derivative(name, first, result if np.prod(self.shape) > 1 else "")
                        worst = score, f"{words} is {a:.7g} by the rules and {b:.7g} by differences", k
        if worst[1]:
            kind = self.mistake(worst[2]) if not first else self.mistake_in_second()
            raise AssertionError(f"{mode}: {worst[1]}{f'. {kind}' if kind else ''}")
        if unknown:
            raise AssertionError(f"{mode}: {unknown}")

    def mistake(self, k: int) -> str:
        """Describe the kind of a mistake, from samples at this point and at others near it; empty if none fits."""
        if self.takes_unrecorded_gradient():
            return UNRECORDED
        if np.prod(self.shape) * self.points[k].size > ENTRIES:
            return ""
        try:
            samples = samples_near(lambda points: self.take_sample([*map(np.asarray, points)], k), self.points)
        except Exception:
            return ""  # the function fails when it is called again, so there is no sample
        return likely_mistake(samples, self.names[k])

    def take_sample(self, points: list[Any], k: int) -> Sample:
        """Compute all derivatives with respect to one argument at one point, by the rules and by differences."""
        z, x = self.value(points), points[k]
        if z.shape != self.shape:
            raise ValueError("a result of another shape")
        every = [np.stack([self.column(points, i, at) for at in np.ndindex(p.shape)], -1).reshape(z.shape + p.shape)
                 if i == k or p.shape == x.shape else None for i, p in enumerate(points)]  # fmt: skip
        rule = np.reshape([g[k] for g in self.gradients(points, self.unit_seeds())], z.shape + x.shape)
        once, twice = (g[k] for g in self.gradients(points, [self.weights, 2 * self.weights]))
        others = {self.names[i]: e for i, e in enumerate(every) if e is not None and i != k}
        lengths = () if z.size == x.size else (*max((z, x), key=np.size).shape, z.size // max(1, x.size))
        broad = z.reshape(z.shape + (1,) * x.ndim)
        unmoved = bool(np.any(once)) and np.array_equal(once, twice)
        return Sample(rule, every[k], x, broad, others, x.ndim, unmoved, lengths)

    def mistake_in_second(self) -> str:
        """Describe why a second derivative may be wrong although the first is right; empty if that is not known."""
        if not any(np.any(g) for g in self.second_derivatives(self.weights)):
            return (
                "By the rules it is 0 everywhere: does a rule take values out of the record, with .data or np.asarray?"
            )
        return ""

    def takes_unrecorded_gradient(self) -> bool:
        """Does the function itself take a gradient that is not recorded, and so is a constant for the rules?"""
        found = []

        def watch(node: Any, g: Any, passed: Any = None) -> None:
            if passed is not None and not isinstance(g, Value):
                found.append(node)

        with within(watch=watch):
            self.call_recorded(self.points)
        return bool(found)
