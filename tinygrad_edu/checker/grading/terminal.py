"""What a check says in a terminal: of one hand-in line by line, of a class as a table."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence

from ...format import text
from ...language import lines
from ...output.terminal import Screen
from ..results import IF, RIGHT, TRANSPOSED, UNCHECKABLE, VERDICTS, WRONG, Result, said
from .hints import ANSWER, SIGNS, claim, is_first_wrong, remarks, steps
from .sheets import CHECKED, LEFT, Sheet, summary

STYLES = {RIGHT: "good", IF: "good", TRANSPOSED: "mark", WRONG: "bad", UNCHECKABLE: "mark"}
PLAIN_SIGNS = {"✓": "+", "✗": "x"}  # for a terminal without Unicode
ROOMY = 60  # columns from which on the verdict stands beside each line in words


class Report:
    """Writes results on a screen, in a language, with as much as the stage of the hint allows."""

    def __init__(self, screen: Screen, language: str, stage: int, points: bool) -> None:
        self.screen, self.language, self.stage, self.points = screen, language, stage, points
        self.verdicts = {v: said(f"short-{v}", language) for v in VERDICTS}
        self.longest = max(map(len, self.verdicts.values())) if screen.width >= ROOMY else 0

    def row(self, *parts: tuple[str, str]) -> None:
        """A line of parts, each with its style."""
        found = [
            self.screen.styled(self.fitted(words), style) if style else self.fitted(words) for words, style in parts
        ]
        self.screen.stream.write("".join(found).rstrip() + "\n")

    def fitted(self, words: str) -> str:
        """Words in letters that the terminal has; Cyrillic it has, if it is read."""
        if self.screen.unicode:
            return text.printable(words)
        words = "".join(PLAIN_SIGNS.get(c, c) for c in words)
        return re.sub(r"[^\u0400-\u04ff\s]+", lambda m: text.printable(lines.ascii(m[0])), words)

    def say(self, words: str, style: str = "", indent: int = 0) -> None:
        """A sentence, wrapped."""
        for line in wrapped(words, self.screen.width - indent):
            self.row((" " * indent, ""), (line, style))

    # One hand-in.

    def sheet(self, sheet: Sheet) -> None:
        """A hand-in, problem by problem, and its summary."""
        self.row((sheet.file, "bold"))
        if sheet.status != CHECKED:
            self.row(("", ""))
            self.say(said("file-unread", self.language, why=sheet.why), "bad", 2)
        for title, results in by_problem(sheet.results):
            self.row(("", ""))
            if title or self.points:
                self.title(title, results)
            for result in results:
                self.result(result)
        self.summed(sheet)

    def title(self, title: str, results: Sequence[Result]) -> None:
        """The heading of a problem, with its points if they are asked for."""
        points = f"{figure(sum(r.score for r in results))} / {len(results)}" if self.points else ""
        room = self.screen.width - len(points) - 4
        shown = text.cut(title, room)
        self.row(("  ", ""), (shown, "bold"), ("  " if shown else "", ""), (points, "mark"))

    def result(self, result: Result) -> None:
        """A claim: a row for each step, with what is said of it below."""
        left = result.left
        for number, step in enumerate(steps(result), 1):
            again = number > 1 and step.line == steps(result)[number - 2].line
            indent = len(left) if len(left) <= 24 else 2
            body = f"{' ' * (indent + 1) * (number > 1)}{claim(result, number)}"
            self.step(result, number, "" if again else str(step.line), body, indent + 3)

    def step(self, result: Result, number: int, line: str, body: str, hang: int) -> None:
        """One row: the line of the file, the sign, the verdict, and what was claimed."""
        step = steps(result)[number - 1]
        style, verdict = STYLES[step.verdict], self.verdicts[step.verdict] if self.longest else ""
        margin = 8 + (self.longest + 2 if self.longest else 0)
        first, *more = wrapped(body, max(12, self.screen.width - margin), hang)
        self.row((f"{line:>5} ", "dim"), (f"{SIGNS[step.verdict]} ", style),
                 (f"{verdict:<{self.longest}}  " if verdict else "", style), (first, ""))  # fmt: skip
        for part in more:
            self.row((" " * margin, ""), (part, ""))
        if is_first_wrong(result, number):
            last = (more or [first])[-1]
            start = min(hang, len(last) - len(last.lstrip())) if more else min(hang, len(first))
            marks = "^" * max(1, len(last.rstrip()) - start)
            self.say_after(f"{' ' * start}{marks}", said("first-wrong-here", self.language), margin)
        for words in remarks(result, number, self.stage):
            self.say(words, "" if step.verdict == WRONG else "dim", margin + 2)

    def say_after(self, marks: str, words: str, margin: int) -> None:
        """Marks below an expression, and words behind them, or below where there is no room."""
        if margin + len(marks) + 1 + len(words) <= self.screen.width:
            self.row((" " * margin, ""), (f"{marks} {words}", "bad"))
        else:
            self.row((" " * margin, ""), (marks, "bad"))
            self.say(words, "bad", margin + 2)

    def summed(self, sheet: Sheet) -> None:
        """A hand-in in one line."""
        wrong, unclear = sheet.count(WRONG), sheet.count(UNCHECKABLE)
        if sheet.status != CHECKED:
            return
        self.row(("", ""))
        if not sheet.results:
            self.say(said("nothing", self.language), "", 2)
            return
        most, right = len(sheet.results), sheet.right
        words = said("summary", self.language, claims=most, right=right, wrong=wrong, unclear=unclear)
        points = said("points", self.language, score=figure(sheet.score), most=most) if self.points else ""
        self.say(f"{words} {points}", "bold", 2)
        if wrong and self.stage < ANSWER:
            self.say(said("more", self.language, stage=self.stage + 1), "dim", 2)

    # A class.

    def table(self, sheets: Sequence[Sheet]) -> None:
        """A row for each hand-in, and one for all of them."""
        words = [said(f"column-{name}", self.language) for name in ("handin", "right", "wrong", "unclear", "points")]
        names = without_folder([sheet.file for sheet in sheets])
        every = said("class", self.language, files=len(sheets))
        widths = [max(6, len(word)) for word in words[1:]]
        room = max(12, self.screen.width - sum(widths) - 3 * len(widths) - 9)
        longest = min(room, max(len(words[0]), len(every), *map(len, names)))
        heads = "".join(f"   {word:>{width}}" for word, width in zip(words[1:-1], widths))
        self.row((f"  {words[0]:<{longest}}{heads}   {words[-1]}", "bold"))
        for sheet, name in zip(sheets, names):
            if sheet.status == LEFT:
                continue
            name = name if len(name) <= longest else f"...{name[3 - longest :]}"
            if sheet.status != CHECKED:
                self.row((f"  {name:<{longest}}   ", ""), (sheet.why[: self.screen.width - longest - 5], "bad"))
                continue
            counts = sheet.right, sheet.count(WRONG), sheet.count(UNCHECKABLE)
            parts = [f"   {n or '·':>{width}}" for n, width in zip(counts, widths)]
            self.row((f"  {name:<{longest}}", ""), (parts[0], ""), (parts[1], "bad" if counts[1] else "dim"),
                     (parts[2], "mark" if counts[2] else "dim"),
                     (f"   {figure(sheet.score):>5} / {len(sheet.results)}", ""))  # fmt: skip
        total = summary(sheets)
        counts = (
            sum(sheet.right for sheet in sheets), total["verdicts"][WRONG], total["verdicts"][UNCHECKABLE],
        )  # fmt: skip
        sums = "".join(f"   {n:>{width}}" for n, width in zip(counts, widths))
        self.row((f"  {every:<{longest}}{sums}   {figure(total['score']):>5} / {total['claims']}", "bold"))

    def mistakes(self, sheets: Sequence[Sheet]) -> None:
        """How often each kind of mistake was made, as bars."""
        total = summary(sheets)["mistakes"]
        if not total:
            return
        self.row(("", ""))
        self.row(("  ", ""), (said("mistakes", self.language), "bold"))
        names = {code: said(f"code-{code}", self.language) for code in total}
        label, most = max(map(len, names.values())), max(total.values())
        widest = len(said("within", self.language, files=len(sheets)))
        room = max(5, min(40, self.screen.width - label - widest - 12))
        for code, number in sorted(total.items(), key=lambda item: (item[0] == "unnamed", -item[1], item[0])):
            within = sum(sheet.mistakes()[code.replace("unnamed", "")] > 0 for sheet in sheets)
            bar = ("█" if self.screen.unicode else "#") * max(1, round(room * number / most))
            where = said("within", self.language, files=within)
            self.row((f"  {names[code]:<{label}}  ", ""), (f"{bar:<{room}}", "mark"), (f" {number:>4}  ", ""),
                     (where, "dim"))  # fmt: skip


def by_problem(results: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    """Results under the headings of their problems; a line that could not be read stays with the line before."""
    found: list[tuple[str, list[Result]]] = []
    for result in results:
        if not found or (result.problem and result.problem != found[-1][0]):
            found.append((result.problem, []))
        found[-1][1].append(result)
    return found


def wrapped(words: str, width: int, hang: int = 0) -> list[str]:
    """Lines of at most that width; what is too long without a space is cut."""
    hang = hang if hang <= width // 2 else 2
    wrap = textwrap.TextWrapper(width, subsequent_indent=" " * hang, drop_whitespace=True, break_on_hyphens=False)
    wrap.replace_whitespace = wrap.expand_tabs = False
    start = len(words) - len(words.lstrip())  # which wrapping keeps
    return wrap.wrap(words) or [" " * start]


def without_folder(files: Sequence[str]) -> list[str]:
    """Their names without the folder that they are all in."""
    try:
        common = os.path.commonpath([os.path.dirname(os.path.abspath(file)) for file in files])
        return [os.path.relpath(file, common) for file in files]
    except ValueError:  # on different drives
        return list(files)


def figure(score: float) -> str:
    """Points, without zeros behind."""
    return f"{score:.2f}".rstrip("0").rstrip(".")


class Bar:
    """How far a class is, on the stream of errors if that is a terminal; taken away at the end."""

    def __init__(self, words: str, of: int) -> None:
        self.words, self.of, self.done = words, of, 0
        self.shown = sys.stderr is not None and sys.stderr.isatty() and of > 1
        self.draw()

    def step(self) -> None:
        """One more."""
        self.done += 1
        self.draw()

    def draw(self) -> None:
        """The bar as it is now."""
        if self.shown:
            words = f"  {self.words} {self.done:>{len(str(self.of))}}/{self.of} ["
            length = max(5, min(79, shutil.get_terminal_size().columns - 1) - len(words) - 1)
            filled = "#" * (length * self.done // self.of)
            print(f"\r{words}{filled:<{length}}]", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take it away."""
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
