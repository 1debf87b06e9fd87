"""Collects what is known of an operation as plain data, and nothing of it is written by hand for the reference.

The notation, the rules, the needs and the words come from the operation's own statement.  Each time an entry is made,
the examples are computed, the rules run and printed, and their results compared with differences.
"""

from __future__ import annotations

import difflib
import inspect
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...format import numbers, text
from ...formulas.printed import of_name
from ...graph import Node
from ...language.lines import line
from ...language.op_notation import Formula, typeset
from ...numeric.op_examples import Example, examples
from ...op import OPS
from ...op import op as Op
from ...ops.composed import read_all
from ...stepping.jacobian import by_differences, local
from ...stepping.record import Record
from ...tensor import Tensor
from ...tracing.called import NodeFormulas

PACKAGE = Path(__file__).parents[2]
EXACT = 1e-6  # the rules may differ from differences by this share of the largest derivative, or of 1
CASES = 4  # at most so many kinds of examples of an operation are shown


@dataclass
class Rule:
    """What an operand receives of the upstream gradient g, in LaTeX and as a line of text."""

    operand: str
    latex: str
    text: str
    printed: bool = True  # False: only its form is known, as f(g, x)
    words: str = ""  # whether the result is stretched, and what the letters in it stand for


@dataclass
class ExampleRun:
    """An example that has been computed: its call, its shapes, its formula, and the rules that ran."""

    call: str
    shapes: dict[str, tuple[int, ...]]
    shape: tuple[int, ...]
    latex: str
    text: str
    rules: list[Rule]
    error: float | None  # the largest distance of the rules from differences; None if there is no gradient
    agrees: bool
    result: Any = field(repr=False)  # the tensor

    @property
    def sizes(self) -> str:
        """``x: (2, 3), y: (3,); z: (2, 3)``."""
        return f"{', '.join(f'{name}: {shape}' for name, shape in self.shapes.items())}; z: {self.shape}"

    @property
    def agreement(self) -> str:
        """A sentence that says whether the rules agree with differences."""
        if self.error is None:
            return "no gradient flows through it"
        size = numbers.number(self.error, 1)
        if not self.agrees:
            return f"the rules do NOT agree with differences: they are {size} apart"
        return f"the rules agree with differences to {size}"


@dataclass
class Entry:
    """An operation, with everything that the reference shows of it."""

    name: str
    also: list[str]  # its other names
    kind: str  # the heading of its file: the first sentence of the docstring
    about: str  # the other sentences of that docstring
    signature: str
    latex: str
    text: str
    elementwise: bool
    needs: list[str]
    domain: dict[str, tuple[float, float]]  # the ranges of operands in its examples, if not (-2, 2)
    keeps: list[str]  # the operands that are kept until the sweep because its rules read them; z is the result
    doc: str
    file: str
    line: int
    source: str
    helpers: list[str]  # the rules that are functions of their own
    cases: list[ExampleRun]
    why: str = ""  # why there are no cases, if there are none

    @property
    def kept(self) -> str:
        """The operands that are kept until the sweep, in words; empty if no gradient flows through it."""
        if not self.cases or not self.cases[0].rules:
            return ""
        return text.join_words([name if name != "z" else "the result z" for name in self.keeps]) or "no operand"

    @property
    def drawn(self) -> str:
        """The ranges of operands in its examples, in words; empty if they are the usual ones."""
        return text.join_words([f"{name} from {low:g} to {high:g}" for name, (low, high) in self.domain.items()])

    @property
    def summary(self) -> str:
        """The first paragraph of its docstring, which says what it is."""
        return " ".join(self.doc.partition("\n\n")[0].split())

    def plain(self) -> dict[str, Any]:
        """The entry as data that JSON can hold."""
        cases = [
            {
                **vars(case),
                "error": case.error if case.agrees else None,
                "rules": [vars(r) for r in case.rules],
                "shapes": {n: [*s] for n, s in case.shapes.items()},
            }
            for case in self.cases
        ]
        for case in cases:
            del case["result"]
        return {**vars(self), "domain": {n: [*d] for n, d in self.domain.items()}, "cases": cases}


