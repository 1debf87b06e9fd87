"""In NumPy's spelling: what selects and reads tables; only the import differs."""

import numpy as np

from tinygrad_edu import grad

x = np.linspace(0.1, 1.0, 6).reshape(2, 3)


def same(f, expected, at=x):
    found = grad(f)(at)
    assert np.allclose(found, expected), (found, expected)


same(lambda x: np.take_along_axis(x, np.argsort(-x, axis=1), axis=1)[:, 0].sum(), np.array([[0, 0, 1.0]] * 2))
same(lambda x: np.interp(0.5, [0.0, 1.0], x[0, :2]), np.array([[0.5, 0.5, 0], [0, 0, 0]]))
same(
    lambda x: np.select([x < 0.4, x < 0.8], [2 * x, 3 * x], 0.0).sum(),
    np.where(x < 0.4, 2.0, np.where(x < 0.8, 3.0, 0.0)),
)
print("exact")
