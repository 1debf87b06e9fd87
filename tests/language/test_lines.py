# ruff: noqa: E501
"""Formulas on one line: as one writes them, with the parentheses that they need, and harmless whatever is in them."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import OPS, Tensor, constant, nn
from tinygrad_edu.format.ascii import ascii
from tinygrad_edu.formulas.printed import made, of_name, of_value
from tinygrad_edu.formulas.rules import rule
from tinygrad_edu.language.lines import line
from tinygrad_edu.language.op_notation import POWER, PRODUCT, SUM, Formula, typeset
from tinygrad_edu.language.symbols import LONGEST, number, plain, symbol, words
from tinygrad_edu.numeric.op_examples import examples
from tinygrad_edu.tracing import traced

LINES = {
    # names
    "x": "x", "x_{1}": "x₁", r"\hat{y}_{12}": "ŷ₁₂", r"\bar{v}_{c}": "v̄_c", r"\hat{\bar{x}}": "x̄̂", r"\vec{ab}": "vec(ab)",
    "w_{ij}": "w_ij", "x_{i j}": "x_ij", "x_{1, 2}": "x_(1, 2)", r"w_{\text{train}}": "w_train", r"\delta_{v_{c}}": "δ_(v_c)",
    r"\delta_{\text{a b}}": "δ_(a b)", r"\delta_{W^{(2)}}": "δ_(W⁽²⁾)", "W^{(2)}": "W⁽²⁾", "W^{(l)}": "W⁽ˡ⁾", "W^{(out)}": "W⁽ᵒᵘᵗ⁾",
    "W^{(q)}": "W^(q)", r"W^{(s+1)\top}": "W⁽ˢ⁺¹⁾ᵀ", "x^{(a + b) c}": "x^((a + b) c)", "v_{1}^{(2)}": "v₁⁽²⁾", "v^{(2)}_{1}": "v⁽²⁾₁", r"\phi'": "φ′", r"\mathcal{L}": "ℒ", r"\epsilon": "ε",
    r"\text{hidden\_layer\_1}": "hidden_layer_1", r"\text{\$\textbackslash{}frac\{}": "$\\frac{", r"\text{}": "",
    # indices of elements
    "x_{[0]}": "x[0]", r"g_{[\ldots, \text{None}, :]}": "g[…, None, :]", "x_{[:, 0:4:2]}": "x[:, 0:4:2]", "x_{[-1:]}": "x[-1:]",
    r"\operatorname{put}_{[\cdot]}(g)": "put[·](g)", r"\mathbf{1}_{[x > 0]}": "1[x > 0]", r"\mathbf{1}_{y}": "1_y",
    r"2\mathbf{1}_{y}": "2 1_y", r"\left(a + b\right)_{[0]}": "(a + b)[0]",
    # products
    r"W^{(2)\top} \, \delta^{(2)}": "W⁽²⁾ᵀ δ⁽²⁾", r"a \odot b \cdot 2": "a ⊙ b · 2", r"a \otimes b": "a ⊗ b", "x * w": "x * w", "xy": "xy",
    r"1.5 \times 10^{-7}": "1.5 × 10⁻⁷", r"\delta \, \left(1 - z\right)": "δ (1 - z)", r"x \log(y)": "x log(y)", r"x\log(y)": "x log(y)",
    r"\alpha\beta": "αβ", r"2\text{loss}": "2 loss", r"\odot b": "⊙ b", r"-\frac{g}{2} \, a": "-(g/2) a", r"\frac{1}{2} x": "(1/2) x",
    r"a \cdot \frac{-x}{2}": "a · (-x/2)", r"\frac{1}{n} \sum x": "(1/n) ∑ x", r"\sum \frac{g}{b}": "∑ g/b", r"x{-}y": "x -y",
    # fractions
    r"\frac{1}{n}": "1/n", r"\frac{a}{b}_{1}": "(a/b)₁", r"\frac{1}{\sigma|x|}": "1/(σ|x|)", r"\frac{a + b}{c}": "(a + b)/c", r"\frac{a}{2 b}": "a/(2 b)", r"\frac{a}{b^{2}}": "a/b²", r"\frac12": "1/2",
    r"\frac{a}{\sigma(b)}": "a/σ(b)", r"\frac{\frac{a}{b}}{c}": "(a/b)/c", r"\frac{a}{\frac{b}{c}}": "a/(b/c)", r"\frac{-g}{x}": "-g/x",
    r"\frac{a}{-b}": "a/(-b)", r"\frac{\sum a}{b}": "(∑ a)/b", r"\frac{a \, b}{c}": "a b/c", r"\frac{a}{b}^{2}": "(a/b)²", "a/b": "a/b", r"\frac{a}{b}/c": "(a/b)/c", r"2/\frac{a}{b}": "2/(a/b)", r"\frac{a}{b/c}": "a/(b/c)",
    r"a - \frac{-b}{c}": "a - (-b/c)", r"\left(\frac{\partial z}{\partial x}\right)^{\top} \, g": "(∂z/∂x)ᵀ g",
    r"\frac{\partial^2 L}{\partial w \, \partial w^\top}": "∂²L/(∂w ∂wᵀ)", r"\nabla^2 R": "∇²R",
    r"\frac{\partial L}{\partial w_{1}}": "∂L/∂w₁", r"\frac{a}{x(b + c)}": "a/(x(b + c))",
    # exponents and roots
    "x^{2}": "x²", "x^2": "x²", "x^{n}": "xⁿ", "x^{i}": "xⁱ", "x^{e}": "x^e", "x^{-1}": "x⁻¹", "10^{-7}": "10⁻⁷", "x^{12}": "x¹²", "x^12": "x¹ 2", "e^{z}": "e^z", "e^{T}": "e^T",
    "e^{x + y}": "e^(x + y)", "e^{-x}": "e^(-x)", "x^{0.5}": "x^0.5", r"x^{\frac{1}{2}}": "x^(1/2)", "e^{x_{1}}": "e^(x₁)", "{x}^{2}": "x²",
    "x^{2 n}": "x^(2 n)", "x^{1 2}": "x^(1 2)", r"e^{\sigma(x)}": "e^(σ(x))", "e^{x^{2}}": "e^(x²)", "{x^{2}}^{3}": "(x²)³", "{a + b}^{2}": "(a + b)²",
    r"e^{\left(a + b\right)}": "e^(a + b)", r"e^{\left(-a\right) \odot b}": "e^((-a) ⊙ b)", r"\left(-g\right)^{\top}": "(-g)ᵀ",
    r"\sigma(x)^{2}": "σ(x)²", r"\operatorname{vec}(g)^{\top}": "vec(g)ᵀ", r"a^{\top}_{1}": "aᵀ₁", "x^{*}": "x*", "x^{n - 1}": "x^(n - 1)",
    r"\sqrt{x}": "√x", r"\sqrt{x + 1}": "√(x + 1)", r"\sqrt{x}^{2}": "(√x)²", r"\sqrt{x^{2}}": "√(x²)", r"\sqrt{\sigma(x)}": "√(σ(x))",
    r"\sqrt[3]{x}": "³√x", r"\sqrt{\left(a\right) \, \left(b\right)}": "√((a) (b))",
    # functions
    r"\sigma(v^{(1)})": "σ(v⁽¹⁾)", r"\varphi'\left(x\right)": "φ′(x)", r"\operatorname{CE}(a, b)": "CE(a, b)", r"\log_2(x)": "log₂(x)",
    r"\operatorname{leaky\_relu}(a)": "leaky_relu(a)", r"\log_{10}(x)": "log₁₀(x)", r"\log \sigma(x)": "log σ(x)", r"\max a": "max a",
    r"\sin^2(x)": "sin²(x)", r"\log|\det(x)|": "log|det(x)|", r"\textstyle\sum \log x": "∑ log x", r"\sum_{i=1}^{n} x_{i}": "∑_(i = 1)ⁿ x_i",
    r"\prod {a + b}": "∏ (a + b)", r"\prod {a}": "∏ a", r"\sum \left(-g\right)": "∑ (-g)", r"\log \sum e^{x}": "log ∑ e^x", r"\max + 1": "max + 1",
    r"\partial \left(a + b\right)": "∂(a + b)", r"\partial {a + b}": "∂(a + b)", r"\partial \cdot": "∂·", r"{\partial x^{2}}^{3}": "(∂x²)³", r"\prod {-a}": "∏ (-a)", r"\operatorname{clip}'\left(a\right)": "clip′(a)",
    # brackets
    r"\left( a \right)": "(a)", r"\left\lVert {a} \right\rVert": "‖a‖", r"|{|{x}|} + a|^2": "||x| + a|²", r"\langle {a}, {b} \rangle": "⟨a, b⟩",
    r"\left. x \right|": "x |", "(a": "(a", "a)": "a)", "[a, b]": "[a, b]", "[0, 1)": "[0, 1)", r"\{a, b\}": "{a, b}",
    # signs
    "-a": "-a", "a - b": "a - b", "a - {b + c}": "a - (b + c)", "a + {b + c}": "a + b + c", r"b \, {-a}": "b (-a)", "a + -b": "a + -b", r"i = 1, \ldots, n": "i = 1, …, n", r"a \le b \to \infty": "a ≤ b → ∞", "a!": "a!",
    # cases
    r"\begin{cases} {a} & \; \mathbf{1}_{[x > 0]} \\ {0.2 \, b} & \; \text{otherwise} \end{cases}": "{a if x > 0; 0.2 b otherwise}",
    r"\begin{cases} x & \text{if } x > 0 \\ 0 \end{cases}": "{x if x > 0; 0}", r"\begin{bmatrix} 1 & 2 \\ 3 & {-}4 \end{bmatrix}": "[1, 2; 3, -4]",
    # what is said with words that look like formulas
    r"g \odot \text{1 - y}": "g ⊙ (1 - y)", r"\text{1 - y}": "1 - y", r"\text{my loss}^{2}": "(my loss)²", r"\text{W[0]}^{2}": "W[0]²",
    # what this package does not know, or nobody does
    r"\foo + \foo x": "foo + foo x", r"\foo(x)": "foo(x)", "\tanh(x)": "anh(x)", "a\x1b[2Jb": "a [2Jb", "\\": "", "{": "", "}": "", "a}b": "ab",
    "^": "^", "_": "_", "x^": "x^()", "x_": "x_()", r"\frac": "/", r"\hat": "hat()", r"\text{a": "a", r"\begin{cases} a": "{a}", r"a & b \\ c": "a, b; c", "$": "$",
}  # fmt: skip


@pytest.mark.parametrize("latex", LINES)
def test_a_formula_is_a_line_as_one_writes_it(latex: str) -> None:
    assert line(latex) == LINES[latex]


ASCII = {
    "δ⁽¹⁾ = σ′(v⁽¹⁾) ⊙ W⁽²⁾ᵀ δ⁽²⁾": "delta(1) = sigma'(v(1)) * W(2)^T delta(2)", "x₁₂": "x_12", "x²": "x^2", "10⁻⁷": "10^-7", "xⁿ": "x^n",
    "W⁽ᵒᵘᵗ⁾": "W(out)", "W⁽ᵀ⁾ᵀ": "W(T)^T", "aᵀ₁": "a^T_1", "∂ŷ/∂x₁": "dy_hat/dx_1", "σ̂": "sigma_hat", "αβ 2γ xδ": "alpha beta 2gamma x delta",
    "√x + √(x + 1)": "sqrt x + sqrt(x + 1)", "‖a‖": "|a|", "⟨a, b⟩": "<a, b>", "g[…, None]": "g[..., None]", "a ≤ b ≠ c → ∞": "a <= b != c -> inf",
    "∑ x - ∏ y": "sum x - prod y", "1.5 × 2 · 3": "1.5 * 2 * 3", "a − b": "a - b", "ℒ": "L", "maître é": "ma?tre ?", "Матрица": "???????",
    "∇f": "grad f", "(∂z/∂x)ᵀ g": "(dz/dx)^T g", "a\x1bb\x00": "a?b?", "two\nlines": "two\nlines", "³√x": "^3sqrt x",
}  # fmt: skip


@pytest.mark.parametrize("text", ASCII)
def test_a_line_without_unicode(text: str) -> None:
    assert ascii(text) == ASCII[text]


def is_sound(latex: str) -> bool:
    """Is nothing of LaTeX left in its line, and is every bracket closed?"""
    text = line(latex)
    assert text.isprintable() and "\\" not in text and text == text.strip() and "  " not in text
    assert r"\begin{cases}" in latex or not set("{}") & set(text)
    assert all(text.count(c) % 2 == 0 for c in "|‖")
    brackets = re.sub(r"[^()\[\]{}⟨⟩]", "", text)
    while (shorter := re.sub(r"\(\)|\[\]|\{\}|⟨⟩", "", brackets)) != brackets:
        brackets = shorter
    assert not brackets
    other = ascii(text)
    assert other.isascii() and other.isprintable() and "?" not in other
    return True


OPERANDS = [
    Formula("a"), Formula("W^{(1)}", POWER), Formula("a - b", SUM, "subtract"), Formula("-a", SUM, "negative"), Formula(r"\sum a", SUM, "sum"),
    Formula(r"\frac{a}{b}", PRODUCT, "divide"), Formula("e^{a}", POWER), Formula(r"\sigma(a)"), Formula("2", single=True), Formula(r"\hat{y}_{1}'"),
    typeset(OPS["where"], condition=Formula("c"), x=Formula("a"), y=Formula("b")),
]  # fmt: skip


@pytest.mark.parametrize("op", OPS.values(), ids=lambda op: op.name)
def test_every_notation_is_a_line(op: Any) -> None:
    assert op.notation == "$x" or is_sound(typeset(op).latex)
    for i, _ in enumerate(OPERANDS):
        given = {name: OPERANDS[(i + 3 * k) % len(OPERANDS)] for k, name in enumerate(op.names)}
        assert is_sound(typeset(op, **given).latex)


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.rules], ids=lambda op: op.name)
def test_every_rule_is_a_line(op: Any) -> None:
    for example_ in examples(op):
        tensors = {
            n: [Tensor(x) for x in v] if isinstance(v, list) else Tensor(v) for n, v in example_.operands.items()
        }
        node = example_(**tensors).node
        for start in (0, 5):
            formulas = [OPERANDS[(start + k) % len(OPERANDS)] for k in range(len(node.args))]
            assert is_sound(made(node, formulas, node.values or ()).latex)
            for k, a in enumerate(node.args):
                if a is not None:
                    assert is_sound(rule(node, k, formulas, Formula("z")).latex)


def test_all_that_a_trace_says_is_a_line() -> None:
    net = nn.MLP([3, 4, 2], rng=np.random.default_rng(0))
    R = tg.cross_entropy(net(constant([0.1, 0.2, 0.3], "x")), np.array([0.0, 1.0]))
    R.backward()
    trace = traced(R)
    said = [latex for node in trace.nodes for latex in (node.symbol, node.formula) if latex]
    said += [edge.rule for edge in trace.edges if edge.rule]
    recursion = [step.recursion for step in trace.steps if step.recursion]
    assert recursion and all(is_sound(latex) for latex in said + recursion)
    assert re.fullmatch(r"δ⁽1⁾ = \S+′\(v⁽1⁾\) ⊙ \(W⁽2⁾ᵀ δ⁽2⁾\)".replace("1", "¹").replace("2", "²"), line(recursion[0]))


# Names are whatever somebody typed.


def printed(name: str) -> str:
    """What ``symbols.words`` shows of a name."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


