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
from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from ..language.reading import ALIASES, CHOOSERS, MAKERS, Unreadable, closing, read
from ..language.tree import Expr, name, number, walk
from ..language.values import Impossible, Misfit, shape
from ..op import OPS
from .lines import HEADING, Line, equals, lines, loops, split
from .problem import TRAITS, Declared, Problem, length, undeclared

MOST_LINES, LONGEST_LINE, LARGEST_FILE = 5_000, 2_000, 1_000_000
MOST_NUMBERS, MOST_GIVEN, TYPICAL = 100_000, 1_000_000, 4  # in an array, and in all, where a letter is taken for 4
LOSSES = ("J", "L", "E", "R", "C", "loss", "cost", "CE", "ℒ", "J_CE", "J_CBOW")

NAME = r"[^\W\d]\w*'*(?:\(\w{1,4}\))?"
DECLARATION = re.compile(rf"\s*({NAME}(?:\s*,\s*{NAME})*)\s*(?::|∈|\bin\b)\s*([^=]+?)\s*[.;]?\s*")
FUNCTION = re.compile(r"([^\W\d]\w*)\(([^\W\d]\w*)\)")


class Step(NamedTuple):
    """One expression of a chain of equalities, and where it stands.  ``tree`` is None if it cannot be read."""

    text: str
    line: int
    tree: Expr | None
    why: str = ""


class Claim(NamedTuple):
    """What is claimed to be equal: the left side, and everything that is said to be the same."""

    problem: Problem
    left: Step
    steps: list[Step]
    shapes: bool = False  # is it about shapes alone?


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


