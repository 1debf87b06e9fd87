"""README.md, docs/ and lessons/README.md: every command and every example in them runs as it stands there."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from in_process import ROOT, command

from tinygrad_edu.commands.main import make_parser

sys.path.insert(0, str(ROOT / "docs"))  # for the program that runs the pages
import replay

PAGES = pytest.mark.parametrize("page", replay.PAGES, ids=lambda page: str(page.relative_to(ROOT)))
SLOW = [page for page in replay.PAGES if any(block.mark == "slow" for block in replay.blocks(page))]
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
SHOWN = {"text", "markdown", ""}  # kinds of blocks that are only shown


def run(page: Path, *options: str) -> None:
    """Run a page in a process of its own."""
    words = [sys.executable, "-X", "utf8", str(ROOT / "docs" / "replay.py"), str(page), *options]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, capture_output=True, encoding="utf-8", env=env, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@PAGES
def test_what_a_page_shows_runs_as_it_stands_there(page: Path) -> None:
    run(page)


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW, ids=lambda page: str(page.relative_to(ROOT)))
def test_its_slow_blocks_run_too(page: Path) -> None:
    run(page, "--slow")


def test_no_block_is_left_out_by_mistake() -> None:
    known = replay.RUNNERS | SHOWN | {"diff"}
    for page in replay.PAGES:
        for block in replay.blocks(page):
            assert block.kind in known, f"{page}, line {block.line}: {block.kind} is not run"
            assert block.mark in replay.INSTALLS | {"", "file", "slow"}, f"{page}, line {block.line}: {block.mark}"
            if block.kind == "console":
                assert block.text.startswith("$ "), f"{page}, line {block.line}: the command is not shown"
            installs = "pip install" in block.text or "venv" in block.text
            assert installs == (block.mark in replay.INSTALLS), f"{page}, line {block.line}"


def test_commands_in_the_text_exist() -> None:
    known = {*make_parser()._subparsers._group_actions[0].choices, "--help"}
    for page in replay.PAGES:
        for words in re.findall(r"`tinygrad-edu ([^`]+)`", page.read_text(encoding="utf-8")):
            assert shlex.split(words)[0] in known, f"{page}: tinygrad-edu {words}"


def test_extras_in_the_text_exist() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    for page in replay.PAGES:
        for words in re.findall(r"pip install [^`]*\.\[([\w,]+)\]", page.read_text(encoding="utf-8")):
            assert {*words.split(",")} <= {*settings["options.extras_require"]}, f"{page}: {words}"


@PAGES
def test_links_lead_to_files(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_in_the_index() -> None:
    linked = {(ROOT / target).resolve() for target in LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))}
    assert {*(ROOT / "docs").glob("*.md")} <= linked


def test_the_readme_shows_a_part_of_what_its_first_command_prints(tmp_path: Path) -> None:
    first, shown = (next(b for b in replay.blocks(ROOT / "README.md") if key in b) for key in ("run", "text"))
    assert first.text.endswith("&& tinygrad-edu\n")
    assert shown.text in command(tmp_path).stdout


def test_a_page_that_is_wrong_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for block in ("python\n>>> 1 + 1\n3\n", "python\n1 / 0\n", "sh\nfalse\n", "console\n$ python -V\nPython 2\n"):
        page.write_text(f"```{block}```\n", encoding="utf-8")
        count, wrong = replay.replay(page)
        assert (count, len(wrong)) == (1, 1), block
    page.write_text("<!-- file LICENSE -->\n```text\nmine\n```\n", encoding="utf-8")
    assert replay.replay(page)[1] == []  # it is written, since the copy of the checkout has none
