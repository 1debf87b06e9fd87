"""What the page draws as an equation is one: sizes fit together, and every letter is named beside it."""

from __future__ import annotations

import re

import pytest
from browsing import ROOT, at, press

DRAWN = f"""() => [...{ROOT}.querySelectorAll(".details .equation")].map((row) => [...row.querySelectorAll("figure.term")].map((term) => {{
  const canvas = term.querySelector("canvas"), table = term.querySelector("table"), box = canvas?.getBoundingClientRect();
  return {{
    sign: term.parentElement.classList.contains("operand") ? term.parentElement.querySelector(".operator").textContent : "",
    shape: canvas ? [canvas.height, canvas.width] : table ? [table.rows.length, table.rows[0].cells.length] : [1, 1],
    size: box && [box.height, box.width],
    caption: term.querySelector("figcaption").textContent,
    missing: term.querySelector(".missing") !== null,
  }};
}}))"""  # noqa: E501
TEXT = f"""() => [...{ROOT}.querySelectorAll(".details .display, .details .where")].map((line) => {{
  const words = (node) => node.nodeType === 3 ? node.textContent
    : node.tagName === "svg" ? node.getAttribute("aria-label") : [...node.childNodes].map(words).join("");
  return words(line);
}})"""


def steps(page):
    """The page at each of its steps."""
    press(page, "Home")
    before = -1
    while at(page) != before:
        before = at(page)
        yield page
        press(page, "ArrowRight")


@pytest.mark.parametrize("name", ["neuron", "mlp", "digits", "rows"])
def test_sizes_fit_together(opened, name):
    """64 x 10 times 10 x 1 is 64 x 1, with a transpose where the equation has one."""
    page, products, fitted = opened(name, width=1280, height=720), 0, 0
    for _ in steps(page):
        for terms in page.evaluate(DRAWN):
            *factors, result = [term for term in terms if not term["missing"]]
            signs = {term["sign"] for term in factors}
            shape = factors[0]["shape"] if factors else result["shape"]
            for term in factors[1:]:
                if term["sign"] == "·":
                    assert shape[1] == term["shape"][0], terms
                    shape = [shape[0], term["shape"][1]]
                    products += 1
                elif "added to each row" in term["caption"]:
                    assert term["shape"] == [1, shape[1]], terms
                else:
                    assert term["shape"] == shape, terms
            if result["sign"] == "⟼":
                assert "summed to" in result["caption"], terms
            elif "as " in result["caption"]:
                assert shape == [result["shape"][0] * result["shape"][1], 1], terms
            else:
                assert result["shape"] == shape or (factors == [] and signs == set()), terms
            sizes = [(n, s) for term in terms if term["size"] for n, s in zip(term["shape"], term["size"])]
            for n, size in sizes:
                others = [other for m, other in sizes if m == n]
                fitted += len(others) > 1
                assert max(others) < 1.05 * size + 1, (terms, "what is equally long is drawn equally long")
    assert products > 1 or name == "neuron"
    assert fitted or name in ("neuron", "mlp")


@pytest.mark.parametrize("name", ["neuron", "mlp", "digits", "rows"])
def test_every_letter_is_named(opened, name):
    """What stands in the mathematics of a step is said beside it: W(2) is 2 × 4."""
    page = opened(name, width=1280, height=720)
    for _ in steps(page):
        text = page.evaluate(TEXT)
        if "upstream gradient" not in " ".join(text):
            continue
        rule, where = text[0].split("=", 1)[1], " ".join(text[1:])
        for letter in re.findall(r"(?<![\w.])(?:e\d|[a-zA-Z](?:\(\d\))?)(?=ᵀ|[^\w.]|$)", rule):
            assert re.search(rf"(?<!\w){re.escape(letter)}(?: =|:| is|,)", where), (letter, text)
