"""The pages, taken at their word: what README.md, docs/ and lessons/README.md show runs as it stands there.

python docs/replay.py                  runs every page, and reports what does not come out as it is shown
python docs/replay.py docs/draw.md     runs this page alone
python docs/replay.py --write          writes into the pages what their commands print now
python docs/replay.py --slow           also runs the blocks that are marked as slow
python docs/replay.py --only python    runs the examples in Python, and no commands
python docs/replay.py --command test   prints the commands that are marked so, and runs nothing

The blocks of a page are one session, from top to bottom, in a copy of the checkout:

python    an example with >>> must print what stands below it; without >>> it must run
sh        every line must succeed; tinygrad-edu check may end with 1, which says that a hand-in has a mistake
console   begins with "$ COMMAND", and must print what follows; what stands after a prompt, as (step 3), is typed
diff      changes the program that was run last
text, markdown and others are only shown

Then every `tinygrad-edu COMMAND ARGUMENTS` in the text of the page is run as a line of sh.

A comment before a block changes what is done with it:

<!-- file NAME -->   the block is that file: it must be equal to the one in the checkout, or is written if there is none
<!-- slow -->        it takes more than some seconds, and runs with --slow only
<!-- run -->, <!-- test -->, <!-- install -->   it installs something: only .ci/run runs it
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import io
import linecache
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "lessons").rglob("README.md"))]
COPIED = ["README.md", "bench", "docs", "lessons", "tests/data"]  # what a page may name, of the checkout
BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>\w+)(?: (?P<name>\S+))? -->\s*\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
INLINE = re.compile(r"`(tinygrad-edu \w+ [^`]+)`")
TYPED = re.compile(r"^\((?:step|what if) \d+\) ?(.*)$", re.MULTILINE)
INSTALLS = {"run", "test", "install"}
RUNNERS = {"python", "sh", "console"}
SECONDS = 600  # that a command may take


class Block(NamedTuple):
    """A fenced block of a page: its mark and the name beside that, its language, its text, and its first line."""

    mark: str
    name: str
    kind: str
    text: str
    line: int


class Wrong(Exception):
    """A block that does not run, or does not give what the page shows."""


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, from top to bottom."""
    content = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(content):
        line = content.count("\n", 0, match.start("text")) + 1
        yield Block(match["mark"] or "", match["name"] or "", match["kind"], match["text"], line)


def inline(page: Path) -> Iterator[Block]:
    """The commands with arguments that stand in the text of a page."""
    content = page.read_text(encoding="utf-8")
    for match in INLINE.finditer(BLOCK.sub(lambda block: "\n" * block[0].count("\n"), content)):
        yield Block("", "", "sh", match[1], content.count("\n", 0, content.index(match[0])) + 1)


def commands(mark: str) -> str:
    """The text of all blocks with this mark, of all pages.  SystemExit if there are none."""
    found = [block.text for page in PAGES for block in blocks(page) if block.mark == mark]
    if not found:
        sys.exit(f"no page has a block that is marked <!-- {mark} -->")
    return "".join(found)


