"""Structures of parameters: taken apart, put together again, and used by every transform."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant, grad, gradients, nn, ravel_pytree, stop_gradient, tree_map
from tinygrad_edu.engine.structure import is_leaf, is_structure, leaves, leaves_like, map_leaves, with_leaves


class Pair(NamedTuple):
    W: Any
    b: Any


@dataclasses.dataclass(frozen=True)
class Frozen:
    W: Any
    b: Any = None
    kind: str = "tanh"
    made: Any = dataclasses.field(init=False, default=0.0)

    def __post_init__(self) -> None:
        assert self.kind == "tanh"


@dataclasses.dataclass(slots=True)
class Slotted:
    W: Any
    b: Any


class Special(list[Any]):
    pass


W, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0])
STRUCTURES: dict[str, Any] = {
    "a list of pairs": [(W, B), (B, 2.0)],
    "a list of arrays of one shape": [B, B],
    "a dict": {"W": W, "b": B},
    "an ordered dict": OrderedDict(b=B, W=W),
    "a named tuple": Pair(W, B),
    "a named tuple of numbers": Pair(1.0, 2.0),
    "a frozen dataclass": Frozen(W, B),
    "a dataclass with slots": Slotted(W, B),
    "a namespace": SimpleNamespace(W=W, b=B),
    "a list of a class of its own": Special([W, B]),
    "nested": {"layers": [Pair(W, B), Frozen(B, None)], "rate": 0.5, 3: {"empty": [], "W": [[1.0, 2.0]]}},
    "Tensors": [Tensor(W), {"b": Tensor(B)}],
    "what is no number": {"W": W, "f": np.tanh, "name": "net", "on": True, "mask": B > 5, "none": None, "w": [B, "a"]},
}
each_structure = pytest.mark.parametrize("p", STRUCTURES.values(), ids=STRUCTURES)


def array(x: Any) -> Any:
    return x.data if isinstance(x, Tensor) else np.asarray(x)


def size(p: Any) -> Any:
    """Half the sum of squares: its gradient is p itself."""
    return sum((np.sum(tg.square(x)) for x in leaves(p)), start=0.0) / 2


def same(p: Any, q: Any) -> None:
    """Has q the structure of p, and the same numbers and all the rest?"""
    if is_leaf(p):
        np.testing.assert_array_equal(array(q), array(p))
        assert array(q).shape == array(p).shape
        return
    assert type(p) is type(q)
    if isinstance(p, dict):
        assert [*p] == [*q]
        parts = [(p[key], q[key]) for key in p]
    elif isinstance(p, (list, tuple)):
        assert len(p) == len(q)
        parts = [*zip(p, q)]
    elif dataclasses.is_dataclass(p):
        parts = [(getattr(p, f.name), getattr(q, f.name)) for f in dataclasses.fields(p)]
    elif isinstance(p, SimpleNamespace):
        parts = [(x, vars(q)[key]) for key, x in vars(p).items()]
    else:
        assert p is q
        parts = []
    for part, other in parts:
        same(part, other)


@each_structure
def test_a_gradient_has_the_structure_of_the_argument(p: Any) -> None:
    same(p, grad(size)(p))
    value, found = tg.value_and_grad(lambda c, q: c * size(q), argnums=(1, 0))(2.0, p)
    assert array(value) == 2 * array(size(p)) and array(found[1]) == array(size(p))
    same(with_leaves(p, [2 * array(x) for x in leaves(p)]), found[0])


@each_structure
def test_the_products_have_the_structure_too(p: Any) -> None:
    same(p, tg.vjp(size, p)[1](1.0)[0])
    squares = sum(float((array(x) ** 2).sum()) for x in leaves(p))
    assert array(tg.jvp(size, [p], [p])[1]) == pytest.approx(squares)
    same(p, tg.hvp(size, [p], [p])[0])  # the Hessian is the identity
    same(p, tg.hvp(size)(Pair(p, 0.0), Pair(p, 1.0)).W)


@each_structure
def test_the_result_may_be_a_structure(p: Any) -> None:
    doubled = lambda q: map_leaves(lambda path, x: 2 * x, q)  # noqa: E731
    value, pullback = tg.vjp(doubled, p)
    same(with_leaves(p, [2 * array(x) for x in leaves(p)]), value)
    same(value, pullback(p)[0])
    same(value, tg.jvp(doubled, [p], [p])[1])


def test_a_jacobian_is_a_structure_of_structures() -> None:
    f = lambda p, x: {"v": p["W"] @ x + p["b"], "x": x}  # noqa: E731
    p, x = {"W": W, "b": B}, np.array([1.0, -1.0])
    for transform in (tg.jacobian, tg.jacfwd, tg.jacrev):
        J = transform(f, (0, 1))(p, x)
        assert [*J] == ["v", "x"] and type(J["v"]) is tuple
        np.testing.assert_array_equal(J["v"][0]["b"], np.eye(2))
        np.testing.assert_array_equal(J["v"][0]["W"], np.einsum("ij,k->ijk", np.eye(2), x))
        np.testing.assert_array_equal(J["v"][1], W)
        np.testing.assert_array_equal(J["x"][0]["W"], np.zeros((2, 2, 2)))
        np.testing.assert_array_equal(J["x"][1], np.eye(2))


def test_a_hessian_is_a_structure_of_structures() -> None:
    f = lambda p: (p["W"] @ p["b"]).sum() + p["b"][0] ** 3  # noqa: E731
    H = tg.hessian(f)({"W": W, "b": B})
    np.testing.assert_array_equal(H["W"]["W"], np.zeros((2, 2, 2, 2)))
    np.testing.assert_array_equal(H["W"]["b"], np.einsum("ij,k->kij", np.eye(2), np.ones(2)))
    np.testing.assert_array_equal(H["b"]["W"], np.einsum("ij,k->ikj", np.eye(2), np.ones(2)))
    np.testing.assert_array_equal(H["b"]["b"], [[30.0, 0.0], [0.0, 0.0]])


def test_gradients_of_gradients_go_through_structures() -> None:
    speed = lambda p: (grad(lambda q: (q[0] ** 3).sum() * q[1])(p)[0] ** 2).sum()  # noqa: E731
    g = grad(speed)([B, 2.0])  # sum (3 b^2 c)^2
    np.testing.assert_allclose(g[0], 36 * B**3 * 4)
    assert g[1] == pytest.approx(18 * 2 * (B**4).sum())


def test_a_list_of_plain_numbers_is_one_array() -> None:
    assert isinstance(grad(lambda x: (x * x).sum())([1.0, 2.0]), np.ndarray)
    assert isinstance(grad(lambda x: (x * x).sum())([[1.0], (2,)]), np.ndarray)
    assert grad(lambda x: x.sum())([]).shape == (0,)
    for x in ([1.0, np.float64(2.0)], [[1, 2], [3, 4]], ((1.0,),), 1.0, W, Tensor(1.0)):
        assert is_leaf(x) and not is_structure(x)
    for x in ([W], [W, W], [1.0, None], Pair(1.0, 2.0), {"a": 1.0}, [Tensor(1.0)]):
        assert is_structure(x) and not is_leaf(x)
    for x in (None, "text", True, np.True_, np.tanh, {1.0}, W > 0, np.array("a"), [], {}):
        assert not is_structure(x) and not is_leaf(x)


def test_rows_of_different_lengths_are_no_structure() -> None:
    with pytest.raises(ValueError, match="inhomogeneous") as caught:
        grad(lambda x: x.sum())([[1.0, 2.0], [3.0]])
    assert "same length" in "".join(caught.value.__notes__)


def test_complex_numbers_in_a_structure_are_refused_and_not_passed_over() -> None:
    for z in (1j, np.array([1j]), np.complex64(1j)):
        with pytest.raises(TypeError, match="complex"):
            grad(lambda p: p["x"] * 1.0)({"x": 1.0, "z": z})


def test_tensors_are_called_by_their_place() -> None:
    names: list[Any] = []

    def loss(p: Any, q: Any, *others: Any) -> Any:
        names.extend(x.name for x in [*leaves(p), *leaves(q), *leaves(others)])
        return size([p, q, others])

    grad(loss, (0, 1, 2))([(W, B), {"W": W}], {"W": W, "layer": {"b": [B, None]}}, [W])
    assert names == ["p[0][0]", "p[0][1]", "p[1].W", "W", "layer.b[0]", "p[0]"]


def test_whoever_holds_tensors_gets_tensors() -> None:
    a = Tensor(2.0)
    g = grad(lambda p: p["a"] ** 3)({"a": a})["a"]
    assert isinstance(g, Tensor) and gradients(g, [a]) == [12.0]
    assert isinstance(grad(lambda p, q: p * q["a"], 0)(1.0, {"a": constant(3.0)}), Tensor) is False
    assert isinstance(tg.jacobian(lambda p, q: p * q["a"])(1.0, {"a": a}), Tensor)


# Another structure that has to be like the first.


@pytest.mark.parametrize(
    "tangent, words",
    [
        ({"W": W, "c": B}, ["'W', 'c'", "'W', 'b'"]),
        ([W, B], ["0, 1", "'W', 'b'"]),
        (W, ["ndarray", "dict"]),
        ({"W": W, "b": [B, [B]]}, ["at [0].b ", "list", "array"]),
    ],
)
def test_a_tangent_of_another_structure(tangent: Any, words: list[str]) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        tg.jvp(size, [{"W": W, "b": B}], [tangent])
    text = str(caught.value) + "".join(caught.value.__notes__)
    assert all(word in text for word in words)


def test_a_list_of_another_length_says_where() -> None:
    with pytest.raises(ValueError, match=r"\[0\].*3 parts, and not 2"):
        leaves_like([[W, B], B], [[W, B, B], B])
    with pytest.raises(ValueError, match="of shape \\(3,\\)"):
        tg.hvp(size, {"b": B}, {"b": np.ones(3)})


def test_a_list_does_for_a_tuple() -> None:
    assert leaves_like((W, [B, None]), [1, (2, 3)]) == [1, 2]


# Modules.


class Tied(nn.Module):
    """It uses W twice, holds itself, and has numbers that are no parameters."""

    def __init__(self) -> None:
        self.layers = [nn.Linear(2, 2, rng=np.random.default_rng(0)), nn.Linear(2, 2, rng=np.random.default_rng(1))]
        self.layers[1].W = self.layers[0].W
        self.width, self.sizes, self.mean, self.me = 2, [2, 2], np.zeros(2), self
        self.fixed = constant(np.ones(2))

    def forward(self, a: Any) -> Any:
        assert self.width == 2 and self.sizes == [2, 2] and self.fixed.requires_grad is False
        return self.layers[1](tg.tanh(self.layers[0](a))) + self.mean * self.fixed


def test_a_module_is_a_structure_of_its_parameters() -> None:
    net, x = Tied(), np.ones((3, 2))
    found = grad(lambda net: (net(x) ** 2).sum())(net)
    loss = (net(x) ** 2).sum()
    loss.backward()
    assert type(found) is Tied and found is not net and type(found.layers[0]) is nn.Linear
    np.testing.assert_allclose(found.layers[0].W.data, net.layers[0].W.grad)
    np.testing.assert_allclose(found.layers[1].b.data, net.layers[1].b.grad)
    assert found.layers[1].W is found.layers[0].W and found.width == 2
    assert len(leaves(net)) == len(net.parameters()) == 3
    by_record = gradients(loss, net)
    np.testing.assert_allclose(by_record.layers[0].W, net.layers[0].W.grad)
    assert net.layers[0].W.is_leaf and net.layers[0].W.requires_grad


class Contained(nn.Module):
    """It keeps its parameters in each kind of container."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.body = nn.ModuleList([nn.Linear(3, 3, rng=rng), nn.Linear(3, 3, rng=rng)])
        self.named = nn.ModuleDict({"a": nn.Linear(3, 3, rng=rng)})
        self.own = {"scale": Tensor(1.5), "shift": (Tensor(np.ones(3)), 2)}
        self.end = nn.Sequential(nn.Linear(3, 2, rng=rng), nn.LayerNorm(2), nn.Linear(2, 1, rng=rng))

    def forward(self, x: Any) -> Any:
        for layer in self.body:
            x = np.tanh(layer(x))
        return self.end(self.named["a"](x) * self.own["scale"] + self.own["shift"][0])


