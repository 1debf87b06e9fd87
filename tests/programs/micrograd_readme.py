"""In micrograd's spelling: numbers, +=, ** and relu.  Only the import differs."""

from tinygrad_edu import Tensor as Value

a = Value(2.0)
b = Value(-3.0)
c = a * b + b**2  # 3
d = (a - b).relu() + (a + b).relu()  # 5 + 0
c += 1  # 4
c += c + (-a)  # 2 c - a = 6
d += 3 * d  # 20
e = c - d  # -14
f = e**2 / 4.0  # 49
f += 98.0 / f  # 51
print(f"{f.data:.4f}")
f.backward()

# By hand: e = 2 (a b + b² + 1) - a - 4 (a - b), so de/da = 2 b - 5 = -11 and de/db = 2 a + 4 b + 4 = -4.
# df/de = e / 2 (1 - 98 / 49²) = -7 * 47 / 49.
slope = -7 * 47 / 49
print(f"{a.grad:.4f} {b.grad:.4f}")
assert abs(f.data - 51.0) < 1e-12
assert abs(a.grad - slope * -11) < 1e-12
assert abs(b.grad - slope * -4) < 1e-12
