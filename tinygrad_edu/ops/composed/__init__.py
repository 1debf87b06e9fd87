"""Functions that are made of operations, which are recorded for the line that calls the function.

They are NumPy's and PyTorch's names for what the operations can do.  Most are read when a name is asked for that is not
known yet, since few programs need them: see ``find``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ...engine import spelling
from ...engine.spelling import NAMED
from ...graph import Value
from .basic import astype as astype
from .basic import correlate as correlate
from .basic import dropout as dropout
from .basic import linalg_norm as linalg_norm
from .basic import slogdet as slogdet
from .basic import split as split

# The files that are read when they are needed.
LATER = (
    "activations",
    "arrays",
    "elementwise",
    "special",
    "linear_algebra",
    "choosing",
    "statistics",
    "calculus",
    "products",
    "reshaping",
    "plain",
    "layers",
)
# The methods of Tensors that those files make.
METHODS = """
addbmm addcdiv addcmul addmm addmv addr all allclose amax amin aminmax any arctan2 argmax argmin argsort around
array_equal atan2 baddbmm betaln bmm cbrt ceil cholesky_inverse cholesky_solve chunk clamp_max clamp_min clone
compress contiguous copy copysign corrcoef count_nonzero cov cross cummax cummin deg2rad degrees diag_embed diagflat
diff digamma eigvalsh eq erfc erfinv expand expand_as fix flatten fliplr flipud float_power fmax fmin fmod frac gamma
gammaln gather ge ger greater greater_equal gt heaviside i0 index_add index_copy index_fill index_put index_select
isclose kthvalue le lerp less less_equal lgamma log_ndtr logaddexp2 logcumsumexp logdet logit lt masked_fill
masked_scatter masked_select matrix_power median mm modified_bessel_i0 multigammaln mv mvlgamma nan_to_num nanmean
nanmedian nansum narrow ndtri ne nonzero not_equal pinv pinverse psi ptp qr quantile rad2deg radians renorm reshape_as
rint rot90 round rsqrt scatter scatter_add select sinc split std_mean sum_to_size svd svdvals t take_along_axis
take_along_dim topk trunc unbind unflatten unfold unique unstack var_mean vdot view_as where xlog1py
"""


def read_all() -> None:
    """Read the files with all other functions."""
    for file in LATER:
        import_module(f".{file}", __name__)


class Method:
    """Stands in the place of a method whose file has not been read yet, and reads it when the method is asked for."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, tensor: Any, kind: Any = None) -> Any:
        read_all()  # which puts the method itself in this place
        return getattr(kind if tensor is None else tensor, self.name)


for _name in METHODS.split():
    setattr(Value, _name, Method(_name))


spelling.LATER.append(read_all)  # also for a call with other people's words


def find(name: str) -> Any:
    """The function of that name, operation or not; None if there is none."""
    if name not in NAMED:
        read_all()
    if name not in NAMED and name.endswith(".outer"):
        from .ufuncs import outer

        return outer(name)
    return NAMED.get(name)
