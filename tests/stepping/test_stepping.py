"""The stepper: what it shows at a step is what the sweep had then, wherever one came from."""

from __future__ import annotations

import contextlib
import random
import sys
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tinygrad_edu import Tensor, constant, cross_entropy, embedding, log, scope, sigmoid, sign, softmax, stack, where
from tinygrad_edu.stepping import Stepper
from tinygrad_edu.stepping.breakpoints import parse_breakpoint
from tinygrad_edu.stepping.expressions import Expression, NotYet
from tinygrad_edu.stepping.jacobian import by_differences, local
from tinygrad_edu.stepping.paths import MOST, paths
from tinygrad_edu.tracing import traced
from tinygrad_edu.tracing.build import Tracer, trace_and_step


def network() -> Any:
    """A loss in which values are used once, twice and four times."""
    rng = np.random.default_rng(0)
    A, B = Tensor(rng.normal(size=(4, 3)), "A"), Tensor(rng.normal(size=(2, 4)), "B")
    x = constant([1.0, 2.0, 3.0], "x")
    with scope("hidden"):
        v = A @ x
        h = sigmoid(v)
    p = h * h + h
    logits = B @ h
    with scope("penalty"):
        penalty = (A * A).sum()
    loss = cross_entropy(logits, constant(1, "y")) + p.sum() + penalty
    return loss


def rows() -> Any:
    """A table of which few rows are used, a list of operands, an untaken branch."""
    table = Tensor(np.arange(12.0).reshape(6, 2) / 7, "table")
    picked = embedding(table, [1, 4, 1])
    both = stack([picked.sum(0), embedding(table, [1]).sum(0)])
    loss = where(both > 0.5, both * both, both).sum()
    return loss


def mixed() -> Any:
    """Both precisions."""
    a, b = Tensor(np.float32([1, 2, 3]), "a"), Tensor([0.1, 0.2, 0.3], "b")
    loss = (a * b).sum() + (a * a * b).sum() + a.sum()
    return loss


def recurrent() -> Any:
    """One matrix, used again and again."""
    W = Tensor(np.array([[0.5, -0.3], [0.2, 0.7]]), "W")
    h = Tensor([1.0, -1.0], "h0")
    for _ in range(12):
        h = np.tanh(W @ h)
    loss = (h * h).sum()
    return loss


LOSSES = {"network": network, "rows": rows, "mixed": mixed, "recurrent": recurrent}


@pytest.fixture(params=LOSSES)
def loss(request: Any) -> Any:
    return LOSSES[request.param]()


def state(stepper: Stepper) -> dict[str, bytes | None]:
    """All that there is at a step, to the bit."""
    found: dict[str, bytes | None] = {}
    for i, node in enumerate(stepper.nodes):
        g = stepper.gradient(node)
        found[f"{i} gradient"] = None if g is None else np.asarray(g).dtype.str.encode() + np.asarray(g).tobytes()
        found[f"{i} value"] = np.asarray(stepper.value(node)).tobytes() if stepper.is_computed(node) else None
    return found


def test_at_the_end_the_gradients_are_those_of_backward_to_the_bit(loss: Any) -> None:
    stepper = Stepper(loss)
    list(stepper.moments())
    loss.backward()
    leaves = [node for node in stepper.leaves if node.active]
    assert leaves
    for leaf in leaves:
        got, expected = stepper.gradient(leaf), getattr(leaf.grad, "dense", lambda leaf=leaf: leaf.grad)()
        assert got.dtype == expected.dtype and got.tobytes() == expected.tobytes()


def test_the_partial_sums_are_those_of_the_sweep_to_the_bit(loss: Any) -> None:
    """In place, as the sweep adds, or not: the same bits."""
    stepper = Stepper(loss)
    stepper.jump(stepper.last)
    for node, g, _, before in stepper.swept:
        if node is not stepper.root:
            assert stepper.flows[node] == len(stepper.received[node])
            assert max(number for number, _ in stepper.received[node]) <= before
            total = stepper.total(node, stepper.flows[node])
            total, g = (getattr(x, "dense", lambda x=x: x)() for x in (total, g))
            assert np.asarray(total, g.dtype).tobytes() == g.tobytes()


