"""A picture as shapes, in points with y downwards; the writers turn it into SVG, PDF, TikZ.

A shape's colours are roles (see theme.py).  Groups may say from which step of the walk on they are seen, and to which.
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
    name: str = ""  # what it is in its group: outline, line, head


@dataclass
class Text:
    """A label with the left end of its baseline at a place."""

    label: Label
    x: float
    y: float
    fill: str = "ink"
    stretch: float = 1.0  # smaller than 1 where there is less room than it would take


@dataclass
class Group:
    """Shapes that belong together."""

    kind: str = ""
    data: dict[str, str] = field(default_factory=dict)
    words: str = ""  # for who cannot see it, and for who points at it
    begin: int | None = None  # the first step at which it is seen; None: always
    end: int | None = None  # and the first at which it is not any more
    items: list[Shape | Text | Group] = field(default_factory=list)


@dataclass
class Scene:
    """The whole picture."""

    width: float
    height: float
    root: Group
    words: str = ""


def seen(group: Group, step: int | None) -> bool:
    """Is a group seen at a step, or at the end if it is None?"""
    if step is None:
        return group.end is None
    return (group.begin or 0) <= step and (group.end is None or step < group.end)


def visible(group: Group, step: int | None = None) -> Iterator[Shape | Text]:
    """All shapes that are seen, in the order in which they are drawn."""
    for item in group.items if seen(group, step) else ():
        if isinstance(item, Group):
            yield from visible(item, step)
        else:
            yield item
