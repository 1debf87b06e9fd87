"""A value, and how it was made: the record from which gradients are found and pictures are drawn.

Each value has a node.  A node says which operation made the value, and points to the nodes of the
operands: so the nodes of a computation are a directed graph without cycles.  It is recorded while
the program runs, whatever branches and loops the program takes.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, ClassVar

from .context import Context

# These are called at every operation.  A name of the module is found faster than an attribute.
new, get_frame = object.__new__, sys._getframe
next_serial = itertools.count().__next__


class Node:
    """How one value was computed: what backpropagation and pictures need, and no array beyond."""

    __slots__ = "op args values result shape active serial grad hooks name scope code lasti".split()

    # What backpropagation needs.
    op: Any  # the operation; None for a leaf, which nobody computed
    args: tuple[Any, ...]  # the node of each operand; None for an array, a number or an option
    values: Any  # the arguments that rules read; None in the place of those that no rule reads,
    # and of all of them after ``backward(free=True)``
    result: Any  # the value, where a rule reads it or nothing can compute it again; else None
    shape: tuple[int, ...]
    active: bool  # does a gradient flow here?
    serial: int  # its age.  A result is younger than its operands: this is a topological order
    grad: Any  # of a leaf: the gradient that ``backward`` has accumulated
    hooks: tuple[Callable[[Any], Any], ...]  # each is shown the gradient and may change it

    # What pictures and errors need.
    name: str | None
    scope: str | None  # the part of the model, as "net/layer1"
    code: CodeType  # code and lasti are the place in the user's program: format/locations.py
    lasti: int


class Value:
    """What recording needs to know of a Tensor: its array and its node."""

    __slots__ = ("_array", "node")
    _array: Any
    node: Node
    of_results: ClassVar[type[Any]]  # the class that results have, which is Tensor


def class_of_results(kind: type[Any]) -> type[Any]:
    """A decorator of the class that results have: operations make Tensors, which stand on them."""
    Value.of_results = kind
    return kind


def record(op: Any, args: Any, values: Any, z: Any, active: bool, context: Context, at: Any) -> Any:
    """A tensor of value ``z`` that remembers how it was made.

    ``op``: None for a leaf.  ``args``, ``values``: as in Node.  ``at``: the user's frame.
    """
    if not context.recording:
        op, args, values, active = None, (), (), False
    node, tensor = new(Node), new(Value.of_results)
    node.op, node.args, node.values = op, args, values
    node.result = z if op is None or not active or op.keeps_result else None
    node.shape, node.active = z.shape, active
    node.serial, node.scope = next_serial(), context.scope
    node.name, node.grad, node.hooks = None, None, ()
    frame = context.frame or at
    node.code, node.lasti = frame.f_code, frame.f_lasti
    tensor._array, tensor.node = z, node
    if context.watch is not None:
        context.watch(node, z)
    return tensor


def handle(node: Node, array: Any) -> Any:
    """A Tensor for a node of the record, whose value is this array."""
    tensor = new(Value.of_results)
    tensor._array, tensor.node = array, node
    return tensor
