"""Records the norms of gradients while a network trains.

A ``NormRecord`` is called between ``backward`` and the change of the parameters, the only time when a gradient and the
parameters that it will change are both there: as the callback of an optimiser, or in a loop of one's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine.used_gradients import SeenGradient, holds_older, mark_used
from ..errors import coerce, trace_nan
from ..errors import messages as errors
from ..format import locations, text
from ..numeric.norms import norm
from ..tensor import Tensor

MOST = 2000  # the most looks that are kept, so that a million steps take no more memory
WHERE_FROM = "explain(loss) says where it came from, step_here(loss) stops there."


class Look(NamedTuple):
    """The loss and the norms that were recorded at one step of training."""

    number: int  # of the look, from 0
    step: int  # of training, from 1
    loss: float | None
    norms: tuple[float | None, ...]  # of the gradient of each parameter; None where there is none
    sizes: tuple[float, ...]  # the norm of each parameter itself
    bad: bool


class NormRecord:
    """The norms of gradients at each step.  ``GradientNorms`` inherits it, explains its options, and shows it."""

    def __init__(
        self,
        watched: Any,
        *,
        limit: float | None = None,
        every: int = 1,
        on_bad: Callable[[Any, str], object] | None = None,
    ) -> None:
        """Start a record.  For the arguments see ``GradientNorms``.

        Raises ValueError for a limit that is not above 0 and for an ``every`` that is not a whole number from 1 up, and
        TypeError if ``watched`` has no parameters.
        """
        if limit is not None and not limit > 0:
            raise errors.explained(ValueError(f"limit is a norm above 0, or None, not {limit!r}"))
        if not isinstance(every, (int, np.integer)) or every < 1:
            raise errors.explained(ValueError(f"every is a number of steps, from 1 up, not {every!r}"))
        self.watched = name_parameters(watched)
        self.limit, self.every, self.on_bad = limit, int(every), on_bad
        self.count = 0  # steps so far, also those that were not looked at
        self.looks: list[Look] = []
        self.stride = 1  # of how many looks one is kept
        self.ranges = [(math.inf, -math.inf)] * len(self.watched)  # smallest and largest norms, also of looks not kept
        self.number_bad, self.first_bad = 0, -1  # the number of the look that was bad first
        self.trouble: str | None = None  # the first bad step, in words
        self.held: list[int] = []  # which arrays the parameters held at the last look
        self.older: int | None = None  # the first step whose gradients held those of an earlier one as well

    @errors.with_short_traceback
    def __call__(self, loss: Any = None) -> None:
        """Record the norms of all gradients, after ``backward`` and before the step.

        ``loss``: a Tensor of one number, or a number.  Raises FloatingPointError if a gradient or the loss is not
        finite, or a norm is above the limit; if there is an ``on_bad``, that is called instead, once.
        """
        self.count += 1
        if (self.count - 1) % self.every:
            return
        parameters, value = self.watched.values(), loss_number(loss)
        norms = tuple(None if p.node.grad is None else norm(p.node.grad) for p in parameters)
        faults = self.faults(value, norms)
        before, self.held = self.held, [id(p._array) for p in parameters]
        older = any(
            holds_older(p.node) or (before != self.held and holds_older(p.node, SeenGradient)) for p in parameters
        )
        self.older = self.older or (self.count if older else None)
        any(mark_used(p.node, SeenGradient) for p in parameters)
        number = self.looks[-1].number + 1 if self.looks else 0
        self.keep(Look(number, self.count, value, norms, tuple(norm(p._array) for p in parameters), bool(faults)))
        if not faults:
            return
        words = f"step {self.count}: {'; '.join([*faults[:3], *([f'{len(faults) - 3} more'] if faults[3:] else [])])}"
        if self.on_bad is None:
            self.trouble = self.trouble or words
            raise errors.explained(FloatingPointError(words), WHERE_FROM)
        if self.trouble is None:
            self.trouble = words
            self.on_bad(loss, words)

    def is_bad(self, size: float | None) -> bool:
        """Is a norm not finite, or above the limit?"""
        return size is not None and not (math.isfinite(size) and (self.limit is None or size <= self.limit))

    def faults(self, loss: float | None, norms: Sequence[float | None]) -> list[str]:
        """List what is bad about this step, each fault as a sentence."""
        found = [] if loss is None or math.isfinite(loss) else [f"the loss is {loss}"]
        for (name, p), size in zip(self.watched.items(), norms):
            if self.is_bad(size):
                gradient = coerce.dense(p.node.grad)
                said = trace_nan.count_not_finite(gradient)
                if said:
                    said = f"{'has' if np.size(gradient) > 1 else 'is'} {said}"
                else:
                    said = f"has norm {size:.4g}" + (f", above the limit of {self.limit:g}" if self.limit else "")
                found.append(f"the gradient of {text.safe_name(name)} {said}")
        return found

    # In a long run, when there are too many looks, every second one is dropped.

    def keep(self, look: Look) -> None:
        """Add a look, and drop others if there are too many.

        The first look, the last one and bad ones stay; if there are more than 500 bad ones, only the first of them.
        """
        self.number_bad += look.bad
        self.first_bad = look.number if look.bad and self.number_bad == 1 else self.first_bad
        for i, size in enumerate(look.norms):
            if size is not None and math.isfinite(size):
                self.ranges[i] = min(size, self.ranges[i][0]), max(size, self.ranges[i][1])
        if self.looks and not self.is_kept(self.looks[-1]):
            self.looks.pop()
        self.looks.append(look)
        while len(self.looks) > MOST:
            self.stride *= 2
            self.looks = [*filter(self.is_kept, self.looks[:-1]), look]

    def is_kept(self, look: Look) -> bool:
        """Does this look stay, now that it is not the last one any more?"""
        few = self.number_bad <= MOST // 4
        return look.number % self.stride == 0 or look.number == self.first_bad or (look.bad and few)

    # The record, as arrays.

    @property
    def steps(self) -> Any:
        """The numbers of the steps that are kept, counted from 1: (steps,)."""
        return np.array([look.step for look in self.looks], int)

    @property
    def losses(self) -> Any:
        """The loss at each of the ``steps``, NaN where none was given: (steps,)."""
        return np.array([math.nan if look.loss is None else look.loss for look in self.looks], float)

    @property
    def bad(self) -> Any:
        """Which of the ``steps`` were bad, as an array of bool: (steps,)."""
        return np.array([look.bad for look in self.looks], bool)

    @property
    def norms(self) -> dict[str, Any]:
        """By the name of a parameter, the Euclidean norm of its gradient, NaN where it had none: (steps,)."""
        columns = zip(*(look.norms for look in self.looks)) if self.looks else ((),) * len(self.watched)
        return {name: np.array(column, float) for name, column in zip(self.watched, columns)}

    @property
    def sizes(self) -> dict[str, Any]:
        """By the name of a parameter, the norm of the parameter itself: (steps,)."""
        columns = zip(*(look.sizes for look in self.looks)) if self.looks else ((),) * len(self.watched)
        return {name: np.array(column, float) for name, column in zip(self.watched, columns)}

    @property
    def ratios(self) -> dict[str, Any]:
        """By the name of a parameter, the norm of its gradient divided by its own: (steps,).

        Times the rate of SGD it is the relative change of the parameter in a step.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return {name: found / size for (name, found), size in zip(self.norms.items(), self.sizes.values())}

    def last(self) -> dict[str, float | None]:
        """By the name of a parameter, the norm of its gradient at the last look; None where it had none."""
        return dict(zip(self.watched, self.looks[-1].norms)) if self.looks else {}


