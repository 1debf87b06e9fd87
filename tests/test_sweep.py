"""The reverse sweep: order, accumulation, depth, threads, and what it keeps."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor


def test_a_value_used_twice_receives_the_sum() -> None:
    a = Tensor(3.0)
    (a * a + a).backward()
    assert a.grad == 7.0


def test_backward_twice_adds_exactly_the_same_again() -> None:
    a = Tensor(2.0)
    b = a * a
    (b * b).backward()
    assert a.grad == 32.0
    c = Tensor(2.0)
    d = (c * c) * (c * 1.0)
    d.backward()
    d.backward()
    assert c.grad == 24.0


def test_the_order_that_breaks_a_depth_first_recursion() -> None:
    x = Tensor(2.0)
    y = x * 3
    z = y * x  # y is reached by a long and a short way
    w = z + y
    w.backward()
    assert x.grad == 2 * 3 * 2 + 3


def test_eighteen_doublings_take_eighteen_steps() -> None:
    x = Tensor(1.0)
    y = x
    for _ in range(18):
        y = y + y
    assert len(list(tg.sweep(y))) == 19
    y.backward()
    assert x.grad == 2**18


def test_steps_come_from_the_youngest_to_the_oldest_each_with_its_whole_gradient() -> None:
    W, x = Tensor([[1.0, 2.0]], "W"), Tensor([3.0, 4.0], "x")
    v = W @ x
    loss = (v * v).sum()
    steps = list(tg.sweep(loss))
    ages = [s.tensor.node.serial for s in steps]
    assert ages == sorted(ages, reverse=True)
    expected = tg.gradients(loss, [s.tensor for s in steps])
    for step, g in zip(steps, expected):
        np.testing.assert_array_equal(step.gradient, g)
        np.testing.assert_array_equal(step.tensor.data, step.tensor.data)
    by_name = {s.tensor.name: s for s in steps if s.tensor.name}
    np.testing.assert_array_equal(by_name["W"].gradient, [[66.0, 88.0]])
    assert by_name["W"].passed == ()
    assert W.grad is None  # watching changes no .grad


def test_what_is_passed_adds_up_to_the_gradients_that_arrive() -> None:
    x = Tensor([0.1, 0.2], "x")
    h = tg.sigmoid(x) * x
    loss = (h + x).sum()
    arrived: dict[int, Any] = {}
    for step in tg.sweep(loss):
        if step.tensor.node is not loss.node:
            np.testing.assert_allclose(arrived[step.tensor.node.serial], step.gradient)
        for a, c in zip(step.tensor.node.args, step.passed):
            if a is not None and c is not None:
                arrived[a.serial] = arrived.get(a.serial, 0) + c


def test_values_that_no_rule_reads_are_there_for_the_watcher() -> None:
    x = Tensor([1.0, 2.0], "x")
    loss = ((x + 1) + 2).sum()
    values = [s.tensor.data for s in tg.sweep(loss)]
    np.testing.assert_array_equal(values[1], [4.0, 5.0])
    np.testing.assert_array_equal(values[2], [2.0, 3.0])


@pytest.mark.parametrize("length", [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_chain_of_any_length_forward_and_backward(length: int) -> None:
    x = Tensor(0.0)
    y = x
    for _ in range(length):
        y = y + 1e-6
    repr(y)
    y.backward()
    assert x.grad == 1.0
    assert y.item() == pytest.approx(length * 1e-6)
    del y
    gc.collect()


def test_a_gradient_of_a_gradient_of_a_long_chain() -> None:
    x = Tensor(1.0)
    y = x
    for _ in range(3000):
        y = y * 1.0001
    (g,) = tg.gradients(y * y, [x], differentiable=True)
    (h,) = tg.gradients(g, [x])
    assert h == pytest.approx(2 * 1.0001**6000)


def test_a_hundred_tensors_in_eight_threads() -> None:
    tensors = [Tensor(np.arange(5.0) + i) for i in range(100)]
    shared = Tensor(np.ones(5), "shared")
    losses = [(tg.tanh(t) * shared).sum() for t in tensors]
    found: dict[int, Any] = {}
    failures: list[BaseException] = []

    def work(k: int) -> None:
        try:
            for i in range(k, 100, 8):
                with tg.scope(f"thread{k}"):
                    y = tg.exp(tensors[i] * 0.1)
                    assert y.scope == f"thread{k}"
                for _ in range(3):
                    found[i] = tg.gradients(losses[i], [tensors[i], shared])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures
    for i, t in enumerate(tensors):
        np.testing.assert_array_equal(found[i][0], 1 - np.tanh(t.data) ** 2)
        np.testing.assert_array_equal(found[i][1], np.tanh(t.data))


def test_threads_sweeping_the_same_record_do_not_disturb_each_other() -> None:
    x = Tensor(np.linspace(0, 1, 50))
    y = x
    for _ in range(200):
        y = tg.sin(y) + x
    loss = y.sum()
    (expected,) = tg.gradients(loss, [x])
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(tg.gradients(loss, [x])[0])) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 8
    for g in found:
        np.testing.assert_array_equal(g, expected)


def test_sums_in_place_touch_nobody_elses_array() -> None:
    seed = np.ones(3)
    a, b = Tensor(np.zeros(3)), Tensor(np.zeros(3))
    s = a + b  # both receive the very array that s has
    total = s + s + a + a + a + b
    total.backward(seed)
    np.testing.assert_array_equal(a.grad, [5.0] * 3)
    np.testing.assert_array_equal(b.grad, [3.0] * 3)
    np.testing.assert_array_equal(seed, [1.0] * 3)


def test_only_what_a_rule_reads_is_kept() -> None:
    size = 256 * 512 * 4
    x, W = Tensor(np.ones((256, 512), np.float32)), Tensor(np.eye(512, dtype=np.float32))
    b = Tensor(np.zeros(512, np.float32))
    tracemalloc.start()
    a = x
    for _ in range(20):
        a = tg.tanh(a @ W + b)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 20 * size <= kept < 22 * size, kept / size  # tanh's results; neither a @ W nor the sum


def test_freeing_gives_the_arrays_back() -> None:
    x = Tensor(np.ones(100_000))
    y = x
    for _ in range(20):
        y = tg.exp(y * 0.1)
    loss = y.sum()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    del y
    loss.backward(free=True)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 3 * 800_000
    with pytest.raises(RuntimeError, match="freed"):
        loss.backward()


def test_hooks_see_and_replace_the_gradient() -> None:
    x = Tensor([1.0, 2.0], "x")
    h = x * 3
    seen: list[Any] = []
    h.register_hook(lambda g: seen.append(g))
    doubling = h.register_hook(lambda g: 2 * g)
    h.sum().backward()
    np.testing.assert_array_equal(seen[0], [1.0, 1.0])
    np.testing.assert_array_equal(x.grad, [6.0, 6.0])
    doubling.remove()
    x.zero_grad()
    h.sum().backward()
    np.testing.assert_array_equal(x.grad, [3.0, 3.0])


def test_rows_of_a_table_stay_rows_until_they_are_looked_at() -> None:
    table = Tensor(np.zeros((1000, 4)), "table")
    chosen = tg.embedding(table, np.array([3, 7, 3]))
    (chosen * np.arange(12.0).reshape(3, 4)).sum().backward()
    assert table.node.grad.rows.shape == (3, 4)
    expected = np.zeros((1000, 4))
    expected[3], expected[7] = np.arange(4.0) + np.arange(8.0, 12.0), np.arange(4.0, 8.0)
    np.testing.assert_array_equal(table.grad, expected)
    index, rows = table.node.grad.summed()
    assert index.tolist() == [3, 7]
    np.testing.assert_array_equal(rows, expected[[3, 7]])


def test_rows_meet_a_dense_gradient() -> None:
    table = Tensor(np.ones((5, 2)), "table")
    loss = (
        tg.embedding(table, np.array([1, 1])).sum()
        + (table * table).sum()
        + tg.embedding(table * 2, np.array([0])).sum()
    )
    loss.backward()
    np.testing.assert_array_equal(table.grad, [[4, 4], [4, 4], [2, 2], [2, 2], [2, 2]])


@pytest.mark.parametrize("context", [tg.no_grad, tg.trace_nan, lambda: tg.scope("net"), lambda: tg.scope("a")])
def test_the_fast_way_to_call_records_what_the_general_way_does(context: Any) -> None:
    from tinygrad_edu.engine.fast_calls import binary, unary
    from tinygrad_edu.graph import Node
    from tinygrad_edu.op import recorded_call

    x, y, c = Tensor([1.0, 2.0], "x"), Tensor([3.0, 4.0], "y") * 1, tg.constant([5.0, 6.0], "c")
    for name, fast, operands in [
        *(("tanh", unary, (t,)) for t in (x, y, c)),
        *(("multiply", binary, pair) for pair in ((x, y), (y, 2.0), (c, c), (np.ones(2), x), (c, y))),
        *(("add", binary, pair) for pair in ((x, y), (y, y), (y, 2.0))),
    ]:
        op = tg.OPS[name]
        with context():
            made = [make(op)(*operands) for make in (fast, recorded_call)]
        for slot in set(Node.__slots__) - {"serial", "lasti", "code", "swept"}:
            one, other = (getattr(t.node, slot) for t in made)
            assert plain(one) == plain(other), (name, slot)
        assert made[0].node.code is made[1].node.code
        np.testing.assert_array_equal(made[0].data, made[1].data)


@pytest.mark.parametrize("name", sorted(tg.OPS))
def test_what_is_written_out_for_an_operation_passes_back_what_the_sweep_does(name: str) -> None:
    from tinygrad_edu.numeric.op_examples import examples
    from tinygrad_edu.sweep import pass_back, written_out

    op = tg.OPS[name]
    for example in examples(op):
        operands = {k: [*map(Tensor, x)] if isinstance(x, list) else Tensor(x) for k, x in example.operands.items()}
        with np.errstate(all="ignore"):
            z = example(**operands)
        if not isinstance(z, Tensor) or z.is_leaf or z.node.op is not op or not z.requires_grad:
            continue
        g = np.random.default_rng(0).normal(size=z.shape)[()]
        found: list[Any] = []
        for way in (pass_back, written_out(op)):
            gradients: dict[Any, Any] = {a: np.ones(a.shape)[()] for a in z.node.args[:1] if a is not None}
            owned: set[Any] = set()
            with np.errstate(all="ignore"):
                passed = way(z.node, g.copy()[()], gradients, owned)
            found.append((list(map(dense, passed)), {k.serial: dense(x) for k, x in gradients.items()}, owned))
        np.testing.assert_equal(found[0], found[1])


def dense(c: Any) -> Any:
    return c.dense() if hasattr(c, "dense") else c


def plain(x: Any) -> Any:
    """What a slot holds, to be compared with ``==``: nodes by their age, arrays as lists."""
    if isinstance(x, (list, tuple)):
        return [plain(part) for part in x]
    return x.tolist() if isinstance(x, np.ndarray) else getattr(x, "serial", x)


def test_the_older_word_for_variadic_is_taken_with_a_warning() -> None:
    try:
        with pytest.warns(DeprecationWarning, match="variadic"):
            joined = tg.op(family="parts", parts=lambda g, which: g[which])(stacked_by_hand)
        a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
        (joined([a, b]) ** 2).sum().backward()
        np.testing.assert_array_equal([a.grad, b.grad], [[2, 4], [6, 8]])
    finally:
        tg.OPS.pop("stacked_by_hand", None)


def test_variadic_names_an_argument() -> None:
    with pytest.raises(TypeError, match="op stacked_by_hand has no argument 'pieces', .* its arguments are parts"):
        tg.op(variadic="pieces", parts=lambda g, which: g[which])(stacked_by_hand)
    assert "stacked_by_hand" not in tg.OPS


def stacked_by_hand(parts: Any) -> Any:
    return np.stack(parts)


# All or nothing.


def interrupted(where: str) -> Any:
    """A loss of two leaves that have gradients already, and a hook that fails between the two."""
    a, b = Tensor([1.0, 2.0], "a"), Tensor([3.0, 4.0], "b")
    (a * b).sum().backward()
    h = b * 1.0
    loss = (a * h).sum() * 2  # the sweep comes to h before it comes to b and a
    fails = {"b": b, "h": h, "a": a}[where]

    def hook(g: Any) -> Any:
        raise KeyboardInterrupt if where != "a" else ValueError("mine")

    return a, b, loss, fails.register_hook(hook)


@pytest.mark.parametrize("where", ["a", "b", "h"])
@pytest.mark.parametrize("free", [False, True])
def test_a_sweep_that_does_not_end_changes_no_gradient(where: str, free: bool) -> None:
    a, b, loss, hook = interrupted(where)
    for _ in range(2):
        with pytest.raises((KeyboardInterrupt, ValueError)):
            loss.backward(free=free)
        np.testing.assert_array_equal(a.grad, [3.0, 4.0])
        np.testing.assert_array_equal(b.grad, [1.0, 2.0])
    hook.remove()
    loss.backward(free=free)  # and it can be tried again
    np.testing.assert_array_equal(a.grad, [9.0, 12.0])
    np.testing.assert_array_equal(b.grad, [3.0, 6.0])


def test_ctrl_c_at_any_line_of_backward_leaves_all_gradients_or_none() -> None:
    """Interrupted once at every line that backward runs, by a tracer that raises there as a signal's handler would."""
    import sys

    def leaves() -> Any:
        a, b, c = (Tensor([float(i), 1.0], "abc"[i]) for i in range(3))
        (a * b * c).sum().backward()
        return (a, b, c), (a * 2 + b * c).sum()

    (a, b, c), loss = leaves()
    before = [t.grad.tolist() for t in (a, b, c)]
    loss.backward()
    after = [t.grad.tolist() for t in (a, b, c)]
    seen = set()
    for stop in range(10_000):
        (a, b, c), loss = leaves()
        count = 0

        def trace(frame: Any, event: str, _: Any) -> Any:
            nonlocal count
            if event == "line" and "tinygrad_edu" in frame.f_code.co_filename:
                count += 1
                if count > stop:  # noqa: B023
                    raise KeyboardInterrupt
            return trace

        usual = sys.gettrace()
        sys.settrace(trace)
        try:
            loss.backward()
            ended = True
        except KeyboardInterrupt:
            ended = False
        finally:
            sys.settrace(usual)
        found = [t.grad.tolist() for t in (a, b, c)]
        assert found in (before, after), (stop, found)
        seen.add(found == after)
        if ended:
            break
    assert ended and seen == {False, True}


