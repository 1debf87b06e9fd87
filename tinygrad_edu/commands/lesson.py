"""``tinygrad-edu lesson``: lists and shows the lessons, and makes slides, notebooks, exercises and a course of them."""

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
  tinygrad-edu lesson                          list the lessons
  tinygrad-edu lesson 7                        show lesson 7 in the terminal, slide by slide
  tinygrad-edu lesson 7 --slides 7.html        write its slides: one file, for any browser, offline
  tinygrad-edu lesson 7 --notebook notebooks   write a notebook to the folder notebooks
  tinygrad-edu lesson 7 --exercise exercises   write a notebook without solutions, ready for nbgrader
  tinygrad-edu lesson --all --out course       write all of these, with an index: open course/index.html

The solutions are in the notebooks that --notebook writes.  With --solutions they are also in the speaker's notes."""


def add_arguments(p: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    words = "the lesson: its number, or a word of its title (default: list all)"
    p.add_argument("number", nargs="?", metavar="N", help=words)
    p.add_argument("--from", dest="first", type=int, metavar="SLIDE", help="begin at this slide (default: 1)")
    p.add_argument("--notes", action="store_true", help="show the speaker's notes too")
    p.add_argument("--pictures", type=Path, metavar="DIR", help="save the pictures of the lesson, as SVG")
    p.add_argument("--slides", type=Path, metavar="FILE", help="write the slides as a page")
    p.add_argument("--notebook", type=Path, metavar="DIR", help="write a notebook to this folder")
    p.add_argument(
        "--exercise", type=Path, metavar="DIR", help="write a notebook for students, without solutions and notes"
    )
    p.add_argument("--all", action="store_true", help="write the files of all lessons")
    p.add_argument("--out", type=Path, metavar="DIR", help="with --all: write the course, pages with an index")
    p.add_argument(
        "--solutions", action="store_true", help="with --slides or --out: put the solutions into the speaker's notes"
    )


def run(options: argparse.Namespace) -> int:
    """List the lessons, show one, or write files of them."""
    refuse(options)
    entries = lessons.entries() if options.all or options.number is None else [lessons.find(options.number)]
    if is_to_write(options):
        write(options, [lessons.read(entry) for entry in entries])
    elif options.number is None:
        list_lessons(entries)
    else:
        from ..teaching.terminal import present

        present(lessons.read(entries[0]), options.first or 1, options.notes, options.pictures)
    return 0


def is_to_write(options: argparse.Namespace) -> bool:
    """Do the options ask for files?"""
    return any((options.slides, options.notebook, options.exercise, options.out))


def refuse(options: argparse.Namespace) -> None:
    """ValueError, before anything is done, for options that do not go together."""
    shows = options.first is not None or options.notes or options.pictures
    refuse_output(options.slides, "slides", (".html", ".htm"))
    if options.pictures and options.pictures.exists() and not options.pictures.is_dir():
        raise ValueError(f"--pictures: {text.printable(str(options.pictures))} is a file, not a folder")
    if options.notebook and options.exercise and options.notebook.resolve() == options.exercise.resolve():
        raise ValueError("--notebook and --exercise write files of the same name: give them two folders")
    if options.all and options.number is not None:
        raise ValueError(f"give the number {options.number} or --all, not both")
    if options.all and options.slides:
        raise ValueError("--slides writes one lesson to one file; --all --out DIR writes the slides of all lessons")
    if options.out and not options.all:
        raise ValueError("--out needs --all: tinygrad-edu lesson --all --out DIR")
    if options.all and not is_to_write(options):
        raise ValueError("--all needs --out DIR, --notebook DIR or --exercise DIR to write to")
    if not options.all and options.number is None and (is_to_write(options) or shows or options.solutions):
        raise ValueError("which lesson? give its number, or --all with --notebook, --exercise or --out")
    if is_to_write(options) and shows:
        raise ValueError(
            "--from, --notes and --pictures are for a lesson in the terminal: slides have all notes and pictures"
        )


def list_lessons(entries: Sequence[Entry]) -> None:
    """Print the title of each lesson and a line on what it is about."""
    screen = Screen()
    for entry in entries:
        screen.say(f"{entry.number:>3}  {entry.title}", "bold", 5)
        screen.say(f"     {plain_text(entry.about)}", "dim", 5)
    screen.write()
    screen.say(
        "tinygrad-edu lesson 7 shows lesson 7; tinygrad-edu lesson --help says how to make slides and notebooks."
    )


def write(options: argparse.Namespace, found: list[Lesson]) -> None:
    """Write the files that the options ask for, and name each of them."""
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
        screen.item(file, "open it in a browser: → goes on, ? lists the keys")
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
