"""Turns SVG paths into absolute lines and cubic curves, for PDF and TikZ, which have nothing else."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

TOKEN = re.compile(r"[A-Za-z]|-?\d*\.?\d+(?:e-?\d+)?")
NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "Z": 0}


class Segment(NamedTuple):
    """``M`` move to a point, ``L`` line to it, ``C`` cubic curve with two more points before it, ``Z`` close."""

    command: str
    points: tuple[tuple[float, float], ...]


@functools.lru_cache(maxsize=4096)
def segments(path: str) -> tuple[Segment, ...]:
    """Rewrite a path with M, L, C and Z alone."""
    found: list[Segment] = []
    x = y = 0.0
    start = (0.0, 0.0)
    command, tokens = "", TOKEN.findall(path)
    i = 0
    while i < len(tokens):
        if tokens[i].isalpha():
            command, i = tokens[i], i + 1
        upper = command.upper()
        n = NUMBERS[upper]
        given = [float(t) for t in tokens[i : i + n]]
        i += n
        if upper == "Z":
            found.append(Segment("Z", ()))
            x, y = start
            continue
        dx, dy = (x, y) if command.islower() else (0.0, 0.0)
        if upper == "H":
            points = [(given[0] + dx, y)]
        elif upper == "V":
            points = [(x, given[0] + dy)]
        else:
            points = [(a + dx, b + dy) for a, b in zip(given[::2], given[1::2])]
        # Every quadratic curve is also a cubic one: its inner points lie two thirds of the way to the control point.
        if upper == "Q":
            (a, b), (c, d) = points
            points = [((x + 2 * a) / 3, (y + 2 * b) / 3), ((c + 2 * a) / 3, (d + 2 * b) / 3), (c, d)]
        kind = {"M": "M", "C": "C", "Q": "C"}.get(upper, "L")
        found.append(Segment(kind, tuple(points)))
        x, y = points[-1]
        if upper == "M":
            start, command = (x, y), "l" if command == "m" else "L"
    return tuple(found)
