"""A Tensor: an array that remembers how it was computed, so that its gradient can be found.

A leaf is made by the user, a result by an operation.  A constant takes no gradient, nor do plain
arrays and numbers.
"""

from __future__ import annotations

from typing import Any

from .context import current
from .engine.array_api import Interface
from .engine.composing import in_other_words
from .engine.leaf_arrays import gradient_of, hand_out
from .engine.unchosen import collect_gradients
from .engine.used_gradients import mark_used
from .errors import coerce
from .errors import messages as errors
from .graph import Node, Value, class_of_results, get_frame, record
from .sweep import topological_order


def leaf(data: Any, name: str | None, active: bool, dtype: Any, frame: Any) -> Tensor:
    """What ``Tensor`` and ``constant`` make."""
    try:
        array = coerce.copy_as_array(data, name, active, dtype)
        tensor: Tensor = record(None, (), (), array, False, current.get(), frame)
        tensor.node.active, tensor.name = active, name
    except Exception as error:
        raise errors.hide_our_frames(error)
    return tensor


def constant(data: Any, name: str | None = None, dtype: Any = None) -> Tensor:
    """Data without a gradient, drawn and printed by its name; integers and booleans stay such."""
    return leaf(data, name, False, dtype, get_frame(1))


@class_of_results
class Tensor(Interface, Value):
    """``Tensor(data, name=None)``: a leaf, something to differentiate with respect to.

    ``data``: numbers, nested lists or an array, copied.  Floating dtypes are kept, integers become
    float64.  ``requires_grad=False`` is another way to write ``constant``.  Raises TypeError for
    what is not real numbers.

    >>> W = Tensor([1.0, 2.0], name="W")
    >>> (W * W).sum().backward()
    >>> W.grad
    array([2., 4.])
    """

    __slots__ = ("__weakref__", "swept")
    swept: bool  # set by ``backward``: see engine/plain_values.py

    def __new__(
        cls, data: Any, name: str | None = None, *, dtype: Any = None, requires_grad: bool = True,
        **others: Any,
    ) -> Tensor:  # fmt: skip
        errors.check_options("Tensor", others, "data, name, dtype and requires_grad")
        return leaf(data, name, requires_grad, dtype, get_frame(1))

    @property
    def data(self) -> Any:
        """The values.  A leaf's may be assigned and edited, ``W.data -= step``: in a new array."""
        return hand_out(self._array, self, "data")

    @data.setter
    def data(self, value: Any) -> None:
        self._array = self.node.result = coerce.copy_like(self, value, "data")
        mark_used(self.node)  # if zero_grad does not forget this gradient now, that is found

    @property
    def grad(self) -> Any:
        """The gradient that ``backward`` has accumulated for this leaf; None before the first one.

        Raises AttributeError for a constant, and for a result without ``retain_grad``.
        """
        return hand_out(gradient_of(self.node), self, "grad")

    @grad.setter
    def grad(self, value: Any) -> None:
        self.node.grad = None if value is None else coerce.copy_like(self, value, "grad")

    @in_other_words(words={"gradient": "seed"}, advice=errors.BACKWARD)
    def backward(self, seed: Any = None, *, free: bool = False) -> None:
        """Add the gradient of this tensor to the ``.grad`` of every leaf that it was computed from.

        ``seed``: the gradient with respect to this tensor itself, of its shape; by default 1, for a
        single number.  ``free``: free the record's arrays at the end; otherwise a second call adds
        the same once more.

        Raises ValueError for a missing or misshapen seed, RuntimeError where there is no record, or
        no more, and what a rule or a hook raises.  Then, and if it is interrupted, no ``.grad`` has
        changed.
        """
        found = collect_gradients(self.node, coerce.seed(self, seed))
        totals = [g if node.grad is None else node.grad + g for node, g in found.items()]
        any(map(Node.grad.__set__, found, totals))  # in one go: Ctrl-C comes before it or after
        self.swept = True
        if free:
            for node in topological_order(self.node):
                if node.op is not None:
                    node.values = node.result = None
