"""The delta recursion that trains a network of layers, as one writes it by hand and as the sweep finds it.

It is written in the notation of the lessons, where examples are columns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..derivatives import grad, gradients
from ..tensor import constant
from .layers import MLP


class Deltas(NamedTuple):
    """The gradients in a network, layer by layer from the first; examples are columns."""

    delta: list[Any]  # the gradient of each example's loss with respect to v(s): (outputs, examples)
    W: list[Any]  # the gradient of the mean loss with respect to W(s)


def delta_recursion(net: MLP, x: Any, y: Any) -> Deltas:
    """Compute the gradients by hand, for softmax with cross-entropy: with NumPy, and of the engine only phi'.

    ``x``: (examples, inputs) or one example; ``y``: labels, or probabilities that sum to one for each example.  The
    loss E is the mean over the examples.  Rumelhart, Hinton and Williams (1986); hand-in 003 writes it as
    delta(s) = phi'(v(s)) * W(s+1).T delta(s+1), with delta(h) = a(h) - y, and dE/dW(s) = delta(s) a(s-1).T.
    Raises ValueError if the examples have another length than the inputs of the network.
    """
    x = np.atleast_2d(np.asarray(x))
    h, N = len(net.layers), len(x)
    if x.shape[1:] != net.layers[0].W.shape[1:]:
        raise ValueError(f"examples of shape {x.shape[1:]} for a network of {net.layers[0].W.shape[1]} inputs")
    y = np.asarray(y) if np.asarray(y).dtype.kind == "f" else ops.one_hot(y, net.layers[-1].W.shape[0])
    y = y.reshape(N, -1).T
    W = {s: layer.W.data for s, layer in enumerate(net.layers, 1)}
    b = {s: 0.0 if layer.b is None else layer.b.data[:, None] for s, layer in enumerate(net.layers, 1)}
    phi, dphi = net.activation, grad(lambda v: net.activation(v).sum())

    v, a = {}, {0: x.T}
    for s in range(1, h + 1):
        v[s] = W[s] @ a[s - 1] + b[s]
        a[s] = phi(v[s]) if s < h else ops.softmax(v[s], axis=0)

    delta = {h: a[h] - y}
    for s in range(h - 1, 0, -1):
        delta[s] = dphi(v[s]) * (W[s + 1].T @ delta[s + 1])

    layers = range(1, h + 1)
    return Deltas([delta[s] for s in layers], [delta[s] @ a[s - 1].T / N for s in layers])


def swept_deltas(net: MLP, x: Any, y: Any) -> Deltas:
    """Compute the same with the sweep, from the gradients of the mean loss with respect to v(s) and W(s).

    Those with respect to v(s) are multiplied by the number of examples.  Arguments are as in ``delta_recursion``.
    """
    x = np.atleast_2d(np.asarray(x))
    target = np.asarray(y).reshape(len(x), -1) if np.asarray(y).dtype.kind == "f" else np.asarray(y).reshape(len(x))
    every = net.values(constant(x, "x"))
    E = ops.cross_entropy(every[-1], target)
    found = gradients(E, [*every, *(layer.W for layer in net.layers)])
    h = len(every)
    return Deltas([g.T * len(x) for g in found[:h]], found[h:])
