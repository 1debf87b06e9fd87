"""A network of two layers, trained for a few steps: a program to draw, to walk through and to step through."""

import argparse

import numpy as np

from tinygrad_edu import Tensor, constant, cross_entropy, optim, sigmoid

p = argparse.ArgumentParser(description=__doc__)
p.add_argument("--steps", type=int, default=20, help="how many steps of gradient descent (default: 20)")
options = p.parse_args()

rng = np.random.default_rng(0)
X = constant(rng.normal(size=(30, 2)), name="X")  # 30 points in the plane: an example is a row
labels = (X.data[:, 0] > X.data[:, 1]).astype(int)  # the class of each

A = Tensor(rng.normal(size=(2, 4)), name="A")
B = Tensor(rng.normal(size=(4, 2)), name="B")
optimiser = optim.SGD([A, B], rate=1.0)

for _ in range(options.steps):
    H = sigmoid(X @ A)
    logits = H @ B
    R = cross_entropy(logits, labels)
    optimiser.zero_grad()
    R.backward()
    optimiser.step()

right = (logits.argmax(1) == labels).mean()
print(f"loss {R:.3f}, {100 * right:.0f} % right")
