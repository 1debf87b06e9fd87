"""Makes a trace from the engine's record: each node with its name, formula and value, then the sweep step by step."""

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
from .called import Letter as Meant
from .called import NodeFormulas
from .data import Edge, Factor, Letter, Location, Node, Numbers, Step, Trace
from .numbers import summarise
from .recursion import Recursion

# The trace keeps all elements of an array of at most WHOLE elements; of at most MANY in a graph of many nodes.
WHOLE, MANY = 4096, 64
LIMIT = 50_000  # nodes in a trace
AROUND = 3  # lines of the program that are kept before and after each line of a node


def traced(
    result: Any, seed: Any = None, *, sweep: bool | None = None, limit: int = LIMIT, frame: FrameType | None = None
) -> Trace:
    """The computation of ``result``, a tensor or a stepper, and its backward sweep as plain data.

    ``seed``: as for ``backward``.  ``sweep``: whether to run the sweep to find the gradients; None runs it if
    ``backward`` has been called or a seed is given.  The sweep changes no ``.grad``, but it calls hooks.  If there are
    more than ``limit`` nodes, the oldest are left out.  ``frame``: the frame of the program whose lists give names to
    tensors; None takes the caller's.
    """
    return Tracer(result, limit, frame).trace(seed, sweep)


def trace_and_step(stepper: Stepper) -> tuple[Trace, int]:
    """The trace of a stepper's computation, and the stepper's present step as a number of a step in the trace.

    The two differ where the trace leaves nodes out.
    """
    tracer = Tracer(stepper)
    trace = tracer.trace(None, None)
    return trace, bisect.bisect_right(tracer.steps, stepper.at)


