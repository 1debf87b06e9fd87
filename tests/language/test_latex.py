# ruff: noqa: E501
"""Trees as LaTeX, as text and as NumPy, and LaTeX read again: the same value, or a refusal, and never a guess."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.language.latex import read
from tinygrad_edu.language.numpy_source import identifier, python
from tinygrad_edu.language.reading import Unreadable
from tinygrad_edu.language.tree import Expr, call, name, names, number
from tinygrad_edu.language.values import Columns
from tinygrad_edu.language.writing import latex, text

M, N, K = 3, 4, 5  # all sizes differ, so that nothing fits by accident
SHAPES: dict[str, tuple[int, ...]] = {
    "W": (M, N), "V": (N, M), "A": (N, N), "W(2)": (M, M), "C_bar": (K, N), "x": (N,), "y": (N,), "y_hat": (N,), "delta(1)": (M,),
    "v_c": (M,), "b1": (M,), "u": (K,), "s": (), "lambda": (), "σ": (), "t": (K,), "r": (1, N), "c": (M, 1), "Y'": (M, N), "loss": (),
}  # fmt: skip
RNG = np.random.default_rng(0)
AT = {word: RNG.uniform(0.3, 1.4, shape) for word, shape in SHAPES.items()}
ONE, TWO = number(1), number(2)
UNARY = [
    "sigmoid",
    "tanh",
    "exp",
    "sin",
    "absolute",
    "sigmoid'",
    "tanh'",
    "softplus",
    "square",
    "relu",
    "log1p",
    "expm1",
    "exp2",
    "reciprocal",
    "sin'",
    "exp'",
]
Shape = tuple[int, int]


class Grower:
    """Random expressions, in which every shape fits."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.bound: list[str] = []

    def leaf(self, shape: Shape) -> Expr:
        found = [name(w) for w, s in SHAPES.items() if (s if len(s) == 2 else (*s, 1, 1)[:2]) == shape]
        if shape == (1, 1):
            found += [number(x) for x in (2, 3, 0.5, -1, 12, 1 / 3, 1e-3, 0.25, 1.5e-7 * 1e7)]
            found += [Expr("Index", (name("t"), name(j))) for j in self.bound] + [call("Shape_free", ONE)][:0]
            found += [Expr("Index", (name("C_bar"), name(j), TWO)) for j in self.bound] + [
                Expr("Index", (name("x"), TWO))
            ]
        if shape == (N, 1):
            found += [Expr("Index", (name("C_bar"), name(j))) for j in self.bound] + [Expr("Index", (name("W"), ONE))]
        if not found:
            a, b = shape
            return (
                call("matmul", self.leaf((a, 1)), self.leaf((1, b)))
                if a > 1 and b > 1
                else call("transpose", self.leaf((b, a)))
            )
        return self.random.choice(found)

    def tree(self, shape: Shape, depth: int) -> Expr:
        if depth == 0:
            return self.leaf(shape)
        a, b = shape
        some = self.random.choice
        inner = some([M, N, K, 1])
        smaller = lambda s=shape: self.tree(s, self.random.randrange(depth))  # noqa: E731
        made = [
            lambda: call(some(["add", "subtract", "multiply", "divide"]), smaller(), smaller()),
            lambda: call(some(["add", "multiply", "matmul"]), smaller((1, 1)), smaller()),
            lambda: call(
                some(["multiply", "divide", "subtract", "matmul"][: 3 + (a == b == 1)]), smaller(), smaller((1, 1))
            ),
            lambda: call("matmul", smaller((a, inner)), smaller((inner, b))),
            lambda: call("matmul", smaller((a, inner)), smaller((inner, b))),
            lambda: call("transpose", smaller((b, a))),
            lambda: call("negative", smaller()),
            lambda: call(some(UNARY), smaller()),
            lambda: call("power", smaller(), number(some([2, 3, -1, -2]))),
            lambda: call("log", call("exp", smaller())),
            lambda: call("log", call("sigmoid", smaller())),
            lambda: call("log_sigmoid", smaller()),
            lambda: call("maximum", smaller(), smaller()),
            lambda: call("logaddexp", smaller(), smaller()),
        ]
        if b == 1 < a:
            made += [lambda: call(some(["softmax", "log_softmax"]), smaller())] * 2
            made += [lambda: call("sum", smaller((a, M)), axis=1)]
        if a == 1 < b:
            made += [lambda: call("sum", smaller((M, b)), axis=0)] * 2
        if a > 1 and b > 1:
            made += [
                lambda: call("softmax", smaller()),
                lambda: call("softmax", smaller(), axis=0),
                lambda: call("multiply", smaller((a, 1)), smaller()),
            ]
        if a == b > 1:
            made += [lambda: call("diag", smaller((a, 1)))] * 3
        if a == b == 1:
            made += [lambda: call("sum", smaller((some([M, N]), some([1, N])))), lambda: call("norm", smaller((N, 1))),
                     lambda: call("logsumexp", smaller((N, 1))), lambda: call("max", smaller((N, 1)))]  # fmt: skip
        if len(self.bound) < 2:
            made += [lambda: self.sum(shape, depth)] * 2
        if self.bound:
            made += [
                lambda: Expr(
                    "If", (Expr("Compare", (name(self.bound[-1]), TWO), some(["==", "<=", "!="])), smaller(), smaller())
                )
            ]
        return some(made)()

    def sum(self, shape: Shape, depth: int) -> Expr:
        index = "jk"[len(self.bound)]
        self.bound.append(index)
        term = self.tree(shape, self.random.randrange(depth) if depth else 0)
        self.bound.pop()
        condition = [Expr("Compare", (name(index), number(3)), "!=")] * self.random.choice([0, 0, 1])
        return Expr("Sum", (term, ONE, self.random.choice([number(K), number(4)]), *condition), index)