def test_modules_in_containers() -> None:
    net, x = Contained(), np.random.default_rng(1).normal(size=(4, 3))
    found = grad(lambda net: (net(x) ** 2).sum())(net)
    (net(x) ** 2).sum().backward()
    places = [
        lambda n: n.body[1].W, lambda n: n.named["a"].b, lambda n: n.own["scale"], lambda n: n.own["shift"][0],
        lambda n: n.end[0].W, lambda n: n.end[1].gamma, lambda n: n.end[2].b,
    ]  # fmt: skip
    for place in places:
        np.testing.assert_allclose(place(found).data, place(net).grad)
    assert type(found.end) is nn.Sequential and found.own["shift"][1] == 2


def test_a_module_is_no_result() -> None:
    for call in (
        lambda: tg.hessian(lambda net: net(np.ones(2)).sum())(Tied()),
        lambda: tg.jacobian(lambda x: {"net": [Tied()], "x": x})(1.0),
        lambda: grad(lambda x: Tied())(1.0),
    ):
        with pytest.raises(TypeError, match="returned a module, ") as caught:
            call()
        assert "gradients(loss, net.parameters(), differentiable=True)" in "".join(caught.value.__notes__)
    net = Tied()
    loss = (net(np.ones((3, 2))) ** 2).sum()
    first = gradients(loss, net.parameters(), differentiable=True)  # what the error says
    assert [g.shape for g in gradients(sum((g * g).sum() for g in first), net.parameters())] == [(2, 2), (2,), (2,)]


