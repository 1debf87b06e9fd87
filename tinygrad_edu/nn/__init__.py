"""Networks: modules and layers, and the norms of their gradients while they are trained."""

from typing import Any as _Any

from ..errors import messages as _errors
from ..format import text as _text
from ..tensor import Tensor as _Tensor
from . import applied as _applied
from . import functional as functional
from . import init as init
from . import utils as utils
from .attention import MultiHeadAttention as MultiHeadAttention
from .attention import MultiheadAttention as MultiheadAttention
from .attention import TransformerEncoder as TransformerEncoder
from .attention import TransformerEncoderLayer as TransformerEncoderLayer
from .containers import ModuleDict as ModuleDict
from .containers import ModuleList as ModuleList
from .containers import ParameterDict as ParameterDict
from .containers import ParameterList as ParameterList
from .containers import Sequential as Sequential
from .deltas import Deltas as Deltas
from .deltas import delta_recursion as delta_recursion
from .deltas import swept_deltas as swept_deltas
from .layers import MLP as MLP
from .layers import Conv1d as Conv1d
from .layers import Conv2d as Conv2d
from .layers import ConvTranspose1d as ConvTranspose1d
from .layers import ConvTranspose2d as ConvTranspose2d
from .layers import Dropout as Dropout
from .layers import Embedding as Embedding
from .layers import Flatten as Flatten
from .layers import Identity as Identity
from .layers import Linear as Linear
from .layers import PReLU as PReLU
from .layers import Unflatten as Unflatten
from .layers import glorot as glorot
from .module import Module as Module
from .normalise import BatchNorm as BatchNorm
from .normalise import BatchNorm1d as BatchNorm1d
from .normalise import BatchNorm2d as BatchNorm2d
from .normalise import GroupNorm as GroupNorm
from .normalise import InstanceNorm1d as InstanceNorm1d
from .normalise import InstanceNorm2d as InstanceNorm2d
from .normalise import LayerNorm as LayerNorm
from .normalise import RMSNorm as RMSNorm
from .recurrent import GRU as GRU
from .recurrent import LSTM as LSTM
from .recurrent import RNN as RNN
from .recurrent import GRUCell as GRUCell
from .recurrent import LSTMCell as LSTMCell
from .recurrent import RNNCell as RNNCell

Parameter = _Tensor  # a leaf Tensor in a module is a parameter


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if not name.startswith("_")), *_applied.written_names()})


def __getattr__(name: str) -> _Any:
    """A module that calls one function, as ``ReLU``: it is made when it is asked for (see applied.py)."""
    layer = None if name.startswith("_") else _applied.layer_of(name)
    if layer is None:
        error = AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        if not name[:1].isupper():
            raise error
        near = _text.suggest(name, __dir__()).strip(". ")
        raise _errors.explained(error, near or "dir(nn) lists all layers; a layer of your own is a class with forward.")
    globals()[name] = layer
    return layer
