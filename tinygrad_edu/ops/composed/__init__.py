"""Functions that are made of operations, which are recorded for the line that calls the function.

They are NumPy's and PyTorch's names for what the operations can do.  Most are read when a name is asked for that is not
known yet, since few programs need them: see ``find``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ...engine import spelling
from ...engine.spelling import NAMED
from ...graph import Value
from .basic import astype as astype
from .basic import dropout as dropout
from .basic import split as split

# The files that are read when they are needed: of operations, and of functions that are made of them.
OPERATIONS = ("trigonometry", "image", "inverse", "normalise", "loss")
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
    "creating",
    "layers",
    "losses",
    "pooling",
)
# The methods of Tensors that those files make.
METHODS = """
acos acosh adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d
adaptive_max_pool3d addbmm addcdiv addcmul addmm addmv addr all allclose amax amin aminmax any apply_along_axis arange
arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort around array_equal array_split asin asinh
atan atan2 atanh atleast_1d atleast_2d atleast_3d average avg_pool1d avg_pool2d avg_pool3d baddbmm batch_norm
bessel_j0 bessel_j1 beta betaln bilinear binary_cross_entropy binary_cross_entropy_with_logits bincount block
block_diag bmm broadcast_arrays broadcast_tensors cartesian_prod cbrt cdist ceil celu chain_matmul channel_shuffle
cholesky cholesky_inverse cholesky_solve choose chunk clamp_max clamp_min clone column_stack combinations compress
cond contiguous conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolve copy copysign
corrcoef correlate cos cosh cosine_embedding_loss cosine_similarity count_nonzero cov cross cross_entropy cummax
cummin cumulative_max cumulative_min cumulative_prod cumulative_sum deg2rad degrees det diag_embed diagflat diff
digamma dropout1d dropout2d dropout3d dsplit dstack ediff1d eigh eigvalsh entr eq equal erfc erfinv expand expand_as
expm extract eye fix flatten fliplr flipud float_power fmax fmin fmod fold frac full full_like gamma gammaln gather
gaussian_nll_loss ge ger glu gradient greater greater_equal group_norm gt hardshrink hardsigmoid hardswish hardtanh
heaviside hinge hinge_embedding_loss histogram hsplit hstack huber huber_loss huber_terms hypot i0 i0e i1 i1e imag
index_add index_copy index_fill index_put index_select instance_norm interp interpolate inv inverse isclose isfinite
isinf isnan iv ive j0 j1 jv kl_div kl_terms kthvalue l1_loss layer_norm le lerp less less_equal lgamma linspace
local_response_norm log_ndtr log_softmax logabsdet logaddexp2 logcumsumexp logdet logical_and logical_not logical_or
logical_xor logit lstsq lt mae margin_ranking_loss masked_fill masked_scatter masked_select matrix_diagonal matrix_exp
matrix_norm matrix_power matrix_trace matvec max_pool1d max_pool2d max_pool3d median meshgrid mish mm
modified_bessel_i0 modified_bessel_i1 mse mse_loss msort multi_dot multi_margin_loss multigammaln
multilabel_soft_margin_loss mv mvlgamma nan_to_num nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile
nanprod nanquantile nanstd nansum nanvar narrow ndtr ndtri ne negative_sampling new_ones new_zeros nll_loss nonzero
normalize not_equal ones ones_like pairwise_distance pdist percentile permute permute_dims piecewise pinv pinverse
pixel_shuffle pixel_unshuffle poisson_nll_loss polyadd polyder polygamma polyint polymul polysub polyval prelu
pseudo_huber psi ptp qr quantile rad2deg radians rand rand_like randint randn randn_like real rel_entr relu6 renorm
reshape_as rint rms_norm rollaxis rot90 round row_stack rrelu rsqrt rsub scaled_dot_product_attention scatter
scatter_add searchsorted select selu signbit sin sinc sinh sliding_window_view slogdet smooth_l1_loss soft_margin_loss
softmax softmin softshrink softsign solve solve_triangular std_mean sum_to_size svd svdvals swish t take_along_axis
take_along_dim tan tanhshrink tensorinv tensorsolve threshold topk trapezoid trapz trim_zeros triplet_margin_loss
triplet_margin_with_distance_loss trunc unbind unflatten unfold union1d unique unstack unwrap upsample vander var_mean
vdot vecdot vecmat vector_norm view_as vsplit vstack xlog1py zeros zeros_like
"""


def read(file: str) -> None:
    """Read one of the files with other functions."""
    import_module(f".{file}", __name__)


def read_operations() -> None:
    """Read the files with operations that are not read at import."""
    for file in OPERATIONS:
        import_module(f"..{file}", __name__)


def read_all() -> None:
    """Read all files."""
    read_operations()
    for file in LATER:
        read(file)


class Method:
    """Stands in the place of a method whose file has not been read yet, and reads it when the method is asked for."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, tensor: Any, kind: Any = None) -> Any:
        find(self.name)  # the file adds the method to Value, which comes before this
        if self.name not in vars(Value):
            read_all()
        return getattr(kind if tensor is None else tensor, self.name)


# The base class of Tensors that has those methods until they are there.
Later = type("Later", (), {"__slots__": (), **{name: Method(name) for name in METHODS.split()}})
spelling.READ.append(read)  # for calls that do not fit an operation


def find(*names: str) -> Any:
    """The function of the first of these names that there is, operation or not; None if there is none.

    Files are read only if none of the names is known yet: first those with operations, which are fewer.
    """
    for read_more in (None, read_operations, read_all):
        if read_more is not None:
            read_more()
        for name in names:
            if name in NAMED:
                return NAMED[name]
    if names[0].endswith(".outer"):
        from .ufuncs import outer

        return outer(names[0])
    return None


class Namespace:
    """The functions that NumPy, SciPy or PyTorch has under a name, as linalg: ``linalg.norm(x)``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> Any:
        # np.vander is not PyTorch's linalg.vander: where NumPy has the name elsewhere only, it may mean something else.
        theirs = getattr(np, self.name, None)
        same = theirs is None or hasattr(theirs, name) or not hasattr(np, name)
        found = find(f"{self.name}.{name}", *[name] * same)
        if found is None or name.startswith("_"):
            raise AttributeError(f"there is no function {self.name}.{name}")
        return found.public

    def __repr__(self) -> str:
        return f"<functions of tinygrad_edu.{self.name}>"
