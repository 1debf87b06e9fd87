"""The trace: what the record and the sweep say, as plain data."""

from __future__ import annotations

import json
import linecache
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, Trace, constant, nn, sigmoid, sweep
from tinygrad_edu.format import locations
from tinygrad_edu.tracing import traced
from tinygrad_edu.tracing.numbers import summarise

RNG = np.random.default_rng(0)


def network() -> Any:
    net = nn.MLP([3, 4, 4, 2], rng=np.random.default_rng(0))
    x = constant(RNG.normal(size=3), "x")
    R = tg.cross_entropy(net(x), np.array([0.0, 1.0]))
    return R


def by_name(trace: Trace) -> dict[str | None, Any]:
    return {node.name: node for node in trace.nodes}


def test_nodes_say_what_they_are() -> None:
    a, c = Tensor(2.0), np.array([1.0, 2.0])
    x = constant([3.0, 4.0], "x")
    h = a * x
    L = (h * c).sum()
    trace = traced(L)
    kinds = {node.name: node.kind for node in trace.nodes if node.name}
    assert kinds == {"a": "parameter", "x": "data", "c": "constant", "h": "result", "L": "result"}
    node = by_name(trace)["h"]
    assert (node.op, node.shape, node.dtype, node.formula, node.symbol) == ("multiply", [2], "float64", r"a \, x", "h")
    assert node.value.data == [6.0, 8.0] and node.gradient is None
    assert trace.lines[node.place.file][str(node.place.line)].strip() == "h = a * x"
    start, end = node.place.columns
    assert trace.lines[node.place.file][str(node.place.line)][start:end] == "a * x"


def test_gradients_and_what_is_passed_are_those_of_the_sweep() -> None:
    R = network()
    trace = traced(R, sweep=True)
    expected = {step.tensor.node.serial: step for step in sweep(R)}
    found = [node for node in trace.nodes if node.gradient is not None]
    assert len(found) == len(expected)
    for node, step in zip(found, sorted(expected.values(), key=lambda s: s.tensor.node.serial)):
        assert node.gradient == summarise(step.gradient, 4096)
        edges = [edge for edge in trace.edges if edge.target == node.id and edge.passed is not None]
        assert [edge.passed for edge in edges] == [summarise(c, 4096) for c in step.passed if c is not None]


def test_no_backward_no_gradient() -> None:
    R = network()
    assert all(node.gradient is None for node in traced(R).nodes)
    R.backward()
    assert by_name(traced(R))["R"].gradient.data == 1.0


def test_steps_go_forward_then_backward() -> None:
    x = Tensor(3.0)
    y = x * x
    trace = traced(y, sweep=True)
    assert [(s.phase, s.node, s.edge) for s in trace.steps] == [
        ("forward", 1, None), ("seed", 1, None), ("backward", 1, 0), ("backward", 1, 1),
    ]  # fmt: skip
    assert [edge.passed.data for edge in trace.edges] == [3.0, 3.0]  # x * x keeps both
    assert [s.total.data for s in trace.steps[2:]] == [3.0, 6.0]
    assert [edge.rule for edge in trace.edges] == [r"g \, x", r"g \, x"]


def test_the_delta_recursion_is_named_at_every_layer() -> None:
    named = [step.recursion for step in traced(network(), sweep=True).steps if step.recursion]
    assert named == [
        r"\delta^{(2)} = \sigma'\left(v^{(2)}\right) \odot \left(W^{(3)\top} \, \delta^{(3)}\right)",
        r"\delta^{(1)} = \sigma'\left(v^{(1)}\right) \odot \left(W^{(2)\top} \, \delta^{(2)}\right)",
    ]


