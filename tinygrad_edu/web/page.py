"""The skeleton of a page: one file that needs no other, may not use the network, and escapes every name."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Callable
from importlib import resources
from typing import Any

TYPE = ' type="module"'


def page(
    title: str,
    body: str,
    *,
    style: str,
    script: str = "",
    module: bool = False,
    data: str = "",
    kind: str = "",
    inline_styles: bool = False,
) -> str:
    """The page as HTML.  Its security policy allows its one style sheet and its one script, and nothing else.

    body: HTML in which all names and words are escaped.
    module: whether the script is an ES module.
    data: JSON for the script, made by ``as_json``; it is in an element with the id ``tinygrad-edu-data``.
    kind: the class of the root.
    inline_styles: whether elements may have inline styles, as mathematics in text has.
    """
    scripts = hash_for_policy(script) if script else "'none'"
    styles = "'unsafe-inline'" if inline_styles else hash_for_policy(style)
    policy = f"default-src 'none'; script-src {scripts}; style-src {styles}; base-uri 'none'; form-action 'none'"
    parts = [
        "<!doctype html>",
        f'<html lang="en"{f" class={attribute(kind)}" if kind else ""}>',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        body,
    ]
    if data:
        parts.append(f'<script type="application/json" id="tinygrad-edu-data">{data}</script>')
    if script:
        parts.append(f"<script{TYPE if module else ''}>{script}</script>")
    return "\n".join([*parts, "</body>", "</html>", ""])


def escape(text: str) -> str:
    """Escape text for HTML or XML, between tags or in an attribute.  A character that XML forbids becomes a space."""
    return html.escape("".join(c if c.isprintable() or c in "\n\t" else " " for c in text))


def attribute(text: str) -> str:
    """Text as the value of an attribute, in quotation marks."""
    return f'"{escape(" ".join(text.splitlines()))}"'


def hash_for_policy(text: str) -> str:
    """The hash by which a page's policy allows a style sheet or a script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def as_json(plain: Any, default: Callable[[Any], Any] | None = None) -> str:
    """JSON for a script element: no text in it can end the element."""
    text = json.dumps(plain, default=default, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for c in "<>&\u2028\u2029":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return text


def package_file(package: str, name: str) -> str:
    """The text of a file in a package, as of a style sheet or a script."""
    return (resources.files(package) / name).read_text(encoding="utf-8")
