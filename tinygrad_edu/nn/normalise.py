"""Layers that normalise: they bring numbers to mean 0 and variance 1, then multiply by gamma and add beta.

They differ in the numbers over which the mean is taken: of one example, or of one channel in all examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ops
from ..errors import messages as errors
from ..tensor import Tensor
from .constructors import whole_number
from .module import Module, OtherName


class Normaliser(Module, words={"elementwise_affine": "affine"}):
    """What the layers share: gamma, which starts at 1, and beta, which starts at 0."""

    weight, bias = OtherName("gamma"), OtherName("beta")
    gamma: Tensor | None
    beta: Tensor | None

    def start(self, shape: tuple[int, ...], affine: bool, shifted: bool = True) -> None:
        """Make gamma and beta, or neither of them."""
        self.gamma = Tensor(np.ones(shape), "gamma") if affine else None
        self.beta = Tensor(np.zeros(shape), "beta") if affine and shifted else None

    def scaled(self, z: Any, after: int = 0) -> Any:
        """Compute gamma z + beta, whose axes stand before the last ``after`` axes of z."""
        for operation, p in ((ops.multiply, self.gamma), (ops.add, self.beta)):
            if p is not None:
                z = operation(z, ops.reshape(p, *p.shape, *(1,) * after) if after else p)
        return z


def normalised(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    """x with mean 0 and variance 1 over these axes: d / sqrt(mean of d² + eps), where d = x - mean of x."""
    d = x - ops.mean(x, axes, True)
    return d / ops.sqrt(ops.mean(ops.square(d), axes, True) + eps)


class LayerNorm(Normaliser, words={"normalized_shape": "shape"}):
    """Normalises each example over its last axes, of lengths ``shape``.

    ``affine=False`` leaves gamma and beta out, ``bias=False`` beta.  (Ba, Kiros and Hinton 2016.)
    """

    def __init__(
        self, shape: int | Sequence[int], eps: float = 1e-5, affine: bool = True, *, bias: bool = True
    ) -> None:
        self.shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        self.eps, self.affine = eps, affine
        self.start(self.shape, affine, bias)

    def forward(self, x: Any) -> Any:
        """Compute the same shape from x of shape (..., *shape)."""
        if np.shape(x)[-len(self.shape) :] != self.shape:
            words = f"LayerNorm({self.shape}) was called with an array of shape {np.shape(x)}"
            raise errors.explained(ValueError(words), f"The last axes of x have the lengths {self.shape}.")
        return self.scaled(normalised(x, tuple(range(-len(self.shape), 0)), self.eps))


class RMSNorm(Normaliser, words={"normalized_shape": "shape"}):
    """Divides each example by the root of the mean of its squares over the last axes, of lengths ``shape``.

    The result is multiplied by gamma.  (Zhang and Sennrich, Root mean square layer normalization, 2019.)
    """

    def __init__(self, shape: int | Sequence[int], eps: float = 1e-6, affine: bool = True) -> None:
        self.shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        self.eps, self.affine = eps, affine
        self.start(self.shape, affine, shifted=False)

    def forward(self, x: Any) -> Any:
        """Compute the same shape from x of shape (..., *shape)."""
        axes = tuple(range(-len(self.shape), 0))
        return self.scaled(x / ops.sqrt(ops.mean(ops.square(x), axes, True) + self.eps))


class BatchNorm(
    Normaliser,
    words={"num_features": "channels"},
    advice={"track_running_stats": "net.train() before the call, for the statistics of the batch"},
):
    """Normalises each channel over all examples: x is (examples, channels, ...).

    In training the mean and the variance are those of the batch, and ``running_mean`` and ``running_var`` move towards
    them by the part ``momentum``.  In evaluation these two are used instead.  They are saved with the parameters, and
    are not trained.  (Ioffe and Szegedy 2015.)
    """

    numbers_of_axes: tuple[int, ...] = ()  # what x may have; empty: any

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True) -> None:
        self.channels, self.eps, self.momentum = whole_number("BatchNorm", "channels", channels), eps, momentum
        self.affine = affine
        self.start((channels,), affine)
        self.register_buffer("running_mean", np.zeros(channels))
        self.register_buffer("running_var", np.ones(channels))

    def forward(self, x: Any) -> Any:
        """Compute the same shape from x of shape (examples, channels, ...)."""
        shape = np.shape(x)
        if len(shape) not in (self.numbers_of_axes or (len(shape),)) or shape[1:2] != (self.channels,):
            words = f"{type(self).__name__}({self.channels}) was called with an array of shape {shape}"
            places = " or ".join(map(str, self.numbers_of_axes))
            remedy = f"It takes (examples, {self.channels}, ...)" + (f", with {places} axes in all." if places else ".")
            raise errors.explained(ValueError(words), remedy)
        axes, after = (0, *range(2, len(shape))), len(shape) - 2
        if self.training:
            self.follow(np.asarray(getattr(x, "_array", x)), axes)
            return self.scaled(normalised(x, axes, self.eps), after)
        mean, spread = (s.data.reshape(-1, *(1,) * after) for s in (self.running_mean, self.running_var))
        return self.scaled((x - mean) / np.sqrt(spread + self.eps), after)

    def follow(self, x: Any, axes: tuple[int, ...]) -> None:
        """Move the running statistics towards those of a batch.  The variance is divided by one less than the number.

        Raises ValueError if there is one number in each channel: its variance is 0.
        """
        number = x.size // self.channels
        if number < 2:
            words = f"{type(self).__name__} in training needs more than one number in each channel, not shape {x.shape}"
            raise errors.explained(ValueError(words), "Give more examples, or call net.eval() before.")
        for running, now in ((self.running_mean, x.mean(axes)), (self.running_var, x.var(axes, ddof=1))):
            running.data = (1 - self.momentum) * running.data + self.momentum * now


class BatchNorm1d(BatchNorm):
    """Normalises each channel of (examples, channels) or (examples, channels, length): see ``BatchNorm``."""

    numbers_of_axes = (2, 3)


class BatchNorm2d(BatchNorm):
    """Normalises each channel of images (examples, channels, height, width): see ``BatchNorm``."""

    numbers_of_axes = (4,)


class GroupNorm(Normaliser, words={"num_groups": "groups", "num_channels": "channels", "num_features": "channels"}):
    """Normalises each example over each of so many ``groups`` of its channels.  (Wu and He 2018.)

    Raises ValueError if the channels cannot be divided into equal groups.
    """

    def __init__(self, groups: int, channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        self.groups, self.channels = whole_number("GroupNorm", "groups", groups), channels
        if channels % groups:
            raise errors.explained(ValueError(f"{channels} channels cannot be divided into {groups} equal groups"))
        self.eps, self.affine = eps, affine
        self.start((channels,), affine)

    def forward(self, x: Any) -> Any:
        """Compute the same shape from x of shape (examples, channels, ...)."""
        shape = np.shape(x)
        if shape[1:2] != (self.channels,):
            words = f"GroupNorm of {self.channels} channels was called with an array of shape {shape}"
            raise errors.explained(ValueError(words), f"It takes (examples, {self.channels}, ...).")
        z = normalised(ops.reshape(x, shape[0], self.groups, -1), (-1,), self.eps)
        return self.scaled(ops.reshape(z, *shape), len(shape) - 2)


class InstanceNorm1d(GroupNorm):
    """Normalises each channel of each signal (examples, channels, length).  (Ulyanov, Vedaldi and Lempitsky 2016.)"""

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = False) -> None:
        super().__init__(channels, channels, eps, affine)


class InstanceNorm2d(InstanceNorm1d):
    """Normalises each channel of each image (examples, channels, height, width).  See ``InstanceNorm1d``."""
