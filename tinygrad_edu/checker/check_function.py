"""The function ``check``: it judges a claim about the gradient of a loss that is given in Python."""

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
from .diagnoses.search import diagnose
from .hints import IF, RIGHT, TRANSPOSED, UNCHECKABLE, WRONG
from .judge import Outcome, Point, Question, Uncheckable, compare, compare_values, find_assumption, find_symmetric
from .python_loss import LOSS, LossPoint, PythonLoss, is_float, is_latex, readings_of, record_call, with_operations
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
            wrt, loss, at = loss_of_record(loss, wrt, at or {})
        elif isinstance(loss, str):
            loss = loss_of_text(loss)
        elif not callable(loss):
            raise TypeError(f"loss is a function, an expression or a Tensor; not {type(loss).__name__}")
        word = wrt if isinstance(wrt, str) else wrt.name or ""
        about["left"] = f"d{LOSS}/d{word}"
        # Random numbers may be negative under a logarithm, and nbgrader gives no points where there is a warning.
        with np.errstate(all="ignore"):
            return judge_claim(PythonLoss(loss, at or {}, word), word, claim, about)
    except (Uncheckable, Unreadable) as error:
        return Result(UNCHECKABLE, why=str(error), **about)


def judge_claim(loss: PythonLoss, wrt: str, claim: Any, about: dict[str, Any]) -> Result:
    """Judges a claim: text, a function or an array.

    Text may be meant by NumPy's rules or by those of the blackboard.  NumPy's are tried first, and the others if the
    claim does not fit or has another shape.  A claim that is right at the shapes of the examples is then compared at
    other sizes.
    """
    left = Expr("Derivative", (name(LOSS), name(wrt)))
    if not isinstance(claim, str) and not callable(claim):
        return judge_array(loss, left, claim, about)
    found: tuple[Outcome, Question, Expr] | None = None
    for reading in readings_of(claim) if isinstance(claim, str) else [loss.reading]:
        loss.reading = reading
        question = Question(left, loss.points)
        try:
            right = claim_as_tree(question, claim, reading)
        except Unreadable:
            if found is None and reading is Columns:
                raise
            if isinstance(claim, str) and reading is not Columns:
                continue
            raise
        outcome = compare(question, right)
        if outcome.verdict == RIGHT and reading is Arrays and shape(outcome.values[0]) != shape(question.truths[0]):
            # A column (n, 1) for a vector (n,): in NumPy the two broadcast differently.
            outcome = outcome._replace(verdict=TRANSPOSED)
        if found is None or outcome.verdict in (RIGHT, TRANSPOSED) or found[0].misfit and not outcome.misfit:
            found = outcome, question, right
        if outcome.verdict == RIGHT or (outcome.verdict == WRONG and has_right_shape(question, outcome)):
            break  # by NumPy's rules it has the right shape, so that is how it was meant
    assert found is not None
    outcome, question, right = found
    loss.reading = getattr(question.points[0], "reading", loss.reading)
    verdict_at_example = outcome.verdict
    if verdict_at_example == RIGHT:
        whole = right if isinstance(claim, str) else opaque_function(claim, {*question.points[0].arrays})
        if found_elsewhere := compare_at_other_sizes(loss, left, whole):
            question, outcome = found_elsewhere
    if outcome.verdict == UNCHECKABLE:
        return Result(UNCHECKABLE, why=outcome.why, **about)
    result = Result(outcome.verdict, relative_error=outcome.error, why=outcome.why, **about)
    fits = verdict_at_example == WRONG and outcome.misfit is None
    if fits and (kind := find_assumption(question, loss.problem, right)):
        result.verdict, result.assumes = IF, kind
    elif outcome.verdict in (WRONG, TRANSPOSED):
        result.assumes = find_symmetric(question, loss.problem, right) if fits else ""
        result.step = 1 if outcome.verdict == WRONG else None
        result.diagnoses = diagnose(question, loss.problem, right, outcome, result.language, result.assumes)
    return result


def has_right_shape(question: Question, outcome: Outcome) -> bool:
    """Does the right side have the shape of the left side at every point?"""
    return outcome.misfit is None and all(shape(t) == shape(x) for t, x in zip(question.truths, outcome.values))


def compare_at_other_sizes(loss: PythonLoss, left: Expr, right: Expr) -> tuple[Question, Outcome] | None:
    """Compares a claim at other sizes: one that is right only where two sizes happen to be equal is wrong.

    Returns the question at those sizes and the outcome if the claim is wrong there, and else None.  A claim that has
    another shape there, or none, is not called wrong for it.
    """
    if has_size_literals(loss.original, loss.at.values(), right):
        return None
    points = loss.points_at_other_sizes()
    question = Question(left, lambda _: iter(points))
    try:
        outcome = compare(question, right)
    except Uncheckable:
        return None
    return (question, outcome) if outcome.verdict == WRONG and has_right_shape(question, outcome) else None


