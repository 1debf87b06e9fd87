"""A result in a notebook: a table that shows itself, in light and in dark."""

from __future__ import annotations

from ...web import colours
from ...web.page import escape
from ..results import Result, said
from .hints import KIND, SIGNS, claim, is_first_wrong, remarks, steps

# Colours by verdict; the sign says the same.  Notebooks have their own word for dark.
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


def html(result: Result, stage: int = KIND) -> str:
    """A claim with all its steps, for a notebook; nothing in it is taken for HTML but what stands here."""
    rows = []
    for number, step in enumerate(steps(result), 1):
        first = is_first_wrong(result, number)
        verdict = escape(f"{SIGNS[step.verdict]} {said(f'short-{step.verdict}', step.language)}")
        notes = [said("first-wrong-here", step.language)] * first + remarks(result, number, stage)
        said_of_it = "".join(f"<p>{escape(words)}</p>" for words in notes)
        indent = f' style="margin-left:{min(len(result.left), 24) + 1}ch"' if number > 1 else ""
        rows.append(
            f'<div{" class=first" * first}><span class="{CLASSES.get(step.verdict, "unsure")}">{verdict}</span>'
            f"<code{indent}>{escape(claim(result, number))}</code>{said_of_it}</div>"
        )
    return f'<div class="tinygrad-check" lang="{result.language}"><style>{STYLE}</style>{"".join(rows)}</div>'
