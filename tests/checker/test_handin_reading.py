"""What a student writes is read, never run; computed by the rules of the blackboard or by NumPy's; line by line."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from tinygrad_edu import Tensor
from tinygrad_edu.checker.check import check_text
from tinygrad_edu.checker.handin import Claim, Handin, handin
from tinygrad_edu.checker.results import Result
from tinygrad_edu.language.computing import Impossible, Misfit
from tinygrad_edu.language.reading import LONGEST, Unreadable, read
from tinygrad_edu.language.tree import Expr, names
from tinygrad_edu.language.values import Arrays, Columns

# What is no mathematics: the text, and words of the reason.

HOSTILE = {
    "__import__('os').system('touch x')": "a function has a name",
    "__import__('os')": "no function __import__",
    "().__class__": "after a dot only T",
    "().__class__.__bases__[0].__subclasses__()": "a function has a name",
    "x.sum.__globals__": "after a dot only T",
    "np.os.system('x')": "a function has a name",
    "numpy.linalg.os.system(1)": "a function has a name",
    "np.load('x')": "no function load",
    "getattr(x, 'T')": "no function getattr",
    "eval('1')": "no function eval",
    "exec('1')": "no function exec",
    "open('x')": "no function open",
    "ｅｖａｌ('1')": "no function eval",  # letters that Python takes for others
    "𝐞𝐯𝐚𝐥('1')": "no function eval",
    "__builtins__": "without double underscores",
    "lambda x: x": "not part of the notation",
    "(x := 1)": "not part of the notation",
    "f'{x}'": "not part of the notation",
    "f'{().__class__}'": "not part of the notation",
    "'text'": "a number is expected",
    "b'text'": "a number is expected",
    "True": "a number is expected",
    "...": "a number is expected",
    "1j": "a number is expected",
    "sum(*x)": "not part of the notation",
    "sum(x, **y)": "not how a function is called",
    "sum(x, axis=y)": "an option is a number",
    "sum(x, axis=(lambda: 0)())": "an option is a number",
    "{x: y}": "not part of the notation",
    "{x, y}": "not part of the notation",
    "await x": "not part of the notation",
    "[x for x in y]": "a range is expected",
    "sum(x for x in range(10**9))": "write 1..n for",
    "[i async for i in 1..2]": "an index is one name",
    "x[::2]": "of steps in a subscript only",
    "x << 3": "this sign is not part",
    "~x": "this sign is not part",
    "x % y": "this sign is not part",
    "x // y": "is not part of the notation; an outer product",
    "x is y": "this comparison is not part",
    "x; y": "cannot be read",
    "x\ny": "control character",
    "x\0": "control character",
    "\\frac{x}{y}": "LaTeX stands between $ signs",
    "\u202ex": "cannot be read",  # text that runs from right to left
    "x\u200by": "cannot be read",  # a space that nobody sees
    "\ud800": "cannot be read",
    "": "nothing here",
    "   ": "nothing here",
    "x blah": "two things stand side by side",
    "log x": "two things stand side by side",
    "1/2x": "how much is divided by",
    "x/2y": "how much is divided by",
    "(x": "a bracket is not closed",
    "x)": "closes nothing",
    "(x]": "brackets do not match",
    "x(y)": "x is no function; for a product write x @",
    "blah(x)": "no function blah",
    "I(x)": "I takes one condition",
    "I(k = l, m = n)": "I takes one condition",
    "dot(x for j in 1..2)": "only sum goes over an index",
}
LARGE = {
    "brackets": "(" * 10_000_000,
    "closed brackets": "(" * 60 + "x" + ")" * 60,
    "lists": "[" * 900 + "]" * 900,
    "digits": "9" * 50,
    "exponent": "1e999999",
    "minuses": "-" * 1900 + "x",
    "nots": "not " * 300 + "x",
    "powers": "x" + "**2" * 20,
    "terms": "+".join(["x"] * 990),
    "transposes": "x" + ".T" * 900,
    "subscripts": "x" + "[1]" * 600,
    "calls": "x" + "()" * 900,
    "products": "x@" * 900 + "y",
    "comparisons": "x<" * 900 + "y",
    "conditions": "x if x else " * 160 + "y",
    "comprehensions": "[x " + "for i in 1..9 " * 130 + "]",
    "derivatives": "dx/dy*" * 300 + "x",
    "nested derivatives": "d(" * 49 + "x" + ")/dx" * 49,
    "letters": "x" * (LONGEST + 1),
    "arguments": "outer(" + "x," * 900 + "x)",
}


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_is_no_mathematics_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(Unreadable) as error:
        read(text, {"x", "y"}, loss="J")
    assert HOSTILE[text] in str(error.value)


@pytest.mark.parametrize("what", LARGE)
def test_what_is_too_large_is_refused_or_read_at_once(what: str) -> None:
    start = time.process_time()
    try:
        Columns({"x": 2.0, "y": 3.0})(read(LARGE[what], {"x", "y"}))
    except (Unreadable, Impossible, Misfit):
        pass
    assert time.process_time() - start < 3  # seconds of computing; it takes milliseconds


@pytest.mark.parametrize("what", ["brackets", "lists", "digits", "exponent", "terms", "transposes", "calls", "letters"])
def test_nobody_writes_that_much(what: str) -> None:
    with pytest.raises(Unreadable):
        read(LARGE[what], {"x"})


@pytest.mark.parametrize(
    "text",
    [
        "sum(1 for i in 1..999999999)",
        "sum(sum(sum(sum(i for l in 1..9000) for k in 1..9000) for j in 1..9000) for i in 1..9000)",
        "sum([i for i in 1..9000][k]*[i for i in 1..9000][k] for k in 1..9000)",
        "zeros(99999, 99999)",
        "eye(10**8)",
        "ones(10**4) @ ones(1, 10**4)",
        "outer(ones(10**4), ones(10**4))",
        "kron(ones(100, 100), ones(100, 100))",
        "diag(ones(10**4))",
        "einsum('ab,cd,ef,gh->', ones(99, 99), ones(99, 99), ones(99, 99), ones(99, 99))",
        "sum(sum(ones(100, 100) @ ones(100, 100)) for i in 1..10000)",
        "tile(ones(10**4), 10**4)",
        "ones(0.5 - 2)",
        "ones(10**400)",
        "ones(0/0)",
        "[1, 2][1.5]",
    ],
)
def test_what_takes_long_to_compute_is_refused_soon(text: str) -> None:
    start = time.process_time()
    with pytest.raises((Impossible, Misfit)):
        Columns({})(read(text))
    assert time.process_time() - start < 10


def test_numbers_that_are_too_large_are_infinite() -> None:
    assert Columns({})(read("9**9**9")) == np.inf
    assert np.isnan(Columns({})(read("log(-1)")))
    assert Columns({})(read("1/0")) == np.inf


def test_nothing_is_run() -> None:
    """Neither by reading nor by checking: the interpreter is watched while it does both."""
    program = """