def judge_array(loss: PythonLoss, left: Expr, claim: Any, about: dict[str, Any]) -> Result:
    """Judges a claim that is an array: it is compared at the one point that the user gave."""

    def points(_: Any) -> Iterator[Point]:
        yield LossPoint(loss, loss.at, loss.reading)

    try:
        x = np.asarray(getattr(claim, "_array", claim), float)
    except (TypeError, ValueError):
        raise TypeError(f"claim is text, a function or an array; not {type(claim).__name__}") from None
    question = Question(left, points)
    question.pairs = question.evaluate({}, 1)
    right = Expr("Function", (), ClaimedFunction(lambda: x, []))
    outcome = compare(question, right)
    result = Result(outcome.verdict, relative_error=outcome.error, **about)
    if outcome.verdict != RIGHT:
        result.diagnoses = diagnose(question, loss.problem, right, outcome, result.language)
        result.step = 1 if outcome.verdict == WRONG else None
    return result


class ClaimedFunction:
    """A claim that is a function; it is called with those names of a point for which it has arguments."""

    def __init__(self, claim: Callable[..., Any], arguments: list[str]) -> None:
        self.claim, self.arguments = claim, arguments

    def __call__(self, known: Mapping[str, Any]) -> Any:
        return self.claim(**{word: known[word] for word in self.arguments})


def claim_as_tree(question: Question, claim: Any, reading: type[Any]) -> Expr:
    """Returns the claim as a tree: text is read, and a function is recorded as it is called on Tensors.

    A function that cannot be recorded, or whose record has other values at some point, becomes a node of its own.
    """
    at = question.points[0]
    known = {*at.arrays}
    if isinstance(claim, str) and is_latex(claim):
        return latex.read(claim.strip("$ \n"), {w: len(shape(x)) for w, x in at.arrays.items()})
    if isinstance(claim, str):
        return read(claim, known, loss=LOSS, base=1 if reading is Columns and ".." in claim else 0)
    opaque = opaque_function(claim, known)
    try:
        made = with_operations(claim)
        result, _ = record_call(made, at.tensors, opaque.value.arguments)
        names = names_of_nodes(result.node, at)
        found = tree_of(result.node, names, at.arrays)
        if all(compare_values(p.values()(opaque), p.values()(found))[0] == RIGHT for p in question.points):
            return found  # it is compared at all points, because the function may branch on its arguments
    except (NoTree, Misfit, Impossible, AttributeError, KeyError):
        pass
    except PythonLoss.Unrecordable:
        return tree_of_misfit(claim, opaque, at)
    return opaque


def tree_of_misfit(claim: Callable[..., Any], opaque: Expr, at: Point) -> Expr:
    """Returns the expression that a function computes if its shapes do not fit, and else ``opaque``."""
    try:
        found = call_symbolically(claim, opaque.value.arguments)
        at.values()(found)
    except Misfit:
        return found
    except (NotSymbolic, Impossible):
        pass
    return opaque


def opaque_function(claim: Callable[..., Any], known: set[str]) -> Expr:
    """Returns a node that only calls the function.  Raises Uncheckable if the function's arguments are not names."""
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
    return Expr(
        "Function", (), ClaimedFunction(claim, sorted(known) if everything else [w for w in asked if w in known])
    )


def names_of_nodes(root: Node, at: Point) -> dict[int, str]:
    """Names the nodes of a claim whose results equal, bit by bit, a variable of the loss."""
    known = {
        (x.shape, np.asarray(x._array).tobytes()): w
        for w, x in reversed([*at.tensors.items()])
        if isinstance(x, Tensor)
    }

    def word(node: Node) -> str | None:
        return known.get((node.shape, np.asarray(value(node)).tobytes())) if node is not root else None

    found = reachable([root], lambda node: operand_nodes(node) if word(node) is None else [])
    return {node.serial: w for node in found if (w := word(node)) is not None}


def loss_of_text(text: str) -> Callable[..., Any]:
    """Makes a function of a loss that is an expression."""
    parsed = read(text, base=0)

    def loss(**arrays: Any) -> Any:
        return Arrays(arrays)(parsed)

    return loss


def loss_of_record(
    result: Tensor, wrt: str | Tensor, at: Mapping[str, Any]
) -> tuple[str, Callable[..., Any], dict[str, Any]]:
    """Makes a function of a loss that is a recorded number, so that it can be run at other points.

    Returns the name of what the gradient is with respect to, the function, and the values of its arguments, which are
    the named leaves of the record.
    """
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

    leaf_values = {names[n]: value(n) for n in leaves if n in names and (n.active or is_float(np.asarray(n.result)))}
    # Arrays that were computed outside of the record, as a mask h > 0, are right only near this point.
    loss.only_nearby = any(  # type: ignore[attr-defined]
        isinstance(x, np.ndarray) and x.size > 1 and x.dtype.kind in "fb" and np.isin(x, (0, 1)).all()
        for n in nodes if n.op is not None for a, x in zip(n.args, stored_operands(n)) if a is None
    )  # fmt: skip
    return wrt, loss, {**leaf_values, **{w: x for w, x in at.items() if w in leaf_values}}
