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
from collections.abc import Iterator
from typing import NamedTuple

from ..language.reading import Unreadable, closing, read
from ..language.tree import Expr, name, number, walk
from .problem import TRAITS, Declared, Problem, undeclared

MOST_LINES, LONGEST_LINE, LARGEST_FILE = 5_000, 2_000, 1_000_000
LOSSES = ("J", "L", "E", "R", "C", "loss", "cost", "CE", "ℒ", "J_CE", "J_CBOW")

NAME = r"[^\W\d]\w*'*(?:\(\w{1,4}\))?"
DECLARATION = re.compile(rf"\s*({NAME}(?:\s*,\s*{NAME})*)\s*(?::|∈|\bin\b)\s*([^=]+?)\s*[.;]?\s*")
HEADING = re.compile(r"\s*(#{1,6})\s+(.*)")
BULLET = re.compile(r"\s*(?:[-*+•]\s+|\d+[.)]\s+|(?:let|given|where|then|so|hence|therefore|and|thus)\b[:,]?\s+|[⇒→]\s*)", re.I)
FUNCTION = re.compile(r"([^\W\d]\w*)\(([^\W\d]\w*)\)")
FENCE = re.compile(r"\s*(```|~~~)")


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


class Line(NamedTuple):
    """A line of the file without bullets and remarks."""

    number: int
    text: str


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
            parts = [p.strip() for p in re.split(r"(?<![<>!\\])&?=(?!=)", text.strip("$ .,;").replace(r"\\", ""))]
            parts = [f"${p}$" if p else "" for p in parts]
        else:
            parts = equals(text)
        if not text.startswith(("=", "$=", "$&=")) and len(parts) == 1:
            declared = DECLARATION.fullmatch(text)
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
            self.found.claims.append(self.chain)
        if self.chain is None:
            self.unread(line, line.text.strip(), "this line goes on with =, but there is nothing before it")
            return
        over = loops(self.chain.left.text)[1]
        for part in parts:
            self.chain.steps.append(self.step(part, line.number, over))

    def equal(self, parts: list[str], line: Line) -> None:
        """A definition where the left side is a new name; a claim otherwise."""
        left, *rest = parts
        self.chain, self.left = None, None
        called = FUNCTION.fullmatch(left)
        if called and len(rest) == 1 and not {called[1], left} & self.problem.known and not called[2].isdigit():
            if called[1] not in self.problem.functions and called[2] not in self.problem.known:
                self.function(called[1], called[2], rest[0], line)
                return
        if re.fullmatch(NAME, left) and left not in self.problem.known and not self.is_gradient(left):
            if self.define(left, rest[0], line) and len(rest) > 1:
                self.go_on(rest[1:], line)
            return
        tree = self.step(left, line.number, loops(rest[-1] if len(rest) == 1 else left)[1])
        shapes = bool(tree.tree) and tree.tree.head in ("Shape",)  # type: ignore[union-attr]
        self.chain = Claim(self.problem, tree, [], shapes)
        over = loops(rest[-1])[1] or loops(left)[1]
        self.chain = self.chain._replace(left=self.step(left, line.number, over))
        self.found.claims.append(self.chain)
        for part in rest:
            self.chain.steps.append(self.step(part, line.number, over))

    def is_gradient(self, word: str) -> bool:
        """``dW``, where W is known and there is a loss."""
        return word[:1] == "d" and word[1:] in self.problem.known and bool(self.problem.loss)

    def function(self, word: str, argument: str, text: str, line: Line) -> None:
        """``phi(z) = tanh(z)``."""
        try:
            tree = self.read(text, {argument})
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

    def read(self, text: str, more: set[str] = set()) -> Expr:
        """Text, or LaTeX between $ signs."""
        p = self.problem
        functions = {*p.functions, *(w for w, d in p.declared.items() if d.function)}
        if text.startswith("$"):
            from ..language import latex

            return latex.read(text.strip("$ "), {*p.known, *more, *functions})
        return read(text, {*p.known, *more}, loss=p.loss, functions=functions)

    def step(self, text: str, line: int, over: list[str]) -> Step:
        """An expression, over the indices that were named at the end of the line, or that are free on the left."""
        body, own = loops(text)
        try:
            tree = self.read(body)
            for loop in reversed(own or over):
                tree = self.over(tree, loop)
            free = undeclared(tree, self.problem)
            for word in reversed(free):
                last = self.reach(tree, word)
                if last is None and self.chain is not None:  # the range shows on the left
                    last = next((t.args[2] for _, t in walk(self.chain.left.tree or number(0))
                                 if t.head == "Each" and t.value == word), None)  # fmt: skip
                if last is None:
                    raise Unreadable(f"{word} is not declared; say its size first, as in {word}: n")
                tree = Expr("Each", (tree, number(1), last), word)
        except Unreadable as error:
            return Step(text, line, None, error.why)
        return Step(text, line, tree)

    def over(self, tree: Expr, loop: str) -> Expr:
        """``j in 1..n``, or a condition on indices as k != l."""
        bounds = re.fullmatch(r"\s*(\w+)\s*(?:\bin\b|=)\s*(.+?)\.\.(.+?)\s*", loop)
        if bounds:
            return Expr("Each", (tree, self.read(bounds[2]), self.read(bounds[3])), bounds[1])
        condition = read(re.sub(r"(?<![=!<>])=(?!=)", "==", loop), self.problem.known)
        return Expr("If", (condition, tree, number(0)))

    def reach(self, tree: Expr, word: str) -> Expr | None:
        """How far a free index goes: the length of the axis in which it stands."""
        for _, node in walk(tree):
            if node.head == "Index":
                base, *parts = node.args
                for i, part in enumerate(parts):
                    if part == name(word):
                        if len(parts) == 1 and self.is_vector(base):
                            return Expr("Shape", (base,), "size")
                        return Expr("Index", (Expr("Shape", (base,), "shape"), number(i + 1)))
        return None

    def is_vector(self, base: Expr) -> bool:
        """Is it declared as one, or defined?"""
        made = self.problem.declared.get(base.value) if base.head == "Name" else None
        return made is None or len(made.lengths) < 2 or number(1) in made.lengths


