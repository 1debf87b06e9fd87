"""Comparisons, indices and gradients are plain arrays, and yet the methods of a Tensor can be called on them."""

import copy
import pickle

import numpy as np
import pytest

from tinygrad_edu import Tensor, constant, no_grad

LOGITS = [[1.0, 3.0, 2.0], [0.5, -1.0, 0.25], [2.0, 2.5, -3.0]]
LABELS = [1, 0, 0]


@pytest.mark.parametrize("labels", [constant(LABELS), np.array(LABELS)], ids=["constant", "array"])
def test_accuracy_as_pytorch_spells_it(labels):
    logits = Tensor(LOGITS)
    right = [True, True, False]
    for found in (logits.argmax(1) == labels, labels == logits.argmax(dim=1), logits.argmax(-1).eq(labels)):
        assert isinstance(found, np.ndarray) and found.tolist() == right
        assert found.float().mean().item() == pytest.approx(2 / 3)
        assert found.sum().item() == 2 and found.long().tolist() == [1, 1, 0]
    assert repr(logits.argmax(1) == labels) == "array([ True,  True, False])"
    assert type(np.mean(logits.argmax(1) == labels)) is np.float64


def test_masks_are_used_as_those_of_numpy():
    x = Tensor(LOGITS, "x")
    mask = (x > 0) & (x < 2)
    np.testing.assert_array_equal(mask, (np.array(LOGITS) > 0) & (np.array(LOGITS) < 2))
    x[mask].sum().backward()
    np.testing.assert_array_equal(x.grad, mask.astype(float))
    assert pickle.loads(pickle.dumps(mask)).tolist() == mask.tolist() == copy.deepcopy(mask).tolist()


def test_no_gradient_is_lost_in_a_method_of_a_mask():
    x, y = Tensor(LOGITS, "x"), Tensor(np.full((3, 3), 2.0), "y")
    mask = np.array(LOGITS) > 0
    for found, expected in (
        ((x > 0).where(x, y), np.where(mask, LOGITS, 2.0)),
        ((x > 0).where(4, y), np.where(mask, 4, 2.0)),
        ((x > 0).float().mul(y), mask * 2.0),
        ((x > 0).float() * y, mask * 2.0),
        (y.data.matmul(x), np.full((3, 3), 2.0) @ LOGITS),
        (y.where(x > 0, x), np.where(mask, 2.0, LOGITS)),
    ):
        assert isinstance(found, Tensor) and found.requires_grad
        np.testing.assert_allclose(found.data, expected)
    ((x > 0).where(x, y)).sum().backward()
    np.testing.assert_array_equal(y.grad, ~mask)
    assert (x > 0).where(4, 2).tolist() == np.where(mask, 4, 2).tolist()


def test_gradients_and_data_have_the_methods_of_a_tensor():
    W = Tensor(LOGITS, "W")
    (W * W).sum().backward()
    assert W.grad.norm() == pytest.approx(np.linalg.norm(2 * np.array(LOGITS)))
    np.testing.assert_array_equal(W.grad.abs(), 2 * np.abs(LOGITS))
    np.testing.assert_array_equal(W.data.relu(), np.maximum(LOGITS, 0))
    assert not isinstance(W.data.relu(), Tensor)
    with pytest.raises(AttributeError, match="an array has no nothing"):
        _ = W.data.nothing
    with pytest.raises(AttributeError):
        _ = W.data._node


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_single_number_is_edited_as_an_array_is(dtype):
    w = Tensor(dtype(3.0), "w", dtype=dtype)
    (w * w).backward()
    assert w.grad == 6.0 and isinstance(w.grad, dtype) and w.grad.abs() == 6.0
    assert w.grad.zero_() == 0.0 == w.grad
    loss = w * w
    w.data[...] = 5.0
    assert w.data.item() == 5.0
    w.data.sub_(1.0)
    w.data.clamp_(0, 3.5)
    assert w.data == 3.5 and w.is_leaf and w.dtype == dtype
    w.grad.data.fill_(2.0)
    loss.backward()  # with the value that was recorded
    assert w.grad == 8.0
    with no_grad():
        w -= 0.5 * w.grad
    assert w.data == -0.5
    with pytest.raises(ValueError, match="is recorded"):
        loss.data.zero_()
    assert pickle.loads(pickle.dumps(w.data)) == copy.deepcopy(w.data) == -0.5
