"""How a function may be called: by which other names, and with which other words for its arguments.

People come from NumPy, PyTorch and JAX, and write ``x.sum(dim=0)``, ``np.sum(a=x)`` or ``x.clamp(min=0)``.  A statement
gives its own ``aliases``, ``words`` and ``advice``.  What holds for all functions stands here.  What is neither is an
error that says what to write.  All this is looked at only if a call does not fit the definition.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..context import current, within
from ..errors import messages as errors
from ..format import locations
from ..graph import Value, get_frame
from .calling import is_packed, takes_any_word

# Other people's words for an argument.  For one of several, the one counts that the function has.
WORDS: dict[str, tuple[str, ...]] = {
    "dim": ("axis",), "axis": ("dim",), "dims": ("axis", "axes"), "axes": ("axis",), "keepdim": ("keepdims",),
    "keepdims": ("keepdim",), "keep_dims": ("keepdims",), "tensors": ("arrays",), "tup": ("arrays",),
}  # fmt: skip
# Words for the first and for the second operand, whatever they are called here.
FIRST = ("input", "a", "x", "self", "x1", "array", "arr", "ary", "m", "A", "logits", "predict")
SECOND = ("other", "b", "y", "x2", "v", "B", "vec", "mat2", "target", "labels")
# Options of NumPy that change how a result is computed, and not what it is.
WITHOUT_EFFECT = ("casting", "subok", "optimize", "kind", "stable", "like", "copy", "device", "pin_memory")
# Options with values that ask for what happens here anyway.
AS_IF_NOT_GIVEN: dict[str, tuple[Any, ...]] = {
    "order": ("K", "C", "A"), "where": (True,), "mode": ("raise",), "inplace": (False,), "retain_graph": (True, None),
    "create_graph": (False, None),
}  # fmt: skip
# The arguments of a ufunc's methods, as np.add.reduce: not all versions of NumPy tell.  Without an axis theirs is 0.
OF_UFUNCS = {
    "reduce": ["array", "axis", "dtype", "out", "keepdims", "initial", "where"],
    "accumulate": ["array", "axis", "dtype", "out"],
}


class Spelled:
    """A function that users call, with the ways to spell a call of it: an operation, or what is made of operations.

    aliases: its other names, with spaces between them.  A ufunc's method has a dot, as in "add.reduce".
    for_users: False for what is there for the rules of other operations alone, which is no method either.
    extended: the file of ops/composed with the function that computes calls which do not fit: see ``extends``.
    neutral: for a ufunc's ``reduce``, the number that changes no result, as 0 for sum.
    words: other people's names of arguments, each with the name here.
    advice: what to write for an option that it does not take, or that means something else to other people; for "*", if
        there are more arguments than it has.
    """

    __slots__ = ()

    for_users: bool = True
    aliases: str = ""
    neutral: float = math.nan
    words: Mapping[str, str] = {}
    advice: Mapping[str, str] = {}

    name: str
    names: tuple[str, ...]  # of the arguments
    only_named: tuple[str, ...] = ()  # those that are never given by position
    extended: str = ""
    in_order: Any = None  # turns the arguments of another way to call it into its own: see ``called_also``
    in_words: Any = None  # the same for its named arguments: see ``worded_also``
    extension: Spelled | None = None  # what computes calls that do not fit it: see ``extends`` in composing.py
    function: Callable[..., Any]
    public: Callable[..., Any]  # what users call
    as_method: Any = None  # the method of Tensors, where it is another function
    direct: Any = None  # for calls that are known to fit, where it is another function

    def register(self, is_method: bool | None) -> None:
        """Make it known by each of its names, and if ``is_method`` a method of Tensors.

        If that is False, it may be called on the class, as ``Tensor.stack([a, b])``; if None, it is no part of it.

        An operation that a user declares takes a name from a function of ours that is made of operations, also if that
        is read later, and any name that is an operation's other one.  Raises ValueError for the name of an operation.
        """
        ROUTES.clear()
        for name in (self.name, *self.aliases.split()):
            known = NAMED.get(name)
            if known is not None and known.function.__module__ != self.function.__module__:
                if known.of_user and self.gives_way:
                    continue
                if not (self.of_user and (known.of_user or known.gives_way or name != known.name)):
                    owner = f"{known.name} in {known.function.__module__}"
                    raise ValueError(f"{self.name}: the name {name} belongs to {owner}")
            NAMED[name] = self
            if is_method and self.for_users and name.isidentifier() and name not in Value.__slots__:
                setattr(Value, name, self.as_method or self.public)
            elif is_method is False and self.for_users and name.isidentifier():
                setattr(Value, name, OnClass(self))

    @property
    def of_user(self) -> bool:
        """Did a user declare it, in a file that is not of this package?"""
        return not self.function.__module__.startswith(__name__.partition(".")[0] + ".")

    @property
    def gives_way(self) -> bool:
        """Is it a function of ours that is no operation?  Then a user's operation may have its name."""
        return not hasattr(self, "rules") and not self.of_user

    def call(self, args: tuple[Any, ...], options: Mapping[str, Any], error: Exception | None = None) -> Any:
        """Call it with other people's words.  Raises TypeError, saying what to write, for what it does not take.

        ``error``: what Python said of this call; it is raised if there are no other people's words.
        """
        with within(frame=current.get().frame or locations.user_frame(get_frame(1))):
            if self.extended and self.extension is None:
                READ[-1](self.extended)
            if self.extension is not None:
                return self.extension.public(*args, **options)
            return self.call_translated(args, options, error)

    def call_translated(self, args: tuple[Any, ...], options: Mapping[str, Any], error: Exception | None) -> Any:
        """Call it itself with its own words for those of other people."""
        known, left = self.translate(args, options)
        packed = is_packed(self.function) and self.names[-1] in options
        if error is not None and not left and not packed and known.keys() == {*self.by_position(args), *options}:
            raise errors.of_call(self, args, options, error)
        if "where" in left:
            first = self.names[0]
            known[first] = NAMED["where"].public(left["where"], known[first], self.neutral)
        operands = getattr(self, "rules", None) or self.names[:1]
        if "dtype" in left:  # NumPy computes in it, so operands are brought to it
            known |= {name: as_dtype(x, left["dtype"]) for name, x in known.items() if name in operands}
        z = self.call_by_names(known)
        if "initial" in left:
            z = NAMED[self.reduced_by].public(z, left["initial"])
        return as_dtype(z, left["dtype"]) if "dtype" in left else z

    def call_by_names(self, known: dict[str, Any]) -> Any:
        """Call it with these arguments."""
        function = self.direct or self.public
        if not is_packed(self.function):
            return function(**known)
        named = {name: x for name, x in known.items() if name not in self.names}
        given = [known[name] for name in self.names if name in known]
        *first, last = given if self.names[-1] in known else (*given, ())
        return function(*first, *last, **named)

    def translate(self, args: tuple[Any, ...], options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The arguments by their names here, and general options: a dtype, and what NumPy's reductions take."""
        known, left = self.by_position(args), {}
        if self.in_words is not None:
            options = self.in_words(options)
        for word, x in options.items():
            if any(x is y or x == y for y in AS_IF_NOT_GIVEN.get(word, ()) if isinstance(x, (str, bool, type(None)))):
                continue
            advice = "" if word in self.words else self.advice.get(word, "")
            if advice and not (x is None or (x is False and advice.startswith("Leave it out"))):
                raise errors.other_option(self, word, x)
            name = self.name_here(word, known)
            if name is not None and name in known:
                raise errors.given_twice(self, name)
            elif name is not None:
                known[name] = (x,) if name == self.names[-1] and is_packed(self.function) else x
            elif takes_any_word(self.function):
                known[word] = x
            elif x is None or advice:
                continue
            elif word == "dtype" or (word in ("where", "initial") and self.reduced_by):
                left[word] = x
            elif word == "out":
                raise errors.written_into(
                    self.name, next((x.node for x in known.values() if isinstance(x, Value)), None)
                )
            elif word not in WITHOUT_EFFECT:
                raise errors.other_option(self, word, x)
        return known, left

    @property
    def reduced_by(self) -> str:
        """The name of the ufunc whose ``reduce`` it is, as "add" for sum; empty for all others."""
        return next((name.removesuffix(".reduce") for name in self.aliases.split() if name.endswith(".reduce")), "")

    def by_position(self, args: tuple[Any, ...]) -> dict[str, Any]:
        """The names of arguments that were given by position.  Raises TypeError if there are too many."""
        known = dict(zip(self.names, args))
        if is_packed(self.function):
            number = len(self.names) - 1
            if len(args) > number:
                known[self.names[-1]] = args[number:]
        elif len(args) > len(self.names):
            raise errors.too_many_arguments(self, args)
        return known

    def name_here(self, word: str, known: Mapping[str, Any]) -> str | None:
        """The name here of an argument for which other people have a ``word``; None if it has none."""
        if word in self.names or word in self.only_named:
            return word
        own = self.words.get(word)
        if own is not None:
            return own
        for name in WORDS.get(word, ()):
            if name in self.names or name in self.only_named:
                return name
        for number, others in enumerate((FIRST, SECOND)):
            if word in others and number < len(self.names) and self.names[number] not in known:
                return self.names[number]
        return None


READ: list[Callable[[str], Any]] = []  # what reads a file with extensions, when a call needs it
NAMED: dict[str, Spelled] = {}  # every function by each of its names
ROUTES: dict[Any, Route | None] = {}  # from functions of NumPy that were called; None where there is none here


class OnClass:
    """A function that is called on the class, as ``Tensor.stack([a, b])``; a tensor is the first of such a list."""

    __slots__ = ("spelled",)

    def __init__(self, spelled: Spelled) -> None:
        self.spelled = spelled

    def __get__(self, tensor: Any, kind: Any = None) -> Any:
        """The function; on a tensor, with that tensor in its place."""
        public, names = self.spelled.public, self.spelled.names
        if tensor is None or not names:
            return public
        if is_packed(self.spelled.function):
            if len(names) > 1 or names[0] == "size":  # as einsum(subscripts, *operands) and zeros(*size)
                raise AttributeError(f"{self.spelled.name} is called on the class: Tensor.{self.spelled.name}(...)")
            return functools.partial(public, tensor)
        if names[0] in ("arrays", "tensors", "tup"):
            return lambda *others, **options: public([tensor, *others], **options)
        return public


def as_dtype(x: Any, dtype: Any) -> Any:
    """The numbers in another dtype; what is no array of numbers, as a list of tensors, stays as it is."""
    other = isinstance(x, (Value, np.ndarray)) and (x._array if isinstance(x, Value) else x).dtype != np.dtype(dtype)
    return NAMED["astype"].public(x, dtype) if other else x


class Route:
    """How the arguments of one of NumPy's functions become those of a function here."""

    def __init__(self, function: Any, spelled: Spelled) -> None:
        self.spelled = spelled
        self.parameters, self.defaults = parameters_of(function)
        self.first_axis = self.parameters in OF_UFUNCS.values()
        ours = {word: self.name_here(i, word) for i, word in enumerate(self.parameters)}
        self.rename = {word: name for word, name in ours.items() if name is not None}
        # So many arguments by position, and these by name, mean the same here and there.
        pairs = list(zip(self.parameters, spelled.names))
        self.agree = next((i for i, (word, name) in enumerate(pairs) if ours[word] != name), len(pairs))
        if is_packed(spelled.function) or not self.parameters:
            self.agree = 1 if self.parameters else 64
        self.same = {word for word, name in ours.items() if word == name}
        if is_packed(spelled.function):
            self.same.discard(spelled.names[-1])

    def name_here(self, i: int, word: str) -> str | None:
        """The name here of NumPy's argument number ``i``."""
        names, words = self.spelled.names, self.spelled.words
        if word in names or word in words or word in self.spelled.only_named:
            return words.get(word, word)
        operand = i < len(names) and word not in self.defaults and names[i] not in self.parameters
        return names[i] if operand else None

    def call(self, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """Call the function here with what NumPy's function was called with."""
        if self.spelled.in_order is not None:
            args = self.spelled.in_order(args)
        if self.first_axis and len(args) < 2:
            options = {"axis": 0, **options}
        if len(args) <= self.agree and (not options or options.keys() <= self.same):
            return (self.spelled.direct or self.spelled.public)(*args, **options)
        if len(args) > self.agree and self.parameters:
            if len(args) > len(self.parameters):
                raise errors.too_many_arguments(self.spelled, args)
            options, args = {**dict(zip(self.parameters, args)), **options}, ()
        given = {
            self.rename.get(word, word): x
            for word, x in options.items()
            if x is not np._NoValue and (word in self.rename or self.defaults.get(word, self) is not x)
        }
        return self.spelled.call(args, given)


def parameters_of(function: Any) -> tuple[list[str], dict[str, Any]]:
    """The names of the parameters that a function of NumPy takes by position, and the defaults of all; else nothing.

    Some functions that are written in C do not tell.
    """
    if hasattr(function, "nin"):  # a ufunc
        return [f"x{i + 1}" for i in range(function.nin)] if function.nin > 1 else ["x"], {}
    if hasattr(getattr(function, "__self__", None), "nin") and function.__name__ in OF_UFUNCS:
        return OF_UFUNCS[function.__name__], {}
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [], {}
    by_position = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        by_position = []
    return by_position, {p.name: p.default for p in parameters if p.default is not p.empty}
