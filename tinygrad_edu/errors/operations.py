"""What is added to an error in an operation, so that whoever made the mistake can mend it.

NumPy's error keeps its type and words.  All of this runs only after a failure, and costs nothing before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..engine import calling
from ..errors import messages as errors
from ..format import locations, text
from ..graph import Node

op: TypeAlias = Any  # of op.py, which stands on this file


def operation(
    error: Exception, op: op, nodes: Sequence[Node | None], values: Sequence[Any], given: Sequence[Any] = ()
) -> Exception:
    """The error in an operation, with what the user has to know to mend it.  ``given``: all arguments of a family's.

    An operation that another one uses has explained itself before; the words of the outer one take their place, for
    that is the one that the user called.
    """
    if isinstance(error, AttributeError) and error.name == "shape" and isinstance(error.obj, (float, int)):
        error = errors.not_an_array(op, error.obj)
    elif error.__traceback__ is not None:
        error = errors.hide_our_frames(error)
    if errors.is_explained(error):
        return error
    names = op.names if op.variadic is None else [f"{op.names[op.variadic]}[{i}]" for i in range(len(values))]
    operands = [
        f"{name} = {text.describe_operand(node, x)}"
        for name, node, x in zip(names, nodes, values)
        if node is not None or (x is not None and (isinstance(x, (np.ndarray, float, int)) or name in op.rules))
    ]
    error.__notes__ = []
    words = f"{op.name} was called with {text.join_words(operands) or 'no operand'}."
    return errors.with_notes(
        error, words, *unmet_needs(op, op.with_operands(given, values)), *find_remedies(op, nodes, values)
    )


def unmet_needs(op: op, values: Sequence[Any]) -> list[str]:
    """The first of an operation's needs that its arguments do not meet."""
    known = dict(zip(op.names, values))
    for words, holds in op.needs.items():
        try:
            met = bool(holds(*(known[name] for name in calling.names(holds))))
        except Exception:  # a need about matrices, asked of a number, is not met either
            met = False
        if not met:
            return [f"{op.name} needs {words}."]
    return []


def find_remedies(op: op, nodes: Sequence[Node | None], values: Sequence[Any]) -> list[str]:
    """Would it do with one operand transposed, or flattened?  Tried, not guessed, where that costs little."""
    if op.variadic is not None:
        return []
    arrays = [i for i, x in enumerate(values) if isinstance(x, np.ndarray) and op.names[i] in op.rules]
    if len(arrays) < 2 or sum(values[i].size for i in arrays) > 1_000_000:
        return []
    alike = any("same shape" in words for words in op.needs)  # flattening others would change what they mean
    for word, change in (("transposed", lambda x: x.swapaxes(-1, -2)), ("flattened", np.ravel)):
        for i in arrays:
            x = values[i]
            if x.ndim >= 2 and (word == "transposed" or alike or x.dtype.kind in "iu"):
                changed = change(x)
                try:
                    op.forward(*values[:i], changed, *values[i + 1 :])
                except Exception:
                    continue
                node = nodes[i]
                called = (text.name(node) if node else None) or op.names[i]
                how = {"transposed": f"{called}.mT", "flattened": f"{called}.ravel()"}[word]
                return [f"It would fit with {called} {word}: {how} has shape {changed.shape}."]
    return []


def step(error: Exception, node: Node) -> Exception:
    """The error in a rule, with where the gradient was when it failed."""
    if node.values is None:
        return errors.record_freed(node)
    if isinstance(error, AttributeError) and error.name == "shape":
        return errors.rule_not_an_array(node, error.obj)
    error = errors.hide_our_frames(error)
    if errors.is_explained(error):
        return error
    error.__notes__ = []
    words = f"This was the backward step of {text.describe(node)}, computed by {node.op.name}."
    return errors.with_notes(error, words, *unmet_needs(node.op, node.values), at=locations.of_node(node))


def check_active(op: op, nodes: list[Node | None], has_rule: Iterable[bool]) -> bool:
    """Does a gradient flow through this use of an operation?  It must not be lost in an argument without a rule.

    Of an option that is a constant number, as an axis may be, the number is kept and the node is dropped.
    """
    active = False
    for i, (node, differentiable) in enumerate(zip(nodes, has_rule)):
        if node is not None:
            if differentiable:
                active |= node.active
            elif node.active and op.rules:
                raise errors.no_rule(op, op.names[i])
            elif node.shape == () and op.rules:
                nodes[i] = None
    return active


def options_as_arrays(op: op, given: Sequence[Any]) -> tuple[Any, ...]:
    """The same for an operation on a list: its arguments, of which only the list may hold tensors."""
    if not any(hasattr(x, "node") for x in given):
        return tuple(given)
    for i, (name, x) in enumerate(zip(op.names, given)):
        if i != op.variadic and hasattr(x, "node") and x.node.active:
            raise errors.no_rule(op, name)
    return tuple(x._array if i != op.variadic and hasattr(x, "node") else x for i, x in enumerate(given))
