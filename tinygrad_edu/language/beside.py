"""Products that have no sign: ``W1 x``, ``2x``, ``(f - y) a``, ``σ(x)(1 - σ(x))``.

They are read only where both sides are certainly operands, and no function can be meant: what stands side by side
otherwise stays as it is, and is refused with the words that say so.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable

from .vocabulary import Unreadable, closing

TOKEN = re.compile(r"\s+|'[^']*'|\d+(?:\.(?!\w*[^\W\d])\d*)?(?:[eE][+-]?\d+)?|\.\d+|[^\W\d]\w*|\.\s*[^\W\d]\w*|\*\*|.")


def products(text: str, operand: Callable[[str], bool], function: Callable[[str], bool], quoted: str) -> str:
    """The text with the signs of those products, where ``operand`` and ``function`` know what a word is.

    ``quoted``: how it was written, for the error.
    """
    found: list[str] = []  # tokens, with signs between
    signs: list[str] = []  # for each open bracket, the sign before the factor that it is in
    behind = ""  # what kind of operand has just ended: a number, a word, or something else
    sign = above = ""  # the sign before this factor, and if that is a slash, what kind of factor is divided
    spaced, wide = False, False  # is there a space before this token; was there one behind what is divided by
    for match in TOKEN.finditer(text):
        token = match[0]
        if token.isspace():
            spaced = True
            found.append(token)
            continue
        kind = what(token, operand, function, text[match.end() :])
        begins = kind in ("number", "operand", "function") or token == "("
        if behind and begins and (put := between(text, match.start(), behind, kind, spaced, found)):
            if put == "I":
                found[-1] = "I"
            else:
                wide = spaced or token == "("
                if sign == "/" and not (wide and (above == "number" or (behind == "number" and spaced))):
                    raise Unreadable(f"how much is divided by?  Write brackets: {quoted.strip()[:40]}", quoted)
                put = "@" if sign == "**" else put
                found.append(put)
                sign = put
        elif token in "+-*/@,<>=|" or token == "**" or kind == "keyword":
            if token == "/":
                above = behind
            sign = sign if token == "**" and sign == "/" else token
        found.append(token)
        spaced = False
        if token in "([{":
            signs.append(sign)
            sign, behind = "", ""
        elif token in ")]}":
            sign, behind = signs.pop() if signs else "", "bracket"
        else:
            transposed = token[0] == "." and token[1:].strip() in ("T", "mT")
            behind = kind if kind in ("number", "operand", "word") else "bracket" if transposed else ""
    return "".join(found)


def what(token: str, operand: Callable[[str], bool], function: Callable[[str], bool], rest: str) -> str:
    """A number, a keyword, a function with its bracket, something that is known, another word, or a sign."""
    if token[0].isdigit() or (token[0] == "." and token[1:2].isdigit()):
        return "number"
    if not (token[0].isalpha() or token[0] == "_"):
        return ""
    if keyword.iskeyword(token):
        return "keyword"
    called = function(token)
    if called and rest.lstrip()[:1] == "(":
        return "function"
    return "operand" if operand(token) else "" if called else "word"


def between(text: str, at: int, behind: str, kind: str, spaced: bool, found: list[str]) -> str:
    """The sign that is missing between two operands; ``I`` where 1 before a condition is the indicator; or nothing."""
    bracket = text[at] == "("
    inner = text[at + 1 : (closing(text, at) or len(text) + 1) - 1] if bracket else ""
    if kind == "number" or behind == "word" or (bracket and not inner.strip()):
        return ""
    if behind == "number":
        if bracket and re.search(r"[<>]|[=!]=", inner) and not spaced and found[-1] == "1":
            return "I"
        return "*"
    if behind == "operand" and bracket and not spaced:  # a(1 - a) is a product, f(x) may be none
        return "@" if re.search(r"[\w)\]]\s*[-+*/@]", flat(inner)) and "," not in flat(inner) else ""
    return "@"


def flat(text: str) -> str:
    while (shorter := re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "x", text)) != text:
        text = shorter
    return text
