"""The result of a check: plain data, which can also put itself into words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .hints import IF, RIGHT, TRANSPOSED, UNCHECKABLE, WRONG, html
from .sentences import sentence, translate_reason

SCORES = {RIGHT: 1.0, IF: 1.0, TRANSPOSED: 0.5, WRONG: 0.0, UNCHECKABLE: 0.0}
CODES = """SIGN CHAIN MISSING_PATH LOCAL_DERIVATIVE INDEX_SHIFT TRANSPOSE MISSING_FACTOR HADAMARD ORDER LAYOUT JACOBIAN
    WRONG_FUNCTION AXIS SCALE BROADCAST SHARED""".split()


@dataclass(frozen=True)
class Diagnosis:
    """A mistake that an answer is consistent with: its kind (one of CODES), its sentence, and the node it is about."""

    code: str
    key: str
    fields: dict[str, str] = field(default_factory=dict)
    node: str = ""
    language: str = "en"

    @property
    def text(self) -> str:
        """The diagnosis as a sentence."""
        return sentence("consistent", self.language, what=sentence(self.key, self.language, **self.fields))


@dataclass
class Result:
    """The result of one claim, or of one step of a chain of equalities.

    ``assumes``: what has to hold for it to be right, as ``sum-one:y``; ``assumption`` says that in words.  ``step``:
    the number of the first wrong step, from 1.  ``line``: its line in the file.  ``why``: the reason why it cannot be
    checked, or does not fit.  ``correct``: what it should be, if that was asked for.  ``steps``: the result of each
    step, if there are several.
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
    correct: str = ""
    steps: list[Result] = field(default_factory=list)
    language: str = "en"

    @property
    def score(self) -> float:
        """1 if it is right, also under an assumption; 0.5 if it is transposed; the mean over several steps."""
        return sum(s.score for s in self.steps) / len(self.steps) if self.steps else SCORES[self.verdict]

    def __float__(self) -> float:
        """The score, which nbgrader takes as partial credit."""
        return self.score

    def __bool__(self) -> bool:
        """Is it right, perhaps transposed or under an assumption?"""
        return self.verdict in (RIGHT, TRANSPOSED, IF)

    @property
    def assumption(self) -> str:
        """The assumption in words."""
        kind, _, word = self.assumes.partition(":")
        return sentence(f"assume-{kind}", self.language, name=word) if kind else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as JSON can hold it."""
        found: dict[str, Any] = {
            "verdict": self.verdict, "score": self.score, "left": self.left, "right": self.right, "line": self.line,
            "problem": self.problem, "step": self.step, "relative_error": self.relative_error,
            "assumption": self.assumption, "why": translate_reason(self.why, self.language),
            "diagnoses": [{"code": d.code, "text": d.text, "node": d.node} for d in self.diagnoses],
        }  # fmt: skip
        if self.correct:
            found["correct"] = self.correct
        if self.steps:
            found["steps"] = [s.to_dict() for s in self.steps]
        return found

    def __str__(self) -> str:
        """The verdict and its reasons in sentences."""
        lines = [sentence(f"verdict-{self.verdict}", self.language, assumption=self.assumption)]
        if self.step is not None and len(self.steps) > 1:
            lines.append(sentence("first-wrong", self.language, step=self.step, line=self.steps[self.step - 1].right))
        if self.why:
            lines.append(sentence("why", self.language, why=translate_reason(self.why, self.language)))
        lines += [d.text for d in self.diagnoses]
        if self.assumes and self.verdict == WRONG:
            lines.append(sentence("would-be-right", self.language, assumption=self.assumption))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return html(self)
