"""Automatic differentiation that shows its work.

>>> from tinygrad_edu import Tensor, sigmoid
>>> x = Tensor(2.0, name="x")
>>> y = sigmoid(x)
>>> y.backward()
>>> print(f"{x.grad:.6f}")
0.104994
"""

import builtins as _builtins
from importlib import import_module as _import
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from .context import no_grad as no_grad
from .context import scope as scope
from .engine.spelling import NAMED as _NAMED
from .errors import messages as _errors
from .op import elementwise as elementwise
from .op import op as op
from .ops import *
from .ops import __all__ as _at_import
from .ops import composed as _composed
from .tensor import Tensor as Tensor
from .tensor import constant as constant

# These are modules; the names are those of functions.
del globals()["tensor"], globals()["sweep"]

if _TYPE_CHECKING:
    from .checker.check_function import check as check
    from .console.step_here import step_here as step_here
    from .console.stepper import stepper as stepper
    from .derivatives import Step as Step
    from .derivatives import elementwise_grad as elementwise_grad
    from .derivatives import grad as grad
    from .derivatives import grad_and_aux as grad_and_aux
    from .derivatives import gradients as gradients
    from .derivatives import hessian as hessian
    from .derivatives import hvp as hvp
    from .derivatives import jacfwd as jacfwd
    from .derivatives import jacobian as jacobian
    from .derivatives import jacrev as jacrev
    from .derivatives import jvp as jvp
    from .derivatives import sweep as sweep
    from .derivatives import value_and_grad as value_and_grad
    from .derivatives import vjp as vjp
    from .engine.each_example import vmap as vmap
    from .engine.makers import hessian_vector_product as hessian_vector_product
    from .engine.makers import make_hvp as make_hvp
    from .engine.makers import make_jvp as make_jvp
    from .engine.makers import make_vjp as make_vjp
    from .engine.structure import ravel_pytree as ravel_pytree
    from .engine.structure import stop_gradient as stop_gradient
    from .engine.structure import tree_map as tree_map
    from .errors.trace_nan import trace_nan as trace_nan
    from .findings import explain as explain
    from .findings.gradient_norms import GradientNorms as GradientNorms
    from .formulas.closed import formula as formula
    from .numeric.gradcheck import gradcheck as gradcheck
    from .op import OPS as OPS
    from .render import draw as draw
    from .render import walk as walk
    from .tracing import Trace as Trace

__version__ = "0.1.0"
# What is loaded when it is asked for, since no tensor needs it.
_SOON = {
    **dict.fromkeys("Step sweep grad value_and_grad grad_and_aux elementwise_grad gradients".split(), "derivatives"),
    **dict.fromkeys("vjp jvp jacobian jacfwd jacrev hessian hvp".split(), "derivatives"),
    **dict.fromkeys("ravel_pytree stop_gradient tree_map".split(), "engine.structure"),
    "vmap": "engine.each_example", "trace_nan": "errors.trace_nan",
}  # fmt: skip
# What draws and explains is loaded when it is asked for: that takes longer than all the rest.
_LATER = {
    "draw": "render", "walk": "render", "Trace": "tracing", "stepper": "console.stepper", "explain": "findings",
    "formula": "formulas.closed", "check": "checker.check_function", "gradcheck": "numeric.gradcheck",
    "step_here": "console.step_here", "GradientNorms": "findings.gradient_norms",
    "make_vjp": "engine.makers", "make_jvp": "engine.makers", "make_hvp": "engine.makers",
    "hessian_vector_product": "engine.makers",
}  # fmt: skip
_ROOMS = ("data", "nn", "optim")
_NAMESPACES = ("linalg", "special")  # as in NumPy and PyTorch: linalg.norm


def _functions() -> set[str]:
    """The names of our operations, and of functions that are made of them, as far as their files have been read."""
    return {
        name for name, spelled in _NAMED.items() if spelled.for_users and name.isidentifier() and not spelled.of_user
    }


_OWN = {"no_grad", "scope", "elementwise", "op", "OPS", "Tensor", "constant", *_SOON}


def __dir__() -> list[str]:
    _composed.read_all()
    return sorted({*_OWN, *_functions(), *_LATER, *_ROOMS, *_NAMESPACES, "__version__"})


def __getattr__(name: str) -> _Any:
    """Load what is not loaded yet, and know every function by its other names, as PyTorch's ``clamp``."""
    if name in _SOON or name in _LATER:
        globals()[name] = found = getattr(_import(f".{_SOON.get(name) or _LATER[name]}", __name__), name)
        return found
    if name in _NAMESPACES:
        return _composed.Namespace(name)
    if name == "OPS":
        _composed.read_all()
        return _import(".op", __name__).OPS
    if name in _ROOMS:
        return _import(f".{name}", __name__)
    if name == "__all__":  # what import * takes: not abs, max, min and sum, which are Python's own
        _composed.read_operations()
        first = {own for own in _functions() if own == _NAMED[own].name and hasattr(_NAMED[own], "rules")}
        return sorted(own for own in {*_OWN, *first, *_at_import} if not hasattr(_builtins, own))
    found = None if name.startswith("_") else _composed.find(name)
    if found is None:
        raise _errors.unknown_name(name, () if name.startswith("_") else __dir__())
    if hasattr(found, "rules") and not found.of_user:
        globals()[name] = found.public
    return found.public
