"""Checks and copies of what a user hands to the engine: data, operands, options, seeds and gradients."""

from __future__ import annotations

import warnings
from contextvars import ContextVar
from typing import Any, TypeAlias

import numpy as np

from ..errors import messages as errors

Tensor: TypeAlias = Any  # the class of tensor.py, which imports this file
points_at_the_user: ContextVar[bool] = ContextVar("NumPy's warnings name the user's line", default=False)


def copy_as_array(data: Any, name: str | None, active: bool, dtype: Any) -> Any:
    """Copy the data of a new tensor into an array of real numbers; a single number becomes a NumPy scalar.

    Raises TypeError for what is not made of real numbers, and ValueError for rows of different lengths.
    """
    if not points_at_the_user.get():
        from .numpy_warnings import point_at_the_user  # at the first tensor, and not at import

        point_at_the_user()
        points_at_the_user.set(True)
    try:
        return require_numeric(
            np.array(data._array if hasattr(data, "node") else require_plain(data), dtype), name, active
        )[()]
    except ValueError as error:
        raise errors.ragged_rows(error) from None


def require_numeric(array: Any, name: str | None = None, active: bool = False) -> Any:
    """Return the array, or raise TypeError if it is not made of real numbers or truth values.

    If it is ``active``, so that a gradient flows to it, truth values are refused and integers become float64.
    """
    if array.dtype.kind not in ("fiu" if active else "fiub"):
        raise errors.not_numeric(array, name, active)
    return array.astype(np.float64) if active and array.dtype.kind != "f" else array


def require_plain(x: Any) -> Any:
    """Return x, or raise TypeError for a masked array and a np.matrix: they are arrays that compute otherwise."""
    if isinstance(x, (np.ma.MaskedArray, np.matrix)):
        raise errors.other_array(x)
    return x


def plain_operand(x: Any, recorded: Any = None) -> Any:
    """An operand that is no tensor, as a number or an array; an array is copied if ``recorded`` is not None.

    The record keeps the copy, so it stays true if the user edits the array later.
    """
    if isinstance(x, np.ndarray):
        return x if recorded is None else require_numeric(np.array(require_plain(x)))
    if x is None or isinstance(x, (float, int, np.generic)):
        return x
    return require_numeric(np.array(x))


def array_operand(x: Any, recorded: Any = None) -> Any:
    """As ``plain_operand``, but a Python number becomes an array without axes: some rules ask operands for their axes.

    Elementwise operations use ``plain_operand``: there a Python number takes the dtype of the other operand.
    """
    return np.asarray(x)[()] if isinstance(x, (float, int)) else plain_operand(x, recorded)


def option(x: Any, recorded: Any = None) -> Any:
    """An argument without a rule, such as an axis or an index; arrays in it are copied if ``recorded`` is not None."""
    if isinstance(x, np.ndarray):
        return x if recorded is None else require_numeric(np.array(require_plain(x)))
    return type(x)(option(part, recorded) for part in x) if type(x) in (tuple, list) else x


def as_dtype(given: Any) -> Any:
    """The dtype that was asked for.  Raises TypeError for what is none, as a GPU's name."""
    try:
        return np.dtype(given)
    except TypeError:
        raise errors.explained(
            TypeError(f"{given!r} is no dtype, and no device but 'cpu'"), "Write np.float32."
        ) from None


def option_named(name: str) -> Any:
    """The function that coerces the option of that name."""
    return axis_option if name == "axis" else option


def axis_option(x: Any, recorded: Any = None) -> Any:
    """An axis, or several: PyTorch takes a list of them, and NumPy a tuple."""
    if x is None or x.__class__ is int:
        return x
    return tuple(x) if type(x) is list else option(x, recorded)


def dense(gradient: Any) -> Any:
    """A gradient as an ordinary array, also if it is kept as rows of a table (engine/sparse_rows.py)."""
    return gradient.dense() if hasattr(gradient, "dense") else gradient


def copy_for_user(gradient: Any) -> Any:
    """Copy a gradient for a user, who may edit it: the engine may pass one array on to several tensors."""
    return gradient if hasattr(gradient, "node") else np.array(dense(gradient))[()]


@errors.with_short_traceback
def seed(tensor: Tensor, given: Any, constant: bool = False) -> Any:
    """The gradient that a sweep starts from: 1 if none is given and the tensor is a single number.

    Raises RuntimeError if no gradient flows to the tensor, unless ``constant``; ValueError if the seed has another
    shape than the tensor, or is missing although the tensor has more than one number.
    """
    if not (tensor.requires_grad or constant):
        raise errors.nothing_to_differentiate(tensor)
    if given is None:
        z = tensor._array
        if z.size != 1:
            raise errors.not_a_scalar(tensor)
        return np.ones(z.shape, z.dtype) if z.shape else z.dtype.type(1)
    return copy_like(tensor, given, "seed")


def constant_result(f: Any, result: Any, warn: bool = True) -> Any:
    """The result of a function that does not depend on its arguments, as an array: its derivatives are 0.

    If ``warn``, the user is warned, who may have taken a value out of the record by mistake.  Raises TypeError if the
    result is neither an array nor a number.
    """
    if not isinstance(result, (np.ndarray, np.generic, int, float)):
        raise errors.not_a_tensor(f, result)
    if warn:
        warning, at = errors.independent_result(f, result)
        warnings.warn_explicit(warning, UserWarning, at.file, at.line)
    array = require_numeric(np.asarray(result))
    return array if array.dtype.kind == "f" else array.astype(np.float64)


@errors.with_short_traceback
def copy_like(tensor: Tensor, given: Any, what: str) -> Any:
    """Copy an array that becomes the "data", "grad", "seed" or "tangent" of a tensor, in the tensor's dtype.

    ``what``: which of these.  Raises ValueError if its shape is not that of the tensor, or if data is assigned to a
    result; AttributeError if a gradient is assigned to what has none; TypeError if it is not made of numbers.
    """
    if what == "data" and not tensor.is_leaf:
        raise errors.result_assigned(tensor)
    if what == "grad" and not (tensor.is_leaf and tensor.requires_grad):
        raise errors.no_gradient(tensor.node)
    if hasattr(given, "owner") and given.shape == tensor.shape:
        own = tensor.node.grad if what == "grad" else tensor.node.result
        if own is not None and given.base is own and given.strides == own.strides:
            return own  # W.data -= step has made the edit already
    array = require_numeric(np.array(require_plain(given))).astype(tensor.dtype)
    if array.shape != tensor.shape:
        raise errors.wrong_shape(tensor, what, array)
    return array[()]
