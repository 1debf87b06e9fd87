"""Is a gradient right?  A derivative by differences knows nothing of rules, so it can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .context import no_grad
from .derivatives import called, gradients, jvp
from .op import Value

STEP = 1e-4  # of the five-point formula, whose error is about STEP^4 + 1e-16/STEP


def gradcheck(f: Callable[..., Any], *args: Any, rtol: float = 1e-5, atol: float = 1e-7, order: int = 2) -> bool:
    """Compare the derivatives of ``f`` at ``args`` with differences: True, or AssertionError on the worst entry.

    Checked are, in this order: *values* (the same twice, recorded or not), *reverse* mode in every entry of every
    argument, *forward* mode in a random direction, and with ``order=2`` the *second order*, the gradient's own gradient
    in a random direction.  A result that is not a single number is weighted at random and summed.  Computed in float64.
    The five-point formula is Abramowitz and Stegun's 25.3.6.

    >>> from tinygrad_edu import sigmoid
    >>> gradcheck(lambda W, x: sigmoid(W @ x), [[1.0, 2.0]], [3.0, -1.0])
    True
    """
    arrays = [np.array(a._data if isinstance(a, Value) else a, np.float64) for a in args]
    every, rng = range(len(arrays)), np.random.default_rng(0)
    call = called(f, arrays, {}, every)
    names = [t.name or f"argument {i}" for i, t in enumerate(call.inputs)]
    weights = rng.uniform(0.5, 1.5, call.result.shape)

    def loss(*point: Any) -> Any:
        return (f(*point) * weights).sum()

    def number(*point: Any) -> float:
        with no_grad():
            return float(called(loss, point, {}, every).result._data)

    def gradient(*point: Any) -> list[Any]:
        call = called(loss, point, {}, every)
        return gradients(call.result, call.inputs) if call.result.requires_grad else [np.zeros_like(p) for p in point]

    again = called(f, arrays, {}, every).result._data
    _compare("values", "f", "the first time", np.asarray(call.result._data), "the second", np.asarray(again), 0, 0)

    found = gradient(*arrays)
    for i, (name, g) in enumerate(zip(names, found)):
        expected = np.empty(arrays[i].shape)
        for place in np.ndindex(arrays[i].shape):
            unit = [np.zeros_like(a) for a in arrays]
            unit[i][place] = 1
            expected[place] = _difference(number, arrays, unit)
        _compare(
            "reverse", f"the gradient of {name}", "by the rules", np.asarray(g), "by differences", expected, rtol, atol
        )

    direction = [rng.normal(size=a.shape) for a in arrays]
    along = jvp(f, arrays, direction)[1]
    expected = _difference(lambda *point: np.asarray(_run(f, point)), arrays, direction)
    _compare(
        "forward",
        "the tangent of the result",
        "by the rules",
        np.asarray(getattr(along, "_data", along)),
        "by differences",
        expected,
        rtol,
        atol,
    )

    if order > 1:
        expected = _difference(lambda *point: _flat(gradient(*point)), arrays, direction)
        call = called(loss, arrays, {}, every)
        first = gradients(call.result, call.inputs, differentiable=True) if call.result.requires_grad else []
        steepness = sum(((g * d).sum() for g, d in zip(first, direction)), start=0.0)
        second: list[Any] = [np.zeros_like(a) for a in arrays]
        if isinstance(steepness, Value) and steepness.node.active:
            second = gradients(steepness, call.inputs)  # type: ignore[arg-type]
        start = 0
        for name, a, s in zip(names, arrays, second):
            part = expected[start : start + a.size].reshape(a.shape)
            start += a.size
            _compare(
                "second order",
                f"the second derivative by {name}",
                "by the rules",
                np.asarray(s),
                "by differences",
                part,
                10 * rtol,
                10 * atol,
            )
    return True


def _run(f: Callable[..., Any], point: Any) -> Any:
    with no_grad():
        return called(f, point, {}, range(len(point))).result._data


def _flat(parts: list[Any]) -> Any:
    return np.concatenate([np.ravel(p) for p in parts])


def _difference(f: Callable[..., Any], point: list[Any], direction: list[Any]) -> Any:
    def at(t: float) -> Any:
        return f(*(p + t * STEP * d for p, d in zip(point, direction)))

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * STEP)


def _compare(what: str, of: str, one: str, a: Any, other: str, b: Any, rtol: float, atol: float) -> None:
    if a.shape != b.shape:
        raise AssertionError(f"{what}: {of} has shape {a.shape} {one}, and {b.shape} {other}")
    error = np.abs(a - b)
    bad = ~(error <= atol + rtol * np.abs(b)) & ~((a == b) | (np.isnan(a) & np.isnan(b)))
    if bad.any():
        worst = np.unravel_index(np.argmax(np.where(bad, np.nan_to_num(error, nan=np.inf), -1)), a.shape)
        entry = f"[{', '.join(map(str, worst))}]" if a.ndim else ""
        raise AssertionError(
            f"{what}: {of}{' at ' + entry if entry else ''} is {a[worst]:.10g} {one} and {b[worst]:.10g} {other}"
        )