HOSTILE = ["\\text{x}", "}{", "{", "\\", "~^", "\\u0000", "{}", "\\left(", "\x1b[31m", "a_b", "a\u202eb", "%$&#", "\\\\", "{-}", "/", "1 + x"]  # fmt: skip


@given(st.text())
@example("\ud800")
def test_words_come_out_as_they_went_in(name: str) -> None:
    for text in (name, *HOSTILE):
        assert line(words(text)) == printed(text)
        assert line(rf"{words(text)} \odot b").replace(f"({printed(text)})", printed(text)) == f"{printed(text)} ⊙ b"


@given(st.text(), st.sampled_from(HOSTILE))
def test_no_name_reaches_the_terminal_as_more_than_letters(name: str, hostile: str) -> None:
    for text in (name, hostile, hostile + name):
        assert line(symbol(text)).isprintable()
        assert ascii(line(symbol(text))).isascii()


PARTS = [
    r"\frac",
    r"\sqrt",
    "{",
    "}",
    "^",
    "_",
    "(",
    ")",
    "[",
    "]",
    "|",
    r"\left",
    r"\right",
    r"\{",
    r"\lVert",
    "a",
    "12",
    "-",
    "+",
    "'",
    "&",
]
PARTS += [r"\\", r"\,", r"\sum", r"\log", r"\sigma", r"\hat", r"\text{", r"\begin{cases}", r"\end{cases}", r"\partial", "\\", " ", "\x07", "/"]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS)) | st.text().map(list))
def test_anything_is_a_line(parts: list[str]) -> None:
    text = line("".join(parts))
    assert text.isprintable() and ascii(text).isascii()


