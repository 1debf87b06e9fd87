"""``tinygrad-edu check FILE...``: checks hand-ins, for a student who wrote one and for a teacher who received many."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ..checker.grading import pages, reports
from ..checker.grading.classroom import check_files, count_cores, sigterm_interrupts
from ..checker.grading.sheets import CHECKED, LEFT, UNREAD, Sheet, find_handins, leads_out
from ..checker.grading.terminal import Report
from ..checker.hints import ANSWER, KIND, UNCHECKABLE, WRONG
from ..checker.sentences import LANGUAGES, sentence
from ..format import text
from ..output import atomic_write as files
from ..output.progress import Progress
from ..output.terminal import Screen
from .shared import INTERRUPTED, TERMINATED, above_zero, complain, refuse_output

NAME, HELP = "check", "check a derivation made by hand, and say where it goes wrong, and why"
ALL_RIGHT, SOME_WRONG, NOT_READ, USAGE, NOTHING = 0, 1, 2, 4, 5  # exit codes

EPILOG = """\
A hand-in is a text file.  It states the problem, and then the derivation, line by line:

    # Softmax and cross-entropy
    s: K                          a vector of K numbers
    y: K, sums to one             a property of it
    g = softmax(s)                a definition
    R = -sum(y*log(g))            the loss

    dR/ds = sum(y)*g - y          a claim; a line that begins with = continues it
          = g - y

The file is read, never run.  A folder stands for all .md and .txt files in it, and is shown as a table.  Links that
lead out of the folder are listed there, but not followed.

exit codes: 0 everything is right, 1 something is wrong, 2 a file could not be read or written or took too long, 4 a
mistake in the call, 5 there was nothing to check, 130 interrupted by Ctrl-C, 143 ended by SIGTERM; after 130 and 143
the results so far are reported"""

REPORTS: dict[str, Callable[[Sequence[Sheet], int], bytes]] = {
    "json": reports.json,
    "junit": reports.junit,
    "gradescope": reports.gradescope,
    "csv": reports.csv,
}


def add_arguments(p: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
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
        help="how much to say about a wrong step: 1 that it is wrong, 2 the kind of mistake, "
        "3 also what it should be (default: %(default)s)",
    )
    p.add_argument("--language", choices=LANGUAGES, default="en", help="language of the results (default: %(default)s)")
    p.add_argument("--points", action="store_true", help="print the points of each problem, and the total")
    p.add_argument("--json", metavar="PATH", help="write all results; - for the standard output")
    p.add_argument("--junit", metavar="PATH", help="write a JUnit file: each claim is a test")
    p.add_argument(
        "--gradescope", metavar="PATH", help="write Gradescope's results.json, which says no more than --hint allows"
    )
    p.add_argument("--csv", metavar="PATH", help="write a table: a row for each hand-in")
    p.add_argument(
        "--page", type=Path, metavar="DIR", help="write a page for each wrong claim that walks through its graph"
    )
    p.add_argument("--jobs", type=processes, metavar="N", help="processes to run at once (default: one for each core)")
    p.add_argument(
        "--timeout",
        type=above_zero,
        default=60,
        metavar="S",
        help="the most seconds for one hand-in (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Check the files, write the reports, show the results, and give the exit code (see EPILOG)."""
    targets = {name: getattr(options, name) for name in REPORTS if getattr(options, name) is not None}
    mistake = wrong_targets(targets) or wrong_page_folder(options)
    if mistake:
        return refuse(mistake)
    with sigterm_interrupts() as terminated:
        try:
            code = check_and_report(options, targets)
        except KeyboardInterrupt:  # before there was anything to report
            if not terminated:
                raise
            code = INTERRUPTED
        return TERMINATED if terminated and code == INTERRUPTED else code


def refuse(mistake: str) -> int:
    """Print what is wrong with the call, and give the exit code for that."""
    complain(mistake)
    return USAGE


def check_and_report(options: argparse.Namespace, targets: dict[str, str]) -> int:
    """Check all files, write the reports and pages, show the results.  Gives the exit code."""
    found, links, folder = find_files(options.files)
    if mistake := find_overwritten(targets, found):
        return refuse(mistake)
    done = itertools.count(1)
    with Progress(sentence("checking", options.language), len(found)) as bar:
        jobs, answers = options.jobs or count_cores(), options.hint >= ANSWER
        own = [file for file in found if file not in links]
        found_out = check_files(own, options.language, jobs, options.timeout, lambda _: bar.at(next(done)), answers)
        checked = iter(found_out)
        outside = sentence("file-outside", options.language)
        sheets = [Sheet(file, UNREAD, why=outside) if file in links else next(checked) for file in found]
    writing = Writing(options.language)
    for name, target in targets.items():
        if target != "-":
            writing.attempt(target, partial(write_report, target, REPORTS[name], sheets, options.hint))
    if options.page is not None:
        write_pages(sheets, options, writing)
    shown = [REPORTS[name] for name, target in targets.items() if target == "-"]
    if shown:  # last, since nobody may read it to its end
        sys.stdout.write(shown[0](sheets, options.hint).decode("utf-8").removeprefix("\ufeff"))
    else:
        show(sheets, folder, options)
        for file in writing.done:
            print("  " + sentence("written", options.language, file=text.printable(file)))
    return writing.code or exit_code(sheets)


