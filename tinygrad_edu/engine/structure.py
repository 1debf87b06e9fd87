"""Structures of parameters: lists, tuples, dicts, dataclasses and modules, nested, with arrays and numbers in them.

A program keeps its parameters as it likes: ``[(W1, b1), (W2, b2)]``, or ``{"W": W, "b": b}``.  Its derivatives come
back in the same structure.  One function knows how to walk through a structure, ``map_leaves``, and all the rest is
made of it: whoever wants the arrays alone collects them on the way, and whoever has new ones puts them back in order.

A leaf of a structure is an array, a Tensor or a number.  So is a list of plain numbers, nested or not, as
``[[1.0, 2.0], [3.0, 4.0]]``: it is one array, as ``np.array`` reads it.  A list with an array, a Tensor or a dict in it
is a structure, also if all of its arrays have one shape.  What is no number, as None, a text, a truth value or a
function, is not differentiated: it stays where it is.  (JAX calls such a structure a pytree.)

The leaves of a module are its parameters alone.  A function that is differentiated gets a copy of the module, with new
tensors in it: what its ``forward`` keeps there, as running means, does not reach the module itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..errors import coerce
from ..errors import messages as errors
from ..graph import Value
from ..ops import concatenate, reshape

# Complex numbers are among them so that they are refused, and not passed over.  A truth value is no number here.
NUMBERS = (int, float, complex, np.number)


def is_leaf(x: Any) -> bool:
    """Is x a Tensor, an array of numbers, a number, or a list of plain numbers, which is an array too?"""
    if isinstance(x, Value):
        return True
    if isinstance(x, np.ndarray):
        return x.dtype.kind not in "bSU"
    if isinstance(x, NUMBERS):
        return not isinstance(x, bool)
    return type(x) in (list, tuple) and len(x) > 0 and all(map(is_plain, x))


def is_plain(x: Any) -> bool:
    """Is x a plain number, or a list of such?"""
    return isinstance(x, NUMBERS) or (type(x) in (list, tuple) and all(map(is_plain, x)))


def is_structure(x: Any) -> bool:
    """Is x a structure with parts, and not a single leaf, nor something that is not differentiated at all?"""
    return not is_leaf(x) and bool(parts_of(x))


LEAF = np.zeros(())  # stands for a single leaf, whatever it is


def is_list_of_tensors(x: Any) -> bool:
    """Is x the structure that is used most?  For this one there are shortcuts below."""
    return type(x) is list and all(isinstance(part, Value) for part in x)


def form(x: Any) -> Any:
    """What x is like, for ``with_leaves``: x if it is a structure, and one leaf for anything else."""
    return x if is_structure(x) else LEAF


def is_named_tuple(x: Any) -> bool:
    """Is x made by a class of ``typing.NamedTuple`` or ``collections.namedtuple``?"""
    return isinstance(x, tuple) and hasattr(x, "_asdict")


def is_module(x: Any) -> bool:
    """Is x a network or a part of one?"""
    return callable(getattr(type(x), "named_parameters", None))


def holds_module(x: Any) -> bool:
    """Is x a module, or a structure with one in it?"""
    return is_module(x) or (is_structure(x) and any(map(holds_module, parts_of(x).values())))  # type: ignore[union-attr]


def parts_of(x: Any) -> dict[Any, Any] | None:
    """The parts of a structure by their keys; None if x is no structure.

    A list and a tuple have numbers for keys; a named tuple, a dataclass and a module have the names of their fields.
    """
    if isinstance(x, dict):
        return x
    if is_named_tuple(x):
        return x._asdict()
    if isinstance(x, (list, tuple)):
        return dict(enumerate(x))
    if hasattr(type(x), "__dataclass_fields__"):
        return {field: getattr(x, field) for field in type(x).__dataclass_fields__ if hasattr(x, field)}
    return vars(x) if isinstance(x, SimpleNamespace) or is_module(x) else None


def with_parts(x: Any, parts: dict[Any, Any]) -> Any:
    """Make a structure like x, with other parts.  No ``__init__`` runs, for it might expect something else."""
    if isinstance(x, tuple):
        return type(x)._make(parts.values()) if is_named_tuple(x) else tuple(parts.values())  # type: ignore[attr-defined]
    if type(x) is list:
        return list(parts.values())
    if type(x) is dict:
        return parts
    import copy  # only here, since NumPy does without it

    made = copy.copy(x)
    if isinstance(x, list):
        made[:] = parts.values()
    elif isinstance(x, dict):
        made.update(parts)
    else:
        for field, part in parts.items():
            object.__setattr__(made, field, part)  # a dataclass may be frozen
    return made


def map_leaves(function: Callable[..., Any], x: Any, *others: Any, path: str = "") -> Any:
    """Make a structure like ``x``, with ``function(path, leaf)`` in the place of each leaf.

    ``path``: what the structure is called.  Its parts are ``p[0]``, ``p[0][1]``, and those with a name have that name,
    as ``W`` or ``p[0].W``.  ``others``: structures like x, whose parts are given to the function too, after the leaf.
    Raises ValueError if one of them is not like x.
    """
    seen: dict[int, Any] = {}  # what became of modules and of their tensors, by id: a tensor may be used twice there

    def mapped(path: str, top: bool, module: bool, x: Any, others: Sequence[Any]) -> Any:
        """Do it for one part.  ``top``: is it the whole structure?  ``module``: is it in a module?"""
        if module and id(x) in seen:
            return seen[id(x)]
        if module and not isinstance(x, (list, tuple, dict)) and not is_module(x):
            # A module has numbers and arrays that are no parameters, as the width of a window.
            active = isinstance(x, Value) and x.node.active and x.node.op is None
            seen[id(x)] = made = function(path, x, *others) if active else x
            return made
        if is_leaf(x) and not module:
            return function(path, x, *others)
        parts = parts_of(x)
        if parts is None:
            return x
        module = module or is_module(x)
        if is_module(x):
            seen[id(x)] = x  # where a module holds itself, it stays there
        made = {}
        given = [parts_like(x, parts, other, path) for other in others]
        for key, part in parts.items():
            name = str(key) if isinstance(key, str) else f"[{key}]"
            below = name if top and isinstance(key, str) else f"{path}{'.' * isinstance(key, str)}{name}"
            made[key] = mapped(below, False, module, part, [other[key] for other in given])
        made = with_parts(x, made)
        if is_module(x):
            seen[id(x)] = made
        return made

    return mapped(path, True, False, x, others)


def parts_like(x: Any, parts: dict[Any, Any], other: Any, path: str) -> dict[Any, Any]:
    """The parts of another structure, which has to have the same keys as x, whose parts are ``parts``."""
    found = parts_of(other)
    if found is None or found.keys() != parts.keys():
        raise errors.other_structure(path, x, parts, other, found)
    return found


def leaves(x: Any) -> list[Any]:
    """All leaves of a structure, in order.  A tensor that a module uses twice comes once.

    >>> leaves({"W": [[1.0, 2.0]], "layers": [(3.0, None), "text"]})
    [[[1.0, 2.0]], 3.0]
    """
    if is_list_of_tensors(x):
        return list(x)
    found: list[Any] = []
    map_leaves(lambda path, leaf: found.append(leaf), x)
    return found


def with_leaves(x: Any, new: Iterable[Any]) -> Any:
    """Make a structure like ``x`` with new leaves, given in order.

    >>> with_leaves({"W": 1.0, "layers": [(2.0, None)]}, ["a", "b"])
    {'W': 'a', 'layers': [('b', None)]}
    """
    if is_list_of_tensors(x):
        return list(new)
    left = iter(new)
    return next(left) if x is LEAF else map_leaves(lambda path, leaf: next(left), x)


def leaves_like(x: Any, other: Any) -> list[Any]:
    """The parts of another structure that stand where x has its leaves.  Raises ValueError if it is not like x."""
    if x is LEAF:
        return [other]
    found: list[Any] = []

    def collect(path: str, leaf: Any, part: Any) -> None:
        if is_structure(part):
            raise errors.no_structure_there(path, part)
        found.append(part)

    map_leaves(collect, x, other)
    return found


def ravel_pytree(structure: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Join all numbers of a structure into one vector, and make a function that puts a vector back into the structure.

    It is what optimisers need that know vectors only, as those of SciPy.  Both ways are recorded if they are given
    Tensors, so that one can differentiate through them.  The function raises ValueError for a vector of another length.
    JAX has it under this name; autograd calls it ``flatten``.

    >>> vector, unravel = ravel_pytree({"W": np.eye(2), "b": [5.0, 6.0]})
    >>> vector
    array([1., 0., 0., 1., 5., 6.])
    >>> unravel(2 * vector)["b"]
    array([10., 12.])
    """
    flat = leaves(structure)
    arrays: list[Any] = [
        x if isinstance(x, Value) else coerce.require_numeric(np.asarray(x), active=True) for x in flat
    ]
    shapes, dtypes = [x.shape for x in arrays], [x.dtype for x in arrays]
    ends = np.cumsum([0, *(x.size for x in arrays)]).tolist()
    joined = [reshape(x, -1) for x in arrays]
    vector = concatenate(joined) if joined else np.zeros(0)

    @errors.with_short_traceback
    def unravel(vector: Any) -> Any:
        vector = vector if isinstance(vector, Value) else np.asarray(vector)
        if vector.shape != (ends[-1],):
            raise errors.other_length(vector.shape, ends[-1])
        pieces = [reshape(vector[a:b], shape) for a, b, shape in zip(ends, ends[1:], shapes)]
        return with_leaves(structure, (x if isinstance(x, Value) else x.astype(t)[()] for x, t in zip(pieces, dtypes)))

    return vector, unravel


def tree_map(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """Make a structure with ``function(leaf)`` in the place of each leaf, as a step of gradient descent.

    ``others``: structures like the first; the function is given their parts too.  Lists of plain numbers become arrays.
    What is no number stays where it is.  Raises ValueError for a structure that is not like the first.

    >>> tree_map(lambda p, g: p - 0.5 * g, {"W": 3.0, "b": [1.0, 2.0]}, {"W": 2.0, "b": [1.0, 1.0]})
    {'W': 2.0, 'b': array([0.5, 1.5])}
    """

    def array(x: Any) -> Any:
        return np.asarray(x) if isinstance(x, (list, tuple)) and is_leaf(x) else x

    return map_leaves(lambda path, *parts: function(*map(array, parts)), structure, *others)


def stop_gradient(x: Any) -> Any:
    """The same values as constants: no gradient flows through them.  ``x`` is a Tensor, or a structure of Tensors.

    ``t.detach()`` says the same of one Tensor.  Arrays and numbers stay what they are.
    """
    return map_leaves(lambda path, leaf: leaf.detach() if hasattr(leaf, "node") else leaf, x)
