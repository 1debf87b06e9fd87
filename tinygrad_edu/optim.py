"""Optimisers: they change parameters by their gradients.

A rate is a number, or a schedule: a function from the number of the step, from 0, to a number.  A record that was made
before a step keeps its values: new values are written to another array, unless nobody holds the old one.

The classes change Tensors by their ``.grad``.  The functions ``sgd``, ``rmsprop`` and ``adam`` need no Tensors: they
take a function that gives the gradient, and parameters as plain arrays, and return new ones, as those of autograd do.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np

from .engine.composing import in_other_words
from .engine.sparse_rows import Rows, add_rows
from .engine.structure import leaves, leaves_like, parts_of, ravel_pytree
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


# What the options are called elsewhere, and what to write for those that are not here.
NAMES = {"params": "parameters", "lr": "rate", "learning_rate": "rate", "step_size": "rate"}
INSTEAD = {
    "maximize": "Leave it out, and minimise -loss.",
    "amsgrad": "Leave it out: this variant is not here.",
    "centered": "Leave it out: this variant is not here.",
    "decoupled_weight_decay": "Write AdamW for it.",
    "lr_decay": "Give a schedule as the rate: rate=lambda step: 0.1 / (1 + 0.01 * step).",
    "b1": "Write betas=(b1, b2).",
    "b2": "Write betas=(b1, b2).",
    "beta1": "Write betas=(beta1, beta2).",
    "beta2": "Write betas=(beta1, beta2).",
    "epsilon": "It is called eps.",
    "decay": "Write weight_decay to shrink the parameters, or a schedule as the rate to lower it.",
    "foreach": "Leave it out.",
    "fused": "Leave it out.",
    "capturable": "Leave it out.",
    "differentiable": "Leave it out: the steps are not recorded.",
}
takes_other_names = in_other_words(NAMES, INSTEAD)


class Optimiser:
    """The base class of optimisers: it holds the parameters, the rate and the number of steps so far.

    ``parameters``: a module, or a list of leaf Tensors or another structure of them, as a list of pairs or a dict;
    TypeError for anything else.  ``rate``: a number or a schedule; ``lr`` is another name of it.  ``weight_decay``: so
    many times the parameter is added to its gradient, which is the gradient of half as much times its sum of squares.
    ``callback``: called at each step with the loss that was given to ``step``, before a parameter changes, as in
    ``SGD(net, 0.1, callback=GradientNorms(net))``.  If it raises an error, no parameter changes.
    """

    @takes_other_names
    def __init__(
        self, parameters: Any, rate: Rate, *, weight_decay: float = 0.0, callback: Callback | None = None
    ) -> None:
        if isinstance(parameters, Tensor):
            raise errors.not_a_parameter(parameters)
        self.parameters = collect_parameters(parameters)
        if not self.parameters:
            raise errors.no_parameters(self)
        for p in self.parameters:
            if not (isinstance(p, Tensor) and p.is_leaf and p.requires_grad):
                raise errors.not_a_parameter(p)
        self.rate, self.weight_decay = rate, weight_decay
        self.steps, self.callback = 0, callback
        # Arrays that parameters had two steps ago, which can be written again.
        self.spare: list[Any] = [None] * len(self.parameters)

    @property
    def rate(self) -> Callable[[int], float]:
        """The schedule: a function from the number of a step to the rate.  One can assign a number too."""
        return self._rate

    @rate.setter
    def rate(self, rate: Any) -> None:
        if not (callable(rate) or isinstance(rate, (int, float, np.number))):
            raise errors.not_a_rate(rate)
        self._rate = rate if callable(rate) else constant_rate(rate)

    @property
    def lr(self) -> float:
        """The rate of the next step.  What is assigned is the rate from now on, a number or a schedule."""
        return self.rate(self.steps)

    @lr.setter
    def lr(self, rate: Any) -> None:
        self.rate = rate

    def __getattr__(self, name: str) -> NoReturn:
        raise errors.unknown_attribute(self, name)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear all gradients: ``backward`` adds to the gradient that is there.

        ``set_to_none=False`` sets them to 0, so that ``.grad`` can be read also before the next ``backward``.
        """
        for p in self.parameters:
            if set_to_none or p.node.grad is None:
                p.zero_grad()
            else:
                p.grad = np.zeros(p.shape, p.dtype)

    def step(self, loss: Any = None) -> None:
        """Change every parameter that has a gradient, once.  ``loss``: for the callback, if there is one."""
        if callable(loss):
            raise errors.no_closure()
        if self.callback is not None:
            self.callback(loss)
        rate = self.rate(self.steps)
        for i, p in enumerate(self.parameters):
            g = p.node.grad
            if g is not None:
                g = np.asarray(g)[()] if isinstance(g, UsedGradient) else g
                if self.weight_decay:
                    g = coerce.dense(g) + self.weight_decay * p._array
                self.change(i, p, g, rate)
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


