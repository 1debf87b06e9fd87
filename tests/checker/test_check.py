# ruff: noqa: E501
"""``check``: what is right is right, whatever it is given as; and what is no answer is said to be none."""

from __future__ import annotations

import functools
import json
import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Tensor, constant
from tinygrad_edu.checker.check_function import check
from tinygrad_edu.checker.hints import VERDICTS

RNG = np.random.default_rng(0)
X, w, t = RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=4)
W, Y, A, S = RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2)), RNG.normal(size=(3, 3)), RNG.normal(size=(4, 4))
ONE_HOT, LABELS = np.eye(2)[[0, 1, 1, 0]], np.array([0, 1, 1, 0])
OUTSIDE, N = RNG.normal(size=(3, 3)), 4
AT = dict(X=X, w=w, t=t)
ANSWER = "2*X.T @ (X @ w - t)"


def squares(X: Any, w: Any, t: Any) -> Any:
    return ((X @ w - t) ** 2).sum()


def gradient(X: Any, w: Any, t: Any) -> Any:
    return 2 * X.T @ (X @ w - t)


def nothing(X: Any, w: Any) -> Any:
    return (X * X).sum() + 0 * w.sum()


def mean(X: Any, W: Any, Y: Any) -> Any:
    return ((X @ W - Y) ** 2).mean()


def cross_entropy(X: Any, W: Any, Y: Any) -> Any:
    return -(Y * np.log(tg.softmax(X @ W))).sum()


def verdict(loss: Any, wrt: Any, claim: Any, at: Any = None) -> str:
    result = check(loss, wrt, claim, at)
    assert result.verdict in VERDICTS and str(result) and json.dumps(result.to_dict())
    return f"{result.verdict}" + f": {result.why}" * (result.verdict == "uncheckable")


# Arrays of all kinds.

