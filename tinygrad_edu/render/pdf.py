"""Writes a scene as PDF (ISO 32000): one page, vectors only.  Each glyph is stored once and used by its name."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

from .compose import MARGIN
from .paths import segments
from .scene import Scene, Shape, Text, visible_shapes
from .typeset import GLYPHS, UNIT

OPERATORS = {"M": "m", "L": "l", "C": "c"}


def pdf(scene: Scene, colours: dict[str, str]) -> bytes:
    """The picture as the bytes of a file.  It holds no date, so the same picture gives the same bytes."""
    names: dict[str, str] = {}
    content = [
        f"1 0 0 -1 0 {scene.height:.2f} cm {colour(colours['paper'])} rg 0 0 {scene.width:.2f} {scene.height:.2f} re f",
        f"1 0 0 1 {MARGIN:g} {MARGIN:g} cm 1 j 1 J",
    ]
    for item in visible_shapes(scene.root):
        content.append(draw_label(item, colours, names) if isinstance(item, Text) else draw_shape(item, colours))
    forms = {name: glyph_object(glyph) for glyph, name in names.items()}
    return assemble(scene, "\n".join(content), forms)


def colour(code: str) -> str:
    """``#ff8000`` as PDF has it: three numbers from 0 to 1."""
    return " ".join(f"{int(code[i : i + 2], 16) / 255:.3f}" for i in (1, 3, 5))


def outline(path: str) -> str:
    """The PDF operators that construct a path."""
    return " ".join(
        "h" if s.command == "Z" else " ".join(f"{x:.2f} {y:.2f}" for x, y in s.points) + f" {OPERATORS[s.command]}"
        for s in segments(path)
    )


def draw_shape(item: Shape, colours: dict[str, str]) -> str:
    """A path, filled or drawn or both."""
    parts = [f"[{item.dash}] 0 d"]
    if item.fill:
        parts.append(f"{colour(colours[item.fill])} rg")
    if item.stroke:
        parts.append(f"{colour(colours[item.stroke])} RG {item.width:g} w")
    paint = "B" if item.fill and item.stroke else "f" if item.fill else "S"
    return " ".join([*parts, outline(item.path), paint])


def draw_label(item: Text, colours: dict[str, str], names: dict[str, str]) -> str:
    """The operators that draw a label; a glyph that has no name in ``names`` yet gets one."""
    parts = [
        f"q {item.stretch:.4g} 0 0 {item.stretch:.4g} {item.x:.2f} {item.y:.2f} cm {colour(colours[item.fill])} rg"
    ]
    for g in item.label.glyphs:
        name = names.setdefault(g.glyph, f"g{len(names)}")
        parts.append(f"q {g.scale:.4g} 0 0 {g.scale:.4g} {g.x:.2f} {g.y:.2f} cm /{name} Do Q")
    parts += [f"{outline(path)} f" for path in item.label.shapes]
    return " ".join([*parts, "Q"])


def glyph_object(glyph: str) -> bytes:
    """A glyph as a form, an object that pages draw by its name."""
    reach = 4 * UNIT  # no glyph is larger
    head = f"/Type /XObject /Subtype /Form /BBox [{-reach} {-reach} {reach} {reach}]"
    return stream(f"{outline(GLYPHS[glyph])} f", head)


def stream(text: str, head: str = "") -> bytes:
    """A stream object, compressed; ``head`` is added to its dictionary."""
    packed = zlib.compress(text.encode("ascii"), 9)
    return f"<< {head} /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream"


def pdf_string(words: str) -> str:
    """A string in hexadecimal UTF-16, in which nothing needs an escape."""
    known = re.sub("[^ -~\u00a0-\ud7ff\ue000-\ufffd]", " ", words)
    return f"<feff{known.encode('utf-16-be').hex()}>"


def assemble(scene: Scene, content: str, forms: dict[str, bytes]) -> bytes:
    """Put the file together: its objects, and the table that says where each of them begins."""
    first = 6
    glyphs = " ".join(f"/{name} {first + i} 0 R" for i, name in enumerate(forms))
    objects: Iterable[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /DisplayDocTitle true >> /Lang (en) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {scene.width:.2f} {scene.height:.2f}] /Contents 4 0 R "
        f"/Resources << /XObject << {glyphs} >> >> >>".encode(),
        stream(content),
        f"<< /Title {pdf_string(scene.words)} /Producer (tinygrad_edu) >>".encode(),
        *forms.values(),
    ]
    out, places = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}".encode()
    tail = f"trailer\n<< /Size {len(places) + 1} /Root 1 0 R /Info 5 0 R >>\nstartxref\n"
    end = out.rindex(b"xref\n0 ")
    return bytes(out) + f"{tail}{end}\n%%EOF\n".encode()
