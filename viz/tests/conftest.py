"""A browser, and pages in it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The pages, by their names."""
    from browsing import MADE

    from tinygrad_edu.render import walk

    folder = tmp_path_factory.mktemp("pages")
    return {name: Path(walk(made()).save(folder / f"{name}.html")) for name, made in MADE.items()}


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests."""
    from browsing import CHROMIUM, playwright

    with playwright.sync_playwright() as p:
        harmless = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]  # as in a container
        launched = p.chromium.launch(executable_path=CHROMIUM, args=harmless)
        yield launched
        launched.close()


@pytest.fixture
def watched(browser):
    """Makes empty pages.  At the end nothing may have been said on the console, nor asked of the network."""
    contexts, complaints, requests = [], [], []

    def new(width=1280, height=800, **context):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **context))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        return page

    yield new
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


@pytest.fixture
def opened(watched, pages):
    """Opens a page, which is watched."""

    def open_(name="neuron", width=1280, height=800, **context):
        page = watched(width, height, **context)
        page.goto(pages[name].as_uri())
        page.wait_for_selector(".screen svg")
        return page

    return open_