import sys
from tinygrad_edu.checker.check import check_text
text = '''x: n
J = sum(x)
dJ/dx = __import__('os').system('true')
dJ/dx = ().__class__.__bases__[0].__subclasses__()
dJ/dx = eval("1")
dJ/dx = open("/etc/passwd").read()
dJ/dx = ones(n)
'''
check_text("x: n\\nJ = sum(x)\\ndJ/dx = ones(n)\\n")  # whatever is imported for the first time
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event in ("exec", "open", "os.system", "import") else None)
print([r.verdict for r in check_text(text)], [e for e in seen if e != "open"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == "['uncheckable', 'uncheckable', 'uncheckable', 'uncheckable', 'right'] []".split()


# Signs of mathematics.

SAME = {
    "Wᵀ": "W.T",
    "W^T": "W.T",
    "W^⊤": "W.T",
    "x²": "x**2",
    "x⁻¹": "x**(-1)",
    "x^2": "x**2",
    "x ⊙ y": "x * y",
    "x ∘ y": "x * y",
    "W · x": "W @ x",
    "x − y": "x - y",
    "∑(x[j] for j in 1..n)": "sum(x[j] for j in 1..n)",
    "σ(x)": "sigmoid(x)",
    "sigma(x)": "sigmoid(x)",
    "ln(x)": "log(x)",
    "σ'(x)": "sigmoid'(x)",
    "sigma′(x)": "sigmoid'(x)",
    "x ⊗ y": "outer(x, y)",
    "1 - x ⊗ y": "1 - outer(x, y)",
    "I(x[1] = 2)": "1 if x[1] == 2 else 0",
    "I(x[1] != 2)": "1 if x[1] != 2 else 0",
    "∂J/∂x": "dJ/dx",
    "dx": "dJ/dx",
    "d(J)/dx": "dJ/dx",
    "np.exp(x)": "exp(x)",
    "x.sum()": "sum(x)",
    "x.sum(0)": "sum(x, axis=0)",
}


@pytest.mark.parametrize("text", SAME)
def test_signs_of_mathematics(text: str) -> None:
    known = {"W", "x", "y", "J", "n"}
    assert read(text, known, loss="J") == read(SAME[text], known, loss="J")


def test_a_derivative_is_one_thing_and_a_quotient_another() -> None:
    known = {"J", "t", "u", "delta", "d"}
    assert read("dJ/dt * dt/du", known) == Expr("multiply", (read("dJ/dt", known), read("dt/du", known)))
    assert read("delta/d", known).head == "divide"
    assert read("d/delta", known).head == "divide"
    assert read("dt[i]/du[j]", known).head == "Derivative"


def test_names_are_those_that_are_free() -> None:
    assert names(read("sum(x[j] for j in 1..n)")) == {"x", "n"}
    assert names(read("j*sum(x[j] for j in 1..n)")) == {"x", "n", "j"}  # one j is bound, the other is not
    assert names(read("sum(x[j] for j in 1..j)")) == {"x", "j"}


# Values: one notation, two readings.

AT: dict[str, Any] = {
    "W": np.arange(6.0).reshape(2, 3), "x": np.array([1.0, 2.0, 3.0]), "y": np.array([5.0, 7.0]), "n": 3, "k": 2,
}  # fmt: skip


def columns(text: str) -> Any:
    return Columns(AT)(read(text, AT))


def arrays(text: str) -> Any:
    return Arrays(AT)(read(text, AT, base=0))


@pytest.mark.parametrize(
    ("text", "blackboard", "numpy"),
    [
        ("W @ x", [[8], [26]], [8, 26]),
        ("x.T", [[1, 2, 3]], [1, 2, 3]),
        ("x.T @ x", 14, 14),
        ("x[1]", 1, 2),
        ("W[1]", [[0], [1], [2]], [3, 4, 5]),
        ("W[1, 2]", 1, 5),
        ("W[1, :]", [[0, 1, 2]], [3, 4, 5]),
        ("W[:, 1]", [[0], [3]], [1, 4]),
        ("2*x", [[2], [4], [6]], [2, 4, 6]),
        ("sum(W, axis=0)", [[3, 5, 7]], [3, 5, 7]),
        ("sum(W, axis=1)", [[3], [12]], [3, 12]),
        ("ones(2)", [[1], [1]], [1, 1]),
        ("one_hot(k, n)", [[0], [1], [0]], [0, 0, 1]),
        ("[1, 2]", [[1], [2]], [1, 2]),
        ("outer(y, x)", [[5, 10, 15], [7, 14, 21]], [[5, 10, 15], [7, 14, 21]]),
        ("diag(y)", [[5, 0], [0, 7]], [[5, 0], [0, 7]]),
        ("softmax(0*y)", [[0.5], [0.5]], [0.5, 0.5]),
        ("softmax(0*W[:, 1:])", None, [[0.5, 0.5], [0.5, 0.5]]),
    ],
)
def test_two_readings(text: str, blackboard: Any, numpy: Any) -> None:
    if blackboard is not None:
        found = columns(text)
        assert np.shape(found) == np.shape(blackboard)
        np.testing.assert_allclose(found, blackboard)
    found = arrays(text)
    assert np.shape(found) == np.shape(numpy)
    np.testing.assert_allclose(found, numpy)


@pytest.mark.parametrize("text", ["x @ W", "W @ y", "x + y", "x * x.T", "W[5, 1]", "x[0]", "x[4]", "inner(x, y)"])
def test_shapes_that_do_not_fit_on_the_blackboard(text: str) -> None:
    with pytest.raises(Misfit):
        columns(text)


def test_a_column_stands_for_a_row_only_where_that_is_asked_for() -> None:
    with pytest.raises(Misfit):
        columns("y @ W")
    values = Columns(AT)
    values.rows = True
    np.testing.assert_array_equal(values(read("y @ W")), [[21, 33, 45]])
    for text in ("x @ x", "W @ y", "x @ W"):  # nothing else fits now
        with pytest.raises(Misfit):
            values(read(text))


def test_a_misfit_tells_the_place() -> None:
    with pytest.raises(Misfit) as error:
        columns("1 + sum((W @ y)[j] for j in 1..2)")
    assert error.value.shapes == [(2, 3), (2, 1)]
    assert error.value.path[:2] == (1, 0)


def test_sums_over_indices() -> None:
    assert columns("sum(x[j]*j for j in 1..n)") == 14
    assert columns("sum(x[j] for j in 1..n if j != k)") == 4
    assert columns("sum(W[i,j]*x[j] for i in 1..2 for j in 1..n)") == 34
    np.testing.assert_array_equal(columns("sum(W[i] for i in 1..2)"), [[3], [5], [7]])
    assert columns("sum(x[j] for j in 2..1)") == 0
    # The inner sum has an index of the same name; it is another one.
    assert columns("sum(x[j]*sum(x[j] for j in 1..2) for j in 1..n)") == 18
    # What an inner sum depends on is computed anew, what it does not depend on is not.
    assert columns("sum(sum(j*k for k in 1..2)*sum(l for l in 1..3) for j in 1..3)") == 108


def test_numbers_beside_vectors_are_vectors() -> None:
    found = columns("[x if i == 1 else 0 for i in 1..2]")
    np.testing.assert_array_equal(found, [[1, 2, 3], [0, 0, 0]])


def test_products_of_derivatives_with_more_than_two_axes() -> None:
    rng = np.random.default_rng(0)
    at = {"J": rng.random((4, 3)), "Z": rng.random((4, 3, 2, 5)), "g": rng.random((3, 1)), "T": rng.random((3, 4, 2))}
    found = Columns(at)(read("J @ Z", at))
    np.testing.assert_allclose(found, np.einsum("ij,ijab->ab", at["J"], at["Z"]))
    found = Columns(at)(read("T.T @ g", at))
    np.testing.assert_allclose(found, np.einsum("kij,k->ij", at["T"], at["g"][:, 0]))
    square = {"J": rng.random((3, 3)), "Z": rng.random((3, 3, 2))}  # one axis would fit as well; both are meant
    found = Columns(square)(read("J @ Z", square))
    np.testing.assert_allclose(found[:, 0], np.einsum("ij,ija->a", square["J"], square["Z"]))
    with pytest.raises(Misfit):
        Columns(at)(read("Z @ J", at))


def test_the_same_on_tensors_has_a_gradient() -> None:
    W = Tensor(AT["W"], name="W")
    found = Columns({**AT, "W": W})(read("sum(sum(W[i,j]*x[j] for j in 1..n)**2 for i in 1..2)"))
    found.backward()
    np.testing.assert_allclose(W.grad, 2 * np.outer(AT["W"] @ AT["x"], AT["x"]))


# Hand-ins.


def one(text: str) -> Claim:
    (claim,) = handin(text).claims
    return claim


def verdicts(text: str) -> list[str]:
    """Of every step, in the order of the lines."""
    steps: list[Result] = [step for result in check_text(text) for step in (result.steps or [result])]
    return [step.verdict for step in steps]


@pytest.mark.parametrize(
    ("said", "lengths"),
    [
        ("n", ["n"]),
        ("vector of n", ["n"]),
        ("column n", ["n"]),
        ("row n", [1, "n"]),
        ("n by m", ["n", "m"]),
        ("n × m", ["n", "m"]),
        ("n x m", ["n", "m"]),
        ("(n, m)", ["n", "m"]),
        ("R^n", ["n"]),
        ("ℝ^{n × m}", ["n", "m"]),
        ("matrix n by m", ["n", "m"]),
        ("number", []),
        ("scalar", []),
        ("3", [3]),
    ],
)
def test_declarations_of_sizes(said: str, lengths: list[Any]) -> None:
    for sign in (":", "∈", "in"):
        (problem,) = handin(f"a, b {sign} {said}.").problems
        for word in "ab":
            assert [length.value for length in problem.declared[word].lengths] == lengths
    assert problem.sizes == {length for length in lengths if isinstance(length, str)}


def test_declarations_of_other_things() -> None:
    (problem,) = handin("y: n+1, one-hot\nY: m by n with columns sum to one\nphi: function\no: index of m\n").problems
    assert problem.declared["y"].traits == {"one-hot"}
    assert problem.declared["y"].lengths == (read("n+1"),)
    assert problem.declared["Y"].traits == {"distribution", "columns"}
    assert problem.declared["phi"].function
    assert problem.declared["o"].index_of == read("m")


def test_points_keep_what_was_declared() -> None:
    (problem,) = handin(
        "y: n, one-hot\nY: m by n, rows sum to one\nc: m, binary\nk: index of n\nS: n by n, symmetric"
    ).problems
    sizes = list(problem.settings())
    assert len({tuple(sorted(s.items())) for s in sizes}) > 3
    for i, size in enumerate(sizes):
        assert size["m"] != size["n"]
        at = problem.point(size, i).leaves
        assert sorted(at["y"]) == [0] * (size["n"] - 1) + [1]
        np.testing.assert_allclose(at["Y"].sum(1), 1)
        assert set(at["c"]) == {0, 1}
        assert 1 <= at["k"] <= size["n"]
        np.testing.assert_array_equal(at["S"], at["S"].T)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x: n by m by k by l", "a size is M, or n by M"),
        ("x: n, fluffy", "'fluffy' is not known here"),
        ("x: 0", "a size is between 1 and 1000"),
        ("x: 10000", "a size is between 1 and 1000"),
        ("x: n*", "cannot be read"),
        ("J = sum(z)", "z is not declared"),
        ("J = a blah", "two things stand side by side"),
        ("= 3", "nothing before it"),
        ("J = __import__('os')", "no function __import__"),
    ],
)
def test_a_line_that_cannot_be_read_is_kept_with_the_reason(line: str, why: str) -> None:
    found = handin(f"a, b: n\n\n{line}\n")
    assert not found.claims
    (step,) = found.unread
    assert step.line == 3 and why in step.why


