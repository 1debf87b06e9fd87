"""In HIPS autograd's spelling: Rosenbrock's function, minimised by Newton's method; only the imports differ."""

import numpy as np

from tinygrad_edu import grad, hessian, jacobian, value_and_grad


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


rosenbrock_with_grad = value_and_grad(rosenbrock)
x = np.array([-1.2, 1.0])
value, slope = rosenbrock_with_grad(x)
assert abs(value - 24.2) < 1e-12
assert np.allclose(slope, [-215.6, -88.0])
assert np.allclose(hessian(rosenbrock)(x), [[1330, 480], [480, 200]])
assert np.allclose(jacobian(grad(rosenbrock))(x), hessian(rosenbrock)(x))
for _ in range(8):
    x = x - np.linalg.solve(hessian(rosenbrock)(x), grad(rosenbrock)(x))
print("Optimal x found: [%.6f %.6f]" % tuple(x))
assert np.allclose(x, 1)
