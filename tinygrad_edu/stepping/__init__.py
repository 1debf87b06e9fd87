"""A recorded computation, gone through one step at a time; it prints nothing and draws nothing."""

from .stepper import Moment as Moment
from .stepper import Stepper as Stepper
