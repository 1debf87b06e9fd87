"""Optimisers: they change parameters by their gradients.

A rate is a number, or a schedule: a function from the number of the step, from 0, to a number.  A record that was made
before a step keeps its values: new values are written to another array, unless nobody holds the old one.
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
MARK_EVERY = 16  # one of so many steps marks its gradients as used, besides the first ones


def constant_rate(rate: float) -> Callable[[int], float]:
    """A schedule with the same rate at every step."""
    return lambda step: rate


def step_decay(rate: float, factor: float, every: int) -> Callable[[int], float]:
    """A schedule that multiplies the rate by ``factor`` after each ``every`` steps."""
    return lambda step: rate * factor ** (step // every)


def cosine(rate: float, steps: int, warmup: int = 0) -> Callable[[int], float]:
    """A schedule that rises linearly over ``warmup`` steps, then falls along a cosine to 0 at ``steps``.

    (Loshchilov and Hutter, SGDR: Stochastic gradient descent with warm restarts, 2017.)
    """

    def at(step: int) -> float:
        if step < warmup:
            return rate * (step + 1) / warmup
        return rate * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, steps - warmup))))

    return at


class Optimiser:
    """The base class of optimisers: it holds the parameters, the rate and the number of steps so far.

    ``parameters``: a module, or a list of leaf Tensors; TypeError for anything else.  ``rate``: a number or a schedule.
    ``callback``: called at each step with the loss that was given to ``step``, before a parameter changes, as in
    ``SGD(net, 0.1, callback=GradientNorms(net))``.  If it raises an error, no parameter changes.
    """

    def __init__(self, parameters: Iterable[Tensor], rate: Rate, *, callback: Callback | None = None) -> None:
        if isinstance(parameters, Tensor):
            raise errors.not_a_parameter(parameters)
        self.parameters = list(getattr(parameters, "parameters", lambda: parameters)())
        for p in self.parameters:
            if not (isinstance(p, Tensor) and p.is_leaf and p.requires_grad):
                raise errors.not_a_parameter(p)
        self.rate = rate if callable(rate) else constant_rate(rate)
        self.steps, self.callback = 0, callback
        # Arrays that parameters had two steps ago, which can be written again.
        self.spare: list[Any] = [None] * len(self.parameters)

    def zero_grad(self) -> None:
        """Clear all gradients: ``backward`` adds to the gradient that is there."""
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
            # One marked gradient is enough to find out whether zero_grad is called, so this stops at the first.
            any(mark_used(p.node) for p in self.parameters)

    def change(self, i: int, p: Tensor, g: Any, rate: float) -> None:
        """Change ``p``, the parameter number ``i``, by its gradient ``g``.  A subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no change(i, p, g, rate): define it in the class")

    def subtract(self, i: int, p: Tensor, direction: Any, rate: float) -> None:
        """Set p to p - rate * direction, in the array of two steps ago if nobody else holds that any more."""
        old = p._array
        if not old.shape:
            p._array = p.node.result = old - old.dtype.type(rate) * direction
            return
        # Two references are the list's and that of this call.  With a third, a record or a user holds the array.
        if self.spare[i] is None or sys.getrefcount(self.spare[i]) > 2:
            self.spare[i] = np.empty_like(old)
        new = self.spare[i]
        np.multiply(direction, old.dtype.type(rate), out=new)
        np.subtract(old, new, out=new)
        p._array = p.node.result = new
        self.spare[i] = old


class SGD(Optimiser):
    """Stochastic gradient descent: W - rate * gradient.

    With ``momentum`` m it uses the running sum v = m v + gradient in the place of the gradient (Polyak 1964).  A
    gradient of a few rows (see ``embedding``) changes those rows alone, and in place if no record holds the table, as
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
        """Change one parameter against its gradient, or against the running sum of its gradients."""
        if isinstance(g, Rows) and not self.momentum:
            # Three references are those of the tensor, of its node, and of this call.
            if sys.getrefcount(p._array) > 3:
                p._array = p.node.result = p._array.copy()
            add_rows(p._array, g.index, p._array.dtype.type(-rate) * g.rows)
            return
        g = coerce.dense(g)
        if self.momentum:
            v = self.velocity[i]
            self.velocity[i] = g = g if v is None else self.momentum * v + g
        self.subtract(i, p, g, rate)


class Adam(Optimiser):
    """Adam: a step along the mean gradient divided by the root of the mean square gradient.

    ``betas``: the weights of the past in the two running means.  ``eps`` is added to the root.  (Kingma and Ba, Adam: A
    method for stochastic optimization, 2015, algorithm 1.)
    """

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
        """Change one parameter against its mean gradient, divided by the root of the mean square."""
        g, (m, v), (b1, b2) = coerce.dense(g), self.means[i], self.betas
        self.times[i] += 1
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        self.means[i] = m, v
        unbiased, spread = m / (1 - b1 ** self.times[i]), v / (1 - b2 ** self.times[i])
        self.subtract(i, p, unbiased / (np.sqrt(spread) + self.eps), rate)
