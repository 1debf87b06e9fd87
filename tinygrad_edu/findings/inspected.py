"""What every check reads: a record, its values, its sweep, and words for its nodes."""

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

# A longer expression of the user is not used as the name of a value, in characters.
LONGEST_EXPRESSION = 40


class Inspected:
    """A computation that is inspected.  ``wanted`` names the nodes that ought to receive a gradient."""

    def __init__(self, stepper: Stepper, wanted: dict[Node, str]) -> None:
        self.stepper, self.wanted = stepper, wanted
        self.record = Record(stepper.result) if stepper.left_out else stepper
        self.root, self.nodes, self.users = stepper.root, self.record.nodes, self.record.users
        self.visited = set(stepper.ours)
        self.skipped: list[str] = []
        self.explained_zeros: set[Node] = set()  # leaves whose zero gradient a finding explains
        self.with_equal_units: set[Node] = set()  # leaves whose units were found to be equal
        self.dependence: dict[Node, str | None] = {}  # how the result depends on leaves: see dependence.py
        # Nodes that were computed again: for dependence.py, for remedies (trials.py), for rates (training.py).
        self.work = self.tries = self.steps_tried = 0
        self.optimisers: list[Any] = []  # as given to ``explain``
        self.rate: float | None = None
        self.seeks_remedies = True  # False while a remedy is tried
        self.locations: dict[Any, Location] = {}
        self.axes_of_ones: dict[Any, Any] = {}  # kept answers of ``axes_of_ones`` in axes.py

    # Values and gradients.

    def value(self, node: Node) -> Any:
        return self.record.value(node)

    def operands(self, node: Node) -> list[Any]:
        """Return the values of a node's arguments, plain arrays and options too."""
        return operand_values(node, self.value)

    def sweep(self) -> None:
        """Run the sweep to its end, without moving the stepper.  Raises what a rule raises."""
        self.stepper.run_sweep_to(self.stepper.last)

    @cached_property
    def gradients(self) -> dict[Node, Any]:
        """The gradient of each node that the sweep visits, after all contributions."""
        return {swept.node: swept.g for swept in self.stepper.swept}

    @cached_property
    def passed(self) -> dict[Node, tuple[Any, ...]]:
        """What each node passes to its operands."""
        return {swept.node: swept.passed for swept in self.stepper.swept}

    @cached_property
    def largest(self) -> dict[Node, float]:
        """The largest absolute value in each gradient."""
        return {node: largest_entry(g) for node, g in self.gradients.items()}

    def uses(self, node: Node) -> Iterable[tuple[Node, int]]:
        """Yield the uses through which a gradient comes to a node."""
        return ((user, k) for user, k in self.users.get(node, ()) if user in self.visited)

    def above(self, nodes: Iterable[Node]) -> list[Node]:
        """List all nodes on the ways from these nodes to the result, these included."""
        return reachable(nodes, lambda node: [user for user, _ in self.users.get(node, ())])

    def note_skipped(self, words: str) -> None:
        """Note once what was not examined."""
        if words not in self.skipped:
            self.skipped.append(words)

    # Words.

    def location(self, node: Node) -> Location:
        """Return the place in the program where a value was computed."""
        where = node.code, node.lasti
        if where not in self.locations:
            self.locations[where] = locations.of_node(node)
        return self.locations[where]

    def user_location(self, node: Node) -> Location:
        """Return where a value was computed; for one that the package made, as nn makes parameters, the result."""
        where = self.location(node)
        return self.location(self.root) if where.file.startswith(locations.OURS) else where

    def source_text(self, node: Node) -> str | None:
        """Return the user's expression for a value, if it is short and stands on one line of the user's program."""
        where = self.location(node)
        if node.op is None or where.columns is None or where.file.startswith(locations.OURS):
            return None
        found = where.text[slice(*where.columns)]
        return text.safe_name(found) if found and len(found) <= LONGEST_EXPRESSION else None

    def name(self, node: Node) -> str | None:
        """Return the name of a value, safe to print."""
        found = self.record.name(node)
        return text.safe_name(found) if found is not None else None

    def describe(self, node: Node) -> str:
        """Name a value in a sentence: by its name, by what the user wrote, or by the operation that made it."""
        return (
            self.name(node)
            or self.source_text(node)
            or (f"the result of {node.op.name}" if node.op else text.label(node))
        )

    def describe_entry(self, node: Node, at: Iterable[int]) -> str:
        """Name an entry of a value in a sentence: ``x[0, 2]``, or ``(a @ b)[0, 2]``."""
        name, index = self.describe(node), ", ".join(map(str, at))
        simple = name.replace("_", "a").replace(".", "a").isalnum() or self.name(node) is not None
        return f"{name if simple else f'({name})'}[{index}]" if index else name

    def describe_made(self, node: Node) -> str:
        """Name a value and how it was made: ``h = sigmoid(v)``."""
        name, written = self.name(node), self.source_text(node)
        if node.op is None or name is None:
            return self.describe(node)
        short = [self.name(a) or "..." for a in node.args if a is not None]
        if written is None or "=" in written.split("(")[0] or written == name:
            written = f"{node.op.name}({', '.join(short)})"
        return f"{name} = {written}"

    def describe_operand(self, node: Node, k: int) -> str:
        """Name an operand in a sentence, also one that is a plain array."""
        a = node.args[k]
        if a is not None:
            return self.describe(a)
        called = locations.operand_names(node)[k] if k < len(node.args) else None
        return text.safe_name(called) if called else text.describe_operand(None, stored_operands(node)[k])

    @cached_property
    def loss(self) -> str:
        return self.name(self.root) or "the loss"

    def in_line(self, node: Node) -> str:
        """Return ``in line 7``, with the file if it is not that of the result."""
        where = self.location(node)
        file = "" if where.file == self.location(self.root).file else f" of {locations.file_title(where.file)}"
        return f"in line {where.line}{file}"

    # Findings.

    def group_by_line(self, nodes: Iterable[Node]) -> list[list[Node]]:
        """Group nodes that the same operation on the same line made, as in the passes of a loop."""
        groups: dict[Any, list[Node]] = {}
        for node in nodes:
            groups.setdefault((node.op, node.code, node.lasti), []).append(node)
        return list(groups.values())

    def passes_of_line(self, node: Node) -> list[Node]:
        """List the nodes that the same operation on the same line made, as in the passes of a loop."""
        return [n for n in self.nodes if (n.op, n.code, n.lasti) == (node.op, node.code, node.lasti)]

    def same_for_others(self, group: list[Node]) -> str:
        """Return a sentence that extends what was said of the first node of a group to the others."""
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
        """Make a finding about a node; ``most`` of the remedies, which are tried one by one, are added to its words."""
        where, cures = at or self.location(node), tuple(itertools.islice(remedies, most)) if self.seeks_remedies else ()
        words = " ".join([words, *(remedy.words for remedy in cures)])
        return Finding(
            kind, self.printed_name(node), words, where if where.line else None, numbers, node, (node, *nodes), cures
        )

    def printed_name(self, node: Node) -> str:
        """Return the name under which the console finds a node."""
        return self.record.called(node) if node in self.record.every else text.safe_name(text.label(node))


def is_finite(x: Any) -> bool:
    return bool(np.isfinite(entries(x)).all())


def entries(x: Any) -> Any:
    """Return the entries of a gradient; of one that is stored as sparse rows, the stored ones."""
    return x.rows if hasattr(x, "rows") else x


def largest_entry(x: Any) -> float:
    """Return the largest absolute value; infinite entries are left out, for nothing may depend on them."""
    x = np.abs(entries(x))
    return float(np.max(x, initial=0.0, where=np.isfinite(x)))


def root_mean_square(x: Any) -> float:
    """Return the root mean square, which does not depend on how many numbers there are."""
    return norm(x) / max(1, np.size(coerce.dense(x))) ** 0.5


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def list_names(names: list[str]) -> str:
    """Join names in a sentence; of many, the first and a count; of equal names, as in a loop, only a count."""
    if len(names) > 1 and len({*names}) == 1:
        return f"{len(names):,} leaves called {names[0]}"
    return text.join_words(names, 6)
