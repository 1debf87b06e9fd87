"""In JAX's spelling: a NamedTuple of parameters, value_and_grad and an update; the imports differ."""

from typing import NamedTuple

import numpy as jnp
import numpy as np

from tinygrad_edu import value_and_grad


class Params(NamedTuple):
    weight: np.ndarray
    bias: np.ndarray


rng = np.random.default_rng(42)
xs = rng.normal(size=(100, 1))
ys = xs * 3 - 1 + 0.1 * rng.normal(size=(100, 1))


def loss_fn(params, x, y):
    pred = params.weight * x + params.bias
    return jnp.mean((pred - y) ** 2)


params = Params(np.array(0.0), np.array(0.0))
for _ in range(200):
    loss, grads = value_and_grad(loss_fn)(params, xs, ys)
    assert isinstance(grads, Params)
    params = Params(*[p - 0.1 * g for p, g in zip(params, grads)])
slope, intercept = np.polyfit(xs.ravel(), ys.ravel(), 1)
print("%.3f %.3f" % (params.weight, params.bias))
assert np.allclose([params.weight, params.bias], [slope, intercept])
