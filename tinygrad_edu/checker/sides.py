"""The sides of an equality: read in the problem that has been stated so far, over the indices that are free in it."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..language import latex
from ..language.reading import Unreadable, read
from ..language.signs import accented
from ..language.spelling import letter, scripted, spelled
from ..language.tokens import Tokens
from ..language.tree import Expr, call, name, number, walk
from ..language.values import Columns, Impossible, Misfit, shape
from .lines import loops
from .problem import Problem, undeclared


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


class Sides:
    """Reads expressions."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.chain: Claim | None = None
        self.over: list[str] = []  # what the chain says of its indices: k != l
        self.free: list[tuple[str, Expr]] = []  # indices that are free on its left side, and how far they go
        self.lost: dict[str, int] = {}  # names whose definition could not be read, and in which line it stands
        self.arguments: dict[str, str] = {}  # J of J(w, b), where these are its arguments

    def functions(self) -> set[str]:
        """Names that are declared as functions, or defined so."""
        return {*self.problem.functions, *(w for w, d in self.problem.declared.items() if d.function)}

    def read(self, text: str, more: frozenset[str] = frozenset()) -> Expr:
        p, functions = self.problem, self.functions()
        text = self.shortened(text)
        if text.startswith("$"):
            spelt = {accented(word): word for word in p.known}
            tree = latex.read(indicators(text.strip("$ "), p.known), {*spelt, *more} - functions, functions)
            return renamed(tree, {new: old for new, old in spelt.items() if new != old})
        return read(text, {*p.known, *more}, loss=p.loss, functions=functions)

    def shortened(self, text: str) -> str:
        """J for ``J(w, b)``, and df/dx for ``f'(x)``."""
        for written, word in self.arguments.items():
            text = re.sub(written, word, text)
        return text

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
            self.check_products(body, tree)
            tree = self.standing(tree)
        except Unreadable as error:
            return Step(text, line, None, error.why)
        return Step(text, line, tree)

    def check_products(self, text: str, tree: Expr) -> None:
        """Refuses two vectors side by side without a sign: is it ⊙, or the inner product?"""
        if text.startswith("$") or not re.search(r"[\w)\]ᵀ]\s+[\w(σ]|\)\(|\d[^\W\d]|[Tᵀ\w]\(", text):
            return
        values = self.values(inner=False)
        try:
            values and values(tree)
        except Misfit as error:
            a, *others = error.shapes or [()]
            if error.head == "matmul" and others == [a] and a[1:] == (1,) and not re.search(r"[@·⋅]", text):
                raise Unreadable("two vectors stand side by side: write * for each element, or .T@") from None
        except (Impossible, Unreadable):
            pass

    def values(self, inner: bool = True) -> Columns | None:
        """A place at which everything has a value."""
        try:
            found = self.problem.point(next(self.problem.settings()), 0).values()
        except (Misfit, Impossible, Unreadable, StopIteration):
            return None
        found.inner = inner
        return found

    def whole(self, tree: Expr) -> bool:
        """Has it the shape of the left side with all its indices, although it has none of them?"""
        if not self.free or self.chain is None or self.chain.left.tree is None:
            return False
        values = self.values()
        try:
            return values is not None and shape(values(tree)) == shape(values(self.chain.left.tree))
        except (Misfit, Impossible, Unreadable):
            return False

    def standing(self, tree: Expr) -> Expr:
        """A sum over rows where a vector is claimed: in NumPy it has one axis, and is no row."""
        left = self.chain.left.tree if self.chain is not None else None
        if left is None:
            return tree
        wrt = left.args[1] if left.head == "Derivative" else None
        made = self.problem.declared.get(wrt.value) if wrt is not None and wrt.head == "Name" else None
        if made is None or len(made.lengths) != 1 or not (flat(tree) and (values := self.values())):
            return tree
        try:
            row = shape(values(tree)) == shape(values(left))[::-1]
        except (Misfit, Impossible, Unreadable):
            return tree
        return call("transpose", tree) if row else tree

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
        raise self.unknown(word, tree)

    def is_vector(self, base: Expr) -> bool:
        """Is it declared as one, or has it the shape of one?"""
        made = self.problem.declared.get(base.value) if base.head == "Name" else None
        if made is not None:
            return len(made.lengths) < 2 or number(1) in made.lengths
        values = self.values()
        try:
            return values is None or 1 in shape(values(base)) or len(shape(values(base))) < 2
        except (Misfit, Impossible, Unreadable):
            return True

    def unknown(self, word: str, tree: Expr | None = None) -> Unreadable:
        """Why a name means nothing: its definition could not be read, or there is none."""
        of = word[1:] if word[:1] == "d" and word[1:] else ""
        for lost in (word, of):
            if lost in self.lost:
                return Unreadable(f"{lost}, in line {self.lost[lost]}, could not be read")
        if of in self.functions():
            slope, whole = f"{of}'(x)", f"d({of}(x))/dx"
            return Unreadable(f"{of} is a function: write {slope}, or {whole}")
        quotient = tree is not None and any(n.head == "divide" and name(word) in parts(n) for _, n in walk(tree))
        if of and quotient and of not in self.problem.known:
            return Unreadable(f"there is no {of} here: say first what it is, as in {of} = ...")
        return Unreadable(f"{word} is not declared; say its size first, as in {word}: n")


def parts(tree: Expr) -> set[Expr]:
    """The two sides of a quotient, without their subscripts."""
    return {arg.args[0] if arg.head == "Index" else arg for arg in tree.args}


def flat(tree: Expr) -> bool:
    """Is it a sum over an axis that NumPy does not keep, perhaps times something?"""
    if tree.head in ("sum", "mean"):
        options = dict(tree.value or ())
        return options.get("axis") == 0 and not options.get("keepdims")
    return tree.head in ("multiply", "divide", "negative", "matmul") and any(map(flat, tree.args))


def renamed(tree: Expr, words: dict[str, str]) -> Expr:
    if not words:
        return tree
    value = words.get(tree.value, tree.value) if tree.head == "Name" else tree.value
    return tree._replace(args=tuple(renamed(arg, words) for arg in tree.args), value=value)


def indicators(text: str, known: set[str]) -> str:
    r"""LaTeX where \delta_{ij} is one if i = j, unless delta has been declared."""
    if {"delta", "δ"} & known:
        return text
    return re.sub(r"\\delta_\{\s*([a-z])\s*,?\s*([a-z])\s*\}", r"\\mathbf{1}_{[\1 = \2]}", text)


def latex_name(text: str, known: set[str]) -> tuple[str, tuple[str, ...]]:
    r"""The name that LaTeX is, and if it has a subscript, as \hat{x}_i, the name without it and the subscript."""
    try:
        tokens = Tokens(text.strip("$ "))
        found = scripted(tokens, letter(tokens))
    except Unreadable:
        return "", ()
    if tokens.peek or found.transposed:
        return "", ()
    word = next((w for w in known if spelled(w) == found.name()), found.name())
    indices = tuple(i for part in found.parts for i in part)
    return word, indices if all(len(i) == 1 and i.islower() for i in indices) else ()
