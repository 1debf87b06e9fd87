"""``stepper``: a computation that is stepped through from Python, or with ``.console()`` by a person."""

from __future__ import annotations

import sys
from typing import Any

from ..format import locations
from ..stepping import Stepper


class InteractiveStepper(Stepper):
    """A ``Stepper`` with a console."""

    def console(self) -> None:
        """Step through the computation in the terminal or the notebook; ``h`` lists the commands, ``q`` leaves."""
        from .shell import INTRODUCTION, Console  # it takes longer to load than the stepper, which works without it

        console = Console(self, variables=variables_of(calling_frame()))
        console.open(f"the computation of {console.printer.format_name(self.root)}", introduction=INTRODUCTION)
        console.interact()


def stepper(loss: Any, seed: Any = None) -> InteractiveStepper:
    """The computation of ``loss``, to be stepped through, forward and backward and back again: see ``Stepper``.

    It begins at the step where ``backward`` would be called.  ``.console()`` steps through it in the terminal or in a
    notebook.  ``seed``: as for ``backward``.  Raises what ``backward`` would raise for a ``loss`` that has no gradient,
    and TypeError for what is no tensor.

    >>> from tinygrad_edu import Tensor, stepper
    >>> x = Tensor(3.0, name="x")
    >>> y = x * x
    >>> s = stepper(y * y)
    >>> s.run(lambda moment: s.name(moment.receiver) == "x").number, s.gradient(x)
    (6, np.float64(54.0))
    >>> s.next().number, s.gradient(x), s.back().number, s.gradient(x)
    (7, np.float64(108.0), 6, np.float64(54.0))
    """
    return InteractiveStepper(loss, seed)


def calling_frame() -> Any:
    """The innermost frame that belongs to the program, and not to this package or to NumPy."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(locations.OURS):
        frame = frame.f_back
    return frame


def variables_of(frame: Any) -> dict[str, Any]:
    """The variables that the program's names mean in a frame."""
    return {**frame.f_globals, **frame.f_locals}
