"""vmap: the same as a loop over the examples, whatever the axes are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, grad, gradients, vmap

RNG = np.random.default_rng(0)
W, X, Y = RNG.normal(size=(2, 3)), RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))


def test_it_stacks_what_each_example_gives() -> None:
    np.testing.assert_allclose(vmap(lambda x, y: W @ x - y)(X, Y), X @ W.T - Y)
    np.testing.assert_allclose(vmap(lambda x: x @ x)(X), (X * X).sum(1))


def test_axes_in_and_out() -> None:
    f = lambda W, x: W @ x  # noqa: E731
    np.testing.assert_allclose(vmap(f, in_axes=(None, 0), out_axes=1)(W, X), W @ X.T)
    np.testing.assert_allclose(vmap(f, in_axes=[None, -1])(W, X.T), X @ W.T)
    np.testing.assert_allclose(vmap(vmap(np.dot, (None, 0)), (0, None))(X, X), X @ X.T)
    np.testing.assert_allclose(vmap(f, in_dims=(None, 0), out_dims=-1)(W, X), W @ X.T)


def test_structures_in_and_out() -> None:
    p = {"W": W, "b": Y}
    f = lambda p, x: {"v": p["W"] @ x + p["b"], "name": "v", "parts": [x[0], None]}  # noqa: E731
    z = vmap(f, in_axes=({"W": None, "b": 0}, 0), out_axes={"v": 1, "name": None, "parts": 0})(p, X)
    np.testing.assert_allclose(z["v"], (X @ W.T + Y).T)
    np.testing.assert_allclose(z["parts"][0], X[:, 0])
    assert z["name"] == "v" and z["parts"][1] is None
    both = vmap(lambda pair: pair[0] @ W @ pair[1])([Y, X])
    np.testing.assert_allclose(both, np.einsum("ni,ij,nj->n", Y, W, X))


def test_arguments_by_name_have_examples_too() -> None:
    np.testing.assert_allclose(vmap(lambda x, y: x @ x + y)(X, y=np.arange(5.0)), (X * X).sum(1) + np.arange(5.0))


def test_the_gradients_of_each_example() -> None:
    loss = lambda W, x, y: ((W @ x - y) ** 2).sum()  # noqa: E731
    each = vmap(grad(loss), in_axes=(None, 0, 0))(W, X, Y)
    np.testing.assert_allclose(each, np.einsum("ni,nj->nij", 2 * (X @ W.T - Y), X))


def test_derivatives_go_through_it() -> None:
    loss = lambda W: (vmap(lambda x, y: ((W @ x - y) ** 2).sum())(X, Y)).sum()  # noqa: E731
    np.testing.assert_allclose(grad(loss)(W), 2 * (X @ W.T - Y).T @ X)
    t = Tensor(X)
    (g,) = gradients(vmap(lambda x: (x**3).sum(), 1)(t).sum(), [t])
    np.testing.assert_allclose(g, 3 * X**2)
    np.testing.assert_allclose(tg.jacobian(vmap(lambda x: x @ x))(X[:2])[1, 1], 2 * X[1])


def test_one_result_for_all() -> None:
    np.testing.assert_array_equal(vmap(lambda x: W[0], out_axes=None)(X), W[0])


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: vmap(lambda x, y: x)(X, W), ["argument 0 has 5", "argument 1 has 2", "in_axes"]),
        (lambda: vmap(lambda x, y: x)(X, y=W), ["argument 0 has 5", "y has 2"]),
        (lambda: vmap(lambda p: p)({"a": X, "b": W}), ["argument 0, array 1 has 2"]),
        (lambda: vmap(lambda x, y: x, in_axes=(0,))(X, Y), ["in_axes=(0,)", "2 arguments"]),
        (lambda: vmap(lambda x: x, in_axes=2)(X), ["in_axes=2", "(5, 3)"]),
        (lambda: vmap(lambda x: x)(1.0), ["in_axes=0", "()"]),
        (lambda: vmap(lambda x: x, in_axes="rows")(X), ["in_axes='rows'"]),
        (lambda: vmap(lambda x: x, in_axes=({"a": 0},))(X), ["{'a': 0}"]),
        (lambda: vmap(lambda x: x, in_axes=({"a": 0},))({"b": X}), ["{'a': 0}"]),
        (lambda: vmap(lambda x: x, out_axes={"a": 0})(X), ["out_axes={'a': 0}"]),
        (lambda: vmap(lambda x: x)(np.zeros((0, 3))), ["at least one example"]),
        (lambda: vmap(lambda x: x, in_axes=None)(X), ["at least one example", "in_axes=None"]),
    ],
)
def test_what_cannot_be_mapped(call: Any, words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        call()
    text = str(caught.value) + "".join(caught.value.__notes__)
    assert all(word in text for word in words), text


def test_an_option_of_another_library_is_answered() -> None:
    with pytest.raises(TypeError, match="vmap takes no randomness") as caught:
        vmap(lambda x: x, randomness="different")  # type: ignore[call-arg]
    assert "Leave it out" in "".join(caught.value.__notes__) and "in_axes" in "".join(caught.value.__notes__)
    with pytest.raises(TypeError, match="in_axes twice"):
        vmap(lambda x: x, 0, in_dims=1)  # type: ignore[call-arg]
