"""The lines of a hand-in, and what stands in one: equalities, and what is said of indices behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..language.reading import closing
from .displays import shown, spans
from .prose import wordy

HEADING = re.compile(r"\s*(#{1,6})\s+(.*)")
BULLET = re.compile(
    r"\s*(?:[-*+•]\s+|\d+[.)]\s+|(?:[a-zа-я]|[ivx]{1,4})\)\s+|\((?:\d{1,2}|[a-zа-я]|[ivx]{1,4})\)\s+(?=[^\W\d]|[∂∇$])"
    r"|(?:let|given|where|then|so|hence|therefore|and|thus)\b[:,]?\s+|[⇒→]\s*)",
    re.I,
)
FENCE = re.compile(r"\s*(```|~~~)")
REMARK = re.compile(r"\s{2,}(//|#)\s.*$|\s//\s.*$")
# What stands behind a formula: its number, where it comes from.
BEHIND = re.compile(
    r"\s+\((?:\d{1,2}|\*+|[ivx]{1,4})\)\s*$"
    r"|\s+[(\[](?=[^()\[\]]{8})[^\W\d_]{2,} [^\W\d_]+(?:[ ,'-]+[^\W\d_]+)*[.]?[)\]]\s*$"
    r"|(?:\s*[,;]\s*|\s+)(?:because|since|by the|using the|due to|so that"
    r"|так как|потому что|по правилу|защото|понеже)\s.*$",
    re.I,
)
GOES_ON = re.compile(r"\s*[@·⋅⊙∘/⊗×]|\s*[-+−*](?!\s*$)")
MOST_JOINED = 30  # lines that are one


class Line(NamedTuple):
    """A line of the file without bullets and remarks."""

    number: int
    text: str


def lines(text: str) -> Iterator[Line]:
    """Lines that may say something: without fences, quotes, remarks and bullets; what goes on is joined."""
    pending: Line | None = None
    joined, indent = 0, 0
    for number, raw in [*shown(plain(text)), (0, "")]:
        if pending and joined < MOST_JOINED and raw.strip() and not HEADING.match(raw) and len(pending.text) < 2000:
            going = goes_on(pending.text, raw, len(raw) - len(raw.lstrip()) > indent)
            if going:
                pending = Line(pending.number, f"{pending.text} {REMARK.sub('', raw).strip()}")
                joined += 1
                continue
        if pending:
            yield from (Line(pending.number, part) for part in finished(pending.text))
        pending = None
        if raw.strip():
            pending, joined, indent = Line(number, cleaned(raw)), 0, len(raw) - len(raw.lstrip())


def plain(text: str) -> Iterator[tuple[int, str]]:
    """Without fences, quotes and remarks; of Markdown's tables the cells with equalities."""
    shut = False
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = raw.rstrip()
        if shut or line.lstrip().startswith("<!--"):
            shut = "-->" not in line
        elif FENCE.match(line) or line.lstrip().startswith((">", "//", "---", "===")):
            continue
        elif re.match(r"\s*\|(?:\s.*\s|-.*)\|$", line):
            yield from ((number, cell.strip()) for cell in re.split(r"\s\|\s", f" {line.strip()} ") if "=" in cell)
        else:
            yield number, line


def cleaned(line: str) -> str:
    """Without what Markdown adds, bullets and numbers, and remarks."""
    if HEADING.match(line):
        return line
    line = REMARK.sub("", line)
    line = re.sub(r"^(\s*)(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\2([.,:;]?)\s*$", r"\1\3\4", line)
    line = re.sub(r"^\s*\*\*(?=\S)([^*=]+)\*\*(?=[\s:.])[:.]?\s*", r"", line) if "=" in line else line
    return BULLET.sub("", line, count=1) if BULLET.match(line) else line


def goes_on(text: str, more: str, indented: bool) -> bool:
    """Does the next line belong to this one: a bracket is open, a sign is left over, or it begins with one?"""
    more = REMARK.sub("", more)
    if not (equalities := len(equals(text)) > 1 or text.rstrip().endswith("=")) and not text.lstrip().startswith("="):
        return False
    if text.startswith("$") or more.lstrip().startswith(("$", "=")):
        return False
    depth = sum((c in "([{") - (c in ")]}") for c in text)
    if depth > 0 or re.search(r"(?:[-+*/@=·⋅⊙−×]|\*\*)\s*$", text):
        return len(equals(more)) == 1
    if not GOES_ON.match(more) or len(equals(more)) > 1:
        return False
    bullet = re.match(r"\s*[-+*]\s", more)
    return bool(equalities) and (not bullet or not wordy(more))


def finished(text: str) -> list[str]:
    """The formulas of a line, without what is said behind them."""
    if HEADING.match(text):
        return [text]
    found = []
    for part in re.findall(r"`([^`]*=[^`]*)`", text) if re.search(r"`[^`]*=[^`]*`", text) else spans(text):
        part = part.replace("`", "")
        found.append(BEHIND.sub("", part) if "=" in part and not part.startswith("$") else part)
    return found


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