def test_back_and_forth_a_thousand_times_finds_the_same_states(loss: Any) -> None:
    straight = Stepper(loss)
    states = [state(straight) for number in range(straight.last + 1) if straight.jump(number)]
    wandering, rng = Stepper(loss), random.Random(1)
    for _ in range(1000):
        way = rng.random()
        if way < 0.4:
            wandering.next()
        elif way < 0.8:
            wandering.back()
        else:
            wandering.jump(rng.randint(0, wandering.last))
        assert state(wandering) == states[wandering.at]


def test_it_stands_where_backward_is_called() -> None:
    stepper = Stepper(network())
    assert stepper.at == stepper.start == 11 and stepper.last == stepper.start + 1 + sum(stepper.flows.values())
    assert all(stepper.is_computed(node) and stepper.gradient(node) is None for node in stepper.nodes)
    assert stepper.next().phase == "seed" and stepper.gradient(stepper.root) == 1  # type: ignore[union-attr]
    stepper.jump(0)
    assert stepper.back() is None and not any(stepper.is_computed(node) for node in stepper.computed)
    stepper.jump(stepper.last)
    assert stepper.next() is None
    with pytest.raises(IndexError, match=r"^there is no step 99: there are steps 0 to 29$"):
        stepper.jump(99)


def test_a_step_is_the_step_of_that_number_on_the_page(loss: Any) -> None:
    stepper, trace = Stepper(loss), traced(loss, sweep=True)
    assert stepper.last == len(trace.steps)
    for number, step in enumerate(trace.steps, 1):
        moment = stepper.jump(number)
        assert (moment.phase, trace.nodes[step.node].op) == (step.phase, moment.node.op.name)
        assert trace.nodes[step.node].name == stepper.name(moment.node)
        if step.edge is not None:
            assert trace.nodes[trace.edges[step.edge].source].shape == list(moment.receiver.shape)
            assert trace.edges[step.edge].passed.shape == list(np.shape(stepper.passed(moment)))  # type: ignore[union-attr]
            if step.total is not None:
                assert np.allclose(np.asarray(step.total.data, float), stepper.gradient(moment.receiver))
    stepper.jump(7)
    assert trace_and_step(stepper) == (trace, 7)
    assert stepper.at == 7


def test_a_page_that_leaves_older_nodes_out_opens_at_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tracer.__init__, "__defaults__", (6, None))
    stepper = Stepper(recurrent())
    for number in range(stepper.last + 1):
        moment = stepper.jump(number)
        trace, at = trace_and_step(stepper)
        assert trace.left_out == len(stepper.nodes) - 6
        step = trace.steps[at - 1] if at else None
        if step and step.phase == moment.phase == "forward":
            assert trace.nodes[step.node].value.data == np.asarray(stepper.value(moment.node)).tolist()  # type: ignore[union-attr]
        if step and step.edge is not None and moment.receiver is stepper.root.args[0]:
            assert trace.edges[step.edge].passed.data == np.asarray(stepper.passed(moment)).tolist()  # type: ignore[union-attr]
    assert at == len(trace.steps)


def test_leaves_have_the_values_that_were_used() -> None:
    W = Tensor([1.0, 2.0], "W")
    loss = (W * W).sum()
    W.data = [9.0, 9.0]
    assert Stepper(loss).value(W.node).tolist() == [1.0, 2.0]


def test_grad_is_left_alone_and_hooks_are_called_once() -> None:
    W, calls = Tensor([1.0, 2.0], "W"), []
    v = W * 3.0
    v.register_hook(lambda g: calls.append(g.copy()) or 10 * g)
    stepper = Stepper((v * v).sum())
    for number in (stepper.last, 0, 3, stepper.last, 2, stepper.last):
        stepper.jump(number)
    assert len(calls) == 1 and stepper.gradient(W.node).tolist() == [180.0, 360.0] and W.grad is None


