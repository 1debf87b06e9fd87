"""Curves: lines or dots over one axis, each with its name at its end.

A line breaks off where it has no finite number.  On a logarithmic axis there is no place for 0 and below: those are
left out, and the repr says how many.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from ..format.text import join_words, plural
from .chart import COLOURS, DASHES, PITCH, SMALL, TYPE, Chart, End, array, at_the_end, disc, label
from .chart import powers as powers_of_ten
from .chart import ticks as round_numbers
from .compose import MARGIN
from .scene import Group, Scene, Shape, Text
from .typeset import Label

WIDE, HIGH = 430.0, 210.0  # points: the area of the lines, so small that words are large beside it
TOP, LANE = 12.0, 18.0  # above it: what is free, and a row of words
MOST = 24  # lines that have a colour and dashes of their own
FAR = 1e300  # what is farther from 0 is as good as infinite
CROWD = 1500  # points of a line, above which those are left out that one cannot tell apart
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
    r"""Lines over x, in the look of the other pictures; they show themselves in a notebook, and ``.save`` themselves.

    lines: numbers, shape (n,), by the names that stand at the ends.  Words in names are upright, and what is between
        dollars is LaTeX: ``"the loss $R$"``.
    x: numbers, shape (n,), for all lines; or a dict of them by the names of the lines; or None for 0, 1, 2, ...
    xlabel, ylabel: what the axes are, written as names are.
    log: which axes are logarithmic, "x", "y" or "xy".
    points: dots instead of lines.
    marks: places on the x axis by the words that stand there, each an upright hairline.
    theme: "light" or "dark".

    Raises ValueError where shapes do not fit, for what is not real numbers, and for more lines than can be told apart.

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
        xs = np.arange(ys.size, dtype=float) if x is None else array(given(x, name), f"x of the line {name!r}")
        if ys.ndim != 1 or xs.shape != ys.shape:
            raise ValueError(f"the line {name!r} has the shape {ys.shape}, and x {xs.shape}: both are to be (n,)")
        odd += int((~(np.isfinite(xs) & np.isfinite(ys))).sum())
        low += int((("x" in log) & (xs <= 0) | ("y" in log) & (ys <= 0)).sum())
        found.append(Line(name, scaled(xs, "x" in log), scaled(ys, "y" in log)))
    places = {word: float(scaled(np.array([float(at)]), "x" in log)[0]) for word, at in (marks or {}).items()}
    if wrong := [word for word, at in places.items() if not math.isfinite(at)]:
        raise ValueError(f"the mark {wrong[0]!r} has no place on the x axis")
    return Curves(found, places, (xlabel, ylabel), log, points, (odd, low), theme)


def given(x: Any, name: str) -> Any:
    """The x of a line.  ValueError if it has none."""
    if isinstance(x, Mapping) and name not in x:
        raise ValueError(f"x is given by the names of the lines, and the line {name!r} is not among them")
    return x[name] if isinstance(x, Mapping) else x


def scaled(values: Any, log: bool) -> Any:
    """Numbers, or their logarithms, as the axis has them; NaN for what has no place there."""
    if log:
        values = np.log10(np.where(values > 0, values, np.nan))
    return np.where(np.abs(values) < FAR, values, np.nan)


class Line(NamedTuple):
    """A name, and where its points are on the axes: numbers or their logarithms, NaN where there is none."""

    name: str
    x: Any
    y: Any

    def runs(self) -> list[list[tuple[float, float]]]:
        """Its points, in runs without a gap."""
        pairs = groupby(
            zip(self.x.tolist(), self.y.tolist()), key=lambda p: math.isfinite(p[0]) and math.isfinite(p[1])
        )
        return [list(run) for finite, run in pairs if finite]


