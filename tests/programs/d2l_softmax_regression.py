"""In d2l's spelling: softmax regression and an MLP from scratch; the imports differ."""

import numpy as np

import tinygrad_edu as torch

rng = np.random.default_rng(0)
num_inputs, num_outputs, num_hiddens = 4, 3, 16
X = rng.normal(size=(90, num_inputs))
y = np.argmax(X[:, :3] + 0.1 * rng.normal(size=(90, 3)), axis=1)

W1 = torch.Tensor(rng.normal(size=(num_inputs, num_hiddens)) * 0.3, requires_grad=True)
b1 = torch.Tensor(np.zeros(num_hiddens), requires_grad=True)
W2 = torch.Tensor(rng.normal(size=(num_hiddens, num_outputs)) * 0.3, requires_grad=True)
b2 = torch.Tensor(np.zeros(num_outputs), requires_grad=True)
params = [W1, b1, W2, b2]


def softmax(X):
    X_exp = torch.exp(X)
    partition = X_exp.sum(1, keepdims=True)
    return X_exp / partition


def relu(X):
    return torch.maximum(X, 0)


def net(X):
    X = X.reshape((-1, num_inputs))
    H = relu(torch.matmul(X, W1) + b1)
    return softmax(torch.matmul(H, W2) + b2)


def cross_entropy(y_hat, y):
    return -torch.log(y_hat[list(range(len(y_hat))), y])


def accuracy(y_hat, y):
    y_hat = y_hat.argmax(axis=1)
    return float((y_hat == y).sum()) / len(y)


start = cross_entropy(net(X), y).mean().item()
for _ in range(150):
    l = cross_entropy(net(X), y)
    l.mean().backward()
    for param in params:
        param.data -= 0.5 * param.grad
        param.grad.zero_()
end = cross_entropy(net(X), y).mean()
print(f"loss {start:.3f} -> {float(end):.3f}, accuracy {accuracy(net(X), y):.2f}")
assert accuracy(net(X), y) > 0.95

# What a softmax passes on is known: the difference to the targets.
y_hat = net(X)
cross_entropy(y_hat, y).mean().backward()
assert np.allclose(b2.grad, (y_hat.data - np.eye(3)[y]).mean(0))
