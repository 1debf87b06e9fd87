"""In HIPS autograd's spelling: a Bayesian neural net, samples of weights in rows; only the imports differ."""

import numpy as np
import numpy.random as npr

from tinygrad_edu import grad


def make_nn_funs(layer_sizes, L2_reg, noise_variance, nonlinearity=np.tanh):
    shapes = list(zip(layer_sizes[:-1], layer_sizes[1:]))
    num_weights = sum((m + 1) * n for m, n in shapes)

    def unpack_layers(weights):
        num_weight_sets = len(weights)
        for m, n in shapes:
            yield (
                weights[:, : m * n].reshape((num_weight_sets, m, n)),
                weights[:, m * n : m * n + n].reshape((num_weight_sets, 1, n)),
            )
            weights = weights[:, (m + 1) * n :]

    def predictions(weights, inputs):
        inputs = np.expand_dims(inputs, 0)
        for W, b in unpack_layers(weights):
            outputs = np.einsum("mnd,mdo->mno", inputs, W) + b
            inputs = nonlinearity(outputs)
        return outputs

    def logprob(weights, inputs, targets):
        log_prior = -L2_reg * np.sum(weights**2, axis=1)
        preds = predictions(weights, inputs)
        log_lik = -np.sum((preds - targets) ** 2, axis=1)[:, 0] / noise_variance
        return log_prior + log_lik

    return num_weights, predictions, logprob


rs = npr.RandomState(0)
inputs = np.linspace(-2, 2, 12).reshape((12, 1))
targets = np.cos(2 * inputs) + 0.1 * rs.randn(12, 1)
num_weights, predictions, logprob = make_nn_funs([1, 4, 1], 0.1, 0.1, lambda x: np.exp(-(x**2)))
assert num_weights == 8 + 5
weights = rs.randn(3, num_weights)


def objective(weights):
    return np.sum(logprob(weights, inputs, targets))


found = grad(objective)(weights)
direction = rs.randn(3, num_weights)
slope = (objective(weights + 1e-6 * direction) - objective(weights - 1e-6 * direction)) / 2e-6
assert abs(np.sum(found * direction) - slope) < 1e-4
one = grad(lambda w: logprob(w, inputs, targets)[0])(weights)
assert np.allclose(one[0], found[0]) and np.allclose(one[1:], 0)  # each set of weights is on its own
print(predictions(weights, inputs).shape)
