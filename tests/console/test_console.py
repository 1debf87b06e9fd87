"""The console of ``tinygrad-edu step``, driven as it is used: by commands in a pipe, by a file of them, by typing."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from in_process import command
from stepped import step

from tinygrad_edu import Tensor, sigmoid
from tinygrad_edu.console.shell import Console
from tinygrad_edu.output.terminal import Screen
from tinygrad_edu.stepping import Stepper

NET = """\
from tinygrad_edu import Tensor, constant, scope, sigmoid

x = constant([2.0, 1.0])
W1 = Tensor([[1.0, -2.0], [0.5, 1.0]])
W2 = Tensor([1.0, 3.0])
with scope("hidden"):
    v1 = W1 @ x
    h = sigmoid(v1)
v2 = W2 @ h
loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
print("before")
loss.backward()
print("after", W2.grad)
"""
OPENED = """\
before
backward() of loss in line 12 of net.py
> net.py:12  loss.backward()
             ^^^^^^^^^^^^^^^
9 operations on 3 leaves.  The values are there; steps 10 to 22 are the sweep.
n and s go on, back goes back, p W.grad prints a value, h lists the commands.
"""
CLOSED = "after [2.14239123 3.77402388]\nThe program has ended; backward() was called 1 time.\n"
QUIT = "The program was ended here.\n"


def commands_in(session: str) -> list[str]:
    """What was typed in a session that is shown."""
    return re.findall(r"^\((?:step|what if) \d+\) ?(.*)$", session, re.MULTILINE)


def rows(words: str) -> list[str]:
    """The lines, without the space that stands behind a prompt at which nothing was typed."""
    return [line.rstrip() for line in words.splitlines()]


GOING = """\
(step 9) s
step 10/22  backward  starts at loss
  seed      1  = ∂loss/∂loss
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
(step 10)
step 11/22  backward  add passes on to (v₂ - 1)²
  rule      g
  g         1  = ∂loss/∂loss
  passed    1  = ∂loss/∂((v₂ - 1)²)
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
(step 11) n 3
step 14/22  backward  sum passes on to h ⊙ h
  rule      g, stretched to 2 numbers
  g         0.1  = ∂loss/∂(∑ h ⊙ h)
  passed    [0.1 0.1]  = ∂loss/∂(h ⊙ h)
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                                            ^^^^^^^^^^^^^
(step 14) n
step 15/22  backward  multiply passes on to h
  rule      g ⊙ h
  where     h: 2 numbers
  g         [0.1 0.1]  = ∂loss/∂(h ⊙ h)
  passed    [    0.05 0.088080]
  so far    [    0.05 0.088080]  1 of 3 contributions
step 16/22  backward  multiply passes on to h
  rule      g ⊙ h
  where     h: 2 numbers
  g         [0.1 0.1]  = ∂loss/∂(h ⊙ h)
  passed    [    0.05 0.088080]
  so far    [    0.1 0.17616]  2 of 3 contributions
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                                             ^^^^^
(step 16) b sigmoid
breakpoint 1: sigmoid (op)
(step 16) tbreak h if passed.min() > 0.1
breakpoint 2: h if passed.min() > 0.1 (name)
(step 16) c
breakpoint 2: h if passed.min() > 0.1
step 20/22  backward  matmul passes on to h
  rule      g W₂
  where     W₂: 2 numbers
  g         4.2848  = ∂loss/∂v₂
  passed    [4.2848 12.854]
  sum       [4.3848 13.031]  = ∂loss/∂h
> net.py:9  v2 = W2 @ h
                 ^^^^^^
(step 20) b
1: sigmoid
(step 20) rc
breakpoint 1: sigmoid
step 2/22  forward   h = σ(v₁)
  where     v₁: 2 numbers
  value     [    0.5 0.88080]  sigmoid, in hidden
> net.py:8  h = sigmoid(v1)
                ^^^^^^^^^^^
(step 2) b
1: sigmoid, stopped 1 time
(step 2) cl 1
deleted: sigmoid
(step 2) until W1
step 22/22  backward  matmul passes on to W1
  rule      g xᵀ
  where     x: 2 numbers
  g         [1.0962 1.3681]  = ∂loss/∂v₁
  passed    [[2.1924 1.0962]
             [2.7362 1.3681]]  = ∂loss/∂W₁
> net.py:7  v1 = W1 @ x
                 ^^^^^^
