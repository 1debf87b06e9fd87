"""Operations that normalise: to probabilities, and to layers of mean 0 and variance 1."""

from __future__ import annotations

import numpy as np

from ..engine.calling import otherwise as _otherwise
from ..op import op

_AXES = (((3,),), ((2, 3),), ((2, 3), dict(axis=0)))


@op(
    r"\operatorname{softmax}($x)",
    never=(0, 1),
    examples=_AXES,
    same_shape=True,
    x=lambda g, z, axis: z * (g - (g * z).sum(axis, keepdims=True)),
)
def softmax(x, axis: int = -1):
    """e^x divided by its sum along an axis.  Its Jacobian is diag(z) - z zᵀ: every output depends on every input."""
    e = np.exp(x - np.maximum.reduce(x, axis, keepdims=True, initial=-np.inf))
    return e / np.add.reduce(e, axis, keepdims=True)


@op(
    r"\log \operatorname{softmax}($x)",
    examples=_AXES,
    same_shape=True,
    x=lambda g, z, axis: g - np.exp(z) * g.sum(axis, keepdims=True),
)
def log_softmax(x, axis: int = -1):
    """log(softmax(x)), where softmax(x) itself would round to 0."""
    shifted = x - np.maximum.reduce(x, axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis, keepdims=True))


def _layer_norm_rule(g, z, x, axis, eps: float):
    inward = g - g.mean(axis, keepdims=True) - z * (g * z).mean(axis, keepdims=True)
    return inward / np.sqrt(x.var(axis, keepdims=True) + eps)


def _with_weights(args, options) -> bool:
    """Is layer_norm called as PyTorch's, with the lengths of the last axes, or with a gain and a shift?"""
    if len(args) > 3 or (len(args) > 2 and not isinstance(args[2], float)):
        return True
    axis = args[1] if len(args) > 1 else -1
    return not isinstance(axis, int) or axis >= 0


@_otherwise(_with_weights)
@op(
    r"\operatorname{layer\_norm}($x)",
    examples=(((4,),), ((2, 5),), ((4, 2), dict(axis=0, eps=0.1))),
    same_shape=True,
    extended="layers",
    x=_layer_norm_rule,
)
def layer_norm(x, axis=-1, eps: float = 1e-5):
    """(x - mean)/sqrt(var + eps) along an axis (Ba, Kiros and Hinton 2016).

    A gain and a shift may follow: ``layer_norm(x, gain, shift)`` multiplies by the one and adds the other, and so does
    PyTorch's ``layer_norm(x, normalized_shape, weight, bias)``.
    """
    return (x - np.mean(x, axis, keepdims=True)) / np.sqrt(np.var(x, axis, keepdims=True) + eps)