ARRAYS: dict[str, dict[str, Any]] = {
    "as they are": AT,
    "32 bits": {k: x.astype(np.float32) for k, x in AT.items()},
    "whole numbers": dict(X=np.arange(12).reshape(4, 3), w=np.array([1, 2, 3]), t=np.array([1, 0, 2, 5])),
    "lists": {k: x.tolist() for k, x in AT.items()},
    "tuples": dict(X=((1.0, 2.0), (3.0, 4.0)), w=(1.0, 2.0), t=(0.5, 0.0)),
    "lists of whole numbers": dict(X=[[1, 2, 3], [3, 1, 2]], w=[1, 2, 3], t=[1, 0]),
    "tensors": dict(X=constant(X), w=Tensor(w), t=constant(t)),
    "one of each": dict(X=np.ones((1, 1)), w=np.array([0.3]), t=np.array([0.1])),
    "one example": dict(X=X[:1], w=w, t=t[:1]),
    "one feature": dict(X=X[:, :1], w=w[:1], t=t),
    "columns": dict(X=X, w=w[:, None], t=t[:, None]),
    "one column": dict(X=X[:, :1], w=w[:1, None], t=t[:, None]),
    "large": {k: 1e6 * x for k, x in AT.items()},
    "small": {k: 1e-6 * x for k, x in AT.items()},
    "zeros": {k: 0 * x for k, x in AT.items()},
    "more than is asked for": {**AT, "other": 1.0},
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_may_be_anything_that_holds_numbers(kind: str) -> None:
    assert verdict(squares, "w", ANSWER, ARRAYS[kind]) == "right"
    assert verdict(squares, "w", gradient, ARRAYS[kind]) == "right"
    assert verdict(squares, "w", "X.T @ (X @ w - t)", ARRAYS[kind]) == "wrong"


@pytest.mark.parametrize(
    "x", [0.3, 1, np.float64(0.3), np.float32(0.3), np.array(0.3), np.array(2), Tensor(0.3)], ids=repr
)
def test_a_number_has_a_derivative_too(x: Any) -> None:
    assert verdict(lambda x: np.exp(2 * x), "x", "2*exp(2*x)", dict(x=x)) == "right"
    assert verdict(lambda x: np.exp(2 * x), "x", lambda x: 2 * np.exp(2 * x), dict(x=x)) == "right"


# Claims.

CLAIMS: dict[str, tuple[Any, str]] = {
    "text": (ANSWER, "right"),
    "a function": (gradient, "right"),
    "LaTeX": (r"$2 X^\top \left(X w - t\right)$", "right"),
    "LaTeX without dollars": (r"2 X^\top (X w - t)", "right"),
    "an array": (gradient(**AT), "right"),
    "a list": (gradient(**AT).tolist(), "right"),
    "a Tensor": (Tensor(gradient(**AT)), "right"),
    "an array of 32 bits": (np.float32(gradient(**AT)), "right"),
    "an array that is rounded": (np.round(gradient(**AT), 2), "wrong"),
    "another array": (2 * gradient(**AT), "wrong"),
    "with another order of arguments": (lambda t, w, X: 2 * X.T @ (X @ w - t), "right"),
    "of 32 bits": (lambda X, w, t: np.float32(X).T @ np.float32(2 * (X @ w - t)), "right"),
    "that gives a list": (lambda X, w, t: list(2 * X.T @ (X @ w - t)), "right"),
    "that gives a column": (lambda X, w, t: (2 * X.T @ (X @ w - t))[:, None], "right-transposed"),
    "with a default": (lambda X, w, t, k=2: k * X.T @ (X @ w - t), "right"),
    "by name": (lambda *, X, w, t: 2 * X.T @ (X @ w - t), "right"),
    "of everything": (lambda **k: 2 * k["X"].T @ (k["X"] @ k["w"] - k["t"]), "right"),
    "with a loop": (lambda X, w, t: sum(2 * x * (x @ w - y) for x, y in zip(X, t)), "right"),
    "a partial": (functools.partial(lambda k, X, w, t: k * X.T @ (X @ w - t), 2), "right"),
    "that fails": (lambda X, w, t: 1 / 0, "wrong"),
    "that gives nothing": (lambda w: None, "wrong"),
    "that gives a word": (lambda w: "a", "wrong"),
    "that gives one number": (lambda w: 1.0, "wrong"),
    "zero": ("0", "wrong"),
    "nothing": ("", "uncheckable: there is nothing here"),
    "half of it": ("2*", "uncheckable: this cannot be read near '2*'"),
    "of something else": ("X.T @ q", "uncheckable: q is not declared"),
    "that asks for something else": (lambda q: q, "uncheckable: the claim asks for q, which is no argument or variable of the loss"),
    "without names": (lambda *a: a[0], "uncheckable: the claim is a function whose arguments have no names"),
    "code": ("__import__('os').system('true')", "uncheckable: "),
}  # fmt: skip


@pytest.mark.parametrize("kind", CLAIMS)
def test_claims_may_be_anything_that_says_what_the_gradient_is(kind: str) -> None:
    claim, expected = CLAIMS[kind]
    found = verdict(squares, "w", claim, AT)
    assert found.startswith(expected) if expected.endswith(" ") else found == expected


# Losses.


class Model:
    """A loss that is a method, and an object that is one."""

    def __init__(self) -> None:
        self.rate = 0.1

    def loss(self, w: Any, x: Any) -> Any:
        z = self.rate * (w @ x)
        return z * z

    __call__ = loss


def with_default(w: Any, x: Any, rate: float = 0.5) -> Any:
    return rate * (w * x).sum()


def by_name(*, w: Any, x: Any) -> Any:
    return (w * x).sum()


def of_all(**k: Any) -> Any:
    return (k["w"] * k["x"]).sum()


def closure() -> Any:
    inside = RNG.normal(size=(3, 3))
    return (lambda x: x @ inside @ x), lambda x: (inside + inside.T) @ x


PAIR, FREE = dict(w=w, x=w + 1), dict(w=w, t=t)
model, (closed, closed_gradient) = Model(), closure()
LOSSES: dict[str, tuple[Any, str, list[Any], dict[str, Any]]] = {
    "a lambda": (lambda x: (x * x).sum(), "x", ["2*x", lambda x: 2 * x], dict(x=w)),
    "text": ("((X @ w - t)**2).sum()", "w", [ANSWER, gradient], AT),
    "a closure": (closed, "x", ["(inside + inside.T) @ x", closed_gradient], dict(x=w)),
    "of something outside": (lambda x: x @ OUTSIDE @ x, "x", ["(OUTSIDE + OUTSIDE.T) @ x", lambda x: (OUTSIDE + OUTSIDE.T) @ x], dict(x=w)),
    "a partial": (functools.partial(squares, X), "w", [ANSWER, lambda w, t: 2 * X.T @ (X @ w - t)], FREE),
    "a partial by name": (functools.partial(squares, X=X), "w", [lambda w, t: 2 * X.T @ (X @ w - t)], FREE),
    "a method": (model.loss, "w", ["2*0.01*(w @ x)*x", "2*z*0.1*x", lambda w, x: 2 * model.rate**2 * (w @ x) * x], PAIR),
    "an object": (model, "w", ["0.02*(w @ x)*x"], PAIR),
    "with a default": (with_default, "w", ["rate*x", "0.5*x", "x/2", lambda x, rate=0.5: rate * x], PAIR),
    "with a default that is given": (with_default, "w", ["rate*x"], {**PAIR, "rate": 2.0}),
    "by name": (by_name, "w", ["x", lambda *, x: x], PAIR),
    "of everything": (of_all, "w", ["x", lambda **k: k["x"]], PAIR),
    "1 by 1": (lambda w: w.T @ w, "w", ["2*w", lambda w: 2 * w], dict(w=w[:, None])),
    "a tiny gradient": (lambda X, w, t: 1e-12 * squares(X, w, t), "w", ["2e-12*X.T @ (X @ w - t)"], AT),
    "a huge gradient": (lambda X, w, t: 1e12 * squares(X, w, t), "w", ["2e12*X.T @ (X @ w - t)"], AT),
    "a gradient of zeros": (nothing, "w", ["0*w", "zeros(3)", "0", lambda w: np.zeros(3), np.zeros(3)], dict(X=X, w=w)),
    "a number": (lambda w: 3.0, "w", ["0*w", "w - w"], dict(w=w)),
    "relu": (lambda W, x: tg.relu(W @ x).sum(), "W", ["outer(W @ x > 0, x)", "-(-(W @ x > 0))[:, None] * x"], dict(W=A, x=w)),
    "maximum": (lambda W, x: np.maximum(0, W @ x).sum(), "x", ["W.T @ (W @ x > 0)"], dict(W=A, x=w)),
    "absolute": (lambda x: np.abs(x).sum(), "x", ["sign(x)", "x/abs(x)", lambda x: np.where(x > 0, 1.0, -1.0)], dict(x=w)),
    "Huber": (lambda x: np.where(np.abs(x) < 1, 0.5 * x * x, np.abs(x) - 0.5).sum(), "x", ["where(abs(x) < 1, x, sign(x))"], dict(x=2 * w)),
    "max": (lambda x: x.max(), "x", [lambda x: 1.0 * (x == x.max()), "one_hot(argmax(x), 3)"], dict(x=w)),
    "a logarithm": (lambda p, y: -(y * np.log(p)).sum(), "p", ["-y/p"], dict(p=np.array([0.2, 0.3, 0.5]), y=np.array([0, 1.0, 0]))),
    "of positive products": (lambda X, w: np.log(X @ w).sum(), "w", ["X.T @ (1/(X @ w))"], dict(X=np.abs(X), w=np.abs(w))),
    "examples in rows": (mean, "W", ["2*X.T @ (X @ W - Y)/Y.size", "X.T @ (X @ W - Y)/4", "2*X.T @ (X @ W - Y)/8"], dict(X=X, W=W, Y=Y)),
    "classes": (cross_entropy, "W", ["X.T @ (softmax(X @ W) - Y)"], dict(X=X, W=W, Y=ONE_HOT)),
    "labels": (lambda X, W, y: tg.cross_entropy(X @ W, y), "W",
               ["X.T @ (softmax(X @ W) - one_hot(y, 2))/len(y)", lambda X, W, y: X.T @ (tg.softmax(X @ W) - np.eye(2)[y]) / len(y)],
               dict(X=X, W=W, y=LABELS)),
}  # fmt: skip


@pytest.mark.parametrize("kind", LOSSES)
def test_losses_may_be_anything_that_can_be_called(kind: str) -> None:
    loss, wrt, claims, at = LOSSES[kind]
    for claim in claims:
        assert verdict(loss, wrt, claim, at) == "right", claim


def test_a_tiny_gradient_may_be_wrong_too() -> None:
    assert verdict(lambda X, w, t: 1e-12 * squares(X, w, t), "w", "1e-12*X.T @ (X @ w - t)", AT) == "wrong"


def test_a_claim_may_do_one_thing_here_and_another_there() -> None:
    def claim(x: Any) -> Any:
        return 0 * x + 1 if x.sum() > 0 else 0 * x - 1

    for x in (w, -w):
        assert verdict(lambda x: np.abs(x.sum()), "x", claim, dict(x=x)) == "right"


def test_the_inverse_of_a_number_is_one_by_it() -> None:
    claim = r"\left(\sum_{i=1}^{3} e^{x_i}\right)^{-1} e^{x}"
    assert verdict(lambda x: np.log(np.exp(x).sum()), "x", claim, dict(x=w)) == "right"


# Numbers that stand for sizes.

SIZES = {
    "X.T @ (X @ W - Y)/4": "right", "0.25*X.T @ (X @ W - Y)": "right", "X.T @ (X @ W - Y)*(1/(8/2))": "right", "X.T @ (X @ W - Y)/N": "uncheckable: N is not declared",
    "2*X.T @ (X @ W - Y)/(len(X)*2)": "right", "2*X.T @ (X @ W - Y)/Y.size": "right", "2*X.T @ (X @ W - Y)/X.size": "wrong", "X.T @ (X @ W - Y)/5": "wrong",
}  # fmt: skip


@pytest.mark.parametrize("claim", SIZES)
def test_a_number_may_stand_for_a_size(claim: str) -> None:
    assert verdict(mean, "W", claim, dict(X=X, W=W, Y=Y)) == SIZES[claim]


SQUARE = dict(X=S, w=t, t=t + 1)
ON_SQUARES = {
    "X.T @ (X @ w - t)/2": "right", "0.5*X.T @ (X @ w - t)": "right", "2*X.T @ (X @ w - t)/len(t)": "right", "2*X.T @ (X @ w - t)/len(w)": "wrong",
    "2*X.T @ (X @ w - t)/X.shape[0]": "right", "2*X.T @ (X @ w - t)/X.shape[1]": "wrong", "2*X @ (X @ w - t)/len(t)": "wrong",
}  # fmt: skip


@pytest.mark.parametrize("claim", ON_SQUARES)
def test_what_is_right_only_where_two_sizes_are_equal_is_wrong(claim: str) -> None:
    result = check(lambda X, w, t: ((X @ w - t) ** 2).mean(), "w", claim, SQUARE)
    assert result.verdict == ON_SQUARES[claim] and not result.assumes.startswith("sum")


def test_functions_may_hold_numbers_that_stand_for_sizes() -> None:
    at = dict(X=X, W=W, Y=Y)
    n = 4
    for claim in (
        lambda X, W, Y: X.T @ (X @ W - Y) / 4, lambda X, W, Y: X.T @ (X @ W - Y) / N, lambda X, W, Y: X.T @ (X @ W - Y) / n,
        lambda X, W, Y, n=4: X.T @ (X @ W - Y) / n, lambda X, W, Y: -X.T @ (X @ W - Y) / (-4),
        functools.partial(lambda X, W, Y, n: X.T @ (X @ W - Y) / n, n=4),
    ):  # fmt: skip
        assert verdict(mean, "W", claim, at) == "right"


# What cannot be judged.

REFUSED = {
    "no arrays": (squares, "w", None, "at= has no array for X, w, t"),
    "one is missing": (squares, "w", dict(X=X, w=w), "at= has no array for t"),
    "it is with respect to nothing": (squares, "v", AT, ""),
    "the loss fails": (
        lambda w: 1 / 0,
        "w",
        dict(w=w),
        "the loss does not run at these arrays: ZeroDivisionError: division by zero",
    ),
    "the loss gives nothing": (
        lambda w: None,
        "w",
        dict(w=w),
        "the loss does not run at these arrays: TypeError: it returns nothing",
    ),
    "the loss gives a word": (lambda w: "a", "w", dict(w=w), "the loss does not run at these arrays: "),
    "shapes do not fit": (squares, "w", dict(X=X, w=t, t=t), "the loss does not run at these arrays: ValueError: "),
    "the text is none": ("((X @ w -", "w", AT, "a bracket is not closed"),
    "the text is of something else": ("(X @ q).sum()", "w", AT, "the loss does not run at these arrays: "),
    "it is nowhere a number": (lambda w: np.log(-(w @ w)) + np.sqrt(-1 - w @ w), "w", dict(w=w), ""),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("claim", ["2*w", lambda w: 2 * w, np.ones(3)], ids=["text", "function", "array"])
def test_what_cannot_be_judged_is_said_with_its_reason(kind: str, claim: Any) -> None:
    loss, wrt, at, why = REFUSED[kind]
    result = check(loss, wrt, claim, at)
    assert result.verdict == "uncheckable" and result.why.startswith(why) and result.why and float(result) == 0
    assert result.why in str(result) and json.loads(json.dumps(result.to_dict()))["why"] == result.why


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((3, "w", "w", AT), "loss is a function, an expression or a Tensor; not int"),
        ((squares, 3, "w", AT), "wrt is the name of an argument, or a Tensor; not int"),
        ((squares, "w", None, AT), "claim is text, a function or an array; not NoneType"),
        ((squares, "w", object(), AT), "claim is text, a function or an array; not object"),
    ],
)
def test_what_is_no_question_at_all_is_an_error(given: Any, words: str) -> None:
    with pytest.raises(TypeError) as error:
        check(*given)
    assert str(error.value) == words