(step 22) j start
step 0/22  nothing is computed yet: the leaves are given
  x         [2 1]
  W1        [[  1  -2]
             [0.5   1]]
  W2        [1 3]
(step 0) back
This is the start: nothing is computed yet.
(step 0) j 4
step 4/22  forward   v₂ - 1
  where     v₂ = 3.1424
  value     2.1424  subtract
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                     ^^^^^^^^
(step 4) r
step 21/22  backward  sigmoid passes on to v1
  rule      g ⊙ h ⊙ (1 - h)
  where     h: 2 numbers
  g         [4.3848 13.031]  = ∂loss/∂h
  passed    [1.0962 1.3681]  = ∂loss/∂v₁
> net.py:8  h = sigmoid(v1)
                ^^^^^^^^^^^
(step 21) j loss
step 9/22  forward   loss = (v₂ - 1)² + 0.1 ∑ h ⊙ h
  where     (v₂ - 1)² = 4.5898; 0.1 ∑ h ⊙ h = 0.10258
  value     4.6924  add
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
(step 9) whatif h = 0*grad
What if the gradient of h were 0*grad?  What follows is marked.
  ∂loss/∂h is changed
step 9/22  forward   loss = (v₂ - 1)² + 0.1 ∑ h ⊙ h
  where     (v₂ - 1)² = 4.5898; 0.1 ∑ h ⊙ h = 0.10258
  value     4.6924  add
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
(what if 9) j end
step 22/22  backward  matmul passes on to W1
  what if   this follows from a changed gradient
  rule      g xᵀ
  where     x: 2 numbers
  g         [0 0]  = ∂loss/∂v₁
  passed    [[0 0]
             [0 0]]  = ∂loss/∂W₁
> net.py:7  v1 = W1 @ x
                 ^^^^^^
(what if 22) whatif
  ∂loss/∂h is changed
(what if 22) c
step 22/22  the sweep is done
  W1        [[0 0]
             [0 0]]  = ∂loss/∂W₁
  W2        [2.1424 3.7740]  = ∂loss/∂W₂
What if: these follow from changed gradients; the program's own are not touched.
c goes on with the program, to its next backward(); go lets it run; q ends it.
(what if 22) whatif off
The gradients are the program's own again.
step 22/22  backward  matmul passes on to W1
  rule      g xᵀ
  where     x: 2 numbers
  g         [1.0962 1.3681]  = ∂loss/∂v₁
  passed    [[2.1924 1.0962]
             [2.7362 1.3681]]  = ∂loss/∂W₁
> net.py:7  v1 = W1 @ x
                 ^^^^^^
(step 22) display W2.grad
  W2.grad   [2.1424 3.7740]
(step 22) back 9
step 13/22  backward  multiply passes on to ∑ h ⊙ h
  rule      g · 0.1
  g         1  = ∂loss/∂(0.1 ∑ h ⊙ h)
  passed    0.1  = ∂loss/∂(∑ h ⊙ h)
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                                      ^^^^^^^^^^^^^^^^^^^
  W2.grad  not yet
(step 13) undisplay W2.grad
(step 13) c
step 22/22  the sweep is done
  W1        [[2.1924 1.0962]
             [2.7362 1.3681]]  = ∂loss/∂W₁
  W2        [2.1424 3.7740]  = ∂loss/∂W₂
c goes on with the program, to its next backward(); go lets it run; q ends it.
(step 22) c
"""

LOOKING = """\
(step 9) b step 16
breakpoint 1: step 16 (step)
(step 9) c
breakpoint 1: step 16
step 16/22  backward  multiply passes on to h
  rule      g ⊙ h
  where     h: 2 numbers
  g         [0.1 0.1]  = ∂loss/∂(h ⊙ h)
  passed    [    0.05 0.088080]
  so far    [    0.1 0.17616]  2 of 3 contributions
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                                             ^^^^^
(step 16) p
h = σ(v₁), shape (2,)
  value     [    0.5 0.88080]
  grad      [    0.1 0.17616]  = ∂loss/∂h
(step 16) p W1
[[  1  -2]
 [0.5   1]]
(step 16) #3
3.1424
(step 16) p #2.grad
[    0.1 0.17616]
(step 16) abs(W1).max()
2
(step 16) pp W1
[[  1  -2]
 [0.5   1]]
