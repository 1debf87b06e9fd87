"""Shows results in a terminal: a hand-in line by line, a class as a table."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ...output.terminal import Screen, Table, columns, shorten, wrap
from ..hints import (
    ANSWER,
    IF,
    RIGHT,
    SIGNS,
    TRANSPOSED,
    UNCHECKABLE,
    VERDICTS,
    WRONG,
    equation_of,
    is_first_wrong,
    remarks,
    steps_of,
)
from ..results import Result
from ..sentences import sentence
from .sheets import CHECKED, LEFT, Sheet, summarise

STYLES = {RIGHT: "good", IF: "good", TRANSPOSED: "mark", WRONG: "bad", UNCHECKABLE: "mark"}
ROOMY, BAR = 60, 10  # a screen of so many columns has verdicts in words; the least columns of the longest bar


class Report:
    """Writes results on a screen, in a language, and says no more than the stage of the hint allows."""

    def __init__(self, screen: Screen, language: str, stage: int, points: bool) -> None:
        self.screen, self.language, self.stage, self.points = screen, language, stage, points
        self.verdicts = {v: sentence(f"short-{v}", language) for v in VERDICTS}
        self.longest = max(map(columns, self.verdicts.values())) if screen.width >= ROOMY else 0

    # One hand-in.

    def sheet(self, sheet: Sheet) -> None:
        """Write the results of a hand-in, problem by problem, and its summary."""
        self.screen.row((sheet.file, "bold"))
        if sheet.status != CHECKED:
            self.screen.write()
            self.screen.say(sentence("file-unread", self.language, why=sheet.why), "bad", margin=2)
        for title, results in by_problem(sheet.results):
            self.screen.write()
            if title or self.points:
                self.title(title, results)
            for result in results:
                self.result(result)
        self.summary(sheet)

    def title(self, title: str, results: Sequence[Result]) -> None:
        """Write the heading of a problem, with its points if they are asked for."""
        points = f"{format_points(sum(r.score for r in results))} / {len(results)}" if self.points else ""
        room = self.screen.width - len(points) - 4
        shown = shorten(title, room)
        self.screen.row(("  ", ""), (shown, "bold"), ("  " if shown else "", ""), (points, "mark"))

    def result(self, result: Result) -> None:
        """Write a claim: a row for each step, with the remarks on it below."""
        left = result.left
        for number, step in enumerate(steps_of(result), 1):
            again = number > 1 and step.line == steps_of(result)[number - 2].line
            indent = len(left) if len(left) <= 24 else 2
            body = f"{' ' * (indent + 1) * (number > 1)}{equation_of(result, number)}"
            self.step(result, number, "" if again else str(step.line), body, indent + 3)

    def step(self, result: Result, number: int, line: str, body: str, hang: int) -> None:
        """Write the row of a step: the line of the file, the sign, the verdict, and the equation; then remarks."""
        step = steps_of(result)[number - 1]
        style, verdict = STYLES[step.verdict], self.verdicts[step.verdict] if self.longest else ""
        margin = 8 + (self.longest + 2 if self.longest else 0)
        first, *more = wrap(body, max(12, self.screen.width - margin), hang)
        self.screen.row((f"{line:>5} ", "dim"), (f"{SIGNS[step.verdict]} ", style),
                 (f"{verdict:<{self.longest}}  " if verdict else "", style), (first, ""))  # fmt: skip
        for part in more:
            self.screen.row((" " * margin, ""), (part, ""))
        if is_first_wrong(result, number):
            last = (more or [first])[-1]
            start = min(hang, len(last) - len(last.lstrip())) if more else min(hang, len(first))
            marks = "^" * max(1, len(last.rstrip()) - start)
            self.say_after(f"{' ' * start}{marks}", sentence("first-wrong-here", self.language), margin)
        for words in remarks(result, number, self.stage):
            self.screen.say(words, "" if step.verdict == WRONG else "dim", margin=margin + 2)

    def say_after(self, marks: str, words: str, margin: int) -> None:
        """Write marks below an expression, and words after them, or on the next line if there is no room."""
        if margin + len(marks) + 1 + columns(words) <= self.screen.width:
            self.screen.row((" " * margin, ""), (f"{marks} {words}", "bad"))
        else:
            self.screen.row((" " * margin, ""), (marks, "bad"))
            self.screen.say(words, "bad", margin=margin + 2)

    def summary(self, sheet: Sheet) -> None:
        """Write the summary of a hand-in: how many claims are right and wrong, and its points."""
        wrong, unclear = sheet.count(WRONG), sheet.count(UNCHECKABLE)
        if sheet.status != CHECKED:
            return
        self.screen.write()
        if not sheet.results:
            self.screen.say(sentence("nothing", self.language), margin=2)
            return
        most, right = len(sheet.results), sheet.right
        words = sentence("summary", self.language, claims=most, right=right, wrong=wrong, unclear=unclear)
        points = sentence("points", self.language, score=format_points(sheet.score), most=most) if self.points else ""
        self.screen.say(f"{words} {points}".rstrip(), "bold", margin=2)
        if wrong and self.stage < ANSWER:
            self.screen.say(sentence("more", self.language, stage=self.stage + 1), "dim", margin=2)

    # A class.

    def table(self, sheets: Sequence[Sheet]) -> None:
        """Write a table with a row for each hand-in and one for the whole class."""
        handin, right, wrong, unclear, points = [
            sentence(f"column-{name}", self.language) for name in ("handin", "right", "wrong", "unclear", "points")
        ]
        shown = [sheet for sheet in sheets if sheet.status != LEFT]
        total = summarise(sheets)
        sums = sum(sheet.right for sheet in sheets), total["verdicts"][WRONG], total["verdicts"][UNCHECKABLE]
        counts = [(s.right, s.count(WRONG), s.count(UNCHECKABLE)) if s.status == CHECKED else ("-",) * 3 for s in shown]
        marks = [f"{format_points(s.score):>5} / {len(s.results)}" if s.status == CHECKED else "" for s in shown]
        names = {
            sheet.file: name for sheet, name in zip(sheets, names_without_folder([sheet.file for sheet in sheets]))
        }
        cells = {handin: [*(names[s.file] for s in shown), sentence("class", self.language, files=len(sheets))]}
        for k, title in enumerate((right, wrong, unclear)):
            cells[title] = [*(f"{'·' if row[k] == 0 else row[k]}" for row in counts), f"{sums[k]}"]
        cells[points] = [*marks, f"{format_points(total['score']):>5} / {total['claims']}"]

        def style(row: int, title: str) -> str:
            """The style of a cell: wrong claims stand out, and so does the row of the whole class."""
            if row == len(shown):
                return "bold"
            if title not in (wrong, unclear) or shown[row].status != CHECKED:
                return ""
            number = counts[row][1 + (title == unclear)]
            return "dim" if not number else "bad" if title == wrong else "mark"

        self.screen.table(Table(cells, (right, wrong, unclear), margin=2, gap=3), (unclear, right), handin, style)
        for sheet in shown:
            if sheet.status != CHECKED:
                self.screen.say(f"{names[sheet.file]}: {sheet.why}", "bad", 2, margin=2)

    def mistakes(self, sheets: Sequence[Sheet]) -> None:
        """Write how often each kind of mistake was made, as bars."""
        total = summarise(sheets)["mistakes"]
        if not total:
            return
        self.screen.write()
        self.screen.say(sentence("mistakes", self.language), "bold", margin=2)
        codes = sorted(total, key=lambda code: (code == "unnamed", -total[code], code))
        most = max(total.values())
        within = (sum(sheet.mistakes()[code.replace("unnamed", "")] > 0 for sheet in sheets) for code in codes)
        cells = {
            "kind": [sentence(f"code-{code}", self.language) for code in codes],
            "bar": [""] * len(codes),
            "number": [f"{total[code]}" for code in codes],
            "where": [sentence("within", self.language, files=files) for files in within],
        }
        table = Table(cells, ("number",), margin=2, titles=False)
        table.fit(self.screen.width - BAR, ("where",), "kind")
        room = min(40, self.screen.width - table.width)
        table.cells["bar"] = ["█" * max(1, round(room * total[code] / most)) for code in codes]
        styles = {"bar": "mark", "where": "dim"}
        self.screen.table(table, styles=lambda row, title: styles.get(title, ""))


def by_problem(results: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    """Group results by the titles of their problems; a line that could not be read stays with the line before it."""
    found: list[tuple[str, list[Result]]] = []
    for result in results:
        if not found or (result.problem and result.problem != found[-1][0]):
            found.append((result.problem, []))
        found[-1][1].append(result)
    return found


def names_without_folder(files: Sequence[str]) -> list[str]:
    """The paths of files relative to the folder that contains them all."""
    try:
        common = os.path.commonpath([os.path.dirname(os.path.abspath(file)) for file in files])
        return [os.path.relpath(file, common) for file in files]
    except ValueError:  # on different drives
        return list(files)


def format_points(score: float) -> str:
    """Points with at most two digits after the point."""
    return f"{score:.2f}".rstrip("0").rstrip(".")
