"""The arrays that ``.data`` and ``.grad`` return, and how they are edited in place: ``W.data -= step``.

A record may hold the array of a leaf, and then no number in it may change.  So an array that is handed out cannot be
written to.  An edit in place is made on a copy, and the copy becomes the leaf's array: the record keeps the old one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..errors import coerce
from ..errors import messages as errors
from ..graph import Node, Value
from .frozen import is_frozen_leaf
from .plain_arrays import PlainArray, method_of_tensor
from .used_gradients import mark_used


class LeafArray(PlainArray):
    """An array of a tensor, or a part of it.  What is computed from it is an ordinary array."""

    # The tensor, "data" or "grad", and the whole array that was handed out.  None for an array that was computed.
    owner: Any = None
    place: Any = None  # where it was a part of the tensor's array, once it has numbers of its own: see ``place_of``

    def __array_finalize__(self, source: Any) -> None:
        self.owner = getattr(source, "owner", None)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        array = array.view(np.ndarray)
        return array[()] if return_scalar else array

    def __array_ufunc__(self, ufunc: Any, method: Any, *inputs: Any, **options: Any) -> Any:
        """What NumPy's functions call: ``np.add.at(W.data, i, 1)`` and ``out=W.data`` write into a leaf's array."""
        plain = [x.view(np.ndarray) if isinstance(x, LeafArray) else x for x in inputs]
        compute = getattr(ufunc, method)
        if method == "at" and isinstance(inputs[0], LeafArray):
            write_into(inputs[0], lambda x: compute(x.view(np.ndarray), *plain[1:]))
            return None
        out = options.get("out", ())
        if len(out) == 1 and isinstance(out[0], LeafArray):
            del options["out"]
            return write_into(out[0], lambda x: compute(*plain, out=x.view(np.ndarray), **options))
        return compute(*plain, **options)


def hand_out(array: Any, tensor: Any, attribute: str) -> Any:
    """The array as the user sees it, in ``tensor.data`` or ``tensor.grad``; a single number is returned as it is."""
    if array is None:
        return None
    if not array.shape:
        number = array[()]
        if array.dtype in NUMBERS:
            number = NUMBERS[array.dtype](number)
            number.owner = (tensor, attribute, array)
        return number
    view = array.view(LeafArray)
    view.flags.writeable = False
    view.owner = (tensor, attribute, array)
    return view


def gradient_of(node: Node) -> Any:
    """The gradient that has accumulated at a node; None for a parameter before ``backward``, or while frozen.

    Raises AttributeError where there never is a gradient, and where the user's line computes with a missing one.
    """
    if node.grad is not None:
        return coerce.dense(node.grad)
    from .plain_values import missing_is_used

    if not (node.op is None and (node.active or is_frozen_leaf(node))) or missing_is_used():
        raise errors.no_gradient(node)
    return None


def edit(tensor: Any, attribute: str, change: Callable[[Any], Any], part: Any = None) -> None:
    """Make a change in place on a copy of a leaf's array, and give the copy to the leaf.

    ``change``: is called with the copy, or with that part of it which ``part`` is of the leaf's array.  If it raises an
    error, nothing has changed.  Raises ValueError for a result: its numbers belong to the record.
    """
    array = coerce.dense(tensor.node.grad) if attribute == "grad" else tensor._array
    if array is None or not tensor.is_leaf:
        raise errors.edited_in_place(tensor, attribute)
    copy = np.array(array)
    try:
        change(copy if part is None else same_part(copy, part, tensor, attribute))
    except Exception as error:
        raise errors.edit_failed(error, tensor, attribute)
    if attribute == "grad":
        tensor.node.grad = copy[()]
    else:
        tensor._array = tensor.node.result = copy[()]
        mark_used(tensor.node)  # if zero_grad does not forget this gradient now, that is found


def same_part(copy: Any, part: Any, tensor: Any, attribute: str) -> Any:
    """The elements of ``copy`` that ``part``, a view, has of the array that it is a view of."""
    whole = part.owner[2]
    if part.place is None and whole.shape == part.shape == copy.shape and whole.strides == part.strides:
        return copy  # the most common case, answered without addresses
    start, strides, layout = place_of(part)
    if (start, part.shape, strides) == (0, *layout) and part.shape == copy.shape:
        return copy  # however it lies in memory
    if layout != (copy.shape, copy.strides):
        raise errors.edited_in_place(tensor, attribute)
    return as_strided(copy.ravel("K")[start // copy.itemsize :], part.shape, strides)


def place_of(part: LeafArray) -> Any:
    """Where a view lies in its array: the first byte, the strides, and the shape and strides of the whole."""
    if part.place is not None:
        return part.place
    whole = part.owner[2]
    start = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return start, part.strides, (whole.shape, whole.strides)


def in_place(array: LeafArray, change: Callable[[Any], Any]) -> LeafArray:
    """Make a change of an array that was handed out, and return the array as it is now."""
    if array.owner is None or array.flags.writeable:
        change(array)
        return array
    tensor, attribute, _ = array.owner
    edit(tensor, attribute, change, array)
    return same_part(getattr(tensor, attribute), array, tensor, attribute)


def operator_in_place(name: str) -> Any:
    """Make an operator such as ``-=``: ``W.data -= step`` assigns to W.data what this returns."""
    function = getattr(operator, name)

    @errors.with_short_traceback
    def apply(self: LeafArray, other: Any) -> Any:
        other = other._array if isinstance(other, Value) else other
        return in_place(self, lambda x: function(x.view(np.ndarray), other))

    return apply


def method_in_place(function: Callable[..., Any]) -> Any:
    """Make a method that writes into the array, as ``fill`` does; PyTorch's end in ``_``, and return the array."""

    @errors.with_short_traceback
    def method(self: LeafArray, *args: Any, **options: Any) -> Any:
        return write_into(self, lambda x: function(x.view(np.ndarray), *args, **options))

    return method


