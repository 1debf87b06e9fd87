"""Data to train on that comes with the package, so that nothing is downloaded."""

from .handwritten_digits import Digits as Digits
from .handwritten_digits import digits as digits
