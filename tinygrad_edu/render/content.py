"""Makes the rows of a box: its formula, its value or shape, its gradient, each with the states that a walk shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..format.numbers import typographic
from ..format.text import plural, shorten
from ..language.lines import line
from ..language.symbols import words as upright
from ..render import figures
from ..tracing.data import Node, Numbers, Trace
from .typeset import Label, mathematics, words
from .view import EARLIER, Box, View

FORMULA, SMALL = 14.0, 9.5  # sizes of type, in points
MANY = 300  # formulas of more boxes than that are set quickly (see ``mathematics``)
STAGES = 24  # a gradient that accumulates in more steps than that is only shown when it is complete
WIDEST = 260.0  # a formula wider than this is replaced by a shorter one
DETAILS = ("formulas", "shapes", "values", "gradients")
USUAL = ("formulas", "values", "gradients")
NOTHING_YET = "no backward yet"


class Variant(NamedTuple):
    """What a row shows from step ``begin`` of the walk (None: from the start) until step ``end`` (None: for ever)."""

    label: Label
    begin: int | None = None
    end: int | None = None


@dataclass
class Row:
    """A row of a box.  ``role``: formula, options, value or gradient."""

    role: str
    variants: list[Variant]

    @property
    def width(self) -> float:
        """The width of the widest variant."""
        return max(v.label.width for v in self.variants)

    @property
    def height(self) -> float:
        """The height of the highest variant."""
        return max(v.label.height for v in self.variants)


class Timeline:
    """At which step of the walk each value and gradient appears: the leaves are there at step 0.

    Step k is the state after ``trace.steps[k - 1]``.
    """

    def __init__(self, trace: Trace) -> None:
        self.value: dict[int, int] = {}
        self.gradient: dict[int, list[tuple[int, Numbers | None]]] = {}
        self.passed: dict[int, int] = {}  # number of an edge -> the step at which a gradient goes along it
        for k, step in enumerate(trace.steps, 1):
            if step.phase == "forward":
                self.value[step.node] = k
            elif step.phase == "seed":
                self.gradient[step.node] = [(k, trace.nodes[step.node].gradient)]
            elif step.edge is not None:
                edge = trace.edges[step.edge]
                self.passed[edge.id] = k
                self.gradient.setdefault(edge.source, []).append((k, step.total or edge.passed))


def rows_of(box: Box, view: View, detail: Iterable[str], digits: int, timeline: Timeline | None) -> list[Row]:
    """The rows of a box.  With a ``timeline`` they have a variant for each state in the walk, else only the last."""
    if box.folded:
        return rows_of_folded(box, view)
    node, detail = view.trace.nodes[box.nodes[0]], set(detail)
    found = [Row("formula", [Variant(label_of_title(node, "formulas" in detail, len(view.boxes) > MANY))])]
    # An index has no box of its own, so its shape is a row here.
    if node.letters and "formulas" in detail:
        given = [(line(x.symbol), x.value) for x in node.letters if x.value]
        found += [
            Row("options", [Variant(words(f"{name}: {figures.shape_in_words(x.shape)}", SMALL))]) for name, x in given
        ]
    if node.value and "values" in detail:
        begin = timeline.value.get(node.id) if timeline else None
        found.append(Row("value", [Variant(figures.label_of_array(node.value, digits, SMALL), begin)]))
    elif "shapes" in detail or "values" in detail:
        found.append(Row("value", [Variant(words(figures.shape_in_words(node.shape), SMALL))]))
    if "gradients" in detail and node.kind in ("parameter", "result") and can_flow(view.trace, node):
        found.append(Row("gradient", gradient_variants(node, digits, timeline)))
    return found


def can_flow(trace: Trace, node: Node) -> bool:
    """Does a gradient reach this node, or would it if ``backward`` were called?"""
    swept = any(step.phase == "seed" for step in trace.steps)
    return node.gradient is not None if swept else node.kind == "parameter" or node.id == trace.result


def gradient_variants(node: Node, digits: int, timeline: Timeline | None) -> list[Variant]:
    """The row of the gradient: what the node has received in the end, or so far at each step of the walk."""
    if node.gradient is None:
        return [Variant(words(NOTHING_YET, SMALL - 1))]
    if timeline is None:
        return [Variant(figures.label_of_array(node.gradient, digits, SMALL, "∂ "))]
    stages = timeline.gradient.get(node.id, [])
    if len(stages) > STAGES:
        stages = stages[-1:]
    ends = [begin for begin, _ in stages[1:]] + [None]
    return [
        Variant(figures.label_of_array(numbers, digits, SMALL, "∂ "), begin, end)
        for (begin, numbers), end in zip(stages, ends)
        if numbers
    ]


def label_of_title(node: Node, formulas: bool, quick: bool) -> Label:
    """``v = W x + b``, or the longest part of it that fits: the formula, the name, the operation."""
    if node.op is None:
        return mathematics(node.symbol or node.called or upright(node.kind), FORMULA, quick)
    name = [node.symbol] if node.symbol else [node.called] if node.called and node.called != node.formula else []
    made = [node.formula] if node.formula and formulas else []
    for latex in (" = ".join([*name, *made]), *name, *made[: not name]):
        if latex:
            label = mathematics(latex, FORMULA, quick)
            if label.width <= WIDEST:
                return label
    return mathematics(upright(node.op), FORMULA)


def rows_of_folded(box: Box, view: View) -> list[Row]:
    """The rows of a folded box: the name of the part of the model, and how many nodes and parameters it has."""
    number = len(box.nodes) + (view.trace.left_out if box.folded == EARLIER else 0)
    name = f"{number:,} earlier nodes" if box.folded == EARLIER else box.folded.rpartition("/")[2]
    found = [Row("formula", [Variant(words(shorten(name, 30, "…"), FORMULA - 2))])]
    if box.folded != EARLIER:
        parameters = sum(view.trace.nodes[i].kind == "parameter" for i in box.nodes)
        held = f"{number} nodes" + (f", {plural(parameters, 'parameter')}" if parameters else "")
        found.append(Row("options", [Variant(words(held, SMALL))]))
    return found


def describe_node(node: Node) -> str:
    """A node in words, for a tooltip and a screen reader."""
    what = {"parameter": "parameter", "data": "data", "constant": "constant"}.get(node.kind, f"result of {node.op}")
    name = f"{node.name[:60]}, " if node.name else ""
    shape = f", {figures.shape_in_words(node.shape)}" if node.shape else ""
    value = (
        f", value {typographic(node.value.data, 6)}"
        if node.value and not node.shape and node.value.data is not None
        else ""
    )
    gradient = ""
    if node.gradient and not node.shape and node.gradient.data is not None:
        gradient = f", gradient {typographic(node.gradient.data, 6)}"
    return f"{name}{what}{shape}{value}{gradient}"
