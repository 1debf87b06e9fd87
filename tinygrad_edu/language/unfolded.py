"""Lines as this package prints them, in the spelling that ``reading`` takes: what has no brackets there gets them.

``∑ g ⊙ x`` becomes ``sum(g ⊙ x)``, ``log σ(v)`` ``log(σ(v))``, ``1[x > 0]`` ``I(x > 0)``, and
``{g if x > 0; 0 otherwise}`` ``((g) if (x > 0) else (0))``.
"""

from __future__ import annotations

import re

from ..op import OPS
from .vocabulary import closing

CASES = re.compile(r"\{([^{};]*) if ([^{};]*); ([^{};]*) otherwise\}")
INDICATOR = re.compile(r"(?<![\w)\]'])1\[(?=[^\[\]]*(?:[<>=≥≤]))")
KEYED = re.compile(r"_\{\[\$(\w+)\]\}")  # in the notation of an operation
REACHING = {"∑": "sum", "∏": "prod"}  # they take all factors that follow
PREFIX = re.compile(
    r"(?:([∑∏]) ?(?=[^\s_(])|([∑∏]) (?=\()|(?<![\w.])(max|min|log) (?=[^\s(+*/=,;)-])|(?<![\w.])(log)(?=\|))"
)
ENDS = re.compile(r" [+-] |[,;:)\]}]| if | else | otherwise|$")
FACTOR = re.compile(r"\s*[-+]?[^\W\d]\w*['′]*|\s*[-+]?[\d.]+")


def unfolded(text: str) -> str:
    """The line with brackets for all that reaches."""
    while (found := CASES.sub(lambda m: f"(({m[1]}) if ({equal(m[2])}) else ({m[3]}))", text)) != text:
        text = found
    while match := INDICATOR.search(text):
        start = match.end() - 1
        end = closing(text, start) or len(text)
        text = f"{text[: start - 1]}I({equal(text[start + 1 : end - 1])}){text[end:]}"
    for word in reversed([*re.finditer(r"(?<![\w.])([A-Za-z_]\w*)\[", text)]):  # put[1:3](g) is put(g, key=_[1:3])
        slot, behind = KEYED.search(OPS[word[1]].notation if word[1] in OPS else ""), closing(text, word.end() - 1)
        if slot is not None and behind is not None and text[behind : behind + 1] == "(":
            key, close = text[word.end() - 1 : behind], closing(text, behind) or len(text) + 1
            text = f"{text[: word.end() - 1]}{text[behind : close - 1]}, {slot[1]}=_{key}){text[close:]}"
    text = re.sub(r"⟨([^⟨⟩,]*), ([^⟨⟩,]*)⟩", r"inner(\1, \2)", text)
    while prefix := last(text):
        name, start = next(filter(None, prefix.groups())), prefix.end()
        end = factors_end(text, start) if name in REACHING else factor_end(text, start)
        text = f"{text[: prefix.start()]}{REACHING.get(name, name)}({text[start:end]}){text[end:]}"
    return text


def equal(condition: str) -> str:
    return re.sub(r"(?<![<>=!])=(?!=)", "==", condition).replace("∧", "and").replace("∨", "or")


def last(text: str) -> re.Match[str] | None:
    """The last of what reaches without brackets: what it reaches for has none any more."""
    return [None, *PREFIX.finditer(text)][-1]


def factors_end(text: str, at: int) -> int:
    """Where the factors end that begin here."""
    while at < len(text):
        if text[at] in "([{":
            at = closing(text, at) or len(text)
        elif ENDS.match(text, at):
            return at
        else:
            at += 1
    return at


def factor_end(text: str, at: int) -> int:
    """Where the factor ends that begins here: a name with its brackets and exponents, or |x|."""
    if text[at] == "|":
        return text.index("|", at + 1) + 1 if "|" in text[at + 1 :] else len(text)
    found = FACTOR.match(text, at)
    at = found.end() if found else at + 1
    while at < len(text) and text[at] in "([":
        at = closing(text, at) or len(text)
    while at < len(text) and text[at] in "ᵀ⁻⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾₀₁₂₃₄₅₆₇₈₉":
        at += 1
    return at
