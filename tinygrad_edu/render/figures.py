"""Labels for arrays in pictures: small arrays are written out, larger ones show their shape or their norm."""

from __future__ import annotations

from ..format import text
from ..format.numbers import typographic
from ..language.symbols import plain
from ..tracing.data import Numbers
from .typeset import Label, PlacedGlyph, words

FEW, ROWS, COLUMNS = 4, 3, 4  # vectors and matrices up to this size are written out


def shape_in_words(lengths: list[int]) -> str:
    """``64 × 10``: a shape in a picture."""
    return text.shape_in_words(lengths, " × ")


def is_short(x: Numbers) -> bool:
    """Is an array small enough to be written out?"""
    return x.data is not None and (
        not x.shape
        or (len(x.shape) == 1 and 0 < x.shape[0] <= FEW)
        or (len(x.shape) == 2 and 0 < x.shape[0] <= ROWS and 0 < x.shape[1] <= COLUMNS)
    )


def label_of_array(x: Numbers, digits: int, type_size: float, before: str = "", whole: bool = True) -> Label:
    """The label of an array: written out if it is small, else its shape.

    ``before`` stands before it, as ∂ does before a gradient; a large array then shows its norm.
    """
    if not whole or not is_short(x):
        odd = [f"{n} {word}" for n, word in ((x.nan, "NaN"), (x.infinite, "∞")) if n]
        if before:
            before = before if x.norm is None else f"‖{before.strip()}‖ = "
        text = typographic(x.norm, digits) if before and x.norm is not None else shape_in_words(x.shape)
        return words(before + ", ".join([text, *odd]), type_size)
    if len(x.shape) == 2:
        return label_of_matrix([[typographic(v, digits) for v in row] for row in x.data], type_size, before)
    text = typographic(x.data, digits) if not x.shape else f"[{', '.join(typographic(v, digits) for v in x.data)}]"
    return words(before + text, type_size)


def label_of_matrix(rows: list[list[str]], type_size: float, before: str = "") -> Label:
    """Rows of numbers in brackets, the columns aligned at the right."""
    cells = [[words(text, type_size) for text in row] for row in rows]
    first = words(before, type_size)
    widths = [max(row[j].width for row in cells) for j in range(len(rows[0]))]
    gap, line, left = 0.7 * type_size, 1.25 * type_size, first.width + 0.45 * type_size
    height = line * len(rows)
    top = -height / 2 - 0.3 * type_size
    placed: list[PlacedGlyph] = list(first.glyphs)
    for i, row in enumerate(cells):
        right = left
        for cell, width in zip(row, widths):
            right += width
            y = top + line * (i + 0.78)
            placed += [g._replace(x=g.x + right - cell.width, y=y) for g in cell.glyphs]
            right += gap
    end = left + sum(widths) + gap * (len(widths) - 1) + 0.45 * type_size
    thick, reach = 0.07 * type_size, 0.25 * type_size
    bottom = top + height
    shapes = tuple(
        f"M {x:g} {top:g} h {s * reach:g} v {thick:g} h {-s * (reach - thick):g} v {height - 2 * thick:g} "
        f"h {s * (reach - thick):g} v {thick:g} h {-s * reach:g} Z"
        for x, s in ((first.width, 1), (end, -1))
    )
    written = r" \\ ".join(" & ".join(plain(text) or "?" for text in row) for row in rows)
    latex = rf"{plain(before)}\begin{{bmatrix}} {written} \end{{bmatrix}}"
    return Label(end, -top, bottom, tuple(placed), shapes, latex)
