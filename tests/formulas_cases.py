"""The systems of the five hand-ins, recorded: 94 gradients that a formula is asked for."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant, log, log_sigmoid, sigmoid, softmax
from tinygrad_edu.op import OPS, elementwise

RNG = np.random.default_rng(7)


def phi(x):
    """Some activation: a layer's function, about which nothing is known."""
    if "phi" not in OPS:
        elementwise(r"\varphi($x)", x=lambda g, x: g * (1 - np.tanh(x) ** 2))(_phi)
    return OPS["phi"].public(x)


def _phi(x):
    """Some activation, which is tanh."""
    return np.tanh(x)


_phi.__name__ = "phi"


def leaf(name, *shape):
    return Tensor(RNG.normal(0, 0.8, shape), name)


def data(name, *shape):
    return constant(RNG.normal(0, 0.8, shape), name)


def distribution(name, *shape, axis=-1):
    x = RNG.uniform(0.2, 1, shape)
    return constant(x / x.sum(axis, keepdims=True), name)


def named(x, name):
    x.name = name
    return x


def scalar():
    """A sigmoid by its definition, the logarithm of a sigmoid, and a bilinear form."""
    z = Tensor(0.7, "z")
    yield "S2.18", 1 / (1 + np.exp(-z)), {"z": z}, {}
    yield "S1.logsig", log_sigmoid(z), {"z": z}, {}
    a, X, b = leaf("a", 3), leaf("X", 3, 4), leaf("b", 4)
    yield "S1.aXb", a @ X @ b, {"X": X, "b": b, "a": a}, {}


def skip_gram():
    """Negative sampling with a matrix between: in words, and in matrix form."""
    u, v_c, C, W = leaf("u", 4), leaf("v_c", 4), leaf("C_bar", 3, 4), leaf("W", 4, 4)
    q_c, q = data("q_c"), data("q_bar", 3)
    wrt = {"u": u, "v_c": v_c, "C": C, "W": W}
    yield "S0.1", -log(sigmoid(v_c @ W @ u - q_c)) - log(sigmoid(q - C @ W @ u)).sum(), wrt, {}
    yield "S1.1", -log(sigmoid(v_c @ W @ u)) - log(sigmoid(-(C @ W @ u))).sum(), wrt, {}
    V, q, delta = leaf("V", 5, 4), leaf("q", 5), data("delta", 5)
    t = named(V @ W @ u - q, "t")
    J = -(delta * log_sigmoid(t) + (1 - delta) * log_sigmoid(-t)).sum()
    yield "S0.2", J, {"t": t, "u": u, "V": V, "W": W, "q": q}, {}
    yield "S0.2x", J, {"u": u, "V": V, "W": W, "q": q}, {"expand": True}


def families():
    """The same with n separate vectors."""
    u, v_c, W = leaf("u", 4), leaf("v_c", 4), leaf("W", 4, 4)
    v = [leaf(f"v_{j}", 4) for j in range(1, 4)]
    J = -log(sigmoid(v_c @ W @ u))
    for vector in v:
        J = J - log(sigmoid(-(vector @ W @ u)))
    yield "S1.1u", J, {"u": u, "v_1": v[0], "W": W}, {"families": {"v": v}}


def softmaxes():
    """Cross-entropy of a softmax, and of a network of two layers."""
    s, y = leaf("s", 4), distribution("y", 4)
    g = named(softmax(s), "g")
    yield "S2.19", -(y * log(g)).sum(), {"g": g, "s": s}, {"distributions": [y]}
    yield "S2.19lse", -(y * (s - log(np.exp(s).sum()))).sum(), {"s": s}, {"distributions": [y]}
    x, A, B = leaf("x", 5), leaf("A", 3, 5), leaf("B", 4, 3)
    for case in ("S2.21", "S2.21x"):
        v = B @ sigmoid(A @ x)
        wrt = {"x": x, "A": A, "B": B}
        if case == "S2.21":
            wrt["v"] = named(v, "v")
        g = named(softmax(v), "g")
        yield case, -(y * log(g)).sum(), wrt, {"distributions": [y]}