@pytest.mark.parametrize("part", ["{", "(", "^", "x^{", r"\frac", r"\sqrt", "|{", r"\hat", "'", r"\partial", "}"])
def test_a_formula_of_any_depth_is_a_line(part: str) -> None:
    assert line(part * 5000).isprintable()


def test_numbers_and_figures() -> None:
    numbers = [0.5, -2.0, 1.5e-7, 1e10, np.inf, np.nan]
    assert [line(number(x)) for x in numbers] == ["0.5", "-2", "1.5 × 10⁻⁷", "10¹⁰", "∞", "NaN"]
    assert line(plain("−1.2·10⁻⁷") or "") == "-1.2 · 10⁻⁷"


# The line says the same as the formula: read again, it has the same value.  A sum here is a function that is not
# linear, so that it matters how far it reaches.


def power(x: float, y: float) -> float:
    """Of any two numbers."""
    return float(abs(x) ** y)


FUNCTIONS = {
    "log": lambda x: math.log(abs(x)), "sin": math.sin, "tanh": math.tanh, "σ": lambda x: math.tanh(x / 2) / 2 + 0.5, "max": max,
    "√": lambda x: power(x, 0.5), "∑": lambda x: 2 * x + 1, "∏": lambda x: 3 * x - 2, "e": lambda x: power(math.e, x),
}  # fmt: skip
log, sin, tanh, sigmoid, maximum, root, total, product, exp = FUNCTIONS.values()
VALUES: dict[str, Any] = {
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y, "matmul": lambda x, y: x * y,
    "dot": lambda x, y: x * y, "divide": lambda x, y: x / y, "power": power, "negative": lambda x: -x, "square": lambda x: power(x, 2),
    "sqrt": root, "exp": exp, "exp2": lambda x: power(2, x), "expm1": lambda x: exp(x) - 1, "log": log, "log1p": lambda x: log(1 + x),
    "reciprocal": lambda x: 1 / x, "inv": lambda x: power(x, -1), "sigmoid": sigmoid, "tanh": tanh, "sin": sin, "sum": total, "prod": product,
    "logsumexp": lambda x: log(total(exp(x))), "maximum": maximum, "absolute": abs,
    "logaddexp": lambda x, y: log(exp(x) + exp(y)), "solve": lambda x, y: power(x, -1) * y,
    "xlogy": lambda x, y: x * log(y),
}  # fmt: skip
LETTERS = {"a": 1.37, "b": 0.81, "c": 2.23, "x₁": 1.93, "W⁽²⁾": 0.59, "σ": 1.61}
LEAVES = [("a", 1.37, False), ("b", 0.81, True), ("c", 2.23, False), ("x1", 1.93, True), ("W(2)", 0.59, False)]
Meant = tuple[Formula, float]


