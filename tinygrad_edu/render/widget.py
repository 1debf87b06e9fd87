"""Shows a walk as a widget in Jupyter, marimo, VS Code and others.  It needs anywidget, an optional extra."""

from __future__ import annotations

import json
from typing import Any

import anywidget
import traitlets

from ..tracing.data import fields_in_use
from .page import player_source


class Player(anywidget.AnyWidget):
    """The player of the page, the same JavaScript module, as a widget."""

    _esm = player_source()
    data = traitlets.Unicode("").tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)


def widget(data: dict[str, Any]) -> Any:
    """A widget for a walk, from the data that the page of the walk has too (see ``data_for_player``)."""
    return Player(data=json.dumps(data, default=fields_in_use, ensure_ascii=False, allow_nan=False))
