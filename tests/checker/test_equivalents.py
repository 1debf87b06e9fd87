"""Nothing right is called wrong, however it is written; and nothing wrong is right because it is written otherwise.

Each form is first computed here, at one point, so that a rewriting that is not one fails as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from equivalents import Forms, call, index, name, spelled
from formulas_cases import cases
from mistakes import Mistake, load, namespace

from tinygrad_edu.checker import check_function
from tinygrad_edu.checker.check import check_text, judge_claim
from tinygrad_edu.checker.check_function import check
from tinygrad_edu.checker.handin import Claim, Reading, handin
from tinygrad_edu.checker.lines import Line, loops
from tinygrad_edu.checker.problem import Problem, undeclared
from tinygrad_edu.checker.results import Result
from tinygrad_edu.formulas.closed import formula
from tinygrad_edu.language.reading import Unreadable, read
from tinygrad_edu.language.tree import Expr, walk
from tinygrad_edu.language.values import Arrays, Impossible, Misfit, shape
from tinygrad_edu.language.writing import latex
from tinygrad_edu.op import OPS

FOLDER = Path(__file__).parents[2] / "lessons" / "handins"
MISTAKES = {m.id: m for m in load()}
LONGEST = 1_800  # characters
NOT_IN_LATEX = {"einsum", "Shape", "If", "diag", "trace", "Each", "vstack", "hstack", "List"}


def same(x: Any, y: Any) -> bool:
    return np.shape(x) == np.shape(y) and np.allclose(x, y, rtol=1e-9, atol=1e-11)


# Claims from Python.


@lru_cache
def known(entry: str) -> tuple[dict[str, Any], dict[str, Expr]]:
    """The arrays and the lets of an entry, and the lets as trees."""
    m = MISTAKES[entry]
    values, trees = m.draw(), {}
    for word, text in m.lets.items():
        values[word] = eval(text, namespace() | values)
        try:
            trees[word] = read(text, values, base=0)
        except Unreadable:
            pass
    return values, trees


def forms(m: Mistake, answer: str, seeds: range, function: bool) -> Iterator[str]:
    """Other forms of an answer, as text."""
    values, lets = known(m.id)
    try:
        tree = read(answer, values, base=0)
        truth = Arrays(values)(tree)
    except (Unreadable, Misfit, Impossible):
        return  # it is said in words that are Python's alone
    for seed in seeds:
        made = Forms(Arrays(values), seed, lets)
        made.plain = function
        tree_ = made.form(tree, 1 + seed % 8 * 2)
        assert same(Arrays(values)(tree_), truth), (
            f"{m.id}, seed {seed}: no rewriting of {answer}: {spelled(tree_, seed, True, 0)}"
        )
        yield spelled(tree_, seed, function or seed % 2 == 0, 0)


def as_function(m: Mistake, text: str) -> Any:
    names = namespace() | {"__builtins__": {"sum": sum, "range": range, "len": len}}
    exec(m.source("claim", text), names)
    return names["claim"]


def check_mistake(m: Mistake, seeds: range, answers: list[str], right: bool) -> int:
    """How many forms have been judged."""
    judged_, loss, at = 0, m.functions()[0], m.draw()
    for answer in answers:
        for function in (False, True):
            for text in forms(m, answer, seeds, function):
                result = check(loss, m.wrt, as_function(m, text) if function else text, at)
                if right:
                    assert result.verdict == "right", f"{m.id}: {text}\nis {answer}, but: {result}"
                else:
                    allowed = {"right-if"} if m.id == "soft-targets" else set()  # of targets that need not sum to one
                    assert result.verdict not in {"right", "right-if"} - allowed, (
                        f"{m.id}: {text}\nis {answer}, but: {result}"
                    )
                judged_ += 1
    return judged_


@pytest.mark.parametrize("block", range(4))
def test_a_right_answer_is_right_in_other_forms(block: int) -> None:
    entries = list(MISTAKES.values())[block::4]
    assert sum(check_mistake(m, range(i, i + 1), [m.right, *m.right_alt], True) for i, m in enumerate(entries)) > 100


@pytest.mark.slow
def test_a_right_answer_is_right_in_many_other_forms() -> None:
    entries = MISTAKES.values()
    assert sum(check_mistake(m, range(100, 112), [m.right, *m.right_alt], True) for m in entries) > 4_000


def test_a_wrong_answer_is_wrong_in_another_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_function, "diagnose", lambda *_: [])
    assert sum(check_mistake(m, range(i, i + 1), [m.wrong], False) for i, m in enumerate(MISTAKES.values())) > 250


@pytest.mark.slow
def test_a_wrong_answer_is_wrong_in_ten_other_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_function, "diagnose", lambda *_: [])
    assert sum(check_mistake(m, range(200, 205), [m.wrong], False) for m in MISTAKES.values()) > 1_250


@pytest.mark.slow
def test_why_it_is_wrong_is_asked_of_any_form() -> None:
    for i, m in enumerate([*MISTAKES.values()][::5]):
        check_mistake(m, range(300 + i, 301 + i), [m.wrong], False)


# Claims of hand-ins.


class Said(NamedTuple):
    """A right step of a claim: its two sides without what is said of their indices, and that."""

    where: str
    claim: Claim
    left: str
    right: str
    behind: list[str]
    line: int


def functions(problem: Problem) -> set[str]:
    return {*problem.functions, *(w for w, d in problem.declared.items() if d.function)}


def parsed(text: str, problem: Problem) -> Expr:
    return read(text, problem.known, loss=problem.loss, functions=functions(problem))


@lru_cache
def said(file: str) -> list[Said]:
    """All right steps of a hand-in."""
    found = []
    for claim in handin((FOLDER / file).read_text(encoding="utf-8")).claims:
        if claim.left.tree is None or claim.shapes:
            continue
        result = judge_claim(claim)
        over = loops(claim.steps[0].text)[1] or loops(claim.left.text)[1]
        for step, verdict in zip(claim.steps, result.steps or [result]):
            if verdict.verdict == "right":
                body, own = loops(step.text)
                left = loops(claim.left.text)[0]
                found.append(Said(f"{file}:{step.line}", claim, left, body, own or over, step.line))
    return found


def again(s: Said, left: str, right: str) -> Result:
    """The verdict on a line that stands where that one does."""
    reading = Reading("")
    reading.problem = s.claim.problem
    reading.line(Line(s.line, f"{left} = {right}" + f"   for {', '.join(s.behind)}" * bool(s.behind)))
    assert not reading.found.unread, f"{s.where}: {reading.found.unread[0].why}: {right}"
    return judge_claim(reading.found.claims[-1])


def derivatives(s: Said, left: Expr, point: Any) -> dict[Expr, Any]:
    """Derivatives with respect to what is defined, and the chain rule through it."""
    found, loss = {}, name(s.claim.problem.loss)
    for word in s.claim.problem.defined:
        try:
            inner = Expr("Derivative", (loss, name(word)))
            if inner not in (left, Expr("Derivative", (loss, loss))) and np.any(y := point.values()(inner)):
                found[inner] = y
            if left.head == "Derivative" and left.args[0] == loss != name(word) and left.args[1].head == "Name":
                jacobian = call("transpose", Expr("Derivative", (name(word), left.args[1])))
                chain = call("matmul", jacobian, inner)
                y = point.values()(chain)
                if (
                    np.any(y)
                    and y.shape[1:] == (1,)
                    and shape(point.values()(jacobian)) == (len(y), len(point.values()(inner)))
                ):
                    found[chain] = y
        except (Misfit, Impossible):
            pass
    return found


def handin_forms(s: Said, seeds: range) -> Iterator[tuple[str, str]]:
    """Other forms of a step: its left side, which may be that of one component, and its right side."""
    problem = s.claim.problem
    left, tree = parsed(s.left, problem), parsed(s.right, problem)
    apart = (c for c in problem.settings() if not any(a + 1 == b for a in c.values() for b in c.values()))
    setting = next(apart, None)
    point = problem.point(next(problem.settings(), {}) if setting is None else setting, 3)
    assert s.claim.left.tree is not None
    free = sorted({*undeclared(tree, problem), *undeclared(s.claim.left.tree, problem)})
    words = {w for said in s.behind for w in re.findall(r"[^\W\d]\w*", said)} - problem.known - {*free, "in"}
    free += sorted(words)
    others = derivatives(s, left, point) if problem.loss else {}
    defined = {w: t for w, t in problem.defined.items() if w != problem.loss}
    multiples = any(len(shape(x)) > 2 for x in jacobians(tree, point))
    for seed in [] if multiples else seeds:
        values = point.values()
        values.known |= {w: 1 + (i > 0) for i, w in enumerate(free)}
        made = Forms(values, seed, defined)
        made.letters, made.same = (set() if setting is None else problem.sizes), dict(others)
        made.typeset = seed % 5 == 2 and not s.behind
        start, shown = tree, s.left
        if seed % 4 == 3 and not free and is_gradient(left, problem):
            dims = shape(values(left))
            indices = [made.fresh(tree)] if dims else []
            if dims[1:] > (1,):
                indices.append(made.fresh(call("add", tree, name(indices[0]))))
            if indices:
                start, shown = index(tree, *map(name, indices)), f"{s.left}[{', '.join(indices)}]"
                values.known |= {w: 1 + (i > 0) for i, w in enumerate(indices)}
        truth, found = values(start), made.form(start, 1 + seed % 8 * 2)
        assert same(made.value(found), truth), f"{s.where}, seed {seed}: no rewriting: {spelled(found, seed)}"
        text = spelled(found, seed)
        if made.typeset and not NOT_IN_LATEX & {n.head for _, n in walk(found)} and not two_meanings(found, problem):
            text = f"${latex(found, {w: shape(x) for w, x in point.arrays.items()})}$"
        if len(text) < LONGEST:
            yield shown, text


def is_gradient(left: Expr, problem: Problem) -> bool:
    """Of the loss with respect to one name."""
    return left.head == "Derivative" and left.args[0] == name(problem.loss) and left.args[1].head == "Name"


def jacobians(tree: Expr, point: Any) -> Iterator[Any]:
    """What derivatives in it are."""
    for _, node in walk(tree):
        if node.head == "Derivative":
            try:
                yield point.values()(node)
            except (Misfit, Impossible):
                pass


def two_meanings(tree: Expr, problem: Problem) -> bool:
    """Is there a_1, where a1 is a name of its own?"""
    numbered = (n.args for _, n in walk(tree) if n.head == "Index" and n.args[0].head == "Name")
    return any(f"{x.value}{p.value:g}" in problem.known for x, *ps in numbered for p in ps if p.head == "Number")


FILES = sorted(path.name for path in FOLDER.glob("0*.md"))


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_right_claim_of_a_hand_in_is_right_in_other_forms(file: str) -> None:
    for i, s in enumerate(said(file)[::2]):
        for left, right in handin_forms(s, range(i, i + 1)):
            result = again(s, left, right)
            assert result.verdict == "right", f"{s.where}: {left} = {right}\n{result}"


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_right_claim_of_a_hand_in_is_right_in_many_other_forms(file: str) -> None:
    judged_ = 0
    for s in said(file):
        for left, right in handin_forms(s, range(100, 120)):
            result = again(s, left, right)
            assert result.verdict == "right", f"{s.where}: {left} = {right}\n{result}"
            judged_ += 1
    assert judged_ > 150


# Lines in LaTeX.

GIVEN = "u, v: M\nW: M by M\nC: n by M\nq: n\nphi: function\n"
LINES = {
    r"$\frac{\partial J}{\partial u} = \sum_{j=1}^{n} q_j C_j$": "J = sum(q[j]*(C[j].T@u) for j in 1..n)",
    "$\\nabla_u J &= \\sum_{j=1}^{n} q_j C_j \\\\$\n$&= C^\\top q$": "J = sum(q[j]*(C[j].T@u) for j in 1..n)",
    r"dJ/du = $\sum_{j=1}^{n} q_j C_j$ = $C^\top q$": "J = sum(q[j]*(C[j].T@u) for j in 1..n)",
    r"$\frac{dJ}{du} = W^\top \varphi'(W u)$": "J = sum(phi(W@u))",
    r"$\nabla_{u} J = W^\top \phi'(W u)$": "J = sum(phi(W@u))",
    r"$dJ/dW$ = $v u^T$": "J = v.T@W@u",
    r"$\partial J / \partial W_{ij} = v_i u_j$": "J = v.T@W@u",
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_in_latex(line: str) -> None:
    results = check_text(f"{GIVEN}{LINES[line]}\n{line}")
    assert [r.verdict for r in results] == ["right"], results[0].why


# What formula() prints.


@pytest.fixture
def operations() -> Iterator[None]:
    """Operations that the cases declare, as phi, are gone afterwards."""
    before = {*OPS}
    yield
    for word in {*OPS} - before:
        del OPS[word]


@pytest.mark.usefixtures("operations")
def test_what_formula_prints_is_right_for_check() -> None:
    judged_ = 0
    for case, result, wrt, options in cases():
        for word, x in wrt.items():
            if "families" in options:
                continue
            found = formula(result, x, **options)
            for claim in (found.latex, spelled(found.tree)):
                verdict = check(result, x, claim)
                assert verdict.verdict in ("right", "right-if"), f"{case} {word}: {claim}\n{verdict}"
            judged_ += 1
    assert judged_ > 80