# gradients.


def test_gradients_of_a_structure_of_tensors() -> None:
    a, b = Tensor(2.0), Tensor([1.0, 2.0])
    loss = (a * b).sum()
    found = gradients(loss, {"a": a, "rest": (b, None)})
    assert found["a"] == 3.0 and found["rest"][0].tolist() == [2.0, 2.0] and found["rest"][1] is None
    assert type(gradients(loss, (a, b))) is tuple and type(gradients(loss, [a, b])) is list
    assert gradients(loss, []) == []
    for wrong in ([1.0], [a, 1.0], {"a": B}, 3.0, "ab", None):
        with pytest.raises(TypeError, match="gradients takes Tensors"):
            gradients(loss, wrong)


def test_gradients_by_pytorchs_names() -> None:
    x = Tensor([1.0, 2.0])
    (g,) = gradients(outputs=x**3, inputs=[x], grad_outputs=np.ones(2), create_graph=True, allow_unused=None)
    assert gradients(g, [x], [1.0, 0.0])[0].tolist() == [6.0, 0.0]
    assert gradients(x.sum(), [x], retain_graph=True)[0].tolist() == [1.0, 1.0]
    with pytest.raises(TypeError, match="gradients takes no is_grads_batched") as caught:
        gradients(x.sum(), [x], is_grads_batched=True)
    assert "Leave it out" in "".join(caught.value.__notes__) and "differentiable" in "".join(caught.value.__notes__)


