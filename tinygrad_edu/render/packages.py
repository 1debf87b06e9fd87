"""The packages that draw, imported when something is drawn: the engine does not need them.

Where one is not installed, what is imported above it still works, and the error says which package it is and how to get
it.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

# By the module that is imported: what pip calls it, and what it is needed for.
PACKAGES = {
    "ziamath": ("ziamath", "sets the mathematics in pictures"),
    "ziafont": ("ziafont", "has the outlines of letters in pictures"),
    "graphviz": ("graphviz", "speaks to Graphviz, which lays graphs out"),
    "resvg_py": ("resvg-py", "makes PNG of a picture"),
    "PIL": ("Pillow", "makes GIF of pictures"),
}
PIXELS = {".png": ("resvg_py",), ".gif": ("resvg_py", "PIL.Image")}


def package(module: str) -> Any:
    """A module of one of these packages.  RuntimeError, saying what to install, where it is missing."""
    if (found := sys.modules.get(module)) is not None:
        return found
    top = module.partition(".")[0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.11 finds fault with how ziafont reads fonts
            importlib.import_module(top)
            return importlib.import_module(module)
    except ImportError as error:
        name, purpose = PACKAGES[top]
        missing = isinstance(error, ModuleNotFoundError) and error.name == top
        why = "is not installed" if missing else f"cannot be loaded ({error})"
        raise RuntimeError(f"the package {name}, which {purpose}, {why}: pip install {name}") from error


def require(ending: str, *, graph: bool = True) -> None:
    """RuntimeError, saying what to install, if a file with that ending cannot be drawn here; ``graph``: of a graph.

    Whoever asks this first does not let a program run for minutes before a picture of it fails.
    """
    ending = ending.lower()
    if ending == ".json":  # it is data, and nothing is drawn
        return
    for module in ("ziamath", *PIXELS.get(ending, ())):
        package(module)
    if graph:
        from .layout import graphviz_json

        graphviz_json("digraph {}")
