"""The systems of the five hand-ins, in their notation: the engine's gradients are the closed forms that are true."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant, gradients, log, log_sigmoid, sigmoid, softmax

RNG = np.random.default_rng(0)
M, n, K = 5, 3, 4


def drawn(*shape: int) -> np.ndarray:
    return RNG.normal(0, 0.7, shape)


def same(found: list[np.ndarray], *expected: np.ndarray) -> None:
    assert len(found) == len(expected)
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("biased", [True, False], ids=["with the offsets q", "without"])
def test_negative_sampling_with_a_bilinear_matrix(biased: bool) -> None:
    """Hand-ins 000 and 001: J = -log s(v_c'Wu - q_c) - sum of log s(q_j - v_j'Wu)."""
    u, vc, C, W = (Tensor(drawn(*s)) for s in ((M,), (M,), (n, M), (M, M)))
    qc, qb = (drawn(), drawn(n)) if biased else (0.0, np.zeros(n))
    tc, tb = vc @ W @ u - qc, C @ W @ u - qb
    J = -log_sigmoid(tc) - log_sigmoid(-tb).sum()
    c, b = sigmoid(tc.data) - 1, sigmoid(tb.data)  # the errors: of the true pair, and of the noise
    h, back = W.data @ u.data, c * vc.data + b @ C.data
    same(gradients(J, [u, vc, C, W]), W.data.T @ back, c * h, np.outer(b, h), np.outer(back, u.data))


def test_negative_sampling_in_matrix_form_is_the_same() -> None:
    """Hand-in 000: t = VWu - q with delta_c = 1, and dJ/du = W'V'(s(t) - delta), dJ/dV = (s(t) - delta)(Wu)'."""
    u, V, W, q = Tensor(drawn(M)), Tensor(drawn(n + 1, M)), Tensor(drawn(M, M)), Tensor(drawn(n + 1))
    delta = constant([1.0] + [0.0] * n, "delta")
    t = V @ W @ u - q
    J = -(delta * log_sigmoid(t) + (1 - delta) * log_sigmoid(-t)).sum()
    e = sigmoid(t.data) - delta.data
    h = W.data @ u.data
    same(gradients(J, [u, V, W, q]), W.data.T @ V.data.T @ e, np.outer(e, h), np.outer(V.data.T @ e, u.data), -e)
    found = tg.negative_sampling(W @ u, V[0], V[1:])
    same(gradients(found, [u]), gradients(-log_sigmoid(t + q)[0] - log_sigmoid(-(t + q))[1:].sum(), [u])[0])


def test_sigma_and_its_derivative() -> None:
    """Hand-in 002 no. 18, from the definition: s' = s(1 - s)."""
    z = drawn(6)
    s = 1 / (1 + np.exp(-z))
    same([tg.grad(lambda z: (1 / (1 + np.exp(-z))).sum())(z)], s * (1 - s))
    same([tg.grad(lambda z: sigmoid(z).sum())(z)], s * (1 - s))


def test_the_softmax_jacobian_and_the_two_derivations_of_cross_entropy() -> None:
    """Hand-ins 002 no. 19 and 003: dg_k/ds_l = g_k(1[k=l] - g_l), dR/dg = -y/g, dR/ds = g - y."""
    s, y = Tensor(drawn(K)), tg.one_hot(2, K)
    g = softmax(s)
    R = -(y * log(g)).sum()
    p = g.data
    same([tg.jacobian(softmax)(s.data)], np.diag(p) - np.outer(p, p))
    same(gradients(R, [g, s]), -y / p, p - y)
    same(gradients(-(y * (s - tg.logsumexp(s))).sum(), [s]), p - y)
    same(gradients(tg.cross_entropy(s, 2), [s]), p - y)


def test_cross_entropy_where_y_does_not_sum_to_one() -> None:
    """Hand-in 003: then dR/ds = (sum of y) g - y."""
    s, y = Tensor(drawn(K)), RNG.uniform(0.2, 1.0, K)
    same(gradients(-(y * log(softmax(s))).sum(), [s]), y.sum() * softmax(s.data) - y)


