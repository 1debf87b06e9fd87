"""The mistakes of beginners: equal units, a softmax twice, constants among parameters; and where nothing is wrong."""

import textwrap

import numpy as np
import pytest
from test_findings import declared, explained, ran

from tinygrad_edu.findings import explain

assert declared  # a fixture

DATA = "X, y = rng.normal(size=(20, 3)), np.array([0, 1] * 10)\n"
MORE = "X, y, t = rng.normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 2]), np.array([0.0, 1, 1, 0, 1, 0])\n"
EQUAL, TWICE, CONSTANT = "equal units", "probabilities taken for scores", "constant among parameters"

SPEAKS = {
    # A program, the kind, and words that are said.
    "all weights equal": (
        DATA
        + """
        W1, W2 = Tensor(np.full((3, 4), 0.5), "W1"), Tensor(np.full((4, 2), 0.5), "W2")
        loss = cross_entropy(np.tanh(X @ W1) @ W2, y)
        """,
        [EQUAL],
        "The 4 units of W1 are equal, and so are their gradients",
        "Start W1 and W2 from random numbers, as nn.Linear does.",
    ),
    "all weights 1, under a sigmoid": (
        DATA
        + """
        W1, W2 = Tensor(np.ones((3, 4)), "W1"), Tensor(np.ones((4, 2)), "W2")
        loss = cross_entropy(sigmoid(X @ W1) @ W2, y)
        """,
        [EQUAL],
        "Start W1 and W2 from random numbers",
    ),
    "only the first ones equal": (
        DATA
        + """
        W1, W2 = Tensor(np.full((3, 4), 0.1), "W1"), Tensor(np.array([[0.3, -0.2]] * 4), "W2")
        loss = cross_entropy(np.tanh(X @ W1) @ W2, y)
        """,
        [EQUAL],
        "every step leaves them equal. The layer is worth a single unit. Start W1 from random numbers",
    ),
    "equal units of a regression": (
        DATA
        + """
        W1, w2 = Tensor(np.full((3, 5), 0.2), "W1"), Tensor(np.full(5, 0.2), "w2")
        loss = ((np.tanh(X @ W1) @ w2 - y) ** 2).mean()
        """,
        [EQUAL],
        "The 5 units of W1",
    ),
    "equal units with biases, of which nothing is said": (
        DATA
        + """
        W1, b1 = Tensor(np.full((3, 4), 0.5), "W1"), Tensor(np.zeros(4), "b1")
        W2, b2 = Tensor(np.full((4, 2), 0.5), "W2"), Tensor(np.zeros(2), "b2")
        loss = cross_entropy(np.tanh(X @ W1 + b1) @ W2 + b2, y)
        """,
        [EQUAL],
        "Start W1 and W2",
    ),
    "equal units, examples as columns": (
        DATA
        + """
        W1, W2 = Tensor(np.full((4, 3), 0.5), "W1"), Tensor(np.full((2, 4), 0.5), "W2")
        loss = cross_entropy(W2 @ np.tanh(W1 @ X.T), y, axis=0)
        """,
        [EQUAL],
        "The 4 units of W1",
    ),
    "equal layers of a module": (
        DATA
        + """
        net = nn.MLP([3, 4, 2], np.tanh, rng=rng)
        for p in net.parameters():
            p.data = np.full(p.shape, 0.1)
        loss = cross_entropy(net(X), y)
        of = [net]
        """,
        [EQUAL],
        "The 4 units of W(1)",
    ),
    "three layers of equal units": (
        DATA
        + """
        W1, W2 = Tensor(np.full((3, 4), 0.3), "W1"), Tensor(np.full((4, 4), 0.3), "W2")
        W3 = Tensor(np.full((4, 2), 0.3), "W3")
        loss = cross_entropy(np.tanh(np.tanh(X @ W1) @ W2) @ W3, y)
        """,
        [EQUAL],
        "The units of W1 and W2 are equal to each other",
        "Start W1, W2 and W3",
    ),
    "equal filters": (
        """
        X, y = rng.normal(size=(6, 1, 6, 6)), np.array([0, 1, 2] * 2)
        K, V = Tensor(np.full((4, 1, 3, 3), 0.1), "K"), Tensor(np.full((64, 3), 0.1), "V")
        h = relu(conv2d(X, K))
        loss = cross_entropy(h.reshape(6, -1) @ V, y)
        """,
        [EQUAL],
        "The 4 units of K",
    ),
    "a recurrent network whose units are equal, and are read out alike": (
        """
        W, U, V = Tensor(np.full((4, 4), 0.2), "W"), Tensor(np.full((4, 2), 0.2), "U"), Tensor(np.ones(4), "V")
        X, h = rng.normal(size=(6, 2)), np.zeros(4)
        for t in range(6):
            h = np.tanh(W @ h + U @ X[t])
        loss = (V @ h - 1.0) ** 2
        """,
        [EQUAL],
        "The units of W and U are equal to each other",
    ),
    "a shift that only these weights hide": (
        """
        b, V = Tensor([0.1, 0.2], "b"), Tensor(np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]), "V")
        x = constant(rng.normal(size=(5, 2)), "x")
        loss = cross_entropy((x + b) @ V, np.array([0, 1, 2, 0, 1]))
        """,
        ["does not depend"],
        "loss does not depend on b: moved at random by about 1 and by about 10, it changes nothing",
        "With other numbers in V it does depend on it.",
    ),
    "softmax, then cross_entropy": (
        MORE
        + """
        W = Tensor(rng.normal(size=(4, 3)), "W")
        p = softmax(X @ W)
        loss = cross_entropy(p, y)
        """,
        [TWICE],
        "cross_entropy takes scores and applies a softmax itself, in line 4",
        "is given probabilities already, p = softmax(X @ W): they sum to 1 along axis 1",
        "gives none of the 3 classes more than 0.576",
        "Give it the scores: cross_entropy(X @ W, y).",
    ),
    "a softmax by hand, then cross_entropy": (
        MORE
        + """
        W = Tensor(rng.normal(size=(4, 3)), "W")
        e = np.exp(X @ W)
        p = e / e.sum(axis=1, keepdims=True)
        loss = cross_entropy(p, y)
        """,
        [TWICE],
        "cross_entropy(X @ W, y).",
    ),
    "softmax of softmax": (
        MORE
        + """
        W = Tensor(rng.normal(size=(4, 3)), "W")
        a = softmax(X @ W)
        p = softmax(a)
        loss = -log(p[np.arange(6), y]).mean()
        """,
        [TWICE],
        "softmax makes probabilities of scores, in line 4, and is given probabilities already, a = softmax(X @ W)",
    ),
    "log_softmax of softmax": (
        MORE
        + """
        W = Tensor(rng.normal(size=(4, 3)), "W")
        loss = -log_softmax(softmax(X @ W))[np.arange(6), y].mean()
        """,
        [TWICE],
        "log_softmax(X @ W)",
    ),
    "sigmoid, then with logits": (
        MORE
        + """
        w = Tensor(rng.normal(size=4), "w")
        p = sigmoid(X @ w)
        loss = binary_cross_entropy_with_logits(p, t)
        """,
        [TWICE],
        "binary_cross_entropy_with_logits takes scores and applies a sigmoid itself",
        "they lie between 0 and 1",
        "A sigmoid of them lies between 0.5 and 0.731",
        "binary_cross_entropy_with_logits(X @ w, t).",
    ),
    "a sigmoid by hand, then with logits": (
        MORE
        + """
        w = Tensor(rng.normal(size=4), "w")
        p = 1 / (1 + np.exp(-(X @ w)))
        loss = binary_cross_entropy_with_logits(p, t)
        """,
        [TWICE],
        "binary_cross_entropy_with_logits(X @ w, t).",
    ),
    "sigmoid, then cross_entropy": (
        MORE
        + """
        W = Tensor(rng.normal(size=(4, 3)), "W")
        loss = cross_entropy(sigmoid(X @ W), y)
        """,
        [TWICE],
        "cross_entropy(X @ W, y).",
    ),
    "a sigmoid twice": (
        MORE
        + """
        w = Tensor(rng.normal(size=4), "w")
        p = sigmoid(sigmoid(X @ w))
        loss = binary_cross_entropy(p, t)
        """,
        [TWICE],
        "sigmoid(X @ w).",
    ),
    "log_softmax, then cross_entropy, which is not wrong": (
        MORE
        + """
        W = Tensor(rng.normal(size=(4, 3)), "W")
        l = log_softmax(X @ W)
        loss = cross_entropy(l, y)
        """,
        [TWICE],
        "which are logarithms of probabilities already",
        "so log_softmax is not needed and changes nothing.",
    ),
    "columns": (
        MORE
        + """
        W = Tensor(rng.normal(size=(3, 4)), "W")
        P = softmax(W @ X.T, axis=0)
        loss = cross_entropy(P, y, axis=0)
        """,
        [TWICE],
        "they sum to 1 along axis 0",
        "cross_entropy(W @ X.T, y, axis=0).",
    ),
    "a module's softmax": (
        MORE
        + """
        net = nn.MLP([4, 8, 3], np.tanh, rng=rng)
        loss = cross_entropy(softmax(net(X)), y)
        of = [net]
        """,
        [TWICE],
        "cross_entropy(net(X), y).",
    ),
    "a loss of one's own that says that it takes logits": (
        MORE
        + """
        @op(logits=lambda g, logits, target: g * (sigmoid(logits) - target))
        def own_loss(logits, target):
            return np.sum(np.logaddexp(0, logits) - target * logits)
        w = Tensor(rng.normal(size=4), "w")
        loss = own_loss(sigmoid(X @ w), t)
        """,
        [TWICE],
        "own_loss takes scores",
    ),
    "W2 is a constant": (
        DATA
        + """
        W1, b1 = Tensor(rng.normal(size=(3, 8)), "W1"), Tensor(np.zeros(8), "b1")
        W2, b2 = constant(rng.normal(size=(8, 8)) / 3, "W2"), Tensor(np.zeros(8), "b2")
        W3 = Tensor(rng.normal(size=(8, 2)), "W3")
        loss = cross_entropy(np.tanh(np.tanh(X @ W1 + b1) @ W2 + b2) @ W3, y)
        """,
        [CONSTANT],
        "W2 is a constant in np.tanh(X @ W1 + b1) @ W2, in line 5, so no gradient comes to it",
        "while W1 and W3 are trained. If it is to be trained, make it a Tensor: W2 = Tensor(W2).",
    ),
    "the first layer is a constant": (
        """
        X, y = constant(rng.normal(size=(20, 3)), "X"), np.array([0, 1] * 10)
        W1, W2 = constant(rng.normal(size=(3, 8)) / 3, "W1"), Tensor(rng.normal(size=(8, 2)), "W2")
        loss = cross_entropy(np.tanh(X @ W1) @ W2, y)
        """,
        [CONSTANT],
        "W1 is a constant in X @ W1, in line 3",
        "while W2 is trained",
    ),
    "a plain array in a loop": (
        DATA
        + """
        Ws = [Tensor(rng.normal(size=(3, 8)), "A"), rng.normal(size=(8, 8)) / 3, Tensor(rng.normal(size=(8, 2)), "C")]
        a = constant(X, "X")
        for W in Ws:
            v = a @ W
            a = np.tanh(v)
        loss = cross_entropy(v, y)
        """,
        [CONSTANT],
        "W is a plain array in v_2 = a @ W",
        "while other passes of this line have a parameter there, A and C.",
    ),
    "a layer whose bias alone is trained": (
        DATA
        + """
        A, b = Tensor(rng.normal(size=(3, 8)), "A"), Tensor(np.zeros(8), "b")
        B, c = rng.normal(size=(8, 2)), Tensor(np.zeros(2), "c")
        loss = cross_entropy(np.tanh(X @ A + b) @ B + c, y)
        """,
        [CONSTANT],
        "B is a plain array",
        "while the bias that is added to it, c, is trained.",
    ),
    "the same, examples as columns": (
        DATA
        + """
        A, b = Tensor(rng.normal(size=(8, 3)), "A"), Tensor(np.zeros((8, 1)), "b")
        B, c = rng.normal(size=(2, 8)), Tensor(np.zeros((2, 1)), "c")
        loss = cross_entropy(B @ np.tanh(A @ X.T + b) + c, y, axis=0)
        """,
        [CONSTANT],
        "B is a plain array",
    ),
    "a weight's .data": (
        DATA
        + """
        W1, W2 = Tensor(rng.normal(size=(3, 8)), "W1"), Tensor(rng.normal(size=(8, 2)), "W2")
        loss = cross_entropy(np.tanh(X @ W1) @ W2.data, y)
        """,
        [CONSTANT],
        "Write W2 in place of W2.data.",
    ),
}