def test_a_language_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="there is no language 'xx'; there are en, ru, bg"):
        check(squares, "w", ANSWER, AT, language="xx")


# Records.


def test_a_record_is_a_loss_too() -> None:
    X_, w_, t_ = constant(X), Tensor(w), constant(t)
    z = X_ @ w_ - t_
    J = (z * z).sum()
    for wrt, claim in [
        (w_, "2*X_.T @ (X_ @ w_ - t_)"), ("w_", "2*X_.T @ z"), (z, "2*z"), ("z", "2*(X_ @ w_ - t_)"), (w_, lambda X_, w_, t_: gradient(X_, w_, t_)),
        (w_, gradient(**AT)), (w_, "2 * (z @ X_)"),
    ]:  # fmt: skip
        assert verdict(J, wrt, claim) == "right", claim
    assert verdict(J, w_, "X_.T @ z") == "wrong"
    assert verdict(J, "v", "z").startswith("uncheckable: there is no tensor v in this record; there are X_, ")
    assert verdict(J, Tensor(w), "z").startswith("uncheckable")


def test_names_in_a_record_may_have_an_index_above() -> None:
    W1, a0, h = Tensor(w, "W(1)"), constant(w + 1, "a(0)"), Tensor(w, "h")
    J = (W1 * a0).sum()
    assert verdict(J, W1, "a(0)") == verdict(J, "W(1)", "a(0)") == verdict(J, W1, "a^{(0)}") == "right"
    for J in ((h * h * (h.data > 0)).sum(), np.where(h.data > 0, h * h, 0 * h).sum(), (tg.relu(h) ** 2).sum()):
        assert verdict(J, h, "2*h*(h > 0)") == "right"  # a mask is an array of the record's own


