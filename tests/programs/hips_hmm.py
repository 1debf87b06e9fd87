"""In HIPS autograd's spelling: EM for a hidden Markov model, where the gradient gives the counts. Imports differ."""

import numpy as np
import numpy.random as npr

from tinygrad_edu import logsumexp, value_and_grad as vgrad


def EM(init_params, data, num_iters):
    def EM_update(params):
        natural_params = list(map(np.log, params))
        loglike, E_stats = vgrad(log_partition_function)(natural_params, data)  # E step
        history.append(loglike)
        return list(map(normalize, E_stats))  # M step

    history = []
    params = init_params
    for _ in range(num_iters):
        params = EM_update(params)
    return params, history


def normalize(a):
    def replace_zeros(a):
        return np.where(a > 0.0, a, 1.0)

    return a / replace_zeros(a.sum(-1, keepdims=True))


def log_partition_function(natural_params, data):
    if isinstance(data, list):
        return sum(log_partition_function(natural_params, d) for d in data)

    log_pi, log_A, log_B = natural_params

    log_alpha = log_pi
    for y in data:
        log_alpha = logsumexp(log_alpha[:, None] + log_A, axis=0) + log_B[:, y]

    return logsumexp(log_alpha)


npr.seed(0)
K, V = 2, 3
params = [normalize(npr.rand(K)), normalize(npr.rand(K, K)), normalize(npr.rand(K, V))]
data = [npr.randint(V, size=12), npr.randint(V, size=9)]
_, found = vgrad(log_partition_function)(list(map(np.log, params)), data)
assert abs(found[0].sum() - 2) < 1e-12  # one first state for each sequence
assert abs(found[1].sum() - 21) < 1e-12 and abs(found[2].sum() - 21) < 1e-12  # a step, and a letter, for each datum
assert np.allclose(found[2].sum(0), np.bincount(np.concatenate(data), minlength=V))

params, history = EM(params, data, 15)
print("log likelihood %.3f -> %.3f" % (history[0], history[-1]))
assert all(b >= a - 1e-12 for a, b in zip(history, history[1:]))  # EM never goes down
