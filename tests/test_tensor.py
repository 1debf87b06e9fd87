"""What a Tensor promises to those who use it: its data, its record, its gradient, its look."""

import copy
import math
import operator
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tinygrad_edu import Tensor, constant, embedding, exp, gradients, no_grad, scope, trace_nan
from tinygrad_edu.context import current


def gradient(loss, x):
    return gradients(loss, [x])[0]


# Data.


def test_data_is_copied_in():
    a = np.array([1.0, 2.0])
    t, c = Tensor(a), constant(a)
    a[0] = 9
    assert t.tolist() == c.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_floating_dtype_is_kept_by_values_and_gradients(dtype):
    t = Tensor(np.array([1, 2, 3], dtype))
    loss = (exp(t) * 2 + t / 3 - 1).mean()
    loss.backward()
    assert t.dtype == loss.dtype == t.grad.dtype == dtype


def test_a_gradient_has_the_dtype_of_its_tensor_whatever_came_after():
    t = Tensor(np.ones(2, np.float32))
    (t * np.ones(2)).sum().backward()
    assert t.grad.dtype == np.float32


def test_a_dtype_can_be_asked_for():
    assert Tensor([1, 2], dtype=np.float32).dtype == np.float32
    assert constant([1, 2], dtype=np.float16).dtype == np.float16


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_integers_become_float64(dtype):
    assert Tensor(np.array([1, 2], dtype)).dtype == np.float64


@pytest.mark.parametrize("data", [[1, 2], [True, False], 3, np.array([1, 2], np.uint8), np.float32(2)])
def test_a_constant_keeps_its_dtype(data):
    assert constant(data).dtype == np.asarray(data).dtype
    assert not constant(data).requires_grad


def test_a_tensor_of_a_tensor_is_a_leaf_of_its_values():
    x = Tensor([1.0, 2.0])
    t = Tensor(x * 2)
    assert t.is_leaf and t.requires_grad and t.tolist() == [2.0, 4.0]


def test_a_leaf_that_requires_no_gradient_is_a_constant():
    assert repr(Tensor([1.0], requires_grad=False)) == repr(constant([1.0]))


def test_a_single_number():
    t = Tensor(3.0)
    assert (t.shape, t.ndim, t.size, t.item(), t.tolist()) == ((), 0, 1, 3.0, 3.0)
    (t * t).backward()
    assert t.grad == 6.0 and isinstance(t.grad, np.float64) and isinstance(t.data, np.float64)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_an_array_without_elements(shape):
    t = Tensor(np.zeros(shape))
    loss = (t * 2 + 1).sum()
    loss.backward()
    assert loss.item() == 0 and t.grad.shape == shape


# Names.


def test_a_name_is_given_or_none():
    assert Tensor(1.0, "W").name == constant(1.0, name="W").name == "W"
    t = Tensor(1.0) * 2
    assert t.name is None
    t.name = "v"
    assert t.name == "v"


# Views of the data, and arrays made of it.


@pytest.mark.parametrize("attribute", ["data", "grad"])
def test_data_and_grad_are_read_only(attribute):
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    (t * t).sum().backward()
    view = getattr(t, attribute)
    assert not view.flags.writeable and not view.T.flags.writeable and not view[0].flags.writeable


