"""What the values of a record are called, each by a name of its own.

A name was given, or is that of the variable to which the program assigns the value, or of its place in a list of the
program, ``layers[0]``, or, of a leaf, that of a variable that holds it.  A variable takes several values, as ``h`` does
in a loop, and ``x`` in ``x = f(x)``; then each has an index: h_1, h_2, h_3, and h_0 for one that was given before the
others were computed from it.  Where the program itself has an h1, they are h_(1), h_(2), ...
"""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Iterator
from functools import cached_property
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from ..engine.recompute import stored_operands
from ..format import locations
from ..graph import Node, Value
from .symbols import symbol

FEW = 8  # so many elements of an index without a name are written out
MOST, DEEPEST = 20_000, 4  # objects of the program that are looked at, and lists within lists
# Variables of the standard library, of installed packages and of what starts a program are not the program's.
LIBRARIES = (
    os.path.dirname(os.__file__) + os.sep,
    os.path.dirname(locations.NUMPY) + os.sep,
    "<frozen ",
    *locations.OURS,
)
EMPTY = (str, int, float, complex, bytes, type(None), type, ModuleType, FunctionType, BuiltinFunctionType, np.ndarray)
LISTS = (np.ndarray, tuple, list)  # arguments among which a plain array may be
Key = int | tuple[int, int, int]  # the serial of a node; of a plain array also its place: see Names.arrays


class Name(NamedTuple):
    """A name, and which of the values of that name it means; nothing: there is one only."""

    base: str
    which: str = ""

    @property
    def word(self) -> str:
        """The name as one types it: ``h_2``, and ``v_2(1)`` for a v(1)."""
        if not self.which:
            return self.base
        stem, layer, primes = re.fullmatch(r"(.*?)(\(\w{1,4}(?:[+-]\w)?\))?('*)", self.base, re.DOTALL).groups()  # type: ignore[union-attr]
        return f"{stem}_{self.which}{layer or ''}{primes}"

    @property
    def latex(self) -> str:
        return symbol(self.base, self.which)


class Names:
    """The names of nodes, and of the plain arrays that they use.

    ``frame``: where the program is, or was last; if it is not said, where we are when the first name is asked for.
    ``results``: is a result in a list called by its place there?
    """

    def __init__(self, nodes: list[Node], frame: FrameType | None = None, results: bool = True) -> None:
        self.nodes, self.frame, self.results = nodes, frame, results
        self.lines: dict[Any, str | None] = {}  # names that lines of the program give, looked up once for all passes
        self.operands: dict[Any, tuple[Any, Any]] = {}

    def base(self, node: Node) -> str | None:
        """The name that was given, or that the program's line gives; without an index."""
        if node.name is not None:
            return node.name
        where = node.code, node.lasti, locations.is_layer_result(node)
        if where not in self.lines:
            self.lines[where] = locations.name_in_source(node)
        if self.lines[where] is not None or not (self.results or node.op is None):
            return self.lines[where]
        return self.listed.get(node.serial)

    @cached_property
    def listed(self) -> dict[int, str]:
        """What lists of the program call the tensors in them, by serial."""
        return in_lists({node.serial for node in self.nodes}, self.frame or sys._getframe(1))

    def of(self, node: Node) -> Name | None:
        if (found := self.told_apart.get(node.serial)) is not None:
            return Name(*found)
        base = self.base(node)
        return None if base is None else Name(base)

    def plain(self, node: Node, k: int, j: int = -1) -> Name | None:
        """The name of a plain array, argument ``k`` of a node, or part ``j`` of that: array1, where it has none."""
        found = self.told_apart.get((node.serial, k, j))
        return None if found is None else Name(*found)

    def said(self, node: Node, k: int, j: int = -1) -> str | None:
        """What the program's line calls an argument of a node, or a part of an index."""
        where = node.code, node.lasti, len(node.args)
        if where not in self.operands:
            self.operands[where] = locations.operand_names(node), locations.index_names(node)
        names, keys = self.operands[where]
        return names[k] if j < 0 else keys[j] if j < len(keys) else None

    def arrays(self, node: Node) -> Iterator[tuple[int, int, Any]]:
        """The plain arrays among the arguments of a node, and in an index: the argument, the part or -1, the array."""
        if node.op is None or node.values is None or not any(isinstance(x, LISTS) for x in node.values):
            return
        values = stored_operands(node)
        for k, (a, x) in enumerate(zip(node.args, values)):
            for j, part in enumerate(x) if a is None and isinstance(x, tuple) else [(-1, x)]:
                if a is None and isinstance(part, np.ndarray) and part.ndim:
                    yield k, j, part

    @cached_property
    def bases(self) -> set[str]:
        return {*(base for base, _ in self.told_apart.values()), *filter(None, map(self.base, self.nodes))}

    @cached_property
    def values(self) -> dict[str, Any]:
        found = {(node.serial, k, j): x for node in self.nodes for k, j, x in self.arrays(node)}
        return {Name(*name).word: found[key] for key, name in self.told_apart.items() if key in found}

    @cached_property
    def told_apart(self) -> dict[Key, tuple[str, str]]:
        """The names with an index, and those of plain arrays: a base and an index, since a ``Name`` takes longer."""
        families: dict[str, list[tuple[Key, str, bool]]] = {}  # by how they look: the key, the name, was it given?
        latest: dict[str, tuple[Key, Any]] = {}  # of the plain arrays of a name the last one
        same: dict[Key, Key] = {}
        found: dict[Key, tuple[str, str]] = {}
        number = 0
        for node in self.nodes:
            for k, j, x in self.arrays(node) if None in node.args else ():
                key, said = (node.serial, k, j), self.said(node, k, j)
                few = x.size <= FEW and x.dtype.kind in "iub"
                if said is None or (few and "(" in said):  # np.array([7]) is written out
                    if not few:
                        number += 1
                        found[key] = f"array{number}", ""
                elif said in latest and (latest[said][1] is x or np.array_equal(latest[said][1], x)):
                    same[key] = latest[said][0]
                else:
                    latest[said] = key, x
                    families.setdefault(symbol(said), []).append((key, said, True))
            if (base := self.base(node)) is not None:
                families.setdefault(symbol(base), []).append((node.serial, base, node.op is None))
        digits = {number for look in families for number in re.findall(r"\d+", look)}
        for family in families.values():
            if len(family) == 1:
                found |= {key: (base, "") for key, base, _ in family if not isinstance(key, int)}
                continue
            given = [g for _, _, g in family]
            first = 0 if given[0] and sum(given) == 1 else 1
            numbers = [str(i) for i in range(first, first + len(family))]
            if any(symbol(family[0][1], i) in families for i in numbers if i in digits):
                numbers = [f"({i})" for i in numbers]
            found |= {each: (base, i) for (each, base, _), i in zip(family, numbers)}
        return found | {key: found[other] for key, other in same.items()}


