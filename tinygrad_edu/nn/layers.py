"""Networks made of layers, and the delta recursion that trains them.

Examples are rows: a layer takes (examples, inputs) and gives (examples, outputs), as in most libraries; a single
example may be a vector.  The recursion is written in the notation of the lessons, where they are columns.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..context import inner, within
from ..derivatives import grad, gradients
from ..errors import messages as errors
from ..format import locations
from ..output.atomic_write import whole
from ..tensor import Tensor, constant


class Module:
    """Something with parameters: its own tensors, those of modules in its attributes, and of lists of either.

    A subclass makes its tensors and modules in ``__init__`` and says in ``forward`` what it computes.  What that
    records carries the module's name as its scope.
    """

    name: str | None = None

    def forward(self, *args: Any) -> Any:
        """What the module computes; called through the module itself, ``net(x)``."""
        raise NotImplementedError(f"{type(self).__name__} defines forward(...)")

    @errors.with_short_traceback
    def __call__(self, *args: Any) -> Any:
        scope = inner(self.name or type(self).__name__.lower())
        if type(self).forward.__code__.co_filename == __file__:  # a line of ours would tell nobody where it was
            scope = locations.Call.from_stack(scope)
        with within(scope=scope):
            found = self.forward(*args)
        if isinstance(scope, locations.Call) and isinstance(found, Tensor) and found.node.scope is scope:
            scope.result = found.node.serial
        return found

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Each parameter with its path, such as ``layers.0.W``; one that is shared comes once."""
        seen: set[int] = set()
        pending: list[tuple[str, Any]] = [("", self)]
        while pending:
            path, x = pending.pop()
            if id(x) in seen:
                continue
            if isinstance(x, Tensor):
                seen.add(id(x))
                if x.is_leaf and x.requires_grad:
                    yield path, x
            elif isinstance(x, (Module, list, tuple, dict)):
                seen.add(id(x))
                parts = vars(x) if isinstance(x, Module) else x if isinstance(x, dict) else dict(enumerate(x))
                pending += [(f"{path}.{key}" if path else str(key), part) for key, part in reversed(parts.items())]

    def parameters(self) -> list[Tensor]:
        """All parameters, in the order in which they were made."""
        return [p for _, p in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for p in self.parameters():
            p.zero_grad()

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write all parameters to an .npz file, whole or not at all: what was there stays until all is written."""
        with whole(file) as stream:
            np.savez(stream, **{path: p.numpy() for path, p in self.named_parameters()})

    def load(self, file: str | os.PathLike[str]) -> None:
        """Read parameters that ``save`` wrote, all or none.  ValueError if their names or shapes are others."""
        try:
            with np.load(file, allow_pickle=False) as stored:
                found = {path: stored[path] for path in stored.files}
        except FileNotFoundError:
            raise
        except Exception as error:
            raise errors.unreadable_file(file, error) from None
        parameters = dict(self.named_parameters())
        if wrong := errors.list_mismatches(parameters, found):
            raise errors.other_parameters(file, wrong)
        for path, p in parameters.items():
            p.data = found[path]


def glorot(rng: np.random.Generator, outputs: int, inputs: int, *window: int) -> Any:
    """Uniform numbers that keep the variance from layer to layer (Glorot and Bengio 2010, equation 16)."""
    area = int(np.prod(window))
    limit = np.sqrt(6 / ((inputs + outputs) * area))
    return rng.uniform(-limit, limit, (outputs, inputs, *window))


class Linear(Module):
    """v = W a + b, with ``W`` of shape (outputs, inputs)."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True, rng: np.random.Generator | None = None) -> None:
        self.W = Tensor(glorot(rng or np.random.default_rng(), outputs, inputs), "W")
        self.b = Tensor(np.zeros(outputs), "b") if bias else None

    def forward(self, a: Any) -> Any:
        """v, of shape (..., outputs), from a of shape (..., inputs)."""
        return ops.linear(a, self.W, self.b)


class Conv2d(Module):
    """A window that slides over images (examples, inputs, height, width): see ``conv2d``."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        window: int = 3,
        stride: int = 1,
        padding: int = 0,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.W = Tensor(glorot(rng or np.random.default_rng(), outputs, inputs, window, window), "W")
        self.b = Tensor(np.zeros((outputs, 1, 1)), "b")
        self.stride, self.padding = stride, padding

    def forward(self, a: Any) -> Any:
        """Images (examples, outputs, height, width), smaller by the window unless padded."""
        return ops.conv2d(a, self.W, self.stride, self.padding) + self.b


class Embedding(Module):
    """A vector for each of ``number`` words; the gradient is kept for the words that were used alone."""

    def __init__(self, number: int, size: int, rng: np.random.Generator | None = None) -> None:
        self.W = Tensor((rng or np.random.default_rng()).normal(size=(number, size)) / np.sqrt(size), "W")

    def forward(self, index: Any) -> Any:
        """Vectors (..., size) for whole numbers (...) below ``number``."""
        return ops.embedding(self.W, index)


class MLP(Module):
    """A multilayer perceptron: v(s) = W(s) a(s-1) + b(s) and a(s) = phi(v(s)), for s = 1, ..., h.

    ``sizes``: the numbers of inputs, of each hidden layer's outputs, and of outputs.  It gives v(h), the logits; the
    loss knows what to do with them.  Tensors are named as in the lessons: W(1), b(1), v(1), a(1), W(2), ...
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Callable[[Any], Any] = ops.sigmoid,
        bias: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        if len(sizes) < 2:
            raise ValueError(f"an MLP needs at least two sizes, of its inputs and its outputs, not {list(sizes)}")
        if not all(isinstance(n, (int, np.integer)) and n > 0 for n in sizes):
            raise ValueError(f"the sizes of an MLP are whole numbers from 1 up, not {list(sizes)}")
        rng = rng or np.random.default_rng()
        self.activation = activation
        self.layers = [Linear(n, m, bias, rng) for n, m in zip(sizes, sizes[1:])]
        for s, layer in enumerate(self.layers, 1):
            layer.name, layer.W.name = f"layer{s}", f"W({s})"
            if layer.b is not None:
                layer.b.name = f"b({s})"

    def forward(self, x: Any) -> Any:
        """The logits (..., outputs) of examples (..., inputs)."""
        return self.values(x)[-1]

    def values(self, x: Any) -> list[Any]:
        """v(1), ..., v(h): what each layer computes before the activation."""
        a, every = x, []
        for s, layer in enumerate(self.layers, 1):
            v = layer(a)
            v.name = f"v({s})"
            every.append(v)
            if s < len(self.layers):
                a = self.activation(v)
                a.name = f"a({s})"
        return every


# The delta recursion, as one writes it by hand and as the sweep finds it.


class Deltas(NamedTuple):
    """What flows back through a network, layer by layer from the first; examples are columns."""

    delta: list[Any]  # the gradient of each example's loss with respect to v(s): (outputs, examples)
    W: list[Any]  # the gradient of the mean loss with respect to W(s)


def delta_recursion(net: MLP, x: Any, y: Any) -> Deltas:
    """Backpropagation by hand, for softmax with cross-entropy: NumPy alone, and nothing of the engine but phi'.

    ``x``: (examples, inputs) or one example; ``y``: labels, or probabilities that sum to one for each example.  The
    loss E is the mean over the examples.  Rumelhart, Hinton and Williams (1986); hand-in 003 writes it as
    delta(s) = phi'(v(s)) * W(s+1).T delta(s+1), with delta(h) = a(h) - y, and dE/dW(s) = delta(s) a(s-1).T.
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
    """The same from the sweep: the gradients of the mean loss with respect to v(s), times the number of examples."""
    x = np.atleast_2d(np.asarray(x))
    target = np.asarray(y).reshape(len(x), -1) if np.asarray(y).dtype.kind == "f" else np.asarray(y).reshape(len(x))
    every = net.values(constant(x, "x"))
    E = ops.cross_entropy(every[-1], target)
    found = gradients(E, [*every, *(layer.W for layer in net.layers)])
    h = len(every)
    return Deltas([g.T * len(x) for g in found[:h]], found[h:])
