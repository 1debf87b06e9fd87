"""``check``: a claim about the gradient of a function, from Python."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..engine.reachable import operand_nodes, reachable
from ..engine.recompute import replay, stored_operands, value
from ..format import locations
from ..graph import Node, Value
from ..language import latex
from ..language.reading import Unreadable, read
from ..language.tree import Expr, name
from ..language.values import Arrays, Columns, Impossible, Misfit, shape
from ..tensor import Tensor
from .diagnoses.search import diagnosed
from .functions import LOSS, FunctionPlace, Given, is_float, is_latex, reading_of, recorded, with_operations
from .hints import IF, RIGHT, TRANSPOSED, UNCHECKABLE, WRONG
from .judge import Outcome, Place, Question, Uncheckable, assumption, compared, one, symmetric
from .record_to_tree import NoTree, tree_of
from .results import Result
from .sentences import catalogue
from .size_literals import has_size_literals
from .symbolic_call import NotSymbolic, call_symbolically

NAME = re.compile(r"[^\W\d]\w*(\(\w{1,4}\))?")


def check(
    loss: Callable[..., Any] | Tensor | str,
    wrt: str | Tensor,
    claim: str | Callable[..., Any] | Any,
    at: Mapping[str, Any] | None = None,
    *,
    language: str = "en",
) -> Result:
    """Is the claim the gradient of the loss?  And if it is not, what is it consistent with?

    ``loss``: a function of named arrays, an expression of their names, or a recorded number.  ``wrt``: the name of an
    argument or of a variable of the function; or a Tensor.  ``claim``: an expression, in NumPy's notation or as one
    writes by hand, which is read and never run; a function of the same names; or an array, which is compared at ``at``.
    ``at``: an array for each argument, as an example of its shape; equal lengths need not mean equal sizes.

    Equality is decided at random points and at several sizes.  Raises TypeError for what is none of these; everything
    that a student can do wrong is a result, ``uncheckable`` and why.

    >>> at = dict(X=np.eye(3)[:2], w=np.ones(3), t=np.ones(2))
    >>> result = check("((X @ w - t) ** 2).sum()", "w", "X.T @ (X @ w - t)", at)
    >>> result.verdict, [d.code for d in result.diagnoses]
    ('wrong', ['SCALE'])
    """
    if not isinstance(wrt, (str, Value)):
        raise TypeError(f"wrt is the name of an argument, or a Tensor; not {type(wrt).__name__}")
    if claim is None:
        raise TypeError("claim is text, a function or an array; not NoneType")
    catalogue(language)  # ValueError, if there is none
    about: dict[str, Any] = {"right": claim if isinstance(claim, str) else "", "language": language}
    try:
        if isinstance(loss, Value):
            wrt, loss, at = of_record(loss, wrt, at or {})
        elif isinstance(loss, str):
            loss = of_text(loss)
        elif not callable(loss):
            raise TypeError(f"loss is a function, an expression or a Tensor; not {type(loss).__name__}")
        word = wrt if isinstance(wrt, str) else wrt.name or ""
        about["left"] = f"d{LOSS}/d{word}"
        with np.errstate(all="ignore"):  # numbers are drawn anywhere, and nbgrader gives 0 for a warning
            return judged(Given(loss, at or {}, word), word, claim, about)
    except (Uncheckable, Unreadable) as error:
        return Result(UNCHECKABLE, why=str(error), **about)


def judged(given: Given, wrt: str, claim: Any, about: dict[str, Any]) -> Result:
    """The verdict on a claim."""
    left = Expr("Derivative", (name(LOSS), name(wrt)))
    if not isinstance(claim, str) and not callable(claim):
        return array_judged(given, left, claim, about)
    found: tuple[Outcome, Question, Expr] | None = None
    for reading in reading_of(claim) if isinstance(claim, str) else [given.reading]:
        given.reading = reading
        question = Question(left, given.places)
        try:
            right = tree(question, claim, reading)
        except Unreadable:
            if found is None and reading is Columns:
                raise
            if isinstance(claim, str) and reading is not Columns:
                continue
            raise
        outcome = compared(question, right)
        if outcome.verdict == RIGHT and reading is Arrays and shape(outcome.values[0]) != shape(question.truths[0]):
            outcome = outcome._replace(
                verdict=TRANSPOSED
            )  # (n, 1) for (n,): what broadcasting makes of it is another matter
        if found is None or outcome.verdict in (RIGHT, TRANSPOSED) or found[0].misfit and not outcome.misfit:
            found = outcome, question, right
        if outcome.verdict == RIGHT or (outcome.verdict == WRONG and fits(question, outcome)):
            break  # what NumPy makes of it is what was meant, if it has the right shape
    assert found is not None
    outcome, question, right = found
    given.reading = getattr(question.places[0], "reading", given.reading)
    here = outcome.verdict  # at the sizes that were given
    if here == RIGHT:
        whole = right if isinstance(claim, str) else function(claim, {*question.places[0].arrays})
        if found_elsewhere := elsewhere(given, left, whole):
            question, outcome = found_elsewhere
    if outcome.verdict == UNCHECKABLE:
        return Result(UNCHECKABLE, why=outcome.why, **about)
    result = Result(outcome.verdict, relative_error=outcome.error, why=outcome.why, **about)
    if here == WRONG and outcome.misfit is None and (kind := assumption(question, given.problem, right)):
        result.verdict, result.assumes = IF, kind
    elif outcome.verdict in (WRONG, TRANSPOSED):
        result.assumes = symmetric(question, given.problem, right) if here == WRONG and not outcome.misfit else ""
        result.step = 1 if outcome.verdict == WRONG else None
        result.diagnoses = diagnosed(question, given.problem, right, outcome, result.language, result.assumes)
    return result


def fits(question: Question, outcome: Outcome) -> bool:
    """Has the right side the shape of the left one?"""
    return outcome.misfit is None and all(shape(t) == shape(x) for t, x in zip(question.truths, outcome.values))


def elsewhere(given: Given, left: Expr, right: Expr) -> tuple[Question, Outcome] | None:
    """Is it right at other sizes too?  What holds only where two sizes happen to be equal is wrong.

    None, if it is right; what has another shape there, or none, says nothing of other sizes.
    """
    if has_size_literals(given.original, given.at.values(), right):
        return None
    places = given.elsewhere()
    question = Question(left, lambda _: iter(places))
    try:
        outcome = compared(question, right)
    except Uncheckable:
        return None
    return (question, outcome) if outcome.verdict == WRONG and fits(question, outcome) else None


def array_judged(given: Given, left: Expr, claim: Any, about: dict[str, Any]) -> Result:
    """An array can be compared at the one point that was given."""

    def places(_: Any) -> Iterator[Place]:
        yield FunctionPlace(given, given.at, given.reading)

    try:
        x = np.asarray(getattr(claim, "_array", claim), float)
    except (TypeError, ValueError):
        raise TypeError(f"claim is text, a function or an array; not {type(claim).__name__}") from None
    question = Question(left, places)
    question.pairs = question.looked({}, 1)
    right = Expr("Function", (), Claimed(lambda: x, []))
    outcome = compared(question, right)
    result = Result(outcome.verdict, relative_error=outcome.error, **about)
    if outcome.verdict != RIGHT:
        result.diagnoses = diagnosed(question, given.problem, right, outcome, result.language)
        result.step = 1 if outcome.verdict == WRONG else None
    return result


class Claimed:
    """A function that was claimed, called with the names that it asks for."""

    def __init__(self, claim: Callable[..., Any], arguments: list[str]) -> None:
        self.claim, self.arguments = claim, arguments

    def __call__(self, known: Mapping[str, Any]) -> Any:
        return self.claim(**{word: known[word] for word in self.arguments})


def tree(question: Question, claim: Any, reading: type[Any]) -> Expr:
    """The claim as a tree: read, or recorded by calling it on Tensors; or else a function of which nothing is known."""
    at = question.places[0]
    known = {*at.arrays}
    if isinstance(claim, str) and is_latex(claim):
        return latex.read(claim.strip("$ \n"), {w: len(shape(x)) for w, x in at.arrays.items()})
    if isinstance(claim, str):
        return read(claim, known, loss=LOSS, base=1 if reading is Columns and ".." in claim else 0)
    opaque = function(claim, known)
    try:
        made = with_operations(claim)
        result, _ = recorded(made, at.tensors, opaque.value.arguments)
        names = named(result.node, at)
        found = tree_of(result.node, names, at.arrays)
        if all(one(p.values()(opaque), p.values()(found))[0] == RIGHT for p in question.places):
            return found  # everywhere: it may do something else at another point
    except (NoTree, Misfit, Impossible, AttributeError, KeyError):
        pass
    except Given.Unrecordable:
        return unfitting(claim, opaque, at)
    return opaque


def unfitting(claim: Callable[..., Any], opaque: Expr, at: Place) -> Expr:
    """What a function would compute whose shapes do not fit."""
    try:
        found = call_symbolically(claim, opaque.value.arguments)
        at.values()(found)
    except Misfit:
        return found
    except (NotSymbolic, Impossible):
        pass
    return opaque


def function(claim: Callable[..., Any], known: set[str]) -> Expr:
    """A function of which nothing is known."""
    try:
        parameters = inspect.signature(claim).parameters
    except (TypeError, ValueError):
        raise Uncheckable("the claim is a function whose arguments have no names") from None
    if any(p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL) for p in parameters.values()):
        raise Uncheckable("the claim is a function whose arguments have no names")
    asked = {w: p for w, p in parameters.items() if p.kind != p.VAR_KEYWORD}
    everything = any(p.kind == p.VAR_KEYWORD for p in parameters.values())
    missing = [w for w, p in asked.items() if w not in known and p.default is p.empty]
    if missing:
        raise Uncheckable(f"the claim asks for {', '.join(missing)}, which is no argument or variable of the loss")
    return Expr("Function", (), Claimed(claim, sorted(known) if everything else [w for w in asked if w in known]))


def named(root: Node, at: Place) -> dict[int, str]:
    """What a claim computes under a name of the loss: the same numbers to the bit."""
    known = {
        (x.shape, np.asarray(x._array).tobytes()): w
        for w, x in reversed([*at.tensors.items()])
        if isinstance(x, Tensor)
    }

    def word(node: Node) -> str | None:
        return known.get((node.shape, np.asarray(value(node)).tobytes())) if node is not root else None

    found = reachable([root], lambda node: operand_nodes(node) if word(node) is None else [])
    return {node.serial: w for node in found if (w := word(node)) is not None}


def of_text(text: str) -> Callable[..., Any]:
    """A loss that was given as an expression."""
    parsed = read(text, base=0)

    def loss(**arrays: Any) -> Any:
        return Arrays(arrays)(parsed)

    return loss


def of_record(
    result: Tensor, wrt: str | Tensor, at: Mapping[str, Any]
) -> tuple[str, Callable[..., Any], dict[str, Any]]:
    """A recorded computation as a function of its leaves, so that it can be run at other points."""
    nodes = reachable([result.node])
    leaves = [node for node in nodes if node.op is None]
    names: dict[Node, str] = {}
    for node in nodes:
        word = node.name or locations.name_in_source(node)
        if word and NAME.fullmatch(word) and word not in names.values():
            names[node] = word
    if not isinstance(wrt, str):
        node = wrt.node
        names[node] = wrt = names.get(node, wrt.name or "x")
    elif wrt not in names.values():
        raise Uncheckable(f"there is no tensor {wrt} in this record; there are {', '.join(sorted(names.values()))}")

    def loss(**arrays: Any) -> Any:
        made = replay(nodes, {node: arrays.get(names.get(node, ""), node.result) for node in leaves})
        loss.variables = {word: made[node] for node, word in names.items()}  # type: ignore[attr-defined]
        return made[result.node]

    given = {names[n]: value(n) for n in leaves if n in names and (n.active or is_float(np.asarray(n.result)))}
    # Arrays that were computed outside of the record, as a mask h > 0, are what they are only around this point.
    loss.near = any(  # type: ignore[attr-defined]
        isinstance(x, np.ndarray) and x.size > 1 and x.dtype.kind in "fb" and np.isin(x, (0, 1)).all()
        for n in nodes if n.op is not None for a, x in zip(n.args, stored_operands(n)) if a is None
    )  # fmt: skip
    return wrt, loss, {**given, **{w: x for w, x in at.items() if w in given}}
