"""The verdicts, and the stages of a hint: that a step is wrong, the kind of mistake, or what the step should be.

Everything that shows results asks here, so that nothing tells more than the stage allows.  A ``result`` here is a
``Result`` of results.py.
"""

from __future__ import annotations

from typing import Any

from ..web import colours
from ..web.page import escape
from .sentences import sentence, translate_reason

RIGHT, TRANSPOSED, IF, WRONG, UNCHECKABLE = "right", "right-transposed", "right-if", "wrong", "uncheckable"
VERDICTS = (RIGHT, TRANSPOSED, IF, WRONG, UNCHECKABLE)
WHICH, KIND, ANSWER = 1, 2, 3  # the stages of a hint
SIGNS = {"right": "✓", IF: "~", TRANSPOSED: "~", WRONG: "✗", UNCHECKABLE: "?"}


def steps_of(result: Any) -> list[Any]:
    """The results of the steps of a claim; a claim of one step has itself."""
    return result.steps or [result]


def is_first_wrong(result: Any, number: int) -> bool:
    """Is this step (counted from 1) of a chain the first wrong one?"""
    return result.verdict == WRONG and len(result.steps) > 1 and result.step == number


def is_right_again(result: Any, number: int) -> bool:
    """Is this step (counted from 1) right although the one before it is wrong?"""
    found = steps_of(result)
    return number > 1 and bool(found[number - 1]) and found[number - 2].verdict == WRONG


def remarks(result: Any, number: int, stage: int) -> list[str]:
    """The remarks on step ``number`` of a claim, as sentences: no more than the stage of the hint allows."""
    step, language = steps_of(result)[number - 1], result.language
    found = [sentence("right-again", language)] if is_right_again(result, number) else []
    if step.verdict == TRANSPOSED:
        found.append(sentence("verdict-right-transposed", language))
    if step.verdict == IF:
        found.append(sentence("if", language, assumption=step.assumption))
    if step.verdict == UNCHECKABLE and step.why:
        found.append(sentence("why", language, why=translate_reason(step.why, language)))
    if step.verdict == WRONG and stage >= KIND:
        found += [sentence("misfit", language, why=translate_reason(step.why, language))] if step.why else []
        found += [d.text for d in step.diagnoses]
        found += [sentence("would-be-right", language, assumption=step.assumption)] if step.assumes else []
    if step.verdict == WRONG and stage >= ANSWER:
        correct = step.correct or (result.correct if is_first_wrong(result, number) else "")
        found += [sentence("should-be", language, correct=correct)] if correct else []
    return found


def equation_of(result: Any, number: int) -> str:
    """The equation of a step: ``left = right`` for the first one, ``= right`` for those that continue the chain."""
    left, right = result.left if number == 1 else "", steps_of(result)[number - 1].right
    return f"{left} = {right}".strip() if right else left


def plain_text(result: Any, stage: int) -> str:
    """A claim in plain text for reports, with a line for each step and each remark."""
    lines = []
    for number, step in enumerate(steps_of(result), 1):
        verdict = sentence(f"short-{step.verdict}", step.language)
        lines.append(f"{SIGNS[step.verdict]} {verdict}: {equation_of(result, number)}")
        if is_first_wrong(result, number):
            lines.append(f"  ({sentence('first-wrong-here', step.language)})")
        lines += [f"  {words}" for words in remarks(result, number, stage)]
    return "\n".join(lines)


# In a notebook.

# Colours by verdict, which the sign tells too.  Each kind of notebook has its own class for dark.
LIGHT, DARK = (colours.variables(name, colours.VERDICTS) for name in ("light", "dark"))
STYLE = f"""
.tinygrad-check{{{LIGHT};line-height:1.5;text-align:left;max-width:60em}}
@media(prefers-color-scheme:dark){{.tinygrad-check{{{DARK}}}}}
[data-jp-theme-light="true"] .tinygrad-check,.vscode-light .tinygrad-check{{{LIGHT}}}
[data-jp-theme-light="false"] .tinygrad-check,.vscode-dark .tinygrad-check{{{DARK}}}
.tinygrad-check>div{{display:grid;grid-template-columns:7.5em 1fr;gap:0 .8em;padding:.1em 0}}
.tinygrad-check code{{justify-self:start;white-space:pre-wrap;overflow-wrap:anywhere;color:inherit;background:none}}
.tinygrad-check p{{grid-column:2;margin:0}}
.tinygrad-check .first code{{border-bottom:2px solid var(--bad)}}
.tinygrad-check .right{{color:var(--good)}}.tinygrad-check .wrong{{color:var(--bad);font-weight:bold}}
.tinygrad-check .unsure{{color:var(--mark)}}
"""
CLASSES = {"right": "right", "right-if": "right", "wrong": "wrong"}


def html(result: Any, stage: int = KIND) -> str:
    """A claim with all its steps as HTML, for a notebook; everything that a student wrote is escaped."""
    rows = []
    for number, step in enumerate(steps_of(result), 1):
        first = is_first_wrong(result, number)
        verdict = escape(f"{SIGNS[step.verdict]} {sentence(f'short-{step.verdict}', step.language)}")
        notes = [sentence("first-wrong-here", step.language)] * first + remarks(result, number, stage)
        paragraphs = "".join(f"<p>{escape(words)}</p>" for words in notes)
        indent = f' style="margin-left:{min(len(result.left), 24) + 1}ch"' if number > 1 else ""
        rows.append(
            f'<div{" class=first" * first}><span class="{CLASSES.get(step.verdict, "unsure")}">{verdict}</span>'
            f"<code{indent}>{escape(equation_of(result, number))}</code>{paragraphs}</div>"
        )
    return f'<div class="tinygrad-check" lang="{result.language}"><style>{STYLE}</style>{"".join(rows)}</div>'