(step 16) p v1.grad
*** no gradient has come to v1 yet; n goes on with the sweep, b v1 stops there
(step 16) delta1
*** no gradient has come to v1 yet; n goes on with the sweep, b v1 stops there
(step 16) a
h ⊙ h
  h         [    0.5 0.88080]  as x
  h         [    0.5 0.88080]  as y
  result    [   0.25 0.77580]  h ⊙ h
(step 16) tensors
  x                2            constant
  W1               2 x 2        leaf
  W2               2            leaf
  v1               2            step 1
  h                2            step 2      |g| 0.20256
  v2               number       step 3
  loss             number       step 9      |g| 1
(step 16) l 1
net.py
   9    v2 = W2 @ h
  10 -> loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                                        ^^^^^
  11    print("before")
(step 16) w
   loss = (v₂ - 1)² + 0.1 ∑ h ⊙ h                               |g| 1  net.py:10
   0.1 ∑ h ⊙ h                                                  |g| 1  net.py:10
   ∑ h ⊙ h                                                    |g| 0.1  net.py:10
   h ⊙ h                                                  |g| 0.14142  net.py:10
-> h = σ(v₁)                                               |g| 0.20256  net.py:8
(step 16) u 2
-> ∑ h ⊙ h                                                    |g| 0.1  net.py:10
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                                            ^^^^^^^^^^^^^
(step 16) jac
∂(∑ h ⊙ h)/∂(h ⊙ h), 1 x 2
[[1 1]]
finite differences agree to 1.1e-13
(step 16) rule
sum: ∑ h ⊙ h
  to h ⊙ h it passes  g, stretched to 2 numbers
  g         0.1  = ∂loss/∂(∑ h ⊙ h)
  h ⊙ h     [   0.25 0.77580]
  passed    [0.1 0.1]
(step 16) d
-> h ⊙ h                                                  |g| 0.14142  net.py:10
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                                             ^^^^^
(step 16) d 9
-> h = σ(v₁)                                               |g| 0.20256  net.py:8
> net.py:8  h = sigmoid(v1)
                ^^^^^^^^^^^
(step 16) why
  ∂loss/∂h  [    0.1 0.17616]
  2 of 3 contributions so far, 2 paths; share, norm, and way to the loss:
   50.0%  0.10128     h → h ⊙ h → ∑ h ⊙ h → 0.1 ∑ h ⊙ h → loss
   50.0%  0.10128     h → h ⊙ h → ∑ h ⊙ h → 0.1 ∑ h ⊙ h → loss
(step 16) # a comment, as in a file of commands
(step 16) j 22
step 22/22  backward  matmul passes on to W1
  rule      g xᵀ
  where     x: 2 numbers
  g         [1.0962 1.3681]  = ∂loss/∂v₁
  passed    [[2.1924 1.0962]
             [2.7362 1.3681]]  = ∂loss/∂W₁
> net.py:7  v1 = W1 @ x
                 ^^^^^^
(step 22) delta1
[1.0962 1.3681]
(step 22) dW2
[2.1424 3.7740]
(step 22) rule
matmul: v₁ = W₁ x
  to W1 it passes  g xᵀ
  where     x: 2 numbers
  g         [1.0962 1.3681]  = ∂loss/∂v₁
  W1        [[  1  -2]
             [0.5   1]]
  x         [2 1]
  passed    [[2.1924 1.0962]
             [2.7362 1.3681]]
