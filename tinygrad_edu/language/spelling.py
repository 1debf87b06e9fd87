r"""Names as LaTeX spells them, the inverse of symbols.symbol: \mathbf{v}_c is v_c, \bar{C} C_bar and W^{(2)} W(2).

Several spellings are one name, so names are compared in one form of their own, which ``spelled`` gives.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .lines import UNESCAPED
from .reading import Unreadable
from .symbols import ACCENTS, GREEK, LETTERS, symbol
from .tokens import Token, Tokens

MARKS = {latex: word for word, latex in ACCENTS.items()} | {
    r"\widehat": "hat", r"\overline": "bar", r"\widetilde": "tilde", r"\mathring": "ring",
}  # fmt: skip
FONTS = (
    r"\mathbf",
    r"\boldsymbol",
    r"\bm",
    r"\mathrm",
    r"\mathit",
    r"\mathcal",
    r"\mathsf",
    r"\mathbb",
    r"\vec",
    r"\pmb",
)
COMMANDS = {latex: name for name, latex in GREEK.items()} | {
    r"\varphi": "phi", r"\varepsilon": "epsilon", r"\vartheta": "theta", r"\varrho": "rho", r"\varsigma": "sigma",
    r"\ell": "ℓ",
}  # fmt: skip
CALLIGRAPHIC = {"L": "ℒ"}
LAYER = re.compile(r"[\w+\-,]{1,8}")
Parts = list[list[str]]  # the subscripts: between commas, letter by letter


class Spelling(NamedTuple):
    """What a name is made of."""

    letter: str
    marks: tuple[str, ...] = ()
    parts: tuple[tuple[str, ...], ...] = ()
    layer: str = ""
    primes: str = ""
    transposed: bool = False  # W^{(2)\\top}, where one exponent says both

    def name(self, subscripts: int | None = None) -> str:
        """The name, with so many of its subscripts."""
        parts = ["".join(part) for part in self.parts[:subscripts]]
        return "_".join([self.letter, *parts, *self.marks]) + self.layer + self.primes


def begins(tokens: Tokens) -> bool:
    token = tokens.peek
    if token in FONTS:  # the one of \\mathbf{1} is none
        return not tokens.after(1 + (tokens.after(1) == "{"))[:1].isdigit()
    return token in COMMANDS or token in MARKS or tokens.token.words is not None or is_letter(token)


def is_letter(token: str) -> bool:
    """Is it one letter, and none that is raised or lowered?"""
    return len(token) == 1 and token.isalpha() and unicodedata.category(token) != "Lm"


def letter(tokens: Tokens) -> Spelling:
    """A letter with its accents, in whatever font; in braces perhaps with subscripts too."""
    token = tokens.take()
    tokens.depth += 1
    if tokens.depth > 80:
        raise tokens.refused("too much within one another", token.at)
    try:
        if token.words is not None:
            return Spelling(unescaped(token.words))
        if token.text in COMMANDS:
            return Spelling(COMMANDS[token.text])
        if is_letter(token.text):
            return Spelling(LETTERS.get(token.text, "\\" + token.text)[1:] if token.text in LETTERS and
                            LETTERS[token.text][1:] in GREEK else token.text)  # fmt: skip
        if token.text in MARKS or token.text in FONTS:
            braced = tokens.takes("{")
            inner = letter(tokens)
            if braced:
                inner = scripted(tokens, inner)
                tokens.expect("}", "only a name can stand here")
            if token.text in MARKS:
                return inner._replace(marks=(*inner.marks, MARKS[token.text]))
            return inner._replace(letter=CALLIGRAPHIC.get(inner.letter, inner.letter)) if "cal" in token.text else inner
    finally:
        tokens.depth -= 1
    raise tokens.refused("a name is expected", token.at)


def scripted(tokens: Tokens, spelling: Spelling) -> Spelling:
    """The name with the subscripts, the layer and the primes that follow, as far as they can be parts of a name."""
    while True:
        start = tokens.next
        if tokens.peek == "_" and tokens.after(1) == "{" and tokens.after(2) == "[":
            return spelling  # what is below is an element
        if tokens.takes("_") and not spelling.parts:
            if (found := parts(tokens.group())) is not None:
                spelling = spelling._replace(parts=tuple(map(tuple, found)))
                continue
        elif not spelling.layer and (layer := layer_of(tokens))[0]:
            spelling = spelling._replace(layer=layer[0], transposed=layer[1])
            if layer[1]:
                return spelling
            continue
        elif tokens.takes("'"):
            spelling = spelling._replace(primes=spelling.primes + "'")
            continue
        tokens.next = start
        return spelling


def layer_of(tokens: Tokens) -> tuple[str, bool]:
    """``(2)`` of ``^{(2)}`` and of ``^{(2)\\top}``, and whether the transpose is meant too."""
    if not (tokens.peek == "^" and tokens.after(1) == "{" and tokens.after(2) == "("):
        return "", False
    found, i = "", 3
    while tokens.after(i) not in (")", "", "}"):
        found += tokens.after(i)
        i += 1
    up = tokens.after(i + 1) in (r"\top", "T")
    if tokens.after(i) != ")" or tokens.after(i + 1 + up) != "}" or not LAYER.fullmatch(found):
        return "", False
    tokens.next += i + 2 + up
    return f"({found})", up


def parts(tokens: Sequence[Token]) -> Parts | None:
    """Subscripts as parts of a name: c, ij, 1, train, c,i; None if it is more than that, as j - 1 is."""
    found: Parts = [[]]
    mark = ""
    for token in tokens:
        text = token.text
        if text in MARKS or text in FONTS:
            mark = MARKS.get(text, mark)
        elif text in ("{", "}"):
            continue
        elif text in (",", "_"):
            found.append([])
        elif token.words is not None or text in COMMANDS or text.isalpha() or text.isdigit():
            word = unescaped(token.words) if token.words is not None else COMMANDS.get(text, text)
            found[-1].append(word + mark)
            mark = ""
        else:
            return None
    return found if all(found) else None


def unescaped(words: str) -> str:
    for escape, c in UNESCAPED.items():
        words = words.replace(escape + "{}", c) if escape.startswith(r"\text") else words.replace(escape, c)
    return words


@functools.lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """The form in which spellings of this name are compared.

    >>> spelled("δ(1)"), spelled("W1"), spelled("v_bar_c")
    ('delta(1)', 'W_1', 'v_c_bar')
    """
    try:
        tokens = Tokens(symbol(name))
        found = scripted(tokens, letter(tokens)).name()
        return found if not tokens.peek else name
    except Unreadable:
        return name


def dictionary(known: Iterable[str]) -> dict[str, list[str]]:
    """The names that each spelling may mean; more than one cannot be told apart."""
    found: dict[str, list[str]] = {}
    for name in known:
        found.setdefault(spelled(name), []).append(name)
    return found
