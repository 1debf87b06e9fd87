"""What all pages share: the skeleton with its policy, the escape, and the one table of colours."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.web import colours
from tinygrad_edu.web.page import as_json, attribute, escape, hash_for_policy, page

ROOT = Path(__file__).parents[2]
HOSTILE = "</script><b a=\"1\" c='2'>&amp;\x00\ud800"


class Elements(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_text_stays_text(text: str) -> None:
    expected = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)
    root = ElementTree.fromstring(f"<p title={attribute(text)}>{escape(text)}</p>")
    assert (root.text or "") == expected and len(root) == 0
    assert len(root.attrib) == 1 and root.attrib["title"].split() == expected.split()


def test_a_page_lets_nothing_in() -> None:
    made = page(HOSTILE, escape(HOSTILE), style="p{color:red}", script="let x = 1", data=as_json([HOSTILE[:-1]]))
    found = Elements(made)
    tags = [tag for tag, _ in found.elements]
    assert tags == ["html", "head", "meta", "meta", "meta", "title", "style", "body", "script", "script"]
    policy = found.elements[3][1]["content"] or ""
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert hash_for_policy("let x = 1") in policy and hash_for_policy("p{color:red}") in policy
    assert "http" not in re.sub("http-equiv", "", made)


def test_a_page_without_a_script_allows_none() -> None:
    assert "script-src 'none'" in page("t", "", style="") and "'unsafe-inline'" in page(
        "t", "", style="", inline_styles=True
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_can_be_read_on_their_paper(theme: str) -> None:
    """In every colour in which there are words, with a contrast of 4.5 as WCAG has it."""

    def luminance(code: str) -> float:
        parts = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    known = colours.theme(theme)
    for role in ("ink", "faint", "data", "good", "bad", "mark", "gradient", "alarm"):
        low, high = sorted((luminance(known[role]), luminance(known["paper"])))
        assert (high + 0.05) / (low + 0.05) >= 4.5, role


def test_the_style_is_light_on_paper_whatever_the_screen_is() -> None:
    style = colours.style(["paper"])
    outside, _, screen = style.partition("@media screen")
    assert outside.strip() == ":root{--paper:#ffffff;color-scheme:light}" and screen.count("#15181c") == 2


def test_no_colour_stands_anywhere_else() -> None:
    """Each has its role in the table: in a style sheet and a script it is var(--role)."""
    own = {"tinygrad_edu/web/colours.py", "tinygrad_edu/render/player.js"}
    files = [
        p
        for folder in ("tinygrad_edu", "viz/src")
        for p in (ROOT / folder).rglob("*.*")
        if p.suffix in (".py", ".js", ".css")
    ]
    found = {
        (path.relative_to(ROOT).as_posix(), code)
        for path in files
        if path.relative_to(ROOT).as_posix() not in own
        for code in re.findall(r"#[0-9a-f]{6}\b", path.read_text(encoding="utf-8"), re.IGNORECASE)
    }
    assert {code for _, code in found} <= {"#000000", "#ffffff", "#ff8000"}, found  # black, white, and an example


def test_a_style_sheet_uses_only_colours_that_the_page_is_given() -> None:
    roles = {
        "tinygrad_edu/teaching/deck.css": colours.LESSON,
        "tinygrad_edu/teaching/reference/page.css": [*colours.PICTURE, *colours.VERDICTS],
        "viz/src/player.css": colours.PLAYER,
    }
    for file, given_roles in roles.items():
        used = set(re.findall(r"var\(--([\w-]+)", (ROOT / file).read_text(encoding="utf-8")))
        own = set(re.findall(r"--([\w-]+):", (ROOT / file).read_text(encoding="utf-8")))
        measured = {"fit", "type", "room", "done", "turn", "digits", "flat-height"}  # numbers, which scripts set
        assert used & set(colours.LIGHT) <= set(given_roles) and used <= set(given_roles) | own | measured, file