(step 22) explain
Nothing was found in loss, the 9 values that it was computed by and their
gradients. Looked for were: values and gradients that are not finite, gradients
of 0, parameters that it does not depend on, gradients that vanish or explode,
saturated, dead and equal units, a column against a row, a softmax or a mean
over the wrong axis, a softmax or sigmoid twice, constants among parameters,
gradients of earlier steps, and rules that are not derivatives.
(step 22) h why
why [NAME]: show by which paths a gradient came, and faults
For each path from the loss: its share of the gradient, and the norm of that
share.  Then what is wrong with the gradient, if anything is: it vanishes, it is
not finite, a layer is saturated, ...
(step 22) go
"""

WRONG = """\
(step 9) nonsense
*** nonsense is no command (h lists them), and no name: there is no nonsense in
this computation; it has x, W1, W2, v1, h, v2 and loss
(step 9) p nonsense
*** there is no nonsense in this computation; it has x, W1, W2, v1, h, v2 and
loss
(step 9) hello world
*** hello is no command and no name.  Did you mean help?
(step 9) W1 +
*** W1 + is no expression: invalid syntax
(step 9) p 1/0
*** division by zero
(step 9) p W1 @ W1 @ loss
*** W1 @ W1 @ loss: shapes (2, 2) and () do not fit
(step 9) p W1[7]
*** index 7 is out of bounds for axis 0 with size 2
(step 9) #99
*** there is no #99: the results are #1 to #9
(step 9) ().__class__.__bases__
*** tuple has no __class__ that could be shown
(step 9) p print
*** there is no print in this computation; it has x, W1, W2, v1, h, v2 and loss
(step 9) p sigmoid
*** sigmoid is a function; here one computes with tensors, arrays and numbers
(step 9) p [w for w in W1]
*** [w for w in W1] cannot be computed here: an expression has tensors, numbers
and arithmetic
(step 9) p grad
*** no gradient has come to loss yet; n goes on with the sweep, b loss stops
there
(step 9) p passed
*** there is no passed at step 9, which goes forward
(step 9) p dx
*** no gradient flows to x, which is a constant
(step 9) s 0
*** 0 is not a whole number from 1 up
(step 9) n x
*** x is not a whole number from 1 up
(step 9) back -1
*** -1 is not a whole number from 1 up
(step 9) j 23
*** there is no step 23: there are steps 0 to 22
(step 9) j -1
*** -1 is not a whole number from 0 up
(step 9) b
There are no breakpoints; h b says how to make one.
(step 9) b nothing
*** nothing is no name, operation, part of the model, line or step here
(step 9) b hiden
*** hiden is no name, operation, part of the model, line or step here.  Did you
mean hidden?
(step 9) b if
*** where is it to stop?  b W, b sigmoid, b layer1, b 12, b step 17, b if isnan:
see h b
(step 9) until
*** where is it to stop?  b W, b sigmoid, b layer1, b 12, b step 17, b if isnan:
see h b
(step 9) tbreak step 99
*** there is no step 99: there are steps 0 to 22
(step 9) cl 1
*** there is no breakpoint 1
(step 9) cl
all breakpoints deleted
(step 9) undisplay W1
*** W1 is not displayed
(step 9) rule x
*** x was given and not computed, so it has no rule
(step 9) jac W1
*** W1 was given and not computed, so it has no local Jacobian
(step 9) why x
*** no gradient flows to x: it is a constant, or was computed from constants
alone
(step 9) why
No gradient has come to loss yet.  c runs the sweep to its end.
(step 9) whatif h
*** whatif needs a gradient to try: whatif h = 2*grad
(step 9) whatif h = nothing
*** there is no nothing in this computation; it has x, W1, W2, v1, h, v2 and
loss
(step 9) whatif h = W1
*** the gradient of h has shape (2,), and this has shape (2, 2)
(step 9) whatif x = 1
*** no gradient flows to x of shape (2,)
(step 9) save
*** save needs the name of a file: save step.html
(step 9) save net.bmp
*** net.bmp does not end in a format that a picture can be saved in: svg, pdf,
png, tex, dot, json, html, gif
(step 9) h nothing
*** nothing is no command (h lists them)
(step 9) b if nothing > 3
breakpoint 1: if nothing > 3
(step 9) c
breakpoint 1: if nothing > 3  *** there is no nothing in this computation; it
has x, W1, W2, v1, h, v2 and loss
step 10/22  backward  starts at loss
  seed      1  = ∂loss/∂loss
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
(step 10) q
"""


@pytest.mark.parametrize("session", [GOING, LOOKING, WRONG], ids=["going", "looking", "wrong"])
def test_a_session_word_for_word(session: str, tmp_path: Path) -> None:
    done = step(tmp_path, NET, *commands_in(session))
    assert rows(done.stdout) == rows(OPENED + session + (QUIT if session is WRONG else CLOSED))
    assert (done.returncode, done.stderr) == (0, "")


def test_commands_from_a_file_and_from_the_command_line_print_the_same(tmp_path: Path) -> None:
    """And what is piped in is left to the program, to the last byte."""
    program = NET + "import sys\nprint(repr(sys.stdin.read()))\n"
    (tmp_path / "net.py").write_text(program, encoding="utf-8")
    commands = commands_in(GOING)
    (tmp_path / "lecture.txt").write_text("\n".join(commands) + "\n", encoding="utf-8")
    by_file = ["--commands", "lecture.txt"]
    by_hand = [word for line in commands for word in ("-c", line)]
    for options in (by_file, by_hand, [*by_hand[:6], "--commands", "rest.txt"]):
        (tmp_path / "rest.txt").write_text("\n".join(commands[3:]), encoding="utf-8")
        done = command(tmp_path, "step", *options, "net.py", typed="c\n its own \n")
        shown = OPENED + GOING + CLOSED.replace("The prog", "'c\\n its own \\n'\nThe prog")
        assert rows(done.stdout) == rows(shown)
        assert (done.returncode, done.stderr) == (0, "")


def test_where_commands_end_the_program_ends(tmp_path: Path) -> None:
    done = step(tmp_path, NET, "n", "p loss")
    assert done.stdout.endswith("4.6924\n(step 10) \n" + QUIT) and "after" not in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_commands_that_end_leave_what_is_piped_in_to_the_program(tmp_path: Path) -> None:
    done = step(tmp_path, NET, "go", options=("-c", "n"))
    assert done.stdout.endswith("(step 10) \n" + QUIT) and done.returncode == 0


def test_help_says_something_of_every_command(tmp_path: Path) -> None:
    done = step(tmp_path, NET, "h", *(f"h {word}" for word in EVERY))
    assert "*** " not in done.stdout and max(map(len, done.stdout.splitlines())) <= 80
    known = done.stdout.split("(step 9) h next")[0]
    names = [re.sub(r"\((\w+)\)", r"\1", row.split()[0]) for row in known.split("(step 9) h\n")[1].splitlines()
             if row.startswith("  ") and row[2] != " "]  # fmt: skip
    assert names == EVERY


EVERY = (
    "next step continue until return back rc jump go break tbreak clear print pp args display undisplay tensors list "
    "ll where up down rule jac why explain whatif save quit help"
).split()


AT_THE_END = """\
(step 9) c
step 22/22  the sweep is done
  W1        [[2.1924 1.0962]
             [2.7362 1.3681]]  = ∂loss/∂W₁
  W2        [2.1424 3.7740]  = ∂loss/∂W₂