# A function for each leaf.


@each_structure
def test_a_step_of_gradient_descent_in_any_structure(p: Any) -> None:
    moved = tree_map(lambda x, g: x - 0.5 * g, p, grad(size)(p))
    same(with_leaves(p, [array(x) / 2 for x in leaves(p)]), moved)


def test_a_map_over_structures_that_are_not_alike() -> None:
    assert tree_map(lambda x, y: (x, y), [W, None], [{"a": 1}, 2])[0][1] == {"a": 1}
    assert grad(lambda p: tree_map(np.square, p)["a"])({"a": 3.0}) == {"a": 6.0}
    with pytest.raises(ValueError, match="it has 'b', and not 'a'"):
        tree_map(lambda x, y: x, {"a": 1.0}, {"b": 1.0})


# A vector and back.


@each_structure
def test_a_structure_becomes_a_vector_and_a_structure_again(p: Any) -> None:
    vector, unravel = ravel_pytree(p)
    assert vector.shape == (sum(array(x).size for x in leaves(p)),)
    np.testing.assert_array_equal(array(vector), np.concatenate([array(x).ravel() for x in leaves(p)]))
    same(p, unravel(vector))


def test_a_vector_of_another_length_does_not_fit() -> None:
    with pytest.raises(ValueError, match="6 numbers.*\\(5,\\)"):
        ravel_pytree([W, B])[1](np.zeros(5))
    assert ravel_pytree({})[0].shape == (0,) and ravel_pytree({})[1](np.zeros(0)) == {}


def test_dtypes_come_back() -> None:
    vector, unravel = ravel_pytree([np.ones(2, np.float32), np.ones(1), 3])
    assert vector.dtype == np.float64 and [x.dtype for x in unravel(vector)] == [np.float32, np.float64, np.float64]


def test_derivatives_go_through_the_vector() -> None:
    _, unravel = ravel_pytree([W, B])
    g = grad(lambda v: (unravel(v)[0] @ unravel(v)[1]).sum())(np.arange(6.0))
    np.testing.assert_array_equal(g, [4.0, 5.0, 4.0, 5.0, 2.0, 4.0])
    same([W, B], grad(lambda p: (ravel_pytree(p)[0] ** 2).sum() / 2)([W, B]))


def test_no_gradient_flows_through_what_is_stopped() -> None:
    assert grad(lambda x: x * stop_gradient(x))(3.0) == 3.0
    p = {"a": Tensor(2.0), "b": "text", "c": B}
    stopped = stop_gradient(p)
    assert (
        not stopped["a"].requires_grad and stopped["a"].item() == 2.0 and stopped["c"] is B and stopped["b"] == "text"
    )
