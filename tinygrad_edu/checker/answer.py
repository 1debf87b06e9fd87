"""What it should be: the formula of a derivative that a hand-in got wrong, in the notation of the hand-in.

The formula is found from the record of what was given, with the names that the hand-in gives to what is between; it is
shown only if it is right when it is read as the student's line was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..formulas.closed import formula
from ..formulas.result import Closed
from ..language import writing
from ..language.reading import Unreadable, read
from ..language.tree import Expr, call, name, names, number, walk
from ..language.values import Impossible, Misfit, shape
from ..op import OPS
from ..tensor import Tensor
from .hints import RIGHT
from .judge import Question, Uncheckable, compared
from .print_handin import NoWords, print_handin
from .problem import Point, Problem
from .vectorise_sums import ALL, vectorise_sums

LONGEST = 240  # characters: what is longer explains nothing
ACTIVATIONS = ("tanh", "softplus", "gelu", "arctan")  # stand for functions of which nothing is known
SUMMING = {"distribution", "one-hot"}


class Answer(NamedTuple):
    """A formula: as it is typed in a hand-in, and its tree."""

    text: str
    tree: Expr

    @property
    def latex(self) -> str:
        return writing.latex(self.tree)


def correct(problem: Problem, question: Question) -> Answer | None:
    """What the left side is, as a formula that the checker finds right; None where no such formula is found.

    ``question``: about the left side, with the points at which the claim was judged.
    """
    try:
        if question.left.head == "Shape":
            return sizes(problem, question)
        asked = Wanted(problem, question.left)
        for tree in asked.candidates():
            answer = shown(asked, question, tree)
            if answer is not None:
                return answer
    except (NoAnswer, Misfit, Impossible, Unreadable, Uncheckable, ValueError, TypeError, KeyError):
        pass  # what has no answer is still wrong
    return None


def shown(asked: Wanted, question: Question, tree: Expr) -> Answer | None:
    """The formula as text, if that is right when it is read again."""
    try:
        text = print_handin(tree, asked.length)
        if len(text) > LONGEST:
            return None
        p = asked.problem
        functions = {*p.functions, *(w for w, d in p.declared.items() if d.function)}
        again = read(text, {*p.known, *asked.letters}, loss=p.loss, functions=functions)
        whole = again
        for each in reversed(asked.over):
            whole = each._replace(args=(whole, *each.args[1:]))
        return Answer(text, again) if compared(question, whole).verdict == RIGHT else None
    except (NoWords, Unreadable):
        return None


def sizes(problem: Problem, question: Question) -> Answer | None:
    """The shape of something: (n+1, M)."""
    if question.left.value != "shape":
        return None
    setting = next(problem.settings(), {})
    dims = np.atleast_1d(problem.point(setting, 0).values()(question.left))
    words = [letters(int(n), setting) for n in dims]
    tree = Expr("List", tuple(read(word) for word in words))
    return Answer(f"({', '.join(words)})", tree) if compared(question, tree).verdict == RIGHT else None


def letters(n: int, sizes: Mapping[str, int]) -> str:
    """A size in letters, n or n+1, where there are some."""
    words = {size + 1: f"{word}+1" for word, size in sizes.items()} | {size: word for word, size in sizes.items()}
    return words.get(n, str(n))


class NoAnswer(Exception):
    """The left side is nothing for which there is a formula."""


class Wanted:
    """A left side taken apart: which derivative it is, with respect to what, and which part of it."""

    def __init__(self, problem: Problem, left: Expr) -> None:
        self.problem, self.over = problem, []
        while left.head == "Each" and len(left.args) == 3:
            self.over.append(left)
            left = left.args[0]
        self.letters = [str(each.value) for each in self.over]
        whole, parts = subscripted(left)
        if whole.head == "Name":
            whole = problem.defined.get(whole.value, whole)  # delta(2), where that was said to be dE/dv(2)
        if whole.head != "Derivative":
            raise NoAnswer
        of, rows = subscripted(whole.args[0])
        wrt, columns = subscripted(whole.args[1])
        if wrt.head != "Name" or names(of) & {*self.letters}:
            raise NoAnswer
        self.of, self.wrt, self.parts = of, str(wrt.value), [*rows, *columns, *parts]
        self.point, self.stands, self.units = recorded(problem)

    def closed(self) -> Closed:
        """The formula of the whole derivative."""
        point = self.point
        if self.of.head == "Name":
            result = point.tensors.get(self.of.value)
        else:
            result = point.recorded()(vectorise_sums(self.of, point.values(), point.functions))
        x = point.tensors.get(self.wrt)
        if not isinstance(result, Tensor) or not isinstance(x, Tensor):
            raise NoAnswer
        declared = self.problem.declared.items()
        known = [point.tensors[w] for w, d in declared if d.traits & SUMMING] + [point.tensors[w] for w in self.units]
        found: Closed = formula(result, x, distributions=known)
        return found

    def candidates(self) -> Iterator[Expr]:
        """Trees that may be the left side: as they are, then with letters for numbers that are sizes, or indices."""
        closed = self.closed()
        if not closed:
            return
        for tree in self.of_part(closed):
            tree = renamed(tree, self.stands)
            sizes = {n: word for word, n in self.point.sizes.items()}
            indices = {i: word for word, i in self.point.leaves.items() if isinstance(i, int)}
            trees = [tree, *(lettered(tree, {n: word}) for n, word in sizes.items()), lettered(tree, sizes)]
            yield from dict.fromkeys([*trees, lettered(tree, sizes | indices, True)])

    def of_part(self, closed: Closed) -> Iterator[Expr]:
        """The formula of that part which was asked for."""
        assert closed.tree is not None
        if not self.parts:
            if closed.matrices:
                yield closed.tree
            return
        if len(self.parts) == 1 and closed.matrices:
            try:
                yield self.row(closed.tree, self.parts[0])
            except NoAnswer:
                pass
        one = closed.components
        if one.tree is not None and len(one.indices) == len(self.parts):
            yield put(one.tree, dict(zip(one.indices, self.parts)), {*self.problem.known, *self.letters})

    def row(self, tree: Expr, i: Expr) -> Expr:
        """Row i of a matrix, as a column; of a column, element i."""
        dims = shape(self.point.values()(tree))
        if dims == ():
            return tree
        if dims[0] == 1:
            return transposed(tree)
        op = OPS.get(tree.head.rstrip("'"))
        if tree.head in self.stands or (op is not None and op.elementwise):
            return tree._replace(args=tuple(self.row(a, i) for a in tree.args))
        if dims[1] == 1 or tree.head == "Name":
            return Expr("Index", (tree, i))
        if tree.head == "matmul":
            left, right = self.row(tree.args[0], i), transposed(tree.args[1])
            outer = shape(self.point.values()(right))[1] == 1
            return call("multiply", left, right) if outer else call("matmul", right, left)
        if tree.head == "transpose":
            return Expr("Index", (tree.args[0], ALL, i))
        raise NoAnswer

    def length(self, tree: Expr) -> str:
        return letters(int(np.asarray(self.point.values()(tree))), self.point.sizes)


def recorded(problem: Problem) -> tuple[Point, dict[str, str], dict[str, Any]]:
    """A point at which the problem is recorded in one piece.

    With it, which activations stand for the functions of the problem; and the unit vectors in it, which are leaves with
    what one types for them as names.
    """
    setting = next(problem.settings(3), {}) or next(problem.settings(), {})  # 2/m is not to be 1 there
    plain = problem.point(setting, 0)
    used = {n.head.rstrip("'") for tree in problem.defined.values() for _, n in walk(tree)}
    free = iter([a for a in ACTIVATIONS if a not in used])
    stands: dict[str, str] = {}
    functions = dict(plain.functions)
    for word, d in problem.declared.items():
        if d.function:
            stands[word] = stand = next(free, "") or missing()
            functions[word] = OPS[stand].public
            functions[f"{word}'"] = lambda x, stand=stand: plain.values().slope(stand, x)
    values = plain.values()
    defined = {word: vectorise_sums(tree, values, functions) for word, tree in problem.defined.items()}
    units = {print_handin(n, str): values(n) for tree in defined.values() for _, n in walk(tree) if is_unit(n, problem)}
    again = problem.copy(problem.title, problem.line)
    again.defined = {word: with_names(tree, problem) for word, tree in defined.items()}
    return Point(again, dict(setting), {**plain.leaves, **units}, functions), stands, units


def is_unit(tree: Expr, problem: Problem) -> bool:
    """Is it a unit vector of what is given?"""
    return tree.head == "one_hot" and names(tree) <= {*problem.declared, *problem.sizes}


def with_names(tree: Expr, problem: Problem) -> Expr:
    """The tree with names for unit vectors."""
    if is_unit(tree, problem):
        return name(print_handin(tree, str))
    return tree._replace(args=tuple(with_names(a, problem) for a in tree.args))


def missing() -> str:
    """There is no activation left to stand for a function."""
    raise NoAnswer


def renamed(tree: Expr, stands: Mapping[str, str]) -> Expr:
    """The tree with the functions of the hand-in in place of those that stood for them."""
    back = {stand + prime: word + prime for word, stand in stands.items() for prime in ("", "'")}
    return tree._replace(head=back.get(tree.head, tree.head), args=tuple(renamed(a, stands) for a in tree.args))


def lettered(tree: Expr, words: Mapping[int, str], below: bool = False) -> Expr:
    """The tree with letters for numbers, or for what they divide by; ``below``: in subscripts too."""
    if tree.head == "Number" and tree.value in words:
        return name(words[tree.value])
    whole = tree.args if tree.head == "divide" else (tree, number(1))
    if {part.head for part in whole} == {"Number"}:
        x = whole[0].value / whole[1].value
        n = next((n for n in words if x % 1 and abs(x * n - round(x * n)) < 1e-9), None)
        return tree if n is None else call("divide", number(round(x * n)), name(words[n]))
    if tree.head == "Index" and (not below or tree.args[0].head == "Shape"):
        return tree
    return tree._replace(args=tuple(lettered(a, words, below) for a in tree.args))


def subscripted(tree: Expr) -> tuple[Expr, list[Expr]]:
    return (tree.args[0], list(tree.args[1:])) if tree.head == "Index" else (tree, [])


def transposed(tree: Expr) -> Expr:
    return tree.args[0] if tree.head == "transpose" else call("transpose", tree)


def put(tree: Expr, letters: Mapping[str, Expr], taken: set[str]) -> Expr:
    """The tree with other expressions for its free indices; an index that is summed over gets a letter that is free."""
    if tree.head == "Name":
        return letters.get(str(tree.value), tree)
    if tree.head in ("Sum", "Each"):
        used = taken.union(*map(names, letters.values()))
        letter = next(c for c in (tree.value, *"jklmpqrst") if c not in used)
        inner = {**letters, str(tree.value): name(letter)}
        term, *ends = tree.args
        args = (put(term, inner, {*taken, letter}), *(put(e, letters, taken) for e in ends[:2]),
                *(put(c, inner, taken) for c in ends[2:]))  # fmt: skip
        return Expr(tree.head, args, letter)
    args = tuple(put(a, letters, taken) for a in tree.args)
    if tree.head == "If" and args[0].head == "Compare" and args[0].args[0] == args[0].args[1]:
        return args[1]  # i = i
    if tree.head == "multiply" and number(1) in args:
        return args[args[0] == number(1)]
    return tree._replace(args=args)
