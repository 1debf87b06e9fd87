"""Equations as a reader has them: the formula that is shown, and nothing but what is shown beside it.

``of_trace`` gives those of a page or a picture, ``of_console`` those that the console prints, step by step.  ``wrong``
says what is wrong with one, if anything is: it reads the formula, computes it with the letters and numbers that are
shown on that step, and compares the result with the one that is shown.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_edu.console.format_step import StepPrinter
from tinygrad_edu.language import latex, reading
from tinygrad_edu.language.computing import Impossible, Misfit, shape
from tinygrad_edu.language.lines import line
from tinygrad_edu.language.pieces import functions
from tinygrad_edu.language.reading import Unreadable
from tinygrad_edu.language.tree import Expr
from tinygrad_edu.language.values import Arrays
from tinygrad_edu.language.vocabulary import ALIASES
from tinygrad_edu.op import OPS
from tinygrad_edu.output.terminal import Screen
from tinygrad_edu.stepping import Stepper
from tinygrad_edu.stepping.jacobian import by_differences
from tinygrad_edu.tracing import Trace

ONE = re.compile(r"1 at index (\d+), counted from 0, and 0 elsewhere")
ROWS = "for each label 1 at that index, counted from 0, and 0 elsewhere"
JACOBIAN = re.compile(r"^\\left\(\\frac\{\\partial|^\(∂|^[a-zG] \\odot \S+'\\left\(|^[a-zG] ⊙ \S+′\(")
TOO_LARGE = "the local derivative is too large to be shown"


@dataclass
class Equation:
    """What stands on one step."""

    where: str
    formula: str  # in LaTeX, or as a line of text
    result: Any
    letters: dict[str, Any] = field(default_factory=dict)  # how each is written, and its value or the words about it
    parts: dict[str, Any] = field(default_factory=dict)  # formulas of which the value is shown, as x ⊙ y
    names: dict[str, str] = field(default_factory=dict)  # of letters the names that LaTeX spells so
    is_text: bool = False
    stretched: bool = False
    local: Any = None  # the local derivative, as it is shown
    diagonal: bool = False
    upstream: str = ""


class Displayed(Arrays):
    """NumPy's reading of what is shown, in which a vector is a column where it meets a transposed one."""

    trees: dict[Expr, Any]

    def value(self, tree: Expr) -> Any:
        """The value; what is shown under a formula, as x ⊙ y is, has the value that is shown."""
        return self.trees[tree] if tree in self.trees else super().value(tree)

    def do_transpose(self, x: Any, axes: Any = None) -> Any:
        """The sign of a transpose means each matrix of a stack; axes are said in words."""
        op = OPS["matrix_transpose"] if axes is None and len(shape(x)) > 2 else OPS["transpose"]
        return op.public(x) if axes is None else op.public(x, axes)

    def of_matmul(self, tree: Expr) -> Any:
        """A product of matrices; that of a column and a row; a multiple."""
        x, y = self.argument(tree, 0), self.argument(tree, 1)
        if not shape(x) or not shape(y):
            return x * y
        if len(shape(x)) == len(shape(y)) == 1 and tree.args[1].head == "transpose":
            return OPS["outer"].public(x, y)
        try:
            return OPS["matmul"].public(x, y)
        except ValueError:
            raise Misfit("matmul", [shape(x), shape(y)]) from None

    def do_power(self, x: Any, y: Any) -> Any:
        """A matrix to the power -1 is its inverse."""
        return OPS["inv"].public(x) if len(shape(x)) > 1 and not shape(y) and y == -1 else OPS["power"].public(x, y)

    def of_List(self, tree: Expr) -> Any:
        """Whole numbers in brackets are an index, or labels."""
        found = super().of_List(tree)
        is_whole = isinstance(found, np.ndarray) and found.dtype.kind == "f" and bool((found == np.floor(found)).all())
        return found.astype(int) if is_whole else found


def wrong(equation: Equation) -> str:
    """What is wrong with it: nothing, if the formula has the value that is shown."""
    try:
        found = computed(equation)
    except (Unreadable, Misfit, Impossible) as error:
        return f"{type(error).__name__}: {error}"
    expected = np.asarray(equation.result, float)
    if equation.stretched:
        if found.shape == expected.shape:
            return "it is said to be stretched, and is not"
        found = np.broadcast_to(found, expected.shape)
    if found.shape != expected.shape:
        return f"it has shape {found.shape}, and what is shown {expected.shape}"
    rounded = 1e-3 if re.search(r"\d\.\d{3}|\d{3}\.\d", equation.formula) else 1e-5  # four digits of a number are shown
    if not np.allclose(found, expected, rtol=rounded, atol=rounded * np.abs(expected).max(initial=1e-9)):
        return f"it is {found.tolist()}, and what is shown {expected.tolist()}"
    return ""