# What a sweep costs grows with what is swept, counted in calls and in numbers copied.


def joined(n: int) -> Any:
    return np.concatenate([Tensor([float(i)]) * 1 for i in range(n)]).sum()


def stacked(n: int) -> Any:
    return np.stack([Tensor(float(i)) * 1 for i in range(n)]).sum()


def rows(n: int) -> Any:
    X = Tensor(np.ones((n, 2))) * 1
    return sum((row * row).sum() for row in X)


def rows_of_a_leaf(n: int) -> Any:
    X = Tensor(np.ones((n, 2)))
    return sum((X[i] * X[-1 - i]).sum() for i in range(n))


def words(n: int) -> Any:
    table = Tensor(np.ones((n, 2)))
    return sum(tg.embedding(table, np.array([i, 0])).sum() for i in range(n))


def taken(n: int) -> Any:
    x = Tensor(np.ones(n)) * 1
    return sum(np.take(x, i) for i in range(n))


def halves(n: int) -> Any:
    parts = tg.split(Tensor(np.ones(n)) * 1, n)
    return sum((part * 2).sum() for part in parts)


def uses(n: int) -> Any:
    x = Tensor(np.ones(3)) * 1
    return sum((x * i).sum() for i in range(n))


@pytest.mark.parametrize("program", [joined, stacked, rows, rows_of_a_leaf, words, taken, halves, uses])
def test_the_cost_of_a_sweep_is_linear_in_its_parts(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = (cost(program(n), monkeypatch) for n in (100, 800))
    for what in small:
        assert large[what] <= 10 * small[what] + 20, (what, small, large)


def test_the_cost_of_forward_mode_is_linear_in_its_parts() -> None:
    small, large = (calls(lambda n=n: tg.jvp(pieces, [np.ones(n)], [np.ones(n)])) for n in (50, 400))
    assert large <= 10 * small


def pieces(x: Any) -> Any:
    return np.concatenate([x[i : i + 1] for i in range(len(x))])


def calls(run: Any) -> int:
    """How many functions are called."""
    import sys

    count = 0

    def profile(frame: Any, event: str, _: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    usual = sys.getprofile()
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(usual)
    return count


def cost(loss: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Of one sweep: functions called, and numbers written where zeros are filled in or a sum is not made in place."""
    import sys

    from tinygrad_edu.engine.sparse_rows import SparseGradient

    module, copied = sys.modules["tinygrad_edu.sweep"], 0  # its name in the package is that of a function
    dense, accumulate = SparseGradient.dense, module.accumulate

    def counted_dense(self: Any) -> Any:
        nonlocal copied
        z = dense(self)
        copied += z.size
        return z

    def counted_accumulate(gradients: Any, node: Any, c: Any, owned: Any) -> None:
        nonlocal copied
        if node in gradients:
            copied += c.size if isinstance(c, np.ndarray) else 1
            copied += 0 if node in owned else getattr(gradients[node], "size", 0)
        accumulate(gradients, node, c, owned)

    with monkeypatch.context() as patch:
        patch.setattr(SparseGradient, "dense", counted_dense)
        patch.setattr(module, "accumulate", counted_accumulate)
        number = calls(lambda: loss.backward())
    return {"calls": number, "copied": copied}
