"""What a wrong claim should be: a formula that can be typed into the hand-in, and is right there."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from tinygrad_edu.checker import answer
from tinygrad_edu.checker.check import check_text, draw_points
from tinygrad_edu.checker.grading.classroom import check_files
from tinygrad_edu.checker.grading.sheets import check_file
from tinygrad_edu.checker.handin import handin
from tinygrad_edu.checker.hints import RIGHT, WRONG, remarks
from tinygrad_edu.checker.judge import Question
from tinygrad_edu.checker.print_handin import NoWords, print_handin
from tinygrad_edu.checker.vectorise_sums import vectorise_sums
from tinygrad_edu.language import latex
from tinygrad_edu.language.reading import read
from tinygrad_edu.language.tree import call, name, number
from tinygrad_edu.language.values import Columns

FOLDER = Path(__file__).parents[2] / "lessons" / "handins"
FILES = sorted(path.name for path in FOLDER.glob("0*.md"))


@lru_cache
def claims(file):
    """Each claim of a file, with the question that it answers."""
    read_ = handin((FOLDER / file).read_text(encoding="utf-8"))
    return [(claim, Question(claim.left.tree, draw_points(claim.problem))) for claim in read_.claims]


@lru_cache
def answers(file):
    """What each left side is, by its line."""
    found = {claim.left.line: answer.find_answer(claim.problem, question) for claim, question in claims(file)}
    return {line: x for line, x in found.items() if x is not None}


def of(text):
    """The answer to the last claim of a text."""
    claim = handin(text).claims[-1]
    return answer.find_answer(claim.problem, Question(claim.left.tree, draw_points(claim.problem)))


@pytest.mark.parametrize("file", FILES)
def test_typed_into_the_hand_in_each_answer_is_right(file):
    lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    places_ = {claim.left.line: claim for claim, _ in claims(file)}
    for line, found in answers(file).items():
        claim = places_[line]
        declared = ":" in lines[line - 1]
        for step in claim.steps:
            lines[step.line - 1] = ""
        lines[line - 1] = f"{claim.left.text} = {found.text}"
        if declared and claim.shapes:
            lines[line - 1] = f"{claim.left.text[6:-1]}: {found.text}"
    results = {result.line: result for result in check_text("\n".join(lines))}
    for line, found in answers(file).items():
        result = results[line]
        assert result.verdict == RIGHT, f"{file}:{line} {result.left} = {found.text}: {result}"


def test_most_derivatives_of_the_hand_ins_have_an_answer():
    asked = [
        (file, claim.left.line)
        for file in FILES
        for claim, _ in claims(file)
        if claim.left.text[:1] in "d∂" and "/" in claim.left.text
    ]
    found = [(file, line) for file, line in asked if line in answers(file)]
    assert len(asked) > 80 and len(found) >= 0.85 * len(asked)


TEXTBOOK = {
    ("000.md", 32): "-(1 - sigmoid(v_c.T @ W @ u - q_c)) * (W @ u)",
    ("000.md", 47): "(C.T @ sigmoid(C @ W @ u - q) - (1 - sigmoid(v_c.T @ W @ u - q_c)) * v_c) @ u.T",
    ("000.md", 87): "sigmoid(t[i]) - delta_c[i]",
    ("000.md", 105): "(sigmoid(t[i]) - delta_c[i]) * (W @ u)",
    ("000.md", 119): "(n+1, M)",
    ("001.md", 63): "W.T @ (C.T @ sigmoid(C @ W @ u) - (1 - sigmoid(v_c.T @ W @ u)) * v_c)",
    ("002.md", 29): "g[l] - g[l] * g[l]",
    ("002.md", 54): "g[l] - one_hot(y, K)[l]",
    ("002.md", 80): "(g - y) @ h.T",
    ("003.md", 66): "phi'(v(2)) * (W(3).T @ (phi'(v(3)) * (W(4).T @ (phi'(v(4)) * (a(4) - y)))))",
    ("003.md", 86): "(1 / N) * ((phi'(V2) * (phi(V2) - Y)) @ A1.T)",
    ("003.md", 103): "(a[i] - y[i]) * a1[j]",
    ("004.md", 66): "X.T @ (sigmoid'(z1) * ((a2 - Y) @ W2.T))",
    ("004.md", 83): "U.T @ yh - U[o]",
    ("004.md", 100): "sigmoid((U @ v_c)[k]) * v_c",
}


@pytest.mark.parametrize(("file", "line"), TEXTBOOK)
def test_it_is_what_one_writes_by_hand(file, line):
    assert answers(file)[line].text == TEXTBOOK[file, line]


def test_as_latex_it_is_read_back():
    found = answers("002.md")[79]
    assert found.latex == r"\left(\sigma'(w) \odot \left(B^{\top} \, \left(g - y\right)\right)\right) \, x^{\top}"
    assert latex.read(found.latex, {"w", "B", "g", "y", "x"}) == found.tree


GIVEN = "u: M\nV: n by M\ny: n\nt = V @ u\nJ = -sum(y * log(sigmoid(t)))\n"


def test_a_wrong_formula_is_not_shown(monkeypatch):
    assert of(GIVEN + "dJ/du = u").text == "-V.T @ (y * (1 - sigmoid(t)))"
    right = answer.formula

    def wrong(*args, **options):
        closed = right(*args, **options)
        closed.tree = call("multiply", number(2), closed.tree)
        return closed

    monkeypatch.setattr(answer, "formula", wrong)
    assert of(GIVEN + "dJ/du = u") is None


def test_what_is_no_derivative_and_what_is_too_long_has_none(monkeypatch):
    assert of(GIVEN + "J = sum(t)") is None
    assert of(GIVEN + "d(inv(u @ u.T))/du = u") is None
    monkeypatch.setattr(answer, "LONGEST", 10)
    assert of(GIVEN + "dJ/du = u") is None


def test_a_number_that_is_a_size_is_a_letter():
    text = "X: m by n\nw: n\nt: m\nJ = sum((X @ w - t)^2)/m\ndJ/dw = X"
    assert of(text).text == "(2 / m) * (X.T @ (X @ w - t))"


def test_a_factor_does_not_vanish_where_it_is_recorded():
    """Where m is 2, 2/m is 1."""
    text = "c: a\nd: b\nX: m by z\nw: z\nt: m\nJ = sum((X @ w - t)^2)/m\ndJ/dw = X"
    assert next(handin(text).problems[0].settings())["m"] == 2
    assert of(text).text == "(2 / m) * (X.T @ (X @ w - t))"


def test_a_size_and_an_index_may_be_the_same_number():
    indices = "".join(f"{word}: index of K\n" for word in "abcdefo")
    text = "X: m by n\nw: n\nt: m\ns: K\n" + indices + "J = sum((X @ w - t)^2)/m\ndJ/dw = X"
    assert of(text).text == "(2 / m) * (X.T @ (X @ w - t))"


def test_the_letters_are_those_of_the_claim():
    text = "A: m by l\nW: l by n\nx: n\nc: m\ny: m\nJ = sum(c * tanh(A @ tanh(W @ x)))\ndJ/dW[k, i] = x[i]"
    inner = "tanh'(sum(A[j, p] * tanh(sum(W[p, q] * x[q] for q in 1..n)) for p in 1..l))"
    outer = f"sum(A[j, k] * {inner} * c[j] for j in 1..m)"
    assert of(text).text == f"tanh'(sum(W[k, j] * x[j] for j in 1..n)) * x[i] * {outer}"
    text = "g: n\ns: n\ng_1 = softmax(s)\ndg_1[p]/ds[p] = 1"
    assert of(text).text == "g_1[p] - g_1[p] * g_1[p]"


SUMS = {
    "sum(log(sigmoid(C[j].T @ W @ u - q[j])) for j in 1..n)": "sum(log(sigmoid(C @ W @ u - q)))",
    "sum(log(sigmoid(-C[j].T @ u)) for j in 1..n)": "sum(log(sigmoid(-(C @ u))))",
    "sum(u.T @ C[j] for j in 1..n)": "sum(C @ (u.T).T)",
    "sum(I(y = j) * log(q[j]) for j in 1..n)": "sum(one_hot(y, n) * log(q))",
    "[exp(q[j])/sum(exp(q[k]) for k in 1..n) for j in 1..n]": "softmax(q)",
    "sum(C[j, 2] for j in 1..n)": "sum(C[:, 2])",
    "sum(phi(q[j]) for j in 1..n)": "sum(phi(q))",
    "sum(q[j]^2 for j in 1..n)": "sum(q^2)",
}
STAYS = [
    "sum(q[j] for j in 2..n)",
    "sum(q[j] for j in 1..n-1)",
    "sum(q[j+1] for j in 1..n-1)",
    "sum(j*q[j] for j in 1..n)",
    "sum(2 for j in 1..n)",
]


def values():
    made = handin("C: n by M\nW: M by M\nu: M\nq: n\ny: index of n\nphi: function").problems[0]
    return made.point(next(made.settings()), 0).values()


@pytest.mark.parametrize("text", SUMS)
def test_a_sum_over_an_index_is_a_sum_over_a_column(text):
    known = ["C", "W", "u", "q", "y", "n", "M"]
    assert vectorise_sums(read(text, known, functions=["phi"]), values(), ["phi"]) == read(
        SUMS[text], known, functions=["phi"]
    )


@pytest.mark.parametrize("text", STAYS)
def test_other_sums_stay(text):
    tree = read(text)
    assert vectorise_sums(tree, values(), []) == tree


TYPED = """W.T @ (sigmoid(t) - y)
-(1 - t) * (W @ t)
(a * t) @ t.T
2 * W.T @ t
a - (t - y)
a / (t * y)
a / t / y
(a + t)^2
(W @ t).T @ y
diag(t) - t @ t.T
sum(W, axis=1)
sum(W[i, j] * t[j] for j in 1..n) - t[i]
sum(t[j] for j in 1..n if j != k)
I(k = j) * (t[k] - t[j])
sigmoid'(t)
[t[j] for j in 1..n]
-t @ y.T
1/2 * t""".splitlines()


@pytest.mark.parametrize("text", TYPED)
def test_what_is_typed_is_read_as_it_was_meant(text):
    tree = read(text)
    again = read(print_handin(tree, str))
    arrays = dict(W=np.array([[1.0, 2.0], [3.0, 5.0]]), t=np.array([0.3, 0.7]), y=np.array([0.2, 0.9]))
    known = arrays | dict(a=np.array([1.5, 2.5]), n=2, i=1, j=1, k=2)
    np.testing.assert_array_equal(Columns(known)(tree), Columns(known)(again))
    assert print_handin(again, str) == print_handin(tree, str)


def test_for_what_there_are_no_words_nothing_is_typed():
    for tree in (call("norm", name("x"), name("y"), axis=(0, 1)), read("[1, 2]"), read("a if k == l else b")):
        with pytest.raises(NoWords):
            print_handin(tree, str)


# Where it is shown.


def test_it_is_shown_only_when_it_is_asked_for(tmp_path):
    path = tmp_path / "a.md"
    path.write_text(GIVEN + "\ndJ/dt = y*(1 - sigmoid(t))\n      = y\n", encoding="utf-8")
    plain, full = check_file(str(path), "en"), check_file(str(path), "en", answers=True)
    (without,), (result,) = plain.results, full.results
    assert without.verdict == result.verdict == WRONG
    assert without.correct == "" and "correct" not in without.to_dict()
    assert result.correct == result.to_dict()["correct"] == "-y * (1 - sigmoid(t))"
    said = "It should be -y * (1 - sigmoid(t))"
    assert said in remarks(result, 1, 3) and said not in remarks(result, 1, 2) and said not in remarks(result, 2, 3)


def test_what_is_right_needs_no_answer():
    (result,) = check_text(GIVEN + "dJ/dt = y*(sigmoid(t) - 1)", answers=True)
    assert result.verdict == RIGHT and result.correct == ""


def test_of_a_class_too(tmp_path):
    path = tmp_path / "a.md"
    path.write_text(GIVEN + "\ndJ/dt = y\n", encoding="utf-8")
    (sheet,) = check_files([str(path)], "en", 1, 60, lambda sheet: None, True)
    assert sheet.results[0].correct == "-y * (1 - sigmoid(t))"


# What is said of what cannot be read.


def test_a_line_that_cannot_be_read_belongs_to_its_problem():
    results = check_text("# First\nx: n\nJ = sum(x)\ndJ/dx = ones(n)\n\n# Second\nz = x +\n\n## Third\nw = ) x\n")
    assert [(r.line, r.problem) for r in results] == [(4, "First"), (7, "Second"), (10, "Third")]


@pytest.mark.parametrize("size", ["999 by 999 by 999", "999*999*999", "n by 999 by 999", "n^9 by n", "900 by 900"])
def test_arrays_that_nobody_needs_are_refused(size):
    results = check_text(f"u: {size}\ny: n\nJ = sum(y)\ndJ/dy = ones(n)")
    assert results[0].line == 1 and results[-1].verdict == RIGHT
    assert results[0].why == "an array has at most 100,000 numbers" or "a size is" in results[0].why


def test_and_so_are_many():
    text = "".join(f"u_{i}: 300 by 300\n" for i in range(20)) + "y: n\nJ = sum(y)\ndJ/dy = ones(n)"
    whys = [r.why for r in check_text(text)]
    assert whys[:9] == ["all arrays of a hand-in have at most 1,000,000 numbers"] * 9


def test_an_index_is_not_taken_for_a_size():
    """An index that is the last at every point would let one write N for it."""
    text = "V: N by n\nU: N by n\nc: N, binary\no: index of N\nvh = V.T @ c\nJ = -log(softmax(U @ vh)[o])\n"
    claim = "dJ/dU = (softmax(U @ vh) - one_hot({}, N)) @ vh.T"
    assert [check_text(text + claim.format(word))[0].verdict for word in ("o", "N", "1")] == [RIGHT, WRONG, WRONG]
