"""Draws the pairs to learn from: subsampling, windows and noise, put together in batches.

Mikolov et al., Distributed representations of words and phrases and their compositionality (2013), sections 2.2 and
2.3.

Words next to each other share most of their contexts, and noise may be shared too.  So a batch consists of blocks of 32
consecutive words.  A block looks up each row once and computes all scores in one product of matrices; ``weight`` says
which of them count, and how often.  One pair at a time, the same rows would be looked up ten times.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .corpus import Corpus
from .settings import CBOW, Settings

BLOCK, NOISE = 32, 32  # words in a block, and noise words that they share
LEAST, MOST = 1.0, 9.0  # bounds of the sum of rates with which a step moves a single row (see Pairs.room)


class Batch(NamedTuple):
    """The input of a step: g blocks of t words, and for each block the m rows that its words are scored with."""

    inputs: Any  # rows of V, (g, t); with CBOW (g, c), all contexts of a block
    mean: Any  # with CBOW the share of each context in the mean of a word, (g, t, c); else None
    outputs: Any  # rows of U, (g, m): the words to recognise, then the noise
    sign: Any  # 1 for words to recognise and -1 for noise, (m,)
    weight: Any  # how often each score counts, (g, t, m)
    pairs: int  # number of terms of the loss: a word and a context each; with CBOW a word and its window


def kept(counts: Any, sample: float) -> Any:
    """The probability that subsampling keeps each word: sqrt(s/f) + s/f, at most 1, where f is the word's share.

    ``counts``: how often each word occurs.  The formula is that of word2vec's own code; the article has sqrt(s/f).

    >>> kept(np.array([900, 99, 1]), 0.01).round(4).tolist()
    [0.1165, 0.4188, 1.0]
    """
    if not sample:
        return np.ones(len(counts))
    ratio = sample * counts.sum() / counts
    return np.minimum(1.0, np.sqrt(ratio) + ratio)


def noise(counts: Any, power: float) -> Any:
    """P, the probability of each word as noise: its share in the text to a power (the article takes 3/4), normalised.

    >>> noise(np.array([16, 1]), 0.75).round(4).tolist()
    [0.8889, 0.1111]
    """
    raised = np.asarray(counts, np.float64) ** power
    return raised / raised.sum()


class Pairs:
    """Draws the words of a corpus with their contexts and noise, anew in each epoch."""

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
        """The largest number of words times rate in a step.  With more, many small moves together move a row too far.

        It depends on the row that moves most often, and on the number of words: vectors of few words point in few
        directions, so their moves add up.  The bounds were found by trying: with about twice as much, vectors begin to
        oscillate.
        """
        share = self.kept * self.corpus.counts
        share = share / share.sum()
        words = 1 / (share * share).sum()  # the effective number of words: so many if all were equally frequent
        busiest = (self.settings.window + 1) * max(share.max(), self.settings.negative * self.P.max())
        return float(min(MOST, LEAST + words / 100) / busiest)

    def epoch(self, number: int) -> Epoch:
        """The epoch of a number.  The same seed and number always give the same epoch."""
        return Epoch(self, number)


class Epoch:
    """One pass over the corpus: frequent words are thinned out, each other word has a window, blocks are shuffled."""

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
        """The batch of a step.  Its noise depends only on the seed, the epoch and the step, so a run can be resumed."""
        pairs, settings, w, t = self.pairs, self.pairs.settings, self.w, self.pairs.t
        rng = np.random.default_rng([settings.seed, self.number + 1, step + 1])
        start = self.order[step * pairs.g : (step + 1) * pairs.g, None] * t
        here, around = start + np.arange(t), start + np.arange(-w, t + w)  # (g, t) and (g, c)
        place, other = here[..., None], around[:, None, :]
        window = (self.low[place] <= other) & (other <= self.high[place]) & (other != place)  # (g, t, c)
        number = window.sum(2, keepdims=True)  # of contexts of each word, (g, t, 1)
        words, contexts = self.words[here + w], self.words[around + w]
        drawn = np.searchsorted(pairs.upto, rng.random((len(start), NOISE)), "right").astype(np.int32)
        each = settings.negative / NOISE  # the weight of a noise word: a block shares NOISE of them
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
