"""What may be asked at a step: ``abs(W.grad).max()``, ``A @ x``, ``delta2``, ``shape == (3,)``.

An expression is parsed and worked out here, not run as Python: it can compute with the tensors, arrays and numbers that
there are, and do nothing else.
"""

from __future__ import annotations

import ast
import functools
import operator
import re
from collections.abc import Callable, Mapping
from types import BuiltinMethodType, MappingProxyType
from typing import Any

import numpy as np

from ..errors import coerce
from ..format import text
from ..graph import Node, Value
from .stepper import Moment, Stepper

LONGEST = 1000  # characters
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.MatMult: operator.matmul,
    ast.Pow: lambda x, y: np.power(np.asarray(x, float), y)[()],  # of whole numbers it could take forever
    ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Not: operator.not_, ast.Invert: operator.invert,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not, ast.In: lambda x, y: x in y,
    ast.NotIn: lambda x, y: x not in y,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in (
        "abs sum mean max min std var median prod any all argmax argmin sort round sign sqrt exp log log2 log10 log1p "
        "sin cos tan tanh floor ceil maximum minimum where dot outer isnan isinf isfinite isclose allclose array_equal "
        "count_nonzero diag trace transpose cumsum unique clip size ndim"
    ).split()
}
FUNCTIONS |= {"norm": np.linalg.norm, "len": len, "float": float, "int": int, "bool": bool}
CONSTANTS = {"pi": np.pi, "inf": np.inf, "nan": np.nan, "e": np.e}
# The methods of an array that may be called: those that only look at it.  All others are refused, also new ones.
METHODS = frozenset(
    "sum mean max min std var prod any all argmax argmin ravel reshape round clip dot trace diagonal item tolist "
    "transpose cumsum squeeze flatten copy nonzero".split()
)
ATTRIBUTES = METHODS | {"shape", "ndim", "size", "dtype", "T", "mT"}
DEEPEST = 8  # lists in lists that one computes with
SPECIAL = ("grad", "value", "passed", "g", "z", "shape", "step", "phase", "op", "name", "scope")  # of the step itself
DELTA = re.compile(r"(?:delta|δ)_?\(?(\w+)\)?")


class NotYet(LookupError):
    """What is asked for is not there at this step."""


class Expression:
    """A question about a step, parsed.  ValueError, saying what is wrong, for what is none."""

    def __init__(self, words: str) -> None:
        self.words = words.strip()
        source = re.sub(r"#(\d+)", r"tensor(\1)", self.words)
        if not source or len(source) > LONGEST:
            raise ValueError("there is no expression" if not source else f"an expression of over {LONGEST} characters")
        try:
            self.tree = ast.parse(source, mode="eval").body
        except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
            raise ValueError(f"{text.shown(self.words)} is no expression: {getattr(error, 'msg', error)}") from None

    def value(
        self,
        stepper: Stepper,
        moment: Moment,
        variables: Mapping[str, Any] | None = None,
        known: Mapping[str, Any] | None = None,
    ) -> Any:
        """What it gives at a step; ``variables`` are the program's, and ``known`` goes before all other names.

        Raises NotYet where something is not computed yet, LookupError for unknown names, ValueError, TypeError and
        other errors of arithmetic as NumPy does.
        """
        with np.errstate(all="ignore"):
            found = Answer(stepper, moment, variables or {}, known or {}).of(self.tree)
            return read_only(found.array() if isinstance(found, Seen) else found)

    def holds(self, stepper: Stepper, moment: Moment, variables: Mapping[str, Any] | None = None) -> bool:
        """As a condition: of an array it is enough that one element is so.  What is not there yet does not hold."""
        try:
            found = self.value(stepper, moment, variables)
            found = Answer(stepper, moment).applied(found)
        except NotYet:
            return False
        return bool(np.any(found))


class Seen:
    """A tensor of the record, or one of the program's that is not in it."""

    def __init__(self, answer: Answer, node: Node | None, tensor: Any = None) -> None:
        self.answer, self.node, self.tensor = answer, node, tensor

    def array(self) -> Any:
        """Its value."""
        if self.node is None:
            return self.tensor._array
        return self.answer.value(self.node)

    def attribute(self, name: str) -> Any:
        """Its gradient as far as it has come, its name, or what an array has."""
        if name == "grad":
            if self.node is None:
                raise LookupError("this tensor is not in this computation: no gradient of it flows here")
            return self.answer.gradient(self.node)
        if name in ("data", "value"):
            return self.array()
        if name == "shape":
            return self.node.shape if self.node is not None else self.tensor.shape
        return attribute(self.array(), name)


