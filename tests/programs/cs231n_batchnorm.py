"""In CS231n's spelling: batch normalisation, whose backward pass is an exercise there; only the import differs."""

import numpy as np

from tinygrad_edu import Tensor


def batchnorm_forward(x, gamma, beta, eps=1e-5):
    sample_mean = np.mean(x, axis=0)
    sample_var = np.var(x, axis=0)
    x_hat = (x - sample_mean) / np.sqrt(sample_var + eps)
    return gamma * x_hat + beta, x_hat, np.sqrt(sample_var + eps)


np.random.seed(231)
N, D = 4, 5
x = Tensor(5 * np.random.randn(N, D) + 12)
gamma, beta = Tensor(np.random.randn(D)), Tensor(np.random.randn(D))
dout = np.random.randn(N, D)
out, x_hat, std = batchnorm_forward(x, gamma, beta)
out.backward(dout)


def batchnorm_backward_alt(dout, x_hat, std, gamma):
    dxhat = dout * gamma
    dx = (dxhat - dxhat.mean(axis=0) - x_hat * (dxhat * x_hat).mean(axis=0)) / std
    return dx, (dout * x_hat).sum(axis=0), dout.sum(axis=0)


dx, dgamma, dbeta = batchnorm_backward_alt(dout, x_hat.data, std.data, gamma.data)
for name, p, expected in (("dx", x, dx), ("dgamma", gamma, dgamma), ("dbeta", beta, dbeta)):
    assert np.allclose(p.grad, expected)
    print(name, "agrees")
