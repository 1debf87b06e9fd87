"""The commands that say why a gradient is what it is."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..findings import explain, findings_about
from ..format import numbers, text
from ..formulas.printed import of_value
from ..formulas.rules import rule
from ..graph import Node
from ..language.lines import line
from ..numeric.equality import DIFFERENCES, SINGLE, differs, same
from ..numeric.norms import norm
from ..stepping import Stepper
from ..stepping.jacobian import by_differences, local
from ..stepping.paths import paths
from .looking import Looking, count
from .views import underlined

LARGEST = 4096  # elements of a Jacobian matrix that is shown
MANY = 50_000  # values in which one does not find faults at once


class Understanding(Looking):
    """Rules, Jacobians, the way to the loss, and what is wrong on it."""

    # The mathematics.

    def do_rule(self, words: str) -> None:
        """rule: the rule by which the operation passes a gradient on, as mathematics and with numbers"""
        stepper, moment = self.stepper, self.stepper.moment
        if moment.phase == "backward" and not self.chosen and not words.strip():
            self.ruled(moment.node, moment.operand or 0)
            return
        node = self.the(words)
        if node.op is None:
            raise ValueError(f"{stepper.called(node)} was given, not computed: no rule belongs to it")
        for k, a in enumerate(node.args):
            if a is not None and a.active:
                self.ruled(node, k)

    def ruled(self, node: Node, k: int) -> None:
        """The rule of a node for one operand."""
        stepper, a = self.stepper, node.args[k]
        self.screen.say(f"{node.op.name}: {self.views.made(node)}", "bold", indent=4)
        passed = self.views.called.passed(node, k)
        self.screen.say(f"  to {stepper.called(a)} it passes  {self.views.rule(passed)}", indent=6)
        self.views.where(passed.letters)
        i = stepper.visited.get(node)
        g = stepper.gradient(node) if i is None else stepper.swept[i].g
        if g is None or not stepper.is_computed(node):
            self.screen.say("  its numbers are there once its gradient is", "dim")
            return
        if all(math.prod(x.shape) == 1 for x in (node, *(x for x in node.args if x is not None))):
            self.screen.say(f"  = {self.with_numbers(node, k, g)}", indent=6)
        self.screen.array(line(passed.g), g, f"= {self.views.gradient(node)}")
        for name, a, x in zip(node.op.names, node.args, self.values(node)):
            if node.op.variadic is None and (a is not None or isinstance(x, np.ndarray)):
                self.screen.array(stepper.called(a) if a is not None else name, x)
        if i is not None:
            self.screen.array("passed", stepper.swept[i].passed[k])

    def with_numbers(self, node: Node, k: int, g: Any) -> str:
        """The rule with numbers in the place of letters."""
        formulas = [of_value(np.ravel(x)[0]) if x is not None else of_value(x) for x in self.values(node)]
        z = of_value(np.ravel(self.stepper.value(node))[0])
        return line(rule(node, k, formulas, z, of_value(np.ravel(g)[0])).latex)

    def do_jac(self, words: str) -> None:
        """jac [NAME]: the local Jacobian of the operation, by its rule, and beside it by differences

        It is the derivative of the result by one operand.  Of an elementwise operation it is a diagonal, of which the
        diagonal is shown.  Where the rule and the differences are not the same, the rule is wrong.
        """
        stepper, moment = self.stepper, self.stepper.moment
        node = self.the(words) if words.strip() or self.chosen else moment.node
        if node.op is None:
            raise ValueError(f"{stepper.called(node)} was given, not computed: it has no local Jacobian")
        stepping = moment.phase == "backward" and node is moment.node
        for k in (
            [moment.operand or 0] if stepping else [k for k, a in enumerate(node.args) if a is not None and a.active]
        ):
            self.jacobian(node, k)

    def jacobian(self, node: Node, k: int) -> None:
        """The Jacobian of a node by one operand."""
        a, called = node.args[k], self.stepper.called(node)
        n, m = math.prod(node.shape), math.prod(a.shape)
        title = f"∂{called}/∂{self.stepper.called(a)}"
        diagonal = node.op.elementwise
        if (n if diagonal else n * m) > LARGEST:
            self.screen.say(
                f"{title} has {n:,} x {m:,} numbers: too many to look at.  {node.op.name}: {self.views.made(node)}"
            )
            return
        self.screen.say(f"{title}, {n} x {m}" + (", a diagonal" if diagonal and n > 1 else ""), "bold")
        found = local(node, k)
        self.screen.write(numbers.array(found, width=self.screen.width))
        expected = by_differences(node, k, self.values(node))
        error = np.abs(np.asarray(found, float) - expected)
        noise = 1e-6 if np.asarray(found).dtype != np.float32 else 1e-3 * (1 + np.abs(expected))
        if differs(found, expected, DIFFERENCES, noise).any() and np.isfinite(expected).all():
            self.screen.say("by differences it is", "bad")
            self.screen.write(numbers.array(expected, width=self.screen.width))
            self.screen.say(f"The rule of {node.op.name} is not its derivative there, or it has a bend.", "bad")
        elif np.isfinite(error).all():
            self.screen.say(f"differences agree to {numbers.number(float(error.max(initial=0)), 2)}", "dim")

    # The way to the loss.

    def do_where(self, words: str) -> None:
        """w(here): the path from the loss down to this step, and what is looked at

        u and d go up and down on it; then p, l, jac, rule and why are about the tensor that is marked.
        """
        path = self.path(self.stepper.moment.receiver)
        rows = [
            self.views.row(node, "->" if i == self.chosen else "  ")
            for i, node in enumerate(path)
            if abs(i - self.chosen) < 30
        ]
        if self.chosen + 30 < len(path):
            self.screen.write(self.views.row(path[-1], "  "))
            self.screen.write(f"     … {len(path) - self.chosen - 30:,} more …", "dim")
            rows = rows[: self.chosen + 29]
        for row in reversed(rows):
            self.screen.write(row, "bold" if row.startswith("->") else "")

    do_w = do_bt = do_where

    def do_up(self, words: str) -> None:
        """u(p) [N]: look at what used it, towards the loss"""
        self.chosen = min(self.chosen + count(words), len(self.path(self.stepper.moment.receiver)) - 1)
        self.looked_at()

    def do_down(self, words: str) -> None:
        """d(own) [N]: back down, to what the step is about"""
        self.chosen = max(self.chosen - count(words), 0)
        self.looked_at()

    do_u, do_d = do_up, do_down

    def looked_at(self) -> None:
        """Show the one that is chosen now."""
        self.screen.write(self.views.row(self.node, "->"), "bold")
        self.views.source(self.node)

    def do_why(self, words: str) -> None:
        """why [NAME]: which paths from the loss brought how much of its gradient, and what is wrong with it"""
        stepper, node = self.stepper, self.the(words)
        called, g = stepper.called(node), stepper.gradient(node)
        if not node.active:
            raise ValueError(f"no gradient flows to {called}: it is a constant, or was computed from constants alone")
        if g is None:
            if stepper.at >= stepper.start and stepper.last > stepper.start:
                self.screen.say(f"No gradient has come to {called} yet.  c runs the sweep to its end.")
        elif node is stepper.root:
            self.screen.say(f"{called} is where the sweep begins: its gradient is the seed, {numbers.array(g)}.")
        else:
            self.contributions(node, g)
        with self.asked():
            found = findings_about(self.after(), node)
        for finding in found:
            self.screen.write()
            self.finding(finding)

    def contributions(self, node: Node, g: Any) -> None:
        """A row for each path."""
        stepper, every = self.stepper, paths(self.stepper, node)
        if not every:
            raise LookupError(f"{stepper.called(node)} is not on a path to the loss")
        left = (
            f"{stepper.contributions(node)} of {stepper.flows[node]} contributions so far, "
            if stepper.contributions(node) < stepper.flows[node]
            else ""
        )
        ways = sum(path.ways for path in every)
        self.screen.array(self.views.gradient(node), g)
        if self.screen.width >= 40:
            self.screen.say(f"  {left}{text.plural(ways, 'path')}; share, norm, and way to the loss:", "dim")
        for path in every[:12]:
            names = [stepper.called(one) for one in path.nodes]
            if len(names) > 9:
                names = [*names[:5], "…", *names[-3:]]
            way = " → ".join(names) + (f" → … ({path.ways:,} paths)" if path.nodes[-1] is not stepper.root else "")
            share = f"{path.share:.1%}" if math.isfinite(path.share) else "-"
            self.screen.say(f"  {share:>6}  {numbers.number(norm(path.part)):<11} {way}", indent=22)
        if len(every) > 12:
            self.screen.say(f"  and {len(every) - 12} others that brought less", "dim")
        total = np.asarray(sum(path.part for path in every), float)
        if not same(total, g, SINGLE, nan=True):
            self.screen.say(
                "  A hook or a what-if has changed a gradient on the way: these are the parts without it.", "mark", 2
            )

    def do_explain(self, words: str) -> None:
        """explain: look for what goes wrong: NaN, zeros, saturation, shapes, wrong rules, ..."""
        given = [x for x in self.variables.values() if hasattr(x, "named_parameters")]
        with self.asked():
            found = explain(self.after(), *given)
        for i, finding in enumerate(found):
            if i:
                self.screen.write()
            self.finding(finding)
        for remark in filter(None, (found.nothing, *found.skipped)):
            self.screen.say(remark)

    @contextlib.contextmanager
    def asked(self) -> Iterator[None]:
        """In this block a computation can be gone through afresh: no hook is called a second time."""
        with contextlib.suppress(Exception):  # a rule that fails is found
            self.stepper.reach(self.stepper.last)
        with self.stepper.answered():
            yield

    def after(self) -> Stepper:
        """The same computation afresh: the program's own gradients are looked at, and nothing moves here."""
        if (number := len(self.stepper.computed)) > MANY:
            self.screen.say(f"Looking for faults in {number:,} values takes a while; Ctrl-C ends it.", "dim")
        return Stepper(self.stepper.result, self.stepper.seed)

    def finding(self, finding: Any) -> None:
        """A finding: its words and the line of the program."""
        self.screen.say(finding.words, "bold")
        if finding.place is not None and finding.place.text:
            self.screen.write(underlined(finding.place, self.screen.width))
