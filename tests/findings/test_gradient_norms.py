"""Gradient norms over training: as numbers, in a table, in a line, and as a plot; and what is bad is told in words."""

import argparse
import io
import math
import re
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from tinygrad_edu import Tensor, embedding, nn, optim
from tinygrad_edu.commands import train
from tinygrad_edu.data import digits
from tinygrad_edu.findings.gradient_norms import GradientNorms
from tinygrad_edu.nn import norm_record
from tinygrad_edu.numeric.norms import norm
from tinygrad_edu.output.progress import Progress
from tinygrad_edu.output.terminal import Screen, columns, shorten
from tinygrad_edu.render import chart, plot
from tinygrad_edu.render.scene import Group, Shape, Text


def watched(series, losses=None, **options):
    """Norms that have seen parameters with these gradients, one a step; None is no gradient."""
    tensors = {name: Tensor(2.0) for name in series}
    found = GradientNorms(tensors, **{"on_bad": lambda loss, words: None, **options})
    for step in range(len(next(iter(series.values())))):
        for name, tensor in tensors.items():
            tensor.grad = series[name][step]
        found(None if losses is None else losses[step])
    return found


def trained(steps=5, **options):
    """A small network, trained, and what was seen: the norms, and what they should be."""
    rng = np.random.default_rng(0)
    net = nn.MLP((3, 4, 2), np.tanh, rng=rng)
    found, expected = GradientNorms(net, **options), []
    optimiser = optim.SGD(net.parameters(), 0.1, callback=found)
    for _ in range(steps):
        loss = (net(rng.normal(size=(5, 3))) ** 2).sum()
        optimiser.zero_grad()
        loss.backward()
        before = [(np.linalg.norm(p.grad), np.linalg.norm(p.data)) for p in net.parameters()]
        expected.append((loss.item(), before))
        optimiser.step(loss)
    return found, expected


# The numbers.


def test_the_norms_are_those_before_the_step():
    found, expected = trained()
    assert found.steps.tolist() == [1, 2, 3, 4, 5]
    assert found.losses.tolist() == [loss for loss, _ in expected]
    assert [*found.norms] == ["W(1)", "b(1)", "W(2)", "b(2)"] == [*found.sizes] == [*found.ratios]
    seen = np.array([[*found.norms.values()], [*found.sizes.values()]])
    np.testing.assert_allclose(seen.T, [pairs for _, pairs in expected], rtol=1e-14)
    np.testing.assert_allclose(found.ratios["W(2)"], seen[0, 2] / seen[1, 2])
    assert not found.bad.any() and [*found.last().values()] == seen[0, :, -1].tolist()


@pytest.mark.parametrize("scale", [1.0, 1e200, 1e-200, 1e-310, 1e307, 5e-324])
def test_a_norm_neither_overflows_nor_vanishes(scale):
    assert norm(np.array([[3.0], [4.0]]) * scale) == pytest.approx(5 * scale, rel=1e-14, abs=0)


@pytest.mark.parametrize("dtype, x", [(np.float32, 3e38), (np.float32, 1e-44), (np.float16, 6e4)])
def test_a_norm_of_narrow_numbers_is_wide(dtype, x):
    array = np.full((10, 10), x, dtype)
    assert norm(array) == pytest.approx(10 * float(array[0, 0]), rel=1e-14) and isinstance(norm(array), float)


def test_a_norm_of_what_has_none():
    assert norm(np.zeros((0, 3))) == 0 == norm(np.zeros(3)) and norm(np.float64(-3)) == 3
    assert math.isnan(norm(np.array([np.inf, np.nan]))) and norm(np.array([1.0, -np.inf])) == math.inf


def test_rows_that_are_used_twice_are_added_up():
    table = Tensor(np.ones((50, 2)), "E")
    found = GradientNorms([table])
    (embedding(table, np.array([7, 7, 7, 9])) * 2).sum().backward()
    assert type(table.node.grad).__name__ == "Rows"
    found()
    assert found.norms["E"].tolist() == [np.linalg.norm(table.grad)] == [math.sqrt(2 * 6**2 + 2 * 2**2)]


