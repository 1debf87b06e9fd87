"""Sets mathematics and words as outlines of glyphs, placed on a baseline at (0, 0) with y downwards.

ziamath sets the mathematics in STIX Two Math; characters that this font lacks come from DejaVu Sans.  ziamath brings
both fonts, so a picture looks the same everywhere, whatever fonts are installed.
"""

from __future__ import annotations

import functools
import re
import threading
import unicodedata
import warnings
from typing import Any, NamedTuple
from xml.etree import ElementTree

from ..language.symbols import ESCAPES
from .packages import package

UNIT = 12  # outlines are stored for type of this size
GLYPHS: dict[str, str] = {}  # the outline of each glyph that has been used, as an SVG path, by its name
LOCK = threading.Lock()  # held while a font is used, because it reads its glyphs lazily and is not safe for threads
RIGHT_TO_LEFT = ("R", "AL")
HIDDEN = 0xE000  # start of Unicode's private area, which stands in for characters that LaTeX or XML would interpret


class PlacedGlyph(NamedTuple):
    """A glyph at a place; ``scale`` is the size of its type divided by UNIT."""

    glyph: str
    x: float
    y: float
    scale: float


class Label(NamedTuple):
    """Mathematics or words that have been set: their size, glyphs, and other shapes (as a fraction's line) as paths."""

    width: float
    ascent: float
    descent: float
    glyphs: tuple[PlacedGlyph, ...] = ()
    shapes: tuple[str, ...] = ()
    latex: str | None = None  # what it is, if it is mathematics
    text: str | None = None  # and if it is words

    @property
    def height(self) -> float:
        """From the lowest to the highest point."""
        return self.ascent + self.descent


class Borrowed:
    """A glyph of another font in the units of this one."""

    def __init__(self, glyph: Any, font: Any) -> None:
        self.glyph, self.font, self.index, self.id = glyph, font, glyph.index, glyph.id
        self.ratio = font.info.layout.unitsperem / glyph.font.info.layout.unitsperem
        self.bbox = type(glyph.bbox)(*(self.ratio * side for side in self.glyph.bbox))
        self.path, self.operators = type("Path", (), {"bbox": self.bbox}), glyph.operators

    def advance(self, nextchr: Any = None) -> float:
        """The distance to the next glyph."""
        return float(self.ratio * self.glyph.advance())

    def svgsymbol(self) -> Any:
        """The outline, which is stored for a size of type and needs no conversion."""
        return self.glyph.svgsymbol()

    def place(self, x: float, y: float, size: float) -> Any:
        """The element that draws the glyph at a place."""
        return self.glyph.place(x, y, size)


@functools.cache
def font() -> Any:
    """STIX Two Math, with DejaVu Sans for what it lacks; it shows a hidden character as the one it stands for.

    RuntimeError, saying what to install, if ziamath is missing.
    """
    zmath = package("ziamath.zmath")

    class Font(package("ziamath.mathfont").MathFont):  # type: ignore[misc]
        """The font.  The class is made here because its base class is imported here."""

        def __init__(self) -> None:
            # ziamath has read its default font already; reading it again would take a third of a second.
            self.__dict__.update(vars(zmath.loadedfonts["default"]))

        @functools.cached_property
        def other(self) -> Any:
            """DejaVu Sans, read when a letter needs it."""
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                return package("ziafont").Font()

        def findglyph(self, char: str, variant: Any) -> Any:
            """The glyph for a character, from the first of the two fonts that has it."""
            char = unhide(char)
            if self.glyphindex(char):
                return super().findglyph(char, variant)
            return Borrowed(self.other.glyph(char), self)

    found = Font()
    zmath.loadedfonts["tinygrad_edu"] = found  # so that ziamath finds it under this name
    return found


@functools.lru_cache(maxsize=20_000)
def mathematics(latex: str, size: float = 14, quick: bool = False) -> Label:
    """Set LaTeX in type of ``size`` points.  What ziamath cannot read as LaTeX is set as words instead.

    ``quick``: for thousands of formulas that differ in their digits.  Each form is set once, and its digits are
    replaced, which may leave them a point from where they should be.
    """
    with LOCK:
        digits = DIGIT.findall(latex)
        if not quick or not 0 < len(digits) <= len(SAMPLE):
            return typeset(latex, size)
        count = iter(SAMPLE)
        pattern, slots = set_with_all_digits(DIGIT.sub(lambda _: next(count), latex), size)
        if slots is None:
            return typeset(latex, size)
        placed = list(pattern.glyphs)
        for at, (place, row) in enumerate(slots):
            placed[place] = placed[place]._replace(glyph=row[int(digits[at])])
        return pattern._replace(glyphs=tuple(placed), latex=latex)


