"""What functions that are made of operations ask of their arguments, and how they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ...engine.plain_arrays import plain
from ...errors import messages as errors
from ...graph import Value
from .. import shape


def values(x: Any) -> Any:
    """The numbers of a tensor, an array or a list, as a plain array: for what has no derivative, as an index."""
    return plain(np.asarray(x._array if isinstance(x, Value) else x))


def floating(x) -> Any:
    """x as an operand: a Tensor as it is; anything else as an array of floating numbers."""
    if isinstance(x, Value):
        return x
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def refuse(words: str, *remedies: str) -> Any:
    """Raise ValueError with these words, and with what to write."""
    raise errors.explained(ValueError(words), *remedies)


def by_name(name: str, order: tuple[str, ...], given: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """All options by their names: those given by position, in this order, and the others, of which None is not given."""
    if len(given) > len(order):
        raise errors.explained(TypeError(f"{name} was given {len(given)} options"), f"They are {', '.join(order)}.")
    known = {word: x for word, x in options.items() if x is not None}
    for word, x in zip(order, given):
        if word in known:
            raise errors.explained(TypeError(f"{name} was given {word} twice"))
        known[word] = x
    return known


def whole(index: Any, what: str) -> Any:
    """An index as an array of whole numbers.  Raises TypeError for others, with ``what`` it was given for."""
    index = values(index)
    if index.size == 0:
        return index.astype(np.intp)
    if index.dtype.kind not in "iu":
        error = TypeError(f"{what} is made of whole numbers, not of dtype {index.dtype}")
        raise errors.explained(error, "Give an array of integers, as np.argsort gives, or index.astype(int).")
    return index


def array(x: Any) -> Any:
    """A tensor as it is; a list with tensors among its entries as one tensor; all else as an array."""
    if isinstance(x, Value):
        return x
    if isinstance(x, (list, tuple)) and any(isinstance(part, (Value, list, tuple)) for part in x):
        parts = [array(part) for part in x]
        tensors = [part for part in parts if isinstance(part, Value)]
        if tensors:
            dtype = np.result_type(*(part._array.dtype for part in tensors))
            return shape.stack([y.astype(dtype) if isinstance(x, (int, float)) else y for x, y in zip(x, parts)])
    return np.asarray(x)


def flat(x: Any) -> Any:
    """All elements as one vector; a vector is it already."""
    x = array(x)
    return x if x.ndim == 1 else shape.ravel(x)


def in_one_axis(x: Any, axis: Any) -> Any:
    """The array with the axes ``axis``, all if it is None, made one, which is the last."""
    if type(axis) is int and -np.ndim(x) <= axis < np.ndim(x):
        return shape.moveaxis(x, axis, -1) if axis % np.ndim(x) != np.ndim(x) - 1 else x
    axes = normalize_axis_tuple(range(np.ndim(x)) if axis is None else axis, np.ndim(x))
    kept = np.ndim(x) - len(axes)
    moved = shape.moveaxis(x, axes, tuple(range(kept, np.ndim(x))))
    lengths = moved.shape
    return moved.reshape((*lengths[:kept], math.prod(lengths[kept:])))


def with_axes_kept(z: Any, ndim: int, axis: Any, keepdims: bool, first: int = 0) -> Any:
    """A result with an axis of length 1 for each that was reduced, if ``keepdims``, after its ``first`` axes."""
    if not keepdims:
        return z
    axes = normalize_axis_tuple(range(ndim) if axis is None else axis, ndim)
    return shape.expand_dims(z, tuple(first + a for a in axes))


def along(lengths: tuple[int, ...], index: Any, axis: int) -> tuple[Any, ...]:
    """The key that takes ``index`` along an axis, and counts along the others, which have these ``lengths``."""
    places: list[Any] = [np.arange(n).reshape((-1,) + (1,) * (len(lengths) - d - 1)) for d, n in enumerate(lengths)]
    places[axis] = index
    return tuple(places)


def checked_axis(axis: Any, ndim: int) -> int:
    """An axis, counted from 0.  Raises AxisError if there is none of that number."""
    (axis,) = normalize_axis_tuple(axis, ndim)
    return int(axis)
