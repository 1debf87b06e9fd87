"""The attributes of an operation: what its statement says about it, beside its forward and its rules.

A finding, a picture or a method of Tensor asks the operation, and keeps no list of names of operations.  So a new
operation is treated like the others.  tests/ops/test_ops.py compares its attributes with what it computes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from .calling import names
from .spelling import Spelled


class Attributes(Spelled):
    """The attributes of ``op``.  Those that a statement can give, as ``rearranges=True``, come first, with defaults."""

    __slots__ = ()

    # Each element of the result depends only on those at the same index of the operands.
    elementwise: bool = False
    # The result has all elements of the operand, in another order or shape.
    rearranges: bool = False
    # It is not elementwise, but the result has the shape of the operand, as that of softmax.  If axis=None flattens the
    # operand, this holds only along an axis.
    same_shape: bool = False
    # The result is made of some elements of the operands, and leaves out those at which the rule is 0.  For this and
    # ``masks`` see engine/unchosen.py.
    selects: bool = False
    # A factor that is data may be 0, and so leave elements out.
    masks: bool = False
    # Results come near to these numbers, and equal them only by rounding, as 0 for exp.
    never: tuple[float, ...] = ()
    # The names of operands, with spaces between them: but for rounding, the result is 0 only where one of these is.
    vanishes: str = ""
    # The arguments of a logarithm, each with the numbers at which that is infinite.
    logarithm: Mapping[str, tuple[float, ...]] = {}
    # For operations on images the axis of the channels, in operand and result; otherwise 0.
    channels: int = 0

    # These follow from the statement.
    rules: Mapping[str, Callable[..., Any]]
    variadic_name: str

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

    def reads(self, name: str) -> set[str]:
        """The names that the rule for an argument reads, as g and z."""
        return set(names(self.rules[name]))


# What a statement can give, here and for spelling.py.
STATED = [name for name in Attributes.__annotations__ if hasattr(Attributes, name)]
STATED += ["aliases", "extended", "words", "advice", "neutral", "for_users"]


def variadic_or_family(variadic: str, stated: dict[str, Any]) -> str:
    """The name of the argument that is a list of operands.  ``family=`` is an older word for it, and deprecated."""
    if "family" in stated and not callable(stated["family"]):
        warnings.warn("op(family=...) is called variadic= now", DeprecationWarning, stacklevel=3)
        return str(stated.pop("family"))
    return variadic
