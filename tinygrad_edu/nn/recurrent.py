"""Recurrent layers: a cell computes a state from an input and the state before it, and a layer does so step by step.

Sequences are (time, examples, inputs), or (examples, time, inputs) with ``batch_first=True``, or (time, inputs) for one
example.  A layer returns its outputs at all times, and the state at the end, with an axis for the ``layers`` in front.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..errors import messages as errors
from ..tensor import Tensor, constant
from .constructors import whole_number
from .module import Module, named

WORDS = {
    "input_size": "inputs", "hidden_size": "hidden", "num_layers": "layers", "nonlinearity": "activation",
    "input": "x", "hx": "h", "h_0": "h", "h0": "h", "state": "h",
}  # fmt: skip
ADVICE = {
    "dropout": "the call without dropout, and Dropout between two layers",
    "proj_size": "the call without proj_size, and Linear after the layer",
}


class Cell(Module, words=WORDS, advice=ADVICE):
    """One step.  The weights are ``W_x`` (hidden, inputs), ``W_h`` (hidden, hidden) and ``b`` (hidden,).

    A cell with gates has such weights for each gate: ``W_ix``, ``W_ih`` and ``b_i`` are those of the gate i.  All are
    drawn uniformly from -1/sqrt(hidden) to 1/sqrt(hidden), but for b, which starts at 0.
    """

    gates: ClassVar[tuple[str, ...]] = ("",)  # the letters of the gates
    states: ClassVar[int] = 1  # how many tensors the state is

    def __init__(self, inputs: int, hidden: int, bias: bool = True, rng: np.random.Generator | None = None) -> None:
        kind, rng = type(self).__name__, rng or np.random.default_rng()
        self.inputs, self.hidden = whole_number(kind, "inputs", inputs), whole_number(kind, "hidden", hidden)
        self.bias, limit = bias, 1 / np.sqrt(hidden)
        for gate in self.gates:
            for name, columns in ((f"W_{gate}x", inputs), (f"W_{gate}h", hidden)):
                setattr(self, name, Tensor(rng.uniform(-limit, limit, (hidden, columns)), name))
            name = bias_name(gate)
            setattr(self, name, Tensor(np.zeros(hidden), name) if bias else None)

    def inside(self, x: Any, h: Any, gate: str = "") -> Any:
        """W_x x + b + W_h h, of one gate."""
        W_x, W_h, b = (getattr(self, name) for name in (f"W_{gate}x", f"W_{gate}h", bias_name(gate)))
        return ops.linear(x, W_x, b) + ops.linear(h, W_h)

    def zeros(self, x: Any) -> Any:
        """The state at the beginning, for x of shape (..., inputs)."""
        zero = np.zeros((*np.shape(x)[:-1], self.hidden), getattr(self, f"W_{self.gates[0]}h").dtype)
        return constant(zero, "h0") if self.states == 1 else (constant(zero, "h0"), constant(zero, "c0"))

    def forward(self, x: Any, h: Any = None) -> Any:
        """Compute the next state from x (..., inputs) and the state h (..., hidden), which is 0 if none is given."""
        if np.shape(x)[-1:] != (self.inputs,):
            words = f"{type(self).__name__} of {self.inputs} inputs was called with an array of shape {np.shape(x)}"
            raise errors.explained(ValueError(words), f"The last axis of x has the length {self.inputs}.")
        return self.step(x, self.zeros(x) if h is None else h)

    def step(self, x: Any, h: Any) -> Any:
        """Compute the next state.  A subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} has no step(x, h): define it in the class")


def bias_name(gate: str) -> str:
    """The name of the bias of a gate."""
    return f"b_{gate}" if gate else "b"