def name_parameters(watched: Any) -> dict[str, Tensor]:
    """Find the parameters to watch, by their names.

    ``watched``: a module, an optimiser, a list of Tensors, or a dict of Tensors by names.  If a name is missing or not
    unique, the path in the module or the position in the list takes its place.  Raises TypeError for anything else.
    """
    if isinstance(watched, dict):
        paths = watched
        if strange := [name for name in watched if not isinstance(name, str)]:
            raise errors.bad_name(strange[0])
    elif hasattr(watched, "named_parameters"):
        paths = dict(watched.named_parameters())
    else:
        found = getattr(watched, "parameters", watched)
        found = found() if callable(found) else found
        if isinstance(found, Tensor) or not hasattr(found, "__iter__"):
            raise not_parameters(found)
        paths = {f"p[{i}]": p for i, p in enumerate(found)}
    if not paths:
        raise errors.explained(
            ValueError("there is no parameter to watch"), "The parameters of a module are the leaf Tensors in it."
        )
    names = [locations.name_in_source(require_parameter(p).node) for p in paths.values()]
    return {
        name if name and names.count(name) == 1 and name not in paths and paths is not watched else path: p
        for name, (path, p) in zip(names, paths.items())
    }


def require_parameter(p: Any) -> Tensor:
    """Return p, or raise TypeError if it is not a leaf that takes a gradient."""
    if not (isinstance(p, Tensor) and p.is_leaf and p.requires_grad):
        raise not_parameters(p)
    return p


def not_parameters(p: Any) -> Exception:
    """Build the error that something else was given in the place of parameters."""
    what = text.describe(p.node) if isinstance(p, Tensor) else text.safe_name(repr(p))
    constant = ", a constant" * (isinstance(p, Tensor) and p.is_leaf and not p.requires_grad)
    return errors.explained(
        TypeError(f"gradient norms are those of Tensors that are leaves, in a list, not {what}{constant}"),
        "Write GradientNorms(net), GradientNorms([W, b]), or GradientNorms({'W': W, 'b': b}).",
    )


def loss_number(loss: Any) -> float | None:
    """The value of a loss that is a Tensor or a number.  Raises TypeError if it is not a single number."""
    if loss is None:
        return None
    value = np.asarray(getattr(loss, "_array", loss))
    if value.size != 1 or value.dtype.kind not in "fiu":
        what = text.describe_operand(getattr(loss, "node", None), loss)
        raise errors.explained(
            TypeError(f"the loss is a single number, not {what}"), "Write norms(loss), or optimiser.step(loss)."
        )
    return float(value.reshape(()))


# Groups of looks, for a table or a picture that has no room for all.


def group_looks(looks: Sequence[Look], most: int) -> list[list[Look]]:
    """Divide looks into at most ``most`` groups, each over about the same number of steps."""
    if len(looks) <= most:
        return [[look] for look in looks]
    first, span = looks[0].step, looks[-1].step - looks[0].step + 1
    groups: list[list[Look]] = [[] for _ in range(most)]
    for look in looks:
        groups[(look.step - first) * most // span].append(look)
    return groups


def mean_log(sizes: Sequence[float | None]) -> float | None:
    """The logarithm, to base 10, of the geometric mean of those norms that are above 0 and finite; else None."""
    found = [math.log10(x) for x in sizes if x is not None and 0 < x < math.inf]
    return sum(found) / len(found) if found else None