class Reading:
    """Goes through the file once, from top to bottom."""

    def __init__(self, title: str) -> None:
        self.problem = Problem(title)
        self.found = Handin(title, [], [self.problem], [])
        self.above: list[tuple[int, Problem]] = [(0, self.problem)]
        self.chain: Claim | None = None
        self.over: list[str] = []  # what the chain says of its indices: k != l
        self.free: list[tuple[str, Expr]] = []  # indices that are free on its left side, and how far they go
        self.given = 0.0  # numbers, in all arrays
        self.left: tuple[str, int] | None = None  # a definition or a claim with which a line that begins with = goes on

    def of(self, text: str) -> Handin:
        """Every line."""
        for line in lines(text):
            heading = HEADING.fullmatch(line.text)
            if heading:
                self.headed(len(heading[1]), heading[2].strip(" #"), line.number)
            elif len(line.text) > LONGEST_LINE:
                self.unread(line, line.text[:60], f"a line has at most {LONGEST_LINE:,} characters")
            else:
                self.line(line)
        return self.found

    def headed(self, level: int, title: str, number: int) -> None:
        """A new problem, under those above it."""
        while self.above[-1][0] >= level:
            self.above.pop()
        self.problem = self.above[-1][1].copy(title, number)
        self.above.append((level, self.problem))
        self.found.problems.append(self.problem)
        self.chain = self.left = None

    def unread(self, line: Line, text: str, why: str) -> None:
        """A line that looks like mathematics and is none."""
        self.found.unread.append(Step(text, line.number, None, why))

    def line(self, line: Line) -> None:
        """One line: what goes on with the last one, a declaration, or equalities."""
        text = line.text.strip()
        if text.startswith("$"):
            parts = [p.strip("$ ") for p in equals(text.strip("$ .,;").replace(r"\\", "").replace("&=", "="))]
            parts = [f"${p}$" if p else "" for p in parts]
        else:
            parts = equals(text)
        if not text.startswith(("=", "$=", "$&=")) and len(parts) == 1:
            declared = DECLARATION.fullmatch(" ".join(text.split()))
            if declared and not text.startswith("$"):
                self.declare(declared[1], declared[2], line)
            return
        if not parts[0]:
            self.go_on(parts[1:], line)
        else:
            self.equal(parts, line)

    # Declarations.

    def declare(self, words: str, said: str, line: Line) -> None:
        """``u, v: M``, ``V: n+1 by M, positive``, ``phi: function``, ``o: index of K``."""
        names = [w.strip() for w in split(words, ",")]
        try:
            made = declared(said, self.problem, line.number)
            self.given += len(names) * numbers(made.lengths)
            if self.given > MOST_GIVEN:
                raise Unreadable(f"all arrays of a hand-in have at most {MOST_GIVEN:,} numbers")
        except Unreadable as error:
            if re.search(r"\s", said.strip()) and not re.search(r"\b(by|of|x)\b|[\d(,×]", said):
                return  # a sentence with a colon
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
        if self.chain is None and self.left is not None:
            self.chain = Claim(self.problem, Step(self.left[0], self.left[1], name(self.left[0])), [])
            self.over, self.free = [], []
            self.found.claims.append(self.chain)
        if self.chain is None:
            self.unread(line, line.text.strip(), "this line goes on with =, but there is nothing before it")
            return
        for part in parts:
            self.chain.steps.append(self.step(part, line.number))

    def equal(self, parts: list[str], line: Line) -> None:
        """A definition where the left side is a new name; a claim otherwise."""
        left, *rest = parts
        self.chain, self.left = None, None
        called = FUNCTION.fullmatch(left)
        if called and len(rest) == 1 and not {called[1], left} & self.problem.known and not called[2].isdigit():
            if called[1] not in self.problem.functions and called[2] not in self.problem.known:
                self.function(called[1], called[2], rest[0], line)
                return
        if re.fullmatch(NAME, left) and left not in self.problem.known and not self.is_said(left):
            if self.define(left, rest[0], line) and len(rest) > 1:
                self.go_on(rest[1:], line)
            return
        self.over, self.free = loops(rest[-1])[1] or loops(left)[1], []
        step = self.step(left, line.number)
        self.chain = Claim(self.problem, step, [], step.tree is not None and step.tree.head == "Shape")
        self.found.claims.append(self.chain)
        for part in rest:
            self.chain.steps.append(self.step(part, line.number))

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
            return
        self.problem.functions[word] = (argument, tree)

    def define(self, word: str, text: str, line: Line) -> bool:
        """A new name for an expression."""
        try:
            tree = self.read(text)
            missing = undeclared(tree, self.problem)
            if missing:
                raise Unreadable(f"{missing[0]} is not declared; say its size first, as in {missing[0]}: n")
        except Unreadable as error:
            self.unread(line, line.text.strip(), error.why)
            return False
        self.problem.defined[word] = tree
        self.left = (word, line.number)
        if word in LOSSES or not self.problem.loss:
            self.problem.loss = word
        return True

    def functions(self) -> set[str]:
        """Names that are declared as functions, or defined so."""
        return {*self.problem.functions, *(w for w, d in self.problem.declared.items() if d.function)}

    def read(self, text: str, more: frozenset[str] = frozenset()) -> Expr:
        """Text, or LaTeX between $ signs."""
        p, functions = self.problem, self.functions()
        if text.startswith("$"):
            from ..language import latex

            return latex.read(text.strip("$ "), {*p.known, *more} - functions, functions)
        return read(text, {*p.known, *more}, loss=p.loss, functions=functions)

    def step(self, text: str, line: int) -> Step:
        """An expression, over the indices that are named at the end of the line, and those that are free."""
        body, own = loops(text)
        try:
            tree = self.read(body)
            for loop in reversed(own or self.over):
                tree = self.bound(tree, loop)
            free = undeclared(tree, self.problem)
            more = [(word, self.reach(tree, word)) for word in free if word not in dict(self.free)]
            if self.chain is None:
                self.free = more
            elif not dict(self.free).keys() & set(free) and self.whole(tree):
                return Step(text, line, tree)  # dJ/dt[i] = sigma(t) - delta: all of it at once
            else:
                more = self.free + more
            for word, last in reversed(more):
                tree = Expr("Each", (tree, number(1), last), word)
        except Unreadable as error:
            return Step(text, line, None, error.why)
        return Step(text, line, tree)

    def whole(self, tree: Expr) -> bool:
        """Has it the shape of the left side with all its indices, although it has none of them?"""
        if not self.free or self.chain is None or self.chain.left.tree is None:
            return False
        try:
            values = self.problem.point(next(self.problem.settings()), 0).values()
            return shape(values(tree)) == shape(values(self.chain.left.tree))
        except (Misfit, Impossible, Unreadable, StopIteration):
            return False

    def bound(self, tree: Expr, loop: str) -> Expr:
        """``j in 1..n``, or a condition on indices as k != l."""
        bounds = re.fullmatch(r"\s*(\w+)\s*(?:\bin\b|=)\s*(.+?)\.\.(.+?)\s*", loop)
        if bounds:
            return Expr("Each", (tree, self.read(bounds[2]), self.read(bounds[3])), bounds[1])
        condition = read(re.sub(r"(?<![=!<>])=(?!=)", "==", loop), self.problem.known)
        return Expr("If", (condition, tree, number(0)))

    def reach(self, tree: Expr, word: str) -> Expr:
        """How far a free index goes: the length of the axis in which it stands."""
        for _, node in walk(tree):
            if node.head == "Index":
                base, *parts = node.args
                for i, part in enumerate(parts):
                    if part == name(word):
                        if len(parts) == 1 and self.is_vector(base):
                            return Expr("Shape", (base,), "size")
                        return Expr("Index", (Expr("Shape", (base,), "shape"), number(i + 1)))
        raise Unreadable(f"{word} is not declared; say its size first, as in {word}: n")

    def is_vector(self, base: Expr) -> bool:
        """Is it declared as one, or defined?"""
        made = self.problem.declared.get(base.value) if base.head == "Name" else None
        return made is None or len(made.lengths) < 2 or number(1) in made.lengths


