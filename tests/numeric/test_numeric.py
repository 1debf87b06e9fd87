"""What is computed about numbers, each in one place: norms, equality, points."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tinygrad_edu import Tensor, embedding
from tinygrad_edu.format.numbers import number, summary
from tinygrad_edu.numeric.equality import (
    DIFFERENCES,
    NEARLY,
    PROGRAM,
    REPEATED,
    ROUNDING,
    SINGLE,
    Tolerance,
    differs,
    same,
)
from tinygrad_edu.numeric.norms import norm
from tinygrad_edu.tracing.numbers import summarise

LARGE = [1e200, 2e200, 3.0]
NORMS = [
    ([3.0, 4.0], 5.0), (np.full((2, 2), 2.0, np.float32), 4.0), (np.float64(-2.0), 2.0), ([], 0.0),
    (np.zeros((3, 0)), 0.0), (LARGE, math.sqrt(5) * 1e200), ([3e-200, 4e-200], 5e-200), ([0.0, 5e-324], 5e-324),
    (np.full(4, 3e38, np.float32), 6e38), (np.arange(3), math.sqrt(5)),
    ([1.0, -math.inf], math.inf), ([math.nan, 1.0], math.nan), ([math.nan, math.inf], math.nan),
]  # fmt: skip


@pytest.mark.parametrize(("x", "expected"), NORMS)
def test_the_norm_of_all_that_a_gradient_can_be(x: Any, expected: float) -> None:
    assert norm(x) == pytest.approx(expected, rel=1e-7, nan_ok=True)


def test_the_norm_of_a_gradient_that_is_kept_as_rows() -> None:
    table = Tensor(np.zeros((1000, 2)))
    (embedding(table, np.array([7, 7, 9])) * np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 4.0]])).sum().backward()
    assert hasattr(table.node.grad, "rows"), "the gradient is not kept as rows any more"
    assert norm(table.node.grad) == 5.0, "what is added to a row twice counts as its sum"


def test_a_trace_and_the_console_say_the_same_norm() -> None:
    found = summarise(np.array(LARGE), whole=0).norm
    assert found is not None and f"norm {number(found)}" == summary(LARGE).split(", ")[-1] == "norm 2.2361e+200"


TOLERANCES = {  # what is allowed beside 1000: at 1, at 1000, and of 0
    ROUNDING: (1e-4, 1e-4, 1e-4), REPEATED: (1e-6, 1e-3, 1e-12), SINGLE: (0.1, 0.1, 0.1), PROGRAM: (1e-5, 1e-2, 1e-8),
    DIFFERENCES: (1.1e-3, 0.101, 1e-3), NEARLY: (2e-3, 1.001, 1e-3),
}  # fmt: skip


@pytest.mark.parametrize("tolerance", TOLERANCES, ids=map(str, TOLERANCES))
def test_a_tolerance_is_of_each_entry_or_of_the_largest(tolerance: Tolerance) -> None:
    expected = np.array([1.0, 1000.0, 0.0])
    for at, allowed in enumerate(TOLERANCES[tolerance]):
        for sign in (1, -1):
            beside = expected.copy()
            beside[at] += sign * 0.99 * allowed
            assert same(beside, expected, tolerance)
            beside[at] += sign * 0.02 * allowed
            assert differs(beside, expected, tolerance).tolist() == [i == at for i in range(3)]


def test_what_is_no_number_equals_nothing_and_infinity_itself() -> None:
    infinite, ones = np.array([np.inf, 1.0]), np.ones(2)
    assert not same(infinite, ones) and not same(ones, infinite) and same(infinite, infinite)
    assert not same(infinite, -infinite) and not same([2.0, np.inf], [1.0, np.inf], NEARLY)
    unknown = np.array([np.nan, 1.0])
    assert not same(unknown, unknown) and same(unknown, unknown, nan=True) and not same(unknown, ones, nan=True)
    assert same([], []) and not same(ones, np.ones((2, 1))) and not same(1.0, ones)
