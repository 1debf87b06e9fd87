"""What goes wrong between gradient and parameter: older gradients, no step at all, a rate that is too large."""

import copy

import numpy as np
import pytest
from test_findings import declared, explained, ran

from tinygrad_edu import GradientNorms, Tensor, cross_entropy, data, nn, optim, relu, sigmoid
from tinygrad_edu.engine import used_gradients as spent
from tinygrad_edu.findings import explain

assert declared  # a fixture

DATA = "X = rng.normal(size=(40, 3))\ny = (X[:, 0] > 0).astype(int)\n"
NET = DATA + "net = nn.MLP([3, 8, 2], np.tanh, rng=rng)\n"
LOOP = """
for _ in range(5):
    loss = cross_entropy(net(X), y)
    loss.backward()
    opt.step()
"""
BY_HAND = (
    DATA
    + """
W, b = Tensor(rng.normal(size=(3, 2)), "W"), Tensor(np.zeros(2), "b")
for _ in range(3):
    {zero}
    loss = cross_entropy(X @ W + b, y)
    loss.backward()
    for p in (W, b):
        p.data = p.data - 0.1 * p.grad
"""
)
OLDER, HELD, RATE = "older gradients", "not held by the optimiser", "rate too large"


# A gradient to which the next one was added, because nobody called zero_grad.


@pytest.mark.parametrize(
    "program",
    [
        NET + "opt = optim.SGD(net, 0.1)" + LOOP,
        NET + "opt = optim.SGD(net, 0.1)" + LOOP + "options = dict(optimiser=opt)",
        NET + "opt = optim.SGD(net, 0.1, momentum=0.9)" + LOOP,
        NET + "opt = optim.Adam(net, 0.01)" + LOOP + "loss = cross_entropy(net(X), y)\nloss.backward()",
        "w = Tensor(2.0, 'w')\nopt = optim.SGD([w], 0.01)" + LOOP.replace("cross_entropy(net(X), y)", "w * w"),
        BY_HAND.format(zero=""),
        BY_HAND.format(zero="") + "loss = cross_entropy(X @ W + b, y)\nloss.backward()",
        "w = Tensor(2.0, 'w')\nfor _ in range(2):\n    loss = w * w\n    loss.backward()\n"
        "    w.data = w.data - w.grad / 9",
    ],
)
def test_a_forgotten_zero_grad_is_found(program):
    found = explained(program)
    assert found.kinds == [OLDER]
    assert "holds the gradient of an earlier step too: the values were changed after it" in found[0].words
    assert "Call zero_grad()" in found[0].words
    assert found[0].numbers["norm"] > 1.5 * found[0].numbers["own"]


@pytest.mark.parametrize(
    "program",
    [
        NET
        + "opt = optim.SGD(net, 0.1)\nopt.zero_grad()\nloss = cross_entropy(net(X), y)\nloss.backward()\nopt.step()",
        NET + "opt = optim.SGD(net, 0.1)" + LOOP.replace("    loss.backward", "    opt.zero_grad()\n    loss.backward"),
        NET + "opt = optim.Adam(net, 0.01)" + LOOP.replace("    opt.step()", "    opt.step()\n    net.zero_grad()"),
        NET
        + """
opt = optim.SGD(net, 0.1)
for _ in range(5):
    for p in net.parameters():
        p.grad = None
    for i in range(4):  # one step for four small batches
        loss = cross_entropy(net(X[10 * i : 10 * i + 10]), y[10 * i : 10 * i + 10]) / 4
        loss.backward()
    opt.step()
""",
        NET
        + """
opt = optim.SGD(net, 0.1)
for _ in range(5):
    opt.zero_grad()
    penalty = 0.01 * (net.layers[0].W ** 2).sum()
    penalty.backward()
    loss = cross_entropy(net(X), y)
    loss.backward()
    opt.step()
""",
        NET
        + """
opt = optim.SGD(net, 0.1)
for _ in range(3):
    loss = cross_entropy(net(X), y)
    assert explain(loss, net, optimiser=opt).kinds == []  # between the loss and zero_grad, too
    opt.zero_grad()
    loss.backward()
    opt.step()
    opt.step()
""",
        BY_HAND.format(zero="W.zero_grad(); b.zero_grad()"),
        BY_HAND.format(zero="W.grad = b.grad = None"),
        BY_HAND.format(zero="W.zero_grad(); b.zero_grad()") + "loss = cross_entropy(X @ W + b, y)",
        BY_HAND.format(zero="W.zero_grad(); b.zero_grad()").replace(
            "    loss.backward()", "    for i in range(4):\n        (loss / 4).backward()  # one step for four"
        ),
        BY_HAND.format(zero="W.data = W.data * 0.99; W.grad = np.zeros((3, 2)); b.grad = np.zeros(2)"),
        DATA + "W = Tensor(np.zeros((3, 2)), 'W')\nW.data = rng.normal(size=(3, 2))\n"
        "loss = cross_entropy(X @ W, y)\nloss.backward()\nloss.backward()",
        "w = Tensor([2.0, 1.0], 'w')\nloss = (w * w).sum()\nloss.backward()\nkept = w.data.copy()\n"
        "for h in (1e-4, -1e-4):\n    w.data = kept + h\n    (w * w).sum()\nw.data = kept",  # differences
    ],
)
def test_a_right_loop_is_silent(program):
    assert explained(program).kinds == []


