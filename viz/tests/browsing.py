"""What the tests of the page have in common: computations to walk through, and questions to a page."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

NEEDED = "browserless"  # the word by which all of this is skipped
playwright = pytest.importorskip("playwright.sync_api", reason=NEEDED)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip(NEEDED, allow_module_level=True)

from tinygrad_edu import Tensor, constant, cross_entropy, sigmoid, tanh  # noqa: E402
from tinygrad_edu.nn import MLP  # noqa: E402

VIZ = Path(__file__).resolve().parents[1]
ROOT = "document.getElementById('tinygrad-edu').shadowRoot"  # where everything that is seen stands
HOSTILE = "</script><script>window.harmed = 1</script>"


def neuron():
    """A neuron, in which e is used twice."""
    x, w, b, t = (Tensor(v, name=n) for v, n in ((2.0, "x"), (-3.0, "w"), (6.7, "b"), (1.0, "t")))
    z = w * x + b
    z.name = "z"
    e = sigmoid(z) - t
    e.name = "e"
    L = 0.5 * e * e
    L.name = "L"
    return L


def mlp():
    """A network with scopes, matrices, and a local derivative that is a heat map."""
    rng = np.random.default_rng(0)
    x = constant(rng.normal(size=3), name="x")
    R = cross_entropy(MLP([3, 4, 2], rng=rng)(x), np.array([0.0, 1.0]))
    R.name = "R"
    return R


def hostile():
    """Names that are no names, and NaN."""
    a = Tensor(1.0, name=HOSTILE)
    return a * a + Tensor(float("nan"), name='"><img src=x onerror="window.harmed = 1">')


def large():
    """Arrays of three axes, empty ones, and some too large to be written out."""
    a = Tensor(np.linspace(-1, 1, 2 * 3 * 4).reshape(2, 3, 4), name="A")
    b = Tensor(np.linspace(-1, 3, 400).reshape(20, 20), name="B")
    e = Tensor(np.zeros((0, 3)), name="E")
    s = tanh(a).sum() + (b * b).sum() + e.sum()
    s.name = "s"
    return s


def long():
    """A recurrence of so many steps that its weights are drawn beside each use, and that boxes are filled when seen."""
    w, b, h = Tensor(0.9, name="w"), Tensor(0.1, name="b"), constant(1.0, name="h_0")
    for t in range(1, 151):
        h = tanh(w * h + b)
        h.name = f"h_{t}"
    return h


def digits():
    """A network as for images of digits, so large that matrices are heat maps; for one example, with a label."""
    rng = np.random.default_rng(1)
    x = constant(rng.uniform(size=64), name="x")
    return cross_entropy(MLP([64, 24, 10], rng=rng, bias=False)(x), np.array(6))


def rows():
    """A network with biases for several examples as rows: some of its products are written out, some are heat maps."""
    rng = np.random.default_rng(2)
    X = constant(rng.normal(size=(9, 20)), name="X")
    return cross_entropy(MLP([20, 5, 3], tanh, rng=rng)(X), np.array([0, 1, 2, 2, 1, 0, 0, 1, 2]))


MADE = {
    "neuron": neuron, "mlp": mlp, "hostile": hostile, "large": large, "long": long, "digits": digits, "rows": rows,
}  # fmt: skip


def at(page):
    """The step that the page shows."""
    return int(page.locator(".slider").input_value())


def last(page):
    """The number of steps."""
    return int(page.locator(".slider").get_attribute("max"))


def state(page):
    """All that the picture shows, without where the camera is."""
    return page.evaluate(f"() => [...{ROOT}.querySelectorAll('.film g')].map((g) => g.getAttribute('class')?.trim())")


def press(page, *keys):
    """Presses keys, one after the other."""
    for key in keys:
        page.keyboard.press(key)


def node(page, name):
    """The box of a value, which the page is asked for by its name."""
    number = page.evaluate(
        """(name) => JSON.parse(document.getElementById('tinygrad-edu-data').textContent)
        .trace.nodes.findIndex((n) => n.name === name)""",
        name,
    )
    return page.locator(f'.node[data-node="{number}"]')
