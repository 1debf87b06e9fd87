"""Healthy networks, of which ``explain`` has nothing to say; programs drawn at random; and how long it takes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu import (
    OPS,
    Tensor,
    constant,
    cross_entropy,
    data,
    log_sigmoid,
    log_softmax,
    nn,
    optim,
    relu,
    sigmoid,
    softmax,
)
from tinygrad_edu.findings import explain, findings_about
from tinygrad_edu.stepping import Stepper

DIGITS = data.digits()
IMAGES, LABELS = DIGITS.images - DIGITS.images.mean(0), DIGITS.labels


@pytest.mark.parametrize("activation", [sigmoid, np.tanh, relu])
@pytest.mark.parametrize("sizes", [(64, 32, 10), (64, 32, 32, 10)], ids=["two layers", "three layers"])
@pytest.mark.parametrize("seed", range(3))
def test_a_network_that_learns_is_healthy(activation, sizes, seed):
    net = nn.MLP(sizes, activation, rng=np.random.default_rng(seed))
    optimiser = optim.Adam(net, 0.01)
    assert explain(cross_entropy(net(IMAGES[:64]), LABELS[:64]), net).kinds == []
    for _ in range(3):
        for i in range(0, len(IMAGES), 64):
            loss = cross_entropy(net(IMAGES[i : i + 64]), LABELS[i : i + 64])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        for number in (16, 64):
            assert explain(cross_entropy(net(IMAGES[:number]), LABELS[:number]), net).kinds == []
    assert explain(cross_entropy(net(IMAGES), LABELS), net).kinds == []
    assert (net(constant(IMAGES)).argmax(1) == LABELS).mean() > 0.5


@pytest.mark.parametrize("seed", range(5))
def test_an_attention_is_healthy(seed):
    rng = np.random.default_rng(seed)
    n, d = 8, 16
    X, y = constant(rng.normal(size=(n, d)), "X"), rng.integers(0, 5, n)
    Q, K, V, R = (
        Tensor(rng.normal(size=(d, m)) / np.sqrt(d), name) for name, m in (("Q", d), ("K", d), ("V", d), ("R", 5))
    )
    mask = np.where(np.tri(n) > 0, 0, -np.inf)
    A = softmax(X @ Q @ (X @ K).mT / np.sqrt(d) + mask)
    h = X + A @ (X @ V)
    h = (h - h.mean(-1, keepdims=True)) / h.std(-1, keepdims=True)
    assert explain(cross_entropy(h @ R, y), [Q, K, V, R]).kinds == []


@pytest.mark.parametrize("seed", range(5))
def test_a_recurrent_network_is_healthy(seed):
    rng = np.random.default_rng(seed)
    W = Tensor(np.linalg.qr(rng.normal(size=(12, 12)))[0], "W")
    U, R = Tensor(rng.normal(size=(3, 12)) * 0.1, "U"), Tensor(rng.normal(size=(12, 4)) * 0.3, "R")
    h, loss = np.zeros((6, 12)), 0
    for _ in range(15):
        h = np.tanh(h @ W + rng.normal(size=(6, 3)) @ U)
        loss = loss + cross_entropy(h @ R, rng.integers(0, 4, 6))
    assert explain(loss, [W, U, R]).kinds == []


@pytest.mark.parametrize("seed", range(5))
def test_the_systems_of_the_hand_ins_are_healthy(seed):
    rng = np.random.default_rng(seed)
    M, N, K = 5, 6, 4
    u, c, C, W = (Tensor(rng.normal(0, 0.7, s)) for s in ((M,), (M,), (3, M), (M, M)))
    assert explain(-log_sigmoid(c @ W @ u - 0.3) - log_sigmoid(-(C @ W @ u)).sum(), [u, c, C, W]).kinds == []
    A, B, x, y = Tensor(rng.normal(size=(3, M))), Tensor(rng.normal(size=(K, 3))), rng.normal(size=M), np.eye(K)[1]
    assert explain(-(y * np.log(softmax(B @ sigmoid(A @ x)))).sum(), [A, B]).kinds == []
    X, Y = rng.normal(size=(M, N)), np.eye(K)[rng.integers(0, K, N)].T
    W1, b, W2 = (Tensor(rng.normal(0, 0.7, s)) for s in ((3, M), (3, 1), (K, 3)))
    E = -(Y * log_softmax(W2 @ np.tanh(W1 @ X + b), axis=0)).sum() / N
    assert explain(E, [W1, b, W2]).kinds == []
    X, Y = rng.normal(size=(N, M)), np.eye(K)[rng.integers(0, K, N)]
    W1, b1, W2, b2 = (Tensor(rng.normal(0, 0.7, s)) for s in ((M, 3), (1, 3), (3, K), (1, K)))
    J = -(Y * np.log(softmax(sigmoid(X @ W1 + b1) @ W2 + b2))).sum(axis=1).mean()
    assert explain(J, [W1, b1, W2, b2]).kinds == []


def test_an_embedding_is_healthy_and_its_rows_are_not_made_dense():
    table, R = nn.Embedding(50_000, 8, rng=np.random.default_rng(0)), Tensor(np.ones((8, 3)) / 3, "R")
    R.data = np.random.default_rng(1).normal(size=(8, 3))
    assert explain(cross_entropy(table(np.array([3, 7, 3])) @ R, [0, 1, 2]), table, R).kinds == []


def test_a_convolution_is_healthy():
    rng = np.random.default_rng(0)
    conv, last = nn.Conv2d(1, 6, 3, rng=rng), nn.Linear(6 * 36, 10, rng=rng)
    h = relu(conv(IMAGES[:32].reshape(32, 1, 8, 8)))
    assert explain(cross_entropy(last(h.reshape(32, -1)), LABELS[:32]), conv, last).kinds == []


# Whatever the program.

ONE, TWO = (
    "exp log sqrt sigmoid relu tanh sign square softmax negative absolute".split(),
    "add multiply subtract".split(),
)
STEP = st.tuples(st.sampled_from([*ONE, *TWO]), st.integers(0, 9), st.integers(0, 9))


@given(
    st.lists(STEP, max_size=8), st.lists(st.sampled_from([0.0, 1.0, -2.0, 0.3, 40.0, -900.0]), min_size=3, max_size=3)
)
def test_a_gradient_that_is_0_or_not_finite_is_spoken_of_and_no_other(steps, numbers):
    values = [Tensor(numbers, "a"), Tensor([0.5, -1.5, 2.0], "b")]
    with np.errstate(all="ignore"):
        for name, i, j in steps:
            operands = [values[i % len(values)], values[j % len(values)]]
            values.append(OPS[name].public(*operands[: 2 if name in TWO else 1]))
        loss = (values[-1] * [1.0, 2.0, 3.5]).sum()
        found = explain(loss)
        if not loss.requires_grad:
            return
        stepper = Stepper(loss)
        stepper.jump(stepper.last)
        gradients = {node: stepper.gradient(node) for node in stepper.ours}
    spoilt = not all(np.isfinite(g).all() for g in gradients.values()) or not np.isfinite(loss.data)
    assert spoilt == (found.kinds[:1] == ["not finite"] or found.kinds[:1] == ["log of a rounded zero"])
    silent = {
        node for finding in found if finding.kind in ("zero gradient", "does not depend") for node in finding.nodes
    }
    for node, g in gradients.items():
        if node.op is None and not spoilt:
            assert (node in silent) <= (np.abs(g).max() <= 1e-12), (node.name, g)
            assert np.any(g) or findings_about(stepper, node), node.name


@pytest.mark.slow
def test_a_long_record_is_gone_through():
    rng = np.random.default_rng(0)
    W, U, h, loss = Tensor(rng.normal(size=(4, 4)) * 0.3, "W"), Tensor(rng.normal(size=(4, 2)), "U"), np.zeros(4), 0
    for _ in range(12_500):
        h = np.tanh(W @ h + U @ rng.normal(size=2))
        loss = loss + (h * h).sum()
    assert explain(loss, W, U).kinds == []


@pytest.mark.slow
def test_many_parameters_that_are_alike_are_not_all_tried():
    loss = 0
    for _ in range(3000):
        loss = loss - np.log(softmax(constant([1.0, 2.0, 3.0]) + Tensor(0.1, "b"))[0])
    found = explain(loss)
    assert found.kinds == ["does not depend"] and found.skipped
