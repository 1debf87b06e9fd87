"""Remedies: none is said that does not cure.  Those that are an expression are pasted into the program, which is run.

A case is a program, a line of dashes, the kind of finding, and words that are said; after ``not`` words that are not.
"""

import re
import textwrap

import numpy as np
import pytest
from test_findings import FILE, declared, explained, ran

from tinygrad_edu.findings import explain
from tinygrad_edu.stepping import Stepper

assert declared  # a fixture

CASES = {
    # At the end of where an operation has a slope.
    "arcsin at 1": """
        x = Tensor([1.0, 0.5], "x")
        loss = np.arcsin(x).sum()
        ---
        not finite
        The slope of arcsin is infinite at x[0] = 1
        np.arcsin(np.clip(x, -1 + 1e-7, 1 - 1e-7))
        not x + 1e-
    """,
    "arccos at -1, in float32": """
        x = Tensor(np.array([-1.0, 0.3], np.float32), "x")
        loss = np.arccos(x).sum()
        ---
        not finite
        np.arccos(np.clip(x, -1 + 1e-7, 1 - 1e-7))
    """,
    "an angle between equal vectors, one rounding above 1": """
        a, b = Tensor([0.1, 0.2, 0.3], "a"), constant([0.1, 0.2, 0.3], "b")
        c = (a @ b) / (norm(a) * norm(b)) * (1 + 4e-16)
        loss = np.arccos(c)
        ---
        not finite
        np.arccos(np.clip(c, -1 + 1e-7, 1 - 1e-7))
    """,
    "arctanh at 1": """
        r = Tensor([1.0, 0.2], "r")
        z = np.arctanh(r)
        loss = z.sum()
        ---
        not finite
        arctanh made values that are not finite
        np.arctanh(np.clip(r, -1 + 1e-7, 1 - 1e-7))
    """,
    "arccosh at 1": """
        u = Tensor([1.0, 2.0], "u")
        loss = np.arccosh(u).sum()
        ---
        not finite
        np.arccosh(np.maximum(u, 1 + 1e-7))
    """,
    "log1p at -1": """
        w = Tensor([-1.0, 0.5], "w")
        loss = (np.log1p(w) * np.array([1.0, 2.0])).sum()
        ---
        not finite
        log1p needs numbers above -1.
        np.log1p(np.maximum(w, -1 + 1e-7))
    """,
    "sqrt at 0": """
        b = Tensor(np.zeros(3), "b")
        loss = 0.1 * np.sqrt((b * b).sum())
        ---
        not finite
        np.sqrt((b * b).sum() + 1e-12)
    """,
    "a third root at 0": """
        x = Tensor([0.0, 8.0], "x")
        y = x ** (1 / 3)
        loss = y.sum()
        ---
        not finite
        (x + 1e-12) ** (1 / 3)
    """,
    "log of a 0 that is one": """
        p = Tensor([0.0, 0.5], "p")
        loss = -np.log(p * 2).sum()
        ---
        not finite
        np.log(np.maximum(p * 2, 1e-12))
        not log_softmax
    """,
    "an operation of one's own, with an end of its own": """
        @elementwise(domain={"x": (2.2, 4.0)}, x=lambda g, z: g / (2 * z))
        def root(x):
            return np.sqrt(x - 2)
        x = Tensor([2.0, 3.0], "x")
        loss = root(x).sum()
        ---
        not finite
        root(np.maximum(x, 2 + 1e-7))
    """,
    "a direction of what may be 0": """
        u = Tensor([0.0, 3.0], "u")
        loss = (u / np.abs(u)).sum()
        ---
        not finite
        u / (np.abs(u) + 1e-7)
    """,
    "a divisor that is the root of 0": """
        x = Tensor(np.ones((4, 3)), "x")
        m = x.mean(0)
        v = ((x - m) ** 2).mean(0)
        loss = (((x - m) / np.sqrt(v)) ** 3).sum()
        ---
        not finite
        Keep the operand of sqrt away from there: np.sqrt(v + 1e-12).
    """,
    # Where nothing cures, nothing is said.
    "log of negative numbers": """
        x = Tensor([-3.0, 2.0], "x")
        loss = np.log(x).sum()
        ---
        not finite
        log needs positive numbers. So loss is nan.
        not log_softmax
        not 1e-
        not Keep
    """,
    "sqrt of negative numbers": """
        x = Tensor([-4.0, 4.0], "x")
        loss = np.sqrt(x).sum()
        ---
        not finite
        sqrt needs numbers that are not negative.
        not where(
        not 1e-
    """,
    "an exponential that overflows": """
        x = Tensor([800.0, 1.0], "x")
        loss = np.exp(x).sum()
        ---
        not finite
        exp needs exponents up to about 709
        not Write
    """,
    "a quotient by 0": """
        a, b = Tensor([1.0, 2.0], "a"), Tensor([0.0, 1.0], "b")
        loss = (a / b).sum()
        ---
        not finite
        divide needs a divisor that is not 0.
        not 1e-
    """,
    "a negative base": """
        a, b = Tensor([-2.0, 3.0], "a"), Tensor([2.0, 2.0], "b")
        loss = (a ** b).sum()
        ---
        not finite
        power has no derivative at b[0] = 2: at 2.000002 it is nan.
        power needs a base that is not negative, unless the exponent is whole.
        If b is not to be trained, make it a constant: b = constant(...).
        not infinite
        not 1e-
    """,
    "a divisor on both sides of 0": """
        u = Tensor([0.0, -3.0, 2.0], "u")
        loss = (u * 2 / u).sum()
        ---
        not finite
        divide needs a divisor that is not 0.
        not 1e-
    """,
    "a factor that does not go through log1p as through log": """
        z = Tensor([1000.0, 1.0], "z")
        loss = np.log1p(np.exp(z) * 0.5).sum()
        ---
        not finite
        exp needs exponents up to about 709
        not softplus
    """,
    "a small number that would be lost in what keeps another one away from 0": """
        p = Tensor([0.0, 1e-13, 0.5], "p")
        loss = -np.log(p).sum()
        ---
        not finite
        log needs positive numbers.
        not 1e-12
        not Keep
    """,
    "a square of a root, which is not the number itself below 0": """
        x = Tensor([-1.0, 4.0], "x")
        loss = (np.sqrt(x) ** 2).sum()
        ---
        not finite
        sqrt needs numbers that are not negative.
        not in place of
    """,
    "two faults that have nothing to do with each other": """
        x, y = Tensor([1.0, 0.5], "x"), Tensor([0.0, 1.0], "y")
        loss = np.arcsin(x).sum() + 2 * np.sqrt(y).sum()
        ---
        not finite
        np.sqrt(y + 1e-12)
    """,
    # Several steps that are one operation.
    "a softmax by hand": """
        x = Tensor([1000.0, 1.0], "x")
        e = np.exp(x)
        p = e / e.sum()
        loss = (p * [1.0, 2.0]).sum() + x.sum()
        ---
        not finite
        Write softmax(x) in place of e / e.sum()
    """,
    "a softmax by hand, of which 0 is left under a logarithm": """
        z = Tensor([1000.0, 1.0], "z")
        e = np.exp(z)
        p = e / e.sum()
        loss = -np.log(p[1])
        ---
        not finite
        Write log_softmax(z)[1] in place of np.log(p[1])
        not Write softmax
    """,
    "the same, of which all is used": """
        z = Tensor([1000.0, 1.0], "z")
        e = np.exp(z)
        p = e / e.sum()
        loss = -np.log(p).sum()
        ---
        not finite
        exp made values that are not finite
        Write log_softmax(z) in place of np.log(p)
        not Write softmax
    """,
    "a softplus by hand": """
        x = Tensor([1000.0, 2.0], "x")
        loss = np.log(1 + np.exp(x)).sum()
        ---
        not finite
        Write softplus(x) in place of np.log(1 + np.exp(x))
    """,
    "a sigmoid by hand, of which the gradient alone is NaN": """
        x = Tensor([-1000.0, 2.0], "x")
        s = 1 / (1 + np.exp(-x))
        loss = (s**2).sum()
        ---
        not finite
        Write sigmoid(x) in place of 1 / (1 + np.exp(-x))
        not did not choose
    """,
    "a tanh by hand": """
        x = Tensor([1000.0, 2.0], "x")
        t = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
        loss = (t**2).sum()
        ---
        not finite
        Write np.tanh(x)
    """,
    "the logarithm of a sum of exponentials": """
        z = Tensor([[800.0, 900.0], [1.0, 2.0]], "z")
        loss = np.log(np.exp(z).sum(axis=1)).sum()
        ---
        not finite
        Write logsumexp(z, axis=1)
    """,
    "probabilities that are picked before the logarithm": """
        z = Tensor(rng.normal(size=(4, 3)) * 500, "z")
        y = np.array([0, 1, 2, 0])
        p = softmax(z)
        loss = -np.log(p[np.arange(4), y]).mean()
        ---
        log of a rounded zero
        log_softmax(z) is the logarithm without rounding, and cross_entropy(z, y) the whole loss.
    """,
    "the loss of yes or no as in every book": """
        z = Tensor(rng.normal(size=4) * 500, "z")
        t = np.array([0.0, 1, 1, 0])
        p = sigmoid(z)
        loss = -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()
        ---
        log of a rounded zero
        log_sigmoid(-z) is the logarithm without rounding, and binary_cross_entropy_with_logits(z, t) the whole loss.
    """,
    # Gradients of 0.
    "a softmax of one number": """
        X = constant(rng.normal(size=(5, 3)), "X")
        W = Tensor(rng.normal(size=(3, 1)), "W")
        p = softmax(X @ W)
        loss = ((p - np.array([[0.0], [1.0], [1.0], [0.0], [1.0]])) ** 2).mean()
        ---
        zero gradient
        softmax of a single number is always the same: its axis -1 has length 1, whatever X @ W is
        If the classes lie along axis 0, write axis=0.
        sigmoid(X @ W)
        not rounded
    """,
    "the cross-entropy of one class": """
        X = constant(rng.normal(size=(5, 3)), "X")
        W = Tensor(rng.normal(size=(3, 1)), "W")
        loss = cross_entropy(X @ W, np.zeros(5, int))
        ---
        zero gradient
        cross_entropy of a single number is always the same: its axis -1 has length 1
        binary_cross_entropy_with_logits takes it
    """,
    "a relu that smaller weights do not wake": """
        W = Tensor([-1.0, -2.0], "W")
        h = relu(W * 3)
        loss = (h**2).sum()
        ---
        zero gradient
        with leaky_relu(W * 3) a gradient comes through
        not as large a
    """,
    "a sigmoid so far out that its slope is 0": """
        W = Tensor([900.0, -800.0], "W")
        h = sigmoid(W)
        loss = (h * [1.0, 2.0]).sum()
        ---
        zero gradient
        With W a hundredth as large a gradient comes through.
        not leaky_relu
    """,
    "a clip that cuts all": """
        w = Tensor([7.0, 2.5], "w")
        loss = w.clip(-1, 1).sum()
        ---
        zero gradient
        Without w.clip(-1, 1) a gradient comes through. With w a tenth as large a gradient comes through.
    """,
    "weights that are all 0": """
        X, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)
        W1, W2 = Tensor(rng.normal(size=(3, 4)), "W1"), Tensor(np.zeros((4, 2)), "W2")
        loss = cross_entropy(np.tanh(X @ W1) @ W2, y)
        ---
        zero gradient
        because W2 is all zeros. Weights that are all 0 let no gradient through: start W2 from small random ones
    """,
    "a constant that is asked about": """
        k, W = constant([2.0, 1.0], "k"), Tensor([1.0, 3.0], "W")
        loss = (k * W).sum()
        of = [k]
        ---
        does not reach
        If it is to be trained, make it a Tensor: k = Tensor(...).
    """,
    # Saturated and dead ones.
    "inputs that were not scaled": """
        X = constant(rng.normal(size=(50, 3)) * 100 + 500, "X")
        W = Tensor(rng.normal(size=(3, 4)) * 0.3, "W")
        h = np.tanh(X @ W)
        loss = (h @ rng.normal(size=4)).sum()
        ---
        saturated
        W a hundredth as large; X scaled to mean 0 and variance 1.
    """,
}