def read_only(x: Any) -> Any:
    """The same array, for those who only look at it: NumPy's functions could write to it, as ``sum(x, 0, None, x)``.

    Of a class that the program has derived from arrays it is a plain array: nothing in that class is called.
    """
    if isinstance(x, np.ndarray):
        x = x.view(np.ndarray)
        x.flags.writeable = False
    return x


def operand(x: Any, depth: int = 0) -> Any:
    """What one computes with: arrays, numbers, words, and lists of them.  ValueError for all else.

    Objects of the program are refused, since their own methods would do the arithmetic.
    """
    if isinstance(x, Value):
        x = x._array
    if isinstance(x, np.ndarray) and x.dtype.hasobject:
        raise ValueError("an array of objects is shown as it is; one computes with arrays of numbers here")
    if isinstance(x, (list, tuple)) and depth < DEEPEST:
        return tuple(operand(part, depth + 1) for part in x)
    ours = isinstance(x, (np.ndarray, np.generic, int, float, complex, str, slice, type(None), type(...), np.dtype))
    if ours or is_harmless(x) or (isinstance(x, dict) and not depth):
        return read_only(x)
    raise ValueError(
        f"one computes with tensors, arrays and numbers here, not with an object of type {type(x).__name__}"
    )


def is_harmless(function: Any) -> bool:
    """Is it a function that may be called: one of ours, or a method of an array that only looks at it?

    A method that the program has kept, as ``layer.reset = W.fill``, is none.
    """
    if any(function is known for known in FUNCTIONS.values()):
        return True
    array = getattr(function, "__self__", None) if isinstance(function, BuiltinMethodType) else None
    return type(array) is np.ndarray and not array.flags.writeable and function.__name__ in METHODS


def attribute(x: Any, name: str) -> Any:
    """An attribute or a method of an array; of a module of the program its tensors and modules."""
    if isinstance(x, (np.ndarray, np.generic, float, int)) and name in ATTRIBUTES:
        return getattr((operand if name in METHODS else read_only)(np.asarray(x)), name)
    parts = getattr(x, "__dict__", {})
    if not name.startswith("_") and name in parts and not isinstance(x, type):
        return parts[name]
    if isinstance(x, (np.ndarray, np.generic, float, int)):
        why = f"an array has no {name}"
        if hasattr(np.ndarray, name):
            why = f"{name} is not asked of an array here: an expression only looks at what the program has"
        raise ValueError(f"{why}; there are {', '.join(sorted(ATTRIBUTES))}")
    raise ValueError(f"{type(x).__name__} has no {name} that could be shown")


