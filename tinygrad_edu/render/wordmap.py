"""Draws words as points in the plane, each with its name beside it; no name covers another name or a point.

Names are placed one after the other, each at the first free place around its point.  If none is free, the name goes
farther out, and a thin line joins it to its point.  Points with the most neighbours come first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..format import text
from .chart import SMALL, Chart, disc
from .compose import MARGIN
from .scene import Group, Scene, Shape, Text
from .typeset import Label, words

WIDE, HIGH, R = 600.0, 440.0, 2.6  # points: the area of the points, and the radius of one
LONGEST = 24  # letters of a name, after which it is cut
FEW, LARGE = 30, 19.0  # up to so many words are set in type so large that the last row of a room can read it
GAP = 1.5  # points between names
AROUND = 16  # directions in which a name may stand
MOST = 400  # words that can be read


class Box(NamedTuple):
    """An upright rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Do two rectangles share more than an edge?"""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def moved(self, x: float, y: float) -> Box:
        """The same rectangle, moved by (x, y)."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)


class WordMap(Chart):
    """A map of words, drawn when somebody looks at it or saves it.

    names: n words.  places: their places, shape (n, 2), in any unit that is the same for both axes.  theme: "light" or
    "dark".  Raises ValueError for places that do not fit or are not finite, and for no words or too many.
    """

    kind, file = "map", "words.svg"

    def __init__(self, names: Sequence[str], places: Any, theme: str | None = None) -> None:
        self.names, self.places = [text.safe_name(name) for name in names], np.asarray(places, np.float64)
        if self.places.shape != (len(self.names), 2) or not np.isfinite(self.places).all():
            raise ValueError(f"{text.plural(len(self.names), 'word')} need as many finite places in the plane")
        if not 1 <= len(self.names) <= MOST:
            raise ValueError(f"a map has from 1 to {MOST} words, not {len(self.names)}")
        super().__init__(f"map of {text.plural(len(self.names), 'word')}", theme or "light")

    def __repr__(self) -> str:
        return super().__repr__().replace("writes them", "writes it")

    def make_scene(self) -> Scene:
        """Place the names, and draw all points and names."""
        points = fit(self.places)
        size = LARGE if len(self.names) <= FEW else SMALL
        labels = [words(text.shorten(name, LONGEST, "…"), size) for name in self.names]
        boxes = place_names(points, labels)
        every = [*boxes, *map(box_of_dot, points)]
        left, top = min(box.left for box in every), min(box.top for box in every)
        root = Group("map")
        for name, label, (x, y), box in zip(self.names, labels, points, boxes):
            here = (x - left, y - top), label, box.moved(-left, -top)
            root.items.append(Group("word", {"word": name}, name, items=[*draw_word(*here)]))
        width, height = max(box.right for box in every) - left, max(box.bottom for box in every) - top
        return Scene(width + 2 * MARGIN, height + 2 * MARGIN, root, self.description)


def fit(places: Any) -> list[tuple[float, float]]:
    """Scale places to points, with y downwards, as large as the area allows and both axes alike."""
    low, high = places.min(0), places.max(0)
    span = high - low
    scale = min((room / size for room, size in zip((WIDE, HIGH), span) if size > 0), default=1.0)
    return [((x - low[0]) * scale, (high[1] - y) * scale) for x, y in places.tolist()]


def place_names(points: Sequence[tuple[float, float]], labels: Sequence[Label]) -> list[Box]:
    """The box of each label."""
    dots = [box_of_dot(point) for point in points]
    crowd = [sum(math.hypot(x - a, y - b) < 40 for a, b in points) for x, y in points]
    found: dict[int, Box] = {}
    for i in sorted(range(len(points)), key=lambda i: -crowd[i]):
        taken = [*dots, *found.values()]
        found[i] = next(box for box in candidates(points[i], labels[i]) if not any(map(box.meets, taken)))
    return [found[i] for i in range(len(points))]


def box_of_dot(point: tuple[float, float]) -> Box:
    """The box around a dot."""
    x, y = point
    return Box(x - R, y - R, x + R, y + R)


def candidates(point: tuple[float, float], label: Label) -> Iterator[Box]:
    """Boxes for a name around its point, the nearest first: to the right, then all round.  It never ends."""
    (x, y), width, height = point, label.width + 2 * GAP, label.height
    order = sorted(range(AROUND), key=lambda k: (k % (AROUND // 2) != 0, k % 4 != 0, k))
    ring = 0
    while True:
        far = R + 1 + ring * height / 2
        for k in order:
            angle = 2 * math.pi * k / AROUND
            across, down = math.cos(angle), -math.sin(angle)
            middle, line = x + across * (far + width / 2), y + down * (far + height / 2)
            yield Box(middle - width / 2, line - height / 2, middle + width / 2, line + height / 2)
        ring += 1


def draw_word(point: tuple[float, float], label: Label, box: Box) -> Iterator[Shape | Text]:
    """Draw a point, its name, and a line between them if they are apart."""
    x, y = point
    a, b = min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)  # the nearest place of the name
    if math.hypot(a - x, b - y) > 2 * R:
        yield Shape(f"M {x:.1f} {y:.1f} L {a:.1f} {b:.1f}", "", "line", 0.7)
    yield Shape(disc(x, y, R), "line0", name="dot")
    yield Text(label, box.left + GAP, box.top + label.ascent)