def test_what_is_watched_and_its_names():
    W, b = Tensor([1.0], "W"), Tensor([2.0])
    net = nn.Module()
    net.parts = [nn.Linear(2, 2), nn.Linear(2, 1, bias=False)]
    assert [*GradientNorms([W, b]).watched] == ["W", "b"]
    assert [*GradientNorms(p for p in [W, Tensor([1.0])]).watched] == ["W", "p[1]"]
    assert [*GradientNorms([W, Tensor(1.0, "W")]).watched] == ["p[0]", "p[1]"]
    assert [*GradientNorms({"one": W, "other": b}).watched.items()] == [("one", W), ("other", b)]
    assert [*GradientNorms(optim.Adam([W, b])).watched] == ["W", "b"]
    assert [*GradientNorms(net).watched] == ["parts.0.W", "b", "parts.1.W"]
    net.parts[0].b.name = "parts.1.W"
    assert [*GradientNorms(net).watched] == ["parts.0.W", "parts.0.b", "parts.1.W"]


def test_no_gradient_is_none_and_a_dash():
    found = watched({"a": [1.0, None], "b": [None, None]})
    assert [look.norms for look in found.looks] == [(1.0, None), (None, None)]
    assert np.isnan(found.norms["a"]).tolist() == [False, True] and not found.bad.any()
    assert found.table().split("\n")[2:] == [
        "a  number  1      -     1         1        ▁",
        "b  number  -      -     -         -",
    ]
    assert found.line() == "|∂a| -  |∂b| -"


def test_only_some_steps_are_looked_at():
    found = watched({"a": range(1, 11)}, every=4)
    assert found.steps.tolist() == [1, 5, 9] and found.norms["a"].tolist() == [1, 5, 9] and found.count == 10
    assert str(found).startswith("10 steps, one of 4 looked at\n")


def test_a_long_run_is_thinned_out(monkeypatch):
    monkeypatch.setattr(norm_record, "MOST", 20)
    size = [float(i) for i in range(1, 1001)]
    size[436] = math.nan
    size[776] = 5000.0
    found = watched({"a": size})
    steps = found.steps
    assert len(steps) <= 20 and steps[0] == 1 and steps[-1] == 1000 and 437 in steps and 777 not in steps
    regular = [step for step in steps[:-1] if step != 437]
    assert len(set(np.diff(regular))) == 1 and len(regular) >= 8
    assert all(n == step for step, n in zip(steps, found.norms["a"]) if step != 437)
    assert "1      1000  1         5000" in found.table(), "the largest counts even where it was not kept"


def test_memory_is_bounded_even_if_all_is_bad(monkeypatch):
    monkeypatch.setattr(norm_record, "MOST", 20)
    found = watched({"a": [1.0] * 98 + [math.inf] * 402})
    assert len(found.looks) <= 20 and found.number_bad == 402 and found.steps[[0, -1]].tolist() == [1, 500]
    assert found.steps[found.bad][0] == 99, "the first bad one stays"


# What is bad.


def bad_step(**options):
    W, b = Tensor(np.ones((2, 3)), "W(2)"), Tensor(1.0, "b")
    found = GradientNorms([W, b], **options)
    W.grad, b.grad = np.ones((2, 3)), 0.5
    found(1.0)
    return W, b, found


def test_nan_stops_before_the_step_and_says_where():
    W, b, found = bad_step()
    W.grad = [[np.nan, np.nan, 1], [np.inf, np.nan, 1]]
    optimiser = optim.SGD([W, b], 0.1, callback=found)
    with pytest.raises(FloatingPointError) as caught:
        optimiser.step(Tensor(0.5))
    assert str(caught.value) == "step 2: the gradient of W(2) has 3 of 6 nan and 1 of 6 infinite"
    first, last = caught.value.__notes__
    assert re.match(r"test_gradient_norms.py, line \d+:  optimiser.step\(Tensor\(0.5\)\)\n +\^+$", first)
    assert last == "explain(loss) says where it came from, step_here(loss) stops there."
    assert (W.data == 1).all() and b.item() == 1 and optimiser.steps == 0
    assert found.bad.tolist() == [False, True] and found.trouble == str(caught.value)


