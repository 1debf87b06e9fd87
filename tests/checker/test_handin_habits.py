"""What students write is read as they write it: layouts, headings, LaTeX, products without a sign, other words."""

from __future__ import annotations

import time

import pytest

from tinygrad_edu.checker.check import check_text
from tinygrad_edu.checker.handin import Handin, handin
from tinygrad_edu.language.reading import Unreadable, read
from tinygrad_edu.language.tree import number

GIVEN = "x: n\nW: m by n\nb, y: m\nz = W@x + b\nL = 1/2*sum((z - y)**2)\n"


def said(text: str) -> list[tuple[int, str, str]]:
    """Line, verdict and reason of each step, below what is given."""
    results = check_text(text)
    return [(s.line, s.verdict, s.why or "") for r in results for s in (r.steps or [r])]


def verdicts(text: str) -> list[str]:
    return [verdict for _, verdict, _ in said(text)]


RIGHT = {
    "dL/dz\n = z - y": 7,
    "dL/dz =\n   z - y": 6,
    "dL/dz = z\n     - y": 6,
    "dL/dz = z\n  + 0*y - y": 6,
    "dL/dz = (z\n - y)": 6,
    "dL/dz = z -\n y": 6,
    "a) dL/dz = z - y": 6,
    "(1) dL/dz = z - y": 6,
    "ii) dL/dz = z - y": 6,
    "Answer: dL/dz = z - y": 6,
    "**Answer:** dL/dz = z - y": 6,
    "**dL/dz = z - y**": 6,
    "`dL/dz = z - y`": 6,
    "dL/dz = z - y   (1)": 6,
    "dL/dz = z - y (by the chain rule)": 6,
    "dL/dz = z - y, since z is linear in b": 6,
    "dL/dz == z - y": 6,
    "dL/dz := z - y": 6,
    "dL/dz is z - y": 6,
    "| dL/dz = z - y |": 6,
    "By the chain rule we get dL/dz = z - y.": 6,
    r"\[ \frac{\partial L}{\partial z} = z - y \]": 6,
    r"So \( \frac{\partial L}{\partial z} = z - y \) here.": 6,
    "$$\n\\frac{\\partial L}{\\partial z}\n= z - y\n$$": 7,
    r"$\frac{\partial L}{\partial z}$ = $z - y$": 6,
    r"$\frac{\partial L}{\partial z}$ = z - y": 6,
    "∇_z L = z - y": 6,
    "∇_{z} L = z - y": 6,
    "grad_z L = z - y": 6,
    "dL/dW = (z - y)x^T": 6,
    "dL/dx = W^T(z - y)": 6,
    "dL/dz = Wx + b - y": 6,
}


@pytest.mark.parametrize("text", RIGHT, ids=ascii)
def test_a_claim_in_this_form_is_right(text: str) -> None:
    assert said(GIVEN + text) == [(RIGHT[text], "right", "")]


@pytest.mark.parametrize("join", [", ", "; ", " and ", " ⇒ "])
def test_two_claims_in_a_line(join: str) -> None:
    assert verdicts(f"{GIVEN}dL/dz = z - y{join}dL/db = y - z") == ["right", "wrong"]


def test_a_sum_over_several_lines_is_one_claim() -> None:
    lines = "- dL/dz = z - y\n- the rest is easy to see\n- dL/db = y\n   - z\n"
    assert said(GIVEN + lines) == [(6, "right", ""), (8, "wrong", "")]


def test_rows_of_a_display_go_on() -> None:
    rows = "\\begin{align*}\n\\frac{\\partial L}{\\partial z} &= z \\\\\n &= z \\\\\n &\\quad - y\\\\\n\\end{align*}"
    assert said(GIVEN + rows) == [(7, "wrong", ""), (8, "right", "")]


WORDS = [
    "The gradient is easy to find.",
    "Note that z = W@x is linear in x.",
    "dL/dz is easy to find",
    "Setting the first to zero gives z = mean of y.",
    "We use L = cross entropy as the loss.",
    "| a | b |\n|---|---|",
    "- minus the bias, as in the lecture",
]


@pytest.mark.parametrize("text", WORDS)
def test_words_are_no_claims(text: str) -> None:
    assert said(GIVEN + text) == []


UNCLEAR = {
    "dL/dz ≈ z - y": "only = is checked",
    "dL/dz (z - y)": "no = in this line",
    "At the optimum dL/dz = 0.": "a claim, or a condition",
    "z' = z - y": "is z' a derivative",
    "dJ/dz = z - y": "there is no J here",
    "dL/dq = z - y": "there is no q here",
    "m = 4": "is the size of something",
    "∇L = z - y": "the gradient with respect to what",
    "dL/dz = z y": "two vectors stand side by side",
    "dL/dz = 1/2z": "how much is divided by",
    "dL/dz = W + I": "",
    "Q = I": "I is how large",
    "V: m*n": "is it a matrix",
    "v: vector": "is no size",
    "dL/dz = log z": "'log z'",
    "dL/dz = ½·z +* y": "near '½·z +* y'",
}


