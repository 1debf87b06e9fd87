"""``tinygrad-edu step`` on programs of every kind: those that fail, print, ask and train are as they would be alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from in_process import Done, alone, command, environment
from stepped import STEP, python, step

NET = """\
from tinygrad_edu import Tensor, sigmoid

W = Tensor([[1.0, -2.0], [0.5, 1.0]])
loss = sigmoid(W @ [2.0, 1.0]).sum()
"""
TRAINING = """\
from tinygrad_edu import Tensor

w = Tensor(1.0)
for epoch in range(10_000):
    loss = (w * 0.5 - 1.0) ** 2 if epoch != 7_000 else (w - w.item()) ** 0.5
    loss.backward()
    g = float(w.grad)
    w = Tensor(w.item() - 0.001 * g if abs(g) < 1e3 else 1.0)
print("trained")
"""
GO = ("-c", "go")


# Programs that end before, or never come to it.


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [
        ("x = 1\n", 2, "net.py never called backward(): call it on the loss, or put step_here(loss)"),
        ("", 2, "never called backward()"),
        ("raise RuntimeError('no data')\n", 1, "RuntimeError: no data"),
        ("import sys\nsys.exit(3)\n", 3, "failed before a backward()"),
        ("import sys\nsys.exit('gone')\n", 1, "gone"),
        ("loss.backward(\n", 1, "SyntaxError: '(' was never closed"),
        (NET + "loss.backward(seed=[1.0, 2.0])\n", 1, "ValueError"),
        (NET + "constant = loss.detach()\nconstant.backward()\n", 1, "Error"),
    ],
)
def test_a_program_that_is_not_stopped_in_says_why(program: str, code: int, said: str, tmp_path: Path) -> None:
    done = step(tmp_path, program, "n", "q")
    assert said in done.stdout + done.stderr and done.returncode == code, done
    assert "tinygrad_edu/co" not in done.stderr and "(step" not in done.stdout


def test_a_program_that_ends_its_process_ends_it(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET + "import os\nos._exit(5)\n", encoding="utf-8")
    done = python(tmp_path, *STEP, "net.py", typed="n\nq\n")
    assert done.returncode == 5 and "tinygrad_edu/co" not in done.stderr and "(step" not in done.stdout, done


@pytest.mark.parametrize("name", ["missing.py", ".", "notutf8.py", "zeros.py"])
def test_what_is_no_program(name: str, tmp_path: Path) -> None:
    (tmp_path / "notutf8.py").write_bytes(b"x = '\xff'\n")
    (tmp_path / "zeros.py").write_bytes(b"x = 1\0\n")
    done = command(tmp_path, "step", name)
    assert done.returncode in (1, 2) and done.stderr.strip()
    assert "tinygrad_edu" not in done.stderr.replace("tinygrad-edu", ""), done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at", "99", "net.py"), "backward() was called 1 time, but never in line 99"),
        (("--at", "W", "net.py"), "backward() was called 1 time, but never on a tensor called W"),
        (("--nth", "2", "net.py"), "backward() was called 1 time, so there is no call number 2"),
        (("--nth", "0", "net.py"), "--nth is a number from 1 up, not 0"),
        (("--commands", "nothing.txt", "net.py"), "nothing.txt"),
        (("--commands", "bytes.txt", "net.py"), "bytes.txt"),
        ((), "SCRIPT"),
    ],
)
def test_options_that_lead_nowhere(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET + "loss.backward()\n", encoding="utf-8")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe")
    done = command(tmp_path, "step", *options)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_a_program_that_fails_after_it_was_stepped_through(tmp_path: Path) -> None:
    done = step(tmp_path, NET + "loss.backward()\nW.nonsense\n", "c", "c")
    assert "AttributeError" in done.stderr and 'net.py", line 6' in done.stderr and done.returncode == 1
    assert "run_script.py" not in done.stderr and "step.py" not in done.stderr


def test_backward_that_fails_says_what_it_says_alone(tmp_path: Path) -> None:
    program = NET + "loss.backward(free=True)\nloss.backward()\n"
    done = step(tmp_path, program, "c", "c", "c", "c")
    by_itself = alone(tmp_path, "net.py")
    assert "the record of loss was freed by backward(free=True)" in done.stdout
    assert by_itself.stderr.splitlines()[-4:] == done.stderr.splitlines()[-4:]
    assert done.returncode == by_itself.returncode == 1


def test_a_reader_that_has_seen_enough_ends_it(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET + "loss.backward()\nprint('went on')\n", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, *STEP, "net.py"],
        cwd=tmp_path, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and b"backward() of loss" in process.stdout.readline()
    process.stdout.close()
    assert process.stdin is not None and process.stderr is not None
    process.stdin.write(b"n\n" * 50)
    process.stdin.close()
    assert process.wait(60) == 0 and process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there a closed stream is another thing")
def test_without_a_standard_input_there_are_no_commands(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET + "loss.backward()\n", encoding="utf-8")
    call = "import os, sys; os.close(0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    done = python(tmp_path, "-c", call, *STEP, "net.py")
    assert done.stdout.endswith("(step 3) \n" + "The program was ended here.\n") and done.stderr == ""


def test_what_the_system_refuses_is_said_in_words(tmp_path: Path) -> None:
    done = step(tmp_path, NET + "loss.backward()\n", f"save {'a' * 300}.html", f"save {tmp_path}.html/x.html", "q")
    assert "*** " in done.stdout and "Errno" not in done.stdout and done.returncode == 0
    done = command(tmp_path, "step", "--commands", tmp_path, "net.py")
    assert done.returncode == 2 and done.stderr.startswith(f"tinygrad-edu: {tmp_path}: ")


# Programs that are as they would be alone.


PROGRAMS = {
    "prints and reads": """
        import sys
        print("a" * 5000)
        print("to the other", file=sys.stderr)
        loss.backward()
        print(repr(sys.stdin.read()), W.grad.tolist())
    """,
    "its arguments, name and folder": """
        import sys
        from pathlib import Path
        loss.backward()
        print(sys.argv, __name__, __file__, sys.path[0] == str(Path(__file__).resolve().parent))
        print(sys.modules["__main__"].W is W)
    """,
    "hooks are called once": """
        h = loss * 2
        h.register_hook(lambda g: print("hook", g) or 3 * g)
        h.backward()
        print(W.grad.tolist())
    """,
    "free, twice, and a seed": """
        two = sigmoid(W @ [2.0, 1.0])
        two.backward([1.0, 3.0])
        loss.backward(free=True)
        print(W.grad.tolist())
    """,
    "a thread": """
        import threading
        def work():
            loss.backward()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        print(W.grad.tolist())
    """,
    "catches everything": """
        try:
            loss.backward()
        except Exception:
            print("caught")
        finally:
            print("finally")
    """,
    "leaves with a code": """
        import sys
        loss.backward()
        sys.exit(4)
    """,
    "another standard output": """
        import contextlib, io
        with contextlib.redirect_stdout(io.StringIO()) as caught:
            print("kept")
            loss.backward()
        print(len(caught.getvalue()), caught.getvalue().strip())
    """,
}


def source(program: str) -> str:
    """The lines that come after NET."""
    return "\n".join(line[8:] for line in PROGRAMS[program].strip("\n").splitlines()) + "\n"


@pytest.mark.parametrize("breakpoints", [(), ("-c", "b if nothing > 3", "-c", "cl"), ("-c", "b name", "-c", "b W")])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_goes_on_does_what_it_does_alone(
    program: str, breakpoints: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(NET + source(program), encoding="utf-8")
    args = ("net.py", "--epochs", "3", "--at", "4")
    by_itself = alone(tmp_path, *args, typed="its own\nlines")
    commands = [word for line in ("n 20", "back 9", "whatif W = 0*grad", "c") for word in ("-c", line)]
    for options in (GO, (*breakpoints, *commands, *(("-c", "cl") if breakpoints else ()), *GO)):
        is_as_alone(command(tmp_path, "step", *options, *args, typed="its own\nlines"), by_itself)


def is_as_alone(done: Any, by_itself: Any) -> None:
    """Did the program do what it does alone?"""
    assert done.returncode == by_itself.returncode, done
    assert done.stderr == by_itself.stderr
    ours = done.stdout
    for row in by_itself.stdout.splitlines():  # in its order, between ours
        assert f"{row}\n" in ours, (row, done.stdout)
        ours = ours.split(f"{row}\n", 1)[1]
        assert done.stdout.count(f"{row}\n") == by_itself.stdout.count(f"{row}\n")


def test_a_program_in_a_process_of_its_own_is_to_its_end_what_it_is_alone(tmp_path: Path) -> None:
    """And alone in a Python of its own it prints what it prints alone in this one, as for the tests above."""
    program = NET + source("its arguments, name and folder")
    args = ("net.py", "--epochs", "3", "--at", "4")
    (tmp_path / "net.py").write_text(program, encoding="utf-8")
    in_this = alone(tmp_path, *args)
    (tmp_path / "net.py").write_text(program + "import atexit\natexit.register(print, 'bye')\n", encoding="utf-8")
    by_itself = python(tmp_path, *args)
    assert by_itself.stdout == in_this.stdout + "bye\n" and "'--epochs', '3'" in in_this.stdout and not by_itself.stderr
    is_as_alone(python(tmp_path, *STEP, "-c", "n 20", "-c", "b W", *GO, "-c", "cl", *GO, *args), by_itself)


WORK = """
import threading, time
def work():
    try:
        loss.backward()
        print("went on")
    except {errors}:
        print("caught")
    finally:
        print("finally")
