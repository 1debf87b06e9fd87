"""A hand-in is a plain text file: what is given, and the derivation, line by line.

    # Negative sampling
    u: M                                  a name, and its size: a vector of M numbers
    V: n+1 by M                           a matrix
    delta: n+1, one-hot                   what else is known of it
    t = V @ u                             a definition
    J = -sum(log(sigmoid(t)))             the loss

    dJ/dt = sigmoid(t) - 1                a claim; a line that begins with = goes on with it
          = -sigmoid(-t)

A heading begins a problem, which keeps what stood under the headings above it.  Lines without = or : are prose, and so
are those that begin with >.  Nothing is executed: see language/reading.py.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..language.reading import ALIASES, CHOOSERS, MAKERS, Unreadable
from ..language.tree import Expr, name, names, number
from ..op import OPS
from .declaring import declared, named_function, numbers
from .lines import HEADING, Line, equals, lines, loops, split
from .problem import Declared, Problem, undeclared
from .prose import DERIVATIVE, LEFT, claims_slope, sentence, statements, wordy
from .sides import Claim, Sides, Step, latex_name

MOST_LINES, LONGEST_LINE, LARGEST_FILE = 5_000, 2_000, 1_000_000
MOST_GIVEN = 1_000_000  # numbers in all arrays
LOSSES = ("J", "L", "E", "R", "C", "loss", "cost", "CE", "ℒ", "J_CE", "J_CBOW")

NAME = r"[^\W\d][\w\u0302-\u0304]*'*(?:\(\w{1,4}\))?"
DECLARATION = re.compile(rf"\s*({NAME}(?:\s*,\s*{NAME})*)\s*(?::|∈|\bin\b)\s*([^=]+?)\s*[.;]?\s*")
FUNCTION = re.compile(r"([^\W\d]\w*)\(([^\W\d]\w*)\)")
OF_NAMES = re.compile(r"(.+?)\(([^()\d][^()]*)\)")
COMPONENT = re.compile(r"([^\W\d]\w*)\[\s*([a-z])\s*(?:,\s*([a-z])\s*)?\]")


class Handin(NamedTuple):
    """A file: its claims in order, and the lines that could not be read."""

    name: str
    claims: list[Claim]
    problems: list[Problem]
    unread: list[Step]


def handin(text: str, title: str = "") -> Handin:
    """Reads a hand-in.  Unreadable if it is no text that a person wrote; what is wrong in a line is kept with it."""
    if len(text) > LARGEST_FILE or text.count("\n") > MOST_LINES:
        raise Unreadable(f"a hand-in has at most {MOST_LINES:,} lines and {LARGEST_FILE:,} characters")
    return Reading(title).of(text)


class Reading(Sides):
    """Goes through the file once, from top to bottom."""

    def __init__(self, title: str) -> None:
        super().__init__(Problem(title))
        self.found = Handin(title, [], [self.problem], [])
        self.above: list[tuple[int, Problem]] = [(0, self.problem)]
        self.borrowed: set[str] = set()  # names that are those of the part before, and may be given another meaning
        self.given = 0.0  # numbers, in all arrays
        self.left: tuple[str, int] | None = None  # a definition or a claim with which a line that begins with = goes on
        self.alone: tuple[str, int] | None = None  # a left side on a line of its own
        self.broken = 0  # the line of a definition that could not be read, and may go on

    def of(self, text: str) -> Handin:
        """Every line."""
        found = [*lines(text)]
        for i, line in enumerate(found):
            heading = HEADING.fullmatch(line.text)
            if heading:
                self.headed(len(heading[1]), heading[2].strip(" #"), line.number, declares(found[i + 1 :], heading[1]))
            elif len(line.text) > LONGEST_LINE:
                self.unread(line, line.text[:60], f"a line has at most {LONGEST_LINE:,} characters")
            else:
                for part in statements(written_out(line.text.strip())):
                    self.line(Line(line.number, part))
        return self.found

    def headed(self, level: int, title: str, number: int, declares: bool) -> None:
        """A new problem, under those above it; if it declares nothing, it is part b) of the problem before it."""
        before = None
        while self.above[-1][0] >= level:
            depth, problem = self.above.pop()
            before = problem if depth == level else before
        parent = self.above[-1][1]
        goes_on = before is not None and not declares
        self.problem = (before if before is not None and goes_on else parent).copy(title, number)
        self.borrowed = self.problem.known - parent.known if goes_on else set()
        self.above.append((level, self.problem))
        self.found.problems.append(self.problem)
        self.chain = self.left = self.alone = None
        self.broken = 0

    def unread(self, line: Line, text: str, why: str) -> None:
        """A line that looks like mathematics and is none."""
        self.found.unread.append(Step(text, line.number, None, why))

    def line(self, line: Line) -> None:
        """One statement: what goes on with the last one, a declaration, or equalities."""
        text = line.text.strip()
        before, formula = sentence(text)
        if text.startswith("$") and (said := re.match(r"\$([^$]*)\$:(.*)", text)):
            self.declare(said[1], said[2], line)
        elif text.startswith("$"):
            self.latex(text, line)
        elif len(parts := equals(formula)) > 1 and not parts[0]:
            self.go_on(parts[1:], line)
        elif len(parts) == 1:
            self.without(text, line)
        elif before:
            self.in_sentence(before, parts, line)
        else:
            self.equal(parts, line)

    def latex(self, text: str, line: Line) -> None:
        """A formula between dollars: a declaration, or equalities."""
        if "$" in text.strip("$ .,;"):  # $a$ = $b$ = c
            parts = equals(text.replace("&=", "="))
            self.equal(parts, line) if parts[0] else self.go_on(parts[1:], line)
            return
        parts = [p.strip("$ ") for p in equals(text.strip("$ .,;").replace(r"\\", "").replace("&=", "="))]
        if len(parts) == 1 and (said := re.fullmatch(r"\$?(.+?)\\in\b(.+?)\$?", text)):
            size = re.sub(r"\\(?:mathbb|mathbf|mathrm)\s*\{?R\}?|\\R\b", "R", said[2]).replace(r"\times", "×")
            self.declare(said[1], size.replace("\\", "").strip(), line)
        elif len(parts) > 1:
            parts = [f"${p}$" if p else "" for p in parts]
            self.equal(parts, line) if parts[0] else self.go_on(parts[1:], line)

    def without(self, text: str, line: Line) -> None:
        """Without =: a declaration, a left side that the next line goes on with, or words."""
        self.alone = None
        slope = re.match(rf"(?:{DERIVATIVE}|[∇∂])", text)
        if LEFT.fullmatch(text) or text in self.problem.known:
            self.chain, self.left, self.alone = None, None, (text, line.number)
        elif declared := DECLARATION.fullmatch(" ".join(text.split())):
            self.declare(declared[1], declared[2], line)
        elif re.search("[≈≃≅∝]", text) and (slope or not wordy(text)) and re.search(r"[^\W\d]", text):
            self.unread(line, text, "only = is checked; this says that something is nearly so")
        elif (said := re.fullmatch(rf"({DERIVATIVE})\s*(?:\bis\b|:|→|⇒)\s*(.+?)[.;]?", text)) and self.reads(said[2]):
            self.equal([said[1], said[2]], line)
        elif (slope and re.search(r"[@*+()·⊙⇒→-]|/.*/", text) or re.match(r"[+@·⊙]\s*\w", text)) and not wordy(text):
            self.unread(line, text, "there is no = in this line")

    def in_sentence(self, before: str, parts: list[str], line: Line) -> None:
        """Words, and a formula behind them: a claim if it has a derivative, a definition of what is new, or words."""
        left, right = parts[0], parts[1]
        if claims_slope(left):
            if right in ("0", "zeros"):
                self.unread(line, line.text.strip(), "is it a claim, or a condition?  Write it on a line of its own")
            else:
                self.equal(parts, line)
        elif left in self.problem.known and before.endswith(":"):
            self.equal(parts, line)
        elif left not in self.problem.known:
            if self.reads(right):
                self.equal(parts, line)
            elif re.fullmatch(NAME, left):
                self.lost[left] = line.number

    def reads(self, text: str) -> bool:
        """Can it be read, and is everything in it known?"""
        try:
            return not undeclared(self.read(text), self.problem)
        except Unreadable:
            return False

    # Declarations.

    def declare(self, words: str, said: str, line: Line) -> None:
        """``u, v: M``, ``V: n+1 by M, positive``, ``phi: function``, ``o: index of K``."""
        names = [w.strip() for w in split(words, ",")]
        if line.text.lstrip().startswith("$"):
            names = [latex_name(w, self.problem.known)[0] for w in names]
        try:
            if (function := named_function(said)) is not None:
                self.problem.functions |= dict.fromkeys(names, ("z", function))
                return
            made = declared(said, self.problem, line.number)
            self.given += len(names) * numbers(made.lengths)
            if self.given > MOST_GIVEN:
                raise Unreadable(f"all arrays of a hand-in have at most {MOST_GIVEN:,} numbers")
        except Unreadable as error:
            if re.search(r"\s", said.strip()) and not re.search(r"\b(by|of|x|in)\b|[\d(,×{]", said) or wordy(said):
                return  # a sentence with a colon
            self.lost |= dict.fromkeys(names, line.number)
            self.unread(line, line.text.strip(), error.why)
            return
        for word in names:
            if word in self.problem.known and not made.function and made.lengths:
                self.about_shape(word, made, line)
            else:
                self.problem.declared[word] = made

    def about_shape(self, word: str, made: Declared, line: Line) -> None:
        """Said of a name that is known, a size is a claim."""
        left = Step(f"shape({word})", line.number, Expr("Shape", (name(word),), "shape"))
        step = Step(line.text.partition(":")[2].strip(), line.number, Expr("List", made.lengths))
        self.found.claims.append(Claim(self.problem, left, [step], True))

    # Equalities.

    def go_on(self, parts: list[str], line: Line) -> None:
        """A line that begins with =."""
        if self.alone:
            (left, at), self.alone = self.alone, None
            self.equal([left, *parts], line, at)
            return
        if self.chain is None and self.left is not None:
            self.chain = Claim(self.problem, Step(self.left[0], self.left[1], name(self.left[0])), [])
            self.over, self.free = [], []
            self.found.claims.append(self.chain)
        broken = self.chain.left.line if self.chain is not None and self.chain.left.tree is None else self.broken
        if broken:
            self.unread(line, line.text.strip(), f"this line goes on with line {broken}, which could not be read")
        elif self.chain is None:
            self.unread(line, line.text.strip(), "this line goes on with =, but there is nothing before it")
        else:
            for part in parts:
                self.chain.steps.append(self.step(part, line.number))

    def equal(self, parts: list[str], line: Line, at: int = 0) -> None:
        """A definition where the left side is a new name; a claim otherwise.  ``at``: the line of the left side."""
        left, *rest = parts
        self.chain, self.left, self.alone, self.broken = None, None, None, 0
        called = FUNCTION.fullmatch(left)
        if called and len(rest) == 1 and not {called[1], left} & self.problem.known and not called[2].isdigit():
            if called[1] not in self.problem.functions and called[2] not in self.problem.known:
                self.function(called[1], called[2], rest[0], line)
                return
        left = self.without_arguments(self.shortened(left))
        word, indices = self.new(left, rest[0])
        if word:
            if self.meanings(word, left, rest[0], line) and self.define(word, indices, rest[0], line) and len(rest) > 1:
                self.go_on(rest[1:], line)
            return
        self.over, self.free = loops(rest[-1])[1] or loops(left)[1], []
        step = self.step(parts[0], at or line.number)
        if step.tree is None and wordy(line.text) and not claims_slope(line.text):
            return
        self.chain = Claim(self.problem, step, [], step.tree is not None and step.tree.head == "Shape")
        steps = [self.step(part, line.number) for part in rest]
        if any(found.tree is None and wordy(found.text) for found in steps) and not claims_slope(line.text):
            self.chain = None
            return
        self.chain.steps.extend(steps)
        for found in (step, *steps):
            self.settle(found.tree)
        self.found.claims.append(self.chain)

    def without_arguments(self, left: str) -> str:
        """J of ``J(w, b)``, where w and b are known."""
        of, known = OF_NAMES.fullmatch(left.strip("$")), self.problem.known
        if not of or self.is_said(left) or of[1] in self.functions():
            return left
        is_latex = left.startswith("$")
        words = [latex_name(w, known)[0] if is_latex else w.strip() for w in of[2].split(",")]
        if not {*words} <= known or not (latex_name(of[1], known)[0] if is_latex else re.fullmatch(NAME, of[1])):
            return left
        if len(words) == 1 and not is_latex:
            self.arguments[rf"(?<!\w){of[1]}['′]\(\s*{re.escape(words[0])}\s*\)"] = f"d{of[1]}/d{words[0]}"
        self.arguments[r"(?<!\w)" + re.escape(of[1]) + r"\(\s*" + r"\s*,\s*".join(map(re.escape, words)) + r"\s*\)"] = (
            of[1]
        )
        return f"${of[1]}$" if is_latex else of[1]

    def new(self, left: str, right: str) -> tuple[str, tuple[str, ...]]:
        """The new name that the left side is, with its subscripts where each element is said; or nothing."""
        known = self.problem.known - self.borrowed
        if left.startswith("$"):
            word, indices = latex_name(left, known)
            if not word or word in known:
                return "", ()
            base = word.partition("_")[0] if indices else word
            if indices and (hat := [part for part in word.split("_")[1:] if part not in ("".join(indices), *indices)]):
                base = "_".join([base, *hat])
            if indices and base in known:
                return "", ()
            try:
                free = undeclared(self.read(right), self.problem) if indices else []
            except Unreadable:
                free = []
            return (base, indices) if {*indices} & {*free} else (word, ())
        if element := COMPONENT.fullmatch(left):
            return ("", ()) if element[1] in known else (element[1], tuple(i for i in element.groups()[1:] if i))
        if re.fullmatch(NAME, left) and left not in known and not self.is_said(left):
            return left, ()
        if left in self.problem.sizes and re.fullmatch(r"\d+", right):
            return left, ()
        return "", ()

    def meanings(self, word: str, left: str, right: str, line: Line) -> bool:
        """Is it clear that a new name is meant?  Borrowed ones that depend on an old meaning are given up."""
        base = word.partition("(")[0].rstrip("'")
        if "'" in word and (base in self.problem.known or base in self.functions() or "(" in word):
            why = f"is {word} a derivative?  Write it as in {'df/dx'}, or use another name"
            self.unread(line, line.text.strip(), why)
            return False
        if word in self.problem.sizes and word not in self.borrowed:
            self.unread(line, line.text.strip(), f"{word} is the size of something already, and any number")
            return False
        if word in self.borrowed:
            self.problem = self.problem.copy(self.problem.title, self.problem.line)
            self.found.problems[-1] = self.problem
            self.above[-1] = (self.above[-1][0], self.problem)
            self.forget(word)
        return True

    def settle(self, tree: Expr | None) -> None:
        """What has been used keeps its meaning."""
        for word in names(tree) & self.borrowed if tree is not None else ():
            self.borrowed.discard(word)
            self.settle(self.problem.defined.get(word))

    def forget(self, word: str) -> None:
        """A borrowed name, and those that were defined by it."""
        self.borrowed.discard(word)
        self.problem.declared.pop(word, None)
        self.problem.defined.pop(word, None)
        self.problem.loss = "" if self.problem.loss == word else self.problem.loss
        for other, tree in [*self.problem.defined.items()]:
            if other in self.borrowed and word in undeclared(tree, self.problem):
                self.forget(other)

    def is_said(self, word: str) -> bool:
        """Is it no new name, but ``dW``, where W is known and there is a loss, or a function, as ``sigma'(z)``?"""
        called, bracket, _ = word.partition("(")
        if bracket and called.rstrip("'") in {*OPS, *ALIASES, *MAKERS, *CHOOSERS, *self.functions()}:
            return True
        return word[:1] == "d" and word[1:] in self.problem.known and bool(self.problem.loss)

    def function(self, word: str, argument: str, text: str, line: Line) -> None:
        """``phi(z) = tanh(z)``."""
        try:
            tree = self.read(text, frozenset({argument}))
        except Unreadable as error:
            self.unread(line, line.text.strip(), error.why)
            self.lost[word] = line.number
            return
        self.problem.functions[word] = (argument, tree)

    def define(self, word: str, indices: tuple[str, ...], text: str, line: Line) -> bool:
        """A new name for an expression; with subscripts, for all its elements."""
        try:
            tree = self.read(text)
            for index in reversed(indices):
                tree = Expr("Each", (tree, number(1), self.reach(tree, index)), index)
            missing = undeclared(tree, self.problem)
            if missing:
                raise self.unknown(missing[0], tree)
        except Unreadable as error:
            if not wordy(text) or claims_slope(text):
                self.unread(line, line.text.strip(), error.why)
            self.lost[word] = self.broken = line.number
            return False
        self.lost.pop(word, None)
        self.settle(tree)
        self.problem.defined[word] = tree
        self.left = (word, line.number)
        if word in LOSSES or not self.problem.loss:
            self.problem.loss = word
        return True


def declares(rest: list[Line], heading: str) -> bool:
    """Is something declared under a heading, before the next one that is no deeper?"""
    for line in rest:
        below = HEADING.fullmatch(line.text)
        if below and len(below[1]) <= len(heading):
            return False
        if DECLARATION.fullmatch(" ".join(line.text.split())) or r"\in" in line.text:
            return True
    return False


def written_out(text: str) -> str:
    """With = for other signs of equality."""
    text = re.sub(r":=|≔|≡|(?<=\s)=:(?=\s)", "=", text)
    if text.startswith("$") or re.search(r"\b(for|if|where)\b", text):
        return text
    depth, found = 0, ""
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if not (c == "=" and depth == 0 and text[i - 1 : i] == "=" and text[i + 1 : i + 2] != "="):
            found += c
    return found
