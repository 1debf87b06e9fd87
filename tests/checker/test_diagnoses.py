"""What the checker says of mistakes: of those that students typically make, and of those in the five hand-ins."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pytest
from mistakes import Mistake, load

from tinygrad_edu import check
from tinygrad_edu.checker.check import check_text
from tinygrad_edu.checker.results import CODES, Result

MISTAKES = load()
GIVEN = """sign-logsig logsig-as-sig sigma-of-a forgot-phi-prime weights-wrong-layer missing-transpose-square
    outer-missing-transpose dot-for-hadamard order-of-factors numerator-layout softmax-diagonal indicator-lost
    missing-log lse-path bias-no-sum one-over-N-missing mse-factor-two tied-weights repeated-index
    residual-identity""".split()
EVERY = pytest.mark.parametrize("mistake", MISTAKES, ids=[m.id for m in MISTAKES])


def judged(mistake: Mistake, claim: object, masked: bool = False) -> Result:
    """What is said of a claim."""
    return check(mistake.functions()[0], mistake.wrt, claim, mistake.draw(0, masked=masked))


@EVERY
def test_what_is_right_is_accepted(mistake: Mistake) -> None:
    for claim in (mistake.functions()[1], *mistake.functions()[3]):
        result = judged(mistake, claim)
        assert result.verdict == "right", (claim, str(result))


NOT_READ = {"conv-kernel-reversed", "conv-one-window", "conv-input-flip"}  # 'valid' and pad have no words in text


@EVERY
def test_what_is_right_is_accepted_as_text(mistake: Mistake) -> None:
    for claim in (mistake.right, *mistake.right_alt):
        result = judged(mistake, claim)
        assert result.verdict == "right" or (mistake.id in NOT_READ and not result.diagnoses), (claim, str(result))


@functools.cache
def of_wrong(number: int, text: bool) -> Result:
    """What is said of the wrong answer."""
    mistake = MISTAKES[number]
    return judged(mistake, mistake.wrong if text else mistake.functions()[2])


WRITTEN = pytest.mark.parametrize("text", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["function", "text"])


@WRITTEN
@EVERY
def test_what_is_wrong_is_rejected_and_at_most_two_reasons_are_given(mistake: Mistake, text: bool) -> None:
    result = of_wrong(MISTAKES.index(mistake), text)
    assert result.verdict in ("wrong", "right-transposed", "right-if")
    assert (result.verdict == "right-if") == (mistake.id == "soft-targets")  # q does not sum to one there
    assert len(result.diagnoses) <= 2 and {d.code for d in result.diagnoses} <= {*CODES}


# Targets that sum to one are what cross-entropy is about: for them p - q is right.
MASKED = [m for m in MISTAKES if m.masked and m.id != "soft-targets"]


@pytest.mark.parametrize("mistake", MASKED, ids=lambda m: m.id)
def test_special_inputs_do_not_fool_it(mistake: Mistake) -> None:
    """A symmetric matrix, equal rows, a weight of zero: what passes there is wrong all the same."""
    assert judged(mistake, mistake.functions()[2], masked=True).verdict != "right"


@WRITTEN
def test_the_mistake_is_named(text: bool) -> None:
    """The counts are what was reached; a change may only raise them."""
    found = {m.id: [d.code for d in of_wrong(i, text).diagnoses] for i, m in enumerate(MISTAKES)}
    assert [i for i in GIVEN if found[i][:1] != [next(m.category for m in MISTAKES if m.id == i)]] == []
    exact = sum(found[m.id][:1] == [m.category] for m in MISTAKES)
    fair = sum(bool(found[m.id]) and found[m.id][0] in (m.category, *m.also) for m in MISTAKES)
    assert exact >= 133 and fair >= 150, (exact, fair)


def test_a_reason_names_what_it_is_about() -> None:
    rng = np.random.default_rng(0)
    shapes = {"W1": (3, 3), "W2": (3, 3), "x": 3, "c": 3}
    at = {word: rng.normal(size=shape) for word, shape in shapes.items()}

    def loss(W1, W2, x, c):
        v = W1 @ x
        a = np.tanh(v)
        return c @ (W2 @ a)

    said = {
        "np.outer(W2.T @ c, x)": "a missing local derivative: that of tanh at v",
        "np.outer((1 - a**2) * (W1.T @ c), x)": "the wrong name, or the wrong layer: W1 in the place of W2",
        "np.outer((1 - a**2) * (W2 @ c), x)": "a missing transpose: W2 goes forward",
        "np.outer((1 - v**2) * (W2.T @ c), x)": "a derivative at the wrong place: at v, not at a",
        "-np.outer((1 - a**2) * (W2.T @ c), x)": "a minus that was lost on the way",
        "3 * np.outer((1 - a**2) * (W2.T @ c), x)": "the answer is 3 times the right one",
    }
    for claim, words in said.items():
        result = check(loss, "W1", claim, at)
        assert result.verdict == "wrong" and words in result.diagnoses[0].text, (claim, str(result))
    assert check(loss, "W1", "np.outer((1 - a**2) * (W2.T @ c), x)", at).verdict == "right"
    assert check(loss, "x", "17", at).diagnoses == []  # a number may come from anywhere


def test_one_edge_explains_what_cannot_be_read() -> None:
    """The claim is a function of which nothing but its numbers is known, so that only the sweep can tell."""
    rng = np.random.default_rng(0)
    at = {"x": rng.normal(size=3), "W": rng.normal(size=(3, 3)), "c": rng.normal(size=3)}

    def loss(x, W, c):
        a = np.tanh(W @ x)
        return c @ (x + a)

    def claimed(x, W, c, a):
        return np.array([float(n) for n in c - W.T @ (c * (1 - a**2))])

    (first, *_) = check(loss, "x", claimed, at).diagnoses
    assert (first.code, first.key) == ("SIGN", "is-edge-negated")


def test_where_a_chain_of_derivatives_does_not_join() -> None:
    given = "x: n\nA: m by n\nB: k by m\nw = A@x\nh = sigmoid(w)\nv = B@h\nR = sum(v**3)\n"
    (wrong,) = check_text(given + "dR/dx = dR/dv @ dv/dw @ dh/dw @ dw/dx")
    broken = [d.fields for d in wrong.diagnoses if d.key == "is-chain-broken"]
    assert wrong.verdict == "wrong" and broken == [{"end": "w", "start": "h"}]
    (joined,) = check_text(given + "dR/dx = 2 * dR/dv @ dv/dh @ dh/dw @ dw/dx")
    assert joined.verdict == "wrong" and "is-chain-broken" not in [d.key for d in joined.diagnoses]


def test_what_is_no_number_is_wrong_without_a_reason() -> None:
    (result,) = check_text("x: n\nJ = sum(x)\ndJ/dx = 9**9**9**9 * x")
    assert result.verdict == "wrong" and result.diagnoses == []


def test_a_definition_that_does_not_fit_is_named() -> None:
    (result,) = check_text("u: M\nW: M by N\nJ = sum(W@u)\ndJ/du = W")
    assert result.verdict == "uncheckable"
    assert result.why == "the shapes in the definition of J do not fit: M×N @ M×1"


# The hand-ins.

RECORD = json.loads((Path(__file__).parents[1] / "data" / "handins.json").read_text(encoding="utf-8"))
HANDINS = Path(__file__).parents[2] / "lessons" / "handins"
NAMED = {
    "sign": "SIGN", "missing minus": "SIGN", "spurious transpose": "TRANSPOSE", "missing transpose": "TRANSPOSE",
    "wrong index": "INDEX_SHIFT", "wrong layer index": "INDEX_SHIFT", "wrong node": "INDEX_SHIFT",
    "wrong symbol": "INDEX_SHIFT", "missing log": "WRONG_FUNCTION", "brace misplaced": "WRONG_FUNCTION",
    "spurious exponent": "LOCAL_DERIVATIVE", "missing exponent": "LOCAL_DERIVATIVE", "missing term": "MISSING_PATH",
    "missing factor": "MISSING_FACTOR", "spurious sum": "AXIS", "wrong order": "ORDER", "inner product": "HADAMARD",
    "shape": "AXIS", "wrong numerator": "CHAIN",
}  # fmt: skip


@pytest.mark.slow
def test_the_mistakes_in_the_hand_ins_are_named() -> None:
    """Of 48 wrong claims; what is not named has two or three mistakes at once, or says nothing that one could mend."""
    found: dict[tuple[str, int], Result] = {}
    for path in sorted(HANDINS.glob("0*.md")):
        for result in check_text(path.read_text(encoding="utf-8")):
            found |= {(path.name, r.line): r for r in (result.steps or [result])}
    named = []
    for entry in [e for e in RECORD if e["verdict"] == "wrong"]:
        results = [found[entry["file"], line] for line in entry["lines"]]
        wrong = next(r for r in results if r.verdict == "wrong")
        wanted = {code for said in entry["mistakes"] for words, code in NAMED.items() if said.startswith(words)}
        assert wanted, entry["mistakes"]
        named.append(bool(wanted & {d.code for d in wrong.diagnoses}))
    assert len(named) == 48 and sum(named) >= 42, sum(named)
