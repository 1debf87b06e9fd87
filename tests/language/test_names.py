"""What values are called, everywhere the same: h_1, h_2, h_3 in a loop, layers[0] in a list, the user's own lines."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant, nn
from tinygrad_edu.console.format_step import StepPrinter
from tinygrad_edu.format import locations
from tinygrad_edu.output.terminal import Screen
from tinygrad_edu.stepping import Stepper
from tinygrad_edu.stepping.record import Record
from tinygrad_edu.tracing import traced

LOOP = """\
h = np.zeros(2)
for x in [np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0])]:
    h = np.tanh(W @ h + x)
"""
PROGRAMS = {
    "a loop": (LOOP, "W h_0 x_1 x_2 x_3 h_1 h_2 h_3"),
    "rounds of which the first starts from a number": (
        "s = 0.0\nfor _ in range(3):\n    s = s + W.sum()\n", "W s_1 s_2 s_3",
    ),
    "a name that is bound again": ("x = constant([1.0, 2.0])\nx = W @ x\nx = np.tanh(x)\n", "W x_0 x_1 x_2"),
    "in place": ("z = W * 2\nz += 1\n", "W z_1 z_2"),
    "beside the program's own h1": (
        "h1 = constant([1.0, 2.0])\nh = h1\nfor _ in range(2):\n    h = W @ h\n", "W h1 h_(1) h_(2)",
    ),
    "beside the program's own h_1": ("h_1 = constant([1.0, 2.0])\nh = W @ h_1\nh = W @ h\n", "W h_1 h_(1) h_(2)"),
    "a Greek letter, by its name": ("delta = W @ np.ones(2)\ndelta = W @ delta\n", "W delta_1 delta_2"),
    "a Greek letter in both spellings": ("delta = W @ np.ones(2)\nδ = W @ delta\n", "W delta_1 δ_2"),
    "a name with a number": ("v2 = W @ np.ones(2)\nv2 = W @ v2\n", "W v2_1 v2_2"),
    "a list": (
        "layers = [Tensor(np.eye(2)) for _ in range(2)]\nh = layers[0] @ (layers[1] @ W)\n", "W layers[0] layers[1] h",
    ),
    "lists in a dictionary": ("net = {'ws': [Tensor(np.eye(2))]}\nh = net['ws'][0] @ W\n", "W ws[0] h"),
    "objects in a list": (
        "class Layer:\n    def __init__(self):\n        self.M = Tensor(np.eye(2))\n"
        "layers = [Layer(), Layer()]\nh = layers[1].M @ (layers[0].M @ W)\n",
        "W M_1 M_2 h",
    ),
    "several at once": ("P, Q = (Tensor(np.eye(2)) for _ in range(2))\nh = P @ Q @ W\n", "W P Q h"),
    "a loop over a list": ("b = W\nfor w in [Tensor(np.eye(2)), Tensor(np.eye(2))]:\n    b = w @ b\n", "W b_1 b_2"),
}  # fmt: skip


def run(program: str, folder: Path) -> dict[str, Any]:
    file = folder / "program.py"
    file.write_text(program, encoding="utf-8")
    names: dict[str, Any] = {
        "np": np, "sys": sys, "tg": tg, "Tensor": Tensor, "constant": constant, "nn": nn, "traced": traced,
        "Record": Record, "W": Tensor([[1.0, 2.0], [3.0, 4.0]], "W"),
    }  # fmt: skip
    exec(compile(program, str(file), "exec"), names)
    return names


@pytest.mark.parametrize("case", PROGRAMS)
def test_each_value_has_a_name_of_its_own(case: str, tmp_path: Path) -> None:
    program, expected = PROGRAMS[case]
    last = program.splitlines()[-1].split()[0]
    names = run(f"{program}trace, record = traced({last}), Record({last}, frame=sys._getframe())\n", tmp_path)
    trace, record = names["trace"], names["record"]
    shown = {node.name for node in trace.nodes if node.name}
    assert set(expected.split()) <= shown
    assert len(shown) == sum(bool(node.name) for node in trace.nodes), "no two are called the same"
    known = {record.name(node) for node in record.nodes if record.name(node)}
    assert known == {node.name for node in trace.nodes if node.name and node.kind != "constant"}
    for name in known:
        assert record.name(record.find(name)) == name, "it is found by what it is called"


def test_a_name_alone_means_the_youngest(tmp_path: Path) -> None:
    record = Record(run(LOOP, tmp_path)["h"])
    assert record.name(record.find("h")) == "h_3" and record.name(record.find("h2")) == "h_2"
    assert [record.is_called(record.find("h_1"), word) for word in ("h", "h_1", "h1", "h_2")] == [True] * 3 + [False]


def test_very_many_rounds(tmp_path: Path) -> None:
    names = run("h = W\nfor i in range(2000):\n    h = np.tanh(h)\n", tmp_path)
    trace = traced(names["h"], limit=50)
    assert [node.name for node in trace.nodes][-2:] == ["h_1999", "h_2000"] and trace.left_out == 1951
    assert trace.nodes[-1].formula == rf"\tanh({trace.nodes[-2].symbol})"


def test_index_arrays_are_written_out_or_named(tmp_path: Path) -> None:
    found = run("a = W[[0, 1], [1, 1]].sum()\nrows = np.arange(2)\nb = W[rows, rows].sum()\n", tmp_path)
    written, named = traced(found["a"]).nodes[1], traced(found["b"]).nodes[1]
    assert written.formula == "W_{[[0, 1], [1, 1]]}" and named.formula == r"W_{[\text{rows}, \text{rows}]}"
    assert [(letter.symbol, letter.value.data) for letter in named.letters or ()][0] == (r"\text{rows}", [0, 1])


# The letters of the formulas do not collide with those of the program.


def test_letters_are_free_in_the_whole_record() -> None:
    W = Tensor([[1.0, 2.0], [3.0, 4.0]], "W")
    z = W @ constant([1.0, 2.0], "x")
    g = tg.tanh(z)
    trace = traced((np.exp(g) * 2).sum(), sweep=True)
    assert {edge.upstream for edge in trace.edges if edge.rule} == {"u"}
    exp = next(edge for edge in trace.edges if trace.nodes[edge.target].op == "exp")
    assert exp.rule == r"u \odot y" and {letter.symbol for letter in exp.letters or ()} == {"y"}
    plain = traced(tg.tanh(W).sum(), sweep=True)
    assert {edge.upstream for edge in plain.edges if edge.rule} == {"g"}


def test_what_functions_do_is_said_beside_them() -> None:
    x = Tensor([1.0, 2.0, 3.0], "x")
    trace = traced(x[1], sweep=True)
    said = {letter.symbol: letter.words for letter in trace.edges[0].letters or ()}
    assert said == {r"\operatorname{put}": "zeros of shape (3,) with g added at an index, which may name a place twice"}
    softmax = traced(tg.cross_entropy(x, 2), sweep=True).edges[0]
    words = [letter.words for letter in softmax.letters or () if letter.words]
    assert words == ["1 at index 2, counted from 0, and 0 elsewhere", "e^x divided by its sum along an axis"]
    assert not any(letter.words for letter in traced(np.sum(np.cumsum(x)), sweep=True).edges[0].letters or ()), (
        "NumPy's"
    )


# Lines are the user's, also for layers of this package.


def test_a_layer_of_ours_shows_the_line_that_called_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a file below the working directory is called by its way from there
    program = "net = nn.MLP([2, 3, 1], tg.tanh)\nx = np.ones(2)\nlogits = net(x)\nloss = (logits ** 2).sum()\n"
    trace = traced(run(program, tmp_path)["loss"])
    computed = [node for node in trace.nodes if node.op]
    assert [node.place.line if node.place else None for node in computed] == [3, 3, 3, 4, 4]
    assert {node.place.file for node in computed if node.place} == {"program.py"}
    assert [node.scope for node in computed[:3]] == ["mlp/layer1", "mlp", "mlp/layer2"], "the layer is said too"


def test_a_module_of_the_user_shows_its_own_lines(tmp_path: Path) -> None:
    program = """\
