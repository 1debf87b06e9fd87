"""What ``general`` and ``record`` in op.py do, unrolled for one and for two operands without options.

Most calls are such, and take half the time so.  Nothing but speed depends on this file: without it every operation
would be called by ``general``, and tests/test_sweep.py compares what the two record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import operations as advice
from ..errors.coerce import held, held_as_array
from ..op import RECORDERS, Node, Value, get_frame, get_state, new, next_serial, record
from ..op import op as Op

tensor_type: type[Any] = Value  # tensor.py puts Tensor here


def unary(op: Op) -> Callable[[Any], Any]:
    """How most operations are called: one operand, no options."""
    forward, keeps, keeps_result = op.forward, op.keeps[0], op.keeps_result
    hold = held if op.elementwise else held_as_array

    def apply(x: Any) -> Any:
        a = x.node if isinstance(x, Value) else None
        try:
            x = hold(x) if a is None else x._array
            z = forward(x)
            if a is None:
                return z  # a number in, a number out
            kept = (x if keeps or a.op is None else None,)
            state, frame = get_state(), get_frame(1)
            if not state.usual:
                return record(op, (a,), kept, z, a.active, state, frame)
            node, tensor = new(Node), new(tensor_type)
            node.op, node.args, node.values = op, (a,), kept
            node.result = z if keeps_result or not a.active else None
            node.shape, node.active = z.shape, a.active
            node.serial, node.scope = next_serial(), state.scope
            node.name, node.grad, node.hooks = None, None, ()
            node.code, node.lasti = frame.f_code, frame.f_lasti
            tensor._array, tensor.node = z, node
            return tensor
        except Exception as error:
            raise advice.operation(error, op, (a,), (x,))

    return apply


def binary(op: Op, reflected: bool = False) -> Callable[[Any, Any], Any]:
    """As ``unary``, for two operands of which one may be plain; ``reflected`` is called as ``(y, x)``, for 2 - x."""
    forward, (keeps_x, keeps_y), keeps_result = op.forward, op.keeps, op.keeps_result
    hold = held if op.elementwise else held_as_array

    def apply(x: Any, y: Any) -> Any:
        if reflected:
            x, y = y, x
        a = x.node if isinstance(x, Value) else None
        b = y.node if isinstance(y, Value) else None
        try:
            x = hold(x, b) if a is None else x._array
            y = hold(y, a) if b is None else y._array
            z = forward(x, y)
            if a is None and b is None:
                return z
            active = (a is not None and a.active) or (b is not None and b.active)
            kept_x = x if keeps_x or a is None or a.op is None else None
            kept_y = y if keeps_y or b is None or b.op is None else None
            state, frame = get_state(), get_frame(1)
            if not state.usual:
                return record(op, (a, b), (kept_x, kept_y), z, active, state, frame)
            node, tensor = new(Node), new(tensor_type)
            node.op, node.args, node.values = op, (a, b), (kept_x, kept_y)
            node.result = z if keeps_result or not active else None
            node.shape, node.active = z.shape, active
            node.serial, node.scope = next_serial(), state.scope
            node.name, node.grad, node.hooks = None, None, ()
            node.code, node.lasti = frame.f_code, frame.f_lasti
            tensor._array, tensor.node = z, node
            return tensor
        except Exception as error:
            raise advice.operation(error, op, (a, b), (x, y))

    return apply


RECORDERS.update({1: unary, 2: binary})