def test_a_side_that_cannot_be_read_is_kept_with_its_claim() -> None:
    claim = one("x: n\nJ = sum(x)\ndJ/dx = ones(n)\n  = blah(x)\n  = ones(n)")
    assert [step.tree is None for step in claim.steps] == [False, True, False]
    assert "blah" in claim.steps[1].why
    assert verdicts("x: n\nJ = sum(x)\ndJ/dx = ones(n)\n  = blah(x)\n  = ones(n)") == ["right", "uncheckable", "right"]


def test_chains() -> None:
    claim = one("x: n\nJ = sum(x*x)\n\ndJ/dx = x + x = 2*x\n      = 3*x  # a remark\n\n> a quotation\n      = x*2\n")
    assert claim.left.text == "dJ/dx" and claim.left.line == 4
    assert [(step.text, step.line) for step in claim.steps] == [("x + x", 4), ("2*x", 4), ("3*x", 5), ("x*2", 8)]


def test_a_chain_after_a_definition_is_a_claim_about_it() -> None:
    claim = one("x: n\nJ = sum(x*x)\n  = x.T@x\n")
    assert claim.left.text == "J" and [step.text for step in claim.steps] == ["x.T@x"]
    assert verdicts("x: n\nJ = sum(x*x) = x.T@x\n  = 2*sum(x*x)\n") == ["right", "wrong"]