def test_constants_alone_have_forward_steps_only() -> None:
    stepper = Stepper(constant([1.0, 2.0]).sum())
    assert stepper.last == stepper.start == 1 and [m.phase for m in [stepper.jump(0), stepper.jump(1)]] == [
        "given",
        "forward",
    ]


def test_a_part_without_derivative_has_no_backward_steps() -> None:
    W, c = Tensor([1.0, 2.0], "W"), Tensor([3.0, -4.0], "c")
    stepper = Stepper((W * sign(c * 2.0)).sum())
    stepper.jump(stepper.last)
    assert stepper.gradient(W.node).tolist() == [1.0, -1.0] and stepper.gradient(c.node) is None
    assert stepper.last == stepper.start + 3


def test_a_rule_that_fails_leaves_one_at_the_step_before() -> None:
    from tinygrad_edu import OPS, elementwise

    @elementwise("f($x)", x=lambda g, x: g[:, :, :])
    def broken(x: Any) -> Any:
        "It cannot be differentiated."
        return x * 2

    try:
        W = Tensor([1.0, 2.0], "W")
        stepper = Stepper(broken(W * 2.0).sum())
        stepper.jump(stepper.start + 2)
        for _ in range(3):
            with pytest.raises(IndexError):
                stepper.next()
            assert stepper.at == stepper.start + 2
    finally:
        del OPS["broken"]


