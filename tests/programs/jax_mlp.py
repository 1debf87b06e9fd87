"""In JAX's spelling: parameters in a dict, grad, and an update that makes new ones; the imports differ, and no jit."""

import numpy as np
import numpy as jnp

from tinygrad_edu import grad, logsumexp, value_and_grad

rng = np.random.default_rng(0)


def init_params(sizes):
    return {
        f"layer{i}": {"w": rng.normal(size=(n, m)) / np.sqrt(n), "b": np.zeros(m)}
        for i, (n, m) in enumerate(zip(sizes[:-1], sizes[1:]))
    }


def predict(params, x):
    h = x
    for i in range(len(params) - 1):
        layer = params[f"layer{i}"]
        h = jnp.maximum(jnp.dot(h, layer["w"]) + layer["b"], 0)
    last = params[f"layer{len(params) - 1}"]
    logits = jnp.dot(h, last["w"]) + last["b"]
    return logits - logsumexp(logits, axis=-1, keepdims=True)


def loss(params, x, y):
    return -jnp.mean(jnp.sum(predict(params, x) * y, axis=-1))


def update(params, x, y, step_size=0.5):
    grads = grad(loss)(params, x, y)
    return {
        layer: {name: params[layer][name] - step_size * grads[layer][name] for name in params[layer]}
        for layer in params
    }


x = rng.normal(size=(50, 2))
y = np.eye(2)[(x[:, 0] ** 2 + x[:, 1] ** 2 > 1.2).astype(int)]
params = init_params([2, 16, 2])
value, grads = value_and_grad(loss)(params, x, y)
assert grads.keys() == params.keys() and grads["layer0"].keys() == {"w", "b"}
step = 1e-6
for i in range(2):
    b = params["layer1"]["b"]
    up, down = (
        loss({**params, "layer1": {**params["layer1"], "b": b + s * step * np.eye(2)[i]}}, x, y) for s in (1, -1)
    )
    assert abs(grads["layer1"]["b"][i] - (up - down) / (2 * step)) < 1e-8
for _ in range(200):
    params = update(params, x, y)
accuracy = jnp.mean(jnp.argmax(predict(params, x), axis=1) == jnp.argmax(y, axis=1))
print("loss %.3f -> %.3f" % (value, loss(params, x, y)))
assert accuracy > 0.95
