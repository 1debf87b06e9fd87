"""Operations that move elements.  They are linear, and each rule moves the gradient back the way the elements came."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.calling import otherwise as _otherwise
from ..engine.calling import written as _written
from ..op import op
from .select import put


def _flat(given: tuple[Any, ...]):
    """Unpack a tuple: ``reshape(2, 3)`` and ``reshape((2, 3))`` mean the same."""
    return given[0] if len(given) == 1 and not isinstance(given[0], int) else given


@op(
    r"\operatorname{reshape}($x)",
    needs={
        "a shape for as many elements as x has": lambda x, to: (
            -1 in np.atleast_1d(_flat(to)) or math.prod(np.atleast_1d(_flat(to))) == x.size
        )
    },
    examples=(((2, 3), dict(to=(3, 2))), ((), dict(to=(1, 1))), ((2, 3), dict(to=(-1,)))),
    rearranges=True,
    aliases="view",
    words={"shape": "to", "newshape": "to"},
    advice={"order": "x.T.reshape(to[::-1]).T for the order of columns"},
    x=lambda g, shape: g.reshape(shape),
)
def reshape(x, *to):
    """The same elements in another shape; one length may be -1, and is computed from the others."""
    return np.reshape(x, _flat(to))


@op(
    examples=(((2, 3),), ((),)),
    rearranges=True,
    advice={"order": "x.T.ravel() for the order of columns"},
    x=lambda g, shape: g.reshape(shape),
)
def ravel(x):
    """All elements as one vector, in the order of rows."""
    return np.ravel(x)


def _are_two(axes: tuple[Any, ...], ndim: int) -> bool:
    """Are these two axes of more, which PyTorch's users exchange?"""
    return len(axes) == 2 and ndim > 2


def _inverse(axes: tuple[Any, ...], ndim: int):
    """Find the order of axes that undoes an order of axes."""
    if _are_two(axes, ndim):
        order: Any = list(range(ndim))
        order[axes[0]], order[axes[1]] = order[axes[1]], order[axes[0]]
        return tuple(order)
    order = _flat(axes) if axes else None
    return None if order is None else tuple(np.argsort([a % len(order) for a in order]).tolist())


@_written("", where=lambda x: x > 2)  # the sign of a transpose would mean that of each matrix
@op(
    "$x^{\\top}",
    binds=3,
    examples=(((2, 3),), ((2, 3, 4), dict(axes=(1, 2, 0))), ((3,),)),
    rearranges=True,
    advice={"dim0": "x.swapaxes(dim0, dim1)", "dim1": "x.swapaxes(dim0, dim1)"},
    x=lambda g, axes: transpose(g, _inverse(axes, g.ndim)),
)
def transpose(x, *axes):
    """The axes in another order: reversed, unless ``axes`` says which.

    Two axes of more are exchanged, as in PyTorch.  Of a matrix ``transpose(0, 1)`` is refused: in NumPy it changes
    nothing, and in PyTorch it exchanges the axes.
    """
    if _are_two(axes, np.ndim(x)):
        return np.swapaxes(x, *axes)
    if axes in ((0, 1), (-2, -1)):
        raise ValueError(f"transpose takes all axes in their new order; x.T or x.swapaxes{axes} exchanges two")
    return np.transpose(x, _flat(axes) if axes else None)


@op(
    "$x^{\\top}",
    binds=3,
    needs={"at least two axes": lambda x: x.ndim >= 2},
    examples=(((2, 3),), ((4, 2, 3),)),
    rearranges=True,
    aliases="linalg.matrix_transpose adjoint",
    x=lambda g: g.mT,
)
def matrix_transpose(x):
    """The last two axes exchanged: of a stack of matrices, each transposed."""
    return np.swapaxes(x, -1, -2)


