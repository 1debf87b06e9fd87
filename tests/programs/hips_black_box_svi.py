"""In HIPS autograd's spelling: black box variational inference.  Only the imports differ."""

import numpy as np
import numpy.random as npr

from tinygrad_edu import grad


def norm_logpdf(x, mean, std):
    return -0.5 * np.log(2 * np.pi) - np.log(std) - 0.5 * ((x - mean) / std) ** 2


def black_box_variational_inference(logprob, D, num_samples):
    def unpack_params(params):
        mean, log_std = params[:D], params[D:]
        return mean, log_std

    def gaussian_entropy(log_std):
        return 0.5 * D * (1.0 + np.log(2 * np.pi)) + np.sum(log_std)

    rs = npr.RandomState(0)

    def variational_objective(params, t):
        mean, log_std = unpack_params(params)
        samples = rs.randn(num_samples, D) * np.exp(log_std) + mean
        lower_bound = gaussian_entropy(log_std) + np.mean(logprob(samples, t))
        return -lower_bound

    gradient = grad(variational_objective)
    return variational_objective, gradient, unpack_params


# The logarithm of a Gaussian's density: then the best approximation is this Gaussian.
D = 2
true_mean, true_std = np.array([1.0, -2.0]), np.array([0.5, 2.0])


def log_density(x, t):
    x, y = x[:, 0], x[:, 1]
    return norm_logpdf(x, true_mean[0], true_std[0]) + norm_logpdf(y, true_mean[1], true_std[1])


objective, gradient, unpack_params = black_box_variational_inference(log_density, D, num_samples=200)
params = np.concatenate([np.zeros(D), -1 * np.ones(D)])
m, v = np.zeros(2 * D), np.zeros(2 * D)
for i in range(400):
    g = gradient(params, i)
    m, v = 0.1 * g + 0.9 * m, 0.001 * g**2 + 0.999 * v
    rate = 0.1 if i < 300 else 0.01
    params = params - rate * (m / (1 - 0.9 ** (i + 1))) / (np.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8)
mean, log_std = unpack_params(params)
print("mean", mean.round(1), "std", np.exp(log_std).round(1))
assert np.allclose(mean, true_mean, atol=0.15)
assert np.allclose(np.exp(log_std), true_std, rtol=0.1)
assert abs(objective(params, 0)) < 0.1  # the bound is tight, but for the drawing: it is the logarithm of 1