"""
IN_MAIN = WORK.format(errors="(Exception, SystemExit, KeyboardInterrupt)") + "work()\n"
IN_A_THREAD = (
    WORK.format(errors="Exception")
    + "t = threading.Thread(target=work)\nt.start()\nt.join()\ntime.sleep(30)\nprint('slept')\n"
)


@pytest.mark.parametrize("program", [IN_MAIN, IN_A_THREAD], ids=["main", "thread"])
def test_q_ends_a_program_that_catches_what_it_can(program: str, tmp_path: Path) -> None:
    done = step(tmp_path, NET + program, "q")
    assert "finally" in done.stdout and not any(word in done.stdout for word in ("caught", "went on", "slept"))
    assert "The program was ended here." in done.stdout and done.returncode == 0 and done.stderr == ""


# Which of many calls.


def stopped_at(done: Done) -> list[int]:
    """The calls that were stopped at."""
    found = re.findall(r"backward\(\) of .+? in line \d+ of net.py(?:, call number (\d+))?", done.stdout)
    return [int(n or 1) for n in found]


@pytest.mark.slow
def test_10000_calls(tmp_path: Path) -> None:
    done = step(tmp_path, TRAINING, "go")
    assert stopped_at(done) == [1] and "trained" in done.stdout and "called 10,000 times" in done.stdout
    done = step(tmp_path, TRAINING, "p epoch", "go", options=("--nth", "9000"))
    assert stopped_at(done) == [9000] and "\n8999\n" in done.stdout
    done = step(tmp_path, TRAINING, "c", "c", "go 500", "p epoch", "go", options=("--at", "6"))
    assert stopped_at(done) == [1, 2, 502] and "\n501\n" in done.stdout
    done = step(tmp_path, TRAINING, options=("-c", "b if isinf", "-c", "go", "-c", "p epoch", "-c", "q"))
    assert stopped_at(done) == [1, 7001] and "breakpoint 1: if isinf" in done.stdout and "\n7000\n" in done.stdout


def test_a_name_or_a_line_says_which_call(tmp_path: Path) -> None:
    program = "from tinygrad_edu import Tensor\n" + "\n".join(
        f"{name} = Tensor({i}.0) * 2\n{name}.backward()" for i, name in enumerate(["first", "second", "third"])
    )
    for at, name in (("second", "second"), ("7", "third"), ("3", "first")):
        done = step(tmp_path, program + "\n", "p value", "go", options=("--at", at))
        assert f"backward() of {name} in line" in done.stdout and done.returncode == 0


def test_it_is_said_that_no_breakpoint_was_met(tmp_path: Path) -> None:
    program = NET + "for i in range(3):\n    (loss * i).backward()\n"
    for breakpoint, said in (("b if isnan", "3 times, and no breakpoint was met."), ("b step 3", "3 times.")):
        done = step(tmp_path, program, breakpoint, "go", "cl", "go")
        assert done.stdout.endswith(f"The program has ended; backward() was called {said}\n")


def test_breakpoints_and_watches_stay_from_one_call_to_the_next(tmp_path: Path) -> None:
    program = NET + "for i in range(3):\n    loss = sigmoid(W * i).sum()\n    loss.backward()\n"
    done = step(tmp_path, program, "b sigmoid", "display i", "go", "c", "c", "c", "c", "c", "c")
    assert done.stdout.count("breakpoint 1: sigmoid\n") >= 3
    assert [f"  i         {i}" in done.stdout.splitlines() for i in range(3)] == [True] * 3


# What is in it.


HOSTILE = """\
from tinygrad_edu import Tensor, scope
with scope("\\x1b[31m<script>\\n"):
    W = Tensor([1.0, 2.0], "\\x1b]0;owned\\x07\\x1b[2J")
    V = Tensor([1.0, 2.0], "a\\n(step 9) q\\u202e")
    loss = (W * V).sum()
