"""What is written about the lessons: their list in two READMEs, and claims.md.  ``--write`` writes all of it anew.

claims.md says for each right claim of the five hand-ins which lesson derives it.  A lesson derives a claim where it
calls ``derive`` with the same equation: both sides are read, and compared as trees.  Whether a derivation is right is
tested when the lesson runs.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_edu.checker.handin import handin
from tinygrad_edu.output.atomic_write import whole
from tinygrad_edu.teaching.lesson import entries

HERE = Path(__file__).parent
PAGE = HERE / "claims.md"
READMES = {HERE / "README.md": "", HERE.parent / "README.md": "lessons/"}  # and how a link in it begins
CLAIMS: list[dict[str, Any]] = json.loads((HERE.parent / "tests/data/handins.json").read_text(encoding="utf-8"))
SPELLED = re.compile(r"(?<![A-Za-z])(d?)([yv])h\b")  # the hand-ins have yh for what the lessons call y_hat
BEGIN, END = "<!-- lessons -->", "<!-- end -->"
HEAD = """\
# Where each right claim of the hand-ins is derived

`python lessons/claims.py --write` writes this table. It compares equations as trees.

"""


class Said(NamedTuple):
    """An equation somewhere: its sides as trees, and as text."""

    sides: tuple[Any, Any]
    line: int
    text: str


def equations(text: str) -> Iterator[Said]:
    """All that is claimed in a hand-in, step by step."""
    for claim in handin(text).claims:
        for step in claim.steps:
            yield Said((claim.left.tree, step.tree), step.line, f"{claim.left.text} = {step.text}")


def derived(file: Path) -> Iterator[Said]:
    """All that a lesson derives, with the lines of the lesson."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    known: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                known[node.targets[0].id] = text(node.value, known)
            except (KeyError, TypeError, ValueError):
                continue
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "derive":
                problem, lines = (text(x, known) for x in call.args)
                above = problem.strip().count("\n") + 2  # lines of the problem, and the empty one below it
                skipped = len(lines) - len(lines.lstrip())
                first = call.args[1].lineno + lines[:skipped].count("\n")
                for said in equations(f"{problem.strip()}\n\n{lines.strip()}\n"):
                    yield said._replace(line=first + said.line - above - 1)


def text(node: ast.expr, known: dict[str, str]) -> str:
    """A string that is written out, a name for one, or several put together."""
    if isinstance(node, ast.Name):
        return known[node.id]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text(node.left, known) + text(node.right, known)
    found = ast.literal_eval(node)
    if not isinstance(found, str):
        raise TypeError("no string")
    return found


def places() -> dict[str, tuple[str, str, int]]:
    """For each right claim: what it says, and the lesson and line where it is derived; "" and 0 if nowhere."""
    said = {(sides, file): line for file in reversed(lessons()) for sides, line, _ in derived(file)}
    where: dict[Any, tuple[str, int]] = {}
    for (sides, file), line in said.items():
        where[sides] = (file.name, line)
    found = {}
    for claim in CLAIMS:
        if claim["verdict"] != "right":
            continue
        steps = [s for s in handed_in(claim["file"]) if s.line in claim["lines"]]
        at = [where.get(s.sides, ("", 0)) for s in steps]
        found[claim["id"]] = (steps[-1].text, *(("", 0) if ("", 0) in at else at[-1]))
    return found


def lessons() -> list[Path]:
    """The files of lessons, in their order."""
    return [entry.file for entry in entries()]


CACHE: dict[str, list[Said]] = {}


def handed_in(file: str) -> list[Said]:
    """All equations of one of the hand-ins."""
    if file not in CACHE:
        text = (HERE / "handins" / file).read_text(encoding="utf-8")
        CACHE[file] = list(equations(SPELLED.sub(r"\1\2_hat", text)))
    return CACHE[file]


def table() -> str:
    """The table of claims, as Markdown."""
    rows = ["| claim | equation | lesson | line |", "|---|---|---|---|"]
    for key, (says, lesson, line) in places().items():
        words = " ".join(says.split()).replace("|", r"\|")
        words = words if len(words) <= 80 else f"{words[:77]}..."
        rows.append(
            f"| {key} | `{words}` | [{lesson}]({lesson}#L{line}) | {line} |" if lesson else f"| {key} | `{words}` | | |"
        )
    return "\n".join(rows)


def listed(link: str) -> str:
    """The list of lessons, as Markdown: with a line about each in the folder of the lessons, else the titles alone."""
    if link:
        titles = [f"{e.number} [{e.title}]({link}{e.file.name})".replace(" ", "\0") for e in entries()]
        return textwrap.fill(" · ".join(titles), 120, break_long_words=False, break_on_hyphens=False).replace("\0", " ")
    rows = [f"| {e.number} | [{e.title}]({e.file.name}) | {e.about} |" for e in entries()]
    return "\n".join(["| | lesson | what it is about |", "|---|---|---|", *rows])


def pages() -> dict[Path, str]:
    """The three files as they should be."""
    found = {PAGE: f"{HEAD}{table()}\n"}
    for readme, link in READMES.items():
        before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
        found[readme] = f"{before}{BEGIN}\n\n{listed(link)}\n\n{END}{rest.partition(END)[2]}"
    return found


def main() -> None:
    """Print the claims that no lesson derives; write the files if that was asked for."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--write", action="store_true", help="write claims.md and the lists of lessons anew")
    options = p.parse_args()
    found = places()
    missing = [key for key, (_, lesson, _) in found.items() if not lesson]
    print(f"{len(found) - len(missing)} of {len(found)} right claims are derived in a lesson")
    for key in missing:
        print(f"  {key}: {found[key][0]}")
    if options.write:
        for path, content in pages().items():
            with whole(path) as stream:
                stream.write(content.encode())


if __name__ == "__main__":
    main()
