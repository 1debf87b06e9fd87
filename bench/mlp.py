"""One step of training a 784-256-128-10 network: sigmoids, softmax cross-entropy, stochastic gradient descent.

By hand it is what a careful person writes: the layers' activations are kept, p - y is the gradient of the logits, the
sigmoid is exact at any x (by e^-|x|, as ours is), updates are made in place, and products are ``dot``, which for a batch
of one is up to eight times as fast as ``@``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import tinygrad_edu
from tinygrad_edu import optim

from . import peers
from .contest import Aim, Contest, Contestant, sigmoid

SIZES, RATE = (784, 256, 128, 10), 0.1


def by_hand(parameters: list[Any], x: Any, labels: Any) -> Contestant:
    """NumPy."""
    W1, b1, W2, b2, W3, b3 = parameters
    rows = np.arange(len(x))

    def layer(a: Any, W: Any, b: Any) -> Any:
        v = a.dot(W.T)
        v += b
        return v

    def step() -> list[Any]:
        a1 = sigmoid(layer(x, W1, b1))
        a2 = sigmoid(layer(a1, W2, b2))
        v3 = layer(a2, W3, b3)
        v3 -= v3.max(1, keepdims=True)
        e = np.exp(v3)
        total = e.sum(1, keepdims=True)
        (np.log(total[:, 0]) - v3[rows, labels]).mean()  # the loss, which one wants to see
        d3 = e / total
        d3[rows, labels] -= 1
        d3 /= len(x)
        d2 = d3.dot(W3) * (a2 * (1 - a2))
        d1 = d2.dot(W2) * (a1 * (1 - a1))
        gradients = d1.T.dot(x), d1.sum(0), d2.T.dot(a1), d2.sum(0), d3.T.dot(a2), d3.sum(0)
        for p, g in zip(parameters, gradients):
            p -= RATE * g
        return parameters

    return Contestant(step, list)


def loss(linear: Any, sigmoid: Any, cross_entropy: Any, x: Any, labels: Any) -> Callable[[list[Any]], Any]:
    """The network in anybody's words."""

    def mean(parameters: list[Any]) -> Any:
        W1, b1, W2, b2, W3, b3 = parameters
        a1 = sigmoid(linear(x, W1, b1))
        a2 = sigmoid(linear(a1, W2, b2))
        return cross_entropy(linear(a2, W3, b3), labels)

    return mean


def affine(x: Any, W: Any, b: Any) -> Any:
    """For peers that do not have it as one function."""
    return x @ W.T + b


def cross_entropy(np: Any) -> Callable[[Any, Any], Any]:
    """For peers that have NumPy's functions, as ``np``, and not this one."""

    def mean(v: Any, labels: Any) -> Any:
        v = v - np.max(v, axis=1, keepdims=True)
        return np.mean(np.log(np.sum(np.exp(v), axis=1)) - v[np.arange(len(labels)), labels])

    return mean


def ours(parameters: list[Any], x: Any, labels: Any) -> Contestant:
    """tinygrad_edu."""
    words = tinygrad_edu.linear, tinygrad_edu.sigmoid, tinygrad_edu.cross_entropy
    mean = loss(*words, tinygrad_edu.constant(x), tinygrad_edu.constant(labels))
    leaves = [tinygrad_edu.Tensor(p) for p in parameters]
    optimiser = optim.SGD(leaves, RATE)
    return updated(peers.recorded(leaves, mean), lambda _: optimiser.step(), lambda p: p.data)


def in_torch(parameters: list[Any], x: Any, labels: Any) -> Contestant:
    """PyTorch."""
    torch, functional = peers.torch, peers.torch.nn.functional
    mean = loss(functional.linear, torch.sigmoid, functional.cross_entropy, torch.tensor(x), torch.tensor(labels))
    leaves = [torch.tensor(p, requires_grad=True) for p in parameters]
    optimizer = torch.optim.SGD(leaves, RATE)
    return updated(peers.recorded(leaves, mean), lambda _: optimizer.step(), lambda p: p.detach().numpy())


def in_jax(parameters: list[Any], x: Any, labels: Any) -> Contestant:
    """JAX, with the whole step compiled."""
    jax = peers.jax
    mean = loss(affine, jax.nn.sigmoid, cross_entropy(jax.numpy), jax.numpy.array(x), jax.numpy.array(labels))
    update = jax.jit(lambda p: [w - RATE * g for w, g in zip(p, jax.grad(mean)(p))])
    state = [jax.numpy.array(p) for p in parameters]

    def step() -> list[Any]:
        state[:] = jax.block_until_ready(update(state))
        return state

    return Contestant(step, list)


def in_autograd(parameters: list[Any], x: Any, labels: Any) -> Contestant:
    """autograd."""
    np = peers.anp
    gradient = peers.autograd.grad(loss(affine, lambda v: 0.5 + 0.5 * np.tanh(0.5 * v), cross_entropy(np), x, labels))

    def step() -> list[Any]:
        for p, g in zip(parameters, gradient(parameters)):
            p -= RATE * g
        return parameters

    return Contestant(step, list)


def in_mygrad(parameters: list[Any], x: Any, labels: Any) -> Contestant:
    """MyGrad."""
    mean = loss(affine, peers.nnet.activations.sigmoid, peers.nnet.losses.softmax_crossentropy, x, labels)

    def descend(leaves: list[Any]) -> None:
        for p in leaves:
            p.data -= RATE * p.grad

    gradients = peers.recorded([peers.mygrad.tensor(p) for p in parameters], mean, clear=False)
    return updated(gradients, descend, lambda p: p.data)


def updated(gradients: Contestant, update: Callable[[list[Any]], None], plain: Callable[[Any], Any]) -> Contestant:
    """A step down the gradients that leaves have; ``plain``: the array of a leaf."""

    def step() -> list[Any]:
        leaves = gradients.step()
        update(leaves)
        return leaves

    return Contestant(step, lambda leaves: [plain(p) for p in leaves])


def contests() -> Iterator[Contest]:
    """Batches from one example, where calls cost most, to 256, where arithmetic does."""
    makers = {"PyTorch": in_torch, "JAX": in_jax, "autograd": in_autograd, "MyGrad": in_mygrad}
    makers = {"by hand": by_hand, "ours": ours} | {name: make for name, make in makers.items() if peers.PEERS[name]}
    for dtype in ("float32", "float64"):
        for batch in (1, 16, 64, 256):
            rng = np.random.default_rng(0)
            start: list[Any] = []
            for n, m in zip(SIZES, SIZES[1:]):
                start += [rng.normal(0, n**-0.5, (m, n)).astype(dtype), rng.normal(0, 0.1, m).astype(dtype)]
            x, labels = rng.random((batch, SIZES[0])).astype(dtype), rng.integers(0, 10, batch)
            contestants = {name: make([p.copy() for p in start], x, labels) for name, make in makers.items()}
            aim = Aim(1.10 if batch == 1 else 1.05)
            yield Contest(f"mlp: batch {batch}, {dtype}", contestants, aim, start=start)
