"""A recorded computation and its sweep as plain data.  Everything that shows something sees only that."""

from .build import traced as traced
from .data import Trace as Trace
