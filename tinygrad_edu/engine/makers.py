"""The transforms that autograd calls ``make_...``: they make a function that first takes the arguments of f.

``make_vjp(f)(x)`` is what ``vjp(f, x)`` says in another order, and so with the others.  Programs written for autograd
use them; in a program of your own the functions in derivatives.py are shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..derivatives import grad, jvp, vjp
from ..errors import messages as errors
from .argnums import INSTEAD, argument_numbers, bound
from .composing import in_other_words
from .on_tensors import as_counted

also_takes_argnum = in_other_words({"argnum": "argnums"}, INSTEAD)


def of_chosen(
    f: Callable[..., Any], args: Sequence[Any], options: dict[str, Any], argnums: int | Sequence[int]
) -> tuple[Callable[..., Any], list[Any]]:
    """``f`` as a function of the arguments at ``argnums`` alone, and these arguments."""
    given, left, numbers, _ = bound(f, args, options, argument_numbers(argnums))

    def of_these(*chosen: Any) -> Any:
        every = list(given)
        for i, x in zip(numbers, chosen):
            every[i] = x
        return f(*every, **left)

    # Warnings and errors tell of f.
    of_these.__name__, of_these.__module__ = errors.function_name(f), getattr(f, "__module__", __name__)
    return of_these, [given[i] for i in numbers]


@also_takes_argnum
def make_vjp(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Make a function that takes the arguments of ``f``, and returns the vjp function there and the value.

    The vjp function takes a cotangent; ``argnums`` says of which argument it returns the product, or of which ones.

    >>> pullback, value = make_vjp(lambda x: x**2)(3.0)
    >>> pullback(1.0)
    np.float64(6.0)
    """

    @errors.with_short_traceback
    def at(*args: Any, **options: Any) -> Any:
        g, points = of_chosen(f, args, options, argnums)
        value, pullback = vjp(g, *points)
        return (lambda cotangent: as_counted(argnums, pullback(cotangent))), value

    return at


@also_takes_argnum
def make_jvp(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Make a function that takes the arguments of ``f``, and returns a function of a tangent.

    That returns the value and the jvp, as ``jvp`` does.  With several ``argnums`` the tangent is a tuple of as many.

    >>> make_jvp(lambda x: x**2)(3.0)(1.0)
    (np.float64(9.0), np.float64(6.0))
    """

    @errors.with_short_traceback
    def at(*args: Any, **options: Any) -> Any:
        g, points = of_chosen(f, args, options, argnums)
        return lambda tangent: jvp(g, points, [tangent] if hasattr(argnums, "__index__") else list(tangent))

    return at


@also_takes_argnum
def make_hvp(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Make a function that takes the arguments of ``f``, and returns a function v -> Hessian v, and the gradient.

    >>> product, gradient = make_hvp(lambda x: (x**3).sum())([1.0, 2.0])
    >>> product([1.0, 1.0])
    array([ 6., 12.])
    """
    return make_vjp(grad(f, argnums), argnums)


@also_takes_argnum
def hessian_vector_product(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Make a function that takes the arguments of ``f`` and then v, and returns the Hessian times v.

    >>> hessian_vector_product(lambda x: (x**3).sum())([1.0, 2.0], [1.0, 1.0])
    array([ 6., 12.])
    """

    @errors.with_short_traceback
    def product(*args: Any, **options: Any) -> Any:
        if len(args) < 2:
            raise errors.no_direction()
        return make_hvp(f, argnums)(*args[:-1], **options)[0](args[-1])

    return product
