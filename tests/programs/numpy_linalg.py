"""In NumPy's spelling: determinants, solutions, eigenvalues and singular values; only the import differs."""

import numpy as np

from tinygrad_edu import grad, hessian, jacobian

A = np.array([[3.0, 1.0], [1.0, 2.0]])
assert np.allclose(grad(np.linalg.det)(A), np.linalg.det(A) * np.linalg.inv(A).T)
assert np.allclose(jacobian(lambda b: np.linalg.solve(A, b))(np.ones(2)), np.linalg.inv(A))
assert np.allclose(hessian(lambda v: 0.5 * v @ A @ v)(np.ones(2)), A)
# The derivative of an eigenvalue is the outer product of its vector (Hellmann and Feynman).
w, U = np.linalg.eigh(A)
assert np.allclose(grad(lambda A: np.linalg.eigh((A + A.T) / 2)[0][0])(A), np.outer(U[:, 0], U[:, 0]))
assert np.allclose(grad(lambda A: np.linalg.svd(A, compute_uv=False)[0])(A), np.outer(U[:, 1], U[:, 1]))
b = np.array([1.0, 2.0])
assert np.allclose(jacobian(lambda b: np.linalg.pinv(A) @ b)(b), np.linalg.inv(A))
assert np.allclose(grad(lambda A: np.trace(np.linalg.matrix_power(A, 3)))(A), 3 * (A @ A).T)
print("exact")
