# ruff: noqa: E501
"""Numbers and arrays as text: short, and nothing looks like what it is not."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tinygrad_edu.format.numbers import array, number, summary

f4, f8 = np.float32, np.float64
NUMBERS = [
    (1.0, "1"), (0.25, "0.25"), (-3.0, "-3"), (0.1, "0.1"), (f4(0.1), "0.1"), (np.float16(0.1), "0.1"), (f4(1) / f4(3), "0.33333"),
    (1 + 1e-9, "1.0000"), (0.99999999, "1.0000"), (0.25 + 1e-9, "0.25000"), (9.99999, "10.000"), (1 / 3, "0.33333"), (-2 / 3, "-0.66667"),
    (12345.0, "12345"), (12000.0, "12000"), (12000.3, "12000.3"), (99999.96, "1.0000e+05"), (123456.7, "1.2346e+05"), (1e5, "100000"),
    (1e6, "1e+06"), (1.5e10, "1.5e+10"), (1e-4, "0.0001"), (1.23456e-4, "0.00012346"), (1e-5, "1e-05"), (1.23456789e-12, "1.2346e-12"),
    (5e-324, "5e-324"), (np.finfo(f8).max, "1.7977e+308"), (-1.23456e-300, "-1.2346e-300"), (0.0, "0"), (-0.0, "-0"), (f4(-0.0), "-0"),
    (math.nan, "nan"), (math.inf, "inf"), (f4(-np.inf), "-inf"), (True, "True"), (np.bool_(False), "False"), (7, "7"), (np.int8(-7), "-7"),
    (123456789, "123456789"), (1234567890, "1.2346e+09"), (1.23456e-6, "1.2346e-06"), (np.int64(-(2**63)), "-9.2234e+18"), (10**12, "1e+12"), (10**400, "1e+400"), (10**40 + 1, "1.0000e+40"),
    (np.array(2.5), "2.5"), (np.uint8(200), "200"), (1j, "1j"),
]  # fmt: skip


@pytest.mark.parametrize(("x", "text"), NUMBERS, ids=[text for _, text in NUMBERS])
def test_a_number_is_short_and_shows_whether_it_is_exact(x: Any, text: str) -> None:
    assert number(x) == text


def test_as_many_digits_as_one_asks_for() -> None:
    assert [number(math.pi, digits) for digits in (1, 2, 3, 8, 17)] == [
        "3.1",
        "3.1",
        "3.14",
        "3.1415927",
        "3.141592653589793",
    ]
    assert [number(0.125, digits) for digits in (2, 3, 8)] == ["0.12", "0.125", "0.125"]
    assert number(1234.0, 2) == "1.2e+03" and number(1200.0, 2) == "1.2e+03" and number(120.0, 2) == "120"


finite = st.floats(allow_nan=False, allow_infinity=False)
near = st.builds(lambda x, e: x * (1 + e), st.integers(-200_000, 200_000).map(float), st.floats(-1e-4, 1e-4))
singles = st.floats(allow_nan=False, allow_infinity=False, width=32).map(np.float32)


def significant(text: str) -> int:
    """The digits of a number that are said: zeros before the others are not, and zeros after them are."""
    return len(re.sub(r"e.*|[-.]", "", text).lstrip("0"))


def value(x: Any) -> Decimal:
    return Decimal(float(x))


@given(finite | near | singles)
def test_a_number_is_right_to_five_digits(x: Any) -> None:
    text = number(x)
    right = abs(Decimal(text) - value(x)) <= abs(value(x)) * Decimal("0.5000001e-4")
    assert right or type(x)(text) == x  # of the smallest there are, one digit is enough
    assert len(text) <= (12 if "e-" in text or "e+1" in text or "e+2" in text or "e+3" in text else 11)
    assert (text in ("0", "-0")) == (x == 0)
    assert text.startswith("-") == bool(np.signbit(x))
    if significant(text) < 5:
        assert type(x)(text) == x  # fewer digits are all that there are
    if x and 0 < significant(text) < 5 and "." in text:
        assert not re.sub("e.*", "", text).endswith("0")  # in the shortest form


@given(finite | near, st.integers(2, 9))
def test_two_numbers_that_look_the_same_with_few_digits_are_the_same(x: float, digits: int) -> None:
    other = math.nextafter(x, math.inf)
    assume(math.isfinite(other) and x and other)
    if number(x, digits) == number(other, digits):
        assert significant(number(x, digits)) >= digits


@given(st.integers())
def test_a_whole_number_is_itself(x: int) -> None:
    assert (
        number(x) == str(x)
        if abs(x) < 10**9
        else abs(Decimal(number(x)) - x) <= Decimal(abs(x)) * Decimal("0.50001e-4")
    )


# Arrays.


def test_small_arrays_are_aligned() -> None:
    assert array([1.0, -0.25, 1 / 3]) == "[      1   -0.25 0.33333]"
    assert array([[1, 20], [-300, 4]]) == "[[   1   20]\n [-300    4]]"
    assert array(np.array([True, False])) == "[ True False]"
    assert (
        array(np.array([0.1, 1e-20, 1e20, 0.0, -0.0, np.nan, np.inf], f4))
        == "[  0.1 1e-20 1e+20     0    -0   nan   inf]"
    )
    assert array(np.array([[[1.5]], [[2.0]]])) == "[[[1.5]]\n\n [[  2]]]"
    assert array(f4(0.1)) == array(np.array(0.1)) == array(0.1) == "0.1"


def test_empty_arrays_say_their_shape() -> None:
    assert array(np.zeros((0, 3))) == "[] of shape 0 x 3"
    assert array(np.zeros((2, 0), int)) == "[] of shape 2 x 0"
    assert array([]) == "[] of shape 0"


def test_long_arrays_are_shown_by_their_edges() -> None:
    assert array(np.arange(100)) == "[ 0  1  2 ... 97 98 99]"
    assert array(np.arange(100.0), edge=1) == array(np.arange(100), edge=0) == "[ 0 ... 99]"
    assert array(np.arange(61)).count("...") == 1 and "..." not in array(np.arange(60))
    assert array(np.arange(61), threshold=61).split() == ["[", *map(str, range(60)), "60]"]
    table = array(np.arange(600.0).reshape(30, 20), edge=2)
    assert (
        table == "[[  0   1 ...  18  19]\n [ 20  21 ...  38  39]\n ...\n [560 561 ... 578 579]\n [580 581 ... 598 599]]"
    )
    assert "..." not in array(np.arange(5000), threshold=None)


def test_the_width_is_that_of_what_is_shown() -> None:
    x = np.zeros(1000)
    x[500] = 1.23456e-200
    assert array(x) == "[0 0 0 ... 0 0 0]"


def test_text_before_an_array_moves_its_other_lines() -> None:
    assert array([[1, 2], [3, 4]], indent=4) == "[[1 2]\n     [3 4]]"
    assert (
        array(np.arange(20), width=30, indent=6)
        == "[ 0  1  2  3  4  5  6\n        7  8  9 10 11 12 13\n       14 15 16 17 18 19]"
    )


def test_many_axes_do_not_fill_the_screen() -> None:
    assert len(array(np.zeros((6,) * 6)).split("\n")) < 150
    assert array(np.zeros((64, 3, 28, 28))).count("0") == 4 * 3 * 4 * 4  # two at each edge, not three
    assert array(np.zeros((2,) * 12)) == "[...] of shape " + " x ".join("2" * 12)
    assert array(np.zeros((2,) * 12), threshold=None).count("0") == 2**12


def test_a_large_array_is_printed_without_looking_at_it_all() -> None:
    # No machine has the memory for a copy of it, and to read it takes an hour.
    x = np.broadcast_to(np.float64(0.5), (10**5, 10**5, 100))
    assert array(x).count("0.5") == 6**3


shapes = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=12)
dtypes = st.sampled_from([np.float64, np.float32, np.int64, np.int8, np.bool_])


@given(
    dtypes.flatmap(lambda dtype: arrays.arrays(dtype, shapes)),
    st.integers(1, 90),
    st.integers(0, 12),
    st.integers(1, 4),
    st.sampled_from([None, 0, 5, 60]),
)
@example(np.full((2, 2), -1.23456e-300), 20, 0, 3, 60)
def test_an_array_of_any_numbers_in_any_width(
    x: Any, width: int, indent: int, edge: int, threshold: int | None
) -> None:
    text = array(x, width, edge, threshold, indent=indent)
    brackets = 2 * x.ndim
    for i, row in enumerate(text.split("\n")):
        at = indent if i == 0 else 0
        assert x.size == 0 or at + len(row) <= max(width, indent + 12 + brackets)
        assert i == 0 or not row or row.startswith(" " * (indent + 1))
    if x.size and (threshold is None or x.size <= threshold):
        assert re.sub(r"[\[\]]", " ", text).split() == [number(v) for v in x.flat]
        assert text.count("[") == text.count("]") and "..." not in text
    if not x.size:
        assert text == "[] of shape " + " x ".join(map(str, x.shape))


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_columns_are_right_aligned(x: Any) -> None:
    rows = array(x, width=200).split("\n")
    ends = [[m.end() for m in re.finditer(r"[^\s\[\]]+", row)] for row in rows]
    assert all(end == ends[0] for end in ends)


# In words.

SUMMARIES = [
    (np.linspace(-0.5, 0.75, 640).reshape(10, 64), "10 x 64, from -0.5 to 0.75, norm 9.6744"),
    (np.array([3.0, 4.0]), "2 numbers, from 3 to 4, norm 5"), (np.array([[3.0, -4.0]], f4), "1 x 2, from -4 to 3, norm 5"),
    (np.array([0.1, 0.2], f4), "2 numbers, from 0.1 to 0.2, norm 0.22361"), (np.array([2.0]), "1 number, all 2, norm 2"),
    (np.zeros((3, 4)), "3 x 4, all 0"), (-np.zeros((3, 4)), "3 x 4, all 0"), (np.zeros(3, int), "3 numbers, all 0"),
    (np.full(4, 0.5), "4 numbers, all 0.5, norm 1"), (np.arange(10), "10 numbers, from 0 to 9"), (np.array(2.5), "2.5"), (7, "7"),
    (np.array([1, 2, np.nan, np.nan]), "4 numbers, 2 of 4 are nan, from 1 to 2"), (np.array([np.nan, 1.0, 1.0]), "3 numbers, 1 of 3 is nan, the rest 1"),
    (np.array([1, -np.inf, 2, np.inf]), "4 numbers, 2 of 4 are infinite, from 1 to 2"), (np.array([np.nan, np.inf]), "2 numbers, 1 of 2 is nan, 1 infinite"),
    (np.full(3, np.nan), "3 numbers, all nan"), (np.full((2, 2), np.inf), "2 x 2, all infinite"), (np.zeros((0, 3)), "0 x 3, empty"),
    (np.array([True, False, True]), "3 numbers, 2 of 3 are True"), (np.ones(3, bool), "3 numbers, all True"), (np.zeros(3, bool), "3 numbers, all False"),
    (np.array([1e200, -1e200]), "2 numbers, from -1e+200 to 1e+200, norm 1.4142e+200"), (np.full(4, 1e-200), "4 numbers, all 1e-200, norm 2e-200"),
    (np.full(400, 1.7e308), "400 numbers, all 1.7e+308, norm 3.4000e+309"), (np.full(4, 3e38, f4), "4 numbers, all 3e+38, norm 6.0000e+38"),
    (np.array([0, 5e-324]), "2 numbers, from 0 to 5e-324, norm 5e-324"), (np.array([1j]), "1 number, complex128"),
]  # fmt: skip


@pytest.mark.parametrize(("x", "words"), SUMMARIES, ids=[words for _, words in SUMMARIES])
def test_an_array_in_words(x: Any, words: str) -> None:
    assert summary(x) == words


def test_what_a_program_does_about_floating_point_errors_changes_nothing() -> None:
    with np.errstate(all="raise"):
        assert summary([1e200, 1e-200]) == "2 numbers, from 1e-200 to 1e+200, norm 1e+200"
        assert array([1e-310, np.inf, np.nan]) == "[1e-310    inf    nan]"


@given(dtypes.flatmap(lambda dtype: arrays.arrays(dtype, shapes)))
def test_any_array_in_words(x: Any) -> None:
    words = summary(x)
    assert "\n" not in words and len(words) < 120
    if x.size and x.dtype.kind == "f":
        assert (" nan" in words) == bool(np.isnan(x).any()) and ("infinite" in words) == bool(np.isinf(x).any())
        assert bool(re.search("all 0(,|$)", words)) == (not x.any())
        if said := re.search(r"norm (\S+)", words):
            exact = sum(value(v) ** 2 for v in x.flat).sqrt()
            assert abs(Decimal(said[1]) - exact) <= exact * Decimal("0.50001e-4") + Decimal("5e-324")
            assert np.isfinite(x).all()
