"""The commands that look and change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..format import numbers, text
from ..graph import Node
from ..numeric.norms import norm
from ..stepping.expressions import Expression, NotYet
from ..stepping.paths import passed, uses_of
from ..tracing.build import paged
from .reading import Reading


class Looking(Reading):
    """What can be asked at a step.  The docstring of a command is its help, and the first line of it the overview's."""

    chosen: int  # how far up the path to the loss one looks

    def ask(self, words: str) -> Any:
        """What an expression gives at this step."""
        return self.stepper.ask(words, self.variables)

    @property
    def node(self) -> Node:
        """What one looks at: what the step is about, or the one on the path to the loss that u and d have chosen."""
        return self.path(self.stepper.moment.receiver)[self.chosen] if self.chosen else self.stepper.moment.receiver

    def path(self, node: Node) -> list[Node]:
        """From a node up to the loss, each time by the use that passed on most; the first by that of the step."""
        stepper, moment = self.stepper, self.stepper.moment
        found = [node]
        if moment.phase == "backward" and node is moment.receiver:
            found.append(moment.node)
        while found[-1] is not stepper.root:
            top = found[-1]
            uses = uses_of(stepper, top) or stepper.users[top]
            if len(uses) == 1 or uses[0][0] not in stepper.visited:
                found.append(uses[0][0])
            else:
                found.append(max(uses, key=lambda use: norm(passed(stepper, *use)))[0])
        return found

    def the(self, words: str) -> Node:
        """The tensor that words name; without any, the one that one looks at."""
        return self.stepper.find(words.strip(), until=self.stepper.at) if words.strip() else self.node

    # Values.

    def do_print(self, words: str) -> None:
        """p(rint) EXPR: a tensor, its gradient, arithmetic: p W, p W.grad, p abs(v).max()

        p W.grad is the gradient as far as it has come at this step.  p #7 is the result of step 7, p delta2 the
        gradient of v(2), p dW that of W.  grad, value, passed, g and z are those of the step, and the variables of the
        program are there too.  Without EXPR: what the step is about.  pp prints every element.
        """
        self.printed(words, short=True)

    def do_pp(self, words: str) -> None:
        """pp EXPR: the same with every element, however many"""
        self.printed(words, short=False)

    do_p = do_print

    def printed(self, words: str, short: bool) -> None:
        """An expression, or the tensor that one looks at with its gradient."""
        if not words.strip():
            node, called = self.node, self.stepper.called(self.node)
            self.screen.say(f"{self.views.made(node)}, {f'shape {node.shape}' if node.shape else 'a number'}", "bold")
            if self.stepper.is_computed(node):
                self.screen.array("value", self.stepper.value(node), short=short)
            g = self.stepper.gradient(node)
            self.screen.array("grad", g, f"= {self.views.gradient(node)}") if g is not None else self.screen.say(
                f"  no gradient has come to {called} yet" if node.active else f"  no gradient flows to {called}", "dim"
            )
            return
        self.result(self.ask(words), short)

    def result(self, found: Any, short: bool) -> None:
        """Whatever an expression gives."""
        if isinstance(found, (np.ndarray, np.generic, int, float)) and not isinstance(found, bool):
            x = np.asarray(found)
            threshold = 60 if short else None
            self.screen.write(numbers.array(x, width=self.screen.width, threshold=threshold))
            if x.size > 60 and short:
                self.screen.say(numbers.summary(x), "dim")
        elif hasattr(found, "named_parameters"):
            for name, p in found.named_parameters():
                self.screen.write(f"{text.shown(name)}  {text.size(p.shape)}")
        else:
            self.screen.say(text.shown(getattr(found, "__name__", "") or repr(found)))

    def do_args(self, words: str) -> None:
        """a(rgs): the operands of the operation, and its result"""
        node = self.stepper.moment.node if not self.chosen else self.node
        if node.op is None:
            return self.do_print("")
        self.screen.say(self.views.made(node), "bold")
        names = node.op.names if node.op.variadic is None else [node.op.names[node.op.variadic]] * len(node.args)
        for name, a, x in zip(names, node.args, self.values(node)):
            if a is not None or x is not None:
                called = self.stepper.called(a) if a is not None else name
                self.screen.array(called, x, f"as {name}" if called != name else "")
        if self.stepper.is_computed(node):
            self.screen.array("result", self.stepper.value(node), self.stepper.called(node))

    do_a = do_args

    def values(self, node: Node) -> list[Any]:
        """What the operands of a node are."""
        kept = (node.values or ()) if node.op.variadic is None else node.values[node.op.variadic]
        return [x if a is None else self.stepper.value(a) for a, x in zip(node.args, [*kept, *[None] * len(node.args)])]

    def do_tensors(self, words: str) -> None:
        """tensors: the names that there are, with their shapes and steps"""
        stepper = self.stepper
        rows = [node for node in stepper.nodes if stepper.name(node) is not None]
        shown = rows if words.strip() == "all" else rows[-40:]
        for node in shown:
            number = f"step {stepper.numbers[node]}" if node.op else "leaf" if node.active else "constant"
            g = stepper.gradient(node)
            size = "" if g is None else f"  |g| {numbers.number(norm(g))}"
            row = f"  {stepper.called(node):<16} {text.size(node.shape):<12} {number:<10}{size}"
            self.screen.say(row.rstrip() if self.screen.width >= 60 else "  ".join(row.split("  ")), indent=4)
        if len(rows) > len(shown):
            self.screen.say(f"  and {len(rows) - len(shown)} older ones: tensors all", "dim")

    do_names = do_tensors

    # The program, and pictures.

    def do_list(self, words: str) -> None:
        """l(ist) [N]: your program about the line of the operation, which is underlined; N lines on each side"""
        self.views.listing(self.node if self.chosen else self.stepper.moment.node, count(words, 5))

    do_l = do_list

    def do_save(self, words: str) -> None:
        """save FILE: the page that walks through the computation, opened at this step: save step.html

        Other endings make pictures: svg, pdf, png, tex, dot, gif; json is the trace.
        """
        from ..render import draw, walk

        if not words.strip():
            raise ValueError("save under which name?  save step.html")
        file, (trace, at) = Path(words.strip()), paged(self.stepper)
        if not file.absolute().parent.is_dir():
            raise ValueError(f"{file}: there is no folder {file.absolute().parent}")
        if file.suffix.lower() in (".html", ".htm"):
            left_out = f" ({text.plural(trace.left_out, 'older node')} left out)" if trace.left_out else ""
            self.screen.say(f"{walk(trace).save(file, at=at)}: the page, opened at step {at}{left_out}")
        else:
            self.screen.say(f"{draw(trace).save(file)}")

    # Watches.

    def do_display(self, words: str) -> None:
        """display EXPR: show it after every step; display alone lists what is shown, undisplay ends it"""
        if words.strip():
            Expression(words)
            if words.strip() not in self.stepper.watches:
                self.stepper.watches.append(words.strip())
        self.watched()

    do_watch = do_display

    def do_undisplay(self, words: str) -> None:
        """undisplay [EXPR]: show it no longer; nothing any more, without EXPR"""
        if words.strip() and words.strip() not in self.stepper.watches:
            raise LookupError(f"{text.shown(words.strip())} is not displayed")
        self.stepper.watches[:] = [w for w in self.stepper.watches if words.strip() and w != words.strip()]

    do_unwatch = do_undisplay

    def watched(self) -> None:
        """What is displayed at this step."""
        for words, found in self.stepper.watched(self.variables):
            if isinstance(found, NotYet):
                self.screen.say(f"  {words}  not yet", "dim")
            elif isinstance(found, Exception):
                self.screen.say(f"  {words}: {found.args[0] if found.args else found}", "dim", indent=4)
            elif isinstance(found, (np.ndarray, np.generic, float, int)):
                self.screen.array(words, found)
            else:
                self.screen.say(f"  {words} {text.shown(repr(found))}")


def count(words: str, usual: int = 1, least: int = 0) -> int:
    """The number that a command is given.  ValueError for what is none, or too small."""
    if not words.strip():
        return usual
    if not words.strip().isdecimal():
        raise ValueError(f"{text.shown(words.strip())} is not a whole number from {least} up")
    if int(words) < least:
        raise ValueError(f"{int(words)} is not a whole number from {least} up")
    return int(words)
