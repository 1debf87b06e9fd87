"""From the engine's record to a trace."""

from __future__ import annotations

import bisect
import functools
import linecache
import math
import os
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from ..engine.recompute import operands_among
from ..errors import coerce
from ..format import locations
from ..formulas.printed import factors, in_elements, options
from ..graph import Node as Recorded
from ..language.names import Name
from ..stepping import Stepper
from ..stepping.jacobian import local
from ..stepping.record import Record
from .called import Called
from .called import Letter as Meant
from .data import Edge, Factor, Letter, Node, Numbers, Place, Step, Trace
from .numbers import summed_up
from .recursion import Recursion

WHOLE, MANY = 4096, 64  # arrays of so many elements are kept whole, or of so many where there are a lot of nodes
LIMIT = 50_000  # nodes in a trace
AROUND = 3  # lines of the program before and after


def traced(
    result: Any, seed: Any = None, *, sweep: bool | None = None, limit: int = LIMIT, frame: FrameType | None = None
) -> Trace:
    """The computation of ``result``, a tensor or a stepper, and its backward sweep as plain data.

    ``seed``: as for ``backward``.  ``sweep``: whether the sweep is run to find the gradients; if it is not said, where
    ``backward`` has been called or there is a seed.  It changes no ``.grad``, but calls hooks.  Of more than ``limit``
    nodes the oldest are left out.  ``frame``: where the program is, in whose lists tensors have names; if it is not
    said, where we are.
    """
    return Tracer(result, limit, frame).trace(seed, sweep)


def paged(stepper: Stepper) -> tuple[Trace, int]:
    """The trace of what is stepped through, and the number of the present step in it: another if nodes are left out."""
    tracer = Tracer(stepper)
    trace = tracer.trace(None, None)
    return trace, bisect.bisect_right(tracer.steps, stepper.at)


