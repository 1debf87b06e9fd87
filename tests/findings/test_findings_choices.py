"""What was not chosen and is infinite or NaN there: ``explain`` tells it, and what gives the same gradient anywhere.

A case is a program, dashes, and words that are said; the last line, if it begins with a star, is what can be pasted.
What is pasted is run: the loss and all gradients are the same, and a sweep that leaves nothing out finds them as well.
"""

import textwrap

import numpy as np
import pytest
from test_findings import FILE, declared, explained, ran

from tinygrad_edu.findings import explain, findings_about
from tinygrad_edu.stepping import Stepper
from tinygrad_edu.sweep import steps

assert declared  # a fixture

CASES = {
    "log": """
        x = Tensor([1.0, 0.0, -1.0], "x")
        loss = np.where(x > 0, np.log(x), 0.0).sum()
        ---
        log is -inf at x[1] = 0 and nan at x[2] = -1, but the where in line 2 did not choose it there: its gradient
        * np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0.0)
    """,
    "1/x": """
        x = Tensor([2.0, 0.0], "x")
        loss = np.where(x > 0, 1 / x, 0.0).sum()
        ---
        divide is inf at x[1] = 0, but the where in line 2 did not choose it there
        * np.where(x > 0, 1 / np.where(x > 0, x, 1), 0.0)
    """,
    "a quotient of two": """
        a, b = Tensor([2.0, 0.0, 1.0], "a"), Tensor([2.0, 0.0, 0.0], "b")
        loss = np.where(b > 0, a / b, 0.0).sum()
        ---
        divide is inf at a[2] = 1, b[2] = 0 and nan at a[1] = 0, b[1] = 0, but the where in line 2
        * np.where(b > 0, a / np.where(b > 0, b, 1), 0.0)
    """,
    "the other branch": """
        x = Tensor([2.0, 0.0, 3.0], "x")
        loss = np.where(x <= 0, 0.0, np.log(x)).sum()
        ---
        log is -inf at x[1] = 0
        * np.where(x <= 0, 0.0, np.log(np.where(x <= 0, 1, x)))
    """,
    "arccos, for which 1 is not harmless": """
        x = Tensor([0.5, 1.5], "x")
        ok = np.abs(x.data) < 1
        loss = np.where(ok, np.arccos(x), 0.0).sum()
        ---
        arccos is nan at x[1] = 1.5, but the where in line 3
        * np.where(ok, np.arccos(np.where(ok, x, 0)), 0.0)
    """,
    "x log x": """
        p = Tensor([0.25, 0.75, 0.0], "p")
        h = np.where(p > 0, p * np.log(p), 0.0)
        loss = -h.sum()
        ---
        log is -inf at p[2] = 0, but the where in line 2 did not choose it there
        * np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0.0)
    """,
    "the root of a sum": """
        x = Tensor([[3.0, 4.0], [0.0, 0.0]], "x")
        n = (x * x).sum(axis=1)
        loss = np.where(n > 0, np.sqrt(n), 0.0).sum()
        ---
        The slope of sqrt is infinite at n[1] = 0, but the where in line 3 did not choose it there
        * np.where(n > 0, np.sqrt(np.where(n > 0, n, 1)), 0.0)
    """,
    "a condition that gets its name later": """
        d = Tensor([[1.0, 0.0], [0.0, 4.0]], "d")
        r = np.sqrt(d)
        mask = d > 0
        loss = (np.where(mask, r, 0.0) * 2).sum()
        ---
        The slope of sqrt is infinite at d[0, 1] = 0 and d[1, 0] = 0, but the where in line 4 did not choose it there
        * np.sqrt(np.where(d > 0, d, 1))
    """,
    "exp that overflows": """
        x = Tensor([1.0, 1000.0], "x")
        loss = np.where(x < 100, np.exp(x), 0.0).sum()
        ---
        exp is inf at x[1] = 1000, but the where in line 2 did not choose it there
        * np.where(x < 100, np.exp(np.where(x < 100, x, 1)), 0.0)
    """,
    "a condition that would be another one": """
        x = Tensor([1.0, 0.0], "x")
        y = 1 / x
        few = y.data < 9
        loss = np.where(few, y * y, 0.0).sum()
        ---
        divide is inf at x[1] = 0, but the where in line 4 did not choose it there
        * 1 / (x + 1e-12)
    """,
    "many elements": """
        x = Tensor([0.0, 0.0, 0.0, 0.0, 0.0, 2.0], "x")
        loss = np.where(x > 0, np.log(x), 0.0).sum()
        ---
        log is -inf at x[0] = 0, x[1] = 0, x[2] = 0 and 2 others, but
        * np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0.0)
    """,
    "one condition for all": """
        x = Tensor([1.0, 0.0], "x")
        few = len(x) < 2
        loss = np.where(few, np.log(x).sum(), 0.0) + x.sum()
        ---
        log is -inf at x[1] = 0, but the where in line 3 did not choose it there
        * np.where(few, np.log(np.where(few, x, 1)).sum(), 0.0)
    """,
    "a number": """
        x = Tensor(0.0, "x")
        loss = np.where(x > 0, np.sqrt(x), x * 2)
        ---
        The slope of sqrt is infinite at x = 0, but the where in line 2 did not choose it there
        * np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), x * 2)
    """,
    "a mask that multiplies": """
        x, m = Tensor([4.0, 0.0], "x"), np.array([1.0, 0.0])
        loss = (m * np.sqrt(x)).sum()
        ---
        The slope of sqrt is infinite at x[1] = 0, but m * np.sqrt(x), in line 2, multiplies it by 0 there
        * m * np.sqrt(np.where(m != 0, x, 1))
    """,
    "an index": """
        x = Tensor([1.0, 0.0, 2.0], "x")
        loss = np.log(x)[x.data > 0].sum()
        ---
        log is -inf at x[1] = 0, but the index in line 2 did not choose it there
        * np.log(x[x.data > 0])
    """,
    "an index of a row": """
        x = Tensor([[1.0, 0.0], [2.0, 3.0]], "x")
        y = np.sqrt(x)
        loss = y[1].sum()
        ---
        The slope of sqrt is infinite at x[0, 1] = 0, but the index in line 3 did not choose it there
        * np.sqrt(x[1])
    """,
    "relu": """
        x = Tensor([0.0, 2.0], "x")
        loss = relu(np.log(x)).sum()
        ---
        log is -inf at x[0] = 0, but the relu in line 2 did not choose it there
        * np.log(x + 1e-12)
    """,
    "maximum": """
        x = Tensor([0.0, 4.0], "x")
        loss = np.maximum(np.sqrt(x), 1.0).sum()
        ---
        The slope of sqrt is infinite at x[0] = 0, but the maximum in line 2 did not choose it there
        * np.sqrt(x + 1e-12)
    """,
    "clip": """
        x = Tensor([0.0, 4.0, 2.0], "x")
        loss = np.clip(np.log(x), -2, 5).sum()
        ---
        log is -inf at x[0] = 0, but the clip in line 2 did not choose it there
        * np.log(x + 1e-12)
    """,
    "the largest": """
        x = Tensor([0.0, 4.0], "x")
        loss = np.max(np.sqrt(x))
        ---
        but the max in line 2 did not choose it there
        * np.sqrt(x + 1e-12)
    """,
    "a column of zeros": """
        x, A = Tensor([4.0, 0.0], "x"), np.array([[2.0, 0.0], [1.0, 0.0]])
        loss = (A @ np.sqrt(x)).sum()
        ---
        The slope of sqrt is infinite at x[1] = 0, but A @ np.sqrt(x), in line 2, multiplies it by 0 there
        * np.sqrt(x + 1e-12)
    """,
    "data that are missing": """
        p, t = Tensor([2.0, 0.5], "p"), np.array([1.0, np.nan])
        loss = np.where(np.isnan(t), 0.0, (p - t) ** 2).sum()
        ---
        subtract is nan at t[1] = nan, but the where in line 2 did not choose it there
        * np.where(np.isnan(t), 0.0, (p - np.where(np.isnan(t), 1, t)) ** 2)
    """,
    "a leaf of which a part is missing": """
        x = Tensor([2.0, np.nan], "x")
        loss = np.where(np.isnan(x.data), 0.0, x**2).sum()
        ---
        x[1] is nan, but the where in line 2 did not choose it there
    """,
    "behind other operations": """
        x = Tensor([1.0, 0.0, 2.0], "x")
        loss = np.where(x > 0, (2 * np.tanh(np.log(x))).reshape(3, 1)[::-1].ravel()[::-1], 0.0).sum()
        ---
        log is -inf at x[1] = 0, but the where in line 2 did not choose it there
        * np.where(x > 0, (2 * np.tanh(np.log(np.where(x > 0, x, 1)))).reshape(3, 1)[::-1].ravel()[::-1], 0.0)
    """,
    "two uses, and each has its own chooser": """
        x = Tensor([1.0, 0.0, 2.0], "x")
        y = np.log(x)
        loss = np.where(x > 0, y, 0.0).sum() + y[2]
        ---
        log is -inf at x[1] = 0, but the where in line 3 and the index in line 3 did not choose it there
        * np.log(np.where(x > 0, x, 1))
    """,
    "different elements, and different choosers": """
        x = Tensor([2.0, 0.0, -1.0], "x")
        y = np.where(x >= 0, np.log(x), 0.0)
        loss = y[::2].sum()
        ---
        log is -inf at x[1] = 0 and nan at x[2] = -1, but the where in line 2 and the index in line 3 did not choose
    """,
    "a loop": """
        x, loss = Tensor([1.0, 0.0], "x"), 0.0
        for t in range(3):
            loss = loss + np.where(x > 0, np.log(x * (t + 1)), 0.0).sum()
        ---
        log is -inf at (x * (t + 1))[1] = 0, but the where in line 3 did not choose it there
        The same holds for 2 other values that this line made.
        * np.where(x > 0, np.log(np.where(x > 0, x * (t + 1), 1)), 0.0)
    """,
    "a value and a slope": """
        x = Tensor([1.0, 0.0, -1.0], "x")
        loss = np.where(x > 0, np.sqrt(x), 0.0).sum()
        ---
        sqrt is nan at x[2] = -1, and its slope is infinite at x[1] = 0, but the where in line 2
        * np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0.0)
    """,
    "what is not elementwise": """
        x = Tensor([1.0, 0.0], "x")
        y = logsumexp(1 / x)
        loss = np.where(y < 9, y, 0.0) + x.sum()
        ---
        divide is inf at x[1] = 0, but the where in line 3 did not choose it there
        * 1 / (x + 1e-12)
    """,
    "what was made infinite behind it": """
        x, m = Tensor([2.0, 0.0], "x"), np.array([1.0, 0.0])
        loss = np.sqrt(m * x).sum()
        ---
        The slope of sqrt is infinite at (m * x)[1] = 0, but m * x, in line 2, multiplies x by 0 there
        the gradient of x there is 0, as it should be.
        * np.sqrt(m * x + 1e-12)
    """,
    "parts of a vector that are not asked for": """
        x = Tensor([0.0, 4.0], "x")
        loss = np.sqrt(x)
        options = dict(seed=[0.0, 1.0])
        ---
        The slope of sqrt is infinite at x[0] = 0, but loss does not depend on it there
    """,
}


