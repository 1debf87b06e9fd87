r"""Formulas on one line of text, for terminals: ``\frac{a + b}{c}`` becomes ``(a + b)/c``.

What LaTeX shows by place and size, a line has to say with parentheses; so each piece of it knows how strongly it holds
together.  The LaTeX is what this package makes, and what users write as the notation of an operation; whatever it is,
something readable comes out, and no control character.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import NamedTuple

from ..format.ascii import LOWERED, RAISED, pairs
from .symbols import ESCAPES, LETTERS

# How strongly a piece holds together: a + b, -a b, a/b, a b, a², f(a), a.
SUM, NEGATIVE, FRACTION, PRODUCT, POWER, WHOLE, NAME = range(7)


# An exponent that is raised: a layer, a number, n, i or a transpose.  Other letters are too small to read: e^z.
RAISABLE = re.compile(r"(\([A-Za-z0-9]{1,4}([+-][0-9])?\))?(-?([0-9]+|[ni⊤])|[-+*′])?⊤?")
SIMPLE = re.compile(r"[^\W_]+(\.[0-9]+)?")

GREEKS = {latex[1:]: c for c, latex in reversed(LETTERS.items()) if "{" not in latex}
GREEKS |= pairs("varphi φ varepsilon ε vartheta ϑ varrho ϱ varsigma ς")
OTHERS = pairs("infty ∞ ldots … dots … cdots ⋯ top ⊤ prime ′ rangle ⟩ rVert ‖ rvert | rfloor ⌋ rceil ⌉")
PREFIXES, BIG = pairs("partial ∂ nabla ∇"), pairs("sum ∑ prod ∏ int ∫")
FUNCTIONS = set("log ln exp sin cos tan sinh cosh tanh arcsin arccos arctan max min argmax argmin lim det".split())
SUMS = pairs(r"+ + - - \pm ± \mp ∓ \oplus ⊕")
PRODUCTS = pairs(r"* * \odot ⊙ \oslash ⊘ \cdot · \otimes ⊗ \times × / / \circ ∘ \ast *")
RELATIONS = pairs(r"= = < < > > \le ≤ \leq ≤ \ge ≥ \geq ≥ \ne ≠ \neq ≠ \approx ≈ \equiv ≡ \sim ∼ \propto ∝ \gg ≫ \ll ≪")
RELATIONS |= pairs(r"\in ∈ \to → \rightarrow → \leftarrow ← \mapsto ↦ \mid | \colon : \land ∧ \lor ∨")
PUNCTUATION = pairs(r", , ; ; : : . . & , \\ ; ) ) ] ]") | {"}": ""}
SIGNS = SUMS | PRODUCTS | RELATIONS
OTHERS |= {latex[1:]: c for latex, c in SIGNS.items() if latex[0] == "\\"}
SPACES = {rf"\{c}" for c in ",;: >"} | {"~", r"\quad", r"\qquad", r"\space"}
PAIRS = pairs(r"( () [ [] | || \{ {} \| ‖‖ \Vert ‖‖ \vert || \lvert || \lVert ‖‖ \langle ⟨⟩ \lfloor ⌊⌋ \lceil ⌈⌉")
CLOSED_BY = {"(": ")", "[": "]", r"\{": r"\}"}  # others by themselves, and those with an l by the same with an r
ACCENTS = pairs("hat \u0302 bar \u0304 tilde \u0303 dot \u0307 vec \u20d7 widehat \u0302 overline \u0304")
WORDS = set("text operatorname operatorname* mathrm textrm textbf textit texttt mathsf mathtt mathit".split())
FONTS = dict.fromkeys(("mathbf", "boldsymbol", "bm"), pairs("")) | {"mathcal": pairs("L ℒ"), "mathbb": pairs("R ℝ E 𝔼")}

TOKEN = re.compile(r"\\operatorname\*|\\[A-Za-z]+|\\.|(?:[0-9]*\.)?[0-9]+|.", re.DOTALL)
# What is there for the eye alone: the sizes of brackets, and styles.
SKIPPED = re.compile(r"\\(!|(left|right)(?![a-z])\s*\.?|([bB]igg?[lrm]?|(text|display)style|limits)(?![a-z]))")
UNESCAPED = {escape.removesuffix("{}"): c for c, escape in ESCAPES.items()}


class Piece(NamedTuple):
    """A part of the line, and what others next to it need to know."""

    text: str
    holds: int = NAME
    kind: str = "operand"  # or sum, product, slash, relation, sign (before an operand), prefix, punctuation
    word: bool = False  # of more than one letter, so that others keep a distance
    loose: bool = False  # LaTeX holds it together by more than its signs: a fraction, braces, a name that is a formula
    calls: bool = False  # a function, with whose argument in parentheses it is one
    apart: bool = False  # is there a space before it?


@functools.lru_cache(maxsize=4096)
def line(latex: str) -> str:
    r"""LaTeX as one line of text.

    >>> print(line(r"\delta^{(1)} = \sigma'\left(v^{(1)}\right) \odot W^{(2)\top} \, \delta^{(2)}"))
    δ⁽¹⁾ = σ′(v⁽¹⁾) ⊙ W⁽²⁾ᵀ δ⁽²⁾
    >>> print(line(r"\frac{\left(-g\right) \odot x_{1}}{2 \, y^{2}}"))
    (-g) ⊙ x₁/(2 y²)
    """
    try:
        found = Reader(latex).sequence().text
    except RecursionError:  # thousands of braces: no formula, but no reason to fail either
        found = re.sub(r"[\\{}]", "", latex)
    return "".join(c if c.isprintable() else " " for c in found)


class Reader:
    """Reads LaTeX from left to right: a recursive descent."""

    def __init__(self, latex: str) -> None:
        self.latex, self.at = latex, 0
        self.closing: list[str] = []  # what would end the pieces that are being read, the innermost last

    # Tokens.

    def peek(self) -> str:
        """The next token; nothing at the end."""
        while skipped := SKIPPED.match(self.latex, self.at):
            self.at = skipped.end()
        found = TOKEN.match(self.latex, self.at)
        return found[0] if found else ""

    def take(self) -> str:
        token = self.peek()
        self.at += len(token)
        return token

    def blank(self) -> bool:
        found = ""
        while (token := self.peek()).isspace() or token in SPACES:
            found = self.take()
        return bool(found)

    def closes(self, token: str) -> bool:
        """Does a token end something that is being read?  One that also opens, as ``|``, only the innermost."""
        return token in self.closing[-1:] if token in PAIRS else token in self.closing

    def until(self, *closing: str) -> tuple[Piece, str]:
        """What stands before the token that closes it, and that token: nothing, if it is missing."""
        self.closing += closing
        inner = self.sequence()
        del self.closing[-len(closing) :]
        return inner, self.take() if self.peek() in closing else ""

    def raw(self) -> str:
        r"""The characters in the braces that come next, with escapes undone: what ``symbols.words`` was given."""
        if self.peek() != "{":
            return ""
        self.take()
        found, depth = "", 0
        while (token := self.take()) and (token != "}" or depth):
            depth += (token == "{") - (token == "}")
            found += UNESCAPED.get(token, token[1:] if token[0] == "\\" else "" if token in "{}" else token)
        return found

    # Pieces.

    def sequence(self) -> Piece:
        """All up to what closes it, put together."""
        pieces: list[Piece] = []
        while True:
            apart = self.blank()
            token = self.peek()
            if not token or self.closes(token):
                return joined(pieces)
            after = pieces[-1].kind if pieces else ""
            pieces.append(self.piece(token, after == "operand")._replace(apart=apart))

    def piece(self, token: str, after_operand: bool) -> Piece:
        """A sign, or an operand with its indices and exponents."""
        if token in SIGNS:
            self.take()
            if token in SUMS:
                return Piece(SUMS[token], kind="sum" if after_operand else "sign")
            if token in PRODUCTS and not after_operand:
                return self.indexed(Piece(PRODUCTS[token]))  # the dot that stands for an operand
            return Piece(SIGNS[token], kind="slash" if token == "/" else "product" if token in PRODUCTS else "relation")
        if token in PUNCTUATION:
            return Piece(PUNCTUATION[self.take()], kind="punctuation")
        return self.indexed(self.operand())

    def indexed(self, base: Piece) -> Piece:
        """An operand with what is above and below it, and with its argument if it is a function."""
        raised = ""
        while True:
            at = self.at
            if base.calls:  # a command ends at a space, which is none in TeX
                while self.peek().isspace():
                    self.take()
            token = self.take() if self.peek() in ("'", "_", "^") else self.peek()
            if token == "'":
                base = base._replace(text=f"{base.text}′", calls=base.holds >= WHOLE)
            elif token == "_":
                base = base if raised else weak(base, WHOLE)
                base = base._replace(text=base.text + below(self.argument()), holds=min(base.holds, WHOLE), loose=False)
            elif token == "^":
                exponent = self.argument()
                if raised != "-":  # but ^{-}^{7} is one exponent in two parts
                    base = weak(base, WHOLE)
                raised = exponent.text
                base = base._replace(text=base.text + above(exponent), holds=POWER, loose=False)
                base = base._replace(calls=base.kind == "function")  # as is sin²(x); σ²(x) may be a product
            elif base.calls and token in PAIRS and (token == "(" or base.kind == "function"):
                base = Piece(base.text + self.operand().text, WHOLE, word=base.word)
            else:
                self.at = at
                break
        if base.kind == "function":  # without parentheses, as in log σ(x), or without an argument
            self.blank()
            token, self.at = self.peek(), at
            alone = not token or self.closes(token) or token in PUNCTUATION or (token in SIGNS and token != "-")
            return base._replace(kind="operand" if alone else "prefix")
        return base

    def argument(self) -> Piece:
        """What a command or an exponent applies to: braces, or the one token that comes next."""
        self.blank()
        if self.peek()[:1].isdigit():  # of 12 it is the 1
            self.at += 1
            return Piece(self.latex[self.at - 1])
        return self.operand() if self.peek() and not self.closes(self.peek()) else Piece("")

    def operand(self) -> Piece:
        """Whatever begins with the next token, without indices and exponents."""
        token = self.take()
        if token == "{":
            inner, _ = self.until("}")
            sign = inner.text in ("+", "-")  # {-}, about which TeX leaves no space
            return inner._replace(loose=not sign, kind="sign" if sign else inner.kind)
        if token in PAIRS:
            end = CLOSED_BY.get(token, rf"\r{token[2:]}" if token.startswith(r"\l") else token)
            inner, closed = self.until(end)
            return Piece(PAIRS[token][0] + inner.text + PAIRS[token][1] * bool(closed), WHOLE)
        return self.command(token[1:]) if token[0] == "\\" else Piece(token)

    def command(self, name: str) -> Piece:
        """What a command stands for; an unknown one for its own name."""
        if name in ("frac", "dfrac", "tfrac"):
            over, under = self.argument(), self.argument()
            over = over if over.holds in (NEGATIVE, PRODUCT) else weak(over, POWER)
            return Piece(f"{over.text}/{weak(under, POWER).text}", FRACTION, loose=True)
        if name == "sqrt":
            index = self.operand().text[1:-1] if self.peek() == "[" else ""
            return Piece(f"{''.join(RAISED.get(c, c) for c in index)}√{within(self.argument())}", POWER)
        if name in ACCENTS:
            return accented(self.argument(), name)
        if name in FONTS:
            inner = self.argument()
            return inner._replace(text=FONTS[name].get(inner.text, inner.text))
        if name in WORDS:
            text = self.raw()
            if name.startswith("operatorname"):
                return Piece(text, kind="function", word=True, calls=True)
            formula = bool(re.search(r"[-+*/@%^<>,|]|=(?!$)", text))  # 1 - y, as the program calls an operand
            return Piece(text, SUM if formula else PRODUCT if " " in text else NAME, word=True, loose=formula)
        if name == "begin":
            return self.environment()
        if name in PREFIXES:
            times = above(self.argument()) if self.peek() == "^" and self.take() else ""  # ∂²f
            what = self.indexed(self.argument())  # ∂x is one sign to the eye
            return Piece(PREFIXES[name] + times + weak(what, POWER).text, min(what.holds, WHOLE))
        if name in BIG:
            return self.indexed(Piece(BIG[name], kind="prefix"))
        if name in GREEKS or name in OTHERS:
            return Piece(GREEKS.get(name) or OTHERS[name], calls=name in GREEKS)
        word = name[:1].isalpha()
        return Piece(name, kind="function" if name in FUNCTIONS else "operand", word=word, calls=word)

    def environment(self) -> Piece:
        """Rows and columns: ``{x if c; y otherwise}`` of cases, and ``[a, b; c, d]`` of anything else."""
        name = self.raw()
        rows: list[list[str]] = [[]]
        end = "&"
        while end in ("&", r"\\"):
            inner, end = self.until("&", r"\\", r"\end")
            rows[-1].append(inner.text)
            rows += [[]] * (end == r"\\")
        self.raw()
        said = "; ".join(case(*row) if name == "cases" else ", ".join(row) for row in rows if any(row))
        return Piece(f"{{{said}}}" if name == "cases" else f"[{said}]", WHOLE)


def case(value: str, condition: str = "", *more: str) -> str:
    """One of several cases.  The indicator of a condition is said as the condition."""
    if condition.startswith(("otherwise", "if ")) or not condition:
        return f"{value} {condition}".rstrip()
    indicator = re.fullmatch(r"1\[([^\[\]]*)\]", condition)
    return f"{value} if {indicator[1] if indicator else condition}"


def weak(piece: Piece, level: int) -> Piece:
    """The piece, in parentheses if it does not hold together as strongly."""
    return piece if piece.holds >= level else Piece(f"({piece.text})", WHOLE)


def within(piece: Piece) -> str:
    """What a root or an exponent contains: in parentheses, unless it is a single name or number or has its own."""
    enclosed = piece.holds == WHOLE and re.fullmatch(r"\([^()]*\)", piece.text)
    return piece.text if is_simple(piece) or enclosed else f"({piece.text})"


def is_simple(piece: Piece) -> bool:
    return piece.holds == NAME and (len(piece.text) == 1 or bool(SIMPLE.fullmatch(piece.text)))


def above(exponent: Piece) -> str:
    """An exponent: raised, or after ^."""
    text = exponent.text.replace(" ⊤", "⊤")
    text = text.replace(" ", "") if text[:1] == "(" else text
    if text and RAISABLE.fullmatch(text) and all(c in RAISED for c in text):
        return "".join(RAISED[c] for c in text)
    return f"^{within(exponent)}"


def below(index: Piece) -> str:
    """An index: lowered, or after _, but an element's in brackets as one writes it in Python."""
    if (text := index.text).startswith("[") and text.endswith("]"):
        return text
    if re.fullmatch("[0-9]+", text):
        return "".join(LOWERED[c] for c in text)
    several = not index.word and re.fullmatch("[A-Za-z0-9]( ?[A-Za-z0-9])+", text)  # w_ij
    alone = is_simple(index) or re.fullmatch(r"\([^()]*\)", text)
    return f"_{text.replace(' ', '')}" if several else f"_{text}" if alone else f"_({text})"


