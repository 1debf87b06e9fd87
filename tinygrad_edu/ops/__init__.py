"""All operations, each declared in one statement, in the file of its kind."""

from os.path import dirname as _dirname
from os.path import exists as _exists
from os.path import join as _join
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from ..engine import fast_calls as fast_calls  # before any operation is declared
from ..engine.spelling import NAMED as _NAMED
from . import composed as _composed
from .algebra import *
from .composed import astype as astype
from .composed import dropout as dropout
from .composed import split as split
from .conventions import *
from .pointwise import *
from .reduce import *
from .select import *
from .shape import *

if _TYPE_CHECKING:  # these files are read when one of their names is asked for
    from .image import *
    from .inverse import *
    from .loss import *
    from .normalise import *
    from .trigonometry import *

# What a program uses; not what is there for the rules of others alone.
__all__ = [name for name, spelled in _NAMED.items() if spelled.for_users and name == spelled.name]


def __getattr__(name: str) -> _Any:
    """An operation, or another function, whose file has not been read yet."""
    is_file = _exists(_join(_dirname(__file__), f"{name}.py"))  # which Python is about to import
    found = None if is_file or name.startswith("_") else _composed.find(name)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found.public
