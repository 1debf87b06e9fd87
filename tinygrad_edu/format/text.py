"""Writes tensors as text: ``repr``, ``format``, and their names and shapes in errors and tables.

It follows the record by at most one step, so a graph of any depth is printed in the same time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..format import locations
from ..graph import Node


def tensor_repr(t: Any) -> str:
    """Write the ``repr`` of a tensor, as ``Tensor([1., 2.], name='W')``; that of a result names its operation."""
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
    """Write a value for ``f"{loss:.3f}"``: the format is applied to one number, or to each number of an array."""
    if np.size(data) == 1:
        return format(data.item(), spec)
    return np.array2string(data, formatter={"all": lambda v: format(v, spec)} if spec else None, separator=", ")


def printable(line: str) -> str:
    """Replace control characters by their escapes, so that a terminal does not obey them."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def safe_name(name: str) -> str:
    """A name that is safe to print: without control characters, and not longer than 60 characters."""
    return shorten(printable(name))


def shorten(words: str, most: int = 60, dots: str = "...") -> str:
    """Cut a text to at most so many characters; dots stand for what is left out at the end.

    >>> shorten("softmax(scores)", 10), shorten("softmax(scores)", 10, "…"), shorten("softmax", 10)
    ('softmax...', 'softmax(s…', 'softmax')
    """
    return words if len(words) <= most else words[: most - len(dots)] + dots


def name(node: Node) -> str | None:
    """The name of a tensor, safe to print; None if it has none."""
    found = locations.name_in_source(node)
    return found and safe_name(found)


def label(node: Node) -> str:
    """The name of a tensor, or else of the operation that made it."""
    return name(node) or (node.op.name if node.op else "a constant" if not node.active else "an unnamed tensor")


def describe(node: Node) -> str:
    """Name a tensor with its shape, as in "W of shape (3, 4)"; a single number without."""
    named = name(node) or (f"the result of {node.op.name}" if node.op else label(node))
    return f"{named} of shape {node.shape}" if node.shape else named


def describe_operand(node: Node | None, value: Any) -> str:
    """Describe an operand in an error: a tensor by its name and shape, an array by its shape, a number by itself."""
    if node is not None:
        return describe(node)
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}" + (f" and dtype {value.dtype}" if value.dtype.kind != "f" else "")
    return shorten(repr(value.item() if isinstance(value, (np.generic, np.ndarray)) else value))


def join_words(parts: Sequence[str], most: int = sys.maxsize) -> str:
    """Join words with commas and an "and"; if there are more than ``most``, the last ones are only counted.

    >>> join_words(["a"]), join_words(["a", "b", "c"]), join_words(["a", "b", "c", "d"], most=3)
    ('a', 'a, b and c', 'a, b and 2 others')
    """
    if len(parts) > most:
        parts = [*parts[: most - 1], plural(len(parts) - most + 1, "other")]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def suggest(word: str, known: Iterable[str], most: int = 2) -> str:
    """Suggest known words that are spelled like an unknown one, as in ".  Did you mean check?"; or nothing."""
    import difflib  # only here, so that whoever imports the engine does not wait for it

    lower = {name.lower(): name for name in known}
    near = [lower[name] for name in difflib.get_close_matches(word.lower(), lower, most, 0.6)]
    return f".  Did you mean {' or '.join(near)}?" if near else ""


def plural(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun.  ``many``: the plural, where that is not ``one`` with an s.

    >>> plural(1, "step"), plural(1000, "step"), plural(2, "leaf", "leaves")
    ('1 step', '1,000 steps', '2 leaves')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def definition(node: Node) -> str:
    """Write how a value was made from its operands, after its name if it has one: ``v(2) = linear(a(1), B)``."""
    if node.op is None:
        return label(node)
    made = f"{node.op.name}({', '.join(label(a) for a in node.args if a is not None)})"
    named = name(node)
    return f"{named} = {made}" if named else made


def error_text(error: Exception) -> str:
    """The text of an error for a user; for an OSError the file and what is wrong with it, without the number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{printable(str(error.filename))}: {error.strerror}" if error.filename else error.strerror
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)


def shape_text(shape: Iterable[Any], times: str = " x ") -> str:
    """Write a shape for a table.  ``times``: the sign between the lengths, which may be letters.

    >>> shape_text((64, 10)), shape_text((64,)), shape_text(()), shape_text("nm", "×")
    ('64 x 10', '64', 'number', 'n×m')
    """
    return times.join(map(str, shape)) or "number"


def shape_in_words(shape: Sequence[int], times: str = " x ") -> str:
    """Write a shape for a sentence: for a vector, how many numbers it has.

    >>> shape_in_words((64, 10)), shape_in_words((64,)), shape_in_words((1,)), shape_in_words(())
    ('64 x 10', '64 numbers', '1 number', 'number')
    """
    return f"{shape[0]} number{'s' * (shape[0] != 1)}" if len(shape) == 1 else shape_text(shape, times)
