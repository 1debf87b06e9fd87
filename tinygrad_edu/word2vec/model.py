"""The model: a vector v for each word, a vector u for each word as a context, and the loss that trains both.

    s = vᵀ W u - q        the score of a word and a context; W is the identity and q is 0 unless asked for
    J = -log σ(s) - Σ log σ(-s_k)        over k noise words: the loss of a pair

Skip-gram recognises the contexts of a word.  CBOW recognises a word by the mean of the v of its contexts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import nn, ops
from ..tensor import Tensor
from .corpus import Corpus
from .pairs import Batch, noise
from .settings import Settings
from .vectors import Vectors


def pair_loss(v: Any, u: Any, N: Any, W: Any = None, q: Any = None, q_N: Any = None) -> Any:
    """J = -log σ(vᵀ W u - q) - Σ_k log σ(q_k - vᵀ W n_k): negative sampling for one pair, as derived by hand.

    v, u: the vectors of the word and of its context, (d,); N: the noise words' vectors as rows, (k, d).
    W: (d, d), or None for the identity.  q and q_N, (k,): the offsets log(k P(c)) of the context and of the noise.

    >>> v, u, N = Tensor([1.0, 0.0]), Tensor([2.0, 1.0]), Tensor([[0.0, 1.0], [-1.0, 0.0]])
    >>> print(f"{pair_loss(v, u, N):.4f}")
    1.1333
    """
    Wv = v if W is None else v @ W  # Wᵀ v, written as a row
    s, noise = u @ Wv, N @ Wv
    if q is not None:
        s, noise = s - q, noise - q_N
    return -ops.log_sigmoid(s) - ops.log_sigmoid(-noise).sum()


class Word2Vec(nn.Module):
    """The tables V and U, (words, size), float32, and W, (size, size), if the model is bilinear.

    ``losses``: the mean J of each epoch, per pair; with CBOW, per word.
    """

    def __init__(self, corpus: Corpus, settings: Settings) -> None:
        n, d = len(corpus.words), settings.size
        rng = np.random.default_rng(settings.seed)
        self.V = Tensor(rng.uniform(-1 / d, 1 / d, (n, d)).astype(np.float32), "V")
        self.U = Tensor(np.zeros((n, d), np.float32), "U")
        self.W = Tensor(np.eye(d, dtype=np.float32), "W") if settings.bilinear else None
        self.q = np.zeros(n, np.float32)  # a plain array, because it is not trained
        if settings.offsets:
            self.q = np.log(settings.negative * noise(corpus.counts, settings.power)).astype(np.float32)
        self.corpus, self.settings = corpus, settings
        self.losses: list[float] = []

    def forward(self, batch: Batch) -> Any:
        """The sum of J over the pairs of a batch; all scores of a block come from one product (see pairs.py)."""
        v = ops.embedding(self.V, batch.inputs)
        if batch.mean is not None:
            v = batch.mean @ v
        if self.W is not None:
            v = v @ self.W
        u = ops.embedding(self.U, batch.outputs)
        s = v @ u.mT - self.q[batch.outputs][:, None, :]
        return -(batch.weight * ops.log_sigmoid(batch.sign * s)).sum()

    @property
    def vectors(self) -> Vectors:
        """A copy of the rows of V, by their words."""
        return Vectors(self.corpus.words, self.V.numpy())

    def __repr__(self) -> str:
        return f"<{self.settings.model} of {len(self.corpus.words):,} words, {self.settings.size} numbers each>"