def in_lists(wanted: set[int], frame: FrameType | None) -> dict[int, str]:
    """What lists, tuples and dictionaries call the tensors in them, by serial: ``layers[0]``, ``layers[0].W``.

    A leaf that is in none is called by a variable that holds it.  The variables of the program are looked at from this
    frame on outwards, and the attributes of its objects; nothing of the program is run.
    """
    found: dict[int, str] = {}
    alone: dict[int, str] = {}
    seen: set[int] = set()
    while frame is not None:
        if not frame.f_code.co_filename.startswith(LIBRARIES):
            pending = deque((name, x, 0) for name, x in variables(frame) if name[:1] != "_")
            while pending and len(seen) < MOST:
                name, x, depth = pending.popleft()
                if isinstance(x, Value):
                    if x.node.serial in wanted and (depth or x.node.op is None):
                        (found if depth else alone).setdefault(x.node.serial, name)
                elif not isinstance(x, EMPTY) and id(x) not in seen and depth < DEEPEST:
                    seen.add(id(x))
                    pending += [(part, inner, depth + 1) for part, inner in parts(name, x)]
        frame = frame.f_back
    return alone | found


def variables(frame: FrameType) -> list[tuple[str, Any]]:
    """The variables of a frame, and those of its module."""
    return [*frame.f_locals.items(), *([] if frame.f_locals is frame.f_globals else frame.f_globals.items())]


def parts(name: str, x: Any) -> Iterator[tuple[str, Any]]:
    """What is in a list, a dictionary or an object of the program, and what that is called."""
    if isinstance(x, (list, tuple)):
        yield from ((f"{name}[{i}]", part) for i, part in enumerate(x[:MOST]) if not isinstance(part, EMPTY))
    elif isinstance(x, dict):
        yield from ((str(key) if str(key).isidentifier() else f"{name}[{key!r}]", part) for key, part in x.items())
    else:
        attributes = getattr(x, "__dict__", None)
        listed = f"{name}." if name.endswith("]") else ""  # layers[0].W, and W of self
        yield from ((f"{listed}{key}", part) for key, part in (attributes or {}).items())