@pytest.mark.parametrize("text", [t for t in UNCLEAR if UNCLEAR[t]])
def test_what_is_not_read_is_said(text: str) -> None:
    ((line, verdict, why),) = said(GIVEN + text)
    assert (line, verdict) == (6, "uncheckable") and UNCLEAR[text] in why


def test_a_definition_that_is_not_read_is_named_where_it_is_missing() -> None:
    found = said("x: n\nL = blah(x)\n  = 3\ndL/dx = x\n  = 2*x\n")
    assert [(line, verdict) for line, verdict, _ in found] == [(n, "uncheckable") for n in (2, 3, 4, 5)]
    whys = [why for _, _, why in found]
    assert "blah" in whys[0] and "goes on with line 2" in whys[1]
    assert whys[2] == "L, in line 2, could not be read" and "goes on with line 4" in whys[3]


def test_a_hand_in_in_latex_alone() -> None:
    text = r"""
$x \in \mathbb{R}^{n}$, $W \in \mathbb{R}^{m \times n}$
$y \in \mathbb{R}^m$
$z = Wx$
$\hat{y}_i = \frac{1}{1 + e^{-z_i}}$
$L = \frac{1}{2} \|\hat{y} - y\|^2$
$\frac{\partial L}{\partial \hat{y}} = \hat{y} - y$
$\frac{\partial \hat{y}_i}{\partial z_j} = \delta_{ij} \hat{y}_i (1 - \hat{y}_i)$
$\nabla_W L = ((\hat{y} - y) \odot \hat{y} \odot (1 - \hat{y})) x^\top$
$\frac{\partial L}{\partial \hat{y}} = y - \hat{y}$
"""
    assert verdicts(text) == ["right", "right", "right", "wrong"]
    assert verdicts("y: n\n$\\hat{y} = \\sigma(y)$\nL = sum(ŷ)\ndL/dŷ = ones(n)") == ["right"]


def test_arguments_of_a_value_that_is_defined() -> None:
    text = "x, w: n\nb: number\nJ(w, b) = (w.T@x + b)^2\ndJ/db = 2(w^T x + b)\nd(J(w, b))/dw = 2(w^T x + b) x\n"
    assert verdicts(text) == ["right", "right"]
    assert verdicts("x: number\nf(x) = x^2\nf'(x) = 2x\nf'(x) = x\n") == ["right", "wrong"]


def test_names_and_signs_that_mean_something_else_to_python() -> None:
    text = "X: n by d\nw: d\ny: n\nlambda: scalar > 0\nJ = ½‖X w - y‖² + lambda/2 ||w||^2\n"
    text += "dJ/dw = (X^T X + lambda I) w - X^T y\ndJ/dlambda = 1/2 ‖w‖²\ndJ/dlambda = ½|w|²\nI@w = w\n"
    assert verdicts(text) == ["right"] * 4
    assert verdicts("x: number\nℓ = pi*x + e^x\ndℓ/dx = π + e^x\n") == ["right"]
    assert verdicts("x: n\nL = sum(max(0, 1 - x[i]) for i in 1..n) + sum(|x|)\ndL/dx = x/|x| - 1(x < 1)") == ["right"]


def test_a_number_for_a_size() -> None:
    (problem,) = handin("n = 3\nW: m by n\nx: n\nL = sum(W x)").problems
    assert problem.sizes == {"m"} and problem.declared["x"].lengths == (number(3),)


def test_a_vector_is_added_to_each_row() -> None:
    text = "X: N by D\nW: D by H\nb: H\nh = X @ W + b\nL = sum(h**2)\ndL/db = 2*h.sum(axis=0)\ndL/db = 2*h.T@ones(N)\n"
    assert verdicts(text + "dL/db = 2*sum(h, axis=1)") == ["right", "right", "wrong"]


def test_parts_of_a_problem() -> None:
    text = "# a)\nx: n\nz = 3*x\nL = sum(z)\ndL/dz = ones(n)\n# b)\ndL/dx = 3*ones(n)\n# c)\nz = x**2\nL = sum(z)\n"
    text += "dL/dx = 2*x\nL = sum(x)\n# d)\nu: n\nz = u\n"
    assert verdicts(text) == ["right", "right", "right", "wrong"]  # L has got its meaning in c)
    assert set(handin(text).problems[-1].declared) == {"u"}


