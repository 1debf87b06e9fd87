"""Presents a lesson in the terminal: runs it slide by slide, and waits for a key after each."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ..checker.hints import SIGNS
from ..output.terminal import Screen, is_interactive, wrap
from ..render.chart import Chart
from ..render.picture import Picture
from .derivations import Derivation
from .exercises import source_to_show
from .lesson import Cell, Lesson, Slide
from .running import Program
from .showing import Shown, plain_text, text_of

KEYS = "Enter goes on, b back, a number to that slide, q ends"
STYLES = {"right": "good", "wrong": "bad"}


class Presenter:
    """Runs a lesson and shows it.  It keeps the output of each cell, so that a reader can go back."""

    def __init__(self, lesson: Lesson, screen: Screen, notes: bool = False, pictures: Path | None = None) -> None:
        self.lesson, self.screen, self.notes, self.pictures, self.drawn = lesson, screen, notes, pictures, 0
        self.slides, self.program, self.done = lesson.slides, Program(lesson), 0

    def show_all(self, first: int = 1) -> None:
        """Show the slides from ``first`` on.  If a person sits at the terminal, ask after each which comes next.

        ValueError if there is no such slide, RuntimeError if a cell fails.
        """
        if not 1 <= first <= len(self.slides):
            raise ValueError(f"there is no slide {first}: this lesson has slides 1 to {len(self.slides)}")
        asks = is_interactive(sys.stdin) and self.screen.terminal
        at = first
        while at <= len(self.slides):
            self.run_to(at)
            self.slide(self.slides[at - 1], at)
            if asks and at < len(self.slides):
                at = self.ask(at)
            else:
                at += 1

    def run_to(self, number: int) -> None:
        """Run all slides up to this one that have not run yet, because it needs what they define."""
        for slide in self.slides[self.done : number]:
            for cell in slide.cells:
                self.program.cell(cell)
        self.done = max(self.done, number)

    def ask(self, at: int) -> int:
        """Ask the reader which slide comes next, and give its number; past the last one if the reader ends it."""
        while True:
            try:
                *lines, last = wrap(f"-- {at} of {len(self.slides)}: {KEYS} --", self.screen.width - 1)
                for line in lines:
                    self.screen.write(line, "dim")
                answer = input(self.screen.styled(f"{last} ", "dim")).strip().lower()
            except EOFError:
                self.screen.write()  # so that the shell's prompt begins on a line of its own
                return len(self.slides) + 1
            if answer in ("q", "quit", "exit"):
                return len(self.slides) + 1
            if answer in ("", "n"):
                return at + 1
            if answer == "b":
                return max(1, at - 1)
            if answer.isdecimal() and 1 <= int(answer) <= len(self.slides):
                return int(answer)
            self.screen.say(f"{answer[:40]}: {KEYS}")

    # One slide.

    def slide(self, slide: Slide, number: int) -> None:
        """Show the cells of a slide."""
        if number > 1:
            self.screen.write()
        for cell in slide.cells:
            if "notes" in cell.tags:
                if self.notes:
                    self.text(f"(to the speaker) {cell.source}", "dim")
            elif cell.kind == "text":
                self.text(cell.source)
            else:
                self.code(cell)

    def text(self, source: str, style: str = "") -> None:
        """Show Markdown as plain text, with bold headings and mathematics on one line."""
        for block in re.split(r"\n\s*\n", plain_text(source)):
            if heading := re.match(r"#+\s+(.*)", block):
                if block.startswith("# "):
                    self.screen.heading(heading[1], "=")
                else:
                    self.screen.say(heading[1], "bold")
                    self.screen.write()
                block = block[heading.end() :].strip()
            for item in re.split(r"\n(?=[-*|] |\d+\. |\|)", block):
                if item.strip() and item.strip() != "---":
                    self.screen.say(" ".join(item.split()), style, 2 if item[:2] in ("- ", "* ") else 0)
            if block.strip():
                self.screen.write()

    def code(self, cell: Cell) -> None:
        """Show Python and its output; of an exercise, the place for the answer."""
        if cell.marks:
            self.screen.write(f"    exercise {cell.marks}: {cell.points:g} points, marked by the checker", "dim")
            return
        if not cell.is_derivation:
            for row in source_to_show(cell).split("\n"):
                self.screen.write(f"    {row}".rstrip(), "dim")
            self.screen.write()
        for shown in cell.shown if not cell.exercise else ():
            self.output(shown)

    def output(self, shown: Shown) -> None:
        """Show something that a cell showed, with its caption."""
        if isinstance(shown.thing, Derivation):
            self.derivation(shown.thing)
        elif isinstance(shown.thing, str):
            self.screen.write(shown.thing.rstrip("\n"))
        elif isinstance(shown.thing, (Picture, Chart)):
            self.picture(shown.thing)
        else:
            self.screen.write(indent(text_of(shown.thing)), "mark")
        if shown.caption:
            self.screen.say(f"  {plain_text(shown.caption)}", "dim", 2)
        self.screen.write()

    def picture(self, picture: Picture | Chart) -> None:
        """Describe a picture.  If pictures are kept, save it and name its file."""
        what = repr(picture).strip("<>").partition("; .save")[0]
        if self.pictures is None:
            self.screen.say(f"  [{what}]", "mark", 3)
            return
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.drawn += 1
        file = picture.save(self.pictures / f"{self.lesson.entry.key}-{self.drawn}.svg")
        self.screen.say(f"  [{what}: {file}]", "mark", 3)

    def derivation(self, found: Derivation) -> None:
        """Show the steps of a derivation with their signs and remarks."""
        for row, text in found.aligned():
            style = STYLES.get(row.verdict, "mark") if row.remarks else ""
            self.screen.write(f"  {SIGNS[row.verdict]} {text}", style)
            for remark in row.remarks:
                self.screen.say(f"      {remark}", "", 6)


def indent(text: str) -> str:
    """Move each line two columns to the right."""
    return "\n".join(f"  {row}" for row in text.split("\n"))


def present(lesson: Lesson, first: int = 1, notes: bool = False, pictures: Path | None = None) -> None:
    """Show a lesson in the terminal, from slide ``first``; ``notes``: with the speaker's notes.

    ``pictures``: a folder in which its pictures are kept.  Raises as ``Presenter.show_all`` does.
    """
    Presenter(lesson, Screen(), notes, pictures).show_all(first)
