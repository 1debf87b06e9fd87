# ruff: noqa: E501
"""Names, formulas and rules as mathematics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant
from tinygrad_edu.formulas.printed import of_name
from tinygrad_edu.formulas.rules import rule
from tinygrad_edu.language.op_notation import Formula
from tinygrad_edu.language.symbols import number, plain, symbol
from tinygrad_edu.numeric.op_examples import examples

NAMES = {
    "W": "W", "W1": "W_{1}", "W₂": "W_{2}", "W(2)": "W^{(2)}", "v_c": "v_{c}", "w_ij": "w_{ij}", "x_train": r"x_{\text{train}}",
    "y_hat": r"\hat{y}", "v_c_bar": r"\bar{v}_{c}", "delta(1)": r"\delta^{(1)}", "σ": r"\sigma", "φ'": r"\phi'", "loss": r"\text{loss}",
    "hidden_layer_1": r"\text{hidden\_layer}_{1}", "Матрица": r"\text{Матрица}", "$\\frac{": r"\text{\$\textbackslash{}frac\{}", "": r"\text{}",
    "a\nb": r"\text{a\textbackslash{}u000ab}", "x" * 10_000: r"\text{" + "x" * 23 + "…}", "1 - y": r"\text{1 - y}",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:20])
def test_names_become_mathematics_or_words(name: str) -> None:
    assert symbol(name) == NAMES[name]


def test_numbers_in_latex() -> None:
    given = [0.5, -2.0, 1.5e-7, 1e10, np.inf, -np.inf, np.nan]
    expected = ["0.5", "-2", r"1.5 \times 10^{-7}", "10^{10}", r"\infty", r"-\infty", r"\text{NaN}"]
    assert [number(x) for x in given] == expected


def test_words_and_figures_in_latex() -> None:
    assert plain("∂ −1.2·10⁻⁷") == r"\partial \text{ }{-}\text{1.2}\cdot \text{10}^{{-}}^{7}".replace("{{-}}", "{-}")
    assert plain("Ж") is None


v, W, X, b, s, y = (
    Tensor(np.full(3, 0.1)), Tensor(np.ones((4, 3))), Tensor(np.ones((5, 3))), Tensor(np.ones(4)), Tensor(2.0), constant([0.0, 1.0, 0.0]),
)  # fmt: skip
labels = np.array([0, 1, 2, 1, 0])
RULES: dict[str, tuple[Any, list[str], list[str | None]]] = {
    "sigmoid": (tg.sigmoid(v), ["v"], [r"g \odot z \odot \left(1 - z\right)"]),
    "relu": (tg.relu(v), ["v"], [r"g \odot \mathbf{1}_{[v > 0]}"]),
    "a matrix and a column": (W @ v, ["W", "v"], [r"g \, v^{\top}", r"W^{\top} \, g"]),
    "two matrices": (W @ X.T, ["W", "A"], [r"g \, A^{\top}", r"W^{\top} \, g"]),
    "a layer": (tg.linear(v, W, b), ["x", "W", "b"], [r"W^{\top} \, g", r"g \, x^{\top}", "g"]),
    "a layer, examples as rows": (tg.linear(X, W, b), ["X", "W", "b"], [r"g \, W", r"g^{\top} \, X", r"\operatorname{sum}(g, \text{axis=0})"]),
    "a number times a vector": (s * v, ["s", "v"], [r"\sum g \odot v", r"g \, s"]),
    "softmax": (tg.softmax(v), ["s"], [r"z \odot \left(g - \sum g \odot z\right)"]),
    "cross-entropy with labels": (
        tg.cross_entropy(X, labels), ["s", "y"], [r"\left(\frac{g}{5}\right) \, \left(\operatorname{softmax}(s) - \mathbf{e}_{y}\right)", None],
    ),
    "log": (tg.log(v), ["x"], [r"\frac{g}{x}"]),
    "power": (v**2, ["x", "2"], [r"g \odot 2 \, x", None]),
    "one element": (v[0], ["x"], [r"\operatorname{put}_{[0]}(g, \text{to=(3,)})"]),
    "a name with an index above": (W @ v, ["W(2)", "a(1)"], [r"g \, a^{(1)\top}", r"W^{(2)\top} \, g"]),
    "clip": (tg.clip(v, 0, 1), ["x"], [r"g \odot \mathbf{1}_{[x \geq 0 \land x \leq 1]}"]),
    "a rule that cannot be printed": (
        np.linalg.cholesky(Tensor(np.eye(2))), ["x"], [r"\left(\frac{\partial z}{\partial x}\right)^{\top} \, g"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RULES)
def test_a_rule_is_printed_as_one_writes_it(case: str) -> None:
    tensor, names, expected = RULES[case]
    node = tensor.node
    shapes = [(1,) if a is None else a.shape for a in node.args]
    operands = [Formula(n) if n.isdigit() else of_name(n, shape) for n, shape in zip(names, shapes)]
    operands += [Formula("?")] * (len(node.args) - len(operands))
    for k, latex in enumerate(expected):
        if latex is not None:
            assert (
                rule(
                    node, k, operands, Formula("z", single=node.shape == ()), Formula("g", single=node.shape == ())
                ).latex
                == latex
            )


@pytest.mark.parametrize("op", [op for op in tg.OPS.values() if op.rules], ids=lambda op: op.name)
def test_every_rule_is_printed_somehow(op: Any) -> None:
    for example in examples(op):
        operands = {
            n: [Tensor(x) for x in v] if isinstance(v, list) else Tensor(v) for n, v in example.operands.items()
        }
        node = example(**operands).node
        for k, a in enumerate(node.args):
            if a is not None:
                latex = rule(node, k, [Formula(chr(97 + i)) for i in range(len(node.args))], Formula("z")).latex
                assert latex.count("{") == latex.count("}") and "$" not in latex and len(latex) < 250


def test_a_rule_that_fails_has_a_form_all_the_same() -> None:
    @tg.op(x=lambda g, x: g * float(x.data.sum()))  # reads numbers that named tensors do not have in arrays
    def strange(x: Any) -> Any:
        """Twice."""
        return x + x

    try:
        assert rule(strange(v).node, 0, [Formula("x")], Formula("z")).latex
    finally:
        del tg.OPS["strange"]


def test_an_operation_that_is_defined_again_has_its_own_rule() -> None:
    printed = []
    for doubled in (lambda g: g * 2.0, lambda g: g * 3.0):

        @tg.op(x=doubled)
        def again(x: Any) -> Any:
            """Something."""
            return x * 1.0

        printed.append(rule(again(v).node, 0, [Formula("x")], Formula("z")).latex)
        del tg.OPS["again"]
    assert printed == [r"g \cdot 2", r"g \cdot 3"]
