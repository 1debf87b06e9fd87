"""The lines of a hand-in, and what stands in one: equalities, and what is said of indices behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..language.reading import closing

HEADING = re.compile(r"\s*(#{1,6})\s+(.*)")
BULLET = re.compile(
    r"\s*(?:[-*+•]\s+|\d+[.)]\s+|(?:let|given|where|then|so|hence|therefore|and|thus)\b[:,]?\s+|[⇒→]\s*)", re.I
)
FENCE = re.compile(r"\s*(```|~~~)")


class Line(NamedTuple):
    """A line of the file without bullets and remarks."""

    number: int
    text: str


def lines(text: str) -> Iterator[Line]:
    """Lines that may say something: without fences, quotes, remarks and bullets; Markdown's tables and HTML are not."""
    shut = False
    for i, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = raw.rstrip()
        if shut or line.lstrip().startswith("<!--"):
            shut = "-->" not in line
            continue
        if not line.strip() or FENCE.match(line) or line.lstrip().startswith((">", "|", "//", "---", "===")):
            continue
        if not HEADING.match(line):
            line = re.sub(r"\s{2,}(//|#)\s.*$|\s//\s.*$", "", line)
            line = BULLET.sub("", line, count=1) if BULLET.match(line) else line
        yield Line(i, line)


def equals(text: str) -> list[str]:
    """What stands between signs of equality outside of brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "=" and depth == 0 and text[i - 1 : i] not in ("<", ">", "!", "=") and text[i + 1 : i + 2] != "=":
            if re.search(r"(?:\bfor\b|,)\s*\w+\s*$", text[start:i]) and re.match(r"=\s*[\w+-]+\s*\.\.", text[i:]):
                continue  # , j = 1..n
            if re.search(r"\bfor\s+\w+\s*$", text[start:i]):
                continue  # for i = k
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return [p.strip().rstrip(".,;").strip() for p in parts]


def split(text: str, sign: str) -> list[str]:
    """The parts between signs outside of brackets."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if c == sign and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def loops(text: str) -> tuple[str, list[str]]:
    """An expression, and what is said of its indices behind it: ``... for j in 1..n, k != j``, ``..., j = 1..n``."""
    if text.startswith("$"):
        return text, []
    at = 0
    while at < len(text):
        if text[at] in "([{":
            at = closing(text, at) or len(text)
            continue
        found = re.compile(
            r"\s+for(?:\s+all|\s+each)?\s+|\s+if\s+(?!.*\belse\b)|\s*,\s*(?=\w+\s*(?:=|in)\s*[\w+-]+\s*\.\.)"
        ).match(text, at)
        if found:
            said = [p.strip() for p in re.split(r",|\band\b|\bfor\b", text[found.end() :])]
            return text[:at].strip(), [p for p in said if p and re.search(r"[=<>]|\bin\b", p)]
        at += 1
    return text, []
