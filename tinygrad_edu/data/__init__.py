"""Data to train on that comes with the package: no network, nothing to wait for."""

from .handwritten_digits import Digits as Digits
from .handwritten_digits import digits as digits
