"""How transforms are called: with the numbers of arguments, in two styles, and with arguments by name.

``jacobian(f)`` makes a function, as in JAX and autograd, and ``jacobian(f, x)`` is that function at x, as in PyTorch.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, TypeVar, cast

import numpy as np

from ..errors import messages as errors
from .composing import in_other_words
from .structure import is_leaf, is_structure

F = TypeVar("F", bound=Callable[..., Any])
WHOLE = (int, np.integer)

# What other libraries' transforms have besides, and what to write here.
INSTEAD = {
    "create_graph": "Leave it out: a derivative of Tensors is recorded, so that grad(grad(f)) works.",
    "retain_graph": "Leave it out: a record stays until it is freed by backward(free=True).",
    "allow_unused": "Leave it out: where a result does not depend on a tensor, the gradient is 0.",
    "materialize_grads": "Leave it out: where a result does not depend on a tensor, the gradient is 0.",
    "is_grads_batched": "Leave it out: vmap goes over many seeds.",
    "strict": "Leave it out: where f does not depend on an argument, the derivative is 0.",
    "vectorize": "Leave it out.",
    "strategy": "Leave it out, or write jacfwd(f) for forward mode.",
    "outer_jacobian_strategy": "Leave it out.",
    "holomorphic": "Leave it out: numbers are real here.",
    "allow_int": "Leave it out: whole numbers become floating-point numbers.",
    "argname": "Give the argument's number, counted from 0: argnums=1.",
    "argnames": "Give the arguments' numbers, counted from 0: argnums=(0, 1).",
}


def is_argnums(x: Any) -> bool:
    """Is x the number of an argument, or a list of such?"""
    numbers = x if isinstance(x, (list, tuple, range)) else [x]
    return len(numbers) > 0 and all(isinstance(i, WHOLE) and not isinstance(i, bool) for i in numbers)


def is_tuple_of_arguments(x: Any) -> bool:
    """Is x a tuple, which stands for several arguments where a transform is called as in PyTorch?"""
    return type(x) is tuple and len(x) > 0


def in_two_styles(transform: F) -> F:
    """A decorator of transforms: ``transform(f, x)`` is ``transform(f)(x)``, unless x is the number of an argument.

    A tuple of points, as PyTorch takes it, is a tuple of arguments: ``transform(f, (x, y))`` is
    ``transform(f, (0, 1))(x, y)``.  ``argnum``, autograd's name, is taken for ``argnums``.
    """
    known = in_other_words({"argnum": "argnums"}, INSTEAD)(transform)

    @functools.wraps(transform)
    @errors.with_short_traceback
    def called(f: Any = None, *given: Any, **options: Any) -> Any:
        """Make the function, and call it at once if there is a point."""
        if not callable(f):
            raise errors.not_a_function(transform.__name__, f)
        for numbers in [options[name] for name in ("argnums", "argnum") if name in options]:
            argument_numbers(numbers)
        if not given or is_argnums(given[0]):
            return known(f, *given, **options)
        if not (is_leaf(given[0]) or is_structure(given[0])):
            raise errors.not_numbers(given[0])
        if len(given) > 1:
            raise errors.called_at_points(transform.__name__, len(given))
        if is_tuple_of_arguments(given[0]) and not options.keys() & {"argnums", "argnum"}:
            return known(f, tuple(range(len(given[0]))), **options)(*given[0])
        return known(f, **options)(given[0])

    return cast(F, called)


def takes_arguments_of(f: Callable[..., Any]) -> Callable[[F], F]:
    """A decorator of a function that a transform makes of ``f``: it has the arguments of f, with their names."""

    def decorated(made: F) -> F:
        made.__wrapped__ = f  # type: ignore[attr-defined]
        return made

    return decorated


def argument_numbers(argnums: Any) -> list[int]:
    """The numbers of arguments, as a list.  Raises TypeError for anything else."""
    if not is_argnums(argnums):
        raise errors.not_numbers(argnums)
    return list(argnums) if isinstance(argnums, (list, tuple, range)) else [argnums]


def bound(
    f: Callable[..., Any], args: Sequence[Any], options: dict[str, Any], argnums: Sequence[int]
) -> tuple[list[Any], dict[str, Any], list[int], list[str | None]]:
    """Sort the arguments of a call of ``f``: those by position, those by name, and which are differentiated.

    An argument given by its name is put at its position, so that ``argnums`` can count it.  The last of what is
    returned are the names of the arguments by position, and None for those without a name.  Raises IndexError if there
    is no argument of such a number, and TypeError if f does not take so many.
    """
    positions, packed = positional(f)
    given, left = list(args), dict(options)
    for name in positions[len(given) :] if left else ():
        if name not in left:
            break
        given.append(left.pop(name))
    for i in argnums:
        if not -len(given) <= i < len(given):
            raise errors.no_argument(f, i, len(given), [*left])
    if len(given) > len(positions) and not packed:
        raise errors.called_with_too_many(f, [*positions], len(given))
    names = [*positions, *[None] * (len(given) - len(positions))]
    return given, left, [i % len(given) for i in argnums], names


def positional(f: Callable[..., Any]) -> tuple[Sequence[str], bool]:
    """The names of the arguments that ``f`` takes by position, and whether it takes any number of others."""
    while hasattr(f, "__wrapped__") and not hasattr(f, "__signature__"):
        f = f.__wrapped__
    if type(f) is FunctionType and not hasattr(f, "__signature__"):  # most are: their code tells it at once
        return f.__code__.co_varnames[: f.__code__.co_argcount], bool(f.__code__.co_flags & inspect.CO_VARARGS)
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # a ufunc, say
        return (), True
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names, any(p.kind is p.VAR_POSITIONAL for p in parameters)