PLAIN = {
    "d + 1": lambda d: d + 1,
    "-d": operator.neg,
    "d @ d": lambda d: d @ d,
    "exp": np.exp,
    "copy": lambda d: d.copy(),
    "astype": lambda d: d.astype(np.float32),
    "zeros_like": np.zeros_like,
    "sort": np.sort,
    "median": lambda d: np.median(d, axis=0),
    "where": lambda d: np.where(d > 2, d, 0),
    "concatenate": lambda d: np.concatenate([d, d]),
    "np.array": np.array,
    "index": lambda d: d[[0, 1]],
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("make", PLAIN.values(), ids=PLAIN)
def test_what_is_computed_from_data_can_be_edited(make):
    t = Tensor([[3.0, 2.0], [1.0, 4.0]])
    array = make(t.data)
    expected = make(t.numpy()) + 1
    array += 1
    array[0] = array[0]
    np.testing.assert_array_equal(array, expected)
    assert t.tolist() == [[3.0, 2.0], [1.0, 4.0]]


def test_arithmetic_with_data_gives_plain_arrays():
    d = Tensor([1.0, 2.0]).data
    assert type(d + 1) is type(2 * d) is type(np.exp(d)) is type(d.sum(keepdims=True)) is np.ndarray
    assert repr(d) == "array([1., 2.])"


def test_numpy_gives_an_array_of_its_own():
    t = Tensor([1.0, 2.0])
    a = t.numpy()
    a[0] = 9
    assert type(a) is np.ndarray and t.tolist() == [1.0, 2.0]


def test_a_gradient_taken_earlier_does_not_change():
    t = Tensor([1.0, 2.0])
    (t * 3).sum().backward()
    earlier = t.grad
    (t * 3).sum().backward()
    assert earlier.tolist() == [3.0, 3.0] and t.grad.tolist() == [6.0, 6.0]


# Assigning.


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_what_is_assigned_or_seeds_is_copied_in_the_dtype_of_the_tensor(dtype):
    t, a = Tensor(np.ones(2, np.float32)), np.array([2, 3], dtype)
    t.data = a
    t.grad = a
    u = Tensor(np.ones(2, np.float32))
    u.backward(a)
    a[0] = 9
    assert t.tolist() == t.grad.tolist() == u.grad.tolist() == [2.0, 3.0]
    assert t.dtype == t.grad.dtype == u.grad.dtype == np.float32 and t.is_leaf


def test_assigning_data_does_not_change_an_older_record():
    W = Tensor([2.0, 3.0])
    loss = (W * W * W).sum()
    W.data = [100.0, 100.0]
    loss.backward()
    assert W.grad.tolist() == [12.0, 27.0]
    assert gradient((W * W).sum(), W).tolist() == [200.0, 200.0]


@pytest.mark.parametrize(
    "use",
    [
        lambda x, a: x * a,
        lambda x, a: a @ x,
        lambda x, a: np.where(a > 3, x, 0) * a,
        lambda x, a: np.einsum("i,i->i", x, a),
        lambda x, a: np.concatenate([x * a[0], a]),
    ],
)
def test_editing_an_array_after_its_use_does_not_change_the_record(use):
    x, a = Tensor([1.0, 2.0]), np.array([3.0, 4.0])
    expected = gradient(use(x, a).sum(), x)
    loss = use(x, a).sum()
    a[:] = 77
    assert gradient(loss, x).tolist() == expected.tolist()


@pytest.mark.parametrize(
    "use",
    [
        lambda x, index: x[index],
        lambda x, index: x.reshape(1, 3)[0, index],
        lambda x, index: x.take(index),
        lambda x, index: np.where(index, x[:2], 0),
    ],
)
@pytest.mark.parametrize("kind", [np.array, list])
def test_editing_an_index_after_its_use_does_not_change_the_record(kind, use):
    x, index = Tensor([1.0, 2.0, 3.0]), kind([0, 1])
    expected = gradient(use(x, kind([0, 1])).sum(), x)
    loss = use(x, index).sum()
    index[0] = 2
    assert gradient(loss, x).tolist() == expected.tolist()


def test_grad_can_be_assigned_added_to_and_forgotten():
    t = Tensor([1.0, 2.0])
    t.grad = [5, 6]
    (t * 2).sum().backward()
    assert t.grad.tolist() == [7.0, 8.0]
    t.grad = None
    assert t.grad is None


# The shape of arrays.


def test_the_transposes():
    t = Tensor(np.arange(6.0).reshape(1, 2, 3))
    assert t.T.shape == (3, 2, 1) and t.mT.shape == (1, 3, 2)
    assert (t.T * t.numpy().T).sum().item() == (t.mT * t.numpy().mT).sum().item() == 55


def test_length_iteration_and_index():
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(t) == 2 and [row.tolist() for row in t] == [[1.0, 2.0], [3.0, 4.0]]
    first, second = t
    assert gradient((first * second).sum(), t).tolist() == [[3.0, 4.0], [1.0, 2.0]]
    assert gradient((t[0, 1] + t[:, 1].sum() + t[t > 3].sum()) * 1.0, t).tolist() == [[0.0, 2.0], [0.0, 2.0]]


def test_a_python_number_comes_from_one_element():
    assert type(Tensor([[2.0]]).item()) is float
    assert float(constant(2.5)) == 2.5 and int(constant(2)) == 2
    assert bool(Tensor(1.0)) and not bool(Tensor([0.0]))


METHODS = [
    ("sum", ()), ("sum", (0,)), ("prod", ()), ("mean", (1,)), ("var", ()), ("std", (0,)), ("max", (1,)), ("min", ()),
    ("dot", (np.ones(2),)), ("trace", ()), ("diagonal", ()), ("cumsum", (0,)), ("clip", (2, 3)), ("reshape", (4, 1)),
    ("reshape", ((1, 4),)), ("reshape", (-1,)), ("transpose", ()), ("transpose", (1, 0)), ("swapaxes", (0, 1)),
    ("ravel", ()), ("flatten", ()), ("squeeze", ()), ("take", ([0, 3],)), ("repeat", (2,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args"), METHODS)
def test_a_method_of_arrays_gives_what_it_gives_for_arrays_and_records(name, args):
    t = Tensor([[3.0, 2.0], [1.0, 4.0]])
    result = getattr(t, name)(*args)
    np.testing.assert_allclose(result.data, getattr(t.numpy(), name)(*args), rtol=1e-15)
    assert result.node.args[0] is t.node


def test_sort_gives_a_sorted_tensor():
    t = Tensor([3.0, 1.0, 2.0])
    assert t.sort().tolist() == [1.0, 2.0, 3.0] and t.tolist() == [3.0, 1.0, 2.0]


@pytest.mark.parametrize("name", ["argmax", "argmin", "argsort", "nonzero", "all", "any"])
def test_a_method_without_a_derivative_answers_plainly(name):
    t = Tensor([[3.0, 0.0], [1.0, 4.0]])
    found, expected = getattr(t, name)(), getattr(t.numpy(), name)()
    assert isinstance(found, type(expected))
    np.testing.assert_array_equal(found, expected)


# Operators.


OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.matmul]
OTHERS = [np.array([1.5, 2.5, 3.5]), [1.5, 2.5, 3.5], constant([1.5, 2.5, 3.5]), np.float64(1.5), 1.5, 2]
PAIRS = [(o, y) for o in OPERATORS for y in OTHERS if o is not operator.matmul or np.ndim(y)]


@pytest.mark.parametrize(("operation", "other"), PAIRS, ids=lambda x: getattr(x, "__name__", type(x).__name__))
def test_an_operator_works_from_both_sides(operation, other):
    x, y = Tensor([1.0, 2.0, 3.0]), getattr(other, "data", other) if isinstance(other, Tensor) else np.asarray(other)
    e = np.array([1e-6, 0, 0])
    for left in (True, False):
        result = operation(x, other) if left else operation(other, x)
        by_numpy = (lambda a: operation(a, y)) if left else (lambda a: operation(y, a))
        np.testing.assert_allclose(result.data, by_numpy(x.numpy()), rtol=1e-15)
        slope = (np.sum(by_numpy(x.numpy() + e)) - np.sum(by_numpy(x.numpy() - e))) / 2e-6
        assert math.isclose(gradient(result.sum(), x)[0], slope, rel_tol=1e-6)


def test_signs_and_size():
    x = Tensor([-2.0, 3.0])
    assert [(-x).tolist(), (+x).tolist(), abs(x).tolist()] == [[2.0, -3.0], [-2.0, 3.0], [2.0, 3.0]]
    assert gradient((-x + abs(x) * 10).sum(), x).tolist() == [-11.0, 9.0]


@pytest.mark.parametrize("compare", [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge])
def test_a_comparison_gives_an_array_of_truth_values(compare):
    x, y = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    expected = compare(x, y).tolist()
    for found in (compare(Tensor(x), Tensor(y)), compare(Tensor(x), y), compare(x, Tensor(y))):
        assert isinstance(found, np.ndarray) and found.dtype == bool and found.tolist() == expected


def test_a_tensor_is_itself_in_sets_and_dictionaries():
    a, b = Tensor([1.0, 2.0]), Tensor([1.0, 2.0])
    assert len({a, b, a}) == 2 and {a: "a", b: "b"}[b] == "b"


def test_a_sum_that_grows_by_an_operator_is_recorded():
    x, total = Tensor([1.0, 2.0]), 0.0
    for _ in range(3):
        total += (x * x).sum()
    assert gradient(total, x).tolist() == [6.0, 12.0]


# Backward.


def test_backward_from_a_seed():
    x = Tensor([1.0, 2.0])
    (x * x).backward([10, 100])
    assert x.grad.tolist() == [20.0, 400.0]


def test_backward_of_one_element_starts_from_1():
    x = Tensor([[3.0]])
    (x * x).backward()
    assert x.grad.tolist() == [[6.0]]


def test_backward_of_a_leaf():
    x = Tensor(3.0)
    x.backward()
    assert x.grad == 1.0


def test_backward_twice_adds_exactly_the_same():
    x = Tensor(np.random.default_rng(0).normal(size=(5, 3)))
    loss = exp(x @ np.ones((3, 2))).sum()
    loss.backward()
    once = x.grad.copy()
    loss.backward()
    assert (x.grad == once + once).all()


def test_zero_grad_forgets():
    x = Tensor(3.0)
    (x * x).backward()
    x.zero_grad()
    (x * 5).backward()
    assert x.grad == 5.0


def test_a_result_that_is_used_twice_gets_both_gradients():
    x = Tensor(3.0)
    y = x * x
    (y * y + y).backward()
    assert x.grad == 4 * 3.0**3 + 2 * 3.0


def test_gradients_that_are_the_same_array_do_not_spoil_each_other():
    x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    s = x + y
    found = gradients(s + x, [x, y, s], seed=[1.0, 10.0])
    assert [g.tolist() for g in found] == [[2.0, 20.0], [1.0, 10.0], [1.0, 10.0]]


def test_freeing_gives_the_same_gradient():
    x = Tensor([1.0, 2.0])
    exp(x * 2).sum().backward()
    kept = x.grad
    x.zero_grad()
    exp(x * 2).sum().backward(free=True)
    assert (x.grad == kept).all()


# Hooks.


def test_a_hook_sees_the_whole_gradient_once():
    x, seen = Tensor([1.0, 2.0]), []
    y = x * 3
    y.register_hook(lambda g: seen.append(g.tolist()))
    (y.sum() + (y * 10).sum()).backward()
    assert seen == [[11.0, 11.0]] and x.grad.tolist() == [33.0, 33.0]


@pytest.mark.parametrize("where", ["leaf", "result"])
def test_a_hook_changes_the_gradient_until_it_is_removed(where):
    x = Tensor([1.0, 2.0])
    y = x * 3
    handle = (x if where == "leaf" else y).register_hook(lambda g: g * 10)
    y.sum().backward()
    assert x.grad.tolist() == [30.0, 30.0]
    handle.remove()
    x.zero_grad()
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_hooks_follow_one_another():
    x = Tensor(1.0)
    x.register_hook(lambda g: g + 1)
    x.register_hook(lambda g: g * 10)
    (x * 3).backward()
    assert x.grad == 40.0


def test_a_hook_of_an_embedding_sees_an_array():
    table, seen = Tensor(np.ones((3, 2))), []
    table.register_hook(lambda g: seen.append(np.array(g).tolist()) or g * 2)
    embedding(table, np.array([1, 1])).sum().backward()
    assert seen == [[[0.0, 0.0], [2.0, 2.0], [0.0, 0.0]]] and table.grad[1].tolist() == [4.0, 4.0]


def test_a_hook_that_edits_in_place_changes_no_other_gradient():
    a, b = Tensor([1.0]), Tensor([1.0])

    def double(g):
        g *= 2

    b.register_hook(double)
    try:
        (a + b).backward([1.0])
    except ValueError as refused:
        assert "read-only" in str(refused)
    else:
        assert a.grad.tolist() == [1.0]


def test_an_array_that_a_hook_gives_stays_its_own():
    x, given = Tensor([1.0]), np.array([5.0])
    x.register_hook(lambda g: given)
    (x * 3).sum().backward()
    given[0] = 77
    assert x.grad.tolist() == [5.0]


# Outside the record.


def test_detach_stops_the_gradient():
    x = Tensor([1.0, 2.0], name="x")
    d = x.detach()
    assert d.tolist() == [1.0, 2.0] and d.name == "x" and not d.requires_grad
    assert gradient((d * x).sum(), x).tolist() == [1.0, 2.0]


def test_nothing_is_recorded_under_no_grad():
    x = Tensor([1.0, 2.0])
    with no_grad():
        y = x * 2
        W = Tensor(3.0)
    z = x * 2
    assert y.tolist() == z.tolist() and y.is_leaf and not y.requires_grad
    assert W.requires_grad and z.requires_grad and not z.is_leaf


def test_leaving_no_grad_by_an_error_puts_recording_back():
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (Tensor(1.0) * 2).requires_grad


def test_scopes_nest_and_end():
    with scope("net"):
        with scope("layer1"):
            a = Tensor(1.0) * 2
        b = a * 2
    c = b * 2
    assert (a.scope, b.scope, c.scope) == ("net/layer1", "net", None)


# Its look.


@pytest.mark.parametrize(
    ("tensor", "shown"),
    [
        (Tensor(2.0), "Tensor(2.0)"),
        (Tensor([1.0, 2.5], name="W"), "Tensor([1. , 2.5], name='W')"),
        (Tensor([1.0], dtype=np.float32), "Tensor([1.], dtype=float32)"),
        (constant([0, 1], "labels"), "constant([0, 1], name='labels', dtype=int64)"),
        (constant([True]), "constant([ True])"),
        (Tensor([1.0, 2.0]) * 2, "Tensor([2., 4.], op=multiply)"),
        (Tensor([[1.0], [2.0]]), "Tensor([[1.],\n        [2.]])"),
        (Tensor([]), "Tensor([])"),
        (Tensor(np.arange(1000.0)), "Tensor([  0.,   1.,   2., ..., 997., 998., 999.])"),
    ],
)
def test_its_repr(tensor, shown):
    assert repr(tensor) == str(tensor) == shown


def test_a_named_result_is_shown_by_its_name():
    y = Tensor(1.0) + 1
    y.name = "y"
    assert repr(y) == "Tensor(2.0, name='y')"


def test_its_format():
    assert f"{Tensor(2.0):.3f}" == f"{Tensor([[2.0]]):.3f}" == "2.000"
    assert f"{Tensor([1.0, 2.0]):.1f}" == "[1.0, 2.0]"
    assert f"{Tensor([1.0, 2.0])}" == "[1., 2.]" and f"{Tensor(0.5):>6}" == "   0.5"


# Copies.


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_the_copy_of_a_leaf_is_another_leaf(copied):
    t = Tensor([1.0, 2.0], name="W")
    (t * 3).sum().backward()
    u = copied(t)
    assert u.grad.tolist() == [3.0, 3.0]
    u.data = [7.0, 7.0]
    u.zero_grad()
    assert u.is_leaf and u.requires_grad and u.name == "W"
    assert t.tolist() == [1.0, 2.0] and t.grad.tolist() == [3.0, 3.0]


def test_the_copy_of_a_constant_is_a_constant():
    assert repr(copy.deepcopy(constant([1, 2], "c"))) == "constant([1, 2], name='c', dtype=int64)"


def test_what_is_shared_stays_shared_in_a_deep_copy():
    t = Tensor(1.0)
    a, b = copy.deepcopy([t, t])
    assert a is b and a is not t


def test_a_deep_record_is_copied_swept_and_freed_without_recursion():
    x = Tensor(1.0)
    y = x
    for _ in range(100_000):
        y = y + 0.5
    assert copy.deepcopy(y) is copy.copy(y) is y
    assert gradient(y, x) == 1.0
    y.backward()
    assert x.grad == 1.0 and y.item() == 50_001.0
    del y


# Threads.


def test_eight_threads_sweep_a_hundred_tensors_each():
    shared = Tensor(np.arange(1.0, 4.0))

    def work(seed):
        rng, right = np.random.default_rng(seed), 0
        for _ in range(100):
            values = rng.normal(size=3)
            x = Tensor(values)
            loss = (exp(x) * shared).sum()
            loss = loss + (x * x).sum()
            found = gradients(loss, [x, shared])
            right += np.allclose(found[0], np.exp(values) * shared.data + 2 * values, rtol=1e-13, atol=0)
            right += np.allclose(found[1], np.exp(values), rtol=1e-13, atol=0)
        return right

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == [200] * 8


def test_a_context_does_not_leak_into_another_thread():
    before, inside, done, seen = current.get(), threading.Event(), threading.Event(), []

    def elsewhere():
        with no_grad(), scope("elsewhere"), trace_nan():
            inside.set()
            done.wait(10)

    def fresh():
        seen.append(current.get())

    other = threading.Thread(target=elsewhere)
    other.start()
    assert inside.wait(10)
    t = Tensor(1.0) * 2
    with no_grad(), scope("here"):
        third = threading.Thread(target=fresh)
        third.start()
        third.join()
    done.set()
    other.join()
    assert t.requires_grad and t.scope is None and current.get() == before
    assert seen == [before]
