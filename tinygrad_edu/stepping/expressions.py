"""Expressions about a step: ``abs(W.grad).max()``, ``A @ x``, ``delta2``, ``shape == (3,)``.

An expression is parsed and evaluated here, and not run as Python: it can compute with the tensors, arrays and numbers
of the program, and do nothing else.
"""

from __future__ import annotations

import ast
import functools
import operator
import re
from collections.abc import Callable, Mapping
from types import BuiltinMethodType, MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from ..errors import coerce
from ..format import text
from ..graph import Node, Value
from .moment import Moment

Stepper: TypeAlias = Any  # of stepper.py, which stands on this file

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
OPTIONS = ("axis", "keepdims", "ord", "rtol", "atol")
DEEPEST = 8  # so many lists within lists are allowed in an operand
SPECIAL = ("grad", "value", "passed", "g", "z", "shape", "step", "phase", "op", "name", "scope")  # of the step itself
DELTA = re.compile(r"(?:delta|δ)_?\(?(\w+)\)?")


class NotYet(LookupError):
    """A value or gradient that an expression names is not known yet at this step."""


class Expression:
    """A parsed expression.  Raises ValueError, with what is wrong, for what is no expression."""

    def __init__(self, words: str) -> None:
        self.words = words.strip()
        source = re.sub(r"#(\d+)", r"tensor(\1)", self.words)
        if not source or len(source) > LONGEST:
            raise ValueError("there is no expression" if not source else f"an expression of over {LONGEST} characters")
        try:
            self.tree = ast.parse(source, mode="eval").body
        except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
            raise ValueError(f"{text.safe_name(self.words)} is no expression: {getattr(error, 'msg', error)}") from None

    def value(
        self,
        stepper: Stepper,
        moment: Moment,
        variables: Mapping[str, Any] | None = None,
        known: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value at a step.  ``variables``: those of the program.  ``known``: names that go before all others.

        Raises NotYet for what is not computed yet, LookupError for unknown names, and ValueError, TypeError and
        arithmetic errors as NumPy does.
        """
        with np.errstate(all="ignore"):
            found = Evaluation(stepper, moment, variables or {}, known or {}).evaluate(self.tree)
            return read_only(found.array() if isinstance(found, TensorAtStep) else found)

    def holds(self, stepper: Stepper, moment: Moment, variables: Mapping[str, Any] | None = None) -> bool:
        """Is it true at a step?  Of an array, if one element is.  Of what is not computed yet, no."""
        try:
            found = self.value(stepper, moment, variables)
            found = Evaluation(stepper, moment).apply_to_step(found)
        except NotYet:
            return False
        return bool(np.any(found))


class TensorAtStep:
    """A tensor in an expression: of the record, or one of the program's that is not in the record."""

    def __init__(self, evaluation: Evaluation, node: Node | None, tensor: Any = None) -> None:
        self.evaluation, self.node, self.tensor = evaluation, node, tensor

    def array(self) -> Any:
        """The value of the tensor.  NotYet, if it is not computed at this step."""
        if self.node is None:
            return self.tensor._array
        return self.evaluation.value(self.node)

    def get_attribute(self, name: str) -> Any:
        """Its gradient as far as it has come, its value or shape, or an attribute of its array."""
        if name == "grad":
            if self.node is None:
                raise LookupError("this tensor is not in this computation: no gradient of it flows here")
            return self.evaluation.gradient(self.node)
        if name in ("data", "value"):
            return self.array()
        if name == "shape":
            return self.node.shape if self.node is not None else self.tensor.shape
        return get_attribute(self.array(), name)


def read_only(x: Any) -> Any:
    """The same array, for those who only look at it: NumPy's functions could write to it, as ``sum(x, 0, None, x)``.

    Of a class that the program has derived from arrays it is a plain array: nothing in that class is called.
    """
    if isinstance(x, np.ndarray):
        x = x.view(np.ndarray)
        x.flags.writeable = False
    return x


def as_operand(x: Any, depth: int = 0) -> Any:
    """What one computes with: arrays, numbers, words, and lists of them.  ValueError for all else.

    Objects of the program are refused, since their own methods would do the arithmetic.
    """
    if isinstance(x, Value):
        x = x._array
    if isinstance(x, np.ndarray) and x.dtype.hasobject:
        raise ValueError("an array of objects is shown as it is; one computes with arrays of numbers here")
    if isinstance(x, (list, tuple)) and depth < DEEPEST:
        return tuple(as_operand(part, depth + 1) for part in x)
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


def get_attribute(x: Any, name: str) -> Any:
    """An attribute or a method of an array; of a module of the program its tensors and modules."""
    if isinstance(x, (np.ndarray, np.generic, float, int)) and name in ATTRIBUTES:
        return getattr((as_operand if name in METHODS else read_only)(np.asarray(x)), name)
    parts = getattr(x, "__dict__", {})
    if not name.startswith("_") and name in parts and not isinstance(x, type):
        return parts[name]
    if isinstance(x, (np.ndarray, np.generic, float, int)):
        why = f"an array has no {name}"
        if hasattr(np.ndarray, name):
            why = f"{name} is not asked of an array here: an expression only looks at what the program has"
        raise ValueError(f"{why}; there are {', '.join(sorted(ATTRIBUTES))}")
    raise ValueError(f"{type(x).__name__} has no {name} that could be shown")


class Evaluation:
    """The evaluation of one expression at one step."""

    def __init__(
        self,
        stepper: Stepper,
        moment: Moment,
        variables: Mapping[str, Any] = MappingProxyType({}),
        known: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.stepper, self.moment, self.variables, self.known = stepper, moment, variables, known

    def evaluate(self, tree: ast.AST) -> Any:
        """The value of a part of the expression; for a tensor the tensor, so that its gradient can be asked for."""
        if isinstance(tree, ast.Constant) and isinstance(tree.value, (int, float, str, bool, type(None))):
            return tree.value
        if isinstance(tree, ast.Name):
            return self.look_up(tree.id)
        if isinstance(tree, (ast.Subscript, ast.Attribute)) and (word := ast.unparse(tree)) in self.stepper.names:
            return TensorAtStep(self, self.find(word))  # layers[0]
        if isinstance(tree, ast.Attribute):
            return self.get_attribute(tree)
        if isinstance(tree, ast.Call):
            return self.call_function(tree)
        if isinstance(tree, (ast.Tuple, ast.List)):
            return tuple(self.evaluate_operand(part) for part in tree.elts)
        if isinstance(tree, ast.UnaryOp):
            operand = self.evaluate_operand(tree.operand)
            if isinstance(tree.op, ast.Not) and callable(operand):  # not isfinite: one element is enough
                return np.logical_not(self.apply_to_step(operand))
            return OPERATORS[type(tree.op)](operand)
        if isinstance(tree, ast.BinOp) and type(tree.op) in OPERATORS:
            left, right = self.evaluate_operand(tree.left), self.evaluate_operand(tree.right)
            if isinstance(left, (str, tuple, list)) or isinstance(right, (str, tuple, list)):
                raise ValueError("one computes with arrays and numbers here")
            try:
                return OPERATORS[type(tree.op)](left, right)
            except ValueError:
                shapes = f"shapes {np.shape(left)} and {np.shape(right)}"
                raise ValueError(f"{ast.unparse(tree)[:40]}: {shapes} do not fit") from None
        if isinstance(tree, ast.Compare):
            return self.compare(tree)
        if isinstance(tree, ast.BoolOp):
            found: Any = None
            for part in tree.values:  # as Python does, without looking further than it must
                found = self.apply_to_step(self.evaluate_operand(part))
                if bool(np.any(found)) != isinstance(tree.op, ast.And):
                    break
            return found
        if isinstance(tree, ast.Subscript):
            return self.get_element(self.evaluate(tree.value), self.evaluate_operand(tree.slice))
        if isinstance(tree, ast.Slice):
            return slice(*(part and self.evaluate_operand(part) for part in (tree.lower, tree.upper, tree.step)))
        raise ValueError(
            f"{ast.unparse(tree)[:40]} cannot be computed here: an expression has tensors, numbers and arithmetic"
        )

    def evaluate_operand(self, tree: ast.AST) -> Any:
        """The value of a part of the expression with which one computes; for a tensor its array."""
        found = self.evaluate(tree)
        return as_operand(found.array() if isinstance(found, TensorAtStep) else found)

    def get_element(self, x: Any, index: Any) -> Any:
        """One element, or a part, of an array or of a list of the program."""
        if isinstance(x, (TensorAtStep, Value)):
            x = x.array() if isinstance(x, TensorAtStep) else x._array
        if isinstance(x, dict):
            if not dict.__contains__(x, index):  # to ask a defaultdict would add to it
                raise LookupError(f"there is no {text.safe_name(repr(index))} in it")
            found = dict.__getitem__(x, index)
            return self.as_tensor(found) if isinstance(found, Value) else found
        if isinstance(x, (list, tuple, np.ndarray, str)):
            found = read_only(x)[index]
            return self.as_tensor(found) if isinstance(found, Value) else found
        raise ValueError(f"{type(x).__name__} has no elements here")

    def get_attribute(self, tree: ast.Attribute) -> Any:
        """``W.grad``, ``W.shape``, ``np.abs``, ``net.layers``."""
        if isinstance(tree.value, ast.Name) and tree.value.id in ("np", "numpy") and tree.attr in FUNCTIONS:
            return FUNCTIONS[tree.attr]
        if ast.unparse(tree) in ("np.linalg.norm", "numpy.linalg.norm"):
            return FUNCTIONS["norm"]
        x = self.evaluate(tree.value)
        found = x.get_attribute(tree.attr) if isinstance(x, TensorAtStep) else get_attribute(x, tree.attr)
        return self.as_tensor(found) if isinstance(found, Value) else found

    def call_function(self, tree: ast.Call) -> Any:
        """A function, a method, or a name with a number as ``W(1)``."""
        function = tree.func
        if isinstance(function, ast.Name) and len(tree.args) == 1 and not tree.keywords:
            if function.id == "tensor":
                (word,) = (part.value if isinstance(part, ast.Constant) else None for part in tree.args)
                return TensorAtStep(self, self.stepper.find(word))
            name = f"{function.id}({ast.unparse(tree.args[0])})"
            if name in self.stepper.names:
                return TensorAtStep(self, self.find(name))
            if (delta := self.look_up_delta(name)) is not None:
                return delta
        known = FUNCTIONS.get(function.id) if isinstance(function, ast.Name) else None
        if isinstance(function, ast.Attribute):
            known = self.evaluate(function)
        if known is None or not is_harmless(known):  # nothing of the program is called
            raise ValueError(
                f"there is no function {ast.unparse(function)[:40]} here; there are {', '.join(sorted(FUNCTIONS))}"
            )
        options = {k.arg: self.evaluate_operand(k.value) for k in tree.keywords if k.arg in OPTIONS}
        if len(options) != len(tree.keywords):
            raise ValueError(f"functions here take only the options {text.join_words([*OPTIONS])}")
        if known is len and len(tree.args) == 1:
            found = self.evaluate(tree.args[0])
            if isinstance(found, (list, tuple, dict)):  # the length of a list of layers, with which one cannot compute
                return len(found)
        try:
            return known(*(self.evaluate_operand(part) for part in tree.args), **options)
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise ValueError(
                f"{ast.unparse(function)[:40]} would write its result to an array here: an expression only looks at "
                "what the program has, so leave out where the result should go"
            ) from None

    def compare(self, tree: ast.Compare) -> Any:
        """``a < b``, and ``a < b < c``."""
        left, result = self.evaluate_operand(tree.left), True
        for kind, part in zip(tree.ops, tree.comparators):
            right = self.evaluate_operand(part)
            result, left = np.logical_and(result, OPERATORS[type(kind)](left, right)), right
        return result[()] if isinstance(result, np.ndarray) else bool(result)

    # Names.

    def look_up(self, name: str) -> Any:
        """What a name means: a tensor of the record, something of the step, a function, a variable of the program."""
        if name in self.known:
            return self.known[name]
        if name in self.stepper.names:
            return TensorAtStep(self, self.find(name))
        if name in self.stepper.words.values:
            return read_only(self.stepper.words.values[name])
        if name in SPECIAL:
            return self.look_up_step(name)
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        if name in self.variables:
            return self.look_up_variable(name)
        if (delta := self.look_up_delta(name)) is not None:
            return delta
        if name in CONSTANTS:
            return CONSTANTS[name]
        return TensorAtStep(self, self.find(name))

    def find(self, name: str) -> Node:
        """The tensor of that name that belongs to the step, or else the youngest that has been computed."""
        for node in (self.moment.receiver, self.moment.node):
            if self.moment.number and self.stepper.is_called(node, name):
                return node
        return self.stepper.find(name, until=self.moment.number)

    def look_up_variable(self, name: str) -> Any:
        """A variable of the program, if one can compute with it."""
        x = self.variables[name]
        if isinstance(x, Value):
            return self.as_tensor(x)
        if isinstance(x, (np.ndarray, np.generic, int, float, str, bool, list, tuple, dict, type(None))):
            return x
        if hasattr(x, "named_parameters"):
            return x
        raise ValueError(f"{name} is a {type(x).__name__}; here one computes with tensors, arrays and numbers")

    def as_tensor(self, x: Any) -> TensorAtStep:
        """A tensor of the program; if the record has it, with the value and gradient that it has there."""
        return TensorAtStep(self, x.node, x) if x.node in self.stepper.every else TensorAtStep(self, None, x)

    def look_up_delta(self, name: str) -> Any:
        """A gradient in the notation of the lessons: delta2 or δ(2) is that of v(2), dW(2) that of W(2).  Or None."""
        match = DELTA.fullmatch(name)
        found = [name[1:].removeprefix("_")] if name[:1] == "d" else []
        if match:
            found += [f"v({match[1]})", f"v{match[1]}", f"v_{match[1]}"]
            found += [match[1]] if name[:5] != "delta" or "_" in name else []
        for word in found:
            if word in self.stepper.names and name not in self.stepper.names:
                return self.gradient(self.find(word))
        return None

    def look_up_step(self, name: str) -> Any:
        """The value of a name in SPECIAL at this step."""
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

    def apply_to_step(self, found: Any) -> Any:
        """The value itself; but a function alone, as isnan, is applied to what the step has made."""
        found = as_operand(found)
        return found(self.made_by_step()) if callable(found) else found

    def made_by_step(self) -> Any:
        """What the step has made: forward a value, backward a gradient."""
        return self.look_up_step("grad" if self.moment.phase in ("seed", "backward") else "value")

    def value(self, node: Node) -> Any:
        """The value of a node.  Raises NotYet, if it is not computed at this step."""
        if not self.stepper.is_computed(node):
            number = self.stepper.numbers[node]
            raise NotYet(f"{self.stepper.called(node)} is not computed yet: step {number} does that")
        return self.stepper.value(node)

    def gradient(self, node: Node) -> Any:
        """The gradient of a node as far as it has come.  NotYet, if none has come; LookupError, if none will."""
        found = self.stepper.gradient(node)
        if found is None:
            called = self.stepper.called(node)
            if not self.stepper.flows[node] and node is not self.stepper.root:
                raise LookupError(f"no gradient flows to {called}" + ("" if node.active else ", which is a constant"))
            raise NotYet(f"no gradient has come to {called} yet; n goes on with the sweep, b {called} stops there")
        return coerce.dense(found)


@functools.lru_cache(maxsize=256)
def parse_once(words: str) -> Expression:
    """The expression of these words, from a cache: displayed expressions are evaluated at every step."""
    return Expression(words)