def computed(equation: Equation) -> Any:
    """The value of a formula, by what is shown beside it."""
    if JACOBIAN.search(equation.formula):  # (∂z/∂x)ᵀ g, or g ⊙ φ′(x)
        if equation.local is None:
            raise Impossible(TOO_LARGE)
        g, local = np.asarray(equation.letters[equation.upstream], float), np.asarray(equation.local, float)
        if equation.diagonal and "odot" in equation.formula:
            return g * local
        if equation.diagonal:
            local = whole(local, np.shape(equation.result))
        return (local.T @ g.ravel()).reshape(np.shape(equation.result))
    known: dict[str, Any] = {}
    for written, x in equation.letters.items():
        name = written if equation.is_text else equation.names.get(written) or line(written)
        if not isinstance(x, str):
            known[name] = x
            continue
        if written in functions() or rf"\operatorname{{{name}}}" in functions() or ALIASES.get(name, name) in OPS:
            continue  # a function, with what it does
        n, one = np.shape(equation.result)[-1], ONE.fullmatch(x)
        if not one and x != ROWS:
            raise Impossible(f"{name} is said to be: {x}")
        labels = equation.letters.get(name[2:]) if name[:2] == "e_" else None
        known |= (
            {name: np.eye(n)[int(one[1])]} if one else {"e": np.eye(n)} if labels is None else {name: np.eye(n)[labels]}
        )
    formula, parts = equation.formula, equation.parts
    for written, name in equation.names.items():
        if "_(" in name and name in known:  # h_{(1)} is read as an expression otherwise
            plain = re.sub(r"\W", "", name)
            known[plain], formula = known[name], formula.replace(written, rf"\text{{{plain}}}")
    if equation.is_text:
        formula, parts = spelled(formula, known), {spelled(part, known): x for part, x in parts.items()}
        known = {replacement(name, known): x for name, x in known.items()}
    shapes = {name: np.shape(x) for name, x in known.items()}
    value = Displayed(known)
    value.trees = {read(equation, part, shapes): x for part, x in parts.items()}
    found = value(read(equation, formula, shapes))
    return np.asarray(getattr(found, "_array", found), float)


def whole(diagonal: Any, shape: tuple[int, ...]) -> Any:
    """The Jacobian matrix of an elementwise operation by an operand of this shape, which may be stretched."""
    n = int(np.prod(shape))
    found = np.zeros((np.size(diagonal), n))
    columns = np.broadcast_to(np.arange(n).reshape(shape), np.shape(diagonal))
    found[np.arange(np.size(diagonal)), columns.ravel()] = np.ravel(diagonal)
    return found


def read(equation: Equation, formula: str, shapes: dict[str, Any]) -> Expr:
    """The tree of a formula."""
    if equation.is_text:
        return reading.read(formula, shapes, base=0, own=True)
    return latex.read(formula, shapes, own=True)


def spelled(text: str, names: dict[str, Any]) -> str:
    """The line with names that Python could have, for #7, layers[0] or v⁽¹⁾."""
    for name in sorted(names, key=len, reverse=True):
        begins, ends = name[:1].isalnum() or name[:1] == "#", name[-1:].isalnum()
        pattern = r"(?<![\w#])" * begins + re.escape(name) + r"(?![^\Wᵀ⁰¹²³⁴⁵⁶⁷⁸⁹])" * ends
        text = re.sub(pattern, replacement(name, names), text)
    return text


def replacement(name: str, names: dict[str, Any]) -> str:
    """Another spelling of a name; single letters are kept."""
    return name if len(name) == 1 and name.isascii() else f"q{'abcdefghijklmnop'[sorted(names).index(name)]}q"


# The page and the picture.


def of_trace(trace: Trace) -> Iterator[Equation]:
    """The equations of a trace: how each value was made, and what went back along each edge."""

    def shown(letters: Any, sources: Any, **of: Any) -> Equation:
        names, parts, words = {}, {}, {node.called: node.name for node in trace.nodes if node.name}
        for letter in letters or ():
            numbers = letter.value if letter.node is None else trace.nodes[letter.node].value
            node = None if letter.node is None else trace.nodes[letter.node]
            has_name = node is None or letter.symbol in (node.symbol, "z", "y") or node.op is None
            (names if has_name else parts)[letter.symbol] = letter.words or array(numbers)
        for node in sources:
            is_part = node.symbol is None and node.called == node.formula
            (parts if is_part else names)[node.called] = array(node.value)
        return Equation(letters=names, parts=parts, names=words, **of)

    for node in trace.nodes:
        if node.op is not None:
            sources = [trace.nodes[edge.source] for edge in trace.edges if edge.target == node.id]
            yield shown(
                node.letters, sources, where=f"{node.name or node.op}", formula=node.formula, result=array(node.value)
            )
    for edge in trace.edges:
        if edge.rule is not None and edge.passed is not None:
            target = trace.nodes[edge.target]
            equation = shown(
                edge.letters, [], where=f"{target.op} to {edge.operand}", formula=edge.rule, result=array(edge.passed)
            )
            equation.upstream, equation.stretched, equation.diagonal = (
                edge.upstream or "",
                edge.stretched,
                edge.diagonal,
            )
            equation.letters[equation.upstream] = array(target.gradient)
            equation.local = None if edge.local is None else edge.local.data
            yield equation


