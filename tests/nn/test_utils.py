"""Gradients are clipped together, or element by element."""

import numpy as np
import pytest

from tinygrad_edu import Tensor, nn


def parameters():
    a, b, c = Tensor([3.0, 0.0], "a"), Tensor(4.0, "b"), Tensor([1.0], "c")
    ((a * a).sum() / 2 + b * b / 2).backward()  # the gradients are a and b themselves; c has none
    return a, b, c


def test_the_norm_of_all_gradients_is_clipped():
    a, b, c = parameters()
    assert nn.utils.clip_grad_norm_([a, b, c], 10.0) == pytest.approx(5.0)
    assert a.grad.tolist() == [3.0, 0.0]
    assert nn.utils.clip_grad_norm_([a, b, c], max_norm=1.0) == pytest.approx(5.0)
    np.testing.assert_allclose([a.grad[0], b.grad], [0.6, 0.8])
    assert c.node.grad is None
    a, b, c = parameters()
    assert nn.utils.clip_grad_norm_([a, b], 2.0, norm_type=float("inf")) == 4.0 and b.grad == 2.0


def test_each_element_is_clipped():
    a, b, _ = parameters()
    a.grad = [-5.0, 0.5]
    nn.utils.clip_grad_value_([a, b], 1.0)
    assert a.grad.tolist() == [-1.0, 0.5] and b.grad == 1.0


def test_modules_single_tensors_and_rows_of_tables():
    layer = nn.Embedding(3, 2)
    layer([1]).sum().backward()
    assert nn.utils.clip_grad_norm_(layer, 1.0) == pytest.approx(2**0.5)
    np.testing.assert_allclose(layer.W.grad, [[0, 0], [0.5**0.5] * 2, [0, 0]])
    assert nn.utils.clip_grad_norm_(layer.W, 1.0) == pytest.approx(1.0)
    assert nn.utils.clip_grad_norm_([], 1.0) == 0.0


def test_what_is_no_parameter():
    with pytest.raises(TypeError, match="not ndarray"):
        nn.utils.clip_grad_norm_([np.ones(2)], 1.0)
    with pytest.raises(ValueError, match="norm_type"):
        nn.utils.clip_grad_norm_([], 1.0, norm_type=1)
