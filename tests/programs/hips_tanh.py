"""In HIPS autograd's spelling: tanh, and derivatives of derivatives of it.  Only the import differs."""

import numpy as np

from tinygrad_edu import elementwise_grad as egrad
from tinygrad_edu import grad


def tanh(x):
    return (1.0 - np.exp(-2 * x)) / (1.0 + np.exp(-2 * x))


x = np.linspace(-3, 3, 50)
first, second = egrad(tanh)(x), egrad(egrad(tanh))(x)
t = np.tanh(x)
assert np.allclose(first, 1 - t**2)
assert np.allclose(second, -2 * t * (1 - t**2))
assert np.allclose(egrad(egrad(egrad(tanh)))(x), (1 - t**2) * (6 * t**2 - 2))
assert abs(grad(tanh)(1.0) - (1 - np.tanh(1.0) ** 2)) < 1e-15
print(first.shape, second.shape)
