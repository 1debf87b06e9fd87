"""In HIPS autograd's spelling: a negative binomial distribution is fitted.  Only the imports differ."""

import numpy as np
import numpy.random as npr

from tinygrad_edu import gammaln, grad, hessian


def negbin_loglike(r, p, x):
    # The logarithm of the probability of x; its mean is r p / (1 - p).
    return gammaln(r + x) - gammaln(r) - gammaln(x + 1) + x * np.log(p) + r * np.log(1 - p)


def fit_maxlike(x, r_guess):
    def p_of(r):  # for a given r the best p is known
        return np.mean(x) / (r + np.mean(x))

    def loglike(log_r):
        r = np.exp(log_r)
        return np.sum(negbin_loglike(r, p_of(r), x))

    def negloglike(log_r):
        return -loglike(log_r)

    log_r = np.log(r_guess)
    for _ in range(20):  # Newton's method
        log_r = log_r - grad(negloglike)(log_r) / hessian(negloglike)(log_r)
    r = np.exp(log_r)
    return r, p_of(r)


npr.seed(0)
r, p = 5.0, 0.5
data = npr.negative_binomial(r, 1 - p, size=1000)
r_fit, p_fit = fit_maxlike(data, r_guess=4.0)
print("r=%.2f p=%.2f" % (r_fit, p_fit))


def mean_loglike(r, p):
    return np.mean(negbin_loglike(r, p, data))


assert abs(grad(mean_loglike, 0)(r_fit, p_fit)) < 1e-9
assert abs(grad(mean_loglike, 1)(r_fit, p_fit)) < 1e-9
assert abs(r_fit - r) < 1
# Gamma's logarithm is known for whole numbers: its slope at 5 is 1 + 1/2 + 1/3 + 1/4 less Euler's constant.
assert abs(grad(gammaln)(5.0) - (25 / 12 - 0.5772156649015329)) < 1e-12
