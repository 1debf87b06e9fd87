"""What a step looks like, in a few lines of text."""

from __future__ import annotations

import linecache
from typing import Any

import numpy as np

from .. import figures, place, text
from ..formulas.printed import made, of_name, of_value
from ..formulas.rules import inner, rule
from ..language.lines import line
from ..language.symbols import words
from ..norms import norm
from ..notation import Formula
from ..op import Node
from ..stepping import Moment, Stepper
from .screen import Screen


class Views:
    """How one computation is shown on one screen."""

    def __init__(self, stepper: Stepper, screen: Screen) -> None:
        self.stepper, self.screen = stepper, screen

    # Formulas.

    def formula(self, node: Node) -> Formula:
        """What a node is called in formulas."""
        name = self.stepper.name(node)
        return of_name(name, node.shape) if name else Formula(words(self.stepper.called(node)), single=node.shape == ())

    def operands(self, node: Node) -> list[Formula]:
        """What the operands of a node are called: tensors by their names, arrays by those of the program."""
        values = (None,) * len(node.args) if node.values is None else inner(node.op, node.values)
        written = place.operands(node) if None in node.args else (None,) * len(node.args)
        found = []
        for a, x, said in zip(node.args, values, written):
            if a is not None:
                found.append(self.formula(a))
            else:
                found.append(of_name(said) if said and isinstance(x, np.ndarray) and x.ndim else of_value(x))
        return found

    def made(self, node: Node) -> str:
        """``h = σ(v)``."""
        if node.op is None:
            return self.stepper.called(node)
        return f"{line(self.formula(node).latex)} = {line(made(node, self.operands(node), node.values or ()).latex)}"

    def rule(self, node: Node, k: int, g: Formula | None = None) -> str:
        """What a node passes to operand ``k``, in terms of g."""
        single = node.shape == ()
        z = self.formula(node) if self.stepper.name(node) else Formula("z", single=single)
        return line(rule(node, k, self.operands(node), z, g or Formula("g", single=single)))

    def gradient(self, node: Node) -> str:
        """``∂loss/∂W``."""
        top = "loss" if self.stepper.name(self.stepper.root) is None else line(self.formula(self.stepper.root).latex)
        return f"∂{top}/∂{line(self.formula(node).latex)}"

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
        screen.say(f"  rule      {self.rule(node, moment.operand or 0)}", indent=12)
        self.value("g", stepper.upstream(moment), f"= {self.gradient(node)}")
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
        return f"{node.op.name}, in {text.shown(node.scope)}" if node.scope else str(node.op.name)

    # The program.

    def source(self, node: Node) -> None:
        """The line that computed it, underlined."""
        where = place.of(node)
        if where.text:
            self.screen.write(underlined(where, self.screen.width))

    def listing(self, node: Node, around: int = 5) -> None:
        """The lines of the program about the one that computed it, which is marked and underlined."""
        where = place.of(node)
        source = linecache.getlines(where.file)
        if not source:
            self.screen.say(f"there is no source of {place.title(where.file)} to show, line {where.line}")
            return
        self.screen.write(place.title(where.file), "dim")
        first, last = max(1, where.line - around), min(len(source), where.line + around)
        for number in range(first, last + 1):
            here = number == where.line
            before = f"{number:>4} {'->' if here else '  '} "
            row = before + text.printable(source[number - 1].rstrip("\n"))
            self.screen.write(cut(row.rstrip(), self.screen.width), "bold" if here else "")
            if here and where.columns and where.columns[0] + len(before) < self.screen.width:
                start, end = (min(n + len(before), self.screen.width) for n in where.columns)
                self.screen.write(" " * start + "^" * (end - start), "mark")

    # Rows.

    def row(self, node: Node, mark: str = " ") -> str:
        """One line about a node: what it is, how large its gradient is, where it was computed."""
        where = place.of(node)
        at = f"{place.title(where.file)}:{where.line}"
        g = self.stepper.gradient(node)
        size = "" if g is None else f"|g| {figures.number(norm(g))}"
        room = self.screen.width - len(at) - len(size) - 7
        formula = self.screen.plain(self.made(node))
        if room < 10:
            return cut(f"{mark} {formula}", self.screen.width)
        return f"{mark} {cut(formula, room):<{room}}  {size}  {at}".rstrip()


def cut(line: str, width: int) -> str:
    """A line that is not wider; where something is left out, dots say so."""
    return line if len(line) <= width else f"{line[: width - 3]}..."


def underlined(where: place.Place, width: int) -> str:
    """``> net.py:7  h = sigmoid(A @ x)`` with the operation underlined."""
    source = text.printable(where.text.strip())
    before = f"> {place.title(where.file)}:{where.line}  "
    if len(before) + 12 > width:
        before = f"> {where.line}  "
    shown = cut(before + source, width)
    if where.columns is None:
        return shown
    removed = len(where.text) - len(where.text.lstrip())
    start, end = (min(width, max(0, n - removed) + len(before)) for n in where.columns)
    return f"{shown}\n{' ' * start}{'^' * (end - start)}" if end > start else shown
