"""PyTorch's functions that make tensors: ``zeros(2, 3, requires_grad=True)``.

They make a constant, or a leaf to which a gradient flows if ``requires_grad`` is True, of float64 unless ``dtype`` says
otherwise.  Sizes are given one by one or as a tuple.  Programs in NumPy's words do not need them: ``Tensor(np.zeros(3))``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.composing import composed
from ...graph import Value

_generators: list[np.random.Generator] = []  # the one that draws, once it is needed: np.random takes long to load


def _generator() -> np.random.Generator:
    """What draws random numbers: see ``manual_seed``."""
    if not _generators:
        _generators.append(np.random.default_rng())
    return _generators[0]


def _made(array: Any, dtype: Any, requires_grad: bool) -> Any:
    """A tensor of these numbers."""
    made: Any = Value.of_results
    return made(array, dtype=dtype, requires_grad=requires_grad)


def _shape(size: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape of ``zeros(2, 3)`` and of ``zeros((2, 3))``."""
    return tuple(size[0]) if len(size) == 1 and not isinstance(size[0], (int, np.integer)) else size


@composed(method=False)
def tensor(data, *, dtype=None, requires_grad: bool = False):
    """A tensor of numbers, nested lists or an array; a constant unless ``requires_grad``."""
    return _made(data, dtype, requires_grad)


@composed(method=False, aliases="from_numpy asarray")
def as_tensor(data, dtype=None):
    """The tensor itself; of anything else a constant of a copy of it."""
    return data if isinstance(data, Value) and dtype is None else _made(data, dtype, False)


@composed()
def zeros(*size, dtype=None, requires_grad: bool = False):
    """A tensor of zeros."""
    return _made(np.zeros(_shape(size)), dtype, requires_grad)


@composed()
def ones(*size, dtype=None, requires_grad: bool = False):
    """A tensor of ones."""
    return _made(np.ones(_shape(size)), dtype, requires_grad)


@composed(words={"shape": "size", "value": "fill_value"})
def full(size, fill_value, *, dtype=None, requires_grad: bool = False):
    """A tensor with the same number everywhere."""
    return _made(np.full(size, fill_value), dtype, requires_grad)


@composed()
def eye(n, m=None, *, dtype=None, requires_grad: bool = False):
    """A matrix with ones on its diagonal, and zeros elsewhere."""
    return _made(np.eye(n, m), dtype, requires_grad)


@composed()
def arange(start, end=None, step=1, *, dtype=None, requires_grad: bool = False):
    """The numbers from ``start`` on in steps, without ``end``; with one argument from 0 to it."""
    return _made(np.arange(start) if end is None else np.arange(start, end, step), dtype, requires_grad)


@composed(words={"stop": "end", "num": "steps"})
def linspace(start, end, steps: int = 50, *, dtype=None, requires_grad: bool = False):
    """So many numbers from ``start`` to ``end``, both among them, at equal distances.  A gradient flows to both ends."""
    if isinstance(start, Value) or isinstance(end, Value):
        along = np.linspace(0.0, 1.0, steps).reshape((steps,) + (1,) * max(np.ndim(start), np.ndim(end)))
        made = start + (end - start) * along
        return made if dtype is None else made.astype(dtype)
    return _made(np.linspace(start, end, steps), dtype, requires_grad)


@composed(method=False)
def manual_seed(seed: int):
    """Draw the same random numbers from here on in each run of the program: those of ``rand`` and its like."""
    _generators[:] = [np.random.default_rng(seed)]


@composed()
def rand(*size, dtype=None, requires_grad: bool = False):
    """Random numbers, uniform from 0 to 1."""
    return _made(_generator().random(_shape(size)), dtype, requires_grad)


@composed()
def randn(*size, dtype=None, requires_grad: bool = False):
    """Random numbers, normally distributed, with mean 0 and standard deviation 1."""
    return _made(_generator().normal(size=_shape(size)), dtype, requires_grad)


@composed(method=False)
def normal(mean=0.0, std=1.0, size=None, *, dtype=None, requires_grad: bool = False):
    """Random numbers, normally distributed; ``mean`` and ``std`` are numbers or plain arrays."""
    plain = [getattr(x, "_array", x) for x in (mean, std)]
    return _made(_generator().normal(*plain, size), dtype, requires_grad)


@composed()
def randint(low, high=None, size=None, *, dtype=None):
    """Random whole numbers from ``low`` to one less than ``high``; with two arguments from 0 to one less than ``low``."""
    if size is None:
        low, high, size = 0, low, high
    return _made(_generator().integers(low, high, size), dtype, False)


@composed(method=False)
def randperm(n: int):
    """The whole numbers from 0 to ``n`` - 1 in random order."""
    return _made(_generator().permutation(n), None, False)


@composed(aliases="new_zeros")
def zeros_like(x, size=None, *, dtype=None, requires_grad: bool = False):
    """Zeros of the shape of ``x``, or of another ``size``, and of its dtype."""
    return _made(np.zeros(np.shape(x) if size is None else size), dtype or x.dtype, requires_grad)


@composed(aliases="new_ones")
def ones_like(x, size=None, *, dtype=None, requires_grad: bool = False):
    """Ones of the shape of ``x``, or of another ``size``, and of its dtype."""
    return _made(np.ones(np.shape(x) if size is None else size), dtype or x.dtype, requires_grad)


@composed()
def full_like(x, fill_value, *, dtype=None, requires_grad: bool = False):
    """The same number everywhere, in the shape of ``x`` and of its dtype."""
    return _made(np.full(np.shape(x), fill_value), dtype or x.dtype, requires_grad)


@composed()
def rand_like(x, *, dtype=None, requires_grad: bool = False):
    """Random numbers, uniform from 0 to 1, in the shape of ``x``."""
    return _made(_generator().random(np.shape(x)), dtype or x.dtype, requires_grad)


@composed()
def randn_like(x, *, dtype=None, requires_grad: bool = False):
    """Random numbers, normally distributed, in the shape of ``x``."""
    return _made(_generator().normal(size=np.shape(x)), dtype or x.dtype, requires_grad)