def leaf(given: tuple[str, float, bool]) -> Meant:
    name, value, single = given
    return of_name(name, () if single else (1,)), value


def constant_leaf(x: float) -> Meant:
    return of_value(x), x


def applied(name: str, operands: list[Meant]) -> Meant:
    """An operation on what has been made: its formula, and the value that is meant."""
    op = OPS[name]
    used = operands[: len([n for n in op.names if n in op.rules])]
    try:
        value = VALUES[name](*(value for _, value in used)) if all(math.isfinite(v) for _, v in used) else math.nan
    except (OverflowError, ZeroDivisionError, ValueError):
        value = math.nan
    if name == "absolute" and "|" in used[0][0].latex:
        value = math.nan  # nor which of four bars belong together
    return typeset(op, **dict(zip(op.names, (formula for formula, _ in used)))), value


def grown(smaller: Any) -> Any:
    return st.builds(applied, st.sampled_from(sorted(VALUES)), st.lists(smaller, min_size=2, max_size=2))


TREES = st.recursive(
    st.sampled_from(LEAVES).map(leaf) | st.sampled_from([2.0, 3.0, 0.5, -1.0, -0.5, 12.0, 1e-7]).map(constant_leaf),
    grown,
    max_leaves=12,
)


class Reading:
    """A line of text as a reader takes it: a product holds more strongly than a sum, and so on."""

    TOKEN = re.compile(r"x₁|W⁽²⁾|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|[0-9.]+|[a-z]{2,}|[^\W\d_]|\S")
    RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")

    def __init__(self, text: str) -> None:
        self.tokens = [*self.TOKEN.findall(text), "end"]
        self.bars = 0

    def value(self) -> float:
        found = self.sum()
        assert self.tokens == ["end"], self.tokens
        return found

    def sum(self) -> float:
        found = self.product()
        while self.tokens[0] in "+-":
            found = found + self.product() if self.tokens.pop(0) == "+" else found - self.product()
        return found

    def product(self) -> float:
        found = self.factor()
        while self.tokens[0] in ("⊙", "·", "/") or self.begins():
            sign = "" if self.begins() else self.tokens.pop(0)
            found = found / self.factor() if sign == "/" else found * self.factor()
        return found

    def begins(self) -> bool:
        """Is there another factor, without a sign between?"""
        token = self.tokens[0]
        return token not in ("end", ")", ",", "+", "-", "⊙", "·", "/") and not (token == "|" and self.bars)

    def factor(self) -> float:
        if self.tokens[0] == "-":
            self.tokens.pop(0)
            return -self.factor()
        if self.tokens[0] in "∑∏":
            return float(FUNCTIONS[self.tokens.pop(0)](self.product()))  # of all that follows
        if self.tokens[0] == "log" and self.tokens[1] != "(":
            self.tokens.pop(0)
            return log(self.factor())
        found = self.atom()
        if self.tokens[0][0] in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
            return power(found, int(self.tokens.pop(0).translate(self.RAISED)))
        if self.tokens[0] == "^":
            self.tokens.pop(0)
            return power(found, self.atom())
        return found

    def atom(self) -> float:
        token = self.tokens.pop(0)
        if token == "|":
            outer, self.bars = self.bars, 1
            found = abs(self.sum())
            self.bars = outer
            assert self.tokens.pop(0) == "|"
            return found
        if token == "√":
            return root(self.atom())
        if token == "(" or token in ("log", "sin", "tanh", "σ", "max"):
            assert token == "(" or self.tokens.pop(0) == "("
            outer, self.bars = self.bars, 0
            given = [self.sum()]
            while self.tokens[0] == ",":
                self.tokens.pop(0)
                given.append(self.sum())
            assert self.tokens.pop(0) == ")"
            self.bars = outer
            return float(FUNCTIONS[token](*given)) if token != "(" else given[0]
        return math.e if token == "e" else LETTERS[token] if token in LETTERS else float(token)


