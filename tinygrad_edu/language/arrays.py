"""The value of a tree by NumPy's rules: a vector has one axis, shapes broadcast, and subscripts count from zero."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..op import OPS
from ..ops import composed
from .computing import MOST_MADE, Impossible, Misfit, Values, shape
from .reading import CHOOSERS, MAKERS
from .tree import Expr

WHOLE: dict[str, Any] = {"All": slice(None), "Backwards": slice(None, None, -1), "New": None, "Rest": Ellipsis}


class Arrays(Values):
    """NumPy's reading."""

    base = 0

    def of_Index(self, tree: Expr) -> Any:
        whole, *parts = tree.args
        x = self.value(whole)
        try:
            return x[tuple(self.position(p) for p in parts)]
        except IndexError as error:
            raise Misfit("getitem", [shape(x)], str(error)) from None

    def position(self, part: Expr) -> Any:
        if part.head in WHOLE:
            return WHOLE[part.head]
        if part.head == "Slice":
            return slice(*(None if p.head == "All" else self.whole(p) for p in part.args))
        x = self.value(part)
        return int(x) if np.ndim(x) == 0 else np.asarray(x).astype(int) if np.asarray(x).dtype != bool else x

    def of_Key(self, tree: Expr) -> Any:
        """Subscripts that are an option of an operation."""
        found = tuple(self.position(p) for p in tree.args)
        return found[0] if len(found) == 1 else found

    def of_List(self, tree: Expr) -> Any:
        """An array of its elements; of arrays of several shapes, what vstack takes."""
        found = [self.value(a) for a in tree.args]
        return stacked(found) if len({shape(x) for x in found}) == 1 else tuple(found)

    def of_Each(self, tree: Expr) -> Any:
        return stacked(self.over(tree))

    def do_zeros(self, *sizes: Any) -> Any:
        return np.zeros(lengths(sizes))

    def do_ones(self, *sizes: Any) -> Any:
        return np.ones(lengths(sizes))

    def do_full(self, sizes: Any, x: Any) -> Any:
        return x * np.ones(lengths((sizes,)))

    def do_eye(self, *sizes: Any) -> Any:
        return unit(*lengths(sizes))

    do_identity = do_eye

    def do_arange(self, n: Any) -> Any:
        """0, 1, ..."""
        return np.arange(*lengths((n,)))

    def do_ones_like(self, x: Any) -> Any:
        return np.ones(shape(x))

    def do_zeros_like(self, x: Any) -> Any:
        return np.zeros(shape(x))

    def do_one_hot(self, k: Any, n: Any) -> Any:
        return unit(*lengths((n,)))[np.asarray(k).astype(int) - self.base]

    def do_argmax(self, x: Any, axis: Any = None) -> Any:
        return np.argmax(getattr(x, "_array", x), None if axis is None else int(axis))

    def do_argmin(self, x: Any, axis: Any = None) -> Any:
        return np.argmin(getattr(x, "_array", x), None if axis is None else int(axis))

    def do_size(self, x: Any) -> float:
        return float(prod(shape(x)))

    def do_reshape(self, x: Any, *sizes: Any) -> Any:
        """The same numbers in another shape, of which one length may be -1."""
        return OPS["reshape"].public(x, tuple(int(n) for n in flat(sizes)))

    def do_tile(self, x: Any, *times: Any) -> Any:
        """Copies side by side and one above the other."""
        return OPS["tile"].public(x, lengths(times))

    def do_repeat(self, x: Any, times: Any, axis: int | None = None) -> Any:
        """Each element, or each row, so many times."""
        return OPS["repeat"].public(x, lengths((times,))[0], axis)

    def do_correlate(self, x: Any, y: Any, mode: str = "valid") -> Any:
        """The sum of products while one slides over the other."""
        return composed.find("correlate").public(x, y, mode)

    def do_einsum(self, *operands: Any, subscripts: str) -> Any:
        return OPS["einsum"].public(subscripts, *operands)

    def do_where(self, condition: Any, x: Any, y: Any) -> Any:
        return OPS["where"].public(np.asarray(condition, bool), x, y)

    def do_select(self, *_: Any) -> Any:
        raise Impossible("write this or that with if and else")

    def do_vstack(self, *parts: Any) -> Any:
        return OPS["concatenate"].public([p if len(shape(p)) > 1 else p[None] for p in elements(parts)], 0)

    def do_hstack(self, *parts: Any) -> Any:
        rows = elements(parts)
        return OPS["concatenate"].public(rows, 0 if len(shape(rows[0])) == 1 else 1)

    def do_concatenate(self, *parts: Any, axis: int = 0) -> Any:
        """One after the other along an axis."""
        return OPS["concatenate"].public(elements(parts), axis)

    def do_scatter_add(self, sizes: Any, index: Any, rows: Any) -> Any:
        """Rows added where they belong; one that comes twice counts twice."""
        found = np.zeros(lengths((sizes,)))
        np.add.at(found, np.asarray(index).astype(int), rows)
        return found

    def do_scatter_set(self, sizes: Any, index: Any, rows: Any) -> Any:
        """Rows put where they belong; of one that comes twice the last stays."""
        found = np.zeros(lengths((sizes,)))
        found[np.asarray(index).astype(int)] = rows
        return found

    def do_logsumexp(self, x: Any, axis: int | None = -1, keepdims: bool = False) -> Any:
        """Along the last axis, as for examples in rows."""
        return OPS["logsumexp"].public(x, axis, keepdims)

    def do_copy(self, x: Any) -> Any:
        return x

    do_astype = do_copy


def lengths(sizes: Any) -> tuple[int, ...]:
    """Lengths of axes, from numbers or from one tuple of them."""
    found = flat(sizes)
    if any(not 0 <= n <= MOST_MADE for n in found) or np.prod(found, initial=1.0) > MOST_MADE:
        raise Impossible("an array of that size is not needed")
    return tuple(int(n) for n in found)


def flat(sizes: Any) -> list[float]:
    """Numbers, given one by one or in a tuple."""
    return [float(n) for s in sizes for n in np.ravel(getattr(s, "_array", s))]


def unit(n: int, m: int | None = None) -> Any:
    return np.eye(n, m)


def elements(parts: tuple[Any, ...]) -> list[Any]:
    """What is to be put together: given one by one, or in a list."""
    return list(parts[0]) if len(parts) == 1 else list(parts)


def stacked(found: list[Any]) -> Any:
    """Arrays along a new first axis; Tensors as well."""
    if len({shape(x) for x in found}) > 1:
        raise Misfit("stack", [shape(x) for x in found])
    if any(hasattr(x, "_array") for x in found):
        return OPS["stack"].public([x if hasattr(x, "_array") else np.asarray(x, float) for x in found])
    return np.array(found)


assert {f"do_{maker}" for maker in MAKERS} <= set(dir(Arrays)) and "where" in CHOOSERS
