"""Attention: each position of a sequence takes a mean of values, with weights that it computes from keys.

(Vaswani et al., Attention is all you need, 2017.)
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from .. import ops
from ..errors import messages as errors
from .constructors import whole_number
from .layers import Dropout, Linear
from .module import Module, named
from .normalise import LayerNorm

WORDS = {
    "embed_dim": "size", "num_heads": "heads", "d_model": "size", "nhead": "heads", "dim_feedforward": "hidden",
    "attn_mask": "mask", "src_mask": "mask", "src": "x", "src_key_padding_mask": "key_padding_mask", "dropout": "rate",
}  # fmt: skip
NOT_SEEN = -np.inf  # what is added to a score for its weight to be 0


class MultiheadAttention(
    Module,
    words=WORDS,
    advice={
        "kdim": "the call without kdim, and Linear before it",
        "vdim": "the call without vdim, and Linear before it",
        "add_zero_attn": "the call without add_zero_attn",
        "add_bias_kv": "the call without add_bias_kv",
    },
):
    """Attention with several heads: softmax(Q Kᵀ / sqrt(d)) V for each of them, put together and multiplied by W.

    The layers ``query``, ``key`` and ``value`` compute Q, K and V; each head has d = size/heads of their columns.
    S = Q Kᵀ / sqrt(d), P = softmax(S) and O = P V have these names in formulas and pictures.
    ``out`` is the layer at the end.  ``rate``: that of dropout of the weights, in training.
    """

    def __init__(
        self, size: int, heads: int, rate: float = 0.0, bias: bool = True, *, batch_first: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.size, self.heads = whole_number("MultiheadAttention", "size", size), heads
        self.rate, self.batch_first = rate, batch_first
        if size % whole_number("MultiheadAttention", "heads", heads):
            raise errors.explained(ValueError(f"a size of {size} cannot be divided into {heads} equal heads"))
        for letter, name in zip("QKVO", ("query", "key", "value", "out")):
            layer = Linear(size, size, bias, rng)
            layer.name, layer.W.name = name, f"W_{letter}"
            if layer.b is not None:
                layer.b.name = f"b_{letter}"
            setattr(self, name, layer)
        self.dropout = Dropout(rate, rng)

    def forward(
        self, query: Any, key: Any = None, value: Any = None, key_padding_mask: Any = None, need_weights: bool = True,
        mask: Any = None, average_attn_weights: bool = True, is_causal: bool = False,
    ) -> Any:  # fmt: skip
        """Compute (time, examples, size), and the weights (examples, time, times of the keys), the mean of all heads.

        ``query``, ``key``, ``value``: (time, examples, size), or (examples, time, size) with ``batch_first``, or (time,
        size) for one example; key and value are the query if they are not given.  ``mask``: (time, times of the keys),
        True where a key must *not* be seen, or numbers that are added to the scores; ``key_padding_mask``: (examples,
        times of the keys), likewise.  ``is_causal``: no position sees a later one.  ``need_weights=False``: None
        in their place.
        """
        key = query if key is None else key
        value = key if value is None else value
        for name, x in (("query", query), ("key", key), ("value", value)):
            if np.ndim(x) not in (2, 3) or np.shape(x)[-1] != self.size:
                words = f"MultiheadAttention of size {self.size} was called with {name} of shape {np.shape(x)}"
                raise errors.explained(ValueError(words), f"It takes (time, examples, {self.size}).")
        turned = np.ndim(query) == 3 and not self.batch_first
        q, k, v = (
            named(letter, self.by_heads(layer(ops.swapaxes(x, 0, 1) if turned else x)))
            for letter, layer, x in (("Q", self.query, query), ("K", self.key, key), ("V", self.value, value))
        )
        scores = named("S", q @ ops.swapaxes(k, -1, -2) / math.sqrt(self.size // self.heads))
        unseen = self.unseen(scores, mask, key_padding_mask, is_causal)
        weights = named("P", ops.softmax(scores if unseen is None else scores + unseen))
        a = named("O", self.dropout(weights) @ v)
        if self.heads > 1:
            a = ops.swapaxes(a, -3, -2)  # (..., time, heads, size of a head)
            a = ops.reshape(a, *a.shape[:-2], self.size)
            weights = ops.mean(weights, -3) if need_weights and average_attn_weights else weights
        z = self.out(a)
        return ops.swapaxes(z, 0, 1) if turned else z, weights if need_weights else None

    def unseen(self, scores: Any, mask: Any, padding: Any, is_causal: bool) -> Any:
        """What the masks add to the scores, of (..., heads, time, times of the keys); None if there is no mask."""
        found = added(mask, scores.dtype)
        if is_causal and mask is None:
            found = np.triu(np.full(scores.shape[-2:], NOT_SEEN, scores.dtype), 1)
        if np.ndim(found) == 3 and self.heads > 1 and scores.ndim == 4:  # it is (examples * heads, ...)
            found = found.reshape(-1, self.heads, *found.shape[1:])
        if padding is None:
            return found
        padding = added(padding, scores.dtype)
        padding = padding.reshape(*padding.shape[:-1], *(1,) * (scores.ndim - padding.ndim), padding.shape[-1])
        return padding if found is None else found + padding

    def by_heads(self, x: Any) -> Any:
        """Turn (..., time, size) into (..., heads, time, size of a head); nothing is changed for one head."""
        return x if self.heads == 1 else ops.swapaxes(ops.reshape(x, *x.shape[:-1], self.heads, -1), -3, -2)


MultiHeadAttention = MultiheadAttention


def added(mask: Any, dtype: Any) -> Any:
    """What a mask adds to the scores: minus infinity where it is True; numbers as they are; None for no mask."""
    if mask is None:
        return None
    mask = np.asarray(getattr(mask, "_array", mask))
    return np.where(mask, NOT_SEEN, 0.0).astype(dtype) if mask.dtype.kind == "b" else mask.astype(dtype)


class TransformerEncoderLayer(Module, words=WORDS):
    """Attention, then a network of two layers, each with a connection past it and a LayerNorm.

    x' = norm(x + attention(x)),  result = norm(x' + B phi(A x')).  ``norm_first``: x + attention(norm(x)) instead.
    """

    def __init__(
        self, size: int, heads: int, hidden: int = 2048, rate: float = 0.1, activation: Any = "relu", *,
        batch_first: bool = False, norm_first: bool = False, rng: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        self.size, self.heads, self.hidden, self.rate, self.norm_first = size, heads, hidden, rate, norm_first
        self.activation = activation
        self.attention = MultiheadAttention(size, heads, rate, batch_first=batch_first, rng=rng)
        self.first, self.second = Linear(size, hidden, rng=rng), Linear(hidden, size, rng=rng)
        self.norm1, self.norm2 = LayerNorm(size), LayerNorm(size)
        self.dropout = Dropout(rate, rng)

    def forward(self, x: Any, mask: Any = None, key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        """Compute the same shape from x; for the masks see ``MultiheadAttention``."""
        options = {"mask": mask, "key_padding_mask": key_padding_mask, "is_causal": is_causal, "need_weights": False}

        def attend(x: Any) -> Any:
            return self.dropout(self.attention(x, **options)[0])

        def think(x: Any) -> Any:
            phi = getattr(ops, self.activation) if isinstance(self.activation, str) else self.activation
            return self.dropout(self.second(self.dropout(phi(self.first(x)))))

        if self.norm_first:
            x = x + attend(self.norm1(x))
            return x + think(self.norm2(x))
        x = self.norm1(x + attend(x))
        return self.norm2(x + think(x))


class TransformerEncoder(Module, words={"encoder_layer": "layer", "num_layers": "number", **WORDS}):
    """So many copies of a layer, one after the other.  ``norm``: a layer at the end, or None."""

    def __init__(self, layer: Module, number: int, norm: Module | None = None) -> None:
        self.number = whole_number("TransformerEncoder", "number", number)
        rngs = [m.rng for m in layer.modules() if isinstance(m, Dropout)]  # copies would all drop the same
        self.layers = [copy.deepcopy(layer, {id(rng): rng for rng in rngs}) for _ in range(number)]
        self.norm = norm

    def forward(self, x: Any, mask: Any = None, key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        """Compute the same shape from x; for the masks see ``MultiheadAttention``."""
        for layer in self.layers:
            x = layer(x, mask, key_padding_mask, is_causal)
        return x if self.norm is None else self.norm(x)
