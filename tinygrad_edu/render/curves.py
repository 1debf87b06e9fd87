"""``curves`` draws lines or dots over one axis, each with its name at its end.

A line has a gap where a number is not finite.  A logarithmic axis has no place for 0 and negative numbers: they are
left out, and the repr says how many.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from ..format.text import join_words, plural
from .chart import COLOURS, DASHES, PITCH, SMALL, TYPE, Chart, End, array, disc, draw_names, label
from .chart import powers_of_ten as powers_of_ten
from .chart import round_numbers as round_numbers
from .compose import MARGIN
from .scene import Group, Scene, Shape, Text
from .typeset import Label

WIDE, HIGH = 430.0, 210.0  # points: the area of the lines, small enough for words beside it to look large
TOP, LANE = 12.0, 18.0  # points above the area: free space, and the height of a row of words
MOST = 24  # lines that can have a colour and dashes of their own
FAR = 1e300  # a number farther from 0 counts as infinite
CROWD = 1500  # a line with more points than that leaves out those that nobody could tell apart
LOGS = ("", "x", "y", "xy")


def curves(
    lines: Mapping[str, Any],
    x: Any = None,
    *,
    xlabel: str = "x",
    ylabel: str = "",
    log: str = "",
    points: bool = False,
    marks: Mapping[str, float] | None = None,
    theme: str = "light",
) -> Curves:
    r"""Draw lines over x, in the style of the other pictures.  A notebook shows them; ``.save`` writes them to a file.

    lines: a dict from the name of each line, which stands at its end, to its numbers, shape (n,).  Text between dollars
        in a name is LaTeX: ``"the loss $R$"``.
    x: numbers, shape (n,), for all lines; or a dict from the name of each line to its own; or None for 0, 1, 2, ...
    xlabel, ylabel: the names of the axes, written as those of lines.
    log: which axes are logarithmic, "x", "y" or "xy".
    points: whether to draw dots instead of lines.
    marks: a dict from words to places on the x axis; each is a vertical hairline with these words.
    theme: "light" or "dark".

    Raises ValueError for shapes that do not fit, for anything but real numbers, and for more lines than a reader can
    tell apart.

    >>> curves({"$x^2$": [0.0, 1.0, 4.0, float("nan")]}, xlabel="$x$", log="y")
    <curves: $x^2$ over $x$; 1 number not finite and 1 number not above 0 left out; ...>
    """
    if log not in LOGS:
        raise ValueError(f'log names the axes that are logarithmic, "x", "y" or "xy", not {log!r}')
    if not 0 < len(lines) <= MOST:
        raise ValueError(f"curves takes 1 to {MOST} lines, which is what can be told apart, not {len(lines)}")
    found, odd, low = [], 0, 0
    for name, values in lines.items():
        ys = array(values, f"the line {name!r}")
        xs = np.arange(ys.size, dtype=float) if x is None else array(x_of_line(x, name), f"x of the line {name!r}")
        if ys.ndim != 1 or xs.shape != ys.shape:
            raise ValueError(f"the line {name!r} has the shape {ys.shape}, and x {xs.shape}: both are to be (n,)")
        odd += int((~(np.isfinite(xs) & np.isfinite(ys))).sum())
        low += int((("x" in log) & (xs <= 0) | ("y" in log) & (ys <= 0)).sum())
        found.append(Line(name, to_scale(xs, "x" in log), to_scale(ys, "y" in log)))
    places = {word: float(to_scale(np.array([float(at)]), "x" in log)[0]) for word, at in (marks or {}).items()}
    if wrong := [word for word, at in places.items() if not math.isfinite(at)]:
        raise ValueError(f"the mark {wrong[0]!r} has no place on the x axis")
    return Curves(found, places, (xlabel, ylabel), log, points, (odd, low), theme)


def x_of_line(x: Any, name: str) -> Any:
    """The x of the line ``name``.  ValueError if it has none."""
    if isinstance(x, Mapping) and name not in x:
        raise ValueError(f"x is given by the names of the lines, and the line {name!r} is not among them")
    return x[name] if isinstance(x, Mapping) else x


def to_scale(values: Any, log: bool) -> Any:
    """Numbers on the scale of the axis: themselves or their logarithms, NaN for those that have no place there."""
    if log:
        values = np.log10(np.where(values > 0, values, np.nan))
    return np.where(np.abs(values) < FAR, values, np.nan)


class Line(NamedTuple):
    """A name, and where its points are on the axes: numbers or their logarithms, NaN where there is none."""

    name: str
    x: Any
    y: Any

    def runs(self) -> list[list[tuple[float, float]]]:
        """The points in runs without a gap."""
        pairs = groupby(
            zip(self.x.tolist(), self.y.tolist()), key=lambda p: math.isfinite(p[0]) and math.isfinite(p[1])
        )
        return [list(run) for finite, run in pairs if finite]


class Curves(Chart):
    """Lines over one axis, drawn when somebody looks at them or saves them.  ``curves`` makes it."""

    kind, file = "plot", "curves.svg"

    def __init__(
        self, lines: list[Line], marks: dict[str, float], labels: tuple[str, str], log: str, points: bool,
        left_out: tuple[int, int], theme: str,
    ) -> None:  # fmt: skip
        self.lines, self.marks, self.labels, self.log, self.points = lines, marks, labels, log, points
        said = join_words([line.name for line in lines])
        over = f" over {labels[0]}" if labels[0] else ""
        counts = [f"{plural(n, 'number')} {why}" for n, why in zip(left_out, ("not finite", "not above 0")) if n]
        super().__init__(f"curves: {said}{over}" + f"; {' and '.join(counts)} left out" * bool(counts), theme)

    def make_scene(self) -> Scene:
        """The axes, the marks, the lines and their names."""
        xs = [value for line in self.lines for run in line.runs() for value, _ in run] + [*self.marks.values()]
        ys = [value for line in self.lines for run in line.runs() for _, value in run]
        placed = sorted(((at, label(word, SMALL)) for word, at in self.marks.items()), key=lambda mark: mark[0])
        across, up = Axis.about(xs, "x" in self.log, 8, 0.0), Axis.about(ys, "y" in self.log, 6, 0.04)
        left = max([text.width for _, text in up.ticks], default=0) + 12
        what = label(self.labels[1], SMALL)
        lanes = rows_of_marks([(left + WIDE * across(at), text.width) for at, text in placed])
        beside = any(left + WIDE * across(at) < what.width + 8 for at, _ in placed)  # is a mark in the way of the name?
        rows = max(lanes, default=-1) + 1
        rows = rows + 1 if beside and self.labels[1] else max(rows, bool(self.labels[1]))
        top = TOP + LANE * rows
        bottom = top + max(HIGH, PITCH * len(self.lines))
        area = Area(left, top, left + WIDE, bottom, across, up)
        root = Group("curves")
        root.items += draw_grid(area, label(self.labels[0], SMALL), "y" not in self.log)
        root.items.append(Text(what, 0, TOP + LANE - 7 if beside else top - 7, "faint"))
        for (at, text), lane in zip(placed, lanes):
            x, y = area.x(at), top - 7 - LANE * lane
            root.items.append(Shape(f"M {x:.1f} {y - 8:.1f} V {bottom:.1f}", "", "faint", 0.9, "5 3", "mark"))
            root.items.append(Text(text, x + 4, y, "ink"))
        ends = []
        for i, line in enumerate(self.lines):
            colour, runs = f"line{i % COLOURS}", [area.inside(run) for run in line.runs()]
            items = draw_points(runs, i, colour) if self.points else draw_lines(runs, colour, DASHES[i // COLOURS])
            root.items.append(Group("line", {"name": line.name}, line.name, items=list(items)))
            last = max(map(max, runs), default=None) if self.points else runs[-1][-1] if runs else None
            x, y = last or (area.right, bottom)
            ends.append(End(label(line.name, TYPE), y, colour if runs else "faint", max(0.0, area.right - x)))
        root.items += draw_names(ends, area.right, top, bottom)
        right = area.right + 24 + max(end.label.width for end in ends)
        right = max([right, *(item.x + item.label.width for item in root.items if isinstance(item, Text))])
        return Scene(right + 2 * MARGIN, bottom + 36 + 2 * MARGIN, root, self.description)


class Axis(NamedTuple):
    """The range of an axis, and its ticks with their labels."""

    low: float
    high: float
    ticks: list[tuple[float, Label]]

    @classmethod
    def about(cls, values: list[float], log: bool, most: int, room: float) -> Axis:
        """An axis for these numbers (or logarithms), with a share ``room`` of it left free at both ends."""
        low, high = min(values, default=0.0), max(values, default=1.0)
        # An axis for a single number reaches above and below it.
        if high - low <= 1e-12 * max(abs(low), abs(high)):
            half = 0.5 if log or not low else abs(low) / 2
            low, high = low - half, high + half
        low, high = low - room * (high - low), high + room * (high - low)
        found = powers_of_ten(low, high, most) if log else round_numbers(low, high, most)
        return cls(low, high, [(at, label(words, SMALL)) for at, words in found])

    def __call__(self, value: float) -> float:
        """The position of a number on the axis, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)


