"""Operations where something special happens: zeros, ties, constants, singular matrices, bends, the ends of a domain.

What is true there is found without any rule: by differences of values on both sides, and from polynomials written out.
A derivative that exists has to be right, or NaN; one that does not exist must not be a number, but for first
derivatives at a bend, where a convention between the slopes on both sides is documented.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.examples import Example, examples

OWN = [op for op in tg.OPS.values() if op.function.__module__.startswith("tinygrad_edu.") and op.rules_by_name]
EXAMPLES = [pytest.param(e, id=f"{op.name}-{i}") for op in OWN for i, e in enumerate(examples(op))]


def special(x: np.ndarray) -> Iterator[np.ndarray]:
    """Points near an example's where something special happens."""
    yield np.zeros_like(x)
    yield np.ones_like(x)
    yield -np.ones_like(x)
    yield np.full_like(x, 0.5)  # all equal
    whole = np.round(x)
    yield whole  # with zeros and ties among them
    if x.size > 1:
        one = x.copy()
        one.flat[0] = 0
        yield one
        two = one.copy()
        two.flat[-1] = 0
        yield two
        two[...] = x
        two.flat[-1] = two.flat[0]  # a tie
        yield two
    if x.ndim > 1 and x.shape[-1] == x.shape[-2] > 1:
        singular = x.copy()
        singular[..., -1, :] = singular[..., 0, :]
        yield singular
        yield np.zeros_like(x) + np.eye(x.shape[-1])


def points(example: Example) -> Iterator[dict[str, Any]]:
    """The operands of an example, one of them special at a time, and all."""
    plain = {n: x for n, x in example.operands.items() if not isinstance(x, list)}
    choices = {n: list(special(x)) for n, x in plain.items()}
    for name, every in choices.items():
        for x in every:
            yield {**example.operands, name: x}
    for together in zip(*choices.values()):
        yield {**example.operands, **dict(zip(choices, together))}
    for name, listed in example.operands.items():
        if isinstance(listed, list):
            yield {**example.operands, name: [np.zeros_like(x) for x in listed]}


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_derivative_is_a_number_that_differences_deny(example: Example) -> None:
    for operands in points(example):
        flat = [(n, i) for n, x in operands.items() for i in (range(len(x)) if isinstance(x, list) else [None])]
        arrays = [operands[n] if i is None else operands[n][i] for n, i in flat]

        def call(*given: Any) -> Any:
            named: dict[str, Any] = {}
            for (n, i), x in zip(flat, given):
                named.setdefault(n, []).append(x) if i is not None else named.update({n: x})
            return example(**named)

        try:
            value = np.asarray(call(*arrays))
        except (ValueError, np.linalg.LinAlgError):  # not in the domain
            continue
        if not (
            np.abs(value) < 1e10
        ).all():  # infinite, or as the inverse of a matrix that is singular but for rounding
            continue
        weights = np.random.default_rng(1).uniform(0.5, 1.5, value.shape)
        for k, x in enumerate(arrays):

            def f(x: Any, k: int = k) -> Any:
                given = [*arrays[:k], x, *arrays[k + 1 :]]
                return (call(*given) * weights).sum()

            check(f, x, f"{example.op.name}, operand {flat[k]} at {x.tolist()}")


def check(f: Any, x: np.ndarray, where: str) -> None:
    """The first and second derivatives of ``f`` along some directions, against differences on both sides."""
    try:
        (gradient,) = tg.vjp(f, x)[1](1.0)
    except np.linalg.LinAlgError:  # an error is no number
        return
    for u in directions(x):
        ours = float((gradient * u).sum())
        left, right = (slope(f, x, sign * u) * sign for sign in (-1, 1))
        if np.isfinite(ours) and np.isfinite(left) and np.isfinite(right):
            low, high = sorted((left, right))
            if high - low > 1e-3 * (1 + abs(low) + abs(high)):  # a bend: see what slopes there are around it
                around = [left, right, *nearby(f, x, u)]
                low, high = min(around), max(around)
            slack = 2e-3 * (1 + abs(low) + abs(high))
            assert low - slack <= ours <= high + slack, (where, "first", u.tolist(), ours, left, right)
        try:
            curved = float((tg.hvp(f, x, u) * u).sum())
        except np.linalg.LinAlgError:
            continue
        if np.isfinite(curved):
            assert curvature_is(f, x, u, curved), (where, "second", u.tolist(), curved)


def directions(x: np.ndarray) -> Iterator[np.ndarray]:
    """Along the first and the last coordinate, and along two pairs."""
    for i, j in dict.fromkeys([(0, 0), (x.size - 1, x.size - 1), (0, min(1, x.size - 1)), (0, x.size - 1)]):
        u = np.zeros(x.shape)
        u.flat[i] = 1
        u.flat[j] = 1
        yield u


def slope(f: Any, x: np.ndarray, u: np.ndarray) -> float:
    """The derivative on one side, extrapolated; NaN if there is none."""
    h, here = 1e-4, float(f(x))
    wide, narrow = (float(f(x + h * u) - here) / h for h in (h, h / 2))
    return 2 * narrow - wide if abs(narrow) < 1.2 * abs(wide) + 1e-6 else math.nan  # steeper and steeper


def nearby(f: Any, x: np.ndarray, u: np.ndarray) -> list[float]:
    """Slopes at points around."""
    rng, h = np.random.default_rng(2), 1e-8
    near = [x + 1e-5 * rng.normal(size=x.shape) for _ in range(24)]
    return [s for y in near if np.isfinite(s := float(f(y + h * u) - f(y)) / h)]


def curvature_is(f: Any, x: np.ndarray, u: np.ndarray, curved: float) -> bool:
    """Do second differences on the left, on the right and in the middle come to this, or to nothing?

    A difference is off by less than what it changes by when the step becomes shorter; at a bend it is off by more.
    """

    def differences(h: float) -> list[float]:
        v = [float(f(x + k * h * u)) for k in (-2, -1, 0, 1, 2)]
        return [(v[i] - 2 * v[i + 1] + v[i + 2]) / h**2 for i in range(3)]

    for wide, narrow in zip(differences(1e-3), differences(2.5e-4)):
        if np.isfinite(narrow) and abs(narrow - curved) > abs(wide - narrow) + 1e-3 * (1 + abs(curved)):
            return False
    return True
