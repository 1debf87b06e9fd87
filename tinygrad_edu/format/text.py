"""Tensors in words and figures: ``repr``, ``format``, and how errors and tables speak of them.

Nothing here follows the record further than one step, so a graph of any depth prints in the same time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..format import locations
from ..graph import Node


def tensor_repr(t: Any) -> str:
    """``Tensor([1., 2.], name='W')``; of a result, the operation that made it."""
    data, node = np.asarray(t._array), t.node
    kind = "constant" if node.op is None and not node.active else "Tensor"
    body = np.array2string(data, separator=", ", prefix=kind + "(", threshold=100) if data.ndim else str(data[()])
    parts = [body] if data.size or data.ndim < 2 else [f"{body}, shape={data.shape}"]
    if node.name is not None:
        parts.append(f"name={shorten(node.name)!r}")
    elif node.op is not None:
        parts.append(f"op={node.op.name}")
    if data.dtype not in (np.float64, np.bool_):
        parts.append(f"dtype={data.dtype}")
    return f"{kind}({', '.join(parts)})"


def format_values(data: Any, spec: str) -> str:
    """``f"{loss:.3f}"``: one number, or each number of an array."""
    if np.size(data) == 1:
        return format(data.item(), spec)
    return np.array2string(data, formatter={"all": lambda v: format(v, spec)} if spec else None, separator=", ")


def printable(line: str) -> str:
    """What a terminal obeys no control character in."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def safe_name(name: str) -> str:
    """A name as it may be printed, which does not go on for pages."""
    return shorten(printable(name))


def shorten(words: str, most: int = 60, dots: str = "...") -> str:
    """Words in at most so many characters; where some are left out at the end, dots stand for them.

    >>> cut("softmax(scores)", 10), cut("softmax(scores)", 10, "…"), cut("softmax", 10)
    ('softmax...', 'softmax(s…', 'softmax')
    """
    return words if len(words) <= most else words[: most - len(dots)] + dots


def name(node: Node) -> str | None:
    """The name of a tensor, as it may be printed."""
    found = locations.name_in_source(node)
    return found and safe_name(found)


def label(node: Node) -> str:
    """The name of a tensor, or what made it."""
    return name(node) or (node.op.name if node.op else "a constant" if not node.active else "an unnamed tensor")


def describe(node: Node) -> str:
    """``W of shape (3, 4)``."""
    named = name(node) or (f"the result of {node.op.name}" if node.op else label(node))
    return f"{named} of shape {node.shape}" if node.shape else named


def describe_operand(node: Node | None, value: Any) -> str:
    """An operand in an error: a tensor by its name, an array by its shape, a number as itself."""
    if node is not None:
        return describe(node)
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}" + (f" and dtype {value.dtype}" if value.dtype.kind != "f" else "")
    return shorten(repr(value.item() if isinstance(value, (np.generic, np.ndarray)) else value))


def join_words(parts: Sequence[str], most: int = sys.maxsize) -> str:
    """Words with commas and an "and"; of more than ``most``, the last ones are only counted.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(["a", "b", "c", "d"], most=3)
    ('a', 'a, b and c', 'a, b and 2 others')
    """
    if len(parts) > most:
        parts = [*parts[: most - 1], plural(len(parts) - most + 1, "other")]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def suggest(word: str, known: Iterable[str], most: int = 2) -> str:
    """``.  Did you mean check?``: what is spelled like a word that is not known; nothing if nothing is."""
    import difflib  # who only imports the engine does not wait for it

    lower = {name.lower(): name for name in known}
    near = [lower[name] for name in difflib.get_close_matches(word.lower(), lower, most, 0.6)]
    return f".  Did you mean {' or '.join(near)}?" if near else ""


def plural(number: int, one: str, many: str = "") -> str:
    """How many there are of something.  ``many``: its plural, where that is not ``one`` and an s.

    >>> plural(1, "step"), plural(1000, "step"), plural(2, "leaf", "leaves")
    ('1 step', '1,000 steps', '2 leaves')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def definition(node: Node) -> str:
    """``v(2) = linear(a(1), B)``: the name, if it has one, and how it was made from its operands."""
    if node.op is None:
        return label(node)
    made = f"{node.op.name}({', '.join(label(a) for a in node.args if a is not None)})"
    named = name(node)
    return f"{named} = {made}" if named else made


def error_text(error: Exception) -> str:
    """What an error says; of the system's, the file and what is wrong with it, without a number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{printable(str(error.filename))}: {error.strerror}" if error.filename else error.strerror
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)


def shape_text(shape: Iterable[Any], times: str = " x ") -> str:
    """A shape as tables show it.  ``times``: what stands between the lengths, which may be letters.

    >>> size((64, 10)), size((64,)), size(()), size("nm", "×")
    ('64 x 10', '64', 'number', 'n×m')
    """
    return times.join(map(str, shape)) or "number"


def shape_in_words(shape: Sequence[int], times: str = " x ") -> str:
    """A shape as a sentence has it: of a vector, of how many numbers.

    >>> size_in_words((64, 10)), size_in_words((64,)), size_in_words((1,)), size_in_words(())
    ('64 x 10', '64 numbers', '1 number', 'number')
    """
    return f"{shape[0]} number{'s' * (shape[0] != 1)}" if len(shape) == 1 else shape_text(shape, times)
