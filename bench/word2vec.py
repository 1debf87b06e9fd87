"""Vectors of words, beside gensim's compiled code: how well they agree with people, and how long they take.

Both learn from the same tokens, with the same settings (100 numbers, a window of 5, 5 noise words, min_count 5, sample
0.001, a rate of 0.025), on one thread (gensim with ``workers=1``), with three seeds.  Judged is the rank correlation
(Spearman's rho) of cosines with what people said of the pairs of WordSim-353 of which both words are known.  The corpus
is the sample of Wikipedia among gensim's test data, 106 articles; so are the pairs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu.word2vec import Corpus, Vectors, read_corpus, train
from tinygrad_edu.word2vec.corpus import sample

from .contest import Effort, Row, duration, progress

SEEDS = (1, 2, 3)
WITHIN, SLOWER = 0.03, 10.0


def ranks(x: Any) -> Any:
    """From 0 up; equals share the mean of theirs."""
    _, number, times = np.unique(x, return_inverse=True, return_counts=True)
    ends = np.cumsum(times)
    return (ends - (times + 1) / 2)[number]


def spearman(x: Any, y: Any) -> float:
    """The correlation of ranks."""
    return float(np.corrcoef(ranks(x), ranks(y))[0, 1])


def pairs() -> list[tuple[str, str, float]]:
    """WordSim-353: two words, and how alike people find them, from 0 to 10."""
    lines = sample("wordsim353.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.lower().split("\t") for line in lines if line and not line.startswith("#")]
    return [(a, b, float(score)) for a, b, score in rows]


def judged(vectors: Vectors) -> float:
    """Spearman's rho."""
    known = [row for row in pairs() if row[0] in vectors and row[1] in vectors]
    return spearman([vectors.similarity(a, b) for a, b, _ in known], [score for _, _, score in known])


def texts(corpus: Corpus) -> list[list[str]]:
    """The same tokens for gensim."""
    starts = [0, *corpus.ends.tolist()]
    return [[corpus.words[i] for i in corpus.ids[a:b].tolist()] for a, b in zip(starts, starts[1:])]


def ours(corpus: Corpus, given: list[list[str]], model: str, epochs: int, seed: int) -> Vectors:
    """By the engine."""
    return train(corpus, model=model, epochs=epochs, seed=seed).vectors


def theirs(corpus: Corpus, given: list[list[str]], model: str, epochs: int, seed: int) -> Vectors:
    """By gensim."""
    import gensim.models

    found = gensim.models.Word2Vec(given, sg=int(model == "skip-gram"), epochs=epochs, seed=seed, workers=1)
    return Vectors(found.wv.index_to_key, found.wv.vectors)


class Words(NamedTuple):
    """A model, trained for so many epochs by both."""

    model: str
    epochs: int

    def row(self, effort: Effort) -> Row:
        """Train with each seed, turn by turn; of a quick run with one."""
        title = f"word2vec: {self.model}, {self.epochs} epochs"
        if find_spec("gensim") is None:
            return Row(title, {}, "gensim is not installed")
        corpus = read_corpus(name="wikipedia")
        given, rho, seconds = texts(corpus), dict[str, list[float]](), dict[str, list[float]]()
        for seed in SEEDS if effort.rounds > 10 else SEEDS[:1]:
            for name, learn in (("ours", ours), ("gensim", theirs)):
                progress(f"{title}: {name}, seed {seed}")
                start = time.perf_counter()
                vectors = learn(corpus, given, self.model, self.epochs, seed)
                seconds.setdefault(name, []).append(time.perf_counter() - start)
                rho.setdefault(name, []).append(judged(vectors))
        a, b = (statistics.mean(rho[name]) for name in ("ours", "gensim"))
        ratio = statistics.median(x / y for x, y in zip(seconds["ours"], seconds["gensim"]))
        met = "yes" if a >= b - WITHIN and ratio <= SLOWER else "NO"
        each = " ".join(f"{x:.3f}/{y:.3f}" for x, y in zip(rho["ours"], rho["gensim"]))
        aim = (
            f"rho {a:.3f}, gensim's {b:.3f} ({each}), >= gensim's - {WITHIN}; "
            f"gensim takes {duration(statistics.median(seconds['gensim']))}, "
            f"ours/gensim {ratio:.2f} <= {SLOWER:g}: {met}"
        )
        return Row(title, {"t(ours)": duration(statistics.median(seconds["ours"]))}, aim)


def word2vec() -> Iterator[Words]:
    """Both models, for five epochs, as is usual, and for twenty: after five, of so small a corpus, nobody is done."""
    yield Words("skip-gram", 5)
    yield Words("skip-gram", 20)
    yield Words("cbow", 5)
    yield Words("cbow", 20)
