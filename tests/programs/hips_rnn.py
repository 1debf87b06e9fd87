"""In HIPS autograd's spelling: a recurrent net, its parameters in a dict.  Only the imports differ."""

import numpy as np
import numpy.random as npr

from tinygrad_edu import grad, logsumexp


def sigmoid(x):
    return 0.5 * (np.tanh(x / 2.0) + 1.0)


def concat_and_multiply(weights, *args):
    cat_state = np.hstack(args + (np.ones((args[0].shape[0], 1)),))
    return np.dot(cat_state, weights)


def create_rnn_params(input_size, state_size, output_size, param_scale, rs):
    return {
        "init hiddens": rs.randn(1, state_size) * param_scale,
        "change": rs.randn(input_size + state_size + 1, state_size) * param_scale,
        "predict": rs.randn(state_size + 1, output_size) * param_scale,
    }


def rnn_predict(params, inputs):
    def update_rnn(input, hiddens):
        return np.tanh(concat_and_multiply(params["change"], input, hiddens))

    def hiddens_to_output_probs(hiddens):
        output = concat_and_multiply(params["predict"], hiddens)
        return output - logsumexp(output, axis=1, keepdims=True)

    num_sequences = inputs.shape[1]
    hiddens = np.repeat(params["init hiddens"], num_sequences, axis=0)
    output = [hiddens_to_output_probs(hiddens)]
    for input in inputs:
        hiddens = update_rnn(input, hiddens)
        output.append(hiddens_to_output_probs(hiddens))
    return output


def rnn_log_likelihood(params, inputs, targets):
    logprobs = rnn_predict(params, inputs)
    loglik = 0.0
    num_time_steps, num_examples, _ = inputs.shape
    for t in range(num_time_steps):
        loglik += np.sum(logprobs[t] * targets[t])
    return loglik / (num_time_steps * num_examples)


rs = npr.RandomState(0)
text = "abcabcabcabcabc"
onehot = np.eye(3)[["abc".index(c) for c in text]]
train_inputs = np.stack([onehot, onehot], axis=1)
init_params = create_rnn_params(3, 6, 3, 0.1, rs)


def training_loss(params, iter):
    return -rnn_log_likelihood(params, train_inputs, train_inputs)


training_loss_grad = grad(training_loss)
found = training_loss_grad(init_params, 0)
assert set(found) == set(init_params)
step = 1e-6
for name in init_params:
    direction = rs.randn(*init_params[name].shape)
    up = training_loss({**init_params, name: init_params[name] + step * direction}, 0)
    down = training_loss({**init_params, name: init_params[name] - step * direction}, 0)
    assert abs(np.sum(found[name] * direction) - (up - down) / (2 * step)) < 1e-8

params = init_params
for i in range(200):
    gradient = training_loss_grad(params, i)
    params = {name: value - 1.0 * gradient[name] for name, value in params.items()}
print("loss %.4f -> %.4f" % (training_loss(init_params, 0), training_loss(params, 0)))
assert training_loss(params, 0) < 0.1
