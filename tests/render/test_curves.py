"""Curves: a line is where its numbers are, names do not touch, ticks are round, what has no place is counted."""

import itertools
import math
import re

import numpy as np
import pytest

from tinygrad_edu import Tensor
from tinygrad_edu.render import chart
from tinygrad_edu.render.curves import CROWD, MOST, WIDE, curves, rows_of_marks
from tinygrad_edu.render.scene import Group, Shape, Text


def lines(drawing):
    """The groups of the lines, by name."""
    return {item.data["name"]: item for item in drawing.scene.root.items if isinstance(item, Group)}


def texts(drawing):
    return [item for item in drawing.scene.root.items if isinstance(item, Text)]


def said(drawing):
    return [item.label.latex or item.label.text for item in texts(drawing)]


def points(shape):
    return [(float(x), float(y)) for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", shape.path)]


def position(drawing, number):
    """Where a tick of the y axis with this word is."""
    y, *_ = (item.y - 4.2 for item in texts(drawing) if number in (item.label.text, item.label.latex))
    return y


def test_a_line_is_where_its_numbers_are():
    drawing = curves({"a": [0, 1, math.nan, 4, 2]}, [0, 1, 2, 3, 4])
    first, second = lines(drawing)["a"].items
    zero, two, four = (position(drawing, number) for number in "024")
    (x0, y0), (x1, y1), (x3, y3), (x4, y4) = points(first) + points(second)
    np.testing.assert_allclose([y0, y1, y3, y4], [zero, (zero + two) / 2, four, two], atol=0.11)
    np.testing.assert_allclose([x1 - x0, x3 - x0, x4 - x0], [WIDE / 4, 3 * WIDE / 4, WIDE], atol=0.11)


def test_on_a_logarithmic_axis_decades_are_equally_far_apart():
    drawing = curves({"a": [1e-8, 1e-4, 1.0]}, [1, 10, 1000], log="xy")
    (shape,) = lines(drawing)["a"].items
    (x0, y0), (x1, y1), (x2, y2) = points(shape)
    assert abs((y0 - y1) - (y1 - y2)) < 0.2 and abs(2 * (x1 - x0) - (x2 - x1)) < 0.3
    assert {"10^{-8}", "10^{-4}", "10^{0}", "10^{3}"} <= {*said(drawing)}
    assert abs(position(drawing, "10^{-4}") - y1) < 0.2


def test_what_has_no_place_is_left_out_and_counted():
    drawing = curves({"a": [0.0, -1.0, math.inf, 1.0, 10.0]}, log="y")
    (shape,) = lines(drawing)["a"].items
    assert len(points(shape)) == 2
    assert repr(drawing).startswith("<curves: a over x; 1 number not finite and 2 numbers not above 0 left out; ")
    drawing = curves({"a": [math.nan, math.nan], "b": [1, 2]}, xlabel="")
    assert repr(drawing).startswith("<curves: a and b; 2 numbers not finite left out;")
    assert not lines(drawing)["a"].items and "a" in said(drawing), "its name stands there all the same"


def test_names_do_not_touch_and_stay_in_the_picture():
    drawing = curves({f"line {i}": np.full(3, 1 + 1e-9 * i) for i in range(MOST)})
    ends = [item for item in texts(drawing) if (item.label.text or "").startswith("line ")]
    gaps = np.diff(sorted(item.y for item in ends))
    assert len(ends) == MOST and (gaps >= chart.PITCH - 1e-9).all()
    assert all(0 < item.y < drawing.scene.height for item in ends)
    assert all(item.x + item.label.width <= drawing.scene.width - 12 for item in ends)
    looks = {(shape.stroke, shape.dash) for group in lines(drawing).values() for shape in group.items}
    assert len(looks) == MOST, "no two lines look the same"


def test_dots_have_shapes_of_their_own():
    drawing = curves({name: [1, 2, 2] for name in "abcd"}, {name: [0, 1, 1] for name in "abcd"}, points=True)
    forms = [re.sub(r"^M \S+ \S+", "", group.items[0].path) for group in lines(drawing).values()]
    scattered = curves({"a": [5.0, math.nan, 1.0]}, [3.0, 2.0, 1.0], points=True)
    (link,) = (item for item in scattered.scene.root.items if isinstance(item, Shape) and item.stroke == "line0")
    assert abs(float(link.path.split()[2]) - position(scattered, "5")) < 0.2, "the name is beside the dot at the right"
    assert len(set(forms)) == 4 and [len(group.items) for group in lines(drawing).values()] == [2] * 4


def test_marks_stand_at_their_places_and_no_hairline_crosses_a_word():
    marks = {"here": 2.0, "a long word": 1.9, "$x^2$": 0.0, "outside": 12.0}
    drawing = curves({"a": np.arange(11.0)}, marks=marks, ylabel="something rather long")
    hairs = [item for item in drawing.scene.root.items if isinstance(item, Shape) and item.name == "mark"]
    words = [item for item in texts(drawing) if item.fill == "ink" or item.label.text == "something rather long"]
    assert len(hairs) == 4 and "x^2" in said(drawing)
    for hair, word in itertools.product(hairs, words):
        x, top = map(float, hair.path.split()[1:3])
        assert not (word.x < x < word.x + word.label.width and top < word.y), (hair, word)
    xs = sorted(float(hair.path.split()[1]) for hair in hairs)
    np.testing.assert_allclose(np.diff(xs) / WIDE * 12, [1.9, 0.1, 10.0], atol=0.01)
    assert curves({"a": [0, 1]}, marks={"one": 0.5, "two": 0.5}).svg(), "two at one place"
    assert rows_of_marks([(0, 50), (30, 50), (100, 10)]) == [1, 0, 0] and rows_of_marks(
        [(0, 50), (30, 90), (100, 10)]
    ) == [2, 1, 0]


@pytest.mark.parametrize("low, high", [(0, 1), (-8, 8), (1e-9, 3e-9), (-1e12, 5e11), (0.999, 1.001), (-1e290, 1e290)])
def test_ticks_are_round_few_and_inside(low, high):
    found = chart.round_numbers(low, high, 8)
    values = [at for at, _ in found]
    assert 3 <= len(found) <= 9 and len({words for _, words in found}) == len(found)
    assert all(low - 1e-6 * (high - low) <= at <= high + 1e-6 * (high - low) for at in values)
    steps = np.diff(np.array(values) / (values[1] - values[0]))
    np.testing.assert_allclose(steps, 1, rtol=1e-6)
    mantissa = (values[1] - values[0]) / 10.0 ** math.floor(math.log10((values[1] - values[0]) * (1 + 1e-9)))
    assert min(abs(mantissa - m) for m in (1, 2, 5)) < 1e-3


def test_ticks_say_what_they_are():
    assert chart.round_numbers(-1, 1, 5) == [(-1.0, "−1.0"), (-0.5, "−0.5"), (0.0, "0"), (0.5, "0.5"), (1.0, "1.0")]
    assert [words for _, words in chart.round_numbers(0, 20_000, 5)] == ["0", "5,000", "10,000", "15,000", "20,000"]
    assert chart.round_numbers(0, 2e-7, 2)[1:] == [(1e-7, r"$1 \times 10^{-7}$"), (2e-7, r"$2 \times 10^{-7}$")]
    assert [words for _, words in chart.powers_of_ten(-9, 0, 5)] == [f"$10^{{{k}}}$" for k in (-8, -6, -4, -2, 0)]
    assert [words for _, words in chart.powers_of_ten(0, 1, 5)] == ["1", "2", "5", "10"]
    assert [words for _, words in chart.powers_of_ten(-7, -6, 5)][0] == r"$1 \times 10^{-7}$"
    assert [words for _, words in chart.powers_of_ten(math.log10(1.1), math.log10(1.3), 2)] == ["1.1", "1.2", "1.3"]


def test_words_and_mathematics():
    assert chart.label("price in $", 12).text == "price in $" and chart.label("plain", 12).text == "plain"
    assert chart.label("the loss $R_1$ of 50%", 12).latex == r"\text{the loss }R_1\text{ of 50\%}"
    assert chart.label(r"$\sigma'$", 12).latex == r"\sigma'"


@pytest.mark.parametrize("ys", [[], [1.0], [3.0, 3.0], [0.0, 0.0], [math.nan] * 2, [1e-320, 1e308], [-1e308, 1e308]])
@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
def test_strange_numbers_are_drawn(ys, log):
    drawing = curves({"a": ys, "b": Tensor([1.0] * len(ys))}, [1] * len(ys), log=log, points=False)
    for path in re.findall(r' d="([^"]*)"', drawing.svg()):
        assert "nan" not in path and "inf" not in path


def test_of_very_many_points_those_that_one_sees_are_kept():
    ys = np.sin(np.arange(200_000) / 3000)
    ys[123_456] = 40.0
    (shape,) = lines(curves({"a": ys}))["a"].items
    assert len(points(shape)) < 4 * CROWD and min(y for _, y in points(shape)) < 60, "the spike is there"


def test_it_is_the_same_in_another_theme():
    drawing = curves({"a": [1.0, 2.0]}, theme="light")
    light = drawing.svg()
    assert drawing.in_theme("dark").svg() == curves({"a": [1.0, 2.0]}, theme="dark").svg() != light == drawing.svg()
    with pytest.raises(ValueError, match="there is no theme 'pink'"):
        drawing.in_theme("pink")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_files_are_what_they_are_called(tmp_path, theme):
    drawing = curves({"σ": [0.0, 1.0], "$x^2$": [1.0, 0.0]}, marks={"m": 0.5}, theme=theme)
    begins = {"svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG"}
    for ending, begin in begins.items():
        assert drawing.save(tmp_path / f"a.{ending}").read_bytes().startswith(begin)
    bundle = drawing._repr_mimebundle_()
    assert bundle["text/plain"] == repr(drawing) and bundle["image/svg+xml"].startswith('<svg style="max-width:100%')
    assert "<text" not in drawing.svg()
    with pytest.raises(ValueError, match=r"a.jpg does not end in a format that a plot can be saved in: svg, pdf, png"):
        drawing.save(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: curves({}), "curves takes 1 to 24 lines, which is what can be told apart, not 0"),
        (lambda: curves({"a": [1, 2]}, [1]), r"the line 'a' has the shape \(2,\), and x \(1,\): both are to be \(n,\)"),
        (lambda: curves({"a": [[1, 2]]}), r"the line 'a' has the shape \(1, 2\)"),
        (lambda: curves({"a": ["b"]}), "the line 'a' is made of <U1, not of real numbers"),
        (lambda: curves({"a": [[1], [1, 2]]}), "the line 'a' has rows of different lengths"),
        (lambda: curves({"a": [1]}, {"b": [1]}), "the line 'a' is not among them"),
        (lambda: curves({"a": [1]}, log="z"), 'log names the axes that are logarithmic, "x", "y" or "xy", not \'z\''),
        (lambda: curves({"a": [1]}, log="x", marks={"m": 0}), "the mark 'm' has no place on the x axis"),
        (lambda: curves({"a": [1]}, theme="pink"), "there is no theme 'pink'"),
    ],
)
def test_what_cannot_be_drawn_is_said(call, words):
    with pytest.raises(ValueError, match=words):
        call()
