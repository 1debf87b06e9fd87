"""Trained vectors: nearest words, analogies, maps, and files in word2vec's text format."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..format import text
from ..output.atomic_write import whole

if TYPE_CHECKING:
    from ..render.wordmap import WordMap


class Vectors:
    """A vector for each word: ``vectors["word"]``.  ``rows`` is (words, size), float32, read-only.

    >>> vectors = Vectors(["north", "south", "top", "bottom"], [[0, 2], [0, -3], [1, 2], [1, -3]])
    >>> vectors.analogy("north", "south", "top", 1)
    [('bottom', 0.99...)]
    """

    def __init__(self, words: Sequence[str], rows: Any) -> None:
        self.words, self.rows = list(words), np.array(rows, np.float32)
        self.rows.flags.writeable = False
        if self.rows.ndim != 2 or len(self.rows) != len(self.words) or not self.rows.size:
            raise ValueError(f"{text.plural(len(self.words), 'word')} and rows of shape {self.rows.shape} do not fit")
        self.index = {word: i for i, word in enumerate(self.words)}
        for i, word in enumerate(self.words):
            if self.index[word] != i:
                raise ValueError(
                    f"{text.safe_name(word)} is there twice, as word {i + 1} and as word {self.index[word] + 1}"
                )

    @cached_property
    def directions(self) -> Any:
        """The rows, each scaled to length 1 (a row of zeros stays one), (words, size)."""
        lengths = np.linalg.norm(self.rows, axis=1, keepdims=True)
        return self.rows / np.where(lengths > 0, lengths, 1)

    def number(self, word: str) -> int:
        """The number of a word's row.  ValueError, with similar words, if there is none."""
        if word in self.index:
            return self.index[word]
        near = [w for w in (word.lower(),) if w in self.index] or difflib.get_close_matches(word, self.words, 3, 0.7)
        meant = f"; did you mean {', '.join(near)}?" if near else ""
        raise ValueError(f"{text.safe_name(word)} is not among the {text.plural(len(self.words), 'word')}{meant}")

    def __getitem__(self, word: str) -> Any:
        return self.rows[self.number(word)]

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __len__(self) -> int:
        return len(self.words)

    def similarity(self, a: str, b: str) -> float:
        """The cosine of the angle between two words."""
        return float(self.directions[self.number(a)] @ self.directions[self.number(b)])

    def nearest(self, word: str, number: int = 10) -> list[tuple[str, float]]:
        """The ``number`` words with the largest cosine to a word, without itself, each with its cosine."""
        i = self.number(word)
        return self.best(self.directions[i], [i], number)

    def analogy(self, a: str, b: str, c: str, number: int = 5) -> list[tuple[str, float]]:
        """The words that are to ``c`` as ``b`` is to ``a``: the nearest to b - a + c, without these three.

        Mikolov, Yih and Zweig, Linguistic regularities in continuous space word representations (2013).
        """
        i, j, k = (self.number(word) for word in (a, b, c))
        return self.best(self.directions[j] - self.directions[i] + self.directions[k], [i, j, k], number)

    def best(self, direction: Any, without: Sequence[int], number: int) -> list[tuple[str, float]]:
        """The ``number`` words with the largest cosine to a vector (size,), except for the rows ``without``."""
        length = float(np.linalg.norm(direction)) or 1.0
        cosines = self.directions @ (direction / np.float32(length))
        cosines[list(without)] = -np.inf
        order = np.argsort(-cosines, kind="stable")[: max(0, min(number, len(self) - len(set(without))))]
        return [(self.words[i], float(cosines[i])) for i in order]

    def plane(self, words: Iterable[str]) -> Any:
        """Places of words in the plane that shows most of the differences of their directions, (words, 2).

        These are the first two principal components.  Each axis is turned so that its largest number is positive.
        """
        found = np.float64(self.directions[[self.number(word) for word in words]])
        found -= found.mean(0)
        U, S, _ = np.linalg.svd(found, full_matrices=False)
        flat = np.zeros((len(found), 2))
        flat[:, : min(2, len(S))] = (U * S)[:, :2]
        return flat * np.where(flat[np.abs(flat).argmax(0), [0, 1]] < 0, -1, 1)

    def map(self, words: Iterable[str] | None = None, *, number: int = 60, theme: str | None = None) -> WordMap:
        """A picture of words in the plane; ``.save("words.svg")`` writes it, a notebook shows it.

        words: the words to show; None: the ``number`` first ones, which are the most frequent.  theme: "light" or
        "dark".
        """
        from ..render.wordmap import WordMap  # drawing takes longer to load than all the rest

        chosen = self.words[:number] if words is None else list(dict.fromkeys(words))
        return WordMap(chosen, self.plane(chosen) if chosen else np.zeros((0, 2)), theme)

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write them in word2vec's text format: words and size, then a line for each word.  Whole or not at all.

        ``Vectors.load`` reads the file, and gensim does with ``KeyedVectors.load_word2vec_format``.  Nine digits
        restore each float32 exactly.  Raises ValueError, before anything is written, for vectors that could not be read
        back: words with spaces or line breaks, and numbers that are not finite.
        """
        for word, row in zip(self.words, self.rows):
            # The second test finds halves of surrogate pairs, which UTF-8 cannot write.
            if word.split() != [word] or any("\ud800" <= c <= "\udfff" for c in word):
                raise ValueError(
                    f"word2vec's text format cannot hold {text.safe_name(repr(word))}: its words have no spaces "
                    "or line breaks; write new_york for new york"
                )
            if not np.isfinite(row).all():
                raise ValueError(f"the vector of {text.safe_name(word)} is not finite, so nothing was saved")
        with whole(file) as stream:
            stream.write(f"{len(self.words)} {self.rows.shape[1]}\n".encode())
            line = " ".join(["%.9g"] * self.rows.shape[1])
            for word, row in zip(self.words, self.rows.tolist()):
                stream.write(f"{word} {line % tuple(row)}\n".encode())
        return Path(file)

    @classmethod
    def load(cls, file: str | os.PathLike[str]) -> Vectors:
        """Read a file in word2vec's text format.  ValueError, naming the line, if it is in another format.

        >>> import tempfile
        >>> file = Vectors(["north", "south"], [[0, 2], [0, -3]]).save(Path(tempfile.mkdtemp()) / "vectors.txt")
        >>> Vectors.load(file)["south"].tolist()
        [0.0, -3.0]
        """
        path = Path(file)
        name, words, rows = text.safe_name(path.name), list[str](), list[Any]()
        try:
            with path.open(encoding="utf-8", newline="\n") as stream:
                head = stream.readline(100)
                count, size = parse_head(head, name)
                for number, line in enumerate(stream, 2):
                    word, *parts = line.rstrip().rsplit(" ", size)
                    row = parse_numbers(parts)
                    if row is None or len(row) != size or not word:
                        raise ValueError(
                            f"{name}: line {number} should be a word and {size} finite numbers, and is "
                            f"{text.safe_name(line.rstrip())!r}"
                        )
                    words.append(word)
                    rows.append(np.array(row, np.float32))
        except UnicodeDecodeError:
            raise ValueError(why_not_text(path, name)) from None
        if len(words) != count:
            raise ValueError(f"{name} promises {text.plural(count, 'word')} in line 1 and has {len(words):,}")
        try:
            return cls(words, rows)
        except ValueError as error:  # a word twice
            raise ValueError(f"{name}: {error}") from None

    def __repr__(self) -> str:
        return f"<vectors of {text.plural(len(self.words), 'word')}, {self.rows.shape[1]} numbers each>"


def parse_head(head: str, name: str) -> tuple[int, int]:
    """Read the first line of a file: the number of words, and of numbers for each.  ValueError for another line."""
    parts = head.split()
    if len(parts) != 2 or not all(part.isascii() and part.isdecimal() and int(part) for part in parts):
        found = f"is {text.safe_name(head.rstrip())!r}" if head.strip() else "is empty"
        raise ValueError(
            f"{name} is not in word2vec's text format: line 1 should be two whole numbers, the number of words and the "
            f"size of their vectors, and {found}"
        )
    return int(parts[0]), int(parts[1])


def why_not_text(path: Path, name: str) -> str:
    """The message for a file that is not text: it says what the file is instead."""
    with path.open("rb") as stream:
        if stream.read(4) == b"PK\x03\x04":
            return (
                f"{name} is an .npz file, probably a checkpoint: go on from it with --checkpoint, and write vectors "
                "with --save"
            )
    return f"{name} is not in word2vec's text format, but binary or not in UTF-8"


def parse_numbers(parts: Sequence[str]) -> list[float] | None:
    """The parts of a line as finite numbers; None if one is not."""
    try:
        found = [float(part) for part in parts]
    except ValueError:
        return None
    return found if all(map(math.isfinite, found)) else None
