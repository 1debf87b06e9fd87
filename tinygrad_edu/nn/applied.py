"""Modules that call one function: activations, pooling and losses.  They are made from the functions, all in one place.

``nn.ReLU()`` calls ``relu``, ``nn.Softmax(dim=1)`` calls ``softmax`` with this axis, ``nn.CrossEntropyLoss()`` calls
``cross_entropy``: the letters of the names are the same but for capitals, underscores and the word Loss.  The options
of the module are those of the function, in all its words.
"""

from __future__ import annotations

from typing import Any

from ..engine import calling
from ..engine.spelling import NAMED, SECOND, Spelled
from ..errors import messages as errors
from ..format import text
from ..ops import composed
from .module import Module

WEIGHTS = {"w", "weight", "W", "table"}  # arguments that are parameters: a layer of its own has them
ABBREVIATIONS = {"bce": "binarycrossentropy"}
# How other libraries write the names; those for which there is a function are listed by ``dir(nn)``.
WRITTEN = (
    "ReLU LeakyReLU ReLU6 RReLU ELU SELU CELU GELU SiLU Mish GLU Sigmoid LogSigmoid Hardsigmoid Tanh Hardtanh "
    "Tanhshrink Hardshrink Softshrink Hardswish Softplus Softsign Softmin Softmax LogSoftmax Threshold "
    "MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d "
    "AdaptiveMaxPool1d AdaptiveMaxPool2d PixelShuffle CosineSimilarity PairwiseDistance "
    "CrossEntropyLoss NLLLoss MSELoss L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss KLDivLoss "
    "PoissonNLLLoss GaussianNLLLoss HingeEmbeddingLoss CosineEmbeddingLoss MarginRankingLoss TripletMarginLoss "
    "SoftMarginLoss MultiMarginLoss MultiLabelSoftMarginLoss"
).split()


class FunctionLayer(Module):
    """A module that calls one function, with options that are given once.  Its subclasses are made by ``layer_of``."""

    spelled: Spelled
    operands: tuple[str, ...]  # the arguments that are given later

    def __init__(self, *args: Any, **options: Any) -> None:
        """Keep the options of the function.  Raises TypeError, saying what to write, for what it does not take."""
        function, operands = self.spelled, self.operands
        wider, self.more = function.extension, ()  # it takes more options: see ``extends`` in engine/composing.py
        if wider is not None and calling.is_packed(wider.function):
            self.more, args = args, ()  # it has several orders, and finds out which of them is meant
        elif wider is not None:
            function = wider
        known = function.names[len(operands) :]
        if len(args) > len(known):
            words = f"{type(self).__name__} was called with {text.plural(len(args), 'argument')}"
            remedy = f"It is called with {text.join_words(operands)} later: layer({', '.join(operands)})."
            taken = f"Its options are {text.join_words([*known, *function.only_named])}." if known else ""
            raise errors.explained(TypeError(words), *filter(None, [taken, remedy]))
        by_position = dict(zip(known, args))
        if twice := by_position.keys() & options.keys():
            raise errors.given_twice(function, twice.pop())
        options.pop("inplace", None)  # a module gives a new array, as with inplace=False
        for word, x in options.items():
            if self.spelled.name_here(word, {}) in operands:
                raise errors.other_option(function, word, x)
        self.options = (wider or function).translate((), by_position | options)[0]
        if missing := [name for name in required(self.spelled) if name not in (*operands, *self.options)]:
            words = f"{type(self).__name__} was called without {text.join_words(missing)}"
            raise errors.explained(TypeError(words), errors.arguments_of(self.spelled))

    def forward(self, *operands: Any) -> Any:
        """Call the function with these operands, the module's options, and its mode if the function asks for that."""
        mode = {"training": self.training} if "training" in self.spelled.names else {}
        return self.spelled.public(*operands, *self.more, **mode | self.options)


def required(function: Spelled) -> tuple[str, ...]:
    """The arguments of a function that have no default."""
    names = function.names
    if calling.is_packed(function.function):
        return names[:1]
    return names[: len(names) - len(function.function.__defaults__ or ())]


def operands_of(function: Spelled, is_loss: bool) -> tuple[str, ...]:
    """The arguments that a module gets when it is called: the first, and a second operand; those of a loss are all."""
    first, *others = required(function)
    return (first, *(name for name in others if is_loss or name in SECOND))


def letters(name: str) -> str:
    """The letters of a name, without capitals and underscores."""
    return name.replace("_", "").lower()


def function_named(name: str) -> Spelled | None:
    """The function that a module of this name calls; None if there is none."""
    wanted = letters(name)
    for short, long in ABBREVIATIONS.items():
        if wanted.startswith(short):
            wanted = long + wanted.removeprefix(short)
    composed.read_all()
    known = {letters(n): spelled for n, spelled in NAMED.items() if spelled.for_users and n.isidentifier()}
    found = known.get(wanted) or known.get(wanted.removesuffix("loss"))
    if found is None or not WEIGHTS.isdisjoint(required(found)):
        return None
    return found


def layer_of(name: str) -> type[FunctionLayer] | None:
    """The class of modules that call the function of this name; None if there is no such function."""
    function = function_named(name) if name[:1].isupper() else None
    if function is None:
        return None
    operands = operands_of(function, letters(name).endswith("loss"))
    words = f"A module that calls ``{function.name}`` with {text.join_words(operands)}."
    about = f"{words}  Its options are those of the function.\n\n{function.function.__doc__}"
    own = {"spelled": function, "operands": operands, "__doc__": about, "__module__": "tinygrad_edu.nn"}
    return type(name, (FunctionLayer,), own)


def written_names() -> list[str]:
    """The names of such modules, as other libraries write them."""
    return [name for name in WRITTEN if function_named(name) is not None]