def grown(seed: int) -> Expr:
    grower = Grower(seed)
    shape = grower.random.choice([(1, 1), (M, 1), (N, 1), (1, N), (M, N), (N, N), (K, 1)])
    return grower.tree(shape, grower.random.randrange(1, 6))


def value(tree: Expr) -> Any:
    try:
        found = np.asarray(Columns(AT)(tree))
    except OverflowError:
        return None
    return found if np.isfinite(found).all() and np.abs(found).max(initial=0) < 1e9 else None


def same(x: Any, y: Any) -> bool:
    return np.shape(x) == np.shape(y) and np.allclose(x, y, rtol=1e-6, atol=1e-9)


NAMESPACE = {"np": np, **{op.name: op.public for op in tg.OPS.values()}, "sum": sum, "max": max}


def check_latex(tree: Expr, expected: Any, ndims: dict[str, Any]) -> None:
    written = latex(tree, ndims)
    if len(written) > 2000:
        return
    again = read(written, known=ndims or names(tree))
    found = Columns(AT)(again)
    if r"\log(" in written and not np.isfinite(found).all():
        return  # log(1 + e^x), which overflows where softplus does not
    assert same(found, expected), f"{written}\n{tree}\n{again}"


def check_python(tree: Expr, expected: Any) -> None:
    source = python(tree, SHAPES)
    arrays = {identifier(word): x for word, x in AT.items()}
    with np.errstate(all="ignore"):
        found = np.asarray(eval(source, {**NAMESPACE, **arrays}))
    if found.ndim == 1:
        found = found[None, :] if np.shape(expected)[:1] == (1,) else found[:, None]
    assert same(
        found.reshape(()) if found.size == 1 else found,
        np.reshape(expected, ()) if np.size(expected) == 1 else expected,
    ), f"{source}\n{tree}"


def trees(start: int, stop: int) -> Any:
    for seed in range(start, stop):
        tree = grown(seed)
        expected = value(tree)
        if expected is not None:
            yield tree, expected


@pytest.mark.parametrize("block", range(4))
def test_a_tree_written_in_latex_is_read_again(block: int) -> None:
    for tree, expected in trees(100 * block, 100 * block + 100):
        check_latex(tree, expected, SHAPES if block % 2 else {})


def test_a_tree_written_in_numpy_has_the_same_value() -> None:
    for tree, expected in trees(0, 300):
        check_python(tree, expected)


@pytest.mark.slow
def test_thousands_of_trees() -> None:
    for tree, expected in trees(10_000, 16_000):
        check_latex(tree, expected, {})
        check_latex(tree, expected, SHAPES)
        check_python(tree, expected)


# What is written in LaTeX, and how our own text says it: as it was meant.

