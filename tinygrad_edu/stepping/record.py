"""A record: the values that a result was computed from, and what they are called."""

from __future__ import annotations

from functools import cached_property
from types import FrameType
from typing import Any

import numpy as np

from ..engine.reachable import reachable
from ..engine.recompute import stored_operands, value
from ..format import text
from ..graph import Node, Value
from ..language.names import Names


class Record:
    """The nodes of a computation, from the oldest to the youngest, with their values and names.

    ``limit``: of more nodes the oldest are left out.  ``frame``: where the program is, in whose variables tensors are
    looked up to name them; if it is not given, where we are when the first name is asked for.
    """

    def __init__(self, result: Any, limit: int | None = None, frame: FrameType | None = None) -> None:
        self.result, self.root, self.frame = result, result.node, frame
        every = reachable([self.root])
        self.left_out = 0 if limit is None else max(0, len(every) - limit)
        self.older, self.nodes = every[: self.left_out], every[self.left_out :]
        self.computed = [node for node in self.nodes if node.op is not None]

    # Values.

    @cached_property
    def leaf_values(self) -> dict[int, Any]:
        """The values of leaves, by serial, as the operations saw them: an optimiser may have changed them since."""
        found: dict[int, Any] = {}
        for node in self.computed:
            if node.values is not None:
                for a, x in zip(node.args, stored_operands(node)):
                    if a is not None and a.op is None and x is not None:
                        found[a.serial] = x
        return found

    def value(self, what: Any) -> Any:
        """The value of a node, tensor or name.  Raises RuntimeError if it was freed, LookupError if it is not here."""
        node = what if isinstance(what, Node) else self.find(what)
        if node is self.root:
            return self.result._array
        if node.op is None:
            return self.leaf_values.get(node.serial, node.result)
        with np.errstate(all="ignore"):  # NumPy has warned when it was computed first
            return value(node)

    # Who uses what.

    @cached_property
    def users(self) -> dict[Node, list[tuple[Node, int]]]:
        """For each node the operations that use it, from the oldest to the youngest, and as which operand."""
        found: dict[Node, list[tuple[Node, int]]] = {}
        for node in self.computed:
            for k, a in enumerate(node.args):
                if a is not None:
                    found.setdefault(a, []).append((node, k))
        return found

    # Names.

    @cached_property
    def words(self) -> Names:
        """The names of nodes and plain arrays.  Nodes that are left out count: h_2000 is the h of round 2000."""
        return Names([*self.older, *self.nodes], self.frame)

    @cached_property
    def names(self) -> dict[str, list[Node]]:
        """The nodes of each name, from the oldest to the youngest: h means h_1, h_2 and h_3, and h_2 one of them."""
        found: dict[str, list[Node]] = {}
        own: dict[str, list[Node]] = {}
        for node in self.nodes:
            if (name := self.words.of(node)) is not None:
                found.setdefault(name.base, []).append(node)
                if name.which:
                    own[name.word] = own[f"{name.base}{name.which}"] = [node]
        return own | found

    def name(self, node: Node) -> str | None:
        """The name of a node, given or found in the program, with an index if others have that name: h_2.  Or None."""
        name = self.words.of(node)
        return None if name is None else name.word

    def is_called(self, node: Node, word: str) -> bool:
        """Does a word name this node: h_2, or h2, or h for all values of that name?"""
        name = self.words.of(node)
        return name is not None and word in (name.base, name.word, f"{name.base}{name.which}")

    @cached_property
    def numbers(self) -> dict[Node, int]:
        """The number of each result, which is that of the step that computes it."""
        return {node: number for number, node in enumerate(self.computed, 1)}

    @cached_property
    def leaves(self) -> list[Node]:
        """The nodes that were given and not computed: parameters and constants."""
        return [node for node in self.nodes if node.op is None]

    @cached_property
    def leaf_numbers(self) -> dict[Node, int]:
        """The number of each leaf, from 1."""
        return {node: number for number, node in enumerate(self.leaves, 1)}

    def called(self, node: Node) -> str:
        """A word by which ``find`` finds a node: its name, ``#7`` for the result of step 7, or ``leaf2``."""
        name = self.name(node)
        if name is not None:
            return text.safe_name(name)
        return f"#{self.numbers[node]}" if node.op is not None else f"leaf{self.leaf_numbers[node]}"

    def find(self, what: Any, until: int | None = None) -> Node:
        """The node that is meant by a node, a tensor, a name, or the number of the step that computes it.

        Of several nodes of one name it is the youngest, if possible of those computed in the first ``until`` steps.
        Raises LookupError, with the names that there are, if there is none.
        """
        node: Any = what.node if isinstance(what, Value) else what
        if isinstance(what, (str, int)):
            node = self.find_named(what, until)
        if not isinstance(node, Node) or node not in self.every:
            called = text.label(node) if isinstance(node, Node) else f"#{what}" if isinstance(what, int) else str(what)
            if called[:1] == "#" and called[1:].isdecimal() and self.computed:
                raise LookupError(f"there is no {called}: the results are #1 to #{len(self.computed)}")
            raise LookupError(f"there is no {text.safe_name(called)} in this computation; {self.list_names()}")
        return node

    @cached_property
    def every(self) -> set[Node]:
        """The nodes as a set, in which one is found fast."""
        return set(self.nodes)

    def find_named(self, word: str | int, until: int | None) -> Node | None:
        """The node that a word or a number means, or None."""
        number = word if isinstance(word, int) else int(word[1:]) if word[:1] == "#" and word[1:].isdecimal() else None
        if number is not None:
            return self.computed[number - 1] if 0 < number <= len(self.computed) else None
        assert isinstance(word, str)
        found = self.names.get(word)
        if found is None and word.startswith("leaf") and word[4:].isdecimal() and 0 < int(word[4:]) <= len(self.leaves):
            return self.leaves[int(word[4:]) - 1]
        if found is None:
            return None
        known = [node for node in found if until is None or node.op is None or self.numbers[node] <= until]
        return (known or found)[-1]

    def list_names(self) -> str:
        """A sentence about the names that there are."""
        bases = dict.fromkeys(name.base for node in self.nodes if (name := self.words.of(node)) is not None)
        shown = [text.safe_name(name)[:20] for name in bases]
        if not shown:
            return f"it has no names, but #1 to #{len(self.computed)}" if self.computed else "it has no names"
        return f"it has {text.join_words(shown)}" if len(shown) <= 12 else f"it has {', '.join(shown[-12:])} and others"