LAYOUTS = {
    "columns": (
        lambda A, B, x: B @ sigmoid(A @ x),
        r"\delta_{A \, x} = \sigma'\left(A \, x\right) \odot \left(B^{\top} \, \delta_{v}\right)",
    ),
    "rows": (lambda A, B, x: sigmoid(x @ A.T) @ B.T, None),  # B.T is a result, and is called so
    "used twice": (lambda A, B, x: (lambda h: B @ h + h[:2])(sigmoid(A @ x)), None),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_where_the_delta_recursion_applies(case: str) -> None:
    f, expected = LAYOUTS[case]
    A, B, x = Tensor(RNG.normal(size=(4, 3))), Tensor(RNG.normal(size=(2, 4))), constant(RNG.normal(size=3), "x")
    v = f(A, B, x)
    v.name = "v"
    found = [s.recursion for s in traced((v * v).sum(), sweep=True).steps if s.recursion]
    if case == "rows":
        assert found == [
            r"\delta_{x^{\top} \, A^{\top}} = "
            r"\sigma'\left(x^{\top} \, A^{\top}\right) \odot \left(B^{\top} \, \delta_{v}\right)"
        ]
    else:
        assert found == ([expected] if expected else [])


def test_local_derivatives() -> None:
    x, W = Tensor([0.5, -1.0]), Tensor(RNG.normal(size=(3, 2)))
    h = sigmoid(W @ x)
    trace = traced(h.sum(), sweep=True)
    local = {(edge.operand, trace.nodes[edge.target].op): edge for edge in trace.edges}
    z = h.data
    assert local["x", "sigmoid"].diagonal and np.allclose(local["x", "sigmoid"].local.data, z * (1 - z))
    assert not local["y", "matmul"].diagonal and local["y", "matmul"].local.data == W.data.tolist()
    assert local["x", "matmul"].local.shape == [3, 6] and local["x", "sum"].local.data == [[1.0, 1.0, 1.0]]


def test_values_are_those_that_the_operations_saw() -> None:
    W = Tensor([1.0, 2.0])
    L = (W * W).sum()
    L.backward()
    W.data = [5.0, 5.0]
    assert by_name(traced(L))["W"].value.data == [1.0, 2.0]


def test_what_grad_holds_is_told_where_it_is_something_else() -> None:
    x = Tensor(3.0)
    y = x * x
    y.backward()
    assert by_name(traced(y))["x"].stored is None
    y.backward()
    node = by_name(traced(y))["x"]
    assert (node.gradient.data, node.stored.data) == (6.0, 12.0)


def test_a_trace_changes_nothing() -> None:
    x = Tensor(3.0)
    y = x * x
    y.backward()
    traced(y, sweep=True)
    assert x.grad == 6.0


def test_arrays_that_nobody_kept_are_not_kept_by_a_trace() -> None:
    x = Tensor([1.0, 2.0])
    h = x + 1.0
    L = (h - 2.0).sum()
    assert h.node.result is None
    with tg.trace_nan():
        traced(L, sweep=True)
    assert h.node.result is None


def test_freed_memory_is_told_not_invented() -> None:
    x = Tensor([1.0, 2.0])
    L = (sigmoid(x) * x).sum()
    L.backward(free=True)
    trace = traced(L)
    assert by_name(trace)["x"].value is not None
    assert [node.value is None for node in trace.nodes if node.kind == "result"] == [True, True, False]
    Trace.from_json(trace.to_json())


def test_the_oldest_of_a_very_long_record_are_left_out() -> None:
    h = Tensor(0.5)
    for _ in range(100):
        h = tg.tanh(h)
    trace = traced(h, sweep=True, limit=30)
    assert len(trace.nodes) == 30 and trace.left_out == 71
    assert trace.nodes[0].gradient is not None and trace.nodes[0].formula


ARRAYS = {
    "nan and infinity": (np.array([np.nan, np.inf, -np.inf, 1.0]), ["NaN", "Infinity", "-Infinity", 1.0]),
    "float32 in its own digits": (np.array([0.1, 0.2], np.float32), [0.1, 0.2]),
    "empty": (np.zeros((0, 3)), []),
    "a number": (np.float64(2.5), 2.5),
    "three axes": (np.arange(8.0).reshape(2, 2, 2), [[[0.0, 1.0], [2.0, 3.0]], [[4.0, 5.0], [6.0, 7.0]]]),
    "truth": (np.array([True, False]), [1, 0]),
    "huge": (np.zeros((200, 200)), None),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_in_short(case: str) -> None:
    array, data = ARRAYS[case]
    found = summarise(array, 4096)
    assert found.shape == list(np.shape(array)) and found.data == data
    json.dumps(vars(found), allow_nan=False)
    if case == "nan and infinity":
        assert (found.nan, found.infinite, found.low, found.high) == (1, 2, 1.0, 1.0)


def test_numbers_are_summed_up_rightly() -> None:
    x = RNG.normal(size=(5, 7))
    found = summarise(x, 4096)
    assert (found.low, found.high) == (x.min(), x.max())
    assert math.isclose(found.mean, x.mean()) and math.isclose(found.norm, np.linalg.norm(x))
    assert np.array_equal(found.data, x)


# JSON.


def test_a_trace_survives_json() -> None:
    trace = traced(network(), sweep=True)
    assert Trace.from_json(trace.to_json()) == trace


@pytest.mark.parametrize("name", ["</script>", '"];{', "\ud800", "\x00", "😀", "שלום", "x" * 10_000], ids=ascii)
def test_any_name_survives_json(name: str) -> None:
    trace = traced(Tensor(1.0, name) * 2.0, sweep=True)
    text = trace.to_json()
    text.encode("utf-8")
    assert Trace.from_json(text) == trace


BROKEN = {
    "not JSON": ("{", "this is not JSON"),
    "deep": ("[" * 100_000, "this is not JSON"),
    "something else": ("[1]", "this is no trace"),
    "a later version": ('{"format": "tinygrad_edu trace", "version": 2}', "version 2; this program reads version 1"),
    "nothing in it": ('{"format": "tinygrad_edu trace", "version": 1}', "trace: Trace.__init__() missing"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_trace_is_refused(case: str) -> None:
    text, words = BROKEN[case]
    with pytest.raises(ValueError) as error:
        Trace.from_json(text)
    assert words in str(error.value)


CHANGES = {
    "a number that is a word": (
        lambda t: t["nodes"][0].update(id="zero"),
        "trace.nodes[0].id is 'zero', where int is expected",
    ),
    "an unknown kind": (lambda t: t["nodes"][0].update(kind="cat"), "trace.nodes[0].kind is 'cat'"),
    "a field that there is not": (lambda t: t["nodes"][0].update(cat=1), "trace.nodes[0] has 'cat', which no Node has"),
    "an edge to nowhere": (lambda t: t["edges"][0].update(target=99), "damaged"),
    "a result that is not there": (lambda t: t.update(result=99), "damaged"),
    "a step along no edge": (lambda t: t["steps"][-1].update(edge=99), "damaged"),
    "fewer numbers than the shape says": (lambda t: t["nodes"][0]["value"].update(data=[1.0]), "damaged"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_damaged_trace_is_refused(case: str) -> None:
    change, words = CHANGES[case]
    x = Tensor([1.0, 2.0])
    plain = json.loads(traced((x * x).sum(), sweep=True).to_json())
    change(plain)
    with pytest.raises(ValueError) as error:
        Trace.from_json(json.dumps(plain))
    assert words in str(error.value)


WRITTEN = {
    "an operator": ("z = W @ x", r"W \, x"),
    "a function": ("z = tg.cross_entropy(W @ W, y)", r"\operatorname{CE}(W \, W, y)"),
    "by name": ("z = tg.cross_entropy(target=y, logits=W)", r"\operatorname{CE}(W, y)"),
    "a method": ("z = W.dot(x)", r"W \cdot x"),
    "an expression": ("z = W * (1 - x)", r"W \odot \left(\text{1 - x}\right)"),
    "an index": ("z = tg.embedding(W, index)", r"W_{[\text{index}]}"),
    "a condition": (
        "z = tg.where(x > 0, W, 0.0)",
        r"\begin{cases} {W} & \text{if} \; \text{x > 0} \\ {0} & \text{otherwise} \end{cases}",
    ),
    "in a list": (
        "z = tg.concatenate([W, x[None], x[:, None].T])",
        r"\operatorname{concatenate}([W, \text{x[None]}, \text{x[:, None].T}])",
    ),
    "in place": ("z = W * 2\nz += x", "z_{1} + x"),
    "a power of a function": ("z = tg.tanh(W) ** 2", r"\left(\tanh(W)\right)^{2}"),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_plain_arrays_are_called_what_the_program_calls_them(case: str, tmp_path: Any) -> None:
    program, formula = WRITTEN[case]
    file = tmp_path / "program.py"
    file.write_text(program, encoding="utf-8")
    names: dict[str, Any] = {
        "tg": tg,
        "W": Tensor([[1.0, 2.0], [3.0, 4.0]], "W"),
        "x": np.ones(2),
        "y": np.array([0, 1]),
        "index": np.array([0, 1, 0]),
    }
    exec(compile(program, str(file), "exec"), names)
    node = traced(names["z"]).nodes[-1]
    assert (node.variable or node.name, node.formula) == ("z", formula)


SQUARE = {
    "a power": (lambda A: A**2, True),
    "an exponential": (np.exp, True),
    "a quotient of matrices": (lambda A: A / (A + 5), True),
    "a sum": (lambda A: A + A, False),
    "a product with its own sign": (lambda A: A * A, False),
    "a quotient by a number": (lambda A: A / 2, False),
    "of a matrix that is not square": (lambda A: np.exp(A[:1]), False),
    "of a vector": (lambda A: A[0] ** 2, False),
}


@pytest.mark.parametrize("case", SQUARE)
def test_what_could_be_read_as_one_of_matrices_is_said_to_be_element_by_element(case: str) -> None:
    function, said = SQUARE[case]
    assert traced(function(Tensor([[1.0, 2.0], [3.0, 4.0]], "A"))).nodes[-1].elementwise is said


def test_a_cell_is_called_what_the_notebook_calls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel keeps each cell in a file of its own, whose name says nothing."""
    monkeypatch.chdir(Path(__file__).parent)  # not a folder above that file: its name would be the way to it
    file = "/elsewhere/ipykernel_17/2718.py"
    program = "y = x * 2\n"
    monkeypatch.setitem(linecache.cache, file, (len(program), None, [program], file))
    names: dict[str, Any] = {"x": Tensor(3.0, "x")}
    exec(compile(program, file, "exec"), names)
    titles = {file: ("Cell", "In[3]")}
    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=titles.get))
    (made,) = [node for node in traced(names["y"]).nodes if node.op]
    assert made.place is not None and made.place.file == "2718.py"
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    (made,) = [node for node in traced(names["y"]).nodes if node.op]
    assert made.place is not None and made.place.file == "In[3]"
    assert locations.of_node(names["y"].node).underlined().startswith("In[3], line 1:  y = x * 2")
    assert locations.file_title(__file__) == "test_tracing.py"