@pytest.mark.parametrize(
    "w, b, loss, options, words",
    [
        (1.0, np.nan, 1.0, {}, "the gradient of b is nan"),
        (1.0, 0.5, np.nan, {}, "the loss is nan"),
        (1.0, None, np.float32(np.inf), {}, "the loss is inf"),
        (np.inf, np.nan, -np.inf, {}, "the loss is -inf; the gradient of W(2) has 6 of 6 infinite; the gradient of b is nan"),  # noqa: E501
        (10.0, 0.5, None, {"limit": 20}, "the gradient of W(2) has norm 24.49, above the limit of 20"),
        (1.5e308, 0.5, None, {}, "the gradient of W(2) has norm inf"),
    ],
)  # fmt: skip
def test_each_fault_is_told(w, b, loss, options, words):
    W, beta, found = bad_step(**options)
    W.grad, beta.grad = np.full((2, 3), w), b
    with pytest.raises(FloatingPointError) as caught:
        found(loss)
    assert str(caught.value) == f"step 2: {words}"


def test_of_many_faults_three_are_told():
    found = GradientNorms({name: Tensor(1.0) for name in "abcdef"})
    for p in found.watched.values():
        p.grad = np.nan
    with pytest.raises(
        FloatingPointError, match=r"^step 1: the gradient of a is nan; .* b is nan; .* c is nan; 3 more\n"
    ):
        found()


def test_rows_that_are_nan_are_counted_in_the_whole_table():
    table = Tensor(np.ones((50, 2)), "E")
    (embedding(table, np.array([7, 7])) * np.array([np.nan, 1])).sum().backward()
    with pytest.raises(FloatingPointError, match="^step 1: the gradient of E has 1 of 100 nan\n"):
        GradientNorms([table])()


def test_on_bad_is_called_once():
    called = []
    found = watched(
        {"a": [1.0, math.nan, 1.0, math.inf]},
        [3.0, 2.0, 1.0, 0.0],
        on_bad=lambda loss, words: called.append((loss, words)),
    )
    assert called == [(2.0, "step 2: the gradient of a is nan")]
    assert found.bad.tolist() == [False, True, False, True] and found.number_bad == 2
    assert found.table().split("\n")[-1] == "2 bad, the first at step 2: the gradient of a is nan"


MISUSES = {
    "a tensor": (
        lambda: GradientNorms(Tensor(1.0, "W")),
        "TypeError: gradient norms are those of Tensors that are leaves, in a list, not W",
    ),
    "a result": (
        lambda: GradientNorms([Tensor(1.0, "W") * 2]),
        "TypeError: gradient norms are those of Tensors that are leaves, in a list, not the result of multiply",
    ),
    "a constant": (
        lambda: GradientNorms({"c": Tensor(1.0, "c", requires_grad=False)}),
        "TypeError: gradient norms are those of Tensors that are leaves, in a list, not c, a constant",
    ),
    "a number": (
        lambda: GradientNorms(3),
        "TypeError: gradient norms are those of Tensors that are leaves, in a list, not 3",
    ),
    "a strange name": (lambda: GradientNorms({1: Tensor(1.0)}), "TypeError: a name is a string, not int"),
    "nothing": (lambda: GradientNorms([]), "ValueError: there is no parameter to watch"),
    "no names": (lambda: GradientNorms({}), "ValueError: there is no parameter to watch"),
    "limit": (lambda: GradientNorms([Tensor(1.0)], limit=0), "ValueError: limit is a norm above 0, or None, not 0"),
    "every": (
        lambda: GradientNorms([Tensor(1.0)], every=0),
        "ValueError: every is a number of steps, from 1 up, not 0",
    ),
    "a loss of many": (
        lambda: GradientNorms([Tensor(1.0)])(Tensor([1.0, 2.0], "E")),
        "TypeError: the loss is a single number, not E of shape (2,)",
    ),
    "a loss of words": (lambda: GradientNorms([Tensor(1.0)])("x"), "TypeError: the loss is a single number, not 'x'"),
    "a theme": (
        lambda: GradientNorms([Tensor(1.0)]).plot(theme="pink"),
        "ValueError: there is no theme 'pink'; there are 'light' and 'dark'",
    ),
}


@pytest.mark.parametrize("case", MISUSES)
def test_a_misuse_is_answered_with_a_sentence(case):
    program, words = MISUSES[case]
    with pytest.raises((TypeError, ValueError)) as caught:
        program()
    assert f"{type(caught.value).__name__}: {caught.value}" == words


