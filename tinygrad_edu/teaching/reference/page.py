"""The reference as a page, with its mathematics and graphs as outlines.

All names and words are escaped, for operations may be a user's own.
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
from ...web.page import attribute, escape, part
from ...web.page import page as skeleton
from .entries import Case, Entry

POINT = 4 / 3  # pixels
SIZE = 17.0  # of the mathematics: that of the words around it, in pixels
STEPS = 20  # in which a formula may hang below the line, to the height of a letter
INTRODUCTION = """\
Each entry is made from the operation's own statement: how it is written, and the rule by which its gradient is found.
There <i>g</i> is the upstream gradient, the gradient of the loss by the result <i>z</i>, and a rule says what an
operand receives of it.  The rules were run and printed, and compared with differences, when this page was made.  In the
graphs <i>g</i> is 1, 2, 3, and so on."""


def formula(latex: str) -> str:
    """A formula, set; it stands on the line of the words beside it."""
    found = mathematics(rf"\displaystyle {latex}", SIZE)  # with fractions as large as they are in a line of their own
    pad = 2.0  # italics reach out of their boxes
    width, height = found.width + 2 * pad, found.height + 2 * pad
    down = min(round((found.descent + pad) / SIZE * STEPS), 8 * STEPS)
    return (
        f'<svg class="m d{down}" role="img" aria-label={attribute(line(latex))} '
        f'width="{width / SIZE:.3f}em" height="{height / SIZE:.3f}em" '
        f'viewBox="{-pad:g} {-found.ascent - pad:.2f} {width:.2f} {height:.2f}">{svg.label(found)}</svg>'
    )


def graph(case: Case) -> str:
    """How the result of an example was computed, and its gradient."""
    g = np.arange(1.0, case.result.size + 1).reshape(case.shape)  # 1, 2, 3, ...: ones are nothing to a softmax
    scene = draw(case.result, seed=g if case.rules else None).scene
    body = svg.placed(svg.written(scene.root, colours.VARIABLES, None, frozenset()))
    size = f'width="{scene.width * POINT:.0f}" height="{scene.height * POINT:.0f}"'
    area = f"0 0 {scene.width:.2f} {scene.height:.2f}"
    said = attribute(scene.words)
    return f'<div class="graph"><svg role="img" aria-label={said} {size} viewBox="{area}">{body}</svg></div>'


def page(found: Sequence[Entry]) -> str:
    """The page of these entries, as HTML."""
    kinds = [(kind, [*group]) for kind, group in groupby(found, key=lambda e: (e.kind, e.file))]
    index = "\n".join(listed(kind, group) for kind, group in kinds)
    main = "\n".join(section(kind, group) for kind, group in kinds)
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
    script = part(__package__, "page.js")
    return skeleton("Operations of tinygrad_edu", body, style=style(main), script=script, module=True)


def style(body: str) -> str:
    """The style: colours, and how far each formula hangs below its line."""
    hanging = sorted(set(map(int, re.findall(r'<svg class="m d(\d+)"', body))))
    below = "".join(f".d{n}{{vertical-align:{-n / STEPS:g}em}}" for n in hanging)
    return colours.style([*colours.PICTURE, *colours.VERDICTS]) + part(__package__, "page.css") + below


def listed(kind: tuple[str, str], group: Sequence[Entry]) -> str:
    """The names of a kind, in the list at the side."""
    links = "".join(f'<a href="#{escape(entry.name)}">{escape(entry.name)}</a>' for entry in group)
    return f"<div><p>{words(re.split('[,:]', kind[0])[0])}</p>{links}</div>"


def section(kind: tuple[str, str], group: Sequence[Entry]) -> str:
    """A kind of operations: its heading, what is said of it, and each of them."""
    about = "".join(f"<p>{words(part)}</p>" for part in group[0].about.split("\n\n") if part)
    inside = "\n".join(article(entry) for entry in group)
    return f"<section>\n<h2>{words(kind[0])}</h2>\n{about}\n{inside}\n</section>"


def words(doc: str) -> str:
    """Words of a docstring, escaped; what is between double backticks is code."""
    pieces = " ".join(doc.split()).split("``")
    return "".join(f"<code>{escape(x)}</code>" if i % 2 else escape(x) for i, x in enumerate(pieces))


def article(entry: Entry) -> str:
    """All that is known of an operation."""
    sought = " ".join([entry.name, *entry.also, entry.summary, entry.kind, entry.text]).lower()
    name = escape(entry.name)
    arguments = escape(entry.signature.removeprefix(entry.name))
    parts = [
        f'<article id="{name}" data-words={attribute(sought)}>',
        f'<h3><a href="#{name}">{name}</a><span>{arguments}</span></h3>',
        f'<div class="set">{formula(f"z = {entry.latex}")}</div>',
        *(f"<p>{words(doc)}</p>" for doc in entry.doc.split("\n\n")),
        *facts(entry),
        *(case(one, entry.text, first=number == 0) for number, one in enumerate(entry.cases)),
    ]
    if entry.why:
        parts.append(f'<p class="bad">{escape(entry.why)}</p>')
    if entry.file:
        source = escape("\n\n\n".join([entry.source, *entry.helpers]))
        parts.append(f"<details><summary>{escape(entry.file)}:{entry.line}</summary><pre>{source}</pre></details>")
    return "\n".join([*parts, "</article>"])


def facts(entry: Entry) -> Iterator[str]:
    """What it needs, what it keeps, where its examples are from, and its other names."""
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


def case(found: Case, header: str, first: bool) -> str:
    """An example: how it was called, what each operand receives, how well that agrees; and of the first its graph."""
    parts = [
        f'<div class="case"><p><code>{escape(found.call)}</code> <code class="faint">{escape(found.sizes)}</code></p>'
    ]
    if found.text not in (found.call, header):
        parts.append(f'<div class="rule">{formula(f"z = {found.latex}")}</div>')
    for rule in found.rules:
        note = "" if rule.printed else ' <span class="faint">(the rule itself is below)</span>'
        note += f' <span class="faint">{escape(rule.words)}</span>' * bool(rule.words)
        parts.append(
            f'<div class="rule"><span>{formula(symbol(rule.operand))} receives</span>'
            f"<span>{formula(rule.latex)}</span>{note}</div>"
        )
    kind = "faint" if not found.rules else "ok" if found.agrees else "bad"
    parts.append(f'<p class="{kind}">{escape(found.agreement)}</p>')
    if first:
        parts.append(graph(found))
    return "".join([*parts, "</div>"])
