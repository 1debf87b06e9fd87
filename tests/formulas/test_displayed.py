"""Each equation that is displayed is true as it stands: evaluated with what is displayed, it is what is displayed.

No operation is named: those of all examples are looked at, on the data that pages and pictures get, and as the console
prints them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from displayed import Equation, of_console, of_recursion, of_trace, wrong
from displayed_programs import PROGRAMS

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant, nn
from tinygrad_edu.language.lines import line
from tinygrad_edu.numeric.op_examples import Example, examples
from tinygrad_edu.ops.composed import read_all
from tinygrad_edu.stepping import Stepper
from tinygrad_edu.tracing import traced

read_all()  # operations too that are read when one of their names is asked for
OWN = [op for op in tg.OPS.values() if op.function.__module__.startswith("tinygrad_edu.")]
ALL = [pytest.param(e, id=f"{op.name}-{i}") for op in OWN for i, e in enumerate(examples(op))]
RNG = np.random.default_rng(0)


def result(example: Example) -> Any:
    """The example, computed of tensors."""
    given = {n: [Tensor(p) for p in x] if isinstance(x, list) else Tensor(x) for n, x in example.operands.items()}
    return example(**given)


@pytest.mark.parametrize("example", ALL)
def test_an_equation_of_the_page_is_true(example: Example) -> None:
    z = result(example)
    trace = traced(z, RNG.normal(size=z.shape), sweep=bool(example.op.rules))
    for equation in of_trace(trace):
        assert not wrong(equation), equation


@pytest.mark.parametrize("example", ALL)
def test_an_equation_of_the_console_is_true(example: Example) -> None:
    z = result(example)
    stepper = Stepper(z, RNG.normal(size=z.shape) if example.op.rules else None, sweep=bool(example.op.rules))
    for equation in of_console(stepper):
        assert not wrong(equation), equation


def shown(name: str) -> list[Equation]:
    """All equations of a program, on its page and in the console."""
    loss = PROGRAMS[name]()
    trace = traced(loss, sweep=True)
    return [*of_trace(trace), *of_recursion(trace), *of_console(Stepper(loss))]


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_step_of_a_program_is_true(name: str) -> None:
    assert not [(e.where, e.formula, wrong(e)) for e in shown(name) if wrong(e)]


@pytest.mark.parametrize("activation", [tg.tanh, tg.sigmoid, tg.relu])
@pytest.mark.parametrize("shape", [(4,), (6, 4)], ids=["one example", "examples as rows"])
def test_the_delta_recursion_is_true(activation: Any, shape: Any) -> None:
    rng = np.random.default_rng(0)
    net = nn.MLP([4, 5, 3, 2], activation, rng=rng)
    loss = (net(constant(rng.normal(size=shape), "x")) ** 2).sum()
    found = [*of_recursion(traced(loss, sweep=True))]
    assert len(found) == 2 and not [(e.formula, wrong(e)) for e in found if wrong(e)]


FILLED = {
    "norm": (np.linalg.norm, [0.0, 0.0], "x/z: 0 where z is 0"),
    "std": (np.std, [2.0, 2.0], "(x - mean(x))/z: 0 where z is 0"),
    "hypot": (lambda x: np.hypot(x[0], x[1]), [0.0, 0.0], "x[0]/√(x[0]² + x[1]²): 0 where (x[0]) and (x[1]) are 0"),
    "cross-entropy": (lambda x: tg.binary_cross_entropy(x, np.array([1.0, 0.0])), [1.0, 0.5], "are 0"),
}


@pytest.mark.parametrize("case", FILLED)
def test_what_a_fraction_is_where_it_is_0_over_0_is_said_and_only_there(case: str) -> None:
    f, zero, words = FILLED[case]

    def said(x: list[float]) -> str:
        edges = traced(f(Tensor(x, "x")), sweep=True).edges
        return "; ".join(f"{line(each.symbol)}: {each.words}" for edge in edges for each in edge.letters or ())

    assert "are 0" not in said([0.3, 0.4]) and "is 0" not in said([0.3, 0.4])
    assert words in said(zero)
    assert words not in said([0.3, 0.4])


# A false equation is seen.


@pytest.mark.parametrize("name", PROGRAMS)
def test_another_result_would_be_seen(name: str) -> None:
    for equation in shown(name):
        if not wrong(equation) and np.abs(equation.result).max() > 1e-9:
            assert wrong(replace(equation, result=equation.result * 1.01)), equation


FALSE = {
    "a label for its unit vector": (r"\mathbf{e}_{1}", "y", "it is"),
    "a sum that reaches too far": (r"\operatorname{softmax}(e^{g}) - \mathbf{e}_{1}", r"\sum g - y", "Unreadable"),
    "a letter that nobody explains": ("g", "q", "Impossible: q is not declared"),
    "a transpose that is lost": (r"^{\top}", "", "Misfit"),
}


@pytest.mark.parametrize("case", FALSE)
def test_a_false_equation_is_seen(case: str) -> None:
    true, false, words = FALSE[case]
    here = [e for e in shown("one_label") if true in e.formula]
    given = {"y": 1.0} if false == "y" else {}
    found = [wrong(replace(e, formula=e.formula.replace(true, false, 1), letters=e.letters | given)) for e in here]
    assert any(fault.startswith(words) for fault in found), found


def test_an_operation_that_is_written_falsely_is_seen() -> None:
    @tg.elementwise(r"\sin($x)", x=lambda g, x: -g * np.sin(x))
    def cosine(x: Any) -> Any:
        """The cosine, which says that it is the sine."""
        return np.cos(x)

    try:
        found = [*of_trace(traced(cosine(Tensor([0.5, 1.0]))))]
        assert [wrong(e)[:6] for e in found] == ["it is "]
    finally:
        del tg.OPS["cosine"]
