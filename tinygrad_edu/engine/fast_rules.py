"""Calls the rules of an operation with what they read, in a function that is generated for that operation.

To find out at each call which arguments a rule reads would take longer than many rules do.  So Python code is generated
that calls the rules directly, when they are first needed: for all operations at import it would take ten milliseconds.
  The code is made of the names of parameters alone, which errors/messages.py has checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .calling import Shapes, names


def vjps(op: Any) -> Callable[..., list[Any]]:
    """Generate a function of the operands' nodes, g, z and all arguments that returns each operand's vjp.

    A vjp has the shape that the rule gave it, and is None if no gradient flows to the operand.  ``_only``: the number
    of the one operand that is wanted; None for all.  For tanh the function is

        def vjps(_args, g, z, _values, _only=None):
            x, = _values
            _a0, = _args
            return [_rule0(g, z) if _a0 is not None and _a0.active and _only in (None, 0) else None]
    """
    if op.variadic is None:
        operands = [f"_a{i}" for i in range(len(op.names))]
        found = ", ".join(
            if_wanted(a, call, i) if call else "None"
            for i, (a, call) in enumerate(zip(operands, rule_calls(op, operands)))
        )
        body = f"""
    {", ".join(operands)}, = _args
    return [{found}]"""
    else:
        asked = rule_call(op, op.variadic, "_a", "_i", "_shapes")
        body = f"""
    _shapes = _Shapes(map(_shape, {op.names[op.variadic]}, _args))
    return [{if_wanted("_a", asked, "_i")} for _i, _a in enumerate(_args)]"""
    return compile_function(op, f"def vjps(_args, g, z, _values, _only=None):{unpack_line(op)}{body}", "vjps")


def pass_back(op: Any, unbroadcast: Any, accumulate: Any) -> Callable[[Any, Any, Any, Any], Any]:
    """Generate a function that does what ``pass_back`` in sweep.py does, for one operation that is not variadic.

    For tanh it is

    def pass_back(_node, g, _gradients, _owned):
        x, = _node.values
        _a0, = _node.args
        z, _c0 = _node.result, None
        if _a0 is not None and _a0.active:
            _c0 = _rule0(g, z)
            if _c0.shape != _a0.shape:
                _c0 = _unbroadcast(_c0, _a0)
            if _a0 in _gradients:
                _accumulate(_gradients, _a0, _c0, _owned)
            else:
                _gradients[_a0] = _c0
        return (_c0,)
    """
    operands, passed = ([f"_{letter}{i}" for i in range(len(op.names))] for letter in "ac")
    lines = f"def pass_back(_node, g, _gradients, _owned):{unpack_line(op, '_node.values')}"
    lines += f"""
    {", ".join(operands)}, = _node.args
    z = _node.result
    {" = ".join(passed)} = None"""
    for a, c, call in zip(operands, passed, rule_calls(op, operands)):
        if call:
            lines += f"""
    if {a} is not None and {a}.active:
        {c} = {call}
        if {c}.shape != {a}.shape:
            {c} = _unbroadcast({c}, {a})
        if {a} in _gradients:
            _accumulate(_gradients, {a}, {c}, _owned)
        else:
            _gradients[{a}] = {c}"""
    lines += f"""
    return ({", ".join(passed)},)"""
    return compile_function(op, lines, "pass_back", _unbroadcast=unbroadcast, _accumulate=accumulate)


def unpack_line(op: Any, values: str = "_values") -> str:
    """Write the line that assigns the arguments to their names."""
    return f"\n    {', '.join(op.names)}, = {values}"


def rule_calls(op: Any, operands: list[str]) -> list[str]:
    """Write the call of each argument's rule; an empty text for an argument without a rule."""
    return [
        rule_call(op, i, a, f"{i}", "None") if name in op.rules else ""
        for i, (a, name) in enumerate(zip(operands, op.names))
    ]


def rule_call(op: Any, i: int, operand: str, which: str, shapes: str) -> str:
    """Write the call of the rule for argument number ``i``, with what it reads."""
    special = {"shape": f"{operand}.shape", "which": which, "shapes": shapes}
    return f"_rule{i}({', '.join(special.get(word, word) for word in names(op.rules[op.names[i]]))})"


def if_wanted(operand: str, call: str, which: int | str) -> str:
    """Write a condition around a call: a gradient flows to the operand, and its vjp is wanted."""
    return f"{call} if {operand} is not None and {operand}.active and _only in (None, {which}) else None"


def compile_function(op: Any, source: str, name: str, **known: Any) -> Any:
    """Compile a source, and return its function ``name``.  It may call the operation's rules, and ``known``."""
    known |= {f"_rule{i}": op.rules[word] for i, word in enumerate(op.names) if word in op.rules}
    known |= {"_Shapes": Shapes, "_shape": lambda x, a: np.shape(x) if a is None else a.shape}
    exec(source, known)
    return known[name]