def test_the_mark_changes_no_number():
    """With and without zero_grad, steps are as they were made by hand."""
    for forgets in (False, True):
        w, by_hand, total = Tensor([1.0, 2.0], "w"), np.array([1.0, 2.0]), np.zeros(2)
        opt = optim.SGD([w], 0.1)
        for _ in range(4):
            if not forgets:
                opt.zero_grad()
                total = np.zeros(2)
            (w**3).sum().backward()
            total = total + 3 * by_hand**2
            np.testing.assert_array_equal(w.grad, total)
            opt.step()
            by_hand = by_hand - 0.1 * total
            np.testing.assert_array_equal(w.data, by_hand)
            assert type(np.array(w.grad)) is np.ndarray and type(w.data * 1.0) is np.ndarray


def test_the_mark_does_not_spread():
    w, v = Tensor(2.0, "w"), Tensor([1.0, 2.0], "v")
    opt = optim.SGD([w, v], 0.01, momentum=0.9)
    for _ in range(4):
        (w * w + (v * v).sum()).backward()
        opt.step()
    assert spent.holds_older(w.node)
    for x in (w._array, v._array, *opt.velocity):
        assert not isinstance(x, spent.UsedGradient)
    for p in (w, v):
        before = np.array(p.data)
        p.data = p.data - 0.1 * p.grad
        np.testing.assert_array_equal(p.data, before - 0.1 * np.array(p.grad))
        assert not isinstance(p._array, spent.UsedGradient) and not isinstance(p.grad * 2, spent.UsedGradient)
        assert not isinstance((p * 2).data, spent.UsedGradient)


def test_gradient_norms_says_it_too():
    variables = ran(
        NET
        + """
from tinygrad_edu import GradientNorms
norms = GradientNorms(net)
opt = optim.SGD(net, 0.1, callback=norms)
for _ in range(5):
    loss = cross_entropy(net(X), y)
    loss.backward()
    opt.step(loss)
"""
    )
    assert variables["norms"].older == 2
    said = " ".join(str(variables["norms"]).split())
    assert "From step 2 on the gradients hold those of earlier steps too: call zero_grad() once for each step" in said


@pytest.mark.parametrize("forgets, small", [(True, 1), (False, 1), (False, 3)])
def test_gradient_norms_in_a_loop_of_ones_own(forgets, small):
    rng = np.random.default_rng(0)
    X, y, W = rng.normal(size=(30, 3)), rng.integers(0, 2, 30), Tensor(rng.normal(size=(3, 2)), "W")
    norms = GradientNorms([W])
    for _ in range(5):
        if not forgets:
            W.zero_grad()
        for part in np.split(np.arange(30), small):
            loss = cross_entropy(X[part] @ W, y[part])
            loss.backward()
            norms(loss)  # after each of several small batches, too
        W.data = W.data - 0.1 * W.grad
    assert norms.older == (2 if forgets else None)
    assert ("zero_grad" in str(norms)) == forgets


# Parameters that no step changes.

LAYERS = (
    DATA
    + """
W1, b1 = Tensor(rng.normal(size=(3, 8)), "W1"), Tensor(np.zeros(8), "b1")
W2, b2 = Tensor(rng.normal(size=(8, 2)), "W2"), Tensor(np.zeros(2), "b2")
loss = cross_entropy(np.tanh(X @ W1 + b1) @ W2 + b2, y)
"""
)


