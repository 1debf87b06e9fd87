"""Hand-ins of a class that never was: the five in lessons/, with other names, in another order, with other mistakes.

No two have a claim in common, so that a checker that remembers what it has judged gains nothing.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

from tinygrad_edu.checker.handin import LOSSES, Handin, handin

FOLDER = Path(__file__).parent.parent / "lessons" / "handins"
MISTAKES = [
    (r"\.T|ᵀ", ""),  # a transpose is lost
    (r"1 - ", "1 + "),
    (r" - ", " + "),
    (r"(?<=[=(] )-|^-", ""),  # a sign is lost
    (r"@", "*"),
    (r"\*", "@"),
    (r"sigma\(|σ\(", "exp("),
    (r"softmax\(", "sigmoid("),
    (r"(\w+) - (\w+)", r"\2 - \1"),
    (r"^", "2*"),
    (r"$", "/2"),
    (r"phi'\(", "phi("),
    (r"\[([ijk]), ?([ijk])\]", r"[\2, \1]"),
    (r"sum\(|∑\(", "2*sum("),
]


def originals() -> list[str]:
    """The texts that are varied."""
    return [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("0*.md"))]


def sections(text: str) -> list[str]:
    """The problems: what stands under headings of the first level, which need nothing of each other."""
    return re.split(r"(?m)^(?=# )", text)


def named(found: Handin) -> set[str]:
    """Names that may be others: all that is declared or defined, and the letters of sizes."""
    words = {word for p in found.problems for word in (*p.declared, *p.defined, *p.sizes)}
    return {re.sub(r"\(\w+\)$|'+$", "", word) for word in words} - {*LOSSES}


def renamed(text: str, draw: random.Random) -> str:
    """The same with other names."""
    for word in sorted(named(handin(text)), key=len, reverse=True):
        new = f"{word}{draw.choice('abcdefghkmpqrsuvwxyz')}{draw.choice('abcdefghkmpqrsuvwxyz')}"
        text = re.sub(rf"(?<!\w)(d|∂|){re.escape(word)}(?!(?!ᵀ)\w)", rf"\g<1>{new}", text)
    return text


def mistaken(text: str, draw: random.Random, number: int) -> str:
    """The same with so many mistakes, each on the right side of a claim."""
    lines = text.split("\n")
    steps = [s.line for c in handin(text).claims if not c.shapes for s in c.steps if s.tree is not None]
    for at in draw.sample(steps, min(number, len(steps))):
        left, sign, right = lines[at - 1].partition("= ")
        pattern, wrong = draw.choice([m for m in MISTAKES if re.search(m[0], right)])
        lines[at - 1] = left + sign + re.sub(pattern, wrong, right, count=1)
    return "\n".join(lines)


def varied(seed: int) -> str:
    """One hand-in of the class."""
    draw = random.Random(seed)
    parts = sections(draw.choice(originals()))
    head, rest = parts[0], parts[1:]
    draw.shuffle(rest)
    return mistaken(
        renamed(head + "".join(rest), draw), draw, draw.randint(0, 3)
    )  # a third of all claims is then wrong, as in the originals
