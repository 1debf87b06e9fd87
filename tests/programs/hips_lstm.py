"""In HIPS autograd's spelling: an LSTM, its gates in a dict, one function for the update.  Only the imports differ."""

import numpy as np
import numpy.random as npr

from tinygrad_edu import grad, logsumexp, value_and_grad


def sigmoid(x):
    return 0.5 * (np.tanh(x / 2.0) + 1.0)


def concat_and_multiply(weights, *args):
    cat_state = np.hstack(args + (np.ones((args[0].shape[0], 1)),))
    return np.dot(cat_state, weights)


def init_lstm_params(input_size, state_size, output_size, param_scale, rs):
    def rp(*shape):
        return rs.randn(*shape) * param_scale

    gates = {name: rp(input_size + state_size + 1, state_size) for name in ("change", "forget", "ingate", "outgate")}
    return {
        "init cells": rp(1, state_size),
        "init hiddens": rp(1, state_size),
        "predict": rp(state_size + 1, output_size),
        **gates,
    }


def lstm_predict(params, inputs):
    def update_lstm(input, hiddens, cells):
        change = np.tanh(concat_and_multiply(params["change"], input, hiddens))
        forget = sigmoid(concat_and_multiply(params["forget"], input, hiddens))
        ingate = sigmoid(concat_and_multiply(params["ingate"], input, hiddens))
        outgate = sigmoid(concat_and_multiply(params["outgate"], input, hiddens))
        cells = cells * forget + ingate * change
        hiddens = outgate * np.tanh(cells)
        return hiddens, cells

    def hiddens_to_output_probs(hiddens):
        output = concat_and_multiply(params["predict"], hiddens)
        return output - logsumexp(output, axis=1, keepdims=True)

    num_sequences = inputs.shape[1]
    hiddens = np.repeat(params["init hiddens"], num_sequences, axis=0)
    cells = np.repeat(params["init cells"], num_sequences, axis=0)
    output = [hiddens_to_output_probs(hiddens)]
    for input in inputs:
        hiddens, cells = update_lstm(input, hiddens, cells)
        output.append(hiddens_to_output_probs(hiddens))
    return output


def lstm_log_likelihood(params, inputs, targets):
    logprobs = lstm_predict(params, inputs)
    loglik = 0.0
    for t in range(inputs.shape[0]):
        loglik += np.sum(logprobs[t] * targets[t])
    return loglik / (inputs.shape[0] * inputs.shape[1])


rs = npr.RandomState(0)
inputs = np.eye(3)[rs.randint(3, size=(5, 2))]
params = init_lstm_params(3, 4, 3, 0.3, rs)


def loss(params):
    return -lstm_log_likelihood(params, inputs, inputs)


value, found = value_and_grad(loss)(params)
assert abs(value - loss(params)) < 1e-14
step = 1e-6
for name, gradient in found.items():
    direction = rs.randn(*params[name].shape)
    up = loss({**params, name: params[name] + step * direction})
    down = loss({**params, name: params[name] - step * direction})
    assert gradient.shape == params[name].shape
    assert abs(np.sum(gradient * direction) - (up - down) / (2 * step)) < 1e-8
assert grad(loss)(params).keys() == params.keys()
print("loss %.4f, %d gradients" % (value, len(found)))