@pytest.mark.parametrize(
    "program, about, words",
    [
        (
            LAYERS + "options = dict(optimiser=optim.SGD([W1, W2], 0.1))",
            "b1 and b2",
            "SGD does not hold b1 and b2: a gradient comes to them (of norm",
        ),
        (
            LAYERS + "options = dict(optimiser=[optim.SGD([W1, b1], 0.1), optim.Adam([W2], 0.1)])",
            "b2",
            "SGD and Adam do not hold b2",
        ),
        (
            NET
            + "head = nn.Linear(2, 2, rng=rng)\nloss = cross_entropy(head(net(X)), y)\nof = [net, head]\n"
            + "options = dict(optimiser=optim.SGD(net, 0.1))",
            "W and b",
            "SGD does not hold W and b",
        ),
        (
            NET
            + "opt = optim.SGD(net, 0.1)\nnet = nn.MLP([3, 8, 2], np.tanh, rng=rng)\nloss = cross_entropy(net(X), y)\n"
            + "options = dict(optimiser=opt)",
            "W(1), b(1), W(2) and b(2)",
            "Make the optimiser with the parameters of the network that is used.",
        ),
    ],
)
def test_parameters_that_the_optimiser_does_not_hold(program, about, words):
    found = explained(program)
    assert found.kinds == [HELD] and found[0].about == about and words in found[0].words


@pytest.mark.parametrize(
    "program",
    [
        LAYERS + "options = dict(optimiser=optim.SGD([W1, b1, W2, b2], 0.1))",
        LAYERS,
        LAYERS + "of = [W2]\noptions = dict(optimiser=optim.SGD([W2], 0.1))",  # the others are not asked about
        LAYERS + "options = dict(optimiser=[optim.SGD([W1, b1], 0.1), optim.Adam([W2, b2], 0.01)])",
        DATA
        + """
X, W, b = Tensor(X, "X"), Tensor(rng.normal(size=(3, 2)), "W"), Tensor(np.zeros(2), "b")
loss = cross_entropy(X @ W + b, y)
options = dict(optimiser=optim.SGD([W, b], 0.1))
""",  # data are no parameters, although they take a gradient here
        DATA
        + """
w, t = Tensor(np.zeros(3), "w"), Tensor(y * 1.0, "t")
loss = mse(X @ w, t)
options = dict(optimiser=optim.SGD([w], 0.1))
""",
    ],
)
def test_who_holds_them_all_is_not_spoken_of(program):
    assert explained(program).kinds == []


# The rate.


@pytest.mark.parametrize(
    "program, rate",
    [
        ("x = Tensor(3.0, 'x')\nloss = x * x\noptions = dict(optimiser=optim.SGD([x], 1.5))", 1.5),
        ("x = Tensor(3.0, 'x')\nloss = x * x\noptions = dict(rate=1.5)", 1.5),
        (
            DATA
            + "w, t = Tensor(np.zeros(3), 'w'), rng.integers(0, 2, 40)\n"
            + "loss = binary_cross_entropy_with_logits(30 * X @ w, t * 1.0)\n"
            + "options = dict(optimiser=optim.SGD([w], 10.0))",
            10.0,
        ),
        (NET + "loss = cross_entropy(net(X), y)\noptions = dict(optimiser=optim.Adam(net, 50.0))", 50.0),
        (
            DATA
            + "w = Tensor(np.zeros(3), 'w')\nloss = ((X @ w - 3 * X[:, 0]) ** 2).sum()\n"
            + "options = dict(optimiser=optim.SGD([w], optim.step_decay(0.5, 0.9, 10)))",
            0.5,
        ),
        (
            "x = Tensor(3.0, 'x')\nloss = x**4\n"
            + "class Plain(optim.Optimiser):\n"
            + "    def change(self, i, p, g, rate):\n"
            + "        self.subtract(i, p, g, rate)\n"
            + "options = dict(optimiser=Plain([x], 1.0))",
            1.0,
        ),
    ],
)
def test_a_rate_with_which_the_loss_rises(program, rate):
    found = explained(program)
    assert found.kinds == [RATE]
    numbers = found[0].numbers
    assert numbers["rate"] == rate and numbers["highest"] > numbers["before"]
    assert f"with a rate of {rate:g}, tried on this record" in found[0].words
    assert f"With a rate of {numbers['smaller']:.3g} it falls to" in found[0].words


