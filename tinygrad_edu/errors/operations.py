"""What is added to an error that an operation raises, so that the user can mend the mistake.

NumPy's error keeps its type and its text.  The checks of options at the end run at each call that has options; all else
runs only after a failure, and costs nothing before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..engine import calling
from ..errors import messages as errors
from ..format import locations, text
from ..graph import Node

op: TypeAlias = Any  # the class of op.py, which imports this file


def operation(
    error: Exception, op: op, nodes: Sequence[Node | None], values: Sequence[Any], given: Sequence[Any] = ()
) -> Exception:
    """Explain an error that arose in the forward of an operation, and return it.

    The notes name the user's line, the operands, the first need that is not met, and a change that would help.
    ``nodes``, ``values``: of the operands.  ``given``: all arguments, of an operation that is variadic.

    If an operation uses another one, the inner one has added its notes first.  Those of the outer one replace them,
    since that is the operation that the user called.
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
    """The first of an operation's needs that its arguments do not meet, as a sentence in a list; else no sentence."""
    known = dict(zip(op.names, values))
    for words, holds in op.needs.items():
        try:
            met = bool(holds(*(known[name] for name in calling.names(holds))))
        except Exception:
            met = False  # a need about matrices fails for a number: then it is not met either
        if not met:
            return [f"{op.name} needs {words}."]
    return []


def find_remedies(op: op, nodes: Sequence[Node | None], values: Sequence[Any]) -> list[str]:
    """Try the operation with one operand transposed, and with one flattened: the first that works, as a sentence.

    It runs the operation again, so it tries nothing if the operands have more than a million numbers.
    """
    if op.variadic is not None:
        return []
    arrays = [i for i, x in enumerate(values) if isinstance(x, np.ndarray) and op.names[i] in op.rules]
    if len(arrays) < 2 or sum(values[i].size for i in arrays) > 1_000_000:
        return []
    # To flatten an operand changes what it means, unless the operation asks for operands of one shape.
    alike = any("same shape" in words for words in op.needs)
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
                name = (text.name(node) if node else None) or op.names[i]
                how = {"transposed": f"{name}.mT", "flattened": f"{name}.ravel()"}[word]
                return [f"It would fit with {name} {word}: {how} has shape {changed.shape}."]
    return []


def step(error: Exception, node: Node) -> Exception:
    """Explain an error that arose in a rule, in the backward step of a node, and return it."""
    if node.values is None:
        return errors.record_freed(node)
    if isinstance(error, AttributeError) and error.name == "shape":
        return errors.rule_not_an_array(node, error.obj)
    error = errors.hide_our_frames(error)
    if errors.is_explained(error):
        return error
    error.__notes__ = []
    words = f"It failed in the backward step of {text.describe(node)}, which {node.op.name} computed."
    return errors.with_notes(error, words, *unmet_needs(node.op, node.values), at=locations.of_node(node))


def check_active(op: op, nodes: list[Node | None], has_rule: Iterable[bool]) -> bool:
    """Does a gradient flow through this call of an operation?

    Raises TypeError if a gradient would flow to an argument without a rule, where it would be lost.  If an option is a
    constant number, as an axis may be, its node is dropped from ``nodes``: the number itself is recorded.
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
    """The arguments of a variadic operation, with arrays for constants outside its list of operands.

    Raises TypeError if one of those is a tensor to which a gradient would flow.
    """
    if not any(hasattr(x, "node") for x in given):
        return tuple(given)
    for i, (name, x) in enumerate(zip(op.names, given)):
        if i != op.variadic and hasattr(x, "node") and x.node.active:
            raise errors.no_rule(op, name)
    return tuple(x._array if i != op.variadic and hasattr(x, "node") else x for i, x in enumerate(given))
