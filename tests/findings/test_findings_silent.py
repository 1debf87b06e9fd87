"""Where ``explain`` is silent, although one might think that it spoke: each of these programs is right."""

import pytest
from test_findings import declared, explained

assert declared  # a fixture

SILENT = {
    "a mask of an attention": """
        S = Tensor(rng.normal(size=(4, 4)), 'S')
        mask = np.where(np.tri(4) > 0, 0, -np.inf)
        loss = (softmax(S + mask) @ rng.normal(size=(4, 2)) ** 2).sum()
    """,
    "log of what is small but there": """
        v = Tensor([-700.0, 30.0], 'v')
        loss = -log(sigmoid(v)).sum()
    """,
    "a gradient that is 0 in part": """
        w = Tensor([-1.0, 2.0], 'w')
        loss = relu(w).sum()
    """,
    "an optimum that is not exact": """
        X, y = rng.normal(size=(32, 4)), rng.normal(size=32)
        w = Tensor(np.linalg.lstsq(X, y)[0], 'w')
        loss = ((X @ w - y) ** 2).mean()
    """,
    "a minimum": """
        m = Tensor(2.0, 'm')
        loss = (m - 1) ** 2 + (m - 3) ** 2
    """,
    "the minimum of a mean": """
        m = Tensor(2.0, 'm')
        loss = ((m - np.array([1.0, 2.0, 3.0])) ** 2).sum()
    """,
    "classes that are balanced": """
        b, x = Tensor(0.0, 'b'), np.zeros(4)
        loss = binary_cross_entropy_with_logits(x + b, np.array([1.0, 1.0, 0.0, 0.0]))
    """,
    "a bias for each class": """
        z, b = Tensor([1.0, 2.0, 4.0], 'z'), Tensor([0.1, 0.2, 0.3], 'b')
        loss = cross_entropy(z + b, 1)
    """,
    "running sums of a softmax": """
        x = Tensor([-1.0, 0.0, 2.0, 1.0], 'x')
        loss = (np.cumsum(softmax(x)) * [1.0, 3.0, 2.0, 0.5]).sum()
    """,
    "a sign of data": """
        x, w = constant([1.0, -2.0], 'x'), Tensor([1.0, 1.0], 'w')
        loss = (sign(x) * w).sum()
    """,
    "all are reached": """
        net = nn.MLP([3, 4, 2], rng=rng)
        loss = cross_entropy(net(rng.normal(size=(5, 3))), rng.integers(0, 2, 5))
        of = [net]
    """,
    "an interior tensor is reached": """
        W = Tensor([1.0, 2.0], 'W')
        h = W * 2
        loss = (h * h).sum()
        of = [h]
    """,
    "relu at 0, and log where it is steep": """
        @elementwise(x=lambda g, x: g * (x > 0))
        def ramp(x):
            return np.maximum(x, 0)
        @elementwise(x=lambda g, x: g / x)
        def ln(x):
            return np.log(x)
        loss = ramp(Tensor([-1.0, 0.0, 1e-7, 1.0])).sum() + ln(Tensor([1e-3, 1.0, 1e3])).sum()
    """,
    "a right rule in float32": """
        @elementwise(x=lambda g, x: g * np.cos(x))
        def sine(x):
            return np.sin(np.asarray(x, np.float32))
        loss = sine(Tensor(rng.normal(size=1000).astype(np.float32))).sum()
    """,
    "right rules of matrices": """
        @op(x=lambda g, y: g @ y.mT, y=lambda g, x: x.mT @ g)
        def own_mm(x, y):
            return x @ y
        V = Tensor(rng.normal(size=(5, 5)), 'V')
        loss = (own_mm(own_mm(V, V), V) ** 2).sum()
    """,
    "all pairs on purpose": """
        a, y = Tensor(rng.normal(size=5), 'a'), rng.normal(size=5)
        loss = ((a[:, None] - y) ** 2).mean() + ((a - y[:, None]) ** 2).mean() + ((a - y.reshape(-1, 1)) ** 2).mean()
    """,
    "all pairs, a column made before": """
        a, y = Tensor(rng.normal(size=5), 'a'), rng.normal(size=5)
        column = a[:, None]
        d = column - y
        loss = (d**2).mean()
    """,
    "all pairs, summed over one axis": """
        a, y = Tensor(rng.normal(size=(5, 1)), 'a'), rng.normal(size=5)
        d = a - y
        loss = np.exp(-(d**2)).sum(axis=1).mean()
    """,
    "a column against a column": """
        a, y = Tensor(rng.normal(size=(5, 1)), 'a'), rng.normal(size=(5, 1))
        loss = ((a - y) ** 2).mean()
    """,
    "one number against one": """
        a, y = Tensor([[1.0]], 'a'), np.array([2.0])
        loss = ((a - y) ** 2).mean()
    """,
    "a kernel": """
        a, b = Tensor(rng.normal(size=(4, 1)), 'a'), Tensor(rng.normal(size=4), 'b')
        K = np.exp(-((a - b) ** 2))
        loss = (K @ rng.normal(size=4)).sum()
    """,
    "a softmax of columns": """
        Z = Tensor(rng.normal(size=(3, 5)), 'Z')
        Y = np.eye(3)[[0, 1, 1, 2, 0]].T
        loss = -(Y * log(softmax(Z, axis=0))).sum() / 5
    """,
    "targets that sum to one both ways": """
        Z = Tensor(rng.normal(size=(3, 3)), 'Z')
        Y = np.eye(3)[[2, 0, 1]]
        loss = -(Y * log(softmax(Z, axis=0))).sum() + cross_entropy(Z, Y)
    """,
    "classes picked in columns": """
        Z = Tensor(rng.normal(size=(3, 5)), 'Z')
        loss = -log(softmax(Z, axis=0)[[0, 1, 1, 2, 0], np.arange(5)]).mean()
    """,
    "labels that are 0, 1, 2": """
        Z = Tensor(rng.normal(size=(3, 3)), 'Z')
        loss = -log(softmax(Z, axis=0)[np.arange(3), np.arange(3)]).mean()
    """,
    "an attention with dropout": """
        S = Tensor(rng.normal(size=(4, 4)), 'S')
        A = softmax(S) * (rng.random((4, 4)) > 0.5)
        loss = (A @ rng.normal(size=(4, 2))).sum()
    """,
    "means of columns": """
        X = Tensor(rng.normal(size=(4, 4)), 'X')
        loss = np.tanh((X - X.mean(axis=0)) / X.std(axis=0)).sum()
    """,
    "means of rows that are kept": """
        X = Tensor(rng.normal(size=(4, 4)), 'X')
        loss = ((X - X.mean(axis=1, keepdims=True)) ** 3).sum()
    """,
    "means of rows of what is symmetric": """
        S = rng.normal(size=(4, 4))
        X = Tensor(S + S.T, 'X')
        loss = ((X - X.mean(axis=1)) ** 3).sum()
    """,
    "sums over the classes, the mean over the examples": """
        Z, Y = Tensor(rng.normal(size=(5, 3)), 'Z'), np.eye(3)[[0, 1, 1, 2, 0]]
        L = log_softmax(Z)
        loss = -(Y * L).sum(1).mean() - (Y * L).sum() / 5 - (Y * L).mean(0).sum() - (Y * L).sum()
    """,
    "a binary cross-entropy of each label": """
        Z, Y = Tensor(rng.normal(size=(5, 3)), 'Z'), np.eye(3)[[0, 1, 1, 2, 0]]
        loss = -(Y * log(sigmoid(Z)) + (1 - Y) * log(1 - sigmoid(Z))).mean()
    """,
    "a mean of squares of probabilities": """
        Z, Y = Tensor(rng.normal(size=(5, 3)), 'Z'), np.eye(3)[[0, 1, 1, 2, 0]]
        loss = ((softmax(Z) - Y) ** 2).mean()
    """,
    "leaky_relu, all below 0": """
        X, W = constant(rng.random((32, 4)), 'X'), Tensor(-rng.random((4, 8)), 'W')
        loss = (leaky_relu(X @ W) ** 2).mean()
    """,
    "a hinge that is off for one class": """
        X, W = constant(rng.normal(size=(32, 4)), 'X'), Tensor(rng.normal(size=(4, 3)), 'W')
        v = X @ W
        loss = relu(1 - (v + np.array([0, 99.0, 0]))).sum() + (v * v).sum()
    """,
    "nine examples, for which a unit is off": """
        X, W = constant(rng.random((9, 4)), 'X'), Tensor(rng.random((4, 8)), 'W')
        b = Tensor([0, 0, -90.0, 0, 0, 0, 0, 0], 'b')
        loss = (relu(X @ W + b) ** 2).sum()
    """,
    "many units that are seldom on": """
        X, W = constant(np.eye(16), 'X'), Tensor(2 * np.eye(16)[:, :15] - 1, 'W')
        b = Tensor(np.r_[np.zeros(12), -90.0, -90.0, -90.0], 'b')
        loss = (relu(X @ W + b) ** 2).sum()
    """,
    "a logarithm of one's own, next to where it ends": """
        @elementwise(x=lambda g, x: g / x)
        def ln(x):
            return np.log(x)
        loss = (ln(Tensor([1e-9, 1.0, 2.0, 5.0], 'x')) * [1.0, 2.0, 3.0, 4.0]).sum()
    """,
    "norms of rows that are kept": """
        X = Tensor(rng.normal(size=(4, 4)), 'X')
        loss = ((X / np.linalg.norm(X, axis=1, keepdims=True)) ** 3).sum() + ((X / norm(X, axis=0)) ** 3).sum()
    """,
    "a unit of tanh that is rounded to 1": """
        X, W = constant(rng.random((20, 4)), 'X'), Tensor(rng.random((4, 8)), 'W')
        b = Tensor([0, 0, 90.0, 0, 0, 0, 0, 0], 'b')
        loss = (np.tanh(X @ W + b) ** 2).sum()
    """,
    "what grows slowly is not saturated": """
        @elementwise(x=lambda g, x: g * (1 - np.tanh(x) ** 2 + 0.0005))
        def leaky(x):
            return np.tanh(x) + 0.0005 * x
        loss = leaky(Tensor([9.0, 8.0], 'v')).sum()
    """,
    "two of five are saturated": """
        v = Tensor([9.0, 8.0, 0.7, 0.1, 4.9] * 20, 'v')
        loss = sigmoid(v).sum()
    """,
    "a logarithm undoes it": """
        v = Tensor([9.0, 8.0, 7.0], 'v')
        p = sigmoid(v)
        loss = -(log(p) + 0.5 * log(1 - p)).mean()
    """,
    "a wave is not saturated": """
        v = Tensor([50.0, 60.0, 90.0], 'v')
        loss = (np.sin(v) + np.cos(v) * 0.3 + softplus(v) + gelu(v)).sum()
    """,
    "less than half is saturated": """
        v = Tensor([9.0, 8.0, 0.7, 0.1, 4.9], 'v')
        loss = sigmoid(v).sum()
    """,
    "one step of a loop is saturated": """
        W, h = Tensor([[0.9, 0.1], [0.2, 0.8]], 'W'), np.array([0.1, 0.1])
        for t in range(6):
            h = np.tanh(W @ h + (9.0 if t == 1 else 0.3))
        loss = (h * h).sum()
    """,
    "two layers": """
        a = constant([1.0, -1.0], 'a')
        for s in range(2):
            a = np.tanh(Tensor([[0.01, 0.02], [-0.02, 0.01]], f'W{s}') @ a)
        loss = (a * [1.0, 2.0]).sum()
    """,
    "one layer of small weights among others": """
        a = constant([1.0, -1.0], 'a')
        for s in range(6):
            a = np.tanh(Tensor(np.array([[1.0, 0.2], [-0.2, 1.0]]) * (1e-4 if s == 2 else 1), f'W{s}') @ a)
        loss = (a * [1.0, 2.0]).sum()
    """,
    "a leaf alone": """
        loss = Tensor(2.0, 'loss')
    """,
    "float32": """
        W = Tensor(rng.normal(size=(4, 3)).astype(np.float32), 'W')
        loss = cross_entropy(np.tanh(rng.normal(size=(5, 4)).astype(np.float32) @ W), rng.integers(0, 3, 5))
    """,
}


@pytest.mark.parametrize("case", SILENT)
def test_it_is_silent(case):
    found = explained(SILENT[case])
    assert found.kinds == []
    assert str(found).startswith("Nothing was found in ") and not found.skipped
