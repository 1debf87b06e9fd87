"""In NumPy's spelling: arrays put together, split and turned; only the import differs."""

import numpy as np

from tinygrad_edu import grad

x = np.linspace(0.1, 1.0, 6).reshape(2, 3)


def same(f, expected, at=x):
    found = grad(f)(at)
    assert np.allclose(found, expected), (found, expected)


same(lambda x: np.sum(np.vstack([x, 2 * x]) * np.arange(12.0).reshape(4, 3)), np.arange(6.0).reshape(2, 3) * 3 + 12)
same(lambda x: np.sum(np.hstack([x, x])), 2 * np.ones((2, 3)))
same(lambda x: np.fliplr(x)[0, 0] + np.flipud(x)[0, 0] + np.rot90(x)[0, 0], np.array([[0, 0, 2.0], [1, 0, 0]]))
same(lambda x: np.atleast_2d(x[0]).sum() + np.append(x, x).sum(), np.array([[3.0] * 3, [2.0] * 3]))
print("exact")
