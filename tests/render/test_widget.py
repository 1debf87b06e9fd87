"""The player as a widget, where anywidget is installed."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("anywidget", reason="widgetless")

from tinygrad_edu import Tensor, sigmoid, walk
from tinygrad_edu.render.widget import widget

VIEW = "application/vnd.jupyter.widget-view+json"


def loss() -> Tensor:
    """A neuron."""
    w, x = Tensor(-3.0, name="w"), Tensor(2.0, name="x")
    return sigmoid(w * x)


def test_a_walk_shows_itself_as_a_widget() -> None:
    """A notebook is told of a widget's view; where there is none, as in a file that was exported, of the picture."""
    bundle, _ = walk(loss())._repr_mimebundle_()
    assert bundle[VIEW]["model_id"]
    assert bundle["image/svg+xml"].startswith("<svg") and bundle["text/plain"].startswith("<walk of ")


def test_the_widget_carries_the_trace_and_the_step() -> None:
    """The data is that of the page, and the step can be set."""
    player = widget(walk(loss()).data())
    data = json.loads(player.data)
    assert {node.get("name") for node in data["trace"]["nodes"]} >= {"w", "x"} and data["views"] and data["math"]
    assert player.at == 0
    player.at = 3
    assert player.get_state()["at"] == 3
