"""``vmap``: a function that is written for one example, called for each of many.

It calls the function once for each example and stacks the results, so what happens can be read in the record.  It saves
no time: a product of matrices for all examples at once is as many times faster as there are examples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import messages as errors
from ..graph import Value
from ..ops import stack
from .argnums import takes_arguments_of
from .composing import in_other_words
from .structure import form, is_leaf, is_structure, leaves, map_leaves, parts_of, with_leaves

INSTEAD = {
    "randomness": "Leave it out: each example draws its own random numbers.",
    "chunk_size": "Leave it out: the examples go one by one.",
    "axis_name": "Leave it out: sum over the examples after vmap.",
    "axis_size": "Leave it out: the arguments say how many examples there are.",
}


@in_other_words({"in_dims": "in_axes", "out_dims": "out_axes"}, INSTEAD)
def vmap(f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """Make a function that calls ``f`` for each example, and stacks what it returns.

    ``in_axes``: the axis along which the examples of the arguments lie; None for an argument that is the same for all.
    A tuple has one for each argument, and a list or a dict in it one for each part of an argument that is such a
    structure.  ``out_axes``: the axis of the examples in the results, in the same way.  Arguments by name have their
    examples along the first axis.  Results are Tensors where arguments are, so that derivatives go through.

    The new function raises ValueError if there is no example, if the arguments have different numbers of them, or if
    they lack the axis.

    >>> vmap(lambda x, y: x @ y)([[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]])
    array([3., 7.])
    """

    @takes_arguments_of(f)
    @errors.with_short_traceback
    def of_all(*args: Any, **options: Any) -> Any:
        """Call f for each example in the arguments."""
        axes = tuple(in_axes) if isinstance(in_axes, (list, tuple)) else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise errors.wrong_axes("in_axes", in_axes, f"{len(args)} arguments")
        given = [Examples(x, axis) for x, axis in zip(args, axes)]
        by_name = {name: Examples(x, 0) for name, x in options.items()}
        count = count_examples(f, {**{f"argument {i}": x for i, x in enumerate(given)}, **by_name})
        every = range(count)
        return stacked(
            [f(*(x.number(i) for x in given), **{n: x.number(i) for n, x in by_name.items()}) for i in every], out_axes
        )

    return of_all


class Examples:
    """An argument of ``vmap``: its arrays, and the axis of the examples in each of them, or None."""

    def __init__(self, argument: Any, axes: Any) -> None:
        # Lists of numbers become arrays.
        self.argument = map_leaves(lambda path, x: x if isinstance(x, Value) else np.asarray(x), argument)
        self.arrays, self.axes = leaves(self.argument), spread(self.argument, axes, "in_axes")
        for x, axis in zip(self.arrays, self.axes):
            if axis is not None and not -x.ndim <= axis < x.ndim:
                raise errors.wrong_axes("in_axes", axis, f"an array of shape {x.shape}")

    def number(self, i: int) -> Any:
        """The argument for example ``i``."""
        chosen = [x if axis is None else np.take(x, i, axis) for x, axis in zip(self.arrays, self.axes)]
        return with_leaves(self.argument, chosen)


def count_examples(f: Callable[..., Any], arguments: dict[str, Examples]) -> int:
    """The number of examples in the arguments, which go by the names of an error.  ValueError if there is none."""
    sizes = {
        f"{name}, array {k}" if len(given.arrays) > 1 else name: x.shape[axis]
        for name, given in arguments.items()
        for k, (x, axis) in enumerate(zip(given.arrays, given.axes))
        if axis is not None
    }
    if len({*sizes.values()}) > 1:
        raise errors.unlike_examples(sizes)
    if not any(sizes.values()):
        raise errors.no_examples(f)
    return int(next(iter(sizes.values())))


def spread(x: Any, axes: Any, option: str) -> list[Any]:
    """The axis for each leaf of x, if ``axes`` is a number, None, or a structure like x or like its outer parts."""
    if axes is None or (isinstance(axes, int) and not isinstance(axes, bool)):
        return [axes] * len(leaves(x))
    parts, found = (parts_of(x) if is_structure(x) else None), parts_of(axes)
    if parts is None or found is None or parts.keys() != found.keys():
        raise errors.wrong_axes(option, axes, type(x).__name__ if is_structure(x) else "an array")
    return [axis for key, part in parts.items() for axis in spread(part, found[key], option)]


def stacked(results: list[Any], out_axes: Any) -> Any:
    """Stack the results of all examples, leaf by leaf; what is no number is that of the first example."""
    first = results[0]
    if not (is_leaf(first) or is_structure(first)):
        return first
    columns = zip(*([*leaves(r)] if is_structure(r) else [r] for r in results))
    axes = spread(first, out_axes, "out_axes")
    made = [
        column[0] if axis is None else (stack if any(isinstance(x, Value) for x in column) else np.stack)(column, axis)
        for column, axis in zip(columns, axes)
    ]
    return with_leaves(form(first), made)