def parts(case):
    """The program, the kind, what is said, and what is not."""
    program, said = textwrap.dedent(CASES[case]).split("---\n")
    kind, *words = said.strip().split("\n")
    return (
        program.strip() + "\n",
        kind,
        [w for w in words if w[:4] != "not "],
        [w[4:] for w in words if w[:4] == "not "],
    )


@pytest.mark.parametrize("case", CASES)
def test_a_remedy_is_said_that_cures_and_no_other(case):
    program, kind, words, no = parts(case)
    found = explained(program)
    assert found.kinds[0] == kind
    for said in words:
        assert said in found[0].words
    for said in no:
        assert said not in found[0].words


@pytest.mark.parametrize("case", CASES)
def test_what_can_be_pasted_cures(case):
    program, kind, _, _ = parts(case)
    for remedy in explained(program)[0].remedies:
        if not remedy.code:
            continue
        assert remedy.place.file == FILE and remedy.place.columns is not None
        lines = program.split("\n")
        start, end = remedy.place.columns
        line = lines[remedy.place.line - 1]
        lines[remedy.place.line - 1] = f"{line[:start]}({remedy.code}){line[end:]}"
        variables = ran("\n".join(lines))
        loss = variables["loss"]
        with np.errstate(all="ignore"):
            stepper = Stepper(loss)
            stepper.jump(stepper.last)
        if case.startswith("two"):  # the other one is left, and is found next
            assert explain(loss)[0].remedies[0].code == "np.arcsin(np.clip(x, -1 + 1e-7, 1 - 1e-7))"
            continue
        assert np.isfinite(loss.data)
        assert all(np.isfinite(stepper.gradient(node)).all() for node in stepper.ours if node.op is None)
        assert kind not in explain(loss).kinds