MEANT = {
    r"W^\top V^\top(\sigma(t)-\delta)": "Wᵀ Vᵀ (σ(t) - δ)", r"{W^{(2)}}^\top \delta^{(2)}": "W⁽²⁾ᵀ δ⁽²⁾", r"W^{(s+1)\top}\delta^{(s+1)}": "W⁽ˢ⁺¹⁾ᵀ δ⁽ˢ⁺¹⁾",
    r"\mathbf v_c^T W\mathbf u": "v_cᵀ W u", r"\bar C^\top \sigma(\bar C W \mathbf u - \bar{\mathbf q})": "C̄ᵀ σ(C̄ W u - q̄)", r"\hat Y - Y": "Ŷ - Y", "y_{hat}": "ŷ",
    r"\frac12 x": "(1/2) x", r"\frac1N\sum_{n=1}^N\delta_n": "(1/N) ∑_(n = 1)^N δ_n", r"(a b)/c": "a b/c", r"a b / c": "a b/c", r"e^{-z}": "e^(-z)",
    r"\frac{e^{s_k}}{\sum_i e^{s_i}}": "e^(s_k)/(∑_i e^(s_i))", r"\sum_{i=1}^n\sum_{j=1}^m v_i w_{ij} u_j": "∑_(i = 1)ⁿ ∑_(j = 1)^m v_i w_(i, j) u_j",
    r"\sum_{j\ne i}y_j": "∑_(j ≠ i) y_j", r"\sum_{j=1, j\ne i}^{n}y_j": "∑_(j = 1, j ≠ i)ⁿ y_j", r"a \sum_j b_j c": "a ∑_j b_j c", r"y - \sum x": "y - ∑ x",
    r"\sum_j\sigma(t_j)C_j-(1-\sigma(z))v_c": "∑_j σ(t_j) C_j - (1 - σ(z)) v_c", r"\sum_j a_j + \sum_j b_j": "∑_j a_j + ∑_j b_j",
    r"-\sum_{i=1}^{n+1}[(\delta_c)_i\log\sigma(t_i)+(1-(\delta_c)_i)\log\sigma(-t_i)]": "-∑_(i = 1)^(n + 1) ((δ_c)_i log σ(t_i) + (1 - (δ_c)_i) log σ(-t_i))",
    r"\log \sigma(x) \odot y": "(log σ(x)) ⊙ y", r"\log x + y": "log(x) + y", r"\ln\sum_i e^{s_i}": "log(∑_i e^(s_i))", r"\log(x) y": "log(x) y", r"\log x^2": "log(x²)",
    r"\sigma(x)^2": "σ(x)²", r"\sigma'(A x)\odot\Bigl(B^\top(g-y)\Bigr)": "σ′(A x) ⊙ (Bᵀ (g - y))", r"\tanh(x)^\top": "tanh(x)ᵀ", r"\operatorname{softmax}(x)_i": "(softmax(x))_i",
    r"\operatorname{diag}(g) - g g^\top": "diag(g) - g gᵀ", r"\mathrm{diag}(g)": "diag(g)", r"-y\oslash g": "-(y ⊘ g)", r"a\odot b\odot c": "a ⊙ b ⊙ c", r"2a\odot b": "(2 a) ⊙ b",
    r"\lVert x\rVert^2": "‖x‖²", r"\|x\|_2^2": "‖x‖²", r"|x|": "|x|", r"\langle a, b\rangle": "aᵀ b", r"\partial J/\partial\mathbf u": "∂J/∂u", r"\frac{\partial J}{\partial W^{(2)}}": "∂J/∂W⁽²⁾",
    r"\frac{dJ}{dW}": "∂J/∂W", r"\left(\frac{\partial J}{\partial t}\right)^{\!\top}\frac{\partial t}{\partial u}": "(∂J/∂t)ᵀ (∂t/∂u)", r"\frac{\partial}{\partial u}(a^\top u)": "∂(aᵀ u)/∂u",
    r"\mathbf 1^\top \left(\hat Y - Y\right)": "1ᵀ (Ŷ - Y)", r"\frac{1}{N} H \mathbf{1}": "(1/N) H 1", r"g_k(I(k=l)-g_l)": "g_k (1[k = l] - g_l)", r"\mathbf{1}_{n} - y": "1_n - y",
    r"\begin{cases} a & \text{if } k = l \\ b & \text{otherwise} \end{cases}": "{a if k = l; b otherwise}", r"A^{-1} x": "A⁻¹ x", r"x^{\odot 2}": "x²", r"(-1)(a)": "(-1) a",
    r"t_{j-1}": "t_(j - 1)", r"(\tilde VW)_{k,\bullet}": "(Ṽ W)_(k, :)", r"1.5 \times 10^{-7} x": "1.5 × 10⁻⁷ x", r"\max(a, b)": "max(a, b)", r"\varphi'(v^{(1)})": "φ′(v⁽¹⁾)", r"x\times y": "x y", r"\sqrt{x}": "√x",
}  # fmt: skip