@op(
    examples=(((2, 3, 4), dict(axis1=0, axis2=2)),),
    rearranges=True,
    aliases="swapdims",
    words={"dim0": "axis1", "dim1": "axis2", "axis0": "axis1"},
    x=lambda g, axis1, axis2: swapaxes(g, axis1, axis2),
)
def swapaxes(x, axis1: int, axis2: int):
    """The same elements with two axes exchanged."""
    return np.swapaxes(x, axis1, axis2)


@op(
    examples=(((2, 3, 4), dict(source=0, destination=-1)), ((2, 3, 4), dict(source=(0, 1), destination=(1, 2)))),
    rearranges=True,
    aliases="movedim",
    x=lambda g, source, destination: moveaxis(g, destination, source),
)
def moveaxis(x, source, destination):
    """Axes moved to other positions, the others in their old order."""
    return np.moveaxis(x, source, destination)


@op(
    examples=(((2, 3), dict(axis=0)), ((3,), dict(axis=(0, -1)))),
    rearranges=True,
    aliases="unsqueeze",
    x=lambda g, shape: g.reshape(shape),
)
def expand_dims(x, axis):
    """A new axis of length 1 at ``axis`` of the result."""
    return np.expand_dims(x, axis)


@op(
    examples=(((2, 1, 3),), ((1, 2, 1), dict(axis=0))),
    rearranges=True,
    x=lambda g, shape: g.reshape(shape),
)
def squeeze(x, axis=None):
    """The same elements without the axes of length 1, or without those at ``axis``."""
    return np.squeeze(x, axis)


@op(
    examples=(((3,), dict(to=(2, 3))), ((2, 1), dict(to=(4, 2, 3)))),
    words={"shape": "to", "size": "to"},
    x=lambda g: g,
)
def broadcast_to(x, to):
    """The elements repeated to fit a shape.  The sweep undoes broadcasting wherever it happened, so here too."""
    return np.broadcast_to(x, to)


def _part(g, shape: tuple[int, ...], which: int, shapes, axis: int | None):
    """Cut out the part of the gradient that belongs to one operand."""
    if axis is not None:
        axis %= len(shape)
    start, length = shapes.start(which, axis), math.prod(shape) if axis is None else shape[axis]
    return g[(slice(None),) * (axis or 0) + (slice(start, start + length),)].reshape(shape)


@op(
    r"\operatorname{concatenate}([$arrays])",
    variadic="arrays",
    aliases="cat concat",
    needs={
        "arrays that agree in every axis but the one they are joined along": lambda arrays, axis: (
            axis is None or len({np.delete(np.shape(x), axis).tobytes() for x in arrays}) == 1
        )
    },
    examples=(([(2, 3), (1, 3)],), ([(2, 3), (2, 1), (2, 2)], dict(axis=-1)), ([(2, 2), (3,)], dict(axis=None))),
    arrays=_part,
)
def concatenate(arrays, axis: int | None = 0):
    """Arrays joined end to end along an axis that they have; flattened first if it is None."""
    return np.concatenate(arrays, axis)


@op(
    r"[$arrays]",
    variadic="arrays",
    needs={"arrays of one shape": lambda arrays: len({np.shape(x) for x in arrays}) == 1},
    examples=(([(3,), (3,)],), ([(2, 3), (2, 3)], dict(axis=-1)), ([(), (), ()],)),
    arrays=lambda g, which, axis: np.moveaxis(g, axis, 0)[which],
)
def stack(arrays, axis: int = 0):
    """Arrays of one shape, side by side along a new axis."""
    return np.stack(arrays, axis)


def _inside(shape: tuple[int, ...], width) -> tuple[slice, ...]:
    before = np.broadcast_to(width, (len(shape), 2))[:, 0]
    return tuple(slice(b, b + n) for b, n in zip(before.tolist(), shape))


_BORDERS = ("edge", "reflect", "symmetric", "wrap")  # made of elements of the array itself


