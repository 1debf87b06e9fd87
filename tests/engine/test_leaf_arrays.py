"""Edits in place of what ``.data`` and ``.grad`` return: the leaf changes, and no record does."""

import numpy as np
import pytest

from tinygrad_edu import Tensor, constant, grad, no_grad

EDITS = {
    "-=": lambda W: exec("W.data -= 0.5", {"W": W}),
    "*=": lambda W: exec("W.data *= 3", {"W": W}),
    "all": lambda W: exec("W.data[:] = 7.0", {"W": W}),
    "ellipsis": lambda W: exec("W.data[...] = [[1, 2, 3], [4, 5, 6]]", {"W": W}),
    "an element": lambda W: exec("W.data[1, 2] += 9", {"W": W}),
    "a row": lambda W: exec("W.data[0] -= [1, 2, 3]", {"W": W}),
    "a column of the transpose": lambda W: exec("W.data.T[1] = 0", {"W": W}),
    "a part of a part": lambda W: exec("W.data[1:][:, ::2] = 8", {"W": W}),
    "rows by index": lambda W: exec("W.data[[1, 0]] = W.data", {"W": W}),
    "where": lambda W: exec("W.data[W.data > 1] = 0", {"W": W}),
    "out": lambda W: np.subtract(W.data, [1, 2, 3], out=W.data),
    "at": lambda W: np.add.at(W.data, (0, [1, 1]), 2.0),
    "fill": lambda W: W.data.fill(4),
    "sort": lambda W: W.data.sort(0),
    "zero_": lambda W: W.data.zero_(),
    "add_": lambda W: W.data.add_(np.ones((2, 3)), alpha=-2),
    "copy_": lambda W: W.data.copy_(np.arange(6.0).reshape(2, 3)),
    "clamp_": lambda W: W.data.clamp_(min=0, max=1),
}


def a_leaf(order="C"):
    return Tensor(np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], order=order), "W")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_does_to_a_leaf_what_it_does_to_an_array(edit, order):
    W = a_leaf(order)

    class Holder:  # what an edit does to an ordinary array
        data = W.numpy()

    loss = (W * W).sum()
    if hasattr(Holder.data, "zero_") or edit not in [EDITS[name] for name in ("zero_", "add_", "copy_", "clamp_")]:
        edit(Holder)
        expected = Holder.data
    else:
        expected = {
            EDITS["zero_"]: np.zeros((2, 3)),
            EDITS["add_"]: W.numpy() - 2,
            EDITS["copy_"]: np.arange(6.0).reshape(2, 3),
            EDITS["clamp_"]: np.clip(W.numpy(), 0, 1),
        }[edit]
    before = W.numpy()
    edit(W)
    np.testing.assert_array_equal(W.data, expected)
    assert W.is_leaf and W.requires_grad
    loss.backward()  # the record has the values with which it was computed
    np.testing.assert_array_equal(W.grad, 2 * before)


VIEWS = {
    "transpose": lambda a: a.T,
    "rows backwards": lambda a: a[::-1],
    "columns backwards": lambda a: a[:, ::-1],
    "flip": np.flip,
    "rot90": np.rot90,
    "all": lambda a: a[...],
}


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_of_the_same_shape_is_edited_where_it_lies(view, order):
    start = np.arange(9.0).reshape(3, 3)
    for edit in ("v[0] = [10, 20, 30]", "v -= start", "v[v > 5] = 0", "v[1:][:, 0] = 7", "v.sort(0)"):
        W, a = Tensor(np.array(start, order=order), "W"), np.array(start, order=order)
        exec(edit, {"v": view(W.data), "start": start})
        exec(edit, {"v": view(a), "start": start})
        np.testing.assert_array_equal(W.data, a, edit)
        (W * 2).sum().backward()
        W.grad[...] = W.data
        exec(edit, {"v": view(W.grad), "start": start})
        exec(edit, {"v": view(a), "start": start})
        np.testing.assert_array_equal(W.grad, a, edit)
    W = Tensor(start, "W")
    W.data = view(W.data)
    np.testing.assert_array_equal(W.data, view(start))


def test_a_variable_that_holds_the_array_sees_the_edit_that_is_made_through_it():
    W = a_leaf()
    d, row = W.data, W.data[1]
    d[0, 0] = 9.0
    assert d[0, 0] == W.data[0, 0] == 9.0
    row[2] = 5.0
    row[0] = 6.0
    assert row.tolist() == [6.0, 4.0, 5.0] == W.data[1].tolist()
    d -= 1.0
    assert d[0, 0] == W.data[0, 0] == 8.0
    assert np.negative(d, out=d) is d
    assert d[0, 0] == W.data[0, 0] == -8.0
    with pytest.raises(ValueError, match="read-only"):
        np.copyto(W.data, 1)