loss.backward()
"""


def test_names_move_no_cursor(tmp_path: Path) -> None:
    looks = "n n n n tensors a explain w l rule jac p why".split()
    done = step(tmp_path, HOSTILE, *looks, "save step.html", "q")
    assert done.returncode == 0 and all(row.isprintable() for row in done.stdout.splitlines()), done.stdout
    page = (tmp_path / "step.html").read_text(encoding="utf-8")
    assert "owned" in page and "<script>\\n" not in page and "\x1b" not in page


def test_a_vector_with_a_seed(tmp_path: Path) -> None:
    program = NET + "two = sigmoid(W @ [2.0, 1.0])\ntwo.backward([1.0, 3.0])\n"
    done = step(tmp_path, program, "n", "p W.grad", "c", "p W.grad", "c")
    assert "seed      [1 3]  = ∂two/∂two" in done.stdout
    assert "no gradient has come to W yet" in done.stdout and "[[    0.5    0.25]" in done.stdout


# step_here: without the command, where the program itself says so.


HERE = """\
from tinygrad_edu import Tensor, sigmoid, step_here

W = Tensor([[1.0, -2.0], [0.5, 1.0]])
for i in range(5):
    loss = sigmoid(W @ [2.0, 1.0]).sum() * i
    step_here(loss)
    loss.backward()
    print("done", i)
