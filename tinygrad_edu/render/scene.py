"""A picture as shapes, in points with y downwards, which the writers turn into SVG, PDF and TikZ.

A shape's colours are roles (see web/colours.py).  A group may say at which steps of the walk it is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .typeset import Label


@dataclass
class Shape:
    """A path, as SVG has it, filled or drawn or both."""

    path: str
    fill: str = ""
    stroke: str = ""
    width: float = 1.0
    dash: str = ""
    name: str = ""  # its role in the group: outline, line, head


@dataclass
class Text:
    """A label; the left end of its baseline is at (x, y)."""

    label: Label
    x: float
    y: float
    fill: str = "ink"
    stretch: float = 1.0  # smaller than 1 if the label has to shrink to fit


@dataclass
class Group:
    """Shapes that belong together."""

    kind: str = ""
    data: dict[str, str] = field(default_factory=dict)
    words: str = ""  # for a screen reader, and for a tooltip
    begin: int | None = None  # the first step at which it is seen; None: from the start
    end: int | None = None  # the first step after that at which it is not seen; None: never
    items: list[Shape | Text | Group] = field(default_factory=list)


@dataclass
class Scene:
    """The whole picture: its size, its shapes, and a sentence that describes it."""

    width: float
    height: float
    root: Group
    words: str = ""


def is_seen(group: Group, step: int | None) -> bool:
    """Is a group seen at a step of the walk?  None is the end of the walk."""
    if step is None:
        return group.end is None
    return (group.begin or 0) <= step and (group.end is None or step < group.end)


def visible_shapes(group: Group, step: int | None = None) -> Iterator[Shape | Text]:
    """All shapes that are seen at a step, in the order in which they are drawn."""
    for item in group.items if is_seen(group, step) else ():
        if isinstance(item, Group):
            yield from visible_shapes(item, step)
        else:
            yield item