def parts(case):
    """The program, what is said, and what can be pasted."""
    program, said = textwrap.dedent(CASES[case]).split("---\n")
    words = said.strip().split("\n")
    new = words.pop()[2:] if words[-1][:2] == "* " else None
    return program.strip() + "\n", words, new


@pytest.mark.parametrize("case", CASES)
def test_it_is_told_and_nothing_is_wrong(case):
    program, words, new = parts(case)
    found = explained(program)
    assert found.kinds == ["not chosen"] and not found[0].is_fault
    for said in (*words, "is 0, as it should be."):
        assert said in found[0].words
    assert [remedy.code for remedy in found[0].remedies] == [new] * (new is not None)
    assert str(found).endswith("Nothing else was found.")
    assert ("What serves in all is" in found[0].words) == (new is not None)


def gradients(loss, seed=None):
    """The gradients of leaves: as the engine finds them, and as the chain rule alone does."""
    with np.errstate(all="ignore"):
        stepper = Stepper(loss, seed)
        stepper.jump(stepper.last)
        leaves = [node for node in stepper.ours if node.op is None]
        plain = {node: g for node, g, _ in steps(stepper.root, stepper.seed)}
    return [stepper.gradient(node) for node in leaves], [plain[node] for node in leaves]


@pytest.mark.parametrize("case", CASES)
def test_what_can_be_pasted_has_the_same_gradient_by_the_chain_rule_alone(case):
    program, *_ = parts(case)
    variables = ran(program)
    loss, seed = variables["loss"], variables.get("options", {}).get("seed")
    ours, plain = gradients(loss, seed)
    assert not all(np.isfinite(g).all() for g in plain)
    for remedy in explained(program)[0].remedies:
        assert remedy.place.file == FILE and remedy.place.columns is not None
        lines = program.split("\n")
        start, end = remedy.place.columns
        line = lines[remedy.place.line - 1]
        lines[remedy.place.line - 1] = f"{line[:start]}({remedy.code}){line[end:]}"
        new = ran("\n".join(lines))["loss"]
        np.testing.assert_allclose(new.data, loss.data, rtol=1e-6)
        for found in gradients(new):
            for g, expected in zip(found, ours, strict=True):
                np.testing.assert_allclose(g, expected, rtol=1e-6, atol=1e-12)
        assert not explain(new)


