"""The sentences of the checker in every language, which are in the files of ``words/``."""

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
    """All sentences of a language, by their keys.  ValueError for an unknown language."""
    if language not in LANGUAGES:
        raise ValueError(f"there is no language {language!r}; there are {', '.join(LANGUAGES)}")
    text = (resources.files(__package__) / "words" / f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def sentence(key: str, language: str = "en", **fields: Any) -> str:
    """The sentence of a key in a language, with its fields filled in."""
    return catalogue(language)[key].format(**fields)


@lru_cache
def reason_patterns() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """The reasons why something cannot be read or computed: a pattern for each English one, and its translations."""
    text = (resources.files(__package__) / "words" / "reasons.json").read_text(encoding="utf-8")
    found: list[tuple[int, str, dict[str, str]]] = []
    for english, others in json.loads(text).items():
        parts = list(Formatter().parse(english))
        pattern = "".join(re.escape(words) + (f"(?P<{key}>.+)" if key else "") for words, key, _, _ in parts)
        found.append((-sum(len(words) for words, *_ in parts), pattern, others))
    found.sort(key=lambda entry: entry[0])  # the pattern with the most words of its own comes first
    return [(re.compile(pattern, re.DOTALL), others) for _, pattern, others in found]


def translate_reason(why: str, language: str) -> str:
    """Translate a reason from English; it stays in English if ``words/reasons.json`` does not have it."""
    if language == "en":
        return why
    for pattern, others in reason_patterns():
        found = pattern.fullmatch(why)
        if found:
            return others[language].format(
                **{key: translate_reason(x, language) for key, x in found.groupdict().items()}
            )
    return why
