"""A recorded computation, one step at a time: no words, no pictures."""

from .stepper import Moment as Moment
from .stepper import Stepper as Stepper