class Writing:
    """Writes files one after the other.  If one of them fails, the others are written all the same."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.done: list[str] = []
        self.code = 0  # 0 if nothing failed

    def attempt(self, file: str, make: Callable[[], bool]) -> bool:
        """Write a file by ``make``, which gives False if there is nothing to write.  Says why it could not be written.

        An interruption ends this file alone: a report may be held up by what reads it, and the others are not.
        """
        try:
            if make():
                self.done.append(file)
            return True
        except KeyboardInterrupt:
            why, self.code = sentence("writing-interrupted", self.language), INTERRUPTED
        except Exception as error:  # a fault in one report must not cost the others
            known = isinstance(error, (OSError, ValueError, RuntimeError))
            why = (
                (getattr(error, "strerror", None) or text.error_text(error))
                if known
                else f"{type(error).__name__}: {error}"
            )
            self.code = self.code or NOT_READ
        words = sentence("unwritten", self.language, file=text.printable(file), why=text.printable(why))
        complain(words)
        return False


def wrong_targets(targets: dict[str, str]) -> str:
    """What is wrong with the files for reports; empty if nothing is.  Asked before anything is done."""
    if list(targets.values()).count("-") > 1:
        return "only one report can go to the standard output"
    for name, target in targets.items():
        if not target:
            return f"--{name} has no name"
        try:
            refuse_output(Path(target) if target != "-" else None, name)
        except ValueError as error:
            return str(error)
    return ""


def wrong_page_folder(options: argparse.Namespace) -> str:
    """What is wrong with the folder for pages; empty if nothing is."""
    if options.page is None:
        return ""
    if any(Path(name).is_dir() for name in options.files):
        return "--page takes hand-ins by their names, not a folder of them"
    return f"--page: {text.printable(str(options.page))} is not a folder" if options.page.is_file() else ""


def find_overwritten(targets: dict[str, str], found: Sequence[str]) -> str:
    """A message if a report would overwrite another one or a hand-in; empty if none would."""
    taken = {Path(file).resolve(): text.printable(file) for file in found}
    for name, target in targets.items():
        path = Path(target).resolve()
        if target == "-" or (path.exists() and not path.is_file()):
            continue
        if path in taken:
            return f"--{name} would be written over {taken[path]}: give it another name"
        taken[path] = f"--{name}"
    return ""


def write_pages(sheets: Sequence[Sheet], options: argparse.Namespace, writing: Writing) -> None:
    """Write a page for each wrong claim, in a folder that is made if needed.  An interruption ends that."""

    def folder() -> bool:
        options.page.mkdir(parents=True, exist_ok=True)
        return False

    if not writing.attempt(str(options.page), folder):
        return
    for sheet in sheets:
        for claim, result in pages.wrong_claims(sheet):
            file = options.page / pages.page_name(sheet.file, result.line)
            written = writing.attempt(str(file), partial(pages.write_page, claim, result, file, options.hint))
            if not written and writing.code == INTERRUPTED:
                return


def find_files(names: Sequence[str]) -> tuple[list[str], set[str], bool]:
    """The files to check, those of them that are links out of their folder, and whether a folder was named."""
    found: list[str] = []
    links: set[str] = set()
    for name in names:
        if Path(name).is_dir():
            files = find_handins(Path(name))
            links |= {file for file in files if leads_out(Path(file), Path(name))}
            found += files
        else:
            found.append(name)
    return found, links, any(Path(name).is_dir() for name in names)


def write_report(
    target: str, report: Callable[[Sequence[Sheet], int], bytes], sheets: Sequence[Sheet], stage: int
) -> bool:
    """Write a report to its file, whole or not at all.  Gives True: there is always something to write."""
    made = report(sheets, stage)
    with files.whole(target) as stream:
        stream.write(made)
    return True


def show(sheets: Sequence[Sheet], folder: bool, options: argparse.Namespace) -> None:
    """Show the results on the screen: named files line by line, a folder as a table."""
    report = Report(Screen(sys.stdout), options.language, options.hint, options.points)
    if not sheets:
        report.screen.say(sentence("empty-folder", options.language), margin=2)
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
            sentence("interrupted", options.language, done=len(sheets) - left, of=len(sheets)), "bad", margin=2
        )


def exit_code(sheets: Sequence[Sheet]) -> int:
    """The exit code for these results."""
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
