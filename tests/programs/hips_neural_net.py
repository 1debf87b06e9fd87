"""In HIPS autograd's spelling: parameters as a list of pairs, and adam over it.  Only the imports differ."""

import numpy as np
import numpy.random as npr

from tinygrad_edu import grad, logsumexp


def init_random_params(scale, layer_sizes, rs):
    return [
        (scale * rs.randn(m, n), scale * rs.randn(n))  # weights and biases
        for m, n in zip(layer_sizes[:-1], layer_sizes[1:])
    ]


def neural_net_predict(params, inputs):
    for W, b in params:
        outputs = np.dot(inputs, W) + b
        inputs = np.tanh(outputs)
    return outputs - logsumexp(outputs, axis=1, keepdims=True)


def l2_norm(params):
    return sum(np.sum(W * W) + np.sum(b * b) for W, b in params)


def log_posterior(params, inputs, targets, L2_reg):
    log_prior = -L2_reg * l2_norm(params)
    log_lik = np.sum(neural_net_predict(params, inputs) * targets)
    return log_prior + log_lik


def accuracy(params, inputs, targets):
    return np.mean(np.argmax(targets, axis=1) == np.argmax(neural_net_predict(params, inputs), axis=1))


def adam(g, params, num_iters, step_size=0.05, b1=0.9, b2=0.999, eps=1e-8):
    m = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    v = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    for i in range(num_iters):
        gs = g(params, i)
        m = [tuple((1 - b1) * dp + b1 * mp for dp, mp in zip(*pair)) for pair in zip(gs, m)]
        v = [tuple((1 - b2) * dp**2 + b2 * vp for dp, vp in zip(*pair)) for pair in zip(gs, v)]
        params = [
            tuple(
                p - step_size * (mp / (1 - b1 ** (i + 1))) / (np.sqrt(vp / (1 - b2 ** (i + 1))) + eps)
                for p, mp, vp in zip(*triple)
            )
            for triple in zip(params, m, v)
        ]
    return params


rs = npr.RandomState(0)
inputs = rs.randn(60, 2)
targets = np.eye(2)[(inputs[:, 0] * inputs[:, 1] > 0).astype(int)]
init_params = init_random_params(0.5, [2, 8, 2], rs)


def objective(params, iter):
    return -log_posterior(params, inputs, targets, 0.01)


objective_grad = grad(objective)

# Against differences, along one direction.
found = objective_grad(init_params, 0)
assert isinstance(found, list) and isinstance(found[0], tuple)
step = 1e-6
direction = [(rs.randn(*W.shape), rs.randn(*b.shape)) for W, b in init_params]
up = [(W + step * dW, b + step * db) for (W, b), (dW, db) in zip(init_params, direction)]
down = [(W - step * dW, b - step * db) for (W, b), (dW, db) in zip(init_params, direction)]
slope = (objective(up, 0) - objective(down, 0)) / (2 * step)
exact = sum(np.sum(gW * dW) + np.sum(gb * db) for (gW, gb), (dW, db) in zip(found, direction))
assert abs(slope - exact) < 1e-5 * abs(exact)

params = adam(objective_grad, init_params, 150)
print("accuracy", accuracy(params, inputs, targets))
assert accuracy(params, inputs, targets) > 0.9