def networks():
    """Deep networks: the delta recursion."""
    for case, widths in (("S3.sq4", (3, 4, 2, 5, 6)), ("S3.sq6", (3, 4, 2, 5, 6, 7, 4)), ("S3.softmax3", (3, 4, 2, 5))):
        x, a, wrt = data("x", 3), None, {}
        for s, (n, m) in enumerate(zip(widths, widths[1:]), 1):
            W, b = leaf(f"W({s})", m, n), leaf(f"b({s})", m)
            v = named(W @ (x if a is None else a) + b, f"v({s})")
            last = case == "S3.softmax3" and s == 3
            a = named(softmax(v) if last else phi(v), f"a({s})")
            wrt |= {f"v{s}": v, f"W{s}": W} | ({"b1": b} if s == 1 else {})
        y = distribution("y", widths[-1])
        E = -(y * log(a)).sum() if case == "S3.softmax3" else 0.5 * ((a - y) ** 2).sum()
        yield case, E, wrt, {"distributions": [y] if case == "S3.softmax3" else []}


def batches():
    """Examples as columns, and as rows."""
    X, Y, N, b = data("X", 3, 6), data("Y", 2, 6), constant(6.0, "N"), leaf("b", 4, 1)
    W1, W2 = leaf("W(1)", 4, 3), leaf("W(2)", 2, 4)
    V1 = named(W1 @ X + b, "V(1)")
    A1 = named(np.tanh(V1), "A(1)")
    V2 = named(W2 @ A1, "V(2)")
    wrt = {"V2": V2, "V1": V1, "W2": W2, "W1": W1, "b": b}
    yield "S3.batch", ((V2 - Y) ** 2).sum() / (2 * N), wrt, {}
    X, Y, m = leaf("X", 6, 3), distribution("Y", 6, 2), constant(6.0, "m")
    W1, b1, W2, b2 = leaf("W_1", 3, 4), leaf("b_1", 1, 4), leaf("W_2", 4, 2), leaf("b_2", 1, 2)
    for case in ("S4.cs", "S4.mean"):
        Z1 = named(X @ W1 + b1, "Z_1")
        H = named(sigmoid(Z1), "H")
        Z2 = named(H @ W2 + b2, "Z_2")
        P = named(softmax(Z2), "Y_hat")
        J = -(Y * log(P)).sum() / (m if case == "S4.mean" else 1)
        wrt = {"z2": Z2, "W2": W2, "b2": b2, "z1": Z1, "W1": W1, "b1": b1, "X": X}
        yield case, J, wrt, {"distributions": [Y]}


def words():
    """word2vec: softmax, negative sampling, and a bag of words."""
    v_c, U, u_o, y = leaf("v_c", 4), leaf("U", 6, 4), leaf("u_o", 4), distribution("y", 6)
    y_hat = named(softmax(U @ v_c), "y_hat")
    yield "S4.w2v", -(y * log(y_hat)).sum(), {"v_c": v_c, "U": U}, {"distributions": [y]}
    J = -log(np.exp(u_o @ v_c) / np.exp(U @ v_c).sum())
    yield "S4.w2vx", J, {"v_c": v_c, "U": U, "u_o": u_o}, {}
    J = -log_sigmoid(u_o @ v_c) - log_sigmoid(-(U @ v_c)).sum()
    yield "S4.neg", J, {"v_c": v_c, "u_o": u_o, "U": U}, {}
    V, c = leaf("V", 6, 4), data("c", 6)
    v_hat = named(V.T @ c, "v_hat")
    y_hat = named(softmax(U @ v_hat), "y_hat")
    J = tg.cross_entropy(U @ v_hat, y) if False else -(y * log(y_hat)).sum()
    yield "S4.cbow", J, {"vh": v_hat, "V": V, "U": U}, {"distributions": [y]}


def cases():
    """Each case: its name, the loss, what it is differentiated with respect to, and options of ``formula``."""
    for group in (scalar, skip_gram, families, softmaxes, networks, batches, words):
        yield from group()


def length(tree):
    """How long a formula is: names, numbers and functions count one each, ones two, and so does a sum over an index."""
    head, below = tree.head, sum(map(length, tree.args))
    if head in ("add", "subtract", "multiply", "negative", "matmul", "transpose"):
        return below
    if head == "divide":
        return below + (tree.args[0].head != "Number")
    if head == "sum":
        return below + 2
    if head == "Shape":
        return 0
    if head == "Index":
        return below if tree.args[0].head == "Shape" else 1
    return below + 1
