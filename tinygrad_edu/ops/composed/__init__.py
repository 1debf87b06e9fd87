"""Functions that are made of operations, which are recorded for the line that calls the function.

They are NumPy's and PyTorch's names for what the operations can do.  Most are read when a name is asked for that is not
known yet, since few programs need them: see ``find``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ...engine import spelling
from ...engine.spelling import NAMED
from .basic import astype as astype
from .basic import correlate as correlate
from .basic import dropout as dropout
from .basic import slogdet as slogdet
from .basic import split as split

LATER = ("activations", "arrays", "elementwise", "layers", "losses")  # the files that are read when they are needed


def read_all() -> None:
    """Read the files with all other functions."""
    for file in LATER:
        import_module(f".{file}", __name__)


spelling.LATER.append(read_all)  # also for a call with other people's words


def find(name: str) -> Any:
    """The function of that name, operation or not; None if there is none."""
    if name not in NAMED:
        read_all()
    return NAMED.get(name)
