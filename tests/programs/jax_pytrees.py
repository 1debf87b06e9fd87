"""In JAX's spelling: a list of layers as dicts, several arguments, and a dataclass of numbers; the imports differ."""

from dataclasses import dataclass

import numpy as np
import numpy as jnp

from tinygrad_edu import grad, value_and_grad


def mlp(params, x):
    *hidden, last = params
    for layer in hidden:
        x = jnp.tanh(x @ layer["weights"] + layer["biases"])
    return x @ last["weights"] + last["biases"]


def loss_fn(params, x, y):
    return jnp.mean((mlp(params, x) - y) ** 2)


rng = np.random.default_rng(0)
params = [
    dict(weights=rng.normal(size=(n_in, n_out)) * np.sqrt(2 / n_in), biases=np.ones(n_out))
    for n_in, n_out in zip([1, 16, 1][:-1], [1, 16, 1][1:])
]
x = rng.normal(size=(64, 1))
y = x**2
first = loss_fn(params, x, y)
for _ in range(300):
    grads = grad(loss_fn)(params, x, y)
    params = [{k: p[k] - 0.1 * g[k] for k in p} for p, g in zip(params, grads)]
print("loss %.3f -> %.3f" % (first, loss_fn(params, x, y)))
assert loss_fn(params, x, y) < 0.05 * first


@dataclass
class Line:
    slope: float
    shift: float


def miss(line, more, x):
    return jnp.sum((line.slope * x + line.shift + more["bend"] * x**2) ** 2)


at = np.array([1.0, 2.0])
value, (by_line, by_more) = value_and_grad(miss, argnums=(0, 1))(Line(2.0, 1.0), {"bend": -1.0}, at)
rest = 2 * at + 1 - at**2
assert abs(value - np.sum(rest**2)) < 1e-12
assert isinstance(by_line, Line)
assert abs(by_line.slope - np.sum(2 * rest * at)) < 1e-12 and abs(by_line.shift - np.sum(2 * rest)) < 1e-12
assert abs(by_more["bend"] - np.sum(2 * rest * at**2)) < 1e-12
