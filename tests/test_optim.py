"""Optimisers: the steps of the papers, and no older record spoilt by a newer value."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu import Tensor, embedding, grad, gradients, nn, optim

GRADIENTS = [np.array([1.0, -2.0]), np.array([0.5, 4.0]), np.array([-3.0, 0.25])]


def path(optimiser_of, start, gradients=GRADIENTS):
    """Where a parameter is after each step."""
    W = Tensor(start)
    optimiser, places = optimiser_of([W]), []
    for g in gradients:
        W.grad = g
        optimiser.step()
        places.append(W.numpy())
    return places


# The steps.


def test_sgd():
    W, expected = np.array([1.0, 2.0]), []
    for g in GRADIENTS:
        W = W - 0.1 * g
        expected.append(W)
    np.testing.assert_array_equal(path(lambda p: optim.SGD(p, 0.1), [1.0, 2.0]), expected)


def test_momentum():
    W, v, expected = np.array([1.0, 2.0]), 0, []
    for g in GRADIENTS:
        v = 0.9 * v + g
        W = W - 0.1 * v
        expected.append(W)
    np.testing.assert_allclose(path(lambda p: optim.SGD(p, 0.1, momentum=0.9), [1.0, 2.0]), expected, rtol=1e-15)


def test_adam():
    W, m, v, expected = np.array([1.0, 2.0]), 0, 0, []
    for t, g in enumerate(GRADIENTS, 1):
        m = 0.8 * m + 0.2 * g
        v = 0.9 * v + 0.1 * g**2
        W = W - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-3)
        expected.append(W)
    found = path(lambda p: optim.Adam(p, 0.1, betas=(0.8, 0.9), eps=1e-3), [1.0, 2.0])
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_adams_first_step_is_the_rate_whatever_the_gradient():
    (found,) = path(lambda p: optim.Adam(p, 0.01), [1.0, 2.0], [np.array([1e-3, -1e3])])
    np.testing.assert_allclose(found, [0.99, 2.01], rtol=1e-5)


def test_each_step_asks_the_schedule_for_its_rate():
    asked = []
    found = path(lambda p: optim.SGD(p, lambda step: asked.append(step) or 10.0**-step), [0.0, 0.0])
    assert asked == [0, 1, 2]
    np.testing.assert_allclose(found[-1], [-1.0 - 0.05 + 0.03, 2.0 - 0.4 - 0.0025], rtol=1e-14)


def test_momentum_of_nesterov_with_dampening():
    W, v, expected = np.array([1.0, 2.0]), None, []
    for g in GRADIENTS:
        v = g if v is None else 0.9 * v + 0.75 * g
        W = W - 0.1 * (g + 0.9 * v)
        expected.append(W)
    found = path(lambda p: optim.SGD(p, 0.1, momentum=0.9, dampening=0.25, nesterov=True), [1.0, 2.0])
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_rmsprop(decay):
    W, mean, v, expected = np.array([1.0, 2.0]), 0, 0, []
    for g in GRADIENTS:
        g = g + decay * W
        mean = 0.8 * mean + 0.2 * g**2
        v = 0.5 * v + g / (np.sqrt(mean) + 1e-3)
        W = W - 0.1 * v
        expected.append(W)
    options = dict(alpha=0.8, eps=1e-3, momentum=0.5, weight_decay=decay)
    np.testing.assert_allclose(path(lambda p: optim.RMSprop(p, 0.1, **options), [1.0, 2.0]), expected, rtol=1e-14)


def test_adagrad():
    W, total, expected = np.array([1.0, 2.0]), 0, []
    for g in GRADIENTS:
        g = g + 0.1 * W
        total = total + g**2
        W = W - 0.1 * g / (np.sqrt(total) + 1e-3)
        expected.append(W)
    found = path(lambda p: optim.Adagrad(p, 0.1, eps=1e-3, weight_decay=0.1), [1.0, 2.0])
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_a_decay_of_weights_is_a_gradient_but_for_adamw():
    W = np.array([1.0, 2.0])
    found = path(lambda p: optim.SGD(p, 0.1, weight_decay=0.5), W, GRADIENTS[:1])
    np.testing.assert_allclose(found, [W - 0.1 * (GRADIENTS[0] + 0.5 * W)], rtol=1e-15)
    expected, plain = [], [W, *path(lambda p: optim.Adam(p, 0.1), W)]
    for before, after in zip(plain, plain[1:]):
        W = W - 0.1 * 0.5 * W + (after - before)
        expected.append(W)
    np.testing.assert_allclose(path(lambda p: optim.AdamW(p, 0.1, weight_decay=0.5), [1.0, 2.0]), expected, rtol=1e-13)
    (found,) = path(lambda p: optim.Adam(p, 0.1, weight_decay=4.0), [1.0, 2.0], [np.array([-1.0, -10.0])])
    np.testing.assert_allclose(found, [0.9, 2.1], rtol=1e-6)  # the signs of 4 W + g


def test_a_decay_of_weights_also_changes_rows_that_were_not_used():
    table, before, _ = rows_step(lambda p: optim.SGD(p, 0.1, weight_decay=0.5), keep=True)
    np.testing.assert_allclose(table.data[[0, 4]], 0.95 * before[[0, 4]])


OPTIMISERS = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.05, momentum=0.5),
    "Adam": lambda p: optim.Adam(p, 0.1),
    "RMSprop": lambda p: optim.RMSprop(p, optim.step_decay(0.1, 0.5, 50)),
    "Adagrad": lambda p: optim.Adagrad(p, 1.0),
    "AdamW": lambda p: optim.AdamW(p, 0.1, weight_decay=0.0),
}
each_optimiser = pytest.mark.parametrize("optimiser_of", OPTIMISERS.values(), ids=OPTIMISERS)


@each_optimiser
@pytest.mark.parametrize("start", [np.zeros(3), np.zeros((2, 2), np.float32), 0.0])
def test_it_finds_the_bottom_of_a_bowl_in_the_dtype_of_the_parameter(optimiser_of, start):
    W = Tensor(start)
    optimiser = optimiser_of([W])
    for _ in range(300):
        optimiser.zero_grad()
        ((W - 3) * (W - 3)).sum().backward()
        optimiser.step()
    np.testing.assert_allclose(W.data, np.full_like(start, 3), rtol=1e-3)
    assert W.dtype == np.asarray(start).dtype and W.is_leaf


@each_optimiser
def test_a_parameter_without_a_gradient_stays(optimiser_of):
    used, unused = Tensor([1.0]), Tensor([1.0])
    optimiser = optimiser_of([used, unused])
    (used * 2).sum().backward()
    optimiser.step()
    assert used.item() != 1.0 and unused.item() == 1.0


def test_zero_grad_forgets():
    W = Tensor([1.0])
    (W * 2).sum().backward()
    optim.SGD([W]).zero_grad()
    assert W.grad is None


def test_an_optimiser_of_ones_own_says_what_it_lacks():
    class Mine(optim.Optimiser):
        pass

    W = Tensor([1.0])
    W.grad = [1.0]
    with pytest.raises(NotImplementedError, match=r"Mine .*change\(i, p, g, rate\)"):
        Mine([W], 0.1).step()


# Parameters in structures, names of options, and what people bring from elsewhere.


def test_parameters_in_a_structure():
    a, b, c = Tensor([1.0, 2.0]), Tensor(3.0), Tensor([[4.0]])
    for parameters in (
        [(a, b), [c]],
        {"a": a, "rest": {"b": b, "c": c, "d": None}},
        iter([a, b, c, a]),
        {1: a, 2: b, 3: c}.values(),
    ):
        assert [id(p) for p in optim.SGD(parameters).parameters] == [id(p) for p in (a, b, c)]
    net = nn.MLP([2, 3, 1])
    for parameters in (net, net.parameters(), net.named_parameters(), [net.layers[0], {"last": net.layers[1]}]):
        assert [id(p) for p in optim.Adam(parameters).parameters] == [id(p) for p in net.parameters()]
    with pytest.raises(ValueError, match="SGD has no parameters to change"):
        optim.SGD([])


def test_a_tensor_that_is_given_twice_changes_once():
    W = Tensor(1.0)
    W.grad = 1.0
    optim.SGD([W, W], 0.1).step()
    assert W.item() == 0.9


@pytest.mark.parametrize("wrong", [3.0, None, "W", [np.ones(2)], {"W": 1.0}, [[1.0, 2.0]], ["W"], (Tensor(1.0) * 2,)])
def test_what_is_no_parameter(wrong):
    with pytest.raises(TypeError, match="an optimiser changes Tensors that are leaves"):
        optim.SGD(wrong)


ALL = [optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad]


@pytest.mark.parametrize("kind", ALL)
def test_the_rate_under_each_of_its_names(kind):
    W = Tensor([1.0])
    for options in (dict(rate=0.5), dict(lr=0.5), dict(learning_rate=0.5), dict(step_size=0.5)):
        optimiser = kind(params=[W], **options)
        assert optimiser.rate(0) == optimiser.lr == 0.5 and optimiser.parameters == [W]
    optimiser.lr = 0.25
    assert optimiser.rate(7) == 0.25
    optimiser.rate = lambda step: 10.0**-step
    optimiser.steps = 2
    assert optimiser.lr == 0.01
    optimiser.rate = 0.5
    assert optimiser.lr == 0.5
    with pytest.raises(TypeError, match="rate twice"):
        kind([W], 0.1, lr=0.1)
    with pytest.raises(TypeError, match=f"{kind.__name__} takes no maximize") as caught:
        kind([W], maximize=True)
    notes = "".join(caught.value.__notes__)
    assert (
        "minimise -loss" in notes and "parameters, rate" in notes and "callback" in notes and "test_optim.py" in notes
    )
    with pytest.raises(TypeError, match="takes no nonsense"):
        kind([W], nonsense=1)
    assert kind([W], maximize=False, foreach=None).lr > 0  # nothing is asked for
    for rate in ("fast", None, [0.1]):
        with pytest.raises(TypeError, match="a rate is a number"):
            kind([W], rate)
    with pytest.raises(TypeError, match="was called with .* arguments by position") as caught:
        kind([W], *range(8))
    assert "weight_decay" in "".join(caught.value.__notes__)


def test_a_rate_that_was_changed_is_used():
    W = Tensor([1.0])
    optimiser = optim.SGD([W], lr=0.1)
    W.grad = [1.0]
    optimiser.lr = 0.5
    optimiser.step()
    assert W.data.tolist() == [0.5]


def test_gradients_are_cleared_or_set_to_zero():
    W, unused = Tensor([1.0]), Tensor([1.0])
    optimiser = optim.SGD([W, unused])
    W.grad = [3.0]
    optimiser.zero_grad(set_to_none=False)
    assert W.grad.tolist() == [0.0] and unused.node.grad is None
    optimiser.zero_grad(set_to_none=True)
    assert W.node.grad is None


def test_the_other_spelling():
    assert optim.Optimizer is optim.Optimiser and issubclass(optim.RMSprop, optim.Optimizer)


def test_what_pytorch_has_besides_is_answered():
    optimiser = optim.SGD([Tensor(1.0)])
    for name, remedy in dict(
        param_groups="optimiser.rate = 0.01", state_dict="keep the optimiser", add_param_group="another optimiser"
    ).items():
        with pytest.raises(AttributeError, match=f"SGD has no attribute {name}") as caught:
            getattr(optimiser, name)
        assert remedy in "".join(caught.value.__notes__)
    assert not hasattr(optimiser, "anything")
    with pytest.raises(TypeError, match="not a function that computes it"):
        optimiser.step(lambda: 1.0)
    for groups in ([{"params": [Tensor(1.0)], "lr": 0.1}], {"params": [Tensor(1.0)]}):
        with pytest.raises(TypeError, match="no groups"):
            optim.Adam(groups)


def test_an_optimiser_is_copied_with_its_rate():
    W = Tensor([1.0])
    made = copy.deepcopy(optim.Adam([W], 0.1), {id(W): W})
    assert made.lr == 0.1 and made.parameters == [W]


# The functions on plain arrays.

FUNCTIONS = {"sgd": optim.sgd, "rmsprop": optim.rmsprop, "adam": optim.adam}
each_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)


@each_function
def test_a_function_descends_from_a_structure(function):
    start = {"a": np.zeros(2), "b": [(0.0, np.zeros((2, 1), np.float32))]}
    loss = lambda p, i: ((p["a"] - 1) ** 2).sum() + (p["b"][0][0] - 2) ** 2 + ((p["b"][0][1] - 3) ** 2).sum()  # noqa: E731
    seen = []
    end = function(
        grad(loss),
        start,
        callback=lambda x, i, g: seen.append((x["a"][0], i, g["a"][0])),
        num_iters=500,
        step_size=0.05,
    )
    np.testing.assert_allclose(end["a"], [1.0, 1.0], rtol=0.05)
    np.testing.assert_allclose(end["b"][0][0], 2.0, rtol=0.05)
    np.testing.assert_allclose(end["b"][0][1], [[3.0], [3.0]], rtol=0.05)
    assert end["b"][0][1].dtype == np.float32 and type(end["b"][0]) is tuple
    assert len(seen) == 500 and seen[0] == (0.0, 0, -2.0) and seen[-1][1] == 499
    assert start["a"].tolist() == [0.0, 0.0]


def steps(function, start=(1.0, 2.0), **options):
    return [function(lambda x, i: GRADIENTS[i], np.array(start), num_iters=n, **options) for n in (1, 2, 3)]


def test_the_steps_of_sgd():
    W, v, expected = np.array([1.0, 2.0]), 0, []
    for g in GRADIENTS:
        v = 0.8 * v - 0.2 * g
        W = W + 0.5 * v
        expected.append(W)
    np.testing.assert_allclose(steps(optim.sgd, step_size=0.5, mass=0.8), expected, rtol=1e-14)


def test_the_steps_of_rmsprop():
    W, mean, expected = np.array([1.0, 2.0]), 1, []
    for g in GRADIENTS:
        mean = 0.8 * mean + 0.2 * g**2
        W = W - 0.5 * g / (np.sqrt(mean) + 1e-3)
        expected.append(W)
    np.testing.assert_allclose(steps(optim.rmsprop, step_size=0.5, gamma=0.8, eps=1e-3), expected, rtol=1e-14)


def test_the_steps_of_adam_are_those_of_the_class():
    expected = path(lambda p: optim.Adam(p, 0.1, betas=(0.8, 0.9), eps=1e-3), [1.0, 2.0])
    np.testing.assert_allclose(steps(optim.adam, lr=0.1, b1=0.8, b2=0.9, eps=1e-3), expected, rtol=1e-13)


@each_function
def test_what_a_function_is_given_may_be_tensors_numbers_or_nothing(function):
    end = function(grad(lambda x, i: (x**2).sum()), Tensor([1.0, -1.0]), num_iters=3)
    assert isinstance(end, np.ndarray) and (abs(end) < 1).all()
    assert function(grad(lambda x, i: x**2), 1.0, num_iters=3) < 1.0
    assert function(grad(lambda x, i: x**2), 1.0, num_iters=0) == 1.0
    with pytest.raises(ValueError, match="the gradient has 3 numbers, and the parameters have 2"):
        function(lambda x, i: np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="a structure is not like"):
        function(lambda x, i: [np.ones(3)], {"a": np.ones(3)})
    with pytest.raises(TypeError, match="takes no nonsense") as caught:
        function(lambda x, i: x, 1.0, nonsense=3)
    assert "num_iters" in "".join(caught.value.__notes__)
    if function is not optim.sgd:
        with pytest.raises(TypeError, match="takes no momentum"):
            function(lambda x, i: x, 1.0, momentum=3)


# Schedules.


def test_a_constant_rate():
    assert [optim.constant_rate(0.3)(step) for step in (0, 10)] == [0.3, 0.3]


def test_a_rate_that_decays_in_steps():
    rate = optim.step_decay(0.8, 0.5, every=2)
    assert [rate(step) for step in range(6)] == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]


def test_a_rate_that_warms_up_and_falls_along_a_cosine():
    rate = optim.cosine(2.0, steps=12, warmup=4)
    assert [rate(step) for step in range(4)] == [0.5, 1.0, 1.5, 2.0]
    assert rate(4) == 2.0 and math.isclose(rate(8), 1.0) and math.isclose(rate(6), 1 + math.sqrt(0.5))
    assert abs(rate(12)) < 1e-15 and abs(rate(14)) < 1e-15


# A gradient of a few rows.


def rows_step(optimiser_of, keep):
    """A table, before and after a step with a gradient of its rows 1 and 3, and its record if it is to be kept."""
    table = Tensor(np.arange(10.0).reshape(5, 2))
    before, optimiser = table.numpy(), optimiser_of([table])
    loss = embedding(table, np.array([1, 3, 1])).sum()
    loss.backward(free=not keep)
    optimiser.step()
    return table, before, loss if keep else None


@each_optimiser
@pytest.mark.parametrize("keep", [True, False])
def test_only_rows_that_were_used_change(optimiser_of, keep):
    table, before, _ = rows_step(optimiser_of, keep)
    changed = (table.data != before).all(1)
    assert changed.tolist() == [False, True, False, True, False]
    assert (table.data[~changed] == before[~changed]).all()


def test_a_row_that_was_used_twice_gets_both_gradients():
    table, before, _ = rows_step(OPTIMISERS["SGD"], keep=False)
    np.testing.assert_allclose(before - table.data, [[0, 0], [0.2, 0.2], [0, 0], [0.1, 0.1], [0, 0]], atol=1e-15)


def test_a_table_that_nobody_holds_is_changed_in_place_and_one_that_is_held_is_not():
    table = Tensor(np.zeros((5, 2)))
    optimiser = optim.SGD([table], 0.1)

    def step():
        embedding(table, np.array([1])).sum().backward(free=True)
        optimiser.step()
        return table.data.ctypes.data

    address = step()
    assert step() == address
    held = table.data
    before = held.copy()
    assert step() != address and (held == before).all()


# No older record is spoilt.

RECORDS = {
    "product": lambda W: W * W * 0.5,
    "power": lambda W: W**2 / 2,
    "transposed": lambda W: W.T * W.T * 0.5,
    "reshaped": lambda W: W.reshape(-1) * W.reshape(-1) * 0.5,
    "rows": lambda W: embedding(W, np.arange(3)) * embedding(W, np.arange(3)) * 0.5,
    "einsum": lambda W: np.einsum("ij,ij->", W, W) * 0.5,
}


@each_optimiser
@given(
    actions=st.lists(st.sampled_from([*RECORDS, "look", "forget", "step", "step", "step"]), max_size=25),
    by_rows=st.booleans(),
)
def test_a_step_spoils_no_record_and_no_array_that_is_still_held(optimiser_of, actions, by_rows):
    W = Tensor(np.arange(6.0).reshape(3, 2))
    optimiser, held = optimiser_of([W]), []
    for action in actions:
        if action == "step":
            optimiser.zero_grad()
            loss = (embedding(W, np.array([0, 2])) if by_rows else W * W).sum()
            loss.backward(free=by_rows)
            del loss
            optimiser.step()
        elif action == "forget":
            held = held[1:]
        elif action == "look":
            held.append((W.data, W.numpy()))
        else:  # the gradient of half the sum of squares is the value that W had
            held.append((RECORDS[action](W).sum(), W.numpy()))
        for kept, value in held:
            now = gradients(kept, [W])[0] if isinstance(kept, Tensor) else kept
            np.testing.assert_allclose(now, value, rtol=1e-14)


@each_optimiser
def test_an_old_loss_has_its_old_gradient_after_many_steps(optimiser_of):
    W = Tensor([1.0, 2.0])
    optimiser, old = optimiser_of([W]), (W * W * W).sum()
    for _ in range(5):
        optimiser.zero_grad()
        (W * W).sum().backward()
        optimiser.step()
    assert gradients(old, [W])[0].tolist() == [3.0, 12.0]


# The callback.

CALLED = {
    "SGD": lambda p, **options: optim.SGD(p, 0.1, **options),
    "momentum": lambda p, **options: optim.SGD(p, 0.1, momentum=0.5, **options),
    "Adam": lambda p, **options: optim.Adam(p, 0.1, **options),
    "RMSprop": lambda p, **options: optim.RMSprop(p, 0.1, **options),
    "Adagrad": lambda p, **options: optim.Adagrad(p, 0.1, **options),
    "AdamW": lambda p, **options: optim.AdamW(p, 0.1, **options),
}
each_called = pytest.mark.parametrize("optimiser_of", CALLED.values(), ids=CALLED)


@each_called
def test_the_callback_has_the_loss_while_nothing_has_changed(optimiser_of):
    W, b, seen = Tensor([1.0, 2.0]), Tensor(3.0), []
    optimiser = optimiser_of(
        [W, b], callback=lambda loss: seen.append((loss, W.data.tolist(), b.item(), W.grad.tolist()))
    )
    loss = (W * W).sum() + b
    loss.backward()
    optimiser.step(loss)
    assert seen == [(loss, [1.0, 2.0], 3.0, [2.0, 4.0])] and seen[0][0] is loss
    assert W.data[0] != 1.0 and b.item() != 3.0
    optimiser.step()
    assert seen[1][0] is None


@each_called
def test_a_callback_that_raises_stops_the_step(optimiser_of):
    def stop(loss):
        raise KeyboardInterrupt

    W = Tensor([1.0])
    W.grad = [1.0]
    optimiser = optimiser_of([W], callback=stop)
    with pytest.raises(KeyboardInterrupt):
        optimiser.step()
    assert W.item() == 1.0 and optimiser.steps == 0


@each_called
def test_with_and_without_a_callback_every_bit_is_the_same(optimiser_of):
    options = [{}, {"callback": None}, {"callback": lambda loss: None}]
    paths = [path(lambda p, o=o: optimiser_of(p, **o), [1.0, 2.0]) for o in options]
    assert len({np.array(places).tobytes() for places in paths}) == 1


def test_a_callback_goes_by_its_name_alone():
    with pytest.raises(TypeError):
        optim.SGD([Tensor(1.0)], 0.1, 0.0, print)
