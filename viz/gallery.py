"""The systems of the five hand-ins, drawn: ``python viz/gallery.py`` writes viz/gallery/*.svg and what shows them.

Each function is one system, in the hand-in's notation, on small numbers; what it returns is what is differentiated.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_edu import Tensor, constant, draw, exp, log, log_sigmoid, log_softmax, sigmoid, softmax, square, sum, tanh

FOLDER = Path(__file__).parent / "gallery"
ANIMATED = "two_layers"  # the walk that the README opens with
DRAWN: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {}


def system(**options: Any) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """A system for the gallery, with how it is drawn."""

    def add(function: Callable[[], Any]) -> Callable[[], Any]:
        DRAWN[function.__name__] = function, options
        return function

    return add


def numbers(*shape: int, seed: int = 0) -> Any:
    """Some numbers, the same each time."""
    return np.random.default_rng([seed, *shape]).normal(0, 0.7, shape).round(2)


@system()
def negative_sampling() -> Any:
    """Hand-in 000: J = -log σ(v_cᵀ W u - q_c) - Σ log σ(q̄ - C̄ W u), the true pair and the noise."""
    u, W = Tensor(numbers(3)), Tensor(numbers(3, 3))
    v_c, C_bar = Tensor(numbers(3, seed=1)), Tensor(numbers(2, 3))
    q_c, q_bar = constant(0.3, "q_c"), constant([0.1, -0.2], "q_bar")
    h = W @ u
    t_c = v_c @ h - q_c
    t_bar = C_bar @ h - q_bar
    J = -log_sigmoid(t_c) - log_sigmoid(-t_bar).sum()
    return J


@system()
def negative_sampling_in_matrix_form() -> Any:
    """Hand-in 000: t = V W u - q, J = -Σ [δ log σ(t) + (1 - δ) log σ(-t)], both sums in one."""
    u, W, V = Tensor(numbers(3)), Tensor(numbers(3, 3)), Tensor(numbers(3, 3, seed=1))
    q, delta = constant([0.3, 0.1, -0.2], "q"), constant([1.0, 0.0, 0.0], "delta")
    t = V @ W @ u - q
    J = -(delta * log_sigmoid(t) + (1 - delta) * log_sigmoid(-t)).sum()
    return J


@system()
def negative_sampling_without_offsets() -> Any:
    """Hand-in 001: the same without q, J = -log σ(v_cᵀ W u) - Σ log σ(-v_jᵀ W u)."""
    u, W = Tensor(numbers(3)), Tensor(numbers(3, 3))
    v_c, v_1, v_2 = Tensor(numbers(3, seed=1)), Tensor(numbers(3, seed=2)), Tensor(numbers(3, seed=3))
    h = W @ u
    J = -log_sigmoid(v_c @ h) - log_sigmoid(-(v_1 @ h)) - log_sigmoid(-(v_2 @ h))
    return J


@system()
def sigma() -> Any:
    """Hand-in 002, no. 18: σ(z) = 1 / (1 + e⁻ᶻ)."""
    z = Tensor(0.5)
    sigma = 1 / (1 + exp(-z))
    return sigma


@system(flows=True)
def softmax_and_logloss() -> Any:
    """Hand-ins 002, no. 19, and 003: g = softmax(s), R = -Σ y log g."""
    s, y = Tensor([0.5, -1.0, 2.0]), constant([0.0, 1.0, 0.0], "y")
    g = softmax(s)
    R = -(y * log(g)).sum()
    return R


@system()
def two_layers() -> Any:
    """Hand-in 002, no. 21: R = logloss(softmax(B σ(A x)))."""
    A, B, x = Tensor(numbers(3, 2)), Tensor(numbers(2, 3)), Tensor(numbers(2))
    y = constant([1.0, 0.0], "y")
    a = sigmoid(A @ x)
    v = B @ a
    g = softmax(v)
    R = -(y * log(g)).sum()
    return R


@system(detail="formulas shapes gradients")
def any_depth() -> Any:
    """Hand-in 003: v⁽ˢ⁾ = W⁽ˢ⁾ a⁽ˢ⁻¹⁾ + b⁽ˢ⁾, a⁽ˢ⁾ = φ(v⁽ˢ⁾), E = ½ ‖a⁽ʰ⁾ - y‖², here of depth h = 4."""
    a, sizes = constant(numbers(2), "x"), [2, 3, 3, 2, 2]
    for s, (n, m) in enumerate(zip(sizes, sizes[1:]), 1):
        W, b = Tensor(numbers(m, n, seed=s), f"W({s})"), Tensor(numbers(m, seed=s), f"b({s})")
        v = W @ a + b
        v.name = f"v({s})"
        a = tanh(v)
        a.name = f"a({s})"
    y = constant([1.0, 0.0], "y")
    E = 0.5 * square(a - y).sum()
    return E


@system()
def a_batch_of_columns() -> Any:
    """Hand-in 003: columns are examples, V⁽¹⁾ = W⁽¹⁾X + b, A⁽¹⁾ = tanh V⁽¹⁾, V⁽²⁾ = W⁽²⁾A⁽¹⁾, E = ‖V⁽²⁾ - Y‖²/2N."""
    X, Y, N = constant(numbers(2, 4), "X"), constant(numbers(2, 4, seed=1), "Y"), 4
    W1, b, W2 = Tensor(numbers(3, 2), "W(1)"), Tensor(numbers(3, 1), "b"), Tensor(numbers(2, 3), "W(2)")
    V1 = W1 @ X + b
    A1 = tanh(V1)
    V2 = W2 @ A1
    V1.name, A1.name, V2.name = "V(1)", "A(1)", "V(2)"
    E = square(V2 - Y).sum() / (2 * N)
    return E


@system()
def a_batch_of_rows() -> Any:
    """Hand-in 004: examples are rows, Z₁ = X W₁ + b₁, H = σ(Z₁), Z₂ = H W₂ + b₂, J = -Σ Y log softmax(Z₂)."""
    X, Y = constant(numbers(4, 2), "X"), constant(np.eye(2)[[0, 1, 1, 0]], "Y")
    W_1, b_1, W_2, b_2 = Tensor(numbers(2, 3)), Tensor(numbers(1, 3)), Tensor(numbers(3, 2)), Tensor(numbers(1, 2))
    Z_1 = X @ W_1 + b_1
    H = sigmoid(Z_1)
    Z_2 = H @ W_2 + b_2
    J = -(Y * log_softmax(Z_2)).sum()
    return J


@system()
def word2vec() -> Any:
    """Hand-in 004: ŷ = softmax(U v_c), J = -Σ y log ŷ."""
    U, v_c = Tensor(numbers(4, 2)), Tensor(numbers(2))
    y = constant([0.0, 0.0, 1.0, 0.0], "y")
    y_hat = softmax(U @ v_c)
    J = -(y * log(y_hat)).sum()
    return J


@system()
def word2vec_with_negative_samples() -> Any:
    """Hand-in 004: J = -log σ(u_oᵀ v_c) - Σ log σ(-U v_c)."""
    U, u_o, v_c = Tensor(numbers(3, 2)), Tensor(numbers(2)), Tensor(numbers(2, seed=1))
    J = -log_sigmoid(u_o @ v_c) - sum(log_sigmoid(-(U @ v_c)))
    return J


@system()
def cbow() -> Any:
    """Hand-in 004: v̂ = Vᵀ c, where c counts the words of the context, ŷ = softmax(U v̂), J = -Σ y log ŷ."""
    V, U = Tensor(numbers(4, 2)), Tensor(numbers(4, 2, seed=1))
    c, y = constant([1.0, 0.0, 2.0, 0.0], "c"), constant([0.0, 1.0, 0.0, 0.0], "y")
    v_hat = V.T @ c
    y_hat = softmax(U @ v_hat)
    J = -(y * log(y_hat)).sum()
    return J


def main(folder: Path = FOLDER) -> None:
    """Draw them all."""
    folder.mkdir(exist_ok=True)
    lines = ["# The hand-ins, drawn\n", "Written by `python viz/gallery.py`.\n"]
    for name, (function, options) in DRAWN.items():
        result = function()
        if result.shape == ():
            result.backward()
        picture = draw(result, **options)
        picture.save(folder / f"{name}.svg")
        if name == ANIMATED:
            picture.save(folder / f"{name}.gif")
        lines.append(f"## {name.replace('_', ' ').capitalize()}\n\n{function.__doc__}\n\n![{name}]({name}.svg)\n")
        print(f"{name}.svg", file=sys.stderr)
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
