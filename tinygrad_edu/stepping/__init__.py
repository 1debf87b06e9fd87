"""A recorded computation, one step at a time: no words, no pictures."""

from typing import Any

from .stepper import Moment as Moment
from .stepper import Stepper as Stepper


def stepper(loss: Any, seed: Any = None) -> Stepper:
    """The computation of ``loss``, to be stepped through, forward and backward and back again: see ``Stepper``.

    It stands where ``backward`` is called.  ``.console()`` steps through it in the terminal or in a notebook.
    ``seed``: as for ``backward``.  Raises what that would for what has no gradient, TypeError for what is no tensor.

    >>> from tinygrad_edu import Tensor, stepper
    >>> x = Tensor(3.0, name="x")
    >>> y = x * x
    >>> s = stepper(y * y)
    >>> s.run(lambda moment: s.name(moment.receiver) == "x").number, s.gradient(x)
    (6, np.float64(54.0))
    >>> s.next().number, s.gradient(x), s.back().number, s.gradient(x)
    (7, np.float64(108.0), 6, np.float64(54.0))
    """
    return Stepper(loss, seed)