def test_prose_is_passed_over() -> None:
    prose = """Homework of week 3
We want: the gradient of the loss.
> dJ/dx = 5
<!-- dJ/dx = 6 -->
<!--
dJ/dx = 7
-->
| a | b |
|---|---|
---
// dJ/dx = 8
```
x: n
- J = sum(x)
* So dJ/dx = ones(n)
1. Hence dJ/dx = ones(n).
```
That is all.
"""
    found = handin(prose)
    assert found.unread == []
    assert [claim.left.line for claim in found.claims] == [15, 16]


def test_headings_keep_what_stood_above_them() -> None:
    found = handin(
        "# A\nx: n\n## A1\nJ = sum(x)\ndJ/dx = ones(n)\n## A2\nJ = sum(2*x)\ndJ/dx = 2*ones(n)\n# B\nx: n by m\n"
    )
    assert not found.unread
    assert [problem.title for problem in found.problems] == ["", "A", "A1", "A2", "B"]
    assert [claim.problem.title for claim in found.claims] == ["A1", "A2"]
    b = found.problems[-1]
    assert set(b.declared) == {"x"} and len(b.declared["x"].lengths) == 2 and not b.defined


def test_a_size_of_a_known_name_is_a_claim() -> None:
    assert verdicts("x: n\nW: m by n\nW: m by n\nW: n by m\nshape(W@x) = (m, 1)") == ["right", "wrong", "right"]


