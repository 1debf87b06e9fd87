"""Numbers that parameters start from: each function sets a parameter, and returns it.

A weight has the shape (outputs, inputs, *window).  ``rng``: the generator that draws.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import messages as errors
from ..tensor import Tensor


def start(tensor: Tensor, data: Any) -> Tensor:
    """Set the values of a parameter, and return it.  Raises TypeError if it is no Tensor."""
    if not isinstance(tensor, Tensor):
        words = f"a parameter is a Tensor, not {type(tensor).__name__}"
        raise errors.explained(TypeError(words), "Write nn.init.zeros_(layer.W).")
    tensor.data = data
    return tensor


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many numbers go into each output of a weight, and how many outputs each input goes to."""
    if tensor.ndim < 2:
        words = f"a weight has the shape (outputs, inputs, *window), not {tensor.shape}"
        raise errors.explained(ValueError(words), "Start a bias with nn.init.zeros_(layer.b).")
    outputs, inputs, *window = tensor.shape
    return inputs * math.prod(window), outputs * math.prod(window)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which an activation makes the spread of its inputs smaller.  ``param``: the slope of leaky_relu."""
    match nonlinearity:
        case "leaky_relu":
            return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
        case "relu":
            return math.sqrt(2)
        case "tanh":
            return 5 / 3
        case "selu":
            return 0.75
        case "linear" | "sigmoid":
            return 1.0
    raise errors.explained(
        ValueError(f"no gain is known for {nonlinearity!r}"),
        "It is known for linear, sigmoid, tanh, relu, leaky_relu and selu; for another one give gain=..., a number.",
    )


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Draw uniformly from a to b."""
    return start(tensor, (rng or np.random.default_rng()).uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Draw from a normal distribution."""
    return start(tensor, (rng or np.random.default_rng()).normal(mean, std, tensor.shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Set all elements to one number."""
    return start(tensor, np.full(tensor.shape, val))


def zeros_(tensor: Tensor) -> Tensor:
    """Set all elements to 0."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Set all elements to 1."""
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """Set a matrix to the identity, with ones on its diagonal."""
    return start(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Draw uniformly with the variance 2/(inputs + outputs) (Glorot and Bengio 2010)."""
    limit = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -limit, limit, rng)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Draw from a normal distribution with the variance 2/(inputs + outputs) (Glorot and Bengio 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor))), rng)


def spread(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """The standard deviation by He et al.: the gain over the root of the number of inputs, or of outputs."""
    if mode not in ("fan_in", "fan_out"):
        raise errors.explained(ValueError(f"mode is 'fan_in' or 'fan_out', not {mode!r}"))
    return calculate_gain(nonlinearity, a) / math.sqrt(fans(tensor)[mode == "fan_out"])


def kaiming_uniform_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    rng: np.random.Generator | None = None,
) -> Tensor:  # fmt: skip
    """Draw uniformly with the variance gain²/inputs (He et al. 2015).  ``a``: the slope of leaky_relu."""
    limit = math.sqrt(3) * spread(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -limit, limit, rng)


def kaiming_normal_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    rng: np.random.Generator | None = None,
) -> Tensor:  # fmt: skip
    """Draw from a normal distribution with the variance gain²/inputs (He et al. 2015).  ``a``: as above."""
    return normal_(tensor, 0.0, spread(tensor, a, mode, nonlinearity), rng)


def orthogonal_(tensor: Tensor, gain: float = 1.0, rng: np.random.Generator | None = None) -> Tensor:
    """Draw a matrix whose rows, or whose columns if there are fewer of them, are orthonormal (Saxe et al. 2014)."""
    inputs, _ = fans(tensor)
    drawn = (rng or np.random.default_rng()).normal(size=(tensor.shape[0], inputs))
    tall = drawn.shape[0] >= drawn.shape[1]
    Q, R = np.linalg.qr(drawn if tall else drawn.T)
    Q = Q * np.sign(np.diagonal(R))  # so that all such matrices are equally likely
    return start(tensor, gain * (Q if tall else Q.T).reshape(tensor.shape))
