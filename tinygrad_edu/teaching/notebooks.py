"""Makes a notebook of a lesson: whole, or for students with nbgrader, without solutions.

The metadata follow nbgrader's schema 3: a cell that a student fills in, and a locked cell that marks it.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from ..output.atomic_write import whole
from .exercises import strip_solutions
from .lesson import Cell, Lesson

SCHEMA = 3


def notebook(lesson: Lesson, *, solved: bool = True) -> Any:
    """The lesson as a notebook of nbformat; ``solved``: with the solutions of its exercises and the speaker's notes.

    A notebook for students has neither, because the notes give the results of the experiments.
    """
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    cells = []
    for number, cell in enumerate(lesson.cells):
        if "notes" in cell.tags and not solved:
            continue
        make = new_markdown_cell if cell.kind == "text" else new_code_cell
        source = cell.source if solved or not cell.exercise else strip_solutions(cell.source)
        source = add_points(source, cell.points) if cell.marks else source
        cells.append(make(source.replace("  # fmt: skip", ""), metadata=metadata(cell, solved), id=f"cell-{number}"))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def metadata(cell: Cell, solved: bool) -> dict[str, Any]:
    """The metadata of a cell: its place in Jupyter's slide show, its tags, and its role for nbgrader."""
    found: dict[str, Any] = {}
    tags = sorted(cell.tags)
    if cell.marks and not solved:
        tags.append("raises-exception")  # so that "run all cells" goes on past an exercise without an answer
    if tags:
        found["tags"] = tags
    if "notes" in cell.tags:
        found["slideshow"] = {"slide_type": "notes"}
    elif cell.kind == "text" and cell.source.startswith(("# ", "## ", "---")):
        found["slideshow"] = {"slide_type": "slide"}
    if cell.exercise:
        found["nbgrader"] = nbgrader_metadata(f"exercise-{cell.exercise}", solution=True, locked=False)
    if cell.marks:
        found["nbgrader"] = nbgrader_metadata(f"marks-{cell.marks}", grade=True, locked=True, points=cell.points)
    return found


def nbgrader_metadata(name: str, **known: Any) -> dict[str, Any]:
    """The metadata of nbgrader for a cell; ``known`` replaces its defaults."""
    found = {"grade": False, "solution": False, "task": False, "locked": True, "schema_version": SCHEMA}
    return {**found, "grade_id": name.replace(".", "-"), "cell_type": "code", **known}


def add_points(source: str, points: float) -> str:
    """Add ``points=...`` to the calls of ``mark`` in a cell, so that it gives the points of a partly right answer."""
    made = source.encode("utf-8")  # ast counts columns in bytes
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "mark":
            lines = made.splitlines(keepends=True)[: node.end_lineno]
            end = sum(map(len, lines[:-1])) + (node.end_col_offset or 0) - 1
            comma = b"" if made[:end].rstrip().endswith(b",") else b", "
            made = made[:end] + comma + f"points={points:g}".encode() + made[end:]
    return made.decode("utf-8")


def write_notebook(lesson: Lesson, folder: Path, *, solved: bool = True, replace: bool = True) -> Path:
    """Write the notebook of a lesson to a folder, which is made if needed, whole or not at all.  Gives the path.

    Unless ``replace``, FileExistsError if a file of this name has other contents: somebody may have worked in it.
    """
    import nbformat

    made = notebook(lesson, solved=solved)
    nbformat.validate(made)
    written = (nbformat.writes(made) + "\n").encode("utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{lesson.entry.file.stem}.ipynb"
    if not replace and target.is_file() and target.read_bytes() != written:
        raise FileExistsError(
            f"{target} exists and has other contents, which would be lost: move it away, or write to another folder"
        )
    with whole(target) as stream:
        stream.write(written)
    return target