def test_interrupted_in_the_middle_it_goes_on_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    loss = network()
    whole = Stepper(loss)
    whole.jump(whole.last)
    stepper = Stepper(loss)
    stepper.jump(stepper.start + 4)
    real, times = stepper.keep, iter([True])
    monkeypatch.setattr(
        stepper, "keep", lambda s: real(s) if not next(times, False) else (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        stepper.jump(stepper.last)
    assert stepper.at == stepper.start + 4
    stepper.jump(stepper.last)
    assert state(stepper) == state(whole)


# What if.


def test_what_follows_a_change_follows_and_what_came_before_does_not() -> None:
    loss = network()
    stepper, plain = Stepper(loss), Stepper(loss)
    h, A, B = (stepper.find(name) for name in ("h", "A", "B"))
    plain.jump(plain.last)
    for at in (stepper.start, stepper.last):  # before the sweep comes there, and long after
        stepper.jump(at)
        stepper.change("h", lambda g: 2 * g)
        stepper.jump(stepper.last)
        assert np.allclose(stepper.gradient(h), 2 * plain.gradient(h))
        assert stepper.gradient(B).tobytes() == plain.gradient(B).tobytes()
        through_h = plain.gradient(A) - 2 * plain.value(A)
        assert np.allclose(stepper.gradient(A), 2 * through_h + 2 * plain.value(A))
        assert {A, h} <= stepper.changed and B not in stepper.changed
        stepper.undo()
        assert state(stepper) == state(plain) and not stepper.changed


def test_two_changes_and_a_second_thought() -> None:
    stepper, plain = Stepper(network()), Stepper(network())
    stepper.jump(stepper.last)
    plain.jump(plain.last)
    for order in (("v", "h"), ("h", "v")):
        for name in order:
            stepper.change(name, lambda g: 3 * g)
        assert np.allclose(stepper.gradient(stepper.find("v")), 9 * plain.gradient(plain.find("v")))
        stepper.change("h", lambda g: g)
        assert np.allclose(stepper.gradient(stepper.find("v")), 3 * plain.gradient(plain.find("v")))
        stepper.undo()
        assert dict(state(stepper).items()) == state(plain)


def test_a_change_calls_no_earlier_hook_again() -> None:
    W, calls = Tensor([1.0, 2.0], "W"), []
    a = W * 3.0
    b = a * a
    b.register_hook(lambda g: calls.append("b") or 5 * g)
    stepper = Stepper(b.sum())
    stepper.jump(stepper.last)
    before = stepper.gradient(W.node)
    stepper.change(a, lambda g: g)
    assert calls == ["b"] and stepper.gradient(W.node).tolist() == before.tolist()


@pytest.mark.parametrize(
    "what, to, words",
    [
        (
            "nothing",
            0,
            r"^there is no nothing in this computation; it has A, B, x, v, h, p, logits, penalty, y and loss$",
        ),
        ("x", 0, r"^no gradient flows to x of shape \(3,\)$"),
        ("h", [1.0, 2.0], r"^a hook on h of shape \(4,\) gave a gradient of shape \(2,\)"),
        ("h", "much", "could not convert|only real numbers"),
    ],
)
def test_what_is_no_change_says_so(what: str, to: Any, words: str) -> None:
    stepper = Stepper(network())
    with pytest.raises((LookupError, ValueError, TypeError), match=words):
        stepper.change(what, to)
    assert not stepper.changes


# Stops.


def met(words: str, build: Any = network) -> list[int]:
    """The steps at which a breakpoint holds."""
    stepper = Stepper(build())
    found = parse_breakpoint(words, stepper)
    stepper.jump(0)
    return [moment.number for moment in stepper.moments() if found.holds(stepper, moment)]


STOPS = {
    "h": [2, 23, 25, 26, 27],
    "name h": [2, 23, 25, 26, 27],
    "#3": [3, 24],
    "sigmoid": [2, 28],
    "op sigmoid": [2, 28],
    "hidden": [1, 2, 28, 29],
    "scope hidden": [1, 2, 28, 29],
    "step 17": [17],
    "h if step > 26": [27],
    "h, if step > 26": [27],
    "if shape == (3,)": [],
    "if shape == (2,)": [5, 18],
    "shape == (2,)": [5, 18],
    "if op == 'matmul' and phase == 'forward'": [1, 5],
    "h if abs(grad).max() > 1": [25, 26, 27],
    "A if grad.max() > 2.5": [21, 29],
}


@pytest.mark.parametrize("words", STOPS)
def test_where_it_stops(words: str) -> None:
    assert met(words) == STOPS[words]


def test_a_line_is_where_it_was_computed() -> None:
    stepper = Stepper(network())
    line = network.__code__.co_firstlineno + 6
    assert met(str(line)) == met(f"test_stepping.py:{line}") == [1, 29] and met(f"other.py:{line}") == []
    assert parse_breakpoint(str(line), stepper).kind == "line"


def test_isnan_alone_asks_of_what_the_step_has_made() -> None:
    def broken() -> Any:
        x = Tensor([0.0, 1.0], "x")
        with np.errstate(all="ignore"):
            loss = (np.log(x) * x).sum()
        return loss

    assert met("if isinf", broken) == [1, 7] and met("if isnan", broken)[:2] == [2, 3]


@pytest.mark.parametrize(
    "words, said",
    [
        ("", "where is it to stop?  b W, b sigmoid, b layer1, b 12, b step 17, b if isnan: see h b"),
        ("hiden", "hiden is no name, operation, part of the model, line or step here.  Did you mean hidden?"),
        ("step x", "a step has a number, and x is no number"),
        ("step 999", "there is no step 999: there are steps 0 to 29"),
        ("if (", "( is no expression: '(' was never closed"),
    ],
)
def test_what_is_no_place_to_stop_says_so(words: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_breakpoint(words, Stepper(network()))
    assert str(caught.value) == said


def test_to_run_words_do_as_well_as_a_function() -> None:
    stepper = Stepper(network())
    stepper.jump(0)
    assert [stepper.run("h").number for _ in range(2)] == [2, 23]  # type: ignore[union-attr]
    assert stepper.run(lambda moment: moment.number == 27).number == 27  # type: ignore[union-attr]
    assert stepper.run("h", back=True).number == 26 and stepper.run("step 9", back=True).number == 9  # type: ignore[union-attr]
    assert stepper.run("if isnan") is None and stepper.at == stepper.last


# Expressions.


def test_watches_are_asked_at_every_step() -> None:
    stepper = Stepper(network())
    stepper.watches += ["h.grad", "1 +", "step"]
    stepper.jump(11)
    found = dict(stepper.watch_values())
    assert isinstance(found["h.grad"], NotYet) and isinstance(found["1 +"], ValueError) and found["step"] == 11
    stepper.jump(23)
    assert np.array_equal(dict(stepper.watch_values())["h.grad"], stepper.gradient("h"))


def asked(words: str, at: int | None = None, **variables: Any) -> Any:
    stepper = Stepper(network())
    moment = stepper.jump(stepper.last if at is None else at)
    return Expression(words).value(stepper, moment, variables)


def test_expressions_compute_with_what_there_is() -> None:
    stepper = Stepper(network())
    stepper.jump(stepper.last)
    A, B, h, v = (stepper.find(name) for name in "ABhv")
    value, gradient = stepper.value, stepper.gradient
    same = {
        "A": value(A),
        "A.grad": gradient(A),
        "abs(B).max()": np.abs(value(B)).max(),
        "np.linalg.norm(A.grad, axis=0)": np.linalg.norm(gradient(A), axis=0),
        "B @ h": value(B) @ value(h),
        "A[1, :2]": value(A)[1, :2],
        "A.T.shape": (3, 4),
        "#1": value(v),
        "tensor('A')": value(A),
        "delta_v": gradient(v),
        "dA": gradient(A),
        "dv": gradient(v),
        "2 ** 3 + rate": 8.5,
        "shape": (4, 3),
        "grad": gradient(A),
        "step": 29,
        "-(h[0] - 1) > 0 and True": True,
        "0 < h[0] < 1": True,
        "sum(isnan(A)) == 0": True,
        "W[0]": 7.0,
    }
    for words, expected in same.items():
        found = asked(words, rate=0.5, W=[7.0, 8.0])
        assert np.array_equal(found, expected), words


@pytest.mark.parametrize(
    "words",
    [
        "__import__('os').system('true')",
        "().__class__.__bases__",
        "A.__class__",
        "A.grad.tofile('x')",
        "[x for x in A]",
        "(lambda: 1)()",
        "open('x')",
        "A.dump('x')",
        "f'{A}'",
        "A := 3",
        "exec('1')",
        "tool.run()",
        "tool._secret",
        "tool.kind()",
        "(1,) * 10 ** 9",
        "'a' * 10 ** 9",
    ],
)
def test_nothing_is_run_but_arithmetic(words: str) -> None:
    class Tool:
        kind = int

        def __init__(self) -> None:
            self._secret, self.layers = 1, [1]

        def run(self) -> None:
            raise AssertionError("it was called")

    with pytest.raises((ValueError, LookupError)):
        asked(words, tool=Tool())


def test_a_power_of_powers_takes_no_time() -> None:
    assert asked("9 ** 9 ** 9 ** 9") == np.inf


@pytest.mark.parametrize(
    "words",
    "exp(W, W)|clip(W, 0, 1, W)|W.round(0, W)|W.clip(0, 1, W)|sum(a, 0, None, a[0])|add.f(1)|max(a, 0, b)".split("|"),
)
def test_an_expression_writes_to_nothing_and_calls_nothing_of_the_program(words: str) -> None:
    W, a, b, called = Tensor([[1.25, -2.0]], "W"), np.ones((2, 3)), np.zeros(3), []
    variables = {"a": a, "b": b, "add": SimpleNamespace(f=called.append, named_parameters=list)}
    with pytest.raises(ValueError, match="only looks at what the program has|there is no function"):
        Stepper(sigmoid(W).sum()).ask(words, variables)
    assert W.data.tolist() == [[1.25, -2.0]] and a.all() and not b.any() and called == []


LOOKS = """W.tofile("x")|W.fill(7)|W.sort()|W.setflags(write=True)|W.T.fill(7)|a.partition(1)|a.put(0, 7)|a.resize(9)
a.byteswap(True)|a.itemset(0, 7)|a.dump("x")|a.tobytes()|a.view()|a.data|a.flags|a.base|a.ctypes|a[0].fill(7)
W.data.fill(7)|kept["a"].fill(7)|kept["list"][0].sort()|net.W.fill(7)|net.fill(7)|net.sort()|net.fill|sub.sum()|sub + 1
sub.sort()|objects + 1|objects.sum()|objects[0] + 1|objects.item(0).fill(7)|kept["new"]|kept.clear()
kept["list"].append(3)|net(a)|net + 1|[net] == a|net in [net]|a.sum(out=a)|abs(a, out=a)|sum(a, where=a)""".replace(
    "\n", "|"
).split("|")


@pytest.mark.parametrize("condition", [False, True])
@pytest.mark.parametrize("words", LOOKS)
def test_an_expression_only_looks_at_what_the_program_has(
    words: str, condition: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises or gives: the arrays stay as they are, nothing is written, and no code of the program runs."""
    monkeypatch.chdir(tmp_path)

    def runs(*given: Any, **options: Any) -> Any:
        raise AssertionError("code of the program was run")

    class Sub(np.ndarray[Any, Any]):
        __array_ufunc__ = __array_function__ = sum = sort = runs

    class Net:
        __call__ = __add__ = __eq__ = __abs__ = runs  # type: ignore[assignment]

        def __init__(self, W: Any) -> None:
            self.W, self.fill, self.sort = W, W.fill, W.sort

        def named_parameters(self) -> list[Any]:
            return []

    W, a, objects = Tensor([[1.25, -2.0]], "W"), np.array([3.0, 1.0, 2.0]), np.array([None, None], object)
    kept = defaultdict(runs, {"a": a, "list": [a]})
    net = Net(a)
    objects[:] = [net, a]
    variables = {"a": a, "sub": a.view(Sub), "net": net, "kept": kept, "objects": objects}
    stepper = Stepper(sigmoid(W).sum())
    moment = stepper.jump(2)
    with contextlib.suppress(ValueError, LookupError, TypeError):
        question = Expression(words)
        found = (question.holds if condition else question.value)(stepper, moment, variables)
        assert not isinstance(found, np.ndarray) or not np.shares_memory(found, a) or not found.flags.writeable
    assert W.data.tolist() == [[1.25, -2.0]] and a.tolist() == [3, 1, 2] and a.flags.writeable
    assert set(kept) == {"a", "list"} and len(kept["list"]) == 1 and not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "words", ["W.tofile('x')", "W.fill(7)", "W.sort()", "W.setflags(write=True)", "W.sum(0, None, W)"]
)
def test_why_an_array_is_not_asked_for_that_is_a_sentence(words: str) -> None:
    stepper = Stepper(sigmoid(Tensor([[1.25, -2.0]], "W")).sum())
    with pytest.raises(ValueError, match="an expression only looks at what the program has"):
        stepper.ask(words)


@pytest.mark.parametrize("words", ["W", "W.T", "a", "kept", "W.reshape(2)", "a[:2]"])
def test_what_an_expression_gives_cannot_be_written_to(words: str) -> None:
    W, a = Tensor([[1.25, -2.0]], "W"), np.array([3.0, 1.0, 2.0])
    found = Stepper(sigmoid(W).sum()).ask(words, {"a": a, "kept": a.view(np.recarray)})
    assert type(found) is np.ndarray and not found.flags.writeable


def test_a_list_of_layers_has_a_length() -> None:
    stepper = Stepper(sigmoid(Tensor([1.0], "W")).sum())
    assert stepper.ask("len(layers) == 2 and len(layers[0]) == 1", {"layers": [[object()], object()]}) == 1
    with pytest.raises(ValueError, match="not with an object of type object"):
        stepper.ask("sum(layers)", {"layers": [object()]})


@pytest.mark.parametrize(
    ("words", "number"),
    [("isnan", 3), ("isinf", 2), ("isnan or isinf", 2), ("isinf or isnan", 2), ("not isfinite", 2), ("isfinite", 1)]
    + [("isnan and step > 3", 4), ("not isfinite and passed", 9), ("isnan or phase == 'seed'", 3)],
)
def test_a_function_alone_asks_of_what_the_step_has_made(words: str, number: int) -> None:
    x = Tensor([1.0, 2.0], "x")
    with np.errstate(all="ignore"):
        h = x - 1
        v = log(h)
        stepper = Stepper((v - v).sum())
    stepper.jump(0)
    moment = stepper.run(f"if {words}")
    assert moment is not None and moment.number == number


def test_what_is_not_there_yet_says_when() -> None:
    with pytest.raises(NotYet, match=r"^h is not computed yet: step 2 does that$"):
        asked("h", at=1)
    with pytest.raises(NotYet, match=r"^no gradient has come to v yet; n goes on with the sweep, b v stops there$"):
        asked("v.grad", at=20)
    with pytest.raises(NotYet, match=r"^there is no passed at step 3, which goes forward$"):
        asked("passed", at=3)
    with pytest.raises(LookupError, match=r"^no gradient flows to x, which is a constant$"):
        asked("x.grad")


def test_the_lessons_deltas() -> None:
    v1, W = Tensor([0.3, -0.2], "v(1)"), Tensor([[1.0, 2.0]], "W(2)")
    a = sigmoid(v1)
    v2 = W @ a
    v2.name = "v(2)"
    stepper = Stepper((v2 * v2).sum())
    moment = stepper.jump(stepper.last)
    for words in ("delta(1)", "delta1", "delta_1", "δ1", "δ(1)", "dv(1)"):
        assert np.array_equal(Expression(words).value(stepper, moment), stepper.gradient(v1.node))
    for words in ("W(2).grad", "dW(2)", "d_W(2)"):
        assert np.array_equal(Expression(words).value(stepper, moment), stepper.gradient(W.node))
    assert np.array_equal(Expression("W(2) @ a").value(stepper, moment), stepper.value(v2.node))


def test_of_several_of_a_name_the_youngest_that_is_computed_is_meant() -> None:
    stepper = Stepper(recurrent())
    numbers = [stepper.numbers[node] for node in stepper.names["h"]]
    assert len(numbers) == 12
    for number in numbers[2:4]:
        stepper.jump(number)
        found = Expression("h").value(stepper, stepper.moment)
        assert found.tolist() == stepper.value(stepper.computed[number - 1]).tolist()


# Paths.


def test_the_parts_that_came_along_each_path_sum_to_the_gradient(loss: Any) -> None:
    stepper = Stepper(loss)
    stepper.jump(stepper.last)
    for node in stepper.nodes:
        if node.active and node is not stepper.root and stepper.flows[node]:
            every = paths(stepper, node)
            assert np.allclose(sum((p.part for p in every), np.zeros(node.shape)), stepper.gradient(node))
            assert sum(p.share for p in every) == pytest.approx(1.0)
            assert all(
                p.nodes[0] is node
                and (p.nodes[-1] is stepper.root) == (p.ways == 1 and len(every) <= MOST)
                or p.ways >= 1
                for p in every
            )


def test_paths_of_a_gradient_that_is_not_complete() -> None:
    stepper = Stepper(network())
    h = stepper.find("h")
    stepper.jump(25)
    assert stepper.contributions(h) == 2 and stepper.flows[h] == 4
    assert np.allclose(sum(p.part for p in paths(stepper, h)), stepper.gradient(h))


def test_too_many_paths_are_told_apart_by_the_last_use_alone() -> None:
    x = Tensor(1.1, "x")
    h = x
    for _ in range(40):
        h = h * 0.5 + h * 0.5
    stepper = Stepper(h * 1.0)
    stepper.jump(stepper.last)
    every = paths(stepper, x.node)
    assert [p.ways for p in every] == [2**39, 2**39] and [p.share for p in every] == [0.5, 0.5]


# The local Jacobian.


def test_the_local_jacobian_is_that_of_differences() -> None:
    for build in LOSSES.values():
        stepper = Stepper(build())
        for node in stepper.computed:
            values = [stepper.value(a) if a is not None else None for a in node.args]
            if node.op.variadic is None and node.op.name not in ("where", "embedding"):
                kept = [x if v is None else v for x, v in zip(node.values, values)] + list(node.values[len(values) :])
                for k, a in enumerate(node.args):
                    if a is not None and a.active:
                        assert np.allclose(local(node, k), by_differences(node, k, kept), rtol=1e-4, atol=1e-5)


def test_a_jacobian_by_hand() -> None:
    x = Tensor([0.1, 0.7, -0.4], "x")
    p = softmax(x)
    found = local(p.node, 0)
    assert np.allclose(found, np.diag(p.data) - np.outer(p.data, p.data))


# A million.


@pytest.mark.slow
def test_a_million_nodes_are_stepped_through_at_once() -> None:
    x = Tensor(np.ones(3), "x")
    h = x
    for _ in range(250_000):
        h = sigmoid(h * 1.0001) + x
        h = h * x
    loss = h.sum()
    stepper = Stepper(loss)
    for _ in range(5):
        stepper.next()
    stepper.back()
    assert np.isfinite(stepper.gradient(stepper.moment.receiver)).all()
    assert stepper.last == 2_500_003 and len(stepper.swept) < 10  # the sweep ran no further than was looked at


def hooked() -> Any:
    """A loss with a hook on the way."""
    W = Tensor([[1.0, -2.0], [0.5, 1.0]], "W")
    h = sigmoid(W @ [2.0, 1.0])
    h.register_hook(lambda g: 3 * g)
    return (h * h).sum() + h.mean()


def now(stepper: Stepper) -> list[Any]:
    """What step it is, and every gradient at it."""
    found = [stepper.gradient(node) for node in stepper.nodes]
    return [stepper.at, stepper.moment.phase, *(None if g is None else g.tolist() for g in found)]


ACTIONS = {
    "jump": lambda stepper: stepper.jump(stepper.last),
    "change": lambda stepper: stepper.change("#4", 5.0),
    "undo": lambda stepper: stepper.undo(),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_whenever_it_is_interrupted_nothing_is_lost(action: str) -> None:
    """Ctrl-C at each line in turn that is run for it."""

    def interrupted(line: int) -> bool:
        stepper, left = Stepper(hooked()), line
        stepper.jump(stepper.start + 4)
        if action == "undo":
            stepper.change("#4", 5.0)

        def trace(frame: Any, event: str, arg: Any) -> Any:
            nonlocal left
            if not frame.f_code.co_filename.endswith(("stepper.py", "sweep.py")):
                return None
            left -= event == "line"
            if left == 0:
                raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        try:
            ACTIONS[action](stepper)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        expected = changed if stepper.changes else plain
        assert now(stepper) == expected[stepper.at]
        assert [now(stepper) for _ in [None, *stepper.moments()]][-1] == expected[-1]
        for number in (*range(stepper.last), stepper.last):
            stepper.jump(number)
            assert now(stepper) == expected[number]
        return left <= 0

    plain, changed = [], []
    for states in (plain, changed):
        stepper = Stepper(hooked())
        if states is changed:
            stepper.change("#4", 5.0)
        stepper.jump(0)
        states += [now(stepper), *(now(stepper) for _ in stepper.moments())]
    assert plain != changed
    lines = 1
    while interrupted(lines):
        lines += 1
    assert lines > 20
