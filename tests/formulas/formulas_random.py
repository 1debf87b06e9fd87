"""Random computations on vectors and matrices: what a formula may be asked for."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant

FUNCTIONS = [
    tg.sigmoid, tg.tanh, tg.exp, tg.log_sigmoid, tg.softplus, tg.relu, tg.silu, np.sin,
    lambda x: np.log(np.exp(x) + 1), lambda x: x * x, lambda x: -x, lambda x: x**3, lambda x: 1 - x, lambda x: 2 * x,
    lambda x: 1 / (1 + np.exp(-x)), lambda x: 1 / (x * x + 1), lambda x: np.sqrt(x * x + 1),
]  # fmt: skip
PAIRS = [lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y, lambda x, y: x / (y * y + 1)]
LEAVES = {"a": "n", "b": "m", "c": "k", "d": "nm", "e": "mk", "f": "nk", "g": "n", "h": "m", "p": ""}


class Drawn:
    """One computation: its result, and its leaves; None where nothing came of it."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.size = dict(zip("nmk", self.random.choice([2, 3, 4, 5], 3, replace=bool(self.random.random() < 0.3))))
        self.values = [self.leaf(name, axes) for name, axes in LEAVES.items() if self.random.random() < 0.8]
        self.leaves = [x for _, x in self.values if x.requires_grad]
        for step in range(self.random.integers(2, 10)):
            new = getattr(self, self.one(["function"] * 2 + [*KINDS]))(step)
            if new is not None and isinstance(new[1], Tensor):
                self.values.append(new)
        self.result = self.total() if self.leaves else None

    def one(self, things):
        return things[self.random.integers(len(things))]

    def leaf(self, name, axes):
        x = self.random.normal(0, 0.8, [self.size[a] for a in axes])
        return axes, (Tensor if self.random.random() < 0.7 else constant)(x, name)

    def function(self, step):
        axes, x = self.one(self.values)
        return axes, self.one(FUNCTIONS)(x)

    def product(self, step):
        (a, x), (b, y) = self.one(self.values), self.one(self.values)
        return (a[:-1] + b[1:], x @ y) if a and b and a[-1] == b[0] else None

    def pair(self, step):
        (a, x), (b, y) = self.one(self.values), self.one(self.values)
        return (a, self.one(PAIRS)(x, y)) if a == b or b in ("", a[1:]) else None

    def summed(self, step):
        axes, x = self.one(self.values)
        if len(axes) < 2 or self.random.random() < 0.3:
            return "", x.sum() if self.random.random() < 0.7 else x.mean()
        k = int(self.random.integers(2))
        return axes[1 - k], self.one([lambda: x.sum(k), lambda: tg.logsumexp(x, k), lambda: x.mean(k)])()

    def softmax(self, step):
        axes, x = self.one(self.values)
        return (axes, self.one([tg.softmax, tg.log_softmax])(x, int(self.random.integers(len(axes))))) if axes else None

    def turned(self, step):
        axes, x = self.one(self.values)
        return (axes[::-1], x.T) if len(axes) == 2 else None

    def outer(self, step):
        (a, x), (b, y) = self.one(self.values), self.one(self.values)
        return (a + b, np.outer(x, y)) if len(a) == len(b) == 1 and a != b else None

    def chosen(self, step):
        axes, x = self.one(self.values)
        return (axes[1:], x[int(self.random.integers(len(x)))]) if axes else None

    def named(self, step):
        axes, x = self.one(self.values)
        if axes and not x.is_leaf:
            x.name = f"z_{step}"

    def total(self):
        total = None
        for _, x in self.values[-3:]:
            if x.requires_grad and not x.is_leaf:
                number = self.one([(x * x).sum, x.sum, np.log(np.exp(x).sum()).sum, x.mean])()
                total = number if total is None else total + number
        return total


KINDS = "product product pair pair summed softmax turned outer chosen named".split()
