"""How the page looks, to whom it is open, and what it keeps out."""

from __future__ import annotations

import json
import re

import pytest
from browsing import MADE, NEEDED, ROOT, VIZ, at, last, neuron, press

from tinygrad_edu.render import walk

pytestmark = pytest.mark.filterwarnings("ignore:path is deprecated:DeprecationWarning")  # in ziafont, about itself


def test_themes(opened):
    """Auto follows the system, and d goes round."""
    page = opened(color_scheme="dark")
    colour = f"() => getComputedStyle({ROOT}.querySelector('.player')).backgroundColor"
    dark = page.evaluate(colour)
    press(page, "d")
    light = page.evaluate(colour)
    assert light == "rgb(255, 255, 255)" != dark
    press(page, "d")
    assert page.evaluate(colour) == dark
    press(page, "d")
    page.emulate_media(color_scheme="light")
    page.wait_for_selector(".player:not(.dark)")
    assert page.evaluate(colour) == light


def test_reduced_motion(opened):
    """Who asks for less motion sees none."""
    page = opened(reduced_motion="reduce")
    moving = f"""() => [...{ROOT}.querySelectorAll('*')]
    .some((e) => getComputedStyle(e).transitionDuration.split(', ').some((t) => t !== '0s'))"""
    assert not page.evaluate(moving)
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving)


