"""Where to stop: at a name, an operation, a part of the model, a line, a step, or a condition.

    W            where W is computed, and where a gradient is passed to it
    #7           the same for the result of step 7
    sigmoid      where an operation of that name is at work
    layer1       in a part of the model: see scope
    12, net.py:12    at what that line of the program computed
    step 17      at a step
    if EXPR      where a condition holds, such as abs(grad).max() > 1e3, isnan, shape == (3,)
    W if isnan   both

``name``, ``op``, ``scope``, ``line`` and ``step`` before it say which is meant, where a word could be several.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..format import locations, text
from ..graph import Node
from ..op import OPS
from .expressions import Expression, parsed
from .stepper import Moment, Stepper

KINDS = ("name", "op", "scope", "line", "step")


@dataclass
class Stop:
    """A breakpoint."""

    words: str
    kind: str = ""  # of KINDS; nothing: at every step at which the condition holds
    what: str = ""
    condition: Expression | None = None
    once: bool = False
    hits: int = 0

    def holds(self, stepper: Stepper, moment: Moment, variables: Mapping[str, Any] | None = None) -> bool:
        """Is this the step?"""
        if self.kind and not getattr(self, f"at_{self.kind}")(stepper, moment):
            return False
        return self.condition is None or self.condition.holds(stepper, moment, variables)

    def at_name(self, stepper: Stepper, moment: Moment) -> bool:
        """Does the step give it a value or a gradient?"""
        if self.what[0] == "#":
            return moment.receiver is stepper.named(self.what, None)
        return stepper.is_called(moment.receiver, self.what) or stepper.called(moment.receiver) == self.what

    def at_op(self, stepper: Stepper, moment: Moment) -> bool:
        """Is it this operation's forward or rule?"""
        return moment.phase != "seed" and moment.node.op is not None and moment.node.op.name == self.what

    def at_scope(self, stepper: Stepper, moment: Moment) -> bool:
        """Is it in this part of the model?"""
        return moment.phase != "seed" and within(moment.node, self.what)

    def at_line(self, stepper: Stepper, moment: Moment) -> bool:
        """Did this line compute what the step is about?"""
        file, _, number = self.what.rpartition(":")
        code, lasti = locations.where(moment.node)
        first, last = locations.position(code, lasti)[:2]
        name = locations.title(code.co_filename)
        if not file and code.co_filename.startswith(locations.OURS):
            return False
        return first <= int(number) <= (last or first) and (not file or os.path.basename(file) == name)

    def at_step(self, stepper: Stepper, moment: Moment) -> bool:
        """Is it this very step?"""
        return moment.number == int(self.what)


def within(node: Node, scope: str) -> bool:
    """Does a node belong to a part of the model, given by its whole path or the end of it, or to a part of that?"""
    return node.scope is not None and f"/{scope}/" in f"/{node.scope}/"


def stop(words: str, stepper: Stepper | None = None, once: bool = False) -> Stop:
    """The breakpoint that these words mean.  ValueError, saying what there is, if they mean nothing in ``stepper``."""
    words = words.strip()
    where, condition = re.fullmatch(r"(.*?)(?:(?:^|\s|,\s*)if\s+(.*))?", words, re.DOTALL).groups()  # type: ignore[union-attr]
    where = where.strip().rstrip(",").strip()
    asked = parsed(condition) if condition else None
    if not where or words == "if":
        if asked is None:
            raise ValueError("stop where?  b W, b sigmoid, b layer1, b 12, b step 17, b if isnan: see h b")
        return Stop(words, condition=asked, once=once)
    first, _, rest = where.partition(" ")
    kind, what = (first, rest.strip()) if first in KINDS and rest else ("", where)
    kind = kind or guessed(what, stepper)
    if not kind:
        if condition is None and re.search(r"[<>=(]|\bisnan\b|\bisinf\b", where):  # they forgot the word if
            return Stop(words, condition=parsed(where), once=once)
        raise ValueError(
            f"{text.shown(what)} is no name, operation, part of the model, line or step here" + near(what, stepper)
        )
    if kind in ("step", "line") and not what.rpartition(":")[2].isdecimal():
        raise ValueError(f"a {kind} has a number, and {text.shown(what)} is none")
    if kind == "step" and stepper is not None and int(what) > stepper.last:
        raise ValueError(f"there is no step {what}: there are steps 0 to {stepper.last}")
    return Stop(words, kind, what, asked, once)


def guessed(what: str, stepper: Stepper | None) -> str:
    """Which kind a word is, if it is one."""
    if re.fullmatch(r"(.+:)?\d+", what):
        return "line"
    if stepper is None:
        return "name"
    if what in stepper.names or stepper.named(what, None) is not None:
        return "name"
    if any(node.op.name == what for node in stepper.computed) or what in OPS:
        return "op"
    scope = what.strip("/")
    return "scope" if any(within(node, scope) for node in stepper.computed) else ""


def near(word: str, stepper: Stepper | None) -> str:
    """Words like this one, to help who mistyped it."""
    import difflib  # not at import: it is needed only here

    if stepper is None:
        return ""
    known = {
        *stepper.names,
        *(node.op.name for node in stepper.computed),
        *(node.scope for node in stepper.computed if node.scope),
    }
    found = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    return f"; near it: {', '.join(text.shown(name) for name in found)}" if found else ""
