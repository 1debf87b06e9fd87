"""Reads texts to learn from, and stores them as numbers of words.

A word consists of letters of any language, in lower case, with apostrophes inside: ``don't`` is one word.  A text is a
paragraph between blank lines of a file, or an article.  No window reaches from one text into the next.
"""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..format import text
from ..word2vec import wikitext

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
SAMPLES = {  # in the package gensim, among the data of its tests
    "lee": "lee_background.cor",
    "wikipedia": "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2",
}
NAMES = ("python", *SAMPLES)


@dataclass(frozen=True)
class Corpus:
    """Texts one after the other, as numbers of words: 0 is the most frequent.  Rare words are left out.

    >>> corpus = Corpus.of([["a", "rose", "is", "a", "rose"], ["is", "a", "flower"]], min_count=2)
    >>> corpus.words, corpus.counts.tolist(), corpus.ids.tolist(), corpus.ends.tolist()
    (['a', 'rose', 'is'], [3, 2, 2], [0, 1, 2, 0, 1, 2, 0], [5, 7])
    """

    words: Sequence[str]
    counts: Any  # int64, (words,): how often each occurs
    ids: Any  # int32, (tokens,): the words in their order
    ends: Any  # int64, (texts,): where each text ends in ids
    name: str = "texts"

    @classmethod
    def of(cls, texts: Iterable[Iterable[str]], *, min_count: int = 5, name: str = "texts") -> Corpus:
        """Make a corpus of texts that are lists of words; each text is read once.

        ``min_count``: words that occur less often are left out.  Raises ValueError if fewer than two words are left.
        """
        if isinstance(min_count, bool) or not isinstance(min_count, int) or min_count < 1:
            raise ValueError(f"min_count is a whole number from 1 up, not {min_count!r}")
        number: dict[str, int] = {}
        met, ends = array("i"), array("q")
        for words in texts:
            if isinstance(words, str):
                raise ValueError("a text is a list of words, not a string: words_of(text) makes one")
            met.extend(number.setdefault(word, len(number)) for word in words)
            ends.append(len(met))
        if not met:
            raise ValueError(f"{name} has no words in it")
        ids = np.array(met, np.int32)
        counts = np.bincount(ids)
        order = np.argsort(-counts, kind="stable")  # stable: of equally frequent words, the one that was met first
        order = order[: np.count_nonzero(counts >= min_count)]
        if len(order) < 2:
            raise ValueError(too_few([*number], counts, min_count, name))
        new = np.full(len(number), -1, np.int32)
        new[order] = np.arange(len(order))
        ids = new[ids]
        before = np.concatenate([[0], np.cumsum(ids >= 0)])  # how many words before each place are kept
        every = [*number]
        return cls([every[i] for i in order], counts[order], ids[ids >= 0], before[np.array(ends)], name)

    @cached_property
    def index(self) -> dict[str, int]:
        """The number of each word."""
        return {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"<{self.name}: {text.plural(len(self), 'token')} of {text.plural(len(self.words), 'word')}>"


def too_few(words: list[str], counts: Any, min_count: int, name: str) -> str:
    """The message for a corpus with fewer than two words, from which nothing can be learned."""
    if len(words) == 1:
        return f"{name} has only one word, {text.safe_name(words[0])}: nothing can be learned without a second one"
    often = int(np.count_nonzero(counts >= min_count))
    second = int(np.sort(counts)[-2])
    return (
        f"of {text.plural(len(words), 'word')} in {name} {'one occurs' if often else 'none occurs'} at least "
        f"{min_count} times, and two are needed: use a longer text, or a min_count of at most {second}"
    )


def words_of(running: str) -> list[str]:
    """The words of a text, in lower case, with straight apostrophes.

    >>> words_of("Don’t panic: 42 is the Ответ, naïvely!")
    ["don't", 'panic', 'is', 'the', 'ответ', 'naïvely']
    """
    return WORD.findall(running.lower().replace("’", "'"))


def read_corpus(file: str | os.PathLike[str] | None = None, *, name: str = "python", min_count: int = 5) -> Corpus:
    """Read a text file as a corpus, or a sample corpus.

    file: a file in UTF-8 of any length, which is read line by line.
    name: the sample corpus if no file is given: "python" (Python's own reference, 64,000 words), "lee" (news, 60,000
        words) or "wikipedia" (106 articles, 450,000 words).  The last two are part of the package gensim.
    min_count: words that occur less often are left out.

    Raises ValueError if the file is no text or has fewer than two words that occur so often, and OSError if it cannot
    be read.

    >>> read_corpus(min_count=100)
    <python's reference: ... tokens of ... words>
    """
    if file is not None:
        path = Path(file)
        return Corpus.of(file_texts(path), min_count=min_count, name=text.safe_name(path.name))
    if name == "python":
        return Corpus.of(reference(), min_count=min_count, name="python's reference")
    if name not in SAMPLES:
        raise ValueError(f"there is no corpus {name!r}; there are {text.join_words([*NAMES])}, and your own files")
    path = sample(SAMPLES[name])
    found = map(words_of, wikitext.articles(path)) if path.suffix == ".bz2" else line_texts(path)
    return Corpus.of(found, min_count=min_count, name=f"gensim's {name} sample")


def reference() -> Iterator[list[str]]:
    """The paragraphs of Python's own reference, which ``help("if")`` prints: English text that Python brings along."""
    from pydoc_data import topics

    for topic in topics.topics.values():
        yield from map(words_of, re.split(r"\n\s*\n", topic))


def sample(file: str) -> Path:
    """The path of a file among gensim's test data.  ValueError if gensim is not installed."""
    found = find_spec("gensim")
    path = Path(found.origin).parent / "test" / "test_data" / file if found and found.origin else None
    if path is None or not path.is_file():
        raise ValueError("this corpus is part of the package gensim, which is not installed: pip install gensim")
    return path


def line_texts(path: Path) -> Iterator[list[str]]:
    """The texts of a file in which each line is a text."""
    return map(words_of, decoded(path))


def file_texts(path: Path) -> Iterator[list[str]]:
    """The texts of a file in which blank lines separate texts."""
    words: list[str] = []
    for line in decoded(path):
        if line.strip():
            words += words_of(line)
        elif words:
            yield words
            words = []
    if words:
        yield words


def decoded(path: Path) -> Iterator[str]:
    """The lines of a text file.  ValueError, naming the line, for bytes that are not UTF-8, and for zeros."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if b"\0" in line:
                raise ValueError(
                    f"{text.safe_name(path.name)} is no text file in UTF-8: line {number} has a byte that is 0"
                )
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{text.safe_name(path.name)} is no text file in UTF-8: in line {number}, the byte "
                    f"0x{line[error.start]:02x} is not part of a letter"
                ) from None
