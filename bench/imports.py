"""How long ``import tinygrad_edu`` takes beyond the ``import numpy`` in it: each in a new process, by turns."""

from __future__ import annotations

import statistics
import subprocess
import sys

from .contest import Effort, Row, duration, progress

LIMIT = 0.015
PROGRAM = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def imported(module: str) -> float:
    """Seconds for the statement itself, without the start of Python."""
    command = [sys.executable, "-c", PROGRAM.format(module)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def row(effort: Effort) -> Row:
    """The median of the differences; "by hand" is NumPy alone."""
    title = "import: tinygrad_edu - numpy"
    imported("tinygrad_edu")  # leaves the compiled files, which a user has from the second time on
    pairs = []
    for i in range(effort.rounds):
        progress(f"{title}: round {i + 1} of {effort.rounds}")
        pairs.append((imported("numpy"), imported("tinygrad_edu")))
    extra = statistics.median(b - a for a, b in pairs)
    hand, ours = (duration(statistics.median(times)) for times in zip(*pairs))
    verdict = f"<= {duration(LIMIT)}: {'yes' if extra <= LIMIT else 'NO'}"
    return Row(title, {"ours": duration(extra), "t(hand)": hand, "t(ours)": ours}, verdict)