class Answer:
    """The working out of one expression at one step."""

    def __init__(
        self,
        stepper: Stepper,
        moment: Moment,
        variables: Mapping[str, Any] = MappingProxyType({}),
        known: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.stepper, self.moment, self.variables, self.known = stepper, moment, variables, known

    def of(self, tree: ast.AST) -> Any:
        """What a part of the expression gives; of a tensor the tensor."""
        if isinstance(tree, ast.Constant) and isinstance(tree.value, (int, float, str, bool, type(None))):
            return tree.value
        if isinstance(tree, ast.Name):
            return self.named(tree.id)
        if isinstance(tree, (ast.Subscript, ast.Attribute)) and (word := ast.unparse(tree)) in self.stepper.names:
            return Seen(self, self.find(word))  # layers[0]
        if isinstance(tree, ast.Attribute):
            return self.attribute(tree)
        if isinstance(tree, ast.Call):
            return self.call(tree)
        if isinstance(tree, (ast.Tuple, ast.List)):
            return tuple(self.plain(part) for part in tree.elts)
        if isinstance(tree, ast.UnaryOp):
            operand = self.plain(tree.operand)
            if isinstance(tree.op, ast.Not) and callable(operand):  # not isfinite: one element is enough
                return np.logical_not(self.applied(operand))
            return OPERATORS[type(tree.op)](operand)
        if isinstance(tree, ast.BinOp) and type(tree.op) in OPERATORS:
            left, right = self.plain(tree.left), self.plain(tree.right)
            if isinstance(left, (str, tuple, list)) or isinstance(right, (str, tuple, list)):
                raise ValueError("one computes with arrays and numbers here")
            try:
                return OPERATORS[type(tree.op)](left, right)
            except ValueError:
                shapes = f"shapes {np.shape(left)} and {np.shape(right)}"
                raise ValueError(f"{ast.unparse(tree)[:40]}: {shapes} do not fit") from None
        if isinstance(tree, ast.Compare):
            return self.compared(tree)
        if isinstance(tree, ast.BoolOp):
            found: Any = None
            for part in tree.values:  # as Python does, without looking further than it must
                found = self.applied(self.plain(part))
                if bool(np.any(found)) != isinstance(tree.op, ast.And):
                    break
            return found
        if isinstance(tree, ast.Subscript):
            return self.element(self.of(tree.value), self.plain(tree.slice))
        if isinstance(tree, ast.Slice):
            return slice(*(part and self.plain(part) for part in (tree.lower, tree.upper, tree.step)))
        raise ValueError(f"{ast.unparse(tree)[:40]} is more than can be asked here: tensors, numbers, arithmetic")

    def plain(self, tree: ast.AST) -> Any:
        """The same, and of a tensor its value."""
        found = self.of(tree)
        return operand(found.array() if isinstance(found, Seen) else found)

    def element(self, x: Any, index: Any) -> Any:
        """One element, or a part of an array; or of a list of the program's."""
        if isinstance(x, (Seen, Value)):
            x = x.array() if isinstance(x, Seen) else x._array
        if isinstance(x, dict):
            if not dict.__contains__(x, index):  # to ask a defaultdict would add to it
                raise LookupError(f"there is no {text.shown(repr(index))} in it")
            found = dict.__getitem__(x, index)
            return self.tensor(found) if isinstance(found, Value) else found
        if isinstance(x, (list, tuple, np.ndarray, str)):
            found = read_only(x)[index]
            return self.tensor(found) if isinstance(found, Value) else found
        raise ValueError(f"{type(x).__name__} has no elements here")

    def attribute(self, tree: ast.Attribute) -> Any:
        """``W.grad``, ``W.shape``, ``np.abs``, ``net.layers``."""
        if isinstance(tree.value, ast.Name) and tree.value.id in ("np", "numpy") and tree.attr in FUNCTIONS:
            return FUNCTIONS[tree.attr]
        if ast.unparse(tree) in ("np.linalg.norm", "numpy.linalg.norm"):
            return FUNCTIONS["norm"]
        x = self.of(tree.value)
        found = x.attribute(tree.attr) if isinstance(x, Seen) else attribute(x, tree.attr)
        return self.tensor(found) if isinstance(found, Value) else found

    def call(self, tree: ast.Call) -> Any:
        """A function, a method, or a name with a number as ``W(1)``."""
        function = tree.func
        if isinstance(function, ast.Name) and len(tree.args) == 1 and not tree.keywords:
            if function.id == "tensor":
                (word,) = (part.value if isinstance(part, ast.Constant) else None for part in tree.args)
                return Seen(self, self.stepper.find(word))
            name = f"{function.id}({ast.unparse(tree.args[0])})"
            if name in self.stepper.names:
                return Seen(self, self.find(name))
            if (delta := self.delta(name)) is not None:
                return delta
        known = FUNCTIONS.get(function.id) if isinstance(function, ast.Name) else None
        if isinstance(function, ast.Attribute):
            known = self.of(function)
        if known is None or not is_harmless(known):  # nothing of the program is called
            raise ValueError(
                f"there is no function {ast.unparse(function)[:40]} here; there are {', '.join(sorted(FUNCTIONS))}"
            )
        options = {
            k.arg: self.plain(k.value) for k in tree.keywords if k.arg in ("axis", "keepdims", "rtol", "atol", "ord")
        }
        if len(options) != len(tree.keywords):
            raise ValueError("functions here take the options axis, keepdims, ord, rtol and atol alone")
        if known is len and len(tree.args) == 1 and isinstance(found := self.of(tree.args[0]), (list, tuple, dict)):
            return len(found)  # also of a list of layers, with which one does not compute
        try:
            return known(*(self.plain(part) for part in tree.args), **options)
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise ValueError(
                f"{ast.unparse(function)[:40]} would write its result to an array here: an expression only looks at "
                "what the program has, so leave out where the result should go"
            ) from None

    def compared(self, tree: ast.Compare) -> Any:
        """``a < b``, and ``a < b < c``."""
        left, result = self.plain(tree.left), True
        for kind, part in zip(tree.ops, tree.comparators):
            right = self.plain(part)
            result, left = np.logical_and(result, OPERATORS[type(kind)](left, right)), right
        return result[()] if isinstance(result, np.ndarray) else bool(result)

    # Names.

    def named(self, name: str) -> Any:
        """A tensor of the record; something about the step; a function; a variable of the program."""
        if name in self.known:
            return self.known[name]
        if name in self.stepper.names:
            return Seen(self, self.find(name))
        if name in self.stepper.words.values:
            return read_only(self.stepper.words.values[name])
        if name in SPECIAL:
            return self.special(name)
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        if name in self.variables:
            return self.variable(name)
        if (delta := self.delta(name)) is not None:
            return delta
        if name in CONSTANTS:
            return CONSTANTS[name]
        return Seen(self, self.find(name))

    def find(self, name: str) -> Node:
        """The tensor of that name that the step is about, or the youngest that has been computed."""
        for node in (self.moment.receiver, self.moment.node):
            if self.moment.number and self.stepper.is_called(node, name):
                return node
        return self.stepper.find(name, until=self.moment.number)

    def variable(self, name: str) -> Any:
        """A variable of the program, if one can compute with it."""
        x = self.variables[name]
        if isinstance(x, Value):
            return self.tensor(x)
        if isinstance(x, (np.ndarray, np.generic, int, float, str, bool, list, tuple, dict, type(None))):
            return x
        if hasattr(x, "named_parameters"):
            return x
        raise ValueError(f"{name} is a {type(x).__name__}; here one computes with tensors, arrays and numbers")

    def tensor(self, x: Any) -> Seen:
        """A tensor of the program, as the computation has it."""
        return Seen(self, x.node, x) if x.node in self.stepper.every else Seen(self, None, x)

    def delta(self, name: str) -> Any:
        """In the notation of the lessons: delta2 or δ(2) is the gradient with respect to v(2), dW(2) that to W(2)."""
        match = DELTA.fullmatch(name)
        found = [name[1:].removeprefix("_")] if name[:1] == "d" else []
        if match:
            found += [f"v({match[1]})", f"v{match[1]}", f"v_{match[1]}"]
            found += [match[1]] if name[:5] != "delta" or "_" in name else []
        for word in found:
            if word in self.stepper.names and name not in self.stepper.names:
                return self.gradient(self.find(word))
        return None

    def special(self, name: str) -> Any:
        """What a step is about."""
        moment, stepper = self.moment, self.stepper
        node, receiver = moment.node, moment.receiver
        plain = {"step": moment.number, "phase": moment.phase, "shape": receiver.shape, "scope": node.scope or ""}
        if name in plain:
            return plain[name]
        if name in ("op", "name"):
            return (node.op.name if node.op else "") if name == "op" else stepper.called(receiver)
        if name in ("value", "z"):
            return self.value(receiver if name == "value" else node)
        found = (
            self.gradient(receiver)
            if name == "grad"
            else stepper.passed(moment)
            if name == "passed"
            else stepper.upstream(moment)
        )
        if found is None:
            raise NotYet(f"there is no {name} at step {moment.number}, which goes forward")
        return found

    def applied(self, found: Any) -> Any:
        """A function alone, as isnan, asks of what the step has made."""
        found = operand(found)
        return found(self.made()) if callable(found) else found

    def made(self) -> Any:
        """What the step has made: a value, or a gradient."""
        return self.special("grad" if self.moment.phase in ("seed", "backward") else "value")

    def value(self, node: Node) -> Any:
        """The value of a node.  NotYet, if it is not computed at this step."""
        if not self.stepper.is_computed(node):
            number = self.stepper.numbers[node]
            raise NotYet(f"{self.stepper.called(node)} is not computed yet: step {number} does that")
        return self.stepper.value(node)

    def gradient(self, node: Node) -> Any:
        """The gradient of a node as far as it has come.  NotYet, if nothing of it has; LookupError, if nothing will."""
        found = self.stepper.gradient(node)
        if found is None:
            called = self.stepper.called(node)
            if not self.stepper.flows[node] and node is not self.stepper.root:
                raise LookupError(f"no gradient flows to {called}" + ("" if node.active else ", which is a constant"))
            raise NotYet(f"no gradient has come to {called} yet; n goes on with the sweep, b {called} stops there")
        return coerce.dense(found)


@functools.lru_cache(maxsize=256)
def parsed(words: str) -> Expression:
    """The expression of these words; a watch is asked at every step."""
    return Expression(words)
