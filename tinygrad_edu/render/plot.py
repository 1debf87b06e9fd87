"""Plots the norms of gradients over the steps of training: a line for each parameter, with its name at the end.

The scale of norms is logarithmic; norms that are exactly 0 run along the bottom.  Where several steps share a place,
the line is their geometric mean; if there are few parameters, a band behind it spans the smallest to the largest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from ..format import text
from ..language.symbols import LONGEST, symbol
from ..nn.norm_record import Look, NormRecord, group_looks, mean_log
from ..output.terminal import shorten
from .chart import COLOURS, DASHES, PITCH, SMALL, TYPE, Chart, End, disc, draw_names, round_step
from .compose import MARGIN
from .scene import Group, Scene, Shape, Text
from .typeset import mathematics, words

LEFT, TOP, WIDE, HIGH, LANE = 48.0, 26.0, 560.0, 300.0, 22.0  # points: the area of the lines, with a lane of zeros
PLACES = 90  # places along the steps; steps share one if there are more of them
NAMED, BANDS, TICKS = 30, 4, 8  # at most so many lines have names, so many have bands, and so many powers have ticks
CAPTION = words("gradient norm", SMALL)


class Plot(Chart):
    """A plot of ``GradientNorms``, drawn when somebody looks at it or saves it."""

    file = "norms.svg"

    def __init__(self, norms: NormRecord, colours: str | None = None) -> None:
        self.names, self.looks, self.is_bad = [*norms.watched], [*norms.looks], norms.is_bad
        super().__init__(f"Gradient norms of {len(self.names)} parameters over {norms.count:,} steps", colours)

    def paint(self, name: str) -> None:
        """Take the colours of a theme, and mix those of bands and bad steps from them."""
        super().paint(name)
        self.colours |= {f"band{i}": self.thin(self.colours[f"line{i}"], 0.12) for i in range(COLOURS)}
        self.colours |= {"alarm-fill": self.thin(self.colours["alarm"], 0.1)}

    def make_scene(self) -> Scene:
        """Draw the whole plot."""
        return scene_of(self.names, self.looks, self.is_bad, self.description)


class Axes(NamedTuple):
    """Maps steps and norms to places in the picture."""

    first: float  # step
    last: float
    low: int  # power of ten
    high: int
    bottom: float  # the lower end of the area of the lines, and of its lane of zeros
    lane: float  # the height of the lane
    scaled: bool  # is there a finite norm other than 0?

    def x(self, step: float) -> float:
        """The horizontal place of a step."""
        return LEFT + WIDE * (step - self.first) / (self.last - self.first)

    def y(self, power: float) -> float:
        """The vertical place of the logarithm of a norm; minus infinity is in the lane of zeros."""
        if power == -math.inf:
            return self.bottom - 6
        power = max(power, self.low)  # a single step may lie below the axis, which is made for the means
        return TOP + (self.bottom - self.lane - TOP) * (self.high - power) / (self.high - self.low)


class Norms(NamedTuple):
    """The logarithms of the smallest, the mean and the largest norm among the steps that share a place on a line."""

    x: float
    low: float
    middle: float
    high: float


def scene_of(
    names: Sequence[str], looks: Sequence[Look], is_bad: Callable[[float | None], bool], description: str
) -> Scene:
    """Draw the whole picture.  ``is_bad`` says whether a norm is bad: not finite, or above a limit."""
    named = choose(len(names), NAMED)
    groups = [group for group in group_looks(looks, PLACES) if group]
    axes = axes_of(looks, groups, len(named) + 1)
    root, bands, lines, crosses = Group("plot"), Group("bands"), Group("lines"), Group("crosses")
    losses = runs(groups, axes, [[look.loss if (look.loss or 0) > 0 else None for look in group] for group in groups])
    lines.items.append(Group("loss", {}, "the loss", items=draw_line(losses, axes, "faint", 1.2, "")))
    ends = [End(words("loss", SMALL), axes.y(losses[-1][-1].middle), "faint")] if losses else []
    # Lines without a name are drawn first, so that they lie behind the others.
    for i in sorted(range(len(names)), key=lambda i: i in named):
        k = named.index(i) if i in named else None
        colour, dash = ("frame", "") if k is None else (f"line{k % COLOURS}", DASHES[k // COLOURS % len(DASHES)])
        course = runs(groups, axes, [[look.norms[i] for look in group] for group in groups])
        shown = text.safe_name(names[i])
        drawn = draw_line(course, axes, colour, 1.0 if k is None else 2.2, dash)
        lines.items.append(Group("line", {"parameter": shown}, shown, items=drawn))
        y = TOP + PITCH * len(ends)  # for a cross of a parameter without a line
        crosses.items += draw_cross([look for look in looks if is_bad(look.norms[i])], i, course, axes, y)
        if k is not None:
            bands.items += draw_band(course, axes, f"band{k % COLOURS}") if len(names) <= BANDS else ()
            label = symbol(shorten(names[i], LONGEST) or "?")
            if all(look.norms[i] is None for look in looks):
                label, y, colour = rf"{label}\text{{: no gradient}}", axes.bottom, "faint"
            ends.append(End(mathematics(label, TYPE), axes.y(course[-1][-1].middle) if course else y, colour))
    root.items += [
        *draw_bad_steps(looks, axes),
        *draw_grid(axes, looks),
        bands,
        lines,
        crosses,
        *draw_names(ends, LEFT + WIDE, TOP, axes.bottom),
    ]
    width = LEFT + WIDE + 24 + max([end.label.width for end in ends], default=0)
    height = axes.bottom + 38
    if len(named) < len(names):
        root.items.append(Text(words(f"{len(names) - len(named)} more in grey", SMALL), LEFT, height, "faint"))
    return Scene(width + 2 * MARGIN, height + 2 * MARGIN, root, description)


def choose(number: int, most: int) -> list[int]:
    """The numbers of the parameters that get names: all, or ``most`` of them, evenly spread from first to last."""
    return [*range(number)] if number <= most else [round(i * (number - 1) / (most - 1)) for i in range(most)]


# The axes.


def axes_of(looks: Sequence[Look], groups: Sequence[Sequence[Look]], names: int) -> Axes:
    """Make axes with room for all lines, their bands and crosses, and for so many names."""
    lines = [mean_log(course) for group in groups for course in zip(*((*look.norms, look.loss) for look in group))]
    alone = [mean_log([size]) for look in looks if look.bad or len(look.norms) <= BANDS for size in look.norms]
    powers = [
        m for m in [*lines, max(alone, key=lambda m: -math.inf if m is None else m, default=None)] if m is not None
    ]
    low, high = math.floor(round(min(powers, default=0), 9)), math.ceil(round(max(powers, default=0), 9))
    lane = LANE if any(size == 0 for look in looks for size in look.norms) else 0.0
    bottom = TOP + max(HIGH if powers else HIGH / 2, names * PITCH) + lane
    first, last = (looks[0].step, looks[-1].step) if looks else (0, 1)
    return Axes(first - (first == last), last + (first == last), low, max(high, low + 1), bottom, lane, bool(powers))


def draw_grid(axes: Axes, looks: Sequence[Look]) -> Iterator[Shape | Text]:
    """Draw lines at powers of ten with their numbers, the steps below, and the names of both axes."""
    right = LEFT + WIDE
    each = round_step(axes.high - axes.low, TICKS)
    for power in range(-(-axes.low // each) * each, axes.high + 1, each) if axes.scaled else ():
        y = axes.y(power)
        yield Shape(f"M {LEFT:.1f} {y:.1f} H {right:.1f}", "", "grid", 0.8)
        label = mathematics(f"10^{{{power}}}", TYPE - 2)
        yield Text(label, LEFT - 8 - label.width, y + 4.5, "faint")
    if axes.lane:
        label = words("0", SMALL)
        yield Text(label, LEFT - 8 - label.width, axes.y(-math.inf) + 4, "faint")
        y = axes.bottom - axes.lane + 7
        yield Shape(f"M {LEFT:.1f} {y:.1f} H {right:.1f}", "", "grid", 0.8, "2 3")
    yield Shape(f"M {LEFT:.1f} {axes.bottom:.1f} H {right:.1f}", "", "line", 1.0)
    first, last = (looks[0].step, looks[-1].step) if looks else (0, 0)
    each = round_step(max(1, last - first), 6)
    steps = [*range(-(-first // each) * each, last + 1, each)] if looks else []
    if looks and (not steps or axes.x(steps[0]) - axes.x(first) > 40):
        steps.insert(0, first)
    for step in steps:
        x, label = axes.x(step), words(f"{step:,}", SMALL)
        yield Shape(f"M {x:.1f} {axes.bottom:.1f} V {axes.bottom + 4:.1f}", "", "line", 1.0)
        yield Text(label, x - label.width / 2, axes.bottom + 17, "faint")
    yield Text(CAPTION, LEFT - 40, TOP - 14, "faint")
    label = words("step", SMALL)
    yield Text(label, right - label.width, axes.bottom + 32, "faint")


# The lines.


def runs(groups: Sequence[Sequence[Look]], axes: Axes, norms: Sequence[Sequence[float | None]]) -> list[list[Norms]]:
    """The places of a line, in runs without a gap: a new run begins after a group without a finite number."""
    found: list[list[Norms]] = [[]]
    for group, course in zip(groups, norms):
        sizes = [size for size in course if size is not None and math.isfinite(size)]
        if not sizes:
            found.append([])
            continue
        x = axes.x(sum(look.step for look in group) / len(group))
        middle, positive = mean_log(sizes), [size for size in sizes if size > 0]
        if middle is None:
            found[-1].append(Norms(x, -math.inf, -math.inf, -math.inf))
        else:
            found[-1].append(Norms(x, math.log10(min(positive)), middle, math.log10(max(positive))))
    return [run for run in found if run]


def draw_line(found: Sequence[Sequence[Norms]], axes: Axes, colour: str, width: float, dash: str) -> list[Any]:
    """Draw a line through the means; a single place is a dot."""
    lines: list[Any] = []
    for run in found:
        (x, y), *rest = [(place.x, axes.y(place.middle)) for place in run]
        if rest:
            path = f"M {x:.1f} {y:.1f} L " + " ".join(f"{a:.1f} {b:.1f}" for a, b in rest)
            lines.append(Shape(path, "", colour, width, dash, "line"))
        else:
            lines.append(Shape(disc(x, y, 1.3 * width), colour, name="dot"))
    return lines


def draw_band(found: Sequence[Sequence[Norms]], axes: Axes, colour: str) -> Iterator[Shape]:
    """Draw a band from the smallest to the largest norm of each place, if they differ anywhere in a run."""
    for run in found:
        if any(place.low < place.high for place in run):
            there = [f"{place.x:.1f} {axes.y(place.high):.1f}" for place in run]
            back = [f"{place.x:.1f} {axes.y(place.low):.1f}" for place in reversed(run)]
            yield Shape(f"M {' L '.join([*there, *back])} Z", colour, name="band")


# What was bad.


def draw_bad_steps(looks: Sequence[Look], axes: Axes) -> Iterator[Shape | Text]:
    """Draw a vertical line where bad steps begin, an area as far as they go on, and the number of the first."""
    for bad, stretch in groupby(looks, key=lambda look: look.bad):
        if bad:
            first, *_, last = [axes.x(look.step) for look in stretch] * 2
            if last > first:
                yield Shape(f"M {first:.1f} {TOP:.1f} H {last:.1f} V {axes.bottom:.1f} H {first:.1f} Z", "alarm-fill")
            yield Shape(f"M {first:.1f} {TOP:.1f} V {axes.bottom:.1f}", "", "alarm", 1.2, "4 3")
    if found := [look.step for look in looks if look.bad]:
        label = words(f"bad at step {found[0]:,}", SMALL)
        x = min(axes.x(found[0]) - label.width / 2, LEFT + WIDE - label.width)
        yield Text(label, max(x, LEFT - 40 + CAPTION.width + 16), TOP - 14, "alarm")


def draw_cross(
    looks: Sequence[Look], i: int, course: Sequence[Sequence[Norms]], axes: Axes, y: float
) -> Iterator[Shape]:
    """Draw a cross at the first step where the gradient of parameter ``i`` was bad.

    Its height is that of the norm if it is finite, else that of the line before it, and ``y`` if there is neither.
    """
    if looks:
        x, size = axes.x(looks[0].step), looks[0].norms[i]
        before = [place.middle for run in course for place in run if place.x <= x + 0.1]
        if size is not None and math.isfinite(size):
            y = axes.y(math.log10(size))
        elif before:
            y = axes.y(before[-1])
        yield Shape(f"M {x - 5:.1f} {y - 5:.1f} l 10 10 m -10 0 l 10 -10", "", "alarm", 2.4, name="cross")