def test_some_can_be_pasted():
    """Of those above most are expressions, so that the test before is not an empty one."""
    found = [remedy.code for case in CASES for remedy in explained(parts(case)[0])[0].remedies]
    assert sum(map(bool, found)) > 20


@pytest.mark.parametrize(
    "imports, new",
    [
        ("import numpy", "numpy.arcsin(numpy.clip(x, -1 + 1e-7, 1 - 1e-7))"),
        ("import numpy as xp\nimport tinygrad_edu as tg", "xp.arcsin(xp.clip(x, -1 + 1e-7, 1 - 1e-7))"),
        ("from tinygrad_edu import arcsin, clip", "arcsin(clip(x, -1 + 1e-7, 1 - 1e-7))"),
    ],
)
def test_a_remedy_is_written_as_the_program_imports_things(imports, new):
    called = re.match(r"[\w.]*", new)[0]
    program = f"{imports}\nx = Tensor([1.0, 0.5], 'x')\nloss = {called}(x).sum()"
    assert [remedy.code for remedy in explained(program)[0].remedies] == [new]


def test_without_a_program_it_is_written_with_names():
    import tinygrad_edu

    variables = {name: getattr(tinygrad_edu, name) for name in tinygrad_edu.__all__} | {"np": np}
    with np.errstate(all="ignore"):
        exec(compile("x = Tensor([1.0], 'x')\nloss = np.arcsin(x).sum()", "<typed>", "exec"), variables)
    found = explain(variables["loss"])
    assert "arcsin(np.clip(x, -1 + 1e-7, 1 - 1e-7))" in found[0].words


def test_nothing_of_the_record_is_changed_by_trying():
    variables = ran('x = Tensor([1.0, 0.5], "x")\ny = np.arcsin(x)\nloss = y.sum()')
    x, loss = variables["x"], variables["loss"]
    before = loss.node.args[0].args[0], x.data.copy()
    assert explain(loss)[0].remedies
    assert loss.node.args[0].args[0] is before[0] is x.node and np.array_equal(x.data, before[1])
    assert x.node.grad is None


def test_a_long_record_is_not_tried_for_ever():
    variables = ran("""
        x = Tensor([1.0, 0.5], "x")
        loss = np.arcsin(x).sum()
        for _ in range(12_000):
            loss = loss + 0.0
    """)
    found = explain(variables["loss"])
    assert found.kinds == ["not finite"] and not found[0].remedies
    assert "Not every remedy was tried: that would take long here." in found.skipped
