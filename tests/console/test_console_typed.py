"""The console in a pseudo-terminal: typed commands, keys, and terminals that can do little."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from in_process import command
from stepped import PROMPT, STEP, Terminal, step

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals that Python can open")

NET = """\
from tinygrad_edu import Tensor, sigmoid

W = Tensor([[1.0, -2.0], [0.5, 1.0]])
hidden = sigmoid(W @ [2.0, 1.0])
loss = (hidden * hidden).sum()
print("before")
loss.backward()
print("after", W.grad[0])
"""
LONG = """\
from tinygrad_edu import Tensor

x = Tensor(1.0)
y = x
for _ in range(300_000):
    y = y * 1.0
y.backward()
print("after", x.grad)
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET, encoding="utf-8")
    return tmp_path


def test_a_session_is_typed(net: Path) -> None:
    with Terminal(net, *STEP, "net.py", NO_COLOR="1") as t:
        opening = t.until(PROMPT)
        assert "before" in opening and "backward() of loss in line 7 of net.py" in opening
        assert "step 5/10  backward  starts at loss" in t.ask("n")
        assert "step 6/10  backward  sum passes on to hidden ⊙ hidden" in t.ask("")  # an empty line repeats
        assert "step 5/10" in t.ask("back")
        assert "no nonsense" in t.ask("nonsense")
        assert "W = " not in t.ask("c") and "the sweep is done" in t.seen
        t.type("c\n")
        assert "after [0.5  0.25]" in t.end() and t.code == 0
        assert "\x1b[" not in t.seen  # no colour


def test_tab_completes_and_the_arrow_recalls(net: Path) -> None:
    readline = pytest.importorskip("readline")
    if "libedit" in (readline.__doc__ or ""):
        pytest.skip("completion is tried with GNU readline")
    with Terminal(net, *STEP, "net.py", NO_COLOR="1") as t:
        t.until(PROMPT)
        t.type("p hid\t")
        t.until("p hidden")
        t.type(".gr\t\n")
        assert "no gradient has come to hidden yet" in t.until(PROMPT)
        t.type("b sigm\t")
        t.until("b sigmoid")
        assert "breakpoint 1: sigmoid (op)" in t.ask("")
        t.type("expl\t")
        t.until("explain")
        assert "Nothing was found" in t.ask("")
        t.type("\x1b[A\x1b[A")  # twice up
        t.until("b sigmoid")
        assert "breakpoint 2: sigmoid (op)" in t.ask("")


def test_ctrl_c_at_the_prompt_and_ctrl_d(net: Path) -> None:
    with Terminal(net, *STEP, "net.py", NO_COLOR="1") as t:
        t.until(PROMPT)
        t.type("p W")
        t.until("p W")
        time.sleep(0.5)  # Python does not notice a signal while it shows a key
        t.type("\x03")
        assert "interrupted, at step 4; q leaves" in t.until(PROMPT)
        assert "step 5/10" in t.ask("n")
        t.type("\x04")
        assert "The program was ended here." in t.end() and t.code == 0
        assert "after" not in t.seen and "Traceback" not in t.seen


