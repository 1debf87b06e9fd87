"""All settings in one place.  Their defaults are those of gensim, so that results can be compared."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

SKIP_GRAM, CBOW = "skip-gram", "cbow"
MODELS = (SKIP_GRAM, CBOW)


@dataclass(frozen=True)
class Settings:
    """The settings of a training run.  Raises ValueError for a value that makes no sense.

    >>> Settings(window=0)
    Traceback (most recent call last):
    ValueError: window is a whole number from 1 up, not 0
    """

    model: str = SKIP_GRAM  # or "cbow"
    size: int = 100  # numbers in a vector
    window: int = 5  # the largest distance of a context in words; each word draws its own from 1 to this
    negative: int = 5  # noise words for each pair
    sample: float = 1e-3  # words with a larger share are left out at random; 0: no word is
    epochs: int = 5
    rate: float = 0.025  # the learning rate at the start; it falls linearly to 0
    bilinear: bool = False  # train a matrix W between the vectors, which starts as the identity
    offsets: bool = False  # subtract log(k P(c)) from each score
    batch: int = 512  # the most words in a step
    power: float = 0.75  # noise words are drawn in proportion to their counts to this power
    seed: int = 0

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ValueError(f"there is no model {self.model!r}; there are {' and '.join(MODELS)}")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "int":
                least = 0 if field.name == "seed" else 1
                if isinstance(value, bool) or not isinstance(value, int) or value < least:
                    raise ValueError(f"{field.name} is a whole number from {least} up, not {value!r}")
            elif field.type == "float":
                number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
                if not number or value < 0 or (field.name == "rate" and not value):
                    above = "above 0" if field.name == "rate" else "from 0 up"
                    raise ValueError(f"{field.name} is a number {above}, not {value!r}")
            elif field.type == "bool" and not isinstance(value, bool):
                raise ValueError(f"{field.name} is True or False, not {value!r}")