def test_the_smaller_rate_that_is_said_does_what_is_said_of_it():
    x = Tensor(3.0, "x")
    opt = optim.SGD([x], 1.5)
    (found,) = explain(x * x, optimiser=opt)
    assert x.data == 3.0 and opt.steps == 0 and x.node.grad is None
    y, losses = Tensor(3.0, "y"), []
    smaller = optim.SGD([y], found.numbers["smaller"])
    for _ in range(10):
        smaller.zero_grad()
        (y * y).backward()
        smaller.step()
        losses.append(float((y * y).data))
    assert f"falls to {losses[-1]:.3g} in 10 steps" in found.words and losses[-1] < 9


def test_an_optimiser_is_tried_with_the_state_that_it_has():
    """Adam that has seen large gradients goes small steps, for which its rate is not too large."""
    x = Tensor(1.0, "x")
    opt = optim.Adam([x], 50.0)
    assert explain(x * x, optimiser=opt).kinds == [RATE]
    opt.means, opt.times = [(np.float64(0.0), np.float64(1e14))], [10_000]
    before = copy.deepcopy(opt.means)
    assert explain(x * x, optimiser=opt).kinds == []
    assert opt.means == before and opt.times == [10_000] and x.data == 1.0


@pytest.mark.parametrize(
    "program",
    [
        NET + "loss = cross_entropy(net(X), y)\noptions = dict(optimiser=optim.SGD(net, 0.1, momentum=0.9))",
        NET + "loss = cross_entropy(net(X), y)\noptions = dict(rate=0.5)",
        "x = Tensor(3.0, 'x')\nloss = x * x\n"
        "options = dict(optimiser=optim.SGD([x], lambda step: 0.4 if step else 1.2))",  # the first step alone rises
        "x = Tensor(0.0, 'x')\nloss = x * x + 1\noptions = dict(optimiser=optim.Adam([x], 0.1))",
        "x = Tensor([1.0, 2.0], 'x')\nloss = -(x * x).sum()\noptions = dict(rate=1.0)",
    ],
)
def test_a_rate_that_will_do_is_not_spoken_of(program):
    assert explained(program).kinds == []


DIGITS = data.digits()
IMAGES, LABELS = DIGITS.images - DIGITS.images.mean(0), DIGITS.labels


@pytest.mark.parametrize("activation", [sigmoid, np.tanh, relu])
@pytest.mark.parametrize("make", [lambda net: optim.Adam(net, 0.01), lambda net: optim.SGD(net, 0.1, 0.9)])
def test_a_training_that_goes_well_is_silent_all_along(activation, make):
    net = nn.MLP((64, 32, 10), activation, rng=np.random.default_rng(0))
    opt, norms = make(net), GradientNorms(net)
    for epoch in range(3):
        for i in range(0, len(IMAGES), 64):
            loss = cross_entropy(net(IMAGES[i : i + 64]), LABELS[i : i + 64])
            if i % 512 == 0:
                assert explain(loss, net, optimiser=opt).kinds == [], (epoch, i)
            opt.zero_grad()
            loss.backward()
            norms(loss)
            opt.step()
    assert norms.older is None and "zero_grad" not in str(norms) and "has risen" not in str(norms)


def test_gradient_norms_says_that_the_loss_rises():
    x = Tensor(3.0, "x")
    norms = GradientNorms([x])
    opt = optim.SGD([x], 1.2, callback=norms)
    for _ in range(8):
        loss = x * x
        opt.zero_grad()
        loss.backward()
        opt.step(loss)
    assert "The loss has risen: explain(loss, optimiser=optimiser) tries smaller rates." in " ".join(str(norms).split())


@pytest.mark.parametrize("options", [{"optimiser": 3.0}, {"optimiser": [Tensor(1.0)]}])
def test_what_is_no_optimiser_is_refused(options):
    with pytest.raises(TypeError, match="optimiser is an Optimiser, or a list of them, not"):
        explain(Tensor(1.0) * 2, **options)


@pytest.mark.parametrize("rate", [0, -1.0, "fast", np.inf])
def test_a_rate_is_above_zero(rate):
    with pytest.raises(ValueError, match="a rate is a number above 0"):
        explain(Tensor(1.0) * 2, rate=rate)
