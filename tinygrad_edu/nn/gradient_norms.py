"""The norms of gradients, watched while a network trains: do they vanish, explode, or become NaN, and in which layer?

Between ``backward`` and the change of the parameters is the only time when a gradient and what it will change are both
there.  So that is when ``GradientNorms`` looks: as the callback of an optimiser, or called in one's own loop.
"""

from __future__ import annotations

import math
import shutil
import sys
import unicodedata
from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..engine.used_gradients import Seen, holds_older, mark
from ..errors import coerce, trace_nan
from ..errors import messages as errors
from ..format import locations, text
from ..format.numbers import short
from ..numeric.norms import norm
from ..tensor import Tensor

if TYPE_CHECKING:
    from ..render.plot import Plot

MOST = 2000  # looks that are kept: a million steps take no more memory than these
BLOCKS, ASCII = "▁▂▃▄▅▆▇█", ".:-=+*#%@"  # from the smallest to the largest
NARROW, WIDE, COURSE = 40, 80, 12  # columns of a table, and the least that the course in it takes
FORGOTTEN = "call zero_grad() once for each step, before backward()."
RISING = 6  # losses, from which on it is said that they rise
WHERE_FROM = "explain(loss) says where it came from, step_here(loss) stops there."


class Look(NamedTuple):
    """What was seen at one step."""

    number: int  # of the look, from 0
    step: int  # of training, from 1
    loss: float | None
    norms: tuple[float | None, ...]  # of the gradient of each parameter; None where there is none
    sizes: tuple[float, ...]  # the norm of each parameter itself
    bad: bool