def test_most_can_be_pasted():
    assert sum(parts(case)[2] is not None for case in CASES) > 20


SILENT = {
    "nothing had to be replaced": """
        x = Tensor([1.0, 4.0], "x")
        loss = np.where(x > 2, np.log(x), 0.0).sum()
    """,
    "all values are finite, and all slopes": """
        x = Tensor([1.0, -4.0], "x")
        loss = np.where(x > 0, x**2, np.abs(x)).sum()
    """,
    "what is not chosen has the gradient 0 by the chain rule": """
        x = Tensor([1.0, 0.0], "x")
        loss = np.where(x > 0, np.log(x.data), x).sum()
    """,
    "a mask of an attention": """
        S = Tensor(rng.normal(size=(4, 4)), "S")
        loss = (softmax(np.where(np.tri(4) > 0, S, -np.inf)) @ rng.normal(size=(4, 2)) ** 2).sum()
    """,
}


@pytest.mark.parametrize("program", SILENT.values(), ids=SILENT)
def test_where_nothing_was_replaced_nothing_is_said(program):
    assert not explained(program)


def test_a_fault_comes_first_and_nothing_more_is_said_of_its_line():
    found = explained("""
        x, y = Tensor([4.0, 0.0], "x"), Tensor([4.0, -1.0, 0.0], "y")
        a = np.where(x > 0, np.log(x), 0.0)
        loss = a.sum() + np.where(y >= 0, np.sqrt(y) ** 2, 0.0).sum()
    """)
    assert found.kinds == ["not finite", "not chosen"] and [each.is_fault for each in found] == [True, False]
    assert "The slope of sqrt is infinite at y[2] = 0." in found[0].words  # and not at y[1], which is not chosen
    assert found[1].place.line == 2 and found.nothing == ""


