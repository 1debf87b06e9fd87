"""NumPy's warnings, as of log(0), name the user's line, and not the line of ours that calls NumPy.

NumPy can write a warning to an object instead of showing it, with the whole text (np.seterrcall, mode "log").  That
object shows the same warning for the user's line.  It is put in place when the first Tensor of a thread is made, and
only for what NumPy would have warned of: what a program ignores or raises stays ignored or raised.  A warning of a
program's own arrays is shown where NumPy would show it.
"""

from __future__ import annotations

import sys
import warnings
from types import FrameType

import numpy as np

from ..format import locations


class UserLine:
    """What NumPy writes warnings to."""

    def write(self, text: str) -> None:
        """Show a warning for the user's line.  ``text``: as "Warning: divide by zero encountered in log"."""
        frame = line_to_show(sys._getframe(1))
        words = text.strip().removeprefix("Warning: ")
        names = frame.f_globals
        registry = names.setdefault("__warningregistry__", {})
        warnings.warn_explicit(
            words, RuntimeWarning, frame.f_code.co_filename, frame.f_lineno, names.get("__name__", "?"), registry
        )


def line_to_show(frame: FrameType) -> FrameType:
    """The user's frame, if NumPy was called by this package on the user's behalf; otherwise ``frame`` itself."""
    outer: FrameType | None = frame
    ours = False
    while outer is not None and outer.f_code.co_filename.startswith(locations.OURS):
        ours = ours or outer.f_code.co_filename.startswith(locations.OURS[0])
        outer = outer.f_back
    return outer if ours and outer is not None else frame


def point_at_the_user() -> None:
    """Let NumPy's warnings in this thread name the user's line."""
    if np.geterrcall() is None:  # a function of the user's own stays
        np.seterrcall(UserLine())
        np.seterr(**{kind: "log" for kind, mode in np.geterr().items() if mode == "warn"})  # type: ignore[arg-type]
