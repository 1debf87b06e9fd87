"""In NumPy's spelling: functions of numbers, remainders and integrals; only the import differs."""

import numpy as np

from tinygrad_edu import grad

x = np.linspace(0.1, 1.0, 6).reshape(2, 3)


def same(f, expected, at=x):
    found = grad(f)(at)
    assert np.allclose(found, expected), (found, expected)


same(lambda x: np.hypot(x, 1.0).sum(), x / np.sqrt(x**2 + 1))
same(lambda x: np.arctan2(x, 2.0).sum(), 2 / (x**2 + 4))
same(lambda x: np.cbrt(x).sum(), x ** (-2 / 3) / 3)
same(lambda x: np.trapezoid(x, dx=2.0, axis=0).sum(), np.ones((2, 3)))
same(
    lambda x: np.add.reduce(x, axis=0).prod(),
    np.array([[np.prod((x[0] + x[1])[[1, 2]]), np.prod((x[0] + x[1])[[0, 2]]), np.prod((x[0] + x[1])[[0, 1]])]] * 2),
)
same(lambda x: np.mod(x, 0.3).sum(), np.ones((2, 3)), at=x + 0.05)
same(lambda x: (x % 0.3).sum(), np.ones((2, 3)), at=x + 0.05)
print("exact")
