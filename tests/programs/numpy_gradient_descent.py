"""In NumPy's spelling: polynomial regression by descent on a leaf, with data -= and methods; the import differs."""

import numpy as np

from tinygrad_edu import Tensor

x = np.linspace(-1, 1, 25)
y = 1 - 2 * x + 3 * x**2
powers = np.column_stack([np.ones_like(x), x, x**2])
w = Tensor(np.zeros(3))
for _ in range(400):
    residual = powers @ w - y
    loss = (residual**2).mean()
    w.grad = None
    loss.backward()
    w.data -= 0.5 * w.grad
print(np.array(w.data).round(3), round(float(loss), 6), f"{loss:.6f}")
assert np.allclose(w.data, [1, -2, 3], atol=1e-3)