def write_into(array: LeafArray, change: Callable[[Any], Any]) -> LeafArray:
    """Make a change of an array that a variable may hold: its user expects to see the change in it."""
    now = in_place(array, change)
    if now is not array:
        array.place = place_of(array)
        array.__setstate__((1, now.shape, now.dtype, False, now.tobytes()))  # type: ignore[arg-type]
        array.flags.writeable = False
    return array


for _name in "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor".split():
    setattr(LeafArray, f"__{_name}__", operator_in_place(f"__{_name}__"))
for _name in ("__setitem__", "fill", "sort", "put", "partition"):
    setattr(LeafArray, _name, method_in_place(getattr(np.ndarray, _name)))
# Methods in place that PyTorch's users call, by their names.
IN_PLACE: dict[str, Callable[..., Any]] = {
    "zero_": lambda x: x.fill(0),
    "fill_": lambda x, value: x.fill(value),
    "copy_": lambda x, other: x.__setitem__(..., other),
    "add_": lambda x, other, alpha=1: x.__iadd__(alpha * other),
    "sub_": lambda x, other, alpha=1: x.__isub__(alpha * other),
    "mul_": lambda x, other: x.__imul__(other),
    "div_": lambda x, other: x.__itruediv__(other),
    "normal_": lambda x, mean=0.0, std=1.0: x.__setitem__(..., np.random.default_rng().normal(mean, std, x.shape)),
    "uniform_": lambda x, low=0.0, high=1.0: x.__setitem__(..., np.random.default_rng().uniform(low, high, x.shape)),
    "clamp_": lambda x, min=None, max=None: np.clip(x, min, max, out=x),
}
for _name, _function in IN_PLACE.items():
    setattr(LeafArray, _name, method_in_place(_function))


# A single number of a leaf can be edited by the same methods: ``w.grad.zero_()``.


def method_of_number(function: Callable[..., Any]) -> Any:
    """Make a method that edits the single number of a leaf."""

    @errors.with_short_traceback
    def method(self: Any, *args: Any, **options: Any) -> Any:
        tensor, attribute, _ = self.owner
        edit(tensor, attribute, lambda x: function(x, *args, **options))
        return getattr(tensor, attribute)

    return method


METHODS_OF_NUMBERS = {
    **{name: method_of_number(function) for name, function in IN_PLACE.items()},
    "__setitem__": method_of_number(np.ndarray.__setitem__),
    "__getattr__": method_of_tensor,
    "data": property(lambda self: self),
    "detach": lambda self: self,
    "numpy": lambda self: self,
    "clone": lambda self: self,
}
# NumPy has a class for the numbers of each dtype.  It crashes if another base class stands before its own.
NUMBERS = {np.dtype(x): type("LeafNumber", (x,), METHODS_OF_NUMBERS) for x in (np.float64, np.float32)}