def test_steps_that_move_what_they_are_given_are_no_logarithm():
    found = explained("""
        x = Tensor([3.0, 1.0, 0.5, 0.0], "x")
        loss = np.log(x).reshape(2, 2).T.ravel().sum()
    """)
    assert found.kinds == ["not finite"]


def test_an_infinite_gradient_that_comes_to_no_leaf_is_no_fault():
    found = explained("""
        x, m = Tensor([2.0, 0.0, 0.0], "x"), np.array([1.0, 0.0, 1.0])
        loss = np.sqrt(m * x).sum()
    """)
    assert found.kinds == ["not finite"] and "at (m * x)[1] = 0" in found[0].words  # x[2] counts


def test_the_fault_that_comes_to_a_leaf_is_told_of_two_infinite_gradients():
    found = explained("""
        x, y, m = Tensor([2.0, 0.0], "x"), Tensor([0.0, 1.0], "y"), np.array([1.0, 0.0])
        loss = (np.sqrt(y) ** 2).sum() + np.sqrt((m * x) * 2).sum()
    """)
    assert found.kinds == ["not finite", "not chosen"]
    assert "sqrt is infinite at y[0] = 0" in found[0].words and "infinite at ((m * x) * 2)[1] = 0" in found[1].words


def test_of_a_loss_that_is_not_finite_nothing_else_is_told():
    found = explained("""
        x, y = Tensor([1.0, 0.0], "x"), Tensor([-1.0], "y")
        loss = np.where(x > 0, np.log(x), 0.0).sum() + np.log(y).sum()
    """)
    assert found.kinds == ["not finite"] and "log needs positive numbers. So loss is nan." in found[0].words


def test_of_a_loss_that_is_not_finite_it_is_said_that_it_is():
    found = explained("""
        x = Tensor([1.0, 0.0], "x")
        loss = np.where(x >= 0, np.log(x), 0.0).sum()
    """)
    assert found.kinds == ["not finite"] and "So loss is -inf." in found[0].words


def test_a_factor_that_is_trained_leaves_nothing_out():
    found = explained("""
        x, m = Tensor([4.0, 0.0], "x"), Tensor([1.0, 0.0], "m")
        loss = (m * np.sqrt(x)).sum()
    """)
    assert found.kinds == ["not finite"]
    assert "because m * np.sqrt(x), in line 2, multiplies it by 0: 0 times infinity is NaN." in found[0].words


def test_other_libraries_know_nothing_of_an_operation_of_ones_own():
    found = explained("""
        @elementwise(domain={"x": (0.1, 4.0)}, x=lambda g, x: g / (3 * x ** (2 / 3)))
        def third(x):
            return np.cbrt(x)
        x = Tensor([8.0, 0.0], "x")
        loss = np.where(x > 0, third(x), 0.0).sum()
    """)
    assert found.kinds == ["not chosen"] and "PyTorch" not in found[0].words
    assert found[0].remedies[0].code == "np.where(x > 0, third(np.where(x > 0, x, 1)), 0.0)"


def test_what_is_said_of_one_value():
    program = """
        x, b = Tensor([2.0, 0.0], "x"), Tensor(3.0, "b")
        y = np.log(x)
        loss = np.where(x > 0, y, 0.0).sum() * b
    """
    stepper = Stepper(ran(program)["loss"])
    said = {name: [each.kind for each in findings_about(stepper, stepper.find(name))] for name in ("x", "y", "b")}
    assert said == {"x": ["not chosen"], "y": ["not chosen"], "b": []}
