"""The sentences in which the checker speaks, in every language: ``words/`` holds them."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import resources
from string import Formatter
from typing import Any

LANGUAGES = ("en", "ru", "bg")


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language, by their keys.  ValueError for one that there is not."""
    if language not in LANGUAGES:
        raise ValueError(f"there is no language {language!r}; there are {', '.join(LANGUAGES)}")
    text = (resources.files(__package__) / "words" / f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def sentence(key: str, language: str = "en", **fields: Any) -> str:
    """A sentence, with what it speaks of filled in."""
    return catalogue(language)[key].format(**fields)


@lru_cache
def reason_patterns() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """Why something cannot be read or computed: the English sentence as a pattern, and the same in other languages."""
    text = (resources.files(__package__) / "words" / "reasons.json").read_text(encoding="utf-8")
    found: list[tuple[int, str, dict[str, str]]] = []
    for english, others in json.loads(text).items():
        parts = list(Formatter().parse(english))
        pattern = "".join(re.escape(words) + (f"(?P<{key}>.+)" if key else "") for words, key, _, _ in parts)
        found.append((-sum(len(words) for words, *_ in parts), pattern, others))
    found.sort(key=lambda entry: entry[0])  # the one that leaves least open comes first
    return [(re.compile(pattern, re.DOTALL), others) for _, pattern, others in found]


def translate_reason(why: str, language: str) -> str:
    """A reason that was given in English, in another language; in English, if nobody has translated it yet."""
    if language == "en":
        return why
    for pattern, others in reason_patterns():
        found = pattern.fullmatch(why)
        if found:
            return others[language].format(
                **{key: translate_reason(x, language) for key, x in found.groupdict().items()}
            )
    return why
