"""In the spelling of CS231n's SVM loss with loops; one line differs: a mask instead of margins[np.arange(N), y] = 0."""

import numpy as np

from tinygrad_edu import Tensor

np.random.seed(3)
N, D, C = 10, 5, 3
X = np.random.randn(N, D)
y = np.random.randint(C, size=N)
W = Tensor(0.3 * np.random.randn(D, C))
reg = 0.1

scores = np.dot(X, W)
correct_class_score = scores[np.arange(N), y].reshape(N, 1)
margins = np.maximum(0, scores - correct_class_score + 1)
margins = np.where(np.arange(C) == y[:, None], 0, margins)
loss = np.sum(margins) / N + reg * np.sum(W * W)

naive = 0.0
for i in range(N):
    s = np.dot(X[i], W)
    for j in range(C):
        if j != y[i]:
            naive += max(0, s[j] - s[y[i]] + 1)
naive = naive / N + reg * np.sum(W * W)
print("loss: %.6f" % loss)
assert abs(loss - naive) < 1e-12

loss.backward()
vectorised = W.grad.copy()
W.zero_grad()
naive.backward()
assert np.allclose(W.grad, vectorised)
mask = (margins.data > 0).astype(float)
mask[np.arange(N), y] = -mask.sum(axis=1)
assert np.allclose(vectorised, X.T.dot(mask) / N + 2 * reg * W.data)