def lines(text: str) -> Iterator[Line]:
    """Lines that may say something: without fences, quotes, remarks and bullets; Markdown's tables and HTML are not."""
    shut = False
    for i, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = raw.rstrip()
        if shut or line.lstrip().startswith("<!--"):
            shut = "-->" not in line
            continue
        if not line.strip() or FENCE.match(line) or line.lstrip().startswith((">", "|", "//", "---", "===")):
            continue
        if not HEADING.match(line):
            line = re.sub(r"\s{2,}(//|#)\s.*$|\s//\s.*$", "", line)
            line = BULLET.sub("", line, count=1) if BULLET.match(line) else line
        yield Line(i, line)


def equals(text: str) -> list[str]:
    """What stands between signs of equality outside of brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "=" and depth == 0 and text[i - 1 : i] not in ("<", ">", "!", "=") and text[i + 1 : i + 2] != "=":
            if re.search(r"(?:\bfor\b|,)\s*\w+\s*$", text[start:i]) and re.match(r"=\s*[\w+-]+\s*\.\.", text[i:]):
                continue  # , j = 1..n
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return [p.strip().rstrip(".,;").strip() for p in parts]


def split(text: str, sign: str) -> list[str]:
    """The parts between signs outside of brackets."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if c == sign and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def loops(text: str) -> tuple[str, list[str]]:
    """An expression, and what is said of its indices behind it: ``... for j in 1..n, k != j``, ``..., j = 1..n``."""
    if text.startswith("$"):
        return text, []
    at = 0
    while at < len(text):
        if text[at] in "([{":
            at = closing(text, at) or len(text)
            continue
        found = re.compile(r"\s+for(?:\s+all|\s+each)?\s+|\s+if\s+(?!.*\belse\b)|\s*,\s*(?=\w+\s*(?:=|in)\s*[\w+-]+\s*\.\.)").match(text, at)
        if found:
            said = [p.strip() for p in re.split(r",|\band\b|\bfor\b", text[found.end() :])]
            return text[:at].strip(), [p for p in said if p and re.search(r"[=<>]|\bin\b", p)]
        at += 1
    return text, []


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
    size = re.sub(r"^(?:a\s+)?(?:column|vector|row|matrix|array)(?:\s+of)?\s*", lambda m: "row " * ("row" in m[0]), size)
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
    for tree in trees:
        problem.sizes |= {node.value for _, node in walk(tree) if node.head == "Name"}
    return [number(1), *trees] if row else trees