def entries(names: Iterable[str] = ()) -> list[Entry]:
    """The entries of these operations, or of all, those of a file together.  ValueError for an unknown name."""
    read_all()
    chosen = [find(name) for name in names] or [*OPS.values()]
    modules = list(dict.fromkeys(op.function.__module__ for op in chosen))
    return [
        make_entry(op) for op in sorted(dict.fromkeys(chosen), key=lambda op: modules.index(op.function.__module__))
    ]


def find(name: str) -> Op:
    """The operation of a name, or of another of its names.  ValueError, with similar names, if there is none."""
    read_all()
    others = {other: op for op in OPS.values() for other in aliases(op)}
    known = others | OPS
    if name in known:
        return known[name]
    lower = {each.lower(): each for each in known}
    near = [lower[each] for each in difflib.get_close_matches(name.lower(), lower, 4, 0.6)]
    near += [each for each in known if name.lower() in each.lower() and each not in near][:4]
    hint = f"near it are {text.join_words(near)}" if near else "tinygrad-edu ops lists all"
    raise ValueError(f"there is no operation {text.safe_name(name)}; {hint}")


def aliases(op: Op) -> list[str]:
    """The other names of an operation, but those of NumPy's with a dot."""
    return [name for name in op.aliases.split() if name.isidentifier()]


def make_entry(op: Op) -> Entry:
    """Collect everything about an operation, and run its examples."""
    heading, _, about = (inspect.getdoc(sys.modules.get(op.function.__module__)) or "").partition(".")
    file, at, source = origin(op.function)
    formula = notation(op)
    keeps = [name for name, kept in zip(op.names, op.keeps) if kept and name in op.rules]
    cases, why = run_examples(op)
    return Entry(
        op.name, aliases(op), " ".join(heading.split()) or op.function.__module__, about.strip(), signature(op),
        formula.latex, line(formula.latex), op.elementwise, [*op.needs],
        {name: (float(low), float(high)) for name, (low, high) in op.domain.items()}, keeps + ["z"] * op.keeps_result,
        inspect.getdoc(op.function) or "", file, at, source, helpers(op), cases, why,
    )  # fmt: skip


def notation(op: Op) -> Formula:
    """The notation of an operation, with the names of its own arguments."""
    names: dict[str, Any] = {name: of_name(name) for name in op.names}
    if op.variadic is not None:
        family = op.names[op.variadic]
        names[family] = [of_name(f"{family}_1"), Formula(r"\ldots")]
    return typeset(op, **names)


def signature(op: Op) -> str:
    """The signature of an operation without types: ``softmax(x, axis=-1)``."""
    plain = [p.replace(annotation=p.empty) for p in inspect.signature(op.function).parameters.values()]
    return op.name + str(inspect.Signature(plain))


def origin(function: Any) -> tuple[str, int, str]:
    """The file, the line and the source of a function; empty if it was typed at a prompt."""
    try:
        lines, at = inspect.getsourcelines(function)
        file = Path(inspect.getsourcefile(function) or "?").resolve()
    except (OSError, TypeError):
        return "", 0, ""
    inside = file.is_relative_to(PACKAGE)
    return file.relative_to(PACKAGE.parent).as_posix() if inside else file.name, at, inspect.cleandoc("".join(lines))


def helpers(op: Op) -> list[str]:
    """The source of the rules that are functions with a name."""
    named = dict.fromkeys(f for f in op.rules.values() if getattr(f, "__name__", "<lambda>") != "<lambda>")
    return [source for _, _, source in map(origin, named) if source]


# The examples.


