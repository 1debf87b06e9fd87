"""``tinygrad-edu lesson``: the lessons listed, shown, and made into slides, notebooks, exercises and a course."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..format import text
from ..output.atomic_write import whole
from ..output.progress import Progress
from ..output.terminal import Screen
from ..teaching import lesson as lessons
from ..teaching.lesson import Entry, Lesson
from ..teaching.showing import plain_text
from .shared import refuse_output

NAME, HELP = "lesson", "list the lessons, show one in the terminal, or make slides, notebooks and a course of them"
EPILOG = """\
examples:
  tinygrad-edu lesson                          which lessons there are
  tinygrad-edu lesson 7                        one, in the terminal, slide by slide
  tinygrad-edu lesson 7 --slides 7.html        its slides: one file, for any browser, offline
  tinygrad-edu lesson 7 --notebook .           a notebook
  tinygrad-edu lesson 7 --exercise .           a notebook without the solutions, ready for nbgrader
  tinygrad-edu lesson --all --out course       all of these, with an index: open course/index.html

The solutions stand in notebooks that --notebook writes, and with --solutions in the speaker's notes of slides."""


def add_arguments(p: argparse.ArgumentParser) -> None:
    """The options of the command."""
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    words = "the lesson: its number, or a word of its title; without it, all are listed"
    p.add_argument("number", nargs="?", metavar="N", help=words)
    p.add_argument("--from", dest="first", type=int, metavar="SLIDE", help="begin there (default: 1)")
    p.add_argument("--notes", action="store_true", help="show what is meant for the speaker")
    p.add_argument("--pictures", type=Path, metavar="DIR", help="keep the pictures that are shown, as SVG")
    p.add_argument("--slides", type=Path, metavar="FILE", help="write its slides as a page")
    p.add_argument("--notebook", type=Path, metavar="DIR", help="write it as a notebook")
    p.add_argument(
        "--exercise", type=Path, metavar="DIR", help="write it for students: a notebook without solutions and notes"
    )
    p.add_argument("--all", action="store_true", help="of all lessons")
    p.add_argument("--out", type=Path, metavar="DIR", help="with --all: write the course, pages with an index")
    p.add_argument("--solutions", action="store_true", help="with --slides or --out: solutions in the speaker's notes")


def run(options: argparse.Namespace) -> int:
    """List, show or write."""
    refuse(options)
    entries = lessons.entries() if options.all or options.number is None else [lessons.find(options.number)]
    if writes(options):
        write(options, [lessons.read(entry) for entry in entries])
    elif options.number is None:
        listed(entries)
    else:
        from ..teaching.terminal import present

        present(lessons.read(entries[0]), options.first or 1, options.notes, options.pictures)
    return 0


def writes(options: argparse.Namespace) -> bool:
    """Is something to be written, rather than shown?"""
    return any((options.slides, options.notebook, options.exercise, options.out))


def refuse(options: argparse.Namespace) -> None:
    """ValueError for options that do not go together, before anything is done."""
    shows = options.first is not None or options.notes or options.pictures
    refuse_output(options.slides, "slides", (".html", ".htm"))
    if options.pictures and options.pictures.exists() and not options.pictures.is_dir():
        raise ValueError(f"--pictures: {text.printable(str(options.pictures))} is a file, not a folder")
    if options.notebook and options.exercise and options.notebook.resolve() == options.exercise.resolve():
        raise ValueError("--notebook and --exercise write files of the same name: give them two folders")
    if options.all and options.number is not None:
        raise ValueError(f"lesson {options.number} or --all: not both")
    if options.all and options.slides:
        raise ValueError("--slides is one file for one lesson; --all --out DIR writes the slides of all")
    if options.out and not options.all:
        raise ValueError("--out is for --all: tinygrad-edu lesson --all --out DIR")
    if options.all and not writes(options):
        raise ValueError("--all needs --out DIR, --notebook DIR or --exercise DIR to write to")
    if not options.all and options.number is None and (writes(options) or shows or options.solutions):
        raise ValueError("which lesson? give its number, or --all with --notebook, --exercise or --out")
    if writes(options) and shows:
        raise ValueError("--from, --notes and --pictures are for the terminal: slides have all notes and pictures")


def listed(entries: Sequence[Entry]) -> None:
    """A line for each lesson."""
    screen = Screen()
    for entry in entries:
        screen.say(f"{entry.number:>3}  {entry.title}", "bold", 5)
        screen.say(f"     {plain_text(entry.about)}", "dim", 5)
    screen.write()
    screen.say("tinygrad-edu lesson 7 shows one; --help says how to make slides and notebooks of them.")


def write(options: argparse.Namespace, found: list[Lesson]) -> None:
    """Everything that was asked for, with what was written named."""
    from ..teaching.notebooks import write_notebook

    screen = Screen()
    for lesson in found:
        if options.notebook:
            screen.item(write_notebook(lesson, options.notebook, replace=False), "the notebook")
        if options.exercise:
            file = write_notebook(lesson, options.exercise, solved=False, replace=False)
            screen.item(file, "the exercises")
    if options.slides:
        file = write_slides(found[0], options.slides, options.solutions)
        screen.item(file, "open it in a browser: → goes on, ? helps")
    if options.out:
        from ..teaching.site import write_site

        with Progress("lesson", len(found) + 1) as bar:
            index = write_site(found, options.out, solutions=options.solutions, done=bar.at)
        screen.item(index, "open it in a browser")


def write_slides(lesson: Lesson, file: Path, solutions: bool) -> Path:
    """Run a lesson and write its slides.  Gives the path."""
    from ..teaching.deck import deck
    from ..teaching.running import run

    made = deck(run(lesson), solutions=solutions)
    with whole(file) as stream:
        stream.write(made.encode("utf-8"))
    return file
