"""What is learned from: texts as numbers of words.

A word is letters of any language, in lower case, with apostrophes inside: ``don't`` is one.  A text is what is between
two blank lines of a file, or an article; no window reaches from one text into the next.
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
    """Texts, one behind the other, as numbers of words: 0 is the most frequent.  Rarer words are left out.

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
        """From texts that are lists of words, read once.  Raises ValueError where there is nothing to learn."""
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
        order = np.argsort(-counts, kind="stable")  # of equals, the one that came first
        order = order[: np.count_nonzero(counts >= min_count)]
        if len(order) < 2:
            raise ValueError(too_few([*number], counts, min_count, name))
        new = np.full(len(number), -1, np.int32)
        new[order] = np.arange(len(order))
        ids = new[ids]
        before = np.concatenate([[0], np.cumsum(ids >= 0)])  # how many are kept before each place
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
    """Why nothing can be learned: each word needs another to stand beside."""
    if len(words) == 1:
        return f"{name} has one word only, {text.safe_name(words[0])}: nothing can be learned about it without another"
    often = int(np.count_nonzero(counts >= min_count))
    second = int(np.sort(counts)[-2])
    return (
        f"of {text.plural(len(words), 'word')} in {name} {'one occurs' if often else 'none occurs'} at least "
        f"{min_count} times, and two are needed: take a longer text, or min_count {second} at most"
    )


def words_of(running: str) -> list[str]:
    """The words of a text, in lower case, with straight apostrophes.

    >>> words_of("Don’t panic: 42 is the Ответ, naïvely!")
    ["don't", 'panic', 'is', 'the', 'ответ', 'naïvely']
    """
    return WORD.findall(running.lower().replace("’", "'"))


def read_corpus(file: str | os.PathLike[str] | None = None, *, name: str = "python", min_count: int = 5) -> Corpus:
    """A text file as a corpus, or one that is there already.

    file: UTF-8, of any length; it is read line by line.
    name: without a file, "python" (the reference that is part of Python itself, 64,000 words), "lee" (news, 60,000) or
        "wikipedia" (106 articles, 450,000); the last two lie in the package gensim.
    min_count: words that occur less often are left out.

    Raises ValueError for what is no text, or none with two words in it that occur so often, and OSError for a file that
    cannot be read.

    >>> read_corpus(min_count=100)
    <python's reference: ... tokens of ... words>
    """
    if file is not None:
        path = Path(file)
        return Corpus.of(file_texts(path), min_count=min_count, name=text.safe_name(path.name))
    if name == "python":
        return Corpus.of(reference(), min_count=min_count, name="python's reference")
    if name not in SAMPLES:
        raise ValueError(f"there is no corpus {name!r}; there are {text.join_words([*NAMES])}, and files of yours")
    path = sample(SAMPLES[name])
    found = map(words_of, wikitext.articles(path)) if path.suffix == ".bz2" else line_texts(path)
    return Corpus.of(found, min_count=min_count, name=f"gensim's {name} sample")


def reference() -> Iterator[list[str]]:
    """The paragraphs of what ``help("if")`` and the like print: English that ships inside Python."""
    from pydoc_data import topics

    for topic in topics.topics.values():
        yield from map(words_of, re.split(r"\n\s*\n", topic))


def sample(file: str) -> Path:
    """Where a file among gensim's test data is.  ValueError where it is not installed."""
    found = find_spec("gensim")
    path = Path(found.origin).parent / "test" / "test_data" / file if found and found.origin else None
    if path is None or not path.is_file():
        raise ValueError("this corpus is a part of the package gensim, which is not here: pip install gensim")
    return path


def line_texts(path: Path) -> Iterator[list[str]]:
    """Each line is a text."""
    return map(words_of, decoded(path))


def file_texts(path: Path) -> Iterator[list[str]]:
    """What is between blank lines is a text."""
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
    """The lines of a text file.  ValueError, saying where, for what is no UTF-8 or has bytes that no text has."""
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
                    f"{text.safe_name(path.name)} is no text file in UTF-8: line {number} has the byte "
                    f"0x{line[error.start]:02x} where no letter has it"
                ) from None
