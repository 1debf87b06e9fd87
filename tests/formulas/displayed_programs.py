"""Programs as people write them, for what is displayed of them: each gives its loss."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant, nn


def single_numbers() -> Any:
    """As in micrograd: numbers, and results that have no name."""
    a, b, c = Tensor(2.0), Tensor(-3.0), Tensor(10.0)
    d = a * b + c
    e = (d - 1000.4) * 0.25
    loss = tg.tanh(e / (a * a + 7.0)) + (b**2 - d / 3) * (2 / 3)
    return loss


def recurrence() -> Any:
    """A loop in which h and x are assigned again and again."""
    rng = np.random.default_rng(0)
    W, U, b = Tensor(rng.normal(size=(3, 3))), Tensor(rng.normal(size=(3, 2))), Tensor(rng.normal(size=3))
    h = np.zeros(3)
    for x in rng.normal(size=(4, 2)):
        h = np.tanh(W @ h + U @ x + b)
    loss = (h * h).sum() / 2
    return loss


def recurrence_beside_its_own_index() -> Any:
    """The program has an h1 itself, and a list of layers."""
    rng = np.random.default_rng(1)
    layers = [Tensor(rng.normal(size=(3, 3))) for _ in range(3)]
    h1 = constant(rng.normal(size=3))
    h = h1
    for layer in layers:
        h = tg.sigmoid(layer @ h) + h1
    return h @ h


def attention() -> Any:
    """Softmax over rows."""
    rng = np.random.default_rng(2)
    Q, K, V = (Tensor(rng.normal(size=(4, 3)), name) for name in "QKV")
    S = Q @ K.T / np.sqrt(3)
    P = tg.softmax(S, axis=-1)
    out = P @ V
    return (out * out).mean()


def convolution() -> Any:
    """A picture, a window, pooling."""
    rng = np.random.default_rng(3)
    image, w = constant(rng.normal(size=(1, 1, 6, 6))), Tensor(rng.normal(size=(2, 1, 3, 3)))
    seen = tg.relu(tg.conv2d(image, w, padding=1))
    pooled = tg.avg_pool2d(seen, 2)
    return tg.cross_entropy(pooled.reshape(1, 18), np.array([7]))


def batch_norm() -> Any:
    """By hand, over the examples."""
    rng = np.random.default_rng(4)
    X, gamma, beta = Tensor(rng.normal(size=(5, 3))), Tensor(np.ones(3)), Tensor(np.zeros(3))
    mu = X.mean(axis=0)
    var = ((X - mu) ** 2).mean(axis=0)
    X_hat = (X - mu) / np.sqrt(var + 1e-5)
    y = gamma * X_hat + beta
    return (y * rng.normal(size=(5, 3))).sum()


def words() -> Any:
    """An embedding, and labels for several examples."""
    rng = np.random.default_rng(5)
    E, W = Tensor(rng.normal(size=(6, 3))), Tensor(rng.normal(size=(4, 3)))
    index, labels = np.array([1, 4, 1, 0, 5, 2, 3, 3, 0]), np.array([0, 3, 2, 1, 1, 0, 2, 3, 3])
    vectors = tg.embedding(E, index)
    logits = vectors @ W.T
    return tg.cross_entropy(logits, labels)


def one_label() -> Any:
    """A user's own z and g, and a single label."""
    rng = np.random.default_rng(6)
    W, x, y = Tensor(rng.normal(size=(3, 2))), constant(rng.normal(size=2)), constant(1)
    z = W @ x
    g = tg.tanh(z)
    return tg.cross_entropy(np.exp(g), y) + (g * z).sum()


def branches() -> Any:
    """where, the largest of two, of all and of each row, clip, sorting."""
    rng = np.random.default_rng(7)
    x, y = Tensor(rng.normal(size=(2, 3))), Tensor(rng.normal(size=3))
    a = np.where(x > 0, x, 0.1 * x)
    b = np.maximum(a, y)
    c = np.clip(b, -0.5, 1.0)
    d = c.max(axis=1) - x.max()
    return (np.sort(y) * d[0]).sum() + (d * np.array([2.0, -1.0])).sum()


def sums_of_products() -> Any:
    """einsum, and a sum over one axis."""
    rng = np.random.default_rng(8)
    A, B = Tensor(rng.normal(size=(2, 3, 4))), Tensor(rng.normal(size=(4, 5)))
    C = np.einsum("bij,jk->bik", A, B)
    return (C.sum(axis=(0, 1)) ** 2).sum() + np.outer(A[0, 0], A[1, 1])[1:3].sum()


def joined() -> Any:
    """Put together, taken apart, moved about."""
    rng = np.random.default_rng(9)
    u, v = Tensor(rng.normal(size=(2, 3))), Tensor(rng.normal(size=(2, 2)))
    both = np.concatenate([u, v], axis=1)
    left, right = both[:, :2], both[:, 2:]
    stacked = np.stack([left.sum(axis=0), right[:, 0]])
    return (stacked.T @ stacked).trace() + both.reshape(5, 2)[[0, 2, 2]].mean()


def layers_of_ours() -> Any:
    """An MLP of this package, and several examples."""
    rng = np.random.default_rng(10)
    X, labels = rng.normal(size=(6, 4)), np.array([0, 1, 2, 2, 1, 0])
    net = nn.MLP([4, 5, 3], tg.relu, rng=rng)
    loss = tg.cross_entropy(net(X), labels)
    return loss


def layers_in_a_list() -> Any:
    """Layers of this package that a user's own module holds in a list."""

    class Net(nn.Module):
        def __init__(self, rng: Any) -> None:
            self.layers = [nn.Linear(n, m, rng=rng) for n, m in ((2, 3), (3, 3))]
            self.layers.append(nn.Linear(3, 1, bias=False, rng=rng))

        def forward(self, x: Any) -> Any:
            for layer in self.layers[:-1]:
                x = np.tanh(layer(x))
            return self.layers[-1](x)

    rng = np.random.default_rng(11)
    x, target = rng.normal(size=2), np.array([0.5])
    y = Net(rng)(x)
    return ((y - target) ** 2).mean()


def picked_classes() -> Any:
    """The probability of the right class of each row, picked by two arrays."""
    rng = np.random.default_rng(12)
    X, y = constant(rng.normal(size=(12, 3))), rng.integers(0, 2, size=12)
    W = Tensor(rng.normal(size=(3, 2)))
    p = tg.softmax(X @ W)
    rows = np.arange(12)
    return -np.log(p[rows, y]).mean()


PROGRAMS = {
    f.__name__: f
    for f in (
        single_numbers, recurrence, recurrence_beside_its_own_index, attention, convolution, batch_norm, words,
        one_label, branches, sums_of_products, joined, layers_of_ours, layers_in_a_list,
        picked_classes,
    )
}  # fmt: skip
