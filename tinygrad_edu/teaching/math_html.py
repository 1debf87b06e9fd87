"""Sets mathematics as HTML: outlines of glyphs, on the baseline of the text around them."""

from __future__ import annotations

import re

from ..render import svg
from ..render.typeset import Label, mathematics
from ..web.page import attribute

SIZE = 14.0  # points: the type in which mathematics is set; its lengths in the page are in em


def typeset(latex: str, display: bool = False) -> str:
    """LaTeX as HTML.  ``display``: as on a line of its own; a formula with a fraction always looks like that."""
    display = display or r"\frac" in latex
    # A sum with an empty upper limit: without it ziamath draws brackets as high as a page.
    closed = re.sub(r"(\\sum_\{[^{}]*\})(?!\^)", r"\1^{}", latex)
    label = mathematics(rf"\displaystyle {closed}" if display else latex, SIZE)
    return html_of_label(label, latex)


def html_of_label(label: Label, words: str) -> str:
    """A label as an element that grows with the type around it; ``words`` are for a screen reader."""
    pad = 0.6  # a glyph may reach out of its box
    width, height = label.width + 2 * pad, label.height + 2 * pad
    box = f"{-pad:g} {-label.ascent - pad:.2f} {width:.2f} {height:.2f}"
    return (
        f'<svg class="math" role="img" fill="currentColor" aria-label={attribute(words)} viewBox="{box}" '
        f'style="width:{width / SIZE:.3f}em;height:{height / SIZE:.3f}em;'
        f'vertical-align:{-(label.descent + pad) / SIZE:.3f}em">{svg.draw_label(label)}</svg>'
    )
