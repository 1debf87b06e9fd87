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
    """A part of a model with parameters: leaf Tensors in its attributes, or in modules, lists and dicts in them.

    A subclass makes its tensors and modules in ``__init__``, and computes its result in ``forward``.  What is recorded
    there has the name of the module as its scope.
    """

    name: str | None = None

    def forward(self, *args: Any) -> Any:
        """Compute the result of the module.  A subclass defines it; call it through the module itself, ``net(x)``."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(...): define it in the class")

    @errors.with_short_traceback
    def __call__(self, *args: Any) -> Any:
        scope = inner(self.name or type(self).__name__.lower())
        if type(self).forward.__code__.co_filename == __file__:
            # Errors and pictures show the user's line that calls one of our layers, and not a line of this file.
            scope = locations.Call.from_stack(scope)
        with within(scope=scope):
            found = self.forward(*args)
        if isinstance(scope, locations.Call) and isinstance(found, Tensor) and found.node.scope is scope:
            scope.result = found.node.serial
        return found

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Yield each parameter with its path, such as ``layers.0.W``; a shared parameter comes once."""
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
        """All parameters, in the order of the attributes; a shared parameter comes once."""
        return [p for _, p in self.named_parameters()]

    def zero_grad(self) -> None:
        """Clear ``.grad`` of all parameters: ``backward`` adds to the gradient that is there."""
        for p in self.parameters():
            p.zero_grad()

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write all parameters to an .npz file, whole or not at all: an older file stays until all is written."""
        with whole(file) as stream:
            np.savez(stream, **{path: p.numpy() for path, p in self.named_parameters()})

    def load(self, file: str | os.PathLike[str]) -> None:
        """Read parameters that ``save`` wrote, all or none.

        Raises ValueError if the file is not such a file, or if its names or shapes are not those of this module, and
        FileNotFoundError if there is no file.  Then no parameter has changed.
        """
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
    """Draw weights (outputs, inputs, *window) that keep the variance from layer to layer.

    They are uniform in an interval around 0 (Glorot and Bengio 2010, equation 16).
    """
    area = int(np.prod(window))
    limit = np.sqrt(6 / ((inputs + outputs) * area))
    return rng.uniform(-limit, limit, (outputs, inputs, *window))


class Linear(Module):
    """A layer that computes v = W a + b, with ``W`` of shape (outputs, inputs) and ``b`` of shape (outputs,).

    ``bias=False`` leaves b out.  ``rng`` draws the weights, see ``glorot``; b starts at 0.
    """

    def __init__(self, inputs: int, outputs: int, bias: bool = True, rng: np.random.Generator | None = None) -> None:
        self.W = Tensor(glorot(rng or np.random.default_rng(), outputs, inputs), "W")
        self.b = Tensor(np.zeros(outputs), "b") if bias else None

    def forward(self, a: Any) -> Any:
        """Compute v (..., outputs) from a (..., inputs)."""
        return ops.linear(a, self.W, self.b)


class Conv2d(Module):
    """A layer that slides windows over images (examples, inputs, height, width): see ``conv2d``.

    ``inputs`` and ``outputs`` are numbers of channels.  A window is ``window`` by ``window`` pixels and moves by
    ``stride`` pixels; ``padding`` rows and columns of zeros are put around the image.
    """

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
        """Compute images (examples, outputs, height, width), which are smaller by the window unless padded."""
        return ops.conv2d(a, self.W, self.stride, self.padding) + self.b


class Embedding(Module):
    """A table with a vector of ``size`` numbers for each of ``number`` words.

    Its gradient is kept for those rows alone that were used.
    """

    def __init__(self, number: int, size: int, rng: np.random.Generator | None = None) -> None:
        self.W = Tensor((rng or np.random.default_rng()).normal(size=(number, size)) / np.sqrt(size), "W")

    def forward(self, index: Any) -> Any:
        """Look up vectors (..., size) for whole numbers (...) from 0 to ``number`` - 1."""
        return ops.embedding(self.W, index)


class MLP(Module):
    """A multilayer perceptron: v(s) = W(s) a(s-1) + b(s) and a(s) = phi(v(s)), for s = 1, ..., h.

    ``sizes``: the numbers of inputs, of each hidden layer's outputs, and of outputs.  The result is v(h), the logits,
    which losses such as ``cross_entropy`` take.  Tensors are named as in the lessons: W(1), b(1), v(1), a(1), W(2), ...
    Raises ValueError if there are fewer than two sizes, or one is not a whole number from 1 up.
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
        """Compute the logits (..., outputs) of examples (..., inputs)."""
        return self.values(x)[-1]

    def values(self, x: Any) -> list[Any]:
        """Compute v(1), ..., v(h): the result of each layer before the activation."""
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
