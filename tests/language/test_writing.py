# ruff: noqa: E501
"""Trees as textbooks print them, on one line, and as NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.language.kinds import COLUMN, MATRIX, NUMBER, ROW, kind
from tinygrad_edu.language.slopes import slope
from tinygrad_edu.language.tree import Expr, call, name, number
from tinygrad_edu.language.values import Columns
from tinygrad_edu.language.writing import latex, python, text

NDIMS = {
    "W": 2, "V": 2, "W(2)": 2, "v(1)": 1, "delta(2)": 1, "t": 1, "delta": 1, "y": 1, "g": 1, "u": 1, "N": 0, "s": 0, "H": 2, "C": 2, "n": 0, "v_c": 1,
    "k": 0, "l": 0, "x": 1, "B": (4, 1), "b": 1,
}  # fmt: skip
W, V, W2, v1, d2, t, delta, y, g, u, N, s, H, C, n, v_c, k, ell, x, B, b = (name(w) for w in NDIMS)
T = lambda a: call("transpose", a)  # noqa: E731
sigma = call("sigmoid", t)
minus, mul, had, plus, over = (
    lambda a, b, h=h: call(h, a, b) for h in ("subtract", "matmul", "multiply", "add", "divide")
)
j = name("j")
element = Expr("Index", (t, j))
family = Expr("Sum", (mul(call("sigmoid", element), Expr("Index", (C, j))), number(1), n), "j")
one = number(1)
relation = Expr("Compare", (k, ell), "==")

SHOWN: list[tuple[Expr, str, str, str]] = [
    (mul(mul(T(W), T(V)), minus(sigma, delta)), r"W^{\top} \, V^{\top} \, \left(\sigma(t) - \delta\right)", "Wᵀ Vᵀ (σ(t) - δ)", "W.T @ V.T @ (sigmoid(t) - delta)"),
    (mul(T(W), mul(T(V), t)), r"W^{\top} \, V^{\top} \, t", "Wᵀ Vᵀ t", "W.T @ (V.T @ t)"),
    (had(call("sigmoid'", v1), mul(T(W2), d2)), r"\sigma'\left(v^{(1)}\right) \odot \left(W^{(2)\top} \, \delta^{(2)}\right)", "σ′(v⁽¹⁾) ⊙ (W⁽²⁾ᵀ δ⁽²⁾)",
     "sigmoid(v_1) * (1 - sigmoid(v_1)) * (W_2.T @ delta_2)"),
    (had(call("phi'", v1), d2), r"\varphi'\left(v^{(1)}\right) \odot \delta^{(2)}", "φ′(v⁽¹⁾) ⊙ δ⁽²⁾", ""),
    (had(over(one, N), minus(H, W)), r"\frac{1}{N} \, \left(H - W\right)", "(1/N) (H - W)", "1 / N * (H - W)"),
    (minus(call("diag", g), mul(g, T(g))), r"\operatorname{diag}(g) - g \, g^{\top}", "diag(g) - g gᵀ", "np.diag(g) - np.outer(g, g)"),
    (minus(family, mul(minus(one, sigma), v_c)), r"\sum_{j=1}^{n} \sigma(t_{j}) \, C_{j} - \left(1 - \sigma(t)\right) \, v_{c}", "∑_(j = 1)ⁿ σ(t_j) C_j - (1 - σ(t)) v_c", ""),
    (family, r"\sum_{j=1}^{n} \sigma(t_{j}) \, C_{j}", "∑_(j = 1)ⁿ σ(t_j) C_j", "sum(sigmoid(t[j]) * C[j] for j in range(n))"),
    (call("negative", over(y, g)), r"-\left(y \oslash g\right)", "-(y ⊘ g)", "-y / g"),
    (plus(call("sum", x), s), r"\left(\sum x\right) + s", "(∑ x) + s", "np.sum(x) + s"),
    (plus(s, call("sum", x)), r"s + \sum x", "s + ∑ x", "s + np.sum(x)"),
    (over(y, N), r"\frac{y}{N}", "y/N", "y / N"),
    (call("sum", H, axis=0), r"\mathbf{1}^{\top} \, H", "1ᵀ H", "np.sum(H, axis=0)"),
    (call("sum", H, axis=1), r"H \, \mathbf{1}", "H 1", "np.sum(H, axis=1)"),
    (minus(mul(call("sum", y, axis=0), g), y), r"\left(\mathbf{1}^{\top} \, y\right) \, g - y", "(1ᵀ y) g - y", "np.sum(y) * g - y"),
    (Expr("If", (relation, g, y)), r"\begin{cases} g & \text{if } k = l \\ y & \text{otherwise} \end{cases}", "{g if k = l; y otherwise}", "np.where(k == l, g, y)"),
    (Expr("If", (relation, one, number(0))), r"\mathbf{1}_{[k = l]}", "1[k = l]", "np.where(k == l, 1, 0)"),
    (call("log_sigmoid", t), r"\log \sigma(t)", "log σ(t)", "log_sigmoid(t)"),
    (had(call("log_sigmoid", t), y), r"\left(\log \sigma(t)\right) \odot y", "(log σ(t)) ⊙ y", "log_sigmoid(t) * y"),
    (call("power", call("tanh", t), number(2)), r"\left(\tanh(t)\right)^{2}", "(tanh(t))²", "np.tanh(t) ** 2"),
    (call("power", call("norm", t), number(2)), r"\left\lVert {t} \right\rVert^{2}", "‖t‖²", "np.linalg.norm(t) ** 2"),
    (had(number(2), had(g, y)), r"2 \, \left(g \odot y\right)", "2 (g ⊙ y)", "2 * (g * y)"),
    (had(y, s), r"s \, y", "s y", "y * s"),
    (plus(y, call("negative", g)), r"y + \left(-g\right)", "y + (-g)", "y + -g"),
    (minus(y, minus(g, t)), r"y - \left(g - t\right)", "y - (g - t)", "y - (g - t)"),
    (mul(mul(t, T(y)), g), r"t \, y^{\top} \, g", "t yᵀ g", "np.outer(t, y) @ g"),
    (mul(t, mul(T(y), g)), r"t \, \left(y^{\top} \, g\right)", "t (yᵀ g)", "t * (y @ g)"),
    (mul(mul(T(y), g), t), r"\left(y^{\top} \, g\right) \, t", "(yᵀ g) t", "(y @ g) * t"),
    (plus(mul(W, x), B), r"W \, x + B", "W x + B", "(W @ x)[:, None] + B"),
    (mul(T(B), B), r"B^{\top} \, B", "Bᵀ B", "(B.T @ B)[0, 0]"),
    (call("softmax", H, axis=0), r"\operatorname{softmax}_{\text{axis}=0}(H)", "softmax_(axis = 0)(H)", "softmax(H, axis=0)"),
    (call("softmax", B), r"\operatorname{softmax}(B)", "softmax(B)", "softmax(B, axis=0)"),
    (Expr("Derivative", (name("J"), u)), r"\frac{\partial J}{\partial u}", "∂J/∂u", ""),
    (number(1 / 3), r"\frac{1}{3}", "1/3", "0.3333333333333333"),
    (had(number(math.pi), y), r"\pi \, y", "π y", "np.pi * y"), (had(number(math.pi), name("pi")), r"3.141592653589793 \, \pi", "3.141592653589793 π", "np.pi * pi"),
    (had(number(np.float64(0.25)), y), r"0.25 \, y", "0.25 y", "0.25 * y"),
    (had(number(1.5e-7), y), r"1.5 \times 10^{-7} \, y", "1.5 × 10⁻⁷ y", "1.5e-07 * y"),
    (had(y, call("relu'", t)), r"y \odot \operatorname{relu}'(t)", "y ⊙ relu′(t)", "y * (t > 0)"),
    (call("one_hot", k, n), r"\operatorname{one\_hot}(k, n)", "one_hot(k, n)", "np.eye(n)[k - 1]"),
    (call("sigmoid", name("sigma")), r"\operatorname{sigmoid}(\sigma)", "sigmoid(σ)", "sigmoid(sigma)"),
]  # fmt: skip


@pytest.mark.parametrize("case", SHOWN, ids=lambda case: case[1])
def test_what_a_tree_looks_like(case: tuple[Expr, str, str, str]) -> None:
    tree, in_latex, in_text, in_python = case
    assert latex(tree, NDIMS) == in_latex
    assert text(tree, NDIMS) == in_text
    if in_python:
        assert python(tree, NDIMS) == in_python


def test_without_knowing_what_names_are() -> None:
    assert latex(over(y, g)) == r"\frac{y}{g}"  # right for numbers and, element by element, for vectors
    assert latex(had(y, g)) == r"y \odot g"


@pytest.mark.parametrize("head", ["phi'", "maximum'", "softmax'", "clip'", "sigmoid''"])
def test_what_numpy_cannot_say(head: str) -> None:
    with pytest.raises(ValueError, match="NumPy knows|read off"):
        python(call(head, t), NDIMS)
    with pytest.raises(ValueError, match="no NumPy source"):
        python(Expr("Derivative", (t, u)), NDIMS)


@pytest.mark.parametrize(
    "op",
    [op for op in tg.OPS.values() if op.elementwise and op.rules and len(op.names) == 1],
    ids=lambda op: op.name,
)
def test_the_slope_of_every_elementwise_operation(op: object) -> None:
    head = op.name + "'"  # type: ignore[attr-defined]
    at = np.linspace(0.2, 0.8, 4) + (op.name == "arccosh")  # type: ignore[attr-defined]
    try:
        tree = slope(head, name("x"))
    except ValueError:
        assert op.name in ("absolute",), "a rule that used to be read off"  # type: ignore[attr-defined]
        return
    for points in (at, -at):
        with np.errstate(all="ignore"):
            found, expected = Columns({"x": points})(tree), Columns({"x": points})(call(head, name("x")))
        assert np.allclose(found + 0 * expected, expected, equal_nan=True)


KINDS = [
    (mul(W, x), COLUMN), (T(x), ROW), (mul(T(x), y), NUMBER), (mul(x, T(y)), MATRIX), (call("sum", H, axis=0), ROW), (call("sum", H, axis=1), COLUMN),
    (call("sum", H), NUMBER), (family, COLUMN), (element, COLUMN), (had(s, x), COLUMN), (call("diag", x), MATRIX), (call("exp", H), MATRIX),
    (call("softmax", x), COLUMN), (name("other"), None), (mul(name("other"), x), None), (plus(name("other"), x), COLUMN), (call("norm", x), NUMBER),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "expected"), KINDS, ids=str)
def test_what_a_value_is(tree: Expr, expected: object) -> None:
    if tree is element:
        tree, expected = Expr("Index", (t, number(1))), NUMBER
    assert kind(tree, NDIMS) == expected