print(W.grad.tolist())
"""


def here(folder: Path, program: str, *commands: str) -> Done:
    """Run a program that opens the console itself."""
    (folder / "net.py").write_text(program, encoding="utf-8")
    return alone(folder, "net.py", typed="".join(f"{line}\n" for line in commands))


def test_step_here_stops_each_time_until_go(tmp_path: Path) -> None:
    by_itself = here(tmp_path, HERE.replace("step_here(loss)", "pass"))
    done = here(tmp_path, HERE, "c", "c", "p i", "s", "p passed", "go")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.count("step_here in line 6 of net.py") == 2 and "(step 4) p i\n1\n" in done.stdout
    assert "c goes on with the program; go does too, and never stops here again; q ends it." in done.stdout
    for row in by_itself.stdout.splitlines():
        assert row in done.stdout.splitlines()


def test_go_is_for_one_run_of_a_program(tmp_path: Path) -> None:
    """Though the code of the next is equal, as when a cell of a notebook is run again."""
    assert here(tmp_path, HERE, "go") == here(tmp_path, HERE, "go") and "step_here in" in here(tmp_path, HERE, "go")[1]


def test_q_and_the_end_of_commands_end_a_program_with_step_here(tmp_path: Path) -> None:
    for commands in (["q"], []):
        done = here(tmp_path, HERE, *commands)
        assert done.returncode == 0 and done.stderr == "" and "done" not in done.stdout


def test_step_here_raises_what_backward_would(tmp_path: Path) -> None:
    done = here(tmp_path, "from tinygrad_edu import Tensor, step_here\nv = Tensor([1.0, 2.0]) * 2\nstep_here(v)\n")
    by_itself = here(tmp_path, "from tinygrad_edu import Tensor, step_here\nv = Tensor([1.0, 2.0]) * 2\nv.backward()\n")
    assert done.returncode == by_itself.returncode == 1
    assert done.stderr.splitlines()[-1] == by_itself.stderr.splitlines()[-1]


def test_a_stepper_has_a_console_that_knows_the_program(tmp_path: Path) -> None:
    program = HERE.replace("step_here(loss)", "stepper(loss).console()").replace("step_here", "stepper")
    done = here(tmp_path, program, "p i", "s", "c", "c", "q", "p i + 10", "q", *["q"] * 3)
    assert "the computation of loss\n" in done.stdout and "(step 4) p i\n0\n" in done.stdout
    assert "(step 4) p i + 10\n11\n" in done.stdout, "q leaves this console, and the program goes on"
    assert "(step 9) c\nThe sweep is done: back and j go back in it, q leaves.\n" in done.stdout, done.stdout
    assert [row for row in done.stdout.splitlines() if row.startswith("done")] == [f"done {i}" for i in range(5)]


def test_the_first_bad_step_of_a_training_run_opens_it(tmp_path: Path) -> None:
    program = """\
from tinygrad_edu import GradientNorms, Tensor, step_here
from tinygrad_edu.optim import SGD

w = Tensor(1.0)
norms = GradientNorms([w], on_bad=step_here)
optimiser = SGD([w], 0.1, callback=norms)
for epoch in range(10):
    d = w if epoch != 6 else w - w.item()
    loss = (d * d) ** 0.5
    loss.backward()
    optimiser.step(loss)
    optimiser.zero_grad()
print("trained")
"""
    done = here(tmp_path, program, "p epoch", "p d", "why w", "q")
    assert "p epoch\n6\n" in done.stdout, done
    assert "the gradient of w is" in done.stdout and "trained" not in done.stdout and done.returncode == 0