# A graph of a thousand nodes has a thousand formulas that differ in their numbers: h_{17} = h_{16} w_{17}.  Setting one
# takes milliseconds; digits are about equally wide; so a formula is set once, and others get its digits replaced.

DIGIT, SAMPLE = re.compile("[0-9]"), "0123456789"


@functools.lru_cache(maxsize=4096)
def set_with_all_digits(latex: str, size: float) -> tuple[Label, list[tuple[int, list[str]]] | None]:
    """Set a formula whose digits are 0, 1, 2, ...; for each give its position among the glyphs, and all ten glyphs
    that could stand there.  None instead of the positions if they cannot be found."""
    label, rows = typeset(latex, size), digit_glyphs()
    slots: dict[int, tuple[int, list[str]]] = {}
    for place, g in enumerate(label.glyphs):
        for row in rows:
            if g.glyph in row:
                slots[row.index(g.glyph)] = place, row
    number = len(DIGIT.findall(latex))
    return label, [slots[d] for d in range(number)] if sorted(slots) == [*range(number)] else None


@functools.cache
def digit_glyphs() -> list[list[str]]:
    """The glyphs of the ten digits, and those of their forms in exponents and in exponents of exponents."""
    label = typeset(rf"{SAMPLE} x^{{{SAMPLE} x^{{{SAMPLE}}}}}", 14)
    sizes = sorted({g.scale for g in label.glyphs}, reverse=True)
    rows = [[g.glyph for g in label.glyphs if g.scale == scale] for scale in sizes]
    return [found for row in rows if len(found := [g for g in row if row.count(g) == 1][:10]) == 10]


def typeset(latex: str, size: float) -> Label:
    """Have ziamath set LaTeX; set it as words if ziamath cannot."""
    font()
    try:
        found = package("ziamath").Latex(hide_text(latex), size=size, font="tinygrad_edu", inline=True)
        drawn = ElementTree.Element("svg")
        found.node.draw(0, 0, drawn)
    except Exception:  # the parser raises all sorts of errors for what is no LaTeX
        return set_words(latex, size)
    box = found.node.bbox
    return collect(drawn, box.xmax, max(box.ymax, 0), max(-box.ymin, 0), latex)


TEXT = re.compile(r"\\text\{((?:[^{}\\]|\\.|\{\})*)\}")
UNESCAPE = {escape.removesuffix("{}"): c for c, escape in ESCAPES.items()}
ESCAPED = re.compile("|".join(re.escape(e) + ("(?:{})?" if e[1:].isalpha() else "") for e in UNESCAPE) + r"|\{\}")


# ziamath would set the underscore and the digits in such a name as separate symbols.
OPERATOR = re.compile(r"\\operatorname\{([^{}]*(?:\\_|\d)[^{}]*)\}")
SIGN = re.compile(r"((?:^|[(\[{,=&])\s*)-")  # a minus that is a sign, without spaces around it


def hide_text(latex: str) -> str:
    r"""Hide what is inside ``\text{}`` from the parsers of LaTeX and XML, character by character (see ``hide``)."""

    def hide_words(match: re.Match[str]) -> str:
        words = ESCAPED.sub(lambda m: UNESCAPE.get(m[0].removesuffix("{}"), ""), match[1])
        return rf"\text{{{''.join(c if c.isalnum() and c.isascii() else hide(c) for c in in_visual_order(words))}}}"

    named = OPERATOR.sub(r"\\text{\1}", latex)
    return SIGN.sub(r"\1{-}", TEXT.sub(hide_words, named))


HIDING: dict[str, str] = {}  # a character -> the private character that stands for it
FOUND: dict[str, str] = {}  # a private character -> the character that it stands for


