r"""Writes a scene as TikZ, for \input in a document: LaTeX sets the mathematics in the document's own fonts.

A label that is wider than its box in these fonts is shrunk.  Letters that not every LaTeX has are drawn as outlines.
"""

from __future__ import annotations

from ..language.symbols import plain
from .paths import segments
from .scene import Scene, Shape, Text, visible_shapes
from .typeset import GLYPHS, UNIT

HEAD = r"""% A picture by tinygrad_edu.  It needs \usepackage{tikz,amsmath,amssymb,graphicx}; then \input{this file}.
\providecommand{\tinygradlabel}[3]{% width, size of type, contents: shrunk if they are wider
  \begingroup\fontsize{#2}{\dimexpr#2*5/4\relax}\selectfont\setbox0\hbox{#3}%
  \ifdim\wd0>#1\resizebox{#1}{!}{\box0}\else\hbox to #1{\hss\box0\hss}\fi\endgroup}
"""
SMALLER = 0.86  # LaTeX's type is smaller than ours by this factor, because the boxes are tight


def tikz(scene: Scene, colours: dict[str, str]) -> str:
    """The picture as LaTeX."""
    lines = [HEAD, r"\begin{tikzpicture}[x=1bp, y=-1bp, line join=round]"]
    lines += [rf"\definecolor{{te-{role}}}{{HTML}}{{{code[1:].upper()}}}" for role, code in colours.items()]
    if colours["paper"] != "#ffffff":
        lines.append(rf"\fill[te-paper] (-12, -12) rectangle ({scene.width - 12:.2f}, {scene.height - 12:.2f});")
    for item in visible_shapes(scene.root):
        lines += draw_label(item) if isinstance(item, Text) else [draw_shape(item)]
    return "\n".join([*lines, r"\end{tikzpicture}", ""])


def outline(path: str, scale: float = 1, x: float = 0, y: float = 0) -> str:
    """A path as TikZ writes it, scaled and then moved by (x, y)."""
    parts = []
    for s in segments(path):
        points = [f"({a * scale + x:.2f}, {b * scale + y:.2f})" for a, b in s.points]
        if s.command == "Z":
            parts.append("-- cycle")
        elif s.command == "C":
            parts.append(f".. controls {points[0]} and {points[1]} .. {points[2]}")
        else:
            parts.append(points[0] if s.command == "M" else f"-- {points[0]}")
    return " ".join(parts)


def draw_shape(item: Shape) -> str:
    """A path, filled or drawn or both."""
    options = [f"fill=te-{item.fill}"] if item.fill else []
    options += [f"draw=te-{item.stroke}, line width={item.width:g}bp"] if item.stroke else []
    if item.dash:
        on, off = item.dash.split()
        options.append(f"dash pattern=on {on}bp off {off}bp")
    return rf"\path[{', '.join(options)}] {outline(item.path)};"


def draw_label(item: Text) -> list[str]:
    """A label as LaTeX, or as outlines if it has letters that not every LaTeX has."""
    latex = plain(item.label.text) if item.label.text is not None else item.label.latex
    if latex is None or not latex.isascii():
        paths = [(GLYPHS[g.glyph], g.scale, g.x, g.y) for g in item.label.glyphs]
        paths += [(path, 1, 0, 0) for path in item.label.shapes]
        k = item.stretch
        return [
            rf"\fill[te-{item.fill}] {outline(path, scale * k, item.x + x * k, item.y + y * k)};"
            for path, scale, x, y in paths
        ]
    size = max(g.scale for g in item.label.glyphs) * UNIT * SMALLER if item.label.glyphs else UNIT
    width = item.label.width * item.stretch
    contents = rf"\tinygradlabel{{{width:.2f}bp}}{{{size:.4g}bp}}{{${latex}$}}"
    return [
        rf"\node[inner sep=0, anchor=base west, text=te-{item.fill}] at ({item.x:.2f}, {item.y:.2f}) {{{contents}}};"
    ]
