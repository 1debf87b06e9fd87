"""What a lesson says and shows, as HTML that needs nothing else: mathematics and pictures are outlines of glyphs.

Everything is escaped: text of a lesson may hold Markdown, and no HTML.
"""

from __future__ import annotations

import re
from typing import Any

from ..checker.hints import SIGNS
from ..checker.results import Result
from ..formulas.result import Closed
from ..render import svg
from ..render.chart import Chart
from ..render.picture import Picture
from ..render.typeset import Label, mathematics
from ..web import colours
from ..web.page import attribute, escape
from .derivations import Derivation, Row
from .lesson import Cell
from .showing import Shown

SIZE = 14.0  # of the type in which mathematics is set; lengths are then given in em
DEFINED = re.compile(r"<defs>.*?</defs>", re.DOTALL)


def typeset(latex: str, display: bool = False) -> str:
    """Mathematics, on the baseline of the text around it; fractions are as large in text as on their own."""
    display = display or r"\frac" in latex
    closed = re.sub(r"(\\sum_\{[^{}]*\})(?!\^)", r"\1^{}", latex)  # else ziamath draws brackets pages high
    label = mathematics(rf"\displaystyle {closed}" if display else latex, SIZE)
    return outlined(label, latex)


def outlined(label: Label, words: str) -> str:
    """A label as an element that grows with the type around it."""
    pad = 0.6  # a glyph may reach out of its box
    width, height = label.width + 2 * pad, label.height + 2 * pad
    box = f"{-pad:g} {-label.ascent - pad:.2f} {width:.2f} {height:.2f}"
    return (
        f'<svg class="math" role="img" fill="currentColor" aria-label={attribute(words)} viewBox="{box}" '
        f'style="width:{width / SIZE:.3f}em;height:{height / SIZE:.3f}em;'
        f'vertical-align:{-(label.descent + pad) / SIZE:.3f}em">{svg.draw_label(label)}</svg>'
    )


def markdown(text: str) -> str:
    """Markdown with mathematics between dollars, by markdown-it."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    def math(content: str, options: dict[str, Any]) -> str:
        shown = typeset(content, options["display_mode"])
        return f'<span class="display">{shown}</span>' if options["display_mode"] else shown

    made = MarkdownIt("js-default", {"typographer": False}).use(
        dollarmath_plugin, renderer=math, allow_space=True, double_inline=True
    )
    page = str(made.render(re.sub(r"\A---\s*$", "", text, flags=re.MULTILINE)))
    return page.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")


def code(source: str, hidden: bool = False) -> str:
    """Python with its words coloured, by Pygments; ``hidden``: to be opened by who wants to see it."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    plain = re.sub(r"\n{3,}", "\n\n", source).replace("  # fmt: skip", "")  # said to the formatter, and to nobody else
    coloured = f'<pre class="code"><code>{highlight(plain, PythonLexer(), HtmlFormatter(nowrap=True))}</code></pre>'
    return (
        coloured if not hidden else f'<details class="source"><summary>As it is written</summary>{coloured}</details>'
    )


def shown(found: Shown) -> str:
    """Something that a cell showed, with its caption."""
    what = thing(found.thing)
    if not found.caption:
        return what
    return f"<figure>{what}<figcaption>{markdown(found.caption)}</figcaption></figure>"


def thing(x: Any) -> str:
    """Something that a cell showed."""
    if isinstance(x, str):
        return f'<pre class="out">{escape(x.rstrip())}</pre>' if x.strip() else ""
    if isinstance(x, Closed):
        return f'<p class="formula">{typeset(x.left() + x.latex if x else x._repr_latex_().strip("$"), True)}</p>'
    if isinstance(x, Derivation):
        return derivation(x)
    if isinstance(x, Result):
        sign = SIGNS[x.verdict]
        lines = "<br>".join(escape(line) for line in str(x).splitlines())
        return f'<p class="verdict {x.verdict}"><b>{sign}</b> {lines}</p>'
    if isinstance(x, Picture):
        return picture(svg.svg(x.scene, colours.VARIABLES), x.scene.width)
    if isinstance(x, Chart):
        both = ((name, x.in_theme(name)) for name in colours.THEMES)
        return "".join(picture(made.svg(), made.scene.width, f" only-{name}") for name, made in both)
    return thing(str(x))


def picture(drawn: str, width: float, kind: str = "") -> str:
    """A picture, as wide as its letters are as large as those around it, if there is room."""
    body = DEFINED.sub("", drawn, count=1)
    sized = re.sub(
        r'width="[\d.]+" height="[\d.]+"', f'class="drawn{kind}" style="width:{width / 14:.2f}em"', body, count=1
    )
    return sized


def derivation(found: Derivation) -> str:
    """A table: the left side, the right side, and whether it is right."""
    rows = "".join(row(r) for r in found.rows)
    return f'<div class="wide"><table class="derivation">{rows}</table></div>'


def row(r: Row) -> str:
    """One step, and what is said of it."""
    left = typeset(r.left, True) if r.left else ""
    right = typeset(f"= {r.right}", True)
    condition = f'<span class="for">for {typeset(r.condition)}</span>' if r.condition else ""
    sign = f'<td class="sign {r.verdict}" aria-label="{r.verdict}">{SIGNS[r.verdict]}</td>'
    remarks = "".join(f'<tr class="remark"><td></td><td colspan="2">{escape(words)}</td></tr>' for words in r.remarks)
    return f'<tr><td class="left">{left}</td><td>{right}{condition}</td>{sign}</tr>{remarks}'


def cell(found: Cell) -> str:
    """A cell with what it showed."""
    if found.kind == "text":
        return markdown(found.source)
    return code(found.source, found.is_derivation) + "".join(shown(x) for x in found.shown)
