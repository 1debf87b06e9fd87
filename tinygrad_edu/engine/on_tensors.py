"""Calls a function on new tensors, so that what it computes is recorded and can be differentiated.

All functions in derivatives.py begin with it.  It takes structures of arrays apart and puts results together again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import coerce
from ..errors import messages as errors
from ..graph import Value
from ..ops import positive
from ..sweep import topological_order
from ..tensor import Tensor, constant
from .argnums import bound
from .structure import form, holds_module, is_structure, leaves, map_leaves, with_leaves

DERIVATIVES = f"{__package__.rpartition('.')[0]}.derivatives"


class Call:
    """One call of a function on new tensors: those to differentiate with respect to, and what it returned.

    inputs: all tensors in the arguments that are differentiated, one after the other.
    results: all tensors in what the function returned.
    arguments: the structure of each argument that is differentiated.
    returned: the structure of the result.
    aux: what the function returned besides, for has_aux.
    differentiable: does the result depend on Tensors from outside, so that derivatives are recorded?
    second: is the function a derivative itself?
    """

    def __init__(
        self,
        inputs: list[Tensor],
        results: list[Tensor],
        arguments: tuple[Any, ...],
        returned: Any,
        aux: Any,
        differentiable: bool,
        second: bool,
    ) -> None:
        self.inputs, self.results, self.arguments, self.returned = inputs, results, arguments, returned
        self.aux, self.differentiable, self.second = aux, differentiable, second

    def as_arguments(self, found: Sequence[Any]) -> tuple[Any, ...]:
        """Put one thing for each input into the structure of the arguments."""
        left = iter(found)
        return tuple(with_leaves(argument, left) for argument in self.arguments)

    def as_returned(self, found: Sequence[Any]) -> Any:
        """Put one thing for each result into the structure of what the function returned."""
        return with_leaves(self.returned, found)

    def as_asked(self, structure: Any) -> Any:
        """Return Tensors if derivatives are recorded; otherwise their arrays."""
        if self.differentiable:
            return structure
        return array_of(structure) if isinstance(structure, Value) else map_leaves(lambda _, x: array_of(x), structure)


def array_of(x: Any) -> Any:
    """The array of a Tensor; anything else stays what it is."""
    return coerce.dense(x._array) if isinstance(x, Value) else x


def call_on_tensors(
    f: Callable[..., Any],
    args: Sequence[Any],
    options: dict[str, Any],
    argnums: Sequence[int],
    *,
    one: bool = False,
    has_aux: bool = False,
) -> Call:
    """Call ``f`` with new tensors for the arguments at ``argnums``, which have the names of its parameters.

    ``one``: it returns no structure.  ``has_aux``: it returns a pair, of the result and anything else.
    """
    given, options, numbers, names = bound(f, args, options, argnums)
    outside, arguments = [*given], tuple(form(given[i]) for i in numbers)
    new: dict[int, list[Tensor]] = {}  # the new tensors in each argument
    for i in numbers:
        if i not in new:
            given[i], new[i] = with_tensors(given[i], names[i])
    before = [(x, x._array) for i in new for x in new[i]]
    result = f(*given, **options)
    for x, array in before:
        if x._array is not array:  # the derivative would be that at other values
            raise errors.argument_edited(f, x)
    # A function of derivatives.py, as grad(f), may well not depend on its arguments: that is no mistake of the user's.
    ours = getattr(f, "__module__", None) == DERIVATIVES
    aux = None
    if has_aux:
        if not (type(result) in (tuple, list) and len(result) == 2):
            raise errors.no_aux(f, result)
        result, aux = result
    if holds_module(result):  # which of its tensors would be results, and which are its constants?
        raise errors.module_returned(f, result)
    if one and is_structure(result):
        raise errors.several_results(f, result)
    results = [
        y if isinstance(y, Tensor) else constant(coerce.constant_result(f, y, not ours))
        for y in (leaves(result) if is_structure(result) else [result])
    ]
    inputs = [x for i in numbers for x in new[i]]
    active = [y for y in results if y.requires_grad]
    oldest = min((x.node.serial for x in inputs), default=None)
    if active and oldest is not None:
        recorded = any(topological_order(y.node)[0].serial < oldest for y in active)
    else:
        recorded = bool(active) or any(isinstance(x, Value) for x in leaves(outside))
    return Call(inputs, results, arguments, form(result), aux, recorded, ours)


def with_tensors(argument: Any, name: str | None) -> tuple[Any, list[Tensor]]:
    """An argument with new tensors in the place of its arrays and numbers, and these tensors."""
    made: list[Tensor] = []

    def tensor(path: str | None, x: Any) -> Tensor:
        made.append(positive(x) if isinstance(x, Value) else Tensor(x, path))
        return made[-1]

    return map_leaves(tensor, argument, path=name or "p") if is_structure(argument) else tensor(name, argument), made


def as_counted(argnums: int | Sequence[int], found: Sequence[Any]) -> Any:
    """What was found for each argument: one thing if ``argnums`` is a number, a tuple if it is a list of numbers."""
    return found[0] if hasattr(argnums, "__index__") else tuple(found)
