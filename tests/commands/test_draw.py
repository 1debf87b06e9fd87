"""``tinygrad-edu draw`` and ``walk``: the user's program runs as it would alone, and what it computed is drawn."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from in_process import Done, command

from tinygrad_edu.commands import run_script

HEAD = "import sys, threading\nfrom tinygrad_edu import *\nW = Tensor([1.0, 2.0])\n"
LOSS = "loss = (W * W).sum()\n"


def run(folder: Path, program: str, *words: str, name: str = "draw") -> Done:
    (folder / "s.py").write_text(program, encoding="utf-8")
    return command(folder, name, "s.py", *words)


def drawn(folder: Path, program: str, *words: str) -> dict[str, Any]:
    """The trace of what was drawn."""
    done = run(folder, program, "-o", "t.json", *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "t.json").read_text(encoding="utf-8"))
    return found


def names(trace: dict[str, Any]) -> set[str]:
    return {node["name"] for node in trace["nodes"] if "name" in node}


def test_it_draws_what_backward_saw_and_says_where(tmp_path: Path) -> None:
    done = run(tmp_path, HEAD + LOSS + "loss.backward()\nprint('mine')\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["mine", "backward() in line 5 of s.py: s.svg"]
    assert (tmp_path / "s.svg").read_text(encoding="utf-8").startswith("<svg")


def test_walk_writes_the_page(tmp_path: Path) -> None:
    done = run(tmp_path, HEAD + LOSS + "loss.backward()\n", "--step", "2", name="walk")
    assert done.stdout.strip().endswith("s.html")
    page = (tmp_path / "s.html").read_text(encoding="utf-8")
    data = json.loads(page.split('id="tinygrad-edu-data">')[1].split("</script>")[0])
    assert data["at"] == 2 and any(step["phase"] == "backward" for step in data["trace"]["steps"])


LOOP = (
    HEAD
    + "for i in range(4):\n    loss = (W * float(i)).sum()\n    loss.backward()\nother = W.sum()\nother.backward()\n"
)
CALLS: dict[str, tuple[list[str], float]] = {
    "the last": ([], 3.0),
    "of a line": (["--at", "6"], 9.0),
    "of a name": (["--at", "loss"], 9.0),
    "the second of a line": (["--at", "6", "--nth", "2"], 3.0),
    "the third of all": (["--nth", "3"], 6.0),
}


@pytest.mark.parametrize("case", CALLS)
def test_which_call_of_backward(case: str, tmp_path: Path) -> None:
    words, value = CALLS[case]
    trace = drawn(tmp_path, LOOP, *words)
    assert trace["nodes"][trace["result"]]["value"]["data"] == value


def test_the_values_are_those_of_then(tmp_path: Path) -> None:
    trace = drawn(tmp_path, HEAD + LOSS + "loss.backward()\nW.data = [9.0, 9.0]\nW.zero_grad()\n")
    (W,) = [node for node in trace["nodes"] if node.get("name") == "W"]
    assert W["value"]["data"] == [1.0, 2.0] and W["gradient"]["data"] == [2.0, 4.0]


PROGRAMS = {
    "arguments": (
        HEAD + LOSS + "loss.backward()\nassert sys.argv == ['s.py', '--epochs', '3'], sys.argv\n",
        ["--", "--epochs", "3"],
    ),
    "its folder comes first": (HEAD + LOSS + "loss.backward()\nimport os\nassert sys.path[0] == os.getcwd()\n", []),
    "it is the main program": (
        HEAD + LOSS + "if __name__ == '__main__':\n    loss.backward()\nimport __main__\nassert __main__.W is W\n",
        [],
    ),
    "in a thread": (HEAD + LOSS + "t = threading.Thread(target=loss.backward)\nt.start()\nt.join()\n", []),
    "memory freed": (HEAD + LOSS + "loss.backward(free=True)\n", []),
    "ten thousand times": (HEAD + LOSS + "for _ in range(10_000):\n    loss.backward()\n", []),
    "a seed": (HEAD + "v = W * 2.0\nv.backward([1.0, 0.0])\n", []),
    "an end of its own": (HEAD + LOSS + "loss.backward()\nsys.exit()\n", []),
    "no backward, a name": (HEAD + LOSS, ["--at", "loss"]),
    "no end of the last line": (HEAD + LOSS + "loss.backward()", []),
    "an encoding of its own": ("# -*- coding: utf-8 -*-\n" + HEAD + LOSS + "loss.backward()  # Ж\n", []),
}


@pytest.mark.parametrize("case", PROGRAMS)
def test_a_program_runs_as_it_would_alone(case: str, tmp_path: Path) -> None:
    program, words = PROGRAMS[case]
    assert "W" in names(drawn(tmp_path, program, *words))


FAILING = {
    "it raises": ("loss.backward()\n1 / 0\n", 1, "ZeroDivisionError: division by zero", True),
    "it raises before": ("1 / 0\nloss.backward()\n", 1, "nothing was drawn, because the program failed", False),
    "it exits with a number": ("loss.backward()\nsys.exit(3)\n", 3, "", True),
    "it exits with words": ("loss.backward()\nsys.exit('enough')\n", 1, "enough", True),
    "it reads what is not there": ("loss.backward()\ninput()\n", 1, "EOFError", True),
    "it never calls backward": (
        "",
        2,
        "s.py never called backward(): call it on the loss, or name the tensor to draw, --at NAME",
        False,
    ),
    "its syntax is wrong": ("def\n", 1, "SyntaxError", False),
    "its backward fails": (
        "W.backward()\n",
        1,
        "backward needs a single number to start from, and W of shape (2,) has 2",
        False,
    ),
}


@pytest.mark.parametrize("case", FAILING)
def test_a_program_that_fails(case: str, tmp_path: Path) -> None:
    program, code, words, written = FAILING[case]
    done = run(tmp_path, HEAD + LOSS + program)
    assert done.returncode == code and words in done.stderr, done.stderr
    assert (tmp_path / "s.svg").exists() == written
    ours = done.stderr.replace(os.sep, "/")
    assert "tinygrad_edu/commands/" not in ours  # as it would fail alone


MISTAKES = {
    "no such program": (["nowhere.py"], "there is no program nowhere.py"),
    "a folder": (["."], ". is a folder, not a program"),
    "an unknown ending": (
        ["s.py", "-o", "net.bmp"],
        "net.bmp does not end in .svg, .pdf, .png, .tex, .dot, .json, .html or .gif",
    ),
    "no such folder": (["s.py", "-o", "no/net.svg"], "there is no folder"),
    "no such line": (["s.py", "--at", "99"], "backward() was called 1 time, but never in line 99"),
    "no such name": (["s.py", "--at", "cat"], "backward() was called 1 time, but never on a tensor called cat"),
    "no such call": (["s.py", "--nth", "5"], "so there is no call number 5"),
    "a number below one": (["s.py", "--nth", "0"], "--nth is a number from 1 up"),
    "no such tensor to highlight": (["s.py", "--highlight", "V"], "there is no V in this graph to highlight"),
    "an unknown detail": (["s.py", "--detail", "cats"], "there is no 'cats'"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_the_call_is_told_in_a_sentence(case: str, tmp_path: Path) -> None:
    words, expected = MISTAKES[case]
    (tmp_path / "s.py").write_text(HEAD + LOSS + "loss.backward()\n", encoding="utf-8")
    done = command(tmp_path, "draw", *words)
    assert done.returncode == 2 and expected in done.stderr and "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.py"]


REFUSED = {  # before the program runs
    "a program spelled wrongly": ("draw", ["r.py"], "there is no program r.py.  Did you mean s.py?"),
    "an ending spelled wrongly": ("draw", ["s.py", "-o", "a.svgg"], ".html or .gif.  Did you mean .svg?"),
    "a folder to write": ("draw", ["s.py", "-o", "folder.svg"], "folder.svg is a folder, not a file"),
    "a detail": ("draw", ["s.py", "--detail", "valeus"], "there is no 'valeus'.  Did you mean values?"),
    "digits": ("walk", ["s.py", "--digits", "0"], "digits is a whole number from 1 to 17, not 0"),
    "a depth": ("draw", ["s.py", "--depth", "-1"], "depth is a whole number from 0 up"),
    "line 0": ("draw", ["s.py", "--at", "0"], "--at is a line of the program, from 1 up, or the name of a tensor"),
    "no name": ("step", ["--at", "", "s.py"], "--at is a line of the program, from 1 up, or the name of a tensor"),
    "call 0": ("step", ["--nth", "0", "s.py"], "--nth is a number from 1 up, not 0"),
    "commands that are not there": ("step", ["--commands", "no.txt", "s.py"], "no.txt: No such file"),
    "a step": ("walk", ["s.py", "--step", "-1"], "--step is a number from 0 up, not -1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_option_is_refused_before_the_program_runs(case: str, tmp_path: Path) -> None:
    name, words, expected = REFUSED[case]
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "s.py").write_text(f"{HEAD}print('it ran')\n{LOSS}loss.backward()\n", encoding="utf-8")
    done = command(tmp_path, name, *words)
    assert (done.returncode, done.stdout) == (2, "") and expected in done.stderr, done
    assert done.stderr.count("\n") == 1


def test_the_main_job_writes_both(tmp_path: Path) -> None:
    done = command(tmp_path, "--epochs", "1", "--pictures", "out")
    assert str(Path("out") / "graph.svg") in done.stdout and str(Path("out") / "walk.html") in done.stdout
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"graph.svg", "walk.html"}
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = command(tmp_path, "--epochs", "1", "--pictures", "file")
    assert done.returncode == 0 and "not written" in done.stderr


def test_one_program_leaves_no_modules_to_the_next(tmp_path: Path) -> None:
    program = "import sys, model, parts.one\n" + HEAD + LOSS + "loss.backward()\nprint(model.x, parts.one.x)\n"
    for x in ("first", "second"):
        folder = tmp_path / x
        (folder / "parts").mkdir(parents=True)
        for name in ("model.py", "parts/one.py"):
            (folder / name).write_text(f"x = {x!r}\n", encoding="utf-8")
        done = run(folder, program + "sys.path.insert(0, 'elsewhere')\n")
        assert done.stdout.startswith(f"{x} {x}\n"), done


def test_where_modules_are_found_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s.py").write_text("import sys\nsys.path.insert(0, 'elsewhere')\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path])  # which is for this test alone, if it is not
    before = [*sys.path]
    run_script.run_script(tmp_path / "s.py", [], run_script.Calls(run_script.WantedCall()))
    assert sys.path == before