def test_what_are_no_parameters_is_told_with_an_example():
    with pytest.raises(TypeError) as caught:
        GradientNorms([1.0])
    for remedy in ("GradientNorms(net)", "GradientNorms([W, b])", "GradientNorms({'W': W, 'b': b})"):
        assert remedy in caught.value.__notes__[-1]


# To be read.


def test_before_the_first_step_it_says_so():
    found = GradientNorms([Tensor(1.0, "W")])
    assert str(found) == "no step has been looked at yet" and found.line() == "no step yet"
    assert found.norms["W"].shape == (0,) == found.steps.shape == found.sizes["W"].shape and found.last() == {}
    assert repr(found) == "<gradient norms of 1 parameters at 0 steps; print shows them, .plot() draws them>"


def test_called_before_backward_it_says_so():
    assert watched({"a": [None]}).table().endswith("\nThere was no gradient: call norms(loss) after loss.backward().")


def test_the_line():
    assert watched({"W(1)": [0.02134], "W(2)": [0.31]}, [0.31214]).line() == "loss 0.3121  |∂W(1)| 0.0213  |∂W(2)| 0.31"
    assert watched({"W": [1e-7], "b": [0.0]}, [100.0]).line() == "loss 100.0  |∂W| 1e-07  |∂b| 0"
    assert watched({"W": [math.nan]}, [math.inf]).line() == "loss inf  |∂W| nan"


def test_the_line_leaves_out_layers_in_the_middle():
    found = watched({f"W({i})": [0.5] for i in range(1000)}, [1.0])
    assert found.line() == "loss 1.000  |∂W(0)| 0.5  |∂W(1)| 0.5  ...  |∂W(998)| 0.5  |∂W(999)| 0.5"
    assert len(found.line()) <= 80 and found.line(50) == "loss 1.000  |∂W(0)| 0.5  ...  |∂W(999)| 0.5"


def test_the_course_of_a_known_run():
    found = watched({"a": [10.0**i for i in range(8)], "b": [1e3, 0, math.nan, None, 1e3, 1e3 * 1.01, 5e2, 2.5e2]})
    assert [line[-8:] for line in found.table().split("\n")[2:4]] == ["▁▂▃▄▅▆▇█", "█_x ██▄▁"]


def test_many_steps_share_a_character_by_their_geometric_mean():
    found = watched({"a": [*[1.0, 100.0] * 500, *[1e9] * 1000]})
    course = found.table().split("\n")[2].split()[-1]
    assert set(course) == {"▁", "█"} and abs(course.count("▁") - course.count("█")) <= 1 and len(course) > 12


def test_a_course_that_hardly_changes_is_level():
    assert "▁▁▁▁" in watched({"a": [1.0, 1.01, 0.99, 1.0]}).table()


@pytest.mark.parametrize("width", [40, 50, 60, 80])
@pytest.mark.parametrize("names", [["W(1)", "b(1)"], ["layers.0.attention.query.W", "层" * 30, "x" * 1000]])
def test_the_table_fits(names, width, monkeypatch):
    found = watched({name: np.logspace(-8, -300, 99) for name in names}, np.ones(99))
    monkeypatch.setenv("COLUMNS", str(width))
    assert str(found) == found.table(width)
    lines = str(found).split("\n")
    assert max(map(columns, lines)) <= width and len(lines) == 2 + len(names)
    assert all(len(re.findall("[▁-█]", line)) >= 12 and "1e-300" in line for line in lines[2:])


def test_a_long_path_shows_both_its_ends():
    assert shorten("layers.0.attention.query.W", 20) == "layers.0.....query.W"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_old_terminal_gets_what_it_can_show(encoding, monkeypatch):
    found = watched({"σ": [10.0**i for i in range(9)]}, np.ones(9))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    shown = str(found)
    assert shown.encode(encoding) and shown.endswith(".:-=+*#%@") and found.line() == "loss 1.000  |dsigma| 1e+08"
    monkeypatch.setattr(sys, "stdout", None)
    assert str(found).endswith("█")


# The plot.


def groups(group, kind):
    """All groups of a kind."""
    for item in group.items:
        if isinstance(item, Group):
            if item.kind == kind:
                yield item
            yield from groups(item, kind)


