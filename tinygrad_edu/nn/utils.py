"""What is done with the gradients of a network between ``backward`` and the step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import coerce
from ..errors import messages as errors
from ..numeric.norms import norm
from ..tensor import Tensor


def with_gradients(parameters: Any) -> list[Tensor]:
    """The parameters that have a gradient, of a module, of a list, or one Tensor."""
    found = getattr(parameters, "parameters", parameters)
    found = found() if callable(found) else found
    every = [found] if isinstance(found, Tensor) else [*found] if isinstance(found, Iterable) else [found]
    for p in every:
        if not isinstance(p, Tensor):
            remedy = "Write clip_grad_norm_(net.parameters(), 1.0)."
            raise errors.explained(TypeError(f"a parameter is a Tensor, not {type(p).__name__}"), remedy)
    return [p for p in every if p.node.grad is not None]


def clip_grad_norm_(parameters: Any, max_norm: float, norm_type: float = 2.0) -> float:
    """Scale all gradients by one number, so that their norm together is at most ``max_norm``.  Returns the norm before.

    ``parameters``: a module, or Tensors.  ``norm_type``: 2, or infinity for the largest absolute value.  (Pascanu,
    Mikolov and Bengio, On the difficulty of training recurrent neural networks, 2013.)
    """
    if norm_type not in (2, math.inf):
        raise errors.explained(ValueError(f"norm_type is 2 or infinity, not {norm_type}"))
    found = with_gradients(parameters)
    gradients = [coerce.dense(p.node.grad) for p in found]
    if norm_type == 2:
        total = math.hypot(*(norm(g) for g in gradients))
    else:
        total = max((float(np.abs(g).max(initial=0)) for g in gradients), default=0.0)
    if total > max_norm:
        for p, g in zip(found, gradients):
            p.grad = g * (max_norm / total)
    return total


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Bring each element of each gradient into the interval from -clip_value to clip_value."""
    for p in with_gradients(parameters):
        p.grad = np.clip(coerce.dense(p.node.grad), -clip_value, clip_value)