class Session:
    """One page being run.  ``folder`` is the copy of the checkout in which everything happens."""

    def __init__(self, page: Path, folder: Path, kinds: Iterable[str] = RUNNERS, slow: bool = False) -> None:
        self.page, self.folder, self.kinds, self.slow = page, folder, {*kinds}, slow
        self.variables: dict[str, Any] = {"__name__": "__main__"}
        self.program = folder  # the program that was run last
        self.count = 0  # of blocks that have been run
        for name in COPIED:
            source, copy = ROOT / name, folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            else:
                shutil.copy(source, copy)

    def run(self, block: Block) -> str:
        """Run a block, and give its text as it should be.  Raises Wrong if it fails."""
        if block.mark == "file":
            self.file(block)
        elif block.kind == "diff":
            self.change(block.text)
        elif block.kind in self.kinds and block.mark not in INSTALLS and (self.slow or block.mark != "slow"):
            self.count += 1
            if block.kind == "python":
                self.python(block)
            elif block.kind == "sh":
                for line in block.text.replace("\\\n", " ").splitlines():
                    self.shell(line)
            elif block.text.startswith("$ "):
                return self.console(block.text)
        return block.text

    def file(self, block: Block) -> None:
        """Compare the block with the file of that name, or write the file."""
        path = self.folder / block.name
        if not path.exists():
            path.write_text(block.text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != block.text:
            raise Wrong(f"it is not what stands in {block.name}")

    def python(self, block: Block) -> None:
        """Run Python: as examples that show what they print, or as a program."""
        name = f"{self.page.name}, line {block.line}"
        if ">>> " in block.text:
            runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
            test = doctest.DocTestParser().get_doctest(block.text, {}, name, str(self.page), block.line - 1)
            test.globs = self.variables  # the same for all blocks: doctest would copy them
            for number, example in enumerate(test.examples):
                remember(f"<doctest {name}[{number}]>", example.source)
            report = io.StringIO()
            runner.run(test, out=report.write, clear_globs=False)
            if runner.failures:
                raise Wrong(report.getvalue())
        else:
            remember(name, block.text)
            with contextlib.redirect_stdout(io.StringIO()):
                try:
                    exec(compile(block.text, name, "exec"), self.variables)
                except Exception:
                    raise Wrong(traceback.format_exc()) from None

    def shell(self, line: str) -> None:
        """Run a line of a shell."""
        words = shlex.split(line, comments=True)
        if not words or shutil.which("sh") is None:
            return
        done = self.process(["sh", "-c", line], "")
        if done.returncode not in ((0, 1) if words[:2] == ["tinygrad-edu", "check"] else (0,)):
            raise Wrong(f"{line}\nends with {done.returncode}:\n{done.stdout}{done.stderr}")

    def console(self, text: str) -> str:
        """Run a command and type what is typed there; what the block shows then."""
        first = text.partition("\n")[0]
        words = shlex.split(first[2:])
        for word in words[1:]:
            if word.endswith(".py"):
                self.program = self.folder / word
        start = {"python": [], "tinygrad-edu": ["-m", "tinygrad_edu"]}.get(words[0])
        if start is None:
            raise Wrong(f"{first}: only python and tinygrad-edu are replayed")
        typed = "".join(f"{line}\n" for line in TYPED.findall(text))
        done = self.process([sys.executable, *start, *words[1:]], typed)
        if done.returncode not in (0, 1):  # NumPy's warnings, on the standard error, are not shown in a page
            raise Wrong(f"{first}\nends with {done.returncode}:\n{done.stdout}{done.stderr}")
        return f"{first}\n{done.stdout}"

    def process(self, command: list[str], typed: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder, where ``python`` and ``tinygrad-edu`` are those of this process."""
        commands = self.folder / ".commands"
        if not commands.exists():
            commands.mkdir()
            for name, module in (("python", ""), ("tinygrad-edu", "-m tinygrad_edu ")):
                (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module}"$@"\n', encoding="utf-8")
                (commands / name).chmod(0o755)
        env = {
            **os.environ,
            "PATH": f"{commands}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
            "COLUMNS": "80",
        }
        return subprocess.run(
            command, cwd=self.folder, env=env, input=typed, capture_output=True, encoding="utf-8", timeout=SECONDS
        )

    def change(self, text: str) -> None:
        """Do to the program that was run last what a diff of whole lines shows."""
        lines = [line for line in text.splitlines() if line]
        old = "\n".join(line[1:] for line in lines if line[0] in " -")
        new = "\n".join(line[1:] for line in lines if line[0] in " +")
        source = self.program.read_text(encoding="utf-8")
        if source.count(old) != 1:
            raise Wrong(f"what is to be changed stands {source.count(old)} times in {self.program.name}:\n{old}")
        self.program.write_text(source.replace(old, new), encoding="utf-8")


def remember(file: str, source: str) -> None:
    """Let the engine find this source, out of which it takes the names of values and the lines in its messages."""
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)


def replay(
    page: Path, kinds: Iterable[str] = RUNNERS, slow: bool = False, write: bool = False
) -> tuple[int, list[str]]:
    """Run a page: how many of its blocks have been run, and what is wrong with it."""
    wrong: list[str] = []
    new: list[str] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, contextlib.chdir(name):
        session = Session(page, Path(name).resolve(), kinds, slow)
        for block in [*blocks(page), *inline(page)]:
            text = block.text
            try:
                text = session.run(block)
                if text != block.text and not write:
                    raise Wrong(f"It shows\n{block.text}\nand is now\n{text}")
            except Wrong as error:
                wrong.append(f"{page.name}, line {block.line}: {error}")
            new.append(text)
        os.chdir(ROOT)  # Windows does not delete the folder that one is in
    if write:
        rest = iter(new)
        content = page.read_text(encoding="utf-8")
        content = BLOCK.sub(lambda match: match[0].replace(match["text"] + "```", next(rest) + "```"), content)
        page.write_text(content, encoding="utf-8")
    return session.count, wrong


def main() -> int:
    """Run the pages that are asked for; the exit code is 1 if something is wrong."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("pages", nargs="*", type=Path, default=PAGES, metavar="PAGE", help="default: every page")
    p.add_argument("--write", action="store_true", help="write what the commands print now")
    p.add_argument("--slow", action="store_true", help="also run the slow blocks")
    p.add_argument("--only", choices=sorted(RUNNERS), action="append", help="run only blocks of this kind")
    p.add_argument("--command", metavar="MARK", help="print the commands with this mark, and run nothing")
    options = p.parse_args()
    if options.command:
        print(commands(options.command), end="")
        return 0
    failed = False
    for page in options.pages:
        count, wrong = replay(page.resolve(), options.only or RUNNERS, options.slow, options.write)
        print(*wrong, sep="\n", end="\n" if wrong else "")
        print(f"{page.resolve().relative_to(ROOT)}: {count} blocks run, {len(wrong)} wrong", flush=True)
        failed = failed or bool(wrong)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
