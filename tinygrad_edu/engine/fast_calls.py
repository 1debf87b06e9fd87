"""Does what ``recorded_call`` in op.py and ``record`` in graph.py do, faster: for one or two operands without options.

Most calls are such, and take half the time here.  Nothing but speed depends on this file: without it every operation
would be called by ``recorded_call``.  tests/test_sweep.py compares what the two record.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..context import current
from ..errors import operations as explain
from ..errors.coerce import array_operand, plain_operand
from ..graph import Node, Value, get_frame, new, next_serial, record

get_context = current.get


def recorder(op: Any) -> Callable[..., Callable[..., Any]] | None:
    """Choose ``unary`` or ``binary`` for an operation; None if neither fits.

    They fit only if the operands are called x, or x and y, since a user may give operands by their names.
    """
    if len(op.rules) < len(op.names):
        return None  # some argument is an option
    return unary if op.names == ("x",) else binary if op.names == ("x", "y") else None


def with_words(op: Any) -> tuple[Any, Any]:
    """Choose the function that users call and the method: which of them take other people's words, and so are slower.

    Methods do, and functions for which a statement has such words.  A function with options takes them anyway.
    """
    op.direct.op = op
    if recorder(op) is None:
        return op.direct, op.direct
    method: Any = taking_words(op)
    method.op = op
    return (method if op.words or op.advice or op.extended else op.direct), method


def taking_words(op: Any) -> Callable[..., Any]:
    """Make the same function, which also takes other people's words."""
    number, fast = len(op.names), recorder(op)
    assert fast is not None
    call_fast = fast(op, depth=2)

    def apply(*args: Any, **options: Any) -> Any:
        """Run the operation, with other people's words if there are any."""
        return op.call(args, options) if options or len(args) != number else call_fast(*args)

    return functools.update_wrapper(apply, op.function)


def unary(op: Any, depth: int = 1) -> Callable[[Any], Any]:
    """Make the function that calls an operation with one operand and no options, and records it.

    ``depth``: so many frames out is the user's.
    """
    forward, keeps, keeps_result = op.forward, op.keeps[0], op.keeps_result
    hold = plain_operand if op.elementwise else array_operand
    same_shape = op.elementwise and not op.of_user  # what a user declares may be wrong

    def apply(x: Any) -> Any:
        """Compute the result of one operand, and record it if that is a tensor."""
        a = x.node if isinstance(x, Value) else None
        try:
            x = hold(x) if a is None else x._array
            z = forward(x)
            if a is None:
                return z  # no tensor among the operands, so the result is none and nothing is recorded
            kept = (x if keeps or a.op is None else None,)
            context, frame = get_context(), get_frame(depth)
            if not context.fast:
                return record(op, (a,), kept, z, a.active, context, frame)
            node, tensor = new(Node), new(Value.of_results)
            node.op, node.args, node.values = op, (a,), kept
            node.result = z if keeps_result or not a.active else None
            node.shape, node.active = a.shape if same_shape else z.shape, a.active
            node.serial, node.scope = next_serial(), context.scope
            node.name, node.grad, node.hooks = None, None, ()
            node.code, node.lasti = frame.f_code, frame.f_lasti
            tensor._array, tensor.node = z, node
            return tensor
        except Exception as error:
            raise explain.operation(error, op, (a,), (x,))

    return apply


def binary(op: Any, reflected: bool = False, depth: int = 1) -> Callable[[Any, Any], Any]:
    """As ``unary``, for two operands, of which one may be no tensor.  ``reflected``: it is called as ``(y, x)``."""
    forward, (keeps_x, keeps_y), keeps_result = op.forward, op.keeps, op.keeps_result
    hold = plain_operand if op.elementwise else array_operand
    same_shape = op.elementwise and not op.of_user

    def apply(x: Any, y: Any) -> Any:
        """Compute the result of two operands, and record it if one of them is a tensor."""
        if reflected:
            x, y = y, x
        a = x.node if isinstance(x, Value) else None
        b = y.node if isinstance(y, Value) else None
        try:
            x = hold(x, b) if a is None else x._array
            y = hold(y, a) if b is None else y._array
            z = forward(x, y)
            # An array makes its shape anew each time it is asked for; the operands' nodes have theirs.
            if a is not None and b is not None:
                active = a.active or b.active
                kept_x = x if keeps_x or a.op is None else None
                kept_y = y if keeps_y or b.op is None else None
                shape = a.shape if same_shape and a.shape == b.shape else z.shape
            elif a is not None:
                active, kept_x, kept_y = a.active, x if keeps_x or a.op is None else None, y
                shape = a.shape if same_shape and y.__class__ is float else z.shape
            elif b is not None:
                active, kept_x, kept_y = b.active, x, y if keeps_y or b.op is None else None
                shape = b.shape if same_shape and x.__class__ is float else z.shape
            else:
                return z
            context, frame = get_context(), get_frame(depth)
            if not context.fast:
                return record(op, (a, b), (kept_x, kept_y), z, active, context, frame)
            node, tensor = new(Node), new(Value.of_results)
            node.op, node.args, node.values = op, (a, b), (kept_x, kept_y)
            node.result = z if keeps_result or not active else None
            node.shape, node.active = shape, active
            node.serial, node.scope = next_serial(), context.scope
            node.name, node.grad, node.hooks = None, None, ()
            node.code, node.lasti = frame.f_code, frame.f_lasti
            tensor._array, tensor.node = z, node
            return tensor
        except Exception as error:
            raise explain.operation(error, op, (a, b), (x, y))

    return apply
