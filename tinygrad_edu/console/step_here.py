"""``step_here``: the console, opened where the program calls it."""

from __future__ import annotations

import sys
from typing import Any

from ..format import locations
from ..output.terminal import is_notebook
from ..stepping import Stepper
from .shell import INTRODUCTION, Console
from .stepper import calling_frame, variables_of

ON_HERE = "c goes on with the program; go does too, and never stops here again; q ends it."
ON_BY_HAND = "c and q go on; go does too, and never stops here again."  # where there is no program to end


def step_here(loss: Any, words: str = "", *, seed: Any = None) -> None:
    """Open the console on the computation of ``loss`` here, as ``breakpoint()`` opens the debugger.

    ``c`` at the end of the sweep goes on with the program.  ``go`` also goes on, and does not stop here again.  ``q``
    ends the program; at Python's own prompt and in a notebook it goes on.  ``words`` say why the console opens; with
    them it goes to the first step that made NaN or infinity, as in ``GradientNorms(net, on_bad=step_here)``.
    ``seed``: as for ``backward``.  Raises what ``backward`` would raise for a ``loss`` that has no gradient.
    """
    frame = calling_frame()
    here = id(frame.f_code), frame.f_lasti
    if here in PASSED:
        return
    by_hand = hasattr(sys, "ps1") or is_notebook()
    console = Console(Stepper(loss, seed), variables=variables_of(frame), program=ON_BY_HAND if by_hand else ON_HERE)
    where = locations.locate(frame.f_code, frame.f_lasti)
    console.open(f"step_here in line {where.line} of {locations.file_title(where.file)}", where, words or INTRODUCTION)
    if words:
        console.jump_to_not_finite()
    end = console.interact()
    if end == "go":
        PASSED[here] = frame.f_code
    if end == "quit" and not by_hand:
        raise SystemExit(0)


# The places where somebody has typed go.  A place is known by the identity of its code object, because an equal one may
# belong to another program, or to a cell that is run again.  The object is kept, so that no other gets its identity.
PASSED: dict[tuple[int, int], Any] = {}
