"""Optimisers: the steps of the papers, and no older record spoilt by a newer value."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu import Tensor, embedding, gradients, optim

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


OPTIMISERS = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.05, momentum=0.5),
    "Adam": lambda p: optim.Adam(p, 0.1),
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
    assert not hasattr(W, "grad")


def test_an_optimiser_of_ones_own_says_what_it_lacks():
    class Mine(optim.Optimiser):
        pass

    W = Tensor([1.0])
    W.grad = [1.0]
    with pytest.raises(NotImplementedError, match=r"Mine .*change\(i, p, g, rate\)"):
        Mine([W], 0.1).step()


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
