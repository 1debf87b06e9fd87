"""Programs in the spelling of other courses and libraries run as they are.

Each file in ``tests/programs`` says first in whose spelling it is written, and what differs from what one would have
there.  It ends with assertions of values that are known from elsewhere: by hand, in closed form, or by differences.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from in_process import ROOT, alone

PROGRAMS = sorted((ROOT / "tests" / "programs").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_program_in_another_spelling_ends_well(program: Path) -> None:
    done = alone(program.parent, program.name)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "a program that is right warns of nothing"
    assert done.stdout, "a program says something at its end"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_program_says_whose_spelling_it_has_and_asserts_something(program: Path) -> None:
    text = program.read_text(encoding="utf-8")
    first = text.partition("\n")[0]
    assert "spelling" in first and "differ" in first, first
    assert "assert " in text
