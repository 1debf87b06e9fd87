"""In d2l's spelling: linear regression from scratch, sgd under no_grad().  The imports differ."""

import random

import numpy as np

import tinygrad_edu as torch

rng = np.random.default_rng(0)
random.seed(0)
true_w = np.array([2, -3.4])
true_b = 4.2
features = rng.normal(size=(200, 2))
labels = (features @ true_w + true_b + rng.normal(0, 0.01, 200)).reshape(-1, 1)


def data_iter(batch_size, features, labels):
    num_examples = len(features)
    indices = list(range(num_examples))
    random.shuffle(indices)
    for i in range(0, num_examples, batch_size):
        batch_indices = np.array(indices[i : min(i + batch_size, num_examples)])
        yield features[batch_indices], labels[batch_indices]


w = torch.Tensor(rng.normal(0, 0.01, size=(2, 1)), requires_grad=True)
b = torch.Tensor(np.zeros(1), requires_grad=True)


def linreg(X, w, b):
    return torch.matmul(X, w) + b


def squared_loss(y_hat, y):
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2


def sgd(params, lr, batch_size):
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()


lr, num_epochs, batch_size = 0.1, 4, 10
for epoch in range(num_epochs):
    for X, y in data_iter(batch_size, features, labels):
        l = squared_loss(linreg(X, w, b), y)
        l.sum().backward()
        sgd([w, b], lr, batch_size)
    with torch.no_grad():
        train_l = squared_loss(linreg(features, w, b), labels)
        print(f"epoch {epoch + 1}, loss {float(train_l.mean()):f}")

print(f"error of w: {true_w - w.reshape(true_w.shape)}")
solution = np.linalg.lstsq(np.c_[features, np.ones(200)], labels, rcond=None)[0].ravel()
assert np.allclose(np.append(w.data.ravel(), b.data), solution, atol=2e-3)
