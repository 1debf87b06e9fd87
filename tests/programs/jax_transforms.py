"""In JAX's spelling: vmap, jacfwd, jacrev, hessian, argnums, jvp and vjp; only the imports differ."""

import numpy as jnp
import numpy as np

from tinygrad_edu import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap


def f(x):
    return jnp.sum(jnp.sin(x) * x**2)


x = np.array([0.5, 1.0, -2.0])
first = np.cos(x) * x**2 + 2 * x * np.sin(x)
second = -np.sin(x) * x**2 + 4 * x * np.cos(x) + 2 * np.sin(x)
assert np.allclose(grad(f)(x), first)
assert np.allclose(hessian(f)(x), np.diag(second))
assert np.allclose(jacfwd(grad(f))(x), np.diag(second))
assert np.allclose(jacrev(jacfwd(f))(x), np.diag(second))


def hvp(f, x, v):
    return jvp(grad(f), (x,), (v,))[1]


v = np.array([1.0, -1.0, 2.0])
assert np.allclose(hvp(f, x, v), second * v)

y, f_vjp = vjp(lambda x: jnp.stack([x[0] * x[1], x[2] ** 2]), x)
(back,) = f_vjp(np.array([1.0, 3.0]))
assert np.allclose(back, [1.0, 0.5, -12.0])

W = np.arange(6.0).reshape(2, 3)
batch = np.arange(12.0).reshape(4, 3)
assert np.allclose(vmap(lambda x: jnp.dot(W, x))(batch), batch @ W.T)
assert np.allclose(vmap(grad(f))(batch), np.cos(batch) * batch**2 + 2 * batch * np.sin(batch))
assert np.allclose(vmap(lambda a, x: a * x, in_axes=(None, 0))(2.0, batch), 2 * batch)


def loss(w, b, x):
    return jnp.sum((w * x + b) ** 2)


dw, db = grad(loss, argnums=(0, 1))(2.0, 1.0, x)
assert np.allclose(dw, np.sum(2 * (2 * x + 1) * x)) and np.allclose(db, np.sum(2 * (2 * x + 1)))
print("exact")
