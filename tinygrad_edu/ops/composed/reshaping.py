"""NumPy's and PyTorch's names for the same elements in another shape, and for copies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...engine.composing import composed
from ...errors import messages as errors
from .. import pointwise, reduce, shape
from .operands import array, checked_axis


@composed(method=True, aliases="clone contiguous", words={"memory_format": "order"})
def copy(a, order: Any = "K", subok: bool = False):
    """A new tensor of the same values, through which the gradient flows.  ``t.numpy()`` copies the plain values."""
    return pointwise.positive(array(a))


@composed(method=True, advice={"order": "x.T.ravel() for the order of columns"})
def flatten(x, start_dim: Any = 0, end_dim: int = -1):
    """All elements as one vector, in the order of rows; or the axes from ``start_dim`` to ``end_dim`` made one (PyTorch's)."""
    x = array(x)
    if isinstance(start_dim, str):  # the order, which is all that NumPy's method takes
        if start_dim not in ("C", "K", "A"):
            error = TypeError(f"flatten knows the order of rows alone, not {start_dim!r}")
            raise errors.explained(error, "Write x.T.ravel() for the order of columns.")
        start_dim = 0
    if x.ndim == 0:
        return x.reshape(1)
    first, last = checked_axis(start_dim, x.ndim), checked_axis(end_dim, x.ndim)
    if first > last:
        words = f"the axes from {start_dim} to {end_dim} of shape {x.shape} are none"
        raise errors.explained(ValueError(words), "start_dim comes before end_dim.")
    if first == 0 and last == x.ndim - 1:
        return shape.ravel(x)
    return x.reshape((*x.shape[:first], math.prod(x.shape[first : last + 1]), *x.shape[last + 1 :]))


@composed(method=True, words={"unflattened_size": "sizes"})
def unflatten(x, dim: int, sizes):
    """An axis in several of these lengths, of which one may be -1 (PyTorch's)."""
    x = array(x)
    axis = checked_axis(dim, x.ndim)
    sizes = np.empty((x.shape[axis],)).reshape(sizes).shape
    return x.reshape((*x.shape[:axis], *sizes, *x.shape[axis + 1 :]))


def _lengths(size: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape that was given as one tuple, or as one number after the other."""
    return tuple(size[0]) if len(size) == 1 and not isinstance(size[0], (int, np.integer)) else size


@composed(aliases="permute_dims", words={"dims": "axes"})
def permute(x, *axes):
    """The axes in another order, which names each once (PyTorch's): ``transpose`` with all axes."""
    return shape.transpose(x, _lengths(axes))


@composed(method=True)
def expand(x, *size):
    """The elements repeated to fit a shape, in which -1 is the length that the axis has (PyTorch's)."""
    x, to = array(x), _lengths(size)
    own = (1,) * (len(to) - x.ndim) + x.shape
    if len(own) > len(to) or -1 in to[: len(to) - x.ndim]:
        words = f"a tensor of shape {x.shape} cannot be repeated to {tuple(to)}"
        raise errors.explained(ValueError(words), "Give a length for each axis; a new one comes first, and is not -1.")
    return shape.broadcast_to(x, tuple(n if to_n == -1 else to_n for n, to_n in zip(own, to)))


@composed(method=True)
def expand_as(x, other):
    """The elements repeated to the shape of another tensor (PyTorch's)."""
    return shape.broadcast_to(x, np.shape(other))


@composed(method=True, aliases="view_as")
def reshape_as(x, other):
    """The same elements in the shape of another tensor (PyTorch's)."""
    return array(x).reshape(np.shape(other))


@composed(method=True)
def sum_to_size(x, *size):
    """The sum over the axes along which an array of that shape would be repeated (PyTorch's): the vjp of broadcasting."""
    x, to = array(x), _lengths(size)
    if np.broadcast_shapes(to, x.shape) != x.shape:
        words = f"an array of shape {tuple(to)} is not repeated to {x.shape}"
        raise errors.explained(ValueError(words), "Each length is 1, or that of the axis.")
    new = x.ndim - len(to)
    axes = [*range(new), *(new + i for i, n in enumerate(to) if n == 1)]
    return reduce.sum(x, tuple(axes), True).reshape(to)


@composed(method=True)
def t(x):
    """A matrix transposed; a vector as it is (PyTorch's)."""
    x = array(x)
    if x.ndim > 2:
        words = f"t() takes a matrix or a vector, not shape {x.shape}"
        raise errors.explained(
            ValueError(words), "Write x.mT for a stack of matrices, or x.transpose(...) with all axes."
        )
    return shape.transpose(x)