def collect_parameters(parameters: Any) -> list[Any]:
    """All parameters of a module, of an iterable, or of a structure of Tensors; a shared one comes once."""
    if callable(getattr(parameters, "parameters", None)):
        parameters = parameters.parameters()
    if parts_of(parameters) is None and isinstance(parameters, Iterable):
        parameters = list(parameters)
    found = leaves(parameters)
    if not found and parts_of(parameters) != {}:
        raise errors.not_a_parameter(parameters)
    groups = parameters if isinstance(parameters, list) else [parameters]
    if any(isinstance(group, dict) and "params" in group for group in groups):
        raise errors.parameter_groups()
    return list({id(p): p for p in found}.values())


class SGD(Optimiser):
    """Stochastic gradient descent: W - rate * gradient.

    With ``momentum`` m it uses the running sum v = m v + (1 - ``dampening``) gradient in the place of the gradient, and
    begins with v = gradient (Polyak 1964).  With ``nesterov`` it uses gradient + m v, with the new v (Sutskever,
    Martens, Dahl and Hinton, On the importance of initialization and momentum in deep learning, 2013).

    A gradient of a few rows (see ``embedding``) changes those rows alone, and in place if no record holds the table, as
    after ``backward(free=True)``.
    """

    @takes_other_names
    def __init__(
        self,
        parameters: Any,
        rate: Rate = 0.01,
        momentum: float = 0.0,
        *,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        callback: Callback | None = None,
    ) -> None:
        super().__init__(parameters, rate, weight_decay=weight_decay, callback=callback)
        self.momentum, self.dampening, self.nesterov = momentum, dampening, nesterov
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
            v, new = self.velocity[i], (1 - self.dampening) * g if self.dampening else g
            self.velocity[i] = v = g if v is None else self.momentum * v + new
            g = g + self.momentum * v if self.nesterov else v
        self.subtract(i, p, g, rate)


class Adam(Optimiser):
    """Adam: a step along the mean gradient divided by the root of the mean square gradient.

    ``betas``: the weights of the past in the two running means.  ``eps`` is added to the root.  (Kingma and Ba, Adam: A
    method for stochastic optimization, 2015, algorithm 1.)
    """

    @takes_other_names
    def __init__(
        self,
        parameters: Any,
        rate: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        weight_decay: float = 0.0,
        callback: Callback | None = None,
    ) -> None:
        super().__init__(parameters, rate, weight_decay=weight_decay, callback=callback)
        self.betas, self.eps = betas, eps
        self.means = [(np.zeros(p.shape, p.dtype), np.zeros(p.shape, p.dtype)) for p in self.parameters]
        self.times = [0] * len(self.parameters)

    def change(self, i: int, p: Tensor, g: Any, rate: float) -> None:
        """Change one parameter against its mean gradient, divided by the root of the mean square."""
        self.subtract(i, p, self.direction(i, coerce.dense(g)), rate)

    def direction(self, i: int, g: Any) -> Any:
        """The mean gradient of parameter number ``i``, divided by the root of the mean square, after this gradient."""
        (m, v), (b1, b2) = self.means[i], self.betas
        self.times[i] += 1
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        self.means[i] = m, v
        unbiased, spread = m / (1 - b1 ** self.times[i]), v / (1 - b2 ** self.times[i])
        return unbiased / (np.sqrt(spread) + self.eps)


class AdamW(Adam):
    """Adam that shrinks the parameters beside its step, by rate * ``weight_decay``, and not through the gradient.

    (Loshchilov and Hutter, Decoupled weight decay regularization, 2019, algorithm 2.)
    """

    @takes_other_names
    def __init__(
        self,
        parameters: Any,
        rate: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        weight_decay: float = 0.01,
        callback: Callback | None = None,
    ) -> None:
        super().__init__(parameters, rate, betas, eps, callback=callback)
        self.shrinking = weight_decay

    def change(self, i: int, p: Tensor, g: Any, rate: float) -> None:
        """Change one parameter as Adam does, and against itself."""
        self.subtract(i, p, self.direction(i, coerce.dense(g)) + self.shrinking * p._array, rate)


class RMSprop(Optimiser):
    """A step along the gradient divided by the root of the mean square gradient.

    ``alpha``: the weight of the past in the running mean.  ``eps`` is added to the root.  With ``momentum`` m it uses
    the running sum v = m v + that quotient.  (Tieleman and Hinton, Neural networks for machine learning, lecture 6.5,
    2012.)
    """

    @takes_other_names
    def __init__(
        self,
        parameters: Any,
        rate: Rate = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        *,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        callback: Callback | None = None,
    ) -> None:
        super().__init__(parameters, rate, weight_decay=weight_decay, callback=callback)
        self.alpha, self.eps, self.momentum = alpha, eps, momentum
        self.squares: list[Any] = [np.zeros(p.shape, p.dtype) for p in self.parameters]
        self.velocity: list[Any] = [np.zeros(p.shape, p.dtype) for p in self.parameters]

    def change(self, i: int, p: Tensor, g: Any, rate: float) -> None:
        """Change one parameter against its gradient, divided by the root of the mean square."""
        g = coerce.dense(g)
        self.squares[i] = self.alpha * self.squares[i] + (1 - self.alpha) * g * g
        g = g / (np.sqrt(self.squares[i]) + self.eps)
        if self.momentum:
            self.velocity[i] = g = self.momentum * self.velocity[i] + g
        self.subtract(i, p, g, rate)


