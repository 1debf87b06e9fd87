"""What an operation is, and how its use is recorded.

An operation is one statement.  The function's body is its forward; each differentiable argument has a *rule*,
named after it, that answers: given ``g``, the gradient of the loss with respect to the result, what is the
gradient with respect to this argument?  (It is the argument's vector-Jacobian product, vjp.)

    @op(r"$x \\, $y", binds=2, x=lambda g, y: g @ y.mT, y=lambda g, x: x.mT @ g)
    def matmul(x, y):
        return x @ y

A rule names what it reads: ``g``, the result ``z``, and any arguments.  What no rule names is not kept, so a
rule's signature is also a statement about memory.  Rules are ordinary Python over ``+ * @`` and NumPy functions: on
arrays they give numbers, on Tensors a gradient that can be differentiated again.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Any, ClassVar

import numpy as np

from .context import Context, current
from .engine import calling
from .errors import messages as errors
from .errors import operations as advice
from .errors.coerce import held, held_as_array

OPS: dict[str, op] = {}  # every operation by name; the statements themselves fill it
new, get_frame, get_state = object.__new__, sys._getframe, current.get
next_serial = itertools.count().__next__
RECORDERS: dict[int, Any] = {}  # faster ways to call, by the number of operands: see engine/fast_calls.py


class Node:
    """How one value was computed: what backpropagation and pictures need, and no array beyond that."""

    __slots__ = "op args values result shape active serial scope code lasti name grad hooks".split()
    op: Any  # None: a leaf, which nobody computed
    args: tuple[Any, ...]  # where the operands came from; None: a plain array, a number or an option
    values: Any  # the arguments as the operation saw them, if a rule reads them or only we have them; None: freed
    result: Any  # the value itself, if a rule reads it or it cannot be computed again
    shape: tuple[int, ...]
    active: bool  # does a gradient flow here?
    serial: int  # its age: a value is computed from older ones only
    scope: str | None
    code: CodeType  # code and lasti are the place in the user's program: see format/locations.py
    lasti: int
    name: str | None
    grad: Any
    hooks: tuple[Callable[[Any], Any], ...]


class Value:
    """What recording needs to know of a Tensor: its array, and how that was made."""

    __slots__ = ("_array", "node")
    _array: Any
    node: Node
    kind: ClassVar[type[Any]]  # the class of results, set where it is made: in tensor.py


def record(op: Any, args: Any, values: Any, z: Any, active: bool, state: Context, frame: Any) -> Any:
    """A tensor of value ``z`` that remembers how it was made."""
    if not state.recording:
        op, args, values, active = None, (), (), False
    node, tensor = new(Node), new(Value.kind)
    node.op, node.args, node.values = op, args, values
    node.result = z if not active or op.keeps_result else None
    node.shape, node.active = z.shape, active
    node.serial, node.scope = next_serial(), state.scope
    node.name, node.grad, node.hooks = None, None, ()
    frame = state.frame or frame
    node.code, node.lasti = frame.f_code, frame.f_lasti
    tensor._array, tensor.node = z, node
    if state.watch is not None:
        state.watch(node, z)
    return tensor


def general(op: op) -> Callable[..., Any]:
    """How an operation is called: run its forward, and record that if a tensor is among the operands."""
    forward, family = op.forward, op.family
    hold = held if op.elementwise or family is not None else held_as_array

    def apply(*args: Any, **options: Any) -> Any:
        given = op.complete(*args, **options)
        values = given if family is None else tuple(given[family])
        rules, keeps = op.rules or op.compiled(), op.keeps
        if family is not None:
            rules, keeps = (rules[family],) * len(values), (keeps[family],) * len(values)
            given = advice.plain_options(op, given)
        nodes = [x.node if isinstance(x, Value) else None for x in values]
        recorded = any(nodes) or None
        try:
            values = [x._array if a else (hold if r else held)(x, recorded, r) for x, a, r in zip(values, nodes, rules)]
            active = recorded is not None and advice.checked_active(op, nodes, rules)
            z = forward(*op.joined(given, values))
            if recorded is None:
                return z
            kept = [v if k or a is None or a.op is None else None for v, a, k in zip(values, nodes, keeps)]
            return record(op, nodes, op.joined(given, kept), z, active, get_state(), get_frame(1))
        except Exception as error:
            raise advice.operation(error, op, nodes, values, given)

    return apply


class op(calling.Calls):
    """Makes a NumPy function an operation, and is then all that is known of it, as the function's ``.op``.

    ``binds``: how strongly the notation holds together (1 a sum, 2 a product, 3 a power, 9 f(x)).  ``needs``: what the
    arguments must satisfy, in words with a predicate on the arguments it names; asked only after a failure.
    ``examples``: shapes of the operands, then a dict of options.  ``domain``: where to draw an operand from, if not
    from (-2, 2).  ``elementwise``: its Jacobian is diagonal, but for broadcasting.  ``family``: the argument that is a
    list of operands.  ``selects``: the result is put together of elements of the operands and leaves others out, those
    at which the rule is 0; ``masks``: a factor that is data may be 0 and leave elements out: see engine/unchosen.py.
    ``never``: numbers, as 0 for exp, that results come near to and are equal to by rounding only.
    Rules may also read ``shape``, that of their operand, ``which``, its number, and ``shapes``.
    """

    def __init__(self, notation: str = "", *, binds: int = 9, needs: Mapping[str, Any] = {}, examples: Any = (),
                 domain: Mapping[str, Any] = {}, elementwise: bool = False, family: str = "", selects: bool = False,
                 masks: bool = False, never: Any = (), **rules: Callable[..., Any]) -> None:  # fmt: skip
        self.notation, self.binds = errors.checked_notation(notation), binds
        self.needs, self.examples, self.never = needs, examples, never
        self.selects, self.leaves_out = selects, selects or masks
        self.domain, self.elementwise, self.family_name, self.rules_by_name = domain, elementwise, family, rules

    def __call__(self, function: Callable[..., Any]) -> Any:
        self.function, self.name, self.names = function, function.__name__, calling.names(function)
        self.forward = calling.called_with_tuple(function)
        self.notation = self.notation or calling.notation(self.name, self.rules_by_name)
        self.family = self.names.index(self.family_name) if self.family_name else None
        OPS[self.name] = errors.checked_op(self, OPS.get(self.name))
        read = {name for rule in self.rules_by_name.values() for name in calling.names(rule)}
        self.keeps_result, self.keeps = "z" in read, tuple(name in read for name in self.names)
        self.rules = ()  # not yet compiled
        self.plain = self.family is None and not errors.READABLE & read  # do rules read the arguments alone?
        simple = self.plain and len(self.rules_by_name) == len(self.names)
        self.operands = {("x",): 1, ("x", "y"): 2}.get(self.names, 0) if simple else 0  # 0: any number
        public: Any = functools.update_wrapper(RECORDERS.get(self.operands, general)(self), function)
        self.public, public.op = public, self
        return public

    def joined(self, given: Sequence[Any], operands: Sequence[Any]) -> Sequence[Any]:
        """The arguments, with these operands."""
        return operands if self.family is None else (*given[: self.family], operands, *given[self.family + 1 :])

    def pull(self, args: Any, g: Any, z: Any, values: Any, only: int | None = None) -> list[Any]:
        """What each operand receives, if a gradient flows there; or what ``only`` the one of that number does."""
        k, pulled, rules = self.family, [None] * len(args), self.rules or self.compiled()
        operands = None if k is None else zip(values[k], args)
        shapes = operands and calling.Shapes(np.shape(x) if a is None else a.shape for x, a in operands)
        for i, a in enumerate(args):
            if a is not None and a.active and (only is None or only == i):
                known = () if self.plain else (i, a.shape, shapes)
                pulled[i] = rules[i if k is None else k](g, z, *known, *values)
        return pulled


elementwise = functools.partial(op, elementwise=True)
