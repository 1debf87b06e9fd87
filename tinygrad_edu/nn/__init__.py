"""Networks: modules and layers, and the norms of their gradients while they are trained."""

from .layers import MLP as MLP
from .layers import Conv2d as Conv2d
from .layers import Deltas as Deltas
from .layers import Embedding as Embedding
from .layers import Linear as Linear
from .layers import Module as Module
from .layers import delta_recursion as delta_recursion
from .layers import glorot as glorot
from .layers import swept_deltas as swept_deltas