class Curves(Chart):
    """Lines over one axis, drawn when they are looked at or saved: what ``curves`` gives."""

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

    def drawn(self) -> Scene:
        """The axes, the marks, the lines and their names."""
        xs = [value for line in self.lines for run in line.runs() for value, _ in run] + [*self.marks.values()]
        ys = [value for line in self.lines for run in line.runs() for _, value in run]
        placed = sorted(((at, label(word, SMALL)) for word, at in self.marks.items()), key=lambda mark: mark[0])
        across, up = Axis.about(xs, "x" in self.log, 8, 0.0), Axis.about(ys, "y" in self.log, 6, 0.04)
        left = max([text.width for _, text in up.ticks], default=0) + 12
        what = label(self.labels[1], SMALL)
        lanes = flags([(left + WIDE * across(at), text.width) for at, text in placed])
        beside = any(left + WIDE * across(at) < what.width + 8 for at, _ in placed)  # is a mark in the way of the name?
        rows = max(lanes, default=-1) + 1
        rows = rows + 1 if beside and self.labels[1] else max(rows, bool(self.labels[1]))
        top = TOP + LANE * rows
        bottom = top + max(HIGH, PITCH * len(self.lines))
        area = Area(left, top, left + WIDE, bottom, across, up)
        root = Group("curves")
        root.items += grid(area, label(self.labels[0], SMALL), "y" not in self.log)
        root.items.append(Text(what, 0, TOP + LANE - 7 if beside else top - 7, "faint"))
        for (at, text), lane in zip(placed, lanes):
            x, y = area.x(at), top - 7 - LANE * lane
            root.items.append(Shape(f"M {x:.1f} {y - 8:.1f} V {bottom:.1f}", "", "faint", 0.9, "5 3", "mark"))
            root.items.append(Text(text, x + 4, y, "ink"))
        ends = []
        for i, line in enumerate(self.lines):
            colour, runs = f"line{i % COLOURS}", [area.inside(run) for run in line.runs()]
            items = dots(runs, i, colour) if self.points else strokes(runs, colour, DASHES[i // COLOURS])
            root.items.append(Group("line", {"name": line.name}, line.name, items=list(items)))
            last = max(map(max, runs), default=None) if self.points else runs[-1][-1] if runs else None
            x, y = last or (area.right, bottom)
            ends.append(End(label(line.name, TYPE), y, colour if runs else "faint", max(0.0, area.right - x)))
        root.items += at_the_end(ends, area.right, top, bottom)
        right = area.right + 24 + max(end.label.width for end in ends)
        right = max([right, *(item.x + item.label.width for item in root.items if isinstance(item, Text))])
        return Scene(right + 2 * MARGIN, bottom + 36 + 2 * MARGIN, root, self.description)


class Axis(NamedTuple):
    """From where to where an axis goes, and its ticks with their words."""

    low: float
    high: float
    ticks: list[tuple[float, Label]]

    @classmethod
    def about(cls, values: list[float], log: bool, most: int, room: float) -> Axis:
        """An axis for these numbers, or logarithms, with a share of it left free at both ends."""
        low, high = min(values, default=0.0), max(values, default=1.0)
        if high - low <= 1e-12 * max(abs(low), abs(high)):  # one number: with something above and below it
            half = 0.5 if log or not low else abs(low) / 2
            low, high = low - half, high + half
        low, high = low - room * (high - low), high + room * (high - low)
        found = powers_of_ten(low, high, most) if log else round_numbers(low, high, most)
        return cls(low, high, [(at, label(words, SMALL)) for at, words in found])

    def __call__(self, value: float) -> float:
        """Where it is, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)


class Area(NamedTuple):
    """Where the lines are in the picture, and the axes that say so."""

    left: float
    top: float
    right: float
    bottom: float
    across: Axis
    up: Axis

    def x(self, value: float) -> float:
        """Of a number on the x axis."""
        return self.left + (self.right - self.left) * self.across(value)

    def y(self, value: float) -> float:
        """Of a number on the y axis."""
        return self.bottom - (self.bottom - self.top) * self.up(value)

    def inside(self, run: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Points in the picture; of many that share a place along x, the first, lowest, highest and last."""
        found = [(self.x(x), self.y(y)) for x, y in run]
        if len(found) <= CROWD:
            return found
        kept: list[tuple[float, float]] = []
        for _, group in groupby(found, key=lambda p: int(2 * p[0])):
            some = list(group)
            chosen = {0, len(some) - 1, *(some.index(f(some, key=lambda p: p[1])) for f in (min, max))}
            kept += [some[i] for i in sorted(chosen)]
        return kept


def flags(marks: list[tuple[float, float]]) -> list[int]:
    """The rows of words that stand to the right of their places, from left to right, given with their widths.

    A place with others under its word is a row higher than those, so that no hairline crosses a word.
    """
    rows: list[int] = []
    for i in reversed(range(len(marks))):
        x, width = marks[i]
        under = [row for (other, _), row in zip(marks[i + 1 :], rows) if other < x + width + 10]
        rows.insert(0, max(under, default=-1) + 1)
    return rows


def grid(area: Area, across: Label, linear: bool) -> Iterator[Shape | Text]:
    """A line at each tick of the y axis, which is stronger at 0; ticks along the other, and what that is."""
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


def strokes(runs: list[list[tuple[float, float]]], colour: str, dash: str) -> Iterator[Shape]:
    """A line through each run; a point alone is a dot."""
    for run in runs:
        (x, y), *rest = run
        if rest:
            path = f"M {x:.1f} {y:.1f} L " + " ".join(f"{a:.1f} {b:.1f}" for a, b in rest)
            yield Shape(path, "", colour, 2.4, dash, "line")
        else:
            yield Shape(disc(x, y, 3.2), colour, name="dot")


def dots(runs: list[list[tuple[float, float]]], i: int, colour: str) -> Iterator[Shape]:
    """The points of line ``i``: discs, squares, triangles or diamonds, so that colour is not the only sign."""
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
