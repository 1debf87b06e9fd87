"""Lessons: functions that they call to show something, to check a derivation and to mark an exercise.

A lesson is a file of ``lessons/`` with cells of text and of Python in the percent format.  It runs as a script and as a
notebook; ``tinygrad-edu lesson`` shows it in the terminal, and makes slides, pages, notebooks and exercises of it.
"""

from importlib import import_module as _import
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from .derivations import derive as derive
from .derivations import judge as judge
from .exercises import answered as answered
from .exercises import mark as mark
from .lesson import handins as handins
from .showing import show as show

if _TYPE_CHECKING:
    from ..render.curves import curves as curves
    from ..render.heat import heat as heat

_LATER = {"curves": "render.curves", "heat": "render.heat"}
__all__ = ["answered", "curves", "derive", "handins", "heat", "judge", "mark", "show"]


def __getattr__(name: str) -> _Any:
    """Load ``curves`` and ``heat`` when a lesson asks for them, because the packages that draw load slowly."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_import(f"..{_LATER[name]}", __name__), name)