def of_recursion(trace: Trace) -> Iterator[Equation]:
    """The steps of the delta recursion that a page names."""
    for step in trace.steps:
        if step.recursion is not None:
            nodes = {letter.symbol: trace.nodes[letter.node] for letter in step.letters}
            values = {
                x.symbol: array(nodes[x.symbol].gradient if x.gradient else nodes[x.symbol].value) for x in step.letters
            }
            left, _, right = step.recursion.partition(" = ")
            result = values.pop(left)
            for i, symbol in enumerate(sorted(values, key=len, reverse=True)):  # a δ may have a formula for its index
                turned = symbol[:-1] + r"\top}" if symbol.endswith(")}") else None  # W^{(2)\top}
                for written, sign in ((turned, r"^{\top}"), (symbol, "")):
                    right = right.replace(written, rf"\text{{q{i}}}{sign}") if written else right
                values[f"q{i}"] = values.pop(symbol)
            yield Equation("delta recursion", right, result, {rf"\text{{{word}}}": x for word, x in values.items()})


def array(numbers: Any) -> Any:
    """The array that is shown."""
    return np.array(numbers.data)


# The console.


def of_console(stepper: Stepper) -> Iterator[Equation]:
    """The equations that the console prints at its steps, with the letters that it names there."""
    stream = io.StringIO()
    printer = StepPrinter(stepper, Screen(stream, width=100))
    stepper.jump(0)
    while (moment := stepper.next()) is not None:
        stream.seek(0)
        stream.truncate()
        printer.show_step(moment, source=False)
        rows = joined(stream.getvalue())
        if moment.phase == "seed":
            continue
        letters: dict[str, Any] = {}
        for part in filter(None, rows.get("where", "").split("; ")):
            name, x = letter(part, stepper, moment)
            letters[name] = x
        if moment.phase == "forward":
            formula = (
                rows["head"].partition("forward   ")[2].rpartition(" = ")[2]
            )  # what has no name is a formula alone
            yield Equation(f"step {moment.number}", formula, stepper.value(moment.node), letters, is_text=True)
            continue
        upstream = next(key for key in rows if len(key) == 1)
        letters[upstream] = stepper.upstream(moment)
        formula, stretched, _ = rows["rule"].partition(", stretched to ")
        yield Equation(
            f"step {moment.number}", formula, stepper.passed(moment), letters, is_text=True, stretched=bool(stretched),
            upstream=upstream, local=jacobian(stepper, moment) if JACOBIAN.search(formula) else None,
        )  # fmt: skip


def jacobian(stepper: Stepper, moment: Any) -> Any:
    """The derivative of which the console says ∂z/∂x: that of differences."""
    node = moment.node
    kept = node.values if node.op.variadic is None else node.values[node.op.variadic]
    values = [x if a is None else stepper.value(a) for a, x in zip(node.args, kept)]
    found = by_differences(node, moment.operand, values)
    return whole(found, moment.receiver.shape) if node.op.elementwise else found


def joined(printed: str) -> dict[str, str]:
    """The rows of a step by their labels, each in one line."""
    rows: dict[str, str] = {}
    label = "head"
    for row in printed.splitlines():
        if match := re.match(r"  (\S+) {2,}(?=\S)", row):
            label = match[1]
            rows[label] = row[match.end() :].strip()
        else:
            rows[label] = f"{rows.get(label, '')} {row.strip()}".strip()
    return rows


def letter(part: str, stepper: Stepper, moment: Any) -> tuple[str, Any]:
    """A letter that the console names, as it is written, and what it stands for."""
    made = re.fullmatch(r"(\S+) = (?!\[|-?[\d.]|nan|inf)(.*): .*|(\S+) = (?!\[|-?[\d.]|nan|inf)(.*) = .*", part)
    if made:
        return made[1] or made[3], stepper.value(moment.node)  # z = tanh(v)
    name, colon, words = part.partition(": ")
    if colon and not re.fullmatch(r"[\d x]+( numbers?)?", words):
        return name, words
    name = re.sub(r", of step \d+$", "", name.partition(" = ")[0])
    for node in stepper.nodes:
        if line(StepPrinter(stepper, Screen(io.StringIO())).called.formula(node).latex) == name:
            return name, stepper.value(node)
    for word, x in stepper.words.values.items():
        if line(reading_of(word)) == name:
            return name, x
    raise AssertionError(f"{part}: nothing is called so")


def reading_of(word: str) -> str:
    """A name as it is typeset."""
    from tinygrad_edu.language.symbols import symbol

    return symbol(word)
