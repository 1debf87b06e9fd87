r"""LaTeX in a hand-in: displays over several lines, ``aligned`` too, and formulas between dollars in a sentence.

Every row of a display becomes a line ``$...$``, with the number of the line in which it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

ENVIRONMENT = r"(?:align|aligned|equation|gather|gathered|multline|eqnarray|split|alignat|flalign)\*?"
OPENS = re.compile(rf"\$\$|\\\[|\\begin\{{{ENVIRONMENT}\}}")
INNER = re.compile(
    rf"\\(?:begin|end)\{{{ENVIRONMENT}\}}(?:\{{\d\}})?|\\nonumber|\\notag|\\(?:label|tag)\*?\{{[^{{}}]*\}}"
)
ROWS = re.compile(r"\\\\(?:\[[^\]]*\])?|\\begin\{cases\}|\\end\{cases\}|\\begin\{\w*matrix\}|\\end\{\w*matrix\}")
SPAN = re.compile(r"\$([^$]+)\$")

Numbered = tuple[int, str]


def shown(lines: Iterable[Numbered]) -> Iterator[Numbered]:
    """The lines, with a line for each row of a display."""
    inside: list[Numbered] = []
    close = ""
    for number, line in lines:
        empty = not line.strip()
        while True:
            if close:
                at = line.find(close)
                if at < 0 and not empty:  # a display that is not closed ends with an empty line
                    inside.append((number, line))
                    break
                inside.append((number, line[: max(at, 0)]))
                yield from rows(inside)
                line = line[at + len(close) :] if at >= 0 else ""
                inside, close = [], ""
                if not line.strip(" .,;"):
                    break
            found = OPENS.search(line)
            if not found:
                yield number, line
                break
            if line[: found.start()].strip():
                yield number, line[: found.start()]
            close = {"$$": "$$", "\\[": "\\]"}.get(found[0], found[0].replace("begin", "end"))
            line = line[found.end() :]
    yield from rows(inside)


def rows(inside: list[Numbered]) -> Iterator[Numbered]:
    """The rows of a display; one that begins with + or - goes on with the one before it."""
    found: list[tuple[int, str]] = []
    depth, new = 0, True
    for number, line in inside:
        parts, at = [""], 0
        for mark in ROWS.finditer(line):
            parts[-1] += line[at : mark.start()]
            at = mark.end()
            depth += mark[0].startswith(r"\begin")
            depth -= mark[0].startswith(r"\end")
            if mark[0].startswith("\\\\") and depth <= 0:
                parts.append("")
            else:
                parts[-1] += mark[0]
        parts[-1] += line[at:]
        for i, part in enumerate(parts):
            part = INNER.sub("", part if depth else part.replace("&", " ")).strip()
            new = new or i > 0
            if not part:
                continue
            starts = re.sub(r"^(?:\\q?quad|\\[,;: ]|\{\})*\s*", "", part)
            if found and (not new or starts[:1] in ("+", "-")):
                found[-1] = (found[-1][0], f"{found[-1][1]} {starts}")
            else:
                found.append((number, starts))
            new = False
    yield from ((number, f"${row.rstrip(' .,;')}$") for number, row in found)


def spans(text: str) -> list[str]:
    """The formulas of a line: itself, if it is nothing but one; else those between dollars that say something."""
    text = re.sub(r"\\\(\s*(.*?)\s*\\\)", r"$\1$", text)
    if "$" not in text:
        return [text]
    if re.search(r"\$\s*=|=\s*\$", text) and not re.search(r"[^\W\d_]{2,}\s+[^\W\d_]{2,}", SPAN.sub("", text)):
        return [text.rstrip(" .,;")]
    if named := re.match(r"\s*\$([^$=]+)\$\s*(?::|is\b|in\b|∈)\s*(?=[^=]+$)", text):
        return [f"${named[1]}$: {text[named.end() :].replace('$', '')}"]
    outside = SPAN.sub("", text)
    found = [f"${span.strip()}$" for span in SPAN.findall(text)]
    if not outside.strip(" .,;:") and len(found) == 1:
        return [f"{found[0][:-1].rstrip(' .,;')}$"]
    return [f"{span[:-1].rstrip(' .,;')}$" for span in found if "=" in span or r"\in" in span] or [outside]
