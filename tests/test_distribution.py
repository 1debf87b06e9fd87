"""What is distributed: the source distribution holds all of the checkout, as MANIFEST.in says."""

from __future__ import annotations

import shutil
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RULES = [line.split() for line in (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]


def is_distributed(file: str) -> bool:
    """What the rules say of a file; a later one goes before an earlier one."""
    found = False
    for command, *words in RULES:
        if command == "graft":
            found = found or file.startswith(f"{words[0]}/")
        elif command == "include":
            found = found or ("/" not in file and any(fnmatchcase(file, word) for word in words))
        else:
            assert command == "global-exclude", command
            name = file.rpartition("/")[2]
            found = found and not any(fnmatchcase(file if "/" in word else name, word) for word in words)
    return found or file == "MANIFEST.in"  # which setuptools adds by itself


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="this is no checkout of git")
def test_every_tracked_file_is_distributed() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    tracked = listed.stdout.rstrip("\0").split("\0")
    assert len(tracked) > 300 and [file for file in tracked if not is_distributed(file)] == []


def test_what_tools_leave_is_not_distributed() -> None:
    assert is_distributed("tests/ops/test_ops.py") and is_distributed("CHANGELOG.md") and is_distributed(".ci/run")
    for file in ("tests/__pycache__/a.cpython-311.pyc", "lessons/.ipynb_checkpoints/a.ipynb", ".git", "venv/a.py"):
        assert not is_distributed(file), file


def test_every_rule_is_about_something_that_is_there() -> None:
    for command, *words in RULES:
        for word in words:
            assert command == "global-exclude" or any(ROOT.glob(word)), word
