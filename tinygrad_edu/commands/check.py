"""``tinygrad-edu check FILE...``: hand-ins checked, for the student who wrote one and for the teacher who got many."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..checker.grading import reports
from ..checker.grading.classroom import check_files, cores
from ..checker.grading.hints import ANSWER, KIND
from ..checker.grading.sheets import CHECKED, LEFT, Sheet, inside
from ..checker.grading.terminal import Report
from ..checker.results import LANGUAGES, UNCHECKABLE, WRONG, said
from ..format import text
from ..output import atomic_write as files
from ..output.progress import Progress
from ..output.terminal import Screen

ALL_RIGHT, SOME_WRONG, NOT_READ, USAGE, NOTHING, INTERRUPTED = 0, 1, 2, 4, 5, 130

EPILOG = """\
A hand-in is a text file: what is given, and the derivation, line by line.

    # Softmax and cross-entropy
    s: K                          a vector of K numbers
    y: K, sums to one             what else is known of it
    g = softmax(s)                a definition
    R = -sum(y*log(g))            the loss

    dR/ds = sum(y)*g - y          a claim; a line that begins with = goes on with it
          = g - y

It is read, never run.  A folder stands for all .md and .txt in it, and is shown as a table.

exit codes: 0 all is right, 1 something is wrong, 2 a file could not be read or took too long, 4 a mistake in the call,
5 there was nothing to check, 130 interrupted"""

REPORTS: dict[str, Callable[[Sequence[Sheet], int], bytes]] = {
    "json": reports.json,
    "junit": reports.junit,
    "gradescope": reports.gradescope,
    "csv": reports.csv,
}


def add_arguments(p: argparse.ArgumentParser) -> None:
    """The options of the command."""
    p.formatter_class, p.epilog = argparse.RawDescriptionHelpFormatter, EPILOG

    def processes(words: str) -> int:
        if not words.isdecimal() or not 0 < int(words) <= 1000:
            raise argparse.ArgumentTypeError(f"{words} is not a number of processes")
        return int(words)

    p.add_argument("files", nargs="+", type=str, metavar="FILE", help="a hand-in, .md or .txt, or a folder of them")
    p.add_argument(
        "--hint",
        type=int,
        choices=[1, 2, 3],
        default=KIND,
        help="what is said of a wrong step: 1 that it is wrong, 2 what kind of mistake it is, "
        "3 also what it should be (default: %(default)s)",
    )
    p.add_argument("--language", choices=LANGUAGES, default="en", help="of the words (default: %(default)s)")
    p.add_argument("--points", action="store_true", help="print the points of each problem, and of all")
    p.add_argument("--json", metavar="PATH", help="write everything that was found; - for the standard output")
    p.add_argument("--junit", metavar="PATH", help="write a JUnit file: each claim is a test")
    p.add_argument("--gradescope", metavar="PATH", help="write Gradescope's results.json, within the stage of the hint")
    p.add_argument("--csv", metavar="PATH", help="write a table: a row for each hand-in")
    p.add_argument(
        "--page", type=Path, metavar="DIR", help="write the graph of each wrong claim, as a page to walk through"
    )
    p.add_argument("--jobs", type=processes, metavar="N", help="processes at a time (default: one for each core)")
    p.add_argument(
        "--timeout",
        type=text.above_zero,
        default=60,
        metavar="S",
        help="seconds for one hand-in (default: %(default)s)",
    )


def command(options: argparse.Namespace) -> int:
    """Check, show, write, and say by the exit code how it went."""
    targets = {name: getattr(options, name) for name in REPORTS if getattr(options, name) is not None}
    mistake = misused(targets) or unusable(options)
    if mistake:
        print(f"tinygrad-edu: {mistake}", file=sys.stderr)
        return USAGE
    found, folder = gathered(options.files)
    done = itertools.count(1)
    with Progress(said("checking", options.language), len(found)) as bar:
        jobs = options.jobs or cores()
        answers = options.hint >= ANSWER
        sheets = check_files(
            found, options.language, jobs, options.timeout, lambda sheet: bar.at(next(done)), answers
        )  # fmt: skip
    written = [
        target for name, target in targets.items() if not write(target, REPORTS[name](sheets, options.hint), options)
    ]
    if "-" not in targets.values():
        show(sheets, folder, options)
        if options.page is not None:
            written += pages(sheets, options)
        for target in written:
            print("  " + said("written", options.language, file=text.printable(target)))
    return code(sheets)


def misused(targets: dict[str, str]) -> str:
    """What is wrong with the places for reports, before anything is done."""
    if list(targets.values()).count("-") > 1:
        return "only one report can go to the standard output"
    for name, target in targets.items():
        path = Path(target)
        if target == "-":
            continue
        if not target or path.is_dir():
            return f"--{name}: {text.printable(target)} is a folder, not a file" if target else f"--{name} has no name"
        if not path.absolute().parent.is_dir():
            return f"--{name}: there is no folder {text.printable(str(path.absolute().parent))}"
    return ""


def unusable(options: argparse.Namespace) -> str:
    """What is wrong with the folder for pages."""
    if options.page is None:
        return ""
    if any(Path(name).is_dir() for name in options.files):
        return "--page is for hand-ins that are named, and not for a folder of them"
    return f"--page: {text.printable(str(options.page))} is not a folder" if options.page.is_file() else ""


def pages(sheets: Sequence[Sheet], options: argparse.Namespace) -> list[str]:
    """The pages that were written.  Where none can be, it says why."""
    from ..checker.grading.pages import write_pages

    try:
        options.page.mkdir(parents=True, exist_ok=True)
        return [str(page) for sheet in sheets for page in write_pages(sheet, options.page, options.hint)]
    except (OSError, RuntimeError) as error:
        print("  " + said("no-page", options.language, why=text.printable(text.told(error))))
        return []


def gathered(names: Sequence[str]) -> tuple[list[str], bool]:
    """The files that are meant, and whether one of the names was that of a folder."""
    found: list[str] = []
    folder = False
    for name in names:
        if Path(name).is_dir():
            folder = True
            found += inside(Path(name))
        else:
            found.append(name)
    return found, folder


def write(target: str, report: bytes, options: argparse.Namespace) -> bool:
    """A report in its file, whole or not at all; or on the standard output, which is when it gives True."""
    if target == "-":
        sys.stdout.write(report.decode("utf-8").removeprefix("\ufeff"))
        return True
    with files.whole(target) as stream:
        stream.write(report)
    return False


def show(sheets: Sequence[Sheet], folder: bool, options: argparse.Namespace) -> None:
    """On the screen: files that were named, line by line; a folder as a table."""
    report = Report(Screen(sys.stdout), options.language, options.hint, options.points)
    if not sheets:
        report.screen.say(said("empty-folder", options.language), margin=2)
    if not folder:
        for number, sheet in enumerate(sheets):
            if number:
                report.screen.write()
            report.sheet(sheet)
    if sheets and (folder or len(sheets) > 1):
        if not folder:
            report.screen.write()
        report.table(sheets)
        report.mistakes(sheets)
    left = sum(sheet.status == LEFT for sheet in sheets)
    if left:
        report.screen.write()
        report.screen.say(
            said("interrupted", options.language, done=len(sheets) - left, of=len(sheets)), "bad", margin=2
        )


def code(sheets: Sequence[Sheet]) -> int:
    """How it went, as a number."""
    if any(sheet.status == LEFT for sheet in sheets):
        return INTERRUPTED
    if any(sheet.status != CHECKED for sheet in sheets):
        return NOT_READ
    wrong, unclear = (sum(sheet.count(verdict) for sheet in sheets) for verdict in (WRONG, UNCHECKABLE))
    if wrong:
        return SOME_WRONG
    if not any(sheet.right for sheet in sheets):
        return NOTHING
    return SOME_WRONG if unclear else ALL_RIGHT
