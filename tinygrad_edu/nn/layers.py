"""Layers with weights, and a network made of them.

Examples are rows: a layer takes (examples, inputs) and gives (examples, outputs), as in most libraries; a single
example may be a vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..errors import messages as errors
from ..format import text
from ..tensor import Tensor
from . import functional
from .constructors import whole_number
from .module import Module, OtherName


def glorot(rng: np.random.Generator, outputs: int, inputs: int, *window: int) -> Any:
    """Draw weights (outputs, inputs, *window) that keep the variance from layer to layer.

    They are uniform in an interval around 0 (Glorot and Bengio 2010, equation 16).
    """
    area = int(np.prod(window))
    limit = np.sqrt(6 / ((inputs + outputs) * area))
    return rng.uniform(-limit, limit, (outputs, inputs, *window))


class Linear(Module, words={"in_features": "inputs", "out_features": "outputs"}):
    """A layer that computes v = W a + b, with ``W`` of shape (outputs, inputs) and ``b`` of shape (outputs,).

    ``bias=False`` leaves b out.  ``rng`` draws the weights, see ``glorot``; b starts at 0.
    """

    W: Tensor
    b: Tensor | None
    weight, bias = OtherName("W"), OtherName("b")

    def __init__(self, inputs: int, outputs: int, bias: bool = True, rng: np.random.Generator | None = None) -> None:
        self.inputs, self.outputs = whole_number("Linear", "inputs", inputs), whole_number("Linear", "outputs", outputs)
        self.W = Tensor(glorot(rng or np.random.default_rng(), outputs, inputs), "W")
        self.b = Tensor(np.zeros(outputs), "b") if bias else None

    def forward(self, a: Any) -> Any:
        """Compute v (..., outputs) from a (..., inputs)."""
        return ops.linear(a, self.W, self.b)


class Convolution(
    Module,
    words={"in_channels": "inputs", "out_channels": "outputs", "kernel_size": "window"},
    advice={"padding_mode": "the call without padding and padding_mode, and np.pad(x, ...) before it"},
):
    """What the convolutions share: the weights ``W``, (outputs, inputs / groups, *window), and ``b``, (outputs,).

    ``inputs`` and ``outputs`` are numbers of channels.  The window moves by ``stride``; ``padding`` zeros are put at
    each end of each axis.  ``dilation``: how far apart the elements of a window lie.  ``groups``: the channels are
    divided into so many groups, and each has its own windows.  ``bias=False`` leaves b out.
    """

    axes: int  # how many axes the window has
    weight, bias = OtherName("W"), OtherName("b")

    def __init__(
        self, inputs: int, outputs: int, window: int | Sequence[int] = 3, stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0, rng: np.random.Generator | None = None, *,
        dilation: int | Sequence[int] = 1, groups: int = 1, bias: bool = True,
    ) -> None:  # fmt: skip
        kind = type(self).__name__
        lengths = (window,) * self.axes if isinstance(window, (int, np.integer)) else tuple(window)
        if len(lengths) != self.axes:
            words = f"the window of a {kind} has {text.plural(self.axes, 'length')}, or is one number, not {window!r}"
            raise errors.explained(ValueError(words))
        self.inputs, self.outputs = whole_number(kind, "inputs", inputs), whole_number(kind, "outputs", outputs)
        self.window, self.stride, self.padding, self.dilation = window, stride, padding, dilation
        self.groups = whole_number(kind, "groups", groups)
        if inputs % groups or outputs % groups:
            words = f"{inputs} inputs and {outputs} outputs cannot both be divided into {groups} equal groups"
            raise errors.explained(ValueError(words))
        self.W = Tensor(glorot(rng or np.random.default_rng(), *self.channels(), *lengths), "W")
        self.b = Tensor(np.zeros(outputs), "b") if bias else None

    def channels(self) -> tuple[int, int]:
        """The first two lengths of W."""
        return self.outputs, self.inputs // self.groups

    def forward(self, a: Any) -> Any:
        """Compute (examples, outputs, *size) from (examples, inputs, *size); both may be without examples."""
        convolve = (ops.conv1d, ops.conv2d)[self.axes - 1]
        return self.shifted(convolve(a, self.W, self.stride, self.padding, self.dilation, self.groups))

    def shifted(self, v: Any) -> Any:
        """Compute v + b."""
        return v if self.b is None else v + ops.reshape(self.b, -1, *(1,) * self.axes)


class Conv1d(Convolution):
    """A layer that slides windows over signals (examples, inputs, length): see ``conv1d`` and ``Convolution``."""

    axes = 1


class Conv2d(Convolution):
    """A layer that slides windows over images (examples, inputs, height, width): see ``conv2d`` and ``Convolution``."""

    axes = 2


class TransposedConvolution(Convolution):
    """A convolution the other way: it puts what it reads into windows.  ``W`` is (inputs, outputs / groups, *window).

    ``output_padding`` makes the result longer at its end.
    """

    def __init__(self, *args: Any, output_padding: int | Sequence[int] = 0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.output_padding = output_padding

    def channels(self) -> tuple[int, int]:
        """The first two lengths of W."""
        return self.inputs, self.outputs // self.groups

    def forward(self, a: Any) -> Any:
        """Compute (examples, outputs, *size), larger by the stride and the window; both may be without examples."""
        transpose = (functional.conv_transpose1d, functional.conv_transpose2d)[self.axes - 1]
        options = {"stride": self.stride, "padding": self.padding, "output_padding": self.output_padding}
        return self.shifted(transpose(a, self.W, groups=self.groups, dilation=self.dilation, **options))


class ConvTranspose1d(TransposedConvolution):
    """The transpose of ``Conv1d``: see ``conv_transpose1d`` and ``TransposedConvolution``."""

    axes = 1


class ConvTranspose2d(TransposedConvolution):
    """The transpose of ``Conv2d``: see ``conv_transpose2d`` and ``TransposedConvolution``."""

    axes = 2


class Embedding(
    Module,
    words={"num_embeddings": "number", "embedding_dim": "size"},
    advice={"padding_idx": "the call without padding_idx, and multiply the result by a mask"},
):
    """A table with a vector of ``size`` numbers for each of ``number`` words.

    Its gradient is kept for those rows alone that were used.
    """

    weight = OtherName("W")

    def __init__(self, number: int, size: int, rng: np.random.Generator | None = None) -> None:
        self.number, self.size = whole_number("Embedding", "number", number), whole_number("Embedding", "size", size)
        self.W = Tensor((rng or np.random.default_rng()).normal(size=(number, size)) / np.sqrt(size), "W")

    def forward(self, index: Any) -> Any:
        """Look up vectors (..., size) for whole numbers (...) from 0 to ``number`` - 1."""
        return ops.embedding(self.W, index)


class Flatten(Module, words={"start_dim": "start", "end_dim": "end"}):
    """Make one axis of the axes from ``start`` to ``end``: of all but the examples, unless others are given."""

    def __init__(self, start: int = 1, end: int = -1) -> None:
        self.start, self.end = start, end

    def forward(self, x: Any) -> Any:
        """Compute (examples, all others) from (examples, ...)."""
        shape = np.shape(x)
        start, end = (axis % len(shape) if shape else 0 for axis in (self.start, self.end))
        return ops.reshape(x, *shape[:start], -1, *shape[end + 1 :])


class Unflatten(Module, words={"dim": "axis", "unflattened_size": "size"}):
    """Make axes of the lengths ``size`` of one ``axis``."""

    def __init__(self, axis: int, size: Sequence[int]) -> None:
        self.axis, self.size = axis, tuple(size)

    def forward(self, x: Any) -> Any:
        """Compute (..., *size, ...) from (..., n, ...)."""
        shape = np.shape(x)
        axis = self.axis % len(shape)
        return ops.reshape(x, *shape[:axis], *self.size, *shape[axis + 1 :])


class Identity(Module):
    """Returns what it is called with.  Any arguments make it, so that it can stand in the place of any layer."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        """Return x."""
        return x


class PReLU(Module, words={"num_parameters": "number", "init": "start"}):
    """relu with a slope ``a`` for negative numbers that is trained, one for all or one for each channel.

    (He et al., Delving deep into rectifiers, 2015.)
    """

    weight = OtherName("a")

    def __init__(self, number: int = 1, start: float = 0.25) -> None:
        self.number, self.start = whole_number("PReLU", "number", number), start
        self.a = Tensor(np.full(number, start), "a")

    def forward(self, x: Any) -> Any:
        """Compute the same shape from x, (examples, channels, ...) if there are several slopes."""
        return functional.prelu(x, self.a)


class Dropout(Module, words={"p": "rate"}):
    """In training, set each element to 0 with probability ``rate`` and scale the others: see ``dropout``.

    In evaluation (``net.eval()``) it changes nothing.  ``rng``: the generator that chooses.
    """

    def __init__(self, rate: float = 0.5, rng: np.random.Generator | None = None) -> None:
        if not 0 <= rate <= 1:
            raise errors.explained(ValueError(f"a dropout rate is from 0 to 1, not {rate}"))
        self.rate, self.rng = rate, rng or np.random.default_rng()

    def extra_repr(self) -> str:
        """The rate, also if it is the usual one."""
        return f"rate={self.rate}"

    def forward(self, x: Any) -> Any:
        """Drop elements of x, of any shape, in training."""
        if not self.training or self.rate == 0:
            return x
        return x * 0.0 if self.rate == 1 else ops.composed.dropout(x, self.rate, self.rng)


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
