"""What is computed about numbers, each in one place: norms, equality, points."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tinygrad_edu import Tensor, embedding
from tinygrad_edu.format.numbers import number, summary
from tinygrad_edu.numeric.norms import norm
from tinygrad_edu.tracing.numbers import summed_up

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
    found = summed_up(np.array(LARGE), whole=0).norm
    assert found is not None and f"norm {number(found)}" == summary(LARGE).split(", ")[-1] == "norm 2.2361e+200"