c goes on with the program, to its next backward(); go lets it run; q ends it.
(step 22)
The sweep is done: c goes on with the program, back and j go back in it, q
leaves.
(step 22)
(step 22)
(step 22) p loss
4.6924
(step 22)
4.6924
(step 22) back 13
step 9/22  forward   loss = (v₂ - 1)² + 0.1 ∑ h ⊙ h
  where     (v₂ - 1)² = 4.5898; 0.1 ∑ h ⊙ h = 0.10258
  value     4.6924  add
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
(step 9) n
step 10/22  backward  starts at loss
  seed      1  = ∂loss/∂loss
> net.py:10  loss = (v2 - 1.0) ** 2 + 0.1 * (h * h).sum()
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
(step 10) go
"""


def test_at_the_end_an_empty_line_says_so_once_and_goes_nowhere(tmp_path: Path) -> None:
    done = step(tmp_path, NET, *commands_in(AT_THE_END))
    assert rows(done.stdout) == rows(OPENED + AT_THE_END + CLOSED)


NEAR = {
    "untl W": "*** untl is no command and no name.  Did you mean until?",
    "h clera": "*** clera is no command.  Did you mean clear?",
    "los": "*** los is no command and no name.  Did you mean loss?",
    "h zzzz": "*** zzzz is no command (h lists them)",
}


@pytest.mark.parametrize("typed", NEAR)
def test_who_mistypes_a_command_is_told_the_near_one(typed: str, tmp_path: Path) -> None:
    assert NEAR[typed] in step(tmp_path, NET, typed, "q").stdout.splitlines()


def test_what_follows_an_exclamation_mark_is_an_expression(tmp_path: Path) -> None:
    done = step(tmp_path, NET.replace("print", "n = 7\nprint", 1), "!n", "! n + 1", "", "!", "!n n", "q")
    assert "(step 9) !n\n7\n(step 9) ! n + 1\n8\n(step 9) \n8\n(step 9) !\nloss = " in done.stdout
    assert "*** n n is no expression: invalid syntax" in done.stdout


IN_A_FUNCTION = """\
import numpy as np
from tinygrad_edu import Tensor

def model(x):
    y = x * 2
    def inner():
        return 1
    return y * inner()

