"""Typical mistakes of those who derive gradients by hand (data/mistakes.json): each as functions that can be called."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).parents[1] / "data" / "mistakes.json"
CATEGORIES = """
    SIGN CHAIN MISSING_PATH LOCAL_DERIVATIVE INDEX_SHIFT TRANSPOSE MISSING_FACTOR HADAMARD
    ORDER LAYOUT JACOBIAN WRONG_FUNCTION AXIS SCALE BROADCAST SHARED
""".split()

Arrays = dict[str, Any]
Function = Callable[..., Any]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def logsumexp(z: Any) -> Any:
    m = z.max(axis=-1, keepdims=True)
    return (np.log(np.exp(z - m).sum(axis=-1, keepdims=True)) + m)[..., 0]


def one_hot(y: Any, k: int) -> Any:
    return np.eye(k)[y]


def scatter_add(shape: tuple[int, ...], idx: Any, rows: Any) -> Any:
    g = np.zeros(shape)
    np.add.at(g, idx, rows)
    return g


def scatter_set(shape: tuple[int, ...], idx: Any, rows: Any) -> Any:
    g = np.zeros(shape)
    g[idx] = rows
    return g


def corr1d(x: Any, w: Any) -> Any:
    return np.correlate(x, w, "valid")


def conv_full(g: Any, w: Any) -> Any:
    return np.convolve(g, w, "full")


HELPERS = (sigmoid, softmax, logsumexp, one_hot, scatter_add, scatter_set, corr1d, conv_full)


def namespace(seed: int = 0) -> dict[str, Any]:
    """What the statements of an entry may use: np, the helpers, and rng."""
    return {"np": np, **{f.__name__: f for f in HELPERS}, "rng": np.random.default_rng(seed)}


@dataclass(frozen=True)
class Mistake:
    """One entry.  The arrays are drawn anew for each seed; 0 are those of the entry."""

    id: str
    title: str
    category: str
    also: list[str]  # categories that a fair tutor would accept first
    arrays: str
    lets: dict[str, str]
    loss: str
    wrt: str
    right: str
    right_alt: list[str]
    wrong: str
    masked: str | None
    diagnosis: str

    def draw(self, seed: int = 0, masked: bool = False) -> Arrays:
        """The arrays, in the order in which they are named; masked: such that the wrong answer passes."""
        names = namespace(seed)
        before = set(names)
        exec(self.arrays, names)
        if masked:
            exec(self.masked or "", names)
        return {name: value for name, value in names.items() if name not in before and name != "__builtins__"}

    def source(self, name: str, expression: str) -> str:
        """A function of the arrays, as a student might write it: the lets, and a return."""
        lines = [*(f"{let} = {value}" for let, value in self.lets.items()), f"return {expression}"]
        return f"def {name}({', '.join(self.draw())}):\n" + "".join(f"    {line}\n" for line in lines)

    def setup(self) -> str:
        """All of it as one script, but for the helpers: arrays, wrt, loss, right, wrong."""
        functions = [self.source(name, getattr(self, name)) for name in ("loss", "right", "wrong")]
        arrays = f"arrays = dict({', '.join(f'{name}={name}' for name in self.draw())})"
        return "\n".join(["rng = np.random.default_rng(0)", self.arrays, arrays, f"wrt = {self.wrt!r}", *functions])

    def function(self, name: str, expression: str) -> Function:
        names = namespace()
        exec(self.source(name, expression), names)
        return names[name]

    def functions(self) -> tuple[Function, Function, Function, list[Function]]:
        """Loss, right, wrong, and the other right forms."""
        loss, right, wrong = (self.function(name, getattr(self, name)) for name in ("loss", "right", "wrong"))
        return loss, right, wrong, [self.function("right_alt", expression) for expression in self.right_alt]

    def kind(self) -> str:
        """How the wrong answer is wrong: "raises", "layout" (right once transposed or reshaped), "shape", "value"."""
        arrays = self.draw()
        right = np.asarray(self.function("right", self.right)(**arrays))
        try:
            wrong = np.asarray(self.function("wrong", self.wrong)(**arrays))
        except ValueError:
            return "raises"
        for turned in (wrong.T, *([wrong.reshape(right.shape)] if wrong.size == right.size else [])):
            if turned.shape == right.shape and np.allclose(turned, right):
                return "layout"
        return "value" if wrong.shape == right.shape else "shape"

    def uses(self, name: str) -> bool:
        """Whether the loss, the lets or the answers mention a name."""
        texts = [self.loss, self.right, self.wrong, *self.lets.values()]
        return any(re.search(rf"\b{name}\b", text) for text in texts)


def load() -> list[Mistake]:
    return [Mistake(**entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))]