def test_an_index_of_a_defined_matrix_goes_over_its_rows() -> None:
    text = "A: n by m\nS = 2*A\nL = sum(S**2)\ndL/dS[i] = 2*S[i]\ndL/dS[i] = S[i]\n"
    assert verdicts(text) == ["right", "wrong"]


@pytest.mark.parametrize(
    ("text", "lengths", "traits"),
    [
        ("x, t: vectors of length n", ["n"], set()),
        ("x: square matrix n×n", ["n", "n"], set()),
        ("x: vector of n numbers", ["n"], set()),
        ("x: (m, n) matrix", ["m", "n"], set()),
        ("x: m x n matrix of weights", ["m", "n"], set()),
        ("x: K-dimensional vector", ["K"], set()),
        ("x: column vector, n", ["n"], set()),
        ("x: ℝⁿ", ["n"], set()),
        ("x: scalar > 0", [], {"positive"}),
        ("x: label in {0,1}", [], {"binary"}),
        ("x: n, entries in {-1, 1}", ["n"], {"signs"}),
        (r"$x \in \mathbb{R}^{m \times n}$", ["m", "n"], set()),
        ("$x$: n", ["n"], set()),
    ],
)
def test_declarations_in_other_words(text: str, lengths: list[str], traits: set[str]) -> None:
    found = handin(text)
    assert not found.unread
    made = found.problems[0].declared["x"]
    assert [length.value for length in made.lengths] == lengths and made.traits == traits


def test_functions_and_indices_in_other_words() -> None:
    (problem,) = handin("phi: ReLU\nk: integer in 1..K").problems
    assert problem.functions["phi"][1].head == "relu"
    assert problem.declared["k"].index_of == read("K")


KNOWN = {"W", "x", "y", "a", "n", "J", "sigma_"}


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2x", "2*x"),
        ("W x", "W@x"),
        ("W^T(y - x)", "W.T@(y - x)"),
        ("a(1 - a)", "a@(1 - a)"),
        ("(y - x) a", "(y - x)@a"),
        ("σ(x)(1 - σ(x))", "sigmoid(x)@(1 - sigmoid(x))"),
        ("1/2 (y - a)^2", "1/2*(y - a)**2"),
        ("1/n sum(x)", "1/n@sum(x)"),
        ("2σ(2x) - 1", "2*sigmoid(2*x) - 1"),
        ("1(x > 0)", "I(x > 0)"),
        ("dlog(x[i])/dx[j]", "d(log(x[i]))/dx[j]"),
        ("max(x, 0)", "maximum(x, 0)"),
        ("2e-3*x", "0.002*x"),
    ],
)
def test_products_without_a_sign(text: str, same: str) -> None:
    assert read(text, KNOWN) == read(same, KNOWN)


@pytest.mark.parametrize("text", ["x(y)", "log x", "x/2y", "a/n x", "x blah", "x 2", "2 2"])
def test_what_may_be_no_product_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text, KNOWN)


@pytest.mark.parametrize(
    "line",
    [
        "d(" * 900,
        "d(a)/d" * 300,
        "∂" * 1900 + "/∂ = 1",
        "word " * 390 + "= 1",
        "word, " * 320 + "da/db = 1",
        "a = b, " * 280,
        "|" * 1990,
        "‖x" * 900,
        "$" + "\\[" * 900,
        "a = 1 (" + "word " * 380,
        "2x" * 900,
        "x (" * 600,
        "∇_" * 900 + "= 1",
        "x: " + "vector of " * 190,
        "a[i]" * 490 + " = 1",
        "** " * 600 + "= 1",
        "`a = " * 390,
    ],
    ids=range(17),
)
def test_no_line_takes_long(line: str) -> None:
    start = time.process_time()
    assert isinstance(handin(f"a, x: n\n{line}\n" + "a = (\n" * 200), Handin)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("letters", ["phi phi φ", "φ φ phi", "phi φ phi", "φ phi ϕ"])
def test_a_function_has_one_name_in_latin_and_in_greek_letters(letters: str) -> None:
    declared, used, answered = letters.split()
    text = f"{declared}: function\nv: n\nR = sum({used}(v))\n\ndR/dv = {answered}'(v)\ndR/dv = {answered}(v)\n"
    assert verdicts(text) == ["right", "wrong"]


@pytest.mark.parametrize("product", ["XᵀX w", "Xᵀ X w", "(XᵀX)w", "X^TX w", "X^T X w", "Xᵀ(Xw)"])
def test_a_transpose_needs_no_space_behind_it(product: str) -> None:
    assert verdicts(f"X: m by n\nw: n\nR = sum((X@w)**2)/2\n\ndR/dw = {product}\n") == ["right"]
