"""Forty short hand-ins in forty handwritings: every line has the verdict that mathematics gives it.

data/homework/truth.json was written before the checker saw the files: for each claim its line and its verdict, and for
a wrong one the kind of mistake that was planted, and those that would be fair to name as well.  A claim that goes on
over several lines has the number of its first one.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tinygrad_edu.checker.check import check_text
from tinygrad_edu.checker.results import CODES, Result

FOLDER = Path(__file__).parents[1] / "data" / "homework"
FILES = sorted(path.name for path in FOLDER.glob("*.md"))
CLAIMS: list[dict[str, Any]] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
WRONG = [claim for claim in CLAIMS if claim["verdict"] == "wrong"]
FAIRLY_NAMED = 84  # of the wrong claims, by their first diagnosis


@lru_cache
def checked(file: str) -> dict[int, list[Result]]:
    """What is said of each line."""
    found: dict[int, list[Result]] = {}
    for result in check_text((FOLDER / file).read_text(encoding="utf-8"), file):
        for step in result.steps or [result]:
            found.setdefault(step.line, []).append(step)
    return found


def named_fairly(claim: dict[str, Any]) -> bool:
    """Is the first diagnosis of a wrong claim the mistake that was planted, or one that is fair to name?"""
    try:
        steps = checked(claim["file"]).get(claim["line"], [])
    except Exception:  # the checker itself failed: test_each_line_has_its_verdict says so
        return False
    codes = [diagnosis.code for step in steps for diagnosis in step.diagnoses]
    return codes[:1] != [] and codes[0] in (claim["category"], *claim["also"])


def test_the_truth_is_of_these_files_and_names_all_kinds_of_mistakes() -> None:
    assert len(FILES) == 40 and {claim["file"] for claim in CLAIMS} == set(FILES)
    assert len({(claim["file"], claim["line"]) for claim in CLAIMS}) == len(CLAIMS)
    named = [claim["category"] for claim in CLAIMS if "category" in claim]
    assert set(named) == set(CODES)


@pytest.mark.parametrize("file", FILES)
def test_each_line_has_its_verdict(file: str) -> None:
    text = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    wanted = {claim["line"]: claim["verdict"] for claim in CLAIMS if claim["file"] == file}
    found = checked(file)
    missed = []
    for line in sorted({*wanted, *found}):
        want, steps = wanted.get(line, "no claim"), found.get(line, [])
        if {step.verdict for step in steps} != {want}:
            said = "; ".join(f"{step.verdict} {step.why}".strip() for step in steps) or "nothing"
            missed.append(f"{file}:{line} {text[line - 1].strip()}: {want}, said is {said}")
    assert not missed, "\n".join(missed)


def test_mistakes_are_named_fairly() -> None:
    unfair = [f"{c['file']}:{c['line']} {c['category']}" for c in WRONG if not named_fairly(c)]
    assert len(WRONG) - len(unfair) >= FAIRLY_NAMED, "\n".join(unfair)