@pytest.mark.parametrize("written", MEANT)
def test_latex_is_read_as_it_was_meant(written: str) -> None:
    shapes = {"y": 1, "g": 1, "a": 1, "b": 1, "c": 1} if "odot" in written or "oslash" in written else {}
    assert text(read(written, functions=["phi"]), shapes) == MEANT[written]


REFUSED = {
    "x^{(a+b+c+d+e)}": ("this exponent", 2), r"\sum_{j=1}^{3} \sum x + y": ("how far the sum", 22),
    "a/bc": ("how much is divided by", 3), "a/b/c": ("two divisions", 3), "1/2 x": ("how much is divided by", 4), r"\log a b": ("how far the function", 7), r"\log \sigma(x) y": ("how far the function", 15),
    r"\log x \odot y": ("how far the function", 7), r"a \odot B c": ("in two ways", 10), r"B c \odot a": ("in two ways", 2), r"a \oslash b \odot c": ("next to another product", 12),
    r"\sum_j a_j + b_j": ("stands outside of its sum", 11), r"\sum x + y": ("how far the sum", 7), r"\sum_j x": ("up to which j", 0), r"\sum^n x": ("over which index", 0),
    r"\sigma": ("a function of what", 0), r"\sigma^2(x)": ("a function of what", 0), r"\sigma'": ("a function of what", 7), r"\tanh(x)^2": ("or of its argument", 8), r"\log^2 x": ("exponent of a function", 4),
    r"\lg x": ("cannot be read here", 0), r"\log_3(x)": ("not known here", 6), r"\sigma(a, b)": ("sigmoid of 2 arguments", 0), r"\operatorname{foo}(x)": ("there is no function foo", 0), r"f'(x)": ("neither a name", 0),
    "a * b": ("several meanings", 2), r"a \otimes b": ("several meanings", 2), "a 3": ("a number behind a factor", 2), "a -- b": ("two signs", 3), "": ("something is missing", 0), "a +": ("something is missing", 3),
    "a b)": ("closes nothing", 3), "(a + b": ("not closed", 0), "(a + b]": ("another kind", 6), r"\frac{a}{b": ("a brace is not closed", 8), "[a, b]": ("another kind", 2), "a = b": ("an equals sign", 2), r"\foo x": ("cannot be read", 0),
    "x^*": ("this exponent", 2), "x^t": ("this exponent", 2), "a^b^c": ("which comes first", 3), "x^2_1": ("which comes first", 3), "(x)_i_j": ("subscripts of something", 6), r"||x||": ("something is missing", 1), r"\sqrt[3]{x}": ("only square roots", 5),
    r"\mathbf 1 a": ("how many", 10), r"a \mathbf{1}^\top": ("how many", 12), r"\mathbf{I} - A": ("how many", 11), r"\frac{\partial}{\partial u} a^\top u": ("how much the derivative", 28), r"\partial a/b": ("none below", 0),
    r"\frac{\partial^2 J}{\partial x^2}": ("only first derivatives", 14), r"\text{a b": ("cannot be read", 0), "\0": ("cannot be read", 0), "Wᵀ x": ("cannot be read", 1), "$x$": ("cannot be read", 0),
}  # fmt: skip