class Tracer:
    """What is known while a trace is made."""

    def __init__(self, result: Any, limit: int = LIMIT, frame: FrameType | None = None) -> None:
        self.known = result if isinstance(result, Stepper) else Record(result, limit, frame)
        self.root, self.record = self.known.root, self.known.nodes[-limit:]
        self.whole = WHOLE if len(self.record) <= 300 else MANY
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.number: dict[int, int] = {}  # of a node in the trace, by its serial
        self.uses: dict[tuple[int, int], Edge] = {}  # by the serial of the user, and the operand's position
        self.formulas = Called(self.known, written_out=True)
        self.lines: dict[str, dict[str, str]] = {}
        self.pulls = 20_000  # how many more may be spent on local derivatives
        self.steps: list[int] = []  # the numbers that the trace's steps have where nothing is left out

    def trace(self, seed: Any, sweep: bool | None) -> Trace:
        """Forward, then backward."""
        computed_again = [node for node in self.record if node.result is None]
        for node in self.record:
            self.add(node)
        self.adopt()
        forward = [Step("forward", n.id) for n in self.nodes if n.op]
        self.steps = list(range(len(self.known.computed) - len(forward) + 1, len(self.known.computed) + 1))
        left_out = self.known.left_out + len(self.known.nodes) - len(self.record)
        trace = Trace(self.number[self.root.serial], self.nodes, self.edges, forward, self.lines, left_out)
        if isinstance(self.known, Stepper):
            sweep, stepper = self.known.last > self.known.start, self.known
        elif sweep or (sweep is None and self.called(seed)):
            sweep, stepper = True, Stepper(self.known.result, seed)
        if sweep:
            trace.steps += self.backward(stepper)
        self.store(bool(sweep))
        for node in computed_again:
            node.result = None  # who draws a graph does not want to keep all of its arrays
        return trace

    def called(self, seed: Any) -> bool:
        """Has ``backward`` been called, and can it be again?"""
        called = seed is not None or any(n.grad is not None for n in self.record)
        called = called and self.root.active and (seed is not None or math.prod(self.root.shape) == 1)
        return called and not any(n.op and n.active and n.values is None for n in self.record)

    # Forward.

    def add(self, node: Recorded) -> None:
        """A node of the record, after the plain arrays that it uses."""
        op, uses = node.op, self.operands(node)
        try:
            x = self.known.value(node)
        except RuntimeError:  # freed
            x = None
        new = self.new(
            "result" if op else "parameter" if node.active else "data", x, node.shape, self.known.words.of(node), node
        )
        self.number[node.serial] = new.id
        new.called = self.formulas.formula(node).latex
        if op is None:
            return
        new.op, new.formula, new.options = op.name, self.formulas.made(node).latex, said(node)
        new.elementwise = in_elements(node)
        drawn = {self.nodes[source].called for _, source in uses if source is not None}
        given = factors(node, node.values or ())
        if given and all(uses[k][1] is not None for k, _, _ in given):
            new.factors = [Factor(uses[k][1], sign, transposed=turned) for k, turned, sign in given]  # type: ignore[arg-type]
        new.letters = self.letters([x for x in self.formulas.arrays(node) if x.latex not in drawn])
        for k, (a, (operand, source)) in enumerate(zip(node.args, uses)):
            if source is not None:
                argument = operand if op is None or op.variadic is None else f"{operand}[{k}]"
                edge = self.uses[node.serial, k] = Edge(len(self.edges), source, new.id, argument)
                self.edges.append(edge)
                if a is not None and a.active and node.active and node.values is not None:
                    passed = self.formulas.passed(node, k)
                    edge.rule, edge.upstream = passed.rule.latex, passed.g
                    edge.stretched, edge.letters = passed.rule.stretched is not None, self.letters(passed.letters)
                    edge.factors = self.factors([number for _, number in uses], new.id, passed.rule.factors)

    def factors(self, sources: list[int | None], own: int, found: Any) -> list[Factor] | None:
        """The factors of a product, as plain data; None where one of them is no node of the trace."""
        known = dict(enumerate(sources)) | {"g": own, "z": own}
        numbers = [known.get(what) for what, _ in found]
        if not found or None in numbers:
            return None
        signs = ("", "·")
        return [Factor(n, s, what == "g", turned) for n, s, (what, turned) in zip(numbers, signs, found)]  # type: ignore[arg-type]

    def letters(self, found: list[Meant]) -> list[Letter] | None:
        """What stands in a formula, as plain data."""
        return [
            Letter(
                x.latex,
                None if x.node is None else self.number.get(x.node.serial),
                value=None if x.array is None else summed_up(x.array, self.whole),
                words=x.words or None,
            )
            for x in found
        ] or None

    def operands(self, node: Recorded) -> list[tuple[str, int | None]]:
        """Of each operand its name in the operation, and its number if it is a node here."""
        op = node.op
        if op is None:
            return []
        values = (None,) * len(node.args) if node.values is None else operands_among(op, node.values)
        names = op.names if op.variadic is None else (op.names[op.variadic],) * len(node.args)
        return [
            (name, self.constant(node, k, name, x) if a is None else self.number.get(a.serial))
            for k, (name, a, x) in enumerate(zip(names, node.args, values))
        ]

    def constant(self, node: Recorded, k: int, operand: str, x: Any) -> int | None:
        """A node for a plain array that was used directly; numbers and options stand in the formula."""
        if not isinstance(x, np.ndarray) or not x.ndim or operand not in node.op.rules:
            return None
        new = self.new("constant", x, x.shape, self.known.words.plain(node, k), node)
        new.called = self.formulas.plain(node, k, x).latex
        return new.id

    def new(self, kind: Any, x: Any, shape: Any, name: Name | None, node: Recorded) -> Node:
        """The next node."""
        dtype = str(np.asarray(x).dtype) if x is not None else "unknown"
        new = Node(len(self.nodes), kind, list(shape), dtype, scope=readable(node.scope))
        if name is not None:
            new.name, new.symbol = readable(name.word), name.latex
            new.variable = readable(name.base) if name.which else None
        new.value = None if x is None else summed_up(x, self.whole)
        new.place = self.place(*locations.instruction_of(node))
        self.nodes.append(new)
        return new

    def place(self, code: Any, lasti: int) -> Place | None:
        """Where it was computed, in the user's program or in ours; the lines about it are kept too."""
        found = resolved(code, lasti)
        if not found.text:
            return None
        file = locations.cell_title(found.file) or shown(found.file)
        if file not in self.lines or str(found.line) not in self.lines[file]:
            about = self.lines.setdefault(file, {})
            for number in range(max(1, found.line - AROUND), found.line + AROUND + 1):
                if text := linecache.getline(found.file, number):
                    about[str(number)] = text.rstrip("\n")
        return Place(file, found.line, list(found.columns) if found.columns else None)

    def adopt(self) -> None:
        """Parameters and plain arrays that one part of the model alone uses belong to it."""
        scopes: dict[int, set[str | None]] = {}
        for edge in self.edges:
            scopes.setdefault(edge.source, set()).add(self.nodes[edge.target].scope)
        for number, found in scopes.items():
            node = self.nodes[number]
            if node.kind == "parameter" and node.scope is None and len(found) == 1:
                (node.scope,) = found

    # Backward.

    def backward(self, stepper: Stepper) -> Iterator[Step]:
        """The sweep, step by step: first the seed, then what each operand receives."""
        at = stepper.at
        stepper.jump(stepper.last)
        for node, g, _, _ in stepper.swept:
            if node.serial in self.number:
                self.nodes[self.number[node.serial]].gradient = summed_up(coerce.dense(g), self.whole)
        yield Step("seed", self.number[self.root.serial])
        self.steps.append(stepper.start + 1)
        recursion = Recursion(self.record, lambda node: self.formulas.formula(node).latex)
        for number in range(stepper.start + 2, stepper.last + 1):
            moment = stepper.jump(number)
            node, a = moment.node, moment.receiver
            edge = self.uses.get((node.serial, moment.operand or 0))
            if edge is None:  # it is left out
                continue
            edge.note = readable(stepper.not_chosen(moment)) or None
            edge.passed = summed_up(stepper.passed(moment), self.whole)
            edge.local, edge.diagonal = self.local(node, moment.operand or 0)
            step = Step("backward", edge.target, edge.id)
            if known := recursion.step(node):
                step.recursion = known.latex
                of = [(*each, False) for each in known.values] + [(*each, True) for each in known.gradients]
                step.letters = [Letter(latex, self.number.get(a.serial), is_gradient) for latex, a, is_gradient in of]
            if stepper.flows[a] > 1:
                step.total = summed_up(coerce.dense(stepper.total(a, stepper.contributions(a))), self.whole)
            self.steps.append(number)
            yield step
        stepper.jump(at)

    def local(self, node: Recorded, k: int) -> tuple[Numbers | None, bool]:
        """The derivative of a node with respect to an operand, where it is small: is it a diagonal?"""
        diagonal = node.op.elementwise
        n, m = math.prod(node.shape), math.prod(node.args[k].shape)
        pulls = 1 if diagonal else n
        if n * m > self.whole * (self.whole if diagonal else 1) or n > 64 * 64 or pulls > min(64, self.pulls):
            return None, False
        self.pulls -= pulls
        try:
            return summed_up(local(node, k), self.whole), diagonal
        except Exception:  # a user's rule, of which the sweep asked less
            return None, False

    def store(self, swept: bool) -> None:
        """What ``.grad`` holds, where that is not the gradient of this sweep."""
        for node in self.record:
            new = self.nodes[self.number[node.serial]]
            if node.grad is not None:
                stored = summed_up(coerce.dense(node.grad), self.whole)
                if not swept or new.gradient is None or stored != new.gradient:
                    new.stored = stored
            if node.hooks:
                new.note = "a hook may have changed its gradient"
            if isinstance(self.known, Stepper) and node in self.known.changes:
                new.note = "what if: its gradient was changed by hand, and what follows is not the program's"


def readable(name: str | None) -> str | None:
    """A name that any file can hold: a page is no longer for it, and half a character is replaced."""
    return name and name[:1000].encode("utf-8", "replace").decode("utf-8")


def said(node: Recorded) -> dict[str, str]:
    """The options that are not the usual ones, as the program writes them; what the notation says is none."""
    found = options(node, node.values or ()).items()
    return {n: repr(x)[:40] for n, x in found if f"${n}" not in node.op.notation and not isinstance(x, np.ndarray)}


@functools.lru_cache(maxsize=4096)
def resolved(code: Any, lasti: int) -> locations.Location:
    """A place is asked for again at every pass of a loop."""
    return locations.locate(code, lasti)


@functools.lru_cache(maxsize=256)
def shown(file: str) -> str:
    """A file as it may be shown to others: ours and what is below the working directory by its path."""
    for above in (Path(locations.PACKAGE).parent, Path.cwd()):
        try:
            return Path(file).resolve().relative_to(above).as_posix()
        except (ValueError, OSError):
            continue
    return os.path.basename(file)
