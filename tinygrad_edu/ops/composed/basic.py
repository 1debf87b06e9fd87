"""Functions that are made of operations and that the package itself uses."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ...engine.composing import composed
from ...errors import messages as errors
from .. import pointwise, select


@composed(method=True)
def astype(x, dtype):
    """The numbers in another ``dtype``.  In a floating one it is a tensor, and the gradient has the old dtype again.

    In whole numbers or truth values it is a plain array, since no gradient flows through those.  Raises TypeError for
    any other dtype.
    """
    dtype = np.dtype(dtype)
    data = np.asarray(getattr(x, "_array", x))
    if dtype.kind == "f":
        return pointwise.cast(x, dtype, data.dtype if data.dtype.kind == "f" else dtype)  # no gradient flows to others
    if dtype.kind not in "iub":
        raise errors.explained(
            TypeError(f"astype makes no {dtype} of real numbers"), "Give a real dtype, such as float or int."
        )
    return data.astype(dtype)


@composed(words={"split_size_or_sections": "split_size"})
def split(x, parts=None, axis: int = 0, *, dim: int | None = None, split_size=None) -> list[Any]:
    """Cut along an axis: into so many equal ``parts``, or before each of the indices that ``parts`` lists.

    Returns a list of tensors.  Raises ValueError if the parts would not be equal.  With ``dim`` or ``split_size`` it is
    PyTorch's: parts of a size, of which the last may be smaller, or of a list of sizes.
    """
    if dim is not None or split_size is not None:
        axis = axis if dim is None else dim
        parts = _indices_of_sizes(np.shape(x)[axis], parts if split_size is None else split_size)
    n = np.shape(x)[axis]
    if np.ndim(parts) == 0:
        parts = operator.index(parts)
        if parts < 1 or n % parts:
            raise errors.explained(
                ValueError(f"an axis of length {n} cannot be split into {parts} equal parts"),
                "Give a number that divides its length, or a list of the indices at which to cut.",
            )
        parts = range(n // parts, n, n // parts) if n else [0] * (parts - 1)
    edges = [0, *parts, n]
    before = (slice(None),) * (axis % np.ndim(x))
    return [select.getitem(x, (*before, slice(a, b))) for a, b in zip(edges, edges[1:])]


def _indices_of_sizes(n: int, sizes: Any) -> list[int]:
    """Where to cut an axis of length ``n`` into parts of a size, or of a list of sizes.

    Raises ValueError if the list does not add up to the length.
    """
    if np.ndim(sizes) == 0:
        return list(range(operator.index(sizes), n, operator.index(sizes)))
    *edges, end = np.cumsum(sizes, dtype=int).tolist()
    if end != n:
        words = f"parts of sizes {list(sizes)} do not make an axis of length {n}"
        raise errors.explained(ValueError(words), "With dim=, as in PyTorch, a list gives the size of each part.")
    return edges


@composed(words={"p": "rate"})
def dropout(x, rate: float = 0.5, rng: np.random.Generator | bool | None = None, training: bool = True):
    """Set each element to 0 with probability ``rate``, and scale the others by 1/(1 - rate), so that the mean stays.

    Call it in training only, or with ``training=False``, which returns x.  ``rng``: the generator that chooses; pass one
    with a seed for the same choice each time.  In its place may be True or False for ``training``, as in PyTorch.
    Raises ValueError if the rate is not at least 0 and below 1.  (Srivastava et al., Dropout, 2014.)
    """
    if not 0 <= rate < 1:
        raise ValueError(f"a dropout rate is at least 0 and below 1, not {rate}")
    if not (rng if isinstance(rng, bool) else training):
        return x
    generator = None if isinstance(rng, bool) else rng
    chosen = (generator or np.random.default_rng()).random(np.shape(x)) >= rate
    data = getattr(x, "_array", x)
    return pointwise.multiply(x, chosen.astype(np.asarray(data).dtype) / np.asarray(data).dtype.type(1 - rate))
