"""``tinygrad-edu walk SCRIPT``: a page that walks through what a program computed."""

from __future__ import annotations

import argparse
from typing import Any

from . import draw

NAME, HELP = "walk", "run a program and write a page that walks through its graph, forward and backward"
ENDING = ".html"


def add_arguments(p: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    draw.add_shared_arguments(p, ENDING, "html, or gif for an animation")
    p.add_argument("--step", type=int, metavar="K", help="open the page at this step (default: before the first)")


def run(options: argparse.Namespace) -> int:
    """Run the program, write the page, and give the program's exit code.  ValueError if there is nothing to show."""
    from ..render import walk

    def make(what: Any, shared: dict[str, Any]) -> Any:
        return walk(what, **shared)

    if options.step is not None and options.step < 0:
        raise ValueError(f"--step is a number from 0 up, not {options.step}")
    return draw.run_and_save(options, ENDING, make, options.step)
