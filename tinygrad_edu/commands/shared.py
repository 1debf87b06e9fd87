"""What the commands share: exit codes, what is told on the standard error, options that are numbers, and output files.

Each command is a module of this folder with NAME, HELP (one line of the list of commands), ``add_arguments``, which
declares its options, and ``run``, which does it and gives the exit code.  A mistake of the user's is a ValueError.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from ..format import text

# Exit codes.  ``check`` has some of its own, of which 2 says that a file could not be read.
OK, MISTAKE, INTERRUPTED, TERMINATED = 0, 2, 130, 143


def complain(words: str) -> None:
    """Tell on the standard error what is wrong, or worth knowing."""
    print(f"tinygrad-edu: {words}", file=sys.stderr)


# Options that are numbers, as types for argparse.


def whole(words: str) -> int:
    """A whole number from 0 up."""
    if not (words.isascii() and words.isdecimal()):
        raise argparse.ArgumentTypeError(f"{words} is not a whole number from 0 up")
    return int(words)


def count(words: str) -> int:
    """A whole number from 1 up."""
    if not (words.isascii() and words.isdecimal() and int(words)):
        raise argparse.ArgumentTypeError(f"{words} is not a whole number from 1 up")
    return int(words)


def above_zero(words: str) -> float:
    """A number above 0."""
    try:
        number = float(words)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{words} is not a number above 0")
    return number


def from_zero(words: str) -> float:
    """A number from 0 up."""
    return 0.0 if words == "0" else above_zero(words)


# Files that a command writes.


def refuse_output(path: Path | None, option: str = "", endings: Sequence[str] = ()) -> None:
    """ValueError, before anything is computed, if a file cannot be written there.

    option: the name of the option that the path was given by, for the message.
    endings: those that name a format; any ending will do if it is empty.
    """
    if path is None:
        return
    before, name = f"--{option}: " if option else "", text.printable(str(path))
    if endings and path.name and path.suffix.lower() not in endings:
        known = " or ".join([", ".join(endings[:-1])] * bool(endings[1:]) + [endings[-1]])
        near = text.suggest(path.suffix.lower(), endings)
        raise ValueError(f"{before}{text.safe_name(path.name)} does not end in {known}{near}")
    if not path.name or path.is_dir():
        raise ValueError(f"{before}{name} is a folder, not a file")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"{before}there is no folder {text.printable(str(path.absolute().parent))}")
