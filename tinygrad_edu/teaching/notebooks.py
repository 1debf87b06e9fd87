"""A lesson as a notebook, whole or with its solutions taken out, as nbgrader wants it.

The metadata are those of nbgrader's schema 3: a cell that a student fills in, and a locked one that marks it.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from ..output.atomic_write import whole
from .exercises import stripped
from .lesson import Cell, Lesson

SCHEMA = 3


def notebook(lesson: Lesson, *, solved: bool = True) -> Any:
    """The lesson as nbformat has it; ``solved``: with the solutions of its exercises and the notes for the speaker.

    Without them it is for students: the notes also say what comes out of the experiments.
    """
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    cells = []
    for number, cell in enumerate(lesson.cells):
        if "notes" in cell.tags and not solved:
            continue
        make = new_markdown_cell if cell.kind == "text" else new_code_cell
        source = cell.source if solved or not cell.exercise else stripped(cell.source)
        source = worth(source, cell.points) if cell.marks else source
        cells.append(make(source.replace("  # fmt: skip", ""), metadata=metadata(cell, solved), id=f"cell-{number}"))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def metadata(cell: Cell, solved: bool) -> dict[str, Any]:
    """Of a cell: slides for Jupyter's own, tags, and for nbgrader what is to be filled in and what marks it."""
    found: dict[str, Any] = {}
    tags = sorted(cell.tags)
    if cell.marks and not solved:
        tags.append("raises-exception")  # so that all cells can be run, although an exercise is not answered yet
    if tags:
        found["tags"] = tags
    if "notes" in cell.tags:
        found["slideshow"] = {"slide_type": "notes"}
    elif cell.kind == "text" and cell.source.startswith(("# ", "## ", "---")):
        found["slideshow"] = {"slide_type": "slide"}
    if cell.exercise:
        found["nbgrader"] = graded(f"exercise-{cell.exercise}", solution=True, locked=False)
    if cell.marks:
        found["nbgrader"] = graded(f"marks-{cell.marks}", grade=True, locked=True, points=cell.points)
    return found


def graded(name: str, **known: Any) -> dict[str, Any]:
    """What nbgrader keeps with a cell."""
    found = {"grade": False, "solution": False, "task": False, "locked": True, "schema_version": SCHEMA}
    return {**found, "grade_id": name.replace(".", "-"), "cell_type": "code", **known}


def worth(source: str, points: float) -> str:
    """A cell that marks, with its points said to ``mark``: half of them is a number that only the cell can tell."""
    made = source.encode("utf-8")  # columns of a tree are counted in bytes
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "mark":
            lines = made.splitlines(keepends=True)[: node.end_lineno]
            end = sum(map(len, lines[:-1])) + (node.end_col_offset or 0) - 1
            comma = b"" if made[:end].rstrip().endswith(b",") else b", "
            made = made[:end] + comma + f"points={points:g}".encode() + made[end:]
    return made.decode("utf-8")


def write_notebook(lesson: Lesson, folder: Path, *, solved: bool = True, replace: bool = True) -> Path:
    """Write it to a folder, which is made if it is not there, whole or not at all.  Gives the path.

    FileExistsError unless ``replace``, if another notebook has that name: somebody may have worked in it.
    """
    import nbformat

    made = notebook(lesson, solved=solved)
    nbformat.validate(made)
    written = (nbformat.writes(made) + "\n").encode("utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{lesson.entry.file.stem}.ipynb"
    if not replace and target.is_file() and target.read_bytes() != written:
        raise FileExistsError(f"{target} is there and is another one: move it away, or write to another folder")
    with whole(target) as stream:
        stream.write(written)
    return target