@pytest.mark.slow
def test_ctrl_c_in_a_long_run_keeps_what_was_done(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(LONG, encoding="utf-8")
    with Terminal(tmp_path, *STEP, "net.py", NO_COLOR="1") as t:
        t.until(PROMPT)
        t.type("until if step < 0\n")
        t.until(r"step 3\d\d,\d\d\d/600,001 \[#+ +\] Ctrl-C stops here")
        t.type("\x03")
        said = t.until(PROMPT)
        at = int(re.search(r"interrupted, at step (\d+)", said)[1])  # type: ignore[index]
        assert 300_000 < at < 600_001
        assert f"step {at + 1}/600001" in t.ask("s")
        assert "step 1/600001" in t.ask("j 1")
        t.type("j end\n")
        t.until(PROMPT)
        t.type("go\n")
        assert "after 1.0" in t.end() and t.code == 0


def test_ctrl_c_while_the_program_computes_ends_it_as_python_would(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("print('on', flush=True)\nwhile True: pass\n", encoding="utf-8")
    with Terminal(tmp_path, *STEP, "net.py") as t:
        t.until("on")
        t.type("\x03")
        t.end()
        assert t.code == 130 and "Traceback" not in t.seen


def test_what_is_longer_than_the_screen_is_shown_page_by_page(net: Path) -> None:
    """The terminal has 24 rows."""
    with Terminal(net, *STEP, "net.py", NO_COLOR="1") as t:
        t.until(PROMPT)
        t.type("h\n")
        t.until(r"\n")
        assert t.until(r"-- (\d+) more: Enter goes on, q stops ").count("\n") == 23
        t.type("\n")
        assert "q(uit)" in t.until(PROMPT), "the rest"
        t.type("h\n")
        t.until("q stops ")
        t.type("q\n")
        assert "q(uit)" not in t.until(PROMPT)
        assert "q(uit)" not in t.ask("h w") and "step 5/10" in t.ask("n")
    done = step(net, NET, "h", "q")
    assert "more: Enter" not in done.stdout and "q(uit)" in done.stdout


@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_is_for_those_who_can_see_it(net: Path, more: dict[str, str], coloured: bool) -> None:
    typed, env = "n\nnonsense\nq\n", {"TERM": "xterm", **more}
    seen = [command(net, "step", "net.py", typed=typed, terminal=True, **env).stdout]
    if coloured:
        with Terminal(net, *STEP, "net.py", **more) as t:
            t.until(PROMPT)
            t.type(typed)
            t.end()
            seen.append(t.seen)
    for shown in seen:
        assert "step 5/10" in shown and "nonsense is no command" in shown
        assert [code in shown for code in ("\x1b[1m", "\x1b[1;31m")] == [coloured, coloured]
    assert "\x1b" not in command(net, "step", "net.py", typed=typed, **env).stdout


def test_a_program_reads_what_is_typed(tmp_path: Path) -> None:
    """The console and ``input`` share a terminal, each at its time."""
    program = NET.replace('print("before")', 'print("hello,", input("who? "))') + 'print("bye,", input("again? "))\n'
    (tmp_path / "net.py").write_text(program, encoding="utf-8")
    with Terminal(tmp_path, *STEP, "net.py", NO_COLOR="1") as t:
        t.until(r"who\? ")
        t.type("Ada\n")
        t.until("hello, Ada")
        t.until(PROMPT)
        assert "step 5/10" in t.ask("n")
        t.type("go\n")
        t.until(r"again\? ")
        t.type("Grace\n")
        assert "bye, Grace" in t.end() and t.code == 0


EVERY = [
    "h", "h b", "n", "s", "n 3", "b sigmoid", "tbreak if abs(grad).max() > 1", "c", "p", "p W", "pp W", "a", "tensors",
    "l", "w", "u", "d", "rule", "jac", "why", "explain", "display W.grad", "whatif hidden = 2*grad", "c", "rc", "b",
    "nonsense", "save nothing.bmp", "r", "j start", "j end", "why W", "c",
]  # fmt: skip


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_no_line_is_wider_than_the_terminal(net: Path, columns: int) -> None:
    """But for the commands themselves, which a terminal breaks as it breaks what is typed."""
    (net / "all.txt").write_text("\n".join([*EVERY, "q"]), encoding="utf-8")
    words = ("step", "--commands", "all.txt", "net.py")
    seen = [command(net, *words, terminal=True, COLUMNS=str(columns), NO_COLOR="1").stdout]
    if columns == 20:
        with Terminal(net, "-m", "tinygrad_edu", *words, columns=columns, NO_COLOR="1") as t:
            seen.append(t.end())
    for printed in seen:
        shown = [line for line in re.split(PROMPT, printed, maxsplit=1)[-1].splitlines() if not re.match(PROMPT, line)]
        assert len(shown) > 150 and [line for line in shown[1:] if len(line) > columns] == []


def test_a_stream_without_mathematics_gets_letters(tmp_path: Path) -> None:
    done: Any = step(tmp_path, NET, *EVERY, PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stderr == "" and done.stdout.isascii()
    assert "hidden = sigma(W ([2.0, 1.0]))" in done.stdout and "dloss/dhidden" in done.stdout