class Tracer:
    """Makes one trace: first a node for each value, then the steps of the sweep, with what each of them passed on."""

    def __init__(self, result: Any, limit: int = LIMIT, frame: FrameType | None = None) -> None:
        self.known = result if isinstance(result, Stepper) else Record(result, limit, frame)
        self.root, self.record = self.known.root, self.known.nodes[-limit:]
        self.whole = WHOLE if len(self.record) <= 300 else MANY
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.number: dict[int, int] = {}  # serial of a recorded node -> number of its node in the trace
        self.uses: dict[tuple[int, int], Edge] = {}  # serial of the node that uses a value, position of the operand
        self.formulas = NodeFormulas(self.known, written_out=True)
        self.lines: dict[str, dict[str, str]] = {}
        self.pulls = 20_000  # how many more calls of rules may be spent on local derivatives
        self.steps: list[int] = []  # the number that the stepper gives to each step of the trace

    def trace(self, seed: Any, sweep: bool | None) -> Trace:
        """Trace the computation, and then its sweep if ``sweep`` says so (see ``traced``)."""
        computed_again = [node for node in self.record if node.result is None]
        for node in self.record:
            self.add_node(node)
        self.give_scopes_to_leaves()
        forward = [Step("forward", n.id) for n in self.nodes if n.op]
        self.steps = list(range(len(self.known.computed) - len(forward) + 1, len(self.known.computed) + 1))
        left_out = self.known.left_out + len(self.known.nodes) - len(self.record)
        trace = Trace(self.number[self.root.serial], self.nodes, self.edges, forward, self.lines, left_out)
        if isinstance(self.known, Stepper):
            sweep, stepper = self.known.last > self.known.start, self.known
        elif sweep or (sweep is None and self.can_sweep_again(seed)):
            sweep, stepper = True, Stepper(self.known.result, seed)
        if sweep:
            trace.steps += self.sweep_steps(stepper)
        self.add_stored_gradients(bool(sweep))
        # Values that were computed again for the trace are dropped, so that drawing a graph keeps no arrays alive.
        for node in computed_again:
            node.result = None
        return trace

    def can_sweep_again(self, seed: Any) -> bool:
        """Has ``backward`` been called (or a seed given), and are all arrays still there that the rules read?"""
        called = seed is not None or any(n.grad is not None for n in self.record)
        called = called and self.root.active and (seed is not None or math.prod(self.root.shape) == 1)
        return called and not any(n.op and n.active and n.values is None for n in self.record)

    # Forward.

    def add_node(self, node: Recorded) -> None:
        """Add a node of the record, after nodes for the plain arrays that it uses; then an edge for each operand."""
        op, uses = node.op, self.operands(node)
        try:
            x = self.known.value(node)
        except RuntimeError:  # its memory was freed
            x = None
        new = self.new_node(
            "result" if op else "parameter" if node.active else "data", x, node.shape, self.known.words.of(node), node
        )
        self.number[node.serial] = new.id
        new.called = self.formulas.formula(node).latex
        if op is None:
            return
        new.op, new.formula, new.options = op.name, self.formulas.definition(node).latex, unusual_options(node)
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
                    passed = self.formulas.rule_of(node, k)
                    edge.rule, edge.upstream = passed.rule.latex, passed.g
                    edge.stretched, edge.letters = passed.rule.stretched is not None, self.letters(passed.letters)
                    edge.factors = self.factors([number for _, number in uses], new.id, passed.rule.factors)

    def factors(self, sources: list[int | None], own: int, found: Any) -> list[Factor] | None:
        """The factors of a product, as plain data; None if one of them is no node of the trace."""
        known = dict(enumerate(sources)) | {"g": own, "z": own}
        numbers = [known.get(what) for what, _ in found]
        if not found or None in numbers:
            return None
        signs = ("", "·")
        return [Factor(n, s, what == "g", turned) for n, s, (what, turned) in zip(numbers, signs, found)]  # type: ignore[arg-type]

    def letters(self, found: list[Meant]) -> list[Letter] | None:
        """The letters of a formula with what they stand for, as plain data; None if there are none."""
        return [
            Letter(
                x.latex,
                None if x.node is None else self.number.get(x.node.serial),
                value=None if x.array is None else summarise(x.array, self.whole),
                words=x.words or None,
            )
            for x in found
        ] or None

    def operands(self, node: Recorded) -> list[tuple[str, int | None]]:
        """For each operand, its name in the operation, and the number of its node if it has one in the trace."""
        op = node.op
        if op is None:
            return []
        values = (None,) * len(node.args) if node.values is None else operands_among(op, node.values)
        names = op.names if op.variadic is None else (op.names[op.variadic],) * len(node.args)
        return [
            (name, self.add_constant(node, k, name, x) if a is None else self.number.get(a.serial))
            for k, (name, a, x) in enumerate(zip(names, node.args, values))
        ]

    def add_constant(self, node: Recorded, k: int, operand: str, x: Any) -> int | None:
        """Add a node for a plain array that was an operand; give its number.

        Numbers and options get none: they stand in the formula.
        """
        if not isinstance(x, np.ndarray) or not x.ndim or operand not in node.op.rules:
            return None
        new = self.new_node("constant", x, x.shape, self.known.words.plain(node, k), node)
        new.called = self.formulas.argument(node, k, x).latex
        return new.id

    def new_node(self, kind: Any, x: Any, shape: Any, name: Name | None, node: Recorded) -> Node:
        """Add a node with value ``x`` to the trace; scope and line are those of the recorded ``node``."""
        dtype = str(np.asarray(x).dtype) if x is not None else "unknown"
        new = Node(len(self.nodes), kind, list(shape), dtype, scope=readable(node.scope))
        if name is not None:
            new.name, new.symbol = readable(name.word), name.latex
            new.variable = readable(name.base) if name.which else None
        new.value = None if x is None else summarise(x, self.whole)
        new.place = self.locate(*locations.instruction_of(node))
        self.nodes.append(new)
        return new

    def locate(self, code: Any, lasti: int) -> Location | None:
        """The line that computed a node, in the user's program or in ours.  The trace keeps the lines around it too."""
        found = resolve_location(code, lasti)
        if not found.text:
            return None
        file = locations.cell_title(found.file) or path_to_show(found.file)
        if file not in self.lines or str(found.line) not in self.lines[file]:
            kept = self.lines.setdefault(file, {})
            for number in range(max(1, found.line - AROUND), found.line + AROUND + 1):
                if text := linecache.getline(found.file, number):
                    kept[str(number)] = text.rstrip("\n")
        return Location(file, found.line, list(found.columns) if found.columns else None)

    def give_scopes_to_leaves(self) -> None:
        """Put each parameter that a single part of the model uses into the scope of that part."""
        scopes: dict[int, set[str | None]] = {}
        for edge in self.edges:
            scopes.setdefault(edge.source, set()).add(self.nodes[edge.target].scope)
        for number, found in scopes.items():
            node = self.nodes[number]
            if node.kind == "parameter" and node.scope is None and len(found) == 1:
                (node.scope,) = found

    # Backward.

    def sweep_steps(self, stepper: Stepper) -> Iterator[Step]:
        """The steps of the sweep: first the seed, then one for each operand that receives something.

        The numbers (``passed``, ``local``) go into the edges of the trace.  The stepper is left where it was.
        """
        at = stepper.at
        stepper.jump(stepper.last)
        for node, g, _, _ in stepper.swept:
            if node.serial in self.number:
                self.nodes[self.number[node.serial]].gradient = summarise(coerce.dense(g), self.whole)
        yield Step("seed", self.number[self.root.serial])
        self.steps.append(stepper.start + 1)
        recursion = Recursion(self.record, lambda node: self.formulas.formula(node).latex)
        for number in range(stepper.start + 2, stepper.last + 1):
            moment = stepper.jump(number)
            node, a = moment.node, moment.receiver
            edge = self.uses.get((node.serial, moment.operand or 0))
            if edge is None:  # the trace leaves this node out
                continue
            edge.note = readable(stepper.not_chosen(moment)) or None
            edge.passed = summarise(stepper.passed(moment), self.whole)
            edge.local, edge.diagonal = self.local_derivative(node, moment.operand or 0)
            step = Step("backward", edge.target, edge.id)
            if known := recursion.step(node):
                step.recursion = known.latex
                of = [(*each, False) for each in known.values] + [(*each, True) for each in known.gradients]
                step.letters = [Letter(latex, self.number.get(a.serial), is_gradient) for latex, a, is_gradient in of]
            if stepper.flows[a] > 1:
                step.total = summarise(coerce.dense(stepper.total(a, stepper.contributions(a))), self.whole)
            self.steps.append(number)
            yield step
        stepper.jump(at)

    def local_derivative(self, node: Recorded, k: int) -> tuple[Numbers | None, bool]:
        """The derivative of a node by operand ``k``, or None where it is too large; and whether it is a diagonal."""
        diagonal = node.op.elementwise
        n, m = math.prod(node.shape), math.prod(node.args[k].shape)
        pulls = 1 if diagonal else n
        if n * m > self.whole * (self.whole if diagonal else 1) or n > 64 * 64 or pulls > min(64, self.pulls):
            return None, False
        self.pulls -= pulls
        try:
            return summarise(local(node, k), self.whole), diagonal
        except Exception:
            # A user's rule may fail here although it served the sweep: a Jacobian calls it with other gradients.
            return None, False

    def add_stored_gradients(self, swept: bool) -> None:
        """Note what ``.grad`` holds where that is not the gradient of this sweep, and where a hook may have acted."""
        for node in self.record:
            new = self.nodes[self.number[node.serial]]
            if node.grad is not None:
                stored = summarise(coerce.dense(node.grad), self.whole)
                if not swept or new.gradient is None or stored != new.gradient:
                    new.stored = stored
            if node.hooks:
                new.note = "a hook may have changed its gradient"
            if isinstance(self.known, Stepper) and node in self.known.changes:
                new.note = "what if: its gradient was changed by hand, and what follows is not the program's"


def readable(name: str | None) -> str | None:
    """A name cut to 1000 characters, in which halves of surrogate pairs are replaced: any file can hold it."""
    return name and name[:1000].encode("utf-8", "replace").decode("utf-8")


def unusual_options(node: Recorded) -> dict[str, str]:
    """The options that are not the defaults, as the program writes them, without those that the notation shows."""
    found = options(node, node.values or ()).items()
    return {n: repr(x)[:40] for n, x in found if f"${n}" not in node.op.notation and not isinstance(x, np.ndarray)}


@functools.lru_cache(maxsize=4096)
def resolve_location(code: Any, lasti: int) -> locations.Location:
    """The location of an instruction.  It is cached because every pass of a loop asks for it again."""
    return locations.locate(code, lasti)


@functools.lru_cache(maxsize=256)
def path_to_show(file: str) -> str:
    """A file as a page may name it: by its path in the package or the working directory, else by its name alone."""
    for above in (Path(locations.PACKAGE).parent, Path.cwd()):
        try:
            return Path(file).resolve().relative_to(above).as_posix()
        except (ValueError, OSError):
            continue
    return os.path.basename(file)
