"""Draws numbers for the examples of an operation, for its tests, its documentation and its pictures."""

from __future__ import annotations

import functools
import inspect
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..op import op as Op

# The examples of elementwise operations, by the number of their operands.
BROADCASTING: dict[int, tuple[Any, ...]] = {
    1: (((),), ((3,),), ((2, 3),)),
    2: (((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 3))),
}


class Example(NamedTuple):
    """An operation with operands and options to call it with."""

    op: Op
    operands: dict[str, Any]  # arrays, or lists of arrays, by the names of the arguments
    options: dict[str, Any]

    def __call__(self, **operands: Any) -> Any:
        """Call the operation; the operands given here, by their names, replace those of the example."""
        given: list[Any] = []
        values = {**self.operands, **self.options, **operands}
        for name, p in function_parameters(self.op.function).items():
            if p.kind is p.VAR_POSITIONAL:
                value = values.get(name, [])
                given.extend(value if isinstance(value, list) else [value])
            else:
                given.append(values.get(name, p.default))
        return self.op.public(*given)


@functools.cache
def function_parameters(function: Any) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function by their names; they are read once."""
    return inspect.signature(function).parameters


def examples(op: Op, dtype: Any = np.float64) -> Iterator[Example]:
    """Yield each example of an operation, with operands drawn at random, the same at each call."""
    for stated in op.examples or BROADCASTING[max(1, len(op.rules))]:
        *shapes, options = stated if isinstance(stated[-1], dict) else (*stated, {})
        rng = np.random.default_rng(zlib.crc32(op.name.encode()))
        names = [name for name in op.names if name in op.rules or not op.rules]
        names = [name for name in names if name not in options]
        yield Example(op, {n: _draw(op, n, s, rng, dtype) for n, s in zip(names, shapes)}, options)


def _draw(op: Op, name: str, shape: Any, rng: np.random.Generator, dtype: Any) -> Any:
    if isinstance(shape, list):
        return [_draw(op, name, each, rng, dtype) for each in shape]
    low, high = op.domain.get(name, (-2, 2))
    return np.asarray(shape(rng) if callable(shape) else rng.uniform(low, high, shape), dtype)
