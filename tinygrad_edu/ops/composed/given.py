"""What users give to functions that are made of operations: their operands, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import messages as errors
from ...graph import Value


def values(x) -> Any:
    """The numbers of x, a Tensor or what NumPy makes an array of, as an array."""
    return np.asarray(x._array if isinstance(x, Value) else x)


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
