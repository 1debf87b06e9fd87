"""``tinygrad-edu ops``: prints a table of all operations, or everything about some, or writes a page."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from ..format import text
from ..output import atomic_write as files
from ..output.terminal import Screen
from ..teaching.reference.entries import entries
from ..teaching.reference.terminal import print_entry, print_table
from .shared import refuse_output

NAME, HELP = "ops", "list the operations, or show the notation, the rules and examples of some"
EPILOG = """\
Everything comes from the statements that declare the operations: the notation, the rules, the needs and the examples.
Each time, the examples are computed, and the rules are run and compared with differences.

  tinygrad-edu ops                   print a table of all operations
  tinygrad-edu ops softmax tanh      print everything about these two
  tinygrad-edu ops --page ops.html   write a page about all of them, which needs no network"""


def add_arguments(p: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    p.add_argument("names", nargs="*", metavar="NAME", help="an operation to show in full (default: list all)")
    p.add_argument("--page", type=Path, metavar="FILE.html", help="write the reference as a page")
    p.add_argument("--json", action="store_true", help="print everything as JSON")


def run(options: argparse.Namespace) -> int:
    """Print or write the reference.  ValueError for an unknown operation, OSError if the page cannot be written."""
    begun = time.perf_counter()
    refuse_output(options.page, "page", (".html", ".htm"))
    found = entries(options.names)
    if options.json:
        print(json.dumps([entry.plain() for entry in found], indent=1, ensure_ascii=True, allow_nan=False))
    if options.page is not None:
        from ..teaching.reference.page import page  # it loads the packages that draw

        made = page(found).encode("utf-8")
        with files.whole(options.page) as stream:
            stream.write(made)
        took = time.perf_counter() - begun
        words = f"{text.plural(len(found), 'operation')}, {len(made) / 1e6:.1f} MB, {took:.1f} s"
        Screen(sys.stderr if options.json else sys.stdout).item(options.page, words)
    if options.json or options.page is not None:
        return 0
    screen = Screen(sys.stdout)
    if not options.names:
        print_table(screen, found)
    for number, entry in enumerate(found if options.names else []):
        if number:
            screen.write()
        print_entry(screen, entry)
    return 0
