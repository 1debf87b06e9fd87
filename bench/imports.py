"""How long ``import tinygrad_edu`` takes beyond the ``import numpy`` in it: each in a new process, by turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

from .contest import Effort, Row, duration, progress

LIMIT = 0.015
PROGRAM = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


class Imports:
    """In the table as a workload is; "by hand" is NumPy alone."""

    def row(self, effort: Effort) -> Row:
        """The median of the differences."""
        title, pairs = "import: tinygrad_edu - numpy", []
        with tempfile.TemporaryDirectory() as folder:
            imported("tinygrad_edu", folder)  # leaves compiled files there: a user has them from the second time on
            for i in range(effort.rounds):
                progress(f"{title}: round {i + 1} of {effort.rounds}")
                pairs.append((imported("numpy", folder), imported("tinygrad_edu", folder)))
        extra = statistics.median(b - a for a, b in pairs)
        hand, ours = (duration(statistics.median(times)) for times in zip(*pairs))
        verdict = f"<= {duration(LIMIT)}: {'yes' if extra <= LIMIT else 'NO'}"
        return Row(title, {"ours": duration(extra), "t(hand)": hand, "t(ours)": ours}, verdict)


def imported(module: str, folder: str) -> float:
    """Seconds for the statement itself, without the start of Python."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", PROGRAM.format(module)]
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