def test_functions_of_one_number() -> None:
    text = "phi(z) = z**3\nf: function\nx: n\nJ = sum(phi(x)*f(x))\n"
    text += "dJ/dx = phi'(x)*f(x) + phi(x)*f'(x)\nphi'(x) = 3*x**2\nphi'(x) = 4*x**2\ndJ/dx = phi'(x)*f'(x)\n"
    assert not handin(text).unread
    assert verdicts(text) == ["right", "right", "wrong", "wrong"]


def test_a_function_on_the_left_is_no_new_name() -> None:
    assert verdicts("z: number\nsigma'(z) = sigma(z)*(1 - sigma(z))\ntanh(z) = z\n") == ["right", "wrong"]
    found = handin("a: n\nW(1): m by n\nv(1) = W(1)@a\nshape(v(1)) = (m, 1)")
    assert set(found.problems[0].defined) == {"v(1)"} and len(found.claims) == 1


def test_a_size_can_have_the_name_of_an_index_elsewhere() -> None:
    assert verdicts("x: n\ns = sum(x)\nds/dx[j] = 1\nsum(x[i] for i in 1..n) = s") == ["right", "right"]


GIVEN = "C: n by m\nu: m\ns: k\nt = C@u\ng = softmax(s)\nJ = sum(t**3)\n"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("dJ/dt[j] = 3*t[j]**2", "right"),
        ("dJ/dt[j] = 3*t[j]", "wrong"),
        ("dJ/dt = 3*t[j]**2", "right"),  # the index shows only on the right
        ("dJ/dt[j] = 3*t**2", "right"),  # ... or only on the left
        ("dJ/dC[j] = 3*t[j]**2*u", "right"),
        ("dJ/dC[j] = 3*t**2*u", "wrong"),
        ("dJ/dC[i,j] = 3*t[i]**2*u[j]", "right"),
        ("dJ/dC[j,i] = 3*t[j]**2*u[i]", "right"),
        ("dJ/dC[i,j] = 3*t[j]**2*u[i]", "wrong"),
        ("dt[i]/dC[i,j] = u[j]", "right"),  # i does not occur on the right
        ("dt[i]/dC[j] = u", "wrong"),
        ("dt[i]/dC[j] = I(i = j)*u", "right"),
        ("d(sum(t))/dC[j] = u", "right"),
        ("d(sum(C[i,1] for i in 1..n))/dC[j,1] = 1", "right"),
        ("d(sum(C[i,1] for i in 1..n))/dC[j,1] = 2", "wrong"),
        ("dg[i]/ds[l] = g[i]*(I(i = l) - g[l])", "right"),
        ("dg[i]/ds[l] = -g[i]*g[l] for i != l", "right"),
        ("dg[i]/ds[l] = -g[i]*g[l], i = 1..k, l = 1..k, i != l", "right"),
        ("dg[i]/ds[l] = -g[i]*g[l]", "wrong"),
        ("dg[i]/ds[l] for i != l = -g[i]*g[l]", "right"),
        ("dg[i]/ds[l] = g[i]*(1 - g[i]) for i = l", "right"),
        ("dg[i]/ds[l] = g[i]*(1 - g[i]) for i == l", "right"),
        ("dt[i]/dC[j] = zeros(m) for i != j", "right"),
        ("dt[i]/dC[j] = ones(m) for i != j", "wrong"),
        ("dJ/dC = dJ/dt ⊗ u", "right"),
        ("dJ/dC = (dt/dC).T @ dJ/dt", "right"),
        ("dJ/dC = dJ/dt @ dt/dC", "right"),
        ("dJ/dC[n+1,1] = 0", "uncheckable"),
        ("dJ/du = sum(3*t[j]**2*C[j] for j in 1..n+1)", "wrong"),  # t has no element n+1
    ],
)
def test_indices(line: str, verdict: str) -> None:
    assert verdicts(f"{GIVEN}{line}\n") == [verdict]


