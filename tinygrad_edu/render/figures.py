"""Numbers as pictures show them: short, and never so short that they mislead."""

from __future__ import annotations

from ..language.symbols import plain
from ..tracing.data import Number, Numbers
from .typeset import Label, Placed, words

FEW, ROWS, COLUMNS = 4, 3, 4  # vectors and matrices up to this size are written out
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
WORDS = {"NaN": "NaN", "Infinity": "∞", "-Infinity": "−∞"}


def figure(x: Number, digits: int = 3) -> str:
    """A number in so many significant digits: 0.5, −0.0412, 1.2·10⁻⁷; whole numbers up to six digits as they are."""
    if isinstance(x, str):
        return WORDS[x]
    if float(x).is_integer() and abs(x) < 10**6:
        return f"{int(x)}".replace("-", "−")
    shown = f"{x:.0f}" if 10**digits <= abs(x) < 10**6 else f"{x:.{digits}g}"  # no zeros for digits there are
    mantissa, e, exponent = shown.partition("e")
    power = f"·10{str(int(exponent)).translate(SUPERSCRIPT)}" if e else ""
    return (mantissa + power).replace("-", "−")


def size(shape: list[int]) -> str:
    """``64 × 10``; of a single number, nothing."""
    return " × ".join(map(str, shape)) if len(shape) != 1 else f"{shape[0]} numbers" if shape[0] != 1 else "1 number"


def is_short(x: Numbers) -> bool:
    """Is it written out?"""
    return x.data is not None and (
        not x.shape
        or (len(x.shape) == 1 and 0 < x.shape[0] <= FEW)
        or (len(x.shape) == 2 and 0 < x.shape[0] <= ROWS and 0 < x.shape[1] <= COLUMNS)
    )


def shown(x: Numbers, digits: int, type_size: float, before: str = "", whole: bool = True) -> Label:
    """An array: written out if it is small, else by its shape; of a gradient (``before``), by its norm."""
    if not whole or not is_short(x):
        odd = [f"{n} {word}" for n, word in ((x.nan, "NaN"), (x.infinite, "∞")) if n]
        if before:
            norm = (
                f"‖{before.strip()}‖ = {figure(x.norm, digits)}" if x.norm is not None else f"{before}{size(x.shape)}"
            )
            return words(", ".join([norm, *odd]), type_size)
        return words(", ".join([size(x.shape) or "1 number", *odd]), type_size)
    if len(x.shape) == 2:
        return matrix([[figure(v, digits) for v in row] for row in x.data], type_size, before)
    text = figure(x.data, digits) if not x.shape else f"[{', '.join(figure(v, digits) for v in x.data)}]"
    return words(before + text, type_size)


def matrix(rows: list[list[str]], type_size: float, before: str = "") -> Label:
    """Rows of numbers in brackets, the columns aligned at the right."""
    cells = [[words(text, type_size) for text in row] for row in rows]
    first = words(before, type_size)
    widths = [max(row[j].width for row in cells) for j in range(len(rows[0]))]
    gap, line, left = 0.7 * type_size, 1.25 * type_size, first.width + 0.45 * type_size
    height = line * len(rows)
    top = -height / 2 - 0.3 * type_size
    placed: list[Placed] = list(first.glyphs)
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
