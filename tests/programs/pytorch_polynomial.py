"""In the spelling of PyTorch's first tutorial: a polynomial fitted to a sine; the imports differ."""

import math

import numpy as np

import tinygrad_edu as torch

x = np.linspace(-math.pi, math.pi, 200)
y = np.sin(x)

a, b, c, d = (torch.Tensor(v, requires_grad=True) for v in (0.1, 0.2, -0.1, 0.05))

learning_rate = 2e-3
for t in range(3000):
    y_pred = a + b * x + c * x**2 + d * x**3
    loss = (y_pred - y).pow(2).mean()
    if t % 1000 == 999:
        print(t, round(loss.item(), 4))
    loss.backward()
    with torch.no_grad():
        a -= learning_rate * a.grad
        b -= learning_rate * b.grad
        c -= learning_rate * c.grad
        d -= learning_rate * d.grad
        a.grad = None
        b.grad = None
        c.grad = None
        d.grad = None

print(f"Result: y = {a.item():.3f} + {b.item():.3f} x + {c.item():.3f} x^2 + {d.item():.3f} x^3")
best = np.polyfit(x, y, 3)[::-1]
assert np.allclose([a.item(), b.item(), c.item(), d.item()], best, atol=0.02)
