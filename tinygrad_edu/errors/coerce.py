"""What a user may hand in, checked and copied at the door."""

from __future__ import annotations

import warnings
from typing import Any, TypeAlias

import numpy as np

from ..errors import messages as errors

Tensor: TypeAlias = Any  # of tensor.py, which stands on this file


def copy_as_array(data: Any, name: str | None, active: bool, dtype: Any) -> Any:
    """A copy of what a tensor is made of; a single number as one."""
    try:
        return require_numeric(
            np.array(data._array if hasattr(data, "node") else require_plain(data), dtype), name, active
        )[()]
    except ValueError as error:
        raise errors.ragged_rows(error) from None


def require_numeric(array: Any, name: str | None = None, active: bool = False) -> Any:
    """The array, if it is made of real numbers; of floating ones, where it is to be differentiated."""
    if array.dtype.kind not in ("fiu" if active else "fiub"):
        raise errors.not_numeric(array, name, active)
    return array.astype(np.float64) if active and array.dtype.kind != "f" else array


def require_plain(x: Any) -> Any:
    """What computes as arrays do.  A masked array and a matrix are arrays by name and mean something else."""
    if isinstance(x, (np.ma.MaskedArray, np.matrix)):
        raise errors.other_array(x)
    return x


def plain_operand(x: Any, recorded: Any = None) -> Any:
    """An operand that is no tensor; a copy, if it is ``recorded``: editing it later must not falsify the record."""
    if isinstance(x, np.ndarray):
        return x if recorded is None else require_numeric(np.array(require_plain(x)))
    if x is None or isinstance(x, (float, int, np.generic)):
        return x
    return require_numeric(np.array(x))


def array_operand(x: Any, recorded: Any = None) -> Any:
    """As ``plain_operand``, where a Python number becomes an array of no axes: rules ask operands for their axes.

    In elementwise operations it stays a number, which takes the dtype of the other operand.
    """
    return np.asarray(x)[()] if isinstance(x, (float, int)) else plain_operand(x, recorded)


def option(x: Any, recorded: Any = None) -> Any:
    """An argument without a rule, such as an axis or an index; of arrays in it a copy, if it is ``recorded``."""
    if isinstance(x, np.ndarray):
        return x if recorded is None else require_numeric(np.array(require_plain(x)))
    return type(x)(option(part, recorded) for part in x) if type(x) in (tuple, list) else x


def dense(gradient: Any) -> Any:
    """A gradient as an array, also where it is kept as rows (see engine/sparse_rows.py)."""
    return gradient.dense() if hasattr(gradient, "dense") else gradient


def copy_for_user(gradient: Any) -> Any:
    """A gradient for a user to keep or to edit: the engine may pass one array on to several tensors."""
    return gradient if hasattr(gradient, "node") else np.array(dense(gradient))[()]


@errors.with_short_traceback
def seed(tensor: Tensor, given: Any, constant: bool = False) -> Any:
    """The gradient that a sweep starts from, of the shape of the tensor, which has to depend on something."""
    if not (tensor.requires_grad or constant):
        raise errors.nothing_to_differentiate(tensor)
    if given is None:
        z = tensor._array
        if z.size != 1:
            raise errors.not_a_scalar(tensor)
        return np.ones(z.shape, z.dtype) if z.shape else z.dtype.type(1)
    return copy_like(tensor, given, "seed")


def constant_result(f: Any, result: Any, warn: bool = True) -> Any:
    """What a function gave that does not depend on its arguments: an array, whose derivatives are 0.

    It may ``warn``, since a value may have been taken out by mistake.  Raises TypeError for what is no array or number.
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
    """A copy of an array that a tensor's ``data``, ``grad``, seed or tangent is to be: of its shape and dtype."""
    if what == "data" and not tensor.is_leaf:
        raise errors.result_assigned(tensor)
    if what == "grad" and not (tensor.is_leaf and tensor.requires_grad):
        raise errors.no_gradient(tensor.node)
    array = require_numeric(np.array(require_plain(given))).astype(tensor.dtype)
    if array.shape != tensor.shape:
        raise errors.wrong_shape(tensor, what, array)
    return array[()]
