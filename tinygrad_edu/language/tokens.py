r"""LaTeX in tokens: without what is there for the eye alone, spaces and the sizes of brackets."""

from __future__ import annotations

import re
from typing import NamedTuple

from .reading import Unreadable

LONGEST, DEEPEST = 2_000, 60  # characters of one formula, and brackets within brackets
TOKEN = re.compile(r"\\(?:begin|end)\s*\{[a-z]+\}|\\operatorname\*|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\.\d+|\S", re.DOTALL)
SPACES = re.compile(
    r"(?:\s|~|\\[,;:!> ]|\\(?:quad|qquad|space|displaystyle|textstyle|limits|nolimits|left\s*\.|right\s*\.)(?![A-Za-z])"
    r"|\\(?:left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z]))+"
)
WORDS = re.compile(
    r"\\(text|textrm|textit|textbf|texttt|mathrm|mathsf|mathtt|mathit|operatorname\*?)\s*\{((?:[^{}\\]|\\[^A-Za-z]|\\[a-z]+\{\})*)\}"
)
SAME = {
    r"\lbrack": "[", r"\rbrack": "]", r"\lparen": "(", r"\rparen": ")", r"\prime": "'", r"\ast": "*", r"\lvert": "|",
    r"\rvert": "|", r"\vert": "|", r"\|": r"\Vert", r"\lVert": r"\Vert", r"\rVert": r"\Vert", r"\leq": r"\le",
    r"\geq": r"\ge", r"\ne": r"\neq", r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\circ": r"\odot", "′": "'", "−": "-",
    r"\wedge": r"\land", r"\vee": r"\lor", r"\neg": r"\lnot", r"\{": "[{", r"\}": "}]",
}  # fmt: skip


BRACKETS = {"(": ")", "[": "]", "[{": "}]"}


class Token(NamedTuple):
    """A command, a number, a letter or a sign; where it stands; and the words, if it is ``\\text{words}``."""

    text: str
    at: int
    words: str | None = None


END = ""


class Tokens:
    """The tokens of a formula, taken one after the other."""

    def __init__(self, latex: str) -> None:
        self.latex, self.next, self.depth = latex, 0, 0
        if len(latex) > LONGEST:
            raise Unreadable(f"{len(latex):,} characters; a formula has at most {LONGEST:,}", latex[:80])
        self.tokens: list[Token] = []
        at = 0
        while at < len(latex):
            if space := SPACES.match(latex, at):
                at = space.end()
            elif words := WORDS.match(latex, at):
                self.tokens.append(Token(rf"\{words[1].rstrip('*')}", at, words[2]))
                at = words.end()
            elif found := TOKEN.match(latex, at):
                self.tokens.append(Token(SAME.get(found[0], found[0]), at))
                at = found.end()
            else:
                raise self.refused("this is not LaTeX", at)
        self.tokens.append(Token(END, len(latex)))

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    @property
    def peek(self) -> str:
        return self.token.text

    def after(self, n: int = 1) -> str:
        return self.tokens[min(self.next + n, len(self.tokens) - 1)].text

    def take(self) -> Token:
        token = self.token
        self.next += bool(token.text)
        return token

    def takes(self, *texts: str) -> bool:
        """Reads these tokens, if they come next."""
        if all(self.after(i) == text for i, text in enumerate(texts)):
            self.next += len(texts)
            return True
        return False

    def expect(self, text: str, why: str) -> None:
        """Reads a token that has to be there."""
        if not self.takes(text):
            raise self.refused(why)

    def group(self) -> list[Token]:
        """What an exponent or a command applies to: the tokens in braces, or the one that comes next."""
        if not self.takes("{"):
            token = self.take()
            if token.text in (END, "}", "^", "_", "&"):
                raise self.refused("something is missing", token.at)
            if token.text.isdigit() and len(token.text) > 1:  # of 12 it is the 1
                first = Token(token.text[0], token.at)
                self.tokens[self.next - 1 : self.next] = [first, Token(token.text[1:], token.at + 1)]
                return [first]
            if token.text in ("\\hat", "\\bar", "\\tilde", "\\mathbf", "\\boldsymbol", "\\bm", "\\mathsf", "\\mathcal"):
                return [token, Token("{", token.at), *self.group(), Token("}", token.at)]
            return [token]
        found, depth = [], 0
        while self.peek != "}" or depth:
            token = self.take()
            if token.text == END:
                raise self.refused("a brace is not closed", token.at)
            depth += (token.text == "{") - (token.text == "}")
            found.append(token)
        self.take()
        return found

    def refused(self, why: str, at: int | None = None) -> Unreadable:
        at = self.token.at if at is None else at
        start, end = max(0, at - 12), at + 16
        quoted = "…" * bool(start) + self.latex[start:end] + "…" * (end < len(self.latex))
        return Unreadable(f"{why}, here: {quoted}" if self.latex else why, self.latex, min(at, len(self.latex)))
