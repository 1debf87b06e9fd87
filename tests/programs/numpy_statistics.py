"""In NumPy's spelling: averages, medians, spreads and sums; only the import differs."""

import numpy as np

from tinygrad_edu import grad

x = np.linspace(0.1, 1.0, 6).reshape(2, 3)


def same(f, expected, at=x):
    found = grad(f)(at)
    assert np.allclose(found, expected), (found, expected)


same(lambda x: np.average(x, axis=0, weights=[1.0, 3.0]).sum(), np.array([[0.25] * 3, [0.75] * 3]))
same(lambda x: np.median(x), np.array([[0, 0, 0.5], [0.5, 0, 0]]))
same(lambda x: np.diff(x, axis=1).sum(), np.array([[-1.0, 0, 1]] * 2))
same(lambda x: np.sum(x, 0, None).sum() + np.sum(a=x), 2 * np.ones((2, 3)))
same(lambda x: np.sum(x, where=x > 0.5), (x > 0.5) * 1.0)
same(lambda x: np.std(x, ddof=1), (x - x.mean()) / (5 * x.std(ddof=1)))
print("exact")
