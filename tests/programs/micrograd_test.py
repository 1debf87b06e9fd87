"""In the spelling of micrograd's test file: the same expression by numbers alone.  Only the import differs."""

from tinygrad_edu import Tensor as Value


def first(x):
    z = 2 * x + 2 + x
    q = relu(z) + z * x
    h = relu(z * z)
    return h + q + q * x


def second(a, b):
    c = a + b
    d = a * b + b**3
    c += c + 1
    d += d * 2 + relu(b + a)
    e = 1 - c
    f = e / d
    return f**-2 + 10.0 / d - (-c) / 2


def relu(x):
    return x.relu() if hasattr(x, "relu") else max(x, 0.0)


def slope(f, *at, of):
    """The derivative by differences."""
    step = 1e-6
    up, down = list(at), list(at)
    up[of] += step
    down[of] -= step
    return (f(*up) - f(*down)) / (2 * step)


def test_sanity_check():
    x = Value(-4.0)
    y = first(x)
    y.backward()
    assert y.data == first(-4.0)
    assert abs(x.grad - slope(first, -4.0, of=0)) < 1e-4


def test_more_ops():
    a = Value(1.5)
    b = Value(2.0)
    g = second(a, b)
    g.backward()
    tol = 1e-6
    assert abs(g.data - second(1.5, 2.0)) < tol
    assert abs(a.grad - slope(second, 1.5, 2.0, of=0)) < tol
    assert abs(b.grad - slope(second, 1.5, 2.0, of=1)) < tol


test_sanity_check()
test_more_ops()
print("2 passed")