class Net(nn.Module):
    def __init__(self):
        self.layers = [nn.Linear(2, 2), nn.Linear(2, 1)]
    def forward(self, x):
        h = np.tanh(self.layers[0](x))
        return self.layers[1](h)
loss = Net()(np.ones(2)).sum()
"""
    found = run(program, tmp_path)["loss"]
    assert [locations.of_node(node).line for node in Stepper(found).computed] == [5, 5, 6, 7]


def test_the_console_says_the_same(tmp_path: Path) -> None:
    stepper = Stepper((run(LOOP, tmp_path)["h"] ** 2).sum())
    stream = io.StringIO()
    printer = StepPrinter(stepper, Screen(stream, width=100))
    stepper.jump(0)
    while (moment := stepper.next()) is not None:
        printer.show_step(moment, source=False)
    printed = stream.getvalue()
    assert (
        "forward   W h₁\n" in printed and "forward   h₂ = tanh(W h₁ + x₂)" in printed and "rule      g h₂ᵀ" in printed
    )
    assert "where     W h₁ + x₂: 2 numbers" in printed and "h₂: 2 numbers" in printed and "∂result/∂h₂" in printed


def test_lists_of_a_library_name_nothing(tmp_path: Path) -> None:
    """A program may be run by one: by pytest, by a notebook."""
    source = "def run(program, Tensor):\n    kept = []\n    kept.append(Tensor([2.0]))\n    return program(kept[0])\n"
    called = {}
    for file in (str(tmp_path / "course.py"), str(Path(np.__file__).parent.parent / "course.py")):
        names: dict[str, Any] = {}
        exec(compile(source, file, "exec"), names)
        called[file] = names["run"](lambda w: traced((w * 3).sum()).to_json(), Tensor)
    assert [each["nodes"][0]["name"] for each in map(json.loads, called.values())] == ["kept[0]", "w"]
