"""What findings are made of: the record, its values, its sweep, and words for its nodes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from ..engine.reachable import reachable
from ..engine.recompute import operand_values, stored_operands
from ..errors import coerce
from ..format import locations, text
from ..format.locations import Location
from ..graph import Node
from ..numeric.norms import norm
from ..stepping import Stepper
from ..stepping.record import Record
from .finding import Finding, Remedy

LONGEST_EXPRESSION = 40  # characters of a user's expression that stands for a value without a name


class Inspected:
    """One computation, looked at.  ``wanted``: the nodes that ought to receive a gradient, with words for them."""

    def __init__(self, stepper: Stepper, wanted: dict[Node, str]) -> None:
        self.stepper, self.wanted = stepper, wanted
        self.record = Record(stepper.result) if stepper.left_out else stepper
        self.root, self.nodes, self.users = stepper.root, self.record.nodes, self.record.users
        self.visited = set(stepper.ours)
        self.skipped: list[str] = []
        self.explained_zeros: set[Node] = set()  # the leaves of which it was said why their gradient is 0
        self.with_equal_units: set[Node] = set()  # those whose units were found to be equal
        self.dependence: dict[Node, str | None] = {}  # and work: see dependence.py
        self.work = 0
        self.tries = 0  # nodes that were computed again to try remedies: see trials.py
        self.optimisers: list[Any] = []  # that were given to ``explain``
        self.rate: float | None = None
        self.steps_tried = 0  # nodes that were computed again to try rates: see training.py
        self.seeks_remedies = True  # are any sought?  Not where one is tried
        self.locations: dict[Any, Location] = {}
        self.axes_of_ones: dict[Any, Any] = {}  # over which axes plain arrays sum to one: see axes.py

    # Values and gradients.

    def value(self, node: Node) -> Any:
        """The value of a node."""
        return self.record.value(node)

    def operands(self, node: Node) -> list[Any]:
        """The values of a node's operands, also of plain arrays and options."""
        return operand_values(node, self.value)

    def sweep(self) -> None:
        """Run the sweep to its end, without moving the stepper.  Raises what a rule raises."""
        self.stepper.run_sweep_to(self.stepper.last)

    @cached_property
    def gradients(self) -> dict[Node, Any]:
        """The complete gradient of each node that the sweep visits."""
        return {swept.node: swept.g for swept in self.stepper.swept}

    @cached_property
    def passed(self) -> dict[Node, tuple[Any, ...]]:
        """What each node passes to its operands."""
        return {swept.node: swept.passed for swept in self.stepper.swept}

    @cached_property
    def largest(self) -> dict[Node, float]:
        """The largest entry of each gradient, without its sign."""
        return {node: largest_entry(g) for node, g in self.gradients.items()}

    def uses(self, node: Node) -> Iterable[tuple[Node, int]]:
        """The uses through which a gradient comes to a node."""
        return ((user, k) for user, k in self.users.get(node, ()) if user in self.visited)

    def above(self, nodes: Iterable[Node]) -> list[Node]:
        """All nodes on the ways from these to the loss, they themselves too."""
        return reachable(nodes, lambda node: [user for user, _ in self.users.get(node, ())])

    def note_skipped(self, words: str) -> None:
        """Note what was not looked at, once."""
        if words not in self.skipped:
            self.skipped.append(words)

    # Words.

    def location(self, node: Node) -> Location:
        """Where a value was computed."""
        where = node.code, node.lasti
        if where not in self.locations:
            self.locations[where] = locations.of_node(node)
        return self.locations[where]

    def source_text(self, node: Node) -> str | None:
        """The user's own expression for a value, if it is short and stands in one line of the user's program."""
        where = self.location(node)
        if node.op is None or where.columns is None or where.file.startswith(locations.OURS):
            return None
        found = where.text[slice(*where.columns)]
        return text.safe_name(found) if found and len(found) <= LONGEST_EXPRESSION else None

    def name(self, node: Node) -> str | None:
        """The name of a value, as it may be printed."""
        found = self.record.name(node)
        return text.safe_name(found) if found is not None else None

    def describe(self, node: Node) -> str:
        """A value in a sentence: by its name, by what the user wrote, or by what made it."""
        return (
            self.name(node)
            or self.source_text(node)
            or (f"the result of {node.op.name}" if node.op else text.label(node))
        )

    def describe_entry(self, node: Node, at: Iterable[int]) -> str:
        """``x[0, 2]``, or ``(a @ b)[0, 2]``: an entry of a value in a sentence."""
        name, index = self.describe(node), ", ".join(map(str, at))
        simple = name.replace("_", "a").replace(".", "a").isalnum() or self.name(node) is not None
        return f"{name if simple else f'({name})'}[{index}]" if index else name

    def describe_made(self, node: Node) -> str:
        """``h = sigmoid(v)``: a value by its name and by how it was made."""
        name, written = self.name(node), self.source_text(node)
        if node.op is None or name is None:
            return self.describe(node)
        short = [self.name(a) or "..." for a in node.args if a is not None]
        if written is None or "=" in written.split("(")[0] or written == name:
            written = f"{node.op.name}({', '.join(short)})"
        return f"{name} = {written}"

    def describe_operand(self, node: Node, k: int) -> str:
        """An operand in a sentence, also one that is a plain array."""
        a = node.args[k]
        if a is not None:
            return self.describe(a)
        called = locations.operand_names(node)[k] if k < len(node.args) else None
        return text.safe_name(called) if called else text.describe_operand(None, stored_operands(node)[k])

    @cached_property
    def loss(self) -> str:
        """The result in a sentence."""
        return self.name(self.root) or "the loss"

    def in_line(self, node: Node) -> str:
        """``in line 7``, with the file if it is another than that of the result."""
        where = self.location(node)
        file = "" if where.file == self.location(self.root).file else f" of {locations.file_title(where.file)}"
        return f"in line {where.line}{file}"

    # Findings.

    def group_by_line(self, nodes: Iterable[Node]) -> list[list[Node]]:
        """Nodes that the same operation on the same line made, as in the passes of a loop, together."""
        groups: dict[Any, list[Node]] = {}
        for node in nodes:
            groups.setdefault((node.op, node.code, node.lasti), []).append(node)
        return list(groups.values())

    def same_for_others(self, group: list[Node]) -> str:
        """That the same holds for the others of a group, to be added to what is said of the first."""
        names = list(dict.fromkeys(name for node in group[1:] if (name := self.name(node))))
        known = [name for name in names if name != self.name(group[0])]
        shown = f" ({text.join_words(known)})" if 0 < len(known) <= 4 else ""
        others = text.plural(len(group) - 1, "other value")
        return f" The same holds for {others} that this line made{shown}." if group[1:] else ""

    def make_finding(
        self,
        kind: str,
        node: Node,
        words: str,
        nodes: Iterable[Node] = (),
        at: Location | None = None,
        remedies: Iterable[Remedy] = (),
        most: int = 1,
        **numbers: Any,
    ) -> Finding:
        """A finding about a node.  remedies: those that cure; of them ``most`` are looked for and said."""
        where, said = at or self.location(node), tuple(itertools.islice(remedies, most)) if self.seeks_remedies else ()
        words = " ".join([words, *(remedy.words for remedy in said)])
        return Finding(
            kind, self.printed_name(node), words, where if where.line else None, numbers, node, (node, *nodes), said
        )

    def printed_name(self, node: Node) -> str:
        """The word for a node, which the console finds it by."""
        return self.record.called(node) if node in self.record.every else text.safe_name(text.label(node))


def is_finite(x: Any) -> bool:
    """Is every entry a finite number?"""
    return bool(np.isfinite(entries(x)).all())


def entries(x: Any) -> Any:
    """The entries of a gradient; of one that is kept as rows, those."""
    return x.rows if hasattr(x, "rows") else x


def largest_entry(x: Any) -> float:
    """The largest finite entry, without its sign: inside, where nothing counts, a gradient may be infinite."""
    x = np.abs(entries(x))
    return float(np.max(x, initial=0.0, where=np.isfinite(x)))


def root_mean_square(x: Any) -> float:
    """The root mean square, which does not depend on how many numbers there are."""
    return norm(x) / max(1, np.size(coerce.dense(x))) ** 0.5


def percent(share: float) -> str:
    """``75 %``."""
    return f"{100 * share:.0f} %"


def list_names(names: list[str]) -> str:
    """Names in a sentence; of many, the first and how many others; of one for all, as in a loop, how many."""
    if len(names) > 1 and len({*names}) == 1:
        return f"{len(names):,} leaves called {names[0]}"
    return text.join_words(names, 6)