SILENT = {
    "softmax regression from zeros": DATA + """
        W = Tensor(np.zeros((3, 3)), "W")
        loss = cross_entropy(X @ W, np.array([0, 1, 2, 0] * 5))
        """,
    "logistic regression from zeros": DATA + """
        w, b = Tensor(np.zeros(3), "w"), Tensor(0.0, "b")
        loss = binary_cross_entropy_with_logits(X @ w + b, y * 1.0)
        """,
    "equal weights of units that get other gradients": DATA + """
        W1, W2 = Tensor(np.full((3, 4), 0.5), "W1"), Tensor(rng.normal(size=(4, 2)), "W2")
        loss = cross_entropy(np.tanh(X @ W1) @ W2, y)
        """,
    "a gain of ones and a shift of zeros": DATA + """
        gain, shift, W = Tensor(np.ones(3), "gain"), Tensor(np.zeros(3), "shift"), Tensor(rng.normal(size=(3, 2)), "W")
        loss = cross_entropy((layer_norm(X) * gain + shift) @ W, y)
        """,
    "scores of all kinds": MORE + """
        W, w = Tensor(rng.normal(size=(4, 3)), "W"), Tensor(rng.normal(size=4), "w")
        loss = cross_entropy(X @ W, y) - log(softmax(X @ W))[np.arange(6), y].mean()
        loss = loss + binary_cross_entropy(sigmoid(X @ w), t) + binary_cross_entropy_with_logits(X @ w, t)
        """,
    "scores that happen to lie between 0 and 1": """
        s = Tensor(rng.uniform(0.2, 0.8, (4, 3)), "s")
        loss = cross_entropy(s * 1.0, np.array([0, 1, 2, 0]))
        """,
    "an attention, then a classifier": MORE + """
        Q, V = Tensor(rng.normal(size=(4, 4)), "Q"), Tensor(rng.normal(size=(4, 3)), "V")
        A = softmax(X @ Q @ X.T)
        loss = cross_entropy(A @ X @ V, y)
        """,
    "a sigmoid layer before the scores": MORE + """
        W, V = Tensor(rng.normal(size=(4, 5)), "W"), Tensor(rng.normal(size=(5, 3)), "V")
        loss = cross_entropy(sigmoid(X @ W) @ V, y)
        """,
    "a norm of probabilities": MORE + """
        Q, V = Tensor(rng.normal(size=(4, 6)), "Q"), Tensor(rng.normal(size=(6, 3)), "V")
        loss = cross_entropy(layer_norm(softmax(X @ Q)) @ V, y)
        """,
    "a temperature": MORE + """
        W = Tensor(rng.normal(size=(4, 3)), "W")
        loss = cross_entropy(log_softmax(X @ W) / 2.0, y)
        """,
    "a chain of sigmoids": """
        x = Tensor([0.3, -0.2], "x")
        for _ in range(4):
            x = sigmoid(x)
        loss = (x * [1.0, 2.0]).sum()
        """,
    "a gate": MORE + """
        W, U = Tensor(rng.normal(size=(4, 3)), "W"), Tensor(rng.normal(size=(4, 3)), "U")
        loss = cross_entropy(sigmoid(X @ W) * np.tanh(X @ U), y)
        """,
    "a graph's neighbours": DATA + """
        A = (rng.random((20, 20)) > 0.8) + np.eye(20)
        A = A / A.sum(1, keepdims=True)
        W1, b1 = Tensor(rng.normal(size=(3, 8)) / 2, "W1"), Tensor(np.zeros(8), "b1")
        W2, b2 = Tensor(rng.normal(size=(8, 2)) / 3, "W2"), Tensor(np.zeros(2), "b2")
        loss = cross_entropy(A @ (np.tanh(A @ X @ W1 + b1) @ W2) + b2, y)
        """,
    "random features": DATA + """
        R = rng.normal(size=(3, 20))
        W, b = Tensor(rng.normal(size=(20, 2)) / 5, "W"), Tensor(np.zeros(2), "b")
        loss = cross_entropy(np.tanh(X @ R) @ W + b, y)
        """,
    "a readout of ones": DATA + """
        W, b = Tensor(rng.normal(size=(3, 8)) / 2, "W"), Tensor(np.zeros(8), "b")
        loss = ((np.tanh(X @ W + b) @ np.ones(8) - y) ** 2).mean()
        """,
    "an attention to data": DATA + """
        Q, K = Tensor(rng.normal(size=(3, 3)), "Q"), Tensor(rng.normal(size=(3, 3)), "K")
        A = softmax((X @ Q) @ (X @ K).T)
        loss = ((A @ X - X) ** 2).mean()
        """,
    "inputs x1 and x2, of which one is asked about": """
        w1, w2, b = Tensor(0.5, "w1"), Tensor(-0.3, "w2"), Tensor(0.1, "b")
        x1, x2 = constant([2.0, 1.0], "x1"), Tensor([3.0, 2.0], "x2")
        loss = ((sigmoid(w1 * x1 + w2 * x2 + b) - 1) ** 2).sum()
        """,
    "a first state that is data": DATA + """
        W, U = Tensor(rng.normal(size=(4, 4)) / 2, "W"), Tensor(rng.normal(size=(4, 3)) / 2, "U")
        b = Tensor(np.zeros(4), "b")
        h = constant(np.zeros(4), "h0")
        for t in range(5):
            h = np.tanh(W @ h + U @ X[t] + b)
        loss = ((h - 0.5) ** 2).sum()
        """,
    "a target that does not move": DATA + """
        W = Tensor(rng.normal(size=(3, 3)), "W")
        a, b = np.tanh(X @ W), np.tanh((X + 0.1) @ W).detach()
        loss = ((a - b) ** 2).mean()
        """,
    "a minimum of x squared": """
        x = Tensor([0.0, 0.0], "x")
        loss = (x * x).sum() + 1
        """,
}  # fmt: skip