@pytest.mark.parametrize("name", sorted(MADE))
@pytest.mark.parametrize("width", [400, 700, 1280, 1920])
def test_no_overflow(opened, name, width):
    """At no width is the document wider than the window, at any step."""
    page = opened(name, width=width)
    for k in {0, 1, last(page) // 2, last(page) - 1, last(page)}:
        page.locator(".slider").fill(str(k))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        cut = page.evaluate(
            f"""() => [...{ROOT}.querySelectorAll('.bar, .details, .list')]
            .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.className)"""
        )
        assert cut == [], f"step {k}"


def test_presentation(opened):
    """Presentation shows larger type and less beside it, and Esc leaves."""
    page = opened()
    size = f"() => parseFloat(getComputedStyle({ROOT}.querySelector('.details')).fontSize)"
    before = page.evaluate(size)
    press(page, "p")
    assert page.evaluate(size) > 1.35 * before
    assert not page.locator(".list").is_visible() and not page.locator(".find").is_visible()
    assert page.locator(".slider").is_visible()
    press(page, "ArrowRight")
    assert at(page) == 1
    press(page, "p")
    assert page.evaluate(size) == before
    press(page, "p", "Escape")
    page.wait_for_selector(".frame:not(.presenting)")


def test_hostile_names(opened):
    """A name is text, wherever it stands."""
    page = opened("hostile")
    for k in range(last(page) + 1):
        page.locator(".slider").fill(str(k))
        press(page, "i", "i")
    assert page.evaluate("window.harmed") is None
    assert page.evaluate(f"{ROOT}.querySelectorAll('script, img, iframe').length") == 0
    assert "NaN" in page.locator(".details").inner_text()


def test_foreign_drawings(browser, pages):
    """A page whose drawings were tampered with shows shapes and does nothing."""
    text = pages["neuron"].read_text(encoding="utf-8")
    found = re.search(r'(<script type="application/json" id="tinygrad-edu-data">)(.*?)(</script>)', text, re.DOTALL)
    data = json.loads(found[2])
    do = "window.harmed = 1"
    evil = f'<script>{do}</script><image href="x" onerror="{do}"/><style>*{{display: none}}</style>'
    evil += f'<rect onload="{do}" style="x"/>'
    data["views"][0]["svg"] = data["views"][0]["svg"].replace("</svg>", f"{evil}</svg>")
    changed = text.replace(found[2], json.dumps(data).replace("<", r"\u003c"))
    changed = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", changed)  # even without its policy
    page = browser.new_page()
    page.set_content(changed)
    page.wait_for_selector(".screen svg .node")
    inside = f"{ROOT}.querySelectorAll('script, image, style, [onload], [style=x]').length"
    assert page.evaluate(inside) == 0
    assert page.evaluate("window.harmed") is None
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", sorted(MADE))
def test_accessible(opened, name, scheme):
    """axe finds nothing serious, at any kind of step."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=NEEDED).Axe()
    page = opened(name, color_scheme=scheme, reduced_motion="reduce")
    for k in (0, 1, last(page) // 2, last(page)):
        page.locator(".slider").fill(str(k))
        press(page, "i")
        found = [v for v in axe.run(page).response["violations"] if v["impact"] in ("serious", "critical")]
        bad = [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found]
        assert bad == [], f"step {k}"


def test_in_a_notebook(browser):
    """The same module draws for anywidget: it keeps to its element, its keys and its model."""
    module = json.dumps((VIZ.parent / "tinygrad_edu" / "render" / "player.js").read_text(encoding="utf-8"))
    found = re.search(r'id="tinygrad-edu-data">(.*?)</script>', walk(neuron()).page(), re.DOTALL)
    page = browser.new_page(viewport={"width": 900, "height": 700})
    page.set_content('<style>* { color: red; font-size: 3px }</style><input id="other"><div id="cell"></div>')
    page.evaluate(
        """async ([module, data]) => {
          const url = URL.createObjectURL(new Blob([module], { type: 'text/javascript' }));
          const { default: widget } = await import(url);
          const listeners = {};
          window.model = { values: { data, at: 2 }, saved: 0, listeners,
            get(k) { return this.values[k]; }, set(k, v) { this.values[k] = v; },
            save_changes() { this.saved++; }, on(e, f) { listeners[e] = f; }, off(e) { delete listeners[e]; },
            tell(k, v) { this.values[k] = v; listeners['change:' + k](); } };
          window.leave = widget.render({ model: window.model, el: document.getElementById('cell') });
        }""",
        [json.loads(module), found[1]],
    )
    assert at(page) == 2
    page.get_by_role("button", name="Next step").click()
    assert page.evaluate("[model.values.at, model.saved]") == [3, 1]
    page.evaluate("model.tell('at', 5)")
    assert at(page) == 5 and page.evaluate("model.saved") == 1
    page.locator("#other").focus()
    press(page, "ArrowRight")
    assert at(page) == 5, "keys beside it are not its own"
    page.evaluate("document.addEventListener('keydown', (e) => (window.heard ??= []).push(e.key))")
    page.get_by_role("button", name="Next step").click()
    press(page, "x", "b", "ArrowLeft", "Shift")
    assert page.evaluate("window.heard") == ["Shift"], "a letter would be the notebook's command"
    page.evaluate("document.body.style.background = '#111'; document.body.setAttribute('data-theme', 'dark')")
    page.wait_for_selector(".player.dark")  # it follows the notebook, not the system
    inside = "document.getElementById('cell').shadowRoot"
    assert page.evaluate(f"getComputedStyle({inside}.querySelector('.details')).color") != "rgb(255, 0, 0)"
    page.evaluate("leave()")
    assert page.evaluate("document.getElementById('cell').shadowRoot.childElementCount") == 0
    assert page.evaluate("Object.keys(model.listeners).length") == 0
    page.close()


# A graph of many boxes, which are filled when they are seen.

SHOWN = "(e) => [...e.querySelectorAll('.value, .gradient')].filter((g) => g.classList.contains('shown')).length"


def test_boxes_of_a_long_graph_are_filled_where_one_looks(opened):
    page = opened("long")
    filled = page.evaluate(f"() => {ROOT}.querySelectorAll('.node use').length")
    assert 0 < filled < page.evaluate(f"() => {ROOT}.querySelectorAll('.node').length") * 5
    press(page, "End")
    assert page.locator(".node.involved").locator("use").count() > 3
    assert page.locator(".node.involved").evaluate(SHOWN) == 2  # its value and its gradient
    edge = page.locator(".edge.current").get_attribute("data-edges")
    assert (
        page.locator(".node.current").get_attribute("data-use") == edge
    )  # of the many that stand for w, that of this use


def test_a_box_that_is_filled_late_shows_what_is_known_by_then(opened):
    page = opened("long")
    press(page, "ArrowRight", "ArrowRight", "ArrowRight")
    first = page.locator(".node.current")
    assert first.evaluate(SHOWN) == 1
    number = first.get_attribute("data-node")
    press(page, "End", "Home")
    page.locator(f'.node[data-node="{number}"]').first.wait_for(state="attached")
    assert page.locator(f'.node[data-node="{number}"]').first.evaluate(SHOWN) == 0
