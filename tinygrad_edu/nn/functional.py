"""All functions of the package, as ``F.relu(x)`` after ``from tinygrad_edu.nn import functional as F``."""

from __future__ import annotations

from typing import Any

from ..engine.spelling import NAMED
from ..errors import messages as errors
from ..format import text
from ..ops import composed


def pad(input: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    """A border around the last axes, as PyTorch's: ``pad`` is (left, right, top, bottom, ...), from the last axis on.

    ``tinygrad_edu.pad`` is NumPy's, where a pair of numbers stands for all axes.
    """
    return composed.find("pad").public(input, pad=pad, mode=mode, value=value)


def __getattr__(name: str) -> Any:
    """The function of that name, by any of its names."""
    found = None if name.startswith("_") else composed.find(name)
    if found is None:
        error = AttributeError(f"there is no function {name}", name=name)
        if name.startswith("_"):
            raise error
        near = text.suggest(name, __dir__()).strip(". ")
        raise errors.explained(error, near or "tinygrad_edu.OPS lists all operations.")
    return found.as_method or found.public  # which takes inplace=True too


def __dir__() -> list[str]:
    composed.read_all()
    return sorted(name for name, spelled in NAMED.items() if spelled.for_users and name.isidentifier())
