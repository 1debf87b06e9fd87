"""A step that passes 0 on in the place of what is infinite or NaN says so: in Python, in the console, in the trace."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from tinygrad_edu import Tensor, elementwise, logsumexp, relu
from tinygrad_edu.console.format_step import StepPrinter
from tinygrad_edu.op import OPS
from tinygrad_edu.output.terminal import Screen
from tinygrad_edu.stepping import Stepper
from tinygrad_edu.tracing import Trace, traced

pytestmark = pytest.mark.filterwarnings("error")
P = [1.0, 0.0, -1.0]
HERE = np.array([1.0, 0.0, 0.0])

# A function, a point, and what is said of each step at which something is said: the operation, what, and who chose.
STEPS: dict[str, Any] = {
    "where": (lambda x: np.where(x > 0, np.log(x), 0.0), P, ["log: not chosen x[1], x[2] where"]),
    "twice": (
        lambda x: np.where(x > 0, x * np.log(x), 0.0),
        P,
        ["multiply: not chosen x[1], x[2] where", "log: not chosen x[1], x[2] where"],
    ),
    "a single number": (lambda x: np.where(x > 0, np.sqrt(x), x), 0.0, ["sqrt: not chosen x where"]),
    "many": (
        lambda x: np.where(x > 1, np.sqrt(x), x),
        [0.0] * 9,
        ["sqrt: not chosen x[0], x[1], x[2] and 6 others where"],
    ),
    "an index": (lambda x: np.sqrt(x)[::2], [4.0, 0.0, 1.0], ["sqrt: not chosen x[1] getitem"]),
    "a factor": (lambda x: np.sqrt(x) * HERE, [4.0, 0.0, 1.0], ["sqrt: left out x[1] multiply"]),
    "a factor before": (lambda x: np.sqrt(x * HERE), [4.0, 2.0, 1.0], ["multiply: left out x[1], x[2] multiply"]),
    "relu": (lambda x: relu(np.log(x)), [0.0, 2.0], ["log: not chosen x[0] relu"]),
    "the largest": (lambda x: np.max(np.sqrt(x)), [0.0, 2.0], ["sqrt: not chosen x[0] max"]),
    "rows": (
        lambda x: np.where(x > 0, np.log(x), 0.0),
        [[1.0, 0.0], [0.0, 1.0]],
        ["log: not chosen x[0, 1], x[1, 0] where"],
    ),
    "what is stretched": (
        lambda x: np.where([[False], [False]], 1 / x, 0.0),
        [1.0, 0.0],
        ["divide: not chosen x[1] where"],
    ),
    "through others": (
        lambda x: np.where(x > 0, np.log(x).reshape(3, 1)[::-1].ravel()[::-1], 0.0),
        P,
        ["log: not chosen x[1], x[2] where"],
    ),
    "all of it": (
        lambda x: np.where(False, logsumexp(x), 0.0) + x[1],
        [np.inf, 0.0],
        ["logsumexp: not chosen x[0] where"],
    ),
    "nothing": (lambda x: np.where(x > 0, x, 0.0), P, []),
    "what counts": (lambda x: np.sqrt(x) ** 2, [0.0, 4.0], []),
}


def said(stepper: Stepper) -> list[str]:
    """What is said of all steps, with the operation."""
    stepper.jump(stepper.last)
    found = [(moment, stepper.not_chosen(moment)) for moment in map(stepper.moment_at, range(stepper.last + 1))]
    return [f"{moment.node.op.name}: {words}" for moment, words in found if words]


@pytest.mark.parametrize("f, x, expected", STEPS.values(), ids=STEPS)
def test_a_step_says_so(f: Any, x: Any, expected: list[str]) -> None:
    with np.errstate(all="ignore"):
        stepper = Stepper(f(Tensor(x, "x")).sum())
    found = said(stepper)
    assert len(found) == len(expected)
    for words, each in zip(found, expected):
        head, _, by = each.rpartition(" ")
        start, at = head.split(" x", 1)
        assert words.startswith(f"{start}: 0 in place of nan at x{at}; see {by}, line ")
    stepper.jump(stepper.start)
    assert said(stepper) == found
    stepper.change("x", 1.0)
    assert said(stepper) == found
    stepper.undo()
    assert said(stepper) == found


def test_two_who_did_not_choose_are_both_named() -> None:
    x = Tensor([1.0, 0.0, -1.0], "x")
    with np.errstate(all="ignore"):
        y = np.where(x >= 0, np.log(x), 0.0)
    (words,) = said(Stepper(y[::2].sum()))
    assert words.startswith("log: not chosen: 0 in place of nan at x[1], x[2]; see ")
    assert "; see where, line " in words and "; see getitem, line " in words


def test_of_an_element_that_is_stretched_both_are_named() -> None:
    x = Tensor([1.0, 0.0], "x")
    with np.errstate(all="ignore"):
        y = np.where([[True], [False]], 1 / x, 0.0)
    (words,) = said(Stepper(y[1:].sum()))
    assert "at x[1]; see where, line " in words and "; see getitem, line " in words


def test_a_rule_that_takes_no_gradient_but_its_own_is_not_asked() -> None:
    def picky(g: Any, x: Any) -> Any:
        assert np.ndim(g) == 1 and g[0] != 0
        return g / x

    @elementwise(x=picky)
    def own(x: Any) -> Any:
        return np.log(x)

    try:
        with np.errstate(all="ignore"):
            x = Tensor([1.0, 0.0], "x")
            assert len(said(Stepper(np.where(x > 0, own(x), 0.0).sum()))) == 1
    finally:
        del OPS["own"]


def traced_one() -> Any:
    """A loss of which a part is not chosen, and its place."""
    x = Tensor(P, "x")
    with np.errstate(all="ignore"):
        loss = np.where(x > 0, np.log(x), 0.0).sum()
    return loss


def test_the_trace_says_it_and_is_read_back() -> None:
    trace = traced(traced_one(), sweep=True)
    notes = {trace.nodes[edge.target].op: edge.note for edge in trace.edges}
    assert notes["where"] is None and notes["log"].startswith("not chosen: 0 in place of nan at x[1], x[2]; see where")
    assert [edge.note for edge in Trace.from_json(trace.to_json()).edges] == [edge.note for edge in trace.edges]


def test_the_console_says_it() -> None:
    stepper, screen = Stepper(traced_one()), io.StringIO()
    stepper.jump(stepper.last)
    StepPrinter(stepper, Screen(screen)).show_step(stepper.moment)
    assert "  not chosen: 0 in place of nan at x[1], x[2]; see where, line " in screen.getvalue()
