"""How long pictures take: the first in a new process, the next ones, one of 2,000 nodes, and the page in a browser.

There is nobody to divide by here, so these are times, each with what is hoped for on two cores of a server.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .contest import Effort, Row, duration, progress

SMALL = "import bench.pictures as b; b.draw(b.layers(4)).svg()"
LARGE = "import bench.pictures as b; b.draw(b.recurrence(400)).svg()"


def layers(depth: int, seed: int = 0) -> Any:
    """A network of 20 nodes, if it has four layers, with its gradients."""
    from tinygrad_edu import Tensor, constant, tanh

    rng = np.random.default_rng(seed)
    a = constant(rng.normal(size=3), "x")
    for s in range(1, depth + 1):
        W, b = Tensor(rng.normal(size=(3, 3)), f"W({s})"), Tensor(rng.normal(size=3), f"b({s})")
        a = tanh(W @ a + b)
    E = (a * a).sum()
    E.backward()
    return E


def recurrence(steps: int) -> Any:
    """Five nodes a step, with two weights that each step uses."""
    from tinygrad_edu import Tensor, constant, tanh

    rng = np.random.default_rng(0)
    W, b = Tensor(rng.normal(size=(2, 2)) * 0.5), Tensor(rng.normal(size=2))
    h = constant(np.ones(2), "h_0")
    for t in range(1, steps + 1):
        x = constant(rng.normal(size=2), f"x_{t}")
        h = tanh(W @ h + b + x)
        h.name = f"h_{t}"
    E = (h * h).sum()
    E.backward()
    return E


def draw(what: Any) -> Any:
    """As a user calls it."""
    import tinygrad_edu

    return tinygrad_edu.draw(what)


class Times(NamedTuple):
    """In the table as a workload is; the time is that of "ours"."""

    title: str
    measure: Callable[[Effort], list[float]]  # in seconds; empty: what it takes is not installed
    limit: float

    def row(self, effort: Effort) -> Row:
        """The median."""
        progress(self.title)
        found = self.measure(effort)
        if not found:
            return Row(self.title, {}, f"<= {duration(self.limit)}: not measured, there is no browser")
        middle = statistics.median(found)
        verdict = f"<= {duration(self.limit)}: {'yes' if middle <= self.limit else 'NO'}"
        return Row(self.title, {"t(ours)": duration(middle)}, verdict)


def process(program: str) -> Callable[[Effort], list[float]]:
    """A whole Python process, from its start to its end."""

    def measure(effort: Effort) -> list[float]:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        times = []
        with tempfile.TemporaryDirectory() as folder:
            environment["PYTHONPYCACHEPREFIX"] = folder  # a user has compiled files from the second time on
            for _ in range(effort.least + 1):
                start = time.perf_counter()
                subprocess.run([sys.executable, "-c", program], env=environment, check=True)
                times.append(time.perf_counter() - start)
        return times[1:]

    return measure


def next_ones(effort: Effort) -> list[float]:
    """Other graphs, of other numbers, in a process that has drawn before; traced, laid out and written."""
    draw(layers(4)).svg()
    graphs = [layers(4, seed) for seed in range(1, effort.rounds + 1)]
    times = []
    for graph in graphs:
        start = time.perf_counter()
        draw(graph).svg()
        times.append(time.perf_counter() - start)
    return times


PAGE: dict[str, list[float]] = {}  # what the browser has measured


def in_browser(name: str) -> Callable[[Effort], list[float]]:
    """A page of 2,000 nodes in Chromium: how long until it can be used, and each of 200 steps."""

    def measure(effort: Effort) -> list[float]:
        chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if not PAGE and chromium and find_spec("playwright"):
            PAGE.update(browsed(chromium, effort))
        return PAGE.get(name, [])

    return measure


STEPS = """() => { const times = [], key = new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true});
for (let i = 0; i < 200; i++) { const start = performance.now(); document.dispatchEvent(key);
times.push((performance.now() - start) / 1000); } return times; }"""
LOADED = "() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000"


def browsed(chromium: str, effort: Effort) -> dict[str, list[float]]:
    """The page, opened a few times."""
    from playwright.sync_api import sync_playwright

    from tinygrad_edu import walk

    found: dict[str, list[float]] = {"load": [], "step": []}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        file = walk(recurrence(400)).save(Path(folder) / "walk.html")
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(min(5, effort.least)):
            page = browser.new_page()
            page.goto(file.as_uri())
            found["load"].append(page.evaluate(LOADED))
            found["step"] += page.evaluate(STEPS)
            page.close()
        browser.close()
    return found


def pictures() -> Iterator[Times]:
    """All of these."""
    yield Times("picture: 20 nodes, in a new process", process(SMALL), 1.5)
    yield Times("picture: 20 nodes, then", next_ones, 0.05)
    yield Times("picture: 2,000 nodes, in a new process", process(LARGE), 5)
    yield Times("page: 2,000 nodes, until it can be used", in_browser("load"), 1)
    yield Times("page: 2,000 nodes, a step", in_browser("step"), 0.005)
