"""What a module looks like: as text, with each module in it, its tensors with their shapes, and its parameters counted.

In a notebook it is a table.
"""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

from ..engine.frozen import is_frozen
from ..format import text
from ..tensor import Tensor
from ..web.page import escape
from .parts import Part, held_by, walk

UNSHOWN = ("self", "rng")
WIDEST = 60  # a longer line does not move what stands beside the others


class Row(NamedTuple):
    """One module: how deep it is in others, its path in the one around it, what it is, and its own tensors."""

    depth: int
    path: str
    title: str
    tensors: str
    number: int  # of the parameters that are its own, and not those of a module in it
    nested: bool  # are there modules in it?


def shown(value: Any) -> str:
    """An option of a layer as text; a function by its name."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {value.shape}" if value.shape else text.label(value.node)
    return text.safe_name(getattr(value, "__name__", None) or repr(value))


def options(module: Any) -> dict[str, Any]:
    """The options of a layer: the attributes that have the names of arguments of its ``__init__``.

    Those that have their default are left out, but for whole numbers that may be given by position.
    """
    if "options" in vars(module):
        return dict(module.options)
    found = {}
    every = [
        vars(kind)["__init__"]
        for kind in type(module).__mro__
        if isinstance(kind, type(Part)) and "__init__" in vars(kind)
    ]
    for name, parameter in {n: p for f in every for n, p in inspect.signature(f).parameters.items()}.items():
        value = vars(module).get(name, parameter.default)
        if name == "bias" and any(vars(module).get(b, 0) is None for b in ("b", "beta")):
            value = False  # the attribute of that name is the tensor
        if name in UNSHOWN or value is parameter.empty or isinstance(value, (Part, Tensor, list, dict)):
            continue
        shown_always = name in vars(module) and type(value) is int and parameter.kind is not parameter.KEYWORD_ONLY
        if shown_always or not is_default(value, parameter.default):
            found[name] = value
    return found


def is_default(value: Any, default: Any) -> bool:
    """Is it the default of an argument?  Only plain values are compared with it."""
    return value is default or (type(value) is type(default) in (bool, int, float, str) and value == default)


def title(module: Any) -> str:
    """The class of a module with its options, as ``Linear(inputs=2, outputs=3)``."""
    own = getattr(module, "extra_repr", None)
    inside = own() if own is not None else ", ".join(f"{key}={shown(x)}" for key, x in options(module).items())
    return f"{type(module).__name__}({inside})"


def described(module: Any, tensors: list[tuple[str, Tensor]]) -> str:
    """The tensors that are a module's own with their shapes, as ``W (3, 2), b (3,)``, at last what is not trained."""
    trained: dict[Any, list[str]] = {}  # names by the shape
    still: dict[Any, list[str]] = {}
    for name, x in tensors:
        kind = trained if x.is_leaf and x.requires_grad else still
        if kind is trained or name in module._buffers or is_frozen(x):
            kind.setdefault(x.shape, []).append(text.safe_name(name))
    words = [", ".join(f"{', '.join(names)} {shape}" for shape, names in kind.items()) for kind in (trained, still)]
    return "; ".join(filter(None, [words[0], words[1] and f"not trained: {words[1]}"]))


def rows(module: Any) -> list[Row]:
    """The module and all modules in it.  One that stands in several places has its tensors at the first of them."""
    first: dict[int, str] = {}
    tensors_seen: set[int] = set()
    found: list[Row] = []

    def add(x: Any, path: str, depth: int, whole_path: str) -> None:
        """Add the row of a module, and of those in it."""
        if id(x) in first:
            again = f"{type(x).__name__}, the same as {first[id(x)]}"
            found.append(Row(depth, text.safe_name(path), again, "", 0, False))
            return
        first[id(x)] = whole_path or "the whole"
        own = [(p, t) for p, t in held_by(x) if isinstance(t, Tensor) and id(t) not in tensors_seen]
        tensors_seen.update(id(t) for _, t in own)
        modules = [(p, m) for p, m in held_by(x, once=False) if isinstance(m, Part)]
        number = sum(t.size for _, t in own if t.is_leaf and t.requires_grad)
        row = Row(depth, text.safe_name(path), title(x), described(x, own), number, bool(modules))
        found.append(row._replace(tensors="", number=0) if row.nested else row)
        if row.nested and row.tensors:  # they stand on a line of their own
            found.append(row._replace(depth=depth + 1, path="", title="", nested=False))
        for p, m in modules:
            add(m, p, depth + 1, f"{whole_path}.{p}" if whole_path else p)

    add(module, "", 0, "")
    return found


def total(module: Any) -> int:
    """The number of parameters of a module and of all modules in it."""
    return sum(x.size for _, x in walk(module) if isinstance(x, Tensor) and x.is_leaf and x.requires_grad)


def as_text(module: Any) -> str:
    """The ``repr`` of a module: a line for each module in it, and the number of parameters."""
    every = rows(module)
    left = ["  " * row.depth + (f"({row.path}): " if row.path else "") + row.title for row in every]
    width = max((len(line) for line, row in zip(left, every) if row.tensors and len(line) <= WIDEST), default=0)
    numbers = [f"{text.plural(row.number, 'parameter')}: " if row.number else "" for row in every]
    digits = max(map(len, numbers))
    lines: list[str] = []
    unclosed: list[int] = []  # the depths of modules in which the next line stands
    for row, line, number in zip(every, left, numbers):
        while unclosed and row.depth <= unclosed[-1]:
            lines.append("  " * unclosed.pop() + ")")
        if row.nested:
            unclosed.append(row.depth)
            line = line.removesuffix(")")
        lines.append(f"{line.ljust(width)}  {number.rjust(digits)}{row.tensors}" if row.tensors else line)
    lines += ["  " * depth + ")" for depth in reversed(unclosed)]
    if every[0].nested:
        lines[-1] += f"  {text.plural(total(module), 'parameter')}"
    return "\n".join(lines)


def as_html(module: Any) -> str:
    """The module as a table: a row for each module in it, its tensors, and how many parameters it has."""
    cell, right = '<td style="text-align: left">', '<td style="text-align: right">'
    body = []
    for row in rows(module):
        name = f"{escape(row.path)}: " if row.path else ""
        indented = f'<td style="text-align: left; padding-left: {0.5 + 1.5 * row.depth:g}em">'
        number = f"{row.number:,}" if row.number else ""
        body.append(
            f"<tr>{indented}{name}{escape(row.title)}</td>{cell}{escape(row.tensors)}</td>{right}{number}</td></tr>"
        )
    head = "".join(f'<th style="text-align: {side}">{word}</th>' for word, side in COLUMNS.items())
    foot = f"<tr>{cell}<b>in all</b></td>{cell}</td>{right}<b>{total(module):,}</b></td></tr>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}{foot}</tbody></table>"


COLUMNS = {"module": "left", "tensors": "left", "parameters": "right"}