def program(text):
    """Its lines, each dedented: the data stand before it."""
    first, _, rest = text.partition("\n")
    return f"{first}\n{textwrap.dedent(rest).lstrip()}" if first.strip() else text


@pytest.mark.parametrize("case", SPEAKS)
def test_it_speaks(case):
    text, kinds, *words = SPEAKS[case]
    found = explained(program(text))
    assert found.kinds == kinds
    for said in words:
        assert said in found[0].words


@pytest.mark.parametrize("case", SILENT)
def test_it_is_silent(case):
    found = explained(program(SILENT[case]))
    assert found.kinds == [] and not found.skipped


@pytest.mark.parametrize("case", [case for case, (_, kinds, *_) in SPEAKS.items() if kinds == [TWICE]])
def test_what_is_to_be_given_is_what_the_probabilities_were_made_of(case):
    text, _, *_ = SPEAKS[case]
    text = program(text)
    (found,) = explained(text)
    (remedy,) = found.remedies
    lines = text.split("\n")
    start, end = remedy.place.columns
    line = lines[remedy.place.line - 1]
    lines[remedy.place.line - 1] = line[:start] + remedy.code + line[end:]
    variables = ran("\n".join(lines))
    assert explain(variables["loss"]).kinds == []


@pytest.mark.parametrize("case", [case for case, (_, kinds, *_) in SPEAKS.items() if kinds == [EQUAL]])
def test_equal_units_stay_equal_when_they_are_trained(case):
    """What is said of them is so: after a step they are equal still."""
    variables = ran(program(SPEAKS[case][0]))
    loss = variables["loss"]
    node = explain(loss)[0].node
    leaf = next(v for v in gathered(variables) if v.node is node)
    loss.backward()
    leaf.data = leaf.data - 0.5 * leaf.grad
    units = explain(loss)[0].numbers["units"]
    assert any(n == units and np.ptp(leaf.data, axis).max() <= 1e-12 for axis, n in enumerate(leaf.shape))


def gathered(variables):
    """All tensors of a program, those of its network too."""
    yield from (v for v in variables.values() if hasattr(v, "node"))
    if "net" in variables:
        yield from variables["net"].parameters()