def test_a_condition_holds_for_the_lines_that_go_on() -> None:
    text = f"{GIVEN}dg[i]/ds[l] = -g[i]*g[l]   for i != l\n = g[i]*(0 - g[l])\n = g[i]*(1 - g[i])\n"
    assert verdicts(text) == ["right", "right", "wrong"]


def test_derivatives_in_nested_sums_are_of_the_index_at_hand() -> None:
    text = "x: n\nA: m by n\nB: k by m\nh = tanh(A@x)\nv = B@h\nJ = sum(v**2)\n"
    text += "dJ/dx[j] = sum(sum(dJ/dv[a]*dv[a]/dh[b] for a in 1..k)*dh[b]/dx[j] for b in 1..m)\n"
    text += "dJ/dx[j] = sum(sum(dJ/dv[a]*dv[a]/dh[1] for a in 1..k)*dh[b]/dx[j] for b in 1..m)\n"
    assert verdicts(text) == ["right", "wrong"]


@pytest.mark.parametrize(
    "line",
    [
        "a: " + " " * 1900 + "x(=",
        "a, " * 600 + ": (=",
        "a: n" + " ;" * 900 + "(=",
        "a" * 1990 + ":n",
        "- " * 999,
        "1. " * 600,
        "let " * 400 + "a",
        "x = " * 400 + "1",
        "a = 1" + " for i" * 300,
        "a: " + "n by " * 300 + "n",
        "a = 1" + ", j = 1.." * 150,
        "d" * 1900 + "/d = 1",
        "a: R^{" + "{" * 900,
        "(:" * 900,
        "#" * 1990,
        "$" * 1990,
        " " * 1990 + "=",
        "x" + " " * 1900 + "//y",
        "a" + "'" * 1900 + " = 1",
    ],
    ids=range(19),
)
def test_no_line_takes_long(line: str) -> None:
    start = time.process_time()
    assert isinstance(handin(line), Handin)
    assert time.process_time() - start < 2  # it takes milliseconds


def test_a_file_that_no_person_wrote() -> None:
    for text in ("x\n" * 5_001, "x" * 1_000_001):
        with pytest.raises(Unreadable, match="a hand-in has at most"):
            handin(text)
    (step,) = handin("x: n\nJ = " + "x+" * 1200 + "x").unread
    assert "2,000 characters" in step.why
    assert handin("").claims == []