def test_a_record_of_a_transpose() -> None:
    V, c = Tensor(X.T, "V"), constant(w, "c")
    J = ((V.T @ c) ** 2).sum()
    assert verdict(J, V, "2*outer(c, V.T @ c)") == "right"
    assert verdict(J, V, "2*outer(V.T @ c, c)") == "right-transposed"


# What is said.


def test_a_result_is_a_verdict_a_score_and_a_sentence() -> None:
    right = check(squares, "w", ANSWER, AT)
    assert right and float(right) == right.score == 1.0 and str(right) == "Right." and right.diagnoses == []
    assert right.to_dict() | {"relative_error": 0} == {
        "verdict": "right", "score": 1.0, "left": "dloss/dw", "right": ANSWER, "line": 0, "problem": "", "step": None, "relative_error": 0,
        "assumption": "", "why": "", "diagnoses": [],
    }  # fmt: skip
    wrong = check(squares, "w", "X.T @ (X @ w - t)", AT)
    assert not wrong and float(wrong) == 0.0 and wrong.step == 1
    assert [d.code for d in wrong.diagnoses] == ["SCALE"]
    assert str(wrong).startswith("Wrong.\nThis is consistent with a constant factor")
    turned = check(lambda W, x: (W @ x).sum(), "W", "outer(x, ones(4))", dict(W=X.copy(), x=w))
    assert turned and float(turned) == 0.5 and turned.verdict == "right-transposed"