class Area(NamedTuple):
    """The area of the lines in the picture, and the axes that place numbers in it."""

    left: float
    top: float
    right: float
    bottom: float
    across: Axis
    up: Axis

    def x(self, value: float) -> float:
        """The horizontal place of a number on the x axis."""
        return self.left + (self.right - self.left) * self.across(value)

    def y(self, value: float) -> float:
        """The vertical place of a number on the y axis."""
        return self.bottom - (self.bottom - self.top) * self.up(value)

    def inside(self, run: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Points in the picture.  Of many that share a place along x, the first, lowest, highest and last remain."""
        found = [(self.x(x), self.y(y)) for x, y in run]
        if len(found) <= CROWD:
            return found
        kept: list[tuple[float, float]] = []
        for _, group in groupby(found, key=lambda p: int(2 * p[0])):
            some = list(group)
            chosen = {0, len(some) - 1, *(some.index(f(some, key=lambda p: p[1])) for f in (min, max))}
            kept += [some[i] for i in sorted(chosen)]
        return kept


def rows_of_marks(marks: list[tuple[float, float]]) -> list[int]:
    """The row of each mark's words, which stand to the right of its hairline; marks are places with widths of words.

    If the words reach over the hairlines of other marks, they stand a row above those, so that no line crosses them.
    """
    rows: list[int] = []
    for i in reversed(range(len(marks))):
        x, width = marks[i]
        under = [row for (other, _), row in zip(marks[i + 1 :], rows) if other < x + width + 10]
        rows.insert(0, max(under, default=-1) + 1)
    return rows


def draw_grid(area: Area, across: Label, linear: bool) -> Iterator[Shape | Text]:
    """Draw a line at each tick of the y axis (a stronger one at 0), the ticks of the x axis, and its name."""
    for at, words in area.up.ticks:
        y = area.y(at)
        colour, width = ("frame", 1.2) if linear and at == 0 else ("grid", 0.8)
        yield Shape(f"M {area.left:.1f} {y:.1f} H {area.right:.1f}", "", colour, width)
        yield Text(words, area.left - 8 - words.width, y + 4.2, "faint")
    yield Shape(f"M {area.left:.1f} {area.bottom:.1f} H {area.right:.1f}", "", "line", 1.0)
    for at, words in area.across.ticks:
        x = area.x(at)
        yield Shape(f"M {x:.1f} {area.bottom:.1f} v 4", "", "line", 1.0)
        yield Text(words, x - words.width / 2, area.bottom + 17, "faint")
    yield Text(across, area.right - across.width, area.bottom + 33, "faint")


def draw_lines(runs: list[list[tuple[float, float]]], colour: str, dash: str) -> Iterator[Shape]:
    """Draw a line through each run; a single point is a dot."""
    for run in runs:
        (x, y), *rest = run
        if rest:
            path = f"M {x:.1f} {y:.1f} L " + " ".join(f"{a:.1f} {b:.1f}" for a, b in rest)
            yield Shape(path, "", colour, 2.4, dash, "line")
        else:
            yield Shape(disc(x, y, 3.2), colour, name="dot")


def draw_points(runs: list[list[tuple[float, float]]], i: int, colour: str) -> Iterator[Shape]:
    """Draw the points of line ``i`` as discs, squares, triangles or diamonds, so lines differ not only in colour."""
    for x, y in dict.fromkeys((round(x, 1), round(y, 1)) for run in runs for x, y in run):
        yield Shape(
            (
                disc(x, y, 3.4),
                f"M {x - 3:.1f} {y - 3:.1f} h 6 v 6 h -6 Z",
                f"M {x:.1f} {y - 4.2:.1f} l 4 7 h -8 Z",
                f"M {x:.1f} {y - 4.4:.1f} l 4.4 4.4 l -4.4 4.4 l -4.4 -4.4 Z",
            )[i % 4],
            colour,
            name="dot",
        )
