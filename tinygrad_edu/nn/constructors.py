"""How a layer may be made and called: with the words of PyTorch besides ours, by the mechanism of engine/spelling.py.

A class gives its words in its statement, as in ``class Linear(Module, words={"in_features": "inputs"})``.  They are
looked at only if the arguments do not fit the definition.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..engine import calling
from ..engine.spelling import Spelled
from ..errors import messages as errors

# What to write for options that no layer takes.
ADVICE = {
    "device": "the call without device: NumPy computes on the processor",
    "bidirectional": "two layers, the second for np.flip(x, axis=0), and concatenate their results",
}


class Spelling(Spelled):
    """A method of a layer, with the ways to spell a call of it.  ``words``, ``advice``: see engine/spelling.py."""

    def __init__(
        self, name: str, function: Callable[..., Any], words: Mapping[str, str], advice: Mapping[str, str]
    ) -> None:
        self.name, self.function = name, function
        names, self.only_named = calling.names_by_kind(function)
        self.names = names[1:]  # without self
        self.words = {word: ours for word, ours in words.items() if ours in (*self.names, *self.only_named)}
        self.advice = {word: remedy for word, remedy in (ADVICE | dict(advice)).items() if word not in self.names}

    def call_of(self, module: Any, args: tuple[Any, ...], options: dict[str, Any], error: TypeError) -> Any:
        """Call the method of a module with other people's words.  ``error``: what Python said of the call.

        A ``dtype`` is given to the module's numbers.  Raises TypeError, saying what to write, for any other option.
        """
        if str(options.get("device", "cpu")) == "cpu":
            options = {word: x for word, x in options.items() if word != "device"}
        known, left = self.translate(args, options)
        self.public = functools.partial(self.function, module)
        try:
            found = self.call_by_names(known)
        except TypeError as misfit:
            if not misfits(misfit, 1):
                raise
            raise errors.explained(error.with_traceback(None), errors.arguments_of(self)) from None
        if "dtype" in left:
            module.to(left["dtype"])
        return found


def misfits(error: TypeError, frames: int = 0) -> bool:
    """Was a function not even entered, since the arguments do not fit?  It was called so many frames further down."""
    below = error.__traceback__
    for _ in range(frames):
        below = below and below.tb_next
    return below is not None and below.tb_next is None


def with_other_words(kind: type[Any], words: Mapping[str, str], advice: Mapping[str, str]) -> Callable[..., None]:
    """The ``__init__`` of a layer of ours, which takes other people's words as well."""
    function: Any = vars(kind)["__init__"]

    @functools.wraps(function)
    def initialise(self: Any, *args: Any, **options: Any) -> None:
        """Make the layer, with other people's words if its own do not fit."""
        try:
            function(self, *args, **options)
        except TypeError as error:
            if not misfits(error):
                raise errors.hide_our_frames(error)
            Spelling(type(self).__name__, function, words, advice).call_of(self, args, options, error)

    return initialise


def whole_number(layer: str, option: str, value: Any, least: int = 1) -> int:
    """An option of a layer that is a whole number.  Raises ValueError if it is another one, or less than ``least``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise errors.explained(ValueError(f"{layer}: {option} is a whole number from {least} up, not {value!r}"))
    return int(value)
