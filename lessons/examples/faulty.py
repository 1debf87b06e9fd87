"""A network that does not learn.  Three faults are planted in it: stepping.md finds them."""

import numpy as np

from tinygrad_edu import Tensor, constant, cross_entropy, elementwise, optim, scope, sqrt, tanh


@elementwise(r"\varphi($x)", x=lambda g: g)
def softsign(x):
    """x / (1 + |x|)."""
    return x / (1 + np.abs(x))


rng = np.random.default_rng(0)
X = constant(rng.normal(size=(60, 2)), name="X")
labels = (X.data[:, 0] * X.data[:, 1] > 0).astype(int)

W1 = Tensor(rng.normal(size=(2, 8)), name="W1")
b1 = Tensor(np.zeros(8), name="b1")
W2 = Tensor(10 * rng.normal(size=(8, 8)), name="W2")
W3 = Tensor(rng.normal(size=(8, 2)), name="W3")
optimiser = optim.SGD([W1, b1, W2, W3], rate=0.1)

for _ in range(200):
    with scope("first"):
        v1 = X @ W1 + b1
        a1 = softsign(v1)
    with scope("second"):
        v2 = a1 @ W2
        a2 = tanh(v2)
    logits = a2 @ W3
    penalty = 0.001 * sqrt((b1 * b1).sum())
    loss = cross_entropy(logits, labels) + penalty
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

right = (logits.argmax(1) == labels).mean()
print(f"loss {loss:.3f}, {100 * right:.0f} % right")
