"""Arrays of plain numbers on which the methods of a Tensor can be called, as PyTorch's users do.

A comparison, an argmax and a gradient are no Tensors, since no gradient flows through them.  In PyTorch they are, and
programs write ``(prediction == y).float().mean()`` and ``W.grad.norm()``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..context import current
from ..graph import Value, get_frame, record


def plain(x: Any) -> Any:
    """The array of a Tensor, on which its methods can still be called; of a tuple, those of what is in it.

    A Tensor to which a gradient flows stays one, as what ``mask.where(x, y)`` returns.
    """
    if isinstance(x, tuple):
        return tuple(map(plain, x))
    if isinstance(x, Value) and x.node.active:
        return x
    array = x._array if isinstance(x, Value) else x
    return array.view(PlainArray) if isinstance(array, np.ndarray) else array


class PlainArray(np.ndarray[Any, Any]):
    """An array whose methods are those of NumPy's, and besides them those of a Tensor, which return plain arrays."""

    def __getattr__(self, name: str) -> Any:
        return method_of_tensor(self, name)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar else array.view(PlainArray)

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))

    def __reduce__(self) -> Any:
        return self.view(np.ndarray).__reduce__()

    @property
    def data(self) -> Any:
        """The array itself, for who writes ``W.grad.data``."""
        return self

    def detach(self) -> Any:
        """The array itself: no gradient flows through an array."""
        return self

    def numpy(self) -> Any:
        """Copy the numbers into an ordinary array."""
        return np.array(self)

    clone = numpy


def method_of_tensor(array: Any, name: str) -> Callable[..., Any]:
    """The method of that name of a Tensor, for an array or a number.  Raises AttributeError if there is none."""
    method = None if name.startswith("_") else getattr(Value.of_results, name, None)
    if not callable(method):
        raise AttributeError(f"an array has no {name}, and a Tensor has no method of that name", name=name, obj=array)

    def call(*args: Any, **options: Any) -> Any:
        numbers = record(None, (), (), np.array(array)[()], False, current.get(), get_frame(1))
        return plain(method(numbers, *args, **options))

    return call
