"""``heat`` draws a matrix as coloured cells, blue below zero and orange above; a small one with its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from ..format.numbers import typographic
from .chart import SMALL, TYPE, Chart, array, label, lanes_for, mix_colours, round_step
from .compose import MARGIN
from .scene import Group, Scene, Shape, Text
from .typeset import Label, words

LEVELS = 50  # colours on each side of zero
WRITTEN = 12  # a matrix of up to so many rows and columns has its numbers in its cells
MOST = 40_000  # cells that are drawn
LEAST, CELL = 3.0, 22.0  # points: the least and the largest side of a cell without a number
HIGH, WIDE = 34.0, 640.0  # points: the height of a cell with a number, and the width of all columns together
NARROW = 120.0  # points: the least that all rows or all columns take together
NAME, LANES, BAR = 13.0, 5, 160.0  # distance of names, the most rows that they stand in, length of the scale


def heat(
    matrix: Any,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    *,
    title: str = "",
    digits: int = 3,
    theme: str = "light",
) -> Heat:
    """Draw a matrix as coloured cells, on a scale that is symmetric about zero.  ``.save`` writes it to a file.

    matrix: numbers, shape (m, n), or (n,) for a single row; at most 40,000.  Up to 12 x 12 are written in their cells.
    rows, columns: names beside the rows and above the columns; a large matrix without names has numbers there.
    title: the words above it.  Text between dollars in names and in the title is LaTeX.
    digits: how many significant digits numbers have.
    theme: "light" or "dark".

    Raises ValueError for anything but a matrix of real numbers, for no cells or too many, and for names that do not
    fit.

    >>> heat([[1.0, -2.0], [0.0, 0.5]], columns=["$w_1$", "$w_2$"])
    <heat map: 2 x 2 numbers from -2 to 1; .save('heat.svg') writes it to a file>
    """
    found = np.atleast_2d(array(matrix, "the matrix"))
    if found.ndim != 2 or not found.size:
        raise ValueError(f"a heat map is of a matrix, (rows, columns), not of the shape {np.shape(found)}")
    if found.size > MOST:
        raise ValueError(f"a heat map has at most {MOST:,} cells, not {found.size:,}: take a part, as in W[:100, :100]")
    for what, names, number in (("rows", rows, len(found)), ("columns", columns, len(found[0]))):
        if names is not None and len(names) != number:
            raise ValueError(f"there are {len(names)} names for {number} {what}")
    if not 1 <= digits <= 17:
        raise ValueError(f"digits is a whole number from 1 to 17, not {digits!r}")
    return Heat(found, rows, columns, title, digits, theme)


class Heat(Chart):
    """A matrix as coloured cells, drawn when somebody looks at it or saves it.  ``heat`` makes it."""

    kind, file = "heat map", "heat.svg"

    def __init__(
        self,
        matrix: Any,
        rows: Sequence[str] | None,
        columns: Sequence[str] | None,
        title: str,
        digits: int,
        theme: str,
    ) -> None:
        self.matrix, self.rows, self.columns, self.title, self.digits = matrix, rows, columns, title, digits
        finite = matrix[np.isfinite(matrix)]
        self.most = float(np.abs(finite).max()) if finite.size else 0.0
        size, range_ = f"{len(matrix)} x {len(matrix[0])} numbers", ""
        if finite.size:
            range_ = f" from {finite.min():.{digits}g} to {finite.max():.{digits}g}"
        odd = [f"{n:,} {what}" for n, what in ((np.isnan(matrix).sum(), "NaN"), (np.isinf(matrix).sum(), "inf")) if n]
        about = f", {title}" * bool(title)
        super().__init__(f"heat map{about}: {', '.join([size + range_, *odd])}", theme)

    def paint(self, name: str) -> None:
        """Take the colours of a theme, and mix the colours of the levels from them."""
        super().paint(name)
        low, zero, high = (self.colours[role] for role in ("negative", "zero", "positive"))
        levels = range(-LEVELS, LEVELS + 1)
        self.colours |= {f"level{k}": mix_colours(zero, low if k < 0 else high, abs(k) / LEVELS) for k in levels}
        self.colours |= {"black": "#000000", "white": "#ffffff"}

    def __repr__(self) -> str:
        return super().__repr__().replace("writes them", "writes it")

    def level(self, x: float) -> str:
        """The name of the colour for a number."""
        if math.isnan(x):
            return "nothing"
        share = math.copysign(1.0, x) if math.isinf(x) else x / self.most if self.most else 0.0
        return f"level{round(LEVELS * share)}"

    def text_colour(self, level: str) -> str:
        """Black or white, whichever is easier to read on this colour (WCAG 2.2: relative luminance)."""
        code = self.colours[level]
        r, g, b = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (r, g, b))
        return "black" if 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 else "white"

    def make_scene(self) -> Scene:
        """Draw the cells, their numbers, the names at the sides, the title and the scale."""
        m, n = self.matrix.shape
        numbers = [[words(typographic(x, self.digits), SMALL) for x in row] for row in self.matrix.tolist()]
        small = max(m, n) <= WRITTEN
        above, beside = self.names(self.columns, n, small), self.names(self.rows, m, small)
        if small:
            height = HIGH
            width = max(46.0, max(x.width for row in numbers for x in row) + 14)
            width = max(width, min(max([a.width + 8 for a in above.values()], default=0), WIDE / n))
        else:
            side = max(LEAST, min(CELL, WIDE / max(m, n)))
            width, height = (max(side, min(CELL, NARROW / number)) for number in (n, m))
            beside = {i: text for i, text in beside.items() if i % math.ceil(NAME / height) == 0}
        left = max([text.width + 8 for text in beside.values()], default=0.0)
        middles = [left + (j + 0.5) * width for j in range(n)]
        lanes = lanes_of(above, middles)
        while max(lanes, default=0) >= LANES:
            above = dict([*above.items()][::2])
            lanes = lanes_of(above, middles)
        title = label(self.title, TYPE)
        rows = max(lanes, default=-1) + 1
        top = (24.0 if self.title else 0.0) + (NAME * rows + 9 if rows else 0.0)
        grid = Grid(left, top, width, height, 1.5 if small else 0.0)
        root = Group("heat", items=[Text(title, left, 12)] if self.title else [])
        root.items += draw_cells(grid, [[self.level(x) for x in row] for row in self.matrix.tolist()])
        if small:
            for i, j in np.ndindex(m, n):
                x, y = left + (j + 0.5) * width - numbers[i][j].width / 2, top + (i + 0.5) * height + 4.2
                root.items.append(Text(numbers[i][j], x, y, self.text_colour(self.level(self.matrix[i, j]))))
        for (j, text), lane in zip(above.items(), lanes):
            x, y = left_of(text, middles[j]), top - 9 - NAME * lane
            if rows > 1:
                root.items.append(Shape(f"M {middles[j]:.1f} {top - 6:.1f} v 5", "", "line", 0.8))
            root.items.append(Text(text, x, y, "ink" if self.columns else "faint"))
        for i, text in beside.items():
            y = top + (i + 0.5) * height + 4.2
            root.items.append(Text(text, left - 8 - text.width, y, "ink" if self.rows else "faint"))
        bottom = top + m * height
        root.items += self.draw_scale(left, bottom + 18)
        right = max(left + n * width, *(i.x + i.label.width for i in root.items if isinstance(i, Text)))
        return Scene(right + 2 * MARGIN, bottom + 48 + 2 * MARGIN, root, self.description)

    def names(self, names: Sequence[str] | None, number: int, small: bool) -> dict[int, Label]:
        """The labels at a side, by the number of the row or column; without names, only every so many are numbered."""
        if names is None and small:
            return {}
        each = round_step(number, 8) if names is None else 1
        return {i: label(str(i) if names is None else names[i], SMALL) for i in range(0, number, each)}

    def draw_scale(self, x: float, y: float) -> Iterator[Shape | Text]:
        """Draw the scale of colours with its least, zero and largest number, and the colour of NaN if there is one."""
        if self.most:
            low, zero, high = (words(typographic(value, self.digits), SMALL) for value in (-self.most, 0, self.most))
            start, number = x + low.width + 8, 2 * LEVELS + 1
            yield Text(low, x, y + 10, "faint")
            yield from draw_cells(
                Grid(start, y, BAR / number, 12, 0.0), [[f"level{k}" for k in range(-LEVELS, LEVELS + 1)]]
            )
            yield Text(zero, start + BAR / 2 - zero.width / 2, y + 26, "faint")
            yield Text(high, start + BAR + 8, y + 10, "faint")
            x = start + BAR + high.width + 30
        if np.isnan(self.matrix).any():
            yield from draw_cells(Grid(x, y, 12, 12, 0.0), [["nothing"]])
            yield Text(words("NaN", SMALL), x + 18, y + 10, "faint")


def lanes_of(names: dict[int, Label], middles: list[float]) -> list[int]:
    """The rows, from the lowest, in which names stand above their columns without touching."""
    begin = {j: left_of(text, middles[j]) for j, text in names.items()}
    return lanes_for([(begin[j], begin[j] + text.width) for j, text in names.items()], 5)


def left_of(text: Label, middle: float) -> float:
    """The left end of words that are centred at ``middle``, or as near as they can be without leaving the picture."""
    return max(0.0, middle - text.width / 2)


class Grid(NamedTuple):
    """The place of the first cell, the size of each, and the gap between them."""

    left: float
    top: float
    width: float
    height: float
    gap: float


def draw_cells(grid: Grid, levels: list[list[str]]) -> Iterator[Shape]:
    """Draw all cells.  Cells of one colour are one path, and neighbours one area: files are small, without seams."""
    paths: dict[str, list[str]] = {}
    for i, row in enumerate(levels):
        j = 0
        for level, run in groupby(row):
            length = 1 if grid.gap else len([*run])
            for _ in run if grid.gap else [None]:
                x, y = grid.left + j * grid.width, grid.top + i * grid.height
                seam = -grid.gap if grid.gap else 0.25  # cells without a gap reach a little under the next
                w, h = length * grid.width + seam, grid.height + seam
                paths.setdefault(level, []).append(f"M {x:.2f} {y:.2f} h {w:.2f} v {h:.2f} h {-w:.2f} Z")
                j += length
    for level, path in paths.items():
        yield Shape(" ".join(path), level, name="cells")