class GradientNorms:
    """Looks at gradients during training: ``SGD(net, 0.1, callback=norms)`` and ``optimiser.step(loss)``.

    Or ``norms(loss)``, in one's own loop, after ``backward``.  Then ``print(norms)`` is a table, and says if gradients
    were added to older ones; ``norms.line()`` goes beside a progress bar, ``norms.plot().save("norms.svg")`` draws.

    watched: a module, an optimiser, a list of Tensors, or a dict from names to Tensors.
    limit: a norm above it is bad, as NaN and infinity are.
    every: only each so many steps is looked at, beginning with the first.
    on_bad: called as ``on_bad(loss, words)`` at the first bad step.  Without it, each raises FloatingPointError, before
        any parameter has changed.

    Raises TypeError for what are not parameters, and ValueError for other options that make no sense.
    """

    def __init__(
        self,
        watched: Any,
        *,
        limit: float | None = None,
        every: int = 1,
        on_bad: Callable[[Any, str], object] | None = None,
    ) -> None:
        if limit is not None and not limit > 0:
            raise errors.taught(ValueError(f"limit is a norm above 0, or None, not {limit!r}"))
        if not isinstance(every, (int, np.integer)) or every < 1:
            raise errors.taught(ValueError(f"every is a number of steps, from 1 up, not {every!r}"))
        self.watched = named(watched)
        self.limit, self.every, self.on_bad = limit, int(every), on_bad
        self.count = 0  # steps so far, also those that were not looked at
        self.looks: list[Look] = []
        self.stride = 1  # of how many looks one is kept
        self.ranges = [(math.inf, -math.inf)] * len(self.watched)  # smallest and largest norms, also of looks not kept
        self.number_bad, self.first_bad = 0, -1  # the number of the look that was bad first
        self.trouble: str | None = None  # the first bad step, in words
        self.held: list[int] = []  # which arrays the parameters held at the last look
        self.older: int | None = None  # the first step whose gradients held those of an earlier one as well

    @errors.shallow
    def __call__(self, loss: Any = None) -> None:
        """Look at all gradients, after ``backward`` and before the step.  ``loss``: a Tensor or a number."""
        self.count += 1
        if (self.count - 1) % self.every:
            return
        parameters, value = self.watched.values(), number_of(loss)
        norms = tuple(None if p.node.grad is None else norm(p.node.grad) for p in parameters)
        faults = self.faults(value, norms)
        before, self.held = self.held, [id(p._array) for p in parameters]
        older = any(holds_older(p.node) or (before != self.held and holds_older(p.node, Seen)) for p in parameters)
        self.older = self.older or (self.count if older else None)
        any(mark(p.node, Seen) for p in parameters)
        number = self.looks[-1].number + 1 if self.looks else 0
        self.keep(Look(number, self.count, value, norms, tuple(norm(p._array) for p in parameters), bool(faults)))
        if not faults:
            return
        words = f"step {self.count}: {'; '.join([*faults[:3], *([f'{len(faults) - 3} more'] if faults[3:] else [])])}"
        if self.on_bad is None:
            self.trouble = self.trouble or words
            raise errors.taught(FloatingPointError(words), WHERE_FROM)
        if self.trouble is None:
            self.trouble = words
            self.on_bad(loss, words)

    def is_bad(self, size: float | None) -> bool:
        """Is a norm not finite, or above the limit?"""
        return size is not None and not (math.isfinite(size) and (self.limit is None or size <= self.limit))

    def faults(self, loss: float | None, norms: Sequence[float | None]) -> list[str]:
        """What is bad about this step, in words."""
        found = [] if loss is None or math.isfinite(loss) else [f"the loss is {loss}"]
        for (name, p), size in zip(self.watched.items(), norms):
            if self.is_bad(size):
                gradient = coerce.dense(p.node.grad)
                said = trace_nan.census(gradient)
                if said:
                    said = f"{'has' if np.size(gradient) > 1 else 'is'} {said}"
                else:
                    said = f"has norm {size:.4g}" + (f", above the limit of {self.limit:g}" if self.limit else "")
                found.append(f"the gradient of {text.shown(name)} {said}")
        return found

    # A long run: when there are too many looks, every second one goes.

    def keep(self, look: Look) -> None:
        """One more look.  The first, the last and the bad ones stay; but of more than 500 bad ones only the first."""
        self.number_bad += look.bad
        self.first_bad = look.number if look.bad and self.number_bad == 1 else self.first_bad
        for i, size in enumerate(look.norms):
            if size is not None and math.isfinite(size):
                self.ranges[i] = min(size, self.ranges[i][0]), max(size, self.ranges[i][1])
        if self.looks and not self.stays(self.looks[-1]):
            self.looks.pop()
        self.looks.append(look)
        while len(self.looks) > MOST:
            self.stride *= 2
            self.looks = [*filter(self.stays, self.looks[:-1]), look]

    def stays(self, look: Look) -> bool:
        """Does a look that is not the last stay?"""
        few = self.number_bad <= MOST // 4
        return look.number % self.stride == 0 or look.number == self.first_bad or (look.bad and few)

    # What was seen, as arrays.

    @property
    def steps(self) -> Any:
        """The steps, from 1, whose looks are kept: (steps,)."""
        return np.array([look.step for look in self.looks], int)

    @property
    def losses(self) -> Any:
        """The loss at each of them, NaN where none was given: (steps,)."""
        return np.array([math.nan if look.loss is None else look.loss for look in self.looks], float)

    @property
    def bad(self) -> Any:
        """Which of them were bad: (steps,)."""
        return np.array([look.bad for look in self.looks], bool)

    @property
    def norms(self) -> dict[str, Any]:
        """By the name of a parameter, the Euclidean norm of its gradient, NaN where it had none: (steps,)."""
        columns = zip(*(look.norms for look in self.looks)) if self.looks else ((),) * len(self.watched)
        return {name: np.array(column, float) for name, column in zip(self.watched, columns)}

    @property
    def sizes(self) -> dict[str, Any]:
        """By the name of a parameter, its own norm: (steps,)."""
        columns = zip(*(look.sizes for look in self.looks)) if self.looks else ((),) * len(self.watched)
        return {name: np.array(column, float) for name, column in zip(self.watched, columns)}

    @property
    def ratios(self) -> dict[str, Any]:
        """The norm of the gradient divided by that of the parameter: (steps,).  Times the rate, how far a step goes."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return {name: found / size for (name, found), size in zip(self.norms.items(), self.sizes.values())}

    def last(self) -> dict[str, float | None]:
        """By the name of a parameter, the norm of its gradient at the last look; None where it had none."""
        return dict(zip(self.watched, self.looks[-1].norms)) if self.looks else {}

    # What was seen, to be read.

    def line(self, width: int = WIDE) -> str:
        """The last look in one line, the layers in the middle left out where they do not fit in ``width`` columns."""
        if not self.looks:
            return "no step yet"
        last = self.looks[-1]
        loss = [] if last.loss is None else [f"loss {last.loss:#.4g}".rstrip(".")]
        parts = [f"|∂{cut(text.shown(name), 20)}| {short(size)}" for name, size in zip(self.watched, last.norms)]
        out = max(0, len(parts) - max(1, width // 7))  # none is shorter
        while len(parts) > out and columns(shown := "  ".join([*loss, *without(parts, out)])) > width:
            out += 1
        return encodable(cut(shown, width))

    def table(self, width: int = WIDE) -> str:
        """A row for each parameter: its norms in numbers, and their course, on a logarithmic scale of its own.

        In the course ``_`` is 0, ``x`` is bad, and a space is a step without a gradient.
        """
        if not self.looks:
            return "no step has been looked at yet"
        cells: dict[str, list[str]] = {"": [cut(text.shown(name), max(8, width // 4)) for name in self.watched]}
        cells["shape"] = [text.size(p.shape) for p in self.watched.values()]
        courses = [[look.norms[i] for look in self.looks] for i in range(len(self.watched))]
        cells["first"] = [short(course[0]) for course in courses]
        cells["last"] = [short(course[-1]) for course in courses]
        cells["smallest"] = [short(low if low <= high else None) for low, high in self.ranges]
        cells["largest"] = [short(high if low <= high else None) for low, high in self.ranges]
        room = width - sum(widths := widths_of(cells))
        for title in ("smallest", "shape", "first", "largest", "last"):
            if room < COURSE:
                del cells[title]
                room = width - sum(widths := widths_of(cells))
        groups = together(self.looks, max(1, room))
        cells["course"] = [
            sparkline([[look.norms[i] for look in group] for group in groups], self.is_bad) for i in range(len(courses))
        ]
        rows = [[*cells], *zip(*cells.values())]
        lines = ["".join(padded(x, w) for x, w in zip(row, [*widths, room])).rstrip() for row in rows]
        notes = (part for note in self.notes() for part in wrap(note, width))
        return encodable("\n".join([cut(self.summary(), width), *lines, *notes]))

    def notes(self) -> list[str]:
        """What was wrong with the training as a whole, in sentences."""
        found = [f"{self.number_bad:,} bad, the first at {self.trouble}"] if self.trouble else []
        if self.older is not None:
            found.append(f"From step {self.older:,} on the gradients hold those of earlier steps too: {FORGOTTEN}")
        losses = [x for x in self.losses if x == x]
        if len(losses) >= RISING and min(losses[-3:]) > max(losses[:3]):
            found.append("The loss has risen: explain(loss, optimiser=optimiser) tries smaller rates.")
        if all(size is None for look in self.looks for size in look.norms):
            found = ["There was no gradient: call norms(loss) after loss.backward()."]
        return found

    def summary(self) -> str:
        """How many steps, and how the loss went."""
        found = [look.loss for look in self.looks if look.loss is not None]
        every = f", one of {self.every:,} looked at" if self.every > 1 else ""
        went = f", loss from {found[0]:.4g} to {found[-1]:.4g}" if found else ""
        return f"{text.plural(self.count, 'step')}{every}{went}"

    def __str__(self) -> str:
        return self.table(min(WIDE, max(NARROW, shutil.get_terminal_size().columns)))

    def __repr__(self) -> str:
        what = f"gradient norms of {len(self.watched)} parameters at {self.count:,} steps"
        return f"<{what}; print shows them, .plot() draws them>"

    def plot(self, *, theme: str | None = None) -> Plot:
        """The norms over the steps, as a picture for a notebook or a file.  ``theme``: "light" or "dark"."""
        from ..render.plot import Plot  # drawing takes longer to load than all the rest

        return Plot(self, theme)


def named(watched: Any) -> dict[str, Tensor]:
    """Parameters by their names; by their paths, or their places in the list, where a name is missing or not unique."""
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
        raise errors.taught(ValueError("there is no parameter to watch"), "A module's are the Tensors it holds.")
    names = [locations.name(parameter(p).node) for p in paths.values()]
    return {
        name if name and names.count(name) == 1 and name not in paths and paths is not watched else path: p
        for name, (path, p) in zip(names, paths.items())
    }


def parameter(p: Any) -> Tensor:
    """The same, if it is a parameter."""
    if not (isinstance(p, Tensor) and p.is_leaf and p.requires_grad):
        raise not_parameters(p)
    return p


def not_parameters(p: Any) -> Exception:
    """What was given instead of parameters."""
    what = text.described(p.node) if isinstance(p, Tensor) else text.shown(repr(p))
    constant = ", a constant" * (isinstance(p, Tensor) and p.is_leaf and not p.requires_grad)
    return errors.taught(
        TypeError(f"gradient norms are those of Tensors that are leaves, in a list, not {what}{constant}"),
        "GradientNorms(net), GradientNorms([W, b]), or GradientNorms({'W': W, 'b': b}).",
    )


def number_of(loss: Any) -> float | None:
    """The value of a loss that is a Tensor or a number."""
    if loss is None:
        return None
    value = np.asarray(getattr(loss, "_array", loss))
    if value.size != 1 or value.dtype.kind not in "fiu":
        what = text.operand(getattr(loss, "node", None), loss)
        raise errors.taught(
            TypeError(f"the loss is a single number, not {what}"), "norms(loss), or optimiser.step(loss)."
        )
    return float(value.reshape(()))


# How it is written.


def without(parts: list[str], number: int) -> list[str]:
    """All but so many in the middle: first and last layers say most."""
    first = (len(parts) - number + 1) // 2
    return parts if not number else [*parts[:first], "...", *parts[first + number :]]


def together(looks: Sequence[Look], most: int) -> list[list[Look]]:
    """Looks in at most so many groups, each of about as many steps."""
    if len(looks) <= most:
        return [[look] for look in looks]
    first, span = looks[0].step, looks[-1].step - looks[0].step + 1
    groups: list[list[Look]] = [[] for _ in range(most)]
    for look in looks:
        groups[(look.step - first) * most // span].append(look)
    return groups


def mean(sizes: Sequence[float | None]) -> float | None:
    """The logarithm of the geometric mean of those norms that have one."""
    found = [math.log10(x) for x in sizes if x is not None and 0 < x < math.inf]
    return sum(found) / len(found) if found else None


def sparkline(groups: Sequence[Sequence[float | None]], is_bad: Callable[[float | None], bool]) -> str:
    """A character for each group of norms, by their mean; a course within a factor of 2 is level."""
    marks, means = BLOCKS if encodable(BLOCKS) == BLOCKS else ASCII, [*map(mean, groups)]
    low, high = (f((m for m in means if m is not None), default=0.0) for f in (min, max))
    scale = (len(marks) - 1) / max(high - low, math.log10(2))
    return "".join(
        "x"
        if any(map(is_bad, group))
        else marks[round((m - low) * scale)]
        if m is not None
        else "_" * any(x is not None for x in group) or " "
        for group, m in zip(groups, means)
    )


def encodable(words: str) -> str:
    """The words as standard output can show them: on an old terminal with question marks, and d for ∂."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        words.encode(encoding)
        return words
    except UnicodeEncodeError:
        return words.replace("∂", "d").encode(encoding, "replace").decode(encoding)


def widths_of(cells: dict[str, list[str]]) -> list[int]:
    """The columns of a terminal that each column of a table takes, by its title."""
    return [max(map(columns, [title, *cell])) + 2 for title, cell in cells.items()]


def columns(words: str) -> int:
    """How many columns of a terminal words take: Chinese letters take two, accents that stand alone none."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in words)


def cut(words: str, width: int) -> str:
    """Words in at most so many columns: a path says most where it begins and ends."""
    if columns(words) <= width:
        return words
    while columns(words) > width - 3:
        middle = len(words) // 2
        words = words[:middle] + words[middle + 1 :]
    half = (len(words) + 1) // 2
    return f"{words[:half]}...{words[half:]}"


def padded(words: str, width: int) -> str:
    """Words followed by spaces, in so many columns."""
    return words + " " * (width - columns(words))