loss = model(Tensor(3.0))
loss.backward()
"""


def test_ll_lists_the_whole_function_or_the_whole_program(tmp_path: Path) -> None:
    done = step(tmp_path, IN_A_FUNCTION, "ll", "q").stdout
    listed = done.split("(step 2) ll\n")[1].split("(step 2)")[0].splitlines()
    numbers = [row.split()[0] for row in listed if row.split()[0].isdecimal()]
    assert listed[0] == "net.py" and numbers == ["4", "5", "6", "7", "8"], listed
    done = step(tmp_path, NET, "longlist", "q").stdout.split("(step 9) longlist\n")[1]
    assert done.count("\n") == NET.count("\n") + 4, done  # the file's name, the mark, the prompt, and the last words


@pytest.mark.parametrize(
    "expression",
    [
        '__import__("os").system("touch gone")', 'open("gone", "w")', 'eval("1")', "W1.tofile('gone')", "sys.exit()",
        "(lambda: 1)()", "loss.backward()", "W1.__class__.__base__", "'{0.__class__}'.format(W1)", "'a' * 10**10",
        "9**9**9**9**9", "[0] * 10**10", "-" * 900 + "1", "(" * 500 + ")" * 500, "1" * 2000, "W1[" * 90,
        "\x1b[31mred", "'\x1b[31m\x07'", "W1.reshape(10**12)", "W1 if W1 else W1", "W1 @ 'x'", "not W1", "~W1",
        "W1[::0]", "1 << 10**9", "float('1' * 9)", "len(3)", "sum(1, 2, 3, 4, 5, 6)", "max(W1, out=W1)", "where()",
        "step step", "#", "p #", "\\",
    ],
)  # fmt: skip
def test_no_expression_harms(expression: str, stepped: Any) -> None:
    shown, console, W1 = stepped
    console.onecmd(f"p {expression}")
    console.onecmd(f"display {expression}")
    console.onecmd(f"b if {expression}")
    console.onecmd("s")
    assert not Path("gone").exists() and W1.grad is None and W1.data.tolist() == [[1, -2], [0.5, 1]]
    assert shown.getvalue().replace("\n", "").isprintable()


@pytest.fixture
def stepped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A console without a program about it, what it shows, and a tensor in it."""
    monkeypatch.chdir(tmp_path)
    shown = io.StringIO()
    W1 = Tensor([[1.0, -2.0], [0.5, 1.0]], "W1")
    loss = sigmoid(W1).sum()
    variables = {"sys": sys, "W1": W1, "loss": loss}
    return shown, Console(Stepper(loss), Screen(shown, width=80), io.StringIO(), variables=variables), W1


def test_a_long_way_is_shown_by_its_ends(tmp_path: Path) -> None:
    program = (
        "from tinygrad_edu import Tensor\nx = Tensor(1.0)\ny = x\nfor _ in range(30):\n    y = y * 2\ny.backward()\n"
    )
    done = step(tmp_path, program, "j end", "why x")
    assert "100.0%  1.0737e+09  x → y_1 → y_2 → y_3 → y_4 → … → y_28 → y_29 → y_30\n" in done.stdout


def page(file: Path) -> Any:
    """What the page is given."""
    text = file.read_text(encoding="utf-8").split('id="tinygrad-edu-data">')[1]
    return json.loads(text.split("</script>")[0])


def test_a_page_opens_at_the_step_and_holds_what_if(tmp_path: Path) -> None:
    commands = ["j 17", "save step.html", "save step.json", "whatif h = 0*grad", "save if.html", "whatif off",
                "save off.html", "save nowhere/step.html", "save step.svg"]  # fmt: skip
    done = step(tmp_path, NET, *commands)
    assert "step.html: the page, opened at step 17\n" in done.stdout
    assert f"*** {Path('nowhere/step.html')}: there is no folder" in done.stdout
    plain, changed = page(tmp_path / "step.html"), page(tmp_path / "if.html")
    assert plain["at"] == changed["at"] == 17 and page(tmp_path / "off.html") == plain
    assert json.loads((tmp_path / "step.json").read_text(encoding="utf-8")) == plain["trace"]
    assert (tmp_path / "step.svg").read_text(encoding="utf-8").startswith("<svg")

    def gradient(data: Any) -> Any:
        (found,) = [node["gradient"]["data"] for node in data["trace"]["nodes"] if node.get("name") == "W1"]
        return found

    assert [[round(x, 4) for x in row] for row in gradient(plain)] == [[2.1924, 1.0962], [2.7362, 1.3681]]
    assert gradient(changed) == [[0, 0], [0, 0]]
    assert "what if" in json.dumps(changed).lower() and "what if" not in json.dumps(plain).lower()
