"""The lessons: each has its parts, runs as a script and as a notebook, and its exercises are marked rightly."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

from tinygrad_edu.teaching.exercises import OPEN, strip_solutions
from tinygrad_edu.teaching.lesson import BEGIN, END, Cell, Entry, Lesson, entries, read
from tinygrad_edu.teaching.running import own_operations, run

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "lessons"))  # for the program that writes the table of claims
import claims  # noqa: E402

LESSONS = entries()
EACH = pytest.mark.parametrize("entry", LESSONS, ids=lambda entry: entry.file.stem)
KNOWN = {"numpy", "tinygrad_edu", "__future__"} | sys.stdlib_module_names
PEERS = {"torch", "jax"}  # where they are installed, in the last lesson


@lru_cache
def lesson(entry: Entry) -> Lesson:
    return read(entry)


def code(entry: Entry) -> list[Cell]:
    return [cell for cell in lesson(entry).cells if cell.kind == "code"]


def text(entry: Entry) -> str:
    return "\n".join(cell.source for cell in lesson(entry).cells if cell.kind == "text")


def calls(entry: Entry) -> list[str]:
    """The names of all functions that a lesson calls."""
    trees = [ast.parse(cell.source) for cell in code(entry)]
    return [
        getattr(node.func, "id", "") for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)
    ]  # fmt: skip


def test_they_are_numbered_without_a_gap() -> None:
    assert [entry.number for entry in LESSONS] == [*range(18)]


@EACH
def test_a_lesson_has_all_its_parts(entry: Entry) -> None:
    assert entry.title and 20 <= len(entry.about) <= 150
    head = lesson(entry).cells[0].source
    assert f"# {entry.number}. {entry.title}" in head and "You will be able to" in head and head.count("\n- ") >= 3
    assert len(lesson(entry).slides) >= 10
    for heading in ("Exercises", "Common mistakes", "Sources"):
        assert f"\n## {heading}" in f"\n{text(entry)}", heading
    assert {"draw", "curves", "heat", "map"} & {
        *calls(entry),
        *re.findall(r"\.(map|plot)\(", entry.file.read_text("utf-8")),
    }
    assert any("experiment" in cell.tags for cell in code(entry))
    assert sum("notes" in cell.tags for cell in lesson(entry).cells) >= 3


@EACH
def test_a_lesson_imports_nothing_else(entry: Entry) -> None:
    tree = ast.parse(entry.file.read_text(encoding="utf-8"))
    names = [a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} <= KNOWN | (PEERS if entry.number == 16 else set())


@EACH
def test_each_exercise_is_stated_solved_and_marked(entry: Entry) -> None:
    found = lesson(entry)
    assert 2 <= len(found.exercises) <= 4
    assert found.exercises == [f"{entry.number}.{i + 1}" for i in range(len(found.exercises))]
    assert [cell.exercise for cell in found.cells if cell.exercise] == found.exercises
    for number in found.exercises:
        assert f"**{number}" in text(entry)
    for cell in found.cells:
        if cell.exercise:
            empty = strip_solutions(cell.source)
            assert ("raise NotImplementedError" in empty) != (OPEN in empty)
            assert BEGIN not in empty and END not in empty
            ast.parse(empty)
        if cell.marks:
            assert re.search(r"\bmark\(|\bassert ", cell.source)


# Where the right claims of the hand-ins are derived.


def test_every_right_claim_is_derived_in_some_lesson() -> None:
    places = claims.places()
    assert len(places) == 105
    assert [key for key, (_, file, _) in places.items() if not file] == []


@pytest.mark.parametrize("page", [claims.PAGE, *claims.READMES], ids=lambda page: page.parent.name + page.stem)
def test_the_table_of_claims_and_the_lists_of_lessons_are_up_to_date(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == claims.pages()[page], "python lessons/claims.py --write"


def test_the_table_names_the_lines() -> None:
    for key, (_, file, line) in claims.places().items():
        row = (ROOT / "lessons" / file).read_text(encoding="utf-8").splitlines()[line - 1]
        assert "=" in row, f"{key}: {file}:{line}: {row}"


def test_a_claim_that_is_derived_nowhere_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "lessons", lambda: claims_without("04_softmax.py"))
    assert "S2-05" in {key for key, (_, file, _) in claims.places().items() if not file}


def claims_without(name: str) -> list[Path]:
    return [entry.file for entry in LESSONS if entry.file.name != name]


# Run.


@pytest.mark.slow
@EACH
def test_a_lesson_runs_as_a_script(entry: Entry, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(entry.file)],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert [*tmp_path.iterdir()] == [], "it leaves files behind"


def environment() -> dict[str, str]:
    """That of this process, with the package of this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


@pytest.mark.slow
@EACH
def test_its_exercises_pass_solved_and_fail_empty(entry: Entry, capfd: pytest.CaptureFixture[str]) -> None:
    with own_operations():
        solved = run(read(entry))
    assert [cell.error for cell in solved.cells if cell.error] == []
    with own_operations():
        empty = run(read(entry), changed=lambda cell: strip_solutions(cell.source) if cell.exercise else None)
    said = {cell.marks: cell.error for cell in empty.cells if cell.marks}
    assert {number: error for number, error in said.items() if "not answered yet" not in error.lower()} == {}
    assert [cell.exercise for cell in empty.cells if cell.exercise and cell.error] == []
    assert capfd.readouterr().err == ""  # nbgrader gives nothing for what says something there


@EACH
def test_the_notebook_for_students_has_neither_notes_nor_solutions(entry: Entry) -> None:
    from tinygrad_edu.teaching.notebooks import notebook

    found = lesson(entry)
    whole = "\n".join(cell.source for cell in notebook(found).cells)
    empty = "\n".join(cell.source for cell in notebook(found, solved=False).cells)
    notes = [cell.source for cell in found.cells if "notes" in cell.tags]
    solutions = [
        part.split("\n", 1)[1].split(END)[0].strip()
        for cell in found.cells for part in cell.source.split(BEGIN)[1:] if cell.exercise
    ]  # fmt: skip
    assert notes and all(words in whole and words not in empty for words in notes)
    assert solutions and all(words in whole and words not in empty for words in solutions)


@pytest.mark.slow
@EACH
def test_a_lesson_runs_as_a_notebook(entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONWARNINGS")  # the kernel has warnings of its own
    pytest.importorskip("ipykernel")
    nbclient = pytest.importorskip("nbclient")
    from tinygrad_edu.teaching.notebooks import notebook

    made = notebook(read(entry))
    nbclient.NotebookClient(made, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in made.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs)
    assert [*tmp_path.iterdir()] == []
