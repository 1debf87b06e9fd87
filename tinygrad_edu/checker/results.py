"""What a check says: plain data, and the same in words of a language."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from string import Formatter
from typing import Any

RIGHT, TRANSPOSED, IF, WRONG, UNCHECKABLE = "right", "right-transposed", "right-if", "wrong", "uncheckable"
VERDICTS = (RIGHT, TRANSPOSED, IF, WRONG, UNCHECKABLE)
SCORES = {RIGHT: 1.0, IF: 1.0, TRANSPOSED: 0.5, WRONG: 0.0, UNCHECKABLE: 0.0}
LANGUAGES = ("en", "ru", "bg")
CODES = """SIGN CHAIN MISSING_PATH LOCAL_DERIVATIVE INDEX_SHIFT TRANSPOSE MISSING_FACTOR HADAMARD ORDER LAYOUT JACOBIAN
    WRONG_FUNCTION AXIS SCALE BROADCAST SHARED""".split()


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of a language, by their keys.  ValueError for one that there is not."""
    if language not in LANGUAGES:
        raise ValueError(f"there is no language {language!r}; there are {', '.join(LANGUAGES)}")
    text = (resources.files(__package__) / "words" / f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def said(key: str, language: str = "en", **fields: Any) -> str:
    """A sentence, with what it speaks of filled in."""
    return catalogue(language)[key].format(**fields)


@lru_cache
def reasons() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """Why something cannot be read or computed: the English sentence as a pattern, and the same in other languages."""
    text = (resources.files(__package__) / "words" / "reasons.json").read_text(encoding="utf-8")
    found: list[tuple[int, str, dict[str, str]]] = []
    for english, others in json.loads(text).items():
        parts = list(Formatter().parse(english))
        pattern = "".join(re.escape(words) + (f"(?P<{key}>.+)" if key else "") for words, key, _, _ in parts)
        found.append((-sum(len(words) for words, *_ in parts), pattern, others))
    found.sort(key=lambda entry: entry[0])  # the one that leaves least open comes first
    return [(re.compile(pattern, re.DOTALL), others) for _, pattern, others in found]


def reason(why: str, language: str) -> str:
    """A reason that was given in English, in another language; in English, if nobody has translated it yet."""
    if language == "en":
        return why
    for pattern, others in reasons():
        found = pattern.fullmatch(why)
        if found:
            return others[language].format(**{key: reason(x, language) for key, x in found.groupdict().items()})
    return why


@dataclass(frozen=True)
class Diagnosis:
    """What the answer is consistent with: one of sixteen kinds, the sentence, and the node of the graph it is about."""

    code: str
    key: str
    fields: dict[str, str] = field(default_factory=dict)
    node: str = ""
    language: str = "en"

    @property
    def text(self) -> str:
        """In words."""
        return said("consistent", self.language, what=said(self.key, self.language, **self.fields))


@dataclass
class Result:
    """One claim, or one step of a chain of equalities.

    ``assumes``: what has to hold for it to be right, as ``sum-one:y``; ``assumption`` says that in words.
    ``step``: the number of the first step that is wrong, from 1.  ``line``: where in the file.  ``why``: what keeps it
    from being checked, or does not fit.  ``correct``: what it should be, where that was asked for.  ``steps``: each
    step on its own, where there are several.
    """

    verdict: str
    assumes: str = ""
    step: int | None = None
    diagnoses: list[Diagnosis] = field(default_factory=list)
    relative_error: float = 0.0
    left: str = ""
    right: str = ""
    line: int = 0
    problem: str = ""
    why: str = ""
    correct: str = ""  # what it should be, as a formula; shown only when asked for
    steps: list[Result] = field(default_factory=list)
    language: str = "en"

    @property
    def score(self) -> float:
        """1 for what is right, also under an assumption; 0.5 for the transposed; of several steps, the mean."""
        return sum(s.score for s in self.steps) / len(self.steps) if self.steps else SCORES[self.verdict]

    def __float__(self) -> float:
        """The score: what nbgrader takes as partial credit."""
        return self.score

    def __bool__(self) -> bool:
        """Is it right?"""
        return self.verdict in (RIGHT, TRANSPOSED, IF)

    @property
    def assumption(self) -> str:
        """The assumption in words."""
        kind, _, word = self.assumes.partition(":")
        return said(f"assume-{kind}", self.language, name=word) if kind else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as JSON can hold it."""
        found: dict[str, Any] = {
            "verdict": self.verdict, "score": self.score, "left": self.left, "right": self.right, "line": self.line,
            "problem": self.problem, "step": self.step, "relative_error": self.relative_error,
            "assumption": self.assumption, "why": reason(self.why, self.language),
            "diagnoses": [{"code": d.code, "text": d.text, "node": d.node} for d in self.diagnoses],
        }  # fmt: skip
        if self.correct:
            found["correct"] = self.correct
        if self.steps:
            found["steps"] = [s.to_dict() for s in self.steps]
        return found

    def __str__(self) -> str:
        """The verdict, and why, for a reader."""
        lines = [said(f"verdict-{self.verdict}", self.language, assumption=self.assumption)]
        if self.step is not None and len(self.steps) > 1:
            lines.append(said("first-wrong", self.language, step=self.step, line=self.steps[self.step - 1].right))
        if self.why:
            lines.append(said("why", self.language, why=reason(self.why, self.language)))
        lines += [d.text for d in self.diagnoses]
        if self.assumes and self.verdict == WRONG:
            lines.append(said("would-be-right", self.language, assumption=self.assumption))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        from .grading.shown import html

        return html(self)
