"""A finding: its words, its node, its line, its numbers and its remedies; and how findings are printed."""

from __future__ import annotations

import textwrap
from typing import Any, NamedTuple

from ..format.locations import Location
from ..graph import Node

WIDTH = 80
INDENT = "   "
NOT_CHOSEN = "not chosen"  # the kind that is no fault


class Remedy(NamedTuple):
    """A change that was tried on the record and cures the finding.

    words: what to do, in a sentence.
    code: the code to write at ``place``, if the remedy is such a replacement.
    place: where it is written.
    """

    words: str
    code: str = ""
    place: Location | None = None


class Finding(NamedTuple):
    """One fault that was found, with its place, its numbers and its remedies.

    kind: one of the kinds that ``explain`` looks for, such as "saturated".
    about: the name of the value that it is about, safe to print.
    words: what was found and what to do, in whole sentences.
    place: the line of the user's program, if there is one.
    numbers: the measured numbers, by name.
    node: the node of the record.
    nodes: all nodes that it concerns directly, such as all parameters that get no gradient.
    remedies: the changes that were tried on the record and cure; empty if none did.
    """

    kind: str
    about: str
    words: str
    place: Location | None
    numbers: dict[str, Any]
    node: Node | None = None
    nodes: tuple[Node, ...] = ()
    remedies: tuple[Remedy, ...] = ()

    @property
    def is_fault(self) -> bool:
        """Is something wrong?  A finding of the kind "not chosen" is information only."""
        return self.kind != NOT_CHOSEN

    def __str__(self) -> str:
        shown = textwrap.fill(self.words, WIDTH - len(INDENT), break_long_words=False, break_on_hyphens=False)
        return shown if self.place is None else f"{shown}\n{self.place.underlined()}"

    def __repr__(self) -> str:
        return str(self)


class Findings(tuple[Finding, ...]):
    """A tuple of all findings, the most important first; ``print`` shows it as numbered paragraphs."""

    nothing: str  # a sentence for the case that no fault was found; else ""
    skipped: tuple[str, ...]  # checks that were left out because they would take too long

    def __new__(cls, found: Any, nothing: str = "Nothing was found.", skipped: Any = ()) -> Findings:
        made = super().__new__(cls, found)
        made.nothing, made.skipped = "" if any(one.is_fault for one in made) else nothing, tuple(skipped)
        return made

    @property
    def kinds(self) -> list[str]:
        """The kinds of all findings, in order."""
        return [finding.kind for finding in self]

    def __str__(self) -> str:
        parts = [f"{i}. {textwrap.indent(str(found), INDENT)[len(INDENT) :]}" for i, found in enumerate(self, 1)]
        words = [textwrap.fill(words, WIDTH) for words in (self.nothing, *self.skipped) if words]
        return "\n".join([*parts, *words])

    __repr__ = __str__
