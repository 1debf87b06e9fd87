"""In HIPS autograd's spelling: Gaussian processes and Bayesian optimisation.  Only the imports differ."""

import numpy as np
import numpy.random as npr

from tinygrad_edu import erf, grad, value_and_grad


def rbf_covariance(kernel_params, x, xp):
    output_scale = np.exp(kernel_params[0])
    lengthscales = np.exp(kernel_params[1:])
    diffs = np.expand_dims(x / lengthscales, 1) - np.expand_dims(xp / lengthscales, 0)
    return output_scale * np.exp(-0.5 * np.sum(diffs**2, axis=2))


def mvn_logpdf(y, mean, cov):
    r = y - mean
    return -0.5 * (np.dot(r, np.linalg.solve(cov, r)) + np.linalg.slogdet(cov)[1] + len(y) * np.log(2 * np.pi))


def make_gp_funs(cov_func):
    def unpack_kernel_params(params):
        return params[0], params[2:], np.exp(params[1]) + 0.0001

    def predict(params, x, y, xstar):
        mean, cov_params, noise_scale = unpack_kernel_params(params)
        cov_f_f = cov_func(cov_params, xstar, xstar)
        cov_y_f = cov_func(cov_params, x, xstar)
        cov_y_y = cov_func(cov_params, x, x) + noise_scale * np.eye(len(y))
        pred_mean = mean + np.dot(np.linalg.solve(cov_y_y, cov_y_f).T, y - mean)
        pred_cov = cov_f_f - np.dot(np.linalg.solve(cov_y_y, cov_y_f).T, cov_y_f)
        return pred_mean, pred_cov

    def log_marginal_likelihood(params, x, y):
        mean, cov_params, noise_scale = unpack_kernel_params(params)
        cov_y_y = cov_func(cov_params, x, x) + noise_scale * np.eye(len(y))
        prior_mean = mean * np.ones(len(y))
        return mvn_logpdf(y, prior_mean, cov_y_y)

    return predict, log_marginal_likelihood


def norm_cdf(z):
    return 0.5 * (1 + erf(z / np.sqrt(2.0)))


def expected_new_max(mean, std, max_so_far):
    z = (max_so_far - mean) / std
    pdf = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return max_so_far - (max_so_far - mean) * (1 - norm_cdf(z)) + std * pdf


rs = npr.RandomState(0)
x = np.linspace(-3, 3, 7)[:, None]
y = np.sin(x).ravel()
predict, log_marginal_likelihood = make_gp_funs(rbf_covariance)
params = 0.1 * rs.randn(4)

value, found = value_and_grad(log_marginal_likelihood)(params, x, y)
step = 1e-6
for i, e in enumerate(np.eye(4)):
    up, down = (log_marginal_likelihood(params + s * step * e, x, y) for s in (1, -1))
    assert abs(found[i] - (up - down) / (2 * step)) < 1e-6

for _ in range(60):
    params = params + 0.02 * grad(log_marginal_likelihood)(params, x, y)
better = log_marginal_likelihood(params, x, y)
print("marginal likelihood %.2f -> %.2f" % (value, better))
assert better > value + 1

# Where to look next: the gradient of the acquisition with respect to the place.
max_so_far = np.max(y)


def acquisition(place):
    mean, cov = predict(params, x, y, place.reshape(1, 1))
    return expected_new_max(mean[0], np.sqrt(cov[0, 0]), max_so_far)


place = np.array([1.2])
slope = grad(acquisition)(place)
up, down = acquisition(place + 1e-5), acquisition(place - 1e-5)
assert abs(slope[0] - (up - down) / 2e-5) < 1e-6
