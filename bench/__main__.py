"""``python -m bench``: the table."""

from __future__ import annotations

import argparse
import gc
import platform
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata

import numpy as np

from . import imports, memory, mlp, negative, peers, recurrence, scalar
from .contest import Contest, Effort, Row, progress

WORKLOADS: dict[str, Callable[[], Iterable[Contest]]] = {
    "scalar": scalar.contests,
    "small": recurrence.small,
    "mlp": mlp.contests,
    "negative": negative.contests,
    "chain": recurrence.chain,
    "memory": memory.contests,
    "import": lambda: (),  # not a contest: see imports.py
}
COLUMNS = {"ours": 8, **dict.fromkeys(peers.PEERS, 9), "t(hand)": 8, "t(ours)": 8}
EXPLAINED = """\
Columns are times divided by the time of the same by hand, in NumPy (scalar: in Python floats): the median over rounds
of the ratio within a round.  t(hand), t(ours): the median times themselves; of memory, the peaks.  One thread each."""


def rows(names: list[str], effort: Effort) -> Iterator[Row]:
    """The table's lines, each as soon as it is measured."""
    for name in names:
        for contest in WORKLOADS[name]():
            yield contest.row(effort)
        if name == "import":
            yield imports.row(effort)


def line(title: str, cells: dict[str, str], aim: str) -> str:
    """Columns of fixed widths."""
    return f"{title:40}{''.join(f'{cells.get(c, chr(45)):>{width}}' for c, width in COLUMNS.items())}  {aim}".rstrip()


def main() -> None:
    """Read the command line, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, epilog=EXPLAINED)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(WORKLOADS)}; all, if none is given")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a first impression, in half a minute")
    given = parser.parse_args()
    if unknown := set(given.names) - set(WORKLOADS):
        parser.error(f"no workload is called {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    gc.collect()
    gc.freeze()  # what the peers' modules hold is nobody's garbage, and would be searched for it at our expense
    installed = [f"{name} {metadata.version(module.__name__)}" for name, module in peers.PEERS.items() if module]
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}; {', '.join(installed)}")
    print(EXPLAINED, end="\n\n")
    print(line("", {column: column for column in COLUMNS}, "aim for ours"))
    for row in rows(given.names or list(WORKLOADS), Effort(7, 3, 1.5) if given.quick else Effort(31, 7, 8)):
        progress("")
        print(line(*row), flush=True)


if __name__ == "__main__":
    main()
