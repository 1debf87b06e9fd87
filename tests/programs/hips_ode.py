"""In HIPS autograd's spelling: a differential equation is fitted.  The imports and np.stack differ."""

import numpy as np

from tinygrad_edu import grad, jacobian


def odeint(func, y0, t, params):
    ys = [y0]
    for t0, t1 in zip(t[:-1], t[1:]):
        h, y = t1 - t0, ys[-1]
        k1 = func(y, t0, params)
        k2 = func(y + h / 2 * k1, t0 + h / 2, params)
        k3 = func(y + h / 2 * k2, t0 + h / 2, params)
        k4 = func(y + h * k3, t1, params)
        ys.append(y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    return np.stack(ys)


def func(y, t, A):
    return np.dot(A, y)


t = np.linspace(0.0, 1.0, 21)
y0 = np.array([2.0, 0.0])
true_A = np.array([[-0.1, 2.0], [-2.0, -0.1]])
true_y = odeint(func, y0, t, true_A)
# The exact solution is a rotation that shrinks.
exact = 2 * np.exp(-0.1 * t)[:, None] * np.stack([np.cos(2 * t), -np.sin(2 * t)], axis=1)
assert np.allclose(true_y, exact, atol=1e-5)

# The derivative of the end with respect to the start is the same rotation.
end = jacobian(lambda y: odeint(func, y, t, true_A)[-1])(y0)
rotation = np.exp(-0.1) * np.array([[np.cos(2), np.sin(2)], [-np.sin(2), np.cos(2)]])
assert np.allclose(end, rotation, atol=1e-5)


def loss(A):
    return np.mean((odeint(func, y0, t, A) - true_y) ** 2)


A = np.array([[0.0, 1.5], [-1.5, 0.0]])
print("loss %.4f" % loss(A))
for _ in range(60):
    A = A - 0.8 * grad(loss)(A)
print("A is", A.round(1).tolist())
assert np.allclose(A, true_A, atol=0.05)
