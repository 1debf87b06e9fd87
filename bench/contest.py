"""How contestants are compared: first that they compute the same, then, turn by turn, how long they take.

The speed of a machine drifts, most of all a shared one, so that a time says little and a ratio of times taken one after
the other says much: the figures are medians, over many rounds, of the ratios within a round.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Samples = dict[str, list[float]]


class Contestant(NamedTuple):
    """``step`` does the work once; ``read`` makes a list of arrays of what it returned, and is not timed."""

    step: Callable[[], Any]
    read: Callable[[Any], Sequence[Any]]


@dataclass(frozen=True)
class Aim:
    """The median of ``top``/``bottom`` is to be at most ``limit``; at least, where a peer is on top."""

    limit: float
    top: str = "ours"
    bottom: str = "by hand"

    def verdict(self, samples: Samples) -> str:
        """``<= 1.05: yes``."""
        plain, sign = self.top == "ours", "<=" if self.top == "ours" else ">="
        text = f"{sign} {self.limit:g}" if plain else f"{self.top}/{self.bottom} {sign} {self.limit:g}"
        if self.top not in samples:
            return text
        reached = ratio(samples, self.top, self.bottom)
        met = reached <= self.limit if plain else reached >= self.limit
        return f"{text}: {'yes' if met else 'NO'}" + ("" if plain else f", {reached:.2f}")


class Row(NamedTuple):
    """A line of the table, ready to print: ``cells`` by column."""

    title: str
    cells: dict[str, str]
    aim: str


class Effort(NamedTuple):
    """How long to measure: so many rounds, or fewer, once ``seconds`` have passed."""

    rounds: int
    least: int
    seconds: float


@dataclass(frozen=True)
class Contest:
    """One workload: its contestants, "by hand" and "ours" among them, and what is hoped for."""

    title: str
    contestants: dict[str, Contestant]
    aim: Aim | None = None
    memory: bool = False
    start: Sequence[Any] = ()  # what a step changes: then the changes are compared, which the start would hide

    def row(self, effort: Effort) -> Row:
        """Check, measure, and put into words."""
        progress(f"{self.title}: do they agree?")
        check(self)
        samples = peaks(self) if self.memory else times(self, effort)
        cells = {name: f"{ratio(samples, name):.2f}" for name in samples if name != "by hand"}
        for column, name in (("t(hand)", "by hand"), ("t(ours)", "ours")):
            middle = statistics.median(samples[name])
            cells[column] = f"{middle / 1e6:.1f} MB" if self.memory else duration(middle)
        return Row(self.title, cells, self.aim.verdict(samples) if self.aim else "")


def sigmoid(x: Any) -> Any:
    """By hand as ours is: exact and silent at any x."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)), by hand as ours is."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def ratio(samples: Samples, top: str, bottom: str = "by hand") -> float:
    """The median of the ratios within each round."""
    return statistics.median(a / b for a, b in zip(samples[top], samples[bottom]))


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    unit, factor = ("s", 1) if seconds >= 1 else ("ms", 1e3) if seconds >= 1e-3 else ("us", 1e6)
    return f"{seconds * factor:.3g} {unit}"


def progress(text: str) -> None:
    """One line on stderr that changes; in a log, where lines cannot change, a line for each text but the rounds."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:110]}", end="", file=sys.stderr, flush=True)
    elif text and " round " not in text:
        print(text, file=sys.stderr, flush=True)


def check(contest: Contest) -> None:
    """All contestants give what the one by hand gives, in the same dtype: less exact would be faster."""
    results = {}
    for name, (step, read) in contest.contestants.items():
        results[name] = [np.array(x) for x in read(step())]
    wanted = results["by hand"]
    for name, given in results.items():
        if [(x.shape, x.dtype) for x in given] != [(x.shape, x.dtype) for x in wanted]:
            raise AssertionError(f"{contest.title}: {name} gives other shapes or dtypes than by hand")
        for i, (x, y) in enumerate(zip(given, wanted)):
            single, lost = y.dtype == np.float32, 0.0
            if contest.start:
                x, y, lost = x - contest.start[i], y - contest.start[i], np.finfo(y.dtype).eps * np.abs(y).max()
            # Sums are rounded in another order by everybody, so that what is small among large numbers may differ.
            tolerance = (1e-4 if single else 1e-9) * float(np.abs(y).max()) + 2 * lost
            if not tolerance > 0 or not np.allclose(x, y, rtol=0, atol=tolerance):
                worst = np.abs(x - y).max()
                raise AssertionError(f"{contest.title}: result {i} of {name} is off by up to {worst:g} (or is all 0)")


def times(contest: Contest, effort: Effort) -> Samples:
    """Seconds for one step, of everybody in every round, in an order that is drawn anew each time."""
    steps = {name: contestant.step for name, contestant in contest.contestants.items()}
    number = {name: max(1, int(0.005 / seconds(step, 1))) for name, step in steps.items()}
    samples: Samples = {name: [] for name in steps}
    order, draw, start = list(steps), random.Random(0), time.perf_counter()
    for i in range(effort.rounds):
        if i >= effort.least and time.perf_counter() - start > effort.seconds:
            break
        progress(f"{contest.title}: round {i + 1} of {effort.rounds}")
        draw.shuffle(order)
        for name in order:
            samples[name].append(seconds(steps[name], number[name]))
    return samples


def seconds(step: Callable[[], Any], number: int) -> float:
    """For one step, out of ``number`` in a row."""
    if number > 1:
        step()  # brings its data back into the cache, which the others have used meanwhile
    start = time.perf_counter()
    for _ in range(number):
        step()
    return (time.perf_counter() - start) / number


def peaks(contest: Contest) -> Samples:
    """The largest number of bytes alive at once during a step; NumPy reports its arrays to tracemalloc."""
    samples: Samples = {}
    for name, contestant in contest.contestants.items():
        progress(f"{contest.title}: {name}")
        tracemalloc.start()
        contestant.step()
        samples[name] = [tracemalloc.get_traced_memory()[1]]
        tracemalloc.stop()
    return samples
