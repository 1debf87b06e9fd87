"""The base of all plots of numbers: colours, ticks of axes, names that do not overlap, and saving to files."""

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
from ..output.atomic_write import save_picture
from ..render import pdf, raster
from ..web.colours import theme
from .compose import CURVE
from .scene import Scene, Shape, Text
from .svg import svg
from .typeset import Label, mathematics, words

COLOURS = 6  # of lines, chosen so that colour-blind readers can tell them apart
DASHES = ("", "7 3", "2.5 2.5", "9 3 2 3")  # the second time round the colours, lines are dashed, and so on
TYPE, SMALL, PITCH = 15.0, 12.0, 19.0  # points: two sizes of type, and the distance of names


class Chart:
    """A drawing of numbers, made when somebody looks at it or saves it.  A subclass has ``make_scene``."""

    kind: ClassVar[str] = "plot"  # the word for it in messages
    file: ClassVar[str] = "plot.svg"  # the file that its repr suggests

    def __init__(self, description: str, name: str | None = None) -> None:
        self.description = description
        self.paint(name or "light")

    def paint(self, name: str) -> None:
        """Take the colours of a theme.  ValueError if there is no theme of that name."""
        self.colours = dict(theme(name))
        self.colours["grid"] = self.thin(self.colours["frame"], 0.5)

    def in_theme(self, name: str) -> Self:
        """A copy in another theme.  ValueError if there is no theme of that name."""
        other = copy.copy(self)
        vars(other).pop("scene", None)
        other.paint(name)
        return other

    def thin(self, colour: str, share: float) -> str:
        """A share of a colour, from 0 to 1, mixed with the colour of the paper."""
        return mix_colours(self.colours["paper"], colour, share)

    @functools.cached_property
    def scene(self) -> Scene:
        """The shapes, made once."""
        return self.make_scene()

    @abstractmethod
    def make_scene(self) -> Scene:
        """Make the shapes."""

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
        return save_picture(file, self.kind, made, scale)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        narrow = '<svg style="max-width:100%;height:auto" '
        return {"image/svg+xml": self.svg().replace("<svg ", narrow, 1), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<{self.description}; .save({self.file!r}) writes them to a file>"


def mix_colours(low: str, high: str, share: float) -> str:
    """The colour at a share, from 0 to 1, of the way from one colour to another."""
    pairs = ((int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(share * b + (1 - share) * a):02x}" for a, b in pairs)


def disc(x: float, y: float, r: float) -> str:
    """The path of a disc, as four curves."""
    k = r * CURVE
    return (
        f"M {x - r:.2f} {y:.2f} c 0 {-k:.2f} {r - k:.2f} {-r:.2f} {r:.2f} {-r:.2f} "
        f"c {k:.2f} 0 {r:.2f} {r - k:.2f} {r:.2f} {r:.2f} c 0 {k:.2f} {k - r:.2f} {r:.2f} {-r:.2f} {r:.2f} "
        f"c {-k:.2f} 0 {-r:.2f} {k - r:.2f} {-r:.2f} {-r:.2f} Z"
    )


# The input.


def array(given: Any, what: str) -> Any:
    """Numbers (a tensor, an array or a list) as float64.  ValueError, naming them as ``what``, for anything else."""
    try:
        found = np.array(getattr(given, "_array", given))
    except ValueError:
        raise ValueError(f"{what} has rows of different lengths") from None
    if found.dtype.kind not in "fiub":
        raise ValueError(f"{what} is made of {found.dtype}, not of real numbers")
    return found.astype(np.float64)


def label(text: str, size: float) -> Label:
    r"""Set words with mathematics between dollars, as ``the loss $R$``.  A single dollar is a dollar."""
    pieces = text.split("$")
    if len(pieces) % 2 == 0 or len(pieces) == 1:
        return words(text, size)
    upright = (rf"\text{{{''.join(ESCAPES.get(c, c) for c in piece)}}}" * bool(piece) for piece in pieces)
    return mathematics("".join(x if i % 2 else word for i, (x, word) in enumerate(zip(pieces, upright))), size)


# The ticks.


def round_step(span: float, most: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, ... that divides a span into at most ``most`` steps."""
    return next(n for n in (m * 10**k for k in range(20) for m in (1, 2, 5)) if span / n <= most)


def round_numbers(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round numbers from low to high, about ``most`` at most, each with its text (see ``label``)."""
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


def powers_of_ten(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """The ticks of a logarithmic axis from 10^low to 10^high: their logarithms, each with its text."""
    if high - low >= 1.5:
        each = round_step(high - low, most)
        return [(k, f"$10^{{{k}}}$") for k in range(-(-math.ceil(low) // each) * each, math.floor(high) + 1, each)]
    some = [m * 10.0**k for k in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5)]
    some = [x for x in some if low - 1e-9 <= math.log10(x) <= high + 1e-9]
    if len(some) < 3:
        return [(math.log10(x), words) for x, words in round_numbers(10.0**low, 10.0**high, most)]
    short = 1e-4 <= some[0] and some[-1] < 1e6
    return [(math.log10(x), f"{x:,g}" if short else f"${latex_of_power(x)}$") for x in some]


def latex_of_power(x: float) -> str:
    """LaTeX of a number, rounded to one digit times a power of ten."""
    mantissa, _, exponent = f"{x:.0e}".partition("e")
    return f"{mantissa} \\times 10^{{{int(exponent)}}}"


# The names.


class End(NamedTuple):
    """The name of a line, the height at which it ends, its colour, and how far from the right side."""

    label: Label
    y: float
    colour: str
    short: float = 0.0


def draw_names(ends: Sequence[End], right: float, top: float, bottom: float) -> Iterator[Shape | Text]:
    """Draw each name beside the end of its line, apart from its neighbours, with a short link to the line."""
    order = sorted(ends, key=lambda end: end.y)
    for end, y in zip(order, spread([end.y for end in order], PITCH, top, bottom)):
        if end.short > 1:
            yield Shape(f"M {right - end.short + 4:.1f} {end.y:.1f} H {right + 3:.1f}", "", end.colour, 0.9, "1 3")
        yield Shape(f"M {right + 3:.1f} {end.y:.1f} L {right + 18:.1f} {y:.1f}", "", end.colour, 0.9)
        yield Text(end.label, right + 22, y + 4.5, end.colour)


def spread(wanted: Sequence[float], pitch: float, low: float, high: float) -> list[float]:
    """Move places, given in order, until each is a pitch from the next; the sum of the squared moves is the least.

    With i * pitch taken from place i, the places only have to rise.  Neighbours that do not are pooled, and share
    their mean: that is isotonic regression by pooling adjacent violators.
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


def lanes_for(spans: Sequence[tuple[float, float]], gap: float = 8) -> list[int]:
    """Put words, given from left to right, into lanes 0, 1, 2, ...: each into the first where it touches no other."""
    ends: list[float] = []  # of each lane
    found = []
    for left, right in spans:
        lane = next((i for i, end in enumerate(ends) if end + gap <= left), len(ends))
        ends[lane : lane + 1] = [right]
        found.append(lane)
    return found
