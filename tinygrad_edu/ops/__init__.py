"""All operations, each declared in one statement, in the file of its kind."""

from ..engine import fast_calls as fast_calls  # before any operation is declared
from ..engine.spelling import NAMED as _NAMED
from .algebra import *
from .composed import astype as astype
from .composed import correlate as correlate
from .composed import dropout as dropout
from .composed import slogdet as slogdet
from .composed import split as split
from .conventions import *
from .image import *
from .inverse import *
from .loss import *
from .normalise import *
from .pointwise import *
from .reduce import *
from .select import *
from .shape import *
from .trigonometry import *

# What a program uses; not what is there for the rules of others alone.
__all__ = [name for name, spelled in _NAMED.items() if spelled.for_users and name == spelled.name]
