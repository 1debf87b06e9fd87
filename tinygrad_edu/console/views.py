"""What a step looks like, in a few lines of text."""

from __future__ import annotations

import linecache
from typing import Any

import numpy as np

from ..format import locations, text
from ..format import numbers as figures
from ..formulas.printed import in_elements
from ..graph import Node
from ..language.lines import line
from ..numeric.norms import norm
from ..output.terminal import Screen
from ..stepping import Moment, Stepper
from ..tracing.called import Called, Letter, Passed


class Views:
    """How one computation is shown on one screen."""

    def __init__(self, stepper: Stepper, screen: Screen) -> None:
        self.stepper, self.screen = stepper, screen
        self.called = Called(stepper, written_out=False)

    # Formulas.

    def made(self, node: Node) -> str:
        """``h = σ(v)``."""
        if node.op is None:
            return self.stepper.called(node)
        return f"{line(self.called.formula(node).latex)} = {line(self.called.made(node).latex)}"

    def rule(self, passed: Passed) -> str:
        """What a node passes to an operand, in terms of g."""
        return line(passed.rule.latex) + (
            f", stretched to {text.size_in_words(passed.rule.stretched)}" if passed.rule.stretched else ""
        )

    def where(self, letters: list[Letter], but: Node | None = None) -> None:
        """What the letters of a formula stand for: numbers as they are, and of arrays the shape."""
        rows = [self.meant(letter) for letter in letters if letter.node is None or letter.node is not but]
        if rows:
            self.screen.say(f"  where     {'; '.join(dict.fromkeys(rows))}", indent=12)

    def meant(self, letter: Letter) -> str:
        """``W: 3 x 4``, ``z = σ(v): 4 numbers``, ``#7, of step 7: 3 x 4``, ``a = 2``; of an index its elements."""
        node, said = letter.node, line(letter.latex)
        if letter.words:
            return f"{said}: {letter.words}"
        if node is not None and node.op is not None and said != line(self.called.formula(node).latex):
            said = f"{said} = {line(self.called.made(node).latex)}"  # the letter for a result that has no name
        x = self.stepper.value(node) if node is not None else letter.array
        if node in self.stepper.numbers and said[:1] == "#" and np.ndim(x):
            said = f"{said}, of step {said[1:]}"
        if np.ndim(x) == 0:
            return f"{said} = {figures.number(x)}"
        few = np.ndim(x) == 1 and np.size(x) <= 8 and letter.node is None and np.asarray(x).dtype.kind in "iub"
        return f"{said} = {np.asarray(x).tolist()}" if few else f"{said}: {text.size_in_words(np.shape(x))}"

    def gradient(self, node: Node) -> str:
        """``∂loss/∂W``."""
        top = (
            "loss"
            if self.stepper.name(self.stepper.root) is None
            else line(self.called.formula(self.stepper.root).latex)
        )
        return f"∂{top}/∂{line(self.called.formula(node).latex)}"

    # A step.

    def step(self, moment: Moment, source: bool = True) -> None:
        """What a step did, and the line of the program."""
        stepper, screen, node = self.stepper, self.screen, moment.node
        head = f"step {moment.number}/{stepper.last}"
        if moment.phase == "given":
            screen.say(f"{head}  nothing is computed yet: the leaves are given", "bold")
            for leaf in stepper.leaves[-8:]:
                screen.array(stepper.called(leaf), stepper.value(leaf))
            return
        if moment.phase == "forward":
            screen.say(f"{head}  forward   {self.made(node)}", "bold", indent=4)
            self.where(self.called.read(node))
            self.value("value", stepper.value(node), self.kind(node))
        elif moment.phase == "seed":
            screen.say(f"{head}  backward  starts at {stepper.called(node)}", "bold", indent=4)
            self.value("seed", stepper.seed, f"= {self.gradient(node)}")
        else:
            self.backward(head, moment)
        if source:
            self.source(node)

    def backward(self, head: str, moment: Moment) -> None:
        """A use along which a gradient is passed on."""
        stepper, screen, node, a = self.stepper, self.screen, moment.node, moment.receiver
        screen.say(f"{head}  backward  {node.op.name} passes on to {stepper.called(a)}", "bold", indent=4)
        if node in stepper.changes or a in stepper.changes:
            screen.say(
                f"  what if   the gradient of {stepper.called(node if node in stepper.changes else a)} is changed",
                "mark",
                indent=12,
            )
        elif a in stepper.changed:
            screen.say("  what if   this follows from a changed gradient", "mark", indent=12)
        rule = self.called.passed(node, moment.operand or 0)
        screen.say(f"  rule      {self.rule(rule)}", indent=12)
        self.where(rule.letters)
        self.value(line(rule.g), stepper.upstream(moment), f"= {self.gradient(node)}")
        number, of = stepper.contributions(a), stepper.flows[a]
        passed = stepper.passed(moment)
        self.value("passed", passed, f"= {self.gradient(a)}" if of == 1 else "")
        if words := stepper.not_chosen(moment):
            screen.say(f"  {words}", "mark", indent=4)
        if of > 1:
            done = f"= {self.gradient(a)}" if number == of else f"{number} of {of} contributions"
            self.value("sum" if number == of else "so far", stepper.gradient(a), done)

    def value(self, label: str, x: Any, note: str = "") -> None:
        """An array with a label and a note; in red what is not finite."""
        bad = np.asarray(x).dtype.kind == "f" and not np.isfinite(x).all()
        self.screen.array(label, x, note, style="bad" if bad else "")

    def kind(self, node: Node) -> str:
        """``sigmoid, in layer1``."""
        said = f"{node.op.name}, element by element" if in_elements(node) else str(node.op.name)
        return f"{said}, in {text.shown(node.scope)}" if node.scope else said

    # The program.

    def source(self, node: Node) -> None:
        """The line that computed it, underlined."""
        where = locations.of(node)
        if where.text:
            self.screen.write(underlined(where, self.screen.width))

    def listing(self, node: Node, around: int = 5) -> None:
        """The lines of the program about the one that computed it, which is marked and underlined."""
        where = locations.of(node)
        source = linecache.getlines(where.file)
        if not source:
            self.screen.say(f"there is no source of {locations.title(where.file)} to show, line {where.line}")
            return
        self.screen.write(locations.title(where.file), "dim")
        first, last = max(1, where.line - around), min(len(source), where.line + around)
        for number in range(first, last + 1):
            here = number == where.line
            before = f"{number:>4} {'->' if here else '  '} "
            row = before + text.printable(source[number - 1].rstrip("\n"))
            self.screen.write(text.cut(row.rstrip(), self.screen.width), "bold" if here else "")
            if here and where.columns and where.columns[0] + len(before) < self.screen.width:
                start, end = (min(n + len(before), self.screen.width) for n in where.columns)
                self.screen.write(" " * start + "^" * (end - start), "mark")

    # Rows.

    def row(self, node: Node, mark: str = " ") -> str:
        """One line about a node: what it is, how large its gradient is, where it was computed."""
        where = locations.of(node)
        at = f"{locations.title(where.file)}:{where.line}"
        g = self.stepper.gradient(node)
        size = "" if g is None else f"|g| {figures.number(norm(g))}"
        room = self.screen.width - len(at) - len(size) - 7
        formula = self.screen.plain(self.made(node))
        if room < 10:
            return text.cut(f"{mark} {formula}", self.screen.width)
        return f"{mark} {text.cut(formula, room):<{room}}  {size}  {at}".rstrip()


def underlined(where: locations.Place, width: int) -> str:
    """``> net.py:7  h = sigmoid(A @ x)`` with the operation underlined."""
    source = text.printable(where.text.strip())
    before = f"> {locations.title(where.file)}:{where.line}  "
    if len(before) + 12 > width:
        before = f"> {where.line}  "
    shown = text.cut(before + source, width)
    if where.columns is None:
        return shown
    removed = len(where.text) - len(where.text.lstrip())
    start, end = (min(width, max(0, n - removed) + len(before)) for n in where.columns)
    return f"{shown}\n{' ' * start}{'^' * (end - start)}" if end > start else shown