def test_the_two_layer_network() -> None:
    """Hand-in 002 no. 21: R = logloss(softmax(B s(Ax))), where the student lost the transposes."""
    A, B, x, y = Tensor(drawn(3, M)), Tensor(drawn(K, 3)), Tensor(drawn(M)), tg.one_hot(1, K)
    a = sigmoid(A @ x)
    R = -(y * log(softmax(B @ a))).sum()
    delta2 = softmax(B.data @ a.data) - y
    delta1 = a.data * (1 - a.data) * (B.data.T @ delta2)
    same(gradients(R, [x, A, B]), A.data.T @ delta1, np.outer(delta1, x.data), np.outer(delta2, a.data))


def test_a_batch_of_columns_and_its_mean() -> None:
    """Hand-in 003: dE/dW(s) is the mean over the examples of delta(s) a(s-1)'."""
    N = 6
    X, Y = drawn(M, N), np.eye(K)[RNG.integers(0, K, N)].T
    W1, b, W2 = Tensor(drawn(3, M)), Tensor(drawn(3, 1)), Tensor(drawn(K, 3))
    A1 = np.tanh(W1 @ X + b)
    E = -(Y * tg.log_softmax(W2 @ A1, axis=0)).sum() / N
    a = A1.data
    delta2 = softmax(W2.data @ a, axis=0) - Y
    delta1 = (1 - a * a) * (W2.data.T @ delta2)
    same(
        gradients(E, [W2, W1, b]),
        np.mean([np.outer(delta2[:, i], a[:, i]) for i in range(N)], 0),
        np.mean([np.outer(delta1[:, i], X[:, i]) for i in range(N)], 0),
        delta1.mean(1, keepdims=True),
    )


def test_the_network_of_rows() -> None:
    """Hand-in 004: Z1 = X W1 + b1, H = s(Z1), Z2 = H W2 + b2, J = -sum of Y log softmax(Z2)."""
    m = 6
    X, Y = drawn(m, M), np.eye(K)[RNG.integers(0, K, m)]
    W1, b1, W2, b2 = (Tensor(drawn(*s)) for s in ((M, 3), (1, 3), (3, K), (1, K)))
    H = sigmoid(X @ W1 + b1)
    J = -(Y * tg.log_softmax(H @ W2 + b2)).sum()
    h = H.data
    d2 = softmax(h @ W2.data + b2.data) - Y
    d1 = d2 @ W2.data.T * h * (1 - h)
    same(gradients(J, [W1, b1, W2, b2]), X.T @ d1, d1.sum(0, keepdims=True), h.T @ d2, d2.sum(0, keepdims=True))


def test_word2vec_with_softmax_skip_gram_and_cbow() -> None:
    """Hand-in 004: dJ/dv_c = U'(y^ - y), dJ/dU = (y^ - y) v_c'; CBOW gives each context row the same, once a use."""
    V, o, context = 7, 4, np.array([1, 5, 1])
    U, vectors = Tensor(drawn(V, M)), Tensor(drawn(V, M))
    y = tg.one_hot(o, V)
    vc = vectors[3]
    J = tg.cross_entropy(U @ vc, o)
    e = softmax(U.data @ vc.data) - y
    same(gradients(J, [vc, U]), U.data.T @ e, np.outer(e, vc.data))

    hat = tg.embedding(vectors, context).sum(0)
    J = -log(softmax(U @ hat)[o])
    e = softmax(U.data @ hat.data) - y
    rows = np.zeros((V, M))
    np.add.at(rows, context, U.data.T @ e)
    same(gradients(J, [hat, U, vectors]), U.data.T @ e, np.outer(e, hat.data), rows)
    assert {int(i) for i in np.flatnonzero(np.abs(rows).sum(1))} == {1, 5}
