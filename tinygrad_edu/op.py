"""What an operation is, and how its use is recorded.

An operation is one statement.  The function's body is its forward; each differentiable argument has a *rule*,
named after it, that answers: given ``g``, the gradient of the loss with respect to the result, what is the
gradient with respect to this argument?  (It is the argument's vector-Jacobian product, vjp.)

    @op(r"$x \\, $y", binds=2, x=lambda g, y: g @ y.mT, y=lambda g, x: x.mT @ g)
    def matmul(x, y):
        return x @ y

A rule names what it reads: ``g``, the result ``z``, and any arguments.  What no rule names is not kept, so a
rule's signature is also a statement about memory.  Rules are ordinary Python over ``+ * @`` and NumPy functions:
on arrays they give numbers, on Tensors a gradient that can be differentiated again.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, ClassVar

import numpy as np

from . import errors, signatures
from .context import Context, current
from .inputs import PLAIN, held

OPS: dict[str, op] = {}  # every operation by name; the statements themselves fill it
new, get_frame, get_state = object.__new__, sys._getframe, current.get
next_serial = itertools.count().__next__


class Node:
    """How one value was computed: what backpropagation and pictures need, and no array beyond that."""

    __slots__ = ("active", "args", "code", "grad", "hooks", "lasti", "name", "op")
    __slots__ += ("result", "scope", "serial", "shape", "values")
    op: op | None  # None: a leaf, which nobody computed
    args: tuple[Node | None, ...]  # where the operands came from; None: a plain array, a number or an option
    values: Any  # the arguments as the operation saw them, if a rule reads them or only we have them; None: freed
    result: Any  # the value itself, if a rule reads it or it cannot be computed again
    shape: tuple[int, ...]
    active: bool  # does a gradient flow here?
    serial: int  # its age: a value is computed from older ones only
    scope: str | None
    code: CodeType  # code and lasti are the place in the user's program: see place.py
    lasti: int
    name: str | None
    grad: Any
    hooks: list[Callable[[Any], Any]] | None


class Value:
    """What recording needs to know of a Tensor: its array, and how that was made."""

    __slots__ = ("_data", "node")
    _data: Any
    node: Node
    kind: ClassVar[type[Any]]  # the class of results, set where it is made: in tensor.py


def record(op: op | None, args: Any, values: Any, z: Any, active: bool, state: Context, frame: Any) -> Any:
    """A tensor of value ``z`` that remembers how it was made."""
    try:
        shape = z.shape
    except AttributeError:
        raise errors.not_an_array(op, z) from None
    if not state.recording:
        op, args, values, active = None, (), (), False
    node, tensor = new(Node), new(Value.kind)
    node.op, node.args, node.values = op, args, values
    node.result = z if not active or op.keeps_result else None
    node.shape, node.active = shape, active
    node.serial, node.scope = next_serial(), state.scope
    node.name = node.grad = node.hooks = None
    if state.place is None:
        node.code, node.lasti = frame.f_code, frame.f_lasti
    else:
        node.code, node.lasti = state.place
    tensor._data, tensor.node = z, node
    if state.watch is not None:
        state.watch(node, z)
    return tensor


def unary(op: op) -> Callable[[Any], Any]:
    """How most operations are called: one operand, no options."""
    forward, keeps = op.forward, op.keeps[0]

    def apply(x: Any) -> Any:
        a = None
        try:
            if not isinstance(x, Value):
                return forward(x if isinstance(x, PLAIN) else held(x))
            a, x = x.node, x._data
            z = forward(x)
        except Exception as error:
            errors.explain(error, op, (a,), (x,))
            raise
        return record(op, (a,), (x if keeps or a.op is None else None,), z, a.active, get_state(), get_frame(1))

    return apply


def binary(op: op, reflected: bool = False) -> Callable[[Any, Any], Any]:
    """As ``unary``, for two operands of which one may be plain; ``reflected`` is called as ``(y, x)``, for 2 - x."""
    forward, (keeps_x, keeps_y) = op.forward, op.keeps

    def apply(x: Any, y: Any) -> Any:
        a = b = None
        if reflected:
            x, y = y, x
        try:
            if isinstance(x, Value):
                a, x = x.node, x._data
                if isinstance(y, Value):
                    b, y = y.node, y._data
                    active = a.active or b.active
                else:
                    y, active = held(y), a.active
            elif isinstance(y, Value):
                b, y, x = y.node, y._data, held(x)
                active = b.active
            else:
                return forward(x if isinstance(x, PLAIN) else held(x), y if isinstance(y, PLAIN) else held(y))
            z = forward(x, y)
        except Exception as error:
            errors.explain(error, op, (a, b), (x, y))
            raise
        if not keeps_x and a is not None and a.op is not None:
            x = None
        if not keeps_y and b is not None and b.op is not None:
            y = None
        return record(op, (a, b), (x, y), z, active, get_state(), get_frame(1))

    return apply


def general(op: op) -> Callable[..., Any]:
    """As ``unary``, for any arguments: options with defaults, or a family such as a list of tensors."""
    forward, family = op.forward, op.family

    def apply(*args: Any, **options: Any) -> Any:
        given = op.complete(*args, **options)
        values = given if family is None else tuple(given[family])
        rules = op.rules if family is None else (op.rules[family],) * len(values)
        keeps = op.keeps if family is None else (op.keeps[family],) * len(values)
        nodes = tuple(x.node if isinstance(x, Value) else None for x in values)
        try:
            values = tuple(x._data if isinstance(x, Value) else held(x, r is not None) for x, r in zip(values, rules))
            z = forward(*op.joined(given, values))
            if not any(nodes):
                return z
            active = errors.checked_active(op, nodes, rules)
        except Exception as error:
            errors.explain(error, op, nodes, values)
            raise
        values = tuple(v if k or a is None or a.op is None else None for v, a, k in zip(values, nodes, keeps))
        return record(op, nodes, op.joined(given, values), z, active, get_state(), get_frame(1))

    return apply


class op:
    """Makes a NumPy function an operation, and is then all that is known of it (as the function's ``.op``).

    ``binds``: how strongly the notation holds together (1 a sum, 2 a product, 3 a power, 9 f(x)).  ``needs``: what the
    arguments must satisfy, in words with a predicate on the arguments it names; asked only after a failure.
    ``examples``: shapes of the operands, then a dict of options.  ``domain``: where to draw an operand from, if not
    from (-2, 2).  ``elementwise``: its Jacobian is diagonal, but for broadcasting.  ``family``: the argument that is a
    list of operands.  Rules may also read ``shape``, that of their operand, ``which``, its number, and ``shapes``, of all.
    """

    def __init__(
        self, notation: str = "", *, binds: int = 9, needs: Mapping[str, Any] = {}, examples: tuple[Any, ...] = (),
        domain: Mapping[str, Any] = {}, elementwise: bool = False, family: str = "", **rules: Callable[..., Any],
    ) -> None:  # fmt: skip
        self.notation, self.binds, self.needs, self.examples = notation, binds, needs, examples
        self.domain, self.elementwise, self.family_name, self.rules_by_name = domain, elementwise, family, rules

    def __call__(self, function: Callable[..., Any]) -> Any:
        self.function, self.name, rules = function, function.__name__, self.rules_by_name
        self.names, self.complete, self.forward = signatures.of(function)
        self.notation = self.notation or signatures.notation(self.name, rules)
        self.family = self.names.index(self.family_name) if self.family_name else None
        OPS[self.name] = errors.checked_op(self, OPS.get(self.name))
        read = {name for rule in rules.values() for name in signatures.reads(rule)}
        self.keeps_result, self.keeps = "z" in read, tuple(name in read for name in self.names)
        simple = self.family is None and len(rules) == len(self.names) and not errors.READABLE & read
        self.operands = {("x",): 1, ("x", "y"): 2}.get(self.names, 0) if simple else 0  # 0: any number
        everything = ["g", "z", *self.names] if self.operands else ["g", "z", "which", "shape", "shapes", *self.names]
        self.rules = tuple(signatures.aligned(rules.get(name), everything) for name in self.names)
        public: Any = functools.update_wrapper((general, unary, binary)[self.operands](self), function)
        self.public, public.op = public, self
        return public

    def joined(self, given: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, with ``values`` for the operands."""
        return values if self.family is None else (*given[: self.family], values, *given[self.family + 1 :])

    def shapes(self, values: tuple[Any, ...], args: tuple[Node | None, ...]) -> tuple[Any, ...]:
        """The shape of each operand, also of those that were not kept."""
        operands = values if self.family is None else values[self.family]
        return tuple(getattr(x, "shape", ()) if a is None else a.shape for x, a in zip(operands, args))

    def pull(self, which: int, g: Any, z: Any, values: tuple[Any, ...], shapes: tuple[Any, ...]) -> Any:
        """What one operand receives."""
        if self.operands:
            return self.rules[which](g, z, *values)
        return self.rules[which if self.family is None else self.family](g, z, which, shapes[which], shapes, *values)


elementwise = functools.partial(op, elementwise=True)
