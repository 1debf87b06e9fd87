"""The course in a browser: every slide of every lesson fits, is typeset, and asks nothing of the network."""

from __future__ import annotations

import re

import pytest

from tinygrad_edu import OPS
from tinygrad_edu.teaching.lesson import entries, read
from tinygrad_edu.teaching.site import write_site

KEYS = [entry.key for entry in entries()]
SMALLEST = 16  # pixels of type on a stage of 720 lines


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """The course, made once."""
    folder = tmp_path_factory.mktemp("course")
    write_site([read(entry) for entry in entries()], folder, solutions=True)
    return folder


@pytest.fixture
def visit(watched, course):
    """Opens a page of the course, which is watched."""

    def open_(name, at="", width=1280, height=720, **context):
        page = watched(width, height, **context)
        page.goto(f"{(course / name).as_uri()}{at}")
        return page

    return open_


def now(page, what="textContent"):
    """Something of the slide that is seen."""
    return page.evaluate(f"document.querySelector('.slide.now').{what}")


@pytest.mark.parametrize("key", KEYS)
def test_every_slide_fits_on_the_stage(visit, key):
    page = visit(f"{key}.html", "#1")
    number = page.locator(".slide").count()
    small = {}
    for at in range(1, number + 1):
        assert page.locator("#where").inner_text() == f"{at} / {number}"
        if now(page, "dataset.full") == "true" or float(now(page, "dataset.type")) < SMALLEST:
            small[at] = now(page, "dataset.type")
        page.keyboard.press("ArrowRight")
    assert small == {}


@pytest.mark.parametrize("key", KEYS)
def test_mathematics_is_typeset(visit, key):
    page = visit(f"{key}.html", "#read")
    prose = page.evaluate(
        """[...document.querySelectorAll('.slide p, .slide li, .slide h1, .slide h2, .slide figcaption')]
        .filter((x) => !x.closest('pre'))
        .map((x) => [...x.childNodes].filter((c) => c.nodeName !== 'CODE').map((c) => c.textContent).join(''))"""
    )
    assert [words for words in prose if re.search(r"\$|\\[a-z]+|\^\{|_\{", words)] == []
    assert page.locator("svg.math").count() > 5
    shown = page.evaluate(
        """[...document.querySelectorAll('svg.math')].filter((x) => !x.closest('.notes'))
        .every((x) => x.getBoundingClientRect().height > 3)"""
    )
    assert shown


@pytest.mark.parametrize("key", KEYS)
def test_a_phone_shows_it_without_scrolling_sideways(visit, key):
    page = visit(f"{key}.html", "#read", 390, 844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".slide").nth(1).is_visible()


def test_the_keys_turn_pages(visit):
    page = visit(f"{KEYS[0]}.html", "#1")
    last = page.locator(".slide").count()
    for key, at in (
        ("ArrowRight", 2),
        (" ", 3),
        ("PageDown", 4),
        ("ArrowLeft", 3),
        ("Home", 1),
        ("Backspace", 1),
        ("End", last),
        ("ArrowRight", last),
    ):
        page.keyboard.press(key)
        assert page.evaluate("location.hash") == f"#{at}"
    page.keyboard.press("s")
    assert page.locator(".slide").first.is_visible() and page.locator(".slide").last.is_visible()


def test_the_speaker_has_notes_on_the_slide_and_in_a_window(visit):
    page = visit(f"{KEYS[4]}.html", "#1")
    with_notes = page.evaluate(
        "[...document.querySelectorAll('.slide')].findIndex((x) => x.querySelector('.notes').textContent.trim()) + 1"
    )
    assert with_notes > 0
    for _ in range(with_notes - 1):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("n")
    assert len(page.locator("#speaker").inner_text()) > 20
    page.keyboard.press("n")
    assert not page.locator("#speaker").is_visible()
    with page.context.expect_page() as opened:
        page.keyboard.press("p")
    window = opened.value
    window.wait_for_selector("#speaker h2")
    page.keyboard.press("End")
    window.locator("#speaker", has_text="The last slide.").wait_for()
    window.keyboard.press("Home")
    page.locator("#where", has_text=re.compile("^1 /")).wait_for()
    assert re.fullmatch(r"\d+:\d\d", window.locator(".clock").inner_text())


