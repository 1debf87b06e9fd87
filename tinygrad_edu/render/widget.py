"""The player in a notebook, with anywidget: Jupyter, marimo, VS Code and others.  An optional extra."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from ..tracing.data import known
from .page import data, player

if TYPE_CHECKING:
    from .picture import Walk


class Player(anywidget.AnyWidget):
    """The same module as in the page."""

    _esm = player()
    data = traitlets.Unicode("").tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)


def widget(walk: Walk) -> Any:
    """A widget for a walk."""
    plain = data(walk.trace, walk.walking, 0, walk.dark, depth=walk.depth, constants=walk.constants)
    return Player(data=json.dumps(plain, default=known, ensure_ascii=False, allow_nan=False))
