"""The attributes of an operation: what its statement says about it, beside its forward and its rules.

A finding, a picture or a method of Tensor asks the operation, and keeps no list of names of operations.  So a new
operation is treated like the others.  tests/ops/test_ops.py compares its attributes with what it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from .calling import is_packed, names


class Attributes:
    """The attributes of ``op``.  Those that a statement can give, as ``rearranges=True``, come first, with defaults."""

    __slots__ = ()

    elementwise: bool = False  # an element of the result depends only on those in its place in the operands
    rearranges: bool = False  # the result has all elements of the operand, in another order or shape
    same_shape: bool = False  # not elementwise, but the result has the shape of the operand, as softmax's has; where
    # axis=None flattens the operand, only along an axis
    selects: bool = False  # the result is put together of elements of the operands and leaves others out: those at
    # which the rule is 0.  See engine/unchosen.py, also for the next
    masks: bool = False  # a factor that is data may be 0, and so leave elements out
    never: tuple[float, ...] = ()  # results come near to these numbers, and equal them only by rounding, as 0 for exp
    vanishes: str = ""  # operands, with spaces between them: it is 0 only where one of these is, but for rounding
    logarithm: Mapping[str, tuple[float, ...]] = {}  # the argument of a logarithm, and where that is infinite
    channels: int = 0  # the axis of the channels, in operand and result, of operations on images; 0 for none
    method: str = ""  # what it is called as a method of a Tensor, if the package has it; two names with a space between
    numpy: Mapping[str, str] = {}  # NumPy's names of arguments, with those here, where they differ

    # These follow from the statement.  ``op`` sets the first three.
    function: Callable[..., Any]
    names: tuple[str, ...]  # of the arguments
    rules: Mapping[str, Callable[..., Any]]

    def set_attributes(self, stated: Mapping[str, Any]) -> dict[str, Any]:
        """Keep the attributes among the named arguments of a statement, and return the others, which are rules.

        Raises TypeError for an attribute of another type than its default, and for what is neither attribute nor rule.
        """
        rules = {}
        for name, value in stated.items():
            wanted: Any = type(getattr(Attributes, name)) if name in STATED else None
            if wanted is None and callable(value):
                rules[name] = value
            elif wanted is None:
                known = ", ".join(STATED)
                raise TypeError(
                    f"{name}={value!r} is no rule, which is a function, and op has only the attributes {known}"
                )
            elif callable(value):
                raise TypeError(f"op has an attribute {name}: an argument that has a rule cannot have that name")
            elif not isinstance(value, wanted):
                raise TypeError(f"op takes {name} of type {wanted.__name__}, not {type(value).__name__}")
            else:
                setattr(self, name, value)
        return rules

    @cached_property
    def reduces(self) -> bool:
        """Does it reduce an axis to one number, as sum does?  The names of its options tell."""
        return {"axis", "keepdims"} <= set(self.names)

    @cached_property
    def linear(self) -> frozenset[int]:
        """The numbers of the arguments in which it is linear: the rule for each reads neither it nor the result.

        A constant may be added, as in x + 1.
        """
        return frozenset(
            k for k, name in enumerate(self.names) if name in self.rules and not {name, "z"} & self.reads(name)
        )

    @cached_property
    def factors(self) -> frozenset[int]:
        """The numbers of the arguments that are multiplied: it is linear in each, with a slope that others make."""
        return frozenset(k for k in self.linear if self.reads(self.names[k]) & self.rules.keys())

    @property
    def multiplies(self) -> bool:
        """Does it multiply two operands with each other, as matmul does?"""
        return len(self.factors) > 1

    def called_as_numpy(self, args: Any, options: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Translate the arguments of a call of NumPy's function into those of the operation."""
        options = {self.numpy.get(name, name): x for name, x in options.items()}
        if is_packed(self.function) and self.names[-1] in options:
            args = (*args, options.pop(self.names[-1]))
        return args, options

    def reads(self, name: str) -> set[str]:
        """The names that the rule for an argument reads, as g and z."""
        return set(names(self.rules[name]))


STATED = [name for name in Attributes.__annotations__ if hasattr(Attributes, name)]  # in a statement
