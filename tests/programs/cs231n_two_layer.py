"""In the spelling of CS231n's two-layer net: the loss, then its gradient.  The import and X.dot(W1) differ."""

import numpy as np

from tinygrad_edu import Tensor

np.random.seed(0)
N, D, H, K = 30, 4, 10, 3
params = {
    "W1": 0.5 * np.random.randn(D, H),
    "b1": np.zeros(H),
    "W2": 0.5 * np.random.randn(H, K),
    "b2": np.zeros(K),
}
X = 2 * np.random.randn(N, D)
y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
reg = 0.05

W1, b1, W2, b2 = [Tensor(params[name]) for name in ("W1", "b1", "W2", "b2")]
z1 = np.dot(X, W1) + b1
a1 = np.maximum(0, z1)
scores = a1.dot(W2) + b2
shifted = scores - np.max(scores, axis=1, keepdims=True)
exp_scores = np.exp(shifted)
probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
correct_logprobs = -np.log(probs[range(N), y])
loss = np.sum(correct_logprobs) / N + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
loss.backward()

# The backward pass as the course has it.
dscores = probs.data.copy()
dscores[range(N), y] -= 1
dscores /= N
grads = {}
grads["W2"] = a1.data.T.dot(dscores) + 2 * reg * W2.data
grads["b2"] = np.sum(dscores, axis=0)
dhidden = dscores.dot(W2.data.T)
dhidden[a1.data <= 0] = 0
grads["W1"] = X.T.dot(dhidden) + 2 * reg * W1.data
grads["b1"] = np.sum(dhidden, axis=0)
for name, p in zip(("W1", "b1", "W2", "b2"), (W1, b1, W2, b2)):
    error = np.max(np.abs(p.grad - grads[name]))
    print("%s max relative error: %e" % (name, 0.0 if error < 1e-12 else error))
    assert error < 1e-12