def test_gradients_are_edited_as_data_are():
    W = a_leaf()
    (W * W).sum().backward()
    W.grad *= 0.5
    W.grad[0] = 0
    assert W.grad.tolist() == [[0, 0, 0], [0.5, 4, -1]]
    W.grad.data.zero_()
    (W * 2).sum().backward()
    assert W.grad.tolist() == [[2, 2, 2]] * 2


def test_under_no_grad_a_leaf_is_updated_as_a_parameter():
    W, step = a_leaf(), Tensor(np.ones((2, 3)))
    start = W.numpy()
    with no_grad():
        W -= 0.1 * step
        W *= 2
        W[0, 0] = 7.0
        W.add_(1.0)
    expected = (start - 0.1) * 2
    expected[0, 0] = 7
    np.testing.assert_allclose(W.data, expected + 1)
    assert W.is_leaf and W.requires_grad
    with pytest.raises(TypeError, match="no longer a leaf"):
        W -= step
    with pytest.raises(TypeError, match="cannot be assigned"):
        W.zero_()


def test_a_number_is_updated_too():
    s = Tensor(2.0)
    (s * s).backward()
    s.data -= 0.25 * s.grad
    assert s.data == 1.0 and s.is_leaf


def test_what_does_not_fit_changes_nothing():
    W = a_leaf()
    before = W.numpy()
    for edit in ("W.data -= np.ones((3, 2))", "W.data[5] = 1", "W.data[:, 0] = [1, 2, 3]", "W.data += 'a'"):
        with pytest.raises((ValueError, IndexError, TypeError)) as caught:
            exec(edit, {"W": W, "np": np})
        assert "W of shape (2, 3)" in "".join(caught.value.__notes__)
        np.testing.assert_array_equal(W.data, before)


def test_results_are_not_edited():
    y = a_leaf() * 2
    for edit in ("y.data -= 1", "y.data[0] = 1", "y.data.fill(0)", "y[0] = 1"):
        with pytest.raises((ValueError, TypeError)) as caught:
            exec(edit, {"y": y})
        assert "where(" in "".join(caught.value.__notes__)


def test_a_result_keeps_its_gradient_if_it_is_asked_to():
    x = Tensor([1.0, 2.0])
    y = x * x
    y.retain_grad()
    y.sum().backward()
    y.sum().backward()
    assert y.grad.tolist() == [2.0, 2.0] and x.grad.tolist() == [4.0, 8.0]


def test_a_leaf_becomes_a_constant_and_a_parameter_again():
    x = Tensor([1.0, 2.0])
    x.requires_grad = False
    assert not (x * 2).requires_grad
    assert x.requires_grad_() is x and (x * 2).requires_grad
    with pytest.raises(RuntimeError, match=r"is a result of multiply.*"):
        (x * 2).requires_grad_(False)


@pytest.mark.parametrize(
    "f",
    [
        lambda W: (W.T * np.ones((3, 2))).sum(),
        lambda W: (W.T * np.ones((3, 2)))[::-1].sum(),
        lambda W: W.sum(),
        lambda W: (W[:, ::-1] * 2).sum() + W[0].sum(),
    ],
)
def test_a_gradient_is_edited_whatever_its_layout(f):
    W = a_leaf()
    f(W).backward()
    expected = np.array(W.grad)
    for edit in ("g *= 0.5", "g[0] = [1, 2, 3]", "g.T[1] = 3", "g[:, ::-1][1] = [7, 8, 9]"):
        exec(edit, {"g": W.grad})
        exec(edit, {"g": expected})
        np.testing.assert_array_equal(W.grad, expected, edit)


def test_an_argument_of_a_differentiated_function_keeps_its_values():
    """Otherwise the derivative would be that at other values than the function was called with."""

    def writes(x):
        x.data[0] = 1.0
        return (x * x).sum()

    def updates(x):
        y = x * x
        with no_grad():
            x *= 2
        return (y * x).sum()

    for f in (writes, updates):
        with pytest.raises(TypeError, match=f"{f.__name__} edits its argument x of shape"):
            grad(f)(np.array([2.0, 1.0]))

    def assigns(x):
        x[0] = 1.0
        return x.sum()

    def multiplies(x):
        x *= 2.0
        return x.sum()

    for f, remedy in ((assigns, "where(mask, values, x)"), (multiplies, "x = x * factor")):
        with pytest.raises(TypeError) as caught:
            grad(f)(np.array([2.0, 1.0]))
        assert remedy in "".join(caught.value.__notes__) and "no_grad" not in "".join(caught.value.__notes__)


def test_a_frozen_parameter_has_no_gradient():
    w = Tensor([1.0], "w").requires_grad_(False)
    assert w.grad is None
    if w.grad is not None:
        raise AssertionError
    with pytest.raises(AttributeError, match="no gradient flows"):
        _ = constant([1.0]).grad
    with pytest.raises(AttributeError, match="no gradient flows"):
        _ = 0.1 * w.grad
