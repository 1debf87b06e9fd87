"""Which words meet: subsampling, windows, noise, and how they are put together in batches.

Mikolov et al., Distributed representations of words and phrases and their compositionality (2013), section 2.2 and 2.3.

Words next to each other share most of their contexts, and noise may be shared too.  So a batch is made of blocks of 32
words that follow each other.  A block looks up each row once and has all scores in one product of matrices; ``weight``
says which of them count, and how often.  One pair at a time, the same rows would be looked up ten times.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .corpus import Corpus
from .settings import CBOW, Settings

BLOCK, NOISE = 32, 32  # words in a block, and noise words that they share
LEAST, MOST = 1.0, 9.0  # of the rate, for a single row in a step: see room


class Batch(NamedTuple):
    """What a step learns from: g blocks of t words, and for each the m rows that it is scored with."""

    inputs: Any  # rows of V, (g, t); of CBOW (g, c), all the contexts of a block
    mean: Any  # of CBOW, which contexts have a share in the mean of a word, (g, t, c); else None
    outputs: Any  # rows of U, (g, m): what is to be recognised, then the noise
    sign: Any  # 1 for what is to be recognised and -1 for noise, (m,)
    weight: Any  # how often each counts, (g, t, m)
    pairs: int  # terms of the loss: of skip-gram a word and a context, of CBOW a word and its window


def kept(counts: Any, sample: float) -> Any:
    """The probability that a word stays, by how often each occurs: sqrt(s/f) + s/f, f its share, at most 1.

    The formula is that of word2vec's own code; the article has sqrt(s/f) alone.

    >>> kept(np.array([900, 99, 1]), 0.01).round(4).tolist()
    [0.1165, 0.4188, 1.0]
    """
    if not sample:
        return np.ones(len(counts))
    ratio = sample * counts.sum() / counts
    return np.minimum(1.0, np.sqrt(ratio) + ratio)


def noise(counts: Any, power: float) -> Any:
    """P, the probability of each word among the noise: that of the unigrams, to the power 3/4.

    >>> noise(np.array([16, 1]), 0.75).round(4).tolist()
    [0.8889, 0.1111]
    """
    raised = np.asarray(counts, np.float64) ** power
    return raised / raised.sum()


class Pairs:
    """The words of a corpus with their contexts and noise, epoch by epoch, drawn anew in each."""

    def __init__(self, corpus: Corpus, settings: Settings) -> None:
        self.corpus, self.settings = corpus, settings
        self.kept = kept(corpus.counts, settings.sample)
        self.P = noise(corpus.counts, settings.power)
        self.upto = np.cumsum(self.P)
        self.upto[-1] = 1.0
        words = max(1, min(settings.batch, int(self.room() / settings.rate)))
        self.t = min(BLOCK, words)
        self.g = max(1, words // self.t)

    def room(self) -> float:
        """How many words times their rate a step may have, so that no row is moved too far by many small moves at once.

        It is the busiest row that counts, and how many words there are: the vectors of few point in few directions, and
        what moves them adds up.  The bounds were found by trying: beyond some twice as much, vectors begin to swing.
        """
        share = self.kept * self.corpus.counts
        share = share / share.sum()
        words = 1 / (share * share).sum()  # as many as there would be, were all equally frequent
        busiest = (self.settings.window + 1) * max(share.max(), self.settings.negative * self.P.max())
        return float(min(MOST, LEAST + words / 100) / busiest)

    def epoch(self, number: int) -> Epoch:
        """What is seen in an epoch: always the same for the same seed and number."""
        return Epoch(self, number)


class Epoch:
    """One way through the corpus: some words left out, a window for each that stayed, blocks in random order."""

    def __init__(self, pairs: Pairs, number: int) -> None:
        self.pairs, self.number = pairs, number
        settings, ids = pairs.settings, pairs.corpus.ids
        t, self.w = pairs.t, settings.window
        rng = np.random.default_rng([settings.seed, number + 1])
        stays = np.flatnonzero(rng.random(len(ids)) < pairs.kept[ids])
        n = len(stays)
        of_text = np.searchsorted(pairs.corpus.ends, stays, "right")  # the number of the text of each
        here = np.arange(n)
        reach = rng.integers(1, self.w + 1, n)
        blocks = -(-n // t)
        self.low, self.high = np.ones(blocks * t, np.int64), np.zeros(blocks * t, np.int64)  # empty: what fills up
        self.low[:n] = np.maximum(here - reach, np.searchsorted(of_text, of_text, "left"))
        self.high[:n] = np.minimum(here + reach, np.searchsorted(of_text, of_text, "right") - 1)
        self.words = np.zeros(blocks * t + 2 * self.w, np.int32)  # with room for the windows of the first and the last
        self.words[self.w : self.w + n] = ids[stays]
        self.order = rng.permutation(blocks)
        self.steps = -(-blocks // pairs.g)

    def batch(self, step: int) -> Batch:
        """The batch of a step.  Its noise depends on the seed, the epoch and the step alone, so a run can go on."""
        pairs, settings, w, t = self.pairs, self.pairs.settings, self.w, self.pairs.t
        rng = np.random.default_rng([settings.seed, self.number + 1, step + 1])
        start = self.order[step * pairs.g : (step + 1) * pairs.g, None] * t
        here, around = start + np.arange(t), start + np.arange(-w, t + w)  # (g, t) and (g, c)
        place, other = here[..., None], around[:, None, :]
        window = (self.low[place] <= other) & (other <= self.high[place]) & (other != place)  # (g, t, c)
        number = window.sum(2, keepdims=True)  # of contexts of each word, (g, t, 1)
        words, contexts = self.words[here + w], self.words[around + w]
        drawn = np.searchsorted(pairs.upto, rng.random((len(start), NOISE)), "right").astype(np.int32)
        each = settings.negative / NOISE  # so that each pair has, in the mean, as many noise words as it should
        if settings.model == CBOW:
            mean = (window / np.maximum(number, 1)).astype(np.float32)
            some = (number > 0).astype(np.float32)
            right, terms = some * np.eye(t, dtype=np.float32), some
            inputs, outputs = contexts, words
        else:
            mean, right, terms = None, window.astype(np.float32), number.astype(np.float32)
            inputs, outputs = words, contexts
        wrong = np.broadcast_to(terms * np.float32(each), (*here.shape, NOISE))
        sign = np.ones(outputs.shape[1] + NOISE, np.float32)
        sign[-NOISE:] = -1
        weight = np.concatenate([right, wrong], 2)
        return Batch(inputs, mean, np.concatenate([outputs, drawn], 1), sign, weight, int(terms.sum()))
