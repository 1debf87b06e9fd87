"""The peers that are installed, a missing one being None, and how each is asked for gradients."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import tinygrad_edu

from .contest import Contestant


def optional(name: str) -> Any:
    """The module, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


torch, jax, autograd, mygrad, micrograd = map(optional, ("torch", "jax", "autograd", "mygrad", "micrograd"))
anp, nnet, engine = map(optional, ("autograd.numpy", "mygrad.nnet", "micrograd.engine"))
PEERS = {"PyTorch": torch, "JAX": jax, "autograd": autograd, "MyGrad": mygrad, "micrograd": micrograd}

if torch:
    torch.set_num_threads(1)
if jax:
    jax.config.update("jax_enable_x64", True)  # otherwise float64 would silently be float32
    jax.config.update("jax_cpu_enable_async_dispatch", False)


def gradients(data: list[Any], losses: dict[str, Callable[[list[Any]], Any]]) -> dict[str, Contestant]:
    """Contestants that differentiate a loss, written in each one's words, with respect to all of ``data``."""
    makers = {
        "ours": lambda loss: recorded([tinygrad_edu.Tensor(x) for x in data], loss),
        "PyTorch": lambda loss: recorded([torch.tensor(x, requires_grad=True) for x in data], loss),
        "JAX": lambda loss: compiled([jax.numpy.array(x) for x in data], loss),
        "autograd": lambda loss: Contestant(functools.partial(autograd.grad(loss), data), list),
        "MyGrad": lambda loss: recorded([mygrad.tensor(x) for x in data], loss, clear=False),
    }
    return {name: makers[name](loss) for name, loss in losses.items() if name == "ours" or PEERS[name]}


def recorded(leaves: list[Any], loss: Callable[[list[Any]], Any], clear: bool = True, none: Any = None) -> Contestant:
    """Leaves that record.  ``clear``: they would add to the gradient of the step before, and had ``none`` at first."""

    def step() -> list[Any]:
        for leaf in leaves if clear else ():
            leaf.grad = none
        loss(leaves).backward()
        return leaves

    return Contestant(step, lambda leaves: [leaf.grad for leaf in leaves])


def compiled(values: list[Any], loss: Callable[[list[Any]], Any]) -> Contestant:
    """JAX is asked for a function, and gives its result before it is there."""
    gradient = jax.jit(jax.grad(loss))
    return Contestant(lambda: jax.block_until_ready(gradient(values)), list)
