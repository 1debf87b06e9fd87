"""The norms of gradients while a network trains: do they vanish, explode, or become NaN, and in which layer?"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..format import text
from ..format.ascii import encodable, is_encodable
from ..format.numbers import short
from ..nn.norm_record import NormRecord, group_looks, mean_log
from ..output.terminal import Table, columns, columns_of, shorten, wrap

if TYPE_CHECKING:
    from ..render.plot import Plot

BLOCKS, ASCII = "▁▂▃▄▅▆▇█", ".:-=+*#%@"  # from the smallest to the largest
# The least and the usual width of a table, and the least width of the course in it, in characters.
NARROW, WIDE, COURSE = 40, 80, 12
FORGOTTEN = "call zero_grad() once for each step, before backward()."
# A rising loss is reported from this number of losses on.
RISING = 6


class GradientNorms(NormRecord):
    """Records gradient norms during training: ``SGD(net, 0.1, callback=norms)``, then ``optimiser.step(loss)``.

    Or ``norms(loss)``, in one's own loop, after ``backward``.  Then ``print(norms)`` is a table, and says if gradients
    were added to older ones; ``norms.line()`` goes beside a progress bar, ``norms.plot().save("norms.svg")`` draws.

    watched: a module, an optimiser, a list of Tensors, or a dict from names to Tensors.
    limit: a norm above it is bad, as NaN and infinity are.
    every: only each so many steps is looked at, beginning with the first.
    on_bad: called as ``on_bad(loss, words)`` at the first bad step.  Without it, each raises FloatingPointError, before
        any parameter has changed.

    Raises TypeError for what are not parameters, and ValueError for other options that make no sense.
    """

    def line(self, width: int = WIDE) -> str:
        """Return the last step in one line of ``width`` columns; middle layers that do not fit are left out."""
        if not self.looks:
            return "no step yet"
        last = self.looks[-1]
        loss = [] if last.loss is None else [f"loss {last.loss:#.4g}".rstrip(".")]
        parts = [
            f"|∂{shorten(text.safe_name(name), 20)}| {short(size)}" for name, size in zip(self.watched, last.norms)
        ]
        out = max(0, len(parts) - max(1, width // 7))  # a part takes at least seven columns
        while len(parts) > out and columns(shown := "  ".join([*loss, *leave_out_middle(parts, out)])) > width:
            out += 1
        return encodable(shorten(shown, width), encoding())

    def table(self, width: int = WIDE) -> str:
        """Return a row for each parameter: its norms as numbers, and their course on its own logarithmic scale.

        In the course ``_`` is 0, ``x`` is bad, and a space is a step without a gradient.
        """
        if not self.looks:
            return "no step has been looked at yet"
        cells: dict[str, list[str]] = {"": [shorten(text.safe_name(name), max(8, width // 4)) for name in self.watched]}
        cells["shape"] = [text.shape_text(p.shape) for p in self.watched.values()]
        courses = [[look.norms[i] for look in self.looks] for i in range(len(self.watched))]
        cells["first"] = [short(course[0]) for course in courses]
        cells["last"] = [short(course[-1]) for course in courses]
        cells["smallest"] = [short(low if low <= high else None) for low, high in self.ranges]
        cells["largest"] = [short(high if low <= high else None) for low, high in self.ranges]
        table = Table(cells)
        table.fit(width - table.gap - COURSE, ("smallest", "shape", "first", "largest", "last"))
        room = width - table.gap - table.width
        groups = group_looks(self.looks, max(1, room))
        marks = BLOCKS if is_encodable(BLOCKS, encoding()) else ASCII
        table.cells["course"] = [
            sparkline([[look.norms[i] for look in group] for group in groups], self.is_bad, marks)
            for i in range(len(courses))
        ]
        notes = (part for note in self.notes() for part in wrap(note, width))
        return encodable("\n".join([shorten(self.summary(), width), *table.lines(), *notes]), encoding())

    def notes(self) -> list[str]:
        """Say in sentences what was wrong with the training as a whole."""
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
        """Say how many steps were made, and from where to where the loss went."""
        found = [look.loss for look in self.looks if look.loss is not None]
        every = f", one of {self.every:,} looked at" if self.every > 1 else ""
        went = f", loss from {found[0]:.4g} to {found[-1]:.4g}" if found else ""
        return f"{text.plural(self.count, 'step')}{every}{went}"

    def __str__(self) -> str:
        return self.table(min(WIDE, max(NARROW, columns_of(sys.stdout))))

    def __repr__(self) -> str:
        what = f"gradient norms of {len(self.watched)} parameters at {self.count:,} steps"
        return f"<{what}; print shows them, .plot() draws them>"

    def plot(self, *, theme: str | None = None) -> Plot:
        """Draw the norms over the steps, for a notebook or a file.  ``theme``: "light" or "dark"."""
        from ..render.plot import Plot  # drawing takes longer to load than all the rest

        return Plot(self, theme)


def leave_out_middle(parts: list[str], number: int) -> list[str]:
    """Leave out so many parts in the middle: the first and the last layers say most."""
    first = (len(parts) - number + 1) // 2
    return parts if not number else [*parts[:first], "...", *parts[first + number :]]


def sparkline(groups: Sequence[Sequence[float | None]], is_bad: Callable[[float | None], bool], marks: str) -> str:
    """Draw a character for each group of norms, by their mean; a course within a factor of 2 is level."""
    means = [*map(mean_log, groups)]
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


def encoding() -> str | None:
    return getattr(sys.stdout, "encoding", None)
