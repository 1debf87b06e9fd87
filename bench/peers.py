"""The libraries that are installed, each in the words that the workloads use; a missing one leaves its column empty."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

import tinygrad_edu
from tinygrad_edu import optim

from .contest import Contestant

NAMES = {"PyTorch": "torch", "JAX": "jax", "autograd": "autograd", "MyGrad": "mygrad", "micrograd": "micrograd"}


def looped(round_: Callable[[Any], Any], h: Any, rounds: int) -> Any:
    """``round_`` applied so many times."""
    for _ in range(rounds):
        h = round_(h)
    return h


@dataclass(frozen=True, kw_only=True)
class Library:
    """What it calls things.  With ``grad`` it is asked for the gradient of a function; without, its arrays record."""

    leaf: Any
    tanh: Any
    sigmoid: Any
    log_sigmoid: Any
    linear: Any
    cross_entropy: Any
    constant: Any = numpy.array
    repeat: Any = looped
    grad: Any = None
    compiled: Any = staticmethod(lambda function: function)
    clear: bool = True  # would a step add to the gradients of the step before?
    descent: Any = None  # a function that goes down the gradients of leaves, at a rate
    value: Any = numpy.asarray  # of a leaf

    def contestant(self, data: list[Any], loss: Callable[[Library, Any], Any], rate: float = 0.0) -> Contestant:
        """A step finds the gradients of all ``data``; with a ``rate`` it goes down them."""
        leaves = [self.leaf(x) for x in data]
        if self.grad:
            return functional(self, leaves, lambda values: loss(self, values), rate)
        descend = self.descent(leaves, rate) if rate else lambda: None

        def step() -> list[Any]:
            for leaf in leaves if self.clear else ():
                leaf.grad = None
            loss(self, leaves).backward()
            descend()
            return leaves

        return Contestant(step, lambda leaves: [self.value(x) if rate else x.grad for x in leaves])


def functional(library: Library, state: list[Any], loss: Callable[[Any], Any], rate: float) -> Contestant:
    """As ``Library.contestant``."""
    gradient = library.grad(loss)

    def descended(values: list[Any]) -> list[Any]:
        return [x - rate * g if rate else g for x, g in zip(values, gradient(values))]

    change = library.compiled(descended)

    def step() -> list[Any]:
        values = change(state)
        if rate:
            state[:] = values
        return values

    return Contestant(step, list)


def in_jax(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The whole step compiled, as its users do, and waited for: it returns before the result is there."""
    compiled = jax.jit(function)
    return lambda values: jax.block_until_ready(compiled(values))


def by_loop(leaves: list[Any], rate: float) -> Callable[[], None]:
    """Gradient descent where the library has none."""

    def descend() -> None:
        for p in leaves:
            p.data -= rate * p.grad

    return descend


def affine(x: Any, W: Any, b: Any) -> Any:
    """For libraries that do not have it as one function."""
    return x @ W.T + b


def cross_entropy(np: Any) -> Callable[[Any, Any], Any]:
    """For libraries that have NumPy's functions, as ``np``, and not this one."""

    def mean(v: Any, labels: Any) -> Any:
        v = v - np.max(v, axis=1, keepdims=True)
        return np.mean(np.log(np.sum(np.exp(v), axis=1)) - v[np.arange(len(labels)), labels])

    return mean


def optional(name: str) -> Any:
    """The module, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


torch, jax, autograd, mygrad, micrograd = map(optional, NAMES.values())
LIBRARIES = {
    "ours": Library(
        leaf=tinygrad_edu.Tensor,
        constant=tinygrad_edu.constant,
        tanh=tinygrad_edu.tanh,
        sigmoid=tinygrad_edu.sigmoid,
        log_sigmoid=tinygrad_edu.log_sigmoid,
        linear=tinygrad_edu.linear,
        cross_entropy=tinygrad_edu.cross_entropy,
        descent=lambda leaves, rate: optim.SGD(leaves, rate).step,
        value=lambda p: p.data,
    )
}
if torch:
    torch.set_num_threads(1)
    LIBRARIES["PyTorch"] = Library(
        leaf=lambda x: torch.tensor(x, requires_grad=True),
        constant=torch.tensor,
        tanh=torch.tanh,
        sigmoid=torch.sigmoid,
        log_sigmoid=torch.nn.functional.logsigmoid,
        linear=torch.nn.functional.linear,
        cross_entropy=torch.nn.functional.cross_entropy,
        descent=lambda leaves, rate: torch.optim.SGD(leaves, rate).step,
        value=lambda p: p.detach().numpy(),
    )
if jax:
    jax.config.update("jax_enable_x64", True)  # otherwise float64 would silently be float32
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    LIBRARIES["JAX"] = Library(
        leaf=jax.numpy.array,
        constant=jax.numpy.array,
        tanh=jax.numpy.tanh,
        sigmoid=jax.nn.sigmoid,
        log_sigmoid=jax.nn.log_sigmoid,
        linear=affine,
        cross_entropy=cross_entropy(jax.numpy),
        # Its own kind of loop: written out, 100,000 operations would take longer to compile than all the rest.
        repeat=lambda f, h, rounds: jax.lax.scan(lambda h, _: (f(h), None), h, None, length=rounds)[0],
        grad=jax.grad,
        compiled=in_jax,
    )
if autograd:
    anp = importlib.import_module("autograd.numpy")
    LIBRARIES["autograd"] = Library(
        leaf=numpy.array,
        tanh=anp.tanh,
        sigmoid=lambda x: 0.5 + 0.5 * anp.tanh(0.5 * x),
        log_sigmoid=lambda x: -anp.logaddexp(0, -x),
        linear=affine,
        cross_entropy=cross_entropy(anp),
        grad=autograd.grad,
    )
if mygrad:
    nnet = importlib.import_module("mygrad.nnet")
    LIBRARIES["MyGrad"] = Library(
        leaf=mygrad.tensor,
        tanh=mygrad.tanh,
        sigmoid=nnet.activations.sigmoid,
        log_sigmoid=lambda x: -mygrad.logaddexp(0, -x),
        linear=affine,
        cross_entropy=nnet.losses.softmax_crossentropy,
        clear=False,
        descent=by_loop,
        value=lambda p: p.data,
    )


def contestants(data: list[Any], loss: Callable[[Library, Any], Any], rate: float = 0.0) -> dict[str, Contestant]:
    """All libraries that work on arrays, ours first."""
    return {name: library.contestant(data, loss, rate) for name, library in LIBRARIES.items()}