def texts(scene):
    """What is written: words, or LaTeX."""
    return [item.label.latex or item.label.text for item in scene.root.items if isinstance(item, Text)]


RUNS = {
    "usual": {"W(1)": [0.5, 0.1, 0.2], "W(2)": [1.0, 2.0, 3.0]},
    "zeros": {"W(1)": [0.0] * 5, "W(2)": [0.0] * 5},
    "one step": {"W(1)": [0.5], "W(2)": [0.1]},
    "nan": {"W(1)": [math.nan] * 3, "W(2)": [math.inf] * 3},
    "one value": {"W(1)": [1.0, 1.0], "W(2)": [1.0, 1.0]},
    "no gradient": {"W(1)": [None] * 3, "W(2)": [0.1, 0.2, None]},
    "far": {"W(1)": np.logspace(-320, 300, 50), "W(2)": np.logspace(300, -320, 50)},
    "long": {"W(1)": np.logspace(0, -3, 5000), "W(2)": [*np.logspace(0, 3, 4000), *[math.nan] * 1000]},
    "many": {f"W({i})": [0.5**i, 0.4**i] for i in range(1, 41)},
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("losses", [False, True])
def test_every_parameter_has_its_line_and_its_name(run, losses):
    series = RUNS[run]
    number = len(next(iter(series.values())))
    scene = watched(series, np.linspace(2, 1, number) if losses else None).plot().scene
    assert {line.data["parameter"] for line in groups(scene.root, "line")} == set(series)
    names = [latex.partition(r"\text")[0] for latex in texts(scene) if latex.startswith("W^")]
    assert len(names) == len(set(names)) == min(30, len(series)) and {"W^{(1)}", "W^{(2)}"} - {*names} <= {"W^{(2)}"}
    assert ("loss" in texts(scene)) == losses and ("10 more in grey" in texts(scene)) == (run == "many")
    for item in shapes(scene.root):
        numbers = [float(x) for x in re.findall(r"-?[\d.]+(?:e-?\d+)?", item.path)]
        assert all(map(math.isfinite, numbers)) and "nan" not in item.path and "inf" not in item.path
    ends = [item for item in scene.root.items if isinstance(item, Text) and item.x > plot.LEFT + plot.WIDE]
    gaps = np.diff(sorted(item.y for item in ends))
    assert (gaps >= plot.PITCH - 1e-9).all() and all(0 < item.y < scene.height for item in ends)
    assert all(item.x + item.label.width <= scene.width - 12 for item in ends)


def shapes(group):
    for item in group.items:
        if isinstance(item, Group):
            yield from shapes(item)
        elif isinstance(item, Shape):
            yield item


def test_a_line_is_where_its_numbers_are():
    found = watched({"W": [1e-3, 1e-2, 0.0, 1e-1, math.nan, 1e-3]})
    first, second = next(groups(found.plot().scene.root, "line")).items
    bottom, right = plot.TOP + plot.HIGH, plot.LEFT + plot.WIDE
    points = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", first.path)]
    expected = [(0, bottom), (0.2, bottom - plot.HIGH / 2), (0.4, bottom + plot.LANE - 6), (0.6, plot.TOP)]
    np.testing.assert_allclose(points, [(plot.LEFT + plot.WIDE * x, y) for x, y in expected], atol=0.06)
    assert second.name == "dot" and second.path.startswith(f"M {right - 1.3 * 2.2:.2f} {bottom:.2f}")


def test_what_is_bad_is_marked():
    scene = watched({"a": [1.0, 1.0, math.nan, 1.0], "b": [1.0] * 4}).plot().scene
    assert "bad at step 3" in texts(scene)
    assert [shape.name for shape in shapes(scene.root) if shape.stroke == "alarm"] == ["", "cross"]
    assert not [
        shape for shape in shapes(watched({"a": [1.0]}).plot().scene.root) if "alarm" in shape.stroke + shape.fill
    ]
    (high,) = (s for s in shapes(watched({"a": [1.0, 1e6, 1e9]}, limit=10).plot().scene.root) if s.name == "cross")
    assert float(high.path.split()[2]) == plot.TOP + plot.HIGH / 3 - 5, "where it is above the limit, at its own height"


def test_names_are_pushed_apart_as_little_as_can_be():
    assert chart.spread([10, 10, 10], 5, 0, 100) == [5, 10, 15]
    assert chart.spread([10, 50, 51], 5, 0, 100) == [10, 48, 53]
    assert chart.spread([0, 0, 99, 100], 5, 0, 100) == [0, 5, 95, 100]
    assert chart.spread([], 5, 0, 100) == []


@pytest.mark.parametrize("theme", ["light", "dark", None])
def test_files_are_what_they_are_called(tmp_path, theme):
    drawn = trained()[0].plot(theme=theme)
    for ending in ("svg", "pdf", "png"):
        assert drawn.save(tmp_path / f"norms.{ending}") == tmp_path / f"norms.{ending}"
    root = ElementTree.parse(tmp_path / "norms.svg").getroot()
    assert root.tag.endswith("svg") and root.get("aria-label") == "Gradient norms of 4 parameters over 5 steps"
    assert {"W(1)", "b(1)", "W(2)", "b(2)"} <= {title.text for title in root.iter("{http://www.w3.org/2000/svg}title")}
    assert (tmp_path / "norms.pdf").read_bytes().startswith(b"%PDF-1.5")
    with Image.open(tmp_path / "norms.png") as image:
        assert image.size[0] > 1200 and image.convert("RGB").getcolors(10**6)[100:]
        assert image.convert("RGB").getpixel((0, 0)) == ((21, 24, 28) if theme == "dark" else (255, 255, 255))
    bundle = drawn._repr_mimebundle_()
    ElementTree.fromstring(bundle["image/svg+xml"])
    assert bundle["text/plain"] == (
        "<Gradient norms of 4 parameters over 5 steps; .save('norms.svg') writes them to a file>"
    )


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    drawn = watched({"a": [1.0]}).plot()
    with pytest.raises(ValueError, match="norms.gif does not end in a format .* saved in: svg, pdf, png$"):
        drawn.save(tmp_path / "norms.gif")
    with pytest.raises(ValueError, match="scale is the number of pixels to a point, above 0 and below 100, not 0"):
        drawn.save(tmp_path / "norms.png", scale=0)
    with pytest.raises(OSError):
        drawn.save(tmp_path / "missing" / "norms.png")
    assert not list(tmp_path.iterdir())


HOSTILE = ["<script>alert(1)</script>", "a\x1b[31m\0\n", "x" * 1000, r"\frac{", "]]>&quot;", "\ud800", "\u202e", ""]


def test_hostile_names_are_harmless(tmp_path):
    found = watched({name: [1.0, math.nan] for name in HOSTILE}, [1.0, 2.0])
    for shown in (str(found), found.line(), found.trouble):
        assert "\x1b" not in shown and "\0" not in shown and "\u202e" not in shown and shown.encode()
        assert max(map(len, str(found).split("\n"))) <= 80
    drawn = found.plot()
    text = drawn.svg()
    ElementTree.fromstring(text)
    assert "<script" not in text
    for ending in ("svg", "pdf", "png"):
        assert drawn.save(tmp_path / f"norms.{ending}").stat().st_size > 1000


# The main job.

OPTIONS = dict(epochs=2, batch=200, seed=0)


def test_training_tells_the_norms(capsys):
    net, data = train.network(5, 0), digits(seed=0)
    bar = Progress("epoch", 2, lines=5)
    train.show_norms(Screen(), train.train_network(net, data, argparse.Namespace(**OPTIONS, rate=0.5), bar))
    shown = capsys.readouterr()
    number = r"\d\.\d+(e-\d+)?"
    assert re.search(rf"^  epoch 2/2: mean loss {number}, gradients A {number} B {number}$", shown.err, re.MULTILINE)
    lines = shown.out.strip().split("\n")
    assert lines[0] == "Gradient norms over training" and re.match(r"  16 steps, loss from 2\.\d+ to ", lines[2])
    assert [line.split()[0] for line in lines[4:]] == ["A", "B"] and max(map(len, lines)) <= 80


def test_training_that_diverges_is_told_in_a_sentence():
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"^step \d: .*; a --rate below 1e\+308 may help$"):
        train.train_network(
            train.network(5, 0), digits(seed=0), argparse.Namespace(**OPTIONS, rate=1e308), Progress("epoch")
        )