@given(TREES)
def test_a_line_means_what_the_formula_means(tree: Meant) -> None:
    formula, value = tree
    assume(math.isfinite(value) and 1e-6 < abs(value) < 1e6)
    try:
        read = Reading(line(formula.latex)).value()
    except (OverflowError, ZeroDivisionError, ValueError) as error:
        raise AssertionError(f"{formula.latex}: {line(formula.latex)}") from error
    assert math.isclose(read, value, rel_tol=1e-6), (formula.latex, line(formula.latex))


def applied_to(name: str, *operands: Formula, names: tuple[str, ...] = ("x", "y")) -> Formula:
    return typeset(OPS[name], **dict(zip(names, operands)))


a, b, c = Formula("a"), Formula("b"), Formula("c")
TELLING = [
    (applied_to("multiply", applied_to("multiply", a, applied_to("sum", b)), c), r"\left(a \odot \sum b\right) \odot c"),
    (applied_to("matmul", applied_to("multiply", a, applied_to("sum", b)), c), r"\left(a \odot \sum b\right) \, c"),
    (applied_to("multiply", a, applied_to("multiply", b, applied_to("sum", c))), r"a \odot b \odot \sum c"),
    (applied_to("xlogy", applied_to("logsumexp", a), b), r"\left(\log \sum e^{a}\right) \odot \log(b)"),
    (applied_to("prod", applied_to("add", a, b)), r"\prod \left(a + b\right)"),
    (applied_to("power", of_value(1e-7), of_value(2.0)), r"\left(10^{-7}\right)^{2}"),
    (applied_to("power", of_value(1.5e-7), of_value(2.0)), r"\left(1.5 \times 10^{-7}\right)^{2}"),
    (applied_to("multiply", of_value(1.5e-7), a), r"1.5 \times 10^{-7} \, a"),
    (applied_to("prod", applied_to("multiply", a, b)), r"\prod a \odot b"),
    (applied_to("transpose", Formula("e^{v}", POWER)), r"\left(e^{v}\right)^{\top}"),
    (typeset(OPS["positive"]), r"\cdot"),
    (applied_to("exp", applied_to("transpose", Formula("-a", SUM))), r"e^{\left(-a\right)^{\top}}"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "latex"), TELLING, ids=lambda x: getattr(x, "latex", ""))
def test_a_notation_can_be_read_in_one_way_only(formula: Formula, latex: str) -> None:
    assert formula.latex == latex


@pytest.mark.parametrize(("name", "latex"), [("log1p", r"\frac{g}{1 + x}"), ("log2", r"\frac{g}{x \cdot 0.6931}")])
def test_a_rule_has_no_more_parentheses_than_it_needs(name: str, latex: str) -> None:
    node = getattr(tg, name)(Tensor([1.0, 2.0])).node
    assert rule(node, 0, [a._replace(latex="x")], Formula("z")).latex == latex
