"""The five hand-ins in lessons/handins: the checker gives every claim the verdict of the record.

The record was made without the checker: each claim was written in plain NumPy and decided by central differences.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tinygrad_edu.checker.check import check_text
from tinygrad_edu.checker.handin import handin
from tinygrad_edu.checker.results import Result

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "lessons" / "handins"
FILES = sorted(path.name for path in FOLDER.glob("0*.md"))
CLAIMS: list[dict[str, Any]] = json.loads((ROOT / "tests" / "data" / "handins.json").read_text(encoding="utf-8"))
READABLE = [claim for claim in CLAIMS if claim["verdict"] != "unreadable"]

# Claims of which the record is wrong, with the verdict that is right, and why.
EXCEPTIONS: dict[str, tuple[str, str]] = {}


@lru_cache
def checked(file: str) -> dict[int, Result]:
    """What is said of each line."""
    results = check_text((FOLDER / file).read_text(encoding="utf-8"), file)
    return {step.line: step for result in results for step in (result.steps or [result])}


def lines(file: str) -> list[str]:
    return (FOLDER / file).read_text(encoding="utf-8").splitlines()


def test_all_claims_of_the_record_are_here() -> None:
    assert len(CLAIMS) == 160 and len(READABLE) == 157
    assert len({claim["id"] for claim in CLAIMS}) == 160
    assert {claim["file"] for claim in CLAIMS} == set(FILES)


@pytest.mark.parametrize("claim", READABLE, ids=[claim["id"] for claim in READABLE])
def test_the_verdict_is_that_of_the_record(claim: dict[str, Any]) -> None:
    wanted, _ = EXCEPTIONS.get(claim["id"], (claim["verdict"], ""))
    found = checked(claim["file"])
    for line in claim["lines"]:
        step = found[line]
        assert step.verdict == wanted, f"{claim['file']}:{line} {step.left} = {step.right}: {step}"


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c["verdict"] == "unreadable"], ids=lambda claim: claim["id"])
def test_what_nobody_can_read_is_a_remark(claim: dict[str, Any]) -> None:
    assert lines(claim["file"])[claim["line"] - 1].startswith(">")


@pytest.mark.parametrize("file", FILES)
def test_every_line_is_read_and_every_claim_is_one_of_the_record(file: str) -> None:
    read = handin((FOLDER / file).read_text(encoding="utf-8"))
    assert read.unread == []
    steps = [step for claim in read.claims for step in claim.steps]
    assert {step.line for step in steps} == {n for claim in READABLE if claim["file"] == file for n in claim["lines"]}
    assert len({step.line for step in steps}) == len(steps), "one step a line, so that each can be named by its line"


def test_the_table_counts_the_verdicts() -> None:
    table = {}
    for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
        if len(cells) == 8 and cells[2].isdigit():
            table[cells[0]] = [int(cell) for cell in cells[2:]]
    for file in [*FILES, ""]:
        verdicts = Counter(claim["verdict"] for claim in CLAIMS if file in ("", claim["file"]))
        kinds = ("right", "right-transposed", "right-if", "wrong", "unreadable")
        assert table[file] == [sum(verdicts.values()), *(verdicts[kind] for kind in kinds)]
