"""The record walked over, read back, and run again with something changed."""

from __future__ import annotations

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant, tanh
from tinygrad_edu.engine.reachable import dependent, operand_nodes, reachable
from tinygrad_edu.engine.recompute import call_op, operand_values, replay, run_forward, value

W, x = Tensor([[1.0, -2.0], [0.5, 1.0]], "W"), constant([2.0, 1.0], "x")
v = W @ x
h = tanh(v)
y = (h * h + x).sum()
EVERY = reachable([y.node])


def test_all_that_a_value_was_computed_from_operands_before_results() -> None:
    assert {W.node, x.node, v.node, h.node, y.node} < set(EVERY) and EVERY[-1] is y.node
    assert all(EVERY.index(a) < EVERY.index(node) for node in EVERY for a in operand_nodes(node))
    assert reachable([h.node, v.node]) == [W.node, x.node, v.node, h.node], "each comes once"
    assert reachable([]) == []


def test_a_walk_goes_where_it_is_told() -> None:
    assert reachable([y.node], lambda node: [a for a in operand_nodes(node) if a.active])[0] is W.node
    assert reachable([h.node], lambda node: [] if node is h.node else operand_nodes(node)) == [h.node]


def test_what_depends_on_a_value() -> None:
    assert dependent(EVERY, [h.node])[0] is h.node and dependent(EVERY, [h.node])[-1] is y.node
    assert not {W.node, x.node, v.node} & set(dependent(EVERY, [h.node]))
    assert dependent(EVERY, [x.node, W.node]) == EVERY


def test_a_record_is_run_again_with_other_leaves() -> None:
    A = np.array([[0.3, 0.1], [-0.2, 0.7]])
    made = replay(EVERY, {W.node: Tensor(A), x.node: x})
    assert np.allclose(made[y.node]._array, (np.tanh(A @ x._array) ** 2 + x._array).sum())
    made[y.node].backward()
    expected = Tensor(A)
    (tanh(expected @ x) ** 2).sum().backward()
    assert np.allclose(made[W.node].grad, expected.grad) and W.node.grad is None, "it is a record of its own"


def test_operations_may_be_changed_and_the_rest_stays() -> None:
    def doubled(node, arguments, made):
        assert all(a in made or a not in after for a in operand_nodes(node))
        return 2 * node.op.forward(*arguments) if node is h.node else node.op.forward(*arguments)

    after = dependent(EVERY, [h.node])
    made = replay(after, {}, doubled)
    assert np.allclose(made[y.node], (4 * h._array**2 + x._array).sum()) and v.node not in made


def test_what_takes_any_number_of_operands_is_run_again_too() -> None:
    a, b = Tensor(np.ones((2, 3))), Tensor(np.arange(3.0))
    for found in (tg.einsum("ij,j->i", a, b), a.reshape(3, 2), tg.concatenate([a, a]), a.transpose(1, 0)):
        node = found.node
        again = replay(reachable([node]), {a.node: Tensor(2 * a._array), b.node: b})[node]
        assert again.shape == found.shape and np.array_equal(again._array, 2 * found._array)
        known = operand_values(node)
        assert np.array_equal(run_forward(node, known), value(node))
        assert np.array_equal(call_op(node.op, node.op.with_operands(node.values, known)), value(node))