def test_the_speakers_window_begins_where_one_is_and_stays_one(visit):
    page = visit(f"{KEYS[4]}.html", "#6")
    with page.context.expect_page() as opened:
        page.keyboard.press("p")
    window = opened.value
    title = window.locator("#speaker h2")
    window.locator("#speaker h2", has_text="6.").wait_for()
    assert title.locator("svg.math").count() == page.locator(".slide.now h2 svg.math").count() > 0
    for key in "snp?":
        window.keyboard.press(key)
    assert window.evaluate("location.hash") == "#speaker" and len(page.context.pages) == 2
    assert window.evaluate("document.documentElement.className") == "speaking"
    window.reload()
    window.locator("#speaker h2", has_text="6.").wait_for()
    page.reload()
    window.wait_for_timeout(1500)  # the window says once a second that it is there
    page.keyboard.press("ArrowRight")
    window.locator("#speaker h2", has_text="7.").wait_for()


def test_help_opens_and_closes_with_the_same_key(visit):
    page = visit(f"{KEYS[4]}.html", "#2")
    for shown in (True, False):
        page.keyboard.press("?")
        assert page.evaluate("document.getElementById('keys').open") == shown
    page.keyboard.press("S")  # Caps Lock
    assert page.evaluate("location.hash") == "#read"


def test_from_reading_one_comes_to_the_slide_that_is_read(visit):
    page = visit(f"{KEYS[4]}.html", "#read")
    page.evaluate("document.querySelectorAll('.slide')[8].scrollIntoView()")
    page.keyboard.press("s")
    assert page.evaluate("location.hash") == "#9"


@pytest.mark.parametrize("dark", ["scheme", "key"])
def test_paper_is_white(visit, dark):
    page = visit(f"{KEYS[4]}.html", "#1", color_scheme="dark" if dark == "scheme" else "light")
    if dark == "key":
        page.keyboard.press("d")
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", landscape=True)))
    assert pages == page.locator(".slide").count()
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('svg.math')).color") == "rgb(26, 26, 26)"
    shown = "(name) => [...document.querySelectorAll(name)].map((x) => getComputedStyle(x).display !== 'none')"
    assert set(page.evaluate(shown, ".only-dark")) == {False} and set(page.evaluate(shown, ".only-light")) == {True}


@pytest.mark.parametrize("key", [KEYS[4], KEYS[10]])
def test_what_scrolls_sideways_is_reached_with_the_keyboard(visit, key):
    page = visit(f"{key}.html", "#read", 390, 844, is_mobile=True)
    assert page.evaluate("innerWidth") == 390
    out = "[...document.querySelectorAll('main pre, main .wide')].filter((x) => x.scrollWidth > x.clientWidth)"
    assert page.evaluate(f"{out}.length") > 0 and page.evaluate(f"{out}.every((x) => x.tabIndex === 0)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(visit, scheme):
    page = visit(f"{KEYS[4]}.html", "#1", color_scheme=scheme)
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    colours = {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 24, 28)"}
    assert page.evaluate(paper) == colours[scheme]
    page.keyboard.press("d")
    assert page.evaluate(paper) == colours["dark" if scheme == "light" else "light"]


def test_the_index_leads_to_every_page(visit, course):
    page = visit("index.html")
    links = page.evaluate("[...document.querySelectorAll('a')].map((a) => a.getAttribute('href').split('#')[0])")
    assert {f"{key}.html" for key in KEYS} | {"operations.html"} <= set(links)
    assert all((course / link).is_file() for link in links)
    page.locator("a", has_text="slides").first.click()
    page.wait_for_selector(".slide.now")
    page.keyboard.press("s")
    page.locator("a.home").click()
    page.wait_for_selector(".course main, main ol")


def test_the_reference_opens(visit):
    page = visit("operations.html")
    page.wait_for_selector("#softmax")
    assert {x.get_attribute("id") for x in page.locator("article").all()} == set(OPS), "and no operations of lessons"


def test_a_number_and_enter_go_to_that_slide(visit):
    page = visit(f"{KEYS[0]}.html", "#1")
    for key in "12":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#12"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#13"


def test_a_derivation_comes_step_by_step_if_one_likes(visit):
    page = visit(f"{KEYS[4]}.html", "#1")
    first = page.evaluate(
        "[...document.querySelectorAll('.slide')].findIndex((x) => x.querySelector('.derivation')) + 1"
    )
    page.keyboard.press("b")
    for key in (*str(first), "Enter"):
        page.keyboard.press(key)
    rows = page.locator(".slide.now .derivation tr")
    assert rows.count() > 1
    for seen in range(rows.count()):
        assert [row.is_visible() for row in rows.all()] == [True] * seen + [False] * (rows.count() - seen)
        page.keyboard.press("ArrowRight")
    assert page.evaluate("location.hash") == f"#{first}"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("location.hash") == f"#{first + 1}"
    page.keyboard.press("b")
    page.keyboard.press("ArrowLeft")
    assert all(row.is_visible() for row in rows.all())
