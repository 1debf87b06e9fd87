"""``step_here``: the console, opened where the program calls it."""

from __future__ import annotations

import sys
from typing import Any

from ..format import locations
from ..output.terminal import is_notebook
from ..stepping import stepper
from .console import Console, caller, of_frame
from .reading import INTRODUCTION

ON_HERE = "c goes on with the program; go too, and does not stop here again; q ends it."
ON_BY_HAND = "c and q go on; go too, and does not stop here again."  # where there is no program to end


def step_here(loss: Any, words: str = "", *, seed: Any = None) -> None:
    """Open the console on the computation of ``loss`` here, as ``breakpoint()`` does: q ends the program.

    ``c`` at the end of the sweep goes on; ``go`` too, and does not stop here again.  Where Python is used by hand, and
    in a notebook, q goes on as well.  ``words``, if there are any, say why: then it goes to the first step that made
    something that is not finite, if there is one, as in ``GradientNorms(net, on_bad=step_here)``.  ``seed``: as for
    ``backward``.  Raises what that would for what has no gradient.
    """
    frame = caller()
    here = id(frame.f_code), frame.f_lasti
    if here in PASSED:
        return
    by_hand = hasattr(sys, "ps1") or is_notebook()
    console = Console(stepper(loss, seed), variables=of_frame(frame), program=ON_BY_HAND if by_hand else ON_HERE)
    where = locations.resolve(frame.f_code, frame.f_lasti)
    console.opened(f"step_here in line {where.line} of {locations.title(where.file)}", where, words or INTRODUCTION)
    if words:
        console.to_what_is_not_finite()
    end = console.interact()
    if end == "go":
        PASSED[here] = frame.f_code
    if end == "quit" and not by_hand:
        raise SystemExit(0)


# The places where somebody has said go.  Each by the identity of its code, which is kept so that no other gets it: code
# that is only equal may be another program's, or of a cell that is run once more.
PASSED: dict[tuple[int, int], Any] = {}
