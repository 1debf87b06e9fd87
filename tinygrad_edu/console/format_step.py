"""How the console prints a step: what was computed or passed on, with which numbers, by which line of the program."""

from __future__ import annotations

import inspect
import linecache
import math
from typing import Any

import numpy as np

from ..format import locations, text
from ..format import numbers as figures
from ..formulas.printed import in_elements, of_value
from ..formulas.rules import rule
from ..graph import Node
from ..language.lines import line
from ..language.op_notation import WHOLE
from ..numeric.equality import DIFFERENCES, SINGLE, differs, same
from ..numeric.norms import norm
from ..output.terminal import Screen
from ..stepping import Moment, Stepper
from ..stepping.jacobian import by_differences, local
from ..stepping.paths import Path, paths
from ..tracing.called import Letter, NodeFormulas, RuleInLetters

MOST_SHOWN = 4096  # a Jacobian matrix with more elements is not printed
MOST_PRINTED = 60  # an array with more elements is shortened, unless all of it is asked for
PATHS, NAMES = 12, 9  # so many paths are printed, and so many values on each
LONGEST_LABEL = 16  # a longer label of an array stands on a line of its own
ROWS = 30  # so many rows above and below the marked one are printed of a long path


class StepPrinter:
    """Prints the steps of one computation on one screen."""

    def __init__(self, stepper: Stepper, screen: Screen) -> None:
        self.stepper, self.screen = stepper, screen
        self.called = NodeFormulas(stepper, written_out=True)  # as in the picture and on the page

    # Formulas, as text.

    def format_name(self, node: Node) -> str:
        """The name of a node as one types it, ``W1``; a node without a name is called by its formula, ``(v₂ - 1)²``."""
        is_unnamed = node.op is not None and self.stepper.name(node) is None
        return line(self.called.formula(node).latex) if is_unnamed else self.stepper.called(node)

    def format_definition(self, node: Node) -> str:
        """``h = σ(v)``; of a leaf its name, and of a value without a name its formula alone."""
        if node.op is None:
            return self.stepper.called(node)
        name, formula = line(self.called.formula(node).latex), line(self.called.definition(node).latex)
        return formula if name == formula else f"{name} = {formula}"

    def format_rule(self, passed: RuleInLetters) -> str:
        """What a node passes to an operand, in terms of g."""
        return line(passed.rule.latex) + (
            f", stretched to {text.shape_in_words(passed.rule.stretched)}" if passed.rule.stretched else ""
        )

    def format_letter(self, letter: Letter) -> str:
        """``W: 3 x 4``, ``z = σ(v): 4 numbers``, ``a b = 2``, ``#7, of step 7: 3 x 4``; of an index its elements."""
        node, name = letter.node, line(letter.latex)
        if letter.words:
            return f"{name}: {letter.words}"
        if node is not None and node.op is not None and name != line(self.called.formula(node).latex):
            name = f"{name} = {line(self.called.definition(node).latex)}"  # the letter for a result that has no name
        x = self.stepper.value(node) if node is not None else letter.array
        if node in self.stepper.numbers and name == f"#{self.stepper.numbers[node]}" and np.ndim(x):
            name = f"{name}, of step {name[1:]}"
        if np.ndim(x) == 0:
            return f"{name} = {figures.number(x)}"
        is_short_index = np.ndim(x) == 1 and np.size(x) <= 8 and node is None and np.asarray(x).dtype.kind in "iub"
        return f"{name} = {np.asarray(x).tolist()}" if is_short_index else f"{name}: {text.shape_in_words(np.shape(x))}"

    def format_gradient(self, node: Node) -> str:
        """``∂loss/∂W``; a loss that has no name is called so."""
        root = self.stepper.root
        top = "loss" if self.stepper.name(root) is None else line(self.called.formula(root).latex)
        return f"∂{top}/∂{self.format_factor(node)}"

    def format_factor(self, node: Node) -> str:
        """What formulas call a node, in parentheses where it is a sum, a product or a power: ``W₁``, ``(h ⊙ h)``."""
        formula = self.called.formula(node)
        return line(formula.latex) if formula.binds == WHOLE else f"({line(formula.latex)})"

    def format_operation(self, node: Node) -> str:
        """``sigmoid, in layer1``."""
        name = f"{node.op.name}, element by element" if in_elements(node) else str(node.op.name)
        return f"{name}, in {text.safe_name(node.scope)}" if node.scope else name

    # A step.

    def show_step(self, moment: Moment, source: bool = True) -> None:
        """Print what a step did and, with ``source``, the line of the program that computed it."""
        stepper, screen, node = self.stepper, self.screen, moment.node
        head = f"step {moment.number}/{stepper.last}"
        if moment.phase == "given":
            screen.say(f"{head}  nothing is computed yet: the leaves are given", "bold")
            for leaf in stepper.leaves[-8:]:
                screen.array(stepper.called(leaf), stepper.value(leaf))
            return
        if moment.phase == "forward":
            screen.say(f"{head}  forward   {self.format_definition(node)}", "bold", indent=4)
            self.show_letters(self.called.letters_of(node))
            self.show_array("value", stepper.value(node), self.format_operation(node))
        elif moment.phase == "seed":
            screen.say(f"{head}  backward  starts at {self.format_name(node)}", "bold", indent=4)
            self.show_array("seed", stepper.seed, f"= {self.format_gradient(node)}")
        else:
            self.show_backward(head, moment)
        if source:
            self.show_line(node)

    def show_backward(self, head: str, moment: Moment) -> None:
        """Print what an operation passes on to one operand, and the gradient of that operand so far."""
        stepper, screen, node, a = self.stepper, self.screen, moment.node, moment.receiver
        screen.say(f"{head}  backward  {node.op.name} passes on to {self.format_name(a)}", "bold", indent=4)
        if node in stepper.changes or a in stepper.changes:
            changed = self.format_name(node if node in stepper.changes else a)
            screen.say(f"  what if   the gradient of {changed} is changed", "mark", indent=12)
        elif a in stepper.changed:
            screen.say("  what if   this follows from a changed gradient", "mark", indent=12)
        rule = self.called.rule_of(node, moment.operand or 0)
        screen.say(f"  rule      {self.format_rule(rule)}", indent=12)
        self.show_letters(rule.letters)
        self.show_array(line(rule.g), stepper.upstream(moment), f"= {self.format_gradient(node)}")
        number, of = stepper.contributions(a), stepper.flows[a]
        self.show_array("passed", stepper.passed(moment), f"= {self.format_gradient(a)}" if of == 1 else "")
        if words := stepper.not_chosen(moment):
            screen.say(f"  {words}", "mark", indent=4)
        if of > 1:
            note = f"= {self.format_gradient(a)}" if number == of else f"{number} of {of} contributions"
            self.show_array("sum" if number == of else "so far", stepper.gradient(a), note)

    def show_letters(self, letters: list[Letter]) -> None:
        """Print what the letters of a formula stand for: a number as it is, of an array the shape."""
        rows = dict.fromkeys(map(self.format_letter, letters))
        if rows:
            self.screen.say(f"  where     {'; '.join(rows)}", indent=12)

    def show_array(self, label: str, x: Any, note: str = "", short: bool = True) -> None:
        """Print an array with a label before it and a note after it; in red, if it is not finite."""
        bad = np.asarray(x).dtype.kind == "f" and not np.isfinite(x).all()
        self.screen.array(label, x, note, short=short, style="bad" if bad else "")

    def show_labelled(self, label: str, x: Any, note: str = "") -> None:
        """Print an array with a label that may be a formula: a long one stands on a line of its own."""
        if len(label) > LONGEST_LABEL:
            self.screen.say(f"  {label}", indent=4)
            label = ""
        self.screen.array(label, x, note)

    def show_end(self, program: str) -> None:
        """Print that the sweep is done, and the gradients of the leaves.  ``program``: how one goes on from here."""
        stepper, screen = self.stepper, self.screen
        what = "the sweep is done" if stepper.last > stepper.start else "all is computed; no gradient flows"
        screen.say(f"step {stepper.at}/{stepper.last}  {what}", "bold")
        leaves = [leaf for leaf in stepper.leaves if stepper.gradient(leaf) is not None]
        for leaf in leaves[-12:]:
            self.show_array(stepper.called(leaf), stepper.gradient(leaf), f"= {self.format_gradient(leaf)}")
        if len(leaves) > 12:
            screen.say(f"  and {len(leaves) - 12} others, which tensors lists", "dim")
        if stepper.changes:
            screen.say("What if: these follow from changed gradients; the program's own are not touched.", "mark")
        if program:
            screen.say(program, "dim")

    # Values.

    def show_result(self, x: Any, short: bool) -> None:
        """Print whatever an expression gives; with ``short``, a large array by its ends and in summary."""
        if isinstance(x, (np.ndarray, np.generic, int, float)) and not isinstance(x, bool):
            x = np.asarray(x)
            self.screen.write(figures.array(x, width=self.screen.width, threshold=MOST_PRINTED if short else None))
            if x.size > MOST_PRINTED and short:
                self.screen.say(figures.summary(x), "dim")
        elif hasattr(x, "named_parameters"):
            for name, p in x.named_parameters():
                self.screen.write(f"{text.safe_name(name)}  {text.shape_text(p.shape)}")
        else:
            self.screen.say(text.safe_name(getattr(x, "__name__", "") or repr(x)))

    def show_tensor(self, node: Node, short: bool) -> None:
        """Print how a tensor was made, its value, and its gradient as far as it has come."""
        stepper, screen = self.stepper, self.screen
        shape = f"shape {node.shape}" if node.shape else "a number"
        handle = stepper.called(node)
        number = f", the result of step {handle[1:]} ({handle})" if handle[:1] == "#" else ""
        screen.say(f"{self.format_definition(node)}{number}, {shape}", "bold")
        if stepper.is_computed(node):
            screen.array("value", stepper.value(node), short=short)
        if (g := stepper.gradient(node)) is not None:
            screen.array("grad", g, f"= {self.format_gradient(node)}", short=short)
        else:
            called = self.format_name(node)
            words = f"no gradient has come to {called} yet" if node.active else f"no gradient flows to {called}"
            screen.say(f"  {words}", "dim")

    def show_operands(self, node: Node) -> None:
        """Print the operands of an operation and, if it is computed, its result."""
        self.screen.say(self.format_definition(node), "bold")
        names = node.op.names if node.op.variadic is None else [node.op.names[node.op.variadic]] * len(node.args)
        for name, a, x in zip(names, node.args, self.operands(node)):
            if a is not None or x is not None:
                called = self.format_name(a) if a is not None else name
                self.show_labelled(called, x, f"as {name}" if called != name else "")
        if self.stepper.is_computed(node):
            self.screen.array("result", self.stepper.value(node), self.format_name(node))

    def operands(self, node: Node) -> list[Any]:
        """The values of the operands of a node, from which it was computed."""
        kept = (node.values or ()) if node.op.variadic is None else node.values[node.op.variadic]
        return [x if a is None else self.stepper.value(a) for a, x in zip(node.args, [*kept, *[None] * len(node.args)])]

    def show_names(self, most: int | None) -> None:
        """Print a row for each tensor with a name, of more than ``most`` the youngest."""
        stepper = self.stepper
        named = [node for node in stepper.nodes if stepper.name(node) is not None]
        shown = named if most is None else named[-most:]
        for node in shown:
            number = f"step {stepper.numbers[node]}" if node.op else "leaf" if node.active else "constant"
            g = stepper.gradient(node)
            size = "" if g is None else f"  |g| {figures.number(norm(g))}"
            row = f"  {stepper.called(node):<16} {text.shape_text(node.shape):<12} {number:<10}{size}"
            self.screen.say(row.rstrip() if self.screen.width >= 60 else "  ".join(row.split("  ")), indent=4)
        if len(named) > len(shown):
            self.screen.say(f"  and {len(named) - len(shown)} older ones, which tensors all lists", "dim")

    # Rules and Jacobians.

    def show_rule(self, node: Node, k: int) -> None:
        """Print the rule by which a node passes a gradient to operand ``k``, as mathematics and with numbers."""
        stepper, screen, a = self.stepper, self.screen, node.args[k]
        screen.say(f"{node.op.name}: {self.format_definition(node)}", "bold", indent=4)
        passed = self.called.rule_of(node, k)
        screen.say(f"  to {self.format_name(a)} it passes  {self.format_rule(passed)}", indent=6)
        self.show_letters(passed.letters)
        i = stepper.visited.get(node)
        g = stepper.gradient(node) if i is None else stepper.swept[i].g
        if g is None or not stepper.is_computed(node):
            screen.say("  the numbers are shown once its gradient is known", "dim")
            return
        if all(math.prod(x.shape) == 1 for x in (node, *(x for x in node.args if x is not None))):
            screen.say(f"  = {self.format_rule_with_numbers(node, k, g)}", indent=6)
        screen.array(line(passed.g), g, f"= {self.format_gradient(node)}")
        for name, a, x in zip(node.op.names, node.args, self.operands(node)):
            if node.op.variadic is None and (a is not None or isinstance(x, np.ndarray)):
                self.show_labelled(self.format_name(a) if a is not None else name, x)
        if i is not None:
            screen.array("passed", stepper.swept[i].passed[k])

    def format_rule_with_numbers(self, node: Node, k: int, g: Any) -> str:
        """The rule with numbers in the place of letters, where all are single numbers."""
        formulas = [of_value(np.ravel(x)[0]) if x is not None else of_value(x) for x in self.operands(node)]
        z = of_value(np.ravel(self.stepper.value(node))[0])
        return line(rule(node, k, formulas, z, of_value(np.ravel(g)[0])).latex)

    def show_jacobian(self, node: Node, k: int) -> None:
        """Print the Jacobian of a node by operand ``k``, made by its rule, and whether differences agree with it."""
        a = node.args[k]
        n, m = math.prod(node.shape), math.prod(a.shape)
        title = f"∂{self.format_factor(node)}/∂{self.format_factor(a)}"
        diagonal = node.op.elementwise
        if (n if diagonal else n * m) > MOST_SHOWN:
            definition = f"{node.op.name}: {self.format_definition(node)}"
            self.screen.say(f"{title} has {n:,} x {m:,} numbers, which are too many to show.  {definition}")
            return
        self.screen.say(f"{title}, {n} x {m}" + (", a diagonal" if diagonal and n > 1 else ""), "bold")
        found = local(node, k)
        self.screen.write(figures.array(found, width=self.screen.width))
        expected = by_differences(node, k, self.operands(node))
        error = np.abs(np.asarray(found, float) - expected)
        noise = 1e-6 if np.asarray(found).dtype != np.float32 else 1e-3 * (1 + np.abs(expected))
        if differs(found, expected, DIFFERENCES, noise).any() and np.isfinite(expected).all():
            self.screen.say("finite differences give", "bad")
            self.screen.write(figures.array(expected, width=self.screen.width))
            self.screen.say(f"The rule of {node.op.name} is not its derivative here, or it has a bend here.", "bad")
        elif np.isfinite(error).all():
            self.screen.say(f"finite differences agree to {figures.number(float(error.max(initial=0)), 2)}", "dim")

    # The way to the loss.

    def show_path(self, path: list[Node], chosen: int) -> None:
        """Print the path from the loss down to a step, one row for each node; the chosen one is marked."""
        rows = [
            self.format_row(node, "->" if i == chosen else "  ")
            for i, node in enumerate(path)
            if abs(i - chosen) < ROWS
        ]
        if chosen + ROWS < len(path):
            self.screen.write(self.format_row(path[-1], "  "))
            self.screen.write(f"     … {len(path) - chosen - ROWS:,} more …", "dim")
            rows = rows[: chosen + ROWS - 1]
        for row in reversed(rows):
            self.screen.write(row, "bold" if row.startswith("->") else "")

    def format_row(self, node: Node, mark: str = " ") -> str:
        """One line about a node: how it was made, the norm of its gradient, and where it was computed."""
        where = locations.of_node(node)
        at = f"{locations.file_title(where.file)}:{where.line}"
        g = self.stepper.gradient(node)
        size = "" if g is None else f"|g| {figures.number(norm(g))}"
        room = self.screen.width - len(at) - len(size) - 7
        formula = self.screen.plain(self.format_definition(node))
        if room < 10:
            return text.shorten(f"{mark} {formula}", self.screen.width)
        return f"{mark} {text.shorten(formula, room):<{room}}  {size}  {at}".rstrip()

    def show_paths(self, node: Node, g: Any) -> None:
        """Print by which paths the gradient ``g`` of a node came from the loss, and how much by each."""
        stepper, screen, every = self.stepper, self.screen, paths(self.stepper, node)
        if not every:
            raise LookupError(f"{self.format_name(node)} is not on a path to the loss")
        number, of = stepper.contributions(node), stepper.flows[node]
        so_far = f"{number} of {of} contributions so far, " if number < of else ""
        ways = sum(path.ways for path in every)
        self.show_labelled(self.format_gradient(node), g)
        if screen.width >= 40:
            screen.say(f"  {so_far}{text.plural(ways, 'path')}; share, norm, and way to the loss:", "dim")
        for path in every[:PATHS]:
            screen.say(self.format_path(path), indent=22)
        if len(every) > PATHS:
            screen.say(f"  and {len(every) - PATHS} others that brought less", "dim")
        total = np.asarray(sum(path.part for path in every), float)
        if not same(total, g, SINGLE, nan=True):
            words = "A hook or a what-if has changed a gradient on the way: these are the parts without it."
            screen.say(f"  {words}", "mark", 2)

    def format_path(self, path: Path) -> str:
        """``50.0%  0.10128  h → p → loss``."""
        names = [self.format_name(node) for node in path.nodes]
        if len(names) > NAMES:
            names = [*names[:5], "…", *names[-3:]]
        way = " → ".join(names)
        if path.nodes[-1] is not self.stepper.root:
            way += f" → … ({path.ways:,} paths)"
        share = f"{path.share:.1%}" if math.isfinite(path.share) else "-"
        return f"  {share:>6}  {figures.number(norm(path.part)):<11} {way}"

    # The program.

    def show_line(self, node: Node) -> None:
        """Print the line that computed a node, underlined."""
        where = locations.of_node(node)
        if where.text:
            self.screen.write(underline(where, self.screen.width))

    def show_listing(self, node: Node, around: int | None = 5) -> None:
        """Print the lines around the one that computed a node, or all of its function; it is marked and underlined."""
        where = locations.of_node(node)
        source = linecache.getlines(where.file)
        if not source:
            self.screen.say(f"there is no source of {locations.file_title(where.file)} to show, line {where.line}")
            return
        self.screen.write(locations.file_title(where.file), "dim")
        first, last = function_lines(node, source) if around is None else (where.line - around, where.line + around)
        for number in range(max(1, first), min(len(source), last) + 1):
            here = number == where.line
            before = f"{number:>4} {'->' if here else '  '} "
            row = before + text.printable(source[number - 1].rstrip("\n"))
            self.screen.write(text.shorten(row.rstrip(), self.screen.width), "bold" if here else "")
            if here and where.columns and where.columns[0] + len(before) < self.screen.width:
                start, end = (min(n + len(before), self.screen.width) for n in where.columns)
                self.screen.write(" " * start + "^" * (end - start), "mark")

    def show_finding(self, finding: Any) -> None:
        """Print the words of a finding, and the line of the program that it is about."""
        self.screen.say(finding.words, "bold")
        if finding.place is not None and finding.place.text:
            self.screen.write(underline(finding.place, self.screen.width))


def function_lines(node: Node, source: list[str]) -> tuple[int, int]:
    """The first and the last line of the function that computed a node; outside of functions, those of the file."""
    code, _ = locations.instruction_of(node)
    if code.co_name == "<module>":
        return 1, len(source)
    first = code.co_firstlineno
    return first, first + len(inspect.getblock(source[first - 1 :])) - 1


def underline(where: locations.Location, width: int) -> str:
    """``> net.py:7  h = sigmoid(A @ x)`` with the operation underlined."""
    source = text.printable(where.text.strip())
    before = f"> {locations.file_title(where.file)}:{where.line}  "
    if len(before) + 12 > width:
        before = f"> {where.line}  "
    shown = text.shorten(before + source, width)
    if where.columns is None:
        return shown
    removed = len(where.text) - len(where.text.lstrip())
    start, end = (min(width, max(0, n - removed) + len(before)) for n in where.columns)
    return f"{shown}\n{' ' * start}{'^' * (end - start)}" if end > start else shown