def test_right_under_an_assumption_is_right() -> None:
    result = check(cross_entropy, "W", "X.T @ (softmax(X @ W) - Y)", dict(X=X, W=W, Y=np.abs(Y)))
    assert result and result.verdict == "right-if" and float(result) == 1.0 and result.assumes == "sum-one:Y"
    assert "Y" in str(result) and "Y" in result.to_dict()["assumption"]


@pytest.mark.parametrize(("language", "first"), [("en", "Wrong."), ("ru", "Неверно."), ("bg", "Грешно.")])
def test_it_is_said_in_three_languages(language: str, first: str) -> None:
    result = check(squares, "w", "X.T @ (X @ w - t)", AT, language=language)
    assert str(result).splitlines()[0] == first and len(str(result).splitlines()) > 1
    said = result.to_dict()["diagnoses"][0]["text"]
    assert said in str(result) and ("consistent" in said) == (language == "en")
    assert check(squares, "w", "2*", AT, language=language).to_dict()["why"]


def test_a_record_in_a_notebook_is_shown_as_html() -> None:
    assert "<" in check(squares, "w", ANSWER, AT)._repr_html_()


def test_nothing_is_written_and_nobody_is_warned(capfd: pytest.CaptureFixture[str]) -> None:
    """nbgrader gives 0 for a cell that writes to stderr: also where the logarithm of a drawn number is none."""
    at = {"p": np.array([0.2, 0.5, 0.7]), "y": np.array([1.0, 0.0, 1.0])}

    def loss(p: Any, y: Any) -> Any:
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum()

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        assert check(loss, "p", "-y / p + (1 - y) / (1 - p)", at).verdict == "right"
        assert check(loss, "p", lambda p, y: -y / p - (1 - y) / (1 - p), at).verdict == "wrong"
    assert not found and capfd.readouterr() == ("", "")