def run_examples(op: Op) -> tuple[list[ExampleRun], str]:
    """Run the examples of an operation, one of each kind; if there are none, the text says why."""
    cases: dict[Any, ExampleRun] = {}
    try:
        with np.errstate(all="ignore"):
            for example in examples(op):
                if op.examples or all(np.ndim(x) == 1 for x in example.operands.values()):  # no broadcasting
                    case = run_example(example)
                    cases.setdefault((case.text, *(r.text for r in case.rules)), case)
    except Exception as error:  # a user's operation, which nobody has tested
        return [], f"its examples do not run: {text.printable(text.error_text(error)) or type(error).__name__}"
    return [*cases.values()][:CASES], "" if cases else "it has no examples"


def run_example(example: Example) -> ExampleRun:
    """Run an example on tensors, print its rules, and compare them with differences."""
    op = example.op
    shapes: dict[str, tuple[int, ...]] = {}
    given: dict[str, Any] = {}
    for name, x in example.operands.items():
        given[name] = (
            [Tensor(part, f"{name}_{i}") for i, part in enumerate(x, 1)] if isinstance(x, list) else Tensor(x, name)
        )
        shapes |= {t.name: t.shape for t in (given[name] if isinstance(x, list) else [given[name]])}
    result = example(**given)
    result.name = "z"
    node = result.node
    called = NodeFormulas(Record(result), written_out=False)
    formula = called.definition(node)
    passed = {k: a for k, a in enumerate(node.args) if a is not None and a.active} if op.rules else {}
    rules = []
    for k, a in passed.items():
        found = called.rule_of(node, k)
        said = [f"stretched to {a.shape}"] if found.rule.stretched else []
        said += [f"{line(latex)}: {words}" for latex, words in found.rule.words]
        latex = found.rule.latex
        rules.append(Rule(a.name, latex, line(latex), found.rule.printed, "; ".join(said)))
    error, agrees = compare(node, [*passed], arguments_of(example, node))
    return ExampleRun(
        call_of(example), shapes, result.shape, formula.latex, line(formula.latex), rules, error, agrees, result
    )


def arguments_of(example: Example, node: Node) -> list[Any]:
    """The arguments of an example: its operands as arrays, and the options as the operation received them."""
    op = example.op
    if op.variadic is not None:
        return [*example.operands[op.names[op.variadic]]]
    return [example.operands.get(name, x) for name, x in zip(op.names, node.values)]


def compare(node: Node, passed: list[int], arguments: list[Any]) -> tuple[float | None, bool]:
    """Compare the rules with differences: the largest distance, and whether rounding explains it."""
    worst, agrees = None, True
    for k in passed:
        expected = by_differences(node, k, arguments)
        error = float(np.abs(np.asarray(local(node, k), float) - expected).max(initial=0))
        agrees = agrees and error <= EXACT * max(1.0, float(np.abs(expected).max(initial=0)))
        worst = error if worst is None or not worst > error else worst
    return worst, agrees


def call_of(example: Example) -> str:
    """The call: ``concatenate([arrays_1, arrays_2], axis=-1)``."""
    parts, keyword = [], False
    parameters = inspect.signature(example.op.function).parameters.values()
    packed = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    for p in parameters:
        x = example.operands.get(p.name)
        if x is not None:
            names = [f"{p.name}_{i}" for i, _ in enumerate(x, 1)] if isinstance(x, list) else [p.name]
            listed = ", ".join(names)
            parts.append(f"[{listed}]" if isinstance(x, list) and p.kind is not p.VAR_POSITIONAL else listed)
        elif p.name in example.options:
            option = text_of_option(example.options[p.name])
            keyword = keyword or (p.default is not p.empty and not packed) or p.kind is p.KEYWORD_ONLY
            parts.append(f"{p.name}={option}" if keyword else option)
    return f"{example.op.name}({', '.join(parts)})"


def text_of_option(x: Any) -> str:
    """An option as a program writes it."""
    if isinstance(x, np.ndarray):
        return str(x.tolist())
    if isinstance(x, (tuple, list)):
        inside = ", ".join(map(text_of_option, x)) + "," * (isinstance(x, tuple) and len(x) == 1)
        return f"({inside})" if isinstance(x, tuple) else f"[{inside}]"
    if isinstance(x, slice):
        return re.sub(r", None\)$", ")", repr(x))
    return repr(x)