@pytest.mark.parametrize("written", [w for w, why in REFUSED.items() if why])
def test_what_can_be_read_in_two_ways_or_in_none_is_refused_with_the_place(written: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(written)
    why, at = REFUSED[written] or ("", 0)
    assert why in caught.value.why and caught.value.at == at, (caught.value.why, caught.value.at)
    assert not written or "here: " in caught.value.why


W, T_, t, v, i, j = (name(w) for w in ("W", "T", "t", "v_c", "i", "j"))


def element(of: Expr, *at: Expr) -> Expr:
    return Expr("Index", (of, *at))


KNOWN: list[tuple[str, tuple[str, ...], Expr | str]] = [
    ("t_j", ("t", "j"), element(t, j)), ("t_j", ("t_j", "t"), name("t_j")), ("t_j", (), name("t_j")), ("W_{ij}", ("W",), element(W, i, j)), ("v_{c,i}", ("v_c",), element(v, i)),
    ("v_{c,i}", ("v",), element(name("v"), name("c"), i)), ("x_1", ("x1",), name("x1")), ("x_1", ("x",), element(name("x"), ONE)), (r"\beta", ("β",), name("β")),
    (r"\hat y", ("y_hat",), name("y_hat")), (r"\bar{v}_c", ("v_bar_c",), name("v_bar_c")), (r"\text{loss}", ("loss",), name("loss")), ("W^{(2)}", ("W(2)",), name("W(2)")), (r"\mathbf{W}", ("W",), W),
    ("W^{(2)}_{ij}", ("W(2)",), element(name("W(2)"), i, j)), (r"\sigma_1", ("sigma_1",), name("sigma_1")), (r"\mathcal{L}", ("ℒ",), name("ℒ")), ("x^T", ("x",), call("transpose", name("x"))),
    ("x^T", ("x", "T"), "to the power T"), (r"\sigma(x)", ("sigma", "x"), "the function"), ("e^{x}", ("e", "x"), "the exponential"), ("f(x)", ("x",), "neither a name"), ("W(x)", ("W", "x"), call("matmul", W, name("x"))),
    ("x_1", ("x1", "x_1"), "this may be x1 or x_1"), (r"\sum_{j=1}^{3} t_j", ("t", "t_j"), "which is meant"), ("W^{(2)}", ("W",), "or an exponent"), (r"\varphi'(x)", ("phi'", "x"), call("matmul", name("phi'"), name("x"))),
    (r"\text{Матрица}", ("Матрица",), name("Матрица")), ("x^t", ("x", "t"), call("power", name("x"), t)), (r"\mathbf{1}^\top W", ("W",), call("sum", W, axis=0)),
]  # fmt: skip


@pytest.mark.parametrize(("written", "known", "expected"), KNOWN, ids=str)
def test_declared_names_decide(written: str, known: tuple[str, ...], expected: Expr | str) -> None:
    if isinstance(expected, str):
        with pytest.raises(Unreadable, match=expected):
            read(written, known)
    else:
        assert read(written, known) == expected


def test_the_kinds_of_names_decide_what_stands_next_to_hadamards_product() -> None:
    shapes = {"x": 1, "y": 1, "z": 1, "W": 2, "A": 2}
    x, y, z = map(name, "xyz")
    assert read(r"x \odot W y", shapes) == call("multiply", x, call("matmul", W, y))
    assert read(r"x \odot y z^\top", shapes) == call("matmul", call("multiply", x, y), call("transpose", z))
    for written in (r"A \odot W x", r"W x \odot y"):
        with pytest.raises(Unreadable, match="in two ways"):
            read(written, shapes)


HOSTILE = ["(", "{", r"\hat", r"\frac", r"\sqrt{", r"\log", r"\sum", r"\sum_j ", "-", "x_", "x^", "x_{", r"\mathbf{", "x", "x'", "9", "|", r"x^{(1)\top}", r"\text{a}", "a+", r"\partial ", r"\frac{\partial ", "a\\odot ", "1/"]  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_nonsense_of_any_length_is_refused(part: str) -> None:
    for size in (2000, 10_000_000):
        with pytest.raises(Unreadable):
            read(part * (size // len(part)))


def test_random_tokens_are_read_or_refused() -> None:
    chosen = random.Random(0)
    parts = [*"abxWT0123()[]{}+-^_'|/,&=", r"\sum", r"\frac", r"\sigma", r"\log", r"\top", r"\odot", r"\mathbf", r"\hat", r"\partial", r"\begin{cases}", r"\\", r"\text{if }", r"\operatorname{softmax}", "_{j=1}", "^{n}", " "]  # fmt: skip
    read_ones = 0
    for _ in range(3000):
        written = "".join(chosen.choice(parts) for _ in range(chosen.randrange(1, 12)))
        try:
            read(written)
            read_ones += 1
        except Unreadable as error:
            assert 0 <= error.at <= len(written)
    assert read_ones > 100
