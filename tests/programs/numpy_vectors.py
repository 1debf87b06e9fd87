"""In NumPy's spelling: products and norms of vectors; only the import differs."""

import numpy as np

from tinygrad_edu import grad

x = np.linspace(0.1, 1.0, 6).reshape(2, 3)


def same(f, expected, at=x):
    found = grad(f)(at)
    assert np.allclose(found, expected), (found, expected)


same(lambda x: np.outer(x[0], x[1]).sum(), np.array([[x[1].sum()] * 3, [x[0].sum()] * 3]))
same(lambda x: np.cross(x[0], x[1])[2], np.array([[x[1, 1], -x[1, 0], 0], [-x[0, 1], x[0, 0], 0]]))
same(lambda x: np.linalg.norm(x, axis=1, ord=1).sum(), np.ones((2, 3)))
print("exact")