def declared(said: str, problem: Problem, line: int) -> Declared:
    """What stands behind the colon.  New letters in sizes are sizes."""
    size, *traits = [p.strip() for p in split(re.sub(r"\bwith\b", ",", said), ",")]
    if size in ("function", "elementwise function", "activation", "function of one number"):
        return Declared((), function=True, line=line)
    known = set()
    axis = "columns" if any("column" in t for t in traits) else ""
    for trait in traits:
        plain = re.sub(r"^(rows?|columns?|each row|each column|whose rows|whose columns)\s+(are\s+|is\s+)?", "", trait)
        found = next((kind for kind, words in TRAITS.items() if plain.lower() in words), None)
        if found is None:
            raise Unreadable(f"{trait!r} is not known here; there are: {', '.join(w[0] for w in TRAITS.values())}")
        known |= {found} | ({axis} if axis else set())
    index = re.fullmatch(r"(?:an?\s+)?ind(?:ex|ices) of (.+)", size)
    if index:
        (of,) = sizes(index[1], problem)
        return Declared((), index_of=of, line=line)
    size = re.sub(
        r"^(?:a\s+)?(?:column|vector|row|matrix|array)(?:\s+of)?\s*", lambda m: "row " * ("row" in m[0]), size
    )
    if size in ("number", "scalar", "a number", "real", "R", "ℝ", ""):
        return Declared((), frozenset(known), line=line)
    return Declared(tuple(sizes(size, problem)), frozenset(known), line=line)


def sizes(text: str, problem: Problem) -> list[Expr]:
    """``M``, ``n+1 by M``, ``(n+1, M)``, ``R^{n x M}``, ``row M``."""
    text = re.sub(r"^[Rℝ]\s*\^\s*[({]?(.*?)[)}]?$", r"\1", text.strip())
    row = text.startswith("row ")
    text = text.removeprefix("row ").strip()
    if text[:1] == "(" and closing(text, 0) == len(text):
        text = text[1:-1]
    parts = [p for p in re.split(r"\s+by\s+|\s*[×⨯]\s*|\s+x\s+|\s*,\s*|\s*\\times\s*", text) if p.strip()]
    if not 1 <= len(parts) <= 3:
        raise Unreadable("a size is M, or n by M")
    trees = [read(p) for p in parts]
    for tree in trees:
        for _, node in walk(tree):
            if node.head not in ("Number", "Name", "add", "subtract", "multiply", "matmul", "divide"):
                raise Unreadable(f"a size is M, or n+1 by M; not {text[:40]}")
            if node.head == "Name" and (len(node.value) > 12 or node.value in {*problem.declared, *problem.defined}):
                raise Unreadable(f"{node.value[:20]} is no size")
            if node.head == "Number" and not 0 < node.value < 1000:
                raise Unreadable("a size is between 1 and 1000")
    if numbers(trees) > MOST_NUMBERS:
        raise Unreadable(f"an array has at most {MOST_NUMBERS:,} numbers")
    for tree in trees:
        problem.sizes |= {node.value for _, node in walk(tree) if node.head == "Name"}
    return [number(1), *trees] if row else trees


def numbers(lengths: Sequence[Expr]) -> float:
    """About how many numbers there are in an array.  Unreadable, if a length is none."""
    known = {node.value: TYPICAL for tree in lengths for _, node in walk(tree) if node.head == "Name"}
    return prod(float(length(tree, known)) for tree in lengths)
