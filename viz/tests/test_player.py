"""What a user does with the page, done by a browser.

Run ``pytest viz``: it needs playwright, axe-playwright-python and a Chromium that is installed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from browsing import VIZ, at, last, node, press, state

from tinygrad_edu import Tensor, walk

pytestmark = pytest.mark.filterwarnings("ignore:path is deprecated:DeprecationWarning")  # in ziafont, about itself


def test_built():
    """The module in the package is what its sources say."""
    sys.path.insert(0, str(VIZ))
    try:
        import build
    finally:
        sys.path.pop(0)
    assert build.TARGET.read_text(encoding="utf-8") == build.built()
    assert build.main(["--check"]) == 0


def test_buttons(opened):
    """Every button of the transport does what it says."""
    page = opened()
    assert at(page) == 0
    page.get_by_role("button", name="Next step").click()
    assert at(page) == 1
    page.get_by_role("button", name="Last step").click()
    assert at(page) == last(page)
    page.get_by_role("button", name="Previous step").click()
    assert at(page) == last(page) - 1
    page.get_by_role("button", name="First step").click()
    page.get_by_role("button", name="Previous step").evaluate("(one) => one.click()")  # though disabled
    assert at(page) == 0


def test_keyboard(opened):
    """The keyboard alone does the same."""
    page = opened()
    press(page, "ArrowRight", "ArrowRight", "ArrowLeft")
    assert at(page) == 1
    press(page, "End")
    assert at(page) == last(page)
    press(page, "ArrowRight")
    assert at(page) == last(page)
    press(page, "Home")
    assert at(page) == 0
    page.locator(".slider").focus()
    press(page, "ArrowRight")
    assert at(page) == 1, "the slider moves by itself, and once"
    page.locator(".list").focus()
    press(page, "ArrowDown")
    assert at(page) == 2


def test_slider_says_where_it_is(opened):
    """The slider goes to any step and says it in words."""
    page = opened()
    page.locator(".slider").fill("4")
    assert "step 4 of" in page.locator(".position").inner_text()
    said = page.locator(".slider").get_attribute("aria-valuetext")
    assert said.startswith("Step 4: ")
    assert page.locator('[aria-live="polite"][role="status"].visually-hidden').inner_text() == said


def test_back_to_the_start(opened):
    """After any way through time the start is the start, and the end is the end."""
    for name in ("neuron", "mlp"):
        page = opened(name)
        start = state(page)
        press(page, "End")
        end = state(page)
        assert start != end
        press(page, "Home")
        assert state(page) == start
        for _ in range(last(page)):
            press(page, "ArrowRight")
        assert state(page) == end
        for _ in range(last(page)):
            press(page, "ArrowLeft")
        assert state(page) == start


def test_play_and_pause(opened):
    """It plays to the end, faster if asked, stops when told, and starts again from the end."""
    page = opened()
    page.clock.install()
    page.keyboard.press("Space")
    page.clock.run_for(3700)
    assert at(page) == 3
    page.keyboard.press("Space")
    page.clock.run_for(5000)
    assert at(page) == 3
    page.get_by_label("speed").select_option("4")
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(650)
    assert at(page) == 5
    page.clock.run_for(60000)
    assert at(page) == last(page)
    page.get_by_role("button", name="Play").click()
    assert at(page) == 0


def test_gradients(opened):
    """A gradient is seen when it has come, and says none before; in the end all are there."""
    page = opened()
    assert page.locator(".film .gradient.shown").count() == 0
    press(page, "Home", "ArrowRight", "i")
    assert "no gradient yet" in page.locator(".look").inner_text()
    press(page, "End")
    assert "done: the gradients of the parameters" in page.locator(".details").inner_text()
    shown = page.locator(".film .gradient.shown")
    assert shown.count() == page.locator(".film .node:has(.gradient)").count()


def test_accumulation(opened):
    """A value that is used twice receives twice, and the page adds up."""
    page = opened()
    found = []
    for k in range(last(page) + 1):
        page.locator(".slider").fill(str(k))
        if page.locator(".accumulation").count():
            found.append(page.locator(".accumulation").inner_text())
    assert len(found) == 2
    assert "nothing yet" in found[0] and "contribution 1 of 2" in found[0]
    assert "nothing yet" not in found[1] and "contribution 2 of 2" in found[1]
    numbers = [float(x.replace("−", "-")) for x in re.findall(r"−?\d+\.\d+", found[1])]
    assert numbers[0] + numbers[1] == pytest.approx(numbers[2], abs=2e-5)


def test_what_was_not_chosen(watched, tmp_path):
    """A step says where 0 flows in the place of what is not a number."""
    x, page, found = Tensor([1.0, 0.0, -1.0], name="x"), watched(), []
    with np.errstate(all="ignore"):
        L = np.where(x > 0, x * np.log(x), 0.0).sum()
        L.backward()
    page.goto(Path(walk(L).save(tmp_path / "chosen.html")).as_uri())
    page.wait_for_selector(".screen svg")
    for k in range(last(page) + 1):
        page.locator(".slider").fill(str(k))
        found += [words for words in page.locator(".details .note").all_inner_texts() if "place" in words]
    assert len(found) == 2
    assert all(words.startswith("Not chosen: 0 in place of nan at x[1], x[2]; see where, line ") for words in found)


def test_click_on_a_node(opened):
    """Forward to where a value is computed, backward to where its gradient comes; again, to look into it."""
    page = opened()
    node(page, "e").click()
    forward = at(page)
    assert "e" in page.locator(".details h2").inner_text() or page.locator(".details h2 svg").count()
    assert page.locator(".film .node.current").count() == 1
    node(page, "e").click()
    assert at(page) == forward and page.locator(".look").count() == 1
    node(page, "e").click()
    assert page.locator(".look").count() == 0
    press(page, "End")
    node(page, "e").click()
    assert forward < at(page) < last(page)
    node(page, "w").dblclick()
    assert page.locator(".look").count() == 1, "a double click goes there and looks into it"


def test_list(opened):
    """The list goes to a step, keeps the current one in view, and has no more lines than are seen."""
    page = opened()
    page.locator('.row[data-k="3"]').click()
    assert at(page) == 3
    press(page, "End")
    current = page.locator('.row[aria-selected="true"]')
    assert current.count() == 1
    page.wait_for_timeout(60)
    box, around = current.bounding_box(), page.locator(".list").bounding_box()
    assert around["y"] <= box["y"] and box["y"] + box["height"] <= around["y"] + around["height"] + 1


def test_find(opened):
    """Find counts, Enter goes on, Esc leaves."""
    page = opened("mlp")
    press(page, "/")
    page.keyboard.type("sigmoid")
    assert page.locator(".matches").inner_text() == "1"
    press(page, "Enter")
    assert page.locator(".matches").inner_text() == "1 of 1"
    assert at(page) == 2
    assert page.locator(".film .found").count() == 1
    press(page, "Escape")
    assert page.locator(".film .found").count() == 0
    press(page, "ArrowRight")
    assert at(page) == 3, "the keys are the page's again"
    press(page, "/")
    page.keyboard.type("p?d 0")
    assert page.locator(".matches").inner_text() == "none"
    assert page.locator(".presenting").count() == 0, "what is typed there is no command"


def test_views(opened):
    """Another view shows the same step, and a click on a folded part opens it."""
    page = opened("mlp")
    press(page, "ArrowRight", "ArrowRight")
    page.get_by_label("view").select_option(index=page.locator('select[aria-label="view"] option').count() - 1)
    assert page.locator(".film .folded").count() >= 1
    assert at(page) == 2
    page.locator(".film .folded").first.click()
    assert page.get_by_label("view").input_value() != str(page.locator('select[aria-label="view"] option').count() - 1)
    assert at(page) == 2


def test_zoom_and_pan(opened):
    """The picture is enlarged, moved, and shown whole again."""
    page = opened()
    box = page.locator(".film > svg")
    whole = box.get_attribute("viewBox")
    press(page, "+", "+")
    enlarged = box.get_attribute("viewBox")
    assert float(enlarged.split()[2]) < float(whole.split()[2])
    around = page.locator(".screen").bounding_box()
    x, y = around["x"] + around["width"] / 2, around["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 80, y + 10, steps=4)
    page.mouse.up()
    assert box.get_attribute("viewBox") != enlarged
    assert at(page) == 0, "a drag is no click"
    press(page, "0")
    assert box.get_attribute("viewBox") == whole
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_timeout(100)
    assert box.get_attribute("viewBox") != whole


def test_help(opened):
    """Help lists the keys; keys pressed there do nothing else."""
    page = opened()
    press(page, "?")
    assert page.locator("dialog[open] kbd").count() > 8
    press(page, "ArrowRight")
    assert at(page) == 0
    press(page, "Escape")
    assert page.locator("dialog[open]").count() == 0


def test_numbers(opened):
    """Large arrays are heat maps that the keyboard reads; arrays of three axes are seen slice by slice."""
    page = opened("large")
    field = page.locator(".field").first
    field.focus()
    press(page, "ArrowRight", "ArrowDown")
    assert "[1, 1], counted from 0: " in page.locator(".readout").first.inner_text()
    assert at(page) == 0, "its arrows are its own"
    first = page.locator(".given table").first.inner_text()
    page.locator(".slice input").first.fill("1")
    assert page.locator(".given table").first.inner_text() != first
    assert "empty, 0 × 3" in page.locator(".details").inner_text()
