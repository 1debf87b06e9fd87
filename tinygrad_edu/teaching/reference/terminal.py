"""Prints the reference in a terminal: a table of all operations, or everything about one of them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from ...format import text
from ...output.terminal import Screen, columns, shorten
from .entries import Entry, ExampleRun

LEFT = 38  # columns for the name and the notation together, unless they are longer
NAMES = 17  # columns for the name


def print_table(screen: Screen, found: Sequence[Entry]) -> None:
    """Print a line for each operation, below the heading of its file: its name, its notation, what it is."""
    for number, ((kind, _), group) in enumerate(groupby(found, key=lambda e: (e.kind, e.file))):
        if number:
            screen.write()
        screen.say(without_marks(kind), "bold")
        for entry in group:
            print_row(screen, entry)
    if len(found) > 1:
        screen.write()
        screen.say(
            f"{text.plural(len(found), 'operation')}; tinygrad-edu ops NAME shows everything about one of them", "dim"
        )


def print_row(screen: Screen, entry: Entry) -> None:
    """Print the line of an operation, with as many of the words as there is room for."""
    name = f"  {entry.name:<{NAMES}} "
    left = (name + shorten(screen.plain(entry.text), screen.width - len(name))).rstrip()
    left += " " * max(2, LEFT + 3 - columns(left))
    room = screen.width - columns(left)
    words = screen.plain(without_marks(entry.summary))
    first = re.split(r"(?<!\.)\. ", words)[0].removesuffix(".") + "."  # the whole first sentence, if there is room
    words = first if len(first) <= room else textwrap.shorten(words, room, placeholder="...") if room > 5 else ""
    screen.row((left, ""), (words, ""))


def without_marks(doc: str) -> str:
    """A docstring without the marks of code."""
    return doc.replace("``", "")


def print_entry(screen: Screen, entry: Entry) -> None:
    """Print everything about an operation: its notation, its needs, its examples with their rules, its source."""
    screen.write(entry.signature, "bold")
    if entry.also:
        screen.say(f"  also called {text.join_words(entry.also)}", "dim")
    for part in without_marks(entry.doc).split("\n\n"):
        screen.say(f"  {' '.join(part.split())}", indent=2)
    screen.write()
    screen.say(f"  z = {entry.text}", "mark", 6)
    for words in entry.needs:
        screen.say(f"  it needs {words}", indent=4)
    if entry.domain:
        screen.say(f"  examples draw {entry.drawn}", indent=4)
    if entry.kept:
        screen.say(f"  until the sweep it keeps {entry.kept}", indent=4)
    if any(one.rules for one in entry.cases):
        screen.say("  in its rules g is the upstream gradient, the gradient of the loss by z", indent=4)
    if entry.why:
        screen.say(f"  {entry.why}", "bad", 4)
    for number, one in enumerate(entry.cases):
        screen.write()
        print_example(screen, one, entry.text, numbers=number == 0)
    screen.write()
    if not entry.file:
        screen.say("  its source was not kept in a file", "dim")
        return
    screen.say(f"  {entry.file}:{entry.line}", "dim")
    for part in "\n\n".join([entry.source, *entry.helpers]).split("\n"):
        screen.write(f"    {part}".rstrip())


def print_example(screen: Screen, found: ExampleRun, header: str, numbers: bool) -> None:
    """Print an example: its shapes, its rules, how well they agree with differences; ``numbers``: its values too."""
    screen.say(f"  {found.call}   {found.sizes}", "bold", 6)
    if found.text not in (found.call, header):
        screen.say(f"    z = {found.text}", indent=8)
    for rule in found.rules:
        screen.say(f"    {rule.operand} receives  {rule.text}{f', {rule.words}' * bool(rule.words)}", indent=8)
    if not all(rule.printed for rule in found.rules):
        screen.say("    the source below has the rule that cannot be printed", "dim", 8)
    screen.say(f"    {found.agreement}", "good" if found.agrees and found.rules else "bad" if found.rules else "dim", 8)
    if numbers and found.result.size <= 12:
        operands = [a for a in found.result.node.args if a is not None]
        for a, name in zip(operands, found.shapes):
            if a.op is None and np.size(a.result) <= 12:
                screen.array(f"  {name}", a.result)
        screen.array("  z", found.result.numpy())
