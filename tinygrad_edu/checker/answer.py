"""Finds the right formula for a derivative that a hand-in got wrong, in the notation of the hand-in.

``formula`` finds it from a record of the problem's definitions, in which intermediate values have the names that the
hand-in gives them.  It is shown only if it is judged right after it has been printed and read again.
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
from .judge import Question, Uncheckable, compare
from .print_handin import NoWords, print_handin
from .problem import Problem, ProblemPoint
from .vectorise_sums import ALL, vectorise_sums

LONGEST = 240  # characters: a longer formula explains nothing
ACTIVATIONS = ("tanh", "softplus", "gelu", "arctan")  # stand for functions that are declared only by name
SUMMING = {"distribution", "one-hot"}  # traits of vectors that sum to one


class Answer(NamedTuple):
    """A formula, as text in the notation of a hand-in and as a tree."""

    text: str
    tree: Expr

    @property
    def latex(self) -> str:
        return writing.latex(self.tree)


def find_answer(problem: Problem, question: Question) -> Answer | None:
    """Finds a formula for the left side that the checker judges to be right; None if there is none.

    ``question`` has the left side and the points at which the claim was judged.
    """
    try:
        if question.left.head == "Shape":
            return shape_answer(problem, question)
        query = DerivativeQuery(problem, question.left)
        for tree in query.candidates():
            answer = verified_answer(query, question, tree)
            if answer is not None:
                return answer
    except (NoAnswer, Misfit, Impossible, Unreadable, Uncheckable, ValueError, TypeError, KeyError):
        pass  # the claim stays wrong, without an answer
    return None


def verified_answer(query: DerivativeQuery, question: Question, tree: Expr) -> Answer | None:
    """Prints a formula and reads it again, and returns it if what was read is right; None if it is not, or too long."""
    try:
        text = print_handin(tree, query.length)
        if len(text) > LONGEST:
            return None
        p = query.problem
        functions = {*p.functions, *(w for w, d in p.declared.items() if d.function)}
        again = read(text, {*p.known, *query.letters}, loss=p.loss, functions=functions)
        whole = again
        for each in reversed(query.lists):
            whole = each._replace(args=(whole, *each.args[1:]))
        return Answer(text, again) if compare(question, whole).verdict == RIGHT else None
    except (NoWords, Unreadable):
        return None


def shape_answer(problem: Problem, question: Question) -> Answer | None:
    """Finds the answer to a question about a shape, as (n+1, M)."""
    if question.left.value != "shape":
        return None
    setting = next(problem.settings(), {})
    dims = np.atleast_1d(problem.point(setting, 0).values()(question.left))
    words = [size_in_letters(int(n), setting) for n in dims]
    tree = Expr("List", tuple(read(word) for word in words))
    return Answer(f"({', '.join(words)})", tree) if compare(question, tree).verdict == RIGHT else None


def size_in_letters(n: int, sizes: Mapping[str, int]) -> str:
    """Returns a size as a letter or a letter plus one, as n or n+1, or else as digits."""
    words = {size + 1: f"{word}+1" for word, size in sizes.items()} | {size: word for word, size in sizes.items()}
    return words.get(n, str(n))


class NoAnswer(Exception):
    """No formula can be found for the left side."""


class DerivativeQuery:
    """A left side taken apart: a derivative of something with respect to a name, or a part of it by its subscripts.

    ``lists`` are the lists [... for j in 1..n] around it, from the outside, and ``letters`` their indices.
    """

    def __init__(self, problem: Problem, left: Expr) -> None:
        self.problem, self.lists = problem, []
        while left.head == "Each" and len(left.args) == 3:
            self.lists.append(left)
            left = left.args[0]
        self.letters = [str(each.value) for each in self.lists]
        whole, parts = split_subscripts(left)
        if whole.head == "Name":
            whole = problem.defined.get(whole.value, whole)  # delta(2) may be defined as dE/dv(2)
        if whole.head != "Derivative":
            raise NoAnswer
        of, rows = split_subscripts(whole.args[0])
        wrt, columns = split_subscripts(whole.args[1])
        if wrt.head != "Name" or names(of) & {*self.letters}:
            raise NoAnswer
        self.of, self.wrt, self.parts = of, str(wrt.value), [*rows, *columns, *parts]
        self.point, self.stand_ins, self.unit_vectors = record_problem(problem)

    def find_formula(self) -> Closed:
        """Returns the formula of the whole derivative.  Raises NoAnswer if its ends are not recorded."""
        point = self.point
        if self.of.head == "Name":
            result = point.tensors.get(self.of.value)
        else:
            result = point.tensor_values()(vectorise_sums(self.of, point.values(), point.functions))
        x = point.tensors.get(self.wrt)
        if not isinstance(result, Tensor) or not isinstance(x, Tensor):
            raise NoAnswer
        declared = self.problem.declared.items()
        summing = [w for w, d in declared if d.traits & SUMMING] + [*self.unit_vectors]
        found: Closed = formula(result, x, distributions=[point.tensors[w] for w in summing])
        return found

    def candidates(self) -> Iterator[Expr]:
        """Yields trees that may equal the left side.

        A record has numbers where the hand-in has sizes and indices, so each tree is also yielded with letters there.
        """
        closed = self.find_formula()
        if not closed:
            return
        for tree in self.select_part(closed):
            tree = restore_names(tree, self.stand_ins)
            sizes = {n: word for word, n in self.point.sizes.items()}
            indices = {i: word for word, i in self.point.leaves.items() if isinstance(i, int)}
            trees = [
                tree,
                *(replace_numbers(tree, {n: word}) for n, word in sizes.items()),
                replace_numbers(tree, sizes),
            ]
            yield from dict.fromkeys([*trees, replace_numbers(tree, sizes | indices, True)])

    def select_part(self, closed: Closed) -> Iterator[Expr]:
        """Yields trees for the part of the derivative that the subscripts of the left side choose."""
        assert closed.tree is not None
        if not self.parts:
            if closed.matrices:
                yield closed.tree
            return
        if len(self.parts) == 1 and closed.matrices:
            try:
                yield self.row_of(closed.tree, self.parts[0])
            except NoAnswer:
                pass
        one = closed.components
        if one.tree is not None and len(one.indices) == len(self.parts):
            yield replace_indices(one.tree, dict(zip(one.indices, self.parts)), {*self.problem.known, *self.letters})

    def row_of(self, tree: Expr, i: Expr) -> Expr:
        """Returns row i of a matrix, as a column; of a column, element i.  Raises NoAnswer where no rule applies."""
        dims = shape(self.point.values()(tree))
        if dims == ():
            return tree
        if dims[0] == 1:
            return transpose(tree)
        op = OPS.get(tree.head.rstrip("'"))
        if tree.head in self.stand_ins or (op is not None and op.elementwise):
            return tree._replace(args=tuple(self.row_of(a, i) for a in tree.args))
        if dims[1] == 1 or tree.head == "Name":
            return Expr("Index", (tree, i))
        if tree.head == "matmul":
            left, right = self.row_of(tree.args[0], i), transpose(tree.args[1])
            outer = shape(self.point.values()(right))[1] == 1
            return call("multiply", left, right) if outer else call("matmul", right, left)
        if tree.head == "transpose":
            return Expr("Index", (tree.args[0], ALL, i))
        raise NoAnswer

    def length(self, tree: Expr) -> str:
        return size_in_letters(int(np.asarray(self.point.values()(tree))), self.point.sizes)


def record_problem(problem: Problem) -> tuple[ProblemPoint, dict[str, str], dict[str, Any]]:
    """Returns a point at which the definitions are recorded without sums over indices.

    Also returns the activations that stand for functions of the problem of which only the names are declared; and the
    unit vectors in the definitions.  Those are leaves there, and their names are what one types for them.
    """
    setting = next(problem.settings(3), {}) or next(problem.settings(), {})  # 2/m is not to be 1 there
    first_point = problem.point(setting, 0)
    used = {n.head.rstrip("'") for tree in problem.defined.values() for _, n in walk(tree)}
    free = iter([a for a in ACTIVATIONS if a not in used])
    stand_ins: dict[str, str] = {}
    functions = dict(first_point.functions)
    for word, d in problem.declared.items():
        if d.function:
            stand = next(free, None)
            if stand is None:
                raise NoAnswer
            stand_ins[word] = stand
            functions[word] = OPS[stand].public
            functions[f"{word}'"] = lambda x, stand=stand: first_point.values().slope(stand, x)
    values = first_point.values()
    defined = {word: vectorise_sums(tree, values, functions) for word, tree in problem.defined.items()}
    unit_vectors = {
        print_handin(n, str): values(n) for tree in defined.values() for _, n in walk(tree) if is_unit(n, problem)
    }
    again = problem.copy(problem.title, problem.line)
    again.defined = {word: name_unit_vectors(tree, problem) for word, tree in defined.items()}
    return (
        ProblemPoint(again, dict(setting), {**first_point.leaves, **unit_vectors}, functions),
        stand_ins,
        unit_vectors,
    )


def is_unit(tree: Expr, problem: Problem) -> bool:
    """Is it a unit vector that depends only on declared names and sizes?"""
    return tree.head == "one_hot" and names(tree) <= {*problem.declared, *problem.sizes}


def name_unit_vectors(tree: Expr, problem: Problem) -> Expr:
    """Replaces the unit vectors in a tree by names."""
    if is_unit(tree, problem):
        return name(print_handin(tree, str))
    return tree._replace(args=tuple(name_unit_vectors(a, problem) for a in tree.args))


def restore_names(tree: Expr, stand_ins: Mapping[str, str]) -> Expr:
    """Replaces the activations in a tree by the functions of the hand-in for which they stand."""
    back = {stand + prime: word + prime for word, stand in stand_ins.items() for prime in ("", "'")}
    return tree._replace(
        head=back.get(tree.head, tree.head), args=tuple(restore_names(a, stand_ins) for a in tree.args)
    )


def replace_numbers(tree: Expr, words: Mapping[int, str], below: bool = False) -> Expr:
    """Replaces numbers in a tree by letters: n for 3, and 2 / n for 2 / 3.

    ``words`` has the letter for each number.  With ``below``, numbers in subscripts are replaced too.
    """
    if tree.head == "Number" and tree.value in words:
        return name(words[tree.value])
    whole = tree.args if tree.head == "divide" else (tree, number(1))
    if {part.head for part in whole} == {"Number"}:
        x = whole[0].value / whole[1].value
        n = next((n for n in words if x % 1 and abs(x * n - round(x * n)) < 1e-9), None)
        return tree if n is None else call("divide", number(round(x * n)), name(words[n]))
    if tree.head == "Index" and (not below or tree.args[0].head == "Shape"):
        return tree
    return tree._replace(args=tuple(replace_numbers(a, words, below) for a in tree.args))


def split_subscripts(tree: Expr) -> tuple[Expr, list[Expr]]:
    return (tree.args[0], list(tree.args[1:])) if tree.head == "Index" else (tree, [])


def transpose(tree: Expr) -> Expr:
    return tree.args[0] if tree.head == "transpose" else call("transpose", tree)


def replace_indices(tree: Expr, letters: Mapping[str, Expr], taken: set[str]) -> Expr:
    """Replaces the free indices of a tree by other expressions.

    An index that is summed over gets another letter if its own is ``taken`` or occurs in one of those expressions.
    """
    if tree.head == "Name":
        return letters.get(str(tree.value), tree)
    if tree.head in ("Sum", "Each"):
        used = taken.union(*map(names, letters.values()))
        letter = next(c for c in (tree.value, *"jklmpqrst") if c not in used)
        inner = {**letters, str(tree.value): name(letter)}
        term, *ends = tree.args
        args = (replace_indices(term, inner, {*taken, letter}), *(replace_indices(e, letters, taken) for e in ends[:2]),
                *(replace_indices(c, inner, taken) for c in ends[2:]))  # fmt: skip
        return Expr(tree.head, args, letter)
    args = tuple(replace_indices(a, letters, taken) for a in tree.args)
    if tree.head == "If" and args[0].head == "Compare" and args[0].args[0] == args[0].args[1]:
        return args[1]  # the condition is i = i
    if tree.head == "multiply" and number(1) in args:
        return args[args[0] == number(1)]
    return tree._replace(args=args)
