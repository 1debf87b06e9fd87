"""Imports the packages that draw when something is drawn: the engine does not need them.

If one is missing, everything else still works, and the error names the package and how to install it.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

# For each module, the name of its package for pip, and what the package does.
PACKAGES = {
    "ziamath": ("ziamath", "sets the mathematics in pictures"),
    "ziafont": ("ziafont", "has the outlines of letters in pictures"),
    "graphviz": ("graphviz", "speaks to Graphviz, which lays graphs out"),
    "resvg_py": ("resvg-py", "makes PNG of a picture"),
    "PIL": ("Pillow", "makes GIF of pictures"),
}


def package(module: str) -> Any:
    """Import a module of one of these packages.  RuntimeError, saying what to install, if it is missing."""
    if (found := sys.modules.get(module)) is not None:
        return found
    top = module.partition(".")[0]
    try:
        # Python 3.11 warns about how ziafont reads fonts.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            importlib.import_module(top)
            return importlib.import_module(module)
    except ImportError as error:
        name, purpose = PACKAGES[top]
        missing = isinstance(error, ModuleNotFoundError) and error.name == top
        why = "is not installed" if missing else f"cannot be loaded ({error})"
        raise RuntimeError(f"the package {name}, which {purpose}, {why}: pip install {name}") from error
