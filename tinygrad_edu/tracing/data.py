"""The parts of a trace, which it writes to JSON and reads from JSON.

They hold text, numbers, lists and each other, and nothing of the engine.  JSON has no NaN, so numbers that are not
finite are the words "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import functools
import json
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

FORMAT, VERSION = "tinygrad_edu trace", 1
Number = float | str


@dataclass
class Numbers:
    """An array: its range, mean and norm, and all its elements if they are few."""

    shape: list[int]
    dtype: str
    data: Any = None  # nested lists of numbers; None: too many
    low: Number | None = None  # of the finite elements; None: there are none
    high: Number | None = None
    mean: Number | None = None
    norm: Number | None = None  # the square root of the sum of squares
    nan: int = 0
    infinite: int = 0


@dataclass
class Location:
    """A line of the user's program (its text is in the trace's ``lines``), and the columns of an expression in it."""

    file: str
    line: int
    columns: list[int] | None = None


@dataclass
class Letter:
    """A letter of a formula, and what it stands for: a node, an array that is no node, or something said in words."""

    symbol: str  # in LaTeX
    node: int | None = None
    gradient: bool = False  # of that node, and not its value
    value: Numbers | None = None
    words: str | None = None


@dataclass
class Factor:
    """A factor of a product (or the bias added to it): the value of a node or its gradient, perhaps transposed."""

    node: int
    sign: str = ""  # before it: "·" or "+"
    gradient: bool = False
    transposed: bool = False


@dataclass
class Node:
    """A value: given by the user, or the result of an operation."""

    id: int  # its number in the list of nodes, from the oldest to the youngest
    kind: Literal["parameter", "data", "constant", "result"]
    shape: list[int]
    dtype: str
    op: str | None = None
    name: str | None = None  # given, or found in the user's program, and numbered where several values share it
    variable: str | None = None  # the name that they share: h, where this is h_2
    symbol: str | None = None  # the name in LaTeX
    called: str | None = None  # LaTeX that stands for it in formulas; without a name, how it was made, or #7
    formula: str | None = None  # LaTeX of how it was computed
    letters: list[Letter] | None = None  # the letters in that formula for arrays that are no nodes
    elementwise: bool = False  # computed element by element, though the formula could be read as one of matrices
    factors: list[Factor] | None = None  # of a product of two matrices or vectors, perhaps with a bias
    options: dict[str, str] = field(default_factory=dict)  # arguments that are no operands, if not the defaults
    scope: str | None = None
    place: Location | None = None
    value: Numbers | None = None  # None: its memory was freed
    gradient: Numbers | None = None  # of the result by this; None: no backward yet, or none flows here
    stored: Numbers | None = None  # what .grad holds, if that is not this gradient
    note: str | None = None  # a warning for the reader, as of a hook


@dataclass
class Edge:
    """One use of a value by an operation."""

    id: int
    source: int  # the node that is used
    target: int  # the node that uses it
    operand: str  # the name of the operation's argument; of one of a list: arrays[0]
    rule: str | None = None  # LaTeX of the vjp: what flows back, in terms of the upstream gradient
    upstream: str | None = None  # the letter for the upstream gradient: g, if no operand is called so
    letters: list[Letter] | None = None  # the other letters in the rule
    stretched: bool = False  # is what the rule gives stretched to the shape of the operand?
    factors: list[Factor] | None = None  # of a rule that is a product of two matrices or vectors
    passed: Numbers | None = None  # what flowed back in the sweep
    local: Numbers | None = None  # the derivative of the target by the source
    diagonal: bool = False  # is ``local`` a diagonal, of the shape of the target, rather than a Jacobian matrix?
    note: str | None = None  # why 0 flowed back instead of something infinite or NaN


@dataclass
class Step:
    """One step forward or backward."""

    phase: Literal["forward", "seed", "backward"]
    node: int  # forward: the node that is computed; seed: the result; backward: the node that passes its gradient on
    edge: int | None = None  # backward: the edge along which the gradient goes
    total: Numbers | None = None  # backward: the gradient accumulated so far, of a value that is used more than once
    recursion: str | None = None  # LaTeX of the step of the delta recursion, if this is one
    letters: list[Letter] | None = None  # the letters in that


@dataclass
class Trace:
    """A recorded computation and its sweep: see ``traced``, which makes it, and ``to_json``."""

    result: int
    nodes: list[Node]
    edges: list[Edge]
    steps: list[Step]
    lines: dict[str, dict[str, str]] = field(default_factory=dict)  # text of the program by file and number of line
    left_out: int = 0  # how many older nodes the trace leaves out
    format: str = FORMAT
    version: int = VERSION

    def to_json(self) -> str:
        """The trace as JSON, for ``from_json`` and for other programs."""
        return json.dumps(self, default=fields_in_use, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Trace:
        """The trace that ``to_json`` wrote.  ValueError if it is something else, or of a later version."""
        try:
            plain = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"this is not JSON: {error}") from None
        if not isinstance(plain, dict) or plain.get("format") != FORMAT:
            raise ValueError(f'this is no trace: one begins with {{"format": "{FORMAT}"}}')
        if plain.get("version") != VERSION:
            raise ValueError(f"a trace of version {plain.get('version')!r}; this program reads version {VERSION}")
        trace: Trace = parse(Trace, plain, "trace")
        check_numbers(trace)
        return trace


def fields_in_use(part: Any) -> dict[str, Any]:
    """The fields of a part that hold something, for JSON."""
    return {name: x for name, x in vars(part).items() if x is not None and x != {}}


def parse(kind: Any, plain: Any, where: str) -> Any:
    """Make a value of type ``kind`` from plain data.  ValueError, naming the place ``where``, if it is another type."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return plain
    if isinstance(kind, types.UnionType):
        for part in parts:
            if part is types.NoneType and plain is None:
                return None
            if part in (str, float, int) and isinstance(plain, part) and not isinstance(plain, bool):
                return plain
        return parse(parts[0], plain, where)
    if origin is Literal and plain in parts:
        return plain
    if origin is list and isinstance(plain, list):
        return [parse(parts[0], x, f"{where}[{i}]") for i, x in enumerate(plain)]
    if origin is dict and isinstance(plain, dict):
        return {key: parse(parts[1], x, f"{where}[{key!r}]") for key, x in plain.items()}
    if isinstance(plain, dict) and isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
        hints = field_types(kind)
        if unknown := set(plain) - set(hints):
            raise ValueError(f"{where} has {sorted(unknown)[0]!r}, which no {kind.__name__} has")
        try:
            made = kind(**{key: parse(hints[key], x, f"{where}.{key}") for key, x in plain.items()})
        except TypeError as error:
            raise ValueError(f"{where}: {error}") from None
        if kind is Numbers and made.data is not None and not has_shape(made.data, made.shape):
            raise ValueError(f"{where} is damaged: its numbers do not have its shape")
        return made
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        return plain
    if (
        origin is None
        and isinstance(kind, type)
        and isinstance(plain, kind)
        and (kind is bool) == isinstance(plain, bool)
    ):
        return plain
    raise ValueError(f"{where} is {repr(plain)[:40]}, where {getattr(kind, '__name__', kind)} is expected")


def has_shape(data: Any, shape: list[int]) -> bool:
    """Do nested lists of numbers have this shape?"""
    if not shape:
        return isinstance(data, (int, float)) or data in ("NaN", "Infinity", "-Infinity")
    return isinstance(data, list) and len(data) == shape[0] and all(has_shape(part, shape[1:]) for part in data)


@functools.cache
def field_types(kind: type[Any]) -> dict[str, Any]:
    """The type of each field of a dataclass, cached because a trace has thousands of nodes."""
    return typing.get_type_hints(kind)


def check_numbers(trace: Trace) -> None:
    """Raise ValueError if a number in the trace names a node or an edge that does not exist."""
    n, m = len(trace.nodes), len(trace.edges)
    right = (
        0 <= trace.result < n
        and all(node.id == i for i, node in enumerate(trace.nodes))
        and all(edge.id == i and 0 <= edge.source < edge.target < n for i, edge in enumerate(trace.edges))
        and all(0 <= step.node < n and (step.edge is None or 0 <= step.edge < m) for step in trace.steps)
        and all((step.phase == "backward") == (step.edge is not None) for step in trace.steps)
    )
    if not right:
        raise ValueError("this trace is damaged: its numbers of nodes and edges do not fit together")
