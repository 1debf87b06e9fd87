"""Automatic differentiation that shows its work.

>>> from tinygrad_edu import Tensor, sigmoid
>>> x = Tensor(2.0, name="x")
>>> y = sigmoid(x)
>>> y.backward()
>>> print(f"{x.grad:.6f}")
0.104994
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from .context import no_grad as no_grad
from .context import scope as scope
from .derivatives import Step as Step
from .derivatives import grad as grad
from .derivatives import gradients as gradients
from .derivatives import hessian as hessian
from .derivatives import hvp as hvp
from .derivatives import jacobian as jacobian
from .derivatives import jvp as jvp
from .derivatives import sweep as sweep
from .derivatives import value_and_grad as value_and_grad
from .derivatives import vjp as vjp
from .differences import gradcheck as gradcheck
from .nan import trace_nan as trace_nan
from .op import OPS as OPS
from .op import elementwise as elementwise
from .op import op as op
from .ops import *
from .tensor import Tensor as Tensor
from .tensor import constant as constant

if _TYPE_CHECKING:
    from .render import draw as draw
    from .render import walk as walk
    from .tracing import Trace as Trace

__version__ = "0.1.0"
__all__ = ["OPS", "elementwise", "draw", "walk", "Trace"]
__all__ += [name for name, x in list(globals().items()) if getattr(x, "__module__", "").startswith(f"{__name__}.")]


def __getattr__(name: str) -> _Any:
    """Drawing is loaded when it is asked for: it takes longer than all the rest."""
    if name in ("draw", "walk"):
        from . import render as found
    elif name == "Trace":
        from . import tracing as found  # type: ignore[no-redef]
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(found, name)
