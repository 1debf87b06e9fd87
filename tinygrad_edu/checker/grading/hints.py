"""How much is said of a wrong step: which it is, what kind of mistake, or what it should be.

Everything that shows results asks here, so that nothing shows more than was asked for.
"""

from __future__ import annotations

from ..results import IF, TRANSPOSED, UNCHECKABLE, WRONG, Result, reason, said

WHICH, KIND, ANSWER = 1, 2, 3  # the stages of a hint
SIGNS = {"right": "✓", IF: "~", TRANSPOSED: "~", WRONG: "✗", UNCHECKABLE: "?"}


def steps(result: Result) -> list[Result]:
    """The steps of a claim; a claim of one step is that step."""
    return result.steps or [result]


def is_first_wrong(result: Result, number: int) -> bool:
    """Is this step of several, counted from 1, the first that is wrong?"""
    return result.verdict == WRONG and len(result.steps) > 1 and result.step == number


def is_right_again(result: Result, number: int) -> bool:
    """Is this step right, and the one before it wrong?"""
    found = steps(result)
    return number > 1 and bool(found[number - 1]) and found[number - 2].verdict == WRONG


def remarks(result: Result, number: int, stage: int) -> list[str]:
    """What is said of a step of a claim, in sentences."""
    step, language = steps(result)[number - 1], result.language
    found = [said("right-again", language)] if is_right_again(result, number) else []
    if step.verdict == TRANSPOSED:
        found.append(said("verdict-right-transposed", language))
    if step.verdict == IF:
        found.append(said("if", language, assumption=step.assumption))
    if step.verdict == UNCHECKABLE and step.why:
        found.append(said("why", language, why=reason(step.why, language)))
    if step.verdict == WRONG and stage >= KIND:
        found += [said("misfit", language, why=reason(step.why, language))] if step.why else []
        found += [d.text for d in step.diagnoses]
        found += [said("would-be-right", language, assumption=step.assumption)] if step.assumes else []
    if step.verdict == WRONG and stage >= ANSWER:
        correct = step.correct or (result.correct if is_first_wrong(result, number) else "")
        found += [said("should-be", language, correct=correct)] if correct else []
    return found


def claim(result: Result, number: int) -> str:
    """What a step claims: the left side only where the chain begins, the right side only where there is one."""
    left, right = result.left if number == 1 else "", steps(result)[number - 1].right
    return f"{left} = {right}".strip() if right else left


def told(result: Result, stage: int) -> str:
    """All of a claim in plain text, a line for each step and each remark: for reports."""
    lines = []
    for number, step in enumerate(steps(result), 1):
        verdict = said(f"short-{step.verdict}", step.language)
        lines.append(f"{SIGNS[step.verdict]} {verdict}: {claim(result, number)}")
        if is_first_wrong(result, number):
            lines.append(f"  ({said('first-wrong-here', step.language)})")
        lines += [f"  {words}" for words in remarks(result, number, stage)]
    return "\n".join(lines)
