"""tinygrad_edu: automatic differentiation that shows its work."""

from .context import no_grad as no_grad
from .context import scope as scope
from .op import OPS as OPS
from .op import elementwise as elementwise
from .op import op as op
from .ops import *
from .tensor import Tensor as Tensor
from .tensor import constant as constant
