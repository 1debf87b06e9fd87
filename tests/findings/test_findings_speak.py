"""Where ``explain`` speaks: a program, and the kind and some words of what is found in its ``loss``."""

import numpy as np
import pytest
from test_findings import declared, explained

from tinygrad_edu import OPS

assert declared  # a fixture

SPEAKS = {
    "log of a sigmoid that is 0": """
        v = Tensor([-800.0, 1.0], 'v')
        loss = -log(sigmoid(v)).sum()
        ---
        log of a rounded zero: log_sigmoid(v) is
    """,
    "log of 1 - sigmoid, which is 0": """
        v = Tensor([800.0, 1.0], 'v')
        loss = -log(1 - sigmoid(v)).sum()
        ---
        log of a rounded zero: log_sigmoid(-v) is
    """,
    "log1p of -sigmoid, which is -1": """
        v = Tensor([800.0, 1.0], 'v')
        loss = -np.log1p(-sigmoid(v)).sum()
        ---
        log of a rounded zero: log_sigmoid(-v) is
    """,
    "cross-entropy of probabilities that are 1": """
        v = Tensor([800.0, 1.0], 'v')
        loss = binary_cross_entropy(sigmoid(v), np.array([0.0, 1.0]))
        ---
        log of a rounded zero: binary_cross_entropy_with_logits(v, np.array([0.0, 1.0])) computes the loss
    """,
    "a softmax by hand": """
        z = Tensor([-800.0, 1.0], 'z')
        e = np.exp(z)
        loss = -np.log2(e / e.sum())[0]
        ---
        log of a rounded zero: log_softmax(z) / np.log(2) is the logarithm
    """,
    "log of a sum of exponentials": """
        z = Tensor([-800.0, -900.0], 'z')
        loss = np.log10(np.exp(z).sum())
        ---
        log of a rounded zero: logsumexp(z)
    """,
    "log of exp": """
        z = Tensor([-800.0, -900.0], 'z')
        loss = log(np.exp(z)).sum()
        ---
        log of a rounded zero: z itself is the logarithm
    """,
    "a product of probabilities": """
        z = Tensor(rng.normal(size=(500, 5)), 'z')
        p = softmax(z)[:, 0]
        loss = -log(p.prod())
        ---
        log of a rounded zero: np.sum(np.log(p)) is the logarithm
    """,
    "a softmax, of which one is picked": """
        z = Tensor([-800.0, 1.0], 'z')
        p = softmax(z)
        q = p[0] * 0.5
        loss = -log(q)
        ---
        log of a rounded zero: log_softmax(z)
    """,
    "one less, twice": """
        x = Tensor([-800.0, 1.0], 'x')
        loss = -np.log(1 - (1 - np.exp(x))).sum()
        ---
        log of a rounded zero: it comes from np.exp(x), and exp is never 0 itself
    """,
    "a sigmoid by hand": """
        x = Tensor([100.0, 1.0], 'x')
        s = 1 / (1 + np.exp(-x))
        loss = -log(1 - s).sum()
        ---
        log of a rounded zero: the smaller number is lost
    """,
    "xlogy of a rounded zero": """
        z = Tensor([-800.0, 1.0], 'z')
        loss = -tinygrad_edu.OPS['xlogy'].public(np.array([0.5, 0.5]), softmax(z)).sum()
        ---
        log of a rounded zero: cross_entropy(z, np.array([0.5, 0.5]))
    """,
    "log of an operation of one's own that is never 0": """
        @elementwise(never=(0,), x=lambda g, z, x: g * -2 * x * z)
        def bell(x):
            return np.exp(-x * x)
        v = Tensor([30.0, 1.0], 'v')
        loss = -log(bell(v)).sum()
        ---
        log of a rounded zero: but only by rounding, for bell is never 0 itself: bell(v).
    """,
    "log of the rest that a softmax of one class leaves": """
        z = Tensor([[0.5], [2.0]], 'z')
        loss = -log(1 - softmax(z)).sum()
        ---
        not finite: log made values that are not finite: 2 of 2 infinite.
    """,
    "log of a 0 in the data": """
        p = Tensor([0.0, 0.5], 'p')
        loss = -log(p * 2).sum()
        ---
        not finite: x = the result of multiply of shape (2,), from 0 to 1.
    """,
    "log of a probability that the data make 0": """
        z = Tensor([0.0, 0.5], 'z')
        loss = -log(softmax(z) * np.array([0.0, 1.0])).sum()
        ---
        not finite: log made values that are not finite: 1 of 2 infinite.
    """,
    "log of a difference that is 0": """
        v = Tensor([0.0, 0.5], 'v')
        loss = -log(sigmoid(v) - 0.5).sum()
        ---
        not finite: log made values that are not finite: 1 of 2 infinite.
    """,
    "a plain array with NaN in it": """
        x = Tensor([1.0, 2.0], 'x')
        w = np.array([np.nan, 1.0])
        loss = (x * w).sum()
        ---
        not finite: multiply was given values that are not finite: w, in which 1 of 2 are not finite. So loss is nan.
    """,
    "a mask that leaves nothing": """
        s = Tensor([[1.0, 2.0]], 's')
        loss = softmax(s + np.array([-np.inf, -np.inf]))[0, 0] * 2
        ---
        not finite: From infinity softmax makes NaN
    """,
    "a seed that is not finite": """
        t = Tensor([1.0], 't')
        u = t * 2
        u.register_hook(lambda g: g * np.nan)
        loss = u.sum()
        ---
        not finite: A seed or a hook made it so.
    """,
    "sqrt at 0": """
        x = Tensor([0.0, 1.0], 'x')
        loss = sqrt(x).sum()
        ---
        not finite: infinite at x[0] = 0. Keep
    """,
    "a hook that makes it 0": """
        t = Tensor([1.0], 't')
        u = t * 2
        u.register_hook(lambda g: g * 0)
        loss = (u * u).sum()
        ---
        zero gradient: a hook changed the gradient of u to 0
    """,
    "x - x": """
        x, w = Tensor([1.0, 2.0], 'x'), Tensor([1.0, 3.0], 'w')
        loss = ((x - x) + w).sum()
        ---
        zero gradient: the contributions to x from its 2 uses cancel exactly.
    """,
    "weights that are all 0": """
        W, V = Tensor([[1.0, 2.0], [0.3, 0.4]], 'W'), Tensor(np.zeros((2, 2)), 'V')
        loss = (V @ np.tanh(W) - 1).sum()
        ---
        zero gradient: because V is all zeros. Weights that are all 0
    """,
    "a factor that is 0": """
        w, b = Tensor([1.0, 2.0], 'w'), Tensor(1.0, 'b')
        mask = np.zeros(2)
        loss = (w * mask + b).sum()
        ---
        zero gradient: because mask is all zeros.
    """,
    "the other branch of where": """
        w, b = Tensor([1.0, 2.0], 'w'), Tensor([1.0, 1.0], 'b')
        loss = where(w.data > 5, w * 2, b).sum()
        ---
        zero gradient: because it chose the other value
    """,
    "the smaller of two": """
        w, b = Tensor([1.0, 2.0], 'w'), Tensor([9.0, 9.0], 'b')
        loss = np.maximum(w, b).sum()
        ---
        zero gradient: because b is larger wherever the gradient is not 0
    """,
    "clipped": """
        w = Tensor([7.0, 2.5], 'w')
        loss = w.clip(-1, 1).sum()
        ---
        zero gradient: its slope is 0 at each of
    """,
    "off where it is used": """
        w = Tensor([-1.0, 2.0, -3.0], 'w')
        h = relu(w)
        loss = h[0] + h[2]
        ---
        zero gradient: its slope is 0 at the 2 values of w whose gradient is not
    """,
    "rounded to 0 and 1": """
        z = Tensor([900.0, 0.0, 1.0], 'z')
        loss = (softmax(z) * np.array([1.0, 2.0, 3.0])).sum()
        ---
        zero gradient: rounded to 0 and 1
    """,
    "too small for a number": """
        w = Tensor([1e-200, 2e-200], 'w')
        loss = ((w * 1e-170) * 1e-170 * w).sum()
        ---
        zero gradient: too small for a number
    """,
    "a shift before a mean is taken off": """
        x, b = constant(rng.normal(size=(9, 4)), 'x'), Tensor([0.1, 2.0, 3.0, 0.5], 'b')
        v = x + b
        loss = np.tanh((v - v.mean(0)) * x).sum()
        ---
        does not depend: mean takes up what is added to all numbers
    """,
    "a scale before a norm": """
        s, W = Tensor(2.0, 's'), constant([1.0, 2.0, -1.0], 'W')
        V = s * W
        loss = (V / norm(V) * [1.0, 2.0, 3.0]).sum()
        ---
        does not depend: near its value
    """,
    "a shift that is a relu": """
        z, b = Tensor([1.0, 2.0, 4.0], 'z'), Tensor(0.5, 'b')
        loss = cross_entropy(z + relu(b * -1), 1)
        ---
        does not depend: loss does not depend on b
    """,
    "the sum of a softmax": """
        z = Tensor([1.0, 0.3, 2.0], 'z')
        loss = softmax(z).sum()
        ---
        does not depend: The values of a softmax sum to 1
    """,
    "only through a sign, and nothing else": """
        W = Tensor([1.0, 2.0], 'W')
        loss = sign(W * 2).sum()
        ---
        no derivative: W reaches loss only through sign, in line 2
    """,
    "a constant that ought to have a gradient": """
        k, W = constant(2.0, 'k'), Tensor(1.0, 'W')
        loss = k * W
        of = [k]
        ---
        does not reach: No gradient flows to k, which is a constant
    """,
    "what was computed under no_grad": """
        W = Tensor(1.0, 'W')
        with no_grad():
            loss = W * 2
        of = [{'net': [W]}]
        ---
        does not reach: loss was not computed from W
    """,
    "a target that is a column": """
        w, Y = Tensor([1.0, 2.0, 4.0], 'w'), constant([[1.0], [2.0], [3.0]], 'Y')
        loss = np.abs(w - Y).sum()
        ---
        (n, 1) against (n,): Y of shape (3, 1) and w of shape (3,)
    """,
    "a target that was reshaped before": """
        w, y = Tensor([1.0, 2.0, 4.0], 'w'), np.arange(3.0).reshape(-1, 1)
        loss = ((w - y) ** 2).mean()
        ---
        (n, 1) against (n,): y of shape (3, 1)
    """,
    "weights against a column of losses": """
        W, weights = Tensor([[1.0], [2.0]], 'W'), np.array([0.2, 0.8])
        losses = (np.eye(2) @ W) ** 2
        loss = (weights * losses).mean()
        ---
        (n, 1) against (n,): losses of shape (2, 1) and weights of shape (2,)
    """,
    "cross_entropy of columns": """
        Z, Y = Tensor(rng.normal(size=(2, 3)), 'Z'), np.array([[1.0, 0, 0], [0, 1.0, 1.0]])
        loss = cross_entropy(Z, Y)
        ---
        softmax over the wrong axis: Write cross_entropy(Z, Y, axis=0).
    """,
    "log_softmax of columns": """
        Z, Y = Tensor(rng.normal(size=(2, 3)), 'Z'), np.array([[1.0, 0, 0], [0, 1.0, 1.0]])
        loss = -(Y * log_softmax(Z)).sum()
        ---
        softmax over the wrong axis: Write log_softmax(Z, axis=0).
    """,
    "a softmax by hand over the examples": """
        Z = Tensor(rng.normal(size=(4, 3)), 'Z')
        e = np.exp(Z)
        P = e / e.sum(axis=0)
        loss = -log(P[np.arange(4), [0, 1, 1, 2]]).mean()
        ---
        softmax over the wrong axis: picks one class of axis 1 for each of the 4 examples
    """,
    "norms of rows under columns": """
        X = Tensor(rng.normal(size=(4, 4)), 'X')
        loss = ((X / np.linalg.norm(X, axis=1)) ** 3).sum()
        ---
        mean over the wrong axis: the norm of each row divides a column
    """,
    "sums of rows under columns": """
        Z = Tensor(rng.normal(size=(4, 4)), 'Z')
        e = np.exp(Z)
        P = e / e.sum(axis=1)
        loss = -log(P[np.arange(4), [0, 1, 1, 2]]).mean()
        ---
        mean over the wrong axis: the sum of each row divides a column
    """,
    "the mean over the classes, then the sum": """
        Z, Y = Tensor(rng.normal(size=(2, 3)), 'Z'), np.eye(3)[[0, 1]]
        loss = -(Y * log(softmax(Z))).mean(axis=1).sum()
        ---
        mean over the wrong axis: 3 times smaller
    """,
    "the sum divided by all terms": """
        Z, Y = Tensor(rng.normal(size=(2, 3)), 'Z'), np.eye(3)[[0, 1]]
        loss = -(Y * log_softmax(Z)).sum() / Y.size
        ---
        mean over the wrong axis: over all 6 terms
    """,
    "a rule with the wrong sign": """
        @elementwise(x=lambda g, x: g * np.sin(x))
        def cosine(x):
            return np.cos(x)
        loss = cosine(Tensor([1.0, 2.0], 'x')).sum()
        ---
        wrong rule: It has the wrong sign at every entry.
    """,
    "a rule of a matrix product": """
        @op(x=lambda g, y: g @ y.mT, y=lambda g, x: (g.mT @ x).mT * 2)
        def own_mm(x, y):
            return x @ y
        V = Tensor(rng.normal(size=(3, 3)), 'V')
        loss = (own_mm(V, V) ** 2).sum()
        ---
        wrong rule: It is 2 times as large at every entry: a constant factor is wrong.
    """,
    "maximum(x, 0), most of it off": """
        X, W = constant(rng.normal(size=(32, 4)), 'X'), Tensor(rng.normal(size=(4, 8)), 'W')
        b = Tensor([0, 0, -90.0, 0, 0, -90.0, 0, 0], 'b')
        loss = (np.maximum(X @ W + b, 0) ** 2).sum()
        ---
        dead: 2 of the 8 units of np.maximum(X @ W + b, 0) are dead
    """,
    "a relu of one's own, examples as columns": """
        @elementwise(x=lambda g, x: g * (x > 0))
        def ramp(x):
            return np.maximum(x, 0)
        X, W = constant(rng.normal(size=(4, 32)), 'X'), Tensor(rng.normal(size=(8, 4)), 'W')
        b = Tensor([[0], [0], [-90.0], [0], [0], [-90.0], [0], [0]], 'b')
        h = ramp(W @ X + b)
        loss = (h**2).sum()
        ---
        dead: (units 2, 5)
    """,
    "a sigmoid of one's own": """
        @elementwise(x=lambda g, x: g / (1 + np.abs(x)) ** 2)
        def softsign(x):
            return x / (1 + np.abs(x))
        v = Tensor([50.0, 60.0, 0.1], 'v')
        loss = softsign(v).sum()
        ---
        saturated: 2 of 3 values of v (67 %) lie below -5.13 or above 5.13
    """,
    "erf": """
        v = Tensor([5.0, -6.0], 'v')
        loss = erf(v).sum()
        ---
        saturated: of erf is under 3 %
    """,
    "tanh by NumPy": """
        v = Tensor([2.6, -6.0, 2.4], 'v')
        loss = np.tanh(v).sum()
        ---
        saturated: 2 of 3 values of v
    """,
    "a recurrent network that forgets": """
        W, U, h = Tensor(rng.normal(size=(8, 8)) * 0.1, 'W'), Tensor(rng.normal(size=(8, 2)) * 0.3, 'U'), np.zeros(8)
        for t in range(30):
            h = np.tanh(W @ h + U @ rng.normal(size=2))
        loss = (h * h).sum()
        ---
        vanishing: One matrix is used again and again
    """,
}


NEVER = [op for op in OPS.values() if op.never]


@pytest.mark.parametrize("op", NEVER, ids=[op.name for op in NEVER])
def test_bounds_are_reached_by_rounding_only(op):
    far, near = np.array([-2000.0, 2000.0]), np.random.default_rng(0).normal(size=50)
    with np.errstate(all="ignore"):
        assert all(bound in op.forward(*op.arguments(far)) for bound in op.never)
        assert not np.isin(op.forward(*op.arguments(near)), op.never).any()


@pytest.mark.parametrize("case", SPEAKS)
def test_it_speaks(case):
    program, said = SPEAKS[case].split("        ---\n")
    kind, _, words = said.strip().partition(": ")
    found = explained(program)
    assert found.kinds == [kind]
    assert words in found[0].words
