"""Mathematics and words as outlines of glyphs, placed on a baseline at (0, 0) with y downwards.

ziamath sets the mathematics, in STIX Two Math; characters that this font lacks come from DejaVu Sans, and both fonts
come with it.  So a picture looks the same everywhere, whatever fonts are installed.
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
LOCK = threading.Lock()  # the fonts are read as they are needed, and know nothing of threads
RIGHT_TO_LEFT = ("R", "AL")
HIDDEN = 0xE000  # in Unicode's private area: where characters go that LaTeX or XML would take for something else


class Placed(NamedTuple):
    """A glyph at a place; ``scale`` is the size of its type divided by UNIT."""

    glyph: str
    x: float
    y: float
    scale: float


class Label(NamedTuple):
    """What has been set: how much room it takes, its glyphs, and other shapes (the line of a fraction) as SVG paths."""

    width: float
    ascent: float
    descent: float
    glyphs: tuple[Placed, ...] = ()
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
        """How far the next glyph is."""
        return float(self.ratio * self.glyph.advance())

    def svgsymbol(self) -> Any:
        """The outline, which is stored for a size of type and needs no conversion."""
        return self.glyph.svgsymbol()

    def place(self, x: float, y: float, size: float) -> Any:
        """The element that shows it."""
        return self.glyph.place(x, y, size)


@functools.cache
def font() -> Any:
    """STIX Two Math, with another font for what it lacks, and with hidden characters shown as what they stand for.

    RuntimeError, saying what to install, where ziamath is missing.
    """
    zmath = package("ziamath.zmath")

    class Font(package("ziamath.mathfont").MathFont):  # type: ignore[misc]
        """That font; the class is made here, since what it is derived from is imported here."""

        def __init__(self) -> None:
            self.__dict__.update(vars(zmath.loadedfonts["default"]))  # which is read: that takes a third of a second

        @functools.cached_property
        def other(self) -> Any:
            """DejaVu Sans, read when a letter needs it."""
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                return package("ziafont").Font()

        def findglyph(self, char: str, variant: Any) -> Any:
            """The glyph for a character, from the font that has it."""
            char = unhidden(char)
            if self.glyphindex(char):
                return super().findglyph(char, variant)
            return Borrowed(self.other.glyph(char), self)

    found = Font()
    zmath.loadedfonts["tinygrad_edu"] = found  # so that ziamath finds it under this name
    return found


@functools.lru_cache(maxsize=20_000)
def mathematics(latex: str, size: float = 14, quick: bool = False) -> Label:
    """LaTeX, set.  What cannot be read as LaTeX is set as words instead.

    ``quick``: digits may be a point from where they would be, where there are thousands of formulas to set.
    """
    with LOCK:
        digits = DIGIT.findall(latex)
        if not quick or not 0 < len(digits) <= len(SAMPLE):
            return typeset(latex, size)
        count = iter(SAMPLE)
        pattern, slots = numbered(DIGIT.sub(lambda _: next(count), latex), size)
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
def numbered(latex: str, size: float) -> tuple[Label, list[tuple[int, list[str]]] | None]:
    """A formula in which each digit stands once, in their order; and where each is among its glyphs, with all others
    of its kind.  None instead, where that cannot be told."""
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
    """LaTeX, set by ziamath."""
    font()
    try:
        found = package("ziamath").Latex(harmless(latex), size=size, font="tinygrad_edu", inline=True)
        drawn = ElementTree.Element("svg")
        found.node.draw(0, 0, drawn)
    except Exception:  # whatever a parser of LaTeX raises for what is none
        return _words(latex, size)
    box = found.node.bbox
    return collected(drawn, box.xmax, max(box.ymax, 0), max(-box.ymin, 0), latex)


TEXT = re.compile(r"\\text\{((?:[^{}\\]|\\.|\{\})*)\}")
UNESCAPE = {escape.removesuffix("{}"): c for c, escape in ESCAPES.items()}
ESCAPED = re.compile("|".join(re.escape(e) + ("(?:{})?" if e[1:].isalpha() else "") for e in UNESCAPE) + r"|\{\}")


OPERATOR = re.compile(r"\\operatorname\{([^{}]*(?:\\_|\d)[^{}]*)\}")  # ziamath would set both by themselves
SIGN = re.compile(r"((?:^|[(\[{,=&])\s*)-")  # a minus that is a sign, about which there is no space


def harmless(latex: str) -> str:
    r"""The LaTeX with what is inside ``\text{}`` hidden, character by character, from every parser on the way."""

    def hide(match: re.Match[str]) -> str:
        words = ESCAPED.sub(lambda m: UNESCAPE.get(m[0].removesuffix("{}"), ""), match[1])
        return rf"\text{{{''.join(c if c.isalnum() and c.isascii() else hidden(c) for c in ordered(words))}}}"

    named = OPERATOR.sub(r"\\text{\1}", latex)
    return SIGN.sub(r"\1{-}", TEXT.sub(hide, named))


HIDING: dict[str, str] = {}  # the place where a character is hidden
FOUND: dict[str, str] = {}  # and the character that is hidden at a place


def hidden(char: str) -> str:
    """A character of the private area that stands for this one."""
    if char not in HIDING:
        if len(HIDING) >= 6000:  # as many as the area has room for
            return "?"
        HIDING[char] = chr(HIDDEN + len(HIDING))
        FOUND[HIDING[char]] = char
    return HIDING[char]


def unhidden(char: str) -> str:
    """The character that one stands for."""
    return FOUND.get(char, char)


def ordered(text: str) -> str:
    """Characters from left to right as they are seen: runs of Hebrew or Arabic are turned round.

    A character that no font here has is written by its number.
    """
    shown = "".join(c if available(c) else f"[{ord(c):X}]" for c in text)
    runs = re.split("((?:[%s][\\s\\d]*)*[%s])" % ((strong(shown),) * 2), shown) if strong(shown) else [shown]
    return "".join(run[::-1] if i % 2 else run for i, run in enumerate(runs))


def strong(text: str) -> str:
    """The characters of a text that run from right to left, for a regular expression."""
    return re.escape("".join(sorted({c for c in text if unicodedata.bidirectional(c) in RIGHT_TO_LEFT})))


def available(char: str) -> bool:
    """Is there an outline for it, or is it a space?"""
    return bool(font().glyphindex(char) or font().other.glyphindex(char))


@functools.lru_cache(maxsize=20_000)
def words(text: str, size: float = 10) -> Label:
    """Upright words or a number."""
    with LOCK:
        return _words(text, size)


def _words(text: str, size: float) -> Label:
    found, x, placed = font(), 0.0, []
    for char in ordered(text):
        glyph = found.glyph(char) if found.glyphindex(char) else Borrowed(found.other.glyph(char), found)
        if char.strip():
            if short(glyph.id) not in GLYPHS:
                outline(glyph.svgsymbol())
            placed.append(Placed(short(glyph.id), round(x, 3), 0, size / UNIT))
        x += glyph.advance() * size / found.info.layout.unitsperem
    return Label(x, 0.72 * size, 0.22 * size, tuple(placed), text=text)


def collected(drawn: ElementTree.Element, width: float, ascent: float, descent: float, latex: str) -> Label:
    """What ziamath drew, as glyphs and shapes."""
    boxes, placed, shapes = {}, [], []
    for element in drawn.iter():
        if element.tag == "symbol":
            boxes[short(element.attrib["id"])] = outline(element)
        elif element.tag == "use":
            glyph = short(element.attrib["href"][1:])
            left, top, _, high = boxes[glyph]
            if GLYPHS[glyph]:
                scale = round(float(element.attrib["height"]) / high, 3)
                x, y = (float(element.attrib[k]) for k in "xy")
                placed.append(Placed(glyph, round(x - left * scale, 3), round(y - top * scale, 3), scale))
        elif element.tag == "rect":
            x, y, w, h = (float(element.attrib[k]) for k in ("x", "y", "width", "height"))
            shapes.append(f"M {x:g} {y:g} h {w:g} v {h:g} h {-w:g} Z")
        elif element.tag == "path" and element not in drawn.findall("symbol/path"):
            shapes.append(element.attrib["d"])
    return Label(width, ascent, descent, tuple(placed), tuple(shapes), latex)


def short(name: str) -> str:
    """``s1137`` for ``STIXTwoMathRegular_1137``: a large picture names a hundred thousand of them."""
    family, _, number = name.rpartition("_")
    return f"{family[:1].lower()}{number}"


def outline(symbol: ElementTree.Element) -> tuple[float, ...]:
    """Keeps the outline of a glyph, and gives the box that it is drawn in."""
    name = short(symbol.attrib["id"])
    if name not in GLYPHS:
        path = symbol.find("path")
        GLYPHS[name] = "" if path is None else tidy(path.attrib["d"])
    return tuple(map(float, symbol.attrib["viewBox"].split()))


def tidy(path: str) -> str:
    """An outline without the point that each part of it begins with twice, in two digits after the point."""
    path = re.sub(r"M (\S+ \S+) L \1", r"M \1", path)
    return re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), path).strip()
