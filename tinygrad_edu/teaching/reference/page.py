"""Makes the page of the reference, with its mathematics and graphs as outlines.

All names and words are escaped, because operations may be a user's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from ...format import text
from ...language.lines import line
from ...language.symbols import symbol
from ...render import draw, svg
from ...render.typeset import mathematics
from ...web import colours
from ...web.page import attribute, escape, package_file
from ...web.page import page as skeleton
from .entries import Entry, ExampleRun

POINT = 4 / 3  # pixels
SIZE = 17.0  # pixels: the type of the mathematics, as large as the words around it
STEPS = 20  # a formula hangs below its line by a multiple of this part of a letter's height
INTRODUCTION = """\
Each entry is made from the operation's own statement: its notation, and a rule for the gradient of each operand.  In a
rule <i>g</i> is the upstream gradient, the gradient of the loss by the result <i>z</i>, and the rule gives what the
operand receives of it.  The rules were run, printed and compared with differences when this page was made.  In the
graphs <i>g</i> is 1, 2, 3, and so on."""


def html_of_formula(latex: str) -> str:
    """A formula as outlines, on the baseline of the words beside it, with fractions as large as in a display."""
    found = mathematics(rf"\displaystyle {latex}", SIZE)
    pad = 2.0  # italic letters reach out of their boxes
    width, height = found.width + 2 * pad, found.height + 2 * pad
    down = min(round((found.descent + pad) / SIZE * STEPS), 8 * STEPS)
    return (
        f'<svg class="m d{down}" role="img" aria-label={attribute(line(latex))} '
        f'width="{width / SIZE:.3f}em" height="{height / SIZE:.3f}em" '
        f'viewBox="{-pad:g} {-found.ascent - pad:.2f} {width:.2f} {height:.2f}">{svg.draw_label(found)}</svg>'
    )


def html_of_graph(case: ExampleRun) -> str:
    """The graph of an example with its values, and its gradients for g = 1, 2, 3, ..."""
    # With ones as upstream gradient, the gradient of a softmax would be zero.
    g = np.arange(1.0, case.result.size + 1).reshape(case.shape)
    scene = draw(case.result, seed=g if case.rules else None).scene
    body = svg.inside_margin(svg.draw_group(scene.root, colours.VARIABLES, None, frozenset()))
    size = f'width="{scene.width * POINT:.0f}" height="{scene.height * POINT:.0f}"'
    area = f"0 0 {scene.width:.2f} {scene.height:.2f}"
    said = attribute(scene.words)
    return f'<div class="graph"><svg role="img" aria-label={said} {size} viewBox="{area}">{body}</svg></div>'


def page(found: Sequence[Entry]) -> str:
    """The page of these entries, as HTML."""
    kinds = [(kind, [*group]) for kind, group in groupby(found, key=lambda e: (e.kind, e.file))]
    index = "\n".join(html_of_names(kind, group) for kind, group in kinds)
    main = "\n".join(html_of_section(kind, group) for kind, group in kinds)
    body = f"""\
{svg.glyphs(main)}
<header>
<h1>Operations</h1>
<p>{INTRODUCTION}</p>
<p class="faint">{text.plural(len(found), "operation")}.</p>
</header>
<div class="bar" hidden><form role="search"><input type="search" placeholder="Filter: a name or a word" \
aria-label="Filter the operations" autocomplete="off" spellcheck="false"><output aria-live="polite"></output>\
<button type="button">dark</button></form></div>
<div class="columns">
<nav aria-label="Operations">
{index}
</nav>
<main>
{main}
</main>
</div>"""
    script = package_file(__package__, "page.js")
    return skeleton("Operations of tinygrad_edu", body, style=style(main), script=script, module=True)


def style(body: str) -> str:
    """The styles of the page: its colours, and how far each formula hangs below its line."""
    hanging = sorted(set(map(int, re.findall(r'<svg class="m d(\d+)"', body))))
    below = "".join(f".d{n}{{vertical-align:{-n / STEPS:g}em}}" for n in hanging)
    return colours.style([*colours.PICTURE, *colours.VERDICTS]) + package_file(__package__, "page.css") + below


def html_of_names(kind: tuple[str, str], group: Sequence[Entry]) -> str:
    """The names of a kind of operations, in the list at the side."""
    links = "".join(f'<a href="#{escape(entry.name)}">{escape(entry.name)}</a>' for entry in group)
    return f"<div><p>{html_of_words(re.split('[,:]', kind[0])[0])}</p>{links}</div>"


def html_of_section(kind: tuple[str, str], group: Sequence[Entry]) -> str:
    """A kind of operations: its heading, its introduction, and each of them."""
    about = "".join(f"<p>{html_of_words(part)}</p>" for part in group[0].about.split("\n\n") if part)
    inside = "\n".join(html_of_entry(entry) for entry in group)
    return f"<section>\n<h2>{html_of_words(kind[0])}</h2>\n{about}\n{inside}\n</section>"


def html_of_words(doc: str) -> str:
    """Words of a docstring, escaped; text between double backticks is code."""
    pieces = " ".join(doc.split()).split("``")
    return "".join(f"<code>{escape(x)}</code>" if i % 2 else escape(x) for i, x in enumerate(pieces))


def html_of_entry(entry: Entry) -> str:
    """An operation: its notation, its docstring, facts, examples with their rules, and its source."""
    sought = " ".join([entry.name, *entry.also, entry.summary, entry.kind, entry.text]).lower()
    name = escape(entry.name)
    arguments = escape(entry.signature.removeprefix(entry.name))
    parts = [
        f'<article id="{name}" data-words={attribute(sought)}>',
        f'<h3><a href="#{name}">{name}</a><span>{arguments}</span></h3>',
        f'<div class="set">{html_of_formula(f"z = {entry.latex}")}</div>',
        *(f"<p>{html_of_words(doc)}</p>" for doc in entry.doc.split("\n\n")),
        *html_of_facts(entry),
        *(html_of_example(one, entry.text, first=number == 0) for number, one in enumerate(entry.cases)),
    ]
    if entry.why:
        parts.append(f'<p class="bad">{escape(entry.why)}</p>')
    if entry.file:
        source = escape("\n\n\n".join([entry.source, *entry.helpers]))
        parts.append(f"<details><summary>{escape(entry.file)}:{entry.line}</summary><pre>{source}</pre></details>")
    return "\n".join([*parts, "</article>"])


def html_of_facts(entry: Entry) -> Iterator[str]:
    """The table of facts: what it needs, its other names, the range of its examples, and what it keeps."""
    rows = {
        "needs": entry.needs,
        "also called": [text.join_words(entry.also)],
        "examples draw": [entry.drawn],
        "keeps": [entry.kept],
    }
    shown = [(name, [words for words in parts if words]) for name, parts in rows.items()]
    inside = "".join(
        f"<dt>{name}</dt>{''.join(f'<dd>{escape(x)}</dd>' for x in parts)}" for name, parts in shown if parts
    )
    if inside:
        yield f"<dl>{inside}</dl>"


def html_of_example(found: ExampleRun, header: str, first: bool) -> str:
    """An example: its call, what each operand receives, and how well the rules agree; the first has its graph too."""
    parts = [
        f'<div class="case"><p><code>{escape(found.call)}</code> <code class="faint">{escape(found.sizes)}</code></p>'
    ]
    if found.text not in (found.call, header):
        parts.append(f'<div class="rule">{html_of_formula(f"z = {found.latex}")}</div>')
    for rule in found.rules:
        note = "" if rule.printed else ' <span class="faint">(the source below has this rule)</span>'
        note += f' <span class="faint">{escape(rule.words)}</span>' * bool(rule.words)
        parts.append(
            f'<div class="rule"><span>{html_of_formula(symbol(rule.operand))} receives</span>'
            f"<span>{html_of_formula(rule.latex)}</span>{note}</div>"
        )
    kind = "faint" if not found.rules else "ok" if found.agrees else "bad"
    parts.append(f'<p class="{kind}">{escape(found.agreement)}</p>')
    if first:
        parts.append(html_of_graph(found))
    return "".join([*parts, "</div>"])