def hide(char: str) -> str:
    """The private character that stands for this one, a new one if it has none yet."""
    if char not in HIDING:
        if len(HIDING) >= 6000:  # as many as the area has room for
            return "?"
        HIDING[char] = chr(HIDDEN + len(HIDING))
        FOUND[HIDING[char]] = char
    return HIDING[char]


def unhide(char: str) -> str:
    """The character that a private one stands for; any other as it is."""
    return FOUND.get(char, char)


def in_visual_order(text: str) -> str:
    """Characters in the order in which they are seen from left to right: runs of Hebrew or Arabic are reversed.

    A character that neither font has is replaced by its number.
    """
    shown = "".join(c if has_glyph(c) else f"[{ord(c):X}]" for c in text)
    runs = (
        re.split("((?:[%s][\\s\\d]*)*[%s])" % ((right_to_left(shown),) * 2), shown) if right_to_left(shown) else [shown]
    )
    return "".join(run[::-1] if i % 2 else run for i, run in enumerate(runs))


def right_to_left(text: str) -> str:
    """The characters of a text that run from right to left, for a regular expression."""
    return re.escape("".join(sorted({c for c in text if unicodedata.bidirectional(c) in RIGHT_TO_LEFT})))


def has_glyph(char: str) -> bool:
    """Does one of the fonts have a glyph for this character?"""
    return bool(font().glyphindex(char) or font().other.glyphindex(char))


@functools.lru_cache(maxsize=20_000)
def words(text: str, size: float = 10) -> Label:
    """Set upright words or a number in type of ``size`` points."""
    with LOCK:
        return set_words(text, size)


def set_words(text: str, size: float) -> Label:
    """Set words for a caller that holds LOCK; others call ``words``."""
    found, x, placed = font(), 0.0, []
    for char in in_visual_order(text):
        glyph = found.glyph(char) if found.glyphindex(char) else Borrowed(found.other.glyph(char), found)
        if char.strip():
            if short_name(glyph.id) not in GLYPHS:
                keep_outline(glyph.svgsymbol())
            placed.append(PlacedGlyph(short_name(glyph.id), round(x, 3), 0, size / UNIT))
        x += glyph.advance() * size / found.info.layout.unitsperem
    return Label(x, 0.72 * size, 0.22 * size, tuple(placed), text=text)


def collect(drawn: ElementTree.Element, width: float, ascent: float, descent: float, latex: str) -> Label:
    """Collect the glyphs and shapes that ziamath drew into a label."""
    boxes, placed, shapes = {}, [], []
    for element in drawn.iter():
        if element.tag == "symbol":
            boxes[short_name(element.attrib["id"])] = keep_outline(element)
        elif element.tag == "use":
            glyph = short_name(element.attrib["href"][1:])
            left, top, _, high = boxes[glyph]
            if GLYPHS[glyph]:
                scale = round(float(element.attrib["height"]) / high, 3)
                x, y = (float(element.attrib[k]) for k in "xy")
                placed.append(PlacedGlyph(glyph, round(x - left * scale, 3), round(y - top * scale, 3), scale))
        elif element.tag == "rect":
            x, y, w, h = (float(element.attrib[k]) for k in ("x", "y", "width", "height"))
            shapes.append(f"M {x:g} {y:g} h {w:g} v {h:g} h {-w:g} Z")
        elif element.tag == "path" and element not in drawn.findall("symbol/path"):
            shapes.append(element.attrib["d"])
    return Label(width, ascent, descent, tuple(placed), tuple(shapes), latex)


def short_name(name: str) -> str:
    """``s1137`` for ``STIXTwoMathRegular_1137``: a large picture names a hundred thousand of them."""
    family, _, number = name.rpartition("_")
    return f"{family[:1].lower()}{number}"


def keep_outline(symbol: ElementTree.Element) -> tuple[float, ...]:
    """Store the outline of a glyph in GLYPHS, and give the box that it is drawn in."""
    name = short_name(symbol.attrib["id"])
    if name not in GLYPHS:
        path = symbol.find("path")
        GLYPHS[name] = "" if path is None else tidy_path(path.attrib["d"])
    return tuple(map(float, symbol.attrib["viewBox"].split()))


def tidy_path(path: str) -> str:
    """Round an outline to two digits after the point, and drop the point that each of its parts begins with twice."""
    path = re.sub(r"M (\S+ \S+) L \1", r"M \1", path)
    return re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), path).strip()
