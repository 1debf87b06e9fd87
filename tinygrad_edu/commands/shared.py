"""What the commands share: exit codes, messages on the standard error, numeric options, and checks of output files.

Each command is a module of this folder with NAME, HELP (its line in the list of commands), ``add_arguments``, which
declares its options, and ``run``, which runs it and gives the exit code.  A mistake of the user raises ValueError.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from ..format import text

# Exit codes.  ``check`` has some of its own; its code 2 says that a file could not be read.
OK, MISTAKE, INTERRUPTED, TERMINATED = 0, 2, 130, 143


def complain(words: str) -> None:
    """Print an error or a warning to the standard error."""
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
    """ValueError if no file can be written there.  A command asks before it computes anything.

    option: the name of the option that gave the path, for the message.
    endings: the endings that name a format; if it is empty, any ending will do.
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