def accented(piece: Piece, name: str) -> Piece:
    """A letter with an accent; more than a letter is said to have it."""
    letter = unicodedata.normalize("NFD", piece.text)
    if letter[:1].isalnum() and all(map(unicodedata.combining, letter[1:])):
        return Piece(unicodedata.normalize("NFC", piece.text + ACCENTS[name]))
    return Piece(f"{name}({piece.text})", WHOLE)


def joined(pieces: list[Piece]) -> Piece:
    if len(pieces) == 1 and pieces[0].kind == "operand":
        return pieces[0]
    text = ""
    edge = Piece("", kind="")
    for before, piece, after in zip([edge, *pieces], pieces, [*pieces[1:], edge]):
        shown = f"({piece.text})" if piece.loose and needs_parentheses(piece, before, after) else piece.text
        text += " " * spaced(before, piece) + shown
    return Piece(text, strength(pieces))


def needs_parentheses(piece: Piece, before: Piece, after: Piece) -> bool:
    """What LaTeX holds together by a fraction's line or by braces: would it fall apart among its neighbours?"""
    tight = ("operand", "product", "slash", "prefix")
    if before.kind in ("sum", "product", "slash", "sign") and piece.text.startswith("-"):
        return True
    if piece.holds == FRACTION:
        return before.kind in tight[:-1] or after.kind in tight
    subtracted = before.kind in ("sum", "sign") and before.text != "+"
    return piece.holds <= FRACTION and (before.kind in tight or after.kind in tight or subtracted)


def spaced(before: Piece, piece: Piece) -> bool:
    """Is there a space between two pieces?"""
    if piece.kind == "punctuation":
        return (before.text, piece.text) == (",", ":")
    if before.kind in ("", "sign") or "slash" in (before.kind, piece.kind):
        return False
    if before.kind == "punctuation":
        return before.text in (",", ";") or (before.text not in ":." and piece.apart)
    if before.kind != "operand" or piece.kind != "operand":
        return True
    together = before.text[-1:].isalnum() and piece.text[:1].isalnum()
    return (piece.apart and before.text[-1:] != " ") or (
        together and (before.word or piece.word or piece.text[:1].isdigit())
    )


def strength(pieces: list[Piece]) -> int:
    """How strongly pieces in a row hold together."""
    kinds = {piece.kind for piece in pieces}
    if pieces and pieces[0].kind == "sign" and strength(pieces[1:]) >= PRODUCT:
        return NEGATIVE
    if kinds & {"sum", "relation", "sign", "prefix", "punctuation"}:
        return SUM
    if len(pieces) < 2:
        return pieces[0].holds if pieces else NAME
    return FRACTION if "slash" in kinds else PRODUCT
