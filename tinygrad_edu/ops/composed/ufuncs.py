"""The methods of NumPy's ufuncs for which no operation stands: ``np.multiply.outer`` and the like."""

from __future__ import annotations

from typing import Any

from ...engine.composing import composed
from ...engine.spelling import NAMED
from .operands import array


def outer(name: str) -> Any:
    """Make the function of that name, as "multiply.outer", if that is an elementwise operation of two operands."""
    pairwise = NAMED.get(name.removesuffix(".outer"))
    if pairwise is None or not getattr(pairwise, "elementwise", False) or pairwise.names != ("x", "y"):
        return None

    def function(A, B):
        A, B = array(A), array(B)
        return pairwise.public(A.reshape(A.shape + (1,) * B.ndim), B)

    function.__name__, function.__doc__ = name, f"{pairwise.name} of each element of A with each of B."
    composed()(function)
    return NAMED[name]
