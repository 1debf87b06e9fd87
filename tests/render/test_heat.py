"""Heat maps: zero is in the middle of the colours, numbers can be read on them, names are at their places."""

import math
import re

import numpy as np
import pytest

from tinygrad_edu import Tensor
from tinygrad_edu.render.heat import LEVELS, heat
from tinygrad_edu.render.scene import Shape, Text


def texts(drawing):
    return {item.label.latex or item.label.text: item for item in drawing.scene.root.items if isinstance(item, Text)}


def colours(drawing):
    """The number of cells, by role, without those of the scale."""
    found = {}
    for item in drawing.scene.root.items:
        if isinstance(item, Shape) and item.name == "cells":
            found.setdefault(item.fill, item.path.count("Z"))
    return found


def luminance(code):
    parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_zero_is_in_the_middle_whatever_the_range():
    drawing = heat([[0.0, 4.0], [-1.0, 2.0]])
    assert [drawing.level(x) for x in (0.0, 4.0, -1.0, 2.0)] == ["level0", f"level{LEVELS}", "level-12", "level25"]
    assert colours(drawing).items() >= {"level0": 1, "level50": 1, "level-12": 1, "level25": 1}.items()
    assert {"−4", "4", "0"} <= {*texts(drawing)}, "the scale goes as far on both sides"
    assert heat([[0.0, 0.0]]).level(0.0) == "level0" and "−0" not in texts(heat([[0.0]]))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_can_be_read_on_their_colours(theme):
    drawing = heat([[1.0]], theme=theme)
    for level in [*(f"level{k}" for k in range(-LEVELS, LEVELS + 1)), "nothing"]:
        a, b = luminance(drawing.colours[level]), luminance(drawing.colours[drawing.text_colour(level)])
        assert (max(a, b) + 0.05) / (min(a, b) + 0.05) >= 4.5, level
    around = [luminance(drawing.colours[f"level{k}"]) for k in (-LEVELS, -LEVELS // 2, 0, LEVELS // 2, LEVELS)]
    assert around[2] == (max if theme == "light" else min)(around)


def test_it_is_the_same_in_another_theme():
    drawing = heat([[1.0, -0.2]], theme="light")
    assert drawing.svg() != drawing.in_theme("dark").svg() == heat([[1.0, -0.2]], theme="dark").svg()


def test_a_small_matrix_has_its_numbers_and_a_large_one_indices():
    small = heat(np.arange(144.0).reshape(12, 12) / 7, digits=2)
    assert {"0", "0.14", "20"} <= {*texts(small)} and "11" not in texts(heat(np.zeros((12, 12))))
    large = heat(np.ones((13, 40)) / 7)
    assert "0.143" not in {*texts(large)} - {"0.143"} or list(texts(large)).count("0.143") == 1
    assert {"0", "5", "10", "35"} <= {*texts(large)} and len(texts(large)) < 20


def test_what_is_no_number_is_told_from_all_others():
    drawing = heat([[math.nan, math.inf], [-math.inf, 1e-9]])
    assert {"NaN", "∞", "−∞", "1·10⁻⁹"} <= {*texts(drawing)} and colours(drawing)["nothing"] == 1
    assert drawing.level(math.inf) == f"level{LEVELS}" and drawing.level(-math.inf) == f"level{-LEVELS}"
    assert repr(drawing) == (
        "<heat map: 2 x 2 numbers from 1e-09 to 1e-09, 1 NaN, 2 inf; .save('heat.svg') writes it to a file>"
    )
    assert heat([[math.nan]]).svg()


def test_names_stand_at_their_rows_and_columns():
    drawing = heat(Tensor(np.zeros((2, 3))), ["cat", "$x_1$"], ["a", "b", "a very long name"], title="Of $A$")
    found = texts(drawing)
    assert {"cat", "x_1", "a", "b", "a very long name", r"\text{Of }A"} <= {*found}
    assert found["cat"].y < found["x_1"].y and found["a"].x < found["b"].x < found["a very long name"].x
    assert found["cat"].x + found["cat"].label.width < found["a"].x and repr(drawing).startswith(
        "<heat map, Of $A$: 2 x 3"
    )


@pytest.mark.parametrize("shape", [(2, 5), (30, 30), (200, 3), (3, 200)])
def test_names_do_not_touch(shape):
    rows, columns = ([f"{word} {i}" for i in range(n)] for word, n in zip(("row", "a rather long column"), shape))
    drawing = heat(np.ones(shape), rows, columns)
    boxes = [
        (t.x, t.y, t.x + t.label.width)
        for t in drawing.scene.root.items
        if isinstance(t, Text) and re.match("row|a rather", t.label.text)
    ]
    assert len(boxes) >= min(15, sum(shape)) and len({y for _, y, _ in boxes}) - shape[0] <= 5, "in five rows at most"
    for i, (x, y, right) in enumerate(boxes):
        assert -1e-9 <= x and right <= drawing.scene.width - 12
        assert not [b for b in boxes[i + 1 :] if abs(b[1] - y) < 12 and b[0] < right and x < b[2]]


def test_a_large_matrix_is_a_small_file(tmp_path):
    drawing = heat(np.sign(np.random.default_rng(0).normal(size=(200, 200))))
    assert len(drawing.svg()) < 2_000_000
    for ending, begin in {"svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG"}.items():
        assert heat([1.0, -1.0]).save(tmp_path / f"a.{ending}").read_bytes().startswith(begin)


@pytest.mark.parametrize(
    "call, words",
    [
        (
            lambda: heat(np.zeros((2, 2, 2))),
            r"a heat map is of a matrix, \(rows, columns\), not of the shape \(2, 2, 2\)",
        ),
        (lambda: heat([]), r"a heat map is of a matrix"),
        (lambda: heat(np.zeros((300, 300))), r"at most 40,000 cells, not 90,000: take a part"),
        (lambda: heat([[1, 2]], ["a", "b"]), "there are 2 names for 1 rows"),
        (lambda: heat([[1, 2]], columns=["a"]), "there are 1 names for 2 columns"),
        (lambda: heat([["x"]]), "the matrix is made of <U1, not of real numbers"),
        (lambda: heat([[1]], digits=0), "digits is a whole number from 1 to 17, not 0"),
        (lambda: heat([[1]], theme="pink"), "there is no theme 'pink'"),
    ],
)
def test_what_cannot_be_drawn_is_said(call, words):
    with pytest.raises(ValueError, match=words):
        call()
