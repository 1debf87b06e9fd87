"""Optimisers: how gradients change parameters.

A rate is a number, or a schedule: a function from the number of the step, from 0, to a number.  An older record keeps
the values that it saw: new values go to another array, unless nobody holds the old one.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .engine.sparse_rows import Rows, add_rows
from .engine.used_gradients import UsedGradient, mark_used
from .errors import coerce
from .errors import messages as errors
from .tensor import Tensor

Rate = float | Callable[[int], float]
Callback = Callable[[Any], object]  # called with the loss
MARK_EVERY = 16  # one of so many steps marks its gradients, besides the first ones


def constant_rate(rate: float) -> Callable[[int], float]:
    """The same rate at every step."""
    return lambda step: rate


def step_decay(rate: float, factor: float, every: int) -> Callable[[int], float]:
    """Multiplied by ``factor`` after each ``every`` steps."""
    return lambda step: rate * factor ** (step // every)


def cosine(rate: float, steps: int, warmup: int = 0) -> Callable[[int], float]:
    """Up in a line over ``warmup`` steps, then down along a cosine to 0 at ``steps`` (Loshchilov and Hutter 2017)."""

    def at(step: int) -> float:
        if step < warmup:
            return rate * (step + 1) / warmup
        return rate * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, steps - warmup))))

    return at


class Optimiser:
    """The part that all share: which parameters, at which rate, how many steps so far.

    ``callback`` is called at each step with the loss that ``step`` was given, while gradients are there and nothing has
    changed yet: ``SGD(net, 0.1, callback=GradientNorms(net))``.  If it raises an error there is no step.
    """

    def __init__(self, parameters: Iterable[Tensor], rate: Rate, *, callback: Callback | None = None) -> None:
        if isinstance(parameters, Tensor):
            raise errors.not_a_parameter(parameters)
        self.parameters = list(getattr(parameters, "parameters", lambda: parameters)())  # of a module, its own
        for p in self.parameters:
            if not (isinstance(p, Tensor) and p.is_leaf and p.requires_grad):
                raise errors.not_a_parameter(p)
        self.rate = rate if callable(rate) else constant_rate(rate)
        self.steps, self.callback = 0, callback
        self.spare: list[Any] = [None] * len(self.parameters)  # arrays of two steps ago, to be written again

    def zero_grad(self) -> None:
        """Forget all gradients: ``backward`` adds to what is there."""
        for p in self.parameters:
            p.zero_grad()

    def step(self, loss: Any = None) -> None:
        """Change every parameter that has a gradient, once.  ``loss``: for the callback, if there is one."""
        if self.callback is not None:
            self.callback(loss)
        rate = self.rate(self.steps)
        for i, p in enumerate(self.parameters):
            g = p.node.grad
            if g is not None:
                self.change(i, p, np.asarray(g)[()] if isinstance(g, UsedGradient) else g, rate)
        self.steps += 1
        if self.steps <= 3 or self.steps % MARK_EVERY == 0:
            any(mark_used(p.node) for p in self.parameters)  # one is enough to see whether zero_grad is called

    def change(self, i: int, p: Tensor, g: Any, rate: float) -> None:
        """Change the parameter number ``i``."""
        raise NotImplementedError(f"{type(self).__name__} defines change(i, p, g, rate)")

    def subtract(self, i: int, p: Tensor, direction: Any, rate: float) -> None:
        """p - rate * direction, into the array of two steps ago if no record holds that any more."""
        old = p._array
        if not old.shape:
            p._array = p.node.result = old - old.dtype.type(rate) * direction
            return
        if self.spare[i] is None or sys.getrefcount(self.spare[i]) > 2:  # more than the list and this call hold it
            self.spare[i] = np.empty_like(old)
        new = self.spare[i]
        np.multiply(direction, old.dtype.type(rate), out=new)
        np.subtract(old, new, out=new)
        p._array = p.node.result = new
        self.spare[i] = old


class SGD(Optimiser):
    """W - rate * gradient; with ``momentum`` m, of the running sum v = m v + gradient (Polyak 1964).

    A gradient of a few rows (see ``embedding``) changes those rows alone; in place if no record holds the table, as
    after ``backward(free=True)``.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        rate: Rate = 0.01,
        momentum: float = 0.0,
        *,
        callback: Callback | None = None,
    ) -> None:
        super().__init__(parameters, rate, callback=callback)
        self.momentum = momentum
        self.velocity: list[Any] = [None] * len(self.parameters)

    def change(self, i: int, p: Tensor, g: Any, rate: float) -> None:
        """One step against the gradient, or against the running sum of gradients."""
        if isinstance(g, Rows) and not self.momentum:
            if sys.getrefcount(p._array) > 3:  # the tensor, its node, and the call
                p._array = p.node.result = p._array.copy()
            add_rows(p._array, g.index, p._array.dtype.type(-rate) * g.rows)
            return
        g = coerce.dense(g)
        if self.momentum:
            v = self.velocity[i]
            self.velocity[i] = g = g if v is None else self.momentum * v + g
        self.subtract(i, p, g, rate)


class Adam(Optimiser):
    """Kingma and Ba, Adam (2015), algorithm 1: the mean gradient divided by the root of the mean square gradient."""

    def __init__(
        self,
        parameters: Iterable[Tensor],
        rate: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        callback: Callback | None = None,
    ) -> None:
        super().__init__(parameters, rate, callback=callback)
        self.betas, self.eps = betas, eps
        self.means = [(np.zeros(p.shape, p.dtype), np.zeros(p.shape, p.dtype)) for p in self.parameters]
        self.times = [0] * len(self.parameters)

    def change(self, i: int, p: Tensor, g: Any, rate: float) -> None:
        """One step against the mean gradient, in units of its spread."""
        g, (m, v), (b1, b2) = coerce.dense(g), self.means[i], self.betas
        self.times[i] += 1
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        self.means[i] = m, v
        unbiased, spread = m / (1 - b1 ** self.times[i]), v / (1 - b2 ** self.times[i])
        self.subtract(i, p, unbiased / (np.sqrt(spread) + self.eps), rate)
