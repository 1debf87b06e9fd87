"""The classes that ``draw`` and ``walk`` give: pictures that a notebook shows and that save themselves to files."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..output.atomic_write import save_picture
from ..render import layout, page, pdf, raster, svg, tikz
from ..tracing.data import Trace
from ..web.colours import theme
from .compose import Style, contents_of_boxes, labels_of_links, scene_of
from .scene import Scene
from .view import Box, View, view_of


class Picture:
    """A computation graph.  It is laid out and drawn when somebody looks at it or saves it."""

    def __init__(self, trace: Trace, style: Style, colours: str | None, depth: int | None, constants: bool) -> None:
        self.trace, self.style = trace, style
        self.colours, self.dark = theme(colours or "light"), None if colours is None else colours == "dark"
        self.depth, self.constants = depth, constants

    @functools.cached_property
    def view(self) -> View:
        """The boxes and links to draw, before they have places."""
        return view_of(self.trace, self.depth, self.constants)

    @functools.cached_property
    def scene(self) -> Scene:
        """The shapes.  RuntimeError, saying how to install it, if there is no Graphviz to lay them out."""
        layout.load_webassembly()
        return scene_of(self.view, self.style)

    @property
    def source(self) -> str:
        """The graph in Graphviz's language, DOT: the same text for the same graph."""
        sizes = {key: size for key, (_, size) in contents_of_boxes(self.view, self.style).items()}
        flows = {i: (label.width + 6, label.height + 4) for i, label in labels_of_links(self.view, self.style).items()}
        return layout.dot_source(self.view, sizes, flows, self.style.direction, self.words)

    def words(self, box: Box) -> str:
        """The label of a box in the source."""
        node = self.trace.nodes[box.nodes[0]]
        name = box.folded or " = ".join(filter(None, [node.name and node.name[:60], node.op])) or node.kind
        return "".join(c if c.isprintable() else " " for c in name)

    def svg(self) -> str:
        """The picture as SVG."""
        return svg.svg(self.scene, self.colours)

    def save(self, file: str | os.PathLike[str], *, scale: float = 2, at: int | None = None) -> Path:
        """Write the picture, in the format that the file's ending names, whole or not at all.  Gives the path.

        svg, pdf, png (``scale`` pixels to a point), tex (TikZ), dot, json (the trace), html (the page that walks
        through it, opened at step ``at``) and gif (the walk as an animation).  Raises ValueError for other endings, and
        OSError if the file cannot be written.
        """
        made = {ending: functools.partial(make, self, scale, at) for ending, make in FORMATS.items()}
        return save_picture(file, "picture", made, scale)

    def page(self, at: int | None = None) -> str:
        """The page that walks through it, opened at step ``at``, or at the last.  ValueError for no step of it."""
        last = len(self.trace.steps)
        step = last if at is None else at
        if not 0 <= step <= last:
            raise ValueError(f"there is no step {at}: the walk has steps 0 to {last}")
        return page.page(self.trace, self.walking, step, self.dark, depth=self.depth, constants=self.constants)

    @property
    def walking(self) -> Style:
        """The same style for a walk, which shows how the boxes change from step to step."""
        return Style(**{**vars(self.style), "walked": True})

    def animated(self) -> bytes:
        """The walk as an animated GIF."""
        return raster.gif(scene_of(self.view, self.walking), self.colours, self.trace)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # marimo, unlike Jupyter, cuts off a picture that is too wide.
        narrow = '<svg style="max-width:100%;height:auto" '
        return {"image/svg+xml": self.svg().replace("<svg ", narrow, 1), "text/plain": repr(self)}

    def __repr__(self) -> str:
        what = self.trace.nodes[self.trace.result]
        name = (
            "".join(c for c in what.name[:60] if c.isprintable())
            if what.name
            else f"the result of {what.op or 'nothing'}"
        )
        kind = type(self).__name__.lower()
        return f"<{kind} of {name}: {len(self.trace.nodes)} nodes; .save('net.svg') writes it to a file>"


class Walk(Picture):
    """The page that walks through a computation, forward and backward, one step at a time."""

    def page(self, at: int | None = None) -> str:
        """The page, opened before the first step unless ``at`` says otherwise."""
        return super().page(at or 0)

    def data(self) -> dict[str, Any]:
        """The data that the player shows, opened before the first step."""
        return page.data_for_player(self.trace, self.walking, 0, self.dark, depth=self.depth, constants=self.constants)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """The picture, and the player as a widget where anywidget is installed: a notebook prefers the widget."""
        picture = super()._repr_mimebundle_(include, exclude)
        try:
            from .widget import widget
        except ImportError:
            return picture
        found, more = widget(self.data())._repr_mimebundle_()
        return {**found, **picture}, more


FORMATS: dict[str, Callable[[Picture, float, int | None], str | bytes]] = {
    ".svg": lambda picture, scale, at: picture.svg(),
    ".pdf": lambda picture, scale, at: pdf.pdf(picture.scene, picture.colours),
    ".png": lambda picture, scale, at: raster.png(picture.scene, picture.colours, scale),
    ".tex": lambda picture, scale, at: tikz.tikz(picture.scene, picture.colours),
    ".dot": lambda picture, scale, at: picture.source,
    ".json": lambda picture, scale, at: picture.trace.to_json(),
    ".html": lambda picture, scale, at: picture.page(at),
    ".gif": lambda picture, scale, at: picture.animated(),
}
