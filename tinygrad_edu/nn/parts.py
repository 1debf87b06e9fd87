"""What is in a module: its attributes, and what is in the lists and dicts among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..tensor import Tensor


class Part:
    """The base class of modules."""


def parts_of(x: Any) -> dict[Any, Any]:
    """What a module, a list, a tuple or a dict holds, by names or numbers; a module may be a list or a dict as well."""
    found: dict[Any, Any] = dict(vars(x)) if isinstance(x, Part) else {}
    if isinstance(x, dict):
        found |= x
    elif isinstance(x, (list, tuple)):
        found |= enumerate(x)
    return found


def walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Yield each module and each Tensor in a module with its path, such as ``layers.0.W``, the module itself first.

    They come in the order of the attributes, and each once.
    """
    seen: set[int] = set()
    pending: list[tuple[str, Any]] = [("", root)]
    while pending:
        path, x = pending.pop()
        if not isinstance(x, (Part, Tensor, list, tuple, dict)) or id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, (Part, Tensor)):
            yield path, x
        parts = [(f"{path}.{key}" if path else str(key), part) for key, part in parts_of(x).items()]
        pending += reversed(parts)


def held_by(module: Any, once: bool = True) -> Iterator[tuple[str, Any]]:
    """Yield each module and each Tensor that is directly in a module, or in a list or dict in it, with its path.

    ``once``: what stands there several times comes at its first place alone.
    """
    seen = {id(module)}
    pending = [(str(key), part) for key, part in reversed(parts_of(module).items())]
    while pending:
        path, x = pending.pop()
        found = isinstance(x, (Part, Tensor))
        if id(x) in seen and (once or not found):
            continue
        seen.add(id(x))
        if found:
            yield path, x
        elif isinstance(x, (list, tuple, dict)):
            pending += [(f"{path}.{key}", part) for key, part in reversed(parts_of(x).items())]
