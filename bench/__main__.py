"""``python -m bench``: the table."""

from __future__ import annotations

import argparse
import gc
import platform
from collections.abc import Callable, Iterable
from importlib import metadata

import numpy as np

from . import arrays, checker, imports, mlp, peers, pictures, scalar, word2vec
from .contest import Contest, Effort, progress

WORKLOADS: dict[str, Callable[[], Iterable[Contest | imports.Imports | pictures.Times | word2vec.Words]]] = {
    "scalar": scalar.contests,
    "small": arrays.small,
    "mlp": mlp.contests,
    "negative": arrays.negative,
    "chain": arrays.chain,
    "memory": arrays.memory,
    "import": lambda: [imports.Imports()],
    "pictures": pictures.pictures,
    "formulas": checker.formulas,
    "checker": checker.checker,
    "word2vec": word2vec.word2vec,
}
COLUMNS = {"ours": 8, "tuned": 8, **dict.fromkeys(peers.NAMES, 10), "t(hand)": 9, "t(ours)": 9}
EXPLAINED = """\
Columns are times divided by the time of the same by hand: in NumPy as one writes it, with @ (scalar: in Python floats).
They are medians over rounds of the ratio within a round.  An aim judges ours / by hand, where it names nothing else.
tuned: by hand once more, by an expert: dot in place of @, and sums in place.  For a batch of one np.matmul, which is @,
takes several times as long as dot to find the gradients of W; for larger ones dot gains nothing.
t(hand), t(ours): the median times themselves; of memory, the peaks.  One thread each.
Pictures, formulas and the checker have no counterpart by hand: there an aim judges the time; of word2vec, also rho."""


def line(title: str, cells: dict[str, str], aim: str) -> str:
    """Columns of fixed widths, with a dash where nothing was measured."""
    return f"{title:40}" + "".join(f"{cells.get(name, '-'):>{width}}" for name, width in COLUMNS.items()) + f"  {aim}"


def main() -> None:
    """Read the command line, print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Times of tinygrad_edu and its peers.", epilog=EXPLAINED
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(WORKLOADS)}; all, if none is given")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a first impression")
    given = parser.parse_args()
    if unknown := set(given.names) - set(WORKLOADS):
        parser.error(f"no workload is called {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    gc.collect()
    gc.freeze()  # what the peers' modules hold is nobody's garbage, and would be searched for it at our expense
    installed = [f"{name} {metadata.version(module)}" for name, module in peers.NAMES.items() if peers.optional(module)]
    print(", ".join([f"Python {platform.python_version()}", f"NumPy {np.__version__}", *installed, platform.machine()]))
    print(EXPLAINED, end="\n\n")
    print(line("", {name: name for name in COLUMNS}, "aim"))
    effort = Effort(rounds=7, least=3, seconds=1.5) if given.quick else Effort(rounds=31, least=7, seconds=8)
    for name in given.names or WORKLOADS:
        for contest in WORKLOADS[name]():
            row = contest.row(effort)
            progress("")
            print(line(*row).rstrip(), flush=True)


if __name__ == "__main__":
    main()
