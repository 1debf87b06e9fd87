"""What is written to a terminal, a pipe or a file: width, colour, characters, wrapping, tables and the progress bar."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import command

from tinygrad_edu.output import progress
from tinygrad_edu.output.progress import Progress
from tinygrad_edu.output.terminal import Screen, Table, columns, columns_of, shorten, wrap

WIDTHS = [20, 40, 80, 100]


class Terminal(io.StringIO):
    """A terminal that keeps what it is told."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Makes the standard error a terminal on which every drawing is shown."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "EACH", 0.0)
    return stream


def written(words: str, encoding: str) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding, newline="\n")
    Screen(stream).write(words)
    stream.flush()
    return raw.getvalue().decode(encoding)


# Characters and colours.


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "неверно ✗ ∂R/∂W⁽¹⁾ é\n"),
        ("ascii", "??????? x dR/dW(1) ?\n"),
        ("cp1252", "??????? x dR/dW(1) é\n"),
        ("cp1251", "неверно x dR/dW(1) ?\n"),
    ],
)
def test_a_stream_gets_the_letters_that_it_has_and_the_rest_is_spelled(encoding: str, expected: str) -> None:
    assert written("неверно ✗ ∂R/∂W⁽¹⁾ é", encoding) == expected


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),  # as the convention has it
        ({"TERM": "dumb"}, False),
        ({"TERM": ""}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for stream, expected in ((Terminal(), coloured), (io.StringIO(), False)):
        Screen(stream).write("wrong", "bad")
        assert ("\x1b[" in stream.getvalue()) == expected


def test_nothing_in_a_text_moves_the_cursor() -> None:
    stream = io.StringIO()
    screen = Screen(stream, 40, colour=False)
    hostile = "\x1b[2J\r\x07W"
    screen.write(hostile)
    screen.say(hostile)
    screen.row((hostile, "bold"), ("x", ""))
    screen.item(hostile, hostile)
    screen.table(Table.of(["name"], [[hostile]]))
    assert all(c.isprintable() or c == "\n" for c in stream.getvalue())


def test_a_stream_that_is_closed_swallows_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    Screen().say("nobody hears it")
    with Progress("step", 3, lines=3) as bar:
        bar.at(3)


def test_the_width_is_what_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for asked, expected in (("40", 40), ("0", 80), ("wide", 80), ("", 80)):
        monkeypatch.setenv("COLUMNS", asked)
        assert columns_of(io.StringIO()) == expected
    monkeypatch.setenv("COLUMNS", "1000")
    assert Screen(io.StringIO()).width == 100 and Screen(io.StringIO(), 7).width == 20


def test_a_pager_does_not_make_it_as_wide_as_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    screen = Screen(Terminal())
    monkeypatch.setattr("tinygrad_edu.output.terminal.columns_of", lambda stream: 50 if stream is not other else 80)
    other = screen.stream = io.StringIO()
    assert screen.width == 50


# Words.


@given(st.text(), st.integers(16, 100), st.integers(0, 60))
def test_no_line_is_too_wide_and_no_letter_is_lost(words: str, width: int, hang: int) -> None:
    lines = wrap(words, width, hang)
    assert all(columns(line.strip()) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(words.split())


def test_wide_letters_take_two_columns() -> None:
    assert columns("变量 W") == 6 and columns("y\u0302") == 1
    assert wrap("变量" * 10, 16) == ["变量" * 4, "变量" * 4, "变量" * 2]
    assert wrap("the name 变量变量变量 of a value", 16) == ["the name 变量变", "量变量 of a", "value"]


def test_formulas_are_not_broken_at_their_signs() -> None:
    assert wrap("the gradient softmax(scores)-labels", 30) == ["the gradient", "softmax(scores)-labels"]


@given(st.text(), st.integers(0, 60))
def test_what_is_shortened_fits_and_keeps_its_ends(words: str, width: int) -> None:
    shown = shorten(words, width)
    assert columns(shown) <= width and (shown == words or "." in shown or not width)
    if shown != words and width > 3:
        assert words.startswith(shown.partition("...")[0])


# Tables.


def table(width: int, *drop: str, cut: str = "") -> list[str]:
    stream = io.StringIO()
    rows = [("layers.0.attention.query.W", "64 x 10", "1.25"), ("变量", "3", "12.5")]
    made = Table.of(("name", "shape", "norm"), rows, right=("norm",), margin=1)
    Screen(stream, width).table(made, drop, cut)
    return stream.getvalue().splitlines()


def test_columns_are_aligned_by_what_letters_take() -> None:
    assert table(80) == [
        " name                        shape    norm",
        " layers.0.attention.query.W  64 x 10  1.25",
        " 变量                        3        12.5",
    ]


def test_a_column_is_cut_before_others_are_left_out() -> None:
    assert table(36, "shape", cut="name")[1] == " layers.0.....query.W  64 x 10  1.25"
    assert table(24, "shape", cut="name")[1] == " layers....query.W  1.25"
    assert all(columns(line) <= 24 for line in table(24, "shape", cut="name"))


# The bar.


def test_the_bar_is_drawn_in_place_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "60")
    with Progress("epoch", 30) as bar:
        bar.at(3, "mean loss 0.31")
        assert stderr.getvalue().startswith("  epoch  3/30 [##") and stderr.getvalue().endswith("] mean loss 0.31")
        bar.at(15.5)
    *_, last, blank, end = stderr.getvalue().split("\r")
    assert last.startswith("  epoch 15/30 [###") and len(last) == 59
    assert blank == " " * 59 and end == ""


@pytest.mark.parametrize("width", [20, 40, 50, 80, 200])
def test_the_bar_always_takes_the_same_room(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    bar = Progress("epoch", 4)
    for epoch, words in enumerate(["mean loss 0.1, gradients A 1e-05 B 1", "short", "long" * 30, "变量" * 20, "end"]):
        line = bar.line(epoch, words)
        assert columns(line) == min(79, width - 1) or words == "变量" * 20
        assert columns(line) <= min(79, width - 1) and "[" in line


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = terminal(monkeypatch)
    with Progress("step", 100, after=60.0, hint="Ctrl-C stops here") as bar:
        bar.at(50)
    assert stderr.getvalue() == ""


def test_without_an_end_there_is_a_number_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = terminal(monkeypatch)
    Progress("backward() number", hint="Ctrl-C stops here").at(12345)
    assert stderr.getvalue() == "  backward() number 12,345  Ctrl-C stops here"


def test_a_file_gets_some_lines_if_they_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    for lines, expected in ((0, []), (3, [10, 20, 30])):
        with Progress("epoch", 30, lines=lines) as bar:
            for done in range(31):
                bar.at(done, "loss 1")
                bar.at(done, "loss 1")  # a second time changes nothing
                bar.at(done + 0.5, "loss 1")
        assert capsys.readouterr().err == "".join(f"  epoch {n}/30: loss 1\n" for n in expected)


# Every command.

COMMANDS = [
    ["--epochs", "1"],
    ["ops"],
    ["ops", "softmax", "matmul"],
    ["lesson"],
    ["check", "class"],
    ["check", "class/a.md"],
    [
        "word2vec",
        "text.txt",
        "--epochs",
        "1",
        "--size",
        "5",
        "--min-count",
        "1",
        "--nearest",
        "word",
        "--save",
        "v.txt",
    ],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "class").mkdir()
    for name in ("a", "变量变量变量变量变量_a_very_long_name_of_a_file"):
        (tmp_path / "class" / f"{name}.md").write_text(
            "# Ein größerer Titel σ\nu: M\nJ = sum(u**2)\ndJ/du = 3*u\n", "utf-8"
        )
    (tmp_path / "text.txt").write_text("a word and another word of a text " * 40, "utf-8")
    return tmp_path


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_obeys_the_stream(words: list[str], folder: Path) -> None:
    """Narrow and wide, with and without colours, and where there are no other characters than ASCII."""
    for width in WIDTHS[1:]:
        done = command(folder, *words, terminal=True, COLUMNS=str(width), TERM="xterm", NO_COLOR="1")
        assert "\x1b" not in done.stdout and "\r" not in done.stdout and done.stderr.count("Traceback") == 0
        for line in done.stdout.splitlines():
            assert columns(line) <= width or line.startswith("    ") or "tinygrad-edu" in line, line
    coloured = command(folder, *words, terminal=True, TERM="xterm").stdout
    assert "\x1b[" in coloured or words[0] == "--epochs"
    plain = command(folder, *words, PYTHONIOENCODING="ascii:strict")
    assert plain.stdout.isascii() and "Traceback" not in plain.stderr
