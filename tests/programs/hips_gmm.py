"""In HIPS autograd's spelling: a mixture of Gaussians by gradient descent, parameters in a dict. Imports differ."""

import numpy as np
import numpy.random as npr

from tinygrad_edu import grad, logsumexp


def init_gmm_params(num_components, D, scale, rs):
    return {
        "log proportions": rs.randn(num_components) * scale,
        "means": rs.randn(num_components, D) * scale,
        "lower triangles": np.zeros((num_components, D, D)) + np.eye(D),
    }


def log_normalize(x):
    return x - logsumexp(x)


def unpack_gmm_params(params):
    normalized_log_proportions = log_normalize(params["log proportions"])
    return normalized_log_proportions, params["means"], params["lower triangles"]


def mvn_logpdf(data, mean, cov_sqrt):
    cov = np.dot(cov_sqrt.T, cov_sqrt)
    diff = data - mean
    D = data.shape[1]
    mahalanobis = np.sum(diff * np.linalg.solve(cov, diff.T).T, axis=1)
    return -0.5 * (D * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1] + mahalanobis)


def gmm_log_likelihood(params, data):
    cluster_lls = []
    for log_proportion, mean, cov_sqrt in zip(*unpack_gmm_params(params)):
        cluster_lls.append(log_proportion + mvn_logpdf(data, mean, cov_sqrt))
    return np.sum(logsumexp(np.vstack(cluster_lls), axis=0))


rs = npr.RandomState(0)
data = np.concatenate([rs.randn(20, 2) * 0.5 + [2, 2], rs.randn(20, 2) * 0.5 - [2, 2]])

# With one component the best mean and the best covariance are those of the data.
one = init_gmm_params(1, 2, 0.1, rs)
one["means"] = data.mean(axis=0)[None]
one["lower triangles"] = np.linalg.cholesky(np.cov(data.T, bias=True)).T[None]
at_best = grad(gmm_log_likelihood)(one, data)
assert all(np.allclose(g, 0, atol=1e-9) for g in at_best.values())


def objective(params):
    return -gmm_log_likelihood(params, data) / len(data)


params = init_gmm_params(2, 2, 1.0, rs)
start = objective(params)
for _ in range(150):
    found = grad(objective)(params)
    params = {name: params[name] - 0.2 * found[name] for name in params}
print("log likelihood %.3f -> %.3f" % (-start, -objective(params)))
means = params["means"][np.argsort(params["means"][:, 0])]
assert np.allclose(means, [data[20:].mean(axis=0), data[:20].mean(axis=0)], atol=0.01)
