"""What in a line is mathematics, and what are words: several claims beside each other, and claims in sentences."""

from __future__ import annotations

import re

SLOPE = re.compile(
    r"∂|∇|\\partial|\\nabla|\bgrad_|(?<![\w.])d[^\W\d(]?[\w(][^=]*?/\s*d[^\W\d]|(?<![\w.])d\w+(?:\[[^\]]*\])?/d\w"
)
LETTERS = r"[^\W\d][\w'\u0302-\u0304]*"  # with accents of their own
ABOVE = rf"(?:d(?:\([^=]*\)|{LETTERS}(?:\[[^\]=]*\])?)|∂[^/=]+)"
DERIVATIVE = rf"{ABOVE}\s*/\s*[d∂]{LETTERS}(?:\[[^\]=]*\]|\(\d\))?"
LEFT = re.compile(rf"(?:{DERIVATIVE}|(?:∇|grad)_\{{?\w+\}}?\s*\w+|∇\w+)(?=\s*$)")
NAME = re.compile(r"[^\W\d][\w\u0302-\u0304]*(?:\[[\w, ]+\])?(?=\s*$)")
WORDS = re.compile(r"(?<![\w.(\[@*/+=^_-])[^\W\d_]{2,}(?:[,;:]?\s+[^\W\d_]{2,}){2,}(?![\w(\[])")
JOINS = {"for", "if", "else", "in", "and", "or", "not", "by", "of", "from", "all", "each"}
BESIDE = re.compile(r"\s*[,;]\s+(?:and\s+)?|\s+and\s+|\s*(?:⇒|=>|⟹|→)\s*")
BESIDE_LATEX = re.compile(
    r"\s*,?\s*\\q?quad(?:\\text\{[^}]*\})?(?:\\q?quad)?\s*|\\(?:implies|Rightarrow|Longrightarrow)"
)


def wordy(text: str) -> bool:
    """Are there three plain words side by side?"""
    return any(len([w for w in run.split() if w.strip(",;:") not in JOINS]) >= 3 for run in WORDS.findall(text))


def statements(text: str) -> list[str]:
    """The equalities that stand beside each other: ``a = b, c = d``, ``a = b and c = d``."""
    if text.startswith("$"):
        parts = [p.strip(" ,") for p in BESIDE_LATEX.split(text.strip("$"))]
        return [f"${p}$" for p in parts] if len(parts) > 1 and all("=" in p[1:] for p in parts) else [text]
    found, at, depth = [""], 0, 0
    while at < len(text):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        join = BESIDE.match(text, at) if depth == 0 and (text[at] in ",; ⇒=⟹→") else None
        if join and is_equality(text[join.end() :]) and "=" in found[-1] and not re.search(r"\b(for|if)\b", found[-1]):
            found.append("")
            at = join.end()
            continue
        found[-1] += text[at]
        at += 1
    return found


def is_equality(text: str) -> bool:
    """Does it begin with a left side, and what is no index: ``dL/dw = x``, ``c = d``, but not ``i = 1..n``?"""
    left, sign, right = text.partition("=")
    if not sign or right[:1] == "=" or left[-1:] in ("<", ">", "!"):
        return False
    if LEFT.fullmatch(left.strip()):
        return True
    index = re.fullmatch(r"\s*[a-z]\s*", left) and re.match(r"\s*(?:\w+\s*(?:$|[,;.])|[\w+-]+\s*\.\.)", right)
    return bool(NAME.fullmatch(left.strip())) and not index


def sentence(text: str) -> tuple[str, str]:
    """Words before a formula, and the formula: ``By the chain rule we get dL/dx = ...``."""
    left, sign, right = text.partition("=")
    if not sign or text.startswith("$"):
        return "", text
    for kind in (LEFT, NAME):
        for found in kind.finditer(left):
            before = left[: found.start()].strip()
            if before and re.fullmatch(r"[^\W\d_]+(?:[\s,;:'’-]+[^\W\d_]+|\s+\d+)*[,:.]?", before):
                return before, (left[found.start() :] + sign + right).strip()
    return "", text


def claims_slope(text: str) -> bool:
    return bool(SLOPE.search(text))
