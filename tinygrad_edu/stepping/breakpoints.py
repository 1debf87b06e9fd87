"""Breakpoints: at a name, an operation, a part of the model, a line or a step, and under a condition.

    W            where W is computed, and where a gradient is passed to it
    #7           the same for the result of step 7
    sigmoid      where this operation is computed, and where it passes a gradient on
    layer1       in this part of the model: see scope
    12           at what line 12 of the program computed; also net.py:12
    step 17      at step 17
    if EXPR      where a condition holds, such as abs(grad).max() > 1e3, isnan, shape == (3,)
    W if isnan   both

If a word has several meanings, ``name``, ``op``, ``scope``, ``line`` or ``step`` before it says which one is meant.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..format import locations, text
from ..graph import Node
from ..op import OPS
from .expressions import Expression, parse_once
from .moment import Moment

Stepper: TypeAlias = Any  # of stepper.py, which stands on this file

KINDS = ("name", "op", "scope", "line", "step")


@dataclass
class Breakpoint:
    """Where to stop, as somebody typed it, and how often that was met."""

    words: str
    kind: str = ""  # one of KINDS; empty: at every step at which the condition holds
    what: str = ""  # the name, operation, scope, line or step
    condition: Expression | None = None
    once: bool = False
    hits: int = 0

    def holds(self, stepper: Stepper, moment: Moment, variables: Mapping[str, Any] | None = None) -> bool:
        """Is this a step to stop at?  Raises what the condition raises."""
        if self.kind and not getattr(self, f"at_{self.kind}")(stepper, moment):
            return False
        return self.condition is None or self.condition.holds(stepper, moment, variables)

    def at_name(self, stepper: Stepper, moment: Moment) -> bool:
        """Does the step give a value or a gradient to the tensor of that name?"""
        if self.what[0] == "#":
            return moment.receiver is stepper.find_named(self.what, None)
        return stepper.is_called(moment.receiver, self.what) or stepper.called(moment.receiver) == self.what

    def at_op(self, stepper: Stepper, moment: Moment) -> bool:
        """Does the step compute that operation, or apply its rule?"""
        return moment.phase != "seed" and moment.node.op is not None and moment.node.op.name == self.what

    def at_scope(self, stepper: Stepper, moment: Moment) -> bool:
        """Is the operation of the step in that part of the model?"""
        return moment.phase != "seed" and is_in_scope(moment.node, self.what)

    def at_line(self, stepper: Stepper, moment: Moment) -> bool:
        """Did that line of the program compute the operation of the step?"""
        file, _, number = self.what.rpartition(":")
        code, lasti = locations.instruction_of(moment.node)
        first, last = locations.span_of(code, lasti)[:2]
        name = locations.file_title(code.co_filename)
        if not file and code.co_filename.startswith(locations.OURS):
            return False
        return first <= int(number) <= (last or first) and (not file or os.path.basename(file) == name)

    def at_step(self, stepper: Stepper, moment: Moment) -> bool:
        """Does the step have that number?"""
        return moment.number == int(self.what)


def is_in_scope(node: Node, scope: str) -> bool:
    """Is a node in a part of the model?  The part is named by its path, mlp/layer1, or by pieces of it: layer1."""
    return node.scope is not None and f"/{scope}/" in f"/{node.scope}/"


def parse_breakpoint(words: str, stepper: Stepper | None = None, once: bool = False) -> Breakpoint:
    """The breakpoint that these words mean; ValueError, with near words, if they mean nothing in ``stepper``."""
    words = words.strip()
    where, condition = re.fullmatch(r"(.*?)(?:(?:^|\s|,\s*)if\s+(.*))?", words, re.DOTALL).groups()  # type: ignore[union-attr]
    where = where.strip().rstrip(",").strip()
    wanted = parse_once(condition) if condition else None
    if not where or words == "if":
        if wanted is None:
            raise ValueError("where is it to stop?  b W, b sigmoid, b layer1, b 12, b step 17, b if isnan: see h b")
        return Breakpoint(words, condition=wanted, once=once)
    first, _, rest = where.partition(" ")
    kind, what = (first, rest.strip()) if first in KINDS and rest else ("", where)
    kind = kind or guess_kind(what, stepper)
    if not kind:
        if condition is None and re.search(r"[<>=(]|\bisnan\b|\bisinf\b", where):  # the word if was forgotten
            return Breakpoint(words, condition=parse_once(where), once=once)
        raise ValueError(
            f"{text.safe_name(what)} is no name, operation, part of the model, line or step here"
            + suggest_near(what, stepper)
        )
    if kind in ("step", "line") and not what.rpartition(":")[2].isdecimal():
        raise ValueError(f"a {kind} has a number, and {text.safe_name(what)} is no number")
    if kind == "step" and stepper is not None and int(what) > stepper.last:
        raise ValueError(f"there is no step {what}: there are steps 0 to {stepper.last}")
    return Breakpoint(words, kind, what, wanted, once)


def guess_kind(what: str, stepper: Stepper | None) -> str:
    """The kind of breakpoint that a word alone means; empty, if it means none."""
    if re.fullmatch(r"(.+:)?\d+", what):
        return "line"
    if stepper is None:
        return "name"
    if what in stepper.names or stepper.find_named(what, None) is not None:
        return "name"
    if any(node.op.name == what for node in stepper.computed) or what in OPS:
        return "op"
    scope = what.strip("/")
    return "scope" if any(is_in_scope(node, scope) for node in stepper.computed) else ""


def suggest_near(word: str, stepper: Stepper | None) -> str:
    """The end of an error: names, operations and scopes that look like a word that was mistyped."""
    if stepper is None:
        return ""
    known = {
        *stepper.names,
        *(node.op.name for node in stepper.computed),
        *(node.scope for node in stepper.computed if node.scope),
    }
    return text.suggest(word, map(text.safe_name, known))