class Adagrad(Optimiser):
    """A step along the gradient divided by the root of the sum of all squared gradients so far.

    ``eps`` is added to the root.  (Duchi, Hazan and Singer, Adaptive subgradient methods, 2011.)
    """

    @takes_other_names
    def __init__(
        self,
        parameters: Any,
        rate: Rate = 0.01,
        *,
        weight_decay: float = 0.0,
        eps: float = 1e-10,
        callback: Callback | None = None,
    ) -> None:
        super().__init__(parameters, rate, weight_decay=weight_decay, callback=callback)
        self.eps = eps
        self.squares: list[Any] = [np.zeros(p.shape, p.dtype) for p in self.parameters]

    def change(self, i: int, p: Tensor, g: Any, rate: float) -> None:
        """Change one parameter against its gradient, divided by the root of the sum of squares."""
        g = coerce.dense(g)
        self.squares[i] = self.squares[i] + g * g
        self.subtract(i, p, g / (np.sqrt(self.squares[i]) + self.eps), rate)


Optimizer = Optimiser  # the other spelling


# The same for plain arrays and a function that gives the gradient.

Gradient = Callable[[Any, int], Any]  # called with the parameters and the number of the step
Watcher = Callable[[Any, int, Any], object]  # called with the parameters, the number of the step and the gradient
FUNCTIONS = in_other_words(
    {"rate": "step_size", "lr": "step_size", "learning_rate": "step_size", "momentum": "mass", "x0": "x"}
)


def descend(
    grad: Gradient, x: Any, callback: Watcher | None, num_iters: int, change: Callable[[int, Any, Any], Any]
) -> Any:
    """Take ``num_iters`` steps from ``x``.

    ``change`` makes a new vector from the number of the step, the vector of all parameters and that of their gradient.
    """
    vector, unravel = ravel_pytree(x)
    vector = vector.data if isinstance(vector, Tensor) else vector
    for i in range(num_iters):
        x = unravel(vector)
        gradient = grad(x, i)
        if callback is not None:
            callback(x, i, gradient)
        g, _ = ravel_pytree(leaves_like(x, gradient))
        g = g.data if isinstance(g, Tensor) else g
        if g.shape != vector.shape:
            raise errors.wrong_gradient(vector.size, g.size)
        vector = change(i, vector, g)
    return unravel(vector)


@FUNCTIONS
def sgd(
    grad: Gradient,
    x: Any,
    callback: Watcher | None = None,
    num_iters: int = 200,
    step_size: float = 0.1,
    mass: float = 0.9,
) -> Any:
    """Gradient descent with momentum, from ``x``, for so many steps; returns where it ends.

    ``x``: an array or a structure of arrays.  ``grad(x, i)`` gives the gradient at x in step i, in the structure of x.
    ``callback(x, i, g)`` is called before each step.  The velocity v is mass * v - (1 - mass) * g, and x changes by
    step_size * v.

    >>> sgd(lambda x, i: 2 * (x - 3.0), np.array([0.0])).round(3)
    array([3.])
    """
    velocity: Any = 0.0

    def change(i: int, x: Any, g: Any) -> Any:
        nonlocal velocity
        velocity = mass * velocity - (1.0 - mass) * g
        return x + step_size * velocity

    return descend(grad, x, callback, num_iters, change)


@FUNCTIONS
def rmsprop(
    grad: Gradient,
    x: Any,
    callback: Watcher | None = None,
    num_iters: int = 100,
    step_size: float = 0.1,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:
    """Steps along the gradient divided by the root of its mean square, from ``x``; as ``sgd`` otherwise.

    ``gamma``: the weight of the past in the running mean, which begins with 1.  ``eps`` is added to the root.
    """
    squares: Any = 1.0

    def change(i: int, x: Any, g: Any) -> Any:
        nonlocal squares
        squares = gamma * squares + (1 - gamma) * g * g
        return x - step_size * g / (np.sqrt(squares) + eps)

    return descend(grad, x, callback, num_iters, change)


@FUNCTIONS
def adam(
    grad: Gradient,
    x: Any,
    callback: Watcher | None = None,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """Steps of Adam from ``x``, as those of the class ``Adam`` with betas (b1, b2); as ``sgd`` otherwise."""
    m: Any = 0.0
    v: Any = 0.0

    def change(i: int, x: Any, g: Any) -> Any:
        nonlocal m, v
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        return x - step_size * (m / (1 - b1 ** (i + 1))) / (np.sqrt(v / (1 - b2 ** (i + 1))) + eps)

    return descend(grad, x, callback, num_iters, change)
