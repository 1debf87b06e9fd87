"""A recorded computation and its sweep as plain data: pictures, pages and files are made from that alone."""

from .build import traced as traced
from .data import Trace as Trace