def _pad_rule(g, shape: tuple[int, ...], pad_width, mode: str):
    """The gradient inside of the border; each element of the border, if it is one of x, passes its own back there."""
    if mode == "constant":
        return g[_inside(shape, pad_width)]
    source = np.pad(np.arange(math.prod(shape)).reshape(shape), pad_width, mode)
    return put(g, (source,), (math.prod(shape),)).reshape(shape)


def _as_pytorch(args, options) -> bool:
    """Are the widths a flat list of more than two numbers, or the mode one of PyTorch's words?"""
    flat = len(args) > 1 and isinstance(args[1], (tuple, list)) and len(args[1]) > 2 and isinstance(args[1][0], int)
    return flat or len(args) > 2 and args[2] in ("replicate", "circular")


@_otherwise(_as_pytorch)
@op(
    examples=(
        ((3,), dict(pad_width=1)),
        ((2, 3), dict(pad_width=((1, 0), (2, 1)), constant_values=3.0)),
        ((4,), dict(pad_width=2, mode="reflect")),
        ((2, 3), dict(pad_width=((0, 1), (2, 1)), mode="edge")),
        ((3,), dict(pad_width=(1, 2), mode="wrap")),
        ((3,), dict(pad_width=2, mode="symmetric")),
    ),
    extended="layers",
    x=_pad_rule,
)
def pad(x, pad_width, mode: str = "constant", constant_values: float = 0.0):
    """A border: ``pad_width`` is the number of elements before and after, for all axes or for each.

    ``mode``: "constant"; "edge" repeats the last element, "reflect" mirrors those beside it, "symmetric" mirrors it too,
    and "wrap" goes on at the other end.  It also takes PyTorch's widths as one flat list for the last axes, (left,
    right, top, bottom), if there are more than two, or by the name ``pad``, and its modes "replicate" and "circular".
    Raises ValueError for other modes.
    """
    if mode != "constant" and mode not in _BORDERS:
        raise ValueError(f"pad knows the modes 'constant', {', '.join(map(repr, _BORDERS))}, not {mode!r}")
    if mode != "constant" and constant_values != 0:
        raise ValueError(f"pad takes constant_values={constant_values} for mode='constant' only, not for {mode!r}")
    return np.pad(x, pad_width, mode, **({"constant_values": constant_values} if mode == "constant" else {}))


@op(
    examples=(((2, 3),), ((2, 3), dict(axis=1))),
    rearranges=True,
    same_shape=True,
    advice={"*": "x.flip((0, 1)), with the axes in a tuple"},
    x=lambda g, axis: flip(g, axis),
)
def flip(x, axis=None):
    """The elements in reverse order, along all axes or those at ``axis``."""
    return np.flip(x, axis)


@op(
    examples=(((4,), dict(shift=1)), ((2, 3), dict(shift=(1, 2), axis=(0, 1))), ((2, 3), dict(shift=2))),
    rearranges=True,
    same_shape=True,
    words={"shifts": "shift"},
    x=lambda g, shift, axis: roll(g, tuple(-s for s in shift) if np.ndim(shift) else -shift, axis),
)
def roll(x, shift, axis=None):
    """The elements shifted along an axis; those that leave at the end come in at the start."""
    return np.roll(x, shift, axis)


def _tile_rule(g, shape: tuple[int, ...], reps):
    reps = tuple(np.atleast_1d(reps).tolist())
    n = max(len(reps), len(shape))
    reps, full = (1,) * (n - len(reps)) + reps, (1,) * (n - len(shape)) + shape
    return g.reshape([m for pair in zip(reps, full) for m in pair]).sum(tuple(range(0, 2 * n, 2))).reshape(shape)


@op(
    examples=(((3,), dict(reps=2)), ((2, 3), dict(reps=(2, 1, 2))), ((2, 3), dict(reps=2))),
    words={"dims": "reps"},
    advice={"*": "x.tile((2, 1)), with the numbers in a tuple"},
    x=_tile_rule,
)
def tile(x, reps):
    """Copies laid side by side: ``reps`` is their number along each axis."""
    return np.tile(x, reps)
