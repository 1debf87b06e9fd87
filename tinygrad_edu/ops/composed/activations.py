"""Activations of torch.nn.functional that are made of operations.  Each applies to every element."""

from __future__ import annotations

import math

import numpy as np

from ...engine.composing import composed, extends
from ..normalise import softmax
from ..pointwise import absolute, clip, elu, gelu, maximum, minimum, relu, sigmoid, silu, softplus, tanh
from ..select import where
from .operands import floating, refuse, values


@composed()
def softsign(x):
    """x/(1 + |x|), which is between -1 and 1.  At 0 its second derivative jumps."""
    x = floating(x)
    return x / (1 + absolute(x))


@composed()
def hardtanh(x, min_val: float = -1.0, max_val: float = 1.0):
    """x between the bounds, and the bound beyond it: ``clip``."""
    return clip(floating(x), min_val, max_val)


@composed()
def relu6(x):
    """relu, but not above 6."""
    return minimum(relu(floating(x)), 6.0)


@composed()
def hardsigmoid(x):
    """A sigmoid of straight lines: (x + 3)/6 between 0 and 1."""
    return clip(floating(x) / 6 + 0.5, 0.0, 1.0)


@composed()
def hardswish(x):
    """x times ``hardsigmoid`` of x (Howard and others 2019)."""
    x = floating(x)
    return x * hardsigmoid(x)


@composed()
def selu(x):
    """elu, scaled so that mean 0 and variance 1 stay from layer to layer (Klambauer and others 2017)."""
    return 1.0507009873554805 * elu(floating(x), 1.6732632423543772)


@composed()
def celu(x, alpha: float = 1.0):
    """x where it is positive, ``alpha`` (e^(x/alpha) - 1) elsewhere: an elu without a bend (Barron 2017)."""
    return alpha * elu(floating(x) / alpha)


@composed()
def mish(x):
    """x tanh(log(1 + e^x)) (Misra 2019)."""
    x = floating(x)
    return x * tanh(softplus(x))


@composed()
def tanhshrink(x):
    """x - tanh(x)."""
    x = floating(x)
    return x - tanh(x)


@composed(words={"lambda": "lambd"})
def softshrink(x, lambd: float = 0.5):
    """x moved towards 0 by ``lambd``, and 0 where it is nearer than that."""
    if lambd < 0:
        refuse(f"softshrink takes a lambd that is not negative, not {lambd}")
    x = floating(x)
    return x - clip(x, -lambd, lambd)


@composed()
def prelu(x, weight):
    """x where it is positive, ``weight`` x elsewhere, with one weight or one for each channel, which are axis 1.

    At 0 the gradient is the middle of both slopes.
    """
    x = floating(x)
    weight = x.dtype.type(weight) if isinstance(weight, (float, int)) else floating(weight)
    if weight.size != 1 and (x.ndim < 2 or weight.shape != (x.shape[1],)):
        refuse(f"prelu takes one weight, or one for each channel of x of shape {x.shape}, not {weight.shape}")
    axes = (1,) * (x.ndim - 2)
    slopes = np.reshape(weight, (weight.size, *axes) if weight.size != 1 else ())
    return maximum(x, 0.0) + slopes * minimum(x, 0.0)


@composed()
def rrelu(x, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, *, rng=None):
    """x where it is positive, and elsewhere x times a slope, which ``training`` draws for each element between bounds.

    Otherwise the slope is the middle of the bounds (Xu and others 2015).  ``rng``: the generator that draws.
    """
    x = floating(x)
    drawn = (rng or np.random.default_rng()).uniform(lower, upper, x.shape) if training else (lower + upper) / 2
    return maximum(x, 0.0) + np.asarray(drawn, x.dtype) * minimum(x, 0.0)


@composed()
def glu(x, axis: int = -1):
    """The first half of x along an axis times the sigmoid of the second half (Dauphin and others 2017)."""
    x = floating(x)
    n = x.shape[axis]
    if n % 2:
        refuse(f"glu takes an axis of even length, and axis {axis} of shape {x.shape} has {n}")
    before = (slice(None),) * (axis % x.ndim)
    return x[(*before, slice(n // 2))] * sigmoid(x[(*before, slice(n // 2, n))])


@composed()
def softmin(x, axis: int = -1):
    """softmax of -x along an axis."""
    return softmax(-floating(x), axis)


@extends(gelu)
def gelu_of(x, approximate: str = "none"):
    """gelu, or the approximation that is made of tanh."""
    if approximate == "none":
        return gelu(x)
    if approximate != "tanh":
        refuse(f"gelu takes approximate='none' or 'tanh', not {approximate!r}")
    x = floating(x)
    return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@extends(softplus)
def softplus_of(x, beta: float = 1.0, threshold: float = 20.0):
    """softplus of ``beta`` x, divided by beta.  Where beta x is above a threshold below 20, it is x itself.

    Above 20 that is the same but for rounding, and PyTorch's way not to overflow, which is not needed here.
    """
    x = floating(x)
    z = softplus(x * beta) / beta
    return z if threshold >= 20 else where(values(x) * beta > threshold, x, z)


@composed()
def swish(x, beta: float = 1.0):
    """x sigmoid(beta x): ``silu``, with a slope (Ramachandran, Zoph and Le 2017)."""
    x = floating(x)
    return silu(x) if beta == 1 else x * sigmoid(beta * x)
