"""Turns the text and the output of a lesson into HTML that needs no other file: mathematics is outlines of glyphs.

Everything is escaped: the text of a lesson may contain Markdown, but no HTML.
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
from ..web import colours
from ..web.page import escape
from .derivations import Derivation
from .lesson import Cell
from .math_html import typeset
from .showing import Shown

DEFINED = re.compile(r"<defs>.*?</defs>", re.DOTALL)


def markdown(text: str) -> str:
    """Turn Markdown with mathematics between dollars into HTML, with markdown-it."""
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
    """Python with coloured words, by Pygments; ``hidden``: folded until a reader opens it."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    # Blank lines and comments that are there for the formatter only are left out.
    plain = re.sub(r"\n{3,}", "\n\n", source).replace("  # fmt: skip", "")
    coloured = f'<pre class="code"><code>{highlight(plain, PythonLexer(), HtmlFormatter(nowrap=True))}</code></pre>'
    return (
        coloured if not hidden else f'<details class="source"><summary>As it is written</summary>{coloured}</details>'
    )


def html_of_shown(found: Shown) -> str:
    """Something that a cell showed, with its caption if it has one."""
    what = html_of(found.thing)
    if not found.caption:
        return what
    return f"<figure>{what}<figcaption>{markdown(found.caption)}</figcaption></figure>"


def html_of(x: Any) -> str:
    """Something that a cell showed: printed text, a formula, a derivation, a result of the checker, or a picture."""
    if isinstance(x, str):
        return f'<pre class="out">{escape(x.rstrip())}</pre>' if x.strip() else ""
    if isinstance(x, Closed):
        return f'<p class="formula">{typeset(x.left() + x.latex if x else x._repr_latex_().strip("$"), True)}</p>'
    if isinstance(x, Derivation):
        return x.html()
    if isinstance(x, Result):
        sign = SIGNS[x.verdict]
        lines = "<br>".join(escape(line) for line in str(x).splitlines())
        return f'<p class="verdict {x.verdict}"><b>{sign}</b> {lines}</p>'
    if isinstance(x, Picture):
        return html_of_picture(svg.svg(x.scene, colours.VARIABLES), x.scene.width)
    if isinstance(x, Chart):
        both = ((name, x.in_theme(name)) for name in colours.THEMES)
        return "".join(html_of_picture(made.svg(), made.scene.width, f" only-{name}") for name, made in both)
    return html_of(str(x))


def html_of_picture(drawn: str, width: float, kind: str = "") -> str:
    """A picture, scaled so that its letters are as large as those around it if there is room."""
    body = DEFINED.sub("", drawn, count=1)
    sized = re.sub(
        r'width="[\d.]+" height="[\d.]+"', f'class="drawn{kind}" style="width:{width / 14:.2f}em"', body, count=1
    )
    return sized


def html_of_cell(found: Cell) -> str:
    """A cell and its output."""
    if found.kind == "text":
        return markdown(found.source)
    return code(found.source, found.is_derivation) + "".join(html_of_shown(x) for x in found.shown)