class RNNCell(Cell):
    """h' = tanh(W_x x + W_h h + b)  (Elman 1990).  ``activation``: "tanh", "relu", or a function."""

    def __init__(
        self, inputs: int, hidden: int, bias: bool = True, activation: Any = "tanh",
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(inputs, hidden, bias, rng)
        self.activation = activation

    def step(self, x: Any, h: Any) -> Any:
        """Compute h' (..., hidden)."""
        activation = getattr(ops, self.activation) if isinstance(self.activation, str) else self.activation
        return named("h", activation(named("v", self.inside(x, h))))


class GRUCell(Cell):
    """A cell with two gates, r and z (Cho et al. 2014).

    r = sigmoid(W_rx x + W_rh h + b_r),  z = sigmoid(W_zx x + W_zh h + b_z),
    n = tanh(W_nx x + b_n + r * (W_nh h + b_nh)),  h' = (1 - z) * n + z * h.
    """

    gates = ("r", "z", "n")

    def __init__(self, inputs: int, hidden: int, bias: bool = True, rng: np.random.Generator | None = None) -> None:
        super().__init__(inputs, hidden, bias, rng)
        self.b_nh = Tensor(np.zeros(hidden), "b_nh") if bias else None

    def step(self, x: Any, h: Any) -> Any:
        """Compute h' (..., hidden)."""
        r, z = (named(gate, ops.sigmoid(self.inside(x, h, gate))) for gate in "rz")
        n = named("n", ops.tanh(ops.linear(x, self.W_nx, self.b_n) + r * ops.linear(h, self.W_nh, self.b_nh)))
        return named("h", (1 - z) * n + z * h)


class LSTMCell(Cell):
    """A cell with three gates, i, f and o, and a memory c (Hochreiter and Schmidhuber 1997; Gers et al. 2000).

    i = sigmoid(W_ix x + W_ih h + b_i), likewise f and o;  g = tanh(W_gx x + W_gh h + b_g);
    c' = f * c + i * g,  h' = o * tanh(c').  The state is the pair (h, c).
    """

    gates, states = ("i", "f", "g", "o"), 2

    def step(self, x: Any, h: Any) -> Any:
        """Compute the pair h', c', both (..., hidden)."""
        h, c = h
        i, f, o = (named(gate, ops.sigmoid(self.inside(x, h, gate))) for gate in "ifo")
        g = named("g", ops.tanh(self.inside(x, h, "g")))
        c = named("c", f * c + i * g)
        return named("h", o * ops.tanh(c)), c


class Recurrent(Module, words=WORDS, advice=ADVICE):
    """One cell, or as many as ``layers``, each on the outputs of the one below.

    The weights are in ``cells``; those of the first cell have their names here too, as ``rnn.W_x``.
    """

    cell: ClassVar[type[Cell]]

    def __init__(
        self, inputs: int, hidden: int, layers: int = 1, bias: bool = True, batch_first: bool = False, *,
        rng: np.random.Generator | None = None, **options: Any,
    ) -> None:  # fmt: skip
        kind = type(self).__name__
        self.inputs, self.hidden = whole_number(kind, "inputs", inputs), whole_number(kind, "hidden", hidden)
        self.layers, self.bias, self.batch_first = whole_number(kind, "layers", layers), bias, batch_first
        sizes = (inputs, *(hidden,) * (layers - 1))
        self.cells = [self.cell(size, hidden, bias, rng=rng, **options) for size in sizes]
        for number, cell in enumerate(self.cells, 1):
            cell.name = f"layer{number}"
            if layers > 1:
                for p in cell.parameters():
                    p.name = f"{p.name}({number})"

    def __getattr__(self, name: str) -> Any:
        """The weights of the first cell."""
        cells = vars(self).get("cells")
        return vars(cells[0])[name] if cells and name in vars(cells[0]) else super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        cells = vars(self).get("cells")
        if isinstance(value, Tensor) and cells and name in vars(cells[0]):
            setattr(cells[0], name, value)
        else:
            super().__setattr__(name, value)

    def forward(self, x: Any, h: Any = None) -> Any:
        """Compute the outputs (time, examples, hidden) from x (time, examples, inputs), and the state at the end.

        ``h``: the state at the beginning, (layers, examples, hidden), or for LSTM a pair of them; 0 if none is given.
        """
        if np.ndim(x) not in (2, 3) or np.shape(x)[-1] != self.inputs:
            words = f"{type(self).__name__} of {self.inputs} inputs was called with an array of shape {np.shape(x)}"
            order = "(examples, time, {0})" if self.batch_first else "(time, examples, {0})"
            raise errors.explained(
                ValueError(words), f"It takes {order.format(self.inputs)}, or (time, {self.inputs}) for one example."
            )
        axis = 1 if self.batch_first and np.ndim(x) == 3 else 0
        steps = [x[:, t] if axis else x[t] for t in range(np.shape(x)[axis])]
        ends = []
        for number, cell in enumerate(self.cells):
            s, outputs = self.at_start(h, number), []
            for t, x_t in enumerate(steps, 1):
                s = cell(x_t, s)
                each = (s,) if cell.states == 1 else s
                outputs.append(each[0])
                if self.layers == 1:
                    for letter, state in zip("hc", each):
                        state.name = f"{letter}({t})"
            ends.append(s)
            steps = outputs
        y = ops.stack(steps, axis)
        if self.cell.states == 1:
            return y, self.stacked(ends)
        return y, tuple(map(self.stacked, zip(*ends)))

    def stacked(self, ends: Sequence[Any]) -> Any:
        """The states of all cells with an axis for them in front."""
        return ops.expand_dims(ends[0], 0) if self.layers == 1 else ops.stack(ends)

    def at_start(self, state: Any, number: int) -> Any:
        """The state of cell ``number`` at the beginning; None if none was given."""
        if state is None:
            return None
        each = state if self.cell.states > 1 else (state,)
        if len(each) != self.cell.states or any(np.shape(s)[:1] != (self.layers,) for s in each):
            what = "(layers, examples, hidden)" if self.cell.states == 1 else "a pair of (layers, examples, hidden)"
            shapes = ", ".join(str(np.shape(s)) for s in each)
            words = f"the state of {type(self).__name__} is {what}, with {self.layers} layers, not of shape {shapes}"
            raise errors.explained(ValueError(words))
        found = tuple(s[number] for s in each)
        return found if self.cell.states > 1 else found[0]


class RNN(Recurrent):
    """h(t) = tanh(W_x x(t) + W_h h(t-1) + b); returns all h(t), and the last one.

    ``activation``: "tanh", "relu", or a function.
    """

    cell = RNNCell

    def __init__(
        self, inputs: int, hidden: int, layers: int = 1, activation: Any = "tanh", bias: bool = True,
        batch_first: bool = False, *, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(inputs, hidden, layers, bias, batch_first, rng=rng, activation=activation)
        self.activation = activation


class GRU(Recurrent):
    """The cell ``GRUCell`` step by step; returns all h(t), and the last one."""

    cell = GRUCell

    def __init__(
        self, inputs: int, hidden: int, layers: int = 1, bias: bool = True, batch_first: bool = False, *,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(inputs, hidden, layers, bias, batch_first, rng=rng)


class LSTM(Recurrent):
    """The cell ``LSTMCell`` step by step; returns all h(t), and the last pair (h, c)."""

    cell = LSTMCell

    def __init__(
        self, inputs: int, hidden: int, layers: int = 1, bias: bool = True, batch_first: bool = False, *,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(inputs, hidden, layers, bias, batch_first, rng=rng)
