"""In HIPS autograd's spelling: logistic regression, its README's second example.  Only the imports differ."""

import numpy as np

from tinygrad_edu import grad


def sigmoid(x):
    return 0.5 * (np.tanh(x / 2.0) + 1)


def logistic_predictions(weights, inputs):
    return sigmoid(np.dot(inputs, weights))


def training_loss(weights):
    preds = logistic_predictions(weights, inputs)
    label_probabilities = preds * targets + (1 - preds) * (1 - targets)
    return -np.sum(np.log(label_probabilities))


inputs = np.array([[0.5, 1.1, 0.8], [0.9, -1.0, 0.1], [0.7, -0.1, -1.2], [0.8, 0.2, 0.3]])
targets = np.array([True, True, False, True])
training_gradient_fun = grad(training_loss)

weights = np.array([0.0, 0.0, 0.0])
print("Initial loss:", training_loss(weights))
assert abs(training_loss(weights) - 4 * np.log(2)) < 1e-12
for _ in range(100):
    by_hand = inputs.T.dot(logistic_predictions(weights, inputs) - targets)
    found = training_gradient_fun(weights)
    assert np.allclose(found, by_hand)
    weights -= found * 0.1
print("Trained loss: %.4f" % training_loss(weights))
assert training_loss(weights) < 1
