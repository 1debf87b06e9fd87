"""What plots of numbers share: colours, the ticks of axes, names that keep apart, and how they are saved."""

from __future__ import annotations

import copy
import functools
import math
import os
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from ..language.symbols import ESCAPES
from ..output.atomic_write import saved
from ..render import pdf, raster
from ..web.colours import theme
from .compose import CURVE
from .scene import Scene, Shape, Text
from .svg import svg
from .typeset import Label, mathematics, words

COLOURS = 6  # of lines, told apart by the colour-blind
DASHES = ("", "7 3", "2.5 2.5", "9 3 2 3")  # when all colours are used
TYPE, SMALL, PITCH = 15.0, 12.0, 19.0  # sizes of type, and how far apart names are, in points


class Chart:
    """A drawing of numbers, made when it is looked at or saved."""

    kind: ClassVar[str] = "plot"  # what it is called, in messages
    file: ClassVar[str] = "plot.svg"  # and the file that its repr suggests

    def __init__(self, description: str, name: str | None = None) -> None:
        self.description = description
        self.paint(name or "light")

    def paint(self, name: str) -> None:
        """Take the colours of a theme.  ValueError if there is none of that name."""
        self.colours = dict(theme(name))
        self.colours["grid"] = self.thin(self.colours["frame"], 0.5)

    def in_theme(self, name: str) -> Self:
        """The same in another theme.  ValueError if there is none of that name."""
        other = copy.copy(self)
        vars(other).pop("scene", None)
        other.paint(name)
        return other

    def thin(self, colour: str, share: float) -> str:
        """A colour with so much of the paper's."""
        return mixed(self.colours["paper"], colour, share)

    @functools.cached_property
    def scene(self) -> Scene:
        """The shapes."""
        return self.drawn()

    @abstractmethod
    def drawn(self) -> Scene:
        """The shapes, made."""

    def svg(self) -> str:
        """The drawing as SVG."""
        return svg(self.scene, self.colours)

    def save(self, file: str | os.PathLike[str], *, scale: float = 2) -> Path:
        """Write it as svg, pdf or png (``scale`` pixels to a point), by the file's ending, whole or not at all.

        Gives the path.  Raises ValueError for other endings, and OSError where the file cannot be written.
        """
        made: dict[str, Callable[[], str | bytes]] = {
            ".svg": self.svg,
            ".pdf": lambda: pdf.pdf(self.scene, self.colours),
            ".png": lambda: raster.png(self.scene, self.colours, scale),
        }
        return saved(file, self.kind, made, scale)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        narrow = '<svg style="max-width:100%;height:auto" '
        return {"image/svg+xml": self.svg().replace("<svg ", narrow, 1), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<{self.description}; .save({self.file!r}) writes them to a file>"


def mixed(low: str, high: str, share: float) -> str:
    """The colour that is so far from the first to the second, from 0 to 1."""
    pairs = ((int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(share * b + (1 - share) * a):02x}" for a, b in pairs)


def disc(x: float, y: float, r: float) -> str:
    """A circle, as four curves."""
    k = r * CURVE
    return (
        f"M {x - r:.2f} {y:.2f} c 0 {-k:.2f} {r - k:.2f} {-r:.2f} {r:.2f} {-r:.2f} "
        f"c {k:.2f} 0 {r:.2f} {r - k:.2f} {r:.2f} {r:.2f} c 0 {k:.2f} {k - r:.2f} {r:.2f} {-r:.2f} {r:.2f} "
        f"c {-k:.2f} 0 {-r:.2f} {k - r:.2f} {-r:.2f} {-r:.2f} Z"
    )


# What is given.


def array(given: Any, what: str) -> Any:
    """Numbers as an array of float64: a tensor, an array or a list.  ValueError, naming them, where they are none."""
    try:
        found = np.array(getattr(given, "_array", given))
    except ValueError:
        raise ValueError(f"{what} has rows of different lengths") from None
    if found.dtype.kind not in "fiub":
        raise ValueError(f"{what} is made of {found.dtype}, not of real numbers")
    return found.astype(np.float64)


def label(text: str, size: float) -> Label:
    r"""Words, with mathematics between dollars: ``the loss $R$``.  A dollar alone is a dollar."""
    pieces = text.split("$")
    if len(pieces) % 2 == 0 or len(pieces) == 1:
        return words(text, size)
    upright = (rf"\text{{{''.join(ESCAPES.get(c, c) for c in piece)}}}" * bool(piece) for piece in pieces)
    return mathematics("".join(x if i % 2 else word for i, (x, word) in enumerate(zip(pieces, upright))), size)


# The ticks.


def stepping(span: float, most: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, ... that goes into a span no more than so many times."""
    return next(n for n in (m * 10**k for k in range(20) for m in (1, 2, 5)) if span / n <= most)


def ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round numbers from low to high, at most about so many, each with its words (see ``label``)."""
    power = math.floor(math.log10((high - low) / most))
    step = next(m for m in (1, 2, 5, 10) if (high - low) / (m * 10.0**power) <= most)
    power, step = (power + 1, 1) if step == 10 else (power, step)
    each = range(math.ceil(low / 10.0**power / step - 1e-9), math.floor(high / 10.0**power / step + 1e-9) + 1)
    whole = [n * step for n in each]  # times 10 ** power
    largest = max(map(abs, whole), default=1) or 1
    top = power + len(str(largest)) - 1  # the power of ten of the largest
    if -4 <= power and top < 6:
        return [
            (n * 10.0**power, f"{n * 10.0**power:,.{max(0, -power)}f}".replace("-", "−") if n else "0") for n in whole
        ]
    digits = top - power
    return [(n * 10.0**power, f"${n / 10.0**digits:.{digits}f} \\times 10^{{{top}}}$" if n else "0") for n in whole]


def powers(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """The same for a logarithmic axis, which goes from 10^low to 10^high: the logarithms of the ticks."""
    if high - low >= 1.5:
        each = stepping(high - low, most)
        return [(k, f"$10^{{{k}}}$") for k in range(-(-math.ceil(low) // each) * each, math.floor(high) + 1, each)]
    some = [m * 10.0**k for k in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5)]
    some = [x for x in some if low - 1e-9 <= math.log10(x) <= high + 1e-9]
    if len(some) < 3:
        return [(math.log10(x), words) for x, words in ticks(10.0**low, 10.0**high, most)]
    short = 1e-4 <= some[0] and some[-1] < 1e6
    return [(math.log10(x), f"{x:,g}" if short else f"${said(x)}$") for x in some]


def said(x: float) -> str:
    """A number of one digit and a power of ten, in LaTeX."""
    mantissa, _, exponent = f"{x:.0e}".partition("e")
    return f"{mantissa} \\times 10^{{{int(exponent)}}}"


# The names.


class End(NamedTuple):
    """The name of a line, the height at which it ends, its colour, and how far from the right side."""

    label: Label
    y: float
    colour: str
    short: float = 0.0


def at_the_end(ends: Sequence[End], right: float, top: float, bottom: float) -> Iterator[Shape | Text]:
    """Each name beside the end of its line, pushed from its neighbours, with a short link to where it belongs."""
    order = sorted(ends, key=lambda end: end.y)
    for end, y in zip(order, apart([end.y for end in order], PITCH, top, bottom)):
        if end.short > 1:
            yield Shape(f"M {right - end.short + 4:.1f} {end.y:.1f} H {right + 3:.1f}", "", end.colour, 0.9, "1 3")
        yield Shape(f"M {right + 3:.1f} {end.y:.1f} L {right + 18:.1f} {y:.1f}", "", end.colour, 0.9)
        yield Text(end.label, right + 22, y + 4.5, end.colour)


def apart(wanted: Sequence[float], pitch: float, low: float, high: float) -> list[float]:
    """Places in order, at least a pitch from each other, as near as can be (in squares) to those that are wanted.

    Without the pitch they are to rise only: neighbours that do not are pooled, and share their mean.
    """
    pools: list[tuple[float, int]] = []  # mean and number
    for i, y in enumerate(wanted):
        value, number = y - i * pitch, 1
        while pools and pools[-1][0] >= value:
            other, more = pools.pop()
            value, number = (value * number + other * more) / (number + more), number + more
        pools.append((value, number))
    last = high - (len(wanted) - 1) * pitch
    level = [max(low, min(value, last)) for value, number in pools for _ in range(number)]
    return [y + i * pitch for i, y in enumerate(level)]


def in_lanes(spans: Sequence[tuple[float, float]], gap: float = 8) -> list[int]:
    """Words from left to right, each in the first lane, 0, 1, 2, ..., where it does not touch the one before."""
    ends: list[float] = []  # of each lane
    found = []
    for left, right in spans:
        lane = next((i for i, end in enumerate(ends) if end + gap <= left), len(ends))
        ends[lane : lane + 1] = [right]
        found.append(lane)
    return found
